package exchange_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/client"
	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
)

// said lists what was said on a ticket, the first first; what was taken back is
// marked.
func (s *scene) said(ticket string) []string {
	s.t.Helper()
	line, err := client.New(s.URL, s.Token).Timeline(ctx, ticket, 0, "")
	must(s.t, err)
	var out []string
	for _, e := range line.Items {
		if m := e.Message; m != nil {
			word := m.Kind + ":" + m.Text
			if m.Withdrawn {
				word = m.Kind + ":withdrawn"
			}
			out = append(out, word)
		}
	}
	return out
}

func (s *scene) get(ticket string) client.Ticket {
	s.t.Helper()
	t, err := client.New(s.URL, s.Token).Ticket(ctx, ticket)
	must(s.t, err)
	return t
}

func (s *scene) kept(token string, i exchange.ImportJSON) string {
	s.t.Helper()
	var list struct{ Items []exchange.KeptJSON }
	s.call(token, "GET", "/imports/"+i.ID.String()+"/kept", nil, 200, &list)
	var out []string
	for _, k := range list.Items {
		out = append(out, fmt.Sprintf("%d %s %s %s", k.Row, k.Name, k.Code, strings.Join(k.Parts, "+")))
	}
	return strings.Join(out, "; ")
}

func (s *scene) problems(token string, i exchange.ImportJSON) string {
	s.t.Helper()
	var errs struct{ Items []exchange.RowErrorJSON }
	s.call(token, "GET", "/imports/"+i.ID.String()+"/errors", nil, 200, &errs)
	var bad []string
	for _, e := range errs.Items {
		for _, p := range e.Problems {
			bad = append(bad, fmt.Sprintf("%d/%d %s %s", e.Row, p.Column, p.Field, p.Code))
		}
	}
	return strings.Join(bad, ", ")
}

// A table answers, ends, changes and opens tickets, each row as by hand; what
// can be taken back is.
func TestBatch(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		var ids, no []string
		for n := range 6 {
			ids = append(ids, s.ticket(fmt.Sprint("第", n, "张"), M{"tags": []string{"旧"}}))
			no = append(no, s.get(ids[n]).Number)
		}
		s.call(s.Token, "POST", "/tickets/"+ids[3]+"/priority", M{"priority": "high"}, 200, nil)
		s.call(s.Token, "POST", "/tickets/"+ids[5]+"/status", M{"status": "cancelled", "reason": "test"}, 200, nil)
		s.Settle()
		table := "工单编号,回复内容,内部备注,状态,处理结果,结案说明,优先级,标签,order_no,标题,描述,客户,电话\n" +
			no[0] + ",已为您补发，请留意短信,,已结案,已解答,补发一件,,,,,,,\n" +
			no[1] + ",,仓库已确认,,,,高,新;急,A1001,,,,\n" +
			no[2] + ",,,,已解答,,,,,,,,\n" + // a result alone solves it
			no[3] + ",,,,,,高,,,,,,\n" + // as it is
			",,,,,,紧急,,,电话咨询批发价,想批发三百件,赵六,13800138099\n" +
			"没有这张,你好,,,,,,,,,,,\n" +
			no[4] + ",,,已结案,,,,,,,,,\n" +
			no[4] + ",,,新建,没有的结果,,立刻,,,,描述,,\n" +
			no[5] + ",,,已结案,已解答,,,,,,,,\n" +
			",回复,,,,,,,,没有客户,,,\n"
		i := s.upload(s.Token, "batch", "今日处理.csv", []byte(table))
		want(t, "columns", strings.Join(i.Columns, " "), "number reply note status code resolution_note priority tags field:order_no subject body requester_name requester_phone")
		i = s.move(s.Token, i, "check")
		want(t, "dry run", fmt.Sprint(i.State, *i.Checked), "checked{1 3 1 5 1}")
		want(t, "nothing was said", strings.Join(s.said(ids[0]), "|"), "customer:内容")
		i = s.move(s.Token, i, "run")
		want(t, "run", counts(i), "done: 1 created, 3 updated, 1 skipped, 5 failed")
		want(t, "what is wrong", s.problems(s.Token, i), "7/1 number unknown, 8/5 code required, 9/7 priority choice, 9/11 body batch.body, 9/4 status choice, 10/4 status ticket.transition, 11/2 reply batch.number, 11/12 requester_name required")

		x := s.get(ids[0])
		want(t, "answered and solved", fmt.Sprint(x.Status, x.Resolution.Code, x.Resolution.Note), "solvedanswered补发一件")
		want(t, "what was said", strings.Join(s.said(ids[0]), "|"), "customer:内容|reply:已为您补发，请留意短信")
		x = s.get(ids[1])
		want(t, "changed", fmt.Sprint(x.Status, x.Priority, x.Tags, x.Fields["order_no"]), "newhigh[新 急]A1001")
		want(t, "noted", strings.Join(s.said(ids[1]), "|"), "customer:内容|note:仓库已确认")
		want(t, "solved by its result", s.get(ids[2]).Status, "solved")
		l, err := client.New(s.URL, s.Token).Tickets(ctx, client.Query{Filter: `subject == "电话咨询批发价"`})
		must(t, err)
		if len(l.Items) != 1 || l.Items[0].Priority != "urgent" || l.Items[0].Requester.Name != "赵六" || l.Items[0].SLA == "none" {
			t.Fatalf("the new ticket is not one of today: %+v", l.Items)
		}

		// Back again: the reply still can be, and so can what nobody has touched.
		s.call(s.Token, "POST", "/tickets/"+ids[1]+"/priority", M{"priority": "low"}, 200, nil)
		s.call(s.Token, "POST", "/tickets/"+ids[2]+"/tags", M{"add": []string{"之后"}}, 200, nil)
		s.call(s.Token, "POST", "/tickets/"+l.Items[0].ID+"/tags", M{"add": []string{"之后"}}, 200, nil)
		i = s.move(s.Token, i, "undo")
		want(t, "undone", fmt.Sprintf("%s %d %d", i.State, i.Undone, i.Kept), "undone 2 2")
		want(t, "kept", s.kept(s.Token, i), fmt.Sprintf("3 %s 第1张 touched note+priority; 6 %s 电话咨询批发价 touched ", no[1], l.Items[0].Number))
		x = s.get(ids[0])
		want(t, "as before", fmt.Sprint(x.Status, x.Resolution), "new<nil>")
		want(t, "taken back", strings.Join(s.said(ids[0]), "|"), "customer:内容|reply:withdrawn")
		x = s.get(ids[1])
		want(t, "but for what was changed since", fmt.Sprintln(x.Status, x.Priority, x.Tags, x.Fields["order_no"]), "new low [旧] <nil>\n")
		x = s.get(ids[2])
		want(t, "beside what came since", fmt.Sprint(x.Status, x.Tags), "new[旧 之后]")

		// What has reached the customer stays, and with it that somebody answered.
		i = s.move(s.Token, s.upload(s.Token, "batch", "b.csv", []byte("单号,回复,状态,处理结果\n"+no[4]+",请重启,已结案,已解答\n"+no[4]+",,,\n")), "run")
		want(t, "run", counts(i), "done: 0 created, 1 updated, 1 skipped, 0 failed")
		s.Clock.Advance(time.Hour)
		i = s.move(s.Token, i, "undo")
		want(t, "kept", s.kept(s.Token, i), fmt.Sprintf("2 %s 第4张 touched reply", no[4]))
		want(t, "taken up again", s.get(ids[4]).Status, "open")
		want(t, "what was said", strings.Join(s.said(ids[4]), "|"), "customer:内容|reply:请重启")
	})
}

// A table does what its owner may do, ticket by ticket.
func TestBatchKeepsToRights(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		mine, other := s.team("甲组"), s.team("乙组")
		ours := s.get(s.ticket("甲组的工单", M{"team_id": mine.String()}))
		theirs := s.get(s.ticket("乙组的工单", M{"team_id": other.String()}))
		g := func(bulk, reply staff.Scope) staff.Grants {
			return staff.Grants{staff.Import: staff.ScopeAll, staff.TicketRead: staff.ScopeAll, staff.TicketUpdate: staff.ScopeAll, staff.TicketBulk: bulk, staff.TicketReply: reply}
		}
		file := []byte("工单编号,回复内容,优先级\n" + ours.Number + ",,高\n" + theirs.Number + ",,高\n" + ours.Number + ",你好,\n")
		_, lead := s.someone("甲组长", g(staff.ScopeTeam, staff.ScopeNone), staff.NewUser{Teams: []id.ID{mine}})
		i := s.move(lead, s.upload(lead, "batch", "b.csv", file), "run")
		want(t, "run", counts(i), "done: 0 created, 1 updated, 0 skipped, 2 failed")
		want(t, "why", s.problems(lead, i), "3/1 number forbidden, 4/2 reply forbidden")
		want(t, "untouched", s.get(theirs.ID).Priority, "normal")
		_, nobody := s.someone("乙", g(staff.ScopeNone, staff.ScopeAll), staff.NewUser{})
		if a := s.Call("POST", "/imports?what=batch&name=b.csv", file, "Authorization", "Bearer "+nobody, "Content-Type", "text/csv"); a.Status != 403 {
			t.Errorf("without the right to change in bulk: %d %s", a.Status, a.Body)
		}
		for table, code := range map[string]string{"工单编号\n" + ours.Number + "\n": "batch.nothing", "优先级\n高\n": "required"} {
			i := s.upload(s.Token, "batch", "b.csv", []byte(table))
			if a := s.Call("POST", "/imports/"+i.ID.String()+"/run", M{}, "Authorization", "Bearer "+s.Token); a.Status != 422 || !strings.Contains(string(a.Body), code) {
				t.Errorf("%q: %d %s", table, a.Status, a.Body)
			}
		}
		long := []byte("工单编号,优先级\n" + strings.Repeat("x,高\n", exchange.MaxBatch+1))
		if a := s.Call("POST", "/imports?what=batch&name=b.csv", long, "Content-Type", "text/csv"); a.Status != 422 || !strings.Contains(string(a.Body), "batch.rows") {
			t.Errorf("more rows than a bulk change: %d %s", a.Status, a.Body)
		}
	})
}

// However often it is stopped, each customer hears each word once.
func TestBatchGoesOn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		const n = 600
		s.many(n)
		numbers := column(s.table(s.Token, s.export(s.Token, M{"what": "ticket", "format": "csv"})), "工单编号")
		var b strings.Builder
		b.WriteString("工单编号,内部备注\n")
		for _, no := range numbers {
			fmt.Fprintf(&b, "%s,已核对\n", no)
		}
		i := s.upload(s.Token, "batch", "b.csv", []byte(b.String()))
		stops := 0
		s.Exchange.Interrupt(ctx, s.Tenant, i.ID, func(run func(context.Context) error) {
			for range 50 {
				stop, cancel := context.WithCancel(ctx)
				s.Exchange.OnLot(func(lots int) {
					if lots == 1 {
						cancel()
					}
				})
				err := run(stop)
				cancel()
				if err == nil {
					return
				}
				stops++
			}
		})
		s.Exchange.OnLot(nil)
		if stops < 2 {
			t.Errorf("it was stopped %d times", stops)
		}
		s.call(s.Token, "GET", "/imports/"+i.ID.String(), nil, 200, &i)
		want(t, "run", counts(i), fmt.Sprintf("done: 0 created, %d updated, 0 skipped, 0 failed", n))
		var most, all int
		must(t, s.DB.QueryRow(ctx, `select max(x.n), sum(x.n) from (select count(*) as n from ticket_message where tenant_id = $1 and kind = 'note' group by ticket_id) x`, s.Tenant).Scan(&most, &all))
		want(t, "notes", fmt.Sprint(most, all), fmt.Sprint(1, n))
	})
}

// An import that changed tickets gives their earlier values back where nobody
// has changed them since.
func TestUndoOfChangedTickets(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		first := "编号,标题,客户,优先级,标签,订单号\nA-1,冰箱不制冷,张三,低,旧,B1\nA-2,洗衣机漏水,李四,低,,\n"
		s.move(s.Token, s.upload(s.Token, "ticket", "旧系统.csv", []byte(first)), "run")
		find := func(subject string) client.Ticket {
			l, err := client.New(s.URL, s.Token).Tickets(ctx, client.Query{Sort: "created"})
			must(t, err)
			n := slices.IndexFunc(l.Items, func(x client.Ticket) bool { return x.Subject == subject })
			if n < 0 {
				t.Fatalf("no ticket %q", subject)
			}
			return l.Items[n]
		}
		was := find("洗衣机漏水")
		again := "编号,标题,优先级,标签,订单号\nA-1,冰箱完全不制冷,高,新,B2\nA-2,洗衣机一直漏水,紧急,新,B3\nA-1,,紧急,,\n"
		i := s.move(s.Token, s.set(s.Token, s.upload(s.Token, "ticket", "旧系统.csv", []byte(again)), "update"), "run")
		want(t, "change", counts(i), "done: 0 created, 3 updated, 0 skipped, 0 failed")
		two := find("洗衣机一直漏水")
		s.call(s.Token, "POST", "/tickets/"+two.ID+"/tags", M{"add": []string{"客户来电"}}, 200, nil)
		i = s.move(s.Token, i, "undo")
		want(t, "undone", fmt.Sprintf("%s %d %d", i.State, i.Undone, i.Kept), "undone 2 1")
		want(t, "named", s.kept(s.Token, i), fmt.Sprintf("3 %s 洗衣机漏水 touched tags", two.Number))
		one, two := find("冰箱不制冷"), find("洗衣机漏水")
		want(t, "as before", fmt.Sprintln(one.Priority, one.Tags, one.Fields["order_no"]), "low [旧] B1\n")
		want(t, "but for the tags", fmt.Sprintln(two.Priority, two.Tags, two.Fields["order_no"]), was.Priority+" [新 客户来电] <nil>\n")
	})
}
