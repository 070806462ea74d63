package nlp

import "strings"

// Matter is one request of a message.
type Matter struct {
	Spans []Span `json:"spans"`
	Title string `json:"title"`
	Why   string `json:"why"` // "single", "list", "said" (the writer says that there is another), "topic"
	Cue   Span   `json:"cue"` // what begins it; empty for the first
}

const (
	maxMatters     = 8
	matterSentence = 200 // sentences looked at
)

// Matters finds the independent requests of a message. A message is one matter
// unless the writer numbers requests, says that there is another, or asks for
// things of different kinds in sentences of their own; a matter told in
// several sentences, steps that led to a fault, and lists of facts are one.
// An empty text has none.
func Matters(p *Prepared) []Matter {
	parts := p.parts()
	if len(parts) == 0 {
		return nil
	}
	var groups []matterPart
	if list := p.listed(parts); list != nil {
		groups = list
	} else {
		groups = p.grouped(parts)
	}
	if len(groups) < 2 {
		var all []Span
		for _, x := range parts {
			all = append(all, x.span)
		}
		return []Matter{{Spans: joinSpans(all), Title: Title(p), Why: "single"}}
	}
	var out []Matter
	for _, g := range groups {
		out = append(out, Matter{Spans: joinSpans(g.spans), Title: p.titleOf(g.spans), Why: g.why, Cue: g.cue})
	}
	return out
}

// matterPart is a clause that may hold a request of its own, or several that
// belong together.
type matterPart struct {
	span   Span
	normal Span
	spans  []Span
	topics uint32
	ask    bool // a request, a question or a problem
	wish   bool // a request or a question
	other  int  // 2 the writer says it is another matter, 1 something is added
	cue    Span
	mark   bool // begins with the mark of a list
	why    string
}

// parts cuts the content of a message into sentences and these where another
// matter is announced.
func (p *Prepared) parts() []matterPart {
	var out []matterPart
	for i, s := range p.Sentences {
		if p.roles[i] != roleContent {
			continue
		}
		if len(out) >= matterSentence {
			break
		}
		n := p.inNormal(s)
		cut := []int{n.Start}
		for _, c := range p.cuesIn(n) {
			if (c.kind == cueOther || c.kind == cueFurther) && c.start > cut[len(cut)-1]+4 && p.clauseBegins(c.start) && p.weigh(c.end, n.End) >= 8 {
				cut = append(cut, c.start)
			}
		}
		cut = append(cut, n.End)
		if marks := p.inlineMarks(n); marks != nil {
			cut = append(append(append([]int{}, n.Start), marks...), n.End)
		}
		for k := 0; k+1 < len(cut); k++ {
			if cut[k] >= cut[k+1] {
				continue
			}
			x := matterPart{normal: Span{cut[k], cut[k+1]}}
			x.span = p.Normal.Original(x.normal)
			if k == 0 {
				x.span.Start = s.Start
				x.mark = listMark(p.Runes, s.Start)
			}
			if k+2 == len(cut) {
				x.span.End = s.End
			}
			if k > 0 && (listMark(p.Normal.Runes, cut[k]) || listMark(p.Runes, x.span.Start)) {
				x.mark = true
			}
			p.judge(&x)
			out = append(out, x)
		}
	}
	return out
}

// inlineMarks gives the places of "1. … 2. …" inside one line; nil when the
// marks do not count up from one.
func (p *Prepared) inlineMarks(n Span) []int {
	text := p.Normal.Runes[:n.End]
	var at []int
	for i := n.Start; i < n.End && len(at) <= maxMatters; i++ {
		r := text[i]
		if o := int(p.Normal.from[i]); o < len(p.Runes) && p.Runes[o] == '①'+rune(len(at)) {
			at = append(at, i)
			continue
		}
		want := rune('1' + len(at))
		letter := rune('a' + len(at))
		numeral := []rune("一二三四五六七八九九")[min(len(at), 9)]
		if r != want && r != letter && r != numeral || i > 0 && isWordRune(text[i-1]) || i+2 >= n.End {
			continue
		}
		next := text[i+1]
		switch {
		case next == ')' || next == '、' && (r == want || r == numeral):
		case next == '.' && r == want && !(text[i+2] >= '0' && text[i+2] <= '9'):
		default:
			continue
		}
		if i > n.Start && !p.clauseBegins(i) && text[i-1] != '(' && next != ')' && !(next == '、' && text[i-1] == ' ') {
			continue
		}
		at = append(at, i)
	}
	if len(at) < 2 {
		return nil
	}
	if at[0] <= n.Start+1 {
		at = at[1:]
	}
	return at
}

func (p *Prepared) clauseBegins(at int) bool {
	for k := at - 1; k >= 0; k-- {
		switch p.Normal.Runes[k] {
		case ' ':
			continue
		case ',', '。', '.', '!', '?', ';', ':', '\n', '，', '、', ')', '~', '…':
			return true
		}
		return false
	}
	return true
}

func (p *Prepared) judge(x *matterPart) {
	head := x.normal.Start + 10
	for _, c := range p.cuesIn(x.normal) {
		switch c.kind {
		case cueAsk:
			x.ask, x.wish = true, true
		case cueProblem:
			x.ask = true
		case cueTopic:
			x.topics |= 1 << int(c.weight)
		case cueOther:
			if c.start < head+10 && x.other < 2 {
				x.other, x.cue = 2, p.Normal.Original(Span{c.start, c.end})
			}
		case cueFurther:
			if c.start < head && x.other < 1 && p.clauseBegins(c.start) {
				x.other, x.cue = 1, p.Normal.Original(Span{c.start, c.end})
			}
		}
	}
	t := p.Normal.Runes[x.normal.Start:x.normal.End]
	for i := len(t) - 1; i >= 0 && i >= len(t)-3; i-- {
		if t[i] == '?' {
			x.ask, x.wish = true, true
		}
	}
}

// listed gives the matters of a numbered list of requests, or nil when there
// is none.
func (p *Prepared) listed(parts []matterPart) []matterPart {
	var items []matterPart
	first := -1
	for i, x := range parts {
		switch {
		case x.mark:
			if first < 0 {
				first = i
			}
			x.spans = []Span{x.span}
			x.why = "list"
			items = append(items, x)
		case len(items) > 0:
			if x.other > 0 && x.wish {
				return nil // not a plain list
			}
			last := &items[len(items)-1]
			if len(last.spans) < 6 {
				last.spans = append(last.spans, x.span)
				last.ask, last.wish, last.topics = last.ask || x.ask, last.wish || x.wish, last.topics|x.topics
			}
		}
	}
	if len(items) < 2 || len(items) > maxMatters {
		return nil
	}
	// Steps and facts are lists too.
	lead := ""
	for _, x := range parts[:first] {
		lead = string(p.Normal.Runes[x.normal.Start:x.normal.End])
	}
	for _, w := range []string{"步骤", "如下操作", "操作如下", "复现", "试过", "试了", "尝试", "信息如下", "资料如下", "明细", "配置", "经过", "过程", "时间线", "证据", "理由", "原因", "steps", "tried", "reproduce", "details", "following information", "information below", "timeline", "what happened", "reasons", "because", "evidence", "attached", "order contains", "items ordered"} {
		if strings.Contains(lead, w) {
			return nil
		}
	}
	if p.listLead(lead) {
		for i := range items {
			items[i].ask, items[i].wish = items[i].ask || items[i].topics != 0, items[i].wish || items[i].topics != 0
		}
	}
	wishes, asks := 0, 0
	var topics uint32
	shared := true
	for i, x := range items {
		if x.wish {
			wishes++
		}
		if x.ask {
			asks++
		}
		if i > 0 && topics&x.topics == 0 {
			shared = false
		}
		topics |= x.topics
	}
	if asks < len(items) || wishes < len(items)-1 {
		return nil
	}
	several := p.listLead(lead)
	if shared && !several {
		return nil // one topic from several sides
	}
	for i := range items {
		if i == 0 {
			items[i].cue = Span{}
		} else {
			items[i].cue = Span{items[i].span.Start, min(items[i].span.End, items[i].span.Start+2)}
		}
	}
	// What leads in belongs to the first.
	var before []Span
	for _, x := range parts[:first] {
		before = append(before, x.span)
	}
	items[0].spans = append(before, items[0].spans...)
	return items
}

// listLead says whether what leads into a list announces several matters.
func (p *Prepared) listLead(lead string) bool {
	for _, w := range []string{"几个问题", "几件事", "两个问题", "三个问题", "两件事", "三件事", "以下问题", "下面几个", "以下几", "诉求", "两点", "三点", "几点", "questions", "issues", "things", "requests", "points", "matters"} {
		if strings.Contains(lead, w) {
			return true
		}
	}
	return false
}

// grouped walks through the message and begins a matter where the writer says
// so and the parts bear it out.
func (p *Prepared) grouped(parts []matterPart) []matterPart {
	var groups []matterPart
	announced := false // "two things": what is of another topic then is another one
	for i, x := range parts {
		x.spans = []Span{x.span}
		if i == 0 && !x.ask && p.weigh(x.normal.Start, x.normal.End) <= 24 {
			announced = p.listLead(string(p.Normal.Runes[x.normal.Start:x.normal.End]))
		}
		if len(groups) == 0 {
			groups = append(groups, x)
			continue
		}
		g := &groups[len(groups)-1]
		fresh := x.topics != 0 && p.allTopics(groups)&x.topics == 0
		begins := ""
		switch {
		case !g.ask && (x.other < 2 || g.topics == 0) || len(groups) >= maxMatters:
		case x.other == 2 && x.ask && (x.topics == 0 || fresh || !only(x.topics, g.topics)):
			begins = "said"
		case x.other == 1 && x.ask && fresh && (g.wish || g.topics != 0 || x.topics&^faultTopics != 0):
			begins = "topic"
		case announced && x.wish && fresh && g.topics != 0:
			begins = "said"
		}
		if begins == "" {
			// An announcement without content ("还有一个问题。") goes with what
			// comes after it.
			if x.other == 2 && !x.ask && p.weigh(x.normal.Start, x.normal.End) <= 24 && g.ask {
				x.why = "said"
				x.ask = false
				groups = append(groups, x)
				continue
			}
			g.spans = append(g.spans, x.span)
			g.ask, g.wish, g.topics = g.ask || x.ask, g.wish || x.wish, g.topics|x.topics
			continue
		}
		x.why = begins
		groups = append(groups, x)
	}
	// A last announcement that nothing followed is no matter.
	for len(groups) > 1 && !groups[len(groups)-1].ask {
		last := groups[len(groups)-1]
		groups = groups[:len(groups)-1]
		g := &groups[len(groups)-1]
		g.spans = append(g.spans, last.spans...)
	}
	if len(groups) > 1 {
		groups[0].why = groups[1].why
		groups[0].cue = Span{}
	}
	return groups
}

// faultTopics are those of a thing that does not work: what is added about them
// after a fault may belong to it.
const faultTopics = 1<<4 | 1<<15

func (p *Prepared) allTopics(groups []matterPart) uint32 {
	var t uint32
	for _, g := range groups {
		t |= g.topics
	}
	return t
}

// only says whether all topics of a are among those of b.
func only(a, b uint32) bool { return a&^b == 0 }

// joinSpans makes one of spans with nothing but a little space between.
func joinSpans(in []Span) []Span {
	var out []Span
	for _, s := range in {
		if k := len(out) - 1; k >= 0 && s.Start >= out[k].End && s.Start-out[k].End <= 2 {
			out[k].End = s.End
			continue
		}
		out = append(out, s)
	}
	return out
}

// titleOf gives the title of some spans of the message.
func (p *Prepared) titleOf(spans []Span) string {
	best, bestScore := Span{}, -1e9
	for i, s := range spans {
		n := p.inNormal(s)
		score := -0.3 * float64(i)
		for _, c := range p.cuesIn(n) {
			switch c.kind {
			case cueProblem:
				score += 1.5
			case cueAsk:
				score++
			case cueTopic:
				score += 0.7
			}
		}
		if p.weigh(n.Start, n.End) < 8 {
			score -= 4
		}
		if score > bestScore {
			best, bestScore = s, score
		}
	}
	if best.Len() == 0 {
		return ""
	}
	s := p.withoutFrame(best)
	return cutTitle(p.Runes[s.Start:s.End])
}
