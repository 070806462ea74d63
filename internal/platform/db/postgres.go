package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"zhidan/internal/platform/fault"
)

// txAttempts is how often a transaction that PostgreSQL refused for the sake
// of another (serialisation failure, deadlock) is run.
const txAttempts = 8

func openPgx(url string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fault.Bad("database", "db.url", "the PostgreSQL URL cannot be read")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	return sql.OpenDB(pipeConnector{stdlib.GetConnector(*cfg)}), nil
}

func openPostgres(ctx context.Context, c Config) (*DB, error) {
	pool, err := openPgx(c.URL)
	if err != nil {
		return nil, err
	}
	n := c.MaxConns
	if n <= 0 {
		n = 32
	}
	n = max(n, 4)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	d := &DB{engine: Postgres, url: c.URL, log: c.Log, read: pool, readOnly: c.ReadOnly,
		writing: make(chan struct{}, max(1, n*5/8)), looking: make(chan struct{}, max(1, n/4))}
	var standbys, commit string
	if err := pool.QueryRowContext(ctx,
		"select current_setting('synchronous_standby_names'), current_setting('synchronous_commit')").Scan(&standbys, &commit); err != nil {
		pool.Close()
		return nil, err
	}
	if commit == "off" {
		c.Log.Warn("PostgreSQL has synchronous_commit off: writes are acknowledged before they are on disk")
	} else if standbys == "" || commit == "local" {
		c.Log.Info("PostgreSQL has no synchronous standby: acknowledged writes are on one server's disk only")
	}
	return d, nil
}

func (d *DB) txPostgres(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	h := hookOf(ctx)
	running := new(atomic.Bool)
	defer running.Store(false)
	inside := context.WithValue(ctx, insideKey{}, running)
	wait := 2 * time.Millisecond
	for attempt, stale := 1, 0; ; attempt++ {
		tx := &Tx{engine: Postgres}
		running.Store(true)
		begun, err := d.tryPostgres(inside, tx, h, fn)
		running.Store(false)
		if err == nil {
			tx.committed()
			return nil
		}
		// Connections of the pool may have been lost while they were idle,
		// which shows when something is sent; nothing has happened then.
		if !begun && lost(err) && ctx.Err() == nil && stale < 2 {
			stale++
			continue
		}
		if q, ok := errors.AsType[*queuedError](err); ok {
			err = q.outside()
		}
		if !again(err) {
			return d.writeError(ctx, err)
		}
		if attempt >= txAttempts {
			return unavailable("db.conflict", err)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait *= 2
	}
}

// again says whether a transaction failed for the sake of another.
func again(err error) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return errors.Is(err, ErrAgain) || ok && (p.Code == "40001" || p.Code == "40P01")
}

// tryPostgres runs the transaction once. begun says whether the server has
// answered anything in it.
func (d *DB) tryPostgres(ctx context.Context, tx *Tx, h *hook, fn func(ctx context.Context, tx *Tx) error) (begun bool, err error) {
	if err := ctx.Err(); err != nil {
		return true, err
	}
	leave, err := enter(ctx, d.writing)
	if err != nil {
		return true, err
	}
	defer leave()
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return true, err
	}
	defer conn.Close()
	var pipe *pipeConn
	if err := conn.Raw(func(dc any) error { pipe = dc.(*pipeConn); return nil }); err != nil {
		return false, err
	}
	committed := false
	defer func() { h.settle(tx, committed) }()
	pipe.open()
	defer func() { // also on a panic
		tx.over.Store(true)
		tx.closeRows()
		pipe.finish()
	}()
	tx.q, tx.pipe = conn, pipe
	if err = fn(ctx, tx); err == nil {
		err = h.run(ctx, tx, tx)
	}
	tx.over.Store(true)
	if tx.closeRows() && err == nil {
		err = errOpen
	}
	if tx.failed != nil {
		err = tx.failed // whatever the function has made of it
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return pipe.answered, err
	}
	if err := pipe.commit(ctx); err != nil {
		// When the connection is lost while the answer to commit is under
		// way, the transaction may have happened. Unavailable asks the sender
		// to try again; that does no harm because what comes from outside
		// carries a key (Idempotency-Key, message id) that was written in the
		// same transaction, so that the second try finds the first.
		return pipe.answered, err
	}
	committed = true
	return true, nil
}

// enter takes a place among those who hold a connection while their own code
// runs. There are fewer places than connections: a cache that is refreshed
// inside a transaction reads by the pool, and when every connection belonged
// to a transaction that waits for such a read, all would wait for ever.
func enter(ctx context.Context, places chan struct{}) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// writeError makes a fault of what is temporary and leaves the rest as it is.
func (d *DB) writeError(ctx context.Context, err error) error {
	if ctx.Err() == nil && lost(err) {
		return unavailable("db.write", err)
	}
	return err
}

func (d *DB) snapshotPostgres(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	leave, err := enter(ctx, d.looking)
	if err != nil {
		return err
	}
	defer leave()
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return d.readError(ctx, err)
	}
	defer tx.Rollback()
	return fn(ctx, &snapshot{engine: Postgres, q: tx})
}
