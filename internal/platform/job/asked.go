package job

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"zhidan/internal/platform/fault"
)

// HandleAsked handles work that a person has asked for and waits for, such as a
// training: one job at a time, whose payload is a P. When it breaks off for
// good fail writes down why, and the job is done. A fault says what is wrong
// with what was asked: its code and words are for the person, and it is not
// tried again. Anything else is tried as often as the kind says; the log has
// it, and the person is told no more than that.
func HandleAsked[P any](q *Queue, k Kind, what string, do func(ctx context.Context, j Job, in P) error, fail func(ctx context.Context, j Job, in P, code, why string) error) {
	q.Handle(k, asked(q.log, k, what, do, fail))
}

func asked[P any](log *slog.Logger, k Kind, what string, do func(context.Context, Job, P) error, fail func(context.Context, Job, P, string, string) error) func(context.Context, []Job) error {
	return func(ctx context.Context, jobs []Job) error {
		j := jobs[0]
		var in P
		if err := json.Unmarshal(j.Payload, &in); err != nil {
			return err
		}
		err := do(ctx, j, in)
		var f *fault.Error
		told := errors.As(err, &f)
		if err == nil || errors.Is(err, context.Canceled) || !told && j.Attempt < k.MaxAttempts-1 {
			return err
		}
		code, why := "internal", "the "+what+" broke off; the log says why"
		if told && f.Kind != fault.Internal {
			code, why = f.Code, f.Message
		} else {
			log.Error(what+" broke off", "tenant", j.Tenant, "kind", j.Kind, "key", j.Key, "error", err)
		}
		return fail(context.WithoutCancel(ctx), j, in, code, why)
	}
}
