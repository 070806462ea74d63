package staff

import (
	"slices"

	"zhidan/internal/platform/id"
)

// maxLeads bounds how many people are told as those who lead.
const maxLeads = 50

// Leads are those who lead a team (zero: none), or else those who may order in
// its department or in the nearest one above that has such people, or else
// those who may order everywhere.
func (d *Directory) Leads(team, department id.ID) []id.ID {
	if t, ok := d.Team(team); ok {
		var list []id.ID
		for _, m := range t.Members {
			if m.Lead {
				list = append(list, m.User)
			}
		}
		if list = d.Active(list); len(list) > 0 {
			return list
		}
		if department == 0 {
			department = t.Department
		}
	}
	for range 20 { // departments lie at most so deep
		x, ok := d.Department(department)
		if !ok {
			break
		}
		if list := d.orderers(func(p *Person) bool { return p.Department == x.ID && p.Grants[SLASupervise] >= ScopeDepartment }); len(list) > 0 {
			return list
		}
		department = x.Parent
	}
	return d.orderers(func(p *Person) bool { return p.Grants[SLASupervise] == ScopeAll })
}

func (d *Directory) orderers(fit func(*Person) bool) (list []id.ID) {
	for _, p := range d.people {
		if p.Active && fit(p) && len(list) < maxLeads {
			list = append(list, p.ID)
		}
	}
	return list
}

// Active are those of some people who work here, each once.
func (d *Directory) Active(people []id.ID) (list []id.ID) {
	for _, p := range people {
		if u, ok := d.User(p); ok && u.Active && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}
