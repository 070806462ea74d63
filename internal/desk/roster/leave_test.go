package roster_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

// Nights, leaves and what ends are told to routing, once each.
func TestShiftsEndAndLeavesBegin(t *testing.T) {
	var mu sync.Mutex
	var ended []string
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ended = nil
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		own := []string{"Authorization", "Bearer " + h.TokenFor(who)}
		publish(t, h, who.ID, map[string][]m{"2026-11-21": shift("14:00", "22:00"), "2026-11-22": shift("22:00", "06:00"), "2026-11-23": shift("22:00", "06:00"), "2026-11-24": shift("18:00", "24:00"), "2026-11-25": shift("00:00", "04:00")})
		look := func(moment string, want bool, end string, planned bool) {
			t.Helper()
			is, e, p, err := h.Roster.OnShift(bg, h.Tenant, who.ID, at(t, moment))
			ok(t, err)
			if is != want || p != planned || is && e != at(t, end) {
				t.Errorf("%s: on %v until %s, planned %v", moment, is, e, p)
			}
		}
		look("2026-11-21 13:00", false, "", true)
		look("2026-11-21 14:00", true, "2026-11-21 22:00", true)
		look("2026-11-21 22:00", false, "", true)
		look("2026-11-23 05:59", true, "2026-11-23 06:00", true) // since yesterday evening
		look("2026-11-23 06:00", false, "", true)
		look("2026-11-24 19:00", true, "2026-11-25 04:00", true) // two in one
		look("2026-11-26 12:00", false, "", false)

		var leave roster.Leave
		got := h.Call("POST", "/roster/leaves", m{"kind": "sick", "from": at(t, "2026-11-24 02:00"), "to": at(t, "2026-11-24 23:00"), "reason": "发烧"}, own...)
		got.JSON(t, &leave)
		if got.Status != 201 || leave.State != roster.Requested {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		problem(t, h.Call("POST", "/roster/leaves", m{"kind": "annual", "from": at(t, "2026-11-24 12:00"), "to": at(t, "2026-11-30 00:00")}, own...), 409, "roster.leave_overlap")
		judge := func(state string, headers ...string) zhidantest.Answer {
			return h.Call("POST", "/roster/leaves/"+leave.ID.String()+"/judge", m{"state": state, "answer": "好好休息"}, headers...)
		}
		problem(t, judge("approved", own...), 403, "auth.forbidden")
		look("2026-11-24 03:00", true, "2026-11-24 06:00", true) // not granted yet
		if got := judge("approved"); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		problem(t, judge("refused"), 409, "roster.step")
		look("2026-11-24 01:00", true, "2026-11-24 02:00", true)
		look("2026-11-24 03:00", false, "", true)
		look("2026-11-24 23:30", true, "2026-11-25 04:00", true)
		problem(t, h.Call("PUT", "/roster/cells", cells(who.ID, map[string][]m{"2026-11-24": shift("09:00", "12:00")})), 422, "roster.on_leave")

		expect := func(moment string, want ...string) {
			t.Helper()
			h.Clock.Set(at(t, moment))
			h.Settle()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(ended, want) {
				t.Errorf("at %s: %v, not %v", moment, ended, want)
			}
			ended = nil
		}
		expect("2026-11-21 21:59")
		expect("2026-11-21 22:01", "shift")
		expect("2026-11-23 05:59")
		expect("2026-11-23 06:01", "shift")
		expect("2026-11-24 02:01", "leave")
		expect("2026-11-24 06:01") // was told when the leave began
		expect("2026-11-25 00:01") // the next one follows at once
		expect("2026-11-25 04:01", "shift")
		expect("2026-12-25 04:01")

		// Written down by the lead for somebody who is ill now: at once.
		got = h.Call("POST", "/roster/leaves", m{"user_id": who.ID, "kind": "sick", "from": h.Clock.Now().Add(-time.Hour), "to": h.Clock.Now().Add(24 * time.Hour)})
		if got.Status != 201 || !strings.Contains(string(got.Body), `"approved"`) {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		got.JSON(t, &leave)
		expect("2026-12-25 04:02", "leave")
		problem(t, judge("withdrawn", own...), 409, "roster.too_late")
		if got := judge("withdrawn"); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		// One that was approved and withdrawn before it began never begins.
		got = h.Call("POST", "/roster/leaves", m{"user_id": who.ID, "kind": "annual", "from": h.Clock.Now().Add(time.Hour), "to": h.Clock.Now().Add(24 * time.Hour)})
		got.JSON(t, &leave)
		if got := judge("withdrawn", own...); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		expect("2026-12-25 06:00")
	}, func(s *server.Server) {
		s.Roster.Ended = func(_ context.Context, tx *db.Tx, _, _ id.ID, why string) error {
			tx.AfterCommit(func() {
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, why)
			})
			return nil
		}
	})
}

func TestWhoIsTold(t *testing.T) {
	var told []string
	names := map[id.ID]string{}
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		name := "一组"
		team, err := h.Staff.CreateTeam(bg, staff.System(h.Tenant), staff.TeamChange{Name: &name})
		ok(t, err)
		a, b, lead := h.User("a@example.com", "甲", staff.Agent), h.User("b@example.com", "乙", staff.Agent), h.User("l@example.com", "长", staff.Supervisor)
		_, err = h.Staff.UpdateTeam(bg, staff.System(h.Tenant), team.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: a.ID}, {User: b.ID}, {User: lead.ID, Lead: true}}})
		ok(t, err)
		for _, p := range []*staff.Actor{a, b, lead, h.Admin} {
			names[p.ID] = p.Name
		}
		told = nil
		as := func(x *staff.Actor) []string { return []string{"Authorization", "Bearer " + h.TokenFor(x)} }
		heard := func(want ...string) {
			t.Helper()
			if !slices.Equal(told, want) {
				t.Errorf("%v, not %v", told, want)
			}
			told = nil
		}
		var leave roster.Leave
		h.Call("POST", "/roster/leaves", m{"kind": "annual", "from": at(t, "2026-12-24 00:00"), "to": at(t, "2026-12-25 00:00")}, as(a)...).JSON(t, &leave)
		heard("asked requested 长")
		h.Call("POST", "/roster/leaves/"+leave.ID.String()+"/judge", m{"state": "approved"}, as(lead)...)
		heard("decided approved 甲")
		h.Call("POST", "/roster/leaves/"+leave.ID.String()+"/judge", m{"state": "withdrawn"}, as(a)...)
		heard() // one's own doing
		publish(t, h, a.ID, map[string][]m{"2026-11-24": shift("08:00", "16:00")})
		publish(t, h, b.ID, map[string][]m{"2026-11-24": shift("14:00", "22:00")})
		heard("published  甲", "published  乙")
		var swap roster.Swap
		h.Call("POST", "/roster/swaps", m{"day": "2026-11-24", "other_id": b.ID, "other_day": "2026-11-24"}, as(a)...).JSON(t, &swap)
		heard("asked requested 乙")
		h.Call("POST", "/roster/swaps/"+swap.ID.String()+"/judge", m{"state": "accepted"}, as(b)...)
		heard("asked accepted 长")
		h.Call("POST", "/roster/swaps/"+swap.ID.String()+"/judge", m{"state": "approved"}, as(lead)...)
		heard("decided approved 甲乙")
		h.Call("PUT", "/agents/"+a.ID.String()+"/state", m{"state": "busy"}, as(lead)...)
		heard("forced busy 甲")
		h.Call("POST", "/roster/handovers", m{"team_id": team.ID, "note": "x", "tickets": []m{}}, as(a)...)
		heard("handed_over  乙长")
	}, func(s *server.Server) {
		s.Roster.Told = func(_ context.Context, tx *db.Tx, _ id.ID, n roster.Notice) error {
			text := n.Event + " " + n.State + " "
			for _, u := range n.To {
				text += names[u]
			}
			tx.AfterCommit(func() { told = append(told, text) })
			return nil
		}
	})
}

// Who leaves for good is offline at once, and routing is told in the same commit.
func TestClosedAccountsAreOffline(t *testing.T) {
	var told []string
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		told = nil
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		_, err := h.Roster.SetOwn(bg, who, roster.NewState{State: roster.Online})
		ok(t, err)
		no := false
		_, err = h.Staff.UpdateUser(bg, staff.System(h.Tenant), who.ID, 0, staff.UserChange{Active: &no})
		ok(t, err)
		stands(t, h, who.ID, roster.Offline)
		if !slices.Equal(told, []string{roster.WhyLeft}) {
			t.Errorf("told of %v", told)
		}
		problem(t, h.Call("PUT", "/agents/"+who.ID.String()+"/state", m{"state": "online"}), 409, "user.inactive")
	}, func(s *server.Server) {
		s.Roster.Ended = func(_ context.Context, tx *db.Tx, _, _ id.ID, why string) error {
			tx.AfterCommit(func() { told = append(told, why) })
			return nil
		}
	})
}

func TestReasonsOfLeavesArePrivate(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		name := "早晚组"
		team, err := h.Staff.CreateTeam(bg, staff.System(h.Tenant), staff.TeamChange{Name: &name})
		ok(t, err)
		a, b := h.User("a@example.com", "坐席甲", staff.Agent), h.User("b@example.com", "坐席乙", staff.Agent)
		stranger := h.User("c@example.com", "坐席丙", staff.Agent)
		_, err = h.Staff.UpdateTeam(bg, staff.System(h.Tenant), team.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: a.ID}, {User: b.ID}}})
		ok(t, err)
		as := func(x *staff.Actor) []string { return []string{"Authorization", "Bearer " + h.TokenFor(x)} }
		h.Call("POST", "/roster/leaves", m{"kind": "sick", "from": at(t, "2026-11-24 00:00"), "to": at(t, "2026-11-25 00:00"), "reason": "手术"}, as(a)...)
		for who, want := range map[*staff.Actor]string{a: "手术 1", b: " 1", stranger: " 0", h.Admin: "手术 1"} {
			for _, path := range []string{"/roster/leaves", "/roster/plan?from=2026-11-20&to=2026-11-30"} {
				got := h.Call("GET", path, nil, as(who)...)
				s := ""
				if strings.Contains(string(got.Body), "手术") {
					s = "手术"
				}
				if s += fmt.Sprintf(" %d", strings.Count(string(got.Body), `"asked_at"`)); s != want {
					t.Errorf("%s sees %q on %s, not %q", who.Name, s, path, want)
				}
				if want == " 1" && strings.Contains(string(got.Body), "sick") {
					t.Errorf("a colleague sees that somebody is sick: %s", got.Body)
				}
			}
		}
	})
}

func TestHandOversOfShifts(t *testing.T) {
	var moved []roster.Handover
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		moved = nil
		name := "夜班组"
		team, err := h.Staff.CreateTeam(bg, staff.System(h.Tenant), staff.TeamChange{Name: &name})
		ok(t, err)
		a, b, c := h.User("a@example.com", "坐席甲", staff.Agent), h.User("b@example.com", "坐席乙", staff.Agent), h.User("c@example.com", "坐席丙", staff.Agent)
		_, err = h.Staff.UpdateTeam(bg, staff.System(h.Tenant), team.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: a.ID}, {User: b.ID}}})
		ok(t, err)
		as := func(x *staff.Actor) []string { return []string{"Authorization", "Bearer " + h.TokenFor(x)} }
		got := h.Call("POST", "/roster/handovers", m{"team_id": team.ID, "note": "两单等备件", "tickets": []m{{"ticket_id": "11", "note": "周一到货"}, {"ticket_id": "12"}}}, as(a)...)
		var x roster.Handover
		got.JSON(t, &x)
		if got.Status != 201 || x.State != roster.Open {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		judge := func(state string, who *staff.Actor) zhidantest.Answer {
			return h.Call("POST", "/roster/handovers/"+x.ID.String()+"/judge", m{"state": state}, as(who)...)
		}
		problem(t, judge("taken", a), 403, "auth.forbidden")
		problem(t, judge("taken", c), 404, "handover.not_found")
		problem(t, judge("withdrawn", b), 403, "auth.forbidden")
		for who, want := range map[*staff.Actor]int{a: 1, b: 1, c: 0, h.Admin: 1} {
			var list struct{ Items []roster.Handover }
			h.Call("GET", "/roster/handovers?state=open", nil, as(who)...).JSON(t, &list)
			if len(list.Items) != want {
				t.Errorf("%s sees %d", who.Name, len(list.Items))
			}
		}
		if got := judge("taken", b); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		problem(t, judge("taken", b), 409, "roster.step")
		problem(t, judge("withdrawn", a), 409, "roster.step")
		if len(moved) != 1 || moved[0].TakenBy != b.ID || len(moved[0].Tickets) != 2 || moved[0].Tickets[0].Note != "周一到货" {
			t.Errorf("%+v", moved)
		}
		problem(t, h.Call("POST", "/roster/handovers", m{"to_id": c.ID, "note": "x", "tickets": []m{}}, as(a)...), 422, "to_id")
		problem(t, h.Call("POST", "/roster/handovers", m{"note": "x", "tickets": []m{}}, as(a)...), 422, "to_id")
		problem(t, h.Call("POST", "/roster/handovers", m{"to_id": b.ID, "tickets": []m{{"ticket_id": "11"}, {"ticket_id": "11"}}}, as(a)...), 422, "tickets")
	}, func(s *server.Server) {
		s.Roster.HandedOver = func(_ context.Context, tx *db.Tx, _ *staff.Actor, x roster.Handover) error {
			tx.AfterCommit(func() { moved = append(moved, x) })
			return nil
		}
	})
}
