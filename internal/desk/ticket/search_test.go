package ticket_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zhidan/client"
)

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		ids := map[string]string{}
		add := func(name, subject, body string, change ...func(*client.NewTicket)) client.Ticket {
			tk := s.open(body, append(change, func(n *client.NewTicket) { n.Subject = subject })...)
			ids[tk.ID] = name
			return tk
		}
		a := add("a", "冰箱冷藏室不制冷", "面板报 E5-0032，请尽快上门。Samsung fridge makes noise", func(n *client.NewTicket) {
			n.Requester = client.Requester{Name: "欧阳娜娜", Phone: "13912340001"}
			n.Fields, n.Tags = M{"order_no": "JD20261121"}, []string{"加急"}
		})
		b := add("b", "洗衣機漏水", "陽台地板濕了，no power at all", func(n *client.NewTicket) { n.Requester.Email = "wang@example.com" })
		add("c", "ＡＢＣ－１２３ 全角型号", "power cable is no longer attached")
		add("h", `<img src=x onerror=alert(1)> 敌意`, `<script>alert("敌意")</script> & 敌意`)
		s.Settle()
		for _, x := range []struct{ q, want string }{
			{"冷藏", "a"}, {"不制冷", "a"}, {"冰", "a"}, {"漏", "b"}, {"制冷 漏水", ""},
			{"sam", "a"}, {"SAMSUNG", "a"}, {"sa", "a"}, {"amsung", ""}, {"fridge noise", "a"},
			{"E5-0032", "a"}, {"e5-0032", "a"}, {"E50032", "a"}, {"E5 0032", "a"}, {"Ｅ５－００３２", "a"}, {"E5－0032", "a"}, {"0032", "a"},
			{"abc-123", "c"}, {"ABC123", "c"}, {"ａｂｃ", "c"},
			{"洗衣机", "b"}, {"洗衣機", "b"}, {"阳台", "b"}, {"冷藏室", "a"}, {"冰箱冷藏", "a"},
			{a.Number, "a"}, {strings.ToLower(b.Number), "b"},
			{"欧阳娜娜", "a"}, {"13912340001", "a"}, {"139 1234 0001", "a"}, {"wang@example.com", "b"},
			{"JD20261121", "a"}, {"加急", "a"},
			{`"no power"`, "b"}, {"“no power”", "b"}, {"no power", "bc"}, {`"power no"`, ""},
			{"power -cable", "b"}, {"冰箱 OR 洗衣机", "ab"}, {"没有这个词", ""}, {"-冰箱", ""},
		} {
			t.Run(x.q, func(t *testing.T) {
				l, err := s.c.Tickets(ctx, client.Query{Q: x.q})
				must(t, err)
				var got []string
				for _, tk := range l.Items {
					got = append(got, ids[tk.ID])
				}
				slices.Sort(got)
				want(t, "found", strings.Join(got, ""), x.want)
			})
		}
		t.Run("highlights are escaped", func(t *testing.T) {
			l, err := s.c.Tickets(ctx, client.Query{Q: "敌意"})
			must(t, err)
			h := l.Items[0].Highlight
			want(t, "subject", h.Subject, `&lt;img src=x onerror=alert(1)&gt; <mark>敌意</mark>`)
			want(t, "excerpt", h.Excerpt, `&lt;script&gt;alert(&#34;<mark>敌意</mark>&#34;)&lt;/script&gt; &amp; <mark>敌意</mark>`)
		})
		t.Run("with a condition", func(t *testing.T) {
			l, err := s.c.Tickets(ctx, client.Query{Q: "power", Filter: `subject.contains("型号")`})
			must(t, err)
			want(t, "found", len(l.Items), 1)
		})
		t.Run("what changes is found as it is now", func(t *testing.T) {
			s := s.in(t)
			found := func(q string) int {
				s.Settle()
				l, err := s.c.Tickets(ctx, client.Query{Q: q})
				must(t, err)
				return len(l.Items)
			}
			tk := s.open("旧说法")
			s.act(tk.ID, "subject", M{"subject": "新名字"})
			want(t, "new subject", found("新名字"), 1)
			m := s.say(tk.ID, "reply", "独角兽")
			want(t, "reply", found("独角兽"), 1)
			must(t, s.c.Withdraw(ctx, tk.ID, m.ID))
			want(t, "withdrawn", found("独角兽"), 0)
			into := s.open("别的")
			done := s.act(tk.ID, "merge", M{"into": into.ID})
			s.Settle()
			l, err := s.c.Tickets(ctx, client.Query{Q: "旧说法"})
			must(t, err)
			want(t, "merged", l.Items[0].ID, into.ID)
			s.takeBack(done.Undo.ID)
			want(t, "taken back", found("旧说法"), 1)
		})
		t.Run("all tickets of a phone number, page by page", func(t *testing.T) {
			s := s.in(t)
			for i := range 23 {
				s.open(fmt.Sprint("来电 ", i), func(n *client.NewTicket) { n.Requester = client.Requester{Phone: "13333330000"} })
			}
			s.Settle()
			for q, n := range map[string]int{"13333330000": 23, "来电": 23} {
				seen := map[string]int{}
				for _, x := range s.all(client.Query{Q: q, Limit: 5}, nil) {
					seen[x.ID]++
				}
				want(t, q, len(seen), n)
				for tid, times := range seen {
					want(t, tid, times, 1)
				}
			}
		})
	})
}
