package nlp

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"zhidan/internal/platform/fault"
)

// RiskKind is what a message warns of.
type RiskKind string

// The kinds of risk.
const (
	Anger     RiskKind = "anger"
	Churn     RiskKind = "churn"
	Legal     RiskKind = "legal"
	Media     RiskKind = "media"
	Regulator RiskKind = "regulator"
	Safety    RiskKind = "safety"

	kindNone RiskKind = "none"
)

// RiskKinds are all kinds, in the order in which they are shown.
var RiskKinds = []RiskKind{Safety, Regulator, Legal, Media, Churn, Anger}

// Signal is one warning: its kind, how grave it is from 1 to 3, where it
// stands in the original and which cue of the lists it is.
type Signal struct {
	Kind     RiskKind `json:"kind"`
	Severity int      `json:"severity"`
	Start    int      `json:"start"`
	End      int      `json:"end"`
	Cue      string   `json:"cue"`
}

// RiskCue is one entry of the lists. Kind "none" marks a phrase that only
// looks like a cue, such as the name of a product: no cue inside it counts. A
// Latin cue matches whole words; with * at its end the word may go on. Two dots
// stand for a few words of the same sentence: "活着..没意思".
type RiskCue struct {
	Kind     RiskKind `json:"kind"`
	Text     string   `json:"text"`
	Severity int      `json:"severity"`

	noun  bool // counts only beside a grievance
	alarm bool // the alarm of a machine: counts unless it is said to be a false one or the talk is of the product
}

// RiskEdits are what a tenant changes in the shipped lists. An added cue
// replaces a shipped one of the same text and kind, which is also how a
// severity is changed.
type RiskEdits struct {
	Add    []RiskCue `json:"add,omitempty"`
	Remove []RiskCue `json:"remove,omitempty"` // an empty kind removes the text from all
}

// Limits of a tenant's lists.
const (
	MaxRiskCues    = 5000
	MaxRiskCueSize = 64 // runes
)

// RiskLists are lists made ready for reading texts. Safe for concurrent use.
type RiskLists struct {
	phrases *phrases
	text    []string
	cues    [][]RiskCue // by phrase
	pairs   []riskPair  // cues with a gap, by their first phrase
	parts   []bool      // phrases that are part of a cue with a gap
}

// riskPair is a cue of two phrases with a gap between.
type riskPair struct {
	first, second int
	cue           RiskCue
}

// ShippedRiskCues gives the lists that Zhidan ships, for the screen on which
// they are edited.
func ShippedRiskCues() []RiskCue {
	var all []RiskCue
	for _, l := range riskWords {
		for w := range strings.SplitSeq(l.words, "|") {
			if w = strings.TrimSpace(w); w != "" {
				all = append(all, RiskCue{Kind: l.kind, Text: w, Severity: l.severity, noun: l.noun})
			}
		}
	}
	for _, l := range alarmWords {
		for w := range strings.SplitSeq(l.words, "|") {
			all = append(all, RiskCue{Kind: Safety, Text: w, Severity: l.severity, alarm: true})
		}
	}
	return all
}

// ShippedRisk gives the shipped lists, ready.
var ShippedRisk = sync.OnceValue(func() *RiskLists { return buildRisk(ShippedRiskCues()) })

// CompileRisk makes ready the shipped lists with a tenant's edits. Cues are
// compared in normal form, so width, case and traditional characters do not
// matter.
func CompileRisk(e RiskEdits) (*RiskLists, error) {
	if len(e.Add) > MaxRiskCues {
		return nil, fault.Bad("add", "risk.too_many", "at most %d cues", MaxRiskCues)
	}
	if len(e.Remove) > MaxRiskCues {
		return nil, fault.Bad("remove", "risk.too_many", "at most %d cues", MaxRiskCues)
	}
	type key struct {
		kind RiskKind
		text string
	}
	drop := map[key]bool{}
	for _, c := range e.Remove {
		drop[key{c.Kind, riskText(c.Text)}] = true
	}
	var add []RiskCue
	for _, c := range e.Add {
		known := c.Kind == kindNone
		for _, k := range RiskKinds {
			known = known || k == c.Kind
		}
		if !known {
			return nil, fault.Bad("kind", "risk.kind", "%q is no kind of risk", string(c.Kind))
		}
		if utf8.RuneCountInString(c.Text) > MaxRiskCueSize {
			return nil, fault.Bad("text", "risk.too_long", "a cue has at most %d characters", MaxRiskCueSize)
		}
		c.Text = riskText(c.Text)
		a, b, gap := strings.Cut(c.Text, "..")
		if strings.Trim(a, "* .") == "" || gap && strings.Trim(b, "* .") == "" {
			return nil, fault.Bad("text", "risk.empty", "a cue needs a word")
		}
		if c.Kind != kindNone && (c.Severity < 1 || c.Severity > 3) {
			return nil, fault.Bad("severity", "risk.severity", "a severity is 1, 2 or 3")
		}
		drop[key{c.Kind, c.Text}] = true
		add = append(add, c)
	}
	var all []RiskCue
	for _, c := range ShippedRiskCues() {
		if !drop[key{c.Kind, c.Text}] && !drop[key{"", c.Text}] {
			all = append(all, c)
		}
	}
	return buildRisk(append(all, add...)), nil
}

func riskText(s string) string {
	n := Normalise(s)
	return strings.ReplaceAll(strings.TrimSpace(n.Text()), "\n", " ")
}

func buildRisk(cues []RiskCue) *RiskLists {
	l := &RiskLists{}
	at := map[string]int{}
	phrase := func(text string) int {
		i, ok := at[text]
		if !ok {
			i = len(l.text)
			at[text] = i
			l.text = append(l.text, text)
			l.cues = append(l.cues, nil)
			l.parts = append(l.parts, false)
		}
		return i
	}
	for _, c := range cues {
		if a, b, ok := strings.Cut(c.Text, ".."); ok {
			a, b = strings.TrimSpace(a), strings.TrimSpace(b)
			if a == "" || b == "" {
				continue
			}
			p := riskPair{phrase(a), phrase(b), c}
			l.parts[p.first], l.parts[p.second] = true, true
			l.pairs = append(l.pairs, p)
			continue
		}
		i := phrase(c.Text)
		dup := false
		for k := range l.cues[i] {
			if l.cues[i][k].Kind == c.Kind {
				l.cues[i][k].Severity = max(l.cues[i][k].Severity, c.Severity)
				dup = true
			}
		}
		if !dup {
			l.cues[i] = append(l.cues[i], c)
		}
	}
	sort.SliceStable(l.pairs, func(i, j int) bool { return l.pairs[i].first < l.pairs[j].first })
	l.phrases = newPhrases(l.text)
	return l
}

// pairsOf gives the cues with a gap whose first phrase it is.
func (l *RiskLists) pairsOf(phrase int) []riskPair {
	i := sort.Search(len(l.pairs), func(i int) bool { return l.pairs[i].first >= phrase })
	j := i
	for j < len(l.pairs) && l.pairs[j].first == phrase {
		j++
	}
	return l.pairs[i:j]
}

const (
	maxRiskHits    = 4096 // cues looked at in one text
	maxRiskSignals = 64   // warnings given for one text
)

// Risk gives the warnings in a text, by place; of overlapping cues of one kind
// the longest. A cue that is denied ("没有起火", "no smoke"), that is part of
// the name of a thing ("防火墙", "fire extinguisher") or, for accidents, only
// asked about ("会不会漏电") gives no warning. A hint at suicide is never taken
// back by a denial; it only becomes less grave. nil lists are the shipped ones.
func Risk(p *Prepared, lists *RiskLists) []Signal {
	if lists == nil {
		lists = ShippedRisk()
	}
	hits, covers := lists.hits(p.Normal.Runes)
	if len(hits) == 0 {
		return nil
	}
	var out, nouns []Signal
	last := map[RiskKind]int{} // where the last warning of a kind ended
	prevEnd, prevDenied := -1, false
	from := 0
	for _, h := range hits {
		for from < len(covers) && covers[from].end < h.start-MaxRiskCueSize {
			from++
		}
		covered := false
		for _, c := range covers[from:] {
			if c.start > h.start {
				break
			}
			if c.end >= h.end && c.end-c.start > h.end-h.start {
				covered = true
				break
			}
		}
		if covered {
			continue
		}
		denied := p.riskDenied(h.start, h.end)
		if !denied && prevDenied && prevEnd >= 0 && isListing(p.Normal.Runes, prevEnd, h.start) {
			denied = true
		}
		if h.end <= prevEnd && prevDenied {
			denied = true // part of what was denied
		}
		if h.end > prevEnd {
			prevEnd, prevDenied = h.end, denied
		}
		for _, c := range h.cues {
			if c.Kind == kindNone || h.start < last[c.Kind] {
				continue
			}
			severity := c.Severity
			if denied {
				if c.Kind != Safety || !ofDespair(c.Text) {
					continue
				}
				if strings.HasPrefix(c.Text, "不") || strings.HasPrefix(c.Text, "没") || strings.HasPrefix(c.Text, "no ") || strings.HasPrefix(c.Text, "don't") {
					// The denial is part of how people say it.
				} else {
					severity = 1
				}
			} else if c.Kind == Safety && !ofDespair(c.Text) && p.riskAsked(h.start) {
				continue
			}
			if c.alarm && p.falseAlarm() {
				continue
			}
			o := p.Normal.Original(Span{h.start, h.end})
			if c.noun {
				if !denied && len(nouns) < maxRiskSignals {
					nouns = append(nouns, Signal{c.Kind, severity, o.Start, o.End, c.Text})
				}
				continue
			}
			out = append(out, Signal{c.Kind, severity, o.Start, o.End, c.Text})
			last[c.Kind] = h.end
			if len(out) >= maxRiskSignals {
				return out
			}
		}
	}
	if len(nouns) > 0 && (len(out) > 0 || p.aggrieved()) {
		out = append(out, nouns...)
		sort.SliceStable(out, func(a, b int) bool { return out[a].Start < out[b].Start })
	}
	return p.settle(out)
}

// riskHit is a cue at its place in the normal text.
type riskHit struct {
	cues       []RiskCue
	start, end int
}

// hits finds the cues of a text and the phrases that only look like some, both
// in order, of those that begin together the longest first.
func (l *RiskLists) hits(text []rune) (hits, covers []riskHit) {
	type part struct{ phrase, start, end int }
	var parts []part
	l.phrases.find(text, func(id, start, end int) {
		if len(hits)+len(covers)+len(parts) >= maxRiskHits {
			return
		}
		if l.parts[id] {
			parts = append(parts, part{id, start, end})
		}
		none, some := false, false
		for _, c := range l.cues[id] {
			none = none || c.Kind == kindNone
			some = some || c.Kind != kindNone
		}
		if some {
			hits = append(hits, riskHit{l.cues[id], start, end})
		}
		if none {
			covers = append(covers, riskHit{nil, start, end})
		}
	})
	for i, a := range parts {
		for _, pair := range l.pairsOf(a.phrase) {
			gap := 10
			if isLatin(text[a.start]) {
				gap = 30
			}
			for _, b := range parts[i+1:] {
				if b.end > a.end+gap+MaxRiskCueSize {
					break
				}
				if b.phrase == pair.second && b.start >= a.end && b.start <= a.end+gap && oneSentence(text[a.end:b.start]) && (!deniedBetween(text[a.end:b.start]) || ofDespair(pair.cue.Text)) {
					hits = append(hits, riskHit{[]RiskCue{pair.cue}, a.start, b.end})
					break
				}
			}
		}
	}
	order := func(h []riskHit) {
		sort.SliceStable(h, func(a, b int) bool {
			if h[a].start != h[b].start {
				return h[a].start < h[b].start
			}
			return h[a].end > h[b].end
		})
	}
	order(hits)
	order(covers)
	return hits, covers
}

// deniedBetween says whether a denial stands between the two phrases of a cue:
// 孩子没有受伤.
func deniedBetween(gap []rune) bool {
	if len(gap) == 0 {
		return false
	}
	denied := false
	gapDenials.find(gap, func(id, _, _ int) { denied = denied || id < gapDenied })
	if denied {
		gapDenials.find(gap, func(id, _, _ int) { denied = denied && id < gapDenied })
	}
	return denied
}

// gapDenied are how many of gapDenials deny; the others only look so.
const gapDenied = 10

var gapDenials = newPhrases([]string{"没", "没有", "不", "未", "无", "no", "not", "never", "wasn't", "isn't", "不小心", "没想到", "不料", "不慎", "没注意", "不停", "不断", "不知", "无法", "无缘无故"})

func oneSentence(text []rune) bool {
	for _, r := range text {
		switch r {
		case '。', '!', '?', '\n':
			return false
		}
	}
	return true
}

// aggrieved says whether anything in the text shows displeasure or trouble: a
// lawyer who orders paper is no threat.
func (p *Prepared) aggrieved() bool {
	for _, c := range p.cues {
		switch c.kind {
		case cueProblem:
			return true
		case cueFeeling:
			if c.weight < 0 {
				return true
			}
		}
	}
	found := false
	grievance.find(p.Normal.Runes, func(_, _, _ int) { found = true })
	return found
}

// grievance are words of those who have a quarrel with us.
var grievance = newPhrases([]string{"否则", "不然", "再不", "如果不", "要是不", "不解决", "不处理", "不退", "不给", "赔", "等着", "看着办", "说法", "交代", "书面答复", "天时间", "退款", "退钱", "追究", "拒绝", "复印件", "材料", "unless", "otherwise", "if you don't", "if you do not", "or else", "refuse", "refused", "refuses", "you have", "in writing", "owe", "refund", "already", "i will", "i'll", "we will", "we'll", "going to"})

// falseAlarm says that the text speaks of an alarm as a thing to be bought,
// set up or tested, or calls it a false one.
func (p *Prepared) falseAlarm() bool {
	found := false
	calmAlarm.find(p.Normal.Runes, func(_, _, _ int) { found = true })
	return found
}

var calmAlarm = newPhrases([]string{"误报", "误触", "测试", "演练", "演习", "演示", "没烟", "没有烟", "没火", "没有火", "没闻到", "没漏", "没有漏", "没电", "电池", "怎么装", "怎么安装", "怎么设置", "怎么换", "怎么校准", "校准", "标定", "多少钱", "价格", "报价", "采购", "推荐", "哪款", "哪种", "阈值设", "已恢复", "已解除", "恢复正常", "已排除",
	"false alarm", "false alarms", "test", "tests", "tested", "drill", "demo", "no smoke", "no gas", "no leak", "no water", "battery", "batteries", "chirp*", "beep*", "how do i", "how to", "calibrate", "calibration", "recommend", "price", "quote", "in stock", "install*", "threshold", "cleared", "back to normal", "resolved"})

// settle drops faint anger that stands alone: a single hard word is
// displeasure, several or a shouted one are anger.
func (p *Prepared) settle(signals []Signal) []Signal {
	// Who speaks of dying is not about to change the supplier.
	for _, s := range signals {
		if s.Kind == Safety && s.Severity == 3 && ofDespair(s.Cue) {
			signals = slices.DeleteFunc(signals, func(s Signal) bool { return s.Kind == Churn })
			break
		}
	}
	anger, strong := 0, false
	for _, s := range signals {
		if s.Kind == Anger {
			anger++
			strong = strong || s.Severity > 1
		}
	}
	if anger == 0 || strong || anger >= 2 {
		return signals
	}
	if bangs, caps := p.loudness(); bangs >= 2 || caps > 0 {
		return signals
	}
	kept := signals[:0]
	for _, s := range signals {
		if s.Kind != Anger {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// despairWords mark the cues of those who may want to die.
var despairWords = newPhrases([]string{"活", "死", "轻生", "自杀", "自尽", "自残", "割腕", "跳楼", "跳河", "跳桥", "跳下去", "上吊", "想不开", "短见", "了百了", "结束", "了结", "了此", "世界", "消失", "遗书", "遗言", "撑不", "熬不", "解脱", "不在了", "生命",
	"myself", "my life", "own life", "it all", "suicid*", "live", "living", "alive", "be here", "go on", "going on", "dead", "die", "without me", "wake", "way out", "wasn't here", "overdose", "self-harm", "self harm", "goodbye forever", "around much", "here tomorrow", "no meaning", "睡过去", "睡下去", "睡着", "人世", "人间", "世间", "世", "照顾", "道别", "永别", "告别", "明天", "没有我", "拖累", "sleep", "gone", "if i ", "existing", "exist", "this world", "miss me", "burden", "future", "goodbye", "final message", "last message", "天台", "楼顶", "桥上", "扛不下去", "醒", "没我", "来世", "下辈子", "on the roof", "bridge", "carry on", "disappear forever", "anymore"})

func ofDespair(cue string) bool {
	found := false
	despairWords.find([]rune(cue), func(_, _, _ int) { found = true })
	return found && !strings.Contains(cue, "砍") && !strings.Contains(cue, "弄死") && !strings.Contains(cue, "捅")
}

// riskDenied says whether a denial stands before a cue, with nothing but
// filling words between, or right after it.
func (p *Prepared) riskDenied(start, end int) bool {
	text := p.Normal.Runes
	const window = 32
	lo := max(0, start-window)
	head := text[lo:start]
	n := len(head)
	// reach[i]: from i on there are only filling words up to the cue.
	var reach [window + 1]bool
	reach[n] = true
	type piece struct{ a, b int }
	var fill, deny [64]piece
	nf, nd := 0, 0
	riskFillers.find(head, func(_, a, b int) {
		if nf < len(fill) {
			fill[nf] = piece{a, b}
			nf++
		}
	})
	riskDenials.find(text[lo:min(len(text), start+1)], func(_, a, b int) {
		if nd < len(deny) && b <= n {
			deny[nd] = piece{a, b}
			nd++
		}
	})
	if nd == 0 {
		return p.deniedAfter(end)
	}
	for i := n - 1; i >= 0; i-- {
		if head[i] == ' ' && reach[i+1] {
			reach[i] = true
		}
		for _, f := range fill[:nf] {
			if f.a == i && reach[f.b] {
				reach[i] = true
			}
		}
	}
	for _, d := range deny[:nd] {
		if reach[d.b] && !p.notReally(lo+d.a, lo+d.b) {
			return true
		}
	}
	return p.deniedAfter(end)
}

// notReally knows words that only look like denials: 没想到, 不但, 要不是,
// "差点没", "是不是".
func (p *Prepared) notReally(a, b int) bool {
	text := p.Normal.Runes
	after := string(text[b:min(len(text), b+3)])
	before := string(text[max(0, a-2):a])
	word := string(text[a:b])
	switch {
	case strings.HasPrefix(after, "想到"), strings.HasPrefix(after, "到"), strings.HasPrefix(after, "但"), strings.HasPrefix(after, "仅"), strings.HasPrefix(after, "料到"), strings.HasPrefix(after, "过多久"):
		return true
	case strings.HasSuffix(before, "差点"), strings.HasSuffix(before, "要"), strings.HasSuffix(before, "是") && word == "不", strings.HasSuffix(before, "动") && word == "不", strings.HasSuffix(before, "受"), strings.HasSuffix(before, "有") && word == "没有", strings.HasSuffix(before, "会") && word == "不会":
		return true
	case (word == "不" || word == "没") && (strings.HasPrefix(after, "得") || strings.HasPrefix(after, "了")):
		return true
	case word == "not":
		return strings.HasPrefix(string(text[b:min(len(text), b+5)]), " only")
	}
	return false
}

func (p *Prepared) deniedAfter(end int) bool {
	text := p.Normal.Runes
	tail := text[end:min(len(text), end+24)]
	found := false
	riskDenied.find(tail, func(_, a, _ int) {
		if a <= 1 {
			found = true
		}
	})
	return found
}

// riskAsked says whether a cue is only asked about or guarded against.
func (p *Prepared) riskAsked(start int) bool {
	text := p.Normal.Runes
	lo := max(0, start-26)
	for k := start; k > lo; k-- {
		switch text[k-1] {
		case ',', '。', '!', '?', ';', '\n', '.', '，':
			lo = k
		}
		if lo == k {
			break
		}
	}
	found := false
	riskMaybe.find(text[lo:start], func(_, a, b int) {
		reach := 8
		if isLatin(text[lo+a]) {
			reach = 24
		}
		if start-(lo+b) <= reach {
			found = true
		}
	})
	return found
}

// isListing says whether two cues are items of one list.
func isListing(text []rune, from, to int) bool {
	if to-from > 8 || to < from {
		return false
	}
	switch strings.TrimSpace(string(text[from:to])) {
	case "、", "或", "或者", "和", "及", "以及", "与", "/", ",", "or", "and", "nor", ", or", ", no", ",no", ", nor", "or any", ",也没", ",也没有", "也没", "也没有", ", and":
		return true
	}
	return false
}
