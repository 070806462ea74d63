package llmtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// reply plays one script.
type reply struct {
	w         http.ResponseWriter
	r         *http.Request
	s         Script
	c         Call
	anthropic bool
}

// wait is false when the client has gone.
func (h *reply) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-h.r.Context().Done():
		return false
	}
}

func (h *reply) hang() { <-h.r.Context().Done() }

func (h *reply) cut() { panic(http.ErrAbortHandler) }

func (h *reply) write(s string) bool {
	_, err := h.w.Write([]byte(s))
	h.flush()
	return err == nil
}

func (h *reply) flush() {
	if f, ok := h.w.(http.Flusher); ok {
		f.Flush()
	}
}

func (h *reply) run() {
	s := h.s
	if s.Hang {
		h.hang()
		return
	}
	if !h.wait(s.Before) {
		return
	}
	if s.RetryAfter != "" {
		h.w.Header().Set("Retry-After", s.RetryAfter)
	}
	switch {
	case s.Redirect != "":
		http.Redirect(h.w, h.r, s.Redirect, http.StatusTemporaryRedirect)
		return
	case s.Status != 0 && s.Status != http.StatusOK:
		h.w.Header().Set("Content-Type", "application/json")
		h.w.WriteHeader(s.Status)
		h.write(encode(map[string]any{"type": "error", "error": map[string]any{"type": "scripted_error", "message": s.Error}}))
		return
	}
	stream := h.c.Stream()
	if stream {
		h.w.Header().Set("Content-Type", "text/event-stream")
	} else {
		h.w.Header().Set("Content-Type", "application/json")
	}
	h.w.WriteHeader(http.StatusOK)
	h.flush()
	for range s.Blanks {
		blank := "\n"
		if stream {
			blank = ": keep-alive\n\n"
		}
		if !h.write(blank) || !h.wait(time.Second) {
			return
		}
	}
	switch {
	case s.Body != "":
		h.write(s.Body)
	case s.Huge > 0:
		h.huge(stream)
	case stream:
		h.stream()
	default:
		h.whole()
	}
}

func (h *reply) huge(stream bool) {
	line := strings.Repeat("A", 1<<10)
	if !stream {
		h.write(`{"choices":[{"message":{"content":"`)
	}
	for n := 0; n < h.s.Huge; n += len(line) {
		out := line
		if stream {
			out = h.delta(line)
		}
		if !h.write(out) {
			return
		}
	}
}

func (h *reply) usage() (in, out int) {
	in, out = h.s.In, h.s.Out
	if in == 0 {
		in = 10
	}
	if out == 0 {
		out = len(h.s.Text)/4 + 1
	}
	return in, out
}

func (h *reply) whole() {
	s := h.s
	in, out := h.usage()
	var m map[string]any
	switch {
	case strings.HasSuffix(h.c.Path, "/audio/transcriptions"):
		m = map[string]any{"text": s.Text, "usage": map[string]any{"type": "duration", "seconds": out}}
	case h.anthropic:
		content := map[string]any{"type": "text", "text": s.Text}
		finish := or(s.Finish, "end_turn")
		if h.c.JSON()["tools"] != nil && !s.PlainText && json.Valid([]byte(s.Text)) {
			content = map[string]any{"type": "tool_use", "id": "tool_1", "name": "answer", "input": json.RawMessage(s.Text)}
			finish = or(s.Finish, "tool_use")
		}
		m = map[string]any{"type": "message", "role": "assistant", "model": "scripted-model", "content": []any{content}, "stop_reason": finish}
		if !s.NoUsage {
			m["usage"] = map[string]any{"input_tokens": in, "output_tokens": out}
		}
	default:
		m = map[string]any{"object": "chat.completion", "model": "scripted-model", "choices": []any{
			map[string]any{"index": 0, "message": map[string]any{"role": "assistant", "content": s.Text}, "finish_reason": or(s.Finish, "stop")}}}
		if !s.NoUsage {
			m["usage"] = map[string]any{"prompt_tokens": in, "completion_tokens": out}
		}
	}
	body := encode(m)
	switch {
	case s.Cut > 0:
		h.write(body[:len(body)/2])
		h.cut()
	case s.Stall > 0:
		h.write(body[:len(body)/2])
		h.hang()
	case s.Drip > 0:
		for i := range len(body) {
			if !h.write(body[i:i+1]) || !h.wait(s.Drip) {
				return
			}
		}
	default:
		h.write(body)
	}
}

func (h *reply) delta(text string) string {
	if h.anthropic {
		return event("content_block_delta", map[string]any{"type": "content_block_delta", "index": 0, "delta": map[string]any{"type": "text_delta", "text": text}})
	}
	return "data: " + encode(map[string]any{"object": "chat.completion.chunk", "model": "scripted-model",
		"choices": []any{map[string]any{"index": 0, "delta": map[string]any{"content": text}, "finish_reason": nil}}, "usage": nil}) + "\n\n"
}

func event(name string, v any) string { return "event: " + name + "\ndata: " + encode(v) + "\n\n" }

func (h *reply) stream() {
	s := h.s
	in, out := h.usage()
	deltas := s.Deltas
	if deltas == nil {
		deltas = split(s.Text, s.Chunks)
	}
	if h.anthropic {
		h.write(event("message_start", map[string]any{"type": "message_start", "message": map[string]any{"model": "scripted-model", "usage": map[string]any{"input_tokens": in, "output_tokens": 1}}}) +
			event("ping", map[string]any{"type": "ping"}))
	} else {
		h.write(h.delta(""))
	}
	for left := s.First; left > 0; left -= time.Second {
		if !h.write(": keep-alive\n\n") || !h.wait(min(left, time.Second)) {
			return
		}
	}
	for i, d := range deltas {
		if s.Drip > 0 {
			for out := h.delta(d); out != ""; out = out[1:] {
				if !h.write(out[:1]) || !h.wait(s.Drip) {
					return
				}
			}
		} else if !h.write(h.delta(d)) {
			return
		}
		if s.MidError != "" {
			e := map[string]any{"type": "error", "error": map[string]any{"type": "overloaded_error", "message": s.MidError}}
			if h.anthropic {
				h.write(event("error", e))
			} else {
				h.write("data: " + encode(e) + "\n\n")
			}
			return
		}
		if s.Stall == i+1 {
			h.hang()
			return
		}
		if s.Cut == i+1 {
			h.cut()
		}
		if !h.wait(s.Every) {
			return
		}
	}
	if h.anthropic {
		m := map[string]any{"type": "message_delta", "delta": map[string]any{"stop_reason": or(s.Finish, "end_turn")}}
		if !s.NoUsage {
			m["usage"] = map[string]any{"output_tokens": out}
		}
		h.write(event("message_delta", m))
		if !s.NoDone {
			h.write(event("message_stop", map[string]any{"type": "message_stop"}))
		}
		return
	}
	h.write("data: " + encode(map[string]any{"model": "scripted-model", "choices": []any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": or(s.Finish, "stop")}}}) + "\n\n")
	if !s.NoUsage {
		h.write("data: " + encode(map[string]any{"choices": []any{}, "usage": map[string]any{"prompt_tokens": in, "completion_tokens": out}}) + "\n\n")
	}
	if !s.NoDone {
		h.write("data: [DONE]\n\n")
	}
}

// split cuts a text into pieces at characters.
func split(s string, n int) []string {
	if n <= 0 {
		n = 3
	}
	r := []rune(s)
	size := max((len(r)+n-1)/n, 1)
	var out []string
	for len(r) > 0 {
		k := min(size, len(r))
		out = append(out, string(r[:k]))
		r = r[k:]
	}
	return out
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a script's values marshal
	}
	return string(b)
}
