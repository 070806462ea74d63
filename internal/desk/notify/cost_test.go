package notify_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// What telling costs the one who writes, and the pipeline after it. Measured
// only when asked for: ZHIDAN_MEASURE=1 go test -run TestCostOfTelling -v.
func TestCostOfTelling(t *testing.T) {
	if os.Getenv("ZHIDAN_MEASURE") == "" {
		t.Skip("ZHIDAN_MEASURE is not set")
	}
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		s.mail("starttls")
		var people []*staff.Actor
		for i := range 20 {
			people = append(people, s.User(fmt.Sprintf("u%d@example.com", i), fmt.Sprintf("演示%d", i), staff.Administrator))
		}
		tk := s.open("x")
		const batches, size = 20, 128
		began := time.Now()
		for b := range batches {
			var notices []notify.Notice
			for i := range size {
				notices = append(notices, notify.Notice{Tenant: s.Tenant, Event: notify.Watched, Ticket: tk.ID, To: []id.ID{people[i%20].ID}, Key: fmt.Sprintf("%d %d", b, i)})
			}
			s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.Notify.Tell(ctx, tx, notices...) }))
		}
		told := time.Since(began)
		s.Settle()
		all := time.Since(began)
		const n = batches * size
		t.Logf("%d notices in transactions of %d: %.1f µs each inside them; told and on screens after %v, %.0f/s", n, size,
			float64(told.Microseconds())/n, all.Round(time.Millisecond), n/all.Seconds())
		if got := s.count(people[0]); got < n/20 {
			t.Errorf("%d of %d", got, n/20)
		}
	})
}
