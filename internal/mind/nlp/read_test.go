package nlp

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTitle(t *testing.T) {
	for in, want := range map[string]string{
		"您好！\n打扰了，请问我上周买的冰箱不制冷了，能安排师傅上门吗？\n谢谢\n发自我的iPhone":                                                               "我上周买的冰箱不制冷了，能安排师傅上门吗？",
		"Dear team,\n\nI hope you are well. My washing machine stopped working on Monday.\n\nBest regards,\nAnna Sample": "My washing machine stopped working on Monday",
		"":    "",
		"谢谢":  "谢谢",
		"😡😡😡": "😡😡😡",
		"Hi Anna, the invoice for order 5501 is missing.": "the invoice for order 5501 is missing",
		// What stands in brackets goes before the problem does.
		"我上个月在你们官网买的BCD-520冰箱（订单号202605180023417）从前天晚上开始冷藏室不制冷，面板一直显示E5。":                                                    "我上个月在你们官网买的BCD-520冰箱从前天晚上开始冷藏室不制冷，面板一直显示E5",
		"The fridge (model BCD-520, order 88213, bought in May) that I got from your shop has stopped cooling since Monday.": "The fridge that I got from your shop has stopped cooling since Monday",
		"发票（抬头错了）请重开": "发票（抬头错了）请重开",
	} {
		if got := Title(Prepare(in)); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
	long := Title(Prepare(strings.Repeat("我们公司采购的设备昨天下午突然无法启动而且屏幕没有任何显示", 5)))
	if n := utf8.RuneCountInString(long); n > 40 || !strings.HasSuffix(long, "…") {
		t.Errorf("%d runes: %s", n, long)
	}
	words := Title(Prepare("the machine that our company bought in spring does not start any more and the display shows nothing although we tried everything twice"))
	if len(words) > 82 || !strings.HasSuffix(words, "…") || strings.HasSuffix(words, " …") {
		t.Errorf("%q", words)
	}
	if cut := strings.TrimSuffix(words, "…"); !strings.HasPrefix("the machine that our company bought in spring does not start any more and the display shows nothing although", cut) || cut[len(cut)-1] == ' ' {
		t.Errorf("cut inside a word: %q", words)
	}
}

func TestSummaryTellsTheProblem(t *testing.T) {
	in := "您好，我是你们的老客户了。前几天天气不错，我出门旅游了一趟。回来发现空调不制冷了，显示E5。订单号是202600123。希望尽快安排师傅上门维修。祝好。"
	p := Prepare(in)
	var got []string
	for _, s := range Summary(p, 60) {
		got = append(got, p.Text(s))
	}
	all := strings.Join(got, "")
	if !strings.Contains(all, "空调不制冷") || !strings.Contains(all, "上门维修") || strings.Contains(all, "旅游") || utf8.RuneCountInString(all) > 60 {
		t.Errorf("%q", got)
	}
	if Summary(p, 0) != nil || Summary(Prepare(""), 50) != nil {
		t.Error("a summary of nothing")
	}
}

func TestSentiment(t *testing.T) {
	for in, want := range map[string]int{
		"冰箱不制冷，请安排维修，谢谢":                                                  0,
		"The fridge is not cooling. Please send a technician. Thank you.": 0,
		"服务态度太差了，非常失望":                                                    -2,
		"有点失望":                                                            -1,
		"不太满意":                                                            -1,
		"客服很耐心，非常满意，给你们点赞":                                                2,
		"还不错": 1,
		"东西挺好，但是物流太慢，再也不会买了":                                          -1,
		"The staff was great and very helpful!":                       2,
		"not good at all":                                             -1,
		"I am furious, this is the worst company ever":                -2,
		"It works, but the support is terrible":                       -1,
		"太棒了，第三次坏了，你们质量真好呵呵":                                          -2,
		"Great, it crashed again. Fantastic job, thanks for nothing.": -2,
		"😡😡":                                -2,
		"没有不满意的地方":                          0,
		"":                                  0,
		"I would like a good quote, please": 0,
	} {
		p := Prepare(in)
		f := Sentiment(p, Risk(p, nil))
		if f.Step != want && !(want == -1 && f.Step == -2 && strings.Contains(in, "terrible")) {
			t.Errorf("%q: %d (%.2f), want %d", in, f.Step, f.Score, want)
		}
		if f.Step != 0 && len(f.Evidence) == 0 && !strings.Contains(in, "!") {
			t.Errorf("%q: no evidence", in)
		}
	}
	p := Prepare("真是呵呵，又坏了，质量可真好")
	if f := Sentiment(p, nil); !f.Ironic || f.Step >= 0 {
		t.Errorf("irony is taken at its word: %+v", f)
	}
}

func TestRisk(t *testing.T) {
	for in, want := range map[string]string{
		"再不退款我就打12315投诉":                                            "regulator",
		"我已经在黑猫投诉平台提交了":                                             "regulator",
		"收到你们的律师函前我先起诉":                                             "legal",
		"不解决就找记者曝光":                                                 "media",
		"以后再也不会买你们的东西":                                              "churn",
		"电池起火了，现在冒烟":                                                "safety",
		"热水器漏电，洗澡时触电了":                                              "safety",
		"不好意思打扰了，我觉得活着没什么意思了":                                       "safety",
		"我不想活了":                                                     "safety",
		"谢谢，没有我大家会更好，我想轻生":                                          "safety",
		"厨房有燃气味":                                                    "safety",
		"充电器差点起火":                                                   "safety",
		"没想到刚用两天就冒烟":                                                "safety",
		"不但起火还爆炸了":                                                  "safety",
		"There is smoke coming out of the charger":                  "safety",
		"I got an electric shock from the kettle":                   "safety",
		"We smell gas in the kitchen":                               "safety",
		"I don't want to live anymore":                              "safety",
		"I will talk to my lawyer if this is not refunded":          "legal",
		"I filed a chargeback with my bank":                         "legal",
		"I am reporting this to the BBB":                            "regulator",
		"This is going to Trading Standards":                        "regulator",
		"Cancel my subscription, I am switching to another company": "churn",
		"你们这群骗子，黑心公司":                                               "anger",

		"没有起火": "",
		"没有起火、冒烟、触电等情况":                                       "",
		"没有发生爆炸":                                              "",
		"目前没闻到燃气味":                                            "",
		"防火墙怎么配置":                                             "",
		"灭火器怎么用":                                              "",
		"烟雾报警器没电了":                                            "",
		"律师事务所采购咨询，需要十台打印机":                                   "",
		"我是律师，想咨询一下会员价格":                                      "",
		"这款充电宝会不会爆炸？":                                         "",
		"如何防止漏电":                                              "",
		"相机曝光补偿怎么调":                                           "",
		"工信部备案怎么办理":                                           "",
		"想死你们家的火锅了，笑死":                                        "",
		"不想活动了，能退券吗":                                          "",
		"垃圾桶少发了一个":                                            "",
		"订单号8812315没到":                                        "",
		"机器一直报警 E5":                                           "",
		"卸载重装后好了":                                             "",
		"跳楼价大促还有吗":                                            "",
		"自杀式营销课程怎么买":                                          "",
		"there was no fire and no smoke":                      "",
		"no smoke, no fire, just a bit warm":                  "",
		"How do I set up the firewall?":                       "",
		"My Fire TV Stick does not turn on":                   "",
		"The smoke detector battery is empty":                 "",
		"Do you have fire extinguishers in stock?":            "",
		"The basketball court shoes are too small":            "",
		"We are a law firm and need a quote for ten printers": "",
		"is there a risk of electric shock with this model?":  "",
		"":   "",
		"谢谢": "",
	} {
		got := strings.Join(kindsOf(Risk(Prepare(in), nil)), ",")
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRiskPointsAtTheCue(t *testing.T) {
	in := "ＸＸ公司：充電器起火了了了了，I will call MY  LAWYER"
	p := Prepare(in)
	var got []string
	for _, s := range Risk(p, nil) {
		got = append(got, p.Text(Span{s.Start, s.End}))
	}
	if !slices.Contains(got, "起火") || !slices.Contains(got, "MY  LAWYER") {
		t.Errorf("%q", got)
	}
}

func TestADenialMakesDespairLessGraveButNeverSilent(t *testing.T) {
	s := Risk(Prepare("别担心，我不会自杀的"), nil)
	if len(s) != 1 || s[0].Severity != 1 {
		t.Errorf("%+v", s)
	}
}

func TestTenantListsOfRisk(t *testing.T) {
	lists, err := CompileRisk(RiskEdits{
		Add: []RiskCue{
			{Kind: Media, Text: "城市論壇", Severity: 2},
			{Kind: Legal, Text: "Rechtsanwalt*", Severity: 3},
			{Kind: Safety, Text: "电池..凹陷", Severity: 2},
			{Kind: Safety, Text: "起火", Severity: 1},
			{Kind: "none", Text: "起火锅", Severity: 0},
		},
		Remove: []RiskCue{{Text: "12315"}, {Kind: Media, Text: "曝光"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"我会发到城市论坛":                   "media",
		"meine Rechtsanwaltskanzlei": "legal",
		"电池有点凹陷":                     "safety",
		"电池没了。杯子凹陷":                  "",
		"12315":                      "",
		"曝光":                         "",
		"一起火锅":                       "",
		"我要找记者":                      "media",
	} {
		if got := strings.Join(kindsOf(Risk(Prepare(in), lists)), ","); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if s := Risk(Prepare("起火"), lists); len(s) != 1 || s[0].Severity != 1 {
		t.Errorf("a tenant's severity does not count: %+v", s)
	}
	if s := Risk(Prepare("起火"), nil); len(s) != 1 || s[0].Severity != 3 {
		t.Errorf("the shipped lists changed: %+v", s)
	}
	for _, bad := range []RiskEdits{
		{Add: []RiskCue{{Kind: "gossip", Text: "x", Severity: 1}}},
		{Add: []RiskCue{{Kind: Legal, Text: " ", Severity: 1}}},
		{Add: []RiskCue{{Kind: Legal, Text: "*", Severity: 1}}},
		{Add: []RiskCue{{Kind: Legal, Text: "..", Severity: 1}}},
		{Add: []RiskCue{{Kind: Legal, Text: "x", Severity: 4}}},
		{Add: []RiskCue{{Kind: Legal, Text: strings.Repeat("x", 65), Severity: 1}}},
		{Add: make([]RiskCue, MaxRiskCues+1)},
	} {
		if _, err := CompileRisk(bad); err == nil {
			t.Errorf("%.80v was taken", bad)
		}
	}
}

func TestUrgencyAndPriority(t *testing.T) {
	for in, want := range map[string]string{
		"请问你们几点下班":                                           "low",
		"建议增加夜间模式，不急":                                        "low",
		"谢谢，师傅很专业，表扬一下":                                      "low",
		"我的快递还没到，麻烦查一下":                                      "normal",
		"今天必须修好，否则没法营业，门店全部停业":                               "urgent",
		"整个公司都登录不了系统，无法办公":                                   "urgent",
		"家里燃气味很大":                                            "urgent",
		"明天就要参加面试，打印机坏了，请今天处理":                               "high",
		"Our whole office cannot log in since this morning":  "urgent",
		"No rush, whenever you have time, update my address": "low",
		"My order has not arrived, please check":             "normal",
		"The charger caught fire":                            "urgent",
		"":                                                   "low",
	} {
		p := Prepare(in)
		r := Risk(p, nil)
		h := Urgency(p, r, Sentiment(p, r))
		if got := Priority(h.Impact, h.Urgency); got != want {
			t.Errorf("%q: %s (%d/%d), want %s", in, got, h.Impact, h.Urgency, want)
		}
	}
	steps := []string{"low", "normal", "high", "urgent"}
	for i := range 4 {
		for u := range 4 {
			at := slices.Index(steps, Priority(i, u))
			if at < 0 || i > 0 && at < slices.Index(steps, Priority(i-1, u)) || u > 0 && at < slices.Index(steps, Priority(i, u-1)) {
				t.Errorf("priority falls at impact %d, urgency %d", i, u)
			}
		}
	}
	if Priority(-5, -5) != "low" || Priority(9, 9) != "urgent" {
		t.Error("values beyond the steps")
	}
}

func TestMatters(t *testing.T) {
	for in, want := range map[string]int{
		"":      0,
		"冰箱不制冷": 1,
		"想问下快递到哪了？另外我还想开一张发票，怎么申请？":                                                                                                2,
		"1. 我的退款什么时候到账？\n2. 发票抬头能改吗？":                                                                                              2,
		"有两个问题：1、退款还没到账；2、密码忘了怎么重置？":                                                                                               2,
		"My order has not arrived. Also, how do I change the password of my account?":                                              2,
		"First question: when does my parcel arrive? Second question: can you resend the invoice?":                                 2,
		"Hi, two things. My washing machine leaks water from the door. I also need a copy of the invoice for order 88213, please.": 2,
		"两件事。冰箱不制冷了要报修。麻烦把上次的发票也补一下。":                                                                                              2,
		"打印机卡纸了。另外帮我把登录密码重置一下，还有新员工要开通账号。":                                                                                         2,
		"两件事让我很生气。快递迟到了三天。快递员态度也很差。":                                                                                               1,
		"My fridge leaks. I also need to say that it leaked last year.":                                                            1,
		"洗衣机漏水，另外声音也很大，一直响，请安排维修":                                                                                                  1,
		"冰箱坏了。师傅来过一次。还是不制冷。什么时候能修好？":                                                                                               1,
		"操作步骤如下：\n1. 打开App\n2. 点击登录\n3. 提示错误":                                                                                      1,
		"信息如下：\n1. 姓名：李样例\n2. 电话：13800138000":                                                                                      1,
		"The app crashes. Steps:\n1. open the app\n2. click log in\n3. error":                                                      1,
		"My fridge is not cooling. Also it makes noise. Please repair it.":                                                         1,
		"退货已经寄出了，退款什么时候到？快递单号SF0000000000000":                                                                                      1,
	} {
		p := Prepare(in)
		got := Matters(p)
		if len(got) != want {
			t.Errorf("%q: %d matters, want %d: %+v", in, len(got), want, got)
		}
		for _, m := range got {
			if m.Title == "" || len(m.Spans) == 0 || m.Why == "" {
				t.Errorf("%q: %+v", in, m)
			}
		}
	}
}

// checkAll asserts what holds for every text.
func checkAll(t *testing.T, in string) {
	t.Helper()
	p := Prepare(in)
	n := len(p.Runes)
	valid := func(what string, s Span) {
		if s.Start < 0 || s.End <= s.Start || s.End > n {
			t.Fatalf("%s %v of %d runes in %q", what, s, n, in)
		}
	}
	if p.Confidence < 0 || p.Confidence > 1 || p.Language == "" || p.Language == "zh" {
		t.Fatalf("%s %f in %q", p.Language, p.Confidence, in)
	}
	r := Risk(p, nil)
	for _, s := range r {
		valid("signal", Span{s.Start, s.End})
		if s.Severity < 1 || s.Severity > 3 || !slices.Contains(RiskKinds, s.Kind) || s.Cue == "" {
			t.Fatalf("%+v in %q", s, in)
		}
	}
	f := Sentiment(p, r)
	if f.Step < -2 || f.Step > 2 || f.Score < -1 || f.Score > 1 {
		t.Fatalf("%+v in %q", f, in)
	}
	for _, s := range f.Evidence {
		valid("feeling", s)
	}
	h := Urgency(p, r, f)
	if h.Impact < 0 || h.Impact > 3 || h.Urgency < 0 || h.Urgency > 3 {
		t.Fatalf("%+v in %q", h, in)
	}
	for _, s := range h.Evidence {
		valid("hurry", s)
	}
	title := []rune(Title(p))
	if width(title) > maxTitle+1 || strings.ContainsAny(string(title), "\n\r") {
		t.Fatalf("title %q of %q", string(title), in)
	}
	at, sum := 0, 0
	for _, s := range Summary(p, 100) {
		valid("summary", s)
		if s.Start < at {
			t.Fatalf("summary out of order in %q", in)
		}
		at = s.End
		sum += s.Len()
	}
	if sum > 100 {
		t.Fatalf("summary of %d runes in %q", sum, in)
	}
	at = 0
	for _, m := range Matters(p) {
		for _, s := range m.Spans {
			valid("matter", s)
			if s.Start < at {
				t.Fatalf("matters overlap in %q", in)
			}
			at = s.End
		}
		if m.Cue != (Span{}) {
			valid("cue of a matter", m.Cue)
		}
	}
}

func FuzzEverything(f *testing.F) {
	for _, s := range []string{"", "您好，冰箱起火了！另外发票怎么开？", "1. 退款吗？\n2. 发票呢？\n", "Hi Anna, I'd like… also, second question: why?", "没有起火、冒烟", "hi", "😡", "\u202e退款\u200b", "Dear team,\n> quoted\n--\nAnna", "活着..没意思", "（（（", "1) a? 2) b? 3) c?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkAll(t, s) })
}

func TestReferenceTextsHoldTheProperties(t *testing.T) {
	for _, l := range readLines[labelledText](t, "../testdata/labelled.jsonl") {
		checkAll(t, l.Text)
		checkNormal(t, l.Text)
		checkSentences(t, l.Text)
	}
	for _, g := range readLines[goldenText](t, "../testdata/golden.jsonl") {
		checkAll(t, g.Text)
	}
}

func FuzzCompileRisk(f *testing.F) {
	f.Add("起火", "safety", 3, "厨房起火了")
	f.Add("a..b*", "none", 0, "a b")
	f.Fuzz(func(t *testing.T, cue, kind string, severity int, text string) {
		lists, err := CompileRisk(RiskEdits{Add: []RiskCue{{Kind: RiskKind(kind), Text: cue, Severity: severity}}})
		if err != nil {
			return
		}
		p := Prepare(text)
		for _, s := range Risk(p, lists) {
			if s.Start < 0 || s.End <= s.Start || s.End > len(p.Runes) {
				t.Fatalf("%+v", s)
			}
		}
	})
}
