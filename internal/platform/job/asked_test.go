package job

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"zhidan/internal/platform/fault"
)

func TestWhatWasAskedForBreaksOffWithAReason(t *testing.T) {
	type order struct{ Run int }
	broken := errors.New("the disk is gone")
	for _, c := range []struct {
		name       string
		attempt    int
		err        error
		again      bool // it is tried again
		code, said string
	}{
		{"done", 0, nil, false, "", ""},
		{"what was asked makes no sense", 0, fmt.Errorf("training: %w", fault.New(fault.Conflict, "training.few", "too few examples")), false, "training.few", "too few examples"},
		{"something went wrong", 0, broken, true, "", ""},
		{"once more", 1, broken, true, "", ""},
		{"and for good", 2, broken, false, "internal", "the training broke off; the log says why"},
		{"a fault within", 0, fault.New(fault.Internal, "internal", "select failed at line 3"), false, "internal", "the training broke off; the log says why"},
		{"the node stops", 2, fmt.Errorf("stopping: %w", context.Canceled), true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var code, said string
			run := 0
			h := asked(quietLog, Kind{MaxAttempts: 3}, "training",
				func(_ context.Context, _ Job, in order) error { run = in.Run; return c.err },
				func(_ context.Context, _ Job, in order, x, y string) error {
					run, code, said = in.Run+1, x, y
					return nil
				})
			err := h(context.Background(), []Job{{Payload: []byte(`{"Run":7}`), Attempt: c.attempt}})
			if (err != nil) != c.again || code != c.code || said != c.said || run != 7 && code == "" {
				t.Errorf("%v %q %q %d", err, code, said, run)
			}
		})
	}
	h := asked(quietLog, Kind{}, "training", func(context.Context, Job, order) error { t.Error("it ran"); return nil }, nil)
	if err := h(context.Background(), []Job{{Payload: []byte(`{`)}}); err == nil {
		t.Error("an order that cannot be read was carried out")
	}
}
