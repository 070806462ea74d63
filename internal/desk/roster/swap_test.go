package roster_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

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
