package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// client speaks to the server that is measured.
type client struct {
	base  string
	token string
	http  *http.Client
}

// newClient refuses servers that are not on this machine: to put a load on
// somebody else's is not what this is for.
func newClient(base, token string, most int) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("%q is not the http:// address of a server", base)
	}
	if a, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !a.IsLoopback()) {
		return nil, fmt.Errorf("%s is not on this machine; only loopback addresses are measured", u.Hostname())
	}
	dial := &net.Dialer{Timeout: 5 * time.Second}
	return &client{strings.TrimSuffix(u.Scheme+"://"+u.Host, "/"), token, &http.Client{
		Timeout:   60 * time.Second,
		Transport: &http.Transport{DialContext: dial.DialContext, MaxIdleConnsPerHost: most + 8, DisableCompression: true},
	}}, nil
}

// call sends a request, reads the whole answer and decodes it into out, which
// may be nil. It says how long that took.
func (c *client) call(ctx context.Context, method, path string, body, out any, key string) (time.Duration, error) {
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, r)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	start := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	took := time.Since(start)
	if err != nil {
		return took, err
	}
	if res.StatusCode >= 300 {
		return took, fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, raw)
	}
	if out != nil {
		return took, json.Unmarshal(raw, out)
	}
	return took, nil
}

// metrics reads what the server says of itself: sums over labels but for the
// wanted ones.
func (c *client) metrics(ctx context.Context) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", res.Status)
	}
	out := map[string]float64{}
	lines := bufio.NewScanner(io.LimitReader(res.Body, 16<<20))
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = v
		}
	}
	return out, lines.Err()
}

// waiting is how many events have not been to all their reactions yet.
func (c *client) waiting(ctx context.Context) (int, error) {
	m, err := c.metrics(ctx)
	return int(m[`zhidan_jobs_waiting{kind="ticket.event"}`]), err
}

// Times sums up how long something took, in milliseconds.
type Times struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

func summary(list []time.Duration) Times {
	if len(list) == 0 {
		return Times{}
	}
	slices.Sort(list)
	at := func(p int) float64 { return float64(list[(len(list)-1)*p/100].Microseconds()) / 1000 }
	return Times{len(list), at(50), at(95), at(99), at(100)}
}
