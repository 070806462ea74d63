package keep_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/db/dbtest"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/keep"
)

func TestWhatWasReadBeforeAChangeIsNotKept(t *testing.T) {
	k := keep.New[string](nil, "x")
	_, ok, mark := k.Get(1)
	if ok {
		t.Fatal("something is kept from the start")
	}
	k.Changed(1)
	k.Put(1, "old", mark)
	if v, ok, _ := k.Get(1); ok {
		t.Fatalf("%q was read before the change", v)
	}
	_, _, mark = k.Get(1)
	k.Put(1, "new", mark)
	if v, ok, _ := k.Get(1); !ok || v != "new" {
		t.Fatalf("%q %v", v, ok)
	}
	k.Put(2, "another's", mark)
	k.Drop(1)
	if _, ok, _ := k.Get(1); ok {
		t.Error("it is still there")
	}
	if v, ok, _ := k.Get(2); !ok || v != "another's" {
		t.Error("another tenant's is gone")
	}
}

func TestWhatFollowsTakesOver(t *testing.T) {
	k := keep.New[[]string](nil, "x")
	_, _, mark := k.Get(1)
	add := func(x string) func([]string, bool) []string {
		return func(was []string, ok bool) []string { return append(was, x) }
	}
	k.Join(1, mark, add("a"))
	k.Join(1, mark, add("b"))
	if v, _, _ := k.Get(1); len(v) != 2 || v[0] != "a" || v[1] != "b" {
		t.Errorf("%v", v)
	}
	k.Drop(1)
	k.Join(1, mark, add("late"))
	if _, ok, _ := k.Get(1); ok {
		t.Error("it was read before it was dropped")
	}
}

// Many read and change at once; in the end nobody sees a value from before the
// last change.
func TestReadersAndChanges(t *testing.T) {
	k := keep.New[int](nil, "x")
	var mu sync.Mutex
	now := 0
	read := func() int {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2000 {
				if _, ok, mark := k.Get(1); !ok {
					k.Put(1, read(), mark)
				}
			}
		})
	}
	all.Go(func() {
		for range 500 {
			mu.Lock()
			now++
			mu.Unlock()
			k.Changed(1)
		}
	})
	all.Wait()
	if v, ok, _ := k.Get(1); ok && v != 500 {
		t.Errorf("%d is kept, 500 holds", v)
	}
}

func TestOtherNodesAreTold(t *testing.T) {
	url := dbtest.PostgresURL(t)
	node := func() *keep.Tenants[string] {
		b := bus.Open(bus.Config{URL: url, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		t.Cleanup(b.Close)
		k := keep.New[string](b, "kept")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := b.Ready(ctx); err != nil {
			t.Fatal(err)
		}
		return k
	}
	here, there := node(), node()
	for _, tenant := range []id.ID{1, 2} {
		_, _, mark := there.Get(tenant)
		there.Put(tenant, "read", mark)
	}
	here.Changed(1)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, ok, _ := there.Get(1); !ok {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the other node was not told")
		}
	}
}
