package routing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Problem is what is wrong with a rule set, and where.
type Problem struct {
	Path    string            `json:"path"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params,omitempty"`
}

// SetJSON is a version of the rules with what is wrong with it now.
type SetJSON struct {
	SetInfo
	Set      RuleSet   `json:"set"`
	Problems []Problem `json:"problems" doc:"of a set that was good once: what it names is gone"`
}

// SetsJSON lists the versions of the rules, newest first.
type SetsJSON struct {
	Items  []SetInfo `json:"items"`
	Active int64     `json:"active" doc:"version"`
	Shadow int64     `json:"shadow,omitempty" doc:"version; absent: none"`
	More   bool      `json:"more,omitempty" doc:"there are older ones: ask with before"`
}

// FactorsJSON is the table of factors, with what each strategy weighs them by.
type FactorsJSON struct {
	Items      []FactorJSON                    `json:"items"`
	Strategies map[Strategy]map[string]float64 `json:"strategies" doc:"weights; of factors that are not named: none"`
}

// FactorJSON is a factor by its key, under which the screens have its words.
type FactorJSON struct {
	Key string `json:"key"`
}

// CheckJSON is what a rule set is worth before it is stored.
type CheckJSON struct {
	Problems []Problem `json:"problems"`
	Matches  []Match   `json:"matches" doc:"of the newest tickets, by the rule that counts"`
	Looked   int       `json:"looked_at" doc:"tickets"`
	Unwanted int       `json:"unwanted" doc:"of these: no rule wants them"`
}

// Match is how many tickets end at a rule.
type Match struct {
	Rule    string   `json:"rule"`
	Path    []string `json:"path"`
	Tickets int      `json:"tickets"`
}

// lookAt is how many of the newest tickets a check looks at.
const lookAt = 200

// maxBody is what a rule set may have on the wire: 200 rules that name 500
// people each.
const maxBody = 4 << 20

type setOut struct{ Body SetJSON }

// registerRules adds the operations on rule sets and all that looks at them.
func (m *Room) registerRules(api *web.API) {
	m.registerSets(api)
	m.registerTries(api)
	m.registerSimulations(api)
	m.registerReports(api)
}

func (m *Room) registerSets(api *web.API) {
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/sets", ID: "routing-sets", Summary: "List the versions of the routing rules", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *struct {
			Before int64 `query:"before" minimum:"0" doc:"versions before this one"`
			Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
		}) (*struct{ Body SetsJSON }, error) {
			tenant := actor(ctx).Tenant
			list, err := listSets(ctx, m.DB, tenant, in.Before, in.Limit+1)
			if err != nil {
				return nil, err
			}
			out := SetsJSON{Items: orEmpty(list)}
			if out.More = len(list) > in.Limit; out.More {
				out.Items = list[:in.Limit]
			}
			out.Active, out.Shadow, err = states(ctx, m.DB, tenant)
			return &struct{ Body SetsJSON }{out}, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/sets/{version}", ID: "routing-set", Summary: "Read a version of the routing rules", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *struct {
			Version int64 `path:"version" minimum:"1"`
		}) (*setOut, error) {
			return m.setJSON(ctx, actor(ctx).Tenant, in.Version)
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/sets", ID: "routing-set-create", Summary: "Store routing rules as a new draft", Permission: mayManage, Tags: tags,
		Status: http.StatusCreated, MaxBody: maxBody},
		func(ctx context.Context, in *struct{ Body RuleSet }) (*setOut, error) {
			s, err := m.SaveSet(ctx, actor(ctx), in.Body)
			if err != nil {
				return nil, err
			}
			return &setOut{SetJSON{s.info(), s.RuleSet, []Problem{}}}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/sets/{version}/state", ID: "routing-set-state", Summary: "Switch routing rules on, beside the active ones, or off", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *struct {
			Version int64 `path:"version" minimum:"1"`
			Body    struct {
				State State `json:"state" enum:"active,shadow,draft"`
			}
		}) (*setOut, error) {
			a := actor(ctx)
			if err := m.SwitchSet(ctx, a, in.Version, in.Body.State); err != nil {
				return nil, err
			}
			return m.setJSON(ctx, a.Tenant, in.Version)
		})
}

func (m *Room) setJSON(ctx context.Context, tenant id.ID, version int64) (*setOut, error) {
	s, err := LoadSet(ctx, m.DB, tenant, version)
	if err != nil {
		return nil, err
	}
	_, problems, err := m.examine(ctx, tenant, s.RuleSet)
	if err != nil {
		return nil, err
	}
	return &setOut{SetJSON{s.info(), s.RuleSet, problems}}, nil
}

// SaveSet stores rules as a new draft.
func (m *Room) SaveSet(ctx context.Context, by *staff.Actor, in RuleSet) (*Stored, error) {
	plan, problems, err := m.examine(ctx, by.Tenant, in)
	if err != nil {
		return nil, err
	}
	if err := asFault(problems); err != nil {
		return nil, err
	}
	s := &Stored{RuleSet: plan.Set, State: Draft, Author: by.ID, At: m.Clock.Now()}
	s.ID = m.IDs.Next()
	return s, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insertSet(ctx, tx, by.Tenant, s); err != nil {
			return err
		}
		active, _, err := LoadSets(ctx, tx, by.Tenant)
		if err != nil {
			return err
		}
		return m.Staff.Record(ctx, tx, by, staff.Act{Kind: "routing.set", Subject: s.ID, Name: s.Name, Changes: staff.Changes(active.RuleSet, s.RuleSet), Data: map[string]any{"version": s.Version, "state": s.State}})
	})
}

// SwitchSet gives a version another state. What was switched on decides from
// the next ticket on, and what waits is looked at anew.
func (m *Room) SwitchSet(ctx context.Context, by *staff.Actor, version int64, to State) error {
	s, err := LoadSet(ctx, m.DB, by.Tenant, version)
	if err != nil {
		return err
	}
	if to != Draft {
		_, problems, err := m.examine(ctx, by.Tenant, s.RuleSet)
		if err != nil {
			return err
		}
		if err := asFault(problems); err != nil {
			return err
		}
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		active, _, err := LoadSets(ctx, tx, by.Tenant)
		if err != nil {
			return err
		}
		if err := switchSet(ctx, tx, by.Tenant, version, to); err != nil {
			return err
		}
		changes := []staff.FieldChange{{Field: "state", From: s.State, To: to}}
		if to == Active { // what decides from now on, beside what decided until now
			changes = append(changes, staff.Changes(active.RuleSet, s.RuleSet)...)
		}
		return m.Staff.Record(ctx, tx, by, staff.Act{Kind: "routing.set", Subject: s.ID, Name: s.Name, Changes: changes, Data: map[string]any{"version": version}})
	})
	if err != nil {
		return err
	}
	m.Forget(by.Tenant)
	if to != Active {
		return nil
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.orderDrain(ctx, tx, by.Tenant) })
}

// examine compiles rules (nil when they are wrong) and says all that is wrong
// with them, what they name and is not there included.
func (m *Room) examine(ctx context.Context, tenant id.ID, s RuleSet) (*Plan, []Problem, error) {
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	schema, err := NewSchema(catalog)
	if err != nil {
		return nil, nil, err
	}
	problems := []Problem{}
	plan, err := Compile(s, schema)
	var list fault.List
	switch {
	case errors.As(err, &list):
		for _, f := range list {
			problems = append(problems, Problem{f.Field, f.Code, f.Message, f.Params})
		}
	case err != nil:
		return nil, nil, err
	default:
		problems = append(problems, gone(dir, plan.Set.Rules, "rules")...)
	}
	return plan, problems, nil
}

// gone lists what rules name and is not there, or no longer.
func gone(dir *staff.Directory, rules []*Rule, path string) (out []Problem) {
	miss := func(at, what string, x id.ID) {
		if len(out) < maxFaults {
			out = append(out, Problem{Path: at, Code: "unknown", Message: "there is no such " + what, Params: map[string]string{"id": x.String()}})
		}
	}
	team := func(at string, x id.ID) {
		if t, ok := dir.Team(x); x != 0 && (!ok || t.Retired) {
			miss(at, "team", x)
		}
	}
	people := func(at string, list []id.ID) {
		for i, x := range list {
			if _, ok := dir.User(x); !ok {
				miss(fmt.Sprintf("%s[%d]", at, i), "person", x)
			}
		}
	}
	for i, r := range rules {
		at := fmt.Sprintf("%s[%d]", path, i)
		team(at+".team_id", r.Team)
		if d, ok := dir.Department(r.Department); r.Department != 0 && (!ok || d.Retired) {
			miss(at+".department_id", "department", r.Department)
		}
		people(at+".agent_ids", r.Agents)
		people(at+".supervisor_ids", r.Supervisor)
		for j, n := range r.Needs {
			if _, ok := dir.Skill(n.Skill); !ok {
				miss(fmt.Sprintf("%s.needs[%d].skill_id", at, j), "skill", n.Skill)
			}
		}
		for j, x := range r.Assist {
			team(fmt.Sprintf("%s.assist_team_ids[%d]", at, j), x)
		}
		for j, o := range r.Overflow {
			team(fmt.Sprintf("%s.overflow[%d].team_id", at, j), o.Team)
		}
		out = append(out, gone(dir, r.Rules, at+".rules")...)
	}
	return out[:min(len(out), maxFaults)]
}

func asFault(problems []Problem) error {
	var bad fault.List
	for _, p := range problems {
		f := fault.Bad(p.Path, p.Code, "%s", p.Message)
		f.Params = p.Params
		bad = append(bad, f)
	}
	return bad.Err()
}

func (m *Room) registerTries(api *web.API) {
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/factors", ID: "routing-factors", Summary: "What can speak for a person, and what each strategy weighs it by", Permission: mayRead, Tags: tags},
		func(context.Context, *struct{}) (*struct{ Body FactorsJSON }, error) {
			out := FactorsJSON{Strategies: ready}
			for _, k := range Factors() {
				out.Items = append(out.Items, FactorJSON{k})
			}
			return &struct{ Body FactorsJSON }{out}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/check", ID: "routing-check", Summary: "Check routing rules and see which of the newest tickets each would get", Permission: mayManage, Tags: tags, MaxBody: maxBody},
		func(ctx context.Context, in *struct{ Body RuleSet }) (*struct{ Body CheckJSON }, error) {
			out, err := m.check(ctx, actor(ctx).Tenant, in.Body)
			return &struct{ Body CheckJSON }{out}, err
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/try", ID: "routing-try", Summary: "See what rules would do with a ticket now; nothing is changed", Permission: mayManage, Tags: tags, MaxBody: maxBody},
		func(ctx context.Context, in *struct {
			Body struct {
				Ticket  id.ID    `json:"ticket_id"`
				Rules   *RuleSet `json:"rules,omitempty"`
				Version int64    `json:"version,omitempty" minimum:"0" doc:"a stored set; neither: the active one"`
			}
		}) (*struct{ Body Decision }, error) {
			d, err := m.try(ctx, actor(ctx), in.Body.Ticket, in.Body.Rules, in.Body.Version)
			return &struct{ Body Decision }{d}, err
		})
}

// check is what the editor of rules asks for while somebody writes.
func (m *Room) check(ctx context.Context, tenant id.ID, s RuleSet) (CheckJSON, error) {
	out := CheckJSON{Matches: []Match{}}
	plan, problems, err := m.examine(ctx, tenant, s)
	out.Problems = problems
	if err != nil || plan == nil {
		return out, err
	}
	list, err := m.recent(ctx, tenant, 0, id.ID(1)<<62, lookAt)
	if err != nil {
		return out, err
	}
	at := map[string]int{}
	for _, x := range list {
		out.Looked++
		c := plan.Course(&Matter{Ticket: x.Ticket, Tier: x.tier, Confidence: 1, Region: regionOf(x.Ticket), DueAt: x.Ticket.DueAt, At: x.Ticket.CreatedAt})
		if c == nil {
			out.Unwanted++
			continue
		}
		i, ok := at[c.Rule.ID]
		if !ok {
			i = len(out.Matches)
			at[c.Rule.ID] = i
			out.Matches = append(out.Matches, Match{Rule: c.Rule.ID, Path: c.Path})
		}
		out.Matches[i].Tickets++
	}
	slices.SortStableFunc(out.Matches, func(a, b Match) int { return b.Tickets - a.Tickets })
	return out, nil
}

// planFor is what a simulation or a try works by: given rules, else a stored
// version, else the active set.
func (m *Room) planFor(ctx context.Context, tenant id.ID, rules *RuleSet, version int64) (*Plan, error) {
	field := "rules"
	if rules == nil {
		if version == 0 {
			k, err := m.fresh(ctx, tenant)
			if err != nil {
				return nil, err
			}
			return k.active, nil
		}
		s, err := LoadSet(ctx, m.DB, tenant, version)
		if fault.KindOf(err) == fault.NotFound {
			return nil, fault.Bad("version", "unknown", "there is no version %d", version)
		}
		if err != nil {
			return nil, err
		}
		rules, field = &s.RuleSet, "version"
	}
	plan, problems, err := m.examine(ctx, tenant, *rules)
	if err != nil {
		return nil, err
	}
	for i := range problems {
		problems[i].Path = strings.TrimSuffix(field+"."+problems[i].Path, ".")
	}
	return plan, asFault(problems)
}

func (m *Room) try(ctx context.Context, a *staff.Actor, ticketID id.ID, rules *RuleSet, version int64) (d Decision, err error) {
	t, err := m.Desk.Get(ctx, a, ticketID)
	if err != nil {
		return d, err
	}
	plan, err := m.planFor(ctx, a.Tenant, rules, version)
	if err != nil {
		return d, err
	}
	about, err := knownOf(ctx, m.DB, a.Tenant, []id.ID{t.ID})
	if err != nil {
		return d, err
	}
	now := m.Clock.Now()
	x := matter(t, about[t.ID], now)
	w, err := loadWaiting(ctx, m.DB, a.Tenant, t.ID)
	if err != nil {
		return d, err
	}
	if w != nil {
		x.Waited, x.Barred, x.Former, x.Only, x.Team = now.Sub(w.Since), w.Barred, w.Former, w.To, w.ToTeam
	}
	d = Decision{Outcome: Kept, Version: plan.Set.Version, Set: plan.Set.ID, Path: []string{}, Candidates: []Candidate{}, Excluded: map[string]int{}, At: now}
	course := plan.Course(x)
	if course == nil {
		return d, nil
	}
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return d, err
	}
	pool, err := m.crewOf(ctx, a.Tenant, k)
	if err != nil {
		return d, err
	}
	d = course.Decide(x, pool, rand.Float64)
	d.Outcome, d.At = Queued, now
	if len(d.Order) > 0 && (d.Mode == Direct || d.Mode == Offer) {
		d.Agent, d.Outcome = d.Order[0], Assigned
		if d.Mode == Offer {
			d.Outcome = Offered
		}
	}
	return d, nil
}
