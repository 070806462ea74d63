package retrieve

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// BurstConfig says when many similar tickets become a proposal. Zero values
// are the defaults.
type BurstConfig struct {
	Window    time.Duration // in which they are counted; 30 minutes
	Customers int           // at least so many different ones; 5
	Chance    float64       // how unlikely the count must be by its own past; 1e-4
	Likeness  float64       // how like (0..1) a ticket must be to join the others; 0.3
	Memory    time.Duration // half-life of the past; 7 days
	Matters   int           // how many matters are watched at once; 2000
}

func (c BurstConfig) withDefaults() BurstConfig {
	c.Window = cmp.Or(max(c.Window, 0), 30*time.Minute)
	c.Customers = cmp.Or(max(c.Customers, 0), 5)
	c.Chance = cmp.Or(max(c.Chance, 0), 1e-4)
	c.Likeness = cmp.Or(max(c.Likeness, 0), 0.3)
	c.Memory = cmp.Or(max(c.Memory, 0), 7*24*time.Hour)
	c.Matters = cmp.Or(max(c.Matters, 0), 2000)
	return c
}

// Arrival is one ticket as it came in.
type Arrival struct {
	ID       id.ID
	At       clock.Time
	Customer id.ID // 0: unknown, counts as one of its own
	Text     string
}

// Proposal says that tickets probably have one cause.
type Proposal struct {
	Key       id.ID      `json:"key"` // of the first ticket of the matter: stays the same while it grows
	First     bool       `json:"first"`
	Members   []id.ID    `json:"members"` // in the window, oldest first
	Customers int        `json:"customers"`
	Title     string     `json:"title"` // words that most of them use
	Score     float64    `json:"score"` // 0..1; from how unlikely the count is
	Since     clock.Time `json:"since"`
	Expected  float64    `json:"expected"` // how many there would be by the past
}

const (
	maxRecent   = 1000 // members of one matter in the window
	maxCommon   = 96   // features of one matter
	maxSamples  = 6
	maxSample   = 600 // bytes
	maxStream   = 20_000
	spread      = 1.3 // arrivals are burstier than Poisson
	leastChance = 1e-30
)

// Burst groups a stream of tickets by what they say and watches whether a
// group grows beyond its own past. Its memory is bounded by the configuration;
// it is rebuilt by adding the last tickets again in order: with those of one
// window it knows what is going on, with those of some days what is usual.
type Burst struct {
	config   BurstConfig
	start    clock.Time
	now      clock.Time
	matters  []*matter
	by       map[uint32][]int32 // feature to matters
	seen     map[uint32]float32 // in how many texts a feature was, halved now and then
	texts    float32
	recent   []clock.Time // all arrivals in the window
	past     float64      // all arrivals before the window, decayed
	pastTime clock.Time
}

type matter struct {
	key      id.ID
	count    map[uint32]float32
	size     float32
	recent   []member
	past     float64
	pastTime clock.Time
	last     clock.Time
	samples  []string
	active   bool
}

type member struct {
	id, customer id.ID
	at           clock.Time
}

// NewBurst makes a watch that has seen nothing yet.
func NewBurst(c BurstConfig) *Burst {
	return &Burst{config: c.withDefaults(), by: map[uint32][]int32{}, seen: map[uint32]float32{}}
}

// Add takes the next ticket. It gives a proposal when the ticket makes its
// matter unusual, and again with every further ticket while it stays so. A
// time before the last one's counts as the last one's.
func (b *Burst) Add(a Arrival) *Proposal {
	if b.start == 0 {
		b.start = a.At
	}
	b.now = max(b.now, a.At)
	a.At = b.now
	if a.Customer == 0 {
		a.Customer = -a.ID
	}
	b.recent = append(b.recent, a.At)
	b.forget()

	fs := b.learn(features(a.Text))
	if len(fs) == 0 {
		return nil
	}
	m := b.closest(fs)
	if m == nil {
		m = b.open(a.ID)
	}
	b.join(m, fs, a)
	return b.judge(m)
}

// forget moves arrivals that left the window to the past.
func (b *Burst) forget() {
	from := b.now.Add(-b.config.Window)
	n := 0
	for n < len(b.recent) && b.recent[n] <= from {
		n++
	}
	b.past = b.past*b.fade(b.pastTime) + float64(n)
	b.pastTime = b.now
	b.recent = slices.Delete(b.recent, 0, n)
}

// fade is what is left by now of a count of then.
func (b *Burst) fade(then clock.Time) float64 {
	return math.Exp2(-float64(b.now-then) / float64(b.config.Memory.Milliseconds()))
}

// learn counts the features of a text and weighs them by rarity.
func (b *Burst) learn(fs []feature) []weighted {
	b.texts++
	kept := make([]weighted, 0, len(fs))
	for _, f := range fs {
		b.seen[f.id]++
		kept = append(kept, weighted{id: f.id, weight: f.base * b.rarity(f.id)})
	}
	if b.texts >= maxStream {
		b.texts /= 2
		for f, n := range b.seen {
			if n /= 2; n < 1 {
				delete(b.seen, f)
			} else {
				b.seen[f] = n
			}
		}
	}
	return keep(kept)
}

func (b *Burst) rarity(f uint32) float32 {
	return rarity(int(max(b.seen[f]-1, 0)), int(b.texts))
}

// closest is the matter that a text is most like, or nil.
func (b *Burst) closest(fs []weighted) *matter {
	length := float64(norm(fs))
	candidates := map[int32]float32{}
	for _, f := range fs {
		if f.weight < 0.25 { // everybody says it
			continue
		}
		for _, i := range b.by[f.id] {
			candidates[i] += f.weight
		}
	}
	var best *matter
	bestScore := b.config.Likeness
	for i, sum := range candidates {
		m := b.matters[i]
		if float64(sum) < bestScore*length/4 {
			continue
		}
		score := b.likeness(m, fs, length)
		if score > bestScore || score == bestScore && (best == nil || m.key < best.key) {
			best, bestScore = m, score
		}
	}
	return best
}

// likeness is the cosine of a text and the middle of a matter.
func (b *Burst) likeness(m *matter, fs []weighted, length float64) float64 {
	var dot, sum float64
	for f, n := range m.count {
		share := float64(n / m.size)
		if share < 0.1 {
			continue
		}
		w := share * float64(b.rarity(f))
		sum += w * w
	}
	for _, f := range fs {
		if n := m.count[f.id]; n > 0 && n/m.size >= 0.1 {
			dot += float64(f.weight) * float64(n/m.size) * float64(b.rarity(f.id))
		}
	}
	return dot / (length*math.Sqrt(sum) + 1e-9)
}

// open makes a new matter, in the place of the one longest quiet when there
// are too many.
func (b *Burst) open(key id.ID) *matter {
	m := &matter{key: key, count: map[uint32]float32{}, pastTime: b.now}
	if len(b.matters) < b.config.Matters {
		b.matters = append(b.matters, m)
		return m
	}
	oldest := 0
	for i, o := range b.matters {
		// One ticket that nothing joined goes before a matter with a past.
		if x := b.matters[oldest]; (o.size > 1.5) == (x.size > 1.5) && o.last < x.last || o.size <= 1.5 && x.size > 1.5 {
			oldest = i
		}
	}
	for f := range b.matters[oldest].count {
		b.unlink(f, int32(oldest))
	}
	b.matters[oldest] = m
	return m
}

func (b *Burst) unlink(f uint32, i int32) {
	l := b.by[f]
	if at := slices.Index(l, i); at >= 0 {
		l[at] = l[len(l)-1]
		l = l[:len(l)-1]
	}
	if len(l) == 0 {
		delete(b.by, f)
		return
	}
	b.by[f] = l
}

func (b *Burst) join(m *matter, fs []weighted, a Arrival) {
	at := int32(slices.Index(b.matters, m))
	if m.size >= 200 { // the middle follows what is said now
		m.size /= 2
		for f := range m.count {
			m.count[f] /= 2
		}
	}
	m.size++
	for _, f := range fs {
		if m.count[f.id] == 0 {
			b.by[f.id] = append(b.by[f.id], at)
		}
		m.count[f.id]++
	}
	if len(m.count) > 2*maxCommon {
		b.trim(m, at)
	}
	from := b.now.Add(-b.config.Window)
	n := 0
	for n < len(m.recent) && (m.recent[n].at <= from || len(m.recent)-n >= maxRecent) {
		n++
	}
	m.past *= b.fade(m.pastTime)
	m.pastTime = b.now
	if !m.active { // what an incident brought is not what is usual
		m.past += float64(n)
	}
	m.recent = slices.Delete(m.recent, 0, n)
	m.recent = append(m.recent, member{a.ID, a.Customer, a.At})
	m.last = a.At
	if len(m.samples) == maxSamples {
		m.samples = slices.Delete(m.samples, 1, 2)
	}
	m.samples = append(m.samples, strings.Clone(text.Cap(a.Text, maxSample)))
}

// trim keeps the features that most members have.
func (b *Burst) trim(m *matter, at int32) {
	type counted struct {
		id uint32
		n  float32
	}
	all := make([]counted, 0, len(m.count))
	for f, n := range m.count {
		all = append(all, counted{f, n})
	}
	slices.SortFunc(all, func(a, b counted) int {
		if c := cmp.Compare(b.n, a.n); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	for _, c := range all[maxCommon:] {
		delete(m.count, c.id)
		b.unlink(c.id, at)
	}
}

// judge compares the count in the window with what the past lets expect.
func (b *Burst) judge(m *matter) *Proposal {
	customers := map[id.ID]bool{}
	for _, r := range m.recent {
		customers[r.customer] = true
	}
	if len(customers) < b.config.Customers {
		m.active = false
		return nil
	}
	expected, informed := b.expected(m)
	chance := poissonTail(len(m.recent), expected*spread+0.1)
	if chance > b.config.Chance || !informed && len(customers) < 2*b.config.Customers {
		m.active = false
		return nil
	}
	p := &Proposal{
		Key: m.key, First: !m.active, Customers: len(customers), Title: b.title(m),
		Score: min(1, 0.5-math.Log10(max(chance, leastChance))/30), Since: m.recent[0].at, Expected: expected,
	}
	for _, r := range m.recent {
		p.Members = append(p.Members, r.id)
	}
	m.active = true
	return p
}

// expected is the matter's usual count in a window: by its rate so far, and by
// its share of all tickets, whichever is more, so that a busy morning makes no
// incident of everything. Without a past of at least one window it is a guess.
func (b *Burst) expected(m *matter) (n float64, informed bool) {
	window := float64(b.config.Window.Milliseconds())
	memory := float64(b.config.Memory.Milliseconds())
	before := float64(b.now-b.start) - window
	if before < 0 {
		before = 0
	}
	// The past is faded; so is the time it is divided by.
	windows := memory / math.Ln2 * (1 - math.Exp2(-before/memory)) / window
	n = (m.past + 0.5) / (windows + 1)
	if b.past >= 50 {
		share := (m.past + 0.5) / (b.past + 10)
		n = max(n, share*float64(len(b.recent)-len(m.recent)))
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

// title is made of the words that most members share, in the order of the
// member that has most of them.
func (b *Burst) title(m *matter) string {
	best, most := "", 0
	for _, s := range m.samples {
		common := map[uint32]bool{}
		own := grams(s, false)
		n := 0
		for _, g := range own {
			f := uint32(g.id ^ g.id>>32)
			if g.weak || m.count[f] < 0.5*m.size || b.rarity(f) < 0.25 || common[f] {
				continue
			}
			common[f] = true
			n++
		}
		if n <= most {
			continue
		}
		var words []string
		length := 0
		runes := []rune(s)
		for _, sp := range evidence(s, own, common) {
			if length += sp.End - sp.Start; length > 40 && len(words) > 0 {
				break
			}
			if w := string(runes[sp.Start:sp.End]); !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
		best, most = strings.Join(words, " "), n
	}
	return best
}
