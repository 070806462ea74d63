package job

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// A kind that lingers runs a first job at once, gathers what follows it
// closely, and waits no longer when a call is full.
func TestLinger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const linger = 300 * time.Millisecond
		b := newBoard()
		var calls []int
		var begun []time.Time
		q := newQueue(d)
		q.Handle(Kind{Name: "gather", Batch: 4, Linger: linger}, func(_ context.Context, jobs []Job) error {
			b.Lock()
			calls, begun = append(calls, len(jobs)), append(begun, time.Now())
			b.Unlock()
			b.put(jobs...)
			return nil
		})
		start(t, q)
		n := 0
		more := func(k int) (list []New) {
			for range k {
				n++
				list = append(list, New{Tenant: 1, Kind: "gather", Key: fmt.Sprint(n)})
			}
			return list
		}
		add(t, q, more(1)...)
		b.waitRuns(t, 1) // at once, or this would be the first wait of many
		add(t, q, more(1)...)
		add(t, q, more(1)...)
		b.waitRuns(t, 3)
		add(t, q, more(9)...)
		b.waitRuns(t, 12)
		settledEmpty(t, q)
		b.Lock()
		defer b.Unlock()
		for i := 1; i < len(calls); i++ {
			if apart := begun[i].Sub(begun[i-1]); calls[i] < 4 && apart < linger-5*time.Millisecond {
				t.Errorf("call %d with %d jobs began %v after the one before", i, calls[i], apart)
			}
		}
		if calls[0] != 1 {
			t.Errorf("the first call had %d jobs", calls[0])
		}
		full := false
		for i := 1; i < len(calls); i++ {
			full = full || calls[i] == 4 && begun[i].Sub(begun[i-1]) < linger/2
		}
		if !full {
			t.Errorf("no full call ran without waiting: %v", calls)
		}
	})
}
