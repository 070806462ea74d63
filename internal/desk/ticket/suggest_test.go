package ticket_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

type suggested struct {
	Tickets   []struct{ ID, Number, Subject, Requester string }
	Customers []struct{ ID, Name, Company string }
	Companies []struct{ ID, Name string }
}

type faceted struct {
	Hits     int
	Further  bool
	Property map[string][]struct {
		Value string
		Count int
	}
}

func (f faceted) of(property string) map[string]int {
	n := map[string]int{}
	for _, c := range f.Property[property] {
		n[c.Value] = c.Count
	}
	return n
}

// answered is the status of an answer, whether it went well or not.
func answered(status int, err error) int {
	var p *client.Error
	if errors.As(err, &p) {
		return p.Status
	}
	return status
}

func suggest(t *testing.T, c *client.Client, q string) suggested {
	t.Helper()
	var out suggested
	_, err := c.Call(ctx, http.MethodGet, "/search/suggestions?q="+url.QueryEscape(q), nil, &out)
	must(t, err)
	return out
}

func facet(t *testing.T, c *client.Client, q, filter string) faceted {
	t.Helper()
	var out faceted
	_, err := c.Call(ctx, http.MethodGet, "/search/facets?q="+url.QueryEscape(q)+"&filter="+url.QueryEscape(filter), nil, &out)
	must(t, err)
	return out
}

// What the search box offers and what stands beside the results comes from the
// tickets within reach, and from no others.
func TestSuggestionsAndFacetsHoldTheReach(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		team := s.team("一组", 0)
		agent := s.person("组员", staff.NewUser{Teams: []id.ID{team}, Roles: []id.ID{s.role("只看本组", staff.Grants{
			staff.TicketRead: staff.ScopeTeam, staff.CustomerRead: staff.ScopeTeam, staff.TokenOwn: staff.ScopeAll})}})
		ours := s.open("微波炉转盘不转", func(n *client.NewTicket) { n.Team, n.Requester.Name, n.Priority = team.String(), "微波王", "high" })
		s.open("微波炉门坏了", func(n *client.NewTicket) { n.Requester.Name = "微波刘" })
		var company struct{ ID string }
		_, err := s.c.Call(ctx, http.MethodPost, "/companies", M{"name": "微波器材公司"}, &company)
		must(t, err)
		s.Settle()

		all := suggest(t, s.c, "微波")
		want(t, "tickets", len(all.Tickets), 2)
		want(t, "customers", len(all.Customers), 2)
		want(t, "companies", len(all.Companies), 1)
		want(t, "the company", all.Companies[0].Name, "微波器材公司")
		want(t, "nothing typed", len(suggest(t, s.c, " ").Tickets), 0)

		mine := suggest(t, s.as(agent), "微波")
		want(t, "tickets of the team", len(mine.Tickets), 1)
		want(t, "the ticket", mine.Tickets[0].ID, ours.ID)
		want(t, "its requester", mine.Tickets[0].Requester, "微波王")
		want(t, "customers of the team", len(mine.Customers), 1)
		want(t, "the customer", mine.Customers[0].Name, "微波王")
		want(t, "companies", len(mine.Companies), 0)

		f := facet(t, s.c, "微波", "")
		want(t, "hits", f.Hits, 2)
		want(t, "high", f.of("priority")["high"], 1)
		want(t, "of the team", f.of("team")[team.String()], 1)
		want(t, "of today", f.of("age")["day"], 2)
		want(t, "of no team", f.of("team")[""], 1)
		want(t, "with a condition", facet(t, s.c, "微波", `priority == "high"`).Hits, 1)
		f = facet(t, s.as(agent), "微波", "")
		want(t, "hits within reach", f.Hits, 1)
		want(t, "statuses within reach", len(f.Property["status"]), 1)
		want(t, "without words", facet(t, s.as(agent), "", "active").Hits, 1)
		want(t, "bad condition", answered(s.c.Call(ctx, http.MethodGet, "/search/facets?filter=nonsense", nil, nil)), 422)
	})
}

func TestViewsKeepColumnsFoldersAndOrder(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		boss := s.person("主管", staff.NewUser{}, staff.Supervisor)
		mate := s.person("同事", staff.NewUser{}, staff.Agent)
		dir, err := s.Staff.Directory(ctx, s.Tenant)
		must(t, err)
		agents, _ := dir.RoleByKey(staff.Agent)
		cols := []client.Column{{Key: "number", Width: 120}, {Key: "fields.order_no"}}
		mk := func(c *client.Client, name string, change func(*client.NewView)) client.View {
			in := client.NewView{Name: client.Words{ZH: name}, Scope: "own", Columns: cols, Folder: "退款"}
			change(&in)
			v, err := c.CreateView(ctx, in)
			must(t, err)
			return v
		}
		a := mk(s.as(boss), "甲", func(v *client.NewView) { v.Scope, v.SeenBy = "role", []string{agents.ID.String()} })
		b := mk(s.as(boss), "乙", func(*client.NewView) {})
		own := mk(s.as(mate), "丙", func(*client.NewView) {})
		want(t, "columns", fmt.Sprint(a.Columns), fmt.Sprint(cols))
		want(t, "folder", a.Folder, "退款")

		saved := func(c *client.Client) (out []client.View) {
			views, err := c.Views(ctx)
			must(t, err)
			for _, v := range views {
				if v.Scope != "shipped" {
					out = append(out, v)
				}
			}
			return out
		}
		names := func(list []client.View) (out string) {
			for _, v := range list {
				out += v.Name.ZH
			}
			return out
		}
		want(t, "who holds the role sees it", names(saved(s.as(mate))), "甲丙")
		arrange := func(c *client.Client, list ...M) int {
			return answered(c.Call(ctx, http.MethodPut, "/views/order", M{"views": list}, nil))
		}
		want(t, "the owner's order", arrange(s.as(boss), M{"id": b.ID, "folder": ""}, M{"id": a.ID, "folder": "赔付"}), 204)
		now := saved(s.as(boss))
		want(t, "order", names(now), "乙甲")
		want(t, "folder", now[1].Folder, "赔付")
		want(t, "of others", arrange(s.as(mate), M{"id": own.ID, "folder": "我的"}, M{"id": a.ID, "folder": "我的"}), 403)
		want(t, "nothing half done: it stands first", saved(s.as(mate))[0].Folder, "退款")
		want(t, "unseen", arrange(s.as(mate), M{"id": b.ID, "folder": ""}), 404)

		for _, bad := range [][]client.Column{{{Key: "x; drop"}}, {{Key: "number"}, {Key: "number"}}} {
			_, err := s.c.CreateView(ctx, client.NewView{Name: client.Words{ZH: "坏"}, Scope: "own", Columns: bad})
			want(t, "bad columns", answered(0, err), 422)
		}
		_, err = s.as(mate).CreateView(ctx, client.NewView{Name: client.Words{ZH: "坏"}, Scope: "role", SeenBy: []string{agents.ID.String()}})
		want(t, "may not share", answered(0, err), 403)
	})
}
