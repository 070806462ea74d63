package text

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a token is.
type Kind uint8

// The kinds of token.
const (
	Word   Kind = iota // a word of a script that writes spaces, or a number
	Part               // a word inside a code; the code follows as a token of its own
	Code               // the words of a code joined: "e50032" for "E5-0032"
	Single             // one character of a script without spaces
	Pair               // two such characters that stand together
)

// Token is one term of a text and the bytes of the original it came from.
type Token struct {
	Term       string
	Start, End int
	Kind       Kind
}

const (
	// maxTerm is how long a term gets, in bytes. A longer word is cut; a longer
	// code is only found by its parts.
	maxTerm = 64
	// maxParts is how many words make one code.
	maxParts = 8
)

// Analyze cuts s into tokens, in the order in which they end:
//
//   - characters of scripts without spaces (Han, kana, Hangul, Thai, Lao,
//     Khmer, Burmese) as singles and as pairs of neighbours;
//   - everything else as words of letters, digits and marks, lower case,
//     Latin without accents, cut at 64 bytes;
//   - words held together by one of - _ . ' · as a code: each word, then all
//     of them joined, so that E5-0032 is found by "E5-0032", "e50032" and
//     "e5 0032"; words and codes held together by one of / : # @ + & \ as a
//     longer code, such as a mail address.
//
// Terms hold no space and no punctuation.
func Analyze(s string) []Token {
	wide := 0 // characters of three bytes make two tokens
	for i := range len(s) {
		if s[i] >= 0xe0 {
			wide++
		}
	}
	a := analyzer{tokens: make([]Token, 0, 2*wide+max(0, len(s)-3*wide)/4+4)}
	a.out.Grow(len(s) + utf8.UTFMax)
	walk(s, a.rune)
	a.end()
	return a.tokens
}

// Terms gives the different terms of several texts, sorted: what is put into
// the full text index for one document.
func Terms(texts ...string) []string {
	var terms []string
	for _, s := range texts {
		tokens := Analyze(s)
		terms = slices.Grow(terms, len(tokens))
		for _, t := range tokens {
			terms = append(terms, t.Term)
		}
	}
	return sorted(terms)
}

// sorted sorts terms, each once. They are compared by their first eight bytes
// as a number, which tells most apart and takes half the time.
func sorted(terms []string) []string {
	type entry struct {
		head uint64
		term string
	}
	list := make([]entry, len(terms))
	for i, t := range terms {
		var b [8]byte
		copy(b[:], t)
		list[i] = entry{binary.BigEndian.Uint64(b[:]), t}
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return strings.Compare(a.term, b.term)
	})
	terms = terms[:0]
	for i, e := range list {
		if i == 0 || e.term != list[i-1].term {
			terms = append(terms, e.term)
		}
	}
	return terms
}

// IsWord says whether a term comes from a script with spaces, so that its
// beginning may be searched for.
func IsWord(term string) bool {
	r, _ := utf8.DecodeRuneInString(term)
	return classOf(r) == classWord
}

type state uint8

const (
	between state = iota // after a space or punctuation
	inWord
	afterConnector
	inGrams
)

// analyzer holds the normalised text in out, without anything between the
// terms, so that words, joined codes, singles and pairs are all slices of it.
type analyzer struct {
	out    strings.Builder
	tokens []Token
	state  state

	// The word being read (from in out, start and stop in the original), and
	// the code and the longer code that it may belong to.
	from, start, stop int
	code, long        code
	loose             bool // the connector just read is one of a longer code

	// The last single, for the pair with the next.
	prevFrom, prevStart int
	havePrev            bool
}

type code struct {
	from, start int
	first       int // index of its first token
	words       int
	cut         bool // a word was longer than a term may be
}

func (a *analyzer) rune(r rune, start, end int) {
	switch classOf(r) {
	case classWord:
		a.word(r, start, end)
	case classGram:
		a.gram(r, start, end)
	case classMark:
		a.mark(r, start, end)
	case classConnector, classLoose:
		if a.state == inWord {
			a.endWord()
			a.state, a.loose = afterConnector, classOf(r) == classLoose
			return
		}
		a.end()
	default:
		a.end()
	}
}

func (a *analyzer) word(r rune, start, end int) {
	if a.state != inWord {
		if a.state != afterConnector {
			a.end()
		}
		begin := code{from: a.out.Len(), start: start, first: len(a.tokens)}
		switch {
		case a.state != afterConnector:
			a.code, a.long = begin, begin
		case a.loose:
			a.endCode(a.code)
			begin.first = len(a.tokens)
			a.code = begin
		}
		a.state, a.from, a.start = inWord, a.out.Len(), start
	}
	a.write(unaccent(r))
	a.stop = end
}

func (a *analyzer) write(r rune) {
	if a.out.Len()-a.from+utf8.RuneLen(r) > maxTerm {
		a.code.cut, a.long.cut = true, true
		return
	}
	a.out.WriteRune(r)
}

// mark joins a combining mark to what it stands on; without a base it is
// nothing.
func (a *analyzer) mark(r rune, start, end int) {
	switch a.state {
	case inWord:
		a.write(r)
		a.stop = end
	case inGrams:
		if a.out.Len()-a.from > maxTerm/2 {
			return
		}
		a.out.WriteRune(r)
		// The single that was just made, and the pair after it, grow.
		for i := len(a.tokens) - 1; i >= 0 && i >= len(a.tokens)-2; i-- {
			from := a.from
			if a.tokens[i].Kind == Pair {
				from = a.prevFrom
			}
			a.tokens[i].Term, a.tokens[i].End = a.out.String()[from:], end
			if a.tokens[i].Kind == Single {
				break
			}
		}
	}
}

func (a *analyzer) gram(r rune, start, end int) {
	if a.state != inGrams {
		a.end()
		a.state = inGrams
	} else {
		a.prevFrom, a.prevStart, a.havePrev = a.from, a.start, true
	}
	a.from, a.start = a.out.Len(), start
	a.out.WriteRune(r)
	s := a.out.String()
	a.tokens = append(a.tokens, Token{s[a.from:], start, end, Single})
	if a.havePrev {
		a.tokens = append(a.tokens, Token{s[a.prevFrom:], a.prevStart, end, Pair})
	}
}

func (a *analyzer) endWord() {
	a.tokens = append(a.tokens, Token{a.out.String()[a.from:], a.start, a.stop, Word})
	a.code.words++
	a.long.words++
}

func (a *analyzer) endCode(c code) {
	if c.words < 2 {
		return
	}
	for i := c.first; i < len(a.tokens); i++ {
		if a.tokens[i].Kind == Word {
			a.tokens[i].Kind = Part
		}
	}
	joined := a.out.String()[c.from:]
	if !c.cut && c.words <= maxParts && len(joined) <= maxTerm {
		a.tokens = append(a.tokens, Token{joined, c.start, a.stop, Code})
	}
}

// end closes whatever is being read.
func (a *analyzer) end() {
	switch a.state {
	case inWord:
		a.endWord()
		fallthrough
	case afterConnector:
		a.endCode(a.code)
		if a.long.words > a.code.words {
			a.endCode(a.long)
		}
	}
	a.state, a.havePrev = between, false
}

type class uint8

const (
	classBreak class = iota
	classWord
	classGram
	classMark
	classConnector // joins words to a code
	classLoose     // joins words and codes to a longer code
)

var asciiClass = func() (t [utf8.RuneSelf]class) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			t[c] = classWord
		case strings.IndexByte(`-_.'`, byte(c)) >= 0:
			t[c] = classConnector
		case strings.IndexByte(`/:#@+&\`, byte(c)) >= 0:
			t[c] = classLoose
		}
	}
	return t
}()

// grams are the scripts that are cut into characters. Hangul writes spaces,
// but its words carry endings, so that pairs find more than words do.
var grams = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Yi,
}

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		return asciiClass[r]
	case r >= 0x4e00 && r <= 0x9fff:
		return classGram
	case r < 0x300: // Latin
		switch {
		case r == '·':
			return classConnector
		case unicode.IsLetter(r):
			return classWord
		}
		return classBreak
	case r == '’', r >= 0x2010 && r <= 0x2015, r == '−', r == '・':
		return classConnector
	case r == 'ー': // the long vowel of kana, which belongs to no script
		return classGram
	case unicode.IsMark(r):
		return classMark
	case unicode.IsLetter(r):
		if unicode.In(r, grams...) {
			return classGram
		}
		return classWord
	case unicode.IsNumber(r):
		if r == '〇' {
			return classGram
		}
		return classWord
	}
	return classBreak
}
