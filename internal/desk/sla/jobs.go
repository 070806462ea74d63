package sla

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Kinds of job of the room.
const (
	kindStep  = "sla.step"  // timer: the next warning or breach of a ticket
	kindRenew = "sla.renew" // what is due is counted again after calendars have changed
)

// EventStep is the event of what time, not a person, does to a promise: Kind is
// the step, the change names the metric and when it is due.
const EventStep = ticket.EventSLA

// Kinds of EventStep beside warnings and the breach.
const (
	StepResumed = "resumed" // the limit of a pause has ended it
	StepMoved   = "moved"   // another calendar, or another version of the policy, holds
)

func (m *Room) registerJobs() {
	// Many at the same time share a commit: what comes due at one moment is told within a second.
	m.Jobs.Handle(job.Kind{Name: kindStep, Concurrency: 16, MaxAttempts: 20, Timeout: time.Minute}, each(m.step))
	m.Jobs.Handle(job.Kind{Name: kindRenew, Concurrency: 1, MaxAttempts: 20, Timeout: 10 * time.Minute}, each(m.renew))
	m.Jobs.Handle(job.Kind{Name: kindPack, Concurrency: 1, MaxAttempts: 20, Timeout: 5 * time.Minute}, each(m.packNext))
}

func each(fn func(ctx context.Context, j job.Job) error) func(ctx context.Context, jobs []job.Job) error {
	return func(ctx context.Context, jobs []job.Job) error {
		for _, j := range jobs {
			if err := fn(ctx, j); err != nil {
				return err
			}
		}
		return nil
	}
}

// remind sets the timer of a ticket's next step, or takes it away.
func (m *Room) remind(ctx context.Context, tx *db.Tx, tenant, ticket id.ID, was, at clock.Time) error {
	switch {
	case at == was:
		return nil
	case at == 0:
		return m.Jobs.Cancel(ctx, tx, tenant, kindStep, ticket.String())
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindStep, Key: ticket.String(), DueAt: at, Replace: true, Payload: struct{}{}})
}

// step tells what has come due on a ticket, in the transaction that ends its
// timer and sets the next one: once, whatever fails in between.
func (m *Room) step(ctx context.Context, j job.Job) error {
	ticketID, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	return m.tellNow(ctx, j.Tenant, ticketID, job.Done(ctx))
}

// Tell tells what has come due on a ticket, as its timer does. It is for a past
// that is told without timers.
func (m *Room) Tell(ctx context.Context, tenant, ticketID id.ID) error {
	return m.tellNow(ctx, tenant, ticketID, nil)
}

// Next is when the next step of a ticket comes due; zero: none.
func (m *Room) Next(ctx context.Context, tenant, ticketID id.ID) (clock.Time, error) {
	var at sql.NullInt64
	err := m.DB.QueryRow(ctx, `select step_at from sla_ticket where tenant_id = $1 and ticket_id = $2`, tenant, ticketID).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return clock.Time(at.Int64), err
}

func (m *Room) tellNow(ctx context.Context, tenant, ticketID id.ID, done func(context.Context, *db.Tx) error) error {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return err
	}
	return m.Desk.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if done != nil {
			if err := done(ctx, tx); err != nil {
				return err
			}
		}
		return m.Desk.WriteIn(ctx, tx, staff.System(tenant), func(ctx context.Context, w *ticket.Write) error {
			c, err := w.Ticket(ctx, ticketID, staff.TicketRead)
			if fault.KindOf(err) == fault.NotFound {
				return nil
			}
			if err != nil {
				return err
			}
			return m.tell(ctx, tx, k, c, done != nil)
		})
	})
}

func (m *Room) tell(ctx context.Context, tx *db.Tx, k *resident, c *ticket.Change, timer bool) error {
	t := c.Ticket
	x, err := loadSheet(ctx, tx, t.Tenant, t.ID, c.At)
	if err != nil || x == nil {
		return err
	}
	r, err := m.rules(ctx, tx, k, t.Tenant, x.Sheet)
	if err != nil {
		return err
	}
	var told []Told
	p := x.policy(r)
	for _, y := range x.Clocks {
		for _, s := range y.Steps(r, p) {
			if s.At > c.At {
				continue
			}
			y.Fired = append(y.Fired, s.Name)
			told = append(told, Told{Kind: kindOf(s.Name), Metric: y.Metric, Round: y.Round, Step: s.Name, DueAt: y.DueAt(r), To: whom(k.dir, p, y, s.Name, t)})
		}
	}
	x.At = max(x.At, c.At)
	for _, y := range x.Clocks {
		y.advance(r, c.At)
	}
	cards, err := x.cards(ctx, tx, k.dir, t, c.At)
	if err != nil {
		return err
	}
	told = append(told, cards...)
	for _, y := range told {
		kind := y.Step
		if y.Metric == supervision {
			kind = y.Kind
		}
		c.AppendQuietly(EventStep, ticket.EventData{Kind: kind, Users: y.To, Changes: []ticket.FieldChange{{Field: string(y.Metric), To: y.DueAt}}})
	}
	if err := record(ctx, tx, t, c.At, told); err != nil {
		return err
	}
	if err := x.lapse(ctx, tx, r, t.Tenant, c.At); err != nil {
		return err
	}
	changed, err := x.stand(ctx, tx, r, t, c.At)
	if err != nil {
		return err
	}
	if changed && len(told) == 0 { // a pause has come to its limit
		c.AppendQuietly(EventStep, ticket.EventData{Kind: StepResumed, Changes: []ticket.FieldChange{{Field: t.SLAMetric, To: t.DueAt}}})
	}
	x.fired = timer
	if err := m.save(ctx, tx, r, t, x); err != nil {
		return err
	}
	return m.tellThem(ctx, tx, t, told...)
}

// CalendarsChanged orders that what is due is counted again, in the
// transaction that changes the calendars.
func (m *Room) CalendarsChanged(ctx context.Context, tx *db.Tx, tenant id.ID, revision int64) error {
	tx.AfterCommit(func() { m.kept.Drop(tenant) })
	return m.order(ctx, tx, tenant, renewal{Calendars: revision})
}

// renewal says from which ticket on, and what a renewing has to know: at least
// this revision of the calendars.
type renewal struct {
	After     id.ID `json:"after,omitzero"`
	Calendars int64 `json:"calendars,omitempty"`
}

// Renew brings all open tickets of a tenant under the newest versions of their
// policies and calendars, in the background; those without clocks get them.
func (m *Room) Renew(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	return m.order(ctx, tx, tenant, renewal{})
}

func (m *Room) order(ctx context.Context, tx *db.Tx, tenant id.ID, x renewal) error {
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindRenew, Key: "all", Payload: x})
}

// renewChunk is how many tickets one job renews before it orders the next, so
// that a restart goes on where it was.
const renewChunk = 500

func (m *Room) renew(ctx context.Context, j job.Job) error {
	var in renewal
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	k, err := m.fresh(ctx, j.Tenant)
	if err != nil {
		return err
	}
	if k.set.Revision < in.Calendars { // this node has not heard of it yet
		m.Calendars.Invalidate(j.Tenant)
		if k, err = m.fresh(ctx, j.Tenant); err != nil {
			return err
		}
	}
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select t.id from ticket t where t.tenant_id = $1 and t.id > $2 and t.status <= 4
		order by t.id limit %d`, renewChunk), j.Tenant, in.After)
	ids, err := db.Each(rows, err, scanID)
	if err != nil {
		return err
	}
	for _, ticketID := range ids {
		if err := m.renewOne(ctx, k, j.Tenant, ticketID); err != nil {
			return err
		}
	}
	if len(ids) < renewChunk {
		return nil
	}
	in.After = ids[len(ids)-1]
	done := job.Done(ctx)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		return m.order(ctx, tx, j.Tenant, in)
	})
}

// dues is when each open clock is due.
func (s *Sheet) dues(r *Rules) map[Metric]clock.Time {
	out := map[Metric]clock.Time{}
	for _, c := range s.Clocks {
		if c.Open() {
			out[c.Metric] = c.DueAt(r)
		}
	}
	return out
}

// when is a moment in an event; nothing when there is none.
func when(at clock.Time) any {
	if at == 0 {
		return nil
	}
	return at
}

func (m *Room) renewOne(ctx context.Context, k *resident, tenant, ticketID id.ID) error {
	return m.Desk.Write(ctx, staff.System(tenant), func(ctx context.Context, w *ticket.Write) error {
		c, err := w.Ticket(ctx, ticketID, staff.TicketRead)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		x, err := loadSheet(ctx, w.Tx, tenant, ticketID, c.At)
		if err != nil || !c.Ticket.Status.Active() {
			return err
		}
		var before []Fact
		if x == nil { // from before there were clocks
			x, before = &kept{Sheet: &Sheet{}}, adopt(c.Ticket)
		}
		r, err := m.rules(ctx, w.Tx, k, tenant, x.Sheet)
		if err != nil {
			return err
		}
		was := x.dues(r)
		if err := x.applyAll(ctx, w.Tx, r, before, c.Ticket); err != nil {
			return err
		}
		if err := x.applyAll(ctx, w.Tx, r, []Fact{{At: c.At, Kind: Renewed}}, c.Ticket); err != nil {
			return err
		}
		changed, err := x.stand(ctx, w.Tx, r, c.Ticket, c.At)
		if err != nil {
			return err
		}
		var moved []ticket.FieldChange
		for _, y := range x.Clocks {
			if due := y.DueAt(r); y.Open() && due != was[y.Metric] {
				moved = append(moved, ticket.FieldChange{Field: string(y.Metric), From: when(was[y.Metric]), To: when(due)})
			}
		}
		if changed || len(moved) > 0 {
			c.AppendQuietly(EventStep, ticket.EventData{Kind: StepMoved, Changes: moved})
		}
		return m.save(ctx, w.Tx, r, c.Ticket, x)
	})
}
