package entity

var enMonths = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}

var enWeekdays = map[string]int{
	"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
	"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5,
}

// token gives the lower-case word at i and its end; long words are no date's.
func (d *doc) token(i int) (string, int) {
	j := i
	for j < len(d.r) && j-i < 12 && isLower(d.low[j]) {
		j++
	}
	if j == i || isLetter(d.at(j)) {
		return "", i
	}
	return d.lstr(i, j), j
}

// enDate reads an English date at i.
func (d *doc) enDate(i int) (when, int) {
	if isDigit(d.at(i)) {
		if w, e := d.enNumeric(i); e > i {
			return w, e
		}
		if w, e := d.enDayMonth(i); e > i {
			return w, e
		}
		return d.enCounted(i)
	}
	w, e := d.token(i)
	if e == i {
		return when{}, i
	}
	next := d.spaces(e, 2)
	switch w {
	case "today", "tonight":
		if w == "tonight" {
			return d.days(0, 1), e
		}
		return d.days(0, 1), e
	case "tomorrow":
		return d.days(1, 1), e
	case "yesterday":
		return d.days(-1, 1), e
	case "the":
		return d.enThe(i, next)
	case "day":
		return d.dayBeyond(i)
	case "next", "last", "this", "coming", "past", "previous", "current":
		return d.enRelative(i, w, next)
	case "in", "within":
		if n, l, stop := d.lengthAt(next); stop > next && !d.has(stop, " ago") {
			if w == "in" {
				return d.shift(n, l, 1), stop
			}
			return d.window(n, l, 1), stop
		}
		return when{}, i
	case "christmas":
		if d.has(e, " eve") {
			x, _ := d.nearest(12, 24)
			return x, e + 4
		}
		x, _ := d.nearest(12, 25)
		if d.has(e, " day") {
			e += 4
		}
		return x, e
	case "new":
		if n := d.any(e, " year's day", " years day", " year's eve"); n > 0 {
			x, _ := d.nearest(1, 1)
			if d.has(e+n-3, "eve") {
				x, _ = d.nearest(12, 31)
			}
			return x, e + n
		}
	case "mid":
		return when{}, i
	}
	if m, ok := enMonths[w]; ok {
		return d.enMonthDay(i, m, w, e)
	}
	if day, ok := enWeekdays[w]; ok {
		if (w == "sat" || w == "sun" || w == "wed" || w == "mon") && !isUpper(d.r[i]) {
			return when{}, i
		}
		if d.at(e) == 's' {
			return when{}, i
		}
		stop := e
		if d.at(stop) == '.' && len(w) <= 4 {
			stop++
		}
		if d.at(stop) == ',' { // Tuesday, 3 May 2024
			if x, e2 := d.enDate(d.spaces(stop+1, 1)); e2 > stop+1 && x.grain == "day" && !x.weak && isDigit(d.at(d.spaces(stop+1, 1))) || e2 > stop+1 && enMonths[d.firstWord(d.spaces(stop+1, 1))] > 0 {
				return x, e2
			}
		}
		for _, s := range []struct {
			word string
			week int
		}{{" next week", 1}, {" last week", -1}, {" this week", 0}} {
			if d.has(e, s.word) {
				return d.weekday(s.week, day), e + len(s.word)
			}
		}
		if x, e2 := d.weekdayDate(e); e2 > e {
			return x, e2
		}
		if d.has(i-6, "since ") || d.has(i-9, "since on ") {
			return d.comingWeekday(day, -1), e
		}
		return d.comingWeekday(day, 1), e
	}
	return d.enCounted(i)
}

// weekdayDate reads on after a day of the week: Monday the 23rd, Tuesday 24
// November, Friday 4th.
func (d *doc) weekdayDate(e int) (when, int) {
	j := e
	if d.at(j) == ',' {
		j++
	}
	j = d.spaces(j, 1)
	if j == e {
		return when{}, e
	}
	k := j + d.any(j, "the ")
	day, stop, th := d.ordinal(k)
	if stop == k || day == 0 {
		return when{}, e
	}
	x, e2 := d.enDayMonth(k)
	if e2 > k && (th || e2 > stop) {
		return x, e2
	}
	return when{}, e
}

func (d *doc) firstWord(i int) string {
	w, _ := d.token(i)
	return w
}

// comingWeekday is the first such day after today (sign 1) or the last before.
func (d *doc) comingWeekday(day, sign int) when {
	if d.now.IsZero() {
		return when{grain: "day", open: true}
	}
	today := (int(d.now.Weekday()) + 6) % 7
	n := (day - today + 7) % 7
	if sign > 0 {
		if n == 0 {
			n = 7
		}
	} else if n -= 7; n == 0 {
		n = -7
	}
	return d.days(n, 1)
}

// enNumeric reads 5/3/2024, 05/03/24 and 5/3 by the country's order.
func (d *doc) enNumeric(i int) (when, int) {
	a := d.digits(i)
	sep := d.at(a)
	if a-i > 2 || sep != '/' && sep != '-' && sep != '.' {
		return when{}, i
	}
	b := d.digits(a + 1)
	if b-a < 2 || b-a > 3 || d.at(b) != sep {
		return when{}, i
	}
	c := d.digits(b + 1)
	if c-b != 5 && (c-b != 3 || sep != '/') || isAlnum(d.at(c)) || d.at(c) == sep {
		return when{}, i
	}
	x, y, year := d.number(i, a), d.number(a+1, b), d.number(b+1, c)
	if year < 100 {
		year += 2000
	}
	if year < 1900 || year > 2100 {
		return when{}, i
	}
	day, month := x, y
	if d.country == "US" && x <= 12 || y > 12 {
		day, month = y, x
	}
	if !validDay(year, month, day) {
		return when{}, i
	}
	return d.dayOf(year, month, day), c
}

// ordinal reads 3, 3rd, 21st.
func (d *doc) ordinal(i int) (int, int, bool) {
	j := d.digits(i)
	if j == i || j-i > 2 {
		return 0, i, false
	}
	n := d.number(i, j)
	if n < 1 || n > 31 {
		return 0, i, false
	}
	if k := d.any(j, "st", "nd", "rd", "th"); k > 0 && !isAlnum(d.at(j+k)) {
		return n, j + k, true
	}
	if isAlnum(d.at(j)) {
		return 0, i, false
	}
	return n, j, false
}

// enDayMonth reads 3 May 2024, 3rd of May, 22nd.
func (d *doc) enDayMonth(i int) (when, int) {
	day, e, th := d.ordinal(i)
	if e == i {
		return when{}, i
	}
	j := d.spaces(e, 1)
	if d.has(j, "of ") {
		j = d.spaces(j+3, 1)
	}
	if w, k := d.token(j); k > j && j > e {
		if m, ok := enMonths[w]; ok {
			return d.withYear(i, m, day, d.shortMonth(j, k))
		}
		if th && w == "of" {
			return when{}, i
		}
	}
	if !th {
		return when{}, i
	}
	if n := d.any(e, " of each month", " of every month", " of the month", " of this month"); n > 0 {
		e += n
	} else if n := d.any(e, " floor", " time", " street", " st", " ave", " century", " order", " day", " place", " attempt"); n > 0 {
		return when{}, i
	}
	if d.now.IsZero() {
		return when{grain: "day", open: true}, e
	}
	// A bare 3rd is the nearest to come or just gone.
	y, mo, _ := d.now.Date()
	for _, k := range []int{0, 1, -1} {
		m := int(mo) + k
		w := d.dayOf(y, m, day)
		if w.from.Day() == day {
			return w, e
		}
	}
	return when{}, i
}

// shortMonth goes over the full stop of a month's short form, where a number
// follows: elsewhere it ends the sentence.
func (d *doc) shortMonth(i, e int) int {
	if d.at(e) == '.' && e-i <= 4 && isDigit(d.at(d.spaces(e+1, 1))) {
		return e + 1
	}
	return e
}

func (d *doc) withYear(i, m, day, e int) (when, int) {
	j := e
	if d.at(j) == ',' {
		j++
	}
	j = d.spaces(j, 1)
	if k := d.digits(j); k-j == 4 && j > e && !isAlnum(d.at(k)) && d.at(k) != ':' {
		if y := d.number(j, k); y >= 1900 && y <= 2100 {
			if !validDay(y, m, day) {
				return when{}, i
			}
			return d.dayOf(y, m, day), k
		}
	}
	w, ok := d.nearest(m, day)
	if !ok {
		return when{}, i
	}
	return w, e
}

// enMonthDay reads May 3, May the 3rd, May 2024 and a bare October.
func (d *doc) enMonthDay(i, m int, w string, e int) (when, int) {
	e = d.shortMonth(i, e)
	j := d.spaces(e, 1)
	if d.has(j, "the ") {
		j = d.spaces(j+4, 1)
	}
	if j > e {
		if k := d.digits(j); k-j == 4 && !isAlnum(d.at(k)) && d.at(k) != '-' {
			if y := d.number(j, k); y >= 1900 && y <= 2100 {
				return d.monthOf(y, m), k
			}
		}
		if day, k, _ := d.ordinal(j); k > j && d.at(k) != ':' && d.at(k) != '.' || k > j && d.at(k) == '.' && !isDigit(d.at(k+1)) {
			return d.withYear(i, m, day, k)
		}
	}
	if (w == "may" || w == "march" || w == "mar" || w == "jan" || w == "dec" || w == "sep" || w == "oct") && !(isUpper(d.r[i]) && d.any(i-3, "in ", "of ") > 0) && !(w == "march" && isUpper(d.r[i])) && !(len(w) == 3 && w != "may" && w != "mar" && isUpper(d.r[i])) {
		return when{}, i
	}
	if x, ok := d.nearest(m, 0); ok {
		if n := d.any(e, " this year", " last year", " next year"); n > 0 && !x.open {
			x = d.monthOf(d.now.Year()+map[byte]int{'t': 0, 'l': -1, 'n': 1}[byte(d.low[e+1])], m)
			e += n
		}
		return x, e
	}
	return when{}, i
}

// enThe reads the day after tomorrow, the 3rd, the end of the month, the last
// two weeks.
func (d *doc) enThe(i, next int) (when, int) {
	if w, e := d.dayBeyond(next); e > next {
		return w, e
	}
	if isDigit(d.at(next)) {
		if w, e := d.enDayMonth(next); e > next {
			return w, e
		}
	}
	for _, p := range []struct{ word, part string }{{"end of ", "end"}, {"beginning of ", "beginning"}, {"start of ", "beginning"}, {"middle of ", "middle"}} {
		if d.has(next, p.word) {
			j := d.spaces(next+len(p.word), 1)
			if d.has(j, "the ") {
				j += 4
			}
			for _, u := range []struct {
				word string
				w    func(int) when
			}{{"month", d.month}, {"year", d.year}, {"week", d.week}} {
				if d.has(j, u.word) && !isLetter(d.at(j+len(u.word))) {
					return u.w(0).part(p.part), j + len(u.word)
				}
			}
			if w, e := d.enDate(j); e > j {
				return w.part(p.part), e
			}
		}
	}
	return when{}, i
}

func (d *doc) dayBeyond(i int) (when, int) {
	for _, p := range []struct {
		word string
		n    int
	}{{"day after tomorrow", 2}, {"day before yesterday", -2}} {
		if d.has(i, p.word) {
			return d.days(p.n, 1), i + len(p.word)
		}
	}
	return when{}, i
}

// enRelative reads next Tuesday, last month, this weekend, last 3 days.
func (d *doc) enRelative(i int, word string, next int) (when, int) {
	n := map[string]int{"next": 1, "coming": 1, "last": -1, "past": -1, "previous": -1}[word]
	if num, l, e := d.lengthAt(next); e > next && n != 0 && (isDigit(d.at(next)) || englishNumbers[d.firstWord(next)] > 0 || d.has(next, "couple")) {
		return d.window(num, l, n), e
	}
	w, e := d.token(next)
	if e == next {
		return when{}, i
	}
	if day, ok := enWeekdays[w]; ok {
		switch {
		case n > 0:
			return d.weekday(1, day), e
		case n < 0:
			return d.comingWeekday(day, -1), e
		}
		return d.weekday(0, day), e
	}
	switch w {
	case "week":
		if k := d.any(e, " monday", " tuesday", " wednesday", " thursday", " friday", " saturday", " sunday"); k > 0 {
			return d.weekday(n, enWeekdays[d.lstr(e+1, e+k)]), e + k
		}
		return d.week(n), e
	case "weekend":
		x := d.weekday(n, 5)
		if !x.open {
			x.to = x.from.AddDate(0, 0, 2)
		}
		x.grain = "weekend"
		return x, e
	case "month":
		return d.month(n), e
	case "quarter":
		return d.quarter(n), e
	case "year":
		return d.year(n), e
	case "night":
		if n < 0 {
			return d.days(-1, 1), next // its part of the day follows
		}
	case "morning", "afternoon", "evening":
		if n == 0 {
			return d.days(0, 1), next
		}
	}
	if m, ok := enMonths[w]; ok && !d.now.IsZero() {
		x := d.monthOf(d.now.Year(), m)
		if n < 0 && x.from.After(d.now) {
			x = d.monthOf(d.now.Year()-1, m)
		} else if n > 0 && !x.from.After(d.now) {
			x = d.monthOf(d.now.Year()+1, m)
		}
		return x, e
	}
	return when{}, i
}

// enCounted reads two days ago, 3 weeks from now, 2 hours later.
func (d *doc) enCounted(i int) (when, int) {
	n, l, e := d.lengthAt(i)
	if e == i {
		return when{}, i
	}
	j := d.spaces(e, 1)
	switch {
	case d.has(j, "ago") && !isLetter(d.at(j+3)):
		return d.shift(n, l, -1), j + 3
	case d.has(j, "from now"):
		return d.shift(n, l, 1), j + 8
	case d.has(j, "from today"):
		return d.shift(n, l, 1), j + 10
	case d.has(j, "later"):
		return d.shift(n, l, 1), j + 5
	}
	return when{}, i
}
