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

// matter is a ticket as a decision sees it.
func matter(t *ticket.Ticket, y known, at clock.Time) *Matter {
	x := &Matter{Ticket: t, Confidence: 1, DueAt: t.DueAt, At: at, LastAgent: y.last}
	if t.Unsure {
		x.Confidence = 0.5
	}
	x.Region = regionOf(t)
	if who, err := id.Parse(fmt.Sprint(t.Fields["complained_about"])); err == nil {
		x.Barred = append(x.Barred, who)
	}
	x.of(y.who)
	return x
}

// known is what is read of the customer of a ticket.
type known struct {
	who  *customer.Customer // nil: nobody knows them yet
	last id.ID              // who looked after them last
}

// newest are a customer's newest tickets, of which the last agent is taken: a
// customer has few at a time, so these tell.
const newest = `select p.id, p.assignee_id, p.status from ticket p where p.tenant_id = %s and p.requester_id = %s order by p.id desc limit 6`

// knownOf reads it for tickets of the store together.
func knownOf(ctx context.Context, r db.Reader, tenant id.ID, tickets []id.ID) (map[id.ID]known, error) {
	out := make(map[id.ID]known, len(tickets))
	rows, err := r.Query(ctx, `select t.id, c.id, c.tier, coalesce(c.care_until, 0), coalesce((select y.assignee_id from (`+fmt.Sprintf(newest, "t.tenant_id", "t.requester_id")+`) y
			where y.assignee_id is not null and y.id <> t.id and y.status <> $3 order by y.id desc limit 1), 0)
		from ticket t join customer c on c.tenant_id = t.tenant_id and c.id = t.requester_id where t.tenant_id = $1 and t.id `+r.Engine().InIDs("$2"),
		tenant, idList(tickets), int64(ticket.Cancelled))
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var of id.ID
		y := known{who: &customer.Customer{Tenant: tenant}}
		err := r.Scan(&of, &y.who.ID, &y.who.Tier, &y.who.CareUntil, &y.last)
		out[of] = y
		return struct{}{}, err
	})
	return out, err
}

// lastAgent reads who looked after a customer last, before a ticket that is
// being born.
func lastAgent(ctx context.Context, r db.Reader, who *customer.Customer) (agent id.ID, err error) {
	if who == nil || who.ID == 0 {
		return 0, nil
	}
	err = r.QueryRow(ctx, `select y.assignee_id from (`+fmt.Sprintf(newest, "$1", "$2")+`) y where y.assignee_id is not null and y.status <> $3 order by y.id desc limit 1`,
		who.Tenant, who.ID, int64(ticket.Cancelled)).Scan(&agent)
	if isNoRows(err) {
		err = nil
	}
	return agent, err
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
	all, err := loadWaitings(ctx, r, tenant, []id.ID{ticketID})
	return all[ticketID], err
}

// loadWaitings is loadWaiting for some tickets together.
func loadWaitings(ctx context.Context, r db.Reader, tenant id.ID, tickets []id.ID) (map[id.ID]*waiting, error) {
	which, arg := these(r.Engine(), tickets)
	rows, err := r.Query(ctx, `select `+waitColumns+` from routing_wait where tenant_id = $1 and ticket_id `+which, tenant, arg)
	list, err := db.Each(rows, err, func(r *sql.Rows) (*waiting, error) { return scanWaiting(r) })
	out := make(map[id.ID]*waiting, len(list))
	for _, w := range list {
		out[w.Ticket] = w
	}
	return out, err
}

// these is a condition on a column with its argument, $2: one id, or some.
func these(e db.Engine, ids []id.ID) (which string, arg any) {
	if len(ids) == 1 {
		return `= $2`, int64(ids[0])
	}
	return e.InIDs("$2"), idList(ids)
}

// idList is a set of ids as one argument, for Engine.InIDs.
func idList(ids []id.ID) string {
	raw, err := json.Marshal(ids)
	if err != nil || len(ids) == 0 {
		return "[]"
	}
	return string(raw)
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

func dropWaiting(ctx context.Context, tx *db.Tx, tenant id.ID, tickets ...id.ID) error {
	which, arg := these(tx.Engine(), tickets)
	return tx.Queue(ctx, `delete from routing_wait where tenant_id = $1 and ticket_id `+which, int64(tenant), arg)
}

func orNull[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}

// lot is what settling some tickets in one transaction has in common: room that
// was taken for all of them before, and what is written of all of them after.
type lot struct {
	taken     map[id.ID]id.ID // by ticket: at whom there is room already
	decisions []any
	gone      []id.ID // who waits no more
}

const decisionColumns = 9

// keepHand stores that a person has given a waiting ticket to somebody, or
// taken it.
func (m *Room) keepHand(ctx context.Context, tx *db.Tx, k *resident, t *ticket.Ticket, w *waiting, agent, by id.ID, at clock.Time) error {
	var l lot
	if err := l.why(m.IDs.Next(), t, &Decision{Outcome: Kept, Set: k.active.Set.ID, Version: k.active.Set.Version, Rule: w.Rule, Path: orEmpty(w.Path), Team: w.Team,
		Agent: agent, By: by, Mode: w.Mode, Candidates: []Candidate{}, Excluded: map[string]int{}, At: at}, false); err != nil {
		return err
	}
	return l.save(ctx, tx, t.Tenant)
}

// why notes the decision on a ticket.
func (l *lot) why(row id.ID, t *ticket.Ticket, d *Decision, shadow bool) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	n := 0
	if shadow {
		n = 1
	}
	l.decisions = append(l.decisions, int64(t.Tenant), int64(t.ID), int64(row), int64(d.At), string(d.Outcome), orNull(d.Agent), int64(d.Team), n, string(body))
	return nil
}

// save writes it.
func (l *lot) save(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	for part := range slices.Chunk(l.decisions, 64*decisionColumns) {
		if err := tx.Queue(ctx, `insert into routing_decision (tenant_id, ticket_id, id, at, outcome, agent_id, team_id, shadow, body) values `+
			db.Values(len(part)/decisionColumns, decisionColumns), part...); err != nil {
			return err
		}
	}
	if len(l.gone) == 0 {
		return nil
	}
	return dropWaiting(ctx, tx, tenant, l.gone...)
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
