package server

import (
	"context"

	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/routing"
	"zhidan/internal/platform/db"
)

// Rooms of one band do not know each other: what one has to tell people goes
// through here to the room that tells them, in the same transaction.

var routingEvents = map[string]string{
	"offered":                notify.Offered,
	string(routing.Abnormal): notify.AbnormalTicket,
	string(routing.Serious):  notify.SeriousTicket,
}

func (s *Server) tellRouting(ctx context.Context, tx *db.Tx, n routing.Notice) error {
	return s.Notify.Tell(ctx, tx, notify.Notice{Tenant: n.Tenant, Event: routingEvents[n.Event], To: n.To, Ticket: n.Ticket.ID, Urgent: n.Urgent, Key: n.Key})
}
