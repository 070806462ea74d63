package email

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// field is one header field: name as written, value raw and unfolded.
type field struct {
	name  string
	value []byte
}

// header is the fields of one entity in order.
type header struct {
	fields  []field
	charset string // of the entity's own text: the hint for raw 8-bit fields
}

// readHeader splits an entity into its header and body. It forgives lines that
// are no fields: one that is followed by more known fields is skipped, any
// other starts the body (a missing separator).
func (p *parser) readHeader(b []byte) (*header, []byte) {
	h := &header{}
	rest := b
	var cur []byte // current field, raw lines
	flush := func() {
		if cur == nil {
			return
		}
		line := cur
		cur = nil
		colon := bytes.IndexByte(line, ':')
		name := string(bytes.TrimRight(line[:colon], " \t"))
		h.fields = append(h.fields, field{name, unfold(line[colon+1:])})
	}
	for len(rest) > 0 {
		line, next := cutLine(rest)
		if len(line) == 0 { // the separator
			flush()
			rest = next
			break
		}
		if p.header -= len(rest) - len(next); p.header < 0 {
			p.stop("header", "header fields are larger than %d bytes", p.limits.Header)
			return h, nil
		}
		blank := len(bytes.TrimSpace(line)) == 0
		switch {
		case blank && !startsFold(next) && !knownField(next):
			// A separator that a gateway padded with blanks.
			flush()
			return h.withCharset(), next
		case (line[0] == ' ' || line[0] == '\t' || startsFold(next) && !looksLikeField(line)) && cur != nil:
			// A folded line, or one that was folded wrongly before one that was
			// folded well. cur and line are neighbours in b.
			cur = cur[: len(cur)+(len(rest)-len(next)) : cap(cur)]
		case looksLikeField(line) || knownField(line):
			flush()
			cur = rest[:len(rest)-len(next)]
		case knownField(next) || len(h.fields) == 0 && cur == nil && looksLikeField(next):
			// A damaged line among fields: skip it, keep the rest.
			flush()
		default:
			flush()
			return h.withCharset(), rest
		}
		rest = next
	}
	flush()
	return h.withCharset(), rest
}

// cutLine splits off one line without its line end.
func cutLine(b []byte) (line, rest []byte) {
	nl := bytes.IndexByte(b, '\n')
	if nl < 0 {
		return bytes.TrimRight(b, "\r"), nil
	}
	return bytes.TrimRight(b[:nl], "\r"), b[nl+1:]
}

func startsFold(b []byte) bool {
	if len(b) == 0 || b[0] != ' ' && b[0] != '\t' {
		return false
	}
	line, _ := cutLine(b)
	return len(bytes.TrimSpace(line)) > 0
}

// looksLikeField says whether b starts with "name:" by RFC 5322 (blanks before
// the colon are allowed, as they once were).
func looksLikeField(b []byte) bool {
	for i, c := range b {
		switch {
		case c == ':':
			return i > 0
		case c == ' ' || c == '\t':
			for _, d := range b[i:min(len(b), i+32)] {
				if d == ':' {
					return i > 0
				}
				if d != ' ' && d != '\t' {
					return false
				}
			}
			return false
		case c <= ' ' || c >= 127 || i > 76:
			return false
		}
	}
	return false
}

var knownFields = map[string]bool{}

func init() {
	for _, n := range strings.Fields(`from to cc bcc subject date sender reply-to message-id
		in-reply-to references received return-path delivered-to mime-version content-type
		content-transfer-encoding content-disposition content-id content-description
		content-language content-location precedence auto-submitted list-id list-unsubscribe
		importance priority user-agent organization comments keywords dkim-signature
		authentication-results thread-topic thread-index resent-from resent-to resent-date
		resent-message-id received-spf domainkey-signature errors-to status lines`) {
		knownFields[n] = true
	}
}

// knownField says whether b starts with a field that mail really uses.
func knownField(b []byte) bool {
	line := b[:min(len(b), 100)]
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !looksLikeField(b) {
		return false
	}
	name := strings.ToLower(string(bytes.TrimRight(line[:colon], " \t")))
	return knownFields[name] || strings.HasPrefix(name, "x-") && len(name) > 2
}

// unfold joins folded lines (RFC 5322 §2.2.3).
func unfold(v []byte) []byte {
	v = bytes.TrimSpace(v)
	if bytes.IndexByte(v, '\n') < 0 && bytes.IndexByte(v, '\r') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for _, c := range v {
		if c != '\n' && c != '\r' {
			out = append(out, c)
		}
	}
	return out
}

// all is every value of a field, in order.
func (h *header) all(name string) [][]byte {
	var out [][]byte
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			out = append(out, f.value)
		}
	}
	return out
}

// get is the first value that is not empty, as plain text.
func (h *header) get(name string) string {
	for _, v := range h.all(name) {
		if len(v) > 0 {
			return clean(decodeBytes(v, h.charset))
		}
	}
	return ""
}

// text is the first non-empty value with its encoded words read.
func (h *header) text(name string) string {
	for _, v := range h.all(name) {
		if s := strings.TrimSpace(decodeWords(v, h.charset)); s != "" {
			return oneLine(s)
		}
	}
	return ""
}

func (h *header) withCharset() *header {
	_, params := h.contentType()
	h.charset = params["charset"]
	return h
}

// contentType is the media type and its parameters. Of several fields the first
// multipart with a boundary wins: the others were added by gateways.
func (h *header) contentType() (string, map[string]string) {
	var kind string
	var params map[string]string
	for i, v := range h.all("Content-Type") {
		k, ps := parseParams(v, h.charset)
		if !strings.Contains(k, "/") {
			switch k {
			case "text", "html", "plain":
				k = map[string]string{"text": "text/plain", "plain": "text/plain", "html": "text/html"}[k]
			default:
				k = ""
			}
		}
		better := strings.HasPrefix(k, "multipart/") && ps["boundary"] != "" &&
			!(strings.HasPrefix(kind, "multipart/") && params["boundary"] != "")
		if i == 0 || better || kind == "" && k != "" {
			kind, params = k, ps
		}
	}
	if params == nil {
		params = map[string]string{}
	}
	return kind, params
}

// parseParams reads "value; name=value; …" with RFC 2231 continuations and
// charsets, encoded words in values, missing quotes and stray separators.
func parseParams(v []byte, hint string) (string, map[string]string) {
	first, rest := cutParam(v)
	value := strings.ToLower(strings.TrimSpace(stripComments(string(first))))
	if i := strings.IndexAny(value, " \t,"); i > 0 {
		value = value[:i] // text/html charset=…, without its semicolon
	}
	type piece struct {
		data    []byte
		encoded bool
	}
	plain := map[string][]byte{}
	var order []string
	pieces := map[string]map[int]piece{}
	for n := 0; len(rest) > 0 && n < 200; n++ {
		var one []byte
		one, rest = cutParam(rest)
		eq := bytes.IndexByte(one, '=')
		if eq <= 0 {
			continue
		}
		name := strings.ToLower(strings.TrimSpace(stripComments(string(one[:eq]))))
		data := unquote(bytes.TrimSpace(one[eq+1:]))
		base, star, extended := strings.Cut(name, "*")
		if !extended {
			if _, dup := plain[name]; !dup {
				plain[name] = data
				order = append(order, name)
			}
			continue
		}
		enc := strings.HasSuffix(star, "*") || star == ""
		idx := 0
		for _, c := range strings.TrimSuffix(star, "*") {
			if c < '0' || c > '9' || idx > 1000 {
				idx = -1
				break
			}
			idx = idx*10 + int(c-'0')
		}
		if idx < 0 {
			continue
		}
		if pieces[base] == nil {
			pieces[base] = map[int]piece{}
		}
		if _, dup := pieces[base][idx]; !dup {
			pieces[base][idx] = piece{data, enc}
		}
	}
	out := make(map[string]string, len(plain)+len(pieces))
	for _, name := range order {
		out[name] = oneLine(decodeWords(plain[name], hint))
	}
	for base, ps := range pieces {
		var data []byte
		cs, anyEncoded := "", false
		for i := 0; len(ps) > 0 && i <= 1000; i++ {
			pc, ok := ps[i]
			if !ok {
				if i == 0 {
					continue // some writers count from one
				}
				break
			}
			d := pc.data
			if pc.encoded {
				if !anyEncoded {
					if parts := bytes.SplitN(d, []byte("'"), 3); len(parts) == 3 {
						cs, d = string(parts[0]), parts[2]
					}
				}
				anyEncoded = true
				d = unpercent(d)
			}
			data = append(data, d...)
		}
		if len(data) == 0 {
			continue
		}
		if anyEncoded {
			if cs == "" {
				cs = hint
			}
			out[base] = oneLine(clean(decodeBytes(data, cs)))
		} else {
			out[base] = oneLine(decodeWords(data, hint))
		}
	}
	return value, out
}

// cutParam splits at the next semicolon outside quotes.
func cutParam(v []byte) (one, rest []byte) {
	quoted := false
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
			if quoted && bytes.IndexByte(v[i+1:], '"') < 0 {
				quoted = false // a quote that never closes opens nothing
			}
		case ';':
			if !quoted {
				return v[:i], v[i+1:]
			}
		}
	}
	return v, nil
}

// unquote removes the quotes around a value and their escapes. A backslash
// before a letter is kept: it is a path of Windows, not an escape.
func unquote(v []byte) []byte {
	if len(v) == 0 || v[0] != '"' {
		return bytes.TrimRight(v, "\"")
	}
	v = v[1:]
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '"' {
			break
		}
		if v[i] == '\\' && i+1 < len(v) && (v[i+1] == '"' || v[i+1] == '\\') {
			i++
		}
		out = append(out, v[i])
	}
	return out
}

func unpercent(v []byte) []byte {
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '%' && i+2 < len(v) {
			if a, b := unhex(v[i+1]), unhex(v[i+2]); a >= 0 && b >= 0 {
				out = append(out, byte(a<<4|b))
				i += 2
				continue
			}
		}
		out = append(out, v[i])
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// stripComments removes (comments) outside quotes.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			if depth == 0 {
				out.WriteByte(c)
				out.WriteByte(s[i+1])
			}
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
			continue
		case c == ')' && !quoted && depth > 0:
			depth--
			continue
		}
		if depth == 0 {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// oneLine folds all white space and control characters to single blanks.
func oneLine(s string) string {
	var out strings.Builder
	space := false
	for _, r := range s {
		if r == ' ' || r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			space = out.Len() > 0
			continue
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		if r == utf8.RuneError {
			r = '\uFFFD'
		}
		out.WriteRune(r)
	}
	return out.String()
}
