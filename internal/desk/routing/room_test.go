package routing_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

// scene is a house with people to whom tickets are given.
type scene struct {
	*zhidantest.House
	t      *testing.T
	agents []*staff.Actor
}

// each runs a test on both engines with some people, each of whom can hold
// `room` tickets, and who are not there yet.
func each(t *testing.T, agents, room int, fn func(t *testing.T, s *scene)) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) { fn(t, newScene(t, h, agents, room)) })
}

func newScene(t *testing.T, h *zhidantest.House, agents, room int) *scene {
	s := &scene{House: h, t: t}
	for i := range agents {
		s.agents = append(s.agents, h.User(fmt.Sprintf("agent%d@example.com", i), fmt.Sprintf("坐席%d", i), staff.Agent))
	}
	s.rules(routing.RuleSet{Name: "test", Other: 100, Capacity: 100 * room, Rules: []*routing.Rule{{Name: "all"}}})
	return s
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// rules switches a rule set on.
func (s *scene) rules(set routing.RuleSet) {
	s.t.Helper()
	body, err := json.Marshal(set)
	s.must(err)
	s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var version int64
		if err := tx.QueryRow(ctx, `select coalesce(max(version), 1) + 1 from routing_set where tenant_id = $1`, s.Tenant).Scan(&version); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update routing_set set state = 'past' where tenant_id = $1 and state = 'active'`, s.Tenant); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into routing_set (tenant_id, version, id, name, state, body, author_id, at) values ($1, $2, $2, 'test', 'active', $3, null, $4)`, s.Tenant, version, string(body), s.Clock.Now())
		return err
	}))
	s.Routing.Forget(s.Tenant)
}

// state sets how somebody stands.
func (s *scene) state(i int, to roster.State) {
	s.t.Helper()
	_, err := s.Roster.SetOwn(ctx, s.agents[i], roster.NewState{State: to})
	s.must(err)
	s.Settle()
}

func (s *scene) open(n ticket.NewTicket) *ticket.Ticket {
	s.t.Helper()
	if n.Body == "" {
		n.Body = "请帮我看一下订单"
	}
	if n.Requester == (customer.Contact{}) {
		n.Requester = customer.Contact{Name: "演示客户"}
	}
	if n.Type == "" {
		n.Type = "enquiry"
	}
	tk, err := s.Desk.Create(ctx, s.Admin, n)
	s.must(err)
	return tk
}

func (s *scene) get(tk *ticket.Ticket) *ticket.Ticket {
	s.t.Helper()
	x, err := s.Desk.Get(ctx, s.Admin, tk.ID)
	s.must(err)
	return x
}

func (s *scene) do(tk *ticket.Ticket, action string, in any) {
	s.t.Helper()
	_, err := s.Desk.Do(ctx, s.Admin, tk.ID, action, in, 0)
	s.must(err)
}

func (s *scene) solve(tk *ticket.Ticket) {
	s.t.Helper()
	s.do(tk, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}})
	s.Settle()
}

// why is what the API says of a ticket's assignment.
func (s *scene) why(tk *ticket.Ticket) (out struct {
	Items []struct {
		routing.Decision
		Shadow bool `json:"shadow"`
	} `json:"items"`
	Queue    *routing.WaitJSON     `json:"queue"`
	Position int                   `json:"position"`
	Response *routing.ResponseJSON `json:"response"`
}) {
	s.t.Helper()
	a := s.Call("GET", "/tickets/"+tk.ID.String()+"/routing", nil)
	if a.Status != http.StatusOK {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.JSON(s.t, &out)
	return out
}

type lists interface{ Errorf(string, ...any) }

// sound checks what must always hold: people carry what their tickets and
// offers weigh; who nobody has and is active waits, and nobody else does.
func (s *scene) sound(t lists, capacity int) {
	err := s.DB.Snapshot(ctx, func(ctx context.Context, r db.Reader) error { return consistent(ctx, r, t, s.Tenant, capacity) }) // jobs may be at work
	if err != nil {
		t.Errorf("%v", err)
	}
}

func consistent(ctx context.Context, r db.Reader, t lists, tenant id.ID, capacity int) error {
	type load struct{ load, open int }
	read := func(q string) (map[id.ID]load, error) {
		rows, err := r.Query(ctx, q, tenant)
		out := map[id.ID]load{}
		_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
			var user id.ID
			var x load
			err := r.Scan(&user, &x.load, &x.open)
			if x != (load{}) {
				out[user] = x
			}
			return struct{}{}, err
		})
		return out, err
	}
	kept, err := read(`select user_id, load, open from routing_load where tenant_id = $1`)
	if err != nil {
		return err
	}
	weighed, err := read(`select x.who, sum(x.weight), sum(case when x.weight > 0 then 1 else 0 end) from (select assignee_id as who, weight from ticket where tenant_id = $1 and assignee_id is not null
		union all select agent_id, weight from routing_wait where tenant_id = $1 and state = 'offered') x group by x.who`)
	if err != nil {
		return err
	}
	if len(kept) != len(weighed) {
		t.Errorf("people carry %v, their tickets weigh %v", kept, weighed)
	}
	for user, x := range weighed {
		if kept[user] != x {
			t.Errorf("%s carries %v, the tickets weigh %v", user, kept[user], x)
		}
		if capacity > 0 && x.load > capacity {
			t.Errorf("%s carries %v, more than %d", user, x, capacity)
		}
	}
	var strange int
	err = r.QueryRow(ctx, `select count(*) from ticket t where t.tenant_id = $1 and (t.status <= 4 and t.assignee_id is null and t.merged_into is null)
		<> exists (select 1 from routing_wait w where w.tenant_id = t.tenant_id and w.ticket_id = t.id)`, tenant).Scan(&strange)
	if strange > 0 {
		t.Errorf("%d tickets wait though somebody has them, or do not though nobody has", strange)
	}
	return err
}

func TestBornWithAnOwnerOrAPlaceInTheQueue(t *testing.T) {
	each(t, 2, 2, func(t *testing.T, s *scene) {
		first := s.open(ticket.NewTicket{})
		if first.Assignee != 0 || s.why(first).Queue == nil || s.why(first).Position != 1 {
			t.Fatalf("nobody is here: %v %+v", first.Assignee, s.why(first))
		}
		s.state(0, roster.Online) // who comes gets what waits
		if x := s.get(first); x.Assignee != s.agents[0].ID || s.why(first).Queue != nil {
			t.Fatalf("the ticket waits though somebody came: %+v", s.why(first))
		}
		s.state(1, roster.Online)
		var list []*ticket.Ticket
		for range 3 {
			list = append(list, s.open(ticket.NewTicket{}))
		}
		for _, x := range list {
			if x.Assignee == 0 {
				t.Errorf("there is room, but %s has nobody", x.Number)
			}
		}
		d := s.why(list[0]).Items[0]
		if d.Outcome != routing.Assigned || d.Agent != list[0].Assignee || len(d.Candidates) != 2 || len(d.Candidates[0].Factors) < 20 || len(d.Hash) != 64 {
			t.Errorf("not explained: %+v", d)
		}
		last := s.open(ticket.NewTicket{})
		if last.Assignee != 0 || s.why(last).Items[0].Excluded[routing.Full] != 2 {
			t.Errorf("all are full: %v %+v", last.Assignee, s.why(last).Items)
		}
		s.sound(t, 200)
		s.do(list[0], "status", &ticket.StatusInput{Status: ticket.OnHold, Reason: "third_party"})
		s.Settle() // what is on hold does not count: there is room for the last
		if x := s.get(last); x.Assignee != list[0].Assignee {
			t.Errorf("the last waits though %s has room", list[0].Assignee)
		}
		s.sound(t, 200)
	})
}

// A lot takes the room of several people at once: what does not fit waits on.
func TestALotGivesNoMoreThanFits(t *testing.T) {
	const people, room, wait = 3, 4, 20
	each(t, people, room, func(t *testing.T, s *scene) {
		for range wait {
			s.open(ticket.NewTicket{})
		}
		// shift has everybody come or go, until so many wait; whose choice is
		// overtaken is looked at again a moment later.
		shift := func(to roster.State, waiting int) (has map[id.ID]int) {
			for _, a := range s.agents {
				_, err := s.Roster.SetOwn(ctx, a, roster.NewState{State: to})
				s.must(err)
			}
			for range 10 {
				s.Settle()
				s.sound(t, 100*room)
				list, err := s.Desk.List(ctx, s.Admin, ticket.Query{})
				s.must(err)
				has = map[id.ID]int{}
				for _, x := range list.Items {
					has[x.Assignee]++
				}
				if has[0] == waiting {
					break
				}
				s.Clock.Advance(2 * time.Second)
			}
			return has
		}
		for range 2 { // the second time they are known, and what they had is on the queue again
			if has := shift(roster.Online, wait-people*room); has[0] != wait-people*room || len(has) != people+1 {
				t.Errorf("given by person: %v", has)
			}
			if has := shift(roster.Offline, wait); has[0] != wait {
				t.Errorf("everybody has gone: %v", has)
			}
		}
	})
}

func TestOrderOfTheQueue(t *testing.T) {
	each(t, 1, 1, func(t *testing.T, s *scene) {
		low := s.open(ticket.NewTicket{Priority: ticket.Low})
		s.Clock.Advance(time.Minute)
		normal := s.open(ticket.NewTicket{Priority: ticket.Normal})
		s.Clock.Advance(time.Minute)
		vip := s.open(ticket.NewTicket{Priority: ticket.Normal, Requester: customer.Contact{Name: "贵宾", Phone: "13800138000"}})
		s.must(s.tier(vip, "vip"))
		s.do(vip, "tags", &ticket.TagsInput{Add: []string{"x"}}) // the tier is seen with the next change
		s.do(vip, "priority", &ticket.PriorityInput{Priority: ticket.High})
		s.do(vip, "priority", &ticket.PriorityInput{Priority: ticket.Normal})
		s.Clock.Advance(time.Minute)
		urgent := s.open(ticket.NewTicket{Priority: ticket.Urgent})
		s.Settle()
		s.state(0, roster.Online)
		for i, want := range []*ticket.Ticket{urgent, vip, normal, low} {
			if x := s.get(want); x.Assignee == 0 {
				t.Fatalf("number %d should be next: %+v", i, s.why(want).Queue)
			}
			s.sound(t, 100)
			s.solve(want)
		}
	})
}

func (s *scene) tier(tk *ticket.Ticket, tier string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update customer set tier = $3 where tenant_id = $1 and id = $2`, s.Tenant, tk.Requester, tier)
		return err
	})
}

func TestOffers(t *testing.T) {
	each(t, 3, 1, func(t *testing.T, s *scene) {
		s.rules(routing.RuleSet{Name: "offers", Other: 100, Capacity: 100, Rules: []*routing.Rule{{Name: "all", Mode: routing.Offer, OfferFor: 30}}})
		for i := range s.agents {
			s.state(i, roster.Online)
		}
		x := s.open(ticket.NewTicket{})
		var asked []id.ID
		answer := func(who id.ID, say string) int {
			i := slices.IndexFunc(s.agents, func(a *staff.Actor) bool { return a.ID == who })
			return s.Call("POST", "/tickets/"+x.ID.String()+"/offer", map[string]any{"answer": say}, "Authorization", "Bearer "+s.TokenFor(s.agents[i])).Status
		}
		offered := func() id.ID {
			q := s.why(x).Queue
			if q == nil || q.State != "offered" || slices.Contains(asked, q.Agent) {
				t.Fatalf("not offered to somebody new: %+v", q)
			}
			asked = append(asked, q.Agent)
			s.sound(t, 100)
			return q.Agent
		}
		first := offered()
		if got := answer(first, "decline"); got != http.StatusNoContent {
			t.Fatalf("declining: %d", got)
		}
		second := offered()
		if got := answer(first, "accept"); got != http.StatusConflict {
			t.Errorf("an offer that was declined is accepted: %d", got)
		}
		s.Clock.Advance(31 * time.Second)
		s.Settle()
		third := offered()
		if got := answer(second, "accept"); got != http.StatusConflict {
			t.Errorf("an offer that has passed is accepted: %d", got)
		}
		if got := answer(third, "accept"); got != http.StatusNoContent {
			t.Fatalf("accepting: %d", got)
		}
		if s.get(x).Assignee != third {
			t.Errorf("who accepted does not have it")
		}
		s.sound(t, 100)
	})
}

func TestSeriousTicketsAreToldUntilAcknowledged(t *testing.T) {
	each(t, 1, 10, func(t *testing.T, s *scene) {
		s.rules(routing.Shipped())
		boss := s.User("boss@example.com", "主管", staff.Supervisor)
		x := s.open(ticket.NewTicket{Type: "complaint", Priority: ticket.Urgent, Body: "我要投诉"})
		s.Settle()
		r := s.why(x).Response
		if r == nil || r.Response != routing.Serious || len(r.Told) != 1 {
			t.Fatalf("nobody is told: %+v", r)
		}
		s.Clock.Advance(6 * time.Minute)
		s.Settle()
		if r = s.why(x).Response; len(r.Told) != 2 {
			t.Fatalf("the next is not told: %+v", r)
		}
		if a := s.Call("POST", "/tickets/"+x.ID.String()+"/response/acknowledge", nil); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		s.Clock.Advance(time.Hour)
		s.Settle()
		if r = s.why(x).Response; len(r.Told) != 2 || r.By != s.Admin.ID {
			t.Errorf("told on after somebody has acknowledged: %+v", r)
		}
		_ = boss

		calm := s.open(ticket.NewTicket{})
		if s.why(calm).Response != nil {
			t.Errorf("a plain enquiry is %+v", s.why(calm).Response)
		}
		s.do(calm, "type", &ticket.TypeInput{Type: "complaint"})
		s.do(calm, "priority", &ticket.PriorityInput{Priority: ticket.Urgent})
		s.Settle()
		if r := s.why(calm).Response; r == nil || len(r.Told) != 1 {
			t.Errorf("a ticket that becomes serious is told to nobody: %+v", r)
		}
	})
}

// TestRandomLives lets tickets and people do as they please and looks whether
// what people carry and the queue stay true.
func TestRandomLives(t *testing.T) {
	each(t, 3, 2, func(t *testing.T, s *scene) {
		var list []*ticket.Ticket
		rapid.Check(t, func(r *rapid.T) {
			for range rapid.IntRange(1, 12).Draw(r, "steps") {
				if len(list) == 0 || rapid.IntRange(0, 3).Draw(r, "new") == 0 {
					list = append(list, s.open(ticket.NewTicket{Priority: ticket.Priority(rapid.IntRange(1, 4).Draw(r, "priority"))}))
					continue
				}
				tk := list[rapid.IntRange(max(0, len(list)-8), len(list)-1).Draw(r, "ticket")]
				who := rapid.IntRange(0, 2).Draw(r, "who")
				var name string
				var in any
				switch rapid.IntRange(0, 10).Draw(r, "what") {
				case 0:
					name, in = "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: s.agents[who].ID}}
				case 1:
					name, in = "assign", &ticket.AssignInput{}
				case 2:
					name, in = "status", &ticket.StatusInput{Status: ticket.OnHold, Reason: "third_party"}
				case 3:
					name, in = "status", &ticket.StatusInput{Status: ticket.Open}
				case 4:
					name, in = "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}}
				case 5:
					until := s.Clock.Now().Add(time.Hour)
					name, in = "snooze", &ticket.SnoozeInput{Until: &until}
				case 6:
					name, in = "priority", &ticket.PriorityInput{Priority: ticket.Priority(who + 1)}
				case 7:
					_, err := s.Roster.SetOwn(ctx, s.agents[who], roster.NewState{State: []roster.State{roster.Online, roster.Busy, roster.Offline}[rapid.IntRange(0, 2).Draw(r, "state")]})
					s.must(err)
				case 8:
					s.Clock.Advance(time.Minute)
				case 9:
					s.Settle()
				case 10:
					other := list[rapid.IntRange(max(0, len(list)-8), len(list)-1).Draw(r, "other")]
					name, in = "merge", &ticket.MergeInput{Into: other.ID}
				}
				if name != "" {
					_, _ = s.Desk.Do(ctx, s.Admin, tk.ID, name, in, 0) // what is not possible is refused
				}
				s.sound(r, 0)
			}
		})
	})
}

// TestTwoNodesNeverGiveMoreThanFits lets two nodes give tickets away at the same
// time, to people with little room who come, go and finish.
func TestTwoNodesNeverGiveMoreThanFits(t *testing.T) {
	zhidantest.OnPostgres(t, func(t *testing.T, h *zhidantest.House) {
		s := newScene(t, h, 4, 5)
		other := h.Second()
		for i := range s.agents {
			s.state(i, roster.Online)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var list []id.ID
		for w := range 8 {
			wg.Go(func() {
				node := []*zhidantest.House{h, other}[w%2]
				for range 10 {
					tk, err := node.Desk.Create(ctx, node.Admin, ticket.NewTicket{Body: "你好", Type: "enquiry", Requester: customer.Contact{Name: "演示客户"}})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					list = append(list, tk.ID)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		s.sound(t, 500)
		given := func() (ids []id.ID) {
			rows, err := s.DB.Query(ctx, `select id from ticket where tenant_id = $1 and assignee_id is not null and status = 1`, s.Tenant)
			ids, err = db.Each(rows, err, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
			s.must(err)
			return ids
		}
		if n := len(given()); n != 20 {
			t.Errorf("%d of 80 are given to people who have room for 20", n)
		}
		for round := 0; ; round++ {
			ids := given()
			if len(ids) == 0 {
				break
			}
			if round > 10 {
				t.Fatal("the queue does not drain")
			}
			for i, x := range ids {
				wg.Go(func() {
					node := []*zhidantest.House{h, other}[i%2]
					if _, err := node.Desk.Do(ctx, node.Admin, x, "status", &ticket.StatusInput{Status: ticket.Solved, Resolution: &ticket.Resolution{Code: "answered"}}, 0); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			s.Settle()
			s.sound(t, 500)
		}
		var solved int
		s.must(s.DB.QueryRow(ctx, `select count(*) from ticket where tenant_id = $1 and status = 5`, s.Tenant).Scan(&solved))
		if solved != len(list) || len(list) != 80 {
			t.Errorf("%d of %d tickets were worked on", solved, len(list))
		}
		var twice int
		s.must(s.DB.QueryRow(ctx, `select count(*) from (select ticket_id from routing_decision where tenant_id = $1 and outcome = 'assigned' and shadow = 0 group by ticket_id having count(*) > 1) x`, s.Tenant).Scan(&twice))
		if twice > 0 {
			t.Errorf("%d tickets were given twice", twice)
		}
	})
}
