package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/report"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

func (s *scene) create(u unit, assignee *staff.Actor, channel string) *ticket.Ticket {
	s.t.Helper()
	n := ticket.NewTicket{Body: "灯不亮", Channel: channel, Requester: customer.Contact{Name: "张秘密", Phone: "13800138000"}, Team: u.team}
	if assignee != nil {
		n.Assignee = assignee.ID
	}
	tk, err := s.Desk.Create(ctx, s.Admin, n)
	s.must(err)
	return tk
}

func (s *scene) solve(tk *ticket.Ticket) {
	s.t.Helper()
	_, err := s.Desk.Do(ctx, s.Admin, tk.ID, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}}, 0)
	s.must(err)
}

// The day is that of the company, and the other day is counted until the same
// time of day.
func TestDaysAreTheCompanys(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		at := func(day, hour, minute int) {
			s.Clock.Set(clock.From(time.Date(2026, 11, day, hour, minute, 0, 0, time.FixedZone("", 8*3600))))
		}
		at(14, 9, 30)
		s.create(s.units[0], nil, "web")
		at(14, 15, 10)
		s.create(s.units[0], nil, "phone")
		at(20, 23, 59)
		s.create(s.units[0], nil, "web")
		at(21, 0, 0)
		s.create(s.units[0], nil, "chat")
		s.Settle()
		at(21, 14, 27)
		b := s.board(s.Admin, "")
		if b.Day != "2026-11-21" || b.Compare != "2026-11-14" || b.Zone != "Asia/Shanghai" || !b.Live || len(b.Hours) != 24 {
			t.Errorf("%s %s %s %v %d", b.Day, b.Compare, b.Zone, b.Live, len(b.Hours))
		}
		f := figure(b, "created")
		if *f.Value != 1 || *f.Previous != 1 || f.Definition != 1 {
			t.Errorf("today came %v, a week ago until now %v", *f.Value, *f.Previous)
		}
		if b.Hours[0].Channels["chat"] != 1 || b.Hours[9].Previous != 1 || b.Hours[15].Previous != 1 {
			t.Errorf("hours: %+v", b.Hours)
		}
		if b := s.board(s.Admin, "day=2026-11-20&compare=2026-11-14"); *figure(b, "created").Value != 1 || *figure(b, "created").Previous != 2 || b.Live {
			t.Errorf("yesterday: %+v", figure(b, "created"))
		}
		for _, bad := range []string{"day=2026-11-22", "day=yesterday", "compare=2027-01-01", "department=x", "without=all"} {
			if code := s.get(s.Admin, "/report/today?"+bad, nil); code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", bad, code)
			}
		}
		for _, bad := range []string{"figure=moon", "figure=backlog&age=2h", "figure=created&cursor=x", ""} {
			if code := s.get(s.Admin, "/report/today/tickets?"+bad, nil); code != http.StatusUnprocessableEntity {
				t.Errorf("tickets %s: %d", bad, code)
			}
		}
	})
}

// Of an empty day everything is nothing, and no share is told.
// A day read as of 18:00 is the same at 18:05, at 23:00 and a week later.
func TestADayAsOfAnHour(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		at := func(day, hour, minute int) {
			s.Clock.Set(clock.From(time.Date(2026, 11, day, hour, minute, 0, 0, time.FixedZone("", 8*3600))))
		}
		read := func() (b report.Board) {
			t.Helper()
			s.Settle()
			a := s.Call("GET", "/report/today?day=2026-11-21&until=18:00", nil)
			a.JSON(t, &b)
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			return b
		}
		at(14, 17, 59)
		s.create(s.units[0], nil, "web")
		at(14, 18, 1)
		s.create(s.units[0], nil, "web")
		at(21, 9, 0)
		early := s.create(s.units[0], s.units[0].agents[0], "phone")
		at(21, 17, 59)
		s.solve(early)
		at(21, 17, 59)
		if a := s.Call("GET", "/report/today?until=18:00", nil); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("an hour that has not come: %d", a.Status)
		}
		at(21, 18, 5)
		first := read()
		for _, x := range []struct{ day, hour int }{{21, 23}, {25, 9}} {
			at(x.day, x.hour, 0)
			s.solve(s.create(s.units[0], s.units[0].agents[0], "phone"))
			b := read()
			for i, f := range b.Figures {
				if was := first.Figures[i]; f.Key != "backlog" && f.Key != "overdue" && (deref(f.Value) != deref(was.Value) || f.Tickets != was.Tickets || deref(f.Previous) != deref(was.Previous)) {
					t.Errorf("%s was %v of %d, is %v of %d", f.Key, deref(was.Value), was.Tickets, deref(f.Value), f.Tickets)
				}
			}
		}
		if f := figure(&first, "created"); deref(f.Value) != 1.0 || deref(f.Previous) != 1.0 || deref(figure(&first, "solved").Value) != 1.0 || first.Live || first.Until == 0 {
			t.Errorf("%+v", first)
		}
		var behind report.BoardTickets
		s.Call("GET", "/report/today/tickets?day=2026-11-21&until=18:00&figure=created", nil).JSON(t, &behind)
		if len(behind.Items) != 1 || behind.Items[0].ID != early.ID {
			t.Errorf("behind it: %+v", behind)
		}
		r := s.Call("GET", "/report/today/export?day=2026-11-21&until=18:00&format=csv", nil)
		if name := r.Header.Get("Content-Disposition"); !strings.Contains(name, "today-2026-11-21-1800-figures.csv") || !strings.Contains(string(r.Body), "(2026-11-21 18:00)") {
			t.Errorf("%s %s", name, r.Body)
		}
	})
}

func TestAnEmptyDay(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		b := s.board(s.Admin, "")
		for _, f := range b.Figures {
			absent := f.Unit == "share" || f.Unit == "seconds"
			if absent != (f.Value == nil) || f.Tickets != 0 {
				t.Errorf("%s is %v with %d tickets", f.Key, deref(f.Value), f.Tickets)
			}
		}
		if len(b.Departments)+len(b.Channels) != 0 || len(b.Ages) != 6 {
			t.Errorf("%+v", b)
		}
	})
}

// SLA attainment is that of the clocks; the list holds the tickets with a
// broken promise; what is late is counted while it waits.
func TestPromisesOnTheBoard(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		_, err := s.SLA.Save(ctx, s.Admin, sla.Entry{Position: 1, Policy: sla.Policy{Name: "短", Targets: []sla.Target{{Metric: sla.Resolution,
			Urgent: tenMinutes, High: tenMinutes, Normal: tenMinutes, Low: tenMinutes}}}})
		s.must(err)
		kept := s.create(s.units[0], s.units[0].agents[0], "web")
		late := s.create(s.units[0], s.units[0].agents[1], "web")
		s.create(s.units[1], s.units[1].agents[0], "phone")
		s.Clock.Advance(5 * time.Minute)
		s.solve(kept)
		s.Clock.Advance(time.Hour)
		s.Settle()
		s.solve(late)
		s.Settle()
		b := s.board(s.Admin, "")
		f := figure(b, "sla")
		if f.Value == nil || *f.Value != .5 || *f.Part != 1 || *f.Whole != 2 || f.Tickets != 1 {
			t.Errorf("attainment %+v", f)
		}
		if got, _ := s.behind(s.Admin, "figure=sla"); !got[late.ID] || len(got) != 1 {
			t.Errorf("broken: %v", got)
		}
		if o := figure(b, "overdue"); *o.Value != 1 {
			t.Errorf("overdue %+v", o)
		}
		if b := s.board(s.Admin, "department="+s.units[1].department.String()); figure(b, "sla").Value != nil || *figure(b, "overdue").Value != 1 {
			t.Errorf("the other department: %+v", b.Figures)
		}
		if b := s.board(s.Admin, "channel=phone"); figure(b, "sla").Value != nil || *figure(b, "created").Value != 1 {
			t.Errorf("by telephone: %+v", b.Figures)
		}
	})
}

var tenMinutes = &sla.Promise{Minutes: 10, Calendar: "always"}

// What left somebody's reach is counted where it happened, and not shown.
func TestALeadSeesTheirTeam(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		lead := s.lead("领班", s.units[0])
		mine, gone := s.create(s.units[0], nil, "web"), s.create(s.units[0], nil, "web")
		s.create(s.units[1], nil, "web")
		s.Clock.Advance(time.Minute)
		_, err := s.Desk.Do(ctx, s.Admin, gone.ID, "transfer", &ticket.TransferInput{Place: ticket.Place{Team: s.units[1].team}, Reason: "转"}, 0)
		s.must(err)
		s.Settle()
		b := s.board(lead, "")
		if *figure(b, "created").Value != 2 || *figure(b, "transferred").Value != 1 || *figure(b, "backlog").Value != 1 || len(b.Departments) != 1 {
			t.Errorf("the lead sees %+v of %+v", b.Figures, b.Departments)
		}
		got, hidden := s.behind(lead, "figure=created")
		if !got[mine.ID] || len(got) != 1 || hidden != 1 {
			t.Errorf("behind it: %v and %d hidden", got, hidden)
		}
		if *figure(s.board(lead, "department="+s.units[1].department.String()), "created").Value != 0 {
			t.Error("the lead sees another department")
		}
		if code := s.get(s.person("无", s.units[0]), "/report/today", nil); code != http.StatusForbidden {
			t.Errorf("without the right: %d", code)
		}
		if code := s.get(lead, "/report/today/export", nil); code != http.StatusForbidden {
			t.Errorf("export without the right: %d", code)
		}
	})
}

// Facts say nothing of the customer.
func TestFactsHoldNothingPersonal(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		tk := s.create(s.units[0], nil, "phone")
		s.Settle()
		text := s.dump()
		for _, secret := range []string{"张秘密", "13800138000", "灯不亮", tk.Requester.String()} {
			if strings.Contains(text, secret) {
				t.Errorf("%q stands in the facts:\n%s", secret, text)
			}
		}
	})
}

// Names that a spreadsheet would take for a formula are text in an export.
func TestExport(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		bad := s.unit("=cmd|")
		s.create(bad, bad.agents[0], "web")
		s.create(s.units[0], nil, "phone")
		s.Settle()
		r := s.Call("GET", "/report/today/export?format=csv&table=departments", nil)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(r.Body), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 3 || rows[0][0] != "名称" {
			t.Fatalf("%d %v %s", r.Status, err, r.Body)
		}
		if all := string(r.Body); !strings.Contains(all, "'=cmd|部") || strings.Contains(all, "\n=cmd") {
			t.Errorf("a formula: %s", all)
		}
		if r := s.Call("GET", "/report/today/export?format=csv&table=hours", nil); strings.Count(string(r.Body), "\n") != 25 {
			t.Errorf("hours: %s", r.Body)
		}
		r = s.Call("GET", "/report/today/export", nil)
		z, err := zip.NewReader(bytes.NewReader(r.Body), int64(len(r.Body)))
		s.must(err)
		sheets, formulas := 0, false
		for _, f := range z.File {
			if strings.HasPrefix(f.Name, "xl/worksheets/") {
				sheets++
				in, err := f.Open()
				s.must(err)
				b, err := io.ReadAll(in)
				s.must(err)
				formulas = formulas || bytes.Contains(b, []byte("<f>")) || !bytes.Contains(b, []byte(`t="inlineStr"`)) // a cell says that it is text
			}
		}
		if sheets != 5 || formulas {
			t.Errorf("%d sheets, formulas %v", sheets, formulas)
		}
		for _, bad := range []string{"format=pdf", "format=csv&table=x", "department=x"} {
			if r := s.Call("GET", "/report/today/export?"+bad, nil); r.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", bad, r.Status)
			}
		}
	})
}

// Facts of events, without a store: what is taken back is void, and the next
// answer is the first.
func TestFacts(t *testing.T) {
	seq := int64(0)
	event := func(at clock.Time, kind staff.Kind, name string, data ticket.EventData) ticket.Event {
		seq++
		return ticket.Event{Ticket: 1, Seq: seq, At: at, ActorKind: string(kind), Actor: 7, Name: name, Data: data}
	}
	said := func(at clock.Time, kind staff.Kind, m id.ID, what ticket.MessageKind) ticket.Event {
		return event(at, kind, ticket.EventMessage, ticket.EventData{Message: m, Kind: string(what)})
	}
	changes := func(list ...ticket.FieldChange) ticket.EventData { return ticket.EventData{Changes: list} }
	events := []ticket.Event{
		event(100, staff.KindSystem, ticket.EventCreated, changes(ticket.FieldChange{Field: "team", To: "5"}, ticket.FieldChange{Field: "channel", To: "web"}, ticket.FieldChange{Field: "priority", To: "high"})),
		said(100, staff.KindSystem, 11, ticket.FromCustomer),
		event(100, staff.KindSystem, ticket.EventAssign, changes(ticket.FieldChange{Field: "assignee", From: "", To: "8"})),
		said(150, staff.KindAI, 12, ticket.Reply),
		said(200, staff.KindStaff, 13, ticket.Reply),
		event(205, staff.KindStaff, ticket.EventWithdrawn, ticket.EventData{Message: 13}),
		event(210, staff.KindStaff, ticket.EventJudged, changes(ticket.FieldChange{Field: "team"})),
		said(300, staff.KindStaff, 14, ticket.Reply),
		event(400, staff.KindStaff, ticket.EventStatus, changes(ticket.FieldChange{Field: "status", From: "open", To: "solved"})),
		event(410, staff.KindStaff, ticket.EventUndo, changes(ticket.FieldChange{Field: "status", From: "solved", To: "open"})),
		event(500, staff.KindStaff, ticket.EventTransfer, changes(ticket.FieldChange{Field: "team", From: "5", To: "6"}, ticket.FieldChange{Field: "assignee", From: "8", To: ""})),
	}
	type brief struct {
		kind        report.Kind
		at          clock.Time
		team, agent id.ID
	}
	got := map[brief]bool{}
	facts, void := report.Facts(events)
	for _, f := range facts {
		got[brief{f.Kind, f.At, f.Team, f.Agent}] = true
		if f.Kind == report.FirstResponse && f.Took != 200 {
			t.Errorf("the first response took %d", f.Took)
		}
		if f.Channel != "web" || f.Priority != ticket.High {
			t.Errorf("%+v", f)
		}
	}
	want := []brief{{report.Created, 100, 5, 8}, {report.MessageIn, 100, 5, 8}, {report.MessageOut, 150, 5, 8}, {report.MessageOut, 300, 5, 7},
		{report.FirstResponse, 300, 5, 7}, {report.Transferred, 500, 5, 8}}
	for _, w := range want {
		if !got[w] {
			t.Errorf("there is no %+v", w)
		}
	}
	if len(facts) != len(want) || len(void) != 3 {
		t.Errorf("facts %+v, void %+v", facts, void)
	}
}
