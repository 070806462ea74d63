// Package client speaks the HTTP API of Zhidan.
//
// It promises: every write carries an idempotency key, so that a call which is
// repeated — by this package, on a temporary refusal or a lost connection, or
// by the caller with WithKey — has its effect once; an answer that is not a
// success is an *Error with the stable code and the fields that were wrong; and
// nothing is read into memory beyond a limit.
//
//	c := client.New("https://desk.example.com", token)
//	t, err := c.CreateTicket(ctx, client.NewTicket{Body: "冰箱不制冷", Requester: client.Requester{Phone: "13812345678"}})
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// base is where the operations live below the address of the server.
const base = "/api/v1"

// maxAnswer bounds what is read of one answer.
const maxAnswer = 64 << 20

// Client makes calls with one token. It is safe for concurrent use. The fields
// may be changed before the first call.
type Client struct {
	// URL is the address of the server, without a path.
	URL string
	// Token is an API token; without one only public operations answer.
	Token string
	// HTTP makes the requests; nil is http.DefaultClient.
	HTTP *http.Client
	// Retries is how often a call that was refused for now (429, 503) or whose
	// connection broke is made again.
	Retries int
	// Pause is the wait before the first repetition; it doubles. A longer wait
	// that the server asks for is kept to, up to a minute.
	Pause time.Duration
}

// New is a client that repeats a call up to four times.
func New(address, token string) *Client {
	return &Client{URL: strings.TrimSuffix(address, "/"), Token: token, Retries: 4, Pause: 200 * time.Millisecond}
}

// With is the same client with another token.
func (c *Client) With(token string) *Client {
	other := *c
	other.Token = token
	return &other
}

// Error is a refusal (RFC 9457).
type Error struct {
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Code      string            `json:"code"` // stable, such as "ticket.transition"
	Params    map[string]string `json:"params"`
	Fields    []FieldError      `json:"errors"`
	RequestID string            `json:"request_id"`
}

// FieldError is what is wrong with one field of the input.
type FieldError struct {
	Field   string            `json:"field"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params"`
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Detail)
	for _, f := range e.Fields {
		s += fmt.Sprintf("; %s: %s (%s)", f.Field, f.Message, f.Code)
	}
	return s
}

// Option changes one call.
type Option func(*http.Request)

// IfVersion refuses the write when the thing has moved on since the version.
func IfVersion(version int64) Option {
	return func(r *http.Request) { r.Header.Set("If-Match", `"`+strconv.FormatInt(version, 10)+`"`) }
}

// WithKey is the idempotency key of a call that the caller may repeat later.
func WithKey(key string) Option {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
}

// Call makes any call: in becomes the JSON body (nil: none), the answer is
// decoded into out (nil: dropped). It returns the status of a success.
func (c *Client) Call(ctx context.Context, method, path string, in, out any, options ...Option) (int, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return 0, err
		}
	}
	res, err := c.send(ctx, method, path, "application/json", body, options)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return res.StatusCode, err
	case len(raw) > maxAnswer:
		return res.StatusCode, fmt.Errorf("client: the answer to %s %s has more than %d bytes", method, path, maxAnswer)
	case out == nil || len(raw) == 0:
		return res.StatusCode, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return res.StatusCode, fmt.Errorf("client: the answer to %s %s: %w", method, path, err)
	}
	return res.StatusCode, nil
}

// send makes the request until it is answered for good.
func (c *Client) send(ctx context.Context, method, path, contentType string, body []byte, options []Option) (*http.Response, error) {
	key := rand.Text()
	pause := c.Pause
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, method, c.URL+base+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body != nil {
			req.Header.Set("Content-Type", contentType)
		}
		if c.Token != "" {
			req.Header.Set("Authorization", "Bearer "+c.Token)
		}
		if method == http.MethodPost {
			req.Header.Set("Idempotency-Key", key)
		}
		for _, o := range options {
			o(req)
		}
		h := c.HTTP
		if h == nil {
			h = http.DefaultClient
		}
		res, err := h.Do(req)
		wait := pause
		switch {
		case err != nil:
			// A PATCH whose answer was lost may have had its effect; that it is
			// made a second time would be the caller's surprise.
			if ctx.Err() != nil || try >= c.Retries || method == http.MethodPatch {
				return nil, err
			}
		case res.StatusCode < 300:
			return res, nil
		default:
			refused := problem(res)
			if try >= c.Retries || res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusTooManyRequests {
				return nil, refused
			}
			if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
				wait = min(max(wait, time.Duration(s)*time.Second), time.Minute)
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
		pause *= 2
	}
}

// problem reads a refusal and closes it.
func problem(res *http.Response) error {
	defer res.Body.Close()
	raw, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	e := &Error{}
	if json.Unmarshal(raw, e) != nil || e.Code == "" {
		e = &Error{Title: http.StatusText(res.StatusCode), Detail: strings.TrimSpace(string(raw[:min(len(raw), 200)]))}
	}
	e.Status = res.StatusCode
	return e
}

// IsCode reports whether the error is a refusal with the code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// List is a page of a list; Next is empty at its end. Partial says that the
// server stopped looking before the page was full, and that Next goes on.
type List[T any] struct {
	Items   []T    `json:"items"`
	Next    string `json:"next_cursor"`
	Partial bool   `json:"partial"`
}

func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
