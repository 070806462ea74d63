package customer

import (
	"unicode/utf8"

	"zhidan/internal/platform/text"
)

const (
	maxNameTerms  = 64
	maxQueryTerms = 8
	// maxPrefix is how many characters of a Latin word are told apart.
	maxPrefix = 12
)

// nameTerms are what a name is found by: single characters and pairs of Chinese
// names, the beginnings of Latin words from two letters on. All are looked up
// as whole terms, so that a search costs the same at any number of customers.
func nameTerms(name string) []string {
	seen := map[string]bool{}
	var terms []string
	add := func(t string) {
		if !seen[t] && len(terms) < maxNameTerms {
			seen[t] = true
			terms = append(terms, t)
		}
	}
	for _, t := range text.Analyze(text.Cap(name, 1024)) {
		if t.Kind == text.Single || t.Kind == text.Pair {
			add(t.Term)
			continue
		}
		n := 0
		for i := range t.Term {
			if n >= 2 && n <= maxPrefix {
				add(t.Term[:i])
			}
			n++
		}
		if n <= maxPrefix {
			add(t.Term)
		}
	}
	return terms
}

// queryTerms are the terms that a name must have, all of them.
func queryTerms(q string) []string {
	tokens := text.Analyze(text.Cap(q, 256))
	var terms []string
	for i, t := range tokens {
		switch t.Kind {
		case text.Code:
			continue // its parts say the same
		case text.Single:
			// A character that stands beside another is covered by the pair.
			if i+1 < len(tokens) && tokens[i+1].Kind == text.Pair && tokens[i+1].Start == t.Start ||
				i+1 < len(tokens) && tokens[i+1].Kind == text.Pair && tokens[i+1].End == t.End ||
				i+2 < len(tokens) && tokens[i+2].Kind == text.Pair && tokens[i+2].Start == t.Start {
				continue
			}
		}
		if term := firstRunes(t.Term, maxPrefix); len(terms) < maxQueryTerms && !contains(terms, term) {
			terms = append(terms, term)
		}
	}
	return terms
}

func firstRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
