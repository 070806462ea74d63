package notify_test

import (
	"slices"
	"testing"
	"time"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
)

// TestLeaveAndSwapsAreTold follows requests for leave and for a swap until
// they are agreed to, refused or withdrawn: who has to answer is told what is
// asked, who has asked what it came to, each once and in their language.
func TestLeaveAndSwapsAreTold(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		li, wang, lead := s.User("li@example.com", "李明", staff.Agent), s.User("wang@example.com", "王芳", staff.Agent), s.User("zhao@example.com", "赵强", staff.Supervisor)
		name, en := "一组", "en"
		team, err := s.Staff.CreateTeam(ctx, staff.System(s.Tenant), staff.TeamChange{Name: &name})
		s.must(err)
		_, err = s.Staff.UpdateTeam(ctx, staff.System(s.Tenant), team.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: li.ID}, {User: wang.ID}, {User: lead.ID, Lead: true}}})
		s.must(err)
		_, err = s.Staff.UpdateUser(ctx, staff.System(s.Tenant), lead.ID, 0, staff.UserChange{Locale: &en})
		s.must(err)
		lead, err = s.Staff.Actor(ctx, s.Tenant, lead.ID)
		s.must(err)
		seen := map[*staff.Actor]int{}
		// heard wants what somebody has been told since the last time, and nothing else.
		heard := func(who *staff.Actor, want ...string) {
			t.Helper()
			s.Settle()
			var got []string
			bell := s.bell(who)
			for _, n := range bell[:len(bell)-seen[who]] {
				got = append(got, n.Title)
			}
			seen[who] = len(bell)
			slices.Reverse(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s was told %q, not %q", who.Name, got, want)
			}
		}
		day := s.Clock.Now().Std().AddDate(0, 0, 10)
		ask := func() (l roster.Leave) {
			t.Helper()
			day = day.AddDate(0, 0, 2)
			s.call(li, "POST", "/roster/leaves", M{"kind": "annual", "from": clock.From(day), "to": clock.From(day.Add(24 * time.Hour))}, 201).JSON(t, &l)
			return l
		}
		judge := func(who *staff.Actor, what, id, state string) {
			t.Helper()
			s.call(who, "POST", "/roster/"+what+"/"+id+"/judge", M{"state": state}, 200)
		}
		asked := "李明: a leave request awaits your answer"
		first := ask()
		heard(lead, asked)
		judge(lead, "leaves", first.ID.String(), "approved")
		heard(li, "李明 的请假申请已批准")
		judge(lead, "leaves", first.ID.String(), "withdrawn")
		heard(li, "李明 的请假申请已撤回")
		second := ask()
		judge(lead, "leaves", second.ID.String(), "refused")
		heard(lead, asked)
		heard(li, "李明 的请假申请未通过")
		third := ask()
		judge(li, "leaves", third.ID.String(), "withdrawn")
		heard(lead, asked)
		heard(li)
		heard(wang)
		if text := s.bell(li)[0].Text; text != "处理人：赵强" {
			t.Errorf("who decided: %q", text)
		}

		// Swaps: the other first, then the lead.
		dates := [2]string{day.AddDate(0, 0, 3).Format(time.DateOnly), day.AddDate(0, 0, 5).Format(time.DateOnly)}
		var cells []M
		for i, who := range []*staff.Actor{li, wang} {
			cells = append(cells, M{"user_id": who.ID, "day": dates[i], "items": []M{{"kind": "shift", "from": "09:00", "to": "17:00"}}})
		}
		s.call(s.Admin, "PUT", "/roster/cells", M{"cells": cells}, 200)
		s.call(s.Admin, "POST", "/roster/publish", M{"from": dates[0], "to": dates[1], "user_ids": []any{li.ID, wang.ID}}, 201)
		for _, who := range []*staff.Actor{li, wang} {
			heard(who, "排班已发布")
		}
		swap := func() (x roster.Swap) {
			t.Helper()
			s.call(li, "POST", "/roster/swaps", M{"day": dates[0], "other_id": wang.ID, "other_day": dates[1]}, 201).JSON(t, &x)
			return x
		}
		one := swap()
		heard(wang, "李明 的换班申请待您处理")
		judge(wang, "swaps", one.ID.String(), "refused")
		heard(li, "李明 的换班申请未通过")
		heard(lead)
		two := swap()
		judge(wang, "swaps", two.ID.String(), "accepted")
		heard(wang, "李明 的换班申请待您处理")
		heard(lead, "李明: a swap request awaits your answer")
		heard(li)
		judge(lead, "swaps", two.ID.String(), "approved")
		heard(li, "李明 的换班申请已批准")
		heard(wang, "李明 的换班申请已批准")
		heard(lead)
	})
}
