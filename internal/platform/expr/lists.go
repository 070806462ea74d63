package expr

import (
	"strings"

	"cel.dev/cel-go/common/ast"
)

// The checks of what reads lists: in, exists, all.

// in reads "x in list". A list literal becomes a typed set when its members
// are constants, else a chain of equalities.
func (c *checker) in(at int64, args []ast.Expr) (*node, error) {
	x, err := c.expr(args[0])
	if err != nil {
		return nil, err
	}
	if args[1].Kind() == ast.ListKind {
		return c.inLiteral(at, x, args[1].AsList())
	}
	l, err := c.expr(args[1])
	if err != nil {
		return nil, err
	}
	var member kind
	switch l.kind {
	case kStrings:
		member = kString
	case kIDs:
		member = kID
	default:
		return nil, c.fail(args[1].ID(), "type", "a list is needed after \"in\", this is %s", l.kind)
	}
	elem := &node{op: opElem, kind: member, at: at}
	x, elem, err = c.unify(at, x, elem)
	if err != nil {
		return nil, err
	}
	if l.op == opField { // some member equals x
		if x.op == opNull {
			return nil, c.fail(at, "type", "this cannot be a member of a list")
		}
		return &node{op: opExists, kind: kBool, args: []*node{l, {op: opEq, kind: kBool, args: []*node{elem, x}}}}, nil
	}
	return &node{op: opIn, kind: kBool, args: []*node{x, l}}, nil
}

func (c *checker) inLiteral(at int64, x *node, l ast.ListExpr) (*node, error) {
	if l.Size() > MaxList {
		return nil, c.fail(at, "too_large", "a list of %d members, at most %d are allowed", l.Size(), MaxList)
	}
	if len(l.OptionalIndices()) > 0 {
		return nil, c.fail(at, "unsupported", "this form is not part of the language")
	}
	members := make([]*node, l.Size())
	constant := true
	for i, e := range l.Elements() {
		if e.Kind() == ast.LiteralKind {
			c.nodes-- // counted by MaxList
		}
		m, err := c.expr(e)
		if err != nil {
			return nil, err
		}
		members[i] = m
		constant = constant && (m.op == opConst || m.op == opNull)
		if x.kind == kInt && m.kind == kNumber { // one fraction makes all of them fractions
			x = toFloat(x)
		}
	}
	if x.kind == kNull || x.kind == kStrings || x.kind == kIDs || constant && x.kind == kBool {
		return nil, c.fail(at, "type", "%s cannot be a member of a list", x.kind)
	}
	s := &set{}
	or := &node{op: opOr, kind: kBool, ground: x.ground}
	for i, m := range members {
		left, right, err := c.unify(l.Elements()[i].ID(), x, m)
		if err != nil {
			return nil, err
		}
		if left != x && left.kind != x.kind {
			return nil, c.fail(l.Elements()[i].ID(), "type", "%s in a list for %s", m.kind, x.kind)
		}
		or.args = append(or.args, &node{op: opEq, kind: kBool, args: []*node{x, right}, ground: x.ground && right.ground})
		or.ground = or.ground && right.ground
		switch {
		case !constant:
		case right.op == opNull:
			s.hasNull = true
		case right.kind == kString:
			s.addStr(right.s)
		case right.kind == kNumber:
			s.addNum(right.f)
		default:
			s.addInt(right.i)
		}
	}
	if !constant {
		return or, nil
	}
	return &node{op: opIn, kind: kBool, args: []*node{x, {op: opSet, kind: kSet, set: s, ground: true}}}, nil
}

func (c *checker) members(at int64, fn string, call ast.CallExpr) (*node, error) {
	args := call.Args()
	if len(args) != 2 || args[0].Kind() != ast.IdentKind {
		return nil, c.fail(at, "type", "%s takes a name and a condition, such as tags.%s(t, t != \"x\")", fn, fn)
	}
	l, err := c.expr(call.Target())
	if err != nil {
		return nil, err
	}
	if l.op != opField || l.kind != kStrings && l.kind != kIDs {
		return nil, c.fail(at, "type", "%s needs a list field, this is %s", fn, l.kind)
	}
	name := args[0].AsIdent()
	if c.s.fields[name] != nil || c.s.roots[name] || strings.HasPrefix(name, ".") {
		return nil, c.fail(args[0].ID(), "type", "%s cannot name a member here", name)
	}
	c.elem, c.elemK = name, kString
	if l.kind == kIDs {
		c.elemK = kID
	}
	body, err := c.expr(args[1])
	c.elem = ""
	if err != nil {
		return nil, err
	}
	if body.kind != kBool {
		return nil, c.fail(args[1].ID(), "type", "a condition is needed in %s, this is %s", fn, body.kind)
	}
	n := &node{op: opExists, kind: kBool, args: []*node{l, body}}
	if fn == "all" {
		n.op = opAll
	}
	return n, nil
}
