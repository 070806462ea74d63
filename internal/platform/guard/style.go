package guard

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	maxStyle = 2048
	maxRules = 30
)

var (
	cssColor  = regexp.MustCompile(`^(#[0-9a-f]{3,8}|[a-z]{3,20}|(rgb|hsl)a?\([0-9., %/]{1,40}\))$`)
	cssLength = regexp.MustCompile(`^([0-9]{1,4}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})(px|pt|em|rem|%)?$`)
)

// style keeps the declarations of a style attribute that only dress what is in
// the box: colours, weights, alignment, modest sizes. Nothing that positions,
// loads, animates, hides or grows beyond reason is in the list, and no value
// can hold a quote, a backslash, a comment or an address.
func style(s string) string {
	if len(s) > maxStyle {
		return ""
	}
	var out []string
	for _, d := range strings.Split(strings.ToLower(s), ";") {
		name, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		value = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
		if name == "background" {
			name = "background-color"
		}
		if check := cssRules[name]; check != nil && check(value) {
			if out = append(out, name+":"+value); len(out) == maxRules {
				break
			}
		}
	}
	return strings.Join(out, ";")
}

var cssRules = func() map[string]func(string) bool {
	m := map[string]func(string) bool{}
	put := func(check func(string) bool, names ...string) {
		for _, n := range names {
			m[n] = check
		}
	}
	put(cssColor.MatchString, "color", "background-color", "border-color")
	put(words("normal bold bolder lighter 100 200 300 400 500 600 700 800 900"), "font-weight")
	put(words("normal italic oblique"), "font-style")
	put(words("none underline overline line-through"), "text-decoration", "text-decoration-line")
	put(words("none capitalize uppercase lowercase"), "text-transform")
	put(words("left right center justify start end"), "text-align")
	put(words("top middle bottom baseline sub super text-top text-bottom"), "vertical-align")
	put(words("ltr rtl"), "direction")
	put(words("normal pre pre-wrap pre-line nowrap"), "white-space")
	put(words("normal break-word anywhere"), "overflow-wrap", "word-wrap")
	put(words("normal break-all break-word keep-all"), "word-break")
	put(words("none disc circle square decimal lower-alpha upper-alpha lower-roman upper-roman cjk-ideographic"), "list-style-type")
	put(words("collapse separate"), "border-collapse")
	put(words("block inline inline-block"), "display")
	put(either(words("xx-small x-small small medium large x-large xx-large smaller larger"), length(48, 36, 3, 300)), "font-size")
	put(either(words("normal"), func(v string) bool { f, err := strconv.ParseFloat(v, 64); return err == nil && f > 0 && f <= 3 }, length(60, 45, 3, 300)), "line-height")
	put(either(words("auto"), length(1200, 900, 80, 100)), "width", "max-width", "min-width", "height", "max-height")
	put(list(4, either(words("auto"), length(64, 48, 4, 20))), "margin", "margin-top", "margin-bottom", "margin-left", "margin-right",
		"padding", "padding-top", "padding-bottom", "padding-left", "padding-right", "border-spacing")
	line := list(3, either(words("none solid dashed dotted double groove ridge inset outset thin medium thick"), length(20, 15, 1, 0), cssColor.MatchString))
	put(line, "border", "border-top", "border-bottom", "border-left", "border-right")
	put(list(4, length(20, 15, 1, 0)), "border-width")
	put(list(4, length(64, 48, 4, 50)), "border-radius")
	put(list(4, words("none solid dashed dotted double")), "border-style")
	return m
}()

func words(all string) func(string) bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(all) {
		set[w] = true
	}
	return func(v string) bool { return set[v] }
}

func either(checks ...func(string) bool) func(string) bool {
	return func(v string) bool {
		for _, c := range checks {
			if c(v) {
				return true
			}
		}
		return false
	}
}

func list(n int, check func(string) bool) func(string) bool {
	return func(v string) bool {
		parts := strings.Fields(v)
		if len(parts) == 0 || len(parts) > n {
			return false
		}
		for _, p := range parts {
			if !check(p) {
				return false
			}
		}
		return true
	}
}

// length allows sizes from 0 up to a limit for each unit, never negative.
func length(px, pt, em, percent float64) func(string) bool {
	return func(v string) bool {
		m := cssLength.FindStringSubmatch(v)
		if m == nil {
			return false
		}
		f, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return false
		}
		switch m[2] {
		case "px":
			return f <= px
		case "pt":
			return f <= pt
		case "em", "rem":
			return f <= em
		case "%":
			return f <= percent
		}
		return f == 0
	}
}
