package entity

import (
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/text"
)

// doc is a text as the scanners read it: one normalised rune for each rune of
// the original, so that places need no map back.
type doc struct {
	r    []rune // half width, simplified, case kept
	low  []rune // the same in lower case
	cues []cue  // by end

	now     time.Time // zero: unknown
	zone    *time.Location
	country string
	parses  int // calls of the phone library, which are dear
	found   []candidate

	day    when // the last day named so far, and where
	dayEnd int
}

func newDoc(s string, o Options) *doc {
	d := &doc{zone: o.Zone, country: strings.ToUpper(o.Country)}
	if d.zone == nil {
		d.zone = time.UTC
	}
	if d.country == "" {
		d.country = "CN"
	}
	if o.Now != 0 {
		d.now = o.Now.Std().In(d.zone)
	}
	n := min(utf8.RuneCountInString(s), MaxRunes)
	both := make([]rune, 2*n)
	d.r, d.low = both[:n:n], both[n:]
	plain := simplified()
	i := 0
	for _, r := range s {
		if i == n {
			break
		}
		r = halfWidth(r)
		if r >= hanFrom && r <= hanTo {
			r = rune(plain[r-hanFrom])
		}
		d.r[i] = r
		switch {
		case r < 0x80:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
		case r < 0x3000:
			r = unicode.ToLower(r)
		}
		d.low[i] = r
		i++
	}
	return d
}

const hanFrom, hanTo = 0x4e00, 0x9fff

// simplified is the simplified form of each common ideograph. It is made once
// from platform/text, the one place that knows them.
var simplified = sync.OnceValue(func() *[hanTo - hanFrom + 1]uint16 {
	t := new([hanTo - hanFrom + 1]uint16)
	for i := range t {
		t[i] = uint16(hanFrom + i)
		if r, w := utf8.DecodeRuneInString(text.Normalize(string(rune(hanFrom + i)))); w > 0 && r <= 0xffff {
			t[i] = uint16(r)
		}
	}
	return t
})

func halfWidth(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xfee0
	case r == 0x3000 || r == 0xa0 || r == 0x202f || r == 0x2009:
		return ' '
	case r >= 0x2010 && r <= 0x2015 || r == 0x2212:
		return '-'
	case r == 0xffe5:
		return '¥'
	case r == 0xffe1:
		return '£'
	case r == '’' || r == '‘':
		return '\''
	case r == '〇':
		return '零'
	case r == '〜' || r == '∼':
		return '~'
	}
	return r
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isLower(r rune) bool { return r >= 'a' && r <= 'z' }
func isUpper(r rune) bool { return r >= 'A' && r <= 'Z' }
func isAlpha(r rune) bool { return isLower(r) || isUpper(r) }
func isAlnum(r rune) bool { return isDigit(r) || isAlpha(r) }
func isHan(r rune) bool   { return r >= hanFrom && r <= hanTo || r >= 0x3400 && r <= 0x4dbf }

// isLetter is a letter of a script that writes spaces.
func isLetter(r rune) bool {
	return isAlpha(r) || r >= 0xc0 && r < 0x250 && r != 0xd7 && r != 0xf7
}

// at is the rune at i, 0 outside.
func (d *doc) at(i int) rune {
	if i < 0 || i >= len(d.r) {
		return 0
	}
	return d.r[i]
}

func (d *doc) lowAt(i int) rune {
	if i < 0 || i >= len(d.low) {
		return 0
	}
	return d.low[i]
}

// has says whether the lower-case word stands at i.
func (d *doc) has(i int, word string) bool {
	if i < 0 || i >= len(d.low) {
		return false
	}
	// Nearly all words fail on their first rune; see that without decoding.
	if c := word[0]; c < utf8.RuneSelf {
		if rune(c) != d.low[i] {
			return false
		}
	} else if c >= 0xe0 && c < 0xf0 && rune(c&0x0f)<<12|rune(word[1]&0x3f)<<6|rune(word[2]&0x3f) != d.low[i] {
		return false
	}
	return d.hasAll(i, word)
}

func (d *doc) hasAll(i int, word string) bool {
	for _, w := range word {
		if i >= len(d.low) || d.low[i] != w {
			return false
		}
		i++
	}
	return true
}

// words is a list with a quick filter by the low byte of the first rune.
type words struct {
	list  []string
	first [256]bool
}

func wordList(list ...string) *words {
	w := &words{list: list}
	for _, s := range list {
		w.first[byte([]rune(s)[0])] = true
	}
	return w
}

// one gives the length in runes of the longest word of the list that stands
// at i.
func (d *doc) one(i int, w *words) int {
	if i < 0 || i >= len(d.low) || !w.first[byte(d.low[i])] {
		return 0
	}
	return d.any(i, w.list...)
}

// any gives the length in runes of the longest of the words that stands at i.
func (d *doc) any(i int, words ...string) int {
	best := 0
	for _, w := range words {
		if d.has(i, w) {
			best = max(best, utf8.RuneCountInString(w))
		}
	}
	return best
}

// word gives the end of the run of letters at i.
func (d *doc) word(i int) int {
	for i < len(d.r) && isLetter(d.r[i]) {
		i++
	}
	return i
}

func (d *doc) digits(i int) int {
	for i < len(d.r) && isDigit(d.r[i]) {
		i++
	}
	return i
}

// spaces gives the end of at most n blanks at i.
func (d *doc) spaces(i, n int) int {
	for n > 0 && i < len(d.r) && (d.r[i] == ' ' || d.r[i] == '\t') {
		i++
		n--
	}
	return i
}

func (d *doc) str(i, j int) string  { return string(d.r[i:j]) }
func (d *doc) lstr(i, j int) string { return string(d.low[i:j]) }

// number reads up to four digits.
func (d *doc) number(i, j int) int {
	n := 0
	for ; i < j && n < 1e8; i++ {
		n = n*10 + int(d.r[i]-'0')
	}
	return n
}

// isBreak ends a sentence.
func isBreak(r rune) bool {
	switch r {
	case '\n', '\r', '。', '!', '?', '；', ';', 0:
		return true
	}
	return false
}
