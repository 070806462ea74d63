package report

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// kindBackfill is the job that makes the facts of tickets whose events came
// before there was a Reaction to see them: those of an older store, of a bulk
// load.
const kindBackfill = "report.backfill"

const (
	backfillChunk = 200 // tickets of one transaction
	backfillLot   = 25  // transactions of one job
	backfillLimit = 5 * time.Minute
)

// Filling is how far the facts of older tickets have been made.
type Filling struct {
	Done     int64      `json:"done"`
	Total    int64      `json:"total"`
	Started  clock.Time `json:"started_at,omitzero"`
	Finished clock.Time `json:"finished_at,omitzero" doc:"absent while it is at work"`

	after, until id.ID
}

// Adopt makes the facts of all tickets that are there, in the background, in
// the caller's transaction. It may be ordered again: what is there stays.
func (m *Room) Adopt(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	var total int64
	var until sql.NullInt64
	if err := tx.QueryRow(ctx, `select count(*), max(id) from ticket where tenant_id = $1`, int64(tenant)).Scan(&total, &until); err != nil {
		return err
	}
	now := m.Clock.Now()
	var finished any
	if total == 0 {
		finished = int64(now)
	}
	if _, err := tx.Exec(ctx, `insert into report_backfill (tenant_id, after_id, until_id, done, total, started_at, finished_at) values ($1, 0, $2, 0, $3, $4, $5)
		on conflict (tenant_id) do update set after_id = 0, until_id = excluded.until_id, done = 0, total = excluded.total,
			started_at = excluded.started_at, finished_at = excluded.finished_at`,
		int64(tenant), until.Int64, total, int64(now), finished); err != nil {
		return err
	}
	m.mu.Lock()
	delete(m.filled, tenant)
	m.mu.Unlock()
	if total == 0 {
		return nil
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindBackfill, Key: "all", DueAt: now, Replace: true, Payload: struct{}{}})
}

// Warm orders the facts of a tenant's older tickets where nobody has done so.
func (m *Room) Warm(ctx context.Context, tenant id.ID) error {
	m.mu.Lock()
	whole := m.filled[tenant]
	m.mu.Unlock()
	if whole {
		return nil
	}
	_, known, err := m.progress(ctx, m.DB, tenant)
	if err != nil || known {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, known, err := m.progress(ctx, tx, tenant); err != nil || known {
			return err
		}
		return m.Adopt(ctx, tx, tenant)
	})
}

func (m *Room) progress(ctx context.Context, r db.Reader, tenant id.ID) (p Filling, known bool, err error) {
	var finished sql.NullInt64
	err = r.QueryRow(ctx, `select after_id, until_id, done, total, started_at, finished_at from report_backfill where tenant_id = $1`, int64(tenant)).
		Scan(&p.after, &p.until, &p.Done, &p.Total, &p.Started, &finished)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	p.Finished = clock.Time(finished.Int64)
	return p, err == nil, err
}

// filling is how far the backfill is, nil when the facts are whole.
func (m *Room) filling(ctx context.Context, tenant id.ID) (*Filling, error) {
	m.mu.Lock()
	whole := m.filled[tenant]
	m.mu.Unlock()
	if whole {
		return nil, nil
	}
	p, known, err := m.progress(ctx, m.DB, tenant)
	if err != nil || !known { // it is ordered when the house starts
		return nil, err
	}
	if p.Finished == 0 {
		return &p, nil
	}
	m.mu.Lock()
	m.filled[tenant] = true
	m.mu.Unlock()
	return nil, nil
}

func (m *Room) backfill(ctx context.Context, j job.Job) error {
	done := job.Done(ctx)
	for n := range backfillLot {
		p, known, err := m.progress(ctx, m.DB, j.Tenant)
		if err != nil || !known || p.Finished != 0 {
			return err
		}
		ids, err := each(ctx, m.DB, `select id from ticket where tenant_id = $1 and id > $2 and id <= $3 order by id limit $4`,
			[]any{int64(j.Tenant), int64(p.after), int64(p.until), backfillChunk}, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
		if err != nil {
			return err
		}
		last := len(ids) < backfillChunk
		if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := m.fill(ctx, tx, j.Tenant, ids); err != nil {
				return err
			}
			after, finished := p.until, any(int64(m.Clock.Now()))
			if !last {
				after, finished = ids[len(ids)-1], nil
			}
			if _, err := tx.Exec(ctx, `update report_backfill set after_id = $2, done = done + $3, finished_at = $4 where tenant_id = $1`,
				int64(j.Tenant), int64(after), int64(len(ids)), finished); err != nil {
				return err
			}
			switch {
			case last:
				return done(ctx, tx)
			case n == backfillLot-1: // others are let in between
				if err := done(ctx, tx); err != nil {
					return err
				}
				return m.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindBackfill, Key: "all", DueAt: m.Clock.Now(), Replace: true, Payload: struct{}{}})
			}
			return nil
		}); err != nil || last {
			return err
		}
	}
	return nil
}

// fill makes the facts of tickets. It holds the tickets meanwhile, so that what
// is taken back of them is either seen here or taken out afterwards.
func (m *Room) fill(ctx context.Context, tx *db.Tx, tenant id.ID, ids []id.ID) error {
	tickets, err := m.Desk.LoadForUpdate(ctx, tx, tenant, ids)
	if err != nil {
		return err
	}
	events, err := m.Desk.Events(ctx, tx, tenant, ids)
	if err != nil {
		return err
	}
	var facts []Fact
	for _, t := range tickets {
		all, _ := Facts(events[t.ID])
		facts = append(facts, all...)
	}
	rows, err := m.rows(ctx, tx, tenant, facts, tickets)
	if err != nil {
		return err
	}
	return keep(ctx, tx, tenant, rows, nil)
}
