package understand_test

import (
	"strconv"
	"testing"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/zhidantest"
)

type figures struct {
	Rows []struct {
		Key                           string
		N, Set, Right, Judged, Agreed int
		Accuracy, Kept, Uncertain     float64
	}
	Drift []struct {
		Field       string
		Now, Before float64
		Alarm       bool
	}
}

func accuracy(t *testing.T, h *zhidantest.House, query string) (f figures) {
	t.Helper()
	a := h.Call("GET", "/understanding/accuracy?"+query, nil)
	if a.JSON(t, &f); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return f
}

func solve(t *testing.T, h *zhidantest.House, x made) {
	t.Helper()
	if a := h.Call("POST", "/tickets/"+x.ID.String()+"/status", map[string]any{"status": "solved", "resolution": map[string]string{"code": "answered"}}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
}

func TestWhatNobodyHasJudgedIsNoProof(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		seen, unseen := open(t, h, "a@example.com", "冰箱不制冷，请派师傅来修"), open(t, h, "b@example.com", "空调漏水，麻烦安排维修")
		wrong := open(t, h, "c@example.com", "洗衣机坏了，请安排维修")
		for x, v := range map[*made]map[string]any{&seen: {"field": "type", "verdict": "accept"}, &wrong: {"field": "type", "verdict": "correct", "value": "praise"}} {
			if a := h.Call("POST", "/tickets/"+x.ID.String()+"/decide", v); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		for _, x := range []made{seen, unseen, wrong} {
			solve(t, h, x)
		}
		h.Settle()
		f := accuracy(t, h, "field=type")
		if len(f.Rows) != 1 {
			t.Fatalf("%+v", f)
		}
		if r := f.Rows[0]; r.N != 3 || r.Set != 3 || r.Right != 2 || r.Judged != 2 || r.Agreed != 1 || r.Accuracy != .5 || r.Kept != .667 {
			t.Errorf("%+v", r)
		}
		f = accuracy(t, h, "field=sentiment")
		if r := f.Rows[0]; r.N != 3 || r.Judged != 0 || r.Accuracy != 0 || r.Uncertain != 1 {
			t.Errorf("of a field that nobody looks at: %+v", r)
		}
	})
}

func TestASuggestionThatWasTakenIsNotCountedAsSet(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x, y := open(t, h, "a@example.com", "请问一下"), open(t, h, "b@example.com", "请问一下")
		// As a language model does: it names the value that it would replace.
		d := ticket.Decision{Field: "type", Value: "repair", Before: x.Type, State: ticket.DecisionSuggested, Confidence: .5, Model: "llm/peer/model"}
		if err := h.Desk.Decide(t.Context(), h.Tenant, x.ID, []ticket.Decision{d}); err != nil {
			t.Fatal(err)
		}
		// And one that sets a field that was empty.
		var c struct{ ID string }
		h.Call("POST", "/config/categories", map[string]any{"name": map[string]string{"zh": "小红花", "en": ""}, "position": 99, "retired": false}).JSON(t, &c)
		category := c.ID
		set := ticket.Decision{Field: "category", Value: category, State: ticket.DecisionSet, Confidence: .9, Model: "m"}
		if err := h.Desk.Decide(t.Context(), h.Tenant, y.ID, []ticket.Decision{set}); err != nil {
			t.Fatal(err)
		}
		for x, field := range map[*made]string{&x: "type", &y: "category"} {
			if a := h.Call("POST", "/tickets/"+x.ID.String()+"/decide", map[string]any{"field": field, "verdict": "accept"}); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		solve(t, h, x)
		solve(t, h, y)
		h.Settle()
		for _, r := range accuracy(t, h, "by=field").Rows {
			switch {
			case r.Key == "category" && (r.N != 1 || r.Set != 1 || r.Agreed != 1):
				t.Errorf("set on an empty field and accepted: %+v", r)
			case r.Key == "type" && r.Agreed != 1:
				t.Errorf("suggested and accepted: %+v", r)
			}
		}
	})
}

func TestFiguresFollowCategoriesThroughMerges(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		var made3 [3]string
		for i := range made3 {
			var c struct{ ID string }
			h.Call("POST", "/config/categories", map[string]any{"name": map[string]string{"zh": "类" + strconv.Itoa(i), "en": ""}, "position": 99, "retired": false}).JSON(t, &c)
			made3[i] = c.ID
		}
		x := open(t, h, "a@example.com", "请问一下")
		y := open(t, h, "b@example.com", "请问一下")
		for _, x := range []made{x, y} {
			d := ticket.Decision{Field: "category", Value: made3[0], State: ticket.DecisionSet, Confidence: .9, Model: "m"}
			if err := h.Desk.Decide(t.Context(), h.Tenant, x.ID, []ticket.Decision{d}); err != nil {
				t.Fatal(err)
			}
		}
		solve(t, h, x)
		h.Settle()
		// One after the other, before the first has moved its tickets.
		for i := range 2 {
			if a := h.Call("POST", "/config/categories/"+made3[i]+"/merge", map[string]any{"into": made3[i+1]}); a.Status != 202 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		h.Settle()
		solve(t, h, y)
		h.Settle()
		var now made
		h.Call("GET", "/tickets/"+x.ID.String(), nil).JSON(t, &now)
		if now.Category != made3[2] {
			t.Errorf("the ticket is in %s", now.Category)
		}
		f := accuracy(t, h, "field=category&by=category")
		if len(f.Rows) != 1 || f.Rows[0].Key != made3[2] || f.Rows[0].N != 2 || f.Rows[0].Right != 2 {
			t.Errorf("%+v, not two right ones of %s", f.Rows, made3[2])
		}
	})
}

func TestFiguresByRegion(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		solve(t, h, open(t, h, "a@example.com", "冰箱不制冷，请派师傅来修，地址是浙江省杭州市西湖区文三路478号"))
		south := open(t, h, "b@example.com", "空调漏水，麻烦安排维修", "type", "repair")
		if a := h.Call("PATCH", "/tickets/"+south.ID.String(), map[string]any{"fields": map[string]any{"region": []string{"south", "guangdong"}}}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		solve(t, h, south)
		solve(t, h, open(t, h, "c@example.com", "洗衣机坏了，请安排维修"))
		h.Settle()
		got := map[string]int{}
		for _, r := range accuracy(t, h, "field=risk&by=region").Rows {
			got[r.Key] += r.N
		}
		for _, r := range accuracy(t, h, "field=sentiment&by=region").Rows {
			got[r.Key] = r.N
		}
		if got["浙江省"] != 1 || got["south"] != 1 || got[""] != 1 {
			t.Errorf("%v", got)
		}
	})
}

func TestDriftDoesNotDependOnTheWeeksOnScreen(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		h.Clock.Advance(365 * 24 * time.Hour)
		monday := h.Clock.Now().Std().UTC()
		for monday.Weekday() != time.Monday {
			monday = monday.Add(-24 * time.Hour)
		}
		week := monday.Truncate(24 * time.Hour).UnixMilli()
		for i := range int64(8) {
			right := 95
			if i < 2 {
				right = 60
			}
			sql(t, h, `insert into understand_score (tenant_id, week, field, channel, language, category_id, tier, region, bin, n, applied, correct, judged, judged_correct, confidence)
				values ($1, $2, 'type', 'api', 'zh', 0, '', '', 9, 100, 100, $3, 0, 0, 95000000)`, h.Tenant, week-i*7*24*60*60*1000, right)
		}
		for _, weeks := range []string{"1", "8", "52"} {
			d := accuracy(t, h, "field=type&weeks="+weeks).Drift
			if len(d) != 1 || !d[0].Alarm || d[0].Now != .6 || d[0].Before != .95 {
				t.Errorf("with %s weeks: %+v", weeks, d)
			}
		}
	})
}
