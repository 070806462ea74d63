package calendar

import (
	"time"

	"zhidan/internal/platform/fault"
)

// The years of which a calendar speaks. Outside of them nothing is open.
const (
	firstYear = 1970
	lastYear  = 2199
	years     = lastYear - firstYear + 1
)

const (
	dayMinutes   = 24 * 60
	minuteMillis = 60_000
	dayMillis    = dayMinutes * minuteMillis
)

// dayOf is the number of a date's day since 1970-01-01.
func dayOf(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// yearStart is when a year begins in UTC.
func yearStart(year int) int64 { return dayOf(year, 1, 1) * dayMillis }

// weekday is that of a day since 1970, which began on a Thursday.
func weekday(day int64) time.Weekday { return time.Weekday(((day+4)%7 + 7) % 7) }

func parseDate(field, s string) (int64, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return 0, fault.Bad(field, "date", "a date is written 2026-02-14 and lies between %d and %d", firstYear, lastYear)
	}
	return t.Unix() / 86400, nil
}

func formatDate(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }

func yearOfDay(day int64) int { return time.Unix(day*86400, 0).UTC().Year() }

// parseTime reads HH:MM as minutes, 24:00 being the end of the day.
func parseTime(s string) (int64, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	var n [4]int64
	for i, at := range [4]int{0, 1, 3, 4} {
		if s[at] < '0' || s[at] > '9' {
			return 0, false
		}
		n[i] = int64(s[at] - '0')
	}
	h, m := n[0]*10+n[1], n[2]*10+n[3]
	if m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return h*60 + m, true
}
