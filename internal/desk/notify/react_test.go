package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
)

// What happens to tickets is told to those whom it concerns, once, and never to
// who did it.
func TestWhatHappensToTicketsIsTold(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		team, err := s.Staff.CreateTeam(ctx, staff.System(s.Tenant), staff.TeamChange{Name: ptr("一班")})
		s.must(err)
		join := func(email, name string) *staff.Actor {
			a := s.User(email, name, staff.Agent)
			_, err := s.Staff.UpdateUser(ctx, staff.System(s.Tenant), a.ID, 0, staff.UserChange{Teams: &[]id.ID{team.ID}})
			s.must(err)
			a, err = s.Staff.Actor(ctx, s.Tenant, a.ID)
			s.must(err)
			return a
		}
		li, wang, zhao := join("li@example.com", "李明"), join("wang@example.com", "王芳"), join("zhao@example.com", "赵强")
		tk := s.open("x")
		// heard checks what everybody was told since the last look, newest first.
		before := map[id.ID]int{}
		heard := func(name string, want map[*staff.Actor]string) {
			t.Helper()
			s.Settle()
			for _, a := range []*staff.Actor{li, wang, zhao, s.Admin} {
				list := strings.Fields(s.events(a))
				got := strings.Join(list[:len(list)-before[a.ID]], " ")
				if got != want[a] {
					t.Errorf("%s: %s was told %q, not %q", name, a.Name, got, want[a])
				}
				before[a.ID] = len(list)
			}
		}
		type told = map[*staff.Actor]string
		heard("a new ticket in the pool", nil)
		s.do(s.Admin, tk, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: li.ID}})
		heard("assigned", told{li: notify.Assigned})
		s.do(li, tk, "watch", &ticket.WatchInput{On: true, User: wang.ID})
		heard("somebody was made a watcher", nil)
		_, _, err = s.Desk.Say(ctx, s.Admin, tk.ID, ticket.NewMessage{Kind: ticket.FromCustomer, Body: "还没好?"})
		s.must(err)
		heard("the customer says more", told{li: notify.CustomerReplied, wang: notify.Watched})
		_, _, err = s.Desk.Say(ctx, li, tk.ID, ticket.NewMessage{Kind: ticket.Note, Body: "@赵强", Mentions: []id.ID{zhao.ID, li.ID}})
		s.must(err)
		heard("mentioned in a note", told{zhao: notify.Mentioned})
		s.do(li, tk, "collaborator", &ticket.PeopleInput{Add: []id.ID{zhao.ID}})
		heard("asked to help", told{zhao: notify.Collaborating})
		s.do(s.Admin, tk, "transfer", &ticket.TransferInput{Place: ticket.Place{Team: team.ID}, Reason: "非本组"})
		heard("given back to the team", told{li: notify.TeamReceived, wang: notify.TeamReceived, zhao: notify.TeamReceived})
		s.do(li, tk, "claim", &ticket.ClaimInput{})
		heard("claimed", told{wang: notify.Watched})
		s.do(s.Admin, tk, "priority", &ticket.PriorityInput{Priority: ticket.Urgent})
		heard("more urgent", told{wang: notify.Watched})
		s.do(s.Admin, tk, "subject", &ticket.SubjectInput{Subject: "改了"})
		heard("a new subject is not worth it", nil)
		s.do(s.Admin, tk, "transfer", &ticket.TransferInput{Place: ticket.Place{Assignee: zhao.ID, Team: team.ID}, Reason: "x"})
		heard("handed on", told{zhao: notify.Assigned, wang: notify.Watched})
		s.do(zhao, tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}})
		heard("solved", told{wang: notify.Watched})
		s.do(wang, tk, "reopen", &ticket.ReopenInput{})
		heard("reopened", told{zhao: notify.Reopened})

		// A return is told to those to whom it comes; the second, which comes to
		// nobody, to who dispatches.
		other, err := s.Staff.CreateTeam(ctx, staff.System(s.Tenant), staff.TeamChange{Name: ptr("二班")})
		s.must(err)
		lead := s.User("lead@example.com", "钱班长", staff.Agent)
		_, err = s.Staff.UpdateTeam(ctx, staff.System(s.Tenant), other.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: lead.ID, Lead: true}}})
		s.must(err)
		s.do(wang, tk, "watch", &ticket.WatchInput{User: wang.ID})
		heard("nobody watches it any more", nil)
		s.do(s.Admin, tk, "assign", &ticket.AssignInput{Place: ticket.Place{Team: other.ID}})
		for _, n := range []string{notify.TeamReceived, ""} {
			s.do(s.Admin, tk, "transfer", &ticket.TransferInput{Place: ticket.Place{Team: team.ID}, Reason: "物流"})
			s.Settle()
			heard := len(strings.Fields(s.events(lead)))
			s.do(wang, tk, "return", &ticket.ReturnInput{Reason: "不是我们的"})
			s.Settle()
			list := strings.Fields(s.events(lead))
			if got := strings.Join(list[:len(list)-heard], " "); got != n {
				t.Errorf("who leads was told %q of a return, not %q", got, n)
			}
		}
		if got := strings.Fields(s.events(s.Admin))[0]; got != notify.RulingAsked {
			t.Errorf("who dispatches was told %q, not %q", got, notify.RulingAsked)
		}
		for _, a := range []*staff.Actor{li, wang, zhao, s.Admin} {
			before[a.ID] = len(strings.Fields(s.events(a)))
		}

		_, err = s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Subject: "y", Body: "y", Requester: customer.Contact{Name: "演示客户"}, Assignee: li.ID})
		s.must(err)
		heard("born with an owner", told{li: notify.Assigned})
		_, err = s.Desk.Create(ctx, li, ticket.NewTicket{Subject: "z", Body: "z", Requester: customer.Contact{Name: "演示客户"}, Assignee: li.ID})
		s.must(err)
		heard("made for oneself", nil)
	})
}

func ptr[T any](v T) *T { return &v }

// Many tickets on one matter at once: who can join them is told, once.
func TestASuspectedIncidentIsToldToWhoCanJudgeIt(t *testing.T) {
	s, _ := outside(t)
	s.User("li@example.com", "李明", staff.Agent)
	dept, err := s.Staff.CreateDepartment(ctx, staff.System(s.Tenant), staff.DepartmentChange{Name: ptr("别的部门")})
	s.must(err)
	other := s.User("zhou@example.com", "周主管", staff.Supervisor)
	_, err = s.Staff.UpdateUser(ctx, staff.System(s.Tenant), other.ID, 0, staff.UserChange{Department: &dept.ID})
	s.must(err)
	come := func(i int, words string) {
		_, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Body: words, Requester: customer.Contact{Email: fmt.Sprintf("c%d@example.com", i)}})
		s.must(err)
	}
	for i, words := range []string{"请问净水器滤芯多久换一次?", "发票抬头开错了,麻烦重开", "洗衣机脱水时声音很大", "优惠券为什么不能用", "扫地机器人连不上手机", "想预约空调移机", "积分什么时候到账", "订单一直没有发货"} {
		come(i, words)
		s.Clock.Advance(20 * time.Minute)
	}
	s.Settle()
	for i := range 30 {
		come(100+i, []string{"APP打不开了,一直显示系统维护中", "手机APP登录一直提示系统维护中,打不开", "你们的APP怎么打不开,显示系统维护", "打开APP就显示系统维护中,什么时候好"}[i%4])
		s.later(20 * time.Second)
	}
	var list struct{ Items []struct{ ID string } }
	s.call(s.Admin, "GET", "/incidents?state=proposed", nil, 200).JSON(t, &list)
	bell := slices.DeleteFunc(s.bell(s.Admin), func(n notify.NoticeJSON) bool { return n.Event != notify.IncidentProposed })
	if len(list.Items) != 1 || len(bell) != 1 || bell[0].Data["incident"] != list.Items[0].ID || bell[0].Title != "疑似共性事件" {
		t.Errorf("%d incidents, told %+v", len(list.Items), bell)
	}
	if got := s.events(other); strings.Contains(got, notify.IncidentProposed) {
		t.Errorf("the supervisor of another department was told: %s", got)
	}
}
