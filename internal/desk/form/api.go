package form

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// Register adds the operations by which an administrator shapes forms. Reading
// is part of /config, which every signed-in person needs.
func (c *Cache) Register(api *web.API) {
	register(api, "types", "ticket type", c.SaveType, func(t *Type, i id.ID, v int64) { t.ID, t.Version = i, v })
	register(api, "fields", "custom field", c.SaveField, func(f *Field, i id.ID, v int64) { f.ID, f.Version = i, v })
	register(api, "categories", "category", c.SaveCategory, func(k *Category, i id.ID, v int64) { k.ID, k.Version = i, v })
	register(api, "substatuses", "sub-status", c.SaveSubstatus, func(s *Substatus, i id.ID, v int64) { s.ID, s.Version = i, v })
	register(api, "scenes", "scene of a call", c.SaveScene, func(s *Scene, i id.ID, v int64) { s.ID, s.Version = i, v })
	register(api, "codes", "code of a list", c.SaveCode, func(k *Code, i id.ID, v int64) { k.ID, k.Version = i, v })
	tags := []string{"Configuration"}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/config/order", ID: "config-order", Summary: "Put types, fields, categories, sub-statuses or codes into an order; moves categories",
		Permission: string(staff.ConfigManage), Tags: tags},
		func(ctx context.Context, in *struct{ Body Order }) (*struct{}, error) {
			return nil, c.Arrange(ctx, staff.From(ctx).Tenant, in.Body)
		})
	type rules struct{ Body Rules }
	type change struct {
		web.IfMatch
		Body Rules
	}
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/config/rules", ID: "config-rules", Summary: "Change the rules about all tickets",
		Permission: string(staff.ConfigManage), Tags: tags},
		func(ctx context.Context, in *change) (*rules, error) {
			in.Body.Version = in.IfMatch.Version()
			out, err := c.SaveRules(ctx, staff.From(ctx).Tenant, in.Body)
			return &rules{out}, err
		})
}

// register adds making and changing of one sort of thing. There is no deleting:
// what tickets refer to is retired.
func register[T any](api *web.API, path, what string, save func(context.Context, id.ID, T) (T, error), set func(*T, id.ID, int64)) {
	type body struct{ Body T }
	tags := []string{"Configuration"}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/config/" + path, ID: "config-" + path + "-create", Summary: "Make a " + what,
		Permission: string(staff.ConfigManage), Tags: tags, Status: http.StatusCreated},
		func(ctx context.Context, in *body) (*body, error) {
			set(&in.Body, 0, 0)
			out, err := save(ctx, staff.From(ctx).Tenant, in.Body)
			return &body{out}, err
		})
	type change struct {
		ID web.ID `path:"id"`
		web.IfMatch
		Body T
	}
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/config/" + path + "/{id}", ID: "config-" + path + "-update", Summary: "Change or retire a " + what,
		Permission: string(staff.ConfigManage), Tags: tags},
		func(ctx context.Context, in *change) (*body, error) {
			set(&in.Body, in.ID.ID, in.IfMatch.Version())
			out, err := save(ctx, staff.From(ctx).Tenant, in.Body)
			return &body{out}, err
		})
}
