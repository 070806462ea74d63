package expr

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/cel"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func TestAbsentValues(t *testing.T) {
	s := testSchema(t)
	empty := MapRow(nil) // every field absent
	for text, want := range map[string]bool{
		`subject == ""`:                           true,
		`subject == null`:                         true,
		`subject != "x"`:                          true,
		`subject < "a"`:                           true,
		`subject.startsWith("")`:                  true,
		`size(subject) == 0`:                      true,
		`assignee == ""`:                          true,
		`assignee == null`:                        true,
		`assignee != me()`:                        true,
		`assignee == team`:                        true,
		`assignee in ["", "7"]`:                   true,
		`!(assignee in ["7"])`:                    true,
		`kind == ""`:                              true,
		`kind != "open"`:                          true,
		`urgent`:                                  false,
		`!urgent`:                                 true,
		`urgent == false`:                         true,
		`due_at == null`:                          true,
		`due_at < now()`:                          false,
		`due_at >= now()`:                         false,
		`!(due_at < now())`:                       true,
		`due_at != now()`:                         true,
		`due_at == closed_at`:                     true,
		`due_at + duration("1h") == null`:         true,
		`now() - due_at < duration("1h")`:         false,
		`fields.amount == 0`:                      false,
		`fields.amount <= 0`:                      false,
		`fields.amount + 1 == null`:               true,
		`fields.amount in [0, 1]`:                 false,
		`fields.amount in [0, null]`:              true,
		`has(fields.amount)`:                      false,
		`has(fields.order_no)`:                    false,
		`"x" in tags`:                             false,
		`size(tags) == 0`:                         true,
		`tags.exists(t, true)`:                    false,
		`tags.all(t, false)`:                      true,
		`(urgent ? fields.amount : 1) == 1`:       true,
		`count == null && !(count > 0)`:           true,
		`nobody() == ""`:                          true,
		`nobody() == assignee`:                    true,
		`fields["order_no"] == fields.order_no`:   true,
		`memory == "" && memory.endsWith(memory)`: true,
	} {
		p, err := s.Check(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.Eval(empty, testBinds()); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestRefused(t *testing.T) {
	s := testSchema(t)
	for text, want := range map[string]string{
		``:                                       "filter.empty",
		"  \n":                                   "filter.empty",
		`status ==`:                              "filter.syntax",
		`status = "open"`:                        "filter.syntax",
		`"open`:                                  "filter.syntax",
		`a b`:                                    "filter.syntax",
		"\xff":                                   "filter.encoding",
		"a\x00":                                  "filter.encoding",
		`subject == "\x00"`:                      "filter.encoding",
		`asignee == me()`:                        "filter.unknown",
		`fields.nope == "x"`:                     "filter.unknown",
		`fields == "x"`:                          "filter.unknown",
		`ticket.status == "open"`:                "filter.unknown",
		`now == now()`:                           "filter.unknown",
		`tenant() == "1"`:                        "filter.unknown",
		`subject.matches("(a+)+$")`:              "filter.unknown",
		`exec("rm")`:                             "filter.unknown",
		`subject.lowerAscii() == "x"`:            "filter.unknown",
		`status == "opne"`:                       "filter.value",
		`status in ["open", "opne"]`:             "filter.value",
		`assignee == "me"`:                       "filter.value",
		`assignee == "007"`:                      "filter.value",
		`subject`:                                "filter.type",
		`1 + 1`:                                  "filter.type",
		`null`:                                   "filter.type",
		`null == null`:                           "filter.type",
		`subject == 1`:                           "filter.type",
		`subject && urgent`:                      "filter.type",
		`!subject`:                               "filter.type",
		`urgent == null`:                         "filter.type",
		`urgent < true`:                          "filter.type",
		`status < "open"`:                        "filter.type",
		`assignee > "7"`:                         "filter.type",
		`status == kind`:                         "filter.type",
		`status == subject`:                      "filter.type",
		`assignee == subject`:                    "filter.type",
		`due_at == "2026-01-01T00:00:00Z"`:       "filter.type",
		`due_at + due_at == due_at`:              "filter.type",
		`due_at < null`:                          "filter.type",
		`duration("1h") - now() == due_at`:       "filter.type",
		`-subject == ""`:                         "filter.type",
		`tags == ["a"]`:                          "filter.type",
		`tags == tags`:                           "filter.type",
		`1 in tags`:                              "filter.type",
		`"a" in subject`:                         "filter.type",
		`subject in [1]`:                         "filter.type",
		`[1, 2] == [1, 2]`:                       "filter.type",
		`me("x") == assignee`:                    "filter.type",
		`timestamp(subject) == due_at`:           "filter.type",
		`timestamp("yesterday") == due_at`:       "filter.range",
		`duration("7d") > duration("1h")`:        "filter.range",
		`duration("1ns") > duration("1h")`:       "filter.range",
		`fields.amount > 1e308`:                  "filter.range",
		`has(subject)`:                           "filter.type",
		`size(count) > 1`:                        "filter.type",
		`size() > 1`:                             "filter.type",
		`subject.contains() `:                    "filter.type",
		`tags.exists(t, t)`:                      "filter.type",
		`tags.exists(t, tags.exists(u, u == t))`: "filter.unsupported",
		`tags.exists(subject, true)`:             "filter.type",
		`my_tags().exists(t, t == "a")`:          "filter.type",
		`tags[0] == "a"`:                         "filter.unsupported",
		`fields[subject] == "a"`:                 "filter.unsupported",
		`count * 2 == 4`:                         "filter.unsupported",
		`count / 0 == 4`:                         "filter.unsupported",
		`count % 2 == 0`:                         "filter.unsupported",
		`{"a": 1} == {"a": 1}`:                   "filter.unsupported",
		`b"x" == b"x"`:                           "filter.unsupported",
		`5u == 5u`:                               "filter.unsupported",
		`subject.size.x == 1`:                    "filter.unsupported",
		strings.Repeat("a", MaxLen+1):            "filter.too_long",
		strings.Repeat("!(", 40) + "urgent" + strings.Repeat(")", 40): "filter.too_deep",
		strings.Repeat("urgent || ", 350) + "urgent":                  "filter.too_large",
		`count in [` + strings.Repeat("1,", MaxList) + `1]`:           "filter.too_large",
	} {
		_, err := s.Check(text)
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Errorf("%.60s: no fault but %v", text, err)
			continue
		}
		if f.Code != want || f.Field != "filter" || f.Kind != fault.Invalid {
			t.Errorf("%.60s: %v, want %s", text, f, want)
		}
	}
}

func TestPositionAndHint(t *testing.T) {
	_, err := testSchema(t).Check("status == \"open\" &&\n  \"退\" == asignee")
	var f *fault.Error
	if !errors.As(err, &f) || f.Params["line"] != "2" || f.Params["column"] != "10" || !strings.Contains(f.Message, "did you mean assignee?") {
		t.Errorf("got %#v", err)
	}
	_, err = testSchema(t).Check("urgent && (subject == \"x\"")
	if !errors.As(err, &f) || f.Params["line"] != "1" || f.Params["column"] == "" {
		t.Errorf("got %#v", err)
	}
	t.Log(f.Message)
}

// Text of the user is never part of the SQL, on no engine.
func TestInjection(t *testing.T) {
	s := testSchema(t)
	evil := []string{`'; drop table x_row; --`, `' or '1'='1`, `\' or 1=1 --`, `"`, `$1`, `$99`, `?`, `{me}`, `%`, `/*`, "a\nb", `\x27`, "\uff07 or 1=1", "\u2028"}
	r := rand.New(rand.NewPCG(3, 4))
	var rows []map[string]any
	for _, e := range evil {
		m := testRow(r)
		m["subject"], m["tags"], m["fields.order_no"] = e, []string{e}, e
		rows = append(rows, m)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		createRows(t, d, rows)
		for i, e := range evil {
			q := strconv.Quote(e)
			for _, text := range []string{"subject == " + q, "subject in [" + q + "]", q + " in tags", "subject.contains(" + q + ") && size(subject) == size(" + q + ")",
				"fields.order_no == " + q, "tags.exists(t, t == " + q + ")", "!(subject != " + q + ")",
				"subject.startsWith(" + q + ") && subject.endsWith(" + q + ") && subject <= " + q} {
				p, err := s.Check(text)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				where, args, err := p.SQL(d.Engine(), 2, testBinds())
				if err != nil {
					t.Fatal(err)
				}
				if strings.ContainsAny(where, ";\\\n%?") || strings.Contains(where, "--") || strings.Contains(where, "drop") {
					t.Errorf("%s is in the SQL: %s", text, where)
				}
				got, err := ids(d.Query(context.Background(), `select t.id from x_row t where t.tenant_id = $1 and `+where, append([]any{int64(1)}, args...)...))
				if err != nil || !slices.Equal(got, []int64{int64(i)}) {
					t.Errorf("%s found %v, %v; want row %d alone", text, got, err, i)
				}
			}
		}
	})
}

// A text that CEL itself accepts means the same as in CEL, on rows without
// absent values.
func TestSameAsCEL(t *testing.T) {
	env, err := cel.NewEnv(
		cel.CrossTypeNumericComparisons(true),
		cel.Variable("subject", cel.StringType), cel.Variable("code", cel.StringType), cel.Variable("status", cel.StringType), cel.Variable("kind", cel.StringType),
		cel.Variable("assignee", cel.StringType), cel.Variable("team", cel.StringType), cel.Variable("requester", cel.StringType),
		cel.Variable("count", cel.IntType), cel.Variable("weight", cel.IntType),
		cel.Variable("due_at", cel.TimestampType), cel.Variable("created_at", cel.TimestampType), cel.Variable("closed_at", cel.TimestampType),
		cel.Variable("urgent", cel.BoolType), cel.Variable("spam", cel.BoolType), cel.Variable("mine", cel.BoolType),
		cel.Variable("tags", cel.ListType(cel.StringType)), cel.Variable("watchers", cel.ListType(cel.StringType)),
		cel.Variable("fields", cel.MapType(cel.StringType, cel.DynType)),
	)
	if err != nil {
		t.Fatal(err)
	}
	s, binds := testSchema(t), testBinds()
	r := rand.New(rand.NewPCG(5, 6))
	g := &gen{r: r}
	names := map[int64]string{}
	for n, c := range testCodes {
		names[c] = n
	}
	compared, both := 0, 0
	for range 3000 {
		text := g.bool(1 + r.IntN(3))
		tree, issues := env.Compile(text)
		if issues.Err() != nil {
			continue // bound functions, mixed numbers, null: ours alone
		}
		prg, err := env.Program(tree)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Check(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		both++
		for range 5 {
			var row map[string]any
			for { // one without absent values
				row = testRow(r)
				full := true
				for _, v := range row {
					full = full && v != nil
				}
				row["count"], row["weight"] = int64(r.IntN(5)), int64(r.IntN(5)) // arithmetic on large numbers is ours
				row["fields.amount"], row["fields.cost"] = float64(r.IntN(9))/4, float64(r.IntN(9))/4
				row["fields.order_no"] = pick(r, testStrings[1:])
				if full {
					break
				}
			}
			vars := map[string]any{}
			fields := map[string]any{}
			for k, v := range row {
				switch x := v.(type) {
				case id.ID:
					v = x.String()
				case clock.Time:
					v = x.Std()
				case []id.ID:
					list := []string{}
					for _, i := range x {
						list = append(list, i.String())
					}
					v = list
				case int64:
					if k == "status" || k == "kind" {
						v = names[x]
					}
				}
				if key, ok := strings.CutPrefix(k, "fields."); ok {
					if v != "" { // "" is absent
						fields[key] = v
					}
				}
				vars[k] = v
			}
			vars["fields"] = fields
			want, _, err := prg.Eval(vars)
			if err != nil {
				continue // no such key, time out of range
			}
			got, err := p.Eval(MapRow(row), binds)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			compared++
			if got != want.Value() {
				t.Errorf("%s is %v, in CEL %v\n%v", text, got, want, row)
			}
		}
	}
	t.Logf("%d texts accepted by both, %d evaluations compared", both, compared)
	if both < 1000 || compared < 4000 {
		t.Errorf("only %d texts and %d evaluations were compared", both, compared)
	}
}

func TestEvalValue(t *testing.T) {
	s := testSchema(t)
	row := MapRow(map[string]any{"subject": "退款", "status": "open", "assignee": id.ID(7), "due_at": testNow, "fields.amount": 2.5, "tags": []string{"a"}, "watchers": []id.ID{9}})
	for text, want := range map[string]any{
		`subject`:                             "退款",
		`status`:                              "open",
		`kind`:                                "",
		`assignee`:                            id.ID(7),
		`team`:                                id.ID(0),
		`due_at - duration("1h")`:             testNow.Add(-time.Hour),
		`closed_at`:                           nil,
		`due_at - (due_at - duration("1m")) `: time.Minute,
		`fields.amount + 1`:                   3.5,
		`size(subject)`:                       int64(2),
		`urgent ? 1 : 2.5`:                    2.5,
		`tags`:                                []string{"a"},
		`watchers`:                            []id.ID{9},
		`status == "open"`:                    true,
	} {
		p, err := s.CheckValue(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.EvalValue(row, testBinds()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, %v; want %#v", text, got, err, want)
		}
	}
}

func TestCallerMistakesAreErrors(t *testing.T) {
	s := testSchema(t)
	for text, row := range map[string]map[string]any{
		`subject == "x"`:      {"subject": 5},
		`urgent`:              {"urgent": "yes"},
		`count == 1`:          {"count": "1"},
		`assignee == "7"`:     {"assignee": "seven"},
		`status == "open"`:    {"status": "opne"},
		`"a" in tags`:         {"tags": "a"},
		`fields.amount > 1`:   {"fields.amount": math.NaN()},
		`due_at < created_at`: {"due_at": id.ID(5), "created_at": testNow},
	} {
		p, err := s.Check(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Eval(MapRow(row), testBinds()); err == nil {
			t.Errorf("%s on %v: no error", text, row)
		}
	}
	p, _ := s.Check(`assignee == me() && mine`)
	if _, err := p.Eval(MapRow(nil), nil); err == nil {
		t.Error("me() without a value: no error in memory")
	}
	if _, _, err := p.SQL(db.SQLite, 1, nil); err == nil {
		t.Error("me() without a value: no error in SQL")
	}
	p, _ = s.Check(`memory == "x"`)
	if _, _, err := p.SQL(db.SQLite, 1, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a field without column in SQL: %v", err)
	}
}

func TestFormat(t *testing.T) {
	s := testSchema(t)
	for text, want := range map[string]string{
		`status=='open'&&(urgent)`:            `status == "open" && urgent`,
		"a  ||\n b":                           `a || b`,
		`(a && b) || c`:                       `a && b || c`,
		`a && (b || c)`:                       `a && (b || c)`,
		`status   in ['open' ,"hold"]`:        `status in ["open", "hold"]`,
		`fields['order_no']==r"退\款"`:          `fields["order_no"] == "退\\款"`,
		`!(a)`:                                `!a`,
		`tags.exists( t,t=='vip' )`:           `tags.exists(t, t == "vip")`,
		`has( fields.x )? a:b`:                `has(fields.x) ? a : b`,
		`due_at<now()+duration('4h') // soon`: `due_at < now() + duration("4h")`,
	} {
		got, err := s.Format(text)
		if err != nil || got != want {
			t.Errorf("Format(%s) = %s, %v; want %s", text, got, err, want)
		}
	}
	if long := strings.TrimSuffix(strings.Repeat("urgent || ", 100), " || "); true {
		if got, _ := s.Format(long); got != long {
			t.Errorf("a long text is broken into lines: %q", got)
		}
	}
}

func TestFieldsAndIndexed(t *testing.T) {
	s := testSchema(t)
	p, err := s.Check(`status in ["open", "new"] && (assignee == me() && "vip" in tags) && (urgent || due_at > now()) && due_at < now() + duration("1h") && now() > due_at && subject.startsWith("退") && count > 1 && !(assignee == "9")`)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Fields(); !slices.Equal(got, []string{"assignee", "count", "due_at", "status", "subject", "tags", "urgent"}) {
		t.Errorf("fields %v", got)
	}
	type line struct {
		field, op string
		values    []any
	}
	var got []line
	for _, c := range p.Indexed() {
		v, err := c.Values(testBinds())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line{c.Field, c.Op, v})
	}
	want := []line{
		{"status", "in", []any{int64(1), int64(2)}}, {"assignee", "==", []any{int64(7)}}, {"tags", "contains", []any{"vip"}},
		{"due_at", "<", []any{int64(testNow) + 3600_000}}, {"due_at", "<", []any{int64(testNow)}}, {"subject", "startsWith", []any{"退"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("indexed\n%v\nwant\n%v", got, want)
	}
	p, _ = s.Check(`assignee == me() || urgent`)
	if c := p.Indexed(); len(c) != 0 {
		t.Errorf("an alternative is not answerable by one index: %v", c)
	}
}

// The SQL of the shipped kinds of views stays plain enough for an index.
func TestSQLIsPlain(t *testing.T) {
	s := testSchema(t)
	for text, want := range map[string]string{
		`status == "open"`:                   `(t.status) = ($1)`,
		`assignee == me() && due_at < now()`: `((t.assignee) = ($1) and (t.due_at) < ($2))`,
		`assignee == ""`:                     `(t.assignee) is null`,
		`team == "3"`:                        `t.team = ($1)`,
		`status in ["open", "new"]`:          `(t.status) in ($1, $2)`,
		`"vip" in tags`:                      `exists (select 1 from x_tag g where g.tenant_id = t.tenant_id and g.row_id = t.id and (g.tag = $1))`,
		`subject == "x"`:                     `t.subject = $1`,
		`me() == "7" && urgent`:              `(t.urgent)`,
		`me() == "8" && urgent`:              `false`,
		`team in my_teams() || me() == "8"`:  `((nullif(t.team, 0)) in ($1, $2, $3))`,
		`!(due_at < now())`:                  `not (coalesce((t.due_at) < ($1), false))`,
		`code == "x"`:                        `t.code = $1`,
	} {
		p, err := s.Check(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := p.SQL(db.SQLite, 1, testBinds()); err != nil || got != want {
			t.Errorf("%s\n got %s %v\nwant %s", text, got, err, want)
		}
	}
}

func TestPrograms(t *testing.T) {
	s := testSchema(t)
	a, _ := s.Check(`status == "open"`)
	b, _ := s.Check(`status == "open"`)
	if a != b {
		t.Error("the same text was checked twice")
	}
	for i := range 3 * maxCache {
		if _, err := s.Check("count == " + strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.cache) > maxCache {
		t.Errorf("the cache holds %d programs", len(s.cache))
	}
}

func TestBadSchemas(t *testing.T) {
	for _, f := range []Field{
		{Name: "", Type: String}, {Name: "A", Type: String}, {Name: "a b", Type: String}, {Name: "x", Type: 0},
		{Name: "x", Type: Int, Codes: testCodes}, {Name: "x", Type: String, Members: &Members{}}, {Name: "x", Type: StringList, Column: "t.x"},
		{Name: "x", Type: Bool, Column: "t.x = {nobody}"}, {Name: "fields.", Type: String},
	} {
		if _, err := NewSchema("filter", []Field{f}, nil); err == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
	if _, err := NewSchema("filter", nil, []Func{{Name: "size", Type: Int}}); err == nil {
		t.Error("a function of the language was declared again")
	}
}

// Custom fields of a person stand in a ticket as JSON has them.
func TestAnIdMayComeAsItsString(t *testing.T) {
	s, err := NewSchema("when", []Field{{Name: "engineer", Type: ID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]map[any]bool{
		`engineer == "42"`: {"42": true, "43": false, "": false, id.ID(42): true, nil: false},
		`engineer == ""`:   {"42": false, "": true, nil: true},
	} {
		p, err := s.Check(text)
		if err != nil {
			t.Fatal(err)
		}
		for value, fits := range want {
			got, err := p.Eval(MapRow(map[string]any{"engineer": value}), nil)
			if err != nil || got != fits {
				t.Errorf("%s with %v: %v %v", text, value, got, err)
			}
		}
	}
	p, err := s.Check(`engineer == "42"`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Eval(MapRow(map[string]any{"engineer": "nobody"}), nil); err == nil {
		t.Error("what is no id is taken")
	}
}
