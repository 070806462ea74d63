package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zhidan/client"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/sheet"
)

// upload brings a table as somebody.
func (s *scene) upload(token, what, name string, file []byte) exchange.ImportJSON {
	s.t.Helper()
	a := s.Call("POST", "/imports?what="+what+"&name="+name, file, "Authorization", "Bearer "+token, "Content-Type", "application/octet-stream")
	if a.Status != http.StatusCreated {
		s.t.Fatalf("upload: %d %s", a.Status, a.Body)
	}
	var i exchange.ImportJSON
	a.JSON(s.t, &i)
	return i
}

// move does something with an import and waits for what it orders.
func (s *scene) move(token string, i exchange.ImportJSON, act string) exchange.ImportJSON {
	s.t.Helper()
	s.call(token, "POST", "/imports/"+i.ID.String()+"/"+act, M{}, 200, nil)
	s.Settle()
	s.call(token, "GET", "/imports/"+i.ID.String(), nil, 200, &i)
	return i
}

func (s *scene) set(token string, i exchange.ImportJSON, duplicates string) exchange.ImportJSON {
	s.t.Helper()
	s.call(token, "PUT", "/imports/"+i.ID.String(), M{"columns": i.Columns, "duplicates": duplicates}, 200, &i)
	return i
}

func counts(i exchange.ImportJSON) string {
	return fmt.Sprintf("%s: %d created, %d updated, %d skipped, %d failed", i.State, i.Created, i.Updated, i.Skipped, i.Failed)
}

func (s *scene) customers(q string) []customer.JSON {
	s.t.Helper()
	var out struct{ Items []customer.JSON }
	s.call(s.Token, "GET", "/customers?limit=200&q="+q, nil, 200, &out)
	return out.Items
}

const people = "姓名,手机号,邮箱,等级,公司,标签,备注,多余\r\n" +
	"张三,13800138001,zhangsan@example.com,VIP 客户,远大,老客户;大单,喜欢电话,x\r\n" +
	"李四,不是电话,,,,,,\r\n" +
	"王五,13800138003,,重要,,,,\r\n" +
	"赵六,13800138004,,,没有的公司,,,\r\n" +
	",,,,,,只有备注,\r\n" +
	"王五二,138 0013 8003,wang5@example.com,,,,,\r\n"

func TestImportCustomers(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		s.call(s.Token, "POST", "/companies", M{"name": "远大"}, 201, nil)
		gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(people))
		must(t, err)
		i := s.upload(s.Token, "customer", "people.csv", gb)
		want(t, "columns", strings.Join(i.Columns, "|"), "name|phone|email|tier|company|tags|note|")
		want(t, "encoding", i.Encoding, "gb18030")
		want(t, "rows", i.Total, 6)

		var preview struct{ Items []exchange.PreviewJSON }
		s.call(s.Token, "GET", "/imports/"+i.ID.String()+"/preview", nil, 200, &preview)
		var acts []string
		for _, p := range preview.Items {
			acts = append(acts, fmt.Sprint(p.Row, p.Act))
			for _, x := range p.Problems {
				acts = append(acts, fmt.Sprint(x.Column, x.Code))
			}
		}
		want(t, "preview", strings.Join(acts, " "), "2created 3failed 2phone 4created 5failed 5unknown 6failed 1required 7created")

		i = s.move(s.Token, i, "check")
		want(t, "dry run", fmt.Sprint(i.State, *i.Checked), "checked{2 0 1 3 0}")
		want(t, "nothing is there", len(s.customers("")), 0)
		i = s.move(s.Token, i, "run")
		want(t, "run", counts(i), "done: 2 created, 0 updated, 1 skipped, 3 failed")
		one := s.customers("13800138001")[0]
		want(t, "customer", fmt.Sprint(one.Name, one.Tier, one.Company.Name, one.Tags, one.Note, len(one.Identities)), "张三vip远大[老客户 大单]喜欢电话2")

		// What failed comes back as it came, with the reason; mended it goes in.
		file := s.Call("GET", "/imports/"+i.ID.String()+"/errors/file", nil)
		rows, err := sheet.Read(bytes.NewReader(file.Body), int64(len(file.Body)), sheet.Limits{})
		must(t, err)
		want(t, "error file", len(rows), 4)
		want(t, "reason", rows[1][8], "电话：不是电话号码")
		want(t, "reason", rows[2][8], "企业客户：系统中没有")
		var errs struct{ Items []exchange.RowErrorJSON }
		s.call(s.Token, "GET", "/imports/"+i.ID.String()+"/errors?limit=2", nil, 200, &errs)
		want(t, "errors", fmt.Sprint(len(errs.Items), errs.Items[0].Row, errs.Items[0].Problems[0].Column), "2 3 2")
		mended := bytes.ReplaceAll(file.Body, []byte("不是电话,"), []byte("13800138002,"))
		again := s.move(s.Token, s.upload(s.Token, "customer", "mended.csv", mended), "run")
		want(t, "mended", counts(again), "done: 1 created, 0 updated, 0 skipped, 2 failed")

		// Known ones are changed when that is asked for, and changed back.
		second := s.set(s.Token, s.upload(s.Token, "customer", "second.csv", []byte("name,phone,tier,wechat\n王五新,13800138003,normal,wx5\n新人,13800138009,,\n")), "update")
		want(t, "guessed from English", strings.Join(second.Columns, "|"), "name|phone|tier|wechat")
		second = s.move(s.Token, second, "run")
		want(t, "second", counts(second), "done: 1 created, 1 updated, 0 skipped, 0 failed")
		changed := s.customers("13800138003")[0]
		want(t, "changed", fmt.Sprint(changed.Name, changed.Tier, len(changed.Identities)), "王五新normal2")
		second = s.move(s.Token, second, "undo")
		want(t, "undone", fmt.Sprintln(second.State, second.Undone, second.Kept), "undone 2 0\n")
		want(t, "as before", fmt.Sprint(s.customers("13800138003")[0].Name, s.customers("13800138003")[0].Tier), "王五important")
		want(t, "the new one", len(s.customers("13800138009")), 0)

		// Whom somebody has worked with since is kept.
		s.ticket("用过的客户", M{"requester": M{"id": one.ID.String()}})
		i = s.move(s.Token, i, "undo")
		want(t, "undone", fmt.Sprintln(i.State, i.Undone, i.Kept), "undone 0 2\n") // the other was changed and changed back
		want(t, "kept", len(s.customers("13800138001")), 1)
		s.call(s.Token, "POST", "/imports/"+i.ID.String()+"/undo", M{}, 409, nil)
	})
}

func TestImportCompanies(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		i := s.move(s.Token, s.upload(s.Token, "company", "c.csv", []byte("企业名称;域名;备注\n远大;https://www.yuanda.example.com/x;老客户\n远大;;重复\n;x.example.com;\n")), "run")
		want(t, "run", counts(i), "done: 1 created, 0 updated, 1 skipped, 1 failed")
		i = s.move(s.Token, i, "undo")
		want(t, "undo", fmt.Sprintln(i.State, i.Undone), "undone 1\n")
		if a := s.Call("POST", "/imports?what=company&name=c.csv", []byte("备注\nx\n"), "Content-Type", "text/csv"); a.Status == 201 {
			var i exchange.ImportJSON
			a.JSON(t, &i)
			s.call(s.Token, "POST", "/imports/"+i.ID.String()+"/run", M{}, 422, nil)
		}
	})
}

const old = "编号,标题,内容,客户,手机号,类型,优先级,状态,处理人,标签,创建时间,解决时间,处理结果,fault_code,safety,refund_amount\r\n" +
	"A-1,冰箱不制冷,\"第一行\n第二行，含逗号, 和\"\"引号\"\"\",张三,13800138001,报修,紧急,已关闭,admin@example.com,急;vip，老客户,2019-03-01 08:30,2019/3/2 18:00,,E5,是,\r\n" +
	"A-2,洗衣机漏水,x,李四,13800138002,Repair,high,处理中,,,2025年6月1日 10:00,,,,,12.50\r\n" +
	"A-3,坏行,x,王五,13800138003,没有的类型,立刻,,,,,,,,,\r\n" +
	"A-4,未来,x,赵六,13800138004,,,,,,2099-01-01,,,,,\r\n" +
	"A-5,没有客户,x,,,,,,,,昨天,,,,,\r\n" +
	"A-6,,,孙七,13800138006,,,,,,,,,,,\r\n" +
	"A-7,短行,x,周八\r\n"

func TestImportTickets(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		c := client.New(s.URL, s.Token)
		first := s.ticket("现有工单", M{})
		s.Settle()
		i := s.upload(s.Token, "ticket", "旧系统.csv", []byte(old))
		want(t, "columns", strings.Join(i.Columns, " "), "ref subject body requester_name requester_phone type priority status assignee tags created_at ended_at code field:fault_code field:safety field:refund_amount")
		i = s.move(s.Token, i, "check")
		want(t, "dry run", fmt.Sprint(i.State, *i.Checked), "checked{3 0 0 4 0}")
		i = s.move(s.Token, i, "run")
		want(t, "run", counts(i), "done: 3 created, 0 updated, 0 skipped, 4 failed")
		var errs struct{ Items []exchange.RowErrorJSON }
		s.call(s.Token, "GET", "/imports/"+i.ID.String()+"/errors", nil, 200, &errs)
		var bad []string
		for _, e := range errs.Items {
			for _, p := range e.Problems {
				bad = append(bad, fmt.Sprintf("%d/%d %s", e.Row, p.Column, p.Code))
			}
		}
		want(t, "what is wrong, by row and column", strings.Join(bad, ", "), "4/6 unknown, 4/7 choice, 5/11 range, 6/11 date, 6/4 required, 7/3 required")

		l, err := c.Tickets(ctx, client.Query{Filter: `subject == "冰箱不制冷"`})
		must(t, err)
		x := l.Items[0]
		want(t, "closed ticket", x.Type+" "+x.Priority+" "+x.Status+" "+x.Channel+" "+x.Assignee.Name, "repair urgent closed import 管理员")
		want(t, "its times", fmt.Sprint(x.CreatedAt.UTC().Format(time.DateTime), x.UpdatedAt.UTC().Format(time.DateTime), x.SolvedAt.UTC().Format(time.DateTime)), "2019-03-01 00:30:002019-03-02 10:00:002019-03-02 10:00:00")
		want(t, "no promise", x.SLA, "none")
		want(t, "tags", strings.Join(x.Tags, "|"), "急|vip|老客户")
		want(t, "fields", fmt.Sprintln(x.Fields["fault_code"], x.Fields["safety"]), "E5 true\n")
		if !strings.Contains(x.Number, "190301") {
			t.Errorf("the number %s is of another day", x.Number)
		}
		line, err := c.Timeline(ctx, x.ID, 0, "")
		must(t, err)
		want(t, "text", line.Items[1].Message.Text, "第一行\n第二行，含逗号, 和\"引号\"")
		for _, e := range line.Items {
			if e.At.Year() != 2019 {
				t.Errorf("an entry of %v", e.At)
			}
		}
		l, err = c.Tickets(ctx, client.Query{Filter: `subject == "洗衣机漏水"`})
		must(t, err)
		x = l.Items[0]
		want(t, "open ticket", x.Status+" "+x.CreatedAt.UTC().Format(time.DateTime)+fmt.Sprint(x.Fields["refund_amount"]), "open 2025-06-01 02:00:00map[amount_minor:1250 currency:CNY]")
		if x.SLA == "breached" {
			t.Error("a promise was broken before it was made")
		}
		l, err = c.Tickets(ctx, client.Query{Sort: "created"})
		must(t, err)
		var order []string
		for _, x := range l.Items {
			order = append(order, x.Subject)
		}
		want(t, "by the time of creation", strings.Join(order, "|"), "冰箱不制冷|洗衣机漏水|现有工单|短行")
		want(t, "the one that was here", l.Items[2].ID, first)
		var bell struct {
			Items []struct{ Event, Subject string }
		}
		s.call(s.Token, "GET", "/notifications", nil, 200, &bell)
		for _, n := range bell.Items {
			if n.Subject == "冰箱不制冷" {
				t.Errorf("told of the past: %+v", n)
			}
		}
		found, err := c.Tickets(ctx, client.Query{Q: "冰箱"})
		must(t, err)
		want(t, "found by search", len(found.Items), 1)

		// A second time only what is missing goes in; what is here can be changed.
		again := s.move(s.Token, s.upload(s.Token, "ticket", "旧系统.csv", []byte(strings.Replace(old, "没有的类型,立刻", "咨询,高", 1))), "run")
		want(t, "again", counts(again), "done: 1 created, 0 updated, 3 skipped, 3 failed")
		change := s.set(s.Token, s.upload(s.Token, "ticket", "旧系统.csv", []byte("编号,标题,优先级\nA-2,洗衣机一直漏水,低\n")), "update")
		change = s.move(s.Token, change, "run")
		want(t, "change", counts(change), "done: 0 created, 1 updated, 0 skipped, 0 failed")
		now, err := c.Ticket(ctx, x.ID)
		must(t, err)
		want(t, "changed", now.Subject+now.Priority, "洗衣机一直漏水low")

		// Taken back: cancelled, but for the one that was worked on.
		i = s.move(s.Token, i, "undo")
		want(t, "undone", fmt.Sprintln(i.State, i.Undone, i.Kept), "undone 2 1\n")
		l, err = c.Tickets(ctx, client.Query{Filter: `status == "cancelled"`})
		must(t, err)
		want(t, "cancelled", len(l.Items), 2)
	})
}

// However often it is stopped, each row goes in once.
func TestImportGoesOn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		const n = 900
		var b strings.Builder
		b.WriteString("标题,客户,手机号,编号\n")
		for i := range n {
			fmt.Fprintf(&b, "工单 %d,客户 %d,139%08d,R-%d\n", i, i, i%500, i)
		}
		i := s.upload(s.Token, "ticket", "many.csv", []byte(b.String()))
		stops := 0
		s.Exchange.Interrupt(ctx, s.Tenant, i.ID, func(go_ func(context.Context) error) {
			for range 50 {
				stop, cancel := context.WithCancel(ctx)
				s.Exchange.OnLot(func(lots int) {
					if lots == 1 {
						cancel() // the node dies in the middle of a lot
					}
				})
				err := go_(stop)
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
		want(t, "run", counts(i), fmt.Sprintf("done: %d created, 0 updated, 0 skipped, 0 failed", n))
		rows := s.table(s.Token, s.export(s.Token, M{"what": "ticket", "format": "csv"}))
		seen := map[string]int{}
		for _, x := range column(rows, "标题") {
			seen[x]++
		}
		want(t, "tickets", len(rows)-1, n)
		want(t, "different", len(seen), n)
		want(t, "customers", len(column(s.table(s.Token, s.export(s.Token, M{"what": "customer", "format": "csv"})), "姓名")), 500)
	})
}

func TestImportByCommand(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		take := func(table string, o exchange.Order) (exchange.Report, error) {
			o.What = "ticket"
			return s.Exchange.Take(ctx, staff.System(s.Tenant), strings.NewReader(table), o)
		}
		rep, err := take(old, exchange.Order{Name: "旧系统", DryRun: true})
		must(t, err)
		want(t, "dry run", fmt.Sprint(rep.Rows, rep.Created, rep.Failed, len(rep.Errors)), "7 3 4 4")
		rep, err = take(old, exchange.Order{Name: "旧系统"})
		must(t, err)
		want(t, "run", fmt.Sprint(rep.Rows, rep.Created, rep.Skipped, rep.Failed), "7 3 0 4")
		rep, err = take(old, exchange.Order{Name: "旧系统"})
		must(t, err)
		want(t, "again", fmt.Sprint(rep.Created, rep.Skipped, rep.Failed), "0 3 4")
		rep, err = take("what,who,no,rest\na,b,JD1,z\n", exchange.Order{Meaning: map[string]string{"what": "subject", "who": "requester_name", "no": "field:order_no"}})
		must(t, err)
		want(t, "by a mapping", rep.Created, 1)
		for table, meaning := range map[string]map[string]string{"": nil, "x,y\n1,2\n": nil, "what\na\n": {"what": "colour"}, "what,who\na,b\n": {"what": "field:nope"}, "what,other\na,\n": {"what": "subject", "missing": "body"}} {
			if _, err := take(table, exchange.Order{Meaning: meaning}); err == nil {
				t.Errorf("%q went through", table)
			}
		}
		for _, table := range []string{"标题,客户\n\"没有结束,x\n", "标题,客户\n\"a\"b,c\n", "标题,客户\n\x00,b\n", "标题,客户\n" + strings.Repeat("长", 5000) + ",x\n", "标题,客户,渠道\na,b," + strings.Repeat("c", 9000) + "\n"} {
			rep, err := take(table, exchange.Order{})
			must(t, err)
			if rep.Created+rep.Failed != rep.Rows || rep.Rows == 0 {
				t.Errorf("%.40q: %+v", table, rep)
			}
		}
	})
}

func TestImportIsOnesOwn(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		g := staff.Grants{staff.Import: staff.ScopeAll, staff.CustomerRead: staff.ScopeAll, staff.CustomerUpdate: staff.ScopeOwn, staff.TicketCreate: staff.ScopeAll, staff.TicketRead: staff.ScopeOwn}
		_, owner := s.someone("甲", g, staff.NewUser{})
		s.call(s.Token, "POST", "/customers", M{"name": "别人的客户", "identities": []M{{"kind": "phone", "value": "13800138001"}}}, 201, nil)
		i := s.set(owner, s.upload(owner, "customer", "c.csv", []byte("姓名,电话\n改名,13800138001\n")), "update")
		s.call(s.Token, "GET", "/imports/"+i.ID.String(), nil, 404, nil)
		s.call(s.Token, "POST", "/imports/"+i.ID.String()+"/run", M{}, 404, nil)
		i = s.move(owner, i, "run")
		want(t, "a customer out of reach", counts(i), "done: 0 created, 0 updated, 0 skipped, 1 failed")
		_, nobody := s.someone("乙", staff.Grants{staff.CustomerUpdate: staff.ScopeAll, staff.CustomerRead: staff.ScopeAll}, staff.NewUser{})
		if a := s.Call("POST", "/imports?what=customer&name=c.csv", []byte("姓名\nx\n"), "Authorization", "Bearer "+nobody, "Content-Type", "text/csv"); a.Status != 403 {
			t.Errorf("%d", a.Status)
		}
		for file, code := range map[string]string{"": "empty", "姓名\n": "empty", "\xd0\xcf\x11\xe0": "sheet.xls", "PK\x03\x04": "broken"} {
			a := s.Call("POST", "/imports?what=customer&name=c.csv", []byte(file), "Content-Type", "application/octet-stream")
			if a.Status != 422 || !strings.Contains(string(a.Body), code) {
				t.Errorf("%q: %d %s", file, a.Status, a.Body)
			}
		}
		// Meanings are kept under names, for everybody.
		s.call(owner, "POST", "/imports/mappings", M{"what": "customer", "name": "会员系统", "columns": M{"会员": "name", "号": "phone"}}, 204, nil)
		s.call(owner, "POST", "/imports/mappings", M{"what": "customer", "name": "x", "columns": M{"会员": "nope"}}, 422, nil)
		var list struct{ Items []exchange.MappingJSON }
		s.call(s.Token, "GET", "/imports/mappings?what=customer", nil, 200, &list)
		want(t, "kept", fmt.Sprint(list.Items), "[{会员系统 map[会员:name 号:phone]}]")
		s.call(s.Token, "DELETE", "/imports/mappings?what=customer&name=会员系统", nil, 204, nil)

		// In a week the file is gone, and what it did stays.
		s.Clock.Advance(8 * 24 * time.Hour)
		s.Settle()
		want(t, "files", blobs(t, s), 0)
		s.call(owner, "GET", "/imports/"+i.ID.String(), nil, 200, &i)
		want(t, "state", i.State, "done")
		_ = io.EOF
	})
}

// The same table again is told by whom and when it was brought, until it is
// taken back; another one is not, nor the same rows as something else.
func TestSameTableAgain(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		file := []byte("标题,客户,手机号\n冰箱不制冷,张三,13800138001\n洗衣机漏水,李四,13800138002\n")
		first := s.upload(s.Token, "batch", "今天.csv", file)
		if first.Earlier != nil {
			t.Fatalf("nothing was brought before: %+v", first.Earlier)
		}
		if again := s.upload(s.Token, "batch", "改名.csv", file); again.Earlier != nil {
			t.Fatalf("what was only looked at does not count: %+v", again.Earlier)
		}
		first = s.move(s.Token, first, "run")
		want(t, "first", counts(first), "done: 2 created, 0 updated, 0 skipped, 0 failed")

		again := s.upload(s.Token, "batch", "改名.csv", file)
		e := again.Earlier
		if e == nil || e.ID != first.ID || e.Name != "今天.csv" || e.Created != 2 || e.User == nil || e.User.ID != s.Admin.ID || e.At == 0 {
			t.Fatalf("the same table was not told: %+v", e)
		}
		s.call(s.Token, "GET", "/imports/"+again.ID.String(), nil, 200, &again)
		if again.Earlier == nil {
			t.Error("told once and then forgotten")
		}
		for _, other := range []exchange.ImportJSON{s.upload(s.Token, "batch", "今天.csv", append(file, "空调异响,王五,\n"...)), s.upload(s.Token, "ticket", "今天.csv", file)} {
			if other.Earlier != nil {
				t.Errorf("another table was taken for the same: %+v", other.Earlier)
			}
		}
		// it is told, not forbidden
		again.Earlier = nil
		again = s.move(s.Token, again, "run")
		want(t, "again", counts(again), "done: 2 created, 0 updated, 0 skipped, 0 failed")
		if again.Earlier != nil {
			t.Error("an import that is over warns of nothing")
		}
		for _, i := range []exchange.ImportJSON{first, again} {
			s.move(s.Token, i, "undo")
		}
		if i := s.upload(s.Token, "batch", "今天.csv", file); i.Earlier != nil {
			t.Errorf("what was taken back does not count: %+v", i.Earlier)
		}
	})
}
