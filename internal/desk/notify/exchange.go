package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

const (
	exchangeTime = 20 * time.Second
	maxAnswer    = 64 << 10
)

// plainError is an error in words that hold no address: the addresses of robots
// are secrets.
func plainError(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Message
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took too long"
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "its name is not known"
	}
	return cut(oneLine(err.Error()), 200)
}

// exchange sends a request and reads the answer, up to a bound. What answers
// with 429 or 5xx is tried again, other refusals of the protocol are final.
func (m *Room) exchange(ctx context.Context, method, address string, head http.Header, body []byte) ([]byte, *http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, refuse("the address is not valid")
	}
	for k, v := range head {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", "Zhidan")
	res, err := m.HTTP.Do(req)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) && f.Kind == fault.Invalid {
			return nil, nil, refuse("%s", f.Message)
		}
		return nil, nil, retry("the other side could not be reached: %s", plainError(err))
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, nil, retry("the answer broke off: %s", plainError(err))
	}
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return raw, res, &refusal{Why: "the other side answered " + strconv.Itoa(res.StatusCode), After: patience(res, m.Clock.Now())}
	case res.StatusCode >= 300:
		return raw, res, refuse("the other side answered %d", res.StatusCode)
	}
	return raw, res, nil
}

// patience is what Retry-After asks for (RFC 9110 §10.2.3).
func patience(res *http.Response, now clock.Time) time.Duration {
	v := res.Header.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(min(n, 86400)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(clock.From(t).Sub(now), 0)
	}
	return 0
}

// ask sends JSON (none: GET) and decodes the answer, also that of a refusal as
// far as it is JSON.
func (m *Room) ask(ctx context.Context, address string, head http.Header, in, out any) error {
	method, body := http.MethodGet, []byte(nil)
	h := http.Header{}
	for k, v := range head {
		h[k] = v
	}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		method = http.MethodPost
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "application/json; charset=utf-8")
		}
	}
	raw, _, err := m.exchange(ctx, method, address, h, body)
	if jerr := json.Unmarshal(raw, out); err == nil && jerr != nil {
		return retry("the answer is not JSON")
	}
	return err
}

// passes are the access tokens of chat platforms, kept until shortly before
// they end.
type passes struct {
	mu   sync.Mutex
	kept map[passName]pass
}

type passName struct {
	tenant  id.ID
	channel string
	version int64
}

type pass struct {
	token string
	until clock.Time
}

func (p *passes) init() { p.kept = map[passName]pass{} }

func (p *passes) get(c *Channel, now clock.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.kept[passName{c.Tenant, c.Key, c.Version}]; now < x.until {
		return x.token
	}
	return ""
}

const maxPasses = 10000

func (p *passes) put(c *Channel, token string, until clock.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) >= maxPasses {
		clear(p.kept)
	}
	p.kept[passName{c.Tenant, c.Key, c.Version}] = pass{token, until}
}

func (p *passes) drop(c *Channel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.kept, passName{c.Tenant, c.Key, c.Version})
}

// withPass runs a call with the channel's access token. One that the platform
// does not take any more is fetched anew, once.
func (m *Room) withPass(ctx context.Context, c *Channel, fetch func() (token string, lasts time.Duration, err error), call func(token string) (stale bool, err error)) error {
	for again := false; ; again = true {
		token := m.passes.get(c, m.Clock.Now())
		if token == "" {
			fresh, lasts, err := fetch()
			if err != nil {
				return err
			}
			if fresh == "" {
				return retry("the platform gave no access token")
			}
			token = fresh
			m.passes.put(c, token, m.Clock.Now().Add(max(lasts-5*time.Minute, time.Minute)))
		}
		stale, err := call(token)
		if !stale || again {
			return err
		}
		m.passes.drop(c)
	}
}

func endpoint(c *Channel) string { return strings.TrimSuffix(c.field("endpoint"), "/") }
