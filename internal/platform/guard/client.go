package guard

import (
	"io"
	"net/http"
	"time"

	"zhidan/internal/platform/fault"
)

// Limits of a client; zero takes the default.
type Limits struct {
	Timeout   time.Duration // of a whole exchange with its body; 30 s
	MaxBytes  int64         // of a body after decompression; 10 MiB
	Redirects int           // followed; 3, and -1 for none
}

// Client is an http.Client that connects through the dialer. It ignores proxy
// settings of the environment (a proxy would connect in our place, unchecked),
// checks every redirect like a first address, and ends a body at its limit
// with a fault of kind TooLarge.
func (d *Dialer) Client(l Limits) *http.Client {
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Second
	}
	if l.MaxBytes == 0 {
		l.MaxBytes = 10 << 20
	}
	switch {
	case l.Redirects == 0:
		l.Redirects = 3
	case l.Redirects < 0:
		l.Redirects = 0
	}
	t := &http.Transport{
		DialContext:            d.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  l.Timeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        60 * time.Second,
		MaxIdleConns:           50,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
	}
	return &http.Client{
		Transport: capped{t, l.MaxBytes},
		Timeout:   l.Timeout,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > l.Redirects {
				return refused("the address redirects more than %d times", l.Redirects)
			}
			if _, err := CheckURL(req.URL.String()); err != nil {
				return err
			}
			if last := via[len(via)-1].URL; last.Scheme == "https" && req.URL.Scheme != "https" {
				return refused("the address redirects from https to http")
			}
			if req.URL.Host != via[0].URL.Host { // signatures and keys are for the first host alone
				for k := range req.Header {
					if !harmless[k] {
						req.Header.Del(k)
					}
				}
			}
			return nil
		},
	}
}

var harmless = map[string]bool{"Accept": true, "Accept-Language": true, "User-Agent": true, "Content-Type": true}

// capped limits the bodies of a transport.
type capped struct {
	next *http.Transport
	max  int64
}

func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := CheckURL(r.URL.String()); err != nil {
		return nil, err
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > c.max {
		resp.Body.Close()
		return nil, tooLarge(c.max)
	}
	resp.Body = &cappedBody{ReadCloser: resp.Body, left: c.max, max: c.max}
	return resp, nil
}

func (c capped) CloseIdleConnections() { c.next.CloseIdleConnections() }

type cappedBody struct {
	io.ReadCloser
	left, max int64
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tooLarge(b.max)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, tooLarge(b.max)
	}
	return n, err
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "guard.too_large", "the answer is larger than %d bytes", limit)
}
