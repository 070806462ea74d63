package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// ErrGone is what Done returns when the job is no longer this call's to finish:
// another node took the shard over, or the timer was replaced or cancelled. The
// transaction must be rolled back, which returning the error does.
var ErrGone error = fault.New(fault.Conflict, "job.gone", "the job is not this node's any more")

// run is one call of a handler.
type run struct {
	q    *Queue
	rows []*row
	mu   sync.Mutex
	done map[*row]bool // deleted by a transaction of the handler that committed
}

type runKey struct{}

// Done gives a handler the function that deletes its jobs inside the handler's
// own transaction, so that effect and deletion happen together or not at all.
func Done(ctx context.Context) func(ctx context.Context, tx *db.Tx) error {
	r, _ := ctx.Value(runKey{}).(*run)
	return func(ctx context.Context, tx *db.Tx) error {
		if r == nil {
			return errors.New("job: Done outside a handler")
		}
		return r.complete(ctx, tx, r.rows)
	}
}

// DoneSome is Done for some of the jobs of a call with several, so that each
// can have its own transaction. When the handler then fails, only the others
// are tried again.
func DoneSome(ctx context.Context) func(ctx context.Context, tx *db.Tx, jobs ...Job) error {
	r, _ := ctx.Value(runKey{}).(*run)
	return func(ctx context.Context, tx *db.Tx, jobs ...Job) error {
		if r == nil {
			return errors.New("job: DoneSome outside a handler")
		}
		var rows []*row
		for _, j := range jobs {
			for _, o := range r.rows {
				if o.id == int64(j.ID) {
					rows = append(rows, o)
				}
			}
		}
		if len(rows) != len(jobs) {
			return errors.New("job: DoneSome of a job that is not this call's")
		}
		return r.complete(ctx, tx, rows)
	}
}

func (r *run) complete(ctx context.Context, tx *db.Tx, rows []*row) error {
	r.q.mu.Lock()
	cut := r.q.cut
	r.q.mu.Unlock()
	if cut {
		return ErrGone
	}
	n, err := remove(ctx, tx, rows)
	if err != nil {
		return err
	}
	if n != len(rows) {
		return ErrGone
	}
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, o := range rows {
			r.done[o] = true
		}
	})
	return nil
}

// Park makes a failure final: the key is parked without further tries.
func Park(err error) error { return &verdict{err: err, park: true} }

// After makes the next try come after d, and does not count this one: for work
// that was told to come back later. The pause is at most the kind's MaxBackoff.
func After(d time.Duration, err error) error {
	return &verdict{err: err, after: max(d, time.Millisecond)}
}

type verdict struct {
	err   error
	park  bool
	after time.Duration
}

func (v *verdict) Error() string { return v.err.Error() }
func (v *verdict) Unwrap() error { return v.err }

// outcome is how a row ended and what must be written of it.
type outcome struct {
	row     *row
	what    ending
	attempt int
	retryAt int64
	err     string
}

type ending int

const (
	succeeded ending = iota
	failed           // try again
	parked           // failed too often
	blocked          // waits behind a parked one
	doubted          // was refused: see whether the shard is still ours
)

// dispatch starts what may start. The caller holds the mutex.
func (q *Queue) dispatch() {
	m := q.mem
	if q.state != started || q.cut {
		return
	}
	if q.leases.expired() {
		return
	}
	now := q.cfg.Clock.Now()
	for _, w := range m.works {
		for w.running < w.Concurrency && len(w.ring) > 0 {
			if w.gathering {
				break
			}
			begun := time.Now()
			if wait := w.gather(begun); wait > 0 {
				w.gathering = true
				time.AfterFunc(wait, func() {
					q.locked(func() {
						w.gathering = false
						q.dispatch()
					})
				})
				break
			}
			w.begun = begun
			batch := m.next(w, now)
			if len(batch) == 0 {
				break
			}
			w.running++
			m.running++
			go q.run(w, batch)
		}
	}
	for _, r := range m.behind {
		q.outcomes = append(q.outcomes, outcome{row: r, what: blocked})
	}
	if len(m.behind) > 0 {
		m.behind = m.behind[:0]
		signal(q.out)
	}
	if len(m.refill) > 0 {
		signal(q.wake)
	}
}

func (q *Queue) run(w *work, batch []*row) {
	jobs := make([]Job, len(batch))
	for i, r := range batch {
		jobs[i] = Job{ID: id.ID(r.id), Tenant: r.tenant, Kind: r.kind, Key: r.key, Payload: r.payload, Attempt: r.attempt, DueAt: dueAt(r)}
	}
	call := &run{q: q, rows: batch, done: map[*row]bool{}}
	ctx, cancel := context.WithTimeout(context.WithValue(q.base, runKey{}, call), w.Timeout)
	err := fmt.Errorf("the handler of %s ended its goroutine", w.Name)
	defer func() {
		cancel()
		q.ended(w, call, err)
	}()
	err = guarded(ctx, w, jobs)
}

// ended takes the result of a call.
func (q *Queue) ended(w *work, call *run, err error) {
	batch := call.rows
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.mem
	m.left(w, batch)
	defer q.idle.Broadcast()
	if q.cut {
		return
	}
	now := q.cfg.Clock.Now()
	for _, r := range batch {
		if call.done[r] {
			m.forget(r)
			continue
		}
		var v *verdict
		switch {
		case err == nil:
			q.outcomes = append(q.outcomes, outcome{row: r, what: succeeded})
		case q.base.Err() != nil:
			m.forget(r) // interrupted by Stop: no attempt
		case len(batch) > 1:
			r.solo = true
			m.again(r, now)
		case errors.Is(err, ErrGone):
			q.outcomes = append(q.outcomes, outcome{row: r, what: doubted})
		case errors.As(err, &v) && v.after > 0:
			q.outcomes = append(q.outcomes, outcome{row: r, what: failed, attempt: r.attempt,
				retryAt: int64(now.Add(min(v.after, w.MaxBackoff))), err: short(err)})
		case r.attempt+1 >= w.MaxAttempts || (v != nil && v.park):
			q.outcomes = append(q.outcomes, outcome{row: r, what: parked, attempt: r.attempt + 1, err: short(err)})
		default:
			q.outcomes = append(q.outcomes, outcome{row: r, what: failed, attempt: r.attempt + 1,
				retryAt: int64(now.Add(w.pause(r.attempt))), err: short(err)})
		}
	}
	if len(q.outcomes) > 0 {
		signal(q.out)
	}
	if m.dirty != 0 {
		signal(q.wake)
	}
	q.dispatch()
}

// guarded makes an error of a panic.
func guarded(ctx context.Context, w *work, jobs []Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the handler of %s panicked: %v\n%s", w.Name, p, debug.Stack())
		}
	}()
	return w.fn(ctx, jobs)
}

// pause is the wait after a failure: doubled each time, a quarter of it by
// chance, so that what failed together does not come back together.
func (w *work) pause(attempt int) time.Duration {
	d := w.MaxBackoff
	if attempt < 30 && w.Backoff<<attempt < d && w.Backoff<<attempt > 0 {
		d = w.Backoff << attempt
	}
	return d - d/4 + rand.N(d/4+1)
}

func short(err error) string { return text.Cap(text.Clean(err.Error()), maxError) }

// The finisher is the one goroutine that writes how rows ended, many at a time.
// A row counts as running until that is committed: the next of its line does
// not start before.

const finishBatch = 256

func (q *Queue) finishLoop() {
	defer q.loops.Done()
	wait := 20 * time.Millisecond
	for {
		select {
		case <-q.out:
		case <-q.quit:
			return
		}
		for {
			q.mu.Lock()
			n := min(len(q.outcomes), finishBatch)
			batch := append([]outcome(nil), q.outcomes[:n]...)
			q.outcomes = append(q.outcomes[:0], q.outcomes[n:]...)
			q.settling = n
			cut := q.cut
			q.mu.Unlock()
			if n == 0 || cut {
				break
			}
			if err := q.write(batch); err != nil {
				q.log.Error("the end of jobs cannot be written, trying again", "jobs", n, "error", err)
				q.mu.Lock()
				q.outcomes = append(batch, q.outcomes...)
				q.settling = 0
				q.mu.Unlock()
				if sleep(q.quit, wait) {
					return
				}
				wait = min(2*wait, 2*time.Second)
				continue
			}
			wait = 20 * time.Millisecond
		}
	}
}

// write stores outcomes and then tells memory.
func (q *Queue) write(batch []outcome) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var done, doubt []*row
	var bad []outcome
	slow := map[int][]outcome{}
	for _, o := range batch {
		switch o.what {
		case succeeded:
			done = append(done, o.row)
		case failed:
			bad = append(bad, o)
		case doubted:
			doubt = append(doubt, o.row)
		default:
			slow[o.row.shard] = append(slow[o.row.shard], o)
		}
	}
	var sure bool
	var hit []bool
	err := q.finishTx(ctx, len(done)+len(bad) > 0, func(ctx context.Context, tx *db.Tx) error {
		sure, hit = true, make([]bool, len(bad))
		if len(done) > 0 {
			n, err := remove(ctx, tx, done)
			if err != nil {
				return err
			}
			sure = n == len(done)
		}
		for i, o := range bad {
			n, err := tx.Exec(ctx, `update job set attempt = $1, retry_at = $2, error = $3
				where shard = $4 and due_at = $5 and pos = $6 and id = $7
				and exists (select 1 from lease where name = $8 and epoch = $9)`,
				o.attempt, o.retryAt, o.err, o.row.shard, o.row.due, o.row.pos, o.row.id, shardLease(o.row.shard), o.row.epoch)
			if err != nil {
				return err
			}
			hit[i] = n == 1
		}
		return nil
	})
	if err != nil {
		return err
	}
	q.mu.Lock()
	now := q.cfg.Clock.Now()
	for _, r := range done {
		if sure {
			q.mem.forget(r)
		} else {
			doubt = append(doubt, r)
		}
	}
	for i, o := range bad {
		if hit[i] {
			o.row.attempt, o.row.retryAt = o.attempt, o.retryAt
			q.mem.again(o.row, now)
		} else {
			doubt = append(doubt, o.row)
		}
	}
	q.mu.Unlock()
	for shard, list := range slow {
		refused, err := q.park(ctx, shard, list)
		doubt = append(doubt, refused...)
		if err != nil {
			q.log.Error("a job cannot be parked now, it is run once more", "shard", shard, "error", err)
			q.mu.Lock()
			for _, o := range list {
				q.mem.unsure(o.row)
			}
			q.mu.Unlock()
		}
	}
	err = q.verify(ctx, doubt)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil { // asked again with the next ones
		for _, r := range doubt {
			q.outcomes = append(q.outcomes, outcome{row: r, what: doubted})
		}
		time.AfterFunc(q.cfg.Poll, func() { signal(q.out) })
	}
	q.settling = 0
	q.dispatch()
	if q.mem.dirty != 0 {
		signal(q.wake)
	}
	if q.mem.drained() {
		signal(q.kick)
	}
	q.idle.Broadcast()
	return nil
}

// finishTx is a transaction when there is something to write.
func (q *Queue) finishTx(ctx context.Context, needed bool, fn func(ctx context.Context, tx *db.Tx) error) error {
	if !needed {
		return nil
	}
	return q.db.Tx(ctx, fn)
}

// verify looks why rows were refused. Either the shard has another owner, which
// is then believed, or the row is gone (a timer was replaced), and what there
// is is read again.
func (q *Queue) verify(ctx context.Context, doubt []*row) error {
	if len(doubt) == 0 {
		return nil
	}
	rows, err := readLeases(ctx, q.db)
	if err != nil {
		return err
	}
	epochs := map[string]int64{}
	for _, r := range rows {
		if r.holder == q.holder {
			epochs[r.name] = r.epoch
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range doubt {
		s := &q.mem.shards[r.shard]
		if s.held == foreign || epochs[shardLease(r.shard)] == s.epoch {
			q.mem.unsure(r)
			continue
		}
		q.mem.forget(r)
		q.log.Warn("another node took a shard of the queue", "shard", r.shard)
		q.mem.release(r.shard, foreign)
	}
	return nil
}

// removeSizes are how many rows one statement names: few texts stay prepared.
// SQLite finds the name of a parameter by going through all of them, so that
// there long statements cost more than several short ones.
var removeSizes = []int{1, 8, 32, finishBatch}

func mostRows(e db.Engine, n int) int {
	if e == db.SQLite {
		return 8
	}
	return n
}

// remove deletes rows whose shards are still leased under the epoch that they
// were loaded in, and says how many.
func remove(ctx context.Context, tx *db.Tx, rows []*row) (int, error) {
	total := 0
	for len(rows) > 0 {
		n := min(len(rows), mostRows(tx.Engine(), finishBatch))
		size := 0
		for _, size = range removeSizes {
			if n <= size {
				break
			}
		}
		args := make([]any, 0, size*6)
		for i := range size {
			r := rows[min(i, n-1)] // the last is repeated, which changes nothing
			args = append(args, r.shard, r.due, r.pos, r.id, shardLease(r.shard), r.epoch)
		}
		k, err := tx.Exec(ctx, removeText[size], args...)
		if err != nil {
			return 0, err
		}
		total += int(k)
		rows = rows[n:]
	}
	return total, nil
}

var removeText = func() map[int]string {
	out := map[int]string{}
	for _, n := range removeSizes {
		var b strings.Builder
		b.WriteString(`delete from job where (shard, due_at, pos, id) in (
			select v.column1, v.column2, v.column3, v.column4 from (values `)
		for i := range n {
			k := i * 6
			if i == 0 { // the first row gives the types
				b.WriteString("(cast($1 as integer),cast($2 as bigint),cast($3 as bigint),cast($4 as bigint),cast($5 as text),cast($6 as bigint))")
				continue
			}
			fmt.Fprintf(&b, ",($%d,$%d,$%d,$%d,$%d,$%d)", k+1, k+2, k+3, k+4, k+5, k+6)
		}
		b.WriteString(`) as v join lease on lease.name = v.column5 and lease.epoch = v.column6)`)
		out[n] = b.String()
	}
	return out
}()
