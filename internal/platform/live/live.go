// Package live pushes what happened to the browsers that are looking, as
// server-sent events (WHATWG HTML, section "Server-sent events").
//
// It is a hint, not a record: an event says that something changed, and the
// browser reads what it needs with its own rights. Promised:
//
//   - a stream gets the events of its own tenant that its filter lets through,
//     and no others, in live push and in replay;
//   - after a lost connection the browser names the last event that it got and
//     receives exactly those that it missed; on another node, those and
//     perhaps some that it had;
//   - when that cannot be done (too long ago, a connection between nodes was
//     down) it gets `resync` and reads everything anew: nothing is missed in
//     silence;
//   - a browser that reads too slowly is cut off, and costs the others nothing.
//
// Every node has one Hub with a ring of the newest events. What is published on
// one node reaches the hubs of the others through the bus. Publish is called
// after the commit of what it tells.
package live

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Bounds.
const (
	MaxData = 64 << 10 // bytes of an event's data as JSON
	maxName = 64
	// overlap is how much of the time before the last event is replayed to a
	// browser that comes from another node, where events stood in another
	// order. It is longer than it takes a node to notice that it is cut off.
	overlap = 30 * time.Second
)

// Event is something that happened.
type Event struct {
	ID       id.ID
	Tenant   id.ID
	Name     string // of the kind: lower-case letters, digits, dot, dash, underscore
	Data     any    // made JSON; nil is {}. A filter gets it as json.RawMessage
	Audience Audience
}

// Audience says who is concerned. It decides nothing by itself: the filter of a
// stream compares it with what its reader may see.
type Audience struct {
	All         bool    `json:"all,omitempty"`
	Users       []id.ID `json:"users,omitempty"` // assignee, collaborators, watchers, mentioned
	Teams       []id.ID `json:"teams,omitempty"`
	Departments []id.ID `json:"departments,omitempty"`
}

// Config is what a hub needs. Zero fields have the defaults in brackets.
type Config struct {
	Bus *bus.Bus // to the other nodes; nil: there are none
	Log *slog.Logger

	Ring      int           // newest events kept for replay [16384]
	Buffer    int           // events that a stream may lag behind [256]
	PerUser   int           // streams of one user on this node [20]
	PerNode   int           // streams of this node [20000]
	Heartbeat time.Duration // pause between signs of life [15 s]
	// MaxAge ends a stream after a time, so that the browser signs in anew and
	// its filter has the reader's present rights [10 minutes].
	MaxAge time.Duration
	// Connected is told how many screens somebody has on this node whenever
	// that changes. It is called with the hub locked: it must be quick, and must
	// not call the hub.
	Connected func(tenant, user id.ID, screens int)
}

// Hub is the push of one node.
type Hub struct {
	cfg  Config
	node string // this incarnation, in positions
	log  *slog.Logger

	mu      sync.Mutex
	ring    []entry // of the events seq-len … seq-1, at seq % len
	seq     int64   // of the next event
	floor   int64   // events before it are not complete
	byID    map[id.ID]int64
	streams map[id.ID]map[*Stream]struct{} // by tenant
	users   map[userName]int
	screens map[userName]int // streams that are somebody's screen
	count   int
	closed  bool
	unbind  func()
}

type userName struct{ tenant, user id.ID }

type entry struct {
	Message
	at time.Time
}

// Message is an event as a stream gets it.
type Message struct {
	Event
	Position string
	Data     json.RawMessage
}

// Resync is the name of the event that asks to read everything anew; Hello is
// the first of every stream.
const (
	Resync = "resync"
	Hello  = "hello"
)

const topic = "live"

// New makes a hub.
func New(c Config) *Hub {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&c.Ring, 16384)
	set(&c.Buffer, 256)
	set(&c.PerUser, 20)
	set(&c.PerNode, 20000)
	if c.Heartbeat <= 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.MaxAge <= 0 {
		c.MaxAge = 10 * time.Minute
	}
	var b [6]byte
	rand.Read(b[:])
	h := &Hub{cfg: c, log: c.Log, node: hex.EncodeToString(b[:]), seq: 1, floor: 1,
		byID: map[id.ID]int64{}, streams: map[id.ID]map[*Stream]struct{}{}, users: map[userName]int{}, screens: map[userName]int{}}
	h.unbind = c.Bus.Subscribe(topic, h.heard, h.gap)
	return h
}

// Close ends all streams; their browsers come back to another node, or to this
// one after its restart, and are told to read anew.
func (h *Hub) Close() {
	h.unbind()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, set := range h.streams {
		for s := range set {
			h.end(s, nil)
		}
	}
}

// Publish sends an event to the streams of this node and to the other nodes. It
// does not wait for anybody.
func (h *Hub) Publish(ctx context.Context, e Event) error {
	if !validName(e.Name) || e.Name == Hello || e.Name == Resync {
		return fault.Bad("name", "live.name", "%q cannot name an event", e.Name)
	}
	if e.Tenant <= 0 || e.ID <= 0 {
		return fault.Bad("tenant", "live.event", "an event has an id and a tenant")
	}
	data := json.RawMessage("{}")
	if e.Data != nil {
		b, err := json.Marshal(e.Data)
		if err != nil {
			return fmt.Errorf("live event %s: %w", e.Name, err)
		}
		data = b
	}
	if len(data) > MaxData {
		return fault.Bad("data", "live.data", "an event may have %d bytes of data", MaxData)
	}
	e.Data = data
	h.mu.Lock()
	closed := h.closed
	if !closed {
		h.insert(e, data)
	}
	h.mu.Unlock()
	if closed || h.cfg.Bus == nil {
		return nil
	}
	return h.tell(e, data)
}

func validName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

// insert puts an event into the ring and hands it to the streams. The caller
// holds the mutex.
func (h *Hub) insert(e Event, data json.RawMessage) {
	if _, twice := h.byID[e.ID]; twice && e.ID != 0 {
		return
	}
	m := Message{Event: e, Data: data, Position: h.position(h.seq, e.ID)}
	h.keep(m)
	for s := range h.streams[e.Tenant] {
		if s.lets(m) {
			h.push(s, m)
		}
	}
}

// keep puts a message into the ring.
func (h *Hub) keep(m Message) {
	if len(h.ring) < h.cfg.Ring {
		h.ring = append(h.ring, entry{m, time.Now()})
	} else {
		slot := h.at(h.seq)
		delete(h.byID, slot.ID)
		*slot = entry{m, time.Now()}
	}
	if m.ID != 0 {
		h.byID[m.ID] = h.seq
	}
	h.seq++
}

func (h *Hub) at(seq int64) *entry { return &h.ring[(seq-1)%int64(h.cfg.Ring)] }

// oldest is the first event that the ring still has.
func (h *Hub) oldest() int64 { return h.seq - int64(len(h.ring)) }

// push gives a message to a stream, or cuts the stream off. The caller holds
// the mutex.
func (h *Hub) push(s *Stream, m Message) {
	select {
	case s.c <- m:
	default:
		h.end(s, ErrSlow)
	}
}

// A position is "<node>.<number on that node>.<event>": on the same node the
// number says exactly how far a browser has come, on another the event does.

func (h *Hub) position(seq int64, e id.ID) string {
	return h.node + "." + strconv.FormatInt(seq, 10) + "." + strconv.FormatInt(int64(e), 10)
}

// here is the position of the newest event.
func (h *Hub) here() string {
	var e id.ID
	if len(h.ring) > 0 {
		e = h.at(h.seq - 1).ID
	}
	return h.position(h.seq-1, e)
}

// since is the first event to replay after a position; false when the events
// after it are not all here.
func (h *Hub) since(position string) (from int64, ok bool) {
	node, rest, _ := strings.Cut(position, ".")
	number, event, found := strings.Cut(rest, ".")
	seq, err1 := strconv.ParseInt(number, 10, 64)
	e, err2 := strconv.ParseInt(event, 10, 64)
	if !found || err1 != nil || err2 != nil || seq < 0 {
		return 0, false
	}
	if node == h.node {
		if seq >= h.seq {
			return 0, false
		}
		from = seq + 1
	} else {
		seq, known := h.byID[id.ID(e)]
		if !known {
			return 0, false
		}
		from = seq + 1
		edge := h.at(seq).at.Add(-overlap)
		for from > h.oldest() && h.at(from-1).at.After(edge) {
			from--
		}
	}
	return from, from >= h.oldest() && from >= h.floor
}

// gap is called when events of other nodes may have been lost.
func (h *Hub) gap() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep(Message{}) // a place that no position before it can pass
	h.floor = h.seq
	for tenant, set := range h.streams {
		m := h.resync(tenant)
		for s := range set {
			h.push(s, m)
		}
	}
}

func (h *Hub) resync(tenant id.ID) Message {
	return Message{Event: Event{Tenant: tenant, Name: Resync}, Data: json.RawMessage("{}"), Position: h.here()}
}

// Streams is how many there are on this node.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}
