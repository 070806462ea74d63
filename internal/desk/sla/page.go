package sla

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// outcome is what a clock was and how it ended.
type outcome struct {
	metric                  Metric // with its unit
	state, original, reason string
}

// ended is a clock that has ended, as reports see it. What is absent is 0.
type ended struct {
	at                                           clock.Time
	policy, team, department, assignee, category id.ID
	outcome
	elapsed, paused int64 // milliseconds
}

// page holds the clocks that ended on one day, in the order in which they did.
// What clocks have in common stands once: a row names it by its place.
type page struct {
	ids      []id.ID
	outcomes []outcome
	rows     []row
}

type row struct {
	at                                                    clock.Time
	policy, team, department, assignee, category, outcome uint32
	elapsed, paused                                       int64
}

// newPage makes a page of clocks.
func newPage(clocks []ended) *page {
	p := &page{rows: make([]row, 0, len(clocks))}
	ids, outcomes := map[id.ID]uint32{}, map[outcome]uint32{}
	place := func(v id.ID) uint32 {
		n, ok := ids[v]
		if !ok {
			n = uint32(len(p.ids))
			ids[v], p.ids = n, append(p.ids, v)
		}
		return n
	}
	for i := range clocks {
		c := &clocks[i]
		n, ok := outcomes[c.outcome]
		if !ok {
			n = uint32(len(p.outcomes))
			outcomes[c.outcome], p.outcomes = n, append(p.outcomes, c.outcome)
		}
		p.rows = append(p.rows, row{c.at, place(c.policy), place(c.team), place(c.department), place(c.assignee), place(c.category), n, c.elapsed, c.paused})
	}
	slices.SortStableFunc(p.rows, func(a, b row) int { return int(a.at - b.at) })
	return p
}

// day is the day on which a moment lies, counted from 1970 in UTC.
func day(at clock.Time) int64 { return int64(at) / dayLength }

const dayLength = int64(24 * time.Hour / time.Millisecond)

// pageForm is the first number of a packed page.
const pageForm = 1

// pack writes the page in some twenty bytes a clock, all numbers as varints:
// the form, the ids, the outcomes as texts with their lengths, the rows with
// the time since the one before.
func (p *page) pack() []byte {
	b := make([]byte, 0, 32*len(p.rows)+10*len(p.ids)+40*len(p.outcomes)+20)
	num := func(v uint64) { b = binary.AppendUvarint(b, v) }
	num(pageForm)
	num(uint64(len(p.ids)))
	for _, v := range p.ids {
		num(uint64(v))
	}
	num(uint64(len(p.outcomes)))
	for _, o := range p.outcomes {
		for _, s := range []string{string(o.metric), o.state, o.original, o.reason} {
			num(uint64(len(s)))
			b = append(b, s...)
		}
	}
	num(uint64(len(p.rows)))
	last := clock.Time(0)
	for _, r := range p.rows {
		num(uint64(r.at - last))
		last = r.at
		for _, v := range []uint32{r.policy, r.team, r.department, r.assignee, r.category, r.outcome} {
			num(uint64(v))
		}
		num(uint64(r.elapsed))
		num(uint64(r.paused))
	}
	return b
}

var errPage = errors.New("a day of packed clocks cannot be read")

// unpack reads what pack has written.
func unpack(b []byte) (*page, error) {
	bad := false
	num := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			bad, b = true, nil
			return 0
		}
		b = b[n:]
		return v
	}
	// count is how many things follow, each of at least so many bytes.
	count := func(each int) int {
		n := num()
		if n > uint64(len(b)/each) {
			bad = true
			return 0
		}
		return int(n)
	}
	text := func() string {
		n := count(1)
		s := string(b[:n])
		b = b[n:]
		return s
	}
	if num() != pageForm {
		return nil, errPage
	}
	p := &page{}
	p.ids = make([]id.ID, count(1))
	for i := range p.ids {
		p.ids[i] = id.ID(num())
	}
	p.outcomes = make([]outcome, count(4))
	for i := range p.outcomes {
		p.outcomes[i] = outcome{Metric(text()), text(), text(), text()}
	}
	p.rows = make([]row, count(9))
	place := func(of int) uint32 {
		v := num()
		if v >= uint64(of) {
			bad = true
			return 0
		}
		return uint32(v)
	}
	last := clock.Time(0)
	for i := range p.rows {
		r, n := &p.rows[i], len(p.ids)
		last += clock.Time(num())
		r.at = last
		r.policy, r.team, r.department, r.assignee, r.category = place(n), place(n), place(n), place(n), place(n)
		r.outcome = place(len(p.outcomes))
		r.elapsed, r.paused = int64(num()), int64(num())
		if bad {
			break
		}
	}
	if bad || len(b) > 0 {
		return nil, errPage
	}
	return p, nil
}
