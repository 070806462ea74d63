package expr

import (
	"sort"
	"strings"

	"zhidan/internal/platform/id"
)

// unify brings two operands to one kind, or says that they do not fit.
func (c *checker) unify(at int64, a, b *node) (*node, *node, error) {
	var err error
	switch {
	case a.kind == kChoice && b.kind == kChoice && a.field != b.field:
		return nil, nil, c.fail(at, "type", "two different choices are not compared")
	case a.kind == b.kind:
	case a.kind == kNull || a.kind == kInt && b.kind == kNumber || a.kind == kString && (b.kind == kID || b.kind == kChoice):
		a, err = c.coerce(at, a, b)
	default:
		b, err = c.coerce(at, b, a)
	}
	return a, b, err
}

// coerce makes n of the kind of like.
func (c *checker) coerce(at int64, n, like *node) (*node, error) {
	k := like.kind
	switch {
	case n.kind == kNull && n.op == opNull && k != kBool && k != kStrings && k != kIDs:
		if k == kString {
			return &node{op: opConst, kind: k, ground: true, at: n.at}, nil
		}
		return &node{op: opNull, kind: k, field: like.field, ground: true, at: n.at}, nil
	case n.kind == kInt && k == kNumber:
		return toFloat(n), nil
	case n.kind == kString && n.op == opConst && k == kID:
		if n.s == "" {
			return &node{op: opNull, kind: kID, ground: true, at: n.at}, nil
		}
		v, err := id.Parse(n.s)
		if err != nil || v.String() != n.s {
			return nil, c.fail(n.at, "value", "%.40q is not an id", n.s)
		}
		return &node{op: opConst, kind: kID, i: int64(v), ground: true, at: n.at}, nil
	case n.kind == kString && n.op == opConst && k == kChoice:
		if n.s == "" {
			return &node{op: opNull, kind: k, field: like.field, ground: true, at: n.at}, nil
		}
		code, ok := like.field.Codes[n.s]
		if !ok {
			return nil, c.fail(n.at, "value", "%.40q is no value of %s; there are %s", n.s, like.field.Name, codeNames(like.field.Codes))
		}
		return &node{op: opConst, kind: k, field: like.field, i: code, ground: true, at: n.at}, nil
	case n.op == opCond && (n.kind == kString && (k == kID || k == kChoice) || n.kind == kNull):
		a, err := c.coerce(at, n.args[1], like)
		if err != nil {
			return nil, err
		}
		b, err := c.coerce(at, n.args[2], like)
		if err != nil {
			return nil, err
		}
		return &node{op: opCond, kind: k, field: like.field, args: []*node{n.args[0], a, b}, ground: n.ground, at: n.at}, nil
	}
	return nil, c.fail(at, "type", "%s and %s do not go together", n.kind, k)
}

func toFloat(n *node) *node {
	switch {
	case n.kind == kNumber:
		return n
	case n.op == opConst:
		return &node{op: opConst, kind: kNumber, f: float64(n.i), ground: true, at: n.at}
	}
	return &node{op: opFloat, kind: kNumber, args: []*node{n}, ground: n.ground, at: n.at}
}

func codeNames(codes map[string]int64) string {
	names := make([]string, 0, len(codes))
	for n := range codes {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool { return codes[names[i]] < codes[names[j]] })
	if len(names) > 20 {
		names = append(names[:20], "…")
	}
	return strings.Join(names, ", ")
}

// nearest is the declared name at most two edits away, for a hint.
func nearest(name string, fields map[string]*Field) string {
	best, at := 3, ""
	if len(name) > 40 {
		return ""
	}
	for f := range fields {
		if d := edits(name, f); len(f) <= 40 && (d < best || d == best && at != "" && f < at) {
			best, at = d, f
		}
	}
	return at
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := prev
			if a[i] != b[j] {
				d++
			}
			prev = row[j+1]
			row[j+1] = min(d, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
