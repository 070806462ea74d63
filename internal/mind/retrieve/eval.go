package retrieve

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/id"
)

// RetrievalReport are the figures of `zhidan eval retrieval`.
type RetrievalReport struct {
	Docs        int     `json:"docs"`
	Queries     int     `json:"queries"`
	HitAt1      float64 `json:"hit_at_1"`
	HitAt5      float64 `json:"hit_at_5"`
	HitAt10     float64 `json:"hit_at_10"`
	MRRAt10     float64 `json:"mrr_at_10"`
	QueryMillis float64 `json:"query_millis"`
}

// DuplicatesReport are the figures of `zhidan eval duplicates`. The retrieval
// figures come from all distinct sentences, with every sentence that has a
// duplicate as a query (at most 4,000) and itself left out. The
// answers of the index are put in order by a Pairs model: that of the training
// file, or without one a model learned in five folds, each from pairs that
// share no cluster with the queries it is used for.
type DuplicatesReport struct {
	RetrievalReport
	PairAccuracy  float64 `json:"pair_accuracy"`
	PairAUC       float64 `json:"pair_auc"`
	TrainPairs    int     `json:"train_pairs"`
	TestPairs     int     `json:"test_pairs"`
	TrainSeconds  float64 `json:"train_seconds"`
	PredictMicros float64 `json:"predict_micros"`

	// Plain are the retrieval figures of the index alone, without labels.
	Plain RetrievalReport `json:"plain"`

	// Live are those of what a desk uses, without labels: a Similar, and its
	// best in the order of Closer.
	Live RetrievalReport `json:"live"`
}

type hits struct{ at1, at5, at10, reciprocal, n float64 }

func (h *hits) count(rank int) { // from 0; negative: not found
	h.n++
	if rank < 0 || rank >= 10 {
		return
	}
	h.at10++
	h.reciprocal += 1 / float64(rank+1)
	if rank < 5 {
		h.at5++
	}
	if rank == 0 {
		h.at1++
	}
}

func (h *hits) report(docs int, took time.Duration) RetrievalReport {
	n := max(h.n, 1)
	return RetrievalReport{
		Docs: docs, Queries: int(h.n), HitAt1: h.at1 / n, HitAt5: h.at5 / n, HitAt10: h.at10 / n,
		MRRAt10: h.reciprocal / n, QueryMillis: took.Seconds() * 1000 / n,
	}
}

// EvalRetrieval reads documents as JSONL {id, title?, text} and queries as
// JSONL {id, text, relevant: [id…]}. Ids may be strings or numbers.
func EvalRetrieval(docsFile, queriesFile string) (RetrievalReport, error) {
	var docs []Document
	err := eachLine(docsFile, func(line []byte) error {
		var d struct {
			ID    any    `json:"id"`
			Title string `json:"title"`
			Text  string `json:"text"`
		}
		if err := decode(line, &d); err != nil {
			return err
		}
		docs = append(docs, Document{fmt.Sprint(d.ID), d.Title, d.Text})
		return nil
	})
	if err != nil {
		return RetrievalReport{}, err
	}
	type query struct {
		text     string
		relevant []string
	}
	var queries []query
	err = eachLine(queriesFile, func(line []byte) error {
		var q struct {
			Text     string `json:"text"`
			Relevant []any  `json:"relevant"`
		}
		if err := decode(line, &q); err != nil {
			return err
		}
		x := query{text: q.Text}
		for _, r := range q.Relevant {
			x.relevant = append(x.relevant, fmt.Sprint(r))
		}
		queries = append(queries, x)
		return nil
	})
	if err != nil {
		return RetrievalReport{}, err
	}
	x := NewIndex(docs)
	var h hits
	start := time.Now()
	for _, q := range queries {
		h.count(slices.IndexFunc(x.Search(q.text, 10), func(f Found) bool { return slices.Contains(q.relevant, f.ID) }))
	}
	return h.report(len(docs), time.Since(start)), nil
}

func decode(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	return d.Decode(v)
}

// EvalDuplicates reads pairs as TSV without a header: sentence, sentence,
// label 0 or 1 (CSV with a header for a file named .csv). The pair figures are
// from all pairs with a model of trainFile, or without one from the last three
// tenths with a model of the first seven (of every ten, when the file is in order
// of its labels).
func EvalDuplicates(pairsFile, trainFile string) (DuplicatesReport, error) {
	pairs, err := ReadPairs(pairsFile)
	if err != nil {
		return DuplicatesReport{}, err
	}
	cut := len(pairs) * 7 / 10
	train, test := pairs[:cut], pairs[cut:]
	if a := auc(make([]float64, len(test)), test); a == 0 { // a file in order of its labels
		train, test = nil, nil
		for i, p := range pairs {
			if i%10 < 7 {
				train = append(train, p)
			} else {
				test = append(test, p)
			}
		}
	}
	if trainFile != "" {
		if train, err = ReadPairs(trainFile); err != nil {
			return DuplicatesReport{}, err
		}
		test = pairs
	}
	c := cluster(pairs)
	start := time.Now()
	model := LearnPairs(train, c.texts)
	r := DuplicatesReport{TrainPairs: len(train), TestPairs: len(test), TrainSeconds: time.Since(start).Seconds()}
	start = time.Now()
	scores := make([]float64, len(test))
	right := 0.0
	for i, p := range test {
		scores[i] = model.Same(p.A, p.B)
		if (scores[i] >= 0.5) == p.Same {
			right++
		}
	}
	n := max(float64(len(test)), 1)
	r.PredictMicros = time.Since(start).Seconds() * 1e6 / n
	r.PairAccuracy, r.PairAUC = right/n, auc(scores, test)
	r.RetrievalReport, r.Plain = c.retrieve(pairs, model, trainFile != "")
	r.Live = c.live()
	return r, nil
}

// live asks a Similar, as tickets are compared.
func (c *clusters) live() RetrievalReport {
	s := NewSimilar(len(c.texts))
	for i, t := range c.texts {
		s.Add(id.ID(i+1), t, Meta{})
	}
	var h hits
	start := time.Now()
	for _, q := range c.queries() {
		near := s.Near(c.texts[q], Options{K: CloserDepth, Exclude: id.ID(q + 1)})
		Closer(c.texts[q], near, func(t id.ID) string { return c.texts[t-1] })
		h.count(slices.IndexFunc(near, func(x Hit) bool { return c.of[x.ID-1] == c.of[q] }))
	}
	return h.report(len(c.texts), time.Since(start))
}

// auc is the chance that a pair that is the same scores above one that is not.
func auc(scores []float64, pairs []Pair) float64 {
	order := make([]int, len(pairs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var ranks, same float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && scores[order[j]] == scores[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			if pairs[k].Same {
				ranks += float64(i+j+1) / 2
				same++
			}
		}
		i = j
	}
	other := float64(len(pairs)) - same
	if same == 0 || other == 0 {
		return 0
	}
	return (ranks - same*(same+1)/2) / (same * other)
}

// clusters are the distinct sentences and which of them mean the same.
type clusters struct {
	texts   []string
	of      []int // sentence to its cluster
	members map[int][]int
}

func cluster(pairs []Pair) clusters {
	var c clusters
	number := map[string]int{}
	var parent []int
	get := func(s string) int {
		i, ok := number[s]
		if !ok {
			i = len(parent)
			number[s] = i
			parent = append(parent, i)
			c.texts = append(c.texts, s)
		}
		return i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, p := range pairs {
		a, b := get(p.A), get(p.B)
		if p.Same {
			parent[root(a)] = root(b)
		}
	}
	c.members = map[int][]int{}
	for i := range parent {
		r := root(i)
		c.of = append(c.of, r)
		c.members[r] = append(c.members[r], i)
	}
	return c
}

const (
	maxQueries = 4000
	maxCluster = 50
)

// queries are at most maxQueries sentences that have a duplicate, spread over
// the whole file.
func (c *clusters) queries() []int {
	var all []int
	for i, r := range c.of {
		if n := len(c.members[r]); n >= 2 && n <= maxCluster {
			all = append(all, i)
		}
	}
	if len(all) <= maxQueries {
		return all
	}
	some := make([]int, maxQueries)
	for i := range some {
		some[i] = all[i*len(all)/maxQueries]
	}
	return some
}

func (c *clusters) retrieve(pairs []Pair, given *Pairs, isGiven bool) (reranked, plain RetrievalReport) {
	docs := make([]Document, len(c.texts))
	number := make(map[string]int, len(c.texts))
	for i, s := range c.texts {
		docs[i] = Document{ID: strconv.Itoa(i), Text: s}
		number[s] = i
	}
	x := NewIndex(docs)
	models := make([]*Pairs, folds)
	for f := range models {
		if models[f] = given; isGiven {
			continue
		}
		var train []Pair
		for _, p := range pairs {
			if c.fold(number[p.A]) != f && c.fold(number[p.B]) != f {
				train = append(train, p)
			}
		}
		models[f] = LearnPairs(append(train, c.mine(x, f)...), c.texts)
	}
	var before, after hits
	start := time.Now()
	var first time.Duration
	for _, q := range c.queries() {
		right := func(f Found) bool { return c.of[f.Doc] == c.of[q] }
		began := time.Now()
		found := x.search(c.texts[q], q, rerankDepth)
		first += time.Since(began)
		before.count(slices.IndexFunc(found, right))
		models[c.fold(q)].Rerank(c.texts[q], found, func(i int) string { return c.texts[i] })
		after.count(slices.IndexFunc(found, right))
	}
	return after.report(len(docs), time.Since(start)), before.report(len(docs), first)
}

// mined is how many wrong answers of the index each sentence brings.
const mined = 4

// mine gives what the index confuses, outside one fold: each sentence with
// those that mean the same and with the best that do not.
func (c *clusters) mine(x *Index, without int) []Pair {
	var out []Pair
	for _, q := range c.queries() {
		if c.fold(q) == without {
			continue
		}
		wrong := 0
		for _, f := range x.search(c.texts[q], q, 3*mined) {
			same := c.of[f.Doc] == c.of[q]
			if c.fold(f.Doc) == without || !same && wrong == mined {
				continue
			}
			if !same {
				wrong++
			}
			out = append(out, Pair{c.texts[q], c.texts[f.Doc], same})
		}
	}
	return out
}

// fold keeps a cluster together.
func (c *clusters) fold(sentence int) int { return c.of[sentence] * 7919 % folds }

// ReadPairs reads a file of labelled pairs.
func ReadPairs(file string) ([]Pair, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	if strings.HasSuffix(file, ".csv") {
		r := csv.NewReader(bytes.NewReader(b))
		r.FieldsPerRecord = -1
		if rows, err = r.ReadAll(); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		rows = rows[min(1, len(rows)):]
	} else {
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				rows = append(rows, strings.Split(line, "\t"))
			}
		}
	}
	pairs := make([]Pair, 0, len(rows))
	for i, r := range rows {
		if len(r) < 3 {
			return nil, fmt.Errorf("%s: row %d has %d columns, not sentence, sentence, label", file, i+1, len(r))
		}
		label := strings.TrimSpace(r[len(r)-1])
		if label != "0" && label != "1" && label != "0.0" && label != "1.0" {
			return nil, fmt.Errorf("%s: row %d: label %q is neither 0 nor 1", file, i+1, label)
		}
		pairs = append(pairs, Pair{r[0], r[1], label[0] == '1'})
	}
	return pairs, nil
}

func eachLine(file string, fn func(line []byte) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := fn(line); err != nil {
				return fmt.Errorf("%s: line %d: %w", file, n, err)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
