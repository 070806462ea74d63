package sheet

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The format has bounds of its own.
const (
	maxSheetRows = 1_048_576
	maxCellRunes = 32_767
)

// Styles of the cells, by their place in styles.xml.
const (
	styleText   = 1 // shown as it is, never a formula
	styleMoment = 2
	styleHead   = 3
)

// xlsxWriter writes an archive in one go: sheets first, what names them last.
type xlsxWriter struct {
	zip    *zip.Writer
	out    *bufio.Writer // the sheet that is being written
	limit  int
	head   []any
	row    int // of the sheet
	sheets int
	names  []string // of the sheets; those without one are numbered
	buf    []byte
}

// Table is one sheet of a book; the first row names the columns.
type Table struct {
	Name string
	Rows [][]any
}

// WriteBook writes several tables as the sheets of one XLSX file.
func WriteBook(w io.Writer, tables []Table) error {
	x := &xlsxWriter{zip: zip.NewWriter(w), limit: maxSheetRows}
	for _, t := range tables {
		if err := x.end(); err != nil {
			return err
		}
		x.head = nil
		for len(x.names) < x.sheets {
			x.names = append(x.names, "")
		}
		x.names = append(x.names, t.Name)
		if err := x.begin(); err != nil {
			return err
		}
		for n, row := range t.Rows {
			style := styleText
			if n == 0 {
				style = styleHead
			}
			if err := x.write(row, style); err != nil {
				return err
			}
		}
	}
	return x.Close()
}

// sheetName is what a sheet can be called: some signs and more than 31
// characters it cannot have.
func (x *xlsxWriter) sheetName(n int) string {
	if n > len(x.names) || x.names[n-1] == "" {
		return fmt.Sprintf("Sheet%d", n)
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return ' '
		}
		return r
	}, x.names[n-1])
	if r := []rune(name); len(r) > 31 {
		name = string(r[:31])
	}
	return strings.ReplaceAll(string(appendXML(nil, name)), `"`, "&quot;")
}

func newXLSX(w io.Writer, o Options) (Writer, error) {
	x := &xlsxWriter{zip: zip.NewWriter(w), limit: o.SheetRows}
	if x.limit <= 1 || x.limit > maxSheetRows {
		x.limit = 1_000_000
	}
	if o.Comment != "" {
		if err := x.zip.SetComment(o.Comment); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *xlsxWriter) part(name, content string) error {
	w, err := x.zip.Create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xmlHead+content)
	return err
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

func (x *xlsxWriter) begin() error {
	x.sheets++
	x.row = 0
	w, err := x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.sheets))
	if err != nil {
		return err
	}
	x.out = bufio.NewWriterSize(w, 64<<10)
	_, err = x.out.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="64" width="18" customWidth="1"/></cols><sheetData>`)
	return err
}

func (x *xlsxWriter) end() error {
	if x.out == nil {
		return nil
	}
	if _, err := x.out.WriteString(`</sheetData></worksheet>`); err != nil {
		return err
	}
	err := x.out.Flush()
	x.out = nil
	return err
}

func (x *xlsxWriter) Row(cells []any) error {
	if x.out != nil && x.row == x.limit {
		if err := x.end(); err != nil {
			return err
		}
	}
	if x.out == nil {
		if err := x.begin(); err != nil {
			return err
		}
		if x.sheets > 1 {
			if err := x.write(x.head, styleHead); err != nil {
				return err
			}
		}
	}
	if x.head == nil {
		x.head = append([]any{}, cells...)
		return x.write(cells, styleHead)
	}
	return x.write(cells, styleText)
}

func (x *xlsxWriter) write(cells []any, style int) error {
	x.row++
	b := append(x.buf[:0], `<row r="`...)
	b = strconv.AppendInt(b, int64(x.row), 10)
	b = append(b, `">`...)
	for i, v := range cells {
		if v == nil || v == "" {
			continue
		}
		b = append(b, `<c r="`...)
		b = appendColumn(b, i)
		b = strconv.AppendInt(b, int64(x.row), 10)
		switch v := v.(type) {
		case string:
			b = append(b, `" s="`...)
			b = strconv.AppendInt(b, int64(style), 10)
			b = append(b, `" t="inlineStr"><is><t xml:space="preserve">`...)
			b = appendXML(b, v)
			b = append(b, `</t></is></c>`...)
		case int:
			b = append(b, `"><v>`...)
			b = strconv.AppendInt(b, int64(v), 10)
			b = append(b, `</v></c>`...)
		case int64:
			b = append(b, `"><v>`...)
			b = strconv.AppendInt(b, v, 10)
			b = append(b, `</v></c>`...)
		case float64:
			b = append(b, `"><v>`...)
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
			b = append(b, `</v></c>`...)
		case bool:
			b = append(b, `" t="b"><v>`...)
			if v {
				b = append(b, '1')
			} else {
				b = append(b, '0')
			}
			b = append(b, `</v></c>`...)
		case time.Time:
			b = append(b, `" s="`...)
			b = strconv.AppendInt(b, styleMoment, 10)
			b = append(b, `"><v>`...)
			b = strconv.AppendFloat(b, serial(v), 'f', -1, 64)
			b = append(b, `</v></c>`...)
		default:
			return fmt.Errorf("sheet: a cell cannot be a %T", v)
		}
	}
	b = append(b, `</row>`...)
	x.buf = b
	_, err := x.out.Write(b)
	return err
}

// appendColumn writes the letters of a column: A … Z, AA …
func appendColumn(b []byte, i int) []byte {
	if i >= 26 {
		b = appendColumn(b, i/26-1)
	}
	return append(b, byte('A'+i%26))
}

// appendXML escapes text, leaves out what XML cannot hold, and cuts what the
// format cannot.
func appendXML(b []byte, s string) []byte {
	n := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		n++
		if n == maxCellRunes && i+size < len(s) {
			return append(b, "…"...)
		}
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '\r':
			b = append(b, "&#13;"...)
		case r == utf8.RuneError && size == 1, r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return b
}

func (x *xlsxWriter) Close() error {
	if x.sheets == 0 {
		if err := x.begin(); err != nil {
			return err
		}
	}
	if err := x.end(); err != nil {
		return err
	}
	var types, sheets, rels strings.Builder
	for i := 1; i <= x.sheets; i++ {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, x.sheetName(i), i, i)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i, i)
	}
	for _, p := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` + types.String() + `</Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + rels.String() + fmt.Sprintf(`<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`, x.sheets+1)},
		{"xl/styles.xml", xlsxStyles},
	} {
		if err := x.part(p[0], p[1]); err != nil {
			return err
		}
	}
	return x.zip.Close()
}

const xlsxStyles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyFont="1"/></cellXfs></styleSheet>`
