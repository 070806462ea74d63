package routing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// The golden table of who may have a ticket: one person, one ticket, one rule.
func TestWhyPeopleAreLeftOut(t *testing.T) {
	skilled := func(a *Agent) { a.Skills = []staff.SkillLevel{{Skill: 20, Level: 3}} }
	for _, c := range []struct {
		name   string
		rule   Rule
		agent  func(a *Agent)
		matter func(m *Matter)
		want   string
	}{
		{"anybody", Rule{}, nil, nil, ""},
		{"disabled", Rule{}, func(a *Agent) { a.May = false }, nil, NotActive},
		{"stopped by hand", Rule{}, func(a *Agent) { a.Profile.Stopped = true }, nil, NotActive},
		{"inactive comes before all else", Rule{Team: 2}, func(a *Agent) { a.May = false }, nil, NotActive},
		{"of the team", Rule{Team: 1}, nil, nil, ""},
		{"of another team", Rule{Team: 2}, nil, nil, NotMember},
		{"of the ticket's team", Rule{}, nil, func(m *Matter) { m.Ticket.Team = 1 }, ""},
		{"not of the ticket's team", Rule{}, nil, func(m *Matter) { m.Ticket.Team = 2 }, NotMember},
		{"the rule's team counts more than the ticket's", Rule{Team: 1}, nil, func(m *Matter) { m.Ticket.Team = 2 }, ""},
		{"a person's word counts more than the rule's team", Rule{Team: 1}, nil, func(m *Matter) { m.Team = 2 }, NotMember},
		{"a person's word counts more than the rule's list", Rule{Agents: []id.ID{7}}, nil, func(m *Matter) { m.Team = 1 }, ""},
		{"of a department above", Rule{Department: 9}, nil, nil, ""},
		{"of another department", Rule{Department: 11}, nil, nil, NotMember},
		{"of the ticket's department", Rule{}, nil, func(m *Matter) { m.Ticket.Department = 11 }, NotMember},
		{"named", Rule{Agents: []id.ID{5, 1}}, nil, nil, ""},
		{"not named", Rule{Agents: []id.ID{5}}, nil, nil, NotMember},
		{"named, and of another team than the rule's", Rule{Agents: []id.ID{1}, Team: 2}, nil, nil, NotMember},
		{"gave it back", Rule{}, nil, func(m *Matter) { m.Barred = []id.ID{1} }, Barred},
		{"related to the customer", Rule{}, func(a *Agent) { a.Profile.Conflicts = []id.ID{900} }, nil, Conflict},
		{"related to the company", Rule{}, func(a *Agent) { a.Profile.Conflicts = []id.ID{77} }, func(m *Matter) { m.Ticket.Company = 77 }, Conflict},
		{"takes the channel", Rule{}, func(a *Agent) { a.Profile.Channels = []string{"chat"} }, nil, ""},
		{"does not take the channel", Rule{}, func(a *Agent) { a.Profile.Channels = []string{"email"} }, nil, NoChannel},
		{"has the skill", Rule{Needs: []Need{{20, 3}}}, skilled, nil, ""},
		{"lacks the skill", Rule{Needs: []Need{{21, 1}}}, skilled, nil, NoSkill},
		{"lacks the level", Rule{Needs: []Need{{20, 4}}}, skilled, nil, NoLevel},
		{"lacks one level and another skill", Rule{Needs: []Need{{20, 4}, {21, 1}}}, skilled, nil, NoSkill},
		{"speaks the language by another tag", Rule{Language: new(true)}, func(a *Agent) { a.Profile.Languages = []string{"en-GB", "zh-CN"} }, nil, ""},
		{"does not speak the language", Rule{Language: new(true)}, func(a *Agent) { a.Profile.Languages = []string{"en"} }, nil, NoLanguage},
		{"the language is not asked for", Rule{}, func(a *Agent) { a.Profile.Languages = []string{"en"} }, nil, ""},
		{"the ticket's language is not known", Rule{Language: new(true)}, func(a *Agent) { a.Profile.Languages = []string{"en"} }, func(m *Matter) { m.Ticket.Language = "" }, ""},
		{"serves the region", Rule{Region: new(true)}, func(a *Agent) { a.Profile.Regions = []string{"江苏省", "浙江省"} }, func(m *Matter) { m.Region = "浙江省杭州市" }, ""},
		{"serves another region", Rule{Region: new(true)}, func(a *Agent) { a.Profile.Regions = []string{"江苏省"} }, func(m *Matter) { m.Region = "浙江省杭州市" }, NoRegion},
		{"serves York, not Yorkshire", Rule{Region: new(true)}, func(a *Agent) { a.Profile.Regions = []string{"York"} }, func(m *Matter) { m.Region = "Yorkshire" }, NoRegion},
		{"serves York and its parts", Rule{Region: new(true)}, func(a *Agent) { a.Profile.Regions = []string{"York"} }, func(m *Matter) { m.Region = "York, Acomb" }, ""},
		{"not on shift", Rule{Shift: new(true)}, func(a *Agent) { a.OnShift = false }, nil, OffShift},
		{"the shift is not asked for", Rule{}, func(a *Agent) { a.OnShift = false }, nil, ""},
		{"offline", Rule{}, func(a *Agent) { a.Online = false }, nil, NotOnline},
		{"offline, and it does not matter", Rule{Online: new(false)}, func(a *Agent) { a.Online = false }, nil, ""},
		{"room for exactly one more", Rule{}, func(a *Agent) { a.Load = 900 }, nil, ""},
		{"no room", Rule{}, func(a *Agent) { a.Load = 901 }, nil, Full},
		{"room for a mail, which weighs less", Rule{}, func(a *Agent) { a.Load = 970 }, func(m *Matter) { m.Ticket.Channel = "email" }, ""},
		{"no room for a call, which weighs more", Rule{}, func(a *Agent) { a.Load = 800 }, func(m *Matter) { m.Ticket.Channel = "call" }, Full},
		{"the limit of the channel is reached", Rule{}, func(a *Agent) { a.Profile.Limits, a.Channels = map[string]int{"chat": 2}, map[string]int{"chat": 2} }, nil, Full},
		{"the limit of another channel is reached", Rule{}, func(a *Agent) { a.Profile.Limits, a.Channels = map[string]int{"email": 2}, map[string]int{"email": 2} }, nil, ""},
		{"without a capacity of their own", Rule{}, func(a *Agent) { a.Capacity, a.Load = 0, 1000 }, nil, Full},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := Shipped()
			r := c.rule
			r.Name = "Rule"
			set.Rules = []*Rule{&r}
			plan := planOf(t, set)
			a, m := somebody(1), matterOf(1)
			if c.agent != nil {
				c.agent(a)
			}
			if c.matter != nil {
				c.matter(m)
			}
			course, pool := plan.Course(m), NewPool([]*Agent{a})
			if got := course.Refuses(m, pool, 1); got != c.want {
				t.Fatalf("reason %q, want %q", got, c.want)
			}
			d := course.Decide(m, pool, nil)
			wantOrder, wantOut := []id.ID{1}, map[string]int{}
			if c.want != "" {
				wantOrder, wantOut = []id.ID{}, map[string]int{c.want: 1}
			}
			if !slices.Equal(d.Order, wantOrder) || fmt.Sprint(d.Excluded) != fmt.Sprint(wantOut) || d.Eligible != len(wantOrder) {
				t.Errorf("order %v, excluded %v, eligible %d", d.Order, d.Excluded, d.Eligible)
			}
		})
	}
}

func TestAContractNamesItsPeople(t *testing.T) {
	plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "Team", Team: 1}}})
	named, other, elsewhere := somebody(1), somebody(2), somebody(3)
	m := matterOf(1)
	m.Ticket.Company = 77
	order := func(agents ...*Agent) []id.ID {
		o := plan.Course(m).Decide(m, NewPool(agents), nil).Order
		slices.Sort(o)
		return o
	}
	if o := order(named, other); !slices.Equal(o, []id.ID{1, 2}) {
		t.Fatal("nobody is named, so all may have it:", o)
	}
	named.Profile.Companies = []id.ID{77}
	if o := order(named, other); !slices.Equal(o, []id.ID{1}) {
		t.Fatal("only who is named may have it:", o)
	}
	named.Online = false
	if o := order(named, other); len(o) != 0 {
		t.Fatal("it waits for who is named:", o)
	}
	// Somebody who could never have it by the rule does not keep it from others.
	elsewhere.Teams, elsewhere.Profile.Companies = []id.ID{5}, []id.ID{77}
	if o := order(elsewhere, other); !slices.Equal(o, []id.ID{2}) {
		t.Fatal("who is named is not of the team:", o)
	}
	named.Online, named.May = true, false
	if o := order(named, other); !slices.Equal(o, []id.ID{2}) {
		t.Fatal("who is named has left:", o)
	}
}

func TestDemandsAreGivenUpAndTeamsJoinInTime(t *testing.T) {
	plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "Rule", Team: 1, Needs: []Need{{20, 4}}, Language: new(true), Shift: new(true),
		Relax:    []Relax{{120, DropLanguage}, {30, DropLevel}, {60, DropLevel}, {90, DropSkill}, {150, DropShift}},
		Overflow: []Overflow{{180, 2}}}}})
	person := func(n int64, change func(a *Agent)) *Agent {
		a := somebody(n)
		a.Skills = []staff.SkillLevel{{Skill: 20, Level: 5}}
		a.Profile.Languages = []string{"zh"}
		change(a)
		return a
	}
	pool := NewPool([]*Agent{
		person(1, func(a *Agent) {}),
		person(2, func(a *Agent) { a.Skills[0].Level = 3 }),
		person(3, func(a *Agent) { a.Skills[0].Level = 2 }),
		person(4, func(a *Agent) { a.Skills = nil }),
		person(5, func(a *Agent) { a.Profile.Languages = []string{"en"} }),
		person(6, func(a *Agent) { a.OnShift = false }),
		person(7, func(a *Agent) { a.Teams = []id.ID{2} }),
		person(8, func(a *Agent) { a.Teams = []id.ID{3} }),
	})
	m := matterOf(1)
	for _, c := range []struct {
		waited int
		who    []id.ID
		next   int
	}{
		{0, []id.ID{1}, 30}, {29, []id.ID{1}, 30}, {30, []id.ID{1, 2}, 60}, {60, []id.ID{1, 2, 3}, 90}, {90, []id.ID{1, 2, 3, 4}, 120},
		{120, []id.ID{1, 2, 3, 4, 5}, 150}, {150, []id.ID{1, 2, 3, 4, 5, 6}, 180}, {180, []id.ID{1, 2, 3, 4, 5, 6, 7}, 0}, {90000, []id.ID{1, 2, 3, 4, 5, 6, 7}, 0},
	} {
		m.Waited = time.Duration(c.waited) * time.Second
		course := plan.Course(m)
		d := course.Decide(m, pool, nil)
		slices.Sort(d.Order)
		next, more := course.NextStep(m.Waited)
		if !slices.Equal(d.Order, c.who) || next != time.Duration(c.next)*time.Second || more != (c.next > 0) {
			t.Errorf("after %d s: %v, next %v %v; want %v, %d s", c.waited, d.Order, next, more, c.who, c.next)
		}
	}
	if d := plan.Course(m).Decide(m, pool, nil); fmt.Sprint(d.Relaxed) != "[level level skill language shift overflow:2]" || d.Excluded[NotMember] != 1 {
		t.Error(d.Relaxed, d.Excluded)
	}
}

func TestEverybodyIsCountedOnce(t *testing.T) {
	for seed := range uint64(20) {
		agents := crowd(200, seed)
		pool := NewPool(agents)
		for _, r := range []Rule{{Name: "all"}, {Name: "team", Team: 2}, {Name: "unit", Department: 11}, {Name: "both", Team: 2, Department: 11},
			{Name: "spill", Team: 2, Overflow: []Overflow{{1, 5}, {1, 1}}}, {Name: "named", Agents: []id.ID{9, 3, 3, 77, 1000}}} {
			m := fullMatter(1)
			m.Waited = time.Minute
			d := planOf(t, RuleSet{Rules: []*Rule{&r}}).Course(m).Decide(m, pool, nil)
			n := d.Eligible
			for _, x := range d.Excluded {
				n += x
			}
			if n != 200 || d.Eligible != len(d.Order) {
				t.Errorf("%s: %d of 200 are accounted for", r.Name, n)
			}
		}
	}
}
