package learn

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// lamps are sequences in which the tag of a position depends on the position
// before it, so that transitions have to be learned.
func lamps(n int) []TagExample {
	var out []TagExample
	for i := range n {
		var e TagExample
		on := false
		for k := range 8 {
			press := (i*7+k*3+i*k)%4 == 0
			f, tag := uint64(1), "O"
			if press {
				f = 2
			}
			switch {
			case press:
				tag, on = "B-on", true
			case on && k%5 != 4:
				tag = "I-on"
			default:
				on = false
			}
			e.Features = append(e.Features, []uint64{f, 10 + uint64(k%5)})
			e.Tags = append(e.Tags, tag)
		}
		out = append(out, e)
	}
	return out
}

func TestTaggerLearnsSequences(t *testing.T) {
	tagger, err := TrainTagger(context.Background(), lamps(80), TaggerOptions{Seed: 3, Drop: -1, Epochs: 20})
	if err != nil {
		t.Fatal(err)
	}
	right, all := 0, 0
	for _, e := range lamps(120)[80:] {
		got, sure := tagger.Tag(e.Features)
		for i := range got {
			all++
			if got[i] == e.Tags[i] {
				right++
			}
			if sure[i] < 0 || sure[i] > 1 {
				t.Fatalf("probability %v", sure[i])
			}
			if got[i] == "I-on" && (i == 0 || got[i-1] == "O") {
				t.Fatalf("a forbidden path %v", got)
			}
		}
	}
	if float64(right) < 0.97*float64(all) {
		t.Errorf("%d of %d right", right, all)
	}
	if tags, _ := tagger.Tag(nil); len(tags) != 0 {
		t.Error("tags of nothing")
	}
}

func TestTaggerIsStoredWhole(t *testing.T) {
	tagger, err := TrainTagger(context.Background(), lamps(20), TaggerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := tagger.MarshalBinary()
	again, err := ReadTagger(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range lamps(30) {
		x, px := tagger.Tag(e.Features)
		y, py := again.Tag(e.Features)
		if !slices.Equal(x, y) || fmt.Sprint(px) != fmt.Sprint(py) {
			t.Fatalf("%v became %v", x, y)
		}
	}
	if c, _ := again.MarshalBinary(); string(c) != string(b) {
		t.Error("stored twice, two forms")
	}
}

func TestTaggerRefusesBadInput(t *testing.T) {
	if _, err := TrainTagger(context.Background(), nil, TaggerOptions{}); err == nil {
		t.Error("learned from nothing")
	}
	if _, err := TrainTagger(context.Background(), []TagExample{{Features: make([][]uint64, 2), Tags: []string{"O"}}}, TaggerOptions{}); err == nil {
		t.Error("took tags that do not fit")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := TrainTagger(ctx, lamps(20), TaggerOptions{}); err == nil {
		t.Error("trained after the end of its context")
	}
}

func FuzzReadTagger(f *testing.F) {
	t, err := TrainTagger(context.Background(), lamps(4), TaggerOptions{Epochs: 1})
	if err != nil {
		f.Fatal(err)
	}
	b, _ := t.MarshalBinary()
	f.Add(b)
	f.Add([]byte("zdtag\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := ReadTagger(b); err == nil {
			x.Tag([][]uint64{{1, 2}, {3}})
		}
	})
}
