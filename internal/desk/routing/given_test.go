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

// What was given last stands on the monitor, whoever gave it; how fast queues
// move is counted beside it; and only who may see a ticket sees it there.
func TestWhatWasGivenLast(t *testing.T) {
	each(t, 2, 1, func(t *testing.T, s *scene) {
		given := func(who *staff.Actor, query string) []routing.GivenJSON {
			var out struct {
				Items []routing.GivenJSON `json:"items"`
			}
			a := s.Call("GET", "/routing/recent"+query, nil, "Authorization", "Bearer "+s.TokenFor(who))
			if a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			a.JSON(t, &out)
			return out.Items
		}
		flow := func() (q routing.QueueJSON, over int) {
			var out struct {
				Items []routing.QueueJSON `json:"items"`
				Flow  int                 `json:"flow_seconds"`
			}
			s.Call("GET", "/routing/queues", nil).JSON(t, &out)
			for _, x := range out.Items {
				if x.Team == 0 {
					return x, out.Flow
				}
			}
			t.Fatal("there is no queue of those without a team")
			return q, 0
		}
		s.state(0, roster.Online)
		byRule := s.open(ticket.NewTicket{Subject: "由规则派出"})
		waits := s.open(ticket.NewTicket{Subject: "由主管派出"})
		left := s.open(ticket.NewTicket{Subject: "还在等"})
		if s.get(byRule).Assignee != s.agents[0].ID || s.get(waits).Assignee != 0 || s.get(left).Assignee != 0 {
			t.Fatal("one is given, two wait")
		}
		s.do(waits, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: s.agents[1].ID}})
		items := given(s.Admin, "")
		if len(items) != 2 {
			t.Fatalf("given: %+v", items)
		}
		if x := items[0]; x.Ticket != waits.ID || x.Number != waits.Number || x.Agent != s.agents[1].ID || x.By != s.Admin.ID {
			t.Errorf("by hand: %+v", x)
		}
		if x := items[1]; x.Ticket != byRule.ID || x.Agent != s.agents[0].ID || x.By != 0 || len(x.Path) != 1 {
			t.Errorf("by the rules: %+v", x)
		}
		if q, over := flow(); q.Came != 3 || q.Given != 2 || q.Waiting != 1 || over != 15*60 {
			t.Errorf("came %d, given %d, %d wait, over %d s", q.Came, q.Given, q.Waiting, over)
		}
		// The ticket says that a hand gave it, and keeps what the rules had said.
		why := s.why(waits).Items
		if len(why) != 2 || why[0].Outcome != routing.Kept || why[0].Agent != s.agents[1].ID || why[0].By != s.Admin.ID || why[1].Outcome != routing.Queued {
			t.Errorf("why: %+v", why)
		}
		if list := given(s.Admin, "?team_id=0&limit=1"); len(list) != 1 || list[0].Ticket != waits.ID {
			t.Errorf("of the queue without a team, one: %+v", list)
		}
		if list := given(s.Admin, "?team_id="+id.ID(4711).String()); len(list) != 0 {
			t.Errorf("of another queue: %+v", list)
		}
		// An agent whose reach is what is theirs sees what came to them.
		if list := given(s.agents[0], ""); len(list) != 1 || list[0].Ticket != byRule.ID {
			t.Errorf("an agent sees %+v", list)
		}
	})
}

// Who accepts an offer stands in the list as the one who took it.
func TestAnAcceptedOfferWasGiven(t *testing.T) {
	each(t, 1, 5, func(t *testing.T, s *scene) {
		s.rules(routing.RuleSet{Name: "offers", Rules: []*routing.Rule{{Name: "all", Mode: routing.Offer, OfferFor: 300}}})
		s.state(0, roster.Online)
		tk := s.open(ticket.NewTicket{})
		s.must(s.Routing.AnswerOffer(ctx, s.agents[0], tk.ID, routing.Accept, ""))
		why := s.why(tk).Items
		if len(why) != 2 || why[0].Outcome != routing.Kept || why[0].By != s.agents[0].ID || why[0].Agent != s.agents[0].ID || why[0].Mode != routing.Offer {
			t.Errorf("%+v", why)
		}
	})
}
