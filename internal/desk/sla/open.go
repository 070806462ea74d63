package sla

import (
	"context"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// opened is a ticket with its clocks inside a write.
type opened struct {
	*kept
	c  *ticket.Change
	k  *resident
	r  *Rules
	Tx *db.Tx
	At clock.Time
}

// on runs fn on a ticket's clocks, in one write that saves both.
func (m *Room) on(ctx context.Context, a *staff.Actor, ticketID id.ID, p staff.Permission, fn func(ctx context.Context, o *opened) error) error {
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return m.Desk.Write(ctx, a, func(ctx context.Context, w *ticket.Write) error {
		c, err := w.Ticket(ctx, ticketID, p)
		if err != nil {
			return err
		}
		o := &opened{c: c, k: k, Tx: w.Tx, At: c.At}
		if o.kept, err = loadSheet(ctx, w.Tx, a.Tenant, ticketID, c.At); err != nil {
			return err
		}
		var before []Fact
		if o.kept == nil {
			o.kept, before = &kept{Sheet: &Sheet{}}, adopt(c.Ticket)
		}
		if o.r, err = m.rules(ctx, w.Tx, k, a.Tenant, o.Sheet); err != nil {
			return err
		}
		if err := o.applyAll(ctx, w.Tx, o.r, before, c.Ticket); err != nil {
			return err
		}
		o.Sheet.At = max(o.Sheet.At, c.At)
		for _, x := range o.Clocks {
			x.advance(o.r, c.At)
		}
		if err := fn(ctx, o); err != nil {
			return err
		}
		if _, err := o.stand(ctx, w.Tx, o.r, c.Ticket, c.At); err != nil {
			return err
		}
		return m.save(ctx, w.Tx, o.r, c.Ticket, o.kept)
	})
}

// AckInput names a clock to acknowledge; empty: all that people were told of.
type AckInput struct {
	Metric Metric `json:"metric,omitempty" enum:"first_response,next_response,update,arrival,resolution,department,team"`
	Unit   id.ID  `json:"unit_id,omitzero" doc:"of a department's or a team's clock"`
}

// EventAcknowledged is the kind of EventStep by which somebody takes a warned
// or broken promise in hand.
const EventAcknowledged = "acknowledged"

// Acknowledge stops the chain of escalation of open clocks that people were
// told of.
func (m *Room) Acknowledge(ctx context.Context, a *staff.Actor, ticketID id.ID, in AckInput) error {
	return m.on(ctx, a, ticketID, staff.TicketUpdate, func(ctx context.Context, o *opened) error {
		var changes []ticket.FieldChange
		for _, c := range o.Clocks {
			if !c.Open() || len(c.Fired) == 0 || in.Metric != "" && c.Metric != of(in.Metric, in.Unit) {
				continue
			}
			on := OnWarning
			if slices.Contains(c.Fired, Breach) {
				on = OnBreach
			}
			if c.Ack != nil && (c.Ack.On == on || c.Ack.On == OnBreach) {
				continue
			}
			c.Ack = &Ack{By: a.ID, At: o.At, On: on}
			changes = append(changes, ticket.FieldChange{Field: string(c.Metric), To: on})
		}
		if len(changes) == 0 {
			return fault.New(fault.Conflict, "sla.nothing_told", "there is nothing to acknowledge: no open promise is in danger, or somebody has it in hand")
		}
		o.c.Append(EventStep, ticket.EventData{Kind: EventAcknowledged, Changes: changes})
		return nil
	})
}
