package fulltext_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

var bg = context.Background()

const (
	tenantA id.ID = 4000001
	tenantB id.ID = 4000002
)

// day is when the tickets of the tests begin.
var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).UnixMilli()

func ticket(n int) id.ID { return id.At(day) + id.ID(n) }

func put(t testing.TB, d *db.DB, x *fulltext.Index, tenant id.ID, texts map[id.ID]string) {
	t.Helper()
	var docs []fulltext.Doc
	for v, s := range texts {
		docs = append(docs, fulltext.Doc{ID: v, Terms: text.Terms(s)})
	}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Put(ctx, tx, tenant, docs) }); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, d *db.DB, x *fulltext.Index, tenant id.ID, ids ...id.ID) {
	t.Helper()
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Delete(ctx, tx, tenant, ids...) }); err != nil {
		t.Fatal(err)
	}
}

// find gives the hits as numbers of tickets.
func find(t testing.TB, d *db.DB, x *fulltext.Index, tenant id.ID, query string) []int {
	t.Helper()
	h, err := x.Search(bg, d, tenant, text.ParseQuery(query), fulltext.Window{}, 0)
	if err != nil {
		t.Fatalf("search %q: %v", query, err)
	}
	if h.Further != 0 {
		t.Fatalf("search %q did not come to an end", query)
	}
	return numbers(h.IDs)
}

func numbers(ids []id.ID) []int {
	out := []int{}
	for _, v := range ids {
		out = append(out, int(v-ticket(0)))
	}
	return out
}

func TestFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		put(t, d, x, tenantA, map[id.ID]string{
			ticket(1): "家里的冰箱不制冷了，显示故障代码 E5-0032",
			ticket(2): "洗衣机漏水，客户催单",
			ticket(3): "The Samsung fridge leaks. Order 2291-7731",
			ticket(4): "冰箱门封条老化 José ＢＣＤ－５２０ＷＫ",
			ticket(5): "電視機無法開機，請協助",
			ticket(6): "a'b \\ : & | ! * ( ) \" 'x'",
		})
		for query, want := range map[string][]int{
			"冰箱": {4, 1}, "冰": {4, 1}, "漏水": {2}, "不制冷": {1}, "不製冷": {1}, "制冰": {}, "冷不": {},
			"电视机": {5}, "电视": {5}, "視": {5},
			"sam": {3}, "samsung": {3}, "SAMSUNG FRIDGE": {3}, "sa le": {3}, "sung": {}, "s": {},
			"E5-0032": {1}, "e50032": {1}, "e5 0032": {1}, "Ｅ５－００３２": {1}, "e5-00": {1}, "e5-0033": {},
			"2291-7731": {3}, "22917731": {3}, "bcd520wk": {4}, "bcd-520": {4}, "520": {4}, "jose": {4},
			"冰箱 -e50032": {4}, "冰箱 OR 洗衣机": {4, 2, 1}, `"samsung fridge"`: {3}, "冰箱 samsung": {},
			"客户 漏水": {2}, "": {}, "👍": {}, "-冰箱": {}, "x": {6}, "b": {6},
		} {
			if got := find(t, d, x, tenantA, query); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", query, got, want)
			}
		}
	})
}

func TestTenantsNeverMeet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "冰箱 fridge common", ticket(3): "冰箱"})
		put(t, d, x, tenantB, map[id.ID]string{ticket(2): "冰箱 fridge secret", ticket(4): "冰箱"})
		for _, q := range []string{"冰箱", "冰", "fridge", "fr", "secret OR fridge", "secret", "-secret fridge"} {
			for _, n := range find(t, d, x, tenantA, q) {
				if n%2 == 0 {
					t.Errorf("%q of A finds ticket %d of B", q, n)
				}
			}
		}
		if got := find(t, d, x, tenantB, "冰箱"); !slices.Equal(got, []int{4, 2}) {
			t.Errorf("B finds %v", got)
		}
		remove(t, d, x, tenantA, ticket(2))
		if got := find(t, d, x, tenantB, "secret"); !slices.Equal(got, []int{2}) {
			t.Errorf("A took out a ticket of B")
		}
		if got := find(t, d, x, 0, "冰箱"); len(got) != 0 {
			t.Errorf("without a tenant: %v", got)
		}
	})
}

func TestPutAgainAndDelete(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "冰箱 old"})
		for i := range 5 { // more removals than documents
			put(t, d, x, tenantA, map[id.ID]string{ticket(1): fmt.Sprintf("冰箱 word%d new", i)})
		}
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "冰箱 new", ticket(2): "new"})
		for q, want := range map[string][]int{"old": {}, "word3": {}, "new": {2, 1}, "冰箱": {1}} {
			if got := find(t, d, x, tenantA, q); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", q, got, want)
			}
		}
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): ""})
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "back"})
		remove(t, d, x, tenantA, ticket(2), ticket(2), ticket(99))
		remove(t, d, x, tenantA, ticket(2))
		for q, want := range map[string][]int{"new": {}, "冰箱": {}, "back": {1}} {
			if got := find(t, d, x, tenantA, q); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", q, got, want)
			}
		}
		remove(t, d, x, tenantA, ticket(1))
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "again"})
		if got := find(t, d, x, tenantA, "again"); !slices.Equal(got, []int{1}) {
			t.Errorf("after a delete: %v", got)
		}
	})
}

func TestRollBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			if err := x.Put(ctx, tx, tenantA, []fulltext.Doc{{ID: ticket(1), Terms: []string{"never"}}}); err != nil {
				t.Error(err)
			}
			return context.Canceled
		})
		if got := find(t, d, x, tenantA, "never"); len(got) != 0 {
			t.Errorf("found %v of a transaction that was rolled back", got)
		}
	})
}

func TestBadDocuments(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		for name, docs := range map[string][]fulltext.Doc{
			"no id":  {{Terms: []string{"a"}}},
			"twice":  {{ID: 1}, {ID: 1}},
			"empty":  {{ID: 1, Terms: []string{""}}},
			"spaces": {{ID: 1, Terms: []string{"a b"}}},
		} {
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Put(ctx, tx, tenantA, docs) }); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

// TestFurther walks back through many tickets by every way that ends a search
// early, and must see each once, newest first.
func TestFurther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			return x.EnsurePartitions(ctx, tx, day, day+14*24*3600_000)
		}); err != nil {
			t.Fatal(err)
		}
		const n = 3000
		at := func(i int) id.ID { return id.At(day + int64(i)*1200_000) } // six weeks, four of them without a partition
		for i := 0; i < n; i += 500 {
			docs := map[id.ID]string{}
			for j := i; j < i+500; j++ {
				s := "common"
				if j%3 == 0 {
					s += " 冰箱"
				}
				if j%1000 == 0 {
					s += " rare"
				}
				docs[at(j)] = s
			}
			put(t, d, x, tenantA, docs)
		}
		for query, want := range map[string]int{"common": n, "冰箱": n / 3, "rare": n / 1000, "comm 冰箱": n / 3} {
			for _, budget := range []time.Duration{time.Hour, 1} {
				x := &fulltext.Index{Budget: budget}
				var all []id.ID
				w := fulltext.Window{}
				for range 10000 {
					h, err := x.Search(bg, d, tenantA, text.ParseQuery(query), w, 70)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, h.IDs...)
					if h.Further == 0 {
						break
					}
					if h.Further >= w.To && w.To != 0 {
						t.Fatal("no progress")
					}
					w.To = h.Further
				}
				if len(all) != want || !slices.IsSortedFunc(all, func(a, b id.ID) int { return int(b - a) }) || len(slices.Compact(slices.Clone(all))) != len(all) {
					t.Errorf("%q with budget %v: %d tickets, want %d newest first", query, budget, len(all), want)
				}
			}
		}
		h, err := x.Search(bg, d, tenantA, text.ParseQuery("common"), fulltext.Window{From: at(100), To: at(110)}, 0)
		if err != nil || len(h.IDs) != 10 || h.IDs[0] != at(109) || h.IDs[9] != at(100) {
			t.Errorf("window: %v %v", h.IDs, err)
		}
	})
}

// TestOldTickets: what is older than everything so far is found in its place.
func TestOldTickets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		for _, n := range []int{500, 100, 900, 50, 600, 700} {
			put(t, d, x, tenantA, map[id.ID]string{ticket(n): "word", ticket(n + 1): "word"})
		}
		want := []int{901, 900, 701, 700, 601, 600, 501, 500, 101, 100, 51, 50}
		if got := find(t, d, x, tenantA, "word"); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestEnsurePartitions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "early"})
		for range 2 {
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
				return x.EnsurePartitions(ctx, tx, day-7*24*3600_000, day+30*24*3600_000)
			}); err != nil {
				t.Fatal(err)
			}
		}
		put(t, d, x, tenantA, map[id.ID]string{ticket(1): "early bird", ticket(2): "late"})
		if got := find(t, d, x, tenantA, "bird OR late"); !slices.Equal(got, []int{2, 1}) {
			t.Errorf("got %v", got)
		}
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.EnsurePartitions(ctx, tx, 0, 0) }); err != nil {
			t.Error(err)
		}
		if d.Engine() == db.Postgres {
			var n int
			if err := d.QueryRow(bg, `select count(*) from fts_doc_rest`).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d tickets are outside of their partition (%v)", n, err)
			}
		}
	})
}

// TestErased: what was taken out is not in the files any more, whichever way
// it went: with its ticket, or in a change of it.
func TestErased(t *testing.T) {
	url := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, url)
	x := &fulltext.Index{}
	for i := range 40 { // several segments
		docs := map[id.ID]string{}
		for j := range 50 {
			docs[ticket(i*50+j)] = fmt.Sprintf("filler %d word%d 冰箱", i, j)
		}
		docs[ticket(i*50)] += fmt.Sprintf(" deletedcanary%d", i)
		docs[ticket(i*50+1)] += fmt.Sprintf(" changedcanary%d 保密", i)
		put(t, d, x, tenantA, docs)
	}
	for i := range 40 {
		remove(t, d, x, tenantA, ticket(i*50))
		put(t, d, x, tenantA, map[id.ID]string{ticket(i*50 + 1): "changed"})
	}
	if got := find(t, d, x, tenantA, "deletedcanary OR changedcanary OR 保密"); len(got) != 0 {
		t.Errorf("still found: %v", got)
	}
	if err := d.Close(); err != nil { // the log goes into the file
		t.Fatal(err)
	}
	files, _ := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{"deletedcanary", "changedcanary", "canary", "保密"} {
			if n := bytes.Count(b, []byte(canary)); n > 0 {
				t.Errorf("%q stands %d times in %s", canary, n, filepath.Base(f))
			}
		}
	}
}

func TestOptimize(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := &fulltext.Index{}
		for i := range 12 {
			put(t, d, x, tenantA, map[id.ID]string{ticket(i): fmt.Sprintf("common word%d", i)})
		}
		more := true
		for i := 0; more; i++ {
			if i == 1000 {
				t.Fatal("does not end")
			}
			if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) (err error) {
				more, err = x.Optimize(ctx, tx, 16)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if got := find(t, d, x, tenantA, "common"); len(got) != 12 {
			t.Errorf("%d tickets after merging", len(got))
		}
	})
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{`"`, `a" OR "b`, "NEAR(a b)", "a:* & !b", "'; drop table fts; --", `\`, "^a", "{a}: b", "冰 -箱", "a*b", "🙂", "ß e\u0301", "x\x00y", "a' & 'b"} {
		f.Add(s)
	}
	sqlite, postgres := dbtest.SQLite(f), dbtest.Postgres(f)
	x := &fulltext.Index{}
	docs := map[id.ID]string{ticket(1): "冰箱 a b c", ticket(2): `x' y" z\`}
	put(f, sqlite, x, tenantA, docs)
	put(f, postgres, x, tenantA, docs)
	f.Fuzz(func(t *testing.T, s string) {
		s = text.Clean(s)
		put(t, sqlite, x, tenantA, map[id.ID]string{ticket(3): s})
		put(t, postgres, x, tenantA, map[id.ID]string{ticket(3): s})
		for _, q := range []string{s, "-" + s + " a", `"` + s + `"`} {
			a, b := find(t, sqlite, x, tenantA, q), find(t, postgres, x, tenantA, q)
			if !slices.Equal(a, b) {
				t.Errorf("%q: SQLite finds %v, PostgreSQL %v", q, a, b)
			}
		}
		if q := text.ParseQuery(s); !q.Empty() && len(q.Not) == 0 && !q.Exact() {
			if !slices.Contains(find(t, sqlite, x, tenantA, s), 3) {
				t.Errorf("%q does not find itself", s)
			}
		}
	})
}

// FTS5 takes a merged segment out by the range of its ids. What SQLite believes
// of the table's size must not make it walk through the index of everything.
func TestMergingSeeksItsSegment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.SQLite {
			return
		}
		for _, q := range []string{`delete from fts_data where id >= $1 and id <= $2`, `delete from fts_idx where segid = $1`} {
			rows, err := d.Query(t.Context(), `explain query plan `+q, []any{1, 2}[:strings.Count(q, "$")]...)
			plan, err := db.Each(rows, err, func(r *sql.Rows) (s string, err error) {
				var a, b, c int
				return s, r.Scan(&a, &b, &c, &s)
			})
			if err != nil || len(plan) != 1 || !strings.HasPrefix(plan[0], "SEARCH") {
				t.Errorf("%s: %q, %v", q, plan, err)
			}
		}
	})
}
