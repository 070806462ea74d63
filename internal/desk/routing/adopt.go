package routing

import (
	"context"
	"database/sql"
	"encoding/json"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// kindAdopt is the job that takes tickets in which came by another way than the
// Pass, such as those of a bulk load.
const kindAdopt = "routing.adopt"

const adoptChunk = 500

// adoption says from which ticket on.
type adoption struct {
	After id.ID `json:"after,omitzero"`
}

// Adopt counts the tickets that people already have to what they carry, and
// gives those that nobody has a place in the queue, in the background. It may
// be ordered again: what is counted already stays as it is.
func (m *Room) Adopt(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindAdopt, Key: "all", Payload: adoption{}})
}

func (m *Room) adopt(ctx context.Context, j job.Job) error {
	var in adoption
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	k, err := m.fresh(ctx, j.Tenant)
	if err != nil {
		return err
	}
	rows, err := m.DB.Query(ctx, `select id from ticket where tenant_id = $1 and status <= $2 and id > $3 order by id limit $4`,
		j.Tenant, int(ticket.OnHold), in.After, adoptChunk)
	ids, err := db.Each(rows, err, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	defer m.stale(j.Tenant)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := m.Desk.LoadForUpdate(ctx, tx, j.Tenant, ids)
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := m.adoptOne(ctx, tx, k, t); err != nil {
				return err
			}
		}
		if err := done(ctx, tx); err != nil {
			return err
		}
		if len(ids) < adoptChunk {
			return m.orderDrain(ctx, tx, j.Tenant)
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindAdopt, Key: "all", Payload: adoption{After: ids[len(ids)-1]}})
	})
}

func (m *Room) adoptOne(ctx context.Context, tx *db.Tx, k *resident, t *ticket.Ticket) error {
	switch weight := k.weigh(t); {
	case !t.Status.Active() || t.MergedInto != 0 || t.RulingAsked != 0:
		return nil
	case t.Assignee != 0 && weight != t.Weight:
		open := 0
		if t.Weight == 0 {
			open = 1
		}
		if _, err := tx.Exec(ctx, `update ticket set weight = $3 where tenant_id = $1 and id = $2`, t.Tenant, t.ID, weight); err != nil {
			return err
		}
		return carry(ctx, tx, t.Tenant, t.Assignee, weight-t.Weight, open)
	case t.Assignee != 0:
		return nil
	}
	w, err := loadWaiting(ctx, tx, t.Tenant, t.ID)
	if err != nil || w != nil {
		return err
	}
	who, err := requester(ctx, tx, t)
	if err != nil {
		return err
	}
	x := &Matter{Ticket: t, Confidence: 1, DueAt: t.DueAt, At: m.Clock.Now()}
	x.of(who)
	course := k.active.Course(x)
	if course == nil {
		return nil
	}
	w = &waiting{Ticket: t.ID, Since: t.CreatedAt}
	m.place(w, k, x, course)
	if err := w.save(ctx, tx, t.Tenant); err != nil {
		return err
	}
	return m.remind(ctx, tx, t.Tenant, w)
}
