package calendar

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/fault"
)

// Limits of an iCalendar file.
const (
	maxEvents   = 5000
	maxEntries  = maxYears * maxYearDays
	maxRepeats  = 10 // years for which a yearly event is written out, when it names no end
	maxICSLines = 100_000
)

// event is what is taken of a VEVENT.
type event struct {
	summary  string
	from, to int64 // days, both within
	hasEnd   bool
	yearly   bool
	interval int
	count    int
	until    int64
	skip     bool
}

// ParseICS reads the VEVENTs of an iCalendar file (RFC 5545): DTSTART with
// DTEND or DURATION as whole days, SUMMARY, and a yearly RRULE with INTERVAL,
// COUNT or UNTIL. An event whose summary speaks of work (班, 补班, 调休,
// workday) is a make-up workday. An event belongs to the year in which it ends.
// With a year other than 0 only that year is read.
func ParseICS(raw []byte, year int) ([]Year, error) {
	if len(raw) > MaxImport {
		return nil, fault.Bad("data", "too_large", "an import has at most %d bytes", MaxImport)
	}
	lines, err := unfold(string(raw))
	if err != nil {
		return nil, err
	}
	by := map[int]*Year{}
	entries := 0
	add := func(e event) error {
		y := yearOfDay(e.to)
		if year != 0 && y != year {
			return nil
		}
		if entries++; entries > maxEntries {
			return fault.Bad("data", "too_many", "an import has at most %d days, those that repeat written out", maxEntries)
		}
		t := by[y]
		if t == nil {
			t = &Year{Year: y}
			by[y] = t
		}
		name := cut(e.summary, maxName)
		if !isWork(e.summary) {
			t.Holidays = append(t.Holidays, Period{formatDate(e.from), formatDate(e.to), name})
			return nil
		}
		if e.to-e.from >= 31 {
			return fault.Bad("data", "too_long", "%q: a make-up of more than a month", name)
		}
		entries += int(e.to - e.from)
		for d := e.from; d <= e.to; d++ {
			t.Makeup = append(t.Makeup, MakeupDate{formatDate(d), name})
		}
		return nil
	}
	var now *event
	begun, nested, events := false, 0, 0
	for i, line := range lines {
		name, params, value := property(line)
		upper := strings.ToUpper(value)
		switch {
		case name == "BEGIN" && upper == "VCALENDAR":
			begun = true
		case name == "BEGIN" && upper == "VEVENT" && now == nil:
			if events++; events > maxEvents {
				return nil, fault.Bad("data", "too_many", "an import has at most %d events", maxEvents)
			}
			now, nested = &event{interval: 1, from: -1}, 0
		case now == nil:
		case name == "BEGIN": // an alarm within the event
			nested++
		case name == "END" && nested > 0:
			nested--
		case nested > 0:
		case name == "END" && upper == "VEVENT":
			if err := now.finish(i + 1); err != nil {
				return nil, err
			}
			if err := now.each(year, add); err != nil {
				return nil, err
			}
			now = nil
		default:
			if err := now.take(name, params, value, i+1); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case !begun:
		return nil, fault.Bad("data", "ics", "this is not an iCalendar file")
	case now != nil:
		return nil, fault.Bad("data", "ics", "the last event has no end")
	}
	var out []Year
	for _, y := range by {
		slices.SortStableFunc(y.Holidays, func(a, b Period) int { return compare(a.From, b.From) })
		y.Holidays = slices.Compact(y.Holidays)
		slices.SortStableFunc(y.Makeup, func(a, b MakeupDate) int { return compare(a.Date, b.Date) })
		y.Makeup = slices.Compact(y.Makeup)
		out = append(out, *y)
	}
	slices.SortFunc(out, func(a, b Year) int { return a.Year - b.Year })
	return out, checkYears(out)
}

// unfold joins continued lines: those that begin with white space.
func unfold(s string) ([]string, error) {
	s = strings.TrimPrefix(s, "\ufeff")
	var out []string
	var long strings.Builder
	flush := func() {
		if long.Len() > 0 {
			out = append(out, long.String())
			long.Reset()
		}
	}
	n := 0
	for line := range strings.Lines(s) {
		if n++; n > maxICSLines {
			return nil, fault.Bad("data", "too_many", "an import has at most %d lines", maxICSLines)
		}
		line = strings.TrimRight(line, "\r\n")
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			long.WriteString(line[1:])
			continue
		}
		flush()
		long.WriteString(line)
	}
	flush()
	return out, nil
}

// property cuts "NAME;PARAM=X:value". A colon within quotes is no end.
func property(line string) (name, params, value string) {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				name, params, _ = strings.Cut(line[:i], ";")
				return strings.ToUpper(name), strings.ToUpper(params), strings.TrimSpace(line[i+1:])
			}
		}
	}
	return strings.ToUpper(line), "", ""
}

var unescape = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`)

func (e *event) take(name, params, value string, line int) error {
	switch name {
	case "SUMMARY":
		e.summary = strings.TrimSpace(strings.ToValidUTF8(unescape.Replace(value), ""))
	case "DTSTART":
		d, _, err := icsDate(value, line)
		e.from = d
		return err
	case "DTEND":
		d, midnight, err := icsDate(value, line)
		if midnight { // the end is the first moment that is not within
			d--
		}
		e.to, e.hasEnd = d, true
		return err
	case "DURATION":
		days, ok := icsDays(value)
		if !ok {
			return badLine(line, "a duration of whole days or weeks")
		}
		e.to, e.hasEnd = -days, true // from the beginning, see finish
	case "STATUS":
		e.skip = strings.EqualFold(value, "CANCELLED")
	case "RRULE":
		return e.rule(value, line)
	}
	return nil
}

func badLine(line int, wants string) error {
	return fault.Bad("data", "ics", "line %d: %s is expected", line, wants)
}

func (e *event) rule(value string, line int) error {
	for part := range strings.SplitSeq(strings.ToUpper(value), ";") {
		k, v, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(v)
		switch k {
		case "FREQ":
			if v != "YEARLY" {
				return badLine(line, "a rule that repeats yearly")
			}
			e.yearly = true
		case "INTERVAL", "COUNT":
			if err != nil || n < 1 || n > 1000 {
				return badLine(line, "a number from 1 to 1000")
			}
			if k == "COUNT" {
				e.count = n
			} else {
				e.interval = n
			}
		case "UNTIL":
			d, _, err := icsDate(v, line)
			if err != nil {
				return err
			}
			e.until = d
		case "BYMONTH", "BYMONTHDAY", "WKST", "": // the same date as the beginning
		default:
			return badLine(line, "a yearly rule by date, not "+cut(k, 20)+",")
		}
	}
	return nil
}

// finish settles the end of an event.
func (e *event) finish(line int) error {
	if e.skip {
		return nil
	}
	switch {
	case e.from < 0:
		return badLine(line, "a DTSTART before the end of the event")
	case !e.hasEnd:
		e.to = e.from
	case e.to < 0:
		e.to = e.from - e.to - 1
	}
	e.to = max(e.to, e.from)
	if e.to-e.from >= maxLength {
		return fault.Bad("data", "too_long", "line %d: a holiday has at most %d days", line, maxLength)
	}
	return nil
}

// each calls for the event and its repetitions.
func (e *event) each(year int, fn func(event) error) error {
	if e.skip {
		return nil
	}
	first := time.Unix(e.from*86400, 0).UTC()
	repeats := maxRepeats
	if e.count > 0 || e.until > 0 || year > 0 {
		repeats = years
	}
	if !e.yearly {
		repeats = 1
	}
	for i, done := 0, 0; i < repeats; i++ {
		y := first.Year() + i*e.interval
		if y > lastYear || e.count > 0 && done >= e.count || year > 0 && y > year {
			return nil
		}
		at := time.Date(y, first.Month(), first.Day(), 0, 0, 0, 0, time.UTC)
		if at.Day() != first.Day() {
			continue // 29 February of a common year is no date: RFC 5545 leaves it out
		}
		from := at.Unix() / 86400
		if e.until > 0 && from > e.until {
			return nil
		}
		done++
		if to := from + e.to - e.from; yearOfDay(to) <= lastYear {
			if err := fn(event{summary: e.summary, from: from, to: to}); err != nil {
				return err
			}
		}
	}
	return nil
}

// icsDate reads 20260214 or 20260214T090000Z as a day, and says whether it is
// its very beginning.
func icsDate(s string, line int) (day int64, midnight bool, err error) {
	date, clock, _ := strings.Cut(s, "T")
	t, err := time.Parse("20060102", date)
	if err != nil || t.Year() < firstYear+1 || t.Year() > lastYear {
		return -1, false, badLine(line, "a date such as 20260214 between 1971 and 2199")
	}
	return t.Unix() / 86400, clock == "" || strings.HasPrefix(clock, "000000"), nil
}

// icsDays reads P3D and P1W; hours count as a begun day.
func icsDays(s string) (int64, bool) {
	s, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok {
		return 0, false
	}
	if strings.HasPrefix(s, "T") {
		return 1, true
	}
	s, _, _ = strings.Cut(s, "T")
	unit := int64(1)
	number, ok := strings.CutSuffix(s, "D")
	if !ok {
		if number, ok = strings.CutSuffix(s, "W"); !ok {
			return 0, false
		}
		unit = 7
	}
	n, err := strconv.ParseInt(number, 10, 32)
	return n * unit, err == nil && n >= 1 && n <= maxLength
}

// isWork tells make-up workdays from holidays by their words.
func isWork(summary string) bool {
	s := strings.ToLower(summary)
	if strings.Contains(s, "放假") || strings.Contains(s, "休假") || strings.Contains(s, "休息") {
		return false
	}
	for _, w := range []string{"班", "调休", "調休", "workday", "working day"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
