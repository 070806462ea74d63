package routing_test

import (
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
)

// A queue that waits too long is told to who leads, once an hour.
func TestAQueueThatWaitsIsTold(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		name, members := "一组", []staff.Member{{User: s.agents[0].ID}, {User: s.agents[1].ID, Lead: true}}
		team, err := s.Staff.CreateTeam(ctx, s.Admin, staff.TeamChange{Name: &name, Members: &members})
		s.must(err)
		bell := func() (n int) {
			t.Helper()
			s.must(s.Routing.WatchQueues(ctx, s.Tenant))
			s.Settle()
			var l struct {
				Items []struct {
					Event string `json:"event"`
					Title string `json:"title"`
				} `json:"items"`
			}
			s.Call("GET", "/notifications?limit=50", nil, "Authorization", "Bearer "+s.TokenFor(s.agents[1])).JSON(t, &l)
			for _, x := range l.Items {
				if x.Event == "queue_waits" {
					n++
					if x.Title != "一组 的待分配队列积压" {
						t.Errorf("it says %q", x.Title)
					}
				}
			}
			return n
		}
		for range 3 {
			s.open(ticket.NewTicket{Team: team.ID})
		}
		if n := bell(); n != 0 {
			t.Errorf("told at once, %d times", n)
		}
		s.Clock.Advance(16 * time.Minute)
		if a, b := bell(), bell(); a != 1 || b != 1 {
			t.Errorf("told %d times, then %d", a, b)
		}
		s.Clock.Advance(time.Hour)
		if n := bell(); n != 2 {
			t.Errorf("an hour later it was told %d times", n)
		}
	})
}

// Who was told of a serious ticket hears that somebody else has it in hand.
func TestTheOthersHearThatItIsInHand(t *testing.T) {
	each(t, 2, 10, func(t *testing.T, s *scene) {
		boss := s.User("boss@example.com", "主管", staff.Administrator)
		s.rules(routing.RuleSet{Name: "严重", Rules: []*routing.Rule{{Name: "严重", Mode: routing.Direct, Response: routing.Serious, Within: 60, Supervisor: []id.ID{boss.ID}}}})
		x := s.open(ticket.NewTicket{})
		s.Settle()
		if r := s.why(x).Response; r == nil || len(r.Told) != 1 {
			t.Fatalf("nobody is told: %+v", r)
		}
		told := func() (out []string) {
			t.Helper()
			s.Settle()
			var l struct {
				Items []struct {
					Event string `json:"event"`
				} `json:"items"`
			}
			s.Call("GET", "/notifications?limit=50", nil, "Authorization", "Bearer "+s.TokenFor(boss)).JSON(t, &l)
			for _, y := range l.Items {
				out = append(out, y.Event)
			}
			return out
		}
		if _, err := s.Routing.Acknowledge(ctx, s.Admin, x.ID); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(told(), "acknowledged") {
			t.Errorf("the other was told %v", told())
		}
	})
}
