package sla

import (
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
)

// Kind is what sort of fact moves clocks.
type Kind string

// Kinds of fact. A fact of any kind may also change fields (Set).
const (
	Created   Kind = "created"
	Changed   Kind = "changed" // fields only: status, hold reason, priority, assignee, …
	Customer  Kind = "customer"
	Replied   Kind = "reply"
	Withdrawn Kind = "withdrawn" // a reply is taken back
	Merged    Kind = "merged"    // into another ticket, which carries on
	MergeIn   Kind = "merge_in"  // another ticket came in
	Undone    Kind = "undone"    // an act is taken back: what it ended goes on as if it had not
	Unmerged  Kind = "unmerged"  // the other ticket is taken out again
	Extended  Kind = "extended"  // more time was approved for a metric's open clock
	Renewed   Kind = "renewed"   // the newest version of the policy is to hold, or the calendars have changed
)

// Fact is one thing that happened on a ticket, in order of time.
type Fact struct {
	At      clock.Time
	Kind    Kind
	Set     map[string]any // fields that it changes, by their names in conditions
	Message id.ID          // of a reply, and of one that is withdrawn
	Author  string         // of a reply: staff, ai or system; only what a person or the AI says answers
	Other   bool           // of a reply: it is not the assignee's
	Metric  Metric         // of an extension
	Extra   time.Duration  // of an extension: business time
	// Since, on a merge, is since when the one that came in waits for an answer.
	Since clock.Time
}

// Reply is an answer that counted, with how the ticket stood before it.
type Reply struct {
	ID       id.ID      `json:"id"`
	At       clock.Time `json:"at"`
	Answered bool       `json:"answered,omitempty"`
	Waiting  clock.Time `json:"waiting,omitzero"`
	Spoke    clock.Time `json:"spoke,omitzero"`
}

const keptReplies = 8 // to find the next one when one is withdrawn, which must be soon

// Sheet holds the clocks of one ticket and what is needed to move them on.
type Sheet struct {
	Policy   id.ID      `json:"policy,omitzero"`
	Version  int64      `json:"version,omitempty"`
	At       clock.Time `json:"at"` // of the newest fact
	Created  clock.Time `json:"created"`
	Active   bool       `json:"active"`
	Answered bool       `json:"answered,omitempty"`
	Waiting  clock.Time `json:"waiting,omitzero"` // since when the customer waits for a further answer
	Lent     bool       `json:"lent,omitempty"`   // Waiting came with a merge
	Spoke    clock.Time `json:"spoke,omitzero"`   // when the time to the next update began
	Replies  []Reply    `json:"replies,omitempty"`
	Asked    []Asked    `json:"asked,omitempty"`  // requests for more time that wait for an answer
	Orders   []Order    `json:"orders,omitempty"` // of leads, without reply so far
	Counts   Counts     `json:"counts,omitzero"`
	Clocks   []*Clock   `json:"-"` // by metric and round; of each metric the last is the present one
}

// Replay makes the clocks of a whole history.
func Replay(history []Fact, r *Rules) (*Sheet, error) {
	s, fields := &Sheet{}, map[string]any{}
	for _, f := range history {
		for k, v := range f.Set {
			fields[k] = v
		}
		if err := s.Apply(r, f, expr.MapRow(fields)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Apply moves the clocks on by one fact. Row is the ticket after it.
func (s *Sheet) Apply(r *Rules, f Fact, row expr.Row) error {
	at := max(f.At, s.At) // a clock that was set back moves nothing back
	s.At = at
	for _, c := range s.Clocks {
		c.advance(r, at)
	}
	p, err := r.pick(row, s.Policy, s.Version, f.Kind == Renewed)
	if err != nil {
		return err
	}
	s.Policy, s.Version = 0, 0
	if p != nil {
		s.Policy, s.Version = p.ID, p.Version
	}

	status := word(row, "status")
	was, active := s.Active, status != "solved" && status != "closed" && status != "cancelled" && f.Kind != Merged
	if f.Kind == Created {
		s.Created, was = at, true
		s.begin(FirstResponse, at)
		s.begin(Resolution, at)
		if !p.has(FirstResponse) {
			s.Spoke = at
		}
	}
	s.Active = active
	if active && !was {
		s.again(r, p, at, f.Kind == Undone)
	}
	switch f.Kind {
	case Customer:
		if s.Answered && s.Waiting == 0 {
			s.Waiting = at
		}
		s.Lent = false
	case Replied:
		if f.Author == "staff" && (!f.Other || p == nil || p.StopOn.By != "assignee") || f.Author == "ai" && p != nil && p.StopOn.AI {
			s.answer(r, at, f.Message)
		}
	case Withdrawn:
		s.withdraw(r, f.Message)
	case Extended:
		if c := s.open(f.Metric); c != nil && c.Target != 0 {
			c.Extra += f.Extra
		}
	case MergeIn:
		if s.Answered && f.Since != 0 && s.Waiting == 0 {
			s.Waiting, s.Lent = min(f.Since, at), true
		}
	case Unmerged:
		if c := s.open(NextResponse); s.Lent && c != nil {
			s.drop(c)
		}
		if s.Lent {
			s.Waiting, s.Lent = 0, false
		}
	}
	if !active {
		if err := s.stopped(r, p, at, row); err != nil {
			return err
		}
		s.close(r, p, at, f.Kind, status)
		return nil
	}
	return s.settle(r, p, at, row)
}

// settle brings every open clock in line with the policy and the ticket, and
// begins those that are missing.
func (s *Sheet) settle(r *Rules, p *Policy, at clock.Time, row expr.Row) error {
	priority := word(row, "priority")
	for _, m := range Metrics {
		promise := p.promise(m, priority)
		if err := s.condition(m, p.target(m), promise, r, at, row); err != nil {
			return err
		}
		c := s.open(m)
		if c == nil && promise != nil {
			switch {
			case m == NextResponse && s.Waiting != 0:
				c = s.begin(m, s.Waiting)
			case m == Update && s.Spoke != 0:
				c = s.begin(m, s.Spoke)
			}
		}
		if c == nil {
			continue
		}
		if err := s.align(c, r, p, promise, at, row); err != nil {
			return err
		}
	}
	return s.settleUnits(r, p, at, row)
}

// align brings one open clock in line with its promise (nil: none).
func (s *Sheet) align(c *Clock, r *Rules, p *Policy, promise *Promise, at clock.Time, row expr.Row) error {
	var target time.Duration
	key := ""
	if promise != nil {
		target, key = time.Duration(promise.Minutes)*time.Minute, promise.Calendar
	}
	name := r.name(key, row)
	if len(c.Intervals) == 0 { // its time counts from its start, also when that has passed
		c.Intervals = append(c.Intervals, Interval{From: c.Start, Mode: Running, Calendar: name, Target: target})
	}
	why, err := p.pausedBy(c.Metric, row, r.Binds)
	if err != nil {
		return err
	}
	c.set(r, p, at, target, name, why)
	return nil
}

// latest is the newest clock of a metric.
func (s *Sheet) latest(m Metric) *Clock {
	for i := len(s.Clocks) - 1; i >= 0; i-- {
		if s.Clocks[i].Metric == m {
			return s.Clocks[i]
		}
	}
	return nil
}

func (s *Sheet) open(m Metric) *Clock {
	if c := s.latest(m); c != nil && c.Open() {
		return c
	}
	return nil
}

func (s *Sheet) begin(m Metric, from clock.Time) *Clock {
	c := &Clock{Metric: m, Round: 1, Start: from}
	if last := s.latest(m); last != nil {
		c.Round = last.Round + 1
	}
	s.Clocks = append(s.Clocks, c)
	return c
}

// drop forgets a round that never should have been.
func (s *Sheet) drop(c *Clock) {
	s.Clocks = slices.DeleteFunc(s.Clocks, func(x *Clock) bool { return x == c })
	for _, x := range s.Clocks {
		if x.Metric == c.Metric && x.Round > c.Round {
			x.Round--
		}
	}
}

// answer is a reply that counts.
func (s *Sheet) answer(r *Rules, at clock.Time, message id.ID) {
	s.Replies = append(s.Replies, Reply{message, at, s.Answered, s.Waiting, s.Spoke})
	if len(s.Replies) > keptReplies {
		s.Replies = slices.Delete(s.Replies, 0, 1)
	}
	s.Answered, s.Waiting, s.Spoke, s.Lent = true, 0, at, false
	for _, m := range []Metric{FirstResponse, NextResponse, Update} {
		if c := s.open(m); c != nil {
			s.end(c, r, at, "reply", message, true)
		}
	}
}

// end ends a clock that may have been made by the same fact.
func (s *Sheet) end(c *Clock, r *Rules, at clock.Time, cause string, by id.ID, counts bool) {
	if len(c.Intervals) == 0 {
		c.Intervals = append(c.Intervals, Interval{From: c.Start, Mode: Running, Calendar: Always})
	}
	c.end(r, at, cause, by, counts)
}

// withdraw takes an answer back. What it ended goes on, or was ended by the
// answer after it.
func (s *Sheet) withdraw(r *Rules, message id.ID) {
	i := slices.IndexFunc(s.Replies, func(x Reply) bool { return x.ID == message })
	if i < 0 || message == 0 {
		return
	}
	gone := s.Replies[i]
	s.Replies = slices.Delete(s.Replies, i, i+1)
	var next *Reply
	if i < len(s.Replies) {
		next = &s.Replies[i]
		next.Answered, next.Waiting, next.Spoke = gone.Answered, gone.Waiting, gone.Spoke
	} else {
		s.Answered, s.Waiting, s.Spoke = gone.Answered, gone.Waiting, gone.Spoke
	}
	for _, c := range slices.Clone(s.Clocks) {
		if c.Open() || c.By != message {
			continue
		}
		if c.Metric == Update { // the round that it began is void
			for _, x := range slices.Clone(s.Clocks) {
				if x.Metric == Update && x.Round == c.Round+1 {
					s.drop(x)
				}
			}
		}
		c.revive()
		if next != nil {
			c.advance(r, next.At)
			c.end(r, next.At, "reply", next.ID, true)
		} else {
			c.advance(r, s.At)
		}
	}
}

// close ends what is open because the ticket has ended.
func (s *Sheet) close(r *Rules, p *Policy, at clock.Time, kind Kind, status string) {
	cause := status
	if kind == Merged {
		cause = string(Merged)
	}
	solved := cause == "solved" || cause == "closed"
	for _, c := range s.Clocks {
		if !c.Open() {
			continue
		}
		counts := solved
		switch c.Metric {
		case FirstResponse, NextResponse:
			counts = solved && p != nil && p.StopOn.Solve
		case Arrival: // nobody came
			counts = false
		}
		s.end(c, r, at, cause, 0, counts)
	}
}

// again goes on after an end. Undone, the time since counts; reopened, it does
// not, and who still waited waits from now.
func (s *Sheet) again(r *Rules, p *Policy, at clock.Time, undone bool) {
	restart := p != nil && p.Reopen == Restart && !undone
	for _, m := range Metrics {
		c := s.latest(m)
		switch {
		case c == nil || c.Open() || c.Cause == "reply" || c.Cause == ByCondition || c.Cause == CalledOff:
		case undone:
			c.revive()
			c.advance(r, at)
		case m == Resolution && restart:
			s.begin(m, at)
		case m == FirstResponse && !s.Answered || m == Arrival || m == Resolution:
			c.reopen(r, at)
		}
	}
	if undone {
		for _, c := range s.Clocks { // the unit that held the ticket has held it all the time
			if _, unit := c.Metric.Unit(); unit != 0 && !c.Open() && c.Cause != left {
				c.revive()
				c.advance(r, at)
			}
		}
		return
	}
	if s.Waiting != 0 {
		s.Waiting = at
	}
	if s.Spoke != 0 {
		s.Spoke = at
	}
}
