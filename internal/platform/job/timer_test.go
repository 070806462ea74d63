package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

const noon = clock.Time(1_800_000_000_000)

// 10,000 timers over 72 hours of virtual time, some replaced and some
// cancelled, with a clock that is set by an hour now and then and a hand-over
// in the middle: each fires once, none early, none more than a step late.
func TestTimersOverThreeDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.At(noon)
		// high is the latest moment that the clock has shown: a timer that was
		// due then may still be on its way when the clock is set back.
		var high atomic.Int64
		high.Store(int64(noon))
		b := newBoard()
		r := rand.New(rand.NewPCG(3, 4))
		const n = 10000
		due := make([]clock.Time, n)
		firedAt := make([]clock.Time, n)
		build := func() *Queue {
			q := newQueue(d, func(cfg *Config) { cfg.Clock, cfg.Poll = c, time.Hour })
			q.Handle(Kind{Name: "t", Concurrency: 2, Batch: 200}, func(ctx context.Context, jobs []Job) error {
				now := clock.Time(high.Load())
				b.Lock()
				for _, j := range jobs {
					var i int
					fmt.Sscan(j.Key, &i)
					if firedAt[i] != 0 {
						t.Errorf("timer %d fired twice", i)
					}
					if j.DueAt != due[i] || due[i] == 0 {
						t.Errorf("timer %d fired for %v, it is due at %v", i, j.DueAt, due[i])
					}
					firedAt[i] = now
				}
				b.Unlock()
				b.put(jobs...)
				return nil
			})
			return q
		}
		q := build()
		set := func(q *Queue, i int, at clock.Time) New {
			due[i] = at
			return New{Tenant: id.ID(1 + i%5), Kind: "t", Key: fmt.Sprint(i), DueAt: at, Replace: true}
		}
		var jobs []New
		span := (72 * time.Hour).Milliseconds()
		for i := range n {
			jobs = append(jobs, set(q, i, noon+clock.Time(1+r.Int64N(span))))
		}
		for i := 0; i < n; i += 1000 {
			add(t, q, jobs[i:i+1000]...)
		}
		start(t, q)
		expected := 0
		for c.Now() < noon.Add(72*time.Hour) {
			// In between some are moved or cancelled.
			var moved []New
			for range 20 {
				i := r.IntN(n)
				if firedAt[i] == 0 && due[i] > c.Now() {
					moved = append(moved, set(q, i, c.Now()+clock.Time(1+r.Int64N(span/4))))
				}
			}
			if len(moved) > 0 {
				add(t, q, moved...)
			}
			if i := r.IntN(n); firedAt[i] == 0 && due[i] > c.Now() {
				due[i] = 0
				if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					return q.Cancel(ctx, tx, id.ID(1+i%5), "t", fmt.Sprint(i))
				}); err != nil {
					t.Fatal(err)
				}
			}
			step := 30 * time.Minute
			switch r.IntN(10) {
			case 0:
				step = -time.Hour
			case 1:
				step = time.Hour
			case 2:
				q.Stop()
				q = build()
				start(t, q)
			}
			high.Store(max(high.Load(), int64(c.Now().Add(step))))
			c.Set(c.Now().Add(step))
			q.Wake()
			expected = 0
			for i := range due {
				if due[i] != 0 && (due[i] <= c.Now() || firedAt[i] != 0) {
					expected++
				}
			}
			b.waitRuns(t, expected)
		}
		for i := range due {
			if firedAt[i] != 0 && firedAt[i] < due[i] {
				t.Errorf("timer %d fired %v early", i, due[i].Sub(firedAt[i]))
			}
		}
		b.Lock()
		if len(b.runs) != expected {
			t.Errorf("%d fired, %d expected", len(b.runs), expected)
		}
		b.Unlock()
	})
}

// With the real clock a timer is at most a second late, whoever set it.
func TestTimerIsInTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		var c *clock.Clock
		b := newBoard()
		var late []time.Duration
		q.Handle(Kind{Name: "t"}, func(ctx context.Context, jobs []Job) error {
			b.Lock()
			late = append(late, c.Now().Sub(jobs[0].DueAt))
			b.Unlock()
			b.put(jobs...)
			return nil
		})
		start(t, q)
		now := c.Now()
		for i := range 20 {
			add(t, q, New{Tenant: 1, Kind: "t", Key: fmt.Sprint(i), DueAt: now.Add(time.Duration(i) * 73 * time.Millisecond), Replace: true})
		}
		b.waitRuns(t, 20)
		for _, l := range late {
			if l < 0 || l > time.Second {
				t.Errorf("%v late", l)
			}
		}
	})
}

// A timer is not held up by a long queue in front of it.
func TestTimerPassesALongQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.At(noon)
		q := newQueue(d, func(cfg *Config) { cfg.Clock = c })
		b := newBoard()
		stuck := make(chan struct{})
		q.Handle(Kind{Name: "slow", Concurrency: 1}, func(ctx context.Context, jobs []Job) error { <-stuck; return nil })
		q.Handle(Kind{Name: "t"}, func(ctx context.Context, jobs []Job) error { b.put(jobs...); return nil })
		for range 4 {
			var jobs []New
			for i := range 2500 {
				jobs = append(jobs, New{Tenant: 1, Kind: "slow", Key: fmt.Sprint(i)})
			}
			add(t, q, jobs...)
		}
		for i := range 64 {
			add(t, q, New{Tenant: 1, Kind: "t", Key: fmt.Sprint(i), DueAt: noon.Add(time.Minute), Replace: true})
		}
		start(t, q)
		t.Cleanup(func() { close(stuck) })
		c.Advance(time.Minute)
		q.Wake()
		b.waitRuns(t, 64)
	})
}

// A timer that is replaced or cancelled while its handler runs cannot finish
// the new one's work: its transaction is refused.
func TestReplacedWhileRunning(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effects(t, d)
		q := newQueue(d, func(c *Config) { c.Poll = 50 * time.Millisecond })
		b := newBoard()
		in, out := make(chan struct{}), make(chan struct{})
		q.Handle(Kind{Name: "t", MaxAttempts: 1}, func(ctx context.Context, jobs []Job) error {
			if string(jobs[0].Payload) == `"old"` {
				close(in)
				<-out
			}
			err := withEffect(d, ctx, jobs[0])
			if err != nil && !errors.Is(err, ErrGone) {
				t.Error(err)
			}
			if err == nil {
				b.put(jobs...)
			}
			return err
		})
		start(t, q)
		add(t, q, New{Tenant: 1, Kind: "t", Key: "a", Payload: "old", Replace: true})
		<-in
		add(t, q, New{Tenant: 1, Kind: "t", Key: "a", Payload: "new", Replace: true})
		close(out)
		b.waitRuns(t, 1)
		settledEmpty(t, q)
		if string(b.runs[0].Payload) != `"new"` || count(t, d, "effect") != 1 || count(t, d, "job_parked") != 0 {
			t.Errorf("ran %s", b.runs[0].Payload)
		}
	})
}

// A timer whose handler failed for good is set anew: the new one runs.
func TestNewTimerReplacesAParkedOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d, func(c *Config) { c.Poll = 50 * time.Millisecond })
		b := newBoard()
		q.Handle(Kind{Name: "t"}, func(ctx context.Context, jobs []Job) error {
			if string(jobs[0].Payload) == `"bad"` {
				return Park(errors.New("never"))
			}
			b.put(jobs...)
			return nil
		})
		start(t, q)
		add(t, q, New{Tenant: 1, Kind: "t", Key: "a", Payload: "bad", Replace: true})
		q.await(10*time.Second, func() bool { return len(q.mem.shards[shardOf(1, "a")].parked) == 1 })
		add(t, q, New{Tenant: 1, Kind: "t", Key: "a", Payload: "good", Replace: true})
		b.waitRuns(t, 1)
		settledEmpty(t, q)
		if n := count(t, d, "job_parked"); n != 0 {
			t.Errorf("%d parked", n)
		}
		// And cancelling takes a parked one away.
		add(t, q, New{Tenant: 1, Kind: "t", Key: "b", Payload: "bad", Replace: true})
		q.await(10*time.Second, func() bool { return len(q.mem.shards[shardOf(1, "b")].parked) == 1 })
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return q.Cancel(ctx, tx, 1, "t", "b") }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, d, "job_parked"); n != 0 {
			t.Errorf("%d parked after cancelling", n)
		}
	})
}

// After a failure the key waits, by the clock; others go on; a clock that is
// set back an hour does not hold the next try up for that hour.
func TestBackoffByTheClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.At(noon)
		b := newBoard()
		build := func() *Queue {
			q := newQueue(d, func(cfg *Config) { cfg.Clock = c })
			q.Handle(Kind{Name: "t", Backoff: time.Minute, MaxBackoff: 2 * time.Minute, MaxAttempts: 9}, func(ctx context.Context, jobs []Job) error {
				b.put(jobs...)
				if jobs[0].Key == "bad" {
					return errors.New("no")
				}
				return nil
			})
			return q
		}
		q := build()
		start(t, q)
		add(t, q, New{Tenant: 1, Kind: "t", Key: "bad", Payload: 1}, New{Tenant: 1, Kind: "t", Key: "bad", Payload: 2})
		waits := func() {
			t.Helper()
			q.await(10*time.Second, func() bool { l := q.mem.lines[lineName{1, "t", "bad"}]; return l != nil && l.state == waiting })
		}
		b.waitRuns(t, 1)
		waits()
		// Neither a wake nor a restart shortens the wait, and what stands
		// behind the failed one stays behind it.
		q.Wake()
		add(t, q, New{Tenant: 1, Kind: "t", Key: "good"})
		b.waitRuns(t, 2)
		q.Stop()
		q = build()
		start(t, q)
		add(t, q, New{Tenant: 1, Kind: "t", Key: "good"})
		b.waitRuns(t, 3)
		if b.runs[1].Key != "good" || b.runs[2].Key != "good" {
			t.Errorf("runs %+v", b.runs)
		}
		c.Advance(time.Minute)
		q.Wake()
		b.waitRuns(t, 4)
		waits()
		c.Advance(-time.Hour)
		q.Wake()
		b.waitRuns(t, 5)
		for _, j := range []Job{b.runs[3], b.runs[4]} {
			if j.Key != "bad" || string(j.Payload) != "1" {
				t.Errorf("ran %+v", j)
			}
		}
	})
}
