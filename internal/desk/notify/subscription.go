package notify

import (
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// subscription is a browser that takes pushes, as its Push API describes it.
type subscription struct {
	ID       id.ID  `json:"-"`
	Endpoint string `json:"endpoint"`
	Public   string `json:"p256dh"` // base64url, a point on P-256
	Auth     string `json:"auth"`   // base64url, 16 bytes
}

// SubscriptionOut is one of one's own browsers.
type SubscriptionOut struct {
	ID    id.ID      `json:"id"`
	Agent string     `json:"agent,omitempty"`
	At    clock.Time `json:"at"`
}

const maxSubscriptions = 20 // of one person

func subscriptionPurpose(user id.ID) string { return "notify.subscription:" + user.String() }

// key64 reads base64url with or without padding.
func key64(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "="))
}

func (s *subscription) check() error {
	if u, err := guard.CheckURL(s.Endpoint); err != nil || u.Scheme != "https" || len(s.Endpoint) > 1000 {
		return fault.Bad("endpoint", "address", "the address of a push service is needed")
	}
	public, err := key64(s.Public)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(public)
	}
	if err != nil {
		return fault.Bad("keys.p256dh", "key", "this is not a point on P-256")
	}
	if auth, err := key64(s.Auth); err != nil || len(auth) != 16 {
		return fault.Bad("keys.auth", "key", "16 bytes in base64url")
	}
	return nil
}

// subscribe adds a browser; a browser that was another person's is theirs no
// more.
func (m *Room) subscribe(ctx context.Context, a *staff.Actor, s subscription, agent string) (id.ID, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	keys, err := m.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return 0, err
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	sealed, err := keys.Seal(subscriptionPurpose(a.ID), plain)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256([]byte(s.Endpoint))
	hash := hex.EncodeToString(sum[:])
	var made id.ID
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made = m.IDs.Next()
		if _, err := tx.Exec(ctx, `delete from notify_subscription where tenant_id = $1 and hash = $2`, a.Tenant, hash); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from notify_subscription where tenant_id = $1 and user_id = $2`, a.Tenant, a.ID).Scan(&n); err != nil {
			return err
		}
		if n >= maxSubscriptions { // the oldest is most likely gone
			if _, err := tx.Exec(ctx, `delete from notify_subscription where tenant_id = $1 and user_id = $2 and id = (select min(id) from notify_subscription where tenant_id = $1 and user_id = $2)`,
				a.Tenant, a.ID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `insert into notify_subscription (tenant_id, user_id, id, hash, sealed, agent, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
			a.Tenant, a.ID, made, hash, sealed, cut(oneLine(agent), 200), m.Clock.Now())
		return err
	})
	return made, err
}

func (m *Room) subscriptions(ctx context.Context, a *staff.Actor) ([]SubscriptionOut, error) {
	rows, err := m.DB.Query(ctx, `select id, agent, created_at from notify_subscription where tenant_id = $1 and user_id = $2 order by id`, a.Tenant, a.ID)
	return db.Each(rows, err, func(r *sql.Rows) (SubscriptionOut, error) {
		var s SubscriptionOut
		return s, r.Scan(&s.ID, &s.Agent, &s.At)
	})
}

// opened reads a person's browsers with what is needed to send.
func (m *Room) opened(ctx context.Context, tenant, user id.ID) ([]subscription, error) {
	keys, err := m.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	rows, err := m.DB.Query(ctx, `select id, sealed from notify_subscription where tenant_id = $1 and user_id = $2 order by id`, tenant, user)
	return db.Each(rows, err, func(r *sql.Rows) (subscription, error) {
		var s subscription
		var sealed []byte
		if err := r.Scan(&s.ID, &sealed); err != nil {
			return s, err
		}
		plain, err := keys.Open(subscriptionPurpose(user), sealed)
		if err != nil {
			return s, nil // without an address: it is dropped when it is used
		}
		return s, json.Unmarshal(plain, &s)
	})
}

func (m *Room) unsubscribe(ctx context.Context, tenant, user, s id.ID) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `delete from notify_subscription where tenant_id = $1 and user_id = $2 and id = $3`, tenant, user, s)
		if err == nil && n == 0 {
			err = fault.Missing("subscription")
		}
		return err
	})
}

func (m *Room) registerSubscriptions(api *web.API) {
	type in struct {
		Agent string `header:"User-Agent" maxLength:"1000"`
		Body  struct {
			Endpoint string `json:"endpoint" minLength:"1" maxLength:"1000"`
			Keys     struct {
				P256dh string `json:"p256dh" minLength:"1" maxLength:"200"`
				Auth   string `json:"auth" minLength:"1" maxLength:"100"`
			} `json:"keys"`
		}
	}
	type out struct {
		Body struct {
			ID id.ID `json:"id"`
		}
	}
	add := op("POST", "/me/push-subscriptions", "subscribe", "Let this browser take pushes", web.SignedIn)
	add.Status, add.SecretIn = http.StatusCreated, true
	web.Register(api, add, func(ctx context.Context, in *in) (*out, error) {
		made, err := m.subscribe(ctx, staff.From(ctx), subscription{Endpoint: in.Body.Endpoint, Public: in.Body.Keys.P256dh, Auth: in.Body.Keys.Auth}, in.Agent)
		if err != nil {
			return nil, err
		}
		o := &out{}
		o.Body.ID = made
		return o, nil
	})
	remove := op("DELETE", "/me/push-subscriptions/{id}", "unsubscribe", "Let a browser take pushes no more", web.SignedIn)
	remove.Status = http.StatusNoContent
	web.Register(api, remove, func(ctx context.Context, in *struct{ web.PathID }) (*struct{}, error) {
		a := staff.From(ctx)
		return nil, m.unsubscribe(ctx, a.Tenant, a.ID, in.ID.ID)
	})
}
