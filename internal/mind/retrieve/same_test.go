package retrieve

import (
	"strings"
	"testing"
	"unicode/utf8"

	"zhidan/internal/platform/id"
)

func TestSaidTheSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"我的快递三天了还没到，单号YT8830021", "快递YT8830021到底什么时候到，都三天了", true},
		{"空调不制冷，上周刚修过，请再派师傅", "空调还是不制冷，师傅什么时候来", true},
		{"發票抬頭開錯了，請重新開具", "发票抬头开错了，请重新开具", true},
		{"I was charged twice for order 88213", "Charged twice for order 88213!! Please refund", true},
		{"My washing machine is leaking water on the floor", "washing machine still leaking, water everywhere", true},
		{"空调不制冷，上周刚修过", "发票什么时候能开，公司要报销", false},
		{"I was charged twice for order 88213", "How do I change my delivery address?", false},
		{"您好，请问我的退款什么时候到账？谢谢", "您好，请问怎么修改收货地址？谢谢", false},
		{"Hello, please help me reset my password, thanks", "Hello, please help me cancel the flight to Rome, thanks", false},
		{"订单20260011没有发货", "订单20260099没有发货", false},
		{"", "空调不制冷", false},
	} {
		score := NewSaid(c.a).Same(NewSaid(c.b))
		if (score >= 0.5) != c.same {
			t.Errorf("%.2f for\n\t%s\n\t%s", score, c.a, c.b)
		}
		if back := NewSaid(c.b).Same(NewSaid(c.a)); back != score {
			t.Errorf("%.4f one way, %.4f the other: %s", score, back, c.b)
		}
	}
	if score := NewSaid("空调不制冷").Same(NewSaid("空调不制冷")); score < 0.99 {
		t.Errorf("the same text: %.3f", score)
	}
}

func BenchmarkSaid(b *testing.B) {
	x := strings.Repeat("空调不制冷，上周刚修过，师傅说是缺氟，加了之后用了两天又不行了。", 12)
	y := strings.Repeat("空调还是不制冷，上次师傅来加了氟，现在吹出来的又是热风，请安排上门。", 12)
	for range b.N {
		NewSaid(x).Same(NewSaid(y))
	}
}

func FuzzTexts(f *testing.F) {
	for _, s := range []string{"", "空调不制冷E5-0032", "Refund!!! please", "😀😀😀", "\xff\xfe", strings.Repeat("啊", 5000), "a·b·c·d/e/f", "①②③ﬁ", "แอปล่ม"} {
		f.Add(s, "空调不制冷，请派师傅")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		score := NewSaid(a).Same(NewSaid(b))
		if !(score >= 0 && score <= 1) {
			t.Fatalf("score %v", score)
		}
		check := func(s string, spans []Span) {
			n, last := len([]rune(s)), -1
			for _, sp := range spans {
				if sp.Start <= last || sp.End <= sp.Start || sp.End > n {
					t.Fatalf("spans %v of %d runes", spans, n)
				}
				last = sp.End
			}
		}
		s := NewSimilar(0)
		s.Add(1, a, Meta{})
		hits := s.Near(b, Options{})
		for _, h := range hits {
			check(b, h.Shared)
		}
		Closer(b, append(hits, Hit{ID: 2}), func(key id.ID) string { return []string{a, b}[key-1] })
		// A title of what two texts share, where half of it is not known.
		common := shared{all: map[uint32]bool{}, unknown: map[uint32]bool{}, telling: map[uint32]float32{}}
		for i, f := range features(a) {
			common.all[f.id], common.telling[f.id], common.unknown[f.id] = i%2 == 0, float32(i%3), true
		}
		if x := title(b, common); utf8.RuneCountInString(x) > 2*maxTitle {
			t.Fatalf("%d runes: %q", utf8.RuneCountInString(x), x)
		}
		w := NewBurst(BurstConfig{})
		for range 3 {
			w.Add(Arrival{ID: 2, At: 1000, Text: a})
			w.Add(Arrival{ID: 9, At: 1000, Text: b})
		}
		NewIndex([]Document{{"1", b, a}}).Search(b, 3)
	})
}
