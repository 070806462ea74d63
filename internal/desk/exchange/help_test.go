package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/blob"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

type M = map[string]any

type scene struct {
	*zhidantest.House
	t *testing.T
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		h.Exchange.Patience = time.Hour // however slow the machine is, a file is there when it was ordered
		fn(t, &scene{h, t})
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// call speaks to the API as somebody and fails the test on another status.
func (s *scene) call(token, method, path string, in any, status int, out any) {
	s.t.Helper()
	a := s.Call(method, path, in, "Authorization", "Bearer "+token)
	if a.Status != status {
		s.t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	if out != nil {
		a.JSON(s.t, out)
	}
}

func (s *scene) ticket(subject string, more M) string {
	s.t.Helper()
	in := M{"subject": subject, "body": "内容", "requester": M{"name": "张三", "phone": "13800138000"}}
	for k, v := range more {
		in[k] = v
	}
	var out struct{ ID string }
	s.call(s.Token, "POST", "/tickets", in, http.StatusCreated, &out)
	return out.ID
}

// table reads the file of an export as its owner.
func (s *scene) table(token string, e exchange.ExportJSON) [][]string {
	s.t.Helper()
	if e.State != exchange.Done || e.URL == "" {
		s.t.Fatalf("no file: %+v", e)
	}
	a := s.Call("GET", strings.TrimPrefix(e.URL, "/api/v1"), nil, "Authorization", "Bearer "+token)
	if a.Status != 200 {
		s.t.Fatalf("file: %d %s", a.Status, a.Body)
	}
	if ct := a.Header.Get("Content-Type"); ct != sheet.Format(e.Format).ContentType() {
		s.t.Errorf("type %q", ct)
	}
	rows, err := sheet.Read(bytes.NewReader(a.Body), int64(len(a.Body)), sheet.Limits{})
	must(s.t, err)
	return rows
}

func (s *scene) export(token string, in M) exchange.ExportJSON {
	s.t.Helper()
	var out exchange.ExportJSON
	s.call(token, "POST", "/exports", in, http.StatusCreated, &out)
	return out
}

// someone makes a member of the staff with a role of these grants.
func (s *scene) someone(name string, g staff.Grants, in staff.NewUser) (*staff.Actor, string) {
	s.t.Helper()
	g[staff.TokenOwn] = staff.ScopeAll
	role, err := s.Staff.SaveRole(ctx, staff.System(s.Tenant), 0, 0, staff.RoleChange{Name: &name, Grants: g})
	must(s.t, err)
	in.Name, in.Email, in.Roles = name, fmt.Sprintf("u%d@example.com", s.IDs.Next()), []id.ID{role.ID}
	p, err := s.Staff.CreateUser(ctx, staff.System(s.Tenant), in)
	must(s.t, err)
	a, err := s.Staff.Actor(ctx, s.Tenant, p.ID)
	must(s.t, err)
	return a, s.TokenFor(a)
}

func (s *scene) team(name string) id.ID {
	s.t.Helper()
	zero := id.ID(0)
	d, err := s.Staff.CreateTeam(ctx, staff.System(s.Tenant), staff.TeamChange{Name: &name, Department: &zero})
	must(s.t, err)
	return d.ID
}

func column(rows [][]string, head string) []string {
	i := slices.Index(rows[0], head)
	if i < 0 {
		return []string{"no column " + head}
	}
	var out []string
	for _, r := range rows[1:] {
		v := ""
		if i < len(r) {
			v = r[i]
		}
		out = append(out, v)
	}
	return out
}

// many fills the store with tickets, in one go.
func (s *scene) many(n int) {
	s.t.Helper()
	l, err := s.Desk.Loader(ctx, s.Tenant)
	must(s.t, err)
	who, _, err := s.Customers.Resolve(ctx, s.Tenant, customer.Contact{Name: "张三"})
	must(s.t, err)
	now := s.Clock.Now()
	for from := 0; from < n; from += 100 {
		var pasts []ticket.Past
		for i := from; i < min(n, from+100); i++ {
			t := &ticket.Ticket{Tenant: s.Tenant, ID: s.IDs.Next(), Number: l.Number("inquiry", now), Subject: fmt.Sprint("工单 ", i), Status: ticket.Closed, Priority: ticket.Normal,
				Type: "inquiry", Channel: "api", Requester: who.ID, CreatorKind: "system", CreatedAt: now, UpdatedAt: now, Version: 1}
			pasts = append(pasts, ticket.Past{Ticket: t, Requester: "张三", Events: []ticket.Event{{Tenant: s.Tenant, Ticket: t.ID, Seq: 1, At: now, ActorKind: "system", Name: ticket.EventCreated}}})
		}
		x := l.Prepare(from, pasts)
		must(s.t, l.Gather(x))
		must(s.t, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return l.WriteIn(ctx, tx, x) }))
	}
	must(s.t, l.Finish(ctx))
}

// blobs counts the contents that are stored.
func blobs(t *testing.T, s *scene) (n int) {
	t.Helper()
	must(t, s.Blobs.Walk(ctx, func(blob.Info) error { n++; return nil }))
	return n
}
