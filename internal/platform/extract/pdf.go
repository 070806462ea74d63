package extract

import (
	"bytes"
	"compress/flate"
	"compress/lzw"
	"encoding/ascii85"
	"io"
)

const (
	maxObjects   = 200_000
	maxPageDepth = 64
	maxForms     = 5_000 // forms drawn in a file
	maxChain     = 32    // objects needed to read an object
)

// pdf is an open file. The table of contents at its end is not believed: the
// objects are found by reading through, which damaged files survive and made up
// tables do not steer.
type pdf struct {
	b     *budget
	data  []byte
	at    map[int]place
	cache map[int]any
	busy  map[int]bool // being read: an object that needs itself
	fonts map[int]*pdfFont
	forms int
}

// place of an object: an offset, or a piece of an inflated object stream.
type place struct {
	offset int
	inside []byte
}

func readPDF(b *budget, r io.ReaderAt, size int64, res *Result) error {
	data, err := all(r, size)
	if err != nil {
		return err
	}
	p := &pdf{b: b, data: data, at: map[int]place{}, cache: map[int]any{}, busy: map[int]bool{}, fonts: map[int]*pdfFont{}}
	root, err := p.index()
	if err != nil {
		return err
	}
	pages := p.pages(root)
	if err := b.check(); err != nil {
		return err
	}
	if len(pages) == 0 {
		return ErrBroken
	}
	res.Pages = len(pages)
	if len(pages) > b.limits.Pages {
		res.Pages, res.Truncated, pages = b.limits.Pages, true, pages[:b.limits.Pages]
	}
	for _, pg := range pages {
		if err := p.page(pg); err != nil {
			return err
		}
		if err := b.write("\n\n"); err != nil {
			return err
		}
	}
	return nil
}

// index finds the objects, the root, and whether the file is encrypted.
func (p *pdf) index() (root any, err error) {
	data := p.data
	var trailers []pdfDict
	var streams []int // offsets of objects that hold objects, in order
	for i := 0; i < len(data); {
		if err := p.b.tick(); err != nil {
			return nil, err
		}
		k := bytes.Index(data[i:], []byte("obj"))
		t := bytes.Index(data[i:min(len(data), i+max(k, 0)+1)], []byte("trailer"))
		if k < 0 {
			t = bytes.Index(data[i:], []byte("trailer"))
		}
		if t >= 0 && (k < 0 || t < k) {
			s := &scanner{s: data, i: i + t + len("trailer"), b: p.b}
			if v, ok := s.next(0); ok && len(trailers) < 1000 {
				if d, ok := v.(pdfDict); ok {
					trailers = append(trailers, d)
				}
			}
			i = i + t + len("trailer")
			continue
		}
		if k < 0 {
			break
		}
		at := i + k
		i = at + 3
		num, ok := headBefore(data, at)
		if !ok {
			continue
		}
		if len(p.at) >= maxObjects {
			return nil, ErrTooLarge
		}
		p.at[num] = place{offset: at + 3}
		head := data[at+3 : min(len(data), at+3+1024)]
		if e := bytes.Index(head, []byte("stream")); e >= 0 {
			head = head[:e]
		} else if e := bytes.Index(head, []byte("endobj")); e >= 0 {
			continue // no stream
		}
		if bytes.Contains(head, []byte("ObjStm")) || bytes.Contains(head, []byte("XRef")) {
			streams = append(streams, at+3)
		}
	}
	for _, off := range streams {
		st, ok := p.parse(place{offset: off}).(*pdfStream)
		if !ok {
			continue
		}
		switch st.dict["Type"] {
		case pdfName("XRef"):
			trailers = append(trailers, st.dict)
		case pdfName("ObjStm"):
			if err := p.objectStream(st, off); err != nil {
				return nil, err
			}
		}
	}
	for _, t := range trailers {
		if t["Encrypt"] != nil {
			return nil, ErrEncrypted
		}
		if t["Root"] != nil {
			root = t["Root"]
		}
	}
	if root == nil { // no trailer: the catalogue may stand there all the same
		for _, n := range sortedKeys(p.at) {
			if err := p.b.tick(); err != nil {
				return nil, err
			}
			if d, ok := p.get(pdfRef(n)).(pdfDict); ok && d["Type"] == pdfName("Catalog") {
				root = d
			}
		}
	}
	return root, p.b.check()
}

// headBefore reads the "12 0 " before "obj", from behind.
func headBefore(data []byte, at int) (int, bool) {
	i := at
	back := func(is func(byte) bool, most int) int {
		from := i
		for i > 0 && from-i < most && is(data[i-1]) {
			i--
		}
		return from - i
	}
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	if back(isSpace, 8) == 0 || back(digit, 5) == 0 || back(isSpace, 8) == 0 {
		return 0, false
	}
	end := i
	if back(digit, 8) == 0 {
		return 0, false
	}
	n := 0
	for _, c := range data[i:end] {
		n = n*10 + int(c-'0')
	}
	return n, true
}

// objectStream takes in the objects that a stream holds. One that stands
// further back in the file is newer and counts.
func (p *pdf) objectStream(st *pdfStream, off int) error {
	data, err := p.decode(st)
	if err != nil {
		return err
	}
	n, _ := p.num(st.dict["N"])
	first, _ := p.num(st.dict["First"])
	if n <= 0 || first < 0 || int(first) > len(data) {
		return nil
	}
	s := &scanner{s: data[:int(first)], b: p.b}
	for range int(min(n, maxObjects)) {
		a, ok1 := s.next(0)
		o, ok2 := s.next(0)
		num, ok3 := a.(float64)
		at, ok4 := o.(float64)
		if !ok1 || !ok2 || !ok3 || !ok4 || num < 0 || num > 1e8 || at < 0 || at+first > float64(len(data)) {
			return s.err
		}
		if len(p.at) >= maxObjects {
			return ErrTooLarge
		}
		if old, ok := p.at[int(num)]; ok && old.inside == nil && old.offset > off {
			continue
		}
		p.at[int(num)] = place{offset: off, inside: data[int(first+at):]}
	}
	return s.err
}

// parse reads the object at a place.
func (p *pdf) parse(at place) any {
	s := &scanner{s: p.data, i: at.offset, b: p.b}
	if at.inside != nil {
		s = &scanner{s: at.inside, b: p.b}
	}
	v, _ := s.next(0)
	if d, ok := v.(pdfDict); ok && at.inside == nil {
		if st := s.stream(d, p.num); st != nil {
			return st
		}
	}
	return v
}

// get follows references.
func (p *pdf) get(v any) any {
	for range 16 {
		r, ok := v.(pdfRef)
		if !ok {
			return v
		}
		n := int(r)
		if c, ok := p.cache[n]; ok {
			v = c
			continue
		}
		at, ok := p.at[n]
		if !ok || p.busy[n] || len(p.busy) > maxChain {
			return nil
		}
		p.busy[n] = true
		v = p.parse(at)
		delete(p.busy, n)
		p.cache[n] = v
	}
	return nil
}

func (p *pdf) num(v any) (float64, bool) { n, ok := p.get(v).(float64); return n, ok }

func (p *pdf) dict(v any) pdfDict {
	switch d := p.get(v).(type) {
	case pdfDict:
		return d
	case *pdfStream:
		return d.dict
	}
	return nil
}

func (p *pdf) list(v any) []any { l, _ := p.get(v).([]any); return l }

type pdfPage struct {
	dict      pdfDict
	resources any
}

// pages walks the tree; a file without one gives its pages as they stand.
func (p *pdf) pages(root any) []pdfPage {
	var out []pdfPage
	seen := map[pdfRef]bool{}
	var walk func(v, resources any, depth int)
	walk = func(v, resources any, depth int) {
		if r, ok := v.(pdfRef); ok {
			if seen[r] {
				return
			}
			seen[r] = true
		}
		d := p.dict(v)
		if d == nil || depth > maxPageDepth || len(out) > p.b.limits.Pages || p.b.tick() != nil {
			return
		}
		if d["Resources"] != nil {
			resources = d["Resources"]
		}
		if kids := p.list(d["Kids"]); kids != nil {
			for _, k := range kids {
				walk(k, resources, depth+1)
			}
			return
		}
		if d["Contents"] != nil || p.get(d["Type"]) == pdfName("Page") {
			out = append(out, pdfPage{d, resources})
		}
	}
	walk(p.dict(root)["Pages"], nil, 0)
	if len(out) > 0 {
		return out
	}
	for _, n := range sortedKeys(p.at) {
		if p.b.tick() != nil {
			break
		}
		if d, ok := p.get(pdfRef(n)).(pdfDict); ok && d["Type"] == pdfName("Page") && len(out) <= p.b.limits.Pages {
			out = append(out, pdfPage{d, d["Resources"]})
		}
	}
	return out
}

// page writes the text of one page.
func (p *pdf) page(pg pdfPage) error {
	var content []byte
	add := func(v any) error {
		st, ok := p.get(v).(*pdfStream)
		if !ok {
			return nil
		}
		data, err := p.decode(st)
		content = append(append(content, data...), '\n')
		return err
	}
	if l := p.list(pg.dict["Contents"]); l != nil {
		for _, v := range l {
			if err := add(v); err != nil {
				return err
			}
		}
	} else if err := add(pg.dict["Contents"]); err != nil {
		return err
	}
	in := &interpreter{p: p, b: p.b}
	return in.run(content, pg.resources, identity, 0)
}

// decode undoes the filters of a stream. Damaged data gives what can be read;
// images and filters that are not known give nothing.
func (p *pdf) decode(st *pdfStream) ([]byte, error) {
	filters := p.list(st.dict["Filter"])
	if n, ok := p.get(st.dict["Filter"]).(pdfName); ok {
		filters = []any{n}
	}
	parms := p.list(st.dict["DecodeParms"])
	if d, ok := p.get(st.dict["DecodeParms"]).(pdfDict); ok {
		parms = []any{d}
	}
	if len(filters) > 4 {
		return nil, nil
	}
	data := st.raw
	if p.b.inflated -= int64(len(data)); p.b.inflated < 0 { // one stream may be asked for often
		return nil, ErrTooLarge
	}
	for i, f := range filters {
		var parm pdfDict
		if i < len(parms) {
			parm = p.dict(parms[i])
		}
		var err error
		switch p.get(f) {
		case pdfName("FlateDecode"), pdfName("Fl"):
			if len(data) > 2 { // past the header of zlib, whose checksum nobody needs
				data, err = p.inflate(flate.NewReader(bytes.NewReader(data[2:])))
			}
			data = p.predict(data, parm)
		case pdfName("LZWDecode"), pdfName("LZW"):
			data, err = p.inflate(newPDFLZW(data, parm, p))
			data = p.predict(data, parm)
		case pdfName("ASCIIHexDecode"), pdfName("AHx"):
			s := &scanner{s: data, b: p.b}
			data = s.hex()
		case pdfName("ASCII85Decode"), pdfName("A85"):
			if k := bytes.Index(data, []byte("~>")); k >= 0 {
				data = data[:k]
			}
			data = bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~"))
			data, err = p.inflate(ascii85.NewDecoder(bytes.NewReader(data)))
		default:
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// inflate reads all that can be read; only the budget's end is an error.
func (p *pdf) inflate(r io.Reader) ([]byte, error) {
	out, err := io.ReadAll(p.b.reader(r))
	if err != nil && (limited(err) || p.b.ctx.Err() != nil) {
		return nil, err
	}
	return out, nil
}

// predict undoes the predictors of PNG (RFC 2083, section 6), which streams of
// objects use.
func (p *pdf) predict(data []byte, parm pdfDict) []byte {
	if k, _ := p.num(parm["Predictor"]); k < 10 {
		return data
	}
	get := func(key pdfName, def int) int {
		if v, ok := p.num(parm[key]); ok && v >= 1 && v <= 1<<16 {
			return int(v)
		}
		return def
	}
	bpp := max(get("Colors", 1)*get("BitsPerComponent", 8)/8, 1)
	row := (get("Columns", 1)*get("Colors", 1)*get("BitsPerComponent", 8) + 7) / 8
	if row <= 0 || row > 1<<24 {
		return nil
	}
	out := make([]byte, 0, len(data))
	prev := make([]byte, row)
	for len(data) > 1 {
		kind := data[0]
		line := make([]byte, row)
		n := copy(line, data[1:])
		data = data[1+n:]
		for i := range line {
			var a, c byte
			if i >= bpp {
				a, c = line[i-bpp], prev[i-bpp]
			}
			switch kind {
			case 1:
				line[i] += a
			case 2:
				line[i] += prev[i]
			case 3:
				line[i] += byte((int(a) + int(prev[i])) / 2)
			case 4:
				line[i] += paeth(a, prev[i], c)
			}
		}
		out = append(out, line[:n]...)
		prev = line
	}
	return out
}

func paeth(a, b, c byte) byte {
	pa, pb, pc := abs(int(b)-int(c)), abs(int(a)-int(c)), abs(int(a)+int(b)-2*int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }

// newPDFLZW reads LZW as PDF writes it, whose codes widen one step early.
func newPDFLZW(data []byte, parm pdfDict, p *pdf) io.Reader {
	if early, ok := p.num(parm["EarlyChange"]); ok && early == 0 {
		return lzw.NewReader(bytes.NewReader(data), lzw.MSB, 8)
	}
	return &earlyLZW{in: data}
}
