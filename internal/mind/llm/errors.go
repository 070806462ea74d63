package llm

import (
	"context"
	"errors"
	"time"

	"zhidan/internal/platform/fault"
)

// Errors of calls: compare with errors.Is, the code decides.
var (
	ErrOff       = fault.New(fault.Unavailable, "llm.off", "language models are switched off")
	ErrBudget    = fault.New(fault.Limited, "llm.budget", "the day's budget for this task is used up")
	ErrAbroad    = fault.New(fault.Forbidden, "llm.abroad", "every provider of this task is abroad, which is not allowed")
	ErrNoTask    = fault.New(fault.Unavailable, "llm.no_provider", "no provider can do this task")
	ErrTimeout   = fault.New(fault.Unavailable, "llm.timeout", "the model did not answer in time")
	ErrLimited   = fault.New(fault.Unavailable, "llm.limited", "the provider asks to wait")
	ErrServer    = fault.New(fault.Unavailable, "llm.unavailable", "the provider cannot be reached or fails")
	ErrRejected  = fault.New(fault.Unavailable, "llm.rejected", "the provider rejects the request")
	ErrDeclined  = fault.New(fault.Unavailable, "llm.declined", "the model declines to answer")
	ErrInvalid   = fault.New(fault.Unavailable, "llm.invalid_answer", "the model's answer has not the form that was asked for")
	ErrTooLarge  = fault.New(fault.Unavailable, "llm.too_large", "the model's answer is too large")
	ErrCut       = fault.New(fault.Unavailable, "llm.cut", "the model's answer broke off")
	ErrCancelled = fault.New(fault.Unavailable, "llm.cancelled", "the call was given up")
)

// failure is why an attempt gave no answer.
type failure struct {
	outcome string
	err     *fault.Error
	detail  string        // for the log: never words of the prompt
	retry   bool          // the same provider may do better
	after   time.Duration // it asked to wait
	sick    bool          // counts against the provider
	final   bool          // no other provider is asked
	cause   error         // the stream's receiver stopped with it
}

func (f *failure) error() error {
	e := *f.err
	if f.detail != "" {
		e.Message += ": " + f.detail
	}
	if f.cause != nil {
		e.Cause = f.cause
	}
	return &e
}

// Causes by which an attempt's context ends.
type timeoutCause string

func (t timeoutCause) Error() string { return string(t) }

var errSwitchedOff = errors.New("switched off")

// ended tells why a context ended; nil when it did not.
func ended(ctx context.Context) *failure {
	if ctx.Err() == nil {
		return nil
	}
	cause := context.Cause(ctx)
	var t timeoutCause
	switch {
	case errors.Is(cause, errSwitchedOff):
		return &failure{outcome: OutcomeOff, err: ErrOff, final: true}
	case errors.As(cause, &t) && string(t) == OutcomeTotal:
		return &failure{outcome: OutcomeTotal, err: ErrTimeout, sick: true, final: true}
	case errors.As(cause, &t):
		return &failure{outcome: string(t), err: ErrTimeout, detail: string(t), retry: string(t) != OutcomeAttempt, sick: true}
	}
	return &failure{outcome: OutcomeCancelled, err: ErrCancelled, final: true, cause: cause}
}
