package roster

import (
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// State is how a person stands (坐席状态).
type State string

// States.
const (
	Online    State = "online"     // 在线
	Busy      State = "busy"       // 忙碌
	Break     State = "break"      // 小休, of which there is a quota a day
	Meal      State = "meal"       // 用餐
	Training  State = "training"   // 培训
	AfterCall State = "after_call" // 话后整理
	Offline   State = "offline"    // 离线
)

// AllStates are the states in the order of the screen.
var AllStates = []State{Online, Busy, Break, Meal, Training, AfterCall, Offline}

func (s State) known() bool { return slices.Contains(AllStates, s) }

// Status is how one person stands since when, and why. It is a value.
type Status struct {
	User   id.ID
	State  State
	Since  clock.Time
	Until  clock.Time // zero: until it changes
	By     id.ID      // who set it; zero: the connection or the time
	Forced bool       // by somebody else
	Reason string
	// Held says that it stays without a screen: it was set by a program, or for
	// somebody who had none.
	Held    bool
	Version int64

	chosen      State // the last that was set by hand; "" when none counts
	chosenAt    clock.Time
	chosenUntil clock.Time
	gone        clock.Time // since when there is no screen, while that matters
}

// choice is a state set by hand.
type choice struct {
	state  State
	until  clock.Time
	by     id.ID
	forced bool
	reason string
	held   bool
}

// maxUntil is how far ahead the end of a state may lie.
const maxUntil = 31 * 24 * time.Hour

// check refuses a choice that makes no sense at a moment.
func (c choice) check(now clock.Time) error {
	if !c.state.known() {
		return fault.Bad("state", "unknown", "there is no state %q", c.state)
	}
	if c.until != 0 && (c.until <= now || c.until > now.Add(maxUntil)) {
		return fault.Bad("until", "range", "the end lies ahead, within %d days", int(maxUntil/(24*time.Hour)))
	}
	return cleanText("reason", c.reason, maxReason)
}

// choose sets a state by hand. present says that a screen is open.
func (s *Status) choose(c choice, now clock.Time, present bool) {
	s.to(c.state, now)
	s.Until, s.By, s.Forced, s.Reason = c.until, c.by, c.forced, c.reason
	s.Held = c.held && c.state != Offline
	s.chosen, s.chosenAt, s.chosenUntil = c.state, now, c.until
	if s.Held || s.State == Offline {
		s.gone = 0
	} else if !present && s.gone == 0 {
		s.gone = now // it is believed for as long as the grace
	}
}

// arrive is a person whose first screen opens. today says whether a moment lies
// in the same day as now for the tenant.
func (s *Status) arrive(now clock.Time, today func(clock.Time) bool) {
	s.gone, s.Held = 0, false
	if s.State != Offline {
		return
	}
	if s.chosen != "" && today(s.chosenAt) && (s.chosenUntil == 0 || s.chosenUntil > now) {
		s.to(s.chosen, now)
		s.Until = s.chosenUntil
		return
	}
	s.forget()
	s.to(Online, now)
}

// leave is a person whose last screen is gone since at. Nothing happens yet.
func (s *Status) leave(at clock.Time) {
	if s.State != Offline && !s.Held && s.gone == 0 {
		s.gone = at
	}
}

// lapse is the end of the grace.
func (s *Status) lapse(now clock.Time) {
	s.gone = 0
	if s.State == Offline || s.Held {
		return
	}
	s.Until, s.By, s.Forced, s.Reason = 0, 0, false, ""
	s.to(Offline, now)
}

// end is the end that was set with a state: whoever is there is online again,
// and who was online until then is offline.
func (s *Status) end(now clock.Time, present bool) {
	was := s.State
	held := s.Held
	s.forget()
	switch {
	case was == Online:
		s.to(Offline, now)
		// Offline was meant: a screen that opens today does not change it.
		s.chosen, s.chosenAt, s.Held, s.gone = Offline, now, false, 0
	case present || held:
		s.to(Online, now)
	case was != Offline:
		s.to(Online, now)
		if s.gone == 0 {
			s.gone = now
		}
	}
}

func (s *Status) forget() {
	s.Until, s.By, s.Forced, s.Reason = 0, 0, false, ""
	s.chosen, s.chosenAt, s.chosenUntil = "", 0, 0
}

func (s *Status) to(state State, now clock.Time) {
	if s.State != state {
		s.State, s.Since = state, now
	}
}

// Span is a stretch in one state.
type Span struct {
	From   clock.Time `json:"from"`
	To     clock.Time `json:"to"`
	State  State      `json:"state"`
	By     id.ID      `json:"by_id,omitempty"`
	Forced bool       `json:"forced,omitempty"`
}

// spent is the time in a state between two moments.
func spent(spans []Span, state State, from, to clock.Time) (d time.Duration) {
	for _, s := range spans {
		if a, b := max(s.From, from), min(s.To, to); s.State == state && b > a {
			d += b.Sub(a)
		}
	}
	return d
}
