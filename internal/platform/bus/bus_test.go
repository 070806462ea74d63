package bus_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

var quietLog = slog.New(slog.NewTextHandler(io.Discard, nil))

// end is one node's, with what it heard.
type end struct {
	*bus.Bus
	heard chan string
	gaps  chan struct{}
}

func open(t *testing.T, url string) end {
	t.Helper()
	e := end{bus.Open(bus.Config{URL: url, Log: quietLog}), make(chan string, 100_000), make(chan struct{}, 1000)}
	t.Cleanup(e.Close)
	e.Subscribe("t", func(s string) { e.heard <- s }, func() { e.gaps <- struct{}{} })
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := e.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return e
}

func take[T any](t *testing.T, c chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(2 * time.Minute):
		t.Fatalf("waited 20 s for %s", what)
	}
	return v
}

func TestMessagesArriveOnceAndInOrder(t *testing.T) {
	url := dbtest.PostgresURL(t)
	a, b, c := open(t, url), open(t, url), open(t, url)
	const n = 3000
	for i := range n {
		if err := a.Send("t", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		a.Send("another topic", "x")
	}
	long := strings.Repeat("长", (bus.MaxMessage-1)/3)
	if err := a.Send("t", long); err != nil {
		t.Fatal(err)
	}
	b.Send("t", "end") // to see that a hears b, and nothing of its own
	for _, e := range []end{b, c} {
		for i := range n {
			got := take(t, e.heard, "a message")
			for got == "end" {
				got = take(t, e.heard, "a message")
			}
			if got != fmt.Sprint(i) {
				t.Fatalf("message %d is %s", i, got)
			}
		}
		if got := take(t, e.heard, "the long message"); got != long {
			t.Fatalf("the long message has %d bytes", len(got))
		}
	}
	if got := take(t, a.heard, "b's message"); got != "end" {
		t.Errorf("a heard %s", got)
	}
}

func TestTooLongIsRefused(t *testing.T) {
	e := open(t, dbtest.PostgresURL(t))
	if err := e.Send("t", strings.Repeat("x", bus.MaxMessage)); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("got %v", err)
	}
}

// Whoever cannot hear or be heard for a while makes the others look anew.
func TestLostConnectionsAreTold(t *testing.T) {
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, url)
	a, b := open(t, url), open(t, url)
	a.Send("t", "one")
	take(t, b.heard, "the first message")
	for _, what := range []string{"zhidan listen", "zhidan notify"} {
		var n int
		if err := d.QueryRow(context.Background(), `select count(pg_terminate_backend(pid)) from pg_stat_activity
			where datname = current_database() and application_name = $1`, what).Scan(&n); err != nil || n == 0 {
			t.Fatalf("%d %q connections ended, %v", n, what, err)
		}
		if what == "zhidan notify" {
			a.Send("t", "perhaps lost")
		}
		take(t, b.gaps, "a gap after the loss of "+what)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		if err := b.Ready(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	a.Send("t", "after")
	for take(t, b.heard, "a message after the loss") != "after" {
	}
}

func TestASingleNodeHasNoBus(t *testing.T) {
	b := bus.Open(bus.Config{URL: "sqlite:/nowhere/x.db"})
	if b != nil {
		t.Fatal("a bus on SQLite")
	}
	b.Subscribe("t", nil, nil)()
	if err := b.Send("t", "x"); err != nil {
		t.Error(err)
	}
	if err := b.Ready(context.Background()); err != nil {
		t.Error(err)
	}
	b.Close()
}

// It comes up, and goes down, without a database, and leaves nothing behind.
func TestWithoutADatabase(t *testing.T) {
	before := goleak.IgnoreCurrent()
	b := bus.Open(bus.Config{URL: "postgres://nobody@127.0.0.1:1/none", Log: quietLog})
	for i := range 20_000 { // more than it keeps
		if err := b.Send("t", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b.Close()
	goleak.VerifyNone(t, before)
}
