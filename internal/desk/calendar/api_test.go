package calendar_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/zhidantest"
)

type m = map[string]any

// problem wants a refusal of a field.
func problem(t *testing.T, a zhidantest.Answer, status int, part string) {
	t.Helper()
	if a.Status != status || !strings.Contains(string(a.Body), part) {
		t.Errorf("%d %s, not %d with %s", a.Status, a.Body, status, part)
	}
}

func list(t *testing.T, h *zhidantest.House) []calendar.Entry {
	t.Helper()
	var out struct{ Items []calendar.Entry }
	h.Call("GET", "/calendars", nil).JSON(t, &out)
	return out.Items
}

func TestAPI(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		all := list(t, h)
		if len(all) != 2 || all[0].Key != "standard" || all[0].Table != calendar.China || len(all[0].Week[6]) != 0 {
			t.Fatalf("%+v", all)
		}
		path := "/calendars/" + all[0].ID.String()

		// The whole year on the screen.
		var year calendar.YearPreview
		h.Call("GET", path+"/year?year=2026", nil).JSON(t, &year)
		if len(year.Days) != 365 || !year.Covered {
			t.Fatalf("%d days, covered %v", len(year.Days), year.Covered)
		}
		for date, want := range map[string]calendar.Kind{"2026-01-05": calendar.Workday, "2026-01-10": calendar.Off, "2026-02-17": calendar.Holiday, "2026-02-28": calendar.Makeup} {
			i := slices.IndexFunc(year.Days, func(d calendar.DayInfo) bool { return d.Date == date })
			if i < 0 || year.Days[i].Kind != want {
				t.Errorf("%s is no %s", date, want)
			}
		}
		h.Call("GET", path+"/year?year=2028", nil).JSON(t, &year)
		if len(year.Days) != 366 || year.Covered {
			t.Errorf("2028 has %d days; nobody has published its holidays", len(year.Days))
		}
		problem(t, h.Call("GET", path+"/year?year=3000", nil), 422, "year")

		// When it would be due, and by which time.
		var tried calendar.Tried
		h.Call("POST", "/calendars/test", m{"calendar_id": all[0].ID, "from": "2026-02-14T17:00:00+08:00", "hours": 1.5}).JSON(t, &tried)
		if tried.Due != at("2026-02-24 09:30") || len(tried.Intervals) != 2 || tried.Intervals[0] != (calendar.Stretch{From: at("2026-02-14 17:00"), To: at("2026-02-14 18:00")}) ||
			tried.Intervals[1] != (calendar.Stretch{From: at("2026-02-24 09:00"), To: at("2026-02-24 09:30")}) {
			t.Errorf("%+v", tried)
		}
		problem(t, h.Call("POST", "/calendars/test", m{"calendar_id": "5", "from": "2026-02-14T17:00:00+08:00", "hours": 1}), 422, "calendar_id")

		// Making, changing, a change that comes too late, and bad ones.
		body := m{"key": "night", "name": m{"zh": "夜班", "en": ""}, "zone": "Asia/Shanghai", "week": [7][]m{}}
		week := [7][]m{}
		for d := range week {
			week[d] = []m{{"from": "22:00", "to": "06:00"}}
		}
		body["week"] = week
		made := h.Call("POST", "/calendars", body)
		var e calendar.Entry
		made.JSON(t, &e)
		if made.Status != 201 || e.Week[6][0] != (calendar.Range{From: "22:00", To: "06:00"}) {
			t.Fatalf("%d %s", made.Status, made.Body)
		}
		path = "/calendars/" + e.ID.String()
		tag := made.Header.Get("ETag")
		if got := h.Call("GET", path, nil); got.Header.Get("ETag") != tag {
			t.Errorf("the tag is %s, then %s", tag, got.Header.Get("ETag"))
		}
		body["overrides"] = []m{{"date": "2026-12-24", "name": "早下班", "ranges": []m{{"from": "20:00", "to": "22:00"}}}}
		if got := h.Call("PUT", path, body, "If-Match", tag); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		problem(t, h.Call("PUT", path, body, "If-Match", tag), 412, "config.changed")
		week[2] = []m{{"from": "22:00", "to": "25:00"}}
		body["week"] = week
		problem(t, h.Call("PUT", path, body), 422, "week[2][0].to")
		problem(t, h.Call("POST", "/calendars", m{"key": "x", "name": m{"zh": "", "en": ""}, "zone": "Asia/Shanghai", "week": [7][]m{{}, {}, {}, {}, {}, {}, {}}}), 422, "name")

		// A file of holidays: look first, then take it.
		ics := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270208\r\nDTEND;VALUE=DATE:20270210\r\nSUMMARY:测试假\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		in := m{"format": "ics", "data": ics, "dry_run": true}
		var done calendar.Imported
		h.Call("POST", "/calendars/tables/cn/import", in).JSON(t, &done)
		if len(done.Differences) != 2 || done.Differences[0].Date != "2027-02-08" {
			t.Errorf("%+v", done)
		}
		dueAt := func() string {
			var out calendar.Tried
			h.Call("POST", "/calendars/test", m{"calendar_id": all[0].ID, "from": "2027-02-05T17:00:00+08:00", "hours": 2}).JSON(t, &out)
			return out.Due.String()
		}
		want := func(due string) {
			t.Helper()
			if got := dueAt(); got != due {
				t.Errorf("due %s, not %s", got, due)
			}
		}
		want("2027-02-08T02:00:00.000Z")
		in["dry_run"] = false
		if got := h.Call("POST", "/calendars/tables/cn/import", in); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		want("2027-02-10T02:00:00.000Z")
		h.Call("POST", "/calendars/tables/cn/undo", nil)
		want("2027-02-08T02:00:00.000Z")
		problem(t, h.Call("POST", "/calendars/tables/cn/undo", nil), 409, "calendar.nothing_to_undo")
		problem(t, h.Call("POST", "/calendars/tables/cn/import", m{"format": "json", "data": "{}"}), 422, "year")
		problem(t, h.Call("POST", "/calendars/tables/cn/import", m{"format": "ics", "data": "x"}), 422, "data")
		problem(t, h.Call("POST", "/calendars/tables/mars/import", m{"format": "shipped"}), 422, "year")

		// A table that lacks a shipped year is offered it.
		if got := h.Call("POST", "/calendars/tables/other/import", m{"format": "json", "name": m{"zh": "另一张", "en": ""}, "data": `{"year":2026,"makeup":[{"date":"2026-01-04","name":"x"}]}`}); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		var tables struct{ Items []calendar.TableInfo }
		h.Call("GET", "/calendars/tables", nil).JSON(t, &tables)
		if len(tables.Items) != 2 || len(tables.Items[0].Years) != 4 || len(tables.Items[0].Offered) != 0 {
			t.Errorf("%+v", tables.Items)
		}

		// Who works by which.
		got := h.Call("GET", "/calendars/assignment", nil)
		problem(t, got, 200, all[0].ID.String())
		problem(t, h.Call("PUT", "/calendars/assignment", m{"tenant": e.ID, "departments": m{}, "teams": m{"77": e.ID}}), 422, "teams.77")
		if got := h.Call("PUT", "/calendars/assignment", m{"tenant": e.ID, "departments": m{}, "teams": m{}}, "If-Match", got.Header.Get("ETag")); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		k, err := h.Calendars.For(context.Background(), h.Tenant, 0, 0)
		ok(t, err)
		due(t, k, "2026-12-24 19:00", 3*time.Hour, "2026-12-25 23:00") // the override is of that night, too
	})
}

// A change on one node is soon known on the others.
func TestOtherNodesHearOfChanges(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		n := h.Second()
		for _, x := range []*zhidantest.House{h, n} {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			ok(t, x.Bus.Ready(ctx))
		}
		if len(list(t, n)) != 2 {
			t.Fatal("the second node has other calendars")
		}
		if got := h.Call("POST", "/calendars", m{"key": "x", "name": m{"zh": "x", "en": ""}, "zone": "UTC", "week": [7][]m{{}, {}, {}, {}, {}, {}, {}}}); got.Status != 201 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		for end := time.Now().Add(2 * time.Minute); len(list(t, n)) != 3; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the second node does not hear of it")
			}
		}
	})
}
