package customer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Domains   []string // of its mail addresses, in ASCII; each is one company's in a tenant
	Tier      string
	Parent    id.ID
	Tags      []string
	Note      string
	Fields    map[string]any
	Contract  Contract
	CreatedAt clock.Time
	UpdatedAt clock.Time
	Version   int64
}

// Contract is what was agreed with a company.
type Contract struct {
	Number string `json:"number,omitempty" maxLength:"100"`
	From   string `json:"from,omitempty" maxLength:"10" doc:"a day such as 2026-11-21"`
	Until  string `json:"until,omitempty" maxLength:"10"`
	Terms  string `json:"terms,omitempty" maxLength:"8000" doc:"what was promised, in words"`
}

// CompanyChange is what may be edited of a company; nil leaves it as it is.
type CompanyChange struct {
	ID       id.ID // of a new company, made before; zero: another
	Name     *string
	Domains  *[]string
	Tier     *string
	Parent   *id.ID // zero: none
	Tags     *[]string
	Note     *string
	Fields   map[string]any
	Contract *Contract
	Version  int64
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
	if x.Domains != nil {
		if v, err := cleanDomains(*x.Domains); check(err) {
			c.Domains = v
		}
	}
	if x.Contract != nil {
		if v, err := x.Contract.clean(); check(err) {
			c.Contract = v
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

// maxDomains is how many domains one company has.
const maxDomains = 20

func cleanDomains(list []string) ([]string, error) {
	out := []string{}
	for _, s := range list {
		d, err := cleanDomain(s)
		if err != nil {
			return nil, err
		}
		if d != "" && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	if len(out) > maxDomains {
		return nil, fault.Bad("domains", "too_many", "a company has at most %d domains", maxDomains).With("max", fmt.Sprint(maxDomains))
	}
	return out, nil
}

func (x Contract) clean() (Contract, error) {
	x.Number = oneLine(x.Number)
	var err error
	if x.Terms, err = cleanNote(x.Terms); err != nil || len([]rune(x.Number)) > 100 {
		return x, fault.Bad("contract", "too_long", "a number has at most 100 characters, terms at most %d", MaxNote).With("max", "100")
	}
	for field, day := range map[string]string{"contract.from": x.From, "contract.until": x.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return x, fault.Bad(field, "date", "a day is such as 2026-11-21")
		}
	}
	if x.From != "" && x.Until != "" && x.Until < x.From {
		return x, fault.Bad("contract.until", "order", "the end is before the beginning")
	}
	return x, nil
}

func cleanDomain(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(text.Clean(s)))
	if s == "" {
		return "", nil
	}
	a, err := idna.Lookup.ToASCII(s)
	if err != nil || len(a) > 253 || !strings.Contains(a, ".") {
		return "", fault.Bad("domains", "invalid", "a domain is such as example.com")
	}
	if freeMail()[a] {
		return "", fault.Bad("domains", "free_mail", "at %s anybody gets an address: it is no company's own", a).With("domain", a)
	}
	return a, nil
}

const companyColumns = `o.id, o.name, o.domains, o.tier, coalesce(o.parent_id, 0), o.tags, o.note, o.fields, o.contract, o.created_at, o.updated_at, o.version`

func scanCompany(r scanner, tenant id.ID) (Company, error) {
	c := Company{Tenant: tenant}
	var domains, tags, fields, contract string
	if err := r.Scan(&c.ID, &c.Name, &domains, &c.Tier, &c.Parent, &tags, &c.Note, &fields, &contract, &c.CreatedAt, &c.UpdatedAt, &c.Version); err != nil {
		return c, err
	}
	return c, errors.Join(readTags(domains, &c.Domains), readTags(tags, &c.Tags), json.Unmarshal([]byte(fields), &c.Fields), json.Unmarshal([]byte(contract), &c.Contract))
}

func (c *Company) values() ([]any, error) {
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return nil, err
	}
	contract, err := json.Marshal(c.Contract)
	return []any{int64(c.Tenant), int64(c.ID), c.Name, sortKey(c.Name), tagsText(c.Domains), c.Tier, orNull(c.Parent), tagsText(c.Tags), c.Note,
		string(fields), int64(c.UpdatedAt), c.Version, string(contract)}, err
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
	c := Company{Tenant: a.Tenant, ID: b.IDs.Next(), Tier: TierNormal, Domains: []string{}, Tags: []string{}, Fields: map[string]any{}, CreatedAt: now, UpdatedAt: now, Version: 1}
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
		_, err := tx.Exec(ctx, `insert into company (tenant_id, id, name, sort_key, domains, tier, parent_id, tags, note, fields, updated_at, version, contract, created_at)
			values (`+strings.Trim(db.Values(1, 14), "()")+`)`, append(slices.Clip(args), int64(c.CreatedAt))...)
		if err != nil {
			return err
		}
		if err := b.putDomains(ctx, tx, &c, nil); err != nil {
			return err
		}
		return companyTerms.add(ctx, tx, a.Tenant, c.ID, nameTerms(c.Name))
	})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// putDomains brings the look-up by domain into step.
func (b *Book) putDomains(ctx context.Context, tx *db.Tx, c *Company, old []string) error {
	if slices.Equal(old, c.Domains) {
		return nil
	}
	b.domainsChanged(tx, c.Tenant)
	for _, d := range old {
		if !slices.Contains(c.Domains, d) {
			if err := tx.Queue(ctx, `delete from company_domain where tenant_id = $1 and domain = $2 and company_id = $3`, int64(c.Tenant), d, int64(c.ID)); err != nil {
				return err
			}
		}
	}
	for _, d := range c.Domains {
		if slices.Contains(old, d) {
			continue
		}
		n, err := tx.Exec(ctx, `insert into company_domain (tenant_id, domain, company_id) values ($1, $2, $3) on conflict do nothing`, int64(c.Tenant), d, int64(c.ID))
		if err != nil {
			return err
		}
		if n == 0 {
			f := fault.New(fault.Conflict, "company.domain", "another company has the domain %s", d)
			f.Field = "domains"
			return f
		}
	}
	return nil
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
		if _, err := tx.Exec(ctx, `update company set name = $3, sort_key = $4, domains = $5, tier = $6, parent_id = $7, tags = $8,
			note = $9, fields = $10, updated_at = $11, version = $12, contract = $13 where tenant_id = $1 and id = $2`, args...); err != nil {
			return err
		}
		if err := b.putDomains(ctx, tx, c, old.Domains); err != nil {
			return err
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
