package roster_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

// The clock begins on Saturday 2026-11-21 at noon in Shanghai.

func at(t *testing.T, s string) clock.Time {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	ok(t, err)
	x, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	ok(t, err)
	return clock.From(x)
}

func shift(from, to string) []m { return []m{{"kind": "shift", "from": from, "to": to}} }

func cells(user id.ID, days map[string][]m) m {
	var out []m
	for d, items := range days {
		out = append(out, m{"user_id": user, "day": d, "items": items})
	}
	return m{"cells": out}
}

// publish plans days of somebody and makes them count.
func publish(t *testing.T, h *zhidantest.House, user id.ID, days map[string][]m) (publication string) {
	t.Helper()
	if got := h.Call("PUT", "/roster/cells", cells(user, days)); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	from, to := "9", ""
	for d := range days {
		from, to = min(from, d), max(to, d)
	}
	got := h.Call("POST", "/roster/publish", m{"from": from, "to": to, "user_ids": []id.ID{user}})
	if got.Status != 201 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	var p roster.Publication
	got.JSON(t, &p)
	return p.ID.String()
}

// planOf reads somebody's plan as day → items and whether a draft waits.
func planOf(t *testing.T, h *zhidantest.House, user id.ID, headers ...string) map[string]string {
	t.Helper()
	var p roster.PlanView
	got := h.Call("GET", "/roster/plan?from=2026-11-01&to=2026-12-31", nil, headers...)
	if got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	got.JSON(t, &p)
	out := map[string]string{}
	for _, c := range p.Cells {
		if c.User != user {
			continue
		}
		var parts []string
		for _, it := range c.Items {
			parts = append(parts, strings.TrimSpace(string(it.Kind)+" "+it.From+"-"+it.To))
		}
		s := strings.Join(parts, "; ")
		if c.Drafted {
			s += " draft"
		}
		out[c.Day.String()] = s
	}
	return out
}

func TestPlanIsDraftedPublishedAndTakenBack(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		own := []string{"Authorization", "Bearer " + h.TokenFor(who)}
		var early roster.Template
		got := h.Call("POST", "/roster/templates", m{"name": "早班", "color": "#3366ff", "from": "08:00", "to": "16:00", "breaks": []m{{"from": "12:00", "to": "12:30"}}})
		got.JSON(t, &early)
		problem(t, h.Call("POST", "/roster/templates", m{"name": "早班", "from": "09:00", "to": "18:00"}), 422, "taken")
		problem(t, h.Call("POST", "/roster/templates", m{"name": "坏班", "from": "09:00", "to": "9"}), 422, "to")

		save := func(day string, items []m) zhidantest.Answer {
			return h.Call("PUT", "/roster/cells", cells(who.ID, map[string][]m{day: items}))
		}
		if got := save("2026-11-23", []m{{"kind": "shift", "template_id": early.ID, "note": "带新人"}}); got.Status != 200 || !strings.Contains(string(got.Body), `"from":"08:00"`) {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		if p := planOf(t, h, who.ID, own...); p["2026-11-23"] != "" {
			t.Errorf("a draft is shown to the agent: %v", p)
		}
		if p := planOf(t, h, who.ID); p["2026-11-23"] != "shift 08:00-16:00 draft" {
			t.Errorf("%v", p)
		}
		on := func(want bool) {
			t.Helper()
			is, end, planned, err := h.Roster.OnShift(bg, h.Tenant, who.ID, at(t, "2026-11-23 09:00"))
			ok(t, err)
			if is != want || planned != want || is && end != at(t, "2026-11-23 16:00") {
				t.Errorf("on shift %v until %s, planned %v", is, end, planned)
			}
		}
		h.Clock.Set(at(t, "2026-11-22 12:00"))
		on(false) // a draft does not count
		got = h.Call("POST", "/roster/publish", m{"from": "2026-11-23", "to": "2026-11-23"})
		var first roster.Publication
		got.JSON(t, &first)
		if got.Status != 201 || first.Cells != 1 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		on(true)
		var mine roster.PlanView
		h.Call("GET", "/me/plan?from=2026-11-23&to=2026-11-23", nil, own...).JSON(t, &mine)
		if len(mine.Cells) != 1 || mine.Cells[0].Items[0].Name != "早班" || mine.Cells[0].Items[0].Note != "带新人" {
			t.Errorf("%+v", mine)
		}
		problem(t, h.Call("POST", "/roster/publish", m{"from": "2026-11-23", "to": "2026-11-23"}), 409, "roster.nothing_drafted")

		// A template that changes leaves what is planned alone.
		if got := h.Call("PUT", "/roster/templates/"+early.ID.String(), m{"name": "早班", "from": "07:00", "to": "15:00"}, "If-Match", `"1"`); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		problem(t, h.Call("PUT", "/roster/templates/"+early.ID.String(), m{"name": "早班", "from": "07:00", "to": "15:00"}, "If-Match", `"1"`), 412, "config.changed")
		on(true)

		// A second publication, which has to go before the first can.
		save("2026-11-23", shift("10:00", "19:00"))
		got = h.Call("POST", "/roster/publish", m{"from": "2026-11-20", "to": "2026-11-29", "user_ids": []id.ID{who.ID}})
		var second roster.Publication
		got.JSON(t, &second)
		on2 := func(want bool) {
			t.Helper()
			is, _, _, err := h.Roster.OnShift(bg, h.Tenant, who.ID, at(t, "2026-11-23 18:00"))
			ok(t, err)
			if is != want {
				t.Errorf("on shift in the evening: %v", is)
			}
		}
		on2(true)
		undo := func(p roster.Publication) zhidantest.Answer {
			return h.Call("POST", "/roster/publications/"+p.ID.String()+"/undo", nil)
		}
		problem(t, undo(first), 409, "roster.changed_since")
		if got := undo(second); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		on2(false)
		on(true)
		problem(t, undo(second), 409, "roster.undone")
		if p := planOf(t, h, who.ID); p["2026-11-23"] != "shift 10:00-19:00 draft" {
			t.Errorf("what was taken back is no draft: %v", p)
		}
		// Clearing a day is a draft too.
		save("2026-11-23", []m{})
		if p := planOf(t, h, who.ID); p["2026-11-23"] != " draft" {
			t.Errorf("%v", p)
		}
		if got := h.Call("POST", "/roster/publish", m{"from": "2026-11-23", "to": "2026-11-23"}); got.Status != 201 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		on(false)
		// Another's cell, changed in between.
		stale := m{"cells": []m{{"user_id": who.ID, "day": "2026-11-23", "items": shift("09:00", "18:00"), "version": 1}}}
		problem(t, h.Call("PUT", "/roster/cells", stale), 412, "config.changed")
		var list struct{ Items []roster.Publication }
		h.Call("GET", "/roster/publications", nil).JSON(t, &list)
		if len(list.Items) != 3 || list.Items[1].Undone == 0 {
			t.Errorf("%+v", list.Items)
		}
	})
}

func TestWhatBreaksARuleIsRefusedWhole(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		problem(t, h.Call("PUT", "/roster/cells", cells(who.ID, map[string][]m{"2026-11-23": shift("08:00", "23:00"), "2026-11-25": shift("09:00", "18:00")})), 422, "roster.too_long")
		if p := planOf(t, h, who.ID); len(p) != 0 {
			t.Errorf("part of it was taken: %v", p)
		}
		publish(t, h, who.ID, map[string][]m{"2026-11-23": shift("14:00", "22:00")})
		body := cells(who.ID, map[string][]m{"2026-11-24": shift("06:00", "14:00")})
		problem(t, h.Call("PUT", "/roster/cells", body), 422, `"cells[0]","code":"roster.rest"`)
		body["dry_run"] = true
		var dry roster.Planned
		h.Call("PUT", "/roster/cells", body).JSON(t, &dry)
		if len(dry.Cells) != 1 || len(dry.Conflicts) != 1 || dry.Conflicts[0].Code != "roster.rest" || dry.Conflicts[0].User != who.ID {
			t.Errorf("%+v", dry)
		}
		if p := planOf(t, h, who.ID); len(p) != 1 {
			t.Errorf("a dry run left something behind: %v", p)
		}
		// Two drafts that fit together, of which only one is published.
		ok2 := func(a zhidantest.Answer) {
			t.Helper()
			if a.Status >= 300 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		ok2(h.Call("PUT", "/roster/cells", cells(who.ID, map[string][]m{"2026-11-23": shift("06:00", "14:00"), "2026-11-24": shift("06:00", "14:00")})))
		problem(t, h.Call("POST", "/roster/publish", m{"from": "2026-11-24", "to": "2026-11-24"}), 422, "roster.rest")
		ok2(h.Call("POST", "/roster/publish", m{"from": "2026-11-23", "to": "2026-11-24"}))

		for name, bad := range map[string]m{
			"unknown":   cells(77, map[string][]m{"2026-11-24": shift("06:00", "14:00")}),
			"date":      cells(who.ID, map[string][]m{"2026-11-31": shift("06:00", "14:00")}),
			"too_many":  cells(who.ID, map[string][]m{"2026-11-26": {shift("06:00", "07:00")[0], shift("08:00", "09:00")[0], shift("10:00", "11:00")[0], shift("12:00", "13:00")[0]}}),
			"off":       cells(who.ID, map[string][]m{"2026-11-26": {{"kind": "off"}, shift("08:00", "09:00")[0]}}),
			"too_long":  cells(who.ID, map[string][]m{"2026-11-26": {{"kind": "off"}}, "2027-11-26": {{"kind": "off"}}}),
			"template_": cells(who.ID, map[string][]m{"2026-11-26": {{"kind": "shift", "template_id": "99"}}}),
		} {
			got := h.Call("PUT", "/roster/cells", bad)
			if got.Status != 422 {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
	})
}

func TestRotationsFillAndWeeksAreCopied(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		a, b := h.User("a@example.com", "坐席甲", staff.Agent), h.User("b@example.com", "坐席乙", staff.Agent)
		made := func(path string, in m) string {
			t.Helper()
			got := h.Call("POST", path, in)
			if got.Status != 201 {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			var x struct{ ID string }
			got.JSON(t, &x)
			return x.ID
		}
		early := made("/roster/templates", m{"name": "早班", "from": "08:00", "to": "16:00"})
		night := made("/roster/templates", m{"name": "夜班", "from": "22:00", "to": "06:00", "night": true})
		rotation := made("/roster/rotations", m{"name": "四天一轮", "pattern": []string{early, night, "", ""}, "anchor": "2026-11-23"})
		problem(t, h.Call("POST", "/roster/rotations", m{"name": "坏", "pattern": []string{"99"}, "anchor": "2026-11-23"}), 422, "pattern[0]")
		in := m{"rotation_id": rotation, "people": []m{{"user_id": a.ID, "offset": 0}, {"user_id": b.ID, "offset": 2}}, "from": "2026-11-23", "to": "2026-12-06", "dry_run": true}
		var out roster.Planned
		h.Call("POST", "/roster/fill", in).JSON(t, &out)
		if len(out.Cells) != 28 || len(out.Conflicts) != 0 {
			t.Fatalf("%d cells, %+v", len(out.Cells), out.Conflicts)
		}
		if len(planOf(t, h, a.ID)) != 0 {
			t.Error("a dry run left something behind")
		}
		in["dry_run"] = false
		h.Call("POST", "/roster/fill", in)
		pa, pb := planOf(t, h, a.ID), planOf(t, h, b.ID)
		for day, want := range map[string][2]string{
			"2026-11-23": {"shift 08:00-16:00 draft", "off - draft"}, "2026-11-24": {"shift 22:00-06:00 draft", "off - draft"},
			"2026-11-25": {"off - draft", "shift 08:00-16:00 draft"}, "2026-12-01": {"shift 08:00-16:00 draft", "off - draft"},
		} {
			if pa[day] != want[0] || pb[day] != want[1] {
				t.Errorf("%s: %q and %q", day, pa[day], pb[day])
			}
		}
		// Days that are planned can be kept.
		publish(t, h, a.ID, map[string][]m{"2026-12-08": shift("09:00", "17:00")})
		in["from"], in["to"], in["keep"] = "2026-12-08", "2026-12-09", true
		if got := h.Call("POST", "/roster/fill", in); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		if p := planOf(t, h, a.ID); p["2026-12-08"] != "shift 09:00-17:00" || p["2026-12-09"] != "shift 08:00-16:00 draft" {
			t.Errorf("%v", p)
		}
		// The first week once more, three weeks later.
		if got := h.Call("POST", "/roster/copy", m{"from": "2026-11-23", "to": "2026-12-14", "days": 7, "user_ids": []id.ID{a.ID}}); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		p := planOf(t, h, a.ID)
		for i := range 7 {
			from, to := fmt.Sprintf("2026-11-%02d", 23+i), fmt.Sprintf("2026-12-%02d", 14+i)
			if p[from] != p[to] {
				t.Errorf("%s is %q, %s is %q", from, p[from], to, p[to])
			}
		}
		problem(t, h.Call("POST", "/roster/copy", m{"from": "2026-11-23", "to": "2026-11-25", "days": 7, "user_ids": []id.ID{a.ID}}), 422, "overlap")
	})
}

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

func TestSwaps(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		name := "一组"
		team, err := h.Staff.CreateTeam(bg, staff.System(h.Tenant), staff.TeamChange{Name: &name})
		ok(t, err)
		a, b := h.User("a@example.com", "坐席甲", staff.Agent), h.User("b@example.com", "坐席乙", staff.Agent)
		_, err = h.Staff.UpdateTeam(bg, staff.System(h.Tenant), team.ID, 0, staff.TeamChange{Members: &[]staff.Member{{User: a.ID}, {User: b.ID}}})
		ok(t, err)
		as := func(x *staff.Actor) []string { return []string{"Authorization", "Bearer " + h.TokenFor(x)} }
		asA, asB := as(a), as(b)
		publish(t, h, a.ID, map[string][]m{"2026-11-24": shift("08:00", "16:00"), "2026-11-26": shift("08:00", "16:00")})
		publish(t, h, b.ID, map[string][]m{"2026-11-24": shift("14:00", "22:00"), "2026-11-28": shift("14:00", "22:00"), "2026-11-25": shift("14:00", "22:00")})
		ask := func(mine, theirs string) (roster.Swap, zhidantest.Answer) {
			got := h.Call("POST", "/roster/swaps", m{"day": mine, "other_id": b.ID, "other_day": theirs, "reason": "家里有事"}, asA...)
			var s roster.Swap
			if got.Status == 201 {
				got.JSON(t, &s)
			}
			return s, got
		}
		judge := func(s roster.Swap, state string, headers ...string) zhidantest.Answer {
			return h.Call("POST", "/roster/swaps/"+s.ID.String()+"/judge", m{"state": state}, headers...)
		}
		plan := func(day, wantA, wantB string) {
			t.Helper()
			if pa, pb := planOf(t, h, a.ID)[day], planOf(t, h, b.ID)[day]; pa != wantA || pb != wantB {
				t.Errorf("%s: %q and %q", day, pa, pb)
			}
		}
		_, got := ask("2026-11-23", "2026-11-24")
		problem(t, got, 422, "roster.no_shift")
		_, got = ask("2026-11-26", "2026-11-28") // who worked until ten would begin at eight
		problem(t, got, 422, "roster.rest")

		s, got := ask("2026-11-24", "2026-11-24")
		if got.Status != 201 || s.State != roster.Requested {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		stranger := as(h.User("c@example.com", "坐席丙", staff.Agent))
		problem(t, judge(s, "accepted", stranger...), 404, "swap.not_found")
		problem(t, judge(s, "accepted", asA...), 403, "auth.forbidden")
		problem(t, judge(s, "approved"), 409, "roster.step")
		if got := judge(s, "accepted", asB...); got.Status != 200 || !strings.Contains(string(got.Body), `"accepted"`) {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		plan("2026-11-24", "shift 08:00-16:00", "shift 14:00-22:00")
		problem(t, judge(s, "approved", asB...), 403, "auth.forbidden")
		if got := judge(s, "approved"); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		plan("2026-11-24", "shift 14:00-22:00", "shift 08:00-16:00")
		problem(t, judge(s, "approved"), 409, "roster.step")
		is, _, _, err := h.Roster.OnShift(bg, h.Tenant, a.ID, at(t, "2026-11-24 21:00"))
		if err != nil || !is {
			t.Errorf("the swap does not count: %v %v", is, err)
		}

		// Different days, and a plan that changes in between.
		s, got = ask("2026-11-26", "2026-11-25")
		if got.Status != 201 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		publish(t, h, a.ID, map[string][]m{"2026-11-26": shift("09:00", "17:00")})
		problem(t, judge(s, "accepted", asB...), 409, "roster.changed_since")
		problem(t, judge(s, "withdrawn", asB...), 403, "auth.forbidden")
		if got := judge(s, "withdrawn", asA...); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		h.Call("PUT", "/roster/cells", cells(a.ID, map[string][]m{"2026-11-26": shift("10:00", "18:00")}))
		_, got = ask("2026-11-26", "2026-11-25")
		problem(t, got, 409, "roster.draft_open")
		h.Call("PUT", "/roster/cells", cells(a.ID, map[string][]m{"2026-11-26": shift("09:00", "17:00")})) // as it is published: no draft

		// Where no lead is asked, the other's word is enough.
		var set roster.Settings
		h.Call("GET", "/roster/settings", nil).JSON(t, &set)
		set.SwapLead = false
		h.Call("PUT", "/roster/settings", set)
		if s, got = ask("2026-11-26", "2026-11-25"); got.Status != 201 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		if got := judge(s, "accepted", asB...); got.Status != 200 || !strings.Contains(string(got.Body), `"approved"`) {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		plan("2026-11-25", "shift 14:00-22:00", "")
		plan("2026-11-26", "", "shift 09:00-17:00")
		h.Clock.Set(at(t, "2026-11-25 14:00"))
		_, got = ask("2026-11-25", "2026-11-28")
		problem(t, got, 409, "roster.too_late")
		var list struct{ Items []roster.Swap }
		h.Call("GET", "/roster/swaps", nil, asB...).JSON(t, &list)
		if len(list.Items) != 3 {
			t.Errorf("%+v", list.Items)
		}
		h.Call("GET", "/roster/swaps", nil, stranger...).JSON(t, &list)
		if len(list.Items) != 0 {
			t.Errorf("a stranger sees %+v", list.Items)
		}
	})
}

// Random swaps by everybody in any order, against a reference that keeps blocks
// of four hours by person and day and moves them by hand.
func TestRandomSwaps(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		r := rand.New(rand.NewPCG(21, 4))
		var set roster.Settings
		h.Call("GET", "/roster/settings", nil).JSON(t, &set)
		set.Rest = 0
		h.Call("PUT", "/roster/settings", set)
		days := []string{"2026-11-24", "2026-11-25", "2026-11-26"}
		type key struct{ who, day int }
		type blocks = []int
		ref := map[key]blocks{}
		var who []*staff.Actor
		for i := range 3 {
			p := h.User(fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("坐席%d", i), staff.Administrator)
			who = append(who, p)
			plan := map[string][]m{}
			for d, name := range days {
				if r.IntN(4) > 0 {
					from := 8 + 4*r.IntN(3)
					plan[name] = shift(fmt.Sprintf("%02d:00", from), fmt.Sprintf("%02d:00", from+4))
					ref[key{i, d}] = blocks{from}
				}
			}
			publish(t, h, p.ID, plan)
		}
		type open struct {
			id           id.ID
			a, b         key
			gives, takes blocks
			state        roster.Progress
		}
		// move gives the reference after a swap, or false.
		move := func(o *open) (map[key]blocks, bool) {
			if !slices.Equal(ref[o.a], o.gives) || !slices.Equal(ref[o.b], o.takes) || len(o.gives) == 0 || len(o.takes) == 0 {
				return nil, false
			}
			next := map[key]blocks{}
			for k, v := range ref {
				next[k] = v
			}
			next[o.a], next[o.b] = nil, nil
			for k, v := range map[key]blocks{{o.a.who, o.b.day}: o.takes, {o.b.who, o.a.day}: o.gives} {
				next[k] = append(slices.Clone(next[k]), v...)
				sorted := slices.Sorted(slices.Values(next[k]))
				if len(sorted) > 3 || len(slices.Compact(sorted)) != len(next[k]) {
					return nil, false
				}
			}
			return next, true
		}
		var all []*open
		day := func(i int) roster.Day {
			d, err := roster.ParseDay("", days[i])
			ok(t, err)
			return d
		}
		executed := 0
		for step := range 300 {
			if len(all) == 0 || r.IntN(4) == 0 {
				o := &open{a: key{r.IntN(3), r.IntN(3)}, state: roster.Requested}
				o.b = key{(o.a.who + 1 + r.IntN(2)) % 3, r.IntN(3)}
				o.gives, o.takes = ref[o.a], ref[o.b]
				_, can := move(o)
				s, err := h.Roster.AskSwap(bg, who[o.a.who], roster.NewSwap{Day: day(o.a.day), Other: who[o.b.who].ID, OtherDay: day(o.b.day)})
				if (err == nil) != can {
					t.Fatalf("step %d: asking %+v: %v", step, o, err)
				}
				if err == nil {
					o.id = s.ID
					all = append(all, o)
				}
			} else {
				o, by := all[len(all)-1-r.IntN(min(len(all), 3))], r.IntN(3)
				to := []roster.Progress{roster.Accepted, roster.Approved, roster.Refused, roster.Withdrawn}[r.IntN(4)]
				if r.IntN(2) == 0 { // what makes it go on
					if to, by = roster.Accepted, o.b.who; o.state == roster.Accepted {
						to = roster.Approved
					}
				}
				want, next := o.state, ref
				switch o.state.String() + ">" + to.String() {
				case "requested>accepted", "accepted>approved":
					after, can := move(o)
					if can && (to == roster.Approved || by == o.b.who) {
						if want = to; to == roster.Approved {
							next = after
							executed++
						}
					}
				case "requested>refused", "accepted>refused":
					want = to
				case "requested>withdrawn", "accepted>withdrawn":
					if by == o.a.who {
						want = to
					}
				}
				_, err := h.Roster.JudgeSwap(bg, who[by], o.id, to, "")
				if (err == nil) != (want != o.state) {
					t.Fatalf("step %d: %s to %s by %d: %v, wanted %s", step, o.state, to, by, err, want)
				}
				o.state, ref = want, next
			}
		}
		if executed < 5 {
			t.Errorf("only %d swaps came to their end", executed)
		}
		for i, p := range who {
			plan := planOf(t, h, p.ID)
			for d, name := range days {
				var parts []string
				for _, from := range ref[key{i, d}] {
					parts = append(parts, fmt.Sprintf("shift %02d:00-%02d:00", from, from+4))
				}
				if plan[name] != strings.Join(parts, "; ") {
					t.Errorf("person %d on %s: %q, not %q", i, name, plan[name], parts)
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

func TestTablesComeBackAsTheyWent(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		evil := h.User("a@example.com", "=HYPERLINK(1)", staff.Agent)
		b := h.User("b@example.com", "坐席乙", staff.Agent)
		h.Call("POST", "/roster/templates", m{"name": "早班", "from": "08:00", "to": "16:00"})
		publish(t, h, evil.ID, map[string][]m{"2026-11-23": {{"kind": "shift", "name": "@SUM(1)", "from": "08:00", "to": "12:00"}, shift("14:00", "18:00")[0]}, "2026-11-24": {{"kind": "off"}}})
		before := planOf(t, h, evil.ID)
		raw := h.Call("GET", "/roster/export?from=2026-11-23&to=2026-11-25", nil)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw.Body, []byte("\ufeff")))).ReadAll()
		ok(t, err)
		for _, row := range rows {
			for _, cell := range row {
				if strings.IndexAny(cell, "=+-@") == 0 {
					t.Errorf("%q is a formula", cell)
				}
			}
		}
		i := slices.IndexFunc(rows, func(r []string) bool { return r[1] == "a@example.com" })
		if i < 0 || rows[i][0] != "'=HYPERLINK(1)" || rows[i][2] != "'@SUM(1) 08:00-12:00; 14:00-18:00" || rows[i][3] != "休" || rows[i][4] != "" {
			t.Fatalf("%q", rows)
		}
		sheet := h.Call("GET", "/roster/export?from=2026-11-23&to=2026-11-25&format=xlsx", nil)
		f, err := excelize.OpenReader(bytes.NewReader(sheet.Body))
		ok(t, err)
		again, err := f.GetRows("Sheet1")
		ok(t, err)
		if again[i][2] != "@SUM(1) 08:00-12:00; 14:00-18:00" { // there the type of the cell says that it is text
			t.Errorf("%q", again)
		}
		if formula, err := f.GetCellFormula("Sheet1", fmt.Sprintf("C%d", i+1)); err != nil || formula != "" {
			t.Errorf("the formula %q, %v", formula, err)
		}
		// What went out comes in and changes nothing.
		for _, file := range [][]byte{raw.Body, sheet.Body} {
			var out roster.Imported
			got := h.Call("POST", "/roster/import", file, "Content-Type", "application/octet-stream")
			got.JSON(t, &out)
			if got.Status != 200 || len(out.Cells) != 0 || len(out.Problems) != 0 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		}
		if !reflect.DeepEqual(planOf(t, h, evil.ID), before) {
			t.Errorf("%v", planOf(t, h, evil.ID))
		}
		file := "姓名,邮箱,2026-11-23,2026/11/24,x\n坐席乙,,早班,9:00-17:00,\n坐席丁,,早班,,\n,a@example.com,,早班,\n坐席乙,b@example.com,中班,,\n"
		var out roster.Imported
		got := h.Call("POST", "/roster/import?dry_run=true", file)
		got.JSON(t, &out)
		var codes []string
		for _, p := range out.Problems {
			codes = append(codes, fmt.Sprintf("%d,%d %s", p.Row, p.Column, p.Code))
		}
		if want := "1,5 bad_date|3,1 unknown_person|5,3 unknown_shift"; strings.Join(codes, "|") != want || len(out.Cells) != 3 {
			t.Errorf("%d cells, %v", len(out.Cells), codes)
		}
		problem(t, h.Call("POST", "/roster/import", file), 422, "roster.problems")
		if len(planOf(t, h, b.ID)) != 0 {
			t.Error("part of a bad file was taken")
		}
		if got := h.Call("POST", "/roster/import", "姓名,邮箱,2026-11-23,2026/11/24\n坐席乙,,早班,9:00-17:00\n"); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		if p := planOf(t, h, b.ID); p["2026-11-23"] != "shift 08:00-16:00 draft" || p["2026-11-24"] != "shift 09:00-17:00 draft" {
			t.Errorf("%v", p)
		}
		problem(t, h.Call("POST", "/roster/import", []byte("PK\x03\x04nonsense")), 422, "broken")
	})
}

func TestAdherenceOfPeople(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		publish(t, h, who.ID, map[string][]m{"2026-11-21": shift("13:00", "17:00")})
		h.Clock.Set(at(t, "2026-11-21 13:10"))
		set := func(s roster.State) {
			_, err := h.Roster.SetOwn(bg, who, roster.NewState{State: s})
			ok(t, err)
		}
		set(roster.Online)
		h.Clock.Set(at(t, "2026-11-21 15:00"))
		set(roster.Offline)
		h.Clock.Set(at(t, "2026-11-21 15:30"))
		set(roster.Busy)
		h.Clock.Set(at(t, "2026-11-21 18:00"))
		set(roster.Offline)
		h.Clock.Set(at(t, "2026-11-22 09:00"))
		var list struct{ Items []roster.Adherence }
		h.Call("GET", "/roster/adherence?from=2026-11-20&to=2026-11-22", nil).JSON(t, &list)
		if len(list.Items) != 1 {
			t.Fatalf("%+v", list.Items)
		}
		x := list.Items[0]
		if x.User != who.ID || x.Planned != 240 || x.Kept != 110+90 || x.Worked != 110+150 || x.Late != 10 || x.Seconds[roster.Busy] != 150*60 || x.Seconds[roster.Online] != 110*60 {
			t.Errorf("%+v", x)
		}
		problem(t, h.Call("GET", "/roster/adherence?from=2026-01-20&to=2026-11-22", nil), 422, "to")
	})
}

func TestOtherNodesHearOfThePlan(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		n := h.Second()
		for _, x := range []*zhidantest.House{h, n} {
			ctx, cancel := context.WithTimeout(bg, 2*time.Minute)
			defer cancel()
			ok(t, x.Bus.Ready(ctx))
		}
		moment := at(t, "2026-11-22 10:00")
		if on, _, _, err := n.Roster.OnShift(bg, h.Tenant, who.ID, moment); err != nil || on {
			t.Fatalf("%v %v", on, err)
		}
		publish(t, h, who.ID, map[string][]m{"2026-11-22": shift("09:00", "18:00")})
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
			on, until, _, err := n.Roster.OnShift(bg, h.Tenant, who.ID, moment)
			ok(t, err)
			if on && until == at(t, "2026-11-22 18:00") {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the second node does not hear of it")
			}
		}
	})
}

// Two who plan at the same time cannot put together what neither could alone.
func TestPlanningAtTheSameTime(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		item := func(from, to string) []roster.Item { return []roster.Item{{Kind: roster.Shift, From: from, To: to}} }
		d, err := roster.ParseDay("", "2026-12-01")
		ok(t, err)
		for round := range 10 {
			var wait sync.WaitGroup
			errs := make([]error, 2)
			for i, e := range []roster.Edit{{User: who.ID, Day: d, Items: item("14:00", "22:00")}, {User: who.ID, Day: d + 1, Items: item("06:00", "12:00")}} {
				wait.Go(func() { _, errs[i] = h.Roster.Save(bg, h.Admin, []roster.Edit{e}, false) })
			}
			wait.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("round %d: %v and %v", round, errs[0], errs[1])
			}
			_, err := h.Roster.Save(bg, h.Admin, []roster.Edit{{User: who.ID, Day: d}, {User: who.ID, Day: d + 1}}, false)
			ok(t, err)
		}
	})
}
