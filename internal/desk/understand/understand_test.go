package understand_test

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

type made struct {
	ID        id.ID             `json:"id"`
	Number    string            `json:"number"`
	Type      string            `json:"type"`
	Category  string            `json:"category_id"`
	Priority  string            `json:"priority"`
	Language  string            `json:"language"`
	Sentiment *int              `json:"sentiment"`
	Risk      int               `json:"risk"`
	Unsure    bool              `json:"to_classify"`
	Decisions []ticket.Decision `json:"decisions"`
}

func open(t *testing.T, h *zhidantest.House, email, body string, more ...string) (x made) {
	t.Helper()
	in := map[string]any{"body": body, "requester": map[string]any{"name": "W", "email": email}}
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i]] = more[i+1]
	}
	a := h.Call("POST", "/tickets", in)
	if a.Status != 201 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.JSON(t, &x)
	return x
}

func TestBornUnderstood(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x := open(t, h, "a@example.com", "你好，我家冰箱冷藏室突然不制冷了，里面的菜都坏了，麻烦今天安排师傅上门维修一下，电话13800138000。")
		if x.Type != "repair" || x.Language == "" || x.Sentiment == nil || !strings.HasPrefix(x.Number, "BX") {
			t.Errorf("born as %+v", x)
		}
		y := open(t, h, "b@example.com", "插座一直冒烟还有火花，家里有小孩，太吓人了，你们不管我就打12315。")
		if y.Risk != 3 || y.Priority != "urgent" {
			t.Errorf("born as %+v", y)
		}
		z := open(t, h, "c@example.com", "I would like to return the kettle I bought last week and get my money back, please.")
		if z.Type != "return" || !strings.HasPrefix(z.Language, "en") {
			t.Errorf("born as %+v", z)
		}
		// What the sender says is kept; a priority may only rise.
		p := open(t, h, "d@example.com", "插座一直冒烟还有火花", "type", "praise", "priority", "low")
		if p.Type != "praise" || p.Priority != "urgent" {
			t.Errorf("born as %+v", p)
		}
		q := open(t, h, "e@example.com", "请问你们周末上班吗？不急。", "priority", "urgent")
		if q.Priority != "urgent" {
			t.Errorf("lowered: %+v", q)
		}
		var u struct {
			Title    string
			Entities []struct{ Type, Value string }
		}
		h.Call("GET", "/tickets/"+x.ID.String()+"/understanding", nil).JSON(t, &u)
		found := ""
		for _, e := range u.Entities {
			found += e.Type + "=" + e.Value + " "
		}
		if !strings.Contains(found, "phone=+8613800138000") || u.Title == "" {
			t.Errorf("understood: %+v", u)
		}
	})
}

func TestACorrectionIsLearnedAtOnce(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		var list struct {
			Categories []struct {
				ID   string
				Name struct{ ZH string }
			}
		}
		h.Call("GET", "/config", nil).JSON(t, &list)
		invoice := ""
		for _, c := range list.Categories {
			if c.Name.ZH == "积分" {
				invoice = c.ID
			}
		}
		words := "会员日的小红花怎么没有到，我买了两台破壁机"
		x := open(t, h, "a@example.com", words)
		if x.Category == invoice {
			t.Fatalf("it knew before: %+v", x)
		}
		if a := h.Call("PATCH", "/tickets/"+x.ID.String(), map[string]any{"category_id": invoice}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		h.Settle()
		y := open(t, h, "b@example.com", "会员日的小红花还没有到账，我买了一台破壁机")
		ok := y.Category == invoice
		for _, d := range y.Decisions {
			ok = ok || d.Field == "category" && d.Value == invoice
		}
		if !ok {
			t.Errorf("the next similar one: %+v", y.Decisions)
		}
	})
}

func TestABurstBecomesAnIncident(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		noise := []string{"请问净水器滤芯多久换一次？", "发票抬头开错了，麻烦重开", "I would like to change my delivery address", "洗衣机脱水时声音很大", "电视遥控器没反应",
			"优惠券为什么不能用", "Where can I find the warranty card?", "扫地机器人连不上手机", "想预约空调移机", "积分什么时候到账", "油烟机不吸油了怎么办", "账号登录不上，收不到验证码",
			"订单一直没有发货", "电饭煲内胆涂层掉了", "Can I cancel my subscription?", "师傅服务态度很好，表扬一下"}
		for i, s := range noise {
			open(t, h, "n"+strconv.Itoa(i)+"@example.com", s)
			h.Clock.Advance(20 * time.Minute)
		}
		h.Settle()
		for i := range 30 {
			say := []string{"APP打不开了，一直显示系统维护中", "手机APP登录一直提示系统维护中，打不开", "你们的APP怎么打不开，显示系统维护", "APP从刚才起就打不开，提示系统维护中", "打开APP就显示系统维护中，什么时候好"}[i%5]
			open(t, h, "w"+strconv.Itoa(i)+"@example.com", say+"（"+strconv.Itoa(i)+"）")
			h.Clock.Advance(20 * time.Second)
			h.Settle()
		}
		type incident struct {
			ID, State, Title string
			Count            int
			Parent           *struct{ ID, Number string }
		}
		var list struct{ Items []incident }
		h.Call("GET", "/incidents?state=proposed", nil).JSON(t, &list)
		if len(list.Items) != 1 || list.Items[0].Count < 20 {
			t.Fatalf("proposed: %+v", list.Items)
		}
		// One click puts them under one parent, and one reply reaches all.
		var accepted struct {
			Incident incident
			Ticket   struct {
				ID         string
				ChildCount int `json:"child_count"`
			}
		}
		a := h.Call("POST", "/incidents/"+list.Items[0].ID+"/accept", map[string]any{"subject": "APP 打不开"})
		if a.JSON(t, &accepted); a.Status != 200 || accepted.Ticket.ChildCount < 20 {
			t.Fatalf("accepted: %d %s", a.Status, a.Body)
		}
		b := h.Call("POST", "/tickets/"+accepted.Ticket.ID+"/reply-children", map[string]any{"body": "已经修复，请重新打开试试。"})
		if b.Status != 202 {
			t.Fatalf("reply to all: %d %s", b.Status, b.Body)
		}
		h.Settle()
		var child struct {
			Items []struct {
				Last struct{ Excerpt string } `json:"last_message"`
			}
		}
		h.Call("GET", "/tickets?limit=100&filter="+url.QueryEscape(`parent == "`+accepted.Ticket.ID+`"`), nil).JSON(t, &child)
		if len(child.Items) != accepted.Ticket.ChildCount {
			t.Errorf("%d children listed, %d counted", len(child.Items), accepted.Ticket.ChildCount)
		}
		for _, c := range child.Items {
			if !strings.HasPrefix(c.Last.Excerpt, "已经修复") {
				t.Errorf("a child was not answered: %q", c.Last.Excerpt)
			}
		}
		// Whoever comes later joins by itself; the same words are no second incident.
		late := open(t, h, "late@example.com", "APP打不开，一直提示系统维护中")
		h.Settle()
		var one struct{ Parent *struct{ ID string } }
		h.Call("GET", "/tickets/"+late.ID.String(), nil).JSON(t, &one)
		if one.Parent == nil || one.Parent.ID != accepted.Ticket.ID {
			t.Errorf("the late one has parent %+v", one.Parent)
		}
		h.Call("GET", "/incidents", nil).JSON(t, &list)
		if len(list.Items) != 1 {
			t.Errorf("incidents: %+v", list.Items)
		}
	})
}

func TestANewCategoryWorksAfterTwentyExamples(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		a := h.Call("POST", "/config/categories", map[string]any{"name": map[string]string{"zh": "双旦活动", "en": "Winter promotion"}, "position": 99, "retired": false})
		var cat struct{ ID string }
		if a.JSON(t, &cat); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		say := []string{"满三千减五百的券领了没法用", "年末立减活动怎么参加", "活动页显示已抢光是真的吗", "晒单返现什么时候到", "双十二下单能补领跨年红包吗"}
		for i := range 20 {
			x := open(t, h, "c"+strconv.Itoa(i)+"@example.com", say[i%5]+"，第"+strconv.Itoa(i)+"次问")
			if a := h.Call("PATCH", "/tickets/"+x.ID.String(), map[string]any{"category_id": cat.ID}); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		h.Settle()
		right := 0
		for i, s := range []string{"跨年红包没有领到", "立减券用不了，满三千减五百那个", "晒单返现还没到账", "年末活动怎么报名参加"} {
			x := open(t, h, "d"+strconv.Itoa(i)+"@example.com", s)
			for _, d := range x.Decisions {
				if d.Field == "category" && d.Value == cat.ID {
					right++
				}
			}
		}
		if right < 3 {
			t.Errorf("%d of 4 are placed in the new category", right)
		}
	})
}

func TestTrainingOnClosedTickets(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		type run struct {
			ID, State, Error string
			Promoted         bool
			ModelID          string `json:"model_id"`
			Report           *struct {
				Accuracy  float64
				Confusion []struct {
					Actual, Predicted string
					N                 int
				}
			}
		}
		train := func() (r run) {
			t.Helper()
			a := h.Call("POST", "/understanding/runs", map[string]any{"field": "type"})
			if a.JSON(t, &r); a.Status != 202 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			h.Settle()
			h.Call("GET", "/understanding/runs/"+r.ID, nil).JSON(t, &r)
			return r
		}
		if r := train(); r.State != "failed" || r.Error == "" {
			t.Errorf("with nothing to learn from: %+v", r)
		}
		// A company that calls every question about moths a complaint.
		for i := range 60 {
			typ, say := "complaint", "衣柜里又有飞蛾，第"+strconv.Itoa(i)+"只"
			if i%2 == 0 {
				typ, say = "suggestion", "蜡烛要是能多一种味道就好了，比如"+strconv.Itoa(i)
			}
			x := open(t, h, "c"+strconv.Itoa(i)+"@example.com", say, "type", typ)
			if a := h.Call("POST", "/tickets/"+x.ID.String()+"/status", map[string]any{"status": "solved", "resolution": map[string]string{"code": "answered"}}); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		h.Settle()
		r := train()
		if r.State != "done" || r.Report == nil || r.ModelID == "" || !r.Promoted {
			t.Fatalf("%+v", r)
		}
		if x := open(t, h, "z@example.com", "衣柜里又有飞蛾，怎么还有这么多只"); len(x.Decisions) == 0 || x.Decisions[0].Value != "complaint" || x.Decisions[0].Confidence < .5 {
			t.Errorf("after the training: %+v", x.Decisions)
		}
		cell := r.Report.Confusion[0]
		var behind struct{ Items []ticket.Brief }
		h.Call("GET", "/understanding/runs/"+r.ID+"/cell?actual="+cell.Actual+"&predicted="+cell.Predicted, nil).JSON(t, &behind)
		if len(behind.Items) != cell.N {
			t.Errorf("%d tickets behind a cell of %d", len(behind.Items), cell.N)
		}
		var models struct{ Items []struct{ ID, State string } }
		h.Call("GET", "/understanding/models?field=type", nil).JSON(t, &models)
		if len(models.Items) != 1 || models.Items[0].State != "active" {
			t.Errorf("models: %+v", models.Items)
		}
	})
}

func TestFiguresFromRealCorrections(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		solve := func(x made) {
			t.Helper()
			if a := h.Call("POST", "/tickets/"+x.ID.String()+"/status", map[string]any{"status": "solved", "resolution": map[string]string{"code": "answered"}}); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		good := open(t, h, "a@example.com", "冰箱不制冷，请派师傅来修")
		bad := open(t, h, "b@example.com", "空调漏水，麻烦安排维修")
		if a := h.Call("POST", "/tickets/"+bad.ID.String()+"/decide", map[string]any{"field": "type", "verdict": "correct", "value": "suggestion"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		solve(good)
		solve(bad)
		h.Settle()
		type figures struct {
			Rows []struct {
				Key      string
				N, Right int
			}
		}
		var f figures
		h.Call("GET", "/understanding/accuracy?by=field&field=type", nil).JSON(t, &f)
		if len(f.Rows) != 1 || f.Rows[0].N != 2 || f.Rows[0].Right != 1 {
			t.Errorf("%+v", f)
		}
		var c struct {
			Items []struct {
				Ticket   ticket.Brief
				From, To string
			}
		}
		h.Call("GET", "/understanding/corrections", nil).JSON(t, &c)
		if len(c.Items) != 1 || c.Items[0].Ticket.ID != bad.ID || c.Items[0].From != "repair" || c.Items[0].To != "suggestion" {
			t.Errorf("%+v", c)
		}
		// Opened again and solved as the model said: counted once, and right.
		if a := h.Call("POST", "/tickets/"+bad.ID.String()+"/reopen", map[string]any{}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := h.Call("PATCH", "/tickets/"+bad.ID.String(), map[string]any{"type": "repair"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		solve(bad)
		h.Settle()
		h.Call("GET", "/understanding/accuracy?by=field&field=type", nil).JSON(t, &f)
		if len(f.Rows) != 1 || f.Rows[0].N != 2 || f.Rows[0].Right != 2 {
			t.Errorf("after the second solving: %+v", f)
		}
	})
}

func TestTwoMattersBecomeTwoTickets(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x := open(t, h, "a@example.com", "您好，我上周买的冰箱门封条松了，关不严，麻烦安排师傅来看看。另外，订单的发票抬头开错了，请重开一张公司抬头的。")
		var u struct {
			Matters []struct{ Title, Text string }
		}
		h.Call("GET", "/tickets/"+x.ID.String()+"/understanding", nil).JSON(t, &u)
		if len(u.Matters) != 2 {
			t.Fatalf("matters: %+v", u.Matters)
		}
		var out struct {
			Tickets []struct {
				Subject string
				Links   []struct{ Kind string }
			}
		}
		a := h.Call("POST", "/tickets/"+x.ID.String()+"/split-matters", map[string]any{"matters": []int{1, 0}})
		if a.JSON(t, &out); a.Status != 200 || len(out.Tickets) != 2 || len(out.Tickets[0].Links) != 1 || len(out.Tickets[1].Links) != 1 || !strings.Contains(out.Tickets[1].Subject, "发票") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}

func TestTheSameAgainIsOfferedBeforeItIsBorn(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x := open(t, h, "a@example.com", "空调外机噪音很大，晚上睡不着，请安排检查")
		open(t, h, "a@example.com", "请问发票什么时候寄出")
		a := h.Call("POST", "/tickets/check", map[string]any{"body": "还是那个空调外机噪音大的问题，晚上睡不着", "requester": map[string]any{"email": "a@example.com"}})
		var c struct {
			Duplicates []struct{ Ticket ticket.Brief }
		}
		if a.JSON(t, &c); a.Status != 200 || len(c.Duplicates) != 1 || c.Duplicates[0].Ticket.ID != x.ID {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}

func TestAMergedCategoryTakesItsHistoryAlong(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		category := func(zh string) string {
			t.Helper()
			var c struct{ ID string }
			if a := h.Call("POST", "/config/categories", map[string]any{"name": map[string]string{"zh": zh, "en": ""}, "position": 99, "retired": false}); a.Status != 201 {
				t.Fatalf("%d %s", a.Status, a.Body)
			} else {
				a.JSON(t, &c)
			}
			return c.ID
		}
		from, into := category("小红花活动"), category("会员活动")
		words := []string{"小红花没有到账", "小红花兑换不了礼品", "我的小红花少了三朵", "小红花什么时候过期"}
		var first made
		for i := range 12 {
			x := open(t, h, "c"+strconv.Itoa(i)+"@example.com", words[i%4]+"，第"+strconv.Itoa(i)+"次")
			h.Call("PATCH", "/tickets/"+x.ID.String(), map[string]any{"category_id": from})
			if i == 0 {
				first = x
			}
		}
		h.Settle()
		if a := h.Call("POST", "/config/categories/"+from+"/merge", map[string]any{"into": into}); a.Status != 202 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		h.Settle()
		var x made
		h.Call("GET", "/tickets/"+first.ID.String(), nil).JSON(t, &x)
		if x.Category != into {
			t.Errorf("an old ticket is in %s, not %s", x.Category, into)
		}
		y := open(t, h, "z@example.com", "小红花怎么不见了")
		ok := false
		for _, d := range y.Decisions {
			ok = ok || d.Field == "category" && d.Value == into
			if d.Value == from {
				t.Errorf("the retired category is still spoken of: %+v", d)
			}
		}
		if !ok {
			t.Errorf("what was learned did not come along: %+v", y.Decisions)
		}
		if a := h.Call("POST", "/config/categories/"+from+"/merge", map[string]any{"into": into}); a.Status != 409 {
			t.Errorf("merged twice: %d %s", a.Status, a.Body)
		}
	})
}

func TestABurstInASmallStore(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		for i := range 6 { // six who ask different things are no wave
			open(t, h, "n"+strconv.Itoa(i)+"@example.com", []string{"发票抬头开错了", "想退货", "洗衣机漏水", "积分没到账", "账号登录不上", "快递还没到"}[i])
		}
		h.Settle()
		var list struct{ Items []struct{ Count int } }
		h.Call("GET", "/incidents", nil).JSON(t, &list)
		if len(list.Items) != 0 {
			t.Errorf("out of nothing: %+v", list.Items)
		}
		for i := range 30 {
			open(t, h, "w"+strconv.Itoa(i)+"@example.com", []string{"APP打不开了，一直显示系统维护中", "我的APP打不开，显示系统维护中，怎么办"}[i%2])
			h.Clock.Advance(time.Second)
		}
		h.Settle()
		h.Call("GET", "/incidents", nil).JSON(t, &list)
		if len(list.Items) != 1 || list.Items[0].Count != 30 {
			t.Errorf("%+v", list.Items)
		}
	})
}

func TestABrokenModelRefusesNoTicket(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `insert into understand_model (tenant_id, field, id, state, position, examples, figures, data, note, created_by, created_at)
				values ($1, 'type', 1, 'active', 0, 0, '{}', $2, '', null, 0)`, h.Tenant, []byte("not a model"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if x := open(t, h, "a@example.com", "冰箱不制冷，请派师傅来修"); x.Type == "" || len(x.Decisions) != 0 {
			t.Errorf("born as %+v", x)
		}
	})
}

func TestAJudgedRiskDoesNotSilenceAGraverAlarm(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x := open(t, h, "a@example.com", "你们什么态度，垃圾服务，气死我了！")
		if a := h.Call("POST", "/tickets/"+x.ID.String()+"/decide", map[string]any{"field": "risk", "verdict": "correct", "value": "0"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		r, err := h.Desk.PrepareContact(t.Context(), h.Tenant, ticket.Contact{Known: x.ID, NewTicket: ticket.NewTicket{Body: "插座起火了，家里全是烟！", Channel: "chat"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, _, err := h.Desk.ReceiveIn(ctx, tx, h.Tenant, r)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var y made
		h.Call("GET", "/tickets/"+x.ID.String(), nil).JSON(t, &y)
		if y.Risk != 3 || y.Priority != "urgent" {
			t.Errorf("after the fire: %+v", y)
		}
	})
}
