package understand

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/mind/learn"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

const kindTrain = "understand.train"

// Run is a full training of a field's model in the background.
type Run struct {
	ID        id.ID
	Field     string
	State     string // waiting, running, done, failed, cancelled
	Done      int
	Total     int
	Report    *RunReport
	Error     string
	Code      string // of the error
	Model     id.ID
	Promoted  bool
	StartedBy id.ID
	StartedAt clock.Time
	EndedAt   clock.Time
}

// RunReport says how good a training is on tickets that it did not see.
type RunReport struct {
	learn.Report
	Confusion []ConfusionCell   `json:"confusion"`
	Compared  *learn.Comparison `json:"compared,omitempty"` // with the model before it, on the same tickets
}

// ConfusionCell counts the held out tickets of one value that were given
// another, or the same.
type ConfusionCell struct {
	Actual    string `json:"actual"`
	Predicted string `json:"predicted"`
	N         int    `json:"n"`
}

// Bounds of a training.
const (
	trainTickets  = 30_000 // newest solved tickets
	minExamples   = 20     // fewer are no training
	keptModels    = 10     // versions kept of a field
	keptRuns      = 50
	starterWeight = .5 // of a shipped text beside a ticket of the tenant's own
)

// Train begins a training and returns at once. One runs at a time for a field.
func (m *Mind) Train(ctx context.Context, a *staff.Actor, field string) (*Run, error) {
	if !slices.Contains(Learned, field) {
		return nil, fault.Bad("field", "choice", "%q is not one of %v", field, Learned)
	}
	run := &Run{ID: m.IDs.Next(), Field: field, State: "waiting", StartedBy: a.ID, StartedAt: m.Clock.Now()}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from understand_run where tenant_id = $1 and field = $2 and state in ('waiting', 'running')`, a.Tenant, field).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "training.running", "a training of this field is under way")
		}
		if _, err := tx.Exec(ctx, `insert into understand_run (tenant_id, id, field, state, done, total, report, error, model_id, promoted, started_by, started_at, ended_at)
			values ($1, $2, $3, 'waiting', 0, 0, '', '', null, 0, $4, $5, null)`, a.Tenant, run.ID, field, nullable(a.ID), run.StartedAt); err != nil {
			return err
		}
		for _, q := range []string{ // the oldest, with the tickets behind their cells
			`delete from understand_holdout where tenant_id = $1 and run_id < coalesce((select id from understand_run where tenant_id = $1 order by id desc limit 1 offset $2), 0)`,
			`delete from understand_run where tenant_id = $1 and id < coalesce((select id from understand_run where tenant_id = $1 order by id desc limit 1 offset $2), 0)`,
		} {
			if _, err := tx.Exec(ctx, q, a.Tenant, keptRuns); err != nil {
				return err
			}
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindTrain, Key: field, Payload: trainJob{run.ID}})
	})
	return run, err
}

type trainJob struct{ Run id.ID }

func (m *Mind) registerJobs() {
	job.HandleAsked(m.Jobs, job.Kind{Name: kindTrain, Concurrency: 1, MaxAttempts: 3, Timeout: 30 * time.Minute}, "training",
		func(ctx context.Context, j job.Job, in trainJob) error { return m.train(ctx, j.Tenant, in.Run) },
		func(ctx context.Context, j job.Job, in trainJob, code, why string) error {
			return m.endRun(ctx, j.Tenant, in.Run, "failed", code, why)
		})
	m.registerMore()
}

func (m *Mind) endRun(ctx context.Context, tenant, run id.ID, state, code, why string) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update understand_run set state = $3, error = $4, error_code = $6, ended_at = $5 where tenant_id = $1 and id = $2 and state in ('waiting', 'running')`,
			tenant, run, state, why, m.Clock.Now(), code)
		return err
	})
}

// CancelRun stops a training; the model in use stays.
func (m *Mind) CancelRun(ctx context.Context, tenant, run id.ID) (*Run, error) {
	if _, err := m.Run(ctx, tenant, run); err != nil {
		return nil, err
	}
	if err := m.endRun(ctx, tenant, run, "cancelled", "", ""); err != nil {
		return nil, err
	}
	return m.Run(ctx, tenant, run)
}

// sample is an example with where it comes from: what a person said (said is
// its id), or a ticket that was solved with the value.
type sample struct {
	learn.Example
	ticket id.ID
	said   id.ID
}

// heldOut tells whether a sample is never trained on but measured by. It
// depends on the sample alone, so that no model has ever seen what it is
// compared by.
func (s sample) heldOut() bool { return s.lot()%10 == 0 }

// lot spreads samples evenly, whatever their ids (Steele, Lea and Flood 2014).
func (s sample) lot() uint64 {
	x := uint64(cmp.Or(s.ticket, s.said)) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// samples gathers what a field can be learned from: what people said, tickets
// that were solved with a value, imports, and for types the shipped texts.
func (m *Mind) samples(ctx context.Context, tenant id.ID, field string, catalog *form.Catalog, list []learn.Label) (out []sample, said fieldModel, err error) {
	known := map[string]bool{}
	for _, l := range list {
		known[l.Name] = true
	}
	seen := map[id.ID]bool{}
	for {
		page, err := m.examples(ctx, tenant, field, said.position, 500)
		if err != nil {
			return nil, said, err
		}
		said.note(page)
		for _, e := range page {
			e.Label = current(e.Label, catalog)
			if known[e.Label] && e.Text+e.Title != "" {
				seen[e.Ticket] = true
				out = append(out, sample{learn.Example{Text: e.Text, Title: own(e.Title, e.Text), Label: e.Label}, e.Ticket, e.ID})
			}
		}
		if len(page) < 500 || len(out) >= trainTickets {
			break
		}
	}
	column := map[string]string{"type": "t.type", "category": "coalesce(cast(t.category_id as text), '')", "priority": "cast(t.priority as text)", "sentiment": "coalesce(cast(t.sentiment as text), '')"}[field]
	filled := map[string]string{"category": " and t.category_id is not null"}
	var after id.ID = 1 << 62
	// The mood of a ticket is what the model said unless a person put it right;
	// to learn from the rest would be to learn from oneself.
	for field != "sentiment" && len(out) < trainTickets {
		rows, err := m.DB.Query(ctx, `select t.id, `+column+` from ticket t where t.tenant_id = $1 and t.id < $2 and t.status in (5, 6) and t.merged_into is null`+filled[field]+`
			order by t.id desc limit 500`, tenant, after)
		type row struct {
			ticket id.ID
			value  string
		}
		page, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
			var x row
			return x, r.Scan(&x.ticket, &x.value)
		})
		if err != nil {
			return nil, said, err
		}
		var ids []id.ID
		for _, x := range page {
			ids = append(ids, x.ticket)
			after = x.ticket
		}
		words, err := m.Desk.FirstWords(ctx, tenant, ids)
		if err != nil {
			return nil, said, err
		}
		for _, x := range page {
			if field == "priority" && x.value >= "1" && x.value <= "4" {
				x.value = priorities[x.value[0]-'1']
			}
			w := words[x.ticket]
			x.value = current(x.value, catalog)
			if known[x.value] && !seen[x.ticket] && w.Text != "" {
				out = append(out, sample{learn.Example{Text: w.Text, Title: own(w.Subject, w.Text), Label: x.value}, x.ticket, 0})
			}
		}
		if len(page) < 500 {
			break
		}
	}
	return out, said, nil
}

// nullable is a reference, or none.
func nullable(x id.ID) any {
	if x == 0 {
		return nil
	}
	return int64(x)
}

// own is a subject that says something the text does not.
func own(subject, text string) string {
	if (Text{Subject: subject, Body: text}).hasOwnSubject() {
		return subject
	}
	return ""
}

func (m *Mind) train(ctx context.Context, tenant, run id.ID) error {
	info, err := m.Run(ctx, tenant, run)
	if err != nil || info.State != "waiting" && info.State != "running" {
		return err
	}
	field := info.Field
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return err
	}
	s, err := m.Settings(ctx, tenant)
	if err != nil {
		return err
	}
	list := labels(field, catalog, s)
	all, said, err := m.samples(ctx, tenant, field, catalog, list)
	if err != nil {
		return err
	}
	if len(all) < minExamples {
		return fault.New(fault.Conflict, "training.too_few", "there are %d labelled tickets; a training needs %d", len(all), minExamples).
			With("have", strconv.Itoa(len(all))).With("need", strconv.Itoa(minExamples))
	}
	held, examples := holdOut(all)
	if field != "category" {
		for _, e := range shippedExamples(field, catalog, list) {
			e.Weight = starterWeight
			examples = append(examples, e)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progress := m.progress(ctx, cancel, tenant, run)
	model, report, err := learn.Train(ctx, examples, learn.Options{Labels: list, Balance: balanced(field), Seed: 1, Progress: progress})
	if err != nil {
		if now, e := m.Run(context.WithoutCancel(ctx), tenant, run); e == nil && now.State == "cancelled" {
			return nil
		}
		return err
	}
	out := RunReport{Report: report}
	cells := map[[2]string][]id.ID{}
	holdout := make([]learn.Example, len(held))
	for i, x := range held {
		holdout[i] = x.Example
		said := model.Predict(x.Text, x.Title).Label
		cells[[2]string{x.Label, said}] = append(cells[[2]string{x.Label, said}], x.ticket)
	}
	for c, tickets := range cells {
		out.Confusion = append(out.Confusion, ConfusionCell{c[0], c[1], len(tickets)})
	}
	slices.SortFunc(out.Confusion, func(a, b ConfusionCell) int { return b.N - a.N })
	promote := true
	old, err := m.opponent(ctx, tenant, field, all)
	if err != nil {
		return err
	}
	if old.Model != nil {
		c := learn.Compare(old.Model, model, holdout)
		out.Compared = &c
		// The first training of one's own goes before the starter unless it is worse.
		promote = c.Better || old.version == 0 && c.Won >= c.Lost
	}
	// What people said of those that were held out is learned on top: nobody
	// should have to say it twice.
	var rest []learn.Example
	for _, x := range held {
		if x.said != 0 {
			rest = append(rest, x.Example)
		}
	}
	if model, err = model.LearnAll(rest[max(0, len(rest)-keptLearned/2):]); err != nil {
		return err
	}
	return m.saveModel(ctx, tenant, info, model, out, cells, said, promote, len(examples))
}

// holdOut parts samples into those that a training is measured by and those
// that it learns from.
func holdOut(all []sample) (held []sample, examples []learn.Example) {
	luckless := slices.MinFunc(all, func(a, b sample) int { return cmp.Compare(a.lot(), b.lot()) })
	for _, x := range all {
		if x.heldOut() || x == luckless { // at least one, among few
			held = append(held, x)
		} else {
			examples = append(examples, x.Example)
		}
	}
	return held, examples
}

// opponent is the model in use as a new one has to beat it: with what it
// learned since its training, but for what it is measured by.
func (m *Mind) opponent(ctx context.Context, tenant id.ID, field string, all []sample) (fieldModel, error) {
	r, err := m.resident(ctx, tenant)
	if err != nil {
		return fieldModel{}, err
	}
	old := r.models[field]
	if old.Model == nil {
		return old, nil
	}
	held, _ := holdOut(all)
	measured := map[id.ID]bool{}
	for _, x := range held {
		measured[x.said] = true
	}
	var since []learn.Example
	for _, x := range all {
		if x.said > old.trained && !measured[x.said] {
			since = append(since, x.Example)
		}
	}
	old.Model, err = old.Bare().LearnAll(since[max(0, len(since)-keptLearned):])
	return old, err
}

// progress stores how far a training is, at most every half second, and stops
// it when it was cancelled.
func (m *Mind) progress(ctx context.Context, stop func(), tenant, run id.ID) func(done, total int) {
	var mu sync.Mutex
	var last time.Time
	return func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < 500*time.Millisecond && done < total {
			return
		}
		last = time.Now()
		err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			n, err := tx.Exec(ctx, `update understand_run set state = 'running', done = $3, total = $4 where tenant_id = $1 and id = $2 and state in ('waiting', 'running')`,
				tenant, run, done, total)
			if err == nil && n == 0 {
				stop()
			}
			return err
		})
		if err != nil && ctx.Err() == nil {
			m.Log.Warn("understanding: progress of a training", "error", err)
		}
	}
}

// modelInfo is what is stored beside a model.
type modelFigures struct {
	Accuracy float64 `json:"accuracy"`
	MacroF1  float64 `json:"macro_f1"`
	ECE      float64 `json:"ece"`
	Labels   int     `json:"labels"`
	Bytes    int     `json:"bytes"`
}

func (m *Mind) saveModel(ctx context.Context, tenant id.ID, run *Run, model *learn.Model, report RunReport, cells map[[2]string][]id.ID, said fieldModel, promote bool, examples int) error {
	data, err := model.MarshalBinary()
	if err != nil {
		return err
	}
	figures, err := json.Marshal(modelFigures{report.Accuracy, report.MacroF1, report.ECE, report.Labels, model.Bytes()})
	if err != nil {
		return err
	}
	report.Cells = nil // the tickets are in a table of their own
	told, err := json.Marshal(report)
	if err != nil {
		return err
	}
	version := m.IDs.Next()
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update understand_run set state = 'done' where tenant_id = $1 and id = $2 and state in ('waiting', 'running')`, tenant, run.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errStopped
		}
		state := "rejected"
		if promote {
			state = "active"
			if _, err := tx.Exec(ctx, `update understand_model set state = 'old' where tenant_id = $1 and field = $2 and state = 'active'`, tenant, run.Field); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `insert into understand_model (tenant_id, field, id, state, position, examples, figures, data, note, created_by, created_at, recent)
			values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10, $11)`, tenant, run.Field, version, state, said.position, examples, string(figures), data, nullable(run.StartedBy), m.Clock.Now(), recent(said.seen, said.position)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from understand_model where tenant_id = $1 and field = $2 and state <> 'active' and id < coalesce(
			(select id from understand_model where tenant_id = $1 and field = $2 order by id desc limit 1 offset $3), 0)`, tenant, run.Field, keptModels); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from understand_holdout where tenant_id = $1 and run_id = $2`, tenant, run.ID); err != nil {
			return err
		}
		for c, tickets := range cells {
			for _, t := range tickets {
				if t == 0 {
					continue
				}
				if _, err := tx.Exec(ctx, `insert into understand_holdout (tenant_id, run_id, actual, predicted, ticket_id) values ($1, $2, $3, $4, $5) on conflict do nothing`,
					tenant, run.ID, c[0], c[1], t); err != nil {
					return err
				}
			}
		}
		promoted := 0
		if promote {
			promoted = 1
		}
		_, err = tx.Exec(ctx, `update understand_run set report = $3, model_id = $4, promoted = $5, ended_at = $6, done = total where tenant_id = $1 and id = $2`,
			tenant, run.ID, string(told), version, promoted, m.Clock.Now())
		return err
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	if err == nil && promote {
		m.changed(tenant)
	}
	return err
}

// errStopped says that a training was cancelled while it ended.
var errStopped = errors.New("understand: the training was cancelled")

// Activate brings a stored model back, or puts one in use that was rejected.
func (m *Mind) Activate(ctx context.Context, tenant, version id.ID) error {
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var field string
		err := tx.QueryRow(ctx, `select field from understand_model where tenant_id = $1 and id = $2`, tenant, version).Scan(&field)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.Missing("model")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update understand_model set state = 'old' where tenant_id = $1 and field = $2 and state = 'active'`, tenant, field); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update understand_model set state = 'active' where tenant_id = $1 and field = $2 and id = $3`, tenant, field, version)
		return err
	})
	if err == nil {
		m.changed(tenant)
	}
	return err
}

const runColumns = `id, field, state, done, total, report, error, error_code, coalesce(model_id, 0), promoted, coalesce(started_by, 0), started_at, coalesce(ended_at, 0)`

func scanRun(r interface{ Scan(...any) error }) (*Run, error) {
	x := &Run{}
	var report string
	var promoted int
	err := r.Scan(&x.ID, &x.Field, &x.State, &x.Done, &x.Total, &report, &x.Error, &x.Code, &x.Model, &promoted, &x.StartedBy, &x.StartedAt, &x.EndedAt)
	if err != nil {
		return nil, err
	}
	x.Promoted = promoted > 0
	if report != "" {
		x.Report = &RunReport{}
		err = json.Unmarshal([]byte(report), x.Report)
	}
	return x, err
}

// Run reads a training.
func (m *Mind) Run(ctx context.Context, tenant, run id.ID) (*Run, error) {
	x, err := scanRun(m.DB.QueryRow(ctx, `select `+runColumns+` from understand_run where tenant_id = $1 and id = $2`, tenant, run))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("training")
	}
	return x, err
}

// Runs lists the trainings, newest first.
func (m *Mind) Runs(ctx context.Context, tenant id.ID) ([]*Run, error) {
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select `+runColumns+` from understand_run where tenant_id = $1 order by id desc limit %d`, keptRuns), tenant)
	return db.Each(rows, err, func(r *sql.Rows) (*Run, error) { return scanRun(r) })
}

// cell are the tickets behind a cell of a confusion matrix.
func (m *Mind) cell(ctx context.Context, tenant, run id.ID, actual, predicted string) ([]id.ID, error) {
	rows, err := m.DB.Query(ctx, `select ticket_id from understand_holdout where tenant_id = $1 and run_id = $2 and actual = $3 and predicted = $4 order by ticket_id desc limit 200`,
		tenant, run, actual, predicted)
	return db.Each(rows, err, func(r *sql.Rows) (id.ID, error) {
		var t id.ID
		return t, r.Scan(&t)
	})
}
