package sla_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
)

type listed struct {
	Items []struct {
		ID        string     `json:"id"`
		Due       clock.Time `json:"due_at"`
		SLA       string     `json:"sla"`
		Metric    string     `json:"sla_metric"`
		UpdatedAt clock.Time `json:"updated_at"`
	} `json:"items"`
	Next string `json:"next_cursor"`
}

// list reads all pages and tells the tickets in words.
func (s *scene) list(query string, names map[string]string, headers ...string) string {
	s.t.Helper()
	var out []string
	cursor := ""
	for range 20 {
		a := s.Call("GET", "/tickets?limit=2&"+query+cursor, nil, headers...)
		if a.Status != http.StatusOK {
			s.t.Fatalf("%d %s", a.Status, a.Body)
		}
		var l listed
		a.JSON(s.t, &l)
		for _, x := range l.Items {
			w := names[x.ID] + " " + x.SLA
			if x.Metric != "" {
				w += " " + x.Metric
			}
			if x.Due != 0 {
				w += fmt.Sprintf(" %dm", x.Due.Sub(s.Clock.Now())/time.Minute)
			}
			out = append(out, w)
		}
		if l.Next == "" {
			return strings.Join(out, ", ")
		}
		cursor = "&cursor=" + l.Next
	}
	s.t.Fatal("the list has no end")
	return ""
}

func TestListsKnowWhatIsDue(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		p := sla18(t)
		a := s.Call("POST", "/sla/policies", p)
		if a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		names := map[string]string{}
		tickets := map[string]*ticket.Ticket{}
		for name, priority := range map[string]ticket.Priority{"normal": ticket.Normal, "urgent": ticket.Urgent, "high": ticket.High, "bare": ticket.Low, "waits": ticket.Normal, "over": ticket.Normal} {
			tickets[name] = s.open(priority)
			names[tickets[name].ID.String()] = name
		}
		s.do(tickets["bare"], "priority", &ticket.PriorityInput{Priority: ticket.Low}) // as it is understood it is more
		s.do(tickets["waits"], "status", &ticket.StatusInput{Status: ticket.Pending})
		s.Clock.Advance(10 * time.Minute)
		s.do(tickets["over"], "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		s.say(tickets["high"], ticket.Note) // high was touched last

		check := func(query, want string, headers ...string) {
			t.Helper()
			if got := s.list(query, names, headers...); got != want {
				t.Errorf("%s\n got %s\nwant %s", query, got, want)
			}
		}
		check("filter=active&sort=due", "urgent running resolution 20m, high running resolution 50m, normal running resolution 110m, "+
			tail(tickets, "bare none", "waits paused resolution"))
		check("view=18", "urgent running resolution 20m, high running resolution 50m")
		check("view=19", "")
		check(`filter=sla+%3D%3D+%22met%22`, "over met resolution")
		check(`filter=sla+%3D%3D+%22paused%22`, "waits paused resolution")

		// Late: the ticket says so by itself, and nobody seems to have worked on it.
		// What had ended is in the reports.
		var r sla.Report
		s.Call("GET", "/sla/report?by=policy&metric=resolution&"+inNovember, nil).JSON(t, &r)
		if len(r.Items) != 1 || r.Items[0].Met != 1 {
			t.Errorf("the report says %+v", r.Items)
		}
		s.Clock.Advance(20*time.Minute + time.Second)
		s.Settle()
		check("view=18", "high running resolution 29m, normal running resolution 89m"[:len("high running resolution 29m")])
		check("view=19", "urgent breached resolution 0m")
		check("filter=active&sort=-due", tail(tickets, "bare none", "waits paused resolution", "desc")+", normal running resolution 89m, high running resolution 29m, urgent breached resolution 0m")
		var l listed
		s.Call("GET", "/tickets?filter=active&limit=1", nil).JSON(t, &l)
		if names[l.Items[0].ID] != "high" {
			t.Errorf("%s was updated last", names[l.Items[0].ID])
		}
		// An agent, for whom no index leads straight there, sees the same.
		agent := s.User("agent@example.com", "坐席", staff.Supervisor)
		s.do(tickets["urgent"], "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: agent.ID}})
		check("view=19", "urgent breached resolution 0m", "Authorization", "Bearer "+s.TokenFor(agent))

		s.do(tickets["urgent"], "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		check("view=19", "")
		var one struct {
			SLA string `json:"sla"`
		}
		s.Call("GET", "/tickets/"+tickets["urgent"].ID.String(), nil).JSON(t, &one)
		if one.SLA != "breached" {
			t.Errorf("solved late it is %s", one.SLA)
		}
	})
}

// tail is two tickets that nothing is due on, in the order of their ids.
func tail(of map[string]*ticket.Ticket, a, b string, order ...string) string {
	name := func(s string) string { n, _, _ := strings.Cut(s, " "); return n }
	if (of[name(a)].ID > of[name(b)].ID) == (len(order) == 0) {
		a, b = b, a
	}
	return a + ", " + b
}

// sla18 promises only the resolution, in minutes, and nothing on low tickets.
func sla18(t *testing.T) any {
	var p any
	if err := json.Unmarshal([]byte(`{"name":"short","position":1,"pauses":[{"statuses":["pending"]}],"targets":[{"metric":"resolution",
		"urgent":{"minutes":30,"calendar":"always"},"high":{"minutes":60,"calendar":"always"},"normal":{"minutes":120,"calendar":"always"}}]}`), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// A promise that breaks does not take away the right to undo a bulk change.
func TestABreachDoesNotBarUndo(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		tk := s.open(ticket.Normal)
		a := s.Call("POST", "/bulk", map[string]any{"action": "priority", "input": map[string]any{"priority": "urgent"}, "ids": []string{tk.ID.String()}})
		var run struct {
			Undo string `json:"undo_id"`
		}
		a.JSON(t, &run)
		s.Settle()
		s.Clock.Advance(31 * time.Minute)
		s.Settle()
		if len(s.told(tk)) != 2 {
			t.Fatalf("told %v", s.told(tk))
		}
		if a := s.Call("POST", "/undo/"+run.Undo, nil); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.Settle()
		now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
		s.must(err)
		if now.Priority != ticket.Normal {
			t.Errorf("after the undo it is %s", now.Priority)
		}
	})
}

// A holiday that is imported moves the date in the list too, and says so on the
// ticket.
func TestAMovedDateIsOnTheTimeline(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		tk := s.open(ticket.Low)
		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.Low})
		office := map[string]any{"format": "json", "data": `{"year":2026,"holidays":[{"from":"2026-11-23","to":"2026-11-23","name":"演示假日"}]}`}
		if a := s.Call("POST", "/calendars/tables/cn/import", office); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.Settle()
		now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
		s.must(err)
		if now.DueAt != moment(t, "2026-11-24", "17:00") || now.SLA != ticket.SLARunning {
			t.Errorf("the ticket says %s, %s", said(now.DueAt), now.SLA)
		}
		if got := strings.Join(s.told(tk), ", "); got != "first_response moved" {
			t.Errorf("the timeline says %s", got)
		}
	})
}

// When the limit of a pause ends it, lists show that time runs again.
func TestTheEndOfAPauseIsSeen(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		p := sla18(t).(map[string]any)
		p["pause_limit_minutes"] = 15
		if a := s.Call("POST", "/sla/policies", p); a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		tk := s.open(ticket.Urgent)
		s.Clock.Advance(10 * time.Minute)
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Pending})
		stands := func(want string) {
			t.Helper()
			now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
			s.must(err)
			if got := fmt.Sprint(now.SLA, " ", now.DueAt.Sub(s.Clock.Now())); got != want {
				t.Errorf("it stands at %s, not %s", got, want)
			}
		}
		stands("paused 35m0s")
		s.Clock.Advance(16 * time.Minute)
		s.Settle()
		stands("running 19m0s")
		if got := strings.Join(s.told(tk), ", "); got != "resolution resumed" {
			t.Errorf("the timeline says %s", got)
		}
	})
}

// Tickets from before there were clocks get them when all are renewed.
func TestRenewingGivesClocksToOlderTickets(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		passes := s.Desk.Passes
		s.Desk.Passes = nil
		born := s.Clock.Now()
		tk, done := s.open(ticket.Urgent), s.open(ticket.Urgent)
		s.do(done, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		s.Desk.Passes = passes
		stand, err := s.room.Standing(ctx, s.Tenant)
		s.must(err)
		s.Clock.Advance(10 * time.Minute)
		loaded, ended := *tk, *done
		now, err := s.Desk.Get(ctx, s.Admin, done.ID)
		s.must(err)
		ended = *now
		past := &sla.Past{}
		s.must(stand(&loaded, s.Clock.Now(), past))
		s.must(stand(&ended, s.Clock.Now(), past))
		s.must(s.DB.Tx(ctx, past.WriteIn))
		if loaded.DueAt != born.Add(30*time.Minute) || loaded.SLA != ticket.SLARunning || loaded.SLAMetric != "first_response" || loaded.WarnAt.Sub(born) != 22*time.Minute+30*time.Second || ended.SLA != ticket.SLAMet || ended.DueAt != 0 {
			t.Errorf("loaded they would stand at %s %s %s, %s %s", loaded.SLA, loaded.DueAt, loaded.SLAMetric, ended.SLA, ended.DueAt)
		}
		s.Call("POST", "/sla/renew", nil)
		s.Settle()
		s.expect(tk, "first_response", sla.StateRunning, 10*time.Minute, born.Add(30*time.Minute))
		now, err = s.Desk.Get(ctx, s.Admin, tk.ID)
		s.must(err)
		if now.DueAt != loaded.DueAt || now.SLA != loaded.SLA || now.WarnAt != loaded.WarnAt || now.SLAFrom != loaded.SLAFrom {
			t.Errorf("renewed it stands at %s %s", now.SLA, now.DueAt)
		}
		s.Clock.Advance(20*time.Minute + time.Second)
		s.Settle()
		if got := strings.Join(s.told(tk), ", "); !strings.HasSuffix(got, "first_response percent:75, first_response breach") {
			t.Errorf("told %s", got)
		}
	})
}
