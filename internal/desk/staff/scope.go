package staff

import (
	"fmt"
	"slices"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var scopeNames = [...]string{"none", "own", "team", "department", "all"}

func (s Scope) String() string {
	if s < 0 || int(s) >= len(scopeNames) {
		return "none"
	}
	return scopeNames[s]
}

// MarshalText writes the scope's name.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the scope's name.
func (s *Scope) UnmarshalText(b []byte) error {
	i := slices.Index(scopeNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("invalid scope: none, own, team, department or all")
	}
	*s = Scope(i)
	return nil
}

// Grants say how far each permission reaches.
type Grants map[Permission]Scope

// Widen adds other; where both grant, the wider scope counts.
func (g Grants) Widen(other Grants) {
	for p, s := range other {
		g[p] = max(g[p], s)
	}
}

// Check refuses what the catalogue does not know, names the permission, and
// leaves out what grants nothing.
func (g Grants) Check() (Grants, error) {
	var bad fault.List
	out := Grants{}
	for p, s := range g {
		scoped, known := scoped(p)
		switch {
		case !known:
			bad = append(bad, fault.Bad("grants."+string(p), "unknown", "there is no such permission"))
		case !scoped && s != ScopeNone && s != ScopeAll:
			bad = append(bad, fault.Bad("grants."+string(p), "scope", "this permission is all or none"))
		case s != ScopeNone:
			out[p] = s
		}
	}
	slices.SortFunc(bad, func(a, b *fault.Error) int {
		if a.Field < b.Field {
			return -1
		}
		return 1
	})
	return out, bad.Err()
}

// covers says whether the actor holds all that the grants give: nobody gives
// what they do not hold, nor governs somebody who holds more.
func (a *Actor) covers(g Grants) bool {
	for p, s := range g {
		if a.Scope(p) < s {
			return false
		}
	}
	return true
}

// Reach is the part of the tenant that a permission covers for an actor, as a
// store's filter needs it: everything, or what belongs to one of the
// departments, to one of the teams, or to the actor.
type Reach struct {
	All         bool
	Departments []id.ID
	Teams       []id.ID
	Own         id.ID
}

// Nothing says that the filter matches nothing.
func (r Reach) Nothing() bool {
	return !r.All && r.Own == 0 && len(r.Teams) == 0 && len(r.Departments) == 0
}

// Reach is how far the permission goes. A wider scope includes the narrower.
func (a *Actor) Reach(p Permission) Reach {
	s := a.Scope(p)
	r := Reach{All: s == ScopeAll}
	if r.All {
		return r
	}
	if s >= ScopeOwn {
		r.Own = a.ID
	}
	if s >= ScopeTeam {
		r.Teams = a.Teams
	}
	if s >= ScopeDepartment {
		r.Departments = a.Departments
	}
	return r
}

// In says whether a thing that belongs to the person, team and department (zero
// for none) lies within the permission's reach.
func (a *Actor) In(p Permission, owner, team, department id.ID) bool {
	r := a.Reach(p)
	return r.All || r.Own != 0 && r.Own == owner ||
		team != 0 && slices.Contains(r.Teams, team) ||
		department != 0 && slices.Contains(r.Departments, department)
}
