package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/config"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

// BenchmarkCreate opens tickets over HTTP with dispatch and search behind them,
// for profiles: go test -run xxx -bench Create/sqlite -cpuprofile cpu.out
// Figures for docs/BENCHMARKS.md come from `zhidan bench run`.
func BenchmarkCreate(b *testing.B) {
	run := func(b *testing.B, url string) {
		c := config.Default()
		c.Data, c.HTTP.Rate = b.TempDir(), -1
		if url != "" {
			c.Database = config.NewSecret(url)
		}
		c.Log.Access = false
		s, err := server.New(context.Background(), server.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		ctx := context.Background()
		t, err := s.Staff.CreateTenant(ctx, staff.NewTenant{Name: "Bench"})
		if err != nil {
			b.Fatal(err)
		}
		dir, err := s.Staff.Directory(ctx, t.ID)
		if err != nil {
			b.Fatal(err)
		}
		role, _ := dir.RoleByKey(staff.Administrator)
		p, err := s.Staff.CreateUser(ctx, staff.System(t.ID), staff.NewUser{Email: "a@example.com", Name: "A", Password: "correct horse battery", Roles: []id.ID{role.ID}})
		if err != nil {
			b.Fatal(err)
		}
		token, _, err := s.Staff.CreateToken(ctx, staff.System(t.ID), p.ID, staff.NewToken{Name: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Jobs.Start(ctx); err != nil {
			b.Fatal(err)
		}
		web := httptest.NewServer(s.API)
		defer web.Close()
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
		var n atomic.Int64
		b.SetParallelism(32)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := n.Add(1)
				body := fmt.Sprintf(`{"subject":"冰箱冷藏室不制冷 %d","body":"家里的冰箱冷藏室不制冷了，显示故障代码E5-0032，订单号2291-%d，麻烦尽快安排师傅上门维修，谢谢！We have tried to switch it off and on.","type":"repair","priority":"high","tags":["冰箱"],"requester":{"name":"王女士","phone":"138%08d"}}`, i, i, i%5000)
				req, err := http.NewRequest("POST", web.URL+"/api/v1/tickets", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+token)
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Idempotency-Key", fmt.Sprintf("k%d", i))
				res, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusCreated {
					b.Errorf("status %d", res.StatusCode)
					return
				}
			}
		})
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
	}
	b.Run("sqlite", func(b *testing.B) { run(b, "") })
	b.Run("postgres", func(b *testing.B) { run(b, dbtest.PostgresURL(b)) })
}
