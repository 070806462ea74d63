package staff

import (
	"context"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

func (h *House) registerView(api *web.API) {
	type in struct {
		Body struct {
			User id.ID `json:"user_id,omitzero"`
			Role id.ID `json:"role_id,omitzero"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/session/view", ID: "session-view", Summary: "See the workspace as a person or a role would, for an hour and without writing", Permission: string(RoleManage), Tags: []string{"Session"}},
		func(ctx context.Context, in *in) (*struct{}, error) {
			if in.Body.User == 0 && in.Body.Role == 0 {
				return nil, fault.Bad("user_id", "required", "a person or a role")
			}
			return nil, h.ViewAs(ctx, From(ctx), in.Body.User, in.Body.Role)
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/session/view", ID: "session-view-end", Summary: "See as oneself again", Permission: web.SignedIn, Looking: true, Tags: []string{"Session"}},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			return nil, h.ViewAs(ctx, From(ctx), 0, 0)
		})
}
