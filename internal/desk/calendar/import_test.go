package calendar

import (
	"reflect"
	"strings"
	"testing"
)

// icsFile is written in the ways in which calendars are found: folded and
// escaped lines, whole days, days with times, an alarm, a cancelled event.
const icsFile = "\ufeffBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" +
	"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260215\r\nDTEND;VALUE=DATE:20260224\r\nSUMMARY:春\r\n 节（休）\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260214\r\nSUMMARY:春节（班）\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\nSUMMARY:x\r\nEND:VALARM\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;TZID=\"Asia/Shanghai:x\":20260228T090000\r\nDTEND;TZID=Asia/Shanghai:20260228T180000\r\nSUMMARY:Spring Festival\\, Workday\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270104\r\nSUMMARY:元旦放假调休\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260501\r\nDURATION:P5D\r\nSUMMARY:劳动节\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260601\r\nSUMMARY:不算\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n" +
	"END:VCALENDAR\r\n"

func TestICS(t *testing.T) {
	got, err := ParseICS([]byte(icsFile), 0)
	want := []Year{
		{Year: 2026, Holidays: []Period{{"2026-02-15", "2026-02-23", "春节（休）"}, {"2026-05-01", "2026-05-05", "劳动节"}},
			Makeup: []MakeupDate{{"2026-02-14", "春节（班）"}, {"2026-02-28", "Spring Festival, Workday"}}},
		{Year: 2027, Holidays: []Period{{"2026-12-31", "2027-01-03", "元旦放假调休"}}, Makeup: []MakeupDate{}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nnot %+v (%v)", got, want, err)
	}
	if got, err := ParseICS([]byte(icsFile), 2027); err != nil || !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("of 2027: %+v (%v)", got, err)
	}
}

func events(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n")
}

func TestYearlyEvents(t *testing.T) {
	for _, x := range []struct {
		lines string
		year  int
		want  string // the beginnings
	}{
		{"DTSTART:20240704\nRRULE:FREQ=YEARLY;COUNT=3\nSUMMARY:x", 0, "2024-07-04 2025-07-04 2026-07-04"},
		{"DTSTART:20240704\nRRULE:FREQ=YEARLY;INTERVAL=2;UNTIL=20280704T000000Z\nSUMMARY:x", 0, "2024-07-04 2026-07-04 2028-07-04"},
		{"DTSTART:20240229\nRRULE:FREQ=YEARLY;COUNT=2\nSUMMARY:x", 0, "2024-02-29 2028-02-29"},
		{"DTSTART:20001225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25\nSUMMARY:x", 2030, "2030-12-25"},
		{"DTSTART:20201225\nRRULE:FREQ=YEARLY\nSUMMARY:x", 0, "2020-12-25 2021-12-25 2022-12-25 2023-12-25 2024-12-25 2025-12-25 2026-12-25 2027-12-25 2028-12-25 2029-12-25"},
		{"DTSTART:20251231\nDTEND:20260102\nRRULE:FREQ=YEARLY\nSUMMARY:x", 2027, "2026-12-31"},
	} {
		list, err := ParseICS(events(x.lines), x.year)
		var got []string
		for _, y := range list {
			for _, h := range y.Holidays {
				got = append(got, h.From)
			}
		}
		if err != nil || strings.Join(got, " ") != x.want {
			t.Errorf("%s: %v, not %s (%v)", x.lines, got, x.want, err)
		}
	}
}

func TestImportsThatAreRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"not a calendar":    "hello",
		"no events":         "BEGIN:VCALENDAR\nEND:VCALENDAR",
		"no end":            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n",
		"no beginning":      string(events("SUMMARY:x")),
		"no date":           string(events("DTSTART:tomorrow", "SUMMARY:x")),
		"every day":         string(events("DTSTART:20260101", "RRULE:FREQ=DAILY", "SUMMARY:x")),
		"by a weekday":      string(events("DTSTART:20260101", "RRULE:FREQ=YEARLY;BYDAY=4TH", "SUMMARY:x")),
		"two years long":    string(events("DTSTART:20260101", "DTEND:20280101", "SUMMARY:x")),
		"hours":             string(events("DTSTART:20260101", "DURATION:3", "SUMMARY:x")),
		"a year of make-up": string(events("DTSTART:20260101", "DTEND:20261001", "SUMMARY:补班")),
		"too many":          "BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nDTSTART:19710101\nRRULE:FREQ=YEARLY;COUNT=200\nEND:VEVENT\n", 200) + "END:VCALENDAR",
		"too large":         string(make([]byte, MaxImport+1)),
	} {
		if got, err := ParseICS([]byte(raw), 0); err == nil {
			t.Errorf("%s was taken: %+v", name, got)
		}
	}
	for name, raw := range map[string]string{
		"nothing":        "",
		"no years":       "[]",
		"an empty year":  `{"year":2026}`,
		"another member": `{"year":2026,"holiday":[]}`,
		"something more": `{"year":2026,"makeup":[{"date":"2026-01-04","name":"x"}]} {}`,
		"another year":   `{"year":2026,"makeup":[{"date":"2025-01-04","name":"x"}]}`,
		"no year":        `{"makeup":[{"date":"2025-01-04","name":"x"}]}`,
		"twice":          `[{"year":2026,"makeup":[{"date":"2026-01-04","name":"x"}]},{"year":2026,"makeup":[{"date":"2026-01-04","name":"x"}]}]`,
		"the wrong way":  `{"year":2026,"holidays":[{"from":"2026-01-04","to":"2026-01-03","name":"x"}]}`,
		"no such date":   `{"year":2026,"makeup":[{"date":"2026-02-29","name":"x"}]}`,
		"too large":      strings.Repeat(" ", MaxImport+1),
	} {
		if got, err := ParseJSON([]byte(raw)); err == nil {
			t.Errorf("%s was taken: %+v", name, got)
		}
	}
}

func TestDifferences(t *testing.T) {
	before, err := ParseJSON([]byte(`{"year":2026,"holidays":[{"from":"2026-01-01","to":"2026-01-03","name":"元旦"}],"makeup":[{"date":"2026-01-04","name":"班"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	after, err := ParseJSON([]byte(`[{"year":2026,"holidays":[{"from":"2026-01-01","to":"2026-01-04","name":"元旦"},{"from":"2026-04-05","to":"2026-04-05","name":"清明"}],"makeup":[{"date":"2026-01-02","name":"班"}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{
		{"2026-01-02", TableDate{Holiday, "元旦"}, TableDate{Makeup, "班"}},
		{"2026-01-04", TableDate{Makeup, "班"}, TableDate{Holiday, "元旦"}},
		{"2026-04-05", TableDate{}, TableDate{Holiday, "清明"}},
	}
	if got := Differences(before, after); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := Differences(after, after); len(got) != 0 {
		t.Errorf("with itself: %+v", got)
	}
	// Years of other numbers stay as they are.
	if got := replace(Shipped(China), after); len(got) != 4 || len(got[3].Holidays) != 2 || got[0].Year != 2023 {
		t.Errorf("%+v", got)
	}
}

// whole says what every accepted import must be: years that a calendar takes.
func whole(t *testing.T, list []Year) {
	t.Helper()
	if err := checkYears(list); err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(office("Asia/Shanghai"), list...); err != nil {
		t.Fatal(err)
	}
	Differences(nil, list)
}

func FuzzICS(f *testing.F) {
	f.Add([]byte(icsFile), 0)
	f.Add(events("DTSTART:20240229", "RRULE:FREQ=YEARLY;COUNT=1000;INTERVAL=3", "SUMMARY:x"), 2028)
	f.Add(events("DTSTART:20240229", "DURATION:P1W", "SUMMARY:a\\nb"), 0)
	f.Fuzz(func(t *testing.T, raw []byte, year int) {
		if list, err := ParseICS(raw, year); err == nil {
			whole(t, list)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(shippedChina)
	f.Add([]byte(`{"year":2026,"holidays":[{"from":"2026-01-01","to":"2026-01-03","name":"元旦"}],"makeup":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if list, err := ParseJSON(raw); err == nil {
			whole(t, list)
		}
	})
}
