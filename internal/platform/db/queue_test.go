package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

const insertItem = "insert into item (tenant_id, id, name, open) values ($1,$2,$3,$4)"

func later(ctx context.Context, tx *db.Tx, id int) error {
	return tx.Queue(ctx, insertItem, 1, id, "x", true)
}

// TestQueuedWritesAreSeen: whatever comes next in the transaction sees what was
// queued before it, in order, and after the commit everybody does.
func TestQueuedWritesAreSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		after := 0
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { after++ })
			if err := errors.Join(later(ctx, tx, 1), later(ctx, tx, 2)); err != nil {
				return err
			}
			if n := count(t, tx); n != 2 {
				t.Errorf("%d rows seen by a query", n)
			}
			if err := later(ctx, tx, 3); err != nil {
				return err
			}
			if n, err := tx.Exec(ctx, "update item set name = 'y' where tenant_id = 1"); err != nil || n != 3 {
				t.Errorf("%d rows changed, %v", n, err)
			}
			return errors.Join(tx.Queue(ctx, "update item set name = name || '1' where tenant_id = $1", 1),
				tx.Queue(ctx, "update item set name = name || '2' where tenant_id = $1", 1), later(ctx, tx, 4))
		})
		if err != nil || after != 1 {
			t.Fatalf("%v, AfterCommit %d times", err, after)
		}
		var names string
		rows, err := d.Query(bg, "select name from item where tenant_id = 1 order by id")
		list, err := db.Each(rows, err, func(r *sql.Rows) (string, error) { return names, errors.Join(r.Scan(&names)) })
		if err != nil || len(list) != 4 {
			t.Fatal(list, err)
		}
		if err := d.QueryRow(bg, "select name from item where tenant_id = 1 and id = 3").Scan(&names); err != nil || names != "y12" {
			t.Errorf("%q %v", names, err)
		}
	})
}

// TestManyQueued: more than are kept at once, by number and by size.
func TestManyQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			for i := range 1000 {
				if err := later(ctx, tx, i); err != nil {
					return err
				}
			}
			for i := range 5 {
				if err := tx.Queue(ctx, insertItem, 2, i, strings.Repeat("大", 400_000), false); err != nil {
					return err
				}
			}
			return nil
		})
		if n := count(t, d); err != nil || n != 1005 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestQueueUnique: a key that is there already is the caller's own error.
func TestQueueUnique(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		taken := errors.New("the key is taken")
		said := 0
		try := func(id int) error {
			return d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
				if err := later(ctx, tx, 10+id); err != nil {
					return err
				}
				return tx.QueueUnique(ctx, func() error { said++; return taken }, insertItem, 1, id, "x", true)
			})
		}
		if err := try(1); err != nil || said != 0 {
			t.Errorf("the first: %v, said %d times", err, said)
		}
		if err := try(1); err == nil || said != 0 || !db.IsUnique(err) {
			t.Errorf("the other insert: %v, said %d times", err, said)
		}
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "delete from item where id = 11")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := try(1); err != taken || said != 1 || count(t, d) != 1 {
			t.Errorf("the second: %v, said %d times, %d rows", err, said, count(t, d))
		}
	})
}

// TestAgain: a transaction that asks for it runs anew, on what is there now,
// but not for ever.
func TestAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		runs, after := 0, 0
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { after++ })
			runs++
			if n := count(t, tx); n != 0 {
				t.Errorf("%d rows of the run before", n)
			}
			if err := later(ctx, tx, 1); err != nil {
				return err
			}
			if runs < 3 {
				return tx.QueueUnique(ctx, func() error { return db.ErrAgain }, insertItem, 1, 1, "x", true)
			}
			return nil
		})
		if err != nil || runs != 3 || after != 1 || count(t, d) != 1 {
			t.Errorf("%v, %d runs, AfterCommit %d times, %d rows", err, runs, after, count(t, d))
		}
		runs = 0
		err = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { runs++; return fmt.Errorf("find: %w", db.ErrAgain) })
		if fault.KindOf(err) != fault.Unavailable || runs < 2 || runs > 20 {
			t.Errorf("%v after %d runs", err, runs)
		}
	})
}

// TestQueuedRowsAreTheSame: a query that goes out behind queued writes brings
// the values that it brings by itself.
func TestQueuedRowsAreTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		blob := "x'00ff41'"
		if d.Engine() == db.Postgres {
			blob = `'\x00ff41'::bytea`
		}
		q := `select cast(1 as smallint), cast(-2 as integer), cast(9007199254740993 as bigint), 'zwei 二', cast(null as bigint), ` + blob + `,
			1.5, cast(2.25 as double precision), sum(id), count(*), max(name), min(open) from (
			select id, name, case when open then 1 else 0 end as open from item) t`
		type row struct {
			a, b, c   int64
			text      string
			null      sql.NullInt64
			blob      []byte
			dec       string
			float     float64
			sum, n    sql.NullInt64
			name, low sql.NullString
		}
		read := func(r db.Reader) (v row, err error) {
			return v, r.QueryRow(bg, q).Scan(&v.a, &v.b, &v.c, &v.text, &v.null, &v.blob, &v.dec, &v.float, &v.sum, &v.n, &v.name, &v.low)
		}
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if err := errors.Join(later(ctx, tx, 5), later(ctx, tx, 7)); err != nil {
				return err
			}
			behind, err := read(tx)
			if err != nil {
				return err
			}
			alone, err := read(tx)
			if err != nil || fmt.Sprint(behind) != fmt.Sprint(alone) || behind.sum.Int64 != 12 || string(behind.blob) != "\x00\xffA" {
				t.Errorf("%+v\n%+v %v", behind, alone, err)
			}
			if err := later(ctx, tx, 8); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, "select id, name, open from item order by id")
			list, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
				var id int
				var name string
				var open bool
				err := r.Scan(&id, &name, &open)
				return fmt.Sprint(id, name, open), err
			})
			if fmt.Sprint(list) != "[5xtrue 7xtrue 8xtrue]" {
				t.Errorf("%v", list)
			}
			if err == nil {
				err = later(ctx, tx, 9)
			}
			if err := tx.QueryRow(ctx, "select id from item where id = 99").Scan(new(int)); !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("no row: %v", err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestRandomQueues runs random transactions of queued and immediate writes and
// reads against a map.
func TestRandomQueues(t *testing.T) {
	type op struct {
		kind, id int
		name     string
	}
	const (
		queueInsert = iota
		queueUpdate
		queueDelete
		execUpdate
		query
		kinds
	)
	ops := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) op {
		return op{rapid.IntRange(0, kinds-1).Draw(r, "kind"), rapid.IntRange(0, 6).Draw(r, "id"), rapid.StringMatching("[a-z]{1,3}").Draw(r, "name")}
	}), 0, 12)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		there := map[int]string{}
		rapid.Check(t, func(r *rapid.T) {
			list := ops.Draw(r, "ops")
			quit := rapid.IntRange(0, 4).Draw(r, "quit") == 0
			mine := maps.Clone(there)
			clash := false // an insert of a key that is there
			errQuit := errors.New("quit")
			err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
				for _, o := range list {
					old, known := mine[o.id]
					var err error
					switch o.kind {
					case queueInsert:
						clash = clash || known
						mine[o.id] = o.name
						err = tx.Queue(ctx, insertItem, 1, o.id, o.name, true)
					case queueUpdate:
						if known {
							mine[o.id] = old + o.name
						}
						err = tx.Queue(ctx, "update item set name = name || cast($2 as text) where tenant_id = 1 and id = $1", o.id, o.name)
					case queueDelete:
						delete(mine, o.id)
						err = tx.Queue(ctx, "delete from item where tenant_id = 1 and id = $1", o.id)
					case execUpdate:
						var n int64
						n, err = tx.Exec(ctx, "update item set name = cast($2 as text) where tenant_id = 1 and id = $1", o.id, o.name)
						if err == nil && (n == 1) != known {
							r.Errorf("%d rows changed, known %v", n, known)
						}
						if known {
							mine[o.id] = o.name
						}
					case query:
						var got map[int]string
						got, err = items(tx)
						if err == nil && !maps.Equal(got, mine) {
							r.Errorf("read %v, want %v", got, mine)
						}
					}
					if err != nil {
						return err
					}
				}
				if quit {
					return errQuit
				}
				return nil
			})
			switch {
			case clash && quit && err == errQuit: // PostgreSQL need not have looked at what was queued
			case clash && !db.IsUnique(err), !clash && quit && err != errQuit, !clash && !quit && err != nil:
				r.Errorf("clash %v, quit %v: %v", clash, quit, err)
			}
			if err == nil {
				there = mine
			}
			if got, err := items(d); err != nil || !maps.Equal(got, there) {
				r.Fatalf("there is %v, want %v (%v)", got, there, err)
			}
		})
	})
}

func items(r db.Reader) (map[int]string, error) {
	out := map[int]string{}
	rows, err := r.Query(bg, "select id, name from item where tenant_id = 1")
	_, err = db.Each(rows, err, func(r *sql.Rows) (int, error) {
		var id int
		var name string
		err := r.Scan(&id, &name)
		out[id] = name
		return id, err
	})
	return out, err
}
