package notify

import (
	"testing"
	"time"

	"zhidan/internal/platform/clock"
)

func at(t *testing.T, zone, s string) clock.Time {
	t.Helper()
	l, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	v, err := time.ParseInLocation("2006-01-02 15:04:05", s, l)
	if err != nil {
		t.Fatal(err)
	}
	return clock.From(v)
}

func TestPipeline(t *testing.T) {
	const sh = "Asia/Shanghai"
	shanghai, _ := time.LoadLocation(sh)
	night := Quiet{On: true, From: "22:00", To: "08:00"}
	for _, c := range []struct {
		name   string
		p      Preferences
		event  string
		urgent bool
		way    Means
		now    string
		ago    time.Duration // since something was sent about the ticket; 0: never
		want   string        // when it is sent, and why; "" : not at all
	}{
		{"at once", Preferences{}, Assigned, false, Mail, "2026-11-21 12:00:00", 0, "2026-11-21 12:00:00"},
		{"the table does not have it", Preferences{}, Watched, false, Mail, "2026-11-21 12:00:00", 0, ""},
		{"the person wants it", Preferences{Events: map[string]map[Means]bool{Watched: {Mail: true}}}, Watched, false, Mail, "2026-11-21 12:00:00", 0, "2026-11-21 12:00:00"},
		{"the person does not want it", Preferences{Events: map[string]map[Means]bool{Assigned: {Mail: false}}}, Assigned, false, Mail, "2026-11-21 12:00:00", 0, ""},
		{"not on this way", Preferences{Events: map[string]map[Means]bool{Assigned: {Mail: false}}}, Assigned, false, WebPush, "2026-11-21 12:00:00", 0, "2026-11-21 12:00:00"},
		{"muted for now", Preferences{MuteUntil: at(t, sh, "2026-11-21 13:00:00")}, Assigned, false, Mail, "2026-11-21 12:59:59", 0, ""},
		{"no longer muted", Preferences{MuteUntil: at(t, sh, "2026-11-21 13:00:00")}, Assigned, false, Mail, "2026-11-21 13:00:00", 0, "2026-11-21 13:00:00"},
		{"urgent passes by the mute", Preferences{MuteUntil: at(t, sh, "2026-11-21 13:00:00")}, Assigned, true, Mail, "2026-11-21 12:00:00", 0, "2026-11-21 12:00:00"},
		{"urgent by its event", Preferences{Quiet: night}, SeriousTicket, false, SMS, "2026-11-21 23:00:00", 0, "2026-11-21 23:00:00"},
		{"but a way that is switched off stays so", Preferences{Events: map[string]map[Means]bool{SeriousTicket: {SMS: false}}}, SeriousTicket, true, SMS, "2026-11-21 23:00:00", 0, ""},
		{"quiet before midnight", Preferences{Quiet: night}, Assigned, false, Mail, "2026-11-21 23:00:00", 0, "2026-11-22 08:00:00 quiet"},
		{"quiet after midnight", Preferences{Quiet: night}, Assigned, false, Mail, "2026-11-22 07:59:59", 0, "2026-11-22 08:00:00 quiet"},
		{"quiet begins", Preferences{Quiet: night}, Assigned, false, Mail, "2026-11-21 22:00:00", 0, "2026-11-22 08:00:00 quiet"},
		{"quiet is over", Preferences{Quiet: night}, Assigned, false, Mail, "2026-11-22 08:00:00", 0, "2026-11-22 08:00:00"},
		{"quiet at noon", Preferences{Quiet: Quiet{On: true, From: "12:00", To: "13:30"}}, Assigned, false, Mail, "2026-11-21 12:10:00", 0, "2026-11-21 13:30:00 quiet"},
		{"quiet on Saturdays", Preferences{Quiet: Quiet{On: true, From: "12:00", To: "13:30", Days: []int{6}}}, Assigned, false, Mail, "2026-11-21 12:10:00", 0, "2026-11-21 13:30:00 quiet"},
		{"but not on Sundays", Preferences{Quiet: Quiet{On: true, From: "12:00", To: "13:30", Days: []int{6}}}, Assigned, false, Mail, "2026-11-22 12:10:00", 0, "2026-11-22 12:10:00"},
		{"Saturday night reaches into Sunday", Preferences{Quiet: Quiet{On: true, From: "22:00", To: "08:00", Days: []int{6}}}, Assigned, false, Mail, "2026-11-22 03:00:00", 0, "2026-11-22 08:00:00 quiet"},
		{"quiet where the person is", Preferences{Quiet: Quiet{On: true, From: "22:00", To: "08:00", Zone: "Europe/London"}}, Assigned, false, Mail, "2026-11-21 12:00:00", 0, "2026-11-21 16:00:00 quiet"},
		{"gathered", Preferences{Digest: map[Means]int{Mail: 30}}, Assigned, false, Mail, "2026-11-21 12:10:00", 0, "2026-11-21 12:30:00 digest"},
		{"gathered at the moment of one", Preferences{Digest: map[Means]int{Mail: 30}}, Assigned, false, Mail, "2026-11-21 12:30:00", 0, "2026-11-21 13:00:00 digest"},
		{"gathered once a day", Preferences{Digest: map[Means]int{Mail: 1440}}, Assigned, false, Mail, "2026-11-21 12:10:00", 0, "2026-11-22 00:00:00 digest"},
		{"gathered in odd pieces ends with the day", Preferences{Digest: map[Means]int{Mail: 420}}, Assigned, false, Mail, "2026-11-21 22:00:00", 0, "2026-11-22 00:00:00 digest"},
		{"gathered over the night", Preferences{Digest: map[Means]int{Mail: 60}, Quiet: night}, Assigned, false, Mail, "2026-11-21 21:30:00", 0, "2026-11-22 08:00:00 digest"},
		{"not on another way", Preferences{Digest: map[Means]int{Mail: 30}}, Assigned, false, WebPush, "2026-11-21 12:10:00", 0, "2026-11-21 12:10:00"},
		{"soon after another", Preferences{}, Assigned, false, Mail, "2026-11-21 12:00:20", 20 * time.Second, "2026-11-21 12:01:00 group"},
		{"long after another", Preferences{}, Assigned, false, Mail, "2026-11-21 12:01:00", time.Minute, "2026-11-21 12:01:00"},
		{"urgent soon after another", Preferences{}, Assigned, true, Mail, "2026-11-21 12:00:20", 20 * time.Second, "2026-11-21 12:00:20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, ok := eventOf(c.event)
			if !ok {
				t.Fatal(c.event)
			}
			now, last := at(t, sh, c.now), clock.Time(0)
			if c.ago != 0 {
				last = now.Add(-c.ago)
			}
			v := c.p.plan(e, c.urgent, c.way, now, last, shanghai)
			got := ""
			if v.Send {
				got = v.At.Std().In(shanghai).Format("2006-01-02 15:04:05")
				if v.Why != "" {
					got += " " + v.Why
				}
			}
			if got != c.want {
				t.Errorf("%q, not %q", got, c.want)
			}
		})
	}
}

// The night in which the clock is changed ends at its end on the wall.
func TestQuietHoursWhenTheClockIsChanged(t *testing.T) {
	const ny = "America/New_York"
	q := Quiet{On: true, From: "22:00", To: "07:00", Zone: ny}
	for _, c := range [][2]string{
		{"2026-03-07 23:00:00", "2026-03-08 07:00:00"}, // eight hours
		{"2026-10-31 23:00:00", "2026-11-01 07:00:00"}, // ten
	} {
		end, quiet := q.until(at(t, ny, c[0]), time.UTC)
		if want := at(t, ny, c[1]); !quiet || end != want {
			t.Errorf("%s: until %s, not %s", c[0], end, want)
		}
	}
	if _, quiet := (Quiet{On: true}).until(at(t, ny, "2026-03-07 23:00:00"), time.UTC); quiet {
		t.Error("hours that nobody has named are not quiet")
	}
}

func TestPreferencesAreChecked(t *testing.T) {
	for field, p := range map[string]Preferences{
		"events.x":               {Events: map[string]map[Means]bool{"x": {}}},
		"events.assigned.pigeon": {Events: map[string]map[Means]bool{Assigned: {"pigeon": true}}},
		"digest.in_app":          {Digest: map[Means]int{InApp: 5}},
		"digest.mail":            {Digest: map[Means]int{Mail: 1441}},
		"quiet.from":             {Quiet: Quiet{On: true, From: "25:00", To: "08:00"}},
		"quiet.to":               {Quiet: Quiet{On: true, From: "08:00", To: "08:00"}},
		"quiet.zone":             {Quiet: Quiet{Zone: "Mars/Olympus"}},
		"quiet.days":             {Quiet: Quiet{Days: []int{7}}},
	} {
		if !bad(p.check(), field) {
			t.Errorf("%s was taken: %v", field, p.check())
		}
	}
	for _, phone := range []string{"12", "+1", "phone"} {
		if a := (Addresses{SMS: phone}); a.clean() == nil {
			t.Errorf("%q was taken as %s", phone, a.SMS)
		}
	}
	a := Addresses{SMS: "138 0013 8000", WeCom: "li.ming", Feishu: "ou_1"}
	if err := a.clean(); err != nil || a.SMS != "+8613800138000" {
		t.Errorf("%v %s", err, a.SMS)
	}
	if (&Addresses{WeCom: "a|b"}).clean() == nil {
		t.Error("two people in one address")
	}
}

func TestTemplates(t *testing.T) {
	for _, e := range Events {
		w, ok := shipped[e.Key]
		if !ok {
			t.Errorf("%s has no words", e.Key)
		}
		for _, x := range []Template{w.zh, w.en} {
			if err := x.check("x", e); err != nil {
				t.Errorf("%s: %v", e.Key, err)
			}
		}
	}
	e, _ := eventOf(Assigned)
	for field, x := range map[string]Template{
		"t.title": {"", "x"}, "t.text": {"x", "{secret}"},
	} {
		if !bad(x.check("t", e), field) {
			t.Errorf("%s was taken", field)
		}
	}
	got := Template{"{number}\n!", "{subject}\n{assignee}\n\n{number} {actor}"}.fill(map[string]string{"number": "Q1", "subject": "{actor} \\ {number}", "actor": "李"})
	if want := (Template{"Q1 !", "{actor} \\ {number}\n\nQ1 李"}); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}

func TestCuttingKeepsCharactersWhole(t *testing.T) {
	for n := 4; n < 20; n++ {
		if s := cutBytes("智单通知测试消息", n); len(s) > n || s != string([]rune(s)) || s[len(s)-3:] != "…" {
			t.Errorf("%d: %q", n, s)
		}
	}
	if s := cutBytes("abc", 3); s != "abc" {
		t.Error(s)
	}
}
