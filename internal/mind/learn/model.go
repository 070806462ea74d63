package learn

import (
	"math"
	"slices"
	"sync"
)

// Model answers which label a text deserves. It is never changed.
type Model struct {
	labels []Label
	by     map[string]int32
	alias  []int32 // where a label went: itself, another, or −1 when forgotten

	index  *index
	idf    []float32
	unseen float32
	// The weights feature by feature: those of feature f stand from start[f]
	// to start[f+1], each for a class, as a share of scale[f].
	start  []uint32
	class  []uint16
	weight []int8
	scale  []float32
	bias   []float32
	common []float32 // what every feature says to a class beside its weight

	sure  logistic // how often the best label is right
	known logistic // whether the text is of a known kind

	learned *corrections // since training; nil when none
	pool    *sync.Pool   // of *scratch
}

// scratch is what one prediction needs.
type scratch struct {
	reader reader
	counts []count
	v      vector
	hash   []uint32
	score  []float32
	order  []int32
	merged []float32
	unseen float64
}

func newPool() *sync.Pool { return &sync.Pool{New: func() any { return new(scratch) }} }

// Labels gives the labels that the model may answer.
func (m *Model) Labels() []Label {
	var out []Label
	for i, l := range m.labels {
		if m.alias[i] == int32(i) {
			out = append(out, l)
		}
	}
	return out
}

// Bytes is about how much memory the model takes.
func (m *Model) Bytes() int {
	n := 8*len(m.index.keys) + 4*len(m.idf) + 4*len(m.start) + 3*len(m.class) + 4*len(m.scale) + 8*len(m.bias) + 512
	for _, l := range m.labels {
		n += len(l.Name) + len(l.Title) + len(l.Description) + 100
	}
	return n + m.learned.bytes()
}

// weigh reads a text into s: its vector and its scores.
func (m *Model) weigh(s *scratch, body, title string) {
	s.counts = tally(s.counts, s.reader.read(body, title))
	m.weighCounts(s)
}

func (m *Model) weighCounts(s *scratch) {
	v := &s.v
	v.id, v.x, s.hash = v.id[:0], v.x[:0], s.hash[:0]
	var known, unknown float32
	for _, c := range s.counts {
		id := m.index.find(c.hash)
		x := c.n * m.unseen
		if id >= 0 {
			x = c.n * m.idf[id]
		} else if !m.learned.has(c.hash) {
			unknown += x
			continue
		}
		known += x
		v.id, v.x, s.hash = append(v.id, id), append(v.x, x), append(s.hash, c.hash)
	}
	v.normalise()
	s.unseen = 1
	if known+unknown > 0 {
		s.unseen = float64(unknown / (known + unknown))
	}
	if cap(s.score) < len(m.labels) {
		s.score = make([]float32, len(m.labels))
	}
	s.score = s.score[:len(m.labels)]
	clear(s.score)
	copy(s.score, m.bias)
	var length float32
	for j, id := range v.id {
		if id < 0 {
			continue
		}
		length += v.x[j]
		a, b := m.start[id], m.start[id+1]
		x := v.x[j] * m.scale[id]
		class, weight := m.class[a:b], m.weight[a:b]
		weight = weight[:len(class)]
		for i, c := range class {
			s.score[c] += x * float32(weight[i])
		}
	}
	axpy(s.score, m.common, length)
	m.learned.score(s)
}

// rank orders the labels that may be answered, best first, at most n.
func (m *Model) rank(s *scratch, n int) []int32 {
	if cap(s.merged) < len(m.labels) {
		s.merged = make([]float32, len(m.labels))
	}
	s.merged = s.merged[:len(m.labels)]
	for i := range s.merged {
		s.merged[i] = float32(math.Inf(-1))
	}
	for i, to := range m.alias {
		if to >= 0 {
			s.merged[to] = max(s.merged[to], s.score[i])
		}
	}
	s.order = s.order[:0]
	for i, x := range s.merged {
		if math.IsInf(float64(x), -1) {
			continue
		}
		at := len(s.order)
		for at > 0 && s.merged[s.order[at-1]] < x {
			at--
		}
		if at < n {
			if len(s.order) < n {
				s.order = append(s.order, 0)
			}
			copy(s.order[at+1:], s.order[at:])
			s.order[at] = int32(i)
		}
	}
	return s.order
}

// Predict reads a text and gives its label. Safe for concurrent use.
func (m *Model) Predict(body, title string) Prediction {
	s := m.pool.Get().(*scratch)
	defer m.pool.Put(s)
	m.weigh(s, body, title)
	return m.predict(s)
}

// Features are a text as all models see it. They do not depend on a model, so
// that one reading serves several.
type Features struct{ counts []count }

// ReadFeatures reads a text for PredictFeatures.
func ReadFeatures(body, title string) Features {
	var r reader
	return Features{tally(nil, r.read(body, title))}
}

// PredictFeatures is Predict on a text that was read before.
func (m *Model) PredictFeatures(f Features) Prediction {
	s := m.pool.Get().(*scratch)
	defer m.pool.Put(s)
	own := s.counts
	s.counts = f.counts
	m.weighCounts(s)
	s.counts = own
	return m.predict(s)
}

func (m *Model) predict(s *scratch) Prediction {
	order := m.rank(s, 5)
	if len(order) == 0 {
		return Prediction{}
	}
	first, margin := float64(s.merged[order[0]]), 1.0
	if len(order) > 1 {
		margin = first - float64(s.merged[order[1]])
	}
	known := m.known.at([]float64{first, s.unseen, m.cover(s, order[0]) * (1 - s.unseen)})
	p := Prediction{Label: m.labels[order[0]].Name, Confidence: 1, Known: known}
	if len(order) > 1 {
		p.Confidence = m.sure.at([]float64{first, margin, s.unseen})
		// More than one label: the best is never less likely than chance.
		p.Confidence = max(p.Confidence, 1/float64(len(m.labels)))
	}
	if len(s.v.id) == 0 { // nothing was understood
		p.Known = 0
	}
	p.Runners = make([]Scored, 0, len(order))
	var rest float64
	for _, o := range order[1:] {
		rest += math.Exp(6 * float64(s.merged[o]))
	}
	p.Runners = append(p.Runners, Scored{p.Label, p.Confidence})
	for _, o := range order[1:] {
		share := (1 - p.Confidence) * math.Exp(6*float64(s.merged[o])) / rest
		p.Runners = append(p.Runners, Scored{m.labels[o].Name, min(share, p.Confidence)})
	}
	return p
}

// cover is the share of a text that speaks for a label.
func (m *Model) cover(s *scratch, label int32) float64 {
	var all, speaks float32
	for j, id := range s.v.id {
		all += s.v.x[j]
		var w float32
		if id >= 0 {
			a, b := m.start[id], m.start[id+1]
			for i, c := range m.class[a:b] {
				if c >= uint16(label) { // in rising order
					if c == uint16(label) {
						w = float32(m.weight[int(a)+i]) * m.scale[id]
					}
					break
				}
			}
		}
		if m.learned != nil {
			w += m.learned.weightOf(s.hash[j], label)
		}
		if w > 0 {
			speaks += s.v.x[j]
		}
	}
	if all == 0 {
		return 0
	}
	return float64(speaks / all)
}

// compress turns dense weights into those of a model.
func (m *Model) compress(f *fitted) {
	k := f.classes
	m.index, m.idf, m.unseen = f.index, f.idf, f.unseen
	m.start = make([]uint32, 1, len(f.idf)+1)
	m.scale = make([]float32, len(f.idf))
	for id := range f.idf {
		row := f.weights[id*k : id*k+k]
		var most float32
		for _, w := range row {
			most = max(most, w, -w)
		}
		if most > 0 {
			scale := most / 127
			m.scale[id] = scale
			for c, w := range row {
				q := math.RoundToEven(float64(w / scale))
				if q > 3 || q < -3 || k <= 3 && q != 0 {
					m.class = append(m.class, uint16(c))
					m.weight = append(m.weight, int8(q))
				}
			}
		}
		m.start = append(m.start, uint32(len(m.class)))
	}
	m.class, m.weight = slices.Clip(m.class), slices.Clip(m.weight)
	m.bias, m.common = make([]float32, k), make([]float32, k)
	copy(m.common, f.common)
	for c, w := range f.weights[len(f.weights)-k:] {
		m.bias[c] = w * f.bias
	}
}

func (m *Model) name(labels []Label) {
	m.labels = labels
	m.by = make(map[string]int32, len(labels))
	m.alias = make([]int32, len(labels))
	for i, l := range labels {
		m.by[l.Name] = int32(i)
		m.alias[i] = int32(i)
	}
}
