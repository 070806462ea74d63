package sla_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// floor is a department with a team, an agent, who leads the team and who leads
// the department above it.
type floor struct {
	*scene
	department, team    id.ID
	agent, lead, leader *staff.Actor
	tokens              map[*staff.Actor]string
}

func (s *scene) floor(name string) *floor {
	s.t.Helper()
	f := &floor{scene: s, tokens: map[*staff.Actor]string{}}
	system := staff.System(s.Tenant)
	above := name + "部"
	top, err := s.Staff.CreateDepartment(ctx, system, staff.DepartmentChange{Name: &above})
	s.must(err)
	under := name + "组"
	d, err := s.Staff.CreateDepartment(ctx, system, staff.DepartmentChange{Name: &under, Parent: &top.ID})
	s.must(err)
	t, err := s.Staff.CreateTeam(ctx, system, staff.TeamChange{Name: &under, Department: &d.ID})
	s.must(err)
	f.department, f.team = d.ID, t.ID
	dir, err := s.Staff.Directory(ctx, s.Tenant)
	s.must(err)
	person := func(who, role string, in id.ID, teams ...id.ID) *staff.Actor {
		r, _ := dir.RoleByKey(role)
		p, err := s.Staff.CreateUser(ctx, system, staff.NewUser{Email: fmt.Sprintf("%s%d@example.com", who, s.IDs.Next()), Name: name + who, Department: in, Teams: teams, Roles: []id.ID{r.ID}})
		s.must(err)
		a, err := s.Staff.Actor(ctx, s.Tenant, p.ID)
		s.must(err)
		f.tokens[a] = s.TokenFor(a)
		return a
	}
	f.agent = person("agent", staff.Agent, d.ID, t.ID)
	f.lead = person("lead", staff.Agent, d.ID, t.ID)
	f.leader = person("leader", staff.Supervisor, top.ID)
	_, err = s.Staff.UpdateTeam(ctx, system, t.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: f.agent.ID}, {User: f.lead.ID, Lead: true}}})
	s.must(err)
	return f
}

// as calls the API as one of the floor and wants a status.
func (f *floor) as(a *staff.Actor, status int, method, path string, body any, into any) {
	f.t.Helper()
	r := f.Call(method, path, body, "Authorization", "Bearer "+f.tokens[a])
	if r.Status != status {
		f.t.Fatalf("%s %s by %s: %d, not %d: %s", method, path, a.Name, r.Status, status, r.Body)
	}
	if into != nil {
		r.JSON(f.t, into)
	}
}

func (f *floor) give(tk *ticket.Ticket) {
	f.do(tk, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: f.agent.ID, Team: f.team, Department: f.department}})
}

func (s *scene) policy(p map[string]any) {
	s.t.Helper()
	if a := s.Call("POST", "/sla/policies", p); a.Status != http.StatusCreated {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
}

func (s *scene) story(tk *ticket.Ticket) (out sla.Story) {
	s.t.Helper()
	a := s.Call("GET", "/tickets/"+tk.ID.String()+"/sla", nil)
	if a.Status != http.StatusOK {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.JSON(s.t, &out)
	return out
}

// toldWhom says who was told of what, the oldest first.
func (s *scene) toldWhom(tk *ticket.Ticket) string {
	var out []string
	list := s.story(tk).Told
	slices.Reverse(list)
	for _, x := range list {
		w := x.Step
		if x.Metric == "supervision" {
			w = x.Kind
		}
		for _, p := range x.To {
			w += " " + p.Name
		}
		out = append(out, w)
	}
	return strings.Join(out, ", ")
}

func chained(t *testing.T, chain ...any) map[string]any {
	p := sla18(t).(map[string]any)
	p["warnings"] = []any{map[string]any{"percent": 50}}
	p["chain"] = chain
	p["extensions"] = 1
	return p
}

func link(on string, after int, to string, more ...any) map[string]any {
	l := map[string]any{"on": on, "after_minutes": after, "to": to}
	for i := 0; i+1 < len(more); i += 2 {
		l[more[i].(string)] = more[i+1]
	}
	return l
}

func TestAChainClimbsUntilSomebodyActs(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("甲")
		s.policy(chained(t, link("warning", 5, "assignee"), link("breach", 10, "team"), link("breach", 20, "department"),
			link("breach", 30, "people", "people", []string{s.Admin.ID.String()}, "every_minutes", 10, "times", 3)))
		tk := s.open(ticket.Urgent) // due in half an hour, warned at a quarter
		f.give(tk)
		pass := func(minutes int, want string) {
			t.Helper()
			for range minutes {
				s.Clock.Advance(time.Minute)
				s.Settle()
			}
			if got := s.toldWhom(tk); got != want {
				t.Fatalf("after %d minutes\n got %s\nwant %s", minutes, got, want)
			}
		}
		pass(14, "")
		pass(1, "percent:50 甲agent")
		want := "percent:50 甲agent, chain:1 甲agent"
		pass(5, want)
		pass(10, want)
		want += ", breach 甲agent"
		pass(1, want)
		pass(9, want)
		want += ", chain:2 甲lead"
		pass(1, want)
		want += ", chain:3 甲leader"
		pass(10, want)
		want += ", chain:4 管理员"
		pass(10, want)
		want += ", chain:4/1 管理员"
		pass(10, want)

		var story sla.Story
		f.as(f.agent, 200, "POST", "/tickets/"+tk.ID.String()+"/sla/acknowledge", map[string]any{}, &story)
		if x := story.Items[len(story.Items)-1].Acked; x == nil || x.By.Name != "甲agent" || x.On != "breach" {
			t.Errorf("acknowledged: %+v", x)
		}
		pass(120, want) // nobody else is told
		f.as(f.agent, 409, "POST", "/tickets/"+tk.ID.String()+"/sla/acknowledge", map[string]any{}, nil)
		if x := s.told(tk); x[len(x)-1] != "resolution acknowledged" {
			t.Errorf("the timeline says %v", x)
		}
	})
}

// Acknowledging a warning does not silence the breach after it; and nobody is
// told of anything while the clock is paused.
func TestAnAcknowledgedWarningCanStillBreak(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("乙")
		s.policy(chained(t, link("warning", 1, "team"), link("breach", 10, "team")))
		tk := s.open(ticket.Urgent)
		f.give(tk)
		s.Clock.Advance(15 * time.Minute)
		s.Settle()
		f.as(f.agent, 200, "POST", "/tickets/"+tk.ID.String()+"/sla/acknowledge", map[string]any{"metric": "resolution"}, nil)
		s.Clock.Advance(15*time.Minute + time.Second)
		s.Settle()
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Pending}) // late, and now the customer's turn
		s.Clock.Advance(time.Hour)
		s.Settle()
		if got, want := s.toldWhom(tk), "percent:50 乙agent, breach 乙agent"; got != want {
			t.Errorf("while it is paused\n got %s\nwant %s", got, want)
		}
		s.say(tk, ticket.FromCustomer)
		s.Settle()
		if got, want := s.toldWhom(tk), "percent:50 乙agent, breach 乙agent, chain:2 乙lead"; got != want {
			t.Errorf("when it goes on\n got %s\nwant %s", got, want)
		}
	})
}

// A level without people hands on to the next one above.
func TestWhoIsToldWhenNobodyIsThere(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("丙")
		s.policy(chained(t, link("breach", 0, "team")))
		tk := s.open(ticket.Urgent) // nobody's
		s.Clock.Advance(31 * time.Minute)
		s.Settle()
		if got := s.toldWhom(tk); got != "percent:50 管理员, chain:1 管理员, breach 管理员" {
			t.Errorf("told %s", got)
		}
		tk = s.open(ticket.Urgent)
		s.do(tk, "assign", &ticket.AssignInput{Place: ticket.Place{Department: f.department}})
		s.Clock.Advance(31 * time.Minute)
		s.Settle()
		if got := s.toldWhom(tk); got != "percent:50 丙leader, chain:1 丙leader, breach 丙leader" {
			t.Errorf("told %s", got)
		}
	})
}

func TestAnExtensionMovesThePromise(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f, other := s.floor("甲"), s.floor("乙")
		s.policy(chained(t))
		born := s.Clock.Now()
		tk := s.open(ticket.Urgent)
		f.give(tk)
		ask := func(status int, body map[string]any) (x sla.Extension) {
			t.Helper()
			f.as(f.agent, status, "POST", "/tickets/"+tk.ID.String()+"/sla/extension", body, &x)
			return x
		}
		ask(422, map[string]any{"metric": "resolution", "reason": "x"})
		ask(422, map[string]any{"metric": "resolution", "minutes": 5, "reason": "  "})
		ask(409, map[string]any{"metric": "update", "minutes": 5, "reason": "没有这个承诺"})
		s.Clock.Advance(10 * time.Minute)
		x := ask(201, map[string]any{"metric": "resolution", "minutes": 60, "reason": "等配件", "customer_told": true})
		if x.State != "requested" || x.Extra != 3600 || x.DueBefore != born.Add(30*time.Minute) || x.DueAfter != born.Add(90*time.Minute) || x.RequestedBy.Name != "甲agent" || !x.CustomerTold {
			t.Errorf("requested: %+v", x)
		}
		ask(409, map[string]any{"metric": "resolution", "minutes": 60, "reason": "再来一次"})
		s.expect(tk, "resolution", sla.StateRunning, 10*time.Minute, born.Add(30*time.Minute)) // nothing has changed yet

		// Who may not decide, and who may.
		path := "/sla/extensions/" + x.ID.String() + "/decision"
		f.as(f.agent, 403, "POST", path, map[string]any{"approve": true}, nil)
		other.as(other.leader, 404, "POST", path, map[string]any{"approve": true}, nil)
		var list struct{ Items []sla.Extension }
		f.as(f.leader, 200, "GET", "/sla/extensions", nil, &list)
		if len(list.Items) != 1 || list.Items[0].Number != tk.Number {
			t.Errorf("the open requests are %+v", list)
		}
		list.Items = nil
		other.as(other.leader, 200, "GET", "/sla/extensions", nil, &list)
		if len(list.Items) != 0 {
			t.Errorf("somebody else's lead sees %+v", list)
		}
		f.as(f.leader, 200, "POST", path, map[string]any{"approve": true, "note": "同意"}, &x)
		if x.State != "approved" || x.DecidedBy.Name != "甲leader" || x.DueAfter != born.Add(90*time.Minute) {
			t.Errorf("approved: %+v", x)
		}
		f.as(f.leader, 409, "POST", path, map[string]any{"approve": false}, nil)
		s.expect(tk, "resolution", sla.StateRunning, 10*time.Minute, born.Add(90*time.Minute))
		now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
		s.must(err)
		if now.DueAt != born.Add(90*time.Minute) {
			t.Errorf("in lists it is due at %s", now.DueAt)
		}
		ask(409, map[string]any{"metric": "resolution", "minutes": 60, "reason": "又一次"}) // once only

		// Solved within the extended time: kept, but not as promised at first.
		s.Clock.Advance(30 * time.Minute)
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		c := s.clocks(tk)["resolution"]
		if c.State != sla.StateMet || c.Original != sla.StateBreached || c.Extra != 3600 {
			t.Errorf("solved: %+v", c)
		}
		var r sla.Report
		s.Call("GET", "/sla/report?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&by=agent", nil).JSON(t, &r)
		if len(r.Items) != 1 || r.Items[0].Name != "甲agent" || r.Items[0].Met != 1 || *r.Items[0].Attainment != 1 || *r.Items[0].Original != 0 || r.Items[0].Elapsed != 2400 {
			t.Errorf("the report says %+v", r)
		}
	})
}

func TestAnExtensionIsRefusedOrLapses(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("甲")
		s.policy(chained(t))
		born := s.Clock.Now()
		tk, late, gone := s.open(ticket.Urgent), s.open(ticket.Urgent), s.open(ticket.Urgent)
		request := func(tk *ticket.Ticket) (x sla.Extension) {
			f.give(tk)
			f.as(f.agent, 201, "POST", "/tickets/"+tk.ID.String()+"/sla/extension", map[string]any{"metric": "resolution", "until": born.Add(time.Hour), "reason": "等客户配合"}, &x)
			return x
		}
		a, b, c := request(tk), request(late), request(gone)
		if a.Extra != 1800 {
			t.Errorf("until an hour after the birth is %v more", a.Extra)
		}
		f.as(f.leader, 200, "POST", "/sla/extensions/"+a.ID.String()+"/decision", map[string]any{"approve": false, "note": "不同意"}, &a)
		s.expect(tk, "resolution", sla.StateRunning, 0, born.Add(30*time.Minute))
		s.do(gone, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		s.Clock.Advance(31 * time.Minute)
		s.Settle()
		f.as(f.leader, 409, "POST", "/sla/extensions/"+b.ID.String()+"/decision", map[string]any{"approve": true}, nil)
		f.as(f.agent, 409, "POST", "/tickets/"+tk.ID.String()+"/sla/extension", map[string]any{"metric": "resolution", "minutes": 5, "reason": "太晚了"}, nil)
		for want, x := range map[string]sla.Extension{"refused": a, "lapsed": b, "lapsed ": c} {
			var of *ticket.Ticket
			for _, y := range []*ticket.Ticket{tk, late, gone} {
				if y.ID == x.Ticket {
					of = y
				}
			}
			if got := s.story(of).Extensions[0]; got.State != strings.TrimSpace(want) {
				t.Errorf("%s is %s", want, got.State)
			}
		}
		if x := s.told(tk); !slices.Contains(x, "resolution extension_refused") {
			t.Errorf("the timeline says %v", x)
		}
	})
}

func TestSupervisionShowsCards(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("甲")
		s.policy(map[string]any{"name": "none", "position": 1, "targets": []any{}})
		tk := s.open(ticket.Normal)
		f.give(tk)
		path := "/tickets/" + tk.ID.String() + "/sla/"
		f.as(f.agent, 403, "POST", path+"supervise", map[string]any{"words": "x", "minutes": 60}, nil)
		f.as(f.leader, 422, "POST", path+"supervise", map[string]any{"words": "x"}, nil)
		var first, second sla.Supervision
		f.as(f.leader, 201, "POST", path+"supervise", map[string]any{"words": "一小时内说明原因", "minutes": 60, "red_after_minutes": 30}, &first)
		f.as(f.leader, 201, "POST", path+"supervise", map[string]any{"words": "今天处理完", "minutes": 600, "user_id": f.lead.ID}, &second)
		if first.User.Name != "甲agent" || second.User.Name != "甲lead" || second.RedAt.Sub(second.DueAt) != 10*time.Hour {
			t.Errorf("ordered %+v, %+v", first, second)
		}
		s.Clock.Advance(60 * time.Minute)
		s.Settle()
		if got := s.toldWhom(tk); got != "" {
			t.Errorf("before it was due: %s", got)
		}
		s.Clock.Advance(time.Second)
		s.Settle()
		s.Clock.Advance(30 * time.Minute)
		s.Settle()
		s.Clock.Advance(30 * time.Minute)
		s.Settle()
		if got, want := s.toldWhom(tk), "yellow_card 甲agent, red_card 甲agent 甲leader"; got != want {
			t.Errorf("cards\n got %s\nwant %s", got, want)
		}
		f.as(f.agent, 200, "POST", "/sla/supervisions/"+first.ID.String()+"/reply", map[string]any{"words": "等配件，明天到"}, &first)
		if first.State != "answered" || first.AnsweredBy.Name != "甲agent" || first.Card != "red" {
			t.Errorf("answered: %+v", first)
		}
		f.as(f.agent, 409, "POST", "/sla/supervisions/"+first.ID.String()+"/reply", map[string]any{"words": "再说一次"}, nil)
		var n sla.Counts
		f.as(f.agent, 200, "POST", path+"urge", map[string]any{}, &n)
		f.as(f.agent, 200, "POST", path+"urge", map[string]any{"words": "客户又打来了"}, &n)
		f.as(f.leader, 200, "POST", path+"chase", map[string]any{"words": "请尽快"}, &n)
		if n != (sla.Counts{Urge: 2, Chase: 1, Supervise: 2}) || s.story(tk).Counts != n {
			t.Errorf("counts are %+v", n)
		}
		// With the ticket the second order ends, and no card is shown for it.
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		s.Clock.Advance(48 * time.Hour)
		s.Settle()
		list := s.story(tk).Supervisions
		if len(list) != 2 || list[0].State != "ended" || list[0].Card != "" {
			t.Errorf("the orders are %+v", list)
		}
		f.as(f.leader, 409, "POST", path+"supervise", map[string]any{"words": "x", "minutes": 60}, nil)
	})
}

// A department that returns a ticket twice has held it three times.
func TestADepartmentReturnsATicketTwice(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		a, b := s.floor("甲"), s.floor("乙")
		s.policy(map[string]any{"name": "ola", "position": 1, "targets": []any{}, "units": []any{
			map[string]any{"kind": "department", "unit_id": b.department, "normal": map[string]any{"minutes": 60, "calendar": "always"}},
			map[string]any{"kind": "team", "normal": map[string]any{"minutes": 600, "calendar": "always"}}}})
		tk := s.open(ticket.Normal)
		to := func(f *floor) {
			s.do(tk, "transfer", &ticket.TransferInput{Place: ticket.Place{Team: f.team, Department: f.department}, Reason: "退回"})
		}
		held := []time.Duration{20 * time.Minute, 15 * time.Minute, 40 * time.Minute}
		to(a)
		for _, d := range held {
			s.Clock.Advance(7 * time.Minute)
			to(b)
			s.Clock.Advance(d)
			to(a)
		}
		var of sla.Shown
		for _, x := range s.story(tk).Items {
			if x.Metric == sla.OfDepartment && x.Unit == b.department {
				of = x
			}
			if x.Metric == sla.OfDepartment && x.Unit == a.department {
				t.Error("a department without a target has a clock")
			}
			if x.Metric == sla.OfTeam && x.Unit == a.team && (!x.Runs || x.Elapsed != 21*60) {
				t.Errorf("the first team: %+v", x)
			}
		}
		if of.State != sla.StateBreached || of.Elapsed != 75*60 || of.Cause != "left" || len(of.Why) != 5 {
			t.Fatalf("the second department: %+v", of)
		}
		for i, x := range of.Why {
			want, mode := held[i/2], sla.Running
			if i%2 == 1 {
				want, mode = 7*time.Minute, sla.Over
			}
			if x.Mode != mode || x.To.Sub(x.From) != want {
				t.Errorf("interval %d: %+v", i, x)
			}
		}
		// What holds between departments is no promise to the customer.
		now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
		s.must(err)
		if now.SLA != ticket.SLANone || now.DueAt != 0 {
			t.Errorf("the ticket stands at %s", now.SLA)
		}
		var r sla.Report
		s.Call("GET", "/sla/report?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&by=unit&metric=department", nil).JSON(t, &r)
		if len(r.Items) != 1 || r.Items[0].Name != "乙组" || r.Items[0].Breached != 1 || r.Items[0].Elapsed != 75*60 {
			t.Errorf("the report says %+v", r.Items)
		}
	})
}

// Only the assignee's answer counts where the policy says so.
func TestWhoseReplyAnswers(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("甲")
		s.policy(map[string]any{"name": "own", "position": 1, "stop_on": map[string]any{"by": "assignee"},
			"targets": []any{map[string]any{"metric": "first_response", "normal": map[string]any{"minutes": 60, "calendar": "always"}}}})
		tk := s.open(ticket.Normal)
		f.give(tk)
		s.say(tk, ticket.Reply)
		if x := s.clocks(tk)["first_response"]; x.State != sla.StateRunning {
			t.Errorf("after somebody else's reply it is %s", x.State)
		}
		f.as(f.agent, 201, "POST", "/tickets/"+tk.ID.String()+"/messages", map[string]any{"kind": "reply", "body": "您好"}, nil)
		if x := s.clocks(tk)["first_response"]; x.State != sla.StateMet {
			t.Errorf("after the assignee's reply it is %s", x.State)
		}
	})
}

// A ticket that assignment gives to a team at its birth is that team's from its
// birth on, for its clock too.
func TestTheTeamThatAssignmentChoosesIsMeasured(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		f := s.floor("甲")
		s.policy(map[string]any{"name": "ola", "position": 1, "targets": []any{}, "units": []any{
			map[string]any{"kind": "team", "normal": map[string]any{"minutes": 60, "calendar": "always"}}}})
		assign := ticket.Pass{Name: "assign", Wants: func(c *ticket.Change) bool { return c.Born() }, Apply: func(_ context.Context, _ *db.Tx, c *ticket.Change) error {
			c.Ticket.Team, c.Ticket.Department = f.team, f.department
			c.Append(ticket.EventAssign, ticket.EventData{Changes: []ticket.FieldChange{{Field: "team", To: f.team}}})
			return nil
		}}
		i := slices.IndexFunc(s.Desk.Passes, func(p ticket.Pass) bool { return p.Name == "sla" })
		s.Desk.Passes = slices.Insert(s.Desk.Passes, i+1, assign)
		tk := s.open(ticket.Normal)
		s.Clock.Advance(10 * time.Minute)
		for _, x := range s.story(tk).Items {
			if x.Metric == sla.OfTeam && x.Unit == f.team && x.Elapsed == 600 && x.DueAt == tk.CreatedAt.Add(time.Hour) {
				return
			}
		}
		t.Errorf("its clocks are %+v", s.story(tk).Items)
	})
}
