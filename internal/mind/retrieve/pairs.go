package retrieve

import (
	"cmp"
	"math"
	"slices"
)

// Pair is two texts and whether they mean the same.
type Pair struct {
	A, B string
	Same bool
}

// Pairs tells whether two texts mean the same; it is learned from labelled
// pairs, such as tickets that people merged and candidates they refused. It
// does not change after it was learned.
type Pairs struct {
	idf   rarityTable
	words *wordWeights
	trees *boosted
}

// rarityTable is the rarity of grams in a collection.
type rarityTable struct {
	df    map[uint64]int32
	texts int
}

func newRarityTable(texts []string) rarityTable {
	t := rarityTable{df: map[uint64]int32{}, texts: len(texts)}
	seen := map[uint64]bool{}
	for _, s := range texts {
		clear(seen)
		for _, g := range grams(canonical(s), true) {
			if !seen[g.id] {
				seen[g.id] = true
				t.df[g.id]++
			}
		}
	}
	return t
}

func (t rarityTable) of(id uint64, _ kind) float64 {
	df := float64(t.df[id])
	return math.Log(1 + (float64(t.texts)-df+0.5)/(df+0.5))
}

const (
	folds      = 5
	pairRounds = 150
)

// LearnPairs learns from labelled pairs; more unlabelled texts of the same
// kind make the rarity of words better known.
func LearnPairs(pairs []Pair, more []string) *Pairs {
	texts := slices.Clone(more)
	for _, p := range pairs {
		texts = append(texts, p.A, p.B)
	}
	slices.Sort(texts)
	p := &Pairs{idf: newRarityTable(slices.Compact(texts))}
	rows := make([][]float64, len(pairs))
	labels := make([]float64, len(pairs))
	sides := make([][2]side, len(pairs))
	for i, x := range pairs {
		sides[i] = [2]side{read(x.A, p.idf.of), read(x.B, p.idf.of)}
		f := compare(&sides[i][0], &sides[i][1])
		rows[i] = f[:]
		if x.Same {
			labels[i] = 1
		}
	}
	// What the differing words say is learned on other pairs than those it is
	// then used on, so that the trees see how good it really is.
	for fold := range folds {
		var in [][2]side
		var y []float64
		for i := range pairs {
			if i%folds != fold {
				in, y = append(in, sides[i]), append(y, labels[i])
			}
		}
		w := learnWords(in, y)
		for i := fold; i < len(pairs); i += folds {
			rows[i][fLearned] = w.score(&sides[i][0], &sides[i][1])
		}
	}
	p.words = learnWords(sides, labels)
	p.trees = boost(rows, labels, pairRounds)
	return p
}

// Same is how likely it is, from 0 to 1, that both mean the same.
func (p *Pairs) Same(a, b string) float64 {
	x, y := read(a, p.idf.of), read(b, p.idf.of)
	return logistic(p.score(&x, &y))
}

const (
	rerankDepth  = 60
	rerankWeight = 0.12
)

// Rerank puts what a search found in a new order, by its score and by how
// likely it is that question and text mean the same. text gives the text of
// Found.Doc.
func (p *Pairs) Rerank(question string, found []Found, text func(doc int) string) {
	if len(found) == 0 {
		return
	}
	best := found[0].Score
	q := read(question, p.idf.of)
	for i := range found {
		d := read(text(found[i].Doc), p.idf.of)
		found[i].Score = found[i].Score/best + rerankWeight*p.score(&q, &d)
	}
	slices.SortStableFunc(found, func(a, b Found) int { return cmp.Compare(b.Score, a.Score) })
}

func (p *Pairs) score(a, b *side) float64 {
	f := compare(a, b)
	f[fLearned] = p.words.score(a, b)
	return p.trees.predict(f[:])
}

// wordWeights is a logistic regression over which grams both texts have and
// which only one has.
type wordWeights struct {
	w    []float32
	bias float32
}

const (
	wordBits   = 18
	wordEpochs = 6
	wordRate   = 0.12
	wordDecay  = 2e-5
)

func (w *wordWeights) each(a, b *side, fn func(slot uint32, x float32)) {
	total := float32(0)
	visit := func(id uint64, how uint64) uint32 {
		h := (id ^ how*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
		return uint32(h >> (64 - wordBits))
	}
	n := len(a.grams) + len(b.grams)
	total = float32(1 / math.Sqrt(float64(n)+1))
	i, j := 0, 0
	for i < len(a.grams) || j < len(b.grams) {
		switch {
		case j == len(b.grams) || i < len(a.grams) && a.grams[i].id < b.grams[j].id:
			if a.grams[i].kind != piece {
				fn(visit(a.grams[i].id, 1), 2*total)
			}
			i++
		case i == len(a.grams) || b.grams[j].id < a.grams[i].id:
			if b.grams[j].kind != piece {
				fn(visit(b.grams[j].id, 1), 2*total)
			}
			j++
		default:
			if a.grams[i].kind != piece {
				fn(visit(a.grams[i].id, 2), total)
			}
			i++
			j++
		}
	}
	// What stands in one in the place of what in the other.
	from, to := 0, 0
	for from < len(a.runes) && from < len(b.runes) && a.runes[from] == b.runes[from] {
		from++
	}
	for to < len(a.runes)-from && to < len(b.runes)-from && a.runes[len(a.runes)-1-to] == b.runes[len(b.runes)-1-to] {
		to++
	}
	x, y := string(a.runes[from:len(a.runes)-to]), string(b.runes[from:len(b.runes)-to])
	if len(x) <= 24 && len(y) <= 24 {
		if y < x {
			x, y = y, x
		}
		fn(visit(hash(kinds, x+">"+y), 3), 0.5)
	}
}

func (w *wordWeights) score(a, b *side) float64 {
	sum := w.bias
	w.each(a, b, func(s uint32, x float32) { sum += w.w[s] * x })
	return float64(sum)
}

// learnWords runs AdaGrad (Duchi et al., 2011) over the pairs in a fixed order
// that mixes them.
func learnWords(sides [][2]side, labels []float64) *wordWeights {
	w := &wordWeights{w: make([]float32, 1<<wordBits)}
	sum := make([]float32, 1<<wordBits)
	biasSum := float32(1)
	n := len(sides)
	step := 7919
	for n > 0 && n%7919 == 0 {
		step = 7907
	}
	for range wordEpochs {
		for k := range n {
			i := k * step % n
			a, b := &sides[i][0], &sides[i][1]
			e := float32(labels[i] - logistic(w.score(a, b)))
			w.each(a, b, func(s uint32, x float32) {
				g := e*x - wordDecay*w.w[s]
				sum[s] += g * g
				w.w[s] += wordRate * g / float32(math.Sqrt(float64(sum[s]))+1e-3)
			})
			biasSum += e * e
			w.bias += wordRate * e / float32(math.Sqrt(float64(biasSum)))
		}
	}
	return w
}
