package sla

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
)

// Limits of a tenant's policies.
const (
	MaxPolicies = 100
	maxMinutes  = 525600 // a year
	maxPause    = 10 * maxMinutes
)

// NewSchema is what conditions of policies may speak of: the ticket's fields
// as they stand, in memory.
func NewSchema(catalog *form.Catalog) (*expr.Schema, error) {
	fields := append(ticket.ConditionFields(catalog), expr.Field{Name: "tier", Type: expr.String}, expr.Field{Name: "special_care", Type: expr.Bool})
	return expr.NewSchema("when", fields, nil)
}

// Compile checks a policy and makes it ready to be applied.
func (p *Policy) Compile(schema *expr.Schema) error {
	var bad fault.List
	wrong := func(field, code, format string, args ...any) {
		bad = append(bad, fault.Bad(field, code, format, args...))
	}
	condition := func(field, text string) *expr.Program {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		prog, err := schema.Check(text)
		if err != nil {
			wrong(field, "condition", "%v", err)
		}
		return prog
	}
	p.Name = strings.TrimSpace(p.Name)
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > 100 {
		wrong("name", "range", "a policy has a name of at most 100 characters")
	}
	p.when = condition("when", p.When)
	seen := map[Metric]bool{}
	for i, t := range p.Targets {
		field := fmt.Sprintf("targets[%d]", i)
		if !slices.Contains(Metrics, t.Metric) || seen[t.Metric] {
			wrong(field+".metric", "choice", "a target has one of %v, each at most once", Metrics)
		}
		seen[t.Metric] = true
		p.Targets[i].start, p.Targets[i].stop = condition(field+".start", t.Start), condition(field+".stop", t.Stop)
		switch hasStop := strings.TrimSpace(t.Stop) != ""; {
		case t.Metric == Arrival && !hasStop:
			wrong(field+".stop", "required", "a condition says that somebody has arrived")
		case hasStop && t.Metric != Arrival && t.Metric != FirstResponse && t.Metric != Resolution:
			wrong(field+".stop", "choice", "a condition ends an arrival, a first response or a resolution")
		}
		if t.Metric != Arrival && strings.TrimSpace(t.Start) != "" {
			wrong(field+".start", "choice", "a condition starts an arrival only; others can be paused until it holds")
		}
		for _, x := range []*Promise{t.Urgent, t.High, t.Normal, t.Low} {
			if x != nil && (x.Minutes < 1 || x.Minutes > maxMinutes) {
				wrong(field+".minutes", "range", "a promise is of 1 to %d minutes", maxMinutes)
			}
			if x != nil && len(x.Calendar) > 64 {
				wrong(field+".calendar", "too_long", "the key of a calendar has at most 64 bytes")
			}
		}
	}
	if len(p.Pauses) > 20 {
		wrong("pauses", "too_many", "a policy has at most 20 pauses")
	}
	p.pauses = make([]*expr.Program, len(p.Pauses))
	for i, x := range p.Pauses {
		field := fmt.Sprintf("pauses[%d]", i)
		p.pauses[i] = condition(field+".when", x.When)
		if len(x.Statuses)+len(x.HoldReasons) == 0 && strings.TrimSpace(x.When) == "" {
			wrong(field, "required", "a pause names statuses, reasons of hold or a condition")
		}
		for _, s := range x.Statuses {
			var status ticket.Status
			if err := status.UnmarshalText([]byte(s)); err != nil || !status.Active() {
				wrong(field+".statuses", "choice", "%q is no active status", s)
			}
		}
		for _, m := range x.Metrics {
			if !slices.Contains(measured, m) {
				wrong(field+".metrics", "choice", "%q is not one of %v", m, measured)
			}
		}
	}
	if p.PauseLimit < 0 || p.PauseLimit > maxPause || p.PauseTotal < 0 || p.PauseTotal > maxPause {
		wrong("pause_limit_minutes", "range", "a limit of pauses is of 0 to %d minutes", maxPause)
	}
	if p.Reopen == "" {
		p.Reopen = Continue
	}
	if p.Reopen != Continue && p.Reopen != Restart {
		wrong("reopen", "choice", "a reopened clock continues or restarts")
	}
	if len(p.Warnings) > 10 {
		wrong("warnings", "too_many", "a policy has at most 10 warnings")
	}
	for i, w := range p.Warnings {
		if (w.Percent == 0) == (w.Before == 0) || w.Percent < 0 || w.Percent > 99 || w.Before < 0 || w.Before > maxMinutes {
			wrong(fmt.Sprintf("warnings[%d]", i), "range", "a warning is at 1 to 99 percent, or 1 to %d minutes before", maxMinutes)
		}
	}
	if p.StopOn.By != "" && p.StopOn.By != "staff" && p.StopOn.By != "assignee" {
		wrong("stop_on.by", "choice", "the reply of staff or of the assignee answers")
	}
	if p.Extensions < 0 || p.Extensions > 10 {
		wrong("extensions", "range", "a promise is extended at most 10 times")
	}
	p.checkChain(wrong)
	p.checkUnits(wrong)
	return bad.Err()
}

// measured are all metrics, those of units too.
var measured = append(slices.Clone(Metrics), OfDepartment, OfTeam)

func (p *Policy) checkChain(wrong func(field, code, format string, args ...any)) {
	if len(p.Chain) > 10 {
		wrong("chain", "too_many", "a chain has at most 10 links")
	}
	for i, l := range p.Chain {
		field := fmt.Sprintf("chain[%d]", i)
		if l.On != OnWarning && l.On != OnBreach {
			wrong(field+".on", "choice", "a link hangs on a warning or on the breach")
		}
		if l.On == OnWarning && len(p.Warnings) == 0 {
			wrong(field+".on", "required", "there is no warning for this link to hang on")
		}
		if l.After < 0 || l.After > maxMinutes || l.Every < 0 || l.Every > maxMinutes || l.Times < 0 || l.Times > 20 {
			wrong(field+".after_minutes", "range", "a link comes after 0 to %d minutes, and again at most 20 times", maxMinutes)
		}
		if l.Times > 0 && l.Every == 0 {
			wrong(field+".every_minutes", "required", "to tell again takes a distance")
		}
		switch l.To {
		case ToAssignee, ToTeam, ToDepartment:
		case ToPeople:
			if len(l.People) == 0 || len(l.People) > 20 {
				wrong(field+".people", "required", "1 to 20 people are to be named")
			}
		default:
			wrong(field+".to", "choice", "a link leads to the assignee, the team, the department or people")
		}
		for _, m := range l.Metrics {
			if !slices.Contains(measured, m) {
				wrong(field+".metrics", "choice", "%q is not one of %v", m, measured)
			}
		}
	}
}

func (p *Policy) checkUnits(wrong func(field, code, format string, args ...any)) {
	if len(p.Units) > 100 {
		wrong("units", "too_many", "a policy has at most 100 targets of units")
	}
	seen := map[Metric]bool{}
	for i, u := range p.Units {
		field := fmt.Sprintf("units[%d]", i)
		if u.Kind != OfDepartment && u.Kind != OfTeam {
			wrong(field+".kind", "choice", "a unit is a department or a team")
		}
		if key := of(u.Kind, u.Unit); seen[key] {
			wrong(field+".unit_id", "duplicate", "each unit has at most one target")
		} else {
			seen[key] = true
		}
		for _, x := range []*Promise{u.Urgent, u.High, u.Normal, u.Low} {
			if x != nil && (x.Minutes < 1 || x.Minutes > maxMinutes || len(x.Calendar) > 64) {
				wrong(field+".minutes", "range", "a promise is of 1 to %d minutes", maxMinutes)
			}
		}
	}
}
