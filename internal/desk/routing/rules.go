package routing

import (
	"fmt"
	"slices"
	"time"

	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// What holds where a rule set says nothing.
const (
	DefaultWeight   = 100  // of a channel: one ticket
	DefaultCapacity = 1000 // ten tickets of weight 100
	DefaultNearTie  = 0.01
	DefaultOffer    = 60 * time.Second
	DefaultAbnormal = 30 * time.Minute
	DefaultSerious  = 5 * time.Minute
)

// Plan is a rule set made ready to be applied. It does not change and is safe
// for concurrent use.
type Plan struct {
	Set    RuleSet // with an id for every rule
	schema *expr.Schema
	roots  []*branch
}

// branch is a rule with all that it has from above.
type branch struct {
	when  *expr.Program
	rules []*branch
	// what a ticket that ends here gets; Team is filled in for the ticket
	course Course
}

// Course is what a plan has decided for a ticket before it looks at people: the
// rule that counts, with nothing left empty.
type Course struct {
	Plan       *Plan
	Rule       *Rule    // with what it has from the rules above; not to be changed
	Path       []string // names from the root
	Team       id.ID    // whose queue it is; zero: everybody's, or a department's
	Department id.ID    // only its people; zero: any
	Mode       Mode
	Strategy   Strategy
	OfferFor   time.Duration // how long an offer stands
	Response   Response
	Within     time.Duration // to the first act, or until the next supervisor is told; zero for a standard response
	Supervisor []id.ID       // empty: the team's leads, then the department's

	agents  []id.ID // only these; empty: any
	prefer  *expr.Program
	weights weights
	named   FactorValues // the weights that decisions tell
	relax   []Relax      // by After
	spill   []Overflow   // by After
}

// Course finds the rule that counts for a ticket: at each level the first that
// fits. Nil: no rule wants it. A condition that cannot be computed on this
// ticket does not fit, so that the next rule takes it.
func (p *Plan) Course(m *Matter) *Course {
	row := p.row(m)
	level, found := p.roots, (*branch)(nil)
	for {
		next := first(level, row)
		if next == nil {
			break
		}
		found, level = next, next.rules
	}
	if found == nil {
		return nil
	}
	c := found.course // a copy
	c.Plan = p
	t := m.Ticket
	switch {
	case t.Bound(): // a ruling says whose it is
		c.Team, c.Department, c.agents, c.spill = t.Team, 0, nil, nil
		if t.Team == 0 {
			c.Department = t.Department
		}
	case m.Team != 0:
		c.Team, c.Department, c.agents = m.Team, 0, nil
	case c.Team == 0 && c.Department == 0 && len(c.agents) == 0:
		c.Team = t.Team
		if t.Team == 0 {
			c.Department = t.Department
		}
	}
	return &c
}

func first(level []*branch, row expr.Row) *branch {
	for _, b := range level {
		if b.when != nil {
			if ok, err := b.when.Eval(row, nil); err != nil || !ok {
				continue
			}
		}
		return b
	}
	return nil
}

// NextStep is when the next demand is given up or the next team joins, as time
// waited in all: a ticket that came into the queue at q has its next step at q
// plus this. False: nothing is left to give up.
func (c *Course) NextStep(waited time.Duration) (time.Duration, bool) {
	best, found := time.Duration(0), false
	look := func(after int) {
		if d := time.Duration(after) * time.Second; d > waited && (!found || d < best) {
			best, found = d, true
		}
	}
	for _, x := range c.relax {
		look(x.After)
	}
	for _, x := range c.spill {
		look(x.After)
	}
	return best, found
}

// Weight is what a ticket of a channel takes of a person's capacity, in
// hundredths.
func (p *Plan) Weight(channel string) int {
	if w, ok := p.Set.Channels[channel]; ok {
		return w
	}
	if p.Set.Other > 0 {
		return p.Set.Other
	}
	return DefaultWeight
}

// Capacity is what a person can hold at once, in hundredths: what their profile
// says, else the rule set.
func (p *Plan) Capacity(profile int) int {
	switch {
	case profile > 0:
		return profile
	case p.Set.Capacity > 0:
		return p.Set.Capacity
	}
	return DefaultCapacity
}

// nearTie is the distance within which scores are equal.
func (p *Plan) nearTie() float64 {
	if p.Set.NearTie > 0 {
		return p.Set.NearTie
	}
	return DefaultNearTie
}

// inherit fills in what a rule leaves empty from the rule above, which is
// already whole. Weights go with their strategy: a rule that names another
// strategy does not weigh it by what its parent said of its own.
func inherit(r Rule, above *Rule) *Rule {
	out := r
	out.Rules, out.When, out.Off = nil, "", false
	if above == nil {
		above = &Rule{Online: new(true), Shift: new(false), Language: new(false), Region: new(false),
			Strategy: Balanced, Mode: Direct, Response: Standard}
	}
	if out.Strategy == "" {
		out.Strategy = above.Strategy
		if out.Weights == nil {
			out.Weights = above.Weights
		}
	}
	own(&out.Team, above.Team)
	own(&out.Department, above.Department)
	own(&out.Language, above.Language)
	own(&out.Region, above.Region)
	own(&out.Online, above.Online)
	own(&out.Shift, above.Shift)
	own(&out.Prefer, above.Prefer)
	own(&out.Mode, above.Mode)
	own(&out.OfferFor, above.OfferFor)
	if out.Response == "" { // the time of an answer belongs to its kind
		out.Response = above.Response
		own(&out.Within, above.Within)
	}
	list(&out.Agents, above.Agents)
	list(&out.Needs, above.Needs)
	list(&out.Assist, above.Assist)
	own(&out.AssistNow, above.AssistNow)
	list(&out.Relax, above.Relax)
	list(&out.Overflow, above.Overflow)
	list(&out.Supervisor, above.Supervisor)
	return &out
}

func own[T comparable](v *T, above T) {
	var zero T
	if *v == zero {
		*v = above
	}
}

func list[T any](v *[]T, above []T) {
	if len(*v) == 0 {
		*v = above
	}
}

// course is what a whole rule means for a ticket that ends at it.
func course(r *Rule, path []string, prefer *expr.Program) Course {
	c := Course{Rule: r, Path: path, Team: r.Team, Department: r.Department, Mode: r.Mode, Strategy: r.Strategy,
		Response: r.Response, Supervisor: r.Supervisor, agents: r.Agents, prefer: prefer, weights: weigh(r, prefer != nil)}
	c.named = c.weights.named()
	if r.Mode == Offer {
		c.OfferFor = DefaultOffer
		if r.OfferFor > 0 {
			c.OfferFor = time.Duration(r.OfferFor) * time.Second
		}
	}
	switch r.Response {
	case Abnormal:
		c.Within = DefaultAbnormal
	case Serious:
		c.Within = DefaultSerious
	}
	if r.Within > 0 && c.Within > 0 {
		c.Within = time.Duration(r.Within) * time.Minute
	}
	c.relax = slices.SortedStableFunc(slices.Values(r.Relax), func(a, b Relax) int { return a.After - b.After })
	c.spill = slices.SortedStableFunc(slices.Values(r.Overflow), func(a, b Overflow) int { return a.After - b.After })
	return c
}

// Shipped is the rule set of the first day: the ticket's team if it has one,
// else everybody who may answer; balanced, and theirs at once. Grave words, an
// urgent complaint and the complaint of a VIP are serious; what is urgent,
// angry or has come back is abnormal.
func Shipped() RuleSet {
	return RuleSet{
		Version: 1,
		Name:    "Default",
		Channels: map[string]int{
			"chat": 100, "webchat": 100, "email": 30, "form": 30, "portal": 30, "phone": 300, "call": 300,
		},
		Other:    100,
		Capacity: DefaultCapacity,
		Rules: []*Rule{{
			ID: "everybody", Name: "Everybody", Strategy: Balanced, Mode: Direct, Response: Standard,
			Rules: []*Rule{
				{
					ID: "serious", Name: "Serious", Response: Serious, Within: 5,
					When: `risk >= 3 || type == "complaint" && (priority == "urgent" || tier == "vip")`,
				},
				{
					ID: "abnormal", Name: "Abnormal", Response: Abnormal, Within: 30,
					When: `priority == "urgent" || risk >= 2 || sentiment != null && sentiment <= -2 || reopen_count > 0 || repeat_count > 1`,
				},
			},
		}},
	}
}

// nameRules gives every rule without an id the next free one, so that a rule
// is the same in later versions.
func nameRules(rules []*Rule) {
	taken := map[string]bool{}
	walk(rules, func(r *Rule) { taken[r.ID] = true })
	n := 0
	walk(rules, func(r *Rule) {
		for r.ID == "" {
			n++
			if name := fmt.Sprintf("r%d", n); !taken[name] {
				r.ID = name
			}
		}
	})
}

func walk(rules []*Rule, f func(*Rule)) {
	for _, r := range rules {
		if r != nil {
			f(r)
			walk(r.Rules, f)
		}
	}
}
