package staff

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"

	"zhidan/internal/platform/text"
)

// FieldChange is one field before and after, or one place inside a field that
// holds much. Neither value is ever a secret or personal.
type FieldChange struct {
	Field string   `json:"field"`
	Path  []string `json:"path,omitempty"` // the way to the place inside the field, in names
	From  any      `json:"from,omitempty"`
	To    any      `json:"to,omitempty"`
}

const (
	// A value of this many bytes is told whole: a name in two languages.
	toldWhole = 120
	// maxTold bounds what is kept of one value, maxChanges what is kept of one deed.
	maxTold    = 4000
	maxChanges = 100
)

// Changes compares two things field by field as the wire has them; before or
// after may be nil. Without names fields that say nothing to a reader.
func Changes(before, after any, without ...string) []FieldChange {
	was, _ := plain(before).(map[string]any)
	now, _ := plain(after).(map[string]any)
	var d difference
	for _, n := range both(was, now) {
		if !slices.Contains(without, n) {
			d.compare(n, nil, was[n], now[n])
		}
	}
	if more := len(d) - maxChanges; more > 0 {
		return append(d[:maxChanges:maxChanges], FieldChange{Field: "more", To: more})
	}
	return d
}

// Host is an address as the trail may tell it: what follows the host is often
// the secret itself.
func Host(address string) string {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// plain is a value as JSON has it.
func plain(v any) (out any) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	_ = in.Decode(&out) // what was just written can be read
	return out
}

func both[V any](a, b map[string]V) []string {
	var names []string
	for _, m := range []map[string]V{a, b} {
		for n := range m {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	return names
}

type difference []FieldChange

// compare tells what differs: small values whole, large ones place by place.
func (d *difference) compare(field string, path []string, was, now any) {
	if empty(was) && empty(now) || reflect.DeepEqual(was, now) {
		return
	}
	if size(was) > toldWhole || size(now) > toldWhole {
		before, object := was.(map[string]any)
		if after, same := now.(map[string]any); object && same {
			for _, n := range both(before, after) {
				d.compare(field, within(path, n), before[n], after[n])
			}
			return
		}
		list, isList := was.([]any)
		if next, same := now.([]any); isList && same {
			d.lists(field, path, list, next)
			return
		}
	}
	*d = append(*d, FieldChange{field, path, kept(was), kept(now)})
}

func within(path []string, n string) []string { return append(path[:len(path):len(path)], n) }

// lists compares by what its members are called, else by their places from both
// ends: who puts one in the middle has not changed all that follow.
func (d *difference) lists(field string, path []string, was, now []any) {
	before, one := byName(was)
	after, two := byName(now)
	if one && two && words(was) && words(now) { // what went and what came
		gone := slices.DeleteFunc(slices.Clone(was), func(m any) bool { return after[identity(m)] != nil })
		come := slices.DeleteFunc(slices.Clone(now), func(m any) bool { return before[identity(m)] != nil })
		if len(gone)+len(come) > 0 {
			*d = append(*d, FieldChange{field, path, kept(gone), kept(come)})
			return
		}
	}
	if one && two {
		var left, right []string
		for _, m := range was {
			if _, still := after[identity(m)]; still {
				left = append(left, label(m))
			}
		}
		for _, m := range now {
			if _, known := before[identity(m)]; known {
				right = append(right, label(m))
			}
			d.compare(field, within(path, label(m)), before[identity(m)], m)
		}
		for _, m := range was {
			if _, still := after[identity(m)]; !still {
				d.compare(field, within(path, label(m)), m, nil)
			}
		}
		if moved := slices.Equal(sorted(left), sorted(right)) && !slices.Equal(left, right); moved {
			*d = append(*d, FieldChange{field, within(path, "order"), left, right})
		}
		return
	}
	head := 0
	for head < min(len(was), len(now)) && reflect.DeepEqual(was[head], now[head]) {
		head++
	}
	tail := 0
	for tail < min(len(was), len(now))-head && reflect.DeepEqual(was[len(was)-1-tail], now[len(now)-1-tail]) {
		tail++
	}
	for i := head; i < max(len(was), len(now))-tail; i++ {
		var a, b any
		if i < len(was)-tail {
			a = was[i]
		}
		if i < len(now)-tail {
			b = now[i]
		}
		d.compare(field, within(path, strconv.Itoa(i+1)), a, b)
	}
}

func words(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, is := v.(string); return !is })
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// byName is a list by the identity of its members, when each has one of its own.
func byName(list []any) (map[string]any, bool) {
	out := map[string]any{}
	for _, m := range list {
		n := identity(m)
		if _, twice := out[n]; twice || n == "" {
			return nil, false
		}
		out[n] = m
	}
	return out, true
}

// identity is by which a member of a list stays the same whatever else changes.
func identity(v any) string {
	m, object := v.(map[string]any)
	if !object {
		s, _ := v.(string)
		return s
	}
	for _, n := range []string{"id", "key", "field", "name", "user_id", "value"} {
		if s, ok := m[n].(string); ok && s != "" {
			return n + " " + s
		}
	}
	return ""
}

// label is what a reader calls it.
func label(v any) string {
	m, object := v.(map[string]any)
	if !object {
		s, _ := v.(string)
		return s
	}
	if words, ok := m["name"].(map[string]any); ok {
		for _, l := range []string{"zh", "en"} {
			if s, _ := words[l].(string); s != "" {
				return s
			}
		}
	}
	for _, n := range []string{"name", "field", "key", "user_id", "value", "id"} {
		if s, ok := m[n].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func size(v any) int {
	raw, _ := json.Marshal(v)
	return len(raw)
}

// kept is a value as it is kept: what is very long by its beginning.
func kept(v any) any {
	if raw, _ := json.Marshal(v); len(raw) > maxTold {
		if s, ok := v.(string); ok {
			raw = []byte(s)
		}
		return text.Clean(string(bytes.ToValidUTF8(raw[:min(len(raw), maxTold)], nil))) + "…"
	}
	return v
}
