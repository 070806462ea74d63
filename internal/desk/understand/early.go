package understand

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// A ticket may come before the models of its tenant are in memory: in the
// first seconds of a new store they are still being made from the shipped
// texts. It waits briefly; then the rules read it alone, and when the models are
// there they read it again, by a job that was ordered with its
// birth, and fill in what nobody has said since.

const kindEarly = "understand.early"

// briefly is how long the first ticket waits for what reads it, to be born with
// all that models say of it: reading stored models takes a tenth of a second,
// making them two on a machine with nothing else to do. Once one has waited in
// vain, those that follow do not.
const briefly = 2500 * time.Millisecond

// loading is a tenant that is being brought into memory.
type loading struct {
	done  chan struct{}
	rules atomic.Pointer[resident] // what its tickets are read by meanwhile, once one has waited in vain
}

// early is what a ticket was like when it was born.
type early struct {
	Given  []string          `json:"given,omitempty"` // fields that the sender has filled in
	Before map[string]string `json:"before"`          // what has changed since, somebody has said
}

// earlyMark is where Prepare tells Apply that only rules have read a ticket: it
// holds the fields that were given.
const earlyMark = "understand.early"

// atHand is what a new ticket is read by now: the tenant's state, or without
// models when it does not come to be loaded in a moment.
func (m *Mind) atHand(ctx context.Context, tenant id.ID) (r *resident, whole bool, err error) {
	m.mu.RLock()
	here, l := m.tenants[tenant] != nil, m.loading[tenant]
	m.mu.RUnlock()
	if here {
		r, err = m.resident(ctx, tenant)
		return r, true, err
	}
	if l != nil {
		if r := l.rules.Load(); r != nil {
			return r, false, nil
		}
	}
	type loaded struct {
		r   *resident
		err error
	}
	done := make(chan loaded, 1)
	m.behind(func(ctx context.Context) {
		r, err := m.resident(ctx, tenant)
		done <- loaded{r, err}
	})
	moment := time.NewTimer(max(briefly, m.Wait))
	defer moment.Stop()
	select {
	case x := <-done:
		return x.r, true, x.err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case <-moment.C:
	}
	if r, _, err = m.rules(ctx, tenant); err != nil {
		return nil, false, err
	}
	m.mu.RLock()
	l = m.loading[tenant]
	m.mu.RUnlock()
	if l != nil {
		l.rules.Store(r)
	}
	return r, false, nil
}

// readLater orders, with the birth of a ticket that only rules have read, that
// it be read again.
func (m *Mind) readLater(ctx context.Context, tx *db.Tx, c *ticket.Change) error {
	given, ok := c.Prepared[earlyMark].([]string)
	if !ok || !c.Born() {
		return nil
	}
	in := early{Given: given, Before: map[string]string{}}
	for _, field := range modelled {
		in.Before[field] = m.Desk.Value(c.Ticket, field)
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: c.Ticket.Tenant, Kind: kindEarly, Key: c.Ticket.ID.String(), Payload: in})
}

func (m *Mind) registerEarly() {
	m.Jobs.Handle(job.Kind{Name: kindEarly, Concurrency: 2, Timeout: 5 * time.Minute}, func(ctx context.Context, jobs []job.Job) error {
		j := jobs[0]
		of, err := id.Parse(j.Key)
		if err != nil {
			return err
		}
		var in early
		if err := json.Unmarshal(j.Payload, &in); err != nil {
			return err
		}
		return m.readAgain(ctx, j.Tenant, of, in)
	})
}

// readAgain lets the models speak of a ticket that only rules have read.
func (m *Mind) readAgain(ctx context.Context, tenant, of id.ID, in early) error {
	r, err := m.resident(ctx, tenant)
	if err != nil {
		return err
	}
	list, err := m.Desk.Load(ctx, tenant, []id.ID{of})
	if err != nil || len(list) == 0 {
		return err
	}
	words, err := m.Desk.FirstWords(ctx, tenant, []id.ID{of})
	if err != nil {
		return err
	}
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return err
	}
	decisions := slices.DeleteFunc(r.atBirth(list[0], words[of].Text, in.Given, catalog, m.Clock.Now()), func(d ticket.Decision) bool {
		return !slices.Contains(modelled, d.Field)
	})
	for i := range decisions {
		decisions[i].Before = in.Before[decisions[i].Field]
	}
	return m.Desk.Decide(ctx, tenant, of, decisions)
}

// atBirth is what is said of a ticket by its first words.
func (r *resident) atBirth(t *ticket.Ticket, body string, given []string, catalog *form.Catalog, at clock.Time) []ticket.Decision {
	out := r.decisions(r.read(Text{Subject: t.Subject, Body: body, Now: at}, false), t, given, catalog, at)
	if body == "" { // then the subject was read as the body
		for i := range out {
			for k := range out[i].Evidence {
				out[i].Evidence[k].In = "subject"
			}
		}
	}
	return out
}
