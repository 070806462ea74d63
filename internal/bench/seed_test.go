package bench_test

import (
	"errors"
	"log/slog"
	"os"
	"strconv"
	"testing"

	"zhidan/internal/bench"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/config"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

func open(t testing.TB, url string) *server.Server {
	t.Helper()
	c := config.Default()
	c.Data, c.Database, c.Addr = t.TempDir(), config.NewSecret(url), "127.0.0.1:0"
	s, err := server.New(t.Context(), server.Options{Config: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func administrator(t testing.TB, s *server.Server) *staff.Actor {
	t.Helper()
	tenants, err := s.Staff.Tenants(t.Context())
	if err != nil || len(tenants) != 1 {
		t.Fatalf("%d tenants, %v", len(tenants), err)
	}
	dir, err := s.Staff.Directory(t.Context(), tenants[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	admin, _ := dir.RoleByKey(staff.Administrator)
	for _, u := range dir.Users() {
		if len(u.Roles) > 0 && u.Roles[0] == admin.ID {
			a, err := s.Staff.Actor(t.Context(), tenants[0].ID, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
	}
	t.Fatal("no administrator")
	return nil
}

// What was seeded is there by every way in which a ticket is looked for, and
// the desk goes on working on it.
func TestSeededTicketsAreLikeOthers(t *testing.T) {
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() + "/zhidan.db" },
		"postgres": func(t *testing.T) string { return dbtest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s := open(t, url(t))
			const n = 2500
			got, err := bench.Seed(ctx, s, bench.SeedOptions{Tickets: n})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", got)
			if got.Tickets != n || got.Customers != n/4 || got.Token == "" {
				t.Errorf("%+v", got)
			}
			if got.Active < n/50 || got.Active > n/20 {
				t.Errorf("%d of %d are active, want about 3 %%", got.Active, n)
			}
			a := administrator(t, s)
			for _, status := range []string{"new", "open", "pending", "on_hold", "closed", "cancelled"} {
				if c, err := s.Desk.Count(ctx, a, `status == "`+status+`"`); err != nil || c.Count == 0 {
					t.Errorf("%d tickets are %s, %v", c.Count, status, err)
				}
			}
			for _, word := range []string{bench.RareZH, bench.RareEN} {
				found, q := 0, ticket.Query{Text: word, Limit: 100}
				for {
					p, err := s.Desk.List(ctx, a, q)
					if err != nil {
						t.Fatal(err)
					}
					found += len(p.Items)
					if q.Cursor = p.Next; q.Cursor == "" { // a search ends at its time budget and goes on from there
						break
					}
				}
				if found != 20 {
					t.Errorf("%d tickets with %s", found, word)
				}
			}
			if p, err := s.Desk.List(ctx, a, ticket.Query{Text: bench.CommonZH, Limit: 50}); err != nil || len(p.Items) != 50 {
				t.Errorf("%d tickets with %s, %v", len(p.Items), bench.CommonZH, err)
			}
			p, err := s.Desk.List(ctx, a, ticket.Query{Filter: `fields.fault_code == "E4" && status == "closed"`, Limit: 5})
			if err != nil || len(p.Items) == 0 {
				t.Fatalf("%d tickets by a field, %v", len(p.Items), err)
			}
			x := p.Items[0]
			entries, _, err := s.Desk.Timeline(ctx, a, x.ID, 100, "")
			if err != nil {
				t.Fatal(err)
			}
			messages, last := 0, int64(0)
			for _, e := range entries {
				if e.Message != nil {
					messages++
				}
				if e.Event != nil {
					last = max(last, e.Event.Seq)
				}
			}
			if messages != x.MessageCount || last != x.Version {
				t.Errorf("%d messages and %d events; the ticket says %d and %d", messages, last, x.MessageCount, x.Version)
			}
			if y, err := s.Desk.Number(ctx, a, x.Number); err != nil || y.ID != x.ID {
				t.Errorf("by its number: %v", err)
			}

			// Today's numbers go on after those that were seeded.
			for range 40 {
				if _, err := s.Desk.Create(ctx, a, ticket.NewTicket{Subject: "新", Body: "新", Type: x.Type, Requester: customer.Contact{Phone: bench.Phone(7)}}); err != nil {
					t.Fatalf("a new ticket: %v", err)
				}
			}
			open, err := s.Desk.List(ctx, a, ticket.Query{Filter: `status == "pending"`, Limit: 1})
			if err != nil || len(open.Items) == 0 {
				t.Fatal(err)
			}
			if _, _, err := s.Desk.Say(ctx, a, open.Items[0].ID, ticket.NewMessage{Kind: ticket.Reply, Body: "好"}); err != nil {
				t.Errorf("a reply: %v", err)
			}
			if _, err := bench.Seed(ctx, s, bench.SeedOptions{Tickets: 10}); !errors.Is(err, bench.ErrNotEmpty) {
				t.Errorf("a second seeding: %v", err)
			}
		})
	}
}

// The index holds of a seeded ticket what it would hold had the ticket come in
// by itself.
func TestSeededTicketsAreIndexedTheSame(t *testing.T) {
	s := open(t, "sqlite:"+t.TempDir()+"/zhidan.db")
	if _, err := bench.Seed(t.Context(), s, bench.SeedOptions{Tickets: 200}); err != nil {
		t.Fatal(err)
	}
	terms := func() map[id.ID]string {
		rows, err := s.DB.Query(t.Context(), `select ticket_id, terms from fts_doc`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		out := map[id.ID]string{}
		for rows.Next() {
			var k int64
			var v string
			if err := rows.Scan(&k, &v); err != nil {
				t.Fatal(err)
			}
			out[id.ID(k)] = v
		}
		return out
	}
	before := terms()
	a := administrator(t, s)
	p, err := s.Desk.List(t.Context(), a, ticket.Query{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var batch []ticket.Occurrence
	for _, x := range p.Items {
		batch = append(batch, ticket.Occurrence{Ticket: x, Events: []ticket.Event{{Name: ticket.EventCreated}}})
	}
	if err := s.Desk.IndexReaction().React(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	after := terms()
	if len(before) != 200 || len(after) != 200 {
		t.Fatalf("%d documents, then %d", len(before), len(after))
	}
	for k, v := range before {
		if after[k] != v {
			t.Errorf("ticket %s:\n%s\n%s", k, v, after[k])
		}
	}
}

// BenchmarkSeed seeds ZHIDAN_BENCH_TICKETS (default 20,000).
func BenchmarkSeed(b *testing.B) {
	n := 20_000
	if v, err := strconv.Atoi(os.Getenv("ZHIDAN_BENCH_TICKETS")); err == nil {
		n = v
	}
	for name, url := range map[string]func(b *testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite:" + b.TempDir() + "/zhidan.db" },
		"postgres": func(b *testing.B) string { return dbtest.PostgresURL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := open(b, url(b))
				before := cpuTime()
				got, err := bench.Seed(b.Context(), s, bench.SeedOptions{Tickets: n})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(got.PerSecond, "tickets/s")
				b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(n), "cpu-µs/ticket")
			}
		})
	}
}
