package customer

import (
	"context"
	"net/http"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// CompanyJSON is a company on the wire.
type CompanyJSON struct {
	ID        id.ID          `json:"id"`
	Name      string         `json:"name"`
	Domain    string         `json:"domain,omitempty"`
	Tier      string         `json:"tier"`
	Parent    id.ID          `json:"parent_id,omitzero"`
	Tags      []string       `json:"tags"`
	Note      string         `json:"note"`
	Fields    map[string]any `json:"fields"`
	CreatedAt clock.Time     `json:"created_at"`
	UpdatedAt clock.Time     `json:"updated_at"`
	Version   int64          `json:"version"`
}

func (c Company) json() CompanyJSON {
	return CompanyJSON{c.ID, c.Name, c.Domain, c.Tier, c.Parent, c.Tags, c.Note, c.Fields, c.CreatedAt, c.UpdatedAt, c.Version}
}

// CompanyChangeJSON is what a client sends to make or edit a company.
type CompanyChangeJSON struct {
	Name   *string          `json:"name,omitempty" maxLength:"800"`
	Domain *string          `json:"domain,omitempty" maxLength:"253"`
	Tier   *string          `json:"tier,omitempty" maxLength:"32"`
	Parent web.Maybe[id.ID] `json:"parent_id,omitzero"`
	Tags   *[]string        `json:"tags,omitempty" maxItems:"50"`
	Note   *string          `json:"note,omitempty" maxLength:"20000"`
	Fields map[string]any   `json:"fields,omitempty" doc:"by key; null takes a field away"`
}

func (x CompanyChangeJSON) change() CompanyChange {
	return CompanyChange{Name: x.Name, Domain: x.Domain, Tier: x.Tier, Parent: idOf(x.Parent), Tags: x.Tags, Note: x.Note, Fields: x.Fields}
}

type companyOut struct {
	ETag string `header:"ETag"`
	Body CompanyJSON
}

func companyAnswer(c *Company, err error) (*companyOut, error) {
	if err != nil {
		return nil, err
	}
	return &companyOut{web.ETag(c.Version), c.json()}, nil
}

func (b *Book) registerCompanies(api *web.API) {
	type listOut struct{ Body web.List[CompanyJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/companies", ID: "company-list", Summary: "List and search companies",
		Permission: string(Read), Tags: companyTags},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			p, err := b.Companies(ctx, b.DB, actor(ctx).Tenant, Query{Q: in.Q, Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := &listOut{}
			out.Body.NextCursor = p.Next
			out.Body.Items = make([]CompanyJSON, len(p.Items))
			for i, c := range p.Items {
				out.Body.Items[i] = c.json()
			}
			return out, nil
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/companies", ID: "company-create", Summary: "Make a company",
		Permission: string(Update), Tags: companyTags, Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body CompanyChangeJSON }) (*companyOut, error) {
			return companyAnswer(b.CreateCompany(ctx, actor(ctx), in.Body.change()))
		})

	web.Register(api, web.Op{Method: http.MethodGet, Path: "/companies/{id}", ID: "company-read", Summary: "Read a company",
		Permission: string(Read), Tags: companyTags},
		func(ctx context.Context, in *web.PathID) (*companyOut, error) {
			return companyAnswer(b.Company(ctx, b.DB, actor(ctx).Tenant, in.ID.ID))
		})

	type changeIn struct {
		web.PathID
		web.IfMatch
		Body CompanyChangeJSON
	}
	web.Register(api, web.Op{Method: http.MethodPatch, Path: "/companies/{id}", ID: "company-update", Summary: "Edit a company",
		Permission: string(Update), Tags: companyTags},
		func(ctx context.Context, in *changeIn) (*companyOut, error) {
			x := in.Body.change()
			x.Version = in.Version()
			return companyAnswer(b.UpdateCompany(ctx, actor(ctx), in.ID.ID, x))
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
