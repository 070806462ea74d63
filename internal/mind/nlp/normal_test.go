package nlp

import (
	"strings"
	"testing"
)

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"太差了了了了":                 "太差了",
		"soooo goooood":          "so good",
		"pleeeease":              "please",
		"ＢＣＤ－５２０ＷＫ":              "bcd-520wk",
		"電視機壞了":                  "电视机坏了",
		"哈哈哈哈哈哈":                 "哈哈",
		"在吗？？？？？？":               "在吗???",
		"www.example.com/aaaa":   "www.example.com/aaaa",
		"AAA111000 SSS":          "aaa111000 sss",
		"1000000元 二〇〇〇":          "1000000元 二〇〇〇",
		"re\u200bfu\u202end":     "refund",
		"退\u200d款\ufe0f":         "退款",
		"👍🏽👍🏽👍🏽👍🏽👍🏽":             "👍👍👍",
		"a  b\t\tc\r\n\r\n\r\nd": "a b c\n\nd",
		"don’t — stop…":          "don't - stop...",
		"  前后空格  ":               "前后空格",
		"":                       "",
		"\u0301\u0301x":          "x",
		"cafe\u0301":             "café",
		"Ｉ　ｗａｎｔ　ｒｅｆｕｎｄ！！！！！": "i want refund!!!",
		"谢谢谢谢谢谢":                      "谢谢",
		"đơn hàng 2024":               "đơn hàng 2024",
		"配送到ﬁrst":                     "配送到first",
		"hmmmm wwwwww":                "hm www",
		strings.Repeat("急", 50) + "!": "急急!",
	} {
		if got := Normalise(in).Text(); got != want {
			t.Errorf("Normalise(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNormalLeadsBackToTheOriginal(t *testing.T) {
	in := "您好！！ ＢＣＤ太差了了了了，soooo bad ①"
	n := Normalise(in)
	for _, c := range []struct{ normal, original string }{
		{"bcd", "ＢＣＤ"}, {"太差了", "太差了了了了"}, {"so", "soooo"}, {"1", "①"}, {"您好", "您好"},
	} {
		i := strings.Index(n.Text(), c.normal)
		if i < 0 {
			t.Fatalf("%q is not in %q", c.normal, n.Text())
		}
		start := len([]rune(n.Text()[:i]))
		o := n.Original(Span{start, start + len([]rune(c.normal))})
		if got := string([]rune(in)[o.Start:o.End]); got != c.original {
			t.Errorf("%q came from %q, want %q", c.normal, got, c.original)
		}
		if n.Find(o.Start) != start {
			t.Errorf("Find(%d) = %d, want %d", o.Start, n.Find(o.Start), start)
		}
	}
	if (n.Original(Span{5, 5}) != Span{}) || (n.Original(Span{-1, 3}) != Span{}) || (n.Original(Span{0, 9999}) != Span{}) {
		t.Error("a span outside the text leads somewhere")
	}
}

func checkNormal(t *testing.T, in string) {
	t.Helper()
	n := Normalise(in)
	once := n.Text()
	if twice := Normalise(once).Text(); twice != once {
		t.Fatalf("not stable: %q, then %q (from %q)", once, twice, in)
	}
	size := len(cap32(in))
	last := int32(0)
	for i := range n.Runes {
		if n.from[i] < 0 || n.from[i] >= n.to[i] || int(n.to[i]) > size || n.from[i] < last {
			t.Fatalf("rune %d of %q came from [%d,%d) of %d", i, once, n.from[i], n.to[i], size)
		}
		last = n.from[i]
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"", "太差了了了了", "soooo goooood!!!", "e\u0301\u0345\u200d\u0301", "ｶﾞｿﾘﾝ", "각한국", "👩‍👩‍👧 😡😡😡😡", "a\n\n\n b", "İSTANBUL ſ ẞ", "\u1100\u1161\u11a8", "\xff\xfe", "¨ ´ ½ ﷺ", "…… --- ———"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkNormal(t, s) })
}

func TestEveryRuneHasAStableNormalForm(t *testing.T) {
	for r := rune(1); r < 0x20000; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		checkNormal(t, string([]rune{'a', r, 'b'}))
	}
}

func TestEmojiNames(t *testing.T) {
	for r, want := range map[rune]string{'😡': "anger", '😭': "sorrow", '👍': "content", '🎉': "joy", '🙄': "unease", 'a': "", '好': "", '🚚': ""} {
		if got := EmojiName(r); got != want {
			t.Errorf("EmojiName(%c) = %q, want %q", r, got, want)
		}
	}
}
