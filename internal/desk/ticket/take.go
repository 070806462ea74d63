package ticket

import (
	"context"
	"errors"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Taking tickets elsewhere, as lists show them: a table, a file.

// takePage is how many tickets one step takes.
const takePage = 500

// Take says which tickets: those named by IDs, or those that a list with this
// search, condition and view shows.
type Take struct {
	Text   string
	Filter string
	View   id.ID
	IDs    []id.ID
}

// query checks what is wanted. It goes by the time of creation, which does not
// change while the taking lasts.
func (d *Desk) taking(ctx context.Context, a *staff.Actor, w Take) (Query, error) {
	q := Query{Text: w.Text, Filter: w.Filter, Sort: "-created", Limit: takePage}
	return q, d.byView(ctx, a, w.View, &q)
}

// CheckTake refuses a condition that cannot be understood.
func (d *Desk) CheckTake(ctx context.Context, a *staff.Actor, w Take) error {
	q, err := d.taking(ctx, a, w)
	if err == nil {
		_, err = d.filter(ctx, a, q.Filter)
	}
	return err
}

// TakeRows gives the next tickets within the actor's reach after the mark (empty
// at the beginning), and the mark to go on from (empty at the end).
func (d *Desk) TakeRows(ctx context.Context, a *staff.Actor, w Take, mark string) ([]JSON, string, error) {
	if len(w.IDs) > 0 {
		after, err := id.Parse(mark)
		if mark != "" && err != nil {
			return nil, "", fault.Bad("cursor", "invalid", "this mark does not belong here")
		}
		list := make([]id.ID, 0, takePage)
		for _, t := range w.IDs { // ordered by the caller
			if mark == "" || t < after {
				list = append(list, t)
			}
			if len(list) == takePage {
				break
			}
		}
		found, err := d.within(ctx, a, &filter{}, list)
		if err != nil {
			return nil, "", err
		}
		byID := map[id.ID]*Ticket{}
		for _, t := range found {
			byID[t.ID] = t
		}
		items := make([]*Ticket, 0, len(found))
		for _, t := range list {
			if x := byID[t]; x != nil {
				items = append(items, x)
			}
		}
		next := ""
		if len(list) == takePage {
			next = list[len(list)-1].String()
		}
		rows, err := d.render(ctx, d.DB, a.Tenant, items)
		return rows, next, err
	}
	q, err := d.taking(ctx, a, w)
	if err != nil {
		return nil, "", err
	}
	q.Cursor = mark
	if q.Text != "" {
		q.Sort = ""
	}
	p, err := d.list(ctx, a, q)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.render(ctx, d.DB, a.Tenant, p.Items)
	return rows, p.Next, err
}

// TakeTotal counts what would be taken, as far as the context gives time; known
// is false when it did not suffice, or the words of a search decide.
func (d *Desk) TakeTotal(ctx context.Context, a *staff.Actor, w Take) (n int, known bool, err error) {
	if len(w.IDs) > 0 {
		return len(w.IDs), true, nil
	}
	q, err := d.taking(ctx, a, w)
	if err != nil || q.Text != "" {
		return 0, false, err
	}
	f, err := d.filter(ctx, a, q.Filter)
	if err != nil {
		return 0, false, err
	}
	where := newWhere(a)
	if err := f.add(where); err != nil {
		return 0, false, err
	}
	err = d.DB.QueryRow(ctx, `select count(*) from ticket t where `+where.sql.String(), where.args...).Scan(&n)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return 0, false, nil
	}
	return n, err == nil, err
}
