package understand

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/starter"
	"zhidan/internal/platform/clock"
)

// BenchmarkRead reads the reference messages one after the other: what a Pass
// costs (full=false) and what a page asks for (full=true), taken apart: the middle
// message and the slowest in a hundred.
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
			// Of each message the best of its readings: what else runs on the
			// machine is not the message's.
			parts := map[string][]float64{}
			note := func(part string, message int, d time.Duration) {
				if parts[part] == nil {
					parts[part] = make([]float64, len(texts))
				}
				if now := float64(d.Nanoseconds()) / 1000; parts[part][message] == 0 || now < parts[part][message] {
					parts[part][message] = now
				}
			}
			i := 0
			for b.Loop() {
				began := time.Now()
				x := r.read(Text{Body: texts[i%len(texts)], Now: clock.Time(1795000000000)}, full)
				note("all", i%len(texts), time.Since(began))
				for _, t := range x.Timings {
					note(t.Part, i%len(texts), t.took)
				}
				i++
			}
			for part, all := range parts {
				slices.Sort(all)
				b.ReportMetric(all[len(all)/2], part+"-p50-µs")
				b.ReportMetric(all[len(all)*99/100], part+"-p99-µs")
			}
		})
	}
}
