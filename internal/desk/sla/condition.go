package sla

import (
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
)

// What ends a clock by a condition.
const (
	ByCondition = "condition"  // its condition to stop holds: the promise is kept
	CalledOff   = "called_off" // its condition to start holds no more: there is nothing to keep
)

// condition begins and ends the clock of a metric by its conditions. A stop
// that does not hold any more was a mistake, and the clock goes on as if it had
// not been; what starts anew begins another round.
func (s *Sheet) condition(m Metric, t *Target, promise *Promise, r *Rules, at clock.Time, row expr.Row) error {
	if t == nil || t.stop == nil {
		return nil
	}
	stop, err := t.stop.Eval(row, r.Binds)
	if err != nil {
		return err
	}
	started := true
	if t.start != nil {
		if started, err = t.start.Eval(row, r.Binds); err != nil {
			return err
		}
	}
	c := s.latest(m)
	switch {
	case c != nil && c.Open() && stop:
		s.end(c, r, at, ByCondition, 0, true)
	case c != nil && c.Open() && !started:
		s.end(c, r, at, CalledOff, 0, false)
	case c != nil && c.Open():
	case c != nil && c.Cause == ByCondition && !c.Sealed:
		if !started {
			c.Sealed = true
		} else if !stop && (m != FirstResponse || !s.Answered) { // who has been answered since waits no more
			c.revive()
			c.advance(r, at)
		}
	case m != Arrival || !started || stop || promise == nil:
	case c == nil && t.start == nil:
		s.begin(m, s.Created)
	case c == nil || c.Sealed || c.Cause == CalledOff:
		s.begin(m, at)
	}
	return nil
}

// stopped ends, before the ticket's own end does, what a condition ends by the
// same act.
func (s *Sheet) stopped(r *Rules, p *Policy, at clock.Time, row expr.Row) error {
	for _, m := range Metrics {
		t, c := p.target(m), s.open(m)
		if t == nil || t.stop == nil || c == nil {
			continue
		}
		if stop, err := t.stop.Eval(row, r.Binds); err != nil {
			return err
		} else if stop {
			s.end(c, r, at, ByCondition, 0, true)
		}
	}
	return nil
}
