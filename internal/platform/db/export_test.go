package db

import (
	"context"
	"database/sql/driver"
	"reflect"
	"unsafe"

	"modernc.org/sqlite"
)

// Queued is how many transactions wait for the group committer.
func (d *DB) Queued() int { return len(d.commit.queue) }

// MaxStatements is the bound of the statement cache.
const MaxStatements = maxStatements

// Fault says what happens to a statement of the writer: nil when it runs as it
// should, else the code of the error that SQLite answers with, and whether
// SQLite has rolled back the transaction by itself.
type Fault func(text string, args []driver.NamedValue) (code int, rolledBack bool)

// Inject puts faults between the group committer and SQLite.
func (d *DB) Inject(f Fault) error {
	return d.Tx(context.Background(), func(context.Context, *Tx) error {
		c := d.commit.raw
		for _, e := range c.byKey {
			e.Value.(*cachedStmt).stmt.Close()
		}
		clear(c.byKey)
		c.order.Init()
		c.conn = &faultyConn{c.conn, f}
		return nil
	})
}

type faultyConn struct {
	driver.Conn
	fault Fault
}

func (c *faultyConn) Prepare(q string) (driver.Stmt, error) {
	s, err := c.Conn.Prepare(q)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{s.(sqliteStmt), c, q}, nil
}

func (c *faultyConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *faultyConn) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

type faultyStmt struct {
	sqliteStmt
	c *faultyConn
	q string
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	code, rolledBack := s.c.fault(s.q, args)
	if code == 0 {
		return s.sqliteStmt.ExecContext(ctx, args)
	}
	if rolledBack {
		back, err := s.c.Conn.Prepare("rollback")
		if err != nil {
			return nil, err
		}
		defer back.Close()
		if _, err := back.(driver.StmtExecContext).ExecContext(ctx, nil); err != nil {
			return nil, err
		}
	}
	return nil, sqliteError(code)
}

// sqliteError is what the driver returns for a code of SQLite; it has no way
// of making one.
func sqliteError(code int) error {
	e := &sqlite.Error{}
	f := reflect.ValueOf(e).Elem().FieldByName("code")
	*(*int)(unsafe.Pointer(f.UnsafeAddr())) = code
	return e
}

// ExecWatched is Exec that the context interrupts, which Exec does not allow.
func (t *Tx) ExecWatched(ctx context.Context, q string, args ...any) error {
	_, err := t.q.ExecContext(ctx, q, args...)
	return err
}
