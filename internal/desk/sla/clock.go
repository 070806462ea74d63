package sla

import (
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Mode is what a clock does during an interval.
type Mode string

// Modes.
const (
	Running Mode = "running"
	Paused  Mode = "paused"
	Over    Mode = "over" // the ticket had ended and was taken up again later
)

// Interval is a stretch of time in which a clock did one thing, by one
// calendar and under one target.
type Interval struct {
	From     clock.Time    `json:"from"`
	To       clock.Time    `json:"to,omitzero"` // zero: goes on
	Mode     Mode          `json:"mode"`
	Why      string        `json:"why,omitempty"` // what pauses it
	Calendar string        `json:"calendar"`
	Target   time.Duration `json:"target"`
	Spent    time.Duration `json:"spent"` // business time, when it has ended
}

func (x *Interval) same(y *Interval) bool {
	return x.Mode == y.Mode && x.Why == y.Why && x.Calendar == y.Calendar && x.Target == y.Target
}

// State is how a clock stands.
type State string

// States. The last three are final but for reopening.
const (
	StateRunning  State = "running"
	StatePaused   State = "paused"
	StateBreached State = "breached" // late; it may still run
	StateMet      State = "met"
	StateStopped  State = "stopped" // ended without a verdict
)

// unpromised stands in the store for the verdict of a clock without a promise,
// so that reports pass over it.
const unpromised State = "unpromised"

// MaxIntervals bounds the list. Of a clock with more the oldest are kept as a
// sum, so that a ticket that goes to and fro for years stays small.
const MaxIntervals = 100

// Clock measures one promise on one ticket. Its methods take the rules for
// their calendars only.
type Clock struct {
	Metric    Metric        `json:"metric"`
	Round     int           `json:"round"` // of a metric that is measured again and again, from 1
	Start     clock.Time    `json:"start"`
	Target    time.Duration `json:"target"` // zero: measured, but nothing is promised
	Calendar  string        `json:"calendar"`
	Intervals []Interval    `json:"intervals"`
	Folded    Folded        `json:"folded,omitzero"`
	ResumeAt  clock.Time    `json:"resume_at,omitzero"`  // when the limit of the present pause ends it
	Exhausted bool          `json:"exhausted,omitempty"` // the pause has used up its limit and its cause still holds
	EndedAt   clock.Time    `json:"ended_at,omitzero"`
	Verdict   State         `json:"verdict,omitempty"`  // with EndedAt
	Cause     string        `json:"cause,omitempty"`    // what ended it: reply, condition, called_off, solved, cancelled, merged
	By        id.ID         `json:"by,omitzero"`        // the message that ended it
	Sealed    bool          `json:"sealed,omitempty"`   // what started it has come to its end too: it is not taken back, the next round may begin
	Due       clock.Time    `json:"due,omitzero"`       // when it was due as it ended
	Fired     []string      `json:"fired,omitempty"`    // steps that have been told
	Extra     time.Duration `json:"extra,omitempty"`    // that extensions add to the target
	Original  State         `json:"original,omitempty"` // the verdict without them, when there are any
	Ack       *Ack          `json:"ack,omitempty"`      // who took the matter in hand
}

// Folded is the sum of intervals that are no longer listed.
type Folded struct {
	Count  int           `json:"count,omitempty"`
	To     clock.Time    `json:"to,omitzero"`
	Spent  time.Duration `json:"spent,omitempty"`
	Paused time.Duration `json:"paused,omitempty"` // time of the day in pauses
}

// Ack stops the chain of escalation: of a warning until the breach, of a breach
// for good.
type Ack struct {
	By id.ID      `json:"by"`
	At clock.Time `json:"at"`
	On string     `json:"on"`
}

// limit is the target with all extensions; zero when nothing is promised.
func (c *Clock) limit() time.Duration {
	if c.Target == 0 {
		return 0
	}
	return c.Target + c.Extra
}

// Open reports whether the clock has not ended.
func (c *Clock) Open() bool { return c.EndedAt == 0 }

func (c *Clock) last() *Interval { return &c.Intervals[len(c.Intervals)-1] }

// Elapsed is the business time that has run until now.
func (c *Clock) Elapsed(r *Rules, now clock.Time) time.Duration {
	sum := c.Folded.Spent
	for i := range c.Intervals {
		sum += c.Intervals[i].Spent
	}
	if last := c.last(); c.Open() {
		from := last.From
		switch {
		case last.Mode == Running:
		case c.ResumeAt != 0:
			from = c.ResumeAt
		default:
			return sum
		}
		if now > from {
			sum += r.calendar(last.Calendar).Between(from, now)
		}
	}
	return sum
}

// Left is what remains of the target; negative after a breach. Without a
// target it is zero.
func (c *Clock) Left(r *Rules, now clock.Time) time.Duration {
	if c.Target == 0 {
		return 0
	}
	return c.limit() - c.Elapsed(r, now)
}

// DueAt is the moment at which the target is used up if nothing changes: one
// that has passed once it is. Zero: never, because the clock has no target or
// is paused without end. Of an ended clock it is when it was due.
func (c *Clock) DueAt(r *Rules) clock.Time {
	if !c.Open() {
		return c.Due
	}
	if c.Target == 0 {
		return 0
	}
	return c.reaches(r, c.limit())
}

// reaches is the earliest moment at which d has elapsed; zero: never.
func (c *Clock) reaches(r *Rules, d time.Duration) clock.Time {
	d -= c.Folded.Spent
	if d <= 0 && c.Folded.Count > 0 {
		return c.Folded.To
	}
	for i := range c.Intervals {
		x := &c.Intervals[i]
		from := x.From
		if x.Mode != Running {
			if x.To != 0 || c.ResumeAt == 0 {
				continue
			}
			from = c.ResumeAt
		}
		if x.To != 0 && d > x.Spent {
			d -= x.Spent
			continue
		}
		if at, ok := r.calendar(x.Calendar).Add(from, d); ok {
			return at
		}
		return 0
	}
	return 0
}

// State is how the clock stands at a moment not before its last change.
func (c *Clock) State(r *Rules, now clock.Time) State {
	if !c.Open() {
		return c.Verdict
	}
	if due := c.DueAt(r); due != 0 && now > due {
		return StateBreached
	}
	if c.last().Mode != Running && (c.ResumeAt == 0 || now < c.ResumeAt) {
		return StatePaused
	}
	return StateRunning
}

// PausedFor is how long the clock has been paused until now, in time of the day.
func (c *Clock) PausedFor(now clock.Time) time.Duration {
	sum := c.Folded.Paused
	for i := range c.Intervals {
		if x := &c.Intervals[i]; x.Mode == Paused {
			sum += x.until(c, now).Sub(x.From)
		}
	}
	return sum
}

func (x *Interval) until(c *Clock, now clock.Time) clock.Time {
	if x.To != 0 {
		return x.To
	}
	if c.ResumeAt != 0 && now > c.ResumeAt {
		now = c.ResumeAt
	}
	return max(now, x.From)
}

// turn closes the present interval at a moment and begins the next, unless
// nothing is different.
func (c *Clock) turn(r *Rules, at clock.Time, next Interval) {
	if len(c.Intervals) == 0 {
		next.From = at
		c.Intervals = append(c.Intervals, next)
		return
	}
	last := c.last()
	if last.To == 0 && last.same(&next) {
		return
	}
	if last.To == 0 {
		c.close(r, at)
	}
	if last.From == last.To { // it was nothing
		c.Intervals = c.Intervals[:len(c.Intervals)-1]
		if n := len(c.Intervals); n > 0 && c.Intervals[n-1].same(&next) && c.Intervals[n-1].To == at {
			c.Intervals[n-1].To, c.Intervals[n-1].Spent = 0, 0
			return
		}
	}
	next.From, next.To, next.Spent = at, 0, 0
	c.Intervals = append(c.Intervals, next)
	if len(c.Intervals) > MaxIntervals {
		c.fold()
	}
}

func (c *Clock) close(r *Rules, at clock.Time) {
	last := c.last()
	last.To = max(at, last.From)
	if last.Mode == Running {
		last.Spent = r.calendar(last.Calendar).Between(last.From, last.To)
	}
}

// original is how an ended clock would have been judged without extensions;
// unpromised when there was nothing to judge.
func (c *Clock) original() State {
	if c.Target == 0 {
		return unpromised
	}
	if c.Extra == 0 {
		return c.Verdict
	}
	return c.Original
}

func (c *Clock) fold() {
	x := c.Intervals[0]
	c.Folded.Count++
	c.Folded.To = x.To
	c.Folded.Spent += x.Spent
	if x.Mode == Paused {
		c.Folded.Paused += x.To.Sub(x.From)
	}
	c.Intervals = append(c.Intervals[:0], c.Intervals[1:]...)
}

// advance lets a pause that has used up its limit end when it did.
func (c *Clock) advance(r *Rules, now clock.Time) {
	if !c.Open() || c.ResumeAt == 0 || now < c.ResumeAt {
		return
	}
	at, next := c.ResumeAt, *c.last()
	next.Mode, next.Why = Running, ""
	c.ResumeAt, c.Exhausted = 0, true
	c.turn(r, at, next)
}

// set brings an open clock in line with what holds from a moment on: target,
// calendar, and what pauses it (empty: nothing).
func (c *Clock) set(r *Rules, p *Policy, at clock.Time, target time.Duration, calendar, why string) {
	c.Target, c.Calendar = target, calendar
	next := Interval{Mode: Running, Calendar: calendar, Target: target}
	if why == "" {
		c.Exhausted = false
	}
	c.ResumeAt = 0
	if why != "" && !c.Exhausted {
		since, used := c.pause(at)
		if d := p.allowed(used); d < 0 {
			next.Mode, next.Why = Paused, why
		} else if end := since.Add(d); end > at {
			next.Mode, next.Why = Paused, why
			c.ResumeAt = end
		} else {
			c.Exhausted = true
		}
	}
	c.turn(r, at, next)
}

// pause is when the present pause began (now, when there is none) and how long
// the earlier ones took together.
func (c *Clock) pause(now clock.Time) (since clock.Time, used time.Duration) {
	since = now
	i := len(c.Intervals) - 1
	for ; i >= 0 && c.Intervals[i].Mode == Paused; i-- {
		since = c.Intervals[i].From
	}
	used = c.Folded.Paused
	for ; i >= 0; i-- {
		if x := &c.Intervals[i]; x.Mode == Paused {
			used += x.To.Sub(x.From)
		}
	}
	return since, used
}

// end stops the clock for good. What counts is judged; what does not is only
// stopped. Neither heals a breach.
func (c *Clock) end(r *Rules, at clock.Time, cause string, by id.ID, counts bool) {
	c.Due = c.DueAt(r)
	c.EndedAt, c.Cause, c.By = at, cause, by
	switch {
	case c.Due != 0 && at > c.Due:
		c.Verdict = StateBreached
	case counts && c.Target != 0:
		c.Verdict = StateMet
	default:
		c.Verdict = StateStopped
	}
	if c.Extra != 0 {
		c.Original = c.Verdict
		if due := c.reaches(r, c.Target); due != 0 && at > due {
			c.Original = StateBreached
		}
	}
	c.close(r, at)
}

// revive takes an end back: the time since counts as if it had never been.
func (c *Clock) revive() {
	last := c.last()
	last.To, last.Spent = 0, 0
	c.EndedAt, c.Verdict, c.Original, c.Cause, c.By, c.Due = 0, "", "", "", 0, 0
}

// reopen lets an ended clock go on with its rest: the time since does not count.
func (c *Clock) reopen(r *Rules, at clock.Time) {
	from, gap := c.EndedAt, *c.last()
	gap.Mode, gap.Why = Over, c.Cause
	running := *c.last()
	running.Mode, running.Why = Running, ""
	c.EndedAt, c.Verdict, c.Original, c.Cause, c.By, c.Due, c.ResumeAt, c.Exhausted = 0, "", "", "", 0, 0, 0, false
	c.turn(r, from, gap)
	c.turn(r, at, running)
}
