package roster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

var bg = context.Background()

type m = map[string]any

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// problem wants a refusal with a word in it.
func problem(t *testing.T, a zhidantest.Answer, status int, part string) {
	t.Helper()
	if a.Status != status || !strings.Contains(string(a.Body), part) {
		t.Errorf("%d %s, not %d with %s", a.Status, a.Body, status, part)
	}
}

// screen opens the page of somebody who signs in, on a node, and closes it
// again when the function is called.
func screen(t *testing.T, h *zhidantest.House, email string) (shut func()) {
	t.Helper()
	secret, _, err := h.Staff.SignIn(bg, staff.SignIn{Email: email, Password: "correct horse battery", Host: "127.0.0.1", Addr: netip.MustParseAddr("127.0.0.1")})
	ok(t, err)
	return stream(t, h, "Cookie", "zhidan_session="+secret)
}

func stream(t *testing.T, h *zhidantest.House, header, value string) (shut func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(bg)
	req, err := http.NewRequestWithContext(ctx, "GET", h.URL+"/api/v1/live", nil)
	ok(t, err)
	req.Header.Set(header, value)
	res, err := http.DefaultClient.Do(req)
	ok(t, err)
	if res.StatusCode != 200 {
		t.Fatalf("live: %d", res.StatusCode)
	}
	r := bufio.NewReader(res.Body)
	_, err = r.ReadString('\n')
	ok(t, err)
	shut = func() {
		before := h.Hub.Streams()
		cancel()
		res.Body.Close()
		for end := time.Now().Add(2 * time.Minute); h.Hub.Streams() >= before; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the stream does not end")
			}
		}
		ok(t, h.Roster.Flush(bg))
	}
	t.Cleanup(func() { cancel(); res.Body.Close() })
	ok(t, h.Roster.Flush(bg))
	return shut
}

func status(t *testing.T, h *zhidantest.House, user id.ID) roster.Status {
	t.Helper()
	s, err := h.Roster.States(bg, h.Tenant)
	ok(t, err)
	return s.Of(user)
}

func stands(t *testing.T, h *zhidantest.House, user id.ID, want roster.State) {
	t.Helper()
	if got := status(t, h, user); got.State != want {
		t.Errorf("%s, not %s: %+v", got.State, want, got)
	}
}

func pass(h *zhidantest.House, d time.Duration) {
	h.Clock.Advance(d)
	h.Settle()
}

func TestScreensMakeStates(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		token := "Bearer " + h.TokenFor(who)
		shut := stream(t, h, "Authorization", token)
		stands(t, h, who.ID, roster.Offline) // a program makes nobody online
		shut()

		shut = screen(t, h, "a@example.com")
		stands(t, h, who.ID, roster.Online)
		var x roster.AgentState
		h.Call("GET", "/me/state", nil, "Authorization", token).JSON(t, &x)
		if x.State != roster.Online || !x.Connected || !x.TakesWork || x.BreakLeft == nil || *x.BreakLeft != 3600 {
			t.Errorf("%+v", x)
		}
		second := screen(t, h, "a@example.com")
		shut()
		pass(h, 5*time.Minute)
		stands(t, h, who.ID, roster.Online) // the other window is open
		second()
		pass(h, 59*time.Second)
		stands(t, h, who.ID, roster.Online)
		shut = screen(t, h, "a@example.com") // within the grace
		pass(h, 10*time.Minute)
		stands(t, h, who.ID, roster.Online)
		shut()
		gone := h.Clock.Now()
		pass(h, 61*time.Second)
		stands(t, h, who.ID, roster.Offline)

		var past roster.StateHistory
		h.Call("GET", fmt.Sprintf("/agents/%s/state-history?from=%s&to=%s", who.ID, zhidantest.Start, h.Clock.Now()), nil).JSON(t, &past)
		if len(past.Items) != 1 || past.Items[0].From != zhidantest.Start || past.Items[0].State != roster.Online || past.Items[0].To.Sub(gone) < time.Minute || past.Seconds[roster.Online] == 0 {
			t.Errorf("%+v", past)
		}
	})
}

// What somebody set by hand outlives a lost connection, but not the night.
func TestByHandComesBack(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		shut := screen(t, h, "a@example.com")
		by, err := h.Staff.Actor(bg, h.Tenant, who.ID)
		ok(t, err)
		_, err = h.Roster.SetOwn(bg, by, roster.NewState{State: roster.Training, Reason: "新品培训"})
		ok(t, err)
		shut()
		stands(t, h, who.ID, roster.Training) // within the grace
		shut = screen(t, h, "a@example.com")
		shut()
		pass(h, 2*time.Minute)
		stands(t, h, who.ID, roster.Offline)
		shut = screen(t, h, "a@example.com")
		stands(t, h, who.ID, roster.Training)
		shut()
		pass(h, 24*time.Hour)
		screen(t, h, "a@example.com")
		stands(t, h, who.ID, roster.Online)
	})
}

func TestProgramsHoldTheirState(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		token := "Bearer " + h.TokenFor(who)
		set := func(in m) zhidantest.Answer { return h.Call("PUT", "/me/state", in, "Authorization", token) }
		if got := set(m{"state": "online"}); got.Status != 200 || !strings.Contains(string(got.Body), `"held":true`) {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		pass(h, 48*time.Hour)
		stands(t, h, who.ID, roster.Online)
		set(m{"state": "meal", "until": h.Clock.Now().Add(30 * time.Minute)})
		pass(h, 29*time.Minute)
		stands(t, h, who.ID, roster.Meal)
		pass(h, 2*time.Minute)
		stands(t, h, who.ID, roster.Online)
		set(m{"state": "online", "until": h.Clock.Now().Add(time.Hour)})
		set(m{"state": "online", "until": h.Clock.Now().Add(2 * time.Hour)}) // the later word counts
		pass(h, 61*time.Minute)
		stands(t, h, who.ID, roster.Online)
		pass(h, time.Hour)
		stands(t, h, who.ID, roster.Offline)
		problem(t, set(m{"state": "asleep"}), 422, "state")
		problem(t, set(m{"state": "meal", "until": h.Clock.Now()}), 422, "until")
		problem(t, set(m{"state": "meal", "until": h.Clock.Now().Add(40 * 24 * time.Hour)}), 422, "until")
		problem(t, set(m{"state": "meal", "reason": strings.Repeat("长", 201)}), 422, "reason")
		problem(t, set(m{"state": "meal", "reason": "a\u0000b"}), 422, "reason")
	})
}

func TestBreaksHaveAQuota(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		token := "Bearer " + h.TokenFor(who)
		set := func(state string) zhidantest.Answer {
			return h.Call("PUT", "/me/state", m{"state": state}, "Authorization", token)
		}
		left := func() int64 {
			var x roster.AgentState
			h.Call("GET", "/me/state", nil, "Authorization", token).JSON(t, &x)
			return *x.BreakLeft
		}
		set("break")
		pass(h, 20*time.Minute)
		if left() != 40*60 {
			t.Errorf("%d s are left", left())
		}
		set("online")
		pass(h, time.Hour)
		set("break")
		pass(h, 45*time.Minute)
		if left() != -5*60 {
			t.Errorf("%d s are left", left())
		}
		set("online")
		problem(t, set("break"), 409, "roster.break_used")
		stands(t, h, who.ID, roster.Online)
		var list struct{ Items []roster.AgentState }
		h.Call("GET", "/agents/states?state=online", nil).JSON(t, &list)
		if len(list.Items) != 1 || *list.Items[0].BreakLeft != -5*60 {
			t.Errorf("%+v", list.Items)
		}
		if got := h.Call("PUT", "/agents/"+who.ID.String()+"/state", m{"state": "break", "reason": "请休息"}); got.Status != 200 {
			t.Errorf("a supervisor's word counts more: %d %s", got.Status, got.Body)
		}
		// Midnight in Shanghai is twelve hours after the clock's start. A break
		// that reaches over it counts for both days.
		h.Clock.Set(zhidantest.Start.Add(12*time.Hour + 10*time.Minute))
		h.Settle()
		if left() != 50*60 {
			t.Errorf("%d s are left of the new day", left())
		}
		// Without a quota nothing is counted.
		got := h.Call("GET", "/roster/settings", nil)
		var s roster.Settings
		got.JSON(t, &s)
		s.Break = 0
		if got = h.Call("PUT", "/roster/settings", s, "If-Match", got.Header.Get("ETag")); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		if got := h.Call("GET", "/me/state", nil); strings.Contains(string(got.Body), "break_left") {
			t.Errorf("%s", got.Body)
		}
		s.NoWork = []roster.State{roster.Busy}
		problem(t, h.Call("PUT", "/roster/settings", s), 422, "no_work_states")
		s.NoWork = []roster.State{roster.Offline, roster.Online}
		problem(t, h.Call("PUT", "/roster/settings", s), 422, "no_work_states")
		problem(t, h.Call("PUT", "/roster/settings", s, "If-Match", `"0"`), 422, "no_work_states")
		s.NoWork = []roster.State{roster.Offline}
		problem(t, h.Call("PUT", "/roster/settings", s, "If-Match", `"0"`), 412, "")
	})
}

func TestForcedByASupervisor(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		name := "一部"
		dept, err := h.Staff.CreateDepartment(bg, staff.System(h.Tenant), staff.DepartmentChange{Name: &name})
		ok(t, err)
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		lead := h.User("l@example.com", "主管", staff.Supervisor)
		apart := h.User("x@example.com", "外人", staff.Supervisor)
		for _, u := range []id.ID{who.ID, lead.ID} {
			_, err := h.Staff.UpdateUser(bg, staff.System(h.Tenant), u, 0, staff.UserChange{Department: &dept.ID})
			ok(t, err)
		}
		path := "/agents/" + who.ID.String() + "/state"
		as := func(a *staff.Actor) string { return "Bearer " + h.TokenFor(a) }
		problem(t, h.Call("PUT", path, m{"state": "busy"}, "Authorization", as(apart)), 404, "user.not_found")
		problem(t, h.Call("PUT", path, m{"state": "busy"}, "Authorization", as(who)), 403, "auth.forbidden")
		problem(t, h.Call("PUT", "/agents/77/state", m{"state": "busy"}), 404, "user.not_found")
		if got := h.Call("PUT", path, m{"state": "busy", "reason": "质检谈话"}, "Authorization", as(lead)); got.Status != 200 ||
			!strings.Contains(string(got.Body), `"forced":true`) || !strings.Contains(string(got.Body), lead.ID.String()) {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		events, err := h.Staff.Events(bg, h.Tenant, staff.EventFilter{}, 1)
		ok(t, err)
		if len(events) != 1 || events[0].Kind != "agent_state.forced" || events[0].Actor != lead.ID || events[0].Subject != who.ID {
			t.Errorf("%+v", events)
		}
		// Who has a screen may change it, and then it is forced no more.
		if got := h.Call("PUT", "/me/state", m{"state": "online"}, "Authorization", as(who)); got.Status != 200 || !strings.Contains(string(got.Body), `"forced":false`) {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		var past roster.StateHistory
		pass(h, time.Minute)
		h.Call("PUT", path, m{"state": "offline"}, "Authorization", as(lead))
		h.Call("GET", fmt.Sprintf("/agents/%s/state-history?from=%s&to=%s", who.ID, zhidantest.Start, h.Clock.Now()), nil).JSON(t, &past)
		if len(past.Items) != 1 || past.Items[0].State != roster.Online {
			t.Errorf("%+v", past.Items)
		}
		screen(t, h, "a@example.com")
		stands(t, h, who.ID, roster.Offline) // sent away, and stays so today
		var list struct{ Items []roster.AgentState }
		h.Call("GET", "/agents/states", nil, "Authorization", as(lead)).JSON(t, &list)
		if len(list.Items) != 2 {
			t.Errorf("the lead sees %+v", list.Items)
		}
		h.Call("GET", "/agents/states", nil, "Authorization", as(apart)).JSON(t, &list)
		if len(list.Items) != 1 {
			t.Errorf("the other supervisor sees %+v", list.Items)
		}
		problem(t, h.Call("GET", fmt.Sprintf("/agents/%s/state-history?from=%s&to=%s", who.ID, zhidantest.Start, h.Clock.Now()), nil, "Authorization", as(apart)), 404, "user.not_found")
		problem(t, h.Call("GET", fmt.Sprintf("/agents/%s/state-history?from=%s&to=%s", who.ID, zhidantest.Start, h.Clock.Now().Add(100*24*time.Hour)), nil), 422, "to")
		// Pages go on where the one before ended.
		seen := map[id.ID]bool{}
		for cursor := ""; ; {
			var page struct {
				Items []roster.AgentState
				Next  string `json:"next_cursor"`
			}
			h.Call("GET", "/agents/states?limit=1&cursor="+cursor, nil).JSON(t, &page)
			if len(page.Items) > 1 {
				t.Fatalf("%+v", page)
			}
			for _, x := range page.Items {
				seen[x.User] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 4 {
			t.Errorf("%d people on all pages", len(seen))
		}
	})
}

// What follows a change commits with it or not at all.
func TestWhatFollowsCommitsWithTheChange(t *testing.T) {
	var refuse bool
	var mu sync.Mutex
	var told []string
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		told = nil
		refuse = true
		if _, err := h.Roster.SetOwn(bg, who, roster.NewState{State: roster.Online}); err == nil {
			t.Error("the change went through without what has to follow it")
		}
		stands(t, h, who.ID, roster.Offline)
		refuse = false
		_, err := h.Roster.SetOwn(bg, who, roster.NewState{State: roster.Online})
		ok(t, err)
		_, err = h.Roster.SetOwn(bg, who, roster.NewState{State: roster.Online, Reason: "还在"}) // no change of state
		ok(t, err)
		_, err = h.Roster.SetOwn(bg, who, roster.NewState{State: roster.Offline})
		ok(t, err)
		if want := []string{"offline>online", "online>offline"}; !slices.Equal(told, want) {
			t.Errorf("told of %v, not %v", told, want)
		}
	}, func(s *server.Server) {
		s.Roster.Changed = func(_ context.Context, _ *db.Tx, _, _ id.ID, _, _ roster.State) error {
			if refuse {
				return errors.New("no")
			}
			return nil
		}
		s.Roster.OnChange(func(_ context.Context, _, _ id.ID, from, to roster.State) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, string(from)+">"+string(to))
		})
	})
}

func TestTwoNodesKnowOfEachOther(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		who := h.User("a@example.com", "坐席甲", staff.Agent)
		n := h.Second()
		for _, x := range []*zhidantest.House{h, n} {
			ctx, cancel := context.WithTimeout(bg, 2*time.Minute)
			defer cancel()
			ok(t, x.Bus.Ready(ctx))
		}
		stands(t, n, who.ID, roster.Offline) // it has read them, and from now on must hear
		hears := func(x *zhidantest.House, want roster.State) {
			t.Helper()
			for end := time.Now().Add(2 * time.Minute); status(t, x, who.ID).State != want; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("the other node knows %s, not %s", status(t, x, who.ID).State, want)
				}
			}
		}
		both := func(want roster.State) { t.Helper(); hears(h, want); hears(n, want) }
		first := screen(t, h, "a@example.com")
		both(roster.Online)
		second := screen(t, n, "a@example.com")
		first()
		pass(h, 2*time.Minute)
		ok(t, n.Roster.Beat(bg))
		both(roster.Online) // there is one on the second node
		second()
		pass(h, 59*time.Second)
		both(roster.Online)
		pass(h, 2*time.Second)
		both(roster.Offline)

		// A node dies with a screen on it: nobody there says that it is gone.
		screen(t, n, "a@example.com")
		both(roster.Online)
		n.Roster.Close()
		pass(h, 50*time.Second)
		ok(t, h.Roster.Beat(bg))
		h.Settle()
		both(roster.Online)
		pass(h, 20*time.Second)
		ok(t, h.Roster.Beat(bg))
		h.Settle()
		hears(h, roster.Offline)
		// A node that was only cut off takes its people back.
		ok(t, n.Roster.Beat(bg))
		hears(h, roster.Online)
	})
}

// Random histories against a simple reference: who has had no screen for longer
// than the grace is offline, stretches follow each other without a gap, and
// what was set by hand is what it is.
func TestRandomHistories(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		r := rand.New(rand.NewPCG(7, 11))
		const people, steps = 6, 250
		type model struct {
			screens int
			gone    clock.Time
			state   roster.State
			hand    roster.State
			handAt  clock.Time
			held    bool
		}
		zone, err := time.LoadLocation("Asia/Shanghai")
		ok(t, err)
		day := func(at clock.Time) string { return at.Std().In(zone).Format(time.DateOnly) }
		who, ref := make([]*staff.Actor, people), make([]model, people)
		for i := range who {
			who[i], ref[i] = h.User(fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("坐席%d", i), staff.Agent), model{state: roster.Offline}
		}
		begin := h.Clock.Now()
		for step := range steps {
			i := r.IntN(people)
			x := &ref[i]
			switch r.IntN(6) {
			case 0:
				x.screens++
				h.Roster.Connected(h.Tenant, who[i].ID, x.screens)
				ok(t, h.Roster.Flush(bg))
				if x.screens == 1 {
					x.gone, x.held = 0, false
				}
				if x.screens == 1 && x.state == roster.Offline {
					x.state = roster.Online
					if x.hand != "" && day(x.handAt) == day(h.Clock.Now()) {
						x.state = x.hand
					} else {
						x.hand = ""
					}
				}
			case 1:
				if x.screens == 0 {
					continue
				}
				x.screens--
				h.Roster.Connected(h.Tenant, who[i].ID, x.screens)
				ok(t, h.Roster.Flush(bg))
				if x.screens == 0 && x.state != roster.Offline && !x.held {
					x.gone = h.Clock.Now()
				}
			case 2, 3:
				to := []roster.State{roster.Online, roster.Busy, roster.Meal, roster.Training, roster.AfterCall, roster.Offline}[r.IntN(6)]
				if r.IntN(2) == 0 {
					_, err := h.Roster.SetOwn(bg, who[i], roster.NewState{State: to}) // by a program
					ok(t, err)
				} else {
					_, err := h.Roster.Force(bg, h.Admin, who[i].ID, roster.NewState{State: to})
					ok(t, err)
				}
				x.held = x.screens == 0 && to != roster.Offline
				x.state, x.hand, x.handAt = to, to, h.Clock.Now()
				if x.held || to == roster.Offline {
					x.gone = 0
				}
			default:
				h.Clock.Advance(time.Duration(1+r.IntN(50)) * time.Second)
				if r.IntN(12) == 0 {
					h.Clock.Advance(time.Duration(r.IntN(30)) * time.Hour)
				}
				ok(t, h.Roster.Beat(bg)) // before timers: this node lives
				h.Settle()
				for j := range ref {
					if y := &ref[j]; y.gone != 0 && h.Clock.Now() >= y.gone.Add(time.Minute) {
						y.gone, y.state = 0, roster.Offline
					}
				}
			}
			for j := range ref {
				if got := status(t, h, who[j].ID); got.State != ref[j].state || got.Held != ref[j].held {
					t.Fatalf("step %d: person %d is %+v, not %+v", step, j, got, ref[j])
				}
			}
		}
		h.Clock.Advance(time.Second)
		for i := range who {
			from := begin
			var last clock.Time
			for more := true; more; {
				var past roster.StateHistory
				h.Call("GET", fmt.Sprintf("/agents/%s/state-history?from=%s&to=%s&limit=7", who[i].ID, from, h.Clock.Now()), nil).JSON(t, &past)
				for _, s := range past.Items {
					if s.To <= s.From || last != 0 && s.From != last {
						t.Fatalf("person %d: a stretch from %s after one to %s", i, s.From, last)
					}
					last = s.To
				}
				from, more = last, past.More
			}
			if last != h.Clock.Now() && last != 0 {
				t.Errorf("person %d: the stretches end at %s", i, last)
			}
		}
	})
}
