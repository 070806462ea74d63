package fulltext

import "encoding/binary"

// A segment is one sorted run of terms in FTS5's index. Here one is written
// without FTS5, for the filling of an empty index: FTS5 gathers words one by
// one in a table of its own and merges runs again and again, which costs five
// times as much. The format is described at the beginning of SQLite's
// ext/fts5/fts5_index.c; that what is written keeps to it is checked by FTS5's
// own integrity check in the tests. This is the form of a table with
// detail=none and no prefix indexes: a term has a list of rowids and no more.
//
//	leaf      first rowid's offset (0: it comes after a term), footer's offset,
//	          both 16 bit; terms, each with the rowids of its documents; footer
//	term      length in common with the one before, unless it is the leaf's
//	          first; length of the rest; rest
//	rowids    the first of a term or of a leaf as it is, others as differences
//	footer    offsets of the terms, as differences
//	fts_idx   for each leaf with a term: something above all earlier terms and
//	          not above its first; the number of the leaf, doubled, plus one
//	          when its last term has a doclist index
//	doclist   of a term that fills at least four more leaves: the first rowid
//	index     on each of them
type segment struct {
	id  int64
	out []block // written since the last take
	idx []split

	leaf, footer []byte
	number       uint64 // of the leaf, from 1
	lastTerm     int    // its offset in the leaf
	noTerm       bool   // the leaf has no term yet
	noRowid      bool   // the next rowid is the leaf's first, and no term came before it
	first        bool   // the next rowid is the first of its term
	rowid        uint64 // the one before
	term         []byte // the one before

	key     []byte // of the entry in fts_idx that is not written yet
	keyLeaf uint64
	empty   int    // leaves without a term since then
	doclist []byte // doclist index that is under way
	docLast uint64
	docLeaf uint64 // where its term stands
}

// block is a row of fts_data, split a row of fts_idx.
type block struct {
	id   int64
	data []byte
}

type split struct {
	term []byte
	leaf int64
}

const (
	leafSize    = 4050 // FTS5's default
	fewestEmpty = 4    // leaves without a term that make a doclist index worth while
	leafBits    = 37   // a segment's id stands above them in the id of a block
	doclistBit  = 36   // set in the ids of doclist indexes
	mainTerms   = '0'  // what stands before every term
)

func newSegment(id int64) *segment {
	return &segment{id: id, leaf: make([]byte, 4, leafSize+256), number: 1, noTerm: true, noRowid: true, keyLeaf: 1}
}

// add writes a term, which is above all earlier ones. Its rowids follow.
func (s *segment) add(term []byte) {
	if len(s.leaf)+len(s.footer)+len(term)+2 >= leafSize && len(s.leaf) > 4 {
		s.flush()
	}
	s.footer = varint(s.footer, uint64(len(s.leaf)-s.lastTerm))
	s.lastTerm = len(s.leaf)
	common := 0
	for common < len(term) && common < len(s.term) && term[common] == s.term[common] {
		common++
	}
	if s.noTerm {
		if s.number > 1 {
			s.endKey()
			s.key, s.keyLeaf = append(s.key[:0], term[:common+1]...), s.number
		}
		common = 0
	} else {
		s.leaf = varint(s.leaf, uint64(common))
	}
	s.leaf = varint(s.leaf, uint64(len(term)-common))
	s.leaf = append(s.leaf, term[common:]...)
	s.term = append(s.term[:0], term...)
	s.noTerm, s.noRowid, s.first = false, false, true
	s.docLeaf, s.doclist = s.number, s.doclist[:0]
}

// post writes a rowid of the last term, above all its earlier ones.
func (s *segment) post(rowid uint64) {
	if len(s.leaf)+len(s.footer) >= leafSize {
		s.flush()
	}
	if s.noRowid {
		binary.BigEndian.PutUint16(s.leaf, uint16(len(s.leaf)))
		if len(s.doclist) == 0 {
			s.doclist = varint(append(s.doclist, 0), s.number)
			s.doclist = varint(s.doclist, rowid)
		} else {
			s.doclist = varint(s.doclist, rowid-s.docLast)
		}
		s.docLast = rowid
	}
	if s.first || s.noRowid {
		s.leaf = varint(s.leaf, rowid)
	} else {
		s.leaf = varint(s.leaf, rowid-s.rowid)
	}
	s.rowid, s.first, s.noRowid = rowid, false, false
}

// flush ends a leaf.
func (s *segment) flush() {
	binary.BigEndian.PutUint16(s.leaf[2:], uint16(len(s.leaf)))
	if s.noTerm {
		s.empty++
	}
	data := make([]byte, 0, len(s.leaf)+len(s.footer))
	data = append(append(data, s.leaf...), s.footer...)
	s.out = append(s.out, block{s.id<<leafBits | int64(s.number), data})
	s.leaf, s.footer, s.lastTerm = append(s.leaf[:0], 0, 0, 0, 0), s.footer[:0], 0
	s.number++
	s.noTerm, s.noRowid = true, true
}

// endKey ends the entry of a leaf in fts_idx, when the next begins: then it is
// known how far its last term's rowids reach.
func (s *segment) endKey() {
	e := split{append([]byte{}, s.key...), int64(s.keyLeaf) << 1}
	// A bucket's list never fills a block; if it did, reading without is right too.
	if s.empty >= fewestEmpty && len(s.doclist) > 0 && len(s.doclist) < leafSize {
		e.leaf |= 1
		s.out = append(s.out, block{s.id<<leafBits | 1<<doclistBit | int64(s.docLeaf), append([]byte{}, s.doclist...)})
	}
	s.idx = append(s.idx, e)
	s.empty = 0
}

// end ends the segment and says how many leaves it has.
func (s *segment) end() (leaves uint64) {
	if len(s.leaf) > 4 {
		s.flush()
	}
	if s.number > 1 {
		s.endKey()
	}
	return s.number - 1
}

// varint appends a number as SQLite does: seven bits a byte, the highest
// first; of a ninth byte all eight count.
func varint(b []byte, v uint64) []byte {
	if v < 1<<7 {
		return append(b, byte(v))
	}
	var t [9]byte
	i := 8
	if v>>56 != 0 {
		t[8] = byte(v)
		v >>= 8
		for i = 7; i >= 0; i-- {
			t[i] = byte(v&0x7f) | 0x80
			v >>= 7
		}
		return append(b, t[:]...)
	}
	for t[i] = byte(v & 0x7f); v>>7 != 0; t[i] = byte(v&0x7f) | 0x80 {
		v >>= 7
		i--
	}
	return append(b, t[i:]...)
}
