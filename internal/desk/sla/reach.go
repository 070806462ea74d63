package sla

import (
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// How far somebody may read reports, twice: over packed clocks and as a
// condition. Of a clock that has ended counts where its ticket stood then.

// reach is whose clocks an actor's reports count.
type reach struct {
	all                bool
	agent              id.ID
	teams, departments []id.ID
}

func reachOf(a *staff.Actor) (r reach) {
	switch s := a.Scope(staff.ReportRead); {
	case s == staff.ScopeAll:
		return reach{all: true}
	case s >= staff.ScopeDepartment:
		r.departments = a.Departments
		fallthrough
	case s >= staff.ScopeTeam:
		r.teams = a.Teams
		fallthrough
	case s > staff.ScopeNone:
		r.agent = a.ID
	}
	return r
}

// within marks the rows of a page that are within reach; nil: all are.
func (x reach) within(p *page) func(r *row) bool {
	if x.all {
		return nil
	}
	agent, team, department := make([]bool, len(p.ids)), make([]bool, len(p.ids)), make([]bool, len(p.ids))
	for i, v := range p.ids {
		if v != 0 {
			agent[i], team[i], department[i] = v == x.agent, slices.Contains(x.teams, v), slices.Contains(x.departments, v)
		}
	}
	return func(r *row) bool { return agent[r.assignee] || team[r.team] || department[r.department] }
}

// withinReach is the same as a condition on sla_clock c.
func withinReach(a *staff.Actor, arg func(any) string) string {
	x := reachOf(a)
	if x.all {
		return ""
	}
	or := []string{"c.assignee_id = " + arg(x.agent)}
	list := func(column string, ids []id.ID) {
		if len(ids) == 0 {
			return
		}
		marks := make([]string, len(ids))
		for i, v := range ids {
			marks[i] = arg(v)
		}
		or = append(or, column+" in ("+strings.Join(marks, ", ")+")")
	}
	list("c.team_id", x.teams)
	list("c.department_id", x.departments)
	return " and (" + strings.Join(or, " or ") + ")"
}
