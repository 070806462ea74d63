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
	return stdlib.OpenDB(*cfg), nil
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
	d := &DB{engine: Postgres, url: c.URL, log: c.Log, read: pool,
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
	for attempt := 1; ; attempt++ {
		tx := &Tx{engine: Postgres}
		running.Store(true)
		err := d.tryPostgres(inside, tx, h, fn)
		running.Store(false)
		if err == nil {
			tx.committed()
			return nil
		}
		var p *pgconn.PgError
		if !errors.As(err, &p) || (p.Code != "40001" && p.Code != "40P01") {
			return err
		}
		if attempt == txAttempts {
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

func (d *DB) tryPostgres(ctx context.Context, tx *Tx, h *hook, fn func(ctx context.Context, tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	leave, err := enter(ctx, d.writing)
	if err != nil {
		return err
	}
	defer leave()
	conn, st, err := d.begin(ctx)
	if err != nil {
		return d.writeError(ctx, err)
	}
	defer conn.Close()
	committed := false
	defer func() { h.settle(tx, committed) }()
	defer st.Rollback() // also on a panic; after a commit this does nothing
	tx.q = st
	if err = fn(ctx, tx); err == nil {
		err = h.run(ctx, tx, tx)
	}
	tx.over.Store(true)
	if tx.closeRows() && err == nil {
		err = errOpen
	}
	if err != nil {
		return d.writeError(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := st.Commit(); err != nil {
		// When the connection is lost while the answer to commit is under
		// way, the transaction may have happened. Unavailable asks the sender
		// to try again; that does no harm because what comes from outside
		// carries a key (Idempotency-Key, message id) that was written in the
		// same transaction, so that the second try finds the first.
		return d.writeError(ctx, err)
	}
	committed = true
	return nil
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

// begin begins on a connection that works: those of the pool may have been
// lost while they were idle, and nothing has happened yet.
func (d *DB) begin(ctx context.Context) (*sql.Conn, *sql.Tx, error) {
	for attempt := 1; ; attempt++ {
		conn, err := d.read.Conn(ctx)
		if err != nil {
			return nil, nil, err
		}
		// Begin and commit do not hear of a cancellation: a commit that is
		// interrupted has an unknown end.
		tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
		if err == nil {
			return conn, tx, nil
		}
		conn.Close()
		if attempt == 3 || !lost(err) {
			return nil, nil, err
		}
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
