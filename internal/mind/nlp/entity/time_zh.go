package entity

import "strings"

// zhDate reads a Chinese date at i.
func (d *doc) zhDate(i int) (when, int) {
	r := d.at(i)
	if r == 0 {
		return when{}, i
	}
	if isDigit(r) || zhDigit(r) >= 0 || r == '十' {
		if w, e := d.zhCalendar(i); e > i {
			return w, e
		}
		if w, e := d.zhMonthPoint(i); e > i {
			return w, e
		}
		return d.zhCounted(i)
	}
	if !isHan(r) {
		return when{}, i
	}
	if w, e := d.zhDayWord(i); e > i {
		return w, e
	}
	if w, e := d.zhWeek(i); e > i {
		return w, e
	}
	if w, e := d.zhPeriod(i); e > i {
		return w, e
	}
	if w, e := d.zhHoliday(i); e > i {
		return w, e
	}
	return d.zhCounted(i)
}

// small reads a number below 100 in digits or Chinese.
func (d *doc) small(i int) (int, int) {
	if isDigit(d.at(i)) {
		j := d.digits(i)
		if j-i > 2 || d.at(i-1) == '.' && isDigit(d.at(i-2)) {
			return 0, i
		}
		return d.number(i, j), j
	}
	if zhDigit(d.at(i)) < 0 && d.at(i) != '十' {
		return 0, i
	}
	n, e := d.chinese(i)
	if e == i || e-i > 3 || n.milli >= 100*milli || n.milli%milli != 0 {
		return 0, i
	}
	return int(n.milli / milli), e
}

// zhCalendar reads 2024年5月3日, 5月3号, 二〇二四年五月, 3号, 24年5月.
func (d *doc) zhCalendar(i int) (when, int) {
	year, j := d.zhYear(i)
	if j > i {
		j = d.spaces(j, 1)
		m, k := d.small(j)
		if k > j && d.any(d.spaces(k, 1), "月") > 0 && m >= 1 && m <= 12 {
			k = d.spaces(k, 1) + 1
			return d.zhDayOfMonth(year, m, k)
		}
		w := d.yearOf(year)
		if n := d.any(j, "初", "底", "末", "中"); n > 0 {
			return w.part(d.str(j, j+n)), j + n
		}
		return w, j
	}
	m, j := d.small(i)
	if j == i {
		return when{}, i
	}
	k := d.spaces(j, 1)
	switch {
	case d.has(k, "月") && m >= 1 && m <= 12 && d.any(k, "月租", "月饼") == 0:
		return d.zhDayOfMonth(0, m, k+1)
	case d.any(k, "号", "日") > 0 && m >= 1 && m <= 31 && d.any(k, notDayUnit...) == 0 &&
		(isDigit(d.at(i)) || j-i >= 2 && k == j) && !d.streetBefore(i) && (k == j || !(d.at(i-1) == ' ' && d.streetBefore(i-1))):
		j = k
		if d.now.IsZero() {
			return when{grain: "day", open: true}, j + 1
		}
		y, mo, _ := d.now.Date()
		if !validDay(y, int(mo), m) {
			return when{}, i
		}
		return d.dayOf(y, int(mo), m), j + 1
	}
	return when{}, i
}

// notDayUnit are words that begin like the day of a month.
var notDayUnit = []string{"号楼", "号线", "号院", "号店", "号码", "号机", "号门", "号桌", "号房", "号仓", "日用", "日本", "号车", "号电", "号员", "号客", "号坐", "号公", "号地", "号广", "号大", "号(", "日元", "号螺", "号铺", "号泵", "号炉", "号厂", "号梯", "号柜", "号产", "号设", "号库"}

// zhMeasure says that a rune counts things, so that the number before it is no
// day.
func zhMeasure(r rune) bool {
	return strings.ContainsRune("个元点台件年块次天周万分只箱套瓶人", r)
}

// zhMonthPoint reads 11.28上午 and 11/28晚上: a month and a day, which a part
// of the day after them tells from other numbers.
func (d *doc) zhMonthPoint(i int) (when, int) {
	m, j := d.small(i)
	if j == i || !isDigit(d.at(i)) || d.at(j) != '.' && d.at(j) != '/' && d.at(j) != '-' {
		return when{}, i
	}
	k := d.digits(j + 1)
	if k == j+1 || k-j > 3 || d.any(d.spaces(k, 1), "上午", "下午", "晚上", "早上", "中午", "凌晨", "傍晚") == 0 {
		return when{}, i
	}
	w, ok := d.nearest(m, d.number(j+1, k))
	if !ok || d.number(j+1, k) == 0 {
		return when{}, i
	}
	return w, k
}

// streetBefore says that a number belongs to a street: 双清路30号.
func (d *doc) streetBefore(i int) bool {
	return d.any(i-1, "路", "街", "巷", "弄", "道", "里", "同", "村", "区", "楼", "园", "甲", "乙", "第", "院", "段", "条", "口", "镇", "庄", "厦", "场", "苑", "址", "月") > 0 || isDigit(d.at(i-1)) || d.at(i-1) == '-'
}

// zhYear reads 2024年, 24年 before a month, 二零二四年, 去年 and the like
// before a month are read elsewhere.
func (d *doc) zhYear(i int) (int, int) {
	j := i
	year := 0
	if isDigit(d.at(i)) {
		j = d.digits(i)
		year = d.number(i, j)
		if j-i == 2 && year >= 10 && year < 60 {
			k := d.spaces(j+1, 1)
			if _, e := d.small(k); e == k || !d.has(e, "月") {
				return 0, i
			}
			year += 2000
		} else if j-i != 4 {
			return 0, i
		}
	} else {
		for zhDigit(d.at(j)) >= 0 && j-i < 4 {
			year = year*10 + zhDigit(d.at(j))
			j++
		}
		if j-i != 4 {
			return 0, i
		}
	}
	k := d.spaces(j, 1)
	if d.at(k) != '年' || year < 1900 || year > 2100 {
		return 0, i
	}
	return year, k + 1
}

// zhDayOfMonth goes on after 月.
func (d *doc) zhDayOfMonth(year, month, i int) (when, int) {
	j := d.spaces(i, 1)
	day, k := d.small(j)
	if k > j && day >= 1 && day <= 31 {
		n := d.any(k, "日", "号")
		if n == 0 && isDigit(d.at(k-1)) { // 12 月 3 日
			if s := d.spaces(k, 1); s > k && d.any(s, "日", "号") > 0 && d.any(s, notDayUnit...) == 0 {
				n = s + 1 - k
			}
		}
		if n == 0 && d.at(k) == ' ' && isHan(d.at(k+1)) && zhMeasure(d.at(k+1)) {
			k, day = j, 0 // 12 月 3 台
		}
		if k > j && n > 0 || k > j && isDigit(d.at(j)) && !isAlnum(d.at(k)) && d.at(k) != '.' && d.at(k) != ':' && d.any(k, "个", "元", "点", "台", "件", "年", "块", "次", "天", "周", "万", "分") == 0 {
			if year == 0 {
				if w, ok := d.nearest(month, day); ok {
					return w, k + n
				}
			} else if validDay(year, month, day) {
				return d.dayOf(year, month, day), k + n
			}
			return when{}, i - 100000 // no such day
		}
	}
	if d.has(i, "份") {
		i++
	}
	var w when
	if year != 0 {
		w = d.monthOf(year, month)
	} else {
		var ok bool
		if w, ok = d.nearest(month, 0); !ok {
			return when{}, i - 100000
		}
	}
	if n := d.any(i, "初", "底", "末", "中旬", "上旬", "下旬", "中"); n > 0 && d.any(i, "中国", "末端", "中心") == 0 {
		return w.part(d.str(i, i+n)), i + n
	}
	return w, i
}

var zhDays = []struct {
	word string
	day  int
	part string
}{
	{"大后天", 3, ""}, {"大前天", -3, ""}, {"后天", 2, ""}, {"前天", -2, ""}, {"后日", 2, ""}, {"前日", -2, ""},
	{"今天", 0, ""}, {"今日", 0, ""}, {"明天", 1, ""}, {"明日", 1, ""}, {"昨天", -1, ""}, {"昨日", -1, ""}, {"次日", 1, ""},
	{"今早", 0, "早"}, {"今晚", 0, "晚"}, {"今晨", 0, "早"}, {"明早", 1, "早"}, {"明晚", 1, "晚"}, {"昨晚", -1, "晚"}, {"昨夜", -1, "晚"}, {"前晚", -2, "晚"}, {"后晚", 2, "晚"},
}

func (d *doc) zhDayWord(i int) (when, int) {
	for _, w := range zhDays {
		if d.has(i, w.word) {
			n := runeLen(w.word)
			if w.part != "" {
				n-- // the part of the day is read as its time
			}
			return d.days(w.day, 1), i + n
		}
	}
	// 当晚 and 当天 are those of the day that was named before.
	if n := d.any(i, "当天", "当日", "当晚"); n > 0 {
		if d.day.to.IsZero() || i-d.dayEnd > sameDay {
			return when{}, i
		}
		if d.has(i, "当晚") {
			n--
		}
		return d.day, i + n
	}
	return when{}, i
}

// sameDay is how many runes 当天 may stand behind the day that it means.
const sameDay = 120

// zhWeekPrefix reads 上上个, 下, 这个, 本.
func (d *doc) zhPrefix(i int) (int, int) {
	n, j := 0, i
	switch {
	case d.has(j, "上上"):
		n, j = -2, j+2
	case d.has(j, "下下"):
		n, j = 2, j+2
	case d.has(j, "上"):
		n, j = -1, j+1
	case d.has(j, "下"):
		n, j = 1, j+1
	case d.any(j, "这", "本", "当") > 0:
		j++
	default:
		return 0, i
	}
	if d.has(j, "一个") {
		j += 2
	} else if d.has(j, "个") {
		j++
	}
	return n, j
}

// zhWeek reads 周三, 下周三, 上个星期天, 这周末, 下周.
func (d *doc) zhWeek(i int) (when, int) {
	n, j := d.zhPrefix(i)
	k := j + d.any(j, "周", "星期", "礼拜")
	if k == j {
		return when{}, i
	}
	c := d.at(k)
	switch {
	case c == '末' && d.any(k, "末端") == 0:
		w := d.weekday(n, 5)
		if !w.open {
			w.to = w.from.AddDate(0, 0, 2)
		}
		w.grain = "weekend"
		return w, k + 1
	case c == '日' || c == '天':
		if j == i && d.has(j, "周天") {
			return when{}, i
		}
		return d.weekday(n, 6), k + 1
	case zhDigit(c) >= 1 && zhDigit(c) <= 6 && c != '两' && d.any(k+1, "个", "年", "次") == 0:
		return d.plannedWeekday(i, j, k+1, n, zhDigit(c)-1), k + 1
	case c >= '1' && c <= '7' && !isDigit(d.at(k+1)):
		return d.plannedWeekday(i, j, k+1, n, int(c-'1')), k + 1
	}
	if j > i && d.any(k, "年", "边", "围", "期", "到") == 0 && !(d.at(j) == '周' && d.any(j, "周围", "周边") > 0) && d.any(i, "当") == 0 {
		w := d.week(n)
		if m := d.any(k, "初", "末", "中"); m > 0 {
			return w.part(d.str(k, k+m)), k + m
		}
		return w, k
	}
	return when{}, i
}

// plansBefore and plansAfter tell that a day is still to come, told that it is
// over.
var plansBefore = wordList("约", "改到", "改成", "改在", "改为", "换到", "推到", "推迟到", "延到", "提前到", "安排", "希望", "想", "能", "可以", "最好", "麻烦", "计划", "打算", "定在", "定到", "等到", "请", "只有")
var plansAfter = wordList("上门", "来", "送", "能", "可以", "可不可以", "方便", "有空", "有时间", "之前", "以前", "前", "行吗", "行不行", "吧", "安装", "再")
var told = wordList("了", "过", "下的", "买的", "收到", "寄出", "报的", "下单", "到现在", "就", "的时候", "已")

// plannedWeekday is a day of the week; one without a prefix that is over and
// that the writer plans for is that of the next week.
func (d *doc) plannedWeekday(i, j, end, n, day int) when {
	w := d.weekday(n, day)
	if j > i || w.open || !w.from.Before(d.today()) {
		return w
	}
	plans := false
	for k := end; k < len(d.r) && k < end+10 && !isBreak(d.r[k]) && d.r[k] != ','; k++ {
		if d.one(k, told) > 0 {
			return w
		}
		plans = plans || d.one(k, plansAfter) > 0
	}
	for k := i - 1; k >= 0 && k >= i-10 && !isBreak(d.r[k]); k-- {
		plans = plans || d.one(k, plansBefore) > 0
	}
	if plans {
		return d.weekday(n+1, day)
	}
	return w
}

// zhPeriod reads 上个月底, 本月, 去年, 今年5月3日, 年底, 上季度.
func (d *doc) zhPeriod(i int) (when, int) {
	year, known := 0, false
	for _, y := range []struct {
		word string
		n    int
	}{{"今年", 0}, {"明年", 1}, {"后年", 2}, {"去年", -1}, {"前年", -2}, {"上年", -1}} {
		if d.has(i, y.word) {
			year, known = y.n, true
		}
	}
	if known {
		j := i + 2
		if d.now.IsZero() {
			if _, e := d.zhCalendar(j); e > j {
				return when{grain: "day", open: true}, e
			}
			return when{grain: "year", open: true}, j
		}
		if m, k := d.small(j); k > j && d.has(k, "月") && m >= 1 && m <= 12 {
			return d.zhDayOfMonth(d.now.Year()+year, m, k+1)
		}
		w := d.year(year)
		if n := d.any(j, "初", "底", "末", "年底", "年初"); n > 0 {
			return w.part(d.str(j+n-1, j+n)), j + n
		}
		if n := d.any(j, "上半年", "下半年"); n > 0 {
			if d.has(j, "上") {
				w.to = w.from.AddDate(0, 6, 0)
			} else {
				w.from = w.from.AddDate(0, 6, 0)
			}
			w.grain = "half"
			return w, j + n
		}
		return w, j
	}
	if n := d.any(i, "年底", "年末", "年初", "月底", "月末", "月初", "月中"); n > 0 && !isDigit(d.at(i-1)) {
		w := d.month(0)
		if d.has(i, "年") {
			w = d.year(0)
		}
		return w.part(d.str(i+1, i+2)), i + 2
	}
	n, j := d.zhPrefix(i)
	if j == i {
		return when{}, i
	}
	if d.at(i) == '当' && d.at(j) != '月' && d.at(j) != '年' {
		return when{}, i
	}
	switch {
	case d.has(j, "月"):
		w := d.month(n)
		j++
		if day, k := d.small(j); k > j && d.any(k, "号", "日") > 0 && day >= 1 && day <= 31 {
			if w.open {
				return when{grain: "day", open: true}, k + 1
			}
			if validDay(w.from.Year(), int(w.from.Month()), day) {
				return d.dayOf(w.from.Year(), int(w.from.Month()), day), k + 1
			}
		}
		if d.has(j, "份") {
			j++
		}
		if m := d.any(j, "初", "底", "末", "中旬", "上旬", "下旬", "中"); m > 0 && d.any(j, "中国", "中心") == 0 {
			return w.part(d.str(j, j+m)), j + m
		}
		return w, j
	case d.has(j, "季度"):
		return d.quarter(n), j + 2
	case d.has(j, "年") && d.any(j, "年度") == 0 && (n == 0 && d.any(i, "本", "当") > 0):
		return d.year(n), j + 1
	case d.has(j, "半年") && n != 0:
		w := d.year(0)
		if !w.open {
			if n < 0 {
				w.to = w.from.AddDate(0, 6, 0)
			} else {
				w.from = w.from.AddDate(0, 6, 0)
			}
		}
		w.grain = "half"
		return w, j + 2
	}
	return when{}, i
}

// zhCounted reads 三天前, 两小时后, 最近一周, 过去三个月, 24小时内.
func (d *doc) zhCounted(i int) (when, int) {
	if k := d.any(i, "最近", "近", "过去", "过去的", "未来", "接下来", "今后", "前", "后", "将来"); k > 0 {
		sign := -1
		if d.any(i, "未来", "接下来", "今后", "后", "将来") > 0 {
			sign = 1
		}
		if n, l, e := d.lengthAt(i + k); e > i+k {
			return d.window(n, l, sign), e
		}
		return when{}, i
	}
	n, l, e := d.lengthAt(i)
	if e == i {
		return when{}, i
	}
	switch k := d.any(e, "之前", "以前", "前", "之后", "以后", "过后", "后", "之内", "以内", "内"); {
	case k == 0:
		return when{}, i
	case d.any(e, "前台", "前面", "后台", "后面", "内部", "内存", "后续") > 0:
		return when{}, i
	case strings.Contains(d.str(e, e+k), "前"):
		return d.shift(n, l, -1), e + k
	case strings.Contains(d.str(e, e+k), "后"):
		return d.shift(n, l, 1), e + k
	default:
		return d.window(n, l, 1), e + k
	}
}

// dayParts with their first and last minute.
var dayParts = []struct {
	word     string
	from, to int
}{
	{"凌晨", 0, 360}, {"清晨", 300, 480}, {"早晨", 360, 540}, {"早上", 360, 600}, {"一早", 360, 540}, {"上午", 480, 720}, {"中午", 690, 810}, {"正午", 720, 721}, {"下午", 780, 1080}, {"午后", 780, 960}, {"傍晚", 1020, 1140},
	{"晚上", 1080, 1440}, {"晚间", 1080, 1440}, {"夜里", 1260, 1440}, {"夜间", 1260, 1440}, {"半夜", 0, 240}, {"深夜", 1320, 1440}, {"午夜", 0, 60}, {"全天", 0, 1440}, {"早", 360, 600}, {"晚", 1080, 1440}, {"晨", 300, 480}, {"夜", 1260, 1440},
}

// clockUnit skips a blank between the digits of an hour and 点.
func (d *doc) clockUnit(start, e int) int {
	if e > start && d.at(e) == ' ' && isDigit(d.at(e-1)) && d.any(e+1, "点", "时") > 0 {
		return e + 1
	}
	return e
}

// zhClock reads 下午3点半, 15:30, 十点一刻, 8点20分.
func (d *doc) zhClock(i int, bare bool) (tod, int) {
	if !isHan(d.at(i)) && !isDigit(d.at(i)) {
		return tod{}, i
	}
	part, j := -1, i
	for k, p := range dayParts {
		if d.has(i, p.word) {
			part, j = k, i+runeLen(p.word)
			break
		}
	}
	if part >= 0 && j-i == 1 && !bare {
		if n, e := d.small(j); e == j || n > 24 || d.any(e, "点") == 0 && d.at(e) != ':' {
			return tod{}, i
		}
	}
	k := d.spaces(j, 1)
	h, e := d.small(k)
	t := tod{}
	if e > k && h <= 24 && isDigit(d.at(k)) && d.at(e) == ':' && isDigit(d.at(e+1)) && isDigit(d.at(e+2)) && !isDigit(d.at(e+3)) {
		m := d.number(e+1, e+3)
		if m > 59 || d.at(k-1) == ':' {
			return tod{}, i
		}
		t = tod{from: h*60 + m, grain: "minute"}
		e += 3
		if d.at(e) == ':' && isDigit(d.at(e+1)) && isDigit(d.at(e+2)) && !isDigit(d.at(e+3)) {
			t.sec, t.grain = d.number(e+1, e+3), "second"
			if t.sec > 59 {
				return tod{}, i
			}
			e += 3
			if d.at(e) == '.' && isDigit(d.at(e+1)) {
				e = d.digits(e + 1)
			}
		}
		if part < 0 {
			t, e = d.ampm(t, e)
			t, e = d.zoneOffset(t, e)
		}
	} else if e = d.clockUnit(k, e); e > k && h <= 24 && d.any(e, "点", "时") > 0 && d.any(e, "点评", "点几", "时代", "时间", "时候", "时段", "点心", "点都", "时效", "点数", "点赞", "时限", "点不", "点儿", "点多种") == 0 &&
		!(d.has(e, "时") && !isDigit(d.at(k)) && part < 0) && !(d.has(e, "点") && isDigit(d.at(e+1)) && d.digits(e+1)-e == 2 && d.any(e+2, "分", "折") == 0 && part < 0) {
		t = tod{from: h * 60, grain: "hour"}
		if part < 0 && d.any(k, "一点", "两点", "三点") > 0 && d.any(e+1, "钟", "半", "整", "左右", "一刻", "三刻", "多", "前", "之") == 0 && zhDigit(d.at(e+1)) < 0 && zhUnit(d.at(e+1)) == 0 {
			t.weak = true // 一点也不, 两点意见
		}
		if part < 0 && d.any(k-1, "快", "有", "早", "晚", "第", "差", "这", "几", "慢", "好") > 0 {
			t.weak = true
		}
		e++
		switch {
		case d.any(e, "钟", "整") > 0:
			e++
			t.weak = false
		case d.has(e, "半"):
			t.from, t.grain, e = t.from+30, "minute", e+1
		case d.has(e, "一刻"):
			t.from, t.grain, e = t.from+15, "minute", e+2
		case d.has(e, "三刻"):
			t.from, t.grain, e = t.from+45, "minute", e+2
		default:
			if m, k := d.small(e); k > e && m < 60 && (k-e == 2 || d.has(k, "分") || k-e == 3) {
				t.from, t.grain, t.weak, e = t.from+m, "minute", false, k
				if d.has(e, "分") && d.any(e, "分钟") == 0 {
					e++
				}
			}
		}
	} else if part >= 0 && (bare || j-i == 2) && (bare || !isDigit(d.at(k))) {
		p := dayParts[part]
		if j-i == 1 && isHan(d.at(j)) && d.any(j, "上", "间", "饭", "点", "餐", "安", "就", "已", "晚", "早") > 0 {
			return tod{}, i
		}
		return tod{from: p.from, to: p.to, grain: "daypart", weak: !bare}, j
	} else {
		return tod{}, i
	}
	if part >= 0 {
		p := dayParts[part]
		if h < 12 && p.from >= 690 && !(p.word == "中午" && h >= 10) && p.word != "夜里" && p.word != "深夜" && p.word != "晚上" || h < 12 && h >= 5 && (p.word == "夜里" || p.word == "深夜" || p.word == "晚上") {
			t.from += 720
		} else if h == 12 && (p.word == "晚上" || p.word == "夜里" || p.word == "半夜" || p.word == "凌晨" || p.word == "晚") {
			t.from += 720
			if p.word == "半夜" || p.word == "凌晨" {
				t.from -= 1440
			}
		} else if h > 0 && h < 5 && (p.word == "夜里" || p.word == "深夜" || p.word == "晚上") {
			t.from += 1440
		}
		t.weak = false
	}
	t.to = t.from + 1
	if t.grain == "hour" {
		t.to = t.from + 60
	}
	return t, e
}
