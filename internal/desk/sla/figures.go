package sla

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Ended chooses clocks of promises to customers that ended with a verdict from
// a moment until before another. What is zero or empty does not matter.
type Ended struct {
	From, To    clock.Time
	State       State   // met or breached
	Departments []id.ID // one of these
	Team, Agent id.ID
	Channel     string
	Type        string
	Without     string // only those that no "department" or no "agent" had
}

// EndedCount is how the clocks ended that were with a department and person.
type EndedCount struct {
	Department, Agent          id.ID
	Met, Breached, OriginalMet int64 // the last as if nothing had been extended
}

// where is the choice within what the actor may see of reports.
func (m *Room) whereEnded(a *staff.Actor, e Ended) (string, []any) {
	args := []any{a.Tenant, e.From, e.To}
	arg := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	w := `c.tenant_id = $1 and c.ended_at >= $2 and c.ended_at < $3 and c.original <> 'unpromised' and c.metric not like '%:%'`
	if e.State != "" {
		w += " and c.state = " + arg(string(e.State))
	} else {
		w += " and c.state in ('met', 'breached')"
	}
	if len(e.Departments) > 0 {
		marks := make([]string, len(e.Departments))
		for i, d := range e.Departments {
			marks[i] = arg(d)
		}
		w += " and c.department_id in (" + strings.Join(marks, ", ") + ")"
	}
	if e.Team != 0 {
		w += " and c.team_id = " + arg(e.Team)
	}
	if e.Agent != 0 {
		w += " and c.assignee_id = " + arg(e.Agent)
	}
	switch e.Without {
	case "department":
		w += " and coalesce(c.department_id, 0) = 0"
	case "agent":
		w += " and coalesce(c.assignee_id, 0) = 0"
	}
	if e.Channel != "" || e.Type != "" { // these the clock does not know
		w += " and exists (select 1 from ticket t where t.tenant_id = c.tenant_id and t.id = c.ticket_id"
		if e.Channel != "" {
			w += " and t.channel = " + arg(e.Channel)
		}
		if e.Type != "" {
			w += " and t.type = " + arg(e.Type)
		}
		w += ")"
	}
	return w + withinReach(a, arg), args
}

// CountEnded counts by department and person, as far as the actor may read
// reports.
func (m *Room) CountEnded(ctx context.Context, r db.Reader, a *staff.Actor, e Ended) ([]EndedCount, error) {
	w, args := m.whereEnded(a, e)
	rows, err := r.Query(ctx, fmt.Sprintf(`select coalesce(c.department_id, 0), coalesce(c.assignee_id, 0),
			sum(case when c.state = 'met' then 1 else 0 end), sum(case when c.state = 'breached' then 1 else 0 end),
			sum(case when c.original = 'breached' then 0 else 1 end)
		from sla_clock c where %s group by 1, 2 limit %d`, w, maxCells), args...)
	return db.Each(rows, err, func(r *sql.Rows) (x EndedCount, err error) {
		return x, r.Scan(&x.Department, &x.Agent, &x.Met, &x.Breached, &x.OriginalMet)
	})
}

// CountEndedTickets counts the tickets on which such clocks ended.
func (m *Room) CountEndedTickets(ctx context.Context, r db.Reader, a *staff.Actor, e Ended) (n int64, err error) {
	w, args := m.whereEnded(a, e)
	return n, r.QueryRow(ctx, `select count(distinct c.ticket_id) from sla_clock c where `+w, args...).Scan(&n)
}

// EndedTickets lists the tickets on which such clocks ended, newest first,
// below an id.
func (m *Room) EndedTickets(ctx context.Context, a *staff.Actor, e Ended, below id.ID, limit int) ([]id.ID, error) {
	w, args := m.whereEnded(a, e)
	args = append(args, below)
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select distinct c.ticket_id from sla_clock c where %s and c.ticket_id < $%d order by c.ticket_id desc limit %d`, w, len(args), limit), args...)
	return db.Each(rows, err, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
}

// FirstResponses tells the business time until the first response of tickets,
// in milliseconds, where a clock has measured it.
func (m *Room) FirstResponses(ctx context.Context, r db.Reader, tenant id.ID, tickets []id.ID) (map[id.ID]clock.Time, error) {
	list, err := json.Marshal(tickets)
	if err != nil {
		return nil, err
	}
	rows, err := r.Query(ctx, `select ticket_id, elapsed from sla_clock where tenant_id = $1 and ticket_id `+r.Engine().InIDs("$2")+`
		and metric = 'first_response' and round = 1 and ended_at is not null`, tenant, string(list))
	out := map[id.ID]clock.Time{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var t id.ID
		var elapsed clock.Time
		err := r.Scan(&t, &elapsed)
		out[t] = elapsed
		return struct{}{}, err
	})
	return out, err
}
