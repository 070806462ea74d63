package sla

import (
	"context"
	"encoding/json"
	"slices"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
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

// Past is the clocks of tickets that are written in bulk with their past.
type Past struct {
	clocks, sheets []any
	ended          map[int64]*ticket.Ticket // days on which clocks ended, each with a ticket
}

// Standing gives tickets that are written in bulk with their past the standing
// that their promises have now, and adds the clocks of ended ones to a Past:
// Renew makes those of active ones. Conditions on the customer do not
// hold for them. It may be used by several at the same time, each with a Past
// of its own.
func (m *Room) Standing(ctx context.Context, tenant id.ID) (func(t *ticket.Ticket, now clock.Time, past *Past) error, error) {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return nil, err
	}
	r, err := m.rules(ctx, m.DB, k, tenant, &Sheet{})
	if err != nil {
		return nil, err
	}
	none := customer.Customer{}
	return func(t *ticket.Ticket, now clock.Time, past *Past) error {
		s, before := &Sheet{}, *t
		before.Status, before.HoldReason = ticket.Open, ""
		row, was := &ticketRow{t: t, who: &none}, &ticketRow{t: &before, who: &none}
		for _, f := range adopt(t) {
			if err := s.Apply(r, f, was.value); err != nil {
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
		t.DueAt, t.SLAFrom, t.WarnAt, t.SLA, t.SLAMetric = x.due, x.from, x.warn, x.sla, string(x.metric)
		if t.Status.Active() {
			return nil
		}
		return past.add(r, s, t)
	}, nil
}

func (p *Past) add(r *Rules, s *Sheet, t *ticket.Ticket) error {
	for _, c := range s.Clocks {
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		p.clocks = append(p.clocks, s.row(r, t, c, string(body))...)
		if c.EndedAt != 0 {
			if p.ended == nil {
				p.ended = map[int64]*ticket.Ticket{}
			}
			p.ended[day(c.EndedAt)] = t
		}
	}
	body, err := json.Marshal(s)
	p.sheets = append(p.sheets, int64(t.Tenant), int64(t.ID), null(s.Policy), null(s.Version), nil, string(body))
	return err
}

// WriteIn writes what was added, in the transaction that writes the tickets.
func (p *Past) WriteIn(ctx context.Context, tx *db.Tx) error {
	for _, x := range []struct {
		insert string
		width  int
		args   []any
	}{{insertClocks, clockColumns, p.clocks}, {insertSheets, sheetColumns, p.sheets}} {
		for part := range slices.Chunk(x.args, 2000/x.width*x.width) { // few enough values for both engines
			if _, err := tx.Exec(ctx, x.insert+db.Values(len(part)/x.width, x.width), part...); err != nil {
				return err
			}
		}
	}
	for d, t := range p.ended {
		if err := tx.Queue(ctx, insertMark, int64(t.Tenant), d, int64(t.ID)); err != nil {
			return err
		}
	}
	return nil
}
