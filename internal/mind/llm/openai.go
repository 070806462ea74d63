package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
)

// openaiWire speaks chat completions, and audio/transcriptions for recordings.
type openaiWire struct{}

type openaiMessage struct {
	Role    string `json:"role"`
	Content any    `json:"content"` // string, or list of openaiPart
}

type openaiPart struct {
	Type     string          `json:"type"`
	Text     string          `json:"text,omitempty"`
	ImageURL *openaiImageURL `json:"image_url,omitempty"`
}

type openaiImageURL struct {
	URL string `json:"url"`
}

type openaiRequest struct {
	Model               string          `json:"model"`
	Messages            []openaiMessage `json:"messages"`
	MaxTokens           int             `json:"max_tokens,omitempty"`
	MaxCompletionTokens int             `json:"max_completion_tokens,omitempty"`
	Temperature         *float64        `json:"temperature,omitempty"`
	ResponseFormat      any             `json:"response_format,omitempty"`
	Stream              bool            `json:"stream,omitempty"`
	StreamOptions       map[string]bool `json:"stream_options,omitempty"`
}

func (openaiWire) request(p Provider, q *prompt, stream bool) (string, string, http.Header, []byte, error) {
	h := http.Header{}
	if k := p.Key.Reveal(); k != "" {
		h.Set("Authorization", "Bearer "+k)
	}
	if q.audio != nil {
		contentType, body, err := transcription(p, q)
		return "/audio/transcriptions", contentType, h, body, err
	}
	r := openaiRequest{Model: p.Model, Temperature: q.temperature, Stream: stream}
	if p.CompletionTokens {
		r.MaxCompletionTokens = q.maxTokens
	} else {
		r.MaxTokens = q.maxTokens
	}
	if stream {
		r.StreamOptions = map[string]bool{"include_usage": true}
	}
	system := q.system
	if q.schema != nil {
		system = joinSystem(system, jsonInstruction(q.schema))
		switch p.Structured {
		case SchemaMode:
			r.ResponseFormat = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "answer", "schema": q.schema}}
		case PromptMode:
		default:
			r.ResponseFormat = map[string]any{"type": "json_object"}
		}
	}
	if system != "" {
		r.Messages = append(r.Messages, openaiMessage{"system", system})
	}
	for _, t := range q.turns {
		r.Messages = append(r.Messages, openaiMessage{t.role, openaiContent(t.blocks)})
	}
	body, err := json.Marshal(r)
	return "/chat/completions", "application/json", h, body, err
}

// openaiContent is a plain string without images: small servers know no more.
func openaiContent(blocks []block) any {
	var parts []openaiPart
	var texts []string
	images := false
	for _, b := range blocks {
		if b.data != nil {
			images = true
			parts = append(parts, openaiPart{Type: "image_url", ImageURL: &openaiImageURL{"data:" + b.contentType + ";base64," + b.base64()}})
			continue
		}
		texts = append(texts, b.text)
		parts = append(parts, openaiPart{Type: "text", Text: b.text})
	}
	if images {
		return parts
	}
	return strings.Join(texts, "\n\n")
}

// audioNames maps types to the extension by which servers know a recording.
var audioNames = map[string]string{
	"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mp4": "m4a", "audio/x-m4a": "m4a", "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav",
	"audio/ogg": "ogg", "audio/webm": "webm", "audio/flac": "flac", "audio/amr": "amr", "video/mp4": "mp4", "video/webm": "webm",
}

func transcription(p Provider, q *prompt) (string, []byte, error) {
	ext, ok := audioNames[q.audio.contentType]
	if !ok {
		return "", nil, fmt.Errorf("recordings of type %q are not transcribed", q.audio.contentType)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("model", p.Model) // a bytes.Buffer takes everything
	_ = w.WriteField("response_format", "json")
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", `form-data; name="file"; filename="recording.`+ext+`"`)
	h.Set("Content-Type", q.audio.contentType)
	f, err := w.CreatePart(h)
	if err != nil {
		return "", nil, err
	}
	_, _ = f.Write(q.audio.data)
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes(), nil
}

type openaiUsage struct {
	Prompt     *int `json:"prompt_tokens"`
	Completion int  `json:"completion_tokens"`
	// of transcriptions
	Type    string  `json:"type"`
	In      int     `json:"input_tokens"`
	Out     int     `json:"output_tokens"`
	Seconds float64 `json:"seconds"`
}

func (u *openaiUsage) usage() usage {
	switch {
	case u == nil:
		return usage{}
	case u.Prompt != nil:
		return usage{in: *u.Prompt, out: u.Completion, known: true}
	case u.Type == "duration":
		return usage{seconds: u.Seconds, known: true}
	case u.Type == "tokens":
		return usage{in: u.In, out: u.Out, known: true}
	}
	return usage{}
}

type openaiAnswer struct {
	Model   string `json:"model"`
	Text    string `json:"text"` // of a transcription
	Choices []struct {
		Message openaiSaid `json:"message"`
		Delta   openaiSaid `json:"delta"`
		Finish  string     `json:"finish_reason"`
	} `json:"choices"`
	Usage *openaiUsage    `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type openaiSaid struct {
	Content string `json:"content"`
	Refusal string `json:"refusal"`
}

func (openaiWire) answer(body []byte, q *prompt) (reply, error) {
	var a openaiAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return reply{}, err
	}
	if hasError(a.Error) {
		return reply{}, errorBody(body)
	}
	r := reply{model: a.Model, usage: a.Usage.usage()}
	if q.audio != nil {
		r.text, r.finish = a.Text, "stop"
		return r, nil
	}
	if len(a.Choices) == 0 {
		return reply{usage: r.usage}, fmt.Errorf("the answer has no choices")
	}
	c := a.Choices[0]
	r.text, r.finish = c.Message.Content, openaiFinish(c.Finish)
	if c.Message.Refusal != "" {
		r.finish = "declined"
	}
	return r, nil
}

func hasError(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func openaiFinish(s string) string {
	switch s {
	case "":
		return ""
	case "length":
		return "length"
	case "content_filter":
		return "declined"
	}
	return "stop"
}

func (openaiWire) event(data []byte, r *reply) (string, bool, error) {
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		if r.finish == "" {
			r.finish = "stop"
		}
		return "", true, nil
	}
	var a openaiAnswer
	if err := json.Unmarshal(data, &a); err != nil {
		return "", false, err
	}
	if hasError(a.Error) {
		return "", false, errorBody(data)
	}
	if a.Model != "" {
		r.model = a.Model
	}
	if u := a.Usage.usage(); u.known {
		r.usage = u
	}
	if len(a.Choices) == 0 {
		return "", false, nil
	}
	c := a.Choices[0]
	if f := openaiFinish(c.Finish); f != "" && r.finish != "declined" {
		r.finish = f
	}
	if c.Delta.Refusal != "" {
		r.finish = "declined"
	}
	return c.Delta.Content, false, nil
}
