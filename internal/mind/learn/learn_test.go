package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// shop gives made-up tickets of a made-up shop: what is wanted, in the words
// that n picks.
func shop(n int) []Example {
	things := []string{"fridge", "kettle", "lamp", "phone", "washing machine", "bicycle", "chair", "tablet", "heater", "camera"}
	ask := map[string][]string{
		"refund":   {"I want my money back for the %s", "please refund the %s I paid for", "when do I get the refund for my %s", "我要退款，%s不要了", "%s 的钱什么时候退给我"},
		"repair":   {"the %s does not turn on, send a technician", "my %s is broken and needs repair", "%s makes a strange noise, please fix it", "%s 坏了，请派师傅维修", "%s 不通电，需要修理"},
		"delivery": {"where is my parcel with the %s", "the courier has not delivered the %s", "tracking of the %s shows nothing", "%s 的快递还没到", "物流一直不更新，%s 什么时候送到"},
		"invoice":  {"I need an invoice for the %s", "the invoice of the %s has a wrong tax number", "send me the bill for the %s", "%s 请开发票", "发票抬头写错了，%s 那张"},
		"account":  {"I cannot log in to buy a %s", "my password does not work, I want to see the %s", "how do I change the email of my account for the %s", "登录不了账号，买不了%s", "忘记密码，看不到 %s 的订单"},
		"praise":   {"the %s is wonderful, thank you", "very happy with the %s and your friendly staff", "great service, the %s is perfect", "%s 很好用，谢谢", "服务态度很好，%s 很满意"},
	}
	var out []Example
	for _, label := range []string{"refund", "repair", "delivery", "invoice", "account", "praise"} {
		for i := range n {
			out = append(out, Example{Text: fmt.Sprintf(ask[label][i%5], things[(i/5+i)%len(things)]), Label: label})
		}
	}
	return out
}

func trained(t testing.TB) *Model {
	t.Helper()
	m, _, err := Train(t.Context(), shop(25), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLearnsWhatTicketsAreAbout(t *testing.T) {
	m, r, err := Train(t.Context(), shop(25), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Hello, please give me back the money for this toaster": "refund",
		"烤箱坏了，能派人来修吗":                                           "repair",
		"快递怎么还没送到":                                              "delivery",
		"please send an invoice for order 17":                   "invoice",
		"I forgot my password":                                  "account",
		"非常满意，谢谢你们":                                             "praise",
	} {
		p := m.Predict(text, "")
		if p.Label != want {
			t.Errorf("%q is %s, want %s", text, p.Label, want)
		}
		if len(p.Runners) != 5 || p.Runners[0].Label != p.Label || p.Runners[0].Confidence != p.Confidence {
			t.Errorf("%q: runners %v", text, p.Runners)
		}
	}
	if r.Accuracy < 0.9 || r.Held != 150 || len(r.PerLabel) != 6 || r.ECE > 0.15 {
		t.Errorf("report: accuracy %.2f, held %d, labels %d, ece %.2f", r.Accuracy, r.Held, len(r.PerLabel), r.ECE)
	}
	// Each held out example stands in one cell, under its own label.
	seen := map[int]bool{}
	for _, c := range r.Cells {
		for _, i := range c.Examples {
			if seen[i] || shop(25)[i].Label != c.Label {
				t.Errorf("example %d stands wrongly in cell %s/%s", i, c.Label, c.Given)
			}
			seen[i] = true
		}
	}
	if len(seen) != 150 {
		t.Errorf("%d examples stand in cells", len(seen))
	}
}

func TestWidthCaseAndScriptDoNotMatter(t *testing.T) {
	m := trained(t)
	for a, b := range map[string]string{"REFUND please": "ｒｅｆｕｎｄ please", "請開發票": "请开发票"} {
		p, q := m.Predict(a, ""), m.Predict(b, "")
		if p.Label != q.Label || p.Confidence != q.Confidence {
			t.Errorf("%q: %v, %q: %v", a, p, b, q)
		}
	}
}

func TestTellsTheUnknown(t *testing.T) {
	m := trained(t)
	known := m.Predict("my kettle is broken and needs repair", "").Known
	for _, text := range []string{"quarterly photosynthesis of alpine mosses under ultraviolet", "北极熊在冰川上迁徙的纪录片", "", "zzzzqqqq xxxyyy", "🙂🙂🙂"} {
		if p := m.Predict(text, ""); p.Known >= known*0.8 {
			t.Errorf("%q is known by %.2f, a usual ticket by %.2f", text, p.Known, known)
		}
	}
}

func TestEvidencePointsAtTheWords(t *testing.T) {
	m := trained(t)
	for text, want := range map[string]string{
		"Good morning dear team, I bought a lamp on Monday and now I would like a REFUND.": "refund",
		"你好，😀我上周买的台灯，麻烦帮忙開一下發票":                                                            "發票",
	} {
		ev := m.Explain(text, "", "", 2)
		if len(ev) == 0 {
			t.Fatalf("%q: nothing", text)
		}
		runes := []rune(text)
		var got []string
		for _, e := range ev {
			if e.Start < 0 || e.End > len(runes) || e.Start >= e.End || e.Weight <= 0 || e.Weight > 1 {
				t.Fatalf("%q: %+v", text, e)
			}
			got = append(got, string(runes[e.Start:e.End]))
		}
		if !strings.Contains(strings.ToLower(strings.Join(got, "|")), want) {
			t.Errorf("%q: %q", text, got)
		}
	}
	ev := m.Explain("see above", "Refund for the kettle", "refund", 3)
	if len(ev) == 0 || !ev[0].InTitle {
		t.Errorf("in the title: %+v", ev)
	}
}

func TestOneCorrectionTurnsTheNextSimilarOne(t *testing.T) {
	m := trained(t)
	wrong := m.Predict("the drum of my washing machine leaks water onto the floor", "").Label
	want := "delivery"
	if wrong == want {
		want = "invoice"
	}
	better, err := m.Learn(Example{Text: "the drum of my washing machine leaks water onto the floor", Label: want})
	if err != nil {
		t.Fatal(err)
	}
	if got := better.Predict("washing machine leaks water onto my kitchen floor", "").Label; got != want {
		t.Errorf("the next similar one is %s, want %s", got, want)
	}
	if got := m.Predict("the drum of my washing machine leaks water onto the floor", "").Label; got != wrong {
		t.Error("the old model changed")
	}
	for text, label := range map[string]string{"please refund the chair I paid for": "refund", "发票抬头写错了": "invoice"} {
		if got := better.Predict(text, "").Label; got != label {
			t.Errorf("%q became %s", text, got)
		}
	}
}

func TestNewLabelWorksAfterTwentyExamples(t *testing.T) {
	m := trained(t)
	began := time.Now()
	for i := range 20 {
		var err error
		m, err = m.Learn(Example{Text: fmt.Sprintf([]string{"双十一红包怎么领 %d", "红包活动页面打不开 %d", "领的红包用不了 %d", "the red envelope promotion %d does not load"}[i%4], i), Label: "红包活动"})
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("twenty corrections took %v", d)
	}
	for text, want := range map[string]string{"我的红包在哪里领": "红包活动", "red envelope promotion is gone": "红包活动", "我要退款": "refund", "the invoice has a wrong tax number": "invoice", "师傅什么时候来维修": "repair"} {
		if got := m.Predict(text, "").Label; got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if m.Corrections() != 20 || len(m.Labels()) != 7 {
		t.Errorf("%d corrections, %d labels", m.Corrections(), len(m.Labels()))
	}
}

func TestMergeAndForget(t *testing.T) {
	m := trained(t)
	merged, err := m.Merge("refund", "delivery")
	if err != nil {
		t.Fatal(err)
	}
	if got := merged.Predict("please refund the chair I paid for", "").Label; got != "delivery" {
		t.Errorf("after the merge it is %s", got)
	}
	gone, err := merged.Forget("delivery")
	if err != nil {
		t.Fatal(err)
	}
	if got := gone.Predict("please refund the chair I paid for", "").Label; got == "delivery" || got == "refund" {
		t.Errorf("a forgotten label was answered: %s", got)
	}
	if n := len(gone.Labels()); n != 4 {
		t.Errorf("%d labels are left", n)
	}
	if _, err := m.Merge("refund", "nowhere"); err == nil {
		t.Error("merged into nothing")
	}
	if got := m.Predict("please refund the chair I paid for", "").Label; got != "refund" {
		t.Error("the old model changed")
	}
}

func TestLabelNamesAloneTeach(t *testing.T) {
	m, _, err := Train(t.Context(), shop(10), Options{Labels: []Label{{Name: "c7", Title: "Warranty extension", Description: "Customer wants to extend the guarantee period. 延长保修"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Predict("extend the guarantee period, warranty extension please", "").Label; got != "c7" {
		t.Errorf("got %s", got)
	}
}

func TestBytesRoundTrip(t *testing.T) {
	m := trained(t)
	m, err := m.Learn(Example{Text: "red envelope 红包", Label: "promotion"})
	if err != nil {
		t.Fatal(err)
	}
	m, _ = m.Merge("praise", "account")
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := back.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"我要退款", "my red envelope", "thank you, great", "the kettle is broken"} {
		a, z := m.Predict(text, "t"), back.Predict(text, "t")
		if a.Label != z.Label || a.Confidence-z.Confidence > 1e-6 || z.Confidence-a.Confidence > 1e-6 {
			t.Errorf("%q: %v, then %v", text, a, z)
		}
	}
	if _, err := back.Learn(Example{Text: "red envelope again", Label: "promotion"}); err != nil {
		t.Error(err)
	}
	for i := 0; i < len(b); i += 1 + len(b)/300 {
		bad := bytes.Clone(b)
		bad[i] ^= 0x40
		if back.UnmarshalBinary(bad) == nil {
			t.Fatalf("byte %d was changed and nobody noticed", i)
		}
		if back.UnmarshalBinary(b[:i]) == nil {
			t.Fatalf("cut at %d and nobody noticed", i)
		}
	}
	if back.Predict("我要退款", "").Label != "refund" {
		t.Error("bad bytes changed a model")
	}
}

func TestSameInputSameModel(t *testing.T) {
	a, _ := trained(t).MarshalBinary()
	b, _ := trained(t).MarshalBinary()
	if !bytes.Equal(a, b) {
		t.Error("two trainings differ")
	}
}

func TestTrainingStopsAndTellsHowFarItIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	last := 0
	_, _, err := Train(ctx, shop(25), Options{Progress: func(done, total int) {
		if done < last || done > total {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		if last = done; done == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestManyCorrectionsAreLearnedTogether(t *testing.T) {
	m := trained(t)
	var list []Example
	for i := range 60 {
		label := []string{"moths", "candles", "repair"}[i%3]
		say := []string{"another moth in the wardrobe, number %d", "a candle of scent %d would be nice", "the new gadget %d hums"}[i%3]
		list = append(list, Example{Text: fmt.Sprintf(say, i), Label: label})
	}
	next, err := m.LearnAll(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if p := next.Predict(e.Text, ""); p.Label != e.Label {
			t.Errorf("%q: %s, not %s", e.Text, p.Label, e.Label)
		}
	}
	if p := next.Predict("I forgot my password", ""); p.Label != "account" {
		t.Errorf("what it knew before: %s", p.Label)
	}
	if next.Corrections() != 60 || m.Corrections() != 0 || next.Bare().Corrections() != 0 {
		t.Errorf("%d learned, %d before, %d bare", next.Corrections(), m.Corrections(), next.Bare().Corrections())
	}
	raw, err := next.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again Model
	if err := again.UnmarshalBinary(raw); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if p := again.Predict(e.Text, ""); p.Label != e.Label {
			t.Errorf("read back, %q: %s", e.Text, p.Label)
		}
	}
	if _, err := m.LearnAll(make([]Example, MaxCorrections+1)); err == nil {
		t.Error("more than MaxCorrections are taken")
	}
}

func TestRefusesWhatCannotBeLearned(t *testing.T) {
	for name, examples := range map[string][]Example{"none": nil, "no label": {{Text: "x"}}, "long label": {{Text: "x", Label: strings.Repeat("x", 300)}}, "weight": {{Text: "x", Label: "a", Weight: -1}}} {
		if _, _, err := Train(t.Context(), examples, Options{}); err == nil {
			t.Errorf("%s: learned", name)
		}
	}
	// Little is not nothing.
	for _, examples := range [][]Example{{{Text: "only one", Label: "a"}}, {{Text: "", Label: "a"}, {Text: "", Label: "b"}}, {{Text: "yes", Label: "a"}, {Text: "no", Label: "b"}}} {
		m, _, err := Train(t.Context(), examples, Options{Balance: true})
		if err != nil {
			t.Fatal(err)
		}
		if m.Predict("yes", "").Label == "" {
			t.Error("no answer")
		}
	}
}

func TestCompare(t *testing.T) {
	full := trained(t)
	poor, _, err := Train(t.Context(), shop(25)[:30], Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := Compare(poor, full, shop(15)); !c.Better || c.New <= c.Old {
		t.Errorf("%+v", c)
	}
	if c := Compare(full, poor, shop(15)); c.Better {
		t.Errorf("%+v", c)
	}
	if c := Compare(full, full, shop(15)); c.Better || c.Chance != 1 {
		t.Errorf("%+v", c)
	}
}

func TestUnlabelledTextsHelp(t *testing.T) {
	few := []Example{{Text: "please refund my money", Label: "refund"}, {Text: "the parcel did not arrive", Label: "delivery"}, {Text: "refund now", Label: "refund"}, {Text: "parcel is late", Label: "delivery"}}
	var loose []string
	for i := range 40 {
		loose = append(loose, fmt.Sprintf("please refund my money, reimbursement %d", i), fmt.Sprintf("the parcel did not arrive, hermes %d", i))
	}
	m, _, err := Train(t.Context(), few, Options{Unlabelled: loose})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Predict("hermes", "").Label; got != "delivery" {
		t.Errorf("got %s", got)
	}
}

func TestReadersAndLearnersTogether(t *testing.T) {
	m := trained(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				m.Predict("please refund the chair", "refund")
				m.Explain("please refund the chair", "refund", "", 3)
			}
		})
	}
	next := m
	for i := range 20 {
		next, _ = next.Learn(Example{Text: fmt.Sprintf("chair %d wobbles", i), Label: "wobble"})
	}
	wg.Wait()
}

var hostile = map[string]string{
	"long word": strings.Repeat("a", 1<<20), "emoji": strings.Repeat("😀", 1<<18), "han": strings.Repeat("退", 1<<19), "words": strings.Repeat("the refund ", 1<<17),
	"bad bytes": strings.Repeat("\xff\xfe\x00", 1<<18), "marks": "a" + strings.Repeat("\u0301", 1<<18), "denied": strings.Repeat("not good ", 1<<17), "apostrophes": strings.Repeat("'", 1<<20), "ligatures": strings.Repeat("ﷺ", 1<<18),
}

func TestBytesWithClassesOutOfOrderAreRefused(t *testing.T) {
	m := trained(t)
	for f := range len(m.idf) {
		if a, b := m.start[f], m.start[f+1]; b-a >= 2 {
			bad := *m
			bad.class = slices.Clone(m.class)
			bad.class[a], bad.class[a+1] = bad.class[a+1], bad.class[a]
			data, err := bad.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if new(Model).UnmarshalBinary(data) == nil {
				t.Error("taken")
			}
			return
		}
	}
	t.Fatal("no feature speaks for two labels")
}

func TestRenameAnswersByTheNewName(t *testing.T) {
	m := trained(t)
	next, err := m.Rename("praise", "thanks")
	if err != nil {
		t.Fatal(err)
	}
	if p := next.Predict("非常满意，谢谢你们", ""); p.Label != "thanks" || next.Knows("praise") || !m.Knows("praise") {
		t.Errorf("%+v", p)
	}
	gone, err := m.Forget("repair")
	if err != nil {
		t.Fatal(err)
	}
	again, err := gone.Rename("praise", "repair")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"烤箱坏了，能派人来修吗", "非常满意，谢谢你们"} {
		if p := again.Predict(text, ""); p.Label != "repair" {
			t.Errorf("%s: %+v", text, p)
		}
	}
	if _, err := m.Rename("nothing", "x"); err == nil {
		t.Error("a label that is not there was renamed")
	}
}

func TestMergeKeepsCorrections(t *testing.T) {
	m := trained(t)
	learn := func(m *Model, text, label string) *Model {
		t.Helper()
		next, err := m.Learn(Example{Text: text, Label: label})
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	said := func(m *Model, text string) string { return m.Predict(text, "").Label }
	// Corrections of both labels before the merge answer the label that stays.
	m = learn(m, "the hologram sticker peels off", "sticker")
	m = learn(m, "gift wrapping was torn", "wrapping")
	merged, err := m.Merge("sticker", "wrapping")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"hologram sticker peels", "the gift wrapping is torn"} {
		if got := said(merged, text); got != "wrapping" {
			t.Errorf("%q is %s", text, got)
		}
	}
	// A correction towards the old name counts for the new one.
	merged = learn(merged, "the ribbon came undone", "sticker")
	if got := said(merged, "ribbon came undone again"); got != "wrapping" {
		t.Errorf("after the merge a correction went to %s", got)
	}
	if merged.Corrections() != 3 {
		t.Errorf("%d corrections", merged.Corrections())
	}
	// And all of it survives being stored.
	data, err := merged.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back Model
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"hologram sticker peels", "ribbon came undone again", "please refund the chair I paid for"} {
		if said(&back, text) != said(merged, text) {
			t.Errorf("%q changed on disk", text)
		}
	}
	// A forgotten label that is corrected to comes back.
	gone, err := merged.Forget("wrapping")
	if err != nil {
		t.Fatal(err)
	}
	if got := said(gone, "the gift wrapping is torn"); got == "wrapping" {
		t.Error("forgotten and still answered")
	}
	if got := said(learn(gone, "gift wrapping has a hole", "wrapping"), "gift wrapping has a hole"); got != "wrapping" {
		t.Errorf("wanted again, it is %s", got)
	}
}

func FuzzPredict(f *testing.F) {
	m := trained(f)
	f.Add("我要退款 refund!", "标题")
	f.Add("don't 'n' ’ﬀ①Å", "")
	f.Fuzz(func(t *testing.T, body, title string) {
		p := m.Predict(body, title)
		if !(p.Confidence >= 0 && p.Confidence <= 1 && p.Known >= 0 && p.Known <= 1) || p.Label == "" {
			t.Fatalf("%+v", p)
		}
		for _, e := range m.Explain(body, title, "", 5) {
			n := len([]rune(body))
			if e.InTitle {
				n = len([]rune(title))
			}
			if e.Start < 0 || e.Start >= e.End || e.End > n {
				t.Fatalf("%+v of %d", e, n)
			}
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	m := trained(f)
	b, _ := m.MarshalBinary()
	f.Add(b[:200], 0)
	f.Add([]byte(magic), 3)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		var out Model
		if out.UnmarshalBinary(data) == nil {
			out.Predict("hello", "")
		}
		// With a right checksum, so that the sections themselves are tried.
		if at >= 0 && at < len(b)-4 && len(data) < len(b)-4-at {
			bad := bytes.Clone(b)
			copy(bad[at:], data)
			seal(bad)
			if out.UnmarshalBinary(bad) == nil {
				out.Predict("please refund the kettle 退款", "x")
			}
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	m := trained(b)
	text := strings.Repeat("my kettle is broken and needs repair 请派师傅维修 ", 8)
	for b.Loop() {
		m.Predict(text, "")
	}
}

func TestOneReadingServesSeveralModels(t *testing.T) {
	a, _, err := Train(context.Background(), []Example{{Text: "the fridge is warm", Label: "repair"}, {Text: "fridge broken again", Label: "repair"}, {Text: "where is my parcel", Label: "delivery"}, {Text: "parcel lost", Label: "delivery"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Learn(Example{Text: "I love my fridge", Label: "praise"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"my fridge is broken", "parcel?", "", "love"} {
		f := ReadFeatures(s, "title")
		for _, m := range []*Model{a, b, a} {
			if got, want := m.PredictFeatures(f), m.Predict(s, "title"); !reflect.DeepEqual(got, want) {
				t.Errorf("%q: %+v, not %+v", s, got, want)
			}
		}
	}
}
