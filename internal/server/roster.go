package server

import (
	"context"
	"strconv"

	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

var rosterEvents = map[string]string{
	roster.ToldAsked:      notify.LeaveAsked,
	roster.ToldDecided:    notify.LeaveDecided,
	roster.ToldPublished:  notify.RosterPublished,
	roster.ToldForced:     notify.StateForced,
	roster.ToldHandedOver: notify.HandedOver,
}

// tellRoster takes what concerns people's shifts and states to them.
func (s *Server) tellRoster(ctx context.Context, tx *db.Tx, tenant id.ID, n roster.Notice) error {
	event := rosterEvents[n.Event]
	if event == "" {
		return nil
	}
	out := notify.Notice{Tenant: tenant, Event: event, To: n.To, By: n.By}
	switch n.Event {
	case roster.ToldAsked, roster.ToldDecided:
		out.Data = map[string]string{"kind": n.Matter, "person": n.Asker.String(), "state": n.State}
	case roster.ToldForced:
		out.Data = map[string]string{"state": n.State}
	case roster.ToldHandedOver:
		out.Data = map[string]string{"count": strconv.Itoa(n.Count)}
	}
	return s.Notify.Tell(ctx, tx, out)
}

// handOver gives the tickets of a hand-over to who takes it.
func (s *Server) handOver(ctx context.Context, tx *db.Tx, taker *staff.Actor, h roster.Handover) error {
	tickets := make([]id.ID, len(h.Tickets))
	for i, t := range h.Tickets {
		tickets[i] = t.Ticket
	}
	return s.Routing.HandOver(ctx, tx, taker.Tenant, h.User, taker.ID, tickets)
}
