package routing

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/id"
)

// anyRule makes a rule that asks for a little of everything.
func anyRule(r *rand.Rand) *Rule {
	x := &Rule{Name: "any", Strategy: Strategies[r.IntN(len(Strategies))]}
	yes := func(share float64) bool { return r.Float64() < share }
	if yes(.4) {
		x.Team = id.ID(1 + r.IntN(6))
	}
	if yes(.2) {
		x.Department = id.ID(9 + r.IntN(5))
	}
	if yes(.1) {
		for range 30 {
			x.Agents = append(x.Agents, id.ID(1+r.IntN(100)))
		}
	}
	if yes(.5) {
		x.Needs = append(x.Needs, Need{id.ID(20 + r.IntN(3)), 1 + r.IntN(5)})
	}
	if yes(.2) {
		x.Needs = append(x.Needs, Need{id.ID(23 + r.IntN(3)), 1 + r.IntN(5)})
	}
	x.Language, x.Region, x.Shift, x.Online = new(yes(.3)), new(yes(.3)), new(yes(.3)), new(yes(.8))
	for range r.IntN(5) {
		x.Relax = append(x.Relax, Relax{1 + r.IntN(600), droppables[r.IntN(len(droppables))]})
	}
	for range r.IntN(3) {
		x.Overflow = append(x.Overflow, Overflow{1 + r.IntN(600), id.ID(1 + r.IntN(6))})
	}
	if yes(.3) && x.Strategy != RoundRobin {
		x.Weights = map[string]float64{Factors()[r.IntN(factorCount)]: 10 * r.Float64()}
	}
	if yes(.2) {
		x.Prefer = `agent.seniority >= 3`
	}
	return x
}

func anyMatter(r *rand.Rand) *Matter {
	m := fullMatter(int64(1 + r.IntN(1000)))
	m.Waited = time.Duration(r.IntN(700)) * time.Second
	m.Ticket.Channel = []string{"chat", "email", "call", ""}[r.IntN(4)]
	m.Ticket.Language = []string{"zh", "en", ""}[r.IntN(3)]
	m.Region = []string{"", "浙江省宁波市", "上海市"}[r.IntN(3)]
	m.Ticket.Company = id.ID([]int64{0, 77, 78}[r.IntN(3)])
	m.Ticket.Team = id.ID(r.IntN(4))
	m.Ticket.Category = id.ID(64 + r.IntN(25))
	for range r.IntN(4) {
		m.Barred = append(m.Barred, id.ID(1+r.IntN(100)))
	}
	if r.IntN(8) == 0 {
		m.Team = id.ID(1 + r.IntN(6))
	}
	return m
}

func anyCrowd(r *rand.Rand, n int) []*Agent {
	agents := crowd(n, r.Uint64())
	for _, a := range agents {
		if r.IntN(20) == 0 {
			a.Profile.Companies = []id.ID{77}
		}
		if r.IntN(20) == 0 {
			a.Profile.Conflicts = []id.ID{78}
		}
		if r.IntN(10) == 0 {
			a.Profile.Limits = map[string]int{"chat": 5}
		}
	}
	return agents
}

// mayHave says in the plainest words whether somebody may have a ticket.
func mayHave(rule *Rule, m *Matter, a *Agent, all []*Agent, weight int) bool {
	has := func(list []id.ID, x id.ID) bool { return x != 0 && slices.Contains(list, x) }
	after := func(s int) bool { return m.Waited >= time.Duration(s)*time.Second }
	team, department, named := rule.Team, rule.Department, rule.Agents
	if team == 0 && department == 0 && len(named) == 0 {
		team = m.Ticket.Team
		if team == 0 {
			department = m.Ticket.Department
		}
	}
	if m.Team != 0 {
		team, department, named = m.Team, 0, nil
	}
	meant := func(a *Agent) bool {
		return (team == 0 || has(a.Teams, team)) && (department == 0 || a.Department == department || has(a.Above, department)) &&
			(len(named) == 0 || has(named, a.ID))
	}
	helps := false
	for _, o := range rule.Overflow {
		helps = helps || after(o.After) && has(a.Teams, o.Team)
	}
	gone, levels := map[string]bool{}, 0
	for _, x := range rule.Relax {
		if after(x.After) {
			gone[x.Drop] = true
			if x.Drop == DropLevel {
				levels++
			}
		}
	}
	ok := a.May && !a.Profile.Stopped && (meant(a) || helps) && !has(m.Barred, a.ID) &&
		!has(a.Profile.Conflicts, m.Ticket.Requester) && !has(a.Profile.Conflicts, m.Ticket.Company)
	if c := m.Ticket.Channel; c != "" && len(a.Profile.Channels) > 0 {
		ok = ok && slices.Contains(a.Profile.Channels, c)
	}
	for _, n := range rule.Needs {
		level := 0
		for _, s := range a.Skills {
			if s.Skill == n.Skill {
				level = s.Level
			}
		}
		ok = ok && (gone[DropSkill] || level >= max(n.Level-levels, 1))
	}
	if *rule.Language && !gone[DropLanguage] && m.Ticket.Language != "" {
		ok = ok && slices.ContainsFunc(a.Profile.Languages, func(l string) bool { return strings.HasPrefix(l, m.Ticket.Language) })
	}
	if *rule.Region && !gone[DropRegion] && m.Region != "" && len(a.Profile.Regions) > 0 {
		ok = ok && slices.ContainsFunc(a.Profile.Regions, func(l string) bool { return strings.HasPrefix(m.Region, l) })
	}
	for _, x := range all {
		if x.May && meant(x) && has(x.Profile.Companies, m.Ticket.Company) {
			ok = ok && has(a.Profile.Companies, m.Ticket.Company)
		}
	}
	ok = ok && (!*rule.Shift || gone[DropShift] || a.OnShift) && (!*rule.Online || a.Online) && a.Load+weight <= a.Capacity
	if limit, limited := a.Profile.Limits[m.Ticket.Channel]; limited {
		ok = ok && a.Channels[m.Ticket.Channel] < limit
	}
	return ok
}

func TestExactlyThoseWhoMayAreInTheOrder(t *testing.T) {
	some := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		set := Shipped()
		set.Rules = []*Rule{anyRule(r)}
		plan, agents, m := planOf(t, set), anyCrowd(r, 100), anyMatter(r)
		d := plan.Course(m).Decide(m, NewPool(agents), r.Float64)
		var want []id.ID
		for _, a := range agents {
			if mayHave(set.Rules[0], m, a, agents, plan.Weight(m.Ticket.Channel)) {
				want = append(want, a.ID)
			}
		}
		got := slices.Sorted(slices.Values(d.Order))
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v\n%+v\nwaited %v", seed, got, want, *set.Rules[0], m.Waited)
		}
		if len(want) > 1 {
			some++
		}
		for i, c := range d.Candidates {
			if c.Agent != d.Order[i] {
				t.Fatalf("seed %d: candidate %d is not in its place", seed, i)
			}
			for k, v := range c.Factors {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("seed %d: %s is %v", seed, k, v)
				}
			}
			if !(c.Score >= 0 && c.Score <= 1) {
				t.Fatalf("seed %d: score %v", seed, c.Score)
			}
		}
	}
	if some < 100 {
		t.Errorf("only %d of 400 had a choice at all", some)
	}
}

func TestTheSameInputsGiveTheSameDecision(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		rule, agents, m := anyRule(r), anyCrowd(r, 60), anyMatter(r)
		plan := planOf(t, RuleSet{Rules: []*Rule{rule}})
		d := plan.Course(m).Decide(m, NewPool(agents), r.Float64)
		// Stored and read again, in another order, with the number that was drawn.
		var inputs struct {
			Set    RuleSet
			Matter Matter
			Agents []*Agent
			Draw   float64
		}
		inputs.Set, inputs.Matter, inputs.Agents, inputs.Draw = plan.Set, *m, slices.Clone(agents), d.Draw
		r.Shuffle(len(agents), func(i, j int) { inputs.Agents[i], inputs.Agents[j] = inputs.Agents[j], inputs.Agents[i] })
		b, err := json.Marshal(inputs)
		if err != nil {
			t.Fatal(err)
		}
		inputs.Set, inputs.Matter, inputs.Agents, inputs.Draw = RuleSet{}, Matter{}, nil, 0
		if err := json.Unmarshal(b, &inputs); err != nil {
			t.Fatal(err)
		}
		again := planOf(t, inputs.Set)
		x := again.Course(&inputs.Matter).Decide(&inputs.Matter, NewPool(inputs.Agents), func() float64 { return inputs.Draw })
		one, _ := json.Marshal(d)
		two, _ := json.Marshal(x)
		if string(one) != string(two) || !slices.Equal(d.Order, x.Order) {
			t.Fatalf("seed %d:\n%s\n%s", seed, one, two)
		}
	}
}

func TestWhateverWentInChangesTheHash(t *testing.T) {
	agents := crowd(30, 1)
	for _, a := range agents {
		a.May, a.Online, a.Load = true, true, 100
	}
	plan := planOf(t, everything())
	seen := map[string]string{}
	decide := func(name string, change func(m *Matter, a *Agent)) {
		m, list := fullMatter(1), slices.Clone(agents)
		a := *agents[4]
		list[4] = &a
		change(m, &a)
		h := plan.Course(m).Decide(m, NewPool(list), nil).Hash
		if other, ok := seen[h]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[h] = name
	}
	decide("nothing", func(*Matter, *Agent) {})
	decide("load", func(_ *Matter, a *Agent) { a.Load++ })
	decide("capacity", func(_ *Matter, a *Agent) { a.Capacity++ })
	decide("today", func(_ *Matter, a *Agent) { a.Today++ })
	decide("week", func(_ *Matter, a *Agent) { a.Week++ })
	decide("due soon", func(_ *Matter, a *Agent) { a.DueSoon++ })
	decide("last given", func(_ *Matter, a *Agent) { a.LastGiven++ })
	decide("shift end", func(_ *Matter, a *Agent) { a.ShiftEnd++ })
	decide("seniority", func(_ *Matter, a *Agent) { a.Profile.Seniority = 6 })
	decide("language", func(_ *Matter, a *Agent) { a.Profile.Languages = []string{"zh", "fr"} })
	decide("cost", func(_ *Matter, a *Agent) { a.Profile.Cost++ })
	decide("place", func(_ *Matter, a *Agent) { a.Profile.Place = nil })
	decide("offline", func(_ *Matter, a *Agent) { a.Online = false })
	decide("records", func(_ *Matter, a *Agent) { a.Records = nil })
	decide("risk", func(m *Matter, _ *Agent) { m.Ticket.Risk = 1 })
	decide("priority", func(m *Matter, _ *Agent) { m.Ticket.Priority = 4 })
	decide("tier", func(m *Matter, _ *Agent) { m.Tier = "" })
	decide("waited", func(m *Matter, _ *Agent) { m.Waited = time.Second })
	decide("due", func(m *Matter, _ *Agent) { m.DueAt++ })
	decide("former", func(m *Matter, _ *Agent) { m.Former++ })
	decide("barred", func(m *Matter, _ *Agent) { m.Barred = []id.ID{999} })
	decide("confidence", func(m *Matter, _ *Agent) { m.Confidence = .5 })
}

func TestMoreRoomNeverHurts(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 4))
		rule, agents, m := anyRule(r), anyCrowd(r, 60), anyMatter(r)
		plan := planOf(t, RuleSet{Rules: []*Rule{rule}, NearTie: 1e-12})
		before := plan.Course(m).Decide(m, NewPool(agents), nil).Order
		for _, i := range r.Perm(60)[:5] {
			list := slices.Clone(agents)
			x := *agents[i]
			x.Capacity += 300
			list[i] = &x
			after := plan.Course(m).Decide(m, NewPool(list), nil).Order
			a, b := slices.Index(before, x.ID), slices.Index(after, x.ID)
			if a >= 0 && (b < 0 || b > a) {
				t.Fatalf("seed %d: with more room %v falls from place %d to %d", seed, x.ID, a, b)
			}
		}
	}
}

func TestWaitingOnlyWidens(t *testing.T) {
	widened := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		rule, agents, m := anyRule(r), anyCrowd(r, 60), anyMatter(r)
		plan, pool := planOf(t, RuleSet{Rules: []*Rule{rule}}), NewPool(agents)
		m.Waited = 0
		last := plan.Course(m).Decide(m, pool, nil).Order
		for {
			next, ok := plan.Course(m).NextStep(m.Waited)
			if !ok {
				break
			}
			if next <= m.Waited {
				t.Fatal("a step that is past:", next, m.Waited)
			}
			m.Waited = next
			now := plan.Course(m).Decide(m, pool, nil).Order
			for _, a := range last {
				if !slices.Contains(now, a) {
					t.Fatalf("seed %d: after %v %v may no longer have it", seed, next, a)
				}
			}
			if len(now) > len(last) {
				widened++
			}
			last = now
		}
	}
	if widened == 0 {
		t.Error("nothing was ever given up")
	}
}

func TestAChangedPoolIsAsOneMadeAnew(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 6))
		agents := anyCrowd(r, 50)
		pool := NewPool(agents)
		for range 20 {
			i := r.IntN(len(agents))
			x := *agents[i]
			switch r.IntN(6) {
			case 0:
				x.Load += 100
			case 1:
				x.May = !x.May
			case 2:
				x.Teams = []id.ID{id.ID(1 + r.IntN(6))}
			case 3:
				x.Records = map[id.ID]Record{70: {Solved: 5, Minutes: 10, Rated: 2, Rating: 1}}
			case 4:
				x.Profile.Companies = []id.ID{77}
			case 5:
				x.ID = id.ID(1000 + r.IntN(1000))
				agents = append(agents, nil)
				i = len(agents) - 1
			}
			agents[i] = &x
			pool = pool.With(&x)
			if got := pool.Agent(x.ID); got != &x {
				t.Fatal("the pool has somebody else")
			}
			plan, m := planOf(t, RuleSet{Rules: []*Rule{anyRule(r)}}), anyMatter(r)
			one, two := plan.Course(m).Decide(m, pool, nil), plan.Course(m).Decide(m, NewPool(agents), nil)
			if three := plan.Course(m).Decide(m, pool.Renew(agents), nil); three.Hash != two.Hash {
				t.Fatalf("seed %d: renewed, the pool decides otherwise", seed)
			}
			if one.Hash != two.Hash || fmt.Sprint(one.Order, one.Excluded) != fmt.Sprint(two.Order, two.Excluded) {
				t.Fatalf("seed %d:\n%v %v\n%v %v", seed, one.Order, one.Excluded, two.Order, two.Excluded)
			}
		}
	}
}

// Ten people who differ in nothing get as much as one another, whatever the
// strategy: a day of tickets is given away one by one.
func TestStrategiesAreFairToEquals(t *testing.T) {
	for _, s := range Strategies {
		r := rand.New(rand.NewPCG(7, 7))
		plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "All", Strategy: s}}, Capacity: 1_000_000})
		var agents []*Agent
		for i := range 10 {
			a := somebody(int64(i + 1))
			a.Capacity = 0
			agents = append(agents, a)
		}
		pool, held := NewPool(agents), []*Agent{}
		at := noon
		for n := range 500 {
			at = at.Add(time.Minute)
			m := matterOf(int64(n + 1))
			m.At = at
			d := plan.Course(m).Decide(m, pool, r.Float64)
			x := *pool.Agent(d.Order[0])
			x.Load, x.Open, x.Today, x.Week, x.LastGiven = x.Load+100, x.Open+1, x.Today+1, x.Week+1, at
			pool = pool.With(&x)
			held = append(held, &x)
			if len(held) > 30 { // the oldest is solved
				y := *pool.Agent(held[0].ID)
				y.Load, y.Open = y.Load-100, y.Open-1
				pool, held = pool.With(&y), held[1:]
			}
		}
		low, high := math.MaxInt, 0
		for _, a := range agents {
			low, high = min(low, pool.Agent(a.ID).Today), max(high, pool.Agent(a.ID).Today)
		}
		t.Logf("%s: %d to %d", s, low, high)
		if high-low > 20 || s == RoundRobin && high > low {
			t.Errorf("%s: the least has %d, the most %d", s, low, high)
		}
	}
}
