package starter

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// A first day is only useful when every type is known in both languages.
var leastPerLanguage = map[string]int{"zh": 30, "en": 25}

func TestEveryLineIsWhole(t *testing.T) {
	n := 0
	for line := range bytes.Lines(typesFile) {
		n++
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		var e Example
		if err := d.Decode(&e); err != nil {
			t.Errorf("line %d: %v", n, err)
		}
		if !utf8.Valid(line) || strings.TrimSpace(e.Text) != e.Text || e.Text == "" {
			t.Errorf("line %d: the text is empty, has spaces around it or is not UTF-8", n)
		}
	}
	if got := len(Types()); got != n {
		t.Errorf("Types gives %d texts of %d lines", got, n)
	}
}

func TestLabelsAreNamedAndUsed(t *testing.T) {
	shipped := map[string]bool{"": true, "enquiry": true, "repair": true, "return": true, "complaint": true, "suggestion": true, "praise": true}
	count := map[string]map[string]int{}
	for _, l := range Labels() {
		if count[l.Label] != nil {
			t.Errorf("label %q comes twice", l.Label)
		}
		count[l.Label] = map[string]int{}
		if l.Label == "" || l.ZH == "" || l.EN == "" || l.AboutZH == "" || l.AboutEN == "" {
			t.Errorf("label %q lacks a name or a description", l.Label)
		}
		if !shipped[l.Under] {
			t.Errorf("label %q stands under %q, which is no shipped ticket type", l.Label, l.Under)
		}
	}
	if len(count) < 14 {
		t.Errorf("only %d labels", len(count))
	}
	for _, e := range Types() {
		if count[e.Label] == nil {
			t.Errorf("%q has the unknown label %q", e.Text, e.Label)
			continue
		}
		count[e.Label][e.Lang]++
	}
	for label, langs := range count {
		for lang, least := range leastPerLanguage {
			if langs[lang] < least {
				t.Errorf("%s has %d texts in %s, at least %d are wanted", label, langs[lang], lang, least)
			}
		}
		if len(langs) != 2 {
			t.Errorf("%s has texts in other languages: %v", label, langs)
		}
	}
}

// The same text twice would stand in training and hold-out at once.
func TestNoTextTwice(t *testing.T) {
	seen := map[string]string{}
	for _, e := range Types() {
		key := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, e.Text)
		if key == "" {
			key = e.Text
		}
		if old, ok := seen[key]; ok {
			t.Errorf("%q says the same as %q", e.Text, old)
		}
		seen[key] = e.Text
	}
}

func TestLanguageFitsTheText(t *testing.T) {
	for _, e := range Types() {
		han := strings.ContainsFunc(e.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
		if e.Lang == "en" && han {
			t.Errorf("%q is not English", e.Text)
		}
		latin := strings.ContainsFunc(e.Text, func(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) })
		if e.Lang == "zh" && !han && latin {
			t.Errorf("%q is not Chinese", e.Text)
		}
	}
}

func TestCallersMayChangeWhatTheyGet(t *testing.T) {
	Types()[0].Text, Labels()[0].Label = "changed", "changed"
	if Types()[0].Text == "changed" || Labels()[0].Label == "changed" {
		t.Error("a caller's change is seen by the next caller")
	}
}
