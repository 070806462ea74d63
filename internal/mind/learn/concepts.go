package learn

import "strings"

// concepts are words of English and Chinese that mean about the same to a
// customer service, one group a line. A text gets, besides its words, the
// groups that they belong to, so that an example with "misplaced" helps a text
// with "lost", and one in English helps one in Chinese. English words match
// with the common endings; a blank inside an entry is written as an underscore.
const concepts = `
lost misplaced missing vanished disappeared gone cant_find 丢 丢失 遗失 不见 找不到 弄丢
stolen theft robbed thief pickpocket snatched stole steal 被盗 被偷 偷 盗
broken damaged cracked shattered smashed torn 坏 破 破损 损坏 碎 裂 坏了
fail failed failure failing unsuccessful unable cant cannot couldnt wont doesnt isnt 失败 不能 无法 不了 不行
reject decline deny refuse denied rejected declined refused 拒绝 驳回 拒
wrong incorrect inaccurate mistaken error mistake misprint false 错 错误 不对 有误 弄错
fee charge cost price pricing rate expense surcharge 费 费用 手续费 价格 收费 价钱 多少钱
money cash fund funds dollar dollars pound pounds euro euros bucks 钱 现金 资金 款
free complimentary gratis 免费 不要钱
refund reimburse reimbursement moneyback repay money_back 退款 退钱 退费 返还
return 退货 退回 寄回
exchange replace swap replacement substitute 换 更换 换货 调换
cancel revert undo abort terminate stop revoke withdraw 取消 撤销 终止 停止 撤回
pay payment paying paid settle 付款 支付 缴费 付 交费
buy purchase bought acquire shopping 买 购买 购 采购
sell sold seller vendor merchant shop store retailer 卖 商家 店 商店 卖家
deliver delivery ship shipping shipment dispatch courier post mail mailed sent send 送 配送 发货 快递 物流 寄 送货 派送
arrive arrival come received receive reach reached show 到 到达 收到 送达 到货
late delay delayed slow pending waiting wait overdue stuck 慢 晚 延误 等 迟 拖 久
fast quick quickly rapid speedy immediately instant urgent asap hurry expedite 快 马上 立刻 尽快 加急 赶紧 急
time long duration hours hour days day week weeks when 多久 时间 几天 什么时候 小时 天
track locate trace status where progress whereabouts 查 查询 跟踪 在哪 进度 状态
change alter modify update edit amend adjust switch 改 修改 变更 更改 更新 调整
activate enable start open register signup enroll create setup 开通 激活 注册 开启 办理 启用
deactivate disable close delete remove erase unsubscribe 关闭 注销 删除 停用 取消订阅
password passcode pin credential login signin passwords code 密码 登录 登陆 口令 验证码
forget forgot forgotten remember recall 忘 忘记 记得
verify verification confirm prove authenticate validate authorise authorize 验证 核实 确认 认证 核对
identity identification id passport document documents licence license 身份 证件 护照 身份证 资料
lock locked block blocked frozen freeze suspended restrict restricted limit limited 锁 冻结 限制 封 锁定
unlock unblock unfreeze restore reactivate recover reset 解锁 解冻 恢复 重置 找回
suspicious fraud fraudulent scam unauthorised unauthorized hacked compromised unrecognised unrecognized unknown strange 可疑 欺诈 诈骗 盗刷 骗 异常 陌生
recognise recognize know familiar aware 认识 知道 认得
bank account accounts 银行 账户 账号 户头
card cards visa mastercard debit credit 卡 银行卡 信用卡 借记卡
virtual disposable temporary onetime single_use 虚拟 一次性 临时
atm cashpoint machine 取款机 提款机 机器
transfer transferred wire remit moved move 转账 汇款 转 划转
deposit topup top_up topped top load add added recharge reload 充值 存 存入 存款 加
balance statement total amount sum 余额 总额 金额 合计
abroad overseas foreign international travel travelling traveling travels holiday vacation trip 国外 海外 出国 旅游 旅行 度假
country countries nation region europe usa 国家 地区 欧洲 美国
currency currencies exchange_rate conversion convert converted 汇率 货币 换汇 兑换
twice double duplicate duplicated repeated again multiple two 重复 两次 多次 再次 又
extra additional another more second spare 额外 另外 多 再 增加
phone mobile cell cellphone smartphone telephone 手机 电话
app application software program website site online 应用 软件 网站 程序
contactless tap nfc wireless 非接触 闪付
work working function functioning operate 用 工作 运行 使用
help assist assistance support aid guide 帮 帮助 帮忙 协助
explain tell describe clarify info information details 说明 告诉 解释 介绍 了解
why reason cause how_come 为什么 原因 怎么会 为何
how way method steps procedure process 怎么 如何 怎样 方法 步骤
minimum least lowest age old young child kids children teen son daughter 年龄 孩子 小孩 儿童 最低 未成年
maximum most highest cap 上限 最高 最多
address home house residence moved location 地址 住址 位置 地方
name surname married marriage divorce 名字 姓名 结婚
weather rain rainy sunny forecast temperature snow storm 天气 下雨 气温 温度 预报
music song songs play playlist album singer track 音乐 歌 歌曲 播放 听
movie film cinema show video tv series 电影 视频 电视 影片 电视剧 影院 票房
book novel read author reading 书 小说 作者 读
food meal eat restaurant dinner lunch breakfast dish cuisine 吃 餐 饭 菜 美食 餐厅 外卖
recipe cook ingredient bake ingredients cooking 菜谱 做法 烹饪 食材
flight plane airline airport fly flights 飞机 航班 机票 机场 航空
train railway rail station 火车 高铁 车票 列车 铁路
bus coach 公交 汽车票 大巴 客车
taxi cab uber ride 出租车 打车
car vehicle auto drive driving tire tires tyre 车 汽车 驾驶 轿车
hotel room lodging accommodation motel 酒店 宾馆 房间 住宿
book_a reserve reservation booking 预订 预定 预约
ticket tickets 票 门票
calendar schedule appointment meeting event 日程 会议 安排 日历
alarm timer remind reminder reminders 闹钟 提醒 定时
call dial ring 打电话 呼叫 拨打
message text sms texting email emails 短信 消息 信息 邮件
translate translation spanish french chinese language italian german japanese 翻译 语言 英语
tax taxes irs 税 税务 个税
salary wage income paycheck pay_day payroll 工资 薪水 收入 薪资
insurance insured coverage policy 保险 投保 理赔
loan mortgage lend borrow interest 贷款 借款 利息 按揭 利率 房贷
invest investment stock stocks share shares bond fund_manager 股票 投资 股 基金 证券 理财 a股 大盘 股市 沪指 涨停 跌停 板块 个股 券商
bill invoice receipt bills 账单 发票 收据
house property apartment rent rental realestate 房 房产 楼盘 租房 房价 公寓 楼市 住宅 地产 户型 别墅 开盘 置业 均价 平米
school student university college exam course study education teacher 学校 学生 大学 考试 课程 学习 教育 老师 考研 高考 四级 六级 雅思 托福 留学 招生 录取 考生 公务员 真题 复习 分数线
game games gaming player gamer 游戏 玩家 网游 公测 副本 玩 职业 内测 怪物 装备 魔兽
sport sports football basketball match team league player coach 体育 足球 篮球 比赛 球队 球员 球 联赛 火箭 湖人 nba 欧冠 英超 冠军 主帅 赛季 教练
star celebrity actor actress fans 明星 演员 导演 娱乐 偶像 艺人 女星 绯闻 主演 影后
government president minister election policy parliament 政府 总统 选举 政治 总理 外交 议会 部长 首相 外长 军事 国防 官员
science research scientist technology computer laptop internet chip 科技 技术 研究 电脑 笔记本 互联网 科学家 芯片 手机 数码 相机 智能 3g 硬盘
economy economic market finance trade inflation futures gold 经济 市场 金融 财经 贸易 通胀 期货 黄金 央行 美元 人民币 油价 银行 美联储
police crime murder arrested court suspect accident 警察 警方 犯罪 法院 男子 女子 嫌疑 事故 民警 杀 死亡 判 被捕
health doctor medicine hospital ill sick pain disease medical 健康 医生 医院 病 药 疼 医疗
baby mother father wife husband family 家 妈妈 爸爸 老婆 孩子 家人
hello hi hey greetings good_morning good_afternoon good_evening good_day kind_regards best_regards best_wishes warm_regards 你好 您好 早上好 嗨
thank thanks thankyou appreciate 谢谢 感谢 多谢
bye goodbye later 再见 拜拜
joke funny laugh 笑话 搞笑 段子
computer laptop desktop monitor keyboard mouse printer server network vpn wifi 电脑 显示器 键盘 鼠标 打印机 服务器 网络
install installation setup download upgrade 安装 下载 升级
access permission permissions grant rights role 权限 访问 授权
repair fix mend maintenance service technician 修 维修 修理 保养 师傅
complain complaint unhappy dissatisfied angry report 投诉 不满 举报 生气
suggest suggestion recommend advice idea feedback improve 建议 推荐 意见 改进
quality material defect defective faulty 质量 品质 材质 瑕疵 次品
discount coupon promotion sale offer voucher deal promo 优惠 折扣 优惠券 活动 促销 打折
gift present reward rewards points bonus 礼物 赠品 积分 奖励 礼品
size small big large fit weight 尺寸 大小 大 小 尺码
colour color red blue black white green 颜色 红 蓝 黑 白
quantity number count many much 数量 多少 几 个
london paris berlin tokyo york chicago beijing shanghai 北京 上海 广州 深圳 天津 重庆 杭州 南京 武汉 成都 西安 苏州 长沙 郑州 青岛 大连 厦门 济南 福州 合肥 昆明 沈阳 哈尔滨 长春 石家庄 太原 南昌 南宁 贵阳 兰州 海口 乌鲁木齐 呼和浩特 宁波 无锡 东莞 佛山 温州 香港 澳门 台北 拉萨 银川 西宁 珠海 桂林 三亚
china america britain japan russia germany france korea india iran iraq israel 中国 美国 英国 日本 俄罗斯 德国 法国 韩国 朝鲜 印度 伊朗 伊拉克 以色列 巴基斯坦 阿富汗 泰国 美军 联合国 北约
monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday tonight morning afternoon evening week weekend 今天 明天 后天 昨天 今晚 上午 下午 晚上 早上 周末 星期 周一 周二 周三 周四 周五 周六 周日
频道 卫视 央视 直播 电视台 节目 cctv channel 回看
流感 咳嗽 发烧 感冒 头疼 头痛 糖尿病 高血压 肿瘤 症状 损伤 过敏 腹泻 便秘 失眠 怀孕
古诗 唐诗 宋词 诗词 李白 杜甫 苏轼 白居易 绝句 一首诗 poem poetry
网站 网页 浏览 浏览器 官网 微博 百度 新浪 搜狐 谷歌 google 淘宝
红烧 清蒸 糖醋 豆腐 排骨 牛肉 土豆 鸡蛋 的做法
路线 导航 坐车 公交车 地铁 开车 怎么走 怎么去 route directions navigate
conference 峰会 会谈 访问 声明 谴责 制裁 导弹 军队 士兵 恐怖 爆炸 袭击
`

// The words that please and displease. Strong ones are in the first lines.
const pleasing = `
amazing awesome excellent fantastic incredible wonderful outstanding superb perfect perfection perfectly best delightful phenomenal delicious yummy love loved loves loving favorite favourite exceptional fabulous heaven heavenly flawless gem treat stellar terrific brilliant magnificent impeccable unbelievable scrumptious divine
good great nice fresh tasty friendly flavorful flavourful fun happy pleased pleasant pleasure enjoy enjoyed enjoyable recommend recommended helpful attentive prompt quick fast clean cozy comfortable beautiful beautifully lovely satisfied satisfying satisfy generous reasonable affordable worth worthwhile impressed impressive interesting authentic tender juicy crisp crispy warm welcoming courteous polite kind sweet cute cool glad thank thanks thankful works worked easy reliable solid smooth fine decent properly efficient gracious professional thoughtful inexpensive bargain hooked craving moist succulent hot wow yay yum unique charming elegant ideal better priceless classy relaxed spot_on top_notch must_try winner excited memorable excels refreshing value variety
好 很好 不错 好吃 美味 喜欢 满意 棒 赞 超赞 给力 快 很快 准时 及时 热情 周到 新鲜 干净 实惠 划算 值得 推荐 贴心 感谢 谢谢 辛苦 完美 优秀 开心 高兴 舒服 可口 香 正宗 足 量大 量足 分量足 丰富 态度好 服务好 速度快 耐心 礼貌 专业 方便 快捷 神速 便宜 好喝 喷香 热乎 再来 回头客 一如既往 支持 可以 五星 好评 靠谱 精致 爱吃 最爱 超级好 味道好 提前 细心 友好 惊喜 良心 漂亮 大爱 鲜 入味 爽 嫩 酥 丰盛 合口味 强烈推荐 物美价廉
`

const displeasing = `
terrible horrible awful worst disgusting gross nasty pathetic dreadful appalling inedible atrocious sucks sucked suck hate hated rude disgusted vomit ripoff rip_off scam unacceptable garbage trash crap crappy filthy angry furious insulted joke sick ridiculous disaster nightmare lousy horrid abysmal pissed damn
bad poor poorly slow cold bland disappointed disappointing disappointment disappoint overpriced expensive dirty stale soggy dry mediocre mushy greasy tasteless flavorless burnt burned overcooked undercooked raw avoid waste wasted wasting unfortunately sadly never unprofessional unfriendly ignored wait waited waiting forever wrong lacking lacked lack boring dull worse weak hard tough fail failed problem problems broke broken annoying annoyed upset frustrated frustrating unhappy late rubbery tiny small bitter weird strange attitude neglect refused meh okay average nothing zero underwhelming underwhelmed bother mess messy oily watery fatty smell smelled stink sour crowded noisy loud cheated barely hardly lukewarm inconsiderate embarrassed mistake mistakes hair bug bugs flies complain complaint overrated unsatisfying dont_bother not_worth shame fake sorry hurt dump dumb stupid walked_out pale overwhelmed unwelcome spotty rotten mold moldy pricey beware stay_away thumbs_down flop ugh cant wouldnt wont
差 很差 太差 差评 难吃 不好 不好吃 慢 太慢 很慢 冷 凉 凉了 失望 垃圾 恶心 坏 坏了 脏 咸 太咸 油 太油 腻 硬 生 夹生 臭 馊 酸 苦 少 太少 量少 贵 太贵 晚 迟到 超时 等了 没送 没有送 送错 漏 少送 洒 撒 漏了 态度差 恶劣 骗 骗人 坑 欺骗 投诉 退款 难喝 难 不新鲜 拉肚子 头发 虫子 苍蝇 后悔 气愤 生气 无语 糟糕 糟 烂 敷衍 不推荐 再也不 不会再 无法 不满 催 打电话 居然 竟然 根本 不值 一般 一般般 凑合 淡 没味 没味道 敷衍 不耐烦 骂 凶 黑店 过期 变质 糊 焦 破 缺 忘 不负责任 两个小时 一个多小时 小时 上当 呵呵 不如 郁闷 坑爹 极差 最差 太硬 辣死 不熟 难以下咽 没法吃 扔 倒掉 失误 泡烂 不给
`

const deniers = `not no never dont doesnt didnt isnt wasnt arent werent cant cannot couldnt wont wouldnt shouldnt aint hasnt havent hadnt without nor neither nothing hardly barely lack lacking lacked lacks
不 没 没有 不是 不太 不够 别 无 未 毫无 不怎么`

const turners = `but however although though yet except unfortunately 但 但是 可是 不过 就是 只是 然而 可惜`

// meaning is what a word stands for.
type meaning struct {
	concepts []uint16
	mood     int8 // +2 … −2
	denies   bool
	turns    bool
}

// lexicon finds meanings; it is built once and only read.
type lexicon struct {
	words map[uint64]*meaning // by the hash of one word or of several
	reach int                 // the longest entry, in tokens
}

var meanings = buildLexicon()

func buildLexicon() *lexicon {
	l := &lexicon{words: map[uint64]*meaning{}}
	for i, line := range strings.Split(strings.TrimSpace(concepts), "\n") {
		for _, w := range strings.Fields(line) {
			if isHan([]rune(w)[0]) && len(w) == 3 {
				continue // one character means too many things
			}
			m := l.entry(w)
			m.concepts = append(m.concepts, uint16(i))
		}
	}
	for sign, words := range map[int8]string{1: pleasing, -1: displeasing} {
		for i, line := range strings.Split(strings.TrimSpace(words), "\n") {
			for _, w := range strings.Fields(line) {
				if m := l.entry(w); i == 0 {
					m.mood = 2 * sign
				} else {
					m.mood = sign
				}
			}
		}
	}
	for _, w := range strings.Fields(deniers) {
		l.entry(w).denies = true
	}
	for _, w := range strings.Fields(turners) {
		l.entry(w).turns = true
	}
	return l
}

func (l *lexicon) entry(w string) *meaning {
	var r reader
	r.cut(strings.ReplaceAll(w, "_", " "))
	h := uint64(hashSeed)
	for _, t := range r.tokens {
		h = mix(h, t.hash)
	}
	l.reach = max(l.reach, len(r.tokens))
	m := l.words[h]
	if m == nil {
		m = &meaning{}
		l.words[h] = m
	}
	return m
}

// concept reads the meanings in a part that was cut: the groups of its words,
// its moods with denials turned round, and words that stand denied.
func (r *reader) concept(s string, base int) {
	denied, after := 0, false // how many tokens a denial still reaches
	var good, bad, lastGood, lastBad float32
	seed := mix(uint64(kindConcept+base), hashSeed)
	for i := 0; i < len(r.tokens); {
		t := &r.tokens[i]
		switch t.kind {
		case tokenStop:
			denied = 0
			i++
			continue
		case tokenMark:
			denied = 0
			i++
			continue
		}
		m, n := r.meaning(s, i)
		if m == nil {
			if denied > 0 && t.kind == tokenWord {
				r.put(mix(mix(kindDenied, hashSeed), t.hash), t.start, t.end, flagLetters)
			}
			denied = max(0, denied-1)
			i++
			continue
		}
		end := r.tokens[i+n-1].end
		for _, c := range m.concepts {
			r.put(mix(seed, uint64(c)), t.start, end, flagConcept)
		}
		if m.mood != 0 {
			mood := m.mood
			if denied > 0 {
				if mood = -mood; mood > 0 {
					mood = 1
				}
			}
			x := float32(mood)
			switch {
			case mood > 0:
				good += x
				lastGood += x
			default:
				bad -= x
				lastBad -= x
			}
			r.put(mix(mix(kindMood, hashSeed), uint64(mood+8)), t.start, end, flagMood)
		}
		if m.turns {
			after, denied, lastGood, lastBad = true, 0, 0, 0
		}
		if m.denies {
			denied = 4
		} else {
			denied = max(0, denied-1)
		}
		i += n
	}
	if good+bad == 0 {
		return
	}
	sum := func(kind uint64, good, bad float32) {
		verdict := uint64(1)
		if good > bad {
			verdict = 2
		} else if bad > good {
			verdict = 0
		}
		r.put(mix(mix(kindMood, kind), verdict), 0, len(s), flagMood)
	}
	sum(21, good, bad)
	if after {
		sum(22, lastGood, lastBad)
	}
}

// meaning gives the longest entry that begins at token i.
func (r *reader) meaning(s string, i int) (*meaning, int) {
	h := uint64(hashSeed)
	var best *meaning
	n := 0
	for j := i; j < len(r.tokens) && j < i+meanings.reach; j++ {
		t := &r.tokens[j]
		if t.kind > tokenHan {
			break
		}
		h = mix(h, t.hash)
		if m := meanings.words[h]; m != nil {
			best, n = m, j-i+1
		}
	}
	if best == nil && r.tokens[i].kind == tokenWord {
		best, n = r.inflected(s[r.tokens[i].start:r.tokens[i].end]), 1
	}
	if best == nil {
		return nil, 0
	}
	return best, n
}

// inflected looks a word up without its ending.
func (r *reader) inflected(w string) *meaning {
	look := func(w string) *meaning {
		if len(w) < 3 {
			return nil
		}
		h := uint64(hashSeed)
		for _, c := range w {
			h = mix(h, uint64(c))
		}
		return meanings.words[mix(hashSeed, h)]
	}
	for _, end := range [...]string{"s", "es", "ed", "d", "ing", "ly", "er", "ers", "ment", "ion"} {
		stem, ok := strings.CutSuffix(w, end)
		if !ok {
			continue
		}
		if m := look(stem); m != nil {
			return m
		}
		if end == "ing" || end == "ion" {
			if m := look(stem + "e"); m != nil {
				return m
			}
		}
		if n := len(stem); (end == "ing" || end == "ed") && n > 3 && stem[n-1] == stem[n-2] {
			if m := look(stem[:n-1]); m != nil {
				return m
			}
		}
	}
	return nil
}
