package sla

import (
	"context"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
)

// standing is how the promises on a ticket stand, in the few words that the
// ticket itself keeps for lists: by the open clock that falls due first; when
// none does, whether one is paused; when none is open, how they have ended.
type standing struct {
	due    clock.Time
	from   clock.Time
	warn   clock.Time
	sla    ticket.SLA
	metric Metric
}

func (s *Sheet) standing(r *Rules, at clock.Time) (x standing) {
	ended, first := standing{}, (*Clock)(nil)
	for _, c := range s.Clocks {
		if _, unit := c.Metric.Unit(); c.Target == 0 || unit != 0 { // what holds between departments is no promise to the customer
			continue
		}
		switch state := c.State(r, at); {
		case !c.Open():
			switch {
			case state == StateBreached:
				ended.sla, ended.metric = ticket.SLABreached, c.Metric
			case state == StateMet && ended.sla != ticket.SLABreached:
				ended.sla, ended.metric = ticket.SLAMet, c.Metric
			}
		case c.DueAt(r) == 0:
			if x.due == 0 {
				x.sla, x.metric = ticket.SLAPaused, c.Metric
			}
		case x.due == 0 || c.DueAt(r) < x.due:
			x.due, x.metric, x.sla, first = c.DueAt(r), c.Metric, ticket.SLARunning, c
			switch state {
			case StateBreached:
				x.sla = ticket.SLABreached
			case StatePaused:
				x.sla = ticket.SLAPaused
			}
		}
	}
	if x.sla == ticket.SLANone {
		return ended
	}
	if first != nil {
		x.from, x.warn = first.Start, first.warnAt(r, s.policy(r))
	}
	return x
}

// stand writes the standing into the ticket's row, which the write saves
// anyway, and reports whether it has changed.
func (x *kept) stand(ctx context.Context, tx *db.Tx, r *Rules, t *ticket.Ticket, at clock.Time) (bool, error) {
	s := x.standing(r, at)
	if s.sla == ticket.SLAMet && x.older() {
		// Rounds of long ago are not at hand.
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from (select 1 from sla_clock where tenant_id = $1 and ticket_id = $2 and state = 'breached' and metric not like '%:%' limit 1) c`,
			t.Tenant, t.ID).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 {
			s.sla = ticket.SLABreached
		}
	}
	if s == (standing{t.DueAt, t.SLAFrom, t.WarnAt, t.SLA, Metric(t.SLAMetric)}) {
		return false, nil
	}
	t.DueAt, t.SLAFrom, t.WarnAt, t.SLA, t.SLAMetric = s.due, s.from, s.warn, s.sla, string(s.metric)
	return true, nil
}

// older reports whether the ticket has ended clocks that were not loaded.
func (s *Sheet) older() bool {
	loaded := map[Metric]int{}
	for _, c := range s.Clocks {
		loaded[c.Metric]++
	}
	for m, n := range loaded {
		if s.latest(m).Round > n {
			return true
		}
	}
	return false
}
