package entity

// Holidays by the solar calendar: first day and length of the days off by rule.
var zhHolidays = []struct {
	word       string
	month, day int
	length     int
}{
	{"国庆节", 10, 1, 7}, {"国庆", 10, 1, 7}, {"十一黄金周", 10, 1, 7}, {"十一假期", 10, 1, 7}, {"元旦", 1, 1, 1}, {"劳动节", 5, 1, 5}, {"五一", 5, 1, 5}, {"双十一", 11, 11, 1}, {"双11", 11, 11, 1},
	{"双十二", 12, 12, 1}, {"双12", 12, 12, 1}, {"圣诞节", 12, 25, 1}, {"圣诞", 12, 25, 1}, {"平安夜", 12, 24, 1}, {"儿童节", 6, 1, 1}, {"六一儿童节", 6, 1, 1}, {"教师节", 9, 10, 1}, {"妇女节", 3, 8, 1}, {"情人节", 2, 14, 1},
}

// lunar are the dates of the holidays by the lunar calendar, as month*100+day:
// Spring Festival, Dragon Boat, Mid-Autumn.
var lunar = map[int][3]int{
	2022: {201, 603, 910}, 2023: {122, 622, 929}, 2024: {210, 610, 917}, 2025: {129, 531, 1006}, 2026: {217, 619, 925}, 2027: {206, 609, 915},
	2028: {126, 528, 1003}, 2029: {213, 616, 922}, 2030: {203, 605, 912}, 2031: {123, 624, 1001}, 2032: {211, 612, 919},
}

func (d *doc) zhHoliday(i int) (when, int) {
	for _, h := range zhHolidays {
		if d.has(i, h.word) {
			end := i + runeLen(h.word)
			if h.word == "五一" && (zhDigit(d.at(end)) >= 0 || zhDigit(d.at(i-1)) >= 0 || d.any(end, "路", "街", "广", "大") > 0) || d.any(end, "路", "街") > 0 {
				return when{}, i
			}
			w, ok := d.nearest(h.month, h.day)
			if !ok {
				return when{}, i
			}
			if !w.open {
				w.to = w.from.AddDate(0, 0, h.length)
			}
			w.grain = "holiday"
			return w, d.holidayEnd(end)
		}
	}
	kind := -1
	n := 0
	for k, words := range [][]string{{"春节", "大年初一", "过年"}, {"端午节", "端午"}, {"中秋节", "中秋"}, {"除夕", "年三十"}, {"清明节", "清明"}} {
		if m := d.any(i, words...); m > 0 {
			kind, n = k, m
		}
	}
	if kind < 0 || d.any(i+n, "路", "街", "上河图") > 0 {
		return when{}, i
	}
	end := d.holidayEnd(i + n)
	best := when{grain: "holiday", open: true}
	if d.now.IsZero() {
		return best, end
	}
	for y := d.now.Year() - 1; y <= d.now.Year()+1; y++ {
		var w when
		if kind == 4 { // solar term Qingming of this century
			w = d.dayOf(y, 4, int(float64(y%100)*0.2422+4.81)-y%100/4)
		} else {
			dates, ok := lunar[y]
			if !ok {
				continue
			}
			v := dates[kind%3]
			w = d.dayOf(y, v/100, v%100)
			if kind == 3 {
				w = d.dayOf(y, v/100, v%100-1)
			} else if kind == 0 && d.has(i, "春节") {
				w.to = w.from.AddDate(0, 0, 7)
			}
		}
		if best.open || abs(w.from.Sub(d.now)) < abs(best.from.Sub(d.now)) {
			best = w
			best.grain = "holiday"
		}
	}
	return best, end
}

func (d *doc) holidayEnd(i int) int {
	return i + d.any(i, "假期", "期间", "长假", "当天", "那天")
}
