package retrieve

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Document is one text of a collection.
type Document struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text"`
}

// Found is one document that answers, best first. Score compares answers to
// one question only.
type Found struct {
	ID    string
	Doc   int // place in the collection
	Score float64
}

// The weights of BM25F (Robertson, Zaragoza: The Probabilistic Relevance
// Framework, 2009), with one length norm for each kind of gram.
const (
	saturation  = 1.0
	lengthNorm  = 0.75
	titleWeight = 2
	// A longer text says at its beginning what it is about: its first
	// characters count twice, and each further clause a little less.
	leadWide, leadLatin = 20, 60
	leadLeast           = 4 // of texts so many times longer
	fading              = 0.1
	clauseLeast         = 12 // bytes

	// Where less than this share of all text is words that only ask (how, what
	// shall I do), the collection answers: there these words of a question are
	// met by accident, so they are left out of it. Among questions they count.
	askingShare = 0.02
)

var kindWeight = [kinds]float64{single: 1.5, pair: 1, word: 1, piece: 0.5, wordPair: 0.3}

type posting struct {
	doc int32
	tf  float32 // frequency, title counted titleWeight times, divided by the length norm
}

// Index holds a collection; it does not change after NewIndex.
type Index struct {
	docs     []string // ids
	terms    map[uint64]int32
	kind     []kind
	idf      []float64
	postings [][]posting
	asks     bool // the documents are questions themselves
}

// NewIndex reads the documents.
func NewIndex(docs []Document) *Index {
	x := &Index{terms: map[uint64]int32{}, docs: make([]string, len(docs))}
	forward := make([][]posting, len(docs)) // by document: term and frequency
	lengths := make([][kinds]float64, len(docs))
	var average [kinds]float64
	size, asking := 0, 0
	for d, doc := range docs {
		x.docs[d] = doc.ID
		count := map[int32]float32{}
		add := func(s string, weight float32) {
			c := canonical(s)
			size += len(c)
			asking += len(c) - len(withoutAsking(c))
			place := weighPlaces(c)
			for _, g := range grams(c, true) {
				if g.kind == word && g.weak {
					continue
				}
				t, ok := x.terms[g.id]
				if !ok {
					t = int32(len(x.kind))
					x.terms[g.id] = t
					x.kind = append(x.kind, g.kind)
				}
				w := weight * place(g.start)
				count[t] += w
				lengths[d][g.kind] += float64(w)
			}
		}
		add(doc.Title, titleWeight)
		add(doc.Text, 1)
		for t, n := range count {
			forward[d] = append(forward[d], posting{t, n})
		}
		slices.SortFunc(forward[d], func(a, b posting) int { return cmp.Compare(a.doc, b.doc) })
		for k := range average {
			average[k] += lengths[d][k]
		}
	}
	x.asks = float64(asking) >= askingShare*float64(size)
	for k := range average {
		average[k] = max(average[k]/max(float64(len(docs)), 1), 1)
	}
	x.postings = make([][]posting, len(x.kind))
	for d, terms := range forward {
		for _, t := range terms {
			k := x.kind[t.doc]
			norm := 1 - lengthNorm + lengthNorm*lengths[d][k]/average[k]
			x.postings[t.doc] = append(x.postings[t.doc], posting{int32(d), t.tf / float32(norm)})
		}
	}
	x.idf = make([]float64, len(x.kind))
	for t, p := range x.postings {
		df := float64(len(p))
		x.idf[t] = math.Log(1 + (float64(len(docs))-df+0.5)/(df+0.5))
	}
	return x
}

// weighPlaces tells how much what stands at a byte of a text counts. It is
// asked from the beginning to the end.
func weighPlaces(s string) func(at int32) float32 {
	lead := int32(leadEnd(s))
	ends := clauses(s)
	weight := func(clause int) float32 { return 1 / (1 + fading*float32(clause)) }
	clause := 0
	return func(at int32) float32 {
		for clause < len(ends) && at >= ends[clause] {
			clause++
		}
		w := weight(clause)
		if at < lead {
			w++
		}
		return w
	}
}

// leadEnd is where the beginning of a long text ends; a short one has none.
func leadEnd(s string) int {
	n := leadLatin
	if r, _ := utf8.DecodeRuneInString(strings.TrimSpace(s)); r >= 0x2e80 {
		n = leadWide
	}
	runes, end := 0, 0
	for i := range s {
		if runes == n {
			end = i
		}
		if runes++; runes > n*leadLeast {
			return end
		}
	}
	return 0
}

// clauses gives where the clauses of a text end, but for the last.
func clauses(s string) (ends []int32) {
	from := 0
	for i, r := range s {
		if !strings.ContainsRune("。！？；，.!?;,\n", r) || r == '.' && i+1 < len(s) && s[i+1] != ' ' {
			continue
		}
		if end := i + utf8.RuneLen(r); end-from >= clauseLeast {
			ends = append(ends, int32(end))
			from = end
		}
	}
	return ends
}

// Len is the number of documents.
func (x *Index) Len() int { return len(x.docs) }

type queryTerm struct {
	term   int32
	weight float64
}

// Search gives the k best documents for a question.
func (x *Index) Search(question string, k int) []Found {
	found := x.search(question, -1, max(k, 0))
	return found[:min(len(found), max(k, 0))]
}

// search leaves out the document skip.
func (x *Index) search(question string, skip, k int) []Found {
	weights := map[int32]float64{}
	c := canonical(question)
	if bare := withoutAsking(c); !x.asks && strings.TrimSpace(bare) != "" {
		c = bare
	}
	for _, g := range grams(c, true) {
		if t, ok := x.terms[g.id]; ok && !(g.kind == word && g.weak) {
			weights[t]++
		}
	}
	query := make([]queryTerm, 0, len(weights))
	for t, w := range weights {
		query = append(query, queryTerm{t, w})
	}
	slices.SortFunc(query, func(a, b queryTerm) int { return cmp.Compare(a.term, b.term) })
	scores := make([]float64, len(x.docs))
	x.add(query, scores)
	return x.best(scores, skip, k)
}

func (x *Index) add(query []queryTerm, scores []float64) {
	for _, q := range query {
		w := q.weight * x.idf[q.term] * kindWeight[x.kind[q.term]] * (saturation + 1)
		for _, p := range x.postings[q.term] {
			tf := float64(p.tf)
			scores[p.doc] += w * tf / (tf + saturation)
		}
	}
}

func (x *Index) best(scores []float64, skip, k int) []Found {
	top := newTop(k)
	for d, s := range scores {
		if s > 0 && d != skip {
			top.offer(int32(d), s)
		}
	}
	ranked := top.sorted()
	found := make([]Found, len(ranked))
	for i, r := range ranked {
		found[i] = Found{ID: x.docs[r.slot], Doc: int(r.slot), Score: r.score}
	}
	return found
}
