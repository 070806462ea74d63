package report

import (
	"context"
	"database/sql"
	"slices"

	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Behind chooses the tickets behind a figure of a board.
type Behind struct {
	Question
	Figure string
	Hour   clock.Time // the beginning of the only hour, for what counts acts
	Age    string     // the only bar, for what waits
}

// BoardTickets is a page of the tickets behind a figure, newest first. Hidden counts
// those of this page that the reader may no longer open: they went elsewhere
// since. Items and Hidden of all pages together are as many as the figure says.
type BoardTickets struct {
	Items  []ticket.JSON `json:"items"`
	Hidden int           `json:"hidden" doc:"more of this page, that have since left your reach"`
	Next   string        `json:"next_cursor,omitempty"`
}

// BehindOf lists the tickets behind a figure.
func (m *Room) BehindOf(ctx context.Context, a *staff.Actor, in Behind, page web.Page) (*BoardTickets, error) {
	x, err := m.ask(ctx, a, in.Question)
	if err != nil {
		return nil, err
	}
	var below id.ID = 1<<62 - 1
	if _, err := web.ParseCursor(page.Cursor, &below); err != nil {
		return nil, err
	}
	ids, err := m.behind(ctx, x, in, below, page.Limit+1)
	if err != nil {
		return nil, err
	}
	cut := web.Cut(ids, page.Limit, func(v id.ID) id.ID { return v })
	list, err := m.Desk.Reachable(ctx, a, cut.Items)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(p, q *ticket.Ticket) int { return int(min(max(q.ID-p.ID, -1), 1)) })
	items, err := m.Desk.Rows(ctx, a.Tenant, list)
	return &BoardTickets{Items: items, Hidden: len(cut.Items) - len(list), Next: cut.NextCursor}, err
}

func (m *Room) behind(ctx context.Context, x *asked, in Behind, below id.ID, limit int) ([]id.ID, error) {
	one := func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) }
	switch in.Figure {
	case KeyBacklog, KeyOverdue:
		w := x.backlog()
		if in.Figure == KeyOverdue {
			w.and("t.sla = " + itoa(breached))
		}
		if in.Age != "" {
			i := slices.IndexFunc(ages, func(g ageBound) bool { return g.key == in.Age })
			if i < 0 {
				return nil, fault.Bad("age", "choice", "there is no such age")
			}
			if ages[i].until > 0 {
				w.and("t.id >= " + w.arg(int64(id.At(int64(x.now.Add(-ages[i].until))))))
			}
			if i > 0 {
				w.and("t.id < " + w.arg(int64(id.At(int64(x.now.Add(-ages[i-1].until))))))
			}
		}
		w.and("t.id < " + w.arg(int64(below)))
		return each(ctx, m.DB, `select t.id from ticket t where `+w.sql.String()+` order by t.id desc limit `+itoa(limit), w.args, one)
	case KeySLA:
		return m.SLA.EndedTickets(ctx, x.actor, x.ended(x.day.from, x.day.until, sla.StateBreached), below, limit)
	}
	kind, ok := kindOf[in.Figure]
	if !ok {
		return nil, fault.Bad("figure", "choice", "there is no such figure")
	}
	from, to := x.day.from, x.day.until
	if in.Hour != 0 {
		from, to = max(from, in.Hour), min(to, in.Hour+3_600_000)
	}
	w := x.facts(from, to, kind)
	if in.Figure == KeySlowest {
		bound, err := m.slowest(ctx, x)
		if err != nil {
			return nil, err
		}
		w.and("f.took >= " + w.arg(bound))
	}
	w.and("f.ticket_id < " + w.arg(int64(below)))
	return each(ctx, m.DB, `select distinct f.ticket_id from report_fact f where `+w.sql.String()+` order by f.ticket_id desc limit `+itoa(limit), w.args, one)
}

// slowest is the 90 % quantile of first responses in milliseconds.
func (m *Room) slowest(ctx context.Context, x *asked) (int64, error) {
	c := &count{asked: x, total: newTally()}
	err := c.answers(ctx, m.DB, x.facts(x.day.from, x.day.until, FirstResponse), func(id.ID, id.ID) []*tally { return []*tally{c.total} })
	if err != nil || len(c.total.took) == 0 {
		return 0, err
	}
	return rank(c.total.took, .9), nil
}
