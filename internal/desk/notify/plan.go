package notify

import (
	"strconv"
	"time"

	"zhidan/internal/platform/clock"
)

// groupWindow is how close on each other messages about one ticket have to be
// to go out as one: the first at once, the others when the time is over.
const groupWindow = time.Minute

// verdict is what the pipeline says of one notification on one means.
type verdict struct {
	Send bool
	At   clock.Time // when; now or earlier: at once
	Why  string     // of the last stage that had a say: mute, quiet, digest, group
}

// plan takes a notification through the stages before sending. last is when
// the person was last sent something about the same ticket on this means; zero:
// never. zone is the company's.
func (p *Preferences) plan(e Event, urgent bool, m Means, now, last clock.Time, zone *time.Location) verdict {
	urgent = urgent || e.Urgent
	if !p.wants(e, m) || now < p.MuteUntil && !urgent {
		return verdict{Why: "mute"}
	}
	v := verdict{Send: true, At: now}
	if urgent {
		return v
	}
	if end, quiet := p.Quiet.until(now, zone); quiet {
		v.At, v.Why = end, "quiet"
	}
	if minutes := p.Digest[m]; minutes > 0 {
		at := boundary(v.At, time.Duration(minutes)*time.Minute, p.Quiet.location(zone))
		if end, quiet := p.Quiet.until(at, zone); quiet {
			at = end
		}
		v.At, v.Why = at, "digest"
	}
	if v.At <= now && last != 0 && now < last.Add(groupWindow) {
		v.At, v.Why = last.Add(groupWindow), "group"
	}
	return v
}

// shows says whether the bell has it: what is urgent always.
func (p *Preferences) shows(e Event, urgent bool) bool {
	return urgent || e.Urgent || p.wants(e, InApp)
}

// loud says whether screens may make a noise of it now.
func (p *Preferences) loud(e Event, urgent bool, now clock.Time, zone *time.Location) bool {
	if urgent || e.Urgent {
		return true
	}
	_, quiet := p.Quiet.until(now, zone)
	return !quiet && now >= p.MuteUntil
}

func (q Quiet) location(zone *time.Location) *time.Location {
	if q.Zone != "" {
		if l, err := time.LoadLocation(q.Zone); err == nil {
			return l
		}
	}
	return zone
}

// until is the end of the quiet hours in which a moment lies. Both ends are
// read off the wall clock of their day, so that the night in which the clock is
// changed is as long as people feel it.
func (q Quiet) until(now clock.Time, zone *time.Location) (clock.Time, bool) {
	if !q.On || !timeOfDay.MatchString(q.From) || !timeOfDay.MatchString(q.To) {
		return 0, false
	}
	l := q.location(zone)
	t := now.Std().In(l)
	for _, back := range []int{1, 0} { // last night's may still hold
		start := onDay(t, -back, q.From, l)
		days := -back
		if q.To <= q.From {
			days++
		}
		end := onDay(t, days, q.To, l)
		if q.begins(start.Weekday()) && !t.Before(start) && t.Before(end) {
			return clock.From(end), true
		}
	}
	return 0, false
}

func (q Quiet) begins(d time.Weekday) bool {
	for _, x := range q.Days {
		if time.Weekday(x) == d {
			return true
		}
	}
	return len(q.Days) == 0
}

func onDay(t time.Time, days int, at string, l *time.Location) time.Time {
	h, _ := strconv.Atoi(at[:2])
	m, _ := strconv.Atoi(at[3:])
	return time.Date(t.Year(), t.Month(), t.Day()+days, h, m, 0, 0, l)
}

// boundary is the next moment after t that is a whole number of intervals past
// midnight: digests come at times that one can get used to.
func boundary(t clock.Time, every time.Duration, l *time.Location) clock.Time {
	s := t.Std().In(l)
	midnight := time.Date(s.Year(), s.Month(), s.Day(), 0, 0, 0, 0, l)
	next := midnight.Add((s.Sub(midnight)/every + 1) * every)
	if tomorrow := time.Date(s.Year(), s.Month(), s.Day()+1, 0, 0, 0, 0, l); next.After(tomorrow) {
		next = tomorrow
	}
	return clock.From(next)
}
