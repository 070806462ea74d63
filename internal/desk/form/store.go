package form

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

// Config is what the cache stands on.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	// Bus tells other nodes of changes; may be nil.
	Bus *bus.Bus
	// Record keeps what was changed, in the transaction of the change; may be nil.
	Record func(ctx context.Context, tx *db.Tx, a *staff.Actor, act staff.Act) error
	// Changed is told on this node after a tenant's set-up has changed, to tell
	// screens; may be nil.
	Changed func(ctx context.Context, tenant id.ID)
}

// Cache keeps the catalogue of every tenant that is at work.
type Cache struct {
	Config
	kept *keep.Tenants[*Catalog]
}

// NewCache makes an empty cache.
func NewCache(c Config) *Cache { return &Cache{c, keep.New[*Catalog](c.Bus, "form")} }

// Get is the tenant's catalogue; it reads the store only the first time and
// after a change.
func (c *Cache) Get(ctx context.Context, tenant id.ID) (*Catalog, error) {
	k, ok, mark := c.kept.Get(tenant)
	if ok {
		return k, nil
	}
	k, err := Load(ctx, c.DB, tenant)
	if err != nil {
		return nil, err
	}
	c.kept.Put(tenant, k, mark)
	return k, nil
}

// The kinds of rows.
const (
	kindType      = "type"
	kindField     = "field"
	kindCategory  = "category"
	kindSubstatus = "substatus"
	kindCode      = "code"
	kindRules     = "rules"
	kindScene     = "scene"
)

type item struct {
	kind     string
	id       id.ID
	key      string
	parent   id.ID
	position int
	retired  bool
	body     string
	version  int64
}

// Load reads a tenant's catalogue.
func Load(ctx context.Context, r db.Reader, tenant id.ID) (*Catalog, error) {
	c := &Catalog{rulesOfAll: ShippedRules()}
	err := r.QueryRow(ctx, `select version from form_version where tenant_id = $1`, tenant).Scan(&c.version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	rows, err := r.Query(ctx, `select kind, id, key, coalesce(parent_id, 0), position, retired, body, version from form_item
		where tenant_id = $1 order by kind, position, id`, tenant)
	items, err := db.Each(rows, err, func(r *sql.Rows) (item, error) {
		var x item
		return x, r.Scan(&x.kind, &x.id, &x.key, &x.parent, &x.position, &x.retired, &x.body, &x.version)
	})
	if err != nil {
		return nil, err
	}
	for _, x := range items {
		if err := c.take(x); err != nil {
			return nil, fmt.Errorf("%s %s: %w", x.kind, x.id, err)
		}
	}
	c.categories = parentsFirst(c.categories)
	return c, build(c)
}

func (c *Catalog) take(x item) error {
	switch x.kind {
	case kindType:
		var t Type
		if err := json.Unmarshal([]byte(x.body), &t); err != nil {
			return err
		}
		t.ID, t.Key, t.Position, t.Retired, t.Version = x.id, x.key, x.position, x.retired, x.version
		c.types = append(c.types, t)
	case kindField:
		var f Field
		if err := json.Unmarshal([]byte(x.body), &f); err != nil {
			return err
		}
		f.ID, f.Key, f.Position, f.Retired, f.Version = x.id, x.key, x.position, x.retired, x.version
		c.fields = append(c.fields, f)
	case kindCategory:
		var k Category
		if err := json.Unmarshal([]byte(x.body), &k); err != nil {
			return err
		}
		k.ID, k.Parent, k.Position, k.Retired, k.Version = x.id, x.parent, x.position, x.retired, x.version
		c.categories = append(c.categories, k)
	case kindSubstatus:
		var s Substatus
		if err := json.Unmarshal([]byte(x.body), &s); err != nil {
			return err
		}
		s.ID, s.Position, s.Retired, s.Version = x.id, x.position, x.retired, x.version
		c.substatus = append(c.substatus, s)
	case kindCode:
		var k Code
		if err := json.Unmarshal([]byte(x.body), &k); err != nil {
			return err
		}
		k.ID, k.Position, k.Retired, k.Version = x.id, x.position, x.retired, x.version
		c.codes = append(c.codes, k)
	case kindRules:
		r := ShippedRules()
		if err := json.Unmarshal([]byte(x.body), &r); err != nil {
			return err
		}
		r.Version = x.version
		c.rulesOfAll, c.rulesID = r, x.id
	case kindScene:
		var s Scene
		if err := json.Unmarshal([]byte(x.body), &s); err != nil {
			return err
		}
		s.ID, s.Position, s.Retired, s.Version = x.id, x.position, x.retired, x.version
		c.scenes = append(c.scenes, s)
	}
	return nil
}

// edit runs one change of a tenant's set-up: fn gets the catalogue as it is
// inside the transaction and puts rows. Whoever comes second sees the first
// one's change, because all changes of a tenant pass over its version row.
func (c *Cache) edit(ctx context.Context, tenant id.ID, fn func(ctx context.Context, e *editor) error) error {
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return c.editIn(ctx, tx, tenant, fn)
	})
	if err == nil {
		c.kept.Changed(tenant)
		if c.Changed != nil {
			c.Changed(ctx, tenant)
		}
	}
	return err
}

func (c *Cache) editIn(ctx context.Context, tx *db.Tx, tenant id.ID, fn func(ctx context.Context, e *editor) error) error {
	if _, err := tx.Exec(ctx, `insert into form_version (tenant_id, version) values ($1, 1)
		on conflict (tenant_id) do update set version = form_version.version + 1`, tenant); err != nil {
		return err
	}
	now, err := Load(ctx, tx, tenant)
	if err != nil {
		return err
	}
	return fn(ctx, &editor{Catalog: now, cache: c, tx: tx, tenant: tenant})
}

type editor struct {
	*Catalog
	cache  *Cache
	tx     *db.Tx
	tenant id.ID
	// seeding: what is shipped is no change by anybody.
	seeding bool
}

// record keeps what was changed, in words that are neither secret nor personal:
// a tenant's set-up is neither.
func (e *editor) record(ctx context.Context, kind string, subject id.ID, name string, changes []staff.FieldChange) error {
	if e.cache.Record == nil {
		return nil
	}
	a := staff.From(ctx)
	if a == nil {
		a = staff.System(e.tenant)
	}
	return e.cache.Record(ctx, e.tx, a, staff.Act{Kind: kind, Subject: subject, Name: name, Changes: changes})
}

// put writes a row, a new one when its id is zero, and gives its id and new
// version; old is what it was. version, when not zero, is the one that the
// change was made for.
func (e *editor) put(ctx context.Context, x item, old, body any, version int64) (id.ID, int64, error) {
	made := x.id == 0
	row, now, err := e.write(ctx, x, body, version)
	if err != nil || e.seeding {
		return row, now, err
	}
	kind := x.kind + ".updated"
	if made && x.kind != kindRules { // which hold before they are written
		kind, old = x.kind+".created", nil
	}
	return row, now, e.record(ctx, kind, row, nameOf(body), staff.Changes(old, body, "id", "version"))
}

// nameOf is what a thing is called in the record of changes.
func nameOf(body any) string {
	switch x := body.(type) {
	case Type:
		return x.Name.either()
	case Field:
		return x.Name.either()
	case Category:
		return x.Name.either()
	case Substatus:
		return x.Name.either()
	case Code:
		return x.Name.either()
	}
	return ""
}

func (e *editor) write(ctx context.Context, x item, body any, version int64) (id.ID, int64, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, 0, err
	}
	if x.id == 0 {
		x.id = e.cache.IDs.Next()
		if x.key == "" {
			x.key = x.id.String()
		}
		_, err := e.tx.Exec(ctx, `insert into form_item (tenant_id, kind, id, key, parent_id, position, retired, body, version, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)`,
			e.tenant, x.kind, x.id, x.key, null(x.parent), x.position, x.retired, string(raw), e.cache.Clock.Millis())
		if db.IsUnique(err) {
			return 0, 0, fault.Bad("key", "taken", "the key %q is in use", x.key)
		}
		return x.id, 1, err
	}
	var now int64
	err = e.tx.QueryRow(ctx, `update form_item set parent_id = $4, position = $5, retired = $6, body = $7, version = version + 1, updated_at = $8
		where tenant_id = $1 and kind = $2 and id = $3 and (cast($9 as bigint) = 0 or version = $9) returning version`,
		e.tenant, x.kind, x.id, null(x.parent), x.position, x.retired, string(raw), e.cache.Clock.Millis(), version).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fault.New(fault.Precondition, "config.changed", "somebody else has changed this meanwhile")
	}
	return x.id, now, err
}

// SaveType makes a type or changes one. Its key never changes.
func (c *Cache) SaveType(ctx context.Context, tenant id.ID, in Type) (out Type, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveType(ctx, in)
		return err
	})
	return out, err
}

func (e *editor) saveType(ctx context.Context, t Type) (Type, error) {
	if err := errors.Join(checkKey(t.Key), t.Name.check()); err != nil {
		return t, first(err)
	}
	if len(t.Prefix) > 8 || !printable(t.Prefix) {
		return t, fault.Bad("prefix", "invalid", "a prefix has at most 8 letters and digits")
	}
	if len(t.Form.Fields) > 100 {
		return t, fault.Bad("form.fields", "too_many", "a form has at most 100 fields")
	}
	schema, err := ruleSchema(e.fields)
	if err != nil {
		return t, err
	}
	seen := map[string]bool{}
	for i, it := range t.Form.Fields {
		at := fmt.Sprintf("form.fields[%d]", i)
		if _, ok := e.fieldByKey[it.Field]; !ok || seen[it.Field] {
			return t, fault.Bad(at+".field", "unknown", "there is no field %q, or it is on the form twice", it.Field)
		}
		seen[it.Field] = true
		if it.On != "create" && it.On != "always" && it.On != "solve" {
			return t, fault.Bad(at+".on", "choice", "a field is asked on create, always or solve")
		}
		for name, rule := range map[string]string{"show": it.Show, "require": it.Require} {
			if rule == "" {
				continue
			}
			if _, err := schema.Check(rule); err != nil {
				var f *fault.Error
				if errors.As(err, &f) {
					f.Field = at + "." + name
				}
				return t, err
			}
		}
	}
	old := e.typeByKey[t.Key]
	if t.ID == 0 && len(e.types) >= maxTypes {
		return t, fault.Bad("key", "too_many", "there are at most %d types", maxTypes)
	}
	if t.ID != 0 && (old == nil || old.ID != t.ID) {
		return t, fault.Missing("type")
	}
	t.ID, t.Version, err = e.put(ctx, item{kind: kindType, id: t.ID, key: t.Key, position: t.Position, retired: t.Retired}, old, t, t.Version)
	return t, err
}

// SaveField makes a field or changes one. Its key and kind never change,
// because tickets hold values under them.
func (c *Cache) SaveField(ctx context.Context, tenant id.ID, in Field) (out Field, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveField(ctx, in)
		return err
	})
	return out, err
}

var kinds = []Kind{Text, Number, Money, Date, Choice, Cascade, Person, Attachment, Boolean}

func (e *editor) saveField(ctx context.Context, f Field) (Field, error) {
	if err := errors.Join(checkKey(f.Key), f.Name.check()); err != nil {
		return f, first(err)
	}
	if !slices.Contains(kinds, f.Kind) {
		return f, fault.Bad("kind", "choice", "a field is one of %v", kinds)
	}
	left := maxOptions
	if err := checkOptions(f.Options, 1, &left); err != nil {
		return f, err
	}
	if needs := f.Kind == Choice || f.Kind == Cascade; needs != (len(f.Options) > 0) {
		return f, fault.Bad("options", "required", "choices belong to a choice or cascade, which needs some")
	}
	if f.Indexed && (f.Kind == Money || f.Kind == Cascade || f.Kind == Attachment) {
		return f, fault.Bad("indexed", "invalid", "a %s field cannot be indexed", f.Kind)
	}
	old := e.fieldByKey[f.Key]
	if f.ID == 0 && len(e.fields) >= maxFields {
		return f, fault.Bad("key", "too_many", "there are at most %d fields", maxFields)
	}
	if f.ID != 0 && (old == nil || old.ID != f.ID) {
		return f, fault.Missing("field")
	}
	if f.ID != 0 && (old.Kind != f.Kind || old.Indexed != f.Indexed) {
		return f, fault.Bad("kind", "fixed", "the kind of a field and whether it is indexed do not change; make a new one")
	}
	var err error
	f.ID, f.Version, err = e.put(ctx, item{kind: kindField, id: f.ID, key: f.Key, position: f.Position, retired: f.Retired}, old, f, f.Version)
	return f, err
}

// SaveSubstatus makes or changes a sub-status.
func (c *Cache) SaveSubstatus(ctx context.Context, tenant id.ID, in Substatus) (out Substatus, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveSubstatus(ctx, in)
		return err
	})
	return out, err
}

var colors = []string{"grey", "blue", "green", "amber", "red", "violet"}

var statuses = []string{"new", "open", "pending", "on_hold", "solved", "closed", "cancelled"}

func (e *editor) saveSubstatus(ctx context.Context, s Substatus) (Substatus, error) {
	if err := s.Name.check(); err != nil {
		return s, err
	}
	if !slices.Contains(statuses, s.Status) {
		return s, fault.Bad("status", "choice", "status is one of %v", statuses)
	}
	if s.ID == 0 && len(e.substatus) >= maxCodes {
		return s, fault.Bad("name", "too_many", "there are at most %d sub-statuses", maxCodes)
	}
	if s.Color != "" && !slices.Contains(colors, s.Color) {
		return s, fault.Bad("color", "choice", "color is one of %v", colors)
	}
	old := e.substatusBy[s.ID]
	if s.ID != 0 && (old == nil || old.Status != s.Status) {
		return s, fault.Missing("substatus")
	}
	var err error
	s.ID, s.Version, err = e.put(ctx, item{kind: kindSubstatus, id: s.ID, position: s.Position, retired: s.Retired}, old, s, s.Version)
	return s, err
}

// SaveCode makes or changes an entry of a list of codes.
func (c *Cache) SaveCode(ctx context.Context, tenant id.ID, in Code) (out Code, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveCode(ctx, in)
		return err
	})
	return out, err
}

func (e *editor) saveCode(ctx context.Context, k Code) (Code, error) {
	if err := errors.Join(checkKey(k.Key), k.Name.check()); err != nil {
		return k, first(err)
	}
	if !slices.Contains(CodeLists, k.List) {
		return k, fault.Bad("list", "choice", "list is one of %v", CodeLists)
	}
	if k.ID == 0 && len(e.codeBy[k.List]) >= maxCodes {
		return k, fault.Bad("key", "too_many", "a list has at most %d codes", maxCodes)
	}
	old := e.codeBy[k.List][k.Key]
	if k.ID != 0 && (old == nil || old.ID != k.ID) {
		return k, fault.Missing("code")
	}
	var err error
	k.ID, k.Version, err = e.put(ctx, item{kind: kindCode, id: k.ID, key: k.List + ":" + k.Key, position: k.Position, retired: k.Retired}, old, k, k.Version)
	return k, err
}

func printable(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return true
}

// first is the first of joined errors.
func first(err error) error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		if list := j.Unwrap(); len(list) > 0 {
			return list[0]
		}
	}
	return err
}

// null writes "none" as NULL.
func null(i id.ID) sql.NullInt64 { return sql.NullInt64{Int64: int64(i), Valid: i != 0} }
