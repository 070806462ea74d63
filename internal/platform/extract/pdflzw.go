package extract

import "io"

// earlyLZW decodes LZW with codes of 9 to 12 bits, most significant bit first,
// that widen one code early (ISO 32000-1, 7.4.4).
type earlyLZW struct {
	in    []byte
	bits  uint32
	n     uint
	width uint
	table []lzwEntry // from code 258
	prev  int        // -1: none
	out   []byte     // decoded, not yet read
}

type lzwEntry struct {
	prefix int
	last   byte
	first  byte
	length int
}

const lzwClear, lzwEnd = 256, 257

func (l *earlyLZW) Read(p []byte) (int, error) {
	if l.width == 0 {
		l.width, l.prev = 9, -1
	}
	for len(l.out) == 0 {
		for l.n < l.width {
			if len(l.in) == 0 {
				return 0, io.EOF
			}
			l.bits = l.bits<<8 | uint32(l.in[0])
			l.in = l.in[1:]
			l.n += 8
		}
		code := int(l.bits >> (l.n - l.width) & (1<<l.width - 1))
		l.n -= l.width
		switch {
		case code == lzwEnd:
			return 0, io.EOF
		case code == lzwClear:
			l.table, l.width, l.prev = l.table[:0], 9, -1
			continue
		case code > lzwEnd+len(l.table)+1 || code == lzwEnd+len(l.table)+1 && l.prev < 0:
			return 0, io.ErrUnexpectedEOF
		}
		if l.prev >= 0 && len(l.table) < 4096-258 {
			e := l.entry(l.prev)
			first := e.first
			if code <= lzwEnd+len(l.table) {
				first = l.entry(code).first
			}
			l.table = append(l.table, lzwEntry{prefix: l.prev, last: first, first: e.first, length: e.length + 1})
		} else if code > lzwEnd+len(l.table) {
			return 0, io.ErrUnexpectedEOF
		}
		l.emit(code)
		l.prev = code
		if next := 258 + len(l.table) + 1; next >= 1<<l.width && l.width < 12 {
			l.width++
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

func (l *earlyLZW) entry(code int) lzwEntry {
	if code < 256 {
		return lzwEntry{prefix: -1, last: byte(code), first: byte(code), length: 1}
	}
	return l.table[code-258]
}

func (l *earlyLZW) emit(code int) {
	e := l.entry(code)
	out := make([]byte, e.length)
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = e.last
		if e.prefix >= 0 {
			e = l.entry(e.prefix)
		}
	}
	l.out = out
}
