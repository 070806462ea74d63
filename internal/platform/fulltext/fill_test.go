package fulltext_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// many makes documents that fill more than one bucket: words that stand in all
// of them, in some, in one; and one document without any.
func many(n int) []fulltext.Doc {
	docs := make([]fulltext.Doc, n)
	for i := range docs {
		words := []string{"every", "冰箱", fmt.Sprintf("code-%d", i%977), fmt.Sprintf("one%d", i)}
		if i%3 == 0 {
			words = append(words, "third", strings.Repeat("long", 10+i%5))
		}
		if i%5000 == 4 {
			words = append(words, "rare 貔貅")
		}
		docs[i] = fulltext.Doc{ID: id.At(day+int64(i)*63_000) + 1, Terms: text.Terms(words...)}
	}
	docs[7].Terms = nil
	return docs
}

func fill(t *testing.T, d *db.DB, docs []fulltext.Doc) {
	t.Helper()
	f, err := fulltext.NewFill(bg, d, tenantA)
	if err != nil {
		t.Fatal(err)
	}
	write := func(x *fulltext.Filled) {
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return f.WriteIn(ctx, tx, x) }); err != nil {
			t.Fatal(err)
		}
	}
	first := 0
	for part := range slices.Chunk(docs, 1024) {
		x := f.Tagged(first, part)
		if err := f.Add(x); err != nil {
			t.Fatal(err)
		}
		write(x)
		first += len(part)
	}
	if err := f.Finish(bg, d); err != nil {
		t.Fatal(err)
	}
}

// A filled index answers as one that the same documents were put into, takes
// more documents, and lets go of those that are taken out.
func TestFill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		docs := many(16_900)
		other := dbtest.SQLite(t)
		x := &fulltext.Index{}
		// The connection that writes has seen the empty index.
		if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
			_, err := x.Optimize(ctx, tx, 64)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fill(t, d, docs)
		putAll := func(d *db.DB, docs []fulltext.Doc) {
			for part := range slices.Chunk(docs, 4096) {
				if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Put(ctx, tx, tenantA, part) }); err != nil {
					t.Fatal(err)
				}
			}
		}
		putAll(other, docs)
		all := func(d *db.DB, query string) []id.ID {
			var out []id.ID
			for w := (fulltext.Window{}); ; {
				h, err := x.Search(bg, d, tenantA, text.ParseQuery(query), w, 0)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, h.IDs...)
				if w.To = h.Further; w.To == 0 {
					return out
				}
			}
		}
		check := func(when string) {
			t.Helper()
			for _, q := range []string{"every", "冰", "冰箱", "third", "long", "longlong", "code-11", "code-1", "one17", "one16899", "one0", "rare", "貔貅",
				"every -third", "third code-12", "third OR rare", "nowhere"} {
				got, want := all(d, q), all(other, q)
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q finds %d, and %d after Put", when, q, len(got), len(want))
				}
				if q != "nowhere" && q != "one16899" && len(want) == 0 {
					t.Errorf("%q finds nothing", q)
				}
			}
		}
		check("filled")
		sound(t, d)
		more := []fulltext.Doc{{ID: id.At(day + 16_901*63_000), Terms: text.Terms("every one17 new")}}
		for _, s := range []*db.DB{d, other} {
			putAll(s, more)
			remove(t, s, x, tenantA, docs[17].ID, docs[16_899].ID, docs[4].ID)
			putAll(s, []fulltext.Doc{{ID: docs[3000].ID, Terms: text.Terms("changed every")}})
		}
		check("changed")
		if got := all(d, "changed"); !slices.Equal(got, []id.ID{docs[3000].ID}) {
			t.Errorf("a document put anew is found as %v", got)
		}
		sound(t, d)
		if _, err := fulltext.NewFill(bg, d, tenantA); err == nil {
			t.Error("an index with documents can be filled")
		}
	})
}

// Documents that came in beside a filling are not buried under it.
func TestFillRefusesAnIndexThatWasWrittenMeanwhile(t *testing.T) {
	d := dbtest.SQLite(t)
	f, err := fulltext.NewFill(bg, d, tenantA)
	if err != nil {
		t.Fatal(err)
	}
	docs := many(8)
	x := &fulltext.Index{}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error { return x.Put(ctx, tx, tenantA, docs[6:7]) }); err != nil {
		t.Fatal(err)
	}
	if err := f.Add(f.Tagged(0, docs[:6])); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(bg, d); err == nil {
		t.Fatal("the index of somebody else was written over")
	}
	h, err := x.Search(bg, d, tenantA, text.ParseQuery("every"), fulltext.Window{}, 0)
	if err != nil || len(h.IDs) != 1 {
		t.Errorf("what was there: %d found, %v", len(h.IDs), err)
	}
	sound(t, d)
}

// Whatever the number of documents is, FTS5 finds the segment sound.
func TestFillOfAnySize(t *testing.T) {
	for _, n := range []int{0, 1, 2, 9, 40, 300, 2100} {
		d := dbtest.SQLite(t)
		docs := many(max(n, 8))[:n]
		fill(t, d, docs)
		sound(t, d)
		if n > 0 {
			h, err := (&fulltext.Index{}).Search(bg, d, tenantA, text.ParseQuery("冰箱"), fulltext.Window{}, 0)
			if err != nil || len(h.IDs) == 0 {
				t.Errorf("%d documents: %d found, %v", n, len(h.IDs), err)
			}
		}
	}
}

// sound asks FTS5 whether its index is whole and holds what fts_doc says.
func sound(t *testing.T, d *db.DB) {
	t.Helper()
	if d.Engine() != db.SQLite {
		return
	}
	if err := d.Tx(bg, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into fts (fts, rank) values ('integrity-check', 1)`)
		return err
	}); err != nil {
		t.Fatalf("FTS5 finds the index damaged: %v", err)
	}
}
