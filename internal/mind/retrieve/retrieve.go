// Package retrieve finds texts that mean the same: knowledge for a question,
// earlier tickets like a new one, the same customer's second message about the
// same matter, and many customers' messages about one cause.
//
//   - Index answers questions from a fixed collection of documents.
//   - Said compares two texts; Pairs learns it from labelled pairs.
//   - Similar is a live index of a tenant's open tickets; Closer reads what it
//     found and puts it in order.
//   - Burst watches a stream of tickets for a common cause.
//
// It promises: no I/O, no clock of its own, no global state that changes; the
// same input gives the same output; any text may be given, of which the first
// MaxText bytes count; the work is linear in the text. An Index, a Pairs model
// and Said may be used by many at once; a Similar has many readers and
// writers that wait for each other; a Burst has one user at a time.
//
// Every finding carries its evidence as rune offsets into the text it was
// asked for.
package retrieve

import "unicode/utf8"

// MaxText is how many bytes of one text are looked at.
const MaxText = 16 << 10

// Span is a stretch of a text in runes, half open.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// runeSpans turns byte spans, sorted by start, into rune spans; spans that
// touch or overlap become one.
func runeSpans(s string, spans [][2]int32) []Span {
	var out []Span
	at, runes := 0, 0
	var from, to int32 = -1, -1
	flush := func() {
		if from < 0 {
			return
		}
		runes += utf8.RuneCountInString(s[at:from])
		start := runes
		runes += utf8.RuneCountInString(s[from:to])
		at = int(to)
		out = append(out, Span{start, runes})
	}
	for _, p := range spans {
		if from >= 0 && p[0] <= to {
			to = max(to, p[1])
			continue
		}
		flush()
		from, to = p[0], p[1]
	}
	flush()
	return out
}
