package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

const statusColumns = `user_id, state, since, until_at, by_id, forced, reason, held, chosen, chosen_at, chosen_until, gone_at, version`

func scanStatus(r interface{ Scan(...any) error }) (s Status, err error) {
	var until, by, chosenUntil, gone sql.NullInt64
	err = r.Scan(&s.User, &s.State, &s.Since, &until, &by, &s.Forced, &s.Reason, &s.Held, &s.chosen, &s.chosenAt, &chosenUntil, &gone, &s.Version)
	s.Until, s.By, s.chosenUntil, s.gone = clock.Time(until.Int64), id.ID(by.Int64), clock.Time(chosenUntil.Int64), clock.Time(gone.Int64)
	return s, err
}

// lockStatus reads how somebody stands, so that nobody changes it until the
// transaction ends. Who was never seen is offline.
func lockStatus(ctx context.Context, tx *db.Tx, tenant, user id.ID, now clock.Time) (Status, error) {
	read := func() (Status, error) {
		return scanStatus(tx.QueryRow(ctx, `select `+statusColumns+` from agent_state where tenant_id = $1 and user_id = $2`+tx.Engine().ForUpdate(), tenant, user))
	}
	s, err := read()
	if !errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	// Two may come at the same time for the first time.
	if _, err := tx.Exec(ctx, `insert into agent_state (tenant_id, user_id, state, since, forced, reason, held, chosen, chosen_at, version)
		values ($1, $2, $3, $4, false, '', false, '', 0, 0) on conflict (tenant_id, user_id) do nothing`, tenant, user, string(Offline), now); err != nil {
		return s, err
	}
	return read()
}

func writeStatus(ctx context.Context, tx *db.Tx, tenant id.ID, s Status) error {
	_, err := tx.Exec(ctx, `update agent_state set state = $3, since = $4, until_at = $5, by_id = $6, forced = $7, reason = $8, held = $9,
		chosen = $10, chosen_at = $11, chosen_until = $12, gone_at = $13, version = $14 where tenant_id = $1 and user_id = $2`,
		tenant, s.User, string(s.State), s.Since, null(s.Until), null(s.By), s.Forced, s.Reason, s.Held,
		string(s.chosen), s.chosenAt, null(s.chosenUntil), null(s.gone), s.Version)
	return err
}

// writeSpan keeps a stretch that has ended.
func writeSpan(ctx context.Context, tx *db.Tx, tenant id.ID, s Status, to clock.Time) error {
	if to <= s.Since {
		return nil
	}
	_, err := tx.Exec(ctx, `insert into agent_state_span (tenant_id, user_id, from_at, to_at, state, by_id, forced) values ($1, $2, $3, $4, $5, $6, $7)`,
		tenant, s.User, s.Since, to, string(s.State), null(s.By), s.Forced)
	return err
}

// readSpans are the stretches of a person that touch a period, oldest first,
// with the one that runs cut at now.
func readSpans(ctx context.Context, r db.Reader, tenant, user id.ID, from, to, now clock.Time, limit int) ([]Span, error) {
	rows, err := r.Query(ctx, `select from_at, to_at, state, by_id, forced from agent_state_span
		where tenant_id = $1 and user_id = $2 and from_at < $3 and from_at >= $4 and to_at > $5 order by from_at limit $6`,
		tenant, user, to, from.Add(-maxSpan), from, limit)
	out, err := db.Each(rows, err, scanSpan)
	if err != nil || len(out) == limit {
		return out, err
	}
	s, err := scanStatus(r.QueryRow(ctx, `select `+statusColumns+` from agent_state where tenant_id = $1 and user_id = $2`, tenant, user))
	if errors.Is(err, sql.ErrNoRows) {
		return out, nil
	}
	if err == nil && s.Version > 0 && s.Since < to && now > from && now > s.Since {
		out = append(out, Span{s.Since, now, s.State, s.By, s.Forced})
	}
	return out, err
}

// maxSpan bounds how long before a period a stretch that reaches into it may
// have begun; longer ones are written in parts (see change).
const maxSpan = 92 * 24 * time.Hour

func scanSpan(r *sql.Rows) (s Span, err error) {
	var by sql.NullInt64
	err = r.Scan(&s.From, &s.To, &s.State, &by, &s.Forced)
	s.By = id.ID(by.Int64)
	return s, err
}

// connected says whether somebody has a screen open on a node that is alive.
func connected(ctx context.Context, r db.Reader, tenant, user id.ID, alive clock.Time) (is bool, err error) {
	err = r.QueryRow(ctx, `select exists (select 1 from agent_connection c join agent_node n on n.tenant_id = c.tenant_id and n.node = c.node
		where c.tenant_id = $1 and c.user_id = $2 and n.at >= $3)`, tenant, user, alive).Scan(&is)
	return is, err
}

// screens is everybody of a tenant who has one open.
func screens(ctx context.Context, r db.Reader, tenant id.ID, alive clock.Time) (map[id.ID]bool, error) {
	rows, err := r.Query(ctx, `select distinct c.user_id from agent_connection c join agent_node n on n.tenant_id = c.tenant_id and n.node = c.node
		where c.tenant_id = $1 and n.at >= $2`, tenant, alive)
	list, err := db.Each(rows, err, func(r *sql.Rows) (u id.ID, err error) { return u, r.Scan(&u) })
	out := make(map[id.ID]bool, len(list))
	for _, u := range list {
		out[u] = true
	}
	return out, err
}

// readSettings gives the defaults with version 0 to a tenant that has none.
func readSettings(ctx context.Context, r db.Reader, tenant id.ID) (s Settings, version int64, err error) {
	var body string
	err = r.QueryRow(ctx, `select body, version from roster_setting where tenant_id = $1`, tenant).Scan(&body, &version)
	s = Defaults()
	if errors.Is(err, sql.ErrNoRows) {
		return s, 0, nil
	}
	if err != nil {
		return s, 0, err
	}
	s.NoWork = nil
	return s, version, json.Unmarshal([]byte(body), &s)
}

// null is NULL for zero.
func null[T ~int64](v T) sql.NullInt64 { return sql.NullInt64{Int64: int64(v), Valid: v != 0} }

// spansOf are the stretches of several people that touch a period, by person,
// with those that run cut at now.
func spansOf(ctx context.Context, r db.Reader, tenant id.ID, users []id.ID, state State, from, to, now clock.Time) (map[id.ID][]Span, error) {
	list, err := json.Marshal(users)
	if err != nil {
		return nil, err
	}
	out := map[id.ID][]Span{}
	in := `(select cast(x.value as bigint) from ` + r.Engine().JSONEach("$2", "x") + `)`
	rows, err := r.Query(ctx, `select user_id, from_at, to_at, state, by_id, forced from agent_state_span
		where tenant_id = $1 and user_id in `+in+` and from_at < $3 and from_at >= $4 and to_at > $5 and (state = $6 or $6 = '') order by user_id, from_at`,
		tenant, string(list), to, from.Add(-maxSpan), from, string(state))
	if _, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var u id.ID
		var s Span
		var by sql.NullInt64
		err := r.Scan(&u, &s.From, &s.To, &s.State, &by, &s.Forced)
		s.By = id.ID(by.Int64)
		out[u] = append(out[u], s)
		return struct{}{}, err
	}); err != nil {
		return nil, err
	}
	rows, err = r.Query(ctx, `select `+statusColumns+` from agent_state where tenant_id = $1 and user_id in `+in+` and version > 0 and (state = $3 or $3 = '')`, tenant, string(list), string(state))
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		s, err := scanStatus(r)
		if s.Since < to && now > from && now > s.Since {
			out[s.User] = append(out[s.User], Span{s.Since, now, s.State, s.By, s.Forced})
		}
		return struct{}{}, err
	})
	return out, err
}

// breaksUsed is how long people were on breaks since a moment.
func (m *Room) breaksUsed(ctx context.Context, tenant id.ID, rows []AgentState, since, now clock.Time) (map[id.ID]time.Duration, error) {
	users := make([]id.ID, len(rows))
	for i, r := range rows {
		users[i] = r.User
	}
	spans, err := spansOf(ctx, m.DB, tenant, users, Break, since, now+1, now)
	out := map[id.ID]time.Duration{}
	for u, list := range spans {
		out[u] = spent(list, Break, since, now)
	}
	return out, err
}
