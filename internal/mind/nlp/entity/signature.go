package entity

import "strings"

// notSurnamed are words of two or three characters that begin like a name and
// stand where names stand.
var notSurnamed = setOf("谢谢 多谢 高兴 方便 安排 马上 明天 明晚 明早 周一 周二 周三 周四 周五 周六 周日 周末 全部 高级 常见 平安 时间 何时 向上 应该 易碎 金额 成功 温度 包装 顺丰 尚未 连续 原来 单号 元旦 从来 仅此 任何 任意 万分 万一 左右 边上 古怪 姑且 莫名 别墅 宁可 强烈 沈阳 安徽 江苏 江西 广东 广西 广州 常州 温州 宁波 金华 黄山 石家庄 鲁班 华为 苹果 小米 白色 黑色 红色 黄色 蓝色 紫色 金色 白天 夏天 冬天 秋天 车主 车间 房东 房间 屋里 商家 商量 商品 师傅 管家 管理员 钟点 钟头 路上 路口 路由器 水管 水电 解决 解释 计划 计费 项目 项链 成交 支付 支持 应付 强制 程序 程度 易损 万元 余额 余款 金卡 银卡 毛病 毛巾 马桶 牛奶 熊猫 柴油 汽油 火车 冷藏 冷冻 冷水 热水 门口 门店 门锁 门禁 于是 向您 向你 包括 包邮 班主任 祝好 祝您 祝你 祝安 敬礼 此致 平台 平时 平常 年底 越快 尽快 赶快 费用 和气 和平 申请 申诉 关于 关机 关闭 关掉 开机 充电 司机 司法 经理 经常 双倍 宿舍 楼上 楼下 国庆 国家 都行 都可以 那边 那里 哪里 易经 晚上 晚点 晚安 早安 早上 午安 幸好 容易 党员 公司 公寓 单位 单元 路费 段位 方法 方案 方式 白名单 黄牛 万事 石头 江湖 江边 海边 山上 雷达 雷雨 严重 严格 孔隙 花园 花费 花店 计较 全新 全款 全国 全家 强调 明显 明白 明细 温馨 安心 安全 安装 安静 幸亏 高温 高端 高度 高铁 高速 梅雨 梅花 季度 季节 武汉 郑州 徐州 苏州 扬州 杭州 温水 柳州 桂林 常德 岳阳 连云港 吉林 宁夏 青岛 海南 夏季 冬季 秋季 史上 史无前例 路人 车牌 车票 车站 车位 古董 万达 程控 向前 时候 时常 时效 汤圆 米饭 米线 鱼香 蓝牙 蓝屏 白屏 黑屏 花屏 解绑 解约 解冻 充值 甘肃 甘蔗 查询 查收 查证 查一下 应急 应当 连接 连上 连不上 连带 单价 单子 单据 包裹 包换 包退 包赔 成本 成品 成立 计算 莫非 和解 毕竟 毕业 别人 别的 温柔 左边 右边 边框 何必 何况 符合 喻户 米色 于此 关注 水费 水压 水温 水龙头 水泵 水表 水质 方向 方形 易拉罐 任务 毛毯 冷气 冷静")

// chineseBare reads a surname and one or two characters of a given name that
// could be one; end is i where it cannot.
func (d *doc) chineseBare(i int) int {
	lead := 1
	if d.one(i, doubleSurnames) > 0 {
		lead = 2
	} else if !surnameSet[d.at(i)] {
		return i
	}
	end := i + lead
	for end < len(d.r) && isHan(d.r[end]) {
		if end > i+lead && d.signedEnd(end) > 0 {
			break
		}
		if end-i-lead >= 2 || strings.ContainsRune(notGiven, d.r[end]) {
			return i
		}
		end++
	}
	if end == i+lead || notSurnamed[d.str(i, end)] || notSurnamed[d.str(i, i+2)] || d.division(i) > 0 || d.any(i+1, "块", "元", "天", "月", "号", "点") > 0 {
		return i
	}
	if _, e := d.zhDate(i); e > i {
		return i
	}
	return end
}

// signedEnd gives the length of what stands behind the name of who signs or
// receives: 敬上, 收.
func (d *doc) signedEnd(i int) int {
	n := d.any(i, "敬上", "谨上", "敬启", "收", "亲收", "亲启")
	if n > 0 && isHan(d.at(i+n)) {
		return 0
	}
	return n
}

// nameByPlace finds a name by where it stands alone: before or after a phone
// number (王芳 138…), or as the last line of the message.
func (d *doc) nameByPlace(i int) int {
	if !surnameSet[d.r[i]] && d.one(i, doubleSurnames) == 0 {
		return i
	}
	// 联系王芳 138…
	contact := d.any(i-2, "联系", "致电", "电联", "找到") > 0
	if isHan(d.at(i-1)) && !contact || isAlnum(d.at(i-1)) && !isDigit(d.at(i-1)) {
		return i
	}
	end := d.chineseBare(i)
	if end == i {
		return i
	}
	j := end
	for j < len(d.r) && j-end < 3 && strings.ContainsRune(" ,，:、()", d.r[j]) {
		j++
	}
	if n := d.any(j, "电话:", "电话", "手机:", "手机", "tel:", "tel "); n > 0 && j > end {
		j = d.spaces(j+n, 1)
	}
	why := ""
	switch {
	case d.phoneStarts(j) && (j > end || isDigit(d.at(j))):
		why = "before a phone"
	case contact:
		return i
	case d.nameAsked(i) && (end == len(d.r) || !isHan(d.at(end))):
		why = "answer"
	case d.phoneEnds(i) && (end == len(d.r) || !isHan(d.at(end)) && !isAlnum(d.at(end))):
		why = "after a phone"
	case d.signedEnd(end) > 0 && i > 0:
		why = "signed"
	case d.lastLine(i, end) && (d.at(i-1) == '\n' || d.at(i-1) == '-' || d.at(i-1) == '—' || d.at(i-1) == ' ' && (d.companyEnds(i-1) || d.any(i-3, "敬礼", "祝好", "谢谢") > 0) || (end-i >= 3 || d.any(i-3, "谢谢", "感谢", "多谢", "拜托", "辛苦") > 0) && (d.at(i-1) == '。' || d.at(i-1) == '!') || d.at(i-1) == ',' && d.any(i-3, "谢谢", "感谢", "多谢", "拜托", "辛苦") > 0):
		why = "signature"
	default:
		return i
	}
	d.add(Person, i, end, weightForm, 0.8, d.str(i, end), why, map[string]string{"surname": d.str(i, i+1)})
	return end
}

// contactStarts says that a mail address or a postal one begins at i.
func (d *doc) contactStarts(i int) bool {
	for _, c := range d.found {
		if (c.Type == Email || c.Type == Address) && c.Start == i {
			return true
		}
	}
	return false
}

// nameAsked says that the sentence before the one that begins at i, but for the
// speaker's label, asked for a name.
func (d *doc) nameAsked(i int) bool {
	k := i
	for k > 0 && i-k < 16 && !isBreak(d.r[k-1]) {
		k--
	}
	label := d.str(k, i)
	if k == 0 || !isBreak(d.r[k-1]) || strings.TrimSpace(label) != "" && !strings.ContainsAny(label, ":") {
		return false
	}
	for k > 0 && (isBreak(d.r[k-1]) || d.r[k-1] == ' ') {
		k--
	}
	for n := 0; k > 0 && n < 60 && !isBreak(d.r[k-1]); n++ {
		k--
		if d.any(k, "your name", "name please", "speaking to", "speaking with", "称呼", "姓名", "贵姓", "名字") > 0 {
			return true
		}
	}
	return false
}

func (d *doc) phoneStarts(i int) bool {
	for _, c := range d.found {
		if c.Type == Phone && c.Start == i {
			return true
		}
	}
	return false
}

// phoneEnds says that a phone ends right before i, but for a blank or a comma.
func (d *doc) phoneEnds(i int) bool {
	j := i
	for j > 0 && i-j < 2 && (d.r[j-1] == ' ' || d.r[j-1] == ',') {
		j--
	}
	if j == i || !isDigit(d.at(j-1)) {
		return false
	}
	for _, c := range d.found {
		if c.Type == Phone && c.End == j {
			return true
		}
	}
	return false
}

func (d *doc) companyEnds(i int) bool {
	for _, c := range d.found {
		if c.Type == Company && c.End == i {
			return true
		}
	}
	return d.any(i-2, "公司", "集团") > 0 || d.at(i-1) == '厂' || d.at(i-1) == '店'
}

// lastLine says that [start, end) is a line of its own at the end of a message,
// behind which at most a phone, a date or a name of a firm stands. A message of
// one line has none.
func (d *doc) lastLine(start, end int) bool {
	k := start
	for k > 0 && (d.r[k-1] == ' ' || d.r[k-1] == '-' || d.r[k-1] == '\n') {
		k--
	}
	if k == 0 || len(d.r)-end > 400 { // more than the lines of a signature
		return false
	}
	j := end
	if d.at(j) == '。' || d.at(j) == '.' {
		j++
	} else if d.at(j) == ',' && d.at(j+1) == ' ' && isUpper(d.at(j+2)) { // a post: Owen Mock, Ward Manager
		for j < len(d.r) && d.r[j] != '\n' && j-end < 48 {
			if d.r[j] == '?' || d.r[j] == '!' || d.r[j] == '.' && j+1 < len(d.r) && d.r[j+1] != '\n' {
				return false
			}
			j++
		}
	}
	lines := 0
	for j < len(d.r) {
		if d.r[j] == '\n' || d.r[j] == ' ' {
			if d.r[j] == '\n' {
				lines++
			}
			j++
			continue
		}
		if lines == 0 || lines > 3 {
			return false
		}
		// A further line of a signature is short.
		e := j
		for e < len(d.r) && d.r[e] != '\n' {
			if e-j > 48 || d.r[e] == '?' || d.r[e] == '。' || d.r[e] == '!' {
				return false
			}
			e++
		}
		if !d.signatureLine(j, e) {
			return false
		}
		j = e
	}
	return true
}

// signatureLine says that a line holds a phone, a mail address, a date, a firm
// or a post rather than a sentence.
func (d *doc) signatureLine(i, e int) bool {
	for _, c := range d.found {
		if c.Start >= i && c.End <= e && c.Type != Person && c.Type != Quantity && c.End-c.Start >= (e-i)/3 {
			return true
		}
	}
	// Words in capitals alone are a firm, a post or a place.
	capitals, k := 0, i
	for k < e {
		if isLetter(d.r[k]) {
			w := d.word(k)
			if !isUpper(d.r[k]) && w-k > 3 {
				capitals = 0
				break
			}
			capitals++
			k = w
			continue
		}
		if isHan(d.r[k]) || isDigit(d.r[k]) {
			capitals = 0
			break
		}
		k++
	}
	if capitals > 0 && k >= e {
		return true
	}
	for j := i; j < e; j++ {
		if d.any(j, "sent from", "发自", "manager", "director", "officer", "coordinator", "assistant", "经理", "主管", "部") > 0 {
			return true
		}
	}
	return false
}

// signature finds an English name that is a line or a sentence of its own at
// the end of the message, or stands right before a phone.
func (d *doc) signature(i int) int {
	r := d.r[i]
	if !isUpper(r) && !(r >= 0xc0 && r < 0xdf) {
		return i
	}
	thanked := d.has(i-7, "thanks ") || d.has(i-7, "cheers ") || d.has(i-8, "regards ") || d.has(i-10, "thank you ")
	if i > 0 && !thanked {
		k := i
		for k > 0 && (d.r[k-1] == ' ' || d.r[k-1] == '-' && k == i-1 || d.r[k-1] == '-' && d.at(k-2) == '-') {
			k--
		}
		if c := d.at(k - 1); k > 0 && c != '\n' && c != '.' && c != '!' && c != '?' && c != ',' && c != ';' && c != '-' && c != '—' && c != '。' && c != '~' && c != ':' {
			return i
		}
	}
	end := d.nameWords(i, 3)
	if end == i || d.word(i) == end || d.ordinaryName(i, end) {
		return i // one word, or words that begin a sentence
	}
	j := end
	if d.at(j) == ',' || d.at(j) == ':' || d.at(j) == '(' {
		j++
	}
	j = d.spaces(j, 2)
	if d.at(j) == '(' && isDigit(d.at(j+1)) {
		j++
	}
	for _, w := range []string{"on ", "tel ", "tel: ", "tel. ", "phone ", "phone: ", "mobile ", "mobile: ", "at ", "m: ", "t: "} {
		if d.has(j, w) {
			j = d.spaces(j+len(w), 1)
			break
		}
	}
	why := ""
	c := d.at(i - 1)
	switch {
	case j > end && (d.phoneStarts(j) || d.phoneLike(j)):
		why = "before a phone"
	case j > end && d.contactStarts(j):
		why = "before a contact"
	case d.nameAsked(i):
		why = "answer"
	case d.any(end, " here", " speaking") > 0 && !isAlnum(d.at(end+d.any(end, " here", " speaking"))):
		why = "says who speaks"
	case thanked && d.lastLine(i, end):
		why = "signature"
	case i > 0 && (c == '\n' || c == ' ' || c == '-') && d.lastLine(i, end):
		k := i
		for k > 0 && d.r[k-1] == ' ' {
			k--
		}
		if c := d.at(k - 1); c == ',' || c == ';' {
			return i // the end of a list
		}
		why = "signature"
	default:
		return i
	}
	d.add(Person, i, end, weightForm, 0.75, d.str(i, end), why, nil)
	return end
}

// phoneLike says that digits at i are grouped as those of a phone of another
// country are.
func (d *doc) phoneLike(i int) bool {
	if d.at(i) != '0' && d.at(i) != '+' {
		return false
	}
	digits := 0
	for j := i; j < len(d.r) && j-i < 18 && (isDigit(d.r[j]) || d.r[j] == ' ' || d.r[j] == '+' || d.r[j] == '-'); j++ {
		if isDigit(d.r[j]) {
			digits++
		}
	}
	return digits >= 9 && digits <= 15
}

// ordinaryName says that a word of the run is one of ordinary language, of a
// firm or of a place, so that it is no person's.
func (d *doc) ordinaryName(i, end int) bool {
	for i < end {
		e := d.word(i)
		if e == i {
			i++
			continue
		}
		if w := d.lstr(i, min(e, i+16)); ordinaryWords[w] || notName[w] || englishCompanySuffix[w] && w != "co" || englishStreets[w] && len(w) > 2 && w != "hill" && w != "park" && w != "green" || enMonths[w] > 0 {
			return true
		}
		if _, day := enWeekdays[d.lstr(i, min(e, i+16))]; day {
			return true
		}
		i = e
	}
	return false
}

// ordinaryWords begin or end lines in capitals that are no names.
var ordinaryWords = setOf("kind best warm many thank thanks regards wishes yours sincerely faithfully customer client service services support team help desk center centre new york city north south east west united states kingdom great good dear hello hi please order number invoice account tracking delivery address phone email mobile model serial error code broken again very not no yes we you he she they there here our your his her sent from my get outlook for ios android iphone samsung apple google microsoft amazon windows office agent caller operator bot system alarm warning status device sensor gas smoke water fire product refund return request urgent important subject re fw fwd monday tuesday hong kong los angeles san francisco saint st airport station hotel hospital school university college bank store shop sales marketing department manager director head chief officer the and or of in on at to with by is are was were it its all any some each every both more most last next first second third free click call press bluetooth wifi internet black white red blue green silver gold grey gray pro max plus mini ultra air smart home kitchen living room bed bath night day happy merry christmas year cheers love hope hoping looking waiting awaiting still just now then also secondly firstly cannot can't don't won't doesn't")
