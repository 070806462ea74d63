package nlp

import (
	"math"
	"strings"
	"unicode"
)

// Feeling is how the writer feels.
type Feeling struct {
	Step     int     `json:"step"`  // -2 very bad, -1 bad, 0 neutral, 1 good, 2 very good
	Score    float64 `json:"score"` // the same without steps, from -1 to 1
	Ironic   bool    `json:"ironic,omitempty"`
	Evidence []Span  `json:"evidence,omitempty"`
}

// feelingRunes is how much of a message is read for feelings.
const feelingRunes = 8 << 10

// Sentiment says how the writer feels, from words, faces and signs. A negation
// turns a word round, an intensifier weighs it, what follows "but" counts
// more, praise beside a grievance is taken for irony. A fault told without a
// feeling, and routine thanks, are neutral; a threat is not, however calm its
// words. The signals are those of Risk on the same text, nil when it was not
// asked.
func Sentiment(p *Prepared, signals []Signal) Feeling {
	text := p.Normal.Runes
	var good, bad, worst float64
	var f Feeling
	irony := 0
	var praise []int // indexes of praise in the evidence
	thanks := 0.0
	add := func(v float64, c found) {
		if len(f.Evidence) >= 64 {
			return
		}
		if v > 0 {
			good += v
			praise = append(praise, len(f.Evidence))
		} else {
			bad -= v
			worst = min(worst, v)
		}
		f.Evidence = append(f.Evidence, p.Normal.Original(Span{c.start, c.end}))
	}
	covered := -1
	quoted, machine := p.quotedFrom(), Span{}
	si := 0
	for i, c := range p.cues {
		if c.start >= feelingRunes || c.start >= quoted {
			break
		}
		// Machine text has no feelings.
		for si < len(p.Sentences) && (machine.End <= c.start) {
			machine = p.inNormal(p.Sentences[si])
			si++
		}
		if si > 0 && c.start >= machine.Start && c.start < machine.End && (p.roles[si-1] == roleBoilerplate || p.roles[si-1] == roleQuoted) {
			continue
		}
		switch c.kind {
		case cueIrony:
			irony++
			continue
		case cuePolite:
			if c.weight > 0.2 {
				thanks++
			}
			continue
		case cueFeeling:
		default:
			continue
		}
		if c.end <= covered || c.start < covered && covered-c.start > 1 {
			continue // inside a longer phrase
		}
		if p.inLongerFeeling(i) {
			continue
		}
		covered = c.end
		v := float64(c.weight)
		turned, more := p.before(i)
		if turned {
			if v > 0 {
				v *= -0.9
			} else {
				v *= -0.35 // "not bad" is less than good
			}
		}
		v *= more
		if p.butAfter(c) {
			v *= 0.5
		}
		if v > 0 && isRequestWord(string(text[c.start:c.end])) && p.asked(c) {
			continue
		}
		if math.Abs(v) >= 0.3 {
			add(v, c)
		}
	}
	loud, shouts := p.loudness()
	if shouts > 0 {
		loud++
	}
	for _, s := range signals {
		hard := 0.0
		switch {
		case s.Kind == Anger && s.Severity == 3:
			hard = 4
		case s.Kind == Safety && ofDespair(s.Cue):
			hard = 4
		case s.Kind != Safety && s.Severity >= 2:
			hard = 1
		case s.Kind == Safety && s.Severity == 3 && loud > 0: // told dryly it is a fact
			hard = 1
		}
		if bad < hard {
			if good > 0 && hard <= 1 {
				bad += hard
			} else {
				bad = hard
			}
			f.Evidence = append(f.Evidence, Span{s.Start, s.End})
		}
	}
	bangs, caps := p.loudness()
	if bad == 0 && good == 0 && (bangs > 0 || caps > 0) && p.grievances(0) && bangs+int(caps*10) >= 2 {
		bad = 1
	}
	if bad > 0 {
		bad *= 1 + 0.1*min(float64(bangs), 4) + caps
	} else if good > 0 {
		good *= 1 + 0.05*min(float64(bangs), 4)
	} else if caps > 0.3 && bangs > 1 {
		bad = 1
	}
	// Praise next to a grievance that is not softened: not meant so.
	if irony > 0 && good > 0 && p.grievances(bad) {
		f.Ironic = true
		bad += 0.8*good + 0.4*min(float64(irony), 3)
		good = 0
	} else if irony > 0 && bad > 0 {
		bad += 0.5
	}
	if bad == 0 && good > 0 && thanks > 0 {
		good += 0.4 * min(thanks, 3)
	}
	// One kind word beside a request or a fault is part of it, and praise that
	// stands alone is warmer.
	warm := !p.wants()
	net := good - bad
	f.Score = net / (math.Abs(net) + 3)
	switch {
	case net <= -4, worst <= -3 && net < -1.8:
		f.Step = -2
	case net <= -0.9:
		f.Step = -1
	case net >= 3.4, net >= 2.9 && warm:
		f.Step = 2
	case net >= 0.9 && (warm || net >= 1.6):
		f.Step = 1
	}
	if f.Step == 0 {
		f.Evidence = nil
	}
	return f
}

// wants says whether a message reports a fault or asks for something.
func (p *Prepared) wants() bool {
	for i, c := range p.cues {
		if (c.kind == cueProblem || c.kind == cueAsk) && !p.inLongerFeeling(i) {
			return true
		}
	}
	return false
}

// quotedFrom gives the place in the normal text where an earlier mail begins.
func (p *Prepared) quotedFrom() int {
	for i, r := range p.roles {
		if r == roleQuoted && i > 0 {
			rest := true
			for _, q := range p.roles[i:] {
				if q != roleQuoted {
					rest = false
					break
				}
			}
			if rest {
				return p.inNormal(p.Sentences[i]).Start
			}
		}
	}
	return len(p.Normal.Runes)
}

// inLongerFeeling says whether a cue lies within a longer cue that begins
// before it.
func (p *Prepared) inLongerFeeling(i int) bool {
	c := p.cues[i]
	for k := i - 1; k >= 0 && k > i-8 && p.cues[k].start > c.start-12; k-- {
		if o := p.cues[k]; (o.kind == cueFeeling || o.kind == cueHurry || o.kind == cueHello || o.kind == cueBye || o.kind == cueAsk) && o.start <= c.start && o.end >= c.end && o.end-o.start > c.end-c.start {
			return true
		}
	}
	return false
}

// before looks at the words in front of a cue: whether they turn it round, and
// how much they weigh it.
func (p *Prepared) before(i int) (turned bool, more float64) {
	c := p.cues[i]
	text := p.Normal.Runes
	more = 1
	reach := 4
	if isLatin(text[c.start]) {
		reach = 24
	}
	edge := c.start
	for edge > 0 && c.start-edge < reach {
		r := text[edge-1]
		if r == ',' || r == '，' || r == '。' || r == '.' || r == '!' || r == '?' || r == ';' || r == '、' || r == '\n' {
			break
		}
		edge--
	}
	lastNot := -1
	for k := i - 1; k >= 0 && k > i-24 && p.cues[k].start >= edge; k-- {
		o := p.cues[k]
		if o.end > c.start || (o.kind == cueNot || o.kind == cueMore) && p.insideOther(k) {
			continue
		}
		switch o.kind {
		case cueNot:
			if lastNot >= 0 && o.end > lastNot { // part of the same one
				continue
			}
			// English reaches over three words at most.
			if reach == 24 && words(text[o.end:c.start]) > 3 {
				continue
			}
			lastNot = o.start
			turned = !turned
		case cueMore:
			if c.start-o.end <= 8 {
				more *= float64(o.weight)
			}
		}
	}
	return turned, min(max(more, 0.5), 2)
}

// insideOther says whether a cue lies within a longer one, as 别 in 特别 and 太
// in 不太.
func (p *Prepared) insideOther(i int) bool {
	c := p.cues[i]
	for k := max(0, i-6); k < len(p.cues) && p.cues[k].start <= c.start; k++ {
		if o := p.cues[k]; o.end >= c.end && o.end-o.start > c.end-c.start {
			return true
		}
	}
	return false
}

func words(rs []rune) int {
	n := 0
	in := false
	for _, r := range rs {
		w := isWordRune(r) || r == '\''
		if w && !in {
			n++
		}
		in = w
	}
	return n
}

// butAfter says whether "but" follows in the same sentence: what it follows
// counts less.
func (p *Prepared) butAfter(c found) bool {
	for k := p.cueAt(c.end); k < len(p.cues) && p.cues[k].start < c.end+60; k++ {
		if p.cues[k].kind == cueBut {
			for _, r := range p.Normal.Runes[c.end:p.cues[k].start] {
				if r == '。' || r == '!' || r == '?' || r == '\n' {
					return false
				}
			}
			return true
		}
	}
	return false
}

// isRequestWord knows kind words that also belong to requests.
func isRequestWord(w string) bool {
	switch w {
	case "like", "kind", "good", "better", "nice", "appreciate", "grateful", "easy", "fair", "happy", "recommend", "quick", "quickly", "fast", "prompt", "promptly", "safe", "推荐", "方便", "及时", "满意", "放心", "理解", "支持", "期待", "解决了", "喜欢", "负责", "专业", "好用", "划算", "便宜", "实惠", "清楚", "新鲜", "干净", "很快", "love", "great", "perfect", "star", "worth", "smooth", "reasonable", "fine":
		return true
	}
	return false
}

// asked says whether a kind word is part of a wish or a question: "would like",
// "hope for a good answer", "能不能推荐".
func (p *Prepared) asked(c found) bool {
	text := p.Normal.Runes
	for k := p.cueAt(max(0, c.start-24)); k < len(p.cues) && p.cues[k].start < c.start; k++ {
		if o := p.cues[k]; o.kind == cueAsk && o.end <= c.start {
			cut := false
			for _, r := range text[o.end:c.start] {
				if r == '。' || r == '.' || r == '!' || r == '\n' || r == ',' {
					cut = true
				}
			}
			if !cut {
				return true
			}
		}
	}
	head := string(text[max(0, c.start-12):c.start])
	if strings.HasSuffix(head, "would ") || strings.HasSuffix(head, "'d ") || strings.HasSuffix(head, "looks ") || strings.HasSuffix(head, "something ") || strings.HasSuffix(head, "things ") || strings.HasSuffix(head, "希望") || strings.HasSuffix(head, "i'd be ") {
		return true
	}
	for k := c.end; k < len(text) && k < c.end+30; k++ {
		switch text[k] {
		case '?', '？', '吗':
			return true
		case '。', '.', '!', ',', '\n':
			return false
		}
	}
	return false
}

// loudness counts exclamation marks and weighs words in capitals.
func (p *Prepared) loudness() (bangs int, caps float64) {
	upper, lower, run := 0, 0, 0
	shouted := 0
	for i, r := range p.Runes {
		if i >= feelingRunes {
			break
		}
		switch {
		case r == '!' || r == '！':
			bangs++
		case unicode.IsUpper(r) && r < 0x250:
			upper++
			run++
			continue
		case r >= 'a' && r <= 'z':
			lower++
		}
		if run >= 4 {
			shouted++
		}
		run = 0
	}
	if upper > 12 && upper > 2*lower {
		return bangs, 0.6
	}
	if shouted >= 2 && lower > 0 {
		return bangs, 0.2
	}
	return bangs, 0
}

// grievances says whether the text tells of trouble.
func (p *Prepared) grievances(bad float64) bool {
	if bad >= 0.9 {
		return true
	}
	for _, c := range p.cues {
		if c.kind == cueProblem {
			return true
		}
	}
	return false
}

// EmojiName names what a picture expresses: "anger", "sorrow", "unease",
// "content", "joy", or "" for one that says nothing of feelings.
func EmojiName(r rune) string {
	for _, l := range feelingWords {
		if l.kind == cueFeeling && r > 0x2000 && !isHan(r) && strings.ContainsRune(l.words, r) {
			switch {
			case l.weight <= -3:
				return "anger"
			case l.weight <= -2:
				return "sorrow"
			case l.weight < 0:
				return "unease"
			case l.weight >= 2:
				return "joy"
			}
			return "content"
		}
	}
	return ""
}
