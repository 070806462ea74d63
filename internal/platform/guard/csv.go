package guard

import "strings"

// CSVCell makes text safe as a cell of a CSV or XLSX export: what a spreadsheet
// program could take for a formula is marked as text by an apostrophe. The
// quoting of commas and quotes is left to the writer of the format.
func CSVCell(s string) string {
	// Programs skip blanks and invisible characters before they look.
	head := strings.TrimLeft(s, " \u00a0\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\x00\v\f")
	if strings.IndexAny(head, "=+-@\t\r\n＝＋－＠﹢﹣﹦﹫") == 0 {
		return "'" + s
	}
	return s
}
