package starter

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEverySignalLineIsWhole(t *testing.T) {
	n := 0
	for line := range bytes.Lines(signalsFile) {
		n++
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		var s Signal
		if err := d.Decode(&s); err != nil {
			t.Errorf("line %d: %v", n, err)
		}
		if !utf8.Valid(line) || strings.TrimSpace(s.Text) != s.Text || s.Text == "" {
			t.Errorf("line %d: the text is empty, has spaces around it or is not UTF-8", n)
		}
		if !slices.Contains(priorities, s.Priority) || s.Sentiment < -2 || s.Sentiment > 2 {
			t.Errorf("line %d: unknown step %q, %d", n, s.Priority, s.Sentiment)
		}
		if s.Risk == nil || !slices.IsSorted(s.Risk) || len(slices.Compact(slices.Clone(s.Risk))) != len(s.Risk) {
			t.Errorf("line %d: risks %q are absent, unsorted or double", n, s.Risk)
		}
		for _, k := range s.Risk {
			if !slices.Contains(riskKinds, k) {
				t.Errorf("line %d: unknown risk %q", n, k)
			}
		}
		if han := strings.ContainsFunc(s.Text, func(r rune) bool { return unicode.Is(unicode.Han, r) }); han != (s.Lang == "zh") || s.Lang != "zh" && s.Lang != "en" {
			t.Errorf("line %d: %q is not in %q", n, s.Text, s.Lang)
		}
	}
	if got := len(Signals()); got != n {
		t.Errorf("Signals gives %d texts of %d lines", got, n)
	}
}

// The labels follow the same steps as the reference texts.
func TestSignalsKeepToTheSteps(t *testing.T) {
	for _, s := range Signals() {
		if slices.Contains(s.Risk, "anger") && s.Sentiment != -2 {
			t.Errorf("fury is -2: %q", s.Text)
		}
		if len(s.Risk) > 0 && s.Sentiment > 0 {
			t.Errorf("content and a risk at once: %q", s.Text)
		}
		if len(s.Risk) > 1 && (s.Priority == "low" || s.Priority == "normal") || len(s.Risk) > 0 && s.Priority == "low" {
			t.Errorf("risks %v at priority %s: %q", s.Risk, s.Priority, s.Text)
		}
	}
}

// Each step and kind, in both languages, often enough to be learned.
func TestEverySignalHasEnoughTexts(t *testing.T) {
	langs, priority, sentiment, risk := map[string]int{}, map[string]int{}, map[int]int{}, map[string]int{}
	perLang := map[string]int{}
	for _, s := range Signals() {
		langs[s.Lang]++
		priority[s.Priority]++
		perLang[s.Priority+" "+s.Lang]++
		sentiment[s.Sentiment]++
		for _, k := range s.Risk {
			risk[k]++
			perLang[k+" "+s.Lang]++
		}
	}
	if langs["zh"] < 450 || langs["en"] < 350 {
		t.Errorf("texts by language: %v", langs)
	}
	for _, p := range priorities {
		if priority[p] < 120 || perLang[p+" zh"] < 50 || perLang[p+" en"] < 50 {
			t.Errorf("%d texts are %s (%d zh, %d en)", priority[p], p, perLang[p+" zh"], perLang[p+" en"])
		}
	}
	for step := -2; step <= 2; step++ {
		if sentiment[step] < 70 {
			t.Errorf("only %d texts have sentiment %d", sentiment[step], step)
		}
	}
	for _, k := range riskKinds {
		if risk[k] < 45 || perLang[k+" zh"] < 20 || perLang[k+" en"] < 20 {
			t.Errorf("%d texts hold %s (%d zh, %d en)", risk[k], k, perLang[k+" zh"], perLang[k+" en"])
		}
	}
}

// What is sold, denied, over or only asked about often uses the words of a danger.
var warning = regexp.MustCompile(`(?i)火|烟|漏|电|燃气|爆|炸|烧|毒|刀|枪|救|死|命|跳楼|自杀|杀|急|孕|消防|安全|医|病|摔|律|法|诉|仲裁|监管|消协|12315|工信部|赔|违约|曝光|记者|电视|节目|直播|小红书|差评|投诉|注销|退|换|别家|卸载|再见|气|怒|滚|垃圾|骗|盗|失望` +
	`|fire|smoke|alarm|gas|burn|shock|kill|die|dead|poison|knife|knives|crash|danger|emergency|panic|suicide|crisis|bleed|explo|safety|child|lawyer|law|legal|counsel|court|sue|judge|claim|press|journalist|tv|review|viral|reporter|ombudsman|trading standards|regulat|authority|complain|cancel|switch|leav|competitor|unsubscribe|angry|mad|rubbish|trash|cross|furious|urgent|asap|scam|fraud|hack`)

func TestWarningWordsAlsoStandInHarmlessTexts(t *testing.T) {
	harmless := map[string]int{}
	for _, s := range Signals() {
		if len(s.Risk) == 0 && warning.MatchString(s.Text) {
			harmless[s.Lang]++
		}
	}
	if harmless["zh"]+harmless["en"] < 200 || harmless["zh"] < 80 || harmless["en"] < 80 {
		t.Errorf("harmless texts with a word of warning: %v", harmless)
	}
}

// A text in two files would be learned twice, or learned and then measured.
func TestNoSignalTextTwice(t *testing.T) {
	letters := func(s string) string {
		key := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
		if key == "" {
			return s
		}
		return key
	}
	seen := map[string]string{}
	for _, e := range Types() {
		seen[letters(e.Text)] = "types.jsonl"
	}
	for _, l := range read[labelled](t, "labelled.jsonl") {
		seen[letters(l.Text)] = "labelled.jsonl, " + l.ID
	}
	for _, g := range read[golden](t, "golden.jsonl") {
		seen[letters(g.Text)] = "golden.jsonl, " + g.ID
	}
	for _, s := range Signals() {
		key := letters(s.Text)
		if where, ok := seen[key]; ok {
			t.Errorf("%q stands in %s", s.Text, where)
		}
		seen[key] = "signals.jsonl"
	}
}

func TestCallersMayChangeSignals(t *testing.T) {
	i := slices.IndexFunc(Signals(), func(s Signal) bool { return len(s.Risk) > 0 })
	Signals()[i].Risk[0], Signals()[i].Text = "changed", "changed"
	if s := Signals()[i]; s.Text == "changed" || s.Risk[0] == "changed" {
		t.Error("a caller's change is seen by the next caller")
	}
}
