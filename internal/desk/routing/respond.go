package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// EventResponse is the event of a response on a ticket: Kind is told,
// acknowledged or ended.
const EventResponse = "response"

// Alert is a ticket that supervisors are told of, one after another, until one
// acknowledges, somebody acts on it (abnormal) or it ends.
type Alert struct {
	Ticket   id.ID      `json:"ticket_id"`
	Response Response   `json:"response"`
	Rule     string     `json:"rule"`
	Path     []string   `json:"path"`
	At       clock.Time `json:"at"`
	Next     clock.Time `json:"next_at,omitzero" doc:"when the next is told"`
	Told     []ToldOf   `json:"told"`
	By       id.ID      `json:"acknowledged_by,omitzero"`
	ByAt     clock.Time `json:"acknowledged_at,omitzero"`
	EndedAt  clock.Time `json:"ended_at,omitzero"`

	Within time.Duration `json:"within_ns"`
	Chain  []id.ID       `json:"chain"`
}

// ToldOf is who was told when.
type ToldOf struct {
	User id.ID      `json:"user_id"`
	At   clock.Time `json:"at"`
}

// Bounds of a chain: how many are told, and how often all of them.
const (
	maxChain  = 20
	maxRounds = 3
)

// keepResponse sees whether a ticket calls for more than the standard response.
func (m *Room) keepResponse(ctx context.Context, tx *db.Tx, k *resident, c *ticket.Change, y *choice) error {
	t, was := c.Ticket, c.Before
	var course *Course
	switch {
	case !t.Status.Active():
		return nil
	case c.Born():
		if y != nil {
			course = y.course
		}
	case was.Risk != t.Risk || was.Priority != t.Priority || was.Type != t.Type || was.ReopenCount != t.ReopenCount || was.RepeatCount != t.RepeatCount ||
		(was.Sentiment == nil) != (t.Sentiment == nil) || was.Sentiment != nil && *was.Sentiment != *t.Sentiment || was.Category != t.Category:
		who, err := requester(ctx, tx, t)
		if err != nil {
			return err
		}
		x := &Matter{Ticket: t, Confidence: 1, DueAt: t.DueAt, At: c.At}
		x.of(who)
		course = k.active.Course(x)
	}
	if course == nil || course.Response == "" || course.Response == Standard {
		return nil
	}
	a := &Alert{Ticket: t.ID, Response: course.Response, Rule: course.Rule.ID, Path: course.Path, At: c.At, Within: course.Within, Next: c.At, Told: []ToldOf{}}
	if a.Response == Abnormal {
		a.Next = c.At.Add(course.Within)
	}
	if !c.Born() {
		old, err := loadAlert(ctx, tx, t.Tenant, t.ID)
		if err != nil {
			return err
		}
		if old != nil && (old.Response == Serious || old.Response == a.Response) {
			return nil // it is being responded to, or has been
		}
	}
	a.Chain = m.chain(k, t, course)
	if len(a.Chain) == 0 {
		return nil
	}
	if err := a.save(ctx, tx, t.Tenant); err != nil {
		return err
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: t.Tenant, Kind: kindRespond, Key: t.ID.String(), DueAt: a.Next, Replace: true, Payload: struct{}{}})
}

// chain is who is told in turn: those whom the rule names, else the leads of the
// team, then those who may assign in the department, then those who may assign
// everywhere.
func (m *Room) chain(k *resident, t *ticket.Ticket, course *Course) []id.ID {
	var out []id.ID
	add := func(u id.ID) {
		if p, ok := k.dir.User(u); ok && p.Active && !slices.Contains(out, u) && len(out) < maxChain {
			out = append(out, u)
		}
	}
	for _, u := range course.Supervisor {
		add(u)
	}
	if len(out) > 0 {
		return out
	}
	team := course.Team
	if team == 0 {
		team = t.Team
	}
	if x, ok := k.dir.Team(team); ok {
		for _, y := range x.Members {
			if y.Lead {
				add(y.User)
			}
		}
	}
	department := t.Department
	if x, ok := k.dir.Team(team); ok && department == 0 {
		department = x.Department
	}
	for _, scope := range []staff.Scope{staff.ScopeDepartment, staff.ScopeAll} {
		for _, p := range k.dir.Users() {
			if p.Grants[staff.TicketAssign] == scope && (scope == staff.ScopeAll || department != 0 && p.Department == department) {
				add(p.ID)
			}
		}
	}
	return out
}

func (a *Alert) save(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `insert into routing_response (tenant_id, ticket_id, response, body, at, next_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (tenant_id, ticket_id) do update set response = excluded.response, body = excluded.body, at = excluded.at, next_at = excluded.next_at, ended_at = excluded.ended_at`,
		tenant, a.Ticket, string(a.Response), string(body), a.At, orNull(a.Next), orNull(a.EndedAt))
}

func scanAlert(r interface{ Scan(...any) error }) (*Alert, error) {
	var body string
	if err := r.Scan(&body); err != nil {
		return nil, err
	}
	a := &Alert{}
	return a, json.Unmarshal([]byte(body), a)
}

func loadAlert(ctx context.Context, r db.Reader, tenant, ticketID id.ID) (*Alert, error) {
	a, err := scanAlert(r.QueryRow(ctx, `select body from routing_response where tenant_id = $1 and ticket_id = $2`, tenant, ticketID))
	if isNoRows(err) {
		return nil, nil
	}
	return a, err
}

// respond tells the next of the chain, in the transaction that sets the timer of
// the one after: each once, whatever fails in between.
func (m *Room) respond(ctx context.Context, j job.Job) error {
	ticketID, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		return m.Desk.WriteIn(ctx, tx, staff.System(j.Tenant), func(ctx context.Context, w *ticket.Write) error {
			c, err := w.Ticket(ctx, ticketID, staff.TicketRead)
			if fault.KindOf(err) == fault.NotFound {
				return nil
			}
			if err != nil {
				return err
			}
			a, err := loadAlert(ctx, tx, j.Tenant, ticketID)
			if err != nil || a == nil || a.EndedAt != 0 || a.Next == 0 || a.Next > c.At {
				return err
			}
			t := c.Ticket
			if !t.Status.Active() || a.Response == Abnormal && (t.Status != ticket.New || t.FirstReplied != 0) {
				a.EndedAt, a.Next = c.At, 0
				return a.save(ctx, tx, j.Tenant)
			}
			to := a.Chain[len(a.Told)%len(a.Chain)]
			a.Told = append(a.Told, ToldOf{to, c.At})
			a.Next = 0
			if len(a.Told) < maxRounds*len(a.Chain) {
				a.Next = c.At.Add(a.Within)
				if err := m.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindRespond, Key: j.Key, DueAt: a.Next, Replace: true, Payload: struct{}{}}); err != nil {
					return err
				}
			}
			if err := a.save(ctx, tx, j.Tenant); err != nil {
				return err
			}
			m.event(c, EventResponse, ticket.EventData{Kind: "told", Changes: []ticket.FieldChange{{Field: "assignee", To: to}}}, &Decision{Rule: a.Rule})
			m.announce(tx, j.Tenant)
			if m.Tell == nil {
				return nil
			}
			return m.Tell(ctx, tx, Notice{Event: string(a.Response), Tenant: j.Tenant, To: []id.ID{to}, Ticket: t, Urgent: a.Response == Serious,
				Key: "response:" + j.Key + ":" + strconv.Itoa(len(a.Told))})
		})
	})
}

// Acknowledge ends the telling: somebody has taken the ticket to heart.
func (m *Room) Acknowledge(ctx context.Context, a *staff.Actor, ticketID id.ID) (*Alert, error) {
	var out *Alert
	err := m.Desk.Write(ctx, a, func(ctx context.Context, w *ticket.Write) error {
		c, err := w.Ticket(ctx, ticketID, staff.TicketRead)
		if err != nil {
			return err
		}
		x, err := loadAlert(ctx, w.Tx, a.Tenant, ticketID)
		if err != nil {
			return err
		}
		if x == nil {
			return fault.Missing("response")
		}
		if !slices.Contains(x.Chain, a.ID) && a.Scope(staff.TicketAssign) == staff.ScopeNone {
			return fault.New(fault.Forbidden, "forbidden", "only who is told of it can acknowledge it")
		}
		out = x
		if x.By != 0 || x.EndedAt != 0 {
			return nil // somebody was quicker
		}
		x.By, x.ByAt, x.EndedAt, x.Next = a.ID, c.At, c.At, 0
		if err := x.save(ctx, w.Tx, a.Tenant); err != nil {
			return err
		}
		if err := m.Jobs.Cancel(ctx, w.Tx, a.Tenant, kindRespond, ticketID.String()); err != nil {
			return err
		}
		c.Append(EventResponse, ticket.EventData{Kind: "acknowledged"})
		m.announce(w.Tx, a.Tenant)
		return m.tellOthers(ctx, w.Tx, c.Ticket, x)
	})
	return out, err
}

// Acknowledged is the event by which the others who were told hear that
// somebody has it in hand.
const Acknowledged = "acknowledged"

func (m *Room) tellOthers(ctx context.Context, tx *db.Tx, t *ticket.Ticket, x *Alert) error {
	var to []id.ID
	for _, y := range x.Told {
		if y.User != x.By && !slices.Contains(to, y.User) {
			to = append(to, y.User)
		}
	}
	if m.Tell == nil || len(to) == 0 {
		return nil
	}
	return m.Tell(ctx, tx, Notice{Event: Acknowledged, Tenant: t.Tenant, To: to, By: x.By, Ticket: t, Key: "response:" + t.ID.String() + ":acknowledged:" + strconv.FormatInt(int64(x.At), 10)})
}

// Alerts are the tickets that are being responded to, newest first.
func (m *Room) Alerts(ctx context.Context, tenant id.ID, limit int) ([]*Alert, error) {
	rows, err := m.DB.Query(ctx, `select body from routing_response where tenant_id = $1 and ended_at is null order by at desc limit $2`, tenant, limit)
	return db.Each(rows, err, func(r *sql.Rows) (*Alert, error) { return scanAlert(r) })
}
