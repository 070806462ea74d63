package learn

import (
	"context"
	"fmt"
	"sort"
	"time"
)

// ClassifyOptions are those of `zhidan eval intent|sentiment|priority`.
type ClassifyOptions struct {
	Task        string // intent, sentiment or priority
	Train, Test string // files: CSV or TSV with a header, or JSONL
	Text        string // columns of the text, by comma; a first one named title or subject is the title
	Label       string // column of the label; several by comma are joined
	OOS         string // file of texts out of scope
	Val, OOSVal string // files that the threshold is chosen on
	Labels      string // JSONL of label descriptions
	Unlabelled  string // file of texts without labels
	Shots       int    // only so many of each label, the first
	Cross       int    // folds over Train instead of Test
	Seed        uint64
}

// ClassifyReport is what `zhidan eval` prints.
type ClassifyReport struct {
	Accuracy      float64               `json:"accuracy"`
	MacroF1       float64               `json:"macro_f1"`
	PerLabel      map[string]LabelScore `json:"per_label"`
	ECE           float64               `json:"ece"`
	TrainSeconds  float64               `json:"train_seconds"`
	PredictMicros float64               `json:"predict_micros"`
	ModelBytes    int                   `json:"model_bytes"`
	Train         int                   `json:"train_examples"`
	Test          int                   `json:"test_examples"`
	*ScopeReport
}

// LabelScore is how one label fared.
type LabelScore struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"`
}

// ScopeReport is how well texts out of scope were told.
type ScopeReport struct {
	AUROC           float64 `json:"auroc"`
	InScopeAccuracy float64 `json:"in_scope_accuracy"`
	OOSRecall       float64 `json:"oos_recall"`
	Overall         float64 `json:"overall_accuracy"`
	Threshold       float64 `json:"threshold"`
}

// EvalClassify trains on one file and measures on another. The same method
// runs for every task and file; only a priority is balanced, because there the
// rare label is the one that matters.
func EvalClassify(ctx context.Context, o ClassifyOptions) (ClassifyReport, error) {
	var none ClassifyReport
	switch o.Task {
	case "intent", "sentiment", "priority":
	default:
		return none, fmt.Errorf("no task %q: intent, sentiment or priority", o.Task)
	}
	train, err := readExamples(o.Train, o.Text, o.Label)
	if err != nil {
		return none, err
	}
	if o.Shots > 0 {
		train = firstOfEach(train, o.Shots)
	}
	opts := Options{Seed: o.Seed, Balance: o.Task == "priority"}
	if o.Labels != "" {
		if opts.Labels, err = readLabels(o.Labels); err != nil {
			return none, err
		}
	}
	if o.Unlabelled != "" {
		texts, err := readExamples(o.Unlabelled, o.Text, noLabel)
		if err != nil {
			return none, err
		}
		for _, e := range texts {
			opts.Unlabelled = append(opts.Unlabelled, e.Text)
		}
	}
	if o.Cross > 1 {
		return crossClassify(ctx, train, o.Cross, opts)
	}
	test, err := readExamples(o.Test, o.Text, o.Label)
	if err != nil {
		return none, err
	}
	e := &evaluation{seen: map[string]int{}}
	m, err := e.run(ctx, train, test, opts)
	if err != nil {
		return none, err
	}
	r := e.report()
	if o.OOS == "" {
		return r, nil
	}
	outside, err := readExamples(o.OOS, o.Text, noLabel)
	if err != nil {
		return none, err
	}
	threshold := 0.5
	if o.Val != "" && o.OOSVal != "" {
		val, err := readExamples(o.Val, o.Text, o.Label)
		if err != nil {
			return none, err
		}
		outsideVal, err := readExamples(o.OOSVal, o.Text, noLabel)
		if err != nil {
			return none, err
		}
		threshold = chooseThreshold(m, val, outsideVal)
	}
	r.ScopeReport = scope(m, test, outside, threshold)
	return r, nil
}

func firstOfEach(examples []Example, n int) []Example {
	taken := map[string]int{}
	var out []Example
	for _, e := range examples {
		if taken[e.Label]++; taken[e.Label] <= n {
			out = append(out, e)
		}
	}
	return out
}

func crossClassify(ctx context.Context, all []Example, folds int, opts Options) (ClassifyReport, error) {
	e := &evaluation{seen: map[string]int{}}
	t := &training{options: opts, examples: all, settings: plain}
	if err := t.prepare(ctx); err != nil {
		return ClassifyReport{}, err
	}
	if folds > 100 {
		return ClassifyReport{}, fmt.Errorf("at most 100 folds")
	}
	fold := t.folds(folds)
	for k := range folds {
		var in, out []Example
		for i, x := range all {
			if int(fold[i]) == k {
				out = append(out, x)
			} else {
				in = append(in, x)
			}
		}
		if len(in) == 0 || len(out) == 0 {
			continue
		}
		if _, err := e.run(ctx, in, out, opts); err != nil {
			return ClassifyReport{}, err
		}
	}
	return e.report(), nil
}

// evaluation gathers answers over one or more trainings.
type evaluation struct {
	labels  []Label
	seen    map[string]int
	answers []answer
	runs    int
	train   int
	seconds float64
	micros  float64
	bytes   int
}

func (e *evaluation) number(label string) int {
	i, ok := e.seen[label]
	if !ok {
		i = len(e.labels)
		e.seen[label] = i
		e.labels = append(e.labels, Label{Name: label})
	}
	return i
}

func (e *evaluation) run(ctx context.Context, train, test []Example, o Options) (*Model, error) {
	m, r, err := Train(ctx, train, o)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for i, x := range test {
		p := m.Predict(x.Text, x.Title)
		e.answers = append(e.answers, answer{i, e.number(x.Label), e.number(p.Label), p.Confidence})
	}
	e.micros += float64(time.Since(began).Microseconds())
	e.seconds += r.Seconds
	e.bytes = max(e.bytes, m.Bytes())
	e.train += len(train)
	e.runs++
	return m, nil
}

func (e *evaluation) report() ClassifyReport {
	m := measure(e.labels, e.answers)
	n := float64(max(1, e.runs))
	r := ClassifyReport{Accuracy: m.Accuracy, MacroF1: m.MacroF1, ECE: m.ECE, PerLabel: map[string]LabelScore{},
		TrainSeconds: e.seconds / n, PredictMicros: e.micros / float64(max(1, len(e.answers))), ModelBytes: e.bytes,
		Train: e.train / max(1, e.runs), Test: len(e.answers)}
	for _, l := range m.PerLabel {
		r.PerLabel[l.Label] = LabelScore{l.Precision, l.Recall, l.F1, l.Support}
	}
	return r
}

// chooseThreshold takes the threshold at which the share of known texts that
// are answered rightly and the share of unknown ones that are refused are
// best together.
func chooseThreshold(m *Model, val, outside []Example) float64 {
	type at struct {
		known float64
		gain  float64 // of refusing it
	}
	var all []at
	for _, e := range val {
		p := m.Predict(e.Text, e.Title)
		a := at{known: p.Known}
		if p.Label == e.Label {
			a.gain = -scopePrior / float64(len(val))
		}
		all = append(all, a)
	}
	for _, e := range outside {
		all = append(all, at{m.Predict(e.Text, e.Title).Known, (1 - scopePrior) / float64(len(outside))})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].known < all[j].known })
	best, sum := 0.0, 0.0
	gains := make([]float64, len(all))
	for i, a := range all {
		sum += a.gain
		gains[i] = sum
		best = max(best, sum)
	}
	// With few unknown texts the peak is ragged: the middle of all that is
	// nearly as good holds better than the peak itself.
	var near []float64
	for i, g := range gains {
		if g > best-0.005 && g > 0 {
			near = append(near, all[i].known)
		}
	}
	if len(near) == 0 {
		return 0
	}
	return (near[0] + near[len(near)-1]) / 2
}

// scopePrior is the share of texts that are of a known kind, when a threshold
// is chosen: most of what customers write has been written before.
const scopePrior = 0.8

func scope(m *Model, test, outside []Example, threshold float64) *ScopeReport {
	r := &ScopeReport{Threshold: threshold}
	var in, out []float64
	var right, refused float64
	for _, e := range test {
		p := m.Predict(e.Text, e.Title)
		in = append(in, p.Known)
		if p.Known >= threshold && p.Label == e.Label {
			right++
		}
	}
	for _, e := range outside {
		p := m.Predict(e.Text, e.Title)
		out = append(out, p.Known)
		if p.Known < threshold {
			refused++
		}
	}
	r.AUROC = auroc(in, out)
	r.InScopeAccuracy = right / float64(max(1, len(test)))
	r.OOSRecall = refused / float64(max(1, len(outside)))
	r.Overall = (right + refused) / float64(max(1, len(test)+len(outside)))
	return r
}
