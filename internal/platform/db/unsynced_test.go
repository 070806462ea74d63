package db_test

import (
	"context"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// Writes without syncs are there for everybody, and afterwards each write is
// synced again.
func TestUnsynced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		setting := func() (s string) {
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.QueryRow(ctx, `pragma synchronous`).Scan(&s) }); err != nil {
				t.Fatal(err)
			}
			return s
		}
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `create table thing (id bigint not null primary key)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		sync, err := d.Unsynced(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if d.Engine() == db.SQLite && setting() != "0" {
			t.Error("writes are still synced one by one")
		}
		for i := range 20 {
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `insert into thing (id) values ($1)`, i)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := sync(); err != nil {
			t.Fatal(err)
		}
		if d.Engine() == db.SQLite && setting() != "2" {
			t.Errorf("synchronous is %s afterwards", setting())
		}
		var n int
		if err := d.QueryRow(ctx, `select count(*) from thing`).Scan(&n); err != nil || n != 20 {
			t.Errorf("%d rows, %v", n, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Unsynced(ctx); err == nil && d.Engine() == db.SQLite {
			t.Error("a closed store takes it")
		}
	})
}
