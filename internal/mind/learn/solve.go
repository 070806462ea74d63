package learn

import (
	"context"
	"math/rand/v2"
)

// problem is one multiclass machine to be solved.
type problem struct {
	vectors  []vector
	labels   []int32
	costs    []float32 // of each example
	classes  int
	features int
	passes   int
	bias     float32
	seed     uint64
	alpha    []float32 // where to start; afterwards, where it ended
}

// solve finds the weights, feature by feature with the classes side by side;
// the last row is the bias. Each step solves the dual of one example exactly.
// Examples that stand still sleep for a while.
func (p *problem) solve(ctx context.Context) ([]float32, error) {
	k := p.classes
	w := make([]float32, (p.features+1)*k)
	if p.alpha == nil {
		p.alpha = make([]float32, len(p.vectors)*k)
	}
	alpha := p.alpha
	score, delta := make([]float32, k), make([]float32, k)
	wake := make([]int, len(p.vectors))
	rest := make([]int8, len(p.vectors))
	order := make([]int, len(p.vectors))
	for i := range order {
		order[i] = i
	}
	rng := rand.New(rand.NewPCG(p.seed, 77))
	biasRow := w[p.features*k:]
	p.start(w)
	for pass := range p.passes {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		moved := 0
		for n, i := range order {
			if n&1023 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if wake[i] > pass {
				continue
			}
			v := &p.vectors[i]
			q := p.bias * p.bias
			for c := range score {
				score[c] = biasRow[c] * p.bias
			}
			for _, x := range v.x {
				q += x * x
			}
			addRows(score, w, v)
			a := alpha[i*k : i*k+k]
			biggest := step(score, a, delta, int(p.labels[i]), q, p.costs[i])
			if biggest < 1e-3*p.costs[i] {
				rest[i] = min(rest[i]+1, 4)
				wake[i] = pass + 1 + int(rest[i])
				if biggest == 0 {
					continue
				}
			} else {
				rest[i] = 0
			}
			moved++
			touched := 0
			for _, d := range delta {
				if d != 0 {
					touched++
				}
			}
			if touched*4 > k {
				for j, f := range v.id {
					axpy(w[int(f)*k:int(f)*k+k], delta, v.x[j])
				}
			} else {
				for c, d := range delta {
					if d == 0 {
						continue
					}
					for j, f := range v.id {
						w[int(f)*k+c] += v.x[j] * d
					}
				}
			}
			axpy(biasRow, delta, p.bias)
		}
		if moved*200 < len(order) {
			break
		}
	}
	return w, nil
}

// start gives the weights that belong to the alphas.
func (p *problem) start(w []float32) {
	k := p.classes
	for i, v := range p.vectors {
		for c, a := range p.alpha[i*k : i*k+k] {
			if a == 0 {
				continue
			}
			for j, f := range v.id {
				w[int(f)*k+c] += v.x[j] * a
			}
			w[p.features*k+c] += p.bias * a
		}
	}
}

// addRows adds the rows of a text's features to its scores, four at a time:
// most of a training is spent here, and so the scores are loaded and stored
// less often.
func addRows(score, w []float32, v *vector) {
	k := len(score)
	row := func(j int) []float32 { return w[int(v.id[j])*k:][:k] }
	j := 0
	for ; j+4 <= len(v.id); j += 4 {
		a, b, c, d := row(j), row(j+1), row(j+2), row(j+3)
		xa, xb, xc, xd := v.x[j], v.x[j+1], v.x[j+2], v.x[j+3]
		for i := range score {
			score[i] += xa*a[i] + xb*b[i] + (xc*c[i] + xd*d[i])
		}
	}
	for ; j < len(v.id); j++ {
		axpy(score, row(j), v.x[j])
	}
}

func axpy(to, from []float32, x float32) {
	to = to[:len(from)]
	for i, y := range from {
		to[i] += x * y
	}
}

// step solves the dual of one example whose scores are given (they are used
// up) and whose squared length is q, changes alpha, gives the changes in delta
// and the biggest of them.
func step(score, alpha, delta []float32, label int, q, cost float32) float32 {
	// After Keerthi et al. section 3: b = loss + score − q·alpha, and the new
	// alpha is what of b lies above a level that makes their sum zero.
	for c := range score {
		score[c] += 1 - q*alpha[c]
	}
	score[label]--
	room := q * cost
	score[label] += room
	var sum float32
	n := len(score)
	for _, b := range score {
		sum += b
	}
	level := (sum - room) / float32(n)
	for { // drop what lies below until nothing does
		var s float32
		m := 0
		for _, b := range score {
			if b > level {
				s += b
				m++
			}
		}
		if m == 0 {
			break
		}
		next := (s - room) / float32(m)
		if m == n || next <= level {
			break
		}
		n, level = m, next
	}
	score[label] -= room
	var biggest float32
	for c, b := range score {
		to := (level - b) / q
		if c == label {
			to = min(cost, to)
		} else {
			to = min(0, to)
		}
		d := to - alpha[c]
		if d < 1e-6 && d > -1e-6 {
			d = 0
		}
		alpha[c] += d
		delta[c] = d
		biggest = max(biggest, d, -d)
	}
	return biggest
}
