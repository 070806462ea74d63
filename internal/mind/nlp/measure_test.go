package nlp

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type labelledText struct {
	ID        string   `json:"id"`
	Text      string   `json:"text"`
	Lang      string   `json:"lang"`
	Priority  string   `json:"priority"`
	Risk      []string `json:"risk"`
	Sentiment int      `json:"sentiment"`
}

type goldenText struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Expect struct {
		Language        string   `json:"language"`
		PriorityAtLeast string   `json:"priority_at_least"`
		Risk            []string `json:"risk"`
		SentimentSign   *int     `json:"sentiment_sign"`
		Matters         int      `json:"matters"`
		TitleContains   string   `json:"title_contains"`
	} `json:"expect"`
}

func readLines[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Skipf("no %s: %v", name, err)
	}
	defer f.Close()
	var all []T
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		if strings.TrimSpace(sc.Text()) == "" {
			continue
		}
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, v)
	}
	return all
}

// whole reads a text with everything this package does.
func whole(text string) (*Prepared, []Signal, Feeling, Hurry) {
	p := Prepare(text)
	r := Risk(p, nil)
	f := Sentiment(p, r)
	return p, r, f, Urgency(p, r, f)
}

func kindsOf(signals []Signal) []string {
	var out []string
	for _, s := range signals {
		if !slices.Contains(out, string(s.Kind)) {
			out = append(out, string(s.Kind))
		}
	}
	return out
}

// riskTally counts warnings by kind: right, wrong, missed.
type riskTally map[string]*[3]int

func (r riskTally) add(want, got []string) {
	for _, k := range RiskKinds {
		c := r[string(k)]
		if c == nil {
			c = new([3]int)
			r[string(k)] = c
		}
		w, g := slices.Contains(want, string(k)), slices.Contains(got, string(k))
		switch {
		case w && g:
			c[0]++
		case g:
			c[1]++
		case w:
			c[2]++
		}
	}
}

func (r riskTally) micro() (precision, recall float64) {
	var sum [3]float64
	for _, c := range r {
		for i := range c {
			sum[i] += float64(c[i])
		}
	}
	return sum[0] / max(1, sum[0]+sum[1]), sum[0] / max(1, sum[0]+sum[2])
}

// The hand-labelled texts. The bounds lie below what is reached: they catch a
// change that breaks something, the figures are in the log.
func TestMeasureLabelled(t *testing.T) {
	all := readLines[labelledText](t, filepath.Join("..", "testdata", "labelled.jsonl"))
	show := os.Getenv("ZHIDAN_SHOW")
	steps := []string{"low", "normal", "high", "urgent"}
	risks := riskTally{}
	var exact, near, sign, prio, prioNear float64
	var confusion [4][4]int
	var feelings [5][5]int
	for i, l := range all {
		_, r, f, h := whole(l.Text)
		got := kindsOf(r)
		risks.add(l.Risk, got)
		feelings[l.Sentiment+2][f.Step+2]++
		if f.Step == l.Sentiment {
			exact++
		}
		if d := f.Step - l.Sentiment; d*d <= 1 {
			near++
		}
		if (f.Step > 0) == (l.Sentiment > 0) && (f.Step < 0) == (l.Sentiment < 0) {
			sign++
		}
		want, have := slices.Index(steps, l.Priority), slices.Index(steps, Priority(h.Impact, h.Urgency))
		confusion[want][have]++
		if want == have {
			prio++
		}
		if d := want - have; d*d <= 1 {
			prioNear++
		}
		if show != "" && i%2 == 0 {
			if show == "risk" && !sameSet(got, l.Risk) {
				t.Logf("%s want %v got %v: %s %v", l.ID, l.Risk, got, l.Text, r)
			}
			if show == "feeling" && f.Step != l.Sentiment {
				t.Logf("%s want %d got %d (%.2f %v): %s", l.ID, l.Sentiment, f.Step, f.Score, f.Ironic, l.Text)
			}
			if show == "priority" && want != have {
				t.Logf("%s want %s got %s %d/%d: %s", l.ID, l.Priority, steps[have], h.Impact, h.Urgency, l.Text)
			}
		}
	}
	n := float64(len(all))
	p, rec := risks.micro()
	t.Logf("%d texts; risk precision %.3f recall %.3f", len(all), p, rec)
	for _, k := range RiskKinds {
		c := risks[string(k)]
		t.Logf("  %-10s right %d wrong %d missed %d", k, c[0], c[1], c[2])
	}
	t.Logf("sentiment exact %.3f, within one step %.3f, sign %.3f; rows wanted, columns found, -2..2: %v", exact/n, near/n, sign/n, feelings)
	t.Logf("priority exact %.3f, within one step %.3f; low normal high urgent: %v", prio/n, prioNear/n, confusion)
	if p < 0.8 || rec < 0.5 || exact/n < 0.55 || prio/n < 0.5 {
		t.Error("far below what was reached before")
	}
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

func TestMeasureGolden(t *testing.T) {
	all := readLines[goldenText](t, filepath.Join("..", "testdata", "golden.jsonl"))
	show := os.Getenv("ZHIDAN_SHOW")
	steps := []string{"low", "normal", "high", "urgent"}
	risks := riskTally{}
	var lang, sign, signs, matters, wrongSplit, title, titles, prio, prios float64
	for i, g := range all {
		p, r, f, h := whole(g.Text)
		got := kindsOf(r)
		risks.add(g.Expect.Risk, got)
		tag := p.Language
		if g.Expect.Language == "zh" && tag == "zh-Hans" {
			tag = "zh"
		}
		if tag == g.Expect.Language {
			lang++
		} else if show == "language" {
			t.Logf("%s want %s got %s: %s", g.ID, g.Expect.Language, tag, g.Text)
		}
		if g.Expect.SentimentSign != nil {
			signs++
			if (f.Step > 0) == (*g.Expect.SentimentSign > 0) && (f.Step < 0) == (*g.Expect.SentimentSign < 0) {
				sign++
			} else if show == "sign" && i%2 == 0 {
				t.Logf("%s want %d got %d: %s", g.ID, *g.Expect.SentimentSign, f.Step, g.Text)
			}
		}
		if g.Expect.Matters > 0 {
			m := Matters(p)
			if len(m) == g.Expect.Matters {
				matters++
			} else {
				if g.Expect.Matters == 1 {
					wrongSplit++
				}
				if show == "matters" && i%2 == 0 {
					t.Logf("%s want %d got %d: %s", g.ID, g.Expect.Matters, len(m), g.Text)
				}
			}
		}
		if w := g.Expect.TitleContains; w != "" {
			titles++
			if have := Title(p); strings.Contains(strings.ToLower(have), strings.ToLower(w)) {
				title++
			} else if show == "title" && i%2 == 0 {
				t.Logf("%s want %q in %q: %s", g.ID, w, have, g.Text)
			}
		}
		if w := g.Expect.PriorityAtLeast; w != "" {
			prios++
			if slices.Index(steps, Priority(h.Impact, h.Urgency)) >= slices.Index(steps, w) {
				prio++
			} else if show == "atleast" && i%2 == 0 {
				t.Logf("%s want %s got %d/%d: %s", g.ID, w, h.Impact, h.Urgency, g.Text)
			}
		}
		if show == "grisk" && i%2 == 0 && !sameSet(got, g.Expect.Risk) {
			t.Logf("%s want %v got %v: %s %v", g.ID, g.Expect.Risk, got, g.Text, r)
		}
	}
	n := float64(len(all))
	p, rec := risks.micro()
	t.Logf("%d texts; language %.3f; sentiment sign %.3f of %.0f; matters %.3f, wrongly split %.0f; title %.3f of %.0f; priority at least %.3f of %.0f; risk precision %.3f recall %.3f",
		len(all), lang/n, sign/signs, signs, matters/n, wrongSplit, title/titles, titles, prio/prios, prios, p, rec)
	if lang/n < 0.9 || matters/n < 0.85 || wrongSplit > n/25 {
		t.Error("far below what was reached before")
	}
}

// Public sets of reviews: two classes, so 0 counts by its score.
func TestMeasureReviews(t *testing.T) {
	shared := os.Getenv("ZHIDAN_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "shared")
	}
	for set, least := range map[string]float64{"zh-sentiment-waimai": 0.7, "en-sentiment-yelp1k": 0.7} {
		data, err := os.ReadFile(filepath.Join(shared, "data", set, "test.tsv"))
		if err != nil {
			t.Skipf("the public sets are absent: %v", err)
		}
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
		right, said, saidRight := 0, 0, 0
		for _, l := range lines {
			k := strings.LastIndexByte(l, '\t')
			if k < 0 {
				continue
			}
			p := Prepare(l[:k])
			f := Sentiment(p, Risk(p, nil))
			good := strings.TrimSpace(l[k+1:]) == "1"
			if (f.Score > 0) == good {
				right++
			}
			if f.Step != 0 {
				said++
				if (f.Step > 0) == good {
					saidRight++
				}
			}
		}
		got := float64(right) / float64(len(lines))
		t.Logf("%s: accuracy %.3f (a score of 0 counts as bad); where a step is given (%d of %d) %.3f", set, got, said, len(lines), float64(saidRight)/float64(max(1, said)))
		if got < least {
			t.Errorf("%s: %.3f is below %.2f", set, got, least)
		}
	}
}
