package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// NewTenant is what a tenant is made from.
type NewTenant struct {
	Name     string
	Host     string // only needed with several tenants
	Locale   string // default zh-CN
	TimeZone string // default Asia/Shanghai
}

// Tenants are all there are, by age.
func (h *House) Tenants(ctx context.Context) ([]Tenant, error) {
	rows, err := h.DB.Query(ctx, `select tenant_id, name, host, locale, time_zone from tenant order by tenant_id`)
	return db.Each(rows, err, func(r *sql.Rows) (Tenant, error) {
		var t Tenant
		return t, r.Scan(&t.ID, &t.Name, &t.Host, &t.Locale, &t.TimeZone)
	})
}

// CreateTenant makes a tenant with the shipped roles and what Seed adds.
func (h *House) CreateTenant(ctx context.Context, in NewTenant) (Tenant, error) {
	var t Tenant
	err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		t, err = h.createTenant(ctx, tx, in)
		return err
	})
	return t, err
}

func (h *House) createTenant(ctx context.Context, tx *db.Tx, in NewTenant) (t Tenant, err error) {
	t = Tenant{ID: h.IDs.Next(), Host: strings.ToLower(strings.TrimSpace(in.Host))}
	if t.Name, err = cleanName("company", in.Name); err != nil {
		return t, err
	}
	if t.Locale, err = cleanLocale("locale", in.Locale, Locales[0]); err != nil {
		return t, err
	}
	if t.TimeZone, err = cleanTimeZone("time_zone", in.TimeZone); err != nil {
		return t, err
	}
	if len(t.Host) > 253 {
		return t, fault.Bad("host", "too_long", "at most 253 characters")
	}
	if _, err := tx.Exec(ctx, `insert into tenant (tenant_id, name, host, locale, time_zone, staff_version, created_at, version) values ($1,$2,$3,$4,$5,1,$6,1)`,
		t.ID, t.Name, t.Host, t.Locale, t.TimeZone, h.Clock.Millis()); err != nil {
		return t, err
	}
	for _, r := range shipped() {
		name := r.en
		if t.Locale == "zh-CN" {
			name = r.zh
		}
		grants, err := json.Marshal(r.grants)
		if err != nil {
			return t, err
		}
		if _, err := tx.Exec(ctx, `insert into staff_role (tenant_id, id, key, name, grants, version) values ($1,$2,$3,$4,$5,1)`, t.ID, h.IDs.Next(), r.key, name, string(grants)); err != nil {
			return t, err
		}
	}
	if err := h.event(ctx, tx, System(t.ID), "tenant.created", 0, nil); err != nil {
		return t, err
	}
	if h.Seed != nil {
		return t, h.Seed(ctx, tx, t)
	}
	return t, nil
}

// SetupToken makes the one-time token with which the first administrator of an
// empty store is made; an older one ends. It is empty when there is a tenant.
func (h *House) SetupToken(ctx context.Context) (string, error) {
	var token string
	err := h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		token = ""
		if some, err := anyTenant(ctx, tx); some || err != nil {
			return err
		}
		token = rand.Text()
		hash := sha256.Sum256([]byte(token))
		if _, err := tx.Exec(ctx, `delete from setup_token`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into setup_token (hash, created_at) values ($1,$2)`, hash[:], h.Clock.Millis())
		return err
	})
	return token, err
}

func anyTenant(ctx context.Context, r db.Reader) (bool, error) {
	var one int
	err := r.QueryRow(ctx, `select 1 from tenant limit 1`).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Setup is the first step of an empty system.
type Setup struct {
	Token    string
	Tenant   NewTenant
	Name     string
	Email    string
	Password string
	Addr     netip.Addr
	Agent    string
}

// SetUp makes the tenant and its administrator, and signs them in.
func (h *House) SetUp(ctx context.Context, in Setup) (string, *Actor, error) {
	user := NewUser{Email: in.Email, Name: in.Name, Locale: in.Tenant.Locale, Password: in.Password}
	var bad fault.List
	if _, err := cleanName("company", in.Tenant.Name); err != nil {
		bad = append(bad, asFault(err))
	}
	if err := user.clean(); err != nil {
		bad = append(bad, faults(err)...)
	}
	if in.Password == "" {
		bad = append(bad, fault.Bad("password", "required", "a password is needed"))
	}
	if err := bad.Err(); err != nil {
		return "", nil, err
	}
	hash := sha256.Sum256([]byte(strings.TrimSpace(in.Token)))
	var known int
	if err := h.DB.QueryRow(ctx, `select 1 from setup_token where hash = $1`, hash[:]).Scan(&known); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil, errSetupToken
		}
		return "", nil, err
	}
	stored, err := h.hasher.hash(ctx, in.Password)
	if err != nil {
		return "", nil, err
	}
	var secret string
	err = h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Deleting the token is what two who have it compete for.
		n, err := tx.Exec(ctx, `delete from setup_token where hash = $1`, hash[:])
		if err != nil {
			return err
		}
		some, err := anyTenant(ctx, tx)
		if err != nil {
			return err
		}
		if n == 0 || some {
			return errSetupToken
		}
		t, err := h.createTenant(ctx, tx, in.Tenant)
		if err != nil {
			return err
		}
		dir, err := loadDirectory(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		admin, _ := dir.RoleByKey(Administrator)
		u := user
		u.Roles = []id.ID{admin.ID}
		made, err := h.insertUser(ctx, tx, System(t.ID), dir, u, stored)
		if err != nil {
			return err
		}
		secret, err = h.openSession(ctx, tx, t.ID, made, in.Addr, in.Agent)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	c, _ := parseCredential(secret, false)
	a, err := h.actor(ctx, c, false)
	return secret, a, err
}

var errSetupToken error = fault.Bad("token", "setup.token", "the set-up token is wrong or used; start the server again to get a new one")

// NeedsSetup says whether the store has no tenant yet.
func (h *House) NeedsSetup(ctx context.Context) (bool, error) {
	some, err := anyTenant(ctx, h.DB)
	return !some, err
}

func asFault(err error) *fault.Error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.New(fault.Internal, "internal", "%v", err)
}

func faults(err error) fault.List {
	var l fault.List
	if errors.As(err, &l) {
		return l
	}
	return fault.List{asFault(err)}
}
