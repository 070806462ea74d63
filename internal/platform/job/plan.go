package job

import (
	"container/heap"
	"slices"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// memory is the window on the table in which the order of running is decided.
// It does no I/O, knows no locks (the queue's mutex guards it), and every row
// in it stands in the table too.
//
//	work  a kind with its handler; its tenants with ready lines take turns
//	turn  one tenant in one work
//	line  the jobs of one tenant, kind and key, of which one runs at a time
//	pane  how many rows of one tenant and kind are loaded from one shard
type memory struct {
	works  map[string]*work
	lines  map[lineName]*line
	rows   map[int64]*row // by id: all that are loaded
	panes  map[paneName]*pane
	shards [Shards]shard
	waits  waits

	dirty   uint64              // shards to look at
	refill  map[*pane]struct{}  // panes that ran low while the table has more
	behind  []*row              // rows found behind a parked one
	running int                 // calls of handlers
	unknown map[string]struct{} // kinds without handler that were met

	// While a read is under way: what left memory since it began. The read may
	// show it still, or show what comes after it.
	reading bool
	removed map[int64]struct{}
	stale   map[lineName]struct{}
}

const (
	// paneSize is how many runnable rows of one tenant and kind are loaded from
	// one shard. What fails and waits for its next try is not counted.
	paneSize = 64
	// lineSize is how many rows of one line are loaded.
	lineSize = 32
	// shardSize bounds what is loaded from one shard.
	shardSize = 2048
)

// spot is a row's place in its shard: the order of running, and its key.
type spot struct{ due, pos, id int64 }

func (a spot) before(b spot) bool {
	if a.due != b.due {
		return a.due < b.due
	}
	if a.pos != b.pos {
		return a.pos < b.pos
	}
	return a.id < b.id
}

type row struct {
	spot
	shard   int
	tenant  id.ID
	kind    string
	key     string
	timer   bool
	payload []byte
	attempt int
	retryAt int64

	line    *line
	epoch   int64 // of the shard's lease when it was loaded
	running bool  // with a handler, or its end is being written
	solo    bool  // failed together with others: runs alone
}

func (r *row) name() lineName { return lineName{r.tenant, r.kind, r.key} }

type lineName struct {
	tenant id.ID
	kind   string
	key    string
}

type paneName struct {
	shard  int
	tenant id.ID
	kind   string
}

type holding int

const (
	foreign  holding = iota
	owned            // this node runs its jobs
	draining         // it starts no more, and gives it away when all have ended
)

type shard struct {
	held    holding
	epoch   int64
	running int // rows that are running
	loaded  int
	deep    bool // has more due rows than are loaded
	capped  bool // shardSize was reached: nothing more is loaded for now
	parked  map[lineName]struct{}
}

type pane struct {
	paneName
	lines  int  // in memory
	loaded int  // rows of lines that do not wait
	full   bool // the table has rows after last that are not loaded
	last   spot
	more   map[*line]struct{} // lines with rows that are not loaded
}

type lineState int

const (
	quiet   lineState = iota // no rows
	ready                    // stands in its turn
	busy                     // its first row is running
	waiting                  // its first row failed and waits
)

type line struct {
	lineName
	pane  *pane
	rows  []*row
	state lineState
	more  bool // the table has rows of it after the last loaded one
}

func newMemory() *memory {
	return &memory{works: map[string]*work{}, lines: map[lineName]*line{}, rows: map[int64]*row{}, panes: map[paneName]*pane{},
		refill: map[*pane]struct{}{}, removed: map[int64]struct{}{}, stale: map[lineName]struct{}{}, unknown: map[string]struct{}{}}
}

// owned is the set of shards that this node works on.
func (m *memory) owned() uint64 {
	var set uint64
	for i := range m.shards {
		if m.shards[i].held == owned {
			set |= 1 << i
		}
	}
	return set
}

// accept takes a row that was read, in the order of spots within its shard. It
// says whether the row is (now) in memory.
func (m *memory) accept(r *row, now clock.Time) bool {
	if m.rows[r.id] != nil {
		return true
	}
	s := &m.shards[r.shard]
	if s.held != owned {
		return false
	}
	if _, gone := m.removed[r.id]; gone {
		return false
	}
	if _, gone := m.stale[r.name()]; gone {
		m.dirty |= 1 << r.shard
		return false
	}
	if _, parked := s.parked[r.name()]; parked {
		r.epoch, r.running = s.epoch, true
		m.rows[r.id] = r
		s.running++
		m.behind = append(m.behind, r)
		return true
	}
	p := m.pane(r)
	if m.works[r.kind] == nil {
		m.unknown[r.kind] = struct{}{}
		p.full = true
		return false
	}
	if p.full && !r.before(p.last) {
		return false
	}
	l := m.lines[r.name()]
	if l != nil {
		n := len(l.rows)
		if l.more && (n == 0 || !r.before(l.rows[n-1].spot)) {
			return false
		}
		if n >= lineSize && !r.before(l.rows[n-1].spot) {
			l.more = true
			p.more[l] = struct{}{}
			return false
		}
	}
	if r.retryAt == 0 { // what has failed comes first in its line and must be known
		if s.capped = s.capped || s.loaded >= shardSize; s.capped {
			return false
		}
		// Before the last one there is no gap to be made, or a later row of
		// the same line could be loaded without this one.
		if p.loaded >= paneSize && !r.before(p.last) {
			p.full = true
			return false
		}
	}
	if l == nil {
		l = &line{lineName: r.name(), pane: p}
		p.lines++
		m.lines[r.name()] = l
	}
	if p.last.before(r.spot) {
		p.last = r.spot
	}
	r.line, r.epoch = l, s.epoch
	m.rows[r.id] = r
	i := len(l.rows)
	for i > 0 && !l.rows[i-1].running && r.before(l.rows[i-1].spot) {
		i--
	}
	l.rows = slices.Insert(l.rows, i, r)
	if l.state != waiting {
		m.count(p, 1)
	}
	if l.state == quiet || i == 0 {
		m.settle(l, now)
	}
	return true
}

func (m *memory) pane(r *row) *pane {
	n := paneName{r.shard, r.tenant, r.kind}
	p := m.panes[n]
	if p == nil {
		p = newPane(n)
		m.panes[n] = p
	}
	return p
}

func newPane(n paneName) *pane { return &pane{paneName: n, more: map[*line]struct{}{}} }

// count changes how many runnable rows a pane has loaded.
func (m *memory) count(p *pane, by int) {
	s := &m.shards[p.shard]
	p.loaded += by
	s.loaded += by
	if by > 0 {
		return
	}
	if p.full && p.loaded <= paneSize/4 && m.works[p.kind] != nil {
		m.refill[p] = struct{}{}
	}
	if s.capped && s.loaded <= shardSize/2 {
		s.capped = false
		m.dirty |= 1 << p.shard
		for _, o := range m.panes {
			if o.shard == p.shard && o.full && o.loaded <= paneSize/4 && m.works[o.kind] != nil {
				m.refill[o] = struct{}{}
			}
		}
	}
}

// settle puts a line where it belongs after its rows or its head changed.
func (m *memory) settle(l *line, now clock.Time) {
	before := l.state
	switch {
	case len(l.rows) == 0:
		if l.state == waiting {
			l.state = quiet
		}
		if l.state == ready {
			return // next finds it empty
		}
		l.state = quiet
		if l.more {
			m.refill[l.pane] = struct{}{}
			return
		}
		m.drop(l)
		return
	case l.rows[0].running:
		l.state = busy
	case m.later(l, now):
		if l.state == ready {
			return // next looks again
		}
		l.state = waiting
		heap.Push(&m.waits, wait{l.rows[0].retryAt, l})
	default:
		if l.state != ready {
			l.state = ready
			w := m.works[l.kind]
			t := w.turns[l.tenant]
			if t == nil {
				t = &turn{tenant: l.tenant}
				w.turns[l.tenant] = t
			}
			t.ready = append(t.ready, l)
			w.enter(t)
		}
	}
	if (before == waiting) != (l.state == waiting) {
		if l.state == waiting {
			m.count(l.pane, -len(l.rows))
		} else {
			m.count(l.pane, len(l.rows))
		}
	}
	if l.more && len(l.rows) <= 1 {
		m.refill[l.pane] = struct{}{}
	}
}

// later says whether the head of a line waits for its next try. A time further
// away than the longest pause was written before the clock was set back.
func (m *memory) later(l *line, now clock.Time) bool {
	at := clock.Time(l.rows[0].retryAt)
	return at > now && at.Sub(now) <= 2*m.works[l.kind].MaxBackoff
}

// drop takes an empty line, and what hung on it alone, out of memory.
func (m *memory) drop(l *line) {
	delete(m.lines, l.lineName)
	delete(l.pane.more, l)
	l.pane.lines--
	m.dropPane(l.pane)
}

func (m *memory) dropPane(p *pane) {
	if p.lines == 0 && !p.full && m.panes[p.paneName] == p {
		delete(m.panes, p.paneName)
		delete(m.refill, p)
	}
}

// again makes a row that ran ready for another try.
func (m *memory) again(r *row, now clock.Time) {
	if s := &m.shards[r.shard]; s.held != owned || s.epoch != r.epoch {
		m.unsure(r)
		return
	}
	m.rest(r)
	m.settle(r.line, now)
}

func (m *memory) rest(r *row) {
	if r.running {
		r.running = false
		m.shards[r.shard].running--
	}
}

// forget takes a row out of memory; what becomes of it stands in the table.
func (m *memory) forget(r *row) {
	if m.rows[r.id] != r {
		return
	}
	delete(m.rows, r.id)
	if m.reading {
		m.removed[r.id] = struct{}{}
	}
	m.rest(r)
	l := r.line
	if l == nil {
		return // it was behind a parked one
	}
	i := slices.Index(l.rows, r)
	l.rows = slices.Delete(l.rows, i, i+1)
	if l.state != waiting {
		m.count(l.pane, -1)
	}
	if i == 0 {
		if l.state == busy {
			l.state = quiet
		}
		m.settleAny(l)
	}
}

// unsure forgets a row of which it is not known how it stands in the table, and
// what is behind it: all is read again.
func (m *memory) unsure(r *row) {
	m.dirty |= 1 << r.shard
	if m.reading {
		m.stale[r.name()] = struct{}{}
	}
	l := r.line
	if l == nil { // it was found behind a parked one
		m.forget(r)
		return
	}
	l.more = false
	delete(l.pane.more, l)
	for i := len(l.rows) - 1; i >= 0; i-- {
		if o := l.rows[i]; o == r || !o.running {
			m.forget(o)
		}
	}
}

// settleAny settles a line for a caller that does not know the time: a head
// that must wait is seen by next.
func (m *memory) settleAny(l *line) {
	if l.state == waiting && len(l.rows) > 0 {
		l.state = quiet
		m.count(l.pane, len(l.rows))
	}
	m.settle(l, 1<<62)
}

// reopen prepares a pane that ran low for being read again. The caller takes
// one from p.lines when it has been.
func (m *memory) reopen(p *pane) {
	p.full = false
	p.lines++ // keep it
	for l := range p.more {
		if len(l.rows) > 1 {
			continue // still has enough: passed over
		}
		l.more = false
		delete(p.more, l)
		if len(l.rows) == 0 {
			m.settle(l, 0)
		}
	}
}

// release forgets all rows of a shard that are not running.
func (m *memory) release(n int, to holding) {
	s := &m.shards[n]
	s.held = to
	for _, r := range m.rows {
		if r.shard == n && !r.running {
			m.forget(r)
		}
	}
	for _, p := range m.panes {
		if p.shard == n {
			p.full = false
			for l := range p.more {
				l.more = false
				if len(l.rows) == 0 {
					m.drop(l)
				}
			}
			clear(p.more)
			m.dropPane(p)
		}
	}
	s.deep, s.capped, s.parked = false, false, nil
	m.dirty &^= 1 << n
	if to == foreign {
		s.epoch = 0
	}
}

// added says that rows of a pane were committed. In a shard with a long queue
// that pane alone is read, unless it has rows enough.
func (m *memory) added(n paneName) {
	if !m.shards[n.shard].deep {
		m.dirty |= 1 << n.shard
		return
	}
	p := m.panes[n]
	if p == nil {
		if m.works[n.kind] == nil {
			return
		}
		p = newPane(n)
		m.panes[n] = p
	}
	if !p.full {
		m.refill[p] = struct{}{}
	}
}

// hold begins to work on a shard.
func (m *memory) hold(n int, epoch int64, parked map[lineName]struct{}) {
	if parked == nil {
		parked = map[lineName]struct{}{}
	}
	s := &m.shards[n]
	s.held, s.epoch, s.parked = owned, epoch, parked
	for _, p := range m.panes {
		if p.shard == n {
			p.full = false // by what an older holding knew
			m.dropPane(p)
		}
	}
	m.dirty |= 1 << n
}

// drained says whether a shard waits to be given away.
func (m *memory) drained() bool {
	for i := range m.shards {
		if m.shards[i].held == draining && m.shards[i].running == 0 {
			return true
		}
	}
	return false
}

// begin and end bracket a read of the table.
func (m *memory) begin() { m.reading = true }

func (m *memory) end() {
	m.reading = false
	clear(m.removed)
	clear(m.stale)
}
