package customer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// maxCompanyDepth is how deep companies stand below one another.
const maxCompanyDepth = 16

// Company is an organisation (企业客户) whose people are customers.
type Company struct {
	Tenant    id.ID
	ID        id.ID
	Name      string
	Domain    string // of its mail addresses, in ASCII; unique in a tenant
	Tier      string
	Parent    id.ID
	Tags      []string
	Note      string
	Fields    map[string]any
	CreatedAt clock.Time
	UpdatedAt clock.Time
	Version   int64
}

// CompanyChange is what may be edited of a company; nil leaves it as it is.
type CompanyChange struct {
	ID      id.ID // of a new company, made before; zero: another
	Name    *string
	Domain  *string
	Tier    *string
	Parent  *id.ID // zero: none
	Tags    *[]string
	Note    *string
	Fields  map[string]any
	Version int64
}

func (x CompanyChange) apply(c *Company) error {
	var bad fault.List
	check := func(err error) bool {
		var f *fault.Error
		if asFault(err, &f) {
			bad = append(bad, f)
		}
		return err == nil
	}
	if x.Name != nil {
		v, err := cleanName("name", *x.Name)
		if err == nil && v == "" {
			err = fault.Bad("name", "required", "a company needs a name")
		}
		if check(err) {
			c.Name = v
		}
	}
	if x.Domain != nil {
		if v, err := cleanDomain(*x.Domain); check(err) {
			c.Domain = v
		}
	}
	if x.Tier != nil && check(checkTier(*x.Tier)) {
		c.Tier = *x.Tier
	}
	if x.Parent != nil {
		c.Parent = *x.Parent
	}
	if x.Tags != nil {
		if v, err := cleanTags(*x.Tags); check(err) {
			c.Tags = v
		}
	}
	if x.Note != nil {
		if v, err := cleanNote(*x.Note); check(err) {
			c.Note = v
		}
	}
	if len(x.Fields) > 0 {
		if v, err := changeFields(c.Fields, x.Fields); check(err) {
			c.Fields = v
		}
	}
	return bad.Err()
}

func cleanDomain(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(text.Clean(s)))
	if s == "" {
		return "", nil
	}
	a, err := idna.Lookup.ToASCII(s)
	if err != nil || len(a) > 253 || !strings.Contains(a, ".") {
		return "", fault.Bad("domain", "invalid", "a domain is such as example.com")
	}
	return a, nil
}

const companyColumns = `o.id, o.name, coalesce(o.domain, ''), o.tier, coalesce(o.parent_id, 0), o.tags, o.note, o.fields, o.created_at, o.updated_at, o.version`

func scanCompany(r scanner, tenant id.ID) (Company, error) {
	c := Company{Tenant: tenant}
	var tags, fields string
	if err := r.Scan(&c.ID, &c.Name, &c.Domain, &c.Tier, &c.Parent, &tags, &c.Note, &fields, &c.CreatedAt, &c.UpdatedAt, &c.Version); err != nil {
		return c, err
	}
	return c, errors.Join(readTags(tags, &c.Tags), json.Unmarshal([]byte(fields), &c.Fields))
}

func (c *Company) values() ([]any, error) {
	fields, err := json.Marshal(c.Fields)
	var domain any
	if c.Domain != "" {
		domain = c.Domain
	}
	return []any{int64(c.Tenant), int64(c.ID), c.Name, sortKey(c.Name), domain, c.Tier, orNull(c.Parent), tagsText(c.Tags), c.Note,
		string(fields), int64(c.UpdatedAt), c.Version}, err
}

// Company reads one company.
func (b *Book) Company(ctx context.Context, r db.Reader, tenant, company id.ID) (*Company, error) {
	return b.company(ctx, r, tenant, company, "")
}

func (b *Book) company(ctx context.Context, r db.Reader, tenant, company id.ID, lock string) (*Company, error) {
	c, err := scanCompany(r.QueryRow(ctx, `select `+companyColumns+` from company o where o.tenant_id = $1 and o.id = $2`+lock,
		int64(tenant), int64(company)), tenant)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("company")
	}
	return &c, err
}

// CreateCompany makes a company.
func (b *Book) CreateCompany(ctx context.Context, a *staff.Actor, in CompanyChange) (*Company, error) {
	now := b.Clock.Now()
	c := Company{Tenant: a.Tenant, ID: b.IDs.Next(), Tier: TierNormal, Tags: []string{}, Fields: map[string]any{}, CreatedAt: now, UpdatedAt: now, Version: 1}
	if in.ID != 0 {
		c.ID = in.ID
	}
	if in.Name == nil {
		in.Name = new(string)
	}
	if err := in.apply(&c); err != nil {
		return nil, err
	}
	args, err := c.values()
	if err != nil {
		return nil, err
	}
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := b.checkParent(ctx, tx, &c); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into company (tenant_id, id, name, sort_key, domain, tier, parent_id, tags, note, fields, updated_at, version, created_at)
			values (`+strings.Trim(db.Values(1, 13), "()")+`)`, append(slices.Clip(args), int64(c.CreatedAt))...)
		if err != nil {
			return domainTaken(err)
		}
		return companyTerms.add(ctx, tx, a.Tenant, c.ID, nameTerms(c.Name))
	})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

func domainTaken(err error) error {
	if db.IsUnique(err) {
		f := fault.New(fault.Conflict, "company.domain", "another company has this domain")
		f.Field = "domain"
		return f
	}
	return err
}

// UpdateCompany edits a company.
func (b *Book) UpdateCompany(ctx context.Context, a *staff.Actor, company id.ID, in CompanyChange) (*Company, error) {
	var c *Company
	err := b.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if c, err = b.company(ctx, tx, a.Tenant, company, tx.Engine().ForUpdate()); err != nil {
			return err
		}
		if in.Version != 0 && in.Version != c.Version {
			return fault.New(fault.Precondition, "version", "the company has changed since it was read")
		}
		old := *c
		if err := in.apply(c); err != nil {
			return err
		}
		if equalJSON(old, *c) {
			return nil
		}
		if c.Parent != old.Parent {
			if err := b.checkParent(ctx, tx, c); err != nil {
				return err
			}
		}
		c.Version++
		c.UpdatedAt = b.Clock.Now()
		args, err := c.values()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update company set name = $3, sort_key = $4, domain = $5, tier = $6, parent_id = $7, tags = $8,
			note = $9, fields = $10, updated_at = $11, version = $12 where tenant_id = $1 and id = $2`, args...); err != nil {
			return domainTaken(err)
		}
		if old.Name == c.Name {
			return nil
		}
		if err := companyTerms.remove(ctx, tx, a.Tenant, c.ID, nameTerms(old.Name)); err != nil {
			return err
		}
		return companyTerms.add(ctx, tx, a.Tenant, c.ID, nameTerms(c.Name))
	})
	return c, err
}

// checkParent makes sure that the parent exists, and that no company stands
// above itself.
func (b *Book) checkParent(ctx context.Context, tx *db.Tx, c *Company) error {
	at := c.Parent
	for range maxCompanyDepth {
		if at == 0 {
			return nil
		}
		if at == c.ID {
			return fault.Bad("parent_id", "circle", "a company cannot stand below itself")
		}
		p, err := b.company(ctx, tx, c.Tenant, at, "")
		if fault.KindOf(err) == fault.NotFound {
			return fault.Bad("parent_id", "unknown", "there is no such company")
		}
		if err != nil {
			return err
		}
		at = p.Parent
	}
	return fault.Bad("parent_id", "too_deep", "companies stand at most %d deep", maxCompanyDepth).With("max", fmt.Sprint(maxCompanyDepth))
}

func (b *Book) checkCompany(ctx context.Context, r db.Reader, tenant, company id.ID) error {
	if company == 0 {
		return nil
	}
	_, err := b.company(ctx, r, tenant, company, "")
	if fault.KindOf(err) == fault.NotFound {
		return fault.Bad("company_id", "unknown", "there is no such company")
	}
	return err
}

// Companies lists companies by falling id; Q is a part of the name, or a whole
// domain.
func (b *Book) Companies(ctx context.Context, r db.Reader, tenant id.ID, q Query) (Page[Company], error) {
	var page Page[Company]
	if q.Limit < 1 || q.Limit > maxList {
		return page, fault.Bad("limit", "invalid", "limit is 1 to %d", maxList)
	}
	if len([]rune(q.Q)) > MaxQuery {
		return page, fault.Bad("q", "too_long", "a search has at most %d characters", MaxQuery).With("max", fmt.Sprint(MaxQuery))
	}
	before := id.ID(math.MaxInt64)
	var err error
	if q.Cursor != "" {
		if before, err = id.Parse(q.Cursor); err != nil {
			return page, fault.Bad("cursor", "invalid", "the cursor is not one of this list")
		}
	}
	var rows *sql.Rows
	if strings.TrimSpace(q.Q) == "" {
		rows, err = r.Query(ctx, `select `+companyColumns+` from company o where o.tenant_id = $1 and o.id < $2 order by o.id desc limit $3`,
			int64(tenant), int64(before), int64(q.Limit+1))
	} else {
		var ids []id.ID
		if d, derr := cleanDomain(q.Q); derr == nil && q.Cursor == "" {
			rows, err := r.Query(ctx, `select id from company where tenant_id = $1 and domain = $2`, int64(tenant), d)
			if ids, err = db.Each(rows, err, scanID); err != nil {
				return page, err
			}
		}
		if t := queryTerms(q.Q); len(t) > 0 && len(ids) == 0 {
			if ids, err = companyTerms.find(ctx, r, tenant, t, before, q.Limit+1, ""); err != nil {
				return page, err
			}
		}
		if len(ids) == 0 {
			return page, nil
		}
		in, args := list(2, ids[:min(len(ids), maxList)])
		if len(ids) > q.Limit {
			page.Next = ids[q.Limit-1].String()
			in, args = list(2, ids[:q.Limit])
		}
		rows, err = r.Query(ctx, `select `+companyColumns+` from company o where o.tenant_id = $1 and o.id in (`+in+`) order by o.id desc`,
			append([]any{int64(tenant)}, args...)...)
	}
	page.Items, err = db.Each(rows, err, func(r *sql.Rows) (Company, error) { return scanCompany(r, tenant) })
	if err == nil && len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.Next = page.Items[q.Limit-1].ID.String()
	}
	return page, err
}

// Contacts lists the customers of a company in the order of their names; the
// actor sees those in reach.
func (b *Book) Contacts(ctx context.Context, r db.Reader, a *staff.Actor, company id.ID, cursor string, limit int) (Page[Customer], error) {
	var page Page[Customer]
	if limit < 1 || limit > maxList {
		return page, fault.Bad("limit", "invalid", "limit is 1 to %d", maxList)
	}
	if _, err := b.Company(ctx, r, a.Tenant, company); err != nil {
		return page, err
	}
	key, after := "", id.ID(0)
	if cursor != "" {
		// The cursor is the last customer's id; its present name says where it stands.
		last, err := id.Parse(cursor)
		if err == nil {
			err = r.QueryRow(ctx, `select sort_key from customer where tenant_id = $1 and id = $2`, int64(a.Tenant), int64(last)).Scan(&key)
		}
		if err != nil {
			return page, fault.Bad("cursor", "invalid", "the cursor is not one of this list")
		}
		after = last
	}
	rows, err := r.Query(ctx, `select id from customer where tenant_id = $1 and company_id = $2 and (sort_key, id) > ($3, $4)
		and merged_into is null order by sort_key, id limit $5`, int64(a.Tenant), int64(company), key, int64(after), int64(limit+1))
	ids, err := db.Each(rows, err, scanID)
	if err != nil {
		return page, err
	}
	if len(ids) > limit {
		ids = ids[:limit]
		page.Next = ids[limit-1].String()
	}
	if ids, err = b.within(ctx, r, a, Read, ids); err != nil {
		return page, err
	}
	page.Items, err = b.some(ctx, r, a.Tenant, ids)
	return page, err
}

// CompanyNames gives the names of some companies.
func (b *Book) CompanyNames(ctx context.Context, r db.Reader, tenant id.ID, companies []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for len(companies) > 0 {
		n := min(len(companies), maxList)
		in, args := list(2, companies[:n])
		companies = companies[n:]
		type row struct {
			id   id.ID
			name string
		}
		rows, err := r.Query(ctx, `select id, name from company where tenant_id = $1 and id in (`+in+`)`, append([]any{int64(tenant)}, args...)...)
		found, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
			var x row
			return x, r.Scan(&x.id, &x.name)
		})
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			out[x.id] = x.name
		}
	}
	return out, nil
}
