package notify

import (
	"context"
	"encoding/json"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// erase takes out what other sides answered to messages about tickets whose
// customer is erased: an answer may quote the message. Nothing else here holds
// words; they are made from the ticket when they are read.
func (m *Room) erase(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	raw, err := json.Marshal(tickets)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update notify_delivery set receipt = '', error = '' where tenant_id = $1 and (receipt <> '' or error <> '')
		and ticket_id `+tx.Engine().InIDs("$2"), tenant, string(raw))
	return err
}
