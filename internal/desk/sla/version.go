package sla

import (
	"context"
	"database/sql"
	"fmt"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Version is a policy as it was saved once. A version never changes; to bring
// one back is to save what it says as the next.
type Version struct {
	By     *ticket.Ref `json:"by,omitempty" doc:"who saved it; absent for the shipped one"`
	At     clock.Time  `json:"at,omitzero"`
	Policy *Entry      `json:"policy"`
}

// maxVersions bounds how many versions one call lists.
const maxVersions = 50

// Versions are the versions of a policy, the newest first, before a version
// (zero: from the newest on).
func (m *Room) Versions(ctx context.Context, tenant, policy id.ID, before int64) ([]Version, error) {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select id, version, body, coalesce(author_id, 0), at from sla_policy where tenant_id = $1 and id = $2
		and (version < $3 or cast($3 as bigint) = 0) order by version desc limit %d`, maxVersions), tenant, policy, before)
	list, err := db.Each(rows, err, func(r *sql.Rows) (v Version, err error) { return v, v.scan(r, dir) })
	if err != nil {
		return nil, err
	}
	if last := len(list) - 1; policy == Shipped && len(list) < maxVersions && before != 1 && (last < 0 || list[last].Policy.Version > 1) {
		list = append(list, Version{Policy: shipped()})
	}
	if len(list) == 0 && before == 0 {
		return nil, fault.Missing("policy")
	}
	return list, nil
}

func (v *Version) scan(r *sql.Rows, dir *staff.Directory) (err error) {
	var author id.ID
	v.Policy, err = scanEntry(also{r, []any{&author, &v.At}})
	if p, ok := dir.User(author); ok {
		v.By = &ticket.Ref{ID: author, Name: p.Name}
	}
	return err
}

// also scans the columns that follow an entry's own.
type also struct {
	r    *sql.Rows
	more []any
}

func (a also) Scan(dest ...any) error { return a.r.Scan(append(dest, a.more...)...) }
