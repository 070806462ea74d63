package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxQuery is how many bytes of a search query are read.
	MaxQuery = 4096
	// MaxQueryTerms is how many terms a query may ask for; what comes after
	// them is left out.
	MaxQueryTerms = 32
)

// Term is one thing to look for: a term of the index, or the beginning of one.
type Term struct {
	Text   string
	Prefix bool
}

// Clause is fulfilled when any of its alternatives is, and an alternative when
// a document has all of its terms.
type Clause struct {
	Any [][]Term
	// phrase holds the words that must follow one another; the index knows no
	// positions, Matches does.
	phrase []string
}

// Query is a search query that was understood: all of Must and none of Not.
// The zero Query asks for nothing and is fulfilled by nothing.
type Query struct {
	Must, Not []Clause
	// Truncated says that the query was longer than is looked at.
	Truncated bool
}

// Empty says that the query has nothing to look for: it was blank, or held
// only punctuation, emoji or exclusions. Such a query finds nothing; a screen
// that wants a blank field to mean "everything" asks before it searches.
func (q Query) Empty() bool { return len(q.Must) == 0 }

// Exact says that the index alone cannot answer the query, because it holds a
// phrase: what the index finds must be passed through Matches.
func (q Query) Exact() bool {
	return slices.ContainsFunc(q.Must, func(c Clause) bool { return len(c.phrase) > 1 })
}

// ParseQuery reads what a person typed. There is no wrong query.
//
//	冰箱 漏水      both words
//	sam            words that begin with sam (from two letters or three digits on)
//	E5-0032        the code, however it is written
//	"no power"     the words next to each other, not their beginnings; also “ ” 「 」
//	-washer        not this word (also NOT washer)
//	fridge OR 冰箱  one of both
//
// A Chinese word of three and more characters is found by its pairs.
func ParseQuery(s string) Query {
	p := parser{s: Clean(Cap(s, MaxQuery))}
	p.q.Truncated = len(s) > MaxQuery
	for p.next() {
	}
	return p.q
}

type parser struct {
	s     string
	q     Query
	terms int
	or    bool // the next chunk is an alternative to the last
	not   bool // the next chunk is excluded
	last  int  // how many clauses of Must the last chunk made
}

// next reads one chunk: a quoted phrase or what stands between spaces.
func (p *parser) next() bool {
	p.s = strings.TrimLeftFunc(p.s, unicode.IsSpace)
	if p.s == "" {
		return false
	}
	r, w := utf8.DecodeRuneInString(p.s)
	if r == '-' || r == '－' || r == '−' {
		p.s = p.s[w:]
		if n, _ := utf8.DecodeRuneInString(p.s); p.s != "" && !unicode.IsSpace(n) && n != r {
			p.not = true
		}
		return true
	}
	if closing := closingQuote(r); closing != "" {
		p.s = p.s[w:]
		if end := strings.IndexAny(p.s, closing); end >= 0 {
			chunk := p.s[:end]
			_, w := utf8.DecodeRuneInString(p.s[end:])
			p.s = p.s[end+w:]
			p.add(p.phrase(chunk))
		}
		return true // without a closing quote it is no quote
	}
	end := strings.IndexFunc(p.s, func(r rune) bool { return unicode.IsSpace(r) || closingQuote(r) != "" })
	if end < 0 {
		end = len(p.s)
	}
	chunk := p.s[:end]
	p.s = p.s[end:]
	switch chunk {
	case "AND", "&", "&&", "+":
	case "OR", "|", "||":
		p.or = p.last > 0
	case "NOT", "!":
		p.not = true
	default:
		p.add(p.words(chunk))
	}
	return true
}

// closingQuote gives the characters that close what r opens.
func closingQuote(r rune) string {
	switch r {
	case '"', '＂', '“', '”', '„':
		return "\"＂“”"
	case '「':
		return "」"
	case '『':
		return "』"
	}
	return ""
}

// add puts the clauses of one chunk into the query.
func (p *parser) add(clauses []Clause) {
	or, not := p.or, p.not
	p.or, p.not = false, false
	if len(clauses) == 0 {
		p.last = 0
		return
	}
	switch {
	case not:
		// All of the chunk's terms together exclude. Of a code the joined form
		// counts: its parts may stand in a text by chance.
		// Beginnings do not: -sam leaves Samsung.
		terms := flatten(clauses, false)
		for i := range terms {
			terms[i].Prefix = false
		}
		p.q.Not = append(p.q.Not, Clause{Any: [][]Term{terms}})
		p.last = 0
	case or && p.last > 0:
		at := len(p.q.Must) - p.last
		var merged Clause
		for _, side := range [][]Clause{p.q.Must[at:], clauses} {
			if len(side) == 1 {
				merged.Any = append(merged.Any, side[0].Any...)
			} else {
				merged.Any = append(merged.Any, flatten(side, true))
			}
		}
		p.q.Must = append(p.q.Must[:at], merged)
		p.last = 1
	default:
		p.last = len(clauses)
		for _, c := range clauses {
			if slices.ContainsFunc(p.q.Must, c.equal) {
				p.last--
				continue
			}
			p.q.Must = append(p.q.Must, c)
		}
	}
}

func (c Clause) equal(d Clause) bool {
	return slices.Equal(c.phrase, d.phrase) && slices.EqualFunc(c.Any, d.Any, slices.Equal[[]Term])
}

// flatten makes one alternative of several clauses: of each its first or its
// last.
func flatten(clauses []Clause, last bool) []Term {
	var all []Term
	for _, c := range clauses {
		at := 0
		if last {
			at = len(c.Any) - 1
		}
		all = append(all, c.Any[at]...)
	}
	return all
}

// take counts n terms against the limit.
func (p *parser) take(n int) bool {
	if p.terms+n > MaxQueryTerms {
		p.q.Truncated = true
		p.s = ""
		return false
	}
	p.terms += n
	return true
}

// words reads an unquoted chunk: one clause for its words and pairs, and one
// for each code.
func (p *parser) words(chunk string) []Clause {
	tokens := Analyze(chunk)
	var plain []Term
	var codes []Clause
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch t.Kind {
		case Single:
			if inPair(tokens, i) {
				continue
			}
		case Part:
			code, n := outermost(tokens[i:])
			if code == nil {
				break // a code too long to be joined: its words
			}
			var parts []Term
			for _, t := range tokens[i : i+n] {
				if t.Kind == Part {
					parts = append(parts, Term{Text: t.Term})
				}
			}
			end := &parts[len(parts)-1]
			end.Prefix = prefixed(end.Text)
			if !p.take(1 + len(parts)) {
				return codesAnd(plain, codes)
			}
			codes = append(codes, Clause{Any: [][]Term{{{code.Term, prefixed(code.Term)}}, parts}})
			i += n - 1
			continue
		case Code: // of words that were taken one by one
			continue
		}
		term := Term{t.Term, t.Kind <= Part && prefixed(t.Term)}
		if slices.Contains(plain, term) {
			continue
		}
		if !p.take(1) {
			break
		}
		plain = append(plain, term)
	}
	return codesAnd(plain, codes)
}

func codesAnd(plain []Term, codes []Clause) []Clause {
	if len(plain) == 0 {
		return codes
	}
	return append([]Clause{{Any: [][]Term{plain}}}, codes...)
}

// phrase reads a quoted chunk.
func (p *parser) phrase(chunk string) []Clause {
	tokens := Analyze(chunk)
	var c Clause
	var terms []Term
	for i, t := range tokens {
		if t.Kind == Single || t.Kind <= Part {
			c.phrase = append(c.phrase, t.Term)
		}
		if t.Kind == Code || t.Kind == Single && inPair(tokens, i) || slices.Contains(terms, Term{Text: t.Term}) {
			continue
		}
		if !p.take(1) {
			break
		}
		terms = append(terms, Term{Text: t.Term})
	}
	if len(terms) == 0 {
		return nil
	}
	c.Any = [][]Term{terms}
	if len(tokens) > 1 {
		if code, n := outermost(tokens); code != nil && n == len(tokens) && p.take(1) {
			c.Any = [][]Term{{{Text: code.Term}}, terms}
		}
	}
	return []Clause{c}
}

// outermost gives the longest code that begins with the first token, and how
// many tokens it takes up.
func outermost(tokens []Token) (code *Token, n int) {
	for i := range tokens {
		t := &tokens[i]
		if t.Kind != Part && t.Kind != Code {
			break
		}
		if t.Kind == Code && t.Start == tokens[0].Start {
			code, n = t, i+1
		}
	}
	return code, n
}

// inPair says whether the single at i is also in a pair.
func inPair(tokens []Token, i int) bool {
	for j := i + 1; j < len(tokens) && j <= i+2; j++ {
		if tokens[j].Kind == Pair && tokens[j].Start <= tokens[i].Start && tokens[i].End <= tokens[j].End {
			return true
		}
	}
	return false
}

// prefixed says whether a word is also looked for as a beginning. One letter
// or two digits begin too much to be meant so.
func prefixed(word string) bool {
	n, digits := 0, true
	for _, r := range word {
		n++
		digits = digits && unicode.IsDigit(r)
	}
	return n > 2 || n == 2 && !digits
}

// Matches says whether a document, given as its texts, fulfils the query with
// its phrases. It reads the texts, each as far as it would be indexed, and is
// meant for what the index found.
func (q Query) Matches(texts ...string) bool {
	if q.Empty() {
		return false
	}
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = Cap(texts[i], MaxIndexed)
	}
	var words [][]string
	for _, s := range texts {
		var line []string
		for _, t := range Analyze(s) {
			if t.Kind == Single || t.Kind <= Part {
				line = append(line, t.Term)
			}
		}
		words = append(words, line)
	}
	terms := Terms(texts...)
	for _, c := range q.Must {
		if !c.matches(terms, words) {
			return false
		}
	}
	return !slices.ContainsFunc(q.Not, func(c Clause) bool { return c.matches(terms, words) })
}

func (c Clause) matches(terms []string, words [][]string) bool {
	for i, all := range c.Any {
		ok := true
		for _, t := range all {
			at, found := slices.BinarySearch(terms, t.Text)
			if !found && !(t.Prefix && at < len(terms) && strings.HasPrefix(terms[at], t.Text)) {
				ok = false
				break
			}
		}
		// The phrase stands behind the last alternative; the one before it is
		// the joined code.
		if ok && (len(c.phrase) < 2 || i < len(c.Any)-1 || follows(words, c.phrase)) {
			return true
		}
	}
	return false
}

func follows(texts [][]string, phrase []string) bool {
	for _, words := range texts {
		for i := 0; i+len(phrase) <= len(words); i++ {
			if slices.Equal(words[i:i+len(phrase)], phrase) {
				return true
			}
		}
	}
	return false
}
