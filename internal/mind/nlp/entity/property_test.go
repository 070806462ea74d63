package entity

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"zhidan/internal/platform/clock"
)

// sound checks what holds for the findings of any text.
func sound(t interface {
	Helper()
	Errorf(string, ...any)
}, s string, list []Entity) {
	t.Helper()
	n := utf8.RuneCountInString(s)
	last := 0
	for _, e := range list {
		if e.Start < last || e.End <= e.Start || e.End > n {
			t.Errorf("%q: %s at [%d,%d) overlaps or lies outside of %d runes", s, e.Type, e.Start, e.End, n)
			return
		}
		last = e.End
		if e.Value == "" || e.Why == "" || e.Confidence <= 0 || e.Confidence > 1 || e.Type == "" {
			t.Errorf("%q: %+v is not whole", s, e)
		}
		if (e.From == 0) != (e.To == 0) || e.To < e.From {
			t.Errorf("%q: %s from %s to %s", s, e.Value, e.From, e.To)
		}
	}
}

// pieces are parts of messages, from which random ones are made.
var pieces = func() []string {
	list := []string{"，", "。", " ", "\n", ", ", ". ", "你好", "please", "的", "-", "1", "A", "号", "路", "😀", "  ", "：", "是", "12345678", "下午", "to ", "元", "（", ")", "\u200b", "é", "ß", "㎡", "東京", "訂單號"}
	for _, c := range texts {
		if c.text != "" {
			list = append(list, c.text)
		}
	}
	return list
}()

func TestFindingsAreSoundAndDeterministic(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(r, "pieces"), "")
		o := saturday
		o.Country = rapid.SampledFrom([]string{"", "CN", "US", "GB"}).Draw(r, "country")
		if rapid.Bool().Draw(r, "no present") {
			o.Now = 0
		}
		list := Extract(s, o)
		sound(r, s, list)
		for i, e := range Extract(s, o) {
			if e.Start != list[i].Start || e.Value != list[i].Value || e.Type != list[i].Type {
				r.Errorf("%q read twice gives two answers", s)
			}
		}
	})
}

// A text that stands between paragraphs of another gives what it gives alone.
func TestPlaceInALongerTextDoesNotMatter(t *testing.T) {
	before, after := "您好。\n很高兴为您服务。\n", "\n谢谢。\nkind regards"
	shift := utf8.RuneCountInString(before)
	for _, c := range texts {
		alone := Extract(c.text, saturday)
		inside := Extract(before+c.text+after, saturday)
		same := slices.EqualFunc(alone, inside, func(a, b Entity) bool {
			return a.Type == b.Type && a.Start+shift == b.Start && a.End+shift == b.End && a.Value == b.Value && a.From == b.From
		})
		if !same {
			t.Errorf("%q: alone %v, inside %v", c.text, alone, inside)
		}
	}
}

// What was found, read alone with its type known, gives the same value.
func TestTheSliceNormalisesToTheValue(t *testing.T) {
	cue := map[Type]string{Phone: "电话：", Order: "订单号：", Tracking: "快递单号：", Serial: "序列号：", Model: "型号：", Error: "错误代码：", IDCard: "身份证：", BankCard: "卡号：", Person: "姓名：", Address: "地址："}
	for _, c := range texts {
		r := []rune(c.text)
		for _, e := range Extract(c.text, saturday) {
			if e.Type == Person && e.Parts["title"] != "" || strings.HasPrefix(e.Why, "cue: my name") {
				continue // the cue stands outside of the slice
			}
			if strings.HasSuffix(e.Value, "Inc.") {
				continue // what follows tells whose the full stop is
			}
			s := cue[e.Type] + string(r[e.Start:e.End])
			again := Extract(s, saturday)
			if len(again) != 1 || again[0].Value != e.Value || again[0].Type != e.Type {
				t.Errorf("%q from %q: %v, want %s", s, c.text, again, e.Value)
			}
		}
	}
}

func TestWidthAndTraditionalFormsDoNotMatter(t *testing.T) {
	a := Extract("聯繫電話：１３８００１３８０００，訂單號：SO－2024－00123", saturday)
	if len(a) != 2 || a[0].Value != "+8613800138000" || a[1].Value != "SO-2024-00123" {
		t.Errorf("found %v", a)
	}
}

// The quick readings of Chinese numbers agree with the library that normalises
// the customers' numbers.
func TestPhonesAreNormalisedAsTheLibraryDoes(t *testing.T) {
	for _, s := range []string{"13800138000", "139-1234-5678", "+86 158 0000 1111", "0086 13800138000", "010-63109680", "0755-81234567", "021 52574688", "0571-8765 4321", "(010) 63109680", "400-820-8820", "+86 21 52574688"} {
		n, err := phonenumbers.Parse(s, "CN")
		if err != nil {
			t.Fatal(err)
		}
		want := phonenumbers.Format(n, phonenumbers.E164)
		e := Extract("电话 "+s, Options{})
		if len(e) != 1 || e[0].Value != want {
			t.Errorf("%s: found %v, want %s", s, e, want)
		}
	}
}

func TestCountryDecidesHowNumbersAreRead(t *testing.T) {
	e := Extract("call (415) 555-2671 before 03/04/2025", Options{Country: "US", Now: saturday.Now})
	if len(e) != 2 || e[0].Value != "+14155552671" || e[1].Value != "2025-03-04" {
		t.Errorf("found %v", e)
	}
	e = Extract("before 03/04/2025", Options{Country: "GB", Now: saturday.Now})
	if len(e) != 1 || e[0].Value != "2025-04-03" {
		t.Errorf("found %v", e)
	}
}

func fuzz(f *testing.F, seeds []string, run func(d *doc)) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, o := range []Options{saturday, {Country: "US"}, {Now: clock.Time(951782400000)}} {
			d := newDoc(s, o)
			d.findCues()
			run(d)
			for _, c := range d.found {
				if c.Start < 0 || c.End > len(d.r) || c.Start >= c.End {
					t.Fatalf("%q: %+v outside of %d runes", s, c.Entity, len(d.r))
				}
			}
		}
		sound(t, strings.ToValidUTF8(s, "\ufffd"), Extract(strings.ToValidUTF8(s, "\ufffd"), saturday))
	})
}

func FuzzPhones(f *testing.F)    { fuzz(f, pieces, (*doc).phones) }
func FuzzCards(f *testing.F)     { fuzz(f, pieces, func(d *doc) { d.cards(); d.plates() }) }
func FuzzCodes(f *testing.F)     { fuzz(f, pieces, (*doc).codes) }
func FuzzMoney(f *testing.F)     { fuzz(f, pieces, func(d *doc) { d.money(); d.quantities() }) }
func FuzzTimes(f *testing.F)     { fuzz(f, pieces, (*doc).times) }
func FuzzAddresses(f *testing.F) { fuzz(f, pieces, (*doc).addresses) }
func FuzzNames(f *testing.F)     { fuzz(f, pieces, func(d *doc) { d.people(); d.companies() }) }
func FuzzWeb(f *testing.F)       { fuzz(f, pieces, (*doc).web) }
