// Package id makes the 64-bit identifiers of every row.
//
// An ID is ordered by time (41 bits of milliseconds since 2024-01-01 UTC, 10
// bits of node, 12 bits of sequence: the layout of Twitter's Snowflake), so
// that new rows land at the end of every index and "newest first" needs no
// second column. It is made in Go, never by the database. On the wire it is a
// string, because JavaScript cannot hold 64 bits.
package id

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// ID identifies one row. Zero means "none".
type ID int64

const (
	epochMillis = 1704067200000 // 2024-01-01T00:00:00Z
	nodeBits    = 10
	seqBits     = 12
	// Nodes is how many different node numbers exist.
	Nodes = 1 << nodeBits
)

// Parse reads the decimal form that String writes.
func Parse(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("not an id: %q", s)
	}
	return ID(n), nil
}

// String is the decimal form; it is empty for zero.
func (i ID) String() string {
	if i == 0 {
		return ""
	}
	return strconv.FormatInt(int64(i), 10)
}

// MarshalText makes JSON hold the decimal string.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads the decimal string; the empty string is zero.
func (i *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

// Millis is when the ID was made, in UTC milliseconds.
func (i ID) Millis() int64 { return int64(i)>>(nodeBits+seqBits) + epochMillis }

// At is the smallest ID of a millisecond: a bound for range scans by time.
func At(millis int64) ID { return ID((millis - epochMillis) << (nodeBits + seqBits)) }

// Source makes the IDs of one node. It is safe for concurrent use, never
// returns the same ID twice, and never goes backwards: when the wall clock is
// set back it counts on from the last ID.
type Source struct {
	node int64
	now  func() int64
	mu   sync.Mutex
	last int64 // milliseconds since epoch
	seq  int64
}

// NewSource takes the node number (0 … Nodes-1), which must be held by this
// process alone, and the clock in UTC milliseconds (nil: the wall clock).
func NewSource(node int, now func() int64) *Source {
	if node < 0 || node >= Nodes {
		panic(fmt.Sprintf("id: node %d out of range", node))
	}
	if now == nil {
		now = func() int64 { return time.Now().UnixMilli() }
	}
	return &Source{node: int64(node), now: now}
}

// Next makes an ID.
func (s *Source) Next() ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ms := s.now() - epochMillis; ms > s.last {
		s.last, s.seq = ms, 0
	} else if s.seq++; s.seq == 1<<seqBits {
		s.last++
		s.seq = 0
	}
	return ID(s.last<<(nodeBits+seqBits) | s.node<<seqBits | s.seq)
}

const (
	shift = nodeBits + seqBits
	// early is the first month of the ids, which is over: what is older than
	// the ids themselves stands there, pressed together.
	early = 30 * 24 * 3600 * 1000
	press = early << shift / (epochMillis + early) // ids of a millisecond before
)

// Back makes an ID for what happened at a moment that is over, so that it stands
// among the others by its time; of what is older than the ids themselves the
// order stays, and Millis tells another time. It is chosen at random among
// millions, wider where only the second is known: it is not sure to be new, and
// who inserts it tries again on a conflict.
func (s *Source) Back(millis int64) ID {
	if millis >= s.now()-1000 {
		return s.Next()
	}
	width := int64(1) // milliseconds
	if millis%1000 == 0 {
		width = 1000
	}
	if at := millis - epochMillis; at >= early {
		return ID(at<<shift + rand.Int64N(width<<shift))
	}
	return ID(max(millis, 0)*press + 1 + rand.Int64N(width*press))
}
