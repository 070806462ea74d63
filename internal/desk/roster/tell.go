package roster

import (
	"context"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// What people are told of.
const (
	ToldAsked      = "asked"       // a leave or a swap waits for their word
	ToldDecided    = "decided"     // of a request of theirs
	ToldPublished  = "published"   // their shifts
	ToldForced     = "forced"      // their state was set by somebody else
	ToldHandedOver = "handed_over" // somebody leaves matters to them
)

// Notice is something that people have to be told, for Config.Told.
type Notice struct {
	Event   string
	To      []id.ID
	By      id.ID
	Subject id.ID  // the leave, swap, publication or hand-over
	Matter  string // of what is asked or decided: leave or swap
	Asker   id.ID  // who asks for it
	State   string
	Count   int // tickets of a hand-over
}

// notice tells, in the transaction of what has happened. Nobody is told of what
// they did themselves.
func (m *Room) notice(ctx context.Context, tx *db.Tx, tenant id.ID, n Notice) error {
	n.To = slices.DeleteFunc(unique(slices.Clone(n.To)), func(u id.ID) bool { return u == 0 || u == n.By })
	if m.Told == nil || len(n.To) == 0 {
		return nil
	}
	return m.Told(ctx, tx, tenant, n)
}

const maxLeads = 20

// leads are those who decide on a person's requests: the leads of the teams,
// else who plans the department or the company.
func leads(dir *staff.Directory, user id.ID) (out []id.ID) {
	p, ok := dir.User(user)
	if !ok {
		return nil
	}
	add := func(u id.ID) {
		who, ok := dir.User(u)
		if ok && who.Active && u != user && who.Grants[staff.RosterManage] > staff.ScopeOwn && len(out) < maxLeads && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	for _, team := range p.Teams {
		t, _ := dir.Team(team)
		for _, x := range t.Members {
			if x.Lead {
				add(x.User)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	d, _ := dir.Department(p.Department)
	for _, who := range dir.Users() {
		if who.Grants[staff.RosterManage] == staff.ScopeDepartment && who.Department != 0 && strings.Contains(d.Path, "/"+who.Department.String()+"/") {
			add(who.ID)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, who := range dir.Users() {
		if who.Grants[staff.RosterManage] == staff.ScopeAll {
			add(who.ID)
		}
	}
	return out
}
