package entity

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// EvalOptions name the files of an evaluation.
type EvalOptions struct {
	Train string // JSONL {text, entities}; empty: the shipped extractor is measured
	Test  string
	Cross int // N-fold cross-validation on Train instead of Test
	Seed  uint64
	Read  Options
}

// EvalReport is what `zhidan eval entities --json` prints. Only spans that
// agree exactly count.
type EvalReport struct {
	MicroF1       float64          `json:"micro_f1"`
	PerType       map[string]Score `json:"per_type"`
	Texts         int              `json:"texts"`
	TrainSeconds  float64          `json:"train_seconds"`
	PredictMicros float64          `json:"predict_micros"`
	ModelBytes    int              `json:"model_bytes"`
}

// Score is precision, recall and F1 of one type.
type Score struct {
	Precision        float64 `json:"precision"`
	Recall           float64 `json:"recall"`
	F1               float64 `json:"f1"`
	Support          int     `json:"support"`
	gold, found, hit int
}

func (s Score) f1() float64 {
	if s.hit == 0 {
		return 0
	}
	return 2 * float64(s.hit) / float64(s.gold+s.found)
}

func (s Score) done() Score {
	s.F1, s.Support = s.f1(), s.gold
	if s.found > 0 {
		s.Precision = float64(s.hit) / float64(s.found)
	}
	if s.gold > 0 {
		s.Recall = float64(s.hit) / float64(s.gold)
	}
	return s
}

// tally counts exact agreement by type.
func tally(scores map[string]*Score, want []Span, got []tagged) {
	at := func(t string) *Score {
		if scores[t] == nil {
			scores[t] = &Score{}
		}
		return scores[t]
	}
	for _, s := range want {
		at(s.Type).gold++
	}
	for _, g := range got {
		s := at(g.Type)
		s.found++
		if slices.Contains(want, g.Span) {
			s.hit++
		}
	}
}

// maxDataFile bounds a file of examples.
const maxDataFile = 512 << 20

// ReadExamples reads JSONL {text, entities: [{start, end, type}]}, or a JSON
// list of NLU++ {text, slots: {name: {span: [start, end]}}}.
func ReadExamples(path string) ([]Example, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxDataFile {
		return nil, fmt.Errorf("%s: more than %d MB", path, maxDataFile>>20)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return readSlots(path, b)
	}
	var out []Example
	scan := bufio.NewScanner(bytes.NewReader(b))
	scan.Buffer(nil, 16<<20)
	for line := 1; scan.Scan(); line++ {
		if len(bytes.TrimSpace(scan.Bytes())) == 0 {
			continue
		}
		var e Example
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		out = append(out, e)
	}
	return out, scan.Err()
}

func (e Example) check() error {
	n := runeLen(e.Text)
	for _, s := range e.Entities {
		if s.Start < 0 || s.End > n || s.Start >= s.End || s.Type == "" {
			return fmt.Errorf("entity %q [%d,%d) is not inside the text of %d runes", s.Type, s.Start, s.End, n)
		}
	}
	return nil
}

func readSlots(path string, b []byte) ([]Example, error) {
	var list []struct {
		Text  string
		Slots map[string]struct{ Span [2]int }
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var out []Example
	for i, x := range list {
		e := Example{Text: x.Text}
		for name, s := range x.Slots {
			e.Entities = append(e.Entities, Span{s.Span[0], s.Span[1], name})
		}
		slices.SortFunc(e.Entities, func(a, b Span) int {
			if a.Start != b.Start {
				return a.Start - b.Start
			}
			return b.End - a.End
		})
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%s, item %d: %w", path, i, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// EvalEntities measures exact spans: the shipped extractor on Test, or one
// trained on Train, on Test or by cross-validation.
func EvalEntities(ctx context.Context, o EvalOptions) (EvalReport, error) {
	var train, test []Example
	var err error
	if o.Train != "" {
		if train, err = ReadExamples(o.Train); err != nil {
			return EvalReport{}, err
		}
	}
	if o.Test != "" {
		if test, err = ReadExamples(o.Test); err != nil {
			return EvalReport{}, err
		}
	}
	return Evaluate(ctx, train, test, o)
}

// Evaluate is EvalEntities on examples that are already read.
func Evaluate(ctx context.Context, train, test []Example, o EvalOptions) (EvalReport, error) {
	if o.Read.Now == 0 {
		o.Read.Now = 1_700_000_000_000 // any present: spans do not depend on it
	}
	m := meter{scores: map[string]*Score{}}
	switch {
	case o.Cross > 1 && len(train) >= o.Cross:
		for fold := range o.Cross {
			var in, out []Example
			for i, e := range train {
				if i%o.Cross == fold {
					out = append(out, e)
				} else {
					in = append(in, e)
				}
			}
			if err := m.round(ctx, in, out, o); err != nil {
				return EvalReport{}, err
			}
		}
	case len(test) == 0:
		return EvalReport{}, errors.New("nothing to test on: give a test file, or folds and a training file")
	default:
		if err := m.round(ctx, train, test, o); err != nil {
			return EvalReport{}, err
		}
	}
	return m.report(), nil
}

type meter struct {
	scores map[string]*Score
	r      EvalReport
	spent  time.Duration
}

func (m *meter) round(ctx context.Context, train, test []Example, o EvalOptions) error {
	extract := Extract
	if len(train) > 0 {
		begin := time.Now()
		t, err := Train(ctx, train, TrainOptions{Seed: o.Seed, Read: o.Read})
		if err != nil {
			return err
		}
		m.r.TrainSeconds += time.Since(begin).Seconds()
		b, err := t.MarshalBinary()
		if err != nil {
			return err
		}
		m.r.ModelBytes = len(b)
		extract = t.Extract
	}
	types := map[string]bool{}
	for _, e := range slices.Concat(train, test) {
		for _, s := range e.Entities {
			types[s.Type] = true
		}
	}
	for _, e := range test {
		if err := ctx.Err(); err != nil {
			return err
		}
		begin := time.Now()
		found := extract(e.Text, o.Read)
		m.spent += time.Since(begin)
		var got []tagged
		for _, f := range found {
			if types[string(f.Type)] { // what nobody labelled is neither right nor wrong
				got = append(got, tagged{Span{f.Start, f.End, string(f.Type)}, f.Confidence})
			}
		}
		tally(m.scores, e.Entities, got)
		m.r.Texts++
	}
	return nil
}

func (m *meter) report() EvalReport {
	var all Score
	m.r.PerType = map[string]Score{}
	for t, s := range m.scores {
		all.gold += s.gold
		all.found += s.found
		all.hit += s.hit
		m.r.PerType[t] = s.done()
	}
	m.r.MicroF1 = all.f1()
	if m.r.Texts > 0 {
		m.r.PredictMicros = float64(m.spent.Microseconds()) / float64(m.r.Texts)
	}
	return m.r
}
