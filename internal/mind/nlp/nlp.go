// Package nlp reads one message and says what is in it: its language, its
// sentences, a title and a summary, how the writer feels, how urgent it is,
// which risks it carries and whether it holds several matters.
//
// It promises:
//
//   - No model, no network, no state that changes: every function is pure and
//     safe for concurrent use. Tables are built once, at first use.
//   - Every finding carries spans of evidence: half-open ranges of runes of the
//     original text, so that a person can see why.
//   - Hostile text costs little. At most MaxRunes runes are looked at, each
//     function is linear in them, and no input makes it fail or panic.
//
// Prepare does once what all of them need; the other functions take its
// result. What is written here for Chinese and English (words of feeling,
// hurry, danger) was written by hand for this package.
package nlp

import (
	"strings"
	"sync"
)

// MaxRunes is how much of a text is looked at: the rest is as if it were not
// there.
const MaxRunes = 128 << 10

// Span is the half-open range [Start, End) of runes of the original text.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Len is the number of runes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Prepared is a text with everything that several functions need, computed
// once. It is read-only.
type Prepared struct {
	Runes      []rune // the original, at most MaxRunes
	Normal     Normal
	Language   string // as Language gives it
	Confidence float64
	Sentences  []Span

	cues  []found // shipped cues in the normal text, by start
	roles []role  // one for each sentence
	// earlier counts the sentences with content before each sentence.
	earlier []int
}

// Prepare normalises, names the language, cuts into sentences and looks for
// the shipped cues.
func Prepare(text string) *Prepared {
	p := &Prepared{Runes: cap32(text)}
	p.Normal = normalise(p.Runes)
	p.Language, p.Confidence = language(p.Runes, p.Normal.Runes)
	p.Sentences = sentences(p.Runes)
	p.cues = shipped().find(p.Normal.Runes)
	p.roles = p.sentenceRoles()
	p.earlier = make([]int, len(p.roles))
	for i := 1; i < len(p.roles); i++ {
		p.earlier[i] = p.earlier[i-1]
		if p.roles[i-1] == roleContent {
			p.earlier[i]++
		}
	}
	return p
}

// Text gives the words of a span of the original.
func (p *Prepared) Text(s Span) string {
	if s.Start < 0 || s.End > len(p.Runes) || s.Start >= s.End {
		return ""
	}
	return string(p.Runes[s.Start:s.End])
}

// cap32 gives the runes of a text up to MaxRunes without decoding the rest.
func cap32(text string) []rune {
	if len(text) > MaxRunes {
		n := 0
		for i := range text {
			if n == MaxRunes {
				text = text[:i]
				break
			}
			n++
		}
	}
	return []rune(text)
}

// cue is what a shipped phrase tells.
type cue struct {
	kind   cueKind
	weight float32
}

// found is a cue at its place in the normal text.
type found struct {
	cue
	start, end int
}

type cueKind uint8

const (
	cueFeeling     cueKind = iota // weight is the feeling, -3 to 3
	cueNot                        // turns round what follows
	cueMore                       // makes what follows stronger or, below 1, weaker
	cueBut                        // what follows counts more than what went before
	cueIrony                      // what sounds good is not meant so
	cuePolite                     // please, thank you
	cueHurry                      // weight is the urgency, 0 to 3
	cueImpact                     // weight is the impact, 0 to 3
	cueAsk                        // a request or a question
	cueProblem                    // something is wrong
	cueHello                      // greetings
	cueBye                        // closings and signatures
	cueBoilerplate                // words of machines and footers
	cueOther                      // a further matter begins
	cueFurther                    // more is said, perhaps of the same matter
	cueTopic                      // weight is the topic
)

// shippedCues is one automaton for all shipped phrases, so that a text is read
// once whatever the number of lists.
type shippedCues struct {
	phrases *phrases
	cues    [][]cue // by phrase
}

var shipped = sync.OnceValue(func() *shippedCues {
	byText := map[string][]cue{}
	var order []string
	for _, list := range [][]lexicon{feelingWords, hurryWords, layoutWords, matterWords} {
		for _, l := range list {
			for _, w := range strings.FieldsFunc(l.words, func(r rune) bool { return r == '|' || r == '\n' }) {
				w = strings.TrimSpace(w)
				if w == "" {
					continue
				}
				if byText[w] == nil {
					order = append(order, w)
				}
				byText[w] = append(byText[w], cue{l.kind, l.weight})
			}
		}
	}
	s := &shippedCues{}
	s.phrases = newPhrases(order)
	for _, w := range order {
		s.cues = append(s.cues, byText[w])
	}
	return s
})

// lexicon is a list of phrases, separated by | or line ends, that tell the
// same. Phrases are in normal form; a Latin one matches whole words unless it
// ends in *.
type lexicon struct {
	kind   cueKind
	weight float32
	words  string
}

// maxFound is how many cues of one text are kept. No text that a person wrote
// has more.
const maxFound = 8192

func (s *shippedCues) find(text []rune) []found {
	var all []found
	s.phrases.find(text, func(id, start, end int) {
		if len(all) >= maxFound {
			return
		}
		for _, c := range s.cues[id] {
			all = append(all, found{c, start, end})
		}
	})
	sortFound(all)
	return all
}
