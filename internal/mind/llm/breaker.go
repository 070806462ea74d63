package llm

import (
	"sync"
	"time"

	"zhidan/internal/platform/clock"
)

const (
	breakAfter = 5 // failures in a row
	breakFirst = 30 * time.Second
	breakMost  = 5 * time.Minute
)

// breaker keeps a sick provider from costing every call its time-outs: after
// some failures in a row it is left alone for a while, then one call tries it.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    clock.Time
	pause    time.Duration
	probing  bool
	last     string // outcome
}

// allow says whether a call may be made. After true, one of report and
// giveBack must follow.
func (b *breaker) allow(now clock.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until == 0 {
		return true
	}
	if now < b.until || b.probing {
		return false
	}
	b.probing = true
	return true
}

// giveBack tells that the call was not made, or says nothing of the provider.
func (b *breaker) giveBack() {
	b.mu.Lock()
	b.probing = false
	b.mu.Unlock()
}

func (b *breaker) report(now clock.Time, outcome string, sick bool, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	b.last = outcome
	if !sick {
		b.failures, b.until, b.pause = 0, 0, 0
		return
	}
	b.failures++
	if b.failures >= breakAfter || b.until != 0 {
		b.pause = min(max(2*b.pause, breakFirst), breakMost)
		b.until = now.Add(b.pause)
	}
	if after > 0 {
		b.until = max(b.until, now.Add(min(after, breakMost)))
	}
}

// Health is how a provider fares, for the administrator's eyes.
type Health struct {
	Provider string     `json:"provider"`
	Failures int        `json:"failures"` // in a row
	Until    clock.Time `json:"until"`    // left alone until then
	Last     string     `json:"last"`     // outcome
}

func (b *breaker) health(name string) Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Health{name, b.failures, b.until, b.last}
}
