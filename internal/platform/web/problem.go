package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"zhidan/internal/platform/fault"
)

// Problem is an error on the wire (RFC 9457). Code is stable and what a
// catalogue translates; Errors names every bad field.
type Problem struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail,omitempty"`
	Code      string            `json:"code"`
	Params    map[string]string `json:"params,omitempty"`
	Errors    []FieldProblem    `json:"errors,omitempty"`
	RequestID string            `json:"request_id,omitempty"`

	header http.Header
}

// FieldProblem is what is wrong with one field. The field is a path such as
// "requester.email", without the place (body, query, path) it came from.
type FieldProblem struct {
	Field   string            `json:"field"`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params,omitempty"`
}

func (p *Problem) Error() string           { return p.Code + ": " + p.Detail }
func (p *Problem) GetStatus() int          { return p.Status }
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is what huma asks for.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statuses is the one table from kinds of faults to HTTP.
var statuses = [...]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Precondition:    http.StatusPreconditionFailed,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// statusGone is what the log shows for a client that left; nobody receives it.
const statusGone = 499

func newProblem(status int, code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

// problem makes the answer for any error.
func (a *API) problem(ctx context.Context, err error) *Problem {
	p := describe(err)
	c := callOf(ctx)
	if c != nil {
		p.RequestID = c.id
	}
	if p.Status == http.StatusInternalServerError {
		if c != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			if errors.Is(err, context.DeadlineExceeded) {
				p = newProblem(http.StatusServiceUnavailable, "timeout", "the request took too long")
			} else {
				p = newProblem(statusGone, "client.gone", "the client has gone")
			}
			p.RequestID = c.id
			return p
		}
		a.cfg.Log.Error("internal error", "request_id", p.RequestID, "error", err)
	}
	return p
}

func describe(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		q := *p
		return &q
	}
	var list fault.List
	if errors.As(err, &list) && len(list) == 1 {
		return describe(list[0])
	}
	if errors.As(err, &list) && len(list) > 1 {
		p = newProblem(http.StatusUnprocessableEntity, "invalid", "the input breaks a rule")
		for _, e := range list {
			p.Errors = append(p.Errors, FieldProblem{Field: e.Field, Code: e.Code, Message: e.Message, Params: e.Params})
		}
		return p
	}
	var mb *http.MaxBytesError
	if errors.As(err, &mb) {
		return describe(tooLarge(mb.Limit))
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal || int(f.Kind) >= len(statuses) {
		return newProblem(http.StatusInternalServerError, "internal", "an internal error; the request id finds it in the log")
	}
	p = newProblem(statuses[f.Kind], f.Code, f.Message)
	p.Params = f.Params
	if f.Field != "" {
		p.Errors = []FieldProblem{{Field: f.Field, Code: f.Code, Message: f.Message, Params: f.Params}}
	}
	switch f.Kind {
	case fault.Limited, fault.Unavailable:
		after := f.Params["retry_after"]
		if after == "" {
			after = "1"
		}
		p.header = http.Header{"Retry-After": {after}}
	case fault.Unauthenticated:
		p.header = http.Header{"Www-Authenticate": {"Bearer"}}
	}
	return p
}

// writeProblem answers with a problem, unless the answer has begun.
func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	if c := callOf(r.Context()); c != nil {
		if c.status >= 200 {
			return
		}
		p.RequestID = c.id
	}
	h := w.Header()
	for k, v := range p.header {
		h[k] = v
	}
	var b bytes.Buffer
	if p.Status != http.StatusNotModified {
		h["Content-Type"] = []string{problemType}
		encode(&b, p)
	}
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}

// encode is how every JSON answer is written.
func encode(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// translate turns the errors of huma (validation, content type) into ours.
// Their values are left out: they may be secrets.
func (a *API) translate(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := newProblem(m.Status, "invalid", "the input breaks a rule")
	p.RequestID = RequestID(ctx.Context())
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "body.too_large", "the body is too large"
	case http.StatusUnsupportedMediaType:
		p.Code, p.Detail = "body.content_type", "the body must be application/json"
	case http.StatusNotAcceptable:
		p.Code, p.Detail = "accept", "the answer is application/json only"
	case http.StatusRequestTimeout:
		p.Code, p.Detail = "body.timeout", "the body came too slowly"
	case http.StatusBadRequest:
		p.Code, p.Detail = "body.json", "the body is missing or is not valid JSON"
		if len(m.Errors) == 0 {
			p.Code, p.Detail = "body.missing", "the body is missing"
		}
		return p, nil
	case http.StatusInternalServerError:
		p.Code, p.Detail = "body.read", "the body could not be read"
		p.Status, p.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
	}
	for i, d := range m.Errors {
		if i == 50 || d == nil {
			break
		}
		p.Errors = append(p.Errors, fieldProblem(d))
	}
	if len(p.Errors) == 1 {
		p.Detail = strings.TrimPrefix(p.Errors[0].Field+": "+p.Errors[0].Message, ": ")
	}
	return p, nil
}

// validations maps the beginnings of huma's messages to codes.
var validations = []struct{ begins, code string }{
	{"expected required property", "required"},
	{"required ", "required"},
	{"unexpected property", "unknown"},
	{"unknown query parameter", "unknown"},
	{"expected length <=", "too_long"},
	{"expected length >=", "too_short"},
	{"expected array length <=", "too_many"},
	{"expected array length >=", "too_few"},
	{"expected object with at most", "too_many"},
	{"expected number", "range"},
	{"expected value to be one of", "choice"},
	{"expected string to be RFC 3339", "time"},
	{"expected string to be an id", "id"},
	{"expected string to be RFC 5322", "email"},
	{"not an id", "id"},
	{"invalid value: not an id", "id"},
	{"expected array items", "unique"},
	{"expected string", "type"}, {"expected integer", "type"}, {"expected boolean", "type"},
	{"expected array", "type"}, {"expected object", "type"}, {"invalid ", "type"},
}

func fieldProblem(d *huma.ErrorDetail) FieldProblem {
	f := FieldProblem{Field: d.Location, Code: "invalid", Message: d.Message}
	for _, v := range validations {
		if strings.HasPrefix(d.Message, v.begins) {
			f.Code = v.code
			break
		}
	}
	if d.Message == "expected number" {
		f.Code = "type"
	}
	// A missing property is told at its parent; the field is the property.
	if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
		if name, _, ok := strings.Cut(name, " "); ok {
			f.Field += "." + name
		}
	}
	for _, place := range []string{"body", "query", "path", "header"} {
		if rest, ok := strings.CutPrefix(f.Field, place+"."); ok {
			f.Field = rest
			break
		}
	}
	return f
}

// retryAfter is a fault of kind Limited that says when to come back.
func retryAfter(code string, d time.Duration, message string) error {
	secs := int64((d + time.Second - 1) / time.Second)
	return fault.New(fault.Limited, code, "%s", message).With("retry_after", itoa(max(secs, 1)))
}
