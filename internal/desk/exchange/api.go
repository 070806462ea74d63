package exchange

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/platform/web"
)

var exportTags = []string{"Exports"}

// Register adds the operations to the API.
func (m *Room) Register(api *web.API) {
	m.registerExports(api)
	m.registerImports(api)
}

// ExportJSON is an export on the wire.
type ExportJSON struct {
	ID         id.ID      `json:"id"`
	What       string     `json:"what" enum:"ticket,customer,company,staff"`
	Format     string     `json:"format" enum:"csv,xlsx"`
	State      string     `json:"state" enum:"running,done,cancelled,failed,expired"`
	Columns    []string   `json:"columns"`
	Q          string     `json:"q,omitempty"`
	Filter     string     `json:"filter,omitempty"`
	View       id.ID      `json:"view_id,omitzero"`
	Narrowed   bool       `json:"narrowed,omitempty" doc:"only some customers or companies"`
	Selected   int        `json:"selected,omitempty" doc:"how many rows were chosen one by one"`
	Total      *int64     `json:"total,omitempty" doc:"absent as long as nobody has counted"`
	Done       int64      `json:"done"`
	Truncated  bool       `json:"truncated,omitempty" doc:"there were more than 1,000,000 rows"`
	Size       int64      `json:"size,omitempty" doc:"bytes as stored"`
	Downloads  int        `json:"downloads"`
	ErrorCode  string     `json:"error_code,omitempty"`
	CreatedAt  clock.Time `json:"created_at"`
	FinishedAt clock.Time `json:"finished_at,omitzero"`
	ExpiresAt  clock.Time `json:"expires_at,omitzero" doc:"when the file goes"`
	User       *RefJSON   `json:"user,omitempty" doc:"who ordered it; in the list of everybody's"`
	URL        string     `json:"url,omitempty" doc:"of the file, for who ordered it, for an hour"`
}

// RefJSON is a person of the staff.
type RefJSON struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

func (m *Room) exportJSON(e *Export, dir *staff.Directory) ExportJSON {
	j := ExportJSON{ID: e.ID, What: e.Spec.What, Format: string(e.Format), State: e.State, Columns: e.Spec.Columns, Q: e.Spec.Q, Filter: e.Spec.Filter, View: e.Spec.View,
		Narrowed: e.Spec.Customers != (customer.Narrow{}) || e.Spec.Companies != (customer.CompanyNarrow{}),
		Selected: len(e.Spec.IDs), Total: e.Total, Done: e.Done, Truncated: e.Truncated, Size: e.Size, Downloads: e.Downloads, ErrorCode: e.ErrorCode,
		CreatedAt: e.CreatedAt, FinishedAt: e.FinishedAt, ExpiresAt: e.ExpiresAt}
	if j.Columns == nil {
		j.Columns = []string{}
	}
	if dir != nil {
		p, _ := dir.User(e.User)
		j.User = &RefJSON{e.User, p.Name}
	}
	return j
}

const linkPurpose = "export.file"

// linked is the export with a link for the reader, if it is theirs.
func (m *Room) linked(ctx context.Context, a *staff.Actor, dir *staff.Directory, e *Export) (ExportJSON, error) {
	j := m.exportJSON(e, dir)
	if e.State != Done || e.User != a.ID {
		return j, nil
	}
	keys, err := m.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return j, err
	}
	token, err := keys.Sign(linkPurpose, e.ID.String(), []byte(a.ID.String()), min(e.ExpiresAt, m.Clock.Now().Add(linkFor)))
	j.URL = web.Base + "/exports/" + e.ID.String() + "/file?token=" + token
	return j, err
}

// NewExportJSON orders an export.
type NewExportJSON struct {
	What    string   `json:"what" enum:"ticket,customer,company,staff"`
	Format  string   `json:"format" enum:"csv,xlsx"`
	BOM     bool     `json:"bom,omitempty" doc:"CSV: begin with the mark by which spreadsheet programs know UTF-8"`
	Columns []string `json:"columns,omitempty" maxItems:"200" doc:"in their order; absent: the usual ones"`
	Locale  string   `json:"locale,omitempty" enum:"zh-CN,en" doc:"of names and headings; default the person's"`
	Q       string   `json:"q,omitempty" maxLength:"500" doc:"words to search for"`
	Filter  string   `json:"filter,omitempty" maxLength:"4096" doc:"tickets: a condition in CEL"`
	View    id.ID    `json:"view_id,omitzero" doc:"tickets: those of a view"`
	IDs     []id.ID  `json:"ids,omitempty" maxItems:"10000" doc:"only these"`

	Customers customer.Narrow        `json:"customers,omitzero" doc:"customers: as their list is narrowed"`
	Companies customer.CompanyNarrow `json:"companies,omitzero" doc:"companies: as their list is narrowed"`
}

type exportOut struct{ Body ExportJSON }

func (m *Room) registerExports(api *web.API) {
	export := string(staff.Export)
	type columnsIn struct {
		What string `query:"what" required:"true" enum:"ticket,customer,company,staff"`
	}
	type columnsOut struct{ Body web.List[ColumnJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/exports/columns", ID: "export-columns", Summary: "What columns a table can have", Permission: export, Tags: exportTags},
		func(ctx context.Context, in *columnsIn) (*columnsOut, error) {
			a := staff.From(ctx)
			if err := mayExport(a, in.What); err != nil {
				return nil, err
			}
			catalog, err := m.Forms.Get(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			list, err := columnsOf(in.What, catalog)
			return &columnsOut{web.List[ColumnJSON]{Items: list}}, err
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/exports", ID: "export-create", Summary: "Export a table; a large one goes on in the background", Permission: export,
		Tags: exportTags, Status: http.StatusCreated, SecretOut: true},
		func(ctx context.Context, in *struct{ Body NewExportJSON }) (*exportOut, error) {
			a, b := staff.From(ctx), in.Body
			if b.Locale == "" {
				b.Locale = a.Locale
			}
			e, err := m.StartExport(ctx, a, sheet.Format(b.Format), Spec{What: b.What, Columns: b.Columns, BOM: b.BOM, Locale: b.Locale, Q: b.Q, Filter: b.Filter, View: b.View, IDs: b.IDs,
				Customers: b.Customers, Companies: b.Companies})
			if err != nil {
				return nil, err
			}
			j, err := m.linked(ctx, a, nil, e)
			return &exportOut{j}, err
		})

	registerList(m, api, web.Op{Method: http.MethodGet, Path: "/exports", ID: "export-list", Summary: "One's own exports, newest first", Permission: web.SignedIn, Tags: exportTags},
		scanExport, func(e *Export) id.ID { return e.ID }, m.linked, `exchange_export x`, exportColumns)

	web.Register(api, web.Op{Method: http.MethodGet, Path: "/exports/{id}", ID: "export-read", Summary: "How far an export is, with a link when it is ready", Permission: web.SignedIn, Tags: exportTags},
		func(ctx context.Context, in *web.PathID) (*exportOut, error) {
			a := staff.From(ctx)
			e, err := m.mine(ctx, a, in.ID.ID)
			if err != nil {
				return nil, err
			}
			j, err := m.linked(ctx, a, nil, e)
			return &exportOut{j}, err
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/exports/{id}/cancel", ID: "export-cancel", Summary: "Stop an export", Permission: web.SignedIn, Tags: exportTags},
		func(ctx context.Context, in *web.PathID) (*exportOut, error) {
			e, err := m.CancelExport(ctx, staff.From(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			return &exportOut{m.exportJSON(e, nil)}, nil
		})

	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/exports/{id}", ID: "export-delete", Summary: "Remove the file of an export; the record stays", Permission: web.SignedIn, Tags: exportTags},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			return nil, m.DeleteExport(ctx, staff.From(ctx), in.ID.ID)
		})

	web.Handle(api, web.Op{Method: http.MethodGet, Path: "/exports/{id}/file", ID: "export-file", Summary: "The file (query: token, from the export's link)", Permission: export, Tags: exportTags, Stream: true},
		func(w http.ResponseWriter, r *http.Request) error {
			export, err := id.Parse(r.PathValue("id"))
			if err != nil {
				return fault.Missing("export")
			}
			return m.serve(w, r, staff.From(r.Context()), export)
		})
}

// serve gives the file to who ordered it and still may, and counts that it did.
func (m *Room) serve(w http.ResponseWriter, r *http.Request, a *staff.Actor, export id.ID) error {
	ctx := r.Context()
	e, err := m.own(ctx, a, export)
	if err != nil {
		return err
	}
	keys, err := m.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	who, err := keys.Verify(linkPurpose, e.ID.String(), r.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	if string(who) != a.ID.String() {
		return fault.New(fault.Forbidden, "token.invalid", "the link is another person's")
	}
	if err := mayExport(a, e.Spec.What); err != nil {
		return err
	}
	if e.State != Done || e.ExpiresAt <= m.Clock.Now() {
		return fault.Missing("file")
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	f, err := m.Blobs.Open(ctx, e.file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update exchange_export set downloads = downloads + 1 where tenant_id = $1 and id = $2`, a.Tenant, e.ID)
		return err
	}); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", e.Format.ContentType())
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", e.filename(m.zone(dir))))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	var content io.Reader = f
	if e.Format == sheet.CSV {
		if content, err = gzip.NewReader(f); err != nil {
			return err
		}
	} else {
		h.Set("Content-Length", strconv.FormatInt(e.Size, 10))
	}
	_, err = io.Copy(w, content)
	return err
}
