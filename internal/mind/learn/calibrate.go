package learn

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// logistic is a logistic regression over a few numbers; the last weight is
// the constant.
type logistic []float64

func (l logistic) at(x []float64) float64 {
	z := l[len(l)-1]
	for i, v := range x {
		z += l[i] * v
	}
	return 1 / (1 + math.Exp(-z))
}

// fitLogistic solves by Newton's method with a little ridge that pulls towards
// the prior. The sums are taken in order, so the result is the same each time.
func fitLogistic(xs [][]float64, ys []bool, weights []float64, prior logistic, ridge float64) logistic {
	n := len(prior)
	l := append(logistic(nil), prior...)
	if len(xs) == 0 {
		return l
	}
	x := make([]float64, n)
	for range 30 {
		g := make([]float64, n)
		h := make([][]float64, n)
		for i := range h {
			h[i] = make([]float64, n)
			h[i][i] = ridge
			g[i] = ridge * (l[i] - prior[i])
		}
		for i, v := range xs {
			copy(x, v)
			x[n-1] = 1
			p, w := l.at(v), 1.0
			if weights != nil {
				w = weights[i]
			}
			e := p
			if ys[i] {
				e--
			}
			for a := range x {
				g[a] += w * e * x[a]
				for b := range x {
					h[a][b] += w * p * (1 - p) * x[a] * x[b]
				}
			}
		}
		d := gauss(h, g)
		var size float64
		for i := range l {
			s := max(-4, min(4, d[i]))
			l[i] -= s
			size += math.Abs(s)
		}
		if size < 1e-6 {
			break
		}
	}
	for i := range l {
		if math.IsNaN(l[i]) || math.IsInf(l[i], 0) {
			return append(logistic(nil), prior...)
		}
	}
	return l
}

// gauss solves a small system of equations.
func gauss(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p] = a[p], a[i]
		b[i], b[p] = b[p], b[i]
		if math.Abs(a[i][i]) < 1e-12 {
			continue
		}
		for r := i + 1; r < n; r++ {
			m := a[r][i] / a[i][i]
			for c := i; c < n; c++ {
				a[r][c] -= m * a[i][c]
			}
			b[r] -= m * b[i]
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		s := b[i]
		for c := i + 1; c < n; c++ {
			s -= a[i][c] * x[c]
		}
		if math.Abs(a[i][i]) >= 1e-12 {
			x[i] = s / a[i][i]
		}
	}
	return x
}

// calibrationError is the expected calibration error over ten equal bins.
func calibrationError(confidence []float64, right []bool) float64 {
	var sum [10]float64
	var hit, n [10]float64
	for i, c := range confidence {
		b := min(9, max(0, int(c*10)))
		sum[b] += c
		n[b]++
		if right[i] {
			hit[b]++
		}
	}
	var e float64
	for b := range n {
		e += math.Abs(sum[b] - hit[b])
	}
	return e / max(1, float64(len(confidence)))
}

// auroc is how often a known text scores above an unknown one.
func auroc(known, unknown []float64) float64 {
	if len(known) == 0 || len(unknown) == 0 {
		return 0
	}
	type at struct {
		v float64
		k bool
	}
	all := make([]at, 0, len(known)+len(unknown))
	for _, v := range known {
		all = append(all, at{v, true})
	}
	for _, v := range unknown {
		all = append(all, at{v, false})
	}
	sortBy(all, func(a at) float64 { return a.v })
	var below, sum float64
	for i := 0; i < len(all); {
		j := i
		var k, u float64
		for ; j < len(all) && all[j].v == all[i].v; j++ {
			if all[j].k {
				k++
			} else {
				u++
			}
		}
		sum += k * (below + u/2)
		below += u
		i = j
	}
	return sum / (float64(len(known)) * float64(len(unknown)))
}

// learnKnown learns to tell texts of known kinds from others: some labels are
// hidden from a small training, and their texts play the unknown.
func (t *training) learnKnown(ctx context.Context) error {
	t.known = slices.Clone(knownBefore)
	const mostExamples = 2500
	present := make([]int, len(t.labels))
	for _, d := range t.docs {
		present[d.label]++
	}
	var usable []int32
	for l, n := range present {
		if n >= 5 {
			usable = append(usable, int32(l))
		}
	}
	if len(usable) < 6 {
		return nil
	}
	rng := rand.New(rand.NewPCG(t.options.Seed, 9))
	rng.Shuffle(len(usable), func(i, j int) { usable[i], usable[j] = usable[j], usable[i] })
	usable = usable[:min(len(usable), 60)]
	quota := make([]int, len(t.labels))
	for _, l := range usable {
		quota[l] = mostExamples / len(usable)
	}
	for round := range 2 {
		hidden := map[int32]bool{}
		for i, l := range usable {
			if i%4 == round {
				hidden[l] = true
			}
		}
		taken := make([]int, len(t.labels))
		var in []document
		var out []int
		for _, i := range rng.Perm(len(t.docs)) {
			d := t.docs[i]
			if taken[d.label] >= quota[d.label] {
				continue
			}
			taken[d.label]++
			if hidden[d.label] || taken[d.label]%4 == 0 {
				out = append(out, i)
			} else {
				in = append(in, d)
			}
		}
		f, err := fit(ctx, in, len(t.labels), t.settings, t.options.Seed, nil)
		if err != nil {
			return err
		}
		var xs [][]float64
		var ys []bool
		for _, h := range t.answer(f, out) {
			_, first, _ := firstTwo(h.score)
			xs = append(xs, []float64{first, h.unseen, h.cover})
			ys = append(ys, !hidden[t.docs[h.example].label])
		}
		l := fitLogistic(xs, ys, nil, knownBefore, 1)
		for i := range t.known {
			if round == 0 {
				t.known[i] = 0
			}
			t.known[i] += l[i] / 2
		}
	}
	return nil
}
