package nlp

import "unicode"

// role is what a sentence is there for.
type role uint8

const (
	roleContent role = iota
	roleHello        // a greeting and nothing else
	roleBye          // closing, thanks, name
	roleBoilerplate
	roleQuoted // an earlier mail, quoted
)

// sentenceRoles tells the frame of a message from what it says.
func (p *Prepared) sentenceRoles() []role {
	roles := make([]role, len(p.Sentences))
	tail := false // after a closing, short lines are names and addresses
	for i, s := range p.Sentences {
		n := p.inNormal(s)
		var hello, bye, polite, machine, rest int
		from := p.cueAt(n.Start)
		covered := n.Start // what a frame word covers does not count as said
		said := false
		for _, c := range p.cues[from:] {
			if c.start >= n.End {
				break
			}
			switch c.kind {
			case cueHello:
				hello++
			case cueBye:
				bye++
			case cuePolite:
				polite++
			case cueBoilerplate:
				machine++
			case cueAsk, cueProblem:
				if c.start >= covered {
					said = true
				}
				continue
			case cueFeeling:
				if c.weight < 0 {
					said = true
				}
				continue
			default:
				continue
			}
			if c.end > covered {
				if c.start > covered {
					rest += p.weigh(covered, c.start)
				}
				covered = c.end
			}
		}
		rest += p.weigh(covered, n.End)
		first := p.Runes[s.Start]
		switch {
		case first == '>' || first == '|':
			roles[i] = roleQuoted
		case machine > 0 && (rest <= 24 || tail || i*2 >= len(p.Sentences)) && !(said && rest > 60):
			roles[i] = roleBoilerplate
			if p.opensQuote(n) {
				for ; i < len(roles); i++ {
					roles[i] = roleQuoted
				}
				return roles
			}
		case said && rest > 2:
			tail = false
		case bye > 0 && rest <= 24 && (i > 0 || len(p.Sentences) == 1):
			roles[i] = roleBye
			tail = true
		case hello > 0 && rest <= 8:
			roles[i] = roleHello
		case polite > 0 && rest <= 6:
			roles[i] = roleBye
		case tail && rest <= 40:
			roles[i] = roleBye
		case first == '-' && rest == 0:
			roles[i] = roleBoilerplate
			tail = true
		}
	}
	return roles
}

// opensQuote says whether a line begins an earlier mail.
func (p *Prepared) opensQuote(n Span) bool {
	for _, c := range p.cues[p.cueAt(n.Start):] {
		if c.start >= n.End {
			break
		}
		if c.kind == cueBoilerplate {
			switch string(p.Normal.Runes[c.start:c.end]) {
			case "original message", "原始邮件", "forwarded message", "转发邮件", "以下为原始":
				return n.Start > 20
			}
		}
	}
	return false
}

// weigh counts what is said between two places of the normal text: two for an
// ideograph, one for another letter or digit.
func (p *Prepared) weigh(from, to int) int {
	w := 0
	// A cue may run on beyond the sentence in which it begins.
	for _, r := range p.Normal.Runes[min(from, to):to] {
		switch {
		case isHan(r):
			w += 2
		case r < 0x80:
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				w++
			}
		case unicode.IsLetter(r):
			w++
		}
	}
	return w
}

// inNormal gives the span of the normal text that came from a span of the
// original.
func (p *Prepared) inNormal(s Span) Span {
	a, b := p.Normal.Find(s.Start), p.Normal.Find(s.End)
	return Span{a, max(a, b)}
}

// cueAt gives the first cue that begins at the place or after it.
func (p *Prepared) cueAt(i int) int {
	lo, hi := 0, len(p.cues)
	for lo < hi {
		m := (lo + hi) / 2
		if p.cues[m].start >= i {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// cuesIn gives the cues that begin inside a span of the normal text.
func (p *Prepared) cuesIn(n Span) []found {
	return p.cues[p.cueAt(n.Start):p.cueAt(n.End)]
}
