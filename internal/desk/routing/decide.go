package routing

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"sync"

	"zhidan/internal/platform/id"
)

// scratch is the working memory of one decision, used again by the next.
type scratch struct {
	found []int32
	ranks []rank
	pen   pen

	keys   []uint64
	ties   []uint64
	sorted []rank
}

// rank is somebody's place in the order.
type rank struct {
	i      int32
	score  float64
	prefer bool // what the rule's preference said
	chance uint64
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// Decide says who shall have a ticket: everybody who can, best first, with what
// spoke for the ten best, and how many were left out for which reason. Those
// whose scores lie closer than the rule set's near tie stand in an order that
// chance gives: rnd is asked once, from 0 to below 1 (nil: 0), and the same
// inputs with the same number give the same decision. Outcome, Agent and At are
// for who takes the room.
func (c *Course) Decide(m *Matter, pool *Pool, rnd func() float64) Decision {
	x := scratches.Get().(*scratch)
	defer scratches.Put(x)
	d := c.demands(m, pool)
	s := newScene(c, m, pool, d)
	out := Decision{Set: c.Plan.Set.ID, Version: c.Plan.Set.Version, Rule: c.Rule.ID, Path: c.Path, Team: c.Team, Mode: c.Mode,
		Strategy: c.Strategy, Weights: c.named, Response: c.Response, Relaxed: d.relaxed, Excluded: map[string]int{}, Candidates: []Candidate{}}
	if rnd != nil {
		out.Draw = rnd()
	}
	x.sift(s, out.Excluded)
	out.Eligible = len(x.ranks)
	if c.prefer != nil {
		s.row = s.rowOf(c.Plan.row(m))
	}
	x.score(s)
	out.Hash = x.hash(s, &out)
	x.order(s, out.Draw)
	out.Order = make([]id.ID, len(x.ranks))
	for n, r := range x.ranks {
		out.Order[n] = pool.people[r.i].ID
	}
	for _, r := range x.ranks[:min(len(x.ranks), MaxCandidates)] {
		out.Candidates = append(out.Candidates, s.explain(r))
	}
	return out
}

// rank is Decide for a simulation: only the order, nothing to explain.
func (c *Course) rank(m *Matter, pool *Pool, draw float64, x *scratch) []id.ID {
	s := newScene(c, m, pool, c.demands(m, pool))
	if c.prefer != nil {
		s.row = s.rowOf(c.Plan.row(m))
	}
	x.sift(s, map[string]int{})
	x.score(s)
	x.order(s, draw)
	out := make([]id.ID, len(x.ranks))
	for n, r := range x.ranks {
		out[n] = pool.people[r.i].ID
	}
	return out
}

// sift keeps those who can have the ticket and counts the others by reason.
func (x *scratch) sift(s *scene, excluded map[string]int) {
	x.found = s.d.candidates(s.pool, x.found[:0])
	x.ranks = x.ranks[:0]
	active := 0
	for _, i := range x.found {
		a := s.pool.people[i]
		if !a.active {
			continue // counted with all others below
		}
		why := s.d.refuses(a)
		if why != NotMember {
			active++
		}
		switch why {
		case "":
			x.ranks = append(x.ranks, rank{i: i})
		case NotMember:
		default:
			excluded[why]++
		}
	}
	if n := s.pool.inactive; n > 0 {
		excluded[NotActive] = n
	}
	if n := len(s.pool.people) - s.pool.inactive - active; n > 0 {
		excluded[NotMember] = n
	}
}

// score weighs everybody who is left.
func (x *scratch) score(s *scene) {
	n := float64(max(len(x.ranks), 1))
	costs := 0
	for _, r := range x.ranks {
		a := s.pool.people[r.i]
		s.today += float64(a.Today) / n
		s.week += float64(a.Week) / n
		if a.Profile.Cost > 0 {
			costs++
			s.cost += float64(a.Profile.Cost)
		}
	}
	s.cost /= float64(max(costs, 1))
	w := &s.c.weights
	var used [factorCount]int
	factorsUsed := used[:0]
	for f := range w {
		if w[f] > 0 && f != fExpression {
			factorsUsed = append(factorsUsed, f)
		}
	}
	var p person
	for n := range x.ranks {
		r := &x.ranks[n]
		s.person(&p, r.i)
		score := 0.0
		for _, f := range factorsUsed {
			score += w[f] * factors[f].of(s, &p)
		}
		if s.c.prefer != nil {
			if v := expression(s, &p); v > 0 {
				r.prefer = true
				score += w[fExpression]
			}
		}
		if s.c.Strategy == RoundRobin {
			score = p.idle
		}
		r.score = score
	}
}

// order puts the best first. Those within the near tie of the first of their
// group stand as chance has it; people in turn stand strictly by when they last
// got one.
func (x *scratch) order(s *scene, draw float64) {
	seed := math.Float64bits(draw)
	for n := range x.ranks {
		r := &x.ranks[n]
		r.chance = mix(uint64(s.pool.people[r.i].ID), seed)
	}
	if s.c.Strategy == RoundRobin {
		slices.SortFunc(x.ranks, func(a, b rank) int {
			return cmp.Or(cmp.Compare(s.pool.people[a.i].LastGiven, s.pool.people[b.i].LastGiven), cmp.Compare(a.chance, b.chance))
		})
		return
	}
	// Scores from 0 to 1 as whole numbers, the highest first, each with its
	// place: sorting bare numbers takes a third of the time.
	x.keys, x.ties = x.keys[:0], x.ties[:0]
	for n := range x.ranks {
		x.keys = append(x.keys, uint64(math.MaxUint32-uint32(clamp(x.ranks[n].score)*math.MaxUint32))<<32|uint64(n))
	}
	slices.Sort(x.keys)
	// Whoever is as good as the first of a group stands by chance: the group
	// again, by chance and place.
	const bits = 20 // for more people than any tenant has
	near := s.c.Plan.nearTie()
	head := 0
	for n, k := range x.keys {
		i := uint32(k)
		if x.ranks[uint32(x.keys[head])].score-x.ranks[i].score > near {
			slices.Sort(x.ties[head:])
			head = n
		}
		x.ties = append(x.ties, x.ranks[i].chance>>bits<<bits|uint64(i))
	}
	slices.Sort(x.ties[head:])
	x.sorted = x.sorted[:0]
	for _, k := range x.ties {
		x.sorted = append(x.sorted, x.ranks[k&(1<<bits-1)])
	}
	x.ranks, x.sorted = x.sorted, x.ranks
}

// mix spreads an id and a draw over 64 bits (the finaliser of SplitMix64,
// Steele, Lea and Flood 2014).
func mix(a, b uint64) uint64 {
	z := a ^ b*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// hash is of all that went in: rule set, ticket, draw, how many were left out
// for what, and of everybody who can have it all that the factors look at.
func (x *scratch) hash(s *scene, out *Decision) string {
	p := &x.pen
	p.b = p.b[:0]
	p.course(s.c, s.d)
	p.matter(s)
	p.num(out.Draw)
	p.counts(out.Excluded)
	p.int(int64(len(x.ranks)))
	for _, r := range x.ranks {
		past := &s.past.rows[r.i]
		p.b = append(p.b, s.pool.people[r.i].digest[:]...)
		for _, v := range [...]float32{past.time, past.rating, past.reopen, past.product, s.general.rows[r.i].rating} {
			p.b = binary.LittleEndian.AppendUint32(p.b, math.Float32bits(v))
		}
		p.bool(r.prefer)
	}
	sum := sha256.Sum256(p.b)
	return hex.EncodeToString(sum[:])
}

// explain says what spoke for somebody: the factors that have a weight.
func (s *scene) explain(r rank) Candidate {
	var p person
	s.person(&p, r.i)
	c := Candidate{Agent: p.ID, Score: round(r.score), Factors: make(FactorValues, 16)}
	for f, w := range s.c.weights {
		if w > 0 {
			c.Factors[factors[f].key] = round(factors[f].of(s, &p))
		}
	}
	if s.c.Strategy == RoundRobin {
		c.Factors[factors[fIdle].key] = round(p.idle)
	}
	return c
}

// round keeps four places: more say nothing and take room in the store.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }
