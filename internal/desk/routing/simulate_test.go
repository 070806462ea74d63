package routing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// replayOf is a history of people at work all the time, and tickets by the
// minute at which they come, each taking minutes of work.
func replayOf(agents []*Agent, minutes float64, at ...float64) *History {
	h := &History{From: noon, To: noon.Add(24 * time.Hour), Agents: agents}
	for i, m := range at {
		x := matterOf(int64(i + 1))
		x.Ticket.CreatedAt = noon.Add(time.Duration(m * float64(time.Minute)))
		x.Ticket.Requester = id.ID(1000 + i)
		h.Arrivals = append(h.Arrivals, Arrival{Matter: x, Handling: time.Duration(minutes * float64(time.Minute)), Promise: 10 * time.Minute})
	}
	return h
}

func simulate(t *testing.T, h *History, current, changed *Plan) *Comparison {
	t.Helper()
	c, err := Simulate(context.Background(), h, current, changed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// One person with room for one ticket of an hour, four tickets at once: they
// wait 0, 1, 2 and 3 hours, worked out by hand.
func TestASimulatedQueueWaitsAsLongAsItMust(t *testing.T) {
	a := somebody(1)
	a.Capacity = 100
	plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "All"}}})
	h := replayOf([]*Agent{a}, 60, 0, 0, 0, 0)
	m := simulate(t, h, plan, plan).Current
	if m.Given != 4 || m.Waiting != 0 || m.WaitP50 != 3600 || m.WaitP90 != 3*3600 || m.WaitMean != 1.5*3600 || m.AtOnce != .25 || m.InTime != .25 || m.Longest != 3 {
		t.Errorf("%+v", m)
	}
	if m.Queue[0].Waiting != 3 || m.Queue[1].Waiting != 2 || m.Queue[3].Waiting != 0 || len(m.Queue) != 24 {
		t.Error(m.Queue)
	}
	if b := m.Agents[0]; b.Given != 4 || b.Minutes != 24*60 || b.Busy != round(4.0/24) {
		t.Errorf("%+v", b)
	}
	// Urgent ones are taken first, whenever they came.
	h.Arrivals[3].Matter.Ticket.Priority = ticket.Urgent
	x := newSimulation(h, plan)
	x.tell = func(int) error { return nil }
	if err := x.run(); err != nil {
		t.Fatal(err)
	}
	if x.waited[3] != time.Hour || x.waited[1] != 2*time.Hour {
		t.Error(x.waited)
	}
}

// Work stops at the end of a shift and goes on with the next.
func TestASimulatedTicketIsWorkedOnWhileItsAgentIsThere(t *testing.T) {
	a := somebody(1)
	a.Capacity = 100
	hours := func(from, to int) Stretch {
		return Stretch{noon.Add(time.Duration(from) * time.Hour), noon.Add(time.Duration(to) * time.Hour)}
	}
	h := replayOf([]*Agent{a}, 90, 60, 61)
	h.Work = map[id.ID][]Stretch{1: {hours(2, 3), hours(5, 8)}}
	plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "All"}}})
	m := simulate(t, h, plan, plan).Current
	// The first is taken at 2:00 after an hour; half an hour is left at 5:00, so
	// the second is taken at 5:30, after 4:29.
	if m.Given != 2 || m.WaitP50 != 3600 || m.WaitP90 != (4*60+29)*60 || m.Agents[0].Minutes != 240 {
		t.Errorf("%+v", m)
	}
}

func TestASimulationShowsTheBetterRules(t *testing.T) {
	// Two teams; all tickets go to the first, which drowns. The other rules let
	// the second help out.
	r := rand.New(rand.NewPCG(1, 1))
	var agents []*Agent
	for i := range 20 {
		a := somebody(int64(i + 1))
		a.Capacity, a.Teams = 200, []id.ID{id.ID(1 + i/10)}
		agents = append(agents, a)
	}
	var at []float64
	for range 900 {
		at = append(at, r.Float64()*600)
	}
	slices.Sort(at)
	h := replayOf(agents, 18, at...)
	current := planOf(t, RuleSet{Rules: []*Rule{{Name: "First", Team: 1}}})
	changed := planOf(t, RuleSet{Version: 2, Rules: []*Rule{{Name: "First", Team: 1, Overflow: []Overflow{{30, 2}}}}})
	c := simulate(t, h, current, changed)
	if !(c.Changed.WaitP90 < c.Current.WaitP90/4) || !(c.Changed.InTime > c.Current.InTime) || !(c.Changed.Spread < c.Current.Spread) || c.Other == 0 || c.Changed.Version != 2 {
		t.Errorf("current %v %v %v, changed %v %v %v", c.Current.WaitP90, c.Current.InTime, c.Current.Spread, c.Changed.WaitP90, c.Changed.InTime, c.Changed.Spread)
	}
	if again := simulate(t, h, current, changed); !reflect.DeepEqual(c, again) {
		t.Error("the same history gives another answer")
	}
	if same := simulate(t, h, current, current); same.Other != 0 || !reflect.DeepEqual(same.Current, same.Changed) {
		t.Error("the same rules differ from themselves")
	}
}

func TestASimulationMeasuresSkill(t *testing.T) {
	var agents []*Agent
	for i := range 10 {
		a := somebody(int64(i + 1))
		a.Skills = []staff.SkillLevel{{Skill: 20, Level: 1 + i%5}}
		agents = append(agents, a)
	}
	var at []float64
	for i := range 200 {
		at = append(at, float64(i))
	}
	h := replayOf(agents, 5, at...)
	needs := []Need{{20, 1}}
	c := simulate(t, h, planOf(t, RuleSet{Rules: []*Rule{{Name: "Turn", Strategy: RoundRobin, Needs: needs}}}), planOf(t, RuleSet{Rules: []*Rule{{Name: "Skill", Strategy: BestSkill, Needs: needs}}}))
	if c.Current.Skilled != 200 || c.Current.Skill != .75 || c.Changed.Skill < .9 || c.Current.Gini != 0 || c.Changed.Gini < .3 {
		t.Errorf("%+v\n%+v", c.Current.Skill, c.Changed)
	}
}

// Whatever the history: nobody ever carries more than fits, every ticket is
// given once, waits, or is wanted by no rule, and nobody gets one while away.
func TestSimulationsKeepTheRules(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 9))
		agents := anyCrowd(r, 30)
		h := &History{From: noon, To: noon.Add(48 * time.Hour), Agents: agents, Work: map[id.ID][]Stretch{}}
		for _, a := range agents {
			a.Capacity = 100 + r.IntN(500)
			for at := noon; at < h.To; {
				from := at.Add(time.Duration(r.IntN(6*60)) * time.Minute)
				at = from.Add(time.Duration(1+r.IntN(8*60)) * time.Minute)
				h.Work[a.ID] = append(h.Work[a.ID], Stretch{from, at})
			}
		}
		var at []int
		for range 400 {
			at = append(at, r.IntN(48*3600))
		}
		slices.Sort(at)
		for i, s := range at {
			m := anyMatter(r)
			m.Ticket.ID, m.Ticket.CreatedAt, m.Waited, m.Team = id.ID(i+1), noon.Add(time.Duration(s)*time.Second), 0, 0
			h.Arrivals = append(h.Arrivals, Arrival{m, time.Duration(1+r.IntN(180)) * time.Minute, time.Hour})
		}
		set := Shipped()
		set.Rules = []*Rule{anyRule(r), {Name: "rest", When: `language == "zh"`}}
		set.Rules[0].When, set.Rules[0].Online = `priority == "normal" && channel != "call"`, new(true)
		plan := planOf(t, set)
		x := newSimulation(h, plan)
		x.tell = func(int) error { return nil }
		if err := x.run(); err != nil {
			t.Fatal(err)
		}
		m := x.measures()
		if m.Given+m.Waiting+m.Unwanted != 400 {
			t.Fatalf("seed %d: %d given, %d wait, %d unwanted of 400", seed, m.Given, m.Waiting, m.Unwanted)
		}
		type step struct {
			at clock.Time
			by int
		}
		carried := map[id.ID][]step{}
		for n := range h.Arrivals {
			if !x.given[n] {
				continue
			}
			a := h.Arrivals[n]
			from := a.Matter.Ticket.CreatedAt.Add(x.waited[n])
			if !slices.ContainsFunc(h.Work[x.who[n]], func(s Stretch) bool { return s.From <= from && from <= s.To }) {
				t.Fatalf("seed %d: %v got one while away", seed, x.who[n])
			}
			w := plan.Weight(a.Matter.Ticket.Channel)
			carried[x.who[n]] = append(carried[x.who[n]], step{from, w})
			if end, ok := add(h.Work[x.who[n]], from, a.Handling); ok {
				carried[x.who[n]] = append(carried[x.who[n]], step{end, -w})
			}
		}
		for who, steps := range carried {
			slices.SortFunc(steps, func(a, b step) int {
				if a.at != b.at {
					return int(a.at - b.at)
				}
				return a.by - b.by
			})
			load, most := 0, plan.Capacity(agents[who-1].Capacity)
			for _, s := range steps {
				if load += s.by; load > most {
					t.Fatalf("seed %d: %v carries %d of %d", seed, who, load, most)
				}
			}
		}
	}
}

func TestASimulationCanBeStopped(t *testing.T) {
	var at []float64
	for i := range 2000 {
		at = append(at, float64(i)/10)
	}
	plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "All"}}})
	stop := errors.New("enough")
	seen := []string{}
	_, err := Simulate(context.Background(), replayOf(crowd(5, 1), 5, at...), plan, plan, func(done, total int) error {
		seen = append(seen, fmt.Sprint(done, "/", total))
		if done >= 1000 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || !slices.Equal(seen, []string{"500/4000", "1000/4000"}) {
		t.Error(err, seen)
	}
}

func TestHowLongATicketTookRoom(t *testing.T) {
	at := func(minute int) clock.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	x := ticketOf(1)
	x.CreatedAt, x.SolvedAt = at(0), at(100)
	for _, c := range []struct {
		name string
		acts []taken
		want time.Duration
	}{
		{"theirs from birth", nil, 100 * time.Minute},
		{"assigned later", []taken{{at(40), "assignee", "7"}}, 60 * time.Minute},
		{"on hold for a while", []taken{{at(10), "assignee", "7"}, {at(20), "status", "on_hold"}, {at(50), "status", "open"}}, 60 * time.Minute},
		{"waiting for the customer takes room", []taken{{at(10), "assignee", "7"}, {at(20), "status", "pending"}}, 90 * time.Minute},
		{"nobody's for a while", []taken{{at(0), "assignee", "7"}, {at(20), "assignee", ""}, {at(60), "assignee", "8"}}, 60 * time.Minute},
		{"solved, reopened and solved again", []taken{{at(0), "assignee", "7"}, {at(10), "status", "solved"}, {at(90), "status", "open"}, {at(100), "status", "solved"}}, 20 * time.Minute},
	} {
		d := time.Duration(0)
		for _, s := range occupied(x, c.acts) {
			d += s.To.Sub(s.From)
		}
		if d != c.want {
			t.Errorf("%s: %v, want %v", c.name, d, c.want)
		}
	}
}

func TestFiguresOfSpread(t *testing.T) {
	for _, c := range []struct {
		list         []float64
		spread, gini float64
	}{{nil, 0, 0}, {[]float64{5, 5, 5}, 0, 0}, {[]float64{0, 10}, 1, .5}, {[]float64{1, 3}, .5, .25}, {[]float64{0, 0}, 0, 0}} {
		if s, g := spread(c.list), gini(c.list); s != c.spread || g != c.gini {
			t.Errorf("%v: %v %v, want %v %v", c.list, s, g, c.spread, c.gini)
		}
	}
	rows := []BalanceRow{{Given: 30, Minutes: 100}, {Given: 10, Minutes: 100}}
	if balanceWeek(rows); rows[0].Share != .75 || rows[0].Deviation != .5 || rows[1].Deviation != -.5 {
		t.Error(rows)
	}
}
