package sla

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Shown is a clock as it stands, for lists and for the ticket.
type Shown struct {
	Metric  Metric        `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team"`
	Unit    id.ID         `json:"unit_id,omitzero" doc:"of a department's or a team's clock"`
	Round   int           `json:"round"`
	State   State         `json:"state" enum:"running,paused,breached,met,stopped"`
	Start   clock.Time    `json:"started_at"`
	DueAt   clock.Time    `json:"due_at,omitzero" doc:"absent while it is paused without end, or nothing is promised"`
	EndedAt clock.Time    `json:"ended_at,omitzero"`
	Cause   string        `json:"cause,omitempty" doc:"what ended it"`
	Target  float64       `json:"target_seconds,omitempty"`
	Elapsed float64       `json:"elapsed_seconds" doc:"business time until now"`
	Left    float64       `json:"left_seconds" doc:"negative after a breach"`
	Runs    bool          `json:"runs" doc:"whether business time passes at this moment unless the calendar is closed"`
	Why     []WhyInterval `json:"why,omitempty" doc:"its intervals, on a single ticket"`

	Warned   clock.Time `json:"warn_at,omitzero" doc:"when the first warning is or was due"`
	Extra    float64    `json:"extra_seconds,omitempty" doc:"that extensions have added to the target"`
	Original State      `json:"original_state,omitempty" enum:"met,breached,stopped" doc:"how it would have ended without extensions"`
	Acked    *ShownAck  `json:"acknowledged,omitempty"`
	Reason   string     `json:"breach_reason,omitempty"`
	Note     string     `json:"breach_note,omitempty"`
	metric   Metric
}

// ShownAck is who took a clock in danger in hand.
type ShownAck struct {
	By ticket.Ref `json:"by"`
	At clock.Time `json:"at"`
	On string     `json:"on" enum:"warning,breach"`
}

// WhyInterval explains a stretch of a clock.
type WhyInterval struct {
	From     clock.Time `json:"from"`
	To       clock.Time `json:"to,omitzero"`
	Mode     Mode       `json:"mode" enum:"running,paused,over"`
	Why      string     `json:"why,omitempty"`
	Calendar string     `json:"calendar"`
	Target   float64    `json:"target_seconds,omitempty"`
	Counted  float64    `json:"counted_seconds"`
}

func (c *Clock) shown(r *Rules, now clock.Time, why bool, name func(string) string) Shown {
	kind, unit := c.Metric.Unit()
	x := Shown{Metric: kind, Unit: unit, metric: c.Metric, Extra: c.Extra.Seconds(), Original: c.Original, Round: c.Round, State: c.State(r, now), Start: c.Start, DueAt: c.DueAt(r), EndedAt: c.EndedAt, Cause: c.Cause,
		Target: c.Target.Seconds(), Elapsed: c.Elapsed(r, now).Seconds(), Left: c.Left(r, now).Seconds(),
		Runs: c.Open() && (c.last().Mode == Running || c.ResumeAt != 0 && now >= c.ResumeAt)}
	if why {
		for i := range c.Intervals {
			v := &c.Intervals[i]
			spent := v.Spent
			if v.To == 0 && v.Mode == Running && now > v.From {
				spent = r.calendar(v.Calendar).Between(v.From, now)
			}
			x.Why = append(x.Why, WhyInterval{v.From, v.To, v.Mode, v.Why, name(v.Calendar), v.Target.Seconds(), spent.Seconds()})
		}
	}
	return x
}

// maxShown bounds how many rounds of old a ticket shows.
const maxShown = 200

// Story is all there is to know of a ticket's promises.
type Story struct {
	Policy       id.ID          `json:"policy_id,omitzero"`
	Version      int64          `json:"policy_version,omitempty"`
	Name         string         `json:"policy_name,omitempty"`
	Now          clock.Time     `json:"now" doc:"of the server, as of which all is said"`
	Items        []Shown        `json:"items" doc:"by their beginning; the newest 200"`
	Told         []ShownTold    `json:"told" doc:"who has been told of what, the newest first"`
	Extensions   []*Extension   `json:"extensions" doc:"the newest first"`
	Supervisions []*Supervision `json:"supervisions" doc:"the newest first"`
	Counts       Counts         `json:"counts"`
}

// ShownTold is a step that people were told of.
type ShownTold struct {
	Kind   string       `json:"kind" enum:"warning,breach,escalation,yellow_card,red_card"`
	Metric Metric       `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team,supervision"`
	Unit   id.ID        `json:"unit_id,omitzero"`
	Round  int          `json:"round"`
	Step   string       `json:"step" doc:"breach, percent:75, before:30, chain:2"`
	DueAt  clock.Time   `json:"due_at,omitzero"`
	At     clock.Time   `json:"at"`
	To     []ticket.Ref `json:"to"`
}

// told reads the steps of a ticket, the newest first.
func (m *Room) told(ctx context.Context, dir *staff.Directory, tenant, of id.ID) ([]ShownTold, error) {
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select kind, metric, round, step, due_at, at, users from sla_step where tenant_id = $1 and ticket_id = $2
		order by at desc, metric, step limit %d`, maxShown), tenant, of)
	list, err := db.Each(rows, err, func(r *sql.Rows) (x ShownTold, err error) {
		var metric, users string
		if err := r.Scan(&x.Kind, &metric, &x.Round, &x.Step, &x.DueAt, &x.At, &users); err != nil {
			return x, err
		}
		x.Metric, x.Unit = Metric(metric).Unit()
		if x.Kind == "" {
			x.Kind = kindOf(x.Step)
		}
		var people []id.ID
		if err := json.Unmarshal([]byte(users), &people); err != nil {
			return x, err
		}
		x.To = []ticket.Ref{}
		for _, u := range people {
			x.To = append(x.To, *ref(dir, u))
		}
		return x, nil
	})
	if list == nil {
		list = []ShownTold{}
	}
	return list, err
}

// requests reads what was asked and ordered on a ticket, the newest first.
func (m *Room) requests(ctx context.Context, dir *staff.Directory, tenant, of id.ID) ([]*Extension, []*Supervision, error) {
	rows, err := m.DB.Query(ctx, `select `+extensionColumns+` from sla_extension where tenant_id = $1 and ticket_id = $2 order by id desc limit 100`, tenant, of)
	extensions, err := db.Each(rows, err, func(r *sql.Rows) (*Extension, error) {
		x, err := scanExtension(r)
		if err == nil {
			x.name(dir)
		}
		return x, err
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err = m.DB.Query(ctx, `select `+supervisionColumns+` from sla_supervision where tenant_id = $1 and ticket_id = $2 order by id desc limit 100`, tenant, of)
	supervisions, err := db.Each(rows, err, func(r *sql.Rows) (*Supervision, error) {
		x, err := scanSupervision(r)
		if err == nil {
			x.name(dir)
		}
		return x, err
	})
	return append([]*Extension{}, extensions...), append([]*Supervision{}, supervisions...), err
}

// Of is the story of a ticket's promises as it stands now. Reach is the
// caller's business.
func (m *Room) Of(ctx context.Context, tenant, of id.ID) (*Story, error) {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return nil, err
	}
	now := m.Clock.Now()
	out := &Story{Now: now, Items: []Shown{}, Told: []ShownTold{}, Extensions: []*Extension{}, Supervisions: []*Supervision{}}
	x, err := loadSheet(ctx, m.DB, tenant, of, 0)
	if err != nil || x == nil {
		return out, err
	}
	r, err := m.rules(ctx, m.DB, k, tenant, x.Sheet)
	if err != nil {
		return nil, err
	}
	out.Counts = x.Counts
	if p := x.policy(r); p != nil {
		out.Policy, out.Version, out.Name = p.ID, p.Version, p.Name
	}
	if out.Told, err = m.told(ctx, k.dir, tenant, of); err != nil {
		return nil, err
	}
	if out.Extensions, out.Supervisions, err = m.requests(ctx, k.dir, tenant, of); err != nil {
		return nil, err
	}
	reasons, err := m.reasons(ctx, tenant, of)
	if err != nil {
		return nil, err
	}
	clocks := x.Clocks[max(0, len(x.Clocks)-maxShown):]
	list := make([]Shown, len(clocks))
	for i, c := range clocks {
		list[i] = c.shown(r, now, true, func(name string) string {
			key, _, _ := strings.Cut(name, "@")
			if calendarID, err := id.Parse(key); err == nil {
				if e, ok := k.set.Entry(calendarID); ok {
					return e.Key
				}
			}
			return name
		})
		list[i].Warned = c.warnAt(r, x.policy(r))
		if a := c.Ack; a != nil {
			list[i].Acked = &ShownAck{*ref(k.dir, a.By), a.At, a.On}
		}
		why := reasons[clockKey{c.Metric, c.Round}]
		list[i].Reason, list[i].Note = why[0], why[1]
	}
	out.Items = list
	return out, nil
}

// warnAt is when the first warning is due; zero: none is.
func (c *Clock) warnAt(r *Rules, p *Policy) (first clock.Time) {
	if p == nil || c.Target == 0 {
		return 0
	}
	for _, w := range p.Warnings {
		if d, _ := c.warning(w); d > 0 {
			if at := c.reaches(r, d); at != 0 && (first == 0 || at < first) {
				first = at
			}
		}
	}
	return first
}

// Due is the open clocks of several tickets with what lists show: state, due
// date, what is left. Reach is the caller's business.
func (m *Room) Due(ctx context.Context, tenant id.ID, tickets []id.ID) (map[id.ID][]Shown, error) {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return nil, err
	}
	now, out := m.Clock.Now(), map[id.ID][]Shown{}
	for part := range slices.Chunk(tickets, 500) {
		raw, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		rows, err := m.DB.Query(ctx, `select c.ticket_id, c.body from sla_clock c where c.tenant_id = $1 and c.ended_at is null and c.target > 0
			and c.ticket_id in (select cast(x.value as bigint) from `+m.DB.Engine().JSONEach("$2", "x")+`) order by c.due_at`, tenant, string(raw))
		type row struct {
			ticket id.ID
			body   string
		}
		list, err := db.Each(rows, err, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.ticket, &x.body) })
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			c := &Clock{}
			if err := json.Unmarshal([]byte(x.body), c); err != nil {
				return nil, err
			}
			r, err := m.rules(ctx, m.DB, k, tenant, &Sheet{Clocks: []*Clock{c}})
			if err != nil {
				return nil, err
			}
			out[x.ticket] = append(out[x.ticket], c.shown(r, now, false, nil))
		}
	}
	return out, nil
}

// Soon is an open promise that is or will soon be broken.
type Soon struct {
	Ticket   id.ID           `json:"ticket_id"`
	Number   string          `json:"number"`
	Subject  string          `json:"subject"`
	Priority ticket.Priority `json:"priority"`
	Assignee id.ID           `json:"assignee_id,omitzero"`
	Team     id.ID           `json:"team_id,omitzero"`
	Metric   Metric          `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team"`
	Unit     id.ID           `json:"unit_id,omitzero" doc:"of a department's or a team's clock"`
	State    State           `json:"state" enum:"running,breached"`
	Start    clock.Time      `json:"started_at"`
	Warned   clock.Time      `json:"warn_at,omitzero" doc:"when the first warning is or was due"`
	DueAt    clock.Time      `json:"due_at"`
	Left     float64         `json:"left_seconds" doc:"time of the day until it is due; negative after it"`
}

// maxLooked bounds how many clocks are looked at for a short list.
const maxLooked = 500

// Soon lists the open clocks in the actor's reach that are due until a moment,
// the earliest first. more says that the list, or the looking, came to its end
// before the clocks did.
func (m *Room) Soon(ctx context.Context, a *staff.Actor, until clock.Time, limit int) (list []Soon, more bool, err error) {
	type row struct {
		Soon
		policy  id.ID
		version int64
		body    string
	}
	rows, err := m.DB.Query(ctx, fmt.Sprintf(`select c.ticket_id, c.due_at, c.body, coalesce(t.policy_id, 0), coalesce(t.policy_version, 0)
		from (select ticket_id, due_at, body from sla_clock where tenant_id = $1 and ended_at is null and due_at is not null and due_at <= $2 order by due_at, ticket_id limit %d) c
		join sla_ticket t on t.tenant_id = $1 and t.ticket_id = c.ticket_id order by c.due_at, c.ticket_id`, maxLooked), a.Tenant, until)
	found, err := db.Each(rows, err, func(r *sql.Rows) (x row, err error) {
		return x, r.Scan(&x.Ticket, &x.DueAt, &x.body, &x.policy, &x.version)
	})
	if err != nil {
		return nil, false, err
	}
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return nil, false, err
	}
	now, list := m.Clock.Now(), []Soon{}
	for _, f := range found {
		x := f.Soon
		if len(list) == limit {
			return list, true, nil
		}
		t, err := m.Desk.Get(ctx, a, x.Ticket)
		if k := fault.KindOf(err); k == fault.NotFound || k == fault.Forbidden {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		x.Number, x.Subject, x.Priority, x.Assignee, x.Team = t.Number, t.Subject, t.Priority, t.Assignee, t.Team
		c := &Clock{}
		if err := json.Unmarshal([]byte(f.body), c); err != nil {
			return nil, false, err
		}
		s := &Sheet{Policy: f.policy, Version: f.version, Clocks: []*Clock{c}}
		r, err := m.rules(ctx, m.DB, k, a.Tenant, s)
		if err != nil {
			return nil, false, err
		}
		x.Metric, x.Unit = c.Metric.Unit()
		x.Start, x.Warned = c.Start, c.warnAt(r, s.policy(r))
		x.State, x.Left = StateRunning, x.DueAt.Sub(now).Seconds()
		if now > x.DueAt {
			x.State = StateBreached
		}
		list = append(list, x)
	}
	return list, len(found) == maxLooked, nil
}
