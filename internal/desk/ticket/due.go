package ticket

import "zhidan/internal/platform/clock"

// SLA is how the promises on a ticket stand (SLA 计时), as whoever keeps the
// clocks has said. Stored as a small number, spoken as a word.
type SLA int16

// Standings. A breached promise that is still open outweighs those that run; of
// a ticket on which nothing is open, it is how its promises have ended.
const (
	SLANone     SLA = iota // 无承诺: nothing is promised
	SLARunning             // 计时中: due_at says until when
	SLAPaused              // 已暂停: open, but no time passes
	SLABreached            // 已超时: late
	SLAMet                 // 已达成: all that was promised was kept
)

var slaNames = [...]string{"none", "running", "paused", "breached", "met"}

func (s SLA) String() string {
	if s < 0 || int(s) >= len(slaNames) {
		return ""
	}
	return slaNames[s]
}

// MarshalText speaks the standing as its word.
func (s SLA) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word.
func (s *SLA) UnmarshalText(b []byte) error {
	if string(b) == slaNames[SLANone] {
		*s = SLANone
		return nil
	}
	n, err := index(slaNames[:], "sla", string(b))
	*s = SLA(n)
	return err
}

// Never is the due date, where it is stored or compared, of a ticket on which
// nothing falls due: the end of the year 9999, which comes after every other.
const Never clock.Time = 253402300799999

func (t *Ticket) dueKey() int64 {
	if t.DueAt == 0 {
		return int64(Never)
	}
	return int64(t.DueAt)
}

var slaCodes = func() map[string]int64 {
	m := map[string]int64{}
	for i, n := range slaNames {
		m[n] = int64(i)
	}
	return m
}()
