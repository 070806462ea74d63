package expr

import (
	"context"
	"database/sql"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
)

// The parity test writes random expressions, runs each in memory and on both
// engines over the same random rows, and wants the same rows every time.

var testCodes = map[string]int64{"new": 1, "open": 2, "hold": 3, "solved": 4, "zero": 0}

func testSchema(t testing.TB) *Schema {
	t.Helper()
	s, err := NewSchema("filter", []Field{
		{Name: "subject", Type: String, Column: "t.subject", Indexed: true},
		{Name: "code", Type: String, Column: "t.code", NotNull: true},
		{Name: "status", Type: String, Codes: testCodes, Column: "t.status", NotNull: true, Indexed: true},
		{Name: "kind", Type: String, Codes: testCodes, Column: "t.kind"},
		{Name: "assignee", Type: ID, Column: "t.assignee", Indexed: true},
		{Name: "team", Type: ID, Column: "t.team", ZeroIsNone: true},
		{Name: "requester", Type: ID, Column: "t.requester", NotNull: true},
		{Name: "count", Type: Int, Column: "t.n"},
		{Name: "weight", Type: Int, Column: "t.m", NotNull: true},
		{Name: "due_at", Type: Timestamp, Column: "t.due_at", Indexed: true},
		{Name: "created_at", Type: Timestamp, Column: "t.created_at", NotNull: true},
		{Name: "closed_at", Type: Timestamp, Column: "t.closed_at", ZeroIsNone: true},
		{Name: "urgent", Type: Bool, Column: "t.urgent"},
		{Name: "spam", Type: Bool, Column: "t.spam", NotNull: true},
		{Name: "mine", Type: Bool, Column: "exists (select 1 from x_watcher w where w.tenant_id = t.tenant_id and w.row_id = t.id and w.staff = {me})", NotNull: true},
		{Name: "tags", Type: StringList, Indexed: true, Members: &Members{From: "x_tag g", Where: "g.tenant_id = t.tenant_id and g.row_id = t.id", Elem: "g.tag"}},
		{Name: "watchers", Type: IDList, Members: &Members{From: "x_watcher w", Where: "w.tenant_id = t.tenant_id and w.row_id = t.id", Elem: "w.staff"}},
		{Name: "fields.order_no", Type: String, Column: "(select f.text from x_field f where f.tenant_id = t.tenant_id and f.row_id = t.id and f.field = 'order_no')"},
		{Name: "fields.amount", Type: Number, Column: "(select f.num from x_field f where f.tenant_id = t.tenant_id and f.row_id = t.id and f.field = 'amount')"},
		{Name: "fields.cost", Type: Number, Column: "t.cost", NotNull: true},
		{Name: "fields.订单", Type: String, Column: "t.code"},
		{Name: "memory", Type: String},
	}, []Func{
		{Name: "me", Type: ID}, {Name: "my_teams", Type: IDList}, {Name: "now", Type: Timestamp},
		{Name: "my_tags", Type: StringList}, {Name: "nobody", Type: ID}, {Name: "locale", Type: String},
		{Name: "tenant", Type: ID, Hidden: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var testNow = clock.Time(1_790_000_000_000)

func testBinds() Binds {
	return Binds{"me": id.ID(7), "my_teams": []id.ID{3, 7, 11}, "now": testNow, "my_tags": []string{"vip", "", "Ünïcode"},
		"nobody": nil, "locale": "zh", "tenant": id.ID(1)}
}

var (
	testStrings = []string{"", "a", "A", "abc", "ABC", "abcabc", "退款", "退款失败", "e\u0301", "é", "😀", "😀😀", "100%", "_", "%", "a_c",
		"it's", `"q"`, `back\slash`, "$1", "?1", "{me}", "line\nbreak", " ", "ﬀ", "ß", "vip", "\u007f", "\uffff", "\U0010ffff", "zz"}
	testTags  = []string{"vip", "VIP", "it's", "退款", "x%", "Ünïcode"}
	testInts  = []int64{0, 1, 2, -1, 3, 100, 1 << 53, 1<<53 + 1, -(1<<53 + 1), math.MaxInt64, math.MinInt64, math.MaxInt64 - 1}
	testNums  = []float64{0, 1, -1, 0.1, 0.2, 0.3, 99.5, 1e15, -1e15, 1e300, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, math.Copysign(0, -1)}
	testTimes = []int64{minTime, -1, 1, 1_789_999_999_999, 1_790_000_000_000, 1_790_000_000_001, 1_789_913_600_000, maxTime}
	testIDs   = []int64{1, 3, 7, 11, 12, math.MaxInt64}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// testRow is a row in memory; nil is NULL.
func testRow(r *rand.Rand) map[string]any {
	maybe := func(v any) any {
		if r.IntN(3) == 0 {
			return nil
		}
		return v
	}
	some := func() bool { return r.IntN(2) == 0 }
	m := map[string]any{
		"subject": maybe(pick(r, testStrings)), "code": pick(r, testStrings),
		"status": int64(r.IntN(5)), "kind": maybe(int64(r.IntN(5))),
		"assignee": maybe(id.ID(pick(r, testIDs))), "team": maybe(id.ID(pick(r, testIDs))), "requester": id.ID(pick(r, testIDs)),
		"count": maybe(pick(r, testInts)), "weight": pick(r, testInts),
		"due_at": maybe(clock.Time(pick(r, testTimes))), "created_at": clock.Time(pick(r, testTimes)), "closed_at": maybe(clock.Time(pick(r, testTimes))),
		"urgent": maybe(some()), "spam": some(),
		"fields.order_no": maybe(pick(r, testStrings)), "fields.amount": maybe(pick(r, testNums)), "fields.cost": pick(r, testNums),
	}
	m["fields.订单"] = m["code"]
	var tags []string
	for _, g := range testTags {
		if r.IntN(3) == 0 {
			tags = append(tags, g)
		}
	}
	var watchers []id.ID
	for _, w := range testIDs {
		if r.IntN(4) == 0 {
			watchers = append(watchers, id.ID(w))
		}
	}
	m["tags"], m["watchers"], m["mine"] = tags, watchers, slices.Contains(watchers, 7)
	return m
}

func createRows(t *testing.T, d *db.DB, rows []map[string]any) {
	t.Helper()
	ctext := "text"
	if d.Engine() == db.Postgres {
		ctext = `text collate "C"`
	}
	ddl := []string{
		`create table x_row (tenant_id bigint not null, id bigint not null, subject ` + ctext + `, code ` + ctext + ` not null, status smallint not null,
			kind smallint, assignee bigint, team bigint, requester bigint not null, n bigint, m bigint not null, due_at bigint, created_at bigint not null,
			closed_at bigint, urgent boolean, spam boolean not null, cost double precision not null, primary key (tenant_id, id))`,
		`create table x_tag (tenant_id bigint not null, row_id bigint not null, tag ` + ctext + ` not null, primary key (tenant_id, row_id, tag))`,
		`create table x_watcher (tenant_id bigint not null, row_id bigint not null, staff bigint not null, primary key (tenant_id, row_id, staff))`,
		`create table x_field (tenant_id bigint not null, row_id bigint not null, field ` + ctext + ` not null, text ` + ctext + `, num double precision, primary key (tenant_id, row_id, field))`,
	}
	err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		exec := func(q string, args ...any) {
			t.Helper()
			if _, err := tx.Exec(ctx, q, args...); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
		for _, q := range ddl {
			exec(q)
		}
		null := func(v any) any {
			switch v := v.(type) {
			case id.ID:
				return int64(v)
			case clock.Time:
				return int64(v)
			}
			return v
		}
		for i, m := range rows {
			zero := func(f string) any { // "none" is 0 in these columns on every other row
				if m[f] == nil && i%2 == 0 {
					return int64(0)
				}
				return null(m[f])
			}
			exec(`insert into x_row values (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, int64(i),
				m["subject"], m["code"], m["status"], m["kind"], null(m["assignee"]), zero("team"), null(m["requester"]), m["count"], m["weight"],
				null(m["due_at"]), null(m["created_at"]), zero("closed_at"), m["urgent"], m["spam"], m["fields.cost"])
			for _, g := range m["tags"].([]string) {
				exec(`insert into x_tag values (1, $1, $2)`, int64(i), g)
			}
			for _, w := range m["watchers"].([]id.ID) {
				exec(`insert into x_watcher values (1, $1, $2)`, int64(i), int64(w))
			}
			exec(`insert into x_field values (1, $1, 'order_no', $2, null)`, int64(i), m["fields.order_no"])
			exec(`insert into x_field values (1, $1, 'amount', null, $2)`, int64(i), m["fields.amount"])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// gen writes random well-typed expressions.
type gen struct {
	r    *rand.Rand
	elem kind // inside exists: the kind of the member m
}

func (g *gen) bool(d int) string {
	if d <= 0 {
		return pick(g.r, []string{"true", "false", "urgent", "spam", "mine", "has(fields.order_no)", "has(fields.amount)", `"vip" in tags`, `me() in watchers`})
	}
	d--
	switch g.r.IntN(19) {
	case 0, 1:
		return "(" + g.bool(d) + pick(g.r, []string{" && ", " || "}) + g.bool(d) + ")"
	case 2:
		return g.bool(d) + " && " + g.bool(d) + " || " + g.bool(d)
	case 3, 4:
		return "!(" + g.bool(d) + ")"
	case 5:
		return "(" + g.bool(d) + " ? " + g.bool(d) + " : " + g.bool(d) + ")"
	case 6:
		return "(" + g.bool(d) + pick(g.r, []string{" == ", " != "}) + "(" + g.bool(d) + "))"
	case 7:
		return g.str(d) + g.cmp() + g.str(d)
	case 8:
		return g.str(d) + "." + pick(g.r, []string{"contains", "startsWith", "endsWith"}) + "(" + g.str(d) + ")"
	case 9:
		return g.num(d) + g.cmp() + g.num(d)
	case 10:
		return g.time(d) + g.cmp() + g.time(d)
	case 11:
		return g.dur(d) + g.cmp() + g.dur(d)
	case 12:
		return g.id(d) + g.eq() + g.id(d)
	case 13:
		return g.choice()
	case 14:
		switch g.r.IntN(5) {
		case 0:
			return g.str(d) + " in " + g.list(func() string { return g.strLit() })
		case 1:
			return g.num(d) + " in " + g.list(func() string { return pick(g.r, []string{g.intLit(), g.numLit(), "null"}) })
		case 2:
			return pick(g.r, []string{"assignee", "team", "requester", "me()"}) + " in " + g.list(func() string { return g.id(0) })
		case 3:
			return pick(g.r, []string{"assignee in my_teams()", "team in my_teams()", "subject in my_tags()", "code in my_tags()", "nobody() in my_teams()"})
		}
		return g.time(d) + " in " + g.list(func() string { return pick(g.r, []string{g.time(0), "null"}) })
	case 15:
		f := pick(g.r, []string{"due_at", "closed_at", "count", "fields.amount", "assignee", "team", "kind", "subject", "created_at"})
		return f + pick(g.r, []string{" == null", " != null"})
	case 16:
		if g.elem != 0 {
			return pick(g.r, []string{`urgent`, `spam`})
		}
		return pick(g.r, []string{g.str(d) + " in tags", g.id(d) + " in watchers", "has(fields.order_no)", "has(fields.amount)", "size(tags) > 0"})
	}
	if g.elem != 0 {
		return pick(g.r, []string{`urgent`, `spam`})
	}
	l := pick(g.r, []string{"tags", "watchers"})
	g.elem = map[string]kind{"tags": kString, "watchers": kID}[l]
	body := g.member(d)
	g.elem = 0
	return l + "." + pick(g.r, []string{"exists", "all"}) + "(m, " + body + ")"
}

// member is a condition on the member m of a list.
func (g *gen) member(d int) string {
	var test string
	if g.elem == kString {
		test = pick(g.r, []string{"m" + g.cmp() + g.str(0), "m.contains(" + g.strLit() + ")", "size(m) > 2", `m in ["vip", "退款"]`, "m in my_tags()", "subject.startsWith(m)"})
	} else {
		test = pick(g.r, []string{"m" + g.eq() + g.id(0), `m in ["7", "12"]`, "m in my_teams()"})
	}
	if d > 0 {
		return pick(g.r, []string{test, "!(" + test + ")", test + " || urgent", "(" + test + ") && due_at < now()", "(" + test + ") == urgent"})
	}
	return test
}

func (g *gen) cmp() string { return pick(g.r, []string{" == ", " != ", " < ", " <= ", " > ", " >= "}) }
func (g *gen) eq() string  { return pick(g.r, []string{" == ", " != "}) }

func (g *gen) list(member func() string) string {
	parts := make([]string, g.r.IntN(4))
	for i := range parts {
		parts[i] = member()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (g *gen) strLit() string { return strconv.Quote(pick(g.r, append(testStrings, testTags...))) }
func (g *gen) intLit() string { return strconv.FormatInt(pick(g.r, testInts), 10) }
func (g *gen) numLit() string {
	v := pick(g.r, testNums)
	if math.Abs(v) > 1e300 {
		v = 0.5
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func (g *gen) str(d int) string {
	if d > 0 && g.r.IntN(5) == 0 {
		return "(" + g.bool(d-1) + " ? " + g.str(d-1) + " : " + g.str(d-1) + ")"
	}
	return pick(g.r, []string{"subject", "code", "fields.order_no", `fields["订单"]`, "locale()", g.strLit(), g.strLit()})
}

func (g *gen) num(d int) string {
	if d > 0 {
		switch g.r.IntN(8) {
		case 0:
			return "(" + g.bool(d-1) + " ? " + g.num(d-1) + " : " + g.num(d-1) + ")"
		case 1, 2:
			return "(" + g.num(d-1) + pick(g.r, []string{" + ", " - "}) + g.num(d-1) + ")"
		case 3:
			return "-(" + g.num(d-1) + ")"
		case 4:
			return "size(" + g.str(d-1) + ")"
		}
	}
	if g.elem == 0 && g.r.IntN(6) == 0 {
		return pick(g.r, []string{"size(tags)", "watchers.size()"})
	}
	return pick(g.r, []string{"count", "weight", "fields.amount", "fields.cost", g.intLit(), g.numLit(), "1"})
}

func (g *gen) time(d int) string {
	if d > 0 {
		switch g.r.IntN(6) {
		case 0:
			return "(" + g.bool(d-1) + " ? " + g.time(d-1) + " : " + g.time(d-1) + ")"
		case 1, 2:
			return "(" + g.time(d-1) + pick(g.r, []string{" + ", " - "}) + g.dur(d-1) + ")"
		}
	}
	return pick(g.r, []string{"due_at", "created_at", "closed_at", "now()", `timestamp("2026-09-21T14:13:20Z")`, `timestamp("0001-01-01T00:00:00+00:00")`, `timestamp("1970-01-01T00:00:00Z")`})
}

func (g *gen) dur(d int) string {
	if d > 0 {
		switch g.r.IntN(5) {
		case 0:
			return "(" + g.time(d-1) + " - " + g.time(d-1) + ")"
		case 1:
			return "(" + g.dur(d-1) + pick(g.r, []string{" + ", " - "}) + g.dur(d-1) + ")"
		case 2:
			return "-(" + g.dur(d-1) + ")"
		}
	}
	return pick(g.r, []string{`duration("24h")`, `duration("1ms")`, `duration("0s")`, `duration("-90m")`, `duration("876000h")`})
}

func (g *gen) id(d int) string {
	if d > 0 && g.r.IntN(6) == 0 {
		return "(" + g.bool(d-1) + " ? " + g.id(d-1) + " : " + pick(g.r, []string{"assignee", "me()"}) + ")"
	}
	return pick(g.r, []string{"assignee", "team", "requester", "me()", "nobody()"})
}

func (g *gen) choice() string {
	lit := func() string { return pick(g.r, []string{`"new"`, `"open"`, `"zero"`, `""`, `"solved"`}) }
	f := pick(g.r, []string{"status", "kind"})
	switch g.r.IntN(4) {
	case 0:
		return f + " in " + g.list(lit)
	case 1:
		return "(" + g.bool(0) + " ? " + f + " : " + lit() + ")" + g.eq() + lit()
	case 2:
		return "(spam ? " + lit() + " : " + lit() + ")" + g.eq() + f
	}
	return f + g.eq() + lit()
}

func TestMemoryAndSQLAgree(t *testing.T) {
	const texts, count = 4000, 200
	s, binds := testSchema(t), testBinds()
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]map[string]any, count)
	for i := range rows {
		rows[i] = testRow(r)
	}
	g := &gen{r: r}
	programs := map[string]*Program{}
	matches := 0
	for len(programs) < texts {
		text := g.bool(1 + r.IntN(4))
		if len(text) > MaxLen || programs[text] != nil {
			continue
		}
		p, err := s.Check(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		programs[text] = p
	}
	want := map[string][]int64{}
	for text, p := range programs {
		for i, row := range rows {
			ok, err := p.Eval(MapRow(row), binds)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if ok {
				want[text] = append(want[text], int64(i))
			}
		}
		if n := len(want[text]); n > 0 && n < count {
			matches++
		}
	}
	if matches < texts/2 {
		t.Errorf("only %d of %d expressions tell rows apart: the generator is too weak", matches, texts)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		createRows(t, d, rows)
		bad := 0
		err := d.Snapshot(context.Background(), func(ctx context.Context, q db.Reader) error {
			for text, p := range programs {
				where, args, err := p.SQL(d.Engine(), 2, binds)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				query := `select t.id from x_row t where t.tenant_id = $1 and ` + where + ` order by t.id`
				got, err := ids(q.Query(ctx, query, append([]any{int64(1)}, args...)...))
				if err != nil {
					t.Fatalf("%s\n%s\n%v\n%v", text, where, args, err)
				}
				if !slices.Equal(got, want[text]) {
					if bad++; bad <= 5 {
						t.Errorf("%s\n  sql %s\n  args %v\n  memory %v\n  sql    %v", text, where, args, want[text], got)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if bad > 0 {
			t.Errorf("%d of %d expressions differ", bad, texts)
		}
	})
}

func ids(rows *sql.Rows, err error) ([]int64, error) {
	return db.Each(rows, err, func(r *sql.Rows) (int64, error) {
		var v int64
		err := r.Scan(&v)
		return v, err
	})
}
