package understand

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"testing"

	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/starter"
	"zhidan/internal/platform/clock"
)

// BenchmarkRead reads the reference messages one after the other: what a Pass
// costs (full=false) and what a page asks for (full=true).
func BenchmarkRead(b *testing.B) {
	f, err := os.Open("../../mind/testdata/golden.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var texts []string
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var x struct{ Text string }
		if err := json.Unmarshal(in.Bytes(), &x); err != nil {
			b.Fatal(err)
		}
		texts = append(texts, x.Text)
	}
	var examples []learn.Example
	for _, e := range starter.Types() {
		examples = append(examples, learn.Example{Text: e.Text, Label: e.Label})
	}
	model, _, err := learn.Train(context.Background(), examples, learn.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	r := fresh(b)
	r.models["type"], r.models["category"] = fieldModel{Model: model}, fieldModel{Model: model}
	for name, full := range map[string]bool{"pass": false, "page": true} {
		b.Run(name, func(b *testing.B) {
			sums := map[string]int64{}
			i := 0
			for b.Loop() {
				x := r.read(Text{Body: texts[i%len(texts)], Now: clock.Time(1795000000000)}, full)
				for _, t := range x.Timings {
					sums[t.Part] += t.Micros
				}
				i++
			}
			for part, n := range sums {
				b.ReportMetric(float64(n)/float64(i), "µs-"+part)
			}
		})
	}
}
