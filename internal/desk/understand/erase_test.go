package understand_test

import (
	"context"
	"strings"
	"testing"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/llm/llmtest"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

func TestErasingACustomerErasesWhatModelsWrote(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x, y := open(t, h, "a@example.com", "冰箱不制冷"), open(t, h, "b@example.com", "空调漏水")
		for _, of := range []id.ID{x.ID, y.ID} {
			sql(t, h, `insert into understand_extra (tenant_id, ticket_id, kind, ref, data, at) values ($1, $2, 'summary', 0, '{"lines":["她住在文三路"]}', 0)`, h.Tenant, of)
		}
		list, err := h.Desk.Load(t.Context(), h.Tenant, []id.ID{x.ID})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Customers.Erase(t.Context(), h.Admin, list[0].Requester); err != nil {
			t.Fatal(err)
		}
		if e := extras(t, h, x.ID); len(e) != 0 {
			t.Errorf("left behind: %+v", e)
		}
		if e := extras(t, h, y.ID); len(e) != 1 {
			t.Errorf("of somebody else: %+v", e)
		}
	})
}

func TestALaterMessageIsRefinedToo(t *testing.T) {
	peer := llmtest.New(t)
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		peer.Answer(func(c llmtest.Call) llmtest.Script {
			switch asked(c) {
			case "classify":
				if strings.Contains(c.Prompt(), "发票抬头") {
					return say(M{"type": M{"value": code(c, "type", "建议"), "sure": "certain", "quotes": []string{"发票抬头"}}, "category": M{"value": "none", "sure": "unsure", "quotes": []string{}}})
				}
				return say(M{"type": M{"value": "none", "sure": "unsure", "quotes": []string{}}, "category": M{"value": "none", "sure": "unsure", "quotes": []string{}}})
			case "entities":
				return say(M{"entities": []M{}})
			case "summary":
				return say(M{"title": "x", "summary": []string{"y"}})
			}
			return llmtest.Say("ok")
		})
		configure(t, h, peer)
		_, x := vague(t, h)
		h.Settle()
		before := len(peer.Calls())
		r, err := h.Desk.PrepareContact(t.Context(), h.Tenant, ticket.Contact{Known: x.ID, NewTicket: ticket.NewTicket{Body: "我是王小芳，我说的是发票抬头那件事，13800138000", Channel: "chat"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, _, err := h.Desk.ReceiveIn(ctx, tx, h.Tenant, r)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		h.Settle()
		d := decision(again(t, h, x.ID), "type")
		if d.Value != "suggestion" || d.State != ticket.DecisionSuggested || len(d.Evidence) != 1 || d.Evidence[0].Text != "发票抬头" {
			t.Errorf("after the second message: %+v", d)
		}
		calls := peer.Calls()[before:]
		if len(calls) != 2 { // what it is and what it names; the summary stays
			t.Errorf("%d calls", len(calls))
		}
		for _, c := range calls {
			if s := string(c.Body); strings.Contains(s, "13800138000") {
				t.Errorf("a personal value left the house: %s", s)
			}
		}
	}, inside)
}
