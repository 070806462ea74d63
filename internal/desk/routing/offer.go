package routing

import (
	"context"
	"database/sql"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
)

// EventOffer is the event of an offer on a ticket: Kind is made, accepted,
// declined or expired.
const EventOffer = "offer"

// Answer is what somebody says to an offer.
type Answer string

// Answers.
const (
	Accept  Answer = "accept"
	Decline Answer = "decline"
)

var errNoOffer = fault.New(fault.Conflict, "routing.no_offer", "this offer does not stand any more")

// AnswerOffer accepts or declines an offer that was made to the actor.
func (m *Room) AnswerOffer(ctx context.Context, a *staff.Actor, ticketID id.ID, answer Answer, reason string) error {
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return err
	}
	w, err := loadWaiting(ctx, m.DB, a.Tenant, ticketID)
	if err != nil {
		return err
	}
	if w == nil || w.State != waitOffered || w.Agent != a.ID || w.Until <= m.Clock.Now() {
		return errNoOffer
	}
	if answer == Decline {
		return m.pass(ctx, k, a.Tenant, w, "declined")
	}
	// Who was offered a ticket may see it and have it, whatever their reach.
	return m.Desk.Write(ctx, staff.System(a.Tenant), func(ctx context.Context, x *ticket.Write) error {
		c, err := x.Ticket(ctx, ticketID, staff.TicketRead)
		if err != nil {
			return err
		}
		now, err := loadWaiting(ctx, x.Tx, a.Tenant, ticketID)
		if err != nil {
			return err
		}
		if now == nil || now.State != waitOffered || now.Agent != a.ID || now.Until != w.Until || !c.Ticket.Status.Active() || c.Ticket.Assignee != 0 {
			return errNoOffer
		}
		d := &Decision{Outcome: Assigned, Set: k.active.Set.ID, Version: k.active.Set.Version, Rule: now.Rule, Path: now.Path, Team: now.Team, Agent: a.ID}
		m.event(c, EventOffer, ticket.EventData{Kind: "accepted", Changes: []ticket.FieldChange{{Field: "assignee", To: a.ID}}}, d)
		last := &c.Events[len(c.Events)-1]
		last.ActorKind, last.Actor = string(a.Kind), a.ID
		m.give(c, k, d)
		// The room that the offer held becomes that of the ticket.
		c.Ticket.Weight = now.Weight
		c.Prepared = map[string]any{noted: &choice{settled: true, tier: ""}}
		if err := m.keepHand(ctx, x.Tx, k, c.Ticket, now, a.ID, a.ID, c.At); err != nil {
			return err
		}
		return dropWaiting(ctx, x.Tx, a.Tenant, ticketID)
	})
}

// Offers are those that stand for somebody now.
func (m *Room) Offers(ctx context.Context, tenant, user id.ID) ([]*waiting, error) {
	rows, err := m.DB.Query(ctx, `select `+waitColumns+` from routing_wait where tenant_id = $1 and agent_id = $2 and until > $3 order by until limit 100`, tenant, user, m.Clock.Now())
	return db.Each(rows, err, func(r *sql.Rows) (*waiting, error) { return scanWaiting(r) })
}

// tellOffer tells somebody of an offer, on their screens and by what else they
// want to be told.
func (m *Room) tellOffer(ctx context.Context, tx *db.Tx, t *ticket.Ticket, to id.ID, until clock.Time) error {
	if m.Hub != nil {
		tenant, ticketID := t.Tenant, t.ID
		tx.AfterCommit(func() {
			_ = m.Hub.Publish(context.Background(), live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "offer",
				Data: map[string]any{"ticket_id": ticketID, "expires_at": until}, Audience: live.Audience{Users: []id.ID{to}}})
		})
	}
	if m.Tell == nil {
		return nil
	}
	return m.Tell(ctx, tx, Notice{Event: "offered", Tenant: t.Tenant, To: []id.ID{to}, Ticket: t, Key: "offer:" + t.ID.String() + ":" + to.String()})
}

// StateChanged follows the state of a person, in the transaction that changes
// it: who comes gets work, who goes loses what they have not begun.
func (m *Room) StateChanged(ctx context.Context, tx *db.Tx, tenant, user id.ID, from, to roster.State) error {
	tx.AfterCommit(func() { m.stale(tenant) })
	if to == roster.Offline {
		return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindAbsent, Key: user.String(), Payload: absence{Why: "offline"}})
	}
	if from == to {
		return nil
	}
	return m.orderDrain(ctx, tx, tenant)
}
