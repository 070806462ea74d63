package retrieve

import (
	"cmp"
	"math"
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// BurstConfig says when many similar tickets become a proposal. Zero values
// are the defaults.
type BurstConfig struct {
	Window    time.Duration // in which they are counted; 30 minutes
	Customers int           // at least so many different ones; 5
	Chance    float64       // how unlikely the count must be by the past; 1e-4
	Likeness  float64       // the cosine from which two tickets are alike; 0.22
	Memory    time.Duration // how far back the past goes; 7 days
	Tickets   int           // how many tickets are remembered at most; 20,000
}

func (c BurstConfig) withDefaults() BurstConfig {
	c.Window = cmp.Or(max(c.Window, 0), 30*time.Minute)
	c.Customers = cmp.Or(max(c.Customers, 0), 5)
	c.Chance = cmp.Or(max(c.Chance, 0), 1e-4)
	c.Likeness = cmp.Or(max(c.Likeness, 0), 0.22)
	c.Memory = cmp.Or(max(c.Memory, 0), 7*24*time.Hour)
	c.Tickets = cmp.Or(max(c.Tickets, 0), 20_000)
	return c
}

// Arrival is one ticket as it came in.
type Arrival struct {
	ID       id.ID
	At       clock.Time
	Customer id.ID // 0: unknown, counts as one of its own
	Text     string
}

// MaxMembers is how many tickets a proposal names. In a storm it would name
// ten thousand with each one that comes.
const MaxMembers = 1000

// Proposal says that tickets probably have one cause.
type Proposal struct {
	Key       id.ID      `json:"key"` // of the first ticket of the matter: stays the same while it grows
	First     bool       `json:"first"`
	Members   []id.ID    `json:"members"` // in the window, oldest first; of more than MaxMembers the oldest and the newest half
	Customers int        `json:"customers"`
	Title     string     `json:"title"` // words that most of them use
	Score     float64    `json:"score"` // 0..1; from how unlikely the count is
	Since     clock.Time `json:"since"`
	Expected  float64    `json:"expected"` // how many there would be by the past
}

const (
	spread      = 1.3 // arrivals are burstier than Poisson
	leastChance = 1e-30
	maxVoices   = 4   // texts that an incident is known by
	sameVoice   = 0.8 // the share of features from which a text says what one of them says
	leastShared = 1.0 // squared weights that two alike texts share: three or so rare words
)

// Burst remembers the last tickets and asks of each new one how many like it
// came within the window, and how many the past lets expect. What everybody
// always writes has its likes in the past too and so makes no incident. It is
// rebuilt by adding the last tickets again in order: with those of one window
// it knows what goes on, with those of some days what is usual.
type Burst struct {
	config    BurstConfig
	similar   *Similar
	order     []arrived // those in similar, oldest first
	now       clock.Time
	incidents map[id.ID]*incident
	in        map[id.ID]id.ID // ticket to the incident it belongs to
}

type arrived struct {
	id id.ID
	at clock.Time
}

type incident struct {
	members  []member      // oldest first
	of       map[id.ID]int // customers, with how many members each has
	title    string
	last     clock.Time
	expected float64
	chance   float64
	voices   [][]feature // what some of its members say, to know the next one by
}

type member struct {
	id, customer id.ID
	at           clock.Time
}

// NewBurst makes a watch that has seen nothing yet.
func NewBurst(c BurstConfig) *Burst {
	c = c.withDefaults()
	return &Burst{config: c, similar: NewSimilar(c.Tickets), incidents: map[id.ID]*incident{}, in: map[id.ID]id.ID{}}
}

// Add takes the next ticket. It gives a proposal when the ticket makes its
// matter unusual, and again with every further ticket that belongs to it. A
// time before the last one's counts as the last one's.
func (b *Burst) Add(a Arrival) *Proposal {
	b.now = max(b.now, a.At)
	a.At = b.now
	if a.Customer == 0 {
		a.Customer = -a.ID
	}
	b.forget()
	fs := features(a.Text)
	key := b.voiced(fs)
	var near []member
	var past int
	var common shared
	if key == 0 {
		near, past, common = b.alike(fs, a.ID)
	}
	b.similar.add(a.ID, fs, Meta{Customer: a.Customer, At: a.At})
	b.order = append(b.order, arrived{a.ID, a.At})
	if key != 0 {
		return b.take(key, member{a.ID, a.Customer, a.At})
	}
	near = append(near, member{a.ID, a.Customer, a.At})
	return b.judge(a, fs, near, past, common)
}

// voiced is the incident that a text belongs to because it says, nearly word
// for word, what a member says. Comparing each of a storm of ten thousand
// with all before it was a seventh of what a create cost.
func (b *Burst) voiced(fs []feature) (oldest id.ID) {
	for key, i := range b.incidents {
		if oldest != 0 && key > oldest {
			continue
		}
		for _, v := range i.voices {
			if saysSame(fs, v) {
				oldest = key
				break
			}
		}
	}
	return oldest
}

// saysSame compares two sorted sets by the weight of what both have.
func saysSame(a, b []feature) bool {
	var both, all float32
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].id < b[0].id:
			all += a[0].base
			a = a[1:]
		case a[0].id > b[0].id:
			all += b[0].base
			b = b[1:]
		default:
			both += max(a[0].base, b[0].base)
			a, b = a[1:], b[1:]
		}
	}
	for _, f := range a {
		all += f.base
	}
	for _, f := range b {
		all += f.base
	}
	return both > 0 && both >= sameVoice*(both+all)
}

// take adds a member that came just now to an incident that is going on.
func (b *Burst) take(key id.ID, m member) *Proposal {
	i := b.incidents[key]
	i.last = b.now
	b.in[m.id] = key
	i.add(m)
	i.chance = min(i.chance, poissonTail(len(i.members), i.expected*spread+0.1))
	return i.proposal(key, b.now.Add(-b.config.Window))
}

// forget drops what is older than the memory or over the limit, and incidents
// that have been quiet for a window.
func (b *Burst) forget() {
	old, n := b.now.Add(-b.config.Memory), 0
	for n < len(b.order) && (b.order[n].at < old || len(b.order)-n >= b.config.Tickets) {
		b.similar.Remove(b.order[n].id)
		delete(b.in, b.order[n].id)
		n++
	}
	b.order = slices.Delete(b.order, 0, n)
	from := b.now.Add(-b.config.Window)
	for key, i := range b.incidents {
		if i.last <= from {
			delete(b.incidents, key)
		}
	}
}

// alike gives the tickets in the window that are like a text, how many before
// the window were, and what most of the former share. Tickets of an incident do
// not count as what is usual.
func (b *Burst) alike(fs []feature, self id.ID) (near []member, past int, common shared) {
	s := b.similar
	s.mu.RLock()
	defer s.mu.RUnlock()
	query := keep(s.weigh(fs))
	least := float32(b.config.Likeness) * norm(query)
	slices.SortFunc(query, func(a, b weighted) int {
		if c := cmp.Compare(a.df, b.df); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	scores := make([]float32, len(s.slots))
	var touched []int32
	decoded := 0
	for i, q := range query {
		if decoded += int(q.df); decoded > maxDecoded && i > 0 {
			break
		}
		touched = s.addTo(scores, touched, q)
	}
	from := b.now.Add(-b.config.Window)
	slots := map[int32]bool{}
	for _, at := range touched {
		sl := &s.slots[at]
		if sl.dead || sl.id == self || scores[at] < least*sl.norm || scores[at] < leastShared {
			continue
		}
		if sl.at > from {
			near = append(near, member{sl.id, sl.customer, sl.at})
			slots[at] = true
		} else if b.in[sl.id] == 0 {
			past++
		}
	}
	slices.SortFunc(near, func(a, b member) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	common = shared{all: map[uint32]bool{}, unknown: map[uint32]bool{}, telling: map[uint32]float32{}}
	if len(near)+1 < b.config.Customers {
		return near, past, common
	}
	for _, f := range fs {
		common.unknown[f.id] = true
	}
	for _, q := range query {
		delete(common.unknown, q.id)
		n := 0
		s.eachOf(q.id, func(at int32) {
			if slots[at] {
				n++
			}
		})
		if 2*n >= len(near) {
			common.all[q.id] = true
			if q.weight > tellingWeight {
				common.telling[q.id] = q.weight
			}
		} else if len(query) < len(fs) && q.weight < rareWeight { // which of the less rare are kept changes with time
			common.unknown[q.id] = true
		}
	}
	return near, past, common
}

// judge compares the count in the window with what the past lets expect.
func (b *Burst) judge(a Arrival, fs []feature, near []member, past int, common shared) *Proposal {
	// An incident that most of those alike belong to takes this one in.
	votes := map[id.ID]int{}
	var key id.ID
	for _, m := range near {
		if k := b.in[m.id]; k != 0 && b.incidents[k] != nil {
			votes[k]++
			if votes[k] > votes[key] {
				key = k
			}
		}
	}
	expected, informed := b.expected(len(near), past)
	chance := poissonTail(len(near), expected*spread+0.1)
	joins := key != 0 && 3*votes[key] >= len(near)
	if !joins {
		customers := distinct(near)
		if customers < b.config.Customers || chance > b.config.Chance || !informed && customers < 2*b.config.Customers {
			return nil
		}
		key = near[0].id
	}
	i, going := b.incidents[key]
	if !going {
		i = &incident{title: title(a.Text, common), of: map[id.ID]int{}}
		b.incidents[key] = i
	}
	i.last, i.expected, i.chance = b.now, expected, chance
	if len(i.voices) < maxVoices {
		i.voices = append(i.voices, fs)
	}
	for _, m := range near {
		if b.in[m.id] == 0 || b.incidents[b.in[m.id]] == nil {
			b.in[m.id] = key
			i.add(m)
		}
	}
	slices.SortFunc(i.members, func(a, b member) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	p := i.proposal(key, b.now.Add(-b.config.Window))
	p.First = !going
	return p
}

func (i *incident) add(m member) {
	i.members = append(i.members, m)
	i.of[m.customer]++
}

// proposal lets those go who came before the window, and says what is left.
func (i *incident) proposal(key id.ID, from clock.Time) *Proposal {
	n := 0
	for n < len(i.members) && i.members[n].at <= from {
		if c := i.members[n].customer; i.of[c] > 1 {
			i.of[c]--
		} else {
			delete(i.of, c)
		}
		n++
	}
	i.members = i.members[n:] // append moves what is left when there is no more room
	p := &Proposal{
		Key: key, Customers: len(i.of), Title: i.title, Since: i.members[0].at, Expected: i.expected,
		Members: make([]id.ID, 0, min(len(i.members), MaxMembers)),
		Score:   min(1, 0.5-math.Log10(max(i.chance, leastChance))/30),
	}
	name := func(list []member) {
		for _, m := range list {
			p.Members = append(p.Members, m.id)
		}
	}
	if n := len(i.members); n > MaxMembers {
		name(i.members[:MaxMembers/2])
		name(i.members[n-MaxMembers/2:])
	} else {
		name(i.members)
	}
	return p
}

func distinct(members []member) int {
	customers := map[id.ID]bool{}
	for _, m := range members {
		customers[m.customer] = true
	}
	return len(customers)
}

// expected is the usual count in a window: by the rate of those alike so far,
// and by their share of all tickets, whichever is more, so that a busy morning
// makes no incident of everything. Without a past of at least one window it is
// a guess.
func (b *Burst) expected(near, past int) (n float64, informed bool) {
	from := b.now.Add(-b.config.Window)
	windows := max(0, float64(from-b.order[0].at)/float64(b.config.Window.Milliseconds()))
	n = (float64(past) + 0.5) / (windows + 1)
	recent, _ := slices.BinarySearchFunc(b.order, from+1, func(a arrived, t clock.Time) int { return cmp.Compare(a.at, t) })
	if before := float64(recent); before >= 50 {
		share := (float64(past) + 0.5) / (before + 10)
		n = max(n, share*float64(len(b.order)-recent-near))
	}
	return n, windows >= 1
}

// poissonTail is the chance of n or more where mean is expected.
func poissonTail(n int, mean float64) float64 {
	// The sum of the upper terms, so that small chances stay exact.
	lg, _ := math.Lgamma(float64(n) + 1)
	term := math.Exp(float64(n)*math.Log(mean) - mean - lg)
	if float64(n) <= mean {
		return 1
	}
	sum := 0.0
	for k := n; k < n+1000 && term > sum*1e-12; k++ {
		sum += term
		term *= mean / float64(k+1)
	}
	return min(sum, 1)
}
