package customer

import (
	"context"
	"math"
	"net/http"
	"strings"

	"golang.org/x/text/unicode/norm"

	"zhidan/internal/desk/staff"
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

// maxCallers is how many customers are shown for a number that is partly known.
const maxCallers = 8

// CallerJSON is what a screen needs when a number calls, or is being typed.
type CallerJSON struct {
	Number   string       `json:"number" doc:"the number in its one form; of a part of one, as it was given"`
	Customer *JSON        `json:"customer,omitempty" doc:"who has it, within reach"`
	Matches  []JSON       `json:"matches" doc:"nobody has it and it may be a part of a number: customers in reach whose number ends (from four digits) or begins (from seven) with it, newest first, at most 8"`
	Blocked  *BlockedJSON `json:"blocked,omitempty"`
}

// registerCaller adds what a screen that pops up with a call needs in one answer.
func (b *Book) registerCaller(api *web.API) {
	type callerOut struct{ Body CallerJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/callers", ID: "caller-find", Summary: "Who calls from a number, or from one that is partly known",
		Permission: string(Read), Tags: customerTags},
		func(ctx context.Context, in *struct {
			Phone string `query:"phone" required:"true" minLength:"3" maxLength:"64"`
		}) (*callerOut, error) {
			out := &callerOut{}
			err := b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) (err error) {
				out.Body, err = b.caller(ctx, r, actor(ctx), in.Phone)
				return err
			})
			return out, err
		})
}

func (b *Book) caller(ctx context.Context, r db.Reader, a *staff.Actor, phone string) (out CallerJSON, err error) {
	out.Matches = []JSON{}
	phone = strings.TrimSpace(norm.NFKC.String(phone))
	keys, err := b.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	part, err := b.partOf(keys, phone)
	if err != nil {
		return out, err
	}
	var found []id.ID
	switch normal, bad := normalize("phone", KindPhone, phone, b.Region); {
	case bad == nil:
		out.Number = show(KindPhone, normal)
		x, err := b.Blocked(ctx, r, a.Tenant, KindPhone, normal)
		if err != nil {
			return out, err
		}
		if x != nil {
			out.Blocked = &BlockedJSON{x.Reason, shown(x.Until)}
		}
		c, err := b.Lookup(ctx, r, a.Tenant, KindPhone, normal)
		if err != nil {
			return out, err
		}
		if c != nil {
			if found, err = b.within(ctx, r, a, Read, []id.ID{c.ID}); err != nil {
				return out, err
			}
		}
	case part != nil:
		out.Number = phone
	default:
		return out, bad
	}
	if len(found) > 0 {
		full, err := b.some(ctx, r, a.Tenant, found)
		if err != nil {
			return out, err
		}
		list, err := b.render(ctx, r, a, full)
		if err == nil {
			out.Customer = &list[0]
		}
		return out, err
	}
	if part == nil {
		return out, nil
	}
	ids, _, err := b.scan(ctx, r, a, search{part: part}, Query{Q: phone, Limit: maxCallers}, id.ID(math.MaxInt64))
	if err != nil {
		return out, err
	}
	full, err := b.some(ctx, r, a.Tenant, ids)
	if err != nil {
		return out, err
	}
	out.Matches, err = b.render(ctx, r, a, full)
	return out, err
}
