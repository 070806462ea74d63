package calendar

import (
	"iter"
	"time"

	"zhidan/internal/platform/clock"
)

// Horizon is how far Add, NextOpen and NextChange look.
const Horizon = 1096 * 24 * time.Hour

// page is a year (of UTC) laid out: its open intervals in their order, and how
// much was open before each. It is laid out when the year is first asked for.
type page struct {
	start, end, before []int64 // milliseconds
	total              int64
}

func (c *Calendar) page(year int) *page {
	at := &c.pages[year-firstYear]
	if p := at.Load(); p != nil {
		return p
	}
	p := c.layOut(yearStart(year), yearStart(year+1))
	at.Store(p)
	return p
}

// segments cuts a time in UTC into stretches in which the zone keeps one
// offset, so that within each the wall clock runs evenly.
func (c *Calendar) segments(from, to int64, fn func(from, to, offset int64)) {
	for from < to {
		t := time.UnixMilli(from).In(c.zone)
		_, seconds := t.Zone()
		until := to
		if _, end := t.ZoneBounds(); !end.IsZero() {
			until = min(to, end.UnixMilli())
		}
		fn(from, until, int64(seconds)*1000)
		from = until
	}
}

func (c *Calendar) layOut(from, to int64) *page {
	p := &page{}
	c.segments(from, to, func(from, to, offset int64) {
		wallFrom, wallTo := from+offset, to+offset
		// The day before may reach over midnight.
		for day := floor(wallFrom, dayMillis) - 1; day*dayMillis < wallTo; day++ {
			for _, s := range c.of(day).spans {
				a, b := max(day*dayMillis+s.from*minuteMillis, wallFrom), min(day*dayMillis+s.to*minuteMillis, wallTo)
				if a < b {
					p.add(a-offset, b-offset)
				}
			}
		}
	})
	p.before = make([]int64, len(p.start))
	for i := range p.start {
		p.before[i] = p.total
		p.total += p.end[i] - p.start[i]
	}
	return p
}

// add takes intervals by their beginnings; what touches the last one is joined
// to it.
func (p *page) add(from, to int64) {
	if n := len(p.end); n > 0 && from <= p.end[n-1] {
		p.end[n-1] = max(p.end[n-1], to)
		return
	}
	p.start, p.end = append(p.start, from), append(p.end, to)
}

// locate is the first interval that ends after t.
func (p *page) locate(t int64) int {
	lo, hi := 0, len(p.end)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); p.end[mid] > t {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// until is how much of the page is open before t.
func (p *page) until(t int64) int64 {
	i := p.locate(t)
	if i == len(p.end) {
		return p.total
	}
	return p.before[i] + max(0, t-p.start[i])
}

// reach is when so much of the page has been open: at the end of an interval
// rather than at the beginning of the next. The page must have that much.
func (p *page) reach(open int64) int64 {
	lo, hi := 0, len(p.end)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); p.before[mid]+p.end[mid]-p.start[mid] >= open {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return p.start[lo] + open - p.before[lo]
}

const (
	dawn int64 = 0                 // 1970
	dusk int64 = 7_258_118_400_000 // 2200
)

func known(t clock.Time) bool { return int64(t) >= dawn && int64(t) < dusk }

func yearOf(t int64) int { return time.UnixMilli(t).UTC().Year() }

// Add is the earliest moment, not before from, when d of business time has
// passed since from. It says false when that is further away than Horizon, as
// in a calendar that never opens.
func (c *Calendar) Add(from clock.Time, d time.Duration) (clock.Time, bool) {
	if d <= 0 {
		return from, true
	}
	if !known(from) || d > Horizon {
		return 0, false
	}
	need := int64((d + time.Millisecond - 1) / time.Millisecond)
	limit := min(int64(from)+Horizon.Milliseconds(), dusk)
	if c.always {
		return clock.Time(int64(from) + need), int64(from)+need <= limit
	}
	year := yearOf(int64(from))
	p := c.page(year)
	need += p.until(int64(from))
	for need > p.total {
		need -= p.total
		if year++; year > lastYear || yearStart(year) >= limit {
			return 0, false
		}
		p = c.page(year)
	}
	due := p.reach(need)
	if due > limit {
		return 0, false
	}
	return clock.Time(due), true
}

// Between is the business time from a to b, zero when b is not after a.
func (c *Calendar) Between(a, b clock.Time) time.Duration {
	from, to := max(int64(a), dawn), min(int64(b), dusk-1)
	if to <= from {
		return 0
	}
	if c.always {
		return time.Duration(to-from) * time.Millisecond
	}
	year, last := yearOf(from), yearOf(to)
	open := -c.page(year).until(from)
	for ; year < last; year++ {
		open += c.page(year).total
	}
	return time.Duration(open+c.page(last).until(to)) * time.Millisecond
}

// Open says whether the house works at a moment.
func (c *Calendar) Open(t clock.Time) bool {
	if !known(t) {
		return false
	}
	if c.always {
		return true
	}
	p := c.page(yearOf(int64(t)))
	i := p.locate(int64(t))
	return i < len(p.end) && p.start[i] <= int64(t)
}

// NextOpen is the first moment from t on when the house works; false when
// there is none within Horizon.
func (c *Calendar) NextOpen(t clock.Time) (clock.Time, bool) {
	for from := range c.Intervals(t, min(t, clock.Time(dusk)).Add(Horizon)) {
		return from, true
	}
	return 0, false
}

// NextChange is the first moment after t when the house opens or closes; false
// when there is none within Horizon.
func (c *Calendar) NextChange(t clock.Time) (clock.Time, bool) {
	limit := min(t, clock.Time(dusk)).Add(Horizon)
	for from, to := range c.Intervals(t, limit) {
		if from > t {
			return from, true
		}
		return to, to < limit && int64(to) < dusk
	}
	return 0, false
}

// Intervals are the stretches in which the house works between a and b, cut to
// these, in their order; those that touch are one.
func (c *Calendar) Intervals(a, b clock.Time) iter.Seq2[clock.Time, clock.Time] {
	return func(yield func(from, to clock.Time) bool) {
		from, to := max(int64(a), dawn), min(int64(b), dusk)
		if to <= from {
			return
		}
		if c.always {
			yield(clock.Time(from), clock.Time(to))
			return
		}
		var start, end int64 // the interval that may still grow, none when end is 0
		for year := yearOf(from); year <= lastYear && yearStart(year) < to; year++ {
			p := c.page(year)
			for i := p.locate(from); i < len(p.end) && p.start[i] < to; i++ {
				s, e := max(p.start[i], from), min(p.end[i], to)
				if end == s && end != 0 {
					end = e
					continue
				}
				if end != 0 && !yield(clock.Time(start), clock.Time(end)) {
					return
				}
				start, end = s, e
			}
		}
		if end != 0 {
			yield(clock.Time(start), clock.Time(end))
		}
	}
}

func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
