package retrieve

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

const (
	// maxKept is how many features of one text Similar remembers. Of a longer
	// text it keeps a sample, chosen so that two texts that share much keep
	// the same ones.
	maxKept = 64
	// maxDecoded bounds the postings that one Near reads, rarest first.
	maxDecoded = 120_000
	// rarityPower makes what everybody writes count less than BM25 would: a
	// greeting or a stock phrase must not make two tickets alike.
	rarityPower = 1.5
	// DefaultLimit is how many texts a Similar holds unless told otherwise.
	DefaultLimit = 200_000
)

// Meta is what Near can choose by.
type Meta struct {
	Customer id.ID
	At       clock.Time
}

// Options say what Near looks for. Zero values choose nothing.
type Options struct {
	K        int        // how many; 0: 5; at most 100
	Exclude  id.ID      // not this one
	Customer id.ID      // only this customer's
	Since    clock.Time // not older
	Least    float64    // not below this score
}

// Hit is a text like the one that was asked for. Score is between 0 and 1; at
// about 0.5 it is as likely as not that both are about the same matter. Shared
// is what both say, in the text that was asked for.
type Hit struct {
	ID     id.ID   `json:"id"`
	Score  float64 `json:"score"`
	Shared []Span  `json:"shared"`
}

// Similar is a live index of texts, in memory: an inverted index of at most
// maxKept features a text, about 250 bytes for each. What is over the limit
// drops the oldest. The owner fills it again after a start.
type Similar struct {
	mu    sync.RWMutex
	limit int
	where map[id.ID]int32   // live text to its slot
	slots []slot            // grows at the end; the dead go at the next sweep
	first int32             // before it all are dead
	terms map[uint32]uint32 // feature to a slot, or to a list with listBit set
	lists []postingList
	pool  sync.Pool // *[]float32, all zero
}

type slot struct {
	id       id.ID
	customer id.ID
	at       clock.Time
	norm     float32
	dead     bool
}

// postingList holds slots that grow, as differences in varints.
type postingList struct {
	data []byte
	last int32
	n    int32
}

const listBit = 1 << 31

// NewSimilar makes an empty index; limit 0 is DefaultLimit.
func NewSimilar(limit int) *Similar {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Similar{limit: limit, where: map[id.ID]int32{}, terms: map[uint32]uint32{}}
}

// feature is a gram as Similar and Burst see it.
type feature struct {
	id   uint32
	base float32 // weight before rarity: particles count little
}

// features are the different pairs and words of a text. A text that has none
// (a single character) has its singles.
func features(s string) []feature {
	return featuresOf(grams(canonical(s), false))
}

func featuresOf(all []gram) []feature {
	out := make([]feature, 0, len(all))
	before, now := false, false // whether the last two singles are particles
	for _, g := range all {
		f := feature{id: uint32(g.id ^ g.id>>32), base: 1}
		switch g.kind {
		case single:
			before, now = now, g.weak
			continue
		case pair:
			if before && now {
				f.base = 0.2
			} else if before || now {
				f.base = 0.6
			}
		case word:
			if g.weak {
				continue
			}
			f.base = 1.2
		default:
			continue
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		for _, g := range all {
			out = append(out, feature{uint32(g.id ^ g.id>>32), 0.5})
		}
	}
	slices.SortFunc(out, func(a, b feature) int {
		if c := cmp.Compare(a.id, b.id); c != 0 {
			return c
		}
		return cmp.Compare(b.base, a.base)
	})
	return slices.CompactFunc(out, func(a, b feature) bool { return a.id == b.id })
}

// rarity is 1 for what no text has and falls to 0 with the share of texts
// that have it.
func rarity(df, texts int) float32 {
	n := float64(texts) + 20
	r := math.Log(n/(float64(df)+1)+1) / math.Log(n+1)
	return float32(math.Pow(r, rarityPower))
}

type weighted struct {
	id     uint32
	weight float32
	df     int32
}

// weigh gives every feature its weight among the texts that are there.
func (s *Similar) weigh(fs []feature) []weighted {
	out := make([]weighted, len(fs))
	for i, f := range fs {
		df := s.frequency(f.id)
		out[i] = weighted{f.id, f.base * rarity(int(df), len(s.where)), df}
	}
	return out
}

func (s *Similar) frequency(f uint32) int32 {
	v, ok := s.terms[f]
	switch {
	case !ok:
		return 0
	case v&listBit == 0:
		return 1
	}
	return s.lists[v&^listBit].n
}

// keep chooses maxKept features by weighted sampling with a random number that
// is the feature's own hash (Cohen, Kaplan: bottom-k sketches, 2007), so that
// two texts choose alike.
func keep(fs []weighted) []weighted {
	if len(fs) <= maxKept {
		return fs
	}
	slices.SortFunc(fs, func(a, b weighted) int {
		if c := cmp.Compare(draw(a), draw(b)); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	return fs[:maxKept]
}

func draw(f weighted) float64 {
	u := (float64(f.id*2654435761) + 1) / (1 << 32)
	w := float64(f.weight)
	return -math.Log(u) / (w*w*w + 1e-6)
}

func norm(fs []weighted) float32 {
	var sum float32
	for _, f := range fs {
		sum += f.weight * f.weight
	}
	return float32(math.Sqrt(float64(sum)))
}

// Len is the number of texts.
func (s *Similar) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.where)
}

// Add puts a text in, in the place of an earlier one with the same id.
func (s *Similar) Add(text id.ID, body string, m Meta) { s.add(text, features(body), m) }

func (s *Similar) add(key id.ID, fs []feature, m Meta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(key)
	if len(s.where) >= s.limit {
		for s.slots[s.first].dead {
			s.first++
		}
		s.remove(s.slots[s.first].id)
	}
	kept := keep(s.weigh(fs))
	at := int32(len(s.slots))
	s.slots = append(s.slots, slot{id: key, customer: m.Customer, at: m.At, norm: norm(kept)})
	s.where[key] = at
	for _, f := range kept {
		s.post(f.id, at)
	}
}

func (s *Similar) post(f uint32, at int32) {
	v, ok := s.terms[f]
	switch {
	case !ok:
		s.terms[f] = uint32(at)
	case v&listBit == 0:
		s.terms[f] = uint32(len(s.lists)) | listBit
		var l postingList
		l.append(int32(v))
		l.append(at)
		s.lists = append(s.lists, l)
	default:
		s.lists[v&^listBit].append(at)
	}
}

func (l *postingList) append(at int32) {
	if len(l.data)+5 > cap(l.data) { // grow gently: there are very many lists
		grown := make([]byte, len(l.data), len(l.data)+len(l.data)/4+8)
		copy(grown, l.data)
		l.data = grown
	}
	l.data = binary.AppendUvarint(l.data, uint64(at-l.last))
	l.last = at
	l.n++
}

// Remove takes a text out; one that is not there is no matter.
func (s *Similar) Remove(text id.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(text)
}

func (s *Similar) remove(key id.ID) {
	at, ok := s.where[key]
	if !ok {
		return
	}
	s.slots[at].dead = true
	delete(s.where, key)
	if dead := len(s.slots) - len(s.where); dead > 1024 && dead > len(s.where)/3 {
		s.sweep()
	}
}

// sweep numbers the living anew and writes the lists without the dead.
func (s *Similar) sweep() {
	to := make([]int32, len(s.slots))
	living := make([]slot, 0, len(s.where)+len(s.where)/8)
	for i, sl := range s.slots {
		to[i] = -1
		if !sl.dead {
			to[i] = int32(len(living))
			s.where[sl.id] = to[i]
			living = append(living, sl)
		}
	}
	terms, lists := s.terms, s.lists
	s.slots, s.first = living, 0
	s.terms, s.lists = make(map[uint32]uint32, len(s.where)), nil
	for f, v := range terms {
		if v&listBit == 0 {
			if n := to[v]; n >= 0 {
				s.post(f, n)
			}
			continue
		}
		lists[v&^listBit].each(func(at int32) {
			if n := to[at]; n >= 0 {
				s.post(f, n)
			}
		})
	}
}

func (l *postingList) each(fn func(at int32)) {
	var at int32
	for b := l.data; len(b) > 0; {
		d, n := binary.Uvarint(b)
		b = b[n:]
		at += int32(d)
		fn(at)
	}
}

func (s *Similar) eachOf(f uint32, fn func(at int32)) {
	v, ok := s.terms[f]
	switch {
	case !ok:
	case v&listBit == 0:
		fn(int32(v))
	default:
		s.lists[v&^listBit].each(fn)
	}
}

// Near gives the texts most like body, best first.
func (s *Similar) Near(body string, o Options) []Hit {
	all := grams(canonical(body), false)
	found, shared := s.near(featuresOf(all), o)
	hits := make([]Hit, len(found))
	var own []gram
	if len(found) > 0 {
		own = grams(body, false)
	}
	for i, f := range found {
		hits[i] = Hit{ID: f.id, Score: f.score, Shared: evidence(body, own, shared[i])}
	}
	return hits
}

// addTo adds the weight of a feature to all slots that have it.
func (s *Similar) addTo(scores []float32, touched []int32, q weighted) []int32 {
	w := q.weight * q.weight
	v, ok := s.terms[q.id]
	if !ok {
		return touched
	}
	if v&listBit == 0 {
		if scores[v] == 0 {
			touched = append(touched, int32(v))
		}
		scores[v] += w
		return touched
	}
	at := 0
	for b := s.lists[v&^listBit].data; len(b) > 0; {
		if b[0] < 0x80 {
			at += int(b[0])
			b = b[1:]
		} else {
			d, n := binary.Uvarint(b)
			at += int(d)
			b = b[n:]
		}
		if scores[at] == 0 {
			touched = append(touched, int32(at))
		}
		scores[at] += w
	}
	return touched
}

type nearby struct {
	id    id.ID
	score float64
}

// near gives the best and, for each, the features it shares.
func (s *Similar) near(fs []feature, o Options) ([]nearby, []map[uint32]bool) {
	k := o.K
	if k <= 0 {
		k = 5
	}
	k = min(k, 100)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.where) == 0 || len(fs) == 0 {
		return nil, nil
	}
	query := keep(s.weigh(fs))
	length := norm(query)
	slices.SortFunc(query, func(a, b weighted) int {
		if c := cmp.Compare(a.df, b.df); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	buffer, _ := s.pool.Get().(*[]float32)
	if buffer == nil || len(*buffer) < len(s.slots) {
		b := make([]float32, len(s.slots)+len(s.slots)/4+64)
		buffer = &b
	}
	scores := *buffer
	var touched []int32
	decoded := 0
	for i, q := range query {
		if decoded += int(q.df); decoded > maxDecoded && i > 0 {
			query = query[:i]
			break
		}
		touched = s.addTo(scores, touched, q)
	}
	best := newTop(k)
	least := float32(0)
	for _, at := range touched {
		sum := scores[at]
		scores[at] = 0
		sl := &s.slots[at]
		if sum < least*sl.norm || sl.dead || sl.id == o.Exclude || sl.at < o.Since || o.Customer != 0 && sl.customer != o.Customer {
			continue
		}
		best.offer(at, float64(sum/sl.norm))
		if len(best.heap) == k { // what is below the worst of these need not be looked at
			least = float32(best.heap[0].score) * 0.9999
		}
	}
	found := best.sorted()
	for i := range found {
		found[i].score = sameness(found[i].score / float64(length))
		if found[i].score < o.Least {
			found = found[:i]
			break
		}
	}
	out := make([]nearby, len(found))
	shared := make([]map[uint32]bool, len(found))
	for i, r := range found {
		out[i] = nearby{s.slots[r.slot].id, r.score}
		shared[i] = map[uint32]bool{}
		scores[r.slot] = float32(i + 1)
	}
	if len(found) > 0 {
		for _, q := range query {
			s.eachOf(q.id, func(at int32) {
				if m := scores[at]; m > 0 {
					shared[int(m)-1][q.id] = true
				}
			})
		}
	}
	for _, r := range found {
		scores[r.slot] = 0
	}
	s.pool.Put(buffer)
	return out, shared
}

// sameness turns a cosine into how likely it is that both texts are about the
// same matter.
func sameness(cosine float64) float64 {
	return 1 / (1 + math.Exp(-12*(min(cosine, 1)-0.42)))
}

// evidence are the stretches of s whose features are shared.
func evidence(s string, own []gram, shared map[uint32]bool) []Span {
	var spans [][2]int32
	for _, g := range own {
		if (g.kind == pair || g.kind == word || g.kind == single && len(own) == 1) && shared[uint32(g.id^g.id>>32)] {
			spans = append(spans, [2]int32{g.start, g.end})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int32) int { return cmp.Compare(a[0], b[0]) })
	return runeSpans(s, spans)
}

// Bytes is about how much memory the index takes.
func (s *Similar) Bytes() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := cap(s.slots)*40 + len(s.where)*24 + len(s.terms)*16 + cap(s.lists)*32
	for i := range s.lists {
		n += cap(s.lists[i].data)
	}
	return n
}
