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
)

// maxMergeDepth is how many merges may follow one another (a into b into c …).
const maxMergeDepth = 32

// Merge is one merge: From's things moved to Into.
type Merge struct {
	Tenant id.ID
	ID     id.ID // by which it is taken back
	From   id.ID
	Into   id.ID
}

// A MergeHook moves what another room keeps of a customer, in the transaction
// of the merge, and back when undo is set. It moves a bounded number of rows
// there (the rest by a job of its own), writes down with Moved what it moved,
// and reads it back with MovedItems.
type MergeHook func(ctx context.Context, tx *db.Tx, a *staff.Actor, m Merge, undo bool) error

// OnMerge adds a hook. Call it before serving.
func (b *Book) OnMerge(h MergeHook) { b.mergeHooks = append(b.mergeHooks, h) }

// Moved writes down what a merge moved; kind is the hook's own word.
func Moved(ctx context.Context, tx *db.Tx, m Merge, kind string, items []id.ID) error {
	for len(items) > 0 {
		n := min(len(items), 100)
		args := make([]any, 0, 4*n)
		for _, x := range items[:n] {
			args = append(args, int64(m.Tenant), int64(m.ID), kind, int64(x))
		}
		items = items[n:]
		if _, err := tx.Exec(ctx, `insert into customer_merge_item (tenant_id, merge_id, kind, item_id) values `+
			db.Values(n, 4)+` on conflict do nothing`, args...); err != nil {
			return err
		}
	}
	return nil
}

// MovedItems gives what a merge moved, by rising id after the one given.
func MovedItems(ctx context.Context, r db.Reader, m Merge, kind string, after id.ID, limit int) ([]id.ID, error) {
	rows, err := r.Query(ctx, `select item_id from customer_merge_item where tenant_id = $1 and merge_id = $2 and kind = $3
		and item_id > $4 order by item_id limit $5`, int64(m.Tenant), int64(m.ID), kind, int64(after), int64(limit))
	return db.Each(rows, err, scanID)
}

const movedIdentity = "identity"

// Fields whose value a merge may take from the customer that goes, although
// the survivor has one.
const (
	TakeName     = "name"
	TakeTier     = "tier"
	TakeCompany  = "company"
	TakeLanguage = "language"
	TakeNote     = "note"
)

var takeable = []string{TakeName, TakeTier, TakeCompany, TakeLanguage, TakeNote}

// gained says what the survivor took over from the other, so that it can be
// given back. The other's row still holds the values themselves, and kept what
// stood there before.
type gained struct {
	Taken    []string `json:"taken,omitempty"` // of takeable
	NoteOver bool     `json:"note_over,omitempty"`
	Care     bool     `json:"care,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Fields   []string `json:"fields,omitempty"`
}

// kept is what the survivor had before, for what was taken. It is stored sealed
// under the survivor's key.
type kept struct {
	Name      string     `json:"name,omitempty"`
	Named     bool       `json:"named,omitempty"`
	Tier      string     `json:"tier,omitempty"`
	Company   id.ID      `json:"company,omitzero"`
	Language  string     `json:"language,omitempty"`
	Note      string     `json:"note,omitempty"`
	CareUntil clock.Time `json:"care_until,omitzero"`
	Care      Care       `json:"care,omitzero"`
}

// join gives into what from has and into lacks, and what the caller wants taken.
func join(into, from *Customer, want []string) (g gained, k kept) {
	k = kept{into.Name, into.Named, into.Tier, into.Company, into.Language, into.Note, into.CareUntil, into.Care}
	take := func(field string, lacks, has bool, set func()) {
		if has && (lacks || slices.Contains(want, field)) {
			g.Taken = append(g.Taken, field)
			set()
		}
	}
	take(TakeName, !into.Named, from.Named && from.Name != into.Name, func() { into.Name, into.Named = from.Name, true })
	take(TakeTier, into.Tier == TierNormal, from.Tier != into.Tier, func() { into.Tier = from.Tier })
	take(TakeCompany, into.Company == 0, from.Company != into.Company, func() { into.Company = from.Company })
	take(TakeLanguage, into.Language == "", from.Language != "" && from.Language != into.Language, func() { into.Language = from.Language })
	if slices.Contains(want, TakeNote) && from.Note != into.Note {
		g.Taken, g.NoteOver, into.Note = append(g.Taken, TakeNote), true, from.Note
	} else if joined := joinNotes(into.Note, from.Note); joined != into.Note && len([]rune(joined)) <= MaxNote {
		g.Taken, into.Note = append(g.Taken, TakeNote), joined
	}
	if from.CareUntil > into.CareUntil { // the longer one holds for both
		g.Care, into.CareUntil, into.Care = true, from.CareUntil, from.Care
	}
	into.Tags = slices.Clone(into.Tags)
	for _, t := range from.Tags {
		if !slices.Contains(into.Tags, t) && len(into.Tags) < MaxTags {
			g.Tags, into.Tags = append(g.Tags, t), append(into.Tags, t)
		}
	}
	add := map[string]any{}
	for k, v := range from.Fields {
		if _, has := into.Fields[k]; !has {
			add[k] = v
		}
	}
	if all, err := changeFields(into.Fields, add); err == nil && len(add) > 0 { // else there is no room: from keeps them
		into.Fields = all
		for k := range add {
			g.Fields = append(g.Fields, k)
		}
		slices.Sort(g.Fields)
	}
	return g, k
}

// part takes back from into what join gave it, where nobody changed it since.
func part(into, from *Customer, g gained, k kept) {
	back := func(field string, unchanged bool, set func()) {
		if unchanged && slices.Contains(g.Taken, field) {
			set()
		}
	}
	back(TakeName, into.Name == from.Name, func() { into.Name, into.Named = k.Name, k.Named })
	back(TakeTier, into.Tier == from.Tier, func() { into.Tier = k.Tier })
	back(TakeCompany, into.Company == from.Company, func() { into.Company = k.Company })
	back(TakeLanguage, into.Language == from.Language, func() { into.Language = k.Language })
	back(TakeNote, g.NoteOver && into.Note == from.Note, func() { into.Note = k.Note })
	back(TakeNote, !g.NoteOver, func() { into.Note = partNotes(into.Note, from.Note) })
	if g.Care && into.CareUntil == from.CareUntil && into.Care == from.Care {
		into.CareUntil, into.Care = k.CareUntil, k.Care
	}
	into.Tags = slices.DeleteFunc(slices.Clone(into.Tags), func(t string) bool { return slices.Contains(g.Tags, t) })
	change := map[string]any{}
	for _, k := range g.Fields {
		if equalJSON(into.Fields[k], from.Fields[k]) {
			change[k] = nil
		}
	}
	if all, err := changeFields(into.Fields, change); err == nil {
		into.Fields = all
	}
}

const noteGap = "\n\n"

func joinNotes(a, b string) string {
	switch {
	case b == "":
		return a
	case a == "":
		return b
	}
	return a + noteGap + b
}

func partNotes(all, b string) string {
	if all == b {
		return ""
	}
	if i := strings.Index(all, noteGap+b); i >= 0 {
		return all[:i] + all[i+len(noteGap+b):]
	}
	return all
}

// Merge makes one customer of two: from's addresses, tickets and properties go
// to into. Where both have a value into keeps its own, except for the fields
// named in want. It gives the number by which the merge is taken back.
func (b *Book) Merge(ctx context.Context, a *staff.Actor, from, into id.ID, want ...string) (undo id.ID, err error) {
	for _, f := range want {
		if !slices.Contains(takeable, f) {
			return 0, fault.Bad("take", "choice", "what can be taken is one of %v", takeable)
		}
	}
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return 0, err
	}
	m := Merge{Tenant: a.Tenant, ID: b.IDs.Next(), From: from, Into: into}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, t, err := b.lockTwo(ctx, tx, keys, from, into)
		if err != nil {
			return err
		}
		if from == into {
			return fault.Bad("into", "same", "a customer cannot be merged into itself")
		}
		for _, c := range []*Customer{f, t} {
			if c.MergedInto != 0 {
				return mergedFault(c)
			}
			if c.Erased {
				return fault.New(fault.Conflict, "customer.erased", "an erased customer cannot be merged")
			}
		}
		if depth, err := mergeDepth(ctx, tx, a.Tenant, f.ID); err != nil {
			return err
		} else if depth >= maxMergeDepth-1 {
			return fault.New(fault.Conflict, "customer.merge_depth", "too many merges follow one another here")
		}
		mine, err := identityIDs(ctx, tx, a.Tenant, f.ID)
		if err != nil {
			return err
		}
		if n, err := countIdentities(ctx, tx, a.Tenant, t.ID); err != nil {
			return err
		} else if n+len(mine) > MaxIdentities {
			return tooManyIdentities()
		}
		old, company := t.found(), t.Company
		g, k := join(t, f, want)
		data, err := json.Marshal(g)
		if err != nil {
			return err
		}
		sealed, err := sealKept(keys, t, m, k)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into customer_merge (tenant_id, id, from_id, into_id, data, actor_kind, actor_id, created_at, kept)
			values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`, int64(m.Tenant), int64(m.ID), int64(m.From), int64(m.Into), string(data),
			string(a.Kind), orNull(a.ID), b.Clock.Millis(), sealed); err != nil {
			return err
		}
		if err := Moved(ctx, tx, m, movedIdentity, mine); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update customer_identity set customer_id = $3 where tenant_id = $1 and customer_id = $2`,
			int64(a.Tenant), int64(m.From), int64(m.Into)); err != nil {
			return err
		}
		f.MergedInto = t.ID
		if err := b.update(ctx, tx, keys, f); err != nil {
			return err
		}
		if err := b.update(ctx, tx, keys, t); err != nil {
			return err
		}
		if err := b.settle(ctx, tx, a, t, old, company); err != nil {
			return err
		}
		return b.afterMerge(ctx, tx, a, m, EventMerged, false)
	})
	return m.ID, err
}

// Unmerge takes a merge back: what it moved returns, and what the survivor
// gained by it goes, where nobody has changed it since. It gives the merge.
func (b *Book) Unmerge(ctx context.Context, a *staff.Actor, undo id.ID) (m Merge, err error) {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return m, err
	}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var data string
		var sealed []byte
		var undone bool
		m = Merge{Tenant: a.Tenant, ID: undo}
		err := tx.QueryRow(ctx, `select from_id, into_id, data, kept, undone_at is not null from customer_merge where tenant_id = $1 and id = $2`+
			tx.Engine().ForUpdate(), int64(a.Tenant), int64(undo)).Scan(&m.From, &m.Into, &data, &sealed, &undone)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.Missing("merge")
		}
		if err != nil {
			return err
		}
		if undone {
			return fault.New(fault.Conflict, "customer.unmerged", "this merge was taken back already")
		}
		f, t, err := b.lockTwo(ctx, tx, keys, m.From, m.Into)
		if err != nil {
			return err
		}
		switch {
		case f.Erased || t.Erased:
			return fault.New(fault.Conflict, "customer.erased", "one of the two was erased")
		case t.MergedInto != 0:
			return fault.New(fault.Conflict, "customer.merged", "the survivor was merged into another since; take that back first").With("into", t.MergedInto.String())
		}
		var g gained
		if err := json.Unmarshal([]byte(data), &g); err != nil {
			return fmt.Errorf("merge %s: %w", undo, err)
		}
		k, err := openKept(keys, t, m, sealed)
		if err != nil {
			return err
		}
		old, company := t.found(), t.Company
		part(t, f, g, k)
		if _, err := tx.Exec(ctx, `update customer_identity set customer_id = $3 where tenant_id = $1 and customer_id = $2
			and id in (select item_id from customer_merge_item where tenant_id = $1 and merge_id = $4 and kind = $5)`,
			int64(a.Tenant), int64(m.Into), int64(m.From), int64(m.ID), movedIdentity); err != nil {
			return err
		}
		f.MergedInto = 0
		if err := b.update(ctx, tx, keys, f); err != nil {
			return err
		}
		if err := b.update(ctx, tx, keys, t); err != nil {
			return err
		}
		if err := b.settle(ctx, tx, a, t, old, company); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update customer_merge set undone_at = $3 where tenant_id = $1 and id = $2`,
			int64(a.Tenant), int64(undo), b.Clock.Millis()); err != nil {
			return err
		}
		return b.afterMerge(ctx, tx, a, m, EventUnmerged, true)
	})
	return m, err
}

// settle brings what follows from a survivor's change into step.
func (b *Book) settle(ctx context.Context, tx *db.Tx, a *staff.Actor, c *Customer, old found, company id.ID) error {
	if err := reindex(ctx, tx, c, old); err != nil {
		return err
	}
	if c.Company == company || b.moved == nil {
		return nil
	}
	return b.moved(ctx, tx, a, c.ID)
}

func keptPurpose(m Merge) string { return "merge:" + m.ID.String() }

func sealKept(keys *secret.Tenant, into *Customer, m Merge, k kept) ([]byte, error) {
	raw, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	o, err := keys.Owner(into.ID, into.wrappedKey)
	if err != nil {
		return nil, err
	}
	return o.Seal(keptPurpose(m), raw)
}

func openKept(keys *secret.Tenant, into *Customer, m Merge, sealed []byte) (k kept, err error) {
	o, err := keys.Owner(into.ID, into.wrappedKey)
	if err != nil {
		return k, err
	}
	raw, err := o.Open(keptPurpose(m), sealed)
	if err != nil {
		return k, fmt.Errorf("merge %s: %w", m.ID, err)
	}
	return k, json.Unmarshal(raw, &k)
}

// Merged is a merge into a customer that can still be taken back.
type Merged struct {
	Merge
	Name string // of the customer that went
	At   clock.Time
	By   id.ID
}

// Merges lists the merges into a customer that stand, the newest first.
func (b *Book) Merges(ctx context.Context, r db.Reader, tenant, into id.ID) ([]Merged, error) {
	rows, err := r.Query(ctx, `select m.id, m.from_id, m.into_id, c.name, m.created_at, coalesce(m.actor_id, 0) from customer_merge m
		join customer c on c.tenant_id = m.tenant_id and c.id = m.from_id
		where m.tenant_id = $1 and m.into_id = $2 and m.undone_at is null order by m.id desc limit 50`, int64(tenant), int64(into))
	return db.Each(rows, err, func(r *sql.Rows) (Merged, error) {
		x := Merged{Merge: Merge{Tenant: tenant}}
		return x, r.Scan(&x.ID, &x.From, &x.Into, &x.Name, &x.At, &x.By)
	})
}

func (b *Book) afterMerge(ctx context.Context, tx *db.Tx, a *staff.Actor, m Merge, event string, undo bool) error {
	if err := b.record(ctx, tx, a, m.From, event, EventData{Merge: m.ID, Other: m.Into}); err != nil {
		return err
	}
	if err := b.record(ctx, tx, a, m.Into, event, EventData{Merge: m.ID, Other: m.From}); err != nil {
		return err
	}
	for _, h := range b.mergeHooks {
		if err := h(ctx, tx, a, m, undo); err != nil {
			return err
		}
	}
	return nil
}

// FindMerge reads a merge by its number, taken back or not.
func (b *Book) FindMerge(ctx context.Context, r db.Reader, tenant, undo id.ID) (Merge, error) {
	m := Merge{Tenant: tenant, ID: undo}
	err := r.QueryRow(ctx, `select from_id, into_id from customer_merge where tenant_id = $1 and id = $2`, int64(tenant), int64(undo)).Scan(&m.From, &m.Into)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.Missing("merge")
	}
	return m, err
}

// lockTwo locks in the order of the ids, so that two merges the other way
// round do not wait for each other.
func (b *Book) lockTwo(ctx context.Context, tx *db.Tx, keys *secret.Tenant, x, y id.ID) (cx, cy *Customer, err error) {
	first, second := &cx, &cy
	if x > y {
		first, second, x, y = second, first, y, x
	}
	if *first, err = b.load(ctx, tx, keys, x, true); err != nil {
		return nil, nil, err
	}
	if *second, err = b.load(ctx, tx, keys, y, true); err != nil {
		return nil, nil, err
	}
	return cx, cy, nil
}

// mergeDepth is how many merges lead one after another to this customer.
func mergeDepth(ctx context.Context, r db.Reader, tenant, customer id.ID) (depth int, err error) {
	err = r.QueryRow(ctx, `with recursive up(id, depth) as (
			select c.id, 0 from customer c where c.tenant_id = $1 and c.id = $2
			union all
			select c.id, up.depth + 1 from up join customer c on c.tenant_id = $1 and c.merged_into = up.id where up.depth < 64)
		select max(depth) from up`, int64(tenant), int64(customer)).Scan(&depth)
	return depth, err
}

func identityIDs(ctx context.Context, r db.Reader, tenant, customer id.ID) ([]id.ID, error) {
	rows, err := r.Query(ctx, `select id from customer_identity where tenant_id = $1 and customer_id = $2 order by id`, int64(tenant), int64(customer))
	return db.Each(rows, err, scanID)
}
