package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanDropsWhatNoStoreTakes(t *testing.T) {
	for in, want := range map[string]string{
		"冰箱":             "冰箱",
		"a\x00b":         "ab",
		"a\xffb\xc3":     "ab",
		"\xed\xa0\x80ok": "ok", // half of a surrogate pair
		"":               "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCapNeverSplitsACharacter(t *testing.T) {
	for n, want := range map[int]string{-1: "", 0: "", 1: "", 2: "", 3: "冰", 5: "冰", 6: "冰箱", 7: "冰箱a", 99: "冰箱a"} {
		if got := Cap("冰箱a", n); got != want {
			t.Errorf("Cap(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"ＢＣＤ－５２０ＷＫ":     "bcd-520wk",
		"冰箱不製冷":         "冰箱不制冷",
		"電視機壞了，發票遺失":    "电视机坏了,发票遗失",
		"e\u0301":       "é",
		"ﬁne Straße Σς": "fine strasse σσ",
		"ｶﾞｿﾘﾝ":         "ガソリン",
		"㎏ ① Ⅳ ½":       "kg 1 iv 1⁄2",
		"\u2f54箱":       "水箱", // a radical from a PDF
		"妳們":            "你们",
		"co\u00adop":    "coop",
	} {
		if got := Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAnalyze(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"冰箱", "冰 箱 冰箱"},
		{"冰箱不制冷", "冰 箱 冰箱 不 箱不 制 不制 冷 制冷"},
		{"冰箱，漏水", "冰 箱 冰箱 漏 水 漏水"},
		{"冰 箱", "冰 箱"},
		{"製冷", "制 冷 制冷"},
		{"E5-0032", "e5 0032 e50032"},
		{"Ｅ５－００３２", "e5 0032 e50032"},
		{"E5 0032", "e5 0032"},
		{"Order:E5-0032", "order e5 0032 e50032 ordere50032"},
		{"型号BCD-520WK坏了", "型 号 型号 bcd 520wk bcd520wk 坏 了 坏了"},
		{"2291-7731", "2291 7731 22917731"},
		{"zhang.san@example.com", "zhang san zhangsan example com examplecom zhangsanexamplecom"},
		{"don't", "don t dont"},
		{"-E5- --x", "e5 x"},
		{"done. Next", "done next"},
		{"José Müller", "jose muller"},
		{"Привет МИР", "привет мир"},
		{"カメラ", "カ メ カメ ラ メラ"},
		{"ｶﾒﾗ", "カ メ カメ ラ メラ"},
		{"コーヒー", "コ ー コー ヒ ーヒ ー ヒー"},
		{"한국어", "한 국 한국 어 국어"},
		{"ที่", "ที่"},
		{"👍🏽 ok 👨‍👩‍👧", "ok"},
		{"5G手机", "5g 手 机 手机"},
		{"", ""},
		{" \t\n，。！", ""},
		{"a\xffb", "a b"},
		{"\u0301x", "x"},
	} {
		var got []string
		for _, tok := range Analyze(c.in) {
			got = append(got, tok.Term)
		}
		// Order within a pair of tokens that end together does not matter.
		want := strings.Fields(c.want)
		if c.in == "a\xffb" {
			want = []string{"ab"} // bad bytes are nothing, not a space
		}
		if !slices.Equal(got, want) {
			t.Errorf("Analyze(%q)\n got %v\nwant %v", c.in, got, want)
		}
	}
}

func TestTokensPointIntoTheOriginal(t *testing.T) {
	s := "家裡的ＢＣＤ－５２０WK壞了, ﬁx José e\u0301!"
	want := map[string]string{
		"里的": "裡的", "bcd520wk": "ＢＣＤ－５２０WK", "坏了": "壞了", "fix": "ﬁx", "jose": "José", "e": "e\u0301",
	}
	for _, tok := range Analyze(s) {
		if w, ok := want[tok.Term]; ok {
			if got := s[tok.Start:tok.End]; got != w {
				t.Errorf("%q came from %q, want %q", tok.Term, got, w)
			}
			delete(want, tok.Term)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestLongWordsStayBounded(t *testing.T) {
	for _, tok := range Analyze(strings.Repeat("a", 1000) + " " + strings.Repeat("b-", 500) + " ก" + strings.Repeat("\u0e48", 1000)) {
		if len(tok.Term) > 2*maxTerm {
			t.Errorf("a term of %d bytes", len(tok.Term))
		}
	}
}

func TestTermsAreSortedAndDifferent(t *testing.T) {
	got := Terms("冰箱 冰箱", "ice 冰")
	if want := []string{"ice", "冰", "冰箱", "箱"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for term, want := range map[string]bool{"ice": true, "0032": true, "мир": true, "冰": false, "カメ": false, "한": false} {
		if IsWord(term) != want {
			t.Errorf("IsWord(%q) = %v", term, !want)
		}
	}
}

func TestSortKey(t *testing.T) {
	names := []string{"Zack", "张伟", "李娜", "adam", "曾一", "單雄", "欧阳锋", "Émile", "林一", "李四", "吕布", "卢一", "陳一"}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(SortKey(a), SortKey(b)) })
	want := []string{"adam", "陳一", "Émile", "李娜", "李四", "林一", "卢一", "吕布", "欧阳锋", "單雄", "Zack", "曾一", "张伟"}
	if !slices.Equal(names, want) {
		t.Errorf("got  %v\nwant %v", names, want)
	}
	for in, want := range map[string]string{
		"张伟": "zhang wei 张伟", "張偉": "zhang wei 张伟", "Sam  O'Neil": "sam o'neil", "": "", "尉迟恭": "yu chi gong 尉迟恭",
	} {
		if got := SortKey(in); got != want {
			t.Errorf("SortKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct {
		name     string
		mask     func(string) string
		in, want string
	}{
		{"phone", MaskPhone, "13812341234", "138****1234"},
		{"phone", MaskPhone, "138 1234 1234", "138****1234"},
		{"phone", MaskPhone, "１３８１２３４１２３４", "138****1234"},
		{"phone", MaskPhone, "+86 138-1234-1234", "+86 138****1234"},
		{"phone", MaskPhone, "008613812341234", "+86 138****1234"},
		{"phone", MaskPhone, "8613812341234", "+86 138****1234"},
		{"phone", MaskPhone, "010-62345678", "010****5678"},
		{"phone", MaskPhone, "+44 20 7946 0958", "+442****0958"},
		{"phone", MaskPhone, "62345678", "62****78"},
		{"phone", MaskPhone, "95588", "****88"},
		{"phone", MaskPhone, "110", "***"},
		{"phone", MaskPhone, "not a phone", "***"},
		{"mail", MaskMail, "zhang.san@x.com", "z***@x.com"},
		{"mail", MaskMail, "张@例子.中国", "张***@例子.中国"},
		{"mail", MaskMail, "ｚｓ＠x.com", "z***@x.com"},
		{"mail", MaskMail, "@x.com", "***"},
		{"mail", MaskMail, "nobody", "***"},
		{"name", MaskName, "张三", "张*"},
		{"name", MaskName, "张三丰", "张*"},
		{"name", MaskName, "欧阳娜娜", "欧阳*"},
		{"name", MaskName, "歐陽鋒", "歐陽*"},
		{"name", MaskName, "John Smith", "J*** S***"},
		{"name", MaskName, "", ""},
		{"id card", MaskIDCard, "11010519491231002x", "110***********002X"},
		{"id card", MaskIDCard, "110105 19491231 0021", "110***********0021"},
		{"id card", MaskIDCard, "110105491231002", "110********1002"},
		{"id card", MaskIDCard, "E12345678", "****78"},
		{"id card", MaskIDCard, "12", "***"},
		{"bank card", MaskBankCard, "6222 0212 3456 7890 123", "****0123"},
		{"bank card", MaskBankCard, "1234", "***"},
		{"plate", MaskPlate, "京A12312", "京A***12"},
		{"plate", MaskPlate, "京a·12312", "京A***12"},
		{"plate", MaskPlate, "粤BD12345", "粤B***45"},
		{"plate", MaskPlate, "京A", "***"},
	} {
		if got := c.mask(c.in); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{"冰箱不製冷 E5-0032", "Ｅ５－００３２", "e\u0301\u0301", "ที่ ｶﾞ 한", "👨‍👩‍👧", "a\xff\xfe\x00", "ﬁ-ﬂ ⑴", "a@b.c/d#e", "ก\u0e48\u0e48\u0e48"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tokens := Analyze(s)
		if again := Analyze(s); !slices.Equal(tokens, again) {
			t.Fatal("not deterministic")
		}
		for _, tok := range tokens {
			if tok.Start < 0 || tok.End > len(s) || tok.Start >= tok.End {
				t.Fatalf("%+v is outside of the %d bytes", tok, len(s))
			}
			if utf8.ValidString(s) && !utf8.ValidString(s[tok.Start:tok.End]) {
				t.Fatalf("%+v splits a character", tok)
			}
			if tok.Term == "" || !utf8.ValidString(tok.Term) || strings.ContainsAny(tok.Term, " \"'\x00*:&|!()-") || len(tok.Term) > 2*maxTerm {
				t.Fatalf("bad term %q", tok.Term)
			}
		}
		if n := Normalize(s); !utf8.ValidString(n) {
			t.Fatalf("Normalize gives bad UTF-8: %q", n)
		}
		if c := Clean(s); !utf8.ValidString(c) || strings.Contains(c, "\x00") {
			t.Fatalf("Clean leaves %q", c)
		}
		for _, mask := range []func(string) string{MaskPhone, MaskMail, MaskName, MaskIDCard, MaskBankCard, MaskPlate, SortKey} {
			if got := mask(s); !utf8.ValidString(got) {
				t.Fatalf("bad UTF-8: %q", got)
			}
		}
	})
}

func benchmarkAnalyze(b *testing.B, line string) {
	s := strings.Repeat(line, MaxIndexed/len(line))
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		Analyze(s)
	}
}

func BenchmarkAnalyze(b *testing.B) {
	for name, line := range map[string]string{
		"zh":      "家里的冰箱冷藏室不制冷了，显示故障代码E5-0032，麻烦尽快安排师傅上门维修，谢谢！",
		"zh-Hant": "家裡的冰箱冷藏室不製冷了，顯示故障代碼E5-0032，麻煩盡快安排師傅上門維修，謝謝！",
		"en":      "The fridge does not cool any more and shows E5-0032. Please send somebody soon. ",
		"fr":      "Le réfrigérateur ne refroidit plus et affiche le code E5-0032, à bientôt. ",
		"ja":      "冷蔵庫が冷えません。エラーコードはE5-0032です。早く修理をお願いします。",
	} {
		b.Run(name, func(b *testing.B) { benchmarkAnalyze(b, line) })
	}
}

func BenchmarkTerms(b *testing.B) {
	s := "家里的冰箱冷藏室不制冷了，显示故障代码E5-0032，麻烦尽快安排师傅上门维修，谢谢！订单號2291-7731。"
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Terms(s)
	}
}

func ExampleAnalyze() {
	for _, t := range Analyze("製冷 E5-0032") {
		fmt.Print(t.Term, " ")
	}
	// Output: 制 冷 制冷 e5 0032 e50032
}
