package starter

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// read gives the lines of one of the reference files beside this package.
func read[T any](t *testing.T, name string) []T {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for line := range strings.Lines(string(b)) {
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		var v T
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s line %d: %v", name, len(out)+1, err)
		}
		out = append(out, v)
	}
	return out
}

var (
	priorities = []string{"low", "normal", "high", "urgent"}
	riskKinds  = []string{"anger", "churn", "legal", "media", "regulator", "safety"}
)

// What measures may not have been learned from.
func TestReferenceTextsAreNotLearnedFrom(t *testing.T) {
	known := map[string]bool{}
	for _, e := range Types() {
		known[e.Text] = true
	}
	once := func(id, text string) {
		if known[text] {
			t.Errorf("%s: the text stands in the starter or in another line", id)
		}
		known[text] = true
	}
	for _, l := range read[labelled](t, "labelled.jsonl") {
		once(l.ID, l.Text)
	}
	for _, g := range read[golden](t, "golden.jsonl") {
		once(g.ID, g.Text)
	}
}

type labelled struct {
	ID, Text, Lang, Priority string
	Risk                     []string
	Sentiment                int
}

func TestLabelledTextsKeepToTheSteps(t *testing.T) {
	lines := read[labelled](t, "labelled.jsonl")
	langs, steps, ids := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, l := range lines {
		if ids[l.ID] {
			t.Errorf("id %s comes twice", l.ID)
		}
		ids[l.ID] = true
		langs[l.Lang]++
		steps[l.Priority]++
		if !slices.Contains(priorities, l.Priority) || l.Sentiment < -2 || l.Sentiment > 2 {
			t.Errorf("%s: unknown step %q, %d", l.ID, l.Priority, l.Sentiment)
		}
		for _, k := range l.Risk {
			if !slices.Contains(riskKinds, k) {
				t.Errorf("%s: unknown risk %q", l.ID, k)
			}
		}
		// The rules of the README that a program can check.
		if slices.Contains(l.Risk, "anger") && l.Sentiment != -2 {
			t.Errorf("%s: fury is -2", l.ID)
		}
		if len(l.Risk) > 1 && (l.Priority == "low" || l.Priority == "normal") {
			t.Errorf("%s: two risks are at least high", l.ID)
		}
		if len(l.Risk) > 0 && l.Priority == "low" {
			t.Errorf("%s: no risk is low", l.ID)
		}
	}
	if langs["zh"] < 160 || langs["en"] < 160 || len(langs) != 2 {
		t.Errorf("texts by language: %v", langs)
	}
	for _, p := range priorities {
		if steps[p] < 40 {
			t.Errorf("only %d texts are %s", steps[p], p)
		}
	}
}

// The second reading covers the same texts, in the same order and steps.
func TestSecondReadingIsOfTheSameTexts(t *testing.T) {
	first := read[labelled](t, "labelled.jsonl")
	second := read[struct {
		ID, Priority string
		Risk         []string
		Sentiment    int
	}](t, "second.jsonl")
	if len(first) != len(second) {
		t.Fatalf("%d texts, %d read a second time", len(first), len(second))
	}
	for i, s := range second {
		if s.ID != first[i].ID {
			t.Fatalf("line %d: %s was read as %s", i+1, first[i].ID, s.ID)
		}
		if !slices.Contains(priorities, s.Priority) || s.Sentiment < -2 || s.Sentiment > 2 {
			t.Errorf("%s: unknown step %q, %d", s.ID, s.Priority, s.Sentiment)
		}
		for _, k := range s.Risk {
			if !slices.Contains(riskKinds, k) {
				t.Errorf("%s: unknown risk %q", s.ID, k)
			}
		}
	}
}

type golden struct {
	ID, Channel, Text string
	Now               time.Time
	Expect            struct {
		Language, Type string
		Entities       []struct {
			Type, Text, Value string
			Start, End        int
		}
		Priority  string `json:"priority_at_least"`
		Risk      []string
		Sentiment int `json:"sentiment_sign"`
		Matters   int
		Title     string `json:"title_contains"`
	}
}

// forms of the normalised values that have one.
var forms = map[string]*regexp.Regexp{
	"phone":       regexp.MustCompile(`^\+[1-9]\d{7,14}(;ext=\d+)?$`),
	"email":       regexp.MustCompile(`^[a-z0-9._-]+@[a-z0-9.-]+$`),
	"url":         regexp.MustCompile(`^https?://\S+$`),
	"id_card":     regexp.MustCompile(`^\d{17}[\dX]$`),
	"bank_card":   regexp.MustCompile(`^\d{16,19}$`),
	"plate":       regexp.MustCompile(`^\p{Han}[A-Z][A-Z0-9]{5,6}$`),
	"person":      nil,
	"company":     nil,
	"address":     nil,
	"order_no":    nil,
	"tracking_no": nil,
	"serial_no":   nil,
	"model_no":    nil,
	"error_code":  nil,
	"amount":      regexp.MustCompile(`^[A-Z]{3} \d+\.\d\d$`),
	"datetime":    regexp.MustCompile(`^\d{4}-\d\d(-\d\d(T\d\d:\d\d)?)?$`),
	"quantity":    regexp.MustCompile(`^-?\d+(\.\d+)? \S+$`),
}

func TestGoldenMessagesAreWellFormed(t *testing.T) {
	known := map[string]bool{}
	for _, l := range Labels() {
		known[l.Label] = true
	}
	lines, seen := read[golden](t, "golden.jsonl"), map[string]int{}
	for _, g := range lines {
		e, r := g.Expect, []rune(g.Text)
		if !slices.Contains([]string{"mail", "chat", "phone", "iot"}, g.Channel) || g.Now.Format("-07:00") != "+08:00" || !known[e.Type] || e.Matters < 1 || e.Sentiment < -1 || e.Sentiment > 1 {
			t.Errorf("%s: channel %q, time %v, type %q, %d matters, sentiment %d", g.ID, g.Channel, g.Now, e.Type, e.Matters, e.Sentiment)
		}
		if e.Priority != "" && !slices.Contains(priorities, e.Priority) || !strings.Contains(g.Text, e.Title) {
			t.Errorf("%s: priority %q, title %q", g.ID, e.Priority, e.Title)
		}
		last := 0
		for _, x := range e.Entities {
			form, ok := forms[x.Type]
			if !ok || x.Start < last || x.End > len(r) || x.Start >= x.End || string(r[x.Start:x.End]) != x.Text {
				t.Fatalf("%s: %s %q at [%d,%d) after %d", g.ID, x.Type, x.Text, x.Start, x.End, last)
			}
			if x.Value == "" || form != nil && !form.MatchString(x.Value) {
				t.Errorf("%s: %s %q is no normal form", g.ID, x.Type, x.Value)
			}
			last = x.End
			seen[x.Type]++
		}
		for _, k := range e.Risk {
			if !slices.Contains(riskKinds, k) {
				t.Errorf("%s: unknown risk %q", g.ID, k)
			}
		}
	}
	if len(lines) < 210 {
		t.Errorf("only %d messages", len(lines))
	}
	for typ := range forms {
		if seen[typ] < 3 {
			t.Errorf("only %d of type %s", seen[typ], typ)
		}
	}
}
