package phrase

import (
	"errors"
	"strings"
	"testing"

	"zhidan/internal/platform/fault"
)

func TestFill(t *testing.T) {
	v := map[string]string{"customer": "{agent}<b>", "agent": "李晓雯", "number": "A-1"}
	for in, want := range map[string]string{
		"{customer}您好，我是{agent}": "{agent}<b>您好，我是李晓雯", // a value is not looked at again
		"{number}{number}":       "A-1A-1",
		"{team}好":                "好", // without a value it leaves nothing behind
		`{"a": 1} {} { agent }`:  `{"a": 1} {} { agent }`,
		"{other}":                "{other}",
	} {
		if got := Fill(in, v); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		p    Phrase
		want string // field and code of what is refused
	}{
		"good":                {Phrase{Name: " 问候  语 ", Shortcut: " HI ", ZH: "{customer}您好\r\n"}, ""},
		"english alone":       {Phrase{Name: "x", EN: "Hello {customer}"}, ""},
		"braces of code":      {Phrase{Name: "x", ZH: `{"a":1}`}, ""},
		"no name":             {Phrase{ZH: "x"}, "name required"},
		"no text":             {Phrase{Name: "x", ZH: " \n"}, "zh required"},
		"unknown placeholder": {Phrase{Name: "x", ZH: "您好", EN: "{custmer}"}, "en placeholder"},
		"two words":           {Phrase{Name: "x", ZH: "x", Shortcut: "a b"}, "shortcut shortcut"},
		"too long":            {Phrase{Name: "x", ZH: strings.Repeat("长", maxBody+1)}, "zh too_long"},
		"long signature":      {Phrase{Kind: Signature, Name: "x", ZH: strings.Repeat("长", maxSign+1)}, "zh too_long"},
		"short signature":     {Phrase{Kind: Signature, Name: "x", ZH: "x", Shortcut: "a"}, "shortcut shortcut"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.p.check()
			got := ""
			var one *fault.Error
			var all fault.List
			if errors.As(err, &all) {
				one = all[0]
			} else {
				errors.As(err, &one)
			}
			if one != nil {
				got = one.Field + " " + one.Code
			}
			if got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
	p := Phrase{Name: " 问候  语 ", Shortcut: " HI ", ZH: "a\r\nb\n"}
	if err := p.check(); err != nil || p.Name != "问候 语" || p.Shortcut != "hi" || p.ZH != "a\nb" {
		t.Errorf("%+v %v", p, err)
	}
}

// Whatever somebody saves is filled in without a placeholder left over.
func FuzzFill(f *testing.F) {
	f.Add("{customer}您好 {number}", "王{agent}")
	f.Add("{{agent}}", "}{")
	f.Fuzz(func(t *testing.T, body, name string) {
		p := Phrase{Name: "x", ZH: body}
		if p.check() != nil {
			return
		}
		Fill(p.ZH, map[string]string{"customer": name, "agent": name})
		if Fill(p.ZH, nil) != holder.ReplaceAllString(p.ZH, "") {
			t.Errorf("%q keeps a placeholder", p.ZH)
		}
	})
}
