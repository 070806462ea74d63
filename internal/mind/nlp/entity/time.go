package entity

import (
	"time"

	"zhidan/internal/platform/clock"
)

// when is a date: whole days [from, to) in the text's zone.
type when struct {
	from, to time.Time
	grain    string // day, week, month, quarter, year, decade; minute and hour where a length of time was counted
	open     bool   // relative, and the present is not known
	weak     bool   // could be something else
}

// tod is a time of day in minutes; sec are seconds beyond.
type tod struct {
	from, to, sec int
	grain         string // second, minute, hour, daypart
	offset        *int   // minutes from UTC, where it was written
	weak          bool
}

func validDay(y, m, day int) bool {
	if m < 1 || m > 12 || day < 1 {
		return false
	}
	return day <= time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (d *doc) civil(y, m, day int) time.Time {
	return time.Date(y, time.Month(m), day, 0, 0, 0, 0, d.zone)
}

func (d *doc) today() time.Time { return d.civil(d.now.Year(), int(d.now.Month()), d.now.Day()) }

// days is [n, n+length) days from today.
func (d *doc) days(n, length int) when {
	if d.now.IsZero() {
		return when{grain: "day", open: true}
	}
	t := d.today()
	return when{from: t.AddDate(0, 0, n), to: t.AddDate(0, 0, n+length), grain: "day"}
}

// week is the n-th week from this one; weeks begin on Monday (ISO 8601).
func (d *doc) week(n int) when {
	if d.now.IsZero() {
		return when{grain: "week", open: true}
	}
	t := d.today()
	monday := t.AddDate(0, 0, -(int(t.Weekday())+6)%7+7*n)
	return when{from: monday, to: monday.AddDate(0, 0, 7), grain: "week"}
}

// weekday is a day (Monday 0) of the n-th week from this one.
func (d *doc) weekday(n, day int) when {
	w := d.week(n)
	if w.open {
		return when{grain: "day", open: true}
	}
	w.from = w.from.AddDate(0, 0, day)
	w.to, w.grain = w.from.AddDate(0, 0, 1), "day"
	return w
}

func (d *doc) month(n int) when {
	if d.now.IsZero() {
		return when{grain: "month", open: true}
	}
	return d.monthOf(d.now.Year(), int(d.now.Month())+n)
}

func (d *doc) monthOf(y, m int) when {
	return when{from: d.civil(y, m, 1), to: d.civil(y, m+1, 1), grain: "month"}
}

func (d *doc) quarter(n int) when {
	if d.now.IsZero() {
		return when{grain: "quarter", open: true}
	}
	m := (int(d.now.Month())-1)/3*3 + 1 + 3*n
	return when{from: d.civil(d.now.Year(), m, 1), to: d.civil(d.now.Year(), m+3, 1), grain: "quarter"}
}

func (d *doc) year(n int) when {
	if d.now.IsZero() {
		return when{grain: "year", open: true}
	}
	return d.yearOf(d.now.Year() + n)
}

func (d *doc) yearOf(y int) when {
	return when{from: d.civil(y, 1, 1), to: d.civil(y+1, 1, 1), grain: "year"}
}

func (d *doc) dayOf(y, m, day int) when {
	return when{from: d.civil(y, m, day), to: d.civil(y, m, day+1), grain: "day"}
}

// nearest gives a day or month without a year the year in which it lies
// nearest to the present.
func (d *doc) nearest(m, day int) (when, bool) {
	if day > 0 && !validDay(2024, m, day) || m < 1 || m > 12 {
		return when{}, false
	}
	if d.now.IsZero() {
		g := "day"
		if day == 0 {
			g = "month"
		}
		return when{grain: g, open: true}, true
	}
	var best when
	for y := d.now.Year() - 1; y <= d.now.Year()+1; y++ {
		w := d.monthOf(y, m)
		if day > 0 {
			if !validDay(y, m, day) {
				continue
			}
			w = d.dayOf(y, m, day)
		}
		if best.from.IsZero() || abs(w.from.Sub(d.now)) < abs(best.from.Sub(d.now)) {
			best = w
		}
	}
	return best, !best.from.IsZero()
}

func abs(x time.Duration) time.Duration {
	if x < 0 {
		return -x
	}
	return x
}

// part narrows a month, year or week to its beginning, middle or end.
func (w when) part(word string) when {
	if w.open {
		return w
	}
	span := int(w.to.Sub(w.from).Hours()/24 + 0.5)
	switch word {
	case "初", "上旬", "开头", "头", "beginning":
		w.to = w.from.AddDate(0, 0, max(1, span/3))
	case "中", "中旬", "middle":
		w.from, w.to = w.from.AddDate(0, 0, span/3), w.from.AddDate(0, 0, max(span/3+1, 2*span/3))
	case "底", "末", "下旬", "end":
		w.from = w.from.AddDate(0, 0, 2*span/3)
	default:
		return w
	}
	w.grain = "part"
	return w
}

// isoDate reads 2024-05-03, 2024/5/3, 2024.5.3 and 20240503.
func (d *doc) isoDate(i int) (when, int) {
	j := d.digits(i)
	if j-i == 8 {
		y, m, day := d.number(i, i+4), d.number(i+4, i+6), d.number(i+6, i+8)
		if y >= 1990 && y < 2100 && validDay(y, m, day) {
			w := d.dayOf(y, m, day)
			w.weak = true
			return w, j
		}
		return when{}, i
	}
	if j-i != 4 {
		return when{}, i
	}
	y := d.number(i, j)
	sep := d.at(j)
	if y < 1900 || y > 2100 || sep != '-' && sep != '/' && sep != '.' {
		return when{}, i
	}
	k := d.digits(j + 1)
	if k-j < 2 || k-j > 3 {
		return when{}, i
	}
	m := d.number(j+1, k)
	if d.at(k) == sep {
		if e := d.digits(k + 1); e-k >= 2 && e-k <= 3 && !isAlpha(d.at(e)) || e-k >= 2 && e-k <= 3 && d.lowAt(e) == 't' {
			if day := d.number(k+1, e); validDay(y, m, day) {
				return d.dayOf(y, m, day), e
			}
		}
		return when{}, i
	}
	if m >= 1 && m <= 12 && sep != '.' && !isAlnum(d.at(k)) {
		w := d.monthOf(y, m)
		w.weak = true
		return w, k
	}
	return when{}, i
}

// times finds dates, times and lengths of time in both languages.
func (d *doc) times() {
	for i := 0; i < len(d.r); i++ {
		r := d.low[i]
		switch {
		case isDigit(r):
			if isAlnum(d.at(i-1)) || d.at(i-1) == '.' && isDigit(d.at(i-2)) {
				continue
			}
		case isLower(r):
			if isLetter(d.at(i - 1)) {
				continue
			}
		case isHan(r):
			if !timeFirst[r] {
				continue
			}
		default:
			continue
		}
		if end := d.timeAt(i); end > i {
			i = end - 1
		} else if isLower(r) {
			i = d.word(i) - 1
		} else if isDigit(r) {
			i = d.digits(i) - 1
		}
	}
}

// timeFirst are the Han runes with which a time begins.
var timeFirst = func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range "今明后大昨前上下这本当次去近最过未周星礼月年季早中晚凌清傍夜半午国元春五劳端清除中双圣儿教妇七一二三四五六八九十两几零每数将同即" {
		m[r] = true
	}
	return m
}()

// dateAt reads a date in either language.
func (d *doc) dateAt(i int) (when, int) {
	if isDigit(d.at(i)) {
		if w, e := d.isoDate(i); e > i {
			return w, e
		}
	}
	if w, e := d.zhDate(i); e > i {
		return w, e
	}
	return d.enDate(i)
}

// clockAt reads a time of day in either language; bare says that a part of the
// day alone will do (下午, morning).
func (d *doc) clockAt(i int, bare bool) (tod, int) {
	if t, e := d.zhClock(i, bare); e > i {
		return t, e
	}
	return d.enClock(i, bare)
}

// joiner skips what stands between a date and its time.
func (d *doc) joiner(i int) int {
	j := d.spaces(i, 2)
	if d.at(j) == '(' { // 5月3日(周五)
		for k := j + 1; k < len(d.r) && k-j < 8; k++ {
			if d.r[k] == ')' {
				if _, e := d.zhDate(j + 1); e == k {
					j = d.spaces(k+1, 2)
				}
				break
			}
		}
	}
	if n := d.any(j, "的", ",", "at ", "around ", "about ", "t", "@ ", "大概", "大约", "in the ", ", at ", "by ", "from ", "before ", "after "); n > 0 {
		if d.has(j, "t") && !(isDigit(d.at(j+1)) && isDigit(d.at(i-1)) && j == i) && n == 1 {
			return j
		}
		j = d.spaces(j+n, 2)
	}
	return j
}

func (d *doc) timeAt(i int) int {
	w, e := d.dateAt(i)
	if e > i {
		if w.grain == "minute" || w.grain == "hour" { // 两小时后
			d.addTime(Time, i, e, w, w.grain)
			return e
		}
		return d.timed(i, w, e)
	}
	t, e := d.clockAt(i, false)
	if e == i {
		if t, e = d.clockAt(i, true); e > i && t.grain == "daypart" && isHan(d.at(i)) && d.any(i, "中午", "凌晨", "上午", "下午", "傍晚", "晚上", "早上", "半夜") == 2 {
			return d.clocked(i, t, e)
		}
		return d.durationAt(i)
	}
	return d.clocked(i, t, e)
}

// timed goes on after a date: its time, then a range.
func (d *doc) timed(i int, w when, e int) int {
	if !w.open && !w.weak && w.grain == "day" {
		d.day, d.dayEnd = w, e
	}
	j := d.joiner(e)
	t, k := d.clockAt(j, true)
	if k > j && !(t.weak && isDigit(d.at(j)) && j == e) && w.to.Sub(w.from) <= 25*time.Hour {
		from := d.combine(w, t)
		end := k
		if m := d.rangeMark(k); m > k {
			if t2, k2 := d.clockAt(m, false); k2 > m {
				to := d.combine(w, d.after(t, t2))
				from.to, end = to.from, k2
			} else if w2, k2 := d.dateAt(m); k2 > m {
				if t2, k3 := d.clockAt(d.joiner(k2), true); k3 > k2 {
					to := d.combine(w2, t2)
					from.to, end = to.from, k3
				}
			}
		}
		d.addTime(Time, i, end, from, t.grain)
		return end
	}
	end := e
	if m := d.rangeMark(e); m > e && w.grain == "day" {
		if w2, k2 := d.dateAt(m); k2 > m && !w2.weak {
			if !w.open && !w2.open && w2.to.After(w.from) {
				w.to = w2.to
			}
			w.open = w.open || w2.open
			end = k2
			// 周一至周日 10:00-21:00
			if t, k := d.clockAt(d.joiner(end), false); k > end {
				if m := d.rangeMark(k); m > k {
					if _, k2 := d.clockAt(m, false); k2 > m {
						k = k2
					}
				}
				d.addTime(Time, i, k, w, t.grain)
				return k
			}
		} else if k2 := d.dayNumber(m); k2 > m && !w.open { // 5月1日-3日, 5月1-3号
			if day := d.number(m, d.digits(m)); validDay(w.from.Year(), int(w.from.Month()), day) && day >= w.from.Day() {
				w.to, end = d.civil(w.from.Year(), int(w.from.Month()), day+1), k2
			}
		}
	}
	if w.weak && end == e && d.weakDate(i, e) {
		return i
	}
	d.addTime(Date, i, end, w, w.grain)
	return end
}

func (d *doc) dayNumber(i int) int {
	j := d.digits(i)
	if j-i < 1 || j-i > 2 {
		return i
	}
	if n := d.any(j, "日", "号"); n > 0 {
		return j + n
	}
	return i
}

// weakDate says that what looks like a date is more likely something else.
func (d *doc) weakDate(i, e int) bool {
	return isDigit(d.at(i)) && e-i == 8 && (isAlnum(d.at(e)) || d.at(e) == '-')
}

func (d *doc) clocked(i int, t tod, e int) int {
	w := d.days(0, 1)
	end := e
	j := e
	if d.at(e) != ',' {
		j = d.joiner(e)
	}
	if n := d.any(j, "on "); n > 0 {
		j = d.spaces(j+n, 1)
	}
	if j > e || isHan(d.at(j)) && !isHan(d.at(e-1)) {
		if w2, k := d.dateAt(j); k > j && !w2.weak && w2.grain == "day" && isAlpha(d.at(j)) {
			w, end = w2, k
			// 9:15 this morning, 8:30 last night
			if p, e := d.clockAt(d.spaces(k, 1), true); e > k && p.grain == "daypart" {
				end = e
				if p.from >= 720 && t.from < 720 && t.from >= 60 {
					t.from, t.to = t.from+720, t.to+720
				}
			}
		}
	}
	at := d.combine(w, t)
	if end == e {
		if m := d.rangeMark(e); m > e {
			if t2, k := d.clockAt(m, false); k > m {
				to := d.combine(w, d.after(t, t2))
				at.to, end = to.from, k
				j := d.joiner(k)
				if w2, k2 := d.dateAt(j); k2 > j && j > k && isAlpha(d.at(j)) && w2.grain == "day" && !w2.weak {
					at, end = d.combine(w2, t), k2
					to := d.combine(w2, d.after(t, t2))
					at.to = to.from
				}
			}
		}
	}
	if t.weak && end == e {
		return i
	}
	d.addTime(Time, i, end, at, t.grain)
	return end
}

// after puts the second time of a range behind the first: 下午2点到5点,
// 22:00-02:00.
func (d *doc) after(first, second tod) tod {
	if second.from <= first.from {
		if second.from+720 > first.from && second.from < 720 && first.from >= 720 && first.from < 1320 {
			second.from += 720
		} else {
			second.from += 1440
		}
	}
	return second
}

// combine puts a time of day on a date. Days with a change of the clock come
// out right, because the wall clock is set, not a length added.
func (d *doc) combine(w when, t tod) when {
	if w.open {
		return when{grain: t.grain, open: true}
	}
	y, m, day := w.from.Date()
	zone := d.zone
	if t.offset != nil {
		zone = time.FixedZone("", *t.offset*60)
	}
	at := func(minutes, sec int) time.Time {
		return time.Date(y, m, day, minutes/60, minutes%60, sec, 0, zone)
	}
	w = when{from: at(t.from, t.sec), to: at(t.to, 0), grain: t.grain}
	if t.grain == "second" {
		w.to = w.from.Add(time.Second)
	}
	return w
}

func (d *doc) addTime(t Type, start, end int, w when, grain string) {
	for end > start && d.r[end-1] == ' ' {
		end--
	}
	parts := map[string]string{"grain": grain}
	if w.open || w.from.IsZero() {
		d.add(t, start, end, weightForm, 0.85, d.lstr(start, end), "relative to an unknown present", parts)
		return
	}
	if !w.to.After(w.from) {
		w.to = w.from.Add(time.Minute)
	}
	value := d.isoTime(w.from, grain)
	if s := d.isoTime(w.to, grain); grain != "day" && grain != "minute" && grain != "second" && grain != "hour" || w.to.Sub(w.from) > 25*time.Hour && grain == "day" || grain != "day" && w.to.Sub(w.from) > time.Hour {
		value += "/" + s
	}
	weight, confidence := weightStrong, 0.93
	if w.weak {
		weight, confidence = weightGuess, 0.55
	}
	n := len(d.found)
	d.add(t, start, end, weight, confidence, value, "grain: "+grain, parts)
	if len(d.found) > n {
		d.found[n].From, d.found[n].To = clock.From(w.from), clock.From(w.to)
	}
}

func (d *doc) isoTime(t time.Time, grain string) string {
	switch grain {
	case "second":
		return t.Format("2006-01-02T15:04:05Z07:00")
	case "minute", "hour", "daypart":
		return t.Format("2006-01-02T15:04Z07:00")
	}
	return t.Format("2006-01-02")
}
