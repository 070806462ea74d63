package customer_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func TestCreateAndUpdate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		c, err := b.Create(ctx, a, customer.Change{Name: ptr("王小明"), Tier: ptr("vip"), Tags: &[]string{"老客户", " 老客户 ", ""},
			Note: ptr("喜欢上午来电"), Fields: map[string]any{"member_no": "M-1"}}, []customer.NewIdentity{{Kind: "phone", Value: "13800138000"}, {Kind: "openid", Value: "o-1"}})
		if err != nil {
			t.Fatal(err)
		}
		got := must(b.Get(ctx, d, tenant, c.ID))
		if got.Name != "王小明" || got.Tier != "vip" || len(got.Tags) != 1 || got.Note != "喜欢上午来电" || got.Fields["member_no"] != "M-1" {
			t.Errorf("%+v", got)
		}
		u, err := b.Update(ctx, a, c.ID, customer.Change{Name: ptr("王晓明"), Note: ptr(""), Fields: map[string]any{"member_no": nil, "floor": 3.0, "areas": []any{"华东"}}, Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		got = must(b.Get(ctx, d, tenant, c.ID))
		if u.Version != 2 || got.Version != 2 || got.Name != "王晓明" || got.Note != "" || len(got.Fields) != 2 || got.Fields["floor"] != 3.0 {
			t.Errorf("%+v", got)
		}
		if p := must(b.Search(ctx, d, a, customer.Query{Q: "小明", Limit: 5})); len(p.Items) != 0 {
			t.Error("found by the name it had before")
		}
		_, err = b.Update(ctx, a, c.ID, customer.Change{Tier: ptr("normal"), Version: 1})
		refused(t, err, fault.Precondition, "version", "")
		if same := must(b.Update(ctx, a, c.ID, customer.Change{Tier: ptr("vip")})); same.Version != 2 {
			t.Error("a change that changes nothing made a version")
		}
		events := must(b.Events(ctx, d, tenant, c.ID, 10))
		if len(events) != 2 || events[0].Name != customer.EventChanged || strings.Join(events[0].Data.Fields, " ") != "name note fields" ||
			events[0].Actor != 900 || events[1].Name != customer.EventCreated {
			t.Errorf("%+v", events)
		}

		_, err = b.Create(ctx, a, customer.Change{Name: ptr("别人")}, []customer.NewIdentity{{Kind: "phone", Value: "+8613800138000"}})
		refused(t, err, fault.Conflict, "identity.taken", "identities.0.value")
		if p := first(err); p.Params["customer"] != c.ID.String() {
			t.Errorf("whose address it is: %v", p.Params)
		}
		if p := must(b.Search(ctx, d, a, customer.Query{Q: "别人", Limit: 5})); len(p.Items) != 0 {
			t.Error("a refused customer is there")
		}
		for _, x := range []struct {
			in          customer.Change
			code, field string
		}{
			{customer.Change{Name: ptr(" ")}, "required", "name"},
			{customer.Change{Name: ptr(strings.Repeat("x", 201))}, "too_long", "name"},
			{customer.Change{Tier: ptr("V I P")}, "invalid", "tier"},
			{customer.Change{Company: ptr(id.ID(99))}, "unknown", "company_id"},
			{customer.Change{Tags: ptr(many(51))}, "too_many", "tags"},
			{customer.Change{Tags: &[]string{strings.Repeat("x", 65)}}, "too_long", "tags"},
			{customer.Change{Note: ptr(strings.Repeat("长", 20_001))}, "too_long", "note"},
			{customer.Change{Language: ptr("??")}, "invalid", "language"},
			{customer.Change{Fields: map[string]any{"Bad Key": 1}}, "invalid", "fields"},
			{customer.Change{Fields: map[string]any{"x": map[string]any{}}}, "invalid", "fields.x"},
			{customer.Change{Fields: map[string]any{"x": strings.Repeat("x", 17<<10)}}, "too_long", "fields"},
		} {
			_, err := b.Update(ctx, a, c.ID, x.in)
			refused(t, err, fault.Invalid, x.code, x.field)
		}
		_, err = b.Update(ctx, &staff.Actor{Tenant: 2, Kind: staff.KindSystem}, c.ID, customer.Change{Tier: ptr("x")})
		refused(t, err, fault.NotFound, "customer.not_found", "")
	})
}

func many(n int) []string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprint("t", i))
	}
	return s
}

func TestAddressesAreMaskedUntilRevealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		c := resolve(t, b, customer.Contact{Name: "王小明", Phone: "13800138000"})
		added, err := b.AddIdentity(ctx, a, c.ID, customer.NewIdentity{Kind: "email", Value: "Wang@Example.com"})
		if err != nil || added.Display != "w***@example.com" {
			t.Fatalf("%+v, %v", added, err)
		}
		list := must(b.Identities(ctx, d, tenant, []id.ID{c.ID}))[c.ID]
		if len(list) != 2 || list[0].Display != "138****8000" || list[1].Display != "w***@example.com" || list[1].VerifiedAt != 0 {
			t.Fatalf("%+v", list)
		}
		if v, err := b.Reveal(ctx, a, c.ID, list[0].ID); err != nil || v != "13800138000" {
			t.Errorf("%q, %v", v, err)
		}
		e := must(b.Events(ctx, d, tenant, c.ID, 10))
		if e[0].Name != customer.EventRevealed || e[0].Actor != a.ID || e[0].Data.Identity != list[0].ID || e[1].Name != customer.EventIdentityAdded || e[1].Data.Value == "" {
			t.Errorf("%+v", e)
		}
		other := resolve(t, b, customer.Contact{Name: "别人"})
		_, err = b.Reveal(ctx, a, other.ID, list[0].ID)
		refused(t, err, fault.NotFound, "identity.not_found", "")
		_, err = b.Reveal(ctx, &staff.Actor{Tenant: 2, Kind: staff.KindSystem}, c.ID, list[0].ID)
		refused(t, err, fault.NotFound, "identity.not_found", "")

		if err := b.Verify(ctx, a, c.ID, list[1].ID); err != nil {
			t.Fatal(err)
		}
		if list := must(b.Identities(ctx, d, tenant, []id.ID{c.ID}))[c.ID]; list[1].VerifiedAt != noon {
			t.Errorf("%+v", list[1])
		}
		_, err = b.AddIdentity(ctx, a, c.ID, customer.NewIdentity{Kind: "email", Value: "wang@example.com"})
		refused(t, err, fault.Invalid, "duplicate", "value")
		_, err = b.AddIdentity(ctx, a, other.ID, customer.NewIdentity{Kind: "email", Value: "wang@example.com"})
		refused(t, err, fault.Conflict, "identity.taken", "value")
		if err := b.RemoveIdentity(ctx, a, c.ID, list[1].ID); err != nil {
			t.Fatal(err)
		}
		if _, err = b.AddIdentity(ctx, a, other.ID, customer.NewIdentity{Kind: "email", Value: "wang@example.com"}); err != nil {
			t.Errorf("a removed address is not free: %v", err)
		}
		if got := must(b.Addresses(ctx, d, tenant, other.ID, "email")); len(got) != 1 || got[0].Reveal() != "wang@example.com" || strings.Contains(fmt.Sprint(got), "wang") {
			t.Errorf("%v", got)
		}
		for i := range customer.MaxIdentities - 1 {
			if _, err := b.AddIdentity(ctx, a, other.ID, customer.NewIdentity{Kind: "openid", Value: fmt.Sprint("o", i)}); err != nil {
				t.Fatal(err)
			}
		}
		_, err = b.AddIdentity(ctx, a, other.ID, customer.NewIdentity{Kind: "openid", Value: "one more"})
		refused(t, err, fault.Invalid, "too_many", "identities")
	})
}

// What a person can be known or reached by never stands readable in the files
// of the database, and after erasing nothing of the person does.
func TestNothingPersonalIsReadableInTheDatabase(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		url := dbtest.SQLiteURL(t)
		canary(t, dbtest.Open(t, url), func() map[string][]byte { return sqliteFiles(t, url) })
	})
	t.Run("postgres", func(t *testing.T) {
		d := dbtest.Postgres(t)
		canary(t, d, func() map[string][]byte { return postgresFiles(t, d) })
	})
}

func canary(t *testing.T, d *db.DB, files func() map[string][]byte) {
	b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
	secrets := []string{"13812349876", "canary.mail@canary-domain.example", "o-canary-openid-value", "canary-note-钥匙在门垫下", "canary-field-value", "canary-late@canary-domain.example"}
	c := resolve(t, b, customer.Contact{Name: "canary-name-甲", Phone: secrets[0], Email: secrets[1], OtherKind: "openid", OtherValue: secrets[2]})
	must(b.Update(ctx, a, c.ID, customer.Change{Note: &secrets[3], Fields: map[string]any{"x": secrets[4]}}))
	late := must(b.AddIdentity(ctx, a, c.ID, customer.NewIdentity{Kind: "email", Value: secrets[5]}))
	must(b.Reveal(ctx, a, c.ID, late.ID))
	other := resolve(t, b, customer.Contact{Phone: "13712349876"})
	must(b.Unmerge(ctx, a, must(b.Merge(ctx, a, other.ID, c.ID))))
	must(b.Merge(ctx, a, other.ID, c.ID))

	grep := func(values ...string) (hits int) {
		for name, raw := range files() {
			low := bytes.ToLower(raw)
			for _, v := range values {
				for _, form := range []string{v, hex.EncodeToString([]byte(v))} {
					if bytes.Contains(low, []byte(form)) {
						t.Logf("%q in %s", form, name)
						hits++
					}
				}
			}
		}
		return hits
	}
	if grep("canary-name-甲") == 0 {
		t.Fatal("the customer's name was not found: this test looks at the wrong files")
	}
	if grep(append(secrets, "13712349876")...) > 0 {
		t.Error("a personal value is readable in the database")
	}

	if err := b.Erase(ctx, a, c.ID); err != nil {
		t.Fatal(err)
	}
	got := must(b.Get(ctx, d, tenant, c.ID))
	if !got.Erased || got.Name != "" || got.Note != "" || len(got.Fields) != 0 {
		t.Errorf("%+v", got)
	}
	for _, x := range []customer.NewIdentity{{Kind: "phone", Value: secrets[0]}, {Kind: "email", Value: secrets[5]}, {Kind: "phone", Value: "13712349876"}} {
		if c := must(b.Lookup(ctx, d, tenant, x.Kind, x.Value)); c != nil {
			t.Errorf("%s still leads to a customer", x.Kind)
		}
	}
	if p := must(b.Search(ctx, d, a, customer.Query{Q: "canary", Limit: 5})); len(p.Items) != 0 {
		t.Error("an erased customer is found by name")
	}
	_, err := b.Update(ctx, a, c.ID, customer.Change{Name: ptr("x")})
	refused(t, err, fault.Conflict, "customer.erased", "")
	if again := resolve(t, b, customer.Contact{Phone: secrets[0]}); again.ID == c.ID {
		t.Error("a new contact of an erased person found the old customer")
	}
}

func sqliteFiles(t *testing.T, url string) map[string][]byte {
	out := map[string][]byte{}
	names, _ := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
	for _, n := range names {
		out[n] = must(os.ReadFile(n))
	}
	return out
}

// postgresFiles reads the files of this database after a checkpoint, and the
// newest write-ahead log.
func postgresFiles(t *testing.T, d *db.DB) map[string][]byte {
	var dir, oid string
	rows, err := d.Query(t.Context(), `checkpoint`)
	if err == nil {
		rows.Close()
		err = d.QueryRow(t.Context(), `select current_setting('data_directory'), (select oid::text from pg_database where datname = current_database())`).Scan(&dir, &oid)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, pattern := range []string{"base/" + oid + "/*", "pg_wal/0*"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, n := range names {
			if raw, err := os.ReadFile(n); err == nil {
				out[n] = raw
			}
		}
	}
	if len(out) == 0 {
		t.Skip("the files of this PostgreSQL server cannot be read from here")
	}
	return out
}
