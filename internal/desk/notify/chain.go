package notify

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
)

// ended says which chains of some notifications somebody has acknowledged:
// nothing more is sent of them.
func (m *Room) ended(ctx context.Context, tenant id.ID, rows []*notification) (map[id.ID]bool, error) {
	chains, err := loadChains(ctx, m.DB, tenant, rows)
	out := map[id.ID]bool{}
	for _, c := range chains {
		out[c.ID] = c.State == chainAcknowledged
	}
	return out, err
}

// passOn tells the next in the list, in the transaction that ends the timer and
// sets the new one: each step once.
func (m *Room) passOn(ctx context.Context, j job.Job) error {
	chainID, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	c, err := scanChain(m.DB.QueryRow(ctx, `select `+chainColumns+` from notify_chain c where c.tenant_id = $1 and c.id = $2`, j.Tenant, chainID))
	if isNoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// Who cannot be told is passed over at once and costs no time.
	able, err := m.able(ctx, j.Tenant, c)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	now := m.Clock.Now()
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		c, err := scanChain(tx.QueryRow(ctx, `select `+chainColumns+` from notify_chain c where c.tenant_id = $1 and c.id = $2`+tx.Engine().ForUpdate(), j.Tenant, chainID))
		if err != nil || c.State != chainOpen {
			return err
		}
		i := slices.IndexFunc(c.Next, func(u id.ID) bool { return able[u] })
		if i < 0 {
			_, err := tx.Exec(ctx, `update notify_chain set state = 2, next = '[]', ended_at = $3 where tenant_id = $1 and id = $2`, j.Tenant, chainID, now)
			return err
		}
		who, rest := c.Next[i], c.Next[i+1:]
		raw, err := json.Marshal(rest)
		if err != nil {
			return err
		}
		step, due := c.Step+1, now.Add(millis(c.Within))
		if _, err := tx.Exec(ctx, `update notify_chain set step = $3, next = $4, due_at = $5 where tenant_id = $1 and id = $2`, j.Tenant, chainID, step, string(raw), due); err != nil {
			return err
		}
		n := &Notice{Tenant: j.Tenant, Event: c.Event, By: c.Actor, Ticket: c.Ticket, Data: c.Data, Urgent: true}
		if _, err := m.insert(ctx, tx, j.Tenant, []telling{{n, who, chainID, step, stepKey(c.Key, step), 0}}); err != nil {
			return err
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindPass, Key: j.Key, DueAt: due, Replace: true, Payload: struct{}{}})
	})
}

// able says which of those who follow may hear of it.
func (m *Room) able(ctx context.Context, tenant id.ID, c *chain) (map[id.ID]bool, error) {
	var rows []*notification
	for _, u := range c.Next {
		rows = append(rows, &notification{Tenant: tenant, User: u, Ticket: c.Ticket})
	}
	x, err := m.look(ctx, tenant, rows)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]bool{}
	for _, n := range rows {
		if out[n.User], err = m.may(ctx, x, n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// hurry lets a chain pass on at once when none of those who were told can hear
// of it.
func (m *Room) hurry(ctx context.Context, tx *db.Tx, tenant id.ID, shown, hidden []*notification) error {
	reached := map[id.ID]bool{}
	for _, n := range shown {
		reached[n.Chain] = true
	}
	var jobs []job.New
	for _, n := range hidden {
		if n.Chain != 0 && !reached[n.Chain] {
			reached[n.Chain] = true
			jobs = append(jobs, job.New{Tenant: tenant, Kind: kindPass, Key: n.Chain.String(), DueAt: m.Clock.Now(), Replace: true, Payload: struct{}{}})
		}
	}
	return m.Jobs.Add(ctx, tx, jobs...)
}

var (
	errNothingToAcknowledge = fault.New(fault.Conflict, "notification.no_acknowledgement", "this notification asks for no acknowledgement")
	errTakenOn              = fault.New(fault.Conflict, "notification.acknowledged", "somebody else has acknowledged this already")
)

// Acknowledge takes it on: nobody else is told. Who was told can do it, also
// when it has passed to others meanwhile.
func (m *Room) Acknowledge(ctx context.Context, a *staff.Actor, notice id.ID) error {
	rows, err := loadNotifications(ctx, m.DB, a.Tenant, []of{{User: a.ID, ID: notice}})
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].State != stateShown {
		return fault.Missing("notification")
	}
	n := rows[0]
	if n.Chain == 0 {
		return errNothingToAcknowledge
	}
	if n.Ticket != 0 {
		if _, err := m.Desk.Get(ctx, a, n.Ticket); err != nil {
			return err
		}
	}
	var others []of
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		others = nil
		c, err := scanChain(tx.QueryRow(ctx, `select `+chainColumns+` from notify_chain c where c.tenant_id = $1 and c.id = $2`+tx.Engine().ForUpdate(), a.Tenant, n.Chain))
		if isNoRows(err) {
			return fault.Missing("notification")
		}
		if err != nil {
			return err
		}
		now := m.Clock.Now()
		switch {
		case c.State == chainAcknowledged && c.EndedBy == a.ID:
			return nil // said twice
		case c.State == chainAcknowledged:
			p, _ := m.Staff.Directory(ctx, a.Tenant)
			name := ""
			if p != nil {
				if u, ok := p.User(c.EndedBy); ok {
					name = u.Name
				}
			}
			return fault.New(errTakenOn.Kind, errTakenOn.Code, "%s", errTakenOn.Message).With("name", name)
		}
		if _, err := tx.Exec(ctx, `update notify_chain set state = 1, ended_at = $3, ended_by = $4 where tenant_id = $1 and id = $2`, a.Tenant, n.Chain, now, a.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update notification set acknowledged_at = $4, read_at = coalesce(read_at, $4) where tenant_id = $1 and user_id = $2 and id = $3`, a.Tenant, a.ID, notice, now); err != nil {
			return err
		}
		if err := m.Jobs.Cancel(ctx, tx, a.Tenant, kindPass, n.Chain.String()); err != nil {
			return err
		}
		found, err := tx.Query(ctx, `select user_id, id from notification where tenant_id = $1 and chain_id = $2 and user_id <> $3 order by id limit `+strconv.Itoa(MaxRecipients), a.Tenant, n.Chain, a.ID)
		if others, err = db.Each(found, err, scanOf); err != nil || m.Acknowledged == nil {
			return err
		}
		return m.Acknowledged(ctx, tx, Acknowledgement{Tenant: a.Tenant, By: a.ID, Ticket: c.Ticket, Event: c.Event, Key: c.Key, Data: c.Data})
	})
	if err != nil {
		return err
	}
	to := []id.ID{a.ID}
	for _, o := range others {
		to = append(to, o.User)
	}
	m.refresh(ctx, a.Tenant, to)
	return nil
}

// refresh makes the screens of some people read their bell again, without a
// sound.
func (m *Room) refresh(ctx context.Context, tenant id.ID, users []id.ID) {
	err := m.Hub.Publish(ctx, live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "notification", Data: map[string]bool{"quiet": true}, Audience: live.Audience{Users: users}})
	if err != nil {
		m.Log.WarnContext(ctx, "a screen was not told that its bell has changed", "error", err)
	}
}
