package ticket_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
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

func (s *scene) all(q client.Query, between func()) []client.Ticket {
	s.t.Helper()
	var out []client.Ticket
	for range 100 {
		l, err := s.c.Tickets(ctx, q)
		must(s.t, err)
		out = append(out, l.Items...)
		if q.Cursor = l.Next; l.Next == "" {
			return out
		}
		if between != nil {
			between()
		}
	}
	s.t.Fatal("the list has no end")
	return nil
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		rnd := rand.New(rand.NewPCG(1, 2))
		var made []*ticket.Ticket
		for i := range 97 {
			if rnd.IntN(3) > 0 { // many share a moment
				s.Clock.Advance(time.Duration(rnd.IntN(3)) * time.Second)
			}
			tk, err := s.Desk.Create(ctx, s.Admin, ticket.NewTicket{Body: fmt.Sprint(i), Priority: ticket.Priority(1 + rnd.IntN(4)), Requester: customer.Contact{Name: "客户"}})
			must(t, err)
			made = append(made, tk)
		}
		key := map[string]func(a, b *ticket.Ticket) int{
			"created": func(a, b *ticket.Ticket) int { return int(a.ID>>1) - int(b.ID>>1) },
			"updated": func(a, b *ticket.Ticket) int { return int(a.UpdatedAt - b.UpdatedAt) },
			"priority": func(a, b *ticket.Ticket) int {
				if a.Priority != b.Priority {
					return int(a.Priority - b.Priority)
				}
				return int(a.UpdatedAt - b.UpdatedAt)
			},
		}
		for name, compare := range key {
			for _, sort := range []string{name, "-" + name} {
				for what, filter := range map[string]string{"straight": "", "by windows": `subject != "nothing"`} {
					t.Run(sort+" "+what, func(t *testing.T) {
						s := s.in(t)
						ref := slices.Clone(made)
						slices.SortFunc(ref, func(a, b *ticket.Ticket) int {
							if c := compare(a, b); c != 0 {
								return c
							}
							return int(a.ID>>1) - int(b.ID>>1)
						})
						if sort[0] == '-' {
							slices.Reverse(ref)
						}
						got := s.all(client.Query{Sort: sort, Filter: filter, Limit: 10}, nil)
						want(t, "length", len(got), len(ref))
						for i := range ref {
							want(t, fmt.Sprint("place ", i), got[i].ID, ref[i].ID.String())
						}
					})
				}
			}
		}
		t.Run("what does not change is neither lost nor doubled", func(t *testing.T) {
			s := s.in(t)
			touched := map[string]bool{}
			got := s.all(client.Query{Limit: 7}, func() {
				s.Clock.Advance(time.Second)
				x := made[rnd.IntN(len(made))]
				touched[x.ID.String()] = true
				_, err := s.Desk.Do(ctx, s.Admin, x.ID, "tags", &ticket.TagsInput{Add: []string{fmt.Sprint(rnd.IntN(1e9))}}, 0)
				must(t, err)
			})
			times := map[string]int{}
			for _, x := range got {
				times[x.ID]++
			}
			for _, x := range made {
				if n := times[x.ID.String()]; n > 1 || n == 0 && !touched[x.ID.String()] {
					t.Errorf("ticket %s shown %d times", x.Number, n)
				}
			}
		})
		t.Run("a cursor of another list", func(t *testing.T) {
			l, err := s.c.Tickets(ctx, client.Query{Limit: 5, Sort: "created"})
			must(t, err)
			for _, c := range []string{l.Next, "x", "!!", strings.Repeat("A", 500)} {
				_, err = s.c.Tickets(ctx, client.Query{Limit: 5, Sort: "-priority", Cursor: c})
				refused(t, err, "422 cursor invalid")
			}
		})
		t.Run("a timeline in pages", func(t *testing.T) {
			s := s.in(t)
			tk := s.open("0")
			for i := range 9 {
				s.say(tk.ID, "note", fmt.Sprint(i+1))
				s.act(tk.ID, "tags", M{"add": []string{fmt.Sprint(i)}})
			}
			var texts []string
			seqs := map[int64]int{}
			for cursor := ""; ; {
				l, err := s.c.Timeline(ctx, tk.ID, 4, cursor)
				must(t, err)
				var page []string
				for _, e := range l.Items {
					seqs[e.Seq]++
					if e.Message != nil {
						page = append(page, e.Message.Text)
					}
				}
				texts = append(page, texts...)
				if cursor = l.Next; cursor == "" {
					break
				}
			}
			want(t, "in order", strings.Join(texts, ""), "0123456789")
			want(t, "each once", len(seqs), int(s.get(tk.ID).Version))
		})
	})
}

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		d := s.department("售后", 0)
		team := s.team("一组", d)
		a := s.open("甲", func(n *client.NewTicket) {
			n.Type, n.Priority, n.Tags, n.Fields = "repair", "urgent", []string{"急", "vip"}, M{"fault_code": "E5-0032", "warranty": "in", "safety": true, "purchase_date": "2026-01-02"}
			n.Team, n.Channel = team.String(), "phone"
		})
		s.Clock.Advance(25 * time.Hour)
		b := s.open("乙", func(n *client.NewTicket) { n.Assignee, n.Fields = s.Admin.ID.String(), M{"product_model": "o'clock"} })
		s.act(a.ID, "watch", M{"on": true})
		s.act(b.ID, "snooze", M{"until": s.Clock.Now().Add(time.Hour)})
		names := map[string]string{a.ID: "a", b.ID: "b"}
		for filter, expect := range map[string]string{
			`assignee == me()`:                          "b",
			`assignee == ""`:                            "a",
			`assignee != me() && active`:                "a",
			`status == "new"`:                           "ab",
			`status in ["solved","closed"]`:             "",
			`priority == "urgent" || type == "enquiry"`: "ab",
			`"急" in tags`:                               "a",
			`!("急" in tags)`:                            "b",
			`team == "` + team.String() + `"`:           "a",
			`team in my_teams()`:                        "",
			`fields.fault_code == "E5-0032"`:            "a",
			`fields.fault_code.startsWith("E5")`:        "a",
			`fields.product_model == "o'clock"`:         "b",
			`fields.warranty == "in" && fields.safety`:  "a",
			`fields.purchase_date != "" && fields.purchase_date < "2026-02-01"`: "a",
			`created_at > now() - duration("24h")`:                              "b",
			`snoozed`:                                                           "b",
			`watching`:                                                          "a",
			`mentioned || collaborating`:                                        "",
			`channel == "phone" && subject.contains("甲")`:                       "a",
			`message_count >= 1 && reopen_count == 0`:                           "ab",
			`number == "` + b.Number + `"`:                                      "b",
		} {
			t.Run(filter, func(t *testing.T) {
				s := s.in(t)
				var got []string
				for _, x := range s.all(client.Query{Filter: filter}, nil) {
					got = append(got, names[x.ID])
				}
				slices.Sort(got)
				want(t, "found", strings.Join(got, ""), expect)
				n, err := s.c.CountTickets(ctx, filter)
				must(t, err)
				want(t, "count", n.Count, len(expect))
			})
		}
		for _, bad := range []string{`nope == 1`, `status == 1`, `status`, `(`, `drop table ticket`, `status == "new" ; delete`, `fields.nope == ""`, `exec("x")`, `me()`, `created_at > "x"`, strings.Repeat("(", 2000), `subject == "` + "\x00" + `"`} {
			t.Run("bad "+bad[:min(len(bad), 20)], func(t *testing.T) {
				_, err := s.c.Tickets(ctx, client.Query{Filter: bad})
				if err == nil && strings.Contains(bad, "\x00") {
					return // it may as well find nothing
				}
				for _, err := range []error{err, func() error { _, err := s.c.CountTickets(ctx, bad); return err }(),
					func() error {
						_, err := s.c.CreateView(ctx, client.NewView{Name: client.Words{ZH: "x"}, Scope: "own", Filter: bad})
						return err
					}()} {
					if e, is := err.(*client.Error); !is || e.Status != 422 || e.Fields[0].Field != "filter" {
						t.Fatalf("%v", err)
					}
				}
			})
		}
		_, err := s.c.Tickets(ctx, client.Query{Sort: "subject"})
		refused(t, err, "422 sort choice")
	})
}

func TestCountsAreCapped(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		// A past of a thousand tickets, written as one statement: the way in is tested elsewhere.
		one := create(t, s.House, "x", "x", "13812345678")
		columns := `number, subject, status, priority, type, channel, language, requester_id, creator_kind, tags, fields, hold_reason, cancel_reason,
			reopen_count, repeat_count, message_count, child_count, open_child_count, created_at, updated_at, version`
		must(t, s.DB.Tx(ctx, func(ctx ctxT, tx *db.Tx) error {
			for i := range 10 { // 1, 2, 4 … 1024
				_, err := tx.Exec(ctx, fmt.Sprintf(`insert into ticket (tenant_id, id, %s) select tenant_id, id + %d, number || '-%d', %s from ticket where tenant_id = $1`,
					columns, 1<<(i+30), i, strings.TrimPrefix(columns, "number, ")), one.Tenant)
				if err != nil {
					return err
				}
			}
			return nil
		}))
		n, err := s.c.CountTickets(ctx, `status == "new"`)
		must(t, err)
		want(t, "count", n, client.Count{Count: 999, Capped: true})
		want(t, "the whole list", len(s.all(client.Query{Limit: 200, Filter: `subject == "x"`}, nil)), 1024)
	})
}

func TestViews(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		d := s.department("售后", 0)
		t1 := s.team("一组", d)
		a := s.as(s.person("甲", staff.NewUser{Department: d, Teams: []id.ID{t1}}, staff.Agent))
		b := s.as(s.person("乙", staff.NewUser{Department: d, Teams: []id.ID{t1}}, staff.Agent))
		c := s.as(s.person("丙", staff.NewUser{Department: d}, staff.Agent))
		lead := s.as(s.person("主管", staff.NewUser{Department: d}, staff.Supervisor))
		sees := func(c *client.Client, view string) bool {
			list, err := c.Views(ctx)
			must(t, err)
			_, err = c.Tickets(ctx, client.Query{View: view})
			in := slices.ContainsFunc(list, func(v client.View) bool { return v.ID == view })
			if in != (err == nil) {
				t.Fatalf("in the column: %v, read: %v", in, err)
			}
			return in
		}
		in := client.NewView{Name: client.Words{ZH: "我的"}, Scope: "own", Filter: `assignee == me()`}
		own, err := a.CreateView(ctx, in)
		must(t, err)
		want(t, "own", fmt.Sprint(sees(a, own.ID), sees(b, own.ID), sees(s.c, own.ID)), "true false false")
		in.Scope, in.SeenBy = "team", []string{t1.String()}
		team, err := a.CreateView(ctx, in)
		must(t, err)
		want(t, "team", fmt.Sprint(sees(a, team.ID), sees(b, team.ID), sees(c, team.ID)), "true true false")
		_, err = c.CreateView(ctx, in)
		refused(t, err, "422 seen_by unknown")
		in.Scope = "shared"
		_, err = a.CreateView(ctx, in)
		refused(t, err, "403 forbidden")
		shared, err := lead.CreateView(ctx, in)
		must(t, err)
		want(t, "shared", sees(c, shared.ID), true)

		in = client.NewView{Name: client.Words{ZH: "改名"}, Scope: "own", Sort: "created"}
		_, err = b.UpdateView(ctx, team.ID, in)
		refused(t, err, "403 view.not_yours")
		_, err = b.UpdateView(ctx, own.ID, in)
		refused(t, err, "404 view.not_found")
		v, err := a.UpdateView(ctx, own.ID, in, client.IfVersion(own.Version))
		must(t, err)
		want(t, "changed", v.Name.ZH+v.Sort, "改名created")
		_, err = a.UpdateView(ctx, own.ID, in, client.IfVersion(own.Version))
		refused(t, err, "412 view.changed")
		_, err = a.UpdateView(ctx, "10", in)
		refused(t, err, "403 view.shipped")
		refused(t, b.DeleteView(ctx, team.ID), "403 view.not_yours")
		must(t, a.DeleteView(ctx, team.ID))
		want(t, "deleted", sees(b, team.ID), false)
		in.Name = client.Words{ZH: " "}
		_, err = a.CreateView(ctx, in)
		refused(t, err, "422 name required")

		s.open("x", func(n *client.NewTicket) { n.Priority = "urgent" })
		l, err := s.c.Tickets(ctx, client.Query{View: "15", Filter: `priority == "low"`})
		must(t, err)
		want(t, "a view narrows what is asked", len(l.Items), 0)
	})
}

// Whatever is typed, a list answers: with what it finds, or that the input is bad.
func TestOddWords(t *testing.T) {
	odd := []string{" ", `"`, `"a`, "-", "*", "a*", "NOT", "OR OR", "(", "E5-", "%", "'", `\`, "\x00", "\xff", "％", "冰", "a\x00b", "13812345678", "@", "a@b",
		"+86 138", "x:y", "near(a b)", strings.Repeat("好", 150), "BX261121-0001", "\u202e", "😀", "{col} : a", "a AND", "^a", "\"\"", "“好", "\t\n", "\ufeff"}
	each(t, func(t *testing.T, s *scene) {
		s.open("冰箱 E5-0032 不制冷")
		s.Settle()
		rnd := rand.New(rand.NewPCG(3, 5))
		for i := range len(odd) + 300 {
			q := ""
			if i < len(odd) {
				q = odd[i]
			} else {
				for range 1 + rnd.IntN(5) {
					q += odd[rnd.IntN(len(odd))]
				}
				q = q[:min(len(q), 400)]
			}
			if a := s.Call("GET", "/tickets?"+url.Values{"q": {q}}.Encode(), nil); a.Status != 200 {
				t.Errorf("q %q: %d %s", q, a.Status, a.Body)
			}
			for _, path := range []string{"/tickets?" + url.Values{"filter": {q}, "cursor": {q}}.Encode(), "/tickets?" + url.Values{"filter": {`subject == "` + q + `"`}}.Encode(),
				"/tickets?" + url.Values{"q": {"冰箱"}, "cursor": {q}}.Encode(), "/ticket-numbers/" + url.PathEscape("x"+q), "/customers?" + url.Values{"q": {q}}.Encode()} {
				if a := s.Call("GET", path, nil); a.Status >= 500 {
					t.Errorf("%s: %d %s", path, a.Status, a.Body)
				}
			}
		}
	})
}
