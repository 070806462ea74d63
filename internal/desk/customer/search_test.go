package customer_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func names(list []customer.Customer) string {
	var s []string
	for _, c := range list {
		s = append(s, c.Name)
	}
	return strings.Join(s, " ")
}

func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		for _, x := range []customer.Contact{
			{Name: "王小明", Phone: "13800138000", Email: "xm@example.com"},
			{Name: "王大明", Phone: "13900138000"},
			{Name: "歐陽鋒", OtherKind: "wechat", OtherValue: "wx_feng"},
			{Name: "John Smith", Phone: "+14155552671"},
			{Name: "Joan Smithers", Email: "joan@example.com"},
			{Phone: "13700137000"},
		} {
			resolve(t, b, x)
		}
		gone := resolve(t, b, customer.Contact{Name: "王小小", Phone: "13600138000"})
		must(b.Merge(ctx, a, gone.ID, resolve(t, b, customer.Contact{Phone: "13700137000"}).ID))
		for q, want := range map[string]string{
			"王小明": "王小明", "小明": "王小明", "大明": "王大明", "王": "王小小 王大明 王小明", "明": "王大明 王小明",
			"欧阳": "歐陽鋒", "smith": "Joan Smithers John Smith", "SMITH john": "John Smith", "jo": "Joan Smithers John Smith",
			"ＪＯＨＮ": "John Smith", "nobody": "", "王 明": "王大明 王小明", "小大": "",
			"13800138000": "王小明", "+86 138 0013 8000": "王小明", "138-0013-8000": "王小明", "(415) 555-2671": "" /* a number of Dandong */, "+1 415 555 2671": "John Smith",
			"8000": "王小小 王大明 王小明", "2671": "John Smith", "9999": "", "38000": "王小小 王大明 王小明", "0138000": "王小小 王大明 王小明", "48000": "",
			"1380013": "王小明", "13800138": "王小明", "13800139": "", "138 0013": "王小明", "+86 138 0013": "王小明", "861380013": "王小明", "0086 1380013": "王小明",
			"138001": "", "4155552": "John Smith", "+1 415 555 2": "John Smith", "+1 415": "", "13900139999": "", "13800137999": "",
			"XM@example.com": "王小明", "nobody@example.com": "", "wx_feng": "歐陽鋒", "WX_FENG": "",
			"%": "", "_": "", "'; drop table customer; --": "", "\x00": "王小小 王大明 王小明", "\"": "", "*": "", "\xff": "",
		} {
			if q == "\x00" { // nothing is left of it: all are listed
				q, want = "", "王小小 Joan Smithers John Smith 歐陽鋒 王大明 王小明"
			}
			p, err := b.Search(ctx, d, a, customer.Query{Q: q, Limit: 50})
			if err != nil || names(p.Items) != want || p.Next != "" {
				t.Errorf("%q: %q, next %q, %v; want %q", q, names(p.Items), p.Next, err, want)
			}
		}
		if p := must(b.Search(ctx, d, &staff.Actor{Tenant: 2, Kind: staff.KindSystem}, customer.Query{Q: "王", Limit: 50})); len(p.Items) != 0 {
			t.Error("another tenant finds our customers")
		}
		_, err := b.Search(ctx, d, a, customer.Query{Q: strings.Repeat("x", 201), Limit: 50})
		refused(t, err, fault.Invalid, "too_long", "q")
		_, err = b.Search(ctx, d, a, customer.Query{Limit: 201})
		refused(t, err, fault.Invalid, "invalid", "limit")
		_, err = b.Search(ctx, d, a, customer.Query{Limit: 5, Cursor: "x'"})
		refused(t, err, fault.Invalid, "invalid", "cursor")
	})
}

// Who may not see numbers whole cannot feel their way to one: beyond what the
// store looks up, digits count for nothing.
func TestPartsOfNumbersTellNoDigits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := open(t, d), t.Context()
		mine := resolve(t, b, customer.Contact{Name: "甲", Phone: "13800138000"})
		resolve(t, b, customer.Contact{Name: "乙", Phone: "13955558000"})
		b.ReachWith(customer.Reach{Among: func(_ context.Context, _ db.Reader, _ *staff.Actor, _ staff.Scope, list []id.ID) ([]id.ID, error) {
			return slices.DeleteFunc(slices.Clone(list), func(x id.ID) bool { return x != mine.ID }), nil
		}})
		a := agent(staff.ScopeAll)
		a.Grants[customer.Revealing] = staff.ScopeOwn
		for q, want := range map[string]string{
			"8000": "乙 甲", "38000": "乙 甲", "58000": "乙", "98000": "乙", // 乙 stays whatever stands before the last four
			"1395555": "乙", "13955558": "乙", "13955559": "乙", "13800138": "甲", "13800139": "",
		} {
			p, err := b.Search(ctx, d, a, customer.Query{Q: q, Limit: 50})
			if err != nil || names(p.Items) != want {
				t.Errorf("%s: %q, %v; want %q", q, names(p.Items), err, want)
			}
		}
	})
}

// Numbers of a store from before their beginnings were kept are found by them
// once these are filled in.
func TestBeginningsOfOlderNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		for i := range 450 {
			resolve(t, b, customer.Contact{Name: "旧客户", Phone: fmt.Sprintf("13800%06d", i+1), Email: fmt.Sprintf("%d@example.com", i)})
		}
		find := func() int {
			return len(must(b.Search(ctx, d, a, customer.Query{Q: "1380000", Limit: 200})).Items)
		}
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `update customer_identity set head = null where tenant_id = $1`, int64(tenant))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if n := find(); n != 0 {
			t.Fatal(n)
		}
		for range 2 {
			if err := b.FillHeads(ctx, tenant); err != nil {
				t.Fatal(err)
			}
		}
		if n := find(); n != 200 {
			t.Error(n, "of the first 200 customers are found by the beginning of their number")
		}
	})
}

// Paging shows each customer once, newest first, whatever the reach.
func TestPagesAndReach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, ctx := open(t, d), t.Context()
		var all, mine []id.ID
		inReach := map[id.ID]bool{}
		for i := range 57 {
			c := resolve(t, b, customer.Contact{Name: fmt.Sprintf("陈%d", i), Phone: fmt.Sprintf("139%04d8000", i)})
			all = append([]id.ID{c.ID}, all...)
			if i%3 == 0 {
				mine = append([]id.ID{c.ID}, mine...)
				inReach[c.ID] = true
			}
		}
		walk := func(a *staff.Actor, q string) (got []id.ID) {
			for cursor := ""; ; {
				p, err := b.Search(ctx, d, a, customer.Query{Q: q, Limit: 10, Cursor: cursor})
				if err != nil || len(p.Items) > 10 {
					t.Fatalf("%d items, %v", len(p.Items), err)
				}
				for _, c := range p.Items {
					got = append(got, c.ID)
				}
				if cursor = p.Next; cursor == "" || len(got) > 100 {
					return got
				}
			}
		}
		team := agent(staff.ScopeTeam)
		for _, q := range []string{"", "陈", "8000"} {
			if got := walk(agent(staff.ScopeAll), q); !slices.Equal(got, all) {
				t.Errorf("%q: %d of %d customers", q, len(got), len(all))
			}
			if got := walk(team, q); len(got) != 0 {
				t.Errorf("%q: without a rule of reach a team sees %d customers", q, len(got))
			}
		}
		refused(t, b.May(ctx, d, team, customer.Read, mine[0]), fault.NotFound, "customer.not_found", "")

		b.ReachWith(customer.Reach{
			Among: func(_ context.Context, _ db.Reader, _ *staff.Actor, _ staff.Scope, list []id.ID) ([]id.ID, error) {
				return slices.DeleteFunc(slices.Clone(list), func(x id.ID) bool { return !inReach[x] }), nil
			},
			Before: func(_ context.Context, _ db.Reader, _ *staff.Actor, _ staff.Scope, before id.ID, limit int) (out []id.ID, _ error) {
				for _, x := range mine {
					if x < before && len(out) < limit {
						out = append(out, x)
					}
				}
				return out, nil
			},
		})
		for _, q := range []string{"", "陈", "8000"} {
			if got := walk(team, q); !slices.Equal(got, mine) {
				t.Errorf("%q: a team sees %d customers, want %d", q, len(got), len(mine))
			}
			if got := walk(agent(staff.ScopeNone), q); len(got) != 0 {
				t.Errorf("%q: without the permission %d customers are seen", q, len(got))
			}
		}
		if err := b.May(ctx, d, team, customer.Read, mine[0]); err != nil {
			t.Error(err)
		}
		refused(t, b.May(ctx, d, team, customer.Read, all[0]), fault.NotFound, "customer.not_found", "")
		if p := must(b.Search(ctx, d, team, customer.Query{Q: "13900018000", Limit: 5})); len(p.Items) != 0 {
			t.Error("a whole number finds a customer out of reach")
		}
	})
}

func TestCompanies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		group := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("示例集团"), Domains: &[]string{"Group.Example", "group.test"}, Contract: &customer.Contract{Number: "C-1", From: "2026-01-01", Until: "2026-12-31"}, Tier: ptr("vip"),
			Tags: &[]string{"重点"}, Note: ptr("年度合同"), Fields: map[string]any{"contract": "C-1"}}))
		child := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("示例电器"), Parent: &group.ID}))
		got := must(b.Company(ctx, d, tenant, group.ID))
		if fmt.Sprint(got.Domains) != "[group.example group.test]" || got.Contract.Until != "2026-12-31" || got.Tier != "vip" || got.Tags[0] != "重点" || got.Note != "年度合同" || got.Fields["contract"] != "C-1" {
			t.Errorf("%+v", got)
		}
		for _, x := range []struct {
			in          customer.CompanyChange
			kind        fault.Kind
			code, field string
		}{
			{customer.CompanyChange{Parent: &child.ID}, fault.Invalid, "circle", "parent_id"},
			{customer.CompanyChange{Parent: &group.ID}, fault.Invalid, "circle", "parent_id"},
			{customer.CompanyChange{Parent: ptr(id.ID(9))}, fault.Invalid, "unknown", "parent_id"},
			{customer.CompanyChange{Name: ptr("")}, fault.Invalid, "required", "name"},
			{customer.CompanyChange{Domains: &[]string{"not a domain"}}, fault.Invalid, "invalid", "domains"},
			{customer.CompanyChange{Contract: &customer.Contract{From: "2026-02-01", Until: "2026-01-01"}}, fault.Invalid, "order", "contract.until"},
			{customer.CompanyChange{Contract: &customer.Contract{From: "soon"}}, fault.Invalid, "date", "contract.from"},
			{customer.CompanyChange{Version: 7, Note: ptr("x")}, fault.Precondition, "version", ""},
		} {
			_, err := b.UpdateCompany(ctx, a, group.ID, x.in)
			refused(t, err, x.kind, x.code, x.field)
		}
		_, err := b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("别的"), Domains: &[]string{"group.test"}})
		refused(t, err, fault.Conflict, "company.domain", "domains")
		_, err = b.CreateCompany(ctx, a, customer.CompanyChange{})
		refused(t, err, fault.Invalid, "required", "name")
		_, err = b.UpdateCompany(ctx, &staff.Actor{Tenant: 2, Kind: staff.KindSystem}, group.ID, customer.CompanyChange{Name: ptr("x")})
		refused(t, err, fault.NotFound, "company.not_found", "")

		for _, n := range []string{"赵一", "李二", "Bob", "李二"} {
			must(b.Create(ctx, a, customer.Change{Name: ptr(n), Company: &child.ID}, nil))
		}
		var contacts []customer.Customer
		for cursor := ""; ; {
			p := must(b.Contacts(ctx, d, a, child.ID, cursor, 2))
			contacts = append(contacts, p.Items...)
			if cursor = p.Next; cursor == "" || len(contacts) > 10 {
				break
			}
		}
		if names(contacts) != "Bob 李二 李二 赵一" { // b, li, zhao
			t.Errorf("contacts: %s", names(contacts))
		}
		if p := must(b.Contacts(ctx, d, agent(staff.ScopeTeam), child.ID, "", 10)); len(p.Items) != 0 {
			t.Error("contacts out of reach are listed")
		}
		must(b.UpdateCompany(ctx, a, child.ID, customer.CompanyChange{Name: ptr("样例电器")}))
		for q, want := range map[string]int{"": 2, "示例": 1, "样例": 1, "电器": 1, "group.example": 1, "group.test": 1, "集团 示例": 1, "zzz": 0} {
			if p := must(b.Companies(ctx, d, a, customer.CompanyQuery{Query: customer.Query{Q: q, Limit: 10}})); len(p.Items) != want {
				t.Errorf("%q: %d companies, want %d", q, len(p.Items), want)
			}
		}
		p := must(b.Companies(ctx, d, a, customer.CompanyQuery{Query: customer.Query{Limit: 1}}))
		q := must(b.Companies(ctx, d, a, customer.CompanyQuery{Query: customer.Query{Limit: 1, Cursor: p.Next}}))
		if p.Items[0].ID != child.ID || q.Items[0].ID != group.ID || q.Next != "" {
			t.Errorf("%+v %+v", p, q)
		}
		for _, x := range []struct {
			q    customer.CompanyQuery
			want int
		}{{customer.CompanyQuery{CompanyNarrow: customer.CompanyNarrow{Tier: "vip"}}, 1}, {customer.CompanyQuery{CompanyNarrow: customer.CompanyNarrow{Under: group.ID}}, 1}, {customer.CompanyQuery{CompanyNarrow: customer.CompanyNarrow{Under: child.ID}}, 0},
			{customer.CompanyQuery{CompanyNarrow: customer.CompanyNarrow{Tier: "vip"}, Query: customer.Query{Q: "电器"}}, 0}} {
			x.q.Limit = 10
			if p := must(b.Companies(ctx, d, a, x.q)); len(p.Items) != x.want {
				t.Errorf("%+v: %d companies, want %d", x.q, len(p.Items), x.want)
			}
		}
		// A domain that is given up is free again.
		must(b.UpdateCompany(ctx, a, group.ID, customer.CompanyChange{Domains: &[]string{"group.example"}}))
		must(b.UpdateCompany(ctx, a, child.ID, customer.CompanyChange{Domains: &[]string{"group.test"}}))
		if p := must(b.Companies(ctx, d, a, customer.CompanyQuery{Query: customer.Query{Q: "group.test", Limit: 10}})); len(p.Items) != 1 || p.Items[0].ID != child.ID {
			t.Errorf("%+v", p.Items)
		}
		// Out of reach: nothing in list, search and single reads.
		for _, q := range []string{"", "示例", "group.example"} {
			if p := must(b.Companies(ctx, d, agent(staff.ScopeTeam), customer.CompanyQuery{Query: customer.Query{Q: q, Limit: 10}})); len(p.Items) != 0 {
				t.Errorf("%q finds companies out of reach", q)
			}
		}
		refused(t, b.MayCompany(ctx, d, agent(staff.ScopeTeam), customer.Read, group.ID), fault.NotFound, "company.not_found", "")
	})
}

// TestSearchIsFlat fills a store and measures; it runs only when asked, with
// the number of customers in ZHIDAN_CUSTOMERS.
func TestSearchIsFlat(t *testing.T) {
	n := 0
	fmt.Sscan(os.Getenv("ZHIDAN_CUSTOMERS"), &n)
	if n == 0 {
		t.Skip("set ZHIDAN_CUSTOMERS to the number of customers")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		family := []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗")
		given := []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国文辉力志")
		english := []string{"John", "Mary", "Peter", "Susan", "Alexander", "Christina"}
		start := time.Now()
		const each = 500
		for i := 0; i < n; i += each {
			ps := make([]customer.Prepared, each)
			for j := range ps {
				k := i + j
				name := string([]rune{family[k%20], given[k/20%30], given[k/600%30]})
				if k%11 == 0 {
					name = english[k/11%6] + " " + fmt.Sprintf("Q%cx%d", 'a'+k/66%26, k%9973)
				}
				ps[j] = must(b.Prepare(tenant, customer.Contact{Name: name, Phone: fmt.Sprintf("138%08d", k)}))
			}
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				for _, p := range ps {
					if _, _, err := b.ResolveIn(ctx, tx, p); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d customers in %v", n, time.Since(start))
		for _, q := range []string{"", "王", "王伟", "王伟芳", "伟", "john", "jo", "alexander q", "john qa", "13800000042", "8000", "zz", "王 芳 磊"} {
			var all []time.Duration
			hits := 0
			for range 50 {
				at := time.Now()
				p, err := b.Search(ctx, d, a, customer.Query{Q: q, Limit: 50})
				if err != nil {
					t.Fatal(err)
				}
				all, hits = append(all, time.Since(at)), len(p.Items)
			}
			slices.Sort(all)
			t.Logf("%-14q %3d hits  p50 %8v  p98 %8v", q, hits, all[25].Round(time.Microsecond), all[49].Round(time.Microsecond))
		}
	})
}
