package staff

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

const maxTokens = 50 // of one user

// Token is an API token without its secret.
type Token struct {
	ID   id.ID  `json:"id"`
	User id.ID  `json:"user_id"`
	Name string `json:"name"`
	Hint string `json:"hint"` // the end of the secret, to tell tokens apart
	// Permissions is absent when the token may do all that its user may.
	Permissions []Permission `json:"permissions,omitempty"`
	CreatedAt   clock.Time   `json:"created_at"`
	ExpiresAt   clock.Time   `json:"expires_at,omitzero"`
	UsedAt      clock.Time   `json:"used_at,omitzero"`
}

// NewToken is what a token is made from. Permissions nil: all of the user's,
// also those that they get later.
type NewToken struct {
	Name        string
	Permissions []Permission
	ExpiresAt   clock.Time // 0: never
}

// CreateToken makes a token and gives its secret, which is not stored and not
// shown again. People make tokens for themselves; the system (command line)
// for anybody.
func (h *House) CreateToken(ctx context.Context, a *Actor, user id.ID, in NewToken) (string, Token, error) {
	name, err := cleanName("name", in.Name)
	if err != nil {
		return "", Token{}, err
	}
	now := h.Clock.Now()
	if in.ExpiresAt != 0 && in.ExpiresAt <= now {
		return "", Token{}, fault.Bad("expires_at", "past", "the time has passed")
	}
	if a.Kind != KindSystem && a.ID != user {
		return "", Token{}, fault.New(fault.Forbidden, "auth.forbidden", "tokens are made by their owner")
	}
	dir, err := h.Directory(ctx, a.Tenant)
	if err != nil {
		return "", Token{}, err
	}
	p, ok := dir.User(user)
	if !ok || !p.Active {
		return "", Token{}, fault.Missing("user")
	}
	// A limited token makes no token that can do more.
	if a.limited && in.Permissions == nil {
		for perm := range a.Grants {
			in.Permissions = append(in.Permissions, perm)
		}
	}
	in.Permissions = slices.Clone(in.Permissions)
	slices.Sort(in.Permissions)
	in.Permissions = slices.Compact(in.Permissions)
	for _, perm := range in.Permissions {
		if p.Grants[perm] == ScopeNone || !a.Can(string(perm)) {
			return "", Token{}, fault.Bad("permissions", "not_held", "you do not hold %s", perm).With("permission", string(perm))
		}
	}
	var limited sql.NullString
	if in.Permissions != nil {
		b, _ := json.Marshal(in.Permissions)
		limited = sql.NullString{String: string(b), Valid: true}
	}
	secret, hash := newSecret(tokenPrefix, a.Tenant)
	t := Token{ID: h.IDs.Next(), User: user, Name: name, Hint: "…" + secret[len(secret)-4:], Permissions: in.Permissions, CreatedAt: now, ExpiresAt: in.ExpiresAt}
	err = h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from staff_token where tenant_id = $1 and user_id = $2`, a.Tenant, user).Scan(&n); err != nil {
			return err
		}
		if n >= maxTokens {
			return fault.New(fault.Conflict, "token.too_many", "at most %d tokens; revoke one", maxTokens)
		}
		if _, err := tx.Exec(ctx, `insert into staff_token (tenant_id, hash, id, user_id, name, hint, permissions, created_at, expires_at) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
			a.Tenant, hash[:], t.ID, user, name, t.Hint, limited, int64(now), null(id.ID(in.ExpiresAt))); err != nil {
			return err
		}
		return h.event(ctx, tx, a, "token.created", user, map[string]any{"token": t.ID})
	})
	if err != nil {
		return "", Token{}, err
	}
	return secret, t, nil
}

// Tokens are those of one user, or of everybody (user 0), newest first, before
// the given id (0 = from the newest).
func (h *House) Tokens(ctx context.Context, tenant, user, before id.ID, limit int) ([]Token, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	q := `select id, user_id, name, hint, permissions, created_at, expires_at, used_at from staff_token
		where tenant_id = $1 and id < $2 and (user_id = $3 or $3 = 0) order by id desc limit $4`
	rows, err := h.DB.Query(ctx, q, tenant, before, int64(user), limit)
	return db.Each(rows, err, func(r *sql.Rows) (Token, error) {
		var t Token
		var limited sql.NullString
		var expires, used sql.NullInt64
		if err := r.Scan(&t.ID, &t.User, &t.Name, &t.Hint, &limited, (*int64)(&t.CreatedAt), &expires, &used); err != nil {
			return t, err
		}
		t.ExpiresAt, t.UsedAt = clock.Time(expires.Int64), clock.Time(used.Int64)
		if limited.Valid {
			return t, json.Unmarshal([]byte(limited.String), &t.Permissions)
		}
		return t, nil
	})
}

// RevokeToken ends a token: one's own, or with user 0 anybody's.
func (h *House) RevokeToken(ctx context.Context, a *Actor, user, token id.ID) error {
	return h.changeIn(ctx, a.Tenant, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `delete from staff_token where tenant_id = $1 and id = $2 and (user_id = $3 or $3 = 0)`, a.Tenant, token, int64(user))
		if err == nil && n == 0 {
			err = fault.Missing("token")
		}
		if err != nil {
			return err
		}
		return h.event(ctx, tx, a, "token.revoked", user, map[string]any{"token": token})
	})
}
