package expr

import "zhidan/internal/platform/id"

// A checked text is a tree of nodes. Both readers of the tree, eval.go and
// sql.go, switch over the same operators, so that a meaning stands in two
// places side by side and nowhere else.

type op int

const (
	opConst  op = iota
	opNull      // a typed absent value
	opField     // a field of the row
	opElem      // the member that exists or all looks at
	opFunc      // a bound function
	opAnd       // n arguments
	opOr        // n arguments
	opNot       //
	opCond      // condition, then, else
	opEq        //
	opNe        //
	opLt        //
	opLe        //
	opGt        //
	opGe        //
	opIn        // value, set of constants or bound list
	opSet       // a list literal of constants
	opExists    // list field, condition on the member
	opAll       // list field, condition on the member
	opAdd       //
	opSub       //
	opNeg       //
	opFloat     // whole number to double precision
	opHas       // the string contains the argument
	opStarts    //
	opEnds      //
	opSize      // of a string or list
	opIsSet     // has(field)
)

type kind int

const (
	kNull kind = iota
	kBool
	kInt
	kNumber
	kString
	kTime
	kDuration
	kID
	kChoice
	kStrings
	kIDs
	kSet
)

func (k kind) String() string {
	return [...]string{"null", "a condition", "a whole number", "a number", "a string", "a timestamp", "a duration",
		"an id", "a choice", "a list of strings", "a list of ids", "a list"}[k]
}

func kindOf(f Type, codes map[string]int64) kind {
	if codes != nil {
		return kChoice
	}
	return map[Type]kind{String: kString, Int: kInt, Number: kNumber, Bool: kBool, Timestamp: kTime, ID: kID,
		StringList: kStrings, IDList: kIDs}[f]
}

// whole says that values of the kind are an int64 and a flag "present".
func (k kind) whole() bool {
	return k == kInt || k == kTime || k == kDuration || k == kID || k == kChoice
}

type node struct {
	op     op
	kind   kind
	args   []*node
	field  *Field // of opField; of a choice: where its codes stand
	fn     *Func
	i      int64 // constants; a bool is 0 or 1
	f      float64
	s      string
	set    *set
	ground bool // needs no row: folded to a constant when run
	at     int64
}

// set is the right side of "in", typed like the left side.
type set struct {
	ints    map[int64]struct{}
	strs    map[string]struct{}
	nums    map[float64]struct{}
	hasNull bool
}

func (s *set) addInt(v int64) {
	if s.ints == nil {
		s.ints = map[int64]struct{}{}
	}
	s.ints[v] = struct{}{}
}

func (s *set) addStr(v string) {
	if s.strs == nil {
		s.strs = map[string]struct{}{}
	}
	s.strs[v] = struct{}{}
}

func (s *set) addNum(v float64) {
	if s.nums == nil {
		s.nums = map[float64]struct{}{}
	}
	s.nums[v] = struct{}{}
}

// list is the value of a list field or bound list: one of the two is used.
type list struct {
	strs []string
	ids  []id.ID
}

func (l list) len() int { return len(l.strs) + len(l.ids) }
