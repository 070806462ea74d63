package ticket_test

import (
	"fmt"
	"net/http"
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// What is set up for everybody: seen by several teams or roles, retired without
// being lost, and told in the trail with what it was before.
func TestSharedViewsAreSetUpAndRetired(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		d := s.department("客服", 0)
		one, two := s.team("一组", d), s.team("二组", d)
		a := s.as(s.person("甲", staff.NewUser{Department: d, Teams: []id.ID{one}}, staff.Agent))
		b := s.as(s.person("乙", staff.NewUser{Department: d, Teams: []id.ID{two}}, staff.Agent))
		c := s.as(s.person("丙", staff.NewUser{Department: d}, staff.Agent))
		lead := s.as(s.person("主管", staff.NewUser{Department: d}, staff.Supervisor))
		sees := func(c *client.Client, view string) bool {
			list, err := c.Views(ctx)
			must(t, err)
			_, err = c.Tickets(ctx, client.Query{View: view})
			for _, v := range list {
				if v.ID == view {
					must(t, err)
					return true
				}
			}
			refused(t, err, "404 view.not_found")
			return false
		}
		shared := func(c *client.Client) (names string) {
			var list []client.View
			_, err := c.Call(ctx, http.MethodGet, "/views/shared", nil, &list)
			must(t, err)
			for _, v := range list {
				names += fmt.Sprint(v.Name.ZH, v.Retired, " ")
			}
			return names
		}

		in := client.NewView{Name: client.Words{ZH: "退款"}, Scope: "team", SeenBy: []string{two.String(), one.String(), two.String()}, Filter: `active && type == "return"`}
		v, err := s.c.CreateView(ctx, in)
		must(t, err)
		want(t, "each team once", len(v.SeenBy), 2)
		want(t, "both teams see it", fmt.Sprint(sees(a, v.ID), sees(b, v.ID), sees(c, v.ID)), "true true false")
		for _, bad := range []client.NewView{
			{Name: in.Name, Scope: "team"}, {Name: in.Name, Scope: "team", SeenBy: []string{"1"}}, {Name: in.Name, Scope: "role", SeenBy: []string{one.String()}},
		} {
			_, err := s.c.CreateView(ctx, bad)
			want(t, "bad", answered(0, err), 422)
		}
		led, err := lead.CreateView(ctx, client.NewView{Name: client.Words{ZH: "主管的"}, Scope: "shared"})
		must(t, err)
		_, err = a.CreateView(ctx, client.NewView{Name: client.Words{ZH: "自己的"}, Scope: "own"})
		must(t, err)
		want(t, "who may change all", shared(s.c), "退款false 主管的false ")
		want(t, "who may change their own", shared(lead), "主管的false ")

		in.Retired = true
		v, err = s.c.UpdateView(ctx, v.ID, in, client.IfVersion(v.Version))
		must(t, err)
		want(t, "retired", fmt.Sprint(sees(a, v.ID), sees(s.c, v.ID)), "false false")
		want(t, "but not lost", shared(s.c), "退款true 主管的false ")
		in.Retired, in.SeenBy = false, []string{one.String()}
		v, err = s.c.UpdateView(ctx, v.ID, in, client.IfVersion(v.Version))
		must(t, err)
		want(t, "taken up again", fmt.Sprint(sees(a, v.ID), sees(b, v.ID)), "true false")
		order := func(list ...map[string]string) {
			t.Helper()
			_, err := s.c.Call(ctx, http.MethodPut, "/views/order", map[string]any{"views": list}, nil)
			must(t, err)
		}
		order(map[string]string{"id": v.ID, "folder": ""}, map[string]string{"id": led.ID, "folder": ""})
		order(map[string]string{"id": led.ID, "folder": "日常"}, map[string]string{"id": v.ID, "folder": ""})
		must(t, s.c.DeleteView(ctx, v.ID))

		var trail struct {
			Items []struct {
				Kind, Name string
				Data       struct{ Changes []staff.FieldChange }
			}
		}
		_, err = s.c.Call(ctx, http.MethodGet, "/audit?kind=ticket_view.", nil, &trail)
		must(t, err)
		var told []string
		for _, e := range trail.Items {
			told = append(told, e.Kind+" "+e.Name)
		}
		want(t, "the trail", fmt.Sprint(told), "[ticket_view.deleted 退款 ticket_view.ordered  ticket_view.ordered  ticket_view.updated 退款 ticket_view.updated 退款 ticket_view.created 主管的 ticket_view.created 退款]")
		change := trail.Items[4].Data.Changes
		want(t, "before and after", fmt.Sprint(change), "[{retired [] false true}]")
		want(t, "the order before and after", fmt.Sprint(trail.Items[1].Data.Changes), "[{order [] [退款 主管的] [主管的 退款]} {folder [主管的]  日常}]")
	})
}
