package nlp

import "sort"

// phrases finds many phrases in one reading of a text (Aho and Corasick,
// Efficient string matching, 1975). It is read-only once made.
type phrases struct {
	nodes []phraseNode
	runes []rune  // edges of all nodes, each node's sorted
	next  []int32 // where they lead
	pages [256]*[256]int32
	rare  map[rune]int32 // edges of the root beyond the basic plane
	size  []int32        // length of each phrase in runes
	loose []bool         // a Latin phrase that may go on
}

type phraseNode struct {
	from, to int32 // its edges
	fail     int32
	phrase   int32 // the phrase that ends here, or -1
	shorter  int32 // the next node on the way of fails where one ends, or 0
}

// newPhrases builds the automaton. The words are in normal form and differ; a
// Latin word with a * at its end may go on. An empty one is never found.
func newPhrases(words []string) *phrases {
	type edge struct {
		r  rune
		to int32
	}
	p := &phrases{rare: map[rune]int32{}}
	edges := [][]edge{nil}
	p.nodes = []phraseNode{{phrase: -1}}
	for id, w := range words {
		rs := []rune(w)
		loose := len(rs) > 1 && rs[len(rs)-1] == '*'
		if loose {
			rs = rs[:len(rs)-1]
		}
		p.size, p.loose = append(p.size, int32(len(rs))), append(p.loose, loose)
		if len(rs) == 0 {
			continue
		}
		at := int32(0)
	letters:
		for _, r := range rs {
			for _, e := range edges[at] {
				if e.r == r {
					at = e.to
					continue letters
				}
			}
			to := int32(len(p.nodes))
			edges[at] = append(edges[at], edge{r, to})
			edges = append(edges, nil)
			p.nodes = append(p.nodes, phraseNode{phrase: -1})
			at = to
		}
		if p.nodes[at].phrase < 0 {
			p.nodes[at].phrase = int32(id)
		}
	}
	for i, es := range edges {
		sort.Slice(es, func(a, b int) bool { return es[a].r < es[b].r })
		p.nodes[i].from = int32(len(p.runes))
		for _, e := range es {
			p.runes = append(p.runes, e.r)
			p.next = append(p.next, e.to)
		}
		p.nodes[i].to = int32(len(p.runes))
	}
	for _, e := range edges[0] {
		if e.r >= 0x10000 {
			p.rare[e.r] = e.to
			continue
		}
		page := p.pages[e.r>>8]
		if page == nil {
			page = new([256]int32)
			p.pages[e.r>>8] = page
		}
		page[e.r&255] = e.to
	}
	// Fails by breadth first: those of shorter beginnings are known before.
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, e := range edges[at] {
			fail := int32(0)
			if at != 0 {
				fail = p.step(p.nodes[at].fail, e.r)
			}
			p.nodes[e.to].fail = fail
			if p.nodes[fail].phrase >= 0 {
				p.nodes[e.to].shorter = fail
			} else {
				p.nodes[e.to].shorter = p.nodes[fail].shorter
			}
			queue = append(queue, e.to)
		}
	}
	return p
}

func (p *phrases) step(at int32, r rune) int32 {
	for at != 0 {
		n := &p.nodes[at]
		for i := n.from; i < n.to; i++ {
			if p.runes[i] >= r {
				if p.runes[i] == r {
					return p.next[i]
				}
				break
			}
		}
		at = n.fail
	}
	if r >= 0x10000 {
		return p.rare[r]
	}
	if page := p.pages[r>>8]; page != nil {
		return page[r&255]
	}
	return 0
}

// find gives every phrase in the text that stands on its own: a Latin one or a
// number begins and ends where a word does. Line ends count as spaces.
func (p *phrases) find(text []rune, emit func(phrase, start, end int)) {
	at := int32(0)
	for i, r := range text {
		if r == '\n' {
			r = ' '
		}
		at = p.step(at, r)
		if at == 0 {
			continue
		}
		node := at
		if p.nodes[node].phrase < 0 {
			node = p.nodes[node].shorter
		}
		for ; node != 0; node = p.nodes[node].shorter {
			id := p.nodes[node].phrase
			start, end := i+1-int(p.size[id]), i+1
			if start > 0 && isWordRune(text[start]) && isWordRune(text[start-1]) {
				continue
			}
			if end < len(text) && !p.loose[id] && isWordRune(text[end-1]) && isWordRune(text[end]) {
				continue
			}
			emit(int(id), start, end)
		}
	}
}

// sortFound orders by start, the longer first.
func sortFound(f []found) {
	sort.SliceStable(f, func(i, j int) bool {
		if f[i].start != f[j].start {
			return f[i].start < f[j].start
		}
		return f[i].end > f[j].end
	})
}
