package ticket_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

type ctxT = context.Context

type M = map[string]any

// scene is a house seen through the API as its administrator. Its methods end
// the test when something goes wrong that should not.
type scene struct {
	*zhidantest.House
	t *testing.T
	c *client.Client
}

// each runs a test on both engines.
func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) { fn(t, &scene{h, t, client.New(h.URL, h.Token)}) })
}

// in is the same scene for a subtest.
func (s *scene) in(t *testing.T) *scene { return &scene{s.House, t, s.c} }

// as speaks to the API as somebody else.
func (s *scene) as(a *staff.Actor) *client.Client { return s.c.With(s.TokenFor(a)) }

// person makes a member of the staff (who needs no password here).
func (s *scene) person(name string, in staff.NewUser, roles ...string) *staff.Actor {
	s.t.Helper()
	dir, err := s.Staff.Directory(ctx, s.Tenant)
	must(s.t, err)
	for _, key := range roles {
		r, found := dir.RoleByKey(key)
		if !found {
			s.t.Fatalf("no role %q", key)
		}
		in.Roles = append(in.Roles, r.ID)
	}
	in.Name, in.Email = name, fmt.Sprintf("u%d@example.com", s.IDs.Next())
	p, err := s.Staff.CreateUser(ctx, staff.System(s.Tenant), in)
	must(s.t, err)
	a, err := s.Staff.Actor(ctx, s.Tenant, p.ID)
	must(s.t, err)
	return a
}

func (s *scene) department(name string, parent id.ID) id.ID {
	s.t.Helper()
	d, err := s.Staff.CreateDepartment(ctx, staff.System(s.Tenant), staff.DepartmentChange{Name: &name, Parent: &parent})
	must(s.t, err)
	return d.ID
}

func (s *scene) team(name string, department id.ID) id.ID {
	s.t.Helper()
	d, err := s.Staff.CreateTeam(ctx, staff.System(s.Tenant), staff.TeamChange{Name: &name, Department: &department})
	must(s.t, err)
	return d.ID
}

// role is a role with these grants, for everything that reaches as far as scope.
func (s *scene) role(name string, g staff.Grants) id.ID {
	s.t.Helper()
	r, err := s.Staff.SaveRole(ctx, staff.System(s.Tenant), 0, 0, staff.RoleChange{Name: &name, Grants: g})
	must(s.t, err)
	return r.ID
}

var phones = 13800000000

// open creates a ticket of a new customer by the API.
func (s *scene) open(body string, change ...func(*client.NewTicket)) client.Ticket {
	s.t.Helper()
	phones++
	in := client.NewTicket{Body: body, Requester: client.Requester{Name: "客户", Phone: fmt.Sprint(phones)}}
	for _, f := range change {
		f(&in)
	}
	t, err := s.c.CreateTicket(ctx, in)
	must(s.t, err)
	return t
}

func (s *scene) act(ticket, action string, in any) client.Done {
	s.t.Helper()
	d, err := s.c.Act(ctx, ticket, action, in)
	must(s.t, err)
	return d
}

func (s *scene) say(ticket, kind, body string) client.Message {
	s.t.Helper()
	m, err := s.c.Say(ctx, ticket, client.NewMessage{Kind: kind, Body: body})
	must(s.t, err)
	return m
}

func (s *scene) get(ticket string) client.Ticket {
	s.t.Helper()
	t, err := s.c.Ticket(ctx, ticket)
	must(s.t, err)
	return t
}

func (s *scene) solve(ticket string) client.Ticket {
	s.t.Helper()
	return s.act(ticket, "status", M{"status": "solved", "resolution": M{"code": "answered"}}).Ticket
}

// number reads an id out of its text.
func number(t *testing.T, text string) id.ID {
	t.Helper()
	n, err := id.Parse(text)
	must(t, err)
	return n
}

// history is the stored events of a ticket after a seq. It checks on the way
// what must always hold: seq counts up without gaps to the ticket's version.
func (s *scene) history(tid string, after int64) []ticket.Event {
	s.t.Helper()
	rows, err := s.DB.Query(ctx, `select seq, name, actor_kind, cause, data from ticket_event where tenant_id = $1 and ticket_id = $2 order by seq`, s.Tenant, number(s.t, tid))
	all, err := db.Each(rows, err, func(r *sql.Rows) (ticket.Event, error) {
		var e ticket.Event
		var data string
		if err := r.Scan(&e.Seq, &e.Name, &e.ActorKind, &e.Cause, &data); err != nil {
			return e, err
		}
		return e, json.Unmarshal([]byte(data), &e.Data)
	})
	must(s.t, err)
	for i, e := range all {
		if e.Seq != int64(i+1) {
			s.t.Fatalf("event %d has seq %d", i+1, e.Seq)
		}
	}
	var version int64
	must(s.t, s.DB.QueryRow(ctx, `select version from ticket where tenant_id = $1 and id = $2`, s.Tenant, number(s.t, tid)).Scan(&version))
	if version != int64(len(all)) {
		s.t.Fatalf("version %d with %d events", version, len(all))
	}
	return all[min(int(after), len(all)):]
}

// fired tells the events after a seq in words, such as "status message/reply":
// those that somebody's act has made, not those of time that passes.
func (s *scene) fired(tid string, after int64) string {
	s.t.Helper()
	var out []string
	for _, e := range s.history(tid, after) {
		w := e.Name
		if w == ticket.EventSLA {
			continue
		}
		if e.Data.Kind != "" {
			w += "/" + e.Data.Kind
		}
		for _, c := range e.Data.Changes {
			if e.Name == ticket.EventChange || e.Name == ticket.EventAssign || e.Name == ticket.EventTransfer {
				w += ":" + c.Field
			}
			if e.Name == ticket.EventStatus && c.Field == "status" {
				w += fmt.Sprintf(":%v", c.To)
			}
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused asserts the answer of the API: "409 ticket.claimed", or for bad input
// "422 field code", every field named.
func refused(t *testing.T, err error, want string) {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s", err, want)
	}
	got := fmt.Sprintf("%d %s", e.Status, e.Code)
	if len(e.Fields) > 0 {
		got = fmt.Sprint(e.Status)
		for _, f := range e.Fields {
			got += " " + f.Field + " " + f.Code
		}
	}
	if got != want {
		t.Fatalf("got %s, want %s (%v)", got, want, err)
	}
}

// wantCode asserts that a domain error holds a fault of the code.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var l fault.List
	var f *fault.Error
	if errors.As(err, &f) {
		l = fault.List{f}
	} else {
		errors.As(err, &l)
	}
	if !slices.ContainsFunc(l, func(f *fault.Error) bool { return f.Code == code }) {
		t.Fatalf("got %v, want a fault %s", err, code)
	}
}

// names is a ticket's timeline in words.
func names(t *testing.T, h *zhidantest.House, tid id.ID) []string {
	t.Helper()
	entries, _, err := h.Desk.Timeline(ctx, h.Admin, tid, 200, "")
	must(t, err)
	var out []string
	for _, e := range entries {
		if e.Message != nil {
			out = append(out, "message:"+string(e.Message.Kind))
		} else {
			out = append(out, e.Event.Name)
		}
	}
	return out
}

func create(t *testing.T, h *zhidantest.House, subject, body, phone string) *ticket.Ticket {
	t.Helper()
	tk, err := h.Desk.Create(ctx, h.Admin, ticket.NewTicket{Subject: subject, Body: body, Type: "repair",
		Requester: customer.Contact{Name: "张三", Phone: phone}})
	must(t, err)
	return tk
}

// lines hands on the data of an event stream until it ends or is silent for too long.
func lines(r io.ReadCloser, silence time.Duration) chan string {
	ch := make(chan string, 10_000)
	stop := time.AfterFunc(silence, func() { r.Close() })
	go func() {
		defer close(ch)
		in := bufio.NewScanner(r)
		for in.Scan() {
			stop.Reset(silence)
			if data, is := strings.CutPrefix(in.Text(), "data: "); is {
				ch <- data
			} else if data, is := strings.CutPrefix(in.Text(), "data:"); is {
				ch <- data
			}
		}
	}()
	return ch
}
