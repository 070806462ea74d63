package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// What is done about a row whose person, company or ticket is here already.
const (
	Skip   = "skip"
	Update = "update"
	Create = "create"
)

// What becomes of a row.
const (
	created = "created"
	updated = "updated"
	skipped = "skipped"
	failed  = "failed"
)

// plan is what a row will do.
type plan struct {
	act    string
	match  string // who or what is here already
	object id.ID
	said   bool // the customer is answered
	// do carries it out. The first transaction of the context is that of the
	// effect: the item is written there, at its end, with what the plan says then.
	do func(ctx context.Context) error
	// before is how the object stood, for undoing an update.
	before any
	// version is that of a ticket at its birth.
	version int64
}

// planner turns rows into plans, for one import.
type planner struct {
	m       *Room
	a       *staff.Actor
	catalog *form.Catalog
	dir     *staff.Directory
	zone    *time.Location
	source  string // of the refs of tickets
	o       Options
	dry     bool
}

// Options steer an import.
type Options struct {
	Duplicates string `json:"duplicates"`       // skip, update, create
	Source     string `json:"source,omitempty"` // tickets: whose numbers stand in ref; default the file's name
	DayFirst   bool   `json:"day_first,omitempty"`
}

func (p *planner) plan(ctx context.Context, what string, v map[string]string) (*plan, error) {
	switch what {
	case Customers:
		return p.customer(ctx, v)
	case Companies:
		return p.company(ctx, v)
	case Batch:
		return p.batch(ctx, v)
	}
	return p.ticket(ctx, v)
}

var separators = func(r rune) bool { return strings.ContainsRune(";；、|\n", r) }

func several(s string) []string {
	var out []string
	for _, x := range strings.FieldsFunc(s, separators) {
		if x = strings.TrimSpace(x); x != "" && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func tagsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",，", r) || separators(r) })
}

func tierOf(s string) string {
	for _, t := range customer.Tiers() {
		if strings.EqualFold(s, t.Key) || s == t.ZH || strings.EqualFold(s, t.EN) {
			return t.Key
		}
	}
	switch strings.ToLower(s) {
	case "vip", "贵宾":
		return "vip"
	case "重要", "important":
		return "important"
	case "普通", "normal", "一般":
		return customer.TierNormal
	}
	return strings.ToLower(s)
}

func ptr[T any](v T) *T { return &v }

func (p *planner) customer(ctx context.Context, v map[string]string) (*plan, error) {
	m, a := p.m, p.a
	var addresses []customer.NewIdentity
	fields := map[string]string{}
	for _, x := range [][2]string{{"phone", customer.KindPhone}, {"email", customer.KindEmail}, {"wechat", "wechat"}, {"external", "external"}} {
		for _, s := range several(v[x[0]]) {
			addresses = append(addresses, customer.NewIdentity{Kind: x[1], Value: s})
			fields[x[1]] = x[0]
		}
	}
	c := customer.Change{}
	if s := v["name"]; s != "" {
		c.Name = &s
	}
	if s := v["tier"]; s != "" {
		c.Tier = ptr(tierOf(s))
	}
	if s := v["tags"]; s != "" {
		c.Tags = ptr(tagsOf(s))
	}
	if s := v["note"]; s != "" {
		c.Note = &s
	}
	if s := v["language"]; s != "" {
		c.Language = &s
	}
	var bad fault.List
	if s := v["company"]; s != "" {
		company, err := p.companyNamed(ctx, s)
		if err != nil {
			return nil, err
		}
		if company == nil {
			bad = append(bad, fault.Bad("company", "unknown", "there is no company %q: import the companies first", s))
		} else {
			c.Company = &company.ID
		}
	}
	if c.Name == nil && len(addresses) == 0 {
		bad = append(bad, fault.Bad("name", "required", "a customer needs a name or an address"))
	}
	var known *customer.Customer
	var fresh []customer.NewIdentity
	for _, x := range addresses {
		owner, err := m.Customers.Lookup(ctx, m.DB, a.Tenant, x.Kind, x.Value)
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind == fault.Invalid {
			bad = append(bad, &fault.Error{Kind: f.Kind, Code: f.Code, Field: fields[x.Kind], Message: f.Message})
			continue
		} else if err != nil {
			return nil, err
		}
		switch {
		case owner == nil:
			fresh = append(fresh, x)
		case known != nil && known.ID != owner.ID:
			bad = append(bad, fault.Bad(fields[x.Kind], "several", "the addresses of this row belong to different customers: %s and %s", known.Name, owner.Name))
		default:
			known = owner
		}
	}
	if err := c.Check(); err != nil {
		bad = append(bad, faults(err)...)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	out := &plan{act: created}
	if known != nil {
		out.match, out.object = known.Name, known.ID
		switch p.o.Duplicates {
		case Skip:
			out.act = skipped
			return out, nil
		case Create:
			return nil, fault.New(fault.Conflict, "identity.taken", "an address of this row belongs to %s: one address is one customer's", known.Name)
		}
		if err := m.Customers.May(ctx, m.DB, a, customer.Update, known.ID); err != nil {
			return nil, err
		}
		out.act = updated
		old, err := m.Customers.Get(ctx, m.DB, a.Tenant, known.ID)
		if err != nil {
			return nil, err
		}
		out.before = customer.Change{Name: &old.Name, Tier: &old.Tier, Company: &old.Company, Tags: &old.Tags, Note: &old.Note, Language: &old.Language, Version: old.Version}
		out.do = func(ctx context.Context) error {
			quiet := db.WithoutTxHook(ctx)
			for _, x := range fresh {
				_, err := m.Customers.AddIdentity(quiet, a, known.ID, x)
				if f := (*fault.Error)(nil); errors.As(err, &f) && f.Code == "duplicate" {
					continue // of a run before this one was stopped
				} else if err != nil {
					return err
				}
			}
			_, err := m.Customers.Update(ctx, a, known.ID, c)
			return err
		}
		return out, nil
	}
	c.ID = m.IDs.Next()
	out.object = c.ID
	out.do = func(ctx context.Context) error {
		_, err := m.Customers.Create(ctx, a, c, addresses)
		return err
	}
	return out, nil
}

// companyNamed finds a company by its whole name.
func (p *planner) companyNamed(ctx context.Context, s string) (*customer.CompanyJSON, error) {
	list, _, err := p.m.Customers.CompanyRows(ctx, p.a, customer.CompanyQuery{Query: customer.Query{Q: s, Limit: 50}})
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind == fault.Invalid {
		return nil, nil
	}
	for i := range list {
		if normal(list[i].Name) == normal(s) {
			return &list[i], err
		}
	}
	return nil, err
}

func (p *planner) company(ctx context.Context, v map[string]string) (*plan, error) {
	m, a := p.m, p.a
	c := customer.CompanyChange{}
	if s := v["name"]; s != "" {
		c.Name = &s
	} else {
		return nil, fault.Bad("name", "required", "a company needs a name")
	}
	if s := v["domain"]; s != "" {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://"), "www.")
		s, _, _ = strings.Cut(s, "/")
		c.Domains = &[]string{s}
	}
	if s := v["tier"]; s != "" {
		c.Tier = ptr(tierOf(s))
	}
	if s := v["tags"]; s != "" {
		c.Tags = ptr(tagsOf(s))
	}
	if s := v["note"]; s != "" {
		c.Note = &s
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	known, err := p.companyNamed(ctx, *c.Name)
	if err != nil {
		return nil, err
	}
	out := &plan{act: created}
	if known != nil && p.o.Duplicates != Create {
		out.match, out.object, out.act = known.Name, known.ID, skipped
		if p.o.Duplicates == Skip {
			return out, nil
		}
		out.act = updated
		out.before = customer.CompanyChange{Name: &known.Name, Tier: &known.Tier, Tags: &known.Tags, Note: &known.Note, Version: known.Version}
		out.do = func(ctx context.Context) error {
			_, err := m.Customers.UpdateCompany(ctx, a, known.ID, c)
			return err
		}
		return out, nil
	}
	c.ID = m.IDs.Next()
	out.object = c.ID
	out.do = func(ctx context.Context) error {
		_, err := m.Customers.CreateCompany(ctx, a, c)
		return err
	}
	return out, nil
}

// faults takes an error of a check apart.
func faults(err error) fault.List {
	var l fault.List
	var f *fault.Error
	switch {
	case errors.As(err, &l):
		return l
	case errors.As(err, &f):
		return fault.List{f}
	}
	return fault.List{{Kind: fault.Internal, Code: "internal", Message: fmt.Sprint(err), Cause: err}}
}
