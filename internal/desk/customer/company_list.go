package customer

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// CompanyQuery says which companies are wanted.
type CompanyQuery struct {
	Query // Q is a part of the name, or a whole domain
	CompanyNarrow
}

func (q CompanyNarrow) where(args *[]any) string {
	sql := ""
	if q.Tier != "" {
		*args = append(*args, q.Tier)
		sql += ` and o.tier = ` + mark(len(*args))
	}
	if q.Under != 0 {
		*args = append(*args, int64(q.Under))
		sql += ` and o.parent_id = ` + mark(len(*args))
	}
	return sql
}

// Companies lists companies by falling id. Who may not see all customers finds
// those with a ticket in reach.
func (b *Book) Companies(ctx context.Context, r db.Reader, a *staff.Actor, q CompanyQuery) (Page[Company], error) {
	var page Page[Company]
	before, err := q.before()
	if err != nil {
		return page, err
	}
	scope := a.Scope(Read)
	if scope == staff.ScopeNone || scope < staff.ScopeAll && b.reach.Companies == nil {
		return page, nil
	}
	var ids []id.ID
	if q.Q = strings.TrimSpace(q.Q); q.Q != "" && q.Cursor == "" {
		if d, derr := cleanDomain(q.Q); derr == nil {
			rows, err := r.Query(ctx, `select company_id from company_domain where tenant_id = $1 and domain = $2`, int64(a.Tenant), d)
			if ids, err = db.Each(rows, err, scanID); err != nil {
				return page, err
			}
			if ids, err = b.companiesWithin(ctx, r, a, Read, ids); err != nil {
				return page, err
			}
		}
	}
	exact := len(ids) > 0
	size := maxList
	if scope == staff.ScopeAll {
		size = q.Limit + 1
	}
	for round := 0; len(ids) <= q.Limit && !exact; round++ {
		if round == maxRounds {
			page.Next = before.String()
			break
		}
		batch, err := b.companyBatch(ctx, r, a, q, before, size)
		if err != nil {
			return page, err
		}
		seen, err := b.companiesWithin(ctx, r, a, Read, batch)
		if err != nil {
			return page, err
		}
		ids = append(ids, seen...)
		if len(batch) < size {
			break
		}
		before = batch[len(batch)-1]
	}
	if len(ids) > q.Limit {
		ids = ids[:q.Limit]
		page.Next = ids[q.Limit-1].String()
	}
	if len(ids) == 0 {
		return page, nil
	}
	in, args := list(2, ids)
	rows, err := r.Query(ctx, `select `+companyColumns+` from company o where o.tenant_id = $1 and o.id in (`+in+`) order by o.id desc`,
		append([]any{int64(a.Tenant)}, args...)...)
	page.Items, err = db.Each(rows, err, func(r *sql.Rows) (Company, error) { return scanCompany(r, a.Tenant) })
	return page, err
}

func (b *Book) companyBatch(ctx context.Context, r db.Reader, a *staff.Actor, q CompanyQuery, before id.ID, limit int) ([]id.ID, error) {
	if q.Q != "" {
		terms := queryTerms(q.Q)
		if len(terms) == 0 {
			return nil, nil
		}
		return companyTerms.find(ctx, r, a.Tenant, terms, before, limit, func(args *[]any) string {
			return `and exists (select 1 from company o where o.tenant_id = t.tenant_id and o.id = t.company_id` + q.where(args) + `)`
		})
	}
	args := []any{int64(a.Tenant), int64(before), int64(limit)}
	rows, err := r.Query(ctx, `select o.id from company o where o.tenant_id = $1 and o.id < $2`+q.where(&args)+` order by o.id desc limit $3`, args...)
	return db.Each(rows, err, scanID)
}

// companiesWithin picks those that the actor reaches with the permission.
func (b *Book) companiesWithin(ctx context.Context, r db.Reader, a *staff.Actor, p staff.Permission, ids []id.ID) ([]id.ID, error) {
	scope := a.Scope(p)
	switch {
	case len(ids) == 0 || scope == staff.ScopeAll:
		return ids, nil
	case scope == staff.ScopeNone || b.reach.Companies == nil:
		return nil, nil
	}
	in, err := b.reach.Companies(ctx, r, a, scope, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(x id.ID) bool { return !slices.Contains(in, x) }), nil
}

// MayCompany is nil when the permission reaches the company; one whom the actor
// may not even read does not exist for the actor.
func (b *Book) MayCompany(ctx context.Context, r db.Reader, a *staff.Actor, p staff.Permission, company id.ID) error {
	in, err := b.companiesWithin(ctx, r, a, p, []id.ID{company})
	if err != nil || len(in) == 1 {
		return err
	}
	if p != Read {
		if err := b.MayCompany(ctx, r, a, Read, company); err != nil {
			return err
		}
		if _, err := b.Company(ctx, r, a.Tenant, company); err != nil {
			return err
		}
		return fault.New(fault.Forbidden, "forbidden", "this company is outside what your permission reaches").With("permission", string(p))
	}
	return fault.Missing("company")
}

// contactCounts are the customers of some companies, each up to CountCap.
func (b *Book) contactCounts(ctx context.Context, r db.Reader, tenant id.ID, companies []id.ID) (map[id.ID]int, error) {
	out := map[id.ID]int{}
	for _, c := range companies { // each is a short walk along one index
		var n int
		if err := r.QueryRow(ctx, fmt.Sprintf(`select count(*) from (select 1 from customer where tenant_id = $1 and company_id = $2 and merged_into is null limit %d) x`, CountCap),
			int64(tenant), int64(c)).Scan(&n); err != nil {
			return nil, err
		}
		out[c] = n
	}
	return out, nil
}
