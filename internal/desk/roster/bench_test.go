package roster_test

import (
	"context"
	"fmt"
	"testing"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/web"
)

// benchRoom is a room with 500 people on SQLite.
func benchRoom(b *testing.B) (*roster.Room, *staff.Actor, []id.ID, *clock.Clock) {
	b.Helper()
	d := dbtest.SQLite(b)
	ids, at := id.NewSource(1, nil), clock.At(1_795_233_600_000)
	house := staff.New(staff.Config{DB: d, IDs: ids, Clock: at})
	jobs := job.New_(job.Config{DB: d, IDs: ids, Clock: at, Exclusive: true})
	room := roster.New(roster.Config{DB: d, IDs: ids, Clock: at, Staff: house, Jobs: jobs,
		Ended: func(context.Context, *db.Tx, id.ID, id.ID, string) error { return nil }})
	b.Cleanup(room.Close)
	tenant, err := house.CreateTenant(bg, staff.NewTenant{Name: "Bench"})
	if err != nil {
		b.Fatal(err)
	}
	by := staff.System(tenant.ID)
	var users []id.ID
	for i := range 500 {
		p, err := house.CreateUser(bg, by, staff.NewUser{Email: fmt.Sprintf("p%d@example.com", i), Name: fmt.Sprintf("Person %d", i)})
		if err != nil {
			b.Fatal(err)
		}
		users = append(users, p.ID)
	}
	return room, by, users, at
}

func weekOf(users []id.ID, from roster.Day) (out []roster.Edit) {
	for _, u := range users {
		for d := range roster.Day(7) {
			out = append(out, roster.Edit{User: u, Day: from + d, Items: []roster.Item{{Kind: roster.Shift, From: "09:00", To: "18:00"}}})
		}
	}
	return out
}

func BenchmarkOnShift(b *testing.B) {
	room, by, users, at := benchRoom(b)
	day, _ := roster.ParseDay("", "2026-11-21")
	if _, err := room.Save(bg, by, weekOf(users, day), false); err != nil {
		b.Fatal(err)
	}
	if _, err := room.Publish(bg, by, users, day, day+6); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := room.Shifts(bg, by.Tenant, at.Now())
		if err != nil {
			b.Fatal(err)
		}
		for _, u := range users {
			if on, _, _ := s.On(u, at.Now()); !on {
				b.Fatal("nobody is there")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(users)), "ns/person")
}

func BenchmarkPlanAWeekOf500(b *testing.B) {
	room, by, users, _ := benchRoom(b)
	day, _ := roster.ParseDay("", "2026-11-23")
	for n := roster.Day(0); b.Loop(); n += 7 {
		if _, err := room.Save(bg, by, weekOf(users, day+n), false); err != nil {
			b.Fatal(err)
		}
		if _, err := room.Publish(bg, by, users, day+n, day+n+6); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChangeOfState(b *testing.B) {
	room, by, users, at := benchRoom(b)
	states := []roster.State{roster.Online, roster.Busy}
	for n := 0; b.Loop(); n++ {
		at.Set(at.Now() + 1)
		if _, err := room.Force(bg, by, users[n%len(users)], roster.NewState{State: states[n/len(users)%2]}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdherenceOf50In31Days(b *testing.B) {
	room, by, users, at := benchRoom(b)
	day, _ := roster.ParseDay("", "2026-11-21")
	for w := range roster.Day(4) {
		if _, err := room.Save(bg, by, weekOf(users, day+7*w), false); err != nil {
			b.Fatal(err)
		}
		if _, err := room.Publish(bg, by, users, day+7*w, day+7*w+6); err != nil {
			b.Fatal(err)
		}
	}
	for n := range 40 {
		at.Set(at.Now() + 3_600_000*12)
		for _, u := range users[:50] {
			if _, err := room.Force(bg, by, u, roster.NewState{State: []roster.State{roster.Online, roster.Offline}[n%2]}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := room.Adherence(bg, by, day, day+30, 0, 0, web.Page{Limit: 50}); err != nil {
			b.Fatal(err)
		}
	}
}
