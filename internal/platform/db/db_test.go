package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

var bg = context.Background()

func TestTxAndQuery(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		ran := 0
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			n, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values "+db.Values(2, 4), 1, 1, "一", true, 1, 2, "二", false)
			if err != nil {
				return err
			}
			if n != 2 {
				t.Errorf("rows affected %d", n)
			}
			tx.AfterCommit(func() { ran++ })
			var name string
			if err := tx.QueryRow(ctx, "select name from item where tenant_id = $1 and id = $2", 1, 2).Scan(&name); err != nil {
				return err
			}
			if name != "二" {
				t.Errorf("own write is not seen: %q", name)
			}
			return nil
		})
		if err != nil || ran != 1 {
			t.Fatalf("err %v, AfterCommit ran %d times", err, ran)
		}
		rows, err := d.Query(bg, "select name, open from item where tenant_id = $1 order by id", 1)
		got, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
			var s string
			var open bool
			err := r.Scan(&s, &open)
			return fmt.Sprint(s, open), err
		})
		if err != nil || fmt.Sprint(got) != "[一true 二false]" {
			t.Errorf("got %v, %v", got, err)
		}
		err = d.QueryRow(bg, "select name from item where tenant_id = $1 and id = $2", 1, 99).Scan(new(string))
		if !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("no row: %v", err)
		}
	})
}

func TestManyWriters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		var wg sync.WaitGroup
		for w := range 32 {
			wg.Go(func() {
				for i := range 20 {
					err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
						_, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values ($1,$2,$3,$4)", 1, w*1000+i, "x", true)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, d); n != 640 {
			t.Errorf("%d rows", n)
		}
	})
}

func make2(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "create table item (tenant_id bigint not null, id bigint not null, name text not null, open boolean not null, primary key (tenant_id, id))")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, r db.Reader) (n int) {
	t.Helper()
	if err := r.QueryRow(bg, "select count(*) from item").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
