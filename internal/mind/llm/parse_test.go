package llm

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func events(r io.Reader) (out []string, err error) {
	err = readEvents(r, func(name string, data []byte) (bool, error) {
		out = append(out, name+"|"+string(data))
		return len(out) < 1000, nil
	})
	return out, err
}

func TestEvents(t *testing.T) {
	for in, want := range map[string]string{
		"data: a\n\ndata: b\n\n":                         "|a;|b",
		"event: x\ndata: a\ndata: b\n\n":                 "x|a\nb",
		"data:a\r\n\r\ndata: b\r\rdata\n\n":              "|a;|b;|",
		": hello\n\nid: 3\nretry: 4\nevent: y\n\ndata:1": "|1",
		"\xef\xbb\xbfdata: a\n\n":                        "|a",
		"":                                               "",
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "by bytes": iotest.OneByteReader(strings.NewReader(in))} {
			got, err := events(r)
			if s := strings.Join(got, ";"); s != want || err != io.EOF {
				t.Errorf("%q %s: %q %v", in, name, s, err)
			}
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "event: x\r\ndata: {}\r\n\r\n", "data\n\ndata\r\r", ": c\n\n", "data: [DONE]\n\n", `data: {"choices":[{"delta":{"content":"x"}}]}` + "\n\n",
		`data: {"type":"message_start","message":{"usage":{"input_tokens":-5}}}` + "\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		a, errA := events(bytes.NewReader(in))
		b, errB := events(iotest.OneByteReader(bytes.NewReader(in)))
		if strings.Join(a, "\x00") != strings.Join(b, "\x00") || (errA == nil) != (errB == nil) {
			t.Fatalf("pieces matter: %q %v, %q %v", a, errA, b, errB)
		}
		for _, e := range a {
			_, data, _ := strings.Cut(e, "|")
			for _, w := range []wire{openaiWire{}, anthropicWire{}} {
				var r reply
				_, _, _ = w.event([]byte(data), &r)
				_, _ = w.answer([]byte(data), &prompt{})
				r.usage.clamp()
				if (Prices{In: 1e10, Out: 1e10}).cost(r.usage) < 0 {
					t.Fatal("a negative cost")
				}
			}
		}
	})
}

func FuzzRestore(f *testing.F) {
	f.Add("call 13800138000 now", 5, 16, "⟦PHONE_1⟧ ⟦PHONE_2⟧ ⟦", uint8(3))
	f.Add("张三在这里", 0, 2, "⟦⟦PHONE_1⟧⟧\xe2\x9f", uint8(1))
	f.Add("⟦PHONE_1⟧", 0, 4, "⟦PHONE_1", uint8(2))
	f.Fuzz(func(t *testing.T, text string, start, end int, answer string, size uint8) {
		spans := []Span{{start, end, "phone"}}
		r := NewRedactor()
		red := r.Redact(text, spans)
		again := NewRedactor()
		if again.Redact(text, spans) != red {
			t.Fatal("not stable")
		}
		// The round trip gives the text back, but for brackets of strangers.
		var want strings.Builder
		for _, p := range cutSpans(text, spans) {
			if p.kind != "" {
				want.WriteString(p.text)
			} else {
				want.WriteString(plainMarks.Replace(p.text))
			}
		}
		if got := r.Restore(red); got != want.String() {
			t.Fatalf("%q → %q → %q", text, red, got)
		}
		// Pieces do not matter, bytes cut inside characters neither.
		whole := r.Restore(answer)
		st := r.Stream()
		var b strings.Builder
		for in := answer; in != ""; {
			n := min(len(in), max(int(size), 1))
			b.WriteString(st.Write(in[:n]))
			in = in[n:]
		}
		b.WriteString(st.Flush())
		if b.String() != whole {
			t.Fatalf("%q: %q in pieces, %q whole", answer, b.String(), whole)
		}
		if len(r.values) == 0 && whole != answer {
			t.Fatal("nothing was kept back, yet something changed")
		}
	})
}

func FuzzStructured(f *testing.F) {
	f.Add(`Sure: {"a":[1,"x"]} ok`)
	f.Add(`{"a":`)
	f.Add(`[[[[[`)
	f.Add(`{"a":1e999}`)
	s, err := compileSchema([]byte(`{"type":"object","properties":{"a":{"type":["array","string"],"items":{"enum":[1,"x",null,{"b":2}]}}},"additionalProperties":{"type":"number"}}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		p := &prepared{schema: s, redactor: NewRedactor()}
		raw, faults := p.structured(in)
		if (raw == nil) != (len(faults) > 0) {
			t.Fatal(raw, faults)
		}
		if raw != nil {
			var m map[string]any
			if json.Unmarshal(raw, &m) != nil || len(s.check(m)) != 0 {
				t.Fatalf("%q → %s", in, raw)
			}
		}
	})
}

func TestOverlappingSpansHideMore(t *testing.T) {
	r := NewRedactor()
	got := r.Redact("abcdefghij", []Span{{4, 7, "b"}, {2, 5, "a"}, {-3, 1, "c"}, {9, 99, "person name!"}, {5, 5, "x"}})
	if got != "⟦C_1⟧b⟦A_1⟧hi⟦PERSONNAME_1⟧" || r.Restore(got) != "abcdefghij" {
		t.Error(got)
	}
}

func TestLongNumbersComeThrough(t *testing.T) {
	s, _ := compileSchema([]byte(`{"type":"object"}`))
	p := &prepared{schema: s, redactor: NewRedactor()}
	if raw, _ := p.structured(`{"n":12345678901234567890, "s":"<b>&"}`); string(raw) != `{"n":12345678901234567890,"s":"<b>&"}` {
		t.Errorf("%s", raw)
	}
}

func TestSchemaRules(t *testing.T) {
	schema := `{"type":"object","required":["a"],"properties":{
		"a":{"type":"string","minLength":2,"maxLength":3,"pattern":"^[一-龥]+$"},"n":{"type":"integer","minimum":1,"maximum":5},
		"l":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"boolean"}},"u":{"anyOf":[{"type":"null"},{"const":{"x":[1]}}]}},"additionalProperties":false}`
	s, err := compileSchema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	for in, ok := range map[string]bool{
		`{"a":"退款"}`: true, `{"a":"退款","n":3,"l":[true],"u":{"x":[1]}}`: true, `{"a":"退款","u":null}`: true,
		`{}`: false, `{"a":"退"}`: false, `{"a":"退款退款"}`: false, `{"a":"ab"}`: false, `{"a":3}`: false,
		`{"a":"退款","n":1.5}`: false, `{"a":"退款","n":0}`: false, `{"a":"退款","n":9}`: false, `{"a":"退款","l":[]}`: false,
		`{"a":"退款","l":[1]}`: false, `{"a":"退款","l":[true,true,true]}`: false, `{"a":"退款","u":{"x":[2]}}`: false, `{"a":"退款","z":1}`: false, `[]`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(in), &v); err != nil {
			t.Fatal(err)
		}
		if got := s.check(v); (len(got) == 0) != ok {
			t.Errorf("%s: %v", in, got)
		}
	}
	for _, bad := range []string{`[]`, `{"type":"thing"}`, `{"oneOf":[]}`, `{"pattern":"("}`, `{"properties":3}`, strings.Repeat(`{"items":`, 50) + "{}" + strings.Repeat("}", 50)} {
		if CheckSchema([]byte(bad)) == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestHostileAnswersCostLittle(t *testing.T) {
	s, _ := compileSchema([]byte(`{"type":"object"}`))
	for _, in := range []string{strings.Repeat("[", 1<<20), strings.Repeat(`{"`, 1<<19), strings.Repeat("{} ", 1<<18), strings.Repeat("⟦PHONE_", 1<<17), strings.Repeat("<think>", 1<<17)} {
		p := &prepared{schema: s, redactor: NewRedactor()}
		p.redactor.Redact("13800138000", []Span{{0, 11, "phone"}})
		_, _ = p.structured(in)
		if got := p.redactor.Restore(in); got != in || !utf8.ValidString(got) {
			t.Error("changed")
		}
		st := p.redactor.Stream()
		for i := range len(in) {
			_ = st.Write(in[i : i+1])
		}
	}
}
