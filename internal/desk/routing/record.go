package routing

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// recordsOf is how far back it counts how people have done.
const recordsOf = 180 * 24 * time.Hour

// Warm loads what the first ticket of a tenant would wait for, and once a day
// has counted how people have done.
func (m *Room) Warm(ctx context.Context, tenant id.ID) {
	k, err := m.fresh(ctx, tenant)
	if err == nil {
		_, err = m.crewOf(ctx, tenant, k)
	}
	if err == nil {
		err = m.orderRecords(ctx, tenant)
	}
	if err != nil && ctx.Err() == nil {
		m.Log.Warn("routing: warming", "tenant", tenant, "error", err)
	}
}

func (m *Room) orderRecords(ctx context.Context, tenant id.ID) error {
	today := int64(m.Clock.Now()) / (24 * 3600 * 1000)
	m.mu.Lock()
	same := m.counted[tenant] == today
	m.counted[tenant] = today
	m.mu.Unlock()
	if same {
		return nil
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindRecords, Key: strconv.FormatInt(today, 10), Payload: struct{}{}})
	})
}

// countRecords counts anew how people have done, by kind of ticket.
func (m *Room) countRecords(ctx context.Context, j job.Job) error {
	type row struct {
		user, category   id.ID
		solved, reopened int
		minutes          float64
	}
	rows, err := m.DB.Query(ctx, `select assignee_id, category_id, count(*), avg((solved_at - created_at) / 60000.0), sum(case when reopen_count > 0 then 1 else 0 end)
		from ticket where tenant_id = $1 and solved_at > $2 and assignee_id is not null and merged_into is null group by assignee_id, category_id`,
		j.Tenant, m.Clock.Now().Add(-recordsOf))
	list, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
		var x row
		var category sql.NullInt64
		err := r.Scan(&x.user, &category, &x.solved, &x.minutes, &x.reopened)
		x.category = id.ID(category.Int64)
		return x, err
	})
	if err != nil {
		return err
	}
	all := map[id.ID]row{}
	var kept []row
	for _, x := range list {
		y := all[x.user]
		y.user, y.minutes = x.user, (y.minutes*float64(y.solved)+x.minutes*float64(x.solved))/float64(y.solved+x.solved)
		y.solved, y.reopened = y.solved+x.solved, y.reopened+x.reopened
		all[x.user] = y
		if x.category != 0 {
			kept = append(kept, x)
		}
	}
	for _, y := range all {
		kept = append(kept, y)
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `delete from routing_record where tenant_id = $1`, j.Tenant); err != nil {
			return err
		}
		for _, x := range kept {
			if _, err := tx.Exec(ctx, `insert into routing_record (tenant_id, user_id, category_id, solved, minutes, reopened) values ($1, $2, $3, $4, $5, $6)`,
				j.Tenant, x.user, x.category, x.solved, x.minutes, x.reopened); err != nil {
				return err
			}
		}
		return nil
	})
	m.stale(j.Tenant)
	return err
}
