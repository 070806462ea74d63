package channel

import (
	"context"
	"database/sql"
	"io"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Items lists what is in a state other than done, the oldest first. After is
// the last id of the page before.
func (in *Intake) Items(ctx context.Context, tenant id.ID, state State, after id.ID, limit int) ([]Item, error) {
	rows, err := in.desk.DB.Query(ctx, `select `+itemColumns+` from inbound where tenant_id = $1 and state = $2 and state <> 'done' and id > $3 order by id limit $4`,
		tenant, string(state), after, min(max(limit, 1), 200))
	return db.Each(rows, err, func(r *sql.Rows) (Item, error) { return scanItem(r) })
}

// Item finds the record of one item.
func (in *Intake) Item(ctx context.Context, tenant, item id.ID) (Item, error) {
	return findItem(ctx, in.desk.DB, tenant, item)
}

// Raw opens the content of an item as it came in. It is hostile until proven
// otherwise: it is downloaded, never shown in place.
func (in *Intake) Raw(ctx context.Context, tenant, item id.ID) (io.ReadSeekCloser, error) {
	it, err := findItem(ctx, in.desk.DB, tenant, item)
	if err != nil {
		return nil, err
	}
	if it.State == Discarded {
		return nil, fault.Missing("inbound")
	}
	return in.open(ctx, it)
}

// Retry lets a quarantined item try again: after a fix, or by a person who
// knows better.
func (in *Intake) Retry(ctx context.Context, tenant, item id.ID) error {
	return in.leave(ctx, tenant, item, Received, func(ctx context.Context, tx *db.Tx, it Item) error {
		return in.desk.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: jobKind, Key: it.Channel, Payload: payload{it.ID}})
	})
}

// Discard gives a quarantined item up. Its record stays, so that the same item
// is not taken in again; its content can be read no more.
func (in *Intake) Discard(ctx context.Context, tenant, item id.ID) error {
	return in.leave(ctx, tenant, item, Discarded, func(ctx context.Context, tx *db.Tx, it Item) error {
		_, err := tx.Exec(ctx, `delete from inbound_raw where tenant_id = $1 and inbound_id = $2`, tenant, item)
		return err
	})
}

func (in *Intake) leave(ctx context.Context, tenant, item id.ID, to State, then func(context.Context, *db.Tx, Item) error) error {
	return in.desk.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		it, err := findItem(ctx, tx, tenant, item)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `update inbound set state = $3 where tenant_id = $1 and id = $2 and state = 'quarantined'`, tenant, item, string(to))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "inbound.not_quarantined", "the item is not in quarantine")
		}
		return then(ctx, tx, it)
	})
}

// Waiting counts what is in a state, up to a cap of 1000: for badges and alarms.
func (in *Intake) Waiting(ctx context.Context, tenant id.ID, state State) (int, error) {
	var n int
	err := in.desk.DB.QueryRow(ctx, `select count(*) from (select 1 from inbound where tenant_id = $1 and state = $2 and state <> 'done' limit 1000) x`,
		tenant, string(state)).Scan(&n)
	return n, err
}
