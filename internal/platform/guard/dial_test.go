package guard

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"zhidan/internal/platform/fault"
)

func TestAddresses(t *testing.T) {
	d := NewDialer(Policy{Allow: prefixes("10.1.0.0/16", "fd12::/16", "169.254.0.0/16")})
	for _, a := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1",
		"2001:db8::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "5f00::1", "3fff::1",
	} {
		if err := d.CheckAddr(netip.AddrPortFrom(netip.MustParseAddr(a), 443)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want it refused", a, err)
		}
	}
	for _, a := range []string{"8.8.8.8", "223.5.5.5", "172.32.0.1", "100.128.0.1", "2400:3200::1", "2606:4700::1111", "10.1.2.3", "::ffff:10.1.2.3", "fd12::5"} {
		if err := d.CheckAddr(netip.AddrPortFrom(netip.MustParseAddr(a), 443)); err != nil {
			t.Errorf("%s: %v, want it allowed", a, err)
		}
	}
	for addr, ok := range map[string]bool{"8.8.8.8:443": true, "8.8.8.8:993": true, "8.8.8.8:22": false, "8.8.8.8:6379": false, "8.8.8.8:5432": false, "10.1.2.3:11434": true} {
		if err := d.CheckAddr(netip.MustParseAddrPort(addr)); (err == nil) != ok {
			t.Errorf("%s: %v, want allowed=%v", addr, err, ok)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, h := range []string{"", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.1", "127.0.1", "1.2.3", "127.0.0.1.",
		"127.0.0.01", "1.2.3.4.5", "1.2.3.256", "0x", "a.0x7f", "fe80::1%eth0", "::ffff:127.0.0.1", "::ffff:7f00:1", "[::1]", "a b", "a\tb", "a/b", "a\\b", "a@b", "a#b", "a?b",
		"a..", ".", "a%2e", strings.Repeat("a", 254), "99999999999999999999"} {
		if err := CheckHost(h); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want it refused", h, err)
		}
	}
	for _, h := range []string{"example.com", "example.com.", "imap.qq.com", "1.2.3.4", "2400:3200::1", "例子.中国", "xn--fsq.xn--fiqs8s", "163.com", "4399.cn", "a-b.c1", "mail_1.example.org"} {
		if err := CheckHost(h); err != nil {
			t.Errorf("%q: %v, want it allowed", h, err)
		}
	}
}

func TestURLs(t *testing.T) {
	for _, u := range []string{"", "ftp://a.com", "file:///etc/passwd", "gopher://a.com", "javascript:alert(1)", "http:a.com", "//a.com", "a.com", "http://", "http://u:p@a.com/",
		"http://0x7f.1/", "http://a.com:0/", "http://a.com:99999/", "http://[::ffff:127.0.0.1]/", "http://127.1/", "http://a.com\r\nX: y", "unix:///x", "http://" + strings.Repeat("a", 2048)} {
		if _, err := CheckURL(u); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want it refused", u, err)
		}
	}
	for _, u := range []string{"https://example.com/hook?a=b", "http://1.2.3.4:8080/", "HTTPS://Example.com", "https://[2400:3200::1]:443/"} {
		if _, err := CheckURL(u); err != nil {
			t.Errorf("%q: %v, want it allowed", u, err)
		}
	}
}

// server answers on loopback, which the dialer only reaches when allowed.
func server(t *testing.T, h http.HandlerFunc) (url string, hits *atomic.Int64) {
	hits = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hits.Add(1); h(w, r) }))
	t.Cleanup(s.Close)
	return s.URL, hits
}

var loopback = Policy{Allow: prefixes("127.0.0.1/32")}

func get(t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestClientRefusesTheInside(t *testing.T) {
	url, hits := server(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "secret") })
	port := url[strings.LastIndexByte(url, ':'):]
	c := NewDialer(Policy{}).Client(Limits{})
	for _, u := range []string{url, "http://localhost" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port, "http://127.1" + port,
		"http://2130706433" + port, "http://0177.0.0.1" + port, "http://１２７.０.０.１" + port, "http://127.0.0.1." + port, "http://[::]" + port} {
		_, err := get(t, c, u)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "guard.address" {
			t.Errorf("%s: %v, want it refused", u, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests came through", n)
	}
	if got, err := get(t, NewDialer(loopback).Client(Limits{}), url); err != nil || got != "secret" {
		t.Errorf("allowed network: %q, %v", got, err)
	}
}

func TestProxyOfTheEnvironmentIsIgnored(t *testing.T) {
	proxy, hits := server(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "proxied") })
	t.Setenv("HTTP_PROXY", proxy)
	url, _ := server(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "direct") })
	if got, err := get(t, NewDialer(loopback).Client(Limits{}), url); err != nil || got != "direct" || hits.Load() != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRedirects(t *testing.T) {
	inside, hits := server(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "inside") })
	other := strings.Replace(inside, "127.0.0.1", "127.0.0.2", 1)
	var target string
	var header http.Header
	url, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			header = r.Header
			fmt.Fprint(w, "end")
			return
		}
		http.Redirect(w, r, target, http.StatusFound)
	})
	c := NewDialer(loopback).Client(Limits{})
	for _, to := range []string{other, "http://127.1/", "file:///etc/passwd", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/", "gopher://127.0.0.1/"} {
		target = to
		if _, err := get(t, c, url); err == nil {
			t.Errorf("followed a redirect to %s", to)
		}
	}
	if hits.Load() != 0 {
		t.Error("the inside was reached by a redirect")
	}
	target = "/again"
	if _, err := get(t, c, url); err == nil {
		t.Error("followed redirects without end")
	}
	target = "/end"
	if got, err := get(t, c, url); err != nil || got != "end" {
		t.Errorf("a plain redirect: %q, %v", got, err)
	}
	if _, err := get(t, NewDialer(loopback).Client(Limits{Redirects: -1}), url); err == nil {
		t.Error("followed a redirect although none is allowed")
	}
	// Another host does not get our signature.
	url2, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, url+"/end", http.StatusTemporaryRedirect)
	})
	req, _ := http.NewRequest("POST", url2, strings.NewReader("x"))
	req.Header.Set("X-Signature", "secret")
	req.Header.Set("Accept", "text/plain")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if header.Get("X-Signature") != "" || header.Get("Accept") == "" {
		t.Errorf("headers at the second host: %v", header)
	}
}

func TestBodyLimit(t *testing.T) {
	url, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			w.(http.Flusher).Flush() // no Content-Length
		}
		fmt.Fprint(w, strings.Repeat("x", 1001))
	})
	for _, p := range []string{"/", "/stream"} {
		if _, err := get(t, NewDialer(loopback).Client(Limits{MaxBytes: 1000}), url+p); fault.KindOf(err) != fault.TooLarge {
			t.Errorf("%s: %v, want too large", p, err)
		}
		if got, err := get(t, NewDialer(loopback).Client(Limits{MaxBytes: 1001}), url+p); err != nil || len(got) != 1001 {
			t.Errorf("%s: %d bytes, %v", p, len(got), err)
		}
	}
}

// A name that is public when it is looked at, and inside when it is used, is
// refused by the check at the moment of connecting.
func TestRebinding(t *testing.T) {
	inside, hits := server(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "inside") })
	port := inside[strings.LastIndexByte(inside, ':'):]
	var answers atomic.Int64
	d := NewDialer(Policy{})
	d.net.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerDNS(theirs, func() [4]byte {
			answers.Add(1)
			return [4]byte{127, 0, 0, 1}
		})
		return ours, nil
	}}
	_, err := get(t, d.Client(Limits{Timeout: 5 * time.Second}), "http://rebind.example.com"+port)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != "guard.address" {
		t.Errorf("got %v, want it refused", err)
	}
	if strings.Contains(f.Message, "127.0.0.1") {
		t.Errorf("the fault names the inside: %s", f.Message)
	}
	if answers.Load() == 0 || hits.Load() != 0 {
		t.Errorf("%d answers, %d requests inside", answers.Load(), hits.Load())
	}
}

func answerDNS(c net.Conn, ip func() [4]byte) {
	defer c.Close()
	for {
		var size uint16
		if binary.Read(c, binary.BigEndian, &size) != nil {
			return
		}
		q := make([]byte, size)
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(q) != nil {
			return
		}
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if m.Questions[0].Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: ip()}}}
		}
		out, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
			return
		}
	}
}

func FuzzHost(f *testing.F) {
	for _, h := range []string{"127.0.0.1", "0x7f.1", "localhost", "[::1]", "a.b:80", "017700000001", "::ffff:1.2.3.4"} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) {
		u, err := CheckURL("http://" + h + "/")
		if err != nil {
			return
		}
		// What passes is a plain address or a name that cannot be read as one.
		if _, err := netip.ParseAddr(u.Hostname()); err != nil && net.ParseIP(u.Hostname()) != nil {
			t.Fatalf("%q is an address in an odd form", h)
		}
	})
}
