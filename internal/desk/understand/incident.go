package understand

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/retrieve"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
)

// Incident is a major incident (共性事件): many tickets that probably have one
// cause. It is proposed by the figures and accepted or dismissed by a person.
type Incident struct {
	ID        id.ID
	State     string // proposed, accepted, dismissed
	Title     string
	Words     []string
	Count     int
	Customers int
	Expected  float64
	Score     float64
	Since     clock.Time
	Parent    id.ID
	CreatedAt clock.Time
	UpdatedAt clock.Time
	Hung      int     // tickets that have come under the parent, or were left as they were
	Reason    string  // why it was dismissed
	Tickets   []id.ID // the first ones
}

// shownMembers is how many tickets are read with an incident.
const shownMembers = 20

// The states of an incident.
const (
	Proposed  = "proposed"
	Accepted  = "accepted"
	Dismissed = "dismissed"
)

// incidentQuiet is how long a dismissed or accepted matter takes further
// tickets in before the same words are a new incident.
const incidentQuiet = 6 * time.Hour

// propose stores a proposal, or adds what is new to the incident that it
// belongs to. All of it is one transaction that holds the tenant's turn: of two
// nodes that see the same wave at the same moment the second one finds what the
// first has written.
func (m *Mind) propose(ctx context.Context, tenant id.ID, p *retrieve.Proposal) error {
	if p == nil || len(p.Members) == 0 {
		return nil
	}
	var incident Incident
	var told bool
	var fresh int64
	now := m.Clock.Now()
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := takeTurn(ctx, tx, tenant); err != nil {
			return err
		}
		found, err := m.incidentOf(ctx, tx, tenant, p.Members, now.Add(-incidentQuiet))
		if err != nil {
			return err
		}
		if told = found == 0; told {
			incident = Incident{ID: m.IDs.Next(), State: Proposed, CreatedAt: now}
			_, err = tx.Exec(ctx, `insert into understand_incident (tenant_id, id, state, title, words, count, customers, expected, score, since, parent_id, judged_by, created_at, updated_at)
				values ($1, $2, $3, $4, '[]', 0, 0, 0, 0, $5, null, null, $6, $6)`, tenant, incident.ID, Proposed, p.Title, p.Since, now)
		} else {
			incident, err = m.incident(ctx, tx, tenant, found)
		}
		if err != nil {
			return err
		}
		if fresh, err = m.joinIn(ctx, tx, tenant, incident, p.Members); err != nil || incident.State != Proposed {
			return err // a person has judged it and given it its name
		}
		words, err := json.Marshal(strings.Fields(p.Title))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update understand_incident set title = $3, words = $4, customers = $5, expected = $6, score = $7, updated_at = $8
			where tenant_id = $1 and id = $2`, tenant, incident.ID, p.Title, string(words), max(p.Customers, incident.Customers), p.Expected, max(p.Score, incident.Score), now)
		if err != nil || !told || m.Proposed == nil {
			return err
		}
		return m.Proposed(ctx, tx, tenant, incident.ID, p.Members)
	})
	if err != nil || incident.State == Dismissed {
		return err
	}
	if fresh > 0 {
		m.tellIncident(ctx, tenant, incident.ID)
	}
	g := m.group(tenant)
	texts, err := m.Desk.FirstWords(ctx, tenant, p.Members[len(p.Members)-1:])
	if err != nil {
		return err
	}
	for _, w := range texts {
		g.watch(incident.ID, w.Subject+"\n"+w.Text, now.Add(incidentQuiet))
	}
	if !told {
		return nil
	}
	// Those before it who said the same in other words.
	recent, err := m.Desk.Openings(ctx, tenant, id.At(int64(p.Since))-1, 1<<62, 1000)
	if err != nil {
		return err
	}
	var list []arrival
	for _, o := range recent {
		list = append(list, arrival{ticket: o.Ticket, customer: o.Requester, at: o.At, text: o.Subject + "\n" + o.Text})
	}
	return m.join(ctx, tenant, incident.ID, g.joins(list)[incident.ID])
}

// takeTurn waits until no other node writes proposals of the tenant, and keeps
// them out until the end of the transaction.
func takeTurn(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	_, err := tx.Exec(ctx, `insert into understand_turn (tenant_id, taken) values ($1, 1)
		on conflict (tenant_id) do update set taken = understand_turn.taken + 1`, tenant)
	return err
}

// join adds tickets to an incident; when it was accepted they come under its
// parent.
func (m *Mind) join(ctx context.Context, tenant, incident id.ID, tickets []id.ID) error {
	if len(tickets) == 0 {
		return nil
	}
	var fresh int64
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		i, err := m.incident(ctx, tx, tenant, incident)
		if err == nil {
			fresh, err = m.joinIn(ctx, tx, tenant, i, tickets)
		}
		return err
	})
	if err == nil && fresh > 0 {
		m.tellIncident(ctx, tenant, incident)
	}
	return err
}

// joinIn says how many of the tickets are new to the incident.
func (m *Mind) joinIn(ctx context.Context, tx *db.Tx, tenant id.ID, i Incident, tickets []id.ID) (int64, error) {
	if i.State == Dismissed {
		return 0, nil
	}
	raw, err := json.Marshal(tickets)
	if err != nil {
		return 0, err
	}
	// Tickets in one order, so that two nodes do not lock each other out.
	fresh, err := tx.Exec(ctx, `insert into understand_incident_ticket (tenant_id, incident_id, ticket_id)
		select cast($1 as bigint), cast($2 as bigint), cast(j.value as bigint) from `+tx.Engine().JSONEach("$3", "j")+` where cast(j.value as bigint) <> $4 order by 3 on conflict do nothing`,
		tenant, i.ID, string(raw), i.Parent)
	if err != nil || fresh == 0 {
		return 0, err
	}
	if _, err = tx.Exec(ctx, `update understand_incident set count = (select count(*) from understand_incident_ticket x where x.tenant_id = $1 and x.incident_id = $2),
		updated_at = $3 where tenant_id = $1 and id = $2`, tenant, i.ID, m.Clock.Now()); err != nil || i.State != Accepted {
		return fresh, err
	}
	return fresh, m.hangLater(ctx, tx, tenant, i.ID)
}

func (m *Mind) tellIncident(ctx context.Context, tenant, incident id.ID) {
	err := m.Hub.Publish(ctx, live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "incident", Data: map[string]id.ID{"id": incident}, Audience: live.Audience{All: true}})
	if err != nil {
		m.Log.Warn("understanding: an incident could not be pushed", "error", err)
	}
}

// incidentOf finds the incident that a proposal belongs to, if it was alive
// since a moment: it holds at least half of the tickets, or half of its own are
// among them. A wave grows faster than it is written, so the first five of
// thirty are the same matter; but what was dismissed takes in no wave that has
// become twice as large since.
func (m *Mind) incidentOf(ctx context.Context, tx *db.Tx, tenant id.ID, members []id.ID, since clock.Time) (id.ID, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return 0, err
	}
	var found id.ID
	err = tx.QueryRow(ctx, `select s.id from (select i.id, i.count as size, i.state, count(*) as n from understand_incident_ticket x
			join understand_incident i on i.tenant_id = x.tenant_id and i.id = x.incident_id
			where x.tenant_id = $1 and i.updated_at >= $3 and x.ticket_id in (select cast(j.value as bigint) from `+tx.Engine().JSONEach("$2", "j")+`)
			group by i.id, i.count, i.state) s
		where 2 * s.n >= $4 or s.state <> 'dismissed' and 2 * s.n >= s.size
		order by s.n desc, s.id limit 1`, tenant, string(raw), since, len(members)-1).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return found, err
}

const incidentColumns = `i.id, i.state, i.title, i.words, i.count, i.customers, i.expected, i.score, i.since, coalesce(i.parent_id, 0), i.created_at, i.updated_at, i.reason,
	(select count(*) from understand_incident_ticket h where h.tenant_id = i.tenant_id and h.incident_id = i.id and h.hung = 1)`

func scanIncident(r interface{ Scan(...any) error }) (Incident, error) {
	var i Incident
	var words string
	err := r.Scan(&i.ID, &i.State, &i.Title, &words, &i.Count, &i.Customers, &i.Expected, &i.Score, &i.Since, &i.Parent, &i.CreatedAt, &i.UpdatedAt, &i.Reason, &i.Hung)
	if err == nil {
		err = json.Unmarshal([]byte(words), &i.Words)
	}
	return i, err
}

func (m *Mind) incident(ctx context.Context, r db.Reader, tenant, incident id.ID) (Incident, error) {
	i, err := scanIncident(r.QueryRow(ctx, `select `+incidentColumns+` from understand_incident i where i.tenant_id = $1 and i.id = $2`, tenant, incident))
	if err != nil {
		return i, err
	}
	i.Tickets, err = m.members(ctx, r, tenant, incident, 0, shownMembers, false)
	return i, err
}

// members are tickets of an incident after one, in order; unhung are those
// that have not been put under the parent yet.
func (m *Mind) members(ctx context.Context, r db.Reader, tenant, incident, after id.ID, limit int, unhung bool) ([]id.ID, error) {
	q := `select ticket_id from understand_incident_ticket where tenant_id = $1 and incident_id = $2 and ticket_id > $3`
	if unhung {
		q += ` and hung = 0`
	}
	rows, err := r.Query(ctx, q+fmt.Sprintf(` order by ticket_id limit %d`, limit), tenant, incident, after)
	return db.Each(rows, err, func(r *sql.Rows) (id.ID, error) {
		var t id.ID
		return t, r.Scan(&t)
	})
}

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
	if _, err := m.Incident(ctx, a.Tenant, incident); err != nil {
		return err
	}
	for after := id.ID(0); ; {
		page, err := m.members(ctx, m.DB, a.Tenant, incident, after, 500, false)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1]
		seen, err := m.Desk.Reachable(ctx, a, page)
		if err != nil {
			return err
		}
		if len(seen) < len(page) {
			return fault.New(fault.Forbidden, "incident.reach", "some tickets of this incident are beyond your reach")
		}
	}
}

// Accept makes an incident of a proposal: one parent ticket, under which its
// tickets hang; those that come later join by themselves.
func (m *Mind) Accept(ctx context.Context, a *staff.Actor, incident id.ID, subject string) (Incident, *ticket.Ticket, error) {
	i, err := m.Incident(ctx, a.Tenant, incident)
	if err != nil {
		return i, nil, err
	}
	if i.State == Accepted {
		// Again, after a lost connection: what is missing is under way.
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
		if err != nil {
			return err
		}
		return m.hangLater(ctx, tx, a.Tenant, incident)
	})
	if err != nil {
		return i, nil, err
	}
	i.State, i.Parent = Accepted, parent.ID
	if _, err := m.hangSome(context.WithoutCancel(ctx), a.Tenant, i, hangNow); err != nil {
		m.Log.Warn("understanding: tickets of an incident come under its parent later", "tenant", a.Tenant, "incident", incident, "error", err)
	}
	m.tellIncident(ctx, a.Tenant, incident)
	i, err = m.Incident(ctx, a.Tenant, incident)
	if err == nil {
		parent, err = m.Desk.Get(ctx, a, parent.ID)
	}
	return i, parent, err
}

// Dismiss says that the tickets have nothing to do with each other.
func (m *Mind) Dismiss(ctx context.Context, a *staff.Actor, incident id.ID, reason string) (Incident, error) {
	if _, err := m.Incident(ctx, a.Tenant, incident); err != nil {
		return Incident{}, err
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update understand_incident set state = 'dismissed', judged_by = $3, updated_at = $4, reason = $5 where tenant_id = $1 and id = $2 and state = 'proposed'`,
			a.Tenant, incident, int64(a.ID), m.Clock.Now(), strings.TrimSpace(reason))
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
