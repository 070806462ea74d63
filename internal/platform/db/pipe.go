package db

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// A statement sent to PostgreSQL by itself costs two system calls and a change
// of process on either side, which for a small insert is more than the insert.
// So what nobody waits for (Tx.Queue) is kept and sent together with the next
// statement whose answer is wanted, or with the commit, as one pipeline: begin,
// the kept ones in their order, and that statement. The server answers all of
// it at once.
//
// An error in a pipeline makes the server skip the rest of it, also the commit,
// so that the promise of Tx is untouched; it only shows later than it arose.

// A transaction keeps at most maxKept statements with maxKeptBytes of
// arguments before it sends them.
const (
	maxKept      = 128
	maxKeptBytes = 1 << 20
)

// pipeConn is a connection to PostgreSQL below database/sql. Outside of a
// transaction of DB.Tx it only passes on what it is given.
type pipeConn struct {
	*stdlib.Conn
	inTx     bool
	answered bool // a pipeline of this transaction was answered: the begin is done
	kept     []statement
	keptSize int
	dead     bool // not to be used again
}

type statement struct {
	text  string
	args  []any
	taken func() error // see Tx.QueueUnique
}

// queuedError is the error of a statement that was queued, found when another
// one was to run. It is not taken for the other's (see IsUnique).
type queuedError struct {
	text string
	err  error
	told bool // err is the caller's own and says all
}

func (e *queuedError) Error() string {
	return fmt.Sprintf("queued %q: %v", firstWords(e.text), e.err)
}

func (e *queuedError) Unwrap() error { return e.err }

// outside is the error as the caller of DB.Tx gets it: his transaction failed
// of it, whichever statement it was.
func (e *queuedError) outside() error {
	if e.told {
		return e.err
	}
	return fmt.Errorf("queued %q: %w", firstWords(e.text), e.err)
}

// failed is the error of a pipeline at its statement s.
func (s *statement) failed(err error) error {
	if p, ok := errors.AsType[pgx.ErrPreprocessingBatch](err); ok {
		return &queuedError{text: p.SQL(), err: err}
	}
	if s.taken != nil && IsUnique(err) {
		return &queuedError{text: s.text, err: s.taken(), told: true}
	}
	return &queuedError{text: s.text, err: err}
}

// firstWords are enough of a statement to know it by.
func firstWords(q string) string {
	q = strings.Join(strings.Fields(q), " ")
	if len(q) > 60 {
		q = strings.ToValidUTF8(q[:60], "") + "…"
	}
	return q
}

type pipeConnector struct{ driver.Connector }

func (c pipeConnector) Connect(ctx context.Context) (driver.Conn, error) {
	dc, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &pipeConn{Conn: dc.(*stdlib.Conn)}, nil
}

// IsValid is asked when the connection goes back to the pool.
func (c *pipeConn) IsValid() bool { return !c.dead && !c.Conn.Conn().IsClosed() }

// open starts a transaction. Its begin is sent with the first statement.
func (c *pipeConn) open() { c.inTx, c.answered = true, false }

// keep takes a statement that may run later.
func (c *pipeConn) keep(ctx context.Context, s statement) error {
	c.kept = append(c.kept, s)
	for _, a := range s.args {
		switch a := a.(type) {
		case string:
			c.keptSize += len(a)
		case []byte:
			c.keptSize += len(a)
		}
	}
	if len(c.kept) < maxKept && c.keptSize < maxKeptBytes {
		return nil
	}
	return c.flush(ctx)
}

// flush sends what is kept, with the begin if that was not sent yet.
func (c *pipeConn) flush(ctx context.Context) error {
	if len(c.kept) == 0 {
		return nil
	}
	br, err := c.send(ctx, nil)
	if err != nil {
		return err
	}
	return c.ended(br.Close())
}

// direct says that a statement can go the way that it goes without pipelines.
func (c *pipeConn) direct() bool { return !c.inTx || c.answered && len(c.kept) == 0 }

// send sends begin, what is kept, and last, and reads the answers up to that
// of last. Its error is that of a statement before last.
func (c *pipeConn) send(ctx context.Context, last *statement) (pgx.BatchResults, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	var b pgx.Batch
	if !c.answered {
		b.Queue("begin")
	}
	kept := c.kept
	for _, s := range kept {
		b.Queue(s.text, s.args...)
	}
	if last != nil {
		b.Queue(last.text, last.args...)
	}
	c.kept, c.keptSize = nil, 0
	br := c.Conn.Conn().SendBatch(ctx, &b)
	if !c.answered {
		if _, err := br.Exec(); err != nil {
			br.Close()
			return nil, c.ended(err)
		}
		c.answered = true
	}
	for _, s := range kept {
		if _, err := br.Exec(); err != nil {
			br.Close()
			return nil, s.failed(c.ended(err))
		}
	}
	return br, nil
}

// ended looks at how a pipeline ended: after anything but a refusal by the
// server it is not known what comes next on the connection.
func (c *pipeConn) ended(err error) error {
	if _, refused := errors.AsType[*pgconn.PgError](err); err != nil && !refused {
		c.dead = true
	}
	return err
}

// exec runs a statement of the transaction, after what is kept.
func (c *pipeConn) exec(ctx context.Context, q string, args []any) (int64, error) {
	if c.direct() {
		tag, err := c.Conn.Conn().Exec(ctx, q, args...)
		return tag.RowsAffected(), err
	}
	br, err := c.send(ctx, &statement{text: q, args: args})
	if err != nil {
		return 0, err
	}
	tag, err := br.Exec()
	if e := br.Close(); err == nil {
		err = e
	}
	return tag.RowsAffected(), c.ended(err)
}

// QueryContext is what database/sql calls for Query.
func (c *pipeConn) QueryContext(ctx context.Context, q string, named []driver.NamedValue) (driver.Rows, error) {
	if c.direct() {
		return c.Conn.QueryContext(ctx, q, named)
	}
	args := make([]any, len(named))
	for i, v := range named {
		args[i] = v.Value
	}
	br, err := c.send(ctx, &statement{text: q, args: args})
	if err != nil {
		return nil, err
	}
	rows, err := br.Query()
	r := &pipeRows{c: c, br: br, rows: rows, types: c.Conn.Conn().TypeMap()}
	if err == nil {
		// An error of the statement comes with the first row.
		r.more = rows.Next()
		err = rows.Err()
	}
	if err != nil {
		r.Close()
		return nil, c.ended(err)
	}
	r.first = true
	return r, nil
}

// commit sends what is kept and the commit. Once the commit is under way it
// cannot be taken back, so that the connection does not hear of a cancelled
// context; but a statement before it that waits for somebody's lock is asked
// to give up. Then the answer says how it ended.
func (c *pipeConn) commit(ctx context.Context) error {
	if !c.answered {
		// What is kept goes ahead of the commit when nothing was answered yet:
		// until the begin is known to have worked, a connection that was lost
		// while it was idle is no error (see txPostgres), and with a commit
		// under way it would have to be one.
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	settled := func() bool { return true }
	if len(c.kept) > 0 {
		settled = c.cancelWith(ctx)
	}
	br, err := c.send(context.WithoutCancel(ctx), &statement{text: "commit"})
	var tag pgconn.CommandTag
	if err == nil {
		tag, err = br.Exec()
		if e := br.Close(); err == nil {
			err = e
		}
		c.ended(err)
	}
	if !settled() {
		c.dead = true // the request may still reach what runs next
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("%w (%v)", ctx.Err(), err)
		}
	}
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback // the function went on after an error
	}
	return err
}

// cancelWith asks the server to give up what runs on the connection when ctx
// ends. The function that it returns ends this, and says whether it never
// came to it.
func (c *pipeConn) cancelWith(ctx context.Context) func() bool {
	asked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(asked)
		ctx, end := context.WithTimeout(context.Background(), 5*time.Second)
		defer end()
		_ = c.Conn.Conn().PgConn().CancelRequest(ctx) // if it cannot be asked, we wait
	})
	return func() bool {
		if stop() {
			return true
		}
		<-asked
		return false
	}
}

// finish ends the transaction, whatever has become of it: after a commit this
// does nothing more to the store.
func (c *pipeConn) finish() {
	c.inTx, c.kept, c.keptSize = false, nil, 0
	raw := c.Conn.Conn()
	if c.dead || raw.IsClosed() || raw.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, end := context.WithTimeout(context.Background(), 5*time.Second)
	defer end()
	if _, err := raw.Exec(ctx, "rollback"); err != nil {
		c.dead = true
	}
}

// pipeRows are rows at the end of a pipeline.
type pipeRows struct {
	c           *pipeConn
	br          pgx.BatchResults
	rows        pgx.Rows
	types       *pgtype.Map
	names       []string
	first, more bool // the first row was asked for; it is there
}

func (r *pipeRows) Columns() []string {
	if r.names == nil {
		r.names = []string{}
		for _, f := range r.rows.FieldDescriptions() {
			r.names = append(r.names, f.Name)
		}
	}
	return r.names
}

func (r *pipeRows) Close() error {
	r.rows.Close()
	err := r.rows.Err()
	if e := r.br.Close(); err == nil {
		err = e
	}
	return r.c.ended(err)
}

func (r *pipeRows) Next(dest []driver.Value) error {
	if r.first {
		r.first = false
	} else {
		r.more = r.rows.Next()
	}
	if !r.more {
		if err := r.rows.Err(); err != nil {
			return r.c.ended(err)
		}
		return io.EOF
	}
	fields := r.rows.FieldDescriptions()
	for i, raw := range r.rows.RawValues() {
		var err error
		if dest[i], err = r.value(&fields[i], raw); err != nil {
			return fmt.Errorf("column %s: %w", fields[i].Name, err)
		}
	}
	return nil
}

// value is a column as database/sql has it.
func (r *pipeRows) value(f *pgconn.FieldDescription, raw []byte) (driver.Value, error) {
	if raw == nil {
		return nil, nil
	}
	if f.Format == pgtype.TextFormatCode {
		return string(raw), nil
	}
	n := len(raw)
	switch {
	case f.DataTypeOID == pgtype.Int8OID && n == 8:
		return int64(binary.BigEndian.Uint64(raw)), nil
	case f.DataTypeOID == pgtype.Int4OID && n == 4:
		return int64(int32(binary.BigEndian.Uint32(raw))), nil
	case f.DataTypeOID == pgtype.Int2OID && n == 2:
		return int64(int16(binary.BigEndian.Uint16(raw))), nil
	case f.DataTypeOID == pgtype.BoolOID && n == 1:
		return raw[0] != 0, nil
	case f.DataTypeOID == pgtype.Float8OID && n == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(raw)), nil
	case f.DataTypeOID == pgtype.Float4OID && n == 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(raw))), nil
	case f.DataTypeOID == pgtype.ByteaOID:
		return append([]byte{}, raw...), nil // it is overwritten by the next row
	}
	var s string
	err := r.types.Scan(f.DataTypeOID, f.Format, raw, &s)
	return s, err
}
