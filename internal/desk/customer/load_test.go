package customer_test

import (
	"context"
	"fmt"
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

// Customers that were made many at once are found as those that came one by
// one, and an address that somebody has is not given to another.
func TestInsertNew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d)
		insert := func(list ...customer.Contact) (made []id.ID, err error) {
			var prepared []customer.Prepared
			for _, in := range list {
				prepared = append(prepared, must(b.Prepare(tenant, in)))
			}
			err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
				made, err = b.InsertNew(ctx, tx, prepared)
				return err
			})
			return made, err
		}
		var list []customer.Contact
		for i := range 250 {
			list = append(list, customer.Contact{Name: fmt.Sprintf("客户%d", i), Phone: fmt.Sprintf("138%08d", i)})
		}
		list[7].Email = "seven@example.com"
		made, err := insert(list...)
		if err != nil || len(made) != 250 {
			t.Fatalf("%d, %v", len(made), err)
		}
		for _, in := range []customer.Contact{{Phone: "13800000007"}, {Email: "Seven@example.com"}} {
			if c, known, err := b.Resolve(t.Context(), tenant, in); err != nil || !known || c.ID != made[7] || c.Name != "客户7" {
				t.Errorf("%+v: %+v, known %v, %v", in, c, known, err)
			}
		}
		if p := must(b.Search(t.Context(), d, agent(staff.ScopeAll), customer.Query{Q: "客户", Limit: 200})); len(p.Items) != 200 {
			t.Errorf("%d are found by name", len(p.Items))
		}
		if _, err := insert(customer.Contact{Name: "新", Phone: "13900000001"}, customer.Contact{Name: "他", Phone: "13800000007"}); !db.IsUnique(err) {
			t.Errorf("an address was given twice: %v", err)
		}
		if c := must(b.Lookup(t.Context(), d, tenant, "phone", "13900000001")); c != nil {
			t.Error("half of a refused list was made")
		}
	})
}
