// Package job is the one mechanism for what must happen after a commit or at a
// later time: reactions to events, outgoing mail, timers, training, exports.
//
// A job is a row that is written in the caller's transaction, so that it is
// there exactly when the caller's change is, and deleted when it is done.
// Promised:
//
//   - at least once: a job whose node dies is run again by another. An effect
//     in the database happens once when the handler calls Done inside the
//     transaction that makes it;
//   - the jobs of one tenant, kind and key run one at a time and in the order
//     in which they were added (timers: in the order of their due times);
//   - a failure is tried again with growing pauses. After MaxAttempts its key
//     is parked for that kind, visible to an operator who retries or skips it;
//     other keys go on;
//   - a timer fires at most a second late and never early by the node's clock,
//     also when that clock is set by an hour, up or down;
//   - tenants take turns, so that one with a long queue does not stop others.
//
// How: the rows are spread over 64 shards by tenant and key. Each shard belongs
// to one node, by a lease with an epoch (lease.go). The owner reads the rows
// that are due into memory (load.go), where the order of running is decided
// (plan.go), and deletes what is done in groups (finish.go). A deletion names
// the epoch and counts the rows: what a node does after it lost its lease is
// refused. Memory is only a window on the table; it may be dropped at any time.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Shards is in how many parts the queue is leased. It is part of the data: a
// row's shard is computed when it is added.
const Shards = 64

// Bounds of a job.
const (
	MaxKey     = 200
	MaxKind    = 64
	MaxPayload = 64 << 10
	maxError   = 2000
)

// Job is what a handler gets.
type Job struct {
	ID      id.ID
	Tenant  id.ID
	Kind    string
	Key     string
	Payload []byte     // JSON
	Attempt int        // failed attempts before this one
	DueAt   clock.Time // of an immediate job: when it was added
}

// New is a job to be added.
type New struct {
	Tenant  id.ID
	Kind    string
	Key     string // jobs of one tenant, kind and key run in order
	Payload any    // made JSON; a json.RawMessage is taken as it is; nil is null
	DueAt   clock.Time
	// Replace makes it a timer: it takes the place of the pending timer of the
	// same tenant, kind and key.
	Replace bool
}

// Kind says how the jobs of a kind are run. Zero fields have the defaults in
// brackets.
type Kind struct {
	Name        string
	Concurrency int           // handlers at the same time on one node [4]
	MaxAttempts int           // failures until the key is parked [10]
	Timeout     time.Duration // of one call of the handler [1 minute]
	Batch       int           // jobs of different keys, and of any tenants, in one call [1]
	Backoff     time.Duration // pause after the first failure, doubled after each [1 s]
	MaxBackoff  time.Duration // longest pause [10 minutes]
	// Linger is the shortest time between the beginnings of two calls that are
	// not full: the first job after a pause runs at once, those that follow it
	// closely are gathered. [0]
	Linger time.Duration
}

// Config is what a queue needs.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Log   *slog.Logger
	Node  string   // a name for logs and the lease table, such as the host's
	Bus   *bus.Bus // wakes other nodes; nil: they notice by polling

	// Exclusive says that no other process uses the database (SQLite): this
	// one takes all leases at its start instead of waiting for them to end.
	Exclusive bool

	Lease time.Duration // how long a silent node keeps its shards [10 s]
	Poll  time.Duration // how often the table is looked at without being told [500 ms]
	Drain time.Duration // how long Stop waits for running handlers [20 s]
}

// Queue adds jobs and, between Start and Stop, runs them.
type Queue struct {
	cfg    Config
	db     *db.DB
	log    *slog.Logger
	holder string // this incarnation in the lease table

	base   context.Context // of the handlers
	cancel context.CancelFunc
	quit   chan struct{} // closed by Stop: start nothing more
	wake   chan struct{} // the loader should look
	out    chan struct{} // the finisher has work
	kick   chan struct{} // the leaser should look

	mu       sync.Mutex
	idle     *sync.Cond // signalled when a handler or a completion ends
	mem      *memory
	state    phase
	outcomes []outcome
	settling int  // outcomes being written
	cut      bool // tests: the process is as good as dead
	leases   leases

	loops  sync.WaitGroup
	unbind func()
}

type phase int

const (
	made phase = iota
	started
	stopping
	stopped
)

// New_ makes a queue that can add jobs at once; kinds are given to it by
// Handle, and Start makes it run them.
func New_(c Config) *Queue {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Lease <= 0 {
		c.Lease = 10 * time.Second
	}
	if c.Poll <= 0 {
		c.Poll = 500 * time.Millisecond
	}
	if c.Drain <= 0 {
		c.Drain = 20 * time.Second
	}
	q := &Queue{cfg: c, db: c.DB, log: c.Log, holder: incarnation(c.Node), mem: newMemory(),
		quit: make(chan struct{}), wake: make(chan struct{}, 1), out: make(chan struct{}, 1), kick: make(chan struct{}, 1)}
	q.idle = sync.NewCond(&q.mu)
	q.base, q.cancel = context.WithCancel(context.Background())
	return q
}

// Handle says who runs the jobs of a kind: fn gets one job, or up to k.Batch.
// It is called before Start. When fn returns nil its jobs are done; an error or
// a panic is a failed attempt of its job. When several jobs were given, each is
// then run again alone to find the one at fault, and only that counts.
func (q *Queue) Handle(k Kind, fn func(ctx context.Context, jobs []Job) error) {
	if k.Concurrency <= 0 {
		k.Concurrency = 4
	}
	if k.MaxAttempts <= 0 {
		k.MaxAttempts = 10
	}
	if k.Timeout <= 0 {
		k.Timeout = time.Minute
	}
	if k.Batch <= 0 {
		k.Batch = 1
	}
	if k.Backoff <= 0 {
		k.Backoff = time.Second
	}
	if k.MaxBackoff <= 0 {
		k.MaxBackoff = 10 * time.Minute
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state != made {
		panic("job: Handle after Start")
	}
	if k.Name == "" || len(k.Name) > MaxKind {
		panic(fmt.Sprintf("job: bad name of a kind: %q", k.Name))
	}
	if q.mem.works[k.Name] != nil {
		panic("job: two handlers for " + k.Name)
	}
	q.mem.addWork(k, fn)
}

// Start begins to run jobs. ctx bounds only the start itself.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	if q.state != made {
		q.mu.Unlock()
		return errors.New("job: a queue is started once")
	}
	q.state = started
	q.mu.Unlock()
	if err := q.firstLeases(db.WithoutTxHook(ctx)); err != nil {
		q.mu.Lock()
		q.state = stopped
		q.mu.Unlock()
		return fmt.Errorf("start the queue: %w", err)
	}
	q.unbind = q.cfg.Bus.Subscribe(topic, q.heard, q.Wake)
	q.loops.Add(3)
	go q.loadLoop()
	go q.finishLoop()
	go q.leaseLoop()
	return nil
}

// Started says whether jobs are being run.
func (q *Queue) Started() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.state == started
}

// Stop starts no more jobs, waits for those that run (at most Config.Drain,
// after which their contexts are cancelled and they get a moment more), writes
// what is done, and gives its shards to others. It may be called before Start
// and more than once.
func (q *Queue) Stop() {
	q.mu.Lock()
	switch q.state {
	case made:
		q.state = stopped
		q.mu.Unlock()
		q.cancel()
		return
	case stopping, stopped:
		for q.state != stopped {
			q.idle.Wait()
		}
		q.mu.Unlock()
		return
	}
	q.state = stopping
	q.idle.Broadcast()
	q.mu.Unlock()
	q.unbind()

	late := time.AfterFunc(q.cfg.Drain, q.cancel)
	q.await(q.cfg.Drain+min(q.cfg.Drain, 5*time.Second), func() bool {
		return q.mem.running == 0 && len(q.outcomes) == 0 && q.settling == 0
	})
	late.Stop()
	q.cancel()
	close(q.quit)
	q.loops.Wait()
	q.releaseAll()
	q.mu.Lock()
	if n := q.mem.running; n > 0 {
		q.log.Warn("the queue stopped while handlers still ran; their jobs are run again", "handlers", n)
	}
	q.state = stopped
	q.idle.Broadcast()
	q.mu.Unlock()
}

// await waits, bounded, until done holds.
func (q *Queue) await(limit time.Duration, done func() bool) {
	over := false
	t := time.AfterFunc(limit, func() {
		q.mu.Lock()
		over = true
		q.idle.Broadcast()
		q.mu.Unlock()
	})
	defer t.Stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for !done() && !over {
		q.idle.Wait()
	}
}

// Wake makes the queue look at the table now: after the clock was set by hand.
func (q *Queue) Wake() {
	q.mu.Lock()
	q.mem.dirty = ^uint64(0)
	q.mu.Unlock()
	signal(q.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
