package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// TestEngine: what differs between the two gives the same answers.
func TestEngine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		e := d.Engine()
		err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, "create table doc (tenant_id bigint not null, id bigint not null, data text not null, list text not null, primary key (tenant_id, id))"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "insert into doc values (1,1,$1,$2),(1,2,$3,$4)", `{"a":"甲","n":12,"x.y":"dot"}`, `["冰","箱"]`, `{}`, `[]`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"a": "甲", "n": "12", "x.y": "dot", "none": "null"} {
			var got sql.NullString
			if err := d.QueryRow(bg, "select "+e.JSONText("data", "$2")+" from doc where tenant_id = $1 and id = 1", 1, key).Scan(&got); err != nil {
				t.Errorf("%s: %v", key, err)
			} else if (got.Valid && got.String != want) || (!got.Valid && want != "null") {
				t.Errorf("%s: %v, want %s", key, got, want)
			}
		}
		rows, err := d.Query(bg, "select doc.id, j.value from doc, "+e.JSONEach("doc.list", "j")+" where doc.tenant_id = 1 order by 2")
		list, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
			var id int
			var v string
			err := r.Scan(&id, &v)
			return fmt.Sprint(id, v), err
		})
		if err != nil || fmt.Sprint(list) != "[1 冰 1 箱]" && fmt.Sprint(list) != "[1冰 1箱]" {
			t.Errorf("list %v %v", list, err)
		}
		for pairs, want := range map[[2]string]int{{`["1","1"]`, `[1,2]`}: 2, {`[1]`, `[3]`}: 0, {`[]`, `[]`}: 0, {`[2]`, `[1]`}: 0} {
			var n int
			if err := d.QueryRow(bg, "select count(*) from doc where "+e.InPairs("tenant_id", "id", "$1", "$2"), pairs[0], pairs[1]).Scan(&n); err != nil || n != want {
				t.Errorf("pairs %v: %d, %v", pairs, n, err)
			}
		}
		var big, small int
		if err := d.QueryRow(bg, "select "+e.Greatest("id", "2")+", "+e.Least("id", "2")+" from doc where tenant_id = 1 and id = 1").Scan(&big, &small); err != nil || big != 2 || small != 1 {
			t.Errorf("greatest %d, least %d, %v", big, small, err)
		}
		err = d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			for _, lock := range []string{e.ForUpdate(), e.SkipLocked()} {
				var id int
				if err := tx.QueryRow(ctx, "select id from doc where tenant_id = 1 order by id limit 1"+lock).Scan(&id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestIsUnique(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		make2(t, d)
		twice := func(ctx context.Context, tx *db.Tx) error {
			if err := put(ctx, tx, 1); err != nil {
				return err
			}
			return put(ctx, tx, 1)
		}
		if err := d.Tx(bg, twice); !db.IsUnique(err) {
			t.Errorf("a key twice: %v", err)
		}
		null := func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "insert into item (tenant_id, id, name, open) values (1, 1, null, true)")
			return err
		}
		if err := d.Tx(bg, null); err == nil || db.IsUnique(err) {
			t.Errorf("null: %v", err)
		}
		if db.IsUnique(nil) || count(t, d) != 0 {
			t.Error("nothing should be there")
		}
	})
}

func TestValues(t *testing.T) {
	for got, want := range map[string]string{
		db.Values(1, 1): "($1)",
		db.Values(2, 2): "($1,$2),($3,$4)",
		db.Values(1, 3): "($1,$2,$3)",
		db.Values(0, 3): "",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
