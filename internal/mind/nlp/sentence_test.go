package nlp

import (
	"strings"
	"testing"
	"unicode"
)

func TestSentences(t *testing.T) {
	for in, want := range map[string]string{
		"冰箱坏了。什么时候能修？谢谢！":                                                          "冰箱坏了。|什么时候能修？|谢谢！",
		"他说：“明天到。后天装。”我等了三天。":                                                      "他说：“明天到。后天装。”|我等了三天。",
		"Mr. Li paid $3.50 on Jan. 5. It failed.":                                  "Mr. Li paid $3.50 on Jan. 5.|It failed.",
		"See https://example.com/a.b?c=d. Thanks.":                                 "See https://example.com/a.b?c=d.|Thanks.",
		"e.g. this one, i.e. no. 5 is late. Why?":                                  "e.g. this one, i.e. no. 5 is late.|Why?",
		"1. 退款\n2. 换货":                                                             "1. 退款|2. 换货",
		"I waited... and waited. Nothing!!! Really?!":                              "I waited... and waited.|Nothing!!!|Really?!",
		"在吗\n订单没到\n帮我查下":                                                           "在吗|订单没到|帮我查下",
		"the parcel that I ordered from your shop two weeks\nago has not arrived.": "the parcel that I ordered from your shop two weeks\nago has not arrived.",
		"版本是2.3.1，价格1,299.00元。对吗":                                                  "版本是2.3.1，价格1,299.00元。|对吗",
		"唉……算了。":                                                                   "唉……算了。",
		"(It broke. Twice.) Fix it.":                                               "(It broke. Twice.)|Fix it.",
		"   \n\n ":                                                                 "",
		"":                                                                         "",
		"It arrived.Please call me":                                                "It arrived.|Please call me",
		"Open at 9 a.m. and close at 5 p.m. every day.":                            "Open at 9 a.m. and close at 5 p.m. every day.",
		"收到了！！！太棒了～":                                                               "收到了！！！|太棒了～",
		"I am J. Smith. Call me.":                                                  "I am J. Smith.|Call me.",
	} {
		var got []string
		for _, s := range Sentences(in) {
			got = append(got, string([]rune(in)[s.Start:s.End]))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q:\n got %s\nwant %s", in, strings.Join(got, "|"), want)
		}
	}
}

func checkSentences(t *testing.T, in string) {
	t.Helper()
	rs := cap32(in)
	at := 0
	for _, s := range Sentences(in) {
		if s.Start < at || s.End <= s.Start || s.End > len(rs) {
			t.Fatalf("%v after %d in %q", s, at, in)
		}
		if isSpace(rs[s.Start]) || isSpace(rs[s.End-1]) {
			t.Fatalf("%v begins or ends with space in %q", s, in)
		}
		for _, r := range rs[at:s.Start] {
			if !unicode.IsSpace(r) {
				t.Fatalf("%q is in no sentence of %q", r, in)
			}
		}
		at = s.End
	}
	for _, r := range rs[at:] {
		if !unicode.IsSpace(r) {
			t.Fatalf("%q is in no sentence of %q", r, in)
		}
	}
}

func FuzzSentences(f *testing.F) {
	for _, s := range []string{"冰箱坏了。修？", "Mr. Li. Hi.", "“a。b”c", "1. a\n2. b", "...", "(((", "a.b.C", "\n \n", "…x", "“”。”"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkSentences(t, s) })
}
