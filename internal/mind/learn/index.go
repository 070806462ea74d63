package learn

import (
	"cmp"
	"math"
	"slices"
)

// index gives every feature that training saw a number. It is an open hash
// table over 32-bit hashes: twelve bytes a feature.
type index struct {
	keys []uint32 // 0 is an empty place
	ids  []int32
	n    int
}

func newIndex(room int) *index {
	size := 16
	for size < room+room/2 {
		size *= 2
	}
	return &index{keys: make([]uint32, size), ids: make([]int32, size)}
}

func (x *index) find(h uint32) int32 {
	mask := uint32(len(x.keys) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch x.keys[i] {
		case h:
			return x.ids[i]
		case 0:
			return -1
		}
	}
}

// add gives the number of h, a new one when it has none.
func (x *index) add(h uint32) int32 {
	if x.n*3 >= len(x.keys)*2 {
		old := *x
		*x = *newIndex(2 * len(old.keys))
		for i, k := range old.keys {
			if k != 0 {
				x.put(k, old.ids[i])
			}
		}
	}
	return x.put(h, int32(x.n))
}

func (x *index) put(h uint32, id int32) int32 {
	mask := uint32(len(x.keys) - 1)
	i := h & mask
	for ; x.keys[i] != 0; i = (i + 1) & mask {
		if x.keys[i] == h {
			return x.ids[i]
		}
	}
	x.keys[i], x.ids[i] = h, id
	x.n++
	return id
}

// count is a feature of a text with the weight of how often it stands there.
type count struct {
	hash uint32
	n    float32
}

// tally counts features, in the order of their hashes so that sums do not
// depend on anything else. It sorts its argument.
func tally(out []count, features []uint32) []count {
	slices.Sort(features)
	out = out[:0]
	for i := 0; i < len(features); {
		j := i + 1
		for j < len(features) && features[j] == features[i] {
			j++
		}
		n := float32(1)
		if j-i > 1 {
			n += float32(math.Log(float64(j - i)))
		}
		out = append(out, count{features[i], n})
		i = j
	}
	return out
}

// vector is a text as numbered features of length one in the sense of Euclid.
type vector struct {
	id []int32
	x  []float32
}

func (v *vector) normalise() {
	var q float32
	for _, x := range v.x {
		q += x * x
	}
	if q == 0 {
		return
	}
	q = 1 / float32(math.Sqrt(float64(q)))
	for i := range v.x {
		v.x[i] *= q
	}
}

func sortBy[T any](s []T, key func(T) float64) {
	slices.SortStableFunc(s, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}
