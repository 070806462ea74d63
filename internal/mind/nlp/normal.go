package nlp

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/text"

	"golang.org/x/text/unicode/norm"
)

// Normal is a text in the form in which words are compared, with the way back
// to the original: NFKC, half width, lower case, simplified characters,
// without what cannot be seen, letters held long ("soooo", "了了了了") cut,
// runs of space made one. Emoji stay as characters of their own, without skin
// tones and joiners; EmojiName gives their sense.
type Normal struct {
	Runes    []rune
	from, to []int32 // the runes of the original that each rune came from
}

// Normalise gives the normal form of the first MaxRunes runes of a text. The
// normal form of a normal form is itself.
func Normalise(s string) Normal { return normalise(cap32(s)) }

// Text is the normal form as a string.
func (n Normal) Text() string { return string(n.Runes) }

// Original gives the runes of the original from which the runes of a span of
// the normal form came.
func (n Normal) Original(s Span) Span {
	if s.Start < 0 || s.End > len(n.Runes) || s.Start >= s.End {
		return Span{}
	}
	return Span{int(n.from[s.Start]), int(n.to[s.End-1])}
}

// Find gives the first rune of the normal form that came from the original
// rune i or a later one.
func (n Normal) Find(i int) int {
	lo, hi := 0, len(n.Runes)
	for lo < hi {
		m := (lo + hi) / 2
		if int(n.to[m]) > i {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

func normalise(in []rune) Normal {
	// What cannot be seen goes first, so that it never keeps apart what
	// belongs together.
	work := make([]rune, 0, len(in))
	at := make([]int32, 0, len(in))
	for i, r := range in {
		if r >= 0x80 || r < ' ' {
			if r = visible(r); r == 0 {
				continue
			}
		}
		work = append(work, r)
		at = append(at, int32(i))
	}
	n := Normal{
		Runes: make([]rune, 0, len(work)+len(work)/16+4),
		from:  make([]int32, 0, len(work)+len(work)/16+4),
		to:    make([]int32, 0, len(work)+len(work)/16+4),
	}
	table := plainRunes()
	for i := 0; i < len(work); {
		r := work[i]
		if i+1 == len(work) || work[i+1] < 0x300 || !table.joins(work[i+1]) {
			if p := table.plain(r); p != 0 {
				n.add(p, at[i], at[i]+1)
				i++
				continue
			}
		}
		j := i + 1
		for j < len(work) && table.joins(work[j]) {
			j++
		}
		for _, r := range piece(work[i:j]) {
			n.add(r, at[i], at[j-1]+1)
		}
		i = j
	}
	n.shorten()
	return n
}

func (n *Normal) add(r rune, from, to int32) {
	n.Runes = append(n.Runes, r)
	n.from = append(n.from, from)
	n.to = append(n.to, to)
}

// maxMarks is how many combining marks one letter keeps.
const maxMarks = 4

// piece normalises a character with all that combines with it, until nothing
// changes any more: lower case and simplified forms may make a character that
// NFKC knows yet another form of.
func piece(rs []rune) []rune {
	if len(rs) > 32 {
		rs = rs[:32]
	}
	s := string(rs)
	for range 4 {
		t := unify(text.Normalize(s))
		if t == s {
			break
		}
		s = t
	}
	out := make([]rune, 0, len(rs))
	marks := maxMarks
	for _, r := range s {
		if unicode.IsMark(r) {
			if marks == maxMarks || marks == 0 && len(out) == 0 {
				continue // a mark on nothing
			}
			marks++
			out = append(out, r)
			continue
		}
		if v := visible(r); v == 0 {
			continue
		} else {
			out = append(out, v)
		}
		marks = 0
		if !unicode.IsLetter(r) {
			marks = maxMarks
		}
	}
	return out
}

// unify makes one the forms of apostrophes and dashes.
func unify(s string) string {
	for _, r := range s {
		if unified(r) != r {
			out := []rune(s)
			for i, r := range out {
				out[i] = unified(r)
			}
			return string(out)
		}
	}
	return s
}

func unified(r rune) rune {
	switch r {
	case '’', '‘', '´', '`', '′', 'ʼ':
		return '\''
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return '-'
	}
	return r
}

// visible gives 0 for what has no look of its own, a line end for every kind
// of line end, and a space for other controls.
func visible(r rune) rune {
	switch {
	case r == '\n', r == 0x85, r == 0x2028, r == 0x2029:
		return '\n'
	case r == 0, r == '\r', r == 0x7f, r == utf8.RuneError:
		return 0
	case r < ' ', r > 0x7f && r < 0xa0, r == 0x2800:
		return ' '
	case r < 0xad:
		return r
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return 0
	case r >= 0x180b && r <= 0x180f, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r >= 0xfff0 && r <= 0xfffb,
		r >= 0x1f3fb && r <= 0x1f3ff, r >= 0xe0000 && r <= 0xe0fff:
		return 0
	}
	return r
}

// plainTable says for each rune of the basic plane what it becomes when
// nothing combines with it (0: ask the general algorithm), and whether it
// combines with the rune before.
type plainTable struct {
	to    [0x10000]uint16
	combi [0x10000 / 64]uint64
}

func (t *plainTable) plain(r rune) rune {
	switch {
	case r < 0x10000:
		return rune(t.to[r])
	case r >= 0x1f000 && r <= 0x1f0ff, r >= 0x1f300 && r <= 0x1faff: // pictures
		return r
	}
	return 0
}

func (t *plainTable) joins(r rune) bool {
	if r < 0x10000 {
		return t.combi[r>>6]&(1<<(r&63)) != 0
	}
	return !norm.NFKC.PropertiesString(string(r)).BoundaryBefore()
}

var plainRunes = sync.OnceValue(func() *plainTable {
	t := new(plainTable)
	for r := rune(1); r < 0x10000; r++ {
		switch {
		case r >= 0xac00 && r < 0xd7a4: // Hangul syllables
			t.to[r] = uint16(r)
			continue
		case r >= 0xa000 && r < 0xf900: // rare: ask each time
			if !norm.NFKC.PropertiesString(string(r)).BoundaryBefore() || unicode.IsMark(r) {
				t.combi[r>>6] |= 1 << (r & 63)
			}
			continue
		}
		s := string(r)
		if !norm.NFKC.PropertiesString(s).BoundaryBefore() || unicode.IsMark(r) {
			t.combi[r>>6] |= 1 << (r & 63)
			continue
		}
		v := piece([]rune{r})
		if len(v) == 1 && v[0] < 0x10000 {
			t.to[r] = uint16(v[0])
		}
	}
	return t
})

// shorten cuts what is held long and makes runs of space one, in place.
func (n *Normal) shorten() {
	in := n.Runes
	w := 0
	keep := func(i, last int) { // rune i stands for the runes up to last
		n.Runes[w], n.from[w], n.to[w] = in[i], n.from[i], n.to[last]
		w++
	}
	for i := 0; i < len(in); {
		r := in[i]
		switch {
		case isSpace(r):
			j, lines := i, 0
			for ; j < len(in) && isSpace(in[j]); j++ {
				if in[j] == '\n' {
					lines++
				}
			}
			if w > 0 && j < len(in) {
				mark := ' '
				if lines > 0 {
					mark = '\n'
				}
				n.Runes[w], n.from[w], n.to[w] = mark, n.from[i], n.to[j-1]
				if lines > 1 {
					n.to[w] = n.to[i]
					w++
					n.Runes[w], n.from[w], n.to[w] = '\n', n.from[j-1], n.to[j-1]
				}
				w++
			}
			i = j
		case isLatin(r) || r < 0x80:
			j := i
			code, letters := false, false
			for ; j < len(in) && !isSpace(in[j]) && (in[j] < 0x80 || isLatin(in[j])); j++ {
				if c := in[j]; c >= '0' && c <= '9' || c == '@' || c == '/' || c == '_' {
					code = true
				} else if isLatin(c) {
					letters = true
				}
			}
			switch {
			case code && letters:
				for ; i < j; i++ {
					keep(i, i)
				}
			default:
				for i < j {
					if !isLatin(in[i]) {
						i = shortRun(in, i, j, keep)
						continue
					}
					k := i
					for k < j && isLatin(in[k]) {
						k++
					}
					shortWord(in, i, k, keep)
					i = k
				}
			}
		default:
			i = shortRun(in, i, len(in), keep)
		}
	}
	n.Runes, n.from, n.to = n.Runes[:w], n.from[:w], n.to[:w]
}

// particles say the same once and ten times.
func isParticle(r rune) bool {
	switch r {
	case '了', '啊', '呀', '吧', '呢', '嘛', '哦', '噢', '喔', '哎', '唉', '诶', '欸', '啦', '吗', '的', '很', '太', '超', '真', '好', '么', '嗯', '呐', '哪', '喂', '给', '我', '你', '不', '再', '都', '就', '快', '多':
		return true
	}
	return false
}

// shortRun keeps one, two or three of the equal runes at i, as fits their
// kind: digits all, Chinese numerals all, particles one, characters two,
// signs and pictures three. It gives the place after them.
func shortRun(in []rune, i, end int, keep func(i, last int)) int {
	r := in[i]
	j := i + 1
	for j < end && in[j] == r {
		j++
	}
	n, most := j-i, j-i
	switch {
	case n < 3, r >= '0' && r <= '9', isNumeral(r):
	case isHan(r):
		most = 2
		if isParticle(r) {
			most = 1
		}
	case unicode.IsLetter(r):
		most = 2
	default:
		most = min(n, 3)
	}
	for k := range most {
		last := i + k
		if k == most-1 {
			last = j - 1
		}
		keep(i+k, last)
	}
	return j
}

// doubles are words with a double letter that people hold long.
var doubles = wordSet("good cool too soon food poor sooner book look boo mood room zoo moo noon hello hell all call tell well will still small kill bill full ill sell yell dull pull wall week see need free feel keep been seen meet agree three seem speed steel sleep green feet off stuff staff less miss mess pass loss boss kiss fuss class hiss pissed happy sorry worry hurry annoy horrible terrible better bitter butter really finally totally add egg oops aww ahh grr ooh pretty funny silly awwful")

// shortWord cuts the letters of one word that stand three times or more to
// one, or to two where that makes a word. A word of one letter only ("www",
// "xxx") keeps three.
func shortWord(in []rune, i, j int, keep func(i, last int)) {
	long, same := false, true
	for k := i; k < j; k++ {
		if in[k] != in[i] {
			same = false
		}
		if k >= i+2 && in[k] == in[k-1] && in[k] == in[k-2] {
			long = true
		}
	}
	if !long || same {
		for k := i; k < j; k++ {
			if same && k-i == 2 {
				keep(k, j-1)
				return
			}
			keep(k, k)
		}
		return
	}
	twice := -1 // the long run that keeps two
	if j-i <= 64 {
		for k := i; k < j; {
			e := runEnd(in, k, j)
			if e-k >= 3 && doubles[string(shortened(in[i:j], k-i))] {
				twice = k
			}
			k = e
		}
	}
	for k := i; k < j; {
		e := runEnd(in, k, j)
		switch {
		case e-k < 3:
			for ; k < e; k++ {
				keep(k, k)
			}
		case k == twice:
			keep(k, k)
			keep(k+1, e-1)
		default:
			keep(k, e-1)
		}
		k = e
	}
}

func runEnd(in []rune, k, j int) int {
	e := k + 1
	for e < j && in[e] == in[k] {
		e++
	}
	return e
}

// shortened is a word with its long runs cut to one, the one at twice to two.
func shortened(word []rune, twice int) []rune {
	out := make([]rune, 0, len(word))
	for k := 0; k < len(word); {
		e := runEnd(word, k, len(word))
		n := e - k
		if n >= 3 {
			n = 1
			if k == twice {
				n = 2
			}
		}
		for range n {
			out = append(out, word[k])
		}
		k = e
	}
	return out
}

func isSpace(r rune) bool {
	switch {
	case r == ' ', r == '\n', r == '\t', r == '\r':
		return true
	case r < 0x80:
		return r == '\v' || r == '\f'
	}
	return unicode.IsSpace(r)
}

// isHan says whether a rune is an ideograph.
func isHan(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0x3400 && r <= 0x4dbf || r == '々' || r >= 0x20000 && r <= 0x323af || r >= 0xf900 && r <= 0xfaff
}

func isNumeral(r rune) bool {
	switch r {
	case '〇', '零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '万', '亿':
		return true
	}
	return false
}

// isLatin says whether a rune is a letter of the Latin script.
func isLatin(r rune) bool {
	switch {
	case r < 0x80:
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	case r < 0x250:
		return r >= 0xc0 && r != '×' && r != '÷' || r == 'ª' || r == 'º'
	}
	return r >= 0x1e00 && r <= 0x1eff
}

// isWordRune says whether a rune continues a word of a script that writes
// spaces between words.
func isWordRune(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	}
	return r < 0x2e80 && (unicode.IsLetter(r) || unicode.IsMark(r)) || r >= 0xac00 && r <= 0xd7a3
}

// wordSet is the set of the words of a text.
func wordSet(text string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		m[w] = true
	}
	return m
}
