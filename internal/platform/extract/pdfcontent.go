package extract

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// matrix is [a b c d e f] of ISO 32000-1, 8.3.4.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// mul is m × n: m happens first.
func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// interpreter follows the operators that show text (ISO 32000-1, 9.4). Words
// come in the order in which the file draws them; blanks and line ends are
// guessed from where they are drawn.
type interpreter struct {
	p *pdf
	b *budget

	ctm, tm, line matrix
	font          *pdfFont
	size          float64
	charSpace     float64
	wordSpace     float64
	scale         float64
	leading       float64

	drawn    bool // something stands on this page
	endX     float64
	endY     float64
	lastSize float64
}

const (
	maxFormDepth = 8
	maxOperands  = 1024
	maxStates    = 256
)

type graphics struct {
	ctm                                          matrix
	font                                         *pdfFont
	size, charSpace, wordSpace, leading, scaling float64
}

func (in *interpreter) run(content []byte, resources any, ctm matrix, depth int) error {
	res := in.p.dict(resources)
	in.ctm, in.tm, in.line = ctm, identity, identity
	if depth == 0 {
		in.scale = 1
	}
	var stack []graphics
	var args []any
	s := &scanner{s: content, b: in.b}
	inline := map[pdfName]*pdfFont{} // fonts that stand in the resources themselves
	num := func(i int) float64 {
		if i < len(args) {
			f, _ := args[i].(float64)
			if math.IsNaN(f) || math.Abs(f) > 1e9 {
				return 0
			}
			return f
		}
		return 0
	}
	for {
		v, ok := s.next(0)
		if !ok {
			return s.err
		}
		op, isOp := v.(pdfOp)
		if !isOp {
			if len(args) < maxOperands {
				args = append(args, v)
			}
			continue
		}
		var err error
		switch op {
		case "q":
			if len(stack) < maxStates {
				stack = append(stack, graphics{in.ctm, in.font, in.size, in.charSpace, in.wordSpace, in.leading, in.scale})
			}
		case "Q":
			if n := len(stack); n > 0 {
				g := stack[n-1]
				stack = stack[:n-1]
				in.ctm, in.font, in.size, in.charSpace, in.wordSpace, in.leading, in.scale = g.ctm, g.font, g.size, g.charSpace, g.wordSpace, g.leading, g.scaling
			}
		case "cm":
			in.ctm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}.mul(in.ctm)
		case "BT":
			in.tm, in.line = identity, identity
		case "Tf":
			if len(args) >= 2 {
				if name, ok := args[0].(pdfName); ok {
					v := in.p.dict(res["Font"])[name]
					if _, isRef := v.(pdfRef); isRef {
						in.font = in.p.font(v)
					} else {
						if inline[name] == nil {
							inline[name] = in.p.font(v)
						}
						in.font = inline[name]
					}
				}
				in.size = num(1)
			}
		case "Tc":
			in.charSpace = num(0)
		case "Tw":
			in.wordSpace = num(0)
		case "Tz":
			in.scale = num(0) / 100
		case "TL":
			in.leading = num(0)
		case "Td":
			in.move(num(0), num(1))
		case "TD":
			in.leading = -num(1)
			in.move(num(0), num(1))
		case "T*":
			in.move(0, -in.leading)
		case "Tm":
			in.tm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}
			in.line = in.tm
		case "Tj":
			err = in.show(args)
		case "'":
			in.move(0, -in.leading)
			err = in.show(args)
		case "\"":
			in.wordSpace, in.charSpace = num(0), num(1)
			in.move(0, -in.leading)
			err = in.show(args[min(len(args), 2):])
		case "TJ":
			if len(args) > 0 {
				l, _ := args[0].([]any)
				for _, e := range l {
					switch e := e.(type) {
					case float64:
						in.advance(-e / 1000 * in.size * in.scale)
					case pdfString:
						if err = in.show([]any{e}); err != nil {
							return err
						}
					}
				}
			}
		case "Do":
			if len(args) > 0 && depth < maxFormDepth {
				name, _ := args[0].(pdfName)
				err = in.form(in.p.dict(res["XObject"])[name], resources, depth)
			}
		case "BI":
			skipImage(s)
		}
		if err != nil {
			return err
		}
		args = args[:0]
	}
}

// form draws a form, which is a page within the page.
func (in *interpreter) form(v, resources any, depth int) error {
	st, ok := in.p.get(v).(*pdfStream)
	if !ok || in.p.get(st.dict["Subtype"]) != pdfName("Form") {
		return nil
	}
	if in.p.forms++; in.p.forms > maxForms {
		return ErrTooLarge
	}
	data, err := in.p.decode(st)
	if err != nil {
		return err
	}
	m := identity
	if l := in.p.list(st.dict["Matrix"]); len(l) == 6 {
		for i := range m {
			m[i], _ = in.p.num(l[i])
		}
	}
	if st.dict["Resources"] != nil {
		resources = st.dict["Resources"]
	}
	saved := *in
	err = in.run(data, resources, m.mul(in.ctm), depth+1)
	drawn, x, y, size := in.drawn, in.endX, in.endY, in.lastSize
	*in = saved
	in.drawn, in.endX, in.endY, in.lastSize = drawn, x, y, size
	return err
}

// skipImage passes over the data of an inline image.
func skipImage(s *scanner) {
	for {
		v, ok := s.next(0)
		if !ok {
			return
		}
		if v == pdfOp("ID") {
			break
		}
	}
	for i := s.i; i+2 < len(s.s); i++ {
		if isSpace(s.s[i]) && s.s[i+1] == 'E' && s.s[i+2] == 'I' && (i+3 == len(s.s) || isSpace(s.s[i+3])) {
			s.i = i + 3
			return
		}
	}
	s.i = len(s.s)
}

func (in *interpreter) move(x, y float64) {
	in.line = matrix{1, 0, 0, 1, x, y}.mul(in.line)
	in.tm = in.line
}

func (in *interpreter) advance(x float64) { in.tm = matrix{1, 0, 0, 1, x, 0}.mul(in.tm) }

// show writes a string and what stands between it and the one before.
func (in *interpreter) show(args []any) error {
	if len(args) == 0 || in.font == nil {
		return nil
	}
	str, ok := args[0].(pdfString)
	if !ok {
		return nil
	}
	for len(str) > 0 {
		if err := in.b.tick(); err != nil {
			return err
		}
		n, text, width := in.font.next(str)
		code := str[:n]
		str = str[n:]
		if text != "" {
			if err := in.gap(text); err != nil {
				return err
			}
			if err := in.b.write(text); err != nil {
				return err
			}
		}
		step := width*in.size + in.charSpace
		if n == 1 && code[0] == ' ' {
			step += in.wordSpace
		}
		in.advance(step * in.scale)
		if text != "" {
			m := in.tm.mul(in.ctm)
			in.endX, in.endY, in.drawn = m[4], m[5], true
			in.lastSize = in.height(m)
		}
	}
	return nil
}

func (in *interpreter) height(m matrix) float64 {
	return math.Max(math.Abs(in.size)*math.Hypot(m[2], m[3]), 0.1)
}

// gap writes a line end or a blank when the next word stands away from the last.
func (in *interpreter) gap(text string) error {
	if !in.drawn {
		return nil
	}
	m := in.tm.mul(in.ctm)
	h := math.Min(in.height(m), in.lastSize)
	// Along the direction of writing, and across it.
	ux, uy := m[0], m[1]
	if l := math.Hypot(ux, uy); l > 0 {
		ux, uy = ux/l, uy/l
	} else {
		ux, uy = 1, 0
	}
	dx, dy := m[4]-in.endX, m[5]-in.endY
	along, across := dx*ux+dy*uy, math.Abs(dy*ux-dx*uy)
	switch {
	case across > 1.8*math.Max(in.height(m), in.lastSize):
		return in.b.write("\n\n")
	case across > 0.5*h, along < -h:
		return in.b.write("\n")
	case along > 0.2*h && text != " ":
		return in.b.write(" ")
	}
	return nil
}
