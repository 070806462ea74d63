package customer

import (
	"context"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// loadRows is how many rows a statement of InsertNew takes.
const loadRows = 100

// InsertNew makes the customers of contacts that are all new and of different
// people, as ResolveIn would one by one, in a few statements. It is the way of
// seeding; an address that somebody has already fails the transaction.
func (b *Book) InsertNew(ctx context.Context, tx *db.Tx, list []Prepared) ([]id.ID, error) {
	var out []id.ID
	identities, customers, names := rows{width: 10}, rows{width: 15}, rows{width: 3}
	for i := range list {
		c := &list[i].fresh
		if list[i].by != 0 {
			return nil, fault.Bad("requester.id", "known", "a new customer has no id yet")
		}
		out = append(out, c.ID)
		customers.add(int64(c.Tenant), int64(c.ID), c.Name, sortKey(c.Name), c.Named, c.Tier, orNull(c.Company), tagsText(c.Tags), c.Language,
			c.sealedNote, c.sealedFields, c.wrappedKey, int64(c.CreatedAt), int64(c.UpdatedAt), c.Version)
		for _, x := range list[i].identities {
			identities.add(int64(c.Tenant), x.blind, int64(x.id), int64(c.ID), int64(c.ID), x.kind, x.sealed, x.last4, orNone(x.head), int64(c.CreatedAt))
		}
		for _, t := range list[i].terms {
			names.add(int64(c.Tenant), t, int64(c.ID))
		}
	}
	for _, t := range []struct {
		into string
		rows rows
	}{
		{`insert into customer_identity (tenant_id, blind, id, customer_id, origin_id, kind, sealed, last4, head, created_at) values `, identities},
		{`insert into customer (tenant_id, id, name, sort_key, named, tier, company_id, tags, language, note, fields, wrapped_key, created_at, updated_at, version) values `, customers},
		{`insert into customer_term (tenant_id, term, customer_id) values `, names},
	} {
		if err := t.rows.insert(ctx, tx, t.into); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rows are values for one table.
type rows struct {
	width int
	args  []any
}

func (r *rows) add(values ...any) { r.args = append(r.args, values...) }

func (r *rows) insert(ctx context.Context, tx *db.Tx, into string) error {
	for args := r.args; len(args) > 0; {
		n := min(loadRows, len(args)/r.width)
		if _, err := tx.Exec(ctx, into+db.Values(n, r.width), args[:n*r.width]...); err != nil {
			return err
		}
		args = args[n*r.width:]
	}
	return nil
}
