package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

const kindReplay = "routing.simulate"

// Bounds of a simulation.
const (
	replayTickets = 50_000 // newest of the period
	replayPage    = 500
	maxDays       = 30
	keptReplays   = 50
	maxWaiting    = 10 // at once; they run one after another
	replayUsers   = 20_000
)

// Simulation is a replay of past tickets against changed rules, in the
// background.
type Simulation struct {
	ID      id.ID       `json:"id"`
	Version int64       `json:"version,omitempty" doc:"of a stored rule set; 0: rules that were given"`
	Name    string      `json:"name"`
	Days    int         `json:"days"`
	State   string      `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Done    int         `json:"done"`
	Total   int         `json:"total"`
	By      id.ID       `json:"by,omitzero"`
	At      clock.Time  `json:"at"`
	EndedAt clock.Time  `json:"ended_at,omitzero"`
	Code    string      `json:"error_code,omitempty"`
	Error   string      `json:"error,omitempty"`
	Result  *Comparison `json:"result,omitempty"`

	rules string
}

type replayJob struct{ Simulation id.ID }

func (m *Room) registerReplay() {
	job.HandleAsked(m.Jobs, job.Kind{Name: kindReplay, Concurrency: 1, MaxAttempts: 3, Timeout: 30 * time.Minute}, "simulation",
		func(ctx context.Context, j job.Job, in replayJob) error {
			return m.replay(ctx, j.Tenant, in.Simulation)
		},
		func(ctx context.Context, j job.Job, in replayJob, code, why string) error {
			return m.endReplay(ctx, j.Tenant, in.Simulation, "failed", code, why)
		})
}

// StartSimulation begins a replay of the last days and returns at once.
func (m *Room) StartSimulation(ctx context.Context, a *staff.Actor, rules *RuleSet, version int64, days int) (*Simulation, error) {
	if rules == nil && version == 0 {
		return nil, fault.Bad("version", "required", "name a version, or give rules")
	}
	plan, err := m.planFor(ctx, a.Tenant, rules, version)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(plan.Set)
	if err != nil {
		return nil, err
	}
	if rules != nil {
		version = 0
	}
	s := &Simulation{ID: m.IDs.Next(), Version: version, Name: plan.Set.Name, Days: days, State: "waiting", By: a.ID, At: m.Clock.Now(), rules: string(body)}
	return s, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `select count(*) from routing_simulation where tenant_id = $1 and state in ('waiting', 'running')`, a.Tenant).Scan(&n); err != nil {
			return err
		}
		if n >= maxWaiting {
			return fault.New(fault.Conflict, "simulation.running", "%d simulations are under way; wait for one, or stop it", n)
		}
		if _, err := tx.Exec(ctx, `insert into routing_simulation (tenant_id, id, state, version, rules, days, done, total, result, error_code, error, started_by, started_at)
			values ($1, $2, 'waiting', $3, $4, $5, 0, 0, '', '', '', $6, $7)`, a.Tenant, s.ID, s.Version, s.rules, days, orNull(a.ID), s.At); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from routing_simulation where tenant_id = $1 and state not in ('waiting', 'running') and id <
			coalesce((select x.id from routing_simulation x where x.tenant_id = $1 order by x.id desc limit 1 offset $2), 0)`, a.Tenant, keptReplays); err != nil {
			return err
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindReplay, Key: s.ID.String(), Payload: replayJob{s.ID}})
	})
}

const simulationColumns = `id, state, version, rules, days, done, total, result, error_code, error, coalesce(started_by, 0), started_at, coalesce(ended_at, 0)`

func scanSimulation(r interface{ Scan(...any) error }) (*Simulation, error) {
	s := &Simulation{}
	var result string
	err := r.Scan(&s.ID, &s.State, &s.Version, &s.rules, &s.Days, &s.Done, &s.Total, &result, &s.Code, &s.Error, &s.By, &s.At, &s.EndedAt)
	if err != nil {
		return nil, err
	}
	var set struct{ Name string }
	if err := json.Unmarshal([]byte(s.rules), &set); err != nil {
		return nil, fmt.Errorf("simulation %s: %w", s.ID, err)
	}
	s.Name = set.Name
	if result != "" {
		s.Result = &Comparison{}
		err = json.Unmarshal([]byte(result), s.Result)
	}
	return s, err
}

// Simulation reads one.
func (m *Room) Simulation(ctx context.Context, tenant, simulation id.ID) (*Simulation, error) {
	s, err := scanSimulation(m.DB.QueryRow(ctx, `select `+simulationColumns+` from routing_simulation where tenant_id = $1 and id = $2`, tenant, simulation))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Missing("simulation")
	}
	return s, err
}

// Simulations lists those that are kept, newest first, without hours and people.
func (m *Room) Simulations(ctx context.Context, tenant id.ID) ([]*Simulation, error) {
	rows, err := m.DB.Query(ctx, `select `+simulationColumns+` from routing_simulation where tenant_id = $1 order by id desc limit $2`, tenant, keptReplays+3)
	list, err := db.Each(rows, err, func(r *sql.Rows) (*Simulation, error) { return scanSimulation(r) })
	for _, s := range list {
		if s.Result != nil {
			for _, x := range []*Measures{&s.Result.Current, &s.Result.Changed} {
				x.Queue, x.Teams, x.Agents = []QueuePoint{}, []TeamMeasures{}, []AgentMeasures{}
			}
		}
	}
	return list, err
}

// CancelSimulation stops one; one that has ended stays as it is.
func (m *Room) CancelSimulation(ctx context.Context, tenant, simulation id.ID) error {
	if _, err := m.Simulation(ctx, tenant, simulation); err != nil {
		return err
	}
	return m.endReplay(ctx, tenant, simulation, "cancelled", "", "")
}

func (m *Room) endReplay(ctx context.Context, tenant, simulation id.ID, state, code, why string) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update routing_simulation set state = $3, error_code = $4, error = $5, ended_at = $6
			where tenant_id = $1 and id = $2 and state in ('waiting', 'running')`, tenant, simulation, state, code, why, m.Clock.Now())
		return err
	})
}

var errStopped = errors.New("the simulation was stopped")

// advance tells how far a simulation is, and whether it is still wanted.
func (m *Room) advance(ctx context.Context, tenant, simulation id.ID, done, total int) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update routing_simulation set state = 'running', done = $3, total = $4
			where tenant_id = $1 and id = $2 and state in ('waiting', 'running')`, tenant, simulation, done, total)
		if err == nil && n == 0 {
			return errStopped
		}
		return err
	})
}

func (m *Room) replay(ctx context.Context, tenant, simulation id.ID) error {
	s, err := m.Simulation(ctx, tenant, simulation)
	if fault.KindOf(err) == fault.NotFound || err == nil && s.State != "waiting" && s.State != "running" {
		return nil
	}
	if err != nil {
		return err
	}
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return err
	}
	var set RuleSet
	if err := json.Unmarshal([]byte(s.rules), &set); err != nil {
		return err
	}
	plan, err := Compile(set, k.active.schema)
	if err != nil {
		return err
	}
	// Half of the way is reading.
	total := 0
	report := func(done int) error { return m.advance(ctx, tenant, simulation, done, total) }
	h, err := m.history(ctx, tenant, k, s.Days, func(read, all int) error {
		total = 2 * all
		return report(min(read, all))
	})
	if err == nil {
		if len(h.Arrivals) == 0 {
			return fault.New(fault.Conflict, "simulation.empty", "there are no tickets in these days")
		}
		total = 2 * len(h.Arrivals)
		var result *Comparison
		last := time.Now()
		result, err = Simulate(ctx, h, k.active, plan, func(done, all int) error {
			if time.Since(last) < 500*time.Millisecond {
				return nil
			}
			last = time.Now()
			return report(len(h.Arrivals) + done*len(h.Arrivals)/max(all, 1))
		})
		if err == nil {
			return m.keepResult(ctx, tenant, simulation, total, result)
		}
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

func (m *Room) keepResult(ctx context.Context, tenant, simulation id.ID, total int, result *Comparison) error {
	body, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update routing_simulation set state = 'done', done = $3, total = $3, result = $4, ended_at = $5
			where tenant_id = $1 and id = $2 and state in ('waiting', 'running')`, tenant, simulation, total, string(body), m.Clock.Now())
		return err
	})
}

// pastTicket is a ticket with what a decision needs of its customer.
type pastTicket struct {
	*ticket.Ticket
	tier string
}

// recent reads tickets by id, from the newest: those after one id and before
// another.
func (m *Room) recent(ctx context.Context, tenant, after, before id.ID, limit int) ([]pastTicket, error) {
	rows, err := m.DB.Query(ctx, `select t.id, coalesce(c.tier, '') from ticket t left join customer c on c.tenant_id = t.tenant_id and c.id = t.requester_id
		where t.tenant_id = $1 and t.id > $2 and t.id < $3 and t.merged_into is null order by t.id desc limit $4`, tenant, after, before, limit)
	type row struct {
		ticket id.ID
		tier   string
	}
	list, err := db.Each(rows, err, func(r *sql.Rows) (row, error) {
		var x row
		return x, r.Scan(&x.ticket, &x.tier)
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := make([]id.ID, len(list))
	for i, x := range list {
		ids[i] = x.ticket
	}
	tickets, err := m.tickets(ctx, tenant, ids)
	if err != nil {
		return nil, err
	}
	var out []pastTicket
	for _, x := range list {
		if t := tickets[x.ticket]; t != nil {
			out = append(out, pastTicket{t, x.tier})
		}
	}
	return out, nil
}

// regionOf is where a ticket's field "region" says that it belongs: of a cascade
// the keys from the widest, with slashes between them.
func regionOf(t *ticket.Ticket) string {
	switch v := t.Fields["region"].(type) {
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = fmt.Sprint(x)
		}
		return strings.Join(parts, "/")
	}
	return ""
}

// history reads what a simulation replays, page by page: the newest tickets of
// the last days as they came in, people as they are now, and when work came to
// them.
func (m *Room) history(ctx context.Context, tenant id.ID, k *resident, days int, progress func(read, all int) error) (*History, error) {
	to := m.Clock.Now()
	h := &History{From: to.Add(-time.Duration(days) * 24 * time.Hour), To: to, Work: map[id.ID][]Stretch{}}
	h.Zone, _ = time.LoadLocation(k.dir.Tenant.TimeZone)
	pool, err := m.crewOf(ctx, tenant, k)
	if err != nil {
		return nil, err
	}
	h.Agents = pool.Agents()
	users := make([]id.ID, 0, len(h.Agents))
	for _, a := range h.Agents[:min(len(h.Agents), replayUsers)] {
		users = append(users, a.ID)
	}
	states, err := m.Roster.States(ctx, tenant)
	if err != nil {
		return nil, err
	}
	spans, err := m.Roster.Spans(ctx, tenant, users, h.From, h.To)
	if err != nil {
		return nil, err
	}
	for u, list := range spans {
		var work []Stretch
		for _, s := range list {
			if states.Settings.Works(s.State) && s.To > s.From {
				work = append(work, Stretch{s.From, s.To})
			}
		}
		if len(work) > 0 {
			h.Work[u] = work
		}
	}
	after := id.At(int64(h.From))
	var all int
	if err := m.DB.QueryRow(ctx, `select count(*) from (select 1 as one from ticket where tenant_id = $1 and id > $2 limit $3) x`, tenant, after, replayTickets).Scan(&all); err != nil {
		return nil, err
	}
	handled := map[string][]time.Duration{}
	before := id.ID(1) << 62
	for len(h.Arrivals) < replayTickets {
		page, err := m.recent(ctx, tenant, after, before, replayPage)
		if err != nil {
			return nil, err
		}
		taken, err := m.handling(ctx, tenant, page, h.Work)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			before = p.ID
			x := arrival(p, k)
			if d, ok := taken[p.ID]; ok {
				x.Handling = d
				handled[p.Channel] = append(handled[p.Channel], d)
				handled[""] = append(handled[""], d)
			}
			h.Arrivals = append(h.Arrivals, x)
		}
		if err := progress(len(h.Arrivals), all); err != nil {
			return nil, err
		}
		if len(page) < replayPage {
			break
		}
	}
	slices.Reverse(h.Arrivals)
	h.fill(handled)
	return h, nil
}

// fill gives tickets of which it is not known how long they took the median of
// their channel, or of all.
func (h *History) fill(handled map[string][]time.Duration) {
	usual := map[string]time.Duration{}
	for channel, list := range handled {
		if channel == "" || len(list) >= 5 {
			usual[channel] = median(list)
		}
	}
	for i := range h.Arrivals {
		x := &h.Arrivals[i]
		if x.Handling > 0 {
			continue
		}
		for _, d := range []time.Duration{usual[x.Matter.Ticket.Channel], usual[""], 15 * time.Minute} {
			if d > 0 {
				x.Handling = d
				break
			}
		}
	}
}

// arrival is a ticket as it came in, as far as its row still tells: what people
// changed later (type, priority, team) counts as if it had come so.
func arrival(p pastTicket, k *resident) Arrival {
	t := *p.Ticket
	t.Status, t.Assignee, t.ReopenCount, t.HoldReason, t.SnoozedUntil = ticket.New, 0, 0, "", 0
	x := &Matter{Ticket: &t, Tier: p.tier, Confidence: 1, Region: regionOf(&t), Nearby: Nearby(k.catalog, t.Category), At: t.CreatedAt}
	return Arrival{Matter: x, Promise: firstAct[t.Priority]}
}

// firstAct is the time to the first act that the shipped promises give, by
// priority: a simulation compares two rule sets by the same measure, whatever
// the tenant promises.
var firstAct = map[ticket.Priority]time.Duration{ticket.Urgent: 30 * time.Minute, ticket.High: time.Hour, ticket.Normal: 2 * time.Hour, ticket.Low: 8 * time.Hour}

// handling measures for how long tickets took room: from the moment somebody
// had them to solved, without the time on hold, and of that only the time in
// which their agent was at work. Tickets that are not solved are not measured.
func (m *Room) handling(ctx context.Context, tenant id.ID, page []pastTicket, work map[id.ID][]Stretch) (map[id.ID]time.Duration, error) {
	ids := make([]id.ID, 0, len(page))
	for _, p := range page {
		if p.SolvedAt != 0 && p.Assignee != 0 {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	in, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	type act struct {
		ticket id.ID
		at     clock.Time
		data   string
	}
	rows, err := m.DB.Query(ctx, `select ticket_id, at, data from ticket_event where tenant_id = $1 and ticket_id in (select cast(x.value as bigint) from `+
		m.DB.Engine().JSONEach("$2", "x")+`) and name in ('created', 'assign', 'transfer', 'status', 'message') order by ticket_id, seq`, tenant, string(in))
	acts, err := db.Each(rows, err, func(r *sql.Rows) (act, error) {
		var x act
		return x, r.Scan(&x.ticket, &x.at, &x.data)
	})
	if err != nil {
		return nil, err
	}
	by := map[id.ID][]taken{}
	for _, a := range acts {
		var d ticket.EventData
		if json.Unmarshal([]byte(a.data), &d) != nil {
			continue
		}
		for _, c := range d.Changes {
			if c.Field == "assignee" || c.Field == "status" {
				to, _ := c.To.(string)
				by[a.ticket] = append(by[a.ticket], taken{a.at, c.Field, to})
			}
		}
	}
	out := map[id.ID]time.Duration{}
	for _, p := range page {
		if p.SolvedAt == 0 || p.Assignee == 0 {
			continue
		}
		d := time.Duration(0)
		for _, s := range occupied(p.Ticket, by[p.ID]) {
			if mine := work[p.Assignee]; len(mine) > 0 {
				d += within(mine, s.From, s.To)
			} else {
				d += s.To.Sub(s.From)
			}
		}
		out[p.ID] = max(d, time.Minute)
	}
	return out, nil
}

// taken is a change of who has a ticket, or of its status.
type taken struct {
	at    clock.Time
	field string
	to    string
}

// occupied are the times in which a solved ticket took somebody's room.
func occupied(t *ticket.Ticket, acts []taken) (out []Stretch) {
	status, held := ticket.New, !slices.ContainsFunc(acts, func(a taken) bool { return a.field == "assignee" })
	from := t.CreatedAt
	for _, a := range append(acts, taken{t.SolvedAt, "status", "solved"}) {
		at := min(a.at, t.SolvedAt)
		if held && status.Active() && status != ticket.OnHold && at > from {
			out = append(out, Stretch{from, at})
		}
		from = at
		if a.field == "assignee" {
			held = a.to != ""
		} else if status.UnmarshalText([]byte(a.to)) != nil {
			status = ticket.Open
		}
	}
	return out
}
