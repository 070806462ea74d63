package ticket_test

import (
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// A ticket that was handed on goes back the way it came, with the reason and
// how often; the second time it waits for a ruling.
func TestATicketGoesBackTheWayItCame(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		d1, d2, d3 := s.department("售后", 0), s.department("物流", 0), s.department("财务", 0)
		t1, t2, t3 := s.team("一组", d1), s.team("二组", d2), s.team("三组", d3)
		a := s.person("甲", staff.NewUser{Department: d1, Teams: []id.ID{t1}}, staff.Agent)
		b := s.person("乙", staff.NewUser{Department: d2, Teams: []id.ID{t2}}, staff.Agent)
		where := func(ticket, want string) {
			t.Helper()
			x, got := s.get(ticket), ""
			if x.Assignee != nil {
				got = x.Assignee.Name
			}
			if x.Team != nil {
				got += " " + x.Team.Name
			}
			if x.ReturnsTo != nil && x.ReturnsTo.Team != nil {
				got += " < " + x.ReturnsTo.Team.Name
			}
			if got != want {
				t.Errorf("it is with %q, not %q", got, want)
			}
		}
		back := M{"reason": "不归我们管"}

		tk := s.open("x")
		_, err := s.c.Act(ctx, tk.ID, "return", back)
		refused(t, err, "409 ticket.not_now")
		s.act(tk.ID, "assign", M{"assignee_id": a.ID})
		s.act(tk.ID, "transfer", M{"assignee_id": b.ID, "reason": "物流问题"})
		where(tk.ID, "乙 二组 < 一组")
		s.act(tk.ID, "transfer", M{"team_id": t3, "reason": "退款"})
		where(tk.ID, " 三组 < 二组")
		_, err = s.c.Act(ctx, tk.ID, "return", M{"reason": " "})
		refused(t, err, "422 reason required")
		at := s.get(tk.ID).Version
		done := s.act(tk.ID, "return", back)
		want(t, "count", done.Ticket.ReturnCount, 1)
		want(t, "events", s.fired(tk.ID, at), "transfer/return:assignee:team:department:return_count")
		where(tk.ID, "乙 二组 < 一组")
		want(t, "count", s.act(tk.ID, "return", back).Ticket.ReturnCount, 2)
		where(tk.ID, "")
		_, err = s.c.Act(ctx, tk.ID, "return", back)
		refused(t, err, "409 ticket.awaiting_ruling")

		line, err := s.c.Timeline(ctx, tk.ID, 0, "")
		must(t, err)
		want(t, "reason", line.Items[len(line.Items)-1].Event.Reason, "不归我们管")
		list, err := s.c.Tickets(ctx, client.Query{Filter: "return_count >= 2"})
		must(t, err)
		want(t, "found", len(list.Items), 1)

		// Of who has left the team has it back; where it was given by hand meanwhile counts.
		tk = s.open("y")
		s.act(tk.ID, "assign", M{"assignee_id": a.ID})
		s.act(tk.ID, "transfer", M{"team_id": t2, "reason": "再看一下"})
		s.act(tk.ID, "assign", M{"assignee_id": b.ID})
		_, err = s.Staff.UpdateUser(ctx, staff.System(s.Tenant), a.ID, 0, staff.UserChange{Active: new(bool)})
		must(t, err)
		s.act(tk.ID, "return", back)
		where(tk.ID, " 一组")
	})
}

// Taking a bulk hand-over back takes what it left for a return with it.
func TestAnUndoneTransferIsNothingToReturn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		t1, t2 := s.team("一组", s.department("售后", 0)), s.team("二组", s.department("物流", 0))
		tk := s.open("x")
		s.act(tk.ID, "assign", M{"team_id": t1})
		var run struct {
			Undo string `json:"undo_id"`
		}
		s.Call("POST", "/bulk", M{"action": "transfer", "input": M{"team_id": t2, "reason": "x"}, "ids": []string{tk.ID}}).JSON(t, &run)
		s.Settle()
		want(t, "returns to", s.get(tk.ID).ReturnsTo.Team.Name, "一组")
		s.Call("POST", "/undo/"+run.Undo, nil)
		s.Settle()
		want(t, "nothing to return", s.get(tk.ID).ReturnsTo == nil, true)
	})
}
