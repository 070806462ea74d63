package job

import (
	"context"
	"database/sql"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Stat is the state of one kind, over all nodes.
type Stat struct {
	Kind    string
	Waiting int           // jobs that could run now
	Later   int           // timers that are not due, and failures that wait
	Oldest  time.Duration // how long the oldest due job has been due
	Parked  int           // jobs that failed too often
	Failed  int           // jobs that failed and will be tried again
}

// statsLimit bounds how many rows are counted: beyond it the figures say "at
// least".
const statsLimit = 200_000

// Stats counts the queue, for metrics.
func (q *Queue) Stats(ctx context.Context) ([]Stat, error) {
	now := q.cfg.Clock.Now()
	byKind := map[string]*Stat{}
	var order []*Stat
	of := func(kind string) *Stat {
		s := byKind[kind]
		if s == nil {
			s = &Stat{Kind: kind}
			byKind[kind] = s
			order = append(order, s)
		}
		return s
	}
	type count struct {
		kind          string
		n, due, fails int
		first, timer  sql.NullInt64
	}
	rows, err := q.db.Query(ctx, `select kind, count(*), sum(case when due_at <= $1 and retry_at <= $1 then 1 else 0 end),
		sum(case when attempt > 0 then 1 else 0 end),
		min(case when due_at = 0 then id end), min(case when due_at > 0 and due_at <= $1 then due_at end)
		from (select kind, due_at, retry_at, attempt, id from job limit $2) as j group by kind order by kind`, int64(now), statsLimit)
	counts, err := db.Each(rows, err, func(rows *sql.Rows) (c count, err error) {
		err = rows.Scan(&c.kind, &c.n, &c.due, &c.fails, &c.first, &c.timer)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range counts {
		s := of(c.kind)
		s.Waiting, s.Later, s.Failed = c.due, c.n-c.due, c.fails
		if c.first.Valid {
			s.Oldest = now.Sub(clock.Time(id.ID(c.first.Int64).Millis()))
		}
		if c.timer.Valid {
			s.Oldest = max(s.Oldest, now.Sub(clock.Time(c.timer.Int64)))
		}
		s.Oldest = max(s.Oldest, 0)
	}
	rows, err = q.db.Query(ctx, "select kind, count(*) from job_parked where error is not null group by kind order by kind")
	parked, err := db.Each(rows, err, func(rows *sql.Rows) (c count, err error) {
		err = rows.Scan(&c.kind, &c.n)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range parked {
		of(c.kind).Parked = c.n
	}
	out := make([]Stat, len(order))
	for i, s := range order {
		out[i] = *s
	}
	return out, nil
}

// Running is how many calls of handlers are under way on this node. A call
// counts until everything that its transactions do after their commit is done,
// which is later than the moment from which others see its rows gone.
func (q *Queue) Running() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.mem.running
}
