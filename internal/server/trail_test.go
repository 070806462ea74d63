package server_test

import (
	"fmt"
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

// What a desk works by is told with what it was before, in each room; of an
// address the host alone, and of a secret that it was given.
func TestTheTrailHasBeforeAndAfter(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		type m = map[string]any
		closed := [][]string{{}, {}, {}, {}, {}, {}, {}}
		do := func(method, path string, body m) (out m) {
			t.Helper()
			a := h.Call(method, path, body)
			if a.Status >= 300 {
				t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
			}
			a.JSON(t, &out)
			return out
		}
		newest := func() (kind, told string) {
			t.Helper()
			var got trail
			h.Call("GET", "/audit?limit=1", nil).JSON(t, &got)
			for _, c := range got.Items[0].Data.Changes {
				told += fmt.Sprintf("%s %v>%v; ", strings.Join(append([]string{c.Field}, c.Path...), "/"), c.From, c.To)
			}
			return got.Items[0].Kind, told
		}
		expect := func(kind string, parts ...string) {
			t.Helper()
			k, told := newest()
			for _, p := range parts {
				if !strings.Contains(told, p) {
					t.Errorf("%s: %q is not in %s", k, p, told)
				}
			}
			if k != kind {
				t.Errorf("%s, not %s", k, kind)
			}
		}
		policy := do("POST", "/sla/policies", m{"name": "金牌", "when": `tier == "vip"`, "targets": []m{}})
		expect("sla_policy.created", "name <nil>>金牌")
		do("PUT", "/sla/policies/"+policy["id"].(string), m{"name": "金牌", "when": `tier == "gold"`, "targets": []m{}})
		expect("sla_policy.updated", `when tier == "vip">tier == "gold"; `)
		calendar := do("POST", "/calendars", m{"key": "night", "name": m{"zh": "夜班", "en": ""}, "zone": "Asia/Shanghai", "week": closed})
		do("PUT", "/calendars/"+calendar["id"].(string), m{"key": "night", "name": m{"zh": "夜班", "en": ""}, "zone": "Asia/Tokyo", "week": closed})
		expect("calendar.updated", "zone Asia/Shanghai>Asia/Tokyo")
		do("PUT", "/calendars/assignment", m{"tenant": calendar["id"], "departments": m{}, "teams": m{}})
		expect("calendar.assigned", "夜班")
		do("PUT", "/roster/settings", m{"grace_seconds": 45, "break_minutes_per_day": 60, "no_work_states": []string{"busy", "offline"}, "min_rest_minutes": 0, "max_shift_minutes": 600, "max_week_minutes": 0, "swap_needs_approval": true})
		expect("roster.settings", ">45; ")
		do("PUT", "/understanding/fields/type", m{"off": false, "threshold": 0.91, "suggest": 0.3})
		expect("understanding.updated", "0.91")
		set := do("POST", "/routing/sets", m{"name": "旺季", "rules": []m{{"name": "全部", "mode": "pull"}}})["set"].(m)
		expect("routing.set", "name ", "全部")
		h.Call("POST", fmt.Sprintf("/routing/sets/%v/state", set["version"]), m{"state": "active"})
		expect("routing.set", "state draft>active", "全部")
		do("PUT", "/notify/templates", m{"event": "assigned", "locale": "zh-CN", "title": "{number} 派给您", "text": "请处理"})
		expect("notify_template.updated", ">{number} 派给您")

		secret := "k-that-nobody-may-read"
		do("PUT", "/notify/channels/hook", m{"kind": "webhook", "name": "值班", "active": false, "secrets": m{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "config": m{"url": "https://hook.example.com/" + secret}})
		raw := string(h.Call("GET", "/audit?limit=1", nil).Body)
		if strings.Contains(raw, secret) || strings.Contains(raw, "whsec_") || !strings.Contains(raw, "https://hook.example.com") || !strings.Contains(raw, `"secrets":["secret"]`) {
			t.Errorf("a channel: %s", raw)
		}
	})
}
