package entity

import "strings"

// englishStreets end the name of a street.
var englishStreets = setOf("street st avenue ave road rd boulevard blvd lane ln drive dr way court ct place pl square sq highway hwy parkway pkwy terrace close crescent quay row walk gardens garden grove hill park mews circle cir trail loop alley plaza wharf rise view green broadway pike esplanade embankment parade path crossing gate yard")

// commonStreets are those of them that are often something else: 3 Big Park.
// They need a town or a postcode after them.
var commonStreets = setOf("way court place square close row walk gardens garden grove hill park circle trail loop plaza rise view green pike parade path crossing gate yard drive terrace")

// englishUnits stand before the number of a flat or a floor.
var englishUnits = setOf("apt apartment suite ste unit flat floor room building bldg block level")

var usStates = setOf("al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc nsw vic qld on bc ab qc")

func setOf(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// englishAddress reads 221B Baker Street, Apt 4, London NW1 6XE; with the flat
// before it too: Flat 3, 12 Mill Gardens. The house's number is at i.
func (d *doc) englishAddress(i int) int {
	j := d.digits(i)
	if j-i > 6 {
		return i
	}
	if isAlpha(d.at(j)) && !isAlnum(d.at(j+1)) {
		j++
	}
	if d.at(j) == '-' && isDigit(d.at(j+1)) { // 12-14 High Street
		if k := d.digits(j + 1); k-j <= 5 {
			j = k
		}
	}
	number := d.str(i, j)
	at, words, street := j, 0, 0
	common := false
	for words < 6 {
		k := d.spaces(at, 1)
		if k == at {
			return i
		}
		stop := d.word(k)
		if d.at(stop) == '\'' && d.has(stop, "'s") {
			stop += 2
		}
		if stop == k {
			stop = d.digits(k)
			if n := d.any(stop, "st", "nd", "rd", "th"); n > 0 && stop > k {
				stop += n
			}
		}
		if stop == k || !isUpper(d.r[k]) && !isDigit(d.r[k]) {
			return i
		}
		words++
		at = stop
		if w := d.lstr(k, min(stop, k+12)); words > 1 && englishStreets[w] {
			street = stop
			common = commonStreets[w]
			// St. before the next part is short for Street, at the end it ends
			// the sentence.
			if d.at(street) == '.' && len(w) <= 4 && (d.at(street+1) == ',' || d.at(street+1) == ' ' && (d.at(street+2) == '#' || d.unitWord(street+2))) {
				street++
			}
			// 12 Park Avenue Place, 10 Hill Road: the last of them counts.
			if n := d.word(d.spaces(stop, 1)); !englishStreets[d.lstr(d.spaces(stop, 1), n)] {
				break
			}
		}
	}
	if street == 0 {
		return i
	}
	if n := d.any(street, " NW", " nw", " ne", " sw", " se", " n", " s", " e", " w"); n > 0 && !isAlnum(d.at(street+n)) && isUpper(d.at(street+1)) {
		street += n
	}
	end, placed := d.addressTail(street)
	if common && !placed {
		if c, ok := d.cueBefore(i, cueAddress, 8); !ok || !d.joined(c.end, i) {
			return i
		}
	}
	start := d.flatBefore(i)
	parts := map[string]string{"street": number + d.str(j, street)}
	if detail := strings.Trim(strings.TrimSpace(d.str(start, i))+" "+d.str(street, end), " ,.\n"); detail != "" {
		parts["detail"] = detail
	}
	d.add(Address, start, end, weightStrong, 0.9, d.str(start, end), "street", parts)
	return end
}

func (d *doc) unitWord(i int) bool {
	stop := d.word(i)
	return stop-i <= 9 && englishUnits[d.lstr(i, stop)]
}

// flatBefore goes back over "Flat 3, " before a house's number.
func (d *doc) flatBefore(i int) int {
	j := i
	for j > 0 && (d.r[j-1] == ' ' || d.r[j-1] == ',') && i-j < 3 {
		j--
	}
	if j == i || j == i-1 && d.at(j) == ' ' {
		return i
	}
	k := j
	for k > 0 && isAlnum(d.r[k-1]) && j-k < 5 {
		k--
	}
	if k == j || d.at(k-1) != ' ' && d.at(k-1) != '#' {
		return i
	}
	w := k - 1
	for w > 0 && isAlpha(d.r[w-1]) && k-w < 12 {
		w--
	}
	if englishUnits[d.lstr(w, k-1)] {
		return w
	}
	return i
}

// addressTail reads what follows a street: the flat, the town, the state, the
// postcode and the country. placed says that a town or a postcode was there.
func (d *doc) addressTail(i int) (end int, placed bool) {
	end = i
	for range 6 {
		k, comma := end, false
		if d.at(k) == ',' {
			k, comma = k+1, true
		}
		k = d.spaces(k, 2)
		if d.at(k) == '\n' && k-end <= 2 { // the next line of a letter
			k, comma = d.spaces(k+1, 2), true
			if d.postcode(k) == k && !d.townLine(k) {
				return end, placed
			}
		}
		if k == end {
			return end, placed
		}
		if d.at(k) == '#' && isAlnum(d.at(k+1)) {
			end = k + 1
			for isAlnum(d.at(end)) {
				end++
			}
			continue
		}
		if d.unitWord(k) {
			j := d.word(k)
			if d.at(j) == '.' {
				j++
			}
			j = d.spaces(j, 1)
			e := j
			for e < len(d.r) && e-j < 6 && (isAlnum(d.r[e]) || d.r[e] == '-' && isAlnum(d.at(e+1))) {
				e++
			}
			if e > j && (isDigit(d.at(j)) || e-j == 1) {
				end = e
				continue
			}
		}
		if e := d.postcode(k); e > k {
			end, placed = e, true
			continue
		}
		if w := d.word(k); w-k == 2 && usStates[d.lstr(k, w)] && isUpper(d.r[k]) && isUpper(d.r[k+1]) || w-k == 3 && isUpper(d.r[k+2]) && (usStates[d.lstr(k, w)] || d.has(k, "usa")) {
			end, placed = w, true
			continue
		}
		if !comma {
			return end, placed
		}
		e := d.town(k)
		if e == k {
			return end, placed
		}
		end, placed = e, true
	}
	return end, placed
}

// town reads up to three capitalised words that are the name of a town, not
// the beginning of a sentence.
func (d *doc) town(i int) int {
	end := i
	for n := 0; n < 3; n++ {
		k := end
		if n > 0 {
			if k = d.spaces(end, 1); k == end {
				break
			}
		}
		e := d.word(k)
		for (d.at(e) == '-' || d.at(e) == '\'') && isLetter(d.at(e+1)) {
			e = d.word(e + 1)
		}
		w := d.lstr(k, min(e, k+10))
		if n > 0 && (w == "upon" || w == "on" || w == "of" || w == "de") && isUpper(d.at(d.spaces(e, 1))) {
			end = e
			continue
		}
		if e-k < 3 || e-k > 20 || !isUpper(d.r[k]) || notTown[w] || n > 0 && d.postcode(k) > k {
			break
		}
		end = e
	}
	return end
}

// notTown are capitalised words that follow an address and name no town.
var notTown = setOf("please thanks thank the this that and my our your it its they there when where why what how can could will would but i'm i've we've also name phone tel mobile email call contact regards attn order since because if is not no yes mr mrs ms dr monday tuesday wednesday thursday friday saturday sunday")

// townLine says that a line holds a town and then a postcode or nothing.
func (d *doc) townLine(i int) bool {
	e := d.town(i)
	if e == i {
		return false
	}
	k := e
	if d.at(k) == ',' {
		k++
	}
	k = d.spaces(k, 1)
	if w := d.word(k); w-k == 2 && usStates[d.lstr(k, w)] {
		k = d.spaces(w, 1)
	}
	return d.postcode(k) > k
}

// postcode reads 62704, 62704-1234, NW1 6XE, K1A 0B1 and 2000 after a state.
func (d *doc) postcode(i int) int {
	if j := d.digits(i); j > i {
		switch {
		case j-i == 5 && d.at(j) == '-' && d.digits(j+1)-j == 5:
			j += 5
		case j-i == 5, j-i == 6 && d.country == "SG", j-i == 4 && d.at(i-1) == ' ' && isUpper(d.at(i-2)):
		default:
			return i
		}
		if isAlnum(d.at(j)) || d.at(j) == ':' || d.any(j, " km", " usd", "%") > 0 {
			return i
		}
		return j
	}
	if !isUpper(d.at(i)) {
		return i
	}
	j := i // NW1, SW1A, K1A
	for j < len(d.r) && j-i < 4 && (isUpper(d.r[j]) || isDigit(d.r[j])) {
		j++
	}
	if j-i < 2 || !strings.ContainsAny(d.str(i, j), "0123456789") || d.at(j) != ' ' {
		return i
	}
	k := j + 1
	if isDigit(d.at(k)) && isUpper(d.at(k+1)) && (isUpper(d.at(k+2)) || isDigit(d.at(k+2))) && !isAlnum(d.at(k+3)) {
		return k + 3
	}
	return i
}
