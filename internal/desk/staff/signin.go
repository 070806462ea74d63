package staff

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Guessing is slowed for each account and address: after five attempts
// without success within a quarter of an hour the next must wait a minute,
// then two, four, eight, at most a quarter of an hour. An attempt is counted
// before the password is looked at, so that many at once are many.
const (
	freeAttempts  = 5
	attemptWindow = 15 * time.Minute
	maxLock       = 15 * time.Minute
	maxSessions   = 100 // of one user; the oldest ends
)

// SignIn is an attempt.
type SignIn struct {
	Email    string
	Password string
	Host     string // of the request, for systems with several tenants
	Addr     netip.Addr
	Agent    string // User-Agent
}

var errFailed error = fault.New(fault.Unauthenticated, "auth.failed", "the email address or the password is wrong")

// SignIn opens a session and gives its secret. Unknown, disabled and wrong are
// the same answer after the same time.
func (h *House) SignIn(ctx context.Context, in SignIn) (string, *Actor, error) {
	tenant, err := h.tenantOf(ctx, in.Host)
	if err != nil {
		return "", nil, err
	}
	email := strings.ToLower(strings.TrimSpace(in.Email))
	settle, err := h.attempt(ctx, tenant, email, in.Addr)
	if err != nil {
		return "", nil, err
	}
	var user id.ID
	var active bool
	var stored string
	err = h.DB.QueryRow(ctx, `select id, active, password from staff_user where tenant_id = $1 and email = $2`, tenant, email).Scan(&user, &active, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", nil, err
	}
	if !active {
		stored = ""
	}
	right, err := h.hasher.verify(ctx, in.Password, stored)
	if err != nil {
		return "", nil, err
	}
	if !right {
		return "", nil, h.refused(ctx, tenant, user, in.Addr)
	}
	var secret string
	err = h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// The password that was verified must still be the one, and the person active.
		var now string
		err := tx.QueryRow(ctx, `select password from staff_user where tenant_id = $1 and id = $2 and active`+tx.Engine().ForUpdate(), tenant, user).Scan(&now)
		if errors.Is(err, sql.ErrNoRows) || err == nil && now != stored {
			return errFailed
		}
		if err != nil {
			return err
		}
		if err := settle(ctx, tx); err != nil {
			return err
		}
		secret, err = h.openSession(ctx, tx, tenant, user, in.Addr, in.Agent)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	c, _ := parseCredential(secret, false)
	a, err := h.actor(ctx, c, false)
	return secret, a, err
}

// refused keeps in the trail that somebody with an account was refused; what
// was typed for an account is kept nowhere.
func (h *House) refused(ctx context.Context, tenant, user id.ID, addr netip.Addr) error {
	if user == 0 {
		return errFailed
	}
	err := h.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		return h.event(ctx, tx, System(tenant), "session.refused", user, nil)
	})
	if err != nil {
		h.Log.Warn("staff: a refused sign-in is not in the trail", "error", err)
	}
	return errFailed
}

// openSession adds a session and ends the oldest ones beyond the limit.
func (h *House) openSession(ctx context.Context, tx *db.Tx, tenant, user id.ID, addr netip.Addr, agent string) (string, error) {
	secret, hash := newSecret(sessionPrefix, tenant)
	now := h.Clock.Now()
	if len(agent) > 200 {
		agent = agent[:200]
	}
	agent = strings.ToValidUTF8(strings.ReplaceAll(agent, "\x00", ""), "")
	session := h.IDs.Next()
	where := ""
	if addr.IsValid() {
		where = addr.String()
	}
	if _, err := tx.Exec(ctx, `insert into staff_session (tenant_id, hash, id, user_id, created_at, seen_at, expires_at, addr, agent) values ($1,$2,$3,$4,$5,$5,$6,$7,$8)`,
		tenant, hash[:], session, user, int64(now), int64(now.Add(h.Absolute)), where, agent); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `delete from staff_session where tenant_id = $1 and user_id = $2 and id in
		(select id from staff_session where tenant_id = $1 and user_id = $2 order by id desc limit 1000 offset $3)`, tenant, user, maxSessions); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `update staff_user set signed_in_at = $3 where tenant_id = $1 and id = $2`, tenant, user, int64(now)); err != nil {
		return "", err
	}
	a := &Actor{Tenant: tenant, Kind: KindStaff, ID: user}
	return secret, h.event(ctx, tx, a, "session.opened", user, map[string]any{"session": session})
}

// attempt counts an attempt for the account and address, or refuses it. The
// function that it gives forgets the attempts, for one that succeeds.
func (h *House) attempt(ctx context.Context, tenant id.ID, email string, addr netip.Addr) (settle func(context.Context, *db.Tx) error, err error) {
	account := sha256.Sum256([]byte("account\x00" + email))
	from := addr.String()
	if addr.Is6() {
		p, _ := addr.Prefix(64) // one subscriber has them all
		from = p.String()
	}
	var wait time.Duration
	err = h.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		wait = 0
		now := h.Clock.Now()
		if _, err := tx.Exec(ctx, `insert into staff_attempt (tenant_id, account, addr, failures, at, locked_until) values ($1,$2,$3,0,$4,0) on conflict do nothing`,
			tenant, account[:], from, int64(now)); err != nil {
			return err
		}
		var failures int
		var at, locked int64
		if err := tx.QueryRow(ctx, `select failures, at, locked_until from staff_attempt where tenant_id = $1 and account = $2 and addr = $3`+tx.Engine().ForUpdate(),
			tenant, account[:], from).Scan(&failures, &at, &locked); err != nil {
			return err
		}
		if wait = clock.Time(locked).Sub(now); wait > 0 {
			return nil
		}
		wait = 0
		if now.Sub(clock.Time(max(at, locked))) > attemptWindow {
			failures = 0
		}
		if failures++; failures >= freeAttempts {
			locked = int64(now.Add(min(maxLock, time.Minute<<min(failures-freeAttempts, 10))))
		}
		_, err := tx.Exec(ctx, `update staff_attempt set failures = $4, at = $5, locked_until = $6 where tenant_id = $1 and account = $2 and addr = $3`,
			tenant, account[:], from, failures, int64(now), locked)
		return err
	})
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		secs := int64((wait + time.Second - 1) / time.Second)
		return nil, fault.New(fault.Limited, "auth.locked", "too many attempts; wait").With("retry_after", fmt.Sprint(secs))
	}
	return func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from staff_attempt where tenant_id = $1 and account = $2 and addr = $3`, tenant, account[:], from)
		return err
	}, nil
}

// tenantOf is the tenant of a host: the only one there is, else the one whose
// host it is.
func (h *House) tenantOf(ctx context.Context, host string) (id.ID, error) {
	tenants, err := h.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	if len(tenants) == 1 {
		return tenants[0].ID, nil
	}
	for _, t := range tenants {
		if t.Host != "" && strings.EqualFold(t.Host, host) {
			return t.ID, nil
		}
	}
	if len(tenants) == 0 {
		return 0, fault.New(fault.Conflict, "setup.needed", "the system is not set up yet")
	}
	return 0, errFailed
}

// Session is one place where somebody is signed in.
type Session struct {
	ID        id.ID      `json:"id"`
	CreatedAt clock.Time `json:"created_at"`
	SeenAt    clock.Time `json:"seen_at"`
	ExpiresAt clock.Time `json:"expires_at"`
	Addr      string     `json:"addr"`
	Agent     string     `json:"agent"`
	Current   bool       `json:"current"`
}

// Sessions are the actor's own, newest first.
func (h *House) Sessions(ctx context.Context, a *Actor) ([]Session, error) {
	now := h.Clock.Now()
	rows, err := h.DB.Query(ctx, `select id, created_at, seen_at, expires_at, addr, agent from staff_session
		where tenant_id = $1 and user_id = $2 and expires_at > $3 and seen_at > $4 order by id desc limit 200`, a.Tenant, a.ID, int64(now), int64(now.Add(-h.Idle)))
	return db.Each(rows, err, func(r *sql.Rows) (Session, error) {
		var s Session
		err := r.Scan(&s.ID, (*int64)(&s.CreatedAt), (*int64)(&s.SeenAt), (*int64)(&s.ExpiresAt), &s.Addr, &s.Agent)
		s.Current = !a.credential.token && s.ID == a.credentialID
		return s, err
	})
}

// EndSession ends one of the actor's own sessions.
func (h *House) EndSession(ctx context.Context, a *Actor, session id.ID) error {
	return h.changeIn(ctx, a.Tenant, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `delete from staff_session where tenant_id = $1 and user_id = $2 and id = $3`, a.Tenant, a.ID, session)
		if err == nil && n == 0 {
			err = fault.Missing("session")
		}
		if err != nil {
			return err
		}
		return h.event(ctx, tx, a, "session.ended", a.ID, map[string]any{"session": session})
	})
}

// SignOut ends the session that the actor came with.
func (h *House) SignOut(ctx context.Context, a *Actor) error {
	if a.credential.token {
		return fault.New(fault.Conflict, "session.token", "this is an API token, not a session")
	}
	own := *a
	if a.viewer != 0 { // the session is theirs, whoever they look as
		own.ID = a.viewer
	}
	return h.EndSession(ctx, &own, a.credentialID)
}

// endAll ends all sessions of a user but one, and the tokens too if wanted.
func endAll(ctx context.Context, tx *db.Tx, tenant, user, but id.ID, tokens bool) error {
	if _, err := tx.Exec(ctx, `delete from staff_session where tenant_id = $1 and user_id = $2 and id <> $3`, tenant, user, but); err != nil {
		return err
	}
	if !tokens {
		return nil
	}
	_, err := tx.Exec(ctx, `delete from staff_token where tenant_id = $1 and user_id = $2`, tenant, user)
	return err
}
