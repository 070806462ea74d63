package ticket_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// dispute is a ticket that two departments of one house have returned twice.
type dispute struct {
	*scene
	house, d1, d2, d3  id.ID
	t1, t2, t3         id.ID
	over, a, b, d1lead *staff.Actor
	tk                 client.Ticket
}

func newDispute(s *scene) *dispute {
	x := &dispute{scene: s}
	x.house = s.department("服务中心", 0)
	x.d1, x.d2, x.d3 = s.department("售后", x.house), s.department("物流", x.house), s.department("财务", 0)
	x.t1, x.t2, x.t3 = s.team("一组", x.d1), s.team("二组", x.d2), s.team("三组", x.d3)
	x.a = s.person("甲", staff.NewUser{Department: x.d1, Teams: []id.ID{x.t1}}, staff.Agent)
	x.b = s.person("乙", staff.NewUser{Department: x.d2, Teams: []id.ID{x.t2}}, staff.Agent)
	x.over = s.person("派单员", staff.NewUser{Department: x.house}, staff.Supervisor)
	x.d1lead = s.person("售后主管", staff.NewUser{Department: x.d1}, staff.Supervisor)
	x.tk = s.open("外箱破损")
	s.act(x.tk.ID, "assign", M{"assignee_id": x.a.ID})
	return x
}

// disagree hands the ticket to the second department, which returns it, and
// again: now nobody has it.
func (x *dispute) disagree() {
	x.t.Helper()
	for range 2 {
		x.act(x.tk.ID, "transfer", M{"assignee_id": x.b.ID, "reason": "物流问题"})
		x.actAs(x.b, "return", M{"reason": "不归配送"})
	}
}

func (x *dispute) actAs(a *staff.Actor, action string, in any) client.Done {
	x.t.Helper()
	d, err := x.as(a).Act(ctx, x.tk.ID, action, in)
	must(x.t, err)
	return d
}

func (x *dispute) refuses(a *staff.Actor, action string, in any, code string) *client.Error {
	x.t.Helper()
	_, err := x.as(a).Act(ctx, x.tk.ID, action, in)
	refused(x.t, err, code)
	var e *client.Error
	errors.As(err, &e)
	return e
}

func (x *dispute) offered(a *staff.Actor, action string) bool {
	x.t.Helper()
	t, err := x.as(a).Ticket(ctx, x.tk.ID)
	must(x.t, err)
	return slices.Contains(t.Actions, action)
}

// The second return takes the ticket to nobody, where those who dispatch for
// both departments find it; what they rule binds until they lift it.
func TestTheSecondReturnAsksForARulingThatBinds(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		x := newDispute(s)
		x.disagree()
		now := s.get(x.tk.ID)
		want(t, "it waits", now.RulingAskedAt != nil, true)
		want(t, "with nobody", now.Assignee == nil && now.Team == nil, true)
		want(t, "in the smallest department of both", now.Department.Name, "服务中心")
		want(t, "between", now.Disputed[0].Team.Name+" "+now.Disputed[1].Team.Name, "一组 二组")
		list, err := x.as(x.over).Tickets(ctx, client.Query{View: "22"})
		must(t, err)
		want(t, "view", len(list.Items), 1)

		// Nobody can take it or give it away but by a ruling.
		for _, action := range []string{"assign", "transfer", "claim", "return"} {
			want(t, action+" is offered", x.offered(s.Admin, action), false)
		}
		x.refuses(x.over, "assign", M{"team_id": x.t1}, "409 ticket.awaiting_ruling")
		x.refuses(x.over, "claim", M{}, "409 ticket.awaiting_ruling")

		// Of the two departments' own people nobody rules, and who rules says why.
		want(t, "offered", x.offered(x.over, "ruling"), true)
		x.refuses(x.d1lead, "ruling", M{"team_id": x.t2, "reason": "x"}, "404 ticket.not_found")
		x.refuses(x.over, "ruling", M{"team_id": x.t2, "reason": " "}, "422 reason required")
		x.refuses(x.over, "ruling", M{"reason": "x"}, "422 team_id required")
		at := now.Version
		done := x.actAs(x.over, "ruling", M{"team_id": x.t2, "reason": "装车交接单有物流签字"})
		want(t, "events", s.fired(x.tk.ID, at), "transfer/ruling:team:department")
		want(t, "can be undone", done.Undo != nil, true)
		now = s.get(x.tk.ID)
		want(t, "ruled", now.Ruling.Team.Name+now.Ruling.By.Name+now.Ruling.Reason, "二组派单员装车交接单有物流签字")
		want(t, "waits no more", now.RulingAskedAt == nil, true)

		// It binds: no way back, and no way out of the department.
		want(t, "return is offered", x.offered(x.b, "return"), false)
		e := x.refuses(x.b, "return", M{"reason": "还是不归我们"}, "409 ticket.ruled")
		want(t, "by whom", e.Params["by"], "派单员")
		ruled, err := time.Parse(time.RFC3339, e.Params["at"])
		must(t, err)
		want(t, "when", ruled.UnixMilli(), now.Ruling.At.UnixMilli())
		x.refuses(x.b, "transfer", M{"team_id": x.t1, "reason": "x"}, "409 ticket.ruled")
		x.refuses(x.b, "assign", M{"assignee_id": x.a.ID}, "409 ticket.ruled")
		x.actAs(x.b, "claim", M{})
		x.actAs(x.b, "transfer", M{"team_id": x.t2, "reason": "组内换人"}) // within it goes on
		want(t, "return is offered", x.offered(x.b, "return"), false)

		// Who ruled may rule otherwise, or lift it; then it can be returned again.
		x.refuses(x.b, "lift", M{"reason": "x"}, "409 ticket.not_now")
		at = s.get(x.tk.ID).Version
		x.actAs(x.over, "ruling", M{"assignee_id": x.a.ID, "reason": "重新定责"})
		x.actAs(x.over, "lift", M{"reason": "有新证据"})
		want(t, "events", s.fired(x.tk.ID, at), "transfer/ruling:assignee:team:department ruling/lifted")
		want(t, "over", s.get(x.tk.ID).Ruling.Over, true)
		x.actAs(x.a, "return", M{"reason": "见附件"}) // the first since the ruling
		want(t, "with the other side", s.get(x.tk.ID).Team.Name, "二组")
	})
}

// A ruling can be taken back as long as nothing has happened since.
func TestARulingIsUndone(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		x := newDispute(s)
		x.disagree()
		done := x.actAs(x.over, "ruling", M{"assignee_id": x.a.ID, "reason": "x"})
		_, err := x.as(x.over).Call(ctx, "POST", "/undo/"+done.Undo.ID, nil, nil)
		must(t, err)
		now := s.get(x.tk.ID)
		want(t, "it waits again", now.RulingAskedAt != nil && now.Assignee == nil && now.Ruling == nil && now.Department.Name == "服务中心", true)
		want(t, "who disagree", len(now.Disputed), 2)
	})
}

// Two departments without one above them are ruled by who dispatches for the
// whole house; the end of the ticket ends the waiting, and the ruling.
func TestRulingsEndWithTheTicket(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		x := newDispute(s)
		c := s.person("丙", staff.NewUser{Department: x.d3, Teams: []id.ID{x.t3}}, staff.Agent)
		for range 2 {
			x.act(x.tk.ID, "transfer", M{"assignee_id": c.ID, "reason": "退款"})
			x.actAs(c, "return", M{"reason": "不归财务"})
		}
		want(t, "in no department", s.get(x.tk.ID).Department == nil, true)
		x.refuses(x.over, "ruling", M{"team_id": x.t3, "reason": "x"}, "404 ticket.not_found")
		s.act(x.tk.ID, "ruling", M{"assignee_id": c.ID, "reason": "x"})
		s.solve(x.tk.ID)
		want(t, "still", s.get(x.tk.ID).Ruling.Over, false)
		s.act(x.tk.ID, "reopen", M{})
		want(t, "over", s.get(x.tk.ID).Ruling.Over, true)
		s.act(x.tk.ID, "transfer", M{"assignee_id": x.a.ID, "reason": "x"})
		x.actAs(x.a, "return", M{"reason": "x"})
		s.act(x.tk.ID, "transfer", M{"assignee_id": x.a.ID, "reason": "x"})
		x.actAs(x.a, "return", M{"reason": "x"})
		want(t, "asked again", s.get(x.tk.ID).RulingAskedAt != nil, true)
		s.solve(x.tk.ID)
		s.act(x.tk.ID, "reopen", M{})
		want(t, "waits no more", s.get(x.tk.ID).RulingAskedAt == nil, true)
	})
}

// Of a ticket that waits for a ruling those who dispatch hear at once; no queue
// has it, no unit's clock runs, its own go on.
func TestWhatWaitsForARulingIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		promise := M{"minutes": 120, "calendar": "always"}
		of := M{"kind": "department", "urgent": promise, "high": promise, "normal": promise, "low": promise}
		s.Call("POST", "/sla/policies", M{"name": "x", "position": 1, "targets": []M{{"metric": "resolution", "urgent": promise, "high": promise, "normal": promise, "low": promise}}, "warnings": []M{}, "units": []M{of}})
		x := newDispute(s)
		x.disagree()
		s.Settle()
		var n int
		must(t, s.DB.QueryRow(ctx, `select count(*) from routing_wait where tenant_id = $1`, s.Tenant).Scan(&n))
		want(t, "in a queue", n, 0)
		open := map[string]int{}
		var clocks struct {
			Items []struct{ Metric, State string }
		}
		s.Call("GET", "/tickets/"+x.tk.ID+"/sla", nil).JSON(t, &clocks)
		for _, c := range clocks.Items {
			if c.State == "running" {
				open[c.Metric]++
			}
		}
		want(t, "departments that it is with", open["department"], 0)
		want(t, "its own", open["resolution"], 1)

		heard := func(a *staff.Actor) (list []string) {
			var out struct{ Items []struct{ Event string } }
			_, err := s.as(a).Call(ctx, "GET", "/notifications", nil, &out)
			must(t, err)
			for _, x := range out.Items {
				list = append(list, x.Event)
			}
			return list
		}
		want(t, "who dispatches hears", slices.Contains(heard(x.over), notify.RulingAsked), true)
		want(t, "a department's own lead hears only of the return", slices.Contains(heard(x.d1lead), notify.RulingAsked), false)
		x.actAs(x.over, "ruling", M{"team_id": x.t2, "reason": "x"})
		s.Settle()
		must(t, s.DB.QueryRow(ctx, `select count(*) from routing_wait where tenant_id = $1 and team_id = $2`, s.Tenant, x.t2).Scan(&n))
		want(t, "in the queue of whose it is", n, 1)
	})
}
