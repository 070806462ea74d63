package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// State is what a rule set is used for.
type State string

// States. A tenant has one active set and at most one shadow.
const (
	Active State = "active" // gives tickets away
	Shadow State = "shadow" // says what it would do, beside the active one
	Draft  State = "draft"
	Past   State = "past" // was active once
)

// Stored is a rule set as a tenant keeps it.
type Stored struct {
	RuleSet
	State  State      `json:"state" enum:"active,shadow,draft,past"`
	Author id.ID      `json:"author_id,omitzero"`
	At     clock.Time `json:"at"`
}

// ShippedVersion is the rule set that every tenant has from the first day.
const ShippedVersion = 1

// maxSets bounds the versions of a tenant; drafts that nobody used make room.
const maxSets = 1000

func shippedSet(state State) *Stored {
	s := &Stored{RuleSet: Shipped(), State: state}
	s.ID, s.Version = 1, ShippedVersion
	return s
}

const setColumns = `version, id, state, body, coalesce(author_id, 0), at`

func scanSet(r interface{ Scan(...any) error }) (*Stored, error) {
	var set, author id.ID
	var version int64
	var state, body string
	var at clock.Time
	if err := r.Scan(&version, &set, &state, &body, &author, &at); err != nil {
		return nil, err
	}
	s := &Stored{State: State(state), Author: author, At: at}
	if err := json.Unmarshal([]byte(body), &s.RuleSet); err != nil {
		return nil, fmt.Errorf("rule set %d: %w", version, err)
	}
	s.ID, s.Version = set, version
	return s, nil
}

// LoadSets reads the set that gives tickets away, and the one beside it (nil:
// none).
func LoadSets(ctx context.Context, r db.Reader, tenant id.ID) (active, shadow *Stored, err error) {
	rows, err := r.Query(ctx, `select `+setColumns+` from routing_set where tenant_id = $1 and state in ('active', 'shadow')`, tenant)
	list, err := db.Each(rows, err, func(r *sql.Rows) (*Stored, error) { return scanSet(r) })
	if err != nil {
		return nil, nil, err
	}
	for _, s := range list {
		if s.State == Active {
			active = s
		} else {
			shadow = s
		}
	}
	if active == nil {
		active = shippedSet(Active)
	}
	return active, shadow, nil
}

// LoadSet reads one version.
func LoadSet(ctx context.Context, r db.Reader, tenant id.ID, version int64) (*Stored, error) {
	s, err := scanSet(r.QueryRow(ctx, `select `+setColumns+` from routing_set where tenant_id = $1 and version = $2`, tenant, version))
	if !errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	if version != ShippedVersion {
		return nil, fault.Missing("rule_set")
	}
	var n int
	if err := r.QueryRow(ctx, `select count(*) from routing_set where tenant_id = $1 and state = 'active'`, tenant).Scan(&n); err != nil {
		return nil, err
	}
	if n > 0 {
		return shippedSet(Past), nil
	}
	return shippedSet(Active), nil
}

// SetInfo is a line of the list of rule sets.
type SetInfo struct {
	Version int64      `json:"version"`
	Name    string     `json:"name"`
	State   State      `json:"state" enum:"active,shadow,draft,past"`
	Author  id.ID      `json:"author_id,omitzero"`
	At      clock.Time `json:"at"`
}

func (s *Stored) info() SetInfo { return SetInfo{s.Version, s.Name, s.State, s.Author, s.At} }

// listSets lists versions, newest first, those before one (zero: from the
// newest).
func listSets(ctx context.Context, r db.Reader, tenant id.ID, before int64, limit int) (list []SetInfo, err error) {
	if before <= 0 {
		before = 1 << 62
	}
	rows, err := r.Query(ctx, `select version, name, state, coalesce(author_id, 0), at from routing_set where tenant_id = $1 and version < $2
		order by version desc limit $3`, tenant, before, limit)
	list, err = db.Each(rows, err, func(r *sql.Rows) (SetInfo, error) {
		var s SetInfo
		return s, r.Scan(&s.Version, &s.Name, &s.State, &s.Author, &s.At)
	})
	if err != nil || len(list) == limit || before <= ShippedVersion || len(list) > 0 && list[len(list)-1].Version == ShippedVersion {
		return list, err
	}
	s, err := LoadSet(ctx, r, tenant, ShippedVersion)
	if err != nil {
		return nil, err
	}
	return append(list, s.info()), nil
}

// states finds the versions of the active and the shadow set; zero: none.
func states(ctx context.Context, r db.Reader, tenant id.ID) (active, shadow int64, err error) {
	err = r.QueryRow(ctx, `select coalesce(max(case when state = 'active' then version end), 1), coalesce(max(case when state = 'shadow' then version end), 0)
		from routing_set where tenant_id = $1 and state in ('active', 'shadow')`, tenant).Scan(&active, &shadow)
	return active, shadow, err
}

// insertSet stores a set as a new draft and gives it its version.
func insertSet(ctx context.Context, tx *db.Tx, tenant id.ID, s *Stored) error {
	var newest, count int64
	if err := tx.QueryRow(ctx, `select coalesce(max(version), 1), count(*) from routing_set where tenant_id = $1`, tenant).Scan(&newest, &count); err != nil {
		return err
	}
	if count >= maxSets {
		n, err := tx.Exec(ctx, `delete from routing_set where tenant_id = $1 and state = 'draft' and version =
			(select min(x.version) from routing_set x where x.tenant_id = $1 and x.state = 'draft' and x.version > 1)`, tenant)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "rule_set.too_many", "there are at most %d versions", maxSets)
		}
	}
	s.Version = newest + 1
	return putSet(ctx, tx, tenant, s)
}

func putSet(ctx context.Context, tx *db.Tx, tenant id.ID, s *Stored) error {
	body, err := json.Marshal(s.RuleSet)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into routing_set (tenant_id, version, id, name, state, body, author_id, at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tenant, s.Version, s.ID, s.Name, string(s.State), string(body), orNull(s.Author), s.At)
	if db.IsUnique(err) {
		return errStale
	}
	return err
}

// switchSet gives a version another state: what was in its place makes room.
func switchSet(ctx context.Context, tx *db.Tx, tenant id.ID, version int64, to State) error {
	s, err := LoadSet(ctx, tx, tenant, version)
	switch {
	case err != nil:
		return err
	case s.State == to:
		return nil
	case s.State == Active:
		return fault.New(fault.Conflict, "rule_set.active", "the active rule set is replaced by activating another")
	case s.State == Past && to == Draft:
		return fault.New(fault.Conflict, "rule_set.past", "what was active once is no draft again; save it anew")
	}
	if after, ok := map[State]State{Active: Past, Shadow: Draft}[to]; ok {
		if _, err := tx.Exec(ctx, `update routing_set set state = $3 where tenant_id = $1 and state = $2`, tenant, string(to), string(after)); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, `update routing_set set state = $3 where tenant_id = $1 and version = $2`, tenant, version, string(to))
	if err == nil && n == 0 { // the shipped one has no row yet
		s.State = to
		return putSet(ctx, tx, tenant, s)
	}
	if db.IsUnique(err) {
		return errStale
	}
	return err
}

var errStale = fault.New(fault.Precondition, "config.changed", "somebody else has changed this meanwhile")
