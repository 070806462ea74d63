package understand

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"zhidan/internal/mind/learn"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/platform/web"
)

// ProblemJSON says why a row was not taken.
type ProblemJSON struct {
	Row     int    `json:"row" doc:"counted from 1"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// taught is what became of labelled texts.
type taught struct {
	Added    int
	Unknown  []string // labels that the tenant does not have
	Problems []ProblemJSON
	Good     []Example
}

const (
	maxExample  = 20_000 // runes of a text
	importBytes = 32 << 20
	importCols  = 100
	previewRows = 10
)

// teach takes labelled texts in; labels are values or names. With dry it only
// says what would become of them.
func (m *Mind) teach(ctx context.Context, tenant id.ID, field string, items []learn.Example, dry bool) (*taught, error) {
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	s, err := m.Settings(ctx, tenant)
	if err != nil {
		return nil, err
	}
	known := map[string]string{} // by value and by name
	for _, l := range labels(field, catalog, s) {
		known[l.Name] = l.Name
	}
	for name, value := range names(field, catalog) {
		if _, ok := known[name]; !ok {
			known[name] = value
		}
	}
	out := &taught{Unknown: []string{}, Problems: []ProblemJSON{}}
	for i, x := range items {
		value, ok := known[strings.TrimSpace(x.Label)]
		switch {
		case !ok:
			label := cut(strings.TrimSpace(x.Label), 60)
			out.Problems = append(out.Problems, ProblemJSON{i + 1, "label.unknown", fmt.Sprintf("there is no %s %q", field, label)})
			if !slices.Contains(out.Unknown, label) && len(out.Unknown) < 200 {
				out.Unknown = append(out.Unknown, label)
			}
		case strings.TrimSpace(x.Text) == "":
			out.Problems = append(out.Problems, ProblemJSON{i + 1, "text.required", "a text is needed"})
		default:
			out.Good = append(out.Good, Example{Label: value, Source: "import", Title: cut(x.Title, 300), Text: cut(x.Text, maxExample), At: int64(m.Clock.Now())})
		}
	}
	out.Added = len(out.Good)
	if dry || len(out.Good) == 0 {
		return out, nil
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range out.Good {
			out.Good[i].ID = m.IDs.Next()
		}
		if err := addExamples(ctx, tx, tenant, field, out.Good); err != nil {
			return err
		}
		return m.tendLater(ctx, tx, map[taughtField]bool{{tenant, field}: true})
	})
	if err == nil {
		m.changed(tenant)
	}
	return out, err
}

// table reads a CSV or XLSX into rows, the first of which names the columns.
func table(data []byte) ([][]string, error) {
	rows, err := sheet.Read(bytes.NewReader(data), int64(len(data)), sheet.Limits{Rows: MaxImport + 1, Columns: importCols, Unpacked: attachBytes})
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Code == "too_wide" {
		return nil, fault.Bad("file", "too_many", "at most %d columns", importCols)
	}
	return rows, err
}

// column finds a column by its name, or the first of the usual ones.
func column(head []string, param, wanted string, usual ...string) (int, error) {
	find := func(name string) int {
		return slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	if wanted != "" {
		if i := find(wanted); i >= 0 {
			return i, nil
		}
		return -1, fault.Bad(param, "unknown", "there is no column %q", cut(wanted, 60))
	}
	for _, name := range usual {
		if i := find(name); i >= 0 {
			return i, nil
		}
	}
	return -1, nil
}

// examplesOf takes texts and labels out of a table.
func examplesOf(rows [][]string, q url.Values) ([]learn.Example, error) {
	if len(rows) < 2 {
		return nil, fault.Bad("file", "empty", "the file needs a row with the names of its columns and one below it")
	}
	head := rows[0]
	text, err := column(head, "text", q.Get("text"), "text", "body", "内容", "正文", "描述", "description", "message")
	if err == nil && text < 0 {
		err = fault.Bad("text", "required", "say which column holds the text")
	}
	if err != nil {
		return nil, err
	}
	label, err := column(head, "label", q.Get("label"), "label", "标签", "分类", "类别", "类型", "category", "type", "priority", "优先级")
	if err == nil && label < 0 {
		err = fault.Bad("label", "required", "say which column holds the label")
	}
	if err != nil {
		return nil, err
	}
	title, err := column(head, "title", q.Get("title"), "title", "subject", "标题", "主题")
	if err != nil {
		return nil, err
	}
	cell := func(row []string, i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return row[i]
	}
	out := make([]learn.Example, 0, len(rows)-1)
	for _, row := range rows[1:] {
		out = append(out, learn.Example{Text: cell(row, text), Title: cell(row, title), Label: cell(row, label)})
	}
	return out, nil
}

func (m *Mind) registerImport(api *web.API) {
	type preview struct {
		Text  string `json:"text"`
		Title string `json:"title,omitempty"`
		Label string `json:"label"`
	}
	web.Handle(api, web.Op{Method: http.MethodPost, Path: "/understanding/examples/import", ID: "understanding-example-import", Summary: "Teach labelled texts from a CSV or XLSX file (query: field, text, label, title, dry_run)",
		Permission: mayManage, Tags: tags, MaxBody: importBytes},
		func(w http.ResponseWriter, r *http.Request) error {
			q := r.URL.Query()
			field := q.Get("field")
			if !slices.Contains(Learned, field) {
				return fault.Bad("field", "choice", "%q is not one of %v", cut(field, 60), Learned)
			}
			data, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			rows, err := table(data)
			if err != nil {
				return err
			}
			items, err := examplesOf(rows, q)
			if err != nil {
				return err
			}
			got, err := m.teach(r.Context(), actor(r.Context()).Tenant, field, items, q.Get("dry_run") == "true" || q.Get("dry_run") == "1")
			if err != nil {
				return err
			}
			for i := range got.Problems {
				got.Problems[i].Row++ // as a spreadsheet counts, the names of the columns first
			}
			shown := []preview{}
			for _, e := range got.Good[:min(len(got.Good), previewRows)] {
				shown = append(shown, preview{firstRunes(e.Text, 200), e.Title, e.Label})
			}
			return writeJSON(w, map[string]any{"rows": len(items), "added": got.Added, "unknown_labels": got.Unknown, "errors": got.Problems[:min(len(got.Problems), 500)], "preview": shown})
		})
}

func writeJSON(w http.ResponseWriter, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(raw)
	return err
}
