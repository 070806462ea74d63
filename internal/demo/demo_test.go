package demo_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"zhidan/internal/demo"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/config"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

func open(t *testing.T, url string) *server.Server {
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

func dirIDs(t *testing.T, s *server.Server, tenant id.ID) (out []id.ID) {
	t.Helper()
	dir, err := s.Staff.Directory(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range dir.Users() {
		out = append(out, p.ID)
	}
	return out
}

func each(t *testing.T, fn func(t *testing.T, s *server.Server)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, "sqlite:"+t.TempDir()+"/zhidan.db")) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, dbtest.PostgresURL(t))) })
}

func fill(t *testing.T, s *server.Server) *staff.Actor {
	t.Helper()
	start := time.Now()
	if err := demo.Fill(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("filled in %v", time.Since(start).Round(time.Millisecond))
	tenants, err := s.Staff.Tenants(t.Context())
	if err != nil || len(tenants) != 1 {
		t.Fatalf("%d tenants, %v", len(tenants), err)
	}
	dir, err := s.Staff.Directory(t.Context(), tenants[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	admin, _ := dir.UserByEmail("admin@demo.example")
	a, err := s.Staff.Actor(t.Context(), tenants[0].ID, admin.ID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What somebody sees who opens the demo for the first time.
func TestTheDemoLooksAlive(t *testing.T) {
	each(t, func(t *testing.T, s *server.Server) {
		ctx := t.Context()
		a := fill(t, s)
		least := map[string]int{
			``: 390, `status == "new"`: 12, `status == "open"`: 15, `status == "pending"`: 5, `status == "on_hold"`: 1,
			`status == "solved"`: 10, `status == "closed"`: 200, `status == "cancelled"`: 8,
			`active && assignee == ""`: 12, `active && assignee == me()`: 3, `language == "en"`: 60, `tier == "vip"`: 10,
			`priority == "urgent"`: 1, `fields.fault_code == "E4"`: 10, `reopen_count > 0`: 5, `repeat_count > 0`: 15, `active && snoozed`: 3,
			`active && watching`: 1, `active && mentioned`: 1, `active && collaborating`: 1, `created_at > now() - duration("1h")`: 8, `type == "complaint"`: 20, `type == "praise"`: 1,
			`active && sla == "running"`: 20, `active && sla == "breached"`: 3, `active && sla == "paused"`: 3, `sla == "met"`: 150, `active && sla == "running" && due_at < now() + duration("24h")`: 3,
			`channel == "phone"`: 20, `channel == "email"`: 20, `"E4" in tags`: 10,
		}
		for filter, n := range least {
			c, err := s.Desk.Count(ctx, a, filter)
			if err != nil {
				t.Errorf("%s: %v", filter, err)
			} else if c.Count < n {
				t.Errorf("%d tickets with %s, want at least %d", c.Count, filter, n)
			} else {
				t.Logf("%4d %s", c.Count, filter)
			}
		}
		page, err := s.Desk.List(ctx, a, ticket.Query{Filter: `active`, Sort: "-updated", Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(page.Items[0].UpdatedAt.Std()); age > 5*time.Minute {
			t.Errorf("the newest change is %v old", age)
		}
		for _, x := range page.Items {
			if x.UpdatedAt.Std().After(time.Now()) {
				t.Errorf("%s was changed in the future", x.Number)
			}
		}
		all, err := s.Desk.List(ctx, a, ticket.Query{Sort: "-created", Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		words := 0
		for _, x := range all.Items {
			entries, _, err := s.Desk.Timeline(ctx, a, x.ID, 100, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.Message != nil {
					words++
					if i := strings.IndexAny(e.Message.Text, "{}"); i >= 0 {
						t.Errorf("%s: a slot was left empty: %s", x.Number, e.Message.Text)
					}
				}
			}
		}
		t.Logf("%d messages in the newest 200", words)
		// whoever writes has words at hand, in both languages, and a signature
		for _, open := range []string{`channel == "email" && language == "en"`, `channel == "email" && language != "en"`} {
			page, err := s.Desk.List(ctx, a, ticket.Query{Filter: open, Limit: 1})
			if err != nil || len(page.Items) == 0 {
				t.Fatal(open, err)
			}
			w, err := s.Phrases.Writing(ctx, a, page.Items[0].ID)
			if err != nil || len(w.Items) < 5 || w.Signature == "" {
				t.Errorf("%s: %d quick replies, signature %q, %v", open, len(w.Items), w.Signature, err)
			}
			for _, x := range w.Items {
				if strings.ContainsAny(x.Text, "{}") {
					t.Errorf("a placeholder is left: %s", x.Text)
				}
			}
		}
		// the floor: a plan around today, hours worked, and rules of the company's own
		now := clock.From(time.Now())
		spans, err := s.Roster.Spans(ctx, a.Tenant, dirIDs(t, s, a.Tenant), now.Add(-7*24*time.Hour), now)
		if err != nil || len(spans) < 10 {
			t.Errorf("%d people were there in the last week, %v", len(spans), err)
		}
		set, _, err := routing.LoadSets(ctx, s.DB, a.Tenant)
		if err != nil || set.Name == "" || len(set.Rules) != 1 || len(set.Rules[0].Rules) < 5 {
			t.Errorf("rules of assignment: %+v, %v", set, err)
		}
		catalog, err := s.Forms.Get(ctx, a.Tenant)
		if err != nil || len(catalog.Scenes()) < 8 {
			t.Errorf("%d scenes, %v", len(catalog.Scenes()), err)
		}
	})
}

// Everybody who is shown can sign in with the password that is shown.
func TestTheSignInsWork(t *testing.T) {
	s := open(t, "sqlite:"+t.TempDir()+"/zhidan.db")
	var before strings.Builder
	if err := demo.PrintSigns(t.Context(), s, &before); err != nil || before.Len() > 0 {
		t.Fatalf("an empty store shows sign-ins: %q %v", before.String(), err)
	}
	fill(t, s)
	var out strings.Builder
	if err := demo.PrintSigns(t.Context(), s, &out); err != nil {
		t.Fatal(err)
	}
	for _, x := range demo.Signs() {
		if !strings.Contains(out.String(), x.Email) {
			t.Errorf("%s is not shown", x.Email)
		}
		_, _, err := s.Staff.SignIn(t.Context(), staff.SignIn{Email: x.Email, Password: demo.Password, Addr: netip.MustParseAddr("127.0.0.1")})
		if err != nil {
			t.Errorf("%s: %v", x.Email, err)
		}
	}
	if !strings.Contains(out.String(), demo.Password) {
		t.Error("the password is not shown")
	}
	if err := demo.Fill(t.Context(), s, nil); !errors.Is(err, demo.ErrNotEmpty) {
		t.Errorf("a second filling: %v", err)
	}
}

// A store that somebody uses is never touched, and one whose filling was cut
// off says so.
func TestOnlyAnEmptyStoreIsFilled(t *testing.T) {
	s := open(t, "sqlite:"+t.TempDir()+"/zhidan.db")
	if _, err := s.Staff.CreateTenant(t.Context(), staff.NewTenant{Name: "测试公司"}); err != nil {
		t.Fatal(err)
	}
	if err := demo.Fill(t.Context(), s, nil); !errors.Is(err, demo.ErrNotEmpty) {
		t.Errorf("want %v, got %v", demo.ErrNotEmpty, err)
	}

	s = open(t, "sqlite:"+t.TempDir()+"/zhidan.db")
	ctx, cancel := context.WithCancel(t.Context())
	if err := demo.Fill(ctx, s, func(part float64) {
		if part > 0.1 {
			cancel()
		}
	}); err == nil {
		t.Fatal("the filling was not cut off")
	}
	if err := demo.Fill(t.Context(), s, nil); !errors.Is(err, demo.ErrBroken) {
		t.Errorf("want %v, got %v", demo.ErrBroken, err)
	}
}
