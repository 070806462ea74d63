package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"zhidan/internal/platform/fault"
)

// IsUnique says whether err is the violation of a primary key or a unique
// index, on either engine. Inside a transaction it means the statement that
// returned err, not one that was queued before it.
func IsUnique(err error) bool {
	if _, ok := errors.AsType[*queuedError](err); ok {
		return false
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		c := s.Code()
		return c == lib.SQLITE_CONSTRAINT_UNIQUE || c == lib.SQLITE_CONSTRAINT_PRIMARYKEY || c == lib.SQLITE_CONSTRAINT_ROWID
	}
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Code == "23505"
}

// endsGroup says whether an error of SQLite may have rolled back the whole
// transaction, and with it the work of the other members of the group
// (https://www.sqlite.org/lang_transaction.html, "automatic rollback").
func endsGroup(err error) bool {
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
	}
	switch s.Code() & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_NOMEM, lib.SQLITE_INTERRUPT,
		lib.SQLITE_BUSY, lib.SQLITE_CORRUPT, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// CannotWrite says whether err means that the store takes no writes now and can
// perhaps still be read: the disk is full, or a PostgreSQL is read-only after a
// fail-over.
func CannotWrite(err error) bool {
	if s, ok := errors.AsType[*sqlite.Error](err); ok {
		switch s.Code() & 0xff {
		case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY:
			return true
		}
		return false
	}
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		return p.Code == "53100" || p.Code == "25006"
	}
	for _, e := range []error{errReadOnly, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// unavailable wraps a temporary failure of the store.
func unavailable(code string, cause error) error {
	f := fault.New(fault.Unavailable, code, "the store cannot write now, try again")
	f.Cause = cause
	return f
}

// readError makes a fault of a lost connection.
func (d *DB) readError(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if lost(err) {
		f := fault.New(fault.Unavailable, "db.unavailable", "the store cannot be reached, try again")
		f.Cause = err
		return f
	}
	return err
}

// lost says whether the connection to PostgreSQL is gone, or the server is
// going down or not yet up.
func lost(err error) bool {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		switch p.Code {
		case "57P01", "57P02", "57P03", "53300", "53100", "53200", "25006":
			// shutting down (three codes), too many connections, disk full,
			// out of memory, and a server that is read-only after a fail-over
			return true
		}
		return len(p.Code) == 5 && p.Code[:2] == "08"
	}
	var c *pgconn.ConnectError
	if errors.As(err, &c) {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false // a limit that the caller has set
	}
	var n net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &n) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}
