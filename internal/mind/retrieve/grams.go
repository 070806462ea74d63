package retrieve

import (
	"strings"

	"zhidan/internal/platform/text"
)

// kind is what a gram is; each kind has its own weight and length norm.
type kind uint8

const (
	single   kind = iota // one character of a script without spaces
	pair                 // two neighbours
	word                 // the stem of a word, a number or a code
	piece                // four letters of a word, its borders marked
	wordPair             // two words that stand together
	kinds
)

// gram is one thing that two texts can have in common.
type gram struct {
	id         uint64
	kind       kind
	weak       bool // a particle or stop word
	number     bool // holds a digit
	start, end int32
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// hash is FNV-1a over the kind and the term.
func hash(k kind, s string) uint64 {
	h := (uint64(fnvOffset) ^ uint64(k)) * fnvPrime
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

func join(k kind, a, b uint64) uint64 {
	return (((a * fnvPrime) ^ b ^ a>>29) + uint64(k)) * fnvPrime
}

// grams cuts a text; offsets are bytes of s. pieces says whether words are
// also cut into four letters.
func grams(s string, pieces bool) []gram {
	s = text.Cap(s, MaxText)
	tokens := text.Analyze(s)
	out := make([]gram, 0, len(tokens)+len(tokens)/2)
	var last uint64 // word before, for pairs of words
	lastEnd := -9
	weakBefore := false
	for _, t := range tokens {
		g := gram{start: int32(t.Start), end: int32(t.End)}
		switch t.Kind {
		case text.Single:
			g.kind, g.id, g.weak = single, hash(single, t.Term), particles[t.Term]
			g.number = strings.Contains("零一二三四五六七八九十百千万两", t.Term)
		case text.Pair:
			g.kind, g.id = pair, hash(pair, t.Term)
		case text.Code:
			g.kind, g.id, g.number = word, hash(word, t.Term), hasDigit(t.Term)
		default:
			root := stem(t.Term)
			if a, ok := alikeEnglish[root]; ok {
				root = a
			}
			g.kind, g.id, g.number = word, hash(word, root), hasDigit(t.Term)
			g.weak = stopWords[t.Term]
			if last != 0 && t.Start-lastEnd < 3 && !(g.weak && weakBefore) {
				out = append(out, gram{id: join(wordPair, last, g.id), kind: wordPair, start: g.start, end: g.end})
			}
			last, lastEnd, weakBefore = g.id, t.End, g.weak
			if pieces && !g.weak && len(t.Term) >= 2 {
				w := "_" + t.Term + "_"
				for i := 0; i+4 <= len(w); i++ {
					out = append(out, gram{id: hash(piece, w[i:i+4]), kind: piece, start: g.start, end: g.end})
				}
			}
		}
		out = append(out, g)
	}
	return out
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			return true
		}
	}
	return false
}
