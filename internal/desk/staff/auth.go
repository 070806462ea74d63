package staff

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// From is the member of staff who calls, or nil.
func From(ctx context.Context) *Actor {
	a, _ := web.Caller(ctx).(*Actor)
	return a
}

// Authenticate finds the caller of a request: it is what web.Config asks for.
func (h *House) Authenticate(r *http.Request) (web.Principal, error) {
	c, found, err := credentialOf(r)
	if err != nil || !found {
		return nil, err
	}
	a, err := h.actor(r.Context(), c, background(r))
	if err != nil {
		return nil, err // a typed nil must not become a Principal
	}
	return a, nil
}

func credentialOf(r *http.Request) (c credential, found bool, err error) {
	if v := r.Header.Get("Authorization"); v != "" {
		scheme, secret, _ := strings.Cut(v, " ")
		c, ok := parseCredential(strings.TrimSpace(secret), true)
		if !strings.EqualFold(scheme, "Bearer") || !ok {
			return c, false, errInvalid
		}
		return c, true, nil
	}
	ck, err := r.Cookie(web.SessionCookie)
	if err != nil || ck.Value == "" {
		return c, false, nil
	}
	c, ok := parseCredential(ck.Value, false)
	if !ok {
		return c, false, errInvalid
	}
	return c, true, nil
}

// background requests are made by the page, not by the person, and do not keep
// an idle session alive.
func background(r *http.Request) bool {
	return r.Header.Get("X-Zhidan-Background") != "" || strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
}

var (
	errInvalid error = fault.New(fault.Unauthenticated, "auth.invalid", "the session or token is not valid")
	errExpired error = fault.New(fault.Unauthenticated, "auth.expired", "the session or token has ended")
)

// Refresh is the actor as it is now, for a stream that stays open: an error
// says that its session or token has ended.
func (h *House) Refresh(ctx context.Context, a *Actor) (*Actor, error) {
	return h.actor(ctx, a.credential, true)
}

// credentials are the sessions and tokens in use on this node.
type credentials struct {
	mu    sync.RWMutex
	known map[digest]*entry
	dirty map[digest]*entry // used since the store was last told
}

const maxKnown = 50000

// entry is a session or token as of one staff version.
type entry struct {
	credential
	actor   *Actor
	version int64
	expires clock.Time // 0: never
	used    atomic.Int64
	told    atomic.Int64 // what the store knows of used
	lens    clock.Time   // until when the actor is not the person's own; 0: it is
}

func (c *credentials) init() {
	c.known, c.dirty = map[digest]*entry{}, map[digest]*entry{}
}

func (c *credentials) get(h digest) *entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[h]
}

func (c *credentials) put(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.known[e.hash]; old != nil {
		e.used.Store(max(e.used.Load(), old.used.Load()))
	}
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[e.hash] = e
}

func (c *credentials) drop(h digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, h)
	delete(c.dirty, h)
}

// tellEvery is how exact the store knows when something was last used.
const tellEvery = time.Minute

func (c *credentials) use(e *entry, now clock.Time) {
	if int64(now) > e.used.Load() {
		e.used.Store(int64(now))
	}
	if now.Sub(clock.Time(e.told.Load())) < tellEvery {
		return
	}
	e.told.Store(int64(now))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty[e.hash] = e
}

// actor checks a credential. In the usual case it reads memory only.
func (h *House) actor(ctx context.Context, c credential, background bool) (*Actor, error) {
	dir, err := h.Directory(ctx, c.tenant)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, errInvalid
		}
		return nil, err
	}
	e := h.cache.get(c.hash)
	now := h.Clock.Now()
	if e == nil || e.version != dir.Version || h.idle(e, now) || e.lens != 0 && now >= e.lens {
		if e, err = h.load(ctx, dir, c); err != nil {
			h.cache.drop(c.hash)
			return nil, err
		}
		h.cache.put(e)
	}
	if e.expires != 0 && now >= e.expires || h.idle(e, now) {
		return nil, errExpired
	}
	if c.token || !background {
		h.cache.use(e, now)
	}
	return e.actor, nil
}

func (h *House) idle(e *entry, now clock.Time) bool {
	return !e.token && now.Sub(clock.Time(e.used.Load())) >= h.Idle
}

// load reads a credential from the store and makes its actor.
func (h *House) load(ctx context.Context, dir *Directory, c credential) (*entry, error) {
	e := &entry{credential: c, version: dir.Version}
	var user, own id.ID
	var expires, used, asUser, asRole sql.NullInt64
	var asUntil int64
	var limited sql.NullString
	var err error
	if c.token {
		err = h.DB.QueryRow(ctx, `select id, user_id, permissions, expires_at, used_at from staff_token where tenant_id = $1 and hash = $2`, c.tenant, c.hash[:]).
			Scan(&own, &user, &limited, &expires, &used)
	} else {
		err = h.DB.QueryRow(ctx, `select id, user_id, expires_at, seen_at, as_user, as_role, as_until from staff_session where tenant_id = $1 and hash = $2`, c.tenant, c.hash[:]).
			Scan(&own, &user, &expires, &used, &asUser, &asRole, &asUntil)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errInvalid
	}
	if err != nil {
		return nil, err
	}
	p, ok := dir.users[user]
	if !ok || !p.Active {
		return nil, errInvalid
	}
	e.expires = clock.Time(expires.Int64)
	e.used.Store(used.Int64)
	e.told.Store(used.Int64)
	e.actor = dir.actor(p)
	if clock.Time(asUntil) > h.Clock.Now() {
		e.actor, e.lens = dir.lens(p, id.ID(asUser.Int64), id.ID(asRole.Int64)), clock.Time(asUntil)
	}
	e.actor.credential = c
	e.actor.credentialID = own
	e.actor.Credential = "session " + own.String()
	if c.token {
		e.actor.Credential = "token " + own.String()
	}
	if limited.Valid {
		var only []Permission
		if err := json.Unmarshal([]byte(limited.String), &only); err != nil {
			return nil, err
		}
		e.actor.limited = true
		e.actor.Grants = Grants{}
		for _, perm := range only {
			if s := p.Grants[perm]; s > ScopeNone {
				e.actor.Grants[perm] = s
			}
		}
	}
	return e, nil
}

// Flush tells the store when sessions and tokens were last used. What a crash
// loses is a minute of that.
func (h *House) Flush(ctx context.Context) error {
	h.cache.mu.Lock()
	dirty := h.cache.dirty
	h.cache.dirty = map[digest]*entry{}
	h.cache.mu.Unlock()
	if len(dirty) == 0 {
		return nil
	}
	return h.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		for _, e := range dirty {
			q := `update staff_session set seen_at = $3 where tenant_id = $1 and hash = $2 and seen_at < $3`
			if e.token {
				q = `update staff_token set used_at = $3 where tenant_id = $1 and hash = $2 and (used_at is null or used_at < $3)`
			}
			if _, err := tx.Exec(ctx, q, e.tenant, e.hash[:], e.used.Load()); err != nil {
				return err
			}
		}
		return nil
	})
}
