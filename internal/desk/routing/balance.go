package routing

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// maxBalance is the longest time that a balance is drawn over.
const maxBalance = 92 * 24 * time.Hour

// BalanceJSON is how evenly tickets were given away (派单均衡度).
type BalanceJSON struct {
	Items []BalanceRow `json:"items"`
	// Spread is the coefficient of variation of tickets an hour at work, over
	// all people and weeks; Gini its inequality.
	Spread float64 `json:"spread"`
	Gini   float64 `json:"gini"`
}

// BalanceRow is one person in one week. Given are the tickets that came in in
// the week and are theirs, however they got them; share is of all in the
// answer's week, and deviation how much more (or less) it is than what their
// time at work would make.
type BalanceRow struct {
	Agent     id.ID      `json:"agent_id"`
	Week      clock.Time `json:"week" doc:"its first moment, Monday 00:00 of the company"`
	From      clock.Time `json:"from" doc:"from here on tickets of the week are counted"`
	To        clock.Time `json:"to" doc:"until before this moment"`
	Given     int        `json:"given"`
	Minutes   int        `json:"active_minutes"`
	Share     float64    `json:"share"`
	Deviation float64    `json:"deviation" doc:"0.2: a fifth more than their time at work would make"`
}

func (m *Room) balance(ctx context.Context, a *staff.Actor, from, to clock.Time, team id.ID) (out BalanceJSON, err error) {
	out.Items = []BalanceRow{}
	if from <= 0 || to <= from || to.Sub(from) > maxBalance {
		return out, fault.Bad("to", "range", "a balance is drawn over at most 92 days")
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	zone, err := time.LoadLocation(dir.Tenant.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	var users []id.ID
	for _, p := range dir.Users() {
		if reaches(a, p) && (team == 0 || slices.Contains(p.Teams, team)) {
			users = append(users, p.ID)
		}
	}
	if len(users) == 0 {
		return out, nil
	}
	states, err := m.Roster.States(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	spans, err := m.Roster.Spans(ctx, a.Tenant, users, from, to)
	if err != nil {
		return out, err
	}
	for week := monday(from, zone); week < to; week = monday(week.Add(7*24*time.Hour+12*time.Hour), zone) {
		next := monday(week.Add(7*24*time.Hour+12*time.Hour), zone)
		begin, end := max(week, from), min(next, to)
		given, err := m.givenIn(ctx, a.Tenant, users, begin, end)
		if err != nil {
			return out, err
		}
		var rows []BalanceRow
		for _, u := range users {
			var work []Stretch
			for _, s := range spans[u] {
				if states.Settings.Works(s.State) {
					work = append(work, Stretch{s.From, s.To})
				}
			}
			if r := (BalanceRow{Agent: u, Week: week, From: begin, To: end, Given: given[u], Minutes: int(within(work, begin, end).Minutes())}); r.Given > 0 || r.Minutes > 0 {
				rows = append(rows, r)
			}
		}
		balanceWeek(rows)
		out.Items = append(out.Items, rows...)
	}
	var rates []float64
	for _, r := range out.Items {
		if r.Minutes > 0 {
			rates = append(rates, float64(r.Given)/float64(r.Minutes))
		}
	}
	out.Spread, out.Gini = spread(rates), gini(rates)
	slices.SortStableFunc(out.Items, func(x, y BalanceRow) int { return cmp.Or(cmp.Compare(y.Week, x.Week), y.Given-x.Given) })
	return out, nil
}

// balanceWeek fills in the shares of one week.
func balanceWeek(rows []BalanceRow) {
	given, minutes := 0, 0
	for _, r := range rows {
		given, minutes = given+r.Given, minutes+r.Minutes
	}
	for i := range rows {
		r := &rows[i]
		r.Share = round(share(r.Given, given))
		if due := share(r.Minutes, minutes); due > 0 && given > 0 {
			r.Deviation = round(share(r.Given, given)/due - 1)
		}
	}
}

// givenIn counts the tickets that came in in a time, by whose they are.
func (m *Room) givenIn(ctx context.Context, tenant id.ID, users []id.ID, from, to clock.Time) (map[id.ID]int, error) {
	wanted := map[id.ID]bool{}
	for _, u := range users {
		wanted[u] = true
	}
	rows, err := m.DB.Query(ctx, `select assignee_id, count(*) from ticket where tenant_id = $1 and id >= $2 and id < $3 and assignee_id is not null and merged_into is null
		group by assignee_id`, tenant, id.At(int64(from)), id.At(int64(to)))
	out := map[id.ID]int{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var n int
		err := r.Scan(&user, &n)
		if wanted[user] {
			out[user] = n
		}
		return struct{}{}, err
	})
	return out, err
}

// reaches says whether somebody's figures are within the actor's reach.
func reaches(a *staff.Actor, p *staff.Person) bool {
	if a.In(staff.RoutingRead, p.ID, 0, p.Department) {
		return true
	}
	return slices.ContainsFunc(p.Teams, func(t id.ID) bool { return a.In(staff.RoutingRead, 0, t, 0) })
}

// monday is the first moment of the week that a moment lies in.
func monday(at clock.Time, zone *time.Location) clock.Time {
	t := at.Std().In(zone)
	back := (int(t.Weekday()) + 6) % 7
	return clock.From(time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, zone))
}

// ShadowJSON compares what the set beside the active one would have done, for
// the tickets of its time, the newest 20,000 at most.
type ShadowJSON struct {
	Version   int64      `json:"version,omitempty" doc:"of the shadow set; absent: there is none"`
	Since     clock.Time `json:"since,omitzero"`
	Compared  int        `json:"compared" doc:"tickets of which both decisions are known"`
	Different int        `json:"different" doc:"of these: another person, or waiting where the other gives away"`
	Queued    Both       `json:"queued" doc:"share of tickets for which nobody had room at once"`
	Load      Both       `json:"load" doc:"mean share of capacity in use of who was chosen"`
	Rules     []ShadowBy `json:"rules" doc:"by the rule of the shadow set that counted"`
}

// Both is a figure under the active and the shadow set.
type Both struct {
	Active float64 `json:"active"`
	Shadow float64 `json:"shadow"`
}

// ShadowBy is what one rule of the shadow set does otherwise.
type ShadowBy struct {
	Rule      string   `json:"rule"`
	Path      []string `json:"path"`
	Compared  int      `json:"compared"`
	Different int      `json:"different"`
}

const maxShadow = 20_000

// verdict is what a comparison keeps of a decision.
type verdict struct {
	at    clock.Time
	agent id.ID
	rule  string
	path  []string
	load  float64 // of who was chosen; below 0: not known
}

func (d *Decision) verdict() *verdict {
	v := &verdict{d.At, d.Agent, d.Rule, d.Path, -1}
	for _, c := range d.Candidates {
		if free, ok := c.Factors["load"]; ok && c.Agent == d.Agent {
			v.load = 1 - free
		}
	}
	return v
}

func (m *Room) shadowReport(ctx context.Context, tenant id.ID) (out ShadowJSON, err error) {
	out.Rules = []ShadowBy{}
	_, version, err := states(ctx, m.DB, tenant)
	if err != nil || version == 0 {
		return out, err
	}
	out.Version = version
	set, err := LoadSet(ctx, m.DB, tenant, version)
	if err != nil {
		return out, err
	}
	// The first decision of each kind is that of the ticket's birth. A shadow's
	// decision never comes before the set was made.
	rows, err := m.DB.Query(ctx, `select ticket_id, shadow, body from routing_decision where tenant_id = $1 and at >= $2 order by at desc, ticket_id, id desc limit $3`,
		tenant, set.At, 2*maxShadow)
	type pair struct{ active, shadow *verdict }
	pairs := map[id.ID]*pair{}
	if _, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var t id.ID
		var shadow int
		var body string
		if err := r.Scan(&t, &shadow, &body); err != nil {
			return struct{}{}, err
		}
		d := Decision{}
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			return struct{}{}, err
		}
		p := pairs[t]
		if p == nil {
			p = &pair{}
			pairs[t] = p
		}
		switch {
		case shadow == 0:
			p.active = d.verdict()
		case d.Version == version:
			p.shadow = d.verdict()
			out.Since = d.At
		}
		return struct{}{}, nil
	}); err != nil {
		return out, err
	}
	by := map[string]*ShadowBy{}
	var loads [2]float64
	var chosen [2]int
	for _, p := range pairs {
		if p.active == nil || p.shadow == nil || p.active.at != p.shadow.at {
			continue
		}
		out.Compared++
		x := by[p.shadow.rule]
		if x == nil {
			x = &ShadowBy{Rule: p.shadow.rule, Path: p.shadow.path}
			by[p.shadow.rule] = x
		}
		x.Compared++
		if p.active.agent != p.shadow.agent {
			out.Different++
			x.Different++
		}
		for i, d := range []*verdict{p.active, p.shadow} {
			switch {
			case d.agent == 0:
				*[]*float64{&out.Queued.Active, &out.Queued.Shadow}[i]++
			case d.load >= 0:
				loads[i] += d.load
				chosen[i]++
			}
		}
	}
	n := float64(max(out.Compared, 1))
	out.Queued = Both{round(out.Queued.Active / n), round(out.Queued.Shadow / n)}
	out.Load = Both{round(loads[0] / float64(max(chosen[0], 1))), round(loads[1] / float64(max(chosen[1], 1)))}
	for _, x := range by {
		out.Rules = append(out.Rules, *x)
	}
	slices.SortFunc(out.Rules, func(a, b ShadowBy) int { return cmp.Or(b.Compared-a.Compared, cmp.Compare(a.Rule, b.Rule)) })
	return out, nil
}
