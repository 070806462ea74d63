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

	"zhidan/internal/desk/customer"
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
	names := map[string][]string{Customers: {"phone", "email", "wechat", "external"}, Companies: {"name"}, Tickets: {"ref"}}[i.What]
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
		o.act, o.known, o.err = m.tryRow(ctx, p, i, row)
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

// problem places a fault in the table.
func (i *Import) problem(f *fault.Error) Problem {
	field := f.Field
	for from, to := range map[string]string{"requester": "requester_name", "requester.name": "requester_name", "requester.phone": "requester_phone", "requester.email": "requester_email",
		"category_id": "category", "assignee_id": "assignee", "team_id": "team", "company_id": "company"} {
		if field == from {
			field = to
		}
	}
	x := Problem{Field: field, Code: f.Code, Message: f.Message}
	for n, c := range i.Columns {
		if c != "" && (c == field || c == "field:"+field || "fields."+field == c || c == "field:"+trim(field)) {
			x.Column, x.Field = n+1, c
		}
	}
	return x
}

func trim(field string) string {
	const before = "fields."
	if len(field) > len(before) && field[:len(before)] == before {
		return field[len(before):]
	}
	return field
}

func (m *Room) tryRow(ctx context.Context, p *planner, i *Import, row sheet.Row) (act string, known bool, err error) {
	if !p.dry {
		if act, known, err = m.itemOf(ctx, i, row.N); err != nil || known {
			return act, known, err
		}
	}
	x, err := p.plan(ctx, i.What, i.values(row.Cells))
	if err != nil || p.dry {
		if err == nil {
			act = x.act
		}
		return act, false, err
	}
	before, err := m.sealed(ctx, i.Tenant, x.before)
	if err != nil {
		return "", false, err
	}
	insert := func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `insert into exchange_item (tenant_id, import_id, row_no, act, object_id, version, before, undo) values ($1, $2, $3, $4, $5, 0, $6, '')
			on conflict (tenant_id, import_id, row_no) do nothing`, i.Tenant, i.ID, row.N, x.act, null(x.object), before)
		if err == nil && n == 0 {
			err = errSettled
		}
		return err
	}
	if x.do == nil {
		err = m.DB.Tx(ctx, insert)
	} else {
		_, err = x.do(db.WithTxHook(ctx, insert))
	}
	if errors.Is(err, errSettled) {
		return m.itemOf(ctx, i, row.N)
	}
	return x.act, false, err
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
		_, err := tx.Exec(ctx, `insert into exchange_item (tenant_id, import_id, row_no, act, object_id, version, before, undo) values ($1, $2, $3, 'failed', null, 0, null, '')
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

// sealed hides how something stood: names and notes are in it.
func (m *Room) sealed(ctx context.Context, tenant id.ID, before any) ([]byte, error) {
	if before == nil {
		return nil, nil
	}
	keys, err := m.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	return keys.Seal(beforePurpose, raw)
}

const beforePurpose = "import.before"

// moveOn sets the mark behind a lot, as long as nobody has stopped the import.
func (m *Room) moveOn(ctx context.Context, i *Import, mark int, done []outcome, dry bool) error {
	var c Counts
	for _, o := range done {
		c.add(o.act, 1)
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int64
		var err error
		if dry {
			sum := Counts{i.Checked.Created + c.Created, i.Checked.Updated + c.Updated, i.Checked.Skipped + c.Skipped, i.Checked.Failed + c.Failed}
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
		i.Checked.Created, i.Checked.Updated, i.Checked.Skipped, i.Checked.Failed = i.Checked.Created+c.Created, i.Checked.Updated+c.Updated, i.Checked.Skipped+c.Skipped, i.Checked.Failed+c.Failed
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

// undo takes an import back, the last row first. What somebody has worked with
// since is kept, and named.
func (m *Room) undo(ctx context.Context, a *staff.Actor, i *Import) error {
	type item struct {
		row    int64
		act    string
		object id.ID
		before []byte
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := m.DB.Query(ctx, `select row_no, act, coalesce(object_id, 0), before from exchange_item where tenant_id = $1 and import_id = $2 and act in ('created', 'updated') and undo = ''
			order by row_no desc limit 200`, i.Tenant, i.ID)
		list, err := db.Each(rows, err, func(r *sql.Rows) (item, error) {
			var x item
			return x, r.Scan(&x.row, &x.act, &x.object, &x.before)
		})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for _, x := range list {
			mark := func(word string) func(ctx context.Context, tx *db.Tx) error {
				return func(ctx context.Context, tx *db.Tx) error {
					n, err := tx.Exec(ctx, `update exchange_item set undo = $4 where tenant_id = $1 and import_id = $2 and row_no = $3 and undo = ''`, i.Tenant, i.ID, x.row, word)
					if err != nil {
						return err
					}
					if n == 0 {
						return errSettled
					}
					counter := map[string]string{"undone": "undone", "kept": "kept"}[word]
					_, err = tx.Exec(ctx, `update exchange_import set `+counter+` = `+counter+` + 1 where tenant_id = $1 and id = $2`, i.Tenant, i.ID)
					return err
				}
			}
			err := m.undoOne(db.WithTxHook(ctx, mark("undone")), a, i, x.act, x.object, x.before)
			switch kind := fault.KindOf(err); {
			case err == nil, errors.Is(err, errSettled):
				continue
			case ctx.Err() != nil, kind == fault.Internal, kind == fault.Unavailable:
				return err
			}
			if err := m.DB.Tx(ctx, mark("kept")); err != nil && !errors.Is(err, errSettled) {
				return err
			}
		}
		m.tellImport(ctx, i)
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `update exchange_import set state = 'undone', finished_at = $3 where tenant_id = $1 and id = $2 and state = 'undoing'`, i.Tenant, i.ID, m.Clock.Now()); err != nil {
			return err
		}
		return m.Staff.Record(ctx, tx, a, staff.Act{Kind: "import_undone", Subject: i.ID, Data: map[string]any{"what": i.What}})
	})
	m.tellImport(ctx, i)
	return err
}

var errKept = fault.New(fault.Conflict, "touched", "it has changed since")

// undoOne takes one row back in the context's first transaction.
func (m *Room) undoOne(ctx context.Context, a *staff.Actor, i *Import, act string, object id.ID, before []byte) error {
	switch {
	case i.What == Tickets && act == created:
		return m.Desk.TakeOut(ctx, a, object)
	case i.What == Tickets:
		return errKept // changes of tickets stand on their timelines, and are taken back there
	case i.What == Customers && act == created:
		return m.Customers.Unmake(ctx, a, object, 1)
	case i.What == Companies && act == created:
		return m.Customers.UnmakeCompany(ctx, a, object, 1)
	}
	keys, err := m.Vault.Tenant(ctx, i.Tenant)
	if err != nil {
		return err
	}
	raw, err := keys.Open(beforePurpose, before)
	if err != nil {
		return err
	}
	if i.What == Companies {
		var c customer.CompanyChange
		if err := json.Unmarshal(raw, &c); err != nil {
			return err
		}
		now, err := m.Customers.Company(ctx, m.DB, i.Tenant, object)
		if err != nil {
			return err
		}
		if now.Version > c.Version+1 {
			return errKept
		}
		c.Version = now.Version
		_, err = m.Customers.UpdateCompany(ctx, a, object, c)
		return err
	}
	var c customer.Change
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	now, err := m.Customers.Get(ctx, m.DB, i.Tenant, object)
	if err != nil {
		return err
	}
	if now.Version > c.Version+1 {
		return errKept
	}
	c.Version = now.Version
	_, err = m.Customers.Update(ctx, a, object, c)
	return err
}
