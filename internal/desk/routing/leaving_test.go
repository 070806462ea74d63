package routing_test

import (
	"net/http"
	"testing"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
)

// team makes one of some people.
func (s *scene) team(people ...*staff.Actor) staff.Team {
	s.t.Helper()
	name, members := "一组", []staff.Member{}
	for _, p := range people {
		members = append(members, staff.Member{User: p.ID})
	}
	team, err := s.Staff.CreateTeam(ctx, s.Admin, staff.TeamChange{Name: &name, Members: &members})
	s.must(err)
	return team
}

func TestWhoGoesLosesWhatIsNotBegun(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		s.state(0, roster.Online)
		begun, fresh := s.open(ticket.NewTicket{}), s.open(ticket.NewTicket{})
		if _, _, err := s.Desk.Say(ctx, s.agents[0], begun.ID, ticket.NewMessage{Kind: ticket.Reply, Body: "您好"}); err != nil {
			t.Fatal(err)
		}
		s.state(1, roster.Online)
		s.state(0, roster.Offline)
		if s.get(begun).Assignee != s.agents[0].ID || s.get(fresh).Assignee != s.agents[1].ID {
			t.Errorf("begun by %v, not begun by %v", s.get(begun).Assignee, s.get(fresh).Assignee)
		}
		s.sound(t, 1000)
		s.solve(begun)
		s.do(begun, "reopen", &ticket.ReopenInput{Reason: "还是不行"})
		s.Settle()
		if s.get(begun).Assignee != s.agents[1].ID {
			t.Errorf("a ticket comes back to somebody who is not there")
		}
		s.sound(t, 1000)
	})
}

func TestSomebodyFallsIll(t *testing.T) {
	each(t, 3, 30, func(t *testing.T, s *scene) {
		s.state(0, roster.Online)
		var list []*ticket.Ticket
		for range 30 {
			list = append(list, s.open(ticket.NewTicket{}))
		}
		for range 20 {
			x := s.open(ticket.NewTicket{})
			s.do(x, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: s.agents[0].ID}})
			list = append(list, x)
		}
		s.Settle()
		s.state(1, roster.Online)
		s.state(2, roster.Online)
		a := s.Call("POST", "/routing/agents/"+s.agents[0].ID.String()+"/leave", map[string]any{"reason": "生病"})
		if a.Status != http.StatusAccepted {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		var move routing.Move
		a.JSON(t, &move)
		s.Settle()
		s.Call("GET", "/routing/moves/"+move.ID.String(), nil).JSON(t, &move)
		if move.State != "done" || move.Total != 50 || move.Done != 50 || move.Failed != 0 {
			t.Errorf("%+v", move)
		}
		got := map[id.ID]int{}
		for _, x := range list {
			got[s.get(x).Assignee]++
		}
		if got[s.agents[0].ID] != 0 || got[s.agents[1].ID]+got[s.agents[2].ID] != 50 || got[s.agents[1].ID] < 20 || got[s.agents[2].ID] < 20 {
			t.Errorf("given to %v", got)
		}
		s.sound(t, 0)
		if a := s.Call("POST", "/routing/moves/"+move.ID.String()+"/undo", nil); a.Status != http.StatusAccepted {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.Settle()
		for _, x := range list {
			if s.get(x).Assignee != s.agents[0].ID {
				t.Fatalf("%s is not given back", x.Number)
			}
		}
		s.sound(t, 0)
	})
}

func TestWhoLeavesATeamLeavesItsTickets(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		team := s.team(s.agents...)
		s.state(0, roster.Online)
		theirs := s.open(ticket.NewTicket{Team: team.ID})
		other := s.open(ticket.NewTicket{})
		s.do(other, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: s.agents[0].ID}})
		s.state(1, roster.Online)
		one := []staff.Member{{User: s.agents[1].ID}}
		_, err := s.Staff.UpdateTeam(ctx, s.Admin, team.ID, 0, staff.TeamChange{Members: &one})
		s.must(err)
		s.Settle()
		if s.get(theirs).Assignee != s.agents[1].ID {
			t.Errorf("a ticket of the team stays with somebody who has left it")
		}
		s.sound(t, 1000)
	})
}

func TestNobodyHasTheComplaintAboutThemselves(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		s.state(0, roster.Online)
		x := s.open(ticket.NewTicket{Type: "complaint", Fields: map[string]any{"complained_about": s.agents[0].ID.String()}})
		if x.Assignee != 0 || s.why(x).Items[0].Excluded[routing.Barred] != 1 {
			t.Errorf("given to %v: %+v", x.Assignee, s.why(x).Items)
		}
		s.state(1, roster.Online)
		if s.get(x).Assignee != s.agents[1].ID {
			t.Errorf("the other does not have it")
		}
	})
}

func TestHandOver(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		team := s.team(s.agents...)
		s.state(0, roster.Online)
		mine, gone := s.open(ticket.NewTicket{}), s.open(ticket.NewTicket{})
		s.do(gone, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: s.Admin.ID}})
		as := func(i int) []string { return []string{"Authorization", "Bearer " + s.TokenFor(s.agents[i])} }
		a := s.Call("POST", "/roster/handovers", map[string]any{"team_id": team.ID, "note": "夜班", "tickets": []any{
			map[string]any{"ticket_id": mine.ID}, map[string]any{"ticket_id": gone.ID}}}, as(0)...)
		var h struct{ ID id.ID }
		a.JSON(t, &h)
		if a = s.Call("POST", "/roster/handovers/"+h.ID.String()+"/judge", map[string]any{"state": "taken"}, as(1)...); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if s.get(mine).Assignee != s.agents[1].ID || s.get(gone).Assignee != s.Admin.ID {
			t.Errorf("with %v and %v", s.get(mine).Assignee, s.get(gone).Assignee)
		}
		s.sound(t, 0)
	})
}

func TestWhoIsInNoTeamIsGivenNothingWhereThereAreTeams(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		_, err := s.Roster.SetOwn(ctx, s.Admin, roster.NewState{State: roster.Online})
		s.must(err)
		if x := s.open(ticket.NewTicket{}); x.Assignee != s.Admin.ID {
			t.Errorf("where there are no teams, everybody who may answer works: %v", x.Assignee)
		}
		s.team(s.agents[0])
		if x := s.open(ticket.NewTicket{}); x.Assignee != 0 {
			t.Errorf("given to an administrator: %v", x.Assignee)
		}
		s.state(0, roster.Online)
		if x := s.open(ticket.NewTicket{}); x.Assignee != s.agents[0].ID {
			t.Errorf("given to %v", x.Assignee)
		}
		s.must(s.Routing.SetCapacity(ctx, s.Tenant, s.Admin.ID, 500))
		s.must(s.Routing.SetCapacity(ctx, s.Tenant, s.agents[0].ID, 1))
		if x := s.open(ticket.NewTicket{}); x.Assignee != s.Admin.ID {
			t.Errorf("an administrator who wants to work gets nothing: %v", x.Assignee)
		}
	})
}
