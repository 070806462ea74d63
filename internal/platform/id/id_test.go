package id

import (
	"testing"
	"time"
)

func TestBackKeepsTheOrderOfTime(t *testing.T) {
	now := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC).UnixMilli()
	s := NewSource(1, func() int64 { return now })
	last := ID(0)
	for _, at := range []time.Time{
		time.Date(1970, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2009, 5, 1, 8, 0, 0, 0, time.UTC), time.Date(2009, 5, 1, 8, 0, 1, 0, time.UTC),
		time.Date(2023, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 1, 30, 23, 59, 59, 0, time.UTC),
		time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC), time.Date(2024, 6, 1, 0, 0, 0, 1e6, time.UTC), time.Date(2024, 6, 1, 0, 0, 0, 2e6, time.UTC), time.Date(2026, 11, 21, 3, 59, 0, 0, time.UTC),
		time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC),
	} {
		for range 3 {
			v := s.Back(at.UnixMilli())
			if v <= last && at.Second() != 0 && at.Nanosecond() != 0 || v <= 0 {
				t.Errorf("%v: %d is not behind %d", at, v, last)
			}
			if at.Year() > 2024 && v.Millis()/1000 != at.Unix() {
				t.Errorf("%v: %d is of %v", at, v, time.UnixMilli(v.Millis()))
			}
		}
		v := s.Back(at.UnixMilli())
		if v <= last {
			t.Errorf("%v: %d is not behind %d", at, v, last)
		}
		last = v
	}
}

// A table that only knows the day makes hundreds of thousands of the same moment.
func TestBackSpreads(t *testing.T) {
	s := NewSource(1, nil)
	for _, at := range []time.Time{time.Date(2019, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)} {
		seen, twice := map[ID]bool{}, 0
		for range 10_000 {
			v := s.Back(at.UnixMilli())
			if seen[v] {
				twice++
			}
			seen[v] = true
		}
		if twice > 50 {
			t.Errorf("%v: %d of 10,000 are not new", at, twice)
		}
	}
}
