package entity

import "strings"

// cards finds Chinese identity cards and bank cards among runs of digits.
func (d *doc) cards() {
	for i := 0; i < len(d.r); i++ {
		if !isDigit(d.r[i]) || isAlnum(d.at(i-1)) || d.at(i-1) == '-' && isAlnum(d.at(i-2)) {
			continue
		}
		var buf [24]byte
		got, end := d.run(i, 24, buf[:0])
		next := d.digits(i)
		if len(got) < 15 {
			i = max(next, end) - 1
			continue
		}
		d.idCard(i, end, string(got))
		d.bankCard(i, end, string(got))
		i = end - 1
	}
}

// idCardWeights are those of GB 11643 (ISO 7064 MOD 11-2).
var idCardWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// ValidIDCard checks an identity number of 18 characters: place, birthday and
// check character.
func ValidIDCard(s string) bool {
	if len(s) != 18 || s[0] < '1' || s[0] > '8' {
		return false
	}
	sum := 0
	for i, w := range idCardWeights {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += int(s[i]-'0') * w
	}
	if "10X98765432"[sum%11] != s[17] {
		return false
	}
	year, month, day := atoi(s[6:10]), atoi(s[10:12]), atoi(s[12:14])
	return year >= 1880 && year < 2100 && validDay(year, month, day) && provinceCode(s[:2])
}

// provinceCode knows the first two digits of GB/T 2260, and 83 of Taiwan.
func provinceCode(s string) bool {
	return strings.Contains(" 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 ", " "+s+" ")
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func (d *doc) idCard(i, end int, got string) {
	if x := d.lowAt(end); x == 'x' && len(got) == 17 {
		got, end = got+"X", end+1
	}
	word, cued := d.cued(i, cueIDCard, 8)
	if isAlnum(d.at(end)) {
		return
	}
	switch {
	case ValidIDCard(got):
		sex := "male"
		if (got[16]-'0')%2 == 0 {
			sex = "female"
		}
		d.add(IDCard, i, end, weightCheck, 0.99, got, "checksum GB 11643",
			map[string]string{"birthday": got[6:10] + "-" + got[10:12] + "-" + got[12:14], "sex": sex, "division": got[:6]})
	case cued && (len(got) == 18 || len(got) == 15):
		d.add(IDCard, i, end, weightForm, 0.5, got, "cue: "+word+"; checksum fails", map[string]string{"checksum": "false"})
	}
}

// luhn is the check of ISO/IEC 7812.
func luhn(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		n := int(s[i] - '0')
		if double {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
		double = !double
	}
	return sum%10 == 0
}

// cardNetwork tells the issuer's network from the first digits and the length.
func cardNetwork(s string) string {
	n := len(s)
	switch {
	case s[:2] == "62" && n >= 16 && n <= 19:
		return "UnionPay"
	case s[0] == '4' && (n == 16 || n == 19):
		return "Visa"
	case n == 16 && (s[:2] >= "51" && s[:2] <= "55" || s[:4] >= "2221" && s[:4] <= "2720"):
		return "Mastercard"
	case n == 16 && (s[:4] >= "3528" && s[:4] <= "3589"):
		return "JCB"
	case n == 15 && (s[:2] == "34" || s[:2] == "37"):
		return "American Express"
	case (n == 16 || n == 19) && s[0] == '9' || n == 19 && (s[:2] == "60" || s[:2] == "43" || s[:2] == "69"):
		return "China" // old cards of single banks
	}
	return ""
}

// ValidBankCard checks length, first digits and the Luhn digit.
func ValidBankCard(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= 15 && len(s) <= 19 && cardNetwork(s) != "" && luhn(s)
}

func (d *doc) bankCard(i, end int, got string) {
	if len(got) > 19 || isAlnum(d.at(end)) {
		return
	}
	word, cued := d.cued(i, cueBank, 8)
	switch {
	case ValidBankCard(got):
		why, confidence, weight := "checksum Luhn", 0.9, weightStrong
		if cued {
			why, confidence, weight = why+"; cue: "+word, 0.99, weightCheck
		}
		if c, ok := d.cueBefore(i, cueOrder|cueTracking|cueSerial, 6); ok && !cued && d.joined(c.end, i) {
			return
		}
		d.add(BankCard, i, end, weight, confidence, got, why, map[string]string{"network": cardNetwork(got), "last4": got[len(got)-4:]})
	case cued && len(got) >= 16:
		if c, ok := d.cueBefore(i, cueBank, 8); ok && d.joined(c.end, i) {
			d.add(BankCard, i, end, weightForm, 0.5, got, "cue: "+word+"; checksum fails", map[string]string{"checksum": "false", "last4": got[len(got)-4:]})
		}
	}
}

const plateProvinces = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"

// plates finds Chinese number plates: 京A12345, 粤B·12345, new-energy plates
// with six characters of which the first (small cars) or last (large) is D or
// F, and those that end in 学警港澳挂.
func (d *doc) plates() {
	for i, r := range d.r {
		if !isHan(r) || !isAlpha(d.at(i+1)) || !strings.ContainsRune(plateProvinces, r) {
			continue
		}
		j := i + 2
		if c := d.at(j); c == '·' || c == '-' || c == ' ' || c == '.' || c == '•' {
			j++
		}
		k, digits := j, 0
		for k < len(d.r) && isAlnum(d.r[k]) && k-j < 7 {
			if isDigit(d.r[k]) {
				digits++
			}
			k++
		}
		n := k - j
		body := strings.ToUpper(d.str(j, k))
		area := strings.ToUpper(string(d.r[i+1]))
		if strings.ContainsAny(body, "IO") || area == "I" || isAlnum(d.at(k)) {
			continue
		}
		kind := ""
		switch {
		case n == 5 && digits >= 2:
			kind = "normal"
		case n == 6 && strings.ContainsAny(body[:1], "DABCEFGHJK") && strings.Trim(body[2:], "0123456789") == "":
			kind = "new-energy"
		case n == 6 && strings.ContainsAny(body[5:], "DF") && digits == 5:
			kind = "new-energy"
		case n == 4 && digits >= 2 && strings.ContainsRune("学警港澳挂", d.at(k)):
			kind = "special"
			body += string(d.r[k])
			k++
		default:
			continue
		}
		d.add(Plate, i, k, weightStrong, 0.95, string(r)+area+body, "form", map[string]string{"kind": kind})
	}
}
