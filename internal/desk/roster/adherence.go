package roster

import (
	"context"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Adherence is how a person's day compares with the plan.
type Adherence struct {
	User id.ID  `json:"user_id"`
	Name string `json:"name"`
	Day  Day    `json:"day"`
	// Planned is the work of the shifts that begin on the day, without breaks
	// and leaves, as far as it lies in the past.
	Planned int64 `json:"planned_minutes"`
	// Kept is how much of it the person was not offline.
	Kept int64 `json:"kept_minutes"`
	// Worked is how long the person was not offline on the day, planned or not.
	Worked int64 `json:"worked_minutes"`
	// Late is how much of the first shift passed before the person was there.
	Late    int64           `json:"late_minutes"`
	Leave   int64           `json:"leave_minutes" doc:"of the planned work"`
	Seconds map[State]int64 `json:"seconds" doc:"time in each state on the day, from midnight to midnight for the company"`
}

// adherence compares a day's plan with what was. now bounds both.
func adherence(day Day, items []Item, away []stretch, spans []Span, zone *time.Location, now clock.Time) (x Adherence) {
	x.Day, x.Seconds = day, map[State]int64{}
	begin, end := day.at(0, zone), min((day+1).at(0, zone), now)
	var there []stretch
	for _, s := range spans {
		if s.State != Offline {
			there = append(there, stretch{s.From, s.To})
		}
	}
	for _, s := range AllStates {
		if d := spent(spans, s, begin, end); d > 0 {
			x.Seconds[s] = int64(d / time.Second)
		}
	}
	if end > begin {
		x.Worked = minutes(worked([]stretch{{begin, end}}, there))
	}
	var planned []stretch
	for _, p := range place(map[Day][]Item{day: items}, zone) {
		if p.from >= now {
			continue
		}
		planned = append(planned, without([]stretch{{p.from, min(p.to, now)}}, p.item.pauses(day, zone))...)
	}
	due := without(planned, away)
	x.Leave = minutes(length(planned) - length(due))
	x.Planned, x.Kept = minutes(length(due)), minutes(worked(due, there))
	if len(due) > 0 {
		first := due[0]
		came := first.to
		for _, s := range there {
			if s.to > first.from {
				came = min(came, max(s.from, first.from))
				break
			}
		}
		x.Late = minutes(came.Sub(first.from))
	}
	return x
}

func length(list []stretch) (d time.Duration) {
	for _, s := range list {
		d += s.to.Sub(s.from)
	}
	return d
}

func minutes(d time.Duration) int64 { return int64((d + 30*time.Second) / time.Minute) }

// Adherence compares plan and time of the people within reach, person by person
// and day by day. A page is a number of people.
func (m *Room) Adherence(ctx context.Context, a *staff.Actor, from, to Day, team, department id.ID, page web.Page) (out web.List[Adherence], err error) {
	out.Items = []Adherence{}
	if err := checkDays(from, to); err != nil {
		return out, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	zone, err := m.zone(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	who, next, err := pageOf(people(dir, a, staff.RosterRead, team, department), page)
	if err != nil || len(who) == 0 {
		return out, err
	}
	out.NextCursor = next
	users := make([]id.ID, len(who))
	for i, p := range who {
		users[i] = p.ID
	}
	now := m.Clock.Now()
	a1, a2 := windowOf(from, to)
	spans, err := spansOf(ctx, m.DB, a.Tenant, users, "", a1, a2, now)
	if err != nil {
		return out, err
	}
	cells, err := readCells(ctx, m.DB, a.Tenant, from, to, users)
	if err != nil {
		return out, err
	}
	plan := map[cellKey][]Item{}
	for _, c := range cells {
		plan[cellKey{c.User, c.Day}] = c.Published
	}
	away, err := approved(ctx, m.DB, a.Tenant, int64(a1), int64(a2), users)
	if err != nil {
		return out, err
	}
	for _, p := range who {
		for day := from; day <= to; day++ {
			x := adherence(day, plan[cellKey{p.ID, day}], away[p.ID], spans[p.ID], zone, now)
			if x.Planned == 0 && x.Worked == 0 && x.Leave == 0 {
				continue
			}
			x.User, x.Name = p.ID, p.Name
			out.Items = append(out.Items, x)
		}
	}
	return out, nil
}
