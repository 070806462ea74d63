package nlp

// Hurry is how much hangs on a message and how soon it is needed.
type Hurry struct {
	Impact   int    `json:"impact"`  // 0 nothing is to be done, 1 one person is bothered, 2 one person stands still or harm was done, 3 many people, a business or a life
	Urgency  int    `json:"urgency"` // 0 no hurry, 1 as usual, 2 today or tomorrow, 3 now
	Evidence []Span `json:"evidence,omitempty"`
}

// Urgency reads a message for impact and urgency. The word "urgent" alone says
// little, as everybody writes it; dates, standstill and danger say more. The
// signals are those of Risk on the same text (nil when it was not asked); the
// feeling is that of Sentiment.
func Urgency(p *Prepared, signals []Signal, feeling Feeling) Hurry {
	var h Hurry
	impact, urgency := 0.0, 1.0
	calm := false
	praise, asks, acts, problems := 0, 0, 0, 0
	twos, threes := 0, 0
	quoted := p.quotedFrom()
	note := func(s Span) {
		if len(h.Evidence) < 32 {
			h.Evidence = append(h.Evidence, s)
		}
	}
	for i, c := range p.cues {
		if c.start >= quoted {
			break
		}
		switch c.kind {
		case cueHurry:
			if p.inLongerOf(i, cueHurry) {
				continue
			}
			if c.weight >= 1 {
				if turned, _ := p.before(i); turned {
					continue
				}
			}
			note(p.Normal.Original(Span{c.start, c.end}))
			if c.weight < 1 {
				calm = true
			} else {
				urgency = max(urgency, float64(c.weight))
			}
		case cueImpact:
			if p.inLongerOf(i, cueImpact) {
				continue
			}
			if turned, _ := p.before(i); turned {
				continue
			}
			note(p.Normal.Original(Span{c.start, c.end}))
			switch {
			case c.weight < 1:
				praise++
			case c.weight >= 3:
				threes++
			default:
				twos++
			}
		case cueAsk:
			asks++
			if c.weight >= 2 {
				acts++
			}
		case cueProblem:
			problems++
		}
	}
	// A question that only wants an answer, about no case of one's own, and a
	// message that says nothing are of no impact.
	if problems > 0 || acts > 0 || feeling.Step < 0 || p.says() && (asks == 0 || p.ownCase()) {
		impact = 1
	} else if asks > 0 {
		impact = 0.6
	}
	if twos > 0 && (problems > 0 || urgency >= 1.5 || twos > 1) {
		impact = max(impact, 2)
	}
	if threes > 0 && (problems > 0 || urgency >= 1.5 || threes > 1 || feeling.Step < 0) {
		impact = 3
	}
	danger := 0
	kinds := map[RiskKind]int{}
	for _, s := range signals {
		kinds[s.Kind] = max(kinds[s.Kind], s.Severity)
		if s.Kind == Safety {
			danger = max(danger, s.Severity)
		}
		if s.Severity >= 2 {
			note(Span{s.Start, s.End})
		}
	}
	switch danger {
	case 3:
		impact, urgency = 3, 3
		calm = false
	case 2:
		impact, urgency = max(impact, 2), max(urgency, 2)
		calm = false
	}
	delete(kinds, Safety)
	hard := 0
	for _, s := range kinds {
		if s >= 3 {
			hard++
		}
	}
	if hard > 0 || len(kinds) > 1 {
		impact, urgency = max(impact, 2), max(urgency, 2)
	}
	if feeling.Step >= 1 && problems == 0 && acts == 0 || praise > 0 && problems == 0 && feeling.Step >= 0 {
		impact = min(impact, 0.4)
	}
	if calm && urgency < 2 {
		urgency = 0
	}
	h.Impact, h.Urgency = int(impact), int(urgency)
	if impact >= 0.5 && impact < 1 && urgency >= 1.5 {
		h.Impact = 1
	}
	return h
}

// inLongerOf says whether a cue lies within a longer one of its kind.
func (p *Prepared) inLongerOf(i int, kind cueKind) bool {
	c := p.cues[i]
	for k := i - 1; k >= 0 && k > i-12 && p.cues[k].start > c.start-16; k-- {
		if o := p.cues[k]; o.kind == kind && o.start <= c.start && o.end >= c.end && o.end-o.start > c.end-c.start {
			return true
		}
	}
	return false
}

// priorities by impact, then by urgency.
var priorities = [4][4]string{
	{"low", "low", "normal", "normal"},
	{"low", "normal", "high", "high"},
	{"normal", "high", "high", "urgent"},
	{"high", "urgent", "urgent", "urgent"},
}

// Priority is low, normal, high or urgent, from impact and urgency (0 to 3
// each; what lies beyond counts as the nearest).
func Priority(impact, urgency int) string {
	return priorities[min(max(impact, 0), 3)][min(max(urgency, 0), 3)]
}

// says whether a message has any content.
func (p *Prepared) says() bool {
	for i, r := range p.roles {
		if r == roleContent {
			if n := p.inNormal(p.Sentences[i]); p.weigh(n.Start, n.End) >= 8 {
				return true
			}
		}
	}
	return false
}

var ownWords = newPhrases([]string{"我", "咱", "俺", "本人", "订单", "my", "our", "i", "we", "i'm", "i've", "us", "me"})

// ownCase says whether a message speaks of the writer's own case: of oneself,
// or with a number.
func (p *Prepared) ownCase() bool {
	text := p.Normal.Runes[:min(len(p.Normal.Runes), 4000)]
	n := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			if n++; n >= 4 {
				return true
			}
		}
	}
	found := false
	ownWords.find(text, func(_, _, _ int) { found = true })
	return found
}
