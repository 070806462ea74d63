package bench

import (
	"math/rand/v2"
	"strings"
)

// Words to search for. The rare ones stand in some twenty tickets however many
// were seeded, the common ones in a large share of them.
const (
	RareZH, RareEN     = "貔貅", "quokka"
	CommonZH, CommonEN = "冰箱", "refund"
	MiddleZH, MiddleEN = "压缩机", "warranty"
)

const rareTickets = 20

// vocabulary makes texts with words spread by Zipf's law: a few stand
// everywhere, most hardly anywhere, as in real tickets.
type vocabulary struct {
	zh, en []string
}

const (
	domainZH = "冰箱 维修 故障 师傅 上门 退货 订单 洗衣机 空调 漏水 不制冷 电视 发票 投诉 客服 快递 安装 价格 热水器 压缩机 面板 报警 温度 噪音 换货 退款 物流 签收 破损 保修 预约 配件 地址 电话 昨天 今天 明天 已经 还是 没有 可以 什么 怎么 请问 麻烦 谢谢 问题 时间 工程师 扫地机器人 滤网 排水 门封 电源 插座 照片 视频 说明书 会员 积分 优惠 差价 到账 银行卡 收据 邻居 小区 物业 驿站 重启 断电 显示 代码 风扇 传感器 主板 缺货 调货 核实 回访"
	domainEN = "the fridge is not cooling order refund please delivery washer warranty leak invoice engineer visit repair still waiting error panel customer parcel tracking address phone tomorrow yesterday received broken replacement part sensor filter dock noise temperature door seal power plug photo manual account points discount price card receipt again cannot does work have been since from with this that your you when what our they for and but new old same"
	hanzi    = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔乡布"
)

var syllables = strings.Fields("sa mo ti ka re in con der pre ter lo ve ma ni fo ra ple tion ing est un al be co de")

func newVocabulary() *vocabulary {
	r := rand.New(rand.NewPCG(seedOf, 7))
	v := &vocabulary{zh: strings.Fields(domainZH), en: strings.Fields(domainEN)}
	seen := map[string]bool{RareZH: true, RareEN: true}
	for _, w := range v.zh {
		seen[w] = true
	}
	chars := []rune(hanzi)
	for len(v.zh) < 12_000 {
		var b strings.Builder
		for range 2 + r.IntN(2) {
			b.WriteRune(chars[int(float64(len(chars))*r.Float64()*r.Float64())])
		}
		if w := b.String(); !seen[w] {
			seen[w] = true
			v.zh = append(v.zh, w)
		}
	}
	for len(v.en) < 30_000 {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		if w := b.String(); !seen[w] {
			seen[w] = true
			v.en = append(v.en, w)
		}
	}
	return v
}

// writer writes texts from a vocabulary; each goroutine has its own.
type writer struct {
	*vocabulary
	r              *rand.Rand
	zipfZH, zipfEN *rand.Zipf
	b              strings.Builder
}

func (v *vocabulary) writer(r *rand.Rand) *writer {
	return &writer{vocabulary: v, r: r, zipfZH: rand.NewZipf(r, 1.1, 8, uint64(len(v.zh)-1)), zipfEN: rand.NewZipf(r, 1.1, 8, uint64(len(v.en)-1))}
}

// text is about so many words in a language.
func (w *writer) text(zh bool, words int, also ...string) string {
	w.b.Reset()
	for i := range words {
		if zh {
			if i > 0 && i%6 == 0 {
				w.b.WriteString("，")
			}
			w.b.WriteString(w.zh[w.zipfZH.Uint64()])
			continue
		}
		if i > 0 {
			w.b.WriteByte(' ')
		}
		w.b.WriteString(w.en[w.zipfEN.Uint64()])
	}
	for _, s := range also {
		w.b.WriteByte(' ')
		w.b.WriteString(s)
	}
	return w.b.String()
}
