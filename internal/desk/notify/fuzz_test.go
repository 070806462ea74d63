package notify

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"zhidan/internal/platform/clock"
)

// A value that is put in is not looked at again, a title stays one line, and
// nothing grows beyond its bound.
func FuzzTemplate(f *testing.F) {
	f.Add("{number} {subject}", "{subject}\n{url}", "Q1", "{number}\nx")
	f.Add("{", "}{x}", "\x00", "🙂")
	f.Fuzz(func(t *testing.T, title, text, number, subject string) {
		got := Template{title, text}.fill(map[string]string{"number": number, "subject": subject})
		if strings.ContainsAny(got.Title, "\r\n") {
			t.Errorf("a title of two lines: %q", got.Title)
		}
		if utf8.RuneCountInString(got.Title) > maxTitle || utf8.RuneCountInString(got.Text) > maxText {
			t.Errorf("%d and %d characters", utf8.RuneCountInString(got.Title), utf8.RuneCountInString(got.Text))
		}
		if title == "{subject}" && utf8.ValidString(subject) && got.Title != cut(oneLine(subject), maxTitle) {
			t.Errorf("%q became %q", subject, got.Title)
		}
	})
}

func FuzzCutBytes(f *testing.F) {
	f.Add("智单通知", 5)
	f.Fuzz(func(t *testing.T, s string, most int) {
		if most < 3 || most > 10000 || !utf8.ValidString(s) {
			return
		}
		if got := cutBytes(s, most); len(got) > most || !utf8.ValidString(got) {
			t.Errorf("%q of %d bytes: %q", s, most, got)
		}
	})
}

// Quiet hours against a walk along the clock on the wall, minute by minute.
func TestQuietHoursAgainstAWalk(t *testing.T) {
	zones := []string{"Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		l, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		minutes := func(name string) int { return rapid.IntRange(0, 1439).Draw(t, name) }
		from, to := minutes("from"), minutes("to")
		if from == to {
			return
		}
		hm := func(m int) string { return time.Date(2000, 1, 1, 0, m, 0, 0, time.UTC).Format("15:04") }
		q := Quiet{On: true, From: hm(from), To: hm(to), Zone: zone}
		// Away from the nights on which the clock is changed, which have a test
		// of their own: there a time of the wall comes twice or not at all.
		day := time.Date(2026, 6, 1, 0, 0, 0, 0, l).AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "day"))
		now := day.Add(time.Duration(minutes("now")) * time.Minute)
		inside := func(x time.Time) bool {
			m := x.In(l).Hour()*60 + x.In(l).Minute()
			if from < to {
				return from <= m && m < to
			}
			return m >= from || m < to
		}
		end, quiet := q.until(clock.From(now), time.UTC)
		if quiet != inside(now) {
			t.Fatalf("%s–%s at %s: quiet is %v", q.From, q.To, now, quiet)
		}
		if !quiet {
			return
		}
		x := now
		for inside(x) {
			x = x.Add(time.Minute)
		}
		if clock.From(x) != end {
			t.Fatalf("%s–%s at %s: until %s, not %s", q.From, q.To, now, end, x)
		}
	})
}

// A digest comes at a whole number of intervals past midnight, or at midnight,
// and never later than an interval from now.
func TestDigestsComeAtRegularTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, err := time.LoadLocation("Asia/Shanghai")
		if err != nil {
			t.Fatal(err)
		}
		every := time.Duration(rapid.IntRange(1, maxDigest).Draw(t, "minutes")) * time.Minute
		now := clock.Time(1795233600000 + rapid.Int64Range(0, 400*24*3600*1000).Draw(t, "now"))
		at := boundary(now, every, l)
		s := at.Std().In(l)
		past := time.Duration(s.Hour())*time.Hour + time.Duration(s.Minute())*time.Minute + time.Duration(s.Second())*time.Second
		if at <= now || at.Sub(now) > every || past%every != 0 || s.Nanosecond() != 0 {
			t.Fatalf("every %v at %s: %s", every, now, at)
		}
	})
}
