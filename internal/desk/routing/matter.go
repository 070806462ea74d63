package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// matter is a ticket as a decision sees it. The requester may be nil: not
// known yet.
func (m *Room) matter(ctx context.Context, r db.Reader, t *ticket.Ticket, who *customer.Customer, at clock.Time) (*Matter, error) {
	x := &Matter{Ticket: t, Confidence: 1, DueAt: t.DueAt, At: at}
	if t.Unsure {
		x.Confidence = 0.5
	}
	x.Region = regionOf(t)
	if who, err := id.Parse(fmt.Sprint(t.Fields["complained_about"])); err == nil {
		x.Barred = append(x.Barred, who)
	}
	if who == nil {
		return x, nil
	}
	x.of(who)
	if who.ID == 0 {
		return x, nil
	}
	// Who looked after this customer last. A customer has few tickets at a time,
	// so the newest five tell.
	rows, err := r.Query(ctx, `select t.id, t.assignee_id, t.status from ticket t where t.tenant_id = $1 and t.requester_id = $2 order by t.id desc limit 6`, t.Tenant, who.ID)
	type last struct {
		ticket, agent id.ID
		status        ticket.Status
	}
	list, err := db.Each(rows, err, func(r *sql.Rows) (last, error) {
		var y last
		var agent sql.NullInt64
		err := r.Scan(&y.ticket, &agent, &y.status)
		y.agent = id.ID(agent.Int64)
		return y, err
	})
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(y last) bool { return y.agent != 0 && y.ticket != t.ID && y.status != ticket.Cancelled }); i >= 0 {
		x.LastAgent = list[i].agent
	}
	return x, nil
}

// of fills in what is known of the customer.
func (x *Matter) of(who *customer.Customer) {
	if who != nil {
		x.Tier, x.Care = who.Tier, who.Cared(x.At)
	}
}

// requester reads what a decision needs of the customer.
func requester(ctx context.Context, r db.Reader, t *ticket.Ticket) (*customer.Customer, error) {
	if t.Requester == 0 {
		return nil, nil
	}
	c := &customer.Customer{Tenant: t.Tenant, ID: t.Requester}
	err := r.QueryRow(ctx, `select tier, coalesce(care_until, 0) from customer where tenant_id = $1 and id = $2`, t.Tenant, t.Requester).Scan(&c.Tier, &c.CareUntil)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return c, err
}

// waiting is a ticket in the queue, or offered.
type waiting struct {
	Ticket   id.ID
	Team     id.ID
	Tier     int
	Priority ticket.Priority
	DueAt    clock.Time
	Since    clock.Time
	State    string
	Agent    id.ID      // to whom it is offered
	Until    clock.Time // how long the offer stands
	Weight   int
	StepAt   clock.Time
	waitBody
}

// waitBody is what the queue's order does not need.
type waitBody struct {
	Rule    string   `json:"rule"`
	Path    []string `json:"path"`
	Mode    Mode     `json:"mode"`
	Former  id.ID    `json:"former,omitzero"`
	Barred  []id.ID  `json:"barred,omitempty"`
	Relaxed []string `json:"relaxed,omitempty"`
	Needs   []Need   `json:"needs,omitempty"`
	To      []id.ID  `json:"to,omitempty"` // only these, and for this team, when somebody said so
	ToTeam  id.ID    `json:"to_team,omitzero"`
}

// States of waiting.
const (
	waitQueued  = "queued"
	waitOffered = "offered"
)

const waitColumns = `ticket_id, team_id, tier, priority, due_at, since, state, agent_id, until, weight, step_at, body`

func scanWaiting(r interface{ Scan(...any) error }) (*waiting, error) {
	w := &waiting{}
	var agent, until, step sql.NullInt64
	var body string
	err := r.Scan(&w.Ticket, &w.Team, &w.Tier, &w.Priority, &w.DueAt, &w.Since, &w.State, &agent, &until, &w.Weight, &step, &body)
	if err != nil {
		return nil, err
	}
	w.Agent, w.Until, w.StepAt = id.ID(agent.Int64), clock.Time(until.Int64), clock.Time(step.Int64)
	if w.DueAt == ticket.Never {
		w.DueAt = 0
	}
	return w, json.Unmarshal([]byte(body), &w.waitBody)
}

// loadWaiting reads a ticket's place in the queue; nil when it has none. The
// ticket's row is locked by whoever changes it.
func loadWaiting(ctx context.Context, r db.Reader, tenant, ticketID id.ID) (*waiting, error) {
	w, err := scanWaiting(r.QueryRow(ctx, `select `+waitColumns+` from routing_wait where tenant_id = $1 and ticket_id = $2`, tenant, ticketID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return w, err
}

func (w *waiting) save(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	body, err := json.Marshal(w.waitBody)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `insert into routing_wait (tenant_id, `+waitColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (tenant_id, ticket_id) do update set team_id = excluded.team_id, tier = excluded.tier, priority = excluded.priority, due_at = excluded.due_at,
		since = excluded.since, state = excluded.state, agent_id = excluded.agent_id, until = excluded.until, weight = excluded.weight, step_at = excluded.step_at,
		body = excluded.body`, int64(tenant), int64(w.Ticket), int64(w.Team), w.Tier, int64(w.Priority), int64(w.due()), int64(w.Since), w.State,
		orNull(w.Agent), orNull(w.Until), w.Weight, orNull(w.StepAt), string(body))
}

// due is by what the queue is ordered.
func (w *waiting) due() clock.Time {
	if w.DueAt == 0 {
		return ticket.Never
	}
	return w.DueAt
}

func dropWaiting(ctx context.Context, tx *db.Tx, tenant, ticketID id.ID) error {
	return tx.Queue(ctx, `delete from routing_wait where tenant_id = $1 and ticket_id = $2`, int64(tenant), int64(ticketID))
}

func orNull[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}

// keepDecision stores why.
func (m *Room) keepDecision(ctx context.Context, tx *db.Tx, t *ticket.Ticket, d *Decision, shadow bool) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	n := 0
	if shadow {
		n = 1
	}
	return tx.Queue(ctx, `insert into routing_decision (tenant_id, ticket_id, id, at, outcome, agent_id, shadow, body) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		int64(t.Tenant), int64(t.ID), int64(m.IDs.Next()), int64(d.At), string(d.Outcome), orNull(d.Agent), n, string(body))
}

func loadProfiles(ctx context.Context, r db.Reader, tenant id.ID) (map[id.ID]Profile, error) {
	rows, err := r.Query(ctx, `select user_id, body from routing_profile where tenant_id = $1`, tenant)
	out := map[id.ID]Profile{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var body string
		if err := r.Scan(&user, &body); err != nil {
			return struct{}{}, err
		}
		var p Profile
		err := json.Unmarshal([]byte(body), &p)
		out[user] = p
		return struct{}{}, err
	})
	return out, err
}
