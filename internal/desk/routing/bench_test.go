//go:build unix

package routing

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

func BenchmarkDecide(b *testing.B) {
	plan := planOf(b, everything())
	agents := crowd(1000, 1)
	for _, a := range agents { // nobody is spared the weighing
		a.May, a.Online, a.Load = true, true, a.Load%900
	}
	pool := NewPool(agents)
	m := fullMatter(1)
	d := plan.Course(m).Decide(m, pool, rand.Float64)
	if d.Eligible != 1000 {
		b.Fatal(d.Eligible, d.Excluded)
	}
	b.ReportAllocs()
	from := cpu()
	for b.Loop() {
		plan.Course(m).Decide(m, pool, rand.Float64)
	}
	b.ReportMetric(float64(cpu()-from)/float64(b.N), "cpu-ns/op") // what the clock on the wall shows depends on the neighbours
}

// cpu is the time that this process has computed.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkNewPool(b *testing.B) {
	agents := crowd(1000, 1)
	b.ReportAllocs()
	for b.Loop() {
		NewPool(agents)
	}
}

func BenchmarkWith(b *testing.B) {
	agents := crowd(1000, 1)
	pool := NewPool(agents)
	x := *agents[500]
	x.Load++
	b.ReportAllocs()
	for b.Loop() {
		pool.With(&x)
	}
}
