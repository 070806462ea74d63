package sla_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// From Friday noon in New York on; on Sunday, 14 March 2027, the clocks there
// go forward at two in the night. In Shanghai that Sunday is a make-up workday,
// and the Monday after it a holiday.
var daysBegin = clock.From(time.Date(2027, 3, 12, 17, 0, 0, 0, time.UTC))

func daysCalendars(t *testing.T) map[string]calendar.Spec {
	office := calendar.Spec{Zone: "Asia/Shanghai", Week: week("09:00", "18:00"),
		Holidays: []calendar.Period{{From: "2027-03-15", To: "2027-03-15", Name: "演示假日"}}, Makeup: []calendar.Day{{Date: "2027-03-14", Name: "演示调休"}}}
	nights := calendar.Spec{Zone: "America/New_York"}
	for d := range nights.Week {
		nights.Week[d] = []calendar.Range{{From: "22:00", To: "06:00"}}
	}
	return map[string]calendar.Spec{"tiaoxiu": office, "nights": nights}
}

// walked is when so many minutes of a calendar have passed, by looking at every
// minute: slow, and with no idea of intervals.
func walked(c *calendar.Calendar, from clock.Time, minutes int) clock.Time {
	if c == nil {
		return from.Add(time.Duration(minutes) * time.Minute)
	}
	left := clock.Time(minutes) * minute
	for at := from; ; {
		next := (at/minute + 1) * minute
		if c.Open(at) {
			if left <= next-at {
				return at + left
			}
			left -= next - at
		}
		at = next
	}
}

// TestThreeDaysOfTimers lets 72 hours pass in hops over a change of the clocks,
// a make-up workday and a holiday, while the clock of the machine is set to and
// fro by an hour: nothing is told early, twice or not at all. With
// ZHIDAN_TEST_SOAK there are 10,000 promises with as many warnings.
func TestThreeDaysOfTimers(t *testing.T) {
	tickets := 40
	if os.Getenv("ZHIDAN_TEST_SOAK") != "" {
		tickets = 5000
	}
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		s.Clock.Set(daysBegin)
		compiled := map[string]*calendar.Calendar{}
		for key, spec := range daysCalendars(t) {
			c, err := calendar.Compile(spec)
			s.must(err)
			compiled[key] = c
			_, err = s.Calendars.Save(ctx, s.Admin, calendar.Entry{Settings: calendar.Settings{Key: key, Name: calendar.Label{ZH: key}, Spec: spec}})
			s.must(err)
		}
		rnd := rand.New(rand.NewPCG(2, 3))
		kinds := []string{"always", "tiaoxiu", "nights"}
		minutes := map[string][2]int{}
		for i, key := range kinds {
			for j := range 3 {
				tag := fmt.Sprintf("%s%d", key, j)
				first := 20 + 2*rnd.IntN(150)
				minutes[tag] = [2]int{first, first + 60 + 2*rnd.IntN(150)}
				s.policy(map[string]any{"name": tag, "position": 10*i + j + 1, "when": fmt.Sprintf(`"%s" in tags`, tag), "warnings": []any{map[string]any{"percent": 50}},
					"targets": []any{every("first_response", minutes[tag][0], key), every("resolution", minutes[tag][1], key)}})
			}
		}
		type promise struct {
			ticket id.ID
			metric string
		}
		due, warn := map[promise]clock.Time{}, map[promise]clock.Time{}
		end := daysBegin.Add(72 * time.Hour)
		known := s.person()
		born := 0
		for now := daysBegin; now < end; {
			// Most come in on the first day, and all within the first two.
			for born < tickets && (float64(born) < float64(tickets)*1.2*float64(now-daysBegin)/float64(48*time.Hour/time.Millisecond) || born == 0) {
				tag := fmt.Sprintf("%s%d", kinds[rnd.IntN(3)], rnd.IntN(3))
				tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Subject: fmt.Sprint("演示 ", born), Tags: []string{tag}, Priority: ticket.Normal, Requester: known})
				s.must(err)
				cal := compiled[tag[:len(tag)-1]]
				for i, m := range []string{"first_response", "resolution"} {
					due[promise{tk.ID, m}] = walked(cal, tk.CreatedAt, minutes[tag][i])
					warn[promise{tk.ID, m}] = walked(cal, tk.CreatedAt, minutes[tag][i]/2)
				}
				born++
			}
			s.patience()
			switch rnd.IntN(12) {
			case 0:
				s.Clock.Advance(-time.Hour)
				s.patience()
				s.Clock.Advance(time.Hour)
			case 1:
				s.Clock.Advance(time.Hour)
				s.patience()
				s.Clock.Advance(-time.Hour)
			default:
				s.Clock.Advance(time.Duration(rnd.IntN(3600*1000)) * time.Millisecond)
			}
			now = s.Clock.Now()
		}
		s.Clock.Advance(10 * 24 * time.Hour) // whatever is left
		s.patience()
		rows, err := s.DB.Query(ctx, `select ticket_id, metric, step, due_at, at from sla_step where tenant_id = $1`, s.Tenant)
		type step struct {
			promise
			name    string
			due, at clock.Time
		}
		list, err := db.Each(rows, err, func(r *sql.Rows) (x step, err error) {
			return x, r.Scan(&x.ticket, &x.metric, &x.name, (*int64)(&x.due), (*int64)(&x.at))
		})
		s.must(err)
		told := map[string]int{}
		early, wrong := 0, 0
		for _, x := range list {
			told[x.name]++
			if x.due != due[x.promise] {
				wrong++
				t.Logf("%s was due at %s, told %s", x.metric, due[x.promise], x.due)
			}
			if x.name == sla.Breach && x.at <= x.due || x.at < warn[x.promise] {
				early++
			}
		}
		var events int
		s.must(s.DB.QueryRow(ctx, `select count(*) from ticket_event where tenant_id = $1 and name = 'sla'`, s.Tenant).Scan(&events))
		t.Logf("%d promises, %d breaches and %d warnings told, %d events", len(due), told[sla.Breach], told["percent:50"], events)
		if len(due) != 2*tickets || told[sla.Breach] != len(due) || told["percent:50"] != len(due) || len(list) != 2*len(due) || events != len(list) || early > 0 || wrong > 0 {
			t.Errorf("%d promises; told %v, %d events; %d early, %d at a wrong time", len(due), told, events, early, wrong)
		}
	})
}

func every(metric string, minutes int, key string) map[string]any {
	p := map[string]any{"minutes": minutes, "calendar": key}
	return map[string]any{"metric": metric, "urgent": p, "high": p, "normal": p, "low": p}
}

// patience is Settle for as much as a soak has to do in one hop.
func (s *scene) patience() {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		s.Jobs.Wake()
		stats, err := s.Jobs.Stats(ctx)
		s.must(err)
		due := 0
		for _, x := range stats {
			due += x.Waiting
		}
		if due == 0 {
			return
		}
	}
	s.t.Fatal("jobs do not end")
}

// person is a customer who is known.
func (s *scene) person() customer.Contact {
	s.t.Helper()
	name := "演示客户"
	c, err := s.Customers.Create(ctx, s.Admin, customer.Change{Name: &name}, nil)
	s.must(err)
	return customer.Contact{ID: c.ID}
}
