package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"zhidan/internal/platform/fault"
)

func TestSafe(t *testing.T) {
	for _, s := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", " =1", "\u3000=1", "\ufeff=1", "\u200b=1", `=HYPERLINK("http://evil.example")`,
		"=cmd|' /C calc'!A0", "\u00a0@x", "﹦1", "'=1", "''=1"} {
		if got := Safe(s); got != "'"+s {
			t.Errorf("%q became %q", s, got)
		}
		if got := Plain(Safe(s)); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
	for _, s := range []string{"", "a", "工单", "1", "a=b", "a@b.example", "'quoted'", "2026-01-01", " x"} {
		if got := Safe(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
		if got := Plain(s); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
}

var zone = time.FixedZone("", 8*3600)

func sample() [][]any {
	return [][]any{
		{"编号", "=evil", "n", "at", "text"},
		{"GD-1", "=1+1", 42, time.Date(2026, 11, 21, 12, 30, 15, 0, zone), "first line\nsecond, with \"quotes\" & <tags>"},
		{"GD-2", "-5", 1.5, time.Date(2019, 3, 1, 0, 0, 0, 0, zone), "表情 😀\t\x01"},
		{"GD-3", "@x", int64(1) << 40, time.Time{}, nil},
	}
}

func write(t *testing.T, f Format, o Options, rows [][]any) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, f, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("want %q\n got %q", want, got)
}

func read(b []byte, l Limits) ([][]string, error) {
	return Read(bytes.NewReader(b), int64(len(b)), l)
}

func TestRoundTrip(t *testing.T) {
	rows := sample()
	rows[3][3] = nil // a moment that is none
	for _, f := range []Format{CSV, XLSX} {
		got, err := read(write(t, f, Options{BOM: true}, rows), Limits{})
		if err != nil {
			t.Fatal(f, err)
		}
		want := [][]string{
			{"编号", "=evil", "n", "at", "text"},
			{"GD-1", "=1+1", "42", "2026-11-21 12:30:15", "first line\nsecond, with \"quotes\" & <tags>"},
			{"GD-2", "-5", "1.5", "2019-03-01 00:00:00", "表情 😀\t\x01"},
			{"GD-3", "@x", "1099511627776"},
		}
		if f == XLSX { // control characters cannot stand in XML; midnight is a date
			want[2][4], want[2][3] = "表情 😀\t", "2019-03-01"
		} else {
			want[3] = append(want[3], "", "")
		}
		if d := diff(want, got); d != "" {
			t.Errorf("%s: %s", f, d)
		}
	}
}

// Another program reads what was written, and finds text where text is.
func TestXLSXForOthers(t *testing.T) {
	f, err := excelize.OpenReader(bytes.NewReader(write(t, XLSX, Options{SheetRows: 3, Comment: "7"}, sample())))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if l := f.GetSheetList(); len(l) != 2 {
		t.Fatalf("sheets: %v", l)
	}
	for sheet, want := range map[string][][]string{
		"Sheet1": {{"编号", "=evil", "n", "at", "text"}, {"GD-1", "=1+1", "42", "2026-11-21 12:30:15", "first line\nsecond, with \"quotes\" & <tags>"}, {"GD-2", "-5", "1.5", "2019-03-01 00:00:00", "表情 😀\t"}},
		"Sheet2": {{"编号", "=evil", "n", "at", "text"}, {"GD-3", "@x", "1099511627776", "0001-01-01 00:00:00"}},
	} {
		got, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if sheet == "Sheet2" {
			got[1] = got[1][:3]
			want[1] = want[1][:3]
		}
		if d := diff(want, got); d != "" {
			t.Errorf("%s: %s", sheet, d)
		}
	}
	if formula, err := f.GetCellFormula("Sheet1", "B2"); err != nil || formula != "" {
		t.Errorf("formula %q, %v", formula, err)
	}
	if kind, err := f.GetCellType("Sheet1", "B2"); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("type %v, %v", kind, err)
	}
}

// What other programs write is read: shared strings, dates, long numbers.
func TestXLSXOfOthers(t *testing.T) {
	f := excelize.NewFile()
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	own := `yyyy"年"m"月"d"日" hh:mm`
	moment, err := f.NewStyle(&excelize.Style{CustomNumFmt: &own})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(f.SetSheetRow("Sheet1", "A1", &[]any{"电话", "日期", "时间", "单号", "比率", "是"}))
	must(f.SetSheetRow("Sheet1", "A4", &[]any{13800138000, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 29, 8, 5, 0, 0, time.UTC), 202401010001, 0.1 + 0.2, true}))
	must(f.SetCellStyle("Sheet1", "B4", "B4", day))
	must(f.SetCellStyle("Sheet1", "C4", "C4", moment))
	must(f.SetCellRichText("Sheet1", "G1", []excelize.RichTextRun{{Text: "两"}, {Text: "段"}}))
	var b bytes.Buffer
	must(f.Write(&b))
	r, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()), Limits{})
	must(err)
	defer r.Close()
	head, err := r.Next()
	must(err)
	row, err := r.Next()
	must(err)
	if d := diff(Row{1, []string{"电话", "日期", "时间", "单号", "比率", "是", "两段"}}, head); d != "" {
		t.Error(d)
	}
	if d := diff(Row{4, []string{"13800138000", "2024-02-29", "2024-02-29 08:05:00", "202401010001", "0.3", "true"}}, row); d != "" {
		t.Error(d)
	}
}

func TestEncodings(t *testing.T) {
	text := "姓名,电话\r\n" + strings.Repeat("张三,13800138000\r\n", 6000) + "𠮷野,1\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{"utf-8": text, "gb18030": gb, "utf-16": wide} {
		r, err := Open(strings.NewReader(in), int64(len(in)), Limits{})
		if err != nil {
			t.Fatal(name, err)
		}
		if r.Encoding != name {
			t.Errorf("%s is taken for %s", name, r.Encoding)
		}
		n := 0
		var last Row
		for {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
			n, last = n+1, row
		}
		if n != 6002 || last.N != 6002 || last.Cells[0] != "𠮷野" {
			t.Errorf("%s: %d rows, the last %v", name, n, last)
		}
	}
}

func TestDelimiters(t *testing.T) {
	for in, want := range map[string]rune{"a,b\n1;2;3,4": ',', "a;b;c\n1,2": ';', "a\tb,c\td\n": '\t', "\"x;y;z\",b\n": ',', "a|b|c": '|', "sep=;\na,b;c": ';', "one": ',', "\n\na;b\n": ';'} {
		r, err := Open(strings.NewReader(in), int64(len(in)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Comma != want {
			t.Errorf("%q: %q", in, r.Comma)
		}
	}
}

func TestBounds(t *testing.T) {
	code := func(err error) string {
		var f *fault.Error
		if !errors.As(err, &f) {
			return fmt.Sprint(err)
		}
		return f.Code
	}
	for name, x := range map[string]struct {
		in   string
		l    Limits
		want string
	}{
		"rows":    {"a\n1\n2\n3\n", Limits{Rows: 3}, "too_many"},
		"columns": {"a,b,c\n", Limits{Columns: 2}, "too_wide"},
		"cell":    {"a\n" + strings.Repeat("x", 100), Limits{Cell: 99}, "cell_too_long"},
		"xls":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Limits{}, "sheet.xls"},
		"no zip":  {"PK\x03\x04 nothing", Limits{}, "broken"},
	} {
		if _, err := read([]byte(x.in), x.l); code(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Zip bombs: in the sheet and in the strings.
	bomb := func(part, open, unit, end string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range map[string]string{"xl/workbook.xml": `<workbook><sheets><sheet name="a" sheetId="1"/></sheets></workbook>`, "xl/worksheets/sheet1.xml": "<worksheet><sheetData/></worksheet>"} {
			if name != part {
				w, err := z.Create(name)
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(w, text)
			}
		}
		w, err := z.Create(part)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, open)
		for range 4 << 20 / len(unit) {
			io.WriteString(w, unit)
		}
		io.WriteString(w, end)
		z.Close()
		return b.Bytes()
	}
	if _, err := read(bomb("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c><v>", strings.Repeat("1", 1024), "</v></c></row></sheetData></worksheet>"), Limits{Unpacked: 1 << 20}); code(err) != "unpacked" {
		t.Error("sheet:", err)
	}
	if _, err := read(bomb("xl/sharedStrings.xml", "<sst>", "<si><t>x</t></si>", "</sst>"), Limits{Strings: 1 << 20}); code(err) != "unpacked" {
		t.Error("strings:", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("姓名,电话\n张三,1\n"))
	f.Add([]byte("sep=;\na;\"b\n"))
	f.Add([]byte("\xff\xfea\x00"))
	var b bytes.Buffer
	w, err := NewWriter(&b, XLSX, Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range sample() {
		if err := w.Row(r); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := Open(bytes.NewReader(in), int64(len(in)), Limits{Rows: 100, Columns: 50, Unpacked: 1 << 20, Strings: 1 << 20})
		if err != nil {
			return
		}
		defer r.Close()
		last := 0
		for {
			row, err := r.Next()
			if err != nil {
				var f *fault.Error
				if err != io.EOF && !errors.As(err, &f) {
					t.Fatalf("not a fault: %v", err)
				}
				return
			}
			if row.N <= last || len(row.Cells) > 50 {
				t.Fatalf("row %d after %d with %d cells", row.N, last, len(row.Cells))
			}
			last = row.N
		}
	})
}

func FuzzSafe(f *testing.F) {
	f.Add("=1")
	f.Add("''x")
	f.Fuzz(func(t *testing.T, s string) {
		if Plain(Safe(s)) != s {
			t.Fatalf("%q came back as %q", s, Plain(Safe(s)))
		}
		if risky(Safe(s)) {
			t.Fatalf("%q is still a formula", Safe(s))
		}
	})
}
