package roster

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Publication is a plan that was made known.
type Publication struct {
	ID     id.ID      `json:"id"`
	From   Day        `json:"from"`
	To     Day        `json:"to"`
	Cells  int        `json:"cells"`
	By     id.ID      `json:"by_id,omitempty"`
	At     clock.Time `json:"at"`
	Undone clock.Time `json:"undone_at,omitempty"`
}

// Publish makes the drafts of people in a period count.
func (m *Room) Publish(ctx context.Context, a *staff.Actor, users []id.ID, from, to Day) (out Publication, err error) {
	if err := checkDays(from, to); err != nil {
		return out, err
	}
	if len(users) == 0 || len(users) > maxPeople {
		return out, fault.Bad("user_ids", "range", "1 to %d people", maxPeople)
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	for i, u := range users {
		if err := inCharge(dir, a, fmt.Sprintf("user_ids[%d]", i), u); err != nil {
			return out, err
		}
	}
	users = unique(slices.Clone(users))
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := m.planIn(ctx, tx, dir, users, from, to)
		if err != nil {
			return err
		}
		var changed []Cell
		before := map[cellKey][]Item{}
		for k, c := range p.cells {
			if c.Day < from || c.Day > to || !c.Drafted {
				continue
			}
			before[k] = c.Published
			c.Published, c.Draft, c.Drafted = c.Draft, nil, false
			c.Version++
			p.cells[k] = c
			changed = append(changed, c)
		}
		if len(changed) == 0 {
			return fault.New(fault.Conflict, "roster.nothing_drafted", "nothing of this period waits to be published")
		}
		if len(changed) > maxEdits {
			return fault.Bad("to", "too_many", "at most %d days of people at once; publish in parts", maxEdits)
		}
		slices.SortFunc(changed, func(x, y Cell) int { return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.User, y.User)) })
		if err := refuse(p.conflicts(changed, func(c Cell) []Item { return c.Published }), func(Conflict) int { return -1 }); err != nil {
			return err
		}
		out = Publication{ID: m.IDs.Next(), From: from, To: to, Cells: len(changed), By: a.ID, At: p.now}
		if _, err := tx.Exec(ctx, `insert into roster_publication (tenant_id, id, from_day, to_day, cells, by_id, at) values ($1, $2, $3, $4, $5, $6, $7)`,
			a.Tenant, out.ID, int64(from), int64(to), int64(len(changed)), null(a.ID), out.At); err != nil {
			return err
		}
		for part := range slices.Chunk(changed, cellsAtOnce) {
			var args []any
			for _, c := range part {
				text, err := pack(before[cellKey{c.User, c.Day}])
				if err != nil {
					return err
				}
				args = append(args, a.Tenant, out.ID, int64(c.Day), c.User, text, c.Version)
			}
			if _, err := tx.Exec(ctx, `insert into roster_publication_cell (tenant_id, publication_id, day, user_id, before, version) values `+db.Values(len(part), 6), args...); err != nil {
				return err
			}
		}
		return p.told(ctx, a, changed, out.ID)
	})
	return out, err
}

// publish writes cells whose published part has changed, and what follows.
func (p *planner) publish(ctx context.Context, changed []Cell) error {
	m, tenant := p.room, p.dir.Tenant.ID
	if err := writeCells(ctx, p.tx, tenant, changed); err != nil {
		return err
	}
	var users []id.ID
	for _, c := range changed {
		users = append(users, c.User)
	}
	if err := m.schedule(ctx, p.tx, tenant, unique(users), p.zone, p.now); err != nil {
		return err
	}
	p.tx.AfterCommit(func() { m.planChanged(tenant) })
	return nil
}

// told publishes cells and tells whose they are.
func (p *planner) told(ctx context.Context, a *staff.Actor, changed []Cell, publication id.ID) error {
	if err := p.publish(ctx, changed); err != nil {
		return err
	}
	var to []id.ID
	for _, c := range changed {
		to = append(to, c.User)
	}
	return p.room.notice(ctx, p.tx, a.Tenant, Notice{Event: ToldPublished, To: to, By: a.ID, Subject: publication})
}

// Undo takes a publication back: what it made known is a draft again. Nothing
// of it may have changed since.
func (m *Room) Undo(ctx context.Context, a *staff.Actor, publication id.ID) (out Publication, err error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	var users []id.ID
	rows, err := m.DB.Query(ctx, `select distinct user_id from roster_publication_cell where tenant_id = $1 and publication_id = $2`, a.Tenant, publication)
	if users, err = db.Each(rows, err, func(r *sql.Rows) (u id.ID, err error) { return u, r.Scan(&u) }); err != nil {
		return out, err
	}
	for _, u := range users {
		if inCharge(dir, a, "", u) != nil {
			return out, fault.Missing("publication")
		}
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = readPublication(tx.QueryRow(ctx, `select `+publicationColumns+` from roster_publication where tenant_id = $1 and id = $2`, a.Tenant, publication))
		if err != nil {
			return missing(err, "publication")
		}
		p, err := m.planIn(ctx, tx, dir, users, out.From, out.To)
		if err != nil {
			return err
		}
		if out.Undone != 0 {
			return fault.New(fault.Conflict, "roster.undone", "this publication has been taken back")
		}
		type old struct {
			cellKey
			before  string
			version int64
		}
		rows, err := tx.Query(ctx, `select user_id, day, before, version from roster_publication_cell where tenant_id = $1 and publication_id = $2 order by day, user_id`, a.Tenant, publication)
		list, err := db.Each(rows, err, func(r *sql.Rows) (o old, err error) {
			return o, r.Scan(&o.user, (*int64)(&o.day), &o.before, &o.version)
		})
		if err != nil {
			return err
		}
		var changed []Cell
		for _, o := range list {
			c := p.cells[o.cellKey]
			if c.Version != o.version {
				return fault.New(fault.Conflict, "roster.changed_since", "%s was changed after it was published", o.day).With("day", o.day.String()).With("user_id", o.user.String())
			}
			items, err := unpack(o.before)
			if err != nil {
				return err
			}
			c.Draft, c.Drafted, c.Published = c.Published, true, items
			c.Version++
			p.cells[o.cellKey] = c
			changed = append(changed, c)
		}
		if err := refuse(p.conflicts(changed, func(c Cell) []Item { return c.Published }), func(Conflict) int { return -1 }); err != nil {
			return err
		}
		out.Undone = p.now
		if _, err := tx.Exec(ctx, `update roster_publication set undone_at = $3 where tenant_id = $1 and id = $2`, a.Tenant, publication, out.Undone); err != nil {
			return err
		}
		return p.told(ctx, a, changed, out.ID)
	})
	return out, err
}

const publicationColumns = `id, from_day, to_day, cells, by_id, at, undone_at`

func readPublication(r interface{ Scan(...any) error }) (p Publication, err error) {
	var by, undone sql.NullInt64
	err = r.Scan(&p.ID, (*int64)(&p.From), (*int64)(&p.To), &p.Cells, &by, &p.At, &undone)
	p.By, p.Undone = id.ID(by.Int64), clock.Time(undone.Int64)
	return p, err
}
