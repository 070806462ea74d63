package retrieve

import (
	"cmp"
	"slices"
	"strconv"

	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Bounds of Closer: how many hits are worth reading, and how much of each.
const (
	CloserDepth = 40
	closerBytes = 2 << 10
	closerShare = 0.5 // of the likeness, beside the order among the hits
)

// Closer puts hits of a Similar in a better order by reading them. A Similar
// keeps of each text only the rare pairs and words, so that it stays small and
// no greeting makes two texts alike; of what it finds, the whole words tell
// who is closest. They are ranked as an Index of their own: what all of them
// say counts little there. Scores stay as they are. words gives the text of a
// hit; one without text goes to the end.
func Closer(body string, hits []Hit, words func(id.ID) string) {
	docs := make([]Document, len(hits))
	for i, h := range hits {
		docs[i] = Document{ID: strconv.Itoa(i), Text: text.Cap(words(h.ID), closerBytes)}
	}
	ranked := NewIndex(docs).Search(text.Cap(body, closerBytes), len(docs))
	if len(ranked) == 0 {
		return
	}
	order := make([]float64, len(hits))
	for _, f := range ranked {
		order[f.Doc] = f.Score/ranked[0].Score + closerShare*hits[f.Doc].Score
	}
	sorted := make([]int, len(hits))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortStableFunc(sorted, func(a, b int) int { return cmp.Compare(order[b], order[a]) })
	before := slices.Clone(hits)
	for i, from := range sorted {
		hits[i] = before[from]
	}
}
