package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// item is what became of a row, for taking it back.
type item struct {
	row     int64
	act     string
	object  id.ID
	version int64 // of a ticket at its birth
	before  []byte
}

// kept says why a row is not as before: a code, and the parts that stay.
type kept struct {
	Code  string   `json:"code"`
	Parts []string `json:"parts,omitempty"`
}

// undo takes an import back, the last row first. What somebody has worked with
// since is kept, and named.
func (m *Room) undo(ctx context.Context, a *staff.Actor, i *Import) error {
	keys, err := m.Vault.Tenant(ctx, i.Tenant)
	if err != nil {
		return err
	}
	for {
		rows, err := m.DB.Query(ctx, `select row_no, act, coalesce(object_id, 0), version, before from exchange_item
			where tenant_id = $1 and import_id = $2 and act in ('created', 'updated') and undo = '' order by row_no desc limit 200`, i.Tenant, i.ID)
		list, err := db.Each(rows, err, func(r *sql.Rows) (item, error) {
			var x item
			return x, r.Scan(&x.row, &x.act, &x.object, &x.version, &x.before)
		})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for _, x := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if x.before != nil {
				if x.before, err = keys.Open(beforePurpose, x.before); err != nil {
					return err
				}
			}
			var stays *kept
			mark := func(ctx context.Context, tx *db.Tx) error { return m.markUndone(ctx, tx, i, x.row, stays) }
			err := m.undoOne(db.WithTxHook(ctx, mark), a, i, x, func(parts []string) {
				if stays = nil; len(parts) > 0 {
					stays = &kept{Code: "touched", Parts: parts}
				}
			})
			switch kind := fault.KindOf(err); {
			case err == nil, errors.Is(err, errSettled):
				continue
			case ctx.Err() != nil, kind == fault.Internal, kind == fault.Unavailable:
				return err
			}
			stays = &kept{Code: faults(err)[0].Code}
			if err := m.DB.Tx(ctx, mark); err != nil && !errors.Is(err, errSettled) {
				return err
			}
		}
		m.tellImport(ctx, i)
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `update exchange_import set state = 'undone', finished_at = $3 where tenant_id = $1 and id = $2 and state = 'undoing'`, i.Tenant, i.ID, m.Clock.Now()); err != nil {
			return err
		}
		return m.Staff.Record(ctx, tx, a, staff.Act{Kind: "import_undone", Subject: i.ID, Data: map[string]any{"what": i.What}})
	})
	m.tellImport(ctx, i)
	return err
}

// markUndone notes that a row is taken back, in the transaction of that.
func (m *Room) markUndone(ctx context.Context, tx *db.Tx, i *Import, row int64, stays *kept) error {
	word, why := "undone", ""
	if stays != nil {
		word, why = "kept", encode(stays)
	}
	n, err := tx.Exec(ctx, `update exchange_item set undo = $4, kept = $5 where tenant_id = $1 and import_id = $2 and row_no = $3 and undo = ''`, i.Tenant, i.ID, row, word, why)
	if err != nil {
		return err
	}
	if n == 0 {
		return errSettled
	}
	_, err = tx.Exec(ctx, `update exchange_import set `+word+` = `+word+` + 1 where tenant_id = $1 and id = $2`, i.Tenant, i.ID)
	return err
}

var errKept = fault.New(fault.Conflict, "touched", "it has changed since")

// undoOne takes one row back in the context's first transaction. stays hears,
// before that commits, which parts are left as they are.
func (m *Room) undoOne(ctx context.Context, a *staff.Actor, i *Import, x item, stays func(parts []string)) error {
	tickets := i.What == Tickets || i.What == Batch
	switch {
	case tickets && x.act == created:
		return m.Desk.TakeOut(ctx, a, x.object, x.version)
	case i.What == Customers && x.act == created:
		return m.Customers.Unmake(ctx, a, x.object, 1)
	case i.What == Companies && x.act == created:
		return m.Customers.UnmakeCompany(ctx, a, x.object, 1)
	case tickets:
		var t ticket.Trace
		if err := json.Unmarshal(x.before, &t); err != nil {
			return err
		}
		return m.Desk.PutBack(ctx, a, x.object, t, stays)
	case i.What == Companies:
		var c customer.CompanyChange
		if err := json.Unmarshal(x.before, &c); err != nil {
			return err
		}
		now, err := m.Customers.Company(ctx, m.DB, i.Tenant, x.object)
		if err != nil {
			return err
		}
		if now.Version > c.Version+1 {
			return errKept
		}
		c.Version = now.Version
		_, err = m.Customers.UpdateCompany(ctx, a, x.object, c)
		return err
	}
	var c customer.Change
	if err := json.Unmarshal(x.before, &c); err != nil {
		return err
	}
	now, err := m.Customers.Get(ctx, m.DB, i.Tenant, x.object)
	if err != nil {
		return err
	}
	if now.Version > c.Version+1 {
		return errKept
	}
	c.Version = now.Version
	_, err = m.Customers.Update(ctx, a, x.object, c)
	return err
}

// KeptJSON is a row that could not be taken back, or not all of it.
type KeptJSON struct {
	Row    int64    `json:"row"`
	Object id.ID    `json:"object_id,omitzero"`
	Name   string   `json:"name" doc:"of the customer or company, number and subject of the ticket; empty when it is out of reach"`
	Code   string   `json:"code" doc:"touched: somebody has changed it since"`
	Parts  []string `json:"parts" doc:"what stays of a ticket: subject, priority, type, category, tags, assignee, status, fields.KEY, reply, note"`
}

// Kept lists the rows that an undoing has left, wholly or in part.
func (m *Room) Kept(ctx context.Context, a *staff.Actor, i *Import, after int64, limit int) ([]KeptJSON, error) {
	rows, err := m.DB.Query(ctx, `select row_no, coalesce(object_id, 0), kept from exchange_item where tenant_id = $1 and import_id = $2 and undo = 'kept' and row_no > $3
		order by row_no limit $4`, i.Tenant, i.ID, after, limit)
	list, err := db.Each(rows, err, func(r *sql.Rows) (KeptJSON, error) {
		x, why := KeptJSON{Parts: []string{}}, ""
		if err := r.Scan(&x.Row, &x.Object, &why); err != nil {
			return x, err
		}
		k := kept{}
		err := json.Unmarshal([]byte(why), &k)
		if x.Code = k.Code; k.Parts != nil {
			x.Parts = k.Parts
		}
		return x, err
	})
	if err != nil {
		return nil, err
	}
	for n := range list {
		if list[n].Name, err = m.nameOf(ctx, a, i.What, list[n].Object); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (m *Room) nameOf(ctx context.Context, a *staff.Actor, what string, object id.ID) (name string, err error) {
	switch what {
	case Customers:
		if err = m.Customers.May(ctx, m.DB, a, customer.Read, object); err == nil {
			c, e := m.Customers.Get(ctx, m.DB, a.Tenant, object)
			if err = e; err == nil {
				name = c.Name
			}
		}
	case Companies:
		c, e := m.Customers.Company(ctx, m.DB, a.Tenant, object)
		if err = e; err == nil {
			name = c.Name
		}
	default:
		t, e := m.Desk.Get(ctx, a, object)
		if err = e; err == nil {
			name = t.Number + " " + t.Subject
		}
	}
	if k := fault.KindOf(err); k == fault.NotFound || k == fault.Forbidden {
		return "", nil
	}
	return name, err
}
