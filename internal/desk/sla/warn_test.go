package sla_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
)

// A list knows from when on a ticket is in danger, whatever has moved that: a
// pause, another priority, or the version that the ticket came under.
func TestListsKnowWhenToWarn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		p := sla18(t).(map[string]any)
		p["warnings"] = []any{map[string]any{"percent": 50}, map[string]any{"before_minutes": 20}}
		a := s.Call("POST", "/sla/policies", p)
		if a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		var made struct {
			ID string `json:"id"`
		}
		a.JSON(t, &made)
		tk := s.open(ticket.Normal)
		born := s.Clock.Now()
		check := func(what string, from clock.Time, warn time.Duration) {
			t.Helper()
			now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
			s.must(err)
			got := fmt.Sprintf("%v %v", now.SLAFrom.Sub(born), now.WarnAt.Sub(born))
			if now.WarnAt == 0 {
				got = "none"
			}
			want := fmt.Sprintf("%v %v", from.Sub(born), warn)
			if warn < 0 {
				want = "none"
			}
			if got != want {
				t.Errorf("%s: %s, not %s", what, got, want)
			}
		}
		check("born", born, time.Hour)
		s.Clock.Advance(10 * time.Minute)
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Pending})
		check("paused without end", born, -1)
		s.Clock.Advance(5 * time.Minute)
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Open})
		check("on with its rest", born, 65*time.Minute)
		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.High})
		check("sooner", born, 35*time.Minute)
		// Another version is for those who come later.
		p["warnings"] = []any{map[string]any{"percent": 90}}
		if a := s.Call("PUT", "/sla/policies/"+made.ID, p); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.Normal})
		check("its own version", born, 65*time.Minute)
		var soon struct {
			Items []struct {
				Metric string     `json:"metric"`
				From   clock.Time `json:"started_at"`
				Warn   clock.Time `json:"warn_at"`
			} `json:"items"`
		}
		s.Call("GET", "/sla/soon?minutes=600", nil).JSON(t, &soon)
		if len(soon.Items) != 1 || soon.Items[0].Metric != "resolution" || soon.Items[0].From != born || soon.Items[0].Warn.Sub(born) != 65*time.Minute {
			t.Errorf("what is due soon: %+v", soon.Items)
		}
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		check("over", born, -1)
	})
}

// Every version of a policy can be read again, the shipped one too.
func TestVersionsOfAPolicy(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		list := func(id, query string) string {
			t.Helper()
			var l struct {
				Items []struct {
					By *struct {
						Name string `json:"name"`
					} `json:"by"`
					Policy struct {
						Name    string `json:"name"`
						Version int    `json:"version"`
					} `json:"policy"`
				} `json:"items"`
			}
			a := s.Call("GET", "/sla/policies/"+id+"/versions"+query, nil)
			if a.Status != http.StatusOK {
				return fmt.Sprint(a.Status)
			}
			a.JSON(t, &l)
			out := ""
			for _, x := range l.Items {
				by := "-"
				if x.By != nil {
					by = x.By.Name
				}
				out += fmt.Sprintf("%d %s %s; ", x.Policy.Version, x.Policy.Name, by)
			}
			return out
		}
		if got := list("1", ""); got != "1 Default -; " {
			t.Errorf("as shipped: %s", got)
		}
		for _, name := range []string{"一", "二"} {
			if a := s.Call("PUT", "/sla/policies/1", map[string]any{"name": name, "targets": []any{}}); a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		who := s.Admin.Name
		if got, want := list("1", ""), fmt.Sprintf("3 二 %s; 2 一 %s; 1 Default -; ", who, who); got != want {
			t.Errorf("%s, not %s", got, want)
		}
		if got, want := list("1", "?before=3"), fmt.Sprintf("2 一 %s; 1 Default -; ", who); got != want {
			t.Errorf("%s, not %s", got, want)
		}
		if got := list("9", ""); got != "404" {
			t.Errorf("of none: %s", got)
		}
	})
}
