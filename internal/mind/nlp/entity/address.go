package entity

import (
	"strings"
	"sync"
)

// place is one division: its names and what it lies in.
type place struct {
	name, city, province string
	level                int // 1 province, 2 city, 3 district
}

const maxPlaceName = 15

type placeIndex struct {
	byName map[string][]place
	first  map[rune]uint16 // lengths that names with this first rune have, as bits
}

// places are the divisions by full and by short name (北京市, 北京; 朝阳区;
// 内蒙古), made once from the table.
var places = sync.OnceValue(func() *placeIndex {
	x := &placeIndex{byName: map[string][]place{}, first: map[rune]uint16{}}
	add := func(name string, p place) {
		r := []rune(name)
		if len(r) < 2 || len(r) > maxPlaceName {
			return
		}
		x.byName[name] = append(x.byName[name], p)
		x.first[r[0]] |= 1 << len(r)
	}
	province := ""
	for line := range strings.Lines(divisions) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "#"); ok {
			province = name
			p := place{name: name, province: name, level: 1}
			add(name, p)
			if s := shortPlace(name); s != name {
				add(s, p)
			}
			continue
		}
		names := strings.Fields(line)
		city := ""
		for i, name := range names {
			switch {
			case i > 0:
				add(name, place{name, city, province, 3})
			case name != "-":
				city = name
				p := place{name, "", province, 2}
				add(name, p)
				if s := shortPlace(name); s != name && len([]rune(s)) >= 2 {
					add(s, p)
				}
			}
		}
	}
	return x
})

// shortPlace is the name as people say it.
func shortPlace(s string) string {
	for _, suffix := range []string{"特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市", "地区", "盟"} {
		if short, ok := strings.CutSuffix(s, suffix); ok {
			return short
		}
	}
	return s
}

// division gives the length of the longest division's name at i.
func (d *doc) division(i int) int {
	x := places()
	bits := x.first[d.at(i)]
	if bits == 0 {
		return 0
	}
	for n := min(maxPlaceName, len(d.r)-i); n >= 2; n-- {
		if bits>>n&1 != 0 && x.byName[string(d.r[i:i+n])] != nil {
			return n
		}
	}
	return 0
}

// Suffixes of the names in an address. The strong ones make an address with a
// number after them or a division before.
var roadSuffix = wordList("大街", "大道", "胡同", "路", "街", "巷", "弄", "道", "里", "环", "线", "公路", "国道", "省道", "桥", "横街", "条", "坊", "径", "东里", "西里")
var areaSuffix = wordList("街道", "镇", "乡", "村", "庄", "屯", "寨", "苏木", "社区", "小区", "花园", "家园", "公寓", "新村", "苑", "园", "城", "府", "湾", "山庄", "别墅", "大厦", "大楼", "广场", "中心", "商场", "酒店", "宾馆", "饭店", "医院", "学校", "大学", "中学", "小学", "学院", "幼儿园", "工业园", "产业园", "科技园", "开发区", "高新区", "园区", "机场", "车站", "地铁站", "站", "公园", "市场", "景区", "门", "馆", "寺", "店", "宿舍", "里弄", "购物中心", "商城", "百货", "写字楼", "厂", "基地", "仓库", "工业区", "新区", "度假村", "水库", "超市", "银行", "创意园", "底商", "组")
var unitSuffix = wordList("号楼", "号院", "号", "幢", "栋", "座", "单元", "室", "楼", "层", "区", "门", "弄", "户", "房", "组", "铺", "排", "期", "舱", "院", "米", "公里", "里")

// stops says that the character at i ends a name; 首都, 和平 and the like do not.
func (d *doc) stops(i int) bool {
	if !strings.ContainsRune(stopInAddress, d.r[i]) {
		return false
	}
	switch d.r[i] {
	case '都':
		return d.any(i-1, "首", "成", "水", "国", "京", "花") == 0
	case '和':
		return d.any(i-1, "雍", "颐", "太", "永", "义", "祥", "泰", "共", "中") == 0 && d.any(i, "和平", "和谐", "和义", "和顺", "和兴", "和县") == 0
	case '会':
		return d.any(i, "会展", "会馆", "会议", "会所") == 0
	case '发':
		return d.any(i, "发展") == 0 && d.any(i-1, "开", "金", "永", "广") == 0
	case '来':
		return d.any(i, "来福", "来广") == 0 && d.any(i-1, "蓬", "东", "悦", "喜") == 0
	case '为':
		return d.any(i-1, "华") == 0
	}
	return true
}

// tailWords say where something lies beside what was named before.
var tailWords = wordList("交叉口", "交汇处", "十字路口", "路口", "对面", "旁边", "附近", "楼下", "楼上", "门口", "北侧", "南侧", "东侧", "西侧", "路南", "路北", "路东", "路西", "东南角", "西南角", "东北角", "西北角", "往东", "往西", "往南", "往北", "东门", "西门", "南门", "北门", "内", "旁", "侧", "口", "地下", "负一", "底商", "东", "西", "南", "北", "与", "交界")

// stopInAddress are characters that end the name of a place in running text.
const stopInAddress = "的了是在有我你他她它们这那就都也还不没很要会能说给和请问吗呢吧啊哦把被让到从去来离等您叫送寄发收为"

// addresses finds postal addresses of China and those in the English form.
func (d *doc) addresses() {
	for i := 0; i < len(d.r); i++ {
		r := d.r[i]
		switch {
		case isHan(r):
			if n := d.division(i); n > 0 {
				if end := d.address(i, true); end > i {
					i = end - 1
				} else {
					i += n - 1
				}
				continue
			}
			if c, ok := d.cueBefore(i, cueAddress, 5); ok && d.joined(c.end, i) && !strings.ContainsRune(stopInAddress, r) && d.any(i, "是", "号", "为", "在") == 0 {
				if end := d.address(i, true); end > i {
					i = end - 1
				}
				continue
			}
			if d.one(i, roadSuffix) > 0 {
				if end := d.roadFirst(i); end > i {
					i = end - 1
					continue
				}
			}
			if d.one(i, houseSuffix) > 0 {
				if end := d.houseFirst(i); end > i {
					i = end - 1
				}
			}
		case isDigit(r) && !isAlnum(d.at(i-1)):
			if end := d.englishAddress(i); end > i {
				i = end - 1
			} else {
				i = d.digits(i) - 1
			}
		}
	}
}

// roadFirst reads an address that begins with a road's name: the suffix is at
// i, a number follows it.
func (d *doc) roadFirst(i int) int {
	j := d.spaces(i+d.one(i, roadSuffix), 1)
	if !isDigit(d.at(j)) && zhDigit(d.at(j)) < 0 && d.any(j, "甲", "乙") == 0 {
		return i
	}
	k := j
	for k < len(d.r) && k-j < 8 && (isAlnum(d.r[k]) || d.r[k] == '-' || zhDigit(d.r[k]) >= 0 || zhUnit(d.r[k]) > 0 || d.any(k, "甲", "乙") > 0) {
		k++
	}
	if d.at(k) == ' ' && isDigit(d.r[k-1]) {
		k++
	}
	if d.any(k, "号", "弄", "栋", "幢") == 0 || d.any(k, "号线") > 0 {
		return i
	}
	return d.address(d.placeStart(i), true)
}

// houseSuffix ends the names of places where people live and work; a house's
// number after it makes an address.
var houseSuffix = wordList("小区", "花园", "家园", "公寓", "新村", "苑", "园", "府", "湾", "城", "山庄", "别墅", "社区", "宿舍", "大厦", "广场", "中心", "工业园", "产业园", "科技园", "园区", "邨", "庭", "居", "里", "郡", "都汇", "名邸", "村")

// houseFirst reads 听涛苑 5 栋 2 单元 301: the suffix of a community is at i,
// the number of a house follows it.
func (d *doc) houseFirst(i int) int {
	j := d.spaces(i+d.one(i, houseSuffix), 1)
	k := j
	for k < len(d.r) && k-j < 4 && (isAlnum(d.r[k]) || zhDigit(d.r[k]) >= 0 || zhUnit(d.r[k]) > 0 && zhUnit(d.r[k]) < 100) {
		k++
	}
	if k == j {
		return i
	}
	if d.at(k) == ' ' && isAlnum(d.r[k-1]) {
		k++
	}
	if d.any(k, "号楼", "栋", "幢", "座", "单元", "期") == 0 && !(d.at(i) == '村' && d.any(k, "组", "号") > 0) {
		return i
	}
	start := d.placeStart(i)
	if i-start < 2 {
		return i
	}
	return d.address(start, true)
}

// placeStart goes back to where the name of a place begins, at most ten runes.
func (d *doc) placeStart(i int) int {
	start := i
	for start > 0 && i-start < 10 && isHan(d.r[start-1]) && !d.stops(start-1) && d.any(start-1, "址", "于", "往", "住", "家", "点", "市民", "搬", "装") == 0 {
		start--
	}
	return start
}

// address reads divisions, then named places, numbers and remarks, and adds
// the finding where enough was read.
func (d *doc) address(i int, add bool) int {
	parts := map[string]string{}
	start, end := i, i
	level, divisionsSeen := 0, 0
	full := false
	var known place
	for divisionsSeen < 4 {
		i = d.spaces(i, 1)
		n := d.division(i)
		if n == 0 {
			break
		}
		p := pick(places().byName[d.str(i, i+n)], known, level)
		if p.level <= level {
			break
		}
		parts[[]string{"", "province", "city", "district"}[p.level]] = p.name
		level, known = p.level, p
		divisionsSeen++
		full = full || d.str(i, i+n) == p.name
		i += n
		end = i
		if d.has(i, "市") && d.str(i-n, i) != p.name {
			i++
			end = i
			full = true
		}
	}
	if known.province != "" {
		parts["province"] = known.province
		if known.city != "" {
			parts["city"] = known.city
		}
	}
	streetStart, detailStart := -1, -1
	roads, numbers, areas := 0, 0, 0
	house := false
	for end-start < 80 {
		i = end
		if d.at(i) == ' ' && i > start {
			i++
		}
		if e, kind := d.element(i, end > start); e > i {
			switch kind {
			case elementRoad:
				roads++
				if streetStart < 0 {
					streetStart = i
				}
			case elementArea:
				areas++
				if streetStart < 0 && numbers == 0 {
					streetStart = i
				} else if detailStart < 0 {
					detailStart = i
				}
			case elementNumber:
				if d.at(e-1) == '米' && numbers+roads+areas == 0 {
					e = i
				}
				numbers++
				house = house || strings.ContainsRune("楼栋幢座元", d.at(e-1))
				if detailStart < 0 {
					detailStart = i
				}
			case elementTail:
				if roads+areas+numbers == 0 {
					e = i
				}
			}
			if e == i {
				break
			}
			end = e
			continue
		}
		break
	}
	c, cued := d.cueBefore(start, cueAddress, 6)
	if cued && d.joined(c.end, start) && roads+areas+divisionsSeen > 0 {
		if e := d.clauseEnd(end); e > end {
			if detailStart < 0 {
				detailStart = end
			}
			end = e
		}
	}
	if numbers > 0 && end == i { // 2 楼仓库: a room by its use
		if n := d.any(end, "仓库", "厨房", "前台", "门卫", "传达室", "收发室", "办公室", "会议室", "机房", "车库", "商铺", "门面", "食堂", "大厅", "门店", "车间", "值班室", "驿站", "丰巢", "快递柜"); n > 0 && roads+divisionsSeen > 0 {
			end += n
		} else if k := d.spaces(end, 1); k > end && d.any(k, "厨房", "仓库", "前台", "门卫", "机房", "车库", "商铺", "食堂", "大厅", "值班室") > 0 && roads+divisionsSeen > 0 {
			end = k + 2
		}
	}
	places := roads + areas
	good := divisionsSeen >= 2 && full ||
		divisionsSeen >= 1 && places >= 1 && (full || divisionsSeen >= 2 || roads >= 1 && numbers >= 1) ||
		places >= 1 && numbers >= 1 && roads >= 1 ||
		cued && places >= 1 || areas >= 1 && (numbers >= 2 || house)
	if !good || end-start < 4 {
		return start
	}
	if streetStart >= 0 {
		stop := end
		if detailStart > streetStart {
			stop = detailStart
		}
		parts["street"] = strings.Trim(d.str(streetStart, stop), " ,")
	}
	if detailStart >= 0 {
		parts["detail"] = strings.Trim(d.str(detailStart, end), " ,")
	}
	confidence, weight, why := 0.6, weightForm, "places"
	if cued {
		confidence, weight, why = 0.9, weightCue, "cue and places"
	} else if divisionsSeen >= 1 && roads >= 1 && numbers >= 1 || divisionsSeen >= 2 && places >= 1 {
		confidence, weight = 0.93, weightStrong
		why = "division and street"
	} else if roads >= 1 && numbers >= 1 || numbers >= 2 {
		confidence, weight = 0.8, weightStrong
	} else if divisionsSeen == 1 && roads == 0 && numbers == 0 {
		if areas <= 1 && !full {
			return start
		}
		confidence = 0.5
	}
	value := strings.TrimSpace(d.str(start, end))
	if add {
		d.add(Address, start, end, weight, confidence, value, why, parts)
	}
	return end
}

// clauseEnd gives the end of the clause after an address that a cue announced,
// if what is left can belong to the address; else i.
func (d *doc) clauseEnd(i int) int {
	for j := i; j < len(d.r) && j-i < 24; j++ {
		r := d.r[j]
		if !isHan(r) && !isAlnum(r) && r != '(' && r != ')' && r != '-' && r != '#' {
			return j
		}
		if d.stops(j) || d.any(j, "电话", "手机", "联系", "周边", "附近", "评分", "价格", "订单", "姓名", "邮编", "谢", "麻烦", "尽快", "今天", "明天", "什么", "哪", "不", "需要", "然后", "找", "号码") > 0 {
			return i
		}
		if j+1 == len(d.r) {
			return j + 1
		}
	}
	return i
}

// pick chooses, of divisions with one name, the one inside what is known.
func pick(list []place, known place, level int) place {
	best := place{}
	for _, p := range list {
		switch {
		case known.level == 2 && p.level == 3 && p.city == known.name && p.province == known.province:
			return p
		case known.level >= 1 && p.province == known.province && p.level > level:
			if best.level == 0 || p.level < best.level {
				best = p
			}
		case known.level == 0 && (best.level == 0 || p.level < best.level):
			best = p
		}
	}
	if known.level == 0 && best.level == 3 && len(list) > 1 {
		best.city, best.province = "", "" // several of that name
	}
	return best
}

const (
	elementRoad = iota + 1
	elementArea
	elementNumber
	elementTail
)

const maxElement = 12

// element reads one piece: a named place, a number with its unit, a remark in
// brackets or a word of position.
func (d *doc) element(i int, begun bool) (int, int) {
	e, kind := d.piece(i, begun)
	if kind != elementRoad && kind != elementArea {
		return e, kind
	}
	for e-i < 2*maxElement { // 体育馆路, 天安门广场, 机场南路: one name goes on
		j := e
		if d.any(j, "东", "西", "南", "北", "中", "前", "后", "内", "外", "一", "二", "三") > 0 && d.any(j+1, "路", "街", "大街", "里", "巷", "胡同", "村") > 0 {
			j++
		}
		if n := d.one(j, roadSuffix); n > 0 && d.any(j, "路口", "路南", "路北", "路东", "路西", "街口", "里面") == 0 {
			e, kind = j+n, elementRoad
		} else if n := d.one(j, areaSuffix); n > 0 && j == e && d.any(j, "门口", "店里", "馆里", "城市") == 0 {
			e = j + n
		} else {
			break
		}
	}
	return e, kind
}

func (d *doc) piece(i int, begun bool) (int, int) {
	r := d.at(i)
	if r == '(' && begun {
		for j := i + 1; j < len(d.r) && j-i < 32 && !isBreak(d.r[j]); j++ {
			if d.r[j] == ')' {
				return j + 1, elementTail
			}
		}
		return i, 0
	}
	if isAlnum(r) || zhDigit(r) >= 0 || zhUnit(r) > 0 || r == '甲' || r == '乙' || r == '地' || r == '负' || r == 'B' {
		if e := d.unitNumber(i, begun); e > i {
			return e, elementNumber
		}
	}
	if !isHan(r) && !isAlnum(r) {
		return i, 0
	}
	for j := i + 1; j < len(d.r) && j-i < maxElement; j++ {
		c := d.r[j]
		if n := d.one(j, roadSuffix); n > 0 && d.any(j, "街道", "道路", "路口", "路边", "里面", "街上", "路上", "路由", "街坊") == 0 && isHan(d.r[j-1]) || n > 0 && isDigit(d.r[j-1]) && d.any(j, "国道", "省道", "街", "路", "弄") > 0 {
			if m := d.one(j+n, roadSuffix); m > 0 && n == 1 && d.any(j+n, "里") == 0 { // 三里河路: go on
				continue
			}
			if m := d.one(j, areaSuffix); m <= n {
				return j + n, elementRoad
			}
		}
		if n := d.one(j, areaSuffix); n > 0 && d.any(j, "门口", "城市", "园林", "店家", "站点", "门市", "村民", "店员", "店里", "馆里") == 0 {
			return j + n, elementArea
		}
		if !isHan(c) && !isAlnum(c) || d.stops(j) {
			break
		}
	}
	if begun {
		if n := d.one(i, tailWords); n > 1 || n == 1 && !isHan(d.at(i+1)) {
			return i + n, elementTail
		}
	}
	return i, 0
}

// unitNumber reads 12号楼, 3单元, 502室, B座1203, 甲14号, F1-F3, and the same
// with blanks: 12 号楼.
func (d *doc) unitNumber(i int, begun bool) int {
	j := i + d.any(i, "甲", "乙", "地下", "负", "地上")
	k := j
	for k < len(d.r) && k-j < 8 && (isAlnum(d.r[k]) || d.r[k] == '-' && isAlnum(d.at(k+1)) || zhDigit(d.r[k]) >= 0 || zhUnit(d.r[k]) > 0 && zhUnit(d.r[k]) < 1000 || k == j+1 && (d.r[k] == '甲' || d.r[k] == '乙')) {
		k++
	}
	if k == j {
		return i
	}
	k0 := k
	if d.at(k) == ' ' && isAlnum(d.r[k-1]) {
		k++
	}
	if n := d.one(k, unitSuffix); n > 0 && d.any(k, "里面", "号线", "房间", "户外", "组织", "期间", "区别", "号码", "层次", "米饭", "门口", "层楼的") == 0 && !(begun && k > k0 && d.dayAt(i, k)) {
		return k + n
	}
	// A bare number ends an address: …大厦1203, 3-2-501, B 座 1503.
	if begun && k0-j >= 2 && k0-j <= 8 && isDigit(d.r[j]) && !isHan(d.at(k0)) && d.any(k0, "-", ":", ".", "元") == 0 && k0-j <= 5 {
		if next := d.at(k0 + 1); d.at(k0) == ' ' && (isHan(next) && (zhMeasure(next) || d.any(k0+1, "月", "日", "号", "小时", "平", "度", "米", "斤") > 0) || isDigit(next)) {
			return i
		}
		return k0
	}
	return i
}

// dayAt says that a number with 号 after a house's number is the day of a month.
func (d *doc) dayAt(i, k int) bool {
	if d.at(k) != '号' || d.any(k, "号楼", "号院", "号门", "号房") > 0 {
		return false
	}
	h := d.spaces(i, 0)
	for h > 0 && d.at(h-1) == ' ' {
		h--
	}
	return d.any(h-1, "号", "室", "楼", "栋", "幢", "层") > 0
}
