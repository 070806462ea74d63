package entity

import (
	"testing"
	"time"

	"zhidan/internal/platform/clock"
)

func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone database")
	}
	at := func(z *time.Location, s string) clock.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, z)
		if err != nil {
			t.Fatal(err)
		}
		return clock.From(v)
	}
	sh, be := shanghai, berlin
	for _, c := range []struct {
		zone     *time.Location
		now      string
		text     string
		from, to string
		grain    string
	}{
		// 2026-11-21 is a Saturday.
		{sh, "2026-11-21 10:00", "前天", "2026-11-19 00:00", "2026-11-20 00:00", "day"},
		{sh, "2026-11-21 10:00", "大后天", "2026-11-24 00:00", "2026-11-25 00:00", "day"},
		{sh, "2026-11-21 10:00", "下周三下午", "2026-11-25 13:00", "2026-11-25 18:00", "daypart"},
		{sh, "2026-11-21 10:00", "下周三下午3点半", "2026-11-25 15:30", "2026-11-25 15:31", "minute"},
		{sh, "2026-11-21 10:00", "上个月底", "2026-10-21 00:00", "2026-11-01 00:00", "part"},
		{sh, "2026-11-21 10:00", "国庆", "2026-10-01 00:00", "2026-10-08 00:00", "holiday"},
		{sh, "2026-11-21 10:00", "春节", "2027-02-06 00:00", "2027-02-13 00:00", "holiday"},
		{sh, "2026-11-21 10:00", "三天前", "2026-11-18 00:00", "2026-11-19 00:00", "day"},
		{sh, "2026-11-21 10:00", "两小时后", "2026-11-21 12:00", "2026-11-21 12:01", "minute"},
		{sh, "2026-11-21 10:00", "最近一周", "2026-11-14 00:00", "2026-11-22 00:00", "day"},
		{sh, "2026-11-21 10:00", "去年5月3号", "2025-05-03 00:00", "2025-05-04 00:00", "day"},
		{sh, "2026-11-21 10:00", "2024年2月29日", "2024-02-29 00:00", "2024-03-01 00:00", "day"},
		{sh, "2026-11-21 10:00", "二〇二四年五月三日", "2024-05-03 00:00", "2024-05-04 00:00", "day"},
		{sh, "2026-11-21 10:00", "今晚8点", "2026-11-21 20:00", "2026-11-21 21:00", "hour"},
		{sh, "2026-11-21 10:00", "明天下午2点到5点", "2026-11-22 14:00", "2026-11-22 17:00", "hour"},
		{sh, "2026-11-21 10:00", "昨晚十一点二十", "2026-11-20 23:20", "2026-11-20 23:21", "minute"},
		{sh, "2026-12-31 23:00", "明天", "2027-01-01 00:00", "2027-01-02 00:00", "day"},
		{sh, "2027-01-01 00:30", "上个月", "2026-12-01 00:00", "2027-01-01 00:00", "month"},
		{sh, "2027-01-01 00:30", "昨天", "2026-12-31 00:00", "2027-01-01 00:00", "day"},
		{sh, "2024-02-28 10:00", "后天", "2024-03-01 00:00", "2024-03-02 00:00", "day"},
		{sh, "2024-02-28 10:00", "明天", "2024-02-29 00:00", "2024-03-01 00:00", "day"},
		{sh, "2026-11-21 10:00", "next Tuesday", "2026-11-24 00:00", "2026-11-25 00:00", "day"},
		{sh, "2026-11-21 10:00", "last Thursday", "2026-11-19 00:00", "2026-11-20 00:00", "day"},
		{sh, "2026-11-21 10:00", "in two days", "2026-11-23 00:00", "2026-11-24 00:00", "day"},
		{sh, "2026-11-21 10:00", "3pm tomorrow", "2026-11-22 15:00", "2026-11-22 16:00", "hour"},
		{sh, "2026-11-21 10:00", "tomorrow at half past 5", "2026-11-22 05:30", "2026-11-22 05:31", "minute"},
		{sh, "2026-11-21 10:00", "the day after tomorrow", "2026-11-23 00:00", "2026-11-24 00:00", "day"},
		{sh, "2026-11-21 10:00", "May 3rd, 2025", "2025-05-03 00:00", "2025-05-04 00:00", "day"},
		{sh, "2026-11-21 10:00", "Tuesday, 3 December 2024 15:04", "2024-12-03 15:04", "2024-12-03 15:05", "minute"},
		{sh, "2026-11-21 10:00", "two weeks ago", "2026-11-07 00:00", "2026-11-08 00:00", "day"},
		{sh, "2026-11-21 10:00", "2026-11-20T08:00:00Z", "2026-11-20 16:00", "2026-11-20 16:00", "second"},
		// Summer time ends in Berlin on 2026-10-25 and begins on 2026-03-29.
		{be, "2026-10-24 12:00", "tomorrow", "2026-10-25 00:00", "2026-10-26 00:00", "day"},
		{be, "2026-10-24 12:00", "tomorrow at 9 am", "2026-10-25 09:00", "2026-10-25 10:00", "hour"},
		{be, "2026-03-28 12:00", "tomorrow at 3 pm", "2026-03-29 15:00", "2026-03-29 16:00", "hour"},
		{be, "2026-03-28 12:00", "this week", "2026-03-23 00:00", "2026-03-30 00:00", "week"},
	} {
		e := Extract(c.text, Options{Now: at(c.zone, c.now), Zone: c.zone})
		if len(e) != 1 {
			t.Errorf("%q: found %v", c.text, e)
			continue
		}
		to := at(c.zone, c.to)
		if c.grain == "second" {
			to = to.Add(time.Second)
		}
		if e[0].From != at(c.zone, c.from) || e[0].To != to || e[0].Parts["grain"] != c.grain {
			t.Errorf("%q at %s: %s – %s (%s), want %s – %s (%s)", c.text, c.now, e[0].From.Std().In(c.zone), e[0].To.Std().In(c.zone), e[0].Parts["grain"], c.from, c.to, c.grain)
		}
		if e[0].End-e[0].Start != runeLen(c.text) {
			t.Errorf("%q: only the runes [%d,%d) were read", c.text, e[0].Start, e[0].End)
		}
	}
}

func TestADayThatDoesNotExistIsNone(t *testing.T) {
	for _, s := range []string{"2023-02-29", "2月30日", "2024年13月1日", "25:61"} {
		for _, e := range Extract(s, saturday) {
			if e.Type == Date && e.Parts["grain"] == "day" || e.Type == Time {
				t.Errorf("%q became %s", s, e.Value)
			}
		}
	}
}

func TestWithoutAPresentRelativeTimesHaveNone(t *testing.T) {
	e := Extract("明天下午3点", Options{})
	if len(e) != 1 || e[0].From != 0 || e[0].To != 0 {
		t.Errorf("found %v", e)
	}
	if e = Extract("2024-05-03 15:00", Options{}); len(e) != 1 || e[0].From == 0 {
		t.Errorf("an absolute time needs no present: %v", e)
	}
}
