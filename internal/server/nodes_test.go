package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zhidan/internal/platform/db/dbtest"
)

// beside is a second node on the same PostgreSQL and data directory.
func (p *process) beside() *process {
	p.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	defer ln.Close()
	q := &process{t: p.t, bin: p.bin, args: p.args, addr: ln.Addr().String(), token: p.token}
	p.t.Cleanup(q.kill)
	return q
}

// TestOneOfTwoNodesIsKilled lets clients write through two nodes, kills one for
// good in the middle, and expects the other to finish everything: creates that
// were under way are retried there with their keys, replies keep their order,
// and what the dead node had committed but not yet dispatched is found.
func TestOneOfTwoNodesIsKilled(t *testing.T) {
	total := 200
	if soak() {
		total = 2000
	}
	a := newProcess(t, dbtest.PostgresURL(t))
	b := a.beside()
	a.start()
	b.start()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	const replies = 3
	var next, done atomic.Int64
	var dead atomic.Bool
	retry := func(key, path, body string) (string, bool) {
		for try := 0; ; try++ {
			p := a
			if try%2 == 1 || dead.Load() {
				p = b
			}
			status, raw, err := p.call(ctx, http.MethodPost, path, body, "Idempotency-Key", key)
			if err == nil && status == http.StatusCreated {
				var made struct{ ID string }
				if err := json.Unmarshal(raw, &made); err != nil {
					t.Error(err)
				}
				return made.ID, true
			}
			if try%400 == 399 {
				t.Logf("%s try %d: %d %v %s", path, try, status, err, raw)
			}
			if err == nil && status < 500 && status != http.StatusConflict {
				t.Errorf("%s: %d %s", path, status, raw)
				return "", false
			}
			if ctx.Err() != nil {
				t.Error("out of time")
				return "", false
			}
			time.Sleep(5 * time.Millisecond) // what a client does before it tries again
		}
	}
	tickets := sync.Map{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for {
				n := int(next.Add(1))
				if n > total {
					return
				}
				made, ok := retry(fmt.Sprintf("c-%d", n), "/tickets", fmt.Sprintf(`{"subject":"matter %d","body":"leaks %d","requester":{"name":"N %d"}}`, n, n, n))
				if !ok {
					return
				}
				tickets.Store(n, made)
				for r := range replies {
					if _, ok := retry(fmt.Sprintf("r-%d-%d", n, r), "/tickets/"+made+"/messages", fmt.Sprintf(`{"kind":"note","body":"word%d"}`, r)); !ok {
						return
					}
				}
				done.Add(1)
			}
		})
	}
	for done.Load() < int64(total/2) && ctx.Err() == nil && !t.Failed() {
		time.Sleep(time.Millisecond)
	}
	a.kill()
	dead.Store(true)
	wg.Wait()

	if got := b.tickets(); len(got) != total {
		t.Fatalf("%d tickets, not %d", len(got), total)
	}
	tickets.Range(func(n, made any) bool {
		status, raw, err := b.call(ctx, http.MethodGet, "/tickets/"+made.(string)+"/timeline?limit=50", "")
		var page struct {
			Items []struct {
				Seq     int
				Message *struct{ Text string }
			}
		}
		if err != nil || status != http.StatusOK || json.Unmarshal(raw, &page) != nil {
			t.Errorf("timeline %v: %d %v", n, status, err)
			return false
		}
		var said []string
		last := 0
		for _, it := range page.Items {
			if it.Seq <= last {
				t.Errorf("ticket %v: event %d after %d", n, it.Seq, last)
			}
			last = it.Seq
			if it.Message != nil {
				said = append(said, it.Message.Text)
			}
		}
		if s := strings.Join(said, " "); s != fmt.Sprintf("leaks %d word0 word1 word2", n) {
			t.Errorf("ticket %v says %q", n, s)
		}
		return true
	})
	// The dead node's shards are taken over: all of its events reach the index.
	deadline := time.Now().Add(2 * time.Minute)
	for n := 1; n <= total; {
		_, raw, err := b.call(ctx, http.MethodGet, fmt.Sprintf("/tickets?q=%%22matter+%d%%22", n), "")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), fmt.Sprintf(`"subject":"matter %d"`, n)) {
			n += max(1, total/40)
			continue
		}
		if time.Now().After(deadline) {
			t.Fatalf("matter %d is not found: %.300s", n, raw)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
