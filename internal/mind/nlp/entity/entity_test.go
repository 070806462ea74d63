package entity

import (
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
)

var shanghai = func() *time.Location {
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		z = time.FixedZone("CST", 8*3600)
	}
	return z
}()

// A Saturday.
var saturday = Options{Now: clock.From(time.Date(2026, 11, 21, 10, 0, 0, 0, shanghai)), Zone: shanghai}

// found writes findings as "type:text=value".
func found(s string, o Options) []string {
	var out []string
	r := []rune(s)
	for _, e := range Extract(s, o) {
		out = append(out, string(e.Type)+":"+string(r[e.Start:e.End])+"="+e.Value)
	}
	return out
}

var texts = []struct {
	text string
	want string // all findings, separated by " | "
}{
	// phones
	{"我的电话是13800138000", "phone:13800138000=+8613800138000"},
	{"手机 138-0013-8000，请回电", "phone:138-0013-8000=+8613800138000"},
	{"请打+86 138 0013 8000", "phone:+86 138 0013 8000=+8613800138000"},
	{"１３８００１３８０００", "phone:１３８００１３８０００=+8613800138000"},
	{"座机010-63109680转801", "phone:010-63109680转801=+861063109680;ext=801"},
	{"(0755) 1234567 错了，是0755-81234567", "phone:0755-81234567=+8675581234567"},
	{"酒店电话：80762688", "phone:80762688=80762688"},
	{"call me at +1 415 555 2671", "phone:+1 415 555 2671=+14155552671"},
	{"请拨打400-820-8820投诉", "phone:400-820-8820=+864008208820"},
	{"再不处理我打12315", "phone:12315=12315"},
	{"编码138001380001234", "order:138001380001234=138001380001234"},
	{"评分80762688", ""},
	// cards
	{"身份证11010519491231002X", "id_card:11010519491231002X=11010519491231002X"},
	{"身份证号 440524188001010014", "id_card:440524188001010014=440524188001010014"},
	{"卡号 6222 0212 3456 7890 128", "bank_card:6222 0212 3456 7890 128=6222021234567890128"},
	{"card 4111 1111 1111 1111 was charged", "bank_card:4111 1111 1111 1111=4111111111111111"},
	// plates
	{"车牌京A12345", "plate:京A12345=京A12345"},
	{"新能源车粤BD12345停在楼下", "plate:粤BD12345=粤BD12345"},
	{"沪A·D1234F", "model:D1234F=D1234F"},
	{"大巴12345D是粤B12345D", "plate:粤B12345D=粤B12345D"},
	{"沪A·12345", "plate:沪A·12345=沪A12345"},
	// people and companies
	{"我叫张建国，想咨询一下", "person:张建国=张建国"},
	{"联系人：欧阳娜娜", "person:欧阳娜娜=欧阳娜娜"},
	{"王女士反映", "person:王=王"},
	{"我是周三下的单", "date:周三=2026-11-18"},
	{"my name is John Smith and I need help", "person:John Smith=John Smith"},
	{"Dear Mr. O'Brien,", "person:O'Brien=O'Brien"},
	{"this is the third time", ""},
	{"发票抬头是深圳市智远科技有限公司", "company:深圳市智远科技有限公司=深圳市智远科技有限公司"},
	{"you sold it to Acme Widgets Inc. in spring", "company:Acme Widgets Inc.=Acme Widgets Inc."},
	{"你们公司太差了", ""},
	// addresses
	{"地址：广东省深圳市南山区科技园南路12号A座1203室", "address:广东省深圳市南山区科技园南路12号A座1203室=广东省深圳市南山区科技园南路12号A座1203室"},
	{"寄到北京市海淀区双清路30号，谢谢", "address:北京市海淀区双清路30号=北京市海淀区双清路30号"},
	{"我想去双清路30号看看", "address:双清路30号=双清路30号"},
	{"北京今天下雨", "date:今天=2026-11-21"},
	{"ship to 221B Baker Street, London NW1 6XE please", "address:221B Baker Street, London NW1 6XE=221B Baker Street, London NW1 6XE"},
	// numbers of orders and parcels
	{"订单号：20240503001234", "order:20240503001234=20240503001234"},
	{"订单号13800138000", "order:13800138000=13800138000"},
	{"order #SO-2024-00123 is late", "order:SO-2024-00123=SO-2024-00123"},
	{"顺丰SF1234567890123", "tracking:SF1234567890123=SF1234567890123"},
	{"parcel 1Z999AA10123456784", "tracking:1Z999AA10123456784=1Z999AA10123456784"},
	{"序列号 SN20A33B7788", "serial:SN20A33B7788=SN20A33B7788"},
	{"型号KFR-35GW", "model:KFR-35GW=KFR-35GW"},
	// amounts
	{"退我三千五百块", "amount:三千五百块=3500.00 CNY"},
	{"一共¥1,299.00", "amount:¥1,299.00=1299.00 CNY"},
	{"赔偿5万元", "amount:5万元=50000.00 CNY"},
	{"八块五", "amount:八块五=8.50 CNY"},
	{"人均50-100元", "amount:50-100元=50.00-100.00 CNY"},
	{"two hundred dollars", "amount:two hundred dollars=200.00 USD"},
	{"it cost 24.57€", "amount:24.57€=24.57 EUR"},
	{"两万零三十元", "amount:两万零三十元=20030.00 CNY"},
	{"HK$88", "amount:HK$88=88.00 HKD"},
	{"三元桥附近", ""},
	// quantities, errors, net
	{"买了3台", "quantity:3台=3 台"},
	{"weighs 20 kg", "quantity:20 kg=20 kg"},
	{"冷藏室38℃", "quantity:38℃=38 ℃"},
	{"零下18度", "quantity:零下18度=-18 ℃"},
	{"空调显示E5", "error_code:E5=E5"},
	{"报 E-0032", "error_code:E-0032=E-0032"},
	{"错误代码 404", "error_code:404=404"},
	{"见 https://example.com/a?b=1。", "url:https://example.com/a?b=1=https://example.com/a?b=1"},
	{"写信到 Li.Mei@Example.COM", "email:Li.Mei@Example.COM=li.mei@example.com"},
	{"好的谢谢，麻烦你了", ""},
	{"I would like to know how it works", ""},
	{"", ""},
}

func TestExtractFindsWhatIsThereAndNothingElse(t *testing.T) {
	for _, c := range texts {
		if got := strings.Join(found(c.text, saturday), " | "); got != c.want {
			t.Errorf("%q:\n  found %s\n  want  %s", c.text, got, c.want)
		}
	}
}

func TestAddressesAreSplit(t *testing.T) {
	for _, c := range []struct{ text, province, city, district, street, detail string }{
		{"广东省深圳市南山区科技园南路12号A座1203室", "广东省", "深圳市", "南山区", "科技园南路", "12号A座1203室"},
		{"北京朝阳区农光东里路11号楼", "北京市", "", "朝阳区", "农光东里路", "11号楼"},
		{"地址杭州市西湖区文三路90号", "浙江省", "杭州市", "西湖区", "文三路", "90号"},
	} {
		e := Extract(c.text, saturday)
		if len(e) != 1 || e[0].Type != Address {
			t.Errorf("%q: found %v", c.text, e)
			continue
		}
		p := e[0].Parts
		if p["province"] != c.province || p["city"] != c.city || p["district"] != c.district || p["street"] != c.street || p["detail"] != c.detail {
			t.Errorf("%q: split into %v", c.text, p)
		}
	}
}

func TestStrongerProofWinsAnOverlap(t *testing.T) {
	for text, want := range map[string]Type{
		"订单号 13800138000":             Order,    // its cue stands beside it
		"13800138000":                 Phone,    // and here none does
		"身份证 11010519491231002X":      IDCard,   // checksum
		"https://a.cn/13800138000/":   URL,      // contains a phone
		"2024-05-03":                  Date,     // not a local phone
		"快递单号：20240503001234567":      Tracking, // not an order
		"6222021234567890128 的卡":      BankCard,
		"15912345678@139.com":         Email,
		"联系电话 0571-87654321":          Phone,
		"深圳市腾讯计算机系统有限公司":              Company, // not an address
		"序列号：20240503001":             Serial,
		"error code 0x80070005 again": Error,
	} {
		e := Extract(text, saturday)
		if len(e) != 1 || e[0].Type != want {
			t.Errorf("%q: found %v, want one %s", text, e, want)
		}
	}
}

func TestChecksums(t *testing.T) {
	for s, want := range map[string]bool{
		"11010519491231002X": true, "110105194912310021": false, "440524188001010014": true, "440524188013010014": false, "": false, "990105194912310021": false,
	} {
		if ValidIDCard(s) != want {
			t.Errorf("identity card %s: valid %v", s, !want)
		}
	}
	for s, want := range map[string]bool{
		"4111111111111111": true, "4111111111111112": false, "6222021234567890128": true, "378282246310005": true, "1234567890123452": false, "62220212345678901x8": false,
	} {
		if ValidBankCard(s) != want {
			t.Errorf("bank card %s: valid %v", s, !want)
		}
	}
	if !upsCheck("1Z999AA10123456784") || upsCheck("1Z999AA10123456785") {
		t.Error("UPS check digit")
	}
	if !upuCheck("473124829") || upuCheck("473124828") {
		t.Error("UPU check digit")
	}
}

func TestHostileTextIsCheap(t *testing.T) {
	for _, s := range []string{"1", "A-", "地址", "元", "1 ", "13800138000 ", "+14155552671 ", "两个半", "一", "😀", "x@", "12:30-", "a hundred and ", "有限公司", "\n", "王芳 13800138000 ", "Owen Mock\n", "Owen Mock, 0770 0900 123\n", "Jan 2\nOwen Mock\n", "听涛苑 5 栋 ", "1 Mill Road, Leeds\n", "周一上门", "当天", "订单号?\n12345 "} {
		big := strings.Repeat(s, 1<<20/len(s))
		begin := time.Now()
		Extract(big, saturday)
		if d := time.Since(begin); d > 5*time.Second { // 0.3 s on an idle core; the bound only catches quadratic cost
			t.Errorf("1 MB of %q took %v", s, d)
		}
	}
}

func BenchmarkExtract(b *testing.B) {
	s := "你好，我叫张建国，电话13800138000，订单号20240503001234，买的海尔冰箱型号BCD-520WD，前天开始不制冷，显示错误代码 E5，地址是广东省深圳市南山区科技园南路12号A座1203室，希望下周三下午3点上门。Hi, my order no. SO-2024-00123 arrived two days ago, tracking 1Z999AA10123456784. Please refund $1,299.00 by next Tuesday at 3pm." +
		strings.Repeat("请问怎么办理退换货流程呢，我等了很久了都没有人处理，客服的态度也不好，非常失望，希望尽快给我一个说法。", 4)
	s = string([]rune(s)[:400])
	b.ReportAllocs()
	for b.Loop() {
		Extract(s, saturday)
	}
}
