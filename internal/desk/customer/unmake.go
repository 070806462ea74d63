package customer

import (
	"context"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// errTouched says that somebody has worked with what was to be taken away.
var errTouched = fault.New(fault.Conflict, "touched", "it has been used or changed since")

// Unmake takes a customer away again who was made by mistake: with nothing done
// to them since the version, and no ticket.
func (b *Book) Unmake(ctx context.Context, a *staff.Actor, customer id.ID, version int64) error {
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := b.load(ctx, tx, keys, customer, true)
		if err != nil {
			return err
		}
		if c.Version != version || c.MergedInto != 0 || c.Erased {
			return errTouched
		}
		if b.counts != nil {
			n, err := b.counts(ctx, tx, staff.System(a.Tenant), []id.ID{c.ID})
			if err != nil {
				return err
			}
			if n[c.ID].Tickets > 0 {
				return errTouched
			}
		}
		if c.Named {
			if err := customerTerms.remove(ctx, tx, a.Tenant, c.ID, nameTerms(c.Name)); err != nil {
				return err
			}
		}
		for _, tag := range c.Tags {
			if _, err := tx.Exec(ctx, `delete from customer_tag where tenant_id = $1 and tag = $2 and customer_id = $3`, int64(a.Tenant), tag, int64(c.ID)); err != nil {
				return err
			}
		}
		for _, q := range []string{
			`delete from customer_identity where tenant_id = $1 and customer_id = $2`,
			`delete from customer_event where tenant_id = $1 and customer_id = $2`,
			`delete from customer where tenant_id = $1 and id = $2`,
		} {
			if _, err := tx.Exec(ctx, q, int64(a.Tenant), int64(c.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// UnmakeCompany takes a company away again that was made by mistake: unchanged
// since the version, without people and without companies below it.
func (b *Book) UnmakeCompany(ctx context.Context, a *staff.Actor, company id.ID, version int64) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := b.company(ctx, tx, a.Tenant, company, tx.Engine().ForUpdate())
		if err != nil {
			return err
		}
		used := 0
		for _, q := range []string{
			`select count(*) from (select 1 from customer where tenant_id = $1 and company_id = $2 limit 1) x`,
			`select count(*) from (select 1 from company where tenant_id = $1 and parent_id = $2 limit 1) x`,
		} {
			n := 0
			if err := tx.QueryRow(ctx, q, int64(a.Tenant), int64(c.ID)).Scan(&n); err != nil {
				return err
			}
			used += n
		}
		if used > 0 || c.Version != version {
			return errTouched
		}
		if err := companyTerms.remove(ctx, tx, a.Tenant, c.ID, nameTerms(c.Name)); err != nil {
			return err
		}
		b.domainsChanged(tx, a.Tenant)
		for _, d := range c.Domains {
			if _, err := tx.Exec(ctx, `delete from company_domain where tenant_id = $1 and domain = $2`, int64(a.Tenant), d); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `delete from company where tenant_id = $1 and id = $2`, int64(a.Tenant), int64(c.ID))
		return err
	})
}
