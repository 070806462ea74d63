package starter

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// onlyLetters is what two texts that say the same have in common.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func TestEveryDangerLineIsWhole(t *testing.T) {
	n, count := 0, map[string]int{}
	for line := range bytes.Lines(dangersFile) {
		n++
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		var x Danger
		if err := d.Decode(&x); err != nil {
			t.Errorf("line %d: %v", n, err)
		}
		if strings.TrimSpace(x.Text) != x.Text || x.Text == "" {
			t.Errorf("line %d: the text is empty or has spaces around it", n)
		}
		if han := strings.ContainsFunc(x.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) }); han != (x.Lang == "zh") || x.Lang != "zh" && x.Lang != "en" {
			t.Errorf("line %d: %q is not in %q", n, x.Text, x.Lang)
		}
		if x.Danger {
			count["danger "+x.Lang]++
		} else {
			count["plain "+x.Lang]++
		}
	}
	if got := len(Dangers()); got != n {
		t.Errorf("Dangers gives %d texts of %d lines", got, n)
	}
	// Alarms are rare among reports: the plain ones must be the many.
	for _, lang := range []string{"zh", "en"} {
		if count["danger "+lang] < 200 || count["plain "+lang] < 2*count["danger "+lang] {
			t.Errorf("%s: %d dangers among %d plain reports", lang, count["danger "+lang], count["plain "+lang])
		}
	}
}

// A text in two files would be learned twice, or learned and then measured; one
// that nearly stands in what measures would be remembered, not understood.
func TestNoDangerTextTwice(t *testing.T) {
	seen := map[string]string{}
	for _, e := range Types() {
		seen[onlyLetters(e.Text)] = "types.jsonl"
	}
	for _, s := range Signals() {
		seen[onlyLetters(s.Text)] = "signals.jsonl"
	}
	for _, l := range read[labelled](t, "labelled.jsonl") {
		seen[onlyLetters(l.Text)] = "labelled.jsonl"
	}
	for _, g := range read[golden](t, "golden.jsonl") {
		seen[onlyLetters(g.Text)] = "golden.jsonl"
	}
	measured := read[Danger](t, "danger.jsonl")
	for _, d := range append(Dangers(), measured...) {
		key := onlyLetters(d.Text)
		if where, ok := seen[key]; ok {
			t.Errorf("%q stands in %s", d.Text, where)
		}
		seen[key] = "dangers.jsonl or danger.jsonl"
	}
	pairs := make([]map[string]bool, len(measured))
	for i, d := range measured {
		pairs[i] = pairsOf(d.Text)
	}
	for _, d := range Dangers() {
		p := pairsOf(d.Text)
		for i, q := range pairs {
			both := 0
			for k := range p {
				if q[k] {
					both++
				}
			}
			if 2*both >= len(p)+len(q)-both {
				t.Errorf("%q is nearly %q", d.Text, measured[i].Text)
			}
		}
	}
}

// pairsOf gives the pairs of letters that stand together in a text.
func pairsOf(s string) map[string]bool {
	r := []rune(onlyLetters(s))
	out := map[string]bool{}
	for i := 1; i < len(r); i++ {
		out[string(r[i-1:i+1])] = true
	}
	return out
}
