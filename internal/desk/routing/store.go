package routing

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

const hour = time.Hour

// profile reads what a person's profile says, and its version; zero: it was
// never changed.
func (m *Room) profile(ctx context.Context, r db.Reader, tenant, user id.ID) (p Profile, version int64, err error) {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return p, 0, err
	}
	if _, ok := dir.User(user); !ok {
		return p, 0, fault.Missing("user")
	}
	var body string
	err = r.QueryRow(ctx, `select body, version from routing_profile where tenant_id = $1 and user_id = $2`, tenant, user).Scan(&body, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return p, 0, nil
	}
	if err != nil {
		return p, 0, err
	}
	return p, version, json.Unmarshal([]byte(body), &p)
}

// saveProfile keeps a profile. Version, when not zero, is the one that the
// change was made for.
func (m *Room) saveProfile(ctx context.Context, a *staff.Actor, user id.ID, p Profile, version int64) (int64, error) {
	if err := m.checkProfile(ctx, a.Tenant, p); err != nil {
		return 0, err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	var now int64
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old, _, err := m.profile(ctx, tx, a.Tenant, user)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `insert into routing_profile as p (tenant_id, user_id, body, version) values ($1, $2, $3, 1)
			on conflict (tenant_id, user_id) do update set body = excluded.body, version = p.version + 1 returning version`, a.Tenant, user, string(body)).Scan(&now)
		if err == nil && version != 0 && now != version+1 {
			return fault.New(fault.Precondition, "config.changed", "somebody else has changed this meanwhile")
		}
		if err != nil || a.Kind != staff.KindStaff {
			return err
		}
		return m.Staff.Record(ctx, tx, a, staff.Act{Kind: "routing_profile.updated", Subject: user, Changes: staff.Changes(old, p)})
	})
	if err != nil {
		return 0, err
	}
	m.Forget(a.Tenant)
	return now, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.orderDrain(ctx, tx, a.Tenant) })
}

// SetCapacity says how much somebody can carry, in hundredths.
func (m *Room) SetCapacity(ctx context.Context, tenant, user id.ID, capacity int) error {
	p, version, err := m.profile(ctx, m.DB, tenant, user)
	if err != nil {
		return err
	}
	p.Capacity = capacity
	_, err = m.saveProfile(ctx, staff.System(tenant), user, p, version)
	return err
}

func (m *Room) checkProfile(ctx context.Context, tenant id.ID, p Profile) error {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	for i, s := range p.Learning {
		if _, ok := dir.Skill(s); !ok {
			return fault.Bad(fmt.Sprintf("learning_skill_ids[%d]", i), "unknown", "there is no such skill")
		}
	}
	if len(p.Limits) > 30 {
		return fault.Bad("limits", "too_many", "limits of at most 30 channels")
	}
	for channel, n := range p.Limits {
		if n < 0 || n > 10000 || channel == "" || len(channel) > 64 {
			return fault.Bad("limits."+channel, "range", "from 0 to 10,000 tickets of a channel")
		}
	}
	for field, list := range map[string][]string{"languages": p.Languages, "regions": p.Regions, "channels": p.Channels} {
		for i, s := range list {
			if s == "" || len(s) > 200 {
				return fault.Bad(fmt.Sprintf("%s[%d]", field, i), "length", "from 1 to 200 bytes")
			}
		}
	}
	return nil
}

// cursorOf is where the next page of a queue begins.
func cursorOf(w *waiting) string {
	b, err := json.Marshal([]int64{int64(w.Priority), int64(w.Tier), int64(w.due()), int64(w.Since), int64(w.Ticket)})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursor(s string) (*after, error) {
	if s == "" {
		return nil, nil
	}
	var v []int64
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(b, &v) != nil || len(v) != 5 {
		return nil, fault.Bad("cursor", "invalid", "this is not a cursor of this list")
	}
	return &after{int(v[0]), int(v[1]), clock.Time(v[2]), clock.Time(v[3]), id.ID(v[4])}, nil
}
