package understand_test

import (
	"strings"
	"testing"

	"zhidan/internal/desk/ticket"
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
