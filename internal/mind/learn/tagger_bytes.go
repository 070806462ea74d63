package learn

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"sort"
)

const (
	taggerMagic   = "zdtag"
	taggerVersion = 1
)

// ErrTaggerBytes says that bytes are not a stored tagger.
var ErrTaggerBytes = errors.New("tagger: not a stored tagger, or a damaged one")

// MarshalBinary gives the stored form: magic, version, labels, transitions,
// rows by feature, and a CRC-32 of all before it. Numbers are little-endian.
func (t *Tagger) MarshalBinary() ([]byte, error) {
	b := append([]byte(taggerMagic), taggerVersion)
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(len(t.labels)))
	for _, s := range t.labels {
		b = le.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, v := range t.trans {
		b = le.AppendUint32(b, math.Float32bits(v))
	}
	features := make([]uint64, 0, len(t.rows))
	for f := range t.rows {
		features = append(features, f)
	}
	sort.Slice(features, func(i, j int) bool { return t.rows[features[i]] < t.rows[features[j]] })
	b = le.AppendUint32(b, uint32(len(features)))
	for _, f := range features {
		b = le.AppendUint64(b, f)
	}
	for _, v := range t.weights {
		b = le.AppendUint32(b, math.Float32bits(v))
	}
	return le.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// ReadTagger reads what MarshalBinary wrote; anything else is ErrTaggerBytes.
func ReadTagger(b []byte) (*Tagger, error) {
	le := binary.LittleEndian
	head := len(taggerMagic) + 1
	if len(b) < head+12 || string(b[:head-1]) != taggerMagic || b[head-1] != taggerVersion ||
		crc32.ChecksumIEEE(b[:len(b)-4]) != le.Uint32(b[len(b)-4:]) {
		return nil, ErrTaggerBytes
	}
	b = b[head : len(b)-4]
	ok := true
	take := func(n int) []byte {
		if n < 0 || n > len(b) {
			ok = false
			return nil
		}
		out := b[:n]
		b = b[n:]
		return out
	}
	number := func() int {
		if v := take(4); v != nil {
			return int(le.Uint32(v))
		}
		return 0
	}
	floats := func(n int) []float32 {
		v := take(4 * n)
		if v == nil {
			return nil
		}
		out := make([]float32, n)
		for i := range out {
			out[i] = math.Float32frombits(le.Uint32(v[4*i:]))
			if f := float64(out[i]); math.IsNaN(f) || math.IsInf(f, 0) {
				ok = false
			}
		}
		return out
	}
	t := &Tagger{rows: map[uint64]int32{}}
	l := number()
	if l == 0 || l > maxTaggerLabels {
		return nil, ErrTaggerBytes
	}
	for range l {
		t.labels = append(t.labels, string(take(number())))
	}
	t.trans = floats((l + 1) * l)
	n := number()
	if n > len(b)/8 {
		return nil, ErrTaggerBytes
	}
	for i := range n {
		if v := take(8); v != nil {
			t.rows[le.Uint64(v)] = int32(i)
		}
	}
	t.weights = floats(n * l)
	if !ok || len(b) != 0 || len(t.rows) != n {
		return nil, ErrTaggerBytes
	}
	t.allow()
	return t, nil
}
