package entity

var enParts = map[string][2]int{
	"morning": {360, 720}, "afternoon": {720, 1080}, "evening": {1080, 1320}, "night": {1200, 1440}, "noon": {720, 721}, "midday": {720, 721}, "midnight": {0, 1}, "lunchtime": {690, 810},
}

// ampm reads am, p.m., in the afternoon after a time.
func (d *doc) ampm(t tod, e int) (tod, int) {
	j := d.spaces(e, 1)
	half := ""
	for _, p := range []struct{ word, half string }{{"a.m.", "am"}, {"p.m.", "pm"}, {"am", "am"}, {"pm", "pm"}, {"a.m", "am"}, {"p.m", "pm"}, {"in the morning", "am"}, {"in the afternoon", "pm"}, {"in the evening", "pm"}, {"at night", "pm"}, {"morning", "am"}, {"afternoon", "pm"}, {"evening", "pm"}, {"night", "pm"}} {
		if d.has(j, p.word) && !isLetter(d.at(j+len(p.word))) {
			half, e = p.half, j+len(p.word)
			break
		}
	}
	switch {
	case half == "pm" && t.from < 720:
		t.from += 720
		t.to += 720
	case half == "am" && t.from >= 720 && t.from < 780:
		t.from -= 720
		t.to -= 720
	}
	if half != "" {
		t.weak = false
	}
	return t, e
}

// zoneOffset reads Z, +08:00 and UTC right after a time.
func (d *doc) zoneOffset(t tod, e int) (tod, int) {
	zero := 0
	switch {
	case d.at(e) == 'Z' && !isAlnum(d.at(e+1)):
		t.offset = &zero
		return t, e + 1
	case d.any(e, " utc", " gmt") > 0 && !isAlnum(d.at(e+4)):
		t.offset = &zero
		return t, e + 4
	case d.at(e) == '+' || d.at(e) == '-':
		k := e + 3
		if isDigit(d.at(e+1)) && isDigit(d.at(e+2)) {
			if d.at(k) == ':' {
				k++
			}
			if isDigit(d.at(k)) && isDigit(d.at(k+1)) && !isAlnum(d.at(k+2)) && d.at(k+2) != ':' && (k == e+4 || t.grain == "second") {
				h, m := d.number(e+1, e+3), d.number(k, k+2)
				if h <= 14 && m < 60 {
					o := h*60 + m
					if d.at(e) == '-' {
						o = -o
					}
					t.offset = &o
					return t, k + 2
				}
			}
		}
	}
	return t, e
}

// enClock reads 3pm, 3:30 pm, half past 5, quarter to 6, 20 past 15, noon.
func (d *doc) enClock(i int, bare bool) (tod, int) {
	if isDigit(d.at(i)) {
		j := d.digits(i)
		h := d.number(i, j)
		if j-i > 2 {
			return tod{}, i
		}
		if k := d.any(j, " past ", " to ", " minutes past ", " minutes to "); k > 0 && h < 60 {
			if t, e := d.pastTo(i, h, j); e > i {
				return t, e
			}
		}
		if h > 24 {
			return tod{}, i
		}
		t := tod{from: h * 60, to: h*60 + 60, grain: "hour", weak: true}
		e := j
		if d.has(j, "ish") {
			e += 3
		}
		if k := d.any(e, " o'clock", " oclock", "o'clock"); k > 0 {
			t.weak = false
			e += k
		}
		if (d.at(j) == '.' || d.at(j) == ' ') && isDigit(d.at(j+1)) && isDigit(d.at(j+2)) && !isDigit(d.at(j+3)) && d.number(j+1, j+3) < 60 { // 9 05 p.m.
			x := tod{from: h*60 + d.number(j+1, j+3), grain: "minute", weak: true}
			if x, k := d.ampm(x, j+3); k > j+3 {
				x.to = x.from + 1
				return x, k
			}
		}
		t, k := d.ampm(t, e)
		if t.weak {
			return tod{}, i
		}
		return t, k
	}
	w, e := d.token(i)
	switch w {
	case "half", "quarter":
		m := 30
		if w == "quarter" {
			m = 15
		}
		if d.has(i-2, "a ") && w == "half" {
			return tod{}, i
		}
		return d.pastTo(i, m, e)
	case "at":
		return tod{}, i
	case "":
		return tod{}, i
	}
	if p, ok := enParts[w]; ok && (bare || w == "noon" || w == "midnight" || w == "midday") {
		if !bare && (d.any(i-5, "good ") > 0 || isLetter(d.at(i-1))) {
			return tod{}, i
		}
		g := "daypart"
		if p[1]-p[0] == 1 {
			g = "minute"
		}
		return tod{from: p[0], to: p[1], grain: g}, e
	}
	return tod{}, i
}

// pastTo reads on after a count of minutes.
func (d *doc) pastTo(i, minutes, e int) (tod, int) {
	sign := 0
	k := 0
	if k = d.any(e, " past ", " minutes past "); k > 0 {
		sign = 1
	} else if k = d.any(e, " to ", " minutes to "); k > 0 {
		sign = -1
	}
	if sign == 0 {
		return tod{}, i
	}
	j := d.spaces(e+k, 1)
	stop := d.digits(j)
	h := d.number(j, stop)
	if stop == j || stop-j > 2 || h > 24 || isAlnum(d.at(stop)) || d.at(stop) == ':' || d.at(stop) == '.' && isDigit(d.at(stop+1)) || d.at(stop) == '/' {
		return tod{}, i
	}
	t := tod{from: h*60 + sign*minutes, grain: "minute"}
	if sign < 0 && isDigit(d.at(i)) && minutes%5 != 0 {
		t.weak = true
	}
	out := stop
	t, out = d.ampm(t, out)
	if sign < 0 && out == stop && isDigit(d.at(i)) && minutes <= 24 { // 5 to 8 can be hours
		t.weak = true
	}
	if t.from < 0 {
		t.from += 1440
	}
	t.to = t.from + 1
	return t, out
}
