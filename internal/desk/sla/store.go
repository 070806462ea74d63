package sla

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Entry is a policy as a tenant keeps it.
type Entry struct {
	Policy
	Position int  `json:"position,omitempty" minimum:"0" maximum:"100000" doc:"policies are tried in this order"`
	Retired  bool `json:"retired,omitempty"`
	// Problem says why the policy is passed over: a condition speaks of a
	// field that is gone.
	Problem string `json:"problem,omitempty" readOnly:"true"`
}

// Shipped is the id of the policy that every tenant has from the first day. It
// comes last until somebody moves it.
const Shipped id.ID = 1

func shipped() *Entry {
	e := &Entry{Policy: Default(), Position: 100000}
	e.ID, e.Version = Shipped, 1
	return e
}

func scanEntry(r interface{ Scan(...any) error }) (*Entry, error) {
	var policy id.ID
	var version int64
	var body string
	if err := r.Scan(&policy, &version, &body); err != nil {
		return nil, err
	}
	e := &Entry{}
	if err := json.Unmarshal([]byte(body), e); err != nil {
		return nil, fmt.Errorf("policy %s: %w", policy, err)
	}
	e.ID, e.Version = policy, version
	return e, nil
}

// loadPolicies reads the newest version of every policy, in order.
func loadPolicies(ctx context.Context, r db.Reader, tenant id.ID) ([]*Entry, error) {
	rows, err := r.Query(ctx, `select p.id, p.version, p.body from sla_policy p where p.tenant_id = $1
		and p.version = (select max(x.version) from sla_policy x where x.tenant_id = $1 and x.id = p.id) order by p.id`, tenant)
	list, err := db.Each(rows, err, func(r *sql.Rows) (*Entry, error) { return scanEntry(r) })
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(list, func(e *Entry) bool { return e.ID == Shipped }) {
		list = append(list, shipped())
	}
	slices.SortStableFunc(list, func(a, b *Entry) int { return a.Position - b.Position })
	return list, nil
}

// loadPolicy reads a version of a policy (zero: the newest); nil when there is
// none.
func loadPolicy(ctx context.Context, r db.Reader, tenant, policy id.ID, version int64) (*Entry, error) {
	e, err := scanEntry(r.QueryRow(ctx, `select id, version, body from sla_policy where tenant_id = $1 and id = $2
		and (version = $3 or cast($3 as bigint) = 0) order by version desc limit 1`, tenant, policy, version))
	if !errors.Is(err, sql.ErrNoRows) {
		return e, err
	}
	if policy == Shipped && version <= 1 {
		return shipped(), nil
	}
	return nil, nil
}

// Policies lists the tenant's policies in order, retired ones too.
func (m *Room) Policies(ctx context.Context, tenant id.ID) ([]*Entry, error) {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return nil, err
	}
	list, err := loadPolicies(ctx, m.DB, tenant)
	for _, e := range list {
		if err := e.Compile(k.schema); err != nil {
			e.Problem = err.Error()
		}
	}
	return list, err
}

// Policy reads one.
func (m *Room) Policy(ctx context.Context, tenant, policy id.ID) (*Entry, error) {
	e, err := loadPolicy(ctx, m.DB, tenant, policy, 0)
	if err == nil && e == nil {
		err = fault.Missing("policy")
	}
	return e, err
}

// Save makes a policy (ID zero) or a new version of one. Version, when not
// zero, is the one that the change was made for. Tickets stay under the
// version that they came under; new ones, and those that change the policy,
// come under the new one.
func (m *Room) Save(ctx context.Context, by *staff.Actor, in Entry) (*Entry, error) {
	k, err := m.fresh(ctx, by.Tenant)
	if err != nil {
		return nil, err
	}
	if err := in.Policy.Compile(k.schema); err != nil {
		return nil, err
	}
	if err := k.knows(&in.Policy); err != nil {
		return nil, err
	}
	in.Problem = ""
	out := in
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = in
		before, what := any(nil), "created"
		if out.ID == 0 {
			all, err := loadPolicies(ctx, tx, by.Tenant)
			if err != nil {
				return err
			}
			if len(all) >= MaxPolicies {
				return fault.Bad("name", "too_many", "there are at most %d policies", MaxPolicies)
			}
			out.ID, out.Version = m.IDs.Next(), 0
		} else {
			now, err := loadPolicy(ctx, tx, by.Tenant, out.ID, 0)
			if err != nil {
				return err
			}
			if now == nil {
				return fault.Missing("policy")
			}
			if out.Version != 0 && out.Version != now.Version {
				return errStale
			}
			out.Version, before, what = now.Version, now, "updated"
		}
		out.Version++
		body, err := json.Marshal(out)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into sla_policy (tenant_id, id, version, body, author_id, at) values ($1, $2, $3, $4, $5, $6)`,
			by.Tenant, out.ID, out.Version, string(body), null(by.ID), m.Clock.Millis())
		if db.IsUnique(err) {
			return errStale
		}
		if err != nil {
			return err
		}
		return m.Staff.Record(ctx, tx, by, staff.Act{Kind: "sla_policy." + what, Subject: out.ID, Name: out.Name, Changes: staff.Changes(before, out, "id", "version", "problem")})
	})
	if err != nil {
		return nil, err
	}
	m.kept.Changed(by.Tenant)
	return &out, nil
}

// knows checks that the calendars, people and units that a policy names exist.
func (k *resident) knows(p *Policy) error {
	calendars := func(field string, list ...*Promise) error {
		for _, p := range list {
			if p == nil || p.Calendar == "" || p.Calendar == Always {
				continue
			}
			if _, ok := k.set.ByKey(p.Calendar); !ok {
				return fault.Bad(field+".calendar", "unknown", "there is no calendar %q", p.Calendar)
			}
		}
		return nil
	}
	for i, t := range p.Targets {
		if err := calendars(fmt.Sprintf("targets[%d]", i), t.Urgent, t.High, t.Normal, t.Low); err != nil {
			return err
		}
	}
	for i, u := range p.Units {
		field := fmt.Sprintf("units[%d]", i)
		if err := calendars(field, u.Urgent, u.High, u.Normal, u.Low); err != nil {
			return err
		}
		_, department := k.dir.Department(u.Unit)
		_, team := k.dir.Team(u.Unit)
		if u.Unit != 0 && (u.Kind == OfDepartment && !department || u.Kind == OfTeam && !team) {
			return fault.Bad(field+".unit_id", "unknown", "there is no such %s", u.Kind)
		}
	}
	for i, l := range p.Chain {
		if l.To == ToPeople && len(k.dir.Active(l.People)) == 0 {
			return fault.Bad(fmt.Sprintf("chain[%d].people", i), "unknown", "none of these people is at work here")
		}
	}
	return nil
}

var errStale = fault.New(fault.Precondition, "config.changed", "somebody else has changed this meanwhile")

// kept is a sheet as it stands in the store.
type kept struct {
	*Sheet
	stored Sheet // as it was read
	fired  bool  // its timer has gone
	stepAt clock.Time
	bodies map[clockKey]string     // of the clocks, to see what has changed
	ended  map[clockKey]clock.Time // when they had ended; zero: they had not
}

type clockKey struct {
	metric Metric
	round  int
}

// recent is how long an ended clock stays at hand: a reply can be taken back
// for so long.
const recent = 15 * time.Minute

// loadSheet reads a ticket's sheet with those clocks that can still move; nil
// when it has none.
func loadSheet(ctx context.Context, r db.Reader, tenant, ticket id.ID, now clock.Time) (*kept, error) {
	all, err := loadSheets(ctx, r, tenant, []id.ID{ticket}, now)
	return all[ticket], err
}

// loadSheets is loadSheet for some tickets together.
func loadSheets(ctx context.Context, r db.Reader, tenant id.ID, tickets []id.ID, now clock.Time) (map[id.ID]*kept, error) {
	which, arg := `= $2`, any(tickets[0])
	if len(tickets) > 1 {
		list, err := json.Marshal(tickets)
		if err != nil {
			return nil, err
		}
		which, arg = r.Engine().InIDs("$2"), string(list)
	}
	out := make(map[id.ID]*kept, len(tickets))
	rows, err := r.Query(ctx, `select ticket_id, body, step_at from sla_ticket where tenant_id = $1 and ticket_id `+which, tenant, arg)
	if _, err := db.Each(rows, err, func(r *sql.Rows) (x struct{}, err error) {
		var ticket id.ID
		var body string
		var step sql.NullInt64
		if err := r.Scan(&ticket, &body, &step); err != nil {
			return x, err
		}
		k := &kept{Sheet: &Sheet{}, bodies: map[clockKey]string{}, ended: map[clockKey]clock.Time{}, stepAt: clock.Time(step.Int64)}
		if err := json.Unmarshal([]byte(body), k.Sheet); err != nil {
			return x, fmt.Errorf("clocks of ticket %s: %w", ticket, err)
		}
		k.stored = *k.Sheet
		k.stored.Replies, k.stored.Asked, k.stored.Orders = slices.Clone(k.Replies), slices.Clone(k.Asked), slices.Clone(k.Orders)
		out[ticket] = k
		return x, nil
	}); err != nil || len(out) == 0 {
		return nil, err
	}
	rows, err = r.Query(ctx, `select c.ticket_id, c.body from sla_clock c where c.tenant_id = $1 and c.ticket_id `+which+` and (c.ended_at is null or c.ended_at >= $3
		or c.round = (select max(x.round) from sla_clock x where x.tenant_id = $1 and x.ticket_id = c.ticket_id and x.metric = c.metric))
		order by c.ticket_id, c.started_at, c.round`, tenant, arg, now.Add(-recent))
	_, err = db.Each(rows, err, func(r *sql.Rows) (x struct{}, err error) {
		var ticket id.ID
		var body string
		if err := r.Scan(&ticket, &body); err != nil {
			return x, err
		}
		k, c := out[ticket], &Clock{}
		if k == nil {
			return x, nil
		}
		if err := json.Unmarshal([]byte(body), c); err != nil {
			return x, fmt.Errorf("clock of ticket %s: %w", ticket, err)
		}
		k.Clocks = append(k.Clocks, c)
		key := clockKey{c.Metric, c.Round}
		k.bodies[key], k.ended[key] = body, c.EndedAt
		return x, nil
	})
	return out, err
}

func scanID(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) }

// clockColumns and sheetColumns are how many values a row is written with.
const (
	clockColumns = 18
	insertClocks = `insert into sla_clock (tenant_id, ticket_id, metric, round, policy_id, state, started_at, due_at, ended_at, target, elapsed, body,
		team_id, department_id, assignee_id, category_id, paused, original) values `
	sheetColumns = 6
	insertSheets = `insert into sla_ticket (tenant_id, ticket_id, policy_id, policy_version, step_at, body) values `
)

// row is a clock as it is stored.
func (s *Sheet) row(r *Rules, t *ticket.Ticket, c *Clock, body string) []any {
	return []any{int64(t.Tenant), int64(t.ID), string(c.Metric), int64(c.Round), null(s.Policy), string(c.State(r, s.At)), int64(c.Start),
		null(c.DueAt(r)), null(c.EndedAt), c.Target.Milliseconds(), c.Elapsed(r, s.At).Milliseconds(), body,
		null(t.Team), null(t.Department), null(t.Assignee), null(t.Category), c.PausedFor(s.At).Milliseconds(), string(c.original())}
}

// save writes what has changed and sets the timer of the next step.
func (m *Room) save(ctx context.Context, tx *db.Tx, r *Rules, t *ticket.Ticket, x *kept) error {
	tenant, ticket := t.Tenant, t.ID
	var args []any
	var days touched
	present := map[clockKey]bool{}
	for _, c := range x.Clocks {
		key := clockKey{c.Metric, c.Round}
		present[key] = true
		raw, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if x.bodies[key] == string(raw) {
			continue
		}
		args = append(args, x.row(r, t, c, string(raw))...)
		days.at(x.ended[key])
		days.at(c.EndedAt)
	}
	step := x.next(r)
	if len(args) == 0 && len(present) == len(x.bodies) && step == x.stepAt && !x.fired && x.same() {
		return nil
	}
	for key := range x.bodies {
		if !present[key] {
			if err := tx.Queue(ctx, `delete from sla_clock where tenant_id = $1 and ticket_id = $2 and metric = $3 and round = $4`,
				tenant, ticket, string(key.metric), int64(key.round)); err != nil {
				return err
			}
			days.at(x.ended[key])
		}
	}
	if err := m.mark(ctx, tx, tenant, days); err != nil {
		return err
	}
	if len(args) > 0 {
		if err := tx.Queue(ctx, insertClocks+
			db.Values(len(args)/clockColumns, clockColumns)+` on conflict (tenant_id, ticket_id, metric, round) do update set policy_id = excluded.policy_id, state = excluded.state,
			started_at = excluded.started_at, due_at = excluded.due_at, ended_at = excluded.ended_at, target = excluded.target, elapsed = excluded.elapsed, body = excluded.body,
			team_id = excluded.team_id, department_id = excluded.department_id, assignee_id = excluded.assignee_id, category_id = excluded.category_id,
			paused = excluded.paused, original = excluded.original`, args...); err != nil {
			return err
		}
	}
	body, err := json.Marshal(x.Sheet)
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, insertSheets+`($1, $2, $3, $4, $5, $6)
		on conflict (tenant_id, ticket_id) do update set policy_id = excluded.policy_id, policy_version = excluded.policy_version,
		step_at = excluded.step_at, body = excluded.body`, tenant, ticket, null(x.Policy), null(x.Version), null(step), string(body)); err != nil {
		return err
	}
	if x.fired {
		x.stepAt = 0
	}
	return m.remind(ctx, tx, tenant, ticket, x.stepAt, step)
}

// same reports whether nothing but the time of the newest fact has changed.
func (x *kept) same() bool {
	now := *x.Sheet
	now.At, now.Clocks = x.stored.At, x.stored.Clocks
	return reflect.DeepEqual(now, x.stored)
}

// next is when the next step of any clock is due; zero: nothing is.
func (s *Sheet) next(r *Rules) (at clock.Time) {
	p := s.policy(r)
	for _, c := range s.Clocks {
		if steps := c.Steps(r, p); len(steps) > 0 && (at == 0 || steps[0].At < at) {
			at = steps[0].At
		}
		if c.Open() && c.ResumeAt != 0 && c.Target != 0 && (at == 0 || c.ResumeAt < at) { // lists are to show that it runs again
			at = c.ResumeAt
		}
	}
	for i := range s.Orders {
		if next := s.Orders[i].next(); next != 0 && (at == 0 || next < at) {
			at = next
		}
	}
	return at
}

// policy is the one under which the ticket stands.
func (s *Sheet) policy(r *Rules) *Policy {
	if r.Past != nil {
		if p := r.Past(s.Policy, s.Version); p != nil {
			return p
		}
	}
	for _, p := range r.Policies {
		if p.ID == s.Policy {
			return p
		}
	}
	return nil
}

func null[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}
