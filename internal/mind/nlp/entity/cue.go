package entity

import "unicode/utf8"

// cueKind is what a cue word announces.
type cueKind uint32

const (
	cuePhone cueKind = 1 << iota
	cueOrder
	cueTracking
	cueSerial
	cueModel
	cueError
	cueAddress
	cuePerson
	cueIDCard
	cueBank
	cuePlate
	cueMoney
	cueCompany
	cueShow
)

// cue is a cue word in the text.
type cue struct {
	start, end int
	kind       cueKind
}

var cueWords = []struct {
	kind  cueKind
	words []string
}{
	{cuePhone, []string{"电话", "电话号码", "手机", "手机号", "手机号码", "联系方式", "联系号码", "座机", "热线", "拨打", "致电", "传真", "来电", "打电话", "号码", "回电", "回拨", "联系我",
		"tel", "telephone", "phone", "phone number", "mobile", "cell", "call", "call me", "fax", "whatsapp", "hotline", "contact", "reach me", "dial", "ring me"}},
	{cueOrder, []string{"订单", "订单号", "订单编号", "订单号码", "单号", "采购单", "采购单号", "工单号", "流水号", "交易号", "order", "order no", "order number", "order id", "order ref", "order reference", "purchase order", "po number", "po no", "booking", "booking number", "invoice", "invoice number", "发票号", "发票号码", "合同号", "合同编号"}},
	{cueTracking, []string{"快递单号", "运单", "运单号", "物流单号", "快递", "快递号", "物流号", "物流", "顺丰", "圆通", "中通", "申通", "韵达", "京东快递", "京东物流", "极兔", "邮政", "tracking", "tracking no", "tracking number", "tracking id", "waybill", "parcel", "shipment", "awb", "ems", "dhl", "fedex", "ups", "usps"}},
	{cueSerial, []string{"序列号", "序列码", "机身号", "机身码", "机器编号", "设备号", "设备编号", "出厂编号", "产品编号", "编号", "条码", "sn", "s/n", "sn码", "sn号", "serial", "serial no", "serial number", "imei", "device id", "device no", "device number", "unit id", "unit no", "asset id", "asset tag", "终端号", "终端编号", "桩号", "桩编号", "电梯编号", "表号", "mac"}},
	{cueModel, []string{"型号", "机型", "产品型号", "设备型号", "款式", "model", "model no", "model number", "model name"}},
	{cueError, []string{"错误代码", "错误码", "故障代码", "故障码", "故障", "报错", "报错码", "报警代码", "报警", "提示码", "代码", "错误", "显示", "提示", "error", "error code", "fault code", "fault", "code", "err", "alarm"}},
	{cueShow, []string{"还是", "又是", "仍是", "仍然", "还在报", "跳出", "跳", "闪", "闪烁", "亮着", "亮", "出现", "变成", "面板", "屏幕", "屏上", "一直是", "弹出", "shows", "show", "showing", "showed", "displays", "display", "displaying", "reads", "says", "flashing", "flashes", "flashed", "blinking", "blinks", "panel", "screen", "still", "got", "getting", "throws", "throwing", "gives", "trips", "tripping"}},
	{cueAddress, []string{"地址", "收货地址", "寄到", "送到", "发到", "寄往", "住在", "家住", "位于", "地址在", "地点", "安装地址", "上门地址", "送货地址", "邮寄到", "address", "ship to", "deliver to", "delivered to", "located at", "live at", "living at", "send it to", "shipping address"}},
	{cuePerson, []string{"我叫", "我是", "联系人", "收件人", "收货人", "寄件人", "姓名", "名字", "本人", "客户", "户主", "用户名", "经办人", "申请人", "投诉人", "报修人", "负责人", "名字是", "持卡人", "车主", "业主", "旅客", "乘客", "乘机人", "入住人", "预订人", "预约人", "订票人", "购票人", "患者", "病人", "学员", "学生", "员工", "同事", "快递员", "业务员", "销售", "顾问", "叫", "名为", "my name is", "name", "contact person", "recipient", "attn", "this is", "i am", "i'm"}},
	{cueIDCard, []string{"身份证", "身份证号", "身份证号码", "证件号", "证件号码", "id card", "id number"}},
	{cueBank, []string{"银行卡", "银行卡号", "卡号", "银行账号", "信用卡", "储蓄卡", "借记卡", "账号", "账户", "card", "card number", "credit card", "debit card", "account", "工行", "建行", "农行", "中行", "招行"}},
	{cuePlate, []string{"车牌", "车牌号", "车牌号码", "牌照", "plate", "license plate", "registration"}},
	{cueMoney, []string{"价格", "金额", "总价", "单价", "售价", "原价", "费用", "退款", "赔偿", "补偿", "付款", "支付", "扣费", "多扣", "付了", "花了", "扣了", "收了", "退了", "退我", "赔我", "人均", "人均消费", "消费", "余额", "票价", "门票", "现价", "标价", "到手价", "优惠价", "活动价", "报价", "押金", "定金", "订金", "运费", "尾款", "货款", "合计", "共计", "总计", "一共付", "收费", "差价", "手续费", "违约金", "扣款", "转账", "充值", "充了", "转了", "交了", "买成", "降到", "涨到", "涨成", "降成",
		"price", "amount", "total", "paid", "pay", "cost", "costs", "refund", "refunded", "charged", "fee", "transfer", "payment", "spent", "spend"}},
}

// cueIndex holds the cue words by their first rune.
var cueIndex = func() map[rune][]cueEntry {
	index := map[rune][]cueEntry{}
	for _, group := range cueWords {
		for _, w := range group.words {
			r := []rune(w)
			index[r[0]] = append(index[r[0]], cueEntry{r, group.kind})
		}
	}
	return index
}()

type cueEntry struct {
	word []rune
	kind cueKind
}

// cueFirst is a quick filter of first runes.
var cueFirst = func() (t [256]bool) {
	for r := range cueIndex {
		t[byte(r)] = true
	}
	return t
}()

// findCues notes every cue word, once for all scanners.
func (d *doc) findCues() {
	for i, r := range d.low {
		if !cueFirst[byte(r)] {
			continue
		}
		latin := isLower(r)
		if latin && i > 0 && isLetter(d.r[i-1]) {
			continue
		}
		for _, e := range cueIndex[r] {
			if !d.hasRunes(i, e.word) {
				continue
			}
			end := i + len(e.word)
			if latin && isLetter(d.at(end)) {
				continue
			}
			d.cues = append(d.cues, cue{i, end, e.kind})
		}
	}
}

func (d *doc) hasRunes(i int, word []rune) bool {
	if i+len(word) > len(d.low) {
		return false
	}
	for j, w := range word {
		if d.low[i+j] != w {
			return false
		}
	}
	return true
}

// cued gives the cue word of the kind that ends at most gap runes before i in
// the same sentence; near words win.
func (d *doc) cued(i int, kind cueKind, gap int) (string, bool) {
	c, ok := d.cueBefore(i, kind, gap)
	if !ok {
		return "", false
	}
	return d.lstr(c.start, c.end), true
}

func (d *doc) cueBefore(i int, kind cueKind, gap int) (cue, bool) {
	// Cues are in the order of their starts and at most 16 runes long.
	lo, hi := 0, len(d.cues)
	for lo < hi {
		m := (lo + hi) / 2
		if d.cues[m].start < i {
			lo = m + 1
		} else {
			hi = m
		}
	}
	var best cue
	for k := lo - 1; k >= 0 && d.cues[k].start >= i-gap-20; k-- {
		c := d.cues[k]
		if c.kind&kind == 0 || c.end > i || i-c.end > gap || c.end <= best.end {
			continue
		}
		best = c
	}
	if best.end == 0 {
		return cue{}, false
	}
	for j := best.end; j < i; j++ {
		if isBreak(d.r[j]) {
			return cue{}, false
		}
	}
	return best, true
}

// connectors stand between a cue and what it announces.
var connectors = wordList("号码", "编号", "号", "码", "是", "为", "叫", "在", "的", ":", " ", "#", "(", ")", "[", "]", "【", "】", "“", "\"", "no.", "no", "number", "is", "id", ".", "=", "-", ",", "了", "、", "位")

// joined says that only connecting words stand between a cue's end and i:
// "订单号是：", "order no. #".
func (d *doc) joined(end, i int) bool {
	for end < i {
		if n := d.one(end, connectors); n > 0 {
			end += n
			continue
		}
		return false
	}
	return true
}

func runeLen(s string) int { return utf8.RuneCountInString(s) }
