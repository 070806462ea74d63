package nlp

import (
	"strings"
	"testing"
	"time"
)

const typical = "您好，我上个月在你们官网买的BCD-520冰箱（订单号202605180023417）从前天晚上开始冷藏室不制冷，冷冻还是正常的，面板一直显示E5。" +
	"已经打过两次客服电话，第一次说会有师傅联系我，等了两天没有人打来；第二次说要重新登记，让我再等。家里有老人和小孩，冰箱里的菜和药都快坏了，非常着急。" +
	"我想问一下：今天能不能安排师傅上门？如果修不好能不能直接换一台新的？另外上次的发票抬头写错了，应该是上海样例贸易有限公司，麻烦重新开一张发到我的邮箱。" +
	"如果明天之前还没有人处理，我就只能打12315投诉了，之前买你们的洗衣机也遇到过类似的情况，真的很失望。\n" +
	"地址：上海市浦东新区样例路100号5栋502室，电话13800138000，随时可以联系我，周末全天在家。\n谢谢！\n发自我的iPhone"

func BenchmarkPrepare(b *testing.B) {
	for b.Loop() {
		Prepare(typical)
	}
}

func BenchmarkNormalise(b *testing.B) {
	for b.Loop() {
		Normalise(typical)
	}
}

func BenchmarkLanguage(b *testing.B) {
	rs := []rune(typical)
	n := normalise(rs)
	for b.Loop() {
		language(rs, n.Runes)
	}
}

func BenchmarkLanguageLatin(b *testing.B) {
	rs := []rune(strings.Repeat("Could you please tell me where my parcel is, it should have arrived last Friday. ", 6))
	n := normalise(rs)
	for b.Loop() {
		language(rs, n.Runes)
	}
}

func BenchmarkSentences(b *testing.B) {
	rs := []rune(typical)
	for b.Loop() {
		sentences(rs)
	}
}

func BenchmarkRisk(b *testing.B) {
	p := Prepare(typical)
	for b.Loop() {
		Risk(p, nil)
	}
}

func BenchmarkSentiment(b *testing.B) {
	p := Prepare(typical)
	for b.Loop() {
		Sentiment(p, nil)
	}
}

func BenchmarkTitleSummaryMatters(b *testing.B) {
	p := Prepare(typical)
	for b.Loop() {
		Title(p)
		Summary(p, 120)
		Matters(p)
	}
}

func BenchmarkEverything(b *testing.B) {
	for b.Loop() {
		everything(typical)
	}
}

func everything(s string) {
	p := Prepare(s)
	r := Risk(p, nil)
	f := Sentiment(p, r)
	Urgency(p, r, f)
	Title(p)
	Summary(p, 120)
	Matters(p)
}

var hostileTexts = map[string]string{
	"one letter":     strings.Repeat("a", 1<<20),
	"one character":  strings.Repeat("了", 1<<19),
	"emoji":          strings.Repeat("😡", 1<<18),
	"no spaces":      strings.Repeat("x0y_", 1<<18),
	"cues":           strings.Repeat("起火没有", 1<<17),
	"halves of cues": strings.Repeat("活着", 1<<18),
	"negations":      strings.Repeat("不没", 1<<18),
	"further":        strings.Repeat("另外,退款吗?", 1<<16),
	"marks":          "a" + strings.Repeat("\u0301", 1<<19),
	"open brackets":  strings.Repeat("(“「", 1<<17),
	"line ends":      strings.Repeat("\n", 1<<20),
	"spaces":         strings.Repeat(" ", 1<<20),
	"lists":          strings.Repeat("1. 退款吗?\n2. 发票?\n", 1<<15),
	"stops":          strings.Repeat(". ! ", 1<<18),
	"closings":       strings.Repeat("regards\n", 1<<17),
	"bad bytes":      strings.Repeat("\xff", 1<<20),
	"Latin words":    strings.Repeat("the fire and ", 1<<16),
	"zero width":     strings.Repeat("\u200b", 1<<18),
	"bangs":          strings.Repeat("x!y", 1<<18),
	"feelings":       strings.Repeat("太好了但是太差 ", 1<<16),
	"boilerplate":    strings.Repeat("> sent from my ", 1<<16),
}

func TestHostileTextsAreCheap(t *testing.T) {
	everything(typical) // tables
	for name, s := range hostileTexts {
		start := time.Now()
		everything(s)
		took := time.Since(start)
		t.Logf("%-15s %v", name, took)
		if took > 1500*time.Millisecond { // five parts of at most 0.3 s, on a machine with other work
			t.Errorf("%s took %v", name, took)
		}
	}
}
