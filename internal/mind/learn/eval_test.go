package learn

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sheet writes examples as CSV, TSV or JSONL, with the columns text and label.
func sheet(t *testing.T, form string, examples []Example) string {
	t.Helper()
	var b strings.Builder
	switch form {
	case "csv":
		w := csv.NewWriter(&b)
		_ = w.Write([]string{"text", "label"})
		for _, e := range examples {
			_ = w.Write([]string{e.Text, e.Label})
		}
		w.Flush()
	case "tsv":
		b.WriteString("text\tlabel\r\n")
		for _, e := range examples {
			b.WriteString(e.Text + "\t" + e.Label + "\r\n")
		}
	case "jsonl":
		for _, e := range examples {
			line, _ := json.Marshal(map[string]string{"text": e.Text, "label": e.Label})
			b.Write(append(line, '\n'))
		}
	}
	return file(t, "x."+form, b.String())
}

func TestEvaluationReadsEveryFormAlike(t *testing.T) {
	var results []float64
	for _, form := range []string{"csv", "tsv", "jsonl"} {
		o := ClassifyOptions{Task: "intent", Train: sheet(t, form, shop(15)), Test: sheet(t, form, shop(25)), Seed: 1}
		r, err := EvalClassify(t.Context(), o)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if r.Accuracy < 0.9 || r.Train != 90 || r.Test != 150 || len(r.PerLabel) != 6 || r.PerLabel["refund"].Support != 25 {
			t.Errorf("%s: %+v", form, r)
		}
		results = append(results, r.Accuracy)
	}
	if results[0] != results[1] || results[1] != results[2] {
		t.Errorf("the form of the file matters: %v", results)
	}
}

func TestEvaluationPrintsTheAgreedKeys(t *testing.T) {
	train, test := sheet(t, "csv", shop(15)), sheet(t, "csv", shop(5))
	outside := file(t, "oos.tsv", "text\tintent\nwhy do glaciers move\toos\nthe orbit of neptune\toos\n")
	keys := func(o ClassifyOptions) []string {
		t.Helper()
		r, err := EvalClassify(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return keysInOrder(data)
	}
	always := []string{"accuracy", "macro_f1", "per_label", "ece", "train_seconds", "predict_micros", "model_bytes"}
	scope := []string{"auroc", "in_scope_accuracy", "oos_recall", "overall_accuracy"}
	without := keys(ClassifyOptions{Task: "sentiment", Train: train, Test: test})
	with := keys(ClassifyOptions{Task: "intent", Train: train, Test: test, OOS: outside, Val: test, OOSVal: outside})
	for _, k := range always {
		if !slices.Contains(without, k) || !slices.Contains(with, k) {
			t.Errorf("no key %s", k)
		}
	}
	for _, k := range scope {
		if slices.Contains(without, k) || !slices.Contains(with, k) {
			t.Errorf("key %s with out of scope %v, without %v", k, slices.Contains(with, k), slices.Contains(without, k))
		}
	}
}

func TestEvaluationColumns(t *testing.T) {
	path := file(t, "x.tsv", "\ufefftitle\tbody\tkind\tlevel\nHi\t\"say \"\"yes\"\"\"\ta\t1\nHo\tplain \"quote\tb\t2\n\n")
	got, err := readExamples(path, "title,body", "kind,level")
	if err != nil {
		t.Fatal(err)
	}
	want := []Example{{Title: "Hi", Text: `say "yes"`, Label: "a/1"}, {Title: "Ho", Text: `plain "quote`, Label: "b/2"}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	// Without the name of a label the second column is it; numbers are labels too.
	path = file(t, "y.jsonl", "{\"text\": \"x\", \"score\": 3}\n\n{\"score\": 4, \"text\": \"y\"}\n")
	if got, err = readExamples(path, "", ""); err != nil || !slices.Equal(got, []Example{{Text: "x", Label: "3"}, {Text: "y", Label: "4"}}) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, o := range map[string][3]string{
		"no such column": {"text,label\na,b\n", "words", ""}, "no such label": {"text,label\na,b\n", "text", "kind"},
		"an empty label": {"text,label\na,\n", "text", ""}, "only texts": {"text\na\n", "text", ""}, "empty": {"", "text", ""}, "not JSON": {"{\"text\": \n", "text", ""},
	} {
		if _, err := readExamples(file(t, "z", o[0]), o[1], o[2]); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestEvaluationInFoldsAndShots(t *testing.T) {
	train := sheet(t, "csv", shop(20))
	r, err := EvalClassify(t.Context(), ClassifyOptions{Task: "intent", Train: train, Cross: 4, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r.Test != 120 || r.Train != 90 || r.Accuracy < 0.9 {
		t.Errorf("in folds: %d of %d, accuracy %.2f", r.Test, r.Train, r.Accuracy)
	}
	r, err = EvalClassify(t.Context(), ClassifyOptions{Task: "intent", Train: train, Test: train, Shots: 3})
	if err != nil || r.Train != 18 {
		t.Errorf("three of each: %d, %v", r.Train, err)
	}
	if _, err := EvalClassify(t.Context(), ClassifyOptions{Task: "weather", Train: train, Test: train}); err == nil {
		t.Error("an unknown task was run")
	}
}

func TestRareLabelsDoNotSpoilTheOthers(t *testing.T) {
	// Three lone examples of a label must not make it the answer to others.
	examples := append(shop(25), Example{Text: "everything is down", Label: "disaster"}, Example{Text: "no customer can order", Label: "disaster"}, Example{Text: "the whole shop is offline", Label: "disaster"})
	m, _, err := Train(t.Context(), examples, Options{Balance: true, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range shop(25) {
		if got := m.Predict(e.Text, "").Label; got == "disaster" {
			t.Fatalf("%q is a disaster", e.Text)
		}
	}
	if got := m.Predict("the whole shop is offline", "").Label; got != "disaster" {
		t.Errorf("the disaster is %s", got)
	}
}
