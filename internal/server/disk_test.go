package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/db/dbtest"
)

// TestDiskFull fills the disk of a real server under load. Creates are refused
// for the moment, with word of when to come back, and leave nothing; reading
// and searching go on; with space again everything does, by itself; and what
// was acknowledged is there, once.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=128m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	p := newProcess(t, "sqlite:"+filepath.Join(disk, "zhidan.db"))
	t.Cleanup(func() { p.kill(); syscall.Unmount(disk, 0) })
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 96<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()

	subject := func(n int) string { return fmt.Sprintf("ticket %d full", n) }
	// create says whether the ticket was made, and whether it was refused for now.
	create := func(n int) (made, refused bool) {
		body := fmt.Sprintf(`{"subject":%q,"body":"冰箱不制冷 %s","requester":{"phone":"138%08d"}}`, subject(n), strings.Repeat("压缩机在响 ", 60), n%97)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+"/api/v1/tickets", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return false, false
		}
		for k, v := range map[string]string{"Authorization": "Bearer " + p.token, "Content-Type": "application/json", "Idempotency-Key": fmt.Sprint("full-", n)} {
			req.Header.Set(k, v)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("create %d: %v", n, err)
			return false, false
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		switch {
		case err != nil:
			t.Errorf("create %d: %v", n, err)
		case res.StatusCode == http.StatusCreated:
			if res.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("create %d was refused, but had been carried out", n)
			}
			return true, false
		case res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusInsufficientStorage:
			var problem struct{ Code string }
			if err := json.Unmarshal(raw, &problem); err != nil || problem.Code == "" || res.Header.Get("Retry-After") == "" ||
				!strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("the refusal of %d is %q %v: %s", n, res.Header.Get("Retry-After"), res.Header, raw)
			}
			return false, true
		default:
			t.Errorf("create %d: %d %s", n, res.StatusCode, raw)
		}
		return false, false
	}

	var next, made, refused atomic.Int64
	var over atomic.Bool
	var later sync.Map // refused, to be tried again
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !over.Load() && !t.Failed() && ctx.Err() == nil {
				n := int(next.Add(1))
				ok, no := create(n)
				if ok {
					made.Add(1)
				}
				if no {
					later.Store(n, true)
					refused.Add(1)
				}
			}
		})
	}
	wait := func(what string, cond func() bool) {
		t.Helper()
		for end := time.Now().Add(2 * time.Minute); !cond(); time.Sleep(2 * time.Millisecond) { // another process brings it about
			if t.Failed() || time.Now().After(end) {
				over.Store(true)
				t.Fatalf("%s: %d made, %d refused", what, made.Load(), refused.Load())
			}
		}
	}
	wait("the disk never fills", func() bool { return refused.Load() > 200 })

	// While it is full.
	var page struct {
		Items []struct{ ID, Subject string }
	}
	for range 5 {
		for _, path := range []string{"/tickets?limit=50&sort=created", "/tickets?limit=5&q=%E5%8E%8B%E7%BC%A9%E6%9C%BA", "/tickets/count", "/me"} {
			status, raw, err := p.call(ctx, http.MethodGet, path, "")
			if err != nil || status != http.StatusOK {
				t.Fatalf("%s on a full disk: %d %v %s", path, status, err, raw)
			}
			if strings.HasPrefix(path, "/tickets?") {
				if err := json.Unmarshal(raw, &page); err != nil || len(page.Items) == 0 {
					t.Fatalf("%s on a full disk: %v %s", path, err, raw)
				}
				if status, raw, err := p.call(ctx, http.MethodGet, "/tickets/"+page.Items[0].ID+"/timeline", ""); err != nil || status != http.StatusOK || !bytes.Contains(raw, []byte("压缩机")) {
					t.Fatalf("a timeline on a full disk: %d %v %s", status, err, raw)
				}
			}
		}
	}

	before := made.Load()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	wait("writes do not come back", func() bool { return made.Load() > before+50 })
	back := time.Since(start)
	over.Store(true)
	wg.Wait()
	t.Logf("%d made before the disk was full, %d refused, writes came back after %v", before, refused.Load(), back)
	if back > 10*time.Second {
		t.Errorf("writes came back only after %v", back)
	}

	// A client that was refused tries again with its key.
	left := 300
	tried := map[int]bool{}
	later.Range(func(n, _ any) bool {
		if ok, _ := create(n.(int)); ok {
			tried[n.(int)] = true
			made.Add(1)
		} else {
			t.Errorf("%v is refused on a disk with space", n)
		}
		left--
		return left > 0 && !t.Failed()
	})
	check := func(when string) {
		t.Helper()
		got := p.tickets()
		for n := 1; n <= int(next.Load()); n++ {
			_, no := later.Load(n)
			want := 1
			if no && !tried[n] {
				want = 0
			}
			if c := got[subject(n)]; c != want {
				t.Errorf("%s: ticket %d is there %d times, want %d", when, n, c, want)
			}
		}
		if len(got) != int(made.Load()) {
			t.Errorf("%s: %d tickets, %d were acknowledged", when, len(got), made.Load())
		}
	}
	check("with space again")
	p.kill()
	p.start()
	check("after a kill")

	// What the index could not take while the disk was full it has taken since.
	for n := 1; n <= int(next.Load()); n++ {
		if _, no := later.Load(n); no && !tried[n] || n%37 != 0 {
			continue
		}
		wait(fmt.Sprintf("ticket %d is not found by search", n), func() bool {
			_, raw, err := p.call(ctx, http.MethodGet, fmt.Sprintf("/tickets?q=%%22ticket+%d+full%%22", n), "")
			return err == nil && bytes.Contains(raw, fmt.Appendf(nil, `"subject":%q`, subject(n)))
		})
	}
}

// TestStartOnAFullDisk starts a server whose disk is full already: after an end
// in order, when nothing but the database file is there, and after a kill,
// when there is a write-ahead log that belongs to it.
func TestStartOnAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(end.String(), func(t *testing.T) {
			disk := t.TempDir()
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
				t.Skipf("a small disk cannot be mounted here: %v", err)
			}
			t.Cleanup(func() { syscall.Unmount(disk, 0) })
			p := newProcessIn(t, filepath.Join(disk, "data"), "")
			t.Cleanup(p.kill) // before the disk goes
			p.start()
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			create := func(subject string) (int, []byte) {
				t.Helper()
				status, raw, err := p.call(ctx, http.MethodPost, "/tickets", fmt.Sprintf(`{"subject":%q,"body":"压缩机在响","requester":{"name":"N"}}`, subject))
				if err != nil {
					return 0, nil // it is being opened anew
				}
				return status, raw
			}
			if status, raw := create("before"); status != http.StatusCreated {
				t.Fatalf("%d %s", status, raw)
			}
			wait := func(what string, cond func() bool) {
				t.Helper()
				for !cond() {
					if ctx.Err() != nil {
						t.Fatal(what)
					}
					time.Sleep(5 * time.Millisecond) // another process brings it about
				}
			}
			found := func(subject string) func() bool {
				return func() bool {
					status, raw, err := p.call(ctx, http.MethodGet, "/tickets?q=%E5%8E%8B%E7%BC%A9%E6%9C%BA", "")
					return err == nil && status == http.StatusOK && bytes.Contains(raw, []byte(subject))
				}
			}
			wait("it is not found", found("before"))
			p.end(end)
			ballast := filepath.Join(disk, "ballast")
			fill(t, ballast)

			p.start()
			if got := p.tickets(); got["before"] != 1 {
				t.Errorf("on a full disk the list is %v", got)
			}
			if !found("before")() {
				t.Error("on a full disk it is not found by search")
			}
			res := p.post(ctx, "/tickets", `{"subject":"full","body":"x","requester":{"name":"N"}}`)
			want := map[string]int{"before": 1, "after": 1}
			switch {
			case res.StatusCode == http.StatusCreated: // the log of a killed server had room left: then it is kept
				want["full"] = 1
			case res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "":
				t.Errorf("a create on a full disk: %d %v", res.StatusCode, res.Header)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			wait("writes do not come back", func() bool { status, _ := create("after"); return status == http.StatusCreated })
			wait("what follows a write does not come back", found("after"))
			if got := p.tickets(); !maps.Equal(got, want) {
				t.Errorf("with room again: %v, not %v", got, want)
			}
		})
	}
}

// A store of an older version cannot be brought up to date on a full disk: it
// says so and does not serve.
func TestNoMigrationOnAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, 0) })
	p := newProcessIn(t, filepath.Join(disk, "data"), "")
	d := dbtest.Open(t, "sqlite:"+filepath.Join(disk, "data", "zhidan.db"))
	if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	fill(t, filepath.Join(disk, "ballast"))
	out, err := exec.Command(p.bin, append([]string{"serve", "--addr", p.addr}, p.args...)...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "lacks 1 of its migrations") || !strings.Contains(string(out), "make room") {
		t.Errorf("%v: %s", err, out)
	}
}

// fill leaves no block of a file system free.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); ; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
