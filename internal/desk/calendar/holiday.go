package calendar

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"zhidan/internal/platform/fault"
)

// Year is one year of a holiday table. The days around New Year may lie in the
// year before or after.
type Year struct {
	Year     int          `json:"year" minimum:"1970" maximum:"2199"`
	Holidays []Period     `json:"holidays" maxItems:"500"`
	Makeup   []MakeupDate `json:"makeup" maxItems:"500" doc:"make-up workdays"`
	Source   string       `json:"source,omitempty" maxLength:"200" doc:"where it was published"`
}

// MakeupDate is a make-up workday of a table; each calendar gives it hours.
type MakeupDate struct {
	Date string `json:"date" maxLength:"10"`
	Name string `json:"name" maxLength:"100"`
}

// China is the key of the shipped table of holidays in mainland China.
const China = "cn"

//go:embed cn.json
var shippedChina []byte

// Shipped is the years of a table that the program brings, none when it does
// not know the key.
func Shipped(key string) []Year {
	if key != China {
		return nil
	}
	list, err := ParseJSON(shippedChina)
	if err != nil {
		panic("calendar: the shipped table: " + err.Error())
	}
	return list
}

// Limits of an import.
const (
	MaxImport   = 1 << 20 // bytes
	maxYearDays = 500
	maxYears    = 60 // of a table
)

// ParseJSON reads a year, or a list of years.
func ParseJSON(raw []byte) ([]Year, error) {
	if len(raw) > MaxImport {
		return nil, fault.Bad("data", "too_large", "an import has at most %d bytes", MaxImport)
	}
	raw = bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("\ufeff"))
	var list []Year
	into := any(&list)
	if bytes.HasPrefix(raw, []byte("{")) {
		list = make([]Year, 1)
		into = &list[0]
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return nil, fault.Bad("data", "json", "this is not a year of holidays as JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.Bad("data", "json", "something follows the JSON")
	}
	return list, checkYears(list)
}

// checkYears looks at every date and brings the days into their order.
func checkYears(list []Year) error {
	if len(list) == 0 {
		return fault.Bad("data", "empty", "there is no year in it")
	}
	if len(list) > maxYears {
		return fault.Bad("data", "too_many", "a table has at most %d years", maxYears)
	}
	seen := map[int]bool{}
	for i := range list {
		y, at := &list[i], fmt.Sprintf("years[%d]", i)
		if len(list) == 1 {
			at = "years"
		}
		if y.Year < firstYear || y.Year > lastYear || seen[y.Year] {
			return fault.Bad(at+".year", "year", "each year is there once and lies between %d and %d", firstYear, lastYear)
		}
		seen[y.Year] = true
		if len(y.Holidays)+len(y.Makeup) == 0 {
			return fault.Bad(at+".holidays", "empty", "the year %d has no days", y.Year)
		}
		if len(y.Holidays) > maxYearDays || len(y.Makeup) > maxYearDays {
			return fault.Bad(at+".holidays", "too_many", "a year has at most %d holidays and as many make-up workdays", maxYearDays)
		}
		if len(y.Source) > 200 {
			return fault.Bad(at+".source", "too_long", "a source has at most 200 bytes")
		}
		// Around New Year a day may belong to the neighbour's table.
		first, last := dayOf(y.Year-1, 12, 1), dayOf(y.Year+1, 1, 31)
		named := int64(0)
		for k, p := range y.Holidays {
			at := fmt.Sprintf("%s.holidays[%d]", at, k)
			from, to, err := p.days(at)
			if err != nil {
				return err
			}
			if from < first || to > last {
				return fault.Bad(at+".from", "year", "%s is not in the year %d", p.From, y.Year)
			}
			if named += to - from + 1; named > maxYearDays {
				return fault.Bad(at+".to", "too_many", "the holidays of a year have at most %d days", maxYearDays)
			}
		}
		for k, m := range y.Makeup {
			at := fmt.Sprintf("%s.makeup[%d]", at, k)
			day, err := parseDate(at+".date", m.Date)
			if err != nil {
				return err
			}
			if day < first || day > last {
				return fault.Bad(at+".date", "year", "%s is not in the year %d", m.Date, y.Year)
			}
			if err := checkName(at, m.Name); err != nil {
				return err
			}
		}
		if y.Holidays == nil {
			y.Holidays = []Period{}
		}
		if y.Makeup == nil {
			y.Makeup = []MakeupDate{}
		}
		slices.SortStableFunc(y.Holidays, func(a, b Period) int { return compare(a.From, b.From) })
		slices.SortStableFunc(y.Makeup, func(a, b MakeupDate) int { return compare(a.Date, b.Date) })
	}
	slices.SortFunc(list, func(a, b Year) int { return a.Year - b.Year })
	return nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Difference is a day that an import changes.
type Difference struct {
	Date   string    `json:"date"`
	Before TableDate `json:"before"`
	After  TableDate `json:"after"`
}

// TableDate is what a table says of a date; nothing when its kind is empty.
type TableDate struct {
	Kind Kind   `json:"kind,omitempty" enum:"holiday,makeup"`
	Name string `json:"name,omitempty"`
}

func tableDates(list []Year) map[int64]TableDate {
	out := map[int64]TableDate{}
	for _, y := range list {
		for _, p := range y.Holidays {
			from, to, err := p.days("")
			if err != nil {
				continue // only checked years come here
			}
			for d := from; d <= to; d++ {
				out[d] = TableDate{Holiday, p.Name}
			}
		}
	}
	for _, y := range list {
		for _, m := range y.Makeup {
			if d, err := parseDate("", m.Date); err == nil {
				out[d] = TableDate{Makeup, m.Name}
			}
		}
	}
	return out
}

// Differences are the days of which two tables do not say the same.
func Differences(before, after []Year) []Difference {
	a, b := tableDates(before), tableDates(after)
	var days []int64
	for d, x := range a {
		if b[d] != x {
			days = append(days, d)
		}
	}
	for d := range b {
		if _, both := a[d]; !both {
			days = append(days, d)
		}
	}
	slices.Sort(days)
	out := make([]Difference, 0, len(days))
	for _, d := range days {
		out = append(out, Difference{formatDate(d), a[d], b[d]})
	}
	return out
}

// replace puts years in the place of those of the same number.
func replace(have, with []Year) []Year {
	out := slices.Clone(with)
	for _, y := range have {
		if !slices.ContainsFunc(with, func(w Year) bool { return w.Year == y.Year }) {
			out = append(out, y)
		}
	}
	slices.SortFunc(out, func(a, b Year) int { return a.Year - b.Year })
	return out
}
