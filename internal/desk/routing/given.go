package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// flowFor is over how long it counts how fast queues move.
const flowFor = 15 * time.Minute

// maxFlow bounds the decisions that are counted for it: where more than that
// are made in a quarter of an hour, the last of them tell enough.
const maxFlow = 2000

// flow is how fast a queue moves.
type flow struct{ Came, Given int }

// flows counts, by team, the new tickets that came to assignment lately and the
// tickets that somebody got, by the rules or by hand; and over how long.
func (m *Room) flows(ctx context.Context, tenant id.ID, now clock.Time) (map[id.ID]flow, time.Duration, error) {
	from := now.Add(-flowFor)
	rows, err := m.DB.Query(ctx, `select coalesce(team_id, 0), count(*), min(at), count(distinct case when ticket_id >= $3 then ticket_id end),
		count(distinct case when outcome in ('assigned', 'kept') then ticket_id end)
		from (select team_id, ticket_id, outcome, at from routing_decision where tenant_id = $1 and at >= $2 and shadow = 0 order by at desc limit $4) x
		group by team_id`, tenant, from, id.At(int64(from)), maxFlow)
	out, seen, since := map[id.ID]flow{}, 0, now
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var team id.ID
		var n int
		var first clock.Time
		var f flow
		err := r.Scan(&team, &n, &first, &f.Came, &f.Given)
		out[team], seen, since = f, seen+n, min(since, first)
		return struct{}{}, err
	})
	if seen < maxFlow {
		since = from
	}
	return out, max(now.Sub(since), time.Second), err
}

// GivenJSON is a ticket that somebody has just got.
type GivenJSON struct {
	Ticket  id.ID      `json:"ticket_id"`
	Number  string     `json:"number"`
	Subject string     `json:"subject"`
	Agent   id.ID      `json:"agent_id"`
	Team    id.ID      `json:"team_id,omitzero"`
	By      id.ID      `json:"by,omitzero" doc:"whose hand gave it; absent: the rules. The same as agent_id: claimed, or an offer accepted"`
	Mode    Mode       `json:"mode,omitempty"`
	Path    []string   `json:"path"`
	At      clock.Time `json:"at"`
}

// recentLook bounds how far back it looks for tickets within somebody's reach.
const recentLook = 200

// given lists what was given last, newest first, within the actor's reach;
// without a team that of all queues.
func (m *Room) given(ctx context.Context, a *staff.Actor, team *id.ID, limit int) ([]GivenJSON, error) {
	q, args := `select ticket_id, at, body from routing_decision where tenant_id = $1 and shadow = 0 and outcome in ('assigned', 'kept')`, []any{a.Tenant, recentLook}
	if team != nil {
		q, args = q+` and team_id = $3`, append(args, *team)
	}
	out := []GivenJSON{}
	rows, err := m.DB.Query(ctx, q+` order by at desc, ticket_id desc, id desc limit $2`, args...)
	list, err := db.Each(rows, err, func(r *sql.Rows) (GivenJSON, error) {
		var g GivenJSON
		var body string
		if err := r.Scan(&g.Ticket, &g.At, &body); err != nil {
			return g, err
		}
		var d struct {
			Team  id.ID    `json:"team_id"`
			Agent id.ID    `json:"agent_id"`
			By    id.ID    `json:"by"`
			Mode  Mode     `json:"mode"`
			Path  []string `json:"path"`
		}
		err := json.Unmarshal([]byte(body), &d)
		g.Team, g.Agent, g.By, g.Mode, g.Path = d.Team, d.Agent, d.By, d.Mode, orEmpty(d.Path)
		return g, err
	})
	if err != nil {
		return out, err
	}
	for len(list) > 0 && len(out) < limit {
		page := list[:min(len(list), 2*limit)]
		list = list[len(page):]
		ids := make([]id.ID, len(page))
		for i, g := range page {
			ids[i] = g.Ticket
		}
		tickets, err := m.tickets(ctx, a.Tenant, ids)
		if err != nil {
			return out, err
		}
		for _, g := range page {
			if t := tickets[g.Ticket]; t != nil && len(out) < limit && m.Desk.May(ctx, a, t, staff.TicketRead) == nil {
				g.Number, g.Subject = t.Number, t.Subject
				out = append(out, g)
			}
		}
	}
	return out, nil
}
