package customer_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func TestAContactFindsOrMakesItsCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		li, known, err := b.Resolve(t.Context(), tenant, customer.Contact{Name: " 李  伟 ", Phone: "138 0013 8000", Email: "Li.Wei@Example.com", Language: "zh-CN"})
		if err != nil || known {
			t.Fatalf("known %v, %v", known, err)
		}
		if li.Name != "李 伟" || li.Tier != customer.TierNormal || li.Language != "zh-CN" || li.Version != 1 {
			t.Errorf("%+v", li)
		}
		for _, in := range []customer.Contact{
			{Phone: "+86 13800138000"}, {Email: "li.wei@example.com"}, {ID: li.ID},
			{Name: "somebody else", Phone: "13800138000"}, {Phone: "13800138000", Email: "other@example.com"},
		} {
			got, known, err := b.Resolve(t.Context(), tenant, in)
			if err != nil || !known || got.ID != li.ID || got.Name != "李 伟" {
				t.Errorf("%+v: %+v, known %v, %v", in, got, known, err)
			}
		}
		if c := must(b.Lookup(t.Context(), d, tenant, "email", "other@example.com")); c != nil {
			t.Error("an address that was only claimed was added to a known customer")
		}
		// Who vouches for the addresses adds them.
		resolve(t, b, customer.Contact{Phone: "13800138000", Email: "other@example.com", Attach: true})
		if c := must(b.Lookup(t.Context(), d, tenant, "email", "OTHER@example.com")); c == nil || c.ID != li.ID {
			t.Errorf("the vouched address belongs to %v", c)
		}
		// Another kind of the same text is another address.
		if wa := resolve(t, b, customer.Contact{OtherKind: "whatsapp", OtherValue: "13800138000"}); wa.ID == li.ID {
			t.Error("a WhatsApp number was taken for a phone number")
		}
		// Without a name the masked address stands in, until the name is known.
		anon := resolve(t, b, customer.Contact{Phone: "13911112222"})
		if anon.Name != "139****2222" || anon.Named {
			t.Errorf("%+v", anon)
		}
		if again := resolve(t, b, customer.Contact{Name: "赵云", Phone: "13911112222", Language: "zh"}); again.ID != anon.ID || again.Name != "赵云" || again.Language != "zh" {
			t.Errorf("%+v", again)
		}
		if p := must(b.Search(t.Context(), d, agent(staff.ScopeAll), customer.Query{Q: "赵云", Limit: 10})); len(p.Items) != 1 {
			t.Error("a name learned later is not found")
		}
		// Two people without an address are two people.
		if a, c := resolve(t, b, customer.Contact{Name: "匿名"}), resolve(t, b, customer.Contact{Name: "匿名"}); a.ID == c.ID {
			t.Error("two contacts with only a name became one customer")
		}
		// Another tenant knows none of them.
		if c, known, err := b.Resolve(t.Context(), 2, customer.Contact{Phone: "13800138000"}); err != nil || known || c.ID == li.ID {
			t.Errorf("tenant 2: %+v, known %v, %v", c, known, err)
		}
		_, _, err = b.Resolve(t.Context(), 2, customer.Contact{ID: li.ID})
		refused(t, err, fault.Invalid, "unknown", "requester.id")
	})
}

func TestBadContactsNameTheirField(t *testing.T) {
	b := open(t, dbtest.SQLite(t))
	for _, x := range []struct {
		in          customer.Contact
		code, field string
	}{
		{customer.Contact{}, "required", "requester"},
		{customer.Contact{Phone: "abc"}, "phone", "requester.phone"},
		{customer.Contact{Email: "abc"}, "email", "requester.email"},
		{customer.Contact{Name: strings.Repeat("长", 201)}, "too_long", "requester.name"},
		{customer.Contact{OtherKind: "Bad Kind", OtherValue: "x"}, "invalid", "requester.other"},
		{customer.Contact{Name: "x", Language: "not a language"}, "invalid", "requester.language"},
		{customer.Contact{ID: 5, Phone: "13800138000"}, "mixed", "requester"},
	} {
		_, err := b.Prepare(tenant, x.in)
		refused(t, err, fault.Invalid, x.code, x.field)
	}
	_, err := b.Prepare(tenant, customer.Contact{Phone: "abc", Email: "abc"})
	if l, ok := err.(fault.List); !ok || len(l) != 2 {
		t.Errorf("both bad fields should be named: %v", err)
	}
}

func TestContactsAtTheSameMomentMakeOneCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		forms := []string{"13800138000", "+86 138 0013 8000", "138-0013-8000", "8613800138000"}
		for round := range 10 {
			const n = 16
			var got [n]id.ID
			var known [n]bool
			var wg sync.WaitGroup
			start := make(chan struct{})
			for i := range n {
				in := customer.Contact{Name: "同一人", Phone: strings.Replace(forms[i%4], "8000", fmt.Sprintf("8%03d", round), 1)}
				switch i % 3 {
				case 1: // the same two addresses; one may be there before the other
					in.OtherKind, in.OtherValue = "openid", fmt.Sprint("o-", round)
				case 2:
					in.Email = fmt.Sprintf("same%d@example.com", round)
				}
				wg.Go(func() {
					<-start
					c, k, err := b.Resolve(context.Background(), tenant, in)
					if err != nil {
						t.Error(err)
						return
					}
					got[i], known[i] = c.ID, k
				})
			}
			close(start)
			wg.Wait()
			fresh := 0
			for i := range n {
				if !known[i] {
					fresh++
				}
				// An address that nobody vouches for may stay without a customer,
				// but the phone always has one and the same.
				if got[i] != got[0] {
					t.Fatalf("round %d: %d customers for one phone: %v", round, len(got), got)
				}
			}
			if fresh != 1 {
				t.Errorf("round %d: %d contacts say that they made the customer", round, fresh)
			}
		}
		p := must(b.Search(t.Context(), d, agent(staff.ScopeAll), customer.Query{Limit: 200}))
		if len(p.Items) != 10 {
			t.Errorf("%d customers from 10 phones", len(p.Items))
		}
	})
}

// A rolled back transaction leaves nothing, and a prepared contact can be used
// again.
func TestAFailedTransactionLeavesNoCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		p := must(b.Prepare(tenant, customer.Contact{Name: "张三", Phone: "13800138000"}))
		stop := fmt.Errorf("stop")
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if _, _, err := b.ResolveIn(ctx, tx, p); err != nil {
				return err
			}
			return stop
		}); err != stop {
			t.Fatal(err)
		}
		if c := must(b.Lookup(t.Context(), d, tenant, "phone", "13800138000")); c != nil {
			t.Fatalf("%+v", c)
		}
		for i := range 2 {
			if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, known, err := b.ResolveIn(ctx, tx, p)
				if known != (i == 1) {
					t.Errorf("run %d: known %v", i, known)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNamesForAList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a := open(t, d), agent(staff.ScopeAll)
		co := must(b.CreateCompany(t.Context(), a, customer.CompanyChange{Name: ptr("示例电器")}))
		x := must(b.Create(t.Context(), a, customer.Change{Name: ptr("甲"), Company: &co.ID, Tier: ptr("vip")}, nil))
		y := must(b.Create(t.Context(), a, customer.Change{Name: ptr("乙")}, nil))
		z := must(b.Create(t.Context(), a, customer.Change{Name: ptr("丙")}, nil))
		must(b.Merge(t.Context(), a, z.ID, y.ID))
		must(b.Merge(t.Context(), a, y.ID, x.ID))
		got := must(b.Names(t.Context(), d, tenant, []id.ID{x.ID, y.ID, z.ID, 12345}))
		want := customer.Brief{ID: x.ID, Name: "甲", Tier: "vip", Company: co.ID, CompanyName: "示例电器"}
		if len(got) != 3 || got[x.ID] != want || got[y.ID] != want || got[z.ID] != want {
			t.Errorf("%+v", got)
		}
		if other := must(b.Names(t.Context(), d, 2, []id.ID{x.ID})); len(other) != 0 {
			t.Errorf("another tenant sees %+v", other)
		}
		// More than one query's worth.
		many := make([]id.ID, 0, 450)
		for i := range 449 {
			many = append(many, id.ID(i+1))
		}
		if got := must(b.Names(t.Context(), d, tenant, append(many, x.ID))); len(got) != 1 {
			t.Errorf("%d of a long list", len(got))
		}
	})
}

func BenchmarkPrepare(b *testing.B) {
	book := open(b, dbtest.SQLite(b))
	for b.Loop() {
		must(book.Prepare(tenant, customer.Contact{Name: "欧阳小明", Phone: "13800138000", Email: "a@example.com"}))
	}
}

func BenchmarkResolve(b *testing.B) {
	for name, open2 := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		for _, known := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/known=%v", name, known), func(b *testing.B) {
				d := open2(b)
				book := open(b, d)
				n := 0
				for b.Loop() {
					// Many in one transaction: the cost of the statements, not of the sync.
					const each = 100
					var ps [each]customer.Prepared
					for i := range ps {
						if !known {
							n++
						}
						ps[i] = must(book.Prepare(tenant, customer.Contact{Name: "欧阳小明", Phone: fmt.Sprintf("138%08d", n)}))
					}
					b.StopTimer()
					b.StartTimer()
					if err := d.Tx(b.Context(), func(ctx context.Context, tx *db.Tx) error {
						for _, p := range ps {
							if _, _, err := book.ResolveIn(ctx, tx, p); err != nil {
								return err
							}
						}
						return nil
					}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/contact")
			})
		}
	}
}
