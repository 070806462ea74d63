// Package zhidantest runs a whole Zhidan for tests: every room wired as in
// production, on a fresh database, with a clock that the test moves. What a
// test does goes through the same doors that a person or a program uses.
package zhidantest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/config"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

// Start is when a test's clock begins: a Saturday noon in Shanghai.
const Start = clock.Time(1795233600000) // 2026-11-21T04:00:00Z

// House is a running Zhidan with one company and an administrator.
type House struct {
	*server.Server
	T      *testing.T
	URL    string
	Clock  *clock.Clock
	Tenant id.ID
	Admin  *staff.Actor
	Token  string // of the administrator

	config config.Config
	before []func(*server.Server)
	web    *httptest.Server
}

// Each runs a test on SQLite and on PostgreSQL. Before are called with each
// node when it is wired and before it begins to work: a test adds its own
// Passes and Reactions there.
func Each(t *testing.T, fn func(t *testing.T, h *House), before ...func(*server.Server)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, "sqlite:"+t.TempDir()+"/zhidan.db", before...)) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, dbtest.PostgresURL(t), before...)) })
}

// OnPostgres runs a test on PostgreSQL alone: what needs several nodes.
func OnPostgres(t *testing.T, fn func(t *testing.T, h *House), before ...func(*server.Server)) {
	t.Helper()
	fn(t, open(t, dbtest.PostgresURL(t), before...))
}

// New is a house on SQLite, for what does not depend on the engine.
func New(t *testing.T) *House {
	t.Helper()
	return open(t, "sqlite:"+t.TempDir()+"/zhidan.db")
}

// Second opens another node on the same database, without a company of its own.
func (h *House) Second() *House {
	h.T.Helper()
	if h.DB.Engine() == db.SQLite {
		h.T.Fatal("SQLite serves one node")
	}
	n := &House{T: h.T, Clock: h.Clock, Tenant: h.Tenant, Token: h.Token, config: h.config, before: h.before}
	n.config.Data = h.T.TempDir()
	n.config.Keys.File = h.config.Data + "/master.key"
	n.config.Blob.URL = "file:" + h.config.Data + "/blobs"
	n.run()
	a, err := n.Staff.Actor(context.Background(), h.Tenant, h.Admin.ID)
	n.must(err)
	n.Admin = a
	return n
}

func open(t *testing.T, url string, before ...func(*server.Server)) *House {
	t.Helper()
	c := config.Default()
	c.Data, c.Database, c.Addr = t.TempDir(), config.NewSecret(url), "127.0.0.1:0"
	c.HTTP.Rate, c.HTTP.RateAnonymous, c.HTTP.RateSignIn = -1, -1, -1
	h := &House{T: t, Clock: clock.At(Start), config: c, before: before}
	h.run()
	ctx := context.Background()
	tenant, err := h.Staff.CreateTenant(ctx, staff.NewTenant{Name: "测试公司"})
	h.must(err)
	h.Tenant = tenant.ID
	h.Admin = h.User("admin@example.com", "管理员", staff.Administrator)
	h.Token, _, err = h.Staff.CreateToken(ctx, staff.System(h.Tenant), h.Admin.ID, staff.NewToken{Name: "test"})
	h.must(err)
	return h
}

func (h *House) run() {
	h.T.Helper()
	s, err := server.New(context.Background(), server.Options{Config: h.config, Clock: h.Clock, Log: slog.New(slog.NewTextHandler(testLog{h.T}, nil))})
	h.must(err)
	h.Server = s
	s.Mind.Wait = time.Minute // what becomes of a ticket is seen when it is made, however slow the machine
	for _, f := range h.before {
		f(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.must(s.Jobs.Start(ctx))
	h.web = httptest.NewServer(s.API)
	h.URL = h.web.URL
	h.T.Cleanup(func() {
		s.Hub.Close()
		h.web.Close()
		cancel()
		s.Close()
	})
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Logf("%s", bytes.TrimSpace(b))
	}
	return len(b), nil
}

func (h *House) must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

// User makes a member of the staff with shipped roles and returns the actor.
func (h *House) User(email, name string, roles ...string) *staff.Actor {
	h.T.Helper()
	ctx := context.Background()
	dir, err := h.Staff.Directory(ctx, h.Tenant)
	h.must(err)
	n := staff.NewUser{Email: email, Name: name, Password: "correct horse battery"}
	for _, key := range roles {
		r, ok := dir.RoleByKey(key)
		if !ok {
			h.T.Fatalf("no role %q", key)
		}
		n.Roles = append(n.Roles, r.ID)
	}
	p, err := h.Staff.CreateUser(ctx, staff.System(h.Tenant), n)
	h.must(err)
	a, err := h.Staff.Actor(ctx, h.Tenant, p.ID)
	h.must(err)
	return a
}

// Settle lets everything that is due be done: events reach their reactions,
// timers fire. It fails the test when nothing moves any more for a minute: how
// long it takes is the machine's affair.
func (h *House) Settle() {
	h.T.Helper()
	h.Jobs.Wake()
	deadline, last := time.Now().Add(time.Minute), 0
	flushed := false
	for {
		stats, err := h.Jobs.Stats(context.Background())
		h.must(err)
		due := 0
		for _, s := range stats {
			due += s.Waiting
		}
		// Asked in this order: a job that is gone from the store may still be
		// doing what comes after its commit.
		quiet := due == 0 && h.Jobs.Running() == 0
		if quiet && flushed {
			return
		}
		if flushed = quiet; flushed { // what waits for its moment may order more
			h.Mind.Flush()
			continue
		}
		if due != last {
			deadline, last = time.Now().Add(time.Minute), due
		}
		if time.Now().After(deadline) {
			h.T.Fatalf("jobs do not end: %+v", stats)
		}
		time.Sleep(2 * time.Millisecond) // polling the store: there is no event for "nothing left"
	}
}

// Answer is what the API said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body.
func (a Answer) JSON(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%s: %v", a.Body, err)
	}
}

// Call speaks to the API as the administrator, or with another token in the
// pairs of headers.
func (h *House) Call(method, path string, body any, headers ...string) Answer {
	h.T.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		r = bytes.NewReader(b)
	case string:
		r = bytes.NewReader([]byte(b))
	default:
		raw, err := json.Marshal(b)
		h.must(err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, h.URL+"/api/v1"+path, r)
	h.must(err)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+h.Token)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	h.must(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	h.must(err)
	return Answer{res.StatusCode, res.Header, raw}
}

// TokenFor makes an API token of a user.
func (h *House) TokenFor(a *staff.Actor) string {
	h.T.Helper()
	token, _, err := h.Staff.CreateToken(context.Background(), staff.System(h.Tenant), a.ID, staff.NewToken{Name: "test"})
	h.must(err)
	return token
}
