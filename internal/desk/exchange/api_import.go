package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/platform/web"
)

var importTags = []string{"Imports"}

// ImportJSON is an import on the wire.
type ImportJSON struct {
	ID         id.ID      `json:"id"`
	What       string     `json:"what" enum:"customer,company,ticket,batch"`
	Name       string     `json:"name" doc:"of the file"`
	Format     string     `json:"format" enum:"csv,xlsx"`
	Encoding   string     `json:"encoding,omitempty"`
	Size       int64      `json:"size"`
	State      string     `json:"state" enum:"uploaded,checking,checked,running,paused,done,cancelled,failed,undoing,undone,expired"`
	Headings   []string   `json:"headings"`
	Columns    []string   `json:"columns" doc:"what each column means; empty for nothing"`
	Options    Options    `json:"options"`
	Total      int64      `json:"total"`
	Created    int64      `json:"created"`
	Updated    int64      `json:"updated"`
	Skipped    int64      `json:"skipped"`
	Failed     int64      `json:"failed"`
	Undone     int64      `json:"undone"`
	Kept       int64      `json:"kept" doc:"not taken back: somebody has worked with them since"`
	Checked    *Counts    `json:"checked,omitempty" doc:"what a dry run has found so far"`
	ErrorCode  string     `json:"error_code,omitempty"`
	CreatedAt  clock.Time `json:"created_at"`
	FinishedAt clock.Time `json:"finished_at,omitzero"`
	User       *RefJSON   `json:"user,omitempty"`
	// Earlier is asked for one import that has not begun.
	Earlier *EarlierJSON `json:"earlier,omitempty" doc:"the same table has been imported before, and still stands"`
}

func importJSON(i *Import, dir *staff.Directory) ImportJSON {
	j := ImportJSON{ID: i.ID, What: i.What, Name: i.Name, Format: string(i.Format), Encoding: i.Encoding, Size: i.Size, State: i.State, Headings: i.Head, Columns: i.Columns,
		Options: i.Options, Total: i.Total, Created: i.Created, Updated: i.Updated, Skipped: i.Skipped, Failed: i.Failed, Undone: i.Undone, Kept: i.Kept, Checked: i.Checked,
		ErrorCode: i.ErrorCode, CreatedAt: i.CreatedAt, FinishedAt: i.FinishedAt}
	if dir != nil {
		p, _ := dir.User(i.User)
		j.User = &RefJSON{i.User, p.Name}
	}
	return j
}

// PreviewJSON is a row as it will be.
type PreviewJSON struct {
	Row      int               `json:"row" doc:"as a spreadsheet program counts"`
	Cells    []string          `json:"cells" doc:"as they stand in the table, by column"`
	Values   map[string]string `json:"values" doc:"by what the columns mean"`
	Act      string            `json:"act" enum:"created,updated,skipped,failed"`
	Match    string            `json:"match,omitempty" doc:"who or what is here already"`
	Problems []Problem         `json:"problems"`
}

// RowErrorJSON is a row that is not taken, with the reasons.
type RowErrorJSON struct {
	Row      int       `json:"row"`
	Problems []Problem `json:"problems"`
}

// MappingJSON is what the columns of a table mean, by heading, under a name.
type MappingJSON struct {
	Name    string            `json:"name" minLength:"1" maxLength:"60"`
	Columns map[string]string `json:"columns" doc:"heading → what it means"`
}

// Preview shows the first rows as they will be.
func (m *Room) Preview(ctx context.Context, a *staff.Actor, imp id.ID) ([]PreviewJSON, error) {
	i, err := m.ownImport(ctx, a, imp)
	if err != nil {
		return nil, err
	}
	p, err := m.planner(ctx, a, i, true)
	if err != nil {
		return nil, err
	}
	r, end, err := m.rows(ctx, i)
	if err != nil {
		return nil, err
	}
	defer end()
	out := []PreviewJSON{}
	for len(out) < previewRows {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		x := PreviewJSON{Row: row.N, Cells: row.Cells, Values: i.values(row.Cells), Problems: []Problem{}}
		plan, err := p.plan(ctx, i.What, x.Values)
		switch kind := fault.KindOf(err); {
		case err == nil:
			x.Act, x.Match = plan.act, plan.match
		case kind == fault.Internal || kind == fault.Unavailable:
			return nil, err
		default:
			x.Act = failed
			for _, f := range faults(err) {
				x.Problems = append(x.Problems, i.problem(f))
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// Errors lists the rows that are not taken: of the run, or of the dry run when
// there was no run.
func (m *Room) Errors(ctx context.Context, i *Import, after, limit int) ([]RowErrorJSON, error) {
	rows, err := m.DB.Query(ctx, `select row_no, problems from exchange_error where tenant_id = $1 and import_id = $2 and run = $3 and row_no > $4 order by row_no limit $5`,
		i.Tenant, i.ID, i.ran(), after, limit)
	return db.Each(rows, err, func(r *sql.Rows) (RowErrorJSON, error) {
		var x RowErrorJSON
		var problems string
		return x, errors.Join(r.Scan(&x.Row, &problems), json.Unmarshal([]byte(problems), &x.Problems))
	})
}

// ran says that there was more than a dry run.
func (i *Import) ran() bool { return i.Created+i.Updated+i.Skipped+i.Failed > 0 }

// reasons say what is wrong in the words of who reads the file.
var reasons = map[string]form.Name{
	"required": name("不能为空", "is needed"), "unknown": name("系统中没有", "is not known"), "choice": name("不是可选值", "is not one of the choices"), "phone": name("不是电话号码", "is no telephone number"),
	"email": name("不是邮箱地址", "is no mail address"), "too_long": name("内容过长", "is too long"), "date": name("不是时间，例如 2026-11-21 12:30", "is no time such as 2026-11-21 12:30"),
	"range": name("超出允许范围", "is out of range"), "identity.taken": name("联系方式已属于其他客户", "belongs to another customer"), "several": name("本行的联系方式分属不同客户", "the addresses belong to different customers"),
	"invalid": name("格式不正确", "is not valid"), "too_many": name("数量过多", "are too many"), "company.domain": name("域名已属于其他企业", "belongs to another company"),
	"forbidden": name("您没有权限修改该记录", "is outside of your rights"), "ticket.closed": name("工单已关闭", "is closed"), "twice": name("重复", "stands twice"),
	"batch.number": name("新工单的行不能填写，请先填工单编号", "is for tickets that have a number"), "batch.body": name("只用于新工单，回复请填在“回复内容”列", "is for new tickets: to answer, use the reply"),
	"ticket.transition": name("当前状态不能这样变更", "cannot follow the present one"), "ticket.children_open": name("还有未完结的子工单", "has to wait for child tickets"), "ticket.not_now": name("工单当前不能这样操作", "does not allow this now"),
}

func (i *Import) reason(w *words, targets []target, p Problem) string {
	said := p.Message
	if n, ok := reasons[p.Code]; ok {
		said = w.pick(n)
		for _, t := range targets {
			if t.key == p.Field {
				said = w.pick(t.name) + w.pick(name("：", " ")) + said
			}
		}
	}
	return said
}

// ErrorFile writes the rows that are not taken as they came, with the reason in
// a column more: to be mended and brought again.
func (m *Room) ErrorFile(ctx context.Context, a *staff.Actor, i *Import, out io.Writer) error {
	catalog, err := m.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return err
	}
	w := &words{locale: a.Locale, catalog: catalog}
	targets := targetsOf(i.What, catalog)
	r, end, err := m.rows(ctx, i)
	if err != nil {
		return err
	}
	defer end()
	t, err := sheet.NewWriter(out, i.Format, sheet.Options{BOM: true})
	if err != nil {
		return err
	}
	head := make([]any, 0, len(i.Head)+1)
	for _, h := range i.Head {
		head = append(head, h)
	}
	if err := t.Row(append(head, w.pick(name("导入失败原因", "Why it failed")))); err != nil {
		return err
	}
	var bad []RowErrorJSON
	after := 0
	for {
		if len(bad) == 0 {
			if bad, err = m.Errors(ctx, i, after, 500); err != nil {
				return err
			}
			if len(bad) == 0 {
				return t.Close()
			}
		}
		row, err := r.Next()
		if err == io.EOF {
			return t.Close()
		}
		if err != nil {
			return err
		}
		if row.N != bad[0].Row {
			continue
		}
		cells := make([]any, len(i.Head)+1)
		for n, c := range row.Cells[:min(len(row.Cells), len(i.Head))] {
			cells[n] = c
		}
		var why []string
		for _, p := range bad[0].Problems {
			why = append(why, i.reason(w, targets, p))
		}
		cells[len(i.Head)] = strings.Join(why, "; ")
		if err := t.Row(cells); err != nil {
			return err
		}
		after, bad = bad[0].Row, bad[1:]
	}
}

type importOut struct{ Body ImportJSON }

func (m *Room) registerImports(api *web.API) {
	may := string(staff.Import)
	whole := func(ctx context.Context, i *Import, err error) (ImportJSON, error) {
		if err != nil {
			return ImportJSON{}, err
		}
		j := importJSON(i, nil)
		j.Earlier, err = m.earlier(ctx, i)
		return j, err
	}
	answer := func(ctx context.Context, i *Import, err error) (*importOut, error) {
		j, err := whole(ctx, i, err)
		return &importOut{j}, err
	}
	type whatIn struct {
		What string `query:"what" required:"true" enum:"customer,company,ticket,batch"`
	}
	type targetsOut struct{ Body web.List[TargetJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/imports/targets", ID: "import-targets", Summary: "What a column can mean", Permission: may, Tags: importTags},
		func(ctx context.Context, in *whatIn) (*targetsOut, error) {
			catalog, err := m.Forms.Get(ctx, staff.From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			out := &targetsOut{web.List[TargetJSON]{Items: []TargetJSON{}}}
			for _, t := range targetsOf(in.What, catalog) {
				out.Body.Items = append(out.Body.Items, TargetJSON{t.key, t.name, t.required})
			}
			return out, nil
		})

	web.Handle(api, web.Op{Method: http.MethodPost, Path: "/imports", ID: "import-upload", Summary: "Bring a table (query: what, name; the body is the file, CSV or XLSX)", Permission: may, Tags: importTags,
		MaxBody: MaxImportFile + 1<<10, Status: http.StatusCreated, SecretIn: true},
		func(w http.ResponseWriter, r *http.Request) error {
			i, err := m.Upload(r.Context(), staff.From(r.Context()), r.URL.Query().Get("what"), r.URL.Query().Get("name"), r.Body)
			j, err := whole(r.Context(), i, err)
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, err = io.WriteString(w, encode(j))
			return err
		})

	registerList(m, api, web.Op{Method: http.MethodGet, Path: "/imports", ID: "import-list", Summary: "One's own imports, newest first", Permission: web.SignedIn, Tags: importTags},
		scanImport, func(i *Import) id.ID { return i.ID },
		func(_ context.Context, _ *staff.Actor, dir *staff.Directory, i *Import) (ImportJSON, error) {
			return importJSON(i, dir), nil
		}, `exchange_import x`, importColumns)

	web.Register(api, web.Op{Method: http.MethodGet, Path: "/imports/{id}", ID: "import-read", Summary: "How far an import is", Permission: may, Tags: importTags},
		func(ctx context.Context, in *web.PathID) (*importOut, error) {
			i, err := m.ownImport(ctx, staff.From(ctx), in.ID.ID)
			return answer(ctx, i, err)
		})

	type columnsIn struct {
		web.PathID
		Body struct {
			Columns    []string `json:"columns" maxItems:"200"`
			Duplicates string   `json:"duplicates" enum:"skip,update,create" doc:"what is done with a row whose person, company or ticket is here already"`
			Source     string   `json:"source,omitempty" maxLength:"100" doc:"tickets: whose numbers stand in ref; default the file's name"`
			DayFirst   bool     `json:"day_first,omitempty" doc:"1/2/2026 is the first of February"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/imports/{id}", ID: "import-columns", Summary: "Say what the columns mean, and what is done about duplicates", Permission: may, Tags: importTags},
		func(ctx context.Context, in *columnsIn) (*importOut, error) {
			b := in.Body
			i, err := m.SetColumns(ctx, staff.From(ctx), in.ID.ID, b.Columns, Options{b.Duplicates, b.Source, b.DayFirst})
			return answer(ctx, i, err)
		})

	type previewOut struct{ Body web.List[PreviewJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/imports/{id}/preview", ID: "import-preview", Summary: "The first 20 rows as they will be", Permission: may, Tags: importTags},
		func(ctx context.Context, in *web.PathID) (*previewOut, error) {
			list, err := m.Preview(ctx, staff.From(ctx), in.ID.ID)
			return &previewOut{web.List[PreviewJSON]{Items: list}}, err
		})

	for _, x := range []struct{ path, to, summary string }{
		{"check", Checking, "Try all rows without taking them"}, {"run", Running, "Take the rows; also after a pause"}, {"pause", Paused, "Stop for a while"},
		{"cancel", Cancelled, "Stop for good; what is in stays until it is undone"}, {"undo", Undoing, "Take the whole import back, but for what somebody has worked with since"},
	} {
		web.Register(api, web.Op{Method: http.MethodPost, Path: "/imports/{id}/" + x.path, ID: "import-" + x.path, Summary: x.summary, Permission: may, Tags: importTags},
			func(ctx context.Context, in *web.PathID) (*importOut, error) {
				i, err := m.Move(ctx, staff.From(ctx), in.ID.ID, x.to)
				return answer(ctx, i, err)
			})
	}

	type errorsIn struct {
		web.PathID
		web.Page
	}
	type keptOut struct{ Body web.List[KeptJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/imports/{id}/kept", ID: "import-kept", Summary: "The rows that taking back has left, wholly or in part, with the reasons", Permission: may, Tags: importTags},
		func(ctx context.Context, in *errorsIn) (*keptOut, error) {
			a := staff.From(ctx)
			i, err := m.ownImport(ctx, a, in.ID.ID)
			if err != nil {
				return nil, err
			}
			var after int64
			if _, err := web.ParseCursor(in.Cursor, &after); err != nil {
				return nil, err
			}
			rows, err := m.Kept(ctx, a, i, after, in.Limit+1)
			return &keptOut{web.Cut(rows, in.Limit, func(x KeptJSON) int64 { return x.Row })}, err
		})
	type errorsOut struct{ Body web.List[RowErrorJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/imports/{id}/errors", ID: "import-errors", Summary: "The rows that are not taken, with the reasons", Permission: may, Tags: importTags},
		func(ctx context.Context, in *errorsIn) (*errorsOut, error) {
			i, err := m.ownImport(ctx, staff.From(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			after := 0
			if _, err := web.ParseCursor(in.Cursor, &after); err != nil {
				return nil, err
			}
			rows, err := m.Errors(ctx, i, after, in.Limit+1)
			return &errorsOut{web.Cut(rows, in.Limit, func(x RowErrorJSON) int { return x.Row })}, err
		})
	web.Handle(api, web.Op{Method: http.MethodGet, Path: "/imports/{id}/errors/file", ID: "import-error-file", Summary: "The rows that are not taken as they came, with the reason: to be mended and brought again", Permission: may, Tags: importTags, Stream: true},
		func(w http.ResponseWriter, r *http.Request) error {
			imp, err := id.Parse(r.PathValue("id"))
			if err != nil {
				return fault.Missing("import")
			}
			a := staff.From(r.Context())
			i, err := m.ownImport(r.Context(), a, imp)
			if err != nil {
				return err
			}
			if i.file == "" {
				return fault.Missing("file")
			}
			w.Header().Set("Content-Type", i.Format.ContentType())
			w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename*=UTF-8''%s", url.PathEscape(strings.TrimSuffix(i.Name, path.Ext(i.Name))+"-errors."+string(i.Format))))
			w.Header().Set("Cache-Control", "private, no-store")
			return m.ErrorFile(r.Context(), a, i, w)
		})
	m.registerMappings(api, may)
}

func (m *Room) registerMappings(api *web.API, may string) {
	type listIn struct {
		What string `query:"what" required:"true" enum:"customer,company,ticket,batch"`
	}
	type listOut struct{ Body web.List[MappingJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/imports/mappings", ID: "import-mappings", Summary: "Saved meanings of columns", Permission: may, Tags: importTags},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			rows, err := m.DB.Query(ctx, `select name, columns from exchange_mapping where tenant_id = $1 and what = $2 order by name limit 200`, staff.From(ctx).Tenant, in.What)
			list, err := db.Each(rows, err, func(r *sql.Rows) (MappingJSON, error) {
				var x MappingJSON
				var columns string
				return x, errors.Join(r.Scan(&x.Name, &columns), json.Unmarshal([]byte(columns), &x.Columns))
			})
			return &listOut{web.Cut(list, 200, func(x MappingJSON) string { return x.Name })}, err
		})
	type saveIn struct {
		Body struct {
			What    string            `json:"what" enum:"customer,company,ticket,batch"`
			Name    string            `json:"name" minLength:"1" maxLength:"60"`
			Columns map[string]string `json:"columns"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/imports/mappings", ID: "import-mapping-save", Summary: "Save what the columns of a table mean", Permission: may, Tags: importTags},
		func(ctx context.Context, in *saveIn) (*struct{}, error) {
			a, b := staff.From(ctx), in.Body
			catalog, err := m.Forms.Get(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			known := map[string]bool{"": true}
			for _, t := range targetsOf(b.What, catalog) {
				known[t.key] = true
			}
			if len(b.Columns) > 200 {
				return nil, fault.Bad("columns", "too_many", "at most 200 columns")
			}
			for h, c := range b.Columns {
				if !known[c] || len(h) > 400 {
					return nil, fault.Bad("columns", "unknown", "a column cannot mean %q", c)
				}
			}
			b.Name = strings.Join(strings.Fields(b.Name), " ")
			return nil, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				n := 0
				if err := tx.QueryRow(ctx, `select count(*) from exchange_mapping where tenant_id = $1 and what = $2 and name <> $3`, a.Tenant, b.What, b.Name).Scan(&n); err != nil {
					return err
				}
				if n >= 200 {
					return fault.Bad("name", "too_many", "at most 200 are kept")
				}
				_, err := tx.Exec(ctx, `insert into exchange_mapping (tenant_id, what, name, columns, saved_by, saved_at) values ($1, $2, $3, $4, $5, $6)
					on conflict (tenant_id, what, name) do update set columns = excluded.columns, saved_by = excluded.saved_by, saved_at = excluded.saved_at`,
					a.Tenant, b.What, b.Name, encode(b.Columns), null(a.ID), m.Clock.Now())
				return err
			})
		})
	type dropIn struct {
		What string `query:"what" required:"true" enum:"customer,company,ticket,batch"`
		Name string `query:"name" required:"true" maxLength:"60"`
	}
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/imports/mappings", ID: "import-mapping-delete", Summary: "Forget saved meanings of columns", Permission: may, Tags: importTags},
		func(ctx context.Context, in *dropIn) (*struct{}, error) {
			return nil, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `delete from exchange_mapping where tenant_id = $1 and what = $2 and name = $3`, staff.From(ctx).Tenant, in.What, in.Name)
				return err
			})
		})
}
