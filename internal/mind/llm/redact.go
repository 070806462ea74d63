package llm

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Span marks a personal value by rune offsets, half open. Kind names it in the
// placeholder: phone, id_card, bank_card, mail, address, person …
type Span struct {
	Start, End int
	Kind       string
}

// Redactor replaces personal values by placeholders such as ⟦PHONE_1⟧ and puts
// them back. The same value of one kind has the same placeholder throughout.
// Not for several goroutines at once while it redacts.
type Redactor struct {
	byValue map[string]string // kind \x00 value → placeholder
	values  map[string]string // placeholder → value
	count   map[string]int    // by kind
	known   *strings.Replacer // long values wherever else they stand
	maxLen  int               // of a placeholder, in bytes
}

// The brackets are rare in any language. In words that come in they are
// replaced, so that nobody can write a placeholder.
const (
	openMark  = "⟦"
	closeMark = "⟧"
	minKnown  = 6 // runes of a value that is looked for outside its spans too
)

var plainMarks = strings.NewReplacer(openMark, "[", closeMark, "]")

// NewRedactor makes one for a request.
func NewRedactor() *Redactor {
	return &Redactor{byValue: map[string]string{}, values: map[string]string{}, count: map[string]int{}}
}

// Count is how many different values were kept back.
func (r *Redactor) Count() int { return len(r.values) }

// Learn takes the values of a text's spans in. Learning all texts before the
// first is redacted keeps back a value in each of them, though it was marked
// in one only.
func (r *Redactor) Learn(text string, spans []Span) {
	for _, p := range cutSpans(text, spans) {
		if p.kind != "" {
			r.placeholder(p.kind, p.text)
		}
	}
}

// Redact gives the text with placeholders.
func (r *Redactor) Redact(text string, spans []Span) string {
	r.Learn(text, spans)
	r.build()
	var b strings.Builder
	for _, p := range cutSpans(text, spans) {
		if p.kind != "" {
			b.WriteString(r.placeholder(p.kind, p.text))
			continue
		}
		b.WriteString(r.known.Replace(p.text))
	}
	return b.String()
}

// placeholder of a value.
func (r *Redactor) placeholder(kind, value string) string {
	key := kind + "\x00" + value
	if m, ok := r.byValue[key]; ok {
		return m
	}
	r.count[kind]++
	m := openMark + kind + "_" + strconv.Itoa(r.count[kind]) + closeMark
	r.byValue[key] = m
	r.values[m] = value
	r.maxLen = max(r.maxLen, len(m))
	r.known = nil
	return m
}

// build makes the replacer that also takes away foreign brackets.
func (r *Redactor) build() {
	if r.known != nil {
		return
	}
	marks := make([]string, 0, len(r.values))
	for m, v := range r.values {
		if utf8.RuneCountInString(v) >= minKnown {
			marks = append(marks, m)
		}
	}
	slices.SortFunc(marks, func(a, b string) int { // the longest value first; then by name, to be stable
		if d := len(r.values[b]) - len(r.values[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(marks)+4)
	for _, m := range marks {
		pairs = append(pairs, r.values[m], m)
	}
	r.known = strings.NewReplacer(append(pairs, openMark, "[", closeMark, "]")...)
}

// Restore puts the values back. A placeholder that was never given out stays.
func (r *Redactor) Restore(s string) string {
	if !strings.Contains(s, openMark) {
		return s
	}
	st := r.Stream()
	return st.Write(s) + st.Flush()
}

// Restorer puts values back into a text that comes in pieces.
type Restorer struct {
	r    *Redactor
	held string // may be the beginning of a placeholder
}

// Stream makes a Restorer.
func (r *Redactor) Stream() *Restorer { return &Restorer{r: r} }

// Write takes a piece and gives what is certain.
func (s *Restorer) Write(piece string) string {
	in := s.held + piece
	s.held = ""
	var b strings.Builder
	for {
		i := strings.Index(in, openMark)
		if i < 0 {
			n := partialMark(in)
			b.WriteString(in[:len(in)-n])
			s.held = in[len(in)-n:]
			return b.String()
		}
		b.WriteString(in[:i])
		in = in[i:]
		body := in[len(openMark):]
		end := 0
		for end < len(body) && end < s.r.maxLen && markByte(body[end]) {
			end++
		}
		rest := body[end:]
		switch {
		case strings.HasPrefix(rest, closeMark):
			m := in[:len(openMark)+end+len(closeMark)]
			if v, ok := s.r.values[m]; ok {
				b.WriteString(v)
			} else {
				b.WriteString(m)
			}
			in = in[len(m):]
		case end < s.r.maxLen && len(rest) < len(closeMark) && strings.HasPrefix(closeMark, rest):
			s.held = in
			return b.String()
		default:
			b.WriteString(openMark)
			in = body
		}
	}
}

// Flush gives what was held back at the end.
func (s *Restorer) Flush() string {
	h := s.held
	s.held = ""
	return h
}

// partialMark is the length of the beginning of an opening bracket at the end.
func partialMark(s string) int {
	for n := len(openMark) - 1; n > 0; n-- {
		if strings.HasSuffix(s, openMark[:n]) {
			return n
		}
	}
	return 0
}

func markByte(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' }

type piece struct {
	text string
	kind string // empty: not personal
}

// cutSpans cuts a text at its spans. Spans beyond the text are clamped, and
// those that overlap become one: rather too much is kept back than too little.
func cutSpans(text string, spans []Span) []piece {
	if len(spans) == 0 {
		return []piece{{text: text}}
	}
	n := utf8.RuneCountInString(text)
	s := make([]Span, 0, len(spans))
	for _, sp := range spans {
		sp.Start, sp.End = max(sp.Start, 0), min(sp.End, n)
		if sp.Start < sp.End {
			s = append(s, sp)
		}
	}
	slices.SortStableFunc(s, func(a, b Span) int { return a.Start - b.Start })
	merged := s[:0]
	for _, sp := range s {
		if k := len(merged); k > 0 && sp.Start < merged[k-1].End {
			merged[k-1].End = max(merged[k-1].End, sp.End)
			continue
		}
		merged = append(merged, sp)
	}
	out := make([]piece, 0, 2*len(merged)+1)
	at, bytes := 0, 0 // rune and byte offset
	forward := func(to int) string {
		from := bytes
		for ; at < to; at++ {
			_, w := utf8.DecodeRuneInString(text[bytes:])
			bytes += w
		}
		return text[from:bytes]
	}
	for _, sp := range merged {
		if t := forward(sp.Start); t != "" {
			out = append(out, piece{text: t})
		}
		out = append(out, piece{text: forward(sp.End), kind: markKind(sp.Kind)})
	}
	if bytes < len(text) {
		out = append(out, piece{text: text[bytes:]})
	}
	return out
}

// markKind makes a kind fit for a placeholder.
func markKind(kind string) string {
	b := make([]byte, 0, len(kind))
	for _, c := range []byte(strings.ToUpper(kind)) {
		if markByte(c) && len(b) < 24 {
			b = append(b, c)
		}
	}
	if len(b) == 0 {
		return "VALUE"
	}
	return string(b)
}
