// Package config reads how a node is to run. Four layers, the later wins:
// defaults, a YAML file, ZHIDAN_… variables of the environment, flags. Every
// key is a field of Config; one that is unknown, or has a value that makes no
// sense, stops the start with the name of the key and where it came from.
//
// The variable of a key is its name in capitals with _ for the dot:
// log.level is ZHIDAN_LOG_LEVEL.
package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Config is how a node runs.
type Config struct {
	Data      string   `key:"data" help:"Directory of everything that is stored."`
	Addr      string   `key:"addr" help:"Host and port to listen on."`
	Database  Secret   `key:"database" help:"URL of the store: sqlite:/path or postgres://…; empty is SQLite in the data directory."`
	Demo      bool     `key:"demo" help:"Fill an empty store with a demo company."`
	PublicURL string   `key:"public_url" help:"Address under which people reach this server, such as https://desk.example.com."`
	Proxies   []string `key:"trusted_proxies" help:"Networks of proxies whose X-Forwarded-* headers count."`

	DB          DB          `key:"db"`
	Log         Log         `key:"log"`
	Trace       Trace       `key:"trace"`
	HTTP        HTTP        `key:"http"`
	Session     Session     `key:"session"`
	Idempotency Idempotency `key:"idempotency"`
	Blob        Blob        `key:"blob"`
	Keys        Keys        `key:"keys"`
	Scan        Scan        `key:"scan"`
	Outbound    Outbound    `key:"outbound"`
}

// DB sizes the store.
type DB struct {
	Readers int `key:"readers" help:"SQLite: connections that read; 0 chooses."`
	Conns   int `key:"conns" help:"PostgreSQL: connections; 0 chooses."`
}

// Log says what is logged and how.
type Log struct {
	Level  string `key:"level" help:"debug, info, warn or error."`
	Format string `key:"format" help:"auto, text or json."`
	Access bool   `key:"access" help:"Log every request, not only failed ones."`
}

// Trace says where spans go.
type Trace struct {
	Endpoint string  `key:"endpoint" help:"URL of an OTLP/HTTP collector; empty is no tracing."`
	Sample   float64 `key:"sample" help:"Share of requests that are traced, 0 to 1."`
}

// HTTP bounds requests.
type HTTP struct {
	Timeout       time.Duration `key:"timeout" help:"Longest time of a request."`
	MaxBody       int64         `key:"max_body" help:"Largest JSON body in bytes."`
	MaxUpload     int64         `key:"max_upload" help:"Largest attachment in bytes."`
	Rate          float64       `key:"rate" help:"Requests a second of one credential; negative is no limit."`
	RateAnonymous float64       `key:"rate_anonymous" help:"Requests a second of one address without a credential."`
	RateSignIn    float64       `key:"rate_sign_in" help:"Sign-in attempts a second of one address."`
}

// Session says how long people stay signed in.
type Session struct {
	Absolute time.Duration `key:"absolute" help:"Longest life of a session."`
	Idle     time.Duration `key:"idle" help:"Time without use after which it ends."`
}

// Idempotency says how long keys are kept.
type Idempotency struct {
	Keep time.Duration `key:"keep" help:"How long a repeated POST is recognised."`
}

// Blob says where attachments are kept.
type Blob struct {
	URL       string `key:"url" help:"file:/path or s3://bucket/prefix; empty is a directory in data."`
	Endpoint  string `key:"endpoint" help:"S3: address of the service when it is not AWS."`
	Region    string `key:"region" help:"S3: region."`
	AccessKey Secret `key:"access_key" help:"S3: access key."`
	SecretKey Secret `key:"secret_key" help:"S3: secret key."`
}

// Keys says where the keys that encrypt personal data are.
type Keys struct {
	File string `key:"file" help:"Key set; empty is a file in data, made at the first start."`
}

// Scan says who looks at attachments.
type Scan struct {
	Clamd string `key:"clamd" help:"Address of a clamd, such as unix:/run/clamd.sock or tcp:127.0.0.1:3310; empty scans nothing."`
}

// Outbound says where the server may connect to when a user names the address.
type Outbound struct {
	Allow []string `key:"allow" help:"Networks of one's own that may be reached, on any port, such as 10.1.2.0/24 for a language model inside; all others that are not public are refused."`
}

// Default is what holds when nothing is configured.
func Default() Config {
	return Config{
		Data: "./data", Addr: "127.0.0.1:8480",
		Log:         Log{Level: "info", Format: "auto", Access: true},
		Trace:       Trace{Sample: 1},
		HTTP:        HTTP{Timeout: 30 * time.Second, MaxBody: 1 << 20, MaxUpload: 50 << 20, Rate: 5000, RateAnonymous: 50, RateSignIn: 1},
		Session:     Session{Absolute: 7 * 24 * time.Hour, Idle: 12 * time.Hour},
		Idempotency: Idempotency{Keep: 48 * time.Hour},
	}
}

// Source is where values come from.
type Source struct {
	File string // YAML; empty: none
	Env  []string
	// Flags holds key → value of the flags that were given.
	Flags map[string]string
}

// ignored variables steer tests and builds, not a node.
var ignored = []string{"ZHIDAN_SHARED", "ZHIDAN_TEST_", "ZHIDAN_CONFIG"}

// Load puts the layers together and checks them.
func Load(src Source) (Config, error) {
	c := Default()
	fields := map[string]field{}
	collect(reflect.ValueOf(&c).Elem(), "", fields)

	if src.File != "" {
		k := koanf.New(".")
		if err := k.Load(file.Provider(src.File), yaml.Parser()); err != nil {
			return c, fmt.Errorf("config file %s: %w", src.File, err)
		}
		for key, v := range k.All() {
			f, ok := fields[key]
			if !ok {
				return c, fmt.Errorf("config file %s: unknown key %q", src.File, key)
			}
			if err := f.set(text(v)); err != nil {
				return c, fmt.Errorf("config file %s: %s: %w", src.File, key, err)
			}
		}
	}

	byVariable := map[string]string{}
	for key := range fields {
		byVariable[Variable(key)] = key
	}
	for _, kv := range src.Env {
		name, v, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "ZHIDAN_") || slices.ContainsFunc(ignored, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		key, ok := byVariable[name]
		if !ok {
			return c, fmt.Errorf("environment: unknown variable %s", name)
		}
		if err := fields[key].set(v); err != nil {
			return c, fmt.Errorf("environment: %s: %w", name, err)
		}
	}

	for key, v := range src.Flags {
		f, ok := fields[key]
		if !ok {
			return c, fmt.Errorf("unknown setting %q", key)
		}
		if err := f.set(v); err != nil {
			return c, fmt.Errorf("--%s: %w", key, err)
		}
	}
	return c, c.check()
}

// Variable is the environment variable of a key.
func Variable(key string) string {
	return "ZHIDAN_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// check refuses values that make no sense, naming the key.
func (c Config) check() error {
	bad := func(key, format string, args ...any) error {
		return fmt.Errorf("config: %s: %s", key, fmt.Sprintf(format, args...))
	}
	if c.Data == "" {
		return bad("data", "must name a directory")
	}
	if _, port, err := net.SplitHostPort(c.Addr); err != nil {
		return bad("addr", "%q is not host:port", c.Addr)
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return bad("addr", "%q is not a port (0 to 65535)", port)
	} else if n == 0 && c.PublicURL != "" {
		return bad("addr", "a free port cannot be reached under a public_url")
	}
	if c.Database.Set() && !strings.HasPrefix(c.Database.Reveal(), "sqlite:") && !strings.HasPrefix(c.Database.Reveal(), "postgres://") && !strings.HasPrefix(c.Database.Reveal(), "postgresql://") {
		return bad("database", "must begin with sqlite: or postgres://")
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
			return bad("public_url", "must be http(s)://host without a path")
		}
	}
	if _, err := c.TrustedProxies(); err != nil {
		return err
	}
	if _, err := c.OutboundAllowed(); err != nil {
		return err
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		return bad("log.level", "%q is not debug, info, warn or error", c.Log.Level)
	}
	if !slices.Contains([]string{"auto", "text", "json"}, c.Log.Format) {
		return bad("log.format", "%q is not auto, text or json", c.Log.Format)
	}
	if u, err := url.Parse(c.Trace.Endpoint); c.Trace.Endpoint != "" && (err != nil || u.Host == "") {
		return bad("trace.endpoint", "must be a URL")
	}
	if c.Trace.Sample < 0 || c.Trace.Sample > 1 {
		return bad("trace.sample", "must be from 0 to 1")
	}
	for key, n := range map[string]int{"db.readers": c.DB.Readers, "db.conns": c.DB.Conns} {
		if n < 0 || n > 1000 {
			return bad(key, "must be from 0 to 1000")
		}
	}
	for _, d := range []struct {
		key      string
		v        time.Duration
		min, max time.Duration
	}{
		{"http.timeout", c.HTTP.Timeout, time.Second, time.Hour},
		{"session.absolute", c.Session.Absolute, 5 * time.Minute, 90 * 24 * time.Hour},
		{"session.idle", c.Session.Idle, time.Minute, c.Session.Absolute},
		{"idempotency.keep", c.Idempotency.Keep, time.Minute, 30 * 24 * time.Hour},
	} {
		if d.v < d.min || d.v > d.max {
			return bad(d.key, "%s is not from %s to %s", d.v, d.min, d.max)
		}
	}
	for _, n := range []struct {
		key      string
		v        int64
		min, max int64
	}{
		{"http.max_body", c.HTTP.MaxBody, 1 << 10, 64 << 20},
		{"http.max_upload", c.HTTP.MaxUpload, 1 << 10, 4 << 30},
	} {
		if n.v < n.min || n.v > n.max {
			return bad(n.key, "%d is not from %d to %d", n.v, n.min, n.max)
		}
	}
	return nil
}

// TrustedProxies are the configured networks; a bare address is a network of one.
func (c Config) TrustedProxies() ([]netip.Prefix, error) {
	return networks("trusted_proxies", c.Proxies)
}

// OutboundAllowed are the configured networks that users may name.
func (c Config) OutboundAllowed() ([]netip.Prefix, error) {
	return networks("outbound.allow", c.Outbound.Allow)
}

func networks(key string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, aerr := netip.ParseAddr(s)
			if aerr != nil {
				return nil, fmt.Errorf("config: %s: %q is not an address or network", key, s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// DatabaseURL is the store to open.
func (c Config) DatabaseURL() string {
	if c.Database.Set() {
		return c.Database.Reveal()
	}
	return "sqlite:" + filepath.Join(c.Data, "zhidan.db")
}

// Settings are all keys with their help, for documentation.
func Settings() map[string]string {
	c := Default()
	fields := map[string]field{}
	collect(reflect.ValueOf(&c).Elem(), "", fields)
	out := map[string]string{}
	for k, f := range fields {
		out[k] = f.help
	}
	return out
}

// FromProcess is the environment and the file that ZHIDAN_CONFIG names.
func FromProcess(flags map[string]string) Source {
	return Source{File: os.Getenv("ZHIDAN_CONFIG"), Env: os.Environ(), Flags: flags}
}
