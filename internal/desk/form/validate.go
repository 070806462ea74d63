package form

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Validate checks the custom fields of a ticket of the type as they shall be,
// against what they were (nil on creating), and returns them in normal form.
// Every bad field is named; values that did not change are not checked again,
// so that an old ticket stays editable when its form has become stricter.
func (c *Catalog) Validate(typ string, stage Stage, old, next map[string]any) (map[string]any, error) {
	var bad fault.List
	out := map[string]any{}
	for key, v := range next {
		f := c.fieldByKey[key]
		if f == nil {
			bad = append(bad, fault.Bad("fields."+key, "unknown", "there is no field %q", key))
			continue
		}
		if was, ok := old[key]; ok && same(was, v) {
			out[key] = was
			continue
		}
		if f.Retired {
			bad = append(bad, fault.Bad("fields."+key, "retired", "the field %q is no longer in use", key))
			continue
		}
		n, err := f.normal(v)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		if n != nil {
			out[key] = n
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	row := ruleRow(typ, out)
	for _, r := range c.rules[typ] {
		shown := true
		if r.show != nil {
			if ok, err := r.show.Eval(row, nil); err != nil || !ok {
				shown = false
			}
		}
		_, has := out[r.item.Field]
		if !shown {
			// A field that the form does not show is not part of the matter.
			delete(out, r.item.Field)
			continue
		}
		if has || !asked(r.item.On, stage) || r.require == nil || r.field.Retired {
			continue
		}
		if must, err := r.require.Eval(row, nil); err == nil && must {
			if _, had := old[r.item.Field]; stage == StageUpdate && !had {
				continue // it was missing before: solving will ask for it
			}
			bad = append(bad, fault.Bad("fields."+r.item.Field, "required", "the field %q is required", r.item.Field))
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return out, nil
}

func asked(on string, stage Stage) bool {
	switch on {
	case "solve":
		return stage == StageSolve
	case "create":
		return stage == StageCreate
	}
	return true
}

func ruleRow(typ string, fields map[string]any) expr.Row {
	return func(name string) any {
		if name == "type" {
			return typ
		}
		key, ok := strings.CutPrefix(name, "fields.")
		if !ok {
			return nil
		}
		return fields[key]
	}
}

func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y) || reflect.DeepEqual(a, b)
}

var currency = regexp.MustCompile(`^[A-Z]{3}$`)

// normal brings a value from JSON into the form in which it is kept; nil is
// "no value".
func (f *Field) normal(v any) (any, *fault.Error) {
	wrong := func(format string, args ...any) *fault.Error {
		return fault.Bad("fields."+f.Key, "invalid", format, args...)
	}
	if v == nil {
		return nil, nil
	}
	switch f.Kind {
	case Text, Date, Choice, Person:
		s, ok := v.(string)
		if !ok {
			return nil, wrong("a text is expected")
		}
		s = strings.TrimSpace(text.Clean(s))
		if s == "" {
			return nil, nil
		}
		switch f.Kind {
		case Text:
			most := maxText
			if f.Indexed {
				most = maxIndexed
			}
			if utf8.RuneCountInString(s) > most {
				return nil, fault.Bad("fields."+f.Key, "too_long", "at most %d characters", most)
			}
		case Date:
			if _, err := time.Parse(time.DateOnly, s); err != nil {
				return nil, wrong("a date such as 2026-11-21 is expected")
			}
		case Choice:
			if find(f.Options, []string{s}) == nil {
				return nil, fault.Bad("fields."+f.Key, "choice", "%q is not one of the choices", s)
			}
		case Person:
			if _, err := id.Parse(s); err != nil {
				return nil, wrong("an id is expected")
			}
		}
		return s, nil
	case Number:
		n, ok := number(v)
		if !ok {
			return nil, wrong("a number is expected")
		}
		return n, nil
	case Boolean:
		b, ok := v.(bool)
		if !ok {
			return nil, wrong("true or false is expected")
		}
		return b, nil
	case Money:
		m, ok := v.(map[string]any)
		amount, ok1 := number(m["amount_minor"])
		unit, ok2 := m["currency"].(string)
		if !ok || !ok1 || !ok2 || len(m) != 2 || amount != math.Trunc(amount) || math.Abs(amount) > 1e15 || !currency.MatchString(unit) {
			return nil, wrong(`money is expected, such as {"amount_minor": 12950, "currency": "CNY"}`)
		}
		return map[string]any{"amount_minor": amount, "currency": unit}, nil
	case Cascade:
		keys, ok := texts(v, maxDepth)
		if !ok {
			return nil, wrong("a list of keys is expected")
		}
		if len(keys) == 0 {
			return nil, nil
		}
		if find(f.Options, keys) == nil {
			return nil, fault.Bad("fields."+f.Key, "choice", "%v is not a path of the choices", keys)
		}
		return list(keys), nil
	case Attachment:
		ids, ok := texts(v, 20)
		if !ok {
			return nil, wrong("a list of at most 20 attachment ids is expected")
		}
		for _, s := range ids {
			if _, err := id.Parse(s); err != nil {
				return nil, wrong("%q is not an id", s)
			}
		}
		if len(ids) == 0 {
			return nil, nil
		}
		return list(ids), nil
	}
	return nil, wrong("the field has the unknown kind %q", f.Kind)
}

func number(v any) (float64, bool) {
	var n float64
	switch v := v.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	case int64:
		n = float64(v)
	case json.Number:
		x, err := v.Float64()
		if err != nil {
			return 0, false
		}
		n = x
	default:
		return 0, false
	}
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}

func texts(v any, most int) ([]string, bool) {
	var out []string
	switch v := v.(type) {
	case []string:
		out = v
	case []any:
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
	default:
		return nil, false
	}
	return out, len(out) <= most
}

func list(s []string) []any {
	out := make([]any, len(s))
	for i, x := range s {
		out[i] = x
	}
	return out
}

func find(options []Option, path []string) *Option {
	for i := range options {
		if options[i].Key != path[0] {
			continue
		}
		if len(path) == 1 {
			return &options[i]
		}
		return find(options[i].Children, path[1:])
	}
	return nil
}

// checkOptions bounds and checks a tree of choices.
func checkOptions(options []Option, depth int, left *int) error {
	if depth > maxDepth {
		return fault.Bad("options", "depth", "choices nest at most %d deep", maxDepth)
	}
	seen := map[string]bool{}
	for _, o := range options {
		if *left--; *left < 0 {
			return fault.Bad("options", "too_many", "a field has at most %d choices", maxOptions)
		}
		if o.Key == "" || len(o.Key) > 64 || seen[o.Key] {
			return fault.Bad("options", "key", "each choice needs a key of its own")
		}
		seen[o.Key] = true
		if err := o.Name.check(); err != nil {
			return fmt.Errorf("options: %w", err)
		}
		if err := checkOptions(o.Children, depth+1, left); err != nil {
			return err
		}
	}
	return nil
}
