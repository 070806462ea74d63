package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/telemetry"
	"zhidan/internal/platform/web"
)

// caller is who the tests sign in as: the token names the permissions.
type caller struct {
	key   string
	perms string
}

func (c caller) TenantID() id.ID   { return 7 }
func (c caller) Can(p string) bool { return strings.Contains(c.perms, p) }
func (c caller) Key() string       { return c.key }

func authenticate(r *http.Request) (web.Principal, error) {
	if ck, err := r.Cookie(web.SessionCookie); err == nil {
		return caller{key: "cookie", perms: ck.Value}, nil
	}
	h := r.Header.Get("Authorization")
	if h == "" {
		return nil, nil
	}
	token := strings.TrimPrefix(h, "Bearer ")
	if token == "bad" {
		return nil, fault.New(fault.Unauthenticated, "auth.invalid", "the token is not valid")
	}
	return caller{key: token, perms: token}, nil
}

func quiet(c web.Config) web.Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Authenticate = authenticate
	return c
}

type thingIn struct {
	Body struct {
		Name  string     `json:"name" minLength:"1" maxLength:"10"`
		Count int        `json:"count,omitempty" maximum:"5"`
		Owner *id.ID     `json:"owner,omitempty"`
		At    clock.Time `json:"at,omitempty"`
		Sub   *struct {
			Email string `json:"email"`
		} `json:"sub,omitempty"`
	}
}

type thing struct {
	Body struct {
		Name string `json:"name"`
	}
}

func echo(_ context.Context, in *thingIn) (*thing, error) {
	out := &thing{}
	out.Body.Name = in.Body.Name
	return out, nil
}

type answer struct {
	*http.Response
	body    []byte
	problem web.Problem
}

func do(t testing.TB, h http.Handler, method, path, body string, header ...string) answer {
	t.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, rd)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		if header[i] == "RemoteAddr" {
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{Response: w.Result(), body: w.Body.Bytes()}
	if a.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(a.body, &a.problem); err != nil {
			t.Fatalf("problem is not JSON: %v\n%s", err, a.body)
		}
		if a.problem.Status != a.StatusCode || a.problem.Code == "" || a.problem.RequestID == "" {
			t.Errorf("incomplete problem: %s", a.body)
		}
	}
	return a
}

func TestAnOperationWithoutPermissionDoesNotStart(t *testing.T) {
	for name, op := range map[string]web.Op{
		"neither":    {Method: "GET", Path: "/x", ID: "x", Summary: "x"},
		"both":       {Method: "GET", Path: "/x", ID: "x", Summary: "x", Permission: "p", Public: true},
		"no summary": {Method: "GET", Path: "/x", ID: "x", Permission: "p"},
		"bad path":   {Method: "GET", Path: "x", ID: "x", Summary: "x", Permission: "p"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the operation was taken")
				}
			}()
			web.Register(web.New(quiet(web.Config{})), op, echo)
		})
	}
}

func newThings(c web.Config) *web.API {
	a := web.New(quiet(c))
	web.Register(a, web.Op{Method: "POST", Path: "/things", ID: "thing-create", Summary: "Make a thing", Permission: "thing.write", Status: 201}, echo)
	web.Register(a, web.Op{Method: "GET", Path: "/things/{id}", ID: "thing-read", Summary: "Read a thing", Permission: web.SignedIn},
		func(ctx context.Context, in *struct {
			ID web.ID `path:"id"`
			web.IfNoneMatch
		}) (*struct {
			ETag string `header:"ETag"`
			Body struct {
				ID id.ID `json:"id"`
			}
		}, error) {
			switch in.ID.ID {
			case 404:
				return nil, fault.Missing("thing")
			case 500:
				return nil, fmt.Errorf("password=hunter2: %w", io.ErrUnexpectedEOF)
			case 501:
				panic("canary")
			case 502:
				<-ctx.Done()
				return nil, fmt.Errorf("reading: %w", ctx.Err())
			case 503:
				return nil, fmt.Errorf("wrapped: %w", fault.New(fault.Unavailable, "db.full", "try again"))
			}
			if err := in.IfNoneMatch.Check(web.ETag(3)); err != nil {
				return nil, err
			}
			out := &struct {
				ETag string `header:"ETag"`
				Body struct {
					ID id.ID `json:"id"`
				}
			}{ETag: web.ETag(3)}
			out.Body.ID = in.ID.ID
			return out, nil
		})
	web.Register(a, web.Op{Method: "PATCH", Path: "/things/{id}", ID: "thing-update", Summary: "Change a thing", Permission: "thing.write"},
		func(_ context.Context, in *struct {
			ID web.ID `path:"id"`
			web.IfMatch
			Body struct {
				Owner web.Maybe[id.ID] `json:"owner,omitempty"`
			}
		}) (*struct{ Body map[string]string }, error) {
			if err := in.IfMatch.Check(3); err != nil {
				return nil, err
			}
			o := in.Body.Owner
			return &struct{ Body map[string]string }{map[string]string{"owner": fmt.Sprint(o.Set, o.Null, int64(o.Value))}}, nil
		})
	web.Register(a, web.Op{Method: "POST", Path: "/open", ID: "open", Summary: "Anybody", Public: true, Strict: true}, echo)
	web.Register(a, web.Op{Method: "GET", Path: "/list", ID: "list", Summary: "List", Permission: web.SignedIn},
		func(_ context.Context, in *struct{ web.Page }) (*struct{ Body web.List[int] }, error) {
			after := 0
			if _, err := web.ParseCursor(in.Cursor, &after); err != nil {
				return nil, err
			}
			var rows []int
			for i := after + 1; i <= 7 && len(rows) <= in.Limit; i++ {
				rows = append(rows, i)
			}
			return &struct{ Body web.List[int] }{web.Cut(rows, in.Limit, func(i int) int { return i })}, nil
		})
	web.Handle(a, web.Op{Method: "POST", Path: "/raw/{token}", ID: "raw", Summary: "Raw", Permission: web.SignedIn, MaxBody: 10},
		func(w http.ResponseWriter, r *http.Request) error {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			_, err = w.Write(b)
			return err
		})
	return a
}

const all = "Bearer thing.write"

func TestErrorsAreProblems(t *testing.T) {
	a := newThings(web.Config{Timeout: 50 * time.Millisecond})
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code, field, fieldCode   string
	}{
		{"no caller", "GET", "/things/1", "", nil, 401, "auth.required", "", ""},
		{"bad token", "GET", "/things/1", "", []string{"Authorization", "Bearer bad"}, 401, "auth.invalid", "", ""},
		{"no permission", "POST", "/things", `{"name":"a"}`, []string{"Authorization", "Bearer other"}, 403, "auth.forbidden", "", ""},
		{"missing", "GET", "/things/404", "", []string{"Authorization", all}, 404, "thing.not_found", "", ""},
		{"internal", "GET", "/things/500", "", []string{"Authorization", all}, 500, "internal", "", ""},
		{"panic", "GET", "/things/501", "", []string{"Authorization", all}, 500, "internal", "", ""},
		{"timeout", "GET", "/things/502", "", []string{"Authorization", all}, 503, "timeout", "", ""},
		{"wrapped fault", "GET", "/things/503", "", []string{"Authorization", all}, 503, "db.full", "", ""},
		{"no such path", "GET", "/nothing", "", nil, 404, "route.not_found", "", ""},
		{"wrong method", "DELETE", "/things", "", nil, 405, "route.method", "", ""},
		{"required", "POST", "/things", `{}`, []string{"Authorization", all}, 422, "invalid", "name", "required"},
		{"required inside", "POST", "/things", `{"name":"a","sub":{}}`, []string{"Authorization", all}, 422, "invalid", "sub.email", "required"},
		{"unknown", "POST", "/things", `{"name":"a","admin":true}`, []string{"Authorization", all}, 422, "invalid", "admin", "unknown"},
		{"too long", "POST", "/things", `{"name":"abcdefghijk"}`, []string{"Authorization", all}, 422, "invalid", "name", "too_long"},
		{"range", "POST", "/things", `{"name":"a","count":9}`, []string{"Authorization", all}, 422, "invalid", "count", "range"},
		{"type", "POST", "/things", `{"name":5}`, []string{"Authorization", all}, 422, "invalid", "name", "type"},
		{"id", "POST", "/things", `{"name":"a","owner":"x1"}`, []string{"Authorization", all}, 422, "invalid", "owner", "id"},
		{"time", "POST", "/things", `{"name":"a","at":"today"}`, []string{"Authorization", all}, 422, "invalid", "at", "time"},
		{"path id", "GET", "/things/abc", "", []string{"Authorization", all}, 422, "invalid", "id", "id"},
		{"not JSON", "POST", "/things", `{"name":`, []string{"Authorization", all}, 400, "body.json", "", ""},
		{"no body", "POST", "/things", "", []string{"Authorization", all}, 400, "body.missing", "", ""},
		{"too large", "POST", "/things", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, []string{"Authorization", all}, 413, "body.too_large", "", ""},
		{"raw too large", "POST", "/raw/s3cret", strings.Repeat("x", 11), []string{"Authorization", all}, 413, "body.too_large", "", ""},
		{"limit", "GET", "/list?limit=201", "", []string{"Authorization", all}, 422, "invalid", "limit", "range"},
		{"cursor", "GET", "/list?cursor=%21%21", "", []string{"Authorization", all}, 422, "cursor", "cursor", "cursor"},
		{"cursor of another list", "GET", "/list?cursor=" + web.Cursor([]string{"x"}), "", []string{"Authorization", all}, 422, "cursor", "cursor", "cursor"},
		{"stale", "PATCH", "/things/1", `{}`, []string{"Authorization", all, "If-Match", `"2"`}, 412, "precondition", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := do(t, a, tc.method, web.Base+tc.path, tc.body, tc.header...)
			if got.StatusCode != tc.status || got.problem.Code != tc.code {
				t.Fatalf("got %d %s, want %d %s\n%s", got.StatusCode, got.problem.Code, tc.status, tc.code, got.body)
			}
			if tc.field != "" && (len(got.problem.Errors) != 1 || got.problem.Errors[0].Field != tc.field || got.problem.Errors[0].Code != tc.fieldCode) {
				t.Errorf("got fields %+v, want %s %s", got.problem.Errors, tc.field, tc.fieldCode)
			}
			if bytes.Contains(got.body, []byte("hunter2")) || bytes.Contains(got.body, []byte("canary")) {
				t.Errorf("an internal error leaked: %s", got.body)
			}
		})
	}
}

func TestSeveralFaultsInOneAnswer(t *testing.T) {
	a := web.New(quiet(web.Config{}))
	web.Register(a, web.Op{Method: "POST", Path: "/x", ID: "x", Summary: "x", Public: true}, func(context.Context, *struct{}) (*struct{}, error) {
		return nil, fault.List{fault.Bad("a", "a.bad", "no").With("max", "3"), fault.Bad("b", "b.bad", "no")}
	})
	got := do(t, a, "POST", web.Base+"/x", "")
	if got.StatusCode != 422 || len(got.problem.Errors) != 2 || got.problem.Errors[0].Params["max"] != "3" || got.problem.Errors[1].Field != "b" {
		t.Fatalf("got %d %s", got.StatusCode, got.body)
	}
}

func TestGoodRequests(t *testing.T) {
	a := newThings(web.Config{})
	if got := do(t, a, "POST", web.Base+"/things", `{"name":"冰箱","owner":null}`, "Authorization", all); got.StatusCode != 201 || string(got.body) != `{"name":"冰箱"}`+"\n" {
		t.Errorf("create: %d %s", got.StatusCode, got.body)
	}
	got := do(t, a, "GET", web.Base+"/things/12345678901234567", "", "Authorization", all)
	if got.StatusCode != 200 || got.Header.Get("ETag") != `"3"` || string(got.body) != `{"id":"12345678901234567"}`+"\n" {
		t.Errorf("read: %d %s %s", got.StatusCode, got.Header.Get("ETag"), got.body)
	}
	if got := do(t, a, "GET", web.Base+"/things/1", "", "Authorization", all, "If-None-Match", `W/"3"`); got.StatusCode != 304 || len(got.body) != 0 || got.Header.Get("ETag") != `"3"` {
		t.Errorf("conditional read: %d %q", got.StatusCode, got.body)
	}
	for body, want := range map[string]string{`{}`: "false false 0", `{"owner":null}`: "true true 0", `{"owner":"5"}`: "true false 5"} {
		if got := do(t, a, "PATCH", web.Base+"/things/1", body, "Authorization", all, "If-Match", `"3"`); got.StatusCode != 200 || !strings.Contains(string(got.body), want) {
			t.Errorf("patch %s: %d %s, want %s", body, got.StatusCode, got.body, want)
		}
	}
	if got := do(t, a, "POST", web.Base+"/raw/s3cret", "hello", "Authorization", all); got.StatusCode != 200 || string(got.body) != "hello" {
		t.Errorf("raw: %d %s", got.StatusCode, got.body)
	}
}

func TestListPages(t *testing.T) {
	a := newThings(web.Config{})
	cursor, seen := "", []int{}
	for range 4 {
		got := do(t, a, "GET", web.Base+"/list?limit=3&cursor="+cursor, "", "Authorization", all)
		var page web.List[int]
		if err := json.Unmarshal(got.body, &page); err != nil || got.StatusCode != 200 {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
		seen = append(seen, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if fmt.Sprint(seen) != "[1 2 3 4 5 6 7]" {
		t.Errorf("pages gave %v", seen)
	}
}

func TestACookieAloneDoesNotWrite(t *testing.T) {
	a := newThings(web.Config{Origins: []string{"https://desk.example.com"}})
	cookie := web.SessionCookie + "=thing.write"
	for _, tc := range []struct {
		name   string
		header []string
		status int
		code   string
	}{
		{"cookie alone", []string{"Cookie", cookie}, 403, "csrf.header"},
		{"cookie and header", []string{"Cookie", cookie, "X-Zhidan", "1"}, 201, ""},
		{"own origin", []string{"Cookie", cookie, "X-Zhidan", "1", "Origin", "http://example.com"}, 201, ""},
		{"configured origin", []string{"Cookie", cookie, "X-Zhidan", "1", "Origin", "https://desk.example.com"}, 201, ""},
		{"foreign origin", []string{"Cookie", cookie, "X-Zhidan", "1", "Origin", "https://evil.example"}, 403, "csrf.origin"},
		{"null origin", []string{"Cookie", cookie, "X-Zhidan", "1", "Origin", "null"}, 403, "csrf.origin"},
		{"token", []string{"Authorization", all, "Origin", "https://evil.example"}, 201, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := do(t, a, "POST", web.Base+"/things", `{"name":"a"}`, tc.header...)
			if got.StatusCode != tc.status || got.problem.Code != tc.code {
				t.Errorf("got %d %s", got.StatusCode, got.body)
			}
		})
	}
	if got := do(t, a, "POST", web.Base+"/open", `{"name":"a"}`, "Origin", "https://evil.example"); got.problem.Code != "csrf.origin" {
		t.Errorf("sign-in from a foreign page: %d", got.StatusCode)
	}
	if got := do(t, a, "GET", web.Base+"/things/1", "", "Cookie", cookie); got.StatusCode != 200 {
		t.Errorf("a read with a cookie: %d", got.StatusCode)
	}
}

func TestRateLimits(t *testing.T) {
	c := clock.At(1)
	a := newThings(web.Config{Clock: c, Limits: web.Limits{
		Principal: web.Rate{PerSecond: 1, Burst: 3}, Anonymous: web.Rate{PerSecond: 1, Burst: 5}, Strict: web.Rate{PerSecond: 0.1, Burst: 2}}})
	count := func(n int, path string, header ...string) (ok int, last answer) {
		for range n {
			method, body := "GET", ""
			if path == "/open" {
				method, body = "POST", `{"name":"a"}`
			}
			last = do(t, a, method, web.Base+path, body, header...)
			if last.StatusCode == 200 {
				ok++
			}
		}
		return
	}
	ok, last := count(5, "/things/1", "Authorization", "Bearer one")
	if ok != 3 || last.StatusCode != 429 || last.problem.Code != "rate.limited" || last.Header.Get("Retry-After") != "1" {
		t.Errorf("one credential: %d passed, then %d retry after %q", ok, last.StatusCode, last.Header.Get("Retry-After"))
	}
	if ok, _ := count(3, "/things/1", "Authorization", "Bearer two"); ok != 3 {
		t.Error("another credential pays for the first")
	}
	c.Advance(2 * time.Second)
	if ok, _ := count(5, "/things/1", "Authorization", "Bearer one"); ok != 2 {
		t.Errorf("after two seconds %d passed, want 2", ok)
	}
	if ok, last := count(4, "/open"); ok != 2 || last.Header.Get("Retry-After") != "10" {
		t.Errorf("sign-in: %d passed, retry after %s", ok, last.Header.Get("Retry-After"))
	}
	if ok, _ := count(2, "/open", "RemoteAddr", "203.0.113.9:5000"); ok != 2 {
		t.Error("another address pays for the first")
	}
	for range 8 {
		last = do(t, a, "GET", web.Base+"/things/1", "", "Authorization", "Bearer bad", "RemoteAddr", "203.0.113.7:1")
	}
	if last.StatusCode != 429 {
		t.Errorf("guessing tokens ends with %d, want 429", last.StatusCode)
	}
}

func TestAddressBehindProxies(t *testing.T) {
	var got netip.Addr
	var https bool
	a := web.New(quiet(web.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}))
	web.Register(a, web.Op{Method: "GET", Path: "/x", ID: "x", Summary: "x", Public: true}, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		got, https = web.Address(ctx), web.Secure(ctx)
		return nil, nil
	})
	for _, tc := range []struct {
		remote, forwarded, want string
		https                   bool
	}{
		{"198.51.100.1:9", "1.2.3.4", "198.51.100.1", false}, // not a proxy: may claim what it likes
		{"10.0.0.1:9", "1.2.3.4", "1.2.3.4", true},
		{"10.0.0.1:9", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4", true},
		{"10.0.0.1:9", "garbage", "10.0.0.1", true},
		{"10.0.0.1:9", "", "10.0.0.1", true},
	} {
		do(t, a, "GET", web.Base+"/x", "", "RemoteAddr", tc.remote, "X-Forwarded-For", tc.forwarded, "X-Forwarded-Proto", "https")
		if got.String() != tc.want || https != tc.https {
			t.Errorf("%s for %q: %s https=%v, want %s %v", tc.remote, tc.forwarded, got, https, tc.want, tc.https)
		}
	}
}

func TestHeadersAndLog(t *testing.T) {
	var log bytes.Buffer
	a := newThings(web.Config{Log: slog.New(slog.NewJSONHandler(&log, nil)), Metrics: telemetry.NewMetrics("test")})
	got := do(t, a, "POST", web.Base+"/raw/s3cret?q=personal", "x", "Authorization", "Bearer canary-token")
	for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store"} {
		if got.Header.Get(k) != want {
			t.Errorf("%s: %q", k, got.Header.Get(k))
		}
	}
	csp := got.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("CSP %q", csp)
	}
	line := log.String()
	if !strings.Contains(line, `"status":200`) || !strings.Contains(line, `"request_id":"`+got.Header.Get("X-Request-Id")) {
		t.Errorf("log %s", line)
	}
	for _, secret := range []string{"s3cret", "personal"} {
		if strings.Contains(line, secret) {
			t.Errorf("%q is in the log: %s", secret, line)
		}
	}
	do(t, a, "GET", web.Base+"/things/500", "", "Authorization", all)
	if !strings.Contains(log.String(), "hunter2") {
		t.Error("an internal error is not in the log in full")
	}
	m := do(t, a, "GET", "/metrics", "")
	if !strings.Contains(string(m.body), `zhidan_http_request_seconds_count{method="POST",route="/api/v1/raw/{token}",status="2xx"} 1`) {
		t.Error("the request is not counted")
	}
}

func TestBuiltin(t *testing.T) {
	var down error
	a := newThings(web.Config{Version: "1.2.3", Ready: map[string]func(context.Context) error{"db": func(context.Context) error { return down }}})
	if got := do(t, a, "GET", "/healthz", ""); got.StatusCode != 200 {
		t.Errorf("healthz %d", got.StatusCode)
	}
	if got := do(t, a, "GET", "/readyz", ""); got.StatusCode != 200 {
		t.Errorf("readyz %d", got.StatusCode)
	}
	down = io.ErrClosedPipe
	if got := do(t, a, "GET", "/readyz", ""); got.StatusCode != 503 || !strings.Contains(string(got.body), `"db":"unavailable"`) {
		t.Errorf("readyz %d %s", got.StatusCode, got.body)
	}
	got := do(t, a, "GET", "/openapi.json", "")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Permission  string `json:"x-permission"`
			Responses   map[string]any
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(got.body, &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("openapi.json: %v %s", err, doc.OpenAPI)
	}
	create := doc.Paths["/api/v1/things"]["post"]
	if create.Permission != "thing.write" || create.Responses["201"] == nil || create.Responses["default"] == nil {
		t.Errorf("the operation is described badly: %+v", create)
	}
	if doc.Components.Schemas["Problem"] == nil || doc.Components.Schemas["ErrorModel"] != nil {
		t.Error("the error schema is not ours")
	}
	if doc.Paths["/api/v1/raw/{token}"]["post"].OperationID != "raw" {
		t.Error("the raw operation is not described")
	}
	if again := do(t, a, "GET", "/openapi.json", "", "If-None-Match", got.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("conditional openapi.json: %d", again.StatusCode)
	}
	for _, path := range []string{"/docs", "/docs/docs.js", "/docs/docs.css"} {
		page := do(t, a, "GET", path, "")
		if page.StatusCode != 200 || len(page.body) < 100 || strings.Contains(string(page.body), "://") {
			t.Errorf("%s: %d, %d bytes, or it loads from outside", path, page.StatusCode, len(page.body))
		}
	}
}

func TestStaticApp(t *testing.T) {
	a := newThings(web.Config{Assets: fstest.MapFS{
		"index.html":                {Data: []byte(`<script nonce="__CSP_NONCE__" src="/assets/app-Ab12Cd34.js"></script>`)},
		"favicon.svg":               {Data: []byte(`<svg/>`)},
		"assets/app-Ab12Cd34.js":    {Data: []byte(`plain`)},
		"assets/app-Ab12Cd34.js.gz": {Data: []byte(`gzipped`)},
		"assets/app-Ab12Cd34.js.br": {Data: []byte(`brotli`)},
	}})
	html := []string{"Accept", "text/html,*/*"}
	for _, tc := range []struct {
		path                string
		header              []string
		status              int
		body, header2, want string
	}{
		{"/assets/app-Ab12Cd34.js", nil, 200, "plain", "Cache-Control", "public, max-age=31536000, immutable"},
		{"/assets/app-Ab12Cd34.js", []string{"Accept-Encoding", "gzip"}, 200, "gzipped", "Content-Encoding", "gzip"},
		{"/assets/app-Ab12Cd34.js", []string{"Accept-Encoding", "gzip, br"}, 200, "brotli", "Content-Encoding", "br"},
		{"/assets/app-Ab12Cd34.js", []string{"Accept-Encoding", "br;q=0"}, 200, "plain", "Content-Type", "text/javascript; charset=utf-8"},
		{"/favicon.svg", nil, 200, "<svg/>", "Cache-Control", "no-cache"},
		{"/assets/gone-Ab12Cd34.js", html, 404, "", "", ""},
		{"/tickets/12", nil, 404, "", "", ""},        // not a navigation
		{"/../../etc/passwd", html, 307, "", "", ""}, // the mux cleans the path
	} {
		got := do(t, a, "GET", tc.path, "", tc.header...)
		if got.StatusCode != tc.status || tc.body != "" && string(got.body) != tc.body || tc.header2 != "" && got.Header.Get(tc.header2) != tc.want {
			t.Errorf("%s %v: %d %q %v", tc.path, tc.header, got.StatusCode, got.body, got.Header)
		}
	}
	one := do(t, a, "GET", "/tickets/12", "", html...)
	two := do(t, a, "GET", "/", "")
	if one.StatusCode != 200 || two.StatusCode != 200 || strings.Contains(string(one.body), "__CSP") || bytes.Equal(one.body, two.body) {
		t.Errorf("index: %d %d %s", one.StatusCode, two.StatusCode, one.body)
	}
	nonce := strings.Split(string(one.body), `"`)[1]
	if !strings.Contains(one.Header.Get("Content-Security-Policy"), "'nonce-"+nonce+"'") {
		t.Error("the nonce of the page is not in its policy")
	}
	if got := do(t, a, "GET", "/favicon.svg", "", "If-None-Match", do(t, a, "GET", "/favicon.svg", "").Header.Get("ETag")); got.StatusCode != 304 {
		t.Errorf("conditional asset: %d", got.StatusCode)
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(web.Cursor([]any{"a", 1}))
	f.Add("e30")
	f.Add("!!")
	f.Fuzz(func(t *testing.T, s string) {
		var key struct {
			Name string
			ID   id.ID
		}
		begun, err := web.ParseCursor(s, &key)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", s, err)
		}
		if begun {
			var again struct {
				Name string
				ID   id.ID
			}
			if _, err := web.ParseCursor(web.Cursor(key), &again); err != nil || again != key {
				t.Errorf("%q: %+v does not come back: %+v %v", s, key, again, err)
			}
		}
	})
}

// What a client claims about its address never makes the door fall over.
func FuzzHeaders(f *testing.F) {
	a := newThings(web.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}})
	f.Add("1.2.3.4, 5.6.7.8", "abc", `"3", *`, "https://a", "a/b")
	f.Fuzz(func(t *testing.T, forwarded, request, match, origin, accept string) {
		r := httptest.NewRequest("GET", web.Base+"/things/1", nil)
		r.Header.Set("Authorization", all)
		for k, v := range map[string]string{"X-Forwarded-For": forwarded, "X-Request-Id": request, "If-None-Match": match, "Origin": origin, "Accept": accept} {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if rid := w.Header().Get("X-Request-Id"); len(rid) > 64 || strings.ContainsAny(rid, "\r\n ") {
			t.Errorf("request id %q", rid)
		}
	})
}
