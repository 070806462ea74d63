package expr

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

func FuzzCheck(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	g := &gen{r: r}
	for range 200 {
		f.Add(g.bool(1 + r.IntN(4)))
	}
	for _, x := range []string{`a.b.c[0].d()`, `[[[[1]]]]`, `{"a":{}}`, "((((((((((", "a ? b ? c : d : e", "-9223372036854775808 == count", "0x7f", "1e999", `"\u{1}"`, `'''x'''`, "r'\\'", "`a`", "a.?b", "[?a]", ".status", "status.size()", "$1", "--count == 1", "!!urgent", "a in b in c"} {
		f.Add(x)
	}
	s := testSchema(f)
	binds := testBinds()
	row := testRow(r)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := s.CheckValue(text)
		canon, ferr := s.Format(text)
		if err != nil {
			var fe *fault.Error
			if !errors.As(err, &fe) {
				t.Fatalf("%q: not a fault: %v", text, err)
			}
			return
		}
		if ferr != nil {
			t.Fatalf("%q is accepted but has no canonical form: %v", text, ferr)
		}
		again, err := s.Format(canon)
		if err != nil || again != canon {
			t.Fatalf("%q: formatting twice gives %q, then %q, %v", text, canon, again, err)
		}
		v, err := p.EvalValue(MapRow(row), binds)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(canon) <= MaxLen {
			q, err := s.CheckValue(canon)
			if err != nil {
				t.Fatalf("%q is accepted, its canonical form %q is not: %v", text, canon, err)
			}
			if w, err := q.EvalValue(MapRow(row), binds); err != nil || !reflect.DeepEqual(v, w) {
				t.Fatalf("%q is %v, its canonical form %q is %v, %v", text, v, canon, w, err)
			}
		}
		for _, e := range []db.Engine{db.SQLite, db.Postgres} {
			if p.root.kind == kBool {
				where, _, err := p.SQL(e, 1, binds)
				if err != nil && fault.KindOf(err) != fault.Invalid {
					t.Fatalf("%q: %v", text, err)
				}
				if strings.Contains(where, elemMark) || strings.Contains(where, "--") {
					t.Fatalf("%q: bad SQL %q", text, where)
				}
			}
		}
	})
}

const viewFilter = `status in ["new", "open"] && (assignee == me() || team in my_teams()) && due_at < now() + duration("4h") && "vip" in tags && !subject.startsWith("[test]")`

func BenchmarkEval(b *testing.B) {
	p, err := testSchema(b).Check(viewFilter)
	if err != nil {
		b.Fatal(err)
	}
	row := func(f string) any {
		switch f {
		case "status":
			return int64(2)
		case "team":
			return id.ID(11)
		case "due_at":
			return testNow
		case "tags":
			return testTags
		case "subject":
			return "退款失败"
		}
		return nil
	}
	binds := testBinds()
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Eval(row, binds); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkSQL(b *testing.B) {
	p, _ := testSchema(b).Check(viewFilter)
	binds := testBinds()
	for b.Loop() {
		_, _, _ = p.SQL(db.Postgres, 1, binds)
	}
}

func BenchmarkCheck(b *testing.B) {
	s := testSchema(b)
	for b.Loop() {
		clear(s.cache)
		_, _ = s.Check(viewFilter)
	}
}

// Hostile texts of full length are answered at once.
func TestHostileTexts(t *testing.T) {
	s := testSchema(t)
	for _, unit := range []string{"(", "[", "{", "!", "-", "a.", "a(", "a[", "a?", "a?b:", "&&", "a&&", "\"", "'''", "//", "\\", "in ", "1,", "size(", "tags.exists(t,", "urgent?urgent:", "-(", "count+", "`", "\u202e", "退"} {
		text := strings.Repeat(unit, MaxLen/len(unit))
		start := time.Now()
		if _, err := s.Check(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s…: %v", unit, err)
		}
		if _, err := s.Format(text); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s…: %v", unit, err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("%s…: took %v", unit, d)
		} else if d > 20*time.Millisecond {
			t.Logf("%s…: %v", unit, d)
		}
	}
}
