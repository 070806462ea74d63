package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"zhidan/internal/platform/fault"
)

const maxParts = 10_000 // of an archive

var errUnpacked = fault.Bad("file", "unpacked", "the file unpacks to more than can be read")

// xlsxReader reads the first sheet of a workbook (ECMA-376) as a stream.
type xlsxReader struct {
	zip      *zip.Reader
	left     int64 // bytes that may still be unpacked
	limits   Limits
	strings  []string
	dates    []bool // by style
	from1904 bool

	sheet *xml.Decoder
	body  io.Closer
	row   int
}

func openXLSX(f io.ReaderAt, size int64, l Limits) (_ *Reader, err error) {
	z, err := zip.NewReader(f, size)
	if err != nil || len(z.File) > maxParts {
		return nil, broken()
	}
	x := &xlsxReader{zip: z, left: l.Unpacked, limits: l}
	target, err := x.workbook()
	if err != nil {
		return nil, x.fault(err)
	}
	if err := x.styles(); err != nil {
		return nil, x.fault(err)
	}
	if err := x.shared(); err != nil {
		return nil, x.fault(err)
	}
	if x.sheet, x.body, err = x.open(target); err != nil {
		return nil, x.fault(err)
	}
	if x.sheet == nil {
		return nil, broken()
	}
	r := &Reader{Format: XLSX, limits: l, close: func() { x.body.Close() }}
	r.next = func() (Row, error) {
		row, err := x.next()
		if err != nil && err != io.EOF {
			err = x.fault(err)
		}
		return row, err
	}
	return r, nil
}

// fault keeps what says too much, and calls everything else broken.
func (x *xlsxReader) fault(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return broken()
}

// bounded counts what is unpacked: a size that an archive declares is a claim.
type bounded struct {
	r io.ReadCloser
	x *xlsxReader
}

func (b bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.x.left -= int64(n); b.x.left < 0 {
		return 0, errUnpacked
	}
	return n, err
}

// open gives a part as XML; nil when there is none.
func (x *xlsxReader) open(name string) (*xml.Decoder, io.Closer, error) {
	for _, f := range x.zip.File {
		if !strings.EqualFold(strings.TrimPrefix(f.Name, "/"), name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, nil, err
		}
		d := xml.NewDecoder(bufio.NewReaderSize(bounded{r, x}, 64<<10))
		d.Strict = false
		return d, r, nil
	}
	return nil, nil, nil
}

// each walks the start tags of a part.
func (x *xlsxReader) each(name string, fn func(d *xml.Decoder, t xml.StartElement) error) error {
	d, body, err := x.open(name)
	if err != nil || d == nil {
		return err
	}
	defer body.Close()
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if t, ok := tok.(xml.StartElement); ok {
			if err := fn(d, t); err != nil {
				return err
			}
		}
	}
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// workbook finds the first sheet that is not hidden.
func (x *xlsxReader) workbook() (target string, err error) {
	rel, any := "", ""
	err = x.each("xl/workbook.xml", func(_ *xml.Decoder, t xml.StartElement) error {
		switch t.Name.Local {
		case "workbookPr":
			v := attr(t, "date1904")
			x.from1904 = v == "1" || v == "true"
		case "sheet":
			id := ""
			for _, a := range t.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					id = a.Value
				}
			}
			if any == "" {
				any = id
			}
			if state := attr(t, "state"); rel == "" && (state == "" || state == "visible") {
				rel = id
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if rel == "" {
		rel = any
	}
	target = "xl/worksheets/sheet1.xml"
	return target, x.each("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, t xml.StartElement) error {
		if t.Name.Local == "Relationship" && attr(t, "Id") == rel && rel != "" {
			if to := attr(t, "Target"); strings.HasPrefix(to, "/") {
				target = strings.TrimPrefix(path.Clean(to), "/")
			} else {
				target = path.Join("xl", to)
			}
		}
		return nil
	})
}

// styles learns which styles show a number as a date.
func (x *xlsxReader) styles() error {
	custom := map[int]bool{}
	cells := false
	return x.each("xl/styles.xml", func(_ *xml.Decoder, t xml.StartElement) error {
		switch t.Name.Local {
		case "numFmt":
			if n, err := strconv.Atoi(attr(t, "numFmtId")); err == nil && len(custom) < 10_000 {
				custom[n] = dateFormat(attr(t, "formatCode"))
			}
		case "cellXfs":
			cells = true
		case "cellStyles", "dxfs":
			cells = false
		case "xf":
			if !cells || len(x.dates) >= 100_000 {
				return nil
			}
			n, _ := strconv.Atoi(attr(t, "numFmtId"))
			x.dates = append(x.dates, n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58 || custom[n])
		}
		return nil
	})
}

// dateFormat says whether a number format shows a date or a time: whether it
// has one of their letters outside of quotes, brackets and escapes.
func dateFormat(code string) bool {
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '\\', '_', '*':
			i++
		case '"':
			j := strings.IndexByte(code[i+1:], '"')
			if j < 0 {
				return false
			}
			i += j + 1
		case '[':
			j := strings.IndexByte(code[i:], ']')
			if j < 0 {
				return false
			}
			if in := strings.ToLower(code[i+1 : i+j]); in == "h" || in == "hh" || in == "m" || in == "mm" || in == "s" || in == "ss" {
				return true
			}
			i += j
		case 'y', 'Y', 'd', 'D', 'h', 'H', 'm', 'M', 's', 'S':
			return true
		case 'G', 'E', 'e': // General, and exponents
			return false
		}
	}
	return false
}

// shared reads the strings that cells name by number.
func (x *xlsxReader) shared() error {
	left := x.limits.Strings
	return x.each("xl/sharedStrings.xml", func(d *xml.Decoder, t xml.StartElement) error {
		if t.Name.Local != "si" {
			return nil
		}
		s, err := rich(d, "si")
		if err != nil {
			return err
		}
		if left -= int64(len(s)) + 16; left < 0 {
			return errUnpacked
		}
		x.strings = append(x.strings, s)
		return nil
	})
}

// rich puts the runs of a text together, without how it is pronounced.
func rich(d *xml.Decoder, until string) (string, error) {
	var b strings.Builder
	text, spoken := false, false
	for {
		tok, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			text = t.Name.Local == "t"
			spoken = spoken || t.Name.Local == "rPh"
		case xml.EndElement:
			text = false
			switch t.Name.Local {
			case "rPh":
				spoken = false
			case until:
				return b.String(), nil
			}
		case xml.CharData:
			if text && !spoken {
				b.Write(t)
			}
		}
	}
}

// next reads one row of the sheet.
func (x *xlsxReader) next() (Row, error) {
	for {
		tok, err := x.sheet.RawToken()
		if err != nil {
			return Row{}, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if t.Name.Local == "row" {
				x.row++
				if n, err := strconv.Atoi(attr(t, "r")); err == nil && n >= x.row && n <= maxSheetRows {
					x.row = n
				}
				cells, err := x.cells()
				return Row{x.row, cells}, err
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				return Row{}, io.EOF
			}
		}
	}
}

func (x *xlsxReader) cells() ([]string, error) {
	var out []string
	for {
		tok, err := x.sheet.RawToken()
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at := len(out)
			if n, ok := columnOf(attr(t, "r")); ok && n >= at {
				at = n
			}
			if at >= 16_384 {
				return nil, broken()
			}
			style, _ := strconv.Atoi(attr(t, "s"))
			s, err := x.cell(attr(t, "t"), style)
			if err != nil {
				return nil, err
			}
			if s == "" {
				continue // cells that only have a style make no column
			}
			for len(out) < at {
				out = append(out, "")
			}
			out = append(out, s)
		case xml.EndElement:
			if t.Name.Local == "row" {
				return out, nil
			}
		}
	}
}

// cell reads to the end of a cell and says what it shows.
func (x *xlsxReader) cell(kind string, style int) (string, error) {
	var b strings.Builder
	value, inline := false, ""
	for {
		tok, err := x.sheet.RawToken()
		if err != nil {
			return "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			value = t.Name.Local == "v"
			if t.Name.Local == "is" {
				if inline, err = rich(x.sheet, "is"); err != nil {
					return "", err
				}
			}
		case xml.CharData:
			if value {
				b.Write(t)
			}
		case xml.EndElement:
			value = false
			if t.Name.Local == "c" {
				if kind == "inlineStr" {
					return inline, nil
				}
				return x.shown(kind, style, b.String()), nil
			}
		}
	}
}

func (x *xlsxReader) shown(kind string, style int, v string) string {
	switch kind {
	case "s":
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n >= 0 && n < len(x.strings) {
			return x.strings[n]
		}
		return ""
	case "str", "e":
		return v
	case "b":
		if strings.TrimSpace(v) == "1" {
			return "true"
		}
		return "false"
	case "d": // ISO 8601
		return strings.TrimSuffix(strings.Replace(v, "T", " ", 1), "Z")
	}
	if v = strings.TrimSpace(v); v == "" {
		return ""
	}
	if style >= 0 && style < len(x.dates) && x.dates[style] {
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			if s, ok := fromSerial(f, x.from1904); ok {
				return s
			}
		}
	}
	return number(v)
}

// columnOf is the column of a reference such as BC12.
func columnOf(ref string) (int, bool) {
	n := 0
	for i := range len(ref) {
		c := ref[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if n = n*26 + int(c-'A') + 1; n > 1<<20 {
				return 0, false
			}
		default:
			return n - 1, n > 0
		}
	}
	return 0, false
}
