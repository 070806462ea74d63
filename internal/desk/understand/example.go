package understand

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Example is a labelled text. That of a ticket is read from the ticket.
type Example struct {
	ID     id.ID
	Label  string
	Source string // correction, import
	Ticket id.ID
	Title  string
	Text   string
	At     int64
}

// examples reads those after an id, in order, with the words of tickets filled
// in; a ticket that is gone leaves an example without words.
func (m *Mind) examples(ctx context.Context, tenant id.ID, field string, after id.ID, limit int) ([]Example, error) {
	list, err := m.exampleRows(ctx, tenant, field, after, limit)
	if err != nil {
		return nil, err
	}
	return list, m.fillWords(ctx, tenant, list)
}

func (m *Mind) exampleRows(ctx context.Context, tenant id.ID, field string, after id.ID, limit int) ([]Example, error) {
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select id, label, source, coalesce(ticket_id, 0), title, text, at from understand_example
		where tenant_id = $1 and field = $2 and id > $3 order by id limit %d`, limit), tenant, field, after)
	return db.Each(rows, err, func(r *sql.Rows) (Example, error) {
		var e Example
		return e, r.Scan(&e.ID, &e.Label, &e.Source, &e.Ticket, &e.Title, &e.Text, &e.At)
	})
}

func (m *Mind) fillWords(ctx context.Context, tenant id.ID, list []Example) error {
	var ids []id.ID
	for _, e := range list {
		if e.Ticket != 0 {
			ids = append(ids, e.Ticket)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	words, err := m.Desk.FirstWords(ctx, tenant, ids)
	for i := range list {
		if w, ok := words[list[i].Ticket]; ok {
			list[i].Title, list[i].Text = w.Subject, w.Text
		}
	}
	return err
}

// addExample notes what a person said and tells whether that is news. The
// newest word on a ticket counts.
func addExample(ctx context.Context, tx *db.Tx, tenant id.ID, field string, e Example) (fresh bool, err error) {
	var n int // a reaction may come twice
	if err := tx.QueryRow(ctx, `select count(*) from understand_example where tenant_id = $1 and field = $2 and ticket_id = $3 and label = $4 and at = $5`,
		tenant, field, e.Ticket, e.Label, e.At).Scan(&n); err != nil || n > 0 {
		return false, err
	}
	if _, err := tx.Exec(ctx, `delete from understand_example where tenant_id = $1 and field = $2 and ticket_id = $3`, tenant, field, e.Ticket); err != nil {
		return false, err
	}
	return true, addExamples(ctx, tx, tenant, field, []Example{e})
}

// addExamples writes examples, many to a statement.
func addExamples(ctx context.Context, tx *db.Tx, tenant id.ID, field string, list []Example) error {
	const most, columns = 100, 9
	for len(list) > 0 {
		n := min(most, len(list))
		args := make([]any, 0, n*columns)
		for _, e := range list[:n] {
			var ref any
			if e.Ticket != 0 {
				ref = int64(e.Ticket)
			}
			args = append(args, int64(tenant), field, int64(e.ID), e.Label, cmp.Or(e.Source, "correction"), ref, e.Title, e.Text, e.At)
		}
		if _, err := tx.Exec(ctx, `insert into understand_example (tenant_id, field, id, label, source, ticket_id, title, text, at) values `+db.Values(n, columns), args...); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// An id is taken before its example is committed, so one may appear after
// others with a higher id. Whoever reads on therefore looks back by overlap,
// which is longer than a transaction lasts and clocks of nodes differ, and
// passes over what it has seen.
const overlap = 5 * 60 * 1000 // milliseconds

func lookBack(position id.ID) id.ID {
	return max(0, id.At(position.Millis()-overlap)-1)
}

// recent are the ids worth remembering beside a position, as they are stored.
func recent(seen map[id.ID]bool, position id.ID) string {
	list := []id.ID{}
	for e := range seen {
		if e > lookBack(position) {
			list = append(list, e)
		}
	}
	raw, _ := json.Marshal(list) // ids only
	return string(raw)
}

func seenOf(recent string) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	if recent == "" {
		return out, nil
	}
	var list []id.ID
	if err := json.Unmarshal([]byte(recent), &list); err != nil {
		return nil, fmt.Errorf("understand: what a model has seen: %w", err)
	}
	for _, e := range list {
		out[e] = true
	}
	return out, nil
}
