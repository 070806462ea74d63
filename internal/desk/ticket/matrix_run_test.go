package ticket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
	"zhidan/internal/zhidantest"
)

// request makes a call and answers its status, with the body when it has an end.
func (s *scene) request(token, operation, body string, v map[string]string) (int, string) {
	s.t.Helper()
	for k, to := range v {
		operation, body = strings.ReplaceAll(operation, k, to), strings.ReplaceAll(body, k, to)
	}
	method, path, _ := strings.Cut(operation, " ")
	c, cancel := context.WithCancel(ctx)
	defer cancel()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(c, method, s.URL+"/api/v1"+path, in)
	must(s.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	defer res.Body.Close()
	if path == "/live" {
		return res.StatusCode, ""
	}
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	return res.StatusCode, string(raw)
}

// Every operation of the OpenAPI document has a row, every row an operation,
// and each answers to everybody as the row says.
func TestEveryRouteForEverybody(t *testing.T) {
	h := zhidantest.New(t)
	s := &scene{h, t, client.New(h.URL, h.Token)}
	raw := M{}
	status, body := s.openapi()
	want(t, "openapi", status, 200)
	must(t, json.Unmarshal([]byte(body), &raw))
	rows, administers := map[string]route{}, map[string]bool{}
	for _, r := range matrix {
		path, _, _ := strings.Cut(r.operation, "?")
		rows[path] = r
	}
	for path, ops := range raw["paths"].(M) {
		for method, about := range ops.(M) {
			op := strings.ToUpper(method) + " " + strings.TrimPrefix(path, "/api/v1")
			may, _ := about.(M)["x-permission"].(string)
			administers[op] = staff.Audited(web.Op{Method: strings.ToUpper(method), Permission: may}) && !askOnly[op]
			if _, is := public[op]; is {
				continue
			}
			if _, is := rows[op]; !is {
				t.Errorf("%s has no row in the matrix: say who may use it and on what", op)
			}
			delete(rows, op)
		}
	}
	for op := range rows {
		t.Errorf("%s has a row and is no operation", op)
	}

	own := staff.Grants{}
	for _, e := range staff.Catalogue {
		switch {
		case strings.HasPrefix(string(e.Name), "ticket.") || strings.HasPrefix(string(e.Name), "customer."):
			own[e.Name] = staff.ScopeOwn
			if !e.Scoped {
				own[e.Name] = staff.ScopeAll
			}
		case e.Name == staff.TokenOwn:
			own[e.Name] = staff.ScopeAll
		}
	}
	_, _, err := s.Staff.SignIn(ctx, staff.SignIn{Email: "admin@example.com", Password: "correct horse battery"})
	must(t, err)
	dept := s.department("别的部门", 0)
	people := []*staff.Actor{
		s.person("自己", staff.NewUser{Roles: []id.ID{s.role("只限本人", own)}}),
		s.person("主管", staff.NewUser{Department: dept}, staff.Supervisor),
		s.foreigner(), s.Admin,
	}
	var tokens []string
	for _, a := range people {
		tokens = append(tokens, s.tokenOf(a))
	}
	for op, status := range public {
		body := ""
		if strings.HasPrefix(op, "POST") {
			body = `{"email":"a@example.com","password":"x","token":"x","company":"x","name":"x"}`
		}
		if op == "POST /session" {
			body = `{"email":"a@example.com","password":"x"}`
		}
		got, answer := s.request("", op, body, nil)
		if got != status {
			t.Errorf("%s to anybody: %d, not %d: %s", op, got, status, answer)
		}
	}
	for _, r := range matrix {
		t.Run(r.operation, func(t *testing.T) {
			s := s.in(t)
			v := s.thing(r.thing)
			if got, answer := s.request("", r.operation, r.body, v); got != 401 {
				t.Errorf("without a token: %d %s", got, answer)
			}
			var got []string
			var last string
			for i, token := range tokens {
				if strings.Contains(r.body, "{new}") {
					v["{new}"] += string(rune('a' + i))
				}
				before := s.traces()
				status, answer := s.request(token, r.operation, r.body, v)
				got, last = append(got, fmt.Sprint(status)), answer
				op, _, _ := strings.Cut(r.operation, "?")
				if after := s.traces(); i == 3 && status < 300 && administers[op] && after != before+1 {
					t.Errorf("it administers, and left %d traces in the audit trail", after-before)
				}
				for _, part := range []string{"{id}", "{other}", "{number}", "{customer}", "{user}"} {
					if i == 2 && status < 300 && v[part] != "" && v[part] != "1" && strings.Contains(answer, v[part]) && !strings.Contains(r.operation, "/config/") {
						t.Errorf("another company is told of this one: %s", answer)
					}
				}
			}
			if strings.Join(got, " ") != r.answers {
				t.Errorf("%q, not %q; the administrator got %s", strings.Join(got, " "), r.answers, last)
			}
		})
	}
}

func (s *scene) openapi() (int, string) {
	res, err := http.Get(s.URL + "/openapi.json")
	must(s.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	return res.StatusCode, string(raw)
}

// What a body does not offer is refused, whoever sends it; what stands in it
// only to be read has no effect.
func TestMembersThatAreNotOffered(t *testing.T) {
	h := zhidantest.New(t)
	s := &scene{h, t, client.New(h.URL, h.Token)}
	extra := []string{"tenant_id", "version", "id", "created_at", "number", "creator", "creator_id", "reopen_count", "merged_into", "owner_id", "uploader_id", "author", "is_admin", "__proto__"}
	for _, r := range matrix {
		if r.body == "" || r.body == "raw" {
			continue
		}
		t.Run(r.operation, func(t *testing.T) {
			s := s.in(t)
			v := s.thing(r.thing)
			before := ""
			if strings.Contains(r.thing, "ticket") {
				before = s.picture(v["{id}"])
			}
			for _, x := range extra {
				sep := ","
				if r.body == "{}" {
					sep = ""
				}
				body := fmt.Sprintf(`{"%s":"7"%s%s`, x, sep, r.body[1:])
				status, answer := s.request(s.Token, r.operation, body, v)
				switch {
				case status == 422 && strings.Contains(answer, x):
				case (strings.Contains(r.operation, "/config/") || strings.Contains(r.operation, "/sla/policies") || strings.Contains(r.operation, "/routing/") || strings.Contains(r.operation, "/roster/")) && (x == "id" || x == "version" || x == "merged_into"):
					if strings.Contains(answer, `"`+x+`":"7"`) {
						t.Errorf("%s was taken: %s", x, answer)
					}
				default:
					t.Errorf("%s: %d %s", x, status, answer)
				}
			}
			if before != "" {
				same(t, "the ticket", s.picture(v["{id}"]), before)
			}
		})
	}
}
