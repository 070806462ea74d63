package expr

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// SQL writes the condition for a where clause, in parentheses where needed.
// Its arguments are numbered from firstArg on. What does not depend on the row
// is computed here; every value becomes an argument, none becomes text.
func (p *Program) SQL(engine db.Engine, firstArg int, binds Binds) (where string, args []any, err error) {
	if p.root.kind != kBool {
		return "", nil, fmt.Errorf("expr: %q is %s, not a condition", p.text, p.root.kind)
	}
	w := &writer{pg: engine == db.Postgres, first: firstArg, seen: map[argKey]string{}, fold: eval{binds: binds}}
	w.bool(p.root, false)
	switch {
	case w.fold.err != nil:
		return "", nil, w.fold.err
	case w.noSQL != "":
		return "", nil, p.schema.bad("memory_only", "%s cannot be used to search", w.noSQL).With("name", w.noSQL)
	case w.full():
		return "", nil, p.schema.bad("too_large", "the expression is too large to search with")
	}
	return w.b.String(), w.args, nil
}

// writer builds the SQL.
//
// A condition is written in one of two ways. Where it stands under nothing but
// "and" and "or", NULL counts as false and the plain comparison is enough,
// which also lets an index answer it. Elsewhere (under "not", as an operand)
// it is strict: never NULL.
type writer struct {
	b     strings.Builder
	pg    bool
	first int
	args  []any
	seen  map[argKey]string
	fold  eval
	noSQL string
}

type argKey struct {
	value any
	cast  string
}

func (w *writer) full() bool { return w.b.Len() > maxSQL }

func (w *writer) put(parts ...string) {
	for _, p := range parts {
		w.b.WriteString(p)
	}
}

// arg binds a value; PostgreSQL is told its type.
func (w *writer) arg(v any, cast string) {
	key := argKey{v, cast}
	s, ok := w.seen[key]
	if !ok {
		s = "$" + strconv.Itoa(w.first+len(w.args))
		if w.pg {
			s += "::" + cast
		}
		w.args = append(w.args, v)
		w.seen[key] = s
	}
	w.put(s)
}

func (w *writer) argInt(v int64, ok bool) {
	switch {
	case ok:
		w.arg(v, "bigint")
	case w.pg:
		w.put("null::bigint")
	default:
		w.put("null")
	}
}

func (w *writer) argNum(v float64, ok bool) {
	switch {
	case ok:
		w.arg(v, "double precision")
	case w.pg:
		w.put("null::double precision")
	default:
		w.put("null")
	}
}

func (w *writer) argStr(v string) {
	if strings.ContainsRune(v, 0) || !utf8.ValidString(v) {
		w.fold.err = errors.New("expr: a bound string holds NUL or broken UTF-8")
	}
	w.arg(v, "text")
}

func (w *writer) argBool(v bool) { w.put(strconv.FormatBool(v)) }

// schemaSQL writes SQL of a declaration, with its {binds} filled in.
func (w *writer) schemaSQL(text, field string) {
	if text == "" {
		w.noSQL = field
	}
	for {
		i := bindForm.FindStringSubmatchIndex(text)
		if i == nil {
			break
		}
		w.put(text[:i[0]])
		w.bind(text[i[2]:i[3]])
		text = text[i[1]:]
	}
	w.put(text)
}

func (w *writer) bind(name string) {
	v, given := w.fold.binds[name]
	if !given && w.fold.err == nil {
		w.fold.err = fmt.Errorf("expr: {%s} has no value", name)
	}
	switch v := v.(type) {
	case string:
		w.argStr(v)
	case bool:
		w.argBool(v)
	case float64:
		w.argNum(v, true)
	default:
		i, ok := w.fold.whole(&node{op: opFunc, kind: wholeKind(v), fn: &Func{Name: name}}, v)
		w.argInt(i, ok)
	}
}

func wholeKind(v any) kind {
	switch v.(type) {
	case id.ID:
		return kID
	case clock.Time, time.Time:
		return kTime
	}
	return kInt
}

func (w *writer) column(n *node) {
	if n.op == opElem {
		w.put(elemMark) // replaced by members when the condition is complete
		return
	}
	if n.field.ZeroIsNone {
		w.put("nullif(")
		w.schemaSQL(n.field.Column, n.field.Name)
		w.put(", 0)")
		return
	}
	w.bareColumn(n)
}

var plainColumn = regexp.MustCompile(`^[a-z0-9_.]+$`)

func (w *writer) bareColumn(n *node) {
	if plainColumn.MatchString(n.field.Column) {
		w.put(n.field.Column)
		return
	}
	w.put("(")
	w.schemaSQL(n.field.Column, n.field.Name)
	w.put(")")
	if n.kind == kString && w.pg { // columns have it by themselves, computed text may not
		w.put(` collate "C"`)
	}
}

// guard wraps a comparison that may be NULL, when it must not be.
func (w *writer) guard(needed bool, write func()) {
	if !needed {
		write()
		return
	}
	w.put("coalesce(")
	write()
	w.put(", false)")
}

func (w *writer) bool(n *node, strict bool) {
	if w.full() {
		return
	}
	if n.ground {
		w.argBool(w.fold.bool(n))
		return
	}
	switch n.op {
	case opField:
		w.guard(strict && !n.field.NotNull, func() { w.column(n) })
	case opAnd, opOr:
		w.chain(n, strict)
	case opNot:
		w.put("not (")
		w.bool(n.args[0], true)
		w.put(")")
	case opCond:
		w.cond(n, func(b *node) { w.bool(b, strict) })
	case opEq, opNe:
		w.equal(n, strict)
	case opLt, opLe, opGt, opGe:
		w.ordered(n, strict)
	case opIn:
		w.in(n, strict)
	case opExists, opAll:
		w.members(n)
	case opHas, opStarts, opEnds:
		w.search(n)
	case opIsSet:
		w.isSet(n.args[0], strict)
	default:
		panic(fmt.Sprintf("expr: operator %d is no condition", n.op))
	}
}

// chain writes "and" and "or" without the parts that are already decided.
func (w *writer) chain(n *node, strict bool) {
	and := n.op == opAnd
	var open []*node
	for _, a := range n.args {
		if !a.ground {
			open = append(open, a)
		} else if w.fold.bool(a) != and { // false && …, true || …
			w.argBool(!and)
			return
		}
	}
	w.put("(")
	for i, a := range open {
		if i > 0 && and {
			w.put(" and ")
		} else if i > 0 {
			w.put(" or ")
		}
		w.bool(a, strict)
	}
	w.put(")")
}

func (w *writer) cond(n *node, branch func(*node)) {
	if n.args[0].ground {
		branch(w.fold.branch(n))
		return
	}
	w.put("case when ")
	w.bool(n.args[0], false)
	w.put(" then ")
	branch(n.args[1])
	w.put(" else ")
	branch(n.args[2])
	w.put(" end")
}

// nullable says whether scalar writes something that may be NULL.
func (w *writer) nullable(n *node) bool {
	if n.ground {
		return !w.present(n)
	}
	switch n.op {
	case opField:
		return !n.field.NotNull || n.field.ZeroIsNone
	case opElem, opSize:
		return false
	case opCond:
		return w.nullable(n.args[1]) || w.nullable(n.args[2])
	}
	return slices.ContainsFunc(n.args, w.nullable)
}

// present says whether a ground scalar has a value.
func (w *writer) present(n *node) bool {
	if n.kind == kNumber {
		_, ok := w.fold.num(n)
		return ok
	}
	_, ok := w.fold.int(n)
	return ok
}

// scalar writes a number, timestamp, duration, id or choice; NULL is absent.
// In a sum, numbers of a row are kept below the point of overflow.
func (w *writer) scalar(n *node, inSum bool) {
	switch {
	case w.full():
		return
	case n.ground && n.kind == kNumber && inSum:
		w.argNum(w.fold.term(n))
		return
	case n.ground && n.kind == kNumber:
		w.argNum(w.fold.num(n))
		return
	case n.ground:
		w.argInt(w.fold.int(n))
		return
	}
	switch n.op {
	case opField, opElem:
		if inSum && n.kind == kNumber {
			w.put("case when ")
			w.column(n)
			w.put(" > 1e300 then 1e300 when ")
			w.column(n)
			w.put(" < -1e300 then -1e300 else ")
			w.column(n)
			w.put(" end")
			return
		}
		w.column(n)
	case opCond:
		w.cond(n, func(b *node) { w.scalar(b, inSum) })
	case opFloat:
		w.put("cast(")
		w.scalar(n.args[0], false)
		w.put(" as double precision)")
	case opNeg:
		w.put("(- ")
		w.operand(n.args[0], n.kind == kNumber && inSum)
		w.put(")")
	case opAdd, opSub:
		w.put("(")
		w.operand(n.args[0], true)
		if n.op == opAdd {
			w.put(" + ")
		} else {
			w.put(" - ")
		}
		w.operand(n.args[1], true)
		w.put(")")
	case opSize:
		w.size(n.args[0])
	default:
		panic(fmt.Sprintf("expr: operator %d is no scalar", n.op))
	}
}

// operand is a scalar as part of a larger one.
func (w *writer) operand(n *node, inSum bool) {
	w.put("(")
	w.scalar(n, inSum)
	w.put(")")
}

func (w *writer) size(n *node) {
	if n.kind == kString {
		w.put("length(")
		w.str(n)
		w.put(")")
		return
	}
	m := w.memberSQL(n)
	w.put("(select count(*) from ")
	w.schemaSQL(m.From, n.field.Name)
	w.put(" where ")
	w.schemaSQL(m.Where, n.field.Name)
	w.put(")")
}

func (w *writer) memberSQL(n *node) Members {
	if n.field.Members == nil {
		w.noSQL = n.field.Name
		return Members{}
	}
	return *n.field.Members
}

// str writes a string that is never NULL.
func (w *writer) str(n *node) {
	switch {
	case w.full():
	case n.ground:
		w.argStr(w.fold.str(n))
	case n.op == opCond:
		w.put("(")
		w.cond(n, w.str)
		w.put(")")
	case n.op == opField && !n.field.NotNull:
		w.put("coalesce(")
		w.column(n)
		w.put(", '')")
	default:
		w.column(n)
	}
}

var sqlOps = map[op]string{opEq: " = ", opLt: " < ", opLe: " <= ", opGt: " > ", opGe: " >= "}
var flipped = map[op]op{opEq: opEq, opNe: opNe, opLt: opGt, opLe: opGe, opGt: opLt, opGe: opLe}

// sides puts what depends on the row to the left.
func sides(n *node) (a, b *node, o op) {
	if n.args[0].ground {
		return n.args[1], n.args[0], flipped[n.op]
	}
	return n.args[0], n.args[1], n.op
}

func (w *writer) equal(n *node, strict bool) {
	a, b, o := sides(n)
	switch a.kind {
	case kBool:
		w.put("((")
		w.bool(a, true)
		if o == opEq {
			w.put(") = (")
		} else {
			w.put(") <> (")
		}
		w.bool(b, true)
		w.put("))")
		return
	case kString:
		w.equalStr(a, b, o, strict)
		return
	}
	an, bn := w.nullable(a), w.nullable(b)
	if b.ground && bn { // null
		w.operand(a, false)
		if o == opEq {
			w.put(" is null")
		} else {
			w.put(" is not null")
		}
		return
	}
	sign := " = "
	switch {
	case o == opNe && (an || bn):
		sign = " is distinct from "
	case o == opNe:
		sign = " <> "
	case an && bn:
		sign = " is not distinct from "
	}
	w.guard(strict && sign == " = " && (an || bn), func() {
		if b.ground && a.op == opField && a.field.ZeroIsNone && sign == " = " && !w.zero(b) { // the bare column will do
			w.bareColumn(a)
		} else {
			w.operand(a, false)
		}
		w.put(sign)
		w.operand(b, false)
	})
}

// zero says that a ground scalar is 0: for a timestamp, 1970 to the millisecond.
func (w *writer) zero(n *node) bool {
	v, _ := w.fold.int(n)
	return v == 0
}

// bare says that comparing the column as it is with a constant gives the right
// answer, NULL being false.
func (w *writer) bare(a, b *node, o op) bool {
	return a.op == opField && b.ground && w.fold.str(b) != "" && (o == opEq || o == opGt || o == opGe)
}

func (w *writer) equalStr(a, b *node, o op, strict bool) {
	if w.bare(a, b, o) {
		w.guard(strict && !a.field.NotNull, func() { w.column(a); w.put(" = "); w.str(b) })
		return
	}
	w.str(a)
	if o == opEq {
		w.put(" = ")
	} else {
		w.put(" <> ")
	}
	w.str(b)
}

func (w *writer) ordered(n *node, strict bool) {
	a, b, o := sides(n)
	if a.kind == kString {
		collate := ""
		if w.pg {
			collate = ` collate "C"`
		}
		bare := w.bare(a, b, o)
		w.guard(bare && strict && !a.field.NotNull, func() {
			if bare {
				w.column(a)
			} else {
				w.str(a)
			}
			w.put(collate, sqlOps[o])
			w.str(b)
		})
		return
	}
	if b.ground && !w.present(b) {
		w.argBool(false)
		return
	}
	w.guard(strict && (w.nullable(a) || w.nullable(b)), func() {
		w.operand(a, false)
		w.put(sqlOps[o])
		w.operand(b, false)
	})
}

// search writes contains, startsWith and endsWith without "like", whose
// sensitivity to case differs between the engines.
func (w *writer) search(n *node) {
	a, b := n.args[0], n.args[1]
	switch {
	case n.op == opHas && w.pg:
		w.call("strpos", a, b)
		w.put(" > 0")
	case n.op == opHas:
		w.call("instr", a, b)
		w.put(" > 0")
	case n.op == opStarts && w.pg:
		w.call("starts_with", a, b)
	case n.op == opStarts:
		w.put("substr(")
		w.str(a)
		w.put(", 1, length(")
		w.str(b)
		w.put(")) = ")
		w.str(b)
	case w.pg:
		w.put("right(")
		w.str(a)
		w.put(", length(")
		w.str(b)
		w.put(")) = ")
		w.str(b)
	default: // a longer b starts at or before 0, where substr would count from the end
		w.put("(length(")
		w.str(b)
		w.put(") <= length(")
		w.str(a)
		w.put(") and substr(")
		w.str(a)
		w.put(", length(")
		w.str(a)
		w.put(") - length(")
		w.str(b)
		w.put(") + 1) = ")
		w.str(b)
		w.put(")")
	}
}

func (w *writer) call(fn string, a, b *node) {
	w.put(fn, "(")
	w.str(a)
	w.put(", ")
	w.str(b)
	w.put(")")
}

func (w *writer) isSet(f *node, strict bool) {
	switch f.kind {
	case kString:
		w.guard(strict && !f.field.NotNull, func() { w.column(f); w.put(" <> ''") })
	case kStrings, kIDs:
		w.put("exists (select 1 from ")
		m := w.memberSQL(f)
		w.schemaSQL(m.From, f.field.Name)
		w.put(" where ")
		w.schemaSQL(m.Where, f.field.Name)
		w.put(")")
	default:
		w.put("(")
		w.column(f)
		w.put(") is not null")
	}
}
