package notify

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// maxTeam bounds who is told of a ticket that comes to a team.
const maxTeam = 200

// Reaction tells people of what happens to tickets that concern them.
func (m *Room) Reaction() ticket.Reaction {
	return ticket.Reaction{Name: "notify", React: m.react}
}

// noticedReturns is from the how-manieth return on those who lead are told.
const noticedReturns = 2

// rank is the order of importance: of several things that one write did, a
// person hears of the first.
var rank = []string{Assigned, RulingAsked, Returned, AssistAsked, AssistDone, Mentioned, ScheduledFailed, Reopened, CustomerReplied, Collaborating, TeamReceived, Watched}

// told is one thing that one person is to hear.
type told struct {
	event string
	by    id.ID
	seq   int64
	data  map[string]string
}

func (m *Room) react(ctx context.Context, batch []ticket.Occurrence) error {
	watched, err := m.watchers(ctx, batch)
	if err != nil {
		return err
	}
	var notices []Notice
	for _, o := range batch {
		var dir *staff.Directory
		if slices.ContainsFunc(o.Events, func(e ticket.Event) bool {
			return cameToTeam(o, e) != 0 || returns(e) >= noticedReturns || e.Name == ticket.EventAssist
		}) {
			if dir, err = m.Staff.Directory(ctx, o.Ticket.Tenant); err != nil {
				return err
			}
		}
		notices = append(notices, noticesOf(o, watched[o.Ticket.ID], dir)...)
	}
	if len(notices) == 0 {
		return nil
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.Tell(ctx, tx, notices...) })
}

// noticesOf says whom the events of a ticket concern. It does no I/O; dir may
// be nil when nothing came to a team.
func noticesOf(o ticket.Occurrence, watchers []id.ID, dir *staff.Directory) []Notice {
	t := o.Ticket
	people := map[id.ID]told{}
	var order []id.ID // so that the same events always give the same notices
	add := func(user id.ID, x told) {
		if user == 0 || user == x.by {
			return
		}
		old, ok := people[user]
		if !ok {
			order = append(order, user)
		}
		if !ok || slices.Index(rank, x.event) < slices.Index(rank, old.event) {
			people[user] = x
		}
	}
	for _, e := range o.Events {
		if e.Cause == ticket.CauseImport { // it happened elsewhere
			continue
		}
		by := id.ID(0)
		if e.ActorKind == string(staff.KindStaff) {
			by = e.Actor
		}
		x := func(event string) told { return told{event: event, by: by, seq: e.Seq} }
		switch e.Name {
		case ticket.EventCreated, ticket.EventAssign, ticket.EventTransfer:
			// Who had it and has lost it again by now hears nothing.
			if who := changed(e, "assignee"); who == t.Assignee {
				add(who, x(Assigned))
			}
		case ticket.EventMessage:
			if e.Data.Kind == string(ticket.FromCustomer) && !bornWith(o) {
				add(t.Assignee, x(CustomerReplied))
			}
		case ticket.EventStatus:
			if from, to := fieldOf(e, "status"); from == ticket.Solved.String() && to == ticket.Open.String() {
				add(t.Assignee, x(Reopened))
			}
		case ticket.EventAssist:
			part := t.Part(changed(e, ticket.FieldAssist))
			switch {
			case part == nil || e.Data.Kind != string(part.State): // it has come further, or was taken back
			case part.State == ticket.AssistAsked && dir != nil:
				g, _ := dir.Team(part.Team)
				for _, member := range g.Members[:min(len(g.Members), maxTeam)] {
					add(member.User, x(AssistAsked))
				}
			case part.State == ticket.AssistDone:
				add(t.Assignee, x(AssistDone))
			}
		case ticket.EventScheduled:
			if e.Data.Kind == "failed" {
				for _, u := range e.Data.Users {
					add(u, x(ScheduledFailed))
				}
			}
		case ticket.EventPeople:
			event := map[string]string{"mention": Mentioned, "collaborator": Collaborating}[e.Data.Kind]
			for _, u := range e.Data.Users {
				if event != "" {
					add(u, x(event))
				}
			}
		}
		if team := cameToTeam(o, e); team != 0 && dir != nil {
			if g, ok := dir.Team(team); ok {
				y := x(TeamReceived)
				y.data = map[string]string{"team": team.String()}
				for _, member := range g.Members[:min(len(g.Members), maxTeam)] {
					add(member.User, y)
				}
			}
		}
		if n := returns(e); n >= noticedReturns && dir != nil {
			y := x(Returned)
			y.data = map[string]string{"count": strconv.Itoa(n)}
			_, asked := fieldOf(e, ticket.FieldRulingAsked)
			places := []ticket.Place{{Team: was(e, "team", t.Team), Department: was(e, "department", t.Department)}, {Team: t.Team, Department: t.Department}}
			if asked != "" && len(t.Handed) > 1 { // it came to nobody: who would have had it back hears of it
				places[1] = t.Handed[len(t.Handed)-2]
			}
			for _, p := range places {
				if p == (ticket.Place{}) {
					continue // from nowhere, which nobody leads
				}
				for _, lead := range dir.Leads(p.Team, p.Department) {
					add(lead, y)
				}
			}
			if asked != "" && t.RulingAsked != 0 {
				y.event = RulingAsked
				for _, u := range dir.Dispatchers(t.Department) {
					add(u, y)
				}
			}
		}
		if worthWatching(e) {
			for _, u := range watchers {
				add(u, x(Watched))
			}
		}
	}
	// One notice for all who hear the same of the same event.
	var out []Notice
	for _, u := range order {
		x := people[u]
		key := fmt.Sprintf("%s:%d:%s", t.ID, x.seq, x.event)
		i := slices.IndexFunc(out, func(n Notice) bool { return n.Key == key })
		if i < 0 {
			out = append(out, Notice{Tenant: t.Tenant, Event: x.event, By: x.by, Ticket: t.ID, Data: x.data, Key: key})
			i = len(out) - 1
		}
		out[i].To = append(out[i].To, u)
	}
	return out
}

// bornWith says whether the ticket's first event is among these: what the
// customer says with it is no reply.
func bornWith(o ticket.Occurrence) bool { return o.Events[0].Seq == 1 }

// cameToTeam is the team that a ticket was handed or given back to without
// naming a person; zero: none. A newborn is in the queue, of which its team has
// a screen.
func cameToTeam(o ticket.Occurrence, e ticket.Event) id.ID {
	if e.Name != ticket.EventTransfer && e.Name != ticket.EventAssign || bornWith(o) || o.Ticket.Assignee != 0 {
		return 0
	}
	team := changed(e, "team")
	if from, to := fieldOf(e, "assignee"); team == 0 && e.Name == ticket.EventTransfer && from != "" && to == "" {
		team = o.Ticket.Team // from one of its people back to all
	}
	if team != o.Ticket.Team {
		return 0
	}
	return team
}

func worthWatching(e ticket.Event) bool {
	switch e.Name {
	case ticket.EventStatus, ticket.EventAssign, ticket.EventTransfer, ticket.EventMerged:
		return true
	case ticket.EventMessage:
		return e.Data.Kind != string(ticket.Note)
	case ticket.EventChange:
		_, to := fieldOf(e, "priority")
		return to != ""
	}
	return false
}

// returns is the how-manieth return of the ticket an event is; zero: none.
func returns(e ticket.Event) int {
	if e.Name != ticket.EventTransfer || e.Data.Kind != ticket.KindReturn {
		return 0
	}
	_, to := fieldOf(e, "return_count")
	n, _ := strconv.Atoi(to)
	return n
}

// was is the team or department that a field was before; now when it did not
// change.
func was(e ticket.Event, field string, now id.ID) id.ID {
	from, to := fieldOf(e, field)
	if from == to {
		return now
	}
	v, _ := id.Parse(from)
	return v
}

// changed is the person or team that a field was set to; zero: it was not.
func changed(e ticket.Event, field string) id.ID {
	_, to := fieldOf(e, field)
	v, _ := id.Parse(to)
	return v
}

func fieldOf(e ticket.Event, field string) (from, to string) {
	for _, c := range e.Data.Changes {
		if c.Field == field {
			return textOf(c.From), textOf(c.To)
		}
	}
	return "", ""
}

// textOf is a value of an event, read from the store or fresh from a write.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	case int, int64, float64, bool:
		return fmt.Sprint(v)
	}
	return ""
}

// watchers are the people who watch those tickets of which something happened
// that is worth it, in one query; none for newborns.
func (m *Room) watchers(ctx context.Context, batch []ticket.Occurrence) (map[id.ID][]id.ID, error) {
	byTenant := map[id.ID][]id.ID{}
	for _, o := range batch {
		if !bornWith(o) && slices.ContainsFunc(o.Events, worthWatching) {
			byTenant[o.Ticket.Tenant] = append(byTenant[o.Ticket.Tenant], o.Ticket.ID)
		}
	}
	out := map[id.ID][]id.ID{}
	for tenant, ids := range byTenant {
		found, err := m.Desk.PeopleAs(ctx, tenant, "watcher", ids)
		if err != nil {
			return nil, err
		}
		for t, users := range found {
			out[t] = users
		}
	}
	return out, nil
}
