package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The functions below hide the greater part of one personal value for display.
// They take the value in any width and spacing, are given nothing else, and
// never give back what they could not understand: a value too short or too
// odd to show a part of becomes "***".

const masked = "***"

// MaskPhone shows the first three and the last four digits of a phone number:
// 138****1234, +86 138****1234, 010****5678. Shorter numbers show less.
func MaskPhone(s string) string {
	s = halfWidth(s)
	digits := keep(s, isDigit)
	country := ""
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00") {
		digits = strings.TrimPrefix(digits, "00")
		if rest, ok := strings.CutPrefix(digits, "86"); ok {
			country, digits = "+86 ", rest
		} else {
			country = "+"
		}
	} else if len(digits) == 13 && strings.HasPrefix(digits, "861") {
		country, digits = "+86 ", digits[2:]
	}
	n := len(digits)
	switch {
	case n >= 10:
		return country + digits[:3] + "****" + digits[n-4:]
	case n >= 8:
		return country + digits[:2] + "****" + digits[n-2:]
	case n >= 5:
		return country + "****" + digits[n-2:]
	}
	return masked
}

// MaskMail shows the first character and the domain: z***@x.com.
func MaskMail(s string) string {
	s = halfWidth(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || strings.ContainsFunc(s[at:], unicode.IsSpace) {
		return masked
	}
	_, w := utf8.DecodeRuneInString(s)
	return s[:w] + masked + s[at:]
}

// MaskName shows the family name of a Chinese name, 张* and 欧阳*, and the
// initials of others: J*** S***. How long the rest is does not show.
func MaskName(s string) string {
	s = strings.TrimSpace(Clean(s))
	first, w := utf8.DecodeRuneInString(s)
	if s == "" {
		return ""
	}
	if classOf(first) == classGram {
		for _, double := range doubleSurnames {
			if rest, ok := strings.CutPrefix(Normalize(s), double); ok && rest != "" {
				return string([]rune(s)[:2]) + "*"
			}
		}
		return s[:w] + "*"
	}
	words := strings.Fields(s)
	for i, word := range words {
		_, w := utf8.DecodeRuneInString(word)
		words[i] = word[:w] + masked
	}
	return strings.Join(words[:min(len(words), 3)], " ")
}

var doubleSurnames = []string{
	"欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐",
	"长孙", "宇文", "司徒", "夏侯", "轩辕", "端木", "百里", "东郭", "南宫", "单于", "万俟", "澹台",
}

// MaskIDCard shows the first three and the last four characters of a Chinese
// identity card number (18 or 15 characters), of another document the last two.
func MaskIDCard(s string) string {
	s = strings.ToUpper(keep(halfWidth(s), func(c byte) bool { return isDigit(c) || isLetter(c) }))
	switch n := len(s); {
	case n == 15 || n == 18:
		return s[:3] + strings.Repeat("*", n-7) + s[n-4:]
	case n >= 6:
		return strings.Repeat("*", 4) + s[n-2:]
	}
	return masked
}

// MaskBankCard shows the last four digits: ****1234.
func MaskBankCard(s string) string {
	s = keep(halfWidth(s), isDigit)
	if len(s) < 8 {
		return masked
	}
	return "****" + s[len(s)-4:]
}

// MaskPlate shows place and last two characters of a number plate: 京A***12.
func MaskPlate(s string) string {
	var plate []rune
	for _, r := range strings.ToUpper(halfWidth(s)) {
		if classOf(r) == classWord || classOf(r) == classGram {
			plate = append(plate, r)
		}
	}
	n := len(plate)
	if n < 6 {
		return masked
	}
	return string(plate[:2]) + masked + string(plate[n-2:])
}

// halfWidth drops what cannot be seen and brings full-width ASCII to ASCII;
// case and characters stay.
func halfWidth(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= 0xff01 && r <= 0xff5e:
			return r - 0xfee0
		case r == 0x3000:
			return ' '
		case ignorable(r):
			return -1
		}
		return r
	}, Clean(s)))
}

func keep(s string, ok func(byte) bool) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if ok(s[i]) {
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
