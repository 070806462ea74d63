package staff_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

type idOf = id.ID

func newRequest(w *who) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+w.token)
	return r
}

func TestUsers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, admin := start(t, d)
		for _, tc := range []struct {
			body        m
			code, field string
		}{
			{m{"email": "x", "name": "a"}, "email", "email"},
			{m{"email": "a@example.com", "name": " "}, "required", "name"},
			{m{"email": "a@example.com", "name": "a\u202eb"}, "characters", "name"},
			{m{"email": "ADMIN@example.com", "name": "a"}, "taken", "email"},
			{m{"email": "a@example.com", "name": "a", "locale": "fr"}, "choice", "locale"},
			{m{"email": "a@example.com", "name": "a", "department_id": "5"}, "unknown", "department_id"},
			{m{"email": "a@example.com", "name": "a", "role_ids": []string{"5"}}, "unknown", "role_ids"},
			{m{"email": "a@example.com", "name": "a", "team_ids": []string{"5"}}, "unknown", "team_ids"},
			{m{"email": "a@example.com", "name": "a", "skills": []m{{"skill_id": "5", "level": 3}}}, "unknown", "skills"},
			{m{"email": "a@example.com", "name": "a", "password": "short"}, "password.short", "password"},
			{m{"email": "a@example.com", "name": "a", "password": "password2024"}, "password.common", "password"},
			{m{"email": "a@example.com", "name": "a", "password": "1234567890"}, "password.common", "password"},
			{m{"email": "a@example.com", "name": "a", "password": "aaaaaaaaaaaa"}, "password.common", "password"},
			{m{"email": "kefuxiaowang@example.com", "name": "a", "password": "kefuxiaowang88"}, "password.account", "password"},
			{m{"email": "a@example.com", "name": "a", "active": true}, "unknown", "active"},
			{m{"email": "a@example.com", "name": "a", "skills": []m{{"skill_id": "5", "level": 6}}}, "range", "skills[0].level"},
		} {
			got := admin.do("POST", "/staff/users", tc.body)
			if got.status != 422 || len(got.problem.Errors) != 1 || got.problem.Errors[0].Field != tc.field || got.problem.Errors[0].Code != tc.code {
				t.Errorf("%v: got %d %s, want %s %s", tc.body, got.status, got.body, tc.field, tc.code)
			}
		}
		skill := admin.do("POST", "/staff/skills", m{"name": "冰箱"}).want(201, "").id()
		team := admin.do("POST", "/staff/teams", m{"name": "一组"}).want(201, "").id()
		unit := admin.do("POST", "/staff/departments", m{"name": "售后部"}).want(201, "").id()
		made := admin.do("POST", "/staff/users", m{"email": "li@example.com", "name": "李四", "team_ids": []string{team, team}, "department_id": unit,
			"skills": []m{{"skill_id": skill, "level": 4}}}).want(201, "")
		if made.json["locale"] != "zh-CN" || made.json["active"] != true || len(made.json["team_ids"].([]any)) != 1 || made.json["has_password"] != false || made.header.Get("ETag") != `"1"` {
			t.Errorf("made %s", made.body)
		}
		path := "/staff/users/" + made.id()
		stale := &who{n: admin.n, cookie: admin.cookie, header: map[string]string{"If-Match": `"1"`}}
		stale.do("PATCH", path, m{"name": "李思"}).want(200, "")
		stale.do("PATCH", path, m{"name": "李斯"}).want(412, "precondition")
		got := admin.do("PATCH", path, m{"department_id": nil, "team_ids": []string{}, "skills": []m{}}).want(200, "")
		if got.json["department_id"] != nil || len(got.json["team_ids"].([]any)) != 0 || len(got.json["skills"].([]any)) != 0 || got.json["name"] != "李思" {
			t.Errorf("changed %s", got.body)
		}
		admin.do("GET", "/staff/users/5", nil).want(404, "user.not_found")
		admin.do("PATCH", "/staff/users/5", m{"name": "x"}).want(404, "user.not_found")
		// Own things.
		me := admin.do("PATCH", "/me", m{"locale": "en", "preferences": m{"theme": "dark"}}).want(200, "")
		if me.json["locale"] != "en" || me.json["preferences"].(m)["theme"] != "dark" {
			t.Errorf("me %s", me.body)
		}
		admin.do("PATCH", "/me", m{"role_ids": []string{}}).want(422, "invalid", "role_ids")
		admin.do("PATCH", "/me", m{"preferences": m{"x": strings.Repeat("x", 20000)}}).want(422, "preferences", "preferences")
		// Every change left its mark, and no value of a person.
		events := admin.do("GET", "/audit", nil).want(200, "")
		var kinds []string
		var kept []any
		for _, e := range events.items() {
			kinds = append(kinds, e["kind"].(string))
			kept = append(kept, e["data"])
			if e["subject_id"] == made.id() && e["name"] != "李思" {
				t.Errorf("names of people are looked up: %v", e)
			}
		}
		told, _ := json.Marshal(kept)
		if s := strings.Join(kinds, " "); s != "user.updated user.updated user.updated user.created department.created team.created skill.created session.opened user.created tenant.created" {
			t.Errorf("events %s", s)
		}
		for _, secret := range []string{"li@example.com", "李思", good, "argon2"} {
			if strings.Contains(string(told), secret) {
				t.Errorf("%q is in the events", secret)
			}
		}
	})
}

func TestUserListPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, admin := start(t, d)
		for _, name := range []string{"张伟", "李娜", "Zoe", "王芳", "adam"} {
			admin.do("POST", "/staff/users", m{"email": fmt.Sprintf("u%x@example.com", name), "name": name}).want(201, "")
		}
		var names []string
		cursor := ""
		for range 10 {
			got := admin.do("GET", "/staff/users?limit=2&cursor="+cursor, nil).want(200, "")
			for _, u := range got.items() {
				names = append(names, u["name"].(string))
			}
			if cursor, _ = got.json["next_cursor"].(string); cursor == "" {
				break
			}
		}
		if s := strings.Join(names, " "); s != "adam 管理员 李娜 王芳 张伟 Zoe" {
			t.Errorf("in the order of reading: %s", s)
		}
		if got := admin.do("GET", "/staff/users?q=wang", nil).items(); len(got) != 1 || got[0]["name"] != "王芳" {
			t.Errorf("by pinyin: %v", got)
		}
		admin.do("GET", "/staff/users?cursor=x", nil).want(422, "cursor", "cursor")
		admin.do("GET", "/staff/users?limit=500", nil).want(422, "invalid", "limit")
	})
}

func TestNobodyGrantsMoreThanTheyHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		adminID := admin.do("GET", "/me", nil).id()
		agentRole, adminRole := admin.role(staff.Agent), admin.role(staff.Administrator)
		hr := admin.do("POST", "/staff/roles", m{"name": "人事", "grants": m{"staff.read": "all", "staff.manage": "all", "role.manage": "all", "ticket.read": "team"}}).want(201, "").id()
		hrUser := admin.do("POST", "/staff/users", m{"email": "hr@example.com", "name": "人事", "role_ids": []string{hr}, "password": good}).want(201, "").id()
		w := n.signIn("hr@example.com", good)

		w.do("POST", "/staff/users", m{"email": "x@example.com", "name": "x", "role_ids": []string{adminRole}}).want(422, "role.higher", "role_ids")
		w.do("POST", "/staff/users", m{"email": "x@example.com", "name": "x", "role_ids": []string{agentRole}}).want(422, "role.higher", "role_ids")
		peer := w.do("POST", "/staff/users", m{"email": "x@example.com", "name": "x", "role_ids": []string{hr}}).want(201, "").id()
		w.do("PATCH", "/staff/users/"+hrUser, m{"role_ids": []string{hr, adminRole}}).want(422, "role.higher", "role_ids")
		w.do("PATCH", "/staff/users/"+peer, m{"role_ids": []string{adminRole}}).want(422, "role.higher", "role_ids")
		// Nor governs somebody who holds more.
		w.do("PATCH", "/staff/users/"+adminID, m{"email": "mine@example.com"}).want(403, "user.higher")
		w.do("PATCH", "/staff/users/"+adminID, m{"active": false}).want(403, "user.higher")
		w.do("POST", "/staff/users/"+adminID+"/password", m{"password": other}).want(403, "user.higher")
		w.do("POST", "/staff/users/"+adminID+"/sign-out", nil).want(403, "user.higher")
		// Roles.
		w.do("POST", "/staff/roles", m{"name": "r", "grants": m{"ticket.read": "all"}}).want(422, "role.higher", "grants")
		w.do("POST", "/staff/roles", m{"name": "r", "grants": m{"config.manage": "all"}}).want(422, "role.higher", "grants")
		w.do("PATCH", "/staff/roles/"+hr, m{"grants": m{"ticket.read": "department"}}).want(422, "role.higher", "grants")
		w.do("PATCH", "/staff/roles/"+agentRole, m{"grants": m{}}).want(403, "role.higher")
		w.do("PATCH", "/staff/roles/"+adminRole, m{"grants": m{}}).want(409, "role.administrator")
		admin.do("PATCH", "/staff/roles/"+adminRole, m{"grants": m{}}).want(409, "role.administrator")
		w.do("POST", "/staff/roles", m{"name": "r", "grants": m{"ticket.read": "own"}}).want(201, "")
		w.do("POST", "/staff/roles", m{"name": "s", "grants": m{"fly": "all"}}).want(422, "unknown", "grants.fly")
		w.do("POST", "/staff/roles", m{"name": "s", "grants": m{"staff.read": "team"}}).want(422, "scope", "grants.staff.read")
		w.do("POST", "/staff/roles", m{"name": "s", "grants": m{"ticket.read": "galaxy"}}).want(422, "choice", "grants.ticket.read")
		// Somebody without the permission does nothing of the sort.
		admin.hire("agent@example.com", staff.Agent)
		agent := n.signIn("agent@example.com", good)
		for _, path := range []string{"/staff/users", "/staff/roles", "/staff/teams", "/staff/departments", "/staff/skills"} {
			agent.do("GET", path, nil).want(403, "auth.forbidden")
			agent.do("POST", path, m{"name": "x"}).want(403, "auth.forbidden")
		}
		(&who{n: n}).do("GET", "/staff/users", nil).want(401, "auth.required")
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, admin := start(t, d)
		me := "/staff/users/" + admin.do("GET", "/me", nil).id()
		admin.do("PATCH", me, m{"active": false}).want(409, "user.last_administrator")
		admin.do("PATCH", me, m{"role_ids": []string{}}).want(409, "user.last_administrator")
		second := "/staff/users/" + admin.hire("second@example.com", staff.Administrator)
		admin.do("PATCH", second, m{"active": false}).want(200, "")
		admin.do("PATCH", me, m{"active": false}).want(409, "user.last_administrator") // a disabled one does not count
		admin.do("PATCH", second, m{"active": true}).want(200, "")
		admin.do("PATCH", me, m{"role_ids": []string{admin.role(staff.Agent)}}).want(200, "")
	})
}

func TestDepartmentsAreATree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		add := func(name, parent string) string {
			t.Helper()
			body := m{"name": name}
			if parent != "" {
				body["parent_id"] = parent
			}
			return admin.do("POST", "/staff/departments", body).want(201, "").id()
		}
		root := add("公司", "")
		east, west := add("华东", root), add("华西", root)
		shanghai := add("上海", east)
		pudong := add("浦东", shanghai)
		admin.do("POST", "/staff/departments", m{"name": "华东", "parent_id": root}).want(422, "taken", "name")
		admin.do("PATCH", "/staff/departments/"+east, m{"parent_id": pudong}).want(422, "department.cycle", "parent_id")
		admin.do("PATCH", "/staff/departments/"+east, m{"parent_id": east}).want(422, "department.cycle", "parent_id")
		admin.do("PATCH", "/staff/departments/"+east, m{"parent_id": "5"}).want(422, "unknown", "parent_id")

		supervisor := admin.hire("s@example.com", staff.Supervisor)
		admin.do("PATCH", "/staff/users/"+supervisor, m{"department_id": east}).want(200, "")
		w := n.signIn("s@example.com", good)
		reach := func() []string {
			token, _ := w.makeToken()
			p, err := n.house.Authenticate(newRequest(token))
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, d := range p.(*staff.Actor).Reach(staff.TicketRead).Departments {
				out = append(out, d.String())
			}
			slices.Sort(out)
			return out
		}
		want := func(ids ...string) {
			t.Helper()
			slices.Sort(ids)
			if got := reach(); !slices.Equal(got, ids) {
				t.Errorf("the supervisor reaches %v, want %v", got, ids)
			}
		}
		want(east, shanghai, pudong)
		admin.do("PATCH", "/staff/departments/"+shanghai, m{"parent_id": west}).want(200, "")
		want(east)
		admin.do("PATCH", "/staff/departments/"+west, m{"parent_id": east}).want(200, "")
		want(east, west, shanghai, pudong)
		admin.do("PATCH", "/staff/departments/"+east, m{"parent_id": nil}).want(200, "")
		want(east, west, shanghai, pudong)
		deep := pudong
		for i := range 20 {
			got := admin.do("POST", "/staff/departments", m{"name": fmt.Sprint("d", i), "parent_id": deep})
			if got.status != 201 {
				got.want(422, "department.deep", "parent_id")
				break
			}
			deep = got.id()
		}
		admin.do("PATCH", "/staff/departments/"+east, m{"parent_id": root}).want(422, "department.deep", "parent_id")
	})
}

func TestTeams(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		a, b := admin.hire("a@example.com", staff.Agent), admin.hire("b@example.com", staff.Agent)
		team := admin.do("POST", "/staff/teams", m{"name": "一组", "members": []m{{"user_id": a, "lead": true}}}).want(201, "")
		w := n.signIn("a@example.com", good)
		if got := w.do("GET", "/me", nil); got.json["teams"].([]any)[0].(m)["name"] != "一组" {
			t.Errorf("me %s", got.body)
		}
		path := "/staff/teams/" + team.id()
		admin.do("PATCH", path, m{"members": []m{{"user_id": b}, {"user_id": b}}}).want(422, "unique", "members")
		admin.do("PATCH", path, m{"members": []m{{"user_id": "5"}}}).want(422, "unknown", "members")
		admin.do("POST", "/staff/teams", m{"name": "一组"}).want(422, "taken", "name")
		got := admin.do("PATCH", path, m{"members": []m{{"user_id": b}}, "retired": true}).want(200, "")
		if members := got.json["members"].([]any); len(members) != 1 || members[0].(m)["user_id"] != b || got.json["retired"] != true {
			t.Errorf("team %s", got.body)
		}
		if got := w.do("GET", "/me", nil); len(got.json["teams"].([]any)) != 0 {
			t.Errorf("still a member: %s", got.body)
		}
		skill := admin.do("POST", "/staff/skills", m{"name": "空调"}).want(201, "").id()
		admin.do("PATCH", "/staff/users/"+a, m{"skills": []m{{"skill_id": skill, "level": 2}}}).want(200, "")
		admin.do("DELETE", "/staff/skills/"+skill, nil).want(409, "skill.used")
		admin.do("PATCH", "/staff/users/"+a, m{"skills": []m{}}).want(200, "")
		admin.do("DELETE", "/staff/skills/"+skill, nil).want(204, "")
		admin.do("DELETE", "/staff/roles/"+admin.role(staff.Agent), nil).want(409, "role.shipped")
	})
}

// Every operation of this room is shut to a caller without rights.
func TestEveryOperationIsShut(t *testing.T) {
	n, admin := start(t, dbtest.SQLite(t))
	none := admin.do("POST", "/staff/users", m{"email": "none@example.com", "name": "x", "password": good}).want(201, "")
	_ = none
	w := n.signIn("none@example.com", good)
	checked := 0
	for path, item := range n.api.OpenAPI().Paths {
		for method, op := range map[string]any{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete} {
			ext := permissionOf(op)
			if ext == "" || ext == "signed-in" {
				continue
			}
			checked++
			p := strings.TrimPrefix(strings.ReplaceAll(path, "{id}", "5"), "/api/v1")
			w.do(method, p, nil).want(403, "auth.forbidden")
			(&who{n: n}).do(method, p, nil).want(401, "auth.required")
		}
	}
	if checked < 20 {
		t.Errorf("only %d operations were checked", checked)
	}
}

func permissionOf(op any) string {
	o, _ := op.(*huma.Operation)
	if o == nil {
		return ""
	}
	p, _ := o.Extensions["x-permission"].(string)
	return p
}
