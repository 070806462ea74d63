package understand

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/platform/clock"
)

// fresh is what reads for a tenant on its first day.
func fresh(t testing.TB) *resident {
	t.Helper()
	r := &resident{settings: &Settings{}, risk: nlp.ShippedRisk(), models: map[string]fieldModel{}}
	for _, field := range []string{"priority", "sentiment", "risk"} {
		list := labels(field, &form.Catalog{}, r.settings)
		m, _, err := learn.Train(context.Background(), shippedExamples(field, &form.Catalog{}, list), learn.Options{Labels: list, Balance: balanced(field), Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r.models[field] = fieldModel{Model: m}
	}
	return r
}

// TestFirstDay holds what rules and shipped models make of the hand-labelled
// reference texts, none of which they were made from, above floors. The odd
// rows are those that nobody who wrote rules has read.
func TestFirstDay(t *testing.T) {
	r := fresh(t)
	f, err := os.Open("../../mind/testdata/labelled.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	var n, mood, near, prio, close, urgent, urgentSeen, grave, graveSeen, alarms, calm, hits, missed, extra float64
	for row := 0; in.Scan(); row++ {
		var x struct {
			Text, Priority string
			Risk           []string
			Sentiment      int
		}
		if err := json.Unmarshal(in.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		if row%2 == 0 {
			continue
		}
		n++
		y := r.read(Text{Body: x.Text, Now: clock.Time(1795000000000)}, false)
		born := &ticket.Ticket{Priority: ticket.Normal}
		for _, d := range r.decisions(y, born, nil, &form.Catalog{}, 0) {
			if d.Field == "priority" && d.State == ticket.DecisionSet {
				if err := born.Priority.UnmarshalText([]byte(d.Value)); err != nil {
					t.Fatal(err)
				}
			}
			if d.Field == "risk" {
				born.Risk, _ = strconv.Atoi(d.Value)
			}
		}
		want := float64(slices.Index(priorities, x.Priority))
		got := float64(slices.Index(priorities, born.Priority.String()))
		want = max(want, 1) // low is never set by itself
		prio += is(got == want)
		close += is(got-want <= 1 && want-got <= 1)
		mood += is(y.Mood == x.Sentiment)
		near += is(y.Mood-x.Sentiment <= 1 && x.Sentiment-y.Mood <= 1)
		if x.Priority == "urgent" {
			urgent++
			urgentSeen += is(got >= 2)
		}
		if slices.Contains(x.Risk, "safety") {
			grave++
			graveSeen += is(born.Risk >= ticket.AtRisk)
		}
		if len(x.Risk) == 0 {
			calm++
			alarms += is(born.Risk >= ticket.AtRisk)
		}
		kinds := map[string]bool{}
		for _, s := range y.Risks {
			kinds[string(s.Kind)] = true
		}
		for _, k := range x.Risk {
			hits += is(kinds[k])
			missed += is(!kinds[k])
		}
		for k := range kinds {
			extra += is(!slices.Contains(x.Risk, k))
		}
	}
	for _, c := range []struct {
		what       string
		got, least float64
	}{
		{"mood exact", mood / n, .62}, {"mood within one step", near / n, .93},
		{"priority at birth exact", prio / n, .6}, {"priority within one step", close / n, .9}, {"urgent seen as high or urgent", urgentSeen / urgent, .8},
		{"dangers that raise the alarm", graveSeen / grave, .7}, {"no alarm where there is no risk", 1 - alarms/calm, .9},
		{"kinds of risk, recall", hits / (hits + missed), .68}, {"kinds of risk, precision", hits / (hits + extra), .7},
	} {
		t.Logf("%-32s %.3f (floor %.2f)", c.what, c.got, c.least)
		if c.got < c.least {
			t.Errorf("%s: %.3f, below %.2f", c.what, c.got, c.least)
		}
	}
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
