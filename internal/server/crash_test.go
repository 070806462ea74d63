package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
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

	"zhidan/internal/platform/db/dbtest"
)

// process is a real `zhidan serve` that the test can kill.
type process struct {
	t     *testing.T
	bin   string
	args  []string
	addr  string
	token string

	mu  sync.Mutex
	cmd *exec.Cmd
}

// soak reports whether the long version was asked for (make soak).
func soak() bool { return os.Getenv("ZHIDAN_TEST_SOAK") != "" }

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "zhidan-bin")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "zhidan")
	out, err := exec.Command("go", "build", "-o", bin, "zhidan/cmd/zhidan").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := buildOnce(); err == nil {
		os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

func newProcess(t *testing.T, database string) *process {
	t.Helper()
	return newProcessIn(t, t.TempDir(), database)
}

func newProcessIn(t *testing.T, data, database string) *process {
	t.Helper()
	bin, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, bin: bin, addr: ln.Addr().String(), args: []string{"--data", data}}
	ln.Close()
	if database != "" {
		p.args = append(p.args, "--database", database)
	}
	p.command(strings.NewReader("correct horse battery\n"), "user", "create", "--email", "a@example.com", "--name", "A", "--role", "administrator")
	p.token = strings.TrimSpace(p.command(nil, "token", "create", "--user", "a@example.com", "--name", "test"))
	t.Cleanup(p.kill)
	return p
}

// command runs another command on the same store and returns what it printed.
func (p *process) command(in io.Reader, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(p.bin, append(args, p.args...)...)
	cmd.Stdin = in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("zhidan %v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

func (p *process) start() {
	p.t.Helper()
	cmd := exec.Command(p.bin, append([]string{"serve", "--addr", p.addr}, p.args...)...)
	cmd.Env = append(os.Environ(), "ZHIDAN_HTTP_RATE=-1", "ZHIDAN_LOG_LEVEL=error")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		if res, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			p.t.Fatal("the server does not get ready")
		}
		time.Sleep(10 * time.Millisecond) // polling another process
	}
}

func (p *process) kill() { p.end(syscall.SIGKILL) }

func (p *process) end(by syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		p.cmd.Process.Signal(by)
		p.cmd.Wait()
		p.cmd = nil
	}
}

// post gives the answer with its header.
func (p *process) post(ctx context.Context, path, body string) *http.Response {
	p.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

func (p *process) call(ctx context.Context, method, path, body string, headers ...string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, raw, err
}

// tickets reads subject → how many tickets have it, over all pages.
func (p *process) tickets() map[string]int {
	p.t.Helper()
	out := map[string]int{}
	cursor := ""
	for {
		status, raw, err := p.call(context.Background(), http.MethodGet, "/tickets?limit=200&sort=created&cursor="+cursor, "")
		if err != nil || status != http.StatusOK {
			p.t.Fatalf("list: %d %v %s", status, err, raw)
		}
		var page struct {
			Items      []struct{ Subject string }
			NextCursor string `json:"next_cursor"`
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			p.t.Fatal(err)
		}
		for _, it := range page.Items {
			out[it.Subject]++
		}
		if cursor = page.NextCursor; cursor == "" {
			return out
		}
	}
}

// TestKillDuringCreates kills the server with SIGKILL while clients create
// tickets, each with an idempotency key that it retries until it has an
// answer. What was acknowledged is there, once; a retry gets the ticket that
// its first try made.
func TestKillDuringCreates(t *testing.T) {
	run := func(t *testing.T, database string) {
		total, kills, clients := 300, 3, 8
		if soak() {
			total, kills = 2000, 10
		}
		p := newProcess(t, database)
		p.start()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		var next, answered atomic.Int64
		ids := sync.Map{}
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for {
					n := int(next.Add(1))
					if n > total {
						return
					}
					subject := fmt.Sprintf("ticket %d of %d", n, total)
					body := fmt.Sprintf(`{"subject":%q,"body":"冰箱不制冷 %d","requester":{"phone":"138%08d"}}`, subject, n, n%97)
					for {
						status, raw, err := p.call(ctx, http.MethodPost, "/tickets", body, "Idempotency-Key", fmt.Sprintf("key-%d", n))
						if err == nil && status == http.StatusCreated {
							var made struct{ ID, Subject string }
							if err := json.Unmarshal(raw, &made); err != nil || made.Subject != subject {
								t.Errorf("answer for %s: %s", subject, raw)
								return
							}
							if other, twice := ids.LoadOrStore(made.ID, n); twice {
								t.Errorf("keys %d and %v got the same ticket", n, other)
							}
							answered.Add(1)
							break
						}
						if err == nil && status != http.StatusServiceUnavailable && status != http.StatusConflict && status != http.StatusTooManyRequests {
							t.Errorf("create %d: %d %s", n, status, raw)
							return
						}
						if ctx.Err() != nil {
							t.Error("out of time")
							return
						}
						time.Sleep(5 * time.Millisecond) // what a client does before it tries again
					}
				}
			})
		}
		for k := range kills {
			for answered.Load() < int64((k+1)*total/(kills+1)) && ctx.Err() == nil && !t.Failed() {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			p.kill()
			p.start()
		}
		wg.Wait()
		p.kill()
		p.start()
		got := p.tickets()
		for n := 1; n <= total; n++ {
			if c := got[fmt.Sprintf("ticket %d of %d", n, total)]; c != 1 {
				t.Errorf("ticket %d is there %d times", n, c)
			}
		}
		if len(got) != total {
			t.Errorf("%d subjects, not %d", len(got), total)
		}
		// Everything is found, although the index was written after the commits.
		deadline := time.Now().Add(2 * time.Minute)
		for n := 1; n <= total; {
			_, raw, err := p.call(ctx, http.MethodGet, fmt.Sprintf("/tickets?q=%%22ticket+%d+of%%22", n), "")
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(raw, fmt.Appendf(nil, `"subject":"ticket %d of %d"`, n, total)) {
				n += max(1, total/20)
				continue
			}
			if time.Now().After(deadline) {
				t.Fatalf("ticket %d is not found by search: %s", n, raw)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "") })
	t.Run("postgres", func(t *testing.T) { run(t, dbtest.PostgresURL(t)) })
}
