package ticket

import (
	"context"
	"net/http"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/web"
)

// pushed is what a browser hears of a ticket: which one, how far it has come
// and what sort of thing happened. It then reads what it needs, with its own
// rights.
type pushed struct {
	ID       id.ID    `json:"id"`
	Number   string   `json:"number"`
	Seq      int64    `json:"seq"`
	Kinds    []string `json:"kinds"`
	Actor    id.ID    `json:"actor_id,omitzero"`
	Assignee id.ID    `json:"assignee_id,omitzero"`
	Team     id.ID    `json:"team_id,omitzero"`
	Status   Status   `json:"status"`
	Risk     int      `json:"risk,omitempty"`
}

// LiveReaction tells the screens that may see the ticket. Who had it before a
// transfer hears of it too, so that it leaves their list.
func (d *Desk) LiveReaction() Reaction {
	return Reaction{Name: "live", React: func(ctx context.Context, batch []Occurrence) error {
		people, err := d.peopleOf(ctx, batch)
		if err != nil {
			return err
		}
		helpers, err := d.helpersOf(ctx, batch)
		if err != nil {
			return err
		}
		for _, o := range batch {
			t, last := o.Ticket, o.Events[len(o.Events)-1]
			p := pushed{ID: t.ID, Number: t.Number, Seq: last.Seq, Actor: last.Actor, Assignee: t.Assignee, Team: t.Team, Status: t.Status, Risk: t.Risk}
			to := live.Audience{Users: append(people[t.ID], helpers[t.ID]...)}
			to.Users = append(to.Users, t.Assignee)
			to.Teams = append(to.Teams, t.Team)
			to.Departments = append(to.Departments, t.Department)
			if t.CreatorKind == string(staff.KindStaff) {
				to.Users = append(to.Users, t.Creator)
			}
			for _, e := range o.Events {
				if !slices.Contains(p.Kinds, e.Name) {
					p.Kinds = append(p.Kinds, e.Name)
				}
				for _, c := range e.Data.Changes {
					before := asID(c.From)
					switch c.Field {
					case "assignee":
						to.Users = append(to.Users, before)
					case "team":
						to.Teams = append(to.Teams, before)
					case "department":
						to.Departments = append(to.Departments, before)
					}
				}
			}
			if err := d.Hub.Publish(ctx, live.Event{ID: d.IDs.Next(), Tenant: t.Tenant, Name: "ticket", Data: p, Audience: to}); err != nil {
				return err
			}
		}
		return nil
	}}
}

func asID(v any) id.ID {
	s, _ := v.(string)
	n, _ := id.Parse(s)
	return n
}

// helpersOf are the people of the teams that assist, or have done so until now.
func (d *Desk) helpersOf(ctx context.Context, batch []Occurrence) (map[id.ID][]id.ID, error) {
	out := map[id.ID][]id.ID{}
	for _, o := range batch {
		var teams []id.ID
		for _, x := range o.Ticket.Assists {
			if x.State != AssistProposed {
				teams = append(teams, x.Team)
			}
		}
		for _, e := range o.Events {
			if e.Name == EventAssist && e.Data.Kind == KindAssistGone && len(e.Data.Changes) > 0 {
				teams = append(teams, asID(e.Data.Changes[0].From))
			}
		}
		if len(teams) == 0 {
			continue
		}
		dir, err := d.Staff.Directory(ctx, o.Ticket.Tenant)
		if err != nil {
			return nil, err
		}
		for _, team := range teams {
			t, _ := dir.Team(team)
			for _, m := range t.Members {
				out[o.Ticket.ID] = append(out[o.Ticket.ID], m.User)
			}
		}
	}
	return out, nil
}

func (d *Desk) peopleOf(ctx context.Context, batch []Occurrence) (map[id.ID][]id.ID, error) {
	byTenant := map[id.ID][]id.ID{}
	for _, o := range batch {
		if o.Ticket.Version > 1 { // a newborn that nobody was called to has none
			byTenant[o.Ticket.Tenant] = append(byTenant[o.Ticket.Tenant], o.Ticket.ID)
		}
	}
	out := map[id.ID][]id.ID{}
	for tenant, ids := range byTenant {
		w := &where{args: []any{tenant}}
		rows, err := d.DB.Query(ctx, `select ticket_id, user_id from ticket_person where tenant_id = $1 and ticket_id `+inIDs(d.DB, w.arg(idList(ids))), w.args...)
		if _, err = db.Each(rows, err, func(r rower) (struct{}, error) {
			var t, u id.ID
			err := r.Scan(&t, &u)
			out[t] = append(out[t], u)
			return struct{}{}, err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// announceBulk tells the person who ordered a bulk change how far it is.
func (d *Desk) announceBulk(ctx context.Context, tenant, bulk id.ID) {
	b, err := readBulk(ctx, d.DB, tenant, bulk)
	if err != nil {
		return // only a convenience: the screen asks by itself as well
	}
	j := b.json()
	j.Errors = nil
	_ = d.Hub.Publish(ctx, live.Event{ID: d.IDs.Next(), Tenant: tenant, Name: "bulk", Data: j, Audience: live.Audience{Users: []id.ID{b.Actor}}})
}

// hears is the rule of data scope for push: the same reach as for reading.
func hears(a *staff.Actor) func(live.Event) bool {
	tickets, people, reports := a.Scope(staff.TicketRead), a.Scope(staff.RosterRead), a.Scope(staff.ReportRead)
	return func(e live.Event) bool {
		to := e.Audience
		scope := staff.ScopeNone
		switch e.Name {
		case "ticket":
			scope = tickets
		case "agent_state":
			scope = people
		case "report":
			scope = reports
		}
		switch {
		case to.All, slices.Contains(to.Users, a.ID):
			return true
		case scope == staff.ScopeAll:
			return true
		case scope >= staff.ScopeDepartment && slices.ContainsFunc(to.Departments, a.InDepartment):
			return true
		}
		return scope >= staff.ScopeTeam && slices.ContainsFunc(to.Teams, a.InTeam)
	}
}

func (d *Desk) registerLive(api *web.API) {
	web.Handle(api, web.Op{Method: http.MethodGet, Path: "/live", ID: "live", Summary: "What happens, as server-sent events",
		Permission: string(staff.TicketRead), Tags: []string{"Live"}, Stream: true},
		func(w http.ResponseWriter, r *http.Request) error {
			a := actor(r.Context())
			return d.Hub.ServeSSE(w, r, live.Subscription{Tenant: a.Tenant, User: a.ID, Filter: hears(a), Screen: a.OnScreen()})
		})
}
