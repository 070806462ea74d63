package ticket_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// picture is all of a ticket that an undo has to bring back, in words: its row
// but for version and time of change, its messages, files and people.
func (s *scene) picture(tickets ...string) string {
	s.t.Helper()
	var b strings.Builder
	for _, tid := range tickets {
		t := s.get(tid)
		t.Version, t.UpdatedAt, t.Actions, t.Links = 0, time.Time{}, nil, nil
		for i := range t.Children {
			t.Children[i].Status = ""
		}
		raw, err := json.MarshalIndent(t, "", " ")
		must(s.t, err)
		fmt.Fprintf(&b, "%s\n", raw)
		rows, err := s.DB.Query(ctx, `select m.id, m.kind, m.text, coalesce(a.name, '') from ticket_message m
			left join ticket_attachment a on a.tenant_id = m.tenant_id and a.message_id = m.id and a.ticket_id = m.ticket_id
			where m.tenant_id = $1 and m.ticket_id = $2 order by m.id`, s.Tenant, number(s.t, tid))
		_, err = db.Each(rows, err, func(r *sql.Rows) (int, error) {
			var n int64
			var kind, text, file string
			err := r.Scan(&n, &kind, &text, &file)
			fmt.Fprintf(&b, "%d %s %s %s\n", n, kind, text, file)
			return 0, err
		})
		must(s.t, err)
	}
	return b.String()
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s differs in line %d:\ngot  %q\nwant %q", what, i, g[min(i, len(g)-1)], w[min(i, len(w)-1)])
		}
	}
}

func (s *scene) takeBack(undo string) client.Undone {
	s.t.Helper()
	u, err := s.c.TakeBack(ctx, undo)
	must(s.t, err)
	return u
}

func TestMergeAndBack(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		helper := s.person("乙", staff.NewUser{}, staff.Agent)
		pair := func(s *scene) (client.Ticket, client.Ticket) {
			file, err := s.c.Upload(ctx, "图.txt", "text/plain", strings.NewReader("x"))
			must(s.t, err)
			a := s.open("同一件事", func(n *client.NewTicket) { n.Attachments, n.Tags = []string{file.ID}, []string{"急"} })
			b := s.open("同一件事，另一渠道")
			s.act(a.ID, "collaborator", M{"add": []string{helper.ID.String(), s.Admin.ID.String()}})
			s.act(b.ID, "watch", M{"on": true})
			s.act(b.ID, "collaborator", M{"add": []string{s.Admin.ID.String()}})
			s.say(a.ID, "note", "备注")
			return s.get(a.ID), s.get(b.ID)
		}
		t.Run("one of two, and two again", func(t *testing.T) {
			s := s.in(t)
			a, b := pair(s)
			s.act(a.ID, "snooze", M{"until": s.Clock.Now().Add(time.Hour)})
			b = s.act(b.ID, "status", ask("pending")).Ticket
			a = s.get(a.ID)
			before := s.picture(a.ID, b.ID)
			done := s.act(a.ID, "merge", M{"into": b.ID})
			want(t, "answers with the one that stays", done.Ticket.ID, b.ID)
			want(t, "events", s.fired(a.ID, a.Version), "status:closed merged")
			want(t, "events of the other", s.fired(b.ID, b.Version), "merge_in status:open")
			gone := s.get(a.ID)
			want(t, "points there", gone.MergedInto.Number, b.Number)
			want(t, "empty", gone.MessageCount, 0)
			kept := s.get(b.ID)
			want(t, "messages", kept.MessageCount, 3)
			want(t, "people", len(kept.Collaborators), 2)
			_, err := s.c.Act(ctx, a.ID, "priority", M{"priority": "high"})
			refused(t, err, "409 ticket.not_now")
			_, err = s.c.Act(ctx, a.ID, "status", ask("open"))
			refused(t, err, "409 ticket.not_now")
			_, err = s.c.Act(ctx, s.open("x").ID, "merge", M{"into": a.ID})
			refused(t, err, "422 into ended")

			u := s.takeBack(done.Undo.ID)
			want(t, "tickets", len(u.Tickets), 2)
			same(t, "after the undo", s.picture(a.ID, b.ID), before)
			_, err = s.c.TakeBack(ctx, done.Undo.ID)
			refused(t, err, "409 undo.done")
			s.Clock.Advance(time.Hour)
			s.Settle()
			want(t, "its snooze still ends in time", s.get(a.ID).SnoozedUntil == nil, true)
		})
		t.Run("a solved one closes in its old time", func(t *testing.T) {
			s := s.in(t)
			a, b := pair(s)
			s.solve(a.ID)
			s.Clock.Advance(time.Hour)
			done := s.act(a.ID, "merge", M{"into": b.ID})
			s.Clock.Advance(time.Hour)
			s.takeBack(done.Undo.ID)
			s.Clock.Advance(70*time.Hour - time.Second)
			s.Settle()
			want(t, "before", s.get(a.ID).Status, "solved")
			s.Clock.Advance(time.Second)
			s.Settle()
			want(t, "then", s.get(a.ID).Status, "closed")
		})
		t.Run("not when it moved on", func(t *testing.T) {
			s := s.in(t)
			a, b := pair(s)
			c := s.open("第三张")
			done := s.act(a.ID, "merge", M{"into": b.ID})
			s.act(b.ID, "merge", M{"into": c.ID})
			before := s.picture(a.ID, b.ID, c.ID)
			_, err := s.c.TakeBack(ctx, done.Undo.ID)
			refused(t, err, "409 undo.changed")
			same(t, "after the refusal", s.picture(a.ID, b.ID, c.ID), before)
		})
		t.Run("what was said meanwhile stays", func(t *testing.T) {
			s := s.in(t)
			a, b := pair(s)
			reply := s.say(a.ID, "reply", "马上撤回")
			done := s.act(a.ID, "merge", M{"into": b.ID})
			s.say(b.ID, "note", "合并后")
			must(t, s.c.Withdraw(ctx, b.ID, reply.ID))
			s.takeBack(done.Undo.ID)
			want(t, "messages", [2]int{s.get(a.ID).MessageCount, s.get(b.ID).MessageCount}, [2]int{2, 2})
		})
		t.Run("not too late, nor by somebody else", func(t *testing.T) {
			s := s.in(t)
			a, b := pair(s)
			done := s.act(a.ID, "merge", M{"into": b.ID})
			_, err := s.as(helper).TakeBack(ctx, done.Undo.ID)
			refused(t, err, "404 undo.not_found")
			s.Clock.Advance(24*time.Hour + time.Millisecond)
			_, err = s.c.TakeBack(ctx, done.Undo.ID)
			refused(t, err, "409 undo.over")
			_, err = s.c.TakeBack(ctx, "5")
			refused(t, err, "404 undo.not_found")
		})
		t.Run("families stay together", func(t *testing.T) {
			s := s.in(t)
			p, a, b := s.open("母"), s.open("子"), s.open("别的")
			s.act(a.ID, "parent", M{"parent_id": p.ID})
			for _, x := range [][2]string{{p.ID, b.ID}, {a.ID, p.ID}, {a.ID, a.ID}} {
				if _, err := s.c.Act(ctx, x[0], "merge", M{"into": x[1]}); err == nil {
					t.Fatalf("merged %v", x)
				}
			}
			done := s.act(a.ID, "merge", M{"into": b.ID})
			want(t, "the child has ended", s.get(p.ID).OpenChildren, 0)
			s.takeBack(done.Undo.ID)
			want(t, "and is back", s.get(p.ID).OpenChildren, 1)
		})
	})
}

func TestSplitAndBack(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		three := func(s *scene) (client.Ticket, []string) {
			tk := s.open("冰箱不制冷")
			file, err := s.c.Upload(ctx, "发票.txt", "text/plain", strings.NewReader("x"))
			must(s.t, err)
			m1, err := s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "customer", Body: "另外发票也没收到", Attachments: []string{file.ID}})
			must(s.t, err)
			return s.get(tk.ID), []string{m1.ID, s.say(tk.ID, "note", "发票问题").ID}
		}
		t.Run("in two, and one again", func(t *testing.T) {
			s := s.in(t)
			tk, ids := three(s)
			tk = s.get(tk.ID)
			before := s.picture(tk.ID)
			done := s.act(tk.ID, "split", M{"message_ids": ids, "type": "complaint"})
			made := done.Ticket
			if made.ID == tk.ID {
				t.Fatal("the answer is not the new ticket")
			}
			want(t, "events", s.fired(tk.ID, tk.Version), "split")
			want(t, "events of the new one", s.fired(made.ID, 0), "created split_from")
			want(t, "subject", made.Subject, "另外发票也没收到")
			want(t, "requester", made.Requester.ID, tk.Requester.ID)
			want(t, "messages", [2]int{s.get(tk.ID).MessageCount, s.get(made.ID).MessageCount}, [2]int{1, 2})
			want(t, "linked", s.get(made.ID).Links[0].Ticket.ID, tk.ID)
			line, err := s.c.Timeline(ctx, made.ID, 0, "")
			must(t, err)
			files := 0
			for _, e := range line.Items {
				if e.Message != nil {
					files += len(e.Message.Attachments)
				}
			}
			want(t, "files go along", files, 1)
			s.takeBack(done.Undo.ID)
			same(t, "after the undo", s.picture(tk.ID), before)
			want(t, "the new one ends and points back", s.get(made.ID).MergedInto.ID, tk.ID)
			want(t, "status", s.get(made.ID).Status, "closed")
			_, err = s.c.TakeBack(ctx, done.Undo.ID)
			refused(t, err, "409 undo.done")
		})
		t.Run("not when something was said on it", func(t *testing.T) {
			s := s.in(t)
			tk, ids := three(s)
			done := s.act(tk.ID, "split", M{"message_ids": ids})
			s.say(done.Ticket.ID, "reply", "发票已寄出")
			_, err := s.c.TakeBack(ctx, done.Undo.ID)
			refused(t, err, "409 undo.changed")
		})
		t.Run("the family of the new one is counted", func(t *testing.T) {
			s := s.in(t)
			tk, ids := three(s)
			p := s.open("母单")
			done := s.act(tk.ID, "split", M{"message_ids": ids})
			s.act(done.Ticket.ID, "parent", M{"parent_id": p.ID})
			s.takeBack(done.Undo.ID)
			want(t, "open children", s.get(p.ID).OpenChildren, 0)
		})
		t.Run("bad input", func(t *testing.T) {
			s := s.in(t)
			tk, ids := three(s)
			line, err := s.c.Timeline(ctx, tk.ID, 0, "")
			must(t, err)
			first := line.Items[1].Message.ID
			_, err = s.c.Act(ctx, tk.ID, "split", M{"message_ids": append(ids, first)})
			refused(t, err, "422 message_ids range")
			_, err = s.c.Act(ctx, tk.ID, "split", M{"message_ids": []string{"5"}})
			refused(t, err, "422 message_ids unknown")
			_, err = s.c.Act(ctx, tk.ID, "split", M{"message_ids": ids, "type": "none"})
			refused(t, err, "422 type unknown")
			_, err = s.c.Act(ctx, s.open("x").ID, "split", M{"message_ids": ids})
			refused(t, err, "409 ticket.not_now")
		})
	})
}

// bulk runs a change to its end.
func (s *scene) bulk(in client.NewBulk) client.Bulk {
	s.t.Helper()
	b, err := s.c.StartBulk(ctx, in)
	must(s.t, err)
	return s.finish(b.ID)
}

func (s *scene) finish(bulk string) client.Bulk {
	s.t.Helper()
	s.Settle()
	b, err := s.c.Bulk(ctx, bulk)
	must(s.t, err)
	return b
}

func TestBulkAndBack(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var ids []string
		for i := range 6 {
			ids = append(ids, s.open(fmt.Sprint("第", i), func(n *client.NewTicket) { n.Tags = []string{"旧"} }).ID)
		}
		mate := s.person("乙", staff.NewUser{}, staff.Agent)
		s.act(ids[1], "claim", M{})
		s.act(ids[2], "snooze", M{"until": s.Clock.Now().Add(50 * time.Hour)})
		s.act(ids[3], "watch", M{"on": true})
		for _, x := range []struct {
			action string
			in     M
			failed int
		}{
			{"status", M{"status": "cancelled", "reason": "test"}, 0},
			{"assign", M{"assignee_id": mate.ID.String()}, 0},
			{"claim", M{}, 1},
			{"priority", M{"priority": "urgent"}, 0},
			{"type", M{"type": "repair"}, 0},
			{"tags", M{"add": []string{"新"}, "remove": []string{"旧"}}, 0},
			{"fields", M{"fields": M{"order_no": "B7"}}, 0},
			{"snooze", M{"until": s.Clock.Now().Add(time.Hour)}, 0},
			{"snooze", M{"until": nil}, 0},
			{"collaborator", M{"add": []string{mate.ID.String()}}, 0},
			{"watch", M{"on": true}, 0},
			{"watch", M{"on": false}, 0},
			{"transfer", M{"assignee_id": mate.ID.String(), "reason": "x"}, 0},
		} {
			t.Run(x.action, func(t *testing.T) {
				s := s.in(t)
				before := s.picture(ids...)
				b := s.bulk(client.NewBulk{Action: x.action, Input: x.in, IDs: append(ids, ids[0])})
				want(t, "run", fmt.Sprint(b.State, b.Total, b.Done, b.Failed), fmt.Sprint("done", 6, 6-x.failed, x.failed))
				want(t, "reasons", len(b.Errors), x.failed)
				u := s.takeBack(b.Undo)
				back := s.finish(u.Bulk)
				want(t, "undo", fmt.Sprint(back.State, back.Done, back.Failed), fmt.Sprint("done", 6-x.failed, 0))
				same(t, "after the undo", s.picture(ids...), before)
				_, err := s.c.TakeBack(ctx, b.Undo)
				refused(t, err, "409 undo.done")
			})
		}
		t.Run("a snooze that is back ends in time", func(t *testing.T) {
			s := s.in(t)
			s.Clock.Advance(50*time.Hour - time.Second)
			s.Settle()
			want(t, "before", s.get(ids[2]).SnoozedUntil != nil, true)
			s.Clock.Advance(time.Second)
			s.Settle()
			want(t, "then", s.get(ids[2]).SnoozedUntil == nil, true)
		})
		t.Run("those that moved on are left and named", func(t *testing.T) {
			s := s.in(t)
			b := s.bulk(client.NewBulk{Action: "priority", Input: M{"priority": "low"}, IDs: ids})
			s.act(ids[4], "priority", M{"priority": "high"})
			back := s.finish(s.takeBack(b.Undo).Bulk)
			want(t, "undo", fmt.Sprint(back.Done, back.Failed), "5 1")
			want(t, "named", back.Errors[0].Ticket+back.Errors[0].Code, ids[4]+"undo.changed")
			want(t, "left", s.get(ids[4]).Priority, "high")
		})
		t.Run("what is refused is named, whatever the reason", func(t *testing.T) {
			s := s.in(t)
			a := s.open("退货", func(n *client.NewTicket) { n.Type = "return" })
			b := s.bulk(client.NewBulk{Action: "status", Input: ask("solved"), IDs: []string{a.ID, "77", ids[0]}})
			want(t, "run", fmt.Sprintln(b.State, b.Done, b.Failed), "done 1 2\n")
			want(t, "codes", b.Errors[0].Number+b.Errors[0].Code+b.Errors[1].Code, a.Number+"required"+"ticket.not_found")
		})
		t.Run("bad input", func(t *testing.T) {
			for _, x := range []struct {
				in   client.NewBulk
				want string
			}{
				{client.NewBulk{Action: "merge", IDs: ids}, "422 action unknown"},
				{client.NewBulk{Action: "dance", IDs: ids}, "422 action unknown"},
				{client.NewBulk{Action: "priority", Input: M{"priority": "high"}}, "422 ids range"},
				{client.NewBulk{Action: "priority", Input: M{"prio": "high"}, IDs: ids}, "422 input json"},
				{client.NewBulk{Action: "priority", Input: M{"priority": "high"}, Filter: "nope == 1"}, "422 filter filter.unknown"},
			} {
				_, err := s.c.StartBulk(ctx, x.in)
				refused(t, err, x.want)
			}
		})
		t.Run("another's run is not there", func(t *testing.T) {
			b := s.bulk(client.NewBulk{Action: "priority", Input: M{"priority": "low"}, IDs: ids[:1]})
			_, err := s.as(mate).Bulk(ctx, b.ID)
			refused(t, err, "404 bulk.not_found")
			_, err = s.as(mate).CancelBulk(ctx, b.ID)
			refused(t, err, "404 bulk.not_found")
		})
	})
}

// The reach of ticket.bulk is asked for each ticket, beside that of the action.
func TestBulkKeepsToItsReach(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		all := staff.Grants{staff.TicketRead: staff.ScopeAll, staff.TicketUpdate: staff.ScopeAll, staff.TicketBulk: staff.ScopeOwn, staff.TokenOwn: staff.ScopeAll}
		a := s.person("甲", staff.NewUser{Roles: []id.ID{s.role("批量限本人", all)}})
		mine := s.open("x", func(n *client.NewTicket) { n.Assignee = a.ID.String() })
		theirs := s.open("y")
		b, err := s.as(a).StartBulk(ctx, client.NewBulk{Action: "priority", Input: M{"priority": "high"}, IDs: []string{mine.ID, theirs.ID}})
		must(t, err)
		s.Settle()
		b, err = s.as(a).Bulk(ctx, b.ID)
		must(t, err)
		want(t, "run", fmt.Sprint(b.Done, b.Failed), "1 1")
		want(t, "theirs", s.get(theirs.ID).Priority, "normal")
	})
}

// Five hundred by a condition; cancelled and taken back in the middle.
func TestBulkOfMany(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var ids []id.ID
		for i := range 500 {
			tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Body: fmt.Sprint("批量 ", i), Tags: []string{"批量"}, Requester: customer.Contact{Name: "客户"}})
			must(t, err)
			ids = append(ids, tk.ID)
		}
		b := s.bulk(client.NewBulk{Action: "priority", Input: M{"priority": "high"}, Filter: `"批量" in tags`})
		want(t, "run", fmt.Sprintln(b.State, b.Total, b.Done, b.Failed), "done 500 500 0\n")
		n, err := s.c.CountTickets(ctx, `priority == "high"`)
		must(t, err)
		want(t, "changed", n.Count, 500)
		back := s.finish(s.takeBack(b.Undo).Bulk)
		want(t, "undone", fmt.Sprint(back.Done, back.Failed), "500 0")
		n, err = s.c.CountTickets(ctx, `priority == "normal"`)
		must(t, err)
		want(t, "as before", n.Count, 500)

		run, err := s.Desk.StartBulk(ctx, s.Admin, "priority", json.RawMessage(`{"priority":"low"}`), ids)
		must(t, err)
		u := s.takeBack(run.Undo.String()) // while it runs
		back = s.finish(u.Bulk)
		want(t, "nothing failed", back.Failed, 0)
		got := s.finish(run.ID.String())
		want(t, "stopped", got.State, "cancelled")
		want(t, "all that was done is undone", back.Done, got.Done)
		n, err = s.c.CountTickets(ctx, `priority == "normal"`)
		must(t, err)
		want(t, "as before", n.Count, 500)

		// Each change is in the history of its ticket exactly once.
		slices.Sort(ids)
		for _, tid := range []id.ID{ids[0], ids[250], ids[499]} {
			f := s.fired(tid.String(), 2)
			if f != "change:priority undo/bulk" && f != "change:priority undo/bulk change:priority undo/bulk" {
				t.Fatalf("events %s", f)
			}
		}
	})
}

// A run that breaks off in the middle of a ticket goes on with that ticket, and
// does none twice.
func TestBulkGoesOnAfterACrash(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var ids []id.ID
		for i := range 120 {
			tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Body: fmt.Sprint(i), Requester: customer.Contact{Name: "客户"}})
			must(t, err)
			ids = append(ids, tk.ID)
		}
		s.Settle()
		left := 3
		s.Desk.Passes = []ticket.Pass{{Name: "crash", Apply: func(_ ctxT, _ *db.Tx, c *ticket.Change) error {
			if c.Ticket.ID == ids[70] && left > 0 {
				left--
				return errors.New("the lights went out")
			}
			return nil
		}}}
		b, err := s.Desk.StartBulk(ctx, s.Admin, "priority", json.RawMessage(`{"priority":"high"}`), ids)
		must(t, err)
		got := s.finish(b.ID.String())
		want(t, "stands", fmt.Sprintln(got.State, got.Done, got.Failed), "running 70 0\n")
		for range 10 {
			s.Clock.Advance(time.Hour)
			got = s.finish(b.ID.String())
		}
		want(t, "ended", fmt.Sprintln(got.State, got.Done, got.Failed), "done 120 0\n")
		for _, tid := range ids {
			want(t, "events", s.fired(tid.String(), 2), "change:priority")
		}
	})
}
