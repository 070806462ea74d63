package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

// twoNodes gives the hubs of two nodes on one database.
func twoNodes(t testing.TB) (a, b *Hub) {
	t.Helper()
	url := dbtest.PostgresURL(t)
	return nodeOn(t, url), nodeOn(t, url)
}

func nodeOn(t testing.TB, url string) *Hub {
	t.Helper()
	b := bus.Open(bus.Config{URL: url, Log: quietLog})
	t.Cleanup(b.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := b.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return newHub(t, func(c *Config) { c.Bus, c.Buffer = b, 4096 })
}

func TestEventsCrossNodes(t *testing.T) {
	a, b := twoNodes(t)
	sub := Subscription{Tenant: 1, User: 7, Filter: func(e Event) bool { return slices.Contains(e.Audience.Users, 7) }}
	on := map[*Hub]*Stream{a: subscribe(t, a, sub, ""), b: subscribe(t, b, sub, "")}
	for _, way := range [][2]*Hub{{a, b}, {b, a}} {
		from, to := way[0], way[1]
		for i := range 300 {
			publish(t, from, 1, i, Audience{Users: []id.ID{7}})
			publish(t, from, 1, "secret", Audience{Users: []id.ID{8}})
			publish(t, from, 2, "foreign", Audience{Users: []id.ID{7}})
		}
		publish(t, from, 1, "end", Audience{Users: []id.ID{7}})
		data, last := got(t, on[to])
		own, _ := got(t, on[from])
		if len(data) != 300 || !slices.Equal(data, own) {
			t.Fatalf("%d events crossed, %d here", len(data), len(own))
		}
		for i, d := range data {
			if d != fmt.Sprint(i) {
				t.Fatalf("event %d is %s", i, d)
			}
		}
		// A position is good on the other node: nothing is missed, and what is
		// repeated is of the last moments only.
		publish(t, to, 1, "new", Audience{Users: []id.ID{7}})
		publish(t, to, 1, "end", Audience{Users: []id.ID{7}})
		moved := subscribe(t, from, sub, last)
		seen := false
		for !seen {
			m := next(t, moved)
			if m.Name == Resync {
				t.Fatal("resync on the other node")
			}
			seen = string(m.Data) == `"new"`
		}
		moved.Close()
		got(t, on[a])
		got(t, on[b])
	}
}

func TestLongEventsCrossWithTheirIDs(t *testing.T) {
	a, b := twoNodes(t)
	s := subscribe(t, b, Subscription{Tenant: 1, Filter: all}, "")
	next(t, s)
	publish(t, a, 1, map[string]string{"id": "5", "team_id": "6", "text": strings.Repeat("长", 5000)}, Audience{})
	if m := next(t, s); string(m.Data) != `{"id":"5","team_id":"6"}` {
		t.Errorf("got %.200s", m.Data)
	}
	var many []id.ID
	for range 1000 {
		many = append(many, ids.Next())
	}
	publish(t, a, 1, map[string]string{"id": "5"}, Audience{Users: many})
	if m := next(t, s); m.Name != Resync {
		t.Errorf("got %s %.200s", m.Name, m.Data)
	}
}

func TestLostConnectionBetweenNodesResyncs(t *testing.T) {
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, url)
	a, b := nodeOn(t, url), nodeOn(t, url)
	s := subscribe(t, b, Subscription{Tenant: 1, Filter: all}, "")
	next(t, s)
	publish(t, a, 1, "before", Audience{})
	before := next(t, s).Position
	var n int
	if err := d.QueryRow(context.Background(), `select count(pg_terminate_backend(pid)) from pg_stat_activity
		where datname = current_database() and application_name = 'zhidan listen'`).Scan(&n); err != nil || n != 2 {
		t.Fatalf("%d connections ended, %v", n, err)
	}
	if m := next(t, s); m.Name != Resync {
		t.Fatalf("got %s", m.Name)
	}
	// Who was away in that time learns it too, and then events flow again.
	if data, _ := endedAfter(t, b, before); len(data) != 1 || data[0] != "resync" {
		t.Errorf("an older position gives %v", data)
	}
	publish(t, a, 1, "after", Audience{})
	for {
		m := next(t, s)
		if m.Name == Resync {
			continue
		}
		if string(m.Data) != `"after"` {
			t.Errorf("got %s", m.Data)
		}
		break
	}
}

// FuzzWire is what another node sends.
func FuzzWire(f *testing.F) {
	for _, s := range []string{`{"i":"5","t":"1","n":"ticket","d":{"id":"1"},"a":{"all":true}}`, `{"t":"1","x":"2"}`, `{"t":"1","n":"resync"}`, `{"t":"0","n":"a"}`,
		`{"t":"1","n":"a\nb","d":1}`, `{`, ``, `null`, `{"i":"5","t":"1","n":"ticket","d":null}`, "{\"t\":\"1\",\"n\":\"a\",\"d\":{\n\"x\":1\r\n}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := New(Config{Log: quietLog, Ring: 4})
		st, _ := h.Subscribe(context.Background(), Subscription{Tenant: 1, User: 1, Filter: all}, "")
		h.heard(s)
		h.Close()
		for m := range st.c {
			if m.Tenant != 1 || !json.Valid(m.Data) || !validName(m.Name) {
				t.Errorf("%q became %+v", s, m)
			}
			if strings.ContainsAny(string(m.Data)+m.Position+m.Name, "\r\n") {
				t.Errorf("%q breaks out of its line: %q", s, m.Data)
			}
		}
	})
}

// BenchmarkCross is from Publish on one node to the stream of another.
func BenchmarkCross(b *testing.B) {
	x, y := twoNodes(b)
	s := subscribe(b, y, Subscription{Tenant: 1, Filter: all}, "")
	next(b, s)
	data := map[string]string{"id": "1234567890123456789", "number": "C20261121-000017", "status": "open"}
	b.ResetTimer()
	for i := 0; i < b.N; i += 100 {
		for range 100 {
			publish(b, x, 1, data, Audience{Users: []id.ID{1234567890123456789}})
		}
		for range 100 {
			next(b, s)
		}
	}
}
