package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/telemetry"
	"zhidan/internal/platform/web"
)

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

const createBody = `{"subject":"冰箱不制冷，报修","body":"您好，我家的冰箱从昨天开始不制冷了，冷冻室也化了，请尽快安排师傅上门。订单号 E5-0032。","requester":{"name":"demo","phone":"13800000000"},"type":"repair","priority":"high","tags":["冰箱","保修"],"fields":{"model":"BCD-500"}}`

// What the door costs: everything but the operation, validation included.
func BenchmarkOverhead(b *testing.B) {
	for _, idem := range []bool{false, true} {
		name := "plain"
		if idem {
			name = "with key"
		}
		b.Run(name, func(b *testing.B) {
			a := web.New(quiet(web.Config{Metrics: telemetry.NewMetrics(""), DB: dbtest.SQLite(b), Log: slog.New(slog.NewJSONHandler(discardWriter{}, nil)), Limits: web.Limits{Principal: web.Rate{PerSecond: -1}}}))
			type in struct {
				Body struct {
					Subject   string `json:"subject,omitempty" maxLength:"500"`
					Body      string `json:"body" minLength:"1" maxLength:"65536"`
					Requester struct {
						Name  string `json:"name,omitempty" maxLength:"200"`
						Phone string `json:"phone,omitempty" maxLength:"40"`
					} `json:"requester"`
					Type     string         `json:"type,omitempty" maxLength:"60"`
					Priority string         `json:"priority,omitempty" enum:"low,normal,high,urgent"`
					Tags     []string       `json:"tags,omitempty" maxItems:"50"`
					Fields   map[string]any `json:"fields,omitempty"`
				}
			}
			type out struct {
				Body struct {
					ID      string   `json:"id"`
					Subject string   `json:"subject"`
					Tags    []string `json:"tags"`
				}
			}
			web.Register(a, web.Op{Method: "POST", Path: "/tickets", ID: "t", Summary: "t", Permission: "thing.write", Status: 201}, func(_ context.Context, i *in) (*out, error) {
				o := &out{}
				o.Body.ID, o.Body.Subject, o.Body.Tags = "1", i.Body.Subject, i.Body.Tags
				return o, nil
			})
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("POST", web.Base+"/tickets", strings.NewReader(createBody))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", all)
				if idem {
					r.Header.Set("Idempotency-Key", "0123456789")
				}
				a.ServeHTTP(discard{http.Header{}}, r)
			}
		})
	}
}

// A keyed write, 64 at a time, with its answer in the same commit, on disk.
func BenchmarkKeyedWrite(b *testing.B) {
	for _, key := range []bool{false, true} {
		b.Run(fmt.Sprint("key=", key), func(b *testing.B) {
			d := dbtest.SQLite(b)
			if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `create table effect (name text not null)`)
				return err
			}); err != nil {
				b.Fatal(err)
			}
			s := newShop(nil, d, nil)
			s.keep.Store(true)
			var n, bad atomic.Int64
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := httptest.NewRequest("POST", web.Base+"/effects", strings.NewReader(`{"name":"a"}`))
					r.Header.Set("Content-Type", "application/json")
					r.Header.Set("Authorization", all)
					if key {
						r.Header.Set("Idempotency-Key", fmt.Sprint("k", n.Add(1)))
					}
					w := httptest.NewRecorder()
					s.ServeHTTP(w, r)
					if w.Code != 201 {
						bad.Add(1)
					}
				}
			})
			if bad.Load() > 0 {
				b.Errorf("%d failed", bad.Load())
			}
		})
	}
}

type discardWriter struct{}

func (discardWriter) Write(b []byte) (int, error) { return len(b), nil }
