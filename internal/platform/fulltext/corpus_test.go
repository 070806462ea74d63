package fulltext_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"zhidan/internal/platform/text"
)

// corpus makes texts like those of tickets: Chinese, English and mixed, words
// by Zipf's law, codes and order numbers that hardly repeat.
type corpus struct {
	r      *rand.Rand
	zh, en []string
	zhPick *rand.Zipf
	enPick *rand.Zipf
}

func newCorpus(seed uint64) *corpus {
	r := rand.New(rand.NewPCG(seed, 7))
	c := &corpus{r: r}
	seen := map[string]bool{}
	add := func(list *[]string, w string) {
		if !seen[w] {
			seen[w] = true
			*list = append(*list, w)
		}
	}
	for _, w := range strings.Fields("冰箱 维修 的 了 故障 师傅 上门 退货 订单 洗衣机 空调 漏水 不制冷 电视 发票 投诉 客服 快递 安装 价格") {
		add(&c.zh, w)
	}
	for len(c.zh) < 12000 {
		n := 2 + r.IntN(2)
		var b strings.Builder
		for range n {
			// Common characters more often than rare ones.
			b.WriteRune(rune(0x4e00 + int(float64(6000)*r.Float64()*r.Float64())))
		}
		add(&c.zh, b.String())
	}
	for _, w := range strings.Fields("the order is not a to please fridge samsung washer refund delivery warranty repair leak invoice") {
		add(&c.en, w)
	}
	syllables := strings.Fields("sa mo ti ka re in con der pre ter lo ve ma ni fo ra ple tion ing est un al be co de")
	for len(c.en) < 30000 {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		add(&c.en, b.String())
	}
	c.zhPick = rand.NewZipf(r, 1.1, 8, uint64(len(c.zh)-1))
	c.enPick = rand.NewZipf(r, 1.1, 8, uint64(len(c.en)-1))
	return c
}

func (c *corpus) text() string {
	var b strings.Builder
	kind := c.r.IntN(10)
	if kind < 7 {
		for i := range 14 + c.r.IntN(10) {
			if i%6 == 5 {
				b.WriteString("，")
			}
			b.WriteString(c.zh[c.zhPick.Uint64()])
		}
	}
	if kind >= 6 {
		for range 50 + c.r.IntN(40) {
			b.WriteString(" " + c.en[c.enPick.Uint64()])
		}
	}
	fmt.Fprintf(&b, " E%d-%04d BX2026%08d", c.r.IntN(10), c.r.IntN(10000), c.r.IntN(100000000))
	return b.String()
}

func (c *corpus) terms() []string { return text.Terms(c.text()) }
