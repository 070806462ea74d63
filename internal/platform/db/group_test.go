package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

// put writes one row.
func put(ctx context.Context, tx *db.Tx, id int) error {
	_, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values ($1,$2,$3,$4)", 1, id, "x", true)
	return err
}

// together starts n calls while the committer is held, waits until all of them
// are in its queue, and lets it go: they become one group. during runs while
// they wait.
func together(t testing.TB, d *db.DB, n int, call func(i int), during func()) {
	t.Helper()
	if err := behind(t, d, n, call, during, nil); err != nil {
		t.Error(err)
	}
}

// behind is together when what holds the committer ends with an error, so that
// the group begins after it.
func behind(t testing.TB, d *db.DB, n int, call func(i int), during func(), end error) (err error) {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(held) }) // it is in the group too, and may run again
	var wg sync.WaitGroup
	wg.Go(func() {
		err = d.Tx(bg, func(context.Context, *db.Tx) error {
			hold()
			<-release
			return end
		})
	})
	<-held
	for i := range n {
		wg.Go(func() { call(i) })
	}
	until(t, func() bool { return d.Queued() == n })
	if during != nil {
		during()
	}
	close(release)
	wg.Wait()
	return err
}

// until spins until a condition holds that another goroutine brings about.
func until(t testing.TB, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !cond(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the condition never held")
		}
	}
}

// TestGroupNeighbours: of 64 transactions in one group one is cancelled while
// it waits, one while it runs, one fails, one panics, one ends its goroutine,
// one violates a key and goes on, one leaves its rows open. The others are
// there exactly once, and each caller learns the truth about its own.
func TestGroupNeighbours(t *testing.T) {
	d := dbtest.SQLite(t)
	make2(t, d)
	boom := errors.New("boom")
	ctx7, cancel7 := context.WithCancel(bg)
	ctx9, cancel9 := context.WithCancel(bg)
	defer cancel9()
	results := make([]error, 64)
	after := make([]atomic.Int32, 64)
	gone7 := make(chan struct{})
	call := func(i int) {
		if i == 7 {
			defer close(gone7)
		}
		results[i] = errors.New("did not return")
		ctx := bg
		switch i {
		case 7:
			ctx = ctx7
		case 9:
			ctx = ctx9
		case 11:
			defer func() { results[i] = fmt.Errorf("panic: %v", recover()) }()
		}
		results[i] = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { after[i].Add(1) })
			if err := put(ctx, tx, i); err != nil {
				return err
			}
			switch i {
			case 8:
				return boom
			case 9:
				cancel9()
			case 11:
				panic("boom")
			case 12:
				runtime.Goexit()
			case 13:
				if err := put(ctx, tx, i); !db.IsUnique(err) {
					return fmt.Errorf("the second insert: %v", err)
				}
			case 14:
				rows, err := tx.Query(ctx, "select id from item")
				if err != nil {
					return err
				}
				rows.Next()
			}
			return put(ctx, tx, 1000+i)
		})
	}
	together(t, d, 64, call, func() {
		cancel7()
		<-gone7 // it is told at once, while the group has not begun
	})
	failed := map[int]string{7: "context canceled", 8: "boom", 11: "panic: boom", 12: "did not return", 14: "db: the transaction's function left rows open"}
	for i := range 64 {
		want, rows, ran := "<nil>", 2, int32(1)
		if failed[i] != "" {
			want, rows, ran = failed[i], 0, 0
		}
		if got := fmt.Sprint(results[i]); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
		var n int
		if err := d.QueryRow(bg, "select count(*) from item where tenant_id = 1 and id in ($1, $2)", i, 1000+i).Scan(&n); err != nil || n != rows {
			t.Errorf("%d: %d rows (%v), want %d", i, n, err, rows)
		}
		if got := after[i].Load(); got != ran {
			t.Errorf("%d: AfterCommit ran %d times, want %d", i, got, ran)
		}
	}
}

// TestCancelledWhileWaiting: who goes away while waiting is told at once, and
// the function never runs.
func TestCancelledWhileWaiting(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx, cancel := context.WithTimeoutCause(bg, time.Hour, nil)
	defer cancel()
	var ran atomic.Bool
	got := make(chan error, 1)
	together(t, d, 1, func(int) {
		got <- d.Tx(ctx, func(context.Context, *db.Tx) error { ran.Store(true); return nil })
	}, func() {
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if ran.Load() {
		t.Error("the function ran")
	}
}

func TestMisuseIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		var kept *db.Tx
		inner := bg
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			kept, inner = tx, ctx
			if err := put(ctx, tx, 1); err != nil {
				return err
			}
			for _, q := range []string{"commit", " ROLLBACK", "begin immediate", "savepoint x", "release x"} {
				if _, err := tx.Exec(ctx, q); err == nil {
					t.Errorf("%q was allowed", q)
				}
			}
			if err := d.Tx(ctx, func(context.Context, *db.Tx) error { return nil }); err == nil {
				t.Error("a Tx inside a Tx was allowed")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kept.Exec(bg, "delete from item"); err == nil {
			t.Error("a transaction that is over was used")
		}
		if err := d.Tx(inner, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 2) }); err != nil {
			t.Errorf("a later Tx with the inner context: %v", err)
		}
		if n := count(t, d); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestRowsLeftOpen: a function that forgets its rows fails, and stops nobody.
func TestRowsLeftOpen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if err := errors.Join(put(ctx, tx, 1), put(ctx, tx, 2)); err != nil {
				return err
			}
			_, err := tx.Query(ctx, "select id from item")
			return err
		})
		if err == nil {
			t.Error("the transaction was committed")
		}
		err = d.Snapshot(bg, func(ctx context.Context, r db.Reader) error {
			_, err := r.Query(ctx, "select id from item")
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 3) }); err != nil || count(t, d) != 1 {
			t.Errorf("the next transaction: %v, %d rows", err, count(t, d))
		}
	})
}

func TestHook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		calls := 0
		ctx := db.WithTxHook(bg, func(ctx context.Context, tx *db.Tx) error {
			calls++
			return put(ctx, tx, 100)
		})
		// Not in transactions on the side, and none counts that fails.
		if err := d.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 1) }); err != nil || calls != 0 {
			t.Fatal(err, calls)
		}
		boom := errors.New("boom")
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return boom }); err != boom || calls != 0 {
			t.Fatal(err, calls)
		}
		func() {
			defer func() { recover() }()
			d.Tx(ctx, func(context.Context, *db.Tx) error { panic("boom") })
		}()
		for i := range 3 {
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 10+i) }); err != nil {
				t.Fatal(err)
			}
		}
		if calls != 1 || count(t, d) != 5 {
			t.Errorf("the hook ran %d times, %d rows", calls, count(t, d))
		}
		// Its error fails the transaction, and it is tried in the next.
		failing := true
		ctx = db.WithTxHook(bg, func(ctx context.Context, tx *db.Tx) error {
			if failing {
				return boom
			}
			return put(ctx, tx, 200)
		})
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 20) }); !errors.Is(err, boom) {
			t.Errorf("the hook's error: %v", err)
		}
		failing = false
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 20) }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d); n != 7 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestReadersSeeCommitted: money is moved between rows; nobody who reads ever
// sees it on its way.
func TestReadersSeeCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "create table account (tenant_id bigint not null, id bigint not null, amount bigint not null, primary key (tenant_id, id))"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "insert into account values (1,1,500),(1,2,500)")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var writers, readers sync.WaitGroup
		var over atomic.Bool
		for w := range 4 {
			writers.Go(func() {
				for i := range 50 {
					by := 1 - (i+w)%2*2
					err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
						if _, err := tx.Exec(ctx, "update account set amount = amount - $1 where tenant_id = 1 and id = 1", by); err != nil {
							return err
						}
						if _, err := tx.Exec(ctx, "update account set amount = amount + $1 where tenant_id = 1 and id = 2", by); err != nil {
							return err
						}
						if i%10 == 3 {
							return context.DeadlineExceeded
						}
						return nil
					})
					if err != nil && i%10 != 3 {
						t.Error(err)
					}
				}
			})
		}
		for range 3 {
			readers.Go(func() {
				for !over.Load() {
					var sum int64
					if err := d.QueryRow(bg, "select sum(amount) from account where tenant_id = 1").Scan(&sum); err != nil || sum != 1000 {
						t.Errorf("sum %d, %v", sum, err)
						return
					}
					err := d.Snapshot(bg, func(ctx context.Context, r db.Reader) error {
						var a, b int64
						if err := r.QueryRow(ctx, "select amount from account where tenant_id = 1 and id = 1").Scan(&a); err != nil {
							return err
						}
						if err := r.QueryRow(ctx, "select amount from account where tenant_id = 1 and id = 2").Scan(&b); err != nil {
							return err
						}
						if a+b != 1000 {
							t.Errorf("a snapshot saw %d + %d", a, b)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writers.Wait()
		over.Store(true)
		readers.Wait()
	})
}

// TestSnapshotCannotWrite: reads are reads.
func TestReadersCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		err := d.Snapshot(bg, func(ctx context.Context, r db.Reader) error {
			rows, err := r.Query(ctx, "insert into item values (1, 1, 'x', true) returning id")
			_, err = db.Each(rows, err, func(r *sql.Rows) (int, error) { return 0, nil })
			return err
		})
		if err == nil || count(t, d) != 0 {
			t.Errorf("a snapshot wrote: %v", err)
		}
	})
}

// TestStatementCache: more texts than the cache holds, from many goroutines,
// and a text that runs again while its own rows are open.
func TestStatementCache(t *testing.T) {
	d := dbtest.SQLite(t)
	make2(t, d)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range db.MaxStatements / 2 {
				q := fmt.Sprintf("select %d + $1", w%4*db.MaxStatements+i)
				var n int
				if err := d.QueryRow(bg, q, 1).Scan(&n); err != nil || n != w%4*db.MaxStatements+i+1 {
					t.Errorf("%s: %d %v", q, n, err)
				}
				if i%10 == 0 {
					err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
						return tx.QueryRow(ctx, q, 1).Scan(&n)
					})
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		for i := range 3 {
			if err := put(ctx, tx, i); err != nil {
				return err
			}
		}
		const q = "select id from item where tenant_id = $1 order by id"
		outer, err := tx.Query(ctx, q, 1)
		if err != nil {
			return err
		}
		defer outer.Close()
		seen := ""
		for outer.Next() {
			var id int
			if err := outer.Scan(&id); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, q, 1)
			all, err := db.Each(rows, err, func(r *sql.Rows) (int, error) { var n int; return n, r.Scan(&n) })
			if err != nil {
				return err
			}
			seen += fmt.Sprint(id, len(all), " ")
			// The cache may be turned over while rows are open.
			for i := range db.MaxStatements {
				if err := tx.QueryRow(ctx, fmt.Sprintf("select %d", 900000+id*db.MaxStatements+i)).Scan(new(int)); err != nil {
					return err
				}
			}
		}
		if seen != "0 3 1 3 2 3 " {
			t.Errorf("saw %q", seen)
		}
		return outer.Err()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		var wg sync.WaitGroup
		var acknowledged atomic.Int64
		for w := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, w*1_000_000+i) })
					if err != nil {
						return
					}
					acknowledged.Add(1)
				}
			})
		}
		until(t, func() bool { return acknowledged.Load() > 50 })
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		err := d.Tx(bg, func(context.Context, *db.Tx) error { return nil })
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("a Tx after Close: %v", err)
		}
	})
}

func TestQueryWithDeadlineIsInterrupted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithTimeout(bg, 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := d.QueryRow(ctx, "with recursive c(n) as (select 1 union all select n+1 from c where n < 1000000000) select count(*) from c").Scan(new(int))
		if err == nil || time.Since(start) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := d.QueryRow(bg, "select 1").Scan(new(int)); err != nil {
			t.Errorf("the next query: %v", err)
		}
		gone, cancel := context.WithCancel(bg)
		cancel()
		if _, err := d.Query(gone, "select 1"); !errors.Is(err, context.Canceled) {
			t.Errorf("with a cancelled context: %v", err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "sqlite:", "sqlite::memory:", "postgres://%zz"} {
		d, err := db.Open(bg, db.Config{URL: url})
		if err == nil {
			d.Close()
		}
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := db.Open(bg, db.Config{URL: "postgres://nobody:geheim@127.0.0.1:1/x"}); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("an unreachable server: %v", err)
	}
}
