package customer

import (
	"context"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Rows is a page of customers as lists show them, addresses masked, for who
// takes them elsewhere. With ids it gives those of them that are in reach.
func (b *Book) Rows(ctx context.Context, a *staff.Actor, q Query, ids []id.ID) (list []JSON, next string, err error) {
	err = b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
		var page Page[Customer]
		if ids != nil {
			in, err := b.within(ctx, r, a, Read, ids)
			if err != nil {
				return err
			}
			if page.Items, err = b.some(ctx, r, a.Tenant, in); err != nil {
				return err
			}
		} else if page, err = b.Search(ctx, r, a, q); err != nil {
			return err
		}
		next = page.Next
		list, err = b.render(ctx, r, a, page.Items)
		return err
	})
	return list, next, err
}

// CompanyRows is a page of companies as lists show them.
func (b *Book) CompanyRows(ctx context.Context, a *staff.Actor, q CompanyQuery) ([]CompanyJSON, string, error) {
	page, err := b.Companies(ctx, b.DB, a, q)
	out := make([]CompanyJSON, len(page.Items))
	for i, c := range page.Items {
		out[i] = c.json()
	}
	return out, page.Next, err
}

// Check refuses what could not be a customer, before there is a transaction.
func (x Change) Check() error {
	_, err := x.apply(&Customer{})
	return err
}

// Check refuses what could not be a company.
func (x CompanyChange) Check() error { return x.apply(&Company{}) }
