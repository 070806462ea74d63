package customer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
	"zhidan/internal/platform/text"
)

// Config is what the book stands on.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Vault *secret.Vault
	// Region is how phone numbers without a country code are read; default CN.
	Region string
}

// Book is where the customers and companies of all tenants are written. It is
// safe for concurrent use once its hooks are set.
type Book struct {
	Config
	mergeHooks []MergeHook
	eraseHooks []EraseHook
	counts     CountFunc
	companies  CompanyCountFunc
	moved      CompanyHook
	reach      Reach
	domains    domains
}

// New opens the book.
func New(c Config) *Book {
	if c.Region == "" {
		c.Region = "CN"
	}
	return &Book{Config: c}
}

// EraseHook forgets, in the transaction that erases customers, what another
// room keeps of their words.
type EraseHook func(ctx context.Context, tx *db.Tx, tenant id.ID, customers []id.ID) error

// OnErase adds a hook. Call it before serving.
func (b *Book) OnErase(h EraseHook) { b.eraseHooks = append(b.eraseHooks, h) }

// Count is what tickets say about a customer.
type Count struct {
	Tickets     int
	Open        int
	LastContact clock.Time
}

// CountFunc counts the tickets of some customers within the actor's reach.
type CountFunc func(ctx context.Context, r db.Reader, a *staff.Actor, customers []id.ID) (map[id.ID]Count, error)

// CountWith sets where counts come from. Call it before serving.
func (b *Book) CountWith(f CountFunc, of CompanyCountFunc) { b.counts, b.companies = f, of }

// Reach says which customers an actor reaches with a permission that does not
// cover all of them: those with a ticket within the scope.
type Reach struct {
	// Among picks from some customers.
	Among func(ctx context.Context, r db.Reader, a *staff.Actor, s staff.Scope, customers []id.ID) ([]id.ID, error)
	// Before lists at most limit of them by falling id, below before.
	Before func(ctx context.Context, r db.Reader, a *staff.Actor, s staff.Scope, before id.ID, limit int) ([]id.ID, error)
	// Companies picks, from some companies, those with a ticket within the scope.
	Companies func(ctx context.Context, r db.Reader, a *staff.Actor, s staff.Scope, companies []id.ID) ([]id.ID, error)
}

// CompanyCountFunc counts the tickets of some companies within the actor's
// reach, each figure up to CountCap.
type CompanyCountFunc func(ctx context.Context, r db.Reader, a *staff.Actor, companies []id.ID) (map[id.ID]Count, error)

// CountCap is where the tickets and contacts of a company are counted no further.
const CountCap = 1000

// CompanyHook follows, in its transaction, a customer who was given another
// company.
type CompanyHook func(ctx context.Context, tx *db.Tx, a *staff.Actor, customer id.ID) error

// OnCompany sets the hook. Call it before serving.
func (b *Book) OnCompany(h CompanyHook) { b.moved = h }

// ReachWith sets the rule. Until then, who may not see all sees none. Call it
// before serving.
func (b *Book) ReachWith(r Reach) { b.reach = r }

const core = `c.id, c.name, c.named, c.tier, coalesce(c.company_id, 0), c.tags, c.language, c.created_at, c.updated_at,
	c.version, coalesce(c.merged_into, 0), c.wrapped_key is null, coalesce(c.care_until, 0)`

const full = core + `, c.wrapped_key, c.note, c.fields, c.care`

func (c *Customer) core(tags *string) []any {
	return []any{&c.ID, &c.Name, &c.Named, &c.Tier, &c.Company, tags, &c.Language, &c.CreatedAt, &c.UpdatedAt,
		&c.Version, &c.MergedInto, &c.Erased, &c.CareUntil}
}

type scanner interface{ Scan(dest ...any) error }

func scanCore(r scanner, tenant id.ID, more ...any) (Customer, error) {
	c := Customer{Tenant: tenant}
	var tags string
	if err := r.Scan(append(c.core(&tags), more...)...); err != nil {
		return c, err
	}
	return c, readTags(tags, &c.Tags)
}

func readTags(s string, tags *[]string) error {
	if s == "[]" {
		*tags = []string{}
		return nil
	}
	return json.Unmarshal([]byte(s), tags)
}

func (b *Book) scanFull(r scanner, keys *secret.Tenant) (Customer, error) {
	c := Customer{Tenant: keys.ID()}
	var tags string
	if err := r.Scan(append(c.core(&tags), &c.wrappedKey, &c.sealedNote, &c.sealedFields, &c.sealedCare)...); err != nil {
		return c, err
	}
	if err := readTags(tags, &c.Tags); err != nil {
		return c, err
	}
	return c, c.unseal(keys)
}

func (c *Customer) unseal(keys *secret.Tenant) error {
	c.Fields = map[string]any{}
	if c.Erased || c.sealedNote == nil && c.sealedFields == nil && c.sealedCare == nil {
		return nil
	}
	o, err := keys.Owner(c.ID, c.wrappedKey)
	if err != nil {
		return fmt.Errorf("customer %s: %w", c.ID, err)
	}
	if c.sealedNote != nil {
		note, err := o.Open("note", c.sealedNote)
		if err != nil {
			return fmt.Errorf("note of customer %s: %w", c.ID, err)
		}
		c.Note = string(note)
	}
	if c.sealedFields != nil {
		fields, err := o.Open("fields", c.sealedFields)
		if err != nil {
			return fmt.Errorf("fields of customer %s: %w", c.ID, err)
		}
		if err := json.Unmarshal(fields, &c.Fields); err != nil {
			return err
		}
	}
	if c.sealedCare == nil {
		return nil
	}
	care, err := o.Open("care", c.sealedCare)
	if err != nil {
		return fmt.Errorf("care of customer %s: %w", c.ID, err)
	}
	return json.Unmarshal(care, &c.Care)
}

func (c *Customer) seal(keys *secret.Tenant) error {
	c.sealedNote, c.sealedFields, c.sealedCare = nil, nil, nil
	if c.Note == "" && len(c.Fields) == 0 && c.CareUntil == 0 {
		return nil
	}
	o, err := keys.Owner(c.ID, c.wrappedKey)
	if err != nil {
		return fmt.Errorf("customer %s: %w", c.ID, err)
	}
	if c.Note != "" {
		if c.sealedNote, err = o.Seal("note", []byte(c.Note)); err != nil {
			return err
		}
	}
	if len(c.Fields) > 0 {
		raw, err := json.Marshal(c.Fields)
		if err != nil {
			return err
		}
		if c.sealedFields, err = o.Seal("fields", raw); err != nil {
			return err
		}
	}
	if c.CareUntil == 0 {
		return nil
	}
	raw, err := json.Marshal(c.Care)
	if err != nil {
		return err
	}
	c.sealedCare, err = o.Seal("care", raw)
	return err
}

// orNull is NULL for none.
func orNull[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}

// orNone is NULL for no bytes.
func orNone(v []byte) any {
	if v == nil {
		return nil
	}
	return v
}

func tagsText(tags []string) string {
	if len(tags) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(tags) // strings always marshal
	return string(b)
}

func insertCustomer(ctx context.Context, tx *db.Tx, c *Customer) error {
	return tx.Queue(ctx, `insert into customer (tenant_id, id, name, sort_key, named, tier, company_id, tags, language, note, fields,
		wrapped_key, merged_into, created_at, updated_at, version) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,null,$13,$14,$15)`,
		int64(c.Tenant), int64(c.ID), c.Name, sortKey(c.Name), c.Named, c.Tier, orNull(c.Company), tagsText(c.Tags), c.Language,
		c.sealedNote, c.sealedFields, c.wrappedKey, int64(c.CreatedAt), int64(c.UpdatedAt), c.Version)
}

// update writes c, which was read with its lock in the same transaction.
func (b *Book) update(ctx context.Context, tx *db.Tx, keys *secret.Tenant, c *Customer) error {
	if !c.Erased {
		if err := c.seal(keys); err != nil {
			return err
		}
	}
	c.Version++
	c.UpdatedAt = b.Clock.Now()
	return tx.Queue(ctx, `update customer set name = $3, sort_key = $4, named = $5, tier = $6, company_id = $7, tags = $8, language = $9,
		note = $10, fields = $11, wrapped_key = $12, merged_into = $13, updated_at = $14, version = $15, care_until = $16, care = $17
		where tenant_id = $1 and id = $2`,
		int64(c.Tenant), int64(c.ID), c.Name, sortKey(c.Name), c.Named, c.Tier, orNull(c.Company), tagsText(c.Tags), c.Language,
		c.sealedNote, c.sealedFields, c.wrappedKey, orNull(c.MergedInto), int64(c.UpdatedAt), c.Version, orNull(c.CareUntil), c.sealedCare)
}

func sortKey(name string) string { return text.SortKey(text.Cap(name, 512)) }

// found is what a customer is found by beside the addresses.
type found struct {
	name  string
	named bool
	tags  []string
}

func (c *Customer) found() found { return found{c.Name, c.Named, slices.Clone(c.Tags)} }

// reindex keeps terms and tags in step with what a customer was found by.
func reindex(ctx context.Context, tx *db.Tx, c *Customer, old found) error {
	if old.named != c.Named || old.name != c.Name {
		if old.named {
			if err := customerTerms.remove(ctx, tx, c.Tenant, c.ID, nameTerms(old.name)); err != nil {
				return err
			}
		}
		if c.Named {
			if err := customerTerms.add(ctx, tx, c.Tenant, c.ID, nameTerms(c.Name)); err != nil {
				return err
			}
		}
	}
	for _, tag := range old.tags {
		if !slices.Contains(c.Tags, tag) {
			if err := tx.Queue(ctx, `delete from customer_tag where tenant_id = $1 and tag = $2 and customer_id = $3`, int64(c.Tenant), tag, int64(c.ID)); err != nil {
				return err
			}
		}
	}
	var more []any
	for _, tag := range c.Tags {
		if !slices.Contains(old.tags, tag) {
			more = append(more, int64(c.Tenant), tag, int64(c.ID))
		}
	}
	if len(more) == 0 {
		return nil
	}
	return tx.Queue(ctx, `insert into customer_tag (tenant_id, tag, customer_id) values `+db.Values(len(more)/3, 3)+` on conflict do nothing`, more...)
}

// load reads one customer with note and fields; lock keeps it for this
// transaction.
func (b *Book) load(ctx context.Context, r db.Reader, keys *secret.Tenant, customer id.ID, lock bool) (*Customer, error) {
	q := `select ` + full + ` from customer c where c.tenant_id = $1 and c.id = $2`
	if lock {
		q += r.Engine().ForUpdate()
	}
	c, err := b.scanFull(r.QueryRow(ctx, q, int64(keys.ID()), int64(customer)), keys)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("customer")
	}
	return &c, err
}

// lockForChange reads a customer for an edit. One that was merged is not edited any
// more: the survivor is.
func (b *Book) lockForChange(ctx context.Context, tx *db.Tx, keys *secret.Tenant, customer id.ID) (*Customer, error) {
	c, err := b.load(ctx, tx, keys, customer, true)
	if err != nil {
		return nil, err
	}
	if c.MergedInto != 0 {
		return nil, mergedFault(c)
	}
	if c.Erased {
		return nil, fault.New(fault.Conflict, "customer.erased", "this customer was erased")
	}
	return c, nil
}

func mergedFault(c *Customer) error {
	return fault.New(fault.Conflict, "customer.merged", "this customer was merged into another").With("into", c.MergedInto.String())
}

// Find gives the customer who stands for this id now: the survivor, if it was
// merged. It reads no note and no fields.
func (b *Book) Find(ctx context.Context, r db.Reader, tenant, customer id.ID) (*Customer, error) {
	for range maxMergeDepth {
		c, err := scanCore(r.QueryRow(ctx, `select `+core+` from customer c where c.tenant_id = $1 and c.id = $2`,
			int64(tenant), int64(customer)), tenant)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.Missing("customer")
		}
		if err != nil || c.MergedInto == 0 {
			return &c, err
		}
		customer = c.MergedInto
	}
	return nil, errors.New("customer: merges form a circle")
}

// Get reads one customer with note and fields, merged or not.
func (b *Book) Get(ctx context.Context, r db.Reader, tenant, customer id.ID) (*Customer, error) {
	keys, err := b.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return b.load(ctx, r, keys, customer, false)
}

// Names gives what lists show of customers, by the id asked for: one query.
func (b *Book) Names(ctx context.Context, r db.Reader, tenant id.ID, customers []id.ID) (map[id.ID]Brief, error) {
	out := make(map[id.ID]Brief, len(customers))
	for len(customers) > 0 {
		n := min(len(customers), maxList)
		if err := b.names(ctx, r, tenant, customers[:n], out); err != nil {
			return nil, err
		}
		customers = customers[n:]
	}
	return out, nil
}

func (b *Book) names(ctx context.Context, r db.Reader, tenant id.ID, customers []id.ID, out map[id.ID]Brief) error {
	type row struct {
		asked, next id.ID
		Brief
	}
	ids, err := json.Marshal(customers)
	if err != nil {
		return err
	}
	rows, err := r.Query(ctx, `select c.id, coalesce(s.merged_into, 0), coalesce(s.id, c.id), coalesce(s.name, c.name),
			coalesce(s.tier, c.tier), coalesce(o.id, 0), coalesce(o.name, '')
		from customer c
		left join customer s on s.tenant_id = c.tenant_id and s.id = c.merged_into
		left join company o on o.tenant_id = c.tenant_id and o.id = case when s.id is null then c.company_id else s.company_id end
		where c.tenant_id = $1 and c.id `+r.Engine().InIDs("$2"), int64(tenant), string(ids))
	found, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
		var x row
		return x, r.Scan(&x.asked, &x.next, &x.ID, &x.Name, &x.Tier, &x.Company, &x.CompanyName)
	})
	if err != nil {
		return err
	}
	for _, x := range found {
		if x.next != 0 { // the survivor was merged too, which is rare
			last, err := b.Find(ctx, r, tenant, x.next)
			if err != nil {
				return err
			}
			deep := map[id.ID]Brief{}
			if err := b.names(ctx, r, tenant, []id.ID{last.ID}, deep); err != nil {
				return err
			}
			x.Brief = deep[last.ID]
		}
		out[x.asked] = x.Brief
	}
	return nil
}

// maxList is how many ids stand in one query.
const maxList = 200

// list makes the placeholders from $first on and their values. The number of
// placeholders is one of a few, so that statements are prepared once.
func list(first int, ids []id.ID) (string, []any) {
	size := maxList
	for _, s := range []int{1, 4, 16, 50} {
		if len(ids) <= s {
			size = s
			break
		}
	}
	var s strings.Builder
	args := make([]any, size)
	for i := range size {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, "$%d", first+i)
		args[i] = int64(ids[min(i, len(ids)-1)])
	}
	return s.String(), args
}

// terms is one of the two tables of name terms.
type terms struct{ table, owner string }

var (
	customerTerms = terms{"customer_term", "customer_id"}
	companyTerms  = terms{"company_term", "company_id"}
)

func (t terms) add(ctx context.Context, tx *db.Tx, tenant, owner id.ID, list []string) error {
	if len(list) == 0 {
		return nil
	}
	args := make([]any, 0, 3*len(list))
	for _, term := range list {
		args = append(args, int64(tenant), term, int64(owner))
	}
	return tx.Queue(ctx, `insert into `+t.table+` (tenant_id, term, `+t.owner+`) values `+db.Values(len(list), 3)+` on conflict do nothing`, args...)
}

func (t terms) remove(ctx context.Context, tx *db.Tx, tenant, owner id.ID, list []string) error {
	for _, term := range list {
		if err := tx.Queue(ctx, `delete from `+t.table+` where tenant_id = $1 and term = $2 and `+t.owner+` = $3`,
			int64(tenant), term, int64(owner)); err != nil {
			return err
		}
	}
	return nil
}

// Event is one recorded act on a customer. Data names fields and kinds and
// holds commitments, never a personal value.
type Event struct {
	ID        id.ID
	Customer  id.ID
	At        clock.Time
	ActorKind string
	Actor     id.ID
	Name      string
	Data      EventData
}

// EventData says what an event was about.
type EventData struct {
	Fields   []string `json:"fields,omitempty"`
	Identity id.ID    `json:"identity,omitzero"`
	Kind     string   `json:"kind,omitempty"`
	Value    string   `json:"value,omitempty"` // a commitment
	Merge    id.ID    `json:"merge,omitzero"`
	Other    id.ID    `json:"other,omitzero"`
}

func (b *Book) record(ctx context.Context, tx *db.Tx, a *staff.Actor, customer id.ID, name string, data EventData) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `insert into customer_event (tenant_id, customer_id, id, at, actor_kind, actor_id, name, data)
		values ($1,$2,$3,$4,$5,$6,$7,$8)`, int64(a.Tenant), int64(customer), int64(b.IDs.Next()), b.Clock.Millis(),
		string(a.Kind), orNull(a.ID), name, string(raw))
}

// Events lists what was done to a customer, newest first.
func (b *Book) Events(ctx context.Context, r db.Reader, tenant, customer id.ID, limit int) ([]Event, error) {
	return b.events(ctx, r, tenant, customer, "", 0, limit)
}

// events lists those of one name (empty: all) from before an event (zero: from
// the newest).
func (b *Book) events(ctx context.Context, r db.Reader, tenant, customer id.ID, name string, before id.ID, limit int) ([]Event, error) {
	q, args := `select id, customer_id, at, actor_kind, coalesce(actor_id, 0), name, data from customer_event
		where tenant_id = $1 and customer_id = $2`, []any{int64(tenant), int64(customer), int64(limit)}
	if before != 0 {
		args = append(args, int64(before))
		q += ` and id < ` + mark(len(args))
	}
	if name != "" {
		args = append(args, name)
		q += ` and name = ` + mark(len(args))
	}
	rows, err := r.Query(ctx, q+` order by id desc limit $3`, args...)
	return db.Each(rows, err, func(r *sql.Rows) (Event, error) {
		var e Event
		var data string
		if err := r.Scan(&e.ID, &e.Customer, &e.At, &e.ActorKind, &e.Actor, &e.Name, &data); err != nil {
			return e, err
		}
		return e, json.Unmarshal([]byte(data), &e.Data)
	})
}
