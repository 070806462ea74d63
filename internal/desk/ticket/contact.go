package ticket

import (
	"context"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Contact is something that came in by a channel and is already stored raw.
// Known is the ticket that its thread belongs to, zero when it starts one.
type Contact struct {
	NewTicket
	Known  id.ID
	SaidAt clock.Time // when, where that is in the past; zero: now
}

// Received is a contact that is ready for its transaction.
type Received struct {
	contact Contact
	draft   *Draft     // set when the contact makes a new ticket
	known   id.ID      // the ticket that it joins, or that the new one follows
	decided []Decision // what models say of a message that joins
}

// PrepareContact decides what a contact becomes. It joins its ticket while that
// is active; it reopens a solved one within the window; after that, or when the
// ticket is closed, it becomes a new ticket linked to the old.
func (d *Desk) PrepareContact(ctx context.Context, tenant id.ID, in Contact) (*Received, error) {
	r := &Received{contact: in}
	var joins *Ticket
	if in.Known != 0 {
		known, err := d.survivor(ctx, d.DB, tenant, in.Known)
		switch {
		case isNoRows(err):
		case err != nil:
			return nil, err
		default:
			t, err := load(ctx, d.DB, tenant, known)
			if err != nil {
				return nil, err
			}
			if r.known = known; d.joins(ctx, t) {
				joins = t
			}
		}
	}
	if joins != nil {
		if err := cleanBody(&r.contact.Body, &r.contact.HTML); err != nil {
			return nil, err
		}
		before := *joins
		c := &Change{Actor: staff.System(tenant), At: d.Clock.Now(), Before: &before, Ticket: joins,
			Messages: []*Message{{Kind: FromCustomer, Text: r.contact.Body}}}
		if in.Kind == Note {
			c.Messages[0].Kind = Note
		}
		err := d.prepare(ctx, c)
		r.decided = c.Decisions
		return r, err
	}
	var err error
	r.draft, err = d.Prepare(ctx, staff.System(tenant), in.NewTicket)
	return r, err
}

func (d *Desk) joins(ctx context.Context, t *Ticket) bool {
	return t.Status.Active() || t.Status == Solved && d.Clock.Now() <= t.SolvedAt.Add(d.Settings(ctx, t.Tenant).ReopenWindow)
}

// ReceiveIn carries out a prepared contact inside the caller's transaction, so
// that the raw item is marked as taken in the same commit.
func (d *Desk) ReceiveIn(ctx context.Context, tx *db.Tx, tenant id.ID, r *Received) (*Ticket, *Message, error) {
	if r.draft != nil {
		made, err := d.CreateIn(ctx, tx, r.draft)
		if err == nil && r.known != 0 {
			err = relateIn(ctx, tx, tenant, made.Ticket.ID, r.known, made.Ticket.CreatedAt)
		}
		return made.Ticket, made.Message, err
	}
	var t *Ticket
	var m *Message
	err := d.WriteIn(ctx, tx, staff.System(tenant), func(ctx context.Context, w *Write) error {
		c, err := w.related(ctx, r.known)
		if err != nil {
			return err
		}
		if c.Ticket.MergedInto != 0 || !d.joins(ctx, c.Ticket) { // it ended since we looked
			return fault.New(fault.Unavailable, "ticket.moved_on", "the ticket has ended meanwhile; try again")
		}
		in := r.contact
		kind := FromCustomer
		if in.Kind == Note { // a machine's words: they neither wake nor reopen
			kind = Note
		}
		m, err = d.add(ctx, w, c, NewMessage{Kind: kind, Body: in.Body, HTML: in.HTML, Channel: in.Channel,
			Files: in.Files, ExternalID: in.ExternalID, At: in.SaidAt})
		if err != nil {
			return err
		}
		if kind == FromCustomer && c.Ticket.Status == Solved {
			if c.Ticket.RepeatCount == c.Before.RepeatCount { // one contact counts once
				c.Ticket.RepeatCount++
				c.Append(EventRepeat, EventData{})
			}
			d.moveTo(c, Open, nil)
		}
		if err := d.decideIn(ctx, w, c, cloneDecisions(r.decided)); err != nil {
			return err
		}
		t = c.Ticket
		return d.afterMove(ctx, w, c)
	})
	return t, m, err
}
