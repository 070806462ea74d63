package entity

import (
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
)

// classes are ways of writing that a plain reading of the forms gets wrong,
// each with what looks like it and is not.
var classes = []struct {
	text string
	want string // all findings, separated by " | "
}{
	// blanks between digits and Chinese, as typesetters like them
	{"寄到南京市玄武区样例路 88 号 3 号楼 1201 室", "address:南京市玄武区样例路 88 号 3 号楼 1201 室=南京市玄武区样例路 88 号 3 号楼 1201 室"},
	{"样例路 7 号 B 座 1503，谢谢", "address:样例路 7 号 B 座 1503=样例路 7 号 B 座 1503"},
	{"样例路 7 号 12 月关门", "address:样例路 7 号=样例路 7 号 | date:12 月=2026-12-01/2027-01-01"},
	{"10 月 12 日下的单", "date:10 月 12 日=2026-10-12"},
	{"12 月 3 日下午 2 点见", "time:12 月 3 日下午 2 点=2026-12-03T14:00+08:00"},
	{"2026 年 12 月 3 日到期", "date:2026 年 12 月 3 日=2026-12-03"},
	{"11.28上午来吧", "time:11.28上午=2026-11-28T08:00+08:00/2026-11-28T12:00+08:00"},
	{"版本 11.28 不行", ""},
	{"一共 1.5 万元", "amount:1.5 万元=15000.00 CNY"},
	{"合同 12 万元", "amount:12 万元=120000.00 CNY"},
	// communities and houses
	{"我家在听涛苑 5 栋 2 单元 301", "address:听涛苑 5 栋 2 单元 301=听涛苑 5 栋 2 单元 301"},
	{"听涛苑5栋漏水", "address:听涛苑5栋=听涛苑5栋"},
	{"杭州市滨江区样例大道 66 号听涛花园 3 幢 1202 室", "address:杭州市滨江区样例大道 66 号听涛花园 3 幢 1202 室=杭州市滨江区样例大道 66 号听涛花园 3 幢 1202 室"},
	// English addresses to their postcode
	{"send it to 5 Sample Quay, Leeds LS1 4AB please", "address:5 Sample Quay, Leeds LS1 4AB=5 Sample Quay, Leeds LS1 4AB"},
	{"Flat 3, 12 Mill Gardens, York YO1 7HH.", "address:Flat 3, 12 Mill Gardens, York YO1 7HH=Flat 3, 12 Mill Gardens, York YO1 7HH"},
	{"My address is 1420 N Oak St., Apt 4B, Springfield, IL 62704. Thanks", "address:1420 N Oak St., Apt 4B, Springfield, IL 62704=1420 N Oak St., Apt 4B, Springfield, IL 62704"},
	{"I live at 12 Hill Road. The door is red", "address:12 Hill Road=12 Hill Road"},
	{"we have 3 Big Plans", ""},
	{"Deliver to 7 Sample Way, Leeds", "address:7 Sample Way, Leeds=7 Sample Way, Leeds"},
	{"I am at 31 Sample Lane", "address:31 Sample Lane=31 Sample Lane"},
	{"成都市锦江区样品街 5 号 2 楼仓库", "address:成都市锦江区样品街 5 号 2 楼仓库=成都市锦江区样品街 5 号 2 楼仓库"},
	{"样品路6号院2号楼3单元801，门口放", "address:样品路6号院2号楼3单元801=样品路6号院2号楼3单元801"},
	{"样品大厦 B 座 12 层", "address:样品大厦 B 座 12 层=样品大厦 B 座 12 层"},
	{"样品村 3 组 12 号", "address:样品村 3 组 12 号=样品村 3 组 12 号"},
	{"发到上海市浦东新区样品路 100 弄 6 号 502 室，李晓样收", "address:上海市浦东新区样品路 100 弄 6 号 502 室=上海市浦东新区样品路 100 弄 6 号 502 室 | person:李晓样=李晓样"},
	{"样品路 5 号 3 号下午来", "address:样品路 5 号=样品路 5 号 | time:3 号下午=2026-11-03T13:00+08:00/2026-11-03T18:00+08:00"},
	// the end of a sentence is no part of what ends it
	{"It broke on 3 November.", "date:3 November=2026-11-03"},
	{"by the 8th of November. Then", "date:the 8th of November=2026-11-08"},
	{"since 3 Nov. 2025", "date:3 Nov. 2025=2025-11-03"},
	{"at 9:15 this morning", "time:9:15 this morning=2026-11-21T09:15+08:00"},
	{"it rang at 8:30 last night", "time:8:30 last night=2026-11-20T20:30+08:00"},
	{"We are Harbour Sample GmbH.", "company:Harbour Sample GmbH=Harbour Sample GmbH"},
	{"bought from Sample Widgets Ltd. They say", "company:Sample Widgets Ltd=Sample Widgets Ltd"},
	{"on Monday the 23rd please", "date:Monday the 23rd=2026-11-23"},
	{"Tuesday 24 November works", "date:Tuesday 24 November=2026-11-24"},
	// models are no measures
	{"热水器JSQ25-13T不点火", "model:JSQ25-13T=JSQ25-13T"},
	{"my MW-21A sparks", "model:MW-21A=MW-21A"},
	{"充电宝PB-10000M", "model:PB-10000M=PB-10000M"},
	{"XQG90-12B漏水", "model:XQG90-12B=XQG90-12B"},
	{"5-10kg", "quantity:10kg=10 kg"},
	{"UTF-8 and COVID-19", ""},
	// names
	{"Hello? It's Tom Brown.", "person:Tom Brown=Tom Brown"},
	{"It's Broken Again", ""},
	{"It is late. Please call.\nHelen Sample", "person:Helen Sample=Helen Sample"},
	{"Where is it?\n\nKind Regards", ""},
	{"Where is it?\nNew York", ""},
	{"please ring me. Wendy Mock 07700 900123", "person:Wendy Mock=Wendy Mock"},
	{"快递没到\n李晓样", "person:李晓样=李晓样"},
	{"还没到\n谢谢", ""},
	{"尽快处理\n高兴", ""},
	{"请联系王芳 13800138000", "person:王芳=王芳 | phone:13800138000=+8613800138000"},
	{"联系人 王芳", "person:王芳=王芳"},
	{"送到门口，沈样文，18800188010", "person:沈样文=沈样文 | phone:18800188010=+8618800188010"},
	{"明天 13800138000", "date:明天=2026-11-22 | phone:13800138000=+8613800138000"},
	{"方便联系 13800138000", "phone:13800138000=+8613800138000"},
	{"任何时间，13800138000", "phone:13800138000=+8613800138000"},
	{"Please fix it soon. Thanks Owen Mock", "person:Owen Mock=Owen Mock"},
	{"It leaks. – Owen Mock", "person:Owen Mock=Owen Mock"},
	{"It leaks.\nRegards\nOwen Mock", "person:Owen Mock=Owen Mock"},
	{"It leaks.\nOwen Mock, Ward Manager", "person:Owen Mock=Owen Mock"},
	{"It leaks.\nOwen Mock\nHarbour Sample GmbH", "person:Owen Mock=Owen Mock | company:Harbour Sample GmbH=Harbour Sample GmbH"},
	{"It leaks.\n\nOwen Mock\nFacilities, Sample House", "person:Owen Mock=Owen Mock"},
	{"Owen Mock here, it leaks", "person:Owen Mock=Owen Mock"},
	{"Hello, Owen Mock speaking.", "person:Owen Mock=Owen Mock"},
	{"Thanks Great Service", ""},
	{"还没到，谢谢！苏样", "person:苏样=苏样"},
	{"还没到。此致 敬礼 李晓样", "person:李晓样=李晓样"},
	{"请尽快。——李晓样", "person:李晓样=李晓样"},
	{"尽快处理。\n李晓样\n2026年11月20日", "person:李晓样=李晓样 | date:2026年11月20日=2026-11-20"},
	{"尽快处理，李晓样敬上", "person:李晓样=李晓样"},
	{"麻烦，谢谢", ""},
	{"还没到，谢谢！高兴", ""},
	{"姓名 WANG XIAOYANG", "person:WANG XIAOYANG=WANG XIAOYANG"},
	{"passenger name: LI MEI", "person:LI MEI=LI MEI"},
	{"It leaks. Owen Mock, owen@example.com", "person:Owen Mock=Owen Mock | email:owen@example.com=owen@example.com"},
	{"It leaks. Owen Mock, 7 Sample Way, Leeds", "person:Owen Mock=Owen Mock | address:7 Sample Way, Leeds=7 Sample Way, Leeds"},
	{"It leaks.\nOwen Mock\nOrder 2611050088", "person:Owen Mock=Owen Mock | order:2611050088=2611050088"},
	{"Agent: May I have your name?\nCaller: Owen Mock.", "person:Owen Mock=Owen Mock"},
	{"客服：请问怎么称呼？\n客户：李晓样", "person:李晓样=李晓样"},
	{"the booking is in the name of Owen Mock", "person:Owen Mock=Owen Mock"},
	{"my colleague Owen Mock can open the door", "person:Owen Mock=Owen Mock"},
	{"I spoke to Customer Care", ""},
	{"旅客李晓样，护照丢了", "person:李晓样=李晓样"},
	{"孩子叫李晓样", "person:李晓样=李晓样"},
	{"我叫了车", ""},
	{"师傅 一直没来", ""},
	// companies
	{"we are Sample Trading Co., Ltd.", "company:Sample Trading Co., Ltd.=Sample Trading Co., Ltd."},
	{"我们是东湖示例印染厂", "company:东湖示例印染厂=东湖示例印染厂"},
	{"致海川示例置业有限公司：", "company:海川示例置业有限公司=海川示例置业有限公司"},
	{"致远示例软件有限公司", "company:致远示例软件有限公司=致远示例软件有限公司"},
	{"我司东湖示例科技有限公司采购", "company:东湖示例科技有限公司=东湖示例科技有限公司"},
	// errors
	{"the panel shows E4.", "error_code:E4=E4"},
	{"热水器还是E1", "error_code:E1=E1"},
	{"The boiler is flashing F28 and cold", "error_code:F28=F28"},
	{"error 13.20.01 again", "error_code:13.20.01=13.20.01"},
	{"we sell E5 chips", ""},
	{"坐F1赛车", ""},
	// numbers by what they are called
	{"单号SF1234567890123", "tracking:SF1234567890123=SF1234567890123"},
	{"设备 ZJ-04-118 离线", "serial:ZJ-04-118=ZJ-04-118"},
	{"device=PMP-009-3321 offline", "serial:PMP-009-3321=PMP-009-3321"},
	{"Agent: Can I have your order number?\nCaller: Sure, it's 2611050088.", "order:2611050088=2611050088"},
	{"客服：麻烦报一下订单号\n客户：2611050077", "order:2611050077=2611050077"},
	{"订单号是多少？我手机13800138000", "phone:13800138000=+8613800138000"},
	// prices without their coin
	{"价格是294", "amount:294=294.00 CNY"},
	{"原价 25.9 现价 19.9", "amount:25.9=25.90 CNY | amount:19.9=19.90 CNY"},
	{"总价四千九百九十九", "amount:四千九百九十九=4999.00 CNY"},
	{"赔我二十万", "amount:二十万=200000.00 CNY"},
	{"扣了我四千九百九", "amount:四千九百九=4990.00 CNY"},
	{"价格从 19.9 涨到 25.9 了", "amount:25.9=25.90 CNY"},
	{"价格是294个积分", "quantity:294个=294 个"},
}

func TestClassesOfWriting(t *testing.T) {
	for _, c := range classes {
		if got := strings.Join(found(c.text, saturday), " | "); got != c.want {
			t.Errorf("%q:\n  found %s\n  want  %s", c.text, got, c.want)
		}
	}
}

func TestDaysByWhatIsSaidAroundThem(t *testing.T) {
	// A Thursday.
	o := Options{Now: clock.From(time.Date(2026, 11, 19, 9, 0, 0, 0, shanghai)), Zone: shanghai}
	for text, want := range map[string]string{
		"想约周一上门":             "2026-11-23",
		"周一上门可以吗":            "2026-11-23",
		"改到周二吧":              "2026-11-24",
		"我周一下的单":             "2026-11-16",
		"周二就寄出了":             "2026-11-17",
		"周六送":                "2026-11-21",
		"since Monday":       "2026-11-16",
		"on Monday, please":  "2026-11-23",
		"11月3日入住，当晚就漏水":      "2026-11-03",
		"10月12日收到，当天就坏了":     "2026-10-12",
		"Monday the 23rd":    "2026-11-23",
		"Thursday the 26th,": "2026-11-26",
	} {
		e := Extract(text, o)
		if len(e) == 0 {
			t.Errorf("%q: nothing found", text)
			continue
		}
		last := e[len(e)-1]
		if got := last.From.Std().In(shanghai).Format("2006-01-02"); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if e := Extract("当天能到吗", o); len(e) != 0 {
		t.Errorf("the same day as what? %v", e)
	}
}
