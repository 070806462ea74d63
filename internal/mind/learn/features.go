package learn

import (
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/text"
)

// maxText is how many bytes of a text are looked at: the matter of a ticket
// stands at its beginning, and reading on would cost time without end.
const maxText = 16 << 10

// maxFeatures bounds what one text may weigh, so that a text without spaces
// or with a thousand words costs no more than a long mail.
const maxFeatures = 6000

// How far features reach.
const (
	minChars, maxChars = 3, 5 // letters of one word
	maxHan             = 3    // characters that stand together
	maxSkip            = 2    // words left out between two
)

// The kinds of feature. The kind is part of the hash, so that the word "on"
// and the letters "on" inside a word stay apart.
const (
	kindWord = iota + 1
	kindPair
	kindSkip
	kindChars
	kindHan
	kindHanSkip
	kindDenied
	kindMark
	kindConcept
	kindMood
	kindEdge
	kindShape
	kindTitle = 16 // added for what stands in a title
)

// token is a word, one character of a script without spaces, or a mark.
type token struct {
	start, end int // bytes of the normalised text
	hash       uint64
	kind       tokenKind
}

type tokenKind uint8

const (
	tokenWord tokenKind = iota
	tokenHan
	tokenMark // a mark that says something: ! ? and pictures
	tokenStop // a mark that only ends a clause
)

// reader cuts texts into features. It is kept and used again to spare the
// allocations; it is not safe for concurrent use.
type reader struct {
	tokens   []token
	features []uint32
	spans    []span // of features, when wanted
	want     bool
	runes    []rune
	offs     []int
}

type span struct{ start, end int }

const (
	hashSeed  = 0x9e3779b97f4a7c15
	hashPrime = 0xff51afd7ed558ccd
)

func mix(h, v uint64) uint64 {
	h = (h ^ v) * hashPrime
	return h ^ h>>29
}

func fold32(h uint64) uint32 {
	h *= 0xc4ceb9fe1a85ec53
	x := uint32(h >> 35)
	if x == 0 {
		x = 1 // zero marks an empty place in the index
	}
	return x
}

// A flag in the three highest bits of a feature says of which group it is;
// each group counts by its own measure.
const (
	flagLetters = iota // three and four letters of a word, and marks
	flagConcept
	flagMood
	flagSkip // two words with others between
	flagWord // a word or one character
	flagPair // two that stand together
	flagLong // five letters or three characters
	flagEdge // how a text begins and ends
	flags

	flagShift = 29
)

// loose are the groups of which a text has so many features that those seen
// in one text only are noise: they are dropped where there are many texts.
const loose = 1<<flagLetters | 1<<flagSkip | 1<<flagLong

func (r *reader) put(h uint64, start, end int, flag uint32) {
	if len(r.features) >= maxFeatures {
		return
	}
	r.features = append(r.features, fold32(h)|flag<<flagShift)
	if r.want {
		r.spans = append(r.spans, span{start, end})
	}
}

// read gives the features of a text, with repetitions. The slice is good
// until the next call.
func (r *reader) read(body, title string) []uint32 {
	r.features, r.spans = r.features[:0], r.spans[:0]
	if title != "" {
		r.part(text.Normalize(text.Cap(title, maxText/8)), kindTitle)
		r.part(text.Normalize(text.Cap(title, maxText/8)), 0)
	}
	r.part(text.Normalize(text.Cap(body, maxText)), 0)
	return r.features
}

func isHan(c rune) bool {
	return c >= 0x4e00 && c <= 0x9fff || c >= 0x3040 && c <= 0x30ff || c >= 0xac00 && c <= 0xd7a3 ||
		c >= 0x0e00 && c <= 0x0eff || c >= 0x3400 && c <= 0x4dbf || c >= 0x1000 && c <= 0x109f || c >= 0x1780 && c <= 0x17ff || c >= 0x20000 && c <= 0x3ffff
}

func (r *reader) cut(s string) {
	r.tokens = r.tokens[:0]
	for i := 0; i < len(s); {
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case isHan(c):
			r.tokens = append(r.tokens, token{i, i + n, mix(hashSeed, uint64(c)), tokenHan})
			i += n
		case unicode.IsLetter(c) || unicode.IsNumber(c):
			start, h := i, uint64(hashSeed)
			for i < len(s) {
				c, n = utf8.DecodeRuneInString(s[i:])
				if c == '\'' || c == '’' {
					i += n
					continue
				}
				if isHan(c) || !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.IsMark(c) {
					break
				}
				h = mix(h, uint64(c))
				i += n
			}
			r.tokens = append(r.tokens, token{start, i, h, tokenWord})
		case c == '!' || c == '?' || c >= 0x2600 && c <= 0x27bf || c >= 0x1f000 && c <= 0x1faff:
			r.tokens = append(r.tokens, token{i, i + n, mix(hashSeed, uint64(c)), tokenMark})
			i += n
		case c == ',' || c == '.' || c == ';' || c == ':' || c == '\n' || c == '。' || c == '、' || c == '~':
			r.tokens = append(r.tokens, token{i, i + n, mix(hashSeed, uint64(c)), tokenStop})
			i += n
		default:
			i += n
		}
	}
}

func (r *reader) part(s string, base int) {
	r.cut(s)
	r.concept(s, base)
	k := func(kind int) uint64 { return mix(uint64(kind+base), hashSeed) }
	word, pair, skip, han, hanSkip, mark := k(kindWord), k(kindPair), k(kindSkip), k(kindHan), k(kindHanSkip), k(kindMark)
	r.edges(s, k(kindEdge), k(kindShape))
	prev := [4]int{-1, -1, -1, -1} // the words before, nearest first; marks do not count
	for i := range r.tokens {
		t := &r.tokens[i]
		switch t.kind {
		case tokenStop:
			continue
		case tokenMark:
			r.put(mix(mark, t.hash), t.start, t.end, flagLetters)
			continue
		case tokenWord:
			r.put(mix(word, t.hash), t.start, t.end, flagWord)
			r.chars(s, t, k(kindChars))
		case tokenHan:
			h := mix(han, t.hash)
			r.put(h, t.start, t.end, flagWord)
			for j, n := i-1, 2; j >= 0 && n <= maxHan; j, n = j-1, n+1 {
				if r.tokens[j].kind == tokenStop {
					break
				}
				if r.tokens[j].kind == tokenWord && n > 2 {
					break
				}
				h = mix(h, r.tokens[j].hash)
				flag := uint32(flagPair)
				if n > 2 {
					flag = flagLong
				}
				r.put(h, r.tokens[j].start, t.end, flag)
			}
		}
		sk := skip
		if t.kind == tokenHan {
			sk = hanSkip
		}
		for d, p := range prev {
			if p < 0 {
				break
			}
			q := &r.tokens[p]
			switch {
			case d == 0 && t.kind == tokenWord:
				r.put(mix(mix(pair, q.hash), t.hash), q.start, t.end, flagPair)
			case d > 0 && d <= maxSkip:
				r.put(mix(mix(sk, q.hash), t.hash), q.start, t.end, flagSkip)
			}
		}
		prev[3], prev[2], prev[1], prev[0] = prev[2], prev[1], prev[0], i
	}
}

// edges gives how a text begins and ends and about how long it is, which says
// much about short ones, and the shape of its numbers.
func (r *reader) edges(s string, edge, shape uint64) {
	first, last, n := -1, -1, 0
	for i, t := range r.tokens {
		if t.kind > tokenHan {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		n++
		if c := s[t.start]; c >= '0' && c <= '9' {
			r.put(mix(shape, uint64(min(t.end-t.start, 6))), t.start, t.end, flagEdge)
		}
	}
	if n == 0 {
		return
	}
	size := 0
	for m := n; m > 1; m = m * 2 / 3 {
		size++
	}
	r.put(mix(mix(edge, 3), uint64(size)), 0, len(s), flagEdge)
	h := mix(edge, 1)
	for i, c := first, 0; i <= last && c < 3; i++ {
		if r.tokens[i].kind <= tokenHan {
			h = mix(h, r.tokens[i].hash)
			r.put(h, r.tokens[first].start, r.tokens[i].end, flagEdge)
			c++
		}
	}
	h = mix(edge, 2)
	for i, c := last, 0; i >= first && c < 3; i-- {
		if r.tokens[i].kind <= tokenHan {
			h = mix(h, r.tokens[i].hash)
			r.put(h, r.tokens[i].start, r.tokens[last].end, flagEdge)
			c++
		}
	}
	if t := r.tokens[len(r.tokens)-1]; t.kind > tokenHan {
		r.put(mix(mix(edge, 4), t.hash), t.start, t.end, flagEdge)
	}
}

// chars gives the letters of a word in runs of two to five, with the borders
// of the word as a letter of their own.
func (r *reader) chars(s string, t *token, seed uint64) {
	r.runes, r.offs = append(r.runes[:0], ' '), append(r.offs[:0], t.start)
	for i := t.start; i < t.end; {
		c, n := utf8.DecodeRuneInString(s[i:t.end])
		if c != '\'' && c != '’' {
			r.runes, r.offs = append(r.runes, c), append(r.offs, i)
		}
		i += n
		if len(r.runes) > 40 {
			break
		}
	}
	r.runes, r.offs = append(r.runes, ' '), append(r.offs, t.end)
	for i := range r.runes {
		h := seed
		for n := 1; n <= maxChars && i+n <= len(r.runes); n++ {
			h = mix(h, uint64(r.runes[i+n-1]))
			if n >= minChars {
				end := t.end
				if i+n < len(r.offs) {
					end = r.offs[i+n]
				}
				flag := uint32(flagLetters)
				if n == maxChars {
					flag = flagLong
				}
				r.put(h, r.offs[i], end, flag)
			}
		}
	}
}
