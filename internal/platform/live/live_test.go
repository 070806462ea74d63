package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var (
	quietLog = slog.New(slog.NewTextHandler(io.Discard, nil))
	ids      = id.NewSource(1, nil)
	all      = func(Event) bool { return true }
)

func newHub(t testing.TB, change ...func(*Config)) *Hub {
	c := Config{Log: quietLog}
	for _, f := range change {
		f(&c)
	}
	h := New(c)
	t.Cleanup(h.Close)
	return h
}

func publish(t testing.TB, h *Hub, tenant id.ID, data any, to Audience) {
	t.Helper()
	if err := h.Publish(context.Background(), Event{ID: ids.Next(), Tenant: tenant, Name: "ticket", Data: data, Audience: to}); err != nil {
		t.Fatal(err)
	}
}

func subscribe(t testing.TB, h *Hub, sub Subscription, last string) *Stream {
	t.Helper()
	s, err := h.Subscribe(context.Background(), sub, last)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func next(t testing.TB, s *Stream) Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	m, ok, err := s.Next(ctx)
	if !ok {
		t.Fatalf("the stream ended: %v", err)
	}
	return m
}

// got reads messages up to one with the data `"end"`, leaving hello out.
func got(t testing.TB, s *Stream) (data []string, last string) {
	t.Helper()
	for {
		m := next(t, s)
		if m.Position != "" {
			last = m.Position
		}
		switch {
		case m.Name == Hello:
		case m.Name == Resync:
			data = append(data, "resync")
		case string(m.Data) == `"end"`:
			return data, last
		default:
			data = append(data, string(m.Data))
		}
	}
}

func TestReplayGivesExactlyWhatWasMissed(t *testing.T) {
	h := newHub(t)
	r := rand.New(rand.NewPCG(1, 2))
	s := subscribe(t, h, Subscription{Tenant: 1, Filter: all}, "")
	last := next(t, s).Position
	n, seen := 0, 0
	for round := range 50 {
		for range r.IntN(20) {
			publish(t, h, 1, n, Audience{})
			publish(t, h, 2, "of another", Audience{All: true})
			n++
		}
		for seen < n && r.IntN(8) > 0 { // it may be cut off anywhere
			m := next(t, s)
			if string(m.Data) != fmt.Sprint(seen) {
				t.Fatalf("round %d: got %s, want %d", round, m.Data, seen)
			}
			seen++
			last = m.Position
		}
		s.Close()
		for range r.IntN(20) {
			publish(t, h, 1, n, Audience{})
			n++
		}
		s = subscribe(t, h, Subscription{Tenant: 1, Filter: all}, last)
		if m := next(t, s); m.Name != Hello || m.Position != "" {
			t.Fatalf("a stream that goes on begins with %+v", m)
		}
	}
}

func TestTooOldOrStrangePositionsResync(t *testing.T) {
	h := newHub(t, func(c *Config) { c.Ring = 10 })
	s := subscribe(t, h, Subscription{Tenant: 1, Filter: all}, "")
	old := next(t, s).Position
	s.Close()
	for i := range 10 {
		publish(t, h, 1, i, Audience{})
	}
	if data, _ := endedAfter(t, h, old); data[0] == "resync" {
		t.Error("resync although all is in the ring") // the ring holds exactly the ten
	}
	publish(t, h, 1, 11, Audience{})
	for _, p := range []string{old, "x", "..", h.node + ".-1.0", h.node + ".99999.0", "other.5.12345", strings.Repeat("9", 90)} {
		data, last := endedAfter(t, h, p)
		if len(data) != 1 || data[0] != "resync" {
			t.Errorf("%q: got %v", p, data)
		}
		if again, _ := endedAfter(t, h, last); len(again) != 0 {
			t.Errorf("%q: after the resync came %v", p, again)
		}
	}
}

// endedAfter subscribes from a position and reads what there is.
func endedAfter(t testing.TB, h *Hub, position string) ([]string, string) {
	t.Helper()
	s := subscribe(t, h, Subscription{Tenant: 1, Filter: func(e Event) bool { return true }}, position)
	defer s.Close()
	h.mu.Lock()
	h.push(s, Message{Event: Event{Tenant: 1, Name: "ticket"}, Data: json.RawMessage(`"end"`)})
	h.mu.Unlock()
	return got(t, s)
}

func TestScopeAndTenantHoldLiveAndInReplay(t *testing.T) {
	h := newHub(t)
	mine := func(e Event) bool { return e.Audience.All || slices.Contains(e.Audience.Users, 7) }
	reader := Subscription{Tenant: 1, User: 7, Filter: mine}
	live := subscribe(t, h, reader, "")
	start := next(t, live).Position
	silent := subscribe(t, h, Subscription{Tenant: 1, User: 9}, "") // no filter: only what is for all
	next(t, silent)
	publish(t, h, 1, "to 7", Audience{Users: []id.ID{7}})
	publish(t, h, 1, "to 8", Audience{Users: []id.ID{8}})
	publish(t, h, 2, "other tenant", Audience{All: true, Users: []id.ID{7}})
	publish(t, h, 1, "to team", Audience{Teams: []id.ID{7}})
	publish(t, h, 1, "to all", Audience{All: true})
	publish(t, h, 1, "end", Audience{All: true, Users: []id.ID{7}})
	want := []string{`"to 7"`, `"to all"`}
	if data, _ := got(t, live); !slices.Equal(data, want) {
		t.Errorf("live: %v", data)
	}
	if data, _ := got(t, subscribe(t, h, reader, start)); !slices.Equal(data, want) {
		t.Errorf("replay: %v", data)
	}
	if data, _ := got(t, silent); !slices.Equal(data, want[1:]) {
		t.Errorf("without a filter: %v", data)
	}
	// A position of one reader gives another no more than it may see.
	if data, _ := got(t, subscribe(t, h, Subscription{Tenant: 1, User: 8, Filter: func(e Event) bool { return e.Audience.All }}, start)); !slices.Equal(data, want[1:]) {
		t.Errorf("another reader: %v", data)
	}
}

func TestSlowReaderIsCutOffAndGoesOn(t *testing.T) {
	h := newHub(t, func(c *Config) { c.Buffer = 8 })
	slow := subscribe(t, h, Subscription{Tenant: 1, User: 1, Filter: all}, "")
	last := next(t, slow).Position
	fast := subscribe(t, h, Subscription{Tenant: 1, User: 2, Filter: all}, "")
	next(t, fast)
	for i := range 20 {
		publish(t, h, 1, i, Audience{})
		if m := next(t, fast); string(m.Data) != fmt.Sprint(i) {
			t.Fatalf("the fast reader got %s", m.Data)
		}
	}
	n := 0
	for ; ; n++ {
		m, ok, err := slow.Next(context.Background())
		if !ok {
			if !errors.Is(err, ErrSlow) {
				t.Fatalf("it ended with %v", err)
			}
			break
		}
		last = m.Position
	}
	if n != 8 {
		t.Errorf("%d messages before the cut", n)
	}
	again := subscribe(t, h, Subscription{Tenant: 1, User: 1, Filter: all}, last)
	next(t, again)
	for i := n; i < 20; i++ {
		if m := next(t, again); string(m.Data) != fmt.Sprint(i) {
			t.Fatalf("after the cut: got %s, want %d", m.Data, i)
		}
	}
}

func TestStreamsAreBounded(t *testing.T) {
	h := newHub(t, func(c *Config) { c.PerUser, c.PerNode = 2, 3 })
	var open []*Stream
	for range 2 {
		open = append(open, subscribe(t, h, Subscription{Tenant: 1, User: 1}, ""))
	}
	_, err := h.Subscribe(context.Background(), Subscription{Tenant: 1, User: 1}, "")
	if fault.KindOf(err) != fault.Limited || !strings.Contains(err.Error(), "live.user_streams") {
		t.Errorf("third stream of a user: %v", err)
	}
	subscribe(t, h, Subscription{Tenant: 2, User: 1}, "") // the same number in another tenant is another user
	_, err = h.Subscribe(context.Background(), Subscription{Tenant: 1, User: 3}, "")
	if fault.KindOf(err) != fault.Limited || !strings.Contains(err.Error(), "live.node_streams") {
		t.Errorf("fourth stream of the node: %v", err)
	}
	open[0].Close()
	open[0].Close()
	subscribe(t, h, Subscription{Tenant: 1, User: 1}, "")
	if n := h.Streams(); n != 3 {
		t.Errorf("%d streams", n)
	}
}

func TestBadEventsAreRefused(t *testing.T) {
	h := newHub(t)
	for name, e := range map[string]Event{
		"no name":    {ID: 1, Tenant: 1},
		"line end":   {ID: 1, Tenant: 1, Name: "a\nid: 5"},
		"own name":   {ID: 1, Tenant: 1, Name: Resync},
		"no tenant":  {ID: 1, Name: "a"},
		"no id":      {Tenant: 1, Name: "a"},
		"too big":    {ID: 1, Tenant: 1, Name: "a", Data: strings.Repeat("x", MaxData)},
		"not JSON":   {ID: 1, Tenant: 1, Name: "a", Data: make(chan int)},
		"broken raw": {ID: 1, Tenant: 1, Name: "a", Data: json.RawMessage("{")},
	} {
		if err := h.Publish(context.Background(), e); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// sse reads an event stream as a browser does.
type sse struct {
	res *http.Response
	in  *bufio.Reader
}

type sseEvent struct{ id, event, data string }

func openSSE(t testing.TB, url, last string) *sse {
	t.Helper()
	req, _ := http.NewRequest("GET", url, nil)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return &sse{res, bufio.NewReader(res.Body)}
}

// read gives the next event; a comment has the event name ":".
func (s *sse) read(t testing.TB) (e sseEvent) {
	t.Helper()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		line = strings.TrimSuffix(line, "\n")
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case line == ":":
			return sseEvent{event: ":"}
		case key == "id":
			e.id = value
		case key == "event":
			e.event = value
		case key == "data":
			e.data = value
		case line == "" && e.event != "":
			return e
		}
	}
}

func TestServeSSE(t *testing.T) {
	before := goleak.IgnoreCurrent()
	h := New(Config{Log: quietLog, Heartbeat: 20 * time.Millisecond, PerUser: 1})
	faults := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.ServeSSE(w, r, Subscription{Tenant: 1, User: 1, Filter: all}); err != nil {
			faults <- err
			http.Error(w, err.Error(), http.StatusTooManyRequests)
		}
	}))
	s := openSSE(t, srv.URL, "")
	if ct := s.res.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/event-stream") {
		t.Errorf("content type %q", ct)
	}
	hello := s.read(t)
	if hello.event != Hello || hello.data != `{"position":"`+hello.id+`"}` {
		t.Errorf("hello %+v", hello)
	}
	if e := s.read(t); e.event != ":" {
		t.Errorf("no heartbeat but %+v", e)
	}
	second := openSSE(t, srv.URL, "").res
	if second.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a second stream: %d", second.StatusCode)
	}
	second.Body.Close()
	<-faults
	publish(t, h, 1, map[string]string{"text": "两\n行"}, Audience{})
	e := s.read(t)
	for e.event == ":" {
		e = s.read(t)
	}
	if e.event != "ticket" || e.data != `{"text":"两\n行"}` {
		t.Errorf("event %+v", e)
	}
	h.mu.Lock()
	var stream *Stream
	for x := range h.streams[1] {
		stream = x
	}
	h.mu.Unlock()
	s.res.Body.Close()
	for stream.alive() { // until the server has noticed
		publish(t, h, 2, 0, Audience{})
	}
	publish(t, h, 1, "missed", Audience{})
	s = openSSE(t, srv.URL, e.id)
	if a, b := s.read(t), s.read(t); a.event != Hello || b.data != `"missed"` {
		t.Errorf("after coming back: %+v %+v", a, b)
	}
	h.Close()
	if _, err := io.Copy(io.Discard, s.in); err != nil {
		t.Errorf("the stream did not end in order: %v", err)
	}
	s.res.Body.Close()
	if _, err := h.Subscribe(context.Background(), Subscription{Tenant: 1}, ""); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a closed hub: %v", err)
	}
	srv.Close()
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}

func (s *Stream) alive() bool {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return !s.ended
}

func TestDropEndsTheStreamsOfAUser(t *testing.T) {
	a, b := twoNodes(t)
	s1 := subscribe(t, a, Subscription{Tenant: 1, User: 1}, "")
	s2 := subscribe(t, b, Subscription{Tenant: 1, User: 1}, "")
	other := subscribe(t, b, Subscription{Tenant: 1, User: 2, Filter: all}, "")
	if err := a.Drop(1, 1); err != nil {
		t.Fatal(err)
	}
	publish(t, a, 1, "end", Audience{})
	got(t, other) // which came after the drop
	if s1.alive() || s2.alive() || !other.alive() {
		t.Error(s1.alive(), s2.alive(), other.alive())
	}
}

// A position that a browser sends is honest or leads to a resync; it never
// shows more than the stream may have.
func FuzzPosition(f *testing.F) {
	h := New(Config{Log: quietLog, Ring: 8})
	var known []id.ID
	for i := range 20 {
		e := Event{ID: id.ID(1000 + i), Tenant: id.ID(1 + i%2), Name: "ticket", Audience: Audience{All: true}}
		if err := h.Publish(context.Background(), e); err != nil {
			f.Fatal(err)
		}
		known = append(known, e.ID)
	}
	for _, s := range []string{"", ".", "..", h.node + ".3.0", h.node + ".15.1014", h.node + ".20.1019", h.node + ".21.0", h.node + ".-5.0", "x.1.1015", "x.1.1000", "x.9.0",
		h.node + ".9223372036854775807.1", "\n\r: "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		st, err := h.Subscribe(context.Background(), Subscription{Tenant: 1}, s)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		last := id.ID(0)
		for _, m := range st.first {
			if m.Tenant != 1 || m.Name == "ticket" && (m.ID <= last || !slices.Contains(known[12:], m.ID)) {
				t.Errorf("%q shows %+v", s, m)
			}
			if m.Name == "ticket" {
				last = m.ID
			}
		}
	})
}

func BenchmarkPublish(b *testing.B) {
	for _, streams := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(streams, "_streams"), func(b *testing.B) {
			h := newHub(b, func(c *Config) { c.PerUser = streams })
			for range streams {
				s := subscribe(b, h, Subscription{Tenant: 1, Filter: func(e Event) bool { return slices.Contains(e.Audience.Users, 7) }}, "")
				go func() {
					for ok := true; ok; {
						_, ok, _ = s.Next(context.Background())
					}
				}()
			}
			to := Audience{Users: []id.ID{8}}
			for b.Loop() {
				publish(b, h, 1, map[string]string{"id": "123"}, to)
			}
		})
	}
}

// Screens of people are counted and told; streams of programs are not.
func TestScreensAreCounted(t *testing.T) {
	var told []int
	h := newHub(t, func(c *Config) {
		c.Connected = func(_, user id.ID, n int) { told = append(told, int(user)*10+n) }
	})
	a := subscribe(t, h, Subscription{Tenant: 1, User: 7, Screen: true}, "")
	program := subscribe(t, h, Subscription{Tenant: 1, User: 7}, "")
	b := subscribe(t, h, Subscription{Tenant: 1, User: 7, Screen: true}, "")
	a.Close()
	a.Close()
	program.Close()
	b.Close()
	subscribe(t, h, Subscription{Tenant: 1, User: 8, Screen: true}, "")
	h.Close()
	if want := []int{71, 72, 71, 70, 81, 80}; !slices.Equal(told, want) {
		t.Errorf("%v, not %v", told, want)
	}
}
