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
	for _, x := range d.above(department) {
		if list := d.orderers(func(p *Person) bool { return p.Department == x && p.Grants[SLASupervise] >= ScopeDepartment }); len(list) > 0 {
			return list
		}
	}
	return d.orderers(func(p *Person) bool { return p.Grants[SLASupervise] == ScopeAll })
}

// Common is the smallest department that contains two; zero: none does.
func (d *Directory) Common(a, b id.ID) id.ID {
	above := d.above(a)
	for _, x := range d.above(b) {
		if slices.Contains(above, x) {
			return x
		}
	}
	return 0
}

// above is a department with all that contain it, from within.
func (d *Directory) above(department id.ID) (list []id.ID) {
	for range 20 { // departments lie at most so deep
		x, ok := d.Department(department)
		if !ok {
			break
		}
		list = append(list, x.ID)
		department = x.Parent
	}
	return list
}

// Dispatchers are those who may give tickets to anybody in a department, or
// where it has none in the nearest one above, or else in the whole house.
func (d *Directory) Dispatchers(department id.ID) []id.ID {
	for _, x := range d.above(department) {
		if list := d.orderers(func(p *Person) bool { return p.Department == x && p.Grants[TicketAssign] >= ScopeDepartment }); len(list) > 0 {
			return list
		}
	}
	return d.orderers(func(p *Person) bool { return p.Grants[TicketAssign] == ScopeAll })
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
