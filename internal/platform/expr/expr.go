// Package expr is the one expression language of the product: saved views,
// the filter of ticket lists, show and require rules of forms, and later SLA
// policies, routing and triggers. Its syntax is CEL (https://cel.dev). A text
// is checked once against a Schema; the Program that comes out can be
// evaluated in memory and translated to SQL, with the same meaning in both and
// on both engines. Text never reaches SQL: every constant is a bound argument,
// every name is looked up in the schema.
//
// # What can be said
//
//	status == "open" && priority in ["high", "urgent"]
//	assignee == me() || team in my_teams()
//	due_at != null && due_at < now() + duration("4h")
//	"vip" in tags && !subject.startsWith("[test]") && size(tags) > 1
//	fields.amount >= 99.5 && has(fields.order_no)
//	tags.exists(t, t.startsWith("vip")) ? team == "7" : false
//
// Operators: && || ! == != < <= > >= in ?: and + - on numbers, timestamps and
// durations. Functions: contains, startsWith, endsWith, size (characters of a
// string, members of a list), has, exists, all, timestamp("RFC 3339"),
// duration("1h30m") and the functions without arguments that the schema
// declares. Anything else is refused when the text is checked, with line and
// column.
//
// # Absent values
//
// A field of a row may be absent (nil in memory, NULL in SQL). Two rules say
// everything, and there is no third truth value:
//
//   - An absent string or id is "", an absent bool is false, an absent list is
//     empty.
//   - An absent number, timestamp or choice is null: equal to null and to
//     nothing else, neither before nor after anything; a sum with it is null.
//
// So `due_at < now()` is false without a due date, `!(due_at < now())` and
// `due_at != timestamp("…")` are true, and `assignee == ""`, `assignee == null`
// and `assignee != me()` all hold for a ticket without assignee.
//
// # Where this is wider or narrower than CEL
//
// Whole and fractional numbers may be mixed; arithmetic on either is in double
// precision, so there is no overflow (beyond ±1e300 a field counts as ±1e300 in
// a sum). Ids and choices are written as strings;
// a constant that is not an id, or not one of the choices, is refused when the
// text is checked. Ids and choices have no order. Strings compare by code
// point. Times and durations are whole milliseconds.
//
// # What a row may hold
//
// Strings are UTF-8 without NUL, numbers are finite, timestamps lie in the
// years 1 to 9999 and are not the zero of clock.Time (which is "absent"),
// lists hold no member twice. Intake guarantees all of this.
package expr

import (
	"fmt"
	"regexp"
	"sort"
	"sync"

	"zhidan/internal/platform/fault"
)

// The limits of a text.
const (
	MaxLen   = 4096 // bytes
	MaxDepth = 32   // nesting
	MaxNodes = 300  // operators, calls, names and constants, members of list literals apart
	MaxList  = 1000 // members of one list literal, or of a bound list
	maxSQL   = 64 << 10
	maxCache = 1000
)

// Type is what a field or function holds.
type Type int

// The types. In memory a row or bind gives, beside nil for absent: string;
// int64, int or int32; float64; bool; clock.Time or time.Time; id.ID, int64 or the id as a
// string; []string; []id.ID. A field with Codes gives the name, or the code as int64.
const (
	String Type = iota + 1
	Int
	Number
	Bool
	Timestamp
	ID
	StringList
	IDList
)

var typeNames = map[Type]string{String: "string", Int: "int", Number: "number", Bool: "bool",
	Timestamp: "timestamp", ID: "id", StringList: "list of strings", IDList: "list of ids"}

func (t Type) String() string { return typeNames[t] }

// Field is a name that a text may use. A dynamic field of a tenant is named
// "fields.KEY" and written fields.KEY or fields["KEY"].
//
// Column is its SQL: a column, a scalar subquery, or for a Bool any condition.
// `{name}` in SQL stands for the bound value of the declared function name.
// The storage behind each type: String text, Int and Timestamp bigint, Number
// double precision, Bool boolean, ID bigint, Codes any integer. A field
// without Column or Members works in memory only.
type Field struct {
	Name       string
	Type       Type
	Codes      map[string]int64 // a choice stored as a small number: name → number
	Column     string
	Members    *Members // of a list
	NotNull    bool     // never NULL; spares the guards (tests of lists are never NULL anyway)
	ZeroIsNone bool     // ID and Timestamp: the column holds 0 for "none"
	Indexed    bool     // an index answers conditions on it; see Program.Indexed
}

// Members says where the members of a list stand: one row each in a table, as
//
//	exists (select 1 from From where Where and Elem = $1)
//
// with Where joining to the outer row and Elem never NULL.
type Members struct{ From, Where, Elem string }

// Func is a function without arguments whose value is bound at run time, such
// as me(), my_teams() and now(). A hidden one cannot be called; it only fills
// `{name}` in the SQL of fields.
type Func struct {
	Name   string
	Type   Type
	Hidden bool
}

// Binds holds the values of functions. A function that a text uses and that
// has no value is an error when the text is run, not when it is checked.
type Binds map[string]any

// Row gives the value of a field in memory; nil is absent.
type Row func(field string) any

// MapRow is a Row over a map.
func MapRow(m map[string]any) Row { return func(field string) any { return m[field] } }

// Schema is what texts of one purpose may say. It is safe for concurrent use.
type Schema struct {
	input  string
	fields map[string]*Field
	funcs  map[string]*Func
	hidden map[string]*Func
	roots  map[string]bool // "fields" of "fields.order_no"

	mu    sync.Mutex
	cache map[cacheKey]*Program
}

type cacheKey struct {
	text  string
	value bool
}

var (
	nameForm = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	bindForm = regexp.MustCompile(`\{([a-z_]+)\}`)
)

// NewSchema checks the declarations. Input is the name of the wire field that
// holds the text ("filter"): faults carry it, and their codes start with it.
func NewSchema(input string, fields []Field, funcs []Func) (*Schema, error) {
	s := &Schema{input: input, fields: map[string]*Field{}, funcs: map[string]*Func{}, hidden: map[string]*Func{},
		roots: map[string]bool{}, cache: map[cacheKey]*Program{}}
	for _, f := range funcs {
		if !nameForm.MatchString(f.Name) || reserved[f.Name] || typeNames[f.Type] == "" || s.hidden[f.Name] != nil {
			return nil, fmt.Errorf("expr: bad function %q", f.Name)
		}
		if !f.Hidden {
			s.funcs[f.Name] = &f
		}
		s.hidden[f.Name] = &f
	}
	for _, f := range fields {
		if err := s.declare(f); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Schema) declare(f Field) error {
	root, key, dotted := cutDot(f.Name)
	switch {
	case !nameForm.MatchString(root) || dotted && (key == "" || len(key) > 200):
		return fmt.Errorf("expr: bad field name %q", f.Name)
	case s.fields[f.Name] != nil:
		return fmt.Errorf("expr: field %s declared twice", f.Name)
	case typeNames[f.Type] == "":
		return fmt.Errorf("expr: field %s has no type", f.Name)
	case f.Codes != nil && f.Type != String:
		return fmt.Errorf("expr: field %s: only a string has codes", f.Name)
	case f.Members != nil && f.Type != StringList && f.Type != IDList:
		return fmt.Errorf("expr: field %s: only a list has members", f.Name)
	case f.Column != "" && (f.Type == StringList || f.Type == IDList):
		return fmt.Errorf("expr: field %s: a list has members, not a column", f.Name)
	case hasKey(f.Codes, ""):
		return fmt.Errorf("expr: field %s: the empty choice is NULL, it has no code", f.Name)
	}
	sql := f.Column
	if f.Members != nil {
		sql = f.Members.From + f.Members.Where + f.Members.Elem
	}
	for _, m := range bindForm.FindAllStringSubmatch(sql, -1) {
		fn := s.hidden[m[1]]
		if fn == nil || fn.Type == StringList || fn.Type == IDList {
			return fmt.Errorf("expr: field %s uses {%s}, which is no function with a single value", f.Name, m[1])
		}
	}
	if dotted {
		s.roots[root] = true
	}
	s.fields[f.Name] = &f
	return nil
}

// Names lists the declared fields in order, for completion in the text box.
func (s *Schema) Names() []string {
	out := make([]string, 0, len(s.fields))
	for n := range s.fields {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// Field finds a declaration.
func (s *Schema) Field(name string) (Field, bool) {
	f := s.fields[name]
	if f == nil {
		return Field{}, false
	}
	return *f, true
}

// Program is a checked text. It is immutable and safe for concurrent use.
type Program struct {
	schema *Schema
	text   string
	root   *node
	fields []string
}

// Check reads a condition. What is wrong with it comes back as a *fault.Error
// on the schema's input with the parameters "line" and "column".
func (s *Schema) Check(text string) (*Program, error) { return s.cached(text, false) }

// CheckValue reads an expression of any type, for EvalValue.
func (s *Schema) CheckValue(text string) (*Program, error) { return s.cached(text, true) }

func (s *Schema) cached(text string, value bool) (*Program, error) {
	key := cacheKey{text, value}
	s.mu.Lock()
	p := s.cache[key]
	s.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := s.check(text)
	if err != nil {
		return nil, err
	}
	if !value && p.root.kind != kBool {
		return nil, s.bad("type", "line 1, column 1: a condition is needed, this is %s", p.root.kind).With("line", "1").With("column", "1")
	}
	s.mu.Lock()
	if len(s.cache) >= maxCache { // forget an arbitrary half
		n := 0
		for k := range s.cache {
			if n++; n > maxCache/2 {
				break
			}
			delete(s.cache, k)
		}
	}
	s.cache[key] = p
	s.mu.Unlock()
	return p, nil
}

// Text is the text as it was given.
func (p *Program) Text() string { return p.text }

// Fields lists the fields that the text uses, in order of name.
func (p *Program) Fields() []string { return append([]string(nil), p.fields...) }

func (s *Schema) bad(code, format string, args ...any) *fault.Error {
	return fault.Bad(s.input, s.input+"."+code, format, args...)
}
