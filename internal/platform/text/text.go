// Package text turns what people write into what a machine compares.
//
// It cleans text at intake, normalises it, cuts it into the terms of the full
// text index, reads search queries, makes highlighted excerpts, masks personal
// values for display and makes sort keys for names. The same analyser reads
// documents, queries and excerpts, so width, case and traditional or
// simplified forms never decide whether something is found or marked.
//
// Everything here is a pure function: no I/O, no state, safe for concurrent
// use, no error and no panic on any input, linear in the size of its input.
package text

import (
	"strings"
	"unicode/utf8"
)

// MaxIndexed is how many bytes of one document are analysed for search; the
// caller cuts with Cap.
const MaxIndexed = 64 << 10

// Clean drops what no store and no later reader can take: NUL and bytes that
// are not UTF-8. Everything that comes from outside passes through it once.
func Clean(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
}

// Cap cuts s to at most n bytes without splitting a character.
func Cap(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Normalize gives the form in which two texts are compared: Unicode NFKC,
// half width, lower case, simplified characters. Accents, space and
// punctuation stay.
func Normalize(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	walk(s, func(r rune, _, _ int) { b.WriteRune(r) })
	return b.String()
}
