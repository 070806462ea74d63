package sla

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Reports read the clocks that have ended from packed days, a hundred times
// cheaper than from their rows. A day that is packed says exactly what its
// clocks say, or it is marked: whatever ends a clock, takes an end back or
// says why a promise was broken leaves a mark on the day in the same
// transaction, and a report reads the clocks of marked days themselves. A job
// packs marked days that are over and takes away the marks that it saw when it
// read their clocks, no others. Nothing is added up in place, so corrections
// of whatever kind cannot leave a figure wrong, and writers never meet.

// kindPack is the job that packs one day and orders the next.
const kindPack = "sla.pack"

// touched collects the days whose clocks a write changes.
type touched []int64

func (d *touched) at(moment clock.Time) {
	if moment != 0 && !slices.Contains(*d, day(moment)) {
		*d = append(*d, day(moment))
	}
}

// mark says that the packing of days is no longer what their clocks say.
func (m *Room) mark(ctx context.Context, tx *db.Tx, tenant id.ID, days touched) error {
	for _, d := range days {
		if err := tx.Queue(ctx, insertMark, int64(tenant), d, int64(m.IDs.Next())); err != nil {
			return err
		}
	}
	return nil
}

const insertMark = `insert into sla_unpacked (tenant_id, day, id) values ($1, $2, $3)`

// Tidy orders that marked days of a tenant that are over are packed.
func (m *Room) Tidy(ctx context.Context, tenant id.ID) error {
	if _, found, err := m.marked(ctx, tenant); err != nil || !found {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.orderPack(ctx, tx, tenant) })
}

func (m *Room) orderPack(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindPack, Key: "all", DueAt: m.Clock.Now(), Replace: true, Payload: struct{}{}})
}

// marked is the first marked day that is over.
func (m *Room) marked(ctx context.Context, tenant id.ID) (first int64, found bool, err error) {
	var v sql.NullInt64
	err = m.DB.QueryRow(ctx, `select min(day) from sla_unpacked where tenant_id = $1 and day < $2`, tenant, day(m.Clock.Now())).Scan(&v)
	return v.Int64, v.Valid, err
}

// packNext packs the first marked day that is over. That two nodes do it at
// the same time is kept out by Done: the one that came first is refused, and
// what it read is forgotten.
func (m *Room) packNext(ctx context.Context, j job.Job) error {
	d, found, err := m.marked(ctx, j.Tenant)
	if err != nil || !found {
		return err
	}
	var marks []id.ID
	var body []byte
	err = m.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
		rows, err := r.Query(ctx, `select id from sla_unpacked where tenant_id = $1 and day = $2`, j.Tenant, d)
		if marks, err = db.Each(rows, err, scanID); err != nil {
			return err
		}
		body = nil
		p, err := readPage(ctx, r, j.Tenant, clock.Time(d*dayLength), clock.Time((d+1)*dayLength))
		if err == nil && len(p.rows) > 0 {
			body = p.pack()
		}
		return err
	})
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		write, args := `delete from sla_packed where tenant_id = $1 and day = $2`, []any{int64(j.Tenant), d}
		if body != nil {
			write = `insert into sla_packed (tenant_id, day, body) values ($1, $2, $3) on conflict (tenant_id, day) do update set body = excluded.body`
			args = append(args, body)
		}
		if err := tx.Queue(ctx, write, args...); err != nil {
			return err
		}
		for lot := range slices.Chunk(marks, 5000) {
			list, err := json.Marshal(lot)
			if err != nil {
				return err
			}
			if err := tx.Queue(ctx, `delete from sla_unpacked where tenant_id = $1 and day = $2 and id `+tx.Engine().InIDs("$3"), j.Tenant, d, string(list)); err != nil {
				return err
			}
		}
		return m.orderPack(ctx, tx, j.Tenant)
	})
}

// readPage reads the clocks that ended from a moment until before another.
func readPage(ctx context.Context, r db.Reader, tenant id.ID, from, to clock.Time) (*page, error) {
	rows, err := r.Query(ctx, `select c.ended_at, coalesce(c.policy_id, 0), coalesce(c.team_id, 0), coalesce(c.department_id, 0), coalesce(c.assignee_id, 0),
			coalesce(c.category_id, 0), c.metric, c.state, c.original, c.reason, c.elapsed, c.paused
		from sla_clock c where c.tenant_id = $1 and c.ended_at >= $2 and c.ended_at < $3 and c.original <> 'unpromised'`, tenant, from, to)
	clocks, err := db.Each(rows, err, func(r *sql.Rows) (c ended, err error) {
		return c, r.Scan(&c.at, &c.policy, &c.team, &c.department, &c.assignee, &c.category, &c.metric, &c.state, &c.original, &c.reason, &c.elapsed, &c.paused)
	})
	if err != nil {
		return nil, err
	}
	return newPage(clocks), nil
}

// pages gives fn the clocks that ended from a moment until before another, and
// maybe others of the first and the last day.
func (m *Room) pages(ctx context.Context, tenant id.ID, from, to clock.Time, fn func(p *page)) error {
	return m.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
		rows, err := r.Query(ctx, `select distinct day from sla_unpacked where tenant_id = $1 and day >= $2 and day <= $3`, tenant, day(from), day(to-1))
		marked, err := db.Each(rows, err, func(r *sql.Rows) (d int64, err error) { return d, r.Scan(&d) })
		if err != nil {
			return err
		}
		rows, err = r.Query(ctx, `select day, body from sla_packed where tenant_id = $1 and day >= $2 and day <= $3 order by day`, tenant, day(from), day(to-1))
		if _, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
			var d int64
			var body sql.RawBytes
			if err := r.Scan(&d, &body); err != nil || slices.Contains(marked, d) {
				return struct{}{}, err
			}
			p, err := unpack(body)
			if err != nil {
				return struct{}{}, fmt.Errorf("day %s of tenant %s: %w", strconv.FormatInt(d, 10), tenant, err)
			}
			fn(p)
			return struct{}{}, nil
		}); err != nil {
			return err
		}
		for _, d := range marked {
			p, err := readPage(ctx, r, tenant, max(from, clock.Time(d*dayLength)), min(to, clock.Time((d+1)*dayLength)))
			if err != nil {
				return err
			}
			fn(p)
		}
		return nil
	})
}
