package sla_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/sla"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var shanghai = time.FixedZone("CST", 8*3600)

// moment reads "Mon 09:00" (the week of 2 March 2026), "Tue+1 09:00:30" (a week
// later) or "2026-02-14 09:00", all by the wall of Shanghai.
func moment(t testing.TB, day, hour string) clock.Time {
	t.Helper()
	date := day
	if !strings.Contains(day, "-") {
		name, weeks, _ := strings.Cut(day, "+")
		n := strings.Index("MonTueWedThuFriSatSun", name)
		w, _ := strconv.Atoi(weeks)
		if n < 0 || len(name) != 3 {
			t.Fatalf("bad day %q", day)
		}
		date = time.Date(2026, 3, 2+n/3+7*w, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	if len(hour) == 5 {
		hour += ":00"
	}
	v, err := time.ParseInLocation("2006-01-02 15:04:05", date+" "+hour, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return clock.From(v)
}

func said(at clock.Time) string {
	if at == 0 {
		return "-"
	}
	return at.Std().In(shanghai).Format("2006-01-02 15:04:05.000")
}

func week(from, to string) (w [7][]calendar.Range) {
	for d := 1; d <= 5; d++ {
		w[d] = []calendar.Range{{From: from, To: to}}
	}
	return w
}

// calendars of the histories. "office@2" is the office after Tuesday has been
// declared a holiday.
func calendars(t testing.TB) map[string]*calendar.Calendar {
	specs := map[string]calendar.Spec{
		"office":   {Zone: "Asia/Shanghai", Week: week("09:00", "18:00")},
		"office@2": {Zone: "Asia/Shanghai", Week: week("09:00", "18:00"), Holidays: []calendar.Period{{From: "2026-03-03", To: "2026-03-03", Name: "day off"}}},
		"long":     {Zone: "Asia/Shanghai", Week: week("08:00", "20:00")},
		"lunch":    {Zone: "Asia/Shanghai"},
		"china":    {Zone: "Asia/Shanghai", Week: week("09:00", "18:00")},
		"ny":       {Zone: "America/New_York"},
	}
	lunch, ny := specs["lunch"], specs["ny"]
	for d := range 7 {
		lunch.Week[d] = []calendar.Range{{From: "09:00", To: "12:00"}, {From: "13:00", To: "18:00"}}
		ny.Week[d] = []calendar.Range{{From: "22:00", To: "06:00"}}
	}
	specs["lunch"], specs["ny"] = lunch, ny
	out := map[string]*calendar.Calendar{}
	for name, s := range specs {
		var tables []calendar.Year
		if name == "china" {
			tables = calendar.Shipped("cn")
		}
		c, err := calendar.Compile(s, tables...)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = c
	}
	return out
}

func all(m sla.Metric, minutes int, cal string) sla.Target {
	p := &sla.Promise{Minutes: minutes, Calendar: cal}
	return sla.Target{Metric: m, Urgent: p, High: p, Normal: p, Low: p}
}

func until(m sla.Metric, minutes int, start, stop string) sla.Target {
	t := all(m, minutes, "always")
	t.Start, t.Stop = start, stop
	return t
}

// policies of the histories; testdata/histories.txt says them in words.
func policies() map[string]sla.Policy {
	office := func(m int) *sla.Promise { return &sla.Promise{Minutes: m, Calendar: "office"} }
	stops := []sla.Pause{{Statuses: []string{"pending"}}, {Statuses: []string{"on_hold"}, HoldReasons: []string{"supplier"}}}
	anyHold := []sla.Pause{{Statuses: []string{"pending", "on_hold"}}}
	ai := sla.Default()
	ai.StopOn, ai.Reopen = sla.StopOn{AI: true, Solve: true}, sla.Restart
	vip := sla.Policy{When: `tier == "vip"`, Targets: []sla.Target{all(sla.FirstResponse, 10, "always"), all(sla.Resolution, 240, "long")}}
	return map[string]sla.Policy{
		"default": sla.Default(),
		"office": {Targets: []sla.Target{
			{Metric: sla.FirstResponse, Urgent: office(60), Normal: office(240)},
			{Metric: sla.NextResponse, Urgent: office(30), Normal: office(120)},
			{Metric: sla.Resolution, Urgent: office(9 * 60), Normal: office(18 * 60)},
		}, Pauses: stops, Warnings: []sla.Warning{{Percent: 50}, {Before: 30}}},
		"updates": {Targets: []sla.Target{all(sla.FirstResponse, 60, "always"), all(sla.Update, 240, "always"), all(sla.Resolution, 24*60, "always")}, Pauses: anyHold},
		"spoken":  {Targets: []sla.Target{all(sla.Update, 240, "always")}},
		"limits":  {Targets: []sla.Target{all(sla.FirstResponse, 60, "always"), all(sla.Resolution, 24*60, "always")}, Pauses: anyHold, PauseLimit: 240, PauseTotal: 360},
		"lunch":   {Targets: []sla.Target{all(sla.FirstResponse, 120, "lunch"), all(sla.Resolution, 480, "lunch")}},
		"china":   {Targets: []sla.Target{all(sla.FirstResponse, 240, "china"), all(sla.Resolution, 18*60, "china")}},
		"ny":      {Targets: []sla.Target{all(sla.Resolution, 480, "ny")}},
		"vip":     vip,
		"ola": {Targets: []sla.Target{all(sla.Resolution, 600, "always")}, Pauses: []sla.Pause{{Statuses: []string{"pending"}, Metrics: []sla.Metric{sla.Resolution, sla.OfTeam}}},
			Units: []sla.Unit{{Kind: sla.OfDepartment, Unit: 3, Normal: &sla.Promise{Minutes: 60, Calendar: "always"}, Urgent: &sla.Promise{Minutes: 30, Calendar: "always"}},
				{Kind: sla.OfDepartment, Normal: &sla.Promise{Minutes: 240, Calendar: "office"}}, {Kind: sla.OfTeam, Unit: 2, Normal: &sla.Promise{Minutes: 120, Calendar: "always"}}}},
		"own":  {StopOn: sla.StopOn{By: "assignee"}, Targets: []sla.Target{all(sla.FirstResponse, 60, "always"), all(sla.NextResponse, 30, "always")}},
		"cond": {Targets: []sla.Target{all(sla.Resolution, 600, "always")}, Pauses: []sla.Pause{{When: `"waiting" in tags`}}},
		"ai":   ai,
		"visit": {Targets: []sla.Target{until(sla.Arrival, 120, `"visit" in tags`, `"there" in tags`), until(sla.Resolution, 600, "", `"fixed" in tags`), until(sla.FirstResponse, 60, "", `"called" in tags`)},
			Pauses: []sla.Pause{{Statuses: []string{"pending"}}}},
		"come": {Targets: []sla.Target{until(sla.Arrival, 120, "", `"there" in tags`)}},
	}
}

// rules are those of the named policies in order. Calendar "" is the office;
// once moved to its second version by renewed, office is office@2.
func rules(t testing.TB, names ...string) *sla.Rules {
	t.Helper()
	schema, err := sla.NewSchema(nil)
	if err != nil {
		t.Fatal(err)
	}
	cals := calendars(t)
	r := &sla.Rules{
		Name: func(key string, _ expr.Row) string {
			if key == "" {
				return "office"
			}
			return key
		},
		Calendar: func(name string) sla.Calendar {
			if c := cals[name]; c != nil {
				return c
			}
			return nil
		},
	}
	known := policies()
	for i, name := range names {
		p, ok := known[name]
		if !ok {
			t.Fatalf("no policy %q", name)
		}
		p.ID, p.Version, p.Name = id.ID(i+1), 1, name
		if err := p.Compile(schema); err != nil {
			t.Fatal(err)
		}
		r.Policies = append(r.Policies, &p)
	}
	return r
}

// fact reads "created priority=normal", "reply:2 ai", "merge_in since=Mon_09:00".
func fact(t testing.TB, at clock.Time, words []string) sla.Fact {
	t.Helper()
	verb, ref, _ := strings.Cut(words[0], ":")
	n, _ := strconv.ParseInt(ref, 10, 64)
	f := sla.Fact{At: at, Kind: sla.Kind(verb), Message: id.ID(n), Set: map[string]any{}}
	switch f.Kind {
	case "set":
		f.Kind = sla.Changed
	case "auto":
		f.Kind, f.Author = sla.Replied, "system"
	case sla.Replied:
		f.Author = "staff"
	case sla.Created:
		f.Set["status"], f.Set["priority"] = "new", "normal"
	case sla.Customer, sla.Withdrawn, sla.Merged, sla.MergeIn, sla.Unmerged, sla.Undone, sla.Renewed, sla.Extended:
	default:
		t.Fatalf("bad fact %q", words)
	}
	for _, w := range words[1:] {
		k, v, ok := strings.Cut(w, "=")
		switch {
		case w == "other":
			f.Other = true
		case k == "metric":
			f.Metric = sla.Metric(v)
		case k == "minutes":
			n, err := strconv.Atoi(v)
			if err != nil {
				t.Fatalf("bad word %q", w)
			}
			f.Extra = time.Duration(n) * time.Minute
		case w == "ai":
			f.Author = "ai"
		case k == "since":
			day, hour, _ := strings.Cut(v, "_")
			f.Since = moment(t, day, hour)
		case k == "tags":
			f.Set[k] = strings.FieldsFunc(v, func(r rune) bool { return r == ',' })
		case ok:
			f.Set[k] = v
		default:
			t.Fatalf("bad word %q", w)
		}
	}
	return f
}

// TestHistories plays the histories of testdata/histories.txt, whose answers
// were worked out by hand.
func TestHistories(t *testing.T) {
	raw, err := os.ReadFile("testdata/histories.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(raw), "\n===")
	n := 0
	for _, part := range strings.Split(text, "\n===") {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		title, names, _ := strings.Cut(lines[0], "|")
		n++
		t.Run(strings.TrimSpace(title), func(t *testing.T) {
			r := rules(t, strings.Fields(names)...)
			play(t, r, lines[1:])
		})
	}
	if n < 60 {
		t.Errorf("only %d histories were played", n)
	}
}

func play(t *testing.T, r *sla.Rules, lines []string) {
	s, fields := &sla.Sheet{}, map[string]any{}
	asked := 0
	for _, line := range lines {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "calendar" { // the office gets another version
			office := words[1]
			r.Name = func(key string, _ expr.Row) string {
				if key == "" || key == "office" {
					return office
				}
				return key
			}
			continue
		}
		if words[0] == "?" {
			asked++
			ask(t, r, s, line, words[1:])
			continue
		}
		f := fact(t, moment(t, words[0], words[1]), words[2:])
		for k, v := range f.Set {
			fields[k] = v
		}
		if err := s.Apply(r, f, expr.MapRow(fields)); err != nil {
			t.Fatal(err)
		}
	}
	if asked == 0 {
		t.Error("nothing was asked")
	}
}

// ask compares with "Mon 10:00 first[/2] STATE ELAPSED DUE", DUE being "-" or
// a day and an hour.
func ask(t *testing.T, r *sla.Rules, s *sla.Sheet, line string, words []string) {
	t.Helper()
	at := moment(t, words[0], words[1])
	name, round, _ := strings.Cut(words[2], "/")
	metric := map[string]sla.Metric{"first": sla.FirstResponse, "next": sla.NextResponse, "update": sla.Update, "resolution": sla.Resolution}[name]
	if metric == "" {
		metric = sla.Metric(name) // department:3
	}
	var c *sla.Clock
	for _, x := range s.Clocks {
		if x.Metric == metric && (round == "" || strconv.Itoa(x.Round) == round) {
			c = x
		}
	}
	if c == nil {
		if words[3] != "none" {
			t.Errorf("%s: there is no such clock", line)
		}
		return
	}
	elapsed := c.Elapsed(r, at)
	got := fmt.Sprint(c.State(r, at), " ", short(elapsed), " ", said(c.DueAt(r)))
	due := "-"
	if words[5] != "-" {
		due = said(moment(t, words[5], words[6]))
	}
	if want := words[3] + " " + words[4] + " " + due; got != want {
		t.Errorf("%s\n got %s\nwant %s\n%+v", line, got, want, c.Intervals)
	}
	if c.Target != 0 && c.Left(r, at) != c.Target+c.Extra-elapsed {
		t.Errorf("%s: left is %v", line, c.Left(r, at))
	}
}

func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// contains tells whether one of an error's faults names a field.
func contains(err error, field string) bool {
	var list fault.List
	if errors.As(err, &list) {
		return slices.ContainsFunc(list, func(f *fault.Error) bool { return f.Field == field })
	}
	var one *fault.Error
	return errors.As(err, &one) && one.Field == field
}
