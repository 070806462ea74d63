package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// RoutingReport says how long it takes to decide who gets a ticket. Times are
// in milliseconds of the clock on the wall, one decision after another.
type RoutingReport struct {
	Agents    int     `json:"agents"`
	Eligible  float64 `json:"eligible"` // on average
	Factors   int     `json:"factors"`
	Decisions int     `json:"decisions"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Most      float64 `json:"max_ms"`
	CPU50     float64 `json:"cpu_p50_ms"` // of computing alone, where the system tells it; else 0
	CPU99     float64 `json:"cpu_p99_ms"`
	Pool      float64 `json:"pool_ms"` // to make the pool of all people
}

// Routing decides for made-up tickets over made-up people, with every factor
// weighed and an expression of one's own; each decision changes the pool as an
// assignment would. Everything is in memory.
func Routing(agents, decisions int) (RoutingReport, error) {
	r := rand.New(rand.NewPCG(1, 2))
	weights := map[string]float64{}
	for _, k := range routing.Factors() {
		weights[k] = 1
	}
	schema, err := routing.NewSchema(nil)
	if err != nil {
		return RoutingReport{}, err
	}
	plan, err := routing.Compile(routing.RuleSet{Name: "bench", Rules: []*routing.Rule{{Name: "all", Weights: weights,
		Needs: []routing.Need{{Skill: 20, Level: 1}}, Prefer: `agent.seniority >= 3 && language in ["zh", "en"] && agent.load < 0.8`}}}, schema)
	if err != nil {
		return RoutingReport{}, err
	}
	now := clock.From(time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC))
	people := crowd(r, agents, now)
	begun := time.Now()
	pool := routing.NewPool(people)
	out := RoutingReport{Agents: agents, Factors: len(routing.Factors()), Decisions: decisions, Pool: millis(time.Since(begun))}
	took, computed := make([]time.Duration, 0, decisions), make([]time.Duration, 0, decisions)
	cpu, leave := onThread()
	defer leave()
	for n := range decisions + decisions/10 {
		m := matter(r, n, now.Add(time.Duration(n)*time.Second))
		used, begun := cpu(), time.Now()
		c := plan.Course(m)
		if c == nil {
			return out, fmt.Errorf("no rule wants a ticket")
		}
		d := c.Decide(m, pool, r.Float64)
		if n >= decisions/10 { // the first ones warm up
			took, computed = append(took, time.Since(begun)), append(computed, cpu()-used)
			out.Eligible += float64(d.Eligible) / float64(decisions)
		}
		a := *pool.Agent(d.Order[0])
		a.Load, a.Open, a.Today, a.Week, a.LastGiven = a.Load+100, a.Open+1, a.Today+1, a.Week+1, m.At
		pool = pool.With(&a)
	}
	slices.Sort(took)
	slices.Sort(computed)
	at := func(list []time.Duration, q float64) float64 {
		return millis(list[min(int(q*float64(len(list))), len(list)-1)])
	}
	out.P50, out.P99, out.Most = at(took, .5), at(took, .99), at(took, 1)
	out.CPU50, out.CPU99 = at(computed, .5), at(computed, .99)
	out.Eligible = math.Round(out.Eligible)
	return out, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// crowd is people who differ in everything, all of whom can have any ticket.
func crowd(r *rand.Rand, n int, now clock.Time) []*routing.Agent {
	out := make([]*routing.Agent, n)
	for i := range out {
		a := &routing.Agent{ID: id.ID(i + 1), Teams: []id.ID{id.ID(1 + r.IntN(20))}, Department: id.ID(30 + r.IntN(10)), May: true, Online: true, OnShift: true,
			State: "online", Capacity: 1_000_000_000, Load: 100 * r.IntN(9), Open: r.IntN(9), DueSoon: r.IntN(3), Today: r.IntN(30), Week: r.IntN(150), Channels: map[string]int{"chat": r.IntN(9)}}
		a.Above = []id.ID{29, a.Department}
		a.LastGiven, a.ShiftEnd = now.Add(-time.Duration(r.IntN(7200))*time.Second), now.Add(time.Duration(r.IntN(8*3600))*time.Second)
		for k := range 1 + r.IntN(6) {
			a.Skills = append(a.Skills, staff.SkillLevel{Skill: id.ID(20 + k), Level: 1 + r.IntN(5)})
		}
		a.Profile = routing.Profile{Languages: []string{"zh-CN", "en"}[:1+r.IntN(2)], Regions: []string{"浙江省", "江苏省"}[:r.IntN(3)], Seniority: r.IntN(6),
			Cost: int64(2000 + r.IntN(8000)), Place: &routing.Place{Lat: 30 + r.Float64(), Lon: 120 + r.Float64()}, Learning: []id.ID{20}}
		a.Records = map[id.ID]routing.Record{}
		for c := range 40 {
			n := r.IntN(60)
			a.Records[id.ID(100+c)] = routing.Record{Solved: n, Minutes: 10 + 200*r.Float64(), Reopened: r.IntN(n/4 + 1), Rated: n / 3, Rating: r.Float64()}
		}
		a.Records[0] = routing.Record{Solved: 1200, Minutes: 10 + 200*r.Float64(), Reopened: r.IntN(100), Rated: 300, Rating: r.Float64()}
		out[i] = a
	}
	return out
}

func matter(r *rand.Rand, n int, at clock.Time) *routing.Matter {
	t := &ticket.Ticket{Tenant: 1, ID: id.ID(n + 1), Status: ticket.New, Priority: ticket.Priority(1 + r.IntN(4)), Type: "repair", Category: id.ID(100 + r.IntN(40)),
		Channel: "chat", Language: []string{"zh", "en"}[r.IntN(2)], Requester: id.ID(5000 + r.IntN(1000)), Risk: r.IntN(4), Sentiment: new(r.IntN(5) - 2), CreatedAt: at}
	m := &routing.Matter{Ticket: t, Tier: []string{"vip", "important", "normal"}[r.IntN(3)], Value: r.Float64(), Region: "浙江省杭州市",
		Place: &routing.Place{Lat: 30.2, Lon: 120.2}, Confidence: r.Float64(), LastAgent: id.ID(1 + r.IntN(1000)), Former: id.ID(1 + r.IntN(1000)),
		DueAt: at.Add(time.Duration(r.IntN(7200)) * time.Second), At: at}
	for k := range 6 {
		m.Nearby = append(m.Nearby, id.ID(100+(int(t.Category)+k+1)%40))
	}
	return m
}
