package sla

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Told is something that people are told about a ticket's promises, with those
// people. What has a step is told once for each metric, round and step.
type Told struct {
	Kind   string // one of the kinds below
	Metric Metric // supervision: of an order
	Round  int
	Step   string
	DueAt  clock.Time
	By     id.ID // whose act it was; zero: time's
	To     []id.ID
}

// Kinds of Told.
const (
	ToldWarning    = "warning"
	ToldBreach     = "breach"
	ToldEscalation = "escalation"
	ToldUrged      = "urged"      // the customer asks for speed
	ToldChased     = "chased"     // a colleague does
	ToldSupervised = "supervised" // a lead orders
	ToldAnswered   = "supervision_answered"
	ToldYellow     = "yellow_card" // the order's deadline has passed without reply
	ToldRed        = "red_card"
	ToldRequested  = "extension_requested"
	ToldApproved   = "extension_approved"
	ToldRefused    = "extension_refused"
)

// supervision stands for the metric of what is told of an order.
const supervision Metric = "supervision"

func kindOf(step string) string {
	switch {
	case step == Breach:
		return ToldBreach
	case strings.HasPrefix(step, chainStep):
		return ToldEscalation
	}
	return ToldWarning
}

// whom says whom a step of a clock is told. Where a level has nobody, the next
// one above is told.
func whom(dir *staff.Directory, p *Policy, c *Clock, step string, t *ticket.Ticket) []id.ID {
	if l := p.link(step); l != nil {
		switch l.To {
		case ToPeople:
			if list := dir.Active(l.People); len(list) > 0 {
				return list
			}
			return dir.Leads(0, t.Department)
		case ToDepartment:
			return dir.Leads(0, t.Department)
		case ToTeam:
			return dir.Leads(t.Team, t.Department)
		}
	}
	switch kind, unit := c.Metric.Unit(); {
	case unit == 0:
	case kind == OfTeam:
		return dir.Leads(unit, t.Department)
	default:
		return dir.Leads(0, unit)
	}
	return responsible(dir, t)
}

// responsible is the assignee of a ticket, or else who leads where it lies.
func responsible(dir *staff.Directory, t *ticket.Ticket) []id.ID {
	if list := dir.Active([]id.ID{t.Assignee}); len(list) > 0 {
		return list
	}
	return dir.Leads(t.Team, t.Department)
}

// record writes the steps that were told, each of which can be there once.
func record(ctx context.Context, tx *db.Tx, t *ticket.Ticket, at clock.Time, told []Told) error {
	args := make([]any, 0, len(told)*9)
	for _, x := range told {
		users, err := json.Marshal(append([]id.ID{}, x.To...))
		if err != nil {
			return err
		}
		args = append(args, int64(t.Tenant), int64(t.ID), string(x.Metric), int64(x.Round), x.Step, int64(x.DueAt), int64(at), x.Kind, string(users))
	}
	if len(args) == 0 {
		return nil
	}
	return tx.Queue(ctx, `insert into sla_step (tenant_id, ticket_id, metric, round, step, due_at, at, kind, users) values `+db.Values(len(told), 9), args...)
}

// tellThem takes what was told to whoever sends it on.
func (m *Room) tellThem(ctx context.Context, tx *db.Tx, t *ticket.Ticket, told ...Told) error {
	told = slices.DeleteFunc(told, func(x Told) bool { return len(x.To) == 0 })
	if m.Told == nil || len(told) == 0 {
		return nil
	}
	return m.Told(ctx, tx, t, told)
}
