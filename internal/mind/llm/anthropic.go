package llm

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// anthropicWire speaks Messages.
type anthropicWire struct{}

const anthropicVersion = "2023-06-01"

type anthropicRequest struct {
	Model        string             `json:"model"`
	MaxTokens    int                `json:"max_tokens"`
	System       string             `json:"system,omitempty"`
	Messages     []anthropicMessage `json:"messages"`
	Temperature  *float64           `json:"temperature,omitempty"`
	Stream       bool               `json:"stream,omitempty"`
	Tools        []anthropicTool    `json:"tools,omitempty"`
	ToolChoice   map[string]string  `json:"tool_choice,omitempty"`
	OutputConfig map[string]any     `json:"output_config,omitempty"`
}

type anthropicMessage struct {
	Role    string           `json:"role"`
	Content []anthropicBlock `json:"content"`
}

type anthropicBlock struct {
	Type   string            `json:"type"`
	Text   string            `json:"text,omitempty"`
	Source map[string]string `json:"source,omitempty"`
	Input  json.RawMessage   `json:"input,omitempty"` // of a tool_use that came
}

type anthropicTool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema"`
}

func (anthropicWire) request(p Provider, q *prompt, stream bool) (string, string, http.Header, []byte, error) {
	h := http.Header{}
	h.Set("Anthropic-Version", anthropicVersion)
	if k := p.Key.Reveal(); k != "" {
		h.Set("X-Api-Key", k)
	}
	if q.audio != nil {
		return "", "", nil, nil, errors.New("recordings are not transcribed")
	}
	r := anthropicRequest{Model: p.Model, MaxTokens: q.maxTokens, System: q.system, Temperature: q.temperature, Stream: stream}
	if q.schema != nil {
		switch p.Structured {
		case SchemaMode:
			r.OutputConfig = map[string]any{"format": map[string]any{"type": "json_schema", "schema": q.schema}}
			r.System = joinSystem(r.System, jsonInstruction(q.schema))
		case PromptMode, JSONMode:
			r.System = joinSystem(r.System, jsonInstruction(q.schema))
		default:
			r.Tools = []anthropicTool{{"answer", "Takes the answer.", q.schema}}
			r.ToolChoice = map[string]string{"type": "tool", "name": "answer"}
		}
	}
	for _, t := range q.turns {
		m := anthropicMessage{Role: t.role}
		for _, b := range t.blocks {
			if b.data != nil {
				m.Content = append(m.Content, anthropicBlock{Type: "image", Source: map[string]string{"type": "base64", "media_type": b.contentType, "data": b.base64()}})
			} else if strings.TrimSpace(b.text) != "" { // empty texts are rejected
				m.Content = append(m.Content, anthropicBlock{Type: "text", Text: b.text})
			}
		}
		r.Messages = append(r.Messages, m)
	}
	path := "/v1/messages"
	if strings.HasSuffix(strings.TrimRight(p.BaseURL, "/"), "/v1") {
		path = "/messages"
	}
	body, err := json.Marshal(r)
	return path, "application/json", h, body, err
}

type anthropicUsage struct {
	In        *int `json:"input_tokens"`
	CacheMade int  `json:"cache_creation_input_tokens"`
	CacheRead int  `json:"cache_read_input_tokens"`
	Out       *int `json:"output_tokens"`
}

// into keeps the newest counts: they are running totals.
func (u *anthropicUsage) into(to *usage) {
	if u == nil {
		return
	}
	if u.In != nil {
		to.in = *u.In + u.CacheMade + u.CacheRead
	}
	if u.Out != nil {
		to.out = *u.Out
	}
}

func anthropicFinish(s string) string {
	switch s {
	case "":
		return ""
	case "max_tokens", "model_context_window_exceeded":
		return "length"
	case "refusal":
		return "declined"
	}
	return "stop"
}

type anthropicAnswer struct {
	Type    string           `json:"type"`
	Model   string           `json:"model"`
	Content []anthropicBlock `json:"content"`
	Stop    string           `json:"stop_reason"`
	Usage   *anthropicUsage  `json:"usage"`
}

func (anthropicWire) answer(body []byte, q *prompt) (reply, error) {
	var a anthropicAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return reply{}, err
	}
	if a.Type == "error" {
		return reply{}, errorBody(body)
	}
	r := reply{model: a.Model, finish: anthropicFinish(a.Stop)}
	a.Usage.into(&r.usage)
	r.usage.known = a.Usage != nil && a.Usage.In != nil
	var text strings.Builder
	for _, b := range a.Content {
		switch {
		case b.Type == "tool_use" && q.schema != nil:
			r.text = string(b.Input)
			return r, nil
		case b.Type == "text":
			text.WriteString(b.Text)
		}
	}
	if a.Content == nil {
		return r, errors.New("the answer has no content")
	}
	r.text = text.String()
	return r, nil
}

func (anthropicWire) event(data []byte, r *reply) (string, bool, error) {
	var e struct {
		Type    string           `json:"type"`
		Message *anthropicAnswer `json:"message"`
		Delta   struct {
			Type string `json:"type"`
			Text string `json:"text"`
			Stop string `json:"stop_reason"`
		} `json:"delta"`
		Usage *anthropicUsage `json:"usage"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return "", false, err
	}
	switch e.Type {
	case "error":
		return "", false, errorBody(data)
	case "message_start":
		if e.Message != nil {
			r.model = e.Message.Model
			e.Message.Usage.into(&r.usage)
		}
	case "content_block_delta":
		if e.Delta.Type == "text_delta" {
			return e.Delta.Text, false, nil
		}
	case "message_delta":
		if f := anthropicFinish(e.Delta.Stop); f != "" {
			r.finish = f
		}
		e.Usage.into(&r.usage)
		r.usage.known = e.Usage != nil && e.Usage.Out != nil
	case "message_stop":
		if r.finish == "" {
			r.finish = "stop"
		}
		return "", true, nil
	}
	return "", false, nil // pings and kinds to come
}
