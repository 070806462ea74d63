package ticket_test

import (
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

func TestScheduledReplies(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		dept := s.department("售后", 0)
		team := s.team("一组", dept)
		agent := func(name string) *staff.Actor {
			return s.person(name, staff.NewUser{Department: dept, Teams: []id.ID{team}}, staff.Agent)
		}
		li, chen := agent("李"), agent("陈")
		type waiting struct {
			ID, Text, Status, Error string
			Newer                   bool
			DueAt                   time.Time `json:"due_at"`
		}
		now := func() time.Time { return s.Clock.Now().Std() }
		open := func(t *testing.T) client.Ticket {
			t.Helper()
			tk := s.in(t).open("空调不制冷", func(n *client.NewTicket) { n.Team, n.Assignee = team.String(), li.ID.String() })
			s.Settle()
			return tk
		}
		order := func(t *testing.T, ticket, body string, after time.Duration, more M) (w waiting, err error) {
			t.Helper()
			in := M{"kind": "reply", "body": body, "at": now().Add(after).Format(time.RFC3339Nano)}
			for k, v := range more {
				in[k] = v
			}
			_, err = s.as(li).Call(ctx, "POST", "/tickets/"+ticket+"/scheduled", in, &w)
			return w, err
		}
		list := func(t *testing.T, ticket string) []waiting {
			t.Helper()
			var out struct{ Items []waiting }
			_, err := s.c.Call(ctx, "GET", "/tickets/"+ticket+"/scheduled", nil, &out)
			must(t, err)
			return out.Items
		}
		said := func(t *testing.T, ticket string) (out string) {
			t.Helper()
			line, err := s.c.Timeline(ctx, ticket, 0, "")
			must(t, err)
			for _, e := range line.Items {
				if e.Message != nil && e.Message.Kind == "reply" {
					out += e.Message.Text + "|"
				}
			}
			return out
		}

		t.Run("goes out at its time, once, with its status", func(t *testing.T) {
			tk := open(t)
			file, err := s.as(li).Upload(ctx, "报价.txt", "text/plain", strings.NewReader("x"))
			must(t, err)
			at := s.get(tk.ID).Version
			w, err := order(t, tk.ID, "明天上门", time.Hour, M{"status": "pending", "attachment_ids": []string{file.ID}})
			must(t, err)
			want(t, "events", s.fired(tk.ID, at), "scheduled/set")
			want(t, "waits", list(t, tk.ID)[0].Text+" "+list(t, tk.ID)[0].Status, "明天上门 pending")
			s.Clock.Advance(59 * time.Minute)
			s.Settle()
			want(t, "before its time", said(t, tk.ID), "")
			// the customer writes meanwhile: it stays, and says so
			_, err = s.c.Call(ctx, "POST", "/tickets/"+tk.ID+"/messages", M{"kind": "customer", "body": "还来吗"}, nil)
			must(t, err)
			want(t, "warns", list(t, tk.ID)[0].Newer, true)
			s.Clock.Advance(time.Minute)
			s.Settle()
			want(t, "sent", said(t, tk.ID), "明天上门|")
			want(t, "nothing waits", len(list(t, tk.ID)), 0)
			got := s.get(tk.ID)
			want(t, "status", got.Status, "pending")
			s.Clock.Advance(time.Hour)
			s.Settle()
			want(t, "once", said(t, tk.ID), "明天上门|")
			line, err := s.c.Timeline(ctx, tk.ID, 0, "")
			must(t, err)
			for _, e := range line.Items {
				if e.Message != nil && e.Message.Kind == "reply" {
					want(t, "by its author", e.Message.Author.ID, li.ID.String())
					want(t, "with its file", e.Message.Attachments[0].ID, file.ID)
				}
			}
			_, err = s.as(li).Call(ctx, "POST", "/tickets/"+tk.ID+"/scheduled/"+w.ID+"/send", nil, nil)
			refused(t, err, "404 scheduled.not_found")
		})
		t.Run("is moved, sent now, taken back", func(t *testing.T) {
			tk := open(t)
			a, err := order(t, tk.ID, "一", time.Hour, nil)
			must(t, err)
			b, err := order(t, tk.ID, "二", 2*time.Hour, nil)
			must(t, err)
			c, err := order(t, tk.ID, "三", 3*time.Hour, nil)
			must(t, err)
			path := "/tickets/" + tk.ID + "/scheduled/"
			later := M{"at": now().Add(4 * time.Hour).Format(time.RFC3339Nano)}
			_, err = s.as(chen).Call(ctx, "PUT", path+a.ID, later, nil)
			refused(t, err, "403 message.not_yours")
			_, err = s.as(chen).Call(ctx, "POST", path+a.ID+"/send", nil, nil)
			refused(t, err, "403 message.not_yours")
			_, err = s.as(li).Call(ctx, "PUT", path+a.ID, later, nil)
			must(t, err)
			_, err = s.as(li).Call(ctx, "PUT", path+a.ID, M{"at": now().Add(-time.Second).Format(time.RFC3339Nano)}, nil)
			refused(t, err, "422 at range")
			_, err = s.as(li).Call(ctx, "POST", path+b.ID+"/send", nil, nil)
			must(t, err)
			_, err = s.as(chen).Call(ctx, "DELETE", path+c.ID, nil, nil) // its author may be away
			must(t, err)
			want(t, "sent now", said(t, tk.ID), "二|")
			s.Clock.Advance(3 * time.Hour)
			s.Settle()
			want(t, "neither the one taken back nor the one moved", said(t, tk.ID), "二|")
			s.Clock.Advance(time.Hour)
			s.Settle()
			want(t, "the one moved", said(t, tk.ID), "二|一|")
			_, err = s.as(li).Call(ctx, "DELETE", "/tickets/"+open(t).ID+"/scheduled/"+c.ID, nil, nil)
			refused(t, err, "404 scheduled.not_found")
		})
		t.Run("what cannot be sent any more stays and is told", func(t *testing.T) {
			tk := open(t)
			_, err := order(t, tk.ID, "太晚了", time.Hour, nil)
			must(t, err)
			s.in(t).solve(tk.ID)
			_, err = s.c.UpdateTicket(ctx, tk.ID, M{"status": "closed"})
			must(t, err)
			at := s.get(tk.ID).Version
			s.Clock.Advance(time.Hour)
			s.Settle()
			want(t, "not sent", said(t, tk.ID), "")
			want(t, "why", list(t, tk.ID)[0].Error, "ticket.closed")
			want(t, "events", s.fired(tk.ID, at), "scheduled/failed")
			var bell struct {
				Items []struct{ Event string }
			}
			_, err = s.as(li).Call(ctx, "GET", "/notifications", nil, &bell)
			must(t, err)
			told := 0
			for _, n := range bell.Items {
				if n.Event == "scheduled_failed" {
					told++
				}
			}
			want(t, "the author is told", told, 1)
			_, err = s.as(li).Call(ctx, "DELETE", "/tickets/"+tk.ID+"/scheduled/"+list(t, tk.ID)[0].ID, nil, nil)
			must(t, err)
		})
		t.Run("who has left sends nothing", func(t *testing.T) {
			tk := open(t)
			gone := agent("去")
			_, err := s.as(gone).Call(ctx, "POST", "/tickets/"+tk.ID+"/scheduled", M{"kind": "reply", "body": "x", "at": now().Add(time.Hour).Format(time.RFC3339Nano)}, nil)
			must(t, err)
			_, err = s.c.Call(ctx, "PATCH", "/staff/users/"+gone.ID.String(), M{"active": false}, nil)
			must(t, err)
			s.Clock.Advance(time.Hour)
			s.Settle()
			want(t, "not sent", said(t, tk.ID), "")
			want(t, "why", list(t, tk.ID)[0].Error, "author.left")
		})
		t.Run("is refused", func(t *testing.T) {
			tk := open(t)
			_, err := order(t, tk.ID, "", time.Hour, nil)
			refused(t, err, "422 body required")
			_, err = order(t, tk.ID, "x", -time.Hour, nil)
			refused(t, err, "422 at range")
			_, err = order(t, tk.ID, "x", 367*24*time.Hour, nil)
			refused(t, err, "422 at range")
			_, err = order(t, tk.ID, "x", time.Hour, M{"kind": "note"})
			refused(t, err, "422 kind choice")
		})
	})
}
