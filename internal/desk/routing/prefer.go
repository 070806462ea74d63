package routing

import (
	"strings"

	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// boxed is a person's side of Prefer in the form that conditions read, kept so
// that looking at a thousand people makes no garbage.
type boxed struct {
	id, department, languages, regions, skills, teams, companies, state any
	seniority, open, today, week, cost, load                            any
	capacity                                                            int // that load is a share of
}

func (x *member) box(capacity int) *boxed {
	if b := x.boxed.Load(); b != nil && b.capacity == capacity {
		return b
	}
	skills := make([]id.ID, len(x.Skills))
	for i, s := range x.Skills {
		skills[i] = s.Skill
	}
	b := &boxed{id: x.ID, department: x.Department, languages: x.languages, regions: x.Profile.Regions, skills: skills,
		teams: x.Teams, companies: x.Profile.Companies, state: x.State,
		seniority: int64(x.Profile.Seniority), open: int64(x.Open), today: int64(x.Today), week: int64(x.Week), cost: x.Profile.Cost,
		load: clamp(float64(x.Load) / float64(capacity)), capacity: capacity}
	x.boxed.Store(b)
	return b
}

// rowOf gives to Prefer the ticket and whoever the scene looks at.
func (s *scene) rowOf(ticket expr.Row) expr.Row {
	return func(field string) any {
		if !strings.HasPrefix(field, agentPrefix) {
			return ticket(field)
		}
		p := s.looks
		b := p.box(s.c.Plan.Capacity(p.Capacity))
		switch field {
		case "agent.id":
			return b.id
		case "agent.department":
			return b.department
		case "agent.languages":
			return b.languages
		case "agent.regions":
			return b.regions
		case "agent.skills":
			return b.skills
		case "agent.teams":
			return b.teams
		case "agent.companies":
			return b.companies
		case "agent.state":
			return b.state
		case "agent.load":
			return b.load
		case "agent.seniority":
			return b.seniority
		case "agent.open":
			return b.open
		case "agent.today":
			return b.today
		case "agent.week":
			return b.week
		case "agent.cost":
			return b.cost
		case "agent.online":
			return p.Online
		case "agent.on_shift":
			return p.OnShift
		}
		return nil
	}
}
