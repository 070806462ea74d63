package exchange

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/sheet"
)

// Bounds of imports.
const (
	MaxImportFile = 50 << 20
	MaxImportRows = 200_000
	maxImports    = 3 // of one person at work
	sampleRows    = 3
	previewRows   = 20
	importKept    = 7 * 24 * time.Hour // file, errors and the way back
)

// States of an import, besides Running, Done, Cancelled, Failed and Expired.
const (
	Uploaded = "uploaded" // read, and waiting for its columns to be judged
	Checking = "checking" // the dry run
	Checked  = "checked"
	Paused   = "paused"
	Undoing  = "undoing"
	Undone   = "undone"
)

// Import is a table that somebody brought.
type Import struct {
	Tenant, ID, User id.ID
	What             string
	Name             string
	Format           sheet.Format
	Encoding         string
	Head             []string
	Columns          []string // by column: what it means, empty for nothing
	Options          Options
	State            string
	Total            int64
	Mark             int64 // the last row that is settled
	Created          int64
	Updated          int64
	Skipped          int64
	Failed           int64
	Undone           int64
	Kept             int64
	Checked          *Counts
	ErrorCode        string
	Size             int64
	CreatedAt        clock.Time
	FinishedAt       clock.Time

	grants   staff.Grants
	file     string
	progress func(*Import) // nil: nobody waits for the end
}

// Counts are what a dry run found.
type Counts struct {
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
	Skipped int64 `json:"skipped"`
	Failed  int64 `json:"failed"`
	Replies int64 `json:"replies,omitempty" doc:"how many of them answer the customer"`
}

func (c *Counts) add(o outcome) {
	if o.said {
		c.Replies++
	}
	switch o.act {
	case created:
		c.Created++
	case updated:
		c.Updated++
	case skipped:
		c.Skipped++
	case failed:
		c.Failed++
	}
}

func (c Counts) plus(d Counts) Counts {
	return Counts{c.Created + d.Created, c.Updated + d.Updated, c.Skipped + d.Skipped, c.Failed + d.Failed, c.Replies + d.Replies}
}

const importColumns = `x.id, coalesce(x.user_id, 0), x.what, x.name, x.file, x.size, x.format, x.encoding, x.head, x.columns, x.options, x.actor, x.state, x.total, x.mark,
	x.created, x.updated, x.skipped, x.failed, x.undone, x.kept, x.checked, x.error_code, x.created_at, coalesce(x.finished_at, 0)`

func scanImport(r scanner, tenant id.ID) (*Import, error) {
	i := &Import{Tenant: tenant}
	var head, columns, options, grants, checked string
	if err := r.Scan(&i.ID, &i.User, &i.What, &i.Name, &i.file, &i.Size, &i.Format, &i.Encoding, &head, &columns, &options, &grants, &i.State, &i.Total, &i.Mark,
		&i.Created, &i.Updated, &i.Skipped, &i.Failed, &i.Undone, &i.Kept, &checked, &i.ErrorCode, &i.CreatedAt, &i.FinishedAt); err != nil {
		return nil, err
	}
	return i, errors.Join(json.Unmarshal([]byte(head), &i.Head), json.Unmarshal([]byte(columns), &i.Columns), json.Unmarshal([]byte(options), &i.Options),
		json.Unmarshal([]byte(grants), &i.grants), json.Unmarshal([]byte(checked), &i.Checked))
}

func readImport(ctx context.Context, r db.Reader, tenant, imp id.ID) (*Import, error) {
	i, err := scanImport(r.QueryRow(ctx, `select `+importColumns+` from exchange_import x where x.tenant_id = $1 and x.id = $2`, tenant, imp), tenant)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("import")
	}
	return i, err
}

var tableLimits = sheet.Limits{Rows: MaxImportRows + 1, Columns: 200}

// Upload takes a table in: it is read once to the end, so that what cannot be
// read is told at once, and its columns are guessed from their headings.
func (m *Room) Upload(ctx context.Context, a *staff.Actor, what, filename string, content io.Reader) (*Import, error) {
	catalog, err := m.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	targets := targetsOf(what, catalog)
	if targets == nil {
		return nil, fault.Bad("what", "choice", "customers, companies, tickets and work on tickets can be imported")
	}
	if err := mayImport(a, what); err != nil {
		return nil, err
	}
	// The id goes before the content, so that no other content is the same.
	imp := m.IDs.Next()
	raw, err := io.ReadAll(io.LimitReader(content, MaxImportFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxImportFile {
		return nil, fault.New(fault.TooLarge, "body.too_large", "the file is larger than %d bytes", MaxImportFile)
	}
	if len(raw) == 0 {
		return nil, fault.Bad("file", "empty", "the file is empty")
	}
	r, err := sheet.Open(bytes.NewReader(raw), int64(len(raw)), tableLimits)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, err := r.Next()
	if err == io.EOF {
		return nil, fault.Bad("file", "empty", "the file is empty")
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(head.Cells))
	for n, h := range head.Cells {
		names[n] = cut(strings.Join(strings.Fields(h), " "), 100)
	}
	i := &Import{Tenant: a.Tenant, ID: imp, User: a.ID, What: what, Name: cut(guard.Filename(filename), 200), Format: r.Format, Encoding: r.Encoding, Head: names,
		Columns: guess(names, targets), Options: Options{Duplicates: Skip}, State: Uploaded, Mark: int64(head.N), CreatedAt: m.Clock.Now(), Size: int64(len(raw)), grants: a.Grants}
	for {
		if _, err := r.Next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		i.Total++
	}
	if i.Total == 0 {
		return nil, fault.Bad("file", "empty", "the file has a heading and no rows")
	}
	if what == Batch && i.Total > MaxBatch {
		return nil, fault.Bad("file", "batch.rows", "a table of work on tickets has at most %d rows", MaxBatch).With("max", fmt.Sprint(MaxBatch))
	}
	ref, err := m.Blobs.Put(ctx, io.MultiReader(strings.NewReader(prefix(imp)), bytes.NewReader(raw)), MaxImportFile+prefixLen)
	if err != nil {
		return nil, err
	}
	i.file = ref.SHA256
	return i, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `insert into exchange_import (tenant_id, id, user_id, what, name, file, size, format, encoding, head, columns, options, actor, state, total, mark,
				created, updated, skipped, failed, undone, kept, checked, error_code, created_at, finished_at, digest)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 0, 0, 0, 0, 0, 'null', '', $17, null, $18)`,
			i.Tenant, i.ID, null(i.User), i.What, i.Name, i.file, i.Size, string(i.Format), i.Encoding, encode(i.Head), encode(i.Columns), encode(i.Options), encode(i.grants),
			i.State, i.Total, i.Mark, i.CreatedAt, digest(a.Tenant, raw)); err != nil {
			return err
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: i.Tenant, Kind: kindClear, Key: i.ID.String(), DueAt: i.CreatedAt.Add(importKept), Replace: true, Payload: struct{}{}})
	})
}

const prefixLen = 32

func prefix(imp id.ID) string { return fmt.Sprintf("%-*s", prefixLen, "import "+imp.String()) }

func null(v id.ID) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

func mayImport(a *staff.Actor, what string) error {
	p := map[string]staff.Permission{Tickets: staff.TicketCreate, Customers: staff.CustomerUpdate, Companies: staff.CustomerUpdate, Batch: staff.TicketBulk}[what]
	for _, p := range []staff.Permission{staff.Import, p} {
		if a.Scope(p) == staff.ScopeNone {
			return fault.New(fault.Forbidden, "forbidden", "you may not import this").With("permission", string(p))
		}
	}
	return nil
}

// rows opens the table of an import behind its heading.
func (m *Room) rows(ctx context.Context, i *Import) (*sheet.Reader, func(), error) {
	if i.file == "" {
		return nil, nil, fault.New(fault.Conflict, "import.gone", "the file of this import is not kept any more")
	}
	f, err := m.Blobs.Open(ctx, i.file)
	if err != nil {
		return nil, nil, err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		raw, err := io.ReadAll(f)
		if err != nil {
			return nil, nil, errors.Join(err, f.Close())
		}
		at = bytes.NewReader(raw)
	}
	r, err := sheet.Open(io.NewSectionReader(at, prefixLen, i.Size), i.Size, tableLimits)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	if _, err := r.Next(); err != nil {
		r.Close()
		return nil, nil, errors.Join(err, f.Close())
	}
	return r, func() { r.Close(); f.Close() }, nil
}

// values are what a row says, by target.
func (i *Import) values(cells []string) map[string]string {
	v := map[string]string{}
	for n, c := range cells {
		if n < len(i.Columns) && i.Columns[n] != "" {
			if c = strings.TrimSpace(c); c != "" {
				v[i.Columns[n]] = c
			}
		}
	}
	return v
}

// SetColumns says what the columns mean and what is done about what is here
// already. It is possible until the import runs.
func (m *Room) SetColumns(ctx context.Context, a *staff.Actor, imp id.ID, columns []string, o Options) (*Import, error) {
	i, err := m.ownImport(ctx, a, imp)
	if err != nil {
		return nil, err
	}
	catalog, err := m.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	if err := checkColumns(i, columns, targetsOf(i.What, catalog)); err != nil {
		return nil, err
	}
	if o.Duplicates != Skip && o.Duplicates != Update && o.Duplicates != Create {
		return nil, fault.Bad("duplicates", "choice", "skip, update or create")
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update exchange_import set columns = $3, options = $4, state = 'uploaded', checked = 'null' where tenant_id = $1 and id = $2 and state in ('uploaded', 'checked')`,
			a.Tenant, imp, encode(columns), encode(o))
		if err == nil && n == 0 {
			err = errState
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return readImport(ctx, m.DB, a.Tenant, imp)
}

var errState = fault.New(fault.Conflict, "import.state", "the import is not where this is possible")

func checkColumns(i *Import, columns []string, targets []target) error {
	if len(columns) != len(i.Head) {
		return fault.Bad("columns", "count", "the table has %d columns", len(i.Head))
	}
	seen := map[string]bool{}
	for n, c := range columns {
		if c == "" {
			continue
		}
		if !slices.ContainsFunc(targets, func(t target) bool { return t.key == c }) {
			return fault.Bad(fmt.Sprintf("columns.%d", n), "unknown", "a column cannot mean %q", c)
		}
		if seen[c] {
			return fault.Bad(fmt.Sprintf("columns.%d", n), "twice", "two columns mean %q", c)
		}
		seen[c] = true
	}
	if len(seen) == 0 {
		return fault.Bad("columns", "required", "no column means anything: choose at least one")
	}
	for _, t := range targets {
		if t.required && !seen[t.key] {
			return fault.Bad("columns", "required", "one column must be %s", t.name.EN).With("target", t.key)
		}
	}
	if i.What == Tickets && !seen["subject"] && !seen["body"] {
		return fault.Bad("columns", "required", "one column must be the subject or the body").With("target", "subject")
	}
	if i.What == Batch {
		opens := seen["subject"] || seen["body"]
		if !seen["number"] && !opens {
			return fault.Bad("columns", "required", "one column must be the ticket number, or the subject of new tickets").With("target", "number")
		}
		if !opens && len(seen) == 1 {
			return fault.Bad("columns", "batch.nothing", "beside the number, one column must say what is to be done")
		}
	}
	return nil
}

func (m *Room) ownImport(ctx context.Context, a *staff.Actor, imp id.ID) (*Import, error) {
	i, err := readImport(ctx, m.DB, a.Tenant, imp)
	if err == nil && i.User != a.ID && a.Kind != staff.KindSystem {
		return nil, fault.Missing("import")
	}
	return i, err
}

// Move starts, stops or takes back.
func (m *Room) Move(ctx context.Context, a *staff.Actor, imp id.ID, to string) (*Import, error) {
	i, err := m.ownImport(ctx, a, imp)
	if err != nil {
		return nil, err
	}
	from := map[string][]string{Checking: {Uploaded, Checked}, Running: {Uploaded, Checked, Paused}, Paused: {Running}, Cancelled: {Uploaded, Checking, Checked, Running, Paused}, Undoing: {Done, Cancelled}}[to]
	if !slices.Contains(from, i.State) {
		return nil, errState
	}
	if to == Undoing && i.Created+i.Updated == 0 {
		return nil, fault.New(fault.Conflict, "import.nothing", "this import has changed nothing")
	}
	if to != Paused && to != Cancelled {
		if err := mayImport(a, i.What); err != nil {
			return nil, err
		}
		catalog, err := m.Forms.Get(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		if err := checkColumns(i, i.Columns, targetsOf(i.What, catalog)); err != nil && to != Undoing {
			return nil, err
		}
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if to == Checking || to == Running {
			n := 0
			if err := tx.QueryRow(ctx, `select count(*) from exchange_import where tenant_id = $1 and user_id = $2 and state in ('checking', 'running', 'undoing') and id <> $3`, a.Tenant, null(a.ID), imp).Scan(&n); err != nil {
				return err
			}
			if n >= maxImports {
				return fault.New(fault.Conflict, "import.running", "%d of your imports are at work: wait for one", n)
			}
		}
		sets, args := `state = $4, actor = $5`, []any{a.Tenant, imp, i.State, to, encode(a.Grants)}
		switch to {
		case Checking:
			sets += `, checked = 'null'`
			if _, err := tx.Exec(ctx, `delete from exchange_error where tenant_id = $1 and import_id = $2`, a.Tenant, imp); err != nil {
				return err
			}
		case Cancelled:
			sets += fmt.Sprintf(`, finished_at = %d`, m.Clock.Now())
		}
		n, err := tx.Exec(ctx, `update exchange_import set `+sets+` where tenant_id = $1 and id = $2 and state = $3`, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return errState
		}
		if to == Paused || to == Cancelled {
			return nil
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindImport, Key: imp.String(), Payload: struct{}{}})
	})
	if err != nil {
		return nil, err
	}
	return readImport(ctx, m.DB, a.Tenant, imp)
}

// begin sets an import to work without a job.
func (m *Room) begin(ctx context.Context, i *Import) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update exchange_import set state = $3 where tenant_id = $1 and id = $2 and state = 'uploaded'`, i.Tenant, i.ID, i.State)
		return err
	})
}

const (
	kindImport = "exchange.import"
	kindClear  = "exchange.clear"
)

// clear forgets the file, the errors and the way back.
func (m *Room) clear(ctx context.Context, tenant, imp id.ID) error {
	i, err := readImport(ctx, m.DB, tenant, imp)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if slices.Contains([]string{Checking, Running, Undoing}, i.State) {
		return fault.New(fault.Unavailable, "import.running", "it is at work; later")
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{`delete from exchange_error where tenant_id = $1 and import_id = $2`, `delete from exchange_item where tenant_id = $1 and import_id = $2`,
			`update exchange_import set file = '', state = case when state in ('done', 'cancelled', 'undone', 'failed') then state else 'expired' end where tenant_id = $1 and id = $2`} {
			if _, err := tx.Exec(ctx, q, tenant, imp); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && i.file != "" {
		m.drop(ctx, i.file)
	}
	return err
}
