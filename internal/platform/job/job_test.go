package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

var quietLog = slog.New(slog.NewTextHandler(io.Discard, nil))

var ids = id.NewSource(1, nil)

// newQueue makes a queue as one node would; change alters its configuration.
func newQueue(d *db.DB, change ...func(*Config)) *Queue {
	c := Config{DB: d, IDs: ids, Log: quietLog, Node: "test", Exclusive: d.Engine() == db.SQLite}
	for _, f := range change {
		f(&c)
	}
	return New_(c)
}

func start(t testing.TB, q *Queue) {
	t.Helper()
	if err := q.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Stop)
}

func add(t testing.TB, q *Queue, jobs ...New) {
	t.Helper()
	if err := q.db.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return q.Add(ctx, tx, jobs...) }); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, d *db.DB, table string) (n int) {
	t.Helper()
	if err := d.QueryRow(context.Background(), "select count(*) from "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// board is what handlers write on and tests wait at.
type board struct {
	sync.Mutex
	cond *sync.Cond
	runs []Job
}

func newBoard() *board {
	b := &board{}
	b.cond = sync.NewCond(&b.Mutex)
	return b
}

func (b *board) put(jobs ...Job) {
	b.Lock()
	defer b.Unlock()
	b.runs = append(b.runs, jobs...)
	b.cond.Broadcast()
}

// wait waits until ok holds; it is called with the board locked.
func (b *board) wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	late := false
	timer := time.AfterFunc(30*time.Second, func() {
		b.Lock()
		late = true
		b.cond.Broadcast()
		b.Unlock()
	})
	defer timer.Stop()
	b.Lock()
	defer b.Unlock()
	for !ok() {
		if late {
			t.Fatalf("waited 30 s for %s; %d runs", what, len(b.runs))
		}
		b.cond.Wait()
	}
}

func (b *board) waitRuns(t testing.TB, n int) {
	t.Helper()
	b.wait(t, fmt.Sprintf("%d runs", n), func() bool { return len(b.runs) >= n })
}

// settledEmpty waits until nothing is left in the queue's memory and table.
func settledEmpty(t testing.TB, q *Queue) {
	t.Helper()
	q.await(20*time.Second, func() bool {
		return q.mem.running == 0 && len(q.outcomes) == 0 && q.settling == 0 && len(q.mem.rows) == 0
	})
	if n := count(t, q.db, "job"); n != 0 {
		t.Fatalf("%d jobs are left", n)
	}
}

func TestJobRunsAfterCommitOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		q.Handle(Kind{Name: "greet"}, func(ctx context.Context, jobs []Job) error { b.put(jobs...); return nil })
		start(t, q)
		boom := errors.New("boom")
		err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := q.Add(ctx, tx, New{Tenant: 1, Kind: "greet", Key: "a", Payload: "rolled back"}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		add(t, q, New{Tenant: 1, Kind: "greet", Key: "a", Payload: map[string]int{"n": 7}})
		b.waitRuns(t, 1)
		if got := string(b.runs[0].Payload); got != `{"n":7}` {
			t.Errorf("payload %s", got)
		}
		settledEmpty(t, q)
		if len(b.runs) != 1 {
			t.Errorf("%d runs", len(b.runs))
		}
	})
}

// Random histories: several writers add to few keys of two kinds while handlers
// fail by chance; each line must be run in the order in which it was added.
func TestOrderPerKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d, func(c *Config) { c.Poll = 50 * time.Millisecond })
		b := newBoard()
		active := map[string]bool{}
		want := map[string]int{}
		next := map[string]int{}
		total := 0
		var mu sync.Mutex
		handle := func(ctx context.Context, jobs []Job) error {
			fail := rand.IntN(10) == 0
			mu.Lock()
			for _, j := range jobs {
				n := fmt.Sprint(j.Tenant, j.Kind, j.Key)
				if active[n] {
					t.Errorf("two jobs of %s at a time", n)
				}
				active[n] = true
			}
			mu.Unlock()
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				for _, j := range jobs {
					n := fmt.Sprint(j.Tenant, j.Kind, j.Key)
					active[n] = false
					if fail {
						continue
					}
					if got := fmt.Sprint(next[n]); string(j.Payload) != got {
						t.Errorf("%s: got %s, want %s", n, j.Payload, got)
					}
					next[n]++
					b.put(j)
				}
			}()
			if fail {
				return errors.New("by chance")
			}
			return nil
		}
		q.Handle(Kind{Name: "one", Concurrency: 8, MaxAttempts: 100, Backoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond}, handle)
		q.Handle(Kind{Name: "many", Concurrency: 3, Batch: 16, MaxAttempts: 100, Backoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond}, handle)
		start(t, q)
		var wg sync.WaitGroup
		var keyLocks [12]sync.Mutex // as the lock of a ticket's row does
		for w := range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := rand.New(rand.NewPCG(uint64(w), 7))
				for range 60 {
					k := r.IntN(len(keyLocks))
					kind := []string{"one", "many"}[r.IntN(2)]
					keyLocks[k].Lock()
					var jobs []New
					for range 1 + r.IntN(4) {
						n := New{Tenant: id.ID(1 + k%3), Kind: kind, Key: fmt.Sprint("k", k)}
						name := fmt.Sprint(n.Tenant, n.Kind, n.Key)
						mu.Lock()
						n.Payload = want[name]
						want[name]++
						total++
						mu.Unlock()
						jobs = append(jobs, n)
					}
					add(t, q, jobs...)
					keyLocks[k].Unlock()
				}
			}()
		}
		wg.Wait()
		b.waitRuns(t, total)
		settledEmpty(t, q)
		if len(b.runs) != total {
			t.Errorf("%d runs of %d jobs", len(b.runs), total)
		}
	})
}

// A line longer than what is loaded of it, and more lines than a pane holds.
func TestLongQueuesKeepOrderAndEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		next := map[string]int{}
		q.Handle(Kind{Name: "k", Concurrency: 4, Batch: 32}, func(ctx context.Context, jobs []Job) error {
			b.Lock()
			for _, j := range jobs {
				if string(j.Payload) != fmt.Sprint(next[j.Key]) {
					t.Errorf("%s: got %s, want %d", j.Key, j.Payload, next[j.Key])
				}
				next[j.Key]++
			}
			b.Unlock()
			b.put(jobs...)
			return nil
		})
		var jobs []New
		for i := range 500 {
			jobs = append(jobs, New{Tenant: 1, Kind: "k", Key: "long", Payload: i})
		}
		for i := range 9000 {
			jobs = append(jobs, New{Tenant: 1, Kind: "k", Key: fmt.Sprint("key", i), Payload: 0})
		}
		add(t, q, jobs...)
		start(t, q)
		b.waitRuns(t, len(jobs))
		settledEmpty(t, q)
	})
}

// Long queues of few and many keys, failures by chance, more work added all the
// time, and the queue stopped and started anew: order holds, nothing is lost.
func TestHistoriesWithRestarts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBoard()
		next, want := map[string]int{}, map[string]int{}
		total := 0
		r := rand.New(rand.NewPCG(11, 12))
		build := func() *Queue {
			q := newQueue(d, fastLease)
			for _, kind := range []Kind{{Name: "one", Concurrency: 8}, {Name: "many", Concurrency: 2, Batch: 64}} {
				kind.MaxAttempts, kind.Backoff, kind.MaxBackoff = 1000, time.Millisecond, 5*time.Millisecond
				q.Handle(kind, func(ctx context.Context, jobs []Job) error {
					if rand.IntN(200) < len(jobs) {
						return errors.New("by chance")
					}
					b.Lock()
					defer b.Unlock()
					for _, j := range jobs {
						name := fmt.Sprint(j.Tenant, j.Kind, j.Key)
						if got := fmt.Sprint(next[name]); string(j.Payload) != got {
							t.Errorf("%s: got %s, want %s", name, j.Payload, got)
						}
						next[name]++
						b.runs = append(b.runs, j)
					}
					b.cond.Broadcast()
					return nil
				})
			}
			return q
		}
		more := func(q *Queue, n int) {
			for n > 0 {
				var jobs []New
				for range 500 {
					k := New{Tenant: id.ID(1 + r.IntN(3)), Kind: []string{"one", "many"}[r.IntN(2)], Key: fmt.Sprint(r.IntN(400))}
					if r.IntN(4) == 0 {
						k.Key = "giant"
					}
					name := fmt.Sprint(k.Tenant, k.Kind, k.Key)
					k.Payload = want[name]
					want[name]++
					jobs = append(jobs, k)
				}
				add(t, q, jobs...)
				total += len(jobs)
				n -= len(jobs)
			}
		}
		q := build()
		more(q, 4000)
		for round := range 3 {
			if round > 0 {
				q = build()
			}
			if err := q.Start(context.Background()); err != nil {
				t.Fatal(err)
			}
			more(q, 1000)
			b.waitRuns(t, 1000*(round+1))
			q.Stop()
		}
		q = build()
		start(t, q)
		b.waitRuns(t, total)
		settledEmpty(t, q)
		if len(b.runs) != total {
			t.Errorf("%d runs of %d", len(b.runs), total)
		}
	})
}

// More runnable rows in one shard than memory takes, of many tenants, while
// more come: all run, in order.
func TestOneShardFullOfTenants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		next := map[string]int{}
		q.Handle(Kind{Name: "k", Concurrency: 2, Batch: 16}, func(ctx context.Context, jobs []Job) error {
			b.Lock()
			for _, j := range jobs {
				name := fmt.Sprint(j.Tenant, " ", j.Key)
				if string(j.Payload) != fmt.Sprint(next[name]) {
					t.Errorf("%s: got %s, want %d", name, j.Payload, next[name])
				}
				next[name]++
			}
			b.Unlock()
			b.put(jobs...)
			return nil
		})
		total := 0
		more := func(round int) {
			for tenant := id.ID(1); tenant <= 60; tenant++ {
				var jobs []New
				for k := 0; len(jobs) < 50; k++ {
					if key := fmt.Sprint(k); shardOf(tenant, key) == 0 {
						jobs = append(jobs, New{Tenant: tenant, Kind: "k", Key: key, Payload: 2 * round},
							New{Tenant: tenant, Kind: "k", Key: key, Payload: 2*round + 1})
					}
				}
				add(t, q, jobs...)
				total += len(jobs)
			}
		}
		more(0)
		start(t, q)
		more(1)
		b.waitRuns(t, total)
		settledEmpty(t, q)
	})
}

func TestPanicIsAFailedAttempt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		q.Handle(Kind{Name: "p", Backoff: time.Millisecond}, func(ctx context.Context, jobs []Job) error {
			switch jobs[0].Attempt {
			case 0:
				panic("first")
			case 1:
				runtime.Goexit()
			}
			b.put(jobs...)
			return nil
		})
		start(t, q)
		add(t, q, New{Tenant: 1, Kind: "p", Key: "a"})
		b.waitRuns(t, 1)
		if b.runs[0].Attempt != 2 {
			t.Errorf("attempt %d", b.runs[0].Attempt)
		}
	})
}

func TestStopBeforeStartAndTwice(t *testing.T) {
	d := dbtest.SQLite(t)
	q := newQueue(d)
	q.Stop()
	if err := q.Start(context.Background()); err == nil {
		t.Error("a stopped queue started")
	}
	q.Stop()
	q = newQueue(d)
	start(t, q)
	if !q.Started() {
		t.Error("not started")
	}
	q.Stop()
	q.Stop()
	if q.Started() {
		t.Error("still started")
	}
}

func TestStopWaitsForHandlers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		in, out := make(chan struct{}), make(chan struct{})
		q.Handle(Kind{Name: "slow"}, func(ctx context.Context, jobs []Job) error {
			close(in)
			<-out
			return ctx.Err()
		})
		start(t, q)
		add(t, q, New{Tenant: 1, Kind: "slow", Key: "a"})
		<-in
		done := make(chan struct{})
		go func() { q.Stop(); close(done) }()
		q.await(5*time.Second, func() bool { return q.state == stopping })
		select {
		case <-done:
			t.Error("Stop did not wait")
		default:
		}
		close(out)
		<-done
		if n := count(t, d, "job"); n != 0 {
			t.Errorf("%d jobs left: what a handler finished during Stop was not written", n)
		}
	})
}

func TestStopIsBounded(t *testing.T) {
	d := dbtest.SQLite(t)
	q := newQueue(d, func(c *Config) { c.Drain = 20 * time.Millisecond })
	in := make(chan struct{})
	q.Handle(Kind{Name: "stuck"}, func(ctx context.Context, jobs []Job) error {
		close(in)
		<-ctx.Done()
		return ctx.Err()
	})
	start(t, q)
	add(t, q, New{Tenant: 1, Kind: "stuck", Key: "a"})
	<-in
	q.Stop()
	var attempt int
	if err := d.QueryRow(context.Background(), "select attempt from job").Scan(&attempt); err != nil || attempt != 0 {
		t.Errorf("an interrupted job has attempt %d, %v", attempt, err)
	}
}

func TestBadJobsAreRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	q := newQueue(d)
	for name, n := range map[string]New{
		"no tenant":   {Kind: "k"},
		"no kind":     {Tenant: 1},
		"long kind":   {Tenant: 1, Kind: string(make([]byte, MaxKind+1))},
		"long key":    {Tenant: 1, Kind: "k", Key: string(make([]byte, MaxKey+1))},
		"NUL in key":  {Tenant: 1, Kind: "k", Key: "a\x00b"},
		"bad UTF-8":   {Tenant: 1, Kind: "k", Key: "a\xff"},
		"big payload": {Tenant: 1, Kind: "k", Payload: string(make([]byte, MaxPayload))},
		"odd payload": {Tenant: 1, Kind: "k", Payload: make(chan int)},
		"before 1970": {Tenant: 1, Kind: "k", DueAt: -1},
	} {
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return q.Add(ctx, tx, n) }); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if n := count(t, d, "job"); n != 0 {
		t.Errorf("%d jobs", n)
	}
}

func TestUnknownKindsAreLeftAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(d)
		b := newBoard()
		q.Handle(Kind{Name: "known"}, func(ctx context.Context, jobs []Job) error { b.put(jobs...); return nil })
		var jobs []New
		for i := range 2000 {
			jobs = append(jobs, New{Tenant: 1, Kind: "unknown", Key: fmt.Sprint(i)})
		}
		for i := range 100 {
			jobs = append(jobs, New{Tenant: 1, Kind: "known", Key: fmt.Sprint(i)})
		}
		add(t, q, jobs...)
		start(t, q)
		b.waitRuns(t, 100)
		q.Stop()
		if n := count(t, d, "job"); n != 2000 {
			t.Errorf("%d left", n)
		}
	})
}

func TestNoGoroutineStays(t *testing.T) {
	u := dbtest.SQLiteURL(t)
	ignore := goleak.IgnoreCurrent()
	d, err := db.Open(context.Background(), db.Config{URL: u, Log: quietLog})
	if err != nil {
		t.Fatal(err)
	}
	q := newQueue(d)
	b := newBoard()
	q.Handle(Kind{Name: "k"}, func(ctx context.Context, jobs []Job) error { b.put(jobs...); return nil })
	if err := q.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	add(t, q, New{Tenant: 1, Kind: "k", Key: "a"})
	b.waitRuns(t, 1)
	q.Stop()
	d.Close()
	goleak.VerifyNone(t, ignore)
}

// What another node sends is taken or ignored, whatever it is.
func FuzzHeard(f *testing.F) {
	for _, s := range []string{"lease", "5 12 mail", "5 12 mail\n6 13 other\n", "64 1 k", "-1 1 k", "5 0 k", "5", "", "\x00", "5 99999999999999999999 k"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := New_(Config{Log: quietLog})
		q.Handle(Kind{Name: "mail"}, func(ctx context.Context, jobs []Job) error { return nil })
		for i := range Shards / 2 {
			q.mem.hold(i, 1, nil)
			q.mem.shards[i].deep = i%2 == 0
		}
		q.mem.dirty = 0
		q.heard(s)
		if q.mem.dirty&^q.mem.owned() != 0 {
			t.Errorf("%q made foreign shards dirty", s)
		}
		for p := range q.mem.refill {
			if p.kind != "mail" || !q.mem.shards[p.shard].deep {
				t.Errorf("%q: reads pane %+v", s, p.paneName)
			}
		}
	})
}
