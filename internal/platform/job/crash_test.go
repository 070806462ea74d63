package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// crash stops a queue as kill -9 does: nothing more is written, nothing given
// back. Handlers that are running go on, as calls to the outside do, but what
// they write through Done is refused.
func (q *Queue) crash() {
	q.mu.Lock()
	q.cut = true
	q.state = stopped
	q.mu.Unlock()
	close(q.quit)
	q.loops.Wait()
	q.cancel()
	if q.unbind != nil {
		q.unbind()
	}
}

// effects is a table in which every effect leaves a row.
func effects(t testing.TB, d *db.DB) {
	t.Helper()
	exec(t, d, "create table effect (name text not null)")
}

func exec(t testing.TB, d *db.DB, q string, args ...any) {
	t.Helper()
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// withEffect makes the job's effect and its end one transaction.
func withEffect(d *db.DB, ctx context.Context, j Job) error {
	done := Done(ctx)
	return d.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "insert into effect (name) values ($1)", j.Key+string(j.Payload)); err != nil {
			return err
		}
		return done(ctx, tx)
	})
}

func onceEach(t testing.TB, d *db.DB, jobs int) {
	t.Helper()
	var n, distinct int
	if err := d.QueryRow(context.Background(), "select count(*), count(distinct name) from effect").Scan(&n, &distinct); err != nil {
		t.Fatal(err)
	}
	if n != jobs || distinct != jobs {
		t.Errorf("%d jobs had %d effects, %d different", jobs, n, distinct)
	}
}

func fastLease(c *Config) { c.Lease, c.Poll = time.Second, 50*time.Millisecond }

// A node is killed before the effect, after it but before the row is deleted,
// and after both. Effects made with Done happen once; every job runs.
func TestCrashInEachPhase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effects(t, d)
		const rounds, perRound = 6, 40
		total := 0
		for round := range rounds {
			q := newQueue(d, fastLease)
			b := newBoard()
			crashed := make(chan struct{})
			phase := round % 3
			q.Handle(Kind{Name: "e", Concurrency: 4, MaxAttempts: 1000}, func(ctx context.Context, jobs []Job) error {
				if phase == 0 {
					b.put(jobs...)
				}
				if phase == 0 && rand.IntN(3) == 0 {
					<-crashed // dies before the effect
				}
				var err error
				if phase == 1 { // dies inside the transaction, after the effect
					done := Done(ctx)
					err = d.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
						if _, err := tx.Exec(ctx, "insert into effect (name) values ($1)", jobs[0].Key+string(jobs[0].Payload)); err != nil {
							return err
						}
						if rand.IntN(4) == 0 {
							return errors.New("killed")
						}
						return done(ctx, tx)
					})
				} else {
					err = withEffect(d, ctx, jobs[0])
				}
				if phase != 0 {
					b.put(jobs...)
				}
				if phase == 2 && rand.IntN(3) == 0 {
					<-crashed // dies after the effect
				}
				return err
			})
			var jobs []New
			for range perRound {
				jobs = append(jobs, New{Tenant: 1, Kind: "e", Key: fmt.Sprint("k", total%7), Payload: total})
				total++
			}
			add(t, q, jobs...)
			if err := q.Start(context.Background()); err != nil {
				t.Fatal(err)
			}
			b.waitRuns(t, 3)
			q.crash()
			close(crashed)
		}
		q := newQueue(d, fastLease)
		next := map[string]int{}
		var mu sync.Mutex
		q.Handle(Kind{Name: "e", Concurrency: 4}, func(ctx context.Context, jobs []Job) error {
			var n int
			fmt.Sscan(string(jobs[0].Payload), &n)
			mu.Lock()
			if last, ok := next[jobs[0].Key]; ok && n <= last {
				t.Errorf("%s: %d after %d", jobs[0].Key, n, last)
			}
			next[jobs[0].Key] = n
			mu.Unlock()
			return withEffect(d, ctx, jobs[0])
		})
		start(t, q)
		q.await(30*time.Second, func() bool {
			var n int
			err := d.QueryRow(context.Background(), "select count(*) from job").Scan(&n)
			return err == nil && n == 0 && q.mem.running == 0
		})
		q.Stop()
		if n := count(t, d, "job"); n != 0 {
			t.Fatalf("%d jobs left", n)
		}
		onceEach(t, d, total)
	})
}

// Without Done a job that was killed after its effect runs again: at least once.
func TestKilledBeforeDeletionRunsAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := newQueue(d, fastLease)
		in, out := make(chan struct{}), make(chan struct{})
		first.Handle(Kind{Name: "e"}, func(ctx context.Context, jobs []Job) error {
			close(in)
			<-out
			return nil
		})
		add(t, first, New{Tenant: 1, Kind: "e", Key: "a"})
		if err := first.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-in
		first.crash()
		close(out)
		second := newQueue(d, fastLease)
		b := newBoard()
		second.Handle(Kind{Name: "e"}, func(ctx context.Context, jobs []Job) error { b.put(jobs...); return nil })
		start(t, second)
		b.waitRuns(t, 1)
		settledEmpty(t, second)
	})
}

// A node that was thought dead comes back with a finished effect: its
// transaction is refused, since another has taken its shards.
func TestStaleNodeIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		effects(t, d)
		stale := newQueue(d, fastLease)
		in, out, result := make(chan struct{}), make(chan struct{}), make(chan error, 2)
		stale.Handle(Kind{Name: "e", MaxAttempts: 1}, func(ctx context.Context, jobs []Job) error {
			close(in)
			<-out
			err := withEffect(d, ctx, jobs[0])
			result <- err
			return err
		})
		add(t, stale, New{Tenant: 1, Kind: "e", Key: "a"})
		start(t, stale)
		<-in
		// Another node takes the shard over, as after a lost connection.
		shard := shardOf(1, "a")
		exec(t, d, "update lease set holder = 'other', epoch = epoch + 1, beat = beat + 1 where name = $1", shardLease(shard))
		close(out)
		if err := <-result; !errors.Is(err, ErrGone) {
			t.Errorf("the stale node's transaction: %v", err)
		}
		stale.await(10*time.Second, func() bool { return stale.mem.shards[shard].held == foreign })
		if len(result) > 0 {
			t.Error("the stale node ran it again")
		}
		var attempt int
		if err := d.QueryRow(context.Background(), "select attempt from job").Scan(&attempt); err != nil || attempt != 0 {
			t.Errorf("the job must stand as it was: attempt %d, %v", attempt, err)
		}
		if n := count(t, d, "effect"); n != 0 {
			t.Errorf("%d effects", n)
		}
		if n := count(t, d, "job_parked"); n != 0 {
			t.Errorf("a stale node parked %d", n)
		}
	})
}

// The same without Done: a stale node's deletion and failure do nothing.
func TestStaleNodeCannotDeleteOrFail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, outcome := range []error{nil, errors.New("failed")} {
			exec(t, d, "delete from job")
			stale := newQueue(d, fastLease)
			in, out := make(chan struct{}), make(chan struct{})
			stale.Handle(Kind{Name: "e", MaxAttempts: 3}, func(ctx context.Context, jobs []Job) error {
				close(in)
				<-out
				return outcome
			})
			add(t, stale, New{Tenant: 1, Kind: "e", Key: "a"})
			start(t, stale)
			<-in
			exec(t, d, "update lease set holder = 'other', epoch = epoch + 1, beat = beat + 1 where name = $1", shardLease(shardOf(1, "a")))
			close(out)
			stale.await(10*time.Second, func() bool {
				return stale.mem.running == 0 && len(stale.outcomes) == 0 && stale.settling == 0
			})
			stale.Stop()
			var attempt int
			if err := d.QueryRow(context.Background(), "select attempt from job").Scan(&attempt); err != nil || attempt != 0 {
				t.Errorf("after %v: attempt %d, %v", outcome, attempt, err)
			}
			exec(t, d, "update lease set holder = '' where holder = 'other'")
		}
	})
}

// node is a queue with a bus on a PostgreSQL database that has others.
func node(t testing.TB, url string, name string, b *board, change ...func(*Config)) *Queue {
	t.Helper()
	d := dbtest.Open(t, url)
	line := bus.Open(bus.Config{URL: url, Log: quietLog})
	t.Cleanup(line.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := line.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	q := newQueue(d, append([]func(*Config){func(c *Config) { c.Lease, c.Node, c.Bus = time.Second, name, line }}, change...)...)
	q.Handle(Kind{Name: "e", Concurrency: 8}, func(ctx context.Context, jobs []Job) error {
		j := jobs[0]
		if err := withEffect(d, ctx, j); err != nil {
			return err
		}
		j.Kind = name
		b.put(j)
		return nil
	})
	return q
}

func held(q *Queue) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for i := range q.mem.shards {
		if q.mem.shards[i].held == owned {
			n++
		}
	}
	return n
}

// waitHeld waits until a node has n shards; tending is what changes it.
func waitHeld(t testing.TB, q *Queue, n int) {
	t.Helper()
	limit := time.Now().Add(2 * time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for held(q) != n {
		if time.Now().After(limit) {
			t.Fatalf("%s has %d shards, not %d", q.cfg.Node, held(q), n)
		}
		<-tick.C
	}
}

// Two nodes share the queue; one is stopped in order, one is killed. Order per
// key holds over all of it, and every job has one effect.
func TestTwoNodesShareHandOverAndDie(t *testing.T) {
	url := dbtest.PostgresURL(t)
	b := newBoard()
	n1 := node(t, url, "one", b)
	effects(t, n1.db)
	start(t, n1)
	waitHeld(t, n1, Shards)
	total := 0
	more := func(q *Queue, n int) {
		for range n {
			add(t, q, New{Tenant: 1, Kind: "e", Key: fmt.Sprint("k", total%40, "-"), Payload: total})
			total++
		}
	}
	more(n1, 200)
	n2 := node(t, url, "two", b)
	if err := n2.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	more(n1, 100)
	more(n2, 100)
	waitHeld(t, n1, Shards/2)
	waitHeld(t, n2, Shards/2)
	more(n1, 200)
	more(n2, 200)
	b.waitRuns(t, total)
	byNode := map[string]int{}
	b.Lock()
	for _, j := range b.runs[400:] {
		byNode[j.Kind]++
	}
	b.Unlock()
	if byNode["one"] < 100 || byNode["two"] < 100 {
		t.Errorf("the work was not shared: %v", byNode)
	}
	// Killed without giving back: the other takes over within the lease.
	more(n1, 200)
	began := time.Now()
	n2.crash()
	more(n1, 200)
	b.waitRuns(t, total)
	if took := time.Since(began); took > 2500*time.Millisecond {
		t.Errorf("the take-over lasted %v with a lease of 1 s", took)
	}
	waitHeld(t, n1, Shards)
	// Stopped in order: at once.
	n3 := node(t, url, "three", b)
	start(t, n3)
	waitHeld(t, n3, Shards/2)
	more(n3, 200)
	n1.Stop()
	waitHeld(t, n3, Shards)
	more(n3, 100)
	b.waitRuns(t, total)
	settledEmpty(t, n3)
	onceEach(t, n3.db, total)
	last := map[string]int{}
	for _, j := range b.runs {
		var n int
		fmt.Sscan(string(j.Payload), &n)
		if p, ok := last[j.Key]; ok && n <= p {
			t.Errorf("%s: %d ran after %d", j.Key, n, p)
		}
		last[j.Key] = n
	}
}

// A job added on one node for a shard of another starts without waiting for
// the poll.
func TestOtherNodesAreWoken(t *testing.T) {
	url := dbtest.PostgresURL(t)
	slowPoll := func(c *Config) { c.Poll = time.Hour }
	b := newBoard()
	n1, n2 := node(t, url, "one", b, slowPoll), node(t, url, "two", b, slowPoll)
	effects(t, n1.db)
	start(t, n1)
	start(t, n2)
	waitHeld(t, n1, Shards/2)
	waitHeld(t, n2, Shards/2)
	for i := range 100 {
		add(t, n1, New{Tenant: 1, Kind: "e", Key: fmt.Sprint("k", i), Payload: i})
	}
	b.waitRuns(t, 100)
}

func TestNodeNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		seen := map[int]bool{}
		var open []*Node
		for range 5 {
			n, err := LeaseNode(ctx, d, quietLog, "host")
			if err != nil {
				t.Fatal(err)
			}
			if seen[n.Number] {
				t.Errorf("number %d twice", n.Number)
			}
			seen[n.Number] = true
			open = append(open, n)
		}
		first := open[0].Number
		for _, n := range open {
			n.Close()
		}
		n, err := LeaseNode(ctx, d, quietLog, "host")
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		if n.Number == first || seen[n.Number] {
			t.Errorf("number %d was used a moment ago", n.Number)
		}
		if mine, err := n.renew(ctx); err != nil || !mine {
			t.Errorf("renew: %v, %v", mine, err)
		}
		exec(t, d, "update lease set holder = 'x' where name = $1", numberName(n.Number))
		if mine, err := n.renew(ctx); err != nil || mine {
			t.Errorf("renew of a lost number: %v, %v", mine, err)
		}
	})
}
