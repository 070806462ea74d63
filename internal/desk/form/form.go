// Package form holds what a tenant has set up about its tickets without code:
// types with their forms, custom fields, the tree of categories, sub-statuses
// lists of codes (reasons, results, causes, responsible parties), and the rules
// about all tickets (numbering, windows, what a status demands).
//
// It promises: a Catalog is an immutable snapshot that the write path checks
// against without touching the store; values that pass Validate are of their
// field's kind and in one normal form; nothing that tickets refer to is ever
// deleted, only retired, so that old tickets stay readable.
package form

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Name is a label in both languages; one of them may be empty.
type Name struct {
	ZH string `json:"zh" maxLength:"100"`
	EN string `json:"en" maxLength:"100"`
}

// Kind is what a field holds.
type Kind string

// The kinds of field, with the JSON form of their values.
const (
	Text       Kind = "text"       // string
	Number     Kind = "number"     // number
	Money      Kind = "money"      // {amount_minor, currency}
	Date       Kind = "date"       // "2026-11-21"
	Choice     Kind = "choice"     // key of an option
	Cascade    Kind = "cascade"    // keys from the top of the tree down
	Person     Kind = "person"     // id of a member of the staff
	Attachment Kind = "attachment" // ids of attachments
	Boolean    Kind = "boolean"    // true or false
)

// Stage is the moment at which a form is checked.
type Stage string

// Stages. What a create form asks is asked from then on; a solve form only on
// solving.
const (
	StageCreate Stage = "create"
	StageUpdate Stage = "update"
	StageSolve  Stage = "solve"
)

// DefaultType is the type of a ticket that names none.
const DefaultType = "enquiry"

// Lists of codes.
const (
	HoldReasons      = "hold_reason"
	CancelReasons    = "cancel_reason"
	ResolutionCodes  = "resolution_code"
	Causes           = "cause"
	Responsibilities = "responsibility"
)

// CodeLists names them all.
var CodeLists = []string{HoldReasons, CancelReasons, ResolutionCodes, Causes, Responsibilities}

// Limits of a catalogue.
const (
	maxTypes      = 100
	maxFields     = 500
	maxCategories = 5000
	maxDepth      = 6
	maxOptions    = 2000
	maxCodes      = 500
	maxText       = 4000 // runes of a value
	maxIndexed    = 500  // runes of one that an index holds
)

// Type is a sort of matter with its form.
type Type struct {
	ID       id.ID  `json:"id,omitzero"`
	Key      string `json:"key" maxLength:"64"`
	Name     Name   `json:"name"`
	Prefix   string `json:"prefix" maxLength:"8" doc:"of ticket numbers"`
	Form     Form   `json:"form"`
	Position int    `json:"position"`
	Retired  bool   `json:"retired"`
	Version  int64  `json:"version,omitempty"`
}

// Form lists the fields of a type in their order.
type Form struct {
	Fields []Item `json:"fields" maxItems:"100"`
}

// Item is one field on a form, with the conditions (CEL) under which it is
// shown and required. Empty Show is always; empty Require is never.
type Item struct {
	Field   string `json:"field" maxLength:"64"`
	Show    string `json:"show,omitempty" maxLength:"4096"`
	Require string `json:"require,omitempty" maxLength:"4096"`
	On      string `json:"on" enum:"create,always,solve"`
}

// Field is a custom field.
type Field struct {
	ID       id.ID    `json:"id,omitzero"`
	Key      string   `json:"key" maxLength:"64"`
	Name     Name     `json:"name"`
	Kind     Kind     `json:"kind" enum:"text,number,money,date,choice,cascade,person,attachment,boolean"`
	Options  []Option `json:"options,omitempty" maxItems:"500"`
	Help     Name     `json:"help,omitzero"`
	Indexed  bool     `json:"indexed" doc:"lists can filter by it at any size"`
	Personal bool     `json:"personal" doc:"may hold personal data: never stands in an event"`
	Position int      `json:"position"`
	Retired  bool     `json:"retired"`
	Version  int64    `json:"version,omitempty"`
}

// Option is a choice, with further choices below it in a cascade.
type Option struct {
	Key      string   `json:"key" maxLength:"64"`
	Name     Name     `json:"name"`
	Children []Option `json:"children,omitempty" maxItems:"500"`
}

// Category is a place in the tree of subjects.
type Category struct {
	ID     id.ID `json:"id,omitzero"`
	Parent id.ID `json:"parent_id,omitzero"`
	Name   Name  `json:"name"`
	// Aliases are other words for it, by which people and the understanding of
	// tickets find it too.
	Aliases  []string `json:"aliases,omitempty" maxItems:"20" doc:"other words for it, at most 60 characters each"`
	Position int      `json:"position"`
	Retired  bool     `json:"retired"`
	// MergedInto is where a category went that was retired by a merge.
	MergedInto id.ID `json:"merged_into,omitzero" readOnly:"true"`
	Version    int64 `json:"version,omitempty"`
}

// Final follows merges to the category that now stands for this one.
func (c *Catalog) Final(category id.ID) id.ID {
	for range maxDepth * maxDepth {
		x := c.categoryBy[category]
		if x == nil || x.MergedInto == 0 {
			break
		}
		category = x.MergedInto
	}
	return category
}

// Substatus is the tenant's own name for a shade of a status.
type Substatus struct {
	ID       id.ID  `json:"id,omitzero"`
	Status   string `json:"status" enum:"new,open,pending,on_hold,solved,closed,cancelled"`
	Name     Name   `json:"name"`
	Color    string `json:"color,omitempty" enum:"grey,blue,green,amber,red,violet" doc:"of its mark; absent: grey"`
	Position int    `json:"position"`
	Retired  bool   `json:"retired"`
	Version  int64  `json:"version,omitempty"`
}

// Code is an entry of a list of codes.
type Code struct {
	ID       id.ID  `json:"id,omitzero"`
	List     string `json:"list" enum:"hold_reason,cancel_reason,resolution_code,cause,responsibility"`
	Key      string `json:"key" maxLength:"64"`
	Name     Name   `json:"name"`
	Position int    `json:"position"`
	Retired  bool   `json:"retired"`
	Version  int64  `json:"version,omitempty"`
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func checkKey(key string) error {
	if !keyForm.MatchString(key) {
		return fault.Bad("key", "invalid", "a key has small letters, digits and _, begins with a letter, and has at most 64 characters")
	}
	return nil
}

func (n Name) check() error {
	if strings.TrimSpace(n.ZH) == "" && strings.TrimSpace(n.EN) == "" {
		return fault.Bad("name", "required", "a name is needed in Chinese or English")
	}
	if utf8.RuneCountInString(n.ZH) > 100 || utf8.RuneCountInString(n.EN) > 100 {
		return fault.Bad("name", "too_long", "a name has at most 100 characters")
	}
	return nil
}

// either is the name in whichever language there is one.
func (n Name) either() string {
	if n.ZH != "" {
		return n.ZH
	}
	return n.EN
}

// Catalog is a tenant's whole set-up at one version.
type Catalog struct {
	version    int64
	types      []Type
	fields     []Field
	categories []Category
	substatus  []Substatus
	codes      []Code
	rulesOfAll Rules
	rulesID    id.ID
	scenes     []Scene

	typeByKey   map[string]*Type
	fieldByKey  map[string]*Field
	categoryBy  map[id.ID]*Category
	substatusBy map[id.ID]*Substatus
	codeBy      map[string]map[string]*Code
	rules       map[string][]rule // by type
}

// rule is a form item with its checked conditions; nil Show is always, nil
// Require is never.
type rule struct {
	item    Item
	field   *Field
	show    *expr.Program
	require *expr.Program
}

// Version counts up with every change.
func (c *Catalog) Version() int64 { return c.version }

// Types lists all types, retired ones too, in their order.
func (c *Catalog) Types() []Type { return slices.Clone(c.types) }

// Fields lists all fields in their order.
func (c *Catalog) Fields() []Field { return c.fields }

// Categories lists the whole tree, parents before children.
func (c *Catalog) Categories() []Category { return slices.Clone(c.categories) }

// Substatuses lists them in their order.
func (c *Catalog) Substatuses() []Substatus { return slices.Clone(c.substatus) }

// Codes lists one list of codes.
func (c *Catalog) Codes(list string) []Code {
	var out []Code
	for _, x := range c.codes {
		if x.List == list {
			out = append(out, x)
		}
	}
	return out
}

// Type finds a type by its key.
func (c *Catalog) Type(key string) (Type, bool) {
	t := c.typeByKey[key]
	if t == nil {
		return Type{}, false
	}
	return *t, true
}

// Field finds a field by its key.
func (c *Catalog) Field(key string) (Field, bool) {
	f := c.fieldByKey[key]
	if f == nil {
		return Field{}, false
	}
	return *f, true
}

// Category finds a category.
func (c *Catalog) Category(category id.ID) (Category, bool) {
	x := c.categoryBy[category]
	if x == nil {
		return Category{}, false
	}
	return *x, true
}

// Substatus finds a sub-status that is in use.
func (c *Catalog) Substatus(s id.ID) (Substatus, bool) {
	x := c.substatusBy[s]
	if x == nil || x.Retired {
		return Substatus{}, false
	}
	return *x, true
}

// HasCode reports whether a list has the key in use.
func (c *Catalog) HasCode(list, key string) bool {
	x := c.codeBy[list][key]
	return x != nil && !x.Retired
}

// build makes the indexes and checks the rules of the forms. A rule that no
// longer makes sense (its field was changed under it) does not stop the house:
// it shows and does not require.
func build(c *Catalog) error {
	c.typeByKey, c.fieldByKey = map[string]*Type{}, map[string]*Field{}
	c.categoryBy, c.substatusBy = map[id.ID]*Category{}, map[id.ID]*Substatus{}
	c.codeBy, c.rules = map[string]map[string]*Code{}, map[string][]rule{}
	for i := range c.fields {
		c.fieldByKey[c.fields[i].Key] = &c.fields[i]
	}
	for i := range c.categories {
		c.categoryBy[c.categories[i].ID] = &c.categories[i]
	}
	for i := range c.substatus {
		c.substatusBy[c.substatus[i].ID] = &c.substatus[i]
	}
	for i := range c.codes {
		x := &c.codes[i]
		if c.codeBy[x.List] == nil {
			c.codeBy[x.List] = map[string]*Code{}
		}
		c.codeBy[x.List][x.Key] = x
	}
	schema, err := ruleSchema(c.fields)
	if err != nil {
		return err
	}
	for i := range c.types {
		t := &c.types[i]
		c.typeByKey[t.Key] = t
		for _, item := range t.Form.Fields {
			f := c.fieldByKey[item.Field]
			if f == nil {
				continue
			}
			r := rule{item: item, field: f}
			if item.Show != "" {
				r.show, _ = schema.Check(item.Show)
			}
			if item.Require != "" {
				r.require, _ = schema.Check(item.Require)
			}
			c.rules[t.Key] = append(c.rules[t.Key], r)
		}
	}
	return nil
}

// ruleSchema is what show and require rules may speak of: the values of the
// same form.
func ruleSchema(fields []Field) (*expr.Schema, error) {
	names := []expr.Field{{Name: "type", Type: expr.String}, {Name: "priority", Type: expr.String}}
	for _, f := range fields {
		x := expr.Field{Name: "fields." + f.Key, Type: expr.String}
		switch f.Kind {
		case Number:
			x.Type = expr.Number
		case Boolean:
			x.Type = expr.Bool
		case Money, Attachment:
			continue
		case Cascade:
			x.Type = expr.StringList
		}
		names = append(names, x)
	}
	return expr.NewSchema("rule", names, nil)
}
