package staff

import (
	"context"
	"strings"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// UserJSON is a user on the wire.
type UserJSON struct {
	ID          id.ID        `json:"id"`
	Email       string       `json:"email"`
	Name        string       `json:"name"`
	Locale      string       `json:"locale"`
	Department  *id.ID       `json:"department_id"`
	Active      bool         `json:"active"`
	Roles       []id.ID      `json:"role_ids"`
	Teams       []id.ID      `json:"team_ids"`
	Skills      []SkillLevel `json:"skills"`
	CreatedAt   clock.Time   `json:"created_at"`
	Version     int64        `json:"version"`
	SignedInAt  clock.Time   `json:"signed_in_at,omitzero" doc:"Only when one user is read."`
	HasPassword *bool        `json:"has_password,omitempty" doc:"Only when one user is read."`
}

func userJSON(p *Person) UserJSON {
	return UserJSON{ID: p.ID, Email: p.Email, Name: p.Name, Locale: p.Locale, Department: optional(p.Department), Active: p.Active,
		Roles: some(p.Roles), Teams: some(p.Teams), Skills: some(p.Skills), CreatedAt: p.CreatedAt, Version: p.Version}
}

func optional(i id.ID) *id.ID {
	if i == 0 {
		return nil
	}
	return &i
}

// some is the list, never null.
func some[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

type userOut struct {
	ETag string `header:"ETag"`
	Body UserJSON
}

func (h *House) userOut(ctx context.Context, p Person) (*userOut, error) {
	j := userJSON(&p)
	signedIn, has, err := h.lastSeen(ctx, From(ctx).Tenant, p.ID)
	j.SignedInAt, j.HasPassword = signedIn, &has
	return &userOut{web.ETag(p.Version), j}, err
}

// place is where a page of a directory's list ended.
type place struct {
	Key string `json:"k"`
	ID  id.ID  `json:"i"`
}

// pageOf cuts a page out of a list in order of keys.
func pageOf[T, J any](list []T, page web.Page, key func(T) place, want func(T) bool, json func(T) J) (web.List[J], error) {
	var after place
	begun, err := web.ParseCursor(page.Cursor, &after)
	if err != nil {
		return web.List[J]{}, err
	}
	var found []T
	for _, v := range list {
		k := key(v)
		if begun && (k.Key < after.Key || k.Key == after.Key && k.ID <= after.ID) || !want(v) {
			continue
		}
		if found = append(found, v); len(found) > page.Limit {
			break
		}
	}
	cut := web.Cut(found, page.Limit, key)
	out := web.List[J]{Items: []J{}, NextCursor: cut.NextCursor}
	for _, v := range cut.Items {
		out.Items = append(out.Items, json(v))
	}
	return out, nil
}

func (h *House) registerUsers(api *web.API) {
	tags := []string{"Staff"}
	type list struct {
		web.Page
		Q      string `query:"q" maxLength:"100" doc:"Part of the name or address."`
		Active string `query:"active" enum:"true,false"`
		Team   web.ID `query:"team_id"`
		Role   web.ID `query:"role_id"`
	}
	web.Register(api, web.Op{Method: "GET", Path: "/staff/users", ID: "staff-users", Summary: "Users", Permission: string(StaffRead), Tags: tags},
		func(ctx context.Context, in *list) (*struct{ Body web.List[UserJSON] }, error) {
			dir, err := h.Directory(ctx, From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			q := strings.ToLower(strings.TrimSpace(in.Q))
			has := func(l []id.ID, want id.ID) bool {
				for _, v := range l {
					if v == want {
						return true
					}
				}
				return want == 0
			}
			page, err := pageOf(dir.Users(), in.Page, func(p *Person) place { return place{p.SortKey, p.ID} }, func(p *Person) bool {
				return (in.Active == "" || (in.Active == "true") == p.Active) && has(p.Teams, in.Team.ID) && has(p.Roles, in.Role.ID) &&
					(q == "" || strings.Contains(p.SortKey, q) || strings.Contains(strings.ToLower(p.Name), q) || strings.Contains(p.Email, q))
			}, userJSON)
			return &struct{ Body web.List[UserJSON] }{page}, err
		})
	web.Register(api, web.Op{Method: "GET", Path: "/staff/users/{id}", ID: "staff-user", Summary: "One user", Permission: string(StaffRead), Tags: tags},
		func(ctx context.Context, in *web.PathID) (*userOut, error) {
			p, err := h.user(ctx, From(ctx).Tenant, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return h.userOut(ctx, p)
		})
	type create struct {
		Body struct {
			Email      string       `json:"email" maxLength:"300"`
			Name       string       `json:"name" maxLength:"200"`
			Locale     string       `json:"locale,omitempty" maxLength:"20"`
			Department id.ID        `json:"department_id,omitempty"`
			Roles      []id.ID      `json:"role_ids,omitempty" maxItems:"100"`
			Teams      []id.ID      `json:"team_ids,omitempty" maxItems:"100"`
			Skills     []SkillLevel `json:"skills,omitempty" maxItems:"100"`
			Password   string       `json:"password,omitempty" maxLength:"1000"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/staff/users", ID: "staff-user-create", Summary: "Add a user", Permission: string(StaffManage), Status: 201, SecretIn: true, Tags: tags},
		func(ctx context.Context, in *create) (*userOut, error) {
			b := in.Body
			p, err := h.CreateUser(ctx, From(ctx), NewUser{Email: b.Email, Name: b.Name, Locale: b.Locale, Department: b.Department, Roles: b.Roles, Teams: b.Teams, Skills: b.Skills, Password: b.Password})
			if err != nil {
				return nil, err
			}
			return h.userOut(ctx, p)
		})
	type update struct {
		web.PathID
		web.IfMatch
		Body struct {
			Email      *string          `json:"email,omitempty" maxLength:"300"`
			Name       *string          `json:"name,omitempty" maxLength:"200"`
			Locale     *string          `json:"locale,omitempty" maxLength:"20"`
			Department web.Maybe[id.ID] `json:"department_id,omitempty"`
			Active     *bool            `json:"active,omitempty"`
			Roles      *[]id.ID         `json:"role_ids,omitempty" maxItems:"100"`
			Teams      *[]id.ID         `json:"team_ids,omitempty" maxItems:"100"`
			Skills     *[]SkillLevel    `json:"skills,omitempty" maxItems:"100"`
		}
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/staff/users/{id}", ID: "staff-user-update", Summary: "Change a user", Permission: string(StaffManage), Tags: tags},
		func(ctx context.Context, in *update) (*userOut, error) {
			b := in.Body
			change := UserChange{Email: b.Email, Name: b.Name, Locale: b.Locale, Active: b.Active, Roles: b.Roles, Teams: b.Teams, Skills: b.Skills}
			if b.Department.Set {
				change.Department = &b.Department.Value
			}
			p, err := h.UpdateUser(ctx, From(ctx), in.ID.ID, in.Version(), change)
			if err != nil {
				return nil, err
			}
			return h.userOut(ctx, p)
		})
	type password struct {
		web.PathID
		Body struct {
			Password string `json:"password" maxLength:"1000"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/staff/users/{id}/password", ID: "staff-user-password", Summary: "Give a user a new password; their sessions and tokens end", Permission: string(StaffManage), SecretIn: true, Tags: tags},
		func(ctx context.Context, in *password) (*struct{}, error) {
			return nil, h.SetPassword(ctx, From(ctx), in.ID.ID, in.Body.Password)
		})
	web.Register(api, web.Op{Method: "POST", Path: "/staff/users/{id}/sign-out", ID: "staff-user-sign-out", Summary: "End all sessions and tokens of a user", Permission: string(StaffManage), Tags: tags},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			return nil, h.SignOutUser(ctx, From(ctx), in.ID.ID)
		})
}
