package understand

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"zhidan/internal/mind/nlp"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// erase forgets what was made of the words of tickets whose customer is erased:
// summaries, translations, entities, texts of attachments, and the names of
// incidents, which are a sentence of one of their tickets.
func (m *Mind) erase(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	raw, err := json.Marshal(tickets)
	if err != nil {
		return err
	}
	these := tx.Engine().InIDs("$2")
	if _, err := tx.Exec(ctx, `delete from understand_extra where tenant_id = $1 and ticket_id `+these, tenant, string(raw)); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select distinct incident_id from understand_incident_ticket where tenant_id = $1 and ticket_id `+these, tenant, string(raw))
	incidents, err := db.Each(rows, err, func(r *sql.Rows) (i id.ID, err error) { return i, r.Scan(&i) })
	if err != nil {
		return err
	}
	for _, i := range incidents {
		if err := m.rename(ctx, tx, tenant, i, string(raw)); err != nil {
			return err
		}
	}
	return nil
}

// rename names an incident after another of its tickets than those in gone.
func (m *Mind) rename(ctx context.Context, tx *db.Tx, tenant, incident id.ID, gone string) error {
	var other id.ID
	err := tx.QueryRow(ctx, `select coalesce(max(ticket_id), 0) from understand_incident_ticket where tenant_id = $1 and incident_id = $3 and not ticket_id `+tx.Engine().InIDs("$2"),
		tenant, gone, incident).Scan(&other)
	if err != nil {
		return err
	}
	title := ""
	if other != 0 {
		words, err := m.Desk.FirstWords(ctx, tenant, []id.ID{other})
		if err != nil {
			return err
		}
		if w, ok := words[other]; ok {
			title = nlp.Title(nlp.Prepare(w.Subject + "\n" + w.Text))
		}
	}
	words, err := json.Marshal(strings.Fields(title))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update understand_incident set title = $3, words = $4 where tenant_id = $1 and id = $2`, tenant, incident, title, string(words))
	return err
}
