package email

import (
	"bytes"
	"strings"
)

// build collects the text and the files of one message from its tree of
// entities.
type build struct {
	*parser
	mail     *Mail
	root     *header
	pieces   []piece // shown text, in order
	spare    []string
	inner    bool   // the message is embedded in another: only its text is wanted
	fromHTML bool   // some of the text was made from HTML
	status   []byte // message/delivery-status of a report
	about    string // message id of the mail that a report is about
}

// piece is one run of shown text: what multipart/alternative offers as plain
// and as HTML is one piece.
type piece struct {
	plain, html string
	hasPlain    bool
}

// place is where an entity stands.
type place struct {
	alternative *piece // inside multipart/alternative
	direct      bool   // the parent is multipart/alternative
	digest      bool
	part        bool // not the message itself
}

// entity takes in one entity: a leaf or a multipart with all below it.
func (b *build) entity(h *header, body []byte, at place, depth int) {
	if !b.ok() {
		return
	}
	if b.parts--; b.parts < 0 {
		b.stop("parts", "more than %d parts", b.limits.Parts)
		return
	}
	if depth > b.limits.Depth {
		b.stop("depth", "more than %d levels", b.limits.Depth)
		return
	}
	kind, params := h.contentType()
	enc := transferEncoding(h)
	if strings.HasPrefix(kind, "multipart/") || kind == "" && params["boundary"] != "" {
		if b.multipart(kind, params["boundary"], enc, body, at, depth) {
			return
		}
		// A multipart without any boundary is plain text, whatever it says.
		kind = "text/plain"
		if looksHTML(body) {
			kind = "text/html"
		}
	}
	if kind == "" && at.digest {
		kind = "message/rfc822"
	}
	name, disposition := partName(h, params)
	if kind == "" {
		kind = "text/plain"
		if name != "" && len(h.all("Content-Type")) > 0 {
			kind = "application/octet-stream"
		}
	}
	data := body
	if !(kind == "text/plain" && enc == "uuencode") {
		data = decodeTransfer(enc, body)
	}
	if len(data) > 0 && len(body) > 0 && &data[0] != &body[0] && !b.take(len(data)) {
		return
	}
	attached := disposition == "attachment" || name != "" && !at.direct
	switch {
	case !attached && (kind == "text/plain" || kind == "text/html"):
		b.text(kind, params, data, at)
	case attached && !at.part && kind == "text/plain" && disposition != "attachment":
		// The only part of the message carries a name by mistake of its writer.
		b.text(kind, params, data, at)
	case kind == "message/rfc822" || kind == "message/global":
		b.embedded(h, name, data, depth)
	default:
		b.file(h, kind, name, disposition, data, at)
	}
}

// multipart walks the parts. It reports false when the body has none.
func (b *build) multipart(kind, boundary, enc string, body []byte, at place, depth int) bool {
	if !hasDelimiter(body, boundary) {
		if enc != "" {
			// Forbidden, and seen: the whole multipart is encoded.
			if d := decodeTransfer(enc, body); hasDelimiter(d, boundary) {
				if !b.take(len(d)) {
					return true
				}
				body = d
			}
		}
		if !hasDelimiter(body, boundary) {
			if boundary = guessBoundary(body); boundary == "" {
				return false
			}
		}
	}
	inside := place{
		digest: kind == "multipart/digest", alternative: at.alternative,
		direct: kind == "multipart/alternative", part: true,
	}
	var own *piece
	if kind == "multipart/alternative" && at.alternative == nil {
		own = &piece{}
		inside.alternative = own
	}
	before := len(b.pieces)
	parts := b.split(body, boundary)
	for _, p := range parts {
		if b.err != nil {
			return true
		}
		if p.outside {
			if t := bytes.TrimSpace(p.data); len(t) > 0 && len(t) < 64<<10 {
				b.spare = append(b.spare, clean(decodeBytes(t, "")))
			}
			continue
		}
		h, content := b.readHeader(p.data)
		if !anyKnown(h) {
			// No header at all: what looked like one is the first line.
			h, content = &header{}, trimSeparator(p.data)
		}
		if len(h.fields) > 0 || len(bytes.TrimSpace(content)) > 0 {
			b.entity(h, content, inside, depth+1)
		}
	}
	if own != nil && (own.hasPlain || own.html != "") {
		// The alternatives stand where the multipart stands, before any text
		// that nested parts added meanwhile.
		b.pieces = append(b.pieces, piece{})
		copy(b.pieces[before+1:], b.pieces[before:])
		b.pieces[before] = *own
	}
	return true
}

func anyKnown(h *header) bool {
	for _, f := range h.fields {
		n := strings.ToLower(f.name)
		if knownFields[n] || strings.HasPrefix(n, "x-") || strings.HasPrefix(n, "content-") {
			return true
		}
	}
	return len(h.fields) == 0
}

func trimSeparator(b []byte) []byte {
	if bytes.HasPrefix(b, []byte("\r\n")) {
		return b[2:]
	}
	return bytes.TrimPrefix(b, []byte("\n"))
}

type part struct {
	data    []byte
	outside bool // before the first delimiter or after a closing one
}

// split cuts a body at its delimiter lines. Parts after a closing delimiter
// count again: some gateways close too early.
func (b *build) split(body []byte, boundary string) []part {
	var out []part
	start, outside := 0, true
	for pos := 0; ; {
		at, after, closing := findDelimiter(body, pos, boundary)
		if at < 0 {
			return append(out, part{body[start:], outside})
		}
		if len(out) > b.limits.Parts+1 {
			b.stop("parts", "more than %d parts", b.limits.Parts)
			return nil
		}
		out = append(out, part{trimLineEnd(body[start:max(start, at)]), outside})
		start, pos, outside = after, after, closing
	}
}

// findDelimiter finds the next line "--boundary" or "--boundary--" from pos on.
func findDelimiter(b []byte, pos int, boundary string) (at, after int, closing bool) {
	if boundary == "" {
		return -1, 0, false
	}
	mark := []byte("--" + boundary)
	for pos < len(b) {
		i := bytes.Index(b[pos:], mark)
		if i < 0 {
			return -1, 0, false
		}
		at = pos + i
		pos = at + len(mark)
		if at > 0 && b[at-1] != '\n' && b[at-1] != '\r' {
			continue
		}
		rest := b[pos:]
		closing = bytes.HasPrefix(rest, []byte("--"))
		if closing {
			rest = rest[2:]
		}
		j := 0
		for j < len(rest) && (rest[j] == ' ' || rest[j] == '\t' || rest[j] == '\r') {
			j++
		}
		if j < len(rest) && rest[j] != '\n' {
			if closing && !isBoundaryChar(rest[j]) {
				return at, len(b) - len(rest), closing // text glued to the closing delimiter
			}
			continue // the boundary of another level that begins alike
		}
		return at, min(len(b), len(b)-len(rest)+j+1), closing
	}
	return -1, 0, false
}

func isBoundaryChar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || bytes.IndexByte([]byte("'()+_,-./:=?"), c) >= 0
}

func hasDelimiter(b []byte, boundary string) bool {
	at, _, _ := findDelimiter(b, 0, boundary)
	return at >= 0
}

// guessBoundary finds a line "--x" that is followed by a Content- field.
func guessBoundary(b []byte) string {
	for rest := b; len(rest) > 0; {
		i := bytes.Index(rest, []byte("--"))
		if i < 0 {
			return ""
		}
		atLine := i == 0 && len(rest) == len(b) || i > 0 && rest[i-1] == '\n'
		rest = rest[i:]
		line, next := cutLine(rest)
		if atLine && len(line) > 4 && len(line) < 200 && bytes.IndexByte(line, ' ') < 0 &&
			len(next) > 8 && bytes.EqualFold(next[:8], []byte("content-")) {
			return string(line[2:])
		}
		rest = next
		if len(next) > 0 {
			rest = b[len(b)-len(next)-1:] // keep the line end in sight
		}
	}
	return ""
}

func trimLineEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
		if n > 1 && b[n-2] == '\r' {
			b = b[:n-2]
		}
	}
	return b
}
