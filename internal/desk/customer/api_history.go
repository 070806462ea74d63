package customer

import (
	"context"
	"net/http"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// HistoryJSON is one recorded act on a customer: which fields and kinds it was
// about, never their values.
type HistoryJSON struct {
	ID      id.ID       `json:"id"`
	At      clock.Time  `json:"at"`
	Actor   string      `json:"actor_kind" enum:"staff,customer,system,ai"`
	By      id.ID       `json:"by_id,omitzero"`
	Name    string      `json:"name" doc:"created, changed, identity_added, placed, …"`
	Fields  []string    `json:"fields,omitempty"`
	Kind    string      `json:"kind,omitempty" doc:"of the address it was about"`
	Other   id.ID       `json:"other_id,omitzero" doc:"the other customer of a merge"`
	Company *CompanyRef `json:"company,omitempty" doc:"placed: into which company, by the domain of their mail"`
}

func (b *Book) registerHistory(api *web.API) {
	type historyIn struct {
		web.PathID
		web.Page
	}
	type historyOut struct{ Body web.List[HistoryJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/customers/{id}/history", ID: "customer-history", Summary: "What was done to a customer's record, newest first",
		Permission: string(Read), Tags: customerTags},
		func(ctx context.Context, in *historyIn) (*historyOut, error) {
			a, out := actor(ctx), &historyOut{}
			out.Body.Items = []HistoryJSON{}
			if err := b.May(ctx, b.DB, a, Read, in.ID.ID); err != nil {
				return nil, err
			}
			before, err := Query{Cursor: in.Cursor, Limit: in.Limit}.before()
			if err != nil {
				return nil, err
			}
			return out, b.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
				if _, err := b.Find(ctx, r, a.Tenant, in.ID.ID); err != nil {
					return err
				}
				list, err := b.events(ctx, r, a.Tenant, in.ID.ID, "", before, in.Limit+1)
				if err != nil {
					return err
				}
				if len(list) > in.Limit {
					list = list[:in.Limit]
					out.Body.NextCursor = list[in.Limit-1].ID.String()
				}
				var companies []id.ID
				for _, e := range list {
					if e.Name == EventPlaced {
						companies = append(companies, e.Data.Other)
					}
				}
				names, err := b.CompanyNames(ctx, r, a.Tenant, companies)
				if err != nil {
					return err
				}
				for _, e := range list {
					x := HistoryJSON{ID: e.ID, At: e.At, Actor: e.ActorKind, By: e.Actor, Name: e.Name, Fields: e.Data.Fields, Kind: e.Data.Kind}
					if e.Name == EventPlaced {
						x.Company = &CompanyRef{e.Data.Other, names[e.Data.Other]}
					} else {
						x.Other = e.Data.Other
					}
					out.Body.Items = append(out.Body.Items, x)
				}
				return nil
			})
		})
}
