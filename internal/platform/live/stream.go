package live

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Subscription says who listens and to what.
type Subscription struct {
	Tenant id.ID
	User   id.ID
	// Filter says whether the reader may hear of an event of the tenant; nil
	// lets only events for all through. It is called with the hub locked, for
	// every event: it must be quick, and must not call the hub.
	Filter func(Event) bool
	// Screen says that a person looks at it, and not a program.
	Screen bool
}

// Stream is one browser's.
type Stream struct {
	hub   *Hub
	sub   Subscription
	c     chan Message
	first []Message // hello, then what was missed
	err   error     // why it ended; read after c is closed
	ended bool
}

// ErrSlow is why a stream was cut off.
var ErrSlow = errors.New("live: the reader is too slow")

func (s *Stream) lets(m Message) bool {
	if m.Name == Resync {
		return true
	}
	if s.sub.Filter == nil {
		return m.Audience.All
	}
	return s.sub.Filter(m.Event)
}

// Subscribe opens a stream. last is the position of the last event that the
// reader got, or empty. The stream begins with hello and then has what was
// missed since last, or resync when that is not known. It ends with Close, with
// ctx, or by itself when the reader is too slow.
func (h *Hub) Subscribe(ctx context.Context, sub Subscription, last string) (*Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := userName{sub.Tenant, sub.User}
	switch {
	case h.closed:
		return nil, fault.New(fault.Unavailable, "live.closed", "the server is going down, try again")
	case h.count >= h.cfg.PerNode:
		return nil, fault.New(fault.Limited, "live.node_streams", "this node has its %d streams, try again", h.cfg.PerNode)
	case h.users[u] >= h.cfg.PerUser:
		return nil, fault.New(fault.Limited, "live.user_streams", "you have %d streams open already, close a window", h.cfg.PerUser)
	}
	s := &Stream{hub: h, sub: sub, c: make(chan Message, h.cfg.Buffer)}
	hello := Message{Event: Event{Tenant: sub.Tenant, Name: Hello}, Position: h.here()}
	hello.Data = []byte(`{"position":"` + hello.Position + `"}`)
	if last == "" {
		s.first = []Message{hello}
	} else if from, ok := h.since(last); !ok {
		s.first = []Message{hello, h.resync(sub.Tenant)}
	} else {
		hello.Position = "" // the reader's own stays until it has the first missed event
		s.first = []Message{hello}
		for seq := from; seq < h.seq; seq++ {
			if m := h.at(seq).Message; m.Tenant == sub.Tenant && s.lets(m) {
				s.first = append(s.first, m)
			}
		}
	}
	set := h.streams[sub.Tenant]
	if set == nil {
		set = map[*Stream]struct{}{}
		h.streams[sub.Tenant] = set
	}
	set[s] = struct{}{}
	h.users[u]++
	h.screen(s, 1)
	h.count++
	return s, nil
}

// Next waits for the next message. When ok is false there is none: because of
// ctx, because the reader was too slow (ErrSlow), or, without an error, because
// the stream was closed.
func (s *Stream) Next(ctx context.Context) (m Message, ok bool, err error) {
	if len(s.first) > 0 {
		m, s.first = s.first[0], s.first[1:]
		return m, true, nil
	}
	select {
	case m, ok = <-s.c:
		if !ok {
			return m, false, s.err
		}
		return m, true, nil
	case <-ctx.Done():
		return m, false, ctx.Err()
	}
}

// Close ends the stream.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.end(s, nil)
}

// end takes a stream out of the hub. The caller holds the mutex.
func (h *Hub) end(s *Stream, why error) {
	if s.ended {
		return
	}
	s.ended, s.err = true, why
	set := h.streams[s.sub.Tenant]
	delete(set, s)
	if len(set) == 0 {
		delete(h.streams, s.sub.Tenant)
	}
	u := userName{s.sub.Tenant, s.sub.User}
	if h.users[u]--; h.users[u] == 0 {
		delete(h.users, u)
	}
	h.screen(s, -1)
	h.count--
	close(s.c)
}

// screen counts the screens of a stream's user. The caller holds the mutex.
func (h *Hub) screen(s *Stream, n int) {
	if !s.sub.Screen {
		return
	}
	u := userName{s.sub.Tenant, s.sub.User}
	if h.screens[u] += n; h.screens[u] == 0 {
		delete(h.screens, u)
	}
	if h.cfg.Connected != nil {
		h.cfg.Connected(u.tenant, u.user, h.screens[u])
	}
}

// maxPosition bounds what is read of a position.
const maxPosition = 100

// ServeSSE serves a stream as an event stream until the reader goes, is too
// slow, or the stream's time is over. The reader names its last event in the
// header Last-Event-ID, or, where it cannot set headers, in the query parameter
// position. An error is returned only before anything was written.
func (h *Hub) ServeSSE(w http.ResponseWriter, r *http.Request, sub Subscription) error {
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("position")
	}
	if len(last) > maxPosition {
		last = "?"
	}
	s, err := h.Subscribe(r.Context(), sub, last)
	if err != nil {
		return err
	}
	defer s.Close()
	head := w.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no") // a proxy must not collect them
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)

	beat := time.NewTicker(h.cfg.Heartbeat)
	defer beat.Stop()
	// Not all at the same moment, after a restart that brought them together.
	age := time.NewTimer(h.cfg.MaxAge - rand.N(h.cfg.MaxAge/10+1))
	defer age.Stop()
	var b bytes.Buffer
	b.WriteString("retry: 1000\n\n")
	for _, m := range s.first {
		frame(&b, m)
	}
	s.first = nil
	for {
		// A reader that takes nothing for two heartbeats is gone. Not every
		// writer knows deadlines (a test's recorder does not).
		_ = out.SetWriteDeadline(time.Now().Add(2 * h.cfg.Heartbeat))
		if _, err := w.Write(b.Bytes()); err != nil {
			return nil
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		b.Reset()
		select {
		case m, ok := <-s.c:
			if !ok {
				return nil
			}
			frame(&b, m)
			for more := true; more && b.Len() < 64<<10; {
				select {
				case m, ok := <-s.c:
					if !ok {
						more = false // what was got is written, then it ends
						break
					}
					frame(&b, m)
				default:
					more = false
				}
			}
		case <-beat.C:
			b.WriteString(":\n\n")
		case <-age.C:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// frame writes one event. JSON made by encoding/json has no line ends.
func frame(b *bytes.Buffer, m Message) {
	if m.Position != "" {
		b.WriteString("id: ")
		b.WriteString(m.Position)
		b.WriteByte('\n')
	}
	b.WriteString("event: ")
	b.WriteString(m.Name)
	b.WriteString("\ndata: ")
	b.Write(m.Data)
	b.WriteString("\n\n")
}
