package sla

import (
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
)

// question is what a report asks of the clocks that have ended, and the answer
// as far as pages have been counted.
type question struct {
	from, to clock.Time
	by       By
	metric   Metric
	reach    reach
	mondays  []clock.Time // of the weeks that the report touches
	cells    map[cellKey]*cell
}

// cellKey is what clocks have in common that are counted together. Group is an
// id, or the Monday of a week.
type cellKey struct {
	group int64
	outcome
}

type cell struct{ n, elapsed, paused int64 }

func newQuestion(a *staff.Actor, from, to clock.Time, by By, metric Metric, zone *time.Location) *question {
	q := &question{from: from, to: to, by: by, metric: metric, reach: reachOf(a), cells: map[cellKey]*cell{}}
	if by == ByWeek {
		for at := monday(from, zone); at < to; {
			q.mondays = append(q.mondays, at)
			t := at.Std().In(zone)
			at = clock.From(time.Date(t.Year(), t.Month(), t.Day()+7, 0, 0, 0, 0, zone))
		}
	}
	return q
}

// counts says whether clocks of a metric are asked for.
func (q *question) counts(m Metric) bool {
	kind, unit := m.Unit()
	switch {
	case q.metric == OfDepartment || q.metric == OfTeam:
		return unit != 0 && kind == q.metric
	case q.by == ByUnit:
		return unit != 0
	case q.metric != "":
		return m == q.metric
	}
	return unit == 0
}

// add counts the clocks of a page.
func (q *question) add(p *page) {
	asked := make([]bool, len(p.outcomes))
	for i, o := range p.outcomes {
		asked[i] = q.counts(o.metric)
	}
	within, group := q.reach.within(p), groups[q.by]
	sums := map[uint64]*cell{} // by place of the group and of the outcome, so that no row is hashed by its texts
	var last uint64
	var sum *cell
	for i := range p.rows {
		r := &p.rows[i]
		if r.at < q.from || r.at >= q.to || !asked[r.outcome] || within != nil && !within(r) {
			continue
		}
		var g uint32
		if group != nil {
			g = group(r)
		} else if q.by == ByWeek {
			g = q.week(r.at)
		}
		if k := uint64(g)<<32 | uint64(r.outcome); sum == nil || k != last {
			if last, sum = k, sums[k]; sum == nil {
				sum = &cell{}
				sums[k] = sum
			}
		}
		sum.n++
		sum.elapsed += r.elapsed
		sum.paused += r.paused
	}
	for k, s := range sums {
		key := cellKey{outcome: p.outcomes[uint32(k)]}
		switch g := k >> 32; {
		case group != nil:
			key.group = int64(p.ids[g])
		case q.by == ByWeek:
			key.group = int64(q.mondays[g])
		}
		c := q.cells[key]
		if c == nil {
			c = &cell{}
			q.cells[key] = c
		}
		c.n += s.n
		c.elapsed += s.elapsed
		c.paused += s.paused
	}
}

// week is the place of the Monday before a moment.
func (q *question) week(at clock.Time) uint32 {
	i, found := slices.BinarySearch(q.mondays, at)
	if !found {
		i--
	}
	return uint32(i)
}
