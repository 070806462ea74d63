package understand_test

import (
	"slices"
	"testing"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

// What is shown beside a ticket is what is closest to it, within the reader's
// reach, without those that no longer stand for themselves.
func TestSimilarTicketsAreTheClosestInReach(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		texts := []string{"会员积分什么时候到账", "会员积分怎么抵扣运费", "会员积分到账了吗，查一下会员积分", "会员积分怎么转给家人", "冰箱不制冷，请上门维修"}
		var all []made
		for i, x := range texts {
			all = append(all, open(t, h, string(rune('a'+i))+"@example.com", x))
		}
		x := open(t, h, "x@example.com", "会员积分怎么才能转给家人")
		h.Settle()
		similar := func(headers ...string) (out []id.ID) {
			var u struct {
				Similar []struct {
					Ticket struct{ ID id.ID }
					Score  float64
				}
			}
			a := h.Call("GET", "/tickets/"+x.ID.String()+"/understanding", nil, headers...)
			if a.JSON(t, &u); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			for _, l := range u.Similar {
				if out = append(out, l.Ticket.ID); l.Score <= 0 || l.Score > 1 {
					t.Errorf("%+v", l)
				}
			}
			return out
		}
		if got := similar(); len(got) == 0 || got[0] != all[3].ID || slices.Contains(got, all[4].ID) || slices.Contains(got, x.ID) {
			t.Errorf("%v", got)
		}
		agent := h.User("agent@example.com", "客服", staff.Agent)
		for _, of := range []id.ID{x.ID, all[1].ID} {
			if a := h.Call("POST", "/tickets/"+of.String()+"/assign", map[string]any{"assignee_id": agent.ID}); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		if got := similar("Authorization", "Bearer "+h.TokenFor(agent)); slices.ContainsFunc(got, func(of id.ID) bool { return of != all[1].ID }) {
			t.Errorf("beyond the reader's reach: %v", got)
		}
		if a := h.Call("POST", "/tickets/"+all[3].ID.String()+"/status", map[string]any{"status": "cancelled", "reason": "spam"}); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if got := similar(); slices.Contains(got, all[3].ID) {
			t.Errorf("a ticket that was cancelled: %v", got)
		}
	})
}
