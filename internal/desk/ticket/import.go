package ticket

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/text"
)

// ImportColumns are what a column of a table may be mapped to; "field:KEY" is a
// custom field besides.
var ImportColumns = []string{"ref", "subject", "body", "requester_name", "requester_email", "requester_phone", "type", "priority", "tags", "channel", "skip"}

// columnNames lets a table with the usual headings be taken in without a
// mapping, in both languages.
var columnNames = map[string]string{
	"subject": "subject", "title": "subject", "标题": "subject", "主题": "subject",
	"body": "body", "description": "body", "content": "body", "text": "body", "描述": "body", "内容": "body", "问题描述": "body",
	"requester_name": "requester_name", "name": "requester_name", "customer": "requester_name", "客户": "requester_name", "姓名": "requester_name", "客户姓名": "requester_name",
	"requester_email": "requester_email", "email": "requester_email", "mail": "requester_email", "邮箱": "requester_email",
	"requester_phone": "requester_phone", "phone": "requester_phone", "mobile": "requester_phone", "电话": "requester_phone", "手机": "requester_phone", "手机号": "requester_phone",
	"type": "type", "类型": "type", "工单类型": "type", "priority": "priority", "优先级": "priority", "tags": "tags", "标签": "tags",
	"channel": "channel", "渠道": "channel", "ref": "ref", "id": "ref", "number": "ref", "编号": "ref", "工单编号": "ref",
}

var priorityWords = map[string]Priority{"low": Low, "低": Low, "normal": Normal, "medium": Normal, "普通": Normal, "中": Normal,
	"high": High, "高": High, "urgent": Urgent, "紧急": Urgent}

// RowError says what is wrong with a line of the table (the heading is line 1).
type RowError struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ImportReport is how an import went.
type ImportReport struct {
	Rows    int        `json:"rows"`
	Created int        `json:"created"`
	Known   int        `json:"known"` // taken in by an earlier run
	Failed  int        `json:"failed"`
	Errors  []RowError `json:"errors"` // the first 1000
}

// ImportOptions steer an import from a table.
type ImportOptions struct {
	Name    string            // of the source: rows of the same name and ref are taken in once
	Mapping map[string]string // heading → column; nil: by the usual headings
	DryRun  bool              // check only
	Report  func(ImportReport)
}

const importBatch = 50 // rows of one transaction

// ImportCSV takes tickets from a table with a heading line, in UTF-8. Each row
// is created as if it had come by the API; a bad row is reported with its line
// and leaves the others alone. Running it again takes in only what is missing.
func (d *Desk) ImportCSV(ctx context.Context, a *staff.Actor, in io.Reader, o ImportOptions) (ImportReport, error) {
	var rep ImportReport
	r := csv.NewReader(skipBOM(in))
	r.FieldsPerRecord, r.ReuseRecord, r.LazyQuotes = -1, false, true
	head, err := r.Read()
	if err != nil {
		return rep, fault.Bad("file", "empty", "the table has no heading line: %v", err)
	}
	columns, err := d.mapColumns(ctx, a, head, o.Mapping)
	if err != nil {
		return rep, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		rep.Rows++
		if err == nil {
			err = d.importRow(ctx, a, o, columns, row, line, &rep)
		} else {
			var bad *csv.ParseError
			if !errors.As(err, &bad) {
				return rep, err
			}
			line, err = bad.Line, fault.Bad("row", "csv", "%v", bad.Err)
		}
		if err != nil {
			if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable || ctx.Err() != nil {
				return rep, fmt.Errorf("line %d: %w", line, err)
			}
			rep.Failed++
			for _, f := range faults(err) {
				if len(rep.Errors) < 1000 {
					rep.Errors = append(rep.Errors, RowError{line, f.Field, f.Code, f.Message})
				}
			}
		}
		if o.Report != nil && rep.Rows%importBatch == 0 {
			o.Report(rep)
		}
	}
	return rep, nil
}

func (d *Desk) mapColumns(ctx context.Context, a *staff.Actor, head []string, mapping map[string]string) ([]string, error) {
	catalog, err := d.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	columns := make([]string, len(head))
	known := 0
	for i, h := range head {
		h = oneLine(h)
		to := columnNames[strings.ToLower(text.Normalize(h))]
		if mapping != nil {
			to = mapping[h]
		} else if f, ok := catalog.Field(strings.ToLower(h)); ok {
			to = "field:" + f.Key
		}
		if to == "" {
			to = "skip"
		}
		if key, ok := strings.CutPrefix(to, "field:"); ok {
			if _, ok := catalog.Field(key); !ok {
				return nil, fault.Bad("mapping", "unknown", "there is no field %q", key)
			}
		} else if !slices.Contains(ImportColumns, to) {
			return nil, fault.Bad("mapping", "unknown", "there is no column %q; there are %v and field:KEY", to, ImportColumns)
		}
		if to != "skip" {
			known++
		}
		columns[i] = to
	}
	for h := range mapping {
		if !slices.ContainsFunc(head, func(x string) bool { return oneLine(x) == h }) {
			return nil, fault.Bad("mapping", "unknown", "the table has no heading %q", h)
		}
	}
	if known == 0 {
		return nil, fault.Bad("mapping", "required", "no heading was recognised; map the columns")
	}
	return columns, nil
}

func (d *Desk) importRow(ctx context.Context, a *staff.Actor, o ImportOptions, columns, row []string, line int, rep *ImportReport) error {
	catalog, err := d.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return err
	}
	n := NewTicket{Channel: "import", Fields: map[string]any{}}
	ref := ""
	for i, v := range row {
		if i >= len(columns) {
			break
		}
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		switch columns[i] {
		case "ref":
			ref = v
		case "subject":
			n.Subject = v
		case "body":
			n.Body = v
		case "requester_name":
			n.Requester.Name = v
		case "requester_email":
			n.Requester.Email = v
		case "requester_phone":
			n.Requester.Phone = v
		case "type":
			typ, err := d.typeByWord(ctx, a, v)
			if err != nil {
				return err
			}
			n.Type = typ
		case "priority":
			p, ok := priorityWords[strings.ToLower(v)]
			if !ok {
				return fault.Bad("priority", "choice", "%q is not a priority", v)
			}
			n.Priority = p
		case "tags":
			n.Tags = strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",，;；、", r) })
		case "channel":
			n.Channel = v
		default:
			if key, ok := strings.CutPrefix(columns[i], "field:"); ok {
				f, _ := catalog.Field(key)
				n.Fields[key] = f.Cell(v)
			}
		}
	}
	if n.Requester == (customer.Contact{}) {
		return fault.Bad("requester_name", "required", "the row names no customer")
	}
	draft, err := d.Prepare(ctx, a, n)
	if err != nil || o.DryRun {
		return err
	}
	known := false
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		known = false
		if ref != "" {
			fresh, err := tx.Exec(ctx, `insert into ticket_import (tenant_id, source, ref, ticket_id) values ($1, $2, $3, $4) on conflict do nothing`,
				a.Tenant, o.Name, ref, draft.ticket.ID)
			if err != nil {
				return err
			}
			if known = fresh == 0; known {
				return nil
			}
		}
		_, err := d.CreateIn(ctx, tx, draft)
		return err
	})
	if err == nil && known {
		rep.Known++
	} else if err == nil {
		rep.Created++
	}
	return err
}

func (d *Desk) typeByWord(ctx context.Context, a *staff.Actor, word string) (string, error) {
	catalog, err := d.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return "", err
	}
	for _, t := range catalog.Types() {
		if strings.EqualFold(t.Key, word) || t.Name.ZH == word || strings.EqualFold(t.Name.EN, word) {
			return t.Key, nil
		}
	}
	return "", fault.Bad("type", "unknown", "there is no ticket type %q", word)
}

// skipBOM drops the mark that some programs put before UTF-8.
func skipBOM(r io.Reader) io.Reader {
	head := make([]byte, 3)
	n, _ := io.ReadFull(r, head)
	if head = head[:n]; string(head) == "\ufeff" {
		return r
	}
	return io.MultiReader(newReader(head), r)
}
