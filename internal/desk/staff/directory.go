package staff

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Directory is everybody and everything of a tenant at one staff version. It
// does not change; its slices and maps are read only.
type Directory struct {
	Tenant  Tenant
	Version int64

	users       map[id.ID]*Person
	departments map[id.ID]*Department
	teams       map[id.ID]*Team
	skills      map[id.ID]*Skill
	roles       map[id.ID]*Role

	people   []*Person // by sort key
	units    []*Department
	groups   []*Team
	talents  []*Skill
	roleList []*Role
}

// User finds a person; retired or disabled ones are there too, so that old
// tickets can name them.
func (d *Directory) User(u id.ID) (Person, bool) { return find(d.users, u) }

// Team finds a team.
func (d *Directory) Team(t id.ID) (Team, bool) { return find(d.teams, t) }

// Department finds a department.
func (d *Directory) Department(u id.ID) (Department, bool) { return find(d.departments, u) }

// Skill finds a skill.
func (d *Directory) Skill(s id.ID) (Skill, bool) { return find(d.skills, s) }

// Role finds a role.
func (d *Directory) Role(r id.ID) (Role, bool) { return find(d.roles, r) }

// RoleByKey finds a shipped role.
func (d *Directory) RoleByKey(key string) (Role, bool) {
	for _, r := range d.roleList {
		if r.Key == key && key != "" {
			return *r, true
		}
	}
	return Role{}, false
}

// UserByEmail finds a person by address.
func (d *Directory) UserByEmail(email string) (Person, bool) {
	email, err := cleanEmail("", email)
	if err == nil {
		for _, p := range d.people {
			if p.Email == email {
				return *p, true
			}
		}
	}
	return Person{}, false
}

// Users, Departments, Teams, Skills and Roles are all of them in the order in
// which people read them.
func (d *Directory) Users() []*Person           { return d.people }
func (d *Directory) Departments() []*Department { return d.units }
func (d *Directory) Teams() []*Team             { return d.groups }
func (d *Directory) Skills() []*Skill           { return d.talents }
func (d *Directory) Roles() []*Role             { return d.roleList }

// Subtree is a department and all below it.
func (d *Directory) Subtree(root id.ID) []id.ID {
	r, ok := d.departments[root]
	if !ok {
		return nil
	}
	var out []id.ID
	for _, u := range d.units {
		if under(u.Path, r.Path) {
			out = append(out, u.ID)
		}
	}
	return out
}

// Zone is the tenant's time zone as far as this node knows: for those inside a
// transaction, who must not wait for the store.
func (h *House) Zone(tenant id.ID) string {
	h.mu.Lock()
	s := h.tenants[tenant]
	h.mu.Unlock()
	if s != nil {
		s.mu.RLock()
		defer s.mu.RUnlock()
		if s.dir != nil {
			return s.dir.Tenant.TimeZone
		}
	}
	return "Asia/Shanghai"
}

// actor makes the actor of a person.
func (d *Directory) actor(p *Person) *Actor {
	return &Actor{Tenant: d.Tenant.ID, Kind: KindStaff, ID: p.ID, Name: p.Name, Locale: p.Locale,
		Teams: p.Teams, Departments: d.Subtree(p.Department), Grants: p.Grants}
}

// administrators counts the active people with the administrator's role.
func (d *Directory) administrators() (n int) {
	admin, _ := d.RoleByKey(Administrator)
	for _, p := range d.people {
		if p.Active && slices.Contains(p.Roles, admin.ID) {
			n++
		}
	}
	return n
}

func find[T any](m map[id.ID]*T, i id.ID) (T, bool) {
	if v, ok := m[i]; ok {
		return *v, true
	}
	var zero T
	return zero, false
}

// tenantState is what this node knows of a tenant's people.
type tenantState struct {
	mu      sync.RWMutex
	load    sync.Mutex // held by the one who reads the store
	dir     *Directory
	seen    int64 // the newest version known of
	checked clock.Time
}

// freshFor is how long a node trusts its copy without asking the store.
const freshFor = time.Second

func (h *House) state(tenant id.ID) *tenantState {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.tenants[tenant]
	if !ok {
		s = &tenantState{}
		h.tenants[tenant] = s
	}
	return s
}

func (s *tenantState) saw(version int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = max(s.seen, version)
}

func (s *tenantState) fresh(now clock.Time) *Directory {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if age := now.Sub(s.checked); s.dir != nil && s.dir.Version >= s.seen && age >= 0 && age < freshFor {
		return s.dir
	}
	return nil
}

// Directory is the present one of a tenant: at most a second old, and with
// every change made through this node.
func (h *House) Directory(ctx context.Context, tenant id.ID) (*Directory, error) {
	h.mu.Lock()
	s := h.tenants[tenant]
	h.mu.Unlock()
	if s != nil {
		if d := s.fresh(h.Clock.Now()); d != nil {
			return d, nil
		}
	} else {
		// A tenant that nobody has must not fill the memory.
		var one int
		if err := h.DB.QueryRow(ctx, `select 1 from tenant where tenant_id = $1`, tenant).Scan(&one); err != nil {
			return nil, missing(err, "tenant")
		}
		s = h.state(tenant)
	}
	s.load.Lock()
	defer s.load.Unlock()
	now := h.Clock.Now()
	if d := s.fresh(now); d != nil {
		return d, nil
	}
	var version int64
	if err := h.DB.QueryRow(ctx, `select staff_version from tenant where tenant_id = $1`, tenant).Scan(&version); err != nil {
		return nil, missing(err, "tenant")
	}
	s.saw(version)
	s.mu.RLock()
	d, seen := s.dir, s.seen
	s.mu.RUnlock()
	if d == nil || d.Version < seen {
		if err := h.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) (err error) {
			d, err = loadDirectory(ctx, r, tenant)
			return err
		}); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dir, s.checked = d, now
	return d, nil
}

func missing(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Missing(what)
	}
	return err
}

// loadDirectory reads everything. The version comes first: what is read after
// it is at least as new.
func loadDirectory(ctx context.Context, r db.Reader, tenant id.ID) (*Directory, error) {
	d := &Directory{users: map[id.ID]*Person{}, departments: map[id.ID]*Department{}, teams: map[id.ID]*Team{}, skills: map[id.ID]*Skill{}, roles: map[id.ID]*Role{}}
	t := &d.Tenant
	var brand string
	if err := r.QueryRow(ctx, `select tenant_id, name, host, locale, time_zone, brand, version, staff_version from tenant where tenant_id = $1`, tenant).
		Scan(&t.ID, &t.Name, &t.Host, &t.Locale, &t.TimeZone, &brand, &t.Version, &d.Version); err != nil {
		return nil, missing(err, "tenant")
	}
	if err := json.Unmarshal([]byte(brand), &t.Brand); err != nil {
		return nil, err
	}
	each := func(q string, scan func(*sql.Rows) error) error {
		rows, err := r.Query(ctx, q, tenant)
		_, err = db.Each(rows, err, func(rows *sql.Rows) (struct{}, error) { return struct{}{}, scan(rows) })
		return err
	}
	for _, step := range []func() error{
		func() error {
			return each(`select id, key, name, grants, version from staff_role where tenant_id = $1 order by id`, func(rows *sql.Rows) error {
				var v Role
				var grants string
				if err := rows.Scan(&v.ID, &v.Key, &v.Name, &grants, &v.Version); err != nil {
					return err
				}
				if err := json.Unmarshal([]byte(grants), &v.Grants); err != nil {
					return err
				}
				d.roles[v.ID] = &v
				d.roleList = append(d.roleList, &v)
				return nil
			})
		},
		func() error {
			return each(`select id, parent_id, name, sort_key, path, retired, version from staff_department where tenant_id = $1`, func(rows *sql.Rows) error {
				var v Department
				var parent sql.NullInt64
				err := rows.Scan(&v.ID, &parent, &v.Name, &v.SortKey, &v.Path, &v.Retired, &v.Version)
				v.Parent = id.ID(parent.Int64)
				d.departments[v.ID] = &v
				d.units = append(d.units, &v)
				return err
			})
		},
		func() error {
			return each(`select id, name, sort_key, department_id, retired, version from staff_team where tenant_id = $1`, func(rows *sql.Rows) error {
				var v Team
				var department sql.NullInt64
				err := rows.Scan(&v.ID, &v.Name, &v.SortKey, &department, &v.Retired, &v.Version)
				v.Department = id.ID(department.Int64)
				d.teams[v.ID] = &v
				d.groups = append(d.groups, &v)
				return err
			})
		},
		func() error {
			return each(`select id, name, sort_key, version from staff_skill where tenant_id = $1`, func(rows *sql.Rows) error {
				var v Skill
				err := rows.Scan(&v.ID, &v.Name, &v.SortKey, &v.Version)
				d.skills[v.ID] = &v
				d.talents = append(d.talents, &v)
				return err
			})
		},
		func() error {
			return each(`select id, email, name, sort_key, locale, department_id, active, preferences, picture, created_at, signed_in_at, version
				from staff_user where tenant_id = $1`, func(rows *sql.Rows) error {
				v := Person{Grants: Grants{}}
				var department, signedIn sql.NullInt64
				var preferences string
				err := rows.Scan(&v.ID, &v.Email, &v.Name, &v.SortKey, &v.Locale, &department, &v.Active, &preferences, &v.Picture, (*int64)(&v.CreatedAt), &signedIn, &v.Version)
				v.Department, v.SignedInAt, v.Preferences = id.ID(department.Int64), clock.Time(signedIn.Int64), json.RawMessage(preferences)
				d.users[v.ID] = &v
				d.people = append(d.people, &v)
				return err
			})
		},
		func() error {
			return each(`select user_id, role_id from staff_user_role where tenant_id = $1 order by user_id, role_id`, func(rows *sql.Rows) error {
				var user, role id.ID
				err := rows.Scan(&user, &role)
				if p, r := d.users[user], d.roles[role]; p != nil && r != nil {
					p.Roles = append(p.Roles, role)
					p.Grants.Widen(r.Grants)
				}
				return err
			})
		},
		func() error {
			return each(`select team_id, user_id, lead from staff_team_member where tenant_id = $1 order by team_id, user_id`, func(rows *sql.Rows) error {
				var team id.ID
				var m Member
				err := rows.Scan(&team, &m.User, &m.Lead)
				if p, t := d.users[m.User], d.teams[team]; p != nil && t != nil {
					t.Members = append(t.Members, m)
					p.Teams = append(p.Teams, team)
				}
				return err
			})
		},
		func() error {
			return each(`select user_id, skill_id, level from staff_user_skill where tenant_id = $1 order by user_id, skill_id`, func(rows *sql.Rows) error {
				var user id.ID
				var s SkillLevel
				err := rows.Scan(&user, &s.Skill, &s.Level)
				if p := d.users[user]; p != nil {
					p.Skills = append(p.Skills, s)
				}
				return err
			})
		},
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	sortBy(d.people, func(v *Person) (string, id.ID) { return v.SortKey, v.ID })
	sortBy(d.units, func(v *Department) (string, id.ID) { return v.SortKey, v.ID })
	sortBy(d.groups, func(v *Team) (string, id.ID) { return v.SortKey, v.ID })
	sortBy(d.talents, func(v *Skill) (string, id.ID) { return v.SortKey, v.ID })
	return d, nil
}

func sortBy[T any](list []T, key func(T) (string, id.ID)) {
	slices.SortFunc(list, func(a, b T) int {
		ka, ia := key(a)
		kb, ib := key(b)
		return cmp.Or(cmp.Compare(ka, kb), cmp.Compare(ia, ib))
	})
}
