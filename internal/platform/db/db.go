// Package db is the one way to the store. It speaks to SQLite (embedded, pure
// Go) and to PostgreSQL with the same hand-written SQL, and promises:
//
//   - every write is a Tx; when Tx returns nil the write is synced to disk,
//     when it returns an error nothing of it is there (for one exception see
//     the comment on a lost answer to commit in postgres.go);
//   - the function given to Tx may run more than once, so it has no effects
//     outside its transaction; what must follow a commit goes to AfterCommit;
//   - one writer cannot hurt another: on SQLite many small writes share one
//     sync to disk (see committer.go), and an error, a panic or a cancelled
//     context of one leaves the others alone;
//   - what a Tx queues is written in order, is seen by whatever the Tx does
//     next, and is there with the rest of it or not at all (see pipe.go);
//   - reads run beside writes, see committed rows only, and go on when the
//     disk is full;
//   - what is temporary (disk full, connection lost, deadlock that does not go
//     away) is a fault of kind Unavailable and may be tried again.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"zhidan/internal/platform/fault"
)

// Config says which store to open.
type Config struct {
	URL        string // "sqlite:/dir/zhidan.db" or "postgres://user@host/name"
	MaxReaders int    // SQLite: connections that read; 0 = 8
	MaxConns   int    // PostgreSQL: size of the pool; 0 = 32
	ReadOnly   bool   // refuse every write, and open what cannot be written
	Log        *slog.Logger
}

// DB is an open store.
type DB struct {
	engine   Engine
	url      string
	log      *slog.Logger
	read     *sql.DB    // SQLite: readers; PostgreSQL: the pool
	commit   *committer // SQLite, unless it is read only
	readOnly bool
	// PostgreSQL: places for transactions and for snapshots.
	writing, looking chan struct{}
	closed           atomic.Bool
}

// Reader is what *DB (each query on its own) and *Tx have in common.
type Reader interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, q string, args ...any) Row
	Engine() Engine
}

// Open opens the store and makes the SQLite file when it is not there.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	switch {
	case strings.HasPrefix(c.URL, "sqlite:"):
		return openSQLite(ctx, c)
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		return openPostgres(ctx, c)
	}
	return nil, fault.Bad("database", "db.url", "the database URL must begin with sqlite: or postgres://")
}

// Close waits for the writes that are under way and closes everything. Writes
// that come later are refused as Unavailable.
func (d *DB) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	if d.commit == nil {
		return d.read.Close()
	}
	d.commit.drain()
	// The writer is closed last: the last connection copies the write-ahead
	// log into the database file and removes it.
	return errors.Join(d.read.Close(), d.commit.close())
}

// Engine says which of the two it is.
func (d *DB) Engine() Engine { return d.engine }

// Query reads committed rows. The caller closes the rows; Each does it.
func (d *DB) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if d.engine == SQLite {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ctx = unwatched(ctx)
	}
	rows, err := d.read.QueryContext(ctx, q, args...)
	return rows, d.readError(ctx, err)
}

// QueryRow reads one committed row.
func (d *DB) QueryRow(ctx context.Context, q string, args ...any) Row {
	rows, err := d.Query(ctx, q, args...)
	return Row{rows: rows, err: err}
}

// Snapshot gives fn a Reader whose reads all see the same moment.
func (d *DB) Snapshot(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	if d.engine == Postgres {
		return d.snapshotPostgres(ctx, fn)
	}
	return d.snapshotSQLite(ctx, fn)
}

// Tx runs fn in one write transaction: see the package comment. It must not be
// called inside another Tx of the same context.
func (d *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if running, _ := ctx.Value(insideKey{}).(*atomic.Bool); running != nil && running.Load() {
		return errNested
	}
	if d.closed.Load() {
		return errClosed
	}
	if d.readOnly {
		return unavailable("db.write", errReadOnly)
	}
	if d.engine == Postgres {
		return d.txPostgres(ctx, fn)
	}
	for attempt := 1; ; attempt++ {
		err := d.commit.run(ctx, fn)
		if !errors.Is(err, ErrAgain) {
			return err
		}
		if attempt == txAttempts {
			return unavailable("db.conflict", err)
		}
	}
}

// ErrAgain is for the function of a Tx that finds the store otherwise than it was
// a moment ago: what it did is undone and it runs anew, a few times at most.
var ErrAgain = errors.New("db: the transaction is to run again")

// insideKey marks the context that the function of a Tx gets; its value is
// true while the function runs.
type insideKey struct{}

var errNested = errors.New("db: Tx inside a Tx would wait for itself")

var errReadOnly = errors.New("db: opened for reading only")

var errClosed error = fault.New(fault.Unavailable, "db.closed", "the store is closed")

// Row is the answer of QueryRow.
type Row struct {
	rows *sql.Rows
	err  error
}

// Scan reads the row; sql.ErrNoRows when there is none.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// Each collects what scan makes of every row, and closes the rows. It takes
// the two results of Query as they come.
func Each[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Values writes the placeholders of a multi-row insert: Values(2, 2) is
// "($1,$2),($3,$4)".
func Values(rows, cols int) string {
	b := make([]byte, 0, rows*(cols*5+3))
	n := 0
	for r := range rows {
		if r > 0 {
			b = append(b, ',')
		}
		b = append(b, '(')
		for c := range cols {
			if c > 0 {
				b = append(b, ',')
			}
			n++
			b = fmt.Appendf(b, "$%d", n)
		}
		b = append(b, ')')
	}
	return string(b)
}
