package server_test

import (
	"net/http"
	"strings"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/zhidantest"
)

type trail struct {
	Items []struct {
		ID, Kind, Name, Operation, Addr, Credential string
		Actor                                       string `json:"actor_id"`
		ActorName                                   string `json:"actor_name"`
		Data                                        struct {
			Changes []staff.FieldChange
			Fields  []string
		}
	}
	Next string `json:"next_cursor"`
}

// Who changed a form reads in the trail, with what it was before and from
// where; what a room does not tell by itself the door tells by its names.
func TestTheTrailTellsWhoChangedWhat(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		ask := func(query string) (out trail) {
			t.Helper()
			a := h.Call("GET", "/audit?"+query, nil)
			if a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			a.JSON(t, &out)
			return out
		}
		type m = map[string]any
		var made m
		h.Call("POST", "/config/codes", m{"list": "cause", "key": "weather", "name": m{"zh": "天气", "en": "Weather"}, "position": 1, "retired": false}).JSON(t, &made)
		made["name"] = m{"zh": "恶劣天气", "en": "Weather"}
		delete(made, "$schema")
		if a := h.Call("PUT", "/config/codes/"+made["id"].(string), made); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		got := ask("kind=code.").Items
		if len(got) != 2 || got[0].Kind != "code.updated" || got[1].Kind != "code.created" {
			t.Fatalf("%+v", got)
		}
		e := got[0]
		if e.ActorName != "管理员" || e.Name != "恶劣天气" || e.Operation != "config-codes-update" || e.Addr != "127.0.0.1" || !strings.HasPrefix(e.Credential, "token ") {
			t.Errorf("%+v", e)
		}
		if len(e.Data.Changes) != 1 || e.Data.Changes[0].Field != "name" || e.Data.Changes[0].From.(m)["zh"] != "天气" || e.Data.Changes[0].To.(m)["zh"] != "恶劣天气" {
			t.Errorf("before and after: %+v", e.Data)
		}

		// What holds secrets is told by the names of its fields alone.
		secret := "a-word-that-nobody-may-read"
		a := h.Call("PUT", "/notify/channels/robot", m{"kind": "webhook", "name": "值班群", "active": false, "secret": m{"secret": secret}, "config": m{"url": "https://example.com/hook"}})
		raw := h.Call("GET", "/audit?limit=1", nil)
		if a.Status == http.StatusOK && !strings.Contains(string(raw.Body), `"name"`) || strings.Contains(string(raw.Body), secret) {
			t.Errorf("%d %s: %s", a.Status, a.Body, raw.Body)
		}

		// By person, by time, by page, and as a table.
		other := h.User("b@example.com", "另一位", staff.Administrator)
		if a := h.Call("POST", "/staff/skills", m{"name": "英语"}, "Authorization", "Bearer "+h.TokenFor(other)); a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if got := ask("actor_id=" + other.ID.String()).Items; len(got) != 1 || got[0].Kind != "skill.created" || got[0].Name != "英语" {
			t.Errorf("by person: %+v", got)
		}
		all := ask("limit=200").Items
		var paged []string
		for cursor := ""; ; {
			p := ask("limit=3&cursor=" + cursor)
			for _, e := range p.Items {
				paged = append(paged, e.ID)
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(paged) != len(all) {
			t.Errorf("%d by pages, %d at once", len(paged), len(all))
		}
		if got := ask("from=2030-01-01T00:00:00Z").Items; len(got) != 0 {
			t.Errorf("of the future: %+v", got)
		}
		if got := ask("from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&limit=200").Items; len(got) != len(all) {
			t.Errorf("of the day: %d of %d", len(got), len(all))
		}
		table := string(h.Call("GET", "/audit.csv?kind=code.updated", nil).Body)
		if lines := strings.Split(strings.TrimSpace(table), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "恶劣天气") {
			t.Errorf("as a table: %s", table)
		}
		if got := ask("limit=1").Items; got[0].Kind != "audit.exported" {
			t.Errorf("taking it out leaves a trace too: %+v", got)
		}

		// What was refused leaves none.
		before := len(ask("limit=200").Items)
		h.Call("POST", "/config/codes", m{"list": "cause", "key": "weather", "name": m{"zh": "天气", "en": ""}, "position": 1, "retired": false})
		if after := len(ask("limit=200").Items); after != before {
			t.Errorf("%d traces of a refusal", after-before)
		}
	})
}
