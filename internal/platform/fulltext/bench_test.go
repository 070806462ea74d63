package fulltext_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// BenchmarkIndex fills an index with ZHIDAN_BENCH_DOCS documents (default
// 20,000; a million takes some minutes and 3 GB) of 90 days, the first 20,000
// in transactions of 64, the others in the larger ones of an import, and
// searches it:
//
//	ZHIDAN_BENCH_DOCS=1000000 go test -run xxx -bench Index -benchtime 1x -timeout 1h ./internal/platform/fulltext
//
// It reports documents a second, the slowest batch, bytes a document, and for
// each kind of query the median and the 95th percentile of a first page.
func BenchmarkIndex(b *testing.B) {
	n := 20000
	if s := os.Getenv("ZHIDAN_BENCH_DOCS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("sqlite", func(b *testing.B) {
		url := dbtest.SQLiteURL(b)
		benchmarkIndex(b, dbtest.Open(b, url), n, func(*db.DB) int64 {
			files, _ := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
			var size int64
			for _, f := range files {
				if info, err := os.Stat(f); err == nil {
					size += info.Size()
				}
			}
			return size
		})
	})
	b.Run("postgres", func(b *testing.B) {
		benchmarkIndex(b, dbtest.Postgres(b), n, func(d *db.DB) (size int64) {
			d.QueryRow(bg, `select pg_database_size(current_database())`).Scan(&size)
			return size
		})
	})
}

var benchQueries = []string{
	"的", "冰箱", "漏水", "不制冷", "冰箱 漏水", "冰箱 fridge", "the", "order", "fridge refund", "sam", "co", "delivery",
	"E5-0032", "e5 0032", "BX2026", "洗衣机 -的", "冰", "samore", "order E5-0032", "co E5-0032", "BX202600001234",
}

func benchmarkIndex(b *testing.B, d *db.DB, n int, bytes func(*db.DB) int64) {
	const days = 90
	x := &fulltext.Index{}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	at := func(i int) id.ID { return id.At(start + int64(i)*(days*86400_000)/int64(n)) }
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		return x.EnsurePartitions(ctx, tx, start-2*365*86400_000, start+days*86400_000)
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := newCorpus(1)
		var busy, worst, cpu, bulk time.Duration
		terms, size := 0, 0
		const few = 20000
		for i := 0; i < n; i += size {
			var docs []fulltext.Doc
			if size = 64; i >= few {
				size = 1024
			}
			for j := i; j < min(i+size, n); j++ {
				docs = append(docs, fulltext.Doc{ID: at(j), Terms: c.terms()})
				terms += len(docs[len(docs)-1].Terms)
			}
			t0, c0 := time.Now(), cpuTime()
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Put(ctx, tx, tenantA, docs) }); err != nil {
				b.Fatal(err)
			}
			took := time.Since(t0)
			if i < few {
				busy += took
				cpu += cpuTime() - c0
				worst = max(worst, took)
			} else {
				bulk += took
			}
		}
		b.ReportMetric(float64(min(n, few))/busy.Seconds(), "docs/s")
		if n > few {
			b.ReportMetric(float64(n-few)/bulk.Seconds(), "bulk-docs/s")
		}
		b.ReportMetric(cpu.Seconds()*1000/float64(min(n, few)), "cpu-ms/doc")
		b.ReportMetric(float64(worst.Milliseconds()), "ms-worst-batch")
		b.ReportMetric(float64(terms)/float64(n), "terms/doc")
		b.ReportMetric(float64(bytes(d))/float64(n), "B/doc")

		t0 := time.Now()
		for more := true; more; {
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) (err error) {
				more, err = x.Optimize(ctx, tx, 64)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(time.Since(t0).Seconds(), "s-optimize")

		// Tickets that get a message, one by one: their documents grow.
		grown := make([][]string, 256)
		again := newCorpus(1)
		for i := range grown {
			grown[i] = slices.Concat(again.terms(), c.terms())
		}
		t0 = time.Now()
		for i, terms := range grown {
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
				return x.Put(ctx, tx, tenantA, []fulltext.Doc{{ID: at(i), Terms: terms}})
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(time.Since(t0).Microseconds())/float64(len(grown))/1000, "ms-grow")
		t0 = time.Now()
		for i := range 64 {
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Delete(ctx, tx, tenantA, at(n/2+i)) }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(time.Since(t0).Microseconds())/64/1000, "ms-delete")
		if d.Engine() == db.Postgres {
			d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, `analyze fts_doc`); return err })
		}

		var all []time.Duration
		var report strings.Builder
		for _, q := range benchQueries {
			var times []time.Duration
			hits := fulltext.Hits{}
			for range 15 {
				t0 := time.Now()
				var err error
				if hits, err = x.Search(bg, d, tenantA, text.ParseQuery(q), fulltext.Window{}, 0); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(t0))
			}
			slices.Sort(times)
			all = append(all, times...)
			end := "all"
			if hits.Further != 0 {
				end = "further"
			}
			fmt.Fprintf(&report, "    %-16s %4d hits (%s)\tp50 %v\tp95 %v\n", q, len(hits.IDs), end,
				percentile(times, 50).Round(10*time.Microsecond), percentile(times, 95).Round(10*time.Microsecond))
		}
		slices.SortFunc(all, cmp.Compare)
		b.ReportMetric(float64(percentile(all, 50).Microseconds())/1000, "ms-p50")
		b.ReportMetric(float64(percentile(all, 95).Microseconds())/1000, "ms-p95")
		fmt.Printf("%s, %d documents\n%s", b.Name(), n, report.String()) // b.Log cuts after ten lines
	}
}

func percentile(sorted []time.Duration, p int) time.Duration { return sorted[(len(sorted)-1)*p/100] }

// cpuTime is what this process has used: steadier than the wall on a machine
// that has other things to do. (Of PostgreSQL it is only our side.)
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
