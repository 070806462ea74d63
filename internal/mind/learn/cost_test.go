//go:build unix

package learn

import (
	"syscall"
	"testing"
	"time"
)

// A text costs what its first pages cost, whatever follows them. Processor
// time is taken, not that of the clock, so that a busy machine does not matter.
func TestHostileTextIsCheap(t *testing.T) {
	m := trained(t)
	for name, text := range hostile {
		began := cpu(t)
		m.Predict(text, text)
		if d := cpu(t) - began; d > 300*time.Millisecond {
			t.Errorf("%s: predicting took %v", name, d)
		}
		began = cpu(t)
		m.Explain(text, text, "", 5)
		if d := cpu(t) - began; d > 600*time.Millisecond {
			t.Errorf("%s: explaining took %v", name, d)
		}
	}
}

func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Skip("no processor time to be had here")
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
