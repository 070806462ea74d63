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
	// characters count twice.
	leadWide, leadLatin = 20, 60
	leadLeast           = 4 // of texts so many times longer

	// Words of the best answers are added to the question (RM3: Lavrenko and
	// Croft 2001, Abdul-Jaleel et al. 2004). It helps languages that write
	// words; for character pairs it was found to hurt.
	feedbackDocs   = 8
	feedbackTerms  = 40
	feedbackWeight = 0.15
)

var kindWeight = [kinds]float64{single: 1, pair: 1, word: 1, piece: 0.5, wordPair: 0.5}

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
	forward  [][]posting // by document: term and frequency, for expansion
}

// NewIndex reads the documents.
func NewIndex(docs []Document) *Index {
	x := &Index{terms: map[uint64]int32{}, docs: make([]string, len(docs)), forward: make([][]posting, len(docs))}
	lengths := make([][kinds]float64, len(docs))
	var average [kinds]float64
	for d, doc := range docs {
		x.docs[d] = doc.ID
		count := map[int32]float32{}
		add := func(s string, weight float32) {
			for _, g := range grams(canonical(s), true) {
				if g.kind == word && g.weak {
					continue
				}
				t, ok := x.terms[g.id]
				if !ok {
					t = int32(len(x.kind))
					x.terms[g.id] = t
					x.kind = append(x.kind, g.kind)
				}
				count[t] += weight
				lengths[d][g.kind] += float64(weight)
			}
		}
		add(doc.Title, titleWeight)
		add(doc.Text, 1)
		add(lead(doc.Text), 1)
		for t, n := range count {
			x.forward[d] = append(x.forward[d], posting{t, n})
		}
		slices.SortFunc(x.forward[d], func(a, b posting) int { return cmp.Compare(a.doc, b.doc) })
		for k := range average {
			average[k] += lengths[d][k]
		}
	}
	for k := range average {
		average[k] = max(average[k]/max(float64(len(docs)), 1), 1)
	}
	x.postings = make([][]posting, len(x.kind))
	for d, terms := range x.forward {
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

// lead is the beginning of a long text, empty for a short one.
func lead(s string) string {
	n := leadLatin
	if r, _ := utf8.DecodeRuneInString(strings.TrimSpace(s)); r >= 0x2e80 {
		n = leadWide
	}
	runes := 0
	cut := len(s)
	for i := range s {
		if runes == n {
			cut = i
		}
		if runes++; runes > n*leadLeast {
			return s[:cut]
		}
	}
	return ""
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
	for _, g := range grams(canonical(question), true) {
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
	if more := x.feedback(query, x.best(scores, skip, feedbackDocs)); len(more) > 0 {
		x.add(more, scores)
	}
	return x.best(scores, skip, k)
}

// feedback gives the words that stand out in the best answers.
func (x *Index) feedback(query []queryTerm, best []Found) []queryTerm {
	words, characters := 0.0, 0.0
	for _, q := range query {
		switch x.kind[q.term] {
		case single:
			characters += q.weight
		case word, piece, wordPair:
			words += q.weight
		}
	}
	if words <= 2*characters || len(best) == 0 {
		return nil
	}
	model := map[int32]float64{}
	for _, f := range best {
		share := f.Score / best[0].Score
		total := float32(0)
		for _, t := range x.forward[f.Doc] {
			if x.kind[t.doc] == word {
				total += t.tf
			}
		}
		for _, t := range x.forward[f.Doc] {
			if x.kind[t.doc] == word && len(x.postings[t.doc]) > 1 {
				model[t.doc] += share * share * float64(t.tf/total)
			}
		}
	}
	more := make([]queryTerm, 0, len(model))
	for t, w := range model {
		more = append(more, queryTerm{t, w})
	}
	slices.SortFunc(more, func(a, b queryTerm) int {
		if c := cmp.Compare(b.weight*x.idf[b.term], a.weight*x.idf[a.term]); c != 0 {
			return c
		}
		return cmp.Compare(a.term, b.term)
	})
	more = more[:min(len(more), feedbackTerms)]
	sum := 0.0
	for _, t := range more {
		sum += t.weight
	}
	for i := range more {
		more[i].weight *= feedbackWeight * words / sum
	}
	return more
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
