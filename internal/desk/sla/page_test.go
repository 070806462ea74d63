package sla

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

func randomClocks(rnd *rand.Rand, n int) []ended {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	some := func() id.ID { return id.ID(rnd.IntN(4)) * (1 << 60) }
	out := make([]ended, n)
	for i := range out {
		out[i] = ended{clock.Time(1772413200000 + rnd.Int64N(dayLength)), some(), some(), some(), some(), some(),
			outcome{Metric(pick("resolution", "first_response", "department:7205759403792793601")), pick("met", "breached", "stopped"), pick("met", "breached"), pick("", "system")},
			rnd.Int64N(1 << 40), rnd.Int64N(1 << 30)}
	}
	return out
}

func TestAPackedDaySaysWhatItsClocksSay(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 2))
	for n := range 200 {
		clocks := randomClocks(rnd, n)
		p, err := unpack(newPage(clocks).pack())
		if err != nil {
			t.Fatal(err)
		}
		var got []ended
		for _, r := range p.rows {
			got = append(got, ended{r.at, p.ids[r.policy], p.ids[r.team], p.ids[r.department], p.ids[r.assignee], p.ids[r.category], p.outcomes[r.outcome], r.elapsed, r.paused})
		}
		slices.SortStableFunc(clocks, func(a, b ended) int { return int(a.at - b.at) })
		if n > 0 && !reflect.DeepEqual(got, clocks) {
			t.Fatalf("%d clocks\n got %v\nwant %v", n, got, clocks)
		}
	}
}

// FuzzUnpack gives broken days: they are refused, or read as far as they go
// without a place that is not there.
func FuzzUnpack(f *testing.F) {
	whole := newPage(randomClocks(rand.New(rand.NewPCG(1, 1)), 20)).pack()
	for _, b := range [][]byte{whole, whole[:len(whole)/2], append(slices.Clone(whole), 0), {}, {1}, {2, 0, 0, 0}, {1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := unpack(b)
		if err != nil {
			return
		}
		for _, r := range p.rows {
			_ = []id.ID{p.ids[r.policy], p.ids[r.team], p.ids[r.department], p.ids[r.assignee], p.ids[r.category]}
			_ = p.outcomes[r.outcome]
		}
		again, err := unpack(p.pack())
		if err != nil || !reflect.DeepEqual(again.ids, p.ids) || len(again.rows) != len(p.rows) {
			t.Fatalf("%v: %+v became %+v", err, p, again)
		}
	})
}
