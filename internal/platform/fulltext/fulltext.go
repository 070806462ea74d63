// Package fulltext is the index of words: which tickets hold which terms. It
// knows neither texts nor tickets; package text makes the terms and reads the
// queries, and whoever owns the tickets checks what the index cannot know:
// phrases, rights, rank.
//
// It promises:
//
//   - one tenant never finds what another put in;
//   - Put and Delete are part of the caller's transaction, and what was taken
//     out is gone from the store's files, not only marked;
//   - Search gives the newest tickets first and stops when its time is over:
//     then it says from where to search further back;
//   - no query is an error.
//
// On SQLite it is an FTS5 table, on PostgreSQL a tsvector with GIN indexes.
// Both are cut along the ticket ids, which are ordered by time, so that a
// common word costs no more with a million tickets than with thirty thousand.
package fulltext

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

const (
	// MaxHits is how many tickets a search gives at most.
	MaxHits = 500
	// DefaultBudget is how long a search looks before it stops.
	DefaultBudget = 100 * time.Millisecond
	// batch is how many documents one statement takes.
	batch = 64
)

// Doc is what is indexed of a ticket: the terms that text.Terms gives.
type Doc struct {
	ID    id.ID
	Terms []string
}

// Window bounds a search to From ≤ id < To; zero is open.
type Window struct{ From, To id.ID }

// Hits are the answer to a search, newest first. When Further is not zero
// there may be more: the same search with Window.To = Further goes on.
type Hits struct {
	IDs     []id.ID
	Further id.ID
}

// Index is the full text index of a store. The zero Index is ready for use and
// safe for concurrent use.
type Index struct {
	Budget time.Duration // 0: DefaultBudget
}

// Put indexes documents, or indexes them anew, in the caller's transaction.
// Batches of about 64 are cheapest; on SQLite ids in ascending order are.
func (x *Index) Put(ctx context.Context, tx *db.Tx, tenant id.ID, docs []Doc) error {
	docs, err := ordered(tenant, docs)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(docs, batch) {
		if tx.Engine() == db.SQLite {
			err = putSQLite(ctx, tx, tenant, chunk)
		} else {
			err = putPostgres(ctx, tx, tenant, chunk)
		}
		if err != nil {
			return fmt.Errorf("full text: %w", err)
		}
	}
	return nil
}

// Delete takes tickets out; those that are not there are no error.
func (x *Index) Delete(ctx context.Context, tx *db.Tx, tenant id.ID, ids ...id.ID) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	for chunk := range slices.Chunk(slices.Compact(ids), batch) {
		var err error
		if tx.Engine() == db.SQLite {
			err = deleteSQLite(ctx, tx, tenant, chunk)
		} else {
			err = deletePostgres(ctx, tx, tenant, chunk)
		}
		if err != nil {
			return fmt.Errorf("full text: %w", err)
		}
	}
	return nil
}

// Optimize brings the index into better order, in the caller's transaction,
// and says whether more is to be done: about so many pages at a time on SQLite
// (64 take some tens of milliseconds), everything on PostgreSQL. It is called
// when nothing else is to do, and after many documents were brought in.
func (x *Index) Optimize(ctx context.Context, tx *db.Tx, pages int) (more bool, err error) {
	if tx.Engine() == db.SQLite {
		more, err = optimizeSQLite(ctx, tx, pages)
	} else {
		err = optimizePostgres(ctx, tx)
	}
	if err != nil {
		return false, fmt.Errorf("full text: %w", err)
	}
	return more, nil
}

// Search gives the newest tickets of a tenant, at most limit (0 or more than
// MaxHits: MaxHits), that fulfil a query. It makes some progress whatever the
// budget is.
func (x *Index) Search(ctx context.Context, r db.Reader, tenant id.ID, q text.Query, w Window, limit int) (Hits, error) {
	if tenant <= 0 || q.Empty() {
		return Hits{}, nil
	}
	if limit <= 0 || limit > MaxHits {
		limit = MaxHits
	}
	if w.To == 0 {
		w.To = maxID
	}
	budget := x.Budget
	if budget == 0 {
		budget = DefaultBudget
	}
	s := search{r: r, tenant: tenant, q: q, w: w, limit: limit, end: time.Now().Add(budget)}
	var err error
	if r.Engine() == db.SQLite {
		err = s.sqlite(ctx)
	} else {
		err = s.postgres(ctx)
	}
	if err != nil {
		return Hits{}, fmt.Errorf("full text: %w", err)
	}
	return s.hits, nil
}

const maxID = id.ID(1<<63 - 1)

// search is one search on its way back through time.
type search struct {
	r      db.Reader
	tenant id.ID
	q      text.Query
	w      Window // what is still to be searched
	limit  int
	end    time.Time
	hits   Hits
}

// searched notes that everything from `from` on is done, and says whether to
// stop: the window, the limit or the time is used up.
func (s *search) searched(from id.ID) bool {
	s.w.To = from
	if len(s.hits.IDs) >= s.limit {
		s.hits.Further = s.hits.IDs[len(s.hits.IDs)-1]
		return true
	}
	if s.w.To <= max(s.w.From, 1) {
		return true
	}
	if time.Now().After(s.end) {
		s.hits.Further = from
		return true
	}
	return false
}

// expression writes the query in the syntax of an engine: clauses joined by
// and, their alternatives by or, each term written by term.
func expression(q text.Query, and, or, not string, term func(text.Term) string) string {
	clause := func(c text.Clause) string {
		var alternatives []string
		for _, all := range c.Any {
			var terms []string
			for _, t := range all {
				terms = append(terms, term(t))
			}
			alternatives = append(alternatives, strings.Join(terms, and))
		}
		if len(alternatives) == 1 {
			return alternatives[0]
		}
		return "(" + strings.Join(alternatives, or) + ")"
	}
	var b strings.Builder
	for i, c := range q.Must {
		if i > 0 {
			b.WriteString(and)
		}
		b.WriteString(clause(c))
	}
	if len(q.Not) == 0 {
		return b.String()
	}
	must := b.String()
	b.Reset()
	b.WriteString("(" + must + ")")
	for _, c := range q.Not {
		b.WriteString(not + "(" + clause(c) + ")")
	}
	return b.String()
}

// ordered checks documents and sorts them by id.
func ordered(tenant id.ID, docs []Doc) ([]Doc, error) {
	if tenant <= 0 {
		return nil, fmt.Errorf("full text: no tenant")
	}
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, func(a, b Doc) int {
		switch {
		case a.ID < b.ID:
			return -1
		case a.ID > b.ID:
			return 1
		}
		return 0
	})
	for i, d := range docs {
		if d.ID <= 0 {
			return nil, fmt.Errorf("full text: a document without an id")
		}
		if i > 0 && docs[i-1].ID == d.ID {
			return nil, fmt.Errorf("full text: ticket %s twice in one batch", d.ID)
		}
		for _, t := range d.Terms {
			if t == "" || strings.ContainsAny(t, " \x00") {
				return nil, fmt.Errorf("full text: ticket %s: %q is no term", d.ID, t)
			}
		}
	}
	return docs, nil
}
