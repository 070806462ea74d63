package routing

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// LongQueue is a queue in which somebody has waited too long, for
// Config.TellQueue.
type LongQueue struct {
	Tenant, Team id.ID // no team: the queue that everybody draws from
	Waiting      int   // tickets in it, at most maxCounted
	Since        clock.Time
	To           []id.ID
	Key          string // the same is told once
}

const (
	// tooLong is how long the oldest ticket of a queue may wait before those
	// who lead hear of it, and how often they hear of it again at most.
	tooLong    = 15 * time.Minute
	toldAgain  = time.Hour
	maxCounted = 999
	maxQueues  = 100
)

// WatchQueues tells those who lead which queues have waited too long. It may be
// called as often as one likes, by every node.
func (m *Room) WatchQueues(ctx context.Context, tenant id.ID) error {
	if m.TellQueue == nil {
		return nil
	}
	now := m.Clock.Now()
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select team_id, count(*), min(since) from (select team_id, since from routing_wait
		where tenant_id = $1 and state = 'queued' limit 10000) x group by team_id having min(since) <= $2 order by 3 limit %d`, maxQueues), tenant, now.Add(-tooLong))
	list, err := db.Each(rows, err, func(r *sql.Rows) (q LongQueue, err error) { return q, r.Scan(&q.Team, &q.Waiting, &q.Since) })
	if err != nil || len(list) == 0 {
		return err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range list {
			q.Tenant, q.Waiting, q.To = tenant, min(q.Waiting, maxCounted), dir.Leads(q.Team, 0)
			q.Key = fmt.Sprintf("queue:%s:%d", q.Team, int64(now)/toldAgain.Milliseconds())
			if len(q.To) == 0 {
				continue
			}
			if err := m.TellQueue(ctx, tx, q); err != nil {
				return err
			}
		}
		return nil
	})
}
