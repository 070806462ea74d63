package viewing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

func TestBoard(t *testing.T) {
	b := board{}
	now := clock.Time(1_000_000)
	on := func(ticket id.ID) string {
		var out []string
		for _, p := range b.at(1, ticket, now) {
			out = append(out, fmt.Sprintf("%d:%s", p.user, p.doing))
		}
		return strings.Join(out, " ")
	}
	for i, step := range []struct {
		after   time.Duration
		user    id.ID
		screen  string
		doing   Doing
		changed bool
		want    string
	}{
		{0, 7, "a", Looking, true, "7:viewing"},
		{0, 7, "b", Looking, false, "7:viewing"}, // a second window of the same person
		{0, 8, "a", Looking, true, "7:viewing 8:viewing"},
		{time.Second, 7, "b", Reply, true, "7:reply 8:viewing"}, // on one of the two
		{Pause, 7, "b", Reply, false, "7:reply 8:viewing"},
		{0, 7, "b", Gone, true, "7:viewing 8:viewing"},
		{0, 8, "a", Note, true, "7:viewing 8:note"},
		{Pause + time.Millisecond, 7, "a", Looking, false, "7:viewing 8:viewing"}, // who stopped writing without a word
		{Stay - Pause, 7, "a", Looking, false, "7:viewing"},                       // and went so
		{0, 7, "a", Gone, true, ""},
		{0, 7, "a", Gone, false, ""},
	} {
		now = now.Add(step.after)
		changed := b.take(beat{1, 5, step.user, step.screen, step.doing}, now)
		if changed != step.changed || on(5) != step.want {
			t.Fatalf("step %d: %v %q, not %v %q", i, changed, on(5), step.changed, step.want)
		}
	}
	if len(b) != 0 {
		t.Error("an empty ticket is kept")
	}
	for i := range maxOn + 10 {
		b.take(beat{1, 5, id.ID(i + 1), "a", Looking}, now)
	}
	if n := len(b[place{1, 5}]); n != maxOn {
		t.Errorf("%d screens", n)
	}
	if on(6) != "" || b.at(2, 5, now) != nil {
		t.Error("another ticket, or another company's, shows them")
	}
}
