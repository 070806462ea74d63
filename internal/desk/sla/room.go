package sla

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/keep"
)

// Config is what the room stands on. Bus and Told may be nil.
type Config struct {
	DB        *db.DB
	IDs       *id.Source
	Clock     *clock.Clock
	Jobs      *job.Queue
	Bus       *bus.Bus
	Forms     *form.Cache
	Staff     *staff.House
	Calendars *calendar.Cache
	Desk      *ticket.Desk
	// Told runs in the transaction that tells a warning or a breach: to notify,
	// to escalate. It may run more than once, but commits once for each step.
	Told func(ctx context.Context, tx *db.Tx, t *ticket.Ticket, told []Told) error
}

// Room keeps the policies of every tenant that is at work, and joins clocks to
// tickets. It is safe for concurrent use.
type Room struct {
	Config
	kept *keep.Tenants[*resident]

	mu        sync.Mutex
	calendars map[calendarName]*calendar.Calendar // that have been used, by full name
}

type calendarName struct {
	tenant id.ID
	name   string
}

// resident is what is kept of a tenant. It does not change.
type resident struct {
	policies []*Policy // in order, without retired ones
	catalog  int64     // version of the forms that conditions were checked against
	schema   *expr.Schema
	set      *calendar.Set
	names    map[*calendar.Calendar]string
	dir      *staff.Directory
}

// maxCalendars bounds what is kept of old calendars.
const maxCalendars = 5000

// New makes the room and registers its jobs, so it comes before the queue's
// Start.
func New(c Config) *Room {
	m := &Room{Config: c, kept: keep.New[*resident](c.Bus, "sla"), calendars: map[calendarName]*calendar.Calendar{}}
	m.registerJobs()
	m.Desk.OnErase(m.erase)
	return m
}

// fresh is what holds for a tenant now. It may read the store and must not be
// called within a transaction.
func (m *Room) fresh(ctx context.Context, tenant id.ID) (*resident, error) {
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	set, err := m.Calendars.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	k, ok, mark := m.kept.Get(tenant)
	if ok && k.set == set && k.dir == dir && k.catalog == catalog.Version() {
		return k, nil
	}
	if k, err = m.make(ctx, m.DB, tenant, catalog, set, dir); err != nil {
		return nil, err
	}
	m.kept.Put(tenant, k, mark)
	return k, nil
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
	set, err := calendar.Load(ctx, tx, tenant, 0)
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if k, err = m.make(ctx, tx, tenant, catalog, set, dir); err != nil {
		return nil, err
	}
	m.kept.Put(tenant, k, mark)
	return k, nil
}

func (m *Room) make(ctx context.Context, r db.Reader, tenant id.ID, catalog *form.Catalog, set *calendar.Set, dir *staff.Directory) (*resident, error) {
	k := &resident{catalog: catalog.Version(), set: set, dir: dir, names: map[*calendar.Calendar]string{}}
	var err error
	if k.schema, err = NewSchema(catalog); err != nil {
		return nil, err
	}
	all, err := loadPolicies(ctx, r, tenant)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.Retired {
			continue
		}
		if err := p.Compile(k.schema); err != nil {
			// A condition speaks of a field that is gone. The promise of the
			// next policy is better than no ticket at all.
			continue
		}
		k.policies = append(k.policies, &p.Policy)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.calendars) > maxCalendars {
		clear(m.calendars)
	}
	for _, e := range set.Entries() {
		if c, ok := set.Calendar(e.ID); ok {
			version := e.Version
			if t, ok := set.Table(e.Table); ok {
				version = max(version, t.Version)
			}
			k.names[c] = fmt.Sprintf("%s@%d", e.ID, version)
			m.calendars[calendarName{tenant, k.names[c]}] = c
		}
	}
	return k, nil
}

// rules are what moves the clocks of one ticket. What its clocks name of the
// past is read from the store first.
func (m *Room) rules(ctx context.Context, r db.Reader, k *resident, tenant id.ID, s *Sheet) (*Rules, error) {
	past, err := m.past(ctx, r, k, tenant, s)
	if err != nil {
		return nil, err
	}
	used := map[string]*calendar.Calendar{}
	for c, name := range k.names {
		used[name] = c
	}
	for _, c := range s.Clocks {
		for i := range c.Intervals {
			name := c.Intervals[i].Calendar
			if name == Always || name == "" || used[name] != nil {
				continue
			}
			if used[name], err = m.calendar(ctx, r, tenant, name); err != nil {
				return nil, err
			}
		}
	}
	return &Rules{
		Policies: k.policies,
		Past: func(policy id.ID, version int64) *Policy {
			if past != nil && past.ID == policy && past.Version == version {
				return past
			}
			return nil
		},
		Name: func(key string, row expr.Row) string {
			c, ok := k.set.ByKey(key)
			if key == "" || !ok {
				team, _ := row("team").(id.ID)
				department, _ := row("department").(id.ID)
				c = k.set.For(k.dir, team, department)
			}
			if name := k.names[c]; name != "" {
				return name
			}
			return Always
		},
		Calendar: func(name string) Calendar {
			if c := used[name]; c != nil {
				return c
			}
			return nil
		},
	}, nil
}

// past is the version of the policy under which a ticket stands when it is no
// longer the newest.
func (m *Room) past(ctx context.Context, r db.Reader, k *resident, tenant id.ID, s *Sheet) (*Policy, error) {
	for _, p := range k.policies {
		if s.Policy == 0 || p.ID != s.Policy || p.Version == s.Version {
			continue
		}
		old, err := loadPolicy(ctx, r, tenant, s.Policy, s.Version)
		if err != nil || old == nil || old.Compile(k.schema) != nil {
			return nil, err
		}
		return &old.Policy, nil
	}
	return nil, nil
}

// calendar finds one as it was, by its full name "id@revision".
func (m *Room) calendar(ctx context.Context, r db.Reader, tenant id.ID, name string) (*calendar.Calendar, error) {
	at := calendarName{tenant, name}
	m.mu.Lock()
	c := m.calendars[at]
	m.mu.Unlock()
	if c != nil {
		return c, nil
	}
	key, version, _ := strings.Cut(name, "@")
	calendarID, err := id.Parse(key)
	if err != nil {
		return nil, fmt.Errorf("calendar %q: %w", name, err)
	}
	revision, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("calendar %q: %w", name, err)
	}
	set, err := calendar.Load(ctx, r, tenant, revision)
	if err != nil {
		return nil, err
	}
	c, ok := set.Calendar(calendarID)
	if !ok {
		return nil, fmt.Errorf("calendar %q is gone", name)
	}
	m.mu.Lock()
	m.calendars[at] = c
	m.mu.Unlock()
	return c, nil
}
