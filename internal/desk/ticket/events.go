package ticket

import (
	"context"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Events reads all events of tickets, oldest first, by ticket, whoever may see
// them: for the engines and products that make something of a whole history.
func (d *Desk) Events(ctx context.Context, r db.Reader, tenant id.ID, tickets []id.ID) (map[id.ID][]Event, error) {
	rows, err := r.Query(ctx, `select `+eventColumns+` from ticket_event e where e.tenant_id = $1 and e.ticket_id `+inIDs(r, "$2")+` order by e.ticket_id, e.seq`,
		tenant, idList(tickets))
	list, err := db.Each(rows, err, func(r rower) (Event, error) { return scanEvent(r) })
	out := make(map[id.ID][]Event, len(tickets))
	for _, e := range list {
		out[e.Ticket] = append(out[e.Ticket], e)
	}
	return out, err
}

// Rows are tickets as a list shows them, for lists of other rooms: they have
// checked whose they are.
func (d *Desk) Rows(ctx context.Context, tenant id.ID, list []*Ticket) ([]JSON, error) {
	return d.render(ctx, d.DB, tenant, list)
}
