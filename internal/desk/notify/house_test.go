package notify_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
	"zhidan/internal/zhidantest"
)

var ctx = context.Background()

type M = map[string]any

// scene is a house whose notifications may reach peers on loopback.
type scene struct {
	*zhidantest.House
	t      *testing.T
	tokens map[id.ID]string
}

// token is an API token of somebody.
func (s *scene) token(a *staff.Actor) string {
	s.t.Helper()
	if s.tokens == nil {
		s.tokens = map[id.ID]string{}
	}
	if s.tokens[a.ID] == "" {
		s.tokens[a.ID] = s.TokenFor(a)
	}
	return s.tokens[a.ID]
}

// loopback lets a node reach the test's own peers, through the same guard.
func loopback(s *server.Server) {
	d := guard.NewDialer(guard.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	s.Notify.Dial = d.DialContext
	s.Notify.HTTP = d.Client(guard.Limits{Timeout: 10 * time.Second, MaxBytes: 1 << 20, Redirects: -1})
	s.Notify.URL = "https://desk.example.com"
}

func each(t *testing.T, fn func(t *testing.T, s *scene)) {
	t.Helper()
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) { fn(t, &scene{House: h, t: t}) }, loopback)
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// call speaks to the API as somebody and wants a status.
func (s *scene) call(a *staff.Actor, method, path string, body any, status int) zhidantest.Answer {
	s.t.Helper()
	got := s.Call(method, path, body, "Authorization", "Bearer "+s.token(a))
	if got.Status != status {
		s.t.Fatalf("%s %s: %d, not %d: %s", method, path, got.Status, status, got.Body)
	}
	return got
}

func (s *scene) open(subject string) *ticket.Ticket {
	s.t.Helper()
	t, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Subject: subject, Body: "坏了", Type: "repair", Requester: customer.Contact{Name: "演示客户"}})
	s.must(err)
	return t
}

func (s *scene) do(a *staff.Actor, t *ticket.Ticket, action string, in any) {
	s.t.Helper()
	_, err := s.Desk.Do(ctx, a, t.ID, action, in, 0)
	s.must(err)
}

func (s *scene) assign(t *ticket.Ticket, to *staff.Actor) {
	s.t.Helper()
	s.do(s.Admin, t, "assign", &ticket.AssignInput{Place: ticket.Place{Assignee: to.ID}})
}

// bell is what somebody was told, newest first.
func (s *scene) bell(a *staff.Actor) []notify.NoticeJSON {
	s.t.Helper()
	var list struct{ Items []notify.NoticeJSON }
	s.call(a, "GET", "/notifications", nil, 200).JSON(s.t, &list)
	return list.Items
}

// events of a bell, newest first.
func (s *scene) events(a *staff.Actor) string {
	s.t.Helper()
	var out []string
	for _, n := range s.bell(a) {
		out = append(out, n.Event)
	}
	return strings.Join(out, " ")
}

func (s *scene) count(a *staff.Actor) int {
	s.t.Helper()
	var c struct{ Count int }
	s.call(a, "GET", "/notifications/count", nil, 200).JSON(s.t, &c)
	return c.Count
}

// deliveries are the log, oldest first.
func (s *scene) deliveries() []notify.DeliveryJSON {
	s.t.Helper()
	var list struct{ Items []notify.DeliveryJSON }
	s.call(s.Admin, "GET", "/notify/deliveries?limit=200", nil, 200).JSON(s.t, &list)
	slices.Reverse(list.Items)
	return list.Items
}

func (s *scene) tell(n notify.Notice) {
	s.t.Helper()
	n.Tenant = s.Tenant
	s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.Notify.Tell(ctx, tx, n) }))
}

// later moves the clock and lets what is due by then be done.
func (s *scene) later(d time.Duration) {
	s.t.Helper()
	s.Clock.Advance(d)
	s.Settle()
}

// listen is somebody's screen: the notifications that it hears of.
func (s *scene) listen(a *staff.Actor) func() map[string]any {
	s.t.Helper()
	c, cancel := context.WithTimeout(ctx, 2*time.Minute)
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(c, "GET", s.URL+"/api/v1/live", nil)
	s.must(err)
	req.Header.Set("Authorization", "Bearer "+s.token(a))
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	s.t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && lines.Text() != "event: hello" { // from here on nothing is missed
	}
	return func() map[string]any {
		s.t.Helper()
		for lines.Scan() {
			if lines.Text() != "event: notification" {
				continue
			}
			lines.Scan()
			var out map[string]any
			s.must(json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "data: ")), &out))
			return out
		}
		s.t.Fatal("the screen heard nothing")
		return nil
	}
}

func (s *scene) mail(security string) *mailServer {
	s.t.Helper()
	p := newMailServer(s.t, security)
	s.Notify.Trust(p.roots)
	s.call(s.Admin, "PUT", "/notify/channels/mail", p.settings(security), 200)
	return p
}

func TestAnAssignmentIsToldInTheBellByMailAndOnScreens(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		server := s.mail("starttls")
		li := s.User("li@example.com", "李明", staff.Agent)
		hear := s.listen(li)
		tk := s.open("打印机卡纸 <b>{url}</b>")
		s.assign(tk, li)
		s.Settle()

		heard := hear()
		list := s.bell(li)
		if len(list) != 1 {
			t.Fatalf("%d notifications, not one: %+v", len(list), list)
		}
		n := list[0]
		if n.Event != notify.Assigned || n.Ticket != tk.ID || n.Number != tk.Number || n.Title != "新派工单 "+tk.Number || n.Actor == nil || n.Actor.ID != s.Admin.ID {
			t.Errorf("the bell says %+v", n)
		}
		if !strings.Contains(n.Text, "打印机卡纸 <b>{url}</b>") {
			t.Errorf("braces of a subject are no placeholder: %q", n.Text)
		}
		if heard["id"] != n.ID.String() || heard["ticket_id"] != tk.ID.String() || heard["quiet"] == true {
			t.Errorf("the screen heard %v", heard)
		}
		if got := s.count(li); got != 1 {
			t.Errorf("%d unread", got)
		}
		if got := s.events(s.Admin); got != "" {
			t.Errorf("who assigned it was told: %s", got)
		}
		letters := server.letters()
		if len(letters) != 1 {
			t.Fatalf("%d mails, not one: %+v", len(letters), s.deliveries())
		}
		l := letters[0]
		if l.to != "li@example.com" || l.from != "desk@example.com" || !l.secure || l.signedInAs != "desk" || l.subject != "新派工单 "+tk.Number || l.autoSubmitted != "auto-generated" {
			t.Errorf("the mail is %+v", l)
		}
		link := "https://desk.example.com/inbox/all/" + tk.ID.String()
		if !strings.Contains(l.text, link) || !strings.Contains(l.html, `href="`+link+`"`) || strings.Contains(l.html, "<b>{url}") {
			t.Errorf("text %q\nhtml %q", l.text, l.html)
		}
		d := s.deliveries()
		if len(d) != 1 || d[0].State != "sent" || d[0].Attempts != 1 || d[0].Receipt == "" || d[0].User.ID != li.ID || !strings.Contains(l.messageID, d[0].Receipt) {
			t.Errorf("the log says %+v", d)
		}

		s.call(li, "POST", "/notifications/read", M{"ids": []string{n.ID.String()}}, 200)
		if s.count(li) != 0 || s.bell(li)[0].ReadAt == 0 {
			t.Error("it was read and still counts")
		}
		if heard = hear(); heard["quiet"] != true {
			t.Errorf("other screens hear that it was read: %v", heard)
		}
	})
}

func TestNothingIsToldOfWhatDidNotHappen(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		li := s.User("li@example.com", "李明", staff.Agent)
		stop := http.ErrAbortHandler
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			s.must(s.Notify.Tell(ctx, tx, notify.Notice{Tenant: s.Tenant, Event: notify.RosterPublished, To: []id.ID{li.ID}}))
			return stop
		})
		if err != stop {
			t.Fatal(err)
		}
		s.Settle()
		if got := s.events(li); got != "" {
			t.Errorf("told of what was rolled back: %s", got)
		}
		for range 2 { // the same key once, to each person
			s.tell(notify.Notice{Event: notify.RosterPublished, To: []id.ID{li.ID, li.ID, 0}, Key: "week 47"})
		}
		s.tell(notify.Notice{Event: notify.RosterPublished, To: []id.ID{li.ID, s.Admin.ID}, Key: "week 47", By: s.Admin.ID})
		s.Settle()
		if a, b := s.events(li), s.events(s.Admin); a != notify.RosterPublished || b != "" {
			t.Errorf("%q and %q", a, b)
		}
		for name, n := range map[string]notify.Notice{
			"words":     {Event: notify.Assigned, Ticket: 1, To: []id.ID{1}, Data: map[string]string{"customer": "张 三"}},
			"no event":  {Event: "x", To: []id.ID{1}},
			"no ticket": {Event: notify.Assigned, To: []id.ID{1}},
		} {
			n.Tenant = s.Tenant
			if s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.Notify.Tell(ctx, tx, n) }) == nil {
				t.Errorf("%s: was taken", name)
			}
		}
	})
}

func TestNobodyHearsOfATicketOutOfReach(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		server := s.mail("starttls")
		li, wang := s.User("li@example.com", "李明", staff.Agent), s.User("wang@example.com", "王芳", staff.Agent)
		tk := s.open("赔偿一万元")
		s.tell(notify.Notice{Event: notify.Assigned, Ticket: tk.ID, To: []id.ID{li.ID, wang.ID}}) // neither has it
		s.Settle()
		if s.events(li) != "" || s.count(li) != 0 || len(server.letters()) != 0 {
			t.Errorf("told of a ticket that they may not read: %q", s.events(li))
		}
		s.assign(tk, li)
		s.Settle()
		if s.events(li) != notify.Assigned || len(server.letters()) != 1 {
			t.Fatalf("%q, %d mails", s.events(li), len(server.letters()))
		}
		s.assign(tk, wang)
		n := s.bell(li)[0]
		raw := string(s.call(li, "GET", "/notifications", nil, 200).Body)
		if !n.OutOfReach || n.Ticket != 0 || strings.Contains(raw, "赔偿") || strings.Contains(raw, tk.Number) {
			t.Errorf("the words of a ticket out of reach are still read: %s", raw)
		}
	})
}

func noticeOf(event string, to *staff.Actor, key string) notify.Notice {
	return notify.Notice{Event: event, To: []id.ID{to.ID}, Key: key}
}

func noticeOn(event string, of id.ID, to *staff.Actor, key string) notify.Notice {
	return notify.Notice{Event: event, Ticket: of, To: []id.ID{to.ID}, Key: key}
}
