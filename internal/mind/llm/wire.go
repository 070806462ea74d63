package llm

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"
)

// wire is a provider's format.
type wire interface {
	// request builds a call: the path after the base address, headers, body.
	request(p Provider, q *prompt, stream bool) (path, contentType string, header http.Header, body []byte, err error)
	// answer reads a whole answer.
	answer(body []byte, q *prompt) (reply, error)
	// event reads one event of a stream into the reply and gives new text.
	event(data []byte, r *reply) (delta string, done bool, err error)
}

func wireOf(k Kind) wire {
	if k == Anthropic {
		return anthropicWire{}
	}
	return openaiWire{}
}

// reply is what a provider answered.
type reply struct {
	text   string
	model  string
	finish string // stop, length, declined; empty: not told
	usage  usage
}

// wireError is an error that a provider tells inside a stream or body.
type wireError struct{ kind, message string }

func (e *wireError) Error() string { return strings.TrimSpace(e.kind + " " + e.message) }

// errorBody finds kind and message in an error of either format. Ollama and
// some others give only a string.
func errorBody(body []byte) *wireError {
	var m struct {
		Error json.RawMessage `json:"error"`
		// vLLM and others put it flat
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	if json.Unmarshal(body, &m) != nil {
		return &wireError{}
	}
	var e struct {
		Type    string          `json:"type"`
		Code    json.RawMessage `json:"code"`
		Message string          `json:"message"`
	}
	var s string
	switch {
	case json.Unmarshal(m.Error, &s) == nil && s != "":
		return &wireError{message: s}
	case len(m.Error) > 0 && json.Unmarshal(m.Error, &e) == nil:
		if e.Type == "" {
			e.Type = strings.Trim(string(e.Code), `"`)
		}
		return &wireError{e.Type, e.Message}
	}
	return &wireError{m.Type, m.Message}
}

// jsonInstruction asks for JSON in words, which every mode needs: some servers
// insist on the word, and all models do better with it.
func jsonInstruction(schema json.RawMessage) string {
	return "Answer with one JSON value that fits this JSON Schema, and with nothing else:\n" + string(schema)
}

func joinSystem(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n\n" + b
}

// thinking drops what a model thinks aloud between <think> and </think> at the
// beginning of an answer.
type thinking struct {
	state int // 0 undecided, 1 inside, 2 past
	held  string
}

const thinkOpen, thinkClose = "<think>", "</think>"

func (t *thinking) write(s string) string {
	if t.state == 2 {
		return s
	}
	t.held += s
	if t.state == 0 {
		trimmed := strings.TrimLeft(t.held, " \n\r\t")
		switch {
		case strings.HasPrefix(trimmed, thinkOpen):
			t.state, t.held = 1, trimmed[len(thinkOpen):]
		case strings.HasPrefix(thinkOpen, trimmed):
			return ""
		default:
			out := t.held
			t.state, t.held = 2, ""
			return out
		}
	}
	if i := strings.Index(t.held, thinkClose); i >= 0 {
		out := strings.TrimLeft(t.held[i+len(thinkClose):], " \n\r\t")
		t.held = ""
		if out != "" {
			t.state = 2
		} else { // blanks after it may still come
			t.state = 3
		}
		return out
	}
	if t.state == 3 {
		out := strings.TrimLeft(t.held, " \n\r\t")
		t.held = ""
		if out != "" {
			t.state = 2
		}
		return out
	}
	if n := len(t.held) - len(thinkClose); n > 0 { // keep only what can begin the end
		t.held = t.held[n:]
	}
	return ""
}

func (t *thinking) flush() string {
	if t.state == 0 {
		t.state = 2
		return t.held
	}
	return ""
}

// short cuts a provider's message to what a log may hold.
func short(s string, key string) string {
	if key != "" {
		s = strings.ReplaceAll(s, key, "[redacted]")
	}
	s = clean(strings.ReplaceAll(s, "\n", " "))
	for i := range s {
		if i >= 200 {
			return s[:i] + "…"
		}
	}
	if !utf8.ValidString(s) {
		return ""
	}
	return s
}
