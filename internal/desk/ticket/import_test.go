package ticket_test

import (
	"fmt"
	"strings"
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/ticket"
)

func (s *scene) csv(table string, o ticket.ImportOptions) (ticket.ImportReport, error) {
	return s.Desk.ImportCSV(ctx, s.Admin, strings.NewReader(table), o)
}

func TestImportCSV(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		table := "\ufeff编号,标题,内容,客户,手机号,类型,优先级,标签,fault_code,safety,region,refund_amount,忽略\r\n" +
			"A-1,冰箱不制冷,\"第一行\n第二行，含逗号, 和\"\"引号\"\"\",张三,13800138001,报修,紧急,急;vip，老客户,E5,是,东,,x\r\n" +
			"A-2,洗衣机漏水,x,李四,13800138002,Repair,high,,,false,east/shanghai,12.50,\r\n" +
			"A-3,坏行,x,王五,13800138003,没有的类型,,,,,,,\r\n" +
			"A-4,坏行二,x,赵六,13800138004,,立刻,,,,,,\r\n" +
			"A-5,没有客户,x,,,,,,,,,,\r\n" +
			"A-6,,,孙七,13800138006,,,,,,,,\r\n" +
			"A-7,短行,x,周八\r\n"
		table = strings.Replace(table, "是,东,", "是,华东/上海,", 1)

		dry, err := s.csv(table, ticket.ImportOptions{Name: "旧系统", DryRun: true})
		must(t, err)
		want(t, "dry run", fmt.Sprint(dry.Rows, dry.Created, dry.Failed), "7 0 4")
		want(t, "tickets", count(s), 0)

		rep, err := s.csv(table, ticket.ImportOptions{Name: "旧系统"})
		must(t, err)
		want(t, "run", fmt.Sprint(rep.Rows, rep.Created, rep.Known, rep.Failed), "7 3 0 4")
		var bad []string
		for _, e := range rep.Errors {
			bad = append(bad, fmt.Sprint(e.Line, " ", e.Field))
		}
		want(t, "what is wrong, by line", strings.Join(bad, ", "), "5 type, 6 priority, 7 requester_name, 8 body")

		l, err := s.c.Tickets(ctx, client.Query{Filter: `subject == "冰箱不制冷"`})
		must(t, err)
		x := l.Items[0]
		want(t, "type", x.Type+x.Priority+x.Channel, "repairurgentimport")
		want(t, "tags", strings.Join(x.Tags, "|"), "急|vip|老客户")
		want(t, "fields", fmt.Sprintln(x.Fields["fault_code"], x.Fields["safety"], x.Fields["region"]), "E5 true [east shanghai]\n")
		line, err := s.c.Timeline(ctx, x.ID, 0, "")
		must(t, err)
		want(t, "text", line.Items[1].Message.Text, "第一行\n第二行，含逗号, 和\"引号\"")
		want(t, "events", s.fired(x.ID, 0), "created message/customer")
		l, err = s.c.Tickets(ctx, client.Query{Filter: `subject == "洗衣机漏水"`})
		must(t, err)
		want(t, "money", fmt.Sprint(l.Items[0].Fields["refund_amount"]), "map[amount_minor:1250 currency:CNY]")

		again, err := s.csv(strings.Replace(table, "没有的类型", "咨询", 1), ticket.ImportOptions{Name: "旧系统"})
		must(t, err)
		want(t, "a second run takes in what is missing", fmt.Sprint(again.Created, again.Known, again.Failed), "1 3 3")
		want(t, "tickets", count(s), 4)

		t.Run("by a mapping", func(t *testing.T) {
			s := s.in(t)
			o := ticket.ImportOptions{Mapping: map[string]string{"what": "subject", "who": "requester_name", "no": "field:order_no"}}
			rep, err := s.csv("what,who,no,rest\na,b,JD1,z\n", o)
			must(t, err)
			want(t, "created", rep.Created, 1)
			l, err := s.c.Tickets(ctx, client.Query{Filter: `fields.order_no == "JD1"`})
			must(t, err)
			want(t, "found", len(l.Items), 1)
			for table, o := range map[string]ticket.ImportOptions{
				"":               {},
				"x,y\n1,2\n":     {},
				"what\na\n":      {Mapping: map[string]string{"what": "colour"}},
				"what,who\na,b":  {Mapping: map[string]string{"what": "field:nope"}},
				"what,other\na,": {Mapping: map[string]string{"what": "subject", "missing": "body"}},
			} {
				if _, err := s.csv(table, o); err == nil {
					t.Errorf("%q went through", table)
				}
			}
		})
		t.Run("odd tables", func(t *testing.T) {
			s := s.in(t)
			for _, table := range []string{"标题,客户\n\"没有结束,x\n", "标题,客户\n\"a\"b,c\n", "标题,客户\n\x00,\xff\n", "标题,客户\n" + strings.Repeat("长", 5000) + ",x\n", "标题,客户,渠道\na,b," + strings.Repeat("c", 9000) + "\n",
				"标题,客户,order_no\na,b," + strings.Repeat("单", 3000) + "\n"} {
				rep, err := s.csv(table, ticket.ImportOptions{})
				must(t, err)
				if rep.Created+rep.Failed != rep.Rows || rep.Rows == 0 {
					t.Errorf("%.40q: %+v", table, rep)
				}
			}
		})
	})
}
