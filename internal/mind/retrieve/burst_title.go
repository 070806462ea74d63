package retrieve

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// shared are the features of a text that most tickets of a burst have. Of a
// long text only some were kept (see keep): of the others nobody knows.
type shared struct {
	all, unknown map[uint32]bool
	telling      map[uint32]float32 // those that are rare enough to tell what it is about
}

const (
	maxTitle      = 40 // runes
	tellingWeight = 0.15
	rareWeight    = 0.65
)

// title is made of the stretches of a text that most of those like it share,
// those that tell most, in their order. A common character in them, as in 一直,
// is no reason to break a word.
func title(s string, common shared) string {
	type stretch struct {
		Span
		tells float32
	}
	runes := []rune(s)
	var list []stretch
	for _, sp := range common.stretches(s) {
		x := stretch{Span: wholeWords(runes, sp)}
		if n := len(list); n > 0 && x.Start < list[n-1].End { // both were widened into the same word
			x.Start = list[n-1].End
		}
		if x.Start < x.End {
			for _, g := range grams(string(runes[x.Start:x.End]), false) {
				x.tells += common.telling[uint32(g.id^g.id>>32)]
			}
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b stretch) int { return cmp.Compare(b.tells, a.tells) })
	length := 0
	list = slices.DeleteFunc(list, func(x stretch) bool {
		n := x.End - x.Start
		if x.tells == 0 || length > 0 && length+n > maxTitle {
			return true
		}
		length += n
		return false
	})
	slices.SortFunc(list, func(a, b stretch) int { return cmp.Compare(a.Start, b.Start) })
	var words []string
	for _, x := range list {
		if w := string(runes[x.Start:min(x.End, x.Start+maxTitle)]); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// edge is how many runes of which nobody knows may begin or end a stretch: the
// rest of a word.
const edge = 2

// stretches are where a text says what the others say, from something that
// they are known to share to something that they are known to share.
func (c shared) stretches(s string) []Span {
	own := grams(s, false)
	known := evidence(s, own, c.all)
	either := maps.Clone(c.all)
	maps.Copy(either, c.unknown)
	var out []Span
	for _, sp := range evidence(s, own, either) {
		first := slices.IndexFunc(known, func(k Span) bool { return k.Start >= sp.Start && k.End <= sp.End })
		if first < 0 {
			continue
		}
		last := first
		for last+1 < len(known) && known[last+1].End <= sp.End {
			last++
		}
		x := Span{known[first].Start, known[last].End}
		if x.Start-sp.Start <= edge {
			x.Start = sp.Start
		}
		if sp.End-x.End <= edge {
			x.End = sp.End
		}
		out = append(out, x)
		known = known[last+1:]
	}
	return out
}

// smallWords are made of characters that are too common to be kept of a long
// text, so that stretches tend to begin or end in the middle of them.
var smallWords = set(`一直 一下 一个 一样 一些 一次 之后 之前 以后 以前 以来 没有 还没 不能 不了 不上 不到 不出 不会 不是 不对 不见 无法 已经 还是 总是 仍然 可以 能够
 刚才 刚刚 现在 今天 昨天 今早 突然 自动 里面 上面 下面 出来 出现 起来 上去 下来 下去 过来 怎么 什么 为什么 时候 都是 都不 也不 就是 只有 只能 要求 需要 有时 得到 来电`)

// wholeWords widens a stretch that begins or ends in the middle of a small
// word.
func wholeWords(runes []rune, sp Span) Span {
	if sp.Start > 0 && sp.Start < len(runes) && smallWords[string(runes[sp.Start-1:sp.Start+1])] {
		sp.Start--
	}
	if sp.End > 0 && sp.End < len(runes) && smallWords[string(runes[sp.End-1:sp.End+1])] {
		sp.End++
	}
	return sp
}
