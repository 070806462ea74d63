package sla

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/clock"
)

// Breach is the name of the step that every clock with a promise has.
const Breach = "breach"

// Step is a moment in a clock's time that is told once.
type Step struct {
	Name string     // breach, percent:75, before:30; chain:2 of the second link, chain:2/1 for the first time again
	At   clock.Time // when it happens if nothing changes
}

// Steps are what has not been told of an open clock, the nearest first. Those
// that nothing brings about (a pause without end) are left out, and so are
// warnings that would be told at or after the breach.
func (c *Clock) Steps(r *Rules, p *Policy) []Step {
	due := c.DueAt(r)
	if !c.Open() || due == 0 {
		return nil
	}
	var steps []Step
	add := func(name string, at clock.Time) {
		if at != 0 && !slices.Contains(c.Fired, name) {
			steps = append(steps, Step{name, at})
		}
	}
	breach := due + 1 // late is later than due
	add(Breach, breach)
	if p != nil && !slices.Contains(c.Fired, Breach) {
		for _, w := range p.Warnings {
			if at, name := c.warning(w); at > 0 {
				add(name, c.reaches(r, at))
			}
		}
	}
	if p != nil && len(p.Chain) > 0 {
		c.chain(r, p, breach, add)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return steps
}

// warning is after how much elapsed time a warning is told, and its name; zero
// when that would not be before the breach.
func (c *Clock) warning(w Warning) (time.Duration, string) {
	limit := c.limit()
	at, name := limit*time.Duration(w.Percent)/100, "percent:"+strconv.Itoa(w.Percent)
	if w.Before > 0 {
		at, name = limit-time.Duration(w.Before)*time.Minute, "before:"+strconv.Itoa(w.Before)
	}
	if at <= 0 || at >= limit {
		return 0, name
	}
	return at, name
}

// chain adds the steps of escalation. While the clock is paused nobody is told
// of it: what falls into a pause is told when it ends.
func (c *Clock) chain(r *Rules, p *Policy, breach clock.Time, add func(name string, at clock.Time)) {
	paused := c.last().Mode != Running
	if paused && c.ResumeAt == 0 {
		return
	}
	warned := c.warnAt(r, p)
	kind, _ := c.Metric.Unit()
	for i, l := range p.Chain {
		from := breach
		if l.On == OnWarning {
			from = warned
		}
		if from == 0 || c.Ack != nil && (c.Ack.On == OnBreach || l.On == OnWarning) || len(l.Metrics) > 0 && !slices.Contains(l.Metrics, kind) {
			continue
		}
		at := from.Add(time.Duration(l.After) * time.Minute)
		for n := 0; n <= l.Times && (n == 0 || l.Every > 0); n++ {
			name := chainStep + strconv.Itoa(i+1)
			if n > 0 {
				name += "/" + strconv.Itoa(n)
			}
			add(name, max(at, c.ResumeAt))
			at = at.Add(time.Duration(l.Every) * time.Minute)
		}
	}
}

// Links hang on a warning or on the breach.
const (
	OnWarning = "warning"
	OnBreach  = "breach"
	chainStep = "chain:"
)

// link is the link of the chain to which a step belongs; nil: none.
func (p *Policy) link(step string) *Link {
	rest, ok := strings.CutPrefix(step, chainStep)
	if !ok || p == nil {
		return nil
	}
	n, _, _ := strings.Cut(rest, "/")
	if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(p.Chain) {
		return &p.Chain[i-1]
	}
	return nil
}
