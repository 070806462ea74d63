package fulltext

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

const (
	// bucketDocs is how many tickets a bucket takes before the next begins.
	// FTS5 reads the lists of exact terms lazily and from the newest end, but
	// first gathers all lists that begin with a prefix: a bucket bounds that.
	bucketDocs = 16384
	// fewHits is up to how many hits of the rarest clause are compared with
	// the rest of the query one by one, so that the lists of common prefixes
	// need not be gathered at all.
	fewHits = 200
)

// bucket is a range of ids of one tenant, from first to the next bucket's
// first; last is the highest id put in.
type bucket struct {
	first, last id.ID
	docs        int
	tag         int64
	changed     bool
}

func loadBuckets(ctx context.Context, r db.Reader, tenant, below id.ID) ([]*bucket, error) {
	rows, err := r.Query(ctx, `select first_id, last_id, docs, tag from fts_bucket
		where tenant_id = $1 and first_id < $2 order by first_id desc`, int64(tenant), int64(below))
	return db.Each(rows, err, func(rows *sql.Rows) (*bucket, error) {
		var b bucket
		return &b, rows.Scan((*int64)(&b.first), (*int64)(&b.last), &b.docs, &b.tag)
	})
}

// tagOf is what stands before each term of a bucket.
func tagOf(tag int64) string { return strconv.FormatInt(tag, 36) + "_" }

// bucketFor finds or makes the bucket of a ticket; buckets are newest first.
func bucketFor(ctx context.Context, tx *db.Tx, tenant id.ID, buckets *[]*bucket, ticket id.ID) (*bucket, error) {
	at := slices.IndexFunc(*buckets, func(b *bucket) bool { return b.first <= ticket })
	first := ticket
	switch {
	case at < 0 && len(*buckets) > 0:
		// Older than everything so far: the oldest bucket begins at zero, as an
		// import of old tickets goes on from here.
		at, first = len(*buckets), 0
	case at < 0:
		at = 0
	case (*buckets)[at].docs < bucketDocs || ticket <= (*buckets)[at].last:
		return (*buckets)[at], nil
	}
	b := &bucket{first: first, last: first}
	if err := tx.QueryRow(ctx, `select coalesce(max(tag), 0) + 1 from fts_bucket`).Scan(&b.tag); err != nil {
		return nil, err
	}
	_, err := tx.Exec(ctx, `insert into fts_bucket (tenant_id, first_id, last_id, docs, tag) values ($1, $2, $3, 0, $4)`,
		int64(tenant), int64(b.first), int64(b.last), b.tag)
	*buckets = slices.Insert(*buckets, at, b)
	return b, err
}

type stored struct {
	ticket, tenant id.ID
	terms          string
}

func loadDocs(ctx context.Context, r db.Reader, ids []id.ID) (map[id.ID]stored, error) {
	args := make([]any, len(ids))
	for i, v := range ids {
		args[i] = int64(v)
	}
	rows, err := r.Query(ctx, `select ticket_id, tenant_id, terms from fts_doc where ticket_id in `+db.Values(1, len(ids)), args...)
	list, err := db.Each(rows, err, func(rows *sql.Rows) (stored, error) {
		var s stored
		return s, rows.Scan((*int64)(&s.ticket), (*int64)(&s.tenant), &s.terms)
	})
	out := make(map[id.ID]stored, len(list))
	for _, s := range list {
		out[s.ticket] = s
	}
	return out, err
}

// putSQLite writes documents in ascending order, as FTS5 likes best. Of a
// document that is there already only the difference is written: to take all
// its terms out and put them in again costs a hundred times as much, since
// what is taken out is removed from every list it stands in.
func putSQLite(ctx context.Context, tx *db.Tx, tenant id.ID, docs []Doc) error {
	ids := make([]id.ID, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	old, err := loadDocs(ctx, tx, ids)
	if err != nil {
		return err
	}
	buckets, err := loadBuckets(ctx, tx, tenant, maxID)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if s, ok := old[d.ID]; ok {
			if s.tenant != tenant {
				return fmt.Errorf("ticket %s belongs to another tenant", d.ID)
			}
			if err := update(ctx, tx, s, d); err != nil {
				return err
			}
			continue
		}
		b, err := bucketFor(ctx, tx, tenant, &buckets, d.ID)
		if err != nil {
			return err
		}
		terms := tagged(tagOf(b.tag), d.Terms)
		if _, err := tx.Exec(ctx, `insert into fts_doc (ticket_id, tenant_id, terms) values ($1, $2, $3)`,
			int64(d.ID), int64(tenant), terms); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into fts (rowid, terms) values ($1, $2)`, int64(d.ID), terms); err != nil {
			return err
		}
		b.docs++
		b.last, b.changed = max(b.last, d.ID), true
	}
	for _, b := range buckets {
		if !b.changed {
			continue
		}
		if _, err := tx.Exec(ctx, `update fts_bucket set last_id = $3, docs = $4 where tenant_id = $1 and first_id = $2`,
			int64(tenant), int64(b.first), int64(b.last), b.docs); err != nil {
			return err
		}
	}
	return nil
}

// update brings a document to its new terms, in the bucket where it is.
func update(ctx context.Context, tx *db.Tx, old stored, d Doc) error {
	tag, _, found := strings.Cut(old.terms, "_")
	if !found {
		return fmt.Errorf("ticket %s: the index is damaged", d.ID)
	}
	terms := tagged(tag+"_", d.Terms)
	if terms == old.terms {
		return nil
	}
	added, removed := difference(old.terms, terms)
	if removed != "" {
		if err := remove(ctx, tx, d.ID, removed); err != nil {
			return err
		}
	}
	// Also when nothing was added: FTS5 counts documents by what is put in and
	// taken out, and must not come below zero.
	if added != "" || removed != "" {
		if _, err := tx.Exec(ctx, `insert into fts (rowid, terms) values ($1, $2)`, int64(d.ID), added); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `update fts_doc set terms = $2 where ticket_id = $1`, int64(d.ID), terms)
	return err
}

func remove(ctx context.Context, tx *db.Tx, ticket id.ID, terms string) error {
	_, err := tx.Exec(ctx, `insert into fts (fts, rowid, terms) values ('delete', $1, $2)`, int64(ticket), terms)
	return err
}

func deleteSQLite(ctx context.Context, tx *db.Tx, tenant id.ID, ids []id.ID) error {
	old, err := loadDocs(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, ticket := range ids {
		s, ok := old[ticket]
		if !ok || s.tenant != tenant {
			continue
		}
		if err := remove(ctx, tx, ticket, s.terms); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from fts_doc where ticket_id = $1`, int64(ticket)); err != nil {
			return err
		}
	}
	return nil
}

// tagged joins terms, each once and in order, with the tag before each. A
// document without terms keeps its tag.
func tagged(tag string, terms []string) string {
	if !slices.IsSorted(terms) {
		terms = slices.Sorted(slices.Values(terms))
	}
	n := 0
	for _, t := range terms {
		n += len(tag) + len(t) + 1
	}
	var b strings.Builder
	b.Grow(n + len(tag))
	for i, t := range terms {
		if i > 0 {
			if t == terms[i-1] {
				continue
			}
			b.WriteByte(' ')
		}
		b.WriteString(tag)
		b.WriteString(t)
	}
	if b.Len() == 0 {
		return tag
	}
	return b.String()
}

// difference compares two ordered lists of terms.
func difference(before, after string) (added, removed string) {
	a, b := strings.Fields(before), strings.Fields(after)
	var plus, minus []string
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			minus, a = append(minus, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			plus, b = append(plus, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return strings.Join(plus, " "), strings.Join(minus, " ")
}

// sqlite searches bucket by bucket.
func (s *search) sqlite(ctx context.Context) error {
	buckets, err := loadBuckets(ctx, s.r, s.tenant, s.w.To)
	if err != nil {
		return err
	}
	rarest := s.rarest()
	for _, b := range buckets {
		if b.last >= s.w.From {
			ids, err := s.bucket(ctx, b, rarest)
			if err != nil {
				return err
			}
			s.hits.IDs = append(s.hits.IDs, ids...)
		}
		if s.searched(b.first) {
			return nil
		}
	}
	s.hits.Further = 0
	return nil
}

func (s *search) bucket(ctx context.Context, b *bucket, rarest int) ([]id.ID, error) {
	tag := tagOf(b.tag)
	limit := s.limit - len(s.hits.IDs)
	if rarest >= 0 {
		ids, err := s.match(ctx, tag, text.Query{Must: s.q.Must[rarest : rarest+1]}, fewHits+1)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		if len(ids) <= fewHits {
			return s.fulfilling(ctx, tag, ids, limit)
		}
	}
	return s.match(ctx, tag, s.q, limit)
}

// rarest guesses which clause has the fewest hits, when it is worth while to
// look at it first: when there are others, and prefixes among them. Exact
// terms cost nothing to begin with; of prefixes the longest is the best guess,
// and digits make a term rarer than letters do.
func (s *search) rarest() int {
	best, bestLen, prefixes := -1, -1, 0
	for i, c := range s.q.Must {
		length, prefix := 1<<30, false
		for _, all := range c.Any {
			n := 0
			for _, t := range all {
				prefix = prefix || t.Prefix
				n += len(t.Text)
				if strings.ContainsAny(t.Text, "0123456789") {
					n += len(t.Text)
				}
			}
			length = min(length, n)
		}
		if prefix {
			prefixes++
		} else {
			length += 1 << 16
		}
		if length > bestLen {
			best, bestLen = i, length
		}
	}
	if len(s.q.Must) < 2 || prefixes == 0 {
		return -1
	}
	return best
}

func (s *search) match(ctx context.Context, tag string, q text.Query, limit int) ([]id.ID, error) {
	match := expression(q, " AND ", " OR ", " NOT ", func(t text.Term) string {
		w := `"` + tag + strings.ReplaceAll(t.Text, `"`, `""`) + `"`
		if t.Prefix {
			w += "*"
		}
		return w
	})
	rows, err := s.r.Query(ctx, `select rowid from fts where fts match $1 and rowid >= $2 and rowid < $3
		order by rowid desc limit $4`, match, int64(s.w.From), int64(s.w.To), limit)
	return db.Each(rows, err, scanID)
}

// fulfilling compares the whole query with the terms of a few tickets.
func (s *search) fulfilling(ctx context.Context, tag string, ids []id.ID, limit int) ([]id.ID, error) {
	docs, err := loadDocs(ctx, s.r, ids)
	if err != nil {
		return nil, err
	}
	var out []id.ID
	for _, v := range ids {
		terms := strings.Fields(docs[v].terms)
		has := func(c text.Clause) bool { return fulfils(terms, tag, c) }
		if len(out) < limit && !slices.ContainsFunc(s.q.Must, func(c text.Clause) bool { return !has(c) }) && !slices.ContainsFunc(s.q.Not, has) {
			out = append(out, v)
		}
	}
	return out, nil
}

// fulfils says whether ordered terms fulfil a clause.
func fulfils(terms []string, tag string, c text.Clause) bool {
	has := func(t text.Term) bool {
		at, found := slices.BinarySearch(terms, tag+t.Text)
		return found || t.Prefix && at < len(terms) && strings.HasPrefix(terms[at], tag+t.Text)
	}
	return slices.ContainsFunc(c.Any, func(all []text.Term) bool {
		return !slices.ContainsFunc(all, func(t text.Term) bool { return !has(t) })
	})
}

func scanID(rows *sql.Rows) (id.ID, error) {
	var v int64
	err := rows.Scan(&v)
	return id.ID(v), err
}

// optimizeSQLite merges about so many pages. FTS5 says that nothing was left to
// merge by changing fewer than two rows.
func optimizeSQLite(ctx context.Context, tx *db.Tx, pages int) (more bool, err error) {
	var before, after int64
	if err := tx.QueryRow(ctx, `select total_changes()`).Scan(&before); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `insert into fts (fts, rank) values ('merge', $1)`, pages); err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, `select total_changes()`).Scan(&after)
	return after-before >= 2, err
}
