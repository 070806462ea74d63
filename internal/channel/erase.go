package channel

import (
	"context"
	"database/sql"
	"encoding/json"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// erase forgets the raw content of what came in for tickets whose customer is
// erased. The record stays, so that the same item is not taken in again.
func (in *Intake) erase(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	raw, err := json.Marshal(tickets)
	if err != nil {
		return err
	}
	these := tx.Engine().InIDs("$2")
	rows, err := tx.Query(ctx, `select blob from inbound where tenant_id = $1 and blob <> '' and ticket_id `+these, tenant, string(raw))
	files, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
		var hash string
		return hash, r.Scan(&hash)
	})
	if err != nil {
		return err
	}
	for _, q := range []string{
		`delete from inbound_raw where tenant_id = $1 and inbound_id in (select i.id from inbound i where i.tenant_id = $1 and i.ticket_id ` + these + `)`,
		`update inbound set detail = '', blob = '' where tenant_id = $1 and ticket_id ` + these,
	} {
		if _, err := tx.Exec(ctx, q, tenant, string(raw)); err != nil {
			return err
		}
	}
	return in.desk.EraseFiles(ctx, tx, tenant, files)
}

func (in *Intake) names(ctx context.Context, hash string) (yes bool, err error) {
	return yes, in.desk.DB.QueryRow(ctx, `select exists (select 1 from inbound where blob = $1)`, hash).Scan(&yes)
}
