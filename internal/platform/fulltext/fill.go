package fulltext

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Fill fills an empty index with very many documents of one tenant. It is the
// way of seeding and of restoring. What it leaves behind is what Put would
// have, in better order; until Finish, searches find nothing of it.
//
// On SQLite it writes FTS5's index by itself (segment.go), as one segment: the
// tags of the buckets ascend, so that the words of a bucket stand behind all
// those of the bucket before. On PostgreSQL it is Put.
type Fill struct {
	tenant  id.ID
	sqlite  bool
	cookie  []byte
	segment *segment
	buckets []*bucket
	ids     []id.ID             // of the bucket under way
	lists   map[string][]uint16 // places in ids, of each term of it
	tokens  uint64
	leaves  uint64
}

// Filled is what is to be written of some documents.
type Filled struct {
	docs  []Doc
	terms []string // tagged
	out   []block
	idx   []split
}

const (
	// firstTag is the first tag of two figures: up to the last, "zz", they
	// ascend as texts too.
	firstTag    = 36
	mostBuckets = 36*36 - firstTag
	// atLevel keeps FTS5 from merging the segment with the next few words: it
	// merges those of a level with each other.
	atLevel = 8
)

var nothing = []string{""}

var errFilled = errors.New("full text: the index is not empty")

// NewFill begins.
func NewFill(ctx context.Context, r db.Reader, tenant id.ID) (*Fill, error) {
	f := &Fill{tenant: tenant}
	var any bool
	if err := r.QueryRow(ctx, `select exists (select 1 from fts_doc)`).Scan(&any); err != nil {
		return nil, err
	} else if any {
		return nil, errFilled
	}
	if r.Engine() == db.Postgres {
		return f, nil
	}
	var structure []byte
	if err := r.QueryRow(ctx, `select block from fts_data where id = $1`, structureBlock).Scan(&structure); err != nil {
		return nil, err
	}
	if err := r.QueryRow(ctx, `select exists (select 1 from fts_idx) or exists (select 1 from fts_bucket)`).Scan(&any); err != nil {
		return nil, err
	}
	if any || len(structure) < 4 {
		return nil, errFilled
	}
	f.sqlite, f.cookie, f.segment = true, structure[:4], newSegment(1)
	f.lists = map[string][]uint16{}
	return f, nil
}

// Tagged computes what needs no order: the texts that are kept of documents
// whose place in the whole is known, from `first` on. They do not reach over a
// multiple of BulkDocs. It may run at the same time as everything else.
func (f *Fill) Tagged(first int, docs []Doc) *Filled {
	x := &Filled{docs: docs}
	if f.sqlite {
		tag := tagOf(int64(firstTag + first/bucketDocs))
		x.terms = make([]string, len(docs))
		for i, d := range docs {
			x.terms[i] = tagged(tag, d.Terms)
		}
	}
	return x
}

// Add takes documents into the index that is built, in ascending order of ids,
// and gives x what is to be written by now. It has no effect on the store.
func (f *Fill) Add(x *Filled) error {
	docs, err := ordered(f.tenant, x.docs)
	if err != nil || !f.sqlite {
		return err
	}
	for i, d := range docs {
		if d.ID != x.docs[i].ID || len(f.ids) > 0 && d.ID <= f.ids[len(f.ids)-1] {
			return fmt.Errorf("full text: ticket %s comes out of order", d.ID)
		}
		place := uint16(len(f.ids))
		f.ids = append(f.ids, d.ID)
		terms := d.Terms
		if len(terms) == 0 {
			terms = nothing // the tag alone is kept, as Put does
		}
		for _, t := range terms {
			l := f.lists[t]
			if n := len(l); n == 0 || l[n-1] != place {
				f.lists[t] = append(l, place)
				f.tokens++
			}
		}
		if len(f.ids) == bucketDocs {
			if err := f.endBucket(); err != nil {
				return err
			}
		}
	}
	x.take(f.segment)
	return nil
}

func (x *Filled) take(s *segment) {
	x.out, x.idx = s.out, s.idx
	s.out, s.idx = nil, nil
}

// endBucket writes the words of a bucket to the segment.
func (f *Fill) endBucket() error {
	if len(f.ids) == 0 {
		return nil
	}
	if len(f.buckets) == mostBuckets {
		return fmt.Errorf("full text: more than %d documents", mostBuckets*bucketDocs)
	}
	b := &bucket{first: f.ids[0], last: f.ids[len(f.ids)-1], docs: len(f.ids), tag: int64(firstTag + len(f.buckets))}
	f.buckets = append(f.buckets, b)
	terms := make([]entry, 0, len(f.lists))
	for t, l := range f.lists {
		terms = append(terms, entry{head(t), t, l})
	}
	slices.SortFunc(terms, entry.compare)
	name := append([]byte{mainTerms}, tagOf(b.tag)...)
	n := len(name)
	for _, t := range terms {
		name = append(name[:n], t.term...)
		f.segment.add(name)
		for _, place := range t.places {
			f.segment.post(uint64(f.ids[place]))
		}
	}
	f.ids = f.ids[:0]
	f.lists = make(map[string][]uint16, len(f.lists))
	return nil
}

// entry is a term with its places; head is its beginning as a number, which
// tells most terms apart.
type entry struct {
	head   uint64
	term   string
	places []uint16
}

func head(t string) uint64 {
	var b [8]byte
	copy(b[:], t)
	return binary.BigEndian.Uint64(b[:])
}

func (a entry) compare(b entry) int {
	switch {
	case a.head < b.head:
		return -1
	case a.head > b.head:
		return 1
	case a.term < b.term:
		return -1
	case a.term > b.term:
		return 1
	}
	return 0
}

// Finish writes what is left, after which searches find all. Nothing can be
// added any more.
func (f *Fill) Finish(ctx context.Context, d *db.DB) error {
	if !f.sqlite {
		return nil
	}
	if err := f.endBucket(); err != nil {
		return err
	}
	x := &Filled{}
	f.leaves = f.segment.end()
	x.take(f.segment)
	if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := f.WriteIn(ctx, tx, x); err != nil {
			return err
		}
		return f.announce(ctx, tx)
	}); err != nil {
		return err
	}
	// A connection keeps what it knows of the segments until another one has
	// written something; so has ours now.
	other, err := d.OpenStd()
	if err != nil {
		return err
	}
	defer other.Close()
	_, err = other.ExecContext(ctx, `update fts_bucket set docs = docs`)
	return err
}

const (
	averagesBlock  = 1
	structureBlock = 10
)

// WriteIn writes what was added, in the caller's transaction.
func (f *Fill) WriteIn(ctx context.Context, tx *db.Tx, x *Filled) error {
	if !f.sqlite {
		return (&Index{}).Put(ctx, tx, f.tenant, x.docs)
	}
	args := make([]any, 0, 3*fillRows)
	put := func(into string) error {
		_, err := tx.Exec(ctx, into+db.Values(len(args)/3, 3), args...)
		args = args[:0]
		return err
	}
	for i, d := range x.docs {
		args = append(args, int64(d.ID), int64(f.tenant), x.terms[i])
		if len(args) == 3*fillRows || i == len(x.docs)-1 {
			if err := put(`insert into fts_doc (ticket_id, tenant_id, terms) values `); err != nil {
				return err
			}
		}
	}
	for i, e := range x.idx {
		args = append(args, f.segment.id, e.term, e.leaf)
		if len(args) == 3*fillRows || i == len(x.idx)-1 {
			if err := put(`insert into fts_idx (segid, term, pgno) values `); err != nil {
				return err
			}
		}
	}
	for _, b := range x.out {
		if _, err := tx.Exec(ctx, `insert into fts_data (id, block) values ($1, $2)`, b.id, b.data); err != nil {
			return err
		}
	}
	return nil
}

// announce makes the segment and its buckets known.
func (f *Fill) announce(ctx context.Context, tx *db.Tx) error {
	if f.leaves == 0 {
		return nil
	}
	docs := 0
	for _, b := range f.buckets {
		docs += b.docs
		if _, err := tx.Exec(ctx, `insert into fts_bucket (tenant_id, first_id, last_id, docs, tag) values ($1, $2, $3, $4, $5)`,
			int64(f.tenant), int64(b.first), int64(b.last), b.docs, b.tag); err != nil {
			return err
		}
	}
	averages := varint(varint(nil, uint64(docs)), f.tokens)
	// Levels, segments, a counter of writes; of each level how many of its
	// segments are being merged, how many it has, and their leaves.
	structure := append(slices.Clone(f.cookie), atLevel+1, 1, 0)
	for range atLevel {
		structure = append(structure, 0, 0)
	}
	structure = varint(varint(append(structure, 0, 1), uint64(f.segment.id)), 1)
	structure = varint(structure, f.leaves)
	for block, data := range map[int64][]byte{averagesBlock: averages, structureBlock: structure} {
		if _, err := tx.Exec(ctx, `insert into fts_data (id, block) values ($1, $2) on conflict (id) do update set block = excluded.block`, block, data); err != nil {
			return err
		}
	}
	return nil
}

const fillRows = 64
