package retrieve

import (
	"math"
	"slices"
)

// Said is a message made ready to be compared with others.
type Said struct {
	features []feature
	codes    []uint64
	square   float64 // of the length of its features
}

// NewSaid makes a message ready.
func NewSaid(text string) *Said {
	all := grams(canonical(text), false)
	s := &Said{features: featuresOf(all), codes: codes(all)}
	for _, f := range s.features {
		s.square += float64(f.base * f.base)
	}
	return s
}

// Same is how likely it is, from 0 to 1, that two messages of one customer are
// about the same matter. It knows no collection: particles count little,
// everything else alike, numbers and codes (an order, an error) much, equal or
// not.
func (a *Said) Same(b *Said) float64 {
	var dot float64
	x, y := a.features, b.features
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0].id < y[0].id:
			x = x[1:]
		case y[0].id < x[0].id:
			y = y[1:]
		default:
			dot += float64(x[0].base * y[0].base)
			x, y = x[1:], y[1:]
		}
	}
	if dot == 0 {
		return 0
	}
	cosine := dot / math.Sqrt(a.square*b.square)
	// A short message about a long one says little of it, but the same.
	contained := dot / min(a.square, b.square)
	score := 0.6*cosine + 0.4*contained
	switch {
	case len(a.codes) == 0 || len(b.codes) == 0:
	case slices.ContainsFunc(a.codes, func(n uint64) bool { return slices.Contains(b.codes, n) }):
		score += 0.3
	default:
		score -= 0.35
	}
	return logistic(10 * (score - 0.42))
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
