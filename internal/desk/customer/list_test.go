package customer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// A merge takes over what the agent chose, and taking it back gives the survivor
// its own values again.
func TestMergeByChoice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		one := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("甲公司")}))
		two := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("乙公司")}))
		from := must(b.Create(ctx, a, customer.Change{Name: ptr("王晓明"), Tier: ptr("important"), Company: &one.ID, Language: ptr("en"), Note: ptr("新备注"),
			Tags: &[]string{"批发"}}, []customer.NewIdentity{{Kind: "email", Value: "w@example.com"}}))
		into := must(b.Create(ctx, a, customer.Change{Name: ptr("王小明"), Tier: ptr("vip"), Company: &two.ID, Language: ptr("zh"), Note: ptr("旧备注")},
			[]customer.NewIdentity{{Kind: "phone", Value: "13800138000"}}))
		if err := b.SetCare(ctx, a, from.ID, "家中有病人", 0); err != nil {
			t.Fatal(err)
		}
		_, err := b.Merge(ctx, a, from.ID, into.ID, "tags")
		refused(t, err, fault.Invalid, "choice", "take")
		undo := must(b.Merge(ctx, a, from.ID, into.ID, customer.TakeName, customer.TakeTier, customer.TakeCompany, customer.TakeNote))
		got := must(b.Get(ctx, d, tenant, into.ID))
		if got.Name != "王晓明" || got.Tier != "important" || got.Company != one.ID || got.Language != "zh" || got.Note != "新备注" ||
			got.CareUntil != customer.Forever || got.Care.Reason != "家中有病人" || fmt.Sprint(got.Tags) != "[批发]" {
			t.Errorf("%+v", got)
		}
		for q, want := range map[string]int{"晓明": 1, "小明": 0} {
			if p := must(b.Search(ctx, d, a, customer.Query{Q: q, Limit: 9})); len(p.Items) != want {
				t.Errorf("%q finds %d customers after the merge, want %d", q, len(p.Items), want)
			}
		}
		if p := must(b.Search(ctx, d, a, customer.Query{Narrow: customer.Narrow{Tag: "批发"}, Limit: 9})); len(p.Items) != 1 || p.Items[0].ID != into.ID {
			t.Errorf("by tag: %+v", p.Items)
		}
		if list := must(b.Merges(ctx, d, tenant, into.ID)); len(list) != 1 || list[0].ID != undo || list[0].Name != "王晓明" {
			t.Errorf("%+v", list)
		}
		var stored string
		if err := d.QueryRow(ctx, `select data from customer_merge where tenant_id = $1 and id = $2`, tenant, undo).Scan(&stored); err != nil || strings.Contains(stored, "王") || strings.Contains(stored, "备注") {
			t.Errorf("a merge keeps personal values in the open: %s %v", stored, err)
		}
		must(b.Unmerge(ctx, a, undo))
		got = must(b.Get(ctx, d, tenant, into.ID))
		if got.Name != "王小明" || got.Tier != "vip" || got.Company != two.ID || got.Note != "旧备注" || got.CareUntil != 0 || len(got.Tags) != 0 {
			t.Errorf("%+v", got)
		}
		if list := must(b.Merges(ctx, d, tenant, into.ID)); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

func TestCareEndsByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		c := resolve(t, b, customer.Contact{Name: "王小明", Phone: "13800138000"})
		refused(t, b.SetCare(ctx, a, c.ID, "  ", 0), fault.Invalid, "required", "reason")
		refused(t, b.SetCare(ctx, a, c.ID, "x", b.Clock.Now()), fault.Invalid, "past", "until")
		if err := b.SetCare(ctx, a, c.ID, "上次投诉到消协，回复前请主管过目", b.Clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		cared := func() int {
			return len(must(b.Search(ctx, d, a, customer.Query{Narrow: customer.Narrow{Care: true}, Limit: 9})).Items)
		}
		if cared() != 1 {
			t.Error("who is under special care is not on the list")
		}
		var raw []byte
		if err := d.QueryRow(ctx, `select care from customer where tenant_id = $1 and id = $2`, tenant, c.ID).Scan(&raw); err != nil || strings.Contains(string(raw), "消协") {
			t.Errorf("the reason is stored in the open: %v", err)
		}
		b.Clock.Advance(time.Hour)
		if got := must(b.Get(ctx, d, tenant, c.ID)); cared() != 0 || got.Cared(b.Clock.Now()) {
			t.Error("special care goes on after its end")
		}
		if err := b.SetCare(ctx, a, c.ID, "x", 0); err != nil {
			t.Fatal(err)
		}
		if err := b.EndCare(ctx, a, c.ID); err != nil || cared() != 0 {
			t.Error("special care cannot be ended", err)
		}
	})
}

func TestBlocklist(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		blocked := func(kind, value string) bool { return must(b.Blocked(ctx, d, tenant, kind, value)) != nil }
		x := must(b.AddBlock(ctx, a, customer.NewIdentity{Kind: "email", Value: "Spam@Example.com"}, "群发广告", 0))
		must(b.AddBlock(ctx, a, customer.NewIdentity{Kind: "domain", Value: "@bad.example"}, "钓鱼", b.Clock.Now().Add(time.Hour)))
		must(b.AddBlock(ctx, a, customer.NewIdentity{Kind: "phone", Value: "+86 138 0013 8000"}, "骚扰电话", 0))
		if x.Display == "spam@example.com" || x.Until != customer.Forever {
			t.Errorf("%+v", x)
		}
		for _, y := range []struct {
			kind, value string
			want        bool
		}{{"email", "spam@example.com", true}, {"email", "other@example.com", false}, {"email", "anyone@BAD.example", true}, {"email", "x@sub.bad.example", false},
			{"phone", "13800138000", true}, {"whatsapp", "13800138000", false}, {"email", "not an address", false}} {
			if got := blocked(y.kind, y.value); got != y.want {
				t.Errorf("%s %s: blocked %v", y.kind, y.value, got)
			}
		}
		if must(b.Blocked(ctx, d, 2, "email", "spam@example.com")) != nil {
			t.Error("a block holds for another company")
		}
		for _, y := range []struct {
			in          customer.NewIdentity
			reason      string
			until       clock.Time
			code, field string
		}{{customer.NewIdentity{Kind: "domain", Value: "x"}, "x", 0, "invalid", "value"}, {customer.NewIdentity{Kind: "phone", Value: "abc"}, "x", 0, "phone", "value"},
			{customer.NewIdentity{Kind: "qq", Value: "1"}, "", 0, "required", "reason"}, {customer.NewIdentity{Kind: "qq", Value: "1"}, "x", 1, "past", "until"}} {
			_, err := b.AddBlock(ctx, a, y.in, y.reason, y.until)
			refused(t, err, fault.Invalid, y.code, y.field)
		}
		// The end comes by itself; what is over stands on its own list.
		b.Clock.Advance(time.Hour)
		if blocked("email", "anyone@bad.example") {
			t.Error("a block goes on after its end")
		}
		list := func(q string, over bool) int {
			return len(must(b.Blocks(ctx, d, tenant, customer.Query{Q: q, Limit: 9}, over)).Items)
		}
		if list("", false) != 2 || list("", true) != 1 || list("138 0013 8000", false) != 1 || list("spam@example.com", false) != 1 || list("bad.example", true) != 1 || list("nobody", false) != 0 {
			t.Error("the list does not show what holds and what is over")
		}
		p := must(b.Blocks(ctx, d, tenant, customer.Query{Limit: 1}, false))
		if q := must(b.Blocks(ctx, d, tenant, customer.Query{Limit: 1, Cursor: p.Next}, false)); p.Next == "" || len(q.Items) != 1 || q.Items[0].ID != x.ID || q.Next != "" {
			t.Errorf("%+v %+v", p, q)
		}
		// Blocking again renews it; a change may end it.
		if y := must(b.AddBlock(ctx, a, customer.NewIdentity{Kind: "email", Value: "spam@example.com"}, "又来了", 0)); y.ID != x.ID || list("", false) != 2 {
			t.Errorf("%+v", y)
		}
		soon := b.Clock.Now().Add(time.Minute)
		if y := must(b.ChangeBlock(ctx, a, x.ID, nil, &soon)); y.Reason != "又来了" || y.Until != soon {
			t.Errorf("%+v", y)
		}
		if err := b.RemoveBlock(ctx, a, x.ID); err != nil || blocked("email", "spam@example.com") {
			t.Error("a block cannot be lifted", err)
		}
		refused(t, b.RemoveBlock(ctx, a, x.ID), fault.NotFound, "block.not_found", "")
		// All addresses of a customer at once.
		c := must(b.Create(ctx, a, customer.Change{Name: ptr("某人")}, []customer.NewIdentity{{Kind: "email", Value: "m@example.com"}, {Kind: "qq", Value: "12345"}}))
		if err := b.BlockCustomer(ctx, a, c.ID, "辱骂坐席", 0); err != nil || !blocked("email", "m@example.com") || !blocked("qq", "12345") {
			t.Error("a customer's addresses are not blocked", err)
		}
		if err := b.UnblockCustomer(ctx, a, c.ID); err != nil || blocked("email", "m@example.com") || blocked("qq", "12345") {
			t.Error("a customer's addresses stay blocked", err)
		}
		if e := must(b.Events(ctx, d, tenant, c.ID, 2)); e[0].Name != customer.EventUnblocked || e[1].Name != customer.EventBlocked {
			t.Errorf("%+v", e)
		}
		nobody := must(b.Create(ctx, a, customer.Change{Name: ptr("无联系方式")}, nil))
		refused(t, b.BlockCustomer(ctx, a, nobody.ID, "x", 0), fault.Conflict, "customer.no_address", "")
	})
}

func TestNarrowLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		co := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("甲公司")}))
		var all []*customer.Customer
		for i := range 9 {
			x := customer.Change{Name: ptr(fmt.Sprint("王", i))}
			if i%2 == 0 {
				x.Tier = ptr("vip")
			}
			if i%3 == 0 {
				x.Company = &co.ID
			}
			if i%4 == 0 {
				x.Tags = &[]string{"批发", "新"}
			}
			all = append(all, must(b.Create(ctx, a, x, []customer.NewIdentity{{Kind: "phone", Value: fmt.Sprint("1380000800", i)}})))
		}
		for _, x := range []struct {
			q    string
			n    customer.Narrow
			want int
		}{
			{"", customer.Narrow{Tier: "vip"}, 5}, {"", customer.Narrow{Company: co.ID}, 3}, {"", customer.Narrow{Tag: "批发"}, 3}, {"", customer.Narrow{Tag: "没有"}, 0},
			{"", customer.Narrow{Tier: "vip", Company: co.ID}, 2}, {"", customer.Narrow{Tier: "vip", Tag: "批发"}, 3}, {"王", customer.Narrow{Tier: "normal"}, 4},
			{"王", customer.Narrow{Tag: "新", Company: co.ID}, 1}, {"8001", customer.Narrow{Tier: "vip"}, 0}, {"8002", customer.Narrow{Tier: "vip"}, 1},
			{"13800008004", customer.Narrow{Tag: "新"}, 1}, {"13800008005", customer.Narrow{Tag: "新"}, 0},
		} {
			seen := map[id.ID]bool{}
			for cursor := ""; ; {
				p := must(b.Search(ctx, d, a, customer.Query{Q: x.q, Narrow: x.n, Limit: 2, Cursor: cursor}))
				for _, c := range p.Items {
					if seen[c.ID] {
						t.Errorf("%+v lists %s twice", x, c.Name)
					}
					seen[c.ID] = true
				}
				if cursor = p.Next; cursor == "" {
					break
				}
			}
			if len(seen) != x.want {
				t.Errorf("%+v: %d customers", x, len(seen))
			}
		}
		must(b.Update(ctx, a, all[0].ID, customer.Change{Tags: &[]string{"新"}}))
		if p := must(b.Search(ctx, d, a, customer.Query{Narrow: customer.Narrow{Tag: "批发"}, Limit: 9})); len(p.Items) != 2 {
			t.Errorf("a tag that was taken away still leads to %d customers", len(p.Items))
		}
		if p := must(b.Search(ctx, d, agent(staff.ScopeTeam), customer.Query{Narrow: customer.Narrow{Tier: "vip"}, Limit: 9})); len(p.Items) != 0 {
			t.Error("customers out of reach are listed")
		}
	})
}
