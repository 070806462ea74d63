package routing

import (
	"math"
	"strconv"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
)

// A factor is one thing that can speak for a person: from 0 to 1, where a half
// is "says nothing". Each sets something of the ticket against something of the
// person, so that it can tell people apart.
type factor struct {
	key string
	of  func(s *scene, p *person) float64
}

// The factors by index. Their order is that of the table below.
const (
	fLoad = iota
	fToday
	fSpare
	fIdle
	fSkill
	fTime
	fRating
	fReopen
	fLastAgent
	fFormer
	fTier
	fValue
	fLanguage
	fRegion
	fDistance
	fCost
	fSlack
	fPriority
	fSentiment
	fRisk
	fShiftEnd
	fFairness
	fTraining
	fAge
	fChannel
	fProduct
	fConfidence
	fExpression
	factorCount
)

// factors is the one table of them, which the API shows too. Their sentences
// are in the catalogues of the screens, by key.
var factors [factorCount]factor

// It is filled here because the last of them reads the table itself.
func init() {
	factors = [factorCount]factor{
		fLoad:       {"load", func(_ *scene, p *person) float64 { return 1 - p.load }},
		fToday:      {"today", func(s *scene, p *person) float64 { return debt(float64(p.Today), s.today) }},
		fSpare:      {"spare", func(s *scene, p *person) float64 { return p.fits / (p.fits + 4) }},
		fIdle:       {"idle", func(_ *scene, p *person) float64 { return p.idle }},
		fSkill:      {"skill", skill},
		fTime:       {"success_time", func(_ *scene, p *person) float64 { return float64(p.past.time) }},
		fRating:     {"success_rating", func(_ *scene, p *person) float64 { return float64(p.past.rating) }},
		fReopen:     {"success_reopen", func(_ *scene, p *person) float64 { return float64(p.past.reopen) }},
		fLastAgent:  {"last_agent", func(s *scene, p *person) float64 { return one(p.ID == s.m.LastAgent) }},
		fFormer:     {"former", func(s *scene, p *person) float64 { return one(p.ID == s.m.Former) }},
		fTier:       {"tier", func(s *scene, p *person) float64 { return 1 - math.Abs(s.tier-p.senior) }},
		fValue:      {"value", func(s *scene, p *person) float64 { return blend(s.value, (p.senior+float64(p.general.rating))/2) }},
		fLanguage:   {"language", language},
		fRegion:     {"region", region},
		fDistance:   {"distance", distance},
		fCost:       {"cost", cost},
		fSlack:      {"slack", func(s *scene, p *person) float64 { return 1 - s.tight*p.pressure }},
		fPriority:   {"priority", func(s *scene, p *person) float64 { return blend(s.urgency, (p.idle+float64(p.past.time))/2) }},
		fSentiment:  {"sentiment", func(s *scene, p *person) float64 { return blend(s.anger, (p.senior+float64(p.past.rating))/2) }},
		fRisk:       {"risk", func(s *scene, p *person) float64 { return blend(s.risk, p.senior) }},
		fShiftEnd:   {"shift_end", shiftEnd},
		fFairness:   {"fairness", func(s *scene, p *person) float64 { return debt(float64(p.Week), s.week) }},
		fTraining:   {"training", training},
		fAge:        {"age", func(s *scene, p *person) float64 { return blend(s.age, 1-p.pressure) }},
		fChannel:    {"channel", channel},
		fProduct:    {"product", func(_ *scene, p *person) float64 { return float64(p.past.product) }},
		fConfidence: {"confidence", func(s *scene, p *person) float64 { return blend(1-s.confidence, p.senior) }},
		fExpression: {"expression", expression},
	}
}

// FactorValues are factors by key.
type FactorValues map[string]float64

// MarshalJSON writes them in the order of the table: a decision is stored with
// every ticket, and sorting ten maps of them was a tenth of what that costs.
func (v FactorValues) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 24*len(v)+2), '{')
	for i := range factors {
		x, ok := v[factors[i].key]
		if !ok {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), factors[i].key...), '"', ':')
		b = strconv.AppendFloat(b, x, 'g', -1, 64)
	}
	return append(b, '}'), nil
}

// Factors lists the keys in the order in which they are shown.
func Factors() []string {
	keys := make([]string, factorCount)
	for i := range factors {
		keys[i] = factors[i].key
	}
	return keys
}

func factorIndex(key string) int {
	for i := range factors {
		if factors[i].key == key {
			return i
		}
	}
	return -1
}

// scene is the ticket's side of all factors, worked out once.
type scene struct {
	c       *Course
	m       *Matter
	t       *ticket.Ticket
	pool    *Pool
	d       *demands
	past    *experience // with the ticket's category
	general *experience // with all

	row   expr.Row // for Prefer: the ticket and looks
	looks *person

	language   string
	place      [3]float64
	tier       float64 // 0 nobody special … 1 VIP
	value      float64
	urgency    float64 // of the priority
	tight      float64 // how little time is left until due: 1 none
	anger      float64
	risk       float64
	age        float64 // of the wait: a half after half an hour
	confidence float64
	ease       float64 // fit for somebody who learns
	minutes    float64 // that such a ticket takes from now on
	// means of those who can have it
	today, week, cost float64
}

// person is somebody who can have the ticket, with what several factors need.
type person struct {
	*member
	i        int32
	load     float64 // share of capacity in use
	fits     float64 // tickets of this channel that still fit
	idle     float64 // since the last one was given: a half after fifteen minutes
	pressure float64 // of what they have at hand: 0 none … 1
	past     *experienceOf
	general  *experienceOf
}

func newScene(c *Course, m *Matter, pool *Pool, d *demands) *scene {
	t := m.Ticket
	s := &scene{c: c, m: m, t: t, pool: pool, d: d, language: primary(t.Language), confidence: clamp(m.Confidence),
		value: clamp(m.Value), risk: clamp(float64(t.Risk) / ticket.MaxRisk), minutes: 60}
	s.past, s.general = pool.experience(t.Category, m.Nearby), pool.experience(0, nil)
	if m.Place != nil {
		s.place = unit(m.Place)
	}
	switch m.Tier {
	case "", "normal":
	case "important":
		s.tier = 0.6
	case "vip":
		s.tier = 1
	default: // one of the tenant's own is something between
		s.tier = 0.5
	}
	s.urgency = clamp(float64(t.Priority-ticket.Low) / float64(ticket.Urgent-ticket.Low))
	if m.DueAt != 0 {
		s.tight = 1 / (1 + max(m.DueAt.Sub(m.At).Hours(), 0))
	}
	if t.Sentiment != nil {
		s.anger = clamp(float64(-*t.Sentiment) / 2)
	}
	s.age = half(m.Waited, 30*time.Minute)
	s.ease = (1 - s.risk) * (1 - s.anger) * (1 - s.urgency) * (1 - s.tier)
	return s
}

// person looks at somebody as far as the factors do.
func (s *scene) person(p *person, i int32) {
	a := s.pool.people[i]
	*p = person{member: a, i: i, past: &s.past.rows[i], general: &s.general.rows[i]}
	capacity := s.c.Plan.Capacity(a.Capacity)
	p.load = clamp(float64(a.Load) / float64(capacity))
	p.fits = float64(max(capacity-a.Load, 0)) / float64(max(s.d.weight, 1))
	p.idle = idle(a.LastGiven, s.m.At)
	p.pressure = 0.6*float64(a.DueSoon)/float64(a.DueSoon+2) + 0.4*float64(a.Open)/float64(a.Open+5)
}

func idle(last, now clock.Time) float64 {
	if last == 0 {
		return 1
	}
	return half(now.Sub(last), 15*time.Minute)
}

// half grows with a time: a half at the given one, towards 1.
func half(d, at time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(d) / float64(d+at)
}

// blend lets a quality of the person count as far as the ticket asks for it.
func blend(asked, quality float64) float64 { return asked*quality + (1-asked)/2 }

// debt is a half for who got as much as the others on average, more for who got
// less.
func debt(got, mean float64) float64 { return (mean + 1) / (mean + 1 + got + 1) }

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// skill is how well what is asked for is mastered: a half at the level asked,
// 1 at the highest. It looks at what the rule asks, given up or not.
func skill(s *scene, p *person) float64 {
	needs := s.c.Rule.Needs
	if len(needs) == 0 {
		return 0.5
	}
	sum := 0.0
	for i := range needs {
		need, has := float64(needs[i].Level), float64(p.level(needs[i].Skill))
		switch {
		case has < need:
			sum += 0.5 * has / need
		case need < 5:
			sum += 0.5 + 0.5*(has-need)/(5-need)
		default:
			sum++
		}
	}
	return sum / float64(len(needs))
}

// language prefers the mother tongue, which a profile names first.
func language(s *scene, p *person) float64 {
	if s.language == "" || len(p.languages) == 0 {
		return 0.5
	}
	for i, l := range p.languages {
		if l == s.language {
			return max(1-0.15*float64(i), 0.5)
		}
	}
	return 0
}

func region(s *scene, p *person) float64 {
	if s.m.Region == "" || len(p.Profile.Regions) == 0 {
		return 0.5
	}
	if x := serves(p.Profile.Regions, s.m.Region); x > 0 {
		return 0.5 + x/2
	}
	return 0
}

// distance is a half at twenty kilometres.
func distance(s *scene, p *person) float64 {
	if s.m.Place == nil {
		return 0.5
	}
	if !p.placed {
		return 0
	}
	return 20 / (20 + kilometres(s.place, p.unit))
}

func cost(s *scene, p *person) float64 {
	if p.Profile.Cost == 0 || s.cost == 0 {
		return 0.5
	}
	return s.cost / (s.cost + float64(p.Profile.Cost))
}

// shiftEnd is how much of the time that such a ticket takes their shift still
// has.
func shiftEnd(s *scene, p *person) float64 {
	if p.ShiftEnd == 0 {
		return 1
	}
	return clamp(p.ShiftEnd.Sub(s.m.At).Minutes() / s.minutes)
}

// training speaks for who is to learn what an easy ticket asks for.
func training(s *scene, p *person) float64 {
	needs := s.c.Rule.Needs
	for i := range needs {
		for _, l := range p.Profile.Learning {
			if l == needs[i].Skill {
				return s.ease
			}
		}
	}
	return 0
}

// channel prefers who takes tickets from few channels, this one among them.
func channel(s *scene, p *person) float64 {
	n := len(p.Profile.Channels)
	if n == 0 || s.t.Channel == "" {
		return 0.5
	}
	return 0.5 + 0.5/float64(n)
}

func expression(s *scene, p *person) float64 {
	if s.c.prefer == nil {
		return 0
	}
	s.looks = p
	yes, err := s.c.prefer.Eval(s.row, nil)
	return one(err == nil && yes)
}
