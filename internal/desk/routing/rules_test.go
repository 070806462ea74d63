package routing

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func TestTheFirstRuleThatFitsCountsAtEachLevel(t *testing.T) {
	plan := planOf(t, RuleSet{Rules: []*Rule{
		{Name: "Off", Off: true, Team: 99},
		{Name: "Complaints", When: `type == "complaint"`, Team: 3, Strategy: BestSkill, Mode: Offer, OfferFor: 45, Response: Abnormal, Within: 20,
			Needs: []Need{{20, 2}}, Weights: map[string]float64{"load": 9}, Rules: []*Rule{
				{Name: "VIP", When: `tier == "vip"`, Response: Serious, Supervisor: []id.ID{8}},
				{Name: "English", When: `language == "en"`, Team: 4, Strategy: LeastLoad, Needs: []Need{{21, 3}}},
				{Name: "Also VIP", When: `tier == "vip"`, Team: 5},
			}},
		{Name: "Rest", When: `type != "praise"`, Online: new(false)},
	}})
	for _, c := range []struct {
		kind, tier, language, path string
		team                       id.ID
		mode                       Mode
		strategy                   Strategy
		response                   Response
		within                     time.Duration
		need                       id.ID
	}{
		{"enquiry", "", "zh", "Rest", 0, Direct, Balanced, Standard, 0, 0},
		{"complaint", "", "zh", "Complaints", 3, Offer, BestSkill, Abnormal, 20 * time.Minute, 20},
		{"complaint", "vip", "en", "Complaints/VIP", 3, Offer, BestSkill, Serious, DefaultSerious, 20},
		{"complaint", "", "en", "Complaints/English", 4, Offer, LeastLoad, Abnormal, 20 * time.Minute, 21},
		{"praise", "", "zh", "", 0, "", "", "", 0, 0},
	} {
		m := matterOf(1)
		m.Ticket.Type, m.Tier, m.Ticket.Language = c.kind, c.tier, c.language
		x := plan.Course(m)
		if x == nil {
			if c.path != "" {
				t.Errorf("%v: no rule", c)
			}
			continue
		}
		var need id.ID
		if len(x.Rule.Needs) > 0 {
			need = x.Rule.Needs[0].Skill
		}
		if strings.Join(x.Path, "/") != c.path || x.Team != c.team || x.Mode != c.mode || x.Strategy != c.strategy || x.Response != c.response || x.Within != c.within || need != c.need {
			t.Errorf("%v: got %v team %v %v %v %v %v need %v", c, x.Path, x.Team, x.Mode, x.Strategy, x.Response, x.Within, need)
		}
		if x.Mode == Offer && x.OfferFor != 45*time.Second {
			t.Error(x.OfferFor)
		}
		own := weigh(&Rule{Strategy: LeastLoad}, false)
		if c.path == "Complaints/English" && x.weights != own {
			t.Error("another strategy is weighed by what its parent said of its own")
		}
	}
}

func TestRulesOfFirstDay(t *testing.T) {
	plan := planOf(t, Shipped())
	for _, c := range []struct {
		change func(m *Matter)
		want   Response
	}{
		{func(m *Matter) {}, Standard},
		{func(m *Matter) { m.Ticket.Priority = 3 }, Standard},
		{func(m *Matter) { m.Ticket.Priority = 4 }, Abnormal},
		{func(m *Matter) { m.Ticket.Sentiment = new(-2) }, Abnormal},
		{func(m *Matter) { m.Ticket.Sentiment = new(-1) }, Standard},
		{func(m *Matter) { m.Ticket.ReopenCount = 1 }, Abnormal},
		{func(m *Matter) { m.Ticket.Type = "complaint" }, Standard},
		{func(m *Matter) { m.Ticket.Type, m.Ticket.Priority = "complaint", 4 }, Serious},
		{func(m *Matter) { m.Ticket.Type, m.Tier = "complaint", "vip" }, Serious},
		{func(m *Matter) { m.Tier = "vip" }, Standard},
		{func(m *Matter) { m.Ticket.Risk = 2 }, Abnormal},
		{func(m *Matter) { m.Ticket.Risk = 3 }, Serious},
	} {
		m := matterOf(1)
		c.change(m)
		if x := plan.Course(m); x == nil || x.Response != c.want || x.Mode != Direct {
			t.Errorf("want %s, got %+v", c.want, x)
		}
	}
}

func TestEveryFaultIsNamedWithItsPlace(t *testing.T) {
	var s RuleSet
	text := `{"name":"","near_tie":0.9,"channels":{"chat":-1},"capacity":-4,"rules":[null,{"name":"a","id":"x","strategy":"magic","mode":"shout","response":"x","weights":{"luck":1,"load":-1}},
		{"name":" ","rules":[{"name":"b"},{"name":"c","id":"x","when":"status ==","prefer":"agent.nobody == 1","needs":[{"skill_id":"5","level":6},{"skill_id":"5","level":1}],
		"relax":[{"after_seconds":0,"drop":"all"}],"overflow":[{"after_seconds":5}],"offer_seconds":3,"within_minutes":-1},{"name":"d","when":"agent.open > 3"}]},
		{"name":"e","strategy":"round_robin","weights":{"load":1}}]}`
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	before, _ := json.Marshal(s)
	schema, _ := NewSchema(nil)
	_, err := Compile(s, schema)
	var list fault.List
	if !errors.As(err, &list) {
		t.Fatalf("%T %v", err, err)
	}
	var got []string
	for _, f := range list {
		got = append(got, f.Field+" "+f.Code)
	}
	want := []string{
		"name range", "channels range", "capacity range", "near_tie range", "rules[0] required", "rules[1].mode choice", "rules[1].strategy choice", "rules[1].response choice",
		"rules[1].weights.load range", "rules[1].weights.luck unknown", "rules[2].name range",
		"rules[2].rules[1].id unique", "rules[2].rules[1].when condition", "rules[2].rules[1].prefer condition", "rules[2].rules[1].offer_seconds range",
		"rules[2].rules[1].within_minutes range", "rules[2].rules[1].needs[0].level range", "rules[2].rules[1].needs[1].skill_id unique",
		"rules[2].rules[1].relax[0].after_seconds range", "rules[2].rules[1].relax[0].drop choice", "rules[2].rules[1].overflow[0].team_id required",
		"rules[2].rules[2].when agent", "rules[3].weights unused",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if after, _ := json.Marshal(s); string(after) != string(before) {
		t.Error("checking has changed the set")
	}
}

func TestLimitsOfTheTree(t *testing.T) {
	schema, _ := NewSchema(nil)
	deep := &Rule{Name: "leaf"}
	for range 10_000 {
		deep = &Rule{Name: "x", Rules: []*Rule{deep}}
	}
	if _, err := Compile(RuleSet{Name: "x", Rules: []*Rule{deep}}, schema); err == nil || !strings.Contains(err.Error(), "levels") {
		t.Error(err)
	}
	many := RuleSet{Name: "x"}
	for range 300 {
		many.Rules = append(many.Rules, &Rule{Name: "x"})
	}
	if _, err := Compile(many, schema); err == nil || !strings.Contains(err.Error(), "at most 200 rules") {
		t.Error(err)
	}
}

func TestRulesKeepTheirIdsAndNewOnesGetFreeOnes(t *testing.T) {
	plan := planOf(t, RuleSet{Rules: []*Rule{{Name: "a"}, {Name: "b", ID: "r1", Rules: []*Rule{{Name: "c"}}}, {Name: "d", ID: "r3"}}})
	var ids []string
	walk(plan.Set.Rules, func(r *Rule) { ids = append(ids, r.ID) })
	if !slices.Equal(ids, []string{"r2", "r1", "r4", "r3"}) {
		t.Error(ids)
	}
}

func TestAPersonInAFieldOfTheTicketIsAnId(t *testing.T) {
	schema, err := expr.NewSchema("when", []expr.Field{{Name: "fields.account_manager", Type: expr.ID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Compile(RuleSet{Name: "x", Rules: []*Rule{{Name: "theirs", When: `fields.account_manager == "42"`}}}, schema)
	if err != nil {
		t.Fatal(err)
	}
	m := matterOf(1)
	m.Ticket.Fields = map[string]any{"account_manager": "42"}
	if plan.Course(m) == nil {
		t.Error("the condition on a person does not fit")
	}
	m.Row = expr.MapRow(map[string]any{"fields.account_manager": "43"})
	if plan.Course(m) != nil {
		t.Error("the given row does not count")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []RuleSet{Shipped(), everything()} {
		b, _ := json.Marshal(s)
		f.Add(string(b))
	}
	f.Add(`{"name":"x","rules":[{"name":"a","when":"fields.x == 1"},null]}`)
	schema, err := NewSchema(nil)
	if err != nil {
		f.Fatal(err)
	}
	pool := NewPool(crowd(30, 3))
	f.Fuzz(func(t *testing.T, text string) {
		var s RuleSet
		if json.Unmarshal([]byte(text), &s) != nil {
			return
		}
		plan, err := Compile(s, schema)
		if err != nil {
			return
		}
		// What was accepted can be used, and is the same when it is stored.
		m := fullMatter(1)
		var d Decision
		if c := plan.Course(m); c != nil {
			d = c.Decide(m, pool, nil)
		}
		b, err := json.Marshal(plan.Set)
		if err != nil {
			t.Fatal(err)
		}
		var again RuleSet
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		other, err := Compile(again, schema)
		if err != nil {
			t.Fatalf("accepted once, refused when stored: %v", err)
		}
		if c := other.Course(m); (c == nil) != (d.Path == nil) || c != nil && c.Decide(m, pool, nil).Hash != d.Hash {
			t.Error("stored, it decides otherwise")
		}
	})
}
