package form

import (
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/fault"
)

// A number pattern is text with {type} (the type's prefix), {yyyy}, {yy}, {mm},
// {dd}, {yymmdd}, {yyyymmdd} and exactly one {seq} or {seq:N} (at least N
// digits, counted anew whenever what stands before it changes).

// CheckPattern refuses a pattern that could not make unique numbers.
func CheckPattern(pattern string) error {
	if len(pattern) > 60 || strings.Count(pattern, "{seq") != 1 {
		return fault.Bad("number_pattern", "numbering", "a number pattern has exactly one {seq} and at most 60 characters")
	}
	rest := ExpandPattern(pattern, "", time.Unix(0, 0), func(int) string { return "" })
	if strings.ContainsAny(rest, "{}") {
		return fault.Bad("number_pattern", "numbering", "unknown part in number pattern: %s", rest)
	}
	for _, r := range rest {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_./", r) {
			return fault.Bad("number_pattern", "numbering", "beside its parts a number has letters, digits and - _ . /")
		}
	}
	return nil
}

// ExpandPattern writes a number of the pattern: seq gives the counted part.
func ExpandPattern(pattern, prefix string, day time.Time, seq func(width int) string) string {
	s := strings.NewReplacer("{type}", prefix, "{yyyymmdd}", day.Format("20060102"), "{yymmdd}", day.Format("060102"),
		"{yyyy}", day.Format("2006"), "{yy}", day.Format("06"), "{mm}", day.Format("01"), "{dd}", day.Format("02")).Replace(pattern)
	i := strings.Index(s, "{seq")
	j := strings.IndexByte(s[max(i, 0):], '}')
	if i < 0 || j < 0 {
		return s
	}
	width := 1
	if part := s[i+4 : i+j]; part != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(part, ":"))
		if err != nil || n < 1 || n > 12 {
			return s
		}
		width = n
	}
	return s[:i] + seq(width) + s[i+j+1:]
}
