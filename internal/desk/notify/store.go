package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var errStale = fault.New(fault.Precondition, "config.changed", "somebody else has changed this meanwhile")

// preference is what a person has said, with where they are reached.
type preference struct {
	Preferences
	Addresses Addresses
	Version   int64
}

func addressPurpose(user id.ID) string { return "notify.address:" + user.String() }

// preferences reads what people have said; who has said nothing has the
// defaults.
func (m *Room) preferences(ctx context.Context, tenant id.ID, users []id.ID) (map[id.ID]*preference, error) {
	out := map[id.ID]*preference{}
	for _, u := range users {
		out[u] = &preference{Preferences: defaults()}
	}
	if len(users) == 0 {
		return out, nil
	}
	keys, err := m.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	rows, err := m.DB.Query(ctx, `select user_id, body, addresses, version from notify_preference where tenant_id = $1 and user_id `+m.DB.Engine().InIDs("$2"), tenant, idList(users))
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var body string
		var sealed []byte
		p := &preference{Preferences: defaults()}
		if err := r.Scan(&user, &body, &sealed, &p.Version); err != nil {
			return struct{}{}, err
		}
		if err := json.Unmarshal([]byte(body), &p.Preferences); err != nil {
			return struct{}{}, fmt.Errorf("preferences of user %s: %w", user, err)
		}
		if len(sealed) > 0 {
			// An address that does not open is one that is not there: the
			// person gives it again.
			if plain, err := keys.Open(addressPurpose(user), sealed); err == nil {
				_ = json.Unmarshal(plain, &p.Addresses)
			}
		}
		out[user] = p
		return struct{}{}, nil
	})
	return out, err
}

// savePreference replaces what a person has said. version, when not zero, is
// the one that the change was made for; addresses nil keeps them.
func (m *Room) savePreference(ctx context.Context, a *staff.Actor, in Preferences, addresses *Addresses, version int64) (*preference, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	now, err := m.preferences(ctx, a.Tenant, []id.ID{a.ID})
	if err != nil {
		return nil, err
	}
	next := preference{Preferences: in, Addresses: now[a.ID].Addresses}
	if addresses != nil {
		next.Addresses = *addresses
		if err := next.Addresses.clean(); err != nil {
			return nil, err
		}
	}
	keys, err := m.Vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	if next.Addresses != (Addresses{}) {
		plain, err := json.Marshal(next.Addresses)
		if err != nil {
			return nil, err
		}
		if sealed, err = keys.Seal(addressPurpose(a.ID), plain); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var have int64
		err := tx.QueryRow(ctx, `select version from notify_preference where tenant_id = $1 and user_id = $2`+tx.Engine().ForUpdate(), a.Tenant, a.ID).Scan(&have)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if version != 0 && version != have {
			return errStale
		}
		next.Version = have + 1
		_, err = tx.Exec(ctx, `insert into notify_preference (tenant_id, user_id, body, addresses, version) values ($1, $2, $3, $4, $5)
			on conflict (tenant_id, user_id) do update set body = excluded.body, addresses = excluded.addresses, version = excluded.version`,
			a.Tenant, a.ID, string(body), sealed, next.Version)
		return err
	})
	return &next, err
}

// storedTemplate is a template that a tenant has changed.
type storedTemplate struct {
	Event, Locale string
	Template
	Version int64
}

func loadTemplates(ctx context.Context, r db.Reader, tenant id.ID) ([]storedTemplate, error) {
	rows, err := r.Query(ctx, `select event, locale, title, body, version from notify_template where tenant_id = $1 order by event, locale`, tenant)
	return db.Each(rows, err, func(r *sql.Rows) (storedTemplate, error) {
		var t storedTemplate
		return t, r.Scan(&t.Event, &t.Locale, &t.Title, &t.Text, &t.Version)
	})
}

// unread counts what somebody has not read, up to the limit, and what of it is
// urgent.
func (m *Room) unread(ctx context.Context, a *staff.Actor, limit int) (all, urgent int, err error) {
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select urgent from notification where tenant_id = $1 and user_id = $2 and read_at is null and state = 1 limit %d`, limit), a.Tenant, a.ID)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var u bool
		err := r.Scan(&u)
		all++
		if u {
			urgent++
		}
		return struct{}{}, err
	})
	return all, urgent, err
}

// list reads somebody's bell, newest first.
func (m *Room) list(ctx context.Context, a *staff.Actor, unread bool, before id.ID, limit int) ([]*notification, error) {
	q := `select ` + notificationColumns + ` from notification n where n.tenant_id = $1 and n.user_id = $2 and n.id < $3 and n.state = 1`
	if unread {
		q += ` and n.read_at is null`
	}
	rows, err := m.DB.Query(ctx, q+fmt.Sprintf(` order by n.id desc limit %d`, limit), a.Tenant, a.ID, before)
	return db.Each(rows, err, scanNotification)
}

// read marks what somebody has read: those named, or all up to one of them.
func (m *Room) read(ctx context.Context, a *staff.Actor, ids []id.ID, all bool) (int64, error) {
	var changed int64
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		q, args := ` and id `+tx.Engine().InIDs("$4"), []any{a.Tenant, a.ID, m.Clock.Now(), idList(ids)}
		if all {
			q, args = "", args[:3]
		}
		changed, err = tx.Exec(ctx, `update notification set read_at = $3 where tenant_id = $1 and user_id = $2 and read_at is null and state = 1`+q, args...)
		return err
	})
	return changed, err
}
