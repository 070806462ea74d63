package extract

import (
	"bytes"
	"strconv"
)

// The objects of a PDF (ISO 32000-1, 7.3): nil, bool, float64, pdfName,
// pdfString, []any, pdfDict, pdfRef and *pdfStream; pdfOp is a bare word, an
// operator of a content stream.
type (
	pdfName   string
	pdfString []byte
	pdfDict   map[pdfName]any
	pdfRef    int
	pdfOp     string
	pdfStream struct {
		dict pdfDict
		raw  []byte
	}
)

const (
	maxObjectDepth = 64
	maxArray       = 100_000
)

// scanner reads objects one after the other. It never fails: what it cannot
// read it passes over.
type scanner struct {
	s   []byte
	i   int
	b   *budget
	err error // of the budget
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelim(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (s *scanner) space() {
	for s.i < len(s.s) {
		c := s.s[s.i]
		if c == '%' {
			for s.i < len(s.s) && s.s[s.i] != '\n' && s.s[s.i] != '\r' {
				s.i++
			}
		} else if !isSpace(c) {
			return
		} else {
			s.i++
		}
	}
}

// closing marks the end of an array or dictionary.
type closing byte

// next is the next object; ok is false at the end.
func (s *scanner) next(depth int) (v any, ok bool) {
	if s.err == nil {
		s.err = s.b.tick()
	}
	s.space()
	if s.err != nil || s.i >= len(s.s) {
		return nil, false
	}
	c := s.s[s.i]
	switch {
	case c == '/':
		s.i++
		return s.name(), true
	case c == '(':
		s.i++
		return s.literal(), true
	case c == '<' && s.i+1 < len(s.s) && s.s[s.i+1] == '<':
		s.i += 2
		return s.dict(depth), true
	case c == '<':
		s.i++
		return s.hex(), true
	case c == '[':
		s.i++
		return s.array(depth), true
	case c == '>' && s.i+1 < len(s.s) && s.s[s.i+1] == '>':
		s.i += 2
		return closing('>'), true
	case c == ']':
		s.i++
		return closing(']'), true
	case c == ')' || c == '>' || c == '{' || c == '}':
		s.i++
		return pdfOp(c), true
	}
	start := s.i
	for s.i < len(s.s) && !isSpace(s.s[s.i]) && !isDelim(s.s[s.i]) {
		s.i++
	}
	word := s.s[start:s.i]
	if n, ok := number(word); ok {
		if ref, ok := s.reference(n); ok {
			return ref, true
		}
		return n, true
	}
	switch string(word) {
	case "true":
		return true, true
	case "false":
		return false, true
	case "null":
		return nil, true
	}
	if len(word) > 64 {
		word = word[:64]
	}
	return pdfOp(word), true
}

func number(w []byte) (float64, bool) {
	if len(w) == 0 || len(w) > 32 || !(w[0] >= '0' && w[0] <= '9' || w[0] == '-' || w[0] == '+' || w[0] == '.') {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(w), 64)
	if err != nil {
		return 0, false
	}
	return n, true
}

// reference looks whether "n" goes on as "n g R".
func (s *scanner) reference(n float64) (pdfRef, bool) {
	if n < 0 || n > 1e7 || n != float64(int(n)) {
		return 0, false
	}
	i := s.i
	blank := func() bool {
		from := i
		for i < len(s.s) && isSpace(s.s[i]) && i-from < 8 {
			i++
		}
		return i > from
	}
	if !blank() {
		return 0, false
	}
	from := i
	for i < len(s.s) && s.s[i] >= '0' && s.s[i] <= '9' && i-from < 5 {
		i++
	}
	if i == from || !blank() || i >= len(s.s) || s.s[i] != 'R' {
		return 0, false
	}
	if i+1 < len(s.s) && !isSpace(s.s[i+1]) && !isDelim(s.s[i+1]) {
		return 0, false
	}
	s.i = i + 1
	return pdfRef(int(n)), true
}

func (s *scanner) name() pdfName {
	var b []byte
	for s.i < len(s.s) && !isSpace(s.s[s.i]) && !isDelim(s.s[s.i]) && len(b) < 128 {
		c := s.s[s.i]
		if c == '#' && s.i+2 < len(s.s) {
			if h, ok := hexByte(s.s[s.i+1], s.s[s.i+2]); ok {
				b = append(b, h)
				s.i += 3
				continue
			}
		}
		b = append(b, c)
		s.i++
	}
	return pdfName(b)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func hexByte(a, b byte) (byte, bool) {
	x, ok1 := hexDigit(a)
	y, ok2 := hexDigit(b)
	return x<<4 | y, ok1 && ok2
}

func (s *scanner) hex() pdfString {
	out := pdfString{}
	half, have := byte(0), false
	for s.i < len(s.s) {
		c := s.s[s.i]
		s.i++
		if c == '>' {
			break
		}
		d, ok := hexDigit(c)
		if !ok {
			continue
		}
		if have {
			out = append(out, half<<4|d)
		}
		half, have = d, !have
	}
	if have {
		out = append(out, half<<4)
	}
	return out
}

func (s *scanner) literal() pdfString {
	out := pdfString{}
	level := 1
	for s.i < len(s.s) {
		c := s.s[s.i]
		s.i++
		switch c {
		case '(':
			level++
		case ')':
			if level--; level == 0 {
				return out
			}
		case '\\':
			if s.i >= len(s.s) {
				return out
			}
			c = s.s[s.i]
			s.i++
			switch c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'b', 'f':
				c = ' '
			case '\r':
				if s.i < len(s.s) && s.s[s.i] == '\n' {
					s.i++
				}
				continue
			case '\n':
				continue
			}
			if c >= '0' && c <= '7' {
				n := int(c - '0')
				for k := 0; k < 2 && s.i < len(s.s) && s.s[s.i] >= '0' && s.s[s.i] <= '7'; k++ {
					n = n<<3 | int(s.s[s.i]-'0')
					s.i++
				}
				c = byte(n)
			}
		}
		out = append(out, c)
	}
	return out
}

func (s *scanner) array(depth int) any {
	var out []any
	for depth < maxObjectDepth { // deeper brackets are passed over: what they hold is read flat
		v, ok := s.next(depth + 1)
		if !ok || v == closing(']') {
			return out
		}
		if _, odd := v.(closing); odd {
			return out
		}
		if len(out) < maxArray {
			out = append(out, v)
		}
	}
	return out
}

func (s *scanner) dict(depth int) any {
	out := pdfDict{}
	for depth < maxObjectDepth {
		k, ok := s.next(depth + 1)
		if !ok || k == closing('>') {
			break
		}
		key, ok := k.(pdfName)
		if !ok {
			if _, odd := k.(closing); odd {
				break
			}
			continue
		}
		v, ok := s.next(depth + 1)
		if !ok || v == closing('>') {
			break
		}
		if len(out) < maxArray {
			out[key] = v
		}
	}
	return out
}

// stream reads the data behind a stream's dictionary. Its length is believed
// only when the word that ends it stands there.
func (s *scanner) stream(d pdfDict, length func(any) (float64, bool)) *pdfStream {
	s.space()
	if !bytes.HasPrefix(s.s[s.i:], []byte("stream")) {
		return nil
	}
	i := s.i + len("stream")
	if i < len(s.s) && s.s[i] == '\r' {
		i++
	}
	if i < len(s.s) && s.s[i] == '\n' {
		i++
	}
	if n, ok := length(d["Length"]); ok && n >= 0 && float64(i)+n <= float64(len(s.s)) {
		end := i + int(n)
		k := end
		for k < len(s.s) && k < end+4 && isSpace(s.s[k]) {
			k++
		}
		if bytes.HasPrefix(s.s[k:], []byte("endstream")) {
			return &pdfStream{d, s.s[i:end]}
		}
	}
	if i > len(s.s) {
		return nil
	}
	if s.err = s.b.check(); s.err != nil { // the search may be long
		return nil
	}
	k := bytes.Index(s.s[i:], []byte("endstream"))
	if k < 0 {
		k = len(s.s) - i
	}
	return &pdfStream{d, s.s[i : i+k]}
}
