package job

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
)

// The loader is the one goroutine that reads rows into memory. It is told by
// commits which shards are dirty, and looks at all of them at every poll, which
// is also what makes timers fire.
//
// Dirty shards are read together from their beginning. A shard with more rows
// than one read takes is deep: it is then read on its own, page by page, past
// the panes and lines that have enough rows in memory, so that the jobs behind
// a long queue are found.

const (
	hotLimit  = 1000
	pageLimit = 256
	// excluded is how many full panes, and long lines, a read passes over
	// inside the database. It reads and drops what is beyond that.
	excluded = 8
)

const columns = "shard, due_at, pos, id, tenant_id, kind, key, timer, payload, attempt, retry_at"

func scanRow(rows *sql.Rows) (*row, error) {
	r := &row{}
	var payload sql.RawBytes
	err := rows.Scan(&r.shard, &r.due, &r.pos, &r.id, (*int64)(&r.tenant), &r.kind, &r.key, &r.timer, &payload, &r.attempt, &r.retryAt)
	r.payload = append([]byte(nil), payload...)
	return r, err
}

func (q *Queue) loadLoop() {
	defer q.loops.Done()
	// Commits of a moment are read together.
	const gap = 3 * time.Millisecond
	timer := time.NewTimer(0)
	defer timer.Stop()
	var lastPoll, deepNext time.Time
	var lastTrouble string
	for {
		select {
		case <-q.wake:
		case <-timer.C:
		case <-q.quit:
			return
		}
		begun := time.Now()
		q.mu.Lock()
		m := q.mem
		now := q.cfg.Clock.Now()
		m.due(now)
		q.dispatch()
		if begun.Sub(lastPoll) >= q.cfg.Poll {
			lastPoll = begun
			m.dirty = ^uint64(0)
		}
		var deep uint64
		for i := range m.shards {
			if m.shards[i].deep {
				deep |= 1 << i
			}
		}
		todo := m.dirty & m.owned()
		hot := todo &^ deep
		deep &= todo
		if begun.Before(deepNext) {
			deep = 0
		}
		m.dirty = todo &^ hot &^ deep
		low := map[int][]*pane{} // by shard
		for p := range m.refill {
			if m.shards[p.shard].held == owned {
				low[p.shard] = append(low[p.shard], p)
			}
			delete(m.refill, p)
		}
		q.mu.Unlock()

		err := q.loadHot(hot, 0)
		if err == nil {
			// Timers stand after the long queue, and are not kept by it.
			err = q.loadHot(todo&^hot, 1)
		}
		for n, panes := range low {
			if err == nil {
				err = q.loadDeep(n, panes)
			}
		}
		for ; deep != 0 && err == nil; deep &= deep - 1 {
			start := time.Now()
			err = q.loadDeep(bits.TrailingZeros64(deep), nil)
			// Reading past long queues may take a fifth of the time.
			if took := time.Since(start); took > 2*time.Millisecond || deep&(deep-1) == 0 {
				deepNext = time.Now().Add(4 * took)
				q.mu.Lock()
				m.dirty |= deep & (deep - 1)
				q.mu.Unlock()
				break
			}
		}
		q.mu.Lock()
		if err != nil {
			m.dirty |= hot | deep
			for _, panes := range low {
				for _, p := range panes {
					m.refill[p] = struct{}{}
				}
			}
		}
		wait := q.cfg.Poll - time.Since(lastPoll)
		if err != nil {
			wait = q.cfg.Poll
		} else if m.dirty != 0 {
			wait = min(wait, time.Until(deepNext))
		} else if len(m.refill) > 0 {
			wait = 0
		}
		if next := m.due(now); next != 0 && err == nil {
			wait = min(wait, next.Sub(now))
		}
		q.mu.Unlock()
		if err != nil && err.Error() != lastTrouble {
			q.log.Error("the queue cannot be read, trying again", "error", err)
		}
		lastTrouble = ""
		if err != nil {
			lastTrouble = err.Error()
		}
		if rest := gap - time.Since(begun); rest > 0 {
			if err := sleep(q.quit, rest); err {
				return
			}
		}
		timer.Reset(max(wait, 0))
	}
}

// sleep waits and says whether the queue was stopped meanwhile.
func sleep(quit <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return false
	case <-quit:
		return true
	}
}

// horizon is beyond any wait for a next try: a row that waits longer was
// written before the clock was set back.
func (q *Queue) horizon(now clock.Time) int64 {
	var longest time.Duration
	for _, w := range q.mem.works {
		longest = max(longest, w.MaxBackoff)
	}
	return int64(now.Add(2 * longest))
}

// loadHot reads the shards of a set together, from a due time on.
func (q *Queue) loadHot(set uint64, from int64) error {
	if set == 0 {
		return nil
	}
	n := bits.OnesCount64(set)
	size := 64 // few texts, so that the statements stay prepared
	for _, s := range []int{1, 4, 16} {
		if n <= s {
			size = s
			break
		}
	}
	args := make([]any, 0, size+3)
	for s := set; s != 0; s &= s - 1 {
		args = append(args, bits.TrailingZeros64(s))
	}
	for len(args) < size {
		args = append(args, args[0])
	}
	q.mu.Lock()
	q.mem.begin()
	now := q.cfg.Clock.Now()
	args = append(args, int64(now), q.horizon(now), from)
	q.mu.Unlock()
	rows, err := q.read(hotText[size], args)
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.mem.end()
	if err != nil {
		return err
	}
	q.admit(rows, now)
	if len(rows) == hotLimit && from == 0 {
		// There is more, and which shards have it shows when each is read.
		for s := set; s != 0; s &= s - 1 {
			q.mem.shards[bits.TrailingZeros64(s)].deep = true
		}
		q.mem.dirty |= set
	}
	return nil
}

var hotText = func() map[int]string {
	out := map[int]string{}
	for _, n := range []int{1, 4, 16, 64} {
		list := strings.TrimSuffix(strings.TrimPrefix(db.Values(1, n), "("), ")")
		out[n] = fmt.Sprintf("select %s from job where shard in (%s) and due_at <= $%d and (retry_at <= $%d or retry_at > $%d)"+
			" and due_at >= $%d order by shard, due_at, pos, id limit %d", columns, list, n+1, n+1, n+2, n+3, hotLimit)
	}
	return out
}()

// loadDeep reads one shard until its end or until there is enough. The panes
// given ran low and are filled up; if it is one, nothing else is read.
func (q *Queue) loadDeep(n int, low []*pane) (err error) {
	m := q.mem
	var one *pane
	if len(low) == 1 {
		one = low[0]
	}
	q.locked(func() {
		m.begin()
		for _, p := range low {
			m.reopen(p)
		}
	})
	whole := false // all that is due was seen
	defer func() {
		q.locked(func() {
			m.end()
			for _, p := range low {
				p.full = p.full || (!whole && m.shards[n].held == owned)
				p.lines--
				m.dropPane(p)
			}
		})
	}()
	after := spot{due: -1}
	for read := 0; ; {
		var now clock.Time
		var args []any
		text := deepText
		q.locked(func() {
			now = q.cfg.Clock.Now()
			args = []any{n, int64(now), q.horizon(now), after.due, after.pos, after.id}
			if one != nil {
				args, text = append(args, int64(one.tenant), one.kind), paneText
			}
			args = m.exclude(args, n, one)
		})
		rows, err := q.read(text, args)
		if err != nil {
			return err
		}
		read += len(rows)
		whole = len(rows) < pageLimit
		enough := false
		q.locked(func() {
			q.admit(rows, now)
			s := &m.shards[n]
			if whole && one == nil && read < pageLimit && !m.crowded(n) {
				s.deep = false
			}
			enough = s.capped || s.held != owned || (one != nil && one.full)
			whole = whole && !s.capped
		})
		if whole || enough {
			return nil
		}
		after = rows[len(rows)-1].spot
	}
}

func (q *Queue) locked(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

const deepWhere = "select " + columns + " from job where shard = $1 and due_at <= $2 and (retry_at <= $2 or retry_at > $3)" +
	" and (shard, due_at, pos, id) > ($1, $4, $5, $6)"

var deepText = func() string {
	var b strings.Builder
	b.WriteString(deepWhere)
	n := 7
	for range excluded {
		fmt.Fprintf(&b, " and not (tenant_id = $%d and kind = $%d)", n, n+1)
		n += 2
	}
	for range excluded {
		fmt.Fprintf(&b, " and not (tenant_id = $%d and kind = $%d and key = $%d)", n, n+1, n+2)
		n += 3
	}
	fmt.Fprintf(&b, " order by shard, due_at, pos, id limit %d", pageLimit)
	return b.String()
}()

var paneText = func() string {
	var b strings.Builder
	b.WriteString(deepWhere + " and tenant_id = $7 and kind = $8")
	for i := range excluded {
		fmt.Fprintf(&b, " and key <> $%d", 9+i)
	}
	fmt.Fprintf(&b, " order by shard, due_at, pos, id limit %d", pageLimit)
	return b.String()
}()

// noKey is longer than any key.
var noKey = strings.Repeat("-", MaxKey+1)

// exclude adds what a read of a shard, or of one pane, need not show.
func (m *memory) exclude(args []any, n int, p *pane) []any {
	if p != nil {
		k := 0
		for l := range p.more {
			if k++; k > excluded {
				break
			}
			args = append(args, l.key)
		}
		for ; k < excluded; k++ {
			args = append(args, noKey)
		}
		return args
	}
	panes, lines := 0, make([]any, 0, 3*excluded)
	for _, o := range m.panes {
		if o.shard != n {
			continue
		}
		if o.full {
			if panes < excluded {
				panes++
				args = append(args, int64(o.tenant), o.kind)
			}
			continue
		}
		for l := range o.more {
			if len(lines) < 3*excluded {
				lines = append(lines, int64(l.tenant), l.kind, l.key)
			}
		}
	}
	for ; panes < excluded; panes++ {
		args = append(args, int64(0), "")
	}
	for len(lines) < 3*excluded {
		lines = append(lines, int64(0), "", "")
	}
	return append(args, lines...)
}

// crowded says whether a shard has rows that were not loaded.
func (m *memory) crowded(n int) bool {
	for _, p := range m.panes {
		if p.shard == n && (p.full || len(p.more) > 0) {
			return true
		}
	}
	return m.shards[n].capped
}

// read runs a query of rows.
func (q *Queue) read(text string, args []any) ([]*row, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	rows, err := q.db.Query(ctx, text, args...)
	return db.Each(rows, err, scanRow)
}

// admit takes rows into memory and lets them run. The caller holds the mutex.
func (q *Queue) admit(rows []*row, now clock.Time) {
	for _, r := range rows {
		q.mem.accept(r, now)
	}
	for k := range q.mem.unknown {
		q.log.Warn("jobs of a kind that this version does not know are left alone", "kind", k)
	}
	clear(q.mem.unknown)
	q.dispatch()
}
