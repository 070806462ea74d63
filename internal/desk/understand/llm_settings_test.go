package understand_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/mind/llm"
	"zhidan/internal/mind/llm/llmtest"
	"zhidan/internal/zhidantest"
)

func TestSettingsOfLanguageModels(t *testing.T) {
	peer := llmtest.New(t)
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		configure(t, h, peer)
		get := h.Call("GET", "/understanding/llm", nil)
		if s := string(get.Body); strings.Contains(s, "secret") || !strings.Contains(s, `"key_set":true`) {
			t.Errorf("read: %s", s)
		}
		var raw string
		if err := h.DB.QueryRow(t.Context(), `select data from understand_setting where tenant_id = $1 and name = 'llm'`, h.Tenant).Scan(&raw); err != nil || strings.Contains(raw, "secret") || strings.Contains(raw, "c2stdmVyeS1zZWNyZXQ") {
			t.Errorf("stored: %s %v", raw, err)
		}
		change := func(edit func(m M, p M)) zhidantest.Answer {
			var m M
			h.Call("GET", "/understanding/llm", nil).JSON(t, &m)
			delete(m, "$schema")
			edit(m, m["providers"].([]any)[0].(M))
			return h.Call("PUT", "/understanding/llm", m)
		}
		// The key stays when it is not given, and does not go to another address.
		if a := change(func(_, p M) { p["model"] = "other" }); a.Status != 200 || !strings.Contains(string(a.Body), `"key_set":true`) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := change(func(_, p M) { p["base_url"] = "http://127.0.0.1:9/v1" }); a.Status != 422 || !strings.Contains(string(a.Body), "providers[0].key") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := change(func(m, _ M) { m["version"] = 1 }); a.Status != 412 {
			t.Errorf("old version: %d %s", a.Status, a.Body)
		}
		for name, edit := range map[string]func(m, p M){
			"kind":           func(_, p M) { p["kind"] = "other" },
			"base_url":       func(_, p M) { p["base_url"] = "file:///etc/passwd" },
			"tasks.classify": func(m, _ M) { m["tasks"] = M{"classify": []string{"nobody"}} },
			"tasks":          func(m, _ M) { m["tasks"] = M{"rule the world": []string{"peer"}} },
			"name":           func(_, p M) { p["name"] = "\n" },
			"daily":          func(m, _ M) { m["daily_budget_micros"] = -1 },
		} {
			if a := change(edit); a.Status != 422 || !strings.Contains(string(a.Body), name) {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		test := func() (out struct {
			OK   bool
			Code string
		}) {
			h.Call("POST", "/understanding/llm/test", M{"provider": "peer"}).JSON(t, &out)
			return out
		}
		peer.Then(llmtest.Say("ok"))
		if r := test(); !r.OK || peer.Last().JSON()["model"] != "other" {
			t.Errorf("test: %+v", r)
		}
		peer.Then(llmtest.Fail(401))
		if r := test(); r.OK || r.Code != "llm.rejected" {
			t.Errorf("test: %+v", r)
		}
		if a := h.Call("POST", "/understanding/llm/test", M{"provider": "nobody"}); a.Status != 404 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		// Abroad is refused unless it is allowed; http is no way to go there.
		if a := change(func(_, p M) { p["region"] = "abroad" }); a.Status != 422 || !strings.Contains(string(a.Body), "https") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if a := change(func(_, p M) { p["region"], p["base_url"], p["key"] = "abroad", "https://models.example.com/v1", "k" }); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if r := test(); r.OK || r.Code != "llm.abroad" {
			t.Errorf("abroad: %+v", r)
		}
		// Only who may manage sees or changes any of it.
		agent := h.TokenFor(h.User("agent@example.com", "客服", staff.Agent))
		for _, op := range []string{"GET /understanding/llm", "GET /understanding/llm/calls", "POST /understanding/llm/test"} {
			method, path, _ := strings.Cut(op, " ")
			if a := h.Call(method, path, nil, "Authorization", "Bearer "+agent); a.Status != 403 {
				t.Errorf("%s to an agent: %d", op, a.Status)
			}
		}
	}, inside)
}

// Without outbound.allow a model on one's own network cannot be reached: the
// form of an administrator is no door to what stands beside the server.
func TestTheInsideIsNotReached(t *testing.T) {
	peer := llmtest.New(t)
	h := zhidantest.New(t)
	configure(t, h, peer)
	var out struct {
		OK   bool
		Code string
	}
	h.Call("POST", "/understanding/llm/test", M{"provider": "peer"}).JSON(t, &out)
	if out.OK || out.Code != "llm.unavailable" || len(peer.Calls()) > 0 {
		t.Errorf("%+v, %d calls", out, len(peer.Calls()))
	}
}

func TestCallsAreForgotten(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		h.Mind.Record(t.Context(), llm.Record{At: h.Clock.Now(), Tenant: h.Tenant, Task: "classify", Provider: "first", Outcome: "ok"})
		h.Clock.Advance(31 * 24 * time.Hour)
		h.Mind.Record(t.Context(), llm.Record{At: h.Clock.Now(), Tenant: h.Tenant, Task: "classify", Provider: "second", Outcome: "ok"})
		list, err := h.Mind.Calls(context.Background(), h.Tenant, 1<<62, 10)
		if err != nil || len(list) != 1 || list[0].Provider != "second" {
			t.Errorf("%+v %v", list, err)
		}
		var page struct {
			Items []struct{ Provider string }
			Next  string `json:"next_cursor"`
		}
		h.Mind.Record(t.Context(), llm.Record{At: h.Clock.Now(), Tenant: h.Tenant, Task: "classify", Provider: "third", Outcome: "ok"})
		h.Call("GET", "/understanding/llm/calls?limit=1", nil).JSON(t, &page)
		if len(page.Items) != 1 || page.Items[0].Provider != "third" || page.Next == "" {
			t.Fatalf("%+v", page)
		}
		h.Call("GET", "/understanding/llm/calls?limit=1&cursor="+page.Next, nil).JSON(t, &page)
		if page.Items[0].Provider != "second" {
			t.Errorf("%+v", page)
		}
	})
}
