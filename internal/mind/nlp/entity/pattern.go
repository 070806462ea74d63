package entity

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"zhidan/internal/platform/fault"
)

// Pattern is the form of a tenant's own numbers: orders, contracts, serial
// numbers. Expr is a small part of regular expressions that people can read
// and that is matched in one pass without backtracking:
//
//	SO-\d{4}-[A-Z]{2}   literals, digits, letters, [A-Z0-9] for either
//	\d{3,5}  -?         counts from–to, and what may be missing
//	A\d{6}|B\d{8}       one of several
//
// Letters match in either case and either width. What matches holds a digit
// and touches no other letter or digit. Patterns come from Learn or Compile;
// one that was read from JSON compiles itself when it is used.
type Pattern struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	Expr string `json:"expr"`

	forms []form
}

// form is one alternative of a pattern.
type form []piece

type piece struct {
	class    byte // 'd', 'a', 'x' (either), 0: the literal
	literal  rune // in lower case
	min, max int
}

// Limits of patterns and of what they are learned from.
const (
	MaxPatterns     = 200
	minExamples     = 3
	maxPatternLen   = 63 // of a match: offsets are bits of a word
	maxForms        = 4
	maxPatternExpr  = 512
	maxLearnSamples = 50
)

// Compile reads a pattern's expression.
func Compile(name string, t Type, expr string) (Pattern, error) {
	p := Pattern{Name: name, Type: t, Expr: expr}
	if expr == "" || len(expr) > maxPatternExpr {
		return p, fault.Bad("expr", "pattern", "a pattern has 1 to %d characters", maxPatternExpr)
	}
	for _, part := range strings.Split(expr, "|") {
		f, err := parseForm(part)
		if err != nil {
			return p, err
		}
		p.forms = append(p.forms, f)
	}
	if len(p.forms) > 4*maxForms {
		return p, fault.Bad("expr", "pattern", "a pattern has at most %d alternatives", 4*maxForms)
	}
	return p, nil
}

func parseForm(s string) (form, error) {
	bad := func(what string) (form, error) {
		return nil, fault.Bad("expr", "pattern", "%s in %q; allowed are letters, digits and signs, \\d, [A-Z], [A-Z0-9], {n}, {n,m}, ? and |", what, s)
	}
	var f form
	r := []rune(s)
	total := 0
	for i := 0; i < len(r); {
		p := piece{min: 1, max: 1}
		rest := string(r[i:])
		switch {
		case strings.HasPrefix(rest, `\d`):
			p.class, i = 'd', i+2
		case strings.HasPrefix(rest, "[0-9]"):
			p.class, i = 'd', i+5
		case strings.HasPrefix(rest, "[A-Z0-9]"):
			p.class, i = 'x', i+8
		case strings.HasPrefix(rest, "[A-Z]"):
			p.class, i = 'a', i+5
		case r[i] == '\\' && i+1 < len(r):
			if isAlnum(r[i+1]) {
				return bad("an unknown escape")
			}
			p.literal, i = lower(halfWidth(r[i+1])), i+2
		case strings.ContainsRune(`\[](){}*+.^$?`, r[i]):
			return bad("a sign out of place")
		default:
			p.literal, i = lower(halfWidth(r[i])), i+1
		}
		if i < len(r) && r[i] == '?' {
			p.min, i = 0, i+1
		} else if i < len(r) && r[i] == '{' {
			end := strings.IndexRune(string(r[i:]), '}')
			if end < 0 {
				return bad("an open brace")
			}
			from, to, both := strings.Cut(string(r[i:])[1:end], ",")
			var err, err2 error
			p.min, err = strconv.Atoi(from)
			p.max = p.min
			if both {
				p.max, err2 = strconv.Atoi(to)
			}
			if err != nil || err2 != nil || p.min < 0 || p.max < max(p.min, 1) || p.max > maxPatternLen {
				return bad("a count")
			}
			i += end + 1
		}
		if total += p.max; total > maxPatternLen {
			return bad(fmt.Sprintf("more than %d characters", maxPatternLen))
		}
		f = append(f, p)
	}
	if len(f) == 0 {
		return bad("nothing")
	}
	if f[0].min == 0 {
		return bad("a beginning that may be missing")
	}
	return f, nil
}

func lower(r rune) rune {
	if isUpper(r) {
		return r + 'a' - 'A'
	}
	return r
}

func (p piece) fits(r rune) bool {
	switch p.class {
	case 'd':
		return isDigit(r)
	case 'a':
		return isLower(r)
	case 'x':
		return isDigit(r) || isLower(r)
	}
	return r == p.literal
}

// match gives the longest end of the form at i that touches no letter or
// digit, or i. The ends that are possible so far are the bits of a word.
func (f form) match(low []rune, i int) int {
	if !f[0].fits(low[i]) {
		return i
	}
	at := uint64(1)
	for _, p := range f {
		next := uint64(0)
		if p.min == 0 {
			next = at
		}
		for ends := at; ends != 0; ends &= ends - 1 {
			from := bits.TrailingZeros64(ends)
			for n := 1; n <= p.max && from+n <= maxPatternLen && i+from+n <= len(low) && p.fits(low[i+from+n-1]); n++ {
				if n >= p.min {
					next |= 1 << (from + n)
				}
			}
		}
		if at = next; at == 0 {
			return i
		}
	}
	for ; at != 0; at &^= 1 << (63 - bits.LeadingZeros64(at)) {
		n := 63 - bits.LeadingZeros64(at)
		if n == 0 {
			break
		}
		if i+n < len(low) && (isDigit(low[i+n]) || isLower(low[i+n])) {
			continue
		}
		for _, r := range low[i : i+n] {
			if isDigit(r) {
				return i + n
			}
		}
	}
	return i
}

// patterns runs all patterns over the text in one pass.
func (d *doc) patterns(list []Pattern) {
	list = list[:min(len(list), MaxPatterns)]
	if len(list) == 0 {
		return
	}
	ready := make([]Pattern, 0, len(list))
	for _, p := range list {
		if p.forms == nil {
			c, err := Compile(p.Name, p.Type, p.Expr)
			if err != nil {
				continue // refused when it was saved
			}
			p = c
		}
		if p.Type == "" {
			p.Type = Order
		}
		ready = append(ready, p)
	}
	for i, r := range d.low {
		if r <= ' ' || i > 0 && isAlnum(d.r[i-1]) {
			continue
		}
		for k := range ready {
			p := &ready[k]
			for _, f := range p.forms {
				end := f.match(d.low, i)
				if end == i {
					continue
				}
				weight, why := weightCue, "pattern: "+p.Name
				if c, ok := d.cueBefore(i, cueOrder|cueSerial|cueTracking, 8); ok && d.joined(c.end, i) {
					weight, why = weightCheck, why+"; cue: "+d.lstr(c.start, c.end)
				}
				d.add(p.Type, i, end, weight, 0.97, strings.ToUpper(d.str(i, end)), why, map[string]string{"pattern": p.Name})
			}
		}
	}
}

// Match says whether the whole of s has the form of the pattern.
func (p Pattern) Match(s string) bool {
	if p.forms == nil {
		c, err := Compile(p.Name, p.Type, p.Expr)
		if err != nil {
			return false
		}
		p = c
	}
	low := normalCode(s)
	for _, f := range p.forms {
		if len(low) > 0 && f.match(low, 0) == len(low) {
			return true
		}
	}
	return false
}

// within says whether the pattern is found anywhere in s.
func (p Pattern) within(s string) bool {
	d := newDoc(s, Options{})
	d.patterns([]Pattern{p})
	return len(d.found) > 0
}

func normalCode(s string) []rune {
	var out []rune
	for _, r := range strings.TrimSpace(s) {
		out = append(out, lower(halfWidth(r)))
	}
	return out
}
