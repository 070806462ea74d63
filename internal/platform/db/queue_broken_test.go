package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

// TestQueuedError: an error in the middle of what is queued leaves nothing of
// the transaction, and the caller learns what it was.
func TestQueuedError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		for _, end := range []string{"commit", "query", "exec", "queue"} {
			ran := false
			err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
				tx.AfterCommit(func() { ran = true })
				if err := errors.Join(later(ctx, tx, 1), later(ctx, tx, 2)); err != nil {
					return err
				}
				if err := later(ctx, tx, 1); err != nil { // SQLite says it here
					return err
				}
				if err := later(ctx, tx, 3); err != nil {
					return err
				}
				switch end {
				case "query":
					return tx.QueryRow(ctx, "select 1").Scan(new(int))
				case "exec":
					return put(ctx, tx, 4)
				case "queue":
					for i := range 200 {
						if err := later(ctx, tx, 10+i); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if !db.IsUnique(err) || ran || count(t, d) != 0 {
				t.Errorf("%s: %v, AfterCommit %v, %d rows", end, err, ran, count(t, d))
			}
			if d.Engine() == db.Postgres && !strings.Contains(fmt.Sprint(err), "insert into item") {
				t.Errorf("%s: the error does not name its statement: %v", end, err)
			}
		}
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return later(ctx, tx, 1) }); err != nil || count(t, d) != 1 {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestQueuedErrorIsNobodyElses: who looks whether its own key was taken is not
// told so of another's, and cannot swallow it either.
func TestQueuedErrorIsNobodyElses(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		if err := errors.Join(later(ctx, tx, 1), later(ctx, tx, 1)); err != nil {
			return err
		}
		for range 2 { // the second time nothing is queued any more
			if err := put(ctx, tx, 2); err == nil || db.IsUnique(err) {
				t.Errorf("an insert that is all right: %v", err)
			}
		}
		if err := later(ctx, tx, 3); err == nil {
			t.Error("something more was queued")
		}
		if err := tx.QueryRow(ctx, "select 1").Scan(new(int)); err == nil {
			t.Error("a query ran")
		}
		return fault.New(fault.Conflict, "own", "what the function made of it")
	})
	if !db.IsUnique(err) || count(t, d) != 0 {
		t.Errorf("%v, %d rows", err, count(t, d))
	}
	err = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		err := errors.Join(later(ctx, tx, 1), later(ctx, tx, 1))
		_ = put(ctx, tx, 2)
		return err
	})
	if !db.IsUnique(err) || count(t, d) != 0 {
		t.Errorf("swallowed: %v, %d rows", err, count(t, d))
	}
}

// TestQueuedNonsense: a statement that cannot even be prepared, and an argument
// that no column takes, fail the transaction and not the next one.
func TestQueuedNonsense(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		for _, bad := range []struct {
			q    string
			args []any
		}{{"insert into nowhere values ($1)", []any{1}}, {"insert into item values (", nil}, {insertItem, []any{1, "eight", "x", true}}, {insertItem, []any{1}}} {
			if d.Engine() == db.SQLite && len(bad.args) == 4 {
				continue // SQLite keeps what it is given
			}
			err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
				if err := later(ctx, tx, 1); err != nil {
					return err
				}
				if err := tx.Queue(ctx, bad.q, bad.args...); err != nil {
					return err
				}
				return later(ctx, tx, 2)
			})
			if err == nil || count(t, d) != 0 {
				t.Errorf("%s %v: %v, %d rows", bad.q, bad.args, err, count(t, d))
			}
		}
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, " Commit") })
		if err == nil {
			t.Error("a commit was queued")
		}
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return later(ctx, tx, 1) }); err != nil || count(t, d) != 1 {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestQueryThatFailsBehindQueued: the error of the query is its own.
func TestQueryThatFailsBehindQueued(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	for _, q := range []string{"select 1/(count(*) - 1) from item", "select 1/(id - 2) from item order by id", "select nothing from item"} {
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if err := errors.Join(later(ctx, tx, 1), tx.Queue(ctx, insertItem, 1, 2, "x", true)); err != nil {
				return err
			}
			if strings.Contains(q, "count") {
				if _, err := tx.Exec(ctx, "delete from item where id = 2"); err != nil {
					return err
				}
				if err := tx.Queue(ctx, "update item set open = false"); err != nil {
					return err
				}
			}
			rows, err := tx.Query(ctx, q)
			_, err = db.Each(rows, err, func(r *sql.Rows) (int, error) { return 0, nil })
			return err
		})
		if err == nil || strings.Contains(err.Error(), "insert into item") || count(t, d) != 0 {
			t.Errorf("%s: %v, %d rows", q, err, count(t, d))
		}
	}
}

// TestCancelledQueued: who goes away before the commit leaves nothing behind.
func TestCancelledQueued(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	ctx, cancel := context.WithCancel(bg)
	err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := later(ctx, tx, 1)
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) || count(t, d) != 0 {
		t.Errorf("%v, %d rows", err, count(t, d))
	}
}

// TestCancelledWhileQueuedWaits: a queued insert that waits for another
// transaction's end, together with the commit, is given up when its caller
// goes away, and the connection does no harm to whoever comes next.
func TestCancelledWhileQueuedWaits(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	hold, held, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		first <- d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			err := put(ctx, tx, 1)
			close(held)
			<-hold
			return err
		})
	}()
	<-held
	ctx, cancel := context.WithCancel(bg)
	second := make(chan error, 1)
	go func() {
		second <- d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if n := count(t, tx); n != 0 { // so that the begin is done and the commit rides along
				t.Errorf("%d rows", n)
			}
			return errors.Join(later(ctx, tx, 2), later(ctx, tx, 1), later(ctx, tx, 3))
		})
	}()
	until(t, func() bool {
		var n int
		err := d.QueryRow(bg, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").Scan(&n)
		return err == nil && n == 1
	})
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(hold)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if got := ids(t, d); fmt.Sprint(got) != "[1]" {
		t.Errorf("rows %v", got)
	}
	for i := range 40 {
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return later(ctx, tx, 100+i) }); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQueuedDeadlockIsRetried: PostgreSQL finds the deadlock in statements that
// went out with the commit.
func TestQueuedDeadlockIsRetried(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return errors.Join(later(ctx, tx, 1), later(ctx, tx, 2)) }); err != nil {
		t.Fatal(err)
	}
	met := make(chan bool, 2)
	both := make(chan struct{})
	go func() { <-met; <-met; close(both) }()
	swap := func(first, second int) error {
		run := 0
		return d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			run++
			if _, err := tx.Exec(ctx, "update item set name = name || 'y' where tenant_id = 1 and id = $1", first); err != nil {
				return err
			}
			if run == 1 {
				met <- true
				<-both
			}
			return tx.Queue(ctx, "update item set name = name || 'z' where tenant_id = 1 and id = $1", second)
		})
	}
	other := make(chan error, 1)
	go func() { other <- swap(2, 1) }()
	if err := errors.Join(swap(1, 2), <-other); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := d.QueryRow(bg, "select name from item where tenant_id = 1 and id = 1").Scan(&name); err != nil || len(name) != 3 {
		t.Errorf("name %q %v", name, err)
	}
}

// TestQueuedOnLostConnections: connections that died while they were idle are
// no error for a transaction that only queues; one that dies in the middle is
// a temporary one, and nothing of the transaction is there.
func TestQueuedOnLostConnections(t *testing.T) {
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, url)
	make2(t, d)
	killer := dbtest.Open(t, url)
	if err := killer.QueryRow(bg, "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return later(ctx, tx, 1) }); err != nil {
		t.Error(err)
	}
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		if n := count(t, tx); n != 1 {
			t.Errorf("%d rows", n)
		}
		return errors.Join(later(ctx, tx, 2), tx.Queue(ctx, "select pg_terminate_backend(pg_backend_pid())"), later(ctx, tx, 3))
	})
	if fault.KindOf(err) != fault.Unavailable || count(t, d) != 1 {
		t.Errorf("%v, %d rows", err, count(t, d))
	}
}

// TestPanicWithQueued: neither open rows nor queued statements outlive a panic.
func TestPanicWithQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		for range 20 { // more often than there are connections
			func() {
				defer func() { recover() }()
				_ = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
					_ = later(ctx, tx, 1)
					rows, err := tx.Query(ctx, "select id from item")
					if err != nil || !rows.Next() {
						t.Errorf("%v", err)
					}
					_ = later(ctx, tx, 2)
					panic("in the middle")
				})
			}()
		}
		ctx, cancel := context.WithTimeout(bg, 2*time.Minute)
		defer cancel()
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return later(ctx, tx, 3) }); err != nil {
			t.Error(err)
		}
		if got := ids(t, d); fmt.Sprint(got) != "[3]" {
			t.Errorf("rows %v", got)
		}
	})
}
