package roster

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// AgentState is how a person stands, as screens show it.
type AgentState struct {
	User      id.ID      `json:"user_id"`
	Name      string     `json:"name"`
	State     State      `json:"state" enum:"online,busy,break,meal,training,after_call,offline"`
	Since     clock.Time `json:"since,omitempty"`
	Until     clock.Time `json:"until,omitempty"`
	By        id.ID      `json:"by_id,omitempty" doc:"who set it; absent when the connection or the time did"`
	Forced    bool       `json:"forced" doc:"set by somebody else"`
	Reason    string     `json:"reason,omitempty"`
	Held      bool       `json:"held" doc:"it stays without a screen"`
	Connected bool       `json:"connected" doc:"has a screen open"`
	TakesWork bool       `json:"takes_work"`
	Teams     []id.ID    `json:"team_ids"`
	Dept      id.ID      `json:"department_id,omitempty"`
	OnShift   bool       `json:"on_shift" doc:"by the plan"`
	ShiftEnd  clock.Time `json:"shift_end,omitempty"`
	Planned   bool       `json:"planned" doc:"has a shift today"`
	// BreakLeft counts down while somebody is on a break and goes below zero
	// when they stay too long.
	BreakLeft *int64 `json:"break_left_seconds,omitempty" doc:"of the breaks of today; absent: no quota"`
}

// Register adds the operations of this room.
func (m *Room) Register(api *web.API) {
	m.registerStates(api)
	m.registerPlan(api)
	m.registerRequests(api)
	m.registerTable(api, tags)
}

var tags = []string{"Roster"}

type agentOut struct{ Body AgentState }

func (m *Room) registerStates(api *web.API) {
	web.Register(api, web.Op{Method: "GET", Path: "/me/state", ID: "me-state", Summary: "How I stand", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*agentOut, error) {
			a := staff.From(ctx)
			return m.agent(ctx, a.Tenant, a.ID)
		})
	web.Register(api, web.Op{Method: "PUT", Path: "/me/state", ID: "me-state-set", Summary: "Set my state", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, in *struct{ Body NewState }) (*agentOut, error) {
			a := staff.From(ctx)
			if _, err := m.SetOwn(ctx, a, in.Body); err != nil {
				return nil, err
			}
			return m.agent(ctx, a.Tenant, a.ID)
		})
	type filter struct {
		web.Page
		Team       web.ID `query:"team" doc:"only its members"`
		Department web.ID `query:"department" doc:"only its people, with all below it"`
		State      string `query:"state" enum:"online,busy,break,meal,training,after_call,offline"`
	}
	web.Register(api, web.Op{Method: "GET", Path: "/agents/states", ID: "agent-states", Summary: "How the people within reach stand", Permission: string(staff.RosterRead), Tags: tags},
		func(ctx context.Context, in *filter) (*struct{ Body web.List[AgentState] }, error) {
			l, err := m.agents(ctx, staff.From(ctx), in.Team.ID, in.Department.ID, State(in.State), in.Page)
			return &struct{ Body web.List[AgentState] }{l}, err
		})
	web.Register(api, web.Op{Method: "PUT", Path: "/agents/{id}/state", ID: "agent-state-force", Summary: "Set somebody's state", Permission: string(staff.RosterManage), Tags: tags},
		func(ctx context.Context, in *struct {
			web.PathID
			Body NewState
		}) (*agentOut, error) {
			a := staff.From(ctx)
			if _, err := m.Force(ctx, a, in.ID.ID, in.Body); err != nil {
				return nil, err
			}
			return m.agent(ctx, a.Tenant, in.ID.ID)
		})
	type history struct {
		web.PathID
		From  web.Time `query:"from" required:"true"`
		To    web.Time `query:"to" required:"true"`
		Limit int      `query:"limit" minimum:"1" maximum:"1000" default:"500"`
	}
	web.Register(api, web.Op{Method: "GET", Path: "/agents/{id}/state-history", ID: "agent-state-history", Summary: "The states of a person in a period, oldest first", Permission: string(staff.RosterRead), Tags: tags},
		func(ctx context.Context, in *history) (*struct{ Body StateHistory }, error) {
			h, err := m.history(ctx, staff.From(ctx), in.ID.ID, in.From.Time, in.To.Time, in.Limit)
			return &struct{ Body StateHistory }{h}, err
		})
	type settingsOut struct {
		ETag string `header:"ETag"`
		Body Settings
	}
	web.Register(api, web.Op{Method: "GET", Path: "/roster/settings", ID: "roster-settings", Summary: "The rules of presence and planning", Permission: web.SignedIn, Tags: tags},
		func(ctx context.Context, _ *struct{}) (*settingsOut, error) {
			s, err := m.States(ctx, staff.From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			return &settingsOut{web.ETag(s.version), s.Settings}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/roster/settings", ID: "roster-settings-set", Summary: "Change the rules of presence and planning", Permission: string(staff.ConfigManage), Tags: tags},
		func(ctx context.Context, in *struct {
			web.IfMatch
			Body Settings
		}) (*settingsOut, error) {
			version, err := m.SaveSettings(ctx, staff.From(ctx), in.Body, in.IfMatch)
			return &settingsOut{web.ETag(version), in.Body}, err
		})
}

// SaveSettings changes a tenant's rules. Graces that run keep their end.
func (m *Room) SaveSettings(ctx context.Context, a *staff.Actor, s Settings, match web.IfMatch) (version int64, err error) {
	if err := s.Check(); err != nil {
		return 0, err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// The row is there and locked before it is compared.
		usual, err := json.Marshal(Defaults())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into roster_setting (tenant_id, body, version) values ($1, $2, 0) on conflict (tenant_id) do nothing`, a.Tenant, string(usual)); err != nil {
			return err
		}
		var old string
		if err := tx.QueryRow(ctx, `select body, version from roster_setting where tenant_id = $1`+tx.Engine().ForUpdate(), a.Tenant).Scan(&old, &version); err != nil {
			return err
		}
		if err := match.Check(version); err != nil {
			return err
		}
		version++
		if _, err := tx.Exec(ctx, `update roster_setting set body = $2, version = $3 where tenant_id = $1`, a.Tenant, string(body), version); err != nil {
			return err
		}
		if err := m.Staff.Record(ctx, tx, a, staff.Act{Kind: "roster.settings", Changes: staff.Changes(json.RawMessage(old), s)}); err != nil {
			return err
		}
		tx.AfterCommit(func() {
			m.forget(a.Tenant)
			m.tell(message{Tenant: a.Tenant})
		})
		return nil
	})
	return version, err
}

// agent is how one person stands.
func (m *Room) agent(ctx context.Context, tenant, user id.ID) (*agentOut, error) {
	states, err := m.States(ctx, tenant)
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	p, ok := dir.User(user)
	if !ok {
		return nil, fault.Missing("user")
	}
	screen, err := connected(ctx, m.DB, tenant, user, m.Clock.Now().Add(-silence))
	if err != nil {
		return nil, err
	}
	zone, err := m.zone(ctx, tenant)
	if err != nil {
		return nil, err
	}
	shifts, err := m.Shifts(ctx, tenant, m.Clock.Now())
	if err != nil {
		return nil, err
	}
	x := show(states, shifts, &p, screen, m.Clock.Now())
	left, limited, err := m.breakLeft(ctx, m.DB, states.Settings, tenant, user, zone, m.Clock.Now())
	if limited {
		seconds := int64(left / time.Second)
		x.BreakLeft = &seconds
	}
	return &agentOut{x}, err
}

func show(states *States, shifts *Shifts, p *staff.Person, screen bool, now clock.Time) AgentState {
	s := states.Of(p.ID)
	on, end, planned := shifts.On(p.ID, now)
	return AgentState{OnShift: on, ShiftEnd: end, Planned: planned,
		User: p.ID, Name: p.Name, State: s.State, Since: s.Since, Until: s.Until, By: s.By, Forced: s.Forced, Reason: s.Reason, Held: s.Held,
		Connected: screen, TakesWork: !states.Settings.stops(s.State), Teams: append([]id.ID{}, p.Teams...), Dept: p.Department}
}

// agents lists the people whom roster.read reaches, in the order in which
// people read names.
func (m *Room) agents(ctx context.Context, a *staff.Actor, team, department id.ID, state State, page web.Page) (out web.List[AgentState], err error) {
	states, err := m.States(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	type key struct {
		Sort string `json:"s"`
		ID   id.ID  `json:"i"`
	}
	var after key
	if _, err := web.ParseCursor(page.Cursor, &after); err != nil {
		return out, err
	}
	now := m.Clock.Now()
	shifts, err := m.Shifts(ctx, a.Tenant, now)
	if err != nil {
		return out, err
	}
	open, err := screens(ctx, m.DB, a.Tenant, now.Add(-silence))
	if err != nil {
		return out, err
	}
	var rows []AgentState
	var keys []key
	for _, p := range people(dir, a, staff.RosterRead, team, department) {
		k := key{p.SortKey, p.ID}
		if cmp.Or(cmp.Compare(k.Sort, after.Sort), cmp.Compare(k.ID, after.ID)) <= 0 || state != "" && states.Of(p.ID).State != state {
			continue
		}
		rows, keys = append(rows, show(states, shifts, p, open[p.ID], now)), append(keys, k)
		if len(rows) > page.Limit {
			break
		}
	}
	if states.Settings.Break > 0 && len(rows) > 0 {
		zone, err := m.zone(ctx, a.Tenant)
		if err != nil {
			return out, err
		}
		used, err := m.breaksUsed(ctx, a.Tenant, rows, dayOf(now, zone).at(0, zone), now)
		if err != nil {
			return out, err
		}
		for i := range rows {
			left := int64(states.Settings.Break)*60 - int64(used[rows[i].User]/time.Second)
			rows[i].BreakLeft = &left
		}
	}
	if rows == nil {
		rows = []AgentState{}
	}
	if len(rows) > page.Limit {
		return web.List[AgentState]{Items: rows[:page.Limit], NextCursor: web.Cursor(keys[page.Limit-1])}, nil
	}
	return web.List[AgentState]{Items: rows}, nil
}

// people are those active whom a permission reaches, of a team and of a
// department with all below it (zero: any).
func people(dir *staff.Directory, a *staff.Actor, p staff.Permission, team, department id.ID) (out []*staff.Person) {
	var below map[id.ID]bool
	if department != 0 {
		below = map[id.ID]bool{}
		for _, d := range dir.Subtree(department) {
			below[d] = true
		}
	}
	for _, who := range dir.Users() {
		if !who.Active || !within(a, p, who) || below != nil && !below[who.Department] {
			continue
		}
		if team != 0 {
			is := false
			for _, t := range who.Teams {
				is = is || t == team
			}
			if !is {
				continue
			}
		}
		out = append(out, who)
	}
	return out
}

// StateHistory is what somebody did in a period.
type StateHistory struct {
	Items []Span `json:"items"`
	// More says that there are later ones; ask again from the end of the last.
	More bool `json:"more,omitempty"`
	// Seconds are the time in each state within the period and these items.
	Seconds map[State]int64 `json:"seconds"`
}

const maxPeriod = 92 * 24 * time.Hour

func checkPeriod(from, to clock.Time) error {
	switch {
	case from == 0 || to <= from:
		return fault.Bad("to", "before", "the period ends before it begins")
	case to.Sub(from) > maxPeriod+24*time.Hour: // and an hour of summer time
		return fault.Bad("to", "too_long", "a period has at most 92 days")
	}
	return nil
}

func (m *Room) history(ctx context.Context, a *staff.Actor, user id.ID, from, to clock.Time, limit int) (h StateHistory, err error) {
	if err := checkPeriod(from, to); err != nil {
		return h, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return h, err
	}
	p, ok := dir.User(user)
	if !ok || !within(a, staff.RosterRead, &p) {
		return h, fault.Missing("user")
	}
	h = StateHistory{Items: []Span{}, Seconds: map[State]int64{}}
	spans, err := readSpans(ctx, m.DB, a.Tenant, user, from, to, m.Clock.Now(), limit+1)
	if err != nil {
		return h, err
	}
	if h.More = len(spans) > limit; h.More {
		spans = spans[:limit]
	}
	h.Items = append(h.Items, spans...)
	for _, s := range AllStates {
		if d := spent(spans, s, from, to); d > 0 {
			h.Seconds[s] = int64(d / time.Second)
		}
	}
	return h, nil
}
