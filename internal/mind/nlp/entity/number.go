package entity

import "strings"

// zhDigit gives the value of a Chinese digit, also of the financial forms.
func zhDigit(r rune) int {
	switch r {
	case '零', '〇', '○':
		return 0
	case '一', '壹', '幺':
		return 1
	case '二', '贰', '两', '俩':
		return 2
	case '三', '叁', '仨':
		return 3
	case '四', '肆':
		return 4
	case '五', '伍':
		return 5
	case '六', '陆':
		return 6
	case '七', '柒':
		return 7
	case '八', '捌':
		return 8
	case '九', '玖':
		return 9
	}
	return -1
}

func zhUnit(r rune) int64 {
	switch r {
	case '十', '拾':
		return 10
	case '百', '佰':
		return 100
	case '千', '仟':
		return 1000
	case '万', '萬':
		return 1e4
	case '亿':
		return 1e8
	}
	return 0
}

// num is a number read from a text, in thousandths so that money is exact.
type num struct {
	milli  int64
	dec    int // digits after the point
	spoken bool
	marked bool // with thousands separators or a point
}

const milli = 1000

// numberAt reads a number at i: 1,299.00 / 5万 / 1.5k / 三千五百 / 两百五 / two
// hundred. The end is i where there is none.
func (d *doc) numberAt(i int) (num, int) {
	switch r := d.at(i); {
	case isDigit(r):
		return d.arabic(i)
	case r == '半', zhDigit(r) >= 0, zhUnit(r) > 0 && zhUnit(r) < 1e4:
		return d.chinese(i)
	case isAlpha(r) && !isLetter(d.at(i-1)):
		return d.english(i)
	}
	return num{}, i
}

func (d *doc) arabic(i int) (num, int) {
	start := i
	var n num
	var whole int64
	for i < len(d.r) && i-start < 20 {
		r := d.r[i]
		if isDigit(r) {
			if whole = whole*10 + int64(r-'0'); whole > 1e13 {
				return num{}, start
			}
			i++
			continue
		}
		if r == ',' && d.group(i, start) {
			n.marked = true
			i++
			continue
		}
		break
	}
	n.milli = whole * milli
	if d.at(i) == '.' && isDigit(d.at(i+1)) {
		j, unit := i+1, int64(milli/10)
		for j < len(d.r) && isDigit(d.r[j]) {
			n.milli += int64(d.r[j]-'0') * unit
			unit /= 10
			n.dec++
			if n.dec > 9 {
				return num{}, start
			}
			j++
		}
		i = j
		n.marked = true
	}
	// 5万, 3.5千, 2亿, 10k; 1.5 万
	j := i
	if d.at(i) == ' ' && zhUnit(d.at(i+1)) >= 1e4 {
		j = i + 1
	}
	i = j
	for range 2 {
		if u := zhUnit(d.at(j)); u >= 100 && n.milli < 1e15/u {
			n.milli *= u
			j++
		}
	}
	if j == i && (d.lowAt(i) == 'k' || d.lowAt(i) == 'w') && !isAlnum(d.at(i+1)) && n.milli < 1e11 {
		if d.lowAt(i) == 'k' {
			n.milli *= 1000
		} else {
			n.milli *= 10000
		}
		j++
	}
	return n, j
}

// group says that the comma at i separates thousands.
func (d *doc) group(i, start int) bool {
	if !isDigit(d.at(i+1)) || !isDigit(d.at(i+2)) || !isDigit(d.at(i+3)) || isDigit(d.at(i+4)) {
		return false
	}
	n := 0
	for j := i - 1; j >= start && isDigit(d.r[j]); j-- {
		n++
	}
	return n >= 1 && n <= 3
}

// chinese reads 三千五百, 两万零三十, 一百二 (120), 五点五, 二零二四.
func (d *doc) chinese(i int) (num, int) {
	start := i
	if d.at(i) == '半' {
		return num{milli: milli / 2, spoken: true}, i + 1
	}
	var total, section, digit int64
	var last int64 // the unit just read
	plain := true
	count := 0
	digit = -1
	for i < len(d.r) && i-start < 24 {
		r := d.r[i]
		if v := zhDigit(r); v >= 0 {
			if digit >= 0 && plain { // digit by digit: 二零二四
				if digit = digit*10 + int64(v); digit > 1e12 {
					return num{}, start
				}
			} else if digit > 0 {
				break
			} else {
				digit = int64(v)
				if v == 0 {
					last = 0
				}
			}
			count++
			i++
			continue
		}
		u := zhUnit(r)
		if u == 0 {
			break
		}
		plain = false
		if digit < 0 {
			digit = 1
			if u >= 1e4 {
				digit = 0
			}
		}
		if u >= 1e4 {
			section += digit
			if section == 0 && total == 0 {
				break
			}
			if section > 1e9 || total > 1e12 {
				return num{}, start
			}
			total = (total + section) * u
			section = 0
		} else {
			section += digit * u
		}
		last, digit = u, -1
		count++
		i++
	}
	if count == 0 {
		return num{}, start
	}
	if digit >= 0 {
		if !plain && last >= 100 && digit < 10 && zhDigit(d.at(i-2)) < 0 { // 一百二, 三万五
			digit *= last / 10
		}
		section += digit
	}
	if total > 1e12 {
		return num{}, start
	}
	n := num{milli: (total + section) * milli, spoken: true}
	if d.at(i) == '点' && zhDigit(d.at(i+1)) >= 0 && plain {
		unit := int64(milli / 10)
		for i++; i < len(d.r) && zhDigit(d.r[i]) >= 0 && n.dec < 6; i++ {
			n.milli += int64(zhDigit(d.r[i])) * unit
			unit /= 10
			n.dec++
		}
	}
	return n, i
}

var englishNumbers = map[string]int64{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
	"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
	"hundred": 100, "thousand": 1000, "million": 1000000, "a": 1, "an": 1, "half": -2, "dozen": 12, "couple": -3,
}

// english reads two hundred, twenty-five, a hundred and five, one thousand.
func (d *doc) english(i int) (num, int) {
	var total, section int64
	end, words := i, 0
	for at := i; words < 10; {
		stop := d.word(at)
		if stop-at > 9 || stop == at {
			break
		}
		w := d.lstr(at, stop)
		v, ok := englishNumbers[w]
		if !ok || v < 0 {
			if w != "and" || words == 0 {
				break
			}
			at = d.spaces(stop, 2)
			if v, ok := englishNumbers[d.lstr(at, min(d.word(at), at+9))]; !ok || v < 1 || v > 99 || section < 100 && total == 0 {
				break
			}
			continue
		}
		switch {
		case w == "a" || w == "an":
			next := d.spaces(stop, 2)
			if u := englishNumbers[d.lstr(next, min(d.word(next), next+9))]; words > 0 || u != 100 && u != 1000 && u != 1000000 {
				if words > 0 {
					goto done
				}
				return num{}, i
			}
			section = 1
		case v == 100:
			section = max(section, 1) * 100
		case v >= 1000:
			if section > 999999 {
				return num{}, i
			}
			total += max(section, 1) * v
			section = 0
		case section%100 >= 20 && section%10 == 0 && v < 10 || section%100 == 0:
			section += v
		default:
			goto done
		}
		words++
		end = stop
		at = d.spaces(stop, 2)
		if d.at(stop) == '-' {
			at = stop + 1
		}
		if at == stop {
			break
		}
	}
done:
	if words == 0 || end == i || total > 1e12 {
		return num{}, i
	}
	return num{milli: (total + section) * milli, spoken: true}, end
}

// String writes the number with what it has after the point.
func (n num) String() string { return decimal(n.milli, 3, 0) }

// decimal writes milli with at most and at least so many digits after the point.
func decimal(v int64, most, least int) string {
	whole, rest := v/milli, v%milli
	frac := []byte{byte('0' + rest/100), byte('0' + rest/10%10), byte('0' + rest%10)}[:most]
	for len(frac) > least && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	s := itoa(whole)
	if len(frac) > 0 {
		s += "." + string(frac)
	}
	return s
}

func itoa(v int64) string {
	if v == 0 {
		return "0"
	}
	var b strings.Builder
	if v < 0 {
		b.WriteByte('-')
		v = -v
	}
	var buf [20]byte
	i := len(buf)
	for ; v > 0; v /= 10 {
		i--
		buf[i] = byte('0' + v%10)
	}
	b.Write(buf[i:])
	return b.String()
}
