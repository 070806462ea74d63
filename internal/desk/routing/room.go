package routing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/keep"
	"zhidan/internal/platform/live"
)

// Config is what the room stands on. Bus, Hub, Tell and TellQueue may be nil.
type Config struct {
	DB     *db.DB
	IDs    *id.Source
	Clock  *clock.Clock
	Log    *slog.Logger
	Jobs   *job.Queue
	Bus    *bus.Bus
	Hub    *live.Hub
	Forms  *form.Cache
	Staff  *staff.House
	Roster *roster.Room
	Desk   *ticket.Desk
	// Tell notifies people, in the transaction that decides it.
	Tell func(ctx context.Context, tx *db.Tx, n Notice) error
	// TellQueue tells people that a queue has waited too long.
	TellQueue func(ctx context.Context, tx *db.Tx, q LongQueue) error
}

// Notice is what people are told of.
type Notice struct {
	Tenant id.ID
	Event  string // offered, abnormal, serious, acknowledged
	To     []id.ID
	By     id.ID // whose act it was; zero: time's
	Ticket *ticket.Ticket
	Urgent bool   // by every channel at once, quiet hours or not
	Key    string // the same is told once
}

// Room keeps what decisions need of every tenant that is at work. It is safe
// for concurrent use.
type Room struct {
	Config
	kept *keep.Tenants[*resident]

	mu      sync.Mutex
	told    map[id.ID]time.Time // when screens last heard of a tenant's queues
	owed    map[id.ID]bool      // to whom a word is owed when the pause is over
	counted map[id.ID]int64     // the day on which records were last counted
}

// resident is what is kept of a tenant. All but the crew is never changed.
type resident struct {
	active, shadow *Plan
	catalog        *form.Catalog
	dir            *staff.Directory
	zone           *time.Location
	profiles       map[id.ID]Profile
	tiers          map[string]int // rank of a customer tier, the highest first
	crew           *crew
}

// New makes the room and registers its jobs, so it comes before the queue's
// Start.
func New(c Config) *Room {
	m := &Room{Config: c, kept: keep.New[*resident](c.Bus, "routing"), told: map[id.ID]time.Time{}, owed: map[id.ID]bool{}, counted: map[id.ID]int64{}}
	if m.Log == nil {
		m.Log = slog.Default()
	}
	m.registerJobs()
	m.registerReplay()
	return m
}

// Forget makes every node read a tenant's rules and profiles anew.
func (m *Room) Forget(tenant id.ID) { m.kept.Changed(tenant) }

// fresh is what holds for a tenant now. It may read the store and must not be
// called within a transaction.
func (m *Room) fresh(ctx context.Context, tenant id.ID) (*resident, error) {
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	k, ok, mark := m.kept.Get(tenant)
	if ok && k.dir == dir && k.catalog.Version() == catalog.Version() {
		return k, nil
	}
	return m.make(ctx, m.DB, tenant, catalog, dir, mark)
}

// within is what holds for a tenant, for use inside a transaction: what fresh
// has left, else it is read by the transaction.
func (m *Room) within(ctx context.Context, tx *db.Tx, tenant id.ID) (*resident, error) {
	k, ok, mark := m.kept.Get(tenant)
	if ok {
		return k, nil
	}
	catalog, err := form.Load(ctx, tx, tenant)
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return m.make(ctx, tx, tenant, catalog, dir, mark)
}

// make reads what is kept, and keeps it unless something was forgotten
// meanwhile.
func (m *Room) make(ctx context.Context, r db.Reader, tenant id.ID, catalog *form.Catalog, dir *staff.Directory, mark keep.Mark) (*resident, error) {
	schema, err := NewSchema(catalog)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(dir.Tenant.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	k := &resident{catalog: catalog, dir: dir, zone: zone, tiers: map[string]int{}, crew: &crew{}}
	active, shadow, err := LoadSets(ctx, r, tenant)
	if err != nil {
		return nil, err
	}
	k.active = m.compile(tenant, active, schema)
	if k.active == nil {
		if k.active, err = Compile(Shipped(), schema); err != nil {
			return nil, err
		}
	}
	k.shadow = m.compile(tenant, shadow, schema)
	if k.profiles, err = loadProfiles(ctx, r, tenant); err != nil {
		return nil, err
	}
	for i, t := range customer.Tiers() {
		k.tiers[t.Key] = len(customer.Tiers()) - i
	}
	k.tiers[""] = k.tiers[customer.TierNormal] // nobody knows them yet
	m.kept.Join(tenant, mark, func(was *resident, ok bool) *resident {
		if ok {
			k.crew = was.crew // what people carry is not forgotten with the rules
			k.crew.mu.Lock()
			k.crew.pool = nil
			k.crew.mu.Unlock()
		}
		return k
	})
	return k, nil
}

// compile makes a plan of a stored set. One that speaks of what is gone is
// passed over: a ticket in the hands of the shipped rules is better than none.
func (m *Room) compile(tenant id.ID, s *Stored, schema *expr.Schema) *Plan {
	if s == nil {
		return nil
	}
	p, err := Compile(s.RuleSet, schema)
	if err != nil {
		m.Log.Warn("a routing rule set cannot be used", "tenant", tenant, "version", s.Version, "error", err)
		return nil
	}
	return p
}
