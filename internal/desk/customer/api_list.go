package customer

import (
	"context"
	"net/http"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

var listTags = []string{"Blocklist and special care"}

// CareJSON is special care on the wire. No end: for good.
type CareJSON struct {
	Reason string     `json:"reason"`
	Until  clock.Time `json:"until,omitzero"`
	Since  clock.Time `json:"since,omitzero"`
	By     id.ID      `json:"by_id,omitzero"`
}

// BlockedJSON says that contacts are refused. No end: for good.
type BlockedJSON struct {
	Reason string     `json:"reason"`
	Until  clock.Time `json:"until,omitzero"`
}

// BlockJSON is a line of the blocklist on the wire.
type BlockJSON struct {
	ID        id.ID      `json:"id"`
	Kind      string     `json:"kind"`
	Display   string     `json:"display" doc:"masked; a domain whole"`
	Reason    string     `json:"reason"`
	Until     clock.Time `json:"until,omitzero"`
	By        id.ID      `json:"by_id,omitzero"`
	CreatedAt clock.Time `json:"created_at"`
}

func (x Block) json() BlockJSON {
	return BlockJSON{x.ID, x.Kind, x.Display, x.Reason, shown(x.Until), x.By, x.CreatedAt}
}

// shown is an end as clients see it: none for what has no end.
func shown(until clock.Time) clock.Time {
	if until == Forever {
		return 0
	}
	return until
}

// blockedOf finds the longest block in force on an address of each customer.
func (b *Book) blockedOf(ctx context.Context, r db.Reader, tenant id.ID, identities map[id.ID][]Identity) (map[id.ID]*Block, error) {
	owners := map[string][]id.ID{}
	var blinds [][]byte
	for who, list := range identities {
		for _, x := range list {
			for _, blind := range [][]byte{x.blind, x.domain} {
				if blind == nil {
					continue
				}
				if owners[string(blind)] == nil {
					blinds = append(blinds, blind)
				}
				owners[string(blind)] = append(owners[string(blind)], who)
			}
		}
	}
	list, err := b.blocks(ctx, r, tenant, blinds)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]*Block{}
	for i := range list {
		for _, who := range owners[string(list[i].blind)] {
			if out[who] == nil {
				out[who] = &list[i]
			}
		}
	}
	return out, nil
}

type listBody struct {
	Reason string     `json:"reason" minLength:"1" maxLength:"2000"`
	Until  clock.Time `json:"until,omitzero" doc:"absent: for good"`
}

func (b *Book) registerLists(api *web.API) {
	b.registerCaller(api)
	b.registerCare(api)
	type listIn struct {
		web.Page
		Q     string `query:"q" maxLength:"800" doc:"a whole address or domain"`
		Ended bool   `query:"ended" doc:"those that are over instead of those in force"`
	}
	type listOut struct{ Body web.List[BlockJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/blocklist", ID: "blocklist", Summary: "Addresses and domains whose contacts are refused",
		Permission: string(Blocking), Tags: listTags},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			p, err := b.Blocks(ctx, b.DB, actor(ctx).Tenant, Query{Q: in.Q, Cursor: in.Cursor, Limit: in.Limit}, in.Ended)
			out := &listOut{web.List[BlockJSON]{Items: []BlockJSON{}, NextCursor: p.Next}}
			for _, x := range p.Items {
				out.Body.Items = append(out.Body.Items, x.json())
			}
			return out, err
		})

	type blockOut struct{ Body BlockJSON }
	type addBody struct {
		Kind   string     `json:"kind" maxLength:"32" doc:"phone, email, domain, wechat, …"`
		Value  string     `json:"value" maxLength:"256"`
		Reason string     `json:"reason" minLength:"1" maxLength:"2000"`
		Until  clock.Time `json:"until,omitzero" doc:"absent: for good"`
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/blocklist", ID: "blocklist-add", Summary: "Refuse the contacts of an address or domain",
		Permission: string(Blocking), Tags: listTags, Status: http.StatusCreated, SecretIn: true},
		func(ctx context.Context, in *struct{ Body addBody }) (*blockOut, error) {
			x, err := b.AddBlock(ctx, actor(ctx), NewIdentity{in.Body.Kind, in.Body.Value}, in.Body.Reason, in.Body.Until)
			return &blockOut{x.json()}, err
		})

	type changeIn struct {
		web.PathID
		Body struct {
			Reason *string               `json:"reason,omitempty" maxLength:"2000"`
			Until  web.Maybe[clock.Time] `json:"until,omitzero" doc:"null: for good"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPatch, Path: "/blocklist/{id}", ID: "blocklist-change", Summary: "Change the reason or end of a block",
		Permission: string(Blocking), Tags: listTags},
		func(ctx context.Context, in *changeIn) (*blockOut, error) {
			var until *clock.Time
			if in.Body.Until.Set {
				until = &in.Body.Until.Value
			}
			x, err := b.ChangeBlock(ctx, actor(ctx), in.ID.ID, in.Body.Reason, until)
			return &blockOut{x.json()}, err
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/blocklist/{id}", ID: "blocklist-remove", Summary: "Take a line off the blocklist",
		Permission: string(Blocking), Tags: listTags},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			return nil, b.RemoveBlock(ctx, actor(ctx), in.ID.ID)
		})

	type customerIn struct {
		web.PathID
		Body listBody
	}
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/customers/{id}/block", ID: "customer-block", Summary: "Refuse the contacts of all addresses of a customer",
		Permission: string(Blocking), Tags: listTags},
		func(ctx context.Context, in *customerIn) (*one, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			if err := b.BlockCustomer(ctx, a, in.ID.ID, in.Body.Reason, in.Body.Until); err != nil {
				return nil, err
			}
			return b.one(ctx, a, in.ID.ID)
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/customers/{id}/block", ID: "customer-unblock", Summary: "Take a customer's addresses off the blocklist",
		Permission: string(Blocking), Tags: listTags},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			return nil, b.UnblockCustomer(ctx, a, in.ID.ID)
		})
}

func (b *Book) registerCare(api *web.API) {
	type careIn struct {
		web.PathID
		Body listBody
	}
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/customers/{id}/care", ID: "customer-care", Summary: "Put a customer under special care",
		Permission: string(Update), Tags: listTags},
		func(ctx context.Context, in *careIn) (*one, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			if err := b.SetCare(ctx, a, in.ID.ID, in.Body.Reason, in.Body.Until); err != nil {
				return nil, err
			}
			return b.one(ctx, a, in.ID.ID)
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/customers/{id}/care", ID: "customer-care-end", Summary: "End special care",
		Permission: string(Update), Tags: listTags},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			a := actor(ctx)
			if err := b.May(ctx, b.DB, a, Update, in.ID.ID); err != nil {
				return nil, err
			}
			return nil, b.EndCare(ctx, a, in.ID.ID)
		})
}

// registerCaller adds what a screen that pops up with a call needs in one answer.
func (b *Book) registerCaller(api *web.API) {
	type callerOut struct {
		Body struct {
			Number   string       `json:"number" doc:"the number in its one form"`
			Customer *JSON        `json:"customer,omitempty" doc:"who has it, within reach"`
			Blocked  *BlockedJSON `json:"blocked,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/callers", ID: "caller-find", Summary: "Who calls from a number",
		Permission: string(Read), Tags: customerTags},
		func(ctx context.Context, in *struct {
			Phone string `query:"phone" required:"true" minLength:"3" maxLength:"64"`
		}) (*callerOut, error) {
			a, out := actor(ctx), &callerOut{}
			normal, err := normalize("phone", KindPhone, in.Phone, b.Region)
			if err != nil {
				return nil, err
			}
			out.Body.Number = show(KindPhone, normal)
			return out, b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
				if x, err := b.Blocked(ctx, r, a.Tenant, KindPhone, normal); err != nil {
					return err
				} else if x != nil {
					out.Body.Blocked = &BlockedJSON{x.Reason, shown(x.Until)}
				}
				c, err := b.Lookup(ctx, r, a.Tenant, KindPhone, normal)
				if err != nil || c == nil {
					return err
				}
				in, err := b.within(ctx, r, a, Read, []id.ID{c.ID})
				if err != nil || len(in) == 0 {
					return err
				}
				full, err := b.some(ctx, r, a.Tenant, in)
				if err != nil {
					return err
				}
				list, err := b.render(ctx, r, a, full)
				if err == nil {
					out.Body.Customer = &list[0]
				}
				return err
			})
		})
}
