package ticket_test

import (
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		dept := s.department("售后部", 0)
		team := s.team("一组", dept)
		agent := s.person("乙", staff.NewUser{Department: dept, Teams: []id.ID{team}}, staff.Agent)
		catalog, err := s.Forms.Get(ctx, s.Tenant)
		must(t, err)
		category := catalog.Categories()[0].ID.String()
		file, err := s.c.Upload(ctx, "发票.pdf", "application/pdf", strings.NewReader("%PDF-1.4 x"))
		must(t, err)

		made := s.open("您好，冰箱不制冷。", func(n *client.NewTicket) {
			*n = client.NewTicket{Subject: " 冰箱\t不制冷 ", Body: "  您好，冰箱不制冷。 ", Requester: client.Requester{Name: "李四", Email: "li@example.com", Phone: "13912345678"},
				Type: "repair", Priority: "high", Category: category, Tags: []string{"急", "急", " vip "}, Fields: M{"fault_code": "E5", "safety": true, "region": []string{"east", "shanghai"}},
				Assignee: agent.ID.String(), Channel: "phone", Language: "zh-CN", Attachments: []string{file.ID}}
		})
		got := s.get(made.ID)
		want(t, "subject is one line", got.Subject, "冰箱 不制冷")
		want(t, "status", got.Status, "new")
		want(t, "number", got.Number, "BX261121-0001")
		want(t, "priority", got.Priority, "high")
		want(t, "category", got.Category, category)
		want(t, "tags", strings.Join(got.Tags, ","), "急,vip")
		want(t, "field", got.Fields["fault_code"], any("E5"))
		want(t, "requester", got.Requester.Name, "李四")
		want(t, "assignee", got.Assignee.Name, "乙")
		if got.Team == nil || got.Department == nil {
			t.Fatal("a ticket for a person stands in their team and department, or their colleagues would not see it")
		}
		want(t, "team", got.Team.Name, "一组")
		want(t, "department", got.Department.Name, "售后部")
		want(t, "channel", got.Channel, "phone")
		want(t, "events", s.fired(made.ID, 0), "created message/customer")
		want(t, "the answer is the ticket as it stands", made.Version, got.Version)
		line, err := s.c.Timeline(ctx, made.ID, 0, "")
		must(t, err)
		want(t, "lines", len(line.Items), 2)
		m := line.Items[1].Message
		want(t, "words", m.Text, "您好，冰箱不制冷。")
		want(t, "author", m.Author.Name, "李四")
		want(t, "file", m.Attachments[0].Name, "发票.pdf")

		t.Run("kinds", func(t *testing.T) {
			s := s.in(t)
			x := s.open("我们主动联系您", func(n *client.NewTicket) { n.Kind = "reply" })
			want(t, "opened by our reply", s.fired(x.ID, 0), "created message/reply status:open")
			x = s.open("电话里说的", func(n *client.NewTicket) { n.Kind = "note"; n.Subject = "回访" })
			want(t, "opened by a note", s.fired(x.ID, 0), "created message/note")
			want(t, "a note is no word to the customer", x.LastMessage == nil, true)
			x = s.open("", func(n *client.NewTicket) { n.Subject = "只有标题" })
			want(t, "no body", s.fired(x.ID, 0), "created")
			x = s.open("", func(n *client.NewTicket) { n.HTML = `<p>你好<script>alert(1)</script></p>` })
			want(t, "subject from HTML", x.Subject, "你好")
			x = s.open("x", func(n *client.NewTicket) { n.Team = team.String() })
			want(t, "a team's ticket stands in its department", x.Department != nil && x.Department.Name == "售后部", true)
		})

		t.Run("bad input names its field", func(t *testing.T) {
			for _, x := range []struct {
				name, want string
				in         func(*client.NewTicket)
			}{
				{"nothing said", "422 body required", func(n *client.NewTicket) { n.Body = " \n" }},
				{"long subject", "422 subject too_long", func(n *client.NewTicket) { n.Subject = strings.Repeat("长", 301) }},
				{"type", "422 type unknown", func(n *client.NewTicket) { n.Type = "none" }},
				{"priority", "422 priority choice", func(n *client.NewTicket) { n.Priority = "now" }},
				{"category", "422 category_id unknown", func(n *client.NewTicket) { n.Category = "12345" }},
				{"assignee", "422 assignee_id unknown", func(n *client.NewTicket) { n.Assignee = "12345" }},
				{"team and department", "422 team_id unknown department_id unknown", func(n *client.NewTicket) { n.Team, n.Department = "5", "6" }},
				{"field", "422 fields.nope unknown", func(n *client.NewTicket) { n.Fields = M{"nope": 1} }},
				{"choice", "422 fields.warranty choice", func(n *client.NewTicket) { n.Fields = M{"warranty": "maybe"} }},
				{"date", "422 fields.purchase_date invalid", func(n *client.NewTicket) { n.Fields = M{"purchase_date": "yesterday"} }},
				{"money", "422 fields.refund_amount invalid", func(n *client.NewTicket) { n.Fields = M{"refund_amount": 5} }},
				{"long tag", "422 tags too_long", func(n *client.NewTicket) { n.Tags = []string{strings.Repeat("长", 65)} }},
				{"channel", "422 channel choice", func(n *client.NewTicket) { n.Channel = "pigeon" }},
				{"kind", "422 kind choice", func(n *client.NewTicket) { n.Kind = "shout" }},
				{"attachment", "422 attachment_ids unknown", func(n *client.NewTicket) { n.Attachments = []string{"77"} }},
				{"attachment that is used", "422 attachment_ids unknown", func(n *client.NewTicket) { n.Attachments = []string{file.ID} }},
				{"several at once", "422 type unknown category_id unknown fields.nope unknown", func(n *client.NewTicket) { n.Type, n.Category, n.Fields = "none", "5", M{"nope": 1} }},
			} {
				in := client.NewTicket{Body: "x", Requester: client.Requester{Phone: "13700000001"}}
				x.in(&in)
				before := count(s)
				_, err := s.c.CreateTicket(ctx, in)
				t.Run(x.name, func(t *testing.T) {
					refused(t, err, x.want)
					want(t, "tickets", count(s), before)
				})
			}
		})

		t.Run("a repetition has one effect", func(t *testing.T) {
			s := s.in(t)
			in := client.NewTicket{Body: "催单", Requester: client.Requester{Phone: "13700000002"}}
			one := s.Call("POST", "/tickets", in, "Idempotency-Key", "k1")
			before := count(s)
			two := s.Call("POST", "/tickets", in, "Idempotency-Key", "k1")
			want(t, "status", one.Status, 201)
			want(t, "same status", two.Status, 201)
			want(t, "same answer", string(two.Body), string(one.Body))
			want(t, "same tag", two.Header.Get("ETag"), one.Header.Get("ETag"))
			want(t, "tickets", count(s), before)
			in.Body = "另一个"
			_, err := s.c.CreateTicket(ctx, in, client.WithKey("k1"))
			refused(t, err, "422 Idempotency-Key idempotency.mismatch")
		})
	})
}

func count(s *scene) int {
	n, err := s.Desk.Count(ctx, s.Admin, "")
	must(s.t, err)
	return n.Count
}

// One action on a fresh ticket each: what it answers and which events it makes,
// and no others.
func TestActions(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		d1, d2 := s.department("售后", 0), s.department("物流", 0)
		t1, t2 := s.team("一组", d1), s.team("二组", d2)
		a := s.person("甲", staff.NewUser{Department: d1, Teams: []id.ID{t1}}, staff.Agent)
		b := s.person("乙", staff.NewUser{Department: d2, Teams: []id.ID{t2}}, staff.Agent)
		gone := s.person("丙", staff.NewUser{}, staff.Agent)
		_, err := s.Staff.UpdateUser(ctx, staff.System(s.Tenant), gone.ID, 0, staff.UserChange{Active: new(bool)})
		must(t, err)
		catalog, err := s.Forms.Get(ctx, s.Tenant)
		must(t, err)
		category := catalog.Categories()[0].ID.String()
		other := s.open("另一张")
		rich, err := s.c.CreateCustomer(ctx, client.NewCustomer{Name: "王五", Identities: []client.Identity{{Kind: "phone", Value: "13600000009"}}})
		must(t, err)
		A, B := a.ID.String(), b.ID.String()
		soon := s.Clock.Now().Add(time.Hour).Std().Format(time.RFC3339)

		for _, x := range []struct {
			name   string
			action string
			in     any
			err    string
			events string
			after  func(t *testing.T, x client.Ticket)
		}{
			{name: "claim", action: "claim", in: M{}, events: "assign/claim:assignee status:open"},
			{name: "assign to a person", action: "assign", in: M{"assignee_id": A}, events: "assign:assignee:team:department",
				after: func(t *testing.T, x client.Ticket) { want(t, "team", x.Team.ID, t1.String()) }},
			{name: "assign to a team", action: "assign", in: M{"team_id": t2.String()}, events: "assign:team:department",
				after: func(t *testing.T, x client.Ticket) { want(t, "department", x.Department.ID, d2.String()) }},
			{name: "assign to nobody", action: "assign", in: M{}, events: ""},
			{name: "assign by null", action: "assign", in: M{"assignee_id": nil}, events: ""},
			{name: "assign to who left", action: "assign", in: M{"assignee_id": gone.ID.String()}, err: "422 assignee_id unknown"},
			{name: "transfer", action: "transfer", in: M{"assignee_id": B, "reason": "物流问题"}, events: "transfer:assignee:team:department"},
			{name: "transfer without reason", action: "transfer", in: M{"assignee_id": B, "reason": " "}, err: "422 reason required"},
			{name: "transfer to nowhere", action: "transfer", in: M{"reason": "x"}, err: "422 assignee_id required"},
			{name: "priority", action: "priority", in: M{"priority": "urgent"}, events: "change:priority"},
			{name: "same priority", action: "priority", in: M{"priority": "normal"}, events: ""},
			{name: "type", action: "type", in: M{"type": "complaint"}, events: "change:type"},
			{name: "no such type", action: "type", in: M{"type": "none"}, err: "422 type unknown"},
			{name: "category", action: "category", in: M{"category_id": category}, events: "change:category"},
			{name: "no such category", action: "category", in: M{"category_id": "9"}, err: "422 category_id unknown"},
			{name: "tags", action: "tags", in: M{"add": []string{"a", "a", "b"}, "remove": []string{"zzz"}}, events: "change:tags",
				after: func(t *testing.T, x client.Ticket) { want(t, "tags", strings.Join(x.Tags, ","), "a,b") }},
			{name: "fields", action: "fields", in: M{"fields": M{"order_no": "A1", "product_model": "BCD"}}, events: "change:fields.order_no:fields.product_model"},
			{name: "no such field", action: "fields", in: M{"fields": M{"nope": "x"}}, err: "422 fields.nope unknown"},
			{name: "subject", action: "subject", in: M{"subject": " 新 标题 "}, events: "change:subject", after: func(t *testing.T, x client.Ticket) { want(t, "subject", x.Subject, "新 标题") }},
			{name: "empty subject", action: "subject", in: M{"subject": "  "}, err: "422 subject required"},
			{name: "requester", action: "requester", in: M{"customer_id": rich.ID}, events: "change:requester:company"},
			{name: "no such requester", action: "requester", in: M{"customer_id": "9"}, err: "422 customer_id unknown"},
			{name: "snooze", action: "snooze", in: M{"until": soon}, events: "snooze"},
			{name: "snooze into the past", action: "snooze", in: M{"until": "2020-01-01T00:00:00Z"}, err: "422 until range"},
			{name: "wake who is awake", action: "snooze", in: M{"until": nil}, events: ""},
			{name: "collaborators", action: "collaborator", in: M{"add": []string{A, B, A}}, events: "people/collaborator",
				after: func(t *testing.T, x client.Ticket) { want(t, "people", len(x.Collaborators), 2) }},
			{name: "collaborator who left", action: "collaborator", in: M{"add": []string{gone.ID.String()}}, err: "422 add unknown"},
			{name: "watch", action: "watch", in: M{"on": true}, events: "people/watcher"},
			{name: "watch for somebody", action: "watch", in: M{"on": true, "user_id": B}, events: "people/watcher"},
			{name: "stop watching what is not watched", action: "watch", in: M{"on": false}, events: ""},
			{name: "link", action: "link", in: M{"ticket_id": other.ID, "kind": "duplicate"}, events: "link/duplicate",
				after: func(t *testing.T, x client.Ticket) {
					want(t, "link", x.Links[0].Ticket.ID+x.Links[0].Direction, other.ID+"out")
				}},
			{name: "link of no kind", action: "link", in: M{"ticket_id": other.ID, "kind": "like"}, err: "422 kind choice"},
			{name: "link to nothing", action: "link", in: M{"ticket_id": "9", "kind": "related"}, err: "404 ticket.not_found"},
			{name: "unlink what is not linked", action: "unlink", in: M{"ticket_id": other.ID, "kind": "related"}, events: ""},
			{name: "reopen what is open", action: "reopen", in: M{}, err: "409 ticket.not_now"},
			{name: "hold", action: "status", in: M{"status": "on_hold", "reason": "part"}, events: "status:on_hold",
				after: func(t *testing.T, x client.Ticket) { want(t, "reason", x.HoldReason, "part") }},
			{name: "hold without reason", action: "status", in: M{"status": "on_hold"}, err: "422 reason required"},
			{name: "hold with a reason that is not in the list", action: "status", in: M{"status": "on_hold", "reason": "lunch"}, err: "422 reason required"},
			{name: "cancel", action: "status", in: M{"status": "cancelled", "reason": "spam"}, events: "status:cancelled",
				after: func(t *testing.T, x client.Ticket) { want(t, "not solved", x.SolvedAt == nil, true) }},
			{name: "cancel without reason", action: "status", in: M{"status": "cancelled"}, err: "422 reason required"},
			{name: "solve without result", action: "status", in: M{"status": "solved"}, err: "422 resolution.code required"},
			{name: "solve with a wrong form", action: "status", err: "422 resolution.cause unknown resolution.responsible unknown",
				in: M{"status": "solved", "resolution": M{"code": "answered", "cause": "x", "responsible": "y"}}},
			{name: "solve", action: "status", events: "status:solved",
				in:    M{"status": "solved", "resolution": M{"code": "compensated", "cause": "other", "responsible": "company", "compensation": M{"amount_minor": 500, "currency": "CNY"}, "note": "补偿"}},
				after: func(t *testing.T, x client.Ticket) { want(t, "paid", x.Resolution.Compensation.AmountMinor, 500) }},
			{name: "no such status", action: "status", in: M{"status": "done"}, err: "422 status choice"},
			{name: "no such sub-status", action: "status", in: M{"status": "open", "substatus_id": "9"}, err: "422 substatus_id unknown"},
			{name: "parent of itself", action: "parent", in: M{"parent_id": "self"}, err: "422 parent_id self"},
			{name: "unknown member", action: "priority", in: M{"priority": "high", "status": "closed"}, err: "422 status unknown"},
		} {
			t.Run(x.name, func(t *testing.T) {
				s := s.in(t)
				tk := s.open("第一句")
				if m, is := x.in.(M); is && m["parent_id"] == "self" {
					m["parent_id"] = tk.ID
				}
				done, err := s.c.Act(ctx, tk.ID, x.action, x.in)
				if x.err != "" {
					refused(t, err, x.err)
				} else {
					must(t, err)
					want(t, "answer is current", done.Ticket.Version, s.get(tk.ID).Version)
				}
				want(t, "events", s.fired(tk.ID, tk.Version), x.events)
				if x.after != nil {
					x.after(t, s.get(tk.ID))
				}
			})
		}
	})
}
