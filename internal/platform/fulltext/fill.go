package fulltext

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	empty   []byte // FTS5's structure as it was at the beginning
	segment *segment
	buckets []*bucket
	ids     []id.ID // of the bucket under way
	runs    []run   // of the same, with the place in ids where each begins
	tokens  uint64
	leaves  uint64
}

// Filled is what is to be written of some documents.
type Filled struct {
	docs  []Doc
	terms []string // tagged
	run   run
	out   []block
	idx   []split
}

// BulkDocs is the number of documents of a bucket.
const BulkDocs = bucketDocs

const (
	// firstTag is the first tag of two figures: up to the last, "zz", they
	// ascend as texts too.
	firstTag    = 36
	mostBuckets = 36*36 - firstTag
	// atLevel keeps FTS5 from merging the segment with the next few words: it
	// merges those of a level with each other.
	atLevel = 8
)

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
	f.sqlite, f.empty, f.cookie, f.segment = true, structure, structure[:4], newSegment(1)
	return f, nil
}

// Tagged computes what needs no other documents: the texts that are kept of
// these and their terms in order. first is the place of the first in the whole;
// they do not reach over a multiple of BulkDocs. It may run at the same time as
// everything else.
func (f *Fill) Tagged(first int, docs []Doc) *Filled {
	x := &Filled{docs: docs}
	if f.sqlite {
		tag := tagOf(int64(firstTag + first/bucketDocs))
		x.terms = make([]string, len(docs))
		for i, d := range docs {
			x.terms[i] = tagged(tag, d.Terms)
		}
		x.run = newRun(docs)
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
	x.run.from = len(f.ids)
	for i, d := range docs {
		if d.ID != x.docs[i].ID || len(f.ids) > 0 && d.ID <= f.ids[len(f.ids)-1] {
			return fmt.Errorf("full text: ticket %s comes out of order", d.ID)
		}
		f.ids = append(f.ids, d.ID)
	}
	f.tokens += uint64(len(x.run.places))
	f.runs = append(f.runs, x.run)
	x.run = run{}
	if len(f.ids) > bucketDocs {
		return errors.New("full text: documents reach over the end of a bucket")
	}
	if len(f.ids) == bucketDocs {
		if err := f.endBucket(); err != nil {
			return err
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
	name := append([]byte{mainTerms}, tagOf(b.tag)...)
	n := len(name)
	for {
		var least *entry
		for i := range f.runs {
			if r := &f.runs[i]; r.next < len(r.terms) && (least == nil || r.terms[r.next].compare(*least) < 0) {
				least = &r.terms[r.next]
			}
		}
		if least == nil {
			break
		}
		t := *least
		name = append(name[:n], t.term...)
		f.segment.add(name)
		for i := range f.runs {
			r := &f.runs[i]
			if r.next == len(r.terms) || r.terms[r.next].head != t.head || r.terms[r.next].term != t.term {
				continue
			}
			e := r.terms[r.next]
			for _, place := range r.places[e.from:e.to] {
				f.segment.post(uint64(f.ids[r.from+int(place)]))
			}
			r.next++
		}
	}
	f.ids, f.runs = f.ids[:0], f.runs[:0]
	return nil
}

// run is the terms of some documents in order, each with the places of the
// documents that have it.
type run struct {
	terms  []entry
	places []uint16
	from   int // the place of the run's first document in its bucket
	next   int // term to be merged
}

// entry is a term of a run; head is its beginning as a number, which tells most
// terms apart, and places[from:to] are its documents.
type entry struct {
	head     uint64
	term     string
	from, to int32
}

func newRun(docs []Doc) run {
	number := map[string]int32{}
	var r run
	var all []int32 // of each document one after another, the numbers of its terms
	ends := make([]int32, len(docs))
	use := func(t string) {
		k, known := number[t]
		if !known {
			k = int32(len(r.terms))
			number[t] = k
			r.terms = append(r.terms, entry{head: head(t), term: t})
		}
		r.terms[k].to++
		all = append(all, k)
	}
	for i, d := range docs {
		terms := d.Terms
		if !slices.IsSorted(terms) {
			terms = slices.Sorted(slices.Values(terms))
		}
		for j, t := range terms {
			if j == 0 || t != terms[j-1] {
				use(t)
			}
		}
		if len(d.Terms) == 0 {
			use("") // the tag alone is kept, as Put does
		}
		ends[i] = int32(len(all))
	}
	at := int32(0)
	for k := range r.terms {
		t := &r.terms[k]
		t.from, at = at, at+t.to
		t.to = t.from
	}
	r.places = make([]uint16, len(all))
	begin := int32(0)
	for i, end := range ends {
		for _, k := range all[begin:end] {
			t := &r.terms[k]
			r.places[t.to] = uint16(i)
			t.to++
		}
		begin = end
	}
	slices.SortFunc(r.terms, entry.compare)
	return r
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
	}
	return strings.Compare(a.term, b.term)
}

// Finish writes what is left, after which searches find all. Nothing can be
// added any more.
func (f *Fill) Finish(ctx context.Context, d *db.DB) error {
	if !f.sqlite {
		return d.Tx(ctx, optimizePostgres) // what GIN has only collected, every search would read
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

// announce makes the segment and its buckets known, unless somebody has put
// documents in meanwhile: those would no longer be found.
func (f *Fill) announce(ctx context.Context, tx *db.Tx) error {
	if f.leaves == 0 {
		return nil
	}
	var structure []byte
	var other bool
	if err := tx.QueryRow(ctx, `select block, exists (select 1 from fts_bucket) from fts_data where id = $1`, structureBlock).Scan(&structure, &other); err != nil {
		return err
	}
	if other || !bytes.Equal(structure, f.empty) {
		return errFilled
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
	structure = append(slices.Clone(f.cookie), atLevel+1, 1, 0)
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
