package understand

import (
	"context"
	"encoding/json"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// kindHang puts the tickets of an accepted incident under its parent. The key
// is the incident: it is ordered in the transaction that accepts it or adds to
// it, goes on where it was after a crash, and does no ticket twice.
const kindHang = "understand.hang"

const (
	hangPage = 100
	// hangNow is how many of an incident's tickets come under the parent before
	// whoever accepts it is answered; the rest follows.
	hangNow = 100
)

func (m *Mind) registerHang() {
	m.Jobs.Handle(job.Kind{Name: kindHang, Concurrency: 2, Timeout: 10 * time.Minute}, func(ctx context.Context, jobs []job.Job) error {
		incident, err := id.Parse(jobs[0].Key)
		if err != nil {
			return err
		}
		return m.hangAll(ctx, jobs[0].Tenant, incident)
	})
}

func (m *Mind) hangLater(ctx context.Context, tx *db.Tx, tenant, incident id.ID) error {
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindHang, Key: incident.String()})
}

// hangAll goes through the tickets that have not been looked at.
func (m *Mind) hangAll(ctx context.Context, tenant, incident id.ID) error {
	for {
		i, err := m.incident(ctx, m.DB, tenant, incident)
		if err != nil {
			return err
		}
		n, err := m.hangSome(ctx, tenant, i, hangPage)
		if err != nil || n == 0 {
			return err
		}
		m.tellIncident(ctx, tenant, incident)
	}
}

// hangSome takes the next tickets and says how many it found.
func (m *Mind) hangSome(ctx context.Context, tenant id.ID, i Incident, most int) (int, error) {
	if i.State != Accepted || i.Parent == 0 {
		return 0, nil
	}
	todo, err := m.members(ctx, m.DB, tenant, i.ID, 0, most, true)
	if err != nil || len(todo) == 0 {
		return 0, err
	}
	if err := m.hang(ctx, tenant, i.Parent, todo); err != nil {
		return 0, err
	}
	raw, err := json.Marshal(todo)
	if err != nil {
		return 0, err
	}
	return len(todo), m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update understand_incident_ticket set hung = 1 where tenant_id = $1 and incident_id = $2
			and ticket_id in (select cast(j.value as bigint) from `+tx.Engine().JSONEach("$3", "j")+`)`, tenant, i.ID, string(raw))
		return err
	})
}

// hang puts tickets under the parent. One that has another parent by now, or
// has ended otherwise, is left as it is.
func (m *Mind) hang(ctx context.Context, tenant, parent id.ID, children []id.ID) error {
	list, err := m.Desk.Load(ctx, tenant, children)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Parent != 0 || t.MergedInto != 0 || t.ID == parent || !t.Status.Active() {
			continue
		}
		_, err := m.Desk.Do(ctx, staff.System(tenant), t.ID, "parent", &ticket.ParentInput{Parent: parent}, 0)
		if k := fault.KindOf(err); err != nil && k != fault.Conflict && k != fault.Invalid && k != fault.NotFound {
			return err
		}
	}
	return nil
}
