package understand

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/mind/learn"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Bounds of what is learned between two trainings.
const (
	// maxLearned is how many corrections a model carries; with more, it begins
	// anew from its training with the newest keptLearned.
	maxLearned  = 600
	keptLearned = 300
	learnPage   = 100
	// checkpointEvery is how many corrections a start learns again at most.
	checkpointEvery = 25
)

// catchUp learns the examples that came after the model, until a moment; more
// says that there are some left.
func (m *Mind) catchUp(ctx context.Context, tenant id.ID, field string, catalog *form.Catalog, list []learn.Label, f *fieldModel, until time.Time) (more bool, err error) {
	if f.Model == nil {
		return false, nil
	}
	known := map[string]bool{}
	for _, l := range list {
		known[l.Name] = true
	}
	after := lookBack(f.position)
	if ahead, err := m.skipTo(ctx, tenant, field, f); err != nil {
		return false, err
	} else if ahead > 0 {
		after = ahead
	}
	for {
		page, err := m.exampleRows(ctx, tenant, field, after, learnPage)
		if err != nil || len(page) == 0 {
			return false, err
		}
		full := len(page) == learnPage
		after = page[len(page)-1].ID
		page = slices.DeleteFunc(page, func(e Example) bool { return f.seen[e.ID] })
		if err := m.fillWords(ctx, tenant, page); err != nil {
			return false, err
		}
		var batch []learn.Example
		for _, e := range page {
			e.Label = current(e.Label, catalog)
			if e.Text+e.Title != "" && known[e.Label] {
				batch = append(batch, learn.Example{Text: e.Text, Title: e.Title, Label: e.Label})
			}
		}
		next, err := f.LearnAll(batch)
		if err != nil { // a training will say more of it
			m.Log.Warn("understanding: examples cannot be learned", "tenant", tenant, "field", field, "error", err)
		} else {
			f.Model = next
		}
		f.note(page)
		if !full {
			return false, nil
		}
		if time.Now().After(until) {
			return true, nil
		}
	}
}

// note remembers what was read.
func (f *fieldModel) note(page []Example) {
	if len(page) == 0 {
		return
	}
	f.seen = maps.Clone(f.seen)
	if f.seen == nil {
		f.seen = map[id.ID]bool{}
	}
	for _, e := range page {
		f.position = max(f.position, e.ID)
		f.seen[e.ID] = true
	}
	from := lookBack(f.position)
	maps.DeleteFunc(f.seen, func(e id.ID, _ bool) bool { return e <= from })
}

// skipTo lets a model that would carry too many corrections begin anew with
// the newest, and says after which example they stand.
func (m *Mind) skipTo(ctx context.Context, tenant id.ID, field string, f *fieldModel) (after id.ID, err error) {
	var n int
	if err := m.DB.QueryRow(ctx, `select count(*) from understand_example where tenant_id = $1 and field = $2 and id > $3`, tenant, field, f.position).Scan(&n); err != nil {
		return 0, err
	}
	if f.Corrections()+n <= maxLearned {
		return 0, nil
	}
	err = m.DB.QueryRow(ctx, `select id from understand_example where tenant_id = $1 and field = $2 order by id desc limit 1 offset $3`, tenant, field, keptLearned).Scan(&after)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	f.Model, f.seen = f.Bare(), nil
	f.position = max(after, f.trained)
	// What is passed over is seen, or it would look like one that came late.
	rows, err := m.DB.Query(ctx, `select id from understand_example where tenant_id = $1 and field = $2 and id > $3 and id <= $4`, tenant, field, lookBack(f.position), f.position)
	passed, err := db.Each(rows, err, func(r *sql.Rows) (Example, error) {
		var e Example
		return e, r.Scan(&e.ID)
	})
	f.note(passed)
	return f.position, err
}

// checkpoint reads the model of a training, or starter, with what it has
// learned since; none leaves the model empty.
func (m *Mind) checkpoint(ctx context.Context, tenant id.ID, field string, f fieldModel) (fieldModel, error) {
	var data []byte
	var recent, signature string
	out := f
	out.Model = nil
	err := m.DB.QueryRow(ctx, `select signature, position, recent, data from understand_checkpoint where tenant_id = $1 and field = $2 and model_id = $3`,
		tenant, field, f.version).Scan(&signature, &out.position, &recent, &data)
	if errors.Is(err, sql.ErrNoRows) || err == nil && f.version == 0 && signature != f.signature {
		return out, nil // the starter is another one: its names have changed
	}
	if err != nil {
		return out, err
	}
	if out.seen, err = seenOf(recent); err != nil {
		return out, err
	}
	model := &learn.Model{}
	if err := model.UnmarshalBinary(data); err != nil {
		m.Log.Warn("understanding: a checkpoint cannot be read; its examples are learned again", "tenant", tenant, "field", field, "error", err)
		return out, nil
	}
	out.Model = model
	return out, nil
}

// keepCheckpoint stores a model when it has learned enough since it was stored
// the last time.
func (m *Mind) keepCheckpoint(ctx context.Context, tenant id.ID, field string, f fieldModel) error {
	if f.Model == nil || f.Corrections() == 0 {
		return nil
	}
	var position id.ID
	err := m.DB.QueryRow(ctx, `select position from understand_checkpoint where tenant_id = $1 and field = $2 and model_id = $3 and signature = $4`,
		tenant, field, f.version, f.signature).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		position, err = f.trained, nil
	}
	if err != nil {
		return err
	}
	var n int
	if err := m.DB.QueryRow(ctx, `select count(*) from understand_example where tenant_id = $1 and field = $2 and id > $3 and id <= $4`, tenant, field, position, f.position).Scan(&n); err != nil || n < checkpointEvery {
		return err
	}
	data, err := f.MarshalBinary()
	if err != nil {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Of two nodes the one that has learned more is right.
		_, err := tx.Exec(ctx, `insert into understand_checkpoint (tenant_id, field, model_id, signature, position, recent, data, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (tenant_id, field) do update set model_id = excluded.model_id, signature = excluded.signature, position = excluded.position, recent = excluded.recent,
				data = excluded.data, at = excluded.at
			where understand_checkpoint.model_id <> excluded.model_id or understand_checkpoint.signature <> excluded.signature or understand_checkpoint.position < excluded.position`,
			tenant, field, f.version, f.signature, f.position, recent(f.seen, f.position), data, m.Clock.Now())
		return err
	})
}
