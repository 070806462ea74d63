package nlp

import "unicode"

// Sentences cuts a text into sentences, in order and without overlap; every
// rune that is not space belongs to one. A line of a chat or a list is a
// sentence; a line that a mail program broke is not. Full stops in numbers,
// links, abbreviations and file names do not end a sentence, nor do signs
// inside a short quotation.
func Sentences(s string) []Span { return sentences(cap32(s)) }

// longestQuote is how far the end of a quotation is looked for.
const longestQuote = 160

func sentences(rs []rune) []Span {
	var out []Span
	start := 0
	end := func(i int) { // the sentence ends before i
		a, b := start, i
		for a < b && isSpace(rs[a]) {
			a++
		}
		for b > a && isSpace(rs[b-1]) {
			b--
		}
		if a < b {
			out = append(out, Span{a, b})
		}
		start = i
	}
	quoteEnd := 0 // inside a quotation up to here
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		switch r {
		case '\n', '\u2028', '\u2029':
			if lineEnds(rs, start, i) {
				end(i)
				quoteEnd = 0
			}
			continue
		case '“', '「', '『', '《', '（', '(', '【':
			if i >= quoteEnd {
				if e := quotation(rs, i); e > 0 {
					quoteEnd = e
				}
			}
			continue
		}
		if i < quoteEnd && !(i+1 == quoteEnd) {
			continue
		}
		switch {
		case isStop(r):
			j := afterStops(rs, i+1)
			if r == '…' && j < len(rs) && !isSpace(rs[j]) || r == '…' && j-i < 3 && goesOn(rs, j) {
				i = j - 1 // a pause, not an end
				continue
			}
			end(j)
			i = j - 1
		case r == '.' && fullStop(rs, start, i), (r == '!' || r == '?') && markEnds(rs, i):
			j := afterStops(rs, i+1)
			end(j)
			i = j - 1
		case quoteEnd > 0 && i+1 == quoteEnd && i > 0 && (isStop(rs[i-1]) || rs[i-1] == '!' || rs[i-1] == '?' || rs[i-1] == '.'):
			// A quotation that ends its own sentence ends ours unless it goes
			// on after it.
			whole := false // a sentence in brackets
			if r == ')' || r == '）' {
				a := start
				for a < i && isSpace(rs[a]) {
					a++
				}
				whole = rs[a] == '(' || rs[a] == '（'
			}
			if r == '”' || r == '」' || r == '』' || whole {
				if j := i + 1; j >= len(rs) || !(rs[j] == '，' || rs[j] == ',' || rs[j] == '、' || rs[j] == '的' || unicode.IsLower(rs[j]) || j+1 < len(rs) && rs[j] == ' ' && unicode.IsLower(rs[j+1])) {
					end(j)
				}
			}
		}
	}
	end(len(rs))
	return out
}

// isStop says whether a sign always ends a sentence.
func isStop(r rune) bool {
	switch r {
	case '。', '！', '？', '…', '｡', '．', '؟', '۔', '।', '॥', '՞', '։', '\u203c', '\u2047', '\u2048', '\u2049':
		return true
	}
	return false
}

// afterStops goes over further stops and what closes a sentence.
func afterStops(rs []rune, i int) int {
	for i < len(rs) {
		switch r := rs[i]; {
		case isStop(r), r == '!', r == '?', r == '.', r == '~', r == '～':
		case r == '”', r == '’', r == '」', r == '』', r == ')', r == '）', r == '】', r == '"' && (i+1 == len(rs) || isSpace(rs[i+1])):
		default:
			return i
		}
		i++
	}
	return i
}

// goesOn says whether a sentence continues in lower case.
func goesOn(rs []rune, i int) bool {
	for i < len(rs) && rs[i] == ' ' {
		i++
	}
	return i < len(rs) && unicode.IsLower(rs[i])
}

func markEnds(rs []rune, i int) bool {
	if i+1 == len(rs) {
		return true
	}
	n := rs[i+1]
	switch {
	case isSpace(n), n == '"', n == '\'', n == ')', n == '!', n == '?', n == '”', n == '’', n == '.':
		return true
	case n < 0x80: // part of a link, or of "?!x"
		return unicode.IsUpper(n) && i > 0 && unicode.IsLower(rs[i-1]) && !inLink(rs, i)
	}
	return n != '，' && n != '、'
}

// inLink says whether the word at i is a link.
func inLink(rs []rune, i int) bool {
	for k := i; k > 1 && k > i-200 && !isSpace(rs[k]); k-- {
		if rs[k] == '/' && rs[k-1] == '/' {
			return true
		}
	}
	return false
}

var abbreviations = wordSet("mr mrs ms dr prof st no nos vs etc inc ltd co corp llc dept tel ext fig approx est min max jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun ave blvd rd apt e.g i.e a.m p.m u.s u.k cf al resp ca bzw z.b usw nr str sr sra art pág ref rev vol ed pp attn re fwd qty amt acct temp")

// fullStop says whether the dot at i ends a sentence.
func fullStop(rs []rune, start, i int) bool {
	// What follows: the end, a space, something that closes, or Chinese.
	if i+1 < len(rs) {
		n := rs[i+1]
		switch {
		case n == '.':
			return false // the last of several decides
		case isSpace(n), n == '"', n == '\'', n == ')', n == '”', n == '’':
		case isHan(n):
			// "1.退款" is a list; "v2.版本" would be rare.
			if i > start && rs[i-1] >= '0' && rs[i-1] <= '9' {
				return false
			}
		default:
			// "arrived.Please": a space forgotten.
			return unicode.IsUpper(n) && i > 1 && unicode.IsLower(rs[i-1]) && unicode.IsLower(rs[i-2]) &&
				i+2 < len(rs) && unicode.IsLower(rs[i+2]) && !inLink(rs, i)
		}
	}
	// An ellipsis that goes on.
	if i > 0 && rs[i-1] == '.' {
		return !goesOn(rs, i+1)
	}
	// The word before.
	k := i
	for k > start && k > i-12 && !isSpace(rs[k-1]) && rs[k-1] != '(' && rs[k-1] != '"' && !isHan(rs[k-1]) {
		k--
	}
	word := rs[k:i]
	if len(word) == 0 {
		return true
	}
	// "1." or "a." at the beginning of a line is the mark of a list.
	if digits(word) && len(word) <= 3 || len(word) == 1 {
		b := k
		for b > start && (isSpace(rs[b-1]) || rs[b-1] == '(') {
			b--
		}
		if b == start {
			return false
		}
	}
	// And of one inside a line: "两个问题：1. …；2. …".
	m := i
	for m > k && i-m < 3 && rs[m-1] >= '0' && rs[m-1] <= '9' {
		m--
	}
	if b := m; m < i && i-m <= 2 {
		for b > start && rs[b-1] == ' ' {
			b--
		}
		if b > start {
			switch rs[b-1] {
			case ':', '：', ';', '；', '，', '、':
				return false
			}
		}
	}
	if len(word) == 1 && unicode.IsUpper(word[0]) && i+1 < len(rs) && rs[i+1] == ' ' && word[0] != 'I' {
		return false // an initial
	}
	if len(word) <= 6 {
		low := make([]rune, len(word))
		for x, r := range word {
			low[x] = unicode.ToLower(r)
		}
		if abbreviations[string(low)] {
			switch string(low) {
			case "no", "co", "mar", "sun", "sat", "fri", "mon", "ext", "max", "min", "etc", "a.m", "p.m", "inc", "ltd", "art", "est", "ed", "fig", "al", "st", "temp", "u.s", "u.k", "corp", "ca", "re", "ave", "dec", "jan":
				// May end a sentence as well: look at what comes.
				j := i + 1
				for j < len(rs) && rs[j] == ' ' {
					j++
				}
				if j >= len(rs) {
					return true
				}
				if string(low) == "no" || string(low) == "ext" || string(low) == "st" || string(low) == "fig" {
					return rs[j] == '\n' || !(unicode.IsDigit(rs[j]) || string(low) == "st" && unicode.IsUpper(rs[j]))
				}
				return rs[j] == '\n' || unicode.IsUpper(rs[j]) || isHan(rs[j])
			}
			return false
		}
	}
	return true
}

func digits(rs []rune) bool {
	for _, r := range rs {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(rs) > 0
}

// quotation gives the place after the end of the quotation that opens at i, or
// 0 when none is near.
func quotation(rs []rune, i int) int {
	var closing rune
	switch rs[i] {
	case '“':
		closing = '”'
	case '「':
		closing = '」'
	case '『':
		closing = '』'
	case '《':
		closing = '》'
	case '（':
		closing = '）'
	case '(':
		closing = ')'
	case '【':
		closing = '】'
	}
	for j := i + 1; j < len(rs) && j < i+longestQuote; j++ {
		switch rs[j] {
		case closing:
			return j + 1
		case '\n':
			return 0
		}
	}
	return 0
}

// lineEnds says whether the line end at i ends a sentence too. Mail programs
// break lines at 60 to 80 columns; such a line goes on in lower case.
func lineEnds(rs []rune, start, i int) bool {
	j := i + 1
	for j < len(rs) && (rs[j] == ' ' || rs[j] == '\t' || rs[j] == '\r') {
		j++
	}
	if j >= len(rs) || rs[j] == '\n' || rs[j] == '>' {
		return true
	}
	k := i
	for k > start && isSpace(rs[k-1]) {
		k--
	}
	if k == start {
		return true
	}
	last := rs[k-1]
	b := k
	for b > start && rs[b-1] != '\n' {
		b--
	}
	wide := k-b >= 45 && k-b <= 100
	switch {
	case unicode.IsLower(rs[j]):
		return !(wide || last == ',' || last == '，')
	case isHan(rs[j]) || isHan(last):
		return true
	case wide && (unicode.IsLetter(last) || last == ',') && !listMark(rs, j):
		// A long line that ends in the middle, the next begins with a name or
		// a number.
		return false
	}
	return true
}

// listMark says whether a list item begins at i: "1.", "2)", "-", "•", "一、",
// "（3）", "①".
func listMark(rs []rune, i int) bool { return listMarkLen(rs, i) > 0 }

func listMarkLen(rs []rune, i int) int {
	if i >= len(rs) {
		return 0
	}
	switch r := rs[i]; {
	case r == '-' || r == '*' || r == '•' || r == '·' || r == '–' || r == '●' || r == '■' || r == '▪':
		if i+1 < len(rs) && (rs[i+1] == ' ' || isHan(rs[i+1])) {
			return 1
		}
		return 0
	case r >= '①' && r <= '⑳':
		return 1
	}
	j := i
	open := rs[j] == '(' || rs[j] == '（'
	if open {
		j++
	}
	d := j
	for j < len(rs) && j < d+2 && (rs[j] >= '0' && rs[j] <= '9' || rs[j] >= '０' && rs[j] <= '９') {
		j++
	}
	if j == d {
		for j < len(rs) && j < d+2 && isNumeral(rs[j]) {
			j++
		}
	}
	if j == d && j < len(rs) && (rs[j] >= 'a' && rs[j] <= 'e' || rs[j] >= 'A' && rs[j] <= 'E') && j+1 < len(rs) && (rs[j+1] == ')' || rs[j+1] == '）') {
		j++
	}
	if j == d || j >= len(rs) {
		return 0
	}
	switch rs[j] {
	case '.', '．':
		if open || j+1 < len(rs) && rs[j+1] >= '0' && rs[j+1] <= '9' {
			return 0
		}
		return j + 1 - i
	case ')', '）':
		return j + 1 - i
	case '、', ':', '：':
		if open {
			return 0
		}
		if (rs[j] == ':' || rs[j] == '：') && j+1 < len(rs) && rs[j+1] >= '0' && rs[j+1] <= '9' {
			return 0
		}
		return j + 1 - i
	}
	return 0
}
