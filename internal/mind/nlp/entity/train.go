package entity

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"

	"zhidan/internal/mind/learn"
)

// Span is a labelled place of a text: the runes [Start, End).
type Span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Type  string `json:"type"`
}

// Example is a text with everything in it that should be found.
type Example struct {
	Text     string `json:"text"`
	Entities []Span `json:"entities"`
}

// TrainOptions set the training.
type TrainOptions struct {
	Seed   uint64
	Tagger learn.TaggerOptions
	Folds  int // of the cross-validation that chooses between rules and tagger; 0: 3, below 0: none, the tagger does all
	Read   Options
}

// Trained finds the types of its examples, and whatever else the rules find
// beside them. It never changes and may be used from many goroutines.
type Trained struct {
	tagger *learn.Tagger
	common map[uint64]bool // words seen more than once
	rules  map[string]Type // labels that the rules find better than the tagger
}

// Limits of training data.
const (
	maxExamples     = 200_000
	maxExampleRunes = 8192
)

var errNoExamples = errors.New("entity: no examples with entities")

// Train learns from examples. The rules' findings are features of the tagger;
// where cross-validation shows that the rules alone find a type better, they
// keep it.
func Train(ctx context.Context, examples []Example, o TrainOptions) (*Trained, error) {
	if len(examples) > maxExamples {
		examples = examples[:maxExamples]
	}
	if !slices.ContainsFunc(examples, func(e Example) bool { return len(e.Entities) > 0 }) {
		return nil, errNoExamples
	}
	ready := make([]prepared, len(examples))
	for i, e := range examples {
		ready[i] = prepare(e, o.Read)
	}
	t, err := train(ctx, ready, o)
	if err != nil {
		return nil, err
	}
	if o.Folds == 0 {
		o.Folds = 3
	}
	if o.Folds > 1 && len(ready) >= 4*o.Folds {
		if err := t.choose(ctx, ready, o); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// prepared is an example with what does not change from fold to fold.
type prepared struct {
	Example
	d      *doc
	tokens []token
	found  []Entity
}

func prepare(e Example, o Options) prepared {
	d, found := read(e.Text, o)
	return prepared{e, d, d.tokens(), found}
}

// read is Extract that also gives the text as the scanners saw it.
func read(text string, o Options) (*doc, []Entity) {
	if r := []rune(text); len(r) > maxExampleRunes {
		text = string(r[:maxExampleRunes])
	}
	return newDoc(text, o), Extract(text, o)
}

func train(ctx context.Context, ready []prepared, o TrainOptions) (*Trained, error) {
	counts := map[string]int{}
	for _, p := range ready {
		for _, t := range p.tokens {
			if t.shape == 'a' {
				counts[t.text]++
			}
		}
	}
	t := &Trained{common: map[uint64]bool{}, rules: map[string]Type{}}
	for w, n := range counts {
		if n > 1 {
			t.common[hashString(17, w)] = true
		}
	}
	list := make([]learn.TagExample, len(ready))
	for i, p := range ready {
		list[i] = learn.TagExample{Features: features(p.d, p.tokens, p.found, t.isCommon), Tags: tagsOf(p.tokens, p.Entities)}
	}
	o.Tagger.Seed ^= o.Seed
	var err error
	t.tagger, err = learn.TrainTagger(ctx, list, o.Tagger)
	return t, err
}

func (t *Trained) isCommon(w string) bool { return t.common[hashString(17, w)] }

// tagsOf turns spans into a tag for each token. Spans that overlap an earlier
// one are left out.
func tagsOf(tokens []token, spans []Span) []string {
	tags := make([]string, len(tokens))
	for i := range tags {
		tags[i] = "O"
	}
	for _, s := range spans {
		first := true
		for i, t := range tokens {
			if t.start < s.End && t.end > s.Start && tags[i] == "O" {
				tags[i] = "I-" + s.Type
				if first {
					tags[i] = "B-" + s.Type
				}
				first = false
			}
		}
	}
	return tags
}

// spans reads tags back.
func (t *Trained) spans(p prepared) []tagged {
	tags, sure := t.tagger.Tag(features(p.d, p.tokens, p.found, t.isCommon))
	var out []tagged
	for i := 0; i < len(tags); i++ {
		label, ok := strings.CutPrefix(tags[i], "B-")
		if !ok {
			continue
		}
		s := tagged{Span{p.tokens[i].start, p.tokens[i].end, label}, sure[i]}
		for i+1 < len(tags) && tags[i+1] == "I-"+label {
			i++
			s.End = p.tokens[i].end
			s.sure = min(s.sure, sure[i])
		}
		out = append(out, s)
	}
	return out
}

type tagged struct {
	Span
	sure float64
}

// choose gives each label to the rules where they find it better than the
// tagger does on texts that it has not seen.
func (t *Trained) choose(ctx context.Context, ready []prepared, o TrainOptions) error {
	byTagger := map[string]*Score{}
	byRule := map[string]map[Type]*Score{}
	for fold := range o.Folds {
		var in, out []prepared
		for i, p := range ready {
			if i%o.Folds == fold {
				out = append(out, p)
			} else {
				in = append(in, p)
			}
		}
		part, err := train(ctx, in, o)
		if err != nil {
			return err
		}
		for _, p := range out {
			got := part.spans(p)
			tally(byTagger, p.Entities, got)
		}
	}
	for label := range byTagger {
		byRule[label] = map[Type]*Score{}
		for _, p := range ready {
			for _, e := range p.found {
				if byRule[label][e.Type] == nil {
					byRule[label][e.Type] = &Score{}
				}
			}
		}
	}
	for _, p := range ready {
		for label, types := range byRule {
			var want []Span
			for _, s := range p.Entities {
				if s.Type == label {
					want = append(want, s)
				}
			}
			for typ, score := range types {
				score.gold += len(want)
				for _, e := range p.found {
					if e.Type != typ {
						continue
					}
					score.found++
					if slices.ContainsFunc(want, func(s Span) bool { return s.Start == e.Start && s.End == e.End }) {
						score.hit++
					}
				}
			}
		}
	}
	for label, types := range byRule {
		best := byTagger[label].f1()
		for typ, score := range types {
			if f := score.f1(); f > 0 && (f > best || f == best && (t.rules[label] == "" || typ < t.rules[label])) {
				best, t.rules[label] = f, typ
			}
		}
	}
	return nil
}

// Extract gives what the rules and the tagger find, without overlaps; labels
// of the training win.
func (t *Trained) Extract(text string, o Options) []Entity {
	p := prepare(Example{Text: text}, o)
	if len(p.tokens) == 0 {
		return p.found
	}
	var out []Entity
	overlaps := func(start, end int) bool {
		return slices.ContainsFunc(out, func(e Entity) bool { return e.Start < end && start < e.End })
	}
	labels := map[string]bool{}
	for _, l := range t.tagger.Labels() {
		if s, ok := strings.CutPrefix(l, "B-"); ok {
			labels[s] = true
		}
	}
	for label, typ := range t.rules {
		for _, e := range p.found {
			if e.Type == typ && !overlaps(e.Start, e.End) {
				e.Type = Type(label)
				out = append(out, e)
			}
		}
	}
	for _, s := range t.spans(p) {
		if _, byRule := t.rules[s.Type]; byRule || overlaps(s.Start, s.End) {
			continue
		}
		e := Entity{Type: Type(s.Type), Start: s.Start, End: s.End, Value: p.d.str(s.Start, s.End), Confidence: s.sure, Why: "learned"}
		for _, f := range p.found {
			if f.Start == s.Start && f.End == s.End {
				e.Value, e.Parts, e.From, e.To, e.Why = f.Value, f.Parts, f.From, f.To, "learned; "+f.Why
			}
		}
		out = append(out, e)
	}
	for _, e := range p.found {
		if !labels[string(e.Type)] && !overlaps(e.Start, e.End) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entity) int { return a.Start - b.Start })
	return out
}

const trainedMagic = "zdent\x01"

// ErrBytes says that bytes are not a stored extractor.
var ErrBytes = errors.New("entity: not a stored extractor, or a damaged one")

// MarshalBinary gives the stored form, with version and checksum.
func (t *Trained) MarshalBinary() ([]byte, error) {
	le := binary.LittleEndian
	b := []byte(trainedMagic)
	words := make([]uint64, 0, len(t.common))
	for w := range t.common {
		words = append(words, w)
	}
	slices.Sort(words)
	b = le.AppendUint32(b, uint32(len(words)))
	for _, w := range words {
		b = le.AppendUint64(b, w)
	}
	labels := make([]string, 0, len(t.rules))
	for l := range t.rules {
		labels = append(labels, l)
	}
	slices.Sort(labels)
	b = le.AppendUint32(b, uint32(len(labels)))
	for _, l := range labels {
		for _, s := range []string{l, string(t.rules[l])} {
			b = le.AppendUint32(b, uint32(len(s)))
			b = append(b, s...)
		}
	}
	tagger, err := t.tagger.MarshalBinary()
	if err != nil {
		return nil, err
	}
	b = append(b, tagger...)
	return le.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// ReadTrained reads what MarshalBinary wrote; anything else is ErrBytes.
func ReadTrained(b []byte) (*Trained, error) {
	le := binary.LittleEndian
	rest, ok := strings.CutPrefix(string(b), trainedMagic)
	if !ok || len(rest) < 12 || crc32.ChecksumIEEE(b[:len(b)-4]) != le.Uint32(b[len(b)-4:]) {
		return nil, ErrBytes
	}
	in := b[len(trainedMagic) : len(b)-4]
	number := func() int {
		if len(in) < 4 {
			ok = false
			return 0
		}
		n := int(le.Uint32(in))
		in = in[4:]
		return n
	}
	t := &Trained{common: map[uint64]bool{}, rules: map[string]Type{}}
	for range number() {
		if len(in) < 8 {
			return nil, ErrBytes
		}
		t.common[le.Uint64(in)] = true
		in = in[8:]
	}
	for range number() {
		var s [2]string
		for k := range s {
			n := number()
			if n > len(in) {
				return nil, ErrBytes
			}
			s[k], in = string(in[:n]), in[n:]
		}
		if !ok {
			return nil, ErrBytes
		}
		t.rules[s[0]] = Type(s[1])
	}
	if !ok {
		return nil, ErrBytes
	}
	var err error
	if t.tagger, err = learn.ReadTagger(in); err != nil {
		return nil, ErrBytes
	}
	return t, nil
}
