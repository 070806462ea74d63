package expr

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"zhidan/internal/platform/fault"
)

// reserved names cannot be declared as functions.
var reserved = map[string]bool{"has": true, "size": true, "timestamp": true, "duration": true}

const (
	maxNumber = 1e300 // of a constant; keeps sums of MaxNodes terms finite
	minTime   = -62135596800000
	maxTime   = 253402300799999 // the years 1 to 9999
	maxPeriod = 100 * 366 * 24 * time.Hour
)

func cutDot(name string) (root, key string, dotted bool) { return strings.Cut(name, ".") }

func hasKey(m map[string]int64, k string) bool { _, ok := m[k]; return ok }

// parse turns text into CEL's tree, with macros left as calls. Flat has chains
// of && and || in one node; the unparser of this CEL version drops all but two
// members of such a node, so Format asks for pairs.
func (s *Schema) parse(text string, flat bool) (*ast.AST, error) {
	switch {
	case len(text) > MaxLen:
		return nil, s.bad("too_long", "the expression has %d bytes, at most %d are allowed", len(text), MaxLen)
	case strings.TrimSpace(text) == "":
		return nil, s.bad("empty", "the expression is empty")
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, s.bad("encoding", "the expression is not UTF-8 text")
	}
	p, err := parser.NewParser(parser.EnableVariadicOperatorASTs(flat), parser.ErrorReportingLimit(1),
		parser.ErrorRecoveryLimit(4), parser.ErrorRecoveryLookaheadTokenLimit(16), parser.EnablePrattParser(true))
	if err != nil {
		return nil, err
	}
	tree, errs := p.Parse(common.NewTextSource(text))
	if list := errs.GetErrors(); len(list) > 0 {
		e := list[0]
		return nil, s.at("syntax", e.Location, "%s", strings.TrimPrefix(e.Message, "Syntax error: "))
	}
	return tree, nil
}

func (s *Schema) at(code string, loc common.Location, format string, args ...any) *fault.Error {
	line, col := max(loc.Line(), 1), max(loc.Column(), 0)+1
	e := s.bad(code, "line %d, column %d: "+format, append([]any{line, col}, args...)...)
	return e.With("line", strconv.Itoa(line)).With("column", strconv.Itoa(col))
}

type checker struct {
	s     *Schema
	info  *ast.SourceInfo
	depth int
	nodes int
	used  map[string]bool
	elem  string // the variable of the exists or all that we are in
	elemK kind
}

func (s *Schema) check(text string) (*Program, error) {
	tree, err := s.parse(text, true)
	if err != nil {
		return nil, err
	}
	c := &checker{s: s, info: tree.SourceInfo(), used: map[string]bool{}}
	root, err := c.expr(tree.Expr())
	if err != nil {
		return nil, err
	}
	if root.kind == kNull || root.kind == kSet {
		return nil, c.fail(tree.Expr().ID(), "type", "%s alone says nothing", root.kind)
	}
	p := &Program{schema: s, text: text, root: root}
	for f := range c.used {
		p.fields = append(p.fields, f)
	}
	sort.Strings(p.fields)
	return p, nil
}

func (c *checker) fail(at int64, code, format string, args ...any) *fault.Error {
	return c.s.at(code, c.info.GetStartLocation(at), format, args...)
}

func (c *checker) expr(e ast.Expr) (*node, error) {
	if c.depth++; c.depth > MaxDepth {
		return nil, c.fail(e.ID(), "too_deep", "nested more than %d deep", MaxDepth)
	}
	defer func() { c.depth-- }()
	if c.nodes++; c.nodes > MaxNodes {
		return nil, c.fail(e.ID(), "too_large", "more than %d parts", MaxNodes)
	}
	n, err := c.kindOf(e)
	if err != nil {
		return nil, err
	}
	n.at = e.ID()
	switch n.op {
	case opConst, opNull, opFunc, opSet:
		n.ground = true
	case opField, opElem, opExists, opAll, opIsSet:
	default:
		n.ground = true
		for _, a := range n.args {
			n.ground = n.ground && a.ground
		}
	}
	return n, nil
}

func (c *checker) kindOf(e ast.Expr) (*node, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		return c.literal(e)
	case ast.IdentKind:
		name := e.AsIdent()
		if c.elem != "" && name == c.elem {
			return &node{op: opElem, kind: c.elemK}, nil
		}
		if c.s.funcs[name] != nil {
			return nil, c.fail(e.ID(), "unknown", "%s is a function, write %s()", name, name)
		}
		return c.field(e.ID(), name)
	case ast.SelectKind:
		sel := e.AsSelect()
		if sel.Operand().Kind() == ast.IdentKind && !sel.IsTestOnly() {
			return c.field(e.ID(), sel.Operand().AsIdent()+"."+sel.FieldName())
		}
	case ast.CallKind:
		return c.call(e)
	case ast.ListKind:
		return nil, c.fail(e.ID(), "type", "a list is only allowed after \"in\"")
	}
	return nil, c.fail(e.ID(), "unsupported", "this form is not part of the language")
}

func (c *checker) literal(e ast.Expr) (*node, error) {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		n := &node{op: opConst, kind: kBool}
		if v {
			n.i = 1
		}
		return n, nil
	case types.Int:
		return &node{op: opConst, kind: kInt, i: int64(v)}, nil
	case types.Double:
		if f := float64(v); math.Abs(f) <= maxNumber {
			return &node{op: opConst, kind: kNumber, f: f}, nil
		}
		return nil, c.fail(e.ID(), "range", "the number is too large")
	case types.String:
		if strings.ContainsRune(string(v), 0) || !utf8.ValidString(string(v)) {
			return nil, c.fail(e.ID(), "encoding", "a string cannot hold NUL or broken UTF-8")
		}
		return &node{op: opConst, kind: kString, s: string(v)}, nil
	case types.Null:
		return &node{op: opNull, kind: kNull}, nil
	}
	return nil, c.fail(e.ID(), "unsupported", "bytes and unsigned numbers are not part of the language")
}

func (c *checker) field(at int64, name string) (*node, error) {
	f := c.s.fields[name]
	if f == nil {
		if c.s.roots[name] {
			return nil, c.fail(at, "unknown", "name one of the %s, such as %s.key", name, name)
		}
		if near := nearest(name, c.s.fields); near != "" {
			return nil, c.fail(at, "unknown", "there is no field %s; did you mean %s?", name, near).With("name", name)
		}
		return nil, c.fail(at, "unknown", "there is no field %s", name).With("name", name)
	}
	c.used[name] = true
	n := &node{op: opField, kind: kindOf(f.Type, f.Codes), field: f}
	if c.elem != "" && (n.kind == kStrings || n.kind == kIDs) {
		return nil, c.fail(at, "unsupported", "no second list inside exists or all")
	}
	return n, nil
}

func (c *checker) call(e ast.Expr) (*node, error) {
	call := e.AsCall()
	args, at := call.Args(), e.ID()
	if call.IsMemberFunction() {
		return c.method(at, call)
	}
	switch fn := call.FunctionName(); fn {
	case operators.LogicalAnd, operators.LogicalOr:
		n := &node{op: opAnd, kind: kBool}
		if fn == operators.LogicalOr {
			n.op = opOr
		}
		return n, c.all(n, args, kBool)
	case operators.LogicalNot:
		n := &node{op: opNot, kind: kBool}
		return n, c.all(n, args, kBool)
	case operators.Conditional:
		return c.cond(at, args)
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return c.compare(at, fn, args)
	case operators.In:
		return c.in(at, args)
	case operators.Add, operators.Subtract:
		return c.sum(at, fn, args)
	case operators.Negate:
		x, err := c.expr(args[0])
		if err != nil {
			return nil, err
		}
		switch x.kind {
		case kInt, kNumber:
			if x.op == opConst && x.i != math.MinInt64 { // -(5) is -5
				return &node{op: opConst, kind: x.kind, i: -x.i, f: -x.f}, nil
			}
			return &node{op: opNeg, kind: kNumber, args: []*node{toFloat(x)}}, nil
		case kDuration:
			return &node{op: opNeg, kind: kDuration, args: []*node{x}}, nil
		}
		return nil, c.fail(at, "type", "%s has no negative", x.kind)
	case operators.Index:
		if args[0].Kind() == ast.IdentKind && args[1].Kind() == ast.LiteralKind {
			if key, ok := args[1].AsLiteral().(types.String); ok {
				return c.field(at, args[0].AsIdent()+"."+string(key))
			}
		}
		return nil, c.fail(at, "unsupported", "an index is a name in quotes, such as fields[\"key\"]")
	case "has":
		return c.isSet(at, args)
	case "size":
		if len(args) == 1 {
			return c.size(at, args[0])
		}
	case "timestamp", "duration":
		if len(args) == 1 && args[0].Kind() == ast.LiteralKind {
			if text, ok := args[0].AsLiteral().(types.String); ok {
				return c.moment(at, fn, string(text))
			}
		}
		return nil, c.fail(at, "type", "%s takes one string in quotes", fn)
	default:
		if f := c.s.funcs[fn]; f != nil {
			if len(args) > 0 {
				return nil, c.fail(at, "type", "%s takes no arguments", fn)
			}
			return &node{op: opFunc, kind: kindOf(f.Type, nil), fn: f}, nil
		}
		if shown, ok := operators.FindReverse(fn); ok && shown != "" {
			return nil, c.fail(at, "unsupported", "the operator %s is not part of the language", shown)
		}
		return nil, c.fail(at, "unknown", "there is no function %s", strings.Trim(fn, "_@")).With("name", fn)
	}
	return nil, c.fail(at, "type", "wrong number of arguments")
}

func (c *checker) method(at int64, call ast.CallExpr) (*node, error) {
	args := call.Args()
	switch fn := call.FunctionName(); fn {
	case "contains", "startsWith", "endsWith":
		if len(args) != 1 {
			return nil, c.fail(at, "type", "%s takes one string", fn)
		}
		n := &node{op: map[string]op{"contains": opHas, "startsWith": opStarts, "endsWith": opEnds}[fn], kind: kBool}
		return n, c.all(n, []ast.Expr{call.Target(), args[0]}, kString)
	case "size":
		if len(args) == 0 {
			return c.size(at, call.Target())
		}
		return nil, c.fail(at, "type", "size takes no arguments")
	case "exists", "all":
		return c.members(at, fn, call)
	default:
		return nil, c.fail(at, "unknown", "there is no function %s", fn).With("name", fn)
	}
}

// all reads the arguments, each of which must be of the kind.
func (c *checker) all(n *node, args []ast.Expr, k kind) error {
	for _, a := range args {
		x, err := c.expr(a)
		if err != nil {
			return err
		}
		if x.kind != k {
			return c.fail(a.ID(), "type", "%s is needed here, this is %s", k, x.kind)
		}
		n.args = append(n.args, x)
	}
	return nil
}

func (c *checker) two(args []ast.Expr) (a, b *node, err error) {
	if a, err = c.expr(args[0]); err != nil {
		return nil, nil, err
	}
	b, err = c.expr(args[1])
	return a, b, err
}

func (c *checker) cond(at int64, args []ast.Expr) (*node, error) {
	test, err := c.expr(args[0])
	if err != nil {
		return nil, err
	}
	if test.kind != kBool {
		return nil, c.fail(args[0].ID(), "type", "a condition is needed before ?, this is %s", test.kind)
	}
	a, b, err := c.two(args[1:])
	if err != nil {
		return nil, err
	}
	if a, b, err = c.unify(at, a, b); err != nil {
		return nil, err
	}
	if a.kind == kStrings || a.kind == kIDs {
		return nil, c.fail(at, "type", "a choice between lists is not part of the language")
	}
	n := &node{op: opCond, kind: a.kind, args: []*node{test, a, b}, field: a.field}
	if n.field == nil {
		n.field = b.field
	}
	return n, nil
}

var compareOps = map[string]op{operators.Equals: opEq, operators.NotEquals: opNe, operators.Less: opLt,
	operators.LessEquals: opLe, operators.Greater: opGt, operators.GreaterEquals: opGe}

func (c *checker) compare(at int64, fn string, args []ast.Expr) (*node, error) {
	a, b, err := c.two(args)
	if err != nil {
		return nil, err
	}
	nulls := a.kind == kNull || b.kind == kNull
	if a, b, err = c.unify(at, a, b); err != nil {
		return nil, err
	}
	o := compareOps[fn]
	switch a.kind {
	case kStrings, kIDs:
		return nil, c.fail(at, "type", "lists are not compared; use \"in\" or exists")
	case kNull:
		return nil, c.fail(at, "type", "null is compared with null")
	case kBool, kID, kChoice:
		if o != opEq && o != opNe {
			return nil, c.fail(at, "type", "%s has no order", a.kind)
		}
	}
	if nulls && o != opEq && o != opNe {
		return nil, c.fail(at, "type", "null has no order")
	}
	return &node{op: o, kind: kBool, args: []*node{a, b}}, nil
}

func (c *checker) sum(at int64, fn string, args []ast.Expr) (*node, error) {
	a, b, err := c.two(args)
	if err != nil {
		return nil, err
	}
	n := &node{op: opAdd}
	if fn == operators.Subtract {
		n.op = opSub
	}
	num := func(k kind) bool { return k == kInt || k == kNumber }
	switch {
	case num(a.kind) && num(b.kind):
		n.kind, a, b = kNumber, toFloat(a), toFloat(b)
	case a.kind == kTime && b.kind == kDuration:
		n.kind = kTime
	case a.kind == kDuration && b.kind == kTime && n.op == opAdd:
		n.kind = kTime
	case a.kind == kTime && b.kind == kTime && n.op == opSub, a.kind == kDuration && b.kind == kDuration:
		n.kind = kDuration
	default:
		return nil, c.fail(at, "type", "%s and %s cannot be added or subtracted", a.kind, b.kind)
	}
	n.args = []*node{a, b}
	return n, nil
}

func (c *checker) isSet(at int64, args []ast.Expr) (*node, error) {
	if len(args) == 1 && args[0].Kind() != ast.IdentKind {
		f, err := c.expr(args[0])
		if err != nil {
			return nil, err
		}
		if f.op == opField {
			return &node{op: opIsSet, kind: kBool, args: []*node{f}}, nil
		}
	}
	return nil, c.fail(at, "type", "has takes a field with a dot, such as has(fields.key); elsewhere write field != null")
}

func (c *checker) size(at int64, arg ast.Expr) (*node, error) {
	x, err := c.expr(arg)
	if err != nil {
		return nil, err
	}
	if x.kind != kString && x.kind != kStrings && x.kind != kIDs {
		return nil, c.fail(at, "type", "%s has no size", x.kind)
	}
	return &node{op: opSize, kind: kInt, args: []*node{x}}, nil
}

func (c *checker) moment(at int64, fn, text string) (*node, error) {
	if fn == "duration" {
		d, err := time.ParseDuration(text)
		if err != nil || d%time.Millisecond != 0 || d.Abs() > maxPeriod {
			return nil, c.fail(at, "range", "not a duration: %.40q; write \"36h\", \"90m\" or \"1h30m\", at most 100 years, in whole milliseconds", text)
		}
		return &node{op: opConst, kind: kDuration, i: d.Milliseconds()}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Nanosecond()%int(time.Millisecond) != 0 || t.UnixMilli() < minTime || t.UnixMilli() > maxTime {
		return nil, c.fail(at, "range", "not a time: %.40q; write \"2026-01-31T08:00:00Z\" or with an offset, in whole milliseconds", text)
	}
	return &node{op: opConst, kind: kTime, i: t.UnixMilli()}, nil
}
