package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

type csvWriter struct {
	w   *csv.Writer
	row []string
}

func newCSV(w io.Writer, o Options) (Writer, error) {
	if o.BOM {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, err
		}
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return &csvWriter{w: c}, nil
}

func (c *csvWriter) Row(cells []any) error {
	c.row = c.row[:0]
	for _, v := range cells {
		s, err := cellText(v)
		if err != nil {
			return err
		}
		c.row = append(c.row, s)
	}
	return c.w.Write(c.row)
}

func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}

func cellText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return Safe(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		if v.IsZero() {
			return "", nil
		}
		return v.Format(Stamp), nil
	}
	return "", fmt.Errorf("sheet: a cell cannot be a %T", v)
}

func openCSV(f io.ReaderAt, size int64, l Limits) (*Reader, error) {
	text, encoding, err := decode(f, size)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(text, 64<<10)
	head, err := in.Peek(60 << 10)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, broken()
	}
	r := &Reader{Format: CSV, Encoding: encoding, Comma: delimiter(head), limits: l}
	n := 0
	// "sep=;" in the first line is for spreadsheet programs.
	if line, _, ok := bytes.Cut(head, []byte("\n")); ok && len(bytes.TrimRight(line, "\r")) == 5 && strings.HasPrefix(strings.ToLower(string(line)), "sep=") {
		r.Comma = rune(line[4])
		if _, err := in.Discard(len(line) + 1); err != nil {
			return nil, broken()
		}
		n++
	}
	c := csv.NewReader(in)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes = r.Comma, -1, true
	r.next = func() (Row, error) {
		cells, err := c.Read()
		if err == io.EOF {
			return Row{}, io.EOF
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return Row{}, broken()
		}
		if err != nil {
			return Row{}, err
		}
		n++
		for i, s := range cells {
			cells[i] = Plain(s)
		}
		return Row{n, cells}, nil
	}
	return r, nil
}

// decode gives the file as UTF-8.
func decode(f io.ReaderAt, size int64) (io.Reader, string, error) {
	all := func() io.Reader { return io.NewSectionReader(f, 0, size) }
	head := make([]byte, 3)
	n, err := io.ReadFull(all(), head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, "", err
	}
	switch head = head[:n]; {
	case string(head) == "\ufeff":
		return io.NewSectionReader(f, 3, size-3), "utf-8", nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return transform.NewReader(all(), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), "utf-16", nil
	}
	ok, err := isUTF8(all())
	if err != nil {
		return nil, "", err
	}
	if ok {
		return all(), "utf-8", nil
	}
	return transform.NewReader(all(), simplifiedchinese.GB18030.NewDecoder()), "gb18030", nil
}

// isUTF8 reads the whole file: a comment far down may be the only place where
// the encodings differ.
func isUTF8(r io.Reader) (bool, error) {
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		n += kept
		end := n
		if err == nil { // a character may go on in what comes
			for back := 1; back <= min(utf8.UTFMax-1, n); back++ {
				if c := buf[n-back]; utf8.RuneStart(c) {
					if c >= utf8.RuneSelf && !utf8.FullRune(buf[n-back:n]) {
						end = n - back
					}
					break
				}
			}
		}
		if !utf8.Valid(buf[:end]) {
			return false, nil
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, buf[end:n])
	}
}

var commas = []rune{',', '\t', ';', '|'}

// delimiter is what the first row has most of outside of quotes.
func delimiter(head []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, c := range string(head) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' && len(counts) > 0:
			return most(counts)
		case strings.ContainsRune(",\t;|", c):
			counts[c]++
		}
	}
	return most(counts)
}

func most(counts map[rune]int) rune {
	best := ','
	for _, c := range commas {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}
