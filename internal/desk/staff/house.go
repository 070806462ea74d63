package staff

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Config is what the house stands on.
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Log   *slog.Logger
	// Absolute and Idle end a session: 0 = 7 days and 12 hours.
	Absolute time.Duration
	Idle     time.Duration
	// Demo is told to the sign-in page.
	Demo bool
	// Seed fills a new tenant with what other rooms need from the first day,
	// in the transaction that makes it; may be nil.
	Seed func(ctx context.Context, tx *db.Tx, t Tenant) error
	// Moved runs in the transaction after which somebody is no longer in a team
	// or department that they were in; may be nil.
	Moved func(ctx context.Context, tx *db.Tx, tenant, user id.ID) error
	// Left runs in the transaction that closes somebody's account, with the
	// directory as it was; may be nil.
	Left func(ctx context.Context, tx *db.Tx, dir *Directory, user id.ID) error
}

// House is where the people of all tenants are found.
type House struct {
	Config
	hasher *hasher
	cache  credentials

	mu      sync.Mutex
	tenants map[id.ID]*tenantState
}

// New opens the house. Run must run beside it on a server.
func New(c Config) *House {
	if c.Absolute == 0 {
		c.Absolute = 7 * 24 * time.Hour
	}
	if c.Idle == 0 {
		c.Idle = 12 * time.Hour
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	h := &House{Config: c, hasher: newHasher(), tenants: map[id.ID]*tenantState{}}
	h.cache.init()
	return h
}

// change runs a write to the people of a tenant. The first statement raises
// the tenant's staff version, which makes such writes wait for each other, so
// that what fn has checked still holds when it writes; after the commit every
// cached actor of the tenant is made anew.
func (h *House) change(ctx context.Context, a *Actor, fn func(ctx context.Context, tx *db.Tx, dir *Directory) error) error {
	return h.changeIn(ctx, a.Tenant, func(ctx context.Context, tx *db.Tx) error {
		dir, err := loadDirectory(ctx, tx, a.Tenant)
		if err != nil {
			return err
		}
		return fn(ctx, tx, dir)
	})
}

// changeIn is change for writes that need no directory.
func (h *House) changeIn(ctx context.Context, tenant id.ID, fn func(ctx context.Context, tx *db.Tx) error) error {
	return h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := h.raise(ctx, tx, tenant); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

func (h *House) raise(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	var version int64
	err := tx.QueryRow(ctx, `update tenant set staff_version = staff_version + 1 where tenant_id = $1 returning staff_version`, tenant).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Missing("tenant")
	}
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { h.state(tenant).saw(version) })
	return nil
}

// Run writes down now and then when sessions and tokens were last used, and
// removes what has expired, until the context ends.
func (h *House) Run(ctx context.Context) {
	flush := time.NewTicker(15 * time.Second)
	defer flush.Stop()
	purge := time.NewTicker(time.Hour)
	defer purge.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			done, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := h.Flush(done); err != nil {
				h.Log.Warn("staff: last use not written", "error", err)
			}
			return
		case <-flush.C:
			err = h.Flush(ctx)
		case <-purge.C:
			err = h.Purge(ctx)
		}
		if err != nil && ctx.Err() == nil {
			h.Log.Warn("staff: housekeeping", "error", err)
		}
	}
}

// Purge removes sessions and tokens that have expired and old attempts.
func (h *House) Purge(ctx context.Context) error {
	tenants, err := h.Tenants(ctx)
	if err != nil {
		return err
	}
	now := h.Clock.Now()
	for _, t := range tenants {
		err := h.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `delete from staff_session where tenant_id = $1 and (expires_at < $2 or seen_at < $3)`, t.ID, int64(now), int64(now.Add(-h.Idle))); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `delete from staff_token where tenant_id = $1 and expires_at < $2`, t.ID, int64(now.Add(-30*24*time.Hour))); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `delete from staff_attempt where tenant_id = $1 and at < $2`, t.ID, int64(now.Add(-24*time.Hour)))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// null is NULL for zero.
func null(i id.ID) sql.NullInt64 { return sql.NullInt64{Int64: int64(i), Valid: i != 0} }
