// Package fault names what can go wrong in words that every floor shares. A
// fault has a kind (from which the web floor takes the HTTP status, and a mail
// channel its SMTP answer), a stable code that clients and catalogues key on,
// and, for bad input, the field. Anything that is not a fault is internal: it
// is logged in full and shown to nobody.
package fault

import (
	"errors"
	"fmt"
)

// Kind is the class of a fault.
type Kind int

// The kinds, with the HTTP status that web answers.
const (
	Internal        Kind = iota // 500
	Invalid                     // 422: the input breaks a rule; Field says where
	Unauthenticated             // 401
	Forbidden                   // 403
	NotFound                    // 404: also for what the reader may not know of
	Conflict                    // 409: the state does not allow it
	Precondition                // 412: If-Match names another version
	TooLarge                    // 413
	Limited                     // 429: try again later
	Unavailable                 // 503: temporary; nothing was written
)

// Error is a fault. Code is stable and dotted, such as "ticket.transition";
// Message is one English sentence for a developer. Params fill the sentence
// that a catalogue holds for the code.
type Error struct {
	Kind    Kind
	Code    string
	Field   string
	Message string
	Params  map[string]string
	Cause   error
}

func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// Is lets errors.Is compare by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// New makes a fault of a kind.
func New(k Kind, code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Bad is invalid input in a named field.
func Bad(field, code, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Missing is a thing that does not exist, or that the reader may not know of.
func Missing(what string) *Error {
	return &Error{Kind: NotFound, Code: what + ".not_found", Message: what + " does not exist"}
}

// With adds a parameter for the catalogue's sentence.
func (e *Error) With(key, value string) *Error {
	if e.Params == nil {
		e.Params = map[string]string{}
	}
	e.Params[key] = value
	return e
}

// List is several faults in one answer: every bad field of a form at once.
type List []*Error

func (l List) Error() string {
	s := ""
	for i, e := range l {
		if i > 0 {
			s += "; "
		}
		s += e.Error()
	}
	return s
}

// Err is nil for an empty list.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// KindOf is the kind of any error: that of the first fault in its chain.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var l List
	if errors.As(err, &l) {
		return Invalid
	}
	return Internal
}
