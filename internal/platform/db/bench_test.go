package db_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// BenchmarkTx writes small transactions of five inserts into three tables with
// an index, as a ticket's creation does. PostgreSQL counts only on a server
// that syncs:
//
//	go run ./internal/platform/db/dbtest/cmd/pgtemp -durable -- go test -run - -bench Tx -benchtime 5000x ./internal/platform/db/
func BenchmarkTx(b *testing.B) {
	for _, way := range []string{"sqlite", "postgres", "postgres-queued"} {
		for _, workers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", way, workers), func(b *testing.B) {
				var d *db.DB
				write := writeFive
				switch way {
				case "sqlite":
					d = dbtest.SQLite(b)
				case "postgres-queued":
					write = queueFive
					fallthrough
				default:
					d = benchPostgres(b)
				}
				makeBench(b, d)
				var next atomic.Int64
				body := strings.Repeat("冰箱冷藏室不制冷 the fridge does not cool. ", 8)
				b.ResetTimer()
				var wg sync.WaitGroup
				for range workers {
					wg.Go(func() {
						for {
							n := next.Add(1)
							if n > int64(b.N) {
								return
							}
							if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return write(ctx, tx, n, body) }); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
			})
		}
	}
}

func benchPostgres(b *testing.B) *db.DB {
	d, err := db.Open(bg, db.Config{URL: dbtest.PostgresURL(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return d
}

func makeBench(b *testing.B, d *db.DB) {
	err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			"create table b_ticket (tenant_id bigint not null, id bigint not null, subject text not null, status text not null, updated_at bigint not null, primary key (tenant_id, id))",
			"create index b_ticket_updated on b_ticket (tenant_id, status, updated_at)",
			"create table b_message (tenant_id bigint not null, ticket_id bigint not null, seq bigint not null, body text not null, primary key (tenant_id, ticket_id, seq))",
			"create table b_event (tenant_id bigint not null, ticket_id bigint not null, seq bigint not null, name text not null, data text not null, primary key (tenant_id, ticket_id, seq))",
		} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func writeFive(ctx context.Context, tx *db.Tx, n int64, body string) error {
	return five(n, body, func(q string, args ...any) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	})
}

func queueFive(ctx context.Context, tx *db.Tx, n int64, body string) error {
	return five(n, body, func(q string, args ...any) error { return tx.Queue(ctx, q, args...) })
}

func five(n int64, body string, write func(q string, args ...any) error) error {
	if err := write("insert into b_ticket (tenant_id, id, subject, status, updated_at) values ($1,$2,$3,$4,$5)", 1, n, "冰箱不制冷", "new", n); err != nil {
		return err
	}
	if err := write("insert into b_message (tenant_id, ticket_id, seq, body) values ($1,$2,$3,$4)", 1, n, 1, body); err != nil {
		return err
	}
	for i := range 3 {
		if err := write("insert into b_event (tenant_id, ticket_id, seq, name, data) values ($1,$2,$3,$4,$5)", 1, n, i, "created", `{"a":1}`); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkRead reads one row by its key, with and without a context that can
// be cancelled, beside nothing else.
func BenchmarkRead(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, cancellable := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/cancellable=%v", engine, cancellable), func(b *testing.B) {
				var d *db.DB
				if engine == "sqlite" {
					d = dbtest.SQLite(b)
				} else {
					d = benchPostgres(b)
				}
				makeBench(b, d)
				for n := range int64(2000) {
					if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return writeFive(ctx, tx, n, "x") }); err != nil {
						b.Fatal(err)
					}
				}
				ctx, cancel := bg, func() {}
				if cancellable {
					ctx, cancel = context.WithCancel(bg)
				}
				defer cancel()
				var seed atomic.Int64
				b.ResetTimer()
				b.RunParallel(func(p *testing.PB) {
					n := seed.Add(7919)
					var subject, status string
					var at int64
					for p.Next() {
						n++
						if err := d.QueryRow(ctx, "select subject, status, updated_at from b_ticket where tenant_id = $1 and id = $2", 1, n%2000).Scan(&subject, &status, &at); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}
