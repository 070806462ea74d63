package understand_test

import (
	"slices"
	"testing"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/zhidantest"
)

// While the models of the first day are being made, tickets are read by the
// rules at once and by the models as soon as they are there.
func TestATicketBeforeItsModelsIsReadAgain(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		release, err := h.Mind.HoldBack(t.Context(), h.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		of := func(x made, field string) (d ticket.Decision) {
			i := slices.IndexFunc(x.Decisions, func(d ticket.Decision) bool { return d.Field == field })
			if i >= 0 {
				d = x.Decisions[i]
			}
			return d
		}
		fridge := open(t, h, "a@example.com", "你好，我家冰箱冷藏室突然不制冷了，里面的菜都坏了，麻烦今天安排师傅上门维修一下。")
		smoke := open(t, h, "b@example.com", "插座一直冒烟还有火花，家里有小孩，太吓人了，你们不管我就打12315。")
		subject := open(t, h, "c@example.com", "", "subject", "洗衣机坏了，请安排师傅上门维修")
		given := open(t, h, "d@example.com", "我家冰箱不制冷了，麻烦安排师傅上门维修一下。", "type", "praise")
		byHand := open(t, h, "e@example.com", "空调不制冷了，麻烦安排师傅上门维修一下。")
		if fridge.Type == "repair" || of(fridge, "type").Field != "" || smoke.Risk != 3 || smoke.Priority != "urgent" || fridge.Language == "" {
			t.Errorf("the rules alone: %+v, %+v", fridge, smoke)
		}
		if a := h.Call("PATCH", "/tickets/"+byHand.ID.String(), map[string]any{"type": "praise"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		release()
		h.Settle()
		again := func(x made) (y made) {
			h.Call("GET", "/tickets/"+x.ID.String(), nil).JSON(t, &y)
			return y
		}
		if x := again(fridge); x.Type != "repair" || of(x, "type").Model == "" || of(x, "type").Before == "repair" {
			t.Errorf("with models: %+v", x)
		}
		if x := again(subject); x.Type != "repair" || slices.ContainsFunc(of(x, "type").Evidence, func(e ticket.Evidence) bool { return e.In != "subject" }) {
			t.Errorf("a ticket with a subject alone: %+v", x)
		}
		if x := again(smoke); x.Risk != 3 || x.Priority != "urgent" || x.Type == "" {
			t.Errorf("with models: %+v", x)
		}
		for _, x := range []made{again(given), again(byHand)} {
			if x.Type != "praise" {
				t.Errorf("over what a person said: %+v", x)
			}
		}
	})
}
