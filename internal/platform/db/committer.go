package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// The group committer is the only way to write to SQLite. A sync to disk costs
// far more than a small transaction, so it is shared: one goroutine owns the
// only connection that writes, and everything that waits is written one after
// another between one begin and one commit. Nobody waits for others to come;
// a group is what has queued up, at most maxGroup members or maxGroupTime.
//
// Members are kept apart by savepoints. The first of a group has the
// transaction to itself and needs none: when it fails, the whole transaction
// is rolled back, which holds nothing else yet.
//
// Each function runs in the goroutine that called Tx, at its turn, while the
// committer waits: a panic or a Goexit then unwinds where it belongs, and costs
// the neighbours nothing.
//
// Measured with five inserts a transaction on two cores, each commit synced:
// 2,100/s from one goroutine, 6,600/s from 8, 12,000/s from 64. database/sql
// takes some 5 % of that (BenchmarkTx's profile), so that going round it is not
// worth its price; what counts is that statements are prepared once and that
// the driver is never given a context to watch.
const (
	maxGroup     = 64
	maxGroupTime = 20 * time.Millisecond
)

type committer struct {
	db    *sql.DB
	conn  *sql.Conn
	raw   *cachingConn
	path  string
	log   *slog.Logger
	queue chan *member
	stop  chan struct{} // closed by close: take no more
	done  chan struct{} // closed when the goroutine has ended
	check *checkpointer
	// errands are done between groups.
	errands chan errand
	rows    int64 // changed since the last signal to the checkpointer
	bad     bool  // the last group came to nothing
}

// member is one call of Tx.
type member struct {
	ctx     context.Context
	state   atomic.Int32
	turn    chan *Tx   // the committer says: run your function now
	outcome chan error // the member says: it returned this
	result  chan error // the committer says: this is how it ended
}

const (
	waiting   int32 = iota
	taken           // the committer has it, it will get a result
	abandoned       // its context was cancelled while it waited
)

// errPanicked is the outcome of a function that did not return.
var errPanicked = errors.New("db: the transaction's function panicked")

func newCommitter(ctx context.Context, db *sql.DB, path string, log *slog.Logger) (*committer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	k := &committer{db: db, conn: conn, path: path, log: log,
		queue: make(chan *member, maxGroup), stop: make(chan struct{}), done: make(chan struct{}), errands: make(chan errand)}
	if err := conn.Raw(func(dc any) error {
		k.raw = dc.(*cachingConn)
		k.raw.guarded = true
		return nil
	}); err != nil {
		return nil, err
	}
	var mode string
	if err := conn.QueryRowContext(ctx, "pragma journal_mode").Scan(&mode); err != nil {
		return nil, err
	}
	if mode != "wal" {
		return nil, fmt.Errorf("the file system does not allow WAL (journal mode %q)", mode)
	}
	k.check = newCheckpointer(path, log)
	go k.loop()
	return k, nil
}

// run is DB.Tx on SQLite.
func (k *committer) run(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &member{ctx: ctx, turn: make(chan *Tx), outcome: make(chan error), result: make(chan error, 1)}
	select {
	case k.queue <- m:
	case <-ctx.Done():
		return ctx.Err()
	case <-k.stop:
		return errClosed
	}
	running := new(atomic.Bool)
	inside := context.WithValue(context.WithoutCancel(ctx), insideKey{}, running)
	h := hookOf(ctx)
	var last *Tx
	gone := ctx.Done()
	for {
		select {
		case last = <-m.turn:
			running.Store(true)
			m.play(inside, last, h, fn)
			running.Store(false)
		case err := <-m.result:
			h.settle(m, err == nil)
			if err == nil {
				last.committed()
			}
			return err
		case <-gone:
			if m.state.CompareAndSwap(waiting, abandoned) {
				return ctx.Err()
			}
			gone = nil // it has begun and is carried to its end
		case <-k.done:
			// Closed between queueing and the last group.
			select {
			case err := <-m.result:
				h.settle(m, err == nil)
				if err == nil {
					last.committed()
				}
				return err
			default:
				return errClosed
			}
		}
	}
}

// play runs the function once and tells the committer how it went, also when
// the function panics or ends its goroutine.
func (m *member) play(ctx context.Context, tx *Tx, h *hook, fn func(ctx context.Context, tx *Tx) error) {
	err := errPanicked
	defer func() {
		m.outcome <- err
		if err == errPanicked {
			<-m.result // the rollback is done before the panic goes on
			h.settle(m, false)
		}
	}()
	e := fn(ctx, tx)
	if e == nil {
		e = h.run(ctx, tx, m)
	}
	err = e
}

// drain lets the queued members finish and ends the goroutine.
func (k *committer) drain() {
	close(k.stop)
	<-k.done
}

func (k *committer) close() error {
	return errors.Join(k.check.close(), k.conn.Close(), k.db.Close())
}

func (k *committer) loop() {
	defer close(k.done)
	for {
		var first *member
		select {
		case first = <-k.queue:
		case <-k.check.finish:
			k.exec(checkpointSQL) // if it fails, the background reports it
			continue
		case e := <-k.errands:
			k.errand(e)
			continue
		case <-k.stop:
			select {
			case first = <-k.queue:
			default:
				return
			}
		}
		k.group(first)
	}
}

// next takes a member that still waits, if there is one.
func (k *committer) next() *member {
	for {
		select {
		case m := <-k.queue:
			if m.state.CompareAndSwap(waiting, taken) {
				return m
			}
		default:
			return nil
		}
	}
}

// group writes first, and what else is queued, in one transaction.
func (k *committer) group(first *member) {
	if !first.state.CompareAndSwap(waiting, taken) {
		return
	}
	var ok []*member // done, and waiting for the commit
	var broken error
	begun := false
	start := time.Now()
	m := first
	for n := 1; ; n++ {
		if !begun {
			if broken = k.exec("begin immediate"); broken != nil {
				ok = append(ok, m)
				break
			}
			begun = true
		}
		alone := len(ok) == 0
		if !alone {
			if broken = k.exec("savepoint m"); broken != nil {
				ok = append(ok, m)
				break
			}
		}
		err := k.turn(m)
		if k.raw.broken != nil {
			broken = k.raw.broken
			if err == errPanicked {
				m.result <- err
			} else {
				ok = append(ok, m)
			}
			break
		}
		switch {
		case err == nil && !alone:
			broken = k.exec("release m")
		case err != nil && !alone:
			if broken = k.exec("rollback to m"); broken == nil {
				broken = k.exec("release m")
			}
		case err != nil:
			k.rollback()
			begun = false
		}
		if err != nil {
			m.result <- err
		} else {
			ok = append(ok, m)
		}
		if broken != nil || n >= maxGroup || time.Since(start) >= maxGroupTime {
			break
		}
		if m = k.next(); m == nil {
			break
		}
	}
	if broken == nil && begun {
		broken = k.exec("commit")
	}
	if broken == nil {
		if k.bad {
			k.log.Info("groups of writes succeed again")
			k.bad = false
		}
		k.written()
		for _, m := range ok {
			m.result <- nil
		}
		return
	}
	k.rollback()
	if !k.bad { // said once, not a thousand times a second while the disk is full
		k.log.Warn("a group of writes came to nothing, each is tried alone", "members", len(ok), "error", broken)
	}
	k.bad = true
	for _, m := range ok {
		k.alone(m)
	}
}

// alone runs one member in a transaction of its own, after its group failed.
func (k *committer) alone(m *member) {
	err := k.exec("begin immediate")
	if err == nil {
		err = k.turn(m)
		if k.raw.broken != nil && err != errPanicked {
			err = unavailable("db.write", k.raw.broken)
		} else if err == nil {
			if err = k.exec("commit"); err != nil {
				err = unavailable("db.write", err)
			} else {
				k.written()
			}
		}
	} else {
		err = unavailable("db.write", err)
	}
	if err != nil {
		k.rollback()
	}
	m.result <- err
}

// written tells the checkpointer of a commit.
func (k *committer) written() {
	signal(k.check.kick)
	if k.rows >= checkpointRows {
		k.rows = 0
		signal(k.check.enough)
	}
}

// turn lets a member run its function on the connection.
func (k *committer) turn(m *member) error {
	tx := &Tx{engine: SQLite, q: k.conn}
	m.turn <- tx
	err := <-m.outcome
	tx.over.Store(true)
	k.rows += tx.rows
	if k.raw.open > 0 && tx.closeRows() && err == nil {
		err = errOpen
	}
	return err
}

func (k *committer) exec(q string) error {
	_, err := k.raw.ExecContext(context.Background(), q, nil)
	return err
}

// rollback ends whatever transaction is open and makes the connection usable.
func (k *committer) rollback() {
	k.raw.broken = nil
	// The error is that there is no transaction any more: SQLite has rolled
	// back by itself.
	k.exec("rollback")
	k.raw.broken = nil
}
