package db_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lib "modernc.org/sqlite/lib"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

// faults are the errors after which SQLite may have rolled back by itself
// (https://www.sqlite.org/lang_transaction.html), with extended codes as they
// come in practice.
var faults = map[string]int{
	"IOERR": lib.SQLITE_IOERR, "IOERR_WRITE": lib.SQLITE_IOERR_WRITE, "IOERR_FSYNC": lib.SQLITE_IOERR_FSYNC,
	"NOMEM": lib.SQLITE_NOMEM, "INTERRUPT": lib.SQLITE_INTERRUPT, "FULL": lib.SQLITE_FULL, "BUSY_SNAPSHOT": lib.SQLITE_BUSY_SNAPSHOT,
}

// TestFaultInsideGroup lets SQLite fail at each step of a group, with every
// error that may end the transaction of all, whether or not it did. A fault
// that passes costs nobody anything; one that stays with a member costs that
// member alone; while nothing can be committed everybody is told so, and nothing is
// there. Nobody is told what is not true.
func TestFaultInsideGroup(t *testing.T) {
	const members, culprit = 16, 5
	mine := func(args []driver.NamedValue) bool { return len(args) > 1 && args[1].Value == int64(culprit) }
	steps := map[string]func(text string, args []driver.NamedValue) bool{
		"begin":     func(text string, _ []driver.NamedValue) bool { return text == "begin immediate" },
		"savepoint": func(text string, _ []driver.NamedValue) bool { return text == "savepoint m" },
		"insert": func(text string, args []driver.NamedValue) bool {
			return strings.HasPrefix(text, "insert") && mine(args)
		},
		"release": func(text string, _ []driver.NamedValue) bool { return text == "release m" },
		"commit":  func(text string, _ []driver.NamedValue) bool { return text == "commit" },
	}
	for name, code := range faults {
		for step, here := range steps {
			for _, rolledBack := range []bool{false, true} {
				if rolledBack && step == "begin" {
					continue // there is nothing to roll back yet
				}
				for _, stays := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s at %s rolled back %v stays %v", name, step, rolledBack, stays), func(t *testing.T) {
						d := dbtest.SQLite(t)
						make2(t, d)
						var armed, struck atomic.Bool
						if err := d.Inject(func(text string, args []driver.NamedValue) (int, bool) {
							if !armed.Load() || !here(text, args) || !stays && struck.Load() {
								return 0, false
							}
							struck.Store(true)
							return code, rolledBack
						}); err != nil {
							t.Fatal(err)
						}
						results := make([]error, members)
						after := make([]atomic.Int32, members)
						held := errors.New("held")
						if err := behind(t, d, members, func(i int) {
							results[i] = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
								tx.AfterCommit(func() { after[i].Add(1) })
								if i == 2 {
									put(ctx, tx, 1000+i) // its errors are not looked at
									put(ctx, tx, i)
									return nil
								}
								if err := put(ctx, tx, i); err != nil {
									return err
								}
								return put(ctx, tx, 1000+i)
							})
						}, func() { armed.Store(true) }, held); err != held {
							t.Fatal(err)
						}
						if !struck.Load() {
							t.Fatal("the fault never struck: the test shows nothing")
						}
						for i, err := range results {
							// Alone a member has no savepoint, so that faults of those pass by themselves.
							lost := stays && (step == "insert" && i == culprit || step == "begin" || step == "commit")
							rows, ran := 2, int32(1)
							if lost {
								rows, ran = 0, 0
								if fault.KindOf(err) != fault.Unavailable {
									t.Errorf("%d: %v, want a temporary error", i, err)
								}
							} else if err != nil {
								t.Errorf("%d: %v", i, err)
							}
							var n int
							if err := d.QueryRow(bg, "select count(*) from item where tenant_id = 1 and id in ($1, $2)", i, 1000+i).Scan(&n); err != nil || n != rows {
								t.Errorf("%d: %d rows (%v), want %d", i, n, err, rows)
							}
							if got := after[i].Load(); got != ran {
								t.Errorf("%d: AfterCommit ran %d times, want %d", i, got, ran)
							}
						}
						armed.Store(false)
						if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return put(ctx, tx, 5000) }); err != nil {
							t.Errorf("when the fault is over: %v", err)
						}
					})
				}
			}
		}
	}
}

// TestInterruptInsideGroup is the real thing: a statement of a member is
// interrupted while it writes, which takes the work of the whole group along.
func TestInterruptInsideGroup(t *testing.T) {
	d := dbtest.SQLite(t)
	make2(t, d)
	const members, culprit = 16, 7
	results := make([]error, members)
	together(t, d, members, func(i int) {
		results[i] = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if err := put(ctx, tx, i); err != nil || i != culprit {
				return err
			}
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			return tx.ExecWatched(short, `insert into item (tenant_id, id, name, open)
				with recursive n(i) as (select 10000 union all select i + 1 from n where i < 50000000) select 1, i, 'x', 1 from n`)
		})
	}, nil)
	for i, err := range results {
		want := 1
		if i == culprit {
			if want = 0; err == nil {
				t.Error("the interrupted member is told that it succeeded")
			}
		} else if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		var n int
		if err := d.QueryRow(bg, "select count(*) from item where tenant_id = 1 and id = $1", i).Scan(&n); err != nil || n != want {
			t.Errorf("%d: %d rows (%v), want %d", i, n, err, want)
		}
	}
	if n := count(t, d); n != members-1 {
		t.Errorf("%d rows, want %d", n, members-1)
	}
}
