package report_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"zhidan/internal/desk/report"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

// scene is a company with two departments, each with a team of two.
type scene struct {
	*zhidantest.House
	t      *testing.T
	units  []unit
	tokens map[id.ID]string
}

type unit struct {
	department, team id.ID
	agents           []*staff.Actor
}

func run(t *testing.T, fn func(t *testing.T, s *scene)) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		s := &scene{House: h, t: t, tokens: map[id.ID]string{h.Admin.ID: h.Token}}
		for _, name := range []string{"一", "二"} {
			s.units = append(s.units, s.unit(name))
		}
		fn(t, s)
	})
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) unit(name string) unit {
	s.t.Helper()
	system := staff.System(s.Tenant)
	dep := name + "部"
	d, err := s.Staff.CreateDepartment(ctx, system, staff.DepartmentChange{Name: &dep})
	s.must(err)
	group := name + "组"
	team, err := s.Staff.CreateTeam(ctx, system, staff.TeamChange{Name: &group, Department: &d.ID})
	s.must(err)
	u := unit{department: d.ID, team: team.ID}
	for _, who := range []string{"甲", "乙"} {
		u.agents = append(u.agents, s.person(name+who, u, staff.Agent))
	}
	return u
}

// person is somebody of a unit with roles by key, or by the name of one's own.
func (s *scene) person(name string, u unit, roles ...string) *staff.Actor {
	s.t.Helper()
	dir, err := s.Staff.Directory(ctx, s.Tenant)
	s.must(err)
	n := staff.NewUser{Email: url.QueryEscape(name) + "@example.com", Name: name, Department: u.department}
	if u.team != 0 {
		n.Teams = []id.ID{u.team}
	}
	for _, key := range roles {
		r, ok := dir.RoleByKey(key)
		for _, x := range dir.Roles() {
			if x.Name == key {
				r, ok = *x, true
			}
		}
		if !ok {
			s.t.Fatalf("no role %q", key)
		}
		n.Roles = append(n.Roles, r.ID)
	}
	p, err := s.Staff.CreateUser(ctx, staff.System(s.Tenant), n)
	s.must(err)
	a, err := s.Staff.Actor(ctx, s.Tenant, p.ID)
	s.must(err)
	s.tokens[a.ID] = s.TokenFor(a)
	return a
}

// lead has a role that reaches the own team only.
func (s *scene) lead(name string, u unit) *staff.Actor {
	s.t.Helper()
	role := "班组长" + name
	_, err := s.Staff.SaveRole(ctx, staff.System(s.Tenant), 0, 0, staff.RoleChange{Name: &role, Grants: staff.Grants{
		staff.TicketRead: staff.ScopeTeam, staff.ReportRead: staff.ScopeTeam, staff.RosterRead: staff.ScopeTeam, staff.TokenOwn: staff.ScopeAll}})
	s.must(err)
	return s.person(name, u, role)
}

func (s *scene) get(a *staff.Actor, path string, into any) int {
	s.t.Helper()
	r := s.Call("GET", path, nil, "Authorization", "Bearer "+s.tokens[a.ID])
	if r.Status == http.StatusOK && into != nil {
		r.JSON(s.t, into)
	}
	return r.Status
}

func (s *scene) board(a *staff.Actor, query string) *report.Board {
	s.t.Helper()
	b := &report.Board{}
	if code := s.get(a, "/report/today?"+query, b); code != http.StatusOK {
		s.t.Fatalf("GET /report/today?%s: %d", query, code)
	}
	return b
}

func figure(b *report.Board, key string) report.BoardFigure {
	for _, f := range b.Figures {
		if f.Key == key {
			return f
		}
	}
	return report.BoardFigure{}
}

// behind reads all pages of the tickets behind a figure.
func (s *scene) behind(a *staff.Actor, query string) (ids map[id.ID]bool, hidden int) {
	s.t.Helper()
	ids = map[id.ID]bool{}
	cursor := ""
	for range 200 {
		var page struct {
			Items []struct {
				ID id.ID `json:"id"`
			} `json:"items"`
			Hidden int    `json:"hidden"`
			Next   string `json:"next_cursor"`
		}
		if code := s.get(a, "/report/today/tickets?limit=9&"+query+"&cursor="+url.QueryEscape(cursor), &page); code != http.StatusOK {
			s.t.Fatalf("GET /report/today/tickets?%s: %d", query, code)
		}
		for _, x := range page.Items {
			if ids[x.ID] {
				s.t.Fatalf("%s: ticket %s came twice", query, x.ID)
			}
			ids[x.ID] = true
		}
		hidden += page.Hidden
		if cursor = page.Next; cursor == "" {
			return ids, hidden
		}
	}
	s.t.Fatalf("%s: the list does not end", query)
	return nil, 0
}
