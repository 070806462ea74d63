package db

import (
	"container/list"
	"context"
	"database/sql/driver"
	"io"
)

// maxStatements is how many prepared statements a connection keeps. The
// product has a few hundred texts; the bound is for texts that vary, such as
// filters and multi-row inserts.
const maxStatements = 1000

// cachingConn is a connection to SQLite that prepares each text once. The
// cache sits below database/sql, because a connection is used by one goroutine
// at a time, so that it needs no lock, ends with its connection, and spares
// the bookkeeping of sql.Stmt.
type cachingConn struct {
	conn  driver.Conn
	byKey map[string]*list.Element
	order *list.List // of *cachedStmt, used last in front

	// broken is the first error since the last reset that may have ended the
	// transaction. Until the committer has rolled back, nothing else may run:
	// on a connection that SQLite has taken out of its transaction the next
	// statement would commit by itself.
	broken  error
	guarded bool // set for the writer: keep broken
	open    int  // rows that are not closed yet
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type cachedStmt struct {
	text  string
	stmt  sqliteStmt
	order []int // see positional
	busy  bool  // rows of it are open
}

func newCachingConn(c driver.Conn) *cachingConn {
	return &cachingConn{conn: c, byKey: map[string]*list.Element{}, order: list.New()}
}

// take finds or prepares a statement. One whose rows are still open cannot run
// a second time: then a statement outside the cache does (kept is false).
func (c *cachingConn) take(q string) (s *cachedStmt, kept bool, err error) {
	if c.broken != nil {
		return nil, false, c.broken
	}
	e, found := c.byKey[q]
	if found {
		if s = e.Value.(*cachedStmt); !s.busy {
			c.order.MoveToFront(e)
			return s, true, nil
		}
	}
	text, order := positional(q)
	ds, err := c.conn.Prepare(text)
	if err != nil {
		return nil, false, c.note(err)
	}
	s = &cachedStmt{text: q, stmt: ds.(sqliteStmt), order: order}
	if found {
		return s, false, nil
	}
	c.byKey[q] = c.order.PushFront(s)
	for e := c.order.Back(); c.order.Len() > maxStatements && e != nil; {
		old, prev := e.Value.(*cachedStmt), e.Prev()
		if !old.busy && old != s {
			c.order.Remove(e)
			delete(c.byKey, old.text)
			old.stmt.Close()
		}
		e = prev
	}
	return s, true, nil
}

// note remembers an error that ends the group.
func (c *cachingConn) note(err error) error {
	if c.guarded && c.broken == nil && err != nil && endsGroup(err) {
		c.broken = err
	}
	return err
}

func (c *cachingConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	s, kept, err := c.take(q)
	if err != nil {
		return nil, err
	}
	if args, err = s.arrange(args); err != nil {
		return nil, err
	}
	res, err := s.stmt.ExecContext(ctx, args)
	if !kept {
		s.stmt.Close()
	}
	return res, c.note(err)
}

func (c *cachingConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	s, kept, err := c.take(q)
	if err != nil {
		return nil, err
	}
	if args, err = s.arrange(args); err != nil {
		return nil, err
	}
	rows, err := s.stmt.QueryContext(ctx, args)
	if err != nil {
		if !kept {
			s.stmt.Close()
		}
		return nil, c.note(err)
	}
	s.busy = true
	c.open++
	return &cachedRows{Rows: rows, c: c, s: s, kept: kept}, nil
}

type cachedRows struct {
	driver.Rows
	c    *cachingConn
	s    *cachedStmt
	kept bool
}

func (r *cachedRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == nil || err == io.EOF {
		return err
	}
	return r.c.note(err)
}

func (r *cachedRows) Close() error {
	r.c.open--
	err := r.Rows.Close()
	r.s.busy = false
	if !r.kept {
		r.s.stmt.Close()
	}
	return r.c.note(err)
}

func (c *cachingConn) Prepare(q string) (driver.Stmt, error) { return c.conn.Prepare(q) }

func (c *cachingConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *cachingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c *cachingConn) Ping(ctx context.Context) error {
	return c.conn.(driver.Pinger).Ping(ctx)
}

func (c *cachingConn) ResetSession(ctx context.Context) error {
	return c.conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c *cachingConn) IsValid() bool { return c.conn.(driver.Validator).IsValid() }

func (c *cachingConn) Close() error {
	for e := c.order.Front(); e != nil; e = e.Next() {
		e.Value.(*cachedStmt).stmt.Close()
	}
	c.byKey, c.order = nil, list.New()
	return c.conn.Close()
}
