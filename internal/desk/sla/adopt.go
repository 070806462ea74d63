package sla

import (
	"context"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// adopt makes the history of a ticket that was there before there were clocks,
// as far as it is known.
func adopt(t *ticket.Ticket) []Fact {
	facts := []Fact{{At: t.CreatedAt, Kind: Created}}
	if t.FirstReplied != 0 {
		facts = append(facts, Fact{At: t.FirstReplied, Kind: Replied, Author: string(staff.KindStaff)})
	}
	return facts
}

// Standing gives tickets that are written in bulk with their past the standing
// that their promises have now, without clocks: Renew makes those of active
// ones. Conditions on the customer do not hold for them.
func (m *Room) Standing(ctx context.Context, tenant id.ID) (func(t *ticket.Ticket, now clock.Time) error, error) {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return nil, err
	}
	r, err := m.rules(ctx, m.DB, k, tenant, &Sheet{})
	if err != nil {
		return nil, err
	}
	none := customer.Customer{}
	return func(t *ticket.Ticket, now clock.Time) error {
		s, before := &Sheet{}, *t
		before.Status, before.HoldReason = ticket.Open, ""
		row, past := &ticketRow{t: t, who: &none}, &ticketRow{t: &before, who: &none}
		for _, f := range adopt(t) {
			if err := s.Apply(r, f, past.value); err != nil {
				return err
			}
		}
		at := t.SolvedAt
		if at == 0 {
			at = t.UpdatedAt
		}
		if err := s.Apply(r, Fact{At: at, Kind: Changed}, row.value); err != nil {
			return err
		}
		x := s.standing(r, now)
		t.DueAt, t.SLA, t.SLAMetric = x.due, x.sla, string(x.metric)
		return nil
	}, nil
}
