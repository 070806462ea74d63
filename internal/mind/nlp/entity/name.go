package entity

import "strings"

// surnames are the common Chinese family names of one character, by use.
const surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜肖詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"

var doubleSurnames = wordList("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文", "司徒", "夏侯", "轩辕", "端木", "百里", "南宫", "单于", "澹台")

var surnameSet = func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range surnames {
		m[r] = true
	}
	return m
}()

var personTitles = wordList("先生", "女士", "小姐", "太太", "老师", "师傅", "经理", "医生", "同志", "主任", "总监", "工程师", "阿姨", "大哥", "大姐", "总")

// notGiven are characters that no given name has beside a surname in running
// text: function words and verbs that follow a name.
const notGiven = "的了是在有我你他她它们这那就都也还不没很要会能说给和与或到从被把让叫请问吗呢吧啊哦电话手机号地址先女小老收寄件您买卖住退换货单因为所以但已经去来做用想对打过后前里外上下，。"

// people finds names of persons by a cue before (我叫, 联系人：, my name is,
// Mr) or a title after (张先生, 李建国师傅).
func (d *doc) people() {
	for i := 0; i < len(d.r); i++ {
		r := d.r[i]
		switch {
		case isHan(r):
			if end := d.nameByPlace(i); end > i {
				i = end - 1
			} else if surnameSet[r] || d.one(i, doubleSurnames) > 0 {
				if end := d.chineseName(i); end > i {
					i = end - 1
				}
			}
		case isAlpha(r) && !isAlnum(d.at(i-1)):
			if end := d.englishName(i); end > i {
				i = end - 1
			} else if end := d.signature(i); end > i {
				i = end - 1
			} else {
				i = d.word(i) - 1
			}
		}
	}
}

func (d *doc) chineseName(i int) int {
	lead := 1
	if d.one(i, doubleSurnames) > 0 {
		lead = 2
	} else if !surnameSet[d.r[i]] {
		return i
	}
	for n := 0; n <= 2; n++ { // 张先生, 张三先生, 张建国先生
		j := i + lead + n
		if k := d.one(j, personTitles); k > 0 && !(n == 0 && lead == 1 && isHan(d.at(i-1)) && d.wordChar(i-1)) {
			if n > 0 && !d.givenName(i+lead, j) {
				break
			}
			if n == 0 && d.any(j, "总") > 0 && (isHan(d.at(j+1)) || lead == 1 && d.at(j+1) == 0) {
				break
			}
			if d.has(j, "小姐") && n == 0 && d.has(i-1, "小") || d.has(j, "总是") || d.has(j, "总共") || d.has(j, "总算") || d.has(j, "总之") {
				break
			}
			name := d.str(i, j)
			d.add(Person, i, j, weightStrong, 0.9, name, "title: "+d.str(j, j+k), map[string]string{"title": d.str(j, j+k), "surname": d.str(i, i+lead)})
			return j + k
		}
	}
	c, ok := d.cueBefore(i, cuePerson, 4)
	if !ok || !d.joinedName(c.end, i) {
		return i
	}
	word := d.lstr(c.start, c.end)
	end := i + lead
	for end < len(d.r) && end-i-lead < 2 && isHan(d.r[end]) && !strings.ContainsRune(notGiven, d.r[end]) {
		end++
	}
	given := end - i - lead
	if given == 0 {
		return i
	}
	weak := weakNameCue[word]
	if weak { // 我是周三下的单, 我是金牌会员
		if isHan(d.at(end)) && d.any(end, "，", "的", "先生", "女士") == 0 || given == 2 && d.division(i) > 0 {
			return i
		}
		switch d.str(i, min(end, i+2)) {
		case "周一", "周二", "周三", "周四", "周五", "周六", "周日", "高级", "金牌", "安全", "全部", "关于", "时间", "方便", "向你", "任何", "成功", "明天", "常客", "边上", "单位", "包装", "连续", "原来", "应该", "台州", "华为", "石家", "广州", "江苏", "安徽", "宁波", "温州", "金华", "常州", "黄山", "马上", "何时", "车主", "房东", "老客":
			return i
		}
	}
	if given == 2 && !weak && isHan(d.at(end)) && d.any(end, "先生", "女士", "小姐") == 0 && d.any(end-1, "手", "电", "联", "地", "收", "住", "想", "要", "买") > 0 {
		end--
	}
	confidence := 0.92
	if weak {
		confidence = 0.7
	}
	d.add(Person, i, end, weightCue, confidence, d.str(i, end), "cue: "+word, map[string]string{"surname": d.str(i, i+lead)})
	return end
}

// weakNameCue are cues that words other than names follow too.
var weakNameCue = setOf("我是 客户 本人 旅客 乘客 患者 病人 学员 学生 员工 同事 快递员 业务员 销售 顾问 叫 车主 业主")

// wordChar guards 小王先生-like words: a Han rune before a bare surname that
// belongs to a longer word, as in 国王先生.
func (d *doc) wordChar(i int) bool {
	return strings.ContainsRune("国大天女海蜂霸之帝", d.at(i))
}

func (d *doc) givenName(i, end int) bool {
	for ; i < end; i++ {
		if !isHan(d.r[i]) || strings.ContainsRune(notGiven, d.r[i]) {
			return false
		}
	}
	return true
}

func (d *doc) joinedName(end, i int) bool {
	for end < i {
		if n := d.any(end, "是", "为", "叫", ":", " ", "姓名", "名字", "(", "、"); n > 0 {
			end += n
			continue
		}
		return false
	}
	return true
}

var englishTitles = map[string]bool{"mr": true, "mrs": true, "ms": true, "miss": true, "dr": true, "prof": true, "mister": true}

// relationWords stand before the full name of a person.
var relationWords = setOf("husband wife colleague son daughter mother father brother sister mum mom dad patient passenger student tenant guest customer member cardholder holder technician engineer driver courier assistant manager nurse teacher of to with for under by from")

// nameCueFirst are the first letters of the cues below.
var nameCueFirst = func() (t [256]bool) {
	for _, c := range "mncratisb" {
		t[byte(c)] = true
	}
	return t
}()

// englishName reads a name after a title or a cue. After a cue the words must
// be capitalised, or end the sentence.
func (d *doc) englishName(i int) int {
	end := d.word(i)
	w := d.lstr(i, min(end, i+12))
	if englishTitles[w] {
		j := end
		if d.at(j) == '.' {
			j++
		}
		j = d.spaces(j, 2)
		if stop := d.nameWords(j, 3); stop > j && j > end {
			d.add(Person, j, stop, weightStrong, 0.92, d.str(j, stop), "title: "+w, map[string]string{"title": d.str(i, end)})
			return stop
		}
		return i
	}
	if c, ok := d.cueBefore(i, cuePerson, 2); ok && isHan(d.at(c.start)) && d.joinedName(c.end, i) && d.any(c.start, "我是", "客户", "本人") == 0 {
		if stop := max(d.capitalName(i), d.nameWords(i, 3)); stop > end {
			d.add(Person, i, stop, weightCue, 0.88, d.str(i, stop), "cue: "+d.str(c.start, c.end), nil)
			return stop
		}
	}
	if relationWords[w] && d.at(end) == ' ' {
		if stop := d.nameWords(end+1, 3); stop > d.word(end+1) && !d.ordinaryName(end+1, stop) {
			d.add(Person, end+1, stop, weightStrong, 0.8, d.str(end+1, stop), "cue: "+w, nil)
			return stop
		}
	}
	if !nameCueFirst[byte(d.low[i])] {
		return i
	}
	for _, c := range []string{"my name is ", "name is ", "my name's ", "name: ", "contact person: ", "contact: ", "recipient: ", "attn: ", "this is ", "it's ", "it is ", "i am ", "i'm ", "regards, ", "regards,\n", "thanks, ", "thanks,\n", "sincerely,\n", "best,\n", "cheers,\n"} {
		if !d.has(i, c) {
			continue
		}
		j := d.spaces(i+len(c), 2)
		stop := d.nameWords(j, 3)
		if strings.Contains(c, "name") || strings.Contains(c, "recipient") {
			stop = max(stop, d.capitalName(j))
		}
		if stop == j || notName[d.lstr(j, min(d.word(j), j+16))] {
			return i
		}
		weak := strings.HasPrefix(c, "this is") || strings.HasPrefix(c, "i am") || strings.HasPrefix(c, "i'm") || strings.HasPrefix(c, "thanks")
		if c[:2] == "it" && (stop == d.word(j) || !isBreak(d.at(stop)) && d.at(stop) != ',' && d.at(stop) != '.' && d.any(stop, " from", " here", " again", " speaking") == 0 || d.ordinaryName(j, stop)) {
			return i // It's Broken Again
		}
		if weak && stop == d.word(j) && !isBreak(d.at(stop)) && d.at(stop) != ',' && d.at(stop) != '.' && !d.has(stop, " from") && !d.has(stop, " speaking") && !d.has(stop, " here") {
			return i
		}
		d.add(Person, j, stop, weightCue, 0.88, d.str(j, stop), "cue: "+strings.TrimSpace(c), nil)
		return stop
	}
	return i
}

// capitalName reads a name in capitals, as tickets and passports print it: two
// or three words.
func (d *doc) capitalName(i int) int {
	end, words := i, 0
	for k := i; words < 3; k = d.spaces(end, 1) {
		e := d.word(k)
		if e-k < 2 || e-k > 16 || words > 0 && k == end {
			break
		}
		for _, r := range d.r[k:e] {
			if !isUpper(r) {
				return i
			}
		}
		end = e
		words++
	}
	if words < 2 {
		return i
	}
	return end
}

// notName are capitalised words that follow "this is" and the like.
var notName = map[string]bool{"the": true, "a": true, "an": true, "not": true, "my": true, "your": true, "very": true, "so": true, "i": true, "it": true, "for": true, "to": true, "in": true, "on": true, "just": true, "still": true, "what": true, "urgent": true, "unacceptable": true, "ridiculous": true, "english": true, "chinese": true, "monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true, "saturday": true, "sunday": true}

// nameWords reads at most n capitalised words, with initials and particles.
func (d *doc) nameWords(i, n int) int {
	end := i
	for n > 0 {
		j := d.word(i)
		for j-i <= 20 && (d.at(j) == '\'' || d.at(j) == '-') && isLetter(d.at(j+1)) && d.lowAt(j+1) != 's' {
			j = d.word(j + 1)
		}
		if j == i || j-i > 20 {
			break
		}
		first := d.r[i]
		switch w := d.lstr(i, j); {
		case w == "van" || w == "von" || w == "de" || w == "bin" || w == "al":
		case !isUpper(first) && !(first >= 0xc0 && first < 0xdf):
			return end
		case j-i > 2 && d.r[i+1] != 0 && isUpper(d.r[i+1]) && isUpper(d.r[i+2]):
			return end // an acronym
		default:
			end = j
			if j-i == 1 && d.at(j) == '.' {
				j++
			}
		}
		k := d.spaces(j, 1)
		if k == j {
			break
		}
		i = k
		n--
	}
	return end
}

var companySuffix = wordList("有限责任公司", "股份有限公司", "集团有限公司", "有限公司", "分公司", "总公司", "公司", "集团", "事务所", "工作室", "合作社", "旗舰店", "专卖店", "经营部", "门市部", "商行", "研究院", "研究所", "制造厂", "加工厂", "工厂")

// notCompany are words before 公司 that name no company.
const notCompany = "我你他她它们这那贵本的该哪是和跟与找向对在到从让给说问家您去及同由给找个为"

// companies finds …有限公司, …厂 and Acme Inc.
func (d *doc) companies() {
	for i := 0; i < len(d.r); i++ {
		switch r := d.r[i]; {
		case r == '公' || r == '有' || r == '集' || r == '股' || r == '分' || r == '总' || r == '厂' || r == '事' || r == '工' || r == '合' || r == '旗' || r == '专' || r == '经' || r == '门' || r == '商' || r == '研' || r == '制' || r == '加':
			if end := d.chineseCompany(i); end > i {
				i = end - 1
			}
		case isUpper(r) && !isAlnum(d.at(i-1)):
			if end := d.englishCompany(i); end > i {
				i = end - 1
			}
		}
	}
}

func (d *doc) chineseCompany(i int) int {
	n := d.one(i, companySuffix)
	if n == 0 {
		if d.r[i] != '厂' || d.any(i, "厂家", "厂商", "厂里", "厂房", "厂长", "厂址", "厂区", "厂方") > 0 {
			return i
		}
		n = 1
	}
	suffix := d.str(i, i+n)
	start := i
	for start > 0 && i-start < 24 {
		r := d.r[start-1]
		if isHan(r) && !strings.ContainsRune(notCompany, r) || isAlnum(r) && i-start < 16 {
			start--
			continue
		}
		if (r == '(' || r == ')' || r == '·') && start > 1 && isHan(d.at(start-2)) {
			start--
			continue
		}
		break
	}
	// 致某某有限公司: the address of a letter, unless the name goes on with it.
	if d.at(start) == '致' && (start == 0 || !isAlnum(d.at(start-1)) && !isHan(d.at(start-1))) && d.any(start+1, "远", "和", "尚", "诚", "胜", "力", "美", "用", "知", "信", "新", "行", "雅", "善", "电", "景", "同", "盛", "博", "达") == 0 {
		start++
	}
	if d.at(start) == '司' && d.any(start-1, "我", "贵") > 0 || d.at(start) == '方' && d.any(start-1, "我", "贵") > 0 {
		start++
	}
	for start < i { // words of the sentence before the name
		if k := d.any(start, "请问", "联系", "你好", "您好", "投诉", "公司名称", "公司", "单位", "抬头", "发票抬头", "名称", "开票", "发票", "客户", "收到", "关于", "来自", "代表", "购买", "采购", ")", "就职于", "发货方", "因", "已", "买", "了", "把", "被", "于", "叫", "有", "但", "请"); k > 0 && start+k <= i {
			start += k
			continue
		}
		break
	}
	if strings.Count(d.str(start, i), "(") != strings.Count(d.str(start, i), ")") {
		return i
	}
	short := i - start
	strong := strings.HasSuffix(suffix, "有限公司") || strings.HasSuffix(suffix, "责任公司")
	switch {
	case short < 2, !strong && short < 3 && suffix != "集团":
		return i
	case suffix == "公司" || suffix == "厂" || suffix == "工厂" || suffix == "分公司" || suffix == "总公司":
		if d.any(start, "快递", "物流", "保险", "电力", "自来水", "燃气", "物业", "搬家", "装修") > 0 && short <= 3 {
			return i
		}
	}
	confidence, weight := 0.95, weightCue
	if !strong {
		confidence, weight = 0.7, weightForm
	}
	end := i + n
	if strong {
		if k := d.companyBranch(end); k > end {
			end = k
		}
	}
	d.add(Company, start, end, weight, confidence, d.str(start, end), "suffix: "+suffix, nil)
	return end
}

// companyBranch reads 上海分公司 after a company's name.
func (d *doc) companyBranch(end int) int {
	for k := 2; k <= 6; k++ {
		if d.has(end+k, "分公司") {
			for j := end; j < end+k; j++ {
				if !isHan(d.at(j)) {
					return end
				}
			}
			return end + k + 3
		}
	}
	return end
}

// shortSuffix says that the full stop after Inc or Ltd belongs to it: the
// sentence goes on.
func (d *doc) shortSuffix(w string, stop int) bool {
	switch w {
	case "inc", "ltd", "co", "corp", "pty", "s.a":
	default:
		return false
	}
	next := d.at(d.spaces(stop+1, 1))
	if w == "ltd" && d.any(stop-8, "co., ltd") > 0 && (next == 0 || d.at(stop+1) == '\n') {
		return true
	}
	return w == "co" || d.at(stop+1) == ',' || d.at(stop+1) == '\'' || d.at(stop+1) == ' ' && (next >= 'a' && next <= 'z' || isDigit(next) || next == '(')
}

var englishCompanySuffix = map[string]bool{"inc": true, "ltd": true, "llc": true, "gmbh": true, "corp": true, "corporation": true, "limited": true, "co": true, "plc": true, "company": true, "group": true, "technologies": true, "industries": true, "s.a": true, "ag": true, "bv": true, "pty": true}

// englishCompany reads capitalised words that end in Inc., Ltd and the like.
func (d *doc) englishCompany(i int) int {
	at, words, end := i, 0, i
	suffix := ""
	for words < 7 {
		stop := at
		for stop < len(d.r) && stop-at <= 31 && (isLetter(d.r[stop]) || isDigit(d.r[stop]) || d.r[stop] == '&' || (d.r[stop] == '-' || d.r[stop] == '\'') && isAlnum(d.at(stop+1))) {
			stop++
		}
		if stop == at || stop-at > 30 {
			break
		}
		w := d.lstr(at, stop)
		if words > 0 && englishCompanySuffix[w] && (isUpper(d.r[at]) || w == "co" && d.at(stop) == '.') {
			end, suffix = stop, w
			if d.at(stop) == '.' && d.shortSuffix(w, stop) {
				end++
			}
		} else if !isUpper(d.r[at]) && !isDigit(d.r[at]) && w != "&" && w != "and" && w != "of" {
			break
		} else if suffix != "" {
			break
		}
		words++
		k := stop
		if suffix != "" {
			k = end
		}
		if d.at(k) == ',' {
			k++
		}
		next := d.spaces(k, 1)
		if next == stop {
			break
		}
		at = next
	}
	if suffix == "" {
		return i
	}
	confidence := 0.92
	if suffix == "company" || suffix == "group" || suffix == "limited" {
		confidence = 0.75
	}
	if w := d.lstr(i, d.word(i)); (w == "the" || w == "my" || w == "your" || w == "our" || w == "this") && words <= 2 {
		return i
	}
	d.add(Company, i, end, weightStrong, confidence, d.str(i, end), "suffix: "+suffix, nil)
	return end
}
