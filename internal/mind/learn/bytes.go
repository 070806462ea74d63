package learn

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"zhidan/internal/platform/fault"
)

// A model as bytes: the magic, which carries the version of features and
// layout, the sections one after another with their lengths, and a CRC-32 of
// all before it. Whoever changes what features are made of changes the magic,
// for old weights would mean nothing.
const magic = "ZhidanLearn3"

// MaxModelBytes bounds the bytes of a model.
const MaxModelBytes = 256 << 20

func damaged(what string) error {
	return fault.New(fault.Invalid, "learn.model_bytes", "these bytes are not a model: %s", what)
}

type number interface {
	~uint8 | ~int8 | ~uint16 | ~int32 | ~uint32 | ~float32 | ~float64
}

type writer struct{ b []byte }

func write[T number](w *writer, s []T) {
	w.b = binary.AppendUvarint(w.b, uint64(len(s)))
	w.b, _ = binary.Append(w.b, binary.LittleEndian, s)
}

func (w *writer) text(s string) { write(w, []byte(s)) }

// MarshalBinary gives the model as bytes.
func (m *Model) MarshalBinary() ([]byte, error) {
	w := &writer{b: []byte(magic)}
	write(w, []uint32{uint32(len(m.labels))})
	for _, l := range m.labels {
		w.text(l.Name)
		w.text(l.Title)
		w.text(l.Description)
	}
	write(w, m.alias)
	// The hashes in the order of their numbers: the table is built anew.
	hashes := make([]uint32, len(m.idf))
	for i, k := range m.index.keys {
		if k != 0 {
			hashes[m.index.ids[i]] = k
		}
	}
	write(w, hashes)
	write(w, m.idf)
	write(w, []float32{m.unseen})
	write(w, m.start)
	write(w, m.class)
	write(w, m.weight)
	write(w, m.scale)
	write(w, m.bias)
	write(w, m.common)
	write(w, m.sure)
	write(w, m.known)
	var texts []corrected
	if m.learned != nil {
		texts = m.learned.texts
	}
	write(w, []uint32{uint32(len(texts))})
	for _, t := range texts {
		write(w, t.hash)
		write(w, t.x)
		write(w, t.base)
		write(w, t.alpha)
		write(w, []int32{t.label})
		write(w, []float32{t.cost})
	}
	w.b = append(w.b, 0, 0, 0, 0)
	seal(w.b)
	return w.b, nil
}

// seal writes the checksum into the last four bytes.
func seal(b []byte) {
	n := len(b) - 4
	binary.LittleEndian.PutUint32(b[n:], crc32.ChecksumIEEE(b[:n]))
}

type parser struct {
	b   []byte
	bad bool
}

func read[T number](p *parser) []T {
	n, w := binary.Uvarint(p.b)
	var one T
	size := binary.Size(one)
	if p.bad || w <= 0 || n > uint64(len(p.b)-w)/uint64(size) {
		p.bad = true
		return nil
	}
	p.b = p.b[w:]
	s := make([]T, n)
	if _, err := binary.Decode(p.b[:int(n)*size], binary.LittleEndian, s); err != nil {
		p.bad = true
		return nil
	}
	p.b = p.b[int(n)*size:]
	return s
}

func readOne[T number](p *parser) T {
	if s := read[T](p); len(s) == 1 {
		return s[0]
	}
	p.bad = true
	var none T
	return none
}

func (p *parser) text() string { return string(read[byte](p)) }

// UnmarshalBinary makes m the model that the bytes hold. Bytes that are not a
// whole model of this version give an error and leave m as it was.
func (m *Model) UnmarshalBinary(data []byte) error {
	switch {
	case len(data) > MaxModelBytes:
		return damaged("too long")
	case len(data) < len(magic)+4 || string(data[:len(magic)-1]) != magic[:len(magic)-1]:
		return damaged("another kind")
	case string(data[:len(magic)]) != magic:
		return damaged("another version")
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return damaged("the checksum differs")
	}
	p := &parser{b: body[len(magic):]}
	out := Model{pool: newPool()}
	n := readOne[uint32](p)
	if p.bad || n == 0 || n > MaxLabels {
		return damaged("labels")
	}
	labels := make([]Label, n)
	for i := range labels {
		labels[i] = Label{p.text(), p.text(), p.text()}
	}
	out.name(labels)
	out.alias = read[int32](p)
	hashes := read[uint32](p)
	out.idf = read[float32](p)
	out.unseen = readOne[float32](p)
	out.start = read[uint32](p)
	out.class = read[uint16](p)
	out.weight = read[int8](p)
	out.scale = read[float32](p)
	out.bias = read[float32](p)
	out.common = read[float32](p)
	out.sure = read[float64](p)
	out.known = read[float64](p)
	texts := readOne[uint32](p)
	if p.bad || texts > MaxCorrections {
		return damaged("cut short")
	}
	out.index = newIndex(len(hashes))
	for i, h := range hashes {
		if h == 0 || out.index.put(h, int32(i)) != int32(i) {
			return damaged("features")
		}
	}
	if what := out.flaw(); what != "" {
		return damaged(what)
	}
	if texts > 0 {
		c := &corrections{rows: map[uint32]*row{}, bias: make([]float32, n)}
		mine := map[uint32]bool{}
		for range texts {
			t := corrected{hash: read[uint32](p), x: read[float32](p), base: read[float32](p), alpha: read[float32](p), label: readOne[int32](p), cost: readOne[float32](p)}
			if p.bad || len(t.x) != len(t.hash) || len(t.hash) > maxFeaturesKept || len(t.alpha) > int(n) || len(t.base) > int(n) ||
				t.label < 0 || t.label >= int32(n) || !sane(t.x) || !sane(t.base) || !sane(t.alpha) || !(t.cost >= 0 && t.cost < 1e6) {
				return damaged("corrections")
			}
			for k, a := range t.alpha {
				if a == 0 {
					continue
				}
				c.bias[k] += a * correctionBias
				for j, h := range t.hash {
					c.add(h, uint16(k), a*t.x[j], mine)
				}
			}
			c.texts = append(c.texts, t)
		}
		out.learned = c
	}
	if len(p.b) != 0 {
		return damaged("too long")
	}
	*m = out
	return nil
}

// flaw names what does not fit together in a model that was read.
func (m *Model) flaw() string {
	n, f := len(m.labels), len(m.idf)
	switch {
	case len(m.by) != n || len(m.alias) != n || len(m.bias) != n || len(m.common) != n:
		return "labels"
	case m.index.n != f || len(m.scale) != f || len(m.start) != f+1 || len(m.class) != len(m.weight):
		return "sizes"
	case m.start[0] != 0 || int(m.start[f]) != len(m.class):
		return "rows"
	case len(m.sure) != 4 || len(m.known) != 4:
		return "calibration"
	case !sane(m.idf) || !sane(m.scale) || !sane(m.bias) || !sane(m.common) || !finite(m.unseen):
		return "weights"
	}
	for _, l := range []logistic{m.sure, m.known} {
		for _, x := range l {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return "calibration"
			}
		}
	}
	for i := range f {
		if m.start[i] > m.start[i+1] {
			return "rows"
		}
	}
	for i := range f { // cover relies on classes in rising order
		for j := m.start[i]; j < m.start[i+1]; j++ {
			if int(m.class[j]) >= n || j > m.start[i] && m.class[j] <= m.class[j-1] {
				return "classes"
			}
		}
	}
	for _, a := range m.alias {
		if a < -1 || int(a) >= n || a >= 0 && m.alias[a] != a {
			return "aliases"
		}
	}
	return ""
}

func sane(s []float32) bool {
	for _, x := range s {
		if !(x < 1e6 && x > -1e6) {
			return false
		}
	}
	return true
}
