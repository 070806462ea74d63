package entity

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dishes makes examples whose type no rule knows: what follows "想吃".
func dishes(n, from int) []Example {
	words := []string{"红烧肉", "鱼香茄子", "宫保鸡丁", "麻婆豆腐", "糖醋排骨", "清蒸鲈鱼", "西红柿鸡蛋", "土豆丝"}
	var out []Example
	for i := range n {
		w := words[(i+from)%len(words)]
		e := Example{Text: fmt.Sprintf("我想吃%s，花了%d元。", w, 20+i)}
		k := runeLen(w)
		money := runeLen(fmt.Sprint(20+i)) + 1
		e.Entities = []Span{{3, 3 + k, "dish"}, {3 + k + 3, 3 + k + 3 + money, "amount"}}
		out = append(out, e)
	}
	return out
}

func TestTrainLearnsATypeThatNoRuleKnows(t *testing.T) {
	ctx := context.Background()
	tr, err := Train(ctx, dishes(60, 0), TrainOptions{Seed: 1, Read: saturday})
	if err != nil {
		t.Fatal(err)
	}
	text := "我想吃水煮牛肉，花了88元。电话13800138000"
	list := tr.Extract(text, saturday)
	sound(t, text, list)
	got := ""
	for _, e := range list {
		got += string(e.Type) + ":" + string([]rune(text)[e.Start:e.End]) + " "
	}
	if got != "dish:水煮牛肉 amount:88元 phone:13800138000 " {
		t.Errorf("found %s", got)
	}
	if list[1].Value != "88.00 CNY" {
		t.Errorf("a learned span lost the value that the rules know: %s", list[1].Value)
	}

	b, err := tr.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadTrained(b)
	if err != nil {
		t.Fatal(err)
	}
	if x, y := fmt.Sprint(tr.Extract(text, saturday)), fmt.Sprint(again.Extract(text, saturday)); x != y {
		t.Errorf("stored and read: %s, before %s", y, x)
	}
	same, err := Train(ctx, dishes(60, 0), TrainOptions{Seed: 1, Read: saturday})
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := same.MarshalBinary(); string(c) != string(b) {
		t.Error("the same examples and seed gave another model")
	}
	for i := 0; i < len(b); i += 97 { // no damage is overlooked
		bad := []byte(string(b))
		bad[i] ^= 0x40
		if _, err := ReadTrained(bad); err == nil {
			t.Fatalf("byte %d damaged and not seen", i)
		}
	}
	if _, err := ReadTrained(b[:len(b)/2]); err == nil {
		t.Error("half a model was read")
	}
}

func TestTrainStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, dishes(60, 0), TrainOptions{}); err == nil {
		t.Error("trained on")
	}
	if _, err := Train(context.Background(), []Example{{Text: "a"}}, TrainOptions{}); err == nil {
		t.Error("learned from nothing")
	}
}

func TestEvaluationCountsExactSpans(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "test.jsonl")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"text":"电话13800138000","entities":[{"start":2,"end":13,"type":"phone"}]}
{"text":"花了88元","entities":[{"start":2,"end":4,"type":"amount"}]}
`)
	r, err := EvalEntities(context.Background(), EvalOptions{Test: file})
	if err != nil {
		t.Fatal(err)
	}
	if r.PerType["phone"].F1 != 1 || r.PerType["amount"].F1 != 0 || r.MicroF1 != 0.5 {
		t.Errorf("%+v", r)
	}
	b, _ := json.Marshal(r)
	for _, key := range []string{`"micro_f1":0.5`, `"per_type":{`, `"precision":`, `"recall":`, `"f1":`} {
		if !strings.Contains(string(b), key) {
			t.Errorf("no %s in %s", key, b)
		}
	}
	write(`{"text":"短","entities":[{"start":0,"end":9,"type":"phone"}]}`)
	if _, err := EvalEntities(context.Background(), EvalOptions{Test: file}); err == nil || !strings.Contains(err.Error(), ":1:") {
		t.Errorf("a span outside of its text: %v", err)
	}
	if _, err := EvalEntities(context.Background(), EvalOptions{}); err == nil {
		t.Error("measured without a test")
	}
}

// The public sets, when they are there. The bars stand below the figures of
// docs/EVALUATION.md, so that only a real loss fails.
func TestPublicSets(t *testing.T) {
	if testing.Short() {
		t.Skip("training on public sets is left out of short runs")
	}
	shared := os.Getenv("ZHIDAN_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "..", "shared")
	}
	all, err := ReadExamples(filepath.Join(shared, "data", "zh-entities-crosswoz", "all.jsonl"))
	if err != nil {
		t.Skipf("the public sets are not here (set ZHIDAN_SHARED): %v", err)
	}
	r, err := Evaluate(context.Background(), nil, all[len(all)*4/5:], EvalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for typ, bar := range map[string]float64{"phone": 0.94, "amount": 0.95, "address": 0.85, "duration": 0.87} {
		if got := r.PerType[typ].F1; got < bar {
			t.Errorf("shipped rules, %s: F1 %.3f, want %.2f", typ, got, bar)
		}
	}
}
