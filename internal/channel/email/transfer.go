package email

import (
	"bytes"
	"strings"
)

// transferEncoding normalises the field's many spellings; what it does not know
// means the bytes as they are.
func transferEncoding(h *header) string {
	for _, v := range h.all("Content-Transfer-Encoding") {
		s := strings.ToLower(stripComments(string(v)))
		s = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			if r == ';' || r == ',' {
				return ';'
			}
			return -1
		}, s)
		s, _, _ = strings.Cut(s, ";")
		switch s {
		case "base64", "b", "base", "b64":
			return "base64"
		case "quotedprintable", "qp", "quoted", "q", "quotedprintible":
			return "quoted-printable"
		case "xuuencode", "uuencode", "xuue", "uue":
			return "uuencode"
		}
	}
	return ""
}

// decodeTransfer undoes a transfer encoding. It never fails: what is damaged is
// read as far as it can be, and bytes that are plainly not in the encoding stay
// as they are. The result may share memory with b.
func decodeTransfer(enc string, b []byte) []byte {
	switch enc {
	case "base64":
		if !isBase64(b) {
			return b
		}
		return decodeBase64(b)
	case "quoted-printable":
		return decodeQP(b)
	case "uuencode":
		if _, data, _, ok := cutUU(b); ok {
			return data
		}
	}
	return b
}

var base64Value = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = int8(i)
	}
	return t
}()

// isBase64 says whether b can be meant as base64: nearly all of it is in the
// alphabet, and not in words separated by blanks.
func isBase64(b []byte) bool {
	in, blank, other := 0, 0, 0
	for _, c := range b[:min(len(b), 16<<10)] {
		switch {
		case base64Value[c] >= 0 || c == '=':
			in++
		case c == ' ':
			blank++
		case c > ' ':
			other++
		}
	}
	return in+other == 0 || other*4 < in && blank*12 < in
}

// decodeBase64 skips what is not in the alphabet (RFC 2045 §6.8), starts anew
// after padding in the middle, and keeps what a missing end still holds.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)/4*3+3)
	var acc uint32
	n := 0
	for _, c := range b {
		v := base64Value[c]
		if v < 0 {
			if c == '=' && n > 0 {
				switch n {
				case 2:
					out = append(out, byte(acc>>4))
				case 3:
					out = append(out, byte(acc>>10), byte(acc>>2))
				}
				acc, n = 0, 0
			}
			continue
		}
		acc = acc<<6 | uint32(v)
		if n++; n == 4 {
			out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, n = 0, 0
		}
	}
	switch n {
	case 2:
		out = append(out, byte(acc>>4))
	case 3:
		out = append(out, byte(acc>>10), byte(acc>>2))
	}
	return out
}

// decodeQP reads quoted-printable (RFC 2045 §6.7): blanks before a line end are
// transport padding; an equals sign that starts nothing valid is text.
func decodeQP(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		line, rest := b, []byte(nil)
		end := ""
		if nl := bytes.IndexByte(b, '\n'); nl >= 0 {
			line, rest, end = b[:nl], b[nl+1:], "\n"
			if nl > 0 && line[nl-1] == '\r' {
				line, end = line[:nl-1], "\r\n"
			}
		}
		line = bytes.TrimRight(line, " \t")
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c != '=' {
				out = append(out, c)
				continue
			}
			if i+1 == len(line) {
				end = "" // soft line break
				continue
			}
			if i+2 < len(line) {
				if x, y := unhex(line[i+1]), unhex(line[i+2]); x >= 0 && y >= 0 {
					out = append(out, byte(x<<4|y))
					i += 2
					continue
				}
			}
			out = append(out, c)
		}
		out = append(out, end...)
		b = rest
	}
	return out
}

// cutUU finds the first uuencoded file in b. The rest is b without it.
func cutUU(b []byte) (name string, data, rest []byte, ok bool) {
	from := 0
	for {
		i := bytes.Index(b[from:], []byte("begin "))
		if i < 0 {
			return "", nil, b, false
		}
		start := from + i
		from = start + 6
		if start > 0 && b[start-1] != '\n' {
			continue
		}
		line, next := cutLine(b[start:])
		f := strings.SplitN(string(line), " ", 3)
		if len(f) < 3 || len(f[1]) < 3 || len(f[1]) > 4 || strings.Trim(f[1], "01234567") != "" || strings.TrimSpace(f[2]) == "" {
			continue
		}
		var out []byte
		lines := 0
		for len(next) > 0 {
			var l []byte
			l, next = cutLine(next)
			if bytes.Equal(bytes.TrimSpace(l), []byte("end")) {
				rest = append(append([]byte{}, b[:start]...), next...)
				return strings.TrimSpace(f[2]), out, rest, lines > 0
			}
			if len(l) == 0 || l[0] == '`' || l[0] == ' ' && len(bytes.TrimSpace(l)) == 0 {
				continue
			}
			n := int(l[0]-' ') & 63
			if l[0] < ' ' || l[0] > '`' || len(l) > 90 || (n+2)/3*4 > len(l)-1+8 {
				break // not uuencode after all
			}
			lines++
			out = appendUU(out, l[1:], n)
		}
		if lines == 0 {
			continue
		}
		// No end line: take the file when it ran to the end of the text.
		if len(next) == 0 {
			return strings.TrimSpace(f[2]), out, append([]byte{}, b[:start]...), true
		}
	}
}

func appendUU(out, l []byte, n int) []byte {
	at := func(i int) byte {
		if i < len(l) {
			return (l[i] - ' ') & 63
		}
		return 0
	}
	for i := 0; n > 0; i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		for _, o := range []byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d} {
			if n > 0 {
				out = append(out, o)
				n--
			}
		}
	}
	return out
}
