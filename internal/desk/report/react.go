package report

import (
	"context"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
)

// Reaction keeps the facts of events, and tells the boards that look.
func (m *Room) Reaction() ticket.Reaction {
	return ticket.Reaction{Name: "report", React: func(ctx context.Context, batch []ticket.Occurrence) error {
		byTenant := map[id.ID][]ticket.Occurrence{}
		for _, o := range batch {
			byTenant[o.Ticket.Tenant] = append(byTenant[o.Ticket.Tenant], o)
		}
		for tenant, list := range byTenant {
			if err := m.react(ctx, tenant, list); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (m *Room) react(ctx context.Context, tenant id.ID, batch []ticket.Occurrence) error {
	histories, err := m.histories(ctx, tenant, batch)
	if err != nil {
		return err
	}
	var facts []Fact
	var void []Fact
	for _, o := range batch {
		all, gone := Facts(histories[o.Ticket.ID])
		again := slices.ContainsFunc(o.Events, takesBack) // and the next answer is the first now
		for _, f := range all {
			if again || f.Seq >= o.Events[0].Seq {
				facts = append(facts, f)
			}
		}
		if again {
			void = append(void, gone...)
		}
	}
	tickets := make([]*ticket.Ticket, len(batch))
	for i, o := range batch {
		tickets[i] = o.Ticket
	}
	rows, err := m.rows(ctx, m.DB, tenant, facts, tickets)
	if err != nil {
		return err
	}
	if len(rows)+len(void) > 0 {
		if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return keep(ctx, tx, tenant, slices.Clone(rows), slices.Clone(void))
		}); err != nil {
			return err
		}
	}
	return m.tell(ctx, tenant, batch)
}

// histories are all events of tickets until those that are reacted to. Most
// batches bring new tickets, whose events are all at hand.
func (m *Room) histories(ctx context.Context, tenant id.ID, batch []ticket.Occurrence) (map[id.ID][]ticket.Event, error) {
	out := make(map[id.ID][]ticket.Event, len(batch))
	var older []id.ID
	for _, o := range batch {
		if o.Events[0].Seq == 1 {
			out[o.Ticket.ID] = o.Events
		} else if slices.ContainsFunc(o.Events, counts) {
			older = append(older, o.Ticket.ID)
		}
	}
	if len(older) == 0 {
		return out, nil
	}
	past, err := m.Desk.Events(ctx, m.DB, tenant, older)
	if err != nil {
		return nil, err
	}
	for _, o := range batch {
		if all := past[o.Ticket.ID]; len(all) > 0 {
			last := o.Events[len(o.Events)-1].Seq
			out[o.Ticket.ID] = all[:min(int64(len(all)), last)]
		}
	}
	return out, nil
}

// counts says that an event may tell a fact or take one back.
func counts(e ticket.Event) bool {
	switch e.Name {
	case ticket.EventCreated, ticket.EventMessage, ticket.EventStatus, ticket.EventRepeat, ticket.EventTransfer:
		return true
	}
	return takesBack(e)
}

// rows adds to facts what their events do not tell: the customer's tier, and
// the business time of first responses.
func (m *Room) rows(ctx context.Context, r db.Reader, tenant id.ID, facts []Fact, tickets []*ticket.Ticket) ([]row, error) {
	if len(facts) == 0 {
		return nil, nil
	}
	requester := make(map[id.ID]id.ID, len(tickets))
	var customers, answered []id.ID
	for _, t := range tickets {
		requester[t.ID] = t.Requester
	}
	for _, f := range facts {
		customers = append(customers, requester[f.Ticket])
		if f.Kind == FirstResponse {
			answered = append(answered, f.Ticket)
		}
	}
	slices.Sort(customers)
	who, err := m.Customers.Names(ctx, r, tenant, slices.Compact(customers))
	if err != nil {
		return nil, err
	}
	var counted map[id.ID]clock.Time
	if len(answered) > 0 {
		if counted, err = m.SLA.FirstResponses(ctx, r, tenant, answered); err != nil {
			return nil, err
		}
	}
	out := make([]row, len(facts))
	for i, f := range facts {
		out[i] = row{Fact: f, tier: who[requester[f.Ticket]].Tier, counted: -1}
		if n, ok := counted[f.Ticket]; ok && f.Kind == FirstResponse {
			out[i].counted = n
		}
	}
	return out, nil
}

// tell lets the boards know that there is something new to read: once for a
// batch, to those who may see where it happened.
func (m *Room) tell(ctx context.Context, tenant id.ID, batch []ticket.Occurrence) error {
	if m.Hub == nil {
		return nil
	}
	var to live.Audience
	add := func(list *[]id.ID, v id.ID) {
		if v != 0 && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	for _, o := range batch {
		add(&to.Departments, o.Ticket.Department)
		add(&to.Teams, o.Ticket.Team)
		add(&to.Users, o.Ticket.Assignee)
		for _, e := range o.Events {
			if e.ActorKind == string(staff.KindStaff) {
				add(&to.Users, e.Actor)
			}
			if !moves(&e) {
				continue
			}
			for _, c := range e.Data.Changes { // who had it hears of it too
				switch c.Field {
				case "department":
					add(&to.Departments, reference(c.From))
				case "team":
					add(&to.Teams, reference(c.From))
				case "assignee":
					add(&to.Users, reference(c.From))
				}
			}
		}
	}
	return m.Hub.Publish(ctx, live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "report", Audience: to})
}
