package server

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Rooms of one band do not know each other: what one has to tell people goes
// through here to the room that tells them, in the same transaction.

var routingEvents = map[string]string{
	"offered":                notify.Offered,
	routing.Acknowledged:     notify.Acknowledged,
	string(routing.Abnormal): notify.AbnormalTicket,
	string(routing.Serious):  notify.SeriousTicket,
}

func (s *Server) tellRouting(ctx context.Context, tx *db.Tx, n routing.Notice) error {
	return s.Notify.Tell(ctx, tx, notify.Notice{Tenant: n.Tenant, Event: routingEvents[n.Event], To: n.To, By: n.By, Ticket: n.Ticket.ID, Urgent: n.Urgent, Key: n.Key})
}

// tellQueue takes it to those who lead that their queue has waited too long.
func (s *Server) tellQueue(ctx context.Context, tx *db.Tx, q routing.LongQueue) error {
	n := notify.Notice{Tenant: q.Tenant, Event: notify.QueueWaits, To: q.To, Key: q.Key, Data: map[string]string{"count": strconv.Itoa(q.Waiting)}}
	if q.Team != 0 {
		n.Data["team"] = q.Team.String()
	}
	return s.Notify.Tell(ctx, tx, n)
}

var slaEvents = map[string]string{
	sla.ToldWarning:    notify.SLAWarning,
	sla.ToldBreach:     notify.SLABreach,
	sla.ToldEscalation: notify.SLAEscalated,
	sla.ToldUrged:      notify.Urged,
	sla.ToldChased:     notify.Chased,
	sla.ToldSupervised: notify.Supervised,
	sla.ToldAnswered:   notify.SupervisedReply,
	sla.ToldYellow:     notify.CardGiven,
	sla.ToldRed:        notify.CardGiven,
	sla.ToldRequested:  notify.ExtensionAsked,
	sla.ToldApproved:   notify.ExtensionJudged,
	sla.ToldRefused:    notify.ExtensionJudged,
}

// tellSLA takes what has happened to promises to the people named with it. A
// step is told once, whatever runs again.
func (s *Server) tellSLA(ctx context.Context, tx *db.Tx, t *ticket.Ticket, told []sla.Told) error {
	for _, x := range told {
		kind, _ := x.Metric.Unit()
		n := notify.Notice{Tenant: t.Tenant, Event: slaEvents[x.Kind], To: x.To, By: x.By, Ticket: t.ID, Urgent: x.Kind == sla.ToldRed,
			Data: map[string]string{"kind": x.Kind}}
		if kind != "" {
			n.Data["metric"] = string(kind)
		}
		if x.DueAt != 0 {
			n.Data["due"] = x.DueAt.Std().Format(time.RFC3339)
		}
		if x.Step != "" {
			n.Key = fmt.Sprintf("sla:%s:%s:%d:%s", t.ID, x.Metric, x.Round, x.Step)
		}
		if err := s.Notify.Tell(ctx, tx, n); err != nil {
			return err
		}
	}
	return nil
}

var exchangeEvents = map[string]string{"export": notify.ExportReady, "import": notify.ImportEnded}

// tellExchange tells who ordered an export or import that it has ended.
func (s *Server) tellExchange(ctx context.Context, tx *db.Tx, n exchange.Told) error {
	return s.Notify.Tell(ctx, tx, notify.Notice{Tenant: n.Tenant, Event: exchangeEvents[n.Kind], To: []id.ID{n.To}, Key: n.Kind + ":" + n.ID.String(),
		Data: map[string]string{"count": strconv.Itoa(n.Rows)}})
}
