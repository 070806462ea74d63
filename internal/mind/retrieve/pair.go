package retrieve

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// maxAligned is how many characters of each text are aligned with each other;
// the work grows with their product.
const maxAligned = 96

// side is one of two texts, read once.
type side struct {
	grams   []tally // different ones by id
	runes   []rune  // canonical, without space and punctuation
	numbers []uint64
	denials int
	asks    uint32 // what kinds of question it is, as bits
}

type tally struct {
	id     uint64
	kind   kind
	weak   bool
	n      float64
	weight float64 // rarity times frequency
}

// asking are words that say what is asked for; two questions about the same
// thing that ask differently are two matters.
var asking = [...][]string{
	{"怎么", "how do", "how to", "how can"}, {"什么", "what"}, {"为什么", "why"}, {"多少", "几", "how much", "how many"},
	{"哪里", "在哪", "where"}, {"什么时候", "when", "how long", "多久"}, {"谁", "who"}, {"吗", "是不是", "可以", "是否", "can i", "is it"},
	{"哪", "which"}, {"意思", "mean"},
}

func read(s string, idf func(uint64, kind) float64) side {
	c := canonical(s)
	var x side
	seen := map[uint64]int{}
	for _, g := range grams(c, true) {
		if g.number {
			x.numbers = append(x.numbers, g.id)
		}
		if i, ok := seen[g.id]; ok {
			x.grams[i].n++
			continue
		}
		seen[g.id] = len(x.grams)
		x.grams = append(x.grams, tally{id: g.id, kind: g.kind, weak: g.weak, n: 1})
	}
	for i := range x.grams {
		t := &x.grams[i]
		t.weight = idf(t.id, t.kind) * (1 + math.Log(t.n))
		if t.weak && t.kind == word {
			t.weight *= 0.3
		}
	}
	slices.SortFunc(x.grams, func(a, b tally) int { return cmp.Compare(a.id, b.id) })
	slices.Sort(x.numbers)
	x.numbers = slices.Compact(x.numbers)
	for _, w := range strings.FieldsFunc(c, func(r rune) bool { return !letter(r) && r != '\'' }) {
		if negations[strings.ReplaceAll(w, "'", "")] {
			x.denials++
		}
	}
	for _, r := range c {
		if r > 0x2e80 && negations[string(r)] {
			x.denials++
		}
		if letter(r) && len(x.runes) < maxAligned {
			x.runes = append(x.runes, r)
		}
	}
	for i, words := range asking {
		for _, w := range words {
			if strings.Contains(c, w) {
				x.asks |= 1 << i
			}
		}
	}
	return x
}

func letter(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r >= 0xaa && r != '，' && r != '。' && r != '？' && r != '！' && (r < 0x2000 || r > 0x206f) && (r < 0x3000 || r > 0x303f)
}

// The features of a pair. They do not depend on the order of the two.
const (
	fCosinePairs = iota
	fCosineSingles
	fCosinePieces
	fMoreCovered
	fLessCovered
	fMoreCoveredSingles
	fLessCoveredSingles
	fSubsequence
	fSubsequenceShort
	fCommonSpan
	fCommonStart
	fCommonEnd
	fLengthRatio
	fLength
	fNumbers
	fDenials
	fAsks
	fRarestMissing
	fRarestMissingOther
	fMissing
	fMissingOther
	fShared
	fDiffWeak
	fLearned // what the words that differ say, by the labelled pairs
	pairFeatures
)

type overlap struct{ both, a, b, dot, aa, bb float64 }

func (o overlap) cosine() float64 { return o.dot / (math.Sqrt(o.aa*o.bb) + 1e-9) }

func (o overlap) covered() (more, less float64) {
	x, y := o.both/(o.a+1e-9), o.both/(o.b+1e-9)
	return max(x, y), min(x, y)
}

func compare(a, b *side) [pairFeatures]float64 {
	var f [pairFeatures]float64
	var pairs, singles, pieces overlap
	var missing, rarest [2]float64
	group := func(k kind) *overlap {
		switch k {
		case single:
			return &singles
		case piece:
			return &pieces
		}
		return &pairs
	}
	diff, diffWeak := 0.0, 0.0
	only := func(side int, t *tally) {
		if t.kind == single || t.kind == word {
			diff++
			if t.weak {
				diffWeak++
				return
			}
			missing[side] += t.weight
			rarest[side] = max(rarest[side], t.weight)
		}
	}
	i, j := 0, 0
	for i < len(a.grams) || j < len(b.grams) {
		switch {
		case j == len(b.grams) || i < len(a.grams) && a.grams[i].id < b.grams[j].id:
			t := &a.grams[i]
			o := group(t.kind)
			o.a += t.weight
			o.aa += t.weight * t.weight
			only(0, t)
			i++
		case i == len(a.grams) || b.grams[j].id < a.grams[i].id:
			t := &b.grams[j]
			o := group(t.kind)
			o.b += t.weight
			o.bb += t.weight * t.weight
			only(1, t)
			j++
		default:
			t, u := &a.grams[i], &b.grams[j]
			o := group(t.kind)
			o.both += min(t.weight, u.weight)
			o.a += t.weight
			o.b += u.weight
			o.dot += t.weight * u.weight
			o.aa += t.weight * t.weight
			o.bb += u.weight * u.weight
			i++
			j++
		}
	}
	f[fCosinePairs], f[fCosineSingles], f[fCosinePieces] = pairs.cosine(), singles.cosine(), pieces.cosine()
	f[fMoreCovered], f[fLessCovered] = pairs.covered()
	f[fMoreCoveredSingles], f[fLessCoveredSingles] = singles.covered()
	if singles.a+singles.b == 0 { // a text of words: its pieces stand for characters
		f[fCosineSingles] = f[fCosinePieces]
		f[fMoreCoveredSingles], f[fLessCoveredSingles] = pieces.covered()
	} else {
		f[fCosinePieces] = f[fCosineSingles]
	}
	longer, shorter := float64(max(len(a.runes), len(b.runes), 1)), float64(max(min(len(a.runes), len(b.runes)), 1))
	sub, span := align(a.runes, b.runes)
	f[fSubsequence], f[fSubsequenceShort], f[fCommonSpan] = sub/longer, sub/shorter, span/shorter
	start, end := 0, 0
	for start < int(shorter) && start < len(a.runes) && start < len(b.runes) && a.runes[start] == b.runes[start] {
		start++
	}
	for end < min(len(a.runes), len(b.runes)) && a.runes[len(a.runes)-1-end] == b.runes[len(b.runes)-1-end] {
		end++
	}
	f[fCommonStart], f[fCommonEnd] = float64(start)/shorter, float64(end)/shorter
	f[fLengthRatio], f[fLength] = shorter/longer, math.Log(longer)
	switch {
	case len(a.numbers) == 0 && len(b.numbers) == 0:
	case slices.Equal(a.numbers, b.numbers):
		f[fNumbers] = 1
	case len(a.numbers) == 0 || len(b.numbers) == 0:
		f[fNumbers] = -1
	default:
		f[fNumbers] = -2
	}
	f[fDenials] = math.Abs(float64(a.denials%2 - b.denials%2))
	if x, y := a.asks, b.asks; x != y {
		f[fAsks] = 1
		if x&y == 0 && x != 0 && y != 0 {
			f[fAsks] = 2
		}
	}
	f[fRarestMissing], f[fRarestMissingOther] = max(rarest[0], rarest[1]), min(rarest[0], rarest[1])
	f[fMissing], f[fMissingOther] = max(missing[0], missing[1]), min(missing[0], missing[1])
	f[fShared] = pairs.both + singles.both
	f[fDiffWeak] = diffWeak / (diff + 1)
	return f
}

// align gives the lengths of the longest common subsequence and of the longest
// common stretch.
func align(a, b []rune) (subsequence, stretch float64) {
	var rows [4][maxAligned + 1]uint8
	sub, subNext, run, runNext := &rows[0], &rows[1], &rows[2], &rows[3]
	longest := uint8(0)
	for _, x := range a {
		for j, y := range b {
			if x == y {
				subNext[j+1] = sub[j] + 1
				runNext[j+1] = run[j] + 1
				longest = max(longest, runNext[j+1])
			} else {
				subNext[j+1] = max(sub[j+1], subNext[j])
				runNext[j+1] = 0
			}
		}
		sub, subNext, run, runNext = subNext, sub, runNext, run
	}
	return float64(sub[len(b)]), float64(longest)
}
