package learn

import (
	"context"
	"math"
)

// document is a text that was read once: its features by hash.
type document struct {
	key    int // its place among all documents of the training
	counts []count
	label  int32 // −1: none
	weight float32
}

// settings are what training may choose between.
type settings struct {
	cost    float32
	bias    float32
	passes  int
	balance float64 // power by which rare labels cost more
	bayes   float32 // how much naive Bayes is mixed in
	idf     float64
	rare    float64 // how much a feature is trusted less that few texts have
	// How much a feature counts, by its flag: what knows the meaning of a word
	// says more than one of its many letters, and the longer and looser a
	// combination is, the more of it is chance.
	emphasis [flags]float32
}

var plain = settings{cost: 2, bias: 0.3, passes: 8, idf: 0.5, emphasis: [flags]float32{
	flagLetters: 1, flagConcept: 2, flagMood: 4, flagSkip: 0.5, flagWord: 1, flagPair: 1, flagLong: 0.5, flagEdge: 1}}

// fitted is a machine with dense weights, as training needs it.
type fitted struct {
	index   *index
	idf     []float32
	unseen  float32 // idf of what was never seen
	weights []float32
	common  []float32 // what every feature says to a class beside its weight; nil: nothing
	bias    float32
	classes int
	alpha   map[int][]float32 // of the documents by key, to start another training from
}

// manyTexts is from how many texts on loose features that only one text has
// are dropped: the model is a third of the size, and no worse.
const manyTexts = 1000

// maxWeights bounds the dense weights of a training: 256 MB.
const maxWeights = 64 << 20

// fit trains on documents. Classes without a document stay without weights.
func fit(ctx context.Context, docs []document, classes int, s settings, seed uint64, warm *fitted) (*fitted, error) {
	f := &fitted{index: newIndex(1 << 14), classes: classes, bias: s.bias}
	var seen []int32
	for _, d := range docs {
		for _, c := range d.counts {
			id := f.index.add(c.hash)
			if int(id) == len(seen) {
				seen = append(seen, 0)
			}
			seen[id]++
		}
	}
	if len(docs) >= manyTexts {
		f.keep(&seen, func(k uint32, n int32) bool { return n > 1 || loose>>(k>>flagShift)&1 == 0 })
	}
	if limit := maxWeights / max(classes, 1); len(seen) > limit {
		f.drop(&seen, limit)
	}
	f.idf = make([]float32, len(seen))
	n := float64(len(docs))
	for i, k := range f.index.keys {
		if k == 0 {
			continue
		}
		df, i := seen[f.index.ids[i]], f.index.ids[i]
		f.idf[i] = s.emphasis[k>>flagShift] * float32(math.Pow(math.Log((1+n)/(1+float64(df)))+1, s.idf)*float64(df)/(float64(df)+s.rare))
	}
	f.unseen = float32(math.Pow(math.Log(1+n)+1, s.idf))

	p := problem{classes: classes, features: len(seen), passes: s.passes, bias: s.bias, seed: seed}
	size := make([]float64, classes)
	for _, d := range docs {
		size[d.label] += float64(d.weight)
	}
	var total, present float64
	for _, x := range size {
		if total += x; x > 0 {
			present++
		}
	}
	for _, d := range docs {
		v, _ := f.vector(d.counts)
		c := s.cost * d.weight
		if s.balance > 0 {
			c *= float32(math.Pow(total/(present*size[d.label]), s.balance))
		}
		p.vectors, p.labels, p.costs = append(p.vectors, v), append(p.labels, d.label), append(p.costs, c)
	}
	if warm != nil {
		p.alpha = make([]float32, len(docs)*classes)
		for i, d := range docs {
			copy(p.alpha[i*classes:(i+1)*classes], warm.alpha[d.key])
		}
		p.passes = (p.passes + 1) / 2
	}
	w, err := p.solve(ctx)
	if err != nil {
		return nil, err
	}
	f.weights, f.alpha = w, make(map[int][]float32, len(docs))
	for i, d := range docs {
		f.alpha[d.key] = p.alpha[i*classes : (i+1)*classes]
	}
	if s.bayes > 0 {
		g := f.bayes(p.vectors, p.labels)
		axpy(f.weights, g.weights, s.bayes)
		f.common = make([]float32, classes)
		axpy(f.common, g.common, s.bayes)
	}
	return f, nil
}

// drop keeps the features that stand in most texts.
func (f *fitted) drop(seen *[]int32, limit int) {
	var histogram [64]int
	for _, n := range *seen {
		histogram[min(int(n), 63)]++
	}
	least, left := 1, len(*seen)
	for left > limit && least < 63 {
		left -= histogram[least]
		least++
	}
	room := limit
	f.keep(seen, func(_ uint32, n int32) bool {
		if int(n) < least || room == 0 {
			return false
		}
		room--
		return true
	})
}

// keep drops the features that are not wanted. Numbers follow the order of the
// table, which the hashes alone decide.
func (f *fitted) keep(seen *[]int32, wanted func(hash uint32, seen int32) bool) {
	old := f.index
	f.index = newIndex(len(*seen) / 2)
	var kept []int32
	for i, k := range old.keys {
		if k != 0 && wanted(k, (*seen)[old.ids[i]]) {
			f.index.add(k)
			kept = append(kept, (*seen)[old.ids[i]])
		}
	}
	*seen = kept
}

// vector gives the known features of a text, and how much of its weight is
// not known.
func (f *fitted) vector(counts []count) (vector, float32) {
	v := vector{id: make([]int32, 0, len(counts)), x: make([]float32, 0, len(counts))}
	var known, unknown float32
	for _, c := range counts {
		id := f.index.find(c.hash)
		if id < 0 {
			unknown += c.n * f.unseen
			continue
		}
		x := c.n * f.idf[id]
		known += x
		v.id, v.x = append(v.id, id), append(v.x, x)
	}
	v.normalise()
	if known+unknown == 0 {
		return v, 1
	}
	return v, unknown / (known + unknown)
}

// score fills the scores of the classes.
func (f *fitted) score(v vector, out []float32) {
	k := f.classes
	row := f.weights[len(f.weights)-k:]
	for c := range out {
		out[c] = row[c] * f.bias
	}
	addRows(out, f.weights, &v)
	if f.common != nil {
		var length float32
		for _, x := range v.x {
			length += x
		}
		axpy(out, f.common, length)
	}
}

// cover is the share of a text that speaks for a class.
func (f *fitted) cover(v vector, class int) float64 {
	var all, speaks float32
	for j, id := range v.id {
		all += v.x[j]
		if f.weights[int(id)*f.classes+class] > 0 {
			speaks += v.x[j]
		}
	}
	if all == 0 {
		return 0
	}
	return float64(speaks / all)
}

// bayes gives a machine of complement naive Bayes over the same features: how
// much more each is used inside a class than outside. To a class that does not
// have it a feature says what all others say, too: that is kept once, and there
// is no weight, so that a model of many labels stays small.
func (f *fitted) bayes(vectors []vector, labels []int32) *fitted {
	const smooth = 0.02
	k, n := f.classes, len(f.idf)
	g := *f
	g.weights, g.common = make([]float32, (n+1)*k), make([]float32, k)
	all, size := make([]float64, n), make([]float64, k)
	var total float64
	for i, v := range vectors { // the weights are sums at first
		for j, id := range v.id {
			g.weights[int(id)*k+int(labels[i])] += v.x[j]
			all[id] += float64(v.x[j])
			size[labels[i]] += float64(v.x[j])
			total += float64(v.x[j])
		}
	}
	if total == 0 {
		return &g
	}
	var level float64 // the mean of all scores, which is taken away
	for id := range n {
		row := g.weights[id*k : id*k+k]
		for c, in := range row {
			if in > 0 {
				out := max(0, all[id]-float64(in))
				x := math.Log((float64(in)+smooth)/smooth) - math.Log((out+smooth)/(all[id]+smooth))
				row[c] = float32(x)
				level += x * all[id] / (total * float64(k))
			}
		}
	}
	room := smooth * float64(n)
	for c := range g.common {
		x := math.Log((total - size[c] + room) / (size[c] + room))
		g.common[c] = float32(x)
		level += x / float64(k)
	}
	for c := range g.common {
		g.common[c] -= float32(level)
	}
	return &g
}
