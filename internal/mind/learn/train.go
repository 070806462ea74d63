package learn

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"zhidan/internal/platform/fault"
)

// Train learns a model from examples. It holds out a part of them (by turns
// where there are few) to measure itself, to choose its settings and to
// calibrate, and then trains on all. It stops when ctx ends.
func Train(ctx context.Context, examples []Example, o Options) (*Model, Report, error) {
	began := time.Now()
	t := &training{options: o, examples: examples, settings: plain}
	if err := t.prepare(ctx); err != nil {
		return nil, Report{}, err
	}
	if err := t.holdOut(ctx); err != nil {
		return nil, Report{}, err
	}
	f, err := fit(ctx, t.all(), len(t.labels), t.settings, o.Seed, t.warm)
	if err != nil {
		return nil, Report{}, err
	}
	t.tick()
	if f, err = t.selfTrain(ctx, f); err != nil {
		return nil, Report{}, err
	}
	m := &Model{unseen: f.unseen, pool: newPool()}
	m.name(t.labels)
	if len(t.shift) > 0 {
		axpy(f.weights[len(f.weights)-len(t.labels):], t.shift, 1/f.bias)
	}
	m.compress(f)
	m.sure, m.known = t.sure, t.known
	r := t.report
	r.Examples, r.Labels, r.Bytes = len(examples), len(t.labels), m.Bytes()
	r.Seconds = time.Since(began).Seconds()
	return m, r, nil
}

type training struct {
	options  Options
	examples []Example
	labels   []Label
	docs     []document // of the examples
	pseudo   []document // of names and descriptions
	loose    []document // of unlabelled texts
	settings settings
	held     []held
	warm     *fitted // the last machine of holding out
	shift    []float32
	sure     logistic
	known    logistic
	report   Report
	done     int
	total    int
}

// held is an example that was answered by a machine that had not seen it.
type held struct {
	example int
	score   []float32
	unseen  float64
	cover   float64
}

func (t *training) tick() {
	t.done++
	if t.options.Progress != nil {
		t.options.Progress(min(t.done, t.total), t.total)
	}
}

func (t *training) all() []document {
	return append(slices.Clip(t.docs), t.pseudo...)
}

// prepare checks the input and reads all texts.
func (t *training) prepare(ctx context.Context) error {
	switch {
	case len(t.examples) == 0:
		return fault.Bad("examples", "learn.examples_none", "training needs examples")
	case len(t.examples) > MaxExamples:
		return fault.Bad("examples", "learn.examples_many", "training takes at most %d examples", MaxExamples)
	case len(t.options.Unlabelled) > MaxUnlabelled:
		return fault.Bad("unlabelled", "learn.examples_many", "training takes at most %d unlabelled texts", MaxUnlabelled)
	}
	by := map[string]*Label{}
	for i, e := range t.examples {
		if by[e.Label] == nil {
			if err := checkLabel(fmt.Sprintf("examples[%d].label", i), e.Label); err != nil {
				return err
			}
			by[e.Label] = &Label{Name: e.Label}
		}
		if e.Weight < 0 || !finite(e.Weight) {
			return fault.Bad(fmt.Sprintf("examples[%d].weight", i), "learn.weight", "a weight is zero or more")
		}
	}
	for i, l := range t.options.Labels {
		if err := checkLabel(fmt.Sprintf("labels[%d].label", i), l.Name); err != nil {
			return err
		}
		by[l.Name] = &l
	}
	if len(by) > MaxLabels {
		return fault.Bad("labels", "learn.labels_many", "a model has at most %d labels", MaxLabels)
	}
	for _, l := range by {
		t.labels = append(t.labels, *l)
	}
	slices.SortFunc(t.labels, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	number := make(map[string]int32, len(t.labels))
	var r reader
	for i, l := range t.labels {
		number[l.Name] = int32(i)
		for _, s := range []string{spoken(l.Name), l.Title, l.Description} {
			if s != "" {
				t.pseudo = append(t.pseudo, document{-1 - len(t.pseudo), tally(nil, r.read(s, "")), int32(i), pseudoWeight})
			}
		}
	}
	for i, e := range t.examples {
		if i&255 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w := e.Weight
		if w == 0 {
			w = 1
		}
		t.docs = append(t.docs, document{i, tally(nil, r.read(e.Text, e.Title)), number[e.Label], w})
	}
	for i, s := range t.options.Unlabelled {
		if i&255 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t.loose = append(t.loose, document{len(t.examples) + i, tally(nil, r.read(s, "")), -1, 0})
	}
	if t.options.Balance {
		t.settings.balance = 0.5
	}
	// How rare a word is says much where many labels are told apart by single
	// words, if there are texts enough to know how rare it is.
	if k := len(t.labels); k > fewLabels && len(t.docs) >= 50*k {
		t.settings.idf = 1
	}
	return nil
}

// pseudoWeight is what a label's own name counts against a real example.
const pseudoWeight = 1

// spoken makes words of a label's name, such as card_arrival; nothing when
// the name says nothing.
func spoken(name string) string {
	s := strings.Map(func(c rune) rune {
		if c == '_' || c == '-' || c == '/' || c == '.' {
			return ' '
		}
		return c
	}, name)
	letters := 0
	for _, c := range s {
		if isHan(c) {
			letters += 2
		} else if c > '9' {
			letters++
		}
	}
	if letters < 4 {
		return ""
	}
	return s
}

// folds splits the examples, each label by itself, into n parts.
func (t *training) folds(n int) []int8 {
	fold := make([]int8, len(t.docs))
	rng := rand.New(rand.NewPCG(t.options.Seed, 5))
	next := make([]int, len(t.labels))
	for i := range next {
		next[i] = rng.IntN(n)
	}
	for _, i := range rng.Perm(len(t.docs)) {
		l := t.docs[i].label
		fold[i] = int8(next[l] % n)
		next[l]++
	}
	return fold
}

// holdOut measures machines on examples that they have not seen.
func (t *training) holdOut(ctx context.Context) error {
	n := len(t.docs)
	parts, rounds := 5, 5
	switch {
	case n > 6000:
		rounds = 1
	case n > 3000:
		rounds = 2
	}
	t.total = rounds + 3
	if err := t.chooseSettings(ctx); err != nil {
		return err
	}
	t.tick()
	fold := t.folds(parts)
	var bayes []held
	for round := range rounds {
		var in []document
		var out []int
		for i, d := range t.docs {
			if int(fold[i]) == round {
				out = append(out, i)
			} else {
				in = append(in, d)
			}
		}
		if len(in) == 0 || len(out) == 0 {
			continue
		}
		in = append(in, t.pseudo...)
		f, err := fit(ctx, in, len(t.labels), t.settings, t.options.Seed, nil)
		if err != nil {
			return err
		}
		t.warm = f
		t.held = append(t.held, t.answer(f, out)...)
		vectors, labels := make([]vector, len(in)), make([]int32, len(in))
		for i, d := range in {
			vectors[i], _ = f.vector(d.counts)
			labels[i] = d.label
		}
		bayes = append(bayes, t.answer(f.bayes(vectors, labels), out)...)
		t.tick()
	}
	t.chooseBayes(bayes)
	t.balance()
	t.calibrate()
	if err := t.learnKnown(ctx); err != nil {
		return err
	}
	t.tick()
	return nil
}

// chooseSettings tries a few settings on a part of the examples: how much the
// lexicon counts and how hard to fit. A setting has to win clearly.
func (t *training) chooseSettings(ctx context.Context) error {
	const mostIn, mostOut, least = 1200, 1600, 40
	if len(t.docs) < least || len(t.labels) < 2 {
		return nil
	}
	fold := t.folds(4)
	rng := rand.New(rand.NewPCG(t.options.Seed, 11))
	order := rng.Perm(len(t.docs))
	hits := func(s settings) (float64, error) {
		s.passes = 5
		var sum float64
		rounds := 1
		if len(t.docs) < 1200 {
			rounds = 4
		}
		for round := range rounds {
			in := slices.Clone(t.pseudo)
			var out []int
			for _, i := range order {
				if int(fold[i]) == round && len(out) < mostOut {
					out = append(out, i)
				} else if int(fold[i]) != round && len(in) < mostIn+len(t.pseudo) {
					in = append(in, t.docs[i])
				}
			}
			f, err := fit(ctx, in, len(t.labels), s, t.options.Seed, nil)
			if err != nil {
				return 0, err
			}
			for _, h := range t.answer(f, out) {
				if best, _, _ := firstTwo(h.score); int32(best) == t.docs[h.example].label {
					sum++
				}
			}
		}
		return sum, nil
	}
	now, err := hits(t.settings)
	if err != nil {
		return err
	}
	try := func(change func(*settings)) error {
		s := t.settings
		change(&s)
		h, err := hits(s)
		if err == nil && h > now+0.1*math.Sqrt(now) {
			now, t.settings = h, s
		}
		return err
	}
	for _, x := range []float32{0, 3} {
		if err := try(func(s *settings) { s.emphasis[flagConcept] = x }); err != nil {
			return err
		}
	}
	if err := try(func(s *settings) { s.emphasis[flagMood] = 0.5 }); err != nil {
		return err
	}
	if len(t.labels) <= 10 {
		if err := try(func(s *settings) { s.cost = 0.5 }); err != nil {
			return err
		}
	}
	return nil
}

func (t *training) answer(f *fitted, examples []int) []held {
	out := make([]held, 0, len(examples))
	for _, i := range examples {
		v, unseen := f.vector(t.docs[i].counts)
		h := held{example: i, score: make([]float32, len(t.labels)), unseen: float64(unseen)}
		f.score(v, h.score)
		h.cover = f.cover(v, top(h.score, nil)) * (1 - h.unseen)
		out = append(out, h)
	}
	return out
}

// fewLabels is up to how many labels are few: then more of naive Bayes is
// usual, and how rare a word is counts for less.
const fewLabels = 20

// chooseBayes mixes in as much naive Bayes as is usual, unless the held out
// examples clearly want another share. The machine looks at what tells labels
// apart, naive Bayes at what each is made of; they err differently (Ng and
// Jordan 2001), and as both are linear the sum is one set of weights.
func (t *training) chooseBayes(bayes []held) {
	if len(bayes) == 0 {
		return
	}
	mixed := make([]float32, len(t.labels))
	at := func(share float32) (hits float64) {
		for i, h := range t.held {
			copy(mixed, h.score)
			axpy(mixed, bayes[i].score, share)
			if int32(top(mixed, nil)) == t.docs[h.example].label {
				hits++
			}
		}
		return hits
	}
	share := float32(0.03)
	if len(t.labels) <= fewLabels {
		share = 0.06
	}
	best := at(share) + math.Sqrt(float64(len(bayes)))*0.1
	for _, s := range []float32{0, 0.015, 0.03, 0.06, 0.1, 0.15, 0.2} {
		if h := at(s); h > best {
			best, share = h, s
		}
	}
	t.settings.bayes = share
	for i, h := range t.held {
		axpy(h.score, bayes[i].score, share)
	}
}

// balanceLeast is how many held out examples of a label say what it needs:
// with fewer, one lucky hit would decide, and the next text pays for it.
const balanceLeast = 12

// balance finds what to add to each label's score so that the mean F1 of the
// labels is best: rare labels are otherwise hardly ever answered. Labels that
// are rarer than balanceLeast stay as they are.
func (t *training) balance() {
	if !t.options.Balance {
		return
	}
	k := len(t.labels)
	t.shift = make([]float32, k)
	seen := make([]int, k)
	for _, h := range t.held {
		seen[t.docs[h.example].label]++
	}
	f1 := func() float64 {
		hit, said, is := make([]float64, k), make([]float64, k), make([]float64, k)
		for _, h := range t.held {
			best := top(h.score, t.shift)
			said[best]++
			is[t.docs[h.example].label]++
			if int32(best) == t.docs[h.example].label {
				hit[best]++
			}
		}
		var sum float64
		for c := range k {
			if is[c]+said[c] > 0 {
				sum += 2 * hit[c] / (is[c] + said[c])
			}
		}
		return sum
	}
	best := f1()
	for range 3 {
		for c := range t.shift {
			if seen[c] < balanceLeast {
				continue
			}
			was, chosen := t.shift[c], t.shift[c]
			for step := -6; step <= 6; step++ {
				t.shift[c] = was + 0.1*float32(step)
				if f := f1(); f > best+1e-3 {
					best, chosen = f, t.shift[c]
				}
			}
			t.shift[c] = chosen
		}
	}
	for _, h := range t.held {
		axpy(h.score, t.shift, 1)
	}
}

func top(score, shift []float32) int {
	best := 0
	var most float32
	for c, s := range score {
		if shift != nil {
			s += shift[c]
		}
		if c == 0 || s > most {
			best, most = c, s
		}
	}
	return best
}

// firstTwo gives the best class, its score and its lead.
func firstTwo(score []float32) (best int, first, lead float64) {
	best = top(score, nil)
	second := float32(math.Inf(-1))
	for c, s := range score {
		if c != best {
			second = max(second, s)
		}
	}
	if len(score) == 1 {
		return 0, float64(score[0]), 1
	}
	return best, float64(score[best]), float64(score[best] - second)
}

var (
	sureBefore  = logistic{0, 3, 0, 0}
	knownBefore = logistic{3, -4, 3, 0}
)

// calibrate learns how often a prediction is right from its scores, measures
// the held out examples, and writes the report.
func (t *training) calibrate() {
	xs, ys := make([][]float64, len(t.held)), make([]bool, len(t.held))
	for i, h := range t.held {
		best, first, lead := firstTwo(h.score)
		xs[i] = []float64{first, lead, h.unseen}
		ys[i] = int32(best) == t.docs[h.example].label
	}
	t.sure = fitLogistic(xs, ys, nil, sureBefore, 1)
	// For the report each half is measured by what the other half teaches.
	var half [2]logistic
	for side := range half {
		var x [][]float64
		var y []bool
		for i := range xs {
			if i%2 != side {
				x, y = append(x, xs[i]), append(y, ys[i])
			}
		}
		half[side] = fitLogistic(x, y, nil, sureBefore, 1)
	}
	answers := make([]answer, len(t.held))
	for i, h := range t.held {
		answers[i] = answer{h.example, int(t.docs[h.example].label), top(h.score, nil), half[i%2].at(xs[i])}
	}
	t.report = measure(t.labels, answers)
}

// selfTrain labels the unlabelled texts that the machine is sure of and
// trains once more with them.
func (t *training) selfTrain(ctx context.Context, f *fitted) (*fitted, error) {
	if len(t.loose) == 0 {
		return f, nil
	}
	docs := t.all()
	score := make([]float32, len(t.labels))
	for round := range 2 {
		sure := t.all()
		for _, d := range t.loose {
			v, unseen := f.vector(d.counts)
			f.score(v, score)
			best, first, lead := firstTwo(score)
			if p := t.sure.at([]float64{first, lead, float64(unseen)}); p > 0.7 {
				sure = append(sure, document{d.key, d.counts, int32(best), float32(0.15 * p * float64(round+1))})
			}
		}
		if len(sure) == len(docs) {
			break
		}
		var err error
		if f, err = fit(ctx, sure, len(t.labels), t.settings, t.options.Seed, nil); err != nil {
			return nil, err
		}
	}
	return f, nil
}
