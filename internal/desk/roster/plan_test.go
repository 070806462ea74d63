package roster_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
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
