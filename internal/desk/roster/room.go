package roster

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
)

// Why somebody's work has ended, for Config.Ended.
const (
	WhyShift = "shift" // the shift is over and no other follows
	WhyLeave = "leave" // a leave begins
	WhyLeft  = "left"  // the account was closed
)

// Config is what the room stands on. Bus, Hub and the functions may be nil.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Log   *slog.Logger
	Jobs  *job.Queue
	Staff *staff.House
	Bus   *bus.Bus
	Hub   *live.Hub
	// Changed runs in the transaction that changes somebody's state. It may run
	// more than once, but commits once for each change.
	Changed func(ctx context.Context, tx *db.Tx, tenant, user id.ID, from, to State) error
	// Ended runs in a transaction when somebody's work ends by plan or for good,
	// so that what they have at hand can be given to others.
	Ended func(ctx context.Context, tx *db.Tx, tenant, user id.ID, why string) error
	// HandedOver runs in the transaction in which somebody takes a hand-over, to
	// move its tickets. It sees to it that giver and taker may.
	HandedOver func(ctx context.Context, tx *db.Tx, taker *staff.Actor, h Handover) error
	// Told runs in the transaction of what people have to be told of.
	Told func(ctx context.Context, tx *db.Tx, tenant id.ID, n Notice) error
	// Linger is how long a screen must be gone before it is written down: a page
	// that is loaded anew costs nothing. The grace counts from the beginning. [5 s]
	Linger time.Duration
}

// Room keeps states and plans of every tenant that is at work. It is safe for
// concurrent use.
type Room struct {
	Config
	presence presence

	mu    sync.RWMutex
	kept  map[id.ID]*States
	drops int64 // counts changes: what was read before one is not kept

	shifts map[id.ID]*Shifts
	plans  int64 // counts changes of plans, like drops
	told   []func(ctx context.Context, tenant, user id.ID, from, to State)
}

const topic = "roster"

// message is what nodes tell each other: how somebody stands now, or that the
// plan or all of a tenant has to be read anew.
type message struct {
	Tenant id.ID   `json:"t"`
	Status *Status `json:"s,omitempty"`
	Plan   bool    `json:"p,omitempty"`
}

// New makes the room and registers its jobs, so it comes before the queue's
// Start.
func New(c Config) *Room {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Linger == 0 {
		c.Linger = 5 * time.Second
	}
	m := &Room{Config: c, kept: map[id.ID]*States{}, shifts: map[id.ID]*Shifts{}}
	m.registerJobs()
	m.presence.init(m)
	c.Bus.Subscribe(topic, m.heard, m.forgetAll)
	return m
}

// Close ends what runs beside the calls.
func (m *Room) Close() { m.presence.close() }

// OnChange calls fn after every change of a state that was made on this node.
// What must not be missed belongs into Config.Changed.
func (m *Room) OnChange(fn func(ctx context.Context, tenant, user id.ID, from, to State)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, fn)
}

// States is how everybody of a tenant stands. It does not change.
type States struct {
	Settings Settings
	version  int64 // of the settings
	people   map[id.ID]Status
}

// Of is how somebody stands; who was never seen is offline.
func (s *States) Of(user id.ID) Status {
	if x, ok := s.people[user]; ok {
		return x
	}
	return Status{User: user, State: Offline}
}

// TakesWork says whether somebody gets work by assignment now.
func (s *States) TakesWork(user id.ID) bool { return !s.Settings.stops(s.Of(user).State) }

func (s Settings) stops(x State) bool {
	for _, n := range s.NoWork {
		if n == x {
			return true
		}
	}
	return false
}

// States is the present one: exact with every change made on this node, and at
// most a second behind others. It reads the store only the first time, and must
// not be called within a transaction.
func (m *Room) States(ctx context.Context, tenant id.ID) (*States, error) {
	m.mu.RLock()
	k, drops := m.kept[tenant], m.drops
	m.mu.RUnlock()
	if k != nil {
		return k, nil
	}
	k = &States{people: map[id.ID]Status{}}
	err := m.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) (err error) {
		if k.Settings, k.version, err = readSettings(ctx, r, tenant); err != nil {
			return err
		}
		rows, err := r.Query(ctx, `select `+statusColumns+` from agent_state where tenant_id = $1`, tenant)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			s, err := scanStatus(rows)
			if err != nil {
				return err
			}
			k.people[s.User] = s
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.kept[tenant]; now != nil {
		return now, nil
	}
	if drops == m.drops {
		m.kept[tenant] = k
	}
	return k, nil
}

// saw puts a newer status into what is kept.
func (m *Room) saw(tenant id.ID, s Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drops++
	k := m.kept[tenant]
	if k == nil || k.people[s.User].Version >= s.Version {
		return
	}
	next := &States{Settings: k.Settings, version: k.version, people: make(map[id.ID]Status, len(k.people)+1)}
	for u, x := range k.people {
		next.people[u] = x
	}
	next.people[s.User] = s
	m.kept[tenant] = next
}

func (m *Room) forget(tenant id.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, tenant)
	m.drops++
}

func (m *Room) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.kept)
	clear(m.shifts)
	m.drops++
	m.plans++
}

func (m *Room) heard(text string) {
	var msg message
	if json.Unmarshal([]byte(text), &msg) != nil || msg.Tenant <= 0 {
		return
	}
	if msg.Status != nil {
		m.saw(msg.Tenant, *msg.Status)
		return
	}
	if msg.Plan {
		m.forgetPlan(msg.Tenant)
		return
	}
	m.forget(msg.Tenant)
}

// tell sends a message to the other nodes. One that is lost makes them read
// anew when the connection is back.
func (m *Room) tell(msg message) {
	if m.Bus == nil {
		return
	}
	text, err := json.Marshal(msg)
	if err == nil {
		err = m.Bus.Send(topic, string(text))
	}
	if err != nil {
		m.Log.Warn("roster: other nodes were not told", "error", err)
	}
}

// zone is the time zone in which a tenant's days begin.
func (m *Room) zone(ctx context.Context, tenant id.ID) (*time.Location, error) {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return zoneOf(dir), nil
}

func zoneOf(dir *staff.Directory) *time.Location {
	if z, err := time.LoadLocation(dir.Tenant.TimeZone); err == nil {
		return z
	}
	return time.UTC
}
