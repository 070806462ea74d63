// Package clock is the only source of time. Times are UTC milliseconds in the
// store and RFC 3339 on the wire; tests move the clock by hand.
package clock

import (
	"sync/atomic"
	"time"
)

// Time is a moment in UTC milliseconds since 1970. Zero means "never".
type Time int64

// From converts a time.Time; its zero value becomes zero.
func From(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// Std converts to time.Time in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Add moves the moment by d.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Milliseconds()) }

// Sub is the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t-u) * time.Millisecond }

// String is RFC 3339 with milliseconds; empty for zero.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Std().Format("2006-01-02T15:04:05.000Z")
}

// MarshalText makes JSON hold the RFC 3339 form.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads RFC 3339; the empty string is zero.
func (t *Time) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = 0
		return nil
	}
	v, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return err
	}
	*t = From(v)
	return nil
}

// Clock tells the time. The zero value and nil are the wall clock.
type Clock struct {
	fixed atomic.Int64 // 0: wall clock
}

// At is a clock that stands still at t until it is moved.
func At(t Time) *Clock {
	c := &Clock{}
	c.fixed.Store(int64(t))
	return c
}

// Now is the present moment.
func (c *Clock) Now() Time {
	if c != nil {
		if f := c.fixed.Load(); f != 0 {
			return Time(f)
		}
	}
	return Time(time.Now().UnixMilli())
}

// Millis is Now as a bare number.
func (c *Clock) Millis() int64 { return int64(c.Now()) }

// Set stops the clock at t.
func (c *Clock) Set(t Time) { c.fixed.Store(int64(t)) }

// Advance moves a clock made by At.
func (c *Clock) Advance(d time.Duration) { c.fixed.Add(d.Milliseconds()) }
