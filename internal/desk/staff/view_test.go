package staff_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// Who views as somebody sees what they see, writes nothing, and is themselves
// again afterwards; both stand in the trail under their own name.
func TestViewAs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		roles := map[string]string{}
		for _, r := range admin.do("GET", "/staff/roles", nil).items() {
			if key, ok := r["key"].(string); ok {
				roles[key] = r["id"].(string)
			}
		}
		agent := admin.do("POST", "/staff/users", m{"email": "zhou@example.com", "name": "周宁", "password": good, "role_ids": []string{roles["agent"]}}).want(201, "").id()

		admin.do("POST", "/session/view", m{"user_id": agent}).want(204, "")
		me := admin.do("GET", "/me", nil).want(200, "")
		view, _ := me.json["viewing"].(m)
		if me.json["name"] != "周宁" || view == nil || view["by"].(m)["name"] != "管理员" || view["user"].(m)["name"] != "周宁" {
			t.Fatalf("me %s", me.body)
		}
		if p := me.json["permissions"].(m); p["ticket.read"] != "team" || p["staff.manage"] != nil {
			t.Errorf("rights of the agent: %v", p)
		}
		admin.do("GET", "/audit", nil).want(403, "auth.forbidden")
		for method, path := range map[string]string{"PATCH": "/me", "POST": "/me/password", "DELETE": "/me/tokens/1"} {
			admin.do(method, path, m{"name": "x", "old": "x", "new": good}).want(403, "view.read_only")
		}
		admin.do("DELETE", "/session/view", nil).want(204, "")
		if me := admin.do("GET", "/me", nil).want(200, ""); me.json["name"] != "管理员" || me.json["viewing"] != nil {
			t.Errorf("afterwards %s", me.body)
		}

		// As a role it is oneself, with nothing but that.
		admin.do("POST", "/session/view", m{"role_id": roles["auditor"]}).want(204, "")
		me = admin.do("GET", "/me", nil).want(200, "")
		if p := me.json["permissions"].(m); me.json["name"] != "管理员" || p["ticket.read"] != "all" || p["ticket.reply"] != nil {
			t.Errorf("as an auditor: %s", me.body)
		}
		// It ends by itself.
		n.clock.Advance(61 * time.Minute)
		if me := admin.do("GET", "/me", nil).want(200, ""); me.json["viewing"] != nil {
			t.Errorf("after an hour: %s", me.body)
		}

		var kinds []string
		for _, e := range admin.do("GET", "/audit?kind=view.", nil).items() {
			if e["actor_name"] != "管理员" {
				t.Errorf("by %v", e["actor_name"])
			}
			kinds = append(kinds, e["kind"].(string))
		}
		if s := strings.Join(kinds, " "); s != "view.started view.ended view.started" {
			t.Errorf("in the trail: %s", s)
		}
		admin.do("POST", "/session/view", m{"user_id": "5"}).want(422, "unknown", "user_id")
		admin.do("POST", "/session/view", m{}).want(422, "required", "user_id")

		// Nobody sees more than they may: a manager of roles cannot view as the administrator.
		roleID := admin.do("POST", "/staff/roles", m{"name": "角色管理", "grants": m{"role.manage": "all", "staff.read": "all"}}).want(201, "").id()
		admin.do("POST", "/staff/users", m{"email": "wu@example.com", "name": "吴敏", "password": good, "role_ids": []string{roleID}}).want(201, "")
		wu := n.signIn("wu@example.com", good)
		boss := admin.do("GET", "/me", nil).json["id"].(string)
		wu.do("POST", "/session/view", m{"user_id": boss}).want(403, "role.higher")
	})
}

func TestCompany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		got := admin.do("PATCH", "/company", m{"name": "云杉家电", "color": "#1f6f4a", "time_zone": "Asia/Urumqi", "locale": "en"}).want(200, "")
		if got.json["name"] != "云杉家电" || got.json["time_zone"] != "Asia/Urumqi" || got.json["brand"].(m)["color"] != "#1f6f4a" {
			t.Errorf("%s", got.body)
		}
		admin.do("PATCH", "/company", m{"color": "#ffd400"}).want(422, "contrast", "color")
		admin.do("PATCH", "/company", m{"color": "red"}).want(422, "invalid", "color")
		admin.do("PATCH", "/company", m{"time_zone": "Mars/Base"}).want(422, "time_zone", "time_zone")

		picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
		picture.Set(3, 3, color.RGBA{200, 0, 0, 255})
		var file bytes.Buffer
		if err := png.Encode(&file, picture); err != nil {
			t.Fatal(err)
		}
		hidden := append(bytes.Clone(file.Bytes()), "<script>alert(1)</script>"...)
		send := func(body []byte) int {
			req := httptest.NewRequest("PUT", "/api/v1/company/logo", bytes.NewReader(body))
			req.Header.Set("X-Zhidan", "1")
			req.AddCookie(&http.Cookie{Name: "zhidan_session", Value: admin.cookie})
			res := httptest.NewRecorder()
			n.api.ServeHTTP(res, req)
			return res.Code
		}
		if got := send(hidden); got != http.StatusNoContent {
			t.Fatalf("logo: %d", got)
		}
		for name, body := range map[string][]byte{"svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "large": append(file.Bytes(), make([]byte, 300<<10)...)} {
			if got := send(body); got < 400 || got >= 500 {
				t.Errorf("%s: %d", name, got)
			}
		}
		// Anybody who comes to sign in sees name and picture, and no more.
		nobody := &who{n: n}
		seen := nobody.do("GET", "/brand", nil).want(200, "")
		logo := seen.json["brand"].(m)["logo"].(string)
		if seen.json["name"] != "云杉家电" || len(seen.json) > 4 { // and $schema
			t.Errorf("%s", seen.body)
		}
		raw := nobody.do("GET", "/brand/logo/"+logo, nil).want(200, "")
		if raw.header.Get("Content-Type") != "image/png" || bytes.Contains(raw.body, []byte("script")) {
			t.Errorf("%s, %d bytes", raw.header.Get("Content-Type"), len(raw.body))
		}
		if got := send(nil); got != http.StatusNoContent {
			t.Errorf("taken away: %d", got)
		}
		nobody.do("GET", "/brand/logo/"+logo, nil).want(404, "logo.not_found")
	})
}
