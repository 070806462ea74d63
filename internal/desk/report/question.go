package report

import (
	"context"
	"slices"
	"strconv"
	"time"

	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Question is what somebody wants to know of a day. What is empty does not
// matter. A department is taken with all below it.
type Question struct {
	Day, Compare            string // 2006-01-02 in the company's time zone; default today, and a week before
	Department, Team, Agent id.ID
	Channel, Type           string
	Without                 string // only what has no "department" or no "agent"
	Until                   string // 15:04: only what happened before this time of the day; the backlog stays that of now
}

// asked is a question that was checked: a day of a company, as far as somebody
// may see it.
type asked struct {
	Question
	actor       *staff.Actor
	dir         *staff.Directory
	zone        *time.Location
	now         clock.Time
	day, than   span
	until       clock.Time // the day is read as of this moment; zero: as of now
	departments []id.ID    // that the question names
}

// span is a day: from midnight to midnight, and as much of it as is compared.
type span struct {
	date     string
	from, to clock.Time
	until    clock.Time
}

func (s span) hours() int { return int((s.to - s.from + 3_599_999) / 3_600_000) }

func (m *Room) ask(ctx context.Context, a *staff.Actor, q Question) (*asked, error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	x := &asked{Question: q, actor: a, dir: dir, now: m.Clock.Now()}
	if x.zone, err = time.LoadLocation(dir.Tenant.TimeZone); err != nil {
		x.zone = time.UTC
	}
	today := x.now.Std().In(x.zone)
	day := today
	if q.Day != "" {
		if day, err = time.ParseInLocation(time.DateOnly, q.Day, x.zone); err != nil {
			return nil, fault.Bad("day", "invalid", "a day such as 2026-11-21 is needed")
		}
	}
	than := day.AddDate(0, 0, -7)
	if q.Compare != "" {
		if than, err = time.ParseInLocation(time.DateOnly, q.Compare, x.zone); err != nil {
			return nil, fault.Bad("compare", "invalid", "a day such as 2026-11-14 is needed")
		}
	}
	x.day, x.than = spanOf(day), spanOf(than)
	if x.day.from > x.now || x.than.from > x.now {
		return nil, fault.Bad("day", "range", "this day has not begun")
	}
	// Half a day is compared with as much of the other.
	if x.now < x.day.to {
		x.day.until = x.now + 1
		x.than.until = min(x.than.from+(x.now-x.day.from)+1, x.than.to)
	}
	if q.Until != "" {
		t, err := time.Parse("15:04", q.Until)
		if err != nil {
			return nil, fault.Bad("until", "invalid", "a time of day such as 18:00 is needed")
		}
		on := func(d time.Time) clock.Time {
			return clock.From(time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), 0, 0, x.zone))
		}
		if x.until = on(day); x.until > x.now {
			return nil, fault.Bad("until", "range", "this moment has not come")
		}
		x.day.until, x.than.until = x.until, on(than)
	}
	if q.Department != 0 {
		x.departments = dir.Subtree(q.Department)
		if len(x.departments) == 0 {
			x.departments = []id.ID{q.Department}
		}
	}
	return x, nil
}

func spanOf(t time.Time) span {
	y, m, d := t.Date()
	from := clock.From(time.Date(y, m, d, 0, 0, 0, 0, t.Location()))
	to := clock.From(time.Date(y, m, d+1, 0, 0, 0, 0, t.Location()))
	return span{t.Format(time.DateOnly), from, to, to}
}

// facts is the condition of facts of some kinds within a time.
func (x *asked) facts(from, to clock.Time, kinds ...Kind) *where {
	w := newWhere("f.", x.actor.Tenant)
	list := ""
	for i, k := range kinds {
		if i > 0 {
			list += ", "
		}
		list += itoa(int(k))
	}
	w.and("f.kind in (" + list + ")")
	w.and("f.at >= " + w.arg(int64(from)) + " and f.at < " + w.arg(int64(to)))
	x.place(w, "f.", "agent_id")
	return w
}

// backlog is the condition of the tickets that wait now.
func (x *asked) backlog() *where {
	w := newWhere("t.", x.actor.Tenant)
	w.and("t.status <= 4")
	x.place(w, "t.", "assignee_id")
	return w
}

// place narrows to what the question names and to what report.read reaches.
func (x *asked) place(w *where, alias, agent string) {
	if len(x.departments) > 0 {
		w.and(w.in(alias+"department_id", x.departments))
	}
	if x.Team != 0 {
		w.and(alias + "team_id = " + w.arg(int64(x.Team)))
	}
	if x.Agent != 0 {
		w.and(alias + agent + " = " + w.arg(int64(x.Agent)))
	}
	switch x.Without {
	case "department":
		w.and("coalesce(" + alias + "department_id, 0) = 0")
	case "agent":
		w.and("coalesce(" + alias + agent + ", 0) = 0")
	}
	if x.Channel != "" {
		w.and(alias + "channel = " + w.arg(x.Channel))
	}
	if x.Type != "" {
		w.and(alias + "type = " + w.arg(x.Type))
	}
	r := x.actor.Reach(staff.ReportRead)
	if r.All {
		return
	}
	if r.Nothing() {
		w.and("1 = 0")
		return
	}
	or := "1 = 0"
	if r.Own != 0 {
		or += " or " + alias + agent + " = " + w.arg(int64(r.Own))
	}
	if len(r.Teams) > 0 {
		or += " or " + w.in(alias+"team_id", r.Teams)
	}
	if len(r.Departments) > 0 {
		or += " or " + w.in(alias+"department_id", r.Departments)
	}
	w.and("(" + or + ")")
}

// ended is the same choice for clocks.
func (x *asked) ended(from, to clock.Time, state sla.State) sla.Ended {
	return sla.Ended{From: from, To: to, State: state, Departments: x.departments, Team: x.Team, Agent: x.Agent, Channel: x.Channel, Type: x.Type, Without: x.Without}
}

// people are those active whom the question means and roster.read reaches.
func (x *asked) people() []*staff.Person {
	var out []*staff.Person
	for _, p := range x.dir.Users() {
		seen := x.actor.In(staff.RosterRead, p.ID, 0, p.Department)
		for _, t := range p.Teams {
			seen = seen || x.actor.In(staff.RosterRead, 0, t, 0)
		}
		if !p.Active || !seen || x.Agent != 0 && p.ID != x.Agent || x.Team != 0 && !slices.Contains(p.Teams, x.Team) ||
			len(x.departments) > 0 && !slices.Contains(x.departments, p.Department) {
			continue
		}
		out = append(out, p)
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }
