package ticket_test

import (
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

func TestMessages(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		dept := s.department("售后", 0)
		mate := s.person("乙", staff.NewUser{}, staff.Supervisor)
		lone := s.person("丙", staff.NewUser{Department: dept, Teams: []id.ID{s.team("一组", dept)}}, staff.Agent)

		t.Run("a reply is taken back within its time", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("第一句")
			file, err := s.c.Upload(ctx, "报价.txt", "text/plain", strings.NewReader("内部价"))
			must(t, err)
			m, err := s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "reply", Body: "写错了", Attachments: []string{file.ID}})
			must(t, err)
			want(t, "events", s.fired(tk.ID, tk.Version), "message/reply status:open")
			want(t, "time", m.UndoUntil.Sub(m.At), 10*time.Second)
			refused(t, s.as(mate).Withdraw(ctx, tk.ID, m.ID), "404 ticket.not_found")
			s.act(tk.ID, "collaborator", M{"add": []string{mate.ID.String()}})
			refused(t, s.as(mate).Withdraw(ctx, tk.ID, m.ID), "403 message.not_yours")
			at := s.get(tk.ID).Version
			s.Clock.Advance(10 * time.Second) // to the last moment
			must(t, s.c.Withdraw(ctx, tk.ID, m.ID))
			want(t, "events", s.fired(tk.ID, at), "withdrawn")
			got := s.get(tk.ID)
			want(t, "count", got.MessageCount, 1)
			want(t, "last", got.LastMessage.Excerpt, "第一句")
			want(t, "not answered", got.FirstRepliedAt == nil, true)
			line, err := s.c.Timeline(ctx, tk.ID, 0, "")
			must(t, err)
			for _, e := range line.Items {
				if e.Message != nil && e.Message.ID == m.ID {
					want(t, "trace", e.Message.Withdrawn, true)
					want(t, "words and files are gone", e.Message.Text+e.Message.HTML, "")
					want(t, "files", len(e.Message.Attachments), 0)
				}
			}
			_, err = s.as(mate).Download(ctx, file.ID)
			refused(t, err, "404 attachment.not_found")
			_, err = s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "note", Body: "改作备注", Attachments: []string{file.ID}})
			must(t, err)                            // the author may use the file again
			must(t, s.c.Withdraw(ctx, tk.ID, m.ID)) // again: it is withdrawn
			want(t, "events", s.fired(tk.ID, at), "withdrawn message/note")
		})
		t.Run("not after it", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			m := s.say(tk.ID, "reply", "已发")
			s.Clock.Advance(10*time.Second + time.Millisecond)
			refused(t, s.c.Withdraw(ctx, tk.ID, m.ID), "409 message.undo_over")
			n := s.say(tk.ID, "note", "备注")
			refused(t, s.c.Withdraw(ctx, tk.ID, n.ID), "409 message.undo_over")
			refused(t, s.c.Withdraw(ctx, tk.ID, "5"), "404 message.not_found")
		})
		t.Run("send and solve is one write", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("退货", func(n *client.NewTicket) { n.Type = "return" })
			in := client.NewMessage{Kind: "reply", Body: "已为您办理", Status: "solved", Resolution: &client.Resolution{Code: "refunded"}}
			_, err := s.c.Say(ctx, tk.ID, in)
			refused(t, err, "422 fields.return_reason required")
			want(t, "nothing was sent", s.get(tk.ID).MessageCount, 1)
			in.Fields = M{"return_reason": "damaged"}
			_, err = s.c.Say(ctx, tk.ID, in)
			must(t, err)
			want(t, "events", s.fired(tk.ID, tk.Version), "message/reply status:open change:fields.return_reason status:solved")
			at := s.get(tk.ID).Version
			s.act(tk.ID, "status", ask("closed"))
			_, err = s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "reply", Body: "x"})
			refused(t, err, "409 ticket.closed")
			s.say(tk.ID, "note", "留档")
			want(t, "events", s.fired(tk.ID, at), "status:closed message/note")
		})
		t.Run("mentions open the ticket to who is meant", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			c := s.as(lone)
			_, err := c.Ticket(ctx, tk.ID)
			refused(t, err, "404 ticket.not_found")
			_, err = s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "note", Body: "@丙 看一下", Mentions: []string{lone.ID.String()}})
			must(t, err)
			want(t, "events", s.fired(tk.ID, tk.Version), "message/note people/mention")
			_, err = c.Ticket(ctx, tk.ID)
			must(t, err)
			_, err = s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "note", Body: "x", Mentions: []string{"9"}})
			refused(t, err, "422 mentions unknown")
			want(t, "messages", s.get(tk.ID).MessageCount, 2)
		})
		t.Run("bad input", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			for _, x := range []struct {
				in   client.NewMessage
				want string
			}{
				{client.NewMessage{Kind: "reply", Body: " "}, "422 body required"},
				{client.NewMessage{Kind: "sms", Body: "x"}, "422 kind choice"},
				{client.NewMessage{Kind: "reply", Body: strings.Repeat("x", 500_001)}, "422 body too_long"},
				{client.NewMessage{Kind: "reply", Body: "x", Attachments: []string{"9"}}, "422 attachment_ids unknown"},
				{client.NewMessage{Kind: "reply", Body: "x", Status: "on_hold"}, "422 reason required"},
			} {
				_, err := s.c.Say(ctx, tk.ID, x.in)
				refused(t, err, x.want)
			}
			want(t, "events", s.fired(tk.ID, tk.Version), "")
		})
		t.Run("a repetition says it once", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			for range 2 {
				_, err := s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "note", Body: "一次"}, client.WithKey("once"))
				must(t, err)
			}
			want(t, "events", s.fired(tk.ID, tk.Version), "message/note")
		})
		t.Run("drafts are one's own", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			path := "/tickets/" + tk.ID + "/draft"
			call := func(c *client.Client, method string, in any) (client.Message, error) {
				var out client.Message
				_, err := c.Call(ctx, method, path, in, &out)
				return out, err
			}
			got, err := call(s.c, "GET", nil)
			must(t, err)
			want(t, "nothing written yet", got.Text, "")
			_, err = call(s.c, "PUT", M{"kind": "reply", "text": "写了一半"})
			must(t, err)
			got, err = call(s.c, "PUT", M{"kind": "note", "text": "又写", "html": "<b onclick=x>又写</b>"})
			must(t, err)
			got, err = call(s.c, "GET", nil)
			must(t, err)
			want(t, "draft", got.Kind+got.Text, "note又写")
			if strings.Contains(got.HTML, "onclick") {
				t.Fatal(got.HTML)
			}
			_, err = call(s.as(lone), "PUT", M{"kind": "reply", "text": "x"})
			refused(t, err, "404 ticket.not_found")
			theirs, err := call(s.as(lone), "GET", nil)
			if err == nil {
				want(t, "another's draft", theirs.Text, "")
			}
			_, err = call(s.c, "DELETE", nil)
			must(t, err)
			got, err = call(s.c, "GET", nil)
			must(t, err)
			want(t, "thrown away", got.Text, "")
			want(t, "a draft is no event", s.fired(tk.ID, tk.Version), "")
		})
	})
}

func TestChangesTogether(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		t.Run("all", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			got, err := s.c.UpdateTicket(ctx, tk.ID, M{"subject": "新标题", "priority": "high", "tags": []string{"b", "a"}, "fields": M{"order_no": "A1"},
				"assignee_id": s.Admin.ID.String(), "status": "pending", "type": "complaint"})
			must(t, err)
			want(t, "events", s.fired(tk.ID, tk.Version),
				"change:subject change:type change:priority change:tags assign:assignee change:fields.order_no status:pending")
			want(t, "status", got.Status, "pending")
			want(t, "fields go with the status", got.Fields["order_no"], any("A1"))
			at := got.Version
			got, err = s.c.UpdateTicket(ctx, tk.ID, M{"assignee_id": nil, "category_id": nil, "fields": M{"order_no": nil}, "tags": []string{}})
			must(t, err)
			want(t, "events", s.fired(tk.ID, at), "change:tags assign:assignee change:fields.order_no")
			want(t, "unassigned", got.Assignee == nil, true)
			want(t, "fields", len(got.Fields)+len(got.Tags), 0)
		})
		t.Run("or none", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			_, err := s.c.UpdateTicket(ctx, tk.ID, M{"subject": "新标题", "priority": "high", "status": "solved"})
			refused(t, err, "422 resolution.code required")
			want(t, "events", s.fired(tk.ID, tk.Version), "")
			want(t, "subject", s.get(tk.ID).Subject, "x")
		})
		t.Run("an old version is refused", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			seen := client.IfVersion(tk.Version)
			_, err := s.c.UpdateTicket(ctx, tk.ID, M{"priority": "high"}, seen)
			must(t, err)
			_, err = s.c.UpdateTicket(ctx, tk.ID, M{"priority": "low"}, seen)
			refused(t, err, "412 ticket.changed")
			_, err = s.c.Act(ctx, tk.ID, "claim", nil, seen)
			refused(t, err, "412 ticket.changed")
			_, err = s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "note", Body: "x"}, seen)
			refused(t, err, "412 ticket.changed")
			want(t, "events", s.fired(tk.ID, tk.Version), "change:priority")
			tag := s.Call("GET", "/tickets/"+tk.ID, nil).Header.Get("ETag")
			want(t, "not modified", s.Call("GET", "/tickets/"+tk.ID, nil, "If-None-Match", tag).Status, 304)
		})
		t.Run("two who claim", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("x")
			other := s.as(s.person("丁", staff.NewUser{}, staff.Administrator))
			s.act(tk.ID, "claim", M{})
			_, err := other.Act(ctx, tk.ID, "claim", nil)
			refused(t, err, "409 ticket.claimed")
			want(t, "events", s.fired(tk.ID, tk.Version), "assign/claim:assignee status:open")
			want(t, "who", s.get(tk.ID).Assignee.ID, s.Admin.ID.String())
		})
	})
}

func TestRelations(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		t.Run("links", func(t *testing.T) {
			s := s.in(t)
			a, b := s.open("a"), s.open("b")
			in := M{"ticket_id": b.ID, "kind": "caused_by"}
			s.act(a.ID, "link", in)
			s.act(a.ID, "link", in)
			want(t, "linked once", s.fired(a.ID, a.Version), "link/caused_by")
			want(t, "seen from the other", s.get(b.ID).Links[0].Direction, "in")
			_, err := s.c.Act(ctx, a.ID, "link", M{"ticket_id": a.ID, "kind": "related"})
			refused(t, err, "422 ticket_id self")
			s.act(b.ID, "unlink", M{"ticket_id": a.ID, "kind": "caused_by"}) // from the other side
			want(t, "events", s.fired(b.ID, b.Version), "unlink/caused_by")
			want(t, "links", len(s.get(a.ID).Links), 0)
		})
		t.Run("children", func(t *testing.T) {
			s := s.in(t)
			p, a, b := s.open("母单"), s.open("子单一"), s.open("子单二")
			for _, x := range []client.Ticket{a, b} {
				s.act(x.ID, "parent", M{"parent_id": p.ID})
				want(t, "events", s.fired(x.ID, x.Version), "parent")
			}
			want(t, "events of the parent", s.fired(p.ID, p.Version), "child/added child/added")
			got := s.get(p.ID)
			want(t, "counts", [2]int{got.ChildCount, got.OpenChildren}, [2]int{2, 2})
			want(t, "children", got.Children[0].Subject, "子单一")
			want(t, "parent", s.get(a.ID).Parent.Number, p.Number)
			_, err := s.c.Act(ctx, p.ID, "status", ask("solved"))
			refused(t, err, "409 ticket.children_open")
			_, err = s.c.Act(ctx, p.ID, "parent", M{"parent_id": a.ID})
			refused(t, err, "422 parent_id depth")
			_, err = s.c.Act(ctx, s.open("x").ID, "parent", M{"parent_id": a.ID})
			refused(t, err, "422 parent_id depth")

			at := s.get(p.ID).Version
			s.solve(a.ID)
			s.act(b.ID, "status", ask("cancelled"))
			want(t, "roll-up", s.fired(p.ID, at), "child child children_done")
			want(t, "open", s.get(p.ID).OpenChildren, 0)
			at = s.get(p.ID).Version
			s.act(a.ID, "reopen", M{})
			want(t, "and back", s.fired(p.ID, at), "child")
			want(t, "open", s.get(p.ID).OpenChildren, 1)
			s.act(a.ID, "parent", M{"parent_id": nil})
			got = s.get(p.ID)
			want(t, "counts", [2]int{got.ChildCount, got.OpenChildren}, [2]int{1, 0})
			s.solve(p.ID)
			_, err = s.c.Act(ctx, a.ID, "parent", M{"parent_id": p.ID})
			refused(t, err, "422 parent_id ended")
		})
		t.Run("a ticket shown by a link says no more than the reader may know", func(t *testing.T) {
			s := s.in(t)
			d := s.department("部", 0)
			team := s.team("组", d)
			c := s.as(s.person("戊", staff.NewUser{Department: d, Teams: []id.ID{team}}, staff.Agent))
			secret := s.open("机密标题")
			mine := s.open("x", func(n *client.NewTicket) { n.Team = team.String() })
			s.act(mine.ID, "link", M{"ticket_id": secret.ID, "kind": "related"})
			raw := M{}
			_, err := c.Call(ctx, "GET", "/tickets/"+mine.ID, nil, &raw)
			must(t, err)
			_, err = c.Call(ctx, "GET", "/tickets/"+mine.ID+"/timeline", nil, &raw)
			must(t, err)
			got, err := c.Ticket(ctx, mine.ID)
			must(t, err)
			want(t, "number", got.Links[0].Ticket.Number, secret.Number)
			want(t, "subject", got.Links[0].Ticket.Subject, "")
		})
	})
}
