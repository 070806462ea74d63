package server

import (
	"context"
	"slices"
	"strconv"

	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// mostJudges bounds who is told of one incident.
const mostJudges = 100

// tellIncident tells those who can judge a proposed incident: they may join all
// of its tickets, and for more than their own team.
func (s *Server) tellIncident(ctx context.Context, tx *db.Tx, tenant, incident id.ID, tickets []id.ID) error {
	dir, err := s.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	list, err := s.Desk.Load(ctx, tenant, tickets)
	if err != nil {
		return err
	}
	n := notify.Notice{Tenant: tenant, Event: notify.IncidentProposed, Key: "incident:" + incident.String(),
		Data: map[string]string{"incident": incident.String(), "count": strconv.Itoa(len(tickets))}}
	for _, p := range dir.Users() {
		if !p.Active || p.Grants[staff.TicketMerge] < staff.ScopeDepartment || len(n.To) >= mostJudges {
			continue
		}
		a, err := s.Staff.Actor(ctx, tenant, p.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(t *ticket.Ticket) bool { return !a.In(staff.TicketMerge, t.Assignee, t.Team, t.Department) }) {
			n.To = append(n.To, p.ID)
		}
	}
	return s.Notify.Tell(ctx, tx, n)
}
