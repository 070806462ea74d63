package learn

import (
	"maps"
	"math"
	"slices"

	"zhidan/internal/platform/fault"
)

// corrections are what a model learned since its training: a second machine
// that starts from the scores of the first and adds only what the corrected
// texts need. They keep hashes, not texts.
type corrections struct {
	texts []corrected
	rows  map[uint32]*row // by feature
	bias  []float32
}

type corrected struct {
	hash  []uint32
	x     []float32
	base  []float32 // scores without corrections
	alpha []float32
	label int32
	cost  float32
}

// row holds the weights of one feature, by class.
type row struct {
	class  []uint16
	weight []float32
}

const (
	correctionCost = 8
	correctionBias = 0.2
	// maxFeaturesKept is how many features of a corrected text are kept: those
	// that weigh most.
	maxFeaturesKept = 400
	// replayed is how many corrections are looked at again for a new one.
	replayed = 200
)

func (c *corrections) has(h uint32) bool {
	if c == nil {
		return false
	}
	_, ok := c.rows[h]
	return ok
}

func (c *corrections) bytes() int {
	if c == nil {
		return 0
	}
	n := 64
	for _, t := range c.texts {
		n += 8*len(t.hash) + 8*len(t.base) + 64
	}
	for _, r := range c.rows {
		n += 6*len(r.class) + 80
	}
	return n
}

func (c *corrections) score(s *scratch) {
	if c == nil {
		return
	}
	for i, b := range c.bias {
		s.score[i] += b * correctionBias
	}
	for j, h := range s.hash {
		if r := c.rows[h]; r != nil {
			for i, class := range r.class {
				s.score[class] += s.v.x[j] * r.weight[i]
			}
		}
	}
}

// Learn gives a model that has taken in one correction; m stays as it is. A
// label never seen before becomes a new one. What a training would do better
// is left to the next training: after MaxCorrections of them Learn refuses.
func (m *Model) Learn(e Example) (*Model, error) { return m.LearnAll([]Example{e}) }

// LearnAll is Learn for several corrections at once: they settle together,
// which costs little more than one.
func (m *Model) LearnAll(list []Example) (*Model, error) {
	if len(list) == 0 {
		return m, nil
	}
	if m.Corrections()+len(list) > MaxCorrections {
		return nil, fault.New(fault.Conflict, "learn.retrain", "after %d corrections the model is to be trained anew", MaxCorrections)
	}
	out := *m
	labels := make([]int32, len(list))
	for i, e := range list {
		if err := checkLabel("label", e.Label); err != nil {
			return nil, err
		}
		label, ok := out.by[e.Label]
		if !ok {
			if len(out.labels) >= MaxLabels {
				return nil, fault.Bad("label", "learn.labels_many", "a model has at most %d labels", MaxLabels)
			}
			label = int32(len(out.labels))
			out.labels = append(slices.Clip(out.labels), Label{Name: e.Label})
			out.alias = append(slices.Clip(out.alias), label)
			out.bias, out.common = append(slices.Clip(out.bias), 0), append(slices.Clip(out.common), 0)
			out.by = maps.Clone(out.by)
			out.by[e.Label] = label
		} else if out.alias[label] < 0 { // it was forgotten and is wanted again
			out.alias = slices.Clone(out.alias)
			out.alias[label] = label
		}
		labels[i] = out.alias[label]
	}
	c := &corrections{rows: map[uint32]*row{}}
	if m.learned != nil {
		c.texts = slices.Clone(m.learned.texts)
		c.rows = maps.Clone(m.learned.rows) // rows themselves are copied when touched
		c.bias = slices.Clone(m.learned.bias)
	}
	for len(c.bias) < len(out.labels) {
		c.bias = append(c.bias, 0)
	}
	for i, e := range list {
		c.texts = append(c.texts, out.correction(e, labels[i]))
	}
	c.settle(len(out.labels), max(replayed, len(list)))
	out.learned = c
	return &out, nil
}

// Bare gives the model as it was trained, without corrections. Labels that came
// with them stay, and are answered by none of its weights.
func (m *Model) Bare() *Model {
	out := *m
	out.learned = nil
	return &out
}

// correction reads an example as a corrected text.
func (m *Model) correction(e Example, label int32) corrected {
	s := m.pool.Get().(*scratch)
	defer m.pool.Put(s)
	s.counts = tally(s.counts, s.reader.read(e.Text, e.Title))
	kept := s.counts
	weight := func(c count) float32 {
		if id := m.index.find(c.hash); id >= 0 {
			return c.n * m.idf[id]
		}
		return c.n * m.unseen
	}
	if len(kept) > maxFeaturesKept {
		kept = slices.Clone(kept)
		slices.SortStableFunc(kept, func(a, b count) int {
			switch x, y := weight(a), weight(b); {
			case x > y:
				return -1
			case x < y:
				return 1
			}
			return 0
		})
		kept = kept[:maxFeaturesKept]
		slices.SortFunc(kept, func(a, b count) int { return int(int64(a.hash) - int64(b.hash)) })
	}
	t := corrected{label: label, cost: correctionCost, alpha: make([]float32, len(m.labels))}
	if e.Weight > 0 {
		t.cost *= e.Weight
	}
	var v vector
	for _, c := range kept {
		t.hash, v.x = append(t.hash, c.hash), append(v.x, weight(c))
	}
	v.normalise()
	t.x = v.x
	// The scores of training alone, so that the corrections answer for the rest.
	bare := *m
	bare.learned = nil
	bare.weighCounts(s)
	t.base = slices.Clone(s.score)
	return t
}

// settle solves the dual of the newest corrections until they stand still.
func (c *corrections) settle(classes, newest int) {
	mine := map[uint32]bool{} // rows that are already copies
	score, delta := make([]float32, classes), make([]float32, classes)
	alpha := make([]float32, classes)
	from := max(0, len(c.texts)-newest)
	for pass := range 20 {
		moved := false
		// The newest first: it is the one that has to hold.
		for i := len(c.texts) - 1; i >= from; i-- {
			t := &c.texts[i]
			q := float32(correctionBias * correctionBias)
			for k := range score {
				score[k] = c.bias[k] * correctionBias
				if k < len(t.base) {
					score[k] += t.base[k]
				}
			}
			for j, h := range t.hash {
				q += t.x[j] * t.x[j]
				if r := c.rows[h]; r != nil {
					for n, class := range r.class {
						score[class] += t.x[j] * r.weight[n]
					}
				}
			}
			clear(alpha)
			copy(alpha, t.alpha)
			if step(score, alpha, delta, int(t.label), q, t.cost) < 1e-3 {
				continue
			}
			moved = true
			t.alpha = slices.Clone(alpha)
			for k, d := range delta {
				if d == 0 {
					continue
				}
				c.bias[k] += d * correctionBias
				for j, h := range t.hash {
					c.add(h, uint16(k), d*t.x[j], mine)
				}
			}
		}
		if !moved && pass > 0 {
			return
		}
	}
}

func (c *corrections) add(h uint32, class uint16, w float32, mine map[uint32]bool) {
	r := c.rows[h]
	if r == nil {
		r = &row{}
		c.rows[h], mine[h] = r, true
	} else if !mine[h] {
		r = &row{slices.Clone(r.class), slices.Clone(r.weight)}
		c.rows[h], mine[h] = r, true
	}
	for i, k := range r.class {
		if k == class {
			r.weight[i] += w
			return
		}
	}
	r.class, r.weight = append(r.class, class), append(r.weight, w)
}

func (c *corrections) weightOf(hash uint32, class int32) float32 {
	if r := c.rows[hash]; r != nil {
		for i, k := range r.class {
			if int32(k) == class {
				return r.weight[i]
			}
		}
	}
	return 0
}

// Corrections is how many examples were learned since training.
func (m *Model) Corrections() int {
	if m.learned == nil {
		return 0
	}
	return len(m.learned.texts)
}

// Merge gives a model that answers `to` wherever m answers `from`.
func (m *Model) Merge(from, to string) (*Model, error) {
	a, ok := m.by[from]
	if !ok {
		return nil, fault.Bad("from", "learn.label_unknown", "the model has no such label")
	}
	b, ok := m.by[to]
	if !ok || m.alias[b] < 0 {
		return nil, fault.Bad("to", "learn.label_unknown", "the model has no such label")
	}
	if b = m.alias[b]; m.alias[a] == b {
		return m, nil
	}
	return m.redirect(m.alias[a], a, b), nil
}

// Knows tells whether the model has the label, and may answer it.
func (m *Model) Knows(label string) bool {
	i, ok := m.by[label]
	return ok && m.alias[i] >= 0
}

// Rename gives a model that calls a label by another name, one that it does
// not have.
func (m *Model) Rename(from, to string) (*Model, error) {
	if err := checkLabel("to", to); err != nil {
		return nil, err
	}
	a, ok := m.by[from]
	if !ok {
		return nil, fault.Bad("from", "learn.label_unknown", "the model has no such label")
	}
	if b, ok := m.by[to]; ok {
		if m.alias[b] < 0 { // it was forgotten and is wanted again
			again := *m
			again.alias = slices.Clone(m.alias)
			again.alias[b] = b
			m = &again
		}
		return m.Merge(from, to)
	}
	a = m.alias[a]
	if a < 0 {
		return nil, fault.Bad("from", "learn.label_unknown", "the model has forgotten this label")
	}
	out := *m
	out.labels = slices.Clone(m.labels)
	out.labels[a] = Label{Name: to}
	out.by = maps.Clone(m.by)
	delete(out.by, m.labels[a].Name)
	out.by[to] = a
	return &out, nil
}

// Forget gives a model that never answers the label.
func (m *Model) Forget(label string) (*Model, error) {
	a, ok := m.by[label]
	if !ok {
		return nil, fault.Bad("label", "learn.label_unknown", "the model has no such label")
	}
	return m.redirect(m.alias[a], a, -1), nil
}

func (m *Model) redirect(now, label, to int32) *Model {
	out := *m
	out.alias = slices.Clone(m.alias)
	for i, x := range out.alias {
		if int32(i) == label || x == label && now == label {
			out.alias[i] = to
		}
	}
	return &out
}

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }
