package ticket

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Kinds of job that the desk owns.
const (
	kindDispatch  = "ticket.event"      // events of one write, to every reaction
	kindCatchUp   = "ticket.catch_up"   // one reaction on one ticket, after it failed
	kindAutoClose = "ticket.auto_close" // timer: solved becomes closed
	kindWake      = "ticket.wake"       // timer: the end of a snooze
	kindBulk      = "ticket.bulk"
)

const clockHour = time.Hour

// A Reaction follows events after they have committed. It may do I/O and is
// called at least once for each event, per ticket in order. One that fails on a
// ticket catches up by itself and holds up neither other reactions nor other
// tickets. All reactions stand in one visible table (server/reactions.go).
type Reaction struct {
	Name  string
	React func(ctx context.Context, batch []Occurrence) error
}

// Occurrence is one ticket as it is now with the events to react to, oldest first.
type Occurrence struct {
	Ticket *Ticket
	Events []Event
}

// dispatch is the payload of a dispatch job: the events of one write.
type dispatch struct{ From, To int64 }

type catchUp struct {
	Ticket   id.ID
	Reaction string
}

func (d *Desk) registerJobs() {
	// Events that come close together share their reads, and the index takes
	// many words at once far more cheaply than a few often.
	d.Jobs.Handle(job.Kind{Name: kindDispatch, Concurrency: 4, Batch: 128, Linger: 50 * time.Millisecond, MaxAttempts: 100, Timeout: time.Minute}, d.dispatch)
	d.Jobs.Handle(job.Kind{Name: kindCatchUp, Concurrency: 4, MaxAttempts: 12, Timeout: time.Minute}, each(d.catchUp))
	d.Jobs.Handle(job.Kind{Name: kindAutoClose, Concurrency: 4, MaxAttempts: 12, Timeout: time.Minute}, each(d.autoClose))
	d.Jobs.Handle(job.Kind{Name: kindWake, Concurrency: 4, MaxAttempts: 12, Timeout: time.Minute}, each(d.wakeUp))
	d.Jobs.Handle(job.Kind{Name: kindScheduled, Concurrency: 4, MaxAttempts: 12, Timeout: time.Minute}, each(d.sendDue))
	d.Jobs.Handle(job.Kind{Name: kindCategory, Concurrency: 1, MaxAttempts: 12, Timeout: 5 * time.Minute}, each(d.moveCategory))
	d.Jobs.Handle(job.Kind{Name: kindErased, Concurrency: 1, MaxAttempts: 12, Timeout: 5 * time.Minute}, each(d.afterErase))
	d.Jobs.Handle(job.Kind{Name: kindBulk, Concurrency: 2, MaxAttempts: 12, Timeout: 10 * time.Minute}, each(func(ctx context.Context, j job.Job) error {
		var in bulkJob
		if err := json.Unmarshal(j.Payload, &in); err != nil {
			return err
		}
		return d.runBulk(ctx, j.Tenant, in)
	}))
}

// each runs the jobs of a batch one by one.
func each(fn func(ctx context.Context, j job.Job) error) func(ctx context.Context, jobs []job.Job) error {
	return func(ctx context.Context, jobs []job.Job) error {
		var errs error
		for _, j := range jobs {
			errs = errors.Join(errs, fn(ctx, j))
		}
		return errs
	}
}

// dispatch takes committed events to the reactions, many tickets at a time.
func (d *Desk) dispatch(ctx context.Context, jobs []job.Job) error {
	byTenant := map[id.ID][]job.Job{}
	for _, j := range jobs {
		byTenant[j.Tenant] = append(byTenant[j.Tenant], j)
	}
	var errs error
	for tenant, jobs := range byTenant {
		errs = errors.Join(errs, d.dispatchTenant(ctx, tenant, jobs))
	}
	return errs
}

type span struct {
	ticket   id.ID
	from, to int64
}

func (d *Desk) dispatchTenant(ctx context.Context, tenant id.ID, jobs []job.Job) error {
	spans := make([]span, 0, len(jobs))
	for _, j := range jobs {
		ticket, err := id.Parse(j.Key)
		if err != nil {
			return err
		}
		var p dispatch
		if err := json.Unmarshal(j.Payload, &p); err != nil {
			return err
		}
		spans = append(spans, span{ticket, p.From, p.To})
	}
	batch, err := d.occurrences(ctx, tenant, spans)
	if err != nil {
		return err
	}
	lagging, err := d.lagging(ctx, tenant, spans)
	if err != nil {
		return err
	}
	for _, r := range d.Reactions {
		var ready []Occurrence
		for _, o := range batch {
			if lagging[lag{o.Ticket.ID, r.Name}] {
				if err := d.fallBehind(ctx, o, r.Name); err != nil {
					return err
				}
				continue
			}
			ready = append(ready, o)
		}
		if err := d.react(ctx, r, ready); err != nil {
			return err
		}
	}
	return nil
}

// react runs one reaction; when the batch fails, each ticket alone, so that one
// bad ticket does not take its neighbours along.
func (d *Desk) react(ctx context.Context, r Reaction, batch []Occurrence) error {
	if len(batch) == 0 || safely(ctx, r, batch) == nil {
		return nil
	}
	for _, o := range batch {
		if err := safely(ctx, r, []Occurrence{o}); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			d.Log.WarnContext(ctx, "reaction failed, will catch up", "reaction", r.Name, "ticket", o.Ticket.ID, "error", err)
			if err := d.fallBehind(ctx, o, r.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func safely(ctx context.Context, r Reaction, batch []Occurrence) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reaction %s panicked: %v", r.Name, p)
		}
	}()
	return r.React(ctx, batch)
}

// fallBehind notes that a reaction has not seen these events and orders the
// catching up. The row may be going away at this very moment because an earlier
// catching up ended; then the insert makes it anew, and nothing is missed.
func (d *Desk) fallBehind(ctx context.Context, o Occurrence, reaction string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into ticket_reaction_lag (tenant_id, ticket_id, reaction, seq) values ($1, $2, $3, $4)
			on conflict (tenant_id, ticket_id, reaction) do nothing`, o.Ticket.Tenant, o.Ticket.ID, reaction, o.Events[0].Seq-1)
		if err != nil {
			return err
		}
		return d.Jobs.Add(ctx, tx, job.New{Tenant: o.Ticket.Tenant, Kind: kindCatchUp, Key: o.Ticket.ID.String() + " " + reaction,
			Payload: catchUp{o.Ticket.ID, reaction}, DueAt: d.Clock.Now().Add(time.Second), Replace: true})
	})
}

func (d *Desk) catchUp(ctx context.Context, j job.Job) error {
	var in catchUp
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	var r *Reaction
	for i := range d.Reactions {
		if d.Reactions[i].Name == in.Reaction {
			r = &d.Reactions[i]
		}
	}
	for {
		var seq int64
		err := d.DB.QueryRow(ctx, `select seq from ticket_reaction_lag where tenant_id = $1 and ticket_id = $2 and reaction = $3`,
			j.Tenant, in.Ticket, in.Reaction).Scan(&seq)
		if isNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		batch, err := d.occurrences(ctx, j.Tenant, []span{{in.Ticket, seq + 1, seq + 500}})
		if err != nil {
			return err
		}
		if len(batch) > 0 && r != nil {
			if err := safely(ctx, *r, batch); err != nil {
				return err
			}
			seq = batch[0].Events[len(batch[0].Events)-1].Seq
		}
		done := false
		err = d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			n, err := tx.Exec(ctx, `delete from ticket_reaction_lag where tenant_id = $1 and ticket_id = $2 and reaction = $3
				and (not exists (select 1 from ticket_event e where e.tenant_id = $1 and e.ticket_id = $2 and e.seq > $4) or $5)`,
				j.Tenant, in.Ticket, in.Reaction, seq, r == nil)
			if done = n > 0; err != nil || done {
				return err
			}
			_, err = tx.Exec(ctx, `update ticket_reaction_lag set seq = $4 where tenant_id = $1 and ticket_id = $2 and reaction = $3`,
				j.Tenant, in.Ticket, in.Reaction, seq)
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

type lag struct {
	ticket   id.ID
	reaction string
}

func (d *Desk) lagging(ctx context.Context, tenant id.ID, spans []span) (map[lag]bool, error) {
	ids := make([]id.ID, len(spans))
	for i, s := range spans {
		ids[i] = s.ticket
	}
	rows, err := d.DB.Query(ctx, `select ticket_id, reaction from ticket_reaction_lag where tenant_id = $1 and ticket_id `+inIDs(d.DB, "$2"), tenant, idList(ids))
	list, err := db.Each(rows, err, func(r rower) (lag, error) {
		var l lag
		return l, r.Scan(&l.ticket, &l.reaction)
	})
	if len(list) == 0 {
		return nil, err
	}
	set := make(map[lag]bool, len(list))
	for _, l := range list {
		set[l] = true
	}
	return set, err
}

// occurrences reads the events of the spans and the tickets as they are now, in
// a few queries however many there are.
func (d *Desk) occurrences(ctx context.Context, tenant id.ID, spans []span) ([]Occurrence, error) {
	// One range of seq per ticket: two writes of a ticket in a batch are one occurrence.
	index := map[id.ID]int{}
	var merged []span
	for _, s := range spans {
		if i, ok := index[s.ticket]; ok {
			merged[i].from, merged[i].to = min(merged[i].from, s.from), max(merged[i].to, s.to)
			continue
		}
		index[s.ticket] = len(merged)
		merged = append(merged, s)
	}
	// Tickets whose events begin at the same number are read together: new ones,
	// by far the most, and those that were changed in the same way. (One statement
	// with a row of bounds each made SQLite walk the whole table of events, and
	// with the bare number beside the ids PostgreSQL went by the number.)
	from := map[int64][]span{}
	for _, s := range merged {
		from[s.from] = append(from[s.from], s)
	}
	byTicket := map[id.ID][]Event{}
	for first, group := range from {
		young := make([]id.ID, len(group))
		last := int64(0)
		for i, s := range group {
			young[i], last = s.ticket, max(last, s.to)
		}
		rows, err := d.DB.Query(ctx, `select `+eventColumns+` from ticket_event e where e.tenant_id = $1 and e.ticket_id `+inIDs(d.DB, "$2")+`
			and e.seq + 0 between $3 and $4 order by e.ticket_id, e.seq`, tenant, idList(young), first, last)
		list, err := db.Each(rows, err, func(r rower) (Event, error) { return scanEvent(r) })
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if e.Seq <= merged[index[e.Ticket]].to {
				byTicket[e.Ticket] = append(byTicket[e.Ticket], e)
			}
		}
	}
	ids := make([]id.ID, len(merged))
	for i, s := range merged {
		ids[i] = s.ticket
	}
	tickets, err := loadMany(ctx, d.DB, tenant, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Occurrence, 0, len(tickets))
	for _, t := range tickets {
		if ev := byTicket[t.ID]; len(ev) > 0 {
			out = append(out, Occurrence{t, ev})
		}
	}
	return out, nil
}

func loadMany(ctx context.Context, r db.Reader, tenant id.ID, ids []id.ID) ([]*Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := r.Query(ctx, `select `+columns+` from ticket t where t.tenant_id = $1 and t.id `+inIDs(r, "$2"), tenant, idList(ids))
	return db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
}

// LoadForUpdate reads tickets whoever may see them and locks them until the end
// of the transaction, in the order of their ids.
func (d *Desk) LoadForUpdate(ctx context.Context, tx *db.Tx, tenant id.ID, ids []id.ID) ([]*Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `select `+columns+` from ticket t where t.tenant_id = $1 and t.id `+inIDs(tx, "$2")+` order by t.id`+tx.Engine().ForUpdate(), tenant, idList(ids))
	return db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
}

// inIDs follows a column that is to be one of some ids, given as one argument
// (idList). One argument keeps the number of statements small; and binding
// hundreds of them costs SQLite quadratic time.
func inIDs(r db.Reader, mark string) string { return r.Engine().InIDs(mark) }

// idList leaves out zero, which is nobody's id.
func idList(ids []id.ID) string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(i id.ID) bool { return i == 0 })
	return pack(ids, "[]", len(ids))
}

// autoClose ends a solved ticket that nobody took up again.
func (d *Desk) autoClose(ctx context.Context, j job.Job) error {
	return d.onTimer(ctx, j, func(ctx context.Context, w *Write, c *Change) error {
		if s := d.Settings(ctx, j.Tenant); c.Ticket.Status == Solved && c.At >= c.Ticket.SolvedAt.Add(s.AutoClose) {
			d.moveTo(c, Closed, nil)
			return d.afterMove(ctx, w, c)
		}
		return nil
	})
}

func (d *Desk) wakeUp(ctx context.Context, j job.Job) error {
	return d.onTimer(ctx, j, func(ctx context.Context, w *Write, c *Change) error {
		if c.Ticket.SnoozedUntil != 0 && c.At >= c.Ticket.SnoozedUntil {
			d.wake(c)
		}
		return nil
	})
}

// onTimer changes the timer's ticket in the transaction that ends the job, so
// that a timer has its effect exactly once.
func (d *Desk) onTimer(ctx context.Context, j job.Job, fn func(ctx context.Context, w *Write, c *Change) error) error {
	ticket, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := d.WriteIn(ctx, tx, staff.System(j.Tenant), func(ctx context.Context, w *Write) error {
			c, err := w.related(ctx, ticket)
			if fault.KindOf(err) == fault.NotFound {
				return nil
			}
			if err != nil {
				return err
			}
			if err := fn(ctx, w, c); err != nil {
				return err
			}
			for i := range c.Events {
				c.Events[i].Cause = "timer"
			}
			return nil
		})
		if err != nil {
			return err
		}
		return done(ctx, tx)
	})
}

type rower = *sql.Rows

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

func newReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }

// faults takes an error of a check apart, so that a form hears of all its
// fields at once.
func faults(err error) fault.List {
	var l fault.List
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &l):
		return l
	case errors.As(err, &f):
		return fault.List{f}
	}
	return fault.List{{Kind: fault.Internal, Code: "internal", Message: err.Error(), Cause: err}}
}
