package entity

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLearnMakesReadablePatterns(t *testing.T) {
	for _, c := range []struct {
		examples   []string
		expr, name string
		yes, no    string
	}{
		{[]string{"SO-2024-00123", "SO-2024-00177", "SO-2025-01200"}, `SO-\d{4}-\d{5}`, "SO-9999-99999", "so-2031-99999", "SO-2024-0012"},
		{[]string{"WX20240503001", "WX20240604122", "WX20250101009"}, `WX\d{11}`, "WX99999999999", "WX20990101001", "WY20240503001"},
		{[]string{"HR3A9C77", "HR9B21D0", "HRAA17C2", "HR77D1E9"}, `HR[A-Z0-9]{6}`, "HRXXXXXX", "HR000AAA", "HR000AA"},
		{[]string{"合同2024-001号", "合同2024-017号", "合同2025-100号"}, `合同\d{4}-\d{3}号`, "合同9999-999号", "合同2030-555号", "合同2024号"},
		{[]string{"7F3A-92BC", "11AC-9ADD", "ABCD-0001"}, `[A-Z0-9]{4}-[A-Z0-9]{4}`, "XXXX-XXXX", "0a0a-ffff", "USBC-TYPE"},
		{[]string{"202405030012345678", "202406110098761234", "202501010000000001"}, `20\d{16}`, "209999999999999999", "202712310000000000", "440524188001010014"},
	} {
		p, err := Learn(c.examples)
		if err != nil || p.Expr != c.expr || p.Name != c.name {
			t.Errorf("%v: %q %q %v, want %q", c.examples, p.Expr, p.Name, err, c.expr)
			continue
		}
		if !p.Match(c.yes) || p.Match(c.no) {
			t.Errorf("%s: matches %s %v, %s %v", p.Expr, c.yes, p.Match(c.yes), c.no, p.Match(c.no))
		}
	}
}

func TestLearnRefusesWhatWouldMatchOrdinaryText(t *testing.T) {
	for _, examples := range [][]string{
		{"13800138000", "13900139000", "13700137000"}, {"2024-05-03", "2024-06-03", "2024-07-03"}, {"100231", "100245", "100300"},
		{"hello", "world", "order"}, {"A1", "B2", "C3"}, {"SO-1", "SO-2"}, {"SO-1", "SO-1", "SO-1"}, {"", "a1", "a2"}, {strings.Repeat("9", 70), "1", "2"},
		{"1234-A", "A/12.3", "77:B"},
	} {
		if p, err := Learn(examples); err == nil {
			t.Errorf("%v became %s", examples, p.Expr)
		}
	}
	good := []string{"SO-2024-00123", "SO-2024-00177", "SO-2025-01200"}
	if _, err := Learn(good, "SO-2024-00555"); err == nil {
		t.Error("a counter-example of the same form was taken")
	}
	if _, err := Learn(good, "PO-2023-99999", "SO-2023"); err != nil {
		t.Error(err)
	}
}

func TestPatternsRunTogetherAndWinOverForms(t *testing.T) {
	a, err := Learn([]string{"SO-2024-00123", "SO-2024-00177", "SO-2025-01200"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Compile("device", Serial, `1[A-Z0-9]{9}\d`)
	if err != nil {
		t.Fatal(err)
	}
	// Patterns come back from the store without their compiled form.
	stored, _ := json.Marshal([]Pattern{a, b})
	var list []Pattern
	if err := json.Unmarshal(stored, &list); err != nil {
		t.Fatal(err)
	}
	o := saturday
	o.Patterns = list
	got := strings.Join(found("单子ｓｏ-2024-00555，设备13800138000，电话13900139000，XSO-2024-00555", o), " | ")
	want := "order:ｓｏ-2024-00555=SO-2024-00555 | serial:13800138000=13800138000 | phone:13900139000=+8613900139000"
	if !strings.HasPrefix(got, want) {
		t.Errorf("found %s\nwant  %s", got, want)
	}
}

func TestBadExpressionsAreRefused(t *testing.T) {
	for _, s := range []string{"", "(a)", "a*", "[a-z]", `\w`, `\d{`, `\d{3,2}`, `\d{999}`, "a|", "-?", strings.Repeat(`\d{60}`, 2), "{3}"} {
		if _, err := Compile("x", Order, s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

// Whatever is learned matches all its examples, in running text too, and
// survives the store.
func TestLearnedPatternsMatchTheirExamples(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		examples := rapid.SliceOfN(rapid.StringMatching(`[A-Z]{1,3}-?[0-9]{2,6}(-[A-Z0-9]{2,4})?`), 3, 12).Draw(r, "examples")
		p, err := Learn(examples)
		if err != nil {
			return
		}
		q, err := Compile(p.Name, p.Type, p.Expr)
		if err != nil {
			r.Fatalf("%s does not compile: %v", p.Expr, err)
		}
		for _, s := range examples {
			if !q.Match(s) || !q.within("单号："+s+"，谢谢") {
				r.Errorf("%s does not match %s", q.Expr, s)
			}
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`SO-\d{4}`, `[A-Z0-9]{1,9}|\d{3}`, `-?`, `a{2,3}\d?`} {
		f.Add(s, "SO-2024 a 123")
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		p, err := Compile("f", Order, expr)
		if err != nil {
			return
		}
		p.Match(s)
		p.within(s)
	})
}
