package roster

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// saveTemplate makes a template (id 0) or changes one. What is planned keeps
// its hours.
func (m *Room) SaveTemplate(ctx context.Context, a *staff.Actor, t Template) (Template, error) {
	t.Name = strings.TrimSpace(t.Name)
	if err := t.Check(); err != nil {
		return t, err
	}
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := readTemplates(ctx, tx, a.Tenant)
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.ID != t.ID && strings.EqualFold(o.Name, t.Name) && !o.Retired && !t.Retired {
				return fault.Bad("name", "taken", "there is a shift of this name")
			}
		}
		return saveItem(ctx, tx, m, a, kindTemplate, &t.ID, &t.Version, t.Retired, func() any { return t })
	})
	return t, err
}

// SaveRotation makes a rotation (id 0) or changes one.
func (m *Room) SaveRotation(ctx context.Context, a *staff.Actor, r Rotation) (Rotation, error) {
	r.Name = strings.TrimSpace(r.Name)
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := readTemplates(ctx, tx, a.Tenant)
		if err != nil {
			return err
		}
		if err := r.Check(func(t id.ID) bool {
			return slices.ContainsFunc(list, func(x Template) bool { return x.ID == t && !x.Retired })
		}); err != nil {
			return err
		}
		return saveItem(ctx, tx, m, a, kindRotation, &r.ID, &r.Version, r.Retired, func() any { return r })
	})
	return r, err
}

const maxKept = 500 // templates, rotations: of each

func saveItem(ctx context.Context, tx *db.Tx, m *Room, a *staff.Actor, kind string, item *id.ID, version *int64, retired bool, body func() any) error {
	if _, err := raise(ctx, tx, a.Tenant); err != nil {
		return err
	}
	list, err := readItems(ctx, tx, a.Tenant, kind)
	if err != nil {
		return err
	}
	s := stored{id: *item, retired: retired, version: 1}
	var before any
	if s.id == 0 {
		if len(list) >= maxKept {
			return fault.New(fault.Conflict, "roster.too_many", "at most %d", maxKept)
		}
		s.id = m.IDs.Next()
	} else {
		i := slices.IndexFunc(list, func(o stored) bool { return o.id == s.id })
		if i < 0 {
			return fault.Missing(kind)
		}
		if *version != 0 && *version != list[i].version {
			return fault.New(fault.Precondition, "config.changed", "somebody else changed it meanwhile")
		}
		s.version, before = list[i].version+1, json.RawMessage(list[i].body)
	}
	if s.body, err = text(body()); err != nil {
		return err
	}
	if err := writeItem(ctx, tx, a.Tenant, kind, s); err != nil {
		return err
	}
	*item, *version = s.id, s.version
	return m.Staff.Record(ctx, tx, a, staff.Act{Kind: "roster." + kind, Subject: s.id, Changes: staff.Changes(before, json.RawMessage(s.body), "id", "version")})
}
