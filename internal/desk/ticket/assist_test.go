package ticket_test

import (
	"fmt"
	"slices"
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// heard is what stands in somebody's bell, newest first.
func (s *scene) heard(a *staff.Actor) (list []string) {
	s.t.Helper()
	var out struct{ Items []struct{ Event string } }
	_, err := s.as(a).Call(ctx, "GET", "/notifications", nil, &out)
	must(s.t, err)
	for _, x := range out.Items {
		list = append(list, x.Event)
	}
	return list
}

func (s *scene) parts(ticket string) string {
	s.t.Helper()
	out := ""
	for _, p := range s.get(ticket).Assists {
		out += p.Team.Name + ":" + p.State + " "
	}
	return out
}

// A team that is asked for its part reads the ticket and writes on it, answers
// with a note, and is let go again.
func TestATeamAnswersForItsPart(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		t1, t2 := s.team("一组", s.department("售后", 0)), s.team("二组", s.department("物流", 0))
		a := s.person("甲", staff.NewUser{Teams: []id.ID{t1}}, staff.Agent)
		b := s.person("乙", staff.NewUser{Teams: []id.ID{t2}}, staff.Agent)
		tk := s.open("外箱破损，想换货")
		s.act(tk.ID, "assign", M{"assignee_id": a.ID})
		mine := func(who *staff.Actor) int {
			t.Helper()
			l, err := s.as(who).Tickets(ctx, client.Query{View: "23"})
			must(t, err)
			return len(l.Items)
		}
		act := func(who *staff.Actor, action string, in any) error {
			_, err := s.as(who).Act(ctx, tk.ID, action, in)
			return err
		}
		_, err := s.as(b).Ticket(ctx, tk.ID)
		refused(t, err, "404 ticket.not_found")
		refused(t, act(a, "assist", M{"ask": []id.ID{t1}}), "422 ask lead")

		at := s.get(tk.ID).Version
		must(t, act(a, "assist", M{"ask": []id.ID{t2}}))
		must(t, act(a, "assist", M{"ask": []id.ID{t2}})) // asked already
		want(t, "events", s.fired(tk.ID, at), "assist/asked")
		want(t, "part", s.parts(tk.ID), "二组:asked ")
		want(t, "in their view", mine(b), 1)
		want(t, "not in the lead's", mine(a), 0)
		s.Settle()
		want(t, "told", slices.Contains(s.heard(b), notify.AssistAsked), true)

		// They read and write notes; all else is the lead's.
		seen, err := s.as(b).Ticket(ctx, tk.ID)
		must(t, err)
		want(t, "offered", fmt.Sprint(seen.Actions), "[assisted watch note]")
		_, err = s.as(b).Say(ctx, tk.ID, client.NewMessage{Kind: "reply", Body: "x"})
		refused(t, err, "403 forbidden")
		refused(t, act(b, "priority", M{"priority": "high"}), "403 forbidden")
		refused(t, act(a, "assisted", M{"body": "x"}), "409 ticket.not_now")
		refused(t, act(b, "assisted", M{"body": ""}), "422 body too_short")

		at = s.get(tk.ID).Version
		must(t, act(b, "assisted", M{"body": "已与司机核实，可以换货"}))
		want(t, "events", s.fired(tk.ID, at), "message/note assist/done")
		want(t, "part", s.parts(tk.ID), "二组:done ")
		want(t, "owed once", fmt.Sprint(act(b, "assisted", M{"body": "再来"}) != nil), "true")
		s.Settle()
		want(t, "the assignee hears", slices.Contains(s.heard(a), notify.AssistDone), true)

		// Who gets the ticket leads, and assists no more.
		at = s.get(tk.ID).Version
		s.act(tk.ID, "transfer", M{"team_id": t2, "reason": "归物流"})
		want(t, "events", s.fired(tk.ID, at), "assist/gone transfer:assignee:team:department")
		want(t, "part", s.parts(tk.ID), "")
		s.act(tk.ID, "assign", M{"assignee_id": a.ID})

		// Asked again, and let go: then it is not theirs to see.
		must(t, act(a, "assist", M{"ask": []id.ID{t2}}))
		want(t, "part", s.parts(tk.ID), "二组:asked ")
		must(t, act(a, "assist", M{"remove": []id.ID{t2}}))
		want(t, "part", s.parts(tk.ID), "")
		want(t, "in their view", mine(b), 0)
		_, err = s.as(b).Ticket(ctx, tk.ID)
		refused(t, err, "404 ticket.not_found")
	})
}

// A rule names who assists: proposed until somebody says yes, or asked at once.
func TestARuleProposesWhoAssists(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		t1, t2, t3 := s.team("一组", 0), s.team("二组", 0), s.team("三组", 0)
		b := s.person("乙", staff.NewUser{Teams: []id.ID{t2}}, staff.Agent)
		c := s.person("丙", staff.NewUser{Teams: []id.ID{t3}}, staff.Agent)
		var made struct{ Version int64 }
		s.Call("POST", "/routing/sets", M{"name": "协办", "rules": []M{
			{"name": "投诉", "when": `type == "complaint"`, "team_id": t1, "assist_team_ids": []id.ID{t3}, "assist_at_once": true},
			{"name": "其余", "team_id": t1, "assist_team_ids": []id.ID{t2, t1}},
		}}).JSON(t, &made)
		s.Call("POST", fmt.Sprintf("/routing/sets/%d/state", made.Version), M{"state": "active"})

		tk := s.open("报修")
		want(t, "proposed, but not to whose it is", s.parts(tk.ID), "二组:proposed ")
		_, err := s.as(b).Ticket(ctx, tk.ID)
		refused(t, err, "404 ticket.not_found")
		events := s.history(tk.ID, 0)
		want(t, "because of", events[len(events)-1].Cause, fmt.Sprintf("routing:%d:r2", made.Version))
		s.act(tk.ID, "assist", M{"ask": []id.ID{t2}})
		_, err = s.as(b).Ticket(ctx, tk.ID)
		must(t, err)

		tk = s.open("投诉", func(n *client.NewTicket) { n.Type = "complaint" })
		want(t, "asked", s.parts(tk.ID), "三组:asked ")
		_, err = s.as(c).Ticket(ctx, tk.ID)
		must(t, err)
		s.Settle()
		want(t, "told", slices.Contains(s.heard(c), notify.AssistAsked), true)
		bad := s.Call("POST", "/routing/check", M{"name": "x", "rules": []M{{"name": "x", "assist_team_ids": []string{"1"}}}})
		var problems struct{ Problems []struct{ Path string } }
		bad.JSON(t, &problems)
		want(t, "no such team", problems.Problems[0].Path, "rules[0].assist_team_ids[0]")
	})
}
