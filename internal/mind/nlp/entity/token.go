package entity

// token is what the tagger tags: a run of letters, a run of digits, or one
// other character. Blanks are none.
type token struct {
	start, end int
	text       string // lower case
	shape      byte
	upper      bool // begins with a capital
	gap        bool // a blank before it
}

// maxTokens is how many tokens of one text the tagger looks at.
const maxTokens = 4096

func (d *doc) tokens() []token {
	var out []token
	gap := false
	for i := 0; i < len(d.r) && len(out) < maxTokens; {
		r := d.r[i]
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			gap = true
			i++
			continue
		}
		j, shape := i+1, byte('p')
		switch {
		case isLetter(r):
			j, shape = min(d.word(i), i+40), 'a'
		case isDigit(r):
			j, shape = min(d.digits(i), i+40), '0'
		case zhDigit(r) >= 0 || zhUnit(r) > 0:
			shape = 'n'
		case isHan(r):
			shape = 'h'
		}
		out = append(out, token{i, j, d.lstr(i, j), shape, isUpper(r), gap})
		i, gap = j, false
	}
	return out
}

// hash of features; the seed is fixed, because models are stored.
func hashString(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func feature(template uint64, parts ...string) uint64 {
	h := uint64(14695981039346656037) ^ template*0x9e3779b97f4a7c15
	for _, p := range parts {
		h = hashString(h, p)
		h = (h ^ 0xff) * 1099511628211
	}
	return h
}

// rangeWords announce the ends of ranges in both languages.
var rangeWords = map[string]bool{"from": true, "to": true, "until": true, "till": true, "between": true, "since": true, "by": true, "after": true, "before": true, "starting": true, "ending": true, "and": true, "at": true, "on": true, "for": true, "in": true, "with": true, "during": true, "至": true, "到": true, "从": true, "自": true, "起": true, "止": true}

// features describes each token to the tagger by itself, its neighbours, what
// the rules found there, and whether its text was rare in the training.
func features(d *doc, tokens []token, found []Entity, common func(string) bool) [][]uint64 {
	n := len(tokens)
	rule := make([]string, n)
	k := 0
	for i, t := range tokens {
		for k < len(found) && found[k].End <= t.start {
			k++
		}
		if k < len(found) && found[k].Start < t.end {
			rule[i] = "I-" + string(found[k].Type)
			if found[k].Start >= t.start {
				rule[i] = "B-" + string(found[k].Type)
			}
			if g := found[k].Parts["grain"]; g != "" {
				rule[i] += g
			}
		}
	}
	text := func(i int) string {
		switch {
		case i < 0:
			return "<s>"
		case i >= n:
			return "</s>"
		case tokens[i].shape == '0':
			return digitClass(tokens[i].text)
		}
		return tokens[i].text
	}
	shape := func(i int) string {
		if i < 0 || i >= n {
			return "|"
		}
		t := tokens[i]
		s := string(t.shape)
		if t.shape == '0' {
			s += itoa(int64(min(len(t.text), 12)))
		}
		if t.upper {
			s += "A"
		}
		return s
	}
	at := func(i int) string {
		if i < 0 || i >= n {
			return ""
		}
		return rule[i]
	}
	rare := func(i int) string {
		if i < 0 || i >= n || tokens[i].shape != 'a' {
			return ""
		}
		if !common(tokens[i].text) {
			return "r"
		}
		return "c"
	}
	out := make([][]uint64, n)
	left := make([]string, n) // nearest range word before
	last := ""
	dist := 0
	for i := range tokens {
		left[i] = last
		if dist > 8 {
			left[i] = ""
		}
		dist++
		if rangeWords[tokens[i].text] {
			last, dist = tokens[i].text, 0
		}
	}
	lastRule, lastWord := "", ""
	for i, t := range tokens {
		right := ""
		for j := i + 1; j < min(n, i+7); j++ {
			if rangeWords[tokens[j].text] {
				right = tokens[j].text
				break
			}
		}
		w, s, x := text(i), shape(i), at(i)
		f := make([]uint64, 0, 56)
		f = append(f, 1,
			feature(2, w), feature(3, text(i-1)), feature(4, text(i+1)), feature(5, text(i-2)), feature(6, text(i+2)), feature(7, text(i-3)), feature(8, text(i+3)),
			feature(9, text(i-1), w), feature(10, w, text(i+1)), feature(11, text(i-2), text(i-1)), feature(12, text(i+1), text(i+2)), feature(13, text(i-1), w, text(i+1)),
			feature(14, text(i-2), text(i-1), w), feature(15, w, text(i+1), text(i+2)),
			feature(16, s), feature(17, shape(i-1), s), feature(18, s, shape(i+1)), feature(19, shape(i-1), s, shape(i+1)), feature(20, s, text(i-1)), feature(21, s, text(i-2), text(i-1)), feature(22, s, text(i+1)),
			feature(23, x), feature(24, at(i-1), x), feature(25, x, at(i+1)), feature(26, x, text(i-1)), feature(27, x, text(i-2), text(i-1)), feature(28, x, text(i+1)), feature(29, x, w),
			feature(30, x, left[i]), feature(31, x, left[i], right), feature(32, x, right), feature(33, x, lastRule), feature(34, s, left[i]), feature(35, s, left[i], right),
			feature(36, x, lastRule, lastWord), feature(37, w, left[i]),
		)
		if t.shape == 'a' {
			r := []rune(t.text)
			for k := 1; k <= min(4, len(r)-1); k++ {
				f = append(f, feature(40+uint64(k), string(r[:k])), feature(45+uint64(k), string(r[len(r)-k:])))
			}
			q := rare(i)
			f = append(f, feature(50, q), feature(51, q, text(i-1)), feature(52, q, text(i-2), text(i-1)), feature(53, rare(i-1), q, rare(i+1)), feature(54, q, rare(i-1), text(i-2)), feature(55, q, text(i+1)), feature(56, q, text(i-3), text(i-2)))
		}
		if t.shape == '0' {
			f = append(f, feature(57, t.text), feature(58, t.text[:1], s))
		}
		if t.gap {
			f = append(f, feature(59, s))
		}
		for k := 2; k <= 5; k++ {
			f = append(f, feature(60, text(i-k)), feature(61, text(i+k)), feature(62, x, text(i-k)))
		}
		out[i] = f
		if x != "" && (i+1 == n || at(i+1) != x) {
			lastRule, lastWord = x, text(i-1)
		}
	}
	return out
}

// digitClass makes numbers of one size the same; small ones stay themselves.
func digitClass(s string) string {
	if len(s) <= 2 {
		return s
	}
	return "00000000000000000000"[:min(len(s), 20)]
}
