package entity

import "strings"

// web finds URLs and mail addresses.
func (d *doc) web() {
	for i := 0; i < len(d.r); i++ {
		switch r := d.low[i]; {
		case r == '@':
			d.mail(i)
		case (r == 'h' || r == 'w' || r == 'f') && !isAlnum(d.at(i-1)):
			if end := d.url(i); end > i {
				value := strings.TrimSpace(d.str(i, end))
				if r == 'w' {
					value = "http://" + value
				}
				d.add(URL, i, end, weightCheck, 0.99, value, "scheme", nil)
				i = end - 1
			}
		}
	}
}

func (d *doc) url(i int) int {
	n := d.any(i, "http://", "https://", "ftp://", "www.")
	if n == 0 {
		return i
	}
	end := i + n
	for end < len(d.r) && end-i < 2048 && urlRune(d.r[end]) {
		end++
	}
	for end > i+n { // what ends the sentence is no part of it
		switch d.r[end-1] {
		case '.', ',', '!', '?', ':', ';', '\'', '"', ')', ']', '*':
			if d.r[end-1] == ')' && strings.ContainsRune(d.str(i, end), '(') {
				return end
			}
			end--
			continue
		}
		break
	}
	if end == i+n || !isAlnum(d.at(i+n)) {
		return i
	}
	return end
}

func urlRune(r rune) bool {
	return r > ' ' && r < 0x7f && r != '<' && r != '>' && r != '"' && r != '`' && r != '{' && r != '}' && r != '|' && r != '\\' && r != '^'
}

func mailRune(r rune) bool {
	return isAlnum(r) || r == '.' || r == '_' || r == '-' || r == '+' || r == '%'
}

func (d *doc) mail(at int) {
	start, end := at, at+1
	for start > 0 && at-start < 64 && mailRune(d.r[start-1]) {
		start--
	}
	for start < at && !isAlnum(d.r[start]) && d.r[start] != '_' {
		start++
	}
	dot := 0
	for end < len(d.r) && end-at < 253 && (isAlnum(d.r[end]) || d.r[end] == '-' || d.r[end] == '.' && isAlnum(d.at(end+1))) {
		if d.r[end] == '.' {
			dot = end
		}
		end++
	}
	for end > at+1 && d.r[end-1] == '-' {
		end--
	}
	if start == at || dot <= at+1 || end-dot < 3 || d.at(at+1) == '-' {
		return
	}
	for _, r := range d.r[dot+1 : end] {
		if !isAlpha(r) {
			return
		}
	}
	if strings.Contains(d.str(start, end), "..") || d.r[at-1] == '.' {
		return
	}
	d.add(Email, start, end, weightCheck, 0.99, d.lstr(start, end), "form", nil)
}
