package customer

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// CompanyJSON is a company on the wire.
type CompanyJSON struct {
	ID        id.ID          `json:"id"`
	Name      string         `json:"name"`
	Domains   []string       `json:"domains"`
	Tier      string         `json:"tier"`
	Parent    id.ID          `json:"parent_id,omitzero"`
	Tags      []string       `json:"tags"`
	Note      string         `json:"note"`
	Fields    map[string]any `json:"fields"`
	Contract  Contract       `json:"contract"`
	Above     *CompanyRef    `json:"parent,omitempty"`
	Contacts  int            `json:"contact_count" doc:"up to 1000"`
	Tickets   int            `json:"ticket_count" doc:"within reach, up to 1000"`
	Open      int            `json:"open_ticket_count" doc:"within reach, up to 1000"`
	CreatedAt clock.Time     `json:"created_at"`
	UpdatedAt clock.Time     `json:"updated_at"`
	Version   int64          `json:"version"`
}

func (c Company) json() CompanyJSON {
	return CompanyJSON{ID: c.ID, Name: c.Name, Domains: c.Domains, Tier: c.Tier, Parent: c.Parent, Tags: c.Tags, Note: c.Note, Fields: c.Fields,
		Contract: c.Contract, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, Version: c.Version}
}

// renderCompanies makes a page of companies ready for the wire.
func (b *Book) renderCompanies(ctx context.Context, r db.Reader, a *staff.Actor, list []Company) ([]CompanyJSON, error) {
	out := make([]CompanyJSON, len(list))
	var ids, above []id.ID
	for _, c := range list {
		ids = append(ids, c.ID)
		if c.Parent != 0 {
			above = append(above, c.Parent)
		}
	}
	names, err := b.CompanyNames(ctx, r, a.Tenant, above)
	if err != nil {
		return nil, err
	}
	contacts, err := b.contactCounts(ctx, r, a.Tenant, ids)
	if err != nil {
		return nil, err
	}
	var counts map[id.ID]Count
	if b.companies != nil {
		if counts, err = b.companies(ctx, r, a, ids); err != nil {
			return nil, err
		}
	}
	for i, c := range list {
		out[i] = c.json()
		out[i].Contacts, out[i].Tickets, out[i].Open = contacts[c.ID], counts[c.ID].Tickets, counts[c.ID].Open
		if c.Parent != 0 {
			out[i].Above = &CompanyRef{c.Parent, names[c.Parent]}
		}
	}
	return out, nil
}

// CompanyChangeJSON is what a client sends to make or edit a company.
type CompanyChangeJSON struct {
	Name     *string          `json:"name,omitempty" maxLength:"800"`
	Domains  *[]string        `json:"domains,omitempty" maxItems:"20"`
	Tier     *string          `json:"tier,omitempty" maxLength:"32"`
	Parent   web.Maybe[id.ID] `json:"parent_id,omitzero"`
	Tags     *[]string        `json:"tags,omitempty" maxItems:"50"`
	Note     *string          `json:"note,omitempty" maxLength:"20000"`
	Fields   map[string]any   `json:"fields,omitempty" doc:"by key; null takes a field away"`
	Contract *Contract        `json:"contract,omitempty"`
}

func (x CompanyChangeJSON) change() CompanyChange {
	return CompanyChange{Name: x.Name, Domains: x.Domains, Tier: x.Tier, Parent: idOf(x.Parent), Tags: x.Tags, Note: x.Note, Fields: x.Fields, Contract: x.Contract}
}

type companyOut struct {
	ETag string `header:"ETag"`
	Body CompanyJSON
}

func (b *Book) oneCompany(ctx context.Context, a *staff.Actor, company id.ID) (*companyOut, error) {
	c, err := b.Company(ctx, b.DB, a.Tenant, company)
	if err != nil {
		return nil, err
	}
	list, err := b.renderCompanies(ctx, b.DB, a, []Company{*c})
	if err != nil {
		return nil, err
	}
	return &companyOut{web.ETag(c.Version), list[0]}, nil
}

func (b *Book) registerCompanies(api *web.API) {
	type companiesIn struct {
		web.Page
		Q     string `query:"q" maxLength:"800" doc:"a part of the name, or a whole domain"`
		Tier  string `query:"tier" maxLength:"32"`
		Under web.ID `query:"parent" doc:"those directly below this company"`
	}
	type listOut struct{ Body web.List[CompanyJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/companies", ID: "company-list", Summary: "List and search companies",
		Permission: string(Read), Tags: companyTags},
		func(ctx context.Context, in *companiesIn) (*listOut, error) {
			a, out := actor(ctx), &listOut{}
			err := b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
				p, err := b.Companies(ctx, r, a, CompanyQuery{Query: Query{Q: in.Q, Cursor: in.Cursor, Limit: in.Limit}, CompanyNarrow: CompanyNarrow{in.Tier, in.Under.ID}})
				if err != nil {
					return err
				}
				out.Body.NextCursor = p.Next
				out.Body.Items, err = b.renderCompanies(ctx, r, a, p.Items)
				return err
			})
			return out, err
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/companies", ID: "company-create", Summary: "Make a company",
		Permission: string(Update), Tags: companyTags, Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body CompanyChangeJSON }) (*companyOut, error) {
			a := actor(ctx)
			c, err := b.CreateCompany(ctx, a, in.Body.change())
			if err != nil {
				return nil, err
			}
			return b.oneCompany(ctx, a, c.ID)
		})

	web.Register(api, web.Op{Method: http.MethodGet, Path: "/companies/{id}", ID: "company-read", Summary: "Read a company",
		Permission: string(Read), Tags: companyTags},
		func(ctx context.Context, in *web.PathID) (*companyOut, error) {
			a := actor(ctx)
			if err := b.MayCompany(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			return b.oneCompany(ctx, a, in.ID.ID)
		})

	type changeIn struct {
		web.PathID
		web.IfMatch
		Body CompanyChangeJSON
	}
	web.Register(api, web.Op{Method: http.MethodPatch, Path: "/companies/{id}", ID: "company-update", Summary: "Edit a company",
		Permission: string(Update), Tags: companyTags},
		func(ctx context.Context, in *changeIn) (*companyOut, error) {
			a := actor(ctx)
			if err := b.MayCompany(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			x := in.Body.change()
			x.Version = in.Version()
			if _, err := b.UpdateCompany(ctx, a, in.ID.ID, x); err != nil {
				return nil, err
			}
			return b.oneCompany(ctx, a, in.ID.ID)
		})

	type contactsIn struct {
		web.PathID
		web.Page
	}
	type contactsOut struct{ Body web.List[JSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/companies/{id}/contacts", ID: "company-contacts", Summary: "List the customers of a company",
		Permission: string(Read), Tags: companyTags},
		func(ctx context.Context, in *contactsIn) (*contactsOut, error) {
			a, out := actor(ctx), &contactsOut{}
			if err := b.MayCompany(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			err := b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
				p, err := b.Contacts(ctx, r, a, in.ID.ID, in.Cursor, in.Limit)
				if err != nil {
					return err
				}
				out.Body.NextCursor = p.Next
				out.Body.Items, err = b.render(ctx, r, a, p.Items)
				return err
			})
			return out, err
		})
}
