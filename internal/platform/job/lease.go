package job

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhidan/internal/platform/db"
)

// A lease is a row whose holder counts its beat up while it lives. Whoever has
// seen the same beat for the length of a lease, by its own monotonic clock, may
// take it over, which counts the epoch up. No wall clocks are compared, so that
// setting one, or two that differ, takes nothing from anybody. A holder that
// could not beat for 7/10 of that time stops working before others begin.
//
// Besides the shards, every node has a membership row. From the members that
// live, sorted by name, each computes the same fair share, drains what it has
// above its share and takes free shards up to it.

func shardLease(n int) string { return shardNames[n] }

var shardNames = func() (out [Shards]string) {
	for i := range out {
		out[i] = fmt.Sprintf("job/%02d", i)
	}
	return out
}()

const memberPrefix = "member/"

// incarnation names one start of a process.
func incarnation(node string) string {
	var b [6]byte
	rand.Read(b[:])
	if len(node) > 60 {
		node = node[:60]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(node, "\x00", ""), "") + "#" + hex.EncodeToString(b[:])
}

type leases struct {
	exclusive bool
	valid     time.Time // until then the shards are ours without asking
	renewed   time.Time
	seen      map[string]sight // touched by the lease loop alone
}

type sight struct {
	leaseRow
	since time.Time // when this beat was first seen
}

type leaseRow struct {
	name, holder string
	epoch, beat  int64
}

func (l *leases) expired() bool { return !l.exclusive && time.Now().After(l.valid) }

// firstLeases prepares the rows, and takes all of them when nobody else can.
func (q *Queue) firstLeases(ctx context.Context) error {
	q.leases = leases{exclusive: q.cfg.Exclusive, seen: map[string]sight{}}
	var epochs [Shards]int64
	err := q.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		args := make([]any, 0, Shards*4)
		for i := range Shards {
			args = append(args, shardLease(i), "", int64(0), int64(0))
		}
		if _, err := tx.Exec(ctx, "insert into lease (name, holder, epoch, beat) values "+db.Values(Shards, 4)+
			" on conflict do nothing", args...); err != nil {
			return err
		}
		if !q.cfg.Exclusive {
			return q.join(ctx, tx)
		}
		if _, err := tx.Exec(ctx, "update lease set holder = $1, epoch = epoch + 1, beat = beat + 1 where name >= 'job/' and name < 'job0'",
			q.holder); err != nil {
			return err
		}
		rows, err := readLeases(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if n := shardNumber(r.name); n >= 0 {
				epochs[n] = r.epoch
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !q.cfg.Exclusive {
		q.leases.renewed = time.Now()
		q.leases.valid = q.leases.renewed.Add(q.cfg.Lease * 7 / 10)
		q.cfg.Bus.Send(topic, "lease")
		return q.tend(ctx)
	}
	got := map[int]int64{}
	for i, e := range epochs {
		got[i] = e
	}
	return q.begin(ctx, got)
}

func (q *Queue) join(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, "insert into lease (name, holder, epoch, beat) values ($1, $2, 0, 0) on conflict do nothing",
		memberPrefix+q.holder, q.holder)
	return err
}

func shardNumber(name string) int { return slices.Index(shardNames[:], name) }

func readLeases(ctx context.Context, r db.Reader) ([]leaseRow, error) {
	rows, err := r.Query(ctx, "select name, holder, epoch, beat from lease where name < 'node/' order by name")
	return db.Each(rows, err, func(rows *sql.Rows) (leaseRow, error) {
		var l leaseRow
		err := rows.Scan(&l.name, &l.holder, &l.epoch, &l.beat)
		return l, err
	})
}

// begin reads what must be known of new shards before anything runs (what is
// parked, and what failed and waits), and then works on them.
func (q *Queue) begin(ctx context.Context, got map[int]int64) error {
	rows, err := q.db.Query(ctx, "select distinct shard, tenant_id, kind, key from job_parked")
	type name struct {
		shard int
		lineName
	}
	names, err := db.Each(rows, err, func(rows *sql.Rows) (n name, err error) {
		err = rows.Scan(&n.shard, (*int64)(&n.tenant), &n.kind, &n.key)
		return n, err
	})
	if err != nil {
		return err
	}
	parked := map[int]map[lineName]struct{}{}
	for _, n := range names {
		if parked[n.shard] == nil {
			parked[n.shard] = map[lineName]struct{}{}
		}
		parked[n.shard][n.lineName] = struct{}{}
	}
	var waiting []*row
	args := make([]any, 0, Shards+1)
	for n := range got {
		args = append(args, n)
	}
	for len(args) < Shards {
		args = append(args, args[0])
	}
	now := q.cfg.Clock.Now()
	list := strings.Trim(db.Values(1, Shards), "()")
	rows, err = q.db.Query(ctx, fmt.Sprintf("select %s from job where shard in (%s) and retry_at > $%d order by shard, due_at, pos, id",
		columns, list, Shards+1), append(args, int64(now))...)
	if waiting, err = db.Each(rows, err, scanRow); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for n, epoch := range got {
		q.mem.hold(n, epoch, parked[n])
	}
	q.admit(waiting, now)
	signal(q.wake)
	return nil
}

func (q *Queue) leaseLoop() {
	defer q.loops.Done()
	if q.cfg.Exclusive {
		<-q.quit
		return
	}
	timer := time.NewTimer(q.cfg.Lease / 10)
	defer timer.Stop()
	trouble := false
	for {
		select {
		case <-timer.C:
		case <-q.kick:
		case <-q.quit:
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), q.cfg.Lease/2)
		err := q.tend(ctx)
		cancel()
		if err != nil && !trouble {
			q.log.Error("the leases of the queue cannot be tended", "error", err)
		}
		trouble = err != nil
		q.mu.Lock()
		if q.leases.expired() {
			for i := range q.mem.shards {
				if q.mem.shards[i].held != foreign {
					q.mem.release(i, foreign)
				}
			}
		}
		q.mu.Unlock()
		timer.Reset(q.cfg.Lease / 10)
	}
}

// tend renews, looks at everybody, and gives and takes.
func (q *Queue) tend(ctx context.Context) error {
	if time.Since(q.leases.renewed) >= q.cfg.Lease/3 {
		if err := q.renew(ctx); err != nil {
			return err
		}
	}
	rows, err := readLeases(ctx, q.db)
	if err != nil {
		return err
	}
	now := time.Now()
	seen := map[string]sight{}
	for _, r := range rows {
		s, ok := q.leases.seen[r.name]
		if !ok || s.leaseRow != r {
			s = sight{r, now}
		}
		seen[r.name] = s
	}
	q.leases.seen = seen
	dead := func(s sight) bool { return now.Sub(s.since) >= q.cfg.Lease }

	var members []string
	var gone []sight
	for _, r := range rows {
		if s := seen[r.name]; strings.HasPrefix(r.name, memberPrefix) {
			if r.holder == q.holder || !dead(s) {
				members = append(members, r.holder)
			} else if now.Sub(s.since) >= 3*q.cfg.Lease {
				gone = append(gone, s)
			}
		}
	}
	if !slices.Contains(members, q.holder) {
		members = append(members, q.holder)
		q.leases.renewed = time.Time{} // others took us for dead: join again
	}
	slices.Sort(members)
	rank := slices.Index(members, q.holder)
	share := Shards / len(members)
	if rank < Shards%len(members) {
		share++
	}

	// What the table says of our shards counts.
	q.mu.Lock()
	stopping := q.state != started
	held := 0
	var give []int
	for i := range q.mem.shards {
		s := &q.mem.shards[i]
		row := seen[shardLease(i)]
		if s.held != foreign && (row.holder != q.holder || row.epoch != s.epoch) {
			q.log.Warn("another node took a shard of the queue", "shard", i, "holder", row.holder)
			q.mem.release(i, foreign)
		}
		if s.held == owned {
			held++
			if held > share {
				q.mem.release(i, draining)
			}
		}
		if s.held == draining && s.running == 0 {
			give = append(give, i)
		}
	}
	q.mu.Unlock()

	var take []sight
	if !stopping {
		for k := range Shards {
			i := (rank*Shards/len(members) + k) % Shards
			s := seen[shardLease(i)]
			q.mu.Lock()
			mine := q.mem.shards[i].held != foreign
			q.mu.Unlock()
			if !mine && held+len(take) < share && s.name != "" && (s.holder == "" || s.holder == q.holder || dead(s)) {
				take = append(take, s)
			}
		}
	}
	return q.exchange(ctx, take, give, gone)
}

func (q *Queue) renew(ctx context.Context) error {
	start := time.Now()
	err := q.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := q.join(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update lease set beat = beat + 1 where holder = $1 and name < 'node/'", q.holder)
		return err
	})
	if err != nil {
		return err
	}
	q.leases.renewed = start
	q.mu.Lock()
	q.leases.valid = start.Add(q.cfg.Lease * 7 / 10)
	q.mu.Unlock()
	return nil
}

// exchange takes free shards, gives drained ones away, and clears away members
// that are long dead.
func (q *Queue) exchange(ctx context.Context, take []sight, give []int, gone []sight) error {
	if len(take)+len(give)+len(gone) == 0 {
		return nil
	}
	q.mu.Lock()
	epochs := map[int]int64{}
	for _, i := range give {
		epochs[i] = q.mem.shards[i].epoch
	}
	q.mu.Unlock()
	var got map[int]int64
	err := q.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		got = map[int]int64{}
		slices.SortFunc(take, func(a, b sight) int { return cmp.Compare(a.name, b.name) })
		for _, s := range take {
			n, err := tx.Exec(ctx, `update lease set holder = $1, epoch = epoch + 1, beat = beat + 1
				where name = $2 and holder = $3 and epoch = $4 and beat = $5`, q.holder, s.name, s.holder, s.epoch, s.beat)
			if err != nil {
				return err
			}
			if n == 1 {
				got[shardNumber(s.name)] = s.epoch + 1
			}
		}
		for _, i := range give {
			if _, err := tx.Exec(ctx, "update lease set holder = '', beat = beat + 1 where name = $1 and holder = $2 and epoch = $3",
				shardLease(i), q.holder, epochs[i]); err != nil {
				return err
			}
		}
		for _, s := range gone {
			if _, err := tx.Exec(ctx, "delete from lease where name = $1 and beat = $2", s.name, s.beat); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(give) > 0 {
		q.mu.Lock()
		for _, i := range give {
			if s := &q.mem.shards[i]; s.held == draining && s.epoch == epochs[i] {
				q.mem.release(i, foreign)
			}
		}
		q.mu.Unlock()
		q.cfg.Bus.Send(topic, "lease")
	}
	if len(got) > 0 {
		return q.begin(ctx, got)
	}
	return nil
}

// releaseAll gives every shard without a running handler to others, at the end.
func (q *Queue) releaseAll() {
	q.mu.Lock()
	var free []any
	for i := range q.mem.shards {
		if s := &q.mem.shards[i]; s.held != foreign {
			if s.running == 0 {
				free = append(free, shardLease(i))
			}
			q.mem.release(i, foreign)
		}
	}
	cut := q.cut
	q.mu.Unlock()
	if cut {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := q.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, "delete from lease where name = $1", memberPrefix+q.holder); err != nil || len(free) == 0 {
			return err
		}
		list := strings.Trim(db.Values(1, len(free)+1), "()")
		list = strings.TrimPrefix(list, "$1,")
		_, err := tx.Exec(ctx, "update lease set holder = '', beat = beat + 1 where holder = $1 and name in ("+list+")",
			append([]any{q.holder}, free...)...)
		return err
	})
	if err != nil {
		q.log.Warn("the queue's leases were not given back, they end by themselves", "error", err)
		return
	}
	q.cfg.Bus.Send(topic, "lease")
}
