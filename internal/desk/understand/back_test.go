package understand_test

import (
	"testing"

	"zhidan/internal/zhidantest"
)

// A correction that is taken back leaves neither a line in the list of
// corrections nor an example for the next training.
func TestACorrectionTakenBackIsNotLearned(t *testing.T) {
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		x := open(t, h, "a@example.com", "冰箱冷藏室不制冷，面板一直报 E4")
		if x.Type != "repair" {
			t.Fatalf("%+v", x)
		}
		count := func(table string) (n int) {
			t.Helper()
			h.Settle()
			if err := h.DB.QueryRow(t.Context(), `select count(*) from `+table+` where tenant_id = $1 and ticket_id = $2`, int64(h.Tenant), x.ID).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		at := "/tickets/" + x.ID.String()
		for _, settle := range []bool{true, false} { // seen one after the other, and both at once
			h.Call("POST", at+"/type", map[string]any{"type": "complaint"})
			if settle {
				if a, b := count("understand_correction"), count("understand_example"); a != 1 || b != 1 {
					t.Errorf("a correction: %d lines, %d examples", a, b)
				}
			}
			if a := h.Call("POST", at+"/type?back=true", map[string]any{"type": "repair"}); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			if a, b := count("understand_correction"), count("understand_example"); a != 0 || b != 0 {
				t.Errorf("taken back: %d lines, %d examples", a, b)
			}
		}
	})
}
