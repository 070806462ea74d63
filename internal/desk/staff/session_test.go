package staff_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

func TestSetup(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, d, clock.At(1_800_000_000_000), 1)
		anybody := &who{n: n}
		if got := anybody.do("GET", "/setup", nil).want(200, ""); got.json["needed"] != true {
			t.Errorf("an empty store: %s", got.body)
		}
		anybody.do("POST", "/session", m{"email": adminEmail, "password": good}).want(409, "setup.needed")
		old, _ := n.house.SetupToken(context.Background())
		token, err := n.house.SetupToken(context.Background())
		if err != nil || token == "" {
			t.Fatal(err)
		}
		form := m{"token": old, "company": "演示公司", "name": "管理员", "email": adminEmail, "password": good}
		anybody.do("POST", "/setup", form).want(422, "setup.token", "token")
		form["token"] = token
		bad := anybody.do("POST", "/setup", m{"token": token, "company": " ", "name": "", "email": "nobody", "password": "short"}).want(422, "invalid")
		if fields := fmt.Sprint(fieldsOf(bad)); fields != "[company email name password]" {
			t.Errorf("bad fields %s\n%s", fields, bad.body)
		}
		got := anybody.do("POST", "/setup", form).want(201, "")
		if got.json["role_names"].([]any)[0] != "管理员" || got.json["permissions"].(m)["role.manage"] != "all" || got.json["tenant"].(m)["name"] != "演示公司" {
			t.Errorf("me: %s", got.body)
		}
		if c := got.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/") {
			t.Errorf("cookie %s", c)
		}
		anybody.do("POST", "/setup", form).want(422, "setup.token")
		if again, err := n.house.SetupToken(context.Background()); again != "" || err != nil {
			t.Errorf("a second set-up token: %q %v", again, err)
		}
		if got := anybody.do("GET", "/setup", nil); got.json["needed"] != false {
			t.Errorf("after set-up: %s", got.body)
		}
		for _, secret := range []string{token, good, got.cookie()} {
			if strings.Contains(n.log.String(), secret) {
				t.Error("a secret is in the log")
			}
		}
	})
}

func fieldsOf(r reply) (out []string) {
	for _, e := range r.problem.Errors {
		out = append(out, e.Field)
	}
	return out
}

// V16: which sessions and tokens live after each of the things that happen.
func TestWhichCredentialsLive(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		user := admin.hire("agent@example.com", staff.Agent)
		var one, two, token *who
		check := func(what string, wantOne, wantTwo, wantToken bool) {
			t.Helper()
			if a, b, c := one.lives(), two.lives(), token.lives(); a != wantOne || b != wantTwo || c != wantToken {
				t.Errorf("after %s: session %v, other session %v, token %v; want %v %v %v", what, a, b, c, wantOne, wantTwo, wantToken)
			}
			if !admin.lives() {
				t.Fatalf("after %s the administrator is out", what)
			}
		}
		password := good
		begin := func() {
			t.Helper()
			one, two = n.signIn("agent@example.com", password), n.signIn("agent@example.com", password)
			token, _ = one.makeToken()
			check("sign-in", true, true, true)
		}

		begin()
		one.do("DELETE", "/session", nil).want(204, "")
		check("sign-out", false, true, true)

		begin()
		for _, s := range one.do("GET", "/me/sessions", nil).want(200, "").items() {
			if s["current"] != true {
				one.do("DELETE", "/me/sessions/"+s["id"].(string), nil).want(204, "")
			}
		}
		check("ending the other sessions", true, false, true)

		begin()
		one.do("POST", "/me/password", m{"old": "wrong password", "new": other}).want(422, "password.wrong", "old")
		check("a wrong old password", true, true, true)
		one.do("POST", "/me/password", m{"old": password, "new": other}).want(204, "")
		password = other
		check("changing the password", true, false, true)

		begin()
		admin.do("POST", "/staff/users/"+user+"/password", m{"password": good}).want(204, "")
		password = good
		check("a password set by the administrator", false, false, false)

		begin()
		admin.do("PATCH", "/staff/users/"+user, m{"role_ids": []string{admin.role(staff.Auditor)}}).want(200, "")
		check("a change of roles", true, true, true)
		for _, w := range []*who{one, token} {
			if got := w.do("GET", "/me", nil); got.json["permissions"].(m)["ticket.reply"] != nil || got.json["permissions"].(m)["audit.read"] != "all" {
				t.Errorf("the old rights live on: %s", got.body)
			}
			w.do("GET", "/audit", nil).want(200, "")
		}
		admin.do("PATCH", "/staff/users/"+user, m{"role_ids": []string{admin.role(staff.Agent)}}).want(200, "")
		one.do("GET", "/audit", nil).want(403, "auth.forbidden")

		begin()
		admin.do("PATCH", "/staff/users/"+user, m{"active": false}).want(200, "")
		check("disabling", false, false, false)
		(&who{n: n}).do("POST", "/session", m{"email": "agent@example.com", "password": good}).want(401, "auth.failed")
		admin.do("PATCH", "/staff/users/"+user, m{"active": true}).want(200, "")
		check("enabling again", false, false, false)

		begin()
		admin.do("POST", "/staff/users/"+user+"/sign-out", nil).want(204, "")
		check("sign-out by the administrator", false, false, false)

		begin()
		id := one.do("GET", "/me/tokens", nil).want(200, "").items()[0]["id"].(string)
		one.do("DELETE", "/me/tokens/"+id, nil).want(204, "")
		check("revoking the token", true, true, false)

		// Idle: background requests do not keep a session alive, tokens do not idle.
		begin()
		two.header = map[string]string{"X-Zhidan-Background": "1"}
		for range 3 {
			n.clock.Advance(5 * time.Hour)
			admin.lives()
			one.lives()
			two.lives()
		}
		check("15 hours, one at work, one polling", true, false, true)

		// Absolute: in the end even a busy session goes.
		begin()
		admin2 := n.signIn(adminEmail, good)
		for range 16 {
			n.clock.Advance(11 * time.Hour)
			one.lives()
			admin2.lives()
		}
		if one.lives() || admin2.lives() {
			t.Error("a session lives longer than its absolute time")
		}
		if !token.lives() {
			t.Error("a token without expiry ended")
		}
	})
}

func TestAnotherNodeSeesChangesWithinASecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		user := admin.hire("agent@example.com", staff.Agent)
		agent := n.signIn("agent@example.com", good)
		far := newNode(t, d, n.clock, 2)
		there := &who{n: far, cookie: agent.cookie}
		if !there.lives() {
			t.Fatal("a session of one node is not known on the other")
		}
		admin.do("PATCH", "/staff/users/"+user, m{"role_ids": []string{admin.role(staff.Auditor)}}).want(200, "")
		agent.do("GET", "/audit", nil).want(200, "")
		n.clock.Advance(time.Second)
		there.do("GET", "/audit", nil).want(200, "")
		admin.do("PATCH", "/staff/users/"+user, m{"active": false}).want(200, "")
		n.clock.Advance(time.Second)
		there.do("GET", "/me", nil).want(401, "auth.invalid")

		// Activity on one node keeps the session alive on the other.
		twin := &who{n: far, cookie: admin.cookie}
		twin.lives()
		for range 3 {
			n.clock.Advance(6 * time.Hour)
			if !admin.lives() {
				t.Fatal("idle while at work")
			}
			if err := n.house.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if !twin.lives() {
			t.Error("work on one node does not count on the other")
		}
	})
}

func TestSignInTellsNothingAndLocks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		admin.hire("disabled@example.com", staff.Agent)
		for _, u := range admin.do("GET", "/staff/users?q=disabled", nil).items() {
			admin.do("PATCH", "/staff/users/"+u["id"].(string), m{"active": false}).want(200, "")
		}
		admin.do("POST", "/staff/users", m{"email": "invited@example.com", "name": "x"}).want(201, "")
		anybody := &who{n: n}
		try := func(email, password string) reply {
			return anybody.do("POST", "/session", m{"email": email, "password": password})
		}
		for _, email := range []string{adminEmail, "unknown@example.com", "disabled@example.com", "invited@example.com", "not an address"} {
			for i := range 5 {
				got := try(email, "wrong password").want(401, "auth.failed")
				if i == 0 && string(got.problem.Detail) != "the email address or the password is wrong" {
					t.Errorf("%s: %s", email, got.body)
				}
			}
			// The sixth must wait, for accounts that do not exist too.
			if got := try(email, good).want(429, "auth.locked"); got.header.Get("Retry-After") != "60" {
				t.Errorf("%s: retry after %s", email, got.header.Get("Retry-After"))
			}
		}
		n.clock.Advance(61 * time.Second)
		try(adminEmail, "wrong password").want(401, "auth.failed")
		if got := try(adminEmail, good).want(429, "auth.locked"); got.header.Get("Retry-After") != "120" {
			t.Errorf("the second lock: retry after %s", got.header.Get("Retry-After"))
		}
		n.clock.Advance(121 * time.Second)
		try("ADMIN@example.com ", good).want(200, "") // forgets the failures
		for range 5 {
			try(adminEmail, "wrong password").want(401, "auth.failed")
		}
		n.clock.Advance(17 * time.Minute) // a quarter of an hour after the lock
		for range 5 {
			try(adminEmail, "wrong password").want(401, "auth.failed")
		}
		if !admin.lives() {
			t.Error("failures elsewhere end a session")
		}
	})
}

func TestManyAttemptsAtOnceAreCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, _ := start(t, d)
		var failed, locked atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				switch got := (&who{n: n}).do("POST", "/session", m{"email": adminEmail, "password": "wrong password"}); got.problem.Code {
				case "auth.failed":
					failed.Add(1)
				case "auth.locked":
					locked.Add(1)
				default:
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
		wg.Wait()
		if failed.Load() != 5 || locked.Load() != 15 {
			t.Errorf("%d guesses were looked at and %d refused, want 5 and 15", failed.Load(), locked.Load())
		}
	})
}

func TestTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, admin := start(t, d)
		full, _ := admin.makeToken()
		narrow, _ := admin.makeToken("staff.read", "token.own")
		if got := narrow.do("GET", "/me", nil).want(200, ""); len(got.json["permissions"].(m)) != 2 {
			t.Errorf("narrow token: %s", got.body)
		}
		full.do("POST", "/staff/skills", m{"name": "冰箱"}).want(201, "")
		narrow.do("POST", "/staff/skills", m{"name": "空调"}).want(403, "auth.forbidden")
		// A narrow token makes no wider one.
		narrow.do("POST", "/me/tokens", m{"name": "x", "permissions": []string{"staff.manage"}}).want(422, "not_held", "permissions")
		child, _ := narrow.makeToken()
		child.do("POST", "/staff/skills", m{"name": "空调"}).want(403, "auth.forbidden")
		admin.do("POST", "/me/tokens", m{"name": "x", "permissions": []string{"fly"}}).want(422, "not_held", "permissions")
		admin.do("POST", "/me/tokens", m{"name": " "}).want(422, "required", "name")
		admin.do("POST", "/me/tokens", m{"name": "x", "expires_at": "2001-01-01T00:00:00Z"}).want(422, "past", "expires_at")
		// Expiry.
		at := n.clock.Now().Add(time.Hour)
		short := &who{n: n, token: admin.do("POST", "/me/tokens", m{"name": "short", "expires_at": at.String()}).want(201, "").json["secret"].(string)}
		if !short.lives() {
			t.Error("the token does not work")
		}
		n.clock.Advance(time.Hour)
		short.do("GET", "/me", nil).want(401, "auth.expired")
		// The list shows no secret, and when a token was last used.
		full.lives()
		got := admin.do("GET", "/me/tokens", nil).want(200, "")
		if strings.Contains(string(got.body), full.token) || strings.Contains(string(got.body), "secret") {
			t.Errorf("the list shows a secret: %s", got.body)
		}
		for _, token := range got.items() {
			if token["name"] == "test" && token["used_at"] == nil {
				t.Errorf("not used: %v", token)
			}
		}
		for _, bad := range []string{"x", full.token + "x", "zdt_1_" + strings.Repeat("A", 43), strings.Replace(full.token, "zdt_", "zds_", 1), strings.Repeat("z", 9000)} {
			(&who{n: n, token: bad}).do("GET", "/me", nil).want(401, "auth.invalid")
		}
		// A session cookie is not a token, nor the other way round.
		(&who{n: n, token: admin.cookie}).do("GET", "/me", nil).want(401, "auth.invalid")
		(&who{n: n, cookie: full.token}).do("GET", "/me", nil).want(401, "auth.invalid")
		if strings.Contains(n.log.String(), full.token) || strings.Contains(n.log.String(), admin.cookie) {
			t.Error("a secret is in the log")
		}
		for range 60 {
			if got := admin.do("POST", "/me/tokens", m{"name": "x"}); got.status != 201 {
				got.want(409, "token.too_many")
				return
			}
		}
		t.Error("tokens without end")
	})
}

// Secrets are not kept for idempotency, nor a hash from which one could be guessed.
func TestSecretsAndIdempotency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, admin := start(t, d)
		admin.header = map[string]string{"Idempotency-Key": "one"}
		first := admin.do("POST", "/me/tokens", m{"name": "x"}).want(201, "")
		admin.do("POST", "/me/tokens", m{"name": "x"}).want(409, "idempotency.answer_lost")
		if n := len(admin.do("GET", "/me/tokens", nil).items()); n != 1 {
			t.Errorf("%d tokens", n)
		}
		admin.header["Idempotency-Key"] = "two"
		a := admin.do("POST", "/staff/users", m{"email": "a@example.com", "name": "a", "password": good}).want(201, "")
		b := admin.do("POST", "/staff/users", m{"email": "a@example.com", "name": "a", "password": other}).want(201, "")
		if a.id() != b.id() {
			t.Error("two users")
		}
		rows, err := d.Query(context.Background(), `select hash, answer from idempotency`)
		kept, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
			var hash, answer []byte
			err := r.Scan(&hash, &answer)
			return string(hash) + string(answer), err
		})
		if err != nil || len(kept) != 2 {
			t.Fatal(len(kept), err)
		}
		for _, row := range kept {
			if strings.Contains(row, first.json["secret"].(string)) {
				t.Error("the secret of a token is kept")
			}
		}
	})
}

func TestCommandLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := clock.At(1_800_000_000_000)
		cli := staff.New(staff.Config{DB: d, Clock: c, IDs: newNode(t, d, c, 9).house.IDs})
		tenant, err := cli.CreateTenant(ctx, staff.NewTenant{Name: "演示公司", Locale: "en"})
		if err != nil {
			t.Fatal(err)
		}
		dir, err := cli.Directory(ctx, tenant.ID)
		if err != nil {
			t.Fatal(err)
		}
		role, ok := dir.RoleByKey(staff.Administrator)
		if !ok || role.Name != "Administrator" {
			t.Fatalf("role %+v", role)
		}
		server := newNode(t, d, c, 1)
		system := staff.System(tenant.ID)
		p, err := cli.CreateUser(ctx, system, staff.NewUser{Email: "Boss@Example.com", Name: "Boss", Roles: []idOf{role.ID}})
		if err != nil {
			t.Fatal(err)
		}
		if err := cli.SetPassword(ctx, system, p.ID, good); err != nil {
			t.Fatal(err)
		}
		secret, _, err := cli.CreateToken(ctx, system, p.ID, staff.NewToken{Name: "script"})
		if err != nil {
			t.Fatal(err)
		}
		(&who{n: server, token: secret}).do("GET", "/me", nil).want(200, "")
		server.signIn("boss@example.com", good)
	})
}

func TestVerifyIsQuick(t *testing.T) {
	d := dbtest.SQLite(t)
	n, admin := start(t, d)
	token, _ := admin.makeToken()
	r := newRequest(token)
	res := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if p, err := n.house.Authenticate(r); err != nil || p == nil {
				b.Fatal(err)
			}
		}
	})
	t.Logf("verifying a token takes %d ns", res.NsPerOp())
	if res.NsPerOp() > 50_000 {
		t.Errorf("verifying a token takes %d ns", res.NsPerOp())
	}
}
