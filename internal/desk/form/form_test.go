package form_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zhidan/internal/desk/form"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

var bg = context.Background()

const tenant, other id.ID = 5000001, 5000002

func seeded(t *testing.T, d *db.DB) *form.Cache {
	t.Helper()
	c := form.NewCache(form.Config{DB: d, IDs: id.NewSource(1, nil)})
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return c.Seed(ctx, tx, tenant) }); err != nil {
		t.Fatal(err)
	}
	return c
}

func catalog(t *testing.T, c *form.Cache) *form.Catalog {
	t.Helper()
	k, err := c.Get(bg, tenant)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestShippedSetUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		k := catalog(t, c)
		prefixes := map[string]string{}
		for _, x := range k.Types() {
			prefixes[x.Key] = x.Prefix
			if x.Name.ZH == "" || x.Name.EN == "" || x.ID == 0 {
				t.Errorf("type %s lacks a name or an id", x.Key)
			}
		}
		want := map[string]string{"enquiry": "ZX", "complaint": "TS", "repair": "BX", "return": "TH", "suggestion": "JY", "praise": "BY"}
		if !reflect.DeepEqual(prefixes, want) {
			t.Errorf("types %v", prefixes)
		}
		for _, list := range form.CodeLists {
			if len(k.Codes(list)) == 0 {
				t.Errorf("the list %s is empty", list)
			}
		}
		if !k.HasCode(form.HoldReasons, "part") || k.HasCode(form.HoldReasons, "repaired") {
			t.Error("codes are in the wrong lists")
		}
		seen := map[id.ID]bool{0: true}
		for _, x := range k.Categories() {
			if !seen[x.Parent] {
				t.Errorf("category %s comes before its parent", x.Name.EN)
			}
			seen[x.ID] = true
		}
		if len(seen) < 40 || len(k.Substatuses()) == 0 || len(k.Fields()) == 0 {
			t.Errorf("%d categories, %d sub-statuses, %d fields", len(seen)-1, len(k.Substatuses()), len(k.Fields()))
		}
		// Every shipped rule is one that the product itself accepts.
		for _, x := range k.Types() {
			if _, err := c.SaveType(bg, tenant, x); err != nil {
				t.Errorf("type %s: %v", x.Key, err)
			}
		}
		// Another tenant has nothing of it.
		if k, err := c.Get(bg, other); err != nil || len(k.Types())+len(k.Fields())+len(k.Categories()) != 0 {
			t.Errorf("the other tenant: %v", err)
		}
	})
}

// fields makes a type "visit" with a field of each kind.
func fields(t *testing.T, c *form.Cache, items ...form.Item) {
	t.Helper()
	options := []form.Option{
		{Key: "a", Name: form.Name{EN: "A"}, Children: []form.Option{{Key: "a1", Name: form.Name{EN: "A1"}}}},
		{Key: "b", Name: form.Name{EN: "B"}},
	}
	for _, kind := range []form.Kind{form.Text, form.Number, form.Money, form.Date, form.Choice, form.Cascade, form.Person, form.Attachment, form.Boolean} {
		f := form.Field{Key: "x_" + string(kind), Name: form.Name{EN: string(kind)}, Kind: kind}
		if kind == form.Choice || kind == form.Cascade {
			f.Options = options
		}
		if _, err := c.SaveField(bg, tenant, f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.SaveType(bg, tenant, form.Type{Key: "visit", Name: form.Name{EN: "Visit"}, Form: form.Form{Fields: items}}); err != nil {
		t.Fatal(err)
	}
}

func TestValuesAreOfTheirKind(t *testing.T) {
	c := seeded(t, dbtest.SQLite(t))
	fields(t, c)
	k := catalog(t, c)
	for _, x := range []struct {
		field string
		in    any
		want  any    // nil: no value
		code  string // of the fault
	}{
		{"x_text", "  ok\x00 ", "ok", ""},
		{"x_text", "", nil, ""},
		{"x_text", nil, nil, ""},
		{"x_text", 5.0, nil, "invalid"},
		{"x_text", strings.Repeat("字", 4000), strings.Repeat("字", 4000), ""},
		{"x_text", strings.Repeat("字", 4001), nil, "too_long"},
		{"x_number", 1.5, 1.5, ""},
		{"x_number", "1.5", nil, "invalid"},
		{"x_number", math.NaN(), nil, "invalid"},
		{"x_number", math.Inf(1), nil, "invalid"},
		{"x_money", map[string]any{"amount_minor": 12950.0, "currency": "CNY"}, map[string]any{"amount_minor": 12950.0, "currency": "CNY"}, ""},
		{"x_money", map[string]any{"amount_minor": 1.5, "currency": "CNY"}, nil, "invalid"},
		{"x_money", map[string]any{"amount_minor": 1.0, "currency": "yuan"}, nil, "invalid"},
		{"x_money", map[string]any{"amount_minor": 1.0}, nil, "invalid"},
		{"x_money", map[string]any{"amount_minor": 1.0, "currency": "CNY", "x": 1.0}, nil, "invalid"},
		{"x_money", 5.0, nil, "invalid"},
		{"x_date", "2026-02-28", "2026-02-28", ""},
		{"x_date", "2026-02-30", nil, "invalid"},
		{"x_date", "28.2.2026", nil, "invalid"},
		{"x_choice", "a", "a", ""},
		{"x_choice", "c", nil, "choice"},
		{"x_choice", []any{"a"}, nil, "invalid"},
		{"x_cascade", []any{"a", "a1"}, []any{"a", "a1"}, ""},
		{"x_cascade", []any{"b"}, []any{"b"}, ""},
		{"x_cascade", []any{"b", "a1"}, nil, "choice"},
		{"x_cascade", []any{}, nil, ""},
		{"x_cascade", []any{1.0}, nil, "invalid"},
		{"x_cascade", "a", nil, "invalid"},
		{"x_person", "77", "77", ""},
		{"x_person", "me", nil, "invalid"},
		{"x_attachment", []any{"1", "2"}, []any{"1", "2"}, ""},
		{"x_attachment", []any{"../1"}, nil, "invalid"},
		{"x_boolean", false, false, ""},
		{"x_boolean", "false", nil, "invalid"},
		{"nothing", "x", nil, "unknown"},
	} {
		name := fmt.Sprintf("%s = %.40v", x.field, x.in)
		got, err := k.Validate("visit", form.StageCreate, nil, map[string]any{x.field: x.in})
		if x.code != "" {
			wantFault(t, name, err, "fields."+x.field, x.code)
			continue
		}
		if err != nil || !reflect.DeepEqual(got[x.field], x.want) {
			t.Errorf("%s: got %#v, %v", name, got[x.field], err)
		}
		// What has been brought into its normal form stays as it is.
		if again, err := k.Validate("visit", form.StageUpdate, got, got); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: the second time %#v, %v", name, again, err)
		}
	}
}

func wantFault(t *testing.T, name string, err error, field, code string) {
	t.Helper()
	var list fault.List
	var one *fault.Error
	if errors.As(err, &list) && len(list) > 0 {
		one = list[0]
	} else if !errors.As(err, &one) {
		t.Errorf("%s: %v, want a fault", name, err)
		return
	}
	if one.Field != field || one.Code != code {
		t.Errorf("%s: fault %s in %q, want %s in %q", name, one.Code, one.Field, code, field)
	}
}

func TestEveryBadFieldIsNamed(t *testing.T) {
	c := seeded(t, dbtest.SQLite(t))
	fields(t, c)
	_, err := catalog(t, c).Validate("visit", form.StageCreate, nil, map[string]any{"x_date": "x", "x_number": "x", "zzz": 1.0, "x_text": "ok"})
	var list fault.List
	if !errors.As(err, &list) {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Field)
	}
	slices.Sort(names)
	if want := []string{"fields.x_date", "fields.x_number", "fields.zzz"}; !slices.Equal(names, want) {
		t.Errorf("named %v, want %v", names, want)
	}
}

func TestShowAndRequire(t *testing.T) {
	c := seeded(t, dbtest.SQLite(t))
	fields(t, c,
		form.Item{Field: "x_choice", On: "create", Require: "true"},
		form.Item{Field: "x_text", On: "always", Show: `fields.x_choice == "a"`, Require: `fields.x_choice == "a"`},
		form.Item{Field: "x_number", On: "solve", Require: `fields.x_boolean`})
	k := catalog(t, c)
	for name, x := range map[string]struct {
		stage     form.Stage
		old, next map[string]any
		want      map[string]any
		missing   string
	}{
		"missing":                    {form.StageCreate, nil, map[string]any{}, nil, "x_choice"},
		"shown and missing":          {form.StageCreate, nil, map[string]any{"x_choice": "a"}, nil, "x_text"},
		"shown":                      {form.StageCreate, nil, map[string]any{"x_choice": "a", "x_text": "t"}, map[string]any{"x_choice": "a", "x_text": "t"}, ""},
		"hidden is dropped":          {form.StageCreate, nil, map[string]any{"x_choice": "b", "x_text": "t"}, map[string]any{"x_choice": "b"}, ""},
		"hidden by a change":         {form.StageUpdate, map[string]any{"x_choice": "a", "x_text": "t"}, map[string]any{"x_choice": "b", "x_text": "t"}, map[string]any{"x_choice": "b"}, ""},
		"taken away":                 {form.StageUpdate, map[string]any{"x_choice": "a", "x_text": "t"}, map[string]any{"x_choice": "a", "x_text": nil}, nil, "x_text"},
		"solve not yet":              {form.StageUpdate, map[string]any{"x_boolean": true}, map[string]any{"x_boolean": true}, map[string]any{"x_boolean": true}, ""},
		"solve":                      {form.StageSolve, map[string]any{"x_boolean": true}, map[string]any{"x_boolean": true}, nil, "x_number"},
		"solve when it does not ask": {form.StageSolve, map[string]any{"x_boolean": false}, map[string]any{"x_boolean": false}, map[string]any{"x_boolean": false}, ""},
		"solve with the value":       {form.StageSolve, nil, map[string]any{"x_boolean": true, "x_number": 0.0}, map[string]any{"x_boolean": true, "x_number": 0.0}, ""},
	} {
		got, err := k.Validate("visit", x.stage, x.old, x.next)
		if x.missing != "" {
			wantFault(t, name, err, "fields."+x.missing, "required")
		} else if err != nil || !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestOldValuesStay(t *testing.T) {
	c := seeded(t, dbtest.SQLite(t))
	fields(t, c)
	f, _ := catalog(t, c).Field("x_choice")
	f.Options, f.Version = []form.Option{{Key: "b", Name: form.Name{EN: "B"}}}, 0
	if _, err := c.SaveField(bg, tenant, f); err != nil {
		t.Fatal(err)
	}
	g, _ := catalog(t, c).Field("x_text")
	g.Retired, g.Version = true, 0
	if _, err := c.SaveField(bg, tenant, g); err != nil {
		t.Fatal(err)
	}
	k := catalog(t, c)
	old := map[string]any{"x_choice": "a", "x_text": "old"}
	if got, err := k.Validate("visit", form.StageUpdate, old, old); err != nil || !reflect.DeepEqual(got, old) {
		t.Errorf("a value that was right once: %v %v", got, err)
	}
	_, err := k.Validate("visit", form.StageCreate, nil, map[string]any{"x_choice": "a"})
	wantFault(t, "an option that is gone", err, "fields.x_choice", "choice")
	_, err = k.Validate("visit", form.StageUpdate, old, map[string]any{"x_text": "new"})
	wantFault(t, "a retired field", err, "fields.x_text", "retired")
}

func TestChangesNeedTheLatestVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		made, err := c.SaveCategory(bg, tenant, form.Category{Name: form.Name{ZH: "新"}})
		if err != nil || made.Version != 1 {
			t.Fatalf("version %d, %v", made.Version, err)
		}
		first, second := made, made
		first.Name.ZH, second.Name.ZH = "甲", "乙"
		after, err := c.SaveCategory(bg, tenant, first)
		if err != nil || after.Version != 2 {
			t.Fatalf("version %d, %v", after.Version, err)
		}
		if _, err := c.SaveCategory(bg, tenant, second); fault.KindOf(err) != fault.Precondition {
			t.Errorf("a change of an old version: %v", err)
		}
		if got, _ := catalog(t, c).Category(made.ID); got.Name.ZH != "甲" || got.Version != 2 {
			t.Errorf("kept %+v", got)
		}
		after.Retired = true
		if _, err := c.SaveCategory(bg, tenant, after); err != nil {
			t.Errorf("the answer of a change does not serve for the next: %v", err)
		}
		if _, err := c.SaveCategory(bg, other, made); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a category of another tenant: %v", err)
		}
	})
}

func TestCategoryTree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		var path []form.Category
		parent := id.ID(0)
		for i := range 6 {
			k, err := c.SaveCategory(bg, tenant, form.Category{Parent: parent, Name: form.Name{EN: fmt.Sprint("level ", i)}})
			if err != nil {
				t.Fatal(err)
			}
			path, parent = append(path, k), k.ID
		}
		_, err := c.SaveCategory(bg, tenant, form.Category{Parent: parent, Name: form.Name{EN: "too deep"}})
		wantFault(t, "seventh level", err, "parent_id", "depth")
		top := path[0]
		for _, below := range path {
			top.Parent = below.ID
			_, err := c.SaveCategory(bg, tenant, top)
			wantFault(t, "circle", err, "parent_id", "circle")
		}
		second := path[1]
		second.Parent = 0
		if _, err := c.SaveCategory(bg, tenant, second); err != nil {
			t.Errorf("moving a branch to the top: %v", err)
		}
		third, _ := c.SaveCategory(bg, tenant, form.Category{Name: form.Name{EN: "with a long branch"}})
		if k, _ := catalog(t, c).Category(path[0].ID); k.ID != 0 {
			k.Parent = path[5].ID // six levels: level 1 … 5 and this one
			if _, err := c.SaveCategory(bg, tenant, k); err != nil {
				t.Errorf("six levels: %v", err)
			}
			third.Parent = k.ID
			_, err = c.SaveCategory(bg, tenant, third)
			wantFault(t, "a seventh by moving", err, "parent_id", "depth")
		}
		_, err = c.SaveCategory(bg, tenant, form.Category{Parent: 1, Name: form.Name{EN: "lost"}})
		wantFault(t, "no parent", err, "parent_id", "unknown")
	})
}

func TestRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		name := form.Name{ZH: "名"}
		field := func(f form.Field) error { _, err := c.SaveField(bg, tenant, f); return err }
		typ := func(x form.Type) error { _, err := c.SaveType(bg, tenant, x); return err }
		order, _ := catalog(t, c).Field("order_no")
		changed := order
		changed.Kind = form.Number
		for what, x := range map[string]struct {
			err         error
			field, code string
		}{
			"key":           {field(form.Field{Key: "Order No", Name: name, Kind: form.Text}), "key", "invalid"},
			"taken":         {field(form.Field{Key: "order_no", Name: name, Kind: form.Text}), "key", "taken"},
			"no name":       {field(form.Field{Key: "k", Kind: form.Text}), "name", "required"},
			"long name":     {field(form.Field{Key: "k", Name: form.Name{ZH: strings.Repeat("长", 101)}, Kind: form.Text}), "name", "too_long"},
			"kind":          {field(form.Field{Key: "k", Name: name, Kind: "colour"}), "kind", "choice"},
			"no options":    {field(form.Field{Key: "k", Name: name, Kind: form.Choice}), "options", "required"},
			"same option":   {field(form.Field{Key: "k", Name: name, Kind: form.Choice, Options: []form.Option{{Key: "a", Name: name}, {Key: "a", Name: name}}}), "options", "key"},
			"kind is fixed": {field(changed), "kind", "fixed"},
			"type field":    {typ(form.Type{Key: "t", Name: name, Form: form.Form{Fields: []form.Item{{Field: "nope", On: "always"}}}}), "form.fields[0].field", "unknown"},
			"type when":     {typ(form.Type{Key: "t", Name: name, Form: form.Form{Fields: []form.Item{{Field: "order_no", On: "never"}}}}), "form.fields[0].on", "choice"},
			"prefix":        {typ(form.Type{Key: "t", Name: name, Prefix: "B-X"}), "prefix", "invalid"},
			"type taken":    {typ(form.Type{Key: "repair", Name: name}), "key", "taken"},
		} {
			wantFault(t, what, x.err, x.field, x.code)
		}
		err := typ(form.Type{Key: "t", Name: name, Form: form.Form{Fields: []form.Item{{Field: "order_no", On: "always", Require: "1 +"}}}})
		var f *fault.Error
		if !errors.As(err, &f) || f.Field != "form.fields[0].require" {
			t.Errorf("a rule that makes no sense: %v", err)
		}
	})
}

func TestTheCacheSeesChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		told := 0
		c := seeded(t, d)
		c.Changed = func(context.Context, id.ID) { told++ }
		before := catalog(t, c)
		if catalog(t, c) != before {
			t.Error("read again though nothing changed")
		}
		code, err := c.SaveCode(bg, tenant, form.Code{List: form.Causes, Key: "moon", Name: form.Name{EN: "The moon"}})
		if err != nil {
			t.Fatal(err)
		}
		after := catalog(t, c)
		if !after.HasCode(form.Causes, "moon") || after.Version() <= before.Version() || before.HasCode(form.Causes, "moon") || told != 1 {
			t.Errorf("versions %d and %d, told %d times", before.Version(), after.Version(), told)
		}
		code.Retired = true
		if _, err := c.SaveCode(bg, tenant, code); err != nil {
			t.Fatal(err)
		}
		if catalog(t, c).HasCode(form.Causes, "moon") || len(catalog(t, c).Codes(form.Causes)) != len(after.Codes(form.Causes)) {
			t.Error("a retired code can still be chosen, or is not listed any more")
		}
	})
}

// An order is one change; a category moves with all below it, and not below
// itself.
func TestArrange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		top := func() (out []form.Category) {
			for _, k := range catalog(t, c).Categories() {
				if k.Parent == 0 {
					out = append(out, k)
				}
			}
			return out
		}
		before := top()
		ids := []id.ID{before[2].ID, before[0].ID, before[1].ID}
		if err := c.Arrange(bg, tenant, form.Order{Kind: "category", IDs: ids}); err != nil {
			t.Fatal(err)
		}
		if now := top(); now[0].ID != ids[0] || now[1].ID != ids[1] || now[2].ID != ids[2] {
			t.Errorf("%v", now[:3])
		}
		// Below another one, and back.
		if err := c.Arrange(bg, tenant, form.Order{Kind: "category", Parent: ids[0], IDs: []id.ID{ids[1]}}); err != nil {
			t.Fatal(err)
		}
		if k, _ := catalog(t, c).Category(ids[1]); k.Parent != ids[0] {
			t.Errorf("moved to %s", k.Parent)
		}
		for name, o := range map[string]form.Order{
			"below itself":   {Kind: "category", Parent: ids[1], IDs: []id.ID{ids[0]}},
			"twice":          {Kind: "category", IDs: []id.ID{ids[0], ids[0]}},
			"unknown":        {Kind: "type", IDs: []id.ID{5}},
			"a type below":   {Kind: "type", Parent: ids[0], IDs: []id.ID{catalog(t, c).Types()[0].ID}},
			"another kind":   {Kind: "rules", IDs: []id.ID{ids[0]}},
			"unknown parent": {Kind: "category", Parent: 7, IDs: []id.ID{ids[0]}},
		} {
			if err := c.Arrange(bg, tenant, o); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := seeded(t, d)
		r := catalog(t, c).Rules()
		if !reflect.DeepEqual(r, form.ShippedRules()) {
			t.Fatalf("%+v", r)
		}
		r.NumberPattern, r.AutoCloseHours = "GD-{yyyy}-{seq:6}", 0
		r.Demands = []form.Demand{{Status: "solved", Fields: []string{"category", "resolution.cause", "fields.order_no"}}}
		saved, err := c.SaveRules(bg, tenant, r)
		if err != nil || saved.Version != 1 {
			t.Fatal(saved, err)
		}
		if now := catalog(t, c); now.Rules().NumberPattern != r.NumberPattern || len(now.Demands("solved")) != 3 || now.Demands("closed") != nil {
			t.Errorf("%+v", now.Rules())
		}
		saved.ReopenDays = 3
		if saved, err = c.SaveRules(bg, tenant, saved); err != nil || saved.Version != 2 {
			t.Fatal(saved, err)
		}
		stale := saved
		stale.Version = 1
		if _, err := c.SaveRules(bg, tenant, stale); fault.KindOf(err) != fault.Precondition {
			t.Errorf("stale: %v", err)
		}
		for name, change := range map[string]func(*form.Rules){
			"no count":      func(r *form.Rules) { r.NumberPattern = "GD-{yyyy}" },
			"two counts":    func(r *form.Rules) { r.NumberPattern = "{seq}{seq}" },
			"unknown part":  func(r *form.Rules) { r.NumberPattern = "{hour}{seq}" },
			"a blank":       func(r *form.Rules) { r.NumberPattern = "A {seq}" },
			"status twice":  func(r *form.Rules) { r.Demands = append(r.Demands, r.Demands[0]) },
			"of new":        func(r *form.Rules) { r.Demands = []form.Demand{{Status: "new", Fields: []string{"category"}}} },
			"unknown field": func(r *form.Rules) { r.Demands = []form.Demand{{Status: "closed", Fields: []string{"fields.nothing"}}} },
			"of the ticket": func(r *form.Rules) { r.Demands = []form.Demand{{Status: "closed", Fields: []string{"subject"}}} },
			"result on hold": func(r *form.Rules) {
				r.Demands = []form.Demand{{Status: "on_hold", Fields: []string{"resolution.cause"}}}
			},
		} {
			x := catalog(t, c).Rules()
			x.Version = 0
			change(&x)
			if _, err := c.SaveRules(bg, tenant, x); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
