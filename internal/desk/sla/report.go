package sla

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
)

// Reasons are why a promise was broken (超时原因).
var Reasons = []string{"staffing", "waiting_customer", "waiting_supplier", "complex", "system", "handover", "forgotten", "other"}

// ReasonInput says why a promise was broken.
type ReasonInput struct {
	Metric Metric `json:"metric" enum:"first_response,next_response,update,resolution,department,team"`
	Unit   id.ID  `json:"unit_id,omitzero" doc:"of a department's or a team's clock"`
	Round  int    `json:"round,omitempty" minimum:"0" doc:"default the newest that is broken"`
	Reason string `json:"reason" enum:"staffing,waiting_customer,waiting_supplier,complex,system,handover,forgotten,other"`
	Note   string `json:"note,omitempty" maxLength:"500"`
}

// EventReason is the kind of EventStep by which somebody says why a promise was
// broken.
const EventReason = "breach_reason"

// Explain says why a promise was broken.
func (m *Room) Explain(ctx context.Context, a *staff.Actor, ticketID id.ID, in ReasonInput) error {
	note, err := words("note", in.Note, false, 500)
	if err != nil {
		return err
	}
	if !slices.Contains(Reasons, in.Reason) {
		return fault.Bad("reason", "choice", "a reason is one of %v", Reasons)
	}
	metric := of(in.Metric, in.Unit)
	return m.on(ctx, a, ticketID, staff.TicketUpdate, func(ctx context.Context, o *opened) error {
		round := in.Round
		if round == 0 {
			var last sql.NullInt64
			if err := o.Tx.QueryRow(ctx, `select max(round) from sla_clock where tenant_id = $1 and ticket_id = $2 and metric = $3 and state = 'breached'`,
				a.Tenant, ticketID, string(metric)).Scan(&last); err != nil {
				return err
			}
			round = int(last.Int64)
		}
		done, err := o.Tx.Exec(ctx, `update sla_clock set reason = $5, reason_note = $6 where tenant_id = $1 and ticket_id = $2 and metric = $3 and round = $4 and state = 'breached'`,
			a.Tenant, ticketID, string(metric), round, in.Reason, note)
		if err != nil {
			return err
		}
		if done == 0 {
			return fault.New(fault.Conflict, "sla.not_broken", "no promise was broken there")
		}
		o.c.Append(EventStep, ticket.EventData{Kind: EventReason, Reason: o.c.Say("reason", note), Changes: []ticket.FieldChange{{Field: string(metric), To: in.Reason}}})
		return nil
	})
}

// reasons reads why promises on a ticket were broken, with a note.
func (m *Room) reasons(ctx context.Context, tenant, of id.ID) (map[clockKey][2]string, error) {
	rows, err := m.DB.Query(ctx, `select metric, round, reason, reason_note from sla_clock where tenant_id = $1 and ticket_id = $2 and reason <> ''`, tenant, of)
	out := map[clockKey][2]string{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var k clockKey
		var why [2]string
		err := r.Scan(&k.metric, &k.round, &why[0], &why[1])
		out[k] = why
		return struct{}{}, err
	})
	return out, err
}

// By is what a report is broken down by.
type By string

// Breakdowns. A unit is the department or team whose own clock is counted.
const (
	ByPolicy     By = "policy"
	ByTeam       By = "team"
	ByDepartment By = "department"
	ByAgent      By = "agent"
	ByCategory   By = "category"
	ByWeek       By = "week"
	ByUnit       By = "unit"
)

var columnOf = map[By]string{ByPolicy: "coalesce(c.policy_id, 0)", ByTeam: "coalesce(c.team_id, 0)", ByDepartment: "coalesce(c.department_id, 0)",
	ByAgent: "coalesce(c.assignee_id, 0)", ByCategory: "coalesce(c.category_id, 0)", ByUnit: "0"}

// Bounds of a report.
const (
	maxReport   = 400 * 24 * time.Hour
	maxCells    = 20000
	reportLimit = 20 * time.Second
)

// Report is how promises that ended within a time were kept.
type Report struct {
	From  clock.Time `json:"from"`
	To    clock.Time `json:"to"`
	By    By         `json:"by"`
	Items []Line     `json:"items"`
	Total []Line     `json:"total" doc:"by metric, of all items together"`
}

// Line is one metric of one policy, team, agent, category or week.
type Line struct {
	ID       id.ID      `json:"id,omitzero"`
	Name     string     `json:"name,omitempty" doc:"absent where there is none: nobody's, or none"`
	Week     clock.Time `json:"week,omitzero" doc:"its Monday, in the company's time zone"`
	Metric   Metric     `json:"metric" enum:"first_response,next_response,update,resolution,department,team"`
	Met      int64      `json:"met"`
	Breached int64      `json:"breached"`
	Stopped  int64      `json:"stopped" doc:"ended without a verdict, not counted in attainment"`
	// Attainment is met ÷ (met + breached); absent when there are none.
	Attainment *float64 `json:"attainment,omitempty" minimum:"0" maximum:"1"`
	// Original is the same as if nothing had been extended.
	OriginalMet      int64            `json:"original_met"`
	OriginalBreached int64            `json:"original_breached"`
	Original         *float64         `json:"original_attainment,omitempty" minimum:"0" maximum:"1"`
	Elapsed          float64          `json:"elapsed_seconds" doc:"mean business time of those with a verdict"`
	Paused           float64          `json:"paused_seconds" doc:"mean time of the day in pauses"`
	Reasons          map[string]int64 `json:"reasons" doc:"why promises were broken, where somebody has said so"`

	elapsed, paused int64
}

type cell struct {
	key                     int64
	metric                  Metric
	state, original, reason string
	n, elapsed, paused      int64
}

// Report counts the clocks that ended from a moment until before another, as
// far as the actor may read reports. Metric, when given, is the only one;
// otherwise those that are promised to customers.
func (m *Room) Report(ctx context.Context, a *staff.Actor, from, to clock.Time, by By, metric Metric) (*Report, error) {
	column, ok := columnOf[by]
	bucket := int64(3_600_000)
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(dir.Tenant.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	if by == ByWeek {
		// Hours, or quarters of them where the zone needs it, are put into
		// weeks here, so that changes of the clock fall where they do.
		if _, offset := from.Std().In(zone).Zone(); offset%3600 != 0 {
			bucket = 900_000
		}
		column, ok = fmt.Sprintf("c.ended_at / %d", bucket), true
	}
	if !ok {
		return nil, fault.Bad("by", "choice", "a report is by policy, team, department, agent, category, week or unit")
	}
	if to <= from || to.Sub(from) > maxReport {
		return nil, fault.Bad("to", "range", "a report spans more than nothing and at most 400 days")
	}
	args := []any{a.Tenant, from, to}
	arg := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	where := `c.tenant_id = $1 and c.ended_at >= $2 and c.ended_at < $3 and c.original <> 'unpromised'`
	switch {
	case metric == OfDepartment || metric == OfTeam:
		where += " and c.metric like " + arg(string(metric)+":%")
	case by == ByUnit:
		where += " and c.metric like '%:%'"
	case metric != "":
		where += " and c.metric = " + arg(string(metric))
	default:
		where += " and c.metric not like '%:%'"
	}
	where += m.withinReach(a, arg)
	within, cancel := context.WithTimeout(ctx, reportLimit)
	defer cancel()
	rows, err := m.DB.Query(within, fmt.Sprintf(`select %s, c.metric, c.state, c.original, c.reason, count(*), cast(sum(c.elapsed) as bigint), cast(sum(c.paused) as bigint) from sla_clock c where %s
		group by 1, 2, 3, 4, 5 limit %d`, column, where, weekCells(by)+1), args...)
	cells, err := db.Each(rows, err, func(r *sql.Rows) (x cell, err error) {
		return x, r.Scan(&x.key, &x.metric, &x.state, &x.original, &x.reason, &x.n, &x.elapsed, &x.paused)
	})
	if err != nil && ctx.Err() == nil && within.Err() != nil || len(cells) > weekCells(by) {
		return nil, fault.New(fault.Unavailable, "sla.report_too_large", "this report is too large; ask for a shorter time")
	}
	if err != nil {
		return nil, err
	}
	catalog, err := m.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	policies, err := loadPolicies(ctx, m.DB, a.Tenant)
	if err != nil {
		return nil, err
	}
	out := &Report{From: from, To: to, By: by}
	names := namer{dir, catalog, policies, a.Locale}
	out.Items = fold(cells, func(x cell) Line {
		l := Line{ID: id.ID(x.key), Metric: x.metric}
		kind, unit := x.metric.Unit()
		if unit != 0 {
			l.Metric = kind
		}
		switch by {
		case ByWeek:
			l.ID, l.Week = 0, monday(clock.Time(x.key*bucket), zone)
		case ByUnit:
			l.ID, l.Name = unit, names.unit(kind, unit)
		default:
			l.Name = names.of(by, l.ID)
		}
		return l
	})
	out.Total = fold(cells, func(x cell) Line { kind, _ := x.metric.Unit(); return Line{Metric: kind} })
	return out, nil
}

func weekCells(by By) int {
	if by == ByWeek {
		return 10 * maxCells
	}
	return maxCells
}

// withinReach is the data scope of reports as a condition.
func (m *Room) withinReach(a *staff.Actor, arg func(any) string) string {
	s := a.Scope(staff.ReportRead)
	if s == staff.ScopeAll {
		return ""
	}
	if s == staff.ScopeNone {
		return " and 1 = 0"
	}
	or := []string{"c.assignee_id = " + arg(a.ID)}
	list := func(column string, ids []id.ID) {
		marks := make([]string, len(ids))
		for i, v := range ids {
			marks[i] = arg(v)
		}
		or = append(or, column+" in ("+strings.Join(marks, ", ")+")")
	}
	if s >= staff.ScopeTeam && len(a.Teams) > 0 {
		list("c.team_id", a.Teams)
	}
	if s >= staff.ScopeDepartment && len(a.Departments) > 0 {
		list("c.department_id", a.Departments)
	}
	return " and (" + strings.Join(or, " or ") + ")"
}

func monday(at clock.Time, zone *time.Location) clock.Time {
	t := at.Std().In(zone)
	back := (int(t.Weekday()) + 6) % 7
	return clock.From(time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, zone))
}

// fold adds cells up to lines, in the order of week, name and metric.
func fold(cells []cell, line func(cell) Line) []Line {
	type key struct {
		id     id.ID
		week   clock.Time
		metric Metric
	}
	at := map[key]int{}
	out := []Line{}
	for _, x := range cells {
		l := line(x)
		k := key{l.ID, l.Week, l.Metric}
		i, ok := at[k]
		if !ok {
			l.Reasons = map[string]int64{}
			i, at[k] = len(out), len(out)
			out = append(out, l)
		}
		out[i].add(x)
	}
	for i := range out {
		out[i].finish()
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Week, b.Week), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID),
			cmp.Compare(slices.Index(measured, a.Metric), slices.Index(measured, b.Metric)))
	})
	return out
}

func (l *Line) add(x cell) {
	switch State(x.state) {
	case StateMet:
		l.Met += x.n
	case StateBreached:
		l.Breached += x.n
		if x.reason != "" {
			l.Reasons[x.reason] += x.n
		}
	default:
		l.Stopped += x.n
		return
	}
	switch State(x.original) {
	case StateBreached:
		l.OriginalBreached += x.n
	default:
		l.OriginalMet += x.n
	}
	l.elapsed += x.elapsed
	l.paused += x.paused
}

func (l *Line) finish() {
	n := l.Met + l.Breached
	if n == 0 {
		return
	}
	share := func(met int64) *float64 { v := float64(met) / float64(n); return &v }
	l.Attainment, l.Original = share(l.Met), share(l.OriginalMet)
	l.Elapsed, l.Paused = float64(l.elapsed)/float64(n)/1000, float64(l.paused)/float64(n)/1000
}

// namer says what things are called.
type namer struct {
	dir      *staff.Directory
	catalog  *form.Catalog
	policies []*Entry
	locale   string
}

func (n namer) of(by By, key id.ID) string {
	switch by {
	case ByAgent:
		p, _ := n.dir.User(key)
		return p.Name
	case ByTeam:
		return n.unit(OfTeam, key)
	case ByDepartment:
		return n.unit(OfDepartment, key)
	case ByCategory:
		c, _ := n.catalog.Category(key)
		if strings.HasPrefix(n.locale, "en") {
			return cmp.Or(c.Name.EN, c.Name.ZH)
		}
		return cmp.Or(c.Name.ZH, c.Name.EN)
	case ByPolicy:
		for _, p := range n.policies {
			if p.ID == key {
				return p.Name
			}
		}
	}
	return ""
}

func (n namer) unit(kind Metric, unit id.ID) string {
	if kind == OfTeam {
		t, _ := n.dir.Team(unit)
		return t.Name
	}
	d, _ := n.dir.Department(unit)
	return d.Name
}

// CSV writes the lines as a table.
func (r *Report) CSV(w io.Writer, zone *time.Location) error {
	rows := [][]string{append([]string{string(r.By), "id", "metric", "met", "breached", "stopped", "attainment", "original_met", "original_breached", "original_attainment",
		"elapsed_seconds", "paused_seconds"}, Reasons...)}
	percent := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', 4, 64)
	}
	for _, l := range r.Items {
		name, key := l.Name, ""
		if l.Week != 0 {
			name = l.Week.Std().In(zone).Format(time.DateOnly)
		}
		if l.ID != 0 {
			key = l.ID.String()
		}
		row := []string{name, key, string(l.Metric), num(l.Met), num(l.Breached), num(l.Stopped), percent(l.Attainment), num(l.OriginalMet), num(l.OriginalBreached),
			percent(l.Original), strconv.FormatFloat(l.Elapsed, 'f', 0, 64), strconv.FormatFloat(l.Paused, 'f', 0, 64)}
		for _, why := range Reasons {
			row = append(row, num(l.Reasons[why]))
		}
		rows = append(rows, row)
	}
	return sheet.Write(w, sheet.CSV, rows)
}

func num(n int64) string { return strconv.FormatInt(n, 10) }
