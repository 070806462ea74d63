package calendar_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var bg = context.Background()

const tenant, other id.ID = 5000001, 5000002

var by = &staff.Actor{Tenant: tenant, Kind: staff.KindStaff, ID: 7}

func cache(d *db.DB) *calendar.Cache {
	return calendar.NewCache(calendar.Config{DB: d, IDs: id.NewSource(1, nil), Clock: clock.At(1_795_233_600_000)})
}

func get(t *testing.T, c *calendar.Cache) *calendar.Set {
	t.Helper()
	s, err := c.Get(bg, tenant)
	ok(t, err)
	return s
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants a fault of a kind and code.
func refused(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || f.Code != code {
		t.Errorf("%v, not %s", err, code)
	}
}

func at(s string) clock.Time {
	l, _ := time.LoadLocation("Asia/Shanghai")
	v, err := time.ParseInLocation("2006-01-02 15:04", s, l)
	if err != nil {
		panic(err)
	}
	return clock.From(v)
}

func due(t *testing.T, k *calendar.Calendar, from string, d time.Duration, want string) {
	t.Helper()
	got, is := k.Add(at(from), d)
	if !is || got != at(want) {
		t.Errorf("%s + %v is due %v, not %s", from, d, got, want)
	}
}

func office(key, zone string) calendar.Entry {
	e := calendar.Entry{Settings: calendar.Settings{Key: key, Name: calendar.Label{ZH: key}, Spec: calendar.Spec{Zone: zone}}}
	for d := 1; d <= 5; d++ {
		e.Week[d] = []calendar.Range{{From: "08:00", To: "17:00"}}
	}
	return e
}

func TestFirstDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cache(d)
		s := get(t, c)
		if len(s.Entries()) != 2 || s.Revision != 1 {
			t.Fatalf("%+v", s.Entries())
		}
		k, err := c.For(bg, tenant, 0, 0)
		ok(t, err)
		due(t, k, "2026-02-14 17:00", 2*time.Hour, "2026-02-24 10:00") // over the Spring Festival
		standard, _ := s.ByKey("standard")
		always, _ := s.ByKey("always")
		if k != standard {
			t.Error("the tenant does not work by office hours")
		}
		due(t, always, "2026-02-14 17:00", 20*time.Hour, "2026-02-15 13:00")
		if _, is := s.ByKey("nothing"); is {
			t.Error("a calendar that is not there")
		}
		// Many at once make it once.
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if s, err := cache(d).Get(bg, other); err != nil || len(s.Entries()) != 2 || s.Revision < 1 {
					t.Errorf("%v", err)
				}
			})
		}
		wait.Wait()
	})
}

func TestCalendarsAreMadeChangedAndRetired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cache(d)
		e, err := c.Save(bg, by, office("workshop", "Asia/Shanghai"))
		ok(t, err)
		_, err = c.Save(bg, by, office("workshop", "Asia/Shanghai"))
		refused(t, err, fault.Invalid, "taken")
		got, is := get(t, c).Entry(e.ID)
		if !is || !reflect.DeepEqual(got, e) {
			t.Errorf("%+v\nnot %+v", got, e)
		}
		k, _ := get(t, c).Calendar(e.ID)
		due(t, k, "2026-03-03 16:00", 2*time.Hour, "2026-03-04 09:00")
		revision := get(t, c).Revision

		changed := e
		changed.Week[3] = []calendar.Range{{From: "12:00", To: "20:00"}} // Wednesdays
		changed, err = c.Save(bg, by, changed)
		ok(t, err)
		_, err = c.Save(bg, by, e) // read before the change
		refused(t, err, fault.Precondition, "config.changed")
		renamed := changed
		renamed.Key = "other"
		_, err = c.Save(bg, by, renamed)
		refused(t, err, fault.Invalid, "fixed")
		bad := changed
		bad.Zone = "Nowhere"
		_, err = c.Save(bg, by, bad)
		refused(t, err, fault.Invalid, "time_zone")
		bad = changed
		bad.Table = "mars"
		_, err = c.Save(bg, by, bad)
		refused(t, err, fault.Invalid, "unknown")
		_, err = c.Save(bg, by, calendar.Entry{ID: 99, Settings: changed.Settings})
		refused(t, err, fault.NotFound, "calendar.not_found")
		_, err = c.Save(bg, &staff.Actor{Tenant: other}, changed)
		refused(t, err, fault.NotFound, "calendar.not_found")

		now, _ := get(t, c).Calendar(e.ID)
		due(t, now, "2026-03-03 16:00", 2*time.Hour, "2026-03-04 13:00")
		// What was counted before the change can be counted again.
		ok(t, d.Snapshot(bg, func(ctx context.Context, r db.Reader) error {
			past, err := calendar.Load(ctx, r, tenant, revision)
			ok(t, err)
			k, _ := past.Calendar(e.ID)
			due(t, k, "2026-03-03 16:00", 2*time.Hour, "2026-03-04 09:00")
			return nil
		}))

		a, err := c.Assign(bg, by, calendar.Assignment{Tenant: e.ID})
		ok(t, err)
		changed.Retired = true
		_, err = c.Save(bg, by, changed)
		refused(t, err, fault.Conflict, "calendar.in_use")
		a.Tenant = get(t, c).Entries()[1].ID
		_, err = c.Assign(bg, by, a)
		ok(t, err)
		_, err = c.Save(bg, by, changed)
		ok(t, err)
		_, err = c.Assign(bg, by, calendar.Assignment{Tenant: e.ID})
		refused(t, err, fault.Invalid, "unknown")
		if _, is := get(t, c).Calendar(e.ID); !is {
			t.Error("a retired calendar is gone, and with it what was counted by it")
		}
	})
}

func TestWhoWorksByWhich(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ids := id.NewSource(1, nil)
		var c *calendar.Cache
		house := staff.New(staff.Config{DB: d, IDs: ids, Clock: clock.At(1_795_233_600_000), Seed: func(ctx context.Context, tx *db.Tx, t staff.Tenant) error { return c.Seed(ctx, tx, t) }})
		c = calendar.NewCache(calendar.Config{DB: d, IDs: ids, Clock: house.Clock, Staff: house})
		tn, err := house.CreateTenant(bg, staff.NewTenant{Name: "Demo", TimeZone: "Europe/London"})
		ok(t, err)
		by := staff.System(tn.ID)
		name := func(s string) *string { return &s }
		dept := func(n string, parent id.ID) id.ID {
			x, err := house.CreateDepartment(bg, by, staff.DepartmentChange{Name: name(n), Parent: &parent})
			ok(t, err)
			return x.ID
		}
		top := dept("top", 0)
		below := dept("below", top)
		apart := dept("apart", 0)
		team, err := house.CreateTeam(bg, by, staff.TeamChange{Name: name("team"), Department: &below})
		ok(t, err)
		night, err := house.CreateTeam(bg, by, staff.TeamChange{Name: name("night"), Department: &below})
		ok(t, err)
		seeded, err := c.Get(bg, tn.ID)
		ok(t, err)
		if e := seeded.Entries()[0]; e.Zone != "Europe/London" || e.Table != "" {
			t.Errorf("a tenant in London has %s %q", e.Zone, e.Table)
		}
		a, err := c.Save(bg, by, office("a", "Asia/Shanghai"))
		ok(t, err)
		b, err := c.Save(bg, by, office("b", "Asia/Tokyo"))
		ok(t, err)
		_, err = c.Assign(bg, by, calendar.Assignment{Tenant: seeded.Entries()[0].ID, Departments: map[id.ID]id.ID{top: a.ID}, Teams: map[id.ID]id.ID{night.ID: b.ID}})
		ok(t, err)
		s, err := c.Get(bg, tn.ID)
		ok(t, err)
		for i, x := range []struct{ team, department, want id.ID }{
			{0, 0, seeded.Entries()[0].ID},
			{0, apart, seeded.Entries()[0].ID},
			{0, top, a.ID},
			{0, below, a.ID},
			{team.ID, 0, a.ID}, // by its department's parent
			{night.ID, 0, b.ID},
			{night.ID, top, b.ID},
			{team.ID, apart, seeded.Entries()[0].ID}, // the department that is given counts
			{12345, 12345, seeded.Entries()[0].ID},
		} {
			want, _ := s.Calendar(x.want)
			got, err := c.For(bg, tn.ID, x.team, x.department)
			if err != nil || got != want {
				t.Errorf("row %d is another calendar: %v", i, err)
			}
		}
		_, err = c.Assign(bg, by, calendar.Assignment{Tenant: a.ID, Teams: map[id.ID]id.ID{12345: a.ID}})
		refused(t, err, fault.Invalid, "unknown")
		_, err = c.Assign(bg, by, calendar.Assignment{Tenant: a.ID, Version: 1})
		refused(t, err, fault.Precondition, "config.changed")
	})
}

func TestHolidayImportMovesAllCalendars(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cache(d)
		var told []int64
		c.Changed = func(ctx context.Context, tx *db.Tx, tenant id.ID, revision int64) error {
			tx.AfterCommit(func() { told = append(told, revision) })
			return nil
		}
		w := office("workshop", "Asia/Shanghai")
		w.Table = calendar.China
		_, err := c.Save(bg, by, w)
		ok(t, err)
		check := func(office, workshop string) {
			t.Helper()
			s := get(t, c)
			k, _ := s.ByKey("standard")
			due(t, k, "2027-02-05 17:00", 2*time.Hour, office)
			k, _ = s.ByKey("workshop")
			due(t, k, "2027-02-05 16:00", 2*time.Hour, workshop)
		}
		before := get(t, c).Revision
		check("2027-02-08 10:00", "2027-02-08 09:00")

		// Not the notice for that year: made up for the test.
		years, err := calendar.ParseJSON([]byte(`{"year":2027,"holidays":[{"from":"2027-02-08","to":"2027-02-09","name":"测试假"}],"makeup":[{"date":"2027-02-06","name":"测试班"}]}`))
		ok(t, err)
		in := calendar.Import{Table: calendar.China, Years: years, DryRun: true}
		dry, err := c.Import(bg, by, in)
		ok(t, err)
		want := []calendar.Difference{
			{Date: "2027-02-06", After: calendar.TableDate{Kind: calendar.Makeup, Name: "测试班"}},
			{Date: "2027-02-08", After: calendar.TableDate{Kind: calendar.Holiday, Name: "测试假"}},
			{Date: "2027-02-09", After: calendar.TableDate{Kind: calendar.Holiday, Name: "测试假"}},
		}
		if !reflect.DeepEqual(dry.Differences, want) {
			t.Errorf("%+v", dry.Differences)
		}
		if get(t, c).Revision != before || len(told) != 1 {
			t.Error("a dry run left something behind")
		}
		check("2027-02-08 10:00", "2027-02-08 09:00")

		in.DryRun = false
		real, err := c.Import(bg, by, in)
		ok(t, err)
		if !reflect.DeepEqual(real.Differences, want) || !real.Table.Undoable || len(real.Table.Years) != 5 {
			t.Errorf("%+v", real)
		}
		check("2027-02-06 10:00", "2027-02-06 09:00")
		if len(told) != 2 || told[1] != real.Table.Version {
			t.Errorf("told of %v", told)
		}
		again, err := c.Import(bg, by, in)
		if err != nil || len(again.Differences) != 0 {
			t.Errorf("the same again differs: %+v %v", again.Differences, err)
		}
		_, err = c.UndoImport(bg, by, calendar.China)
		ok(t, err)
		check("2027-02-06 10:00", "2027-02-06 09:00") // back before the second import
		undone, err := c.UndoImport(bg, by, calendar.China)
		if err != nil || len(undone.Differences) != 3 {
			t.Errorf("%+v %v", undone, err)
		}
		check("2027-02-08 10:00", "2027-02-08 09:00")
		_, err = c.UndoImport(bg, by, calendar.China)
		refused(t, err, fault.Conflict, "calendar.nothing_to_undo")
		_, err = c.UndoImport(bg, by, "nothing")
		refused(t, err, fault.NotFound, "table.not_found")

		// A table of the company's own.
		in.Table, in.Name = "company", calendar.Label{EN: "Company days"}
		_, err = c.Import(bg, by, in)
		ok(t, err)
		in.Table, in.Name = "nameless", calendar.Label{}
		_, err = c.Import(bg, by, in)
		refused(t, err, fault.Invalid, "required")
		if s := get(t, c); len(s.Tables()) != 2 {
			t.Errorf("%d tables", len(s.Tables()))
		}
		// Another tenant has nothing of it.
		s, err := c.Get(bg, other)
		if err != nil || len(s.Tables()) != 1 || len(s.Tables()[0].Years) != 4 {
			t.Errorf("the other tenant: %v", err)
		}
	})
}

// Changes at the same time all happen, one after the other.
func TestChangesAtTheSameTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cache(d)
		get(t, c)
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				if _, err := c.Save(bg, by, office(fmt.Sprintf("c%d", i), "Asia/Shanghai")); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if s := get(t, c); len(s.Entries()) != 10 || s.Revision != 9 {
			t.Errorf("%d calendars at revision %d", len(s.Entries()), s.Revision)
		}
	})
}
