package customer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// serve answers requests as whoever the token names: "all", "team", "read"
// (no other permission), "foreign" (another tenant).
func serve(t *testing.T, b *customer.Book) func(as, method, path, body string, header ...string) (int, map[string]any, http.Header) {
	t.Helper()
	api := web.New(web.Config{Log: slog.New(slog.DiscardHandler), DB: b.DB, Clock: b.Clock, Authenticate: func(r *http.Request) (web.Principal, error) {
		switch strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") {
		case "all":
			return agent(staff.ScopeAll), nil
		case "team":
			return agent(staff.ScopeTeam), nil
		case "read":
			a := agent(staff.ScopeNone)
			a.Grants[customer.Read] = staff.ScopeAll
			return a, nil
		case "foreign":
			a := agent(staff.ScopeAll)
			a.Tenant = 2
			return a, nil
		}
		return nil, nil
	}})
	b.Register(api)
	return func(as, method, path, body string, header ...string) (int, map[string]any, http.Header) {
		t.Helper()
		r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		r.Header.Set("Authorization", "Bearer "+as)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		out := map[string]any{}
		if w.Body.Len() > 0 {
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
			}
		}
		return w.Code, out, w.Header()
	}
}

func TestAPI(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		b.CountWith(func(_ context.Context, _ db.Reader, _ *staff.Actor, list []id.ID) (map[id.ID]customer.Count, error) {
			return map[id.ID]customer.Count{list[0]: {Tickets: 3, Open: 1, LastContact: clock.Time(noon)}}, nil
		}, nil)
		call := serve(t, b)
		expect := func(want int, as, method, path, body string, header ...string) map[string]any {
			t.Helper()
			got, out, _ := call(as, method, path, body, header...)
			if got != want {
				t.Fatalf("%s %s %s: %d %v, want %d", as, method, path, got, out, want)
			}
			return out
		}
		co := expect(201, "all", "POST", "/companies", `{"name":"示例电器","domains":["example.com"]}`)
		c := expect(201, "all", "POST", "/customers", fmt.Sprintf(`{"name":"王小明","tier":"vip","company_id":%q,"tags":["a"],"note":"n","fields":{"x":"1"},
			"identities":[{"kind":"phone","value":"13800138000"}]}`, co["id"]))
		at := "/customers/" + c["id"].(string)
		got := expect(200, "all", "GET", at, "")
		ident := got["identities"].([]any)[0].(map[string]any)
		if got["name"] != "王小明" || got["tier"] != "vip" || got["company"].(map[string]any)["name"] != "示例电器" || got["ticket_count"] != 3.0 ||
			got["open_ticket_count"] != 1.0 || got["last_contact_at"] == nil || ident["display"] != "138****8000" || ident["verified"] != false {
			t.Errorf("%v", got)
		}
		if raw, _ := json.Marshal(got); strings.Contains(string(raw), "13800138000") {
			t.Error("an address is shown whole")
		}
		if v := expect(200, "all", "POST", at+"/identities/"+ident["id"].(string)+"/reveal", ""); v["value"] != "13800138000" {
			t.Errorf("%v", v)
		}
		// The answer is not kept for a repeated request: it would lie there in the open.
		expect(200, "all", "POST", at+"/identities/"+ident["id"].(string)+"/reveal", "", "Idempotency-Key", "k1")
		if e := expect(409, "all", "POST", at+"/identities/"+ident["id"].(string)+"/reveal", "", "Idempotency-Key", "k1"); e["code"] != "idempotency.answer_lost" {
			t.Errorf("%v", e)
		}
		// Another's view of it: no permission, not the tenant, not in reach.
		expect(403, "read", "POST", at+"/identities/"+ident["id"].(string)+"/reveal", "")
		expect(403, "read", "PATCH", at, `{"name":"x"}`)
		for _, as := range []string{"foreign", "team"} {
			expect(404, as, "GET", at, "")
			expect(404, as, "PATCH", at, `{"name":"x"}`)
			expect(404, as, "POST", at+"/identities", `{"kind":"qq","value":"1"}`)
			expect(404, as, "DELETE", at+"/identities/"+ident["id"].(string), "")
			expect(404, as, "POST", at+"/identities/"+ident["id"].(string)+"/reveal", "")
			expect(404, as, "POST", at+"/merge", fmt.Sprintf(`{"into":%q}`, c["id"]))
			if l := expect(200, as, "GET", "/customers?q=13800138000", ""); len(l["items"].([]any)) != 0 {
				t.Errorf("%s finds %v", as, l)
			}
			if l := expect(200, as, "GET", "/customers", ""); len(l["items"].([]any)) != 0 {
				t.Errorf("%s lists %v", as, l)
			}
		}
		expect(404, "foreign", "GET", "/companies/"+co["id"].(string), "")
		expect(404, "foreign", "GET", "/companies/"+co["id"].(string)+"/contacts", "")
		expect(404, "foreign", "PATCH", "/companies/"+co["id"].(string), `{"name":"x"}`)
		expect(401, "", "GET", "/customers", "")

		p := expect(200, "all", "PATCH", at, `{"name":"王晓明","company_id":null,"fields":{"x":null,"y":true}}`, "If-Match", `"1"`)
		if p["name"] != "王晓明" || p["company"] != nil || fmt.Sprint(p["fields"]) != "map[y:true]" || p["tier"] != "vip" {
			t.Errorf("%v", p)
		}
		expect(412, "all", "PATCH", at, `{"name":"x"}`, "If-Match", `"1"`)
		if e := expect(422, "all", "PATCH", at, `{"tier":"NO WAY"}`); e["errors"].([]any)[0].(map[string]any)["field"] != "tier" {
			t.Errorf("%v", e)
		}
		expect(422, "all", "PATCH", at, `{"id":"5"}`)
		expect(422, "all", "PATCH", at, `{"merged_into":"5"}`)
		e := expect(409, "all", "POST", "/customers", `{"name":"x","identities":[{"kind":"phone","value":"+86 138 0013 8000"}]}`)
		if e["code"] != "identity.taken" {
			t.Errorf("%v", e)
		}

		two := expect(201, "all", "POST", "/customers", `{"name":"王二","identities":[{"kind":"email","value":"er@example.org"}]}`)
		m := expect(200, "all", "POST", "/customers/"+two["id"].(string)+"/merge", fmt.Sprintf(`{"into":%q}`, c["id"]))
		if g := expect(200, "all", "GET", "/customers/"+two["id"].(string), ""); g["merged_into"] != c["id"] {
			t.Errorf("%v", g)
		}
		if g := expect(200, "all", "GET", at, ""); len(g["identities"].([]any)) != 2 {
			t.Errorf("%v", g)
		}
		undo := "/customers/merges/" + m["undo_id"].(string) + "/undo"
		expect(404, "foreign", "POST", undo, "")
		if g := expect(200, "all", "POST", undo, ""); g["id"] != two["id"] || g["merged_into"] != nil {
			t.Errorf("%v", g)
		}
		expect(409, "all", "POST", undo, "")

		l := expect(200, "all", "GET", "/customers?limit=1", "")
		if l["next_cursor"] == nil || l["items"].([]any)[0].(map[string]any)["id"] != two["id"] {
			t.Errorf("%v", l)
		}
		l = expect(200, "all", "GET", "/customers?limit=1&cursor="+l["next_cursor"].(string), "")
		if l["next_cursor"] != nil || l["items"].([]any)[0].(map[string]any)["id"] != c["id"] {
			t.Errorf("%v", l)
		}
		if l := expect(200, "all", "GET", "/customers?q=晓明", ""); len(l["items"].([]any)) != 1 {
			t.Errorf("%v", l)
		}
		expect(422, "all", "GET", "/customers?cursor=x'", "")

		expect(200, "all", "PATCH", at, fmt.Sprintf(`{"company_id":%q}`, co["id"]))
		if l := expect(200, "all", "GET", "/companies/"+co["id"].(string)+"/contacts", ""); len(l["items"].([]any)) != 1 {
			t.Errorf("%v", l)
		}
		child := expect(201, "all", "POST", "/companies", fmt.Sprintf(`{"name":"分公司","parent_id":%q}`, co["id"]))
		if child["parent_id"] != co["id"] {
			t.Errorf("%v", child)
		}
		if g := expect(200, "all", "PATCH", "/companies/"+child["id"].(string), `{"parent_id":null,"note":"x"}`, "If-Match", `"1"`); g["parent_id"] != nil || g["note"] != "x" {
			t.Errorf("%v", g)
		}
		if l := expect(200, "all", "GET", "/companies?q=分公", ""); len(l["items"].([]any)) != 1 {
			t.Errorf("%v", l)
		}
		expect(204, "all", "DELETE", at+"/identities/"+ident["id"].(string), "")
		expect(404, "all", "DELETE", at+"/identities/"+ident["id"].(string), "")
		added := expect(201, "all", "POST", at+"/identities", `{"kind":"wechat","value":"wx_wang_xiaoming"}`)
		if added["display"] != "wx****ng" {
			t.Errorf("%v", added)
		}
	})
}
