package entity

// currencies by the signs and words that stand beside a number.
var currencyBefore = []struct{ sign, code string }{
	{"hk$", "HKD"}, {"us$", "USD"}, {"nt$", "TWD"}, {"a$", "AUD"}, {"c$", "CAD"}, {"s$", "SGD"},
	{"$", "USD"}, {"¥", "CNY"}, {"€", "EUR"}, {"£", "GBP"}, {"₩", "KRW"}, {"₹", "INR"}, {"₽", "RUB"},
	{"rmb", "CNY"}, {"cny", "CNY"}, {"usd", "USD"}, {"eur", "EUR"}, {"gbp", "GBP"}, {"hkd", "HKD"}, {"jpy", "JPY"},
	{"人民币", "CNY"}, {"美元", "USD"}, {"港币", "HKD"},
}

var currencyAfter = []struct{ word, code string }{
	{"元人民币", "CNY"}, {"元钱", "CNY"}, {"块钱", "CNY"}, {"块大洋", "CNY"}, {"人民币", "CNY"}, {"元整", "CNY"},
	{"美元", "USD"}, {"美金", "USD"}, {"刀", "USD"}, {"欧元", "EUR"}, {"英镑", "GBP"}, {"日元", "JPY"}, {"日圆", "JPY"}, {"港元", "HKD"}, {"港币", "HKD"}, {"台币", "TWD"}, {"韩元", "KRW"}, {"新币", "SGD"}, {"澳元", "AUD"}, {"加元", "CAD"}, {"卢布", "RUB"},
	{"元", "CNY"}, {"块", "CNY"}, {"圆", "CNY"}, {"毛钱", "CNY/10"}, {"毛", "CNY/10"}, {"分钱", "CNY/100"},
	{"rmb", "CNY"}, {"cny", "CNY"}, {"yuan", "CNY"}, {"dollars", "USD"}, {"dollar", "USD"}, {"us dollars", "USD"}, {"usd", "USD"}, {"bucks", "USD"}, {"euros", "EUR"}, {"euro", "EUR"}, {"eur", "EUR"},
	{"pounds", "GBP"}, {"pound", "GBP"}, {"quid", "GBP"}, {"gbp", "GBP"}, {"hkd", "HKD"}, {"yen", "JPY"}, {"jpy", "JPY"}, {"cents", "USD/100"}, {"pence", "GBP/100"},
	{"$", "USD"}, {"€", "EUR"}, {"£", "GBP"}, {"¥", "CNY"},
}

// moneyFirst and moneyAfter filter by the first rune's low byte.
var moneyFirst, moneyAfter = func() (b, a [256]bool) {
	for _, c := range currencyBefore {
		b[byte([]rune(c.sign)[0])] = true
	}
	for _, c := range currencyAfter {
		a[byte([]rune(c.word)[0])] = true
	}
	return b, a
}()

// money finds amounts with a currency, and bare numbers right after a word
// such as 退款 or "refund of".
func (d *doc) money() {
	for i := 0; i < len(d.r); i++ {
		if end := d.amountAt(i); end > i {
			i = end - 1
		} else if isDigit(d.r[i]) && !isDigit(d.at(i-1)) {
			i = d.digits(i) - 1
		}
	}
}

// amountAt reads one amount or a range of two.
func (d *doc) amountAt(i int) int {
	low := d.low[i]
	if d.at(i-1) != 0 && isAlnum(d.at(i-1)) && isAlnum(d.r[i]) && !(isDigit(d.r[i]) && d.moneySignEnds(i)) {
		return i
	}
	if !isDigit(low) && !isHan(low) && !isAlpha(low) && low != '$' && low != '¥' && low != '€' && low != '£' && low != '₩' && low != '₹' && low != '₽' {
		return i
	}
	start, code := i, ""
	before := currencyBefore
	if isDigit(low) || !moneyFirst[byte(low)] {
		before = nil
	}
	for _, c := range before {
		if d.has(i, c.sign) && !(isAlpha(low) && isAlpha(d.at(i-1))) {
			code = c.code
			i = d.spaces(i+runeLen(c.sign), 1)
			break
		}
	}
	n, end := d.numberAt(i)
	if end == i || d.at(start-1) == '.' && isDigit(d.at(start-2)) {
		return start
	}
	second, last := num{}, 0
	if k := d.rangeMark(end); k > end { // 50-100元, ¥50~80
		if code != "" && d.currencySign(k) > 0 {
			k += d.currencySign(k)
		}
		if m, e := d.numberAt(k); e > k && m.milli >= n.milli {
			second, last = m, e
		}
	}
	try := func(end int) (string, int) {
		j := d.spaces(end, 1)
		if !moneyAfter[byte(d.lowAt(j))] {
			return "", end
		}
		for _, c := range currencyAfter {
			if d.has(j, c.word) {
				e := j + runeLen(c.word)
				if isAlpha(d.at(e-1)) && isAlnum(d.at(e)) || (d.at(j) == '$' || d.at(j) == '€' || d.at(j) == '£') && isDigit(d.at(e)) {
					continue
				}
				switch {
				case c.word == "元" && d.any(e, "素", "件", "旦", "宝", "宵", "月", "年", "气", "器") > 0, c.word == "元" && n.spoken && n.milli < 10*milli && (d.at(start-1) == '大' || d.any(e, "桥", "里", "梅", "酒", "牛", "奶", "区", "县", "坊") > 0),
					c.word == "块" && d.any(e, "屏", "电池", "板", "硬盘", "布", "玻璃", "儿", "砖", "表", "手表", "芯片", "主板", "肉", "地") > 0,
					(c.word == "毛" || c.word == "刀" || c.word == "圆") && d.at(e) != 0 && isHan(d.at(e)):
					continue
				}
				return c.code, e
			}
		}
		return "", end
	}
	after, stop := "", end
	if last > 0 {
		if after, stop = try(last); after == "" && code != "" {
			stop = last
		} else if after == "" {
			last, second = 0, num{}
		}
	}
	if last == 0 {
		after, stop = try(end)
	}
	if n.spoken && code == "" && after == "CNY" && n.milli < milli && d.at(i) != '半' {
		return start // 零元 is said, but nothing smaller
	}
	unit := int64(1)
	switch after {
	case "CNY/10":
		after, unit = "CNY", 10
	case "CNY/100":
		after, unit = "CNY", 100
	case "USD/100":
		after, unit = "USD", 100
	case "GBP/100":
		after, unit = "GBP", 100
	}
	weight, why, confidence := weightStrong, "currency", 0.97
	switch {
	case code == "" && after == "":
		return d.bareAmount(start, end, n)
	case code == "":
		code = after
	case after == "" && last == 0:
		stop = end
	case after != "" && code == "CNY" && after == "JPY", code == "USD" && after != "USD" && after != "":
		code = after // ¥500日元
	}
	milliValue := n.milli / unit
	if after == "CNY" && last == 0 && unit == 1 {
		milliValue, stop = d.jiao(stop, n.milli)
	}
	if n.milli > 1e15 {
		return start
	}
	parts := map[string]string{"amount": decimal(milliValue, 3, 2), "currency": code}
	value := parts["amount"] + " " + code
	if last > 0 {
		parts["min"], parts["max"] = parts["amount"], decimal(second.milli/unit, 3, 2)
		delete(parts, "amount")
		value = parts["min"] + "-" + parts["max"] + " " + code
	} else if k := d.any(stop, "以上", "以下", "以内", "起"); k == 2 {
		if d.has(stop, "以上") {
			parts["min"] = parts["amount"]
		} else {
			parts["max"] = parts["amount"]
		}
		stop += k
	}
	d.add(Amount, start, stop, weight, confidence, value, why, parts)
	return stop
}

// moneySignEnds says that letters before i are a currency: RMB100.
func (d *doc) moneySignEnds(i int) bool {
	return i >= 3 && d.any(i-3, "rmb", "cny", "usd", "eur", "gbp", "hkd") > 0
}

func (d *doc) currencySign(i int) int {
	return d.any(i, "$", "¥", "€", "£")
}

// rangeMark skips -, ~, 到, 至 or "to" between two numbers.
func (d *doc) rangeMark(i int) int {
	j := d.spaces(i, 1)
	n := d.any(j, "-", "~", "到", "至", "to ", "—", "--")
	if n == 0 || n == 3 && j == i {
		return i
	}
	return d.spaces(j+n, 1)
}

// jiao reads what follows 元: 三块五, 12元5角, 八块八毛.
func (d *doc) jiao(stop int, v int64) (int64, int) {
	r := d.at(stop)
	n := int64(zhDigit(r))
	if isDigit(r) && !isAlnum(d.at(stop+1)) {
		n = int64(r - '0')
	}
	if n < 0 || r == 0 || v%milli != 0 || isDigit(r) && d.at(stop-1) == '元' && d.any(stop+1, "角", "毛") == 0 {
		return v, stop
	}
	if k := d.any(stop+1, "毛", "角", "毛钱"); k > 0 {
		return v + n*100, stop + 1 + k
	}
	// 三块五: the next may not go on as a number or a measure.
	if d.at(stop-1) == '块' && zhDigit(d.at(stop+1)) < 0 && zhUnit(d.at(stop+1)) == 0 && d.any(stop+1, "个", "台", "件", "天", "次", "年", "块", "点", "样", "下", "起", "直", "般", "张", "份") == 0 {
		return v + n*100, stop + 1
	}
	return v, stop
}

// bareAmount takes a number without currency right after a word for money.
func (d *doc) bareAmount(start, end int, n num) int {
	if n.spoken && n.milli < 10*milli || n.dec > 2 || n.milli == 0 {
		return start
	}
	c, ok := d.cueBefore(start, cueMoney, 4)
	if !ok || isAlnum(d.at(end)) || isAlnum(d.at(start-1)) || d.at(start-1) == '-' || d.at(start-1) == '#' {
		return start
	}
	for j := c.end; j < start; {
		k := d.any(j, "是", "为", "了", ":", " ", "共", "我", "of", "就", "只", "要", "约", "才", "每", "大概", "差不多", "卖", "变成", "写的是", "说是", "都", "才要")
		if k == 0 {
			return start
		}
		j += k
	}
	switch next := d.at(d.spaces(end, 1)); {
	case next == '-', next == ':', next == '%', next == '/', next == '#', isAlpha(next):
		return start
	case d.at(end) == ' ' && isHan(next) && !zhMeasure(next) && d.any(d.spaces(end, 1), "积分", "号", "组", "级", "米", "斤", "公斤") == 0:
	case isHan(next) && d.any(end, "左右", "多", "吗", "吧", "呢", "啊", "的", "了", "太", "是", "就") == 0:
		return start
	}
	if d.any(start-1, "第") > 0 || end-start >= 8 && !n.marked {
		return start
	}
	v := decimal(n.milli, 3, 2)
	parts := map[string]string{"amount": v}
	if isHan(d.at(c.start)) && d.country == "CN" { // whoever writes Chinese in China means yuan
		parts["currency"] = "CNY"
		d.add(Amount, start, end, weightGuess, 0.6, v+" CNY", "cue: "+d.lstr(c.start, c.end), parts)
		return end
	}
	d.add(Amount, start, end, weightGuess, 0.6, v, "cue: "+d.lstr(c.start, c.end), parts)
	return end
}

// units of quantities; the value names the first of a line.
var unitWords = [][]string{
	{"台"}, {"件"}, {"个"}, {"只"}, {"箱"}, {"套"}, {"部"}, {"瓶"}, {"盒"}, {"包"}, {"袋"}, {"条"}, {"张"}, {"辆"}, {"双"}, {"把"}, {"根"}, {"片"}, {"支"}, {"盏"}, {"罐"}, {"桶"}, {"本"}, {"份"}, {"块"}, {"间"}, {"户"}, {"人"}, {"次"}, {"遍"}, {"颗"}, {"枚"}, {"批"}, {"组"}, {"副"}, {"帧"}, {"棵"}, {"顶"}, {"扇"}, {"串"}, {"桌"}, {"头"}, {"卷"}, {"筐"}, {"打"}, {"听"}, {"管"}, {"吨", "t"}, {"匹"},
	{"kg", "公斤", "千克", "kgs", "kilos", "kilograms", "kilogram"}, {"g", "克", "grams"}, {"斤"}, {"mg", "毫克"}, {"lb", "lbs", "磅"}, {"oz"},
	{"km", "公里", "千米"}, {"m", "米", "meters", "metres"}, {"cm", "厘米", "公分"}, {"mm", "毫米"}, {"inch", "英寸", "寸", "inches"}, {"ft", "feet"},
	{"L", "l", "升", "liters", "litres"}, {"ml", "毫升"}, {"㎡", "平米", "平方米", "平方", "m²", "m2", "sqm"}, {"m³", "立方米", "立方"},
	{"℃", "°c", "摄氏度", "度", "degrees", "celsius"}, {"℉", "°f"}, {"%", "percent"},
	{"V", "v", "伏", "volts"}, {"A", "a", "安"}, {"W", "w", "瓦", "watts"}, {"kW", "kw", "千瓦"}, {"kWh", "kwh", "度电"}, {"Hz", "hz", "赫兹"}, {"dB", "db", "分贝"}, {"mAh", "mah", "毫安"},
	{"GB", "gb", "g内存"}, {"MB", "mb"}, {"TB", "tb"}, {"Mbps", "mbps", "兆"}, {"bar", "公斤压力"}, {"Pa", "pa"}, {"MPa", "mpa"}, {"kPa", "kpa"}, {"rpm"}, {"ppm"},
	{"pcs", "pieces", "piece", "pc"}, {"units", "unit"}, {"boxes", "box"}, {"sets", "set"}, {"items", "item"}, {"bottles", "bottle"}, {"packs", "pack"}, {"pairs", "pair"}, {"times"},
	{"bags"}, {"cartons"}, {"pallets"}, {"crates"}, {"rolls"}, {"sheets"}, {"copies"}, {"cases"}, {"cups"}, {"cans"}, {"jars"}, {"tins"}, {"tubes"}, {"bundles"}, {"chairs"}, {"desks"}, {"tables"}, {"stools"}, {"sofas"}, {"beds"}, {"lamps"}, {"bulbs"}, {"servers"}, {"laptops"}, {"computers"}, {"monitors"}, {"screens"}, {"printers"}, {"routers"}, {"phones"}, {"tablets"}, {"cameras"}, {"sensors"}, {"devices"}, {"machines"}, {"licences"}, {"licenses"}, {"seats"}, {"tickets"}, {"lessons"}, {"vouchers"}, {"doses"}, {"capsules"}, {"pills"}, {"books"}, {"shirts"}, {"shoes"}, {"plates"}, {"glasses"}, {"pens"}, {"keys"}, {"parcels"}, {"packages"}, {"tonnes", "tons"}, {"fps"},
}

var unitIndex = func() map[rune][]unitEntry {
	index := map[rune][]unitEntry{}
	for _, line := range unitWords {
		for _, w := range line {
			r := []rune(w)
			index[r[0]] = append(index[r[0]], unitEntry{r, line[0]})
		}
	}
	return index
}()

type unitEntry struct {
	word []rune
	unit string
}

// quantities finds numbers with a unit: 3台, 20 kg, 38℃, -18°C, 三箱.
func (d *doc) quantities() {
	for i := 0; i < len(d.r); i++ {
		r := d.r[i]
		if !isDigit(r) && zhDigit(r) < 0 && zhUnit(r) == 0 && r != '半' && !(isLower(d.low[i]) && !isLetter(d.at(i-1))) {
			continue
		}
		if d.insideCode(i) || isAlnum(d.at(i-1)) || zhDigit(d.at(i-1)) >= 0 || d.at(i-1) == '第' || d.at(i-1) == '.' && isDigit(d.at(i-2)) {
			continue
		}
		n, end := d.numberAt(i)
		if end == i {
			if isDigit(r) {
				i = d.digits(i) - 1
			}
			continue
		}
		d.quantity(i, end, n)
		i = end - 1
	}
}

// insideCode says that the number at i goes on a code with letters, as 16T does
// JSQ30-16T; in 3-5kg it does not.
func (d *doc) insideCode(i int) bool {
	if c := d.at(i - 1); c != '-' && c != '_' && c != '/' {
		return false
	}
	for j := i - 2; j >= 0 && j > i-20 && (isAlnum(d.r[j]) || d.r[j] == '-'); j-- {
		if isAlpha(d.r[j]) {
			return true
		}
	}
	return false
}

func (d *doc) quantity(i, end int, n num) {
	j := end
	if !n.spoken || isLower(d.low[i]) {
		j = d.spaces(end, 1)
	}
	if d.lowAt(end-1) == 'w' || d.lowAt(end-1) == 'k' { // 60w is 60 watts
		m, e := d.arabic(i)
		if e == end && isDigit(d.at(end-2)) && d.lowAt(end-1) == 'w' {
			n, j = m, end-1
			n.milli /= 10000
		}
	}
	unit, stop := "", j
	for _, e := range unitIndex[d.lowAt(j)] {
		if d.hasRunes(j, e.word) && j+len(e.word) > stop && !(isAlpha(e.word[len(e.word)-1]) && isAlnum(d.at(j+len(e.word)))) {
			unit, stop = e.unit, j+len(e.word)
		}
	}
	if unit == "" {
		return
	}
	// 一个, 一次, 一下 are articles more than quantities; 3个月, 2次元 are not units.
	if n.spoken && n.milli == milli && isHan(d.at(i)) && (isHan(d.at(j)) && stop-j == 1) {
		return
	}
	switch unit {
	case "个":
		if d.any(stop, "月", "小时", "钟头", "星期", "礼拜", "工作日", "周", "人", "世纪", "半小时", "半月", "百分点") > 0 {
			return
		}
	case "人":
		if d.any(stop, "民", "次", "均") > 0 {
			return
		}
	case "℃":
		if d.has(j, "度") && (d.any(stop, "电", "数", "假", "过") > 0 || n.milli > 400*milli) {
			return
		}
	case "次":
		if d.any(stop, "日", "元", "要", "数", "品") > 0 {
			return
		}
	case "份", "部", "片", "包", "把", "张", "本", "条", "支", "根", "组":
		if d.any(stop, "分", "门", "区", "括", "来", "握", "件", "子", "装", "贴") > 0 {
			return
		}
	case "g":
		if d.at(j) == 'G' && stop == j+1 { // 4G, 5G and 2.4G are networks
			return
		}
	case "%":
		if stop == j+1 && (d.has(stop, "lel") || d.has(stop, "rh") || d.has(stop, "vol")) {
			stop = d.word(stop)
			unit = d.str(j, stop)
		}
	case "m":
		if d.has(j, "米") && d.any(stop, "饭", "粉", "线", "其林") > 0 {
			return
		}
	}
	start, sign := i, ""
	if !n.spoken && (d.at(i-1) == '-' && !isAlnum(d.at(i-2)) && !isHan(d.at(i-2)) || d.any(i-1, "零") > 0 && unit == "℃") {
		start, sign = i-1, "-"
	}
	if d.has(i-2, "零下") && unit == "℃" {
		start, sign = i-2, "-"
	}
	value := sign + n.String()
	weight := weightForm
	if isHan(d.at(j)) && n.spoken {
		weight = weightGuess
	}
	d.add(Quantity, start, stop, weight, 0.85, value+" "+unit, "number and unit", map[string]string{"number": value, "unit": unit})
}
