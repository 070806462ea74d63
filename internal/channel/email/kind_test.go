package email

import "testing"

func TestBareSubject(t *testing.T) {
	for in, want := range map[string]string{
		"Re: leak":                 "leak",
		"RE: Re[2]: AW: leak":      "leak",
		"回复：Re: 冰箱不制冷":             "冰箱不制冷",
		"答复: 退款":                   "退款",
		"Fwd: Re: keep a forward":  "Fwd: Re: keep a forward",
		"Refund please":            "Refund please",
		"Re:":                      "Re:",
		"":                         "",
		"Response: about my order": "Response: about my order",
	} {
		if got := bareSubject(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}
