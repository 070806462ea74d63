package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHits bounds the hits that are compared for the best excerpt.
const maxHits = 500

type hit struct {
	start, end int // bytes
	at, to     int // runes
	term       int // which term of the query
}

// Highlight gives an excerpt of at most maxRunes characters of the original
// (0: all of it) around the place where most of the query's terms stand
// together, as HTML: everything escaped, the hits in <mark>, "…" where it was
// cut, runs of space as one. Without a hit it is the beginning.
func Highlight(original string, q Query, maxRunes int) string {
	original = Cap(original, MaxIndexed)
	total := utf8.RuneCountInString(original)
	if maxRunes <= 0 || maxRunes > total {
		maxRunes = total
	}
	hits := findHits(original, q)
	from, to := excerpt(original, hits, maxRunes, total)

	var b strings.Builder
	b.Grow(to - from + 64)
	if from > 0 {
		b.WriteString("…")
	}
	at := from
	for _, h := range hits {
		start, end := max(h.start, at), min(h.end, to)
		if start >= end {
			continue
		}
		escape(&b, original[at:start])
		b.WriteString("<mark>")
		escape(&b, original[start:end])
		b.WriteString("</mark>")
		at = end
	}
	escape(&b, original[at:to])
	if to < len(original) {
		b.WriteString("…")
	}
	return strings.ReplaceAll(b.String(), "</mark><mark>", "")
}

// findHits gives the places of the query's terms by start.
func findHits(original string, q Query) []hit {
	exact := map[string]int{}
	var prefixes []Term
	for _, c := range q.Must {
		for _, all := range c.Any {
			for _, t := range all {
				if t.Prefix {
					prefixes = append(prefixes, t)
				} else if _, ok := exact[t.Text]; !ok {
					exact[t.Text] = len(exact)
				}
			}
		}
	}
	if len(exact)+len(prefixes) == 0 {
		return nil
	}
	var hits []hit
	for _, t := range Analyze(original) {
		term, ok := exact[t.Term]
		if !ok && t.Kind <= Code {
			i := slices.IndexFunc(prefixes, func(p Term) bool { return strings.HasPrefix(t.Term, p.Text) })
			term, ok = len(exact)+i, i >= 0
		}
		if ok {
			hits = append(hits, hit{start: t.Start, end: t.End, term: term})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	// Where the hits stand in runes, in one pass over the text.
	pos, runes := 0, 0
	for i := range hits {
		runes += utf8.RuneCountInString(original[pos:hits[i].start])
		pos = hits[i].start
		hits[i].at = runes
		hits[i].to = runes + utf8.RuneCountInString(original[hits[i].start:hits[i].end])
	}
	return hits
}

// excerpt chooses the bytes to show: the stretch with the most different
// terms, then the most hits, then the earliest.
func excerpt(original string, hits []hit, maxRunes, total int) (from, to int) {
	if maxRunes >= total {
		return 0, len(original)
	}
	first, last := 0, 0 // runes that must be inside
	best, bestHits := 0, 0
	considered := hits[:min(len(hits), maxHits)]
	seen := map[int]bool{}
	for i, h := range considered {
		clear(seen)
		n, end := 0, min(h.to, h.at+maxRunes)
		for _, k := range considered[i:] {
			if k.to > h.at+maxRunes {
				break
			}
			seen[k.term] = true
			n++
			end = max(end, k.to)
		}
		if len(seen) > best || len(seen) == best && n > bestHits {
			best, bestHits, first, last = len(seen), n, h.at, end
		}
	}
	// A third of what is left over goes before the hits.
	begin := max(0, first-(maxRunes-(last-first))/3)
	begin = min(begin, total-maxRunes)
	from = runeOffset(original, 0, begin)
	to = runeOffset(original, from, maxRunes)
	firstByte := runeOffset(original, from, max(0, first-begin))
	lastByte := runeOffset(original, from, min(maxRunes, max(0, last-begin)))
	return skipPartWord(original, from, firstByte), dropPartWord(original, lastByte, to)
}

func runeOffset(s string, from, n int) int {
	for ; n > 0 && from < len(s); n-- {
		_, w := utf8.DecodeRuneInString(s[from:])
		from += w
	}
	return from
}

// skipPartWord moves a cut inside a word behind the word, never over limit.
func skipPartWord(s string, from, limit int) int {
	if from == 0 {
		return from
	}
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	for at, r := range s[from:min(limit, from+40)] {
		if classOf(before) != classWord || classOf(r) != classWord {
			return from + at
		}
	}
	return from
}

// dropPartWord moves a cut inside a word before the word, never over limit.
func dropPartWord(s string, limit, to int) int {
	if to >= len(s) {
		return to
	}
	after, _ := utf8.DecodeRuneInString(s[to:])
	if classOf(after) != classWord {
		return to
	}
	for at := to; at > limit && to-at < 40; {
		r, w := utf8.DecodeLastRuneInString(s[:at])
		if classOf(r) != classWord {
			return at
		}
		at -= w
	}
	return to
}

// escape writes s as HTML text: runs of space as one, no control characters,
// no bad bytes.
func escape(b *strings.Builder, s string) {
	space := false
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRuneInString(s[i:])
		i += w
		if unicode.IsSpace(r) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&#34;")
		case '\'':
			b.WriteString("&#39;")
		default:
			if r == utf8.RuneError && w == 1 || unicode.IsControl(r) {
				continue
			}
			b.WriteRune(r)
		}
	}
}
