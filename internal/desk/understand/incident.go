package understand

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Incidents lists those in a state (all when empty), newest first.
func (m *Mind) Incidents(ctx context.Context, tenant id.ID, state string, before id.ID, limit int) ([]Incident, error) {
	q, args := `select `+incidentColumns+` from understand_incident i where i.tenant_id = $1 and i.id < $2`, []any{tenant, before}
	if state != "" {
		q += ` and i.state = $3`
		args = append(args, state)
	}
	rows, err := m.DB.Query(ctx, q+fmt.Sprintf(` order by i.id desc limit %d`, limit), args...)
	list, err := db.Each(rows, err, func(r *sql.Rows) (Incident, error) { return scanIncident(r) })
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i], err = m.incident(ctx, m.DB, tenant, list[i].ID); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Incident reads one.
func (m *Mind) Incident(ctx context.Context, tenant, incident id.ID) (Incident, error) {
	i, err := m.incident(ctx, m.DB, tenant, incident)
	if errors.Is(err, sql.ErrNoRows) {
		return i, fault.Missing("incident")
	}
	return i, err
}

// mayJudge refuses who cannot see all tickets of an incident: to accept it
// moves them.
func (m *Mind) mayJudge(ctx context.Context, a *staff.Actor, incident id.ID) error {
	i, err := m.Incident(ctx, a.Tenant, incident)
	if err != nil {
		return err
	}
	seen, err := m.Desk.Reachable(ctx, a, i.Tickets)
	if err == nil && len(seen) < len(i.Tickets) {
		err = fault.New(fault.Forbidden, "incident.reach", "some tickets of this incident are beyond your reach")
	}
	return err
}

// Accept makes an incident of a proposal: one parent ticket, under which its
// tickets hang; those that come later join by themselves.
func (m *Mind) Accept(ctx context.Context, a *staff.Actor, incident id.ID, subject string) (Incident, *ticket.Ticket, error) {
	i, err := m.Incident(ctx, a.Tenant, incident)
	if err != nil {
		return i, nil, err
	}
	if i.State == Accepted {
		// Again after a crash or a lost connection: what is missing is done.
		if err := m.hang(context.WithoutCancel(ctx), a.Tenant, i.Parent, i.Tickets); err != nil {
			return i, nil, err
		}
		t, err := m.Desk.Get(ctx, a, i.Parent)
		return i, t, err
	}
	if subject = strings.TrimSpace(subject); subject == "" {
		subject = i.Title
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return i, nil, err
	}
	me, _ := dir.User(a.ID)
	first, err := m.Desk.Load(ctx, a.Tenant, i.Tickets[:min(1, len(i.Tickets))])
	if err != nil {
		return i, nil, err
	}
	in := ticket.NewTicket{Subject: subject, Body: strings.Join(i.Words, " "), Kind: ticket.Note, Priority: ticket.High, Channel: "api",
		Requester: customer.Contact{Name: me.Name, Email: me.Email}, Cause: "incident " + incident.String()}
	if in.Body == "" {
		in.Body = subject
	}
	if len(first) > 0 {
		in.Type, in.Category, in.Team, in.Department = first[0].Type, first[0].Category, first[0].Team, first[0].Department
	}
	draft, err := m.Desk.Prepare(ctx, a, in)
	if err != nil {
		return i, nil, err
	}
	var parent *ticket.Ticket
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made, err := m.Desk.CreateIn(ctx, tx, draft)
		if err != nil {
			return err
		}
		parent = made.Ticket
		n, err := tx.Exec(ctx, `update understand_incident set state = 'accepted', parent_id = $3, judged_by = $4, updated_at = $5
			where tenant_id = $1 and id = $2 and state <> 'accepted'`, a.Tenant, incident, parent.ID, int64(a.ID), m.Clock.Now())
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "incident.accepted", "somebody else has just accepted this incident")
		}
		return err
	})
	if err != nil {
		return i, nil, err
	}
	if err := m.hang(context.WithoutCancel(ctx), a.Tenant, parent.ID, i.Tickets); err != nil {
		return i, nil, err
	}
	m.tellIncident(ctx, a.Tenant, incident)
	i, err = m.Incident(ctx, a.Tenant, incident)
	if err == nil {
		parent, err = m.Desk.Get(ctx, a, parent.ID)
	}
	return i, parent, err
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

// Dismiss says that the tickets have nothing to do with each other.
func (m *Mind) Dismiss(ctx context.Context, a *staff.Actor, incident id.ID) (Incident, error) {
	if _, err := m.Incident(ctx, a.Tenant, incident); err != nil {
		return Incident{}, err
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update understand_incident set state = 'dismissed', judged_by = $3, updated_at = $4 where tenant_id = $1 and id = $2 and state = 'proposed'`,
			a.Tenant, incident, int64(a.ID), m.Clock.Now())
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "incident.judged", "this incident has been judged already")
		}
		return err
	})
	if err != nil {
		return Incident{}, err
	}
	m.tellIncident(ctx, a.Tenant, incident)
	return m.Incident(ctx, a.Tenant, incident)
}

// incidentOfTicket is the incident that a ticket belongs to, if any.
func (m *Mind) incidentOfTicket(ctx context.Context, tenant, ticket id.ID) (*Incident, error) {
	var incident id.ID
	err := m.DB.QueryRow(ctx, `select x.incident_id from understand_incident_ticket x join understand_incident i on i.tenant_id = x.tenant_id and i.id = x.incident_id
		where x.tenant_id = $1 and x.ticket_id = $2 and i.state <> 'dismissed' order by x.incident_id desc limit 1`, tenant, ticket).Scan(&incident)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i, err := m.Incident(ctx, tenant, incident)
	return &i, err
}
