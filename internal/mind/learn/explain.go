package learn

import (
	"cmp"
	"slices"
	"strings"

	"zhidan/internal/platform/text"
)

// aligned normalises rune by rune and keeps, for every byte, which rune of the
// original it came from; the last entry is the number of runes.
func aligned(s string) (string, []int32) {
	var b strings.Builder
	at := make([]int32, 0, len(s)+1)
	n := int32(0)
	for _, c := range s {
		out := string(c)
		if c >= 0x80 || 'A' <= c && c <= 'Z' {
			out = text.Normalize(out)
		}
		b.WriteString(out)
		for range len(out) {
			at = append(at, n)
		}
		n++
	}
	return b.String(), append(at, n)
}

// Explain gives up to n stretches of the text that spoke most for a label
// against the best other one, strongest first; for the label of Predict when
// label is empty. It costs about five times what Predict costs.
func (m *Model) Explain(body, title, label string, n int) []Evidence {
	s := m.pool.Get().(*scratch)
	defer m.pool.Put(s)
	m.weigh(s, body, title)
	order := m.rank(s, 2)
	if len(order) == 0 || n <= 0 {
		return nil
	}
	target := order[0]
	if label != "" {
		l, ok := m.by[label]
		if !ok {
			return nil
		}
		target = l
	}
	rival := int32(-1)
	for _, o := range order {
		if o != m.alias[target] && o != target {
			rival = o
			break
		}
	}
	// What each feature said.
	said := make(map[uint32]float32, len(s.hash))
	for j, h := range s.hash {
		said[h] = s.v.x[j] * (m.weightOf(s.v.id[j], h, target) - m.weightOf(s.v.id[j], h, rival))
	}
	times := map[uint32]float32{}
	r := &reader{want: true}
	type piece struct {
		inTitle bool
		text    string
		at      []int32
		hashes  []uint32
		spans   []span
	}
	var pieces []piece
	add := func(inTitle bool, original string, limit, base int) {
		norm, at := aligned(text.Cap(original, limit))
		r.features, r.spans = r.features[:0], r.spans[:0]
		r.part(norm, base)
		for _, h := range r.features {
			times[h]++
		}
		pieces = append(pieces, piece{inTitle, norm, at, slices.Clone(r.features), slices.Clone(r.spans)})
	}
	if title != "" {
		add(true, title, maxText/8, kindTitle)
		add(true, title, maxText/8, 0)
	}
	add(false, body, maxText, 0)

	var found []Evidence
	var total float64
	if title != "" { // both readings of the title stand on the same letters
		pieces[0].hashes = append(pieces[0].hashes, pieces[1].hashes...)
		pieces[0].spans = append(pieces[0].spans, pieces[1].spans...)
		pieces = append(pieces[:1], pieces[2])
	}
	for _, p := range pieces {
		byByte := make([]float32, len(p.text)+1)
		for i, h := range p.hashes {
			sp := p.spans[i]
			if w := said[h]; w != 0 && sp.end > sp.start && (sp.start > 0 || sp.end < len(p.text)) {
				w /= times[h] * float32(sp.end-sp.start)
				for b := sp.start; b < sp.end; b++ {
					byByte[b] += w
				}
			}
		}
		r.cut(p.text)
		found, total = gather(found, total, r.tokens, byByte, p.at, p.inTitle)
	}
	slices.SortStableFunc(found, func(a, b Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	found = found[:min(n, len(found))]
	for i := range found {
		found[i].Weight /= total
	}
	return found
}

// gather turns what the letters said into words, and neighbouring words that
// both spoke for the label into one stretch.
func gather(found []Evidence, total float64, tokens []token, byByte []float32, at []int32, inTitle bool) ([]Evidence, float64) {
	weight := make([]float64, len(tokens))
	var most float64
	for i, t := range tokens {
		for b := t.start; b < t.end; b++ {
			weight[i] += float64(byByte[b])
		}
		most = max(most, weight[i])
	}
	last := -2 // the token that ended the stretch before
	for i, t := range tokens {
		if weight[i] > 0 {
			total += weight[i]
		}
		if t.kind > tokenHan || weight[i] < most*0.2 || weight[i] <= 0 {
			continue
		}
		start, end := int(at[t.start]), int(at[t.end-1])+1
		if last == i-1 && len(found) > 0 {
			found[len(found)-1].End = max(end, found[len(found)-1].End)
			found[len(found)-1].Weight += weight[i]
		} else {
			found = append(found, Evidence{inTitle, start, end, weight[i]})
		}
		last = i
	}
	return found, total
}

// weightOf gives the weight of a feature for a class.
func (m *Model) weightOf(id int32, hash uint32, class int32) float32 {
	if class < 0 {
		return 0
	}
	var w float32
	if id >= 0 {
		for i := m.start[id]; i < m.start[id+1]; i++ {
			if int32(m.class[i]) == class {
				w = float32(m.weight[i]) * m.scale[id]
			}
		}
	}
	if m.learned != nil {
		w += m.learned.weightOf(hash, class)
	}
	return w
}
