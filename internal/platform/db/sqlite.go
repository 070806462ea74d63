package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	"zhidan/internal/platform/fault"
)

func openSQLite(ctx context.Context, c Config) (*DB, error) {
	path := strings.TrimPrefix(c.URL, "sqlite:")
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, fault.Bad("database", "db.url", "sqlite: needs the path of a file")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if c.ReadOnly {
		return openReadOnly(ctx, c, path)
	}
	writer := sql.OpenDB(&sqliteConnector{dsn: dsn(path, writerPragmas)})
	writer.SetMaxOpenConns(1)
	k, err := newCommitter(ctx, writer, path, c.Log)
	if err != nil {
		writer.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d := &DB{engine: SQLite, url: c.URL, log: c.Log, read: readers(dsn(path, readerPragmas), c.MaxReaders), commit: k}
	if err := d.read.PingContext(ctx); err != nil {
		d.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return d, nil
}

func readers(dsn string, n int) *sql.DB {
	if n <= 0 {
		n = 8
	}
	pool := sql.OpenDB(&sqliteConnector{dsn: dsn})
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return pool
}

// openReadOnly opens a store that cannot be written, as on a full disk. Readers
// of a write-ahead log keep an index of it in a file, which may not fit on the
// disk any more. When there is no log (the store was closed in order) and so
// nobody who writes, the file is opened as one that does not change, and needs
// none.
func openReadOnly(ctx context.Context, c Config, path string) (*DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d := &DB{engine: SQLite, url: c.URL, log: c.Log, readOnly: true}
	try := func(dsn string) error {
		d.read = readers(dsn, c.MaxReaders)
		var tables int
		err := d.read.QueryRowContext(ctx, "select count(*) from sqlite_schema").Scan(&tables)
		if err != nil {
			d.read.Close()
		}
		return err
	}
	err := try(dsn(path, readerPragmas))
	if err == nil {
		return d, nil
	}
	if wal, serr := os.Stat(path + "-wal"); serr == nil && wal.Size() > 0 || !CannotWrite(err) {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := try(dsn(path, readerPragmas) + "&immutable=1"); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return d, nil
}

// Foreign keys are on everywhere, so that both engines refuse the same rows.
var commonPragmas = []string{"busy_timeout(5000)", "foreign_keys(1)", "temp_store(memory)"}

// journal_mode comes after busy_timeout, since switching to WAL takes a lock.
// wal_autocheckpoint is off because a checkpoint inside a commit makes one
// unlucky group wait; the committer checkpoints in the background. What is
// deleted is overwritten: else erased words stayed in the file until their
// place is used again.
var writerPragmas = append(commonPragmas[:len(commonPragmas):len(commonPragmas)],
	"journal_mode(wal)", "synchronous(full)", "wal_autocheckpoint(0)", "secure_delete(1)", "cache_size("+writerCache+")")

// writerCache is in KiB, with a minus.
const writerCache = "-32768"

var readerPragmas = append(commonPragmas[:len(commonPragmas):len(commonPragmas)],
	"query_only(1)", "cache_size(-8192)")

func dsn(path string, pragmas []string) string {
	q := url.Values{}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// sqliteConnector opens connections that keep their prepared statements.
type sqliteConnector struct{ dsn string }

func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	dc, err := (&sqlite.Driver{}).Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return newCachingConn(dc), nil
}

func (c *sqliteConnector) Driver() driver.Driver { return &sqlite.Driver{} }

func (d *DB) snapshotSQLite(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "begin"); err != nil {
		return err
	}
	// Rolled back whatever happened to ctx: the connection goes back to the pool.
	defer conn.ExecContext(context.Background(), "rollback")
	r := &snapshot{engine: SQLite, q: conn}
	defer func() {
		for _, rows := range r.opened {
			rows.Close() // else Close of the connection would wait for them
		}
	}()
	return fn(ctx, r)
}

// unwatched hides from the driver that a context can be cancelled, unless it
// has a deadline. To watch a context costs two goroutines a query (a read by
// key takes 16 µs instead of 7), which is worth it for queries with a budget
// of time; the others are short, and a client that has gone is noticed before
// the next one.
func unwatched(ctx context.Context) context.Context {
	if _, ok := ctx.Deadline(); ok {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// snapshot is the Reader inside Snapshot.
type snapshot struct {
	engine Engine
	q      querier
	opened []*sql.Rows
}

func (s *snapshot) Engine() Engine { return s.engine }

func (s *snapshot) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if s.engine == SQLite {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ctx = unwatched(ctx)
	}
	rows, err := s.q.QueryContext(ctx, q, args...)
	if err == nil && s.engine == SQLite {
		s.opened = append(s.opened, rows)
	}
	return rows, err
}

func (s *snapshot) QueryRow(ctx context.Context, q string, args ...any) Row {
	rows, err := s.Query(ctx, q, args...)
	return Row{rows: rows, err: err}
}

// OpenStd opens a plain database/sql handle on the same store, beside the
// group committer: for migrations and tools, not for features. The caller
// closes it.
func (d *DB) OpenStd() (*sql.DB, error) {
	if d.engine == Postgres {
		return openPgx(d.url)
	}
	h := sql.OpenDB(&sqliteConnector{dsn: dsn(strings.TrimPrefix(d.url, "sqlite:"), writerPragmas)})
	h.SetMaxOpenConns(1)
	return h, nil
}
