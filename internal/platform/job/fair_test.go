package job

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// One bad job in a batch costs its neighbours no attempt and parks alone.
func TestBatchFindsTheOneAtFault(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		q.Handle(Kind{Name: "b", Concurrency: 1, Batch: 50, MaxAttempts: 2, Backoff: time.Millisecond}, func(ctx context.Context, jobs []Job) error {
			for _, j := range jobs {
				if j.Key == "bad" {
					return errors.New("cannot")
				}
			}
			b.put(jobs...)
			return nil
		})
		var jobs []New
		for i := range 20 {
			jobs = append(jobs, New{Tenant: 1, Kind: "b", Key: fmt.Sprint(i)})
		}
		jobs = append(jobs, New{Tenant: 1, Kind: "b", Key: "bad"})
		add(t, q, jobs...)
		start(t, q)
		b.waitRuns(t, 20)
		for _, j := range b.runs {
			if j.Attempt != 0 {
				t.Errorf("%s had %d failed attempts", j.Key, j.Attempt)
			}
		}
		q.await(10*time.Second, func() bool { return len(q.mem.shards[shardOf(1, "bad")].parked) == 1 })
		p, err := q.Parked(context.Background(), d, 1, 0, 10)
		if err != nil || len(p) != 1 || p[0].Key != "bad" || p[0].Attempt != 2 || p[0].Error != "cannot" {
			t.Fatalf("parked %+v, %v", p, err)
		}
	})
}

func TestParkRetrySkip(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		broken := true
		q.Handle(Kind{Name: "mail", MaxAttempts: 2, Backoff: time.Millisecond}, func(ctx context.Context, jobs []Job) error {
			b.Lock()
			bad := broken && jobs[0].Key == "bad"
			b.Unlock()
			if bad {
				return errors.New("no such host")
			}
			b.put(jobs...)
			return nil
		})
		q.Handle(Kind{Name: "other"}, func(ctx context.Context, jobs []Job) error { b.put(jobs...); return nil })
		start(t, q)
		for i := range 3 {
			add(t, q, New{Tenant: 1, Kind: "mail", Key: "bad", Payload: i})
		}
		waitParked := func(rows int) []Parked {
			t.Helper()
			q.await(10*time.Second, func() bool {
				n := 0
				err := d.QueryRow(context.Background(), "select count(*) from job_parked").Scan(&n)
				return err == nil && n == rows
			})
			p, err := q.Parked(context.Background(), d, 1, 0, 10)
			if err != nil || len(p) != 1 {
				t.Fatalf("parked %+v, %v", p, err)
			}
			return p
		}
		p := waitParked(3)
		if p[0].Waiting != 2 || string(p[0].Payload) != "0" || p[0].Error != "no such host" {
			t.Fatalf("parked %+v", p[0])
		}
		// Other keys and other kinds go on, and what comes later waits too.
		add(t, q, New{Tenant: 1, Kind: "mail", Key: "good"}, New{Tenant: 1, Kind: "other", Key: "bad"},
			New{Tenant: 1, Kind: "mail", Key: "bad", Payload: 3})
		b.waitRuns(t, 2)
		p = waitParked(4)
		tx := func(f func(ctx context.Context, tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(context.Background(), f); err != nil {
				t.Fatal(err)
			}
		}
		// Of another tenant it cannot be seen or touched.
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return q.Retry(ctx, tx, 2, p[0].ID) }); err == nil {
			t.Error("another tenant retried it")
		}
		// Skip: the next one is tried, and parks in its turn.
		tx(func(ctx context.Context, tx *db.Tx) error { return q.Skip(ctx, tx, 1, p[0].ID) })
		first := p[0].ID
		q.await(10*time.Second, func() bool {
			l, err := q.Parked(context.Background(), d, 1, 0, 10)
			return err == nil && len(l) == 1 && l[0].ID != first && l[0].Waiting == 2
		})
		p = waitParked(3)
		if string(p[0].Payload) != "1" {
			t.Fatalf("after a skip %s is parked", p[0].Payload)
		}
		// Retry when the cause is gone: all run, in order.
		b.Lock()
		broken = false
		b.Unlock()
		tx(func(ctx context.Context, tx *db.Tx) error { return q.Retry(ctx, tx, 1, p[0].ID) })
		b.waitRuns(t, 5)
		for i, j := range b.runs[2:] {
			if string(j.Payload) != fmt.Sprint(i+1) {
				t.Errorf("run %d was %s", i, j.Payload)
			}
		}
		settledEmpty(t, q)
		if n := count(t, d, "job_parked"); n != 0 {
			t.Errorf("%d still parked", n)
		}
		if st, err := q.Stats(context.Background()); err != nil || len(st) != 0 {
			t.Errorf("stats %+v, %v", st, err)
		}
	})
}

// A long queue of one tenant delays another's single job by little.
func TestTenantsTakeTurns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		const many = 30000
		q.Handle(Kind{Name: "k", Concurrency: 1, Batch: 10}, func(ctx context.Context, jobs []Job) error {
			b.put(jobs...)
			return nil
		})
		jobs := make([]New, many)
		for i := range jobs {
			jobs[i] = New{Tenant: 1, Kind: "k", Key: fmt.Sprint(i)}
		}
		for i := 0; i < many; i += 3000 {
			add(t, q, jobs[i:i+3000]...)
		}
		start(t, q)
		b.waitRuns(t, 1000)
		b.Lock()
		at := len(b.runs)
		b.Unlock()
		add(t, q, New{Tenant: 2, Kind: "k", Key: "x"})
		place := 0
		b.wait(t, "the other tenant's job", func() bool {
			for i, j := range b.runs {
				if j.Tenant == 2 {
					place = i
					return true
				}
			}
			return false
		})
		t.Logf("%d jobs of the busy tenant ran in between", place-at)
		if place-at > many/10 {
			t.Errorf("%d jobs of the busy tenant ran before the other's", place-at)
		}
	})
}

// A tenant whose calls hang leaves places for others.
func TestSlowCallsOfOneTenantLeaveRoom(t *testing.T) {
	d := dbtest.SQLite(t)
	q := newQueue(d)
	b := newBoard()
	hang := make(chan struct{})
	q.Handle(Kind{Name: "hook", Concurrency: 4}, func(ctx context.Context, jobs []Job) error {
		if jobs[0].Tenant == 1 {
			<-hang
		}
		b.put(jobs...)
		return nil
	})
	start(t, q)
	for i := range 20 {
		add(t, q, New{Tenant: 1, Kind: "hook", Key: fmt.Sprint(i)})
	}
	add(t, q, New{Tenant: 2, Kind: "hook", Key: "x"})
	b.waitRuns(t, 1)
	close(hang)
	b.waitRuns(t, 21)
}
