package extract

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
)

const (
	maxXMLDepth  = 256
	maxDirectory = 2 << 20 // bytes that the list of entries may take
	maxShared    = 500_000 // strings of a workbook
	maxSheets    = 200
)

// cappedAt bounds what opening a container reads, and so the list that is made.
type cappedAt struct {
	r    io.ReaderAt
	left int64 // negative: unbounded
}

func (c *cappedAt) ReadAt(p []byte, off int64) (int, error) {
	if c.left >= 0 {
		if int64(len(p)) > c.left {
			return 0, ErrTooLarge
		}
		c.left -= int64(len(p))
	}
	return c.r.ReadAt(p, off)
}

func readOffice(b *budget, r io.ReaderAt, size int64, res *Result) error {
	at := &cappedAt{r: r, left: maxDirectory}
	z, err := zip.NewReader(at, size)
	if errors.Is(err, ErrTooLarge) {
		return ErrTooLarge
	}
	if err != nil {
		return ErrBroken
	}
	at.left = -1
	if len(z.File) > b.limits.Entries {
		return ErrTooLarge
	}
	files := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		if _, twice := files[f.Name]; !twice {
			files[f.Name] = f
		}
	}
	p := &parts{b: b, files: files}
	switch {
	case files["word/document.xml"] != nil:
		res.Kind = DOCX
		return p.docx()
	case files["xl/workbook.xml"] != nil:
		res.Kind = XLSX
		return p.xlsx(res)
	}
	return ErrUnsupported
}

type parts struct {
	b     *budget
	files map[string]*zip.File
}

// walk reads the XML of a part; a part that is missing is empty.
func (p *parts) walk(name string, start func(xml.StartElement) error, end func(string) error, text func(string) error) error {
	f := p.files[name]
	if f == nil {
		return nil
	}
	if f.Flags&1 != 0 {
		return ErrEncrypted
	}
	rc, err := f.Open()
	if err != nil {
		return ErrBroken
	}
	defer rc.Close()
	d := xml.NewDecoder(p.b.reader(rc))
	d.CharsetReader = charset.NewReaderLabel
	depth := 0
	for {
		if err := p.b.tick(); err != nil {
			return err
		}
		t, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if limited(err) || p.b.ctx.Err() != nil {
				return err
			}
			return ErrBroken
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				return ErrBroken
			}
			err = start(t)
		case xml.EndElement:
			depth--
			err = end(t.Name.Local)
		case xml.CharData:
			err = text(string(t))
		}
		if err != nil {
			return err
		}
	}
}

// docx reads the body, then headers, footers and notes.
func (p *parts) docx() error {
	names := []string{"word/document.xml"}
	var rest []string
	for n := range p.files {
		for _, prefix := range []string{"word/header", "word/footer", "word/footnotes", "word/endnotes", "word/comments"} {
			if strings.HasPrefix(n, prefix) && strings.HasSuffix(n, ".xml") && path.Dir(n) == "word" {
				rest = append(rest, n)
			}
		}
	}
	slices.Sort(rest)
	for _, n := range append(names, rest...) {
		inText, fallback, cells := false, 0, 0
		err := p.walk(n, func(e xml.StartElement) error {
			switch e.Name.Local {
			case "t":
				inText = true
			case "Fallback": // the same again for old programs
				fallback++
			case "tab":
				return p.b.write("\t")
			case "br", "cr":
				return p.b.write("\n")
			case "tr":
				cells = 0
			case "tc":
				if cells++; cells > 1 {
					return p.b.write("\t")
				}
			}
			return nil
		}, func(name string) error {
			switch name {
			case "t":
				inText = false
			case "Fallback":
				fallback--
			case "p":
				if cells > 0 {
					return p.b.write(" ")
				}
				return p.b.write("\n")
			case "tr":
				cells = 0
				return p.b.write("\n")
			case "tbl":
				cells = 0
			}
			return nil
		}, func(s string) error {
			if inText && fallback == 0 {
				return p.b.write(s)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := p.b.write("\n"); err != nil {
			return err
		}
	}
	return nil
}

func attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

func nothing(string) error { return nil }

// xlsx reads the sheets in the order of the workbook, a row a line, cells
// parted by tabs, dates as dates.
func (p *parts) xlsx(res *Result) error {
	shared, err := p.shared()
	if err != nil {
		return err
	}
	dates, err := p.dateStyles()
	if err != nil {
		return err
	}
	targets := map[string]string{}
	err = p.walk("xl/_rels/workbook.xml.rels", func(e xml.StartElement) error {
		if e.Name.Local == "Relationship" && len(targets) < 10*maxSheets {
			t := attr(e, "Target")
			if !strings.HasPrefix(t, "/") {
				t = path.Join("xl", t)
			}
			targets[attr(e, "Id")] = strings.TrimPrefix(t, "/")
		}
		return nil
	}, nothing, nothing)
	if err != nil {
		return err
	}
	type sheet struct{ name, part string }
	var sheets []sheet
	date1904 := false
	err = p.walk("xl/workbook.xml", func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			v := attr(e, "date1904")
			date1904 = v == "1" || v == "true"
		case "sheet":
			id := ""
			for _, a := range e.Attr {
				if a.Name.Space == "r" && a.Name.Local == "id" {
					id = a.Value
				}
			}
			if len(sheets) < maxSheets {
				sheets = append(sheets, sheet{attr(e, "name"), targets[id]})
			}
		}
		return nil
	}, nothing, nothing)
	if err != nil {
		return err
	}
	for i, s := range sheets {
		if p.files[s.part] == nil {
			s.part = "xl/worksheets/sheet" + strconv.Itoa(i+1) + ".xml"
		}
		if err := p.b.write("\n" + s.name + "\n"); err != nil {
			return err
		}
		if err := p.sheet(s.part, shared, dates, date1904); err != nil {
			return err
		}
		res.Pages++
	}
	return nil
}

func (p *parts) sheet(part string, shared []string, dates map[int]bool, date1904 bool) error {
	var kind string
	var style, cells int
	var value strings.Builder
	inValue, phonetic := false, 0
	return p.walk(part, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			cells = 0
		case "c":
			kind = attr(e, "t")
			style, _ = strconv.Atoi(attr(e, "s"))
			value.Reset()
		case "v", "t":
			inValue = phonetic == 0
		case "rPh":
			phonetic++
		}
		return nil
	}, func(name string) error {
		switch name {
		case "v", "t":
			inValue = false
		case "rPh":
			phonetic--
		case "c":
			s := value.String()
			switch kind {
			case "s":
				i, err := strconv.Atoi(strings.TrimSpace(s))
				if err != nil || i < 0 || i >= len(shared) {
					return nil
				}
				s = shared[i]
			case "b":
				s = map[string]string{"1": "TRUE", "0": "FALSE"}[s]
			case "", "n":
				if dates[style] {
					s = serialDate(s, date1904)
				}
			}
			if s == "" {
				return nil
			}
			if cells++; cells > 1 {
				s = "\t" + s
			}
			return p.b.write(s)
		case "row":
			if cells > 0 {
				return p.b.write("\n")
			}
		}
		return nil
	}, func(s string) error {
		if inValue {
			value.WriteString(s)
		}
		return nil
	})
}

func (p *parts) shared() ([]string, error) {
	var out []string
	var item strings.Builder
	inText, phonetic := false, 0
	err := p.walk("xl/sharedStrings.xml", func(e xml.StartElement) error {
		switch e.Name.Local {
		case "si":
			item.Reset()
		case "t":
			inText = phonetic == 0
		case "rPh":
			phonetic++
		}
		return nil
	}, func(name string) error {
		switch name {
		case "t":
			inText = false
		case "rPh":
			phonetic--
		case "si":
			if len(out) >= maxShared {
				return ErrTooLarge
			}
			out = append(out, item.String())
		}
		return nil
	}, func(s string) error {
		if inText {
			item.WriteString(s)
		}
		return nil
	})
	return out, err
}

// dateStyles tells which styles of cells show a number as a date.
func (p *parts) dateStyles() (map[int]bool, error) {
	dates, formats := map[int]bool{}, map[string]bool{}
	inXfs, n := false, 0
	err := p.walk("xl/styles.xml", func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			if len(formats) < 10_000 {
				formats[attr(e, "numFmtId")] = isDateFormat(attr(e, "formatCode"))
			}
		case "cellXfs":
			inXfs = true
		case "xf":
			if !inXfs || n > 100_000 {
				return nil
			}
			id := attr(e, "numFmtId")
			k, _ := strconv.Atoi(id)
			if custom, ok := formats[id]; ok && custom || !ok && (k >= 14 && k <= 22 || k >= 27 && k <= 36 || k >= 45 && k <= 47 || k >= 50 && k <= 58) {
				dates[n] = true
			}
			n++
		}
		return nil
	}, func(name string) error {
		if name == "cellXfs" {
			inXfs = false
		}
		return nil
	}, nothing)
	return dates, err
}

func isDateFormat(code string) bool {
	quoted, bracket := false, false
	for _, c := range strings.ToLower(code) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == 'y', c == 'd', c == 'h', c == 's':
			return true
		}
	}
	return false
}

// serialDate turns days since 1899-12-30 (or 1904-01-01) into a date.
func serialDate(s string, date1904 bool) string {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || v < 0 || v > 2_958_466 {
		return s
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if date1904 {
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	days, frac := math.Modf(v)
	t := base.AddDate(0, 0, int(days)).Add(time.Duration(math.Round(frac*86400)) * time.Second)
	switch {
	case days == 0:
		return t.Format("15:04:05")
	case frac == 0:
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04:05")
}
