package learn

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sort"
)

// TagExample is one sequence to learn from: what is known of each position as
// hashed features, and its tag in the BIO scheme ("O", "B-phone", "I-phone").
type TagExample struct {
	Features [][]uint64
	Tags     []string
}

// TaggerOptions sets the training; zero values are the tested ones.
type TaggerOptions struct {
	Epochs int     // passes over the examples; 0: 12
	Rate   float64 // step of AdaGrad; 0: 0.2
	L2     float64 // pull towards zero; 0: 1e-4
	Seed   uint64  // order of the examples
	Drop   float64 // share of features hidden at each step; 0: 0.2, below 0: none
}

// Limits of a tagger.
const (
	maxTaggerLabels   = 512
	maxTaggerPosition = 4096 // of one sequence; what comes after is "O"
	maxTaggerEpochs   = 200
)

// Tagger gives each position of a sequence a tag. It is a linear-chain
// conditional random field (Lafferty, McCallum, Pereira 2001) trained by
// AdaGrad (Duchi, Hazan, Singer 2011), read out as the average of its weights.
// Tags that the BIO scheme forbids never come out. Once built it never
// changes and may be used from many goroutines.
type Tagger struct {
	labels  []string
	rows    map[uint64]int32 // feature → row of weights
	weights []float32        // rows × labels
	trans   []float32        // (labels+1) × labels; the last row starts a sequence
	allowed []bool           // as trans
}

// ErrTaggerData says that there was nothing to learn from.
var ErrTaggerData = errors.New("tagger: no examples with tags")

// TrainTagger learns from the examples; the same examples, options and seed
// give the same tagger. It stops with the context's error when that ends.
func TrainTagger(ctx context.Context, examples []TagExample, o TaggerOptions) (*Tagger, error) {
	if o.Epochs <= 0 {
		o.Epochs = 12
	}
	o.Epochs = min(o.Epochs, maxTaggerEpochs)
	if o.Rate <= 0 {
		o.Rate = 0.2
	}
	if o.L2 == 0 {
		o.L2 = 1e-4
	}
	if o.Drop == 0 {
		o.Drop = 0.2
	}
	c, err := newCRF(examples)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x7a67))
	order := rng.Perm(len(c.seqs))
	for range o.Epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for n, i := range order {
			if n&63 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			c.step(&c.seqs[i], o, rng)
		}
	}
	return c.average(), nil
}

// crf is a tagger in training.
type crf struct {
	t     *Tagger
	seqs  []crfSeq
	w, tr crfWeights
	steps float64

	// Scratch, reused from step to step.
	keep               [][]int32
	score, alpha, beta []float64
	scale              []float64
	expT, gradT        []float64
	grad               []float64
}

type crfSeq struct {
	rows [][]int32
	tags []int32
}

// crfWeights carry what AdaGrad and averaging need: sum is Σ of the weight
// over the steps up to at, brought up to date when the weight moves.
type crfWeights struct {
	w, square, sum []float64
	at             []float64 // per row
	width          int
}

func newCRFWeights(rows, width int) crfWeights {
	n := rows * width
	return crfWeights{w: make([]float64, n), square: make([]float64, n), sum: make([]float64, n), at: make([]float64, rows), width: width}
}

func newCRF(examples []TagExample) (*crf, error) {
	t := &Tagger{rows: map[uint64]int32{}}
	index := map[string]int32{}
	for _, e := range examples {
		if len(e.Tags) != len(e.Features) {
			return nil, errors.New("tagger: an example has not as many tags as positions")
		}
		for _, tag := range e.Tags {
			if _, ok := index[tag]; !ok {
				index[tag] = 0
				t.labels = append(t.labels, tag)
			}
		}
	}
	if len(t.labels) == 0 {
		return nil, ErrTaggerData
	}
	if len(t.labels) > maxTaggerLabels {
		return nil, errors.New("tagger: too many different tags")
	}
	sort.Strings(t.labels)
	for i, l := range t.labels {
		index[l] = int32(i)
	}
	t.allow()
	c := &crf{t: t}
	for _, e := range examples {
		n := min(len(e.Tags), maxTaggerPosition)
		if n == 0 {
			continue
		}
		s := crfSeq{rows: make([][]int32, n), tags: make([]int32, n)}
		for i := range n {
			s.tags[i] = index[e.Tags[i]]
			s.rows[i] = make([]int32, len(e.Features[i]))
			for j, f := range e.Features[i] {
				row, ok := t.rows[f]
				if !ok {
					row = int32(len(t.rows))
					t.rows[f] = row
				}
				s.rows[i][j] = row
			}
		}
		c.seqs = append(c.seqs, s)
	}
	l := len(t.labels)
	c.w, c.tr = newCRFWeights(len(t.rows), l), newCRFWeights(l+1, l)
	c.expT, c.gradT, c.grad = make([]float64, (l+1)*l), make([]float64, (l+1)*l), make([]float64, l)
	return c, nil
}

// allow marks the transitions of the BIO scheme: I-x only after B-x or I-x.
func (t *Tagger) allow() {
	l := len(t.labels)
	t.allowed = make([]bool, (l+1)*l)
	for from := range l + 1 {
		for to := range l {
			ok := true
			if name := t.labels[to]; len(name) > 2 && name[:2] == "I-" {
				ok = from < l && len(t.labels[from]) > 2 && t.labels[from][1:] == name[1:]
			}
			t.allowed[from*l+to] = ok
		}
	}
}

// step moves the weights once for one sequence, along the gradient of its log
// likelihood (forward and backward with scaled probabilities).
func (c *crf) step(s *crfSeq, o TaggerOptions, rng *rand.Rand) {
	l, n := len(c.t.labels), len(s.tags)
	c.steps++
	c.sample(s, o.Drop, rng)
	c.fit(n, l)
	for i := range c.expT {
		c.expT[i], c.gradT[i] = 0, 0
		if c.t.allowed[i] {
			c.expT[i] = math.Exp(c.tr.w[i])
		}
	}
	for i := range n { // exp of the positions' scores, with the greatest as 1
		row := c.score[i*l : (i+1)*l]
		clear(row)
		for _, f := range c.keep[i] {
			for j, w := range c.w.w[int(f)*l : (int(f)+1)*l] {
				row[j] += w
			}
		}
		expRow(row)
	}
	c.forwardBackward(n, l)
	c.update(s, o, n, l)
}

// sample picks the features that this step sees.
func (c *crf) sample(s *crfSeq, drop float64, rng *rand.Rand) {
	for len(c.keep) < len(s.rows) {
		c.keep = append(c.keep, nil)
	}
	for i, rows := range s.rows {
		k := c.keep[i][:0]
		for _, f := range rows {
			if drop <= 0 || rng.Float64() >= drop {
				k = append(k, f)
			}
		}
		c.keep[i] = k
	}
}

func (c *crf) fit(n, l int) {
	if cap(c.score) < n*l {
		c.score, c.alpha, c.beta = make([]float64, n*l), make([]float64, n*l), make([]float64, n*l)
	}
	if cap(c.scale) < n {
		c.scale = make([]float64, n)
	}
	c.score, c.alpha, c.beta, c.scale = c.score[:n*l], c.alpha[:n*l], c.beta[:n*l], c.scale[:n]
}

func expRow(row []float64) {
	top := math.Inf(-1)
	for _, v := range row {
		top = max(top, v)
	}
	for j, v := range row {
		row[j] = math.Exp(v - top)
	}
}

func (c *crf) forwardBackward(n, l int) {
	crfForward(c.score, c.expT, c.alpha, c.scale, n, l)
	crfBackward(c.score, c.expT, c.beta, c.scale, n, l)
}

func crfForward(score, expT, alpha, scale []float64, n, l int) {
	for i := range n {
		a := alpha[i*l : (i+1)*l]
		if i == 0 {
			copy(a, expT[l*l:])
		} else {
			clear(a)
			prev := alpha[(i-1)*l : i*l]
			for p, v := range prev {
				if v < 1e-300 {
					continue
				}
				for j, e := range expT[p*l : (p+1)*l] {
					a[j] += v * e
				}
			}
		}
		sum := 0.0
		for j := range a {
			a[j] *= score[i*l+j]
			sum += a[j]
		}
		sum = max(sum, 1e-300)
		scale[i] = sum
		for j := range a {
			a[j] /= sum
		}
	}
}

func crfBackward(score, expT, beta, scale []float64, n, l int) {
	for j := range l {
		beta[(n-1)*l+j] = 1
	}
	for i := n - 2; i >= 0; i-- {
		next := beta[(i+1)*l : (i+2)*l]
		for p := range l {
			sum := 0.0
			for j, e := range expT[p*l : (p+1)*l] {
				sum += e * score[(i+1)*l+j] * next[j]
			}
			beta[i*l+p] = sum / scale[i+1]
		}
	}
}

func (c *crf) update(s *crfSeq, o TaggerOptions, n, l int) {
	for i := range n {
		a, b := c.alpha[i*l:(i+1)*l], c.beta[i*l:(i+1)*l]
		for j := range l {
			c.grad[j] = -a[j] * b[j]
		}
		c.grad[s.tags[i]]++
		for _, f := range c.keep[i] {
			c.w.move(int(f), c.grad, o, c.steps)
		}
		from := l
		if i > 0 {
			from = int(s.tags[i-1])
			prev := c.alpha[(i-1)*l : i*l]
			for p, v := range prev {
				if v < 1e-9 {
					continue
				}
				v /= c.scale[i]
				for j, e := range c.expT[p*l : (p+1)*l] {
					c.gradT[p*l+j] -= v * e * c.score[i*l+j] * b[j]
				}
			}
		} else {
			for j := range l {
				c.gradT[l*l+j] -= a[j] * b[j]
			}
		}
		c.gradT[from*l+int(s.tags[i])]++
	}
	for p := range l + 1 {
		c.tr.move(p, c.gradT[p*l:(p+1)*l], o, c.steps)
	}
}

// move steps one row. Gradients too small to matter are left out: nearly all
// labels of nearly all positions are settled early.
func (w *crfWeights) move(row int, grad []float64, o TaggerOptions, step float64) {
	from := row * w.width
	passed := step - w.at[row]
	w.at[row] = step
	for j, g := range grad {
		k := from + j
		w.sum[k] += w.w[k] * passed
		if g < 1e-4 && g > -1e-4 {
			continue
		}
		g -= o.L2 * w.w[k]
		w.square[k] += g * g
		w.w[k] += o.Rate * g / math.Sqrt(w.square[k]+1e-2)
	}
}

// average makes the tagger from the mean of the weights over all steps; rows
// that never moved are left out.
func (c *crf) average() *Tagger {
	t := c.t
	l := len(t.labels)
	mean := func(w *crfWeights, row int) []float32 {
		out := make([]float32, l)
		for j := range l {
			k := row*l + j
			out[j] = float32((w.sum[k] + w.w[k]*(c.steps-w.at[row])) / max(c.steps, 1))
		}
		return out
	}
	rows := make(map[uint64]int32, len(t.rows))
	features := make([]uint64, 0, len(t.rows))
	for f := range t.rows {
		features = append(features, f)
	}
	sort.Slice(features, func(i, j int) bool { return features[i] < features[j] })
	for _, f := range features {
		row := mean(&c.w, int(t.rows[f]))
		big := float32(0)
		for _, v := range row {
			big = max(big, v, -v)
		}
		if big > 1e-3 {
			rows[f] = int32(len(rows))
			t.weights = append(t.weights, row...)
		}
	}
	t.rows = rows
	for p := range l + 1 {
		t.trans = append(t.trans, mean(&c.tr, p)...)
	}
	return t
}

// Labels are the tags that can come out, sorted.
func (t *Tagger) Labels() []string { return t.labels }

// Tag gives each position its tag, as the best path (Viterbi 1967), and the
// probability of that tag at that position.
func (t *Tagger) Tag(features [][]uint64) ([]string, []float64) {
	l, total := len(t.labels), len(features)
	tags, sure := make([]string, total), make([]float64, total)
	n := min(total, maxTaggerPosition)
	for i := n; i < total; i++ {
		tags[i] = "O"
	}
	if n == 0 || l == 0 {
		return tags, sure
	}
	score := make([]float64, n*l)
	for i := range n {
		row := score[i*l : (i+1)*l]
		for _, f := range features[i] {
			r, ok := t.rows[f]
			if !ok {
				continue
			}
			for j, w := range t.weights[int(r)*l : (int(r)+1)*l] {
				row[j] += float64(w)
			}
		}
	}
	path := t.viterbi(score, n, l)
	expT := make([]float64, (l+1)*l)
	for i := range expT {
		if t.allowed[i] {
			expT[i] = math.Exp(float64(t.trans[i]))
		}
	}
	for i := range n {
		expRow(score[i*l : (i+1)*l])
	}
	alpha, beta, scale := make([]float64, n*l), make([]float64, n*l), make([]float64, n)
	crfForward(score, expT, alpha, scale, n, l)
	crfBackward(score, expT, beta, scale, n, l)
	for i, j := range path {
		tags[i], sure[i] = t.labels[j], min(1, alpha[i*l+j]*beta[i*l+j])
	}
	return tags, sure
}

func (t *Tagger) viterbi(score []float64, n, l int) []int {
	best, next := make([]float64, l), make([]float64, l)
	back := make([]int32, n*l)
	for i := range n {
		for j := range l {
			next[j] = math.Inf(-1)
			if i == 0 {
				if t.allowed[l*l+j] {
					next[j] = float64(t.trans[l*l+j]) + score[j]
				}
				continue
			}
			for p := range l {
				if t.allowed[p*l+j] {
					if v := best[p] + float64(t.trans[p*l+j]); v > next[j] {
						next[j], back[i*l+j] = v, int32(p)
					}
				}
			}
			next[j] += score[i*l+j]
		}
		best, next = next, best
	}
	path := make([]int, n)
	for j, v := range best {
		if v > best[path[n-1]] {
			path[n-1] = j
		}
	}
	for i := n - 1; i > 0; i-- {
		path[i-1] = int(back[i*l+path[i]])
	}
	return path
}
