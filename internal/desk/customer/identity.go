package customer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/text"
)

// Kinds of identity that have rules of their own. Any other key is a kind too;
// its values are compared as they are.
const (
	KindPhone    = "phone"
	KindEmail    = "email"
	KindWhatsApp = "whatsapp"
)

// lookupKinds are the kinds that a search for a bare word tries.
var lookupKinds = []string{"wechat", "openid", "unionid", "qq", "telegram", "line", "external"}

const (
	maxEmail = 254
	maxValue = 256
)

// normalize gives the one form of an address in which it is stored and looked
// up: phone numbers in E.164, mail in lower case with an ASCII domain.
func normalize(field, kind, value, region string) (string, error) {
	if !keyForm.MatchString(kind) {
		return "", fault.Bad(field, "invalid", "the kind of an identity is a key of lower-case letters, digits and _")
	}
	value = strings.TrimSpace(text.Clean(value))
	if value == "" {
		return "", fault.Bad(field, "required", "an identity needs a value")
	}
	if len(value) > maxValue {
		return "", fault.Bad(field, "too_long", "an identity has at most %d bytes", maxValue).With("max", fmt.Sprint(maxValue))
	}
	switch kind {
	case KindPhone, KindWhatsApp:
		p, ok := normalizePhone(value, region)
		if !ok {
			return "", fault.Bad(field, "phone", "not a telephone number")
		}
		return p, nil
	case KindEmail:
		m, ok := normalizeEmail(value)
		if !ok {
			return "", fault.Bad(field, "email", "not a mail address")
		}
		return m, nil
	}
	for _, r := range value {
		if unicode.IsControl(r) {
			return "", fault.Bad(field, "invalid", "an identity has no control characters")
		}
	}
	return norm.NFC.String(value), nil
}

// normalizePhone reads a number as it is dialled in the region, else as an
// international one whose + was left out. Numbers of a possible length are
// taken even when no such number is given out today: new prefixes come faster
// than tables.
func normalizePhone(s, region string) (string, bool) {
	s = norm.NFKC.String(s)
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits < 3 || digits > 20 {
		return "", false
	}
	if region == "CN" {
		if p := chineseMobile(s); p != "" {
			return p, true
		}
	}
	try := func(s string, fits func(*phonenumbers.PhoneNumber) bool) (string, bool) {
		n, err := phonenumbers.Parse(s, region)
		if err != nil || !fits(n) {
			return "", false
		}
		e := phonenumbers.Format(n, phonenumbers.E164)
		if x := n.GetExtension(); x != "" {
			e += ";ext=" + x
		}
		return e, true
	}
	international := strings.HasPrefix(s, "+")
	if p, ok := try(s, phonenumbers.IsValidNumber); ok {
		return p, true
	}
	if !international {
		if p, ok := try("+"+s, phonenumbers.IsValidNumber); ok {
			return p, true
		}
	}
	// An extension as it is written in China: 021-52574688-801, 转801.
	if m := extension.FindStringSubmatch(s); m != nil {
		if p, ok := try(m[1], phonenumbers.IsValidNumber); ok && !strings.Contains(p, ";") {
			return p + ";ext=" + m[2], true
		}
	}
	p, ok := try(s, phonenumbers.IsPossibleNumber)
	if ok { // of nonsense the library makes other nonsense each time
		again, still := try(p, phonenumbers.IsPossibleNumber)
		ok = still && again == p
	}
	return p, ok
}

var extension = regexp.MustCompile(`^(.*[0-9])\s*(?:-|转|轉|#)\s*([0-9]{1,6})$`)

// chineseMobile knows the numbers that most contacts come with at a thirtieth
// of the cost. It leaves every other to the library; a test holds them together.
func chineseMobile(s string) string {
	var d [16]byte
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if n == len(d) {
				return ""
			}
			d[n] = c
			n++
		case c == ' ' || c == '-' || c == '+' && i == 0:
		default:
			return ""
		}
	}
	digits := string(d[:n])
	switch {
	case n == 13 && digits[:2] == "86":
		digits = digits[2:]
	case n == 15 && digits[:4] == "0086" && s[0] != '+':
		digits = digits[4:]
	case n != 11 || s[0] == '+':
		return ""
	}
	if digits[0] != '1' {
		return ""
	}
	switch digits[1] {
	case '3', '8':
		return "+86" + digits
	case '5', '9':
		if digits[2] != '4' {
			return "+86" + digits
		}
	}
	return ""
}

func normalizeEmail(s string) (string, bool) {
	s = norm.NFKC.String(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > maxEmail {
		return "", false
	}
	local, domain := strings.ToLower(s[:at]), strings.ToLower(strings.TrimSuffix(s[at+1:], "."))
	for _, r := range local + domain {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>(),;:"[]\@`, r) {
			return "", false
		}
	}
	if a, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = a
	}
	if domain == "" || strings.HasPrefix(domain, ".") || strings.Contains(domain, "..") {
		return "", false
	}
	return local + "@" + domain, true
}

// lastFour are the last four digits of a phone number, for finding a caller
// who says them; other kinds have none.
func lastFour(kind, normal string) string {
	if kind != KindPhone && kind != KindWhatsApp {
		return ""
	}
	normal, _, _ = strings.Cut(normal, ";")
	if len(normal) < 5 {
		return ""
	}
	return normal[len(normal)-4:]
}

// mask is how an address is shown to who has not revealed it.
func mask(kind, normal string) string {
	switch kind {
	case KindPhone, KindWhatsApp:
		return text.MaskPhone(show(kind, normal))
	case KindEmail:
		return text.MaskMail(show(kind, normal))
	}
	n := utf8.RuneCountInString(normal)
	if n < 8 {
		return "****"
	}
	r := []rune(normal)
	return string(r[:2]) + "****" + string(r[n-2:])
}

// show is how an address is written for a person who may see it.
func show(kind, normal string) string {
	switch kind {
	case KindPhone, KindWhatsApp:
		// A Chinese mobile number is read without its country.
		if national, ok := strings.CutPrefix(normal, "+86"); ok && len(national) == 11 && national[0] == '1' {
			return national
		}
	case KindEmail:
		local, domain, _ := strings.Cut(normal, "@")
		if u, err := idna.Display.ToUnicode(domain); err == nil {
			return local + "@" + u
		}
	}
	return normal
}

func asFault(err error, f **fault.Error) bool { return err != nil && errors.As(err, f) }
