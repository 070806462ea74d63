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

// gained is what the survivor took over from the other, so that it can be
// given back. The other's row still holds the values themselves.
type gained struct {
	Name         string   `json:"name,omitempty"` // what stood there before; only a masked address
	NameTaken    bool     `json:"name_taken,omitempty"`
	Tier         string   `json:"tier,omitempty"` // before
	CompanyTaken bool     `json:"company_taken,omitempty"`
	Language     bool     `json:"language_taken,omitempty"`
	Note         bool     `json:"note_taken,omitempty"`
	Tags         []string `json:"tags,omitempty"`
	Fields       []string `json:"fields,omitempty"`
}

// join gives into what from has and into lacks.
func join(into, from *Customer) (g gained) {
	if !into.Named && from.Named {
		g.Name, g.NameTaken = into.Name, true
		into.Name, into.Named = from.Name, true
	}
	if into.Tier == TierNormal && from.Tier != TierNormal {
		g.Tier, into.Tier = into.Tier, from.Tier
	}
	if into.Company == 0 && from.Company != 0 {
		g.CompanyTaken, into.Company = true, from.Company
	}
	if into.Language == "" && from.Language != "" {
		g.Language, into.Language = true, from.Language
	}
	if joined := joinNotes(into.Note, from.Note); joined != into.Note && len([]rune(joined)) <= MaxNote {
		g.Note, into.Note = true, joined
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
	return g
}

// part takes back from into what join gave it, where nobody changed it since.
func part(into, from *Customer, g gained) {
	if g.NameTaken && into.Name == from.Name {
		into.Name, into.Named = g.Name, false
	}
	if g.Tier != "" && into.Tier == from.Tier {
		into.Tier = g.Tier
	}
	if g.CompanyTaken && into.Company == from.Company {
		into.Company = 0
	}
	if g.Language && into.Language == from.Language {
		into.Language = ""
	}
	if g.Note {
		into.Note = partNotes(into.Note, from.Note)
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
// to into. It gives the number by which the merge is taken back.
func (b *Book) Merge(ctx context.Context, a *staff.Actor, from, into id.ID) (undo id.ID, err error) {
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
		old, wasNamed := t.Name, t.Named
		g := join(t, f)
		data, err := json.Marshal(g)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into customer_merge (tenant_id, id, from_id, into_id, data, actor_kind, actor_id, created_at)
			values ($1,$2,$3,$4,$5,$6,$7,$8)`, int64(m.Tenant), int64(m.ID), int64(m.From), int64(m.Into), string(data),
			string(a.Kind), orNull(a.ID), b.Clock.Millis()); err != nil {
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
		if err := rename(ctx, tx, t, old, wasNamed); err != nil {
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
		var undone bool
		m = Merge{Tenant: a.Tenant, ID: undo}
		err := tx.QueryRow(ctx, `select from_id, into_id, data, undone_at is not null from customer_merge where tenant_id = $1 and id = $2`+
			tx.Engine().ForUpdate(), int64(a.Tenant), int64(undo)).Scan(&m.From, &m.Into, &data, &undone)
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
		old, wasNamed := t.Name, t.Named
		part(t, f, g)
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
		if err := rename(ctx, tx, t, old, wasNamed); err != nil {
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
