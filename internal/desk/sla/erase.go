package sla

import (
	"context"
	"encoding/json"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// erase takes out what people wrote in requests and orders on tickets whose
// customer is erased. Who asked for what, and when, stays.
func (m *Room) erase(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	raw, err := json.Marshal(tickets)
	if err != nil {
		return err
	}
	for _, set := range []string{
		`sla_extension set reason = '', decision_note = ''`,
		`sla_supervision set words = '', answer = ''`,
		`sla_clock set reason_note = ''`,
	} {
		if _, err := tx.Exec(ctx, `update `+set+` where tenant_id = $1 and ticket_id `+tx.Engine().InIDs("$2"), tenant, string(raw)); err != nil {
			return err
		}
	}
	return nil
}
