// Package llm speaks to language models. It is the only room that does: other
// rooms name a Task, hand over instructions and words, and get text or JSON
// that fits their schema.
//
// It promises that
//   - nothing leaves for a model abroad unless the tenant's Policy allows it,
//     nothing is sent when the Switch is off, and what is under way is cut
//     within a second of switching off;
//   - money and calls never pass the Budget: each attempt first reserves the
//     most that it can cost;
//   - personal values that the caller marked never leave: placeholders go, and
//     the values come back into the answer, inside JSON too;
//   - words of strangers are data: they stand between fences that nobody can
//     guess, never in the instructions;
//   - every answer is bounded in time and size, and structured answers fit
//     their schema or are an error;
//   - each call is handed to the Recorder, whatever became of it.
//
// Wire formats: chat completions as published by OpenAI and spoken by vLLM,
// Ollama, DeepSeek and Qwen; Messages as published by Anthropic; server-sent
// events by the WHATWG HTML standard.
package llm

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

// Kind is the wire format of a provider.
type Kind string

// The formats.
const (
	OpenAI    Kind = "openai" // chat completions, and audio/transcriptions
	Anthropic Kind = "anthropic"
)

// Region says where the endpoint stands. What is not Home counts as abroad.
type Region string

// The regions.
const (
	Home   Region = "home"
	Abroad Region = "abroad"
)

// Structured is how a provider is asked for JSON. The answer is checked against
// the schema in any case.
type Structured string

// The ways. The empty one is JSONMode for OpenAI and ToolMode for Anthropic,
// which most servers of the kind understand.
const (
	SchemaMode Structured = "schema" // the server holds the model to the schema
	JSONMode   Structured = "json"   // the server holds the model to JSON
	ToolMode   Structured = "tool"   // the answer is the input of a tool (Anthropic)
	PromptMode Structured = "prompt" // only asked for in words
)

// Prices are in millionths of the currency that budgets count in.
type Prices struct {
	In     int64 `json:"in"`     // per 1,000 tokens
	Out    int64 `json:"out"`    // per 1,000 tokens
	Minute int64 `json:"minute"` // of audio
	Call   int64 `json:"call"`   // flat
}

// Provider is one model at one endpoint.
type Provider struct {
	Name    string      `json:"name"`
	Kind    Kind        `json:"kind"`
	BaseURL string      `json:"base_url"` // OpenAI: with /v1; Anthropic: the host
	Key     secret.Text `json:"key"`
	Model   string      `json:"model"`
	Region  Region      `json:"region"`
	Prices  Prices      `json:"prices"`

	Images bool `json:"images"` // the model reads images
	Audio  bool `json:"audio"`  // the model transcribes (OpenAI's audio/transcriptions)

	Structured Structured `json:"structured,omitempty"`
	// CompletionTokens sends the limit as max_completion_tokens, which newer
	// OpenAI models insist on and older servers do not know.
	CompletionTokens bool `json:"completion_tokens,omitempty"`

	Concurrent int   `json:"concurrent,omitempty"` // calls at once; 8
	MaxBytes   int64 `json:"max_bytes,omitempty"`  // of an answer; 4 MiB
}

// Task is what a model is asked to do.
type Task string

// The tasks of the product; others may be named freely.
const (
	TaskClassify     Task = "classify"
	TaskEntities     Task = "entities"
	TaskTitleSummary Task = "title_summary"
	TaskTranslate    Task = "translate"
	TaskVision       Task = "vision"
	TaskTranscribe   Task = "transcribe"
)

// Plan says who does a task, in order, and within which limits. Zero durations
// and numbers take the defaults.
type Plan struct {
	Providers   []string `json:"providers"`
	MaxTokens   int      `json:"max_tokens"` // of the answer; 1024
	MaxInput    int      `json:"max_input"`  // runes of all parts together; 24,000
	Retries     int      `json:"retries"`    // further attempts at one provider; 0 = 2, negative = none
	Temperature *float64 `json:"temperature,omitempty"`

	Connect    time.Duration `json:"connect"`     // 5 s
	FirstToken time.Duration `json:"first_token"` // streams: 20 s
	Stall      time.Duration `json:"stall"`       // between pieces: 15 s
	Attempt    time.Duration `json:"attempt"`     // 60 s
	Total      time.Duration `json:"total"`       // with retries and fallbacks: 120 s
	MaxWait    time.Duration `json:"max_wait"`    // longest wait before a retry; else the next provider: 20 s
}

func (p Plan) withDefaults() Plan {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&p.Connect, 5*time.Second)
	def(&p.FirstToken, 20*time.Second)
	def(&p.Stall, 15*time.Second)
	def(&p.Attempt, 60*time.Second)
	def(&p.Total, 120*time.Second)
	def(&p.MaxWait, 20*time.Second)
	if p.MaxTokens <= 0 {
		p.MaxTokens = 1024
	}
	if p.MaxInput <= 0 {
		p.MaxInput = 24_000
	}
	switch {
	case p.Retries == 0:
		p.Retries = 2
	case p.Retries < 0:
		p.Retries = 0
	}
	return p
}

// Policy is what a tenant allows.
type Policy struct {
	AllowAbroad bool
}

// Switch tells whether the models are switched off for a tenant and task. It is
// asked before each attempt and four times a second while a call is under way,
// so it must answer from memory.
type Switch func(ctx context.Context, tenant id.ID, task Task) (off bool)

// Recorder is handed every call when it ends.
type Recorder func(ctx context.Context, r Record)

// Record is what is kept of one call. It holds no word of prompt or answer.
type Record struct {
	At         clock.Time    `json:"at"`
	Tenant     id.ID         `json:"tenant"`
	Task       Task          `json:"task"`
	Provider   string        `json:"provider"` // the last one asked
	Model      string        `json:"model"`
	Region     Region        `json:"region"`
	PromptHash string        `json:"prompt_hash"` // SHA-256 of the redacted prompt
	Redacted   int           `json:"redacted"`    // values kept back
	TokensIn   int           `json:"tokens_in"`
	TokensOut  int           `json:"tokens_out"`
	CostMicro  int64         `json:"cost_micro"`
	Latency    time.Duration `json:"latency"`
	FirstToken time.Duration `json:"first_token"`
	Attempts   int           `json:"attempts"`
	Outcome    string        `json:"outcome"`
	Tries      []Try         `json:"tries,omitempty"`
}

// Try is one provider asked once, or passed over.
type Try struct {
	Provider string        `json:"provider"`
	Outcome  string        `json:"outcome"`
	Latency  time.Duration `json:"latency,omitempty"`
	// CostMicro is what was charged; the most it can have been when the answer
	// broke off before it told.
	CostMicro int64 `json:"cost_micro,omitempty"`
}

// The outcomes of a call or try.
const (
	OutcomeOK        = "ok"
	OutcomeRepaired  = "repaired" // ok at the second asking
	OutcomeOff       = "off"
	OutcomeBudget    = "budget"
	OutcomeAbroad    = "abroad" // not allowed
	OutcomeIncapable = "incapable"
	OutcomeCircuit   = "circuit_open"
	OutcomeConnect   = "timeout_connect"
	OutcomeFirst     = "timeout_first_token"
	OutcomeStall     = "timeout_stall"
	OutcomeAttempt   = "timeout_attempt"
	OutcomeTotal     = "timeout_total"
	OutcomeLimited   = "limited"  // 429, 529
	OutcomeServer    = "server"   // 5xx
	OutcomeRejected  = "rejected" // other 4xx: key, model, request
	OutcomeDeclined  = "declined" // the model or a filter refused
	OutcomeInvalid   = "invalid"  // not the format, not JSON or not the schema
	OutcomeTooLarge  = "too_large"
	OutcomeCut       = "cut" // the connection ended early
	OutcomeNetwork   = "network"
	OutcomeCancelled = "cancelled"
	OutcomeStopped   = "stopped" // by the receiver of the stream
	OutcomeInternal  = "internal"
)

// Request is one question.
type Request struct {
	Tenant id.ID
	Task   Task
	// System is the instruction, written by us. Never put words of others here.
	System string
	Parts  []Part
	// Schema asks for JSON: a JSON Schema of the kinds that CheckSchema lists.
	Schema json.RawMessage
}

// Part is a piece of the question.
type Part struct {
	kind        partKind
	text        string
	spans       []Span
	data        []byte
	contentType string
}

type partKind int

const (
	partText partKind = iota
	partUntrusted
	partImage
	partAudio
)

// Text is our own words, such as the list of categories. Spans mark personal
// values to keep back.
func Text(s string, spans ...Span) Part { return Part{kind: partText, text: s, spans: spans} }

// Untrusted is words of a customer or from a document: data, never instruction.
func Untrusted(s string, spans ...Span) Part {
	return Part{kind: partUntrusted, text: s, spans: spans}
}

// Image is a PNG, JPEG, GIF or WebP. What it shows cannot be redacted.
func Image(data []byte, contentType string) Part {
	return Part{kind: partImage, data: data, contentType: contentType}
}

// Audio is a recording to transcribe; it must be the only part besides text.
func Audio(data []byte, contentType string) Part {
	return Part{kind: partAudio, data: data, contentType: contentType}
}

// Response is an answer, with personal values put back.
type Response struct {
	Text      string          `json:"text,omitempty"` // without a schema
	JSON      json.RawMessage `json:"json,omitempty"` // with one
	Provider  string          `json:"provider"`
	Model     string          `json:"model"` // as the provider names what answered
	TokensIn  int             `json:"tokens_in"`
	TokensOut int             `json:"tokens_out"`
	CostMicro int64           `json:"cost_micro"`
	Truncated bool            `json:"truncated"` // the limit of tokens ended it
	Repaired  bool            `json:"repaired"`
}

// Config wires a Client.
type Config struct {
	// HTTP connects; give it the guard's dialer, a Timeout longer than any
	// Plan.Attempt, and room for the largest answer.
	HTTP      *http.Client
	Providers []Provider
	Tasks     map[Task]Plan
	Policy    func(ctx context.Context, tenant id.ID) Policy // nil: nothing abroad
	Budget    Budget
	Off       Switch
	Record    Recorder
	Clock     *clock.Clock // for records and circuit breakers
	// Sleep waits before a retry; nil waits in real time.
	Sleep func(ctx context.Context, d time.Duration) error
}
