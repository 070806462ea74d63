package sla

import (
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// Unit is how long a department or a team may hold a ticket, by priority: an
// operational-level target (OLA 部门时限). The clock of a unit runs while the
// ticket is with it, stops when it leaves or is solved, and goes on with its
// rest when the ticket comes back.
type Unit struct {
	Kind   Metric   `json:"kind" enum:"department,team"`
	Unit   id.ID    `json:"unit_id,omitzero" doc:"absent: every one without a target of its own"`
	Urgent *Promise `json:"urgent,omitempty"`
	High   *Promise `json:"high,omitempty"`
	Normal *Promise `json:"normal,omitempty"`
	Low    *Promise `json:"low,omitempty"`
}

// left is what ends the clock of a unit that gives the ticket away.
const left = "left"

// maxUnits bounds how many units of a kind are measured on one ticket.
const maxUnits = 50

// Unit takes a metric such as department:42 apart. Of all others the unit is
// zero.
func (m Metric) Unit() (kind Metric, unit id.ID) {
	k, n, ok := strings.Cut(string(m), ":")
	if !ok {
		return m, 0
	}
	unit, _ = id.Parse(n)
	return Metric(k), unit
}

func of(kind Metric, unit id.ID) Metric {
	if unit == 0 {
		return kind
	}
	return kind + Metric(":"+unit.String())
}

func (p *Policy) ofUnit(kind Metric, unit id.ID, priority string) *Promise {
	var general *Unit
	for i := range p.Units {
		switch u := &p.Units[i]; {
		case u.Kind != kind:
		case u.Unit == unit:
			return choose(priority, u.Urgent, u.High, u.Normal, u.Low)
		case u.Unit == 0:
			general = u
		}
	}
	if general == nil {
		return nil
	}
	return choose(priority, general.Urgent, general.High, general.Normal, general.Low)
}

// settleUnits lets the clocks of the units that hold the ticket run and those
// of all others rest.
func (s *Sheet) settleUnits(r *Rules, p *Policy, at clock.Time, row expr.Row) error {
	waits, _ := row("awaiting_ruling").(bool)
	for _, kind := range []Metric{OfDepartment, OfTeam} {
		unit := reference(row, string(kind))
		if waits { // for somebody to say whose it is: until then no unit has it
			unit = 0
		}
		here, n := of(kind, unit), 0
		for _, c := range s.Clocks {
			if k, u := c.Metric.Unit(); k == kind && u != 0 {
				if n++; u != unit && c.Open() {
					s.end(c, r, at, left, 0, true)
				}
			}
		}
		if unit == 0 {
			continue
		}
		promise := p.promise(here, word(row, "priority"))
		c := s.latest(here)
		switch {
		case c == nil && (promise == nil || n >= maxUnits):
			continue
		case c == nil:
			c = s.begin(here, at)
		case !c.Open() && c.EndedAt == at && c.Cause == left:
			c.revive() // it has not been away
		case !c.Open():
			c.reopen(r, at)
		}
		if err := s.align(c, r, p, promise, at, row); err != nil {
			return err
		}
	}
	return nil
}

func reference(row expr.Row, field string) id.ID {
	switch v := row(field).(type) {
	case id.ID:
		return v
	case string:
		n, _ := id.Parse(v)
		return n
	}
	return 0
}
