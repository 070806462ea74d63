// Package extract reads the text of attachments, so that understanding and
// search see what a customer attached: PDF, DOCX, XLSX, HTML, and plain text
// with its charset found out. What a mail holds is for the mail channel, which
// takes the parts apart and hands each to this room.
//
// It promises that a file costs at most its Limits in time, in what it inflates
// to and in text, whatever it says of itself; that nothing in it is run, opened
// or fetched; that parts within parts are not followed; and that it never
// panics. What was read before a limit was reached is given, marked Truncated.
//
// The formats are read by hand from their published descriptions (ISO 32000-1
// for PDF, ECMA-376 for Office Open XML): what could be bought from a library
// is reading that cannot be stopped midway.
package extract

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
)

// Kind is what a file proved to be.
type Kind string

// The kinds.
const (
	PDF      Kind = "pdf"
	DOCX     Kind = "docx"
	XLSX     Kind = "xlsx"
	HTML     Kind = "html"
	CSV      Kind = "csv"
	Markdown Kind = "markdown"
	Plain    Kind = "text"
)

// Errors; compare with errors.Is.
var (
	ErrUnsupported = fault.New(fault.Invalid, "extract.unsupported", "files of this type have no text that can be read")
	ErrEncrypted   = fault.New(fault.Invalid, "extract.encrypted", "the file is protected by a password")
	ErrBroken      = fault.New(fault.Invalid, "extract.broken", "the file is damaged")
	ErrTooLarge    = fault.New(fault.TooLarge, "extract.too_large", "the file is larger, or inflates to more, than is read")
	ErrTooLong     = fault.New(fault.TooLarge, "extract.too_long", "reading the file takes too long")
)

// Limits of one file; zero takes the default.
type Limits struct {
	Input    int64         // bytes of the file; 32 MiB
	Inflated int64         // bytes that all its parts inflate to; 64 MiB
	Text     int           // runes; 200,000
	Pages    int           // 500
	Entries  int           // of a container; 2,000
	Time     time.Duration // 1.5 s, which one step may overrun a little
}

func (l Limits) withDefaults() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	n := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Input, 32<<20)
	def(&l.Inflated, 64<<20)
	n(&l.Text, 200_000)
	n(&l.Pages, 500)
	n(&l.Entries, 2_000)
	if l.Time <= 0 {
		l.Time = 1500 * time.Millisecond
	}
	return l
}

// Result is the text. A PDF of scanned pages has pages and no text.
type Result struct {
	Text      string
	Pages     int // of a PDF; sheets of an XLSX
	Truncated bool
	Kind      Kind
}

// Text reads a file. The bytes tell the type; name and declared type choose
// only among what the bytes allow.
func Text(ctx context.Context, name, contentType string, r io.ReaderAt, size int64, l Limits) (res Result, err error) {
	l = l.withDefaults()
	if size > l.Input {
		return Result{}, ErrTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, l.Time)
	defer cancel()
	b := &budget{ctx: ctx, inflated: l.Inflated, text: l.Text, limits: l}
	defer func() {
		if p := recover(); p != nil { // a fault of ours: the file is not worth a crash
			res, err = Result{}, ErrBroken
		}
	}()
	head := make([]byte, min(size, 1024))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return Result{}, err
	}
	switch is := guard.ContentType(head, contentType, name); {
	case strings.Contains(string(head), "%PDF-"): // some writers put bytes before it
		res.Kind = PDF
		err = readPDF(b, r, size, &res)
	case is == "application/zip" || strings.HasPrefix(is, "application/vnd.openxmlformats"):
		err = readOffice(b, r, size, &res)
	case is == "application/x-ole-storage" && strings.HasSuffix(strings.ToLower(path.Ext(name)), "x"):
		return Result{}, ErrEncrypted // a protected DOCX or XLSX is wrapped so
	case is == "text/html":
		res.Kind = HTML
		err = readHTML(b, r, size)
	case strings.HasPrefix(is, "text/"), is == "application/json", is == "application/octet-stream" && plainName(name, contentType):
		switch ext := strings.ToLower(path.Ext(name)); {
		case is == "text/csv" || ext == ".csv" || ext == ".tsv":
			res.Kind = CSV
		case is == "text/markdown" || ext == ".md":
			res.Kind = Markdown
		default:
			res.Kind = Plain
		}
		err = readPlain(b, r, size)
	default:
		return Result{}, ErrUnsupported
	}
	res.Text = b.String()
	if limited(err) {
		res.Truncated = true
		if res.Text != "" {
			err = nil
		}
	}
	if err == errFull {
		err = nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = ErrTooLong
	}
	if err != nil {
		return Result{}, err
	}
	return res, nil
}

// plainName says whether a file that sniffing takes for binary, such as text
// in UTF-16, is called text.
func plainName(name, declared string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".csv", ".tsv", ".md", ".log", ".ini", ".json":
		return true
	}
	return strings.HasPrefix(declared, "text/")
}

var errFull = errors.New("enough text")

func limited(err error) bool {
	return err == errFull || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrTooLong) || errors.Is(err, context.DeadlineExceeded)
}

// budget is what a file may still cost, and the text so far.
type budget struct {
	ctx      context.Context
	limits   Limits
	inflated int64
	text     int // runes left
	out      strings.Builder
	ticks    uint
	last     rune
	blank    int // newlines at the end
}

// tick is called in every loop; it looks at the clock now and then.
func (b *budget) tick() error {
	if b.ticks++; b.ticks%256 == 0 {
		return b.check()
	}
	return nil
}

func (b *budget) check() error {
	switch err := b.ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return ErrTooLong
	default:
		return err
	}
}

// write adds text: control characters go, blanks and empty lines do not pile up.
func (b *budget) write(s string) error {
	for _, r := range s {
		switch {
		case r == '\r':
			r = '\n'
			if b.last == '\n' {
				continue
			}
		case r == '\n', r == '\t':
		case r == 0xa0, r == 0x3000 && b.last == ' ':
			r = ' '
		case r == utf8.RuneError, unicode.IsControl(r), r >= 0xe000 && r <= 0xf8ff, r == 0xad, r == 0xfeff:
			continue
		}
		if r == '\n' {
			if b.blank >= 2 || b.out.Len() == 0 {
				continue
			}
			b.blank++
		} else if r == ' ' && (b.last == ' ' || b.last == '\n') {
			continue
		} else {
			b.blank = 0
		}
		if b.text <= 0 {
			return errFull
		}
		b.text--
		b.out.WriteRune(r)
		b.last = r
	}
	return nil
}

func (b *budget) String() string { return strings.TrimSpace(b.out.String()) }

// reader counts what is inflated and stops in time.
func (b *budget) reader(r io.Reader) io.Reader { return &budgetReader{b, r} }

type budgetReader struct {
	b *budget
	r io.Reader
}

func (r *budgetReader) Read(p []byte) (int, error) {
	if err := r.b.check(); err != nil {
		return 0, err
	}
	if r.b.inflated <= 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > r.b.inflated {
		p = p[:r.b.inflated]
	}
	n, err := r.r.Read(p)
	r.b.inflated -= int64(n)
	return n, err
}

// all reads a whole file, which is within Limits.Input.
func all(r io.ReaderAt, size int64) ([]byte, error) {
	data := make([]byte, size)
	n, err := r.ReadAt(data, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return data[:n], nil
}
