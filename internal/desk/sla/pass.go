package sla

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// moving are the events that can move clocks, because they speak of what was
// said or change a field that a condition may look at.
var moving = []string{
	ticket.EventCreated, ticket.EventMessage, ticket.EventWithdrawn, ticket.EventStatus, ticket.EventAssign, ticket.EventTransfer,
	ticket.EventChange, ticket.EventSnooze, ticket.EventWake, ticket.EventMerged, ticket.EventMergeIn, ticket.EventUndo, ticket.EventRepeat,
}

// Pass gives new tickets their clocks and moves those of tickets that change.
// LastPass, which stands behind all that can move a ticket to other people,
// saves them.
func (m *Room) Pass() ticket.Pass {
	return ticket.Pass{
		Name: "sla",
		Wants: func(c *ticket.Change) bool {
			return c.Born() && len(c.Events) == 0 || // being prepared
				slices.ContainsFunc(c.Events, func(e ticket.Event) bool { return slices.Contains(moving, e.Name) })
		},
		Prepare: func(ctx context.Context, c *ticket.Change) error {
			_, err := m.fresh(ctx, c.Ticket.Tenant) // so that the transaction finds it at hand
			return err
		},
		Gather: gather,
		Apply:  m.apply,
	}
}

// gathered is where the sheets of tickets wait that change in one write.
const gathered = "sla.gathered"

// stood is what was read for a change; x is nil when the ticket has no clocks.
type stood struct {
	c *ticket.Change
	x *kept
}

// gather reads the sheets of some tickets together; their rows are locked.
func gather(ctx context.Context, tx *db.Tx, list []*ticket.Change) error {
	var ids []id.ID
	for _, c := range list {
		if !c.Born() {
			ids = append(ids, c.Ticket.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	all, err := loadSheets(ctx, tx, list[0].Ticket.Tenant, ids, list[0].At)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Prepared == nil {
			c.Prepared = map[string]any{}
		}
		c.Prepared[gathered] = &stood{c, all[c.Ticket.ID]}
	}
	return nil
}

// sheetOf is the sheet of a ticket that changes; nil when it has none.
func sheetOf(ctx context.Context, tx *db.Tx, c *ticket.Change) (*kept, error) {
	// What an earlier run of the transaction has left is not this one's.
	if x, ok := c.Prepared[gathered].(*stood); ok && x.c == c {
		return x.x, nil
	}
	return loadSheet(ctx, tx, c.Ticket.Tenant, c.Ticket.ID, c.At)
}

func (m *Room) apply(ctx context.Context, tx *db.Tx, c *ticket.Change) error {
	t := c.Ticket
	k, err := m.within(ctx, tx, t.Tenant)
	if err != nil {
		return err
	}
	x := &kept{Sheet: &Sheet{}}
	var before []Fact
	facts, err := m.facts(ctx, tx, c)
	if err != nil {
		return err
	}
	if !c.Born() {
		if x, err = sheetOf(ctx, tx, c); err != nil { // the ticket's row is locked
			return err
		}
		if x == nil {
			if !t.Status.Active() && !c.Before.Status.Active() {
				return nil // ended before there were clocks
			}
			x, before = &kept{Sheet: &Sheet{}}, adopt(c.Before)
		}
	}
	r, err := m.rules(ctx, tx, k, t.Tenant, x.Sheet)
	if err != nil {
		return err
	}
	if err := x.applyAll(ctx, tx, r, before, c.Before); err != nil {
		return err
	}
	if err := x.applyAll(ctx, tx, r, facts, t); err != nil {
		return err
	}
	if _, err := x.stand(ctx, tx, r, t, x.At); err != nil {
		return err
	}
	if c.Prepared == nil {
		c.Prepared = map[string]any{}
	}
	c.Prepared[moved] = &movement{c, x, r, placeOf(t)}
	return nil
}

// moved is where a movement waits for LastPass.
const moved = "sla"

// movement is what one write has done to a ticket's clocks so far.
type movement struct {
	c     *ticket.Change
	x     *kept
	r     *Rules
	place ticket.Place
}

func placeOf(t *ticket.Ticket) ticket.Place {
	return ticket.Place{Assignee: t.Assignee, Team: t.Team, Department: t.Department}
}

// LastPass lets the clocks see where assignment has put the ticket in the same
// write, and saves them.
func (m *Room) LastPass() ticket.Pass {
	of := func(c *ticket.Change) *movement {
		// What an earlier run of the transaction has left is not this one's.
		if x, ok := c.Prepared[moved].(*movement); ok && x.c == c {
			return x
		}
		return nil
	}
	return ticket.Pass{
		Name:  "sla.save",
		Wants: func(c *ticket.Change) bool { return of(c) != nil },
		Apply: func(ctx context.Context, tx *db.Tx, c *ticket.Change) error {
			y, t := of(c), c.Ticket
			x, r := y.x, y.r
			if placeOf(t) != y.place {
				if err := x.applyAll(ctx, tx, r, []Fact{{At: c.At, Kind: Changed}}, t); err != nil {
					return err
				}
				if _, err := x.stand(ctx, tx, r, t, x.At); err != nil {
					return err
				}
			}
			if len(x.Asked) > 0 {
				if err := x.lapse(ctx, tx, r, t.Tenant, x.At); err != nil {
					return err
				}
			}
			if err := x.dismiss(ctx, tx, t.Tenant); err != nil {
				return err
			}
			return m.save(ctx, tx, r, t, x)
		},
	}
}

// applyAll moves the clocks by facts that leave the ticket as it stands in t.
func (s *Sheet) applyAll(ctx context.Context, tx *db.Tx, r *Rules, facts []Fact, t *ticket.Ticket) error {
	row := &ticketRow{ctx: ctx, r: tx, t: t}
	for _, f := range facts {
		row.now = f.At
		if err := s.Apply(r, f, row.value); err != nil {
			return err
		}
	}
	return row.err
}

// facts says in the words of clocks what a change has done.
func (m *Room) facts(ctx context.Context, tx *db.Tx, c *ticket.Change) ([]Fact, error) {
	var facts []Fact
	add := func(k Kind) *Fact {
		facts = append(facts, Fact{At: c.At, Kind: k})
		return &facts[len(facts)-1]
	}
	for _, e := range c.Events {
		switch e.Name {
		case ticket.EventCreated:
			add(Created)
		case ticket.EventMessage:
			i := slices.IndexFunc(c.Messages, func(x *ticket.Message) bool { return x.ID == e.Data.Message })
			if i < 0 {
				continue
			}
			switch c.Messages[i].Kind {
			case ticket.FromCustomer:
				add(Customer)
			case ticket.Reply:
				f := add(Replied)
				f.Message, f.Author = e.Data.Message, c.Messages[i].AuthorKind
				f.Other = c.Messages[i].Author != c.Ticket.Assignee
			}
		case ticket.EventWithdrawn:
			add(Withdrawn).Message = e.Data.Message
		case ticket.EventMerged:
			add(Merged)
		case ticket.EventMergeIn:
			since, err := m.waiting(ctx, tx, c.Ticket.Tenant, e.Data.Ref, c.At)
			if err != nil {
				return nil, err
			}
			add(MergeIn).Since = since
		case ticket.EventUndo:
			switch e.Data.Kind {
			case ticket.EventMergeIn:
				add(Unmerged)
			case ticket.EventSplitFrom: // it is merged back into where it came from
				add(Merged)
			case ticket.EventSplit:
			default:
				add(Undone)
			}
		}
	}
	if len(facts) == 0 {
		add(Changed)
	}
	return facts, nil
}

// waiting is since when the customer of a ticket waits for an answer; zero
// when they do not.
func (m *Room) waiting(ctx context.Context, tx *db.Tx, tenant, ticket id.ID, now clock.Time) (clock.Time, error) {
	x, err := loadSheet(ctx, tx, tenant, ticket, now)
	switch {
	case err != nil || x == nil:
		return 0, err
	case !x.Answered:
		return x.Created, nil
	}
	return x.Waiting, nil
}

// ticketRow gives a ticket's fields to conditions.
type ticketRow struct {
	ctx context.Context
	r   db.Reader
	t   *ticket.Ticket
	now clock.Time
	who *customer.Customer // tier and care
	err error
}

var _ expr.Row = (&ticketRow{}).value

func (x *ticketRow) value(field string) any {
	switch field {
	case "tier":
		if who := x.requester(); who != nil {
			return who.Tier
		}
		return nil
	case "special_care":
		who := x.requester()
		return who != nil && who.Cared(x.now)
	}
	return x.t.Value(field)
}

// requester reads of the customer what conditions speak of, only when one asks.
func (x *ticketRow) requester() *customer.Customer {
	if x.who == nil && x.err == nil {
		var who customer.Customer
		err := x.r.QueryRow(x.ctx, `select tier, coalesce(care_until, 0) from customer where tenant_id = $1 and id = $2`, x.t.Tenant, x.t.Requester).Scan(&who.Tier, &who.CareUntil)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			x.err = err
			return nil
		}
		x.who = &who
	}
	return x.who
}
