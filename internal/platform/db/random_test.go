package db_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

// step is one transaction of a random history: it adds to some counters, and
// ends in some way.
type step struct {
	adds []add
	end  int
}

type add struct{ key, by int }

const (
	endWell = iota
	endError
	endPanic
	endDuplicate // violates a key, looks at the error and goes on
	endFull      // fills the disk and returns the error
	endFullQuiet // fills the disk and says nothing
	endCancelled // its context is cancelled while it runs
	ends
)

// TestRandomHistories runs random groups of transactions and compares what is
// there with a map that takes part in those that were acknowledged.
func TestRandomHistories(t *testing.T) {
	d := dbtest.SQLite(t)
	make2(t, d)
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "create table counter (tenant_id bigint not null, key bigint not null, n bigint not null, primary key (tenant_id, key))"); err != nil {
			return err
		}
		return put(ctx, tx, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	limit(t, d, 300)
	want := map[int]int{}
	steps := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
		return step{
			adds: rapid.SliceOfN(rapid.Custom(func(r *rapid.T) add {
				return add{rapid.IntRange(0, 9).Draw(r, "key"), rapid.IntRange(-5, 5).Draw(r, "by")}
			}), 0, 4).Draw(r, "adds"),
			end: rapid.OneOf(rapid.Just(endWell), rapid.IntRange(0, ends-1)).Draw(r, "end"),
		}
	}), 1, 30)
	rapid.Check(t, func(r *rapid.T) {
		history := steps.Draw(r, "history")
		var mu sync.Mutex
		together(t, d, len(history), func(i int) {
			s := history[i]
			hooks := 0
			err := s.run(d, &hooks)
			mu.Lock()
			defer mu.Unlock()
			wantOK := s.end == endWell || s.end == endDuplicate || s.end == endCancelled
			full := s.end == endFull || s.end == endFullQuiet
			switch {
			case (err == nil) != wantOK:
				t.Errorf("%+v: %v", s, err)
			case full && fault.KindOf(err) != fault.Unavailable:
				t.Errorf("%+v: not a temporary error: %v", s, err)
			case hooks > 1 || (hooks == 1) != wantOK:
				t.Errorf("%+v: AfterCommit ran %d times", s, hooks)
			}
			if wantOK {
				for _, a := range s.adds {
					want[a.key] += a.by
				}
			}
		}, nil)
		got := map[int]int{}
		rows, err := d.Query(bg, "select key, n from counter where tenant_id = 1")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var k, n int
			if err := rows.Scan(&k, &n); err != nil {
				t.Fatal(err)
			}
			got[k] = n
		}
		maps.DeleteFunc(got, func(_, n int) bool { return n == 0 })
		maps.DeleteFunc(want, func(_, n int) bool { return n == 0 })
		if !maps.Equal(got, want) {
			r.Fatalf("the store has %v, the reference %v", got, want)
		}
	})
}

func (s step) run(d *db.DB, hooks *int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		tx.AfterCommit(func() { *hooks++ })
		for _, a := range s.adds {
			if _, err := tx.Exec(ctx, "insert into counter (tenant_id, key, n) values (1, $1, $2) on conflict (tenant_id, key) do update set n = counter.n + excluded.n", a.key, a.by); err != nil {
				return err
			}
		}
		switch s.end {
		case endError:
			return errors.New("boom")
		case endPanic:
			panic("boom")
		case endDuplicate:
			if err := put(ctx, tx, 1); !db.IsUnique(err) {
				return fmt.Errorf("duplicate: %v", err)
			}
		case endFull:
			return big(ctx, tx, 2)
		case endFullQuiet:
			_ = big(ctx, tx, 2)
			tx.Exec(ctx, "insert into counter (tenant_id, key, n) values (1, 99, 1)")
		case endCancelled:
			cancel()
		}
		return nil
	})
}
