package job

import (
	"context"
	"database/sql"
	"errors"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Parked is a job that failed too often and holds up its key until an operator
// decides.
type Parked struct {
	ID       id.ID
	Tenant   id.ID
	Kind     string
	Key      string
	Payload  []byte
	Attempt  int
	Error    string // of the last try
	ParkedAt clock.Time
	Waiting  int // jobs of the same key that wait behind it
}

// Parking and its undoing lock the row of the shard's lease, so that a row that
// is moved behind a parked one cannot miss that the key was just set free.

func lockShard(ctx context.Context, tx *db.Tx, shard int) (epoch int64, err error) {
	err = tx.QueryRow(ctx, "select epoch from lease where name = $1"+tx.Engine().ForUpdate(), shardLease(shard)).Scan(&epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return epoch, err
}

const moveToParked = `insert into job_parked (tenant_id, id, shard, due_at, pos, kind, key, timer, payload, attempt, error, parked_at)
	select tenant_id, id, shard, due_at, pos, kind, key, timer, payload, cast($5 as integer), cast($6 as text), cast($7 as bigint)
	from job where shard = $1 and due_at = $2 and pos = $3 and id = $4`

const deleteRow = "delete from job where shard = $1 and due_at = $2 and pos = $3 and id = $4"

// park moves rows of one shard to the parked ones and tells memory.
func (q *Queue) park(ctx context.Context, shard int, list []outcome) (refused []*row, err error) {
	var now clock.Time
	var moved, free []bool
	err = q.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now = q.cfg.Clock.Now()
		moved, free = make([]bool, len(list)), make([]bool, len(list))
		epoch, err := lockShard(ctx, tx, shard)
		if err != nil {
			return err
		}
		for i, o := range list {
			r := o.row
			if r.epoch != epoch {
				continue
			}
			var reason any = o.err
			if o.what == blocked {
				reason = nil
				if free[i], err = q.unblocked(ctx, tx, r); err != nil {
					return err
				}
				if free[i] {
					continue
				}
			}
			n, err := tx.Exec(ctx, moveToParked, r.shard, r.due, r.pos, r.id, o.attempt, reason, int64(now))
			if err != nil {
				return err
			}
			if n == 1 {
				moved[i] = true
				if _, err := tx.Exec(ctx, deleteRow, r.shard, r.due, r.pos, r.id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &q.mem.shards[shard]
	for i, o := range list {
		r := o.row
		switch {
		case moved[i]:
			if o.what == parked {
				q.log.Warn("a job failed too often, its key is parked", "tenant", r.tenant, "kind", r.kind, "key", r.key,
					"job", id.ID(r.id), "attempts", o.attempt, "error", o.err)
				if s.held == owned {
					s.parked[r.name()] = struct{}{}
				}
				q.mem.unsure(r) // what is behind it is read again, and moved
			} else {
				q.mem.forget(r)
			}
		case free[i]:
			if s.held == owned {
				delete(s.parked, r.name())
			}
			q.mem.unsure(r)
		default:
			refused = append(refused, r)
		}
	}
	return refused, nil
}

// unblocked says whether the key of a row is not parked any more. A timer also
// replaces a parked timer, and so sets the key free itself.
func (q *Queue) unblocked(ctx context.Context, tx *db.Tx, r *row) (bool, error) {
	if r.timer {
		n, err := tx.Exec(ctx, "delete from job_parked where tenant_id = $1 and kind = $2 and key = $3 and timer",
			int64(r.tenant), r.kind, r.key)
		if err != nil {
			return false, err
		}
		if n > 0 {
			return true, restore(ctx, tx, r.name())
		}
	}
	var one int
	err := tx.QueryRow(ctx, "select 1 from job_parked where tenant_id = $1 and kind = $2 and key = $3 limit 1",
		int64(r.tenant), r.kind, r.key).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return false, err
}

// restore moves all parked rows of a key back, to be run in their old order.
// A timer that was set anew meanwhile takes the place of the old one.
func restore(ctx context.Context, tx *db.Tx, n lineName) error {
	if _, err := tx.Exec(ctx, `insert into job (shard, due_at, pos, id, tenant_id, kind, key, timer, payload)
		select shard, due_at, pos, id, tenant_id, kind, key, timer, payload from job_parked
		where tenant_id = $1 and kind = $2 and key = $3 on conflict do nothing`, int64(n.tenant), n.kind, n.key); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "delete from job_parked where tenant_id = $1 and kind = $2 and key = $3", int64(n.tenant), n.kind, n.key)
	return err
}

// unpark is restore with the lock, and wakes the owner, who finds out by itself
// that the key is free.
func (q *Queue) unpark(ctx context.Context, tx *db.Tx, n lineName) error {
	shard := shardOf(n.tenant, n.key)
	if _, err := lockShard(ctx, tx, shard); err != nil {
		return err
	}
	if err := restore(ctx, tx, n); err != nil {
		return err
	}
	tx.AfterCommit(func() { q.mark(paneName{shard, n.tenant, n.kind}) })
	return nil
}

// Parked lists the parked jobs of a tenant from the oldest, after an id.
func (q *Queue) Parked(ctx context.Context, r db.Reader, tenant, after id.ID, limit int) ([]Parked, error) {
	rows, err := r.Query(ctx, `select p.id, p.kind, p.key, p.payload, p.attempt, p.error, p.parked_at,
		(select count(*) from job_parked w where w.tenant_id = p.tenant_id and w.kind = p.kind and w.key = p.key and w.error is null)
		from job_parked p where p.tenant_id = $1 and p.id > $2 and p.error is not null order by p.id limit $3`,
		int64(tenant), int64(after), limit)
	return db.Each(rows, err, func(rows *sql.Rows) (Parked, error) {
		p := Parked{Tenant: tenant}
		err := rows.Scan((*int64)(&p.ID), &p.Kind, &p.Key, &p.Payload, &p.Attempt, &p.Error, (*int64)(&p.ParkedAt), &p.Waiting)
		return p, err
	})
}

// Retry runs a parked job, and what waits behind it, again from its first try.
func (q *Queue) Retry(ctx context.Context, tx *db.Tx, tenant, job id.ID) error {
	n, err := parkedName(ctx, tx, tenant, job)
	if err != nil {
		return err
	}
	return q.unpark(ctx, tx, n)
}

// Skip gives a parked job up; what waits behind it is run.
func (q *Queue) Skip(ctx context.Context, tx *db.Tx, tenant, job id.ID) error {
	n, err := parkedName(ctx, tx, tenant, job)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "delete from job_parked where tenant_id = $1 and id = $2", int64(tenant), int64(job)); err != nil {
		return err
	}
	return q.unpark(ctx, tx, n)
}

func parkedName(ctx context.Context, tx *db.Tx, tenant, job id.ID) (lineName, error) {
	n := lineName{tenant: tenant}
	err := tx.QueryRow(ctx, "select kind, key from job_parked where tenant_id = $1 and id = $2 and error is not null",
		int64(tenant), int64(job)).Scan(&n.kind, &n.key)
	if errors.Is(err, sql.ErrNoRows) {
		return n, fault.Missing("job")
	}
	return n, err
}
