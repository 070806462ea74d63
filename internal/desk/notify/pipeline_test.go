package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

func (s *scene) prefer(a *staff.Actor, body M) {
	s.t.Helper()
	if body["sound"] == nil {
		body["sound"], body["desktop"] = true, false
	}
	s.call(a, "PUT", "/me/notifications", body, 200)
}

// subjects of the mails, in order.
func (p *mailServer) subjects() string {
	var out []string
	for _, l := range p.letters() {
		out = append(out, l.subject)
	}
	return strings.Join(out, " | ")
}

// The clock of a test begins on a Saturday noon in Shanghai.
func TestWhatComesInQuietHoursGoesOutTogetherAfterThem(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		server := s.mail("starttls")
		li := s.User("li@example.com", "李明", staff.Agent)
		s.prefer(li, M{"quiet": M{"on": true, "from": "11:00", "to": "14:00"}})
		hear := s.listen(li)
		a, b, c := s.open("第一张"), s.open("第二张"), s.open("第三张")
		for _, tk := range []*ticket.Ticket{a, b, c} {
			s.assign(tk, li)
		}
		s.Settle()
		if got := s.events(li); got != "assigned assigned assigned" {
			t.Errorf("the bell waits for nothing: %q", got)
		}
		if heard := hear(); heard["quiet"] != true {
			t.Errorf("the screen makes a noise in quiet hours: %v", heard)
		}
		s.tell(notify.Notice{Event: notify.SeriousTicket, Ticket: a.ID, To: []id.ID{li.ID}})
		s.Settle()
		if got := server.subjects(); got != "严重工单 "+a.Number+"，请立即确认" {
			t.Errorf("in quiet hours came %q", got)
		}
		for _, n := range s.bell(li) {
			if n.Ticket == c.ID {
				s.call(li, "POST", "/notifications/read", M{"ids": []string{n.ID.String()}}, 200)
			}
		}
		s.later(2*time.Hour - time.Second)
		if n := len(server.letters()); n != 1 {
			t.Errorf("%d mails a second before the end", n)
		}
		s.later(time.Second)
		letters := server.letters()
		if len(letters) != 2 || letters[1].subject != "2 条通知" {
			t.Fatalf("after the quiet hours: %q %+v", server.subjects(), s.deliveries())
		}
		if text := letters[1].text; !strings.Contains(text, "• 新派工单 "+a.Number) || !strings.Contains(text, "第二张") || strings.Contains(text, "第三张") {
			t.Errorf("what was read meanwhile is not sent: %s", text)
		}
		states := map[string]int{}
		for _, d := range s.deliveries() {
			states[d.State]++
		}
		if fmt.Sprint(states) != "map[dropped:1 sent:3]" {
			t.Errorf("the log says %v", states)
		}
	})
}

func TestWhatFollowsCloselyOnATicketIsOneMessage(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		server := s.mail("starttls")
		li := s.User("li@example.com", "李明", staff.Agent)
		s.prefer(li, M{"events": M{"customer_replied": M{"mail": true}}})
		tk := s.open("发票")
		s.assign(tk, li)
		s.Settle()
		for range 3 {
			s.tell(notify.Notice{Event: notify.CustomerReplied, Ticket: tk.ID, To: []id.ID{li.ID}})
			s.later(10 * time.Second)
		}
		other := s.open("另一张")
		s.assign(other, li)
		s.Settle()
		if got := server.subjects(); got != "新派工单 "+tk.Number+" | 新派工单 "+other.Number {
			t.Errorf("%q", got)
		}
		s.later(31 * time.Second)
		if got := server.subjects(); !strings.HasSuffix(got, " | 3 条通知") {
			t.Errorf("%q", got)
		}
		s.prefer(li, M{"digest": M{"mail": 15}})
		s.assign(s.open("再一张"), li)
		s.Settle()
		s.later(20 * time.Minute)
		if n := len(server.letters()); n != 4 {
			t.Errorf("%d mails after the digest", n)
		}
	})
}

// A node that dies between sending and recording sends that one again, under
// the same name, and no other.
func TestADeathBetweenSendingAndRecording(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		server := s.mail("starttls")
		li, wang := s.User("li@example.com", "李明", staff.Agent), s.User("wang@example.com", "王芳", staff.Agent)
		var mu sync.Mutex
		deaths := 0
		s.Notify.OnSent(func(id.ID) error {
			mu.Lock()
			defer mu.Unlock()
			if deaths++; deaths == 1 {
				return errors.New("the power is gone")
			}
			return nil
		})
		s.assign(s.open("一"), li)
		s.Settle()
		d := s.deliveries()
		if len(server.letters()) != 1 || len(d) != 1 || d[0].State != "sending" || d[0].Attempts != 1 {
			t.Fatalf("%d mails, %+v", len(server.letters()), d)
		}
		s.assign(s.open("二"), wang)
		s.later(time.Minute)
		letters := server.letters()
		if len(letters) != 3 {
			t.Fatalf("%d mails: %s", len(letters), server.subjects())
		}
		byName := map[string]int{}
		for _, l := range letters {
			byName[l.to+l.messageID]++
		}
		if len(byName) != 2 {
			t.Errorf("the repetition has a name of its own: %v", byName)
		}
		for _, d := range s.deliveries() {
			if d.State != "sent" {
				t.Errorf("%+v", d)
			}
		}
		s.later(time.Hour)
		if n := len(server.letters()); n != 3 {
			t.Errorf("%d mails an hour later", n)
		}
	})
}

func TestOldOnesGoAndTheBellHasAnEnd(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		li := s.User("li@example.com", "李明", staff.Agent)
		const many = notify.MaxUnread + 30
		s.must(s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i := range many {
				if err := s.Notify.Tell(ctx, tx, notify.Notice{Tenant: s.Tenant, Event: notify.RosterPublished, To: []id.ID{li.ID}, Key: fmt.Sprint(i)}); err != nil {
					return err
				}
			}
			return nil
		}))
		s.Settle()
		var c struct {
			Count  int
			Capped bool
		}
		s.call(li, "GET", "/notifications/count", nil, 200).JSON(t, &c)
		if c.Count != 999 || !c.Capped {
			t.Errorf("%+v", c)
		}
		rows := func() (all, unread int) {
			s.must(s.DB.QueryRow(ctx, `select count(*), count(*) - count(read_at) from notification where tenant_id = $1 and user_id = $2`, s.Tenant, li.ID).Scan(&all, &unread))
			return
		}
		s.later(time.Hour)
		if all, unread := rows(); all != many || unread != notify.MaxUnread {
			t.Errorf("%d, of them %d unread", all, unread)
		}
		s.call(li, "POST", "/notifications/read", M{"all": true}, 200)
		s.later(91 * 24 * time.Hour)
		s.tell(notify.Notice{Event: notify.RosterPublished, To: []id.ID{li.ID}, Key: "new"})
		s.Settle()
		s.later(time.Hour)
		if all, unread := rows(); all != 1 || unread != 1 {
			t.Errorf("%d are left, %d unread", all, unread)
		}
	})
}

func TestReadingPageByPage(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		li := s.User("li@example.com", "李明", staff.Agent)
		for i := range 7 {
			s.tell(notify.Notice{Event: notify.RosterPublished, To: []id.ID{li.ID}, Key: fmt.Sprint(i)})
		}
		s.Settle()
		seen := map[id.ID]bool{}
		cursor, pages := "", 0
		for {
			var page struct {
				Items []notify.NoticeJSON
				Next  string `json:"next_cursor"`
			}
			s.call(li, "GET", "/notifications?limit=3&cursor="+cursor, nil, 200).JSON(t, &page)
			for _, n := range page.Items {
				seen[n.ID] = true
			}
			pages++
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 7 || pages != 3 {
			t.Errorf("%d in %d pages", len(seen), pages)
		}
		s.call(li, "POST", "/notifications/read", M{"ids": []string{s.bell(li)[0].ID.String()}}, 200)
		var unread struct{ Items []notify.NoticeJSON }
		s.call(li, "GET", "/notifications?unread=true", nil, 200).JSON(t, &unread)
		if len(unread.Items) != 6 {
			t.Errorf("%d unread", len(unread.Items))
		}
		if n := s.bell(s.Admin); len(n) != 0 {
			t.Errorf("another one's bell: %+v", n)
		}
	})
}

// What a person switches off is not told; their own words come back as they
// were given; addresses lie sealed.
func TestPreferences(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		server := s.mail("starttls")
		li := s.User("li@example.com", "李明", staff.Agent)
		s.prefer(li, M{"events": M{"assigned": M{"in_app": false, "mail": true}}, "addresses": M{"sms": "13800138000", "wecom": "liming"}})
		tk := s.open("x")
		s.assign(tk, li)
		s.Settle()
		if got := s.events(li); got != "" || len(server.letters()) != 1 || s.count(li) != 0 {
			t.Errorf("%q, %d mails", got, len(server.letters()))
		}
		var p struct {
			Addresses notify.Addresses
			Channels  []notify.WayJSON
			Version   int64
		}
		s.prefer(li, M{"events": M{"assigned": M{"mail": false}}}) // addresses are kept
		a := s.call(li, "GET", "/me/notifications", nil, 200)
		a.JSON(t, &p)
		if p.Addresses.SMS != "+8613800138000" || p.Addresses.WeCom != "liming" || p.Version != 2 || a.Header.Get("ETag") != `"2"` {
			t.Errorf("%s", a.Body)
		}
		ready := map[notify.Means]bool{}
		for _, w := range p.Channels {
			ready[w.Key] = w.Ready
		}
		if !ready[notify.Mail] || !ready[notify.InApp] || ready[notify.SMS] {
			t.Errorf("%+v", p.Channels)
		}
		s.assign(s.open("y"), li)
		s.Settle()
		if got := s.events(li); got != notify.Assigned || len(server.letters()) != 1 {
			t.Errorf("%q, %d mails", got, len(server.letters()))
		}
		var open int
		s.must(s.DB.QueryRow(ctx, `select count(*) from notify_preference where tenant_id = $1 and (body like '%1380013%' or cast(addresses as text) like '%1380013%')`, s.Tenant).Scan(&open))
		if open != 0 {
			t.Error("a phone number lies open in the store")
		}
		if got := s.Call("PUT", "/me/notifications", M{"sound": true, "desktop": true}, "If-Match", `"1"`, "Authorization", "Bearer "+s.token(li)); got.Status != 412 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}

func TestTemplatesOfTheCompany(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.t = t
		li := s.User("li@example.com", "李明", staff.Agent)
		tk := s.open("x")
		s.assign(tk, li)
		s.Settle()
		put := func(title, text string, status int) string {
			return string(s.call(s.Admin, "PUT", "/notify/templates", M{"event": "assigned", "locale": "zh-CN", "title": title, "text": text}, status).Body)
		}
		put("【{number}】归您了", "由 {actor}", 200)
		if n := s.bell(li)[0]; n.Title != "【"+tk.Number+"】归您了" || n.Text != "由 管理员" {
			t.Errorf("%+v", n)
		}
		if got := put("{phone}", "", 422); !strings.Contains(got, "placeholder") {
			t.Error(got)
		}
		put("", "", 200)
		if n := s.bell(li)[0]; n.Title != "新派工单 "+tk.Number {
			t.Errorf("the shipped words are not back: %+v", n)
		}
	})
}
