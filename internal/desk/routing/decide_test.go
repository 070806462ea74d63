package routing

import (
	"math/rand/v2"
	"testing"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

const noon = clock.Time(1_795_000_000_000) // a fixed moment

// somebody is somebody who can have any ticket.
func somebody(n int64) *Agent {
	return &Agent{ID: id.ID(n), Teams: []id.ID{1}, Department: 10, Above: []id.ID{9, 10}, May: true, Online: true, OnShift: true, Capacity: 1000}
}

func ticketOf(n int64) *ticket.Ticket {
	return &ticket.Ticket{Tenant: 1, ID: id.ID(n), Type: "enquiry", Priority: ticket.Normal, Status: ticket.New, Channel: "chat", Language: "zh",
		Category: 70, Requester: 900, Subject: "A ticket", CreatedAt: noon}
}

func matterOf(n int64) *Matter {
	return &Matter{Ticket: ticketOf(n), Confidence: 1, At: noon}
}

func planOf(t testing.TB, s RuleSet) *Plan {
	t.Helper()
	schema, err := NewSchema(nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name == "" {
		s.Name = "Test"
	}
	p, err := Compile(s, schema)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// crowd makes people who differ in everything.
func crowd(n int, seed uint64) []*Agent {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]*Agent, n)
	for i := range out {
		a := somebody(int64(i + 1))
		a.Teams = []id.ID{id.ID(1 + r.IntN(3)), id.ID(4 + r.IntN(3))}
		a.Department = id.ID(10 + r.IntN(4))
		a.Above = []id.ID{9, a.Department}
		for k := range 1 + r.IntN(6) {
			a.Skills = append(a.Skills, staff.SkillLevel{Skill: id.ID(20 + k), Level: 1 + r.IntN(5)})
		}
		a.Profile = Profile{Languages: []string{"zh-CN", "en"}[:1+r.IntN(2)], Regions: []string{"浙江省", "江苏省"}[:r.IntN(3)], Seniority: r.IntN(6),
			Cost: int64(2000 + r.IntN(8000)), Place: &Place{Lat: 30 + r.Float64(), Lon: 120 + r.Float64()}, Learning: []id.ID{20}, Channels: []string{"chat", "email"}[:2*r.IntN(2)]}
		a.Load, a.Open, a.Today, a.Week, a.DueSoon = 100*r.IntN(12), r.IntN(12), r.IntN(30), r.IntN(150), r.IntN(3)
		a.Online, a.OnShift = r.IntN(8) > 0, r.IntN(8) > 0
		a.May = r.IntN(20) > 0
		a.Channels = map[string]int{"chat": a.Open}
		a.LastGiven = noon.Add(-time.Duration(r.IntN(7200)) * time.Second)
		a.ShiftEnd = noon.Add(time.Duration(r.IntN(8*3600)) * time.Second)
		a.State = "online"
		a.Records = map[id.ID]Record{}
		for c := range 20 {
			n := r.IntN(60)
			a.Records[id.ID(65+c)] = Record{Solved: n, Minutes: 10 + 200*r.Float64(), Reopened: r.IntN(n/4 + 1), Rated: n / 3, Rating: r.Float64()}
		}
		a.Records[0] = Record{Solved: 600, Minutes: 10 + 200*r.Float64(), Reopened: r.IntN(100), Rated: 200, Rating: r.Float64()}
		out[i] = a
	}
	return out
}

// everything is a rule set that weighs every factor.
func everything() RuleSet {
	w := map[string]float64{}
	for _, k := range Factors() {
		w[k] = 1
	}
	return RuleSet{Name: "Everything", Rules: []*Rule{{Name: "All", Weights: w, Needs: []Need{{20, 1}}, Language: new(true),
		Prefer: `agent.seniority >= 3 && language in ["zh", "en"] && agent.load < 0.8`}}}
}

func fullMatter(n int64) *Matter {
	m := matterOf(n)
	m.Tier, m.Value, m.Region, m.Place = "vip", 0.7, "浙江省杭州市", &Place{30.2, 120.2}
	m.Ticket.Risk, m.Ticket.Sentiment, m.DueAt = 2, new(-1), noon.Add(40*time.Minute)
	m.Confidence, m.LastAgent, m.Former, m.Nearby = 0.6, 12, 13, []id.ID{66, 67, 68, 69, 71, 72}
	m.Ticket.Company = 77
	return m
}
