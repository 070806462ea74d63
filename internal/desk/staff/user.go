package staff

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// NewUser is what a user is made from. Without a password they cannot sign in
// until one is set.
type NewUser struct {
	Email       string
	Name        string
	Locale      string
	Department  id.ID
	Roles       []id.ID
	Teams       []id.ID
	Skills      []SkillLevel
	Password    string
	Preferences json.RawMessage
}

// clean puts the values into their stored form and names all that are bad.
func (u *NewUser) clean() error {
	var bad fault.List
	var err error
	if u.Email, err = cleanEmail("email", u.Email); err != nil {
		bad = append(bad, asFault(err))
	}
	if u.Name, err = cleanName("name", u.Name); err != nil {
		bad = append(bad, asFault(err))
	}
	if _, err = cleanLocale("locale", u.Locale, ""); err != nil {
		bad = append(bad, asFault(err))
	}
	if _, err = cleanPreferences("preferences", u.Preferences); err != nil {
		bad = append(bad, asFault(err))
	}
	if err = cleanSkills("skills", u.Skills); err != nil {
		bad = append(bad, asFault(err))
	}
	if u.Password != "" {
		if err = CheckPassword("password", u.Password, u.Email); err != nil {
			bad = append(bad, asFault(err))
		}
	}
	return bad.Err()
}

// CreateUser makes a user.
func (h *House) CreateUser(ctx context.Context, a *Actor, in NewUser) (Person, error) {
	if err := in.clean(); err != nil {
		return Person{}, err
	}
	stored := ""
	if in.Password != "" {
		var err error
		if stored, err = h.hasher.hash(ctx, in.Password); err != nil {
			return Person{}, err
		}
	}
	var user id.ID
	err := h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) (err error) {
		user, err = h.insertUser(ctx, tx, a, dir, in, stored)
		return err
	})
	if err != nil {
		return Person{}, err
	}
	return h.user(ctx, a.Tenant, user)
}

func (h *House) user(ctx context.Context, tenant, user id.ID) (Person, error) {
	dir, err := h.Directory(ctx, tenant)
	if err != nil {
		return Person{}, err
	}
	p, ok := dir.User(user)
	if !ok {
		return Person{}, fault.Missing("user")
	}
	return p, nil
}

func (h *House) insertUser(ctx context.Context, tx *db.Tx, a *Actor, dir *Directory, in NewUser, stored string) (id.ID, error) {
	if len(dir.people) >= maxUsers {
		return 0, fault.New(fault.Conflict, "user.too_many", "at most %d users", maxUsers)
	}
	p := Person{ID: h.IDs.Next(), Email: in.Email, Name: in.Name, Department: in.Department, Active: true,
		Roles: in.Roles, Teams: in.Teams, Skills: in.Skills, Preferences: in.Preferences, CreatedAt: h.Clock.Now(), Version: 1}
	p.Locale, _ = cleanLocale("locale", in.Locale, dir.Tenant.Locale)
	if err := checkUser(dir, a, &p, nil); err != nil {
		return 0, err
	}
	preferences, _ := cleanPreferences("preferences", p.Preferences)
	if _, err := tx.Exec(ctx, `insert into staff_user (tenant_id, id, email, name, sort_key, locale, department_id, active, preferences, password, created_at, version)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`, a.Tenant, p.ID, p.Email, p.Name, text.SortKey(p.Name), p.Locale, null(p.Department), true, preferences, stored,
		int64(p.CreatedAt), p.Version); err != nil {
		return 0, err
	}
	if err := writeMemberships(ctx, tx, a.Tenant, &p, &Person{}); err != nil {
		return 0, err
	}
	return p.ID, h.event(ctx, tx, a, "user.created", p.ID, map[string]any{"roles": p.Roles, "teams": p.Teams})
}

// rights is what the trail tells of a person: what they may do and where they
// stand, by ids.
func rights(p *Person) any {
	return struct {
		Roles      []id.ID      `json:"roles"`
		Teams      []id.ID      `json:"teams"`
		Department id.ID        `json:"department"`
		Skills     []SkillLevel `json:"skills"`
		Active     bool         `json:"active"`
	}{some(p.Roles), some(p.Teams), p.Department, some(p.Skills), p.Active}
}

// UserChange is what changes of a user; nil stays as it is.
type UserChange struct {
	Email       *string
	Name        *string
	Locale      *string
	Department  *id.ID // 0 = none
	Active      *bool
	Roles       *[]id.ID
	Teams       *[]id.ID
	Skills      *[]SkillLevel
	Preferences json.RawMessage
}

// UpdateUser changes a user. Version is the one that was read; 0 does not ask.
func (h *House) UpdateUser(ctx context.Context, a *Actor, user id.ID, version int64, in UserChange) (Person, error) {
	err := h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		old, ok := dir.User(user)
		if !ok {
			return fault.Missing("user")
		}
		if err := checkVersion(version, old.Version); err != nil {
			return err
		}
		next, fields, err := in.apply(old)
		if err != nil {
			return err
		}
		if len(fields) == 0 {
			return nil
		}
		if err := checkUser(dir, a, &next, &old); err != nil {
			return err
		}
		preferences, err := cleanPreferences("preferences", next.Preferences)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update staff_user set email = $3, name = $4, sort_key = $5, locale = $6, department_id = $7, active = $8, preferences = $9, version = version + 1
			where tenant_id = $1 and id = $2`, a.Tenant, user, next.Email, next.Name, text.SortKey(next.Name), next.Locale, null(next.Department), next.Active, preferences); err != nil {
			return err
		}
		if err := writeMemberships(ctx, tx, a.Tenant, &next, &old); err != nil {
			return err
		}
		if old.Active && !next.Active {
			if err := endAll(ctx, tx, a.Tenant, user, 0, true); err != nil {
				return err
			}
			if h.Left != nil {
				if err := h.Left(ctx, tx, dir, user); err != nil {
					return err
				}
			}
		}
		if next.Active && h.Moved != nil && (old.Department != next.Department || slices.ContainsFunc(old.Teams, func(t id.ID) bool { return !slices.Contains(next.Teams, t) })) {
			if err := h.Moved(ctx, tx, a.Tenant, user); err != nil {
				return err
			}
		}
		// Of a person's own values only their names are told.
		return h.Record(ctx, tx, a, Act{Kind: "user.updated", Subject: user, Data: map[string]any{"fields": fields}, Changes: Changes(rights(&old), rights(&next))})
	})
	if err != nil {
		return Person{}, err
	}
	return h.user(ctx, a.Tenant, user)
}

// apply makes the user as it is to be, and names what is different.
func (in UserChange) apply(p Person) (Person, []string, error) {
	var fields []string
	var bad fault.List
	note := func(field string, different bool, err error) {
		if err != nil {
			bad = append(bad, asFault(err))
		}
		if different {
			fields = append(fields, field)
		}
	}
	old := p
	if in.Email != nil {
		v, err := cleanEmail("email", *in.Email)
		p.Email = v
		note("email", v != old.Email, err)
	}
	if in.Name != nil {
		v, err := cleanName("name", *in.Name)
		p.Name = v
		note("name", v != old.Name, err)
	}
	if in.Locale != nil {
		v, err := cleanLocale("locale", *in.Locale, p.Locale)
		p.Locale = v
		note("locale", v != old.Locale, err)
	}
	if in.Department != nil {
		p.Department = *in.Department
		note("department_id", p.Department != old.Department, nil)
	}
	if in.Active != nil {
		p.Active = *in.Active
		note("active", p.Active != old.Active, nil)
	}
	if in.Roles != nil {
		p.Roles = *in.Roles
		note("role_ids", !slices.Equal(p.Roles, old.Roles), nil)
	}
	if in.Teams != nil {
		p.Teams = *in.Teams
		note("team_ids", !slices.Equal(p.Teams, old.Teams), nil)
	}
	if in.Skills != nil {
		p.Skills = *in.Skills
		note("skills", !slices.Equal(p.Skills, old.Skills), cleanSkills("skills", p.Skills))
	}
	if in.Preferences != nil {
		p.Preferences = in.Preferences
		_, err := cleanPreferences("preferences", in.Preferences)
		note("preferences", string(p.Preferences) != string(old.Preferences), err)
	}
	return p, fields, bad.Err()
}

// checkUser applies the rules that look at others: what is named exists, the
// address is free, and nobody gains or governs more than they hold. old is nil
// for a new user.
func checkUser(dir *Directory, a *Actor, p, old *Person) error {
	var bad fault.List
	if other, ok := dir.UserByEmail(p.Email); ok && other.ID != p.ID {
		bad = append(bad, fault.Bad("email", "taken", "another user has this address"))
	}
	if d, ok := dir.departments[p.Department]; p.Department != 0 && (!ok || d.Retired && (old == nil || old.Department != p.Department)) {
		bad = append(bad, fault.Bad("department_id", "unknown", "there is no such department"))
	}
	for field, list := range map[string][]id.ID{"role_ids": p.Roles, "team_ids": p.Teams} {
		if len(list) > maxMembership || len(p.Skills) > maxMembership {
			bad = append(bad, fault.Bad(field, "too_many", "at most %d", maxMembership))
		}
	}
	p.Roles, p.Teams = unique(p.Roles), unique(p.Teams)
	grants := Grants{}
	for _, r := range p.Roles {
		if role, ok := dir.roles[r]; ok {
			grants.Widen(role.Grants)
		} else {
			bad = append(bad, fault.Bad("role_ids", "unknown", "there is no role with the id %s", r))
		}
	}
	for _, t := range p.Teams {
		if _, ok := dir.teams[t]; !ok {
			bad = append(bad, fault.Bad("team_ids", "unknown", "there is no team with the id %s", t))
		}
	}
	for _, s := range p.Skills {
		if _, ok := dir.skills[s.Skill]; !ok {
			bad = append(bad, fault.Bad("skills", "unknown", "there is no skill with the id %s", s.Skill))
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	itself := old != nil && a.Kind == KindStaff && a.ID == p.ID
	rolesChange := old == nil || !slices.Equal(p.Roles, old.Roles)
	if old != nil && !a.covers(old.Grants) && !itself {
		return errHigher
	}
	if rolesChange && !a.covers(grants) {
		return fault.Bad("role_ids", "role.higher", "nobody gives rights that they do not hold")
	}
	admin, _ := dir.RoleByKey(Administrator)
	if old != nil && old.Active && slices.Contains(old.Roles, admin.ID) && (!p.Active || !slices.Contains(p.Roles, admin.ID)) && dir.administrators() == 1 {
		return fault.New(fault.Conflict, "user.last_administrator", "the last administrator must stay")
	}
	return nil
}

var errHigher error = fault.New(fault.Forbidden, "user.higher", "this person holds rights that you do not hold")

func unique(list []id.ID) []id.ID {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// writeMemberships makes the rows of roles, teams and skills those of p.
func writeMemberships(ctx context.Context, tx *db.Tx, tenant id.ID, p, old *Person) error {
	rows := func(now, before []id.ID, add, remove string) error {
		for _, v := range before {
			if !slices.Contains(now, v) {
				if _, err := tx.Exec(ctx, remove, tenant, p.ID, v); err != nil {
					return err
				}
			}
		}
		for _, v := range now {
			if !slices.Contains(before, v) {
				if _, err := tx.Exec(ctx, add, tenant, p.ID, v); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := rows(p.Roles, old.Roles, `insert into staff_user_role (tenant_id, user_id, role_id) values ($1,$2,$3)`,
		`delete from staff_user_role where tenant_id = $1 and user_id = $2 and role_id = $3`); err != nil {
		return err
	}
	if err := rows(p.Teams, old.Teams, `insert into staff_team_member (tenant_id, user_id, team_id, lead) values ($1,$2,$3,false)`,
		`delete from staff_team_member where tenant_id = $1 and user_id = $2 and team_id = $3`); err != nil {
		return err
	}
	if slices.Equal(p.Skills, old.Skills) {
		return nil
	}
	if _, err := tx.Exec(ctx, `delete from staff_user_skill where tenant_id = $1 and user_id = $2`, tenant, p.ID); err != nil {
		return err
	}
	for _, s := range p.Skills {
		if _, err := tx.Exec(ctx, `insert into staff_user_skill (tenant_id, user_id, skill_id, level) values ($1,$2,$3,$4)`, tenant, p.ID, s.Skill, s.Level); err != nil {
			return err
		}
	}
	return nil
}

// SetPassword gives somebody a new password and ends all their sessions and
// tokens: it is what is done when an account may be in wrong hands.
func (h *House) SetPassword(ctx context.Context, a *Actor, user id.ID, password string) error {
	p, err := h.user(ctx, a.Tenant, user)
	if err != nil {
		return err
	}
	if err := CheckPassword("password", password, p.Email); err != nil {
		return err
	}
	stored, err := h.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		p, ok := dir.User(user)
		if !ok {
			return fault.Missing("user")
		}
		if !a.covers(p.Grants) {
			return errHigher
		}
		if _, err := tx.Exec(ctx, `update staff_user set password = $3, version = version + 1 where tenant_id = $1 and id = $2`, a.Tenant, user, stored); err != nil {
			return err
		}
		if err := endAll(ctx, tx, a.Tenant, user, 0, true); err != nil {
			return err
		}
		return h.event(ctx, tx, a, "user.password_set", user, nil)
	})
}

// ChangePassword is done by people themselves: they prove the old one, and
// their other sessions end. Tokens, which nobody got through it, stay.
func (h *House) ChangePassword(ctx context.Context, a *Actor, in SignIn, next string) error {
	p, err := h.user(ctx, a.Tenant, a.ID)
	if err != nil {
		return err
	}
	if err := CheckPassword("new", next, p.Email); err != nil {
		return err
	}
	if in.Password == next {
		return fault.Bad("new", "password.same", "the new password is the old one")
	}
	settle, err := h.attempt(ctx, a.Tenant, p.Email, in.Addr)
	if err != nil {
		return err
	}
	var stored string
	if err := h.DB.QueryRow(ctx, `select password from staff_user where tenant_id = $1 and id = $2`, a.Tenant, a.ID).Scan(&stored); err != nil {
		return missing(err, "user")
	}
	right, err := h.hasher.verify(ctx, in.Password, stored)
	if err != nil {
		return err
	}
	if !right {
		return fault.Bad("old", "password.wrong", "this is not the present password")
	}
	hashed, err := h.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	keep := a.credentialID
	if a.credential.token {
		keep = 0
	}
	return h.changeIn(ctx, a.Tenant, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update staff_user set password = $3, version = version + 1 where tenant_id = $1 and id = $2 and password = $4`, a.Tenant, a.ID, hashed, stored)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "password.changed", "the password has just been changed")
		}
		if err := settle(ctx, tx); err != nil {
			return err
		}
		if err := endAll(ctx, tx, a.Tenant, a.ID, keep, false); err != nil {
			return err
		}
		return h.event(ctx, tx, a, "user.password_changed", a.ID, nil)
	})
}

// SignOutUser ends all sessions and tokens of somebody.
func (h *House) SignOutUser(ctx context.Context, a *Actor, user id.ID) error {
	return h.change(ctx, a, func(ctx context.Context, tx *db.Tx, dir *Directory) error {
		p, ok := dir.User(user)
		if !ok {
			return fault.Missing("user")
		}
		if !a.covers(p.Grants) {
			return errHigher
		}
		if err := endAll(ctx, tx, a.Tenant, user, 0, true); err != nil {
			return err
		}
		return h.event(ctx, tx, a, "user.signed_out", user, nil)
	})
}

// lastSeen reads what changes without a new directory: when somebody last
// signed in, and whether they have a password.
func (h *House) lastSeen(ctx context.Context, tenant, user id.ID) (signedIn clock.Time, hasPassword bool, err error) {
	var at sql.NullInt64
	var stored string
	err = h.DB.QueryRow(ctx, `select signed_in_at, password from staff_user where tenant_id = $1 and id = $2`, tenant, user).Scan(&at, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.Missing("user")
	}
	return clock.Time(at.Int64), stored != "", err
}

func checkVersion(want, have int64) error {
	if want != 0 && want != have {
		return fault.New(fault.Precondition, "precondition", "somebody else has changed this; read it again")
	}
	return nil
}
