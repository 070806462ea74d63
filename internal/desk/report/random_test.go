package report_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/report"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// known is a fact that the test has brought about.
type known struct {
	key                     string
	at                      clock.Time
	ticket                  id.ID
	department, team, agent id.ID
	channel                 string
	took                    clock.Time
}

// life is a ticket as the test knows it.
type life struct {
	*ticket.Ticket
	born     clock.Time
	answered bool
}

// chronicle does random things and writes down what that means, by a reference
// that knows nothing of events.
type chronicle struct {
	*scene
	r       *rand.Rand
	tickets []*life
	facts   []known
}

func (c *chronicle) note(key string, l *life, agent id.ID) {
	c.facts = append(c.facts, known{key: key, at: c.Clock.Now(), ticket: l.ID, department: l.Department, team: l.Team, agent: agent, channel: l.Channel, took: c.Clock.Now() - l.born})
}

// drop takes the newest note of a kind back.
func (c *chronicle) drop(key string, t id.ID) {
	for i := len(c.facts) - 1; i >= 0; i-- {
		if c.facts[i].key == key && c.facts[i].ticket == t {
			c.facts = slices.Delete(c.facts, i, i+1)
			return
		}
	}
}

func (c *chronicle) agent() *staff.Actor { return c.units[c.r.IntN(2)].agents[c.r.IntN(2)] }

func (c *chronicle) create() {
	u := c.units[c.r.IntN(2)]
	n := ticket.NewTicket{Subject: []string{"灯不亮", "门关不上"}[c.r.IntN(2)], Body: "你好", Channel: []string{"web", "phone", "chat"}[c.r.IntN(3)],
		Requester: customer.Contact{Name: "客户", Email: fmt.Sprintf("c%d@example.com", c.r.IntN(12))}, Team: u.team}
	if c.r.IntN(2) == 0 {
		n.Assignee = u.agents[c.r.IntN(2)].ID
	}
	t, err := c.Desk.Create(ctx, c.Admin, n)
	c.must(err)
	l := &life{Ticket: t, born: c.Clock.Now()}
	c.tickets = append(c.tickets, l)
	c.note("created", l, t.Assignee)
	c.note("message_in", l, t.Assignee)
	if t.RepeatCount > 0 {
		c.note("repeat", l, t.Assignee)
	}
}

func (c *chronicle) renew(l *life) {
	t, err := c.Desk.Get(ctx, c.Admin, l.ID)
	c.must(err)
	l.Ticket = t
}

func (c *chronicle) do(a *staff.Actor, l *life, name string, in any) {
	_, err := c.Desk.Do(ctx, a, l.ID, name, in, 0)
	c.must(err)
	c.renew(l)
}

// settle lets jobs be done, at a moment of their own.
func (c *chronicle) settle() {
	c.Clock.Advance(time.Millisecond)
	c.Settle()
}

// step does one thing to a ticket where its rules allow it.
func (c *chronicle) step() {
	c.Clock.Advance(time.Duration(1+c.r.Int64N(int64(35*time.Minute/time.Millisecond))) * time.Millisecond)
	if len(c.tickets) < 5 || c.r.IntN(5) == 0 {
		c.create()
		return
	}
	l := c.tickets[c.r.IntN(len(c.tickets))]
	c.renew(l) // queues may have moved it
	system := staff.System(c.Tenant)
	switch ended := l.Status == ticket.Closed || l.MergedInto != 0; c.r.IntN(9) {
	case 0, 1:
		if ended {
			return
		}
		a := c.agent()
		_, m, err := c.Desk.Say(ctx, staffOf(c.Admin, a), l.ID, ticket.NewMessage{Kind: ticket.Reply, Body: "答"})
		c.must(err)
		if c.r.IntN(4) == 0 { // and takes it back
			if c.r.IntN(2) == 0 {
				c.settle()
			}
			c.Clock.Advance(2 * time.Second)
			_, err := c.Desk.Withdraw(ctx, staffOf(c.Admin, a), l.ID, m.ID)
			c.must(err)
			c.renew(l)
			return
		}
		c.renew(l)
		c.note("message_out", l, a.ID)
		if !l.answered {
			c.note("first_response", l, a.ID)
			l.answered = true
		}
	case 2:
		if ended {
			return
		}
		before := l.RepeatCount
		_, _, err := c.Desk.Say(ctx, system, l.ID, ticket.NewMessage{Kind: ticket.FromCustomer, Body: "在吗"})
		c.must(err)
		c.renew(l)
		c.note("message_in", l, l.Assignee)
		if l.RepeatCount > before {
			c.note("repeat", l, l.Assignee)
		}
	case 3:
		if l.Status.Active() {
			c.do(c.Admin, l, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: c.agent().ID}})
		}
	case 4:
		to := c.units[c.r.IntN(2)]
		if !l.Status.Active() || l.Team == to.team && l.Assignee == 0 {
			return
		}
		before := *l
		if l.Origin() != (ticket.Place{}) && c.r.IntN(2) == 0 {
			c.do(c.Admin, l, "return", &ticket.ReturnInput{Reason: "退"})
			c.note("returned", &before, before.Assignee)
			return
		}
		if _, err := c.Desk.Do(ctx, c.Admin, l.ID, "transfer", &ticket.TransferInput{Place: ticket.Place{Team: to.team}, Reason: "转"}, 0); err != nil {
			return // it is there already
		}
		c.note("transferred", &before, before.Assignee)
		c.renew(l)
	case 5, 6:
		if !l.Status.Active() {
			return
		}
		c.do(c.Admin, l, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}})
		credit := l.Assignee
		if credit == 0 {
			credit = c.Admin.ID
		}
		c.note("solved", l, credit)
	case 7:
		if l.Status == ticket.Solved {
			c.do(c.Admin, l, "reopen", &ticket.ReopenInput{Reason: "没好"})
			c.note("reopened", l, l.Assignee)
		}
	case 8: // many are solved by mistake, which is undone
		if !l.Status.Active() {
			return
		}
		raw, err := json.Marshal(ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}})
		c.must(err)
		b, err := c.Desk.StartBulk(ctx, c.Admin, "status", raw, []id.ID{l.ID})
		c.must(err)
		c.settle()
		b, err = c.Desk.GetBulk(ctx, c.Admin, b.ID)
		c.must(err)
		c.Clock.Advance(time.Second)
		_, err = c.Desk.TakeBack(ctx, c.Admin, b.Undo)
		c.must(err)
		c.settle()
		c.renew(l)
	}
}

// staffOf is somebody who may do all, under the name of somebody else.
func staffOf(admin, a *staff.Actor) *staff.Actor {
	x := *admin
	x.ID = a.ID
	return &x
}

// choice is a way to look at the day: who, of what day, with what filter.
type choice struct {
	who   *staff.Actor
	day   string
	query string
	fits  func(known) bool
}

func TestRandomHistories(t *testing.T) {
	run(t, func(t *testing.T, s *scene) {
		lead := s.lead("领班", s.units[0])
		supervisor := s.person("主管二", unit{department: s.units[1].department}, staff.Supervisor)
		c := &chronicle{scene: s, r: rand.New(rand.NewPCG(8480, 7))}
		start := s.Clock.Now()
		for range 110 {
			c.step()
			if c.r.IntN(6) == 0 {
				c.settle()
			}
		}
		c.settle()
		for _, l := range c.tickets {
			c.renew(l)
		}
		days := []string{}
		zone, err := time.LoadLocation("Asia/Shanghai")
		s.must(err)
		for at := start; ; at = at.Add(24 * time.Hour) {
			if days = append(days, at.Std().In(zone).Format(time.DateOnly)); days[len(days)-1] == s.Clock.Now().Std().In(zone).Format(time.DateOnly) {
				break
			}
		}
		all := func(known) bool { return true }
		agent := s.units[0].agents[0]
		var choices []choice
		for _, day := range days {
			choices = append(choices,
				choice{s.Admin, day, "", all},
				choice{s.Admin, day, "department=" + s.units[1].department.String(), func(k known) bool { return k.department == s.units[1].department }},
				choice{s.Admin, day, "team=" + s.units[0].team.String(), func(k known) bool { return k.team == s.units[0].team }},
				choice{s.Admin, day, "agent=" + agent.ID.String(), func(k known) bool { return k.agent == agent.ID }},
				choice{s.Admin, day, "channel=phone", func(k known) bool { return k.channel == "phone" }},
				choice{s.Admin, day, "without=agent", func(k known) bool { return k.agent == 0 }},
				choice{lead, day, "", func(k known) bool { return k.team == s.units[0].team || k.agent == lead.ID }},
				choice{supervisor, day, "", func(k known) bool { return k.department == s.units[1].department || k.agent == supervisor.ID }},
				choice{agent, day, "", func(k known) bool { return k.agent == agent.ID }},
			)
		}
		check := func() {
			t.Helper()
			for _, x := range choices {
				c.compare(x, zone)
			}
		}
		check()

		// Seen once more, events change nothing; made anew from the past, facts
		// are the same.
		before := s.dump()
		for _, l := range c.tickets {
			events, err := s.Desk.Events(ctx, s.DB, s.Tenant, []id.ID{l.ID})
			s.must(err)
			s.must(s.Report.Reaction().React(ctx, []ticket.Occurrence{{Ticket: l.Ticket, Events: events[l.ID]}}))
		}
		if again := s.dump(); again != before {
			t.Errorf("events seen twice change the facts")
		}
		s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `delete from report_fact where tenant_id = $1`, s.Tenant); err != nil {
				return err
			}
			return s.Report.Adopt(ctx, tx, s.Tenant)
		}))
		s.Settle()
		if again := s.dump(); again != before {
			t.Errorf("made anew, the facts are others:\n%s\nwere\n%s", again, before)
		}
		var p report.Filling
		s.get(s.Admin, "/report/facts", &p)
		if p.Finished == 0 || p.Done != p.Total || p.Done != int64(len(c.tickets)) {
			t.Errorf("progress %+v of %d", p, len(c.tickets))
		}
	})
}

// compare holds a board against the reference: every figure, and the list of
// tickets behind it.
func (c *chronicle) compare(x choice, zone *time.Location) {
	c.t.Helper()
	query := "day=" + x.day + "&" + x.query
	b := c.board(x.who, query)
	tickets, acts := map[string]map[id.ID]bool{}, map[string]int{}
	contacts := map[id.ID]bool{}
	var took []clock.Time
	hours := map[string]int64{}
	for _, k := range c.facts {
		at := k.at.Std().In(zone)
		if at.Format(time.DateOnly) != x.day || !x.fits(k) {
			continue
		}
		if tickets[k.key] == nil {
			tickets[k.key] = map[id.ID]bool{}
		}
		tickets[k.key][k.ticket] = true
		acts[k.key]++
		switch k.key {
		case "created":
			hours[at.Format("15:00")]++
			contacts[k.ticket] = true
		case "message_in":
			contacts[k.ticket] = true
		case "first_response":
			took = append(took, k.took)
		}
	}
	name := x.who.Name + " " + query
	same := func(what string, got *float64, want float64, absent bool) {
		c.t.Helper()
		switch {
		case absent && got != nil:
			c.t.Errorf("%s: %s is %v where there is nothing to count", name, what, *got)
		case !absent && (got == nil || math.Abs(*got-want) > 1e-4):
			c.t.Errorf("%s: %s is %v, not %v", name, what, deref(got), want)
		}
	}
	for _, key := range []string{"created", "solved", "transferred", "returned"} {
		same(key, figure(b, key).Value, float64(len(tickets[key])), false)
	}
	for _, key := range []string{"message_in", "message_out"} {
		same(key, figure(b, key).Value, float64(acts[key]), false)
	}
	same("reopened", figure(b, "reopened").Value, float64(len(tickets["reopened"]))/float64(len(tickets["solved"])), len(tickets["solved"]) == 0)
	same("repeat", figure(b, "repeat").Value, float64(len(tickets["repeat"]))/float64(len(contacts)), len(contacts) == 0)
	slices.Sort(took)
	for key, p := range map[string]float64{"first_response": .5, "first_response_p90": .9} {
		want := 0.0
		if n := len(took); n > 0 {
			want = float64(took[max(int(math.Ceil(p*float64(n)))-1, 0)]) / 1000
		}
		same(key, figure(b, key).Value, want, len(took) == 0)
	}
	for _, h := range b.Hours {
		if h.Created != hours[h.Label] {
			c.t.Errorf("%s: at %s came %d, not %d", name, h.Label, h.Created, hours[h.Label])
		}
	}
	waiting := map[id.ID]bool{}
	for _, l := range c.tickets {
		if l.Status.Active() && x.fits(known{department: l.Department, team: l.Team, agent: l.Assignee, channel: l.Channel}) {
			waiting[l.ID] = true
		}
	}
	tickets["backlog"] = waiting
	same("backlog", figure(b, "backlog").Value, float64(len(waiting)), false)
	for _, f := range b.Figures {
		got, hidden := c.behind(x.who, query+"&figure="+f.Key)
		if int64(len(got)+hidden) != f.Tickets {
			c.t.Errorf("%s: %s has %d tickets, its list %d and %d hidden", name, f.Key, f.Tickets, len(got), hidden)
		}
		want, told := tickets[f.Key]
		if !told && (f.Key == "overdue" || f.Key == "sla" || f.Key == "first_response_p90") {
			continue // of other rooms, or a part of another list
		}
		if x.who == c.Admin && hidden != 0 {
			c.t.Errorf("%s: %d of %s are hidden from who sees all", name, hidden, f.Key)
		}
		for t := range got {
			if !want[t] {
				c.t.Errorf("%s: the list of %s has ticket %s", name, f.Key, t)
			}
		}
		if len(got)+hidden != len(want) {
			c.t.Errorf("%s: the list of %s has %d and %d hidden, not %d", name, f.Key, len(got), hidden, len(want))
		}
	}
	// The bars and hours open what they show.
	for _, a := range b.Ages {
		if got, hidden := c.behind(x.who, query+"&figure=backlog&age="+a.Key); int64(len(got)+hidden) != a.Count {
			c.t.Errorf("%s: %d wait %s, the list has %d and %d", name, a.Count, a.Key, len(got), hidden)
		}
	}
	for _, h := range b.Hours {
		if h.Created == 0 {
			continue
		}
		if got, hidden := c.behind(x.who, query+"&figure=created&hour="+h.At.String()); int64(len(got)+hidden) != h.Created {
			c.t.Errorf("%s: %d came at %s, the list has %d and %d", name, h.Created, h.Label, len(got), hidden)
		}
	}
	for _, l := range b.Departments {
		if l.ID == 0 || x.query != "" {
			continue
		}
		for key, n := range map[string]int64{"created": l.Created, "solved": l.Solved, "backlog": l.Backlog, "reopened": l.Reopened, "repeat": l.Repeat} {
			if got, hidden := c.behind(x.who, query+"&figure="+key+"&department="+l.ID.String()); int64(len(got)+hidden) != n {
				c.t.Errorf("%s: %s of %s is %d, its list %d and %d", name, key, l.Name, n, len(got), hidden)
			}
		}
	}
}

func deref(v *float64) any {
	if v == nil {
		return "absent"
	}
	return *v
}

// dump tells all facts.
func (s *scene) dump() string {
	s.t.Helper()
	rows, err := s.DB.Query(ctx, `select kind, at, ticket_id, seq, channel, type, category_id, priority, department_id, team_id, agent_id, tier, coalesce(took, -1), coalesce(counted, -1)
		from report_fact where tenant_id = $1 order by kind, at, ticket_id, seq`, s.Tenant)
	lines, err := db.Each(rows, err, func(r *sql.Rows) (string, error) {
		var n [11]int64
		var w [3]string
		err := r.Scan(&n[0], &n[1], &n[2], &n[3], &w[0], &w[1], &n[4], &n[5], &n[6], &n[7], &n[8], &w[2], &n[9], &n[10])
		return fmt.Sprint(n, w), err
	})
	s.must(err)
	if len(lines) == 0 {
		s.t.Fatal("there are no facts")
	}
	return strings.Join(lines, "\n")
}
