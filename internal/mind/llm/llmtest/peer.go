// Package llmtest is a language model that says what a test wants: an HTTP peer
// that speaks both wire formats from a script, well or badly. It looks at
// everything that it is sent, so that a test can tell what left the house.
//
// Script entries are used up in order; the last one is repeated. A peer made by
// New listens on loopback; one made by Pipe lives in memory and fits into a
// testing/synctest bubble, where its waits take no time.
package llmtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Script is what the peer does with one call.
type Script struct {
	Status     int // other than 0 and 200: an error of this status
	RetryAfter string
	Error      string // its message

	// Text is the answer; a stream sends it in Chunks pieces (default 3), or
	// Deltas as they are. With ToolUse an Anthropic peer sends it as the input
	// of the tool when one was offered.
	Text    string
	Deltas  []string
	Chunks  int
	Finish  string // of the format: "length", "max_tokens", "content_filter" …
	In, Out int    // usage; Out 0: a quarter of the text's bytes
	NoUsage bool

	Before time.Duration // until the headers
	First  time.Duration // from the headers to the first piece, comments meanwhile
	Every  time.Duration // between pieces
	Stall  int           // after so many pieces nothing more comes
	Cut    int           // after so many pieces the connection breaks
	Hang   bool          // never answers
	Drip   time.Duration // a byte at a time, so slowly
	Body   string        // instead of everything: these bytes
	Huge   int           // instead of everything: so many bytes of answer
	// Blanks sends blank lines or comments before the answer, as a waiting
	// provider does.
	Blanks    int
	MidError  string // a stream's error event after the first piece
	Redirect  string // to this address
	NoDone    bool   // a stream's last event is missing
	PlainText bool   // no tool use though a tool was offered
}

// Say is a plain good answer.
func Say(text string) Script { return Script{Text: text} }

// Fail is an error of a status.
func Fail(status int) Script { return Script{Status: status, Error: "scripted"} }

// Call is what the peer was sent.
type Call struct {
	Path   string
	Header http.Header
	Body   []byte
}

// JSON is the body as a value.
func (c Call) JSON() map[string]any {
	var m map[string]any
	_ = json.Unmarshal(c.Body, &m)
	return m
}

// Stream says whether a stream was asked for.
func (c Call) Stream() bool { s, _ := c.JSON()["stream"].(bool); return s }

// System is the instruction.
func (c Call) System() string {
	m := c.JSON()
	if s, ok := m["system"].(string); ok {
		return s
	}
	for _, e := range list(m["messages"]) {
		if e["role"] == "system" {
			return words(e["content"])
		}
	}
	return ""
}

// Prompt is the words of the user, of all turns.
func (c Call) Prompt() string {
	var b strings.Builder
	for _, e := range list(c.JSON()["messages"]) {
		if e["role"] == "user" {
			b.WriteString(words(e["content"]) + "\n")
		}
	}
	return b.String()
}

func list(v any) []map[string]any {
	var out []map[string]any
	l, _ := v.([]any)
	for _, e := range l {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func words(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b strings.Builder
	for _, p := range list(v) {
		if s, ok := p["text"].(string); ok {
			b.WriteString(s + "\n")
		}
	}
	return b.String()
}

// Peer is the model.
type Peer struct {
	URL string // base address, without a path

	mu     sync.Mutex
	script []Script
	answer func(Call) Script
	calls  []Call
	open   int
	client *http.Client
}

// New starts a peer on loopback that ends with the test.
func New(t testing.TB, script ...Script) *Peer {
	p := &Peer{script: script}
	s := httptest.NewServer(p)
	p.URL = s.URL
	p.client = s.Client()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return p
}

// Pipe starts a peer in memory; only HTTP reaches it, at any address.
func Pipe(t testing.TB, script ...Script) *Peer {
	p := &Peer{URL: "http://model.test", script: script}
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	tr := &http.Transport{DialContext: l.dial, DisableKeepAlives: true}
	p.client = &http.Client{Transport: tr}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = s.Close()
		<-served
	})
	return p
}

// HTTP is a client that reaches the peer.
func (p *Peer) HTTP() *http.Client { return p.client }

// Then replaces the script.
func (p *Peer) Then(script ...Script) {
	p.mu.Lock()
	p.script, p.answer = script, nil
	p.mu.Unlock()
}

// Answer lets a function write the script of each call: a model that reacts.
func (p *Peer) Answer(fn func(Call) Script) {
	p.mu.Lock()
	p.answer = fn
	p.mu.Unlock()
}

// Calls are those so far.
func (p *Peer) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Call(nil), p.calls...)
}

// Last is the latest call.
func (p *Peer) Last() Call {
	c := p.Calls()
	if len(c) == 0 {
		return Call{}
	}
	return c[len(c)-1]
}

// Open is how many calls are being answered.
func (p *Peer) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

func (p *Peer) next(c Call) Script {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, c)
	p.open++
	if p.answer != nil {
		return p.answer(c)
	}
	if len(p.script) == 0 {
		return Say("ok")
	}
	s := p.script[0]
	if len(p.script) > 1 {
		p.script = p.script[1:]
	}
	return s
}

// ServeHTTP answers a call by the script.
func (p *Peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	c := Call{r.URL.Path, r.Header.Clone(), body}
	s := p.next(c)
	defer func() {
		p.mu.Lock()
		p.open--
		p.mu.Unlock()
	}()
	h := &reply{w: w, r: r, s: s, c: c, anthropic: strings.HasSuffix(r.URL.Path, "/messages")}
	h.run()
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case l.conns <- b:
		return a, nil
	case <-l.closed:
		return nil, fmt.Errorf("the peer is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
