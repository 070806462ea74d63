package customer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestNormalForms(t *testing.T) {
	for _, x := range []struct{ kind, in, want string }{
		{"phone", "13800138000", "+8613800138000"},
		{"phone", "138 0013 8000", "+8613800138000"},
		{"phone", "138-0013-8000", "+8613800138000"},
		{"phone", "１３８００１３８０００", "+8613800138000"},
		{"phone", "+86 138 0013 8000", "+8613800138000"},
		{"phone", "86 13800138000", "+8613800138000"},
		{"phone", "0086-13800138000", "+8613800138000"},
		{"phone", "(010) 6552 9988", "+861065529988"},
		{"phone", "021-52574688-801", "+862152574688;ext=801"},
		{"phone", "400-820-8820", "+864008208820"},
		{"phone", "+1 415 555 2671", "+14155552671"},
		{"phone", "442083661177", "+442083661177"},
		{"whatsapp", "+44 20 8366 1177", "+442083661177"},
		{"email", " Li.Wei@Example.COM ", "li.wei@example.com"},
		{"email", "ｌｉ＠example.com", "li@example.com"},
		{"email", "info@例子.中国", "info@xn--fsqu00a.xn--fiqs8s"},
		{"email", "a+b@localhost", "a+b@localhost"},
		{"openid", " oABC-def_1 ", "oABC-def_1"},
	} {
		got, err := normalize("f", x.kind, x.in, "CN")
		if err != nil || got != x.want {
			t.Errorf("%s %q: %q, %v; want %q", x.kind, x.in, got, err, x.want)
		}
		if again, err := normalize("f", x.kind, got, "CN"); err != nil || again != got {
			t.Errorf("%s %q is not stable: %q, %v", x.kind, got, again, err)
		}
	}
	for _, x := range []struct{ kind, in string }{
		{"phone", "abc"}, {"phone", "12"}, {"phone", strings.Repeat("1", 30)}, {"phone", "+"}, {"phone", ""},
		{"email", "no-at"}, {"email", "@x.com"}, {"email", "a@"}, {"email", "a b@x.com"}, {"email", "a@x..com"},
		{"email", "a@b@x.com"}, {"email", "<a>@x.com"}, {"email", strings.Repeat("a", 300) + "@x.com"},
		{"openid", ""}, {"openid", "a\x07b"}, {"Bad Kind", "x"}, {"", "x"},
	} {
		if got, err := normalize("f", x.kind, x.in, "CN"); err == nil {
			t.Errorf("%s %q was taken as %q", x.kind, x.in, got)
		}
	}
}

// The short way for Chinese mobile numbers says what the library says.
func TestChineseMobileAgreesWithTheLibrary(t *testing.T) {
	for prefix := range 1000 {
		for _, form := range []string{"%03d12345678", "%03d 1234 5678", "86%03d12345678", "+86 %03d-1234-5678", "0086%03d12345678", "+%03d12345678", "86%03d1234567", "%03d123456789"} {
			s := fmt.Sprintf(form, prefix)
			short := chineseMobile(s)
			if short == "" {
				continue
			}
			n, err := phonenumbers.Parse(s, "CN")
			if err != nil || !phonenumbers.IsValidNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != short {
				t.Fatalf("%q: %s, the library says %v, %v", s, short, n, err)
			}
		}
	}
}

func TestMask(t *testing.T) {
	for _, x := range []struct{ kind, in, want string }{
		{"phone", "+8613800138000", "138****8000"},
		{"email", "zhang.wei@example.com", "z***@example.com"},
		{"email", "info@xn--fsqu00a.xn--fiqs8s", "i***@例子.中国"},
		{"openid", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "o6****2M"},
		{"openid", "short", "****"},
	} {
		if got := mask(x.kind, x.in); got != x.want {
			t.Errorf("%s %s: %s, want %s", x.kind, x.in, got, x.want)
		}
	}
}

func TestTermsFindNames(t *testing.T) {
	for _, x := range []struct {
		name, q string
		want    bool
	}{
		{"王小明", "王小明", true}, {"王小明", "小明", true}, {"王小明", "王", true}, {"王小明", "王明", false},
		{"王小明", "王大", false}, {"歐陽鋒", "欧阳", true}, {"欧阳锋", "歐陽", true},
		{"John Smith", "smi", true}, {"John Smith", "JOHN", true}, {"John Smith", "smith jo", true},
		{"John Smith", "mith", false}, {"John Smith", "john brown", false},
		{"Renée O'Neil", "renee", true}, {"Renée O'Neil", "o'neil", true}, {"Renée O'Neil", "oneil", true},
		{"Wolfeschlegelsteinhausen", "wolfeschlegelstein", true}, {"ＡＢＣ电器", "abc", true}, {"ABC电器", "电器", true},
		{"张伟(VIP)", "vip", true}, {"J Li", "j", true}, {"Jim Li", "j", false},
	} {
		has := map[string]bool{}
		for _, term := range nameTerms(x.name) {
			has[term] = true
		}
		q := queryTerms(x.q)
		all := len(q) > 0
		for _, term := range q {
			all = all && has[term]
		}
		if all != x.want {
			t.Errorf("%q in %q: %v (%v)", x.q, x.name, all, q)
		}
	}
	if n := len(nameTerms(strings.Repeat("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏", 10))); n > maxNameTerms {
		t.Errorf("%d terms", n)
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"13800138000", "+1 415 555 2671 ext. 5", "a@例子.中国", "\x00", "０１０", "o6_bmjr", "+86;ext=1", "tel:+1-201;phone-context=+1", "AA000000000000"} {
		f.Add("phone", s)
		f.Add("email", s)
		f.Add("openid", s)
	}
	f.Fuzz(func(t *testing.T, kind, s string) {
		v, err := normalize("f", kind, s, "CN")
		if err != nil {
			return
		}
		if again, err := normalize("f", kind, v, "CN"); err != nil || again != v {
			t.Errorf("%s %q: %q, then %q, %v", kind, s, v, again, err)
		}
		if m := mask(kind, v); len(v) > 4 && strings.Contains(m, v) {
			t.Errorf("%s %q is shown whole: %q", kind, v, m)
		}
		lastFour(kind, v)
		nameTerms(s)
		queryTerms(s)
	})
}
