package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// The kinds of roster_item.
const (
	kindTemplate = "template"
	kindRotation = "rotation"
)

type stored struct {
	id      id.ID
	body    string
	retired bool
	version int64
}

func readItems(ctx context.Context, r db.Reader, tenant id.ID, kind string) ([]stored, error) {
	rows, err := r.Query(ctx, `select id, body, retired, version from roster_item where tenant_id = $1 and kind = $2 order by id`, tenant, kind)
	return db.Each(rows, err, func(r *sql.Rows) (s stored, err error) { return s, r.Scan(&s.id, &s.body, &s.retired, &s.version) })
}

func readTemplates(ctx context.Context, r db.Reader, tenant id.ID) ([]Template, error) {
	rows, err := readItems(ctx, r, tenant, kindTemplate)
	out := make([]Template, len(rows))
	for i, s := range rows {
		if err := json.Unmarshal([]byte(s.body), &out[i]); err != nil {
			return nil, err
		}
		out[i].ID, out[i].Version, out[i].Retired = s.id, s.version, s.retired
	}
	return out, err
}

func readRotations(ctx context.Context, r db.Reader, tenant id.ID) ([]Rotation, error) {
	rows, err := readItems(ctx, r, tenant, kindRotation)
	out := make([]Rotation, len(rows))
	for i, s := range rows {
		if err := json.Unmarshal([]byte(s.body), &out[i]); err != nil {
			return nil, err
		}
		out[i].ID, out[i].Version, out[i].Retired = s.id, s.version, s.retired
	}
	return out, err
}

// writeItem makes one (version 0) or changes one.
func writeItem(ctx context.Context, tx *db.Tx, tenant id.ID, kind string, s stored) error {
	if s.version == 1 {
		_, err := tx.Exec(ctx, `insert into roster_item (tenant_id, kind, id, body, retired, version) values ($1, $2, $3, $4, $5, 1)`, tenant, kind, s.id, s.body, s.retired)
		return err
	}
	_, err := tx.Exec(ctx, `update roster_item set body = $4, retired = $5, version = $6 where tenant_id = $1 and kind = $2 and id = $3`, tenant, kind, s.id, s.body, s.retired, s.version)
	return err
}

// raise makes changes of a tenant's plan wait for each other.
func raise(ctx context.Context, tx *db.Tx, tenant id.ID) (revision int64, err error) {
	err = tx.QueryRow(ctx, `insert into roster_revision (tenant_id, revision) values ($1, 1)
		on conflict (tenant_id) do update set revision = roster_revision.revision + 1 returning revision`, tenant).Scan(&revision)
	return revision, err
}

// readCells are the cells of a period; of all people when users is nil.
func readCells(ctx context.Context, r db.Reader, tenant id.ID, from, to Day, users []id.ID) ([]Cell, error) {
	q := `select user_id, day, published, draft, version from roster_cell where tenant_id = $1 and day >= $2 and day <= $3`
	args := []any{tenant, int64(from), int64(to)}
	if users != nil {
		list, err := json.Marshal(users)
		if err != nil {
			return nil, err
		}
		q += ` and user_id in (select cast(x.value as bigint) from ` + r.Engine().JSONEach("$4", "x") + `)`
		args = append(args, string(list))
	}
	rows, err := r.Query(ctx, q+` order by day, user_id`, args...)
	return db.Each(rows, err, func(r *sql.Rows) (c Cell, err error) {
		var published string
		var draft sql.NullString
		if err := r.Scan(&c.User, (*int64)(&c.Day), &published, &draft, &c.Version); err != nil {
			return c, err
		}
		if published != "" {
			if err := json.Unmarshal([]byte(published), &c.Published); err != nil {
				return c, err
			}
		}
		if c.Drafted = draft.Valid; c.Drafted {
			err = json.Unmarshal([]byte(draft.String), &c.Draft)
		}
		return c, err
	})
}

const cellsAtOnce = 100

// writeCells writes cells as they are; the version is the caller's.
func writeCells(ctx context.Context, tx *db.Tx, tenant id.ID, cells []Cell) error {
	for part := range slices.Chunk(cells, cellsAtOnce) {
		args := make([]any, 0, 6*len(part))
		for _, c := range part {
			published, err := pack(c.Published)
			if err != nil {
				return err
			}
			var draft sql.NullString
			if c.Drafted {
				draft.Valid = true
				b, err := json.Marshal(append([]Item{}, c.Draft...))
				if err != nil {
					return err
				}
				draft.String = string(b)
			}
			args = append(args, tenant, int64(c.Day), c.User, published, draft, c.Version)
		}
		if _, err := tx.Exec(ctx, `insert into roster_cell (tenant_id, day, user_id, published, draft, version) values `+db.Values(len(part), 6)+`
			on conflict (tenant_id, day, user_id) do update set published = excluded.published, draft = excluded.draft, version = excluded.version`, args...); err != nil {
			return err
		}
	}
	return nil
}

// pack is the text of a day's items; nothing is "".
func pack(items []Item) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	b, err := json.Marshal(items)
	return string(b), err
}

// approved are the leaves that are granted and touch a period, by person.
func approved(ctx context.Context, r db.Reader, tenant id.ID, from, to int64, users []id.ID) (map[id.ID][]stretch, error) {
	list, err := json.Marshal(users)
	if err != nil {
		return nil, err
	}
	q := `select user_id, from_at, to_at from roster_leave where tenant_id = $1 and state = 'approved' and to_at > $2 and from_at < $3`
	args := []any{tenant, from, to}
	if users != nil {
		q += ` and user_id in (select cast(x.value as bigint) from ` + r.Engine().JSONEach("$4", "x") + `)`
		args = append(args, string(list))
	}
	out := map[id.ID][]stretch{}
	rows, err := r.Query(ctx, q+` order by from_at`, args...)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var u id.ID
		var s stretch
		err := r.Scan(&u, &s.from, &s.to)
		out[u] = append(out[u], s)
		return struct{}{}, err
	})
	return out, err
}

func missing(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Missing(what)
	}
	return err
}
