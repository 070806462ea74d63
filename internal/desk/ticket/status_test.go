package ticket_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// ask is the input that brings a ticket to a status, with all it demands.
func ask(status string) M {
	switch status {
	case "on_hold":
		return M{"status": status, "reason": "part"}
	case "cancelled":
		return M{"status": status, "reason": "test"}
	case "solved":
		return M{"status": status, "resolution": M{"code": "answered"}}
	}
	return M{"status": status}
}

// Every pair of statuses, held against the table of the glossary.
func TestTransitions(t *testing.T) {
	may := map[string]string{
		"new": "open pending on_hold solved cancelled", "open": "pending on_hold solved cancelled",
		"pending": "open on_hold solved cancelled", "on_hold": "open pending solved cancelled",
		"solved": "open closed", "closed": "", "cancelled": "open",
	}
	way := map[string][]string{"new": nil, "closed": {"solved", "closed"}}
	each(t, func(t *testing.T, s *scene) {
		for from, allowed := range may {
			for to := range may {
				if to == "new" {
					continue // nothing becomes new again
				}
				t.Run(from+" to "+to, func(t *testing.T) {
					s := s.in(t)
					tk := s.open("x")
					steps, special := way[from]
					if !special {
						steps = []string{from}
					}
					for _, step := range steps {
						tk = s.act(tk.ID, "status", ask(step)).Ticket
					}
					want(t, "start", tk.Status, from)
					done, err := s.c.Act(ctx, tk.ID, "status", ask(to))
					switch {
					case from == to:
						must(t, err)
						want(t, "events", s.fired(tk.ID, tk.Version), "")
					case strings.Contains(" "+allowed+" ", " "+to+" "):
						must(t, err)
						want(t, "status", done.Ticket.Status, to)
						want(t, "events", s.fired(tk.ID, tk.Version), "status:"+to)
					default:
						refused(t, err, "409 ticket.transition")
						want(t, "events", s.fired(tk.ID, tk.Version), "")
						want(t, "status", s.get(tk.ID).Status, from)
					}
				})
			}
		}
	})
}

func TestSolving(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		t.Run("the form of the type is asked for", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("退货", func(n *client.NewTicket) { n.Type = "return" })
			_, err := s.c.Act(ctx, tk.ID, "status", ask("solved"))
			refused(t, err, "422 fields.return_reason required")
			in := ask("solved")
			in["fields"] = M{"return_reason": "quality"}
			done := s.act(tk.ID, "status", in)
			want(t, "field", done.Ticket.Fields["return_reason"], any("quality"))
			want(t, "events", s.fired(tk.ID, tk.Version), "change:fields.return_reason status:solved")
		})
		t.Run("reopening", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			s.solve(tk.ID)
			at := s.get(tk.ID).Version
			done := s.act(tk.ID, "reopen", M{"reason": "客户说没好"})
			want(t, "count", done.Ticket.ReopenCount, 1)
			want(t, "not solved", done.Ticket.SolvedAt == nil, true)
			want(t, "events", s.fired(tk.ID, at), "status:open")
			line, err := s.c.Timeline(ctx, tk.ID, 0, "")
			must(t, err)
			want(t, "reason", line.Items[len(line.Items)-1].Event.Reason, "客户说没好")
			for _, e := range s.history(tk.ID, at) { // the words may be personal: the event proves them without telling
				if e.Data.Reason == "" || strings.Contains(e.Data.Reason, "客户") {
					t.Fatalf("event holds %q", e.Data.Reason)
				}
			}
			s.Clock.Advance(73 * time.Hour)
			s.Settle()
			want(t, "the timer of solving is off", s.get(tk.ID).Status, "open")
		})
		t.Run("closes by itself, to the second, once", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			at := s.solve(tk.ID).Version
			s.Clock.Advance(72*time.Hour - time.Second)
			s.Settle()
			want(t, "before", s.get(tk.ID).Status, "solved")
			s.Clock.Advance(time.Second)
			s.Settle()
			want(t, "then", s.get(tk.ID).Status, "closed")
			want(t, "events", s.fired(tk.ID, at), "status:closed")
			e := s.history(tk.ID, at)[0]
			want(t, "by", e.ActorKind+" "+e.Cause, "system timer")
			s.Clock.Advance(200 * time.Hour)
			s.Settle()
			want(t, "events later", s.fired(tk.ID, at), "status:closed")
		})
		t.Run("snooze and wake", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			until := s.Clock.Now().Add(2 * time.Hour)
			s.act(tk.ID, "snooze", M{"until": s.Clock.Now().Add(time.Hour)})
			s.act(tk.ID, "snooze", M{"until": until}) // the later one counts
			s.Clock.Advance(2*time.Hour - time.Second)
			s.Settle()
			want(t, "asleep", s.get(tk.ID).SnoozedUntil != nil, true)
			s.Clock.Advance(time.Second)
			s.Settle()
			want(t, "awake", s.get(tk.ID).SnoozedUntil == nil, true)
			want(t, "events", s.fired(tk.ID, tk.Version), "snooze snooze wake")
			s.act(tk.ID, "snooze", M{"until": s.Clock.Now().Add(time.Hour)})
			at := s.get(tk.ID).Version
			s.act(tk.ID, "snooze", M{"until": nil})
			want(t, "woken by hand", s.fired(tk.ID, at), "wake")
			s.act(tk.ID, "snooze", M{"until": s.Clock.Now().Add(time.Hour)})
			at = s.get(tk.ID).Version
			s.say(tk.ID, "customer", "在吗")
			want(t, "woken by the customer", s.fired(tk.ID, at), "message/customer repeat_contact wake")
		})
	})
}

// Only who may end tickets may take an ended one up again, by whatever door.
func TestReopeningIsARightOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		clerk := s.person("文员", staff.NewUser{Roles: []id.ID{s.role("文员", staff.Grants{staff.TicketRead: staff.ScopeAll, staff.TicketUpdate: staff.ScopeAll, staff.TicketReply: staff.ScopeAll, staff.TokenOwn: staff.ScopeAll})}})
		c := s.as(clerk)
		tk := s.open("x")
		s.solve(tk.ID)
		_, err := c.Act(ctx, tk.ID, "reopen", M{})
		refused(t, err, "403 auth.forbidden")
		_, err = c.Act(ctx, tk.ID, "status", M{"status": "open"})
		refused(t, err, "403 forbidden")
		_, err = c.UpdateTicket(ctx, tk.ID, M{"status": "open"})
		refused(t, err, "403 forbidden")
		_, err = c.Say(ctx, tk.ID, client.NewMessage{Kind: "reply", Body: "x", Status: "open"})
		refused(t, err, "403 forbidden")
		want(t, "status", s.get(tk.ID).Status, "solved")
		want(t, "messages", s.get(tk.ID).MessageCount, 1)
	})
}

// receive brings in a contact as a channel does.
func (s *scene) receive(in ticket.Contact) *ticket.Ticket {
	s.t.Helper()
	r, err := s.Desk.PrepareContact(ctx, s.Tenant, in)
	must(s.t, err)
	var t *ticket.Ticket
	must(s.t, s.DB.Tx(ctx, func(ctx ctxT, tx *db.Tx) error {
		t, _, err = s.Desk.ReceiveIn(ctx, tx, s.Tenant, r)
		return err
	}))
	return t
}

func TestLaterContacts(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		contact := func(known client.Ticket, body string) ticket.Contact {
			phones++
			return ticket.Contact{Known: number(s.t, known.ID), NewTicket: ticket.NewTicket{Body: body, Channel: "email",
				Requester: customer.Contact{Name: "客户", Phone: fmt.Sprint(phones)}}}
		}
		t.Run("joins an active ticket", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			s.say(tk.ID, "reply", "请提供照片")
			at := s.act(tk.ID, "status", ask("pending")).Ticket.Version
			got := s.receive(contact(tk, "照片在此"))
			want(t, "ticket", got.ID.String(), tk.ID)
			want(t, "events", s.fired(tk.ID, at), "message/customer status:open")
			want(t, "no repeat: we had answered", got.RepeatCount, 0)
		})
		t.Run("coming again unanswered is a repeat contact", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			s.receive(contact(tk, "补充一句"))
			want(t, "the same breath", s.fired(tk.ID, tk.Version), "message/customer")
			s.Clock.Advance(time.Hour)
			at := s.get(tk.ID).Version
			s.receive(contact(tk, "再说一遍"))
			want(t, "an hour later", s.fired(tk.ID, at), "message/customer repeat_contact")
			want(t, "count", s.get(tk.ID).RepeatCount, 1)
		})
		t.Run("a machine's words neither wake nor reopen", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			at := s.solve(tk.ID).Version
			in := contact(tk, "我在休假")
			in.Kind = ticket.Note
			s.receive(in)
			want(t, "events", s.fired(tk.ID, at), "message/note")
		})
		t.Run("reopens a solved one, and counts once", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			s.Clock.Advance(2 * time.Hour) // solved without an answer in writing
			at := s.solve(tk.ID).Version
			s.Clock.Advance(48 * time.Hour)
			got := s.receive(contact(tk, "又来说一遍"))
			want(t, "ticket", got.ID.String(), tk.ID)
			want(t, "events", s.fired(tk.ID, at), "message/customer repeat_contact status:open")
			want(t, "repeats", got.RepeatCount, 1)
			want(t, "reopened", got.ReopenCount, 1)
			s.Clock.Advance(100 * time.Hour)
			s.Settle()
			want(t, "stays open", s.get(tk.ID).Status, "open")
		})
		for _, x := range []struct{ name, end string }{{"a closed", "closed"}, {"a cancelled", "cancelled"}} {
			t.Run("after "+x.name+" one comes a linked one", func(t *testing.T) {
				s := s.in(t)
				tk := s.open("x")
				if x.end == "closed" {
					s.solve(tk.ID)
				}
				at := s.act(tk.ID, "status", ask(x.end)).Ticket.Version
				got := s.receive(contact(tk, "再问一下"))
				if got.ID.String() == tk.ID {
					t.Fatal("joined a ticket that has ended")
				}
				want(t, "old", s.fired(tk.ID, at), "")
				links := s.get(got.ID.String()).Links
				want(t, "links", len(links), 1)
				want(t, "linked", links[0].Ticket.ID, tk.ID)
			})
		}
		t.Run("follows a merge", func(t *testing.T) {
			s := s.in(t)
			tk, into := s.open("x"), s.open("y")
			s.act(tk.ID, "merge", M{"into": into.ID})
			want(t, "ticket", s.receive(contact(tk, "回复旧邮件")).ID.String(), into.ID)
		})
		t.Run("another ticket on the same matter", func(t *testing.T) {
			s := s.in(t)
			one := s.open("洗衣机漏水", func(n *client.NewTicket) { n.Requester.Phone = "13512340000" })
			two := s.open("洗衣机漏水", func(n *client.NewTicket) { n.Requester.Phone = "13512340000" })
			want(t, "repeats", two.RepeatCount, 1)
			want(t, "events", s.fired(two.ID, 0), "created message/customer repeat_contact")
			want(t, "linked", s.get(two.ID).Links[0].Ticket.ID, one.ID)
			other := s.open("空调不制冷", func(n *client.NewTicket) { n.Requester.Phone = "13512340000" })
			want(t, "another matter", other.RepeatCount, 0)
		})
	})
}
