package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// walk reads s and gives every normalised rune with the bytes of s that it
// came from. Runes that came from one indivisible piece of s (a ligature, a
// letter with its accents) carry the same bytes. Bad bytes and characters
// that cannot be seen (joiners, variation selectors) are left out.
//
// ASCII, full-width ASCII and the common ideographs, which NFKC treats one by
// one, are handled here; only the rest pays for the general algorithm.
func walk(s string, emit func(r rune, start, end int)) {
	var it *norm.Iter
	for i := 0; i < len(s); {
		r, n := plain(s, i)
		if n > 0 {
			emit(r, i, i+n)
			i += n
			continue
		}
		// A run that needs the general algorithm: up to the next character
		// that stands by itself and that nothing combines with.
		j := i
		_, w := utf8.DecodeRuneInString(s[j:])
		for j += w; j < len(s); j += w {
			if _, n := plain(s, j); n > 0 {
				break
			}
			_, w = utf8.DecodeRuneInString(s[j:])
		}
		if it == nil {
			it = new(norm.Iter)
		}
		it.InitString(norm.NFKC, s[i:j])
		for !it.Done() {
			p := it.Pos()
			seg := it.Next()
			start, end := i+p, i+it.Pos()
			if start == end { // one of several pieces of one character, such as ⑴
				_, w := utf8.DecodeRuneInString(s[start:])
				end += w
			}
			for len(seg) > 0 {
				r, w := utf8.DecodeRune(seg)
				seg = seg[w:]
				switch {
				case r == utf8.RuneError && w == 1, ignorable(r):
				case r == 'ß', r == 'ẞ':
					emit('s', start, end)
					emit('s', start, end)
				default:
					emit(simplify(fold(r)), start, end)
				}
			}
		}
		i = j
	}
}

// plain gives the normalised rune at s[i:] and its width when it needs no
// look at its neighbours; width 0 says that it does.
func plain(s string, i int) (rune, int) {
	c := s[i]
	if c < utf8.RuneSelf {
		if i+1 < len(s) && s[i+1] >= utf8.RuneSelf && combines(s[i+1:]) {
			return 0, 0
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return rune(c), 1
	}
	if c < 0xe4 || c > 0xef || i+3 > len(s) || s[i+1]&0xc0 != 0x80 || s[i+2]&0xc0 != 0x80 {
		return 0, 0
	}
	r := rune(c&0x0f)<<12 | rune(s[i+1]&0x3f)<<6 | rune(s[i+2]&0x3f)
	switch {
	case r >= 0x4e00 && r <= 0x9fff:
		return simplify(r), 3
	case r >= 0xff01 && r <= 0xff5e:
		if i+3 < len(s) && s[i+3] >= utf8.RuneSelf && combines(s[i+3:]) {
			return 0, 0
		}
		r -= 0xfee0
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r, 3
	}
	return 0, 0
}

// combines says whether the character at the start of s may join the one
// before it. Nothing below U+0300 and none of the ideographs does.
func combines(s string) bool {
	if s[0] < 0xcc || s[0] >= 0xe4 && s[0] <= 0xe9 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsMark(r)
}

// fold makes upper and lower case one. It goes by way of upper case, so that
// letters with two lower forms (Greek sigma) meet.
func fold(r rune) rune {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	if r >= 0x3000 && r < 0xa000 {
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

func ignorable(r rune) bool {
	switch {
	case r < 0xad:
		return r == 0
	case r == 0xad, r == 0x34f, r == 0x200c, r == 0x200d, r == 0x2060, r == 0xfeff,
		r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef:
		return true
	}
	return false
}

// unaccent gives the bare Latin letter: people type "jose" for "José". Marks
// of other scripts make different letters and stay.
func unaccent(r rune) rune {
	if r < 0xc0 || r > 0x24f && (r < 0x1e00 || r > 0x1eff) {
		return r
	}
	switch r {
	case 'ø':
		return 'o'
	case 'ł':
		return 'l'
	case 'đ':
		return 'd'
	}
	var b [utf8.UTFMax]byte
	d := norm.NFD.Properties(b[:utf8.EncodeRune(b[:], r)]).Decomposition()
	if len(d) == 0 || d[0] >= utf8.RuneSelf {
		return r
	}
	return rune(d[0])
}
