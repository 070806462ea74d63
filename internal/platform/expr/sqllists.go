package expr

import (
	"slices"
	"strings"
)

func (w *writer) in(n *node, strict bool) {
	x, s := n.args[0], n.args[1].set
	if n.args[1].op == opFunc {
		s = w.boundSet(n.args[1])
	}
	_, hasEmpty := s.strs[""]
	count := len(s.ints) + len(s.strs) + len(s.nums)
	if count == 0 && !s.hasNull {
		w.argBool(false)
		return
	}
	if x.kind == kString {
		bare := x.op == opField && !hasEmpty
		w.guard(bare && strict && !x.field.NotNull, func() {
			if bare {
				w.column(x)
			} else {
				w.str(x)
			}
			w.values(s)
		})
		return
	}
	nullable := w.nullable(x)
	if s.hasNull {
		w.put("(")
		w.operand(x, false)
		w.put(" is null")
		if count > 0 {
			w.put(" or ")
			w.operand(x, false)
			w.values(s)
		}
		w.put(")") // null or NULL: only when x is NULL, and then the left side is true
		return
	}
	w.guard(strict && nullable, func() { w.operand(x, false); w.values(s) })
}

// values writes the members in a fixed order, so that equal filters are equal
// statements.
func (w *writer) values(s *set) {
	w.put(" in (")
	sep := ""
	for _, v := range sorted(s.ints) {
		w.put(sep)
		w.argInt(v, true)
		sep = ", "
	}
	for _, v := range sorted(s.strs) {
		w.put(sep)
		w.argStr(v)
		sep = ", "
	}
	for _, v := range sorted(s.nums) {
		w.put(sep)
		w.argNum(v, true)
		sep = ", "
	}
	w.put(")")
}

func sorted[K int64 | string | float64](m map[K]struct{}) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (w *writer) boundSet(fn *node) *set {
	s := &set{}
	l := w.fold.list(fn)
	for _, v := range l.strs {
		s.addStr(v)
	}
	for _, v := range l.ids {
		if v == 0 {
			s.hasNull = true
		} else {
			s.addInt(int64(v))
		}
	}
	return s
}

const elemMark = "\x00elem\x00"

func (w *writer) members(n *node) {
	l := n.args[0]
	m := w.memberSQL(l)
	outer := w.b.String()
	w.b.Reset()
	w.bool(n.args[1], n.op == opAll)
	body := w.b.String()
	w.b.Reset()
	w.schemaSQL(m.Elem, l.field.Name)
	elem := w.b.String()
	w.b.Reset()
	w.put(outer)
	if n.op == opAll {
		w.put("not ")
	}
	w.put("exists (select 1 from ")
	w.schemaSQL(m.From, l.field.Name)
	w.put(" where ")
	w.schemaSQL(m.Where, l.field.Name)
	w.put(" and ")
	if n.op == opAll {
		w.put("not ")
	}
	w.put("(", strings.ReplaceAll(body, elemMark, elem), "))")
}
