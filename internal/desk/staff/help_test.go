package staff_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

const (
	adminEmail = "admin@example.com"
	good       = "correct horse battery" // a password that passes
	other      = "staple purple anvil"
)

// node is one server on a database.
type node struct {
	t     *testing.T
	house *staff.House
	clock *clock.Clock
	api   *web.API
	log   *bytes.Buffer
}

func newNode(t *testing.T, d *db.DB, c *clock.Clock, number int) *node {
	t.Helper()
	log := &bytes.Buffer{}
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n := &node{t: t, clock: c, log: log}
	n.house = staff.New(staff.Config{DB: d, IDs: id.NewSource(number, nil), Clock: c, Log: logger})
	n.api = web.New(web.Config{DB: d, Clock: c, Log: logger, Authenticate: n.house.Authenticate,
		Limits: web.Limits{Strict: web.Rate{PerSecond: -1}, Anonymous: web.Rate{PerSecond: -1}}})
	n.house.Register(n.api)
	return n
}

// start is a node on a store that is set up, with the administrator signed in.
func start(t *testing.T, d *db.DB) (*node, *who) {
	t.Helper()
	n := newNode(t, d, clock.At(1_800_000_000_000), 1)
	token, err := n.house.SetupToken(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	anybody := &who{n: n}
	got := anybody.do("POST", "/setup", m{"token": token, "company": "演示公司", "name": "管理员", "email": adminEmail, "password": good})
	got.want(201, "")
	return n, &who{n: n, cookie: got.cookie()}
}

type m = map[string]any

// who calls: with a session, a token or nothing.
type who struct {
	n      *node
	cookie string
	token  string
	header map[string]string
}

type reply struct {
	t       *testing.T
	what    string
	status  int
	body    []byte
	json    m
	problem web.Problem
	header  http.Header
}

func (w *who) do(method, path string, body any) reply {
	w.n.t.Helper()
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			w.n.t.Fatal(err)
		}
		rd = bytes.NewReader(b)
	}
	r := httptest.NewRequest(method, web.Base+path, rd)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if w.cookie != "" {
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: w.cookie})
		r.Header.Set("X-Zhidan", "1")
	}
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	for k, v := range w.header {
		r.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	w.n.api.ServeHTTP(rec, r)
	a := reply{t: w.n.t, what: method + " " + path, status: rec.Code, body: rec.Body.Bytes(), header: rec.Header()}
	json.Unmarshal(a.body, &a.json)
	if strings.Contains(rec.Header().Get("Content-Type"), "problem") {
		json.Unmarshal(a.body, &a.problem)
	}
	return a
}

func (r reply) want(status int, code string, field ...string) reply {
	r.t.Helper()
	if r.status != status || r.problem.Code != code {
		r.t.Fatalf("%s: got %d %s, want %d %s\n%s", r.what, r.status, r.problem.Code, status, code, r.body)
	}
	if len(field) > 0 && (len(r.problem.Errors) == 0 || r.problem.Errors[0].Field != field[0]) {
		r.t.Fatalf("%s: the field %s is not named: %s", r.what, field[0], r.body)
	}
	return r
}

func (r reply) cookie() string {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == web.SessionCookie {
			return c.Value
		}
	}
	return ""
}

func (r reply) id() string { s, _ := r.json["id"].(string); return s }

func (r reply) items() (out []m) {
	l, _ := r.json["items"].([]any)
	for _, v := range l {
		out = append(out, v.(m))
	}
	return out
}

// signIn opens a session.
func (n *node) signIn(email, password string) *who {
	n.t.Helper()
	return &who{n: n, cookie: (&who{n: n}).do("POST", "/session", m{"email": email, "password": password}).want(200, "").cookie()}
}

func (w *who) lives() bool { return w.do("GET", "/me", nil).status == 200 }

// role is the id of a shipped role.
func (w *who) role(key string) string {
	w.n.t.Helper()
	for _, r := range w.do("GET", "/staff/roles", nil).want(200, "").items() {
		if r["key"] == key {
			return r["id"].(string)
		}
	}
	w.n.t.Fatalf("no role %s", key)
	return ""
}

// hire makes a user with a shipped role.
func (w *who) hire(email, role string) string {
	w.n.t.Helper()
	return w.do("POST", "/staff/users", m{"email": email, "name": email, "role_ids": []string{w.role(role)}, "password": good}).want(201, "").id()
}

// makeToken makes an API token for the caller.
func (w *who) makeToken(permissions ...string) (*who, string) {
	w.n.t.Helper()
	body := m{"name": "test"}
	if permissions != nil {
		body["permissions"] = permissions
	}
	got := w.do("POST", "/me/tokens", body).want(201, "")
	return &who{n: w.n, token: got.json["secret"].(string)}, got.id()
}
