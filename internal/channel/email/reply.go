package email

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// NewText leaves out of a reply what its reader has already: the quoted
// original, the line that introduces it, the signature, and what phones add.
//
// The method: each line gets a class from its form (quoted, blank, rule, field
// such as "From:", introduction such as "On … wrote:", text). Then
//  1. everything from the original on goes: a line "----- Original Message
//     -----", three mail fields in a row, or an introduction whose original is
//     not marked with ">";
//  2. introductions of marked quotations go, the quotations stay for the moment;
//  3. a signature after "-- " or a rule goes, when it is short;
//  4. trailing quotations and lines like "Sent from my phone" go.
//
// Quotations between lines of new text stay: they are what the answer refers
// to. When nothing new would stand above the original (a bare forward), only
// the introduction goes.

// replyScan is how much of a text is looked at; what is beyond is original.
const replyScan = 512 << 10

// maxIntroductions is how many lines that could introduce a quotation are
// looked at closely.
const maxIntroductions = 400

// newText chooses the better source of the two bodies: text that was made from
// HTML loses the marks that HTML has, and plain text in which nothing was found
// may have a twin in which something is.
func (p *parser) newText(m *Mail, fromHTML bool) string {
	text, cut := trimReply(m.Text, m.From.Name, p.ok)
	if m.HTML == "" || cut && !fromHTML || !p.take(min(len(m.HTML), 2*replyScan)) {
		return text
	}
	page := m.HTML[:cutRune(m.HTML, 2*replyScan)]
	marked, markedCut := trimReply(htmlText(page, true, p.ok), m.From.Name, p.ok)
	if markedCut && len(page) == len(m.HTML) && (strings.TrimSpace(marked) != "" || strings.TrimSpace(text) == "") {
		return marked
	}
	return text
}

type lineClass byte

const (
	classText lineClass = iota
	classBlank
	classQuote
	classCut    // the original starts here
	classAttr   // introduces a quotation
	classRule   // a rule
	classDashes // "--"
	classSign   // marked as signature by its writer
	classGone   // removed
)

type replyLine struct {
	text  string
	class lineClass
}

// TrimReply is the new text of a plain-text reply.
func TrimReply(s string) string {
	out, _ := trimReply(s, "", func() bool { return true })
	return out
}

// trimReply also says whether anything was left out. It gives up when ok says
// so; what it returns then is of no use.
func trimReply(s, sender string, ok func() bool) (string, bool) {
	s = clean(s)
	whole := s
	if len(s) > replyScan {
		s = s[:cutRune(s, replyScan)]
	}
	lines := classify(dropPGP(strings.Split(s, "\n")), ok)
	end := cutOriginal(lines)
	truncated := end == len(lines) && len(s) < len(whole)
	end = cutSignature(lines, end)
	end = cutTail(lines, end)
	if sender != "" && !truncated {
		end = cutNamed(lines, end, sender)
	}
	var out []string
	for _, l := range lines[:end] {
		if l.class != classGone && l.class != classCut {
			out = append(out, l.text)
		}
	}
	text := strings.Trim(strings.Join(out, "\n"), "\n")
	text = trimBlankEdges(text)
	if truncated {
		return text + "\n" + whole[len(s):], len(out) < len(lines)
	}
	return text, strings.Join(strings.Fields(text), " ") != strings.Join(strings.Fields(whole), " ")
}

// trimBlankEdges removes blank lines at both ends and keeps the indent of the
// first line.
func trimBlankEdges(s string) string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	for {
		nl := strings.IndexByte(s, '\n')
		if nl < 0 || strings.TrimSpace(s[:nl]) != "" {
			return s
		}
		s = s[nl+1:]
	}
}

// dropPGP removes the armour of a clear-signed mail (RFC 9580 §7).
func dropPGP(lines []string) []string {
	const begin, sign, end = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
	signed := false
	for _, l := range lines {
		if strings.HasPrefix(l, begin) || strings.HasPrefix(l, sign) {
			signed = true
			break
		}
	}
	if !signed {
		return lines
	}
	var out []string
	inHead, inSign := false, false
	for _, l := range lines {
		t := strings.TrimSpace(l)
		switch {
		case t == begin:
			inHead = true
		case t == sign:
			inSign = true
		case t == end:
			inSign = false
		case inSign:
		case inHead:
			inHead = t != ""
		default:
			out = append(out, strings.TrimPrefix(l, "- "))
		}
	}
	return out
}

// classify gives every line its class.
func classify(raw []string, ok func() bool) []replyLine {
	lines := make([]replyLine, len(raw))
	for i, t := range raw {
		if i%1024 == 1023 && !ok() {
			return nil
		}
		l := replyLine{text: strings.TrimRight(t, " \t\r")}
		mark := rune(0)
		if len(l.text) > 0 && l.text[0] <= markSign && l.text[0] >= markCut {
			mark, l.text = rune(l.text[0]), l.text[1:]
		}
		trimmed := strings.TrimSpace(l.text)
		short := len(l.text) < 400
		switch {
		case mark == markCut:
			l.class = classCut
		case trimmed == "":
			l.class = classBlank
		case short && maybeOriginal(trimmed) && (originalRE.MatchString(l.text) || beginRE.MatchString(l.text)) && !isQuoted(l.text):
			l.class = classCut
		case mark == markAttr:
			l.class = classAttr
		case isQuoted(l.text):
			l.class = classQuote
		case mark == markSign:
			l.class = classSign
		case trimmed == "--" || trimmed == "—" || trimmed == "––":
			l.class = classDashes
		case short && strings.IndexByte("-_*=\xe2", trimmed[0]) >= 0 && ruleRE.MatchString(l.text):
			l.class = classRule
		}
		lines[i] = l
	}
	markIntroductions(lines)
	markHeaders(lines, ok)
	return lines
}

// maybeOriginal is a cheap look before two costly expressions.
func maybeOriginal(t string) bool {
	switch t[0] {
	case '>':
		return false
	case '-', '_', '=', '*', 0xE2:
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(t)
	return last == ':' || last == '：' || strings.Contains(t, "this line") || strings.Contains(t, "在此")
}

// isQuoted says whether a line begins with a quotation mark: ">", or a writer's
// initials and ">".
func isQuoted(s string) bool {
	s = strings.TrimLeft(s, " \t")
	n := 0
	for n < len(s) && n < 3 && s[n] >= 'A' && s[n] <= 'Z' {
		n++
	}
	return n < len(s) && s[n] == '>' || strings.HasPrefix(s, "＞")
}

// markIntroductions finds "On … wrote:" in one to six lines, in any language:
// a verb of writing, a date, an end like ":".
func markIntroductions(lines []replyLine) {
	taken := -1
	candidates := 0
	for i := range lines {
		l := &lines[i]
		if l.class == classBlank || l.class == classCut || len(l.text) > 500 {
			continue
		}
		t := strings.TrimSpace(l.text)
		if l.class == classQuote {
			// "> wrote:" closes an address that was wrapped; other quoted lines
			// belong to the original.
			if !strings.HasPrefix(t, ">") || len(t) > 60 || strings.Count(t, ">") > 2 || !wroteRE.MatchString(t) && !(i > 0 && openAngle(lines[i-1].text)) {
				continue
			}
		}
		if !introEnd(t) {
			continue
		}
		if candidates++; candidates > maxIntroductions {
			return // nobody answers that many mails in one
		}
		joined := t
		best := -1
		blanks := 0
		for j := i; j > taken && j >= i-6; j-- {
			if j < i {
				p := strings.TrimSpace(lines[j].text)
				if lines[j].class == classCut || lines[j].class == classDashes || lines[j].class == classQuote || len(p) > 300 {
					break
				}
				if p == "" {
					if blanks++; blanks > 1 {
						break
					}
					continue
				}
				joined = p + " " + joined
			}
			first := strings.TrimSpace(lines[j].text)
			if best >= 0 {
				// It is complete already; take one more line when that is where
				// the phrase really opens.
				if blanks == 0 && !opens(strings.TrimSpace(lines[best].text)) && opens(first) && len(first) < 100 && j == best-1 {
					best = j
				}
				break
			}
			if introduces(joined, first, nextIsQuote(lines, i)) && (blanks == 0 || opens(first) && dateRE.MatchString(first)) {
				best = j
			}
			if len(joined) > 600 {
				break
			}
		}
		if best < 0 {
			continue
		}
		for k := best; k <= i; k++ {
			lines[k].class = classAttr
		}
		taken = i
	}
}

// openAngle says whether a line ends inside an address "<a@b.c".
func openAngle(s string) bool {
	return strings.LastIndexByte(s, '<') > strings.LastIndexByte(s, '>')
}

// introEnd says whether a line can be the last of an introduction.
func introEnd(t string) bool {
	t = strings.TrimRight(t, "*_ ")
	if strings.HasSuffix(t, ":") || strings.HasSuffix(t, "：") {
		return true
	}
	if strings.HasSuffix(t, "---") {
		return wroteRE.MatchString(t)
	}
	return false
}

// opens says whether a line begins like an introduction.
func opens(first string) bool {
	first = strings.TrimLeftFunc(first, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if openRE.MatchString(first) {
		return true
	}
	loc := dateRE.FindStringIndex(first)
	return loc != nil && loc[0] <= 40
}

// introduces decides on the joined lines of a candidate.
func introduces(joined, first string, beforeQuote bool) bool {
	date := dateRE.MatchString(joined)
	addr := emailRE.MatchString(joined)
	verb := wroteRE.MatchString(joined)
	switch {
	case verb && date:
		return opens(first) || addr || beforeQuote
	case verb:
		return beforeQuote && (addr || opens(first))
	case date && addr && opens(first):
		// Some languages have no verb: "2016-10-24 15:36 GMT+2 Name <a@b.c>:"
		t := strings.TrimRight(joined, "*_ ")
		return strings.HasSuffix(t, ">:") || strings.HasSuffix(t, ">：") || strings.HasSuffix(t, "):") || beforeQuote
	}
	return false
}

func nextIsQuote(lines []replyLine, i int) bool {
	for _, l := range lines[i+1:] {
		if l.class != classBlank {
			return l.class == classQuote
		}
	}
	return false
}

// markHeaders finds the printed fields above an original: at least three kinds
// in a row, or two below a rule or a cut line, the sender's among them.
func markHeaders(lines []replyLine, ok func() bool) {
	for i := 0; i < len(lines); i++ {
		if i%1024 == 1023 && !ok() {
			return
		}
		kind := fieldKind(lines[i])
		if kind == 0 || kind == 'o' || kind == 'c' {
			continue
		}
		seen := map[byte]bool{}
		last := i
		strays, blanks := 0, 0
		for j := i; j < len(lines) && j < i+30; j++ {
			if lines[j].class == classBlank {
				if blanks++; blanks > 1 {
					break
				}
				continue
			}
			k := fieldKind(lines[j])
			if k == 0 {
				if strays++; strays > 2 || blanks > 0 || lines[j].class == classQuote {
					break // neither a field nor the wrapped end of one
				}
				continue
			}
			if blanks > 0 && k == 'o' {
				break
			}
			seen[k] = true
			last, strays, blanks = j, 0, 0
		}
		kinds := len(seen)
		if seen['o'] {
			kinds--
		}
		if !seen['f'] || kinds < 2 || kinds < 3 && !belowRule(lines, i) {
			continue
		}
		for j := i; j <= last; j++ {
			lines[j].class = classCut
		}
		i = last
	}
}

func belowRule(lines []replyLine, i int) bool {
	for j := i - 1; j >= 0; j-- {
		switch lines[j].class {
		case classBlank:
		case classRule, classCut, classAttr:
			return true
		default:
			return false
		}
	}
	return false
}

// fieldKind is the meaning of a printed field, 0 for none.
func fieldKind(l replyLine) byte {
	if l.class == classQuote || l.class == classBlank || len(l.text) > 2000 {
		return 0
	}
	t := strings.TrimLeft(l.text, " \t*_•|")
	head := t[:min(len(t), 60)]
	colon := strings.IndexByte(head, ':')
	wide := strings.Index(head, "：")
	size := 1
	if wide >= 0 && (colon < 0 || wide < colon) {
		colon, size = wide, len("：")
	}
	if colon <= 0 || colon+size > len(t) {
		return 0
	}
	name := strings.ToLower(strings.Trim(t[:colon], " \t*_"))
	name = strings.Join(strings.Fields(strings.ReplaceAll(name, "\u3000", "")), " ")
	if k := headerNames[name]; k != 0 {
		return k
	}
	return headerNames[strings.ReplaceAll(name, " ", "")] // 主 题：
}

// cutOriginal finds where the original starts; introductions on the way are
// removed.
func cutOriginal(lines []replyLine) int {
	text := false
	for i := 0; i < len(lines); i++ {
		switch lines[i].class {
		case classText, classQuote, classSign:
			text = true
		case classCut:
			if text {
				return i
			}
		case classAttr:
			j := i
			for j < len(lines) && lines[j].class == classAttr {
				j++
			}
			if !nextIsQuote(lines, j-1) && text {
				return i
			}
			for k := i; k < j; k++ {
				lines[k].class = classGone
			}
			i = j - 1
		}
	}
	return len(lines)
}

// cutSignature finds a signature block below "-- " or a rule.
func cutSignature(lines []replyLine, end int) int {
	text := false
	for i := 0; i < end; i++ {
		l := lines[i]
		switch l.class {
		case classText, classQuote, classRule, classDashes:
		default:
			continue
		}
		if text && (l.class == classDashes && tailLines(lines[i+1:end], 300) <= 25 ||
			l.class == classRule && (i == 0 || lines[i-1].class == classBlank || i+1 == end) && tailLines(lines[i+1:end], 120) <= 10) {
			return i
		}
		text = text || l.class == classText || l.class == classQuote
	}
	return end
}

// tailLines counts the lines of text; a line longer than width is no line of a
// signature.
func tailLines(lines []replyLine, width int) int {
	n := 0
	for _, l := range lines {
		if l.class == classText || l.class == classSign {
			if n++; utf8.RuneCountInString(l.text) > width {
				return 1000
			}
		}
	}
	return n
}

// cutTail removes blanks, quotations, rules, phone lines and marked signatures
// from the end.
func cutTail(lines []replyLine, end int) int {
	for end > 0 {
		l := lines[end-1]
		switch l.class {
		case classBlank, classQuote, classGone, classCut, classSign, classDashes:
			end--
			continue
		case classText:
			if sentFrom(l.text) {
				end--
				continue
			}
		case classRule:
			if end-1 > 0 && lines[end-2].class != classBlank && lines[end-2].class != classRule {
				// A rule directly under text underlines it, unless the cut follows.
				if end == len(lines) {
					return end
				}
			}
			end--
			continue
		}
		return end
	}
	return end
}

// sentFrom says whether a line was added by a phone or an app.
func sentFrom(s string) bool {
	return len(s) < 160 && strings.Count(s, " ") < 12 && sentFromRE.MatchString(strings.TrimSpace(s))
}

// cutNamed removes a last paragraph that is the sender's name with ways to
// reach them below it.
func cutNamed(lines []replyLine, end int, sender string) int {
	sender = strings.TrimSpace(strings.ToLower(sender))
	if utf8.RuneCountInString(sender) < 2 {
		return end
	}
	for i := end - 1; i > 0 && i >= end-8; i-- {
		if strings.ToLower(strings.Trim(lines[i].text, " *_-—,")) != sender {
			continue
		}
		if lines[i-1].class != classBlank || i+1 == end {
			return end // a bare name is a greeting's end, not a signature
		}
		for _, l := range lines[i+1 : end] {
			if l.class != classBlank && utf8.RuneCountInString(l.text) > 80 {
				return end
			}
		}
		for _, l := range lines[:i] {
			if l.class == classText {
				return cutTail(lines, i)
			}
		}
		return end
	}
	return end
}
