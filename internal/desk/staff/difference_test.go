package staff

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// What is large is told by the places that differ, in the words of its parts.
func TestDifferencesAreToldByPlace(t *testing.T) {
	long := strings.Repeat("很长的说明", 20)
	rule := func(id, name, when string) map[string]any {
		return map[string]any{"id": id, "name": name, "when": when, "about": long}
	}
	for name, c := range map[string]struct {
		was, now any
		want     string
	}{
		"small values whole":        {`{"name":{"zh":"天气","en":"Weather"}}`, `{"name":{"zh":"风","en":"Weather"}}`, `name {"en":"Weather","zh":"天气"} > {"en":"Weather","zh":"风"}`},
		"one part of a list":        {map[string]any{"rules": []any{rule("1", "一线", "a"), rule("2", "二线", "b")}}, map[string]any{"rules": []any{rule("1", "一线", "a"), rule("2", "二线", "c")}}, `rules/二线/when "b" > "c"`},
		"renamed is not new":        {map[string]any{"rules": []any{rule("1", "一线", "a")}}, map[string]any{"rules": []any{rule("1", "前线", "a")}}, `rules/前线/name "一线" > "前线"`},
		"order":                     {map[string]any{"rules": []any{rule("1", "一", "a"), rule("2", "二", "b")}}, map[string]any{"rules": []any{rule("2", "二", "b"), rule("1", "一", "a")}}, `rules/order ["一","二"] > ["二","一"]`},
		"one more without a name":   {map[string]any{"hours": []any{long + "a", long + "b", long + "b"}}, map[string]any{"hours": []any{long + "a", long + "c", long + "b", long + "b"}}, fmt.Sprintf(`hours/2 null > %q`, long+"c")},
		"empty and absent":          {`{"a":[],"b":""}`, `{"c":null,"d":false,"e":0}`, ``},
		"the order of keys":         {json.RawMessage(`{"a":{"x":1,"y":2}}`), json.RawMessage(`{"a":{"y":2,"x":1}}`), ``},
		"made, from nothing at all": {nil, `{"name":"一组"}`, `name null > "一组"`},
	} {
		raw := func(v any) any {
			if s, ok := v.(string); ok {
				return json.RawMessage(s)
			}
			return v
		}
		var got []string
		for _, c := range Changes(raw(c.was), raw(c.now), "version") {
			from, _ := json.Marshal(c.From)
			to, _ := json.Marshal(c.To)
			got = append(got, strings.Join(append([]string{c.Field}, c.Path...), "/")+" "+string(from)+" > "+string(to))
		}
		if s := strings.Join(got, "\n"); s != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, s, c.want)
		}
	}
}

func TestDifferencesHaveBounds(t *testing.T) {
	was, now := map[string]any{}, map[string]any{}
	for i := range 300 {
		was[fmt.Sprint("f", i)], now[fmt.Sprint("f", i)] = i, i+1
	}
	if got := Changes(was, now); len(got) != maxChanges+1 || got[maxChanges].To != 200 {
		t.Errorf("%d changes", len(got))
	}
	got := Changes(nil, map[string]string{"a": strings.Repeat("长", 5000)})
	if s := got[0].To.(string); len(s) > maxTold+3 || !strings.HasSuffix(s, "…") {
		t.Errorf("%d bytes of one value", len(s))
	}
	for address, want := range map[string]string{"https://u:p@hook.example.com/T0/secret?key=1": "https://hook.example.com", "": "", "no address": "", "http://[::1]:8080/x": "http://[::1]:8080"} {
		if got := Host(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
