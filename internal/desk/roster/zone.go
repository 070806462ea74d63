package roster

import (
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
)

// A day is written 2026-11-21 and counted since 1970. Times of a day are
// minutes of the wall clock of a zone.

// Day is a date, in days since 1970-01-01.
type Day int64

// First and last day that a plan may name.
const (
	firstDay Day = 0
	lastDay  Day = 84005 // 2199-12-31
)

// ParseDay reads 2026-11-21.
func ParseDay(field, s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fault.Bad(field, "date", "a date is written 2026-11-21")
	}
	d := Day(t.Unix() / 86400)
	if d < firstDay || d > lastDay || t.Unix() < 0 {
		return 0, fault.Bad(field, "range", "dates go from 1970 to 2199")
	}
	return d, nil
}

func (d Day) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// MarshalText writes the date.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the date.
func (d *Day) UnmarshalText(b []byte) error {
	v, err := ParseDay("", string(b))
	*d = v
	return err
}

// weekday is 0 for Monday.
func (d Day) weekday() int { return int((d + 3) % 7) }

// at is the moment at which the wall clock of a zone shows so many minutes of
// the day. A time that summer time leaves out is that of the next moment there
// is; of one that comes twice the first is meant.
func (d Day) at(minute int, zone *time.Location) clock.Time {
	day := time.Unix(int64(d)*86400, 0).UTC()
	return clock.From(wall(day.Year(), day.Month(), day.Day(), minute, zone))
}

func wall(y int, m time.Month, d, minute int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, minute, 0, 0, zone)
	// time.Date may give either of two moments with this reading; the earlier
	// one lies before it by the change of the offset.
	_, now := t.Zone()
	_, before := t.Add(-3 * time.Hour).Zone()
	if now != before {
		if early := t.Add(time.Duration(now-before) * time.Second); reads(early) == reads(t) && early.Before(t) {
			return early
		}
	}
	want := time.Date(y, m, d, 0, minute, 0, 0, time.UTC)
	if reads(t) != reads(want) { // left out: the moment of the change
		_, after := t.Add(3 * time.Hour).Zone()
		_, before := t.Add(-3 * time.Hour).Zone()
		first := want.Add(-time.Duration(before) * time.Second) // as if nothing had changed
		gap := time.Duration(after-before) * time.Second
		for step := time.Duration(0); step <= gap; step += time.Minute {
			at := first.Add(-step).In(zone)
			if _, o := at.Zone(); o == before {
				return at.Add(time.Minute).In(zone)
			}
		}
		return first.In(zone)
	}
	return t
}

func reads(t time.Time) string { return t.Format("2006-01-02 15:04") }

// dayOf is the date of a moment in a zone.
func dayOf(at clock.Time, zone *time.Location) Day {
	t := at.Std().In(zone)
	return Day(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// minutes of a text such as 09:00; 24:00 is the end of the day.
func parseMinute(s string) (int, bool) {
	if s == "24:00" {
		return 1440, true
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}
