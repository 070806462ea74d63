package retrieve

import (
	"math"
	"slices"
)

// SameMatter is how likely it is, from 0 to 1, that two messages of one
// customer are about the same matter, and what of b stands in a too. It knows
// no collection: particles count little, everything else alike, numbers and
// codes (an order, an error) much, equal or not.
func SameMatter(a, b string) (score float64, shared []Span) {
	ga, gb := grams(canonical(a), false), grams(canonical(b), false)
	fa, fb := featuresOf(ga), featuresOf(gb)
	var dot, aa, bb float64
	both := map[uint32]bool{}
	i, j := 0, 0
	for i < len(fa) && j < len(fb) {
		switch {
		case fa[i].id < fb[j].id:
			i++
		case fb[j].id < fa[i].id:
			j++
		default:
			dot += float64(fa[i].base * fb[j].base)
			both[fa[i].id] = true
			i++
			j++
		}
	}
	for _, f := range fa {
		aa += float64(f.base * f.base)
	}
	for _, f := range fb {
		bb += float64(f.base * f.base)
	}
	if dot == 0 {
		return 0, nil
	}
	cosine := dot / math.Sqrt(aa*bb)
	// A short message about a long one says little of it, but the same.
	contained := dot / min(aa, bb)
	x := 0.6*cosine + 0.4*contained
	switch na, nb := codes(ga), codes(gb); {
	case len(na) == 0 || len(nb) == 0:
	case slices.ContainsFunc(na, func(n uint64) bool { return slices.Contains(nb, n) }):
		x += 0.3
	default:
		x -= 0.35
	}
	own := grams(b, false)
	return logistic(10 * (x - 0.42)), evidence(b, own, both)
}

// codes are the numbers and codes of a text that are too long to be a
// quantity, at most 16.
func codes(all []gram) []uint64 {
	var out []uint64
	for _, g := range all {
		if g.kind == word && g.number && g.end-g.start >= 4 && len(out) < 16 {
			out = append(out, g.id)
		}
	}
	return out
}
