package notify

import (
	"context"
	"database/sql"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

const (
	keepFor    = 90 * 24 * time.Hour // what was read, sent or given up
	cleanEvery = time.Hour
	cleanBatch = 500
)

// orderCleaning sets the tenant's timer for the next whole hour: whoever orders
// it, it is the same timer.
func (m *Room) orderCleaning(ctx context.Context, tx *db.Tx, tenant id.ID, now clock.Time) error {
	m.mu.Lock()
	until := m.cleaned[tenant]
	m.mu.Unlock()
	if now < until {
		return nil
	}
	at := clock.Time(int64(now)/cleanEvery.Milliseconds()*cleanEvery.Milliseconds() + cleanEvery.Milliseconds())
	tx.AfterCommit(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.cleaned[tenant] = at
	})
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindClean, Key: "all", DueAt: at, Replace: true, Payload: struct{}{}})
}

// clean takes away what is old, a bounded part in each transaction.
func (m *Room) clean(ctx context.Context, j job.Job) error {
	now := m.Clock.Now()
	old := now.Add(-keepFor)
	for _, q := range []string{
		`delete from notification where tenant_id = $1 and (user_id, id) in (select user_id, id from notification where tenant_id = $1 and read_at < $2 limit 500)`,
		`delete from notify_delivery where tenant_id = $1 and id in (select id from notify_delivery where tenant_id = $1 and ended_at < $2 limit 500)`,
	} {
		for n := int64(cleanBatch); n == cleanBatch; {
			if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = tx.Exec(ctx, q, j.Tenant, old)
				return err
			}); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return m.capUnread(ctx, j.Tenant, now)
}

// capUnread counts what lies beyond the newest MaxUnread as read.
func (m *Room) capUnread(ctx context.Context, tenant id.ID, now clock.Time) error {
	rows, err := m.DB.Query(ctx, `select user_id from notification where tenant_id = $1 and read_at is null group by user_id having count(*) > $2 limit 500`, tenant, MaxUnread)
	users, err := db.Each(rows, err, scanID)
	if err != nil {
		return err
	}
	for _, u := range users {
		var last id.ID
		err := m.DB.QueryRow(ctx, `select id from notification where tenant_id = $1 and user_id = $2 and read_at is null order by id desc limit 1 offset $3`, tenant, u, MaxUnread).Scan(&last)
		if isNoRows(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `update notification set read_at = $4 where tenant_id = $1 and user_id = $2 and read_at is null and id <= $3`, tenant, u, last, now)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// tellFailing tells who looks after channels that one gave up, once a day.
func (m *Room) tellFailing(ctx context.Context, tx *db.Tx, tenant id.ID, channel string, now clock.Time) error {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	var to []id.ID
	for _, p := range dir.Users() {
		if p.Active && p.Grants[staff.NotifyManage] > staff.ScopeNone && len(to) < 20 {
			to = append(to, p.ID)
		}
	}
	return m.Tell(ctx, tx, Notice{Tenant: tenant, Event: DeliveryFailed, To: to, Data: map[string]string{"channel": channel},
		Key: "failing:" + channel + ":" + now.Std().Format(time.DateOnly)})
}

// subscribed says who has a browser that takes pushes.
func subscribed(ctx context.Context, r db.Reader, tenant id.ID, users []id.ID) (map[id.ID]bool, error) {
	rows, err := r.Query(ctx, `select distinct user_id from notify_subscription where tenant_id = $1 and user_id `+r.Engine().InIDs("$2"), tenant, idList(users))
	out := map[id.ID]bool{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var u id.ID
		err := r.Scan(&u)
		out[u] = true
		return struct{}{}, err
	})
	return out, err
}
