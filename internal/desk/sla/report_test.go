package sla_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/ticket"
)

const inNovember = "from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"

// rows tells the lines of a report in words.
func (s *scene) rows(query string, headers ...string) string {
	s.t.Helper()
	a := s.Call("GET", "/sla/report?"+query, nil, headers...)
	if a.Status != http.StatusOK {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	var r sla.Report
	a.JSON(s.t, &r)
	var out []string
	for _, x := range r.Items {
		name := x.Name
		if x.Week != 0 {
			name = x.Week.Std().Format(time.DateOnly)
		}
		w := fmt.Sprintf("%s %s %d:%d", name, x.Metric, x.Met, x.Breached)
		if x.Stopped > 0 {
			w += fmt.Sprintf(" stopped %d", x.Stopped)
		}
		if x.Paused > 0 {
			w += fmt.Sprintf(" paused %gm", x.Paused/60)
		}
		for k, n := range x.Reasons {
			w += fmt.Sprintf(" %s %d", k, n)
		}
		out = append(out, w)
	}
	return strings.Join(out, "; ")
}

func TestReportsCountWhatEnded(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		a, b := s.floor("=甲"), s.floor("乙")
		s.policy(sla18(t).(map[string]any))
		solve := func(tk *ticket.Ticket) {
			s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		}
		kept, late, paused, cancelled := s.open(ticket.Urgent), s.open(ticket.Urgent), s.open(ticket.High), s.open(ticket.Normal)
		a.give(kept)
		a.give(late)
		b.give(paused)
		b.give(cancelled)
		s.Clock.Advance(10 * time.Minute)
		solve(kept)
		s.do(paused, "status", &ticket.StatusInput{Status: ticket.Pending})
		s.do(cancelled, "status", &ticket.StatusInput{Status: ticket.Cancelled, Reason: "spam"})
		why := "/tickets/" + late.ID.String() + "/sla/breach-reason"
		a.as(a.agent, 409, "POST", why, map[string]any{"metric": "resolution", "reason": "staffing"}, nil)
		s.Clock.Advance(50 * time.Minute)
		s.Settle()
		solve(late)
		a.as(a.agent, 200, "POST", why, map[string]any{"metric": "resolution", "reason": "waiting_supplier", "note": "配件"}, nil)
		a.as(a.agent, 422, "POST", why, map[string]any{"metric": "resolution", "reason": "moon"}, nil)
		if x := s.clocks(late)["resolution"]; x.Reason != "waiting_supplier" || x.Note != "配件" {
			t.Errorf("the reason is %q, %q", x.Reason, x.Note)
		}
		s.Clock.Advance(7 * 24 * time.Hour) // the next week
		s.say(paused, ticket.FromCustomer)
		solve(paused)

		for query, want := range map[string]string{
			"by=team":                        "=甲组 resolution 1:1 waiting_supplier 1; 乙组 resolution 1:0 stopped 1 paused 10130m",
			"by=agent&metric=resolution":     "=甲agent resolution 1:1 waiting_supplier 1; 乙agent resolution 1:0 stopped 1 paused 10130m",
			"by=policy":                      "short resolution 2:1 stopped 1 paused " + fmt.Sprintf("%gm", 10130.0/3) + " waiting_supplier 1",
			"by=week":                        "2026-11-15 resolution 1:1 stopped 1 waiting_supplier 1; 2026-11-22 resolution 1:0 paused 10130m",
			"by=policy&metric=next_response": "",
		} {
			if got := s.rows(inNovember + "&" + query); got != want {
				t.Errorf("%s\n got %s\nwant %s", query, got, want)
			}
		}
		if got := s.rows("from=2026-11-22T00:00:00Z&to=2026-12-01T00:00:00Z&by=team"); got != "乙组 resolution 1:0 paused 10130m" {
			t.Errorf("of the second week: %s", got)
		}
		// Everybody sees what is theirs.
		if got := s.rows(inNovember+"&by=team", "Authorization", "Bearer "+b.tokens[b.leader]); got != "乙组 resolution 1:0 stopped 1 paused 10130m" {
			t.Errorf("a lead sees %s", got)
		}
		if got := s.rows(inNovember+"&by=agent", "Authorization", "Bearer "+a.tokens[a.lead]); got != "" {
			t.Errorf("an agent sees %s", got)
		}
		nobody := s.User("nobody@example.com", "无权限")
		if r := s.Call("GET", "/sla/report?"+inNovember, nil, "Authorization", "Bearer "+s.TokenFor(nobody)); r.Status != http.StatusForbidden {
			t.Errorf("without the right: %d", r.Status)
		}
		for _, bad := range []string{"from=2026-11-01T00:00:00Z&to=2026-11-01T00:00:00Z", "from=2020-11-01T00:00:00Z&to=2026-11-01T00:00:00Z"} {
			if r := s.Call("GET", "/sla/report?"+bad, nil); r.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", bad, r.Status)
			}
		}
		r := s.Call("GET", "/sla/report.csv?by=team&"+inNovember, nil)
		table, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(r.Body), "\ufeff"))).ReadAll()
		if err != nil || len(table) != 3 || table[1][0] != "'=甲组" || table[1][3] != "1" || table[1][6] != "0.5000" || table[2][0] != "乙组" {
			t.Errorf("as a table: %v %v", table, err)
		}
		if r := s.Call("GET", "/sla/report.csv?by=team", nil); r.Status != http.StatusUnprocessableEntity {
			t.Errorf("a table of no time: %d", r.Status)
		}
	})
}
