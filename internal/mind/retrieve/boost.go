package retrieve

import (
	"math"
	"slices"
)

// boosted is a sum of small regression trees on few dense features (Friedman:
// Greedy function approximation, 2001) with logistic loss and second-order
// leaves (Chen, Guestrin: XGBoost, 2016).
type boosted struct {
	Base  float64
	Trees [][]node
}

// node is a split, or a leaf when Feature is -1.
type node struct {
	Feature     int16
	Left, Right int16
	At          float64 // split: up to it goes left; leaf: the value
}

const (
	bins      = 64
	treeDepth = 4
	shrinkage = 0.08
	leafMin   = 20 // least number of rows in a leaf
	ridge     = 3.0
)

func (m *boosted) predict(x []float64) float64 {
	sum := m.Base
	for _, t := range m.Trees {
		i := int16(0)
		for t[i].Feature >= 0 {
			if x[t[i].Feature] <= t[i].At {
				i = t[i].Left
			} else {
				i = t[i].Right
			}
		}
		sum += t[i].At
	}
	return sum
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// boost learns rounds trees. Rows are given whole; labels are 0 or 1.
func boost(rows [][]float64, labels []float64, rounds int) *boosted {
	n := len(rows)
	if n == 0 {
		return &boosted{}
	}
	width := len(rows[0])
	cuts := make([][]float64, width)
	binned := make([][]uint8, width)
	values := make([]float64, n)
	for f := range width {
		for i, r := range rows {
			values[i] = r[f]
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		for b := 1; b < bins; b++ {
			c := sorted[b*(n-1)/bins]
			if c < sorted[n-1] && (len(cuts[f]) == 0 || c > cuts[f][len(cuts[f])-1]) {
				cuts[f] = append(cuts[f], c)
			}
		}
		binned[f] = make([]uint8, n)
		for i, v := range values {
			at, _ := slices.BinarySearch(cuts[f], v)
			binned[f][i] = uint8(at)
		}
	}
	positive := 0.0
	for _, y := range labels {
		positive += y
	}
	rate := (positive + 1) / (float64(n) + 2)
	m := &boosted{Base: math.Log(rate / (1 - rate))}
	scores := make([]float64, n)
	for i := range scores {
		scores[i] = m.Base
	}
	g := &grower{cuts: cuts, binned: binned, gradient: make([]float64, n), curvature: make([]float64, n), scores: scores}
	all := make([]int32, n)
	for range rounds {
		for i, s := range scores {
			p := logistic(s)
			g.gradient[i] = labels[i] - p
			g.curvature[i] = max(p*(1-p), 1e-6)
			all[i] = int32(i)
		}
		g.tree = nil
		g.grow(all, 0)
		m.Trees = append(m.Trees, g.tree)
	}
	return m
}

type grower struct {
	cuts                        [][]float64
	binned                      [][]uint8
	gradient, curvature, scores []float64
	tree                        []node
}

type bin struct {
	g, h float64
	n    int
}

func (g *grower) grow(rows []int32, depth int) int16 {
	var total bin
	for _, i := range rows {
		total.g += g.gradient[i]
		total.h += g.curvature[i]
	}
	at := int16(len(g.tree))
	leaf := shrinkage * total.g / (total.h + ridge)
	g.tree = append(g.tree, node{Feature: -1, At: leaf})
	best, bestFeature, bestCut := 1e-3, -1, 0
	if depth < treeDepth && len(rows) >= 2*leafMin {
		for f := range g.cuts {
			var hist [bins]bin
			col := g.binned[f]
			for _, i := range rows {
				b := &hist[col[i]]
				b.g += g.gradient[i]
				b.h += g.curvature[i]
				b.n++
			}
			var left bin
			for c := range g.cuts[f] {
				left.g += hist[c].g
				left.h += hist[c].h
				left.n += hist[c].n
				if left.n < leafMin || len(rows)-left.n < leafMin {
					continue
				}
				rg, rh := total.g-left.g, total.h-left.h
				gain := left.g*left.g/(left.h+ridge) + rg*rg/(rh+ridge) - total.g*total.g/(total.h+ridge)
				if gain > best {
					best, bestFeature, bestCut = gain, f, c
				}
			}
		}
	}
	if bestFeature < 0 {
		for _, i := range rows {
			g.scores[i] += leaf
		}
		return at
	}
	col := g.binned[bestFeature]
	k := 0
	for i := range rows {
		if int(col[rows[i]]) <= bestCut {
			rows[i], rows[k] = rows[k], rows[i]
			k++
		}
	}
	l := g.grow(rows[:k], depth+1)
	r := g.grow(rows[k:], depth+1)
	g.tree[at] = node{Feature: int16(bestFeature), Left: l, Right: r, At: g.cuts[bestFeature][bestCut]}
	return at
}
