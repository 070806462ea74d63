package sla_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

// scene is a house whose tickets have clocks.
type scene struct {
	*zhidantest.House
	t    *testing.T
	room *sla.Room
}

// failing makes the first tellings fail.
type failing struct {
	mu   sync.Mutex
	left int
}

func (x *failing) wire(s *server.Server) {
	s.SLA.Told = func(context.Context, *db.Tx, *ticket.Ticket, []sla.Told) error {
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.left > 0 {
			x.left--
			return fmt.Errorf("told once too early")
		}
		return nil
	}
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) { fn(t, &scene{h, t, h.SLA}) }, alone)
}

// alone takes away what gives tickets to people: the tests do that themselves.
func alone(s *server.Server) {
	s.Desk.Passes = slices.DeleteFunc(s.Desk.Passes, func(p ticket.Pass) bool { return p.Name == "routing" })
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) open(p ticket.Priority) *ticket.Ticket {
	s.t.Helper()
	tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Subject: "打印机", Body: "坏了", Priority: p, Type: "repair", Requester: customer.Contact{Name: "演示客户"}})
	s.must(err)
	return tk
}

func (s *scene) do(tk *ticket.Ticket, action string, in any) {
	s.t.Helper()
	_, err := s.Desk.Do(ctx, s.Admin, tk.ID, action, in, 0)
	s.must(err)
}

func (s *scene) say(tk *ticket.Ticket, kind ticket.MessageKind) id.ID {
	s.t.Helper()
	_, m, err := s.Desk.Say(ctx, s.Admin, tk.ID, ticket.NewMessage{Kind: kind, Body: "你好"})
	s.must(err)
	return m.ID
}

// clocks tells how a ticket's clocks stand, through the API.
func (s *scene) clocks(tk *ticket.Ticket) map[string]sla.Shown {
	s.t.Helper()
	a := s.Call("GET", "/tickets/"+tk.ID.String()+"/sla", nil)
	if a.Status != http.StatusOK {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	var out sla.Story
	a.JSON(s.t, &out)
	m := map[string]sla.Shown{}
	for _, x := range out.Items {
		m[string(x.Metric)] = x
		m[fmt.Sprintf("%s/%d", x.Metric, x.Round)] = x
	}
	return m
}

func (s *scene) expect(tk *ticket.Ticket, metric string, state sla.State, elapsed time.Duration, due clock.Time) {
	s.t.Helper()
	x, ok := s.clocks(tk)[metric]
	if !ok || x.State != state || x.Elapsed != elapsed.Seconds() || x.DueAt != due {
		s.t.Errorf("%s is %s after %v, due %s; want %s after %v, due %s", metric, x.State, time.Duration(x.Elapsed*1e9), x.DueAt, state, elapsed, due)
	}
}

// told lists the steps on a ticket's timeline.
func (s *scene) told(tk *ticket.Ticket) []string {
	s.t.Helper()
	rows, err := s.DB.Query(ctx, `select data from ticket_event where tenant_id = $1 and ticket_id = $2 and name = $3 order by seq`, s.Tenant, tk.ID, sla.EventStep)
	list, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
		var raw string
		if err := r.Scan(&raw); err != nil {
			return "", err
		}
		var d ticket.EventData
		err := json.Unmarshal([]byte(raw), &d)
		return d.Changes[0].Field + " " + d.Kind, err
	})
	s.must(err)
	return list
}

func TestATicketIsBornWithItsClocks(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		born := s.Clock.Now()
		tk := s.open(ticket.Normal)
		s.Clock.Advance(time.Hour)
		s.expect(tk, "first_response", sla.StateRunning, time.Hour, born.Add(2*time.Hour))
		s.expect(tk, "resolution", sla.StateRunning, time.Hour, born.Add(48*time.Hour))

		s.say(tk, ticket.Note)
		s.expect(tk, "first_response", sla.StateRunning, time.Hour, born.Add(2*time.Hour))
		s.say(tk, ticket.Reply)
		s.expect(tk, "first_response", sla.StateMet, time.Hour, born.Add(2*time.Hour))

		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Pending})
		s.Clock.Advance(3 * time.Hour)
		s.expect(tk, "resolution", sla.StatePaused, time.Hour, 0)
		s.say(tk, ticket.FromCustomer) // wakes it
		s.expect(tk, "resolution", sla.StateRunning, time.Hour, born.Add(51*time.Hour))
		if why := s.clocks(tk)["resolution"].Why; len(why) != 3 || why[1].Mode != sla.Paused || why[1].Why != "pending" || why[0].Counted != 3600 || why[0].Calendar != "always" {
			t.Errorf("the reasons are %+v", why)
		}

		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.Urgent})
		s.expect(tk, "resolution", sla.StateRunning, time.Hour, born.Add(27*time.Hour))
		s.Clock.Advance(time.Hour)
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		s.Clock.Advance(time.Hour)
		s.expect(tk, "resolution", sla.StateMet, 2*time.Hour, born.Add(27*time.Hour))
		s.do(tk, "reopen", &ticket.ReopenInput{})
		s.expect(tk, "resolution", sla.StateRunning, 2*time.Hour, born.Add(28*time.Hour))

		due, err := s.room.Due(ctx, s.Tenant, []id.ID{tk.ID})
		s.must(err)
		if list := due[tk.ID]; len(list) != 1 || list[0].Left != (22*time.Hour).Seconds() || !list[0].Runs {
			t.Errorf("in lists it shows %+v", list)
		}
	})
}

func TestATakenBackReplyAnswersNobody(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		born := s.Clock.Now()
		tk := s.open(ticket.Normal)
		s.Clock.Advance(time.Hour)
		m := s.say(tk, ticket.Reply)
		s.Clock.Advance(5 * time.Second)
		_, err := s.Desk.Withdraw(ctx, s.Admin, tk.ID, m)
		s.must(err)
		s.expect(tk, "first_response", sla.StateRunning, time.Hour+5*time.Second, born.Add(2*time.Hour))
	})
}

func TestWhatIsAboutToBreach(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		late, soon := s.open(ticket.Urgent), s.open(ticket.High)
		s.open(ticket.Normal) // due in two hours
		s.Clock.Advance(45 * time.Minute)
		var out sla.SoonJSON
		s.Call("GET", "/sla/soon?minutes=30", nil).JSON(t, &out)
		if len(out.Items) != 2 || out.More || out.Items[0].Ticket != late.ID || out.Items[0].State != sla.StateBreached || out.Items[0].Left != -900 ||
			out.Items[1].Ticket != soon.ID || out.Items[1].State != sla.StateRunning || out.Items[1].Number != soon.Number {
			t.Errorf("about to breach: %+v", out)
		}
		s.Call("GET", "/sla/soon?minutes=30&limit=1", nil).JSON(t, &out)
		if len(out.Items) != 1 || !out.More {
			t.Errorf("the first one: %+v", out)
		}
		nobody := s.User("agent@example.com", "客服", staff.Agent)
		a := s.Call("GET", "/sla/soon?minutes=30", nil, "Authorization", "Bearer "+s.TokenFor(nobody))
		out = sla.SoonJSON{}
		a.JSON(t, &out)
		for _, x := range out.Items {
			if _, err := s.Desk.Get(ctx, nobody, x.Ticket); err != nil {
				t.Errorf("an agent sees ticket %s, which is out of reach", x.Number)
			}
		}
		a = s.Call("GET", "/tickets/"+late.ID.String()+"/sla", nil, "Authorization", "Bearer "+s.TokenFor(nobody))
		if _, err := s.Desk.Get(ctx, nobody, late.ID); (err == nil) != (a.Status == http.StatusOK) {
			t.Errorf("the clocks of a ticket whose reading says %v: %d", err, a.Status)
		}
	})
}

func TestMergeAndItsUndo(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		p := sla.Default()
		p.Name, p.Targets = "all", append(p.Targets, sla.Target{Metric: sla.NextResponse, Normal: &sla.Promise{Minutes: 60, Calendar: "always"}})
		_, err := s.room.Save(ctx, s.Admin, sla.Entry{Policy: p})
		s.must(err)
		born := s.Clock.Now()
		kept, gone := s.open(ticket.Normal), s.open(ticket.Normal)
		s.say(kept, ticket.Reply)
		s.Clock.Advance(30 * time.Minute)
		done, err := s.Desk.Do(ctx, s.Admin, gone.ID, "merge", &ticket.MergeInput{Into: kept.ID}, 0)
		s.must(err)
		s.expect(gone, "first_response", sla.StateStopped, 30*time.Minute, born.Add(2*time.Hour))
		s.expect(kept, "next_response", sla.StateRunning, 30*time.Minute, born.Add(time.Hour))
		s.Clock.Advance(10 * time.Minute)
		_, err = s.Desk.TakeBack(ctx, s.Admin, done.Undo.ID)
		s.must(err)
		s.expect(gone, "first_response", sla.StateRunning, 40*time.Minute, born.Add(2*time.Hour))
		if _, ok := s.clocks(kept)["next_response"]; ok {
			t.Error("the customer who was taken out again is still waited for")
		}
	})
}

func TestWarningAndBreachAreToldOnce(t *testing.T) {
	x := &failing{left: 1}
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		s := &scene{h, t, h.SLA}
		tk := s.open(ticket.Urgent)
		s.Clock.Advance(22 * time.Minute)
		s.Settle()
		if got := s.told(tk); len(got) != 0 {
			t.Fatalf("before its time it told %v", got)
		}
		s.Clock.Advance(30 * time.Second)
		s.retry(tk, "first_response percent:75")
		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.High}) // due later: not warned again
		s.Clock.Advance(30 * time.Minute)
		s.Settle()
		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.Urgent})
		s.retry(tk, "first_response percent:75", "first_response breach")
		s.Clock.Advance(23 * time.Hour)
		s.retry(tk, "first_response percent:75", "first_response breach", "resolution percent:75")
		s.Clock.Advance(time.Hour)
		s.retry(tk, "first_response percent:75", "first_response breach", "resolution percent:75", "resolution breach")
		var n int
		s.must(s.DB.QueryRow(ctx, `select count(*) from sla_step where tenant_id = $1 and ticket_id = $2`, s.Tenant, tk.ID).Scan(&n))
		if n != 4 {
			t.Errorf("%d steps are on record", n)
		}
	}, alone, x.wire)
}

// retry lets what is due be done, attempts that fail too, until the timeline
// says so.
func (s *scene) retry(tk *ticket.Ticket, want ...string) {
	s.t.Helper()
	for range 5 {
		s.Settle()
		if slices.Equal(s.told(tk), want) {
			return
		}
		s.Clock.Advance(2 * time.Second)
	}
	s.t.Errorf("told %v, want %v", s.told(tk), want)
}

func TestTwoNodesTellOnce(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		s := &scene{h, t, h.SLA}
		other := h.Second()
		var tickets []*ticket.Ticket
		for i := range 12 {
			node := []*zhidantest.House{h, other}[i%2]
			tk, err := node.Desk.Create(ctx, node.Admin, ticket.NewTicket{Body: "坏了", Priority: ticket.Urgent, Requester: customer.Contact{Name: "演示客户"}})
			s.must(err)
			tickets = append(tickets, tk)
		}
		s.Clock.Advance(31 * time.Minute)
		other.Jobs.Wake()
		s.Settle()
		for _, tk := range tickets {
			got := s.told(tk)
			slices.Sort(got)
			if strings.Join(got, ", ") != "first_response breach, first_response percent:75" {
				t.Errorf("told %v", got)
			}
		}
	}, alone)
}

func TestPolicies(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		born := s.Clock.Now()
		before := s.open(ticket.Normal)
		p := map[string]any{"name": "VIP", "when": `tier == "vip"`, "position": 1,
			"targets": []any{map[string]any{"metric": "first_response", "normal": map[string]any{"minutes": 10, "calendar": "always"}}}}
		a := s.Call("POST", "/sla/policies", p)
		if a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		var made sla.Entry
		a.JSON(t, &made)
		s.expect(before, "first_response", sla.StateRunning, 0, born.Add(2*time.Hour))

		// A customer with that tier is under it from the birth of the ticket.
		tier := "vip"
		vip, err := s.Customers.Create(ctx, s.Admin, customer.Change{Name: &[]string{"贵宾"}[0], Tier: &tier}, nil)
		s.must(err)
		tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Body: "坏了", Priority: ticket.Normal, Requester: customer.Contact{ID: vip.ID}})
		s.must(err)
		s.expect(tk, "first_response", sla.StateRunning, 0, born.Add(10*time.Minute))

		// A new version does not touch who stands under the old one, until told.
		p["targets"].([]any)[0].(map[string]any)["normal"] = map[string]any{"minutes": 20, "calendar": "always"}
		path := "/sla/policies/" + made.ID.String()
		if a := s.Call("PUT", path, p, "If-Match", `"1"`); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := s.Call("PUT", path, p, "If-Match", `"1"`); a.Status != http.StatusPreconditionFailed {
			t.Errorf("a stale change: %d %s", a.Status, a.Body)
		}
		s.do(tk, "tags", &ticket.TagsInput{Add: []string{"x"}})
		s.expect(tk, "first_response", sla.StateRunning, 0, born.Add(10*time.Minute))
		if a := s.Call("POST", "/sla/renew", nil); a.Status != http.StatusAccepted {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.Settle()
		s.expect(tk, "first_response", sla.StateRunning, 0, born.Add(20*time.Minute))

		// Retired, it gives its tickets to the next one at their next change.
		p["retired"] = true
		if a := s.Call("PUT", path, p); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.do(tk, "tags", &ticket.TagsInput{Add: []string{"y"}})
		s.expect(tk, "first_response", sla.StateRunning, 0, born.Add(2*time.Hour))

		for name, bad := range map[string]any{"when": "tier ==", "targets": []any{map[string]any{"metric": "resolution", "low": map[string]any{"minutes": 5, "calendar": "moon"}}}} {
			q := map[string]any{"name": "x", "targets": []any{}, name: bad}
			if a := s.Call("POST", "/sla/policies", q); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), name) {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if a := s.Call("PUT", "/sla/policies/"+tk.ID.String(), p); a.Status != http.StatusNotFound {
			t.Errorf("a policy that is not there: %d", a.Status)
		}
	})
}

func TestAHolidayMovesWhatIsDue(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		tk := s.open(ticket.Low) // Saturday noon; 8 hours from Monday 9 on
		s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.Low})
		monday := moment(t, "2026-11-23", "17:00")
		s.expect(tk, "first_response", sla.StateRunning, 0, monday)
		years := calendar.Shipped(calendar.China)
		y := years[len(years)-1]
		y.Holidays = append(slices.Clone(y.Holidays), calendar.Period{From: "2026-11-23", To: "2026-11-23", Name: "演示假日"})
		if y.Year != 2026 {
			t.Fatalf("the newest shipped year is %d", y.Year)
		}
		_, err := s.Calendars.Import(ctx, s.Admin, calendar.Import{Table: calendar.China, Years: []calendar.Year{y}})
		s.must(err)
		s.Settle()
		s.expect(tk, "first_response", sla.StateRunning, 0, moment(t, "2026-11-24", "17:00"))
		s.Clock.Set(moment(t, "2026-11-24", "10:30"))
		s.expect(tk, "first_response", sla.StateRunning, 90*time.Minute, moment(t, "2026-11-24", "17:00"))
		_, err = s.Calendars.UndoImport(ctx, s.Admin, calendar.China) // what has elapsed by the old table stays
		s.must(err)
		s.Settle()
		s.Clock.Set(moment(t, "2026-11-24", "11:30"))
		s.expect(tk, "first_response", sla.StateRunning, 150*time.Minute, moment(t, "2026-11-24", "17:00"))
	})
}

// TestHistoryGivesTheSameClocks lets random things happen to tickets and makes
// their clocks again from the events alone.
func TestHistoryGivesTheSameClocks(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		rnd := rand.New(rand.NewPCG(7, 8))
		for range 4 {
			tk := s.open(ticket.Normal)
			for range 25 {
				s.Clock.Advance(time.Duration(rnd.IntN(300)) * time.Minute)
				now, err := s.Desk.Get(ctx, s.Admin, tk.ID)
				s.must(err)
				switch rnd.IntN(6) {
				case 0:
					s.do(tk, "priority", &ticket.PriorityInput{Priority: ticket.Priority(1 + rnd.IntN(4))})
				case 1:
					s.say(tk, ticket.Reply)
				case 2:
					s.say(tk, ticket.FromCustomer)
				case 3:
					if now.Status == ticket.Open {
						s.do(tk, "status", &ticket.StatusInput{Status: ticket.Pending})
					}
				case 4:
					if now.Status == ticket.Open || now.Status == ticket.Pending {
						s.do(tk, "status", &ticket.StatusInput{Status: ticket.OnHold, Reason: "part"})
					}
				case 5:
					if now.Status.Active() && rnd.IntN(2) == 0 {
						s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
					} else if now.Status == ticket.Solved {
						s.do(tk, "reopen", &ticket.ReopenInput{})
					}
				}
			}
			r := rules(t, "default")
			r.Name = func(string, expr.Row) string { return "china" } // the shipped calendar
			sheet, err := sla.Replay(s.history(tk), r)
			s.must(err)
			have := s.clocks(tk)
			for _, c := range sheet.Clocks {
				now := s.Clock.Now()
				x := have[string(c.Metric)]
				if got, want := fmt.Sprint(x.State, x.Elapsed, x.DueAt, len(x.Why)), fmt.Sprint(c.State(r, now), c.Elapsed(r, now).Seconds(), c.DueAt(r), len(c.Intervals)); got != want {
					t.Errorf("%s is %s, its history says %s\n%+v\n%+v", c.Metric, got, want, x.Why, c.Intervals)
				}
			}
		}
	})
}

// history reads the facts from a ticket's events, what happened at one moment
// being one change.
func (s *scene) history(tk *ticket.Ticket) []sla.Fact {
	s.t.Helper()
	rows, err := s.DB.Query(ctx, `select at, actor_kind, name, data from ticket_event where tenant_id = $1 and ticket_id = $2 order by seq`, s.Tenant, tk.ID)
	facts, err := db.Each(rows, err, func(r *sql.Rows) (f sla.Fact, err error) {
		var raw, name string
		if err := r.Scan((*int64)(&f.At), &f.Author, &name, &raw); err != nil {
			return f, err
		}
		var d ticket.EventData
		if err := json.Unmarshal([]byte(raw), &d); err != nil {
			return f, err
		}
		f.Kind, f.Set = sla.Changed, map[string]any{}
		for _, x := range d.Changes {
			if v, ok := x.To.(string); ok {
				f.Set[x.Field] = v
			}
		}
		switch {
		case name == ticket.EventCreated:
			f.Kind = sla.Created
			f.Set["status"] = "new"
		case name == ticket.EventMessage && d.Kind == string(ticket.FromCustomer):
			f.Kind = sla.Customer
		case name == ticket.EventMessage && d.Kind == string(ticket.Reply):
			f.Kind, f.Message = sla.Replied, d.Message
		}
		return f, nil
	})
	s.must(err)
	return facts
}

func TestTicketsFromBeforeGetClocks(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		passes := s.Desk.Passes
		s.Desk.Passes = nil
		born := s.Clock.Now()
		tk := s.open(ticket.Normal)
		s.Clock.Advance(time.Hour)
		s.say(tk, ticket.Reply)
		s.Desk.Passes = passes
		s.Clock.Advance(time.Hour)
		if list := s.clocks(tk); len(list) != 0 {
			t.Fatalf("it has %v", list)
		}
		s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "repaired"}})
		s.expect(tk, "first_response", sla.StateMet, time.Hour, born.Add(2*time.Hour))
		s.expect(tk, "resolution", sla.StateMet, 2*time.Hour, born.Add(48*time.Hour))
	})
}
