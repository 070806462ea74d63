// Package calendar is the business calendar (工作日历): the hours in which the
// house works, and business time counted by them.
//
// It promises: a Calendar is immutable and safe for concurrent use. Its ranges
// speak of the clock on the wall: the house is open at a moment exactly when
// the wall of the calendar's zone shows a day and a time that lie in a range.
// Durations are time that has really passed, so a night shift over the change
// to summer time is an hour shorter, and one over the change back an hour
// longer. A range that reaches over midnight belongs to the day on which it
// begins. What a day is, is said by the first of these that speaks of it: an
// override, a make-up workday (调休), a holiday, the week.
//
// Holiday tables stand beside the calendars that use them, so that importing
// one year moves them all. Everything that a tenant sets up is kept by revision
// and nothing is ever deleted: what was counted in the past can be counted
// again (store.go).
package calendar

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"zhidan/internal/platform/fault"
)

// Spec is what a calendar is made from. Dates are written 2026-02-14 and times
// of the wall clock 09:00, up to 24:00 for the end of a day.
type Spec struct {
	Zone      string     `json:"zone" maxLength:"64" doc:"IANA name of the time zone"`
	Week      [7][]Range `json:"week" doc:"the ranges of each day, from Sunday to Saturday"`
	Holidays  []Period   `json:"holidays,omitempty" maxItems:"1000"`
	Makeup    []Day      `json:"makeup,omitempty" maxItems:"1000" doc:"make-up workdays; without ranges and like they have the hours of the first working weekday from Monday"`
	Overrides []Day      `json:"overrides,omitempty" maxItems:"1000" doc:"dates with hours of their own; without ranges they are closed"`
}

// Range is a stretch of one day. It reaches into the next day when To is
// before From: 22:00 to 06:00.
type Range struct {
	From string `json:"from" maxLength:"5"`
	To   string `json:"to" maxLength:"5"`
}

// Period is a holiday with both its ends.
type Period struct {
	From string `json:"from" maxLength:"10"`
	To   string `json:"to" maxLength:"10"`
	Name string `json:"name" maxLength:"100"`
}

// Day is one date with hours of its own, or those of a weekday.
type Day struct {
	Date   string  `json:"date" maxLength:"10"`
	Name   string  `json:"name" maxLength:"100"`
	Ranges []Range `json:"ranges,omitempty" maxItems:"12"`
	Like   *int    `json:"like,omitempty" minimum:"0" maximum:"6" doc:"the weekday whose hours it has, 0 is Sunday"`
}

// Kind is what a day is.
type Kind string

// The kinds of day.
const (
	Workday  Kind = "workday"
	Off      Kind = "off" // a weekday without hours
	Holiday  Kind = "holiday"
	Makeup   Kind = "makeup"
	Override Kind = "override"
)

// Limits of a calendar.
const (
	maxRanges = 12    // in a day
	maxDays   = 1000  // make-up workdays, overrides, holidays
	maxLength = 366   // days of one holiday
	maxRuled  = 50000 // days about which something is said
	maxName   = 100
)

// span is a range in minutes of its day; it ends after 1440 on the next day.
type span struct{ from, to int64 }

// ruling is what is said of one date.
type ruling struct {
	kind  Kind
	name  string
	spans []span
}

// Calendar counts business time. Its methods take nothing from the heap once
// the years that they touch have been laid out.
type Calendar struct {
	zone    *time.Location
	week    [7][]span
	rulings map[int64]ruling // by day since 1970
	always  bool
	pages   [years]atomic.Pointer[page]
}

// Always is the calendar of a house that never closes: business time is
// calendar time.
func Always() *Calendar { return &Calendar{zone: time.UTC, always: true} }

// Compile checks a specification and makes its calendar. The holidays and
// make-up workdays of the tables hold beside those of the specification, which
// come first where both speak of a date.
func Compile(s Spec, tables ...Year) (*Calendar, error) {
	c := &Calendar{rulings: map[int64]ruling{}}
	var err error
	if c.zone, err = zone(s.Zone); err != nil {
		return nil, err
	}
	for d, ranges := range s.Week {
		if c.week[d], err = spans(fmt.Sprintf("week[%d]", d), ranges); err != nil {
			return nil, err
		}
	}
	for _, y := range tables {
		if err := c.holidays("table.holidays", y.Holidays); err != nil {
			return nil, err
		}
	}
	if err := c.holidays("holidays", s.Holidays); err != nil {
		return nil, err
	}
	for _, y := range tables {
		days := make([]Day, len(y.Makeup))
		for i, m := range y.Makeup {
			days[i] = Day{Date: m.Date, Name: m.Name}
		}
		if err := c.days("table.makeup", Makeup, days); err != nil {
			return nil, err
		}
	}
	if err := c.days("makeup", Makeup, s.Makeup); err != nil {
		return nil, err
	}
	if err := c.days("overrides", Override, s.Overrides); err != nil {
		return nil, err
	}
	c.always = len(c.rulings) == 0
	for _, w := range c.week {
		c.always = c.always && len(w) == 1 && w[0].from == 0 && w[0].to >= dayMinutes
	}
	return c, nil
}

func zone(name string) (*time.Location, error) {
	l, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" || len(name) > 64 {
		return nil, fault.Bad("zone", "time_zone", "this is not a time zone such as Asia/Shanghai")
	}
	return l, nil
}

func (c *Calendar) holidays(field string, list []Period) error {
	if len(list) > maxDays {
		return fault.Bad(field, "too_many", "at most %d holidays", maxDays)
	}
	for i, p := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		from, to, err := p.days(at)
		if err != nil {
			return err
		}
		for d := from; d <= to; d++ {
			c.rulings[d] = ruling{kind: Holiday, name: p.Name}
		}
		if len(c.rulings) > maxRuled {
			return fault.Bad(at, "too_many", "a calendar and its table name at most %d days", maxRuled)
		}
	}
	return nil
}

// days gives both ends of a holiday.
func (p Period) days(at string) (from, to int64, err error) {
	if from, err = parseDate(at+".from", p.From); err != nil {
		return 0, 0, err
	}
	if to, err = parseDate(at+".to", p.To); err != nil {
		return 0, 0, err
	}
	switch {
	case to < from:
		return 0, 0, fault.Bad(at+".to", "before", "the holiday ends before it begins")
	case to-from >= maxLength:
		return 0, 0, fault.Bad(at+".to", "too_long", "a holiday has at most %d days", maxLength)
	}
	return from, to, checkName(at, p.Name)
}

func (c *Calendar) days(field string, kind Kind, list []Day) error {
	if len(list) > maxDays {
		return fault.Bad(field, "too_many", "at most %d days", maxDays)
	}
	for i, d := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		date, err := parseDate(at+".date", d.Date)
		if err != nil {
			return err
		}
		if err := checkName(at, d.Name); err != nil {
			return err
		}
		r := ruling{kind: kind, name: d.Name}
		if r.spans, err = spans(at+".ranges", d.Ranges); err != nil {
			return err
		}
		switch {
		case d.Like != nil && (*d.Like < 0 || *d.Like > 6):
			return fault.Bad(at+".like", "range", "a weekday is 0 (Sunday) to 6")
		case d.Like != nil && len(r.spans) > 0:
			return fault.Bad(at+".like", "both", "a day has ranges of its own or those of a weekday")
		case d.Like != nil:
			r.spans = c.week[*d.Like]
		case kind == Makeup && len(r.spans) == 0:
			r.spans = c.working()
		}
		c.rulings[date] = r
	}
	return nil
}

// working is the hours of the first weekday from Monday that has some.
func (c *Calendar) working() []span {
	for i := range 7 {
		if w := c.week[(i+1)%7]; len(w) > 0 {
			return w
		}
	}
	return nil
}

func checkName(at, name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return fault.Bad(at+".name", "too_long", "a name has at most %d characters", maxName)
	}
	return nil
}

// spans reads the ranges of a day in their order.
func spans(field string, ranges []Range) ([]span, error) {
	if len(ranges) > maxRanges {
		return nil, fault.Bad(field, "too_many", "a day has at most %d ranges", maxRanges)
	}
	var all []span
	for i, r := range ranges {
		at := fmt.Sprintf("%s[%d]", field, i)
		from, ok := parseTime(r.From)
		if !ok || from == dayMinutes {
			return nil, fault.Bad(at+".from", "time", "a time is written 09:00")
		}
		to, ok := parseTime(r.To)
		switch {
		case !ok:
			return nil, fault.Bad(at+".to", "time", "a time is written 09:00, and 24:00 is the end of the day")
		case to == from:
			return nil, fault.Bad(at+".to", "empty", "the range is empty; a whole day is 00:00 to 24:00")
		case to < from:
			to += dayMinutes
		}
		all = append(all, span{from, to})
	}
	slices.SortFunc(all, func(a, b span) int { return int(a.from - b.from) })
	for i := 1; i < len(all); i++ {
		if all[i].from < all[i-1].to {
			return nil, fault.Bad(field, "overlap", "two ranges of the day overlap at %s", all[i].text().From)
		}
	}
	return all, nil
}

// of says what a day is.
func (c *Calendar) of(day int64) ruling {
	if r, ok := c.rulings[day]; ok {
		return r
	}
	if w := c.week[weekday(day)]; len(w) > 0 {
		return ruling{kind: Workday, spans: w}
	}
	return ruling{kind: Off}
}

// DayInfo is a day of the preview.
type DayInfo struct {
	Date   string  `json:"date"`
	Kind   Kind    `json:"kind" enum:"workday,off,holiday,makeup,override"`
	Name   string  `json:"name,omitempty"`
	Ranges []Range `json:"ranges"`
	// Minutes really pass in the ranges that begin on this day.
	Minutes int64 `json:"minutes"`
}

// Year describes every day of a year.
func (c *Calendar) Year(year int) ([]DayInfo, error) {
	if year < firstYear || year > lastYear {
		return nil, fault.Bad("year", "range", "years go from %d to %d", firstYear, lastYear)
	}
	first, next := dayOf(year, 1, 1), dayOf(year+1, 1, 1)
	out := make([]DayInfo, 0, next-first)
	for d := first; d < next; d++ {
		out = append(out, c.info(d))
	}
	return out, nil
}

// Day describes one day.
func (c *Calendar) Day(date string) (DayInfo, error) {
	d, err := parseDate("date", date)
	if err != nil {
		return DayInfo{}, err
	}
	return c.info(d), nil
}

func (c *Calendar) info(day int64) DayInfo {
	r := c.of(day)
	if c.always {
		r = ruling{kind: Workday, spans: []span{{0, dayMinutes}}}
	}
	x := DayInfo{Date: formatDate(day), Kind: r.kind, Name: r.name, Ranges: []Range{}}
	for _, s := range r.spans {
		x.Ranges = append(x.Ranges, s.text())
		// The wall of any zone shows these times within a day of UTC's.
		c.segments((day-1)*dayMillis, (day+4)*dayMillis, func(from, to, offset int64) {
			a, b := max(day*dayMillis+s.from*minuteMillis, from+offset), min(day*dayMillis+s.to*minuteMillis, to+offset)
			x.Minutes += max(0, b-a) / minuteMillis
		})
	}
	return x
}

func (s span) text() Range {
	to := s.to
	if to > dayMinutes {
		to -= dayMinutes
	}
	return Range{fmt.Sprintf("%02d:%02d", s.from/60, s.from%60), fmt.Sprintf("%02d:%02d", to/60, to%60)}
}
