package customer_test

import (
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Who writes from a company's domain belongs to the company, however they come,
// and not again once somebody has taken them out.
func TestMailDomainsPlaceCustomers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, a, ctx := open(t, d), agent(staff.ScopeAll), t.Context()
		early := resolve(t, b, customer.Contact{Name: "先来的人", Email: "early@acme.example"})
		firm := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("示例制造"), Domains: &[]string{"acme.example", "例子.中国"}}))
		at := func(c id.ID) id.ID { return must(b.Get(ctx, d, tenant, c)).Company }
		placed := func(c id.ID) (n int) {
			for _, e := range must(b.Events(ctx, d, tenant, c, 20)) {
				if e.Name == customer.EventPlaced && e.Data.Other == firm.ID && e.ActorKind == string(staff.KindSystem) {
					n++
				}
			}
			return n
		}
		wang := resolve(t, b, customer.Contact{Name: "王工", Email: "Wang@ACME.example"})
		if wang.Company != firm.ID || at(wang.ID) != firm.ID || placed(wang.ID) != 1 {
			t.Errorf("by mail: company %s, %d events", at(wang.ID), placed(wang.ID))
		}
		for name, in := range map[string]customer.Contact{
			"another domain": {Email: "x@other.example"}, "a subdomain": {Email: "x@mail.acme.example"}, "free mail": {Email: "acme@qq.com"}, "a phone": {Phone: "13800138000"},
		} {
			if c := resolve(t, b, in); c.Company != 0 || placed(c.ID) != 0 {
				t.Errorf("%s: company %s", name, c.Company)
			}
		}
		if c := resolve(t, b, customer.Contact{Email: "i@例子.中国"}); c.Company != firm.ID {
			t.Error("a domain with Chinese characters does not place")
		}
		if again := resolve(t, b, customer.Contact{Email: "early@acme.example"}); again.ID != early.ID || again.Company != firm.ID || placed(early.ID) != 1 {
			t.Errorf("who was known before the company writes again: %s", again.Company)
		}

		// by hand, as the API and an import do
		made := must(b.Create(ctx, a, customer.Change{Name: ptr("李工"), Company: ptr(id.ID(0))}, []customer.NewIdentity{{Kind: "phone", Value: "13900139000"}, {Kind: "email", Value: "li@acme.example"}}))
		if at(made.ID) != firm.ID || placed(made.ID) != 1 {
			t.Errorf("made by hand: %s", at(made.ID))
		}
		other := must(b.CreateCompany(ctx, a, customer.CompanyChange{Name: ptr("别家")}))
		if c := must(b.Create(ctx, a, customer.Change{Name: ptr("借调"), Company: &other.ID}, []customer.NewIdentity{{Kind: "email", Value: "zhao@acme.example"}})); at(c.ID) != other.ID {
			t.Error("a company that was named is overruled")
		}
		phone := resolve(t, b, customer.Contact{Name: "电话来的人", Phone: "13700137000"})
		must(b.AddIdentity(ctx, a, phone.ID, customer.NewIdentity{Kind: "email", Value: "phone@acme.example"}))
		if at(phone.ID) != firm.ID || placed(phone.ID) != 1 {
			t.Errorf("an address was added: %s", at(phone.ID))
		}

		// taken out, and left out
		must(b.Update(ctx, a, wang.ID, customer.Change{Company: ptr(id.ID(0))}))
		if wang = resolve(t, b, customer.Contact{Email: "wang@acme.example"}); wang.Company != 0 || placed(wang.ID) != 1 {
			t.Errorf("the next letter puts them back: %s", wang.Company)
		}
		must(b.AddIdentity(ctx, a, wang.ID, customer.NewIdentity{Kind: "email", Value: "wang2@acme.example"}))
		if at(wang.ID) != 0 {
			t.Error("another address puts them back")
		}

		// a domain that is taken away places nobody any more
		must(b.UpdateCompany(ctx, a, firm.ID, customer.CompanyChange{Domains: &[]string{}}))
		if c := resolve(t, b, customer.Contact{Email: "late@acme.example"}); c.Company != 0 {
			t.Error("a domain that is gone places")
		}
		_, err := b.UpdateCompany(ctx, a, firm.ID, customer.CompanyChange{Domains: &[]string{"163.com"}})
		refused(t, err, fault.Invalid, "free_mail", "domains")
	})
}
