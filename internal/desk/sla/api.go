package sla

import (
	"context"
	"net/http"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/web"
)

type entryOut struct {
	ETag string `header:"ETag"`
	Body *Entry
}

// SoonJSON is a short list of what is due.
type SoonJSON struct {
	Items []Soon `json:"items"`
	More  bool   `json:"more,omitempty" doc:"there may be more than these"`
}

// Register adds the operations on policies and clocks.
func (m *Room) Register(api *web.API) {
	op := func(method, path, name, summary, permission string) web.Op {
		return web.Op{Method: method, Path: path, ID: "sla-" + name, Summary: summary, Permission: permission, Tags: []string{"SLA"}}
	}
	entry := func(e *Entry, err error) (*entryOut, error) {
		if err != nil {
			return nil, err
		}
		return &entryOut{web.ETag(e.Version), e}, nil
	}
	manage := string(staff.ConfigManage)
	web.Register(api, op("GET", "/sla/policies", "list", "List the SLA policies in their order", web.SignedIn),
		func(ctx context.Context, _ *struct{}) (*struct{ Body web.List[*Entry] }, error) {
			list, err := m.Policies(ctx, staff.From(ctx).Tenant)
			return &struct{ Body web.List[*Entry] }{web.List[*Entry]{Items: list}}, err
		})
	create := op("POST", "/sla/policies", "create", "Make an SLA policy", manage)
	create.Status = http.StatusCreated
	web.Register(api, create, func(ctx context.Context, in *struct{ Body Entry }) (*entryOut, error) {
		in.Body.ID, in.Body.Version = 0, 0
		return entry(m.Save(ctx, staff.From(ctx), in.Body))
	})
	web.Register(api, op("GET", "/sla/policies/{id}", "read", "Read an SLA policy", web.SignedIn),
		func(ctx context.Context, in *struct{ web.PathID }) (*entryOut, error) {
			return entry(m.Policy(ctx, staff.From(ctx).Tenant, in.ID.ID))
		})
	web.Register(api, op("GET", "/sla/policies/{id}/versions", "versions", "List the versions of an SLA policy, the newest first", manage),
		func(ctx context.Context, in *struct {
			web.PathID
			Before int64 `query:"before" minimum:"0" doc:"only those older than this version"`
		}) (*struct{ Body web.List[Version] }, error) {
			list, err := m.Versions(ctx, staff.From(ctx).Tenant, in.ID.ID, in.Before)
			return &struct{ Body web.List[Version] }{web.List[Version]{Items: list}}, err
		})
	web.Register(api, op("PUT", "/sla/policies/{id}", "update", "Make a new version of an SLA policy, or retire it", manage),
		func(ctx context.Context, in *struct {
			web.PathID
			web.IfMatch
			Body Entry
		}) (*entryOut, error) {
			in.Body.ID, in.Body.Version = in.ID.ID, in.IfMatch.Version()
			if in.Body.ID == 0 { // zero would make a new one
				return entry(m.Policy(ctx, staff.From(ctx).Tenant, 0))
			}
			return entry(m.Save(ctx, staff.From(ctx), in.Body))
		})
	renew := op("POST", "/sla/renew", "renew", "Bring all open tickets under the newest versions of their policies, in the background", manage)
	renew.Status = http.StatusAccepted
	web.Register(api, renew, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		return nil, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.Renew(ctx, tx, staff.From(ctx).Tenant) })
	})
	web.Register(api, op("GET", "/sla/soon", "soon", "List what is about to breach, or has, in one's reach", string(staff.TicketRead)),
		func(ctx context.Context, in *struct {
			Minutes int `query:"minutes" default:"60" minimum:"0" maximum:"10080" doc:"due within so many minutes"`
			Limit   int `query:"limit" default:"50" minimum:"1" maximum:"200"`
		}) (*struct{ Body SoonJSON }, error) {
			list, more, err := m.Soon(ctx, staff.From(ctx), m.Clock.Now().Add(time.Duration(in.Minutes)*time.Minute), in.Limit)
			return &struct{ Body SoonJSON }{SoonJSON{list, more}}, err
		})
	m.registerTickets(api, op)
	m.registerRequests(api, op)
	m.registerReports(api, op)
}
