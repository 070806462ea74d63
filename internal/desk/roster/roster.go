// Package roster knows who is at work: the state of every person now (坐席状态)
// and the plan of who shall work when (排班).
//
// It promises:
//
//   - A state is what the connection, the person's own hand or a supervisor
//     last made of it. Somebody whose last screen is gone on every node is
//     offline after a grace, also when the node that held it has died.
//   - A change of state commits together with what has to follow it
//     (Config.Changed), and is known on this node when the call returns and on
//     the others within a second.
//   - Every stretch of every state is kept, so that time and adherence can be
//     counted.
//   - Only what is published of the plan counts, and nothing that breaks its
//     rules (overlap, rest, length) gets into it.
//
// roster.go, state.go, zone.go, shift.go, plan.go and rotation.go are the rules,
// without I/O.
package roster

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"zhidan/internal/platform/fault"
)

// Settings are a tenant's rules of presence and planning.
type Settings struct {
	Grace int `json:"grace_seconds" minimum:"5" maximum:"3600" doc:"how long somebody without a screen keeps the state"`
	Break int `json:"break_minutes_per_day" minimum:"0" maximum:"1440" doc:"of 小休; 0: as much as one likes"`
	// NoWork are the states in which nobody gets work by assignment.
	NoWork   []State `json:"no_work_states" minItems:"1" maxItems:"7" doc:"in which no work comes; offline is always one of them, online never"`
	Rest     int     `json:"min_rest_minutes" minimum:"0" maximum:"2880" doc:"between two shifts of a person"`
	Longest  int     `json:"max_shift_minutes" minimum:"60" maximum:"1440" doc:"of one shift"`
	PerWeek  int     `json:"max_week_minutes" minimum:"0" maximum:"10080" doc:"of a person from Monday to Sunday; 0: no limit"`
	SwapLead bool    `json:"swap_needs_approval" doc:"a swap that both have agreed on waits for a lead"`
}

// Defaults hold until a tenant says otherwise.
func Defaults() Settings {
	return Settings{Grace: 60, Break: 60, NoWork: []State{Busy, Break, Meal, Training, AfterCall, Offline},
		Rest: 11 * 60, Longest: 12 * 60, PerWeek: 0, SwapLead: true}
}

// Check refuses settings that contradict themselves.
func (s Settings) Check() error {
	for i, x := range s.NoWork {
		switch {
		case !x.known():
			return fault.Bad("no_work_states", "unknown", "there is no state %q", x)
		case x == Online:
			return fault.Bad("no_work_states", "choice", "work comes to who is online")
		case slices.Contains(s.NoWork[:i], x):
			return fault.Bad("no_work_states", "unique", "a state is named twice")
		}
	}
	switch {
	case !slices.Contains(s.NoWork, Offline):
		return fault.Bad("no_work_states", "required", "no work comes to who is offline")
	case s.Grace < 5 || s.Grace > 3600:
		return fault.Bad("grace_seconds", "range", "from 5 seconds to an hour")
	case s.Break < 0 || s.Break > 1440:
		return fault.Bad("break_minutes_per_day", "range", "at most a day")
	case s.Rest < 0 || s.Rest > 2880:
		return fault.Bad("min_rest_minutes", "range", "at most two days")
	case s.Longest < 60 || s.Longest > 1440:
		return fault.Bad("max_shift_minutes", "range", "from an hour to a day")
	case s.PerWeek < 0 || s.PerWeek > 7*1440:
		return fault.Bad("max_week_minutes", "range", "at most a week")
	}
	return nil
}

func (s Settings) grace() time.Duration { return time.Duration(s.Grace) * time.Second }

const maxReason = 200

// cleanText refuses text that is too long or has characters that cannot be seen.
func cleanText(field, s string, most int) error {
	switch {
	case utf8.RuneCountInString(s) > most:
		return fault.Bad(field, "too_long", "at most %d characters", most)
	case !utf8.ValidString(s) || containsControl(s):
		return fault.Bad(field, "characters", "the text has characters that cannot be seen")
	}
	return nil
}

func containsControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return true
		}
	}
	return false
}
