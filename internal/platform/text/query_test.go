package text

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// show writes a query on one line: alternatives with |, prefixes with *.
func show(q Query) string {
	clause := func(c Clause) string {
		var alternatives []string
		for _, all := range c.Any {
			var terms []string
			for _, t := range all {
				if t.Prefix {
					t.Text += "*"
				}
				terms = append(terms, t.Text)
			}
			alternatives = append(alternatives, strings.Join(terms, "+"))
		}
		return strings.Join(alternatives, "|")
	}
	var out []string
	for _, c := range q.Must {
		out = append(out, clause(c))
	}
	for _, c := range q.Not {
		out = append(out, "-"+clause(c))
	}
	return strings.Join(out, " ")
}

func TestParseQuery(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"冰箱 漏水", "冰箱 漏水"},
		{"冰", "冰"},
		{"不製冷", "不制+制冷"},
		{"冰箱漏水冰箱", "冰箱+箱漏+漏水+水冰"},
		{"sam", "sam*"},
		{"sam*", "sam*"},
		{"Sam fridge", "sam* fridge*"},
		{"s 12 123 5g", "s 12 123* 5g*"},
		{"E5-0032", "e50032*|e5+0032*"},
		{"Ｅ５－００３２", "e50032*|e5+0032*"},
		{"e50032", "e50032*"},
		{"e5 0032", "e5* 0032*"},
		{"冰箱E5-0032", "冰箱 e50032*|e5+0032*"},
		{"a@b.com", "abcom*|a+b+com*"},
		{`"no power"`, "no+power"},
		{"“不制冷”", "不制+制冷"},
		{"「E5-0032」", "e50032|e5+0032"},
		{"冰箱 -washer", "冰箱 -washer"},
		{"冰箱 NOT 洗衣机", "冰箱 -洗衣+衣机"},
		{`x1 -"no power"`, "x1* -no+power"},
		{"冰箱 AND 漏水", "冰箱 漏水"},
		{"fridge OR 冰箱", "fridge*|冰箱"},
		{"a1 OR b1 OR c1", "a1*|b1*|c1*"},
		{"冰箱 冰箱", "冰箱"},
		// What is not a query finds nothing, and nothing is an error.
		{"", ""}, {"   ", ""}, {"👍", ""}, {"-冰箱", "-冰箱"}, {`"`, ""}, {`""`, ""}, {"- - --", ""},
		{`"unbalanced quote`, "unbalanced* quote*"},
		{`冰箱"漏水`, "冰箱 漏水"},
		{"OR", ""}, {"OR OR 冰箱", "冰箱"}, {"冰箱 OR", "冰箱"}, {"NOT", ""}, {"AND NOT OR", ""},
		{`NEAR(冰箱 漏水, 5)`, "near*+冰箱 漏水 5"},
		{"title:冰箱 ^a1 {b1} (c1", "title*+冰箱 a1* b1* c1*"},
		{"'; drop table x; --", "drop* table* x"},
		{"a:* & !b <-> c | d", "a b c|d"},
		{"\\ ' \x00 %_", ""},
	} {
		if got := show(ParseQuery(c.in)); got != c.want {
			t.Errorf("ParseQuery(%q)\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestLongQueriesAreCut(t *testing.T) {
	for _, s := range []string{strings.Repeat("冰箱不制冷的", 1000), strings.Repeat("word1 ", 3000), manyWords(3000), strings.Repeat("a-b ", 4000), strings.Repeat(`"x y" `, 3000)} {
		q := ParseQuery(s)
		n := 0
		for _, c := range q.Must {
			for _, all := range c.Any {
				n += len(all)
			}
		}
		if n == 0 || n > MaxQueryTerms || !q.Truncated {
			t.Errorf("%.20q…: %d terms, truncated %v", s, n, q.Truncated)
		}
	}
}

func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d ", i)
	}
	return b.String()
}

func TestMatches(t *testing.T) {
	doc := []string{"冰箱不製冷", "Shows E5-0032, no power at all. Samsung"}
	for q, want := range map[string]bool{
		"不制冷": true, "冷": true, "冰冷": false, "制冷 power": true, "e50032": true, "e5 0032": true, "E5-0032": true, "e5-00": true,
		`"no power"`: true, `"power no"`: false, `"no pow"`: false, "sam": true, "sang": false,
		"冰箱 -samsung": false, "冰箱 -sam": true, "洗衣机 OR 冰箱": true, "": false, `"E5-0032"`: true, `"制冷 shows"`: false,
		"Ｓａｍ": true, "冰箱 洗衣机": false, `"power at all"`: true,
	} {
		if got := ParseQuery(q).Matches(doc...); got != want {
			t.Errorf("%q: %v, want %v", q, got, want)
		}
	}
}

func TestHighlight(t *testing.T) {
	long := strings.Repeat("前面的话。", 40) + "家裡的冰箱不製冷" + strings.Repeat("后面的话。", 40)
	for _, c := range []struct {
		text, query string
		runes       int
		want        string
	}{
		{"冰箱不製冷", "制冷", 0, "冰箱不<mark>製冷</mark>"},
		{"冰箱不制冷", "不製冷", 0, "冰箱<mark>不制冷</mark>"},
		{"code Ｅ５－００３２!", "e50032", 0, "code <mark>Ｅ５－００３２</mark>!"},
		{"code E5-0032!", "e5 0032", 0, "code <mark>E5-0032</mark>!"},
		{"SAMSUNG fridge", "sam", 0, "<mark>SAMSUNG</mark> fridge"},
		{"code E5 0032!", "e5-0032", 0, "code <mark>E5</mark> <mark>0032</mark>!"},
		{"José", "jose", 0, "<mark>José</mark>"},
		{"a <b> & \"c\"", "b", 0, "a &lt;<mark>b</mark>&gt; &amp; &#34;c&#34;"},
		{"<mark>x1</mark>", "x1", 0, "&lt;mark&gt;<mark>x1</mark>&lt;/mark&gt;"},
		{"line\n\n one\ttwo\x00", "one", 0, "line <mark>one</mark> two"},
		{"nothing here at all", "冰箱", 7, "nothing…"},
		{"nothing here at all", "冰箱", 9, "nothing …"},
		{"冰箱", "", 0, "冰箱"},
		{"", "冰箱", 10, ""},
		{long, "冰箱", 20, "…的话。家裡的<mark>冰箱</mark>不製冷后面的话。后面的话…"},
		{"sam here. " + strings.Repeat("x ", 50) + "sam and power", "sam power", 20, "… x x x <mark>sam</mark> and <mark>power</mark>"},
	} {
		if got := Highlight(c.text, ParseQuery(c.query), c.runes); got != c.want {
			t.Errorf("Highlight(%.40q, %q, %d)\n got %s\nwant %s", c.text, c.query, c.runes, got, c.want)
		}
	}
}

var tag = regexp.MustCompile(`</?mark>`)

func FuzzQuery(f *testing.F) {
	f.Add("冰箱 E5-0032", "家里的冰箱 E5-0032 <b>", 20)
	f.Add(`"no power" -sam OR x*`, "no power & \xff\x00", 5)
	f.Add(`“ NOT - AND`, "", -1)
	f.Add("ß e\u0301 ﬁ", "Straße é ﬁne ㎏", 3)
	f.Fuzz(func(t *testing.T, query, doc string, runes int) {
		q := ParseQuery(query)
		if show(q) != show(ParseQuery(query)) {
			t.Fatal("not deterministic")
		}
		q.Matches(doc)
		out := Highlight(doc, q, runes)
		if !utf8.ValidString(out) {
			t.Fatalf("bad UTF-8: %q", out)
		}
		bare := tag.ReplaceAllString(out, "")
		if strings.ContainsAny(bare, "<>\"'") {
			t.Fatalf("not escaped: %q", out)
		}
		if strings.Count(out, "<mark>") != strings.Count(out, "</mark>") {
			t.Fatalf("unbalanced: %q", out)
		}
		if n := utf8.RuneCountInString(html.UnescapeString(bare)); runes > 0 && n > runes+2 {
			t.Fatalf("%d runes, asked for %d: %q", n, runes, out)
		}
	})
}
