package sla

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"zhidan/internal/platform/clock"
)

// Breach is the name of the step that every clock with a promise has.
const Breach = "breach"

// Step is a moment in a clock's time that is told once.
type Step struct {
	Name string     // breach, percent:75 or before:30
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
			at, name := c.Target*time.Duration(w.Percent)/100, "percent:"+strconv.Itoa(w.Percent)
			if w.Before > 0 {
				at, name = c.Target-time.Duration(w.Before)*time.Minute, "before:"+strconv.Itoa(w.Before)
			}
			if at > 0 && at < c.Target {
				add(name, c.reaches(r, at))
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return steps
}
