package guard

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestBombs(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var worst time.Duration
	for name, in := range bombs(maxHTML + 4096) {
		for fn, run := range map[string]func(string) string{"HTML": HTML, "Text": Text} {
			start := cpu(t)
			out := run(in)
			d := cpu(t) - start
			if len(out) > maxHTMLOut+64 {
				t.Errorf("%s of %s: %d bytes", fn, name, len(out))
			}
			if bad := safe(out); fn == "HTML" && bad != "" {
				t.Errorf("%s of %s: %s", fn, name, bad)
			}
			if d > 5*time.Second { // a tenth of it is usual; what is worse than linear takes minutes
				t.Errorf("%s of %s: %v", fn, name, d)
			}
			worst = max(worst, d)
		}
	}
	t.Logf("worst: %v of CPU for 1 MiB", worst)
}

// cpu is what this thread has used, whatever else the machine does.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
