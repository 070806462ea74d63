package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhidan/internal/platform/fault"
)

// A schema is the part of JSON Schema (draft 2020-12) that answers need: type
// (one or a list), properties, required, additionalProperties, items, enum,
// const, minimum, maximum, minLength, maxLength, minItems, maxItems, pattern,
// anyOf; title, description and default are for the reader. Anything else is
// refused when the schema is read, so that nothing is believed to be checked
// that is not.
type schema struct {
	types                []string
	properties           map[string]*schema
	required             []string
	additional           *schema // nil: any
	noAdditional         bool
	items                *schema
	enum                 []string // canonical JSON
	anyOf                []*schema
	minimum, maximum     *float64
	minLength, maxLength *int
	minItems, maxItems   *int
	pattern              *regexp.Regexp
}

const (
	maxSchemaDepth = 32
	maxJSONDepth   = 64
	maxFaults      = 8
)

// CheckSchema tells whether a schema can be used.
func CheckSchema(raw json.RawMessage) error {
	_, err := compileSchema(raw)
	return err
}

func compileSchema(raw json.RawMessage) (*schema, error) {
	if len(raw) > 64<<10 {
		return nil, fault.Bad("schema", "llm.schema", "the schema is larger than 64 KiB")
	}
	s, err := readSchema(raw, "", 0)
	if err != nil {
		return nil, fault.Bad("schema", "llm.schema", "%s", err)
	}
	return s, nil
}

func readSchema(raw json.RawMessage, at string, depth int) (*schema, error) {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("at %q: "+format, append([]any{at}, args...)...)
	}
	if depth > maxSchemaDepth {
		return nil, bad("too deep")
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return nil, bad("a schema is an object")
	}
	s := &schema{}
	for key, v := range m {
		var err error
		switch key {
		case "title", "description", "default", "examples", "$schema", "$id", "$comment":
		case "type":
			var one string
			if json.Unmarshal(v, &one) == nil {
				s.types = []string{one}
			} else {
				err = json.Unmarshal(v, &s.types)
			}
			for _, t := range s.types {
				if !slices.Contains([]string{"object", "array", "string", "number", "integer", "boolean", "null"}, t) {
					return nil, bad("there is no type %q", t)
				}
			}
		case "properties":
			var props map[string]json.RawMessage
			if err = json.Unmarshal(v, &props); err == nil {
				s.properties = make(map[string]*schema, len(props))
				for name, p := range props {
					if s.properties[name], err = readSchema(p, at+"/"+name, depth+1); err != nil {
						return nil, err
					}
				}
			}
		case "required":
			err = json.Unmarshal(v, &s.required)
		case "additionalProperties":
			var allowed bool
			if json.Unmarshal(v, &allowed) == nil {
				s.noAdditional = !allowed
			} else if s.additional, err = readSchema(v, at+"/*", depth+1); err != nil {
				return nil, err
			}
		case "items":
			if s.items, err = readSchema(v, at+"/0", depth+1); err != nil {
				return nil, err
			}
		case "anyOf":
			var list []json.RawMessage
			if err = json.Unmarshal(v, &list); err == nil {
				for _, e := range list {
					sub, err := readSchema(e, at+"|", depth+1)
					if err != nil {
						return nil, err
					}
					s.anyOf = append(s.anyOf, sub)
				}
			}
		case "enum":
			var list []any
			if err = json.Unmarshal(v, &list); err == nil {
				for _, e := range list {
					s.enum = append(s.enum, canonical(e))
				}
			}
		case "const":
			var e any
			if err = json.Unmarshal(v, &e); err == nil {
				s.enum = []string{canonical(e)}
			}
		case "minimum":
			err = json.Unmarshal(v, &s.minimum)
		case "maximum":
			err = json.Unmarshal(v, &s.maximum)
		case "minLength":
			err = json.Unmarshal(v, &s.minLength)
		case "maxLength":
			err = json.Unmarshal(v, &s.maxLength)
		case "minItems":
			err = json.Unmarshal(v, &s.minItems)
		case "maxItems":
			err = json.Unmarshal(v, &s.maxItems)
		case "pattern":
			var p string
			if err = json.Unmarshal(v, &p); err == nil {
				s.pattern, err = regexp.Compile(p)
			}
		default:
			return nil, bad("%q is not supported", key)
		}
		if err != nil {
			return nil, bad("%q cannot be read", key)
		}
	}
	return s, nil
}

func canonical(v any) string {
	b, _ := json.Marshal(v) // a decoded value marshals, its keys sorted
	return string(b)
}

// check gives what is wrong with a decoded value. It names places and rules
// and never repeats a value.
func (s *schema) check(v any) []string {
	var faults []string
	s.walk(v, "$", &faults)
	return faults
}

func (s *schema) walk(v any, at string, faults *[]string) {
	if len(*faults) >= maxFaults {
		return
	}
	bad := func(format string, args ...any) {
		*faults = append(*faults, at+": "+fmt.Sprintf(format, args...))
	}
	if len(s.types) > 0 && !slices.ContainsFunc(s.types, func(t string) bool { return isType(v, t) }) {
		bad("must be %s", strings.Join(s.types, " or "))
		return
	}
	if s.enum != nil && !slices.Contains(s.enum, canonical(v)) {
		bad("must be one of %s", strings.Join(s.enum[:min(len(s.enum), 50)], ", "))
	}
	if s.anyOf != nil && !slices.ContainsFunc(s.anyOf, func(sub *schema) bool { return len(sub.check(v)) == 0 }) {
		bad("fits none of the forms")
	}
	switch v := v.(type) {
	case string:
		n := utf8.RuneCountInString(v)
		if s.minLength != nil && n < *s.minLength {
			bad("must have at least %d characters", *s.minLength)
		}
		if s.maxLength != nil && n > *s.maxLength {
			bad("must have at most %d characters", *s.maxLength)
		}
		if s.pattern != nil && !s.pattern.MatchString(v) {
			bad("must match %s", s.pattern)
		}
	case float64:
		if s.minimum != nil && v < *s.minimum {
			bad("must be at least %v", *s.minimum)
		}
		if s.maximum != nil && v > *s.maximum {
			bad("must be at most %v", *s.maximum)
		}
	case []any:
		if s.minItems != nil && len(v) < *s.minItems {
			bad("must have at least %d items", *s.minItems)
		}
		if s.maxItems != nil && len(v) > *s.maxItems {
			bad("must have at most %d items", *s.maxItems)
		}
		if s.items != nil {
			for i, e := range v {
				s.items.walk(e, at+"["+strconv.Itoa(i)+"]", faults)
			}
		}
	case map[string]any:
		for _, k := range s.required {
			if _, ok := v[k]; !ok {
				bad("must have %q", k)
			}
		}
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			sub, ok := s.properties[k]
			switch {
			case ok:
				sub.walk(v[k], at+"."+k, faults)
			case s.noAdditional:
				bad("must have no other properties")
			case s.additional != nil:
				s.additional.walk(v[k], at+".*", faults)
			}
			if len(*faults) >= maxFaults {
				return
			}
		}
	}
}

func isType(v any, t string) bool {
	switch v := v.(type) {
	case nil:
		return t == "null"
	case bool:
		return t == "boolean"
	case string:
		return t == "string"
	case float64:
		return t == "number" || t == "integer" && v == math.Trunc(v)
	case []any:
		return t == "array"
	case map[string]any:
		return t == "object"
	}
	return false
}

// structured finds the JSON in an answer, puts personal values back and checks
// it. The faults are for the model's second try.
func (p *prepared) structured(answer string) (json.RawMessage, []string) {
	var first []string
	for _, c := range candidates(answer) {
		dec := json.NewDecoder(strings.NewReader(c))
		dec.UseNumber() // long numbers come through unharmed
		var v any
		if dec.Decode(&v) != nil {
			continue
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if enc.Encode(restoreAll(v, p.redactor)) != nil {
			continue
		}
		raw := bytes.TrimSpace(b.Bytes())
		var plain any
		if json.Unmarshal(raw, &plain) != nil { // a number beyond float64
			continue
		}
		faults := p.schema.check(plain)
		if len(faults) == 0 {
			return raw, nil
		}
		if first == nil {
			first = faults
		}
	}
	if first == nil {
		first = []string{"there is no valid JSON"}
	}
	return nil, first
}

func restoreAll(v any, r *Redactor) any {
	switch v := v.(type) {
	case string:
		return r.Restore(v)
	case []any:
		for i := range v {
			v[i] = restoreAll(v[i], r)
		}
	case map[string]any:
		for k := range v {
			v[k] = restoreAll(v[k], r)
		}
	}
	return v
}

// candidates are the pieces of an answer that may be its JSON: all of it, then
// each balanced object or array among the prose. The work is linear.
func candidates(s string) []string {
	s = strings.TrimSpace(s)
	var out []string
	if json.Valid([]byte(s)) && depth(s) <= maxJSONDepth {
		return []string{s}
	}
	open := 0 // brackets that never close, each of which costs a look at all the rest
	for i := 0; i < len(s) && len(out) < 8 && open < 16; {
		if s[i] != '{' && s[i] != '[' {
			i++
			continue
		}
		end := balanced(s[i:])
		if end == 0 {
			open++
			i++
			continue
		}
		if c := s[i : i+end]; depth(c) <= maxJSONDepth && json.Valid([]byte(c)) {
			out = append(out, c)
		}
		i += end
	}
	return out
}

// balanced is the length of the value that begins with a bracket; 0 if it does
// not end.
func balanced(s string) int {
	level, inString := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			level++
		case c == '}', c == ']':
			if level--; level == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func depth(s string) int {
	level, most, inString := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{', c == '[':
			level++
			most = max(most, level)
		case c == '}', c == ']':
			level--
		}
	}
	return most
}
