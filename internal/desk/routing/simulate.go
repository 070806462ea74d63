package routing

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// History is what a simulation replays: people, when work came to them, and the
// tickets of a period.
type History struct {
	From, To clock.Time
	Zone     *time.Location // of days
	Agents   []*Agent       // what they carry is counted anew from nothing
	// Work is when work came to each of them. When nobody's is known, everybody
	// is at work all the time.
	Work     map[id.ID][]Stretch
	Arrivals []Arrival // in order of time
}

// Stretch is a time from a moment to before another.
type Stretch struct{ From, To clock.Time }

// Arrival is a ticket as it came in. Handling is the time for which it takes
// room, of the time in which its agent is at work. Promise is the time to the
// first act; zero: none.
type Arrival struct {
	Matter   *Matter
	Handling time.Duration
	Promise  time.Duration
}

// Comparison is what two rule sets make of the same tickets.
type Comparison struct {
	From    clock.Time `json:"from"`
	To      clock.Time `json:"to"`
	Tickets int        `json:"tickets"`
	Current Measures   `json:"current"`
	Changed Measures   `json:"changed"`
	// Other is the share of the tickets that go to another person.
	Other float64 `json:"other_agent" doc:"share"`
}

// Measures are the figures of one rule set. Shares are from 0 to 1.
type Measures struct {
	Version   int64   `json:"version"`
	Given     int     `json:"tickets" doc:"that somebody got"`
	Waiting   int     `json:"unserved" doc:"that still wait at the end"`
	Unwanted  int     `json:"unwanted" doc:"no rule wants them"`
	AtOnce    float64 `json:"at_once" doc:"share that did not wait"`
	WaitMean  float64 `json:"wait_mean_seconds"`
	WaitP50   float64 `json:"wait_p50_seconds"`
	WaitP90   float64 `json:"wait_p90_seconds"`
	InTime    float64 `json:"sla" doc:"share of those with a promise that were given away within the time to the first act"`
	Spread    float64 `json:"spread" doc:"coefficient of variation of tickets an hour at work"`
	Gini      float64 `json:"gini" doc:"of the same: 0 all alike"`
	Skill     float64 `json:"skill" doc:"of those that ask for skills: a half at the level asked, 1 at the highest"`
	Skilled   int     `json:"skilled" doc:"tickets that ask for skills"`
	Practised float64 `json:"practised" doc:"how used their people are to such tickets"`
	Longest   int     `json:"longest_queue"`

	Queue  []QueuePoint    `json:"queue" doc:"hour by hour"`
	Teams  []TeamMeasures  `json:"teams"`
	Agents []AgentMeasures `json:"agents"`
}

// QueuePoint is how many wait at a moment.
type QueuePoint struct {
	At      clock.Time `json:"at"`
	Waiting int        `json:"waiting"`
}

// TeamMeasures are the figures of one queue; without an id that of the tickets
// without a team.
type TeamMeasures struct {
	Team    id.ID   `json:"id"`
	Given   int     `json:"tickets"`
	WaitP50 float64 `json:"wait_p50_seconds"`
	WaitP90 float64 `json:"wait_p90_seconds"`
	InTime  float64 `json:"sla"`
	Longest int     `json:"longest_queue"`
}

// AgentMeasures are the figures of one person.
type AgentMeasures struct {
	Agent   id.ID   `json:"id"`
	Given   int     `json:"given"`
	Minutes int     `json:"work_minutes"`
	Busy    float64 `json:"busy" doc:"share of their capacity in use while at work"`
}

// Simulate replays a history against two rule sets. Tickets are given away as
// on the day: at once to the best of those with room, else from the queue in
// its order, the moment somebody has room, comes to work or a demand is given
// up. What is offered is taken at once, and what is to be claimed or handed out
// goes to whom the rule would have had it. It does no I/O; progress (may be
// nil) is told how many of all steps are done, and ends it by an error.
func Simulate(ctx context.Context, h *History, current, changed *Plan, progress func(done, total int) error) (*Comparison, error) {
	out := &Comparison{From: h.From, To: h.To, Tickets: len(h.Arrivals)}
	var who [2][]id.ID
	for i, plan := range []*Plan{current, changed} {
		x := newSimulation(h, plan)
		x.tell = func(n int) error {
			if err := ctx.Err(); err != nil || progress == nil {
				return err
			}
			return progress(i*len(h.Arrivals)+n, 2*len(h.Arrivals))
		}
		if err := x.run(); err != nil {
			return nil, err
		}
		m := x.measures()
		if i == 0 {
			out.Current = m
		} else {
			out.Changed = m
		}
		who[i] = x.who
	}
	other := 0
	for i := range h.Arrivals {
		if who[0][i] != who[1][i] {
			other++
		}
	}
	out.Other = round(share(other, len(h.Arrivals)))
	return out, nil
}

// Kinds of moments, in the order in which those of one millisecond come.
const (
	atRelease = iota
	atWork
	atRest
	atMidnight
	atArrival
	atStep
	atHour
)

type moment struct {
	at   clock.Time
	kind int
	n    int // of the arrival or the person
}

type moments []moment

func (q moments) Len() int { return len(q) }
func (q moments) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.n, b.n)) < 0
}
func (q moments) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *moments) Push(x any)   { *q = append(*q, x.(moment)) }
func (q *moments) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// simulation is one run.
type simulation struct {
	h     *History
	plan  *Plan
	pool  *Pool
	queue moments
	work  map[id.ID][]Stretch
	wait  []int // arrivals that wait, in the order of the queue
	tell  func(n int) error
	x     scratch

	who     []id.ID // by arrival
	team    []id.ID
	waited  []time.Duration
	given   []bool
	skill   []float64 // below 0: none was asked for
	used    []float64
	last    map[id.ID]id.ID // by requester
	days    map[id.ID]*[7]int
	busy    map[id.ID]float64
	hours   []QueuePoint
	inQueue map[id.ID]int
	longest map[id.ID]int
	most    int
	unwant  int
}

func newSimulation(h *History, plan *Plan) *simulation {
	n := len(h.Arrivals)
	x := &simulation{h: h, plan: plan, work: h.Work, who: make([]id.ID, n), team: make([]id.ID, n), waited: make([]time.Duration, n), given: make([]bool, n),
		skill: make([]float64, n), used: make([]float64, n), last: map[id.ID]id.ID{}, days: map[id.ID]*[7]int{}, busy: map[id.ID]float64{},
		inQueue: map[id.ID]int{}, longest: map[id.ID]int{}}
	if len(x.work) == 0 {
		x.work = map[id.ID][]Stretch{}
		for _, a := range h.Agents {
			x.work[a.ID] = []Stretch{{h.From, h.To}}
		}
	}
	agents := make([]*Agent, len(h.Agents))
	for i, a := range h.Agents {
		y := *a
		y.Online, y.OnShift, y.ShiftEnd, y.LastGiven = false, false, 0, 0
		y.Load, y.Open, y.DueSoon, y.Today, y.Week, y.Channels = 0, 0, 0, 0, 0, map[string]int{}
		agents[i] = &y
		x.days[a.ID] = &[7]int{}
		for _, s := range x.work[a.ID] {
			if s.To <= h.From || s.From >= h.To {
				continue
			}
			x.queue = append(x.queue, moment{max(s.From, h.From), atWork, i}, moment{min(s.To, h.To), atRest, i})
		}
	}
	x.pool = NewPool(agents)
	for i := range h.Arrivals {
		x.queue = append(x.queue, moment{h.Arrivals[i].Matter.Ticket.CreatedAt, atArrival, i})
	}
	for t := h.From; t < h.To; t = t.Add(time.Hour) {
		x.queue = append(x.queue, moment{t, atHour, 0})
	}
	zone := h.Zone
	if zone == nil {
		zone = time.UTC
	}
	for d := h.From.Std().In(zone); ; {
		d = time.Date(d.Year(), d.Month(), d.Day()+1, 0, 0, 0, 0, zone)
		if clock.From(d) >= h.To {
			break
		}
		x.queue = append(x.queue, moment{clock.From(d), atMidnight, 0})
	}
	heap.Init(&x.queue)
	return x
}

func (x *simulation) run() error {
	done := 0
	for len(x.queue) > 0 {
		m := heap.Pop(&x.queue).(moment)
		if m.at > x.h.To {
			break
		}
		switch m.kind {
		case atRelease:
			x.release(m.n, m.at)
		case atWork:
			a := *x.pool.Agent(x.h.Agents[m.n].ID)
			a.Online, a.OnShift, a.State = true, true, "online"
			x.pool = x.pool.With(&a)
			x.drain(a.ID, m.at)
		case atRest:
			a := *x.pool.Agent(x.h.Agents[m.n].ID)
			a.Online, a.OnShift, a.State = false, false, "offline"
			x.pool = x.pool.With(&a)
		case atMidnight:
			x.midnight()
		case atArrival:
			if done++; done%500 == 0 {
				if err := x.tell(done); err != nil {
					return err
				}
			}
			x.decide(m.n, m.at)
		case atStep:
			if i := slices.Index(x.wait, m.n); i >= 0 {
				x.decide(m.n, m.at)
			}
		case atHour:
			x.hours = append(x.hours, QueuePoint{m.at, len(x.wait)})
		}
	}
	return x.tell(done)
}

func (x *simulation) midnight() {
	var all []*Agent
	for _, a := range x.h.Agents {
		d := x.days[a.ID]
		copy(d[1:], d[:6])
		d[0] = 0
		b := *x.pool.Agent(a.ID)
		b.Today, b.Week = 0, sum(d[:])
		all = append(all, &b)
	}
	x.pool = x.pool.With(all...)
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

// matter is an arrival as it stands at a moment.
func (x *simulation) matter(n int, at clock.Time) *Matter {
	m := *x.h.Arrivals[n].Matter
	m.At, m.Waited = at, at.Sub(m.Ticket.CreatedAt)
	m.LastAgent = x.last[m.Ticket.Requester]
	return &m
}

// decide gives an arrival away, or lets it wait.
func (x *simulation) decide(n int, at clock.Time) {
	m := x.matter(n, at)
	c := x.plan.Course(m)
	queued := slices.Contains(x.wait, n)
	if c == nil {
		if !queued {
			x.unwant++
		}
		return
	}
	if order := c.rank(m, x.pool, float64(mix(uint64(m.Ticket.ID), 1)>>11)/(1<<53), &x.x); len(order) > 0 {
		x.give(n, m, c, order[0], at)
		return
	}
	if !queued {
		x.team[n] = c.Team
		i, _ := slices.BinarySearchFunc(x.wait, n, x.before)
		x.wait = slices.Insert(x.wait, i, n)
		x.inQueue[c.Team]++
		x.longest[c.Team] = max(x.longest[c.Team], x.inQueue[c.Team])
		x.most = max(x.most, len(x.wait))
	}
	if step, ok := c.NextStep(m.Waited); ok {
		heap.Push(&x.queue, moment{m.Ticket.CreatedAt.Add(step), atStep, n})
	}
}

// before is the order of the queue: priority, tier, what is left of the
// promise, age.
func (x *simulation) before(a, b int) int {
	p, q := &x.h.Arrivals[a], &x.h.Arrivals[b]
	due := func(y *Arrival) clock.Time {
		if y.Promise == 0 {
			return ticket.Never
		}
		return y.Matter.Ticket.CreatedAt.Add(y.Promise)
	}
	return cmp.Or(cmp.Compare(q.Matter.Ticket.Priority, p.Matter.Ticket.Priority), cmp.Compare(tierRank(q.Matter.Tier), tierRank(p.Matter.Tier)),
		cmp.Compare(due(p), due(q)), cmp.Compare(a, b))
}

func (x *simulation) give(n int, m *Matter, c *Course, to id.ID, at clock.Time) {
	if i := slices.Index(x.wait, n); i >= 0 {
		x.wait = slices.Delete(x.wait, i, i+1)
		x.inQueue[x.team[n]]--
	}
	a := *x.pool.Agent(to)
	s := &scene{c: c, m: m, t: m.Ticket, pool: x.pool}
	i := x.pool.index[to]
	p := person{member: x.pool.people[i], i: i}
	x.skill[n] = -1
	if len(c.Rule.Needs) > 0 {
		x.skill[n] = skill(s, &p)
	}
	x.used[n] = float64(x.pool.experience(m.Ticket.Category, m.Nearby).rows[i].product)
	weight := x.plan.Weight(m.Ticket.Channel)
	a.Load, a.Open, a.LastGiven = a.Load+weight, a.Open+1, at
	a.Channels = withOne(a.Channels, m.Ticket.Channel, 1)
	d := x.days[to]
	d[0]++
	a.Today, a.Week = d[0], sum(d[:])
	x.pool = x.pool.With(&a)
	x.who[n], x.team[n], x.waited[n], x.given[n] = to, c.Team, m.Waited, true
	x.last[m.Ticket.Requester] = to
	if end, ok := add(x.work[to], at, x.h.Arrivals[n].Handling); ok {
		heap.Push(&x.queue, moment{end, atRelease, n})
	}
	x.busy[to] += float64(weight) * float64(min(x.h.Arrivals[n].Handling, within(x.work[to], at, x.h.To)).Minutes())
}

func (x *simulation) release(n int, at clock.Time) {
	a := *x.pool.Agent(x.who[n])
	t := x.h.Arrivals[n].Matter.Ticket
	a.Load, a.Open, a.Channels = a.Load-x.plan.Weight(t.Channel), a.Open-1, withOne(a.Channels, t.Channel, -1)
	x.pool = x.pool.With(&a)
	x.drain(a.ID, at)
}

// maxLook bounds how far down the queue somebody who is free looks.
const maxLook = 500

// drain gives to somebody what of the queue they can have.
func (x *simulation) drain(who id.ID, at clock.Time) {
	for i := 0; i < len(x.wait) && i < maxLook; {
		if a := x.pool.Agent(who); !a.Online || a.Load >= x.plan.Capacity(a.Capacity) {
			return
		}
		n := x.wait[i]
		m := x.matter(n, at)
		if c := x.plan.Course(m); c != nil && c.Refuses(m, x.pool, who) == "" {
			x.give(n, m, c, who, at)
			continue
		}
		i++
	}
}

func withOne(m map[string]int, key string, by int) map[string]int {
	out := make(map[string]int, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	out[key] += by
	return out
}

// add is when so much time at work has passed since a moment.
func add(work []Stretch, from clock.Time, d time.Duration) (clock.Time, bool) {
	for _, s := range work {
		if s.To <= from {
			continue
		}
		begin := max(s.From, from)
		if left := s.To.Sub(begin); d <= left {
			return begin.Add(d), true
		} else {
			d -= left
		}
	}
	return 0, false
}

// within is how much time at work lies between two moments.
func within(work []Stretch, from, to clock.Time) (d time.Duration) {
	for _, s := range work {
		if a, b := max(s.From, from), min(s.To, to); b > a {
			d += b.Sub(a)
		}
	}
	return d
}

// tierRank orders customers in the queue.
func tierRank(tier string) int {
	switch tier {
	case "vip":
		return 3
	case "important":
		return 2
	case "", "normal":
		return 0
	}
	return 1
}
