package entity

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// maxParses bounds the calls of the phone library for one text.
const maxParses = 200

// phones finds telephone numbers. Their values are those that the customer's
// identities are stored under, so that a number found in a text finds its
// customer.
func (d *doc) phones() {
	for i := 0; i < len(d.r); i++ {
		r := d.r[i]
		if !isDigit(r) && r != '+' && r != '(' || isAlnum(d.at(i-1)) {
			continue
		}
		if r == '(' && !isDigit(d.at(i+1)) && d.at(i+1) != '+' {
			continue
		}
		if end := d.phoneAt(i); end > i {
			i = end - 1
		} else if isDigit(r) {
			i = d.digits(i) - 1
		}
	}
}

func (d *doc) phoneAt(i int) int {
	if isDigit(d.r[i]) && (d.at(i-1) == '.' || d.at(i-1) == '-' || d.at(i-1) == '/') && isAlnum(d.at(i-2)) {
		return i // the middle of a code
	}
	word, cued := d.cued(i, cuePhone, 10)
	weight, why := weightStrong, "form"
	if cued {
		weight, why = weightCue, "cue: "+word
	}
	if end, value := d.mobile(i); end > i {
		d.add(Phone, i, end, weight, 0.98, value, why, map[string]string{"kind": "mobile", "country": "CN"})
		return end
	}
	if end, value := d.landline(i); end > i {
		d.add(Phone, i, end, weight, 0.97, value, why, map[string]string{"kind": "landline", "country": "CN"})
		return end
	}
	if end, value := d.hotline(i, cued); end > i {
		d.add(Phone, i, end, weight, 0.93, value, why, map[string]string{"kind": "hotline", "country": "CN"})
		return end
	}
	if end, value, region := d.international(i, cued); end > i {
		d.add(Phone, i, end, weight, 0.93, value, why, map[string]string{"country": region})
		return end
	}
	if cued && d.country == "CN" {
		if end, value := d.local(i); end > i {
			d.add(Phone, i, end, weight, 0.85, value, why, map[string]string{"kind": "local"})
			return end
		}
	}
	return i
}

// run reads digits with blanks and hyphens between them, at most n, and gives
// the end after the last digit.
func (d *doc) run(i, n int, digits []byte) ([]byte, int) {
	end, sep := i, 0
	for i < len(d.r) && len(digits) < n {
		switch r := d.r[i]; {
		case isDigit(r):
			digits = append(digits, byte(r))
			end, sep = i+1, 0
		case (r == ' ' || r == '-') && sep == 0 && len(digits) > 0:
			sep++
		default:
			return digits, end
		}
		i++
	}
	return digits, end
}

// countryPrefix skips +86, 0086 and 86 before a number.
func (d *doc) countryPrefix(i int) int {
	for _, p := range []string{"(+86)", "+86", "0086", "86-", "86 ", "86"} {
		if d.has(i, p) {
			j := d.spaces(i+len(p), 1)
			if d.at(j) == '-' {
				j++
			}
			return j
		}
	}
	return i
}

// mobile reads a Chinese mobile number, in one piece or as 3-4-4, 3-3-5 …
func (d *doc) mobile(i int) (int, string) {
	start := i
	if d.at(i) != '1' {
		i = d.countryPrefix(i)
	}
	if start == i && d.country != "CN" || d.at(i) != '1' {
		return start, ""
	}
	var buf [11]byte
	got, end := d.run(i, 11, buf[:0])
	if len(got) != 11 || got[1] < '3' || isAlnum(d.at(end)) || d.at(end) == '-' && isDigit(d.at(end+1)) || d.at(end) == '.' && isDigit(d.at(end+1)) {
		return start, ""
	}
	// Pieces that are not a phone's: 1380 013 8000 is, 13 8001 38000 is not.
	if j := d.digits(i); j-i < 3 {
		return start, ""
	}
	return end, "+86" + string(got)
}

// landline reads 010-12345678, (0755) 1234567, 0571 8765 4321-801.
func (d *doc) landline(i int) (int, string) {
	start := i
	paren := d.at(i) == '('
	if paren {
		i++
	}
	plus := false
	if j := d.countryPrefix(i); j > i && (d.at(i) == '+' || d.at(i) == '0') {
		plus, i = true, j
		if d.at(i) == '(' {
			paren = true
			i++
		}
	}
	if d.country != "CN" && !plus {
		return start, ""
	}
	if d.at(i) == '0' {
		i++
	} else if !plus {
		return start, ""
	}
	area := 0 // without the 0
	switch c := d.at(i); {
	case c == '1' && d.at(i+1) == '0':
		area = 2
	case c == '2' && isDigit(d.at(i+1)):
		area = 2
	case c >= '3' && c <= '9' && isDigit(d.at(i+1)) && isDigit(d.at(i+2)):
		area = 3
	default:
		return start, ""
	}
	code := d.str(i, i+area)
	i += area
	if paren {
		if d.at(i) != ')' {
			return start, ""
		}
		i++
	}
	i = d.spaces(i, 1)
	if d.at(i) == '-' {
		i = d.spaces(i+1, 1)
	}
	if c := d.at(i); c < '2' || c > '9' {
		return start, ""
	}
	var buf [8]byte
	got, end := d.run(i, 8, buf[:0])
	if len(got) == 8 && isDigit(d.at(end)) {
		return start, ""
	}
	if len(got) < 7 || area == 2 && len(got) < 8 || isAlnum(d.at(end)) && d.any(end, "ext", "x") == 0 {
		// 7 digits followed by a hyphen and an extension.
		j := d.digits(i)
		if j-i != 7 || area == 2 || isAlnum(d.at(j)) {
			return start, ""
		}
		got, end = []byte(d.str(i, j)), j
	}
	if j := d.digits(i); j-i == 7 && len(got) == 8 { // 0755-1234567-8
		got, end = got[:7], j
	}
	value := "+86" + code + string(got)
	if e, ext := d.extension(end); e > end {
		return e, value + ";ext=" + ext
	}
	return end, value
}

// extension reads -801, 转801, ext. 801.
func (d *doc) extension(i int) (int, string) {
	j := d.spaces(i, 1)
	n := d.any(j, "-", "转", "转分机", "分机", "#", "ext.", "ext", "x", ",转")
	if n == 0 {
		return i, ""
	}
	j = d.spaces(j+n, 1)
	end := d.digits(j)
	if end == j || end-j > 6 || isAlnum(d.at(end)) || d.at(end) == '-' {
		return i, ""
	}
	return end, d.str(j, end)
}

// hotline reads 400-820-8820 and the short numbers of carriers, banks and
// public services; short ones need a cue unless everybody knows them.
func (d *doc) hotline(i int, cued bool) (int, string) {
	if d.country != "CN" {
		return i, ""
	}
	if d.has(i, "400") || d.has(i, "800") {
		var buf [10]byte
		if got, end := d.run(i, 10, buf[:0]); len(got) == 10 && !isAlnum(d.at(end)) && d.at(end) != '.' &&
			(got[3] != '0' || cued) && (cued || strings.ContainsRune(d.str(i, end), '-') || got[0] == '4') {
			return end, "+86" + string(got)
		}
		return i, ""
	}
	end := d.digits(i)
	if n := end - i; n < 3 || n > 6 || isAlnum(d.at(end)) || d.at(end) == '.' || d.at(end) == '-' || d.at(end) == ':' || d.at(end) == '%' || d.at(end) == '/' {
		return i, ""
	}
	if unit := d.any(end, "元", "块", "年", "个", "台", "件", "号楼", "w", "万", "人", "次", "天", "分", "公", "千", "米", "度"); unit > 0 {
		return i, ""
	}
	s := d.str(i, end)
	switch s {
	case "10086", "10010", "10000", "10099", "12315", "12345", "12306", "12321", "12300", "12348", "12333", "12358", "12365", "95598":
		return end, s
	case "110", "119", "120", "122", "114":
		if d.any(i-1, "打", "拨") > 0 || d.any(i-2, "报警", "拨打", "热线") > 0 {
			return end, s
		}
		return i, ""
	}
	c, near := d.cueBefore(i, cuePhone, 3)
	if near && d.joined(c.end, i) && len(s) >= 5 && (s[0] == '9' || s[0] == '1') && (strings.HasPrefix(s, "95") || strings.HasPrefix(s, "96") || strings.HasPrefix(s, "100") || strings.HasPrefix(s, "12")) {
		return end, s
	}
	return i, ""
}

// local reads a number without its area code, with or without an extension.
func (d *doc) local(i int) (int, string) {
	if c := d.at(i); c < '2' || c > '9' {
		return i, ""
	}
	end := d.digits(i)
	if n := end - i; n == 4 && d.at(end) == '-' {
		if j := d.digits(end + 1); j-end == 5 && !isAlnum(d.at(j)) {
			return j, d.str(i, end) + d.str(end+1, j)
		}
		return i, ""
	} else if n != 7 && n != 8 {
		return i, ""
	}
	if isAlnum(d.at(end)) || d.at(end) == '.' && isDigit(d.at(end+1)) || d.any(end, "元", "块", "万", "号楼") > 0 {
		return i, ""
	}
	if c, ok := d.cueBefore(i, cueOrder|cueTracking|cueSerial|cueBank, 6); ok {
		if p, _ := d.cueBefore(i, cuePhone, 10); p.end <= c.end {
			return i, "" // the nearer cue says what it is
		}
	}
	value := d.str(i, end)
	if e, ext := d.extension(end); e > end {
		return e, value + ";ext=" + ext
	}
	return end, value
}

// international reads a number with + or, where the country is not China or a
// cue stands before it, one in the country's own form.
func (d *doc) international(i int, cued bool) (int, string, string) {
	plus := d.at(i) == '+' || d.at(i) == '(' && d.at(i+1) == '+' || d.has(i, "00") && isDigit(d.at(i+2)) && d.at(i+2) != '0'
	if !plus && d.country == "CN" && !cued || d.parses >= maxParses {
		return i, "", ""
	}
	end, digits, seps, gap := i, 0, 0, 0
	for j := i; j < len(d.r) && digits < 16 && gap <= 2; j++ {
		switch r := d.r[j]; {
		case isDigit(r):
			digits++
			end, gap = j+1, 0
			continue
		case r == '+' && j <= i+1:
		case r == ' ' || r == '-' || r == '.' || r == '(' || r == ')' || r == '/':
			seps++
			gap++
		default:
			gap = 99
		}
	}
	if digits < 7 || digits > 15 || isAlnum(d.at(end)) || !plus && !cued && seps == 0 || d.any(end, "元", "块", "万", "%") > 0 {
		return i, "", ""
	}
	if !plus && (d.at(i) == '1' && digits == 11 && d.country == "CN" || d.looksDated(i, end)) {
		return i, "", ""
	}
	raw := d.str(i, end)
	if e, ext := d.extension(end); e > end && plus {
		raw, end = raw+" ext "+ext, e
	}
	d.parses++
	n, err := phonenumbers.Parse(raw, d.country)
	if err != nil {
		return i, "", ""
	}
	valid := phonenumbers.IsValidNumber(n)
	if !valid && (!plus || !phonenumbers.IsPossibleNumber(n)) {
		return i, "", ""
	}
	value := phonenumbers.Format(n, phonenumbers.E164)
	if x := n.GetExtension(); x != "" {
		value += ";ext=" + x
	}
	return end, value, phonenumbers.GetRegionCodeForNumber(n)
}

// looksDated says that digits are rather a date: 2024-05-03, 20240503.
func (d *doc) looksDated(i, end int) bool {
	_, stop := d.isoDate(i)
	return stop > i && stop <= end+1
}
