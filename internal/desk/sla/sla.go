// Package sla keeps the promises made to customers (SLA 策略 and SLA 计时): how
// soon a ticket is answered, kept up to date and resolved.
//
// It promises:
//
//   - A clock is never wrong. It is a list of intervals, running or paused,
//     each measured by the business calendar that held then. What has elapsed
//     stays when priority, policy, calendar or target change; only the rest is
//     measured anew. The same history always gives the same clocks.
//
//   - A ticket is born with its clocks, in the transaction that makes it, and
//     every change that matters moves them in its own transaction.
//
//   - A warning and a breach are told once, whatever restarts in between.
//
//   - Nothing but a person's public answer stops the clock of an answer, and an
//     AI's where the policy says so; an automatic acknowledgement never.
//
//   - A department or team that a ticket passes through is measured for as long
//     as it holds the ticket (OLA 部门时限), however often it comes back.
//
//   - Time that an extension gives counts from its approval on, and what the
//     promise would have been without it is kept beside it.
//
// sla.go and check.go hold the policies, clock.go and steps.go one clock,
// sheet.go, condition.go and unit.go the clocks of a ticket; they do no I/O. pass.go, jobs.go,
// room.go, standing.go and store.go join them to tickets, timers and the store;
// told.go knows who is told, extension.go and supervise.go hold what people ask
// and order, report.go counts; show.go and api*.go let them be seen.
package sla

import (
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// Metric is what a clock measures.
type Metric string

// Metrics.
const (
	FirstResponse Metric = "first_response" // from the ticket's birth to the first answer
	NextResponse  Metric = "next_response"  // from the customer's message to the answer, each time
	Update        Metric = "update"         // from one word of ours to the next, while the ticket is active
	Arrival       Metric = "arrival"        // until somebody is at the customer's place; conditions say from when on, and that they are
	Resolution    Metric = "resolution"     // from birth to solved
)

// Metrics in the order in which they are shown.
var Metrics = []Metric{FirstResponse, NextResponse, Update, Arrival, Resolution}

// Metrics of the units that a ticket passes through. A clock's own metric names
// the unit too, as in department:42.
const (
	OfDepartment Metric = "department"
	OfTeam       Metric = "team"
)

// Policy says what is promised on the tickets that it fits. A version of a
// policy never changes.
type Policy struct {
	ID         id.ID     `json:"id" readOnly:"true"`
	Version    int64     `json:"version" readOnly:"true"`
	Name       string    `json:"name" minLength:"1" maxLength:"100"`
	When       string    `json:"when,omitempty" maxLength:"4096" doc:"condition on the ticket; empty fits all"`
	Targets    []Target  `json:"targets" maxItems:"5"`
	Pauses     []Pause   `json:"pauses,omitempty" maxItems:"20"`
	PauseLimit int       `json:"pause_limit_minutes,omitempty" minimum:"0" maximum:"5256000" doc:"longest single pause in minutes of the day; 0: no limit"`
	PauseTotal int       `json:"pause_total_minutes,omitempty" minimum:"0" maximum:"5256000" doc:"all pauses of a clock together; 0: no limit"`
	StopOn     StopOn    `json:"stop_on,omitzero"`
	Reopen     string    `json:"reopen,omitempty" enum:"continue,restart" doc:"what a reopened ticket's resolution clock does: goes on with its rest, or begins anew"`
	Warnings   []Warning `json:"warnings,omitempty" maxItems:"10"`
	Chain      []Link    `json:"chain,omitempty" maxItems:"10" doc:"who is told when nobody acts on a warning or a breach"`
	Extensions int       `json:"extensions,omitempty" minimum:"0" maximum:"10" doc:"how often a promise on a ticket may be extended; 0: never"`
	Units      []Unit    `json:"units,omitempty" maxItems:"100" doc:"how long departments and teams may hold a ticket"`

	when   *expr.Program
	pauses []*expr.Program
}

// Target is what is promised for one metric, by priority. A priority without a
// promise is measured but never due.
type Target struct {
	Metric Metric   `json:"metric" enum:"first_response,next_response,update,arrival,resolution"`
	Urgent *Promise `json:"urgent,omitempty"`
	High   *Promise `json:"high,omitempty"`
	Normal *Promise `json:"normal,omitempty"`
	Low    *Promise `json:"low,omitempty"`
	Start  string   `json:"start,omitempty" maxLength:"4096" doc:"of arrival: the condition from which on it is measured, again each time that it comes true; empty: from the ticket's birth"`
	Stop   string   `json:"stop,omitempty" maxLength:"4096" doc:"a condition that ends the clock: arrival has one, first_response and resolution may, beside what ends them anyway"`

	start, stop *expr.Program
}

// Promise is an amount of time in a business calendar.
type Promise struct {
	Minutes  int    `json:"minutes" minimum:"1" maximum:"525600"`
	Calendar string `json:"calendar,omitempty" maxLength:"64" doc:"a calendar; always: around the clock; empty: that of the ticket's team, department or company"`
}

// Always is the calendar in which every hour counts.
const Always = "always"

// Pause stops clocks for as long as all that it names is so.
type Pause struct {
	Statuses    []string `json:"statuses,omitempty" maxItems:"7"`
	HoldReasons []string `json:"hold_reasons,omitempty" maxItems:"50"`
	When        string   `json:"when,omitempty" maxLength:"4096"`
	Metrics     []Metric `json:"metrics,omitempty" maxItems:"7" doc:"empty: all"`
}

// StopOn says what counts as an answer beside a person's public reply.
type StopOn struct {
	AI    bool   `json:"ai,omitempty" doc:"an answer of the AI agent"`
	Solve bool   `json:"solve,omitempty" doc:"solving without a word: else the clock is stopped and not counted"`
	By    string `json:"by,omitempty" enum:"staff,assignee" doc:"whose public reply answers: anybody's of the staff, or the assignee's alone"`
}

// Warning is a point before the breach that is told: a percentage of the
// target, or minutes of business time before its end.
type Warning struct {
	Percent int `json:"percent,omitempty" minimum:"0" maximum:"99"`
	Before  int `json:"before_minutes,omitempty" minimum:"0" maximum:"525600"`
}

// Link of the chain along which a promise that is in danger is escalated: so
// many minutes of the day after the first warning or the breach somebody is
// told, and again until somebody acknowledges.
type Link struct {
	On      string   `json:"on" enum:"warning,breach"`
	After   int      `json:"after_minutes" minimum:"0" maximum:"525600"`
	To      string   `json:"to" enum:"assignee,team,department,people" doc:"the assignee, the leads of the team, those who lead the department, or named people"`
	People  []id.ID  `json:"people,omitempty" maxItems:"20"`
	Every   int      `json:"every_minutes,omitempty" minimum:"0" maximum:"525600" doc:"again after so many minutes; 0: once"`
	Times   int      `json:"times,omitempty" minimum:"0" maximum:"20" doc:"how often again"`
	Metrics []Metric `json:"metrics,omitempty" maxItems:"7" doc:"empty: all"`
}

// Ends of a link.
const (
	ToAssignee   = "assignee"
	ToTeam       = "team"
	ToDepartment = "department"
	ToPeople     = "people"
)

// Reopening.
const (
	Continue = "continue"
	Restart  = "restart"
)

// Default is the shipped policy. The promises of urgent, high and normal
// tickets hold around the clock; those of low ones in business time, of which
// the shipped calendar has nine hours a day.
func Default() Policy {
	always := func(minutes int) *Promise { return &Promise{minutes, Always} }
	return Policy{
		Name: "Default",
		Targets: []Target{
			{Metric: FirstResponse, Urgent: always(30), High: always(60), Normal: always(120), Low: &Promise{Minutes: 8 * 60}},
			{Metric: Resolution, Urgent: always(24 * 60), High: always(36 * 60), Normal: always(48 * 60), Low: &Promise{Minutes: 5 * 9 * 60}},
		},
		Pauses:     []Pause{{Statuses: []string{"pending", "on_hold"}, Metrics: []Metric{Update, Resolution}}},
		Reopen:     Continue,
		Warnings:   []Warning{{Percent: 75}},
		Extensions: 2,
	}
}

// promise is what the policy says for a metric at a priority.
func (p *Policy) promise(m Metric, priority string) *Promise {
	if p == nil {
		return nil
	}
	if kind, unit := m.Unit(); unit != 0 {
		return p.ofUnit(kind, unit, priority)
	}
	if t := p.target(m); t != nil {
		return t.at(priority)
	}
	return nil
}

// target is what the policy says of a metric; nil: nothing.
func (p *Policy) target(m Metric) *Target {
	if p == nil {
		return nil
	}
	if i := slices.IndexFunc(p.Targets, func(t Target) bool { return t.Metric == m }); i >= 0 {
		return &p.Targets[i]
	}
	return nil
}

func (t *Target) at(priority string) *Promise {
	return choose(priority, t.Urgent, t.High, t.Normal, t.Low)
}

func choose(priority string, urgent, high, normal, low *Promise) *Promise {
	switch priority {
	case "urgent":
		return urgent
	case "high":
		return high
	case "low":
		return low
	}
	return normal
}

// has reports whether the policy promises anything for a metric.
func (p *Policy) has(m Metric) bool { return p.target(m) != nil }

// pausedBy names what pauses a metric's clocks on this ticket; empty: nothing.
func (p *Policy) pausedBy(m Metric, row expr.Row, binds expr.Binds) (string, error) {
	if p == nil {
		return "", nil
	}
	m, _ = m.Unit()
	status, hold := word(row, "status"), word(row, "hold_reason")
	for i, x := range p.Pauses {
		if len(x.Metrics) > 0 && !slices.Contains(x.Metrics, m) ||
			len(x.Statuses) > 0 && !slices.Contains(x.Statuses, status) ||
			len(x.HoldReasons) > 0 && !slices.Contains(x.HoldReasons, hold) {
			continue
		}
		if p.pauses[i] != nil {
			if ok, err := p.pauses[i].Eval(row, binds); err != nil || !ok {
				if err != nil {
					return "", err
				}
				continue
			}
		}
		switch {
		case hold != "":
			return status + ":" + hold, nil
		case len(x.Statuses) > 0:
			return status, nil
		}
		return "condition", nil
	}
	return "", nil
}

// allowed is how long a pause may last when used is what earlier ones took;
// negative: without limit.
func (p *Policy) allowed(used time.Duration) time.Duration {
	d := time.Duration(-1)
	if p == nil {
		return d
	}
	if p.PauseLimit > 0 {
		d = time.Duration(p.PauseLimit) * time.Minute
	}
	if p.PauseTotal > 0 {
		rest := max(time.Duration(p.PauseTotal)*time.Minute-used, 0)
		if d < 0 || rest < d {
			d = rest
		}
	}
	return d
}

// Calendar is business time. Add is the moment at which d of it has passed
// since from, the earliest one; false when that is too far away. Between is
// how much of it lies between a and b.
type Calendar interface {
	Add(from clock.Time, d time.Duration) (clock.Time, bool)
	Between(a, b clock.Time) time.Duration
}

// allDay is calendar time.
type allDay struct{}

func (allDay) Add(from clock.Time, d time.Duration) (clock.Time, bool) { return from.Add(d), true }
func (allDay) Between(a, b clock.Time) time.Duration                   { return max(b.Sub(a), 0) }

// Rules are a tenant's policies and calendars at one moment.
type Rules struct {
	Policies []*Policy // in order: the first that fits holds
	// Past finds an earlier version of a policy, nil when there is none. A
	// ticket stays with the version that it came under.
	Past func(policy id.ID, version int64) *Policy
	// Name is the full name of the calendar that a promise's key means for a
	// ticket now. A calendar that changes gets another name (such as a
	// version), so that time that has passed stays measured as it was.
	Name func(key string, row expr.Row) string
	// Calendar finds a calendar by its full name; nil: time around the clock.
	Calendar func(name string) Calendar
	Binds    expr.Binds
}

func (r *Rules) name(key string, row expr.Row) string {
	if key == Always || r.Name == nil {
		return key
	}
	return r.Name(key, row)
}

func (r *Rules) calendar(name string) Calendar {
	if name != Always && r.Calendar != nil {
		if c := r.Calendar(name); c != nil {
			return c
		}
	}
	return allDay{}
}

// pick is the policy for a ticket that is under another one now (or none).
func (r *Rules) pick(row expr.Row, now id.ID, version int64, renew bool) (*Policy, error) {
	for _, p := range r.Policies {
		if p.when != nil {
			ok, err := p.when.Eval(row, r.Binds)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		if p.ID == now && p.Version != version && !renew && r.Past != nil {
			if old := r.Past(now, version); old != nil {
				return old, nil
			}
		}
		return p, nil
	}
	return nil, nil
}

func word(row expr.Row, field string) string {
	s, _ := row(field).(string)
	return s
}
