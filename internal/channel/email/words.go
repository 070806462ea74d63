package email

import (
	"bytes"
	"strings"
)

// decodeWords reads the encoded words of RFC 2047 wherever they stand, also
// inside quotes and glued to other text. Neighbouring words of one charset are
// joined as bytes before they are decoded, because many writers split
// characters between words. What is not an encoded word is taken in the hinted
// charset, or by its looks.
func decodeWords(v []byte, hint string) string {
	if !bytes.Contains(v, []byte("=?")) {
		return clean(decodeBytes(v, hint))
	}
	var out strings.Builder
	var pending []byte // decoded bytes of neighbouring words
	pendingCharset := ""
	flush := func() {
		if pending != nil {
			out.WriteString(clean(decodeBytes(pending, pendingCharset)))
			pending = nil
		}
	}
	unterminated := false
	for len(v) > 0 {
		i := bytes.Index(v, []byte("=?"))
		if i < 0 || unterminated {
			break
		}
		w, ok := cutWord(v[i:])
		if !ok {
			flush()
			out.WriteString(clean(decodeBytes(v[:i+2], hint)))
			v = v[i+2:]
			continue
		}
		unterminated = w.open
		if between := v[:i]; len(bytes.TrimSpace(between)) > 0 || len(between) > 0 && pending == nil {
			flush()
			out.WriteString(clean(decodeBytes(between, hint)))
		}
		if pending != nil && !strings.EqualFold(pendingCharset, w.charset) {
			flush()
		}
		pendingCharset = w.charset
		pending = append(pending, w.data...)
		if pending == nil {
			pending = []byte{}
		}
		v = v[i+w.size:]
	}
	flush()
	if len(v) > 0 {
		out.WriteString(clean(decodeBytes(v, hint)))
	}
	return out.String()
}

type word struct {
	charset string
	data    []byte
	size    int
	open    bool // the value ended before "?="
}

// cutWord reads =?charset?encoding?text?= at the start of v.
func cutWord(v []byte) (word, bool) {
	q1 := bytes.IndexByte(v[2:min(len(v), 64)], '?')
	if q1 <= 0 {
		return word{}, false
	}
	q1 += 2
	if q1+2 >= len(v) || v[q1+2] != '?' {
		return word{}, false
	}
	for _, c := range v[2:q1] {
		if c <= ' ' || c >= 127 {
			return word{}, false
		}
	}
	cs, _, _ := strings.Cut(string(v[2:q1]), "*") // RFC 2231 §5: a language may follow
	text := v[q1+3:]
	size := len(v)
	open := true
	if end := bytes.Index(text, []byte("?=")); end >= 0 {
		size, open = q1+3+end+2, false
		text = text[:end]
	}
	switch v[q1+1] {
	case 'b', 'B':
		return word{cs, decodeBase64(text), size, open}, true
	case 'q', 'Q':
		data := make([]byte, 0, len(text))
		for i := 0; i < len(text); i++ {
			c := text[i]
			if c == '=' && i+2 < len(text) {
				if a, b := unhex(text[i+1]), unhex(text[i+2]); a >= 0 && b >= 0 {
					data = append(data, byte(a<<4|b))
					i += 2
					continue
				}
			}
			if c == '_' {
				c = ' '
			}
			data = append(data, c)
		}
		return word{cs, data, size, open}, true
	}
	return word{}, false
}
