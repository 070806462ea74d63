package learn

import (
	"math"
)

// Report is how a training went, measured on examples that were held out.
type Report struct {
	Examples int           `json:"examples"`
	Labels   int           `json:"labels"`
	Held     int           `json:"held"`
	Accuracy float64       `json:"accuracy"`
	MacroF1  float64       `json:"macro_f1"`
	ECE      float64       `json:"ece"`
	PerLabel []LabelReport `json:"per_label"`
	Cells    []Cell        `json:"cells"`
	Seconds  float64       `json:"train_seconds"`
	Bytes    int           `json:"model_bytes"`
}

// LabelReport is how one label fared.
type LabelReport struct {
	Label     string  `json:"label"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"`
}

// Cell is one cell of the confusion matrix that is not empty: the held out
// examples (by their place in the input) that have a label and were given
// another, or the same.
type Cell struct {
	Label    string `json:"label"`
	Given    string `json:"given"`
	Examples []int  `json:"examples"`
}

type answer struct {
	example    int
	is, given  int
	confidence float64
}

// measure counts answers. Labels without an example do not count for the mean
// F1, unless they were given.
func measure(labels []Label, answers []answer) Report {
	k := len(labels)
	hit, said, is := make([]float64, k), make([]float64, k), make([]float64, k)
	cells := map[[2]int][]int{}
	confidence, right := make([]float64, len(answers)), make([]bool, len(answers))
	var hits float64
	for i, a := range answers {
		is[a.is]++
		said[a.given]++
		confidence[i], right[i] = a.confidence, a.is == a.given
		if a.is == a.given {
			hits++
			hit[a.is]++
		}
		cells[[2]int{a.is, a.given}] = append(cells[[2]int{a.is, a.given}], a.example)
	}
	r := Report{Held: len(answers), Accuracy: hits / math.Max(1, float64(len(answers))), ECE: calibrationError(confidence, right)}
	var counted float64
	for c, l := range labels {
		if is[c]+said[c] == 0 {
			continue
		}
		counted++
		x := LabelReport{Label: l.Name, Support: int(is[c]), F1: 2 * hit[c] / (is[c] + said[c])}
		if said[c] > 0 {
			x.Precision = hit[c] / said[c]
		}
		if is[c] > 0 {
			x.Recall = hit[c] / is[c]
		}
		r.MacroF1 += x.F1
		r.PerLabel = append(r.PerLabel, x)
		for g := range labels {
			if e := cells[[2]int{c, g}]; e != nil {
				r.Cells = append(r.Cells, Cell{l.Name, labels[g].Name, e})
			}
		}
	}
	r.MacroF1 /= math.Max(1, counted)
	return r
}

// Comparison is how two models fare on the same examples.
type Comparison struct {
	Examples     int     `json:"examples"`
	Old, New     float64 // accuracy
	OldF1, NewF1 float64
	Won, Lost    int     // examples that only the new, only the old one gets right
	Chance       float64 // how likely the difference is chance, both ways
	Better       bool    // the new one deserves to be promoted
}

// Compare asks two models for the same held out examples. The new one is
// better when it is right more often by McNemar's exact test at 5 %, or when
// it loses nothing in accuracy and gains in the mean F1.
func Compare(old, new *Model, holdout []Example) Comparison {
	c := Comparison{Examples: len(holdout)}
	if len(holdout) == 0 {
		return c
	}
	names := map[string]int{}
	var labels []Label
	number := func(s string) int {
		i, ok := names[s]
		if !ok {
			i = len(labels)
			names[s] = i
			labels = append(labels, Label{Name: s})
		}
		return i
	}
	a, b := make([]answer, len(holdout)), make([]answer, len(holdout))
	for i, e := range holdout {
		a[i] = answer{example: i, is: number(e.Label), given: number(old.Predict(e.Text, e.Title).Label)}
		b[i] = answer{example: i, is: a[i].is, given: number(new.Predict(e.Text, e.Title).Label)}
		switch x, y := a[i].given == a[i].is, b[i].given == b[i].is; {
		case y && !x:
			c.Won++
		case x && !y:
			c.Lost++
		}
	}
	ra, rb := measure(labels, a), measure(labels, b)
	c.Old, c.New, c.OldF1, c.NewF1 = ra.Accuracy, rb.Accuracy, ra.MacroF1, rb.MacroF1
	c.Chance = signTest(c.Won, c.Lost)
	c.Better = c.Won > c.Lost && c.Chance < 0.05 || c.Won >= c.Lost && c.NewF1 > c.OldF1
	return c
}

// signTest is the two-sided chance of a split at least so uneven.
func signTest(won, lost int) float64 {
	n := won + lost
	if n == 0 {
		return 1
	}
	var p float64
	for i := range min(won, lost) + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		p += math.Exp(a - b - c - float64(n)*math.Ln2)
	}
	return math.Min(1, 2*p)
}
