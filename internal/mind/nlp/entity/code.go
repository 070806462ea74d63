package entity

import "strings"

// code is a run of letters and digits, with single hyphens and the like inside.
type code struct {
	start, end             int
	letters, digits, marks int
	text                   string // upper case
}

const maxCode = 64

// codes finds order, tracking, serial and model numbers and error codes: what
// follows a cue word, and forms that speak for themselves.
func (d *doc) codes() {
	for i := 0; i < len(d.r); i++ {
		if !isAlnum(d.r[i]) || isAlnum(d.at(i-1)) {
			continue
		}
		c := d.codeAt(i)
		if c.end-c.start > maxCode {
			i = c.end - 1
			continue
		}
		d.judge(c)
		i = c.end - 1
	}
}

// codeAt reads the run at i; its marks are - _ . and /, one at a time, between
// letters or digits.
func (d *doc) codeAt(i int) code {
	c := code{start: i, end: i}
	for j := i; j < len(d.r); j++ {
		switch r := d.r[j]; {
		case isDigit(r):
			c.digits++
		case isAlpha(r):
			c.letters++
		case (r == '-' || r == '_' || r == '.' || r == '/') && isAlnum(d.at(j+1)):
			c.marks++
			continue
		default:
			if c.end-c.start <= maxCode {
				c.text = strings.ToUpper(d.str(c.start, c.end))
			}
			return c
		}
		c.end = j + 1
	}
	if c.end-c.start <= maxCode {
		c.text = strings.ToUpper(d.str(c.start, c.end))
	}
	return c
}

func (d *doc) judge(c code) {
	if c.digits == 0 && c.letters < 2 {
		return
	}
	t, word, ok := d.codeCue(c)
	if !ok {
		t, word, ok = d.answered(c)
	}
	if ok {
		// A bare 单号 is whatever its form says.
		if name, _ := trackingForm(c.text); t == Order && word == "单号" && name != "" {
			t = Tracking
		}
		if d.plausible(t, c) {
			weight := weightCue
			if t == Error || t == Model {
				weight = weightStrong
			}
			confidence := 0.95
			parts := map[string]string(nil)
			if t == Tracking {
				parts = map[string]string{"carrier": carrier(c.text)}
			}
			d.add(t, c.start, c.end, weight, confidence, c.text, "cue: "+word, parts)
			return
		}
	}
	if name, sure := trackingForm(c.text); name != "" {
		weight := weightStrong
		why := "form: " + name
		if sure {
			weight, why = weightCheck, "checksum: "+name
		}
		d.add(Tracking, c.start, c.end, weight, 0.9, c.text, why, map[string]string{"carrier": name})
		return
	}
	switch {
	case d.errorForm(c):
		d.add(Error, c.start, c.end, weightForm, 0.75, c.text, "form", nil)
	case d.deviceBefore(c):
		d.add(Serial, c.start, c.end, weightForm, 0.8, c.text, "device", nil)
	case orderForm(c):
		d.add(Order, c.start, c.end, weightGuess, 0.6, c.text, "form", nil)
	case serialForm(c):
		d.add(Serial, c.start, c.end, weightGuess, 0.55, c.text, "form", nil)
	case modelForm(c):
		d.add(Model, c.start, c.end, weightGuess, 0.5, c.text, "form", nil)
	}
}

var cueTypes = []struct {
	kind cueKind
	t    Type
}{{cueTracking, Tracking}, {cueOrder, Order}, {cueSerial, Serial}, {cueModel, Model}, {cueError, Error}}

// codeCue finds the cue word that stands right before the code, with nothing
// but connecting words between.
func (d *doc) codeCue(c code) (Type, string, bool) {
	best := cue{}
	var t Type
	for _, k := range cueTypes {
		if q, ok := d.cueBefore(c.start, k.kind, 10); ok && (q.end > best.end || q.end == best.end && q.start < best.start) && d.joined(q.end, c.start) {
			best, t = q, k.t
		}
	}
	return t, d.lstr(best.start, min(best.end, len(d.low))), best.end > 0
}

// answered finds the number that a question or a request for it asked for, in
// the sentence or the line before: "Your order number?" "It's 2611050088".
func (d *doc) answered(c code) (Type, string, bool) {
	if c.digits < 4 {
		return "", "", false
	}
	at := c.start
	for at > 0 && c.start-at <= 28 && !isBreak(d.r[at-1]) {
		if isDigit(d.r[at-1]) {
			return "", "", false
		}
		at--
	}
	if at == 0 || !isBreak(d.r[at-1]) {
		return "", "", false
	}
	if q, ok := d.cueBefore(c.start, ^cuePerson&^cueBank&^cueMoney, c.start-at); ok && q.start >= at {
		return "", "", false // it says itself what it is
	}
	// The sentence before, without its end.
	end := at
	for end > 0 && (isBreak(d.r[end-1]) || d.r[end-1] == ' ') {
		end--
	}
	asked := d.has(end, "?") || d.any(end-1, "吗", "呢", "么") > 0
	begin := end
	for begin > 0 && end-begin < 80 && !isBreak(d.r[begin-1]) {
		begin--
		if isDigit(d.r[begin]) {
			return "", "", false
		}
		asked = asked || d.any(begin, "提供", "报一下", "报下", "说一下", "发一下", "发我", "告诉", "多少", "give", "provide", "tell me", "have your", "what's", "confirm") > 0
	}
	if !asked {
		return "", "", false
	}
	best := cue{}
	var t Type
	for _, k := range cueTypes {
		if q, ok := d.cueBefore(end, k.kind, end-begin); ok && q.start >= begin && q.end > best.end && k.t != Error {
			best, t = q, k.t
		}
	}
	if best.end == 0 {
		return "", "", false
	}
	return t, d.lstr(best.start, best.end), true
}

// deviceWords name things that have a number of their own more than a model.
var deviceWords = wordList("设备", "终端", "网关", "传感器", "探测器", "充电桩", "电梯", "扶梯", "摄像头", "闸机", "水泵", "泵站", "节点", "基站", "机柜", "device", "sensor", "gateway", "terminal", "elevator", "lift", "pump", "node", "charge point", "charging point", "charging station", "detector", "unit", "asset", "freezer unit", "meter")

// deviceBefore says that a device is named by the code, and by no cue that says
// it is its model: 设备 ZJ-04-118, device=PMP-009.
func (d *doc) deviceBefore(c code) bool {
	if c.letters < 1 || c.digits < 1 || c.letters+c.digits < 4 || c.marks == 0 && c.digits < 3 || strings.ContainsAny(c.text, "./") {
		return false
	}
	for k := c.start - 1; k >= 0 && k >= c.start-16 && !isBreak(d.r[k]); k-- {
		if n := d.one(k, deviceWords); n > 0 && k+n <= c.start && (isHan(d.r[k]) || !isLetter(d.at(k-1)) && !isLetter(d.at(k+n))) && d.joined(k+n, c.start) {
			return true
		}
	}
	return false
}

// serialForm knows numbers that count things of a kind: PMP-009-3321,
// BAT-7-02. A model has letters in its last piece, or one number alone.
func serialForm(c code) bool {
	if c.marks == 0 || c.letters < 2 || c.digits < 3 || strings.ContainsAny(c.text, "./_") || !isUpper(rune(c.text[0])) {
		return false
	}
	numbers, zero := 0, false
	pieces := strings.Split(c.text, "-")
	for _, p := range pieces {
		if strings.Trim(p, "0123456789") == "" {
			numbers++
			zero = zero || p[0] == '0'
		}
	}
	last := pieces[len(pieces)-1]
	return strings.Trim(last, "0123456789") == "" && (numbers >= 2 || zero && len(last) >= 4)
}

// plausible says whether a code after a cue can be what the cue says.
func (d *doc) plausible(t Type, c code) bool {
	n := c.letters + c.digits
	next := d.spaces(c.end, 1)
	switch t {
	case Order, Tracking:
		if c.digits < 4 || n < 5 {
			return false
		}
		return !d.dated(c)
	case Serial:
		return c.digits >= 3 && n >= 5 && !d.dated(c)
	case Model:
		return n >= 2 && (c.digits >= 1 || c.letters == n && n <= 6 && c.text == d.str(c.start, c.end))
	case Error:
		if c.letters == 0 && strings.Count(c.text, ".") >= 2 && n <= 10 { // 13.20.01
			return c.digits+c.marks == len(c.text) && d.errorCueNear(c)
		}
		if n > 10 || c.digits == 0 || c.marks > 0 && strings.ContainsAny(c.text, "/.") {
			return false
		}
		if c.letters == 0 {
			if n < 2 && !d.errorCueNear(c) || n > 6 {
				return false
			}
			// 显示38度, 提示3次 are quantities.
			if isHan(d.at(next)) && d.any(next, "的", "了", "怎", "是", "什", "错", "故", "报", "请", "无", "不", "这", "然", "就", "并", "和", "代") == 0 {
				return false
			}
			return d.errorCueNear(c) && d.at(c.end) != '%' && d.at(c.end) != ':'
		}
		return c.letters <= 6
	}
	return true
}

// errorCueNear wants a plain word for a code where only digits follow.
func (d *doc) errorCueNear(c code) bool {
	q, ok := d.cueBefore(c.start, cueError, 10)
	return ok && d.joined(q.end, c.start) && d.any(q.start, "错误代码", "错误码", "故障代码", "故障码", "报错码", "报错", "报警代码", "代码", "提示码", "错误", "error", "error code", "fault code", "code", "err") > 0
}

func (d *doc) dated(c code) bool {
	_, end := d.isoDate(c.start)
	return end == c.end
}

// trackingForm knows couriers by the form of their numbers; sure says that a
// check digit held.
func trackingForm(s string) (carrier string, sure bool) {
	digits := func(s string, min, max int) bool {
		if len(s) < min || len(s) > max {
			return false
		}
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' {
				return false
			}
		}
		return true
	}
	switch {
	case strings.HasPrefix(s, "1Z") && len(s) == 18 && upsCheck(s):
		return "UPS", true
	case strings.HasPrefix(s, "SF") && digits(s[2:], 12, 13):
		return "顺丰", false
	case strings.HasPrefix(s, "YT") && digits(s[2:], 12, 15):
		return "圆通", false
	case strings.HasPrefix(s, "ZTO") && digits(s[3:], 9, 13):
		return "中通", false
	case strings.HasPrefix(s, "STO") && digits(s[3:], 9, 13), strings.HasPrefix(s, "77") && digits(s, 15, 15):
		return "申通", false
	case strings.HasPrefix(s, "JT") && digits(s[2:], 12, 14):
		return "极兔", false
	case strings.HasPrefix(s, "JD") && len(s) >= 12 && len(s) <= 22 && digits(strings.TrimLeft(strings.ReplaceAll(s[2:], "-", ""), "VABCDKX"), 9, 18):
		return "京东", false
	case strings.HasPrefix(s, "DPK") && digits(s[3:], 9, 13), strings.HasPrefix(s, "DP") && digits(s[2:], 10, 13):
		return "德邦", false
	case strings.HasPrefix(s, "YD") && digits(s[2:], 12, 14):
		return "韵达", false
	case len(s) == 13 && digits(s[2:11], 9, 9) && isUpper(rune(s[0])) && isUpper(rune(s[1])) && isUpper(rune(s[11])) && isUpper(rune(s[12])):
		return "UPU " + s[11:], upuCheck(s[2:11]) // Universal Postal Union S10
	case strings.HasPrefix(s, "TBA") && digits(s[3:], 12, 12):
		return "Amazon", false
	}
	return "", false
}

func carrier(s string) string {
	name, _ := trackingForm(s)
	return name
}

// upsCheck is the check digit of UPS: letters count as 2…9, 0, 1 …, every
// second place double.
func upsCheck(s string) bool {
	sum := 0
	for i := 2; i < 17; i++ {
		v := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = (int(c-'A') + 2) % 10
		default:
			return false
		}
		if i%2 == 1 {
			v *= 2
		}
		sum += v
	}
	return s[17] == byte('0'+(10-sum%10)%10)
}

// upuCheck is the check digit of UPU S10.
func upuCheck(s string) bool {
	sum := 0
	for i, w := range [8]int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(s[i]-'0') * w
	}
	c := 11 - sum%11
	if c == 10 {
		c = 0
	} else if c == 11 {
		c = 5
	}
	return int(s[8]-'0') == c
}

// errorForm knows E5, E-0032, F03, ERR_101, 0x80070005, where the text speaks
// of a fault or the code is long.
func (d *doc) errorForm(c code) bool {
	s := c.text
	if rest, ok := strings.CutPrefix(s, "0X"); ok && len(rest) >= 4 && len(rest) <= 16 && c.marks == 0 {
		return strings.Trim(rest, "0123456789ABCDEF") == ""
	}
	if rest, ok := strings.CutPrefix(s, "ERR"); ok && c.digits > 0 && len(s) <= 12 {
		return strings.Trim(rest, "-_OR0123456789") == ""
	}
	if s[0] != 'E' && s[0] != 'F' || c.letters > 2 || c.digits < 1 || c.digits > 5 || c.marks > 1 || strings.ContainsAny(s, "./") {
		return false
	}
	if rest := strings.TrimLeft(s[1:], "-_"); rest == "" || !isDigit(rune(rest[0])) {
		return false
	}
	if c.marks == 1 && c.digits >= 2 || c.digits >= 3 && s[0] == 'E' && s[1] == '0' {
		return true
	}
	if _, ok := d.cueBefore(c.start, cueError, 12); ok {
		return true
	}
	// A display says it, or it says so still: "the panel shows E4", 还是E1.
	if c.marks > 0 || c.digits > 3 || d.r[c.start] == 'e' || d.r[c.start] == 'f' {
		return false
	}
	if _, ok := d.cueBefore(c.start, cueShow, 6); ok {
		return true
	}
	return false
}

// orderForm knows PO20240503, SO-2024-00123, and long runs of digits.
func orderForm(c code) bool {
	if strings.ContainsAny(c.text, "./") {
		return false
	}
	if c.letters == 0 {
		return c.marks == 0 && c.digits >= 12 && c.digits <= 24 || c.marks >= 1 && c.digits >= 16 && c.digits <= 24
	}
	lead := 0
	for lead < len(c.text) && isUpper(rune(c.text[lead])) {
		lead++
	}
	return lead >= 1 && lead <= 5 && lead == c.letters && (c.digits >= 8 || c.digits >= 5 && (c.text[:lead] == "PO" || c.text[:lead] == "SO" || c.text[:lead] == "DD" || c.text[:lead] == "ORD" || c.text[:lead] == "INV"))
}

// notModel are names that have a number after a hyphen and are no product's.
var notModel = map[string]bool{"COVID": true, "ISO": true, "UTF": true, "HTTP": true, "SHA": true, "USB": true, "RFC": true, "GB": true, "IP": true, "WIFI": true, "PM": true, "OTC": true, "SARS": true}

// modelForm knows KFR-35GW, BCD-520WD, XR-200, WH1000XM4.
func modelForm(c code) bool {
	s := c.text
	if c.letters < 2 || c.digits < 1 || len(s) < 5 || len(s) > 24 || c.marks > 3 || !isUpper(rune(s[0])) || strings.ContainsAny(s, "_") {
		return false
	}
	if c.marks > 0 {
		lead := strings.IndexAny(s, "-./")
		if notModel[s[:lead]] || s[lead] != '-' || lead > 8 || lead > 5 && !strings.ContainsAny(s[:lead], "0123456789") {
			return false
		}
		if c.digits < 2 || lead < 2 { // SD-3C, X-T30S: letters on both sides
			rest := s[lead+1:]
			return c.marks == 1 && strings.ContainsAny(rest, "0123456789") && isUpper(rune(s[len(s)-1])) && len(rest) >= 2 && len(rest) <= 6
		}
		return true
	}
	if c.digits < 2 {
		return false
	}
	changes := 0
	for i := 1; i < len(s); i++ {
		if isDigit(rune(s[i])) != isDigit(rune(s[i-1])) {
			changes++
		}
	}
	return changes >= 2 && changes <= 5
}
