package retrieve

import (
	"cmp"
	"slices"
)

type ranked struct {
	slot  int32
	score float64
}

// before puts the better first, and of equals the earlier.
func (a ranked) compare(b ranked) int {
	if c := cmp.Compare(b.score, a.score); c != 0 {
		return c
	}
	return cmp.Compare(a.slot, b.slot)
}

// top keeps the k best of what it is offered, the worst of them at the root
// of a heap.
type top struct {
	k    int
	heap []ranked
}

func newTop(k int) *top { return &top{k: k} }

func (t *top) offer(slot int32, score float64) {
	r := ranked{slot, score}
	if len(t.heap) < t.k {
		t.heap = append(t.heap, r)
		for i := len(t.heap) - 1; i > 0; {
			up := (i - 1) / 2
			if t.heap[up].compare(t.heap[i]) >= 0 {
				break
			}
			t.heap[up], t.heap[i] = t.heap[i], t.heap[up]
			i = up
		}
		return
	}
	if t.k == 0 || r.compare(t.heap[0]) >= 0 {
		return
	}
	t.heap[0] = r
	for i := 0; ; {
		worst := 2*i + 1
		if worst >= len(t.heap) {
			break
		}
		if next := worst + 1; next < len(t.heap) && t.heap[next].compare(t.heap[worst]) > 0 {
			worst = next
		}
		if t.heap[i].compare(t.heap[worst]) >= 0 {
			break
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// sorted empties the heap, best first.
func (t *top) sorted() []ranked {
	slices.SortFunc(t.heap, ranked.compare)
	return t.heap
}
