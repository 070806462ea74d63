package entity

import "time"

// lengths are the units of time; months and years keep their own kind.
type length struct {
	months, days, minutes, seconds int
	iso                            string
}

var lengthWords = []struct {
	word string
	l    length
}{
	{"个小时", length{minutes: 60, iso: "H"}}, {"小时", length{minutes: 60, iso: "H"}}, {"个钟头", length{minutes: 60, iso: "H"}}, {"钟头", length{minutes: 60, iso: "H"}}, {"个钟", length{minutes: 60, iso: "H"}},
	{"分钟", length{minutes: 1, iso: "M"}}, {"秒钟", length{seconds: 1, iso: "S"}}, {"秒", length{seconds: 1, iso: "S"}},
	{"个工作日", length{days: 1, iso: "D"}}, {"工作日", length{days: 1, iso: "D"}}, {"天", length{days: 1, iso: "D"}}, {"日", length{days: 1, iso: "D"}},
	{"个星期", length{days: 7, iso: "W"}}, {"星期", length{days: 7, iso: "W"}}, {"个礼拜", length{days: 7, iso: "W"}}, {"周", length{days: 7, iso: "W"}},
	{"个月", length{months: 1, iso: "M"}}, {"个季度", length{months: 3, iso: "M"}}, {"年", length{months: 12, iso: "Y"}},
	{"hours", length{minutes: 60, iso: "H"}}, {"hour", length{minutes: 60, iso: "H"}}, {"hrs", length{minutes: 60, iso: "H"}}, {"hr", length{minutes: 60, iso: "H"}}, {"h", length{minutes: 60, iso: "H"}},
	{"minutes", length{minutes: 1, iso: "M"}}, {"minute", length{minutes: 1, iso: "M"}}, {"mins", length{minutes: 1, iso: "M"}}, {"min", length{minutes: 1, iso: "M"}},
	{"seconds", length{seconds: 1, iso: "S"}}, {"second", length{seconds: 1, iso: "S"}}, {"secs", length{seconds: 1, iso: "S"}},
	{"business days", length{days: 1, iso: "D"}}, {"working days", length{days: 1, iso: "D"}}, {"days", length{days: 1, iso: "D"}}, {"day", length{days: 1, iso: "D"}},
	{"weeks", length{days: 7, iso: "W"}}, {"week", length{days: 7, iso: "W"}}, {"months", length{months: 1, iso: "M"}}, {"month", length{months: 1, iso: "M"}},
	{"quarters", length{months: 3, iso: "M"}}, {"years", length{months: 12, iso: "Y"}}, {"year", length{months: 12, iso: "Y"}},
}

// lengthFirst filters by the first rune's low byte.
var lengthFirst = func() (t [256]bool) {
	for _, u := range lengthWords {
		t[byte([]rune(u.word)[0])] = true
	}
	return t
}()

// lengthAt reads a number and a unit of time: 3天, 半小时, two weeks, 1个半月.
func (d *doc) lengthAt(i int) (num, length, int) {
	n, e := d.numberAt(i)
	if e == i {
		if d.has(i, "a couple of ") {
			n, e = num{milli: 2 * milli}, i+11
		} else if d.has(i, "half an ") {
			n, e = num{milli: milli / 2}, i+7
		} else if k := d.any(i, "a ", "an ", "one "); k > 0 {
			n, e = num{milli: milli}, i+k-1
		} else {
			return num{}, length{}, i
		}
	}
	if n.milli > 100000*milli {
		return num{}, length{}, i
	}
	half := int64(0)
	if d.has(e, "个半") {
		half = milli / 2
		e += 2
	}
	j := d.spaces(e, 1)
	if !lengthFirst[byte(d.lowAt(j))] && half == 0 {
		return num{}, length{}, i
	}
	best := 0
	var l length
	for _, u := range lengthWords {
		if k := len(u.word); (u.word[0] >= 0x80 || !isLetter(d.at(j+k))) && k > best && d.has(j, u.word) {
			best, l = k, u.l
			if half > 0 && u.word[0] < 0x80 {
				best = 0
			}
		} else if half > 0 && d.has(e-1, "半"+trimGe(u.word)) && k > best {
			best, l = k, u.l
			best = len(trimGe(u.word))
		}
	}
	if best == 0 {
		return num{}, length{}, i
	}
	n.milli += half
	end := j
	for b := 0; b < best; end++ {
		b += len(string(d.low[end]))
	}
	if l.iso == "H" && d.has(end, "半") {
		n.milli += milli / 2
		end++
	}
	return n, l, end
}

func trimGe(s string) string {
	if len(s) > 3 && s[:3] == "个" {
		return s[3:]
	}
	return s
}

// shift moves the present by n units.
func (d *doc) shift(n num, l length, sign int) when {
	grain := "day"
	switch {
	case l.minutes > 0 || l.seconds > 0:
		grain = "minute"
	case l.iso == "Y":
		grain = "year"
	case l.iso == "M":
		grain = "month"
	}
	if d.now.IsZero() {
		return when{grain: grain, open: true}
	}
	count := int(n.milli/milli) * sign
	switch {
	case l.minutes > 0 || l.seconds > 0:
		per := time.Duration(l.minutes)*time.Minute + time.Duration(l.seconds)*time.Second
		at := d.now.Add(time.Duration(sign) * per * time.Duration(n.milli) / milli).Truncate(time.Minute)
		return when{from: at, to: at.Add(time.Minute), grain: "minute"}
	case l.months > 0:
		t := d.today()
		m := t.AddDate(0, count*l.months, 0)
		if n.milli%milli == milli/2 {
			m = m.AddDate(0, 0, 15*sign*l.months)
		}
		return when{from: m, to: m.AddDate(0, 0, 1), grain: "day"}
	}
	return d.days(count*l.days, 1)
}

// window is the stretch of n units before (sign -1) or after the present.
func (d *doc) window(n num, l length, sign int) when {
	w := d.shift(n, l, sign)
	if w.open {
		return w
	}
	if w.grain == "minute" {
		now := d.now.Truncate(time.Minute)
		if sign < 0 {
			return when{from: w.from, to: now, grain: "minute"}
		}
		return when{from: now, to: w.from, grain: "minute"}
	}
	t := d.today()
	if sign < 0 {
		return when{from: w.from, to: t.AddDate(0, 0, 1), grain: "day"}
	}
	return when{from: t, to: w.to, grain: "day"}
}

// durationAt reads a length of time that counts from nothing: 3天, 2小时 -
// 4小时, for two weeks.
func (d *doc) durationAt(i int) int {
	n, l, e := d.lengthAt(i)
	if e == i || l.iso == "D" && d.has(e-1, "日") || l.iso == "Y" && d.any(e, "级", "代", "轻") > 0 && n.spoken || n.milli == 0 && n.spoken {
		return i
	}
	if l.iso == "W" && d.has(e-1, "周") && d.any(e, "年", "边", "围", "到", "岁") > 0 || l.iso == "D" && d.any(e, "猫", "气", "津", "河", "花") > 0 || d.at(i-1) == '第' {
		return i
	}
	iso := isoDuration(n, l)
	parts := map[string]string{"number": n.String(), "unit": unitName(l)}
	if m := d.rangeMark(e); m > e {
		if n2, l2, e2 := d.lengthAt(m); e2 > m {
			parts["max"] = isoDuration(n2, l2)
			iso += "/" + parts["max"]
			e = e2
		}
	}
	d.add(Duration, i, e, weightForm+1, 0.9, iso, "number and unit of time", parts)
	return e
}

func isoDuration(n num, l length) string {
	if l.iso == "M" && l.months == 3 {
		n.milli *= 3
	}
	if l.minutes > 0 || l.seconds > 0 {
		return "PT" + n.String() + l.iso
	}
	return "P" + n.String() + l.iso
}

func unitName(l length) string {
	switch {
	case l.seconds > 0:
		return "second"
	case l.minutes == 60:
		return "hour"
	case l.minutes > 0:
		return "minute"
	case l.days == 7:
		return "week"
	case l.days > 0:
		return "day"
	case l.months == 12:
		return "year"
	case l.months == 3:
		return "quarter"
	}
	return "month"
}
