package calendar

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
)

func office(zone string) Spec {
	s := Spec{Zone: zone}
	for d := time.Monday; d <= time.Friday; d++ {
		s.Week[d] = []Range{{"09:00", "18:00"}}
	}
	return s
}

func everyDay(zone string, ranges ...Range) Spec {
	s := Spec{Zone: zone}
	for d := range s.Week {
		s.Week[d] = ranges
	}
	return s
}

func compile(t testing.TB, s Spec, tables ...Year) *Calendar {
	t.Helper()
	c, err := Compile(s, tables...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at reads "2025-01-27 17:00" on the wall of a zone, or RFC 3339.
func at(t testing.TB, zone, s string) clock.Time {
	t.Helper()
	if strings.Contains(s, "T") {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return clock.From(v)
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	layout := "2006-01-02 15:04"
	if len(s) > len(layout) {
		layout += ":05.000"[:len(s)-len(layout)]
	}
	v, err := time.ParseInLocation(layout, s, l)
	if err != nil {
		t.Fatal(err)
	}
	return clock.From(v)
}

func ptr(n int) *int { return &n }

// Every row was worked out by hand: from a moment, so much business time later
// it is due; between the two there is that much and no more.
func TestGolden(t *testing.T) {
	shops := office("Asia/Shanghai")
	split := everyDay("Asia/Shanghai", Range{"09:00", "12:00"}, Range{"13:30", "18:00"})
	night := everyDay("Asia/Shanghai", Range{"22:00", "06:00"})
	short := office("Asia/Shanghai")
	short.Overrides = []Day{
		{Date: "2026-02-13", Name: "早下班", Ranges: []Range{{"09:00", "12:00"}}}, // the last Friday
		{Date: "2026-02-16", Name: "值班", Ranges: []Range{{"10:00", "14:00"}}},  // within the holiday
		{Date: "2026-02-28", Name: "不补班"},                                      // a make-up workday that is kept free
	}
	likeThursday := office("Asia/Shanghai")
	likeThursday.Week[time.Thursday] = []Range{{"09:00", "12:00"}}
	likeThursday.Makeup = []Day{{Date: "2026-02-14", Name: "补周四", Like: ptr(4)}}
	saturday := office("Asia/Shanghai")
	saturday.Week[time.Saturday] = []Range{{"10:00", "16:00"}}
	cn := Shipped(China)
	calendars := map[string]*Calendar{
		"cn":        compile(t, shops, cn...),
		"plain":     compile(t, shops),
		"split":     compile(t, split),
		"night":     compile(t, night),
		"short":     compile(t, short, cn...),
		"thursday":  compile(t, likeThursday, cn...),
		"saturday":  compile(t, saturday, cn...),
		"ny":        compile(t, office("America/New_York")),
		"ny night":  compile(t, everyDay("America/New_York", Range{"22:00", "06:00"})),
		"ny early":  compile(t, everyDay("America/New_York", Range{"00:00", "03:00"})),
		"ny gap":    compile(t, everyDay("America/New_York", Range{"02:00", "02:30"})),
		"ny twice":  compile(t, everyDay("America/New_York", Range{"01:00", "01:30"})),
		"ny all":    compile(t, everyDay("America/New_York", Range{"00:00", "24:00"})),
		"london":    compile(t, everyDay("Europe/London", Range{"22:00", "06:00"})),
		"london am": compile(t, everyDay("Europe/London", Range{"00:30", "02:30"})),
		"always":    Always(),
		"weekend":   compile(t, Spec{Zone: "Asia/Shanghai", Week: [7][]Range{0: {{"08:00", "20:00"}}, 6: {{"08:00", "20:00"}}}}),
	}
	zones := map[string]string{"ny": "America/New_York", "lo": "Europe/London"}
	h, m := time.Hour, time.Minute
	for i, x := range []struct {
		calendar, from string
		d              time.Duration
		due            string
	}{
		// Within a day, over the night, over a weekend.
		{"plain", "2026-03-03 10:00", 2 * h, "2026-03-03 12:00"},
		{"plain", "2026-03-03 10:00", 8 * h, "2026-03-03 18:00"}, // at the close, not the next morning
		{"plain", "2026-03-03 10:00", 8*h + time.Millisecond, "2026-03-04 09:00:00.001"},
		{"plain", "2026-03-03 17:00", 2 * h, "2026-03-04 10:00"},
		{"plain", "2026-03-06 17:30", h, "2026-03-09 09:30"},
		{"plain", "2026-03-07 11:00", h, "2026-03-09 10:00"}, // from a Saturday
		{"plain", "2026-03-03 07:00", 30 * m, "2026-03-03 09:30"},
		{"plain", "2026-03-03 23:00", 0, "2026-03-03 23:00"}, // nothing to wait for
		{"plain", "2026-03-02 09:00", 45 * h, "2026-03-06 18:00"},
		{"plain", "2026-03-02 09:00", 450 * h, "2026-05-08 18:00"}, // ten weeks
		// Several ranges.
		{"split", "2026-03-03 11:30", h, "2026-03-03 14:00"},
		{"split", "2026-03-03 12:15", h, "2026-03-03 14:30"},
		{"split", "2026-03-03 11:00", h, "2026-03-03 12:00"},
		{"split", "2026-03-03 17:30", 4 * h, "2026-03-04 14:00"},
		// Spring Festival 2025: 28 January to 4 February; 26 January (Sunday) and 8 February (Saturday) are worked.
		{"cn", "2025-01-24 17:00", 2 * h, "2025-01-26 10:00"},
		{"cn", "2025-01-27 17:00", 2 * h, "2025-02-05 10:00"},
		{"cn", "2025-01-30 12:00", h, "2025-02-05 10:00"},
		{"cn", "2025-02-07 17:00", 2 * h, "2025-02-08 10:00"},
		{"cn", "2025-02-08 17:00", 2 * h, "2025-02-10 10:00"},
		// Spring Festival 2026: 15 to 23 February; 14 and 28 February (Saturdays) are worked.
		{"cn", "2026-02-13 17:00", 2 * h, "2026-02-14 10:00"},
		{"cn", "2026-02-14 17:00", 2 * h, "2026-02-24 10:00"},
		{"cn", "2026-02-16 08:00", 9 * h, "2026-02-24 18:00"},
		{"cn", "2026-02-27 17:00", 2 * h, "2026-02-28 10:00"},
		{"cn", "2026-02-28 17:30", h, "2026-03-02 09:30"},
		// National Day 2025: 1 to 8 October with Mid-Autumn; 28 September (Sunday) and 11 October (Saturday) are worked.
		{"cn", "2025-09-26 17:00", 2 * h, "2025-09-28 10:00"},
		{"cn", "2025-09-30 17:00", 2 * h, "2025-10-09 10:00"},
		{"cn", "2025-10-10 17:00", 2 * h, "2025-10-11 10:00"},
		{"cn", "2025-10-11 17:00", 2 * h, "2025-10-13 10:00"},
		// National Day 2026: 1 to 7 October; 20 September (Sunday) and 10 October (Saturday) are worked. Mid-Autumn is 25 to 27 September.
		{"cn", "2026-09-18 17:00", 2 * h, "2026-09-20 10:00"},
		{"cn", "2026-09-24 17:00", 2 * h, "2026-09-28 10:00"},
		{"cn", "2026-09-30 17:00", 2 * h, "2026-10-08 10:00"},
		{"cn", "2026-10-09 17:00", 2 * h, "2026-10-10 10:00"},
		// New Year over the end of the year: 31 December 2022 to 2 January 2023.
		{"cn", "2022-12-30 17:00", 2 * h, "2023-01-03 10:00"},
		// An override goes before a holiday, a make-up workday and the week.
		{"short", "2026-02-13 11:00", 2 * h, "2026-02-14 10:00"},
		{"short", "2026-02-14 17:00", 2 * h, "2026-02-16 11:00"},
		{"short", "2026-02-16 13:00", 2 * h, "2026-02-24 10:00"},
		{"short", "2026-02-27 17:00", 2 * h, "2026-03-02 10:00"},
		// A make-up workday with the hours of a Thursday; one where Saturdays have hours of their own.
		{"thursday", "2026-02-14 09:00", 4 * h, "2026-02-24 10:00"},
		{"saturday", "2026-02-14 09:00", 9 * h, "2026-02-14 18:00"},
		{"saturday", "2026-03-07 09:00", 6 * h, "2026-03-07 16:00"},
		// Nights.
		{"night", "2026-03-03 23:00", 7 * h, "2026-03-04 06:00"},
		{"night", "2026-03-03 23:00", 8 * h, "2026-03-04 23:00"},
		{"night", "2026-03-04 03:00", 4 * h, "2026-03-04 23:00"},
		{"night", "2026-12-31 21:00", 3 * h, "2027-01-01 01:00"},
		{"night", "2026-03-04 12:00", h, "2026-03-04 23:00"},
		// A leap day, and its absence.
		{"plain", "2024-02-28 17:00", 2 * h, "2024-02-29 10:00"},
		{"plain", "2023-02-28 17:00", 2 * h, "2023-03-01 10:00"},
		{"night", "2024-02-28 23:00", 8 * h, "2024-02-29 23:00"},
		{"always", "2024-02-28 12:00", 24 * h, "2024-02-29 12:00"},
		{"always", "2023-02-28 12:00", 24 * h, "2023-03-01 12:00"},
		// New York goes forward on 8 March 2026 at 02:00 and back on 1 November 2026 at 02:00.
		{"ny", "2026-03-06 17:00", 2 * h, "2026-03-09 10:00"},
		{"ny night", "2026-03-07 22:00", 7 * h, "2026-03-08 06:00"},
		{"ny night", "2026-10-31 22:00", 9 * h, "2026-11-01 06:00"},
		{"ny night", "2026-10-31 22:00", 8 * h, "2026-11-01 05:00"},
		{"ny early", "2026-03-08 00:00", 2 * h, "2026-03-08T07:00:00Z"},               // 01:59 is followed by 03:00
		{"ny early", "2026-11-01 00:00", 4 * h, "2026-11-01T08:00:00Z"},               // the hour from one to two comes twice
		{"ny gap", "2026-03-07 12:00", 15 * m, "2026-03-09 02:15"},                    // that day has no half past two
		{"ny twice", "2026-11-01 00:00", 45 * m, "2026-11-01T06:15:00Z"},              // one o'clock twice
		{"ny twice", "2026-11-01 00:00", 60 * m, "2026-11-01T06:30:00Z"},              //
		{"ny twice", "2026-11-01 00:00", 30 * m, "2026-11-01T05:30:00Z"},              // at the first half past one
		{"ny all", "2026-03-07 12:00", 24 * h, "2026-03-08T17:00:00Z"},                // a day is 24 hours that pass: 13:00
		{"ny all", "2026-10-31 12:00", 24 * h, "2026-11-01T16:00:00Z"},                // 11:00
		{"london", "2026-03-28 22:00", 7 * h, "lo 2026-03-29 06:00"},                  // forward on 29 March 2026 at 01:00
		{"london", "2026-10-24 22:00", 9 * h, "lo 2026-10-25 06:00"},                  // back on 25 October 2026 at 02:00
		{"london am", "2026-03-29 00:00", h, "lo 2026-03-29 02:30"},                   // 00:30-01:00 and 02:00-02:30
		{"london am", "2026-10-25 00:00", 3 * h, "2026-10-25T02:30:00Z"},              // 00:30 BST to 02:30 GMT
		{"london am", "2026-10-25 00:00", 90*m + time.Second, "2026-10-25T01:00:01Z"}, // no gap when the clock goes back
		{"weekend", "2026-03-04 12:00", 13 * h, "2026-03-08 09:00"},
	} {
		c := calendars[x.calendar]
		zone := "Asia/Shanghai"
		for prefix, z := range zones {
			if strings.HasPrefix(x.calendar, prefix) {
				zone = z
			}
		}
		from, due := at(t, zone, x.from), at(t, zone, strings.TrimPrefix(x.due, "lo "))
		got, ok := c.Add(from, x.d)
		if !ok || got != due {
			t.Errorf("%d: %s %s + %v = %v, not %v", i, x.calendar, x.from, x.d, got, due)
		}
		if b := c.Between(from, due); b != x.d {
			t.Errorf("%d: %s between %v and %v: %v, not %v", i, x.calendar, from, due, b, x.d)
		}
	}
}

func TestShippedTable(t *testing.T) {
	c := compile(t, office("Asia/Shanghai"), Shipped(China)...)
	// The numbers of days that the notices name, less 31 December 2022.
	want := map[int][2]int{2023: {26, 7}, 2024: {28, 8}, 2025: {28, 5}, 2026: {33, 6}}
	for year, n := range want {
		days, err := c.Year(year)
		if err != nil {
			t.Fatal(err)
		}
		if l := len(days); l != 365 && !(year == 2024 && l == 366) {
			t.Errorf("%d has %d days", year, l)
		}
		counts := map[Kind]int{}
		var minutes int64
		for _, d := range days {
			counts[d.Kind]++
			minutes += d.Minutes
			if d.Kind == Makeup && (weekdayOf(t, d.Date) != time.Saturday && weekdayOf(t, d.Date) != time.Sunday || d.Minutes != 540) {
				t.Errorf("%s is no weekend to be made up for, or has %d minutes", d.Date, d.Minutes)
			}
		}
		if counts[Holiday] != n[0] || counts[Makeup] != n[1] {
			t.Errorf("%d: %d holidays and %d make-up workdays, not %v", year, counts[Holiday], counts[Makeup], n)
		}
		from, to := at(t, "Asia/Shanghai", fmt.Sprintf("%d-01-01 00:00", year)), at(t, "Asia/Shanghai", fmt.Sprintf("%d-01-01 00:00", year+1))
		if got := c.Between(from, to); got != time.Duration(minutes)*time.Minute {
			t.Errorf("%d: the preview has %d minutes, the year %v", year, minutes, got)
		}
	}
}

func weekdayOf(t *testing.T, date string) time.Weekday {
	v, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return v.Weekday()
}

func TestPreview(t *testing.T) {
	s := office("America/New_York")
	s.Week[time.Saturday] = []Range{{"22:00", "06:00"}}
	s.Holidays = []Period{{"2026-07-03", "2026-07-03", "Independence Day"}}
	s.Overrides = []Day{{Date: "2026-12-24", Name: "Half day", Ranges: []Range{{"09:00", "13:00"}}}}
	c := compile(t, s)
	for _, want := range []DayInfo{
		{"2026-03-06", Workday, "", []Range{{"09:00", "18:00"}}, 540},
		{"2026-03-07", Workday, "", []Range{{"22:00", "06:00"}}, 420}, // into the change to summer time
		{"2026-03-08", Off, "", []Range{}, 0},
		{"2026-10-31", Workday, "", []Range{{"22:00", "06:00"}}, 540},
		{"2026-07-03", Holiday, "Independence Day", []Range{}, 0},
		{"2026-12-24", Override, "Half day", []Range{{"09:00", "13:00"}}, 240},
	} {
		got, err := c.Day(want.Date)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, not %+v (%v)", got, want, err)
		}
	}
	if _, err := c.Day("2026-02-30"); err == nil {
		t.Error("30 February was taken")
	}
	if d, _ := Always().Day("2026-02-28"); d.Minutes != 1440 {
		t.Errorf("always: %+v", d)
	}
}

func TestWhatIsRefused(t *testing.T) {
	change := func(f func(*Spec)) Spec {
		s := office("Asia/Shanghai")
		f(&s)
		return s
	}
	for want, s := range map[string]Spec{
		"zone":              change(func(s *Spec) { s.Zone = "Mars/Olympus" }),
		"week[1][0].from":   change(func(s *Spec) { s.Week[1][0].From = "9:00" }),
		"week[1][0].to":     change(func(s *Spec) { s.Week[1][0].To = "24:01" }),
		"week[2][1].to":     change(func(s *Spec) { s.Week[2] = append(s.Week[2], Range{"20:00", "20:00"}) }),
		"week[3]":           change(func(s *Spec) { s.Week[3] = append(s.Week[3], Range{"17:00", "20:00"}) }),
		"week[4]":           change(func(s *Spec) { s.Week[4] = make([]Range, 13) }),
		"holidays[0].from":  change(func(s *Spec) { s.Holidays = []Period{{From: "2026-02-29", To: "2026-03-01"}} }),
		"holidays[0].to":    change(func(s *Spec) { s.Holidays = []Period{{From: "2026-02-28", To: "2026-02-27"}} }),
		"makeup[0].date":    change(func(s *Spec) { s.Makeup = []Day{{Date: "1066-10-14"}} }),
		"makeup[0].like":    change(func(s *Spec) { s.Makeup = []Day{{Date: "2026-02-14", Like: ptr(7)}} }),
		"overrides[0].name": change(func(s *Spec) { s.Overrides = []Day{{Date: "2026-02-14", Name: strings.Repeat("长", 101)}} }),
		"overrides":         change(func(s *Spec) { s.Overrides = make([]Day, 1001) }),
		"holidays[1].to": change(func(s *Spec) {
			s.Holidays = []Period{{"2026-01-01", "2026-01-01", ""}, {"2026-01-01", "2027-01-02", ""}}
		}),
		"overrides[0].ranges[0].from": change(func(s *Spec) { s.Overrides = []Day{{Date: "2026-02-14", Ranges: []Range{{"24:00", "01:00"}}}} }),
	} {
		_, err := Compile(s)
		f, ok := err.(*fault.Error)
		if !ok || f.Field != want {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A house that never opens, or not within three years, has no due time; and
// times before and after all years do no harm.
func TestBounds(t *testing.T) {
	never := compile(t, Spec{Zone: "UTC"})
	now := at(t, "UTC", "2026-11-21 00:00")
	if due, ok := never.Add(now, time.Second); ok || due != 0 {
		t.Errorf("never: %v", due)
	}
	if due, ok := never.Add(now, 0); !ok || due != now {
		t.Errorf("nothing to wait for: %v", due)
	}
	if _, ok := never.NextOpen(now); ok {
		t.Error("never opens")
	}
	if _, ok := never.NextChange(now); ok {
		t.Error("never changes")
	}
	late := compile(t, Spec{Zone: "UTC", Overrides: []Day{{Date: "2031-01-01", Ranges: []Range{{"00:00", "24:00"}}}}})
	if _, ok := late.Add(now, time.Second); ok {
		t.Error("further away than three years")
	}
	if at(t, "UTC", "2031-01-01 12:00") != must(late.NextOpen(at(t, "UTC", "2031-01-01 12:00"))) {
		t.Error("open now")
	}
	for _, c := range []*Calendar{never, Always(), compile(t, office("Asia/Shanghai"))} {
		for _, x := range []clock.Time{-1 << 62, -1, 0, 1, clock.Time(dusk) - 1, clock.Time(dusk), 1 << 62} {
			for _, y := range []clock.Time{-1 << 62, 0, now, clock.Time(dusk), 1 << 62} {
				if b := c.Between(x, y); b < 0 {
					t.Errorf("between %d and %d: %v", x, y, b)
				}
			}
			c.Add(x, time.Hour)
			c.Open(x)
			c.NextOpen(x)
			c.NextChange(x)
		}
		if due, ok := c.Add(now, 1<<62); ok {
			t.Errorf("in a century: %v", due)
		}
		if due, ok := c.Add(now, -time.Hour); !ok || due != now {
			t.Errorf("back in time: %v", due)
		}
	}
}

func must(t clock.Time, ok bool) clock.Time {
	if !ok {
		return 0
	}
	return t
}

// reference counts minute by minute what the wall shows.
type reference struct {
	zone *time.Location
	week [7][]Range
	days map[string][]Range
}

func (r reference) ranges(day time.Time) []Range {
	if d, ok := r.days[day.Format(time.DateOnly)]; ok {
		return d
	}
	return r.week[day.Weekday()]
}

func (r reference) open(t time.Time) bool {
	w := t.In(r.zone)
	clock := w.Format("15:04")
	today := time.Date(w.Year(), w.Month(), w.Day(), 0, 0, 0, 0, time.UTC)
	for _, x := range r.ranges(today) {
		if clock >= x.From && (clock < x.To || x.To < x.From) {
			return true
		}
	}
	for _, x := range r.ranges(today.AddDate(0, 0, -1)) {
		if x.To < x.From && clock < x.To {
			return true
		}
	}
	return false
}

func randomSpec(r *rand.Rand, zones []string) (Spec, reference) {
	s := Spec{Zone: zones[r.IntN(len(zones))]}
	l, _ := time.LoadLocation(s.Zone)
	ref := reference{zone: l, days: map[string][]Range{}}
	// Times cluster where clocks change.
	hour := func() int { return []int{0, 1, 1, 2, 2, 3, r.IntN(24), r.IntN(24), 23}[r.IntN(9)] }
	ranges := func() []Range {
		var out []Range
		if r.IntN(4) == 0 {
			return []Range{}
		}
		if r.IntN(8) == 0 {
			return []Range{{"00:00", "24:00"}}
		}
		for range 1 + r.IntN(3) {
			x := Range{fmt.Sprintf("%02d:%02d", hour(), r.IntN(4)*15), fmt.Sprintf("%02d:%02d", hour(), r.IntN(4)*15)}
			if _, err := spans("", append(out, x)); err == nil {
				out = append(out, x)
			}
		}
		return out
	}
	for d := range s.Week {
		s.Week[d] = ranges()
	}
	ref.week = s.Week
	return s, ref
}

// zonesAndTimes are places whose clocks change in every way there is.
var zonesAndTimes = map[string][]string{
	"America/New_York":    {"2026-03-08", "2026-11-01"},
	"Europe/London":       {"2026-03-29", "2026-10-25"},
	"Asia/Shanghai":       {"2026-02-14", "1986-05-04", "1991-09-15"},
	"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"}, // half an hour
	"America/Havana":      {"2026-03-08", "2026-11-01"}, // at midnight
	"America/Sao_Paulo":   {"2017-10-15", "2018-02-18"}, // at midnight, the day has no beginning
	"Pacific/Apia":        {"2011-12-30", "2012-04-01"}, // a day that never was
	"Africa/Casablanca":   {"2026-02-15", "2026-03-22"}, // back for Ramadan
	"Asia/Kathmandu":      {"1985-12-31", "2026-01-01"}, // a quarter of an hour, for good
	"Asia/Pyongyang":      {"2015-08-15", "2018-05-05"},
	"UTC":                 {"2024-02-29", "2025-12-31"},
}

func TestAgainstReference(t *testing.T) {
	zones := []string{"America/New_York", "Europe/London", "Asia/Shanghai", "Australia/Lord_Howe", "America/Havana", "America/Sao_Paulo",
		"Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Pyongyang", "UTC"}
	rounds := 400
	if testing.Short() {
		rounds = 60
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		s, ref := randomSpec(r, zones)
		days := zonesAndTimes[s.Zone]
		middle, _ := time.Parse(time.DateOnly, days[r.IntN(len(days))])
		for range r.IntN(6) { // holidays, make-up workdays and overrides near by
			date := middle.AddDate(0, 0, r.IntN(9)-4).Format(time.DateOnly)
			if _, done := ref.days[date]; done {
				continue
			}
			switch r.IntN(3) {
			case 0:
				s.Holidays = append(s.Holidays, Period{date, date, "h"})
				ref.days[date] = nil
			case 1:
				s.Makeup = append(s.Makeup, Day{Date: date, Like: ptr(r.IntN(7))})
				ref.days[date] = s.Week[*s.Makeup[len(s.Makeup)-1].Like]
			case 2:
				other, _ := randomSpec(r, zones)
				s.Overrides = append(s.Overrides, Day{Date: date, Ranges: other.Week[0]})
				ref.days[date] = other.Week[0]
			}
		}
		c := compile(t, s)
		start := clock.From(middle.AddDate(0, 0, -4))
		const span = 8 * 24 * 60
		open := make([]bool, span)
		before := make([]int64, span+1) // open milliseconds before each minute
		for i := range open {
			at := start + clock.Time(i*minuteMillis)
			open[i] = ref.open(at.Std())
			before[i+1] = before[i]
			if open[i] {
				before[i+1] += minuteMillis
			}
			if c.Open(at) != open[i] {
				t.Fatalf("seed %d: %s at %v: open %v\n%+v", seed, s.Zone, at, !open[i], s)
			}
		}
		count := func(t clock.Time) int64 {
			i := int64(t-start) / minuteMillis
			n := before[i]
			if i < span && open[i] {
				n += int64(t-start) % minuteMillis
			}
			return n
		}
		pick := func() clock.Time { return start + clock.Time(r.Int64N(span*minuteMillis)) }
		for range 200 {
			a, b, m := pick(), pick(), pick()
			if b < a {
				a, b = b, a
			}
			want := time.Duration(count(b)-count(a)) * time.Millisecond
			got := c.Between(a, b)
			if got != want || c.Between(b, a) > 0 && a != b {
				t.Fatalf("seed %d: %s between %v and %v: %v, not %v\n%+v", seed, s.Zone, a, b, got, want, s)
			}
			if m = min(max(m, a), b); c.Between(a, m)+c.Between(m, b) != got {
				t.Fatalf("seed %d: not additive at %v", seed, m)
			}
			due, ok := c.Add(a, got)
			if !ok || due < a || due > b {
				t.Fatalf("seed %d: %s: %v + %v = %v, which is not between %v and %v\n%+v", seed, s.Zone, a, got, due, a, b, s)
			}
			if got > 0 && (c.Between(a, due) != got || c.Between(a, due-1) != got-time.Millisecond) {
				t.Fatalf("seed %d: %v + %v = %v is not the earliest", seed, a, got, due)
			}
			if first, ok := c.Add(a, got/2); !ok || first > due {
				t.Fatalf("seed %d: half of the time ends later than the whole", seed)
			} else if then, _ := c.Add(first, got-got/2); got%(2*time.Millisecond) == 0 && then != due {
				t.Fatalf("seed %d: in two steps %v, in one %v", seed, then, due)
			}
			var sum time.Duration
			last := clock.Time(-1)
			for from, to := range c.Intervals(a, b) {
				if from < a || to > b || from >= to || from <= last {
					t.Fatalf("seed %d: interval %v to %v after %v", seed, from, to, last)
				}
				sum, last = sum+to.Sub(from), to
			}
			if sum != got {
				t.Fatalf("seed %d: the intervals have %v, not %v", seed, sum, got)
			}
			i := int64(m-start)/minuteMillis + 1
			for ; i < span && open[i] == open[i-1]; i++ {
			}
			if i < span {
				change := start + clock.Time(i*minuteMillis)
				if got, ok := c.NextChange(m); !ok || got != change {
					t.Fatalf("seed %d: %s: the next change after %v is %v, not %v", seed, s.Zone, m, got, change)
				}
				want := m
				if !open[int64(m-start)/minuteMillis] {
					want = change
				}
				if got, ok := c.NextOpen(m); !ok || got != want {
					t.Fatalf("seed %d: the next opening after %v is %v, not %v", seed, m, got, want)
				}
			}
		}
	}
}

// Long stretches over many years agree with the sum of their days.
func TestYearsAddUp(t *testing.T) {
	c := compile(t, everyDay("America/New_York", Range{"22:00", "06:00"}), Shipped(China)...)
	a, b := at(t, "America/New_York", "2019-06-01 12:00"), at(t, "America/New_York", "2031-06-01 12:00")
	var sum time.Duration
	for day := a; day < b; day = clock.From(day.Std().In(c.zone).AddDate(0, 0, 1)) {
		sum += c.Between(day, clock.From(day.Std().In(c.zone).AddDate(0, 0, 1)))
	}
	if got := c.Between(a, b); got != sum {
		t.Errorf("%v, not %v", got, sum)
	}
}

func TestNothingFromTheHeap(t *testing.T) {
	c := compile(t, office("Asia/Shanghai"), Shipped(China)...)
	from := at(t, "Asia/Shanghai", "2025-12-30 17:00")
	c.Add(from, 500*time.Hour)
	if n := testing.AllocsPerRun(100, func() {
		due, _ := c.Add(from, 80*time.Hour)
		c.Between(from, due)
		c.Open(due)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	c := compile(b, office("Asia/Shanghai"), Shipped(China)...)
	from := at(b, "Asia/Shanghai", "2026-01-05 10:00")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Add(from+clock.Time(i%300)*dayMillis, 48*time.Hour)
	}
}

func BenchmarkBetween(b *testing.B) {
	c := compile(b, office("Asia/Shanghai"), Shipped(China)...)
	from := at(b, "Asia/Shanghai", "2026-01-05 10:00")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Between(from, from+clock.Time(i%300)*dayMillis)
	}
}

func BenchmarkCompileAndFirstYear(b *testing.B) {
	cn := Shipped(China)
	from := at(b, "Asia/Shanghai", "2026-01-05 10:00")
	for b.Loop() {
		c := compile(b, office("Asia/Shanghai"), cn...)
		c.Add(from, time.Hour)
	}
}
