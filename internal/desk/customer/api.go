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

func actor(ctx context.Context) *staff.Actor { return web.Caller(ctx).(*staff.Actor) }

var (
	customerTags = []string{"Customers"}
	companyTags  = []string{"Companies"}
)

// JSON is a customer on the wire.
type JSON struct {
	ID         id.ID          `json:"id"`
	Name       string         `json:"name"`
	Tier       string         `json:"tier"`
	Company    *CompanyRef    `json:"company,omitempty"`
	Tags       []string       `json:"tags"`
	Note       string         `json:"note"`
	Language   string         `json:"language,omitempty"`
	Fields     map[string]any `json:"fields"`
	Identities []IdentityJSON `json:"identities"`
	Tickets    int            `json:"ticket_count"`
	Open       int            `json:"open_ticket_count"`
	Last       clock.Time     `json:"last_contact_at,omitzero"`
	CreatedAt  clock.Time     `json:"created_at"`
	Version    int64          `json:"version"`
	MergedInto id.ID          `json:"merged_into,omitzero"`
	Care       *CareJSON      `json:"care,omitempty" doc:"special care, while it holds"`
	Blocked    *BlockedJSON   `json:"blocked,omitempty" doc:"an address of this customer is on the blocklist"`
}

// CompanyRef names a company.
type CompanyRef struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// IdentityJSON is an address on the wire: masked.
type IdentityJSON struct {
	ID       id.ID  `json:"id"`
	Kind     string `json:"kind"`
	Display  string `json:"display" doc:"masked"`
	Verified bool   `json:"verified"`
}

func (x Identity) json() IdentityJSON {
	return IdentityJSON{x.ID, x.Kind, x.Display, x.VerifiedAt != 0}
}

// render makes a page of customers ready for the wire with three queries.
func (b *Book) render(ctx context.Context, r db.Reader, a *staff.Actor, list []Customer) ([]JSON, error) {
	out := make([]JSON, len(list))
	if len(list) == 0 {
		return out, nil
	}
	var ids, companies []id.ID
	for _, c := range list {
		ids = append(ids, c.ID)
		if c.Company != 0 {
			companies = append(companies, c.Company)
		}
	}
	identities, err := b.Identities(ctx, r, a.Tenant, ids)
	if err != nil {
		return nil, err
	}
	blocked, err := b.blockedOf(ctx, r, a.Tenant, identities)
	if err != nil {
		return nil, err
	}
	now := b.Clock.Now()
	names, err := b.CompanyNames(ctx, r, a.Tenant, companies)
	if err != nil {
		return nil, err
	}
	var counts map[id.ID]Count
	if b.counts != nil {
		if counts, err = b.counts(ctx, r, a, ids); err != nil {
			return nil, err
		}
	}
	for i, c := range list {
		n := counts[c.ID]
		out[i] = JSON{ID: c.ID, Name: c.Name, Tier: c.Tier, Tags: c.Tags, Note: c.Note, Language: c.Language, Fields: c.Fields,
			Identities: []IdentityJSON{}, Tickets: n.Tickets, Open: n.Open, Last: n.LastContact,
			CreatedAt: c.CreatedAt, Version: c.Version, MergedInto: c.MergedInto}
		if c.Cared(now) {
			out[i].Care = &CareJSON{c.Care.Reason, shown(c.CareUntil), c.Care.Since, c.Care.By}
		}
		if x := blocked[c.ID]; x != nil {
			out[i].Blocked = &BlockedJSON{x.Reason, shown(x.Until)}
		}
		if out[i].Tags == nil {
			out[i].Tags = []string{}
		}
		if out[i].Fields == nil {
			out[i].Fields = map[string]any{}
		}
		if c.Company != 0 {
			out[i].Company = &CompanyRef{c.Company, names[c.Company]}
		}
		for _, x := range identities[c.ID] {
			out[i].Identities = append(out[i].Identities, x.json())
		}
	}
	return out, nil
}

type one struct {
	ETag string `header:"ETag"`
	Body *JSON
}

func (b *Book) one(ctx context.Context, a *staff.Actor, customer id.ID) (*one, error) {
	var out *one
	err := b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
		c, err := b.Get(ctx, r, a.Tenant, customer)
		if err != nil {
			return err
		}
		list, err := b.render(ctx, r, a, []Customer{*c})
		if err != nil {
			return err
		}
		out = &one{web.ETag(c.Version), &list[0]}
		return nil
	})
	return out, err
}

type listIn struct {
	web.Page
	Q       string `query:"q" maxLength:"800" doc:"a part of the name, a phone number, its end from four digits or its beginning from seven, a mail address"`
	Tier    string `query:"tier" maxLength:"32"`
	Company web.ID `query:"company"`
	Tag     string `query:"tag" maxLength:"256"`
	Care    bool   `query:"care" doc:"only those under special care"`
}

// NewIdentityJSON is an address that a client gives.
type NewIdentityJSON struct {
	Kind  string `json:"kind" maxLength:"32" doc:"phone, email, wechat, …"`
	Value string `json:"value" maxLength:"256"`
}

// NewJSON is what a client sends to make a customer.
type NewJSON struct {
	Name       string            `json:"name,omitempty" maxLength:"800"`
	Tier       string            `json:"tier,omitempty" maxLength:"32"`
	Company    id.ID             `json:"company_id,omitzero"`
	Tags       []string          `json:"tags,omitempty" maxItems:"50"`
	Note       string            `json:"note,omitempty" maxLength:"20000"`
	Language   string            `json:"language,omitempty" maxLength:"35"`
	Fields     map[string]any    `json:"fields,omitempty"`
	Identities []NewIdentityJSON `json:"identities,omitempty" maxItems:"50"`
}

// ChangeJSON is what a client sends to edit a customer.
type ChangeJSON struct {
	Name     *string          `json:"name,omitempty" maxLength:"800"`
	Tier     *string          `json:"tier,omitempty" maxLength:"32"`
	Company  web.Maybe[id.ID] `json:"company_id,omitzero"`
	Tags     *[]string        `json:"tags,omitempty" maxItems:"50"`
	Note     *string          `json:"note,omitempty" maxLength:"20000"`
	Language *string          `json:"language,omitempty" maxLength:"35"`
	Fields   map[string]any   `json:"fields,omitempty" doc:"by key; null takes a field away"`
}

// idOf is nil when the member was absent; null is "none".
func idOf(m web.Maybe[id.ID]) *id.ID {
	if !m.Set {
		return nil
	}
	return &m.Value
}

// Register adds the operations on customers and companies to the API.
func (b *Book) Register(api *web.API) {
	b.registerCustomers(api)
	b.registerIdentities(api)
	b.registerMerges(api)
	b.registerCompanies(api)
	b.registerLists(api)
	b.registerHistory(api)
}

func (b *Book) registerCustomers(api *web.API) {
	type listOut struct{ Body web.List[JSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/customers", ID: "customer-list", Summary: "List and search customers",
		Permission: string(Read), Tags: customerTags},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			a, out := actor(ctx), &listOut{}
			err := b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
				p, err := b.Search(ctx, r, a, Query{Q: in.Q, Cursor: in.Cursor, Limit: in.Limit,
					Narrow: Narrow{Tier: in.Tier, Company: in.Company.ID, Tag: in.Tag, Care: in.Care}})
				if err != nil {
					return err
				}
				out.Body.NextCursor = p.Next
				out.Body.Items, err = b.render(ctx, r, a, p.Items)
				return err
			})
			return out, err
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/customers", ID: "customer-create", Summary: "Make a customer",
		Permission: string(Update), Tags: customerTags, Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body NewJSON }) (*one, error) {
			x := in.Body
			c := Change{Tags: &x.Tags, Note: &x.Note, Language: &x.Language, Fields: x.Fields, Company: &x.Company}
			if x.Name != "" {
				c.Name = &x.Name
			}
			if x.Tier != "" {
				c.Tier = &x.Tier
			}
			identities := make([]NewIdentity, len(x.Identities))
			for i, y := range x.Identities {
				identities[i] = NewIdentity(y)
			}
			a := actor(ctx)
			made, err := b.Create(ctx, a, c, identities)
			if err != nil {
				return nil, err
			}
			return b.one(ctx, a, made.ID)
		})

	web.Register(api, web.Op{Method: http.MethodGet, Path: "/customers/{id}", ID: "customer-read", Summary: "Read a customer",
		Permission: string(Read), Tags: customerTags},
		func(ctx context.Context, in *web.PathID) (*one, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			return b.one(ctx, a, in.ID.ID)
		})

	type changeIn struct {
		web.PathID
		web.IfMatch
		Body ChangeJSON
	}
	web.Register(api, web.Op{Method: http.MethodPatch, Path: "/customers/{id}", ID: "customer-update", Summary: "Edit a customer",
		Permission: string(Update), Tags: customerTags},
		func(ctx context.Context, in *changeIn) (*one, error) {
			a, x := actor(ctx), in.Body
			if err := b.May(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			_, err := b.Update(ctx, a, in.ID.ID, Change{Name: x.Name, Tier: x.Tier, Company: idOf(x.Company), Tags: x.Tags, Note: x.Note,
				Language: x.Language, Fields: x.Fields, Version: in.Version()})
			if err != nil {
				return nil, err
			}
			return b.one(ctx, a, in.ID.ID)
		})
}

func (b *Book) registerIdentities(api *web.API) {
	type addIn struct {
		web.PathID
		Body NewIdentityJSON
	}
	type addOut struct{ Body IdentityJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/customers/{id}/identities", ID: "customer-identity-add", Summary: "Add an address to a customer",
		Permission: string(Update), Tags: customerTags, Status: http.StatusCreated, SecretIn: true},
		func(ctx context.Context, in *addIn) (*addOut, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			x, err := b.AddIdentity(ctx, a, in.ID.ID, NewIdentity(in.Body))
			return &addOut{x.json()}, err
		})

	type identityIn struct {
		web.PathID
		Identity web.ID `path:"identity_id"`
	}
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/customers/{id}/identities/{identity_id}", ID: "customer-identity-remove",
		Summary: "Take an address away from a customer", Permission: string(Update), Tags: customerTags},
		func(ctx context.Context, in *identityIn) (*struct{}, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			return nil, b.RemoveIdentity(ctx, a, in.ID.ID, in.Identity.ID)
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/customers/{id}/identities/{identity_id}/verify", ID: "customer-identity-verify",
		Summary: "Note that the address was proved to be the customer's", Permission: string(Update), Tags: customerTags},
		func(ctx context.Context, in *identityIn) (*struct{}, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			return nil, b.Verify(ctx, a, in.ID.ID, in.Identity.ID)
		})

	type revealOut struct {
		CacheControl string `header:"Cache-Control"`
		Body         struct {
			Value string `json:"value"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/customers/{id}/identities/{identity_id}/reveal", ID: "customer-identity-reveal",
		Summary: "Show an address whole; the act is recorded", Permission: string(Revealing), Tags: customerTags, SecretOut: true},
		func(ctx context.Context, in *identityIn) (*revealOut, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Revealing, in.ID.ID); err != nil {
				return nil, err
			}
			v, err := b.Reveal(ctx, a, in.ID.ID, in.Identity.ID)
			out := &revealOut{CacheControl: "no-store"}
			out.Body.Value = v
			return out, err
		})
}

func (b *Book) registerMerges(api *web.API) {
	type mergeIn struct {
		web.PathID
		Body struct {
			Into id.ID    `json:"into"`
			Take []string `json:"take,omitempty" maxItems:"5" enum:"name,tier,company,language,note" doc:"fields whose value the survivor takes from the one that goes, although it has one"`
		}
	}
	type mergeOut struct {
		Body struct {
			Undo id.ID `json:"undo_id"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/customers/{id}/merge", ID: "customer-merge", Summary: "Merge a customer into another",
		Permission: string(Merging), Tags: customerTags},
		func(ctx context.Context, in *mergeIn) (*mergeOut, error) {
			a := actor(ctx)
			for _, c := range []id.ID{in.ID.ID, in.Body.Into} {
				if err := b.May(ctx, b.DB, a, Merging, c); err != nil {
					return nil, err
				}
			}
			undo, err := b.Merge(ctx, a, in.ID.ID, in.Body.Into, in.Body.Take...)
			out := &mergeOut{}
			out.Body.Undo = undo
			return out, err
		})

	type mergedJSON struct {
		Undo id.ID      `json:"undo_id"`
		From CompanyRef `json:"from" doc:"the customer that was merged into this one"`
		At   clock.Time `json:"at"`
		By   id.ID      `json:"by_id,omitzero"`
	}
	type mergesOut struct{ Body web.List[mergedJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/customers/{id}/merges", ID: "customer-merges", Summary: "The merges into a customer that can be taken back",
		Permission: string(Read), Tags: customerTags},
		func(ctx context.Context, in *web.PathID) (*mergesOut, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			if _, err := b.Find(ctx, b.DB, a.Tenant, in.ID.ID); err != nil {
				return nil, err
			}
			list, err := b.Merges(ctx, b.DB, a.Tenant, in.ID.ID)
			out := &mergesOut{web.List[mergedJSON]{Items: []mergedJSON{}}}
			for _, m := range list {
				out.Body.Items = append(out.Body.Items, mergedJSON{m.ID, CompanyRef{m.From, m.Name}, m.At, m.By})
			}
			return out, err
		})

	type undoIn struct {
		Undo web.ID `path:"undo_id"`
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/customers/merges/{undo_id}/undo", ID: "customer-unmerge", Summary: "Take a merge of customers back",
		Permission: string(Merging), Tags: customerTags},
		func(ctx context.Context, in *undoIn) (*one, error) {
			a := actor(ctx)
			m, err := b.FindMerge(ctx, b.DB, a.Tenant, in.Undo.ID)
			if err != nil {
				return nil, err
			}
			if err := b.May(ctx, b.DB, a, Merging, m.Into); err != nil {
				return nil, err
			}
			if _, err := b.Unmerge(ctx, a, in.Undo.ID); err != nil {
				return nil, err
			}
			return b.one(ctx, a, m.From)
		})
}
