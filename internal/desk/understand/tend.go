package understand

import (
	"context"
	"encoding/json"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// What is learned correction by correction is looked after: it is stored now
// and then, and when enough has come together the field is trained anew.
const (
	kindTend    = "understand.tend"
	kindRetrain = "understand.retrain" // timer: the same, when the oldest new example is of age
)

// apart is the least time between two trainings of a field that begin by
// themselves: thousands of examples that come in one after the other are one
// reason to train, not many.
const apart = 24 * time.Hour

type taughtField struct {
	tenant id.ID
	field  string
}

// tendLater has fields looked after that have new examples.
func (m *Mind) tendLater(ctx context.Context, tx *db.Tx, taught map[taughtField]bool) error {
	var jobs []job.New
	for t := range taught {
		jobs = append(jobs, job.New{Tenant: t.tenant, Kind: kindTend, Key: t.field})
	}
	if len(jobs) == 0 {
		return nil
	}
	return m.Jobs.Add(ctx, tx, jobs...)
}

func (m *Mind) registerTend() {
	tend := func(ctx context.Context, jobs []job.Job) error {
		return m.tend(ctx, jobs[0].Tenant, jobs[0].Key)
	}
	m.Jobs.Handle(job.Kind{Name: kindTend, Concurrency: 1, Timeout: 5 * time.Minute}, tend)
	m.Jobs.Handle(job.Kind{Name: kindRetrain, Concurrency: 1, Timeout: 5 * time.Minute}, tend)
}

func (m *Mind) tend(ctx context.Context, tenant id.ID, field string) error {
	if _, err := m.resident(ctx, tenant); err != nil {
		return err
	}
	m.refresh(tenant)
	r, err := m.resident(ctx, tenant)
	if err != nil {
		return err
	}
	if err := m.keepCheckpoint(ctx, tenant, field, r.models[field]); err != nil {
		return err
	}
	return m.retrain(ctx, tenant, field, r.settings)
}

// retrain begins a training when it is time for one. What has come since the
// last training was begun is new, whatever became of it: a training that was
// no better is not tried again with the same examples.
func (m *Mind) retrain(ctx context.Context, tenant id.ID, field string, s *Settings) error {
	rule := s.Retraining()
	if rule.Off || s.Rule(field).Off {
		return nil
	}
	var last id.ID
	if err := m.DB.QueryRow(ctx, `select coalesce(max(id), 0) from understand_run where tenant_id = $1 and field = $2`, tenant, field).Scan(&last); err != nil {
		return err
	}
	var n int
	var oldest id.ID
	if err := m.DB.QueryRow(ctx, `select count(*), coalesce(min(id), 0) from understand_example where tenant_id = $1 and field = $2 and id > $3`, tenant, field, last).Scan(&n, &oldest); err != nil {
		return err
	}
	// By when it was noted, not by when it was said: a past that is brought in
	// is new.
	now, due := m.Clock.Now(), clock.Time(oldest.Millis()).Add(time.Duration(rule.Days)*24*time.Hour)
	switch {
	case n >= rule.After:
		due = 0
	case n == 0 || rule.Days == 0 || n < minExamples && due <= now:
		return nil // the next example asks again
	}
	if last != 0 {
		due = max(due, clock.Time(last.Millis()).Add(apart))
	}
	if due > now {
		return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindRetrain, Key: field, Payload: json.RawMessage("{}"), DueAt: due, Replace: true})
		})
	}
	_, err := m.Train(ctx, staff.System(tenant), field)
	if err != nil && fault.KindOf(err) == fault.Conflict {
		return nil // one is under way
	}
	return err
}
