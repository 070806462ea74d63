package job

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

// BenchmarkDrain is reading, running and deleting jobs that are there already.
// BenchmarkThrough adds them meanwhile, each in a transaction of its own.
func BenchmarkDrain(b *testing.B)   { eachEngine(b, drain) }
func BenchmarkThrough(b *testing.B) { eachEngine(b, through) }

func eachEngine(b *testing.B, f func(b *testing.B, d *db.DB)) {
	b.Run("sqlite", func(b *testing.B) { f(b, dbtest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { f(b, dbtest.Postgres(b)) })
}

func counting(d *db.DB, n int) (*Queue, chan struct{}) {
	q := newQueue(d)
	all := make(chan struct{})
	var mu sync.Mutex
	seen := 0
	q.Handle(Kind{Name: "e", Concurrency: 2, Batch: 128}, func(ctx context.Context, jobs []Job) error {
		mu.Lock()
		defer mu.Unlock()
		if seen += len(jobs); seen == n {
			close(all)
		}
		return nil
	})
	return q, all
}

func drain(b *testing.B, d *db.DB) {
	q, all := counting(d, b.N)
	var jobs []New
	for i := range b.N {
		jobs = append(jobs, New{Tenant: id.ID(1 + i%20), Kind: "e", Key: fmt.Sprint("ticket", i/2), Payload: map[string]int{"from": i, "to": i}})
		if len(jobs) == 1000 || i == b.N-1 {
			add(b, q, jobs...)
			jobs = jobs[:0]
		}
	}
	if d.Engine() == db.Postgres {
		h, err := d.OpenStd()
		if err != nil {
			b.Fatal(err)
		}
		h.Exec("vacuum analyze job")
		h.Close()
	}
	b.ResetTimer()
	start(b, q)
	<-all
	q.await(time.Minute, func() bool { return len(q.mem.rows) == 0 })
	b.StopTimer()
	q.Stop()
	if n := count(b, d, "job"); n != 0 {
		b.Fatalf("%d left", n)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

func through(b *testing.B, d *db.DB) {
	q, all := counting(d, b.N)
	start(b, q)
	b.ResetTimer()
	var wg sync.WaitGroup
	const writers = 32
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < b.N; i += writers {
				add(b, q, New{Tenant: id.ID(1 + i%20), Kind: "e", Key: fmt.Sprint("ticket", i/2), Payload: map[string]int{"from": i, "to": i}})
			}
		}()
	}
	wg.Wait()
	added := b.Elapsed()
	<-all
	q.await(time.Minute, func() bool { return len(q.mem.rows) == 0 })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(float64((b.Elapsed()-added).Microseconds())/1000, "ms-behind")
}
