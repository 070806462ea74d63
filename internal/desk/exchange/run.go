package exchange

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/sheet"
)

// Rows are read in pages and kept in parts; each part is safe before the mark of
// how far the export has come moves on. When all is read, the parts become the
// file.
const (
	partRows  = 10_000
	partBytes = 8 << 20
	sheetRows = 500_000 // of an XLSX file
)

// errMoved says that the export is no longer where we thought: it was
// cancelled, or another node has it.
var errMoved = errors.New("exchange: it has moved on or was stopped")

// carryOut reads on until all is read, or the moment has come to let the
// background go on (zero: never). It reports whether the export has ended.
func (m *Room) carryOut(ctx context.Context, e *Export, until time.Time) (ended bool, err error) {
	ended, err = m.readOn(ctx, e, until)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return ended, nil
	case errors.Is(err, errMoved):
		return true, nil
	case ctx.Err() != nil, kind == fault.Internal, kind == fault.Unavailable:
		return false, err // goes on from the last part
	}
	code := "failed"
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		code = f.Code
	}
	return true, m.end(ctx, e, Failed, code)
}

func (m *Room) readOn(ctx context.Context, e *Export, until time.Time) (bool, error) {
	a, err := m.actor(ctx, e.Tenant, e.User, e.grants)
	if err != nil {
		return false, err
	}
	src, err := m.source(ctx, a, e.Spec)
	if err != nil {
		return false, err
	}
	if until.IsZero() && e.Total == nil {
		if err := m.count(ctx, e, src); err != nil {
			return false, err
		}
	}
	p := newPart(e)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		rows, next, err := src.page(ctx, e.mark)
		if err != nil {
			return false, err
		}
		if room := MaxRows - e.Done - int64(p.rows); int64(len(rows)) > room || int64(len(rows)) == room && next != "" {
			rows, next, e.Truncated = rows[:room], "", true
		}
		if err := p.add(rows); err != nil {
			return false, err
		}
		e.mark = next
		if next == "" {
			break
		}
		late := !until.IsZero() && time.Now().After(until)
		if p.rows >= partRows || p.size() >= partBytes || late {
			if err := m.keepPart(ctx, e, p); err != nil {
				return false, err
			}
			p = newPart(e)
			m.tell(ctx, e.Tenant, e.ID)
		}
		if late {
			return false, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return m.Jobs.Add(ctx, tx, m.exportJob(e, m.Clock.Now()))
			})
		}
	}
	return true, m.finish(ctx, e, a, src, p, until.IsZero())
}

// count fills in how many rows there will be, when that is found out soon.
func (m *Room) count(ctx context.Context, e *Export, src *source) error {
	brief, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	n, known, err := src.total(brief)
	if err != nil || !known {
		return err
	}
	total := int64(min(n, MaxRows))
	e.Total = &total
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update exchange_export set total = $3 where tenant_id = $1 and id = $2`, e.Tenant, e.ID, total)
		return err
	})
}

// part is a piece of a table on its way: cells as they are, packed.
type part struct {
	buf  *bytes.Buffer
	zip  *gzip.Writer
	csv  *csv.Writer
	rows int
	row  []string
}

func newPart(e *Export) *part {
	p := &part{buf: &bytes.Buffer{}}
	p.zip, _ = gzip.NewWriterLevel(p.buf, gzip.BestSpeed)
	p.zip.Comment = fmt.Sprintf("%s/%d", e.ID, len(e.parts)) // so that no other content is the same
	p.csv = csv.NewWriter(p.zip)
	return p
}

func (p *part) size() int { return p.buf.Len() }

func (p *part) add(rows [][]any) error {
	for _, row := range rows {
		p.row = p.row[:0]
		for _, v := range row {
			s := ""
			switch v := v.(type) {
			case string:
				s = v
			case int64:
				s = strconv.FormatInt(v, 10)
			case float64:
				s = strconv.FormatFloat(v, 'f', -1, 64)
			default:
				return fmt.Errorf("exchange: a cell cannot be a %T", v)
			}
			p.row = append(p.row, s)
		}
		if err := p.csv.Write(p.row); err != nil {
			return err
		}
		p.rows++
	}
	return nil
}

// close gives the packed piece.
func (p *part) close() ([]byte, error) {
	p.csv.Flush()
	err := errors.Join(p.csv.Error(), p.zip.Close())
	return p.buf.Bytes(), err
}

// keepPart makes a piece safe, and moves the mark in the transaction that names
// it.
func (m *Room) keepPart(ctx context.Context, e *Export, p *part) error {
	raw, err := p.close()
	if err != nil {
		return err
	}
	ref, err := m.Blobs.Put(ctx, bytes.NewReader(raw), maxFile)
	if err != nil {
		return err
	}
	parts := append(e.parts[:len(e.parts):len(e.parts)], ref.SHA256)
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update exchange_export set done = $4, mark = $5, parts = $6 where tenant_id = $1 and id = $2 and state = 'running' and done = $3`,
			e.Tenant, e.ID, e.Done, e.Done+int64(p.rows), e.mark, encode(parts))
		if err == nil && n == 0 {
			err = errMoved
		}
		return err
	})
	if err == nil {
		e.parts, e.Done = parts, e.Done+int64(p.rows)
	}
	return err
}

// finish makes the file of the parts and of the last, which was never stored.
func (m *Room) finish(ctx context.Context, e *Export, by *staff.Actor, src *source, last *part, background bool) error {
	tail, err := last.close()
	if err != nil {
		return err
	}
	dir, err := m.Staff.Directory(ctx, e.Tenant)
	if err != nil {
		return err
	}
	zone := m.zone(dir)
	r, w := io.Pipe()
	go func() { w.CloseWithError(m.assemble(ctx, w, e, src, tail, zone)) }()
	ref, err := m.Blobs.Put(ctx, r, maxFile)
	r.CloseWithError(io.ErrClosedPipe)
	if err != nil {
		return err
	}
	now := m.Clock.Now()
	rows := e.Done + int64(last.rows)
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update exchange_export set state = 'done', done = $4, total = $4, mark = '', parts = '[]', truncated = $5, file = $6, size = $7,
			finished_at = $8, expires_at = $9 where tenant_id = $1 and id = $2 and state = 'running' and done = $3`,
			e.Tenant, e.ID, e.Done, rows, e.Truncated, ref.SHA256, ref.Size, now, now.Add(keptFor))
		if err != nil {
			return err
		}
		if n == 0 {
			return errMoved
		}
		if err := m.Staff.Record(ctx, tx, by, staff.Act{Kind: "exported", Subject: e.ID, Data: map[string]any{"what": e.Spec.What, "format": string(e.Format), "rows": rows}}); err != nil {
			return err
		}
		if !background {
			if err := m.Jobs.Cancel(ctx, tx, e.Tenant, kindExport, e.ID.String()); err != nil {
				return err
			}
		} else if m.Told != nil {
			if err := m.Told(ctx, tx, Told{Tenant: e.Tenant, To: e.User, ID: e.ID, Kind: "export", Rows: int(rows)}); err != nil {
				return err
			}
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: e.Tenant, Kind: kindExpire, Key: e.ID.String(), DueAt: now.Add(keptFor), Replace: true, Payload: struct{}{}})
	})
	if err != nil {
		return err
	}
	m.drop(ctx, e.parts...)
	m.tell(ctx, e.Tenant, e.ID)
	return nil
}

// assemble writes the file. Text is packed where it is kept; both formats hold
// the export's id, so that no other content is the same.
func (m *Room) assemble(ctx context.Context, w io.Writer, e *Export, src *source, tail []byte, zone *time.Location) error {
	o := sheet.Options{BOM: e.Spec.BOM, SheetRows: sheetRows, Comment: e.ID.String()}
	var zip *gzip.Writer
	if e.Format == sheet.CSV {
		zip = gzip.NewWriter(w)
		zip.Comment = e.ID.String()
		w = zip
	}
	out, err := sheet.NewWriter(w, e.Format, o)
	if err != nil {
		return err
	}
	head := make([]any, len(src.names))
	for i, n := range src.names {
		head[i] = n
	}
	if err := out.Row(head); err != nil {
		return err
	}
	for _, hash := range e.parts {
		f, err := m.Blobs.Open(ctx, hash)
		if err != nil {
			return err
		}
		err = unpack(ctx, f, out, src.kinds, zone)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	if err := unpack(ctx, bytes.NewReader(tail), out, src.kinds, zone); err != nil {
		return err
	}
	if err := out.Close(); err != nil || zip == nil {
		return err
	}
	return zip.Close()
}

// unpack writes the rows of a part.
func unpack(ctx context.Context, r io.Reader, out sheet.Writer, kinds []kind, zone *time.Location) error {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	c := csv.NewReader(zip)
	c.ReuseRecord, c.FieldsPerRecord = true, len(kinds)
	row := make([]any, len(kinds))
	for n := 0; ; n++ {
		cells, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for i, s := range cells {
			if row[i], err = typed(kinds[i], s, zone); err != nil {
				return err
			}
		}
		if err := out.Row(row); err != nil {
			return err
		}
	}
}

func typed(k kind, s string, zone *time.Location) (any, error) {
	switch {
	case s == "":
		return nil, nil
	case k == moment:
		ms, err := strconv.ParseInt(s, 10, 64)
		if err != nil || ms == 0 {
			return nil, err
		}
		return time.UnixMilli(ms).In(zone).Truncate(time.Second), nil
	case k == number:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f, nil
		}
	}
	return s, nil
}

// tell shows the person how far it is.
func (m *Room) tell(ctx context.Context, tenant, export id.ID) {
	e, err := readExport(ctx, m.DB, tenant, export)
	if err != nil {
		return
	}
	m.show(ctx, tenant, e.User, "export", m.exportJSON(e, nil))
}
