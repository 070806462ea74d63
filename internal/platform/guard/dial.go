// Package guard stands between the product and what strangers hand it:
// addresses that a user typed (dial.go, client.go), HTML of mails and users
// (html.go, text.go), names and types of files (file.go), and cells of exports
// (csv.go).
//
// It promises that no connection made through it reaches the operator's own
// network unless the operator allowed that network, whatever the name said,
// resolved to, or redirected to; that cleaned HTML runs nothing, asks no
// outside server for anything and stays in its box; and that all of it takes
// time linear in its bounded input. Everything that connects to an address
// from a form, a template or a message must use a Dialer of this package.
package guard

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zhidan/internal/platform/fault"
)

// Policy is what the operator allows beyond the public Internet.
type Policy struct {
	// Allow lists networks of the operator that may be reached, on any port,
	// such as 10.1.2.0/24 for a mail server inside.
	Allow []netip.Prefix
	// Ports that may be reached elsewhere; nil means DefaultPorts.
	Ports []uint16
}

// DefaultPorts are those of the web and of mail.
var DefaultPorts = [...]uint16{25, 80, 110, 143, 443, 465, 587, 993, 995, 2525, 8080, 8443}

// Dialer connects to addresses that a user typed.
type Dialer struct {
	policy Policy
	net    net.Dialer
}

// NewDialer takes the operator's policy.
func NewDialer(p Policy) *Dialer {
	if p.Ports == nil {
		p.Ports = DefaultPorts[:]
	}
	d := &Dialer{policy: p}
	d.net = net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, ControlContext: d.control}
	return d
}

// DialContext is net.Dialer's, for TCP. It refuses odd spellings of hosts, and
// then each address that the name resolved to, at the moment of connecting: a
// name that changes its address between two looks gains nothing.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, refused("network %s is not allowed", network)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refused("this is not host:port")
	}
	if err := CheckHost(host); err != nil {
		return nil, err
	}
	return d.net.DialContext(ctx, network, address)
}

// control runs between the making of a socket and its connecting.
func (d *Dialer) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return refused("network %s is not allowed", network)
	}
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return refused("this is not an address")
	}
	return d.CheckAddr(a)
}

// CheckAddr says whether an address may be connected to. The fault does not
// name the address: names of the inside should not be explored through it.
func (d *Dialer) CheckAddr(a netip.AddrPort) error {
	ip := a.Addr().Unmap().WithZone("")
	switch {
	case slices.Contains(metadata, ip):
		return refused("this host is not allowed")
	case slices.ContainsFunc(d.policy.Allow, func(p netip.Prefix) bool { return p.Contains(ip) }):
		return nil
	case !public(ip):
		return refused("this host is not allowed")
	case !slices.Contains(d.policy.Ports, a.Port()):
		return refused("port %d is not allowed", a.Port())
	}
	return nil
}

func refused(format string, args ...any) error {
	return fault.Bad("address", "guard.address", format, args...)
}

// metadata is where clouds answer their machines with credentials: refused
// even inside an allowed network.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.170.23"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd00:ec2::23"), netip.MustParseAddr("fd20:ce::254"),
}

// special lists what is not the public Internet, from the IANA registries of
// special-purpose IPv4 and IPv6 addresses (RFC 6890). Of IPv6 only 2000::/3 is
// public at all; the forms that carry an IPv4 address inside (mapped,
// compatible, NAT64, 6to4, Teredo) are refused whole.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

var globalV6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func public(ip netip.Addr) bool {
	if !ip.IsValid() || ip.Is6() && !globalV6.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// CheckHost refuses what is neither a plain address nor a name: numbers in
// other notations (octal, hexadecimal, one or two parts), which systems read
// differently, zones, and addresses inside addresses.
func CheckHost(host string) error {
	if host == "" || len(host) > 253 {
		return refused("the host is empty or too long")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" || ip.Is4In6() {
			return refused("write the address in its plain form")
		}
		return nil
	}
	for _, r := range host {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#@:[]<>^|%"`, r) {
			return refused("the host holds a character that no host has")
		}
	}
	// The rule of the WHATWG URL standard: a host that ends in a number is an
	// IPv4 address, and this one is not in the one form that all agree on.
	name := strings.TrimSuffix(host, ".")
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" {
		return refused("the host has an empty part")
	}
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(strings.ToLower(last), "0x") {
		return refused("write the address in its plain form")
	}
	return nil
}

// CheckURL reads a web address that a user typed, when it is saved; the
// connection is checked again when it is made.
func CheckURL(raw string) (*url.URL, error) {
	if len(raw) > 2048 {
		return nil, refused("the address is longer than 2048 characters")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return nil, refused("this is not a web address")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, refused("the address must start with https:// or http://")
	}
	if u.User != nil {
		return nil, refused("the address must not hold a user name or password")
	}
	if err := CheckHost(u.Hostname()); err != nil {
		return nil, err
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return nil, refused("port %s does not exist", p)
		}
	}
	return u, nil
}
