package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/sheet"
)

// Bounds of exports.
const (
	MaxRows     = 1_000_000
	MaxSelected = 10_000
	maxRunning  = 5 // of one person
	maxColumns  = 200
	keptFor     = 7 * 24 * time.Hour
	linkFor     = time.Hour
	maxFile     = 4 << 30
)

// States of an export.
const (
	Running   = "running"
	Done      = "done"
	Cancelled = "cancelled"
	Failed    = "failed"
	Expired   = "expired" // the file is gone; the record stays
)

// Export is one order to take something out, and its record.
type Export struct {
	Tenant, ID, User id.ID
	Format           sheet.Format
	Spec             Spec
	State            string
	Total            *int64 // nil: nobody has counted
	Done             int64  // rows that are safe
	Truncated        bool   // there were more than MaxRows
	Size             int64  // of the file as it is stored
	Downloads        int
	ErrorCode        string
	CreatedAt        clock.Time
	FinishedAt       clock.Time
	ExpiresAt        clock.Time

	grants staff.Grants // of who ordered it, then
	mark   string
	parts  []string
	file   string
}

const exportColumns = `x.id, x.user_id, x.format, x.spec, x.actor, x.state, x.total, x.done, x.mark, x.parts, x.truncated, x.file, x.size, x.downloads,
	x.error_code, x.created_at, coalesce(x.finished_at, 0), coalesce(x.expires_at, 0)`

type scanner interface{ Scan(dest ...any) error }

func scanExport(r scanner, tenant id.ID) (*Export, error) {
	e := &Export{Tenant: tenant}
	var spec, grants, parts string
	var total sql.NullInt64
	if err := r.Scan(&e.ID, &e.User, &e.Format, &spec, &grants, &e.State, &total, &e.Done, &e.mark, &parts, &e.Truncated, &e.file, &e.Size, &e.Downloads,
		&e.ErrorCode, &e.CreatedAt, &e.FinishedAt, &e.ExpiresAt); err != nil {
		return nil, err
	}
	if total.Valid {
		e.Total = &total.Int64
	}
	return e, errors.Join(json.Unmarshal([]byte(spec), &e.Spec), json.Unmarshal([]byte(grants), &e.grants), json.Unmarshal([]byte(parts), &e.parts))
}

func readExport(ctx context.Context, r db.Reader, tenant, export id.ID) (*Export, error) {
	e, err := scanExport(r.QueryRow(ctx, `select `+exportColumns+` from exchange_export x where x.tenant_id = $1 and x.id = $2`, tenant, export), tenant)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("export")
	}
	return e, err
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("exchange: value cannot be JSON: %v", err)) // only our own types come here
	}
	return string(b)
}

// StartExport orders an export. What is small is done when it returns; the rest
// goes on in the background.
func (m *Room) StartExport(ctx context.Context, a *staff.Actor, f sheet.Format, spec Spec) (*Export, error) {
	if f != sheet.CSV && f != sheet.XLSX {
		return nil, fault.Bad("format", "choice", "a table is csv or xlsx")
	}
	if len(spec.IDs) > MaxSelected || len(spec.Columns) > maxColumns {
		return nil, fault.Bad("ids", "too_many", "at most %d chosen rows and %d columns", MaxSelected, maxColumns)
	}
	if err := spec.check(); err != nil {
		return nil, err
	}
	if spec.Locale != "en" {
		spec.Locale = "zh-CN"
	}
	if _, err := m.source(ctx, a, spec); err != nil {
		return nil, err
	}
	e := &Export{Tenant: a.Tenant, ID: m.IDs.Next(), User: a.ID, Format: f, Spec: spec, State: Running, CreatedAt: m.Clock.Now(), grants: a.Grants}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from exchange_export where tenant_id = $1 and user_id = $2 and state = 'running'`, a.Tenant, a.ID).Scan(&n); err != nil {
			return err
		}
		if n >= maxRunning {
			return fault.New(fault.Conflict, "export.running", "%d of your exports are running: wait for one, or cancel it", n).With("count", fmt.Sprint(n))
		}
		if _, err := tx.Exec(ctx, `insert into exchange_export (tenant_id, id, user_id, what, format, spec, actor, state, total, done, mark, parts, truncated, file,
				size, downloads, error_code, created_at, finished_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, null, 0, '', '[]', $9, '', 0, 0, '', $10, null, null)`,
			e.Tenant, e.ID, e.User, spec.What, string(f), encode(spec), encode(a.Grants), e.State, false, e.CreatedAt); err != nil {
			return err
		}
		// Should this process end before it has either finished or handed on. One
		// that is only slow loses the work of the page at which the two meet.
		return m.Jobs.Add(ctx, tx, m.exportJob(e, e.CreatedAt.Add(5*time.Second)))
	})
	if err != nil {
		return nil, err
	}
	patience := m.Patience
	if patience == 0 {
		patience = 1500 * time.Millisecond
	}
	if _, err := m.carryOut(ctx, e, time.Now().Add(patience)); err != nil && fault.KindOf(err) == fault.Internal {
		return nil, err
	}
	return readExport(ctx, m.DB, a.Tenant, e.ID)
}

const (
	kindExport = "exchange.export"
	kindExpire = "exchange.expire"
)

func (m *Room) exportJob(e *Export, due clock.Time) job.New {
	return job.New{Tenant: e.Tenant, Kind: kindExport, Key: e.ID.String(), Payload: struct{}{}, DueAt: due, Replace: true}
}

func (m *Room) registerExportJobs() {
	m.Jobs.Handle(job.Kind{Name: kindExport, Concurrency: 2, MaxAttempts: 12, Timeout: 2 * time.Hour}, each(func(ctx context.Context, tenant, export id.ID) error {
		e, err := readExport(ctx, m.DB, tenant, export)
		if err != nil || e.State != Running {
			return err
		}
		_, err = m.carryOut(ctx, e, time.Time{})
		return err
	}))
	m.Jobs.Handle(job.Kind{Name: kindExpire, Concurrency: 1, MaxAttempts: 12}, each(m.expire))
}

// mine finds an export of the actor's own, or any when the actor may read the
// audit trail.
func (m *Room) mine(ctx context.Context, a *staff.Actor, export id.ID) (*Export, error) {
	e, err := readExport(ctx, m.DB, a.Tenant, export)
	if err == nil && e.User != a.ID && a.Scope(staff.AuditRead) == staff.ScopeNone {
		return nil, fault.Missing("export")
	}
	return e, err
}

// own is mine for what only who ordered it may do.
func (m *Room) own(ctx context.Context, a *staff.Actor, export id.ID) (*Export, error) {
	e, err := readExport(ctx, m.DB, a.Tenant, export)
	if err == nil && e.User != a.ID {
		return nil, fault.Missing("export")
	}
	return e, err
}

// CancelExport stops an export; what it has read is thrown away.
func (m *Room) CancelExport(ctx context.Context, a *staff.Actor, export id.ID) (*Export, error) {
	e, err := m.own(ctx, a, export)
	if err != nil {
		return nil, err
	}
	if e.State == Running {
		if err := m.end(ctx, e, Cancelled, ""); err != nil {
			return nil, err
		}
	}
	return readExport(ctx, m.DB, a.Tenant, export)
}

// end closes a running export without a file.
func (m *Room) end(ctx context.Context, e *Export, state, code string) error {
	var parts []string
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		parts = nil
		n, err := tx.Exec(ctx, `update exchange_export set state = $3, error_code = $4, finished_at = $5 where tenant_id = $1 and id = $2 and state = 'running'`,
			e.Tenant, e.ID, state, code, m.Clock.Now())
		if err != nil || n == 0 {
			return err
		}
		now, err := readExport(ctx, tx, e.Tenant, e.ID)
		if err != nil {
			return err
		}
		parts = now.parts
		return nil
	})
	if err == nil {
		m.drop(ctx, parts...)
		m.tell(ctx, e.Tenant, e.ID)
	}
	return err
}

// DeleteExport removes the file before its time. The record stays.
func (m *Room) DeleteExport(ctx context.Context, a *staff.Actor, export id.ID) error {
	e, err := m.own(ctx, a, export)
	if err != nil {
		return err
	}
	if e.State == Running {
		return fault.New(fault.Conflict, "export.running", "the export is running: cancel it first")
	}
	return m.expire(ctx, a.Tenant, e.ID)
}

// expire removes the file of an export.
func (m *Room) expire(ctx context.Context, tenant, export id.ID) error {
	file := ""
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		e, err := readExport(ctx, tx, tenant, export)
		if err != nil {
			return err
		}
		file = e.file
		_, err = tx.Exec(ctx, `update exchange_export set state = 'expired', file = '', expires_at = $3 where tenant_id = $1 and id = $2 and state = 'done'`,
			tenant, export, m.Clock.Now())
		return err
	})
	if err == nil && file != "" {
		m.drop(ctx, file)
	}
	return err
}

// drop removes contents that no row names any more. Each holds the export's own
// id, so that nobody else's content is the same. What stays behind by a failure
// is garbage, not a danger.
func (m *Room) drop(ctx context.Context, hashes ...string) {
	for _, h := range hashes {
		if _, err := m.Blobs.Delete(ctx, h, time.Now()); err != nil {
			m.Log.WarnContext(ctx, "exchange: content was not removed", "error", err)
		}
	}
}

// filename is what a browser calls the file.
func (e *Export) filename(zone *time.Location) string {
	return strings.Join([]string{e.Spec.What + "s", e.CreatedAt.Std().In(zone).Format("20060102-150405")}, "-") + "." + string(e.Format)
}
