package roster

import (
	"testing"
	"time"

	"zhidan/internal/platform/clock"
)

func TestDaysAndWalls(t *testing.T) {
	zone := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, x := range []struct {
		zone, day string
		minute    int
		want      string
	}{
		{"Asia/Shanghai", "2026-11-21", 9 * 60, "2026-11-21T01:00:00.000Z"},
		{"Asia/Shanghai", "2028-02-29", 1440, "2028-02-29T16:00:00.000Z"},
		{"Asia/Shanghai", "2028-02-29", 1440 + 6*60, "2028-02-29T22:00:00.000Z"},
		{"Europe/London", "2026-03-29", 60, "2026-03-29T01:00:00.000Z"}, // 01:00 is left out
		{"Europe/London", "2026-03-29", 90, "2026-03-29T01:00:00.000Z"},
		{"Europe/London", "2026-03-29", 120, "2026-03-29T01:00:00.000Z"},
		{"Europe/London", "2026-10-25", 90, "2026-10-25T00:30:00.000Z"}, // the first of two
		{"Europe/London", "2026-10-25", 120, "2026-10-25T02:00:00.000Z"},
		{"America/New_York", "2026-03-08", 150, "2026-03-08T07:00:00.000Z"},
		{"America/New_York", "2026-03-07", 1440 + 150, "2026-03-08T07:00:00.000Z"},
		{"America/New_York", "2026-11-01", 90, "2026-11-01T05:30:00.000Z"},
		{"Australia/Lord_Howe", "2026-10-04", 135, "2026-10-03T15:30:00.000Z"}, // half an hour is left out
	} {
		d, err := ParseDay("", x.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.at(x.minute, zone(x.zone)); got.String() != x.want {
			t.Errorf("%s %s minute %d is %s, not %s", x.zone, x.day, x.minute, got, x.want)
		}
		if d.String() != x.day {
			t.Errorf("%s is written %s", x.day, d)
		}
	}
	for _, bad := range []string{"", "2026-02-30", "2027-02-29", "1969-12-31", "2200-01-01", "2026-1-1", "2026-11-21T00:00:00Z"} {
		if _, err := ParseDay("day", bad); err == nil {
			t.Errorf("%q is taken for a date", bad)
		}
	}
	if d, _ := ParseDay("", "2026-11-21"); d.weekday() != 5 { // a Saturday
		t.Errorf("the 21st is weekday %d", d.weekday())
	}
}

func TestRulesOfStates(t *testing.T) {
	const start = clock.Time(1_795_233_600_000)
	today := func(is bool) func(clock.Time) bool { return func(clock.Time) bool { return is } }
	at := func(minutes int) clock.Time { return start.Add(time.Duration(minutes) * time.Minute) }

	s := Status{State: Offline}
	s.arrive(at(0), today(true))
	if s.State != Online || s.Since != at(0) {
		t.Fatalf("a first screen makes %+v", s)
	}
	s.choose(choice{state: Meal, until: at(30)}, at(1), true)
	s.leave(at(2))
	s.leave(at(3))
	if s.gone != at(2) || s.State != Meal {
		t.Fatalf("gone since %s, %s", s.gone, s.State)
	}
	s.lapse(at(4))
	if s.State != Offline || s.Until != 0 || s.gone != 0 {
		t.Fatalf("after the grace: %+v", s)
	}
	back := s
	back.arrive(at(10), today(true))
	if back.State != Meal || back.Until != at(30) {
		t.Errorf("back from a lost connection: %+v", back)
	}
	back.end(at(30), true)
	if back.State != Online || back.Until != 0 {
		t.Errorf("after the meal: %+v", back)
	}
	late := s
	late.arrive(at(31), today(true))
	if late.State != Online {
		t.Errorf("a meal that is over is %s", late.State)
	}
	next := s
	next.arrive(at(20), today(false))
	if next.State != Online {
		t.Errorf("yesterday's meal is %s", next.State)
	}
	s.choose(choice{state: Offline}, at(50), false)
	s.arrive(at(51), today(true))
	if s.State != Offline {
		t.Errorf("who went offline by hand is %s when a page opens", s.State)
	}
	s.choose(choice{state: Online, held: true}, at(60), false)
	s.leave(at(61))
	if s.gone != 0 || !s.Held {
		t.Errorf("what a program sets stays: %+v", s)
	}
	s.choose(choice{state: Online, until: at(90), held: true}, at(62), false)
	s.end(at(90), false)
	if s.State != Offline || s.Held {
		t.Errorf("online until: %+v", s)
	}
}
