package entity

import (
	"fmt"
	"strings"

	"zhidan/internal/platform/fault"
)

// ordinary are things in every text that no learned pattern may match.
var ordinary = []string{
	"13800138000", "15912345678", "19900001111", "010-63109680", "0755-12345678", "02154321098", "4008208820", "400-820-8820", "80762688", "12315", "10086", "+86 138 0013 8000", "(415) 555-2671", "415-555-2671",
	"2024-05-03", "2024/5/3", "2026.12.31", "20240503", "20261231", "2024", "2025年", "5月3日", "12:30", "09:05:33", "3pm", "May 3 2024", "03/05/2024", "24-05-03",
	"1299", "1,299.00", "99.9", "100", "50-100", "3.5", "1/2", "20kg", "220V", "38", "5G", "4K", "365", "1080p", "B2B", "mp3", "3D", "a4", "24h", "7x24", "covid19", "iphone15", "win11", "x1",
	"hello", "order", "OK", "the", "customer-service", "email", "WIFI", "USB-C", "e-mail", "thank you", "192.168.1.1", "518000", "100020", "440524188001010014", "6222021234567890128", "4111111111111111",
}

// Learn makes a pattern from examples of one kind of number, which matches all
// of them and none of the counter-examples, nor ordinary words, phones, dates
// and amounts. It keeps letters and signs that all examples share, and lets
// digits vary; only where that would match ordinary things are shared leading
// digits kept too. The error names what stands in the way.
func Learn(examples []string, counter ...string) (Pattern, error) {
	if len(examples) < minExamples || len(examples) > maxLearnSamples {
		return Pattern{}, fault.Bad("examples", "count", "give %d to %d examples", minExamples, maxLearnSamples)
	}
	if len(counter) > 4*maxLearnSamples {
		return Pattern{}, fault.Bad("counter_examples", "count", "give at most %d counter-examples", 4*maxLearnSamples)
	}
	var list [][]rune
	seen := map[string]bool{}
	for _, s := range examples {
		r := normalCode(s)
		switch {
		case len(r) == 0:
			return Pattern{}, fault.Bad("examples", "empty", "an example is empty")
		case len(r) > maxPatternLen:
			return Pattern{}, fault.Bad("examples", "too_long", "an example has more than %d characters", maxPatternLen)
		case !strings.ContainsFunc(string(r), isDigit):
			return Pattern{}, fault.Bad("examples", "no_digit", "the example %q holds no digit and cannot be told from a word", s)
		case strings.ContainsAny(string(r), "|\n\t"):
			return Pattern{}, fault.Bad("examples", "sign", "the example %q holds a sign that numbers do not have", s)
		}
		if !seen[string(r)] {
			seen[string(r)] = true
			list = append(list, r)
		}
	}
	if len(list) < minExamples {
		return Pattern{}, fault.Bad("examples", "count", "give at least %d different examples", minExamples)
	}
	var last error
	for _, prefix := range []int{0, 2, 3, 4, 6} {
		expr, ok := generalise(list, prefix)
		if !ok {
			break
		}
		p, err := Compile(shape(expr), Order, expr)
		if err != nil {
			last = err
			continue
		}
		if last = p.proper(examples, counter); last == nil {
			return p, nil
		}
	}
	if last == nil {
		last = fault.Bad("examples", "no_form", "the examples have no form in common")
	}
	return Pattern{}, last
}

// proper checks a learned pattern against what it must and must not match.
func (p Pattern) proper(examples, counter []string) error {
	for _, s := range examples {
		if !p.Match(s) {
			return fault.Bad("examples", "no_form", "no simple form matches the example %q with the others", s)
		}
	}
	for _, s := range counter {
		if p.within(s) {
			return fault.Bad("counter_examples", "matches", "the examples cannot be told from %q", s)
		}
	}
	for _, s := range ordinary {
		if p.within(s) {
			return fault.Bad("examples", "too_general", "a pattern for these would also match ordinary text such as %q; give examples with a prefix", s)
		}
	}
	for _, f := range p.forms {
		if f.loose() {
			return fault.Bad("examples", "too_general", "the examples are too short or too plain to be told from ordinary numbers")
		}
	}
	return nil
}

// loose says that a form is little more than a few digits.
func (f form) loose() bool {
	fixed, size, digits := 0, 0, true
	for _, p := range f {
		size += p.min
		if p.class == 0 {
			fixed += p.min
		}
		if p.class != 'd' && !(p.class == 0 && isDigit(p.literal)) {
			digits = false
		}
	}
	return size < 4 || digits && fixed == 0 && size < 9 || fixed == 0 && size < 6
}

// stretch is a run of one kind in an example.
type stretch struct {
	kind byte // 'd', 'a', 's' for a sign
	text string
}

func stretches(r []rune) []stretch {
	var out []stretch
	for _, c := range r {
		kind := byte('s')
		switch {
		case isDigit(c):
			kind = 'd'
		case isLower(c):
			kind = 'a'
		}
		if n := len(out); n > 0 && kind != 's' && out[n-1].kind == kind {
			out[n-1].text += string(c)
		} else {
			out = append(out, stretch{kind, string(c)})
		}
	}
	return out
}

func signature(list []stretch) string {
	var b strings.Builder
	for _, s := range list {
		if s.kind == 's' {
			b.WriteString(s.text)
		} else {
			b.WriteByte(s.kind - 'a' + 'A')
		}
	}
	return b.String()
}

// generalise writes the expression of the examples, grouped by their order of
// letters, digits and signs; too many groups become one of letters and digits.
func generalise(list [][]rune, prefix int) (string, bool) {
	groups := map[string][][]stretch{}
	var order []string
	for _, r := range list {
		s := stretches(r)
		k := signature(s)
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], s)
	}
	single := 0 // an order that one example alone has says little
	for _, k := range order {
		if len(order) > 1 && len(groups[k]) == 1 {
			single++
		}
	}
	if single > 0 || len(order) > maxForms {
		if expr, ok := mixed(list, prefix); ok {
			return expr, true
		}
	}
	if len(order) > maxForms || single > 1 {
		return "", false
	}
	var forms []string
	for _, k := range order {
		forms = append(forms, align(groups[k], prefix))
	}
	return strings.Join(forms, "|"), true
}

// align writes one expression for examples with the same signature.
func align(group [][]stretch, prefix int) string {
	var b strings.Builder
	for k := range group[0] {
		column := make([]string, len(group))
		for i, s := range group {
			column[i] = s[k].text
		}
		shared := commonPrefix(column)
		low, high := lengths(column)
		same := low == high && len(shared) == low
		switch group[0][k].kind {
		case 's':
			b.WriteString(quote(column[0]))
		case 'a':
			if same {
				b.WriteString(quote(shared))
				continue
			}
			if len(group) > 1 && len(shared) > 0 && len(shared) < low {
				b.WriteString(quote(shared))
				low, high = low-len(shared), high-len(shared)
			}
			b.WriteString(repeated("[A-Z]", low, high))
		case 'd':
			n := min(len(shared), prefix, low-1)
			if same && len(group) >= 5 && k > 0 && low <= 3 { // a fixed part, such as a plant
				n = low
			}
			if n > 0 {
				b.WriteString(shared[:n])
				low, high = low-n, high-n
			}
			if low != high { // counters grow
				high++
			}
			if high > 0 {
				b.WriteString(repeated(`\d`, low, high))
			}
		}
	}
	return b.String()
}

// mixed lets letters and digits mingle between the signs, which must be the
// same in all examples; shared letters at the beginning of a part stay.
func mixed(list [][]rune, prefix int) (string, bool) {
	var columns [][]string
	signs := ""
	for i, r := range list {
		var parts []string
		var mine strings.Builder
		from := 0
		for k := 0; k <= len(r); k++ {
			if k < len(r) && (isDigit(r[k]) || isLower(r[k])) {
				continue
			}
			parts = append(parts, string(r[from:k]))
			from = k + 1
			if k < len(r) {
				mine.WriteRune(r[k])
			}
		}
		if i == 0 {
			signs = mine.String()
			columns = make([][]string, len(parts))
		} else if mine.String() != signs {
			return "", false
		}
		for k, s := range parts {
			columns[k] = append(columns[k], s)
		}
	}
	var b strings.Builder
	between := []rune(signs)
	for k, column := range columns {
		if k > 0 {
			b.WriteString(quote(string(between[k-1])))
		}
		low, high := lengths(column)
		if high == 0 {
			continue
		}
		if low == 0 {
			return "", false
		}
		digits := !strings.ContainsFunc(strings.Join(column, ""), isLower)
		letters := !strings.ContainsFunc(strings.Join(column, ""), isDigit)
		shared := commonPrefix(column)
		if digits {
			shared = shared[:min(len(shared), prefix, low-1)]
		} else {
			shared = strings.TrimRightFunc(shared, isDigit)
		}
		if len(shared) == low && low != high {
			shared = shared[:low-1]
		}
		b.WriteString(quote(shared))
		class := "[A-Z0-9]"
		if digits {
			class = `\d`
		} else if letters {
			class = "[A-Z]"
		}
		if high > len(shared) {
			b.WriteString(repeated(class, low-len(shared), high-len(shared)))
		}
	}
	return b.String(), true
}

func commonPrefix(list []string) string {
	p := list[0]
	for _, s := range list[1:] {
		n := 0
		for n < len(p) && n < len(s) && p[n] == s[n] {
			n++
		}
		p = p[:n]
	}
	return strings.ToValidUTF8(p, "")
}

func lengths(list []string) (low, high int) {
	low = 1 << 20
	for _, s := range list {
		n := runeLen(s)
		low, high = min(low, n), max(high, n)
	}
	return low, high
}

func repeated(class string, low, high int) string {
	switch {
	case low == 1 && high == 1:
		return class
	case low == high:
		return fmt.Sprintf("%s{%d}", class, low)
	}
	return fmt.Sprintf("%s{%d,%d}", class, low, high)
}

// quote writes literals; letters as capitals, as numbers are read aloud.
func quote(s string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		if strings.ContainsRune(`\[](){}*+.^$?|`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// shape is the name a pattern gets: its form with 9 for a digit and A for a
// letter, as people write them on a form.
func shape(expr string) string {
	first, _, _ := strings.Cut(expr, "|")
	f, err := parseForm(first)
	if err != nil {
		return expr
	}
	var b strings.Builder
	for _, p := range f {
		c := string(p.literal)
		switch p.class {
		case 'd':
			c = "9"
		case 'a':
			c = "A"
		case 'x':
			c = "X"
		}
		b.WriteString(strings.Repeat(strings.ToUpper(c), max(p.min, 1)))
	}
	if first != expr {
		b.WriteString(" …")
	}
	return b.String()
}
