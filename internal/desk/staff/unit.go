package staff

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// DepartmentChange is what a department gets; nil stays as it is.
type DepartmentChange struct {
	Name    *string
	Parent  *id.ID // 0 = at the top
	Retired *bool
}

// CreateDepartment adds a unit to the tree.
func (h *House) CreateDepartment(ctx context.Context, a *Actor, in DepartmentChange) (Department, error) {
	return h.saveDepartment(ctx, a, 0, 0, in)
}

// UpdateDepartment renames, moves or retires one. All below it moves along.
func (h *House) UpdateDepartment(ctx context.Context, a *Actor, unit id.ID, version int64, in DepartmentChange) (Department, error) {
	return h.saveDepartment(ctx, a, unit, version, in)
}

func (h *House) saveDepartment(ctx context.Context, a *Actor, unit id.ID, version int64, in DepartmentChange) (Department, error) {
	var saved id.ID
	err := h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old, ok := dir.Department(unit)
		if unit != 0 && !ok {
			return fault.Missing("department")
		}
		if err := checkVersion(version, old.Version); err != nil {
			return err
		}
		d := old
		if unit == 0 {
			if len(dir.units) >= maxUnits {
				return fault.New(fault.Conflict, "department.too_many", "at most %d departments", maxUnits)
			}
			d = Department{ID: h.IDs.Next()}
		}
		saved = d.ID
		var err error
		if in.Name != nil || unit == 0 {
			if d.Name, err = cleanName("name", deref(in.Name)); err != nil {
				return err
			}
		}
		if in.Parent != nil {
			d.Parent = *in.Parent
		}
		if in.Retired != nil {
			d.Retired = *in.Retired
		}
		parent := dir.departments[d.Parent]
		d.Path = "/" + d.ID.String() + "/"
		if d.Parent != 0 {
			if parent == nil {
				return fault.Bad("parent_id", "unknown", "there is no such department")
			}
			if unit != 0 && under(parent.Path, old.Path) {
				return fault.Bad("parent_id", "department.cycle", "a department cannot stand below itself")
			}
			d.Path = parent.Path + d.ID.String() + "/"
		}
		depth := strings.Count(d.Path, "/") - 1
		for _, u := range dir.units {
			if u.Parent == d.Parent && u.ID != d.ID && strings.EqualFold(u.Name, d.Name) {
				return fault.Bad("name", "taken", "there is a department of this name here")
			}
			if unit != 0 && under(u.Path, old.Path) {
				depth = max(depth, strings.Count(d.Path+strings.TrimPrefix(u.Path, old.Path), "/")-1)
			}
		}
		if depth > maxDepth {
			return fault.Bad("parent_id", "department.deep", "the tree is at most %d levels deep", maxDepth)
		}
		if unit == 0 {
			_, err = tx.Exec(ctx, `insert into staff_department (tenant_id, id, parent_id, name, sort_key, path, retired, version) values ($1,$2,$3,$4,$5,$6,$7,1)`,
				a.Tenant, d.ID, null(d.Parent), d.Name, text.SortKey(d.Name), d.Path, d.Retired)
		} else {
			_, err = tx.Exec(ctx, `update staff_department set parent_id = $3, name = $4, sort_key = $5, path = $6, retired = $7, version = version + 1 where tenant_id = $1 and id = $2`,
				a.Tenant, d.ID, null(d.Parent), d.Name, text.SortKey(d.Name), d.Path, d.Retired)
		}
		if err != nil {
			return err
		}
		if unit != 0 && d.Path != old.Path {
			for _, u := range dir.units {
				if u.ID != unit && under(u.Path, old.Path) {
					if _, err := tx.Exec(ctx, `update staff_department set path = $3 where tenant_id = $1 and id = $2`, a.Tenant, u.ID, d.Path+strings.TrimPrefix(u.Path, old.Path)); err != nil {
						return err
					}
				}
			}
		}
		return h.Record(ctx, tx, a, Act{Kind: what("department", unit), Subject: d.ID, Name: d.Name, Changes: Changes(departmentJSON(&old), departmentJSON(&d), "id", "version")})
	})
	if err != nil {
		return Department{}, err
	}
	dir, err := h.Directory(ctx, a.Tenant)
	if err != nil {
		return Department{}, err
	}
	d, _ := dir.Department(saved)
	return d, nil
}

// TeamChange is what a team gets; nil stays as it is.
type TeamChange struct {
	Name       *string
	Department *id.ID // 0 = none
	Retired    *bool
	Members    *[]Member
}

// CreateTeam adds a team.
func (h *House) CreateTeam(ctx context.Context, a *Actor, in TeamChange) (Team, error) {
	return h.saveTeam(ctx, a, 0, 0, in)
}

// UpdateTeam changes a team and who is in it.
func (h *House) UpdateTeam(ctx context.Context, a *Actor, team id.ID, version int64, in TeamChange) (Team, error) {
	return h.saveTeam(ctx, a, team, version, in)
}

func (h *House) saveTeam(ctx context.Context, a *Actor, team id.ID, version int64, in TeamChange) (Team, error) {
	var saved id.ID
	err := h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old, ok := dir.Team(team)
		if team != 0 && !ok {
			return fault.Missing("team")
		}
		if err := checkVersion(version, old.Version); err != nil {
			return err
		}
		t := old
		if team == 0 {
			if len(dir.groups) >= maxUnits {
				return fault.New(fault.Conflict, "team.too_many", "at most %d teams", maxUnits)
			}
			t = Team{ID: h.IDs.Next()}
		}
		saved = t.ID
		var err error
		if in.Name != nil || team == 0 {
			if t.Name, err = cleanName("name", deref(in.Name)); err != nil {
				return err
			}
		}
		if in.Department != nil {
			t.Department = *in.Department
		}
		if in.Retired != nil {
			t.Retired = *in.Retired
		}
		if _, ok := dir.departments[t.Department]; t.Department != 0 && !ok {
			return fault.Bad("department_id", "unknown", "there is no such department")
		}
		for _, u := range dir.groups {
			if u.ID != t.ID && strings.EqualFold(u.Name, t.Name) {
				return fault.Bad("name", "taken", "there is a team of this name")
			}
		}
		if in.Members != nil {
			t.Members = *in.Members
			seen := map[id.ID]bool{}
			for _, m := range t.Members {
				if _, ok := dir.users[m.User]; !ok {
					return fault.Bad("members", "unknown", "there is no user with the id %s", m.User)
				}
				if seen[m.User] {
					return fault.Bad("members", "unique", "somebody is named twice")
				}
				seen[m.User] = true
			}
		}
		if team == 0 {
			_, err = tx.Exec(ctx, `insert into staff_team (tenant_id, id, name, sort_key, department_id, retired, version) values ($1,$2,$3,$4,$5,$6,1)`,
				a.Tenant, t.ID, t.Name, text.SortKey(t.Name), null(t.Department), t.Retired)
		} else {
			_, err = tx.Exec(ctx, `update staff_team set name = $3, sort_key = $4, department_id = $5, retired = $6, version = version + 1 where tenant_id = $1 and id = $2`,
				a.Tenant, t.ID, t.Name, text.SortKey(t.Name), null(t.Department), t.Retired)
		}
		if err != nil {
			return err
		}
		if in.Members != nil {
			if _, err := tx.Exec(ctx, `delete from staff_team_member where tenant_id = $1 and team_id = $2`, a.Tenant, t.ID); err != nil {
				return err
			}
			for _, m := range t.Members {
				if _, err := tx.Exec(ctx, `insert into staff_team_member (tenant_id, team_id, user_id, lead) values ($1,$2,$3,$4)`, a.Tenant, t.ID, m.User, m.Lead); err != nil {
					return err
				}
			}
			for _, m := range old.Members {
				if h.Moved == nil || slices.ContainsFunc(t.Members, func(x Member) bool { return x.User == m.User }) {
					continue
				}
				if err := h.Moved(ctx, tx, a.Tenant, m.User); err != nil {
					return err
				}
			}
		}
		return h.Record(ctx, tx, a, Act{Kind: what("team", team), Subject: t.ID, Name: t.Name, Changes: Changes(teamJSON(&old), teamJSON(&t), "id", "version")})
	})
	if err != nil {
		return Team{}, err
	}
	dir, err := h.Directory(ctx, a.Tenant)
	if err != nil {
		return Team{}, err
	}
	t, _ := dir.Team(saved)
	return t, nil
}

// SaveSkill adds a skill (skill 0) or renames it.
func (h *House) SaveSkill(ctx context.Context, a *Actor, skill id.ID, version int64, name string) (Skill, error) {
	var s Skill
	err := h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old, ok := dir.Skill(skill)
		if skill != 0 && !ok {
			return fault.Missing("skill")
		}
		if err := checkVersion(version, old.Version); err != nil {
			return err
		}
		clean, err := cleanName("name", name)
		if err != nil {
			return err
		}
		for _, u := range dir.talents {
			if u.ID != skill && strings.EqualFold(u.Name, clean) {
				return fault.Bad("name", "taken", "there is a skill of this name")
			}
		}
		s = Skill{ID: skill, Name: clean, SortKey: text.SortKey(clean), Version: old.Version + 1}
		if skill == 0 {
			if len(dir.talents) >= maxUnits {
				return fault.New(fault.Conflict, "skill.too_many", "at most %d skills", maxUnits)
			}
			s.ID = h.IDs.Next()
			_, err = tx.Exec(ctx, `insert into staff_skill (tenant_id, id, name, sort_key, version) values ($1,$2,$3,$4,1)`, a.Tenant, s.ID, s.Name, s.SortKey)
		} else {
			_, err = tx.Exec(ctx, `update staff_skill set name = $3, sort_key = $4, version = version + 1 where tenant_id = $1 and id = $2`, a.Tenant, s.ID, s.Name, s.SortKey)
		}
		if err != nil {
			return err
		}
		return h.Record(ctx, tx, a, Act{Kind: what("skill", skill), Subject: s.ID, Name: s.Name, Changes: Changes(skillJSON(&old), skillJSON(&s), "id", "version")})
	})
	return s, err
}

// DeleteSkill removes a skill that nobody has.
func (h *House) DeleteSkill(ctx context.Context, a *Actor, skill id.ID) error {
	return h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old, ok := dir.skills[skill]
		if !ok {
			return fault.Missing("skill")
		}
		for _, p := range dir.people {
			if slices.ContainsFunc(p.Skills, func(s SkillLevel) bool { return s.Skill == skill }) {
				return fault.New(fault.Conflict, "skill.used", "somebody has this skill")
			}
		}
		if _, err := tx.Exec(ctx, `delete from staff_skill where tenant_id = $1 and id = $2`, a.Tenant, skill); err != nil {
			return err
		}
		return h.Record(ctx, tx, a, Act{Kind: "skill.deleted", Subject: skill, Name: old.Name})
	})
}

// RoleChange is what a role gets; nil stays as it is.
type RoleChange struct {
	Name   *string
	Grants Grants
}

// SaveRole adds a role (role 0) or changes it for everybody who has it.
func (h *House) SaveRole(ctx context.Context, a *Actor, role id.ID, version int64, in RoleChange) (Role, error) {
	grants, err := in.Grants.Check()
	if err != nil {
		return Role{}, err
	}
	var r Role
	err = h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old, ok := dir.Role(role)
		if role != 0 && !ok {
			return fault.Missing("role")
		}
		if err := checkVersion(version, old.Version); err != nil {
			return err
		}
		if old.Key == Administrator {
			return fault.New(fault.Conflict, "role.administrator", "the administrator's role cannot be changed")
		}
		if !a.covers(old.Grants) {
			return fault.New(fault.Forbidden, "role.higher", "this role has rights that you do not hold")
		}
		r = Role{ID: role, Key: old.Key, Name: old.Name, Grants: old.Grants, Version: old.Version + 1}
		if in.Name != nil || role == 0 {
			if r.Name, err = cleanName("name", deref(in.Name)); err != nil {
				return err
			}
		}
		if in.Grants != nil || role == 0 {
			r.Grants = grants
		}
		if !a.covers(r.Grants) {
			return fault.Bad("grants", "role.higher", "nobody gives rights that they do not hold")
		}
		for _, u := range dir.roleList {
			if u.ID != role && strings.EqualFold(u.Name, r.Name) {
				return fault.Bad("name", "taken", "there is a role of this name")
			}
		}
		stored, err := json.Marshal(r.Grants)
		if err != nil {
			return err
		}
		if role == 0 {
			if len(dir.roleList) >= maxMembership {
				return fault.New(fault.Conflict, "role.too_many", "at most %d roles", maxMembership)
			}
			r.ID = h.IDs.Next()
			_, err = tx.Exec(ctx, `insert into staff_role (tenant_id, id, key, name, grants, version) values ($1,$2,'',$3,$4,1)`, a.Tenant, r.ID, r.Name, string(stored))
		} else {
			_, err = tx.Exec(ctx, `update staff_role set name = $3, grants = $4, version = version + 1 where tenant_id = $1 and id = $2`, a.Tenant, r.ID, r.Name, string(stored))
		}
		if err != nil {
			return err
		}
		changes := Changes(Named{Name: old.Name}, Named{Name: r.Name}, "id")
		for _, c := range Changes(old.Grants, r.Grants) { // each right by its name
			changes = append(changes, FieldChange{"grants", []string{c.Field}, c.From, c.To})
		}
		return h.Record(ctx, tx, a, Act{Kind: what("role", role), Subject: r.ID, Name: r.Name, Changes: changes})
	})
	return r, err
}

// DeleteRole removes a role that nobody has and that was not shipped.
func (h *House) DeleteRole(ctx context.Context, a *Actor, role id.ID) error {
	return h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		r, ok := dir.Role(role)
		if !ok {
			return fault.Missing("role")
		}
		if r.Key != "" {
			return fault.New(fault.Conflict, "role.shipped", "a shipped role stays")
		}
		if !a.covers(r.Grants) {
			return fault.New(fault.Forbidden, "role.higher", "this role has rights that you do not hold")
		}
		for _, p := range dir.people {
			if slices.Contains(p.Roles, role) {
				return fault.New(fault.Conflict, "role.used", "somebody has this role")
			}
		}
		if _, err := tx.Exec(ctx, `delete from staff_role where tenant_id = $1 and id = $2`, a.Tenant, role); err != nil {
			return err
		}
		return h.Record(ctx, tx, a, Act{Kind: "role.deleted", Subject: role, Name: r.Name})
	})
}

func what(noun string, old id.ID) string {
	if old == 0 {
		return noun + ".created"
	}
	return noun + ".updated"
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
