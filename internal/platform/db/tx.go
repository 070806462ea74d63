package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
)

// querier is what *sql.Conn, *sql.Tx and *sql.DB have in common.
type querier interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
}

// Tx is one write transaction. It is used by one goroutine, and not after the
// function that got it has returned.
type Tx struct {
	engine Engine
	q      querier
	pipe   *pipeConn // PostgreSQL
	failed error     // of a queued statement, found since
	after  []func()
	rows   int64       // changed
	opened []*sql.Rows // to close those that the function forgets
	over   atomic.Bool
}

var (
	errOver    = errors.New("db: the transaction is over")
	errControl = errors.New("db: begin, commit, rollback and savepoints are not for the function of a transaction")
	errOpen    = errors.New("db: the transaction's function left rows open")
)

// control are the first words that would end or nest the transaction, which on
// SQLite is shared with others.
var control = []string{"begin", "commit", "end", "rollback", "savepoint", "release", "start", "abort", "attach", "detach", "vacuum"}

func (t *Tx) check(q string) error {
	if t.over.Load() {
		return errOver
	}
	q = strings.TrimLeft(q, " \t\r\n")
	for _, w := range control {
		if len(q) >= len(w) && strings.EqualFold(q[:len(w)], w) {
			return errControl
		}
	}
	return nil
}

// Engine says which store it is.
func (t *Tx) Engine() Engine { return t.engine }

// Query reads, with the transaction's own writes.
func (t *Tx) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if err := t.check(q); err != nil {
		return nil, err
	}
	if t.failed != nil {
		return nil, t.failed
	}
	rows, err := t.q.QueryContext(t.quiet(ctx), q, args...)
	if err == nil {
		t.opened = append(t.opened, rows)
	}
	return rows, t.note(err)
}

// QueryRow reads one row, with the transaction's own writes.
func (t *Tx) QueryRow(ctx context.Context, q string, args ...any) Row {
	rows, err := t.Query(ctx, q, args...)
	return Row{rows: rows, err: err}
}

// Exec writes and says how many rows it touched.
func (t *Tx) Exec(ctx context.Context, q string, args ...any) (int64, error) {
	if err := t.check(q); err != nil {
		return 0, err
	}
	if t.pipe != nil {
		if t.failed != nil {
			return 0, t.failed
		}
		n, err := t.pipe.exec(ctx, q, args)
		return n, t.note(err)
	}
	res, err := t.q.ExecContext(t.quiet(ctx), q, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	t.rows += n
	return n, err
}

// Queue writes when it suits: at the latest before the next Query or Exec of
// the transaction sees the store, or with the commit. It is for statements of
// which nobody asks whether they worked or how many rows they touched. On
// PostgreSQL this saves a way to the server and back for each; on SQLite, where
// there is none, it is Exec.
//
// An error that shows later fails the transaction: the call at which it showed
// and all that follow return it, and so does DB.Tx. Inside the transaction
// nobody takes it for the violation of a unique index by another statement (see
// IsUnique); outside of it the error says what it is.
//
// Arguments belong to the transaction from then on. A statement must not depend
// on a table that one queued before it makes.
func (t *Tx) Queue(ctx context.Context, q string, args ...any) error {
	if t.pipe == nil {
		_, err := t.Exec(ctx, q, args...)
		return err
	}
	return t.queue(ctx, statement{text: q, args: args})
}

// QueueUnique is Queue for an insert whose key may be there already: then the
// transaction fails of what taken returns, which is called once.
func (t *Tx) QueueUnique(ctx context.Context, taken func() error, q string, args ...any) error {
	if t.pipe == nil {
		_, err := t.Exec(ctx, q, args...)
		if IsUnique(err) {
			err = taken()
		}
		return err
	}
	return t.queue(ctx, statement{text: q, args: args, taken: taken})
}

func (t *Tx) queue(ctx context.Context, s statement) error {
	if err := t.check(s.text); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	return t.note(t.pipe.keep(ctx, s))
}

// note remembers the error of a queued statement.
func (t *Tx) note(err error) error {
	if q, ok := errors.AsType[*queuedError](err); ok && t.failed == nil {
		t.failed = q
	}
	return err
}

// AfterCommit runs f once, in the goroutine that called DB.Tx, after the
// commit that counted; never when the transaction came to nothing.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// quiet takes the cancellation out of a context on SQLite: an interrupted
// statement would roll back the whole group. (It also saves the goroutine that
// the driver starts to watch a context.)
func (t *Tx) quiet(ctx context.Context) context.Context {
	if t.engine == SQLite {
		return context.Background()
	}
	return ctx
}

// closeRows closes what the function has forgotten to close, which would keep
// the connection from its next work, and says whether there was any.
func (t *Tx) closeRows() (any bool) {
	for _, rows := range t.opened {
		if _, err := rows.Columns(); err == nil { // an error: they are closed
			any = true
			rows.Close()
		}
	}
	return any
}

func (t *Tx) committed() {
	for _, f := range t.after {
		f()
	}
}

// hook is what WithTxHook put into a context. Its transactions come one after
// another, as those of a request do; of two at the same time the one that
// reaches its end first takes the hook.
type hook struct {
	fn    func(ctx context.Context, tx *Tx) error
	mu    sync.Mutex
	owner any  // the transaction that ran it and has not committed yet
	done  bool // it was committed
}

type hookKey struct{}

// WithTxHook makes fn run inside the first write transaction of this context
// that succeeds, just before it commits. An error of fn fails the transaction.
func WithTxHook(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) context.Context {
	return context.WithValue(ctx, hookKey{}, &hook{fn: fn})
}

// WithoutTxHook is for transactions on the side, which the hook is not meant
// for: number blocks, leases.
func WithoutTxHook(ctx context.Context) context.Context {
	return context.WithValue(ctx, hookKey{}, (*hook)(nil))
}

// hookOf is the hook of a context, or nil. After run, settle must follow when
// it is known how the transaction ended.
func hookOf(ctx context.Context) *hook {
	h, _ := ctx.Value(hookKey{}).(*hook)
	return h
}

// run calls the hook unless another transaction has it.
func (h *hook) run(ctx context.Context, tx *Tx, owner any) error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	mine := !h.done && (h.owner == nil || h.owner == owner)
	if mine {
		h.owner = owner
	}
	h.mu.Unlock()
	if !mine {
		return nil
	}
	return h.fn(WithoutTxHook(ctx), tx)
}

// settle says how the owner's transaction ended.
func (h *hook) settle(owner any, committed bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owner == owner {
		h.owner, h.done = nil, h.done || committed
	}
}
