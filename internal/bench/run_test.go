package bench_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"zhidan/internal/bench"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/server"
)

// serving seeds a store and serves it as in production.
func serving(t testing.TB, tickets int) (s *server.Server, url, token string) {
	t.Helper()
	return servingOn(t, "sqlite:"+t.TempDir()+"/zhidan.db", tickets)
}

func servingOn(t testing.TB, store string, tickets int) (s *server.Server, url, token string) {
	t.Helper()
	s = open(t, store)
	got, err := bench.Seed(t.Context(), s, bench.SeedOptions{Tickets: tickets})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.API)
	t.Cleanup(web.Close)
	return s, web.URL, got.Token
}

func TestARunMeasuresEverything(t *testing.T) {
	_, url, token := serving(t, 400)
	got, err := bench.Run(t.Context(), bench.RunOptions{URL: url, Token: token, Clients: []int{2}, Seconds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Creates) != 1 || got.Creates[0].PerSecond == 0 || got.Creates[0].Errors > 0 || got.Creates[0].P50 == 0 {
		t.Errorf("%+v", got.Creates)
	}
	for _, f := range got.Found {
		if f.Missing > 0 || f.Count == 0 {
			t.Errorf("%+v", f)
		}
	}
	if len(got.Found) != 2 || len(got.Views) < 10 || len(got.Open) != 2 || len(got.Search) < 6 || got.MemoryAfter == 0 {
		t.Errorf("%+v", got)
	}
	for _, r := range got.Search {
		if r.Name == bench.RareZH && r.Hits != 20 {
			t.Errorf("%d tickets with %s", r.Hits, r.Name)
		}
	}
	var out strings.Builder
	got.Markdown(&out)
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|") {
			t.Errorf("a row is broken: %s", line)
		}
	}
}

func TestOnlyThisMachineIsMeasured(t *testing.T) {
	for _, url := range []string{"http://desk.example.com", "https://127.0.0.1:1", "http://192.0.2.1:8480", "http://localhost.example.com", "http://127.0.0.1.example.com", "127.0.0.1:80", ""} {
		_, err := bench.Run(t.Context(), bench.RunOptions{URL: url, Token: "x", Clients: []int{1}, Seconds: 1})
		if err == nil || !strings.Contains(err.Error(), "this machine") && !strings.Contains(err.Error(), "address of a server") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, o := range []bench.RunOptions{{URL: "http://127.0.0.1:1", Clients: []int{0}, Seconds: 1}, {URL: "http://127.0.0.1:1", Clients: []int{1 << 20}, Seconds: 1}, {URL: "http://127.0.0.1:1", Clients: []int{1}, Seconds: 1 << 20}} {
		if _, err := bench.Run(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// BenchmarkCreate opens tickets over the API of a server in the same process,
// so that a profile shows where the time goes:
//
//	go test -run xxx -bench Create/sqlite -benchtime 4000x -cpuprofile cpu.out ./internal/bench
//
// PostgreSQL counts only on a server that syncs (see BenchmarkTx of package db).
func BenchmarkCreate(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchCreate(b, "sqlite:"+b.TempDir()+"/zhidan.db") })
	b.Run("postgres", func(b *testing.B) { benchCreate(b, dbtest.PostgresURL(b)) })
}

func benchCreate(b *testing.B, store string) {
	s, _, token := servingOn(b, store, 5000)
	var n atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	start, before := time.Now(), cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			phone := fmt.Sprintf("139%08d", i)
			if i%2 == 0 {
				phone = bench.Phone(int(i % 1000))
			}
			r := httptest.NewRequest("POST", "/api/v1/tickets", strings.NewReader(fmt.Sprintf(`{"subject":"冰箱冷藏室不制冷，面板报警","body":"你好，家里的冰箱从昨天开始不制冷，面板一直显示 E4，断电重启也没有用，麻烦尽快安排师傅上门。订单号 YL%d",
				"requester":{"name":"测量客户","phone":"%s"},"type":"repair","channel":"web","fields":{"product_model":"BCD-520WK","fault_code":"E4"}}`, i, phone)))
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Idempotency-Key", fmt.Sprint("bench-", i))
			w := httptest.NewRecorder()
			s.API.ServeHTTP(w, r)
			if w.Code != 201 {
				b.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "creates/s")
	for { // CPU is steadier than the clock on a busy machine; it counts until all reactions are done
		stats, err := s.Jobs.Stats(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		waiting := 0
		for _, k := range stats {
			waiting += k.Waiting
		}
		if waiting == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/create")
	b.ReportMetric(time.Since(start).Seconds(), "s-until-drained")
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
