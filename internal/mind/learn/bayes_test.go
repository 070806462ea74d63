package learn

import (
	"math"
	"testing"
)

// The machine keeps what is common to all features once; its scores must
// differ between labels as those of the textbook, which gives every label a
// weight for every feature.
func TestBayesIsThatOfTheTextbook(t *testing.T) {
	tr := &training{examples: shop(8), settings: plain}
	if err := tr.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := len(tr.labels)
	f, err := fit(t.Context(), tr.docs, k, settings{cost: 1, bias: .3, passes: 1, emphasis: plain.emphasis}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	var labels []int32
	for _, d := range tr.docs {
		v, _ := f.vector(d.counts)
		vectors, labels = append(vectors, v), append(labels, d.label)
	}
	const smooth = 0.02
	in, all := make(map[[2]int32]float64), make(map[int32]float64)
	size, total := make([]float64, k), 0.0
	for i, v := range vectors {
		for j, id := range v.id {
			x := float64(v.x[j])
			in[[2]int32{id, labels[i]}] += x
			all[id] += x
			size[labels[i]] += x
			total += x
		}
	}
	n := smooth * float64(len(f.idf))
	g := f.bayes(vectors, labels)
	got, weights := make([]float32, k), 0
	for i, v := range vectors {
		g.score(v, got)
		want := make([]float64, k)
		for c := range want {
			for j, id := range v.id {
				a := in[[2]int32{id, int32(c)}]
				want[c] += float64(v.x[j]) * (math.Log((a+smooth)/(size[c]+n)) - math.Log((all[id]-a+smooth)/(total-size[c]+n)))
			}
		}
		for c := range want {
			if d := want[c] - want[0] - float64(got[c]-got[0]); math.Abs(d) > 1e-3 {
				t.Fatalf("text %d: label %d stands %.4f above the first, the textbook says %.4f", i, c, got[c]-got[0], want[c]-want[0])
			}
		}
	}
	for _, w := range g.weights {
		if w != 0 {
			weights++
		}
	}
	if weights > len(in) {
		t.Errorf("%d weights, though labels have features in %d places only", weights, len(in))
	}
}
