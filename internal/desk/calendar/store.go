package calendar

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/keep"
)

// Config is what the cache stands on. Staff, Bus and Changed may be nil.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Staff *staff.House
	Bus   *bus.Bus
	// Changed runs in the transaction of a change that can move what is due,
	// to note that it has to be counted again.
	Changed func(ctx context.Context, tx *db.Tx, tenant id.ID, revision int64) error
}

// Cache keeps the calendars of every tenant that is at work.
type Cache struct {
	Config
	kept *keep.Tenants[*Set]
}

// NewCache makes an empty cache.
func NewCache(c Config) *Cache { return &Cache{c, keep.New[*Set](c.Bus, "calendar")} }

// Get is the tenant's calendars; it reads the store only the first time and
// after a change. A tenant that has none yet gets the shipped ones. It must
// not be called within a transaction: Load is for that.
func (c *Cache) Get(ctx context.Context, tenant id.ID) (*Set, error) {
	k, ok, mark := c.kept.Get(tenant)
	if ok {
		return k, nil
	}
	k, err := c.read(ctx, tenant)
	if err != nil {
		return nil, err
	}
	c.kept.Put(tenant, k, mark)
	return k, nil
}

func (c *Cache) read(ctx context.Context, tenant id.ID) (k *Set, err error) {
	read := func() error {
		return c.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) (err error) {
			k, err = Load(ctx, r, tenant, 0)
			return err
		})
	}
	if err := read(); err != nil || k.Revision > 0 {
		return k, err
	}
	t := staff.Tenant{ID: tenant}
	if c.Staff != nil {
		dir, err := c.Staff.Directory(ctx, tenant)
		if err != nil {
			return nil, err
		}
		t = dir.Tenant
	}
	if err := c.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error { return c.Seed(ctx, tx, t) }); err != nil {
		return nil, err
	}
	return k, read()
}

// For is the calendar by which a team or department of a tenant works.
func (c *Cache) For(ctx context.Context, tenant, team, department id.ID) (*Calendar, error) {
	s, err := c.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var dir *staff.Directory
	if c.Staff != nil && (team != 0 || department != 0) {
		if dir, err = c.Staff.Directory(ctx, tenant); err != nil {
			return nil, err
		}
	}
	return s.For(dir, team, department), nil
}

// Invalidate drops what this node keeps of a tenant.
func (c *Cache) Invalidate(tenant id.ID) { c.kept.Drop(tenant) }

// The kinds of rows.
const (
	kindCalendar   = "calendar"
	kindTable      = "table"
	kindAssignment = "assignment"
)

// assignmentID is the id of the one row of its kind.
const assignmentID id.ID = 1

type item struct {
	kind     string
	id       id.ID
	revision int64
	key      string
	retired  bool
	body     string
	at       clock.Time
}

// Load reads a tenant's calendars as they were at a revision; 0 is now. The
// revision of what it gives is 0 when the tenant has none.
func Load(ctx context.Context, r db.Reader, tenant id.ID, revision int64) (*Set, error) {
	s := &Set{}
	err := r.QueryRow(ctx, `select revision from calendar_revision where tenant_id = $1`, tenant).Scan(&s.Revision)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if revision > 0 {
		s.Revision = min(s.Revision, revision)
	}
	rows, err := r.Query(ctx, `select i.kind, i.id, i.revision, i.key, i.retired, i.body, i.at from calendar_item i
		where i.tenant_id = $1 and i.revision = (select max(j.revision) from calendar_item j
			where j.tenant_id = $1 and j.kind = i.kind and j.id = i.id and j.revision <= $2)
		order by i.kind, i.id`, tenant, s.Revision)
	items, err := db.Each(rows, err, func(r *sql.Rows) (item, error) {
		var x item
		return x, r.Scan(&x.kind, &x.id, &x.revision, &x.key, &x.retired, &x.body, (*int64)(&x.at))
	})
	if err != nil {
		return nil, err
	}
	for _, x := range items {
		if err := s.take(x); err != nil {
			return nil, fmt.Errorf("%s %s: %w", x.kind, x.id, err)
		}
	}
	slices.SortStableFunc(s.entries, func(a, b Entry) int { return a.Position - b.Position })
	if s.assignment.Departments == nil {
		s.assignment.Departments = map[id.ID]id.ID{}
	}
	if s.assignment.Teams == nil {
		s.assignment.Teams = map[id.ID]id.ID{}
	}
	return s, s.compile()
}

// tableBody is a table in its row. Back is the revision of the row whose
// content an undo brings back, 0 when there is none.
type tableBody struct {
	Name  Label  `json:"name"`
	Years []Year `json:"years"`
	Back  int64  `json:"back,omitempty"`
}

func (s *Set) take(x item) error {
	raw := []byte(x.body)
	switch x.kind {
	case kindCalendar:
		var e Entry
		if err := json.Unmarshal(raw, &e.Settings); err != nil {
			return err
		}
		e.ID, e.Key, e.Retired, e.Version = x.id, x.key, x.retired, x.revision
		s.entries = append(s.entries, e)
	case kindTable:
		var b tableBody
		if err := json.Unmarshal(raw, &b); err != nil {
			return err
		}
		s.tables = append(s.tables, Table{ID: x.id, Key: x.key, Name: b.Name, Years: b.Years, Version: x.revision, At: x.at, Undoable: b.Back > 0})
	case kindAssignment:
		if err := json.Unmarshal(raw, &s.assignment); err != nil {
			return err
		}
		s.assignment.Version = x.revision
	}
	return nil
}

// editor is one change of a tenant's calendars, with the set as it is inside
// the transaction. Whoever comes second sees the first one's change, because
// all pass over the row of the revision.
type editor struct {
	*Set
	cache  *Cache
	tx     *db.Tx
	tenant id.ID
	author id.ID
	next   int64
}

func (c *Cache) edit(ctx context.Context, by *staff.Actor, fn func(ctx context.Context, e *editor) error) error {
	if _, err := c.Get(ctx, by.Tenant); err != nil { // seeds an older tenant
		return err
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := c.begin(ctx, tx, by.Tenant)
		if err != nil {
			return err
		}
		e.author = by.ID
		if err := fn(ctx, e); err != nil || c.Changed == nil {
			return err
		}
		return c.Changed(ctx, tx, by.Tenant, e.next)
	})
	if err == nil {
		c.kept.Changed(by.Tenant)
	}
	return err
}

func (c *Cache) begin(ctx context.Context, tx *db.Tx, tenant id.ID) (*editor, error) {
	e := &editor{cache: c, tx: tx, tenant: tenant}
	if err := tx.QueryRow(ctx, `insert into calendar_revision (tenant_id, revision) values ($1, 1)
		on conflict (tenant_id) do update set revision = calendar_revision.revision + 1 returning revision`, tenant).Scan(&e.next); err != nil {
		return nil, err
	}
	var err error
	e.Set, err = Load(ctx, tx, tenant, e.next)
	return e, err
}

func (e *editor) put(ctx context.Context, kind string, i id.ID, key string, retired bool, body any) (id.ID, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	if i == 0 {
		i = e.cache.IDs.Next()
	}
	_, err = e.tx.Exec(ctx, `insert into calendar_item (tenant_id, kind, id, revision, key, retired, body, author_id, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.tenant, kind, i, e.next, key, retired, string(raw), sql.NullInt64{Int64: int64(e.author), Valid: e.author != 0}, e.cache.Clock.Millis())
	return i, err
}

// Seed gives a tenant that has no calendars the shipped ones: office hours in
// its own zone, which everybody works by, and around the clock. It is part of
// the transaction that makes the tenant.
func (c *Cache) Seed(ctx context.Context, tx *db.Tx, t staff.Tenant) error {
	e, err := c.begin(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	if e.next > 1 {
		return nil // another node was faster
	}
	if _, err := e.put(ctx, kindTable, 0, China, false, tableBody{Name: Label{"中国大陆法定节假日", "Public holidays, mainland China"}, Years: Shipped(China)}); err != nil {
		return err
	}
	var a Assignment
	for i, x := range seeds(t.TimeZone) {
		calendar, err := e.put(ctx, kindCalendar, 0, x.Key, false, x)
		if err != nil {
			return err
		}
		if i == 0 {
			a.Tenant = calendar
		}
	}
	_, err = e.put(ctx, kindAssignment, assignmentID, kindAssignment, false, a)
	return err
}

// stale is the answer to a change of something that was read too long ago.
func stale(read, now int64) error {
	if read != 0 && read != now {
		return fault.New(fault.Precondition, "config.changed", "somebody else has changed this meanwhile")
	}
	return nil
}
