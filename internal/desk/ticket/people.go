package ticket

import (
	"context"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// PeopleAs lists who is on tickets in a role (watcher, collaborator, mention),
// by ticket, whoever may see them: for the engines.
func (d *Desk) PeopleAs(ctx context.Context, tenant id.ID, role string, tickets []id.ID) (map[id.ID][]id.ID, error) {
	rows, err := d.DB.Query(ctx, `select ticket_id, user_id from ticket_person where tenant_id = $1 and ticket_id `+inIDs(d.DB, "$2")+` and role = $3 order by ticket_id, at, user_id`,
		tenant, idList(tickets), role)
	out := map[id.ID][]id.ID{}
	_, err = db.Each(rows, err, func(r rower) (struct{}, error) {
		var t, u id.ID
		err := r.Scan(&t, &u)
		out[t] = append(out[t], u)
		return struct{}{}, err
	})
	return out, err
}
