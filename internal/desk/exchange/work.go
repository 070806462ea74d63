package exchange

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/sheet"
)

// Rows are settled in lots: those of a lot at the same time, so that their
// commits are shared, but rows that name the same after one another. The mark
// moves on when a lot is settled; a row that was settled in a lot that was
// not is known by its item.
const (
	lot     = 256
	workers = 24
)

// Problem is what is wrong with a row.
type Problem struct {
	Column  int    `json:"column,omitempty" doc:"from 1; absent when it is no single one"`
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (m *Room) registerImportJobs() {
	m.Jobs.Handle(job.Kind{Name: kindImport, Concurrency: 2, MaxAttempts: 12, Timeout: 4 * time.Hour}, each(m.Work))
	m.Jobs.Handle(job.Kind{Name: kindClear, Concurrency: 1, MaxAttempts: 100}, each(m.clear))
}

// Work does what an import is to do now: check, run or undo, to the end or
// until somebody stops it.
func (m *Room) Work(ctx context.Context, tenant, imp id.ID) error {
	return m.work(ctx, tenant, imp, nil)
}

func (m *Room) work(ctx context.Context, tenant, imp id.ID, progress func(*Import)) error {
	i, err := readImport(ctx, m.DB, tenant, imp)
	if err != nil {
		return err
	}
	if i.State != Checking && i.State != Running && i.State != Undoing {
		return nil
	}
	i.progress = progress
	a := staff.System(tenant)
	if i.User != 0 {
		a, err = m.actor(ctx, tenant, i.User, i.grants)
	}
	if err == nil && i.State == Undoing {
		err = m.undo(ctx, a, i)
	} else if err == nil {
		err = m.settle(ctx, a, i)
	}
	kind := fault.KindOf(err)
	switch {
	case err == nil, errors.Is(err, errMoved):
		return nil
	case ctx.Err() != nil, kind == fault.Internal, kind == fault.Unavailable:
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, e := tx.Exec(ctx, `update exchange_import set state = 'failed', error_code = $3, finished_at = $4 where tenant_id = $1 and id = $2 and state = $5`,
			tenant, imp, faults(err)[0].Code, m.Clock.Now(), i.State)
		return e
	})
}

// planner makes ready to read rows.
func (m *Room) planner(ctx context.Context, a *staff.Actor, i *Import, dry bool) (*planner, error) {
	p := &planner{m: m, a: a, o: i.Options, dry: dry, source: i.Options.Source}
	if p.source == "" {
		p.source = i.Name
	}
	var err error
	if p.catalog, err = m.Forms.Get(ctx, a.Tenant); err != nil {
		return nil, err
	}
	if p.dir, err = m.Staff.Directory(ctx, a.Tenant); err != nil {
		return nil, err
	}
	p.zone = m.zone(p.dir)
	return p, nil
}

// onLot lets a test look in before each lot.
var onLot func(lots int)

// outcome is what became of one row.
type outcome struct {
	row      int
	act      string
	said     bool // the customer is answered
	problems []Problem
	known    bool // it was settled before
	err      error
}

// settle checks or runs an import from where it is.
func (m *Room) settle(ctx context.Context, a *staff.Actor, i *Import) error {
	if err := mayImport(a, i.What); err != nil {
		return err
	}
	dry := i.State == Checking
	p, err := m.planner(ctx, a, i, dry)
	if err != nil {
		return err
	}
	r, end, err := m.rows(ctx, i)
	if err != nil {
		return err
	}
	defer end()
	from, seen, lots := i.Mark, map[string]int{}, 0
	if dry { // always as a whole: the marks of a run are untouched
		from = 0
		i.Checked = &Counts{}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var rows []sheet.Row
		last := false
		for len(rows) < lot {
			row, err := r.Next()
			if err == io.EOF {
				last = true
				break
			}
			if err != nil {
				return err
			}
			if int64(row.N) > from {
				rows = append(rows, row)
			}
		}
		if len(rows) > 0 {
			if onLot != nil {
				onLot(lots)
			}
			lots++
			done, err := m.settleLot(ctx, p, i, rows, seen)
			if err != nil {
				return err
			}
			if err := m.moveOn(ctx, i, rows[len(rows)-1].N, done, dry); err != nil {
				return err
			}
		}
		if last {
			break
		}
	}
	return m.settled(ctx, a, i, dry)
}

// settleLot settles the rows of a lot in waves: in one wave no two rows name
// the same.
func (m *Room) settleLot(ctx context.Context, p *planner, i *Import, rows []sheet.Row, seen map[string]int) ([]outcome, error) {
	out := make([]outcome, 0, len(rows))
	for len(rows) > 0 {
		var wave, later []sheet.Row
		taken := map[string]bool{}
		for _, row := range rows {
			keys := roughKeys(i, row)
			clash := false
			for _, k := range keys {
				clash = clash || taken[k]
			}
			for _, k := range keys {
				taken[k] = true
			}
			if clash {
				later = append(later, row)
			} else {
				wave = append(wave, row)
			}
		}
		results := make([]outcome, len(wave))
		var wg sync.WaitGroup
		next := make(chan int)
		for range min(workers, len(wave)) {
			wg.Go(func() {
				for n := range next {
					results[n] = m.settleRow(ctx, p, i, wave[n])
				}
			})
		}
		for n := range wave {
			next <- n
		}
		close(next)
		wg.Wait()
		for n, o := range results {
			if o.err != nil {
				return nil, fmt.Errorf("row %d: %w", wave[n].N, o.err)
			}
			if p.dry && o.act == created { // the table may name the same again further down
				for _, k := range roughKeys(i, wave[n]) {
					if _, again := seen[k]; again && o.act == created {
						o.act = map[string]string{Skip: skipped, Update: updated, Create: created}[i.Options.Duplicates]
						if i.Options.Duplicates == Create && i.What == Customers {
							o.act, o.problems = failed, []Problem{{Code: "identity.taken", Message: "an address of this row stands in a row above"}}
						}
					}
					seen[k] = wave[n].N
				}
			}
			out = append(out, o)
		}
		rows = later
	}
	return out, nil
}

// roughKeys are what a row may share with others: what its kind is known by.
func roughKeys(i *Import, row sheet.Row) []string {
	var out []string
	v := i.values(row.Cells)
	names := map[string][]string{Customers: {"phone", "email", "wechat", "external"}, Companies: {"name"}, Tickets: {"ref"}, Batch: {"number"}}[i.What]
	for _, n := range names {
		for _, s := range several(v[n]) {
			out = append(out, n+":"+strings.NewReplacer(" ", "", "-", "").Replace(normal(s)))
		}
	}
	return out
}

func (m *Room) settleRow(ctx context.Context, p *planner, i *Import, row sheet.Row) outcome {
	o := outcome{row: row.N}
	for try := 0; ; try++ {
		o.err = m.tryRow(ctx, p, i, row, &o)
		if o.err == nil {
			return o
		}
		kind := fault.KindOf(o.err)
		retry := db.IsUnique(o.err) || faults(o.err)[0].Code == "import.known"
		switch {
		case ctx.Err() != nil:
			return o
		case retry && try < 3:
			continue
		case kind == fault.Internal || kind == fault.Unavailable:
			return o
		}
		for _, f := range faults(o.err) {
			o.problems = append(o.problems, i.problem(f))
		}
		o.act, o.err = failed, nil
		if !p.dry {
			o.err = m.noteFailed(ctx, i, &o)
		}
		return o
	}
}

// columnOf is which target a fault's field means, where the core calls it
// something else.
var columnOf = map[string]string{"requester": "requester_name", "requester.name": "requester_name", "requester.phone": "requester_phone", "requester.email": "requester_email",
	"category_id": "category", "assignee_id": "assignee", "team_id": "team", "company_id": "company",
	"resolution.code": "code", "resolution.cause": "cause", "resolution.responsible": "responsible", "resolution.note": "resolution_note"}

// problem places a fault in the table.
func (i *Import) problem(f *fault.Error) Problem {
	x := Problem{Field: f.Field, Code: f.Code, Message: f.Message}
	if to, ok := columnOf[f.Field]; ok {
		x.Field = to
	} else if key, ok := strings.CutPrefix(f.Field, "fields."); ok {
		x.Field = "field:" + key
	} else if i.What == Batch && f.Field == "" { // of the ticket, or of where it stands
		x.Field = "number"
		if f.Code == "ticket.transition" || f.Code == "ticket.children_open" {
			x.Field = "status"
		}
	}
	for n, c := range i.Columns {
		if c != "" && (c == x.Field || c == "field:"+x.Field) {
			x.Column, x.Field = n+1, c
		}
	}
	return x
}

// tryRow settles a row, or in a dry run says what would become of it. The item
// is written at the end of the transaction of the row's effect.
func (m *Room) tryRow(ctx context.Context, p *planner, i *Import, row sheet.Row, o *outcome) (err error) {
	if !p.dry {
		if o.act, o.known, err = m.itemOf(ctx, i, row.N); err != nil || o.known {
			return err
		}
	}
	x, err := p.plan(ctx, i.What, i.values(row.Cells))
	if err != nil {
		return err
	}
	keys, err := m.Vault.Tenant(ctx, i.Tenant)
	if err != nil {
		return err
	}
	insert := func(ctx context.Context, tx *db.Tx) error {
		var before []byte
		if x.before != nil { // names and notes are in it
			raw, err := json.Marshal(x.before)
			if err != nil {
				return err
			}
			if before, err = keys.Seal(beforePurpose, raw); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `insert into exchange_item (tenant_id, import_id, row_no, act, object_id, version, before, undo, kept) values ($1, $2, $3, $4, $5, $6, $7, '', '')
			on conflict (tenant_id, import_id, row_no) do nothing`, i.Tenant, i.ID, row.N, x.act, null(x.object), x.version, before)
		if err == nil && n == 0 {
			err = errSettled
		}
		return err
	}
	switch {
	case p.dry:
	case x.do == nil:
		err = m.DB.Tx(ctx, insert)
	default:
		err = x.do(db.WithTxHook(ctx, insert))
	}
	if errors.Is(err, errSettled) {
		o.act, o.known, err = m.itemOf(ctx, i, row.N)
		return err
	}
	o.act, o.said = x.act, x.said
	return err
}

var errSettled = errors.New("exchange: the row is settled")

func (m *Room) itemOf(ctx context.Context, i *Import, row int) (act string, known bool, err error) {
	err = m.DB.QueryRow(ctx, `select act from exchange_item where tenant_id = $1 and import_id = $2 and row_no = $3`, i.Tenant, i.ID, row).Scan(&act)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return act, err == nil, err
}

// noteFailed keeps why a row is not in.
func (m *Room) noteFailed(ctx context.Context, i *Import, o *outcome) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into exchange_item (tenant_id, import_id, row_no, act, object_id, version, before, undo, kept) values ($1, $2, $3, 'failed', null, 0, null, '', '')
			on conflict (tenant_id, import_id, row_no) do nothing`, i.Tenant, i.ID, o.row)
		if err != nil {
			return err
		}
		return putErrors(ctx, tx, i, true, []outcome{*o})
	})
}

func putErrors(ctx context.Context, tx *db.Tx, i *Import, run bool, list []outcome) error {
	for _, o := range list {
		if len(o.problems) > 0 {
			if _, err := tx.Exec(ctx, `insert into exchange_error (tenant_id, import_id, run, row_no, problems) values ($1, $2, $3, $4, $5)
				on conflict (tenant_id, import_id, run, row_no) do update set problems = excluded.problems`, i.Tenant, i.ID, run, o.row, encode(o.problems)); err != nil {
				return err
			}
		}
	}
	return nil
}

const beforePurpose = "import.before"

// moveOn sets the mark behind a lot, as long as nobody has stopped the import.
func (m *Room) moveOn(ctx context.Context, i *Import, mark int, done []outcome, dry bool) error {
	var c Counts
	for _, o := range done {
		c.add(o)
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int64
		var err error
		if dry {
			sum := i.Checked.plus(c)
			if n, err = tx.Exec(ctx, `update exchange_import set checked = $3 where tenant_id = $1 and id = $2 and state = 'checking'`, i.Tenant, i.ID, encode(sum)); err == nil && n > 0 {
				err = putErrors(ctx, tx, i, false, done)
			}
		} else {
			n, err = tx.Exec(ctx, `update exchange_import set mark = $4, created = created + $5, updated = updated + $6, skipped = skipped + $7, failed = failed + $8
				where tenant_id = $1 and id = $2 and state = 'running' and mark = $3`, i.Tenant, i.ID, i.Mark, mark, c.Created, c.Updated, c.Skipped, c.Failed)
		}
		if err == nil && n == 0 {
			err = errMoved
		}
		return err
	})
	if err != nil && !errors.Is(err, errMoved) {
		return err
	}
	if dry {
		*i.Checked = i.Checked.plus(c)
		if err != nil {
			return err
		}
	} else if err != nil {
		// Paused or cancelled while the lot was at work: what it did counts.
		if e := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (e error) {
			_, e = tx.Exec(ctx, `update exchange_import set mark = $4, created = created + $5, updated = updated + $6, skipped = skipped + $7, failed = failed + $8
				where tenant_id = $1 and id = $2 and mark = $3`, i.Tenant, i.ID, i.Mark, mark, c.Created, c.Updated, c.Skipped, c.Failed)
			return e
		}); e != nil {
			return e
		}
		m.tellImport(ctx, i)
		return err
	}
	i.Mark = int64(mark)
	m.tellImport(ctx, i)
	return nil
}

// settled ends a check or a run.
func (m *Room) settled(ctx context.Context, a *staff.Actor, i *Import, dry bool) error {
	now := m.Clock.Now()
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if dry {
			_, err := tx.Exec(ctx, `update exchange_import set state = 'checked', checked = $3 where tenant_id = $1 and id = $2 and state = 'checking'`, i.Tenant, i.ID, encode(i.Checked))
			return err
		}
		n, err := tx.Exec(ctx, `update exchange_import set state = 'done', finished_at = $3 where tenant_id = $1 and id = $2 and state = 'running'`, i.Tenant, i.ID, now)
		if err != nil || n == 0 {
			return err
		}
		if err := m.Staff.Record(ctx, tx, a, staff.Act{Kind: "imported", Subject: i.ID, Data: map[string]any{"what": i.What, "rows": i.Total}}); err != nil {
			return err
		}
		if m.Told != nil && i.User != 0 {
			if err := m.Told(ctx, tx, Told{Tenant: i.Tenant, To: i.User, ID: i.ID, Kind: "import", Rows: int(i.Total)}); err != nil {
				return err
			}
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: i.Tenant, Kind: kindClear, Key: i.ID.String(), DueAt: now.Add(importKept), Replace: true, Payload: struct{}{}})
	})
	m.tellImport(ctx, i)
	return err
}

func (m *Room) tellImport(ctx context.Context, i *Import) {
	now, err := readImport(ctx, m.DB, i.Tenant, i.ID)
	if err != nil {
		return
	}
	if i.progress != nil {
		i.progress(now)
	}
	if now.User != 0 {
		m.show(ctx, i.Tenant, i.User, "import", importJSON(now, nil))
	}
}
