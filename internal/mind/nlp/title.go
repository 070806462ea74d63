package nlp

import (
	"sort"
	"strings"
	"unicode"
)

// maxTitle is the width of a title: 80 letters or 40 ideographs, which are
// twice as wide.
const maxTitle = 80

// Title gives a line that says what the message is about: the sentence that
// tells the problem or the request, without greeting and without the politeness
// before it, at most 40 ideographs or 80 letters, cut where a word or clause
// ends. A text that says nothing has no title.
func Title(p *Prepared) string {
	best, bestScore := -1, -1e9
	for i := range p.Sentences {
		if s := p.salience(i); s > bestScore {
			best, bestScore = i, s
		}
	}
	if best < 0 {
		return ""
	}
	s := p.withoutFrame(p.Sentences[best])
	return cutTitle(p.Runes[s.Start:s.End])
}

// Summary gives the sentences that tell most of the message in at most
// maxRunes runes, in their order. A first sentence that is longer is cut.
func Summary(p *Prepared, maxRunes int) []Span {
	if maxRunes <= 0 {
		return nil
	}
	type rated struct {
		i     int
		score float64
	}
	var order []rated
	for i := range p.Sentences {
		if p.roles[i] == roleContent {
			order = append(order, rated{i, p.salience(i)})
		}
	}
	if len(order) == 0 {
		for i := range p.Sentences {
			order = append(order, rated{i, p.salience(i)})
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return order[a].score > order[b].score })
	var picked []Span
	left := maxRunes
	for k, o := range order {
		s := p.withoutFrame(p.Sentences[o.i])
		if k > 0 && o.score < 0.35*order[0].score-0.5 || k > 0 && s.Len() > left {
			continue
		}
		if s.Len() > left {
			s.End = s.Start + cutAt(p.Runes[s.Start:s.End], func(n, _ int) bool { return n > left })
			if s.Len() == 0 {
				continue
			}
		}
		picked = append(picked, s)
		left -= s.Len()
		if len(picked) == 8 {
			break
		}
	}
	sort.Slice(picked, func(a, b int) bool { return picked[a].Start < picked[b].Start })
	return picked
}

// salience says how much a sentence tells of what the customer wants.
func (p *Prepared) salience(i int) float64 {
	s := p.Sentences[i]
	n := p.inNormal(s)
	score := 0.0
	switch p.roles[i] {
	case roleHello, roleBye:
		score = -10
	case roleBoilerplate, roleQuoted:
		score = -20
	}
	var ask, problem, feel float64
	topics := 0.0
	for _, c := range p.cuesIn(n) {
		switch c.kind {
		case cueAsk:
			ask++
		case cueProblem:
			problem++
		case cueTopic:
			topics++
		case cueFeeling:
			if c.weight < 0 {
				feel++
			}
		}
	}
	score += 2*min(problem, 2) + 1.2*min(ask, 2) + 0.5*min(topics, 3) + 0.2*min(feel, 2)
	weight := p.weigh(n.Start, n.End)
	switch { // too little to tell anything, or a whole story
	case weight < 8:
		score -= 2
	case weight < 16:
		score -= 0.5
	case weight > 160:
		score -= 0.5
	}
	// Facts: a number or a code.
	for _, r := range p.Normal.Runes[n.Start:n.End] {
		if r >= '0' && r <= '9' {
			score += 0.4
			break
		}
	}
	// What comes first is what it is about.
	return score - 0.45*float64(min(p.earlier[i], 6))
}

// opening words that only lead to what is asked.
var openings = newPhrases([]string{
	"请问一下", "请问下", "请问", "我想问一下", "我想问下", "我想问", "想问一下", "想问下", "想问问", "我想咨询一下", "我想咨询", "想咨询一下", "想咨询下", "想咨询", "咨询一下", "咨询下", "问一下", "问下",
	"麻烦帮我看一下", "麻烦帮我看下", "麻烦帮忙看下", "麻烦问一下", "麻烦", "打扰一下", "打扰了", "不好意思", "那个", "是这样的", "是这样", "情况是这样的", "事情是这样的", "您好", "你好", "亲", "在吗", "你们好", "客服", "嗨", "喂", "哎", "嗯", "hi", "hello", "hey", "dear", "team", "there", "support", "all",
	"i am writing to inform you that", "i am writing to ask", "i am writing to complain about", "i am writing because", "i'm writing because", "i'm writing to", "i am writing to", "i just wanted to ask", "i wanted to ask", "i would like to ask", "i'd like to ask", "just wondering", "i was wondering", "quick question", "sorry to bother you", "excuse me", "so", "well", "ok", "good morning", "good afternoon", "good evening", "please note that", "just to let you know that", "尊敬的客服", "早上好", "下午好", "晚上好", "对了", "另外", "还有", "also", "btw", "by the way", "and", "第一个问题", "第二个问题",
})

// withoutFrame takes the greeting and the politeness off the beginning of a
// sentence, and the mark of a list.
func (p *Prepared) withoutFrame(s Span) Span {
	if k := listMarkLen(p.Runes, s.Start); k > 0 && s.Start+k < s.End {
		s.Start += k
	}
	trim := func() {
		for s.Start < s.End && (isSpace(p.Runes[s.Start]) || strings.ContainsRune(",，、:：;；!！~～。.—-*>#", p.Runes[s.Start])) {
			s.Start++
		}
	}
	orig := s
	trim()
	for range 5 {
		n := p.inNormal(s)
		if n.Len() == 0 {
			break
		}
		longest := 0
		head := p.Normal.Runes[n.Start:min(n.End, n.Start+40)]
		openings.find(head, func(_, start, end int) {
			if start == 0 && end > longest {
				longest = end
			}
		})
		if longest == 0 {
			break
		}
		// A greeting may call somebody: "Hi Anna, …", "亲爱的客服，…".
		rest := Span{p.Normal.Original(Span{n.Start, n.Start + longest}).End, s.End}
		if p.weigh(n.Start+longest, n.End) < 8 {
			break
		}
		s = rest
		if isGreeting(string(head[:longest])) {
			for k := s.Start; k < s.End && k < s.Start+24; k++ {
				if r := p.Runes[k]; r == ',' || r == '，' || r == '!' || r == '！' {
					if s.End-k > 8 {
						s.Start = k + 1
					}
					break
				} else if isHan(r) && k > s.Start+5 {
					break
				}
			}
		}
		trim()
	}
	if s.Start >= s.End {
		return orig
	}
	return s
}

func isGreeting(w string) bool {
	switch w {
	case "hi", "hello", "hey", "dear", "您好", "你好", "亲", "good morning", "good afternoon", "good evening":
		return true
	}
	return false
}

// cutTitle makes one line of a sentence, without the sign at its end, cut to
// the width of a title.
func cutTitle(rs []rune) string {
	line := make([]rune, 0, len(rs))
	for _, r := range rs[:min(len(rs), 400)] {
		switch v := visible(r); {
		case v == 0:
		case isSpace(v):
			if len(line) > 0 && line[len(line)-1] != ' ' {
				line = append(line, ' ')
			}
		default:
			line = append(line, r)
		}
	}
	trimEnd := func(cut bool) {
		for len(line) > 0 {
			switch r := line[len(line)-1]; {
			case r == ' ', strings.ContainsRune("。.，,；;：:！!、~～…—-", r):
			case cut && strings.ContainsRune("（(“\"「【", r):
			default:
				return
			}
			line = line[:len(line)-1]
		}
	}
	trimEnd(false)
	if width(line) > maxTitle {
		line = withoutAsides(line)
	}
	n := cutAt(line, func(_, w int) bool { return w > maxTitle-1 })
	if n < len(line) && width(line) > maxTitle {
		line = line[:n]
		trimEnd(true)
		line = append(line, '…')
	}
	return string(line)
}

// withoutAsides leaves out what stands in brackets: numbers and models push the
// problem off the end of a title.
func withoutAsides(line []rune) []rune {
	out := make([]rune, 0, len(line))
	for i := 0; i < len(line); i++ {
		if r := line[i]; r == '(' || r == '（' {
			end := i + 1
			for end < len(line) && !strings.ContainsRune("()（）", line[end]) {
				end++
			}
			if end < len(line) && (line[end] == ')' || line[end] == '）') {
				if i = end; len(out) > 0 && out[len(out)-1] == ' ' && end+1 < len(line) && line[end+1] == ' ' {
					i++
				}
				continue
			}
		}
		out = append(out, line[i])
	}
	if len(out) < 8 { // all that it says
		return line
	}
	return out
}

func width(rs []rune) int {
	w := 0
	for _, r := range rs {
		w += runeWidth(r)
	}
	return w
}

func runeWidth(r rune) int {
	if r >= 0x1100 && (r < 0x2000 || r >= 0x2e80) && (r < 0x1200 || r >= 0x2e80) {
		return 2
	}
	return 1
}

// cutAt gives how many runes fit before over(runes, width) is true, ending
// where a clause or, for want of one, a word ends.
func cutAt(rs []rune, over func(n, w int) bool) int {
	n, w := 0, 0
	for n < len(rs) {
		if over(n+1, w+runeWidth(rs[n])) {
			break
		}
		w += runeWidth(rs[n])
		n++
	}
	if n == len(rs) {
		return n
	}
	for k := n; k > n*2/3; k-- { // a clause
		if strings.ContainsRune("，,；;。：！？、", rs[k-1]) {
			return k
		}
	}
	for k := n; k > n/2; k-- { // a word
		a, b := rs[k-1], rs[k]
		if isSpace(a) || isSpace(b) || !inWord(a, b) {
			return k
		}
	}
	return n
}

// inWord says whether two neighbours belong to one word, as far as one can
// tell without a dictionary.
func inWord(a, b rune) bool {
	wordy := func(r rune) bool {
		return isWordRune(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' || r == '@' || r == '/' || r == '\'' || r == '’'
	}
	if unicode.IsMark(b) || b == 0x200d || a == 0x200d {
		return true
	}
	return wordy(a) && wordy(b)
}
