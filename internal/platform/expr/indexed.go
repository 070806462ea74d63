package expr

import (
	"math"

	"cel.dev/cel-go/parser"
)

// Constraint is a condition on one indexed field that every row of the result
// meets: a list can be driven by that field's index.
type Constraint struct {
	Field string
	Op    string // == < <= > >= startsWith; in: one of Values; contains: the list field holds Values[0]; true: the bool field
	right *node
	set   *node
}

// Indexed lists what the top-level conjuncts say about indexed fields. When it
// is empty, the condition must be tested row by row, within a budget.
func (p *Program) Indexed() []Constraint {
	var out []Constraint
	var walk func(n *node)
	walk = func(n *node) {
		if n.op == opAnd {
			for _, a := range n.args {
				walk(a)
			}
			return
		}
		if c, ok := constraint(n); ok {
			out = append(out, c)
		}
	}
	walk(p.root)
	return out
}

func constraint(n *node) (c Constraint, ok bool) {
	indexed := func(x *node) bool { return x.op == opField && x.field.Indexed }
	switch n.op {
	case opField:
		return Constraint{Field: n.field.Name, Op: "true"}, indexed(n)
	case opEq, opLt, opLe, opGt, opGe:
		a, b, o := sides(n)
		if !indexed(a) || !b.ground {
			return c, false
		}
		name := map[op]string{opEq: "==", opLt: "<", opLe: "<=", opGt: ">", opGe: ">="}[o]
		return Constraint{Field: a.field.Name, Op: name, right: b}, true
	case opIn:
		if x := n.args[0]; indexed(x) {
			return Constraint{Field: x.field.Name, Op: "in", set: n.args[1]}, true
		}
	case opStarts:
		if a, b := n.args[0], n.args[1]; indexed(a) && b.ground {
			return Constraint{Field: a.field.Name, Op: "startsWith", right: b}, true
		}
	case opExists:
		l, body := n.args[0], n.args[1]
		if body.op == opEq && indexed(l) {
			a, b, _ := sides(body)
			if a.op == opElem && b.ground {
				return Constraint{Field: l.field.Name, Op: "contains", right: b}, true
			}
		}
	}
	return c, false
}

// Values are the values that the field is compared with, as they are stored:
// string, int64 (also ids, codes and milliseconds), float64, bool; nil is
// absent.
func (c Constraint) Values(binds Binds) ([]any, error) {
	e := eval{binds: binds}
	var out []any
	switch {
	case c.set != nil:
		s := c.set.set
		if c.set.op == opFunc {
			s = (&writer{fold: e}).boundSet(c.set)
			e.list(c.set) // for its error
		}
		for _, v := range sorted(s.ints) {
			out = append(out, v)
		}
		for _, v := range sorted(s.strs) {
			out = append(out, v)
		}
		for _, v := range sorted(s.nums) {
			out = append(out, v)
		}
		if s.hasNull {
			out = append(out, nil)
		}
	case c.right != nil:
		out = append(out, e.stored(c.right))
	}
	return out, e.err
}

func (e *eval) stored(n *node) any {
	switch {
	case n.kind.whole():
		if v, ok := e.int(n); ok {
			return v
		}
		return nil
	default:
		return e.any(n)
	}
}

// Format gives the canonical form of a text: one spelling of spaces, quotes
// and parentheses. Stored views keep it, so that the builder and the text box
// agree; formatting twice changes nothing.
func (s *Schema) Format(text string) (string, error) {
	for range 8 { // "-(0)" becomes "-0" and then "0"
		tree, err := s.parse(text, false)
		if err != nil {
			return "", err
		}
		out, err := parser.Unparse(tree.Expr(), tree.SourceInfo(), parser.WrapOnColumn(math.MaxInt32))
		if err != nil {
			break
		}
		if out == text {
			return out, nil
		}
		text = out
	}
	return "", s.bad("unsupported", "the expression has no canonical form")
}
