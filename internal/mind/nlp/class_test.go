package nlp

import (
	"slices"
	"strings"
	"testing"
)

// What follows are classes of language that words alone get wrong, each beside
// texts that look alike and are not.

func TestMattersInOneLine(t *testing.T) {
	for in, want := range map[string]int{
		"有两个问题：1. 上周的运费为什么扣了两次；2. 电视遥控器没反应，请派人来修。手机13800138000":                                   2,
		"两件事：①发票抬头想改；②路由器一直掉线怎么办":                                                                 2,
		"三个问题：1、退款没到账 2、发票怎么开 3、密码忘了怎么办":                                                          3,
		"Two things: 1) my refund has not arrived; 2) the app won't open.":                        2,
		"When does my refund arrive? On a completely different note, how do I reset my password?": 2,
		"The app keeps crashing when I open it. Also, I was charged twice this month.":            2,
		"My internet keeps dropping every evening. Also, I need an invoice for March.":            2,
		"已试过：1. 重启 2. 换线 3. 重置，还是不行":                                                              1,
		"按这个步骤：①打开②登录③就闪退了":                                                                       1,
		"配置是 1. 16G 内存；2. 512G 硬盘，有货吗":                                                            1,
		"The screen keeps freezing. Also, it gets very hot.":                                      1,
		"The line keeps dropping. Also, it is slow.":                                              1,
		"My phone keeps crashing and also freezing.":                                              1,
		"I got a completely different colour. Please exchange it.":                                1,
		"收到的东西不对：1. 颜色错了；2. 尺寸也错了，请换货":                                                            1,
	} {
		if got := Matters(Prepare(in)); len(got) != want {
			t.Errorf("%q: %d matters, want %d: %+v", in, len(got), want, got)
		}
	}
}

func TestLanguageOfMachineLines(t *testing.T) {
	for in, want := range map[string]string{
		"ERR 404 | VALVE | OPEN":                   Unknown,
		"ALM 12; FAN=ON; T=88; RUN":                Unknown,
		"DEV_ID: GW-07 STATUS: LOW_BATT LVL: 3":    Unknown,
		"MY ORDER HAS NOT ARRIVED, WHERE IS IT":    "en",
		"HELP ME PLEASE":                           "en",
		"WHERE IS MY REFUND???":                    "en",
		"设备 GW-07 离线 ERR 12":                       "zh-Hans",
		"Warning: the sensor reports a water leak": "en",
	} {
		if got, _ := Language(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestDangersInOtherWords(t *testing.T) {
	for in, want := range map[string]string{
		// leaving as a word for dying
		"我想就这样睡过去，再也不要醒":                                      "safety",
		"真想一觉睡下去别醒了":                                          "safety",
		"等我走了，你们就不用管我了，照顾好我妈":                                 "safety",
		"这是我最后一次和你们说话了，我要离开这个世间":                              "safety",
		"I just want to go to sleep and not wake up":          "safety",
		"By the time you read this I will be gone for good":   "safety",
		"Everyone would be happier if I was gone":             "safety",
		"晚上睡不着，一觉醒来机器还在响":                                     "",
		"我走了之后快递才到":                                           "",
		"I want to go to sleep and your alarm keeps ringing":  "",
		"I will be gone for two weeks, please hold my parcel": "",
		// a child or a patient
		"孩子把纽扣电池咽下去了":                                              "safety",
		"宝宝被婴儿床夹住了手":                                               "safety",
		"输液泵停了，病人还在用":                                              "safety",
		"我妈用了你们的按摩椅腰受伤了":                                           "safety",
		"my toddler got his finger caught in the door of your cot": "safety",
		"the infusion pump stopped while the patient was on it":    "safety",
		"我要给孩子买一双鞋":                                                "",
		"病人服的尺码表有吗":                                                "",
		"do you have patient gowns in stock?":                      "",
		"my child loves the toy":                                   "",
		"孩子不小心从椅子上摔伤了":                                             "safety",
		// an alarm of a machine is a danger, the machine is a product
		"告警：厨房燃气浓度超标，设备 GW-01":                       "safety",
		"烟感触发报警，3楼仓库":                                "safety",
		"水浸传感器报警，机房地面有水":                             "safety",
		"ALARM smoke detected zone 4":                "safety",
		"Gas alarm triggered, kitchen, 18% LEL":      "safety",
		"WATER LEAK DETECTED basement":               "safety",
		"烟感报警器怎么换电池":                                 "",
		"燃气报警器多少钱一个":                                 "",
		"烟感一直误报，没有烟":                                 "",
		"The smoke alarm chirps, low battery":        "",
		"which gas detector do you recommend?":       "",
		"水浸传感器离线了":                                   "",
		"smoke alarm test passed, no smoke detected": "",
		// leaving as a customer
		"I'll never buy from you again":                  "churn",
		"we will never order from your shop again":       "churn",
		"You will never see me in your store again":      "churn",
		"这是我最后一次在你们家买东西":                                 "churn",
		"以后绝不会再光顾":                                       "churn",
		"I never buy shoes online, is the size right?":   "",
		"never seen this again since the update, thanks": "",
	} {
		got := strings.Join(kindsOf(Risk(Prepare(in), nil)), ",")
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAStolenAccountIsUrgent(t *testing.T) {
	for in, want := range map[string]string{
		"我的账号被别人登录了，钱正在被转走":                                             "urgent",
		"账号被盗了，里面的余额正在被花":                                               "urgent",
		"有人盗了我的号在刷我的卡":                                                  "urgent",
		"Someone has hacked into my account and is spending my balance": "urgent",
		"my account has been taken over and money is leaving it":        "urgent",
		"我妈用了你们的血糖仪晕过去了":                                                "urgent",
		"告警：厨房燃气浓度超标":                                                   "urgent",
		"账号忘了密码怎么找回":                                                    "low",
	} {
		p := Prepare(in)
		r := Risk(p, nil)
		h := Urgency(p, r, Sentiment(p, r))
		if got := Priority(h.Impact, h.Urgency); got != want && !(want == "low" && got == "normal") {
			t.Errorf("%q: %s, want %s (%+v)", in, got, want, h)
		}
	}
}

func TestFeelingsToldQuietly(t *testing.T) {
	for in, want := range map[string][]int{
		"Absolutely love it, you guys made my week!":                 {2},
		"I can't thank Maria enough, she stayed late to sort it out": {2},
		"Huge thank you to the driver, he was so kind to my mother":  {2},
		"The best service I have had in years, thank you all":        {2},
		"第二次修了还是老样子，等了半个月":                                           {-1, -2},
		"说好周三到的，今天都周六了":                                              {-1},
		"买来才一个月就坏了":                                                  {-1},
		"打了五遍电话都没人接":                                                 {-1, -2},
		"客服让我等，等到现在也没个回音":                                            {-1, -2},
		"It stopped working after only two weeks":                    {-1},
		"I have called four times and nobody calls back":             {-1, -2},
		"I expected more for this price":                             {-1},
		"You said Tuesday and it is now Friday":                      {-1},
		"I have been waiting for over three weeks":                   {-1},
		"这个月的账单在哪里看":                                                 {0},
		"路由器灯不亮，型号是样品一号":                                             {0},
		"The router does not turn on. Please send a technician.":     {0},
		"Thank you for your help":                                    {0, 1},
		"I bought it two weeks ago and need an invoice":              {0},
		"请问周三能到吗":                                                    {0},
	} {
		p := Prepare(in)
		if f := Sentiment(p, Risk(p, nil)); !slices.Contains(want, f.Step) {
			t.Errorf("%q: %d (%.2f), want %v", in, f.Step, f.Score, want)
		}
	}
}

// What is denied, asked about, or the name of a thing gives no warning.
func TestDangersThatAreNone(t *testing.T) {
	for _, in := range []string{
		"孩子没有受伤，就是玩具坏了", "my son was not hurt", "没有人被困", "插座没有打火花", "没有头晕恶心", "没有触发烟感，放心", "没有检测到燃气", "未检测到烟雾",
		"防夹手的门怎么装", "烟感触发测试，演练，请忽略", "燃气浓度超标的阈值设多少合适", "水浸报警演练", "防爆胎的轮胎有吗", "按摩椅没有夹到手",
		"睡过去一整天，忘了签收", "明天就要走了，快递改个地址", "照顾好我妈的那个护工很好", "等我走了再送货", "我们要离开这个城市了",
		"no one was hurt", "nobody was trapped", "there are no exposed wires", "gas was not detected", "no gas detected", "fire alarm drill on Monday, please ignore",
		"we sell wet floor signs so nobody slips", "how do I test the gas alarm", "is the brake pad in stock?", "no one fainted",
		"I sleep well on the new mattress", "I will not wake up in time for a delivery at six", "gone for lunch, call later", "the patient was discharged, please send the invoice",
	} {
		if got := Risk(Prepare(in), nil); len(got) != 0 {
			t.Errorf("%q: %+v", in, got)
		}
	}
}
