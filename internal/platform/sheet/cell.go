package sheet

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Safe makes text safe as a cell of a CSV file: what a spreadsheet program
// could take for a formula is marked as text by an apostrophe. The quoting of
// commas and quotes is left to the writer of the format. (In an XLSX file the
// type of the cell says that it is text; there the mark is a style.)
func Safe(s string) string {
	if risky(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// Plain takes the mark of Safe away again.
func Plain(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && risky(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return s
}

func risky(s string) bool {
	// Programs skip blanks and invisible characters before they look.
	head := strings.TrimLeft(s, " \u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\x00\v\f")
	return strings.IndexAny(head, "=+-@\t\r\n＝＋－＠﹢﹣﹦﹫") == 0
}

// Stamp is how a moment is written in a table: in the zone that it comes with,
// so that a spreadsheet program takes it for a date.
const Stamp = "2006-01-02 15:04:05"

// serial is a moment in days since the last of 1899, as XLSX files count.
func serial(t time.Time) float64 {
	_, offset := t.Zone()
	return float64(t.Unix()+int64(offset))/86400 + 25569
}

// fromSerial is the moment as text. The days before March 1900 are off by one in
// the format itself; nobody's ticket is that old.
func fromSerial(days float64, from1904 bool) (string, bool) {
	if from1904 {
		days += 1462
	}
	if days < 0 || days > 2_958_466 || math.IsNaN(days) {
		return "", false
	}
	seconds := int64(math.Round((days - 25569) * 86400))
	t := time.Unix(seconds, 0).UTC()
	switch {
	case days < 1:
		return t.Format("15:04:05"), true
	case seconds%86400 == 0:
		return t.Format(time.DateOnly), true
	}
	return t.Format(Stamp), true
}

// number writes a number of an XLSX file as a person would have typed it:
// without an exponent, and without the digits that binary fractions leave.
func number(s string) string {
	if len(s) <= 15 && !strings.ContainsAny(s, "eE") {
		return s
	}
	if !strings.ContainsAny(s, ".eE") {
		return s // a whole number with all its digits
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.Abs(f) >= 1e30 {
		return s
	}
	if f, err = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64); err != nil {
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
