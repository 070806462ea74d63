package db_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/db/dbtest/pgserver"
	"zhidan/internal/platform/fault"
)

// TestDeadlockIsRetried: two transactions take two rows in opposite order;
// PostgreSQL refuses one, and both callers still succeed.
func TestDeadlockIsRetried(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return errors.Join(put(ctx, tx, 1), put(ctx, tx, 2)) }); err != nil {
		t.Fatal(err)
	}
	met := make(chan struct{})
	var waiting, runs, after atomic.Int32
	swap := func(first, second int) error {
		return d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { after.Add(1) })
			if _, err := tx.Exec(ctx, "update item set name = name || 'y' where tenant_id = 1 and id = $1", first); err != nil {
				return err
			}
			if runs.Add(1) <= 2 { // the first runs wait until both hold a row
				if waiting.Add(1) == 2 {
					close(met)
				}
				<-met
			}
			_, err := tx.Exec(ctx, "update item set name = name || 'z' where tenant_id = 1 and id = $1", second)
			return err
		})
	}
	other := make(chan error, 1)
	go func() { other <- swap(2, 1) }()
	if err := errors.Join(swap(1, 2), <-other); err != nil {
		t.Fatal(err)
	}
	// On a busy machine the one that was refused may be back before the other
	// has woken up, and they meet again.
	if runs.Load() < 3 || after.Load() != 2 {
		t.Errorf("%d runs, AfterCommit %d times", runs.Load(), after.Load())
	}
	var name string
	if err := d.QueryRow(bg, "select name from item where tenant_id = 1 and id = 1").Scan(&name); err != nil || len(name) != 3 {
		t.Errorf("name %q %v", name, err)
	}
}

// TestConnectionLost: a connection that the server ends in the middle of a
// transaction is a temporary error, nothing of it is there, and the next
// transaction works.
func TestConnectionLost(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		if err := put(ctx, tx, 1); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "select pg_terminate_backend(pg_backend_pid())")
		return err
	})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the lost connection: %v", err)
	}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 2) }); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
	if got := ids(t, d); len(got) != 1 || got[0] != 2 {
		t.Errorf("rows %v", got)
	}
}

// TestIdleConnectionsLost: connections that died while nobody used them, as
// after a restart of the server, are not noticed by anybody.
func TestIdleConnectionsLost(t *testing.T) {
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, url)
	make2(t, d)
	if err := d.QueryRow(bg, "select 1").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	killer := dbtest.Open(t, url)
	if err := killer.QueryRow(bg, "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()").Scan(new(int)); err != nil {
		t.Fatal(err)
	}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 1) }); err != nil {
		t.Error(err)
	}
}

// TestServerGone: while there is no server, reads and writes are Unavailable.
func TestServerGone(t *testing.T) {
	dbtest.Server(t) // skips when PostgreSQL is not installed
	s, err := pgserver.Start(bg, pgserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.Open(t, s.URL)
	make2(t, d)
	err = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		if err := put(ctx, tx, 1); err != nil {
			return err
		}
		return s.Stop()
	})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("commit without a server: %v", err)
	}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return nil }); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a write: %v", err)
	}
	if err := d.QueryRow(bg, "select 1").Scan(new(int)); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a read: %v", err)
	}
}

// TestCancelledTx: who goes away in the middle leaves nothing behind.
func TestCancelledTx(t *testing.T) {
	d := dbtest.Postgres(t)
	make2(t, d)
	ctx, cancel := context.WithCancel(bg)
	err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := put(ctx, tx, 1)
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) || count(t, d) != 0 {
		t.Errorf("%v, %d rows", err, count(t, d))
	}
}

// TestReadsInsideManyTransactions: when more transactions are under way than
// there are connections, one that reads by the pool (a cache that has to be
// refreshed) still gets its connection.
func TestReadsInsideManyTransactions(t *testing.T) {
	d := dbtest.Postgres(t)
	ctx, cancel := context.WithTimeout(bg, 2*time.Minute)
	defer cancel()
	read := func(ctx context.Context) error {
		var one int
		return d.QueryRow(ctx, "select 1").Scan(&one)
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				runtime.Gosched()
				return d.Snapshot(ctx, func(ctx context.Context, _ db.Reader) error { return read(ctx) })
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
