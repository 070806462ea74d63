package sla_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// plain is a clock that has ended, as its row says.
type plain struct {
	at                                           clock.Time
	policy, team, department, assignee, category id.ID
	metric                                       sla.Metric
	state, original, reason                      string
	elapsed, paused                              int64
}

func (s *scene) plain() []plain {
	s.t.Helper()
	rows, err := s.DB.Query(ctx, `select ended_at, coalesce(policy_id, 0), coalesce(team_id, 0), coalesce(department_id, 0), coalesce(assignee_id, 0), coalesce(category_id, 0),
		metric, state, original, reason, elapsed, paused from sla_clock where tenant_id = $1 and ended_at is not null`, s.Tenant)
	list, err := db.Each(rows, err, func(r *sql.Rows) (x plain, err error) {
		return x, r.Scan(&x.at, &x.policy, &x.team, &x.department, &x.assignee, &x.category, &x.metric, &x.state, &x.original, &x.reason, &x.elapsed, &x.paused)
	})
	s.must(err)
	return list
}

// asked is a report that is asked for.
type asked struct {
	who      *staff.Actor
	from, to clock.Time
	by       sla.By
	metric   sla.Metric
}

// count answers it from the rows of all clocks, one by one.
func (q asked) count(clocks []plain, zone *time.Location) string {
	lines := map[string]*sla.Line{}
	sums := map[string]*[2]int64{}
	for _, x := range clocks {
		kind, unit := x.metric.Unit()
		scope := q.who.Scope(staff.ReportRead)
		mine := scope == staff.ScopeAll || scope >= staff.ScopeOwn && x.assignee == q.who.ID || scope >= staff.ScopeTeam && x.team != 0 && slices.Contains(q.who.Teams, x.team) ||
			scope >= staff.ScopeDepartment && x.department != 0 && slices.Contains(q.who.Departments, x.department)
		ofUnits := q.by == sla.ByUnit || q.metric == sla.OfDepartment || q.metric == sla.OfTeam
		if x.at < q.from || x.at >= q.to || x.original == "unpromised" || !mine || ofUnits != (unit != 0) || q.metric != "" && kind != q.metric {
			continue
		}
		l := sla.Line{Metric: kind}
		switch q.by {
		case sla.ByPolicy:
			l.ID = x.policy
		case sla.ByTeam:
			l.ID = x.team
		case sla.ByDepartment:
			l.ID = x.department
		case sla.ByAgent:
			l.ID = x.assignee
		case sla.ByCategory:
			l.ID = x.category
		case sla.ByUnit:
			l.ID = unit
		case sla.ByWeek:
			at := x.at.Std().In(zone)
			for at.Weekday() != time.Monday {
				at = at.AddDate(0, 0, -1)
			}
			l.Week = clock.From(time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone))
		}
		key := fmt.Sprint(l.ID, l.Week, l.Metric)
		if lines[key] == nil {
			l.Reasons = map[string]int64{}
			lines[key], sums[key] = &l, &[2]int64{}
		}
		y := lines[key]
		switch x.state {
		case "met":
			y.Met++
		case "breached":
			y.Breached++
			if x.reason != "" {
				y.Reasons[x.reason]++
			}
		default:
			y.Stopped++
			continue
		}
		if x.original == "breached" {
			y.OriginalBreached++
		} else {
			y.OriginalMet++
		}
		sums[key][0] += x.elapsed
		sums[key][1] += x.paused
	}
	list := make([]sla.Line, 0, len(lines))
	for key, l := range lines {
		if n := float64(l.Met + l.Breached); n > 0 {
			l.Elapsed, l.Paused = float64(sums[key][0])/n/1000, float64(sums[key][1])/n/1000
		}
		list = append(list, *l)
	}
	return inWords(list)
}

func inWords(lines []sla.Line) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = fmt.Sprintf("%s %s %s %d:%d stopped %d original %d:%d after %.3f paused %.3f %v", l.ID, l.Week, l.Metric, l.Met, l.Breached, l.Stopped,
			l.OriginalMet, l.OriginalBreached, l.Elapsed, l.Paused, l.Reasons)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// agree compares reports with a count of all clocks, one by one.
func (s *scene) agree(questions ...asked) {
	s.t.Helper()
	dir, err := s.Staff.Directory(ctx, s.Tenant)
	s.must(err)
	zone, err := time.LoadLocation(dir.Tenant.TimeZone)
	s.must(err)
	clocks := s.plain()
	for _, q := range questions {
		r, err := s.room.Report(ctx, q.who, q.from, q.to, q.by, q.metric)
		s.must(err)
		if got, want := inWords(r.Items), q.count(clocks, zone); got != want {
			s.t.Fatalf("by %s %s from %s to %s as %s\n got %s\nwant %s", q.by, q.metric, q.from, q.to, q.who.Scope(staff.ReportRead), got, want)
		}
	}
}

var allGroups = []sla.By{sla.ByPolicy, sla.ByTeam, sla.ByDepartment, sla.ByAgent, sla.ByCategory, sla.ByWeek, sla.ByUnit}

// days counts the days that are packed and those that are marked.
func (s *scene) days() (packed, marked int) {
	s.t.Helper()
	s.must(s.DB.QueryRow(ctx, `select (select count(*) from sla_packed where tenant_id = $1), (select count(distinct day) from sla_unpacked where tenant_id = $1)`, s.Tenant).Scan(&packed, &marked))
	return packed, marked
}

// TestReportsOfRandomLives lets tickets live at random over weeks, with ends
// that are taken back, days that are packed in between and again, and compares
// reports of all sorts with a plain count.
func TestReportsOfRandomLives(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		units := []*floor{s.floor("甲"), s.floor("乙")}
		p := sla18(t).(map[string]any)
		p["units"] = []any{map[string]any{"kind": "department", "unit_id": units[0].department.String(), "urgent": map[string]any{"minutes": 30}, "normal": map[string]any{"minutes": 300}}}
		p["extensions"] = 2
		s.policy(p)
		scoped := func(a *staff.Actor, scope staff.Scope) *staff.Actor {
			b := *a
			b.Grants = staff.Grants{staff.ReportRead: scope}
			return &b
		}
		who := []*staff.Actor{s.Admin, scoped(units[0].leader, staff.ScopeDepartment), scoped(units[0].agent, staff.ScopeTeam), scoped(units[1].agent, staff.ScopeOwn), scoped(units[1].agent, staff.ScopeNone)}
		rnd := rand.New(rand.NewPCG(7, uint64(s.DB.Engine())))
		start := s.Clock.Now()
		compare := func() {
			t.Helper()
			var list []asked
			span := int64(s.Clock.Now()-start) + 1
			for _, a := range who {
				for _, by := range allGroups {
					from, to := start-1, s.Clock.Now()+1
					if rnd.IntN(2) == 0 {
						from, to = start.Add(time.Duration(rnd.Int64N(span))*time.Millisecond), start.Add(time.Duration(rnd.Int64N(span))*time.Millisecond)
						from, to = min(from, to), max(from, to)+1
					}
					metric := []sla.Metric{"", "", sla.Resolution, sla.FirstResponse, sla.OfDepartment}[rnd.IntN(5)]
					if by == sla.ByUnit {
						metric = ""
					}
					list = append(list, asked{a, from, to, by, metric})
				}
			}
			s.agree(list...)
		}
		var tickets []*ticket.Ticket
		try := func(tk *ticket.Ticket, action string, in any) { _, _ = s.Desk.Do(ctx, s.Admin, tk.ID, action, in, 0) } // where the ticket allows it
		for i := range 130 {
			s.Clock.Advance(time.Duration(rnd.Int64N(int64(3*time.Hour)))/time.Millisecond*time.Millisecond + time.Millisecond)
			if len(tickets) < 6 || rnd.IntN(5) == 0 {
				tk := s.open([]ticket.Priority{ticket.Urgent, ticket.Normal}[rnd.IntN(2)])
				tickets = append(tickets, tk)
				units[rnd.IntN(2)].give(tk)
				continue
			}
			tk := tickets[rnd.IntN(len(tickets))]
			switch rnd.IntN(11) {
			case 0, 1:
				try(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
			case 2:
				try(tk, "status", &ticket.StatusInput{Status: ticket.Open, Reason: "still_broken"})
			case 3:
				try(tk, "status", &ticket.StatusInput{Status: ticket.Pending})
			case 4:
				try(tk, "status", &ticket.StatusInput{Status: ticket.Cancelled, Reason: "spam"})
			case 5, 6:
				if _, m, err := s.Desk.Say(ctx, s.Admin, tk.ID, ticket.NewMessage{Kind: ticket.Reply, Body: "答"}); err == nil && rnd.IntN(3) == 0 {
					_, _ = s.Desk.Withdraw(ctx, s.Admin, tk.ID, m.ID)
				}
			case 7:
				_, _, _ = s.Desk.Say(ctx, s.Admin, tk.ID, ticket.NewMessage{Kind: ticket.FromCustomer, Body: "问"})
			case 8:
				f := units[rnd.IntN(2)]
				try(tk, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: f.agent.ID, Team: f.team, Department: f.department}})
			case 9:
				_ = s.room.Explain(ctx, s.Admin, tk.ID, sla.ReasonInput{Metric: []sla.Metric{sla.Resolution, sla.FirstResponse}[rnd.IntN(2)], Reason: sla.Reasons[rnd.IntN(len(sla.Reasons))]})
			case 10:
				other := tickets[rnd.IntN(len(tickets))]
				if other.ID != tk.ID && rnd.IntN(3) == 0 {
					try(tk, "merge", &ticket.MergeInput{Into: other.ID})
				}
			}
			switch {
			case i%9 == 0:
				s.must(s.room.Tidy(ctx, s.Tenant))
				s.Settle()
			case i%20 == 3:
				compare()
			}
		}
		compare()
		s.Settle()
		compare()
		s.Clock.Advance(48 * time.Hour)
		s.Settle()
		s.must(s.room.Tidy(ctx, s.Tenant))
		s.Settle()
		packed, marked := s.days()
		if packed < 5 || marked > 1 { // what came due in the end is of today
			t.Errorf("%d days are packed, %d marked", packed, marked)
		}
		compare()
		ends := s.plain()
		if len(ends) < 30 {
			t.Errorf("only %d clocks have ended", len(ends))
		}
	})
}

// TestADayIsPackedWhileItChanges explains breaches of a day from several sides
// while the day is packed again and again: no change is lost.
func TestADayIsPackedWhileItChanges(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		s.policy(sla18(t).(map[string]any))
		start := s.Clock.Now()
		var late []*ticket.Ticket
		for range 12 {
			late = append(late, s.open(ticket.Urgent))
		}
		s.Clock.Advance(2 * time.Hour)
		for _, tk := range late {
			s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		}
		s.Clock.Advance(36 * time.Hour)
		var others sync.WaitGroup
		for side := range 3 {
			others.Go(func() {
				for i := range 20 {
					if err := s.room.Explain(ctx, s.Admin, late[(side*4+i)%len(late)].ID, sla.ReasonInput{Metric: sla.Resolution, Reason: sla.Reasons[(side+i)%len(sla.Reasons)]}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		over := make(chan struct{})
		go func() { others.Wait(); close(over) }()
		for busy := true; busy; {
			select {
			case <-over:
				busy = false
			default:
			}
			s.must(s.room.Tidy(ctx, s.Tenant))
			_, err := s.room.Report(ctx, s.Admin, start, s.Clock.Now(), sla.ByPolicy, "")
			s.must(err)
		}
		all := asked{s.Admin, start, s.Clock.Now(), sla.ByPolicy, ""}
		s.agree(all)
		s.Settle()
		s.must(s.room.Tidy(ctx, s.Tenant))
		s.Settle()
		if packed, marked := s.days(); packed == 0 || marked > 0 {
			t.Errorf("%d days are packed, %d marked", packed, marked)
		}
		s.agree(all)
	})
}

// TestReportsOverManyClocks measures reports over 300,000 clocks of 90 days,
// unpacked and packed, beside the grouping in the store that they replaced. It
// runs with ZHIDAN_TEST_SOAK.
func TestReportsOverManyClocks(t *testing.T) {
	if os.Getenv("ZHIDAN_TEST_SOAK") == "" {
		t.Skip("only in the soak: ZHIDAN_TEST_SOAK")
	}
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		s.patience()
		f := s.floor("甲")
		const many, span = 300_000, 90 * 24 * time.Hour
		to := s.Clock.Now().Add(-24 * time.Hour)
		from := to.Add(-span)
		for lot := 0; lot < many; lot += 10_000 {
			s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `with recursive n(i) as (select cast($8 as bigint) union all select i + 1 from n where i < $8 + 9999)
					insert into sla_clock (tenant_id, ticket_id, metric, round, policy_id, state, started_at, due_at, ended_at, target, elapsed, body,
						team_id, department_id, assignee_id, category_id, paused, original, reason)
					select cast($1 as bigint), i / 3, case i % 3 when 0 then 'first_response' when 1 then 'resolution' else 'next_response' end, 1, 1 + i * 7 % 4,
						case when i * 31 % 10 = 0 then 'breached' else 'met' end, cast($2 as bigint), cast($2 as bigint), $2 + i * cast($3 as bigint), 7200000, i * 37 % 7200000, '{}',
						case when i * 11 % 12 = 0 then cast($4 as bigint) else i * 11 % 12 end, case when i * 11 % 12 < 4 then cast($5 as bigint) else 77 end,
						case when i * 13 % 60 = 0 then cast($6 as bigint) else 1000 + i * 13 % 60 end, cast($7 as bigint) + i * 17 % 40, i * 41 % 600000,
						case when i * 31 % 10 = 0 then 'breached' else 'met' end, case when i * 31 % 20 = 0 then 'staffing' else '' end from n`,
					s.Tenant, from, int64(span/time.Millisecond)/many, f.team, f.department, f.agent.ID, 500, lot)
				return err
			}))
		}
		s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `insert into sla_unpacked (tenant_id, day, id) select distinct tenant_id, ended_at / 86400000, 0 from sla_clock where ended_at is not null`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `analyze`)
			return err
		}))
		if s.DB.Engine() == db.Postgres {
			h, err := s.DB.OpenStd()
			s.must(err)
			_, err = h.Exec(`vacuum analyze sla_clock`)
			s.must(err)
			h.Close()
		}
		leader := *f.leader
		leader.Grants = staff.Grants{staff.ReportRead: staff.ScopeDepartment}
		measure := func(name string, times int, one func()) {
			var took []time.Duration
			for range times {
				start := time.Now()
				one()
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			t.Logf("%s: p50 %v, longest %v", name, took[len(took)/2].Round(time.Millisecond/10), took[len(took)-1].Round(time.Millisecond/10))
		}
		grouped := func() {
			for _, column := range []string{"policy_id", "assignee_id"} {
				measure("grouped in the store by "+column, 3, func() {
					rows, err := s.DB.Query(ctx, `select `+column+`, metric, state, original, reason, count(*), cast(sum(elapsed) as bigint), cast(sum(paused) as bigint) from sla_clock
						where tenant_id = $1 and ended_at >= $2 and ended_at < $3 and original <> 'unpromised' and metric not like '%:%' group by 1, 2, 3, 4, 5`, s.Tenant, from, to)
					_, err = db.Each(rows, err, func(*sql.Rows) (struct{}, error) { return struct{}{}, nil })
					s.must(err)
				})
			}
		}
		report := func(name string, a *staff.Actor, by sla.By) {
			measure(name+" by "+string(by), 20, func() {
				_, err := s.room.Report(ctx, a, from, to, by, "")
				s.must(err)
			})
		}
		grouped()
		measure("unpacked by policy", 1, func() {
			if _, err := s.room.Report(ctx, s.Admin, from, to, sla.ByPolicy, ""); err != nil {
				t.Logf("unpacked: %v", err)
			}
		})
		start := time.Now()
		s.must(s.room.Tidy(ctx, s.Tenant))
		s.patience()
		packed, marked := s.days()
		var size int64
		s.must(s.DB.QueryRow(ctx, `select coalesce(sum(length(body)), 0) from sla_packed`).Scan(&size))
		t.Logf("%d days packed, %d marked, within %v, %d bytes", packed, marked, time.Since(start).Round(time.Millisecond), size)
		for _, by := range []sla.By{sla.ByPolicy, sla.ByAgent, sla.ByCategory, sla.ByWeek} {
			report("packed", s.Admin, by)
		}
		report("packed, of a department", &leader, sla.ByAgent)
		grouped()
		for _, by := range allGroups {
			s.agree(asked{s.Admin, from, to, by, ""}, asked{&leader, from.Add(7 * time.Hour), to.Add(-30 * time.Hour), by, ""})
		}
	})
}
