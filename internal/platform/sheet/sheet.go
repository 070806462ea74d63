// Package sheet reads and writes tables as CSV and XLSX, row by row.
//
// It promises:
//   - nothing that is written can be taken for a formula: in CSV by a mark
//     before the text (Safe), in XLSX by the type of the cell;
//   - memory does not grow with the number of rows, in either direction (but
//     for the shared strings of a foreign XLSX file, which are bounded);
//   - a stranger's file is read within bounds of rows, columns, bytes of a cell
//     and bytes after unpacking, and costs no more than a fault that says what
//     is wrong with it;
//   - what was written is read again as it was.
//
// Text files may be in UTF-8, UTF-16 with a mark, or GB18030, and be separated
// by comma, semicolon, tab or bar: both are found out.
package sheet

import (
	"fmt"
	"io"
	"strings"

	"zhidan/internal/platform/fault"
)

// Format is a kind of file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// ContentType is the format's media type.
func (f Format) ContentType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Writer writes a table. A cell is a string, a bool, an int, int64 or float64, a
// time.Time or nil; the first row names the columns.
type Writer interface {
	Row(cells []any) error
	// Close writes what is still to be written; it does not close the file.
	Close() error
}

// Options of a table that is written.
type Options struct {
	BOM bool // CSV: begin with the mark by which spreadsheet programs know UTF-8
	// SheetRows is after how many rows XLSX goes on in another sheet, which
	// begins with the names of the columns again; zero: 1,000,000.
	SheetRows int
	// Comment goes into the archive of an XLSX file.
	Comment string
}

// NewWriter begins a table.
func NewWriter(w io.Writer, f Format, o Options) (Writer, error) {
	switch f {
	case CSV:
		return newCSV(w, o)
	case XLSX:
		return newXLSX(w, o)
	}
	return nil, fault.Bad("format", "choice", "a table is csv or xlsx")
}

// Write writes a whole table of text.
func Write(w io.Writer, f Format, rows [][]string) error {
	out, err := NewWriter(w, f, Options{BOM: true})
	if err != nil {
		return err
	}
	for _, row := range rows {
		cells := make([]any, len(row))
		for i, s := range row {
			cells[i] = s
		}
		if err := out.Row(cells); err != nil {
			return err
		}
	}
	return out.Close()
}

// Limits of a table that is read. Zero fields have the defaults in brackets.
type Limits struct {
	Rows     int   // with the one that names the columns [200,001]
	Columns  int   // [200]
	Cell     int   // bytes [1 MiB]
	Unpacked int64 // bytes of the parts of an XLSX file that are read [512 MiB]
	Strings  int64 // bytes of its shared strings [128 MiB]
}

func (l Limits) orDefault() Limits {
	set := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	set(&l.Rows, 200_001)
	set(&l.Columns, 200)
	set(&l.Cell, 1<<20)
	if l.Unpacked <= 0 {
		l.Unpacked = 512 << 20
	}
	if l.Strings <= 0 {
		l.Strings = 128 << 20
	}
	return l
}

// Row is one row of a table that is read.
type Row struct {
	N     int // as a spreadsheet program counts, from 1
	Cells []string
}

// Blank says that nothing stands in the row.
func (r Row) Blank() bool {
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// Reader reads a table. Rows in which nothing stands are left out.
type Reader struct {
	Format   Format
	Encoding string // of a text file: utf-8, utf-16, gb18030
	Comma    rune   // of a text file

	limits Limits
	rows   int
	next   func() (Row, error)
	close  func()
}

// Open begins to read a table, whatever it is.
func Open(f io.ReaderAt, size int64, l Limits) (*Reader, error) {
	l = l.orDefault()
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case string(head[:n]) == "PK\x03\x04":
		return openXLSX(f, size, l)
	case string(head[:n]) == "\xd0\xcf\x11\xe0":
		return nil, fault.Bad("file", "sheet.xls", "this is a file of the old XLS format: save it as XLSX")
	}
	return openCSV(f, size, l)
}

// Next gives the next row; io.EOF after the last.
func (r *Reader) Next() (Row, error) {
	for {
		row, err := r.next()
		if err != nil {
			return Row{}, err
		}
		if row.Blank() {
			continue
		}
		if r.rows++; r.rows > r.limits.Rows {
			return Row{}, fault.Bad("file", "too_many", "at most %d rows", r.limits.Rows-1).With("max", fmt.Sprint(r.limits.Rows-1))
		}
		if len(row.Cells) > r.limits.Columns {
			for len(row.Cells) > r.limits.Columns && strings.TrimSpace(row.Cells[len(row.Cells)-1]) == "" {
				row.Cells = row.Cells[:len(row.Cells)-1]
			}
			if len(row.Cells) > r.limits.Columns {
				return Row{}, fault.Bad("file", "too_wide", "at most %d columns", r.limits.Columns).With("max", fmt.Sprint(r.limits.Columns))
			}
		}
		for _, c := range row.Cells {
			if len(c) > r.limits.Cell {
				return Row{}, fault.Bad("file", "cell_too_long", "a cell of row %d is longer than %d bytes", row.N, r.limits.Cell)
			}
		}
		return row, nil
	}
}

// Close lets go of what reading holds.
func (r *Reader) Close() {
	if r.close != nil {
		r.close()
	}
}

// Read reads a whole table into memory.
func Read(f io.ReaderAt, size int64, l Limits) ([][]string, error) {
	r, err := Open(f, size, l)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var rows [][]string
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row.Cells)
	}
}

func broken() error {
	return fault.Bad("file", "broken", "the file cannot be read as CSV or XLSX")
}
