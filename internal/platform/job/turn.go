package job

import (
	"container/heap"
	"context"
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

type work struct {
	Kind
	fn        func(ctx context.Context, jobs []Job) error
	running   int
	perTenant int // calls that one tenant may have at a time
	turns     map[id.ID]*turn
	ring      []*turn // with ready lines and a free place
	begun     time.Time
	gathering bool // a call waits for more jobs
}

type turn struct {
	tenant  id.ID
	ready   []*line
	running int
	inRing  bool
}

func (m *memory) addWork(k Kind, fn func(ctx context.Context, jobs []Job) error) {
	w := &work{Kind: k, fn: fn, turns: map[id.ID]*turn{}, perTenant: k.Concurrency}
	if k.Batch == 1 && k.Concurrency >= 4 {
		// A quarter of the places is never one tenant's, so that slow calls
		// of one (an endpoint that hangs) cannot take them all.
		w.perTenant = k.Concurrency - k.Concurrency/4
	}
	m.works[k.Name] = w
}

func (w *work) enter(t *turn) {
	if !t.inRing && len(t.ready) > 0 && t.running < w.perTenant {
		t.inRing = true
		w.ring = append(w.ring, t)
	}
}

// gather says how long the next call should wait for more jobs.
func (w *work) gather(now time.Time) time.Duration {
	wait := w.Linger - now.Sub(w.begun)
	if w.Linger == 0 || wait <= 0 {
		return 0
	}
	n := 0
	for _, t := range w.ring {
		if n += len(t.ready); n >= w.Batch {
			return 0
		}
	}
	return wait
}

// next takes the rows of the next call of a handler: at most Batch, tenants in
// turn, each row the head of another line.
func (m *memory) next(w *work, now clock.Time) []*row {
	var batch []*row
	for len(batch) < w.Batch && len(w.ring) > 0 {
		t := w.ring[0]
		w.ring = w.ring[1:]
		t.inRing = false
		var l *line
		for l == nil && len(t.ready) > 0 {
			l = t.ready[0]
			t.ready = t.ready[1:]
			l.state = quiet
			if len(l.rows) == 0 || m.later(l, now) {
				m.settle(l, now)
				l = nil
			}
		}
		if l == nil {
			if t.running == 0 {
				delete(w.turns, t.tenant)
			}
			continue
		}
		r := l.rows[0]
		if r.solo && len(batch) > 0 {
			l.state = ready
			t.ready = slices.Insert(t.ready, 0, l)
			t.inRing = true
			w.ring = slices.Insert(w.ring, 0, t)
			break
		}
		l.state, r.running = busy, true
		m.shards[r.shard].running++
		batch = append(batch, r)
		if w.Batch == 1 { // calls for several are shared, not counted by tenant
			t.running++
		}
		w.enter(t)
		if len(t.ready) == 0 && t.running == 0 {
			delete(w.turns, t.tenant)
		}
		if r.solo {
			break
		}
	}
	return batch
}

// left says that a call has ended, so that its places are free.
func (m *memory) left(w *work, batch []*row) {
	w.running--
	m.running--
	if w.Batch > 1 {
		return
	}
	for _, r := range batch {
		if t := w.turns[r.tenant]; t != nil {
			t.running--
			w.enter(t)
			if t.running == 0 && len(t.ready) == 0 {
				delete(w.turns, t.tenant)
			}
		}
	}
}

// due makes lines ready whose wait is over, and says when the next is.
func (m *memory) due(now clock.Time) (next clock.Time) {
	for len(m.waits) > 0 {
		w := m.waits[0]
		l := w.line
		if l.state == waiting && len(l.rows) > 0 && l.rows[0].retryAt == w.at && m.later(l, now) {
			return clock.Time(w.at)
		}
		heap.Pop(&m.waits)
		if l.state == waiting && len(l.rows) > 0 && l.rows[0].retryAt == w.at {
			m.settle(l, now)
		}
	}
	return 0
}

// waits is a heap of lines by the time of their next try.
type waits []wait

type wait struct {
	at   int64
	line *line
}

func (w waits) Len() int           { return len(w) }
func (w waits) Less(i, j int) bool { return w[i].at < w[j].at }
func (w waits) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waits) Push(x any)        { *w = append(*w, x.(wait)) }
func (w *waits) Pop() any {
	old := *w
	x := old[len(old)-1]
	*w = old[:len(old)-1]
	return x
}
