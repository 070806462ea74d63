package sla_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/sla"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
)

const minute = clock.Time(60_000)

// randomHistory is on whole minutes, so that a reference can walk it.
func randomHistory(rnd *rand.Rand, n int, more bool) []sla.Fact {
	at := clock.Time(1772413200000) + clock.Time(rnd.IntN(7*24*60))*minute // from Monday, 2 March 2026
	history := []sla.Fact{{At: at, Kind: sla.Created, Set: map[string]any{"status": "new", "priority": "normal", "hold_reason": ""}}}
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	for range n {
		at += clock.Time(rnd.IntN(12)*rnd.IntN(90)) * minute
		if s := history[len(history)-1].Set["status"]; s == "solved" || s == "cancelled" {
			at += minute // an end of no length is none
		}
		f := sla.Fact{At: at, Kind: sla.Changed, Set: map[string]any{}}
		kinds := 5
		if more {
			kinds = 11
		}
		switch rnd.IntN(kinds) {
		case 0, 1:
			status := pick("open", "open", "pending", "on_hold", "solved", "cancelled")
			f.Set["status"], f.Set["hold_reason"] = status, ""
			if status == "on_hold" {
				f.Set["hold_reason"] = pick("supplier", "parts")
			}
		case 2:
			f.Set["priority"] = pick("urgent", "high", "normal", "low")
		case 3:
			if rnd.IntN(3) == 0 {
				f.Kind, f.Author, f.Message = sla.Replied, pick("staff", "ai", "system"), 7
			}
		case 4:
			f.Kind = sla.Customer
		case 5:
			f.Kind, f.Since = sla.MergeIn, at-clock.Time(rnd.IntN(100))*minute
		case 6:
			f.Kind, f.Message = sla.Withdrawn, 7
		case 7:
			f.Kind = sla.Undone
			f.Set["status"], f.Set["hold_reason"] = "open", ""
		case 8:
			f.Kind, f.Metric, f.Extra = sla.Extended, sla.Metrics[rnd.IntN(len(sla.Metrics))], time.Duration(rnd.IntN(100))*time.Minute
		case 9:
			f.Set[pick("department", "team")] = pick("2", "3", "5")
		case 10:
			f.Set["tags"] = [][]string{{}, {"visit"}, {"visit"}, {"visit", "there"}, {"there"}, {"fixed"}, {"called", "visit"}}[rnd.IntN(7)]
		}
		history = append(history, f)
	}
	return history
}

// A reference that walks minute by minute and knows nothing of intervals.
type reference struct {
	open      bool
	verdict   sla.State
	due       clock.Time // as it ended
	elapsed   int
	reached   []clock.Time // when each minute was full, from the start itself
	run, used int          // minutes of the present pause and of all
	exhausted bool
	target    int
	cal       *calendar.Calendar
	cause     bool // of a pause holds
}

func (x *reference) dueAt(now clock.Time, limit, total int) clock.Time {
	if x.target == 0 {
		return 0
	}
	if x.target < len(x.reached) {
		return x.reached[x.target]
	}
	y := *x
	y.reached = slices.Clone(x.reached)
	for range 90 * 24 * 60 {
		y.step(now, limit, total)
		now += minute
		if y.target < len(y.reached) {
			return y.reached[y.target]
		}
	}
	return 0
}

func (x *reference) paused(limit, total int) bool {
	return x.cause && !x.exhausted && (limit == 0 || x.run < limit) && (total == 0 || x.used < total)
}

func (x *reference) step(at clock.Time, limit, total int) {
	if !x.cause {
		x.run, x.exhausted = 0, false
	}
	if x.paused(limit, total) {
		x.run++
		x.used++
		return
	}
	x.exhausted = x.cause
	if x.cal == nil || x.cal.Open(at) {
		x.elapsed++
		x.reached = append(x.reached, at+minute)
	}
}

// TestAgainstReference compares clocks of random histories with a walk through
// every minute.
func TestAgainstReference(t *testing.T) {
	for _, name := range []string{"default", "office", "updates", "limits", "lunch", "china"} {
		t.Run(name, func(t *testing.T) {
			r := rules(t, name)
			cals := calendars(t)
			p := r.Policies[0]
			rnd := rand.New(rand.NewPCG(1, uint64(len(name))))
			for i := range 60 {
				history := randomHistory(rnd, 12, false)
				compare(t, fmt.Sprintf("%s %d", name, i), r, p, cals, history, sla.Resolution)
				compare(t, fmt.Sprintf("%s %d", name, i), r, p, cals, history, sla.FirstResponse)
				if t.Failed() {
					return
				}
			}
		})
	}
}

func compare(t *testing.T, title string, r *sla.Rules, p *sla.Policy, cals map[string]*calendar.Calendar, history []sla.Fact, m sla.Metric) {
	t.Helper()
	fields := map[string]any{}
	x := &reference{open: true, reached: []clock.Time{history[0].At}}
	s, row := &sla.Sheet{}, map[string]any{}
	answered, i := false, 0
	end := history[len(history)-1].At + clock.Time(8*60)*minute
	for at := history[0].At; at <= end; at += minute {
		for ; i < len(history) && history[i].At == at; i++ {
			f := history[i]
			for k, v := range f.Set {
				fields[k], row[k] = v, v
			}
			if err := s.Apply(r, f, expr.MapRow(row)); err != nil {
				t.Fatal(err)
			}
			status := fields["status"].(string)
			active := status != "solved" && status != "cancelled"
			if f.Kind == sla.Replied && f.Author == "staff" {
				if m == sla.FirstResponse && x.open {
					x.finish(at, p, true)
				}
				answered = true
			}
			if x.open && !active {
				x.finish(at, p, m == sla.Resolution && status == "solved")
			} else if !x.open && active && (m == sla.Resolution || !answered) {
				x.open, x.verdict, x.run, x.exhausted = true, "", 0, false
			}
			if x.open {
				x.target, x.cal = 0, cals["office"]
				for _, y := range p.Targets {
					promise := map[string]*sla.Promise{"urgent": y.Urgent, "high": y.High, "normal": y.Normal, "low": y.Low}[fields["priority"].(string)]
					if y.Metric == m && promise != nil {
						x.target = promise.Minutes
						if promise.Calendar != "" {
							x.cal = cals[promise.Calendar] // none: always
						}
					}
				}
				x.cause = false
				for _, y := range p.Pauses {
					x.cause = x.cause || (len(y.Metrics) == 0 || slices.Contains(y.Metrics, m)) && slices.Contains(y.Statuses, status) &&
						(len(y.HoldReasons) == 0 || slices.Contains(y.HoldReasons, fields["hold_reason"].(string)))
				}
				if !x.cause {
					x.run, x.exhausted = 0, false
				}
			}
		}
		if int(at/minute)%97 == 0 || at == end {
			c := s.Clocks[slices.IndexFunc(s.Clocks, func(c *sla.Clock) bool { return c.Metric == m })]
			state, due := x.verdict, x.due
			if x.open {
				due, state = x.dueAt(at, p.PauseLimit, p.PauseTotal), sla.StateRunning
				if due != 0 && at > due {
					state = sla.StateBreached
				} else if x.paused(p.PauseLimit, p.PauseTotal) {
					state = sla.StatePaused
				}
			}
			got := fmt.Sprint(c.State(r, at), c.Elapsed(r, at), c.DueAt(r))
			want := fmt.Sprint(state, time.Duration(x.elapsed)*time.Minute, due)
			if got != want {
				t.Errorf("%s %s at %s\n got %s\nwant %s\nhistory %v\nintervals %+v", title, m, said(at), got, want, history, c.Intervals)
				return
			}
		}
		if x.open {
			x.step(at, p.PauseLimit, p.PauseTotal)
		}
	}
}

func (x *reference) finish(at clock.Time, p *sla.Policy, counts bool) {
	x.due = x.dueAt(at, p.PauseLimit, p.PauseTotal)
	x.open, x.verdict = false, sla.StateStopped
	if x.due != 0 && at > x.due {
		x.verdict = sla.StateBreached
	} else if counts && x.target != 0 {
		x.verdict = sla.StateMet
	}
	x.run, x.exhausted = 0, false
}

// TestStepByStepEqualsReplay stores and reads the sheet after every fact, as
// tickets do, and looks at it in between.
func TestStepByStepEqualsReplay(t *testing.T) {
	r := rules(t, "vip", "office", "updates")
	limits, units, visits := rules(t, "limits"), rules(t, "ola"), rules(t, "visit")
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 2000 {
		switch i {
		case 800:
			r = limits
		case 1400:
			r = units
		case 1700:
			r = visits
		}
		history := randomHistory(rnd, 25, true)
		whole, err := sla.Replay(history, r)
		if err != nil {
			t.Fatal(err)
		}
		s, row := &sla.Sheet{}, map[string]any{}
		for _, f := range history {
			for k, v := range f.Set {
				row[k] = v
			}
			if err := s.Apply(r, f, expr.MapRow(row)); err != nil {
				t.Fatal(err)
			}
			for _, c := range s.Clocks {
				checkClock(t, r, c, s.At)
			}
			s = stored(t, s)
		}
		if whole = stored(t, whole); !reflect.DeepEqual(s, whole) {
			t.Fatalf("history %v\nstep by step %s\nreplayed     %s", history, encode(t, s), encode(t, whole))
		}
	}
}

// checkClock holds what is true of every clock: its intervals follow each
// other, their sum is what has elapsed, and it is due when that says so.
func checkClock(t *testing.T, r *sla.Rules, c *sla.Clock, now clock.Time) {
	t.Helper()
	var sum time.Duration
	for i, x := range c.Intervals {
		if i > 0 && c.Intervals[i-1].To != x.From || (x.To == 0) != (i == len(c.Intervals)-1 && c.Open()) || x.To != 0 && x.To < x.From {
			t.Fatalf("intervals do not join: %+v", c)
		}
		if sum += x.Spent; x.Mode != sla.Running && x.Spent != 0 {
			t.Fatalf("a pause was counted: %+v", c)
		}
	}
	if !c.Open() && c.Elapsed(r, now+1e9) != sum {
		t.Fatalf("an ended clock runs: %+v", c)
	}
	if due := c.DueAt(r); c.Open() && due > now {
		if e := c.Elapsed(r, due); e != c.Target+c.Extra || c.Elapsed(r, due-1) >= c.Target+c.Extra {
			t.Fatalf("due at %s with %v of %v: %+v", due, e, c.Target, c)
		}
	}
}

// TestEveryBreachIsToldOnceAndInTime lets time pass from step to step between
// the facts, as the timers do: no step comes early or twice, and none of a
// clock that was late is missing.
func TestEveryBreachIsToldOnceAndInTime(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 9))
	breaches := 0
	for _, name := range []string{"office", "limits", "default"} {
		r := rules(t, name)
		p := r.Policies[0]
		for range 300 {
			s, row := &sla.Sheet{}, map[string]any{}
			history := randomHistory(rnd, 15, false)
			last := history[len(history)-1].At + 40*24*60*minute
			for i := 0; i <= len(history); i++ {
				until := last
				if i < len(history) {
					until = history[i].At
				}
				for { // the timers until then
					var at clock.Time
					for _, c := range s.Clocks {
						if steps := c.Steps(r, p); len(steps) > 0 && (at == 0 || steps[0].At < at) {
							at = steps[0].At
						}
					}
					if at == 0 || at > until {
						break
					}
					at = max(at, s.At) // a change can make a step come late, never early
					for _, c := range s.Clocks {
						for _, x := range c.Steps(r, p) {
							if x.At > at {
								continue
							}
							if slices.Contains(c.Fired, x.Name) {
								t.Fatalf("%s is told twice", x.Name)
							}
							if state := c.State(r, at); x.Name == sla.Breach && state != sla.StateBreached {
								t.Fatalf("a breach is told of a clock that is %s", state)
							}
							c.Fired = append(c.Fired, x.Name)
						}
					}
				}
				if i < len(history) {
					f := history[i]
					for k, v := range f.Set {
						row[k] = v
					}
					if err := s.Apply(r, f, expr.MapRow(row)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, c := range s.Clocks {
				told := slices.Contains(c.Fired, sla.Breach)
				if c.State(r, last) == sla.StateBreached && !told {
					t.Fatalf("a breach was not told: %+v", c)
				}
				if told {
					breaches++
				}
			}
		}
	}
	if breaches < 100 {
		t.Errorf("only %d breaches were seen", breaches)
	}
}

func encode(t *testing.T, s *sla.Sheet) string {
	t.Helper()
	b, err := json.Marshal(struct {
		*sla.Sheet
		All []*sla.Clock
	}{s, s.Clocks})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func stored(t *testing.T, s *sla.Sheet) *sla.Sheet {
	t.Helper()
	var back struct {
		sla.Sheet
		All []*sla.Clock
	}
	if err := json.Unmarshal([]byte(encode(t, s)), &back); err != nil {
		t.Fatal(err)
	}
	back.Clocks = back.All
	return &back.Sheet
}

// A ticket that goes to and fro for ever keeps a bounded clock with the right
// sum.
func TestManyIntervalsAreFolded(t *testing.T) {
	r := rules(t, "updates")
	at := moment(t, "Mon", "09:00")
	history := []sla.Fact{{At: at, Kind: sla.Created, Set: map[string]any{"status": "open", "priority": "normal"}}}
	for i := range 1000 {
		at += minute
		history = append(history, sla.Fact{At: at, Kind: sla.Changed, Set: map[string]any{"status": []string{"pending", "open"}[i%2]}})
	}
	s, err := sla.Replay(history, r)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Clocks[1]
	if c.Metric != sla.Resolution || len(c.Intervals) > sla.MaxIntervals || c.Elapsed(r, at) != 500*time.Minute || c.PausedFor(at) != 500*time.Minute {
		t.Errorf("%s: %d intervals, elapsed %v, paused %v", c.Metric, len(c.Intervals), c.Elapsed(r, at), c.PausedFor(at))
	}
	if due := c.DueAt(r); due != at.Add(24*time.Hour-500*time.Minute) {
		t.Errorf("due at %s", said(due))
	}
}

func TestStepsAreNamedAndOrdered(t *testing.T) {
	r := rules(t, "office")
	born := moment(t, "Mon", "09:00")
	s, err := sla.Replay([]sla.Fact{{At: born, Kind: sla.Created, Set: map[string]any{"status": "open", "priority": "normal"}}}, r)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Clocks[0]
	got := ""
	for _, x := range c.Steps(r, r.Policies[0]) {
		got += fmt.Sprintf("%s %s\n", x.Name, said(x.At))
	}
	want := "percent:50 2026-03-02 11:00:00.000\nbefore:30 2026-03-02 12:30:00.000\nbreach 2026-03-02 13:00:00.001\n"
	if got != want {
		t.Errorf("steps are\n%swant\n%s", got, want)
	}
	c.Fired = []string{"percent:50", sla.Breach}
	if steps := c.Steps(r, r.Policies[0]); len(steps) != 0 {
		t.Errorf("after the breach nothing is told any more: %v", steps)
	}
}

func TestWhatIsRefused(t *testing.T) {
	schema, err := sla.NewSchema(nil)
	if err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(p *sla.Policy){
		"name":                   func(p *sla.Policy) { p.Name = "  " },
		"when":                   func(p *sla.Policy) { p.When = "priority ==" },
		"targets[0].minutes":     func(p *sla.Policy) { p.Targets[0].High.Minutes = 0 },
		"targets[1].metric":      func(p *sla.Policy) { p.Targets[1].Metric = sla.FirstResponse },
		"pauses[0]":              func(p *sla.Policy) { p.Pauses = []sla.Pause{{}} },
		"pauses[0].statuses":     func(p *sla.Policy) { p.Pauses[0].Statuses = []string{"solved"} },
		"pauses[0].when":         func(p *sla.Policy) { p.Pauses[0].When = "nobody == 3" },
		"pauses[0].metrics":      func(p *sla.Policy) { p.Pauses[0].Metrics = []sla.Metric{"speed"} },
		"pause_limit_minutes":    func(p *sla.Policy) { p.PauseTotal = -1 },
		"reopen":                 func(p *sla.Policy) { p.Reopen = "never" },
		"warnings[0]":            func(p *sla.Policy) { p.Warnings = []sla.Warning{{Percent: 50, Before: 5}} },
		"warnings":               func(p *sla.Policy) { p.Warnings = make([]sla.Warning, 11) },
		"targets[0].calendar":    func(p *sla.Policy) { p.Targets[0].Low.Calendar = fmt.Sprintf("%065d", 1) },
		"stop_on.by":             func(p *sla.Policy) { p.StopOn.By = "anybody" },
		"extensions":             func(p *sla.Policy) { p.Extensions = 11 },
		"chain[0].on":            func(p *sla.Policy) { p.Chain = []sla.Link{{On: "moon", To: "team"}} },
		"chain[0].to":            func(p *sla.Policy) { p.Chain = []sla.Link{{On: "breach", To: "moon"}} },
		"chain[0].people":        func(p *sla.Policy) { p.Chain = []sla.Link{{On: "breach", To: "people"}} },
		"chain[0].every_minutes": func(p *sla.Policy) { p.Chain = []sla.Link{{On: "breach", To: "team", Times: 2}} },
		"chain[0].after_minutes": func(p *sla.Policy) { p.Chain = []sla.Link{{On: "breach", To: "team", After: -1}} },
		"chain[0].metrics":       func(p *sla.Policy) { p.Chain = []sla.Link{{On: "breach", To: "team", Metrics: []sla.Metric{"speed"}}} },
		"chain":                  func(p *sla.Policy) { p.Chain = make([]sla.Link, 11) },
		"targets[2].stop":        func(p *sla.Policy) { p.Targets = append(p.Targets, sla.Target{Metric: sla.Arrival}) },
		"targets[1].stop":        func(p *sla.Policy) { p.Targets[1].Metric, p.Targets[1].Stop = sla.Update, "true" },
		"targets[0].start":       func(p *sla.Policy) { p.Targets[0].Start = "true" },
		"units[0].kind":          func(p *sla.Policy) { p.Units = []sla.Unit{{Kind: "person"}} },
		"units[1].unit_id":       func(p *sla.Policy) { p.Units = []sla.Unit{{Kind: "team", Unit: 2}, {Kind: "team", Unit: 2}} },
		"units[0].minutes":       func(p *sla.Policy) { p.Units = []sla.Unit{{Kind: "team", Low: &sla.Promise{}}} },
		"pauses":                 func(p *sla.Policy) { p.Pauses = slices.Repeat(p.Pauses, 21) },
	} {
		p := sla.Default()
		change(&p)
		err := p.Compile(schema)
		if err == nil || !contains(err, field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	p := sla.Default()
	if err := p.Compile(schema); err != nil {
		t.Errorf("the shipped policy: %v", err)
	}
}

func BenchmarkDueAt(b *testing.B) {
	r := rules(b, "office")
	history := randomHistory(rand.New(rand.NewPCG(5, 6)), 12, false)
	s, err := sla.Replay(history[:1], r)
	if err != nil {
		b.Fatal(err)
	}
	c := s.Clocks[0]
	b.ReportAllocs()
	for b.Loop() {
		c.DueAt(r)
	}
}

// BenchmarkBirth is what a Pass computes for a new ticket: policy, clocks,
// due dates.
func BenchmarkBirth(b *testing.B) {
	r := rules(b, "vip", "default")
	row := expr.MapRow(map[string]any{"status": "new", "priority": "low"})
	at := moment(b, "Mon", "09:00")
	b.ReportAllocs()
	for b.Loop() {
		s := &sla.Sheet{}
		if err := s.Apply(r, sla.Fact{At: at, Kind: sla.Created}, row); err != nil {
			b.Fatal(err)
		}
		for _, c := range s.Clocks {
			c.DueAt(r)
		}
	}
}
