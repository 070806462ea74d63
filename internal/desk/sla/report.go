package sla

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/sheet"
)

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

// groups says of a clock what it is counted under; 0 is nobody's, or none.
var groups = map[By]func(r *row) uint32{
	ByPolicy:     func(r *row) uint32 { return r.policy },
	ByTeam:       func(r *row) uint32 { return r.team },
	ByDepartment: func(r *row) uint32 { return r.department },
	ByAgent:      func(r *row) uint32 { return r.assignee },
	ByCategory:   func(r *row) uint32 { return r.category },
}

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
	Metric   Metric     `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team"`
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

// Report counts the clocks that ended from a moment until before another, as
// far as the actor may read reports. Metric, when given, is the only one;
// otherwise those that are promised to customers.
func (m *Room) Report(ctx context.Context, a *staff.Actor, from, to clock.Time, by By, metric Metric) (*Report, error) {
	if groups[by] == nil && by != ByWeek && by != ByUnit {
		return nil, fault.Bad("by", "choice", "a report is by policy, team, department, agent, category, week or unit")
	}
	if to <= from || to.Sub(from) > maxReport {
		return nil, fault.Bad("to", "range", "a report spans more than nothing and at most 400 days")
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(dir.Tenant.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	q := newQuestion(a, from, to, by, metric, zone)
	within, cancel := context.WithTimeout(ctx, reportLimit)
	defer cancel()
	err = m.pages(within, a.Tenant, from, to, q.add)
	if err != nil && ctx.Err() == nil && within.Err() != nil || len(q.cells) > maxCells {
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
	out.Items = fold(q.cells, func(k cellKey) Line {
		kind, unit := k.metric.Unit()
		l := Line{Metric: kind}
		switch by {
		case ByWeek:
			l.Week = clock.Time(k.group)
		case ByUnit:
			l.ID, l.Name = unit, names.unit(kind, unit)
		default:
			l.ID = id.ID(k.group)
			l.Name = names.of(by, l.ID)
		}
		return l
	})
	out.Total = fold(q.cells, func(k cellKey) Line { kind, _ := k.metric.Unit(); return Line{Metric: kind} })
	return out, nil
}

func monday(at clock.Time, zone *time.Location) clock.Time {
	t := at.Std().In(zone)
	back := (int(t.Weekday()) + 6) % 7
	return clock.From(time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, zone))
}

// fold adds cells up to lines, in the order of week, name and metric.
func fold(cells map[cellKey]*cell, line func(cellKey) Line) []Line {
	type key struct {
		id     id.ID
		week   clock.Time
		metric Metric
	}
	at := map[key]int{}
	out := []Line{}
	for cell, x := range cells {
		l := line(cell)
		k := key{l.ID, l.Week, l.Metric}
		i, ok := at[k]
		if !ok {
			l.Reasons = map[string]int64{}
			i, at[k] = len(out), len(out)
			out = append(out, l)
		}
		out[i].add(cell.outcome, x)
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

func (l *Line) add(o outcome, x *cell) {
	switch State(o.state) {
	case StateMet:
		l.Met += x.n
	case StateBreached:
		l.Breached += x.n
		if o.reason != "" {
			l.Reasons[o.reason] += x.n
		}
	default:
		l.Stopped += x.n
		return
	}
	switch State(o.original) {
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
