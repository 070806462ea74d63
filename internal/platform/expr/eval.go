package expr

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Eval runs a condition on a row. An error is a mistake of the caller: a value
// of the wrong Go type, or a function without a value.
func (p *Program) Eval(row Row, binds Binds) (bool, error) {
	if p.root.kind != kBool {
		return false, fmt.Errorf("expr: %q is %s, not a condition", p.text, p.root.kind)
	}
	e := eval{row: row, binds: binds}
	v := e.bool(p.root)
	if e.err != nil {
		return false, e.err
	}
	return v, nil
}

// EvalValue runs an expression of any type. The value is a bool, string,
// int64, float64, clock.Time, time.Duration, id.ID, []string or []id.ID; a
// choice gives its name. Nil is null; an absent string, id or choice is its
// empty value.
func (p *Program) EvalValue(row Row, binds Binds) (any, error) {
	e := eval{row: row, binds: binds}
	v := e.any(p.root)
	if e.err != nil {
		return nil, e.err
	}
	return v, nil
}

// eval is one run. The first error is kept; what follows it does not matter.
type eval struct {
	row   Row
	binds Binds
	elemS string
	elemI int64
	err   error
}

func (e *eval) any(n *node) any {
	switch n.kind {
	case kBool:
		return e.bool(n)
	case kString:
		return e.str(n)
	case kNumber:
		if v, ok := e.num(n); ok {
			return v
		}
		return nil
	case kStrings:
		return e.list(n).strs
	case kIDs:
		return e.list(n).ids
	}
	v, ok := e.int(n)
	switch {
	case n.kind == kID:
		return id.ID(v)
	case n.kind == kChoice:
		for name, code := range n.field.Codes {
			if ok && code == v {
				return name
			}
		}
		return ""
	case !ok:
		return nil
	case n.kind == kTime:
		return clock.Time(v)
	case n.kind == kDuration:
		return time.Duration(v) * time.Millisecond
	}
	return v
}

func (e *eval) bool(n *node) bool {
	switch n.op {
	case opConst:
		return n.i != 0
	case opField, opFunc:
		switch v := e.load(n).(type) {
		case nil:
			return false
		case bool:
			return v
		default:
			e.wrong(n, v)
			return false
		}
	case opAnd:
		for _, a := range n.args {
			if !e.bool(a) {
				return false
			}
		}
		return true
	case opOr:
		for _, a := range n.args {
			if e.bool(a) {
				return true
			}
		}
		return false
	case opNot:
		return !e.bool(n.args[0])
	case opCond:
		return e.bool(e.branch(n))
	case opEq:
		return e.equal(n.args[0], n.args[1])
	case opNe:
		return !e.equal(n.args[0], n.args[1])
	case opLt, opLe, opGt, opGe:
		return e.ordered(n)
	case opIn:
		return e.in(n)
	case opExists, opAll:
		return e.members(n)
	case opHas:
		return strings.Contains(e.str(n.args[0]), e.str(n.args[1]))
	case opStarts:
		return strings.HasPrefix(e.str(n.args[0]), e.str(n.args[1]))
	case opEnds:
		return strings.HasSuffix(e.str(n.args[0]), e.str(n.args[1]))
	case opIsSet:
		return e.isSet(n.args[0])
	}
	panic(fmt.Sprintf("expr: operator %d is no condition", n.op))
}

func (e *eval) branch(n *node) *node {
	if e.bool(n.args[0]) {
		return n.args[1]
	}
	return n.args[2]
}

func (e *eval) equal(a, b *node) bool {
	switch {
	case a.kind == kString:
		return e.str(a) == e.str(b)
	case a.kind == kBool:
		return e.bool(a) == e.bool(b)
	case a.kind == kNumber:
		x, xok := e.num(a)
		y, yok := e.num(b)
		return xok == yok && (!xok || x == y)
	}
	x, xok := e.int(a)
	y, yok := e.int(b)
	return xok == yok && (!xok || x == y)
}

func (e *eval) ordered(n *node) bool {
	var c int
	switch a, b := n.args[0], n.args[1]; a.kind {
	case kString:
		c = strings.Compare(e.str(a), e.str(b))
	case kNumber:
		x, xok := e.num(a)
		y, yok := e.num(b)
		if !xok || !yok {
			return false
		}
		c = order(x, y)
	default:
		x, xok := e.int(a)
		y, yok := e.int(b)
		if !xok || !yok {
			return false
		}
		c = order(x, y)
	}
	switch n.op {
	case opLt:
		return c < 0
	case opLe:
		return c <= 0
	case opGt:
		return c > 0
	}
	return c >= 0
}

func order[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (e *eval) in(n *node) bool {
	x, right := n.args[0], n.args[1]
	if right.op == opFunc {
		l := e.list(right)
		if x.kind == kString {
			v := e.str(x)
			for _, s := range l.strs {
				if s == v {
					return true
				}
			}
			return false
		}
		v, ok := e.int(x)
		for _, i := range l.ids {
			if (i != 0) == ok && (!ok || int64(i) == v) {
				return true
			}
		}
		return false
	}
	switch x.kind {
	case kString:
		_, found := right.set.strs[e.str(x)]
		return found
	case kNumber:
		v, ok := e.num(x)
		if !ok {
			return right.set.hasNull
		}
		_, found := right.set.nums[v]
		return found
	}
	v, ok := e.int(x)
	if !ok {
		return right.set.hasNull
	}
	_, found := right.set.ints[v]
	return found
}

func (e *eval) members(n *node) bool {
	l := e.list(n.args[0])
	all := n.op == opAll
	outerS, outerI := e.elemS, e.elemI
	defer func() { e.elemS, e.elemI = outerS, outerI }()
	for _, s := range l.strs {
		e.elemS = s
		if e.bool(n.args[1]) != all {
			return !all
		}
	}
	for _, i := range l.ids {
		e.elemI = int64(i)
		if e.bool(n.args[1]) != all {
			return !all
		}
	}
	return all
}

func (e *eval) isSet(f *node) bool {
	switch f.kind {
	case kBool:
		return e.load(f) != nil
	case kString:
		return e.str(f) != ""
	case kNumber:
		_, ok := e.num(f)
		return ok
	case kStrings, kIDs:
		return e.list(f).len() > 0
	}
	_, ok := e.int(f)
	return ok
}

func (e *eval) str(n *node) string {
	switch n.op {
	case opConst:
		return n.s
	case opElem:
		return e.elemS
	case opCond:
		return e.str(e.branch(n))
	}
	switch v := e.load(n).(type) {
	case nil:
	case string:
		return v
	default:
		e.wrong(n, v)
	}
	return ""
}

// int gives timestamps and durations in milliseconds, ids, codes of choices.
func (e *eval) int(n *node) (v int64, ok bool) {
	switch n.op {
	case opConst:
		return n.i, true
	case opNull:
		return 0, false
	case opElem:
		return e.elemI, true
	case opCond:
		return e.int(e.branch(n))
	case opSize:
		if n.args[0].kind == kString {
			return int64(utf8.RuneCountInString(e.str(n.args[0]))), true
		}
		return int64(e.list(n.args[0]).len()), true
	case opNeg:
		v, ok = e.int(n.args[0])
		return -v, ok
	case opAdd, opSub:
		a, aok := e.int(n.args[0])
		b, bok := e.int(n.args[1])
		if n.op == opSub {
			b = -b
		}
		return a + b, aok && bok
	}
	return e.whole(n, e.load(n))
}

// whole reads a value that the caller gave.
func (e *eval) whole(n *node, value any) (v int64, ok bool) {
	switch x := value.(type) {
	case nil:
		return 0, false
	case int64:
		v = x
	case int:
		v = int64(x)
	case int32:
		v = int64(x)
	case id.ID:
		v = int64(x)
		if n.kind != kID {
			e.wrong(n, x)
		}
	case clock.Time:
		v = int64(x)
		if n.kind != kTime {
			e.wrong(n, x)
		}
	case time.Time:
		v = int64(clock.From(x))
		if n.kind != kTime {
			e.wrong(n, x)
		}
	case string:
		if n.kind == kID { // as JSON has it
			if x == "" {
				return 0, false
			}
			parsed, err := id.Parse(x)
			if err != nil {
				e.wrong(n, x)
			}
			return int64(parsed), err == nil
		}
		if n.kind != kChoice {
			e.wrong(n, x)
		}
		v, ok = n.field.Codes[x]
		if !ok && x != "" {
			e.err = fmt.Errorf("expr: %q is no value of %s", x, n.field.Name)
		}
		return v, ok
	default:
		e.wrong(n, x)
	}
	if v == 0 && (n.kind == kID || n.kind == kTime) {
		return 0, false
	}
	return v, true
}

func (e *eval) num(n *node) (v float64, ok bool) {
	switch n.op {
	case opConst:
		return n.f, true
	case opNull:
		return 0, false
	case opCond:
		return e.num(e.branch(n))
	case opFloat:
		i, ok := e.int(n.args[0])
		return float64(i), ok
	case opNeg:
		v, ok = e.num(n.args[0])
		return -v, ok
	case opAdd, opSub:
		a, aok := e.term(n.args[0])
		b, bok := e.term(n.args[1])
		if n.op == opSub {
			b = -b
		}
		return a + b, aok && bok
	}
	switch x := e.load(n).(type) {
	case nil:
		return 0, false
	case float64:
		v = x
	case int64:
		v = float64(x)
	case int:
		v = float64(x)
	default:
		e.wrong(n, x)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		e.err = fmt.Errorf("expr: %s is not finite", name(n))
	}
	return v, true
}

// term is a number inside a sum. It is kept small enough that no sum can
// overflow: PostgreSQL would fail where memory and SQLite go on with infinity.
func (e *eval) term(n *node) (float64, bool) {
	switch n.op {
	case opCond:
		return e.term(e.branch(n))
	case opNeg:
		v, ok := e.term(n.args[0])
		return -v, ok
	}
	v, ok := e.num(n)
	if n.op == opField || n.op == opFunc {
		v = max(-maxNumber, min(maxNumber, v))
	}
	return v, ok
}

func (e *eval) list(n *node) (l list) {
	switch v := e.load(n).(type) {
	case nil:
	case []string:
		l.strs = v
		if n.kind != kStrings {
			e.wrong(n, v)
		}
	case []id.ID:
		l.ids = v
		if n.kind != kIDs {
			e.wrong(n, v)
		}
	default:
		e.wrong(n, v)
	}
	if l.len() > MaxList && n.op == opFunc {
		e.err = fmt.Errorf("expr: %s has %d members, at most %d are allowed", name(n), l.len(), MaxList)
		return list{}
	}
	return l
}

// load asks the caller for the value of a field or function.
func (e *eval) load(n *node) any {
	if n.op == opField {
		if e.row == nil {
			return nil
		}
		return e.row(n.field.Name)
	}
	v, ok := e.binds[n.fn.Name]
	if !ok && e.err == nil {
		e.err = fmt.Errorf("expr: %s() has no value", n.fn.Name)
	}
	return v
}

func (e *eval) wrong(n *node, v any) {
	if e.err == nil {
		e.err = fmt.Errorf("expr: %s is %s, got %T", name(n), n.kind, v)
	}
}

func name(n *node) string {
	if n.op == opField {
		return n.field.Name
	}
	return n.fn.Name + "()"
}
