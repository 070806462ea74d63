package phrase_test

import (
	"context"
	"fmt"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

type M = map[string]any

type thing struct {
	ID, Name, Text, Shortcut, Scope, Signature string
	Uses                                       int
	AllUses                                    int  `json:"all_uses"`
	MayEdit                                    bool `json:"may_edit"`
	Code                                       string
	Items                                      []thing
	Message                                    *thing
	Errors                                     []struct{ Field, Code string }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, not %v", what, got, want)
	}
}

// scene is a house with two teams and somebody in each.
type scene struct {
	*zhidantest.House
	t             *testing.T
	one, two      id.ID
	li, chen, zhu *staff.Actor // agents of team one and two, lead of department
	tokens        map[id.ID]string
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		s := &scene{House: h, t: t, tokens: map[id.ID]string{h.Admin.ID: h.Token}}
		name, none := "售后", id.ID(0)
		d, err := h.Staff.CreateDepartment(ctx, staff.System(h.Tenant), staff.DepartmentChange{Name: &name, Parent: &none})
		must(t, err)
		for i, into := range []*id.ID{&s.one, &s.two} {
			name := fmt.Sprintf("班组%d", i+1)
			g, err := h.Staff.CreateTeam(ctx, staff.System(h.Tenant), staff.TeamChange{Name: &name, Department: &d.ID})
			must(t, err)
			*into = g.ID
		}
		s.li, s.chen = s.person("李晓雯", d.ID, s.one, staff.Agent), s.person("陈立", d.ID, s.two, staff.Agent)
		s.zhu = s.person("朱主管", d.ID, 0, staff.Supervisor)
		h.Mind.Warm(ctx, h.Tenant) // the first ticket does not wait for its models
		fn(t, s)
	})
}

func (s *scene) person(name string, department, team id.ID, role string) *staff.Actor {
	dir, err := s.Staff.Directory(ctx, s.Tenant)
	must(s.t, err)
	r, _ := dir.RoleByKey(role)
	in := staff.NewUser{Name: name, Email: fmt.Sprintf("u%d@example.com", s.IDs.Next()), Department: department, Roles: []id.ID{r.ID}}
	if team != 0 {
		in.Teams = []id.ID{team}
	}
	p, err := s.Staff.CreateUser(ctx, staff.System(s.Tenant), in)
	must(s.t, err)
	a, err := s.Staff.Actor(ctx, s.Tenant, p.ID)
	must(s.t, err)
	s.tokens[a.ID] = s.TokenFor(a)
	return a
}

func (s *scene) call(a *staff.Actor, method, path string, body any) (int, thing) {
	s.t.Helper()
	r := s.Call(method, path, body, "Authorization", "Bearer "+s.tokens[a.ID])
	var out thing
	if len(r.Body) > 0 {
		r.JSON(s.t, &out)
	}
	return r.Status, out
}

func (s *scene) names(a *staff.Actor, path string) (out string) {
	s.t.Helper()
	status, list := s.call(a, "GET", path, nil)
	want(s.t, path, status, 200)
	for _, x := range list.Items {
		out += " " + x.Name
	}
	return out
}

func TestWhoSeesAndChangesWhat(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		made := func(a *staff.Actor, status int, in M) thing {
			t.Helper()
			got, x := s.call(a, "POST", "/quick-replies", in)
			want(t, fmt.Sprint(in), got, status)
			return x
		}
		own := made(s.li, 201, M{"scope": "own", "name": "问候", "shortcut": "Hi", "zh": "您好"})
		want(t, "the shortcut", own.Shortcut, "hi")
		made(s.li, 403, M{"scope": "shared", "name": "x", "zh": "x"})
		made(s.li, 403, M{"scope": "team", "team_id": s.one, "name": "x", "zh": "x"})
		team := made(s.zhu, 201, M{"scope": "team", "team_id": s.one, "name": "上门", "zh": "x"})
		made(s.zhu, 403, M{"scope": "shared", "name": "x", "zh": "x"}) // only within the department
		made(s.Admin, 422, M{"scope": "team", "team_id": "7", "name": "x", "zh": "x"})
		all := made(s.Admin, 201, M{"scope": "shared", "name": "退款", "shortcut": "hi", "zh": "x"})
		if x := made(s.li, 422, M{"scope": "own", "name": "又一个", "shortcut": "hi", "zh": "x"}); x.Errors[0].Field+" "+x.Errors[0].Code != "shortcut taken" {
			t.Error(x.Errors)
		}
		want(t, "li sees", s.names(s.li, "/quick-replies"), " 问候 上门 退款")
		want(t, "chen sees", s.names(s.chen, "/quick-replies"), " 退款")
		want(t, "the administrator sees", s.names(s.Admin, "/quick-replies"), " 上门 退款")

		change := func(a *staff.Actor, x thing, status int) {
			t.Helper()
			got, _ := s.call(a, "PUT", "/quick-replies/"+x.ID, M{"scope": "own", "name": "x", "zh": "x"})
			want(t, "change", got, status)
			got, _ = s.call(a, "DELETE", "/quick-replies/"+x.ID, nil)
			if status < 300 {
				status = 204
			}
			want(t, "delete", got, status)
		}
		change(s.chen, own, 404)
		change(s.chen, team, 404)
		change(s.chen, all, 403)
		change(s.Admin, own, 404) // nobody else's business
		change(s.li, team, 403)
		change(s.li, own, 200)
		want(t, "li sees", s.names(s.li, "/quick-replies"), " 上门 退款")
		list, err := s.Staff.Events(ctx, s.Tenant, staff.EventFilter{Kind: "quick_reply."}, 10)
		must(t, err)
		want(t, "what a team or all use leaves a trace", fmt.Sprint(len(list), list[0].Name, list[1].Name), "2退款上门")
		status, _ := s.call(s.Admin, "POST", "/quick-replies/"+team.ID+"/use", nil)
		want(t, "of a team that one is not in", status, 404)
	})
}

func TestFilledInForATicket(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		post := func(a *staff.Actor, path string, in M) thing {
			t.Helper()
			status, x := s.call(a, "POST", path, in)
			if status >= 300 {
				t.Fatalf("%s %v: %d %v", path, in, status, x)
			}
			return x
		}
		open := func(in M) thing {
			in["body"], in["team_id"], in["assignee_id"] = "空调不制冷", s.one, s.li.ID
			return post(s.Admin, "/tickets", in)
		}
		first := post(s.Admin, "/quick-replies", M{"scope": "shared", "name": "一", "zh": "{customer}您好，{company}{team}{agent}为您服务，工单 {number}。{date}", "en": "Dear {customer}"})
		second := post(s.li, "/quick-replies", M{"scope": "own", "name": "二", "zh": "好的"})
		zh := open(M{"requester": M{"name": "{agent}<i>"}, "language": "zh", "channel": "web"})
		en := open(M{"requester": M{"name": "Ann"}, "language": "en", "channel": "email"})
		_, got := s.call(s.li, "GET", "/tickets/"+zh.ID+"/quick-replies", nil)
		var number struct{ Number string }
		s.Call("GET", "/tickets/"+zh.ID, nil).JSON(t, &number)
		want(t, "filled in", got.Items[0].Text, "{agent}<i>您好，测试公司班组1李晓雯为您服务，工单 "+number.Number+"。2026-11-21")
		_, got = s.call(s.li, "GET", "/tickets/"+en.ID+"/quick-replies", nil)
		want(t, "in the customer's language", got.Items[0].Text, "Dear Ann")
		want(t, "or in the other", got.Items[1].Text, "好的")
		status, _ := s.call(s.chen, "GET", "/tickets/"+zh.ID+"/quick-replies", nil)
		want(t, "of a ticket out of reach", status, 404)

		for range 2 {
			post(s.li, "/quick-replies/"+second.ID+"/use", nil)
		}
		post(s.li, "/quick-replies/"+first.ID+"/use", nil)
		post(s.Admin, "/quick-replies/"+first.ID+"/use", nil)
		_, got = s.call(s.li, "GET", "/tickets/"+zh.ID+"/quick-replies", nil)
		want(t, "what is used often comes first", got.Items[0].Name+fmt.Sprint(got.Items[0].Uses)+got.Items[1].Name, "二2一")
		_, list := s.call(s.Admin, "GET", "/quick-replies", nil)
		want(t, "counts of oneself and of all", fmt.Sprint(list.Items[0].Uses, list.Items[0].AllUses), "1 2")

		// signatures: one's own before the team's before the company's, under mail alone
		reply := func(tk thing) string {
			t.Helper()
			return post(s.li, "/tickets/"+tk.ID+"/messages", M{"kind": "reply", "body": "x"}).Signature
		}
		want(t, "nobody has one", reply(en), "")
		post(s.Admin, "/signatures", M{"scope": "shared", "name": "公司", "zh": "{company}"})
		want(t, "the company's", reply(en), "测试公司")
		post(s.zhu, "/signatures", M{"scope": "team", "team_id": s.one, "name": "班组", "zh": "{team}"})
		want(t, "the team's", reply(en), "班组1")
		post(s.li, "/signatures", M{"scope": "own", "name": "我", "zh": "{agent}", "en": "Regards, {agent}"})
		want(t, "one's own", reply(en), "Regards, 李晓雯")
		_, got = s.call(s.li, "GET", "/tickets/"+en.ID+"/quick-replies", nil)
		want(t, "as it was shown", got.Signature, "Regards, 李晓雯")
		want(t, "not where there is no mail", reply(zh), "")
		want(t, "not under a note", post(s.li, "/tickets/"+en.ID+"/messages", M{"kind": "note", "body": "x"}).Signature, "")
		status, x := s.call(s.li, "POST", "/signatures", M{"scope": "own", "name": "我", "zh": "x"})
		want(t, "a second one", fmt.Sprint(status)+" "+x.Code, "409 signature.exists")
	})
}
