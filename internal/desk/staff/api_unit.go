package staff

import (
	"context"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// DepartmentJSON is a department on the wire.
type DepartmentJSON struct {
	ID      id.ID  `json:"id"`
	Parent  *id.ID `json:"parent_id"`
	Name    string `json:"name"`
	Retired bool   `json:"retired"`
	Version int64  `json:"version"`
}

// TeamJSON is a team on the wire.
type TeamJSON struct {
	ID         id.ID    `json:"id"`
	Name       string   `json:"name"`
	Department *id.ID   `json:"department_id"`
	Retired    bool     `json:"retired"`
	Members    []Member `json:"members"`
	Version    int64    `json:"version"`
}

// SkillJSON is a skill on the wire.
type SkillJSON struct {
	ID      id.ID  `json:"id"`
	Name    string `json:"name"`
	Version int64  `json:"version"`
}

// RoleJSON is a role on the wire.
type RoleJSON struct {
	ID      id.ID                `json:"id"`
	Key     string               `json:"key,omitempty"`
	Name    string               `json:"name"`
	Grants  map[Permission]Scope `json:"grants"`
	Version int64                `json:"version"`
}

func departmentJSON(d *Department) DepartmentJSON {
	return DepartmentJSON{d.ID, optional(d.Parent), d.Name, d.Retired, d.Version}
}

func teamJSON(t *Team) TeamJSON {
	return TeamJSON{t.ID, t.Name, optional(t.Department), t.Retired, some(t.Members), t.Version}
}

func skillJSON(s *Skill) SkillJSON { return SkillJSON{s.ID, s.Name, s.Version} }

func roleJSON(r *Role) RoleJSON { return RoleJSON{r.ID, r.Key, r.Name, r.Grants, r.Version} }

// out is one thing with its tag.
type out[J any] struct {
	ETag string `header:"ETag"`
	Body J
}

// readGrants reads scopes by name, and names the permission of a bad one.
func readGrants(in map[Permission]string) (Grants, error) {
	if in == nil {
		return nil, nil
	}
	g := Grants{}
	for p, name := range in {
		var s Scope
		if err := s.UnmarshalText([]byte(name)); err != nil {
			return nil, fault.Bad("grants."+string(p), "choice", "one of none, own, team, department, all")
		}
		g[p] = s
	}
	return g, nil
}

// unit is the list and the single read that all four kinds have alike.
func unit[T, J any](h *House, api *web.API, noun, path string, all func(*Directory) []*T, find func(*Directory, id.ID) (T, bool), key func(*T) place, json func(*T) J, version func(*T) int64) {
	type page struct{ Body web.List[J] }
	web.Register(api, web.Op{Method: "GET", Path: path, ID: "staff-" + noun + "s", Summary: "All " + noun + "s", Permission: string(StaffRead), Tags: []string{"Staff"}},
		func(ctx context.Context, in *struct{ web.Page }) (*page, error) {
			dir, err := h.Directory(ctx, From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			l, err := pageOf(all(dir), in.Page, key, func(*T) bool { return true }, json)
			return &page{l}, err
		})
	web.Register(api, web.Op{Method: "GET", Path: path + "/{id}", ID: "staff-" + noun, Summary: "One " + noun, Permission: string(StaffRead), Tags: []string{"Staff"}},
		func(ctx context.Context, in *web.PathID) (*out[J], error) {
			dir, err := h.Directory(ctx, From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			v, ok := find(dir, in.ID.ID)
			if !ok {
				return nil, fault.Missing(noun)
			}
			return &out[J]{web.ETag(version(&v)), json(&v)}, nil
		})
}

func (h *House) registerUnits(api *web.API) {
	unit(h, api, "department", "/staff/departments", (*Directory).Departments, (*Directory).Department,
		func(d *Department) place { return place{d.SortKey, d.ID} }, departmentJSON, func(d *Department) int64 { return d.Version })
	unit(h, api, "team", "/staff/teams", (*Directory).Teams, (*Directory).Team,
		func(t *Team) place { return place{t.SortKey, t.ID} }, teamJSON, func(t *Team) int64 { return t.Version })
	unit(h, api, "skill", "/staff/skills", (*Directory).Skills, (*Directory).Skill,
		func(s *Skill) place { return place{s.SortKey, s.ID} }, skillJSON, func(s *Skill) int64 { return s.Version })
	unit(h, api, "role", "/staff/roles", (*Directory).Roles, (*Directory).Role,
		func(r *Role) place { return place{"", r.ID} }, roleJSON, func(r *Role) int64 { return r.Version })
	h.registerDepartments(api)
	h.registerTeams(api)
	h.registerSkillsAndRoles(api)
	web.Register(api, web.Op{Method: "GET", Path: "/staff/permissions", ID: "staff-permissions", Summary: "Every permission that a role can grant", Permission: web.SignedIn, Tags: []string{"Staff"}},
		func(context.Context, *struct{}) (*struct{ Body web.List[Entry] }, error) {
			return &struct{ Body web.List[Entry] }{web.List[Entry]{Items: Catalogue}}, nil
		})
}

func (h *House) registerDepartments(api *web.API) {
	type create struct {
		Body struct {
			Name   string `json:"name" maxLength:"200"`
			Parent id.ID  `json:"parent_id,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/staff/departments", ID: "staff-department-create", Summary: "Add a department", Permission: string(StaffManage), Status: 201, Tags: []string{"Staff"}},
		func(ctx context.Context, in *create) (*out[DepartmentJSON], error) {
			d, err := h.CreateDepartment(ctx, From(ctx), DepartmentChange{Name: &in.Body.Name, Parent: &in.Body.Parent})
			return &out[DepartmentJSON]{web.ETag(d.Version), departmentJSON(&d)}, err
		})
	type update struct {
		web.PathID
		web.IfMatch
		Body struct {
			Name    *string          `json:"name,omitempty" maxLength:"200"`
			Parent  web.Maybe[id.ID] `json:"parent_id,omitempty"`
			Retired *bool            `json:"retired,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/staff/departments/{id}", ID: "staff-department-update", Summary: "Rename, move or retire a department", Permission: string(StaffManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *update) (*out[DepartmentJSON], error) {
			c := DepartmentChange{Name: in.Body.Name, Retired: in.Body.Retired}
			if in.Body.Parent.Set {
				c.Parent = &in.Body.Parent.Value
			}
			if in.ID.ID == 0 {
				return nil, fault.Missing("department")
			}
			d, err := h.UpdateDepartment(ctx, From(ctx), in.ID.ID, in.Version(), c)
			return &out[DepartmentJSON]{web.ETag(d.Version), departmentJSON(&d)}, err
		})
}

func (h *House) registerTeams(api *web.API) {
	type create struct {
		Body struct {
			Name       string    `json:"name" maxLength:"200"`
			Department id.ID     `json:"department_id,omitempty"`
			Members    *[]Member `json:"members,omitempty" maxItems:"2000"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/staff/teams", ID: "staff-team-create", Summary: "Add a team", Permission: string(StaffManage), Status: 201, Tags: []string{"Staff"}},
		func(ctx context.Context, in *create) (*out[TeamJSON], error) {
			t, err := h.CreateTeam(ctx, From(ctx), TeamChange{Name: &in.Body.Name, Department: &in.Body.Department, Members: in.Body.Members})
			return &out[TeamJSON]{web.ETag(t.Version), teamJSON(&t)}, err
		})
	type update struct {
		web.PathID
		web.IfMatch
		Body struct {
			Name       *string          `json:"name,omitempty" maxLength:"200"`
			Department web.Maybe[id.ID] `json:"department_id,omitempty"`
			Retired    *bool            `json:"retired,omitempty"`
			Members    *[]Member        `json:"members,omitempty" maxItems:"2000"`
		}
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/staff/teams/{id}", ID: "staff-team-update", Summary: "Change a team and its members", Permission: string(StaffManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *update) (*out[TeamJSON], error) {
			c := TeamChange{Name: in.Body.Name, Retired: in.Body.Retired, Members: in.Body.Members}
			if in.Body.Department.Set {
				c.Department = &in.Body.Department.Value
			}
			if in.ID.ID == 0 {
				return nil, fault.Missing("team")
			}
			t, err := h.UpdateTeam(ctx, From(ctx), in.ID.ID, in.Version(), c)
			return &out[TeamJSON]{web.ETag(t.Version), teamJSON(&t)}, err
		})
}

func (h *House) registerSkillsAndRoles(api *web.API) {
	type NamedBody struct {
		Body struct {
			Name string `json:"name" maxLength:"200"`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/staff/skills", ID: "staff-skill-create", Summary: "Add a skill", Permission: string(StaffManage), Status: 201, Tags: []string{"Staff"}},
		func(ctx context.Context, in *NamedBody) (*out[SkillJSON], error) {
			s, err := h.SaveSkill(ctx, From(ctx), 0, 0, in.Body.Name)
			return &out[SkillJSON]{web.ETag(s.Version), skillJSON(&s)}, err
		})
	type rename struct {
		web.PathID
		web.IfMatch
		NamedBody
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/staff/skills/{id}", ID: "staff-skill-update", Summary: "Rename a skill", Permission: string(StaffManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *rename) (*out[SkillJSON], error) {
			if in.ID.ID == 0 {
				return nil, fault.Missing("skill")
			}
			s, err := h.SaveSkill(ctx, From(ctx), in.ID.ID, in.Version(), in.Body.Name)
			return &out[SkillJSON]{web.ETag(s.Version), skillJSON(&s)}, err
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/staff/skills/{id}", ID: "staff-skill-delete", Summary: "Remove a skill that nobody has", Permission: string(StaffManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			return nil, h.DeleteSkill(ctx, From(ctx), in.ID.ID)
		})
	type role struct {
		Body struct {
			Name   string                `json:"name" maxLength:"200"`
			Grants map[Permission]string `json:"grants" doc:"Permission → none, own, team, department or all."`
		}
	}
	web.Register(api, web.Op{Method: "POST", Path: "/staff/roles", ID: "staff-role-create", Summary: "Add a role", Permission: string(RoleManage), Status: 201, Tags: []string{"Staff"}},
		func(ctx context.Context, in *role) (*out[RoleJSON], error) {
			g, err := readGrants(in.Body.Grants)
			if err != nil {
				return nil, err
			}
			r, err := h.SaveRole(ctx, From(ctx), 0, 0, RoleChange{Name: &in.Body.Name, Grants: g})
			return &out[RoleJSON]{web.ETag(r.Version), roleJSON(&r)}, err
		})
	type roleUpdate struct {
		web.PathID
		web.IfMatch
		Body struct {
			Name   *string               `json:"name,omitempty" maxLength:"200"`
			Grants map[Permission]string `json:"grants,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: "PATCH", Path: "/staff/roles/{id}", ID: "staff-role-update", Summary: "Change a role", Permission: string(RoleManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *roleUpdate) (*out[RoleJSON], error) {
			g, err := readGrants(in.Body.Grants)
			if err != nil {
				return nil, err
			}
			if in.ID.ID == 0 {
				return nil, fault.Missing("role")
			}
			r, err := h.SaveRole(ctx, From(ctx), in.ID.ID, in.Version(), RoleChange{Name: in.Body.Name, Grants: g})
			return &out[RoleJSON]{web.ETag(r.Version), roleJSON(&r)}, err
		})
	web.Register(api, web.Op{Method: "DELETE", Path: "/staff/roles/{id}", ID: "staff-role-delete", Summary: "Remove a role that nobody has", Permission: string(RoleManage), Tags: []string{"Staff"}},
		func(ctx context.Context, in *web.PathID) (*struct{}, error) {
			return nil, h.DeleteRole(ctx, From(ctx), in.ID.ID)
		})
}
