package form_test

import (
	"testing"

	"zhidan/internal/desk/form"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
)

// A scene fills in only what there is, and nothing personal.
func TestScenes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		shipped := catalog(t, c).Scenes()
		if len(shipped) == 0 || shipped[0].Name.EN == "" || len(shipped[0].Checks) == 0 {
			t.Errorf("%+v", shipped)
		}
		good := form.Scene{Name: form.Name{ZH: "安装预约"}, Type: "repair", Priority: "high", Body: "商品已到货：", Checks: []string{" 收货时间 ", "", "楼层"},
			Fields: map[string]any{"warranty": "in", "product_model": ""}, Position: 9}
		for _, x := range []struct {
			name, field, code string
			change            func(*form.Scene)
		}{
			{"no name", "name", "required", func(s *form.Scene) { s.Name = form.Name{} }},
			{"no such type", "type", "unknown", func(s *form.Scene) { s.Type = "nothing" }},
			{"no such category", "category_id", "unknown", func(s *form.Scene) { s.Category = 7 }},
			{"no such priority", "priority", "choice", func(s *form.Scene) { s.Priority = "now" }},
			{"no such field", "fields.nothing", "unknown", func(s *form.Scene) { s.Fields = map[string]any{"nothing": "x"} }},
			{"a personal field", "fields.visit_address", "invalid", func(s *form.Scene) { s.Fields = map[string]any{"visit_address": "x"} }},
			{"files", "fields.proof", "invalid", func(s *form.Scene) { s.Fields = map[string]any{"proof": "x"} }},
			{"no such choice", "fields.warranty", "choice", func(s *form.Scene) { s.Fields = map[string]any{"warranty": "x"} }},
			{"too many points", "checks", "too_many", func(s *form.Scene) {
				for range 30 {
					s.Checks = append(s.Checks, "x")
				}
			}},
		} {
			s := good
			x.change(&s)
			_, err := c.SaveScene(bg, tenant, s)
			wantFault(t, x.name, err, x.field, x.code)
		}
		made, err := c.SaveScene(bg, tenant, good)
		if err != nil {
			t.Fatal(err)
		}
		list := catalog(t, c).Scenes()
		last := list[len(list)-1]
		if last.ID != made.ID || len(last.Checks) != 2 || last.Checks[0] != "收货时间" || len(last.Fields) != 1 || last.Fields["warranty"] != "in" || last.Version != 1 {
			t.Errorf("%+v", last)
		}
		made.Retired = true
		if made, err = c.SaveScene(bg, tenant, made); err != nil || made.Version != 2 {
			t.Errorf("%+v %v", made, err)
		}
		made.Version = 1
		if _, err := c.SaveScene(bg, tenant, made); fault.KindOf(err) != fault.Precondition {
			t.Errorf("an old version was taken: %v", err)
		}
		if _, err := c.SaveScene(bg, other, made); fault.KindOf(err) == 0 {
			t.Errorf("another company's scene was changed: %v", err)
		}
	})
}
