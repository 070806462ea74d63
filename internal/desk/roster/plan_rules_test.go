package roster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

func day(t testing.TB, s string) Day {
	t.Helper()
	d, err := ParseDay("", s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func zoneNamed(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func hours(from, to string, breaks ...string) Item {
	it := Item{Kind: Shift, From: from, To: to}
	for _, b := range breaks {
		f, e, _ := strings.Cut(b, "-")
		it.Breaks = append(it.Breaks, Pause{f, e})
	}
	return it
}

func TestHoursOfShifts(t *testing.T) {
	shanghai, london, york := zoneNamed(t, "Asia/Shanghai"), zoneNamed(t, "Europe/London"), zoneNamed(t, "America/New_York")
	for _, x := range []struct {
		item     Item
		zone     *time.Location
		day      string
		from, to string
		work     time.Duration
	}{
		{hours("09:00", "18:00", "12:00-13:00"), shanghai, "2026-11-21", "2026-11-21T01:00:00.000Z", "2026-11-21T10:00:00.000Z", 8 * time.Hour},
		{hours("22:00", "06:00", "23:45-00:15", "03:00-03:30"), shanghai, "2026-12-31", "2026-12-31T14:00:00.000Z", "2026-12-31T22:00:00.000Z", 7 * time.Hour},
		{hours("00:00", "24:00"), shanghai, "2028-02-29", "2028-02-28T16:00:00.000Z", "2028-02-29T16:00:00.000Z", 24 * time.Hour},
		{hours("20:00", "08:00"), shanghai, "2028-02-28", "2028-02-28T12:00:00.000Z", "2028-02-29T00:00:00.000Z", 12 * time.Hour}, // into the leap day
		{hours("20:00", "00:00"), shanghai, "2027-02-28", "2027-02-28T12:00:00.000Z", "2027-02-28T16:00:00.000Z", 4 * time.Hour},
		{hours("22:00", "06:00"), london, "2026-03-28", "2026-03-28T22:00:00.000Z", "2026-03-29T05:00:00.000Z", 7 * time.Hour}, // an hour is left out
		{hours("22:00", "06:00"), london, "2026-10-24", "2026-10-24T21:00:00.000Z", "2026-10-25T06:00:00.000Z", 9 * time.Hour}, // an hour comes twice
		{hours("22:00", "06:00"), york, "2026-03-07", "2026-03-08T03:00:00.000Z", "2026-03-08T10:00:00.000Z", 7 * time.Hour},
		{hours("22:00", "06:00", "01:30-02:30"), york, "2026-10-31", "2026-11-01T02:00:00.000Z", "2026-11-01T11:00:00.000Z", 7 * time.Hour}, // the break is two hours long
		{Item{Kind: Shift, From: "09:00", To: "18:00", Zone: "America/New_York"}, shanghai, "2026-11-02", "2026-11-02T14:00:00.000Z", "2026-11-02T23:00:00.000Z", 9 * time.Hour},
	} {
		if err := x.item.check("x"); err != nil {
			t.Fatalf("%+v: %v", x.item, err)
		}
		d := day(t, x.day)
		from, to := x.item.window(d, x.zone)
		if from.String() != x.from || to.String() != x.to || x.item.work(d, x.zone) != x.work {
			t.Errorf("%s %+v: %s to %s, %s of work", x.day, x.item, from, to, x.item.work(d, x.zone))
		}
	}
	for _, bad := range []Item{
		hours("9:00", "18:00"), hours("09:00", "09:00"), hours("24:00", "08:00"), hours("09:00", "25:00"), hours("", ""),
		hours("09:00", "18:00", "08:00-09:30"), hours("09:00", "18:00", "12:00-11:00"), hours("09:00", "18:00", "12:00-13:00", "12:30-13:30"),
		hours("09:00", "18:00", "17:00-19:00"), hours("09:00", "18:00", "x-y"), {Kind: Off, From: "09:00"}, {Kind: "leave"},
		{Kind: Shift, From: "09:00", To: "18:00", Zone: "Mars/Base"}, {Kind: Shift, From: "09:00", To: "18:00", Color: "red"}, {Kind: Shift, From: "09:00", To: "18:00", Zone: "Local"},
	} {
		if err := bad.check("x"); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestConflicts(t *testing.T) {
	zone := zoneNamed(t, "Asia/Shanghai")
	set := Defaults()
	set.PerWeek = 48 * 60
	mon := day(t, "2026-11-23")
	early, late, night := hours("08:00", "16:00"), hours("14:00", "22:00"), hours("22:00", "06:00")
	for name, x := range map[string]struct {
		days    map[Day][]Item
		touched []Day
		away    []stretch
		want    string
	}{
		"a week":                     {map[Day][]Item{mon: {early}, mon + 1: {early}, mon + 2: {late}}, []Day{mon + 2}, nil, ""},
		"late, then early":           {map[Day][]Item{mon: {late}, mon + 1: {early}}, []Day{mon}, nil, "roster.rest 2026-11-23"},
		"told of the touched day":    {map[Day][]Item{mon: {late}, mon + 1: {early}}, []Day{mon + 1}, nil, "roster.rest 2026-11-24"},
		"not touched":                {map[Day][]Item{mon: {late}, mon + 1: {early}}, []Day{mon + 3}, nil, ""},
		"a divided shift":            {map[Day][]Item{mon: {hours("08:00", "12:00"), hours("14:00", "18:00")}}, []Day{mon}, nil, ""},
		"at the same time":           {map[Day][]Item{mon: {early, late}}, []Day{mon}, nil, "roster.overlap 2026-11-23"},
		"night into the next day":    {map[Day][]Item{mon: {night}, mon + 1: {hours("05:00", "09:00")}}, []Day{mon + 1}, nil, "roster.overlap 2026-11-24"},
		"night, then early":          {map[Day][]Item{mon: {night}, mon + 1: {early}}, []Day{mon}, nil, "roster.rest 2026-11-23"},
		"nights":                     {map[Day][]Item{mon: {night}, mon + 1: {night}, mon + 2: {night}}, []Day{mon + 1}, nil, ""},
		"over midnight":              {map[Day][]Item{mon: {hours("18:00", "24:00")}, mon + 1: {hours("00:00", "04:00")}}, []Day{mon + 1}, nil, ""},
		"long over midnight":         {map[Day][]Item{mon: {hours("18:00", "24:00")}, mon + 1: {hours("00:00", "06:30")}}, []Day{mon + 1}, nil, "roster.too_long 2026-11-24"},
		"too long":                   {map[Day][]Item{mon: {hours("08:00", "21:00")}}, []Day{mon}, nil, "roster.too_long 2026-11-23"},
		"one within a long one":      {map[Day][]Item{mon: {hours("08:00", "20:00"), hours("09:00", "10:00"), hours("11:00", "12:00")}}, []Day{mon}, nil, "roster.overlap 2026-11-23,roster.overlap 2026-11-23"},
		"away":                       {map[Day][]Item{mon: {night}}, []Day{mon}, []stretch{{(mon + 1).at(0, zone), (mon + 2).at(0, zone)}}, "roster.on_leave 2026-11-23"},
		"away before":                {map[Day][]Item{mon: {night}}, []Day{mon}, []stretch{{mon.at(0, zone), mon.at(1320, zone)}}, ""},
		"a long week":                {map[Day][]Item{mon: {early}, mon + 1: {early}, mon + 2: {early}, mon + 3: {early}, mon + 4: {early}, mon + 5: {early}, mon + 6: {hours("08:00", "08:30")}}, []Day{mon + 6}, nil, "roster.week 2026-11-29"},
		"a full week":                {map[Day][]Item{mon: {early}, mon + 1: {early}, mon + 2: {early}, mon + 3: {early}, mon + 4: {early}, mon + 5: {early}, mon + 7: {early}}, []Day{mon, mon + 7}, nil, ""},
		"a day off has no conflicts": {map[Day][]Item{mon: {late}, mon + 1: {{Kind: Off}}}, []Day{mon + 1}, nil, ""},
	} {
		touched := map[Day]bool{}
		for _, d := range x.touched {
			touched[d] = true
		}
		var got []string
		for _, c := range conflicts(1, x.days, touched, x.away, set, zone) {
			got = append(got, c.Code+" "+c.Day.String())
		}
		if s := strings.Join(got, ","); s != x.want {
			t.Errorf("%s: %q, not %q", name, s, x.want)
		}
	}
}

// Overlap and rest against a slow reference, minute by minute.
func TestConflictsAgainstMinutes(t *testing.T) {
	zone := zoneNamed(t, "Europe/London")
	r := rand.New(rand.NewPCG(3, 5))
	set := Defaults()
	set.Longest = 1440
	mon := day(t, "2026-03-23") // the change to summer time is that week's Sunday
	for round := range 2000 {
		days, touched := map[Day][]Item{}, map[Day]bool{}
		for d := range Day(9) {
			touched[mon+d] = true
			for range r.IntN(3) {
				from, to := r.IntN(48)*30, r.IntN(48)*30
				if from != to {
					days[mon+d] = append(days[mon+d], hours(fmt.Sprintf("%02d:%02d", from/60, from%60), fmt.Sprintf("%02d:%02d", to/60, to%60)))
				}
			}
		}
		overlap := false
		busy := map[clock.Time]bool{}
		for d, items := range days {
			for _, it := range items {
				from, to := it.window(d, zone)
				for at := from; at < to; at = at.Add(30 * time.Minute) {
					overlap = overlap || busy[at]
					busy[at] = true
				}
			}
		}
		got := conflicts(1, days, touched, nil, set, zone)
		if has := slices.ContainsFunc(got, func(c Conflict) bool { return c.Code == "roster.overlap" }); has != overlap {
			t.Fatalf("round %d: overlap %v, not %v: %+v", round, has, overlap, days)
		}
	}
}

func TestRotations(t *testing.T) {
	anchor := day(t, "2026-11-23")
	r := Rotation{Pattern: []id.ID{1, 1, 2, 2, 0, 0}, Anchor: anchor}
	for _, x := range []struct {
		day    Day
		offset int
		want   id.ID
	}{{anchor, 0, 1}, {anchor + 2, 0, 2}, {anchor + 5, 0, 0}, {anchor + 6, 0, 1}, {anchor - 1, 0, 0}, {anchor - 3, 0, 2}, {anchor, 2, 2}, {anchor, -1, 0}, {anchor + 600, 1, 1}} {
		if got := r.on(x.day, x.offset); got != x.want {
			t.Errorf("%s with offset %d is %d, not %d", x.day, x.offset, got, x.want)
		}
	}
}

func TestAdherenceByHand(t *testing.T) {
	zone := zoneNamed(t, "Asia/Shanghai")
	d := day(t, "2026-11-23")
	at := func(d Day, clockTime string) clock.Time {
		m, _ := parseMinute(clockTime)
		return d.at(m, zone)
	}
	span := func(s State, from, to string) Span { return Span{From: at(d, from), To: at(d, to), State: s} }
	work := []Item{hours("09:00", "18:00", "12:00-13:00")}
	spans := []Span{span(Offline, "00:00", "09:20"), span(Online, "09:20", "11:00"), span(Break, "11:00", "11:15"), span(Busy, "11:15", "12:00"),
		span(Meal, "12:00", "13:00"), span(Online, "13:00", "16:00"), span(Offline, "16:00", "17:00"), span(Online, "17:00", "19:00"), span(Offline, "19:00", "24:00")}
	x := adherence(d, work, nil, spans, zone, at(d+1, "12:00"))
	if x.Planned != 480 || x.Kept != 160+180+60 || x.Worked != 160+60+180+120 || x.Late != 20 || x.Leave != 0 ||
		x.Seconds[Break] != 15*60 || x.Seconds[Online] != (100+180+120)*60 || x.Seconds[Offline] != (560+60+300)*60 {
		t.Errorf("%+v", x)
	}
	// An afternoon off.
	x = adherence(d, work, []stretch{{at(d, "14:00"), at(d+3, "00:00")}}, spans, zone, at(d+1, "12:00"))
	if x.Planned != 240 || x.Leave != 240 || x.Kept != 160+60 {
		t.Errorf("%+v", x)
	}
	// What lies ahead is not missed yet.
	x = adherence(d, work, nil, spans[:2], zone, at(d, "10:00"))
	if x.Planned != 60 || x.Kept != 40 || x.Seconds[Offline] != 560*60 {
		t.Errorf("%+v", x)
	}
	// Nobody came.
	x = adherence(d, work, nil, nil, zone, at(d+1, "12:00"))
	if x.Planned != 480 || x.Kept != 0 || x.Late != 180 {
		t.Errorf("%+v", x)
	}
	// A night counts for the day on which it begins.
	night := []Item{hours("22:00", "06:00")}
	all := []Span{{From: at(d, "22:00"), To: at(d+1, "05:00"), State: Online}}
	x = adherence(d, night, nil, all, zone, at(d+1, "12:00"))
	if x.Planned != 480 || x.Kept != 420 || x.Worked != 120 {
		t.Errorf("%+v", x)
	}
}

func TestCellsOfTables(t *testing.T) {
	list := []Template{{ID: 7, Name: "早班", Hours: Hours{From: "08:00", To: "16:00"}}, {ID: 8, Name: "旧班", Hours: Hours{From: "08:00", To: "16:00"}, Retired: true}}
	noted := Item{Kind: Shift, Name: "值班", From: "10:00", To: "12:00", Note: "带新人", Night: true}
	for text, want := range map[string]string{
		"早班": "7", "早班 08:00-16:00": "7", "早班 09:00-16:00": "早班 09:00-16:00", "9:00-18:00": "09:00-18:00", "9：00～18：00": "09:00-18:00",
		"休": "off", "OFF": "off", "早班; 18:00-20:00": "7;18:00-20:00", "早班；18:00-20:00": "7;18:00-20:00",
		"旧班": "?", "早": "?", "25:00-26:00": "?", "09:00": "?", "值班 10:00-12:00": "noted", "": "",
	} {
		got, ok := parseCell(text, list, []Item{noted})
		var parts []string
		for _, it := range got {
			switch {
			case it.Note == noted.Note && it.Night:
				parts = append(parts, "noted")
			case it.Kind == Off:
				parts = append(parts, "off")
			case it.Template != 0:
				parts = append(parts, it.Template.String())
			default:
				parts = append(parts, strings.TrimSpace(it.Name+" "+it.From+"-"+it.To))
			}
		}
		s := strings.Join(parts, ";")
		if !ok {
			s = "?"
		}
		if s != want {
			t.Errorf("%q is read as %q, not %q", text, s, want)
		}
	}
}

// What was read is written so that it is read the same again.
func FuzzParseCell(f *testing.F) {
	for _, s := range []string{"早班", "休", "9:00-18:00; 20:00-22:00", "x 09:00-18:00", "; ;", "\xff 09:00-10:00", "'=1+1", "09:00-09:00"} {
		f.Add(s)
	}
	list := []Template{{ID: 7, Name: "早班", Hours: Hours{From: "08:00", To: "16:00"}}}
	f.Fuzz(func(t *testing.T, s string) {
		items, ok := parseCell(s, list, nil)
		if !ok || checkLoose(items) != nil {
			return
		}
		for i, it := range items {
			if it.Template != 0 {
				items[i] = list[0].item()
				items[i].Template = it.Template
			}
		}
		again, ok := parseCell(cellText(items), list, nil)
		if !ok || cellText(resolved(again, list)) != cellText(items) {
			t.Errorf("%q: %+v becomes %q and that %+v", s, items, cellText(items), again)
		}
	})
}

func resolved(items []Item, list []Template) []Item {
	for i, it := range items {
		if it.Template != 0 {
			items[i] = list[0].item()
		}
	}
	return items
}

// Every way a swap can go, with everybody trying everything at random: only the
// ways of this table.
func TestStepsOfSwaps(t *testing.T) {
	allowed := map[string]Progress{
		"requested accepted other": Accepted, "requested refused other": Refused, "requested refused lead": Refused, "requested withdrawn own": Withdrawn,
		"accepted approved lead": Approved, "accepted refused lead": Refused, "accepted withdrawn own": Withdrawn,
	}
	r := rand.New(rand.NewPCG(1, 9))
	all := []Progress{Requested, Accepted, Approved, Refused, Withdrawn, "strange"}
	for range 3000 {
		state := Requested
		for range 8 {
			to, direct := all[r.IntN(len(all))], r.IntN(2) == 0
			who := []string{"own", "other", "lead", "none"}[r.IntN(4)]
			got, err := swapStep(state, to, who == "own", who == "other", who == "lead", direct)
			want, ok := allowed[fmt.Sprintf("%s %s %s", state, to, who)]
			if ok && direct && want == Accepted {
				want = Approved
			}
			if (err == nil) != ok || ok && got != want || !ok && got != state {
				t.Fatalf("%s to %s by %s: %s, %v", state, to, who, got, err)
			}
			state = got
		}
	}
}

func TestWithout(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 4))
	random := func() (out []stretch) {
		at := clock.Time(r.IntN(5))
		for range r.IntN(5) {
			to := at + 1 + clock.Time(r.IntN(6))
			out = append(out, stretch{at, to})
			at = to + clock.Time(r.IntN(4))
		}
		return out
	}
	in := func(list []stretch, at clock.Time) bool {
		return slices.ContainsFunc(list, func(s stretch) bool { return s.from <= at && at < s.to })
	}
	for range 5000 {
		a, b := random(), random()
		got := without(a, b)
		var both time.Duration
		for at := clock.Time(0); at < 60; at++ {
			if in(got, at) != (in(a, at) && !in(b, at)) {
				t.Fatalf("%v without %v is %v", a, b, got)
			}
			if in(a, at) && in(b, at) {
				both += time.Millisecond
			}
		}
		if worked(a, b) != both {
			t.Fatalf("%v and %v have %s together, not %s", a, b, both, worked(a, b))
		}
	}
}
