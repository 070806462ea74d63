package web

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
)

// The way of a request. What concerns every request:
//
//	recover → request id → real address → security headers → trace → log and metrics
//
// then, for operations, in the order of steps below:
//
//	body limit → caller → forgery → permission → rate → timeout → idempotency → the operation
//
// One Call carries what the steps find; it is the response writer too, so
// that a request costs two small allocations here and not ten.

// Call is one request on its way.
type Call struct {
	http.ResponseWriter
	id        string
	addr      netip.Addr
	https     bool
	host      string
	agent     string
	start     time.Time
	status    int
	written   int64
	op        *operation
	principal Principal
	idem      *idempotent
	seen      Seen
	recorded  *db.Tx // in which the operation has left its own trace
}

type callKey struct{}

func callOf(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// RequestID names the request of a context in logs and answers.
func RequestID(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.id
	}
	return ""
}

// Address is where the request of a context comes from.
func Address(ctx context.Context) netip.Addr {
	if c := callOf(ctx); c != nil {
		return c.addr
	}
	return netip.Addr{}
}

// Secure says whether the request of a context came by https, as far as the
// server or a trusted proxy knows.
func Secure(ctx context.Context) bool {
	c := callOf(ctx)
	return c != nil && c.https
}

// Host is the host name that the request of a context was sent to.
func Host(ctx context.Context) string {
	c := callOf(ctx)
	if c == nil {
		return ""
	}
	if host, _, err := net.SplitHostPort(c.host); err == nil {
		return host
	}
	return c.host
}

// UserAgent is the program that the caller uses, as it says itself.
func UserAgent(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.agent
	}
	return ""
}

// Caller is who calls, or nil.
func Caller(ctx context.Context) Principal {
	if c := callOf(ctx); c != nil {
		return c.principal
	}
	return nil
}

// ServeHTTP is what concerns every request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &Call{ResponseWriter: w, start: time.Now(), host: r.Host, agent: r.UserAgent()}
	c.addr, c.https = a.origin(r)
	c.id = a.requestID(r, c)
	ctx := context.WithValue(r.Context(), callKey{}, c)
	ctx, end := a.cfg.Tracing.Request(ctx, r)
	r = r.WithContext(ctx)
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			a.cfg.Log.Error("panic", "request_id", c.id, "panic", v, "stack", string(debug.Stack()))
			c.idem = nil // a half-made answer is not sent
			if c.status == 0 {
				a.writeProblem(c, r, newProblem(http.StatusInternalServerError, "internal", "an internal error; the request id finds it in the log"))
			}
		}
		a.done(c, r)
		end(c.route(), c.status)
	}()
	h := w.Header()
	for i := range securityHeaders {
		h[securityHeaders[i].name] = securityHeaders[i].value
	}
	if c.https {
		h["Strict-Transport-Security"] = hsts
	}
	h["X-Request-Id"] = []string{c.id}
	a.mux.ServeHTTP(c, r)
}

// steps run before an operation, in this order; the first error ends the way.
func (a *API) steps() []func(*Call, *http.Request) error {
	return []func(*Call, *http.Request) error{
		a.limitBody,
		a.authenticate,
		a.refuseForgery,
		a.permit,
		a.limitRate,
	}
}

// run is the way of a request to one operation.
func (a *API) run(o *operation, next http.HandlerFunc) http.HandlerFunc {
	steps := a.steps()
	return func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		c.op = o
		w.Header()["Cache-Control"] = noStore
		for _, step := range steps {
			if err := step(c, r); err != nil {
				a.writeProblem(c, r, a.problem(r.Context(), err))
				return
			}
		}
		if o.Stream {
			next(c, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), o.Timeout)
		defer cancel()
		if o.audited {
			if err := a.look(c, r); err != nil {
				a.writeProblem(c, r, a.problem(r.Context(), err))
				return
			}
			ctx = db.WithTxHook(ctx, func(ctx context.Context, tx *db.Tx) error { return a.witness(ctx, c, tx) })
		}
		if key := r.Header.Get("Idempotency-Key"); key != "" && a.keeps(c, r) {
			a.once(ctx, c, r, key, next)
			return
		}
		next(c, r.WithContext(ctx))
	}
}

func (a *API) limitBody(c *Call, r *http.Request) error {
	if r.ContentLength > c.op.MaxBody {
		return tooLarge(c.op.MaxBody)
	}
	return nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "body.too_large", "the body is larger than %d bytes", limit).With("limit", strconv.FormatInt(limit, 10))
}

func (a *API) authenticate(c *Call, r *http.Request) error {
	if a.cfg.Authenticate == nil {
		return nil
	}
	p, err := a.cfg.Authenticate(r)
	if err != nil && !c.op.Public {
		// Guessing of credentials is held back per address.
		if lerr := a.rates.anonymous.take(c.addrKey()); lerr != nil {
			return lerr
		}
		return err
	}
	if err == nil && p != nil {
		c.principal = p
	}
	if c.principal == nil && !c.op.Public {
		return fault.New(fault.Unauthenticated, "auth.required", "sign in or send a token")
	}
	return nil
}

// refuseForgery makes sure that no foreign page writes with a person's cookie:
// a browser lets foreign pages neither set the X-Zhidan header without asking
// nor hide their Origin.
func (a *API) refuseForgery(c *Call, r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if r.Header.Get("Authorization") != "" {
		return nil
	}
	if o := r.Header.Get("Origin"); o != "" && !a.ownOrigin(o, r) {
		return fault.New(fault.Forbidden, "csrf.origin", "the request comes from another site")
	}
	if c.principal != nil && r.Header.Get("X-Zhidan") != "1" {
		return fault.New(fault.Forbidden, "csrf.header", "a write with a session cookie needs the header X-Zhidan: 1")
	}
	return nil
}

func (a *API) ownOrigin(origin string, r *http.Request) bool {
	origin = strings.ToLower(origin)
	if a.origins[origin] {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

func (a *API) permit(c *Call, r *http.Request) error {
	if looker, ok := c.principal.(interface{ ReadOnly() bool }); ok && looker.ReadOnly() && r.Method != http.MethodGet && r.Method != http.MethodHead && !c.op.Looking && !c.op.Public {
		return fault.New(fault.Forbidden, "view.read_only", "you only look as somebody else; end that first")
	}
	if c.op.Public || c.op.Permission == SignedIn || c.principal.Can(c.op.Permission) {
		return nil
	}
	return fault.New(fault.Forbidden, "auth.forbidden", "this needs the permission %s", c.op.Permission).With("permission", c.op.Permission)
}

func (a *API) limitRate(c *Call, _ *http.Request) error {
	if c.op.Strict {
		if err := a.rates.strict.take(c.addrKey()); err != nil {
			return err
		}
	}
	if c.principal != nil {
		return a.rates.principal.take(c.principal.Key())
	}
	return a.rates.anonymous.take(c.addrKey())
}

// addrKey is the address as a rate key; of IPv6 the /64, which one subscriber
// holds whole.
func (c *Call) addrKey() string {
	if c.addr.Is6() {
		p, _ := c.addr.Prefix(64)
		return p.Addr().String()
	}
	return c.addr.String()
}

// origin is the address and scheme of the caller: that of the connection, or,
// when the connection is a trusted proxy, what it says. Of X-Forwarded-For the
// last address that is not a trusted proxy itself counts; what stands before
// it anybody could have written.
func (a *API) origin(r *http.Request) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	addr := ap.Addr().Unmap()
	if err != nil || !a.trusted(addr) {
		return addr, r.TLS != nil
	}
	https := r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(hops) - 1; i >= 0 && len(hops)-i <= 20; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
		if !a.trusted(addr) {
			break
		}
	}
	return addr, https
}

func (a *API) trusted(addr netip.Addr) bool {
	for _, p := range a.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// requestID is that of a trusted proxy when it sends a sane one, else a new one.
func (a *API) requestID(r *http.Request, c *Call) string {
	if len(a.cfg.TrustedProxies) > 0 {
		if v := r.Header.Get("X-Request-Id"); v != "" && len(v) <= 64 && strings.Trim(v, requestIDChars) == "" {
			if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && a.trusted(ap.Addr().Unmap()) {
				return v
			}
		}
	}
	var b [16]byte
	const hex = "0123456789abcdef"
	for n, i := rand.Uint64(), 0; i < len(b); i++ {
		b[i] = hex[n&15]
		n >>= 4
	}
	return string(b[:])
}

const requestIDChars = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_."

// done logs and measures a finished request. The query stays out of the log:
// it holds what people searched for.
func (a *API) done(c *Call, r *http.Request) {
	took := time.Since(c.start)
	if c.status == 0 {
		c.status = http.StatusOK
	}
	route := c.route()
	if c.op != nil {
		if ob := c.op.observe[min(c.status/100, 5)]; ob != nil {
			ob.Observe(took.Seconds())
		}
	}
	if c.status >= 500 {
		a.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "request", a.accessAttrs(c, r, route, took)...)
		return
	}
	if !a.cfg.QuietAccess && c.op != nil && a.cfg.Log.Enabled(r.Context(), slog.LevelInfo) {
		a.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", a.accessAttrs(c, r, route, took)...)
	}
}

func (a *API) accessAttrs(c *Call, r *http.Request, route string, took time.Duration) []slog.Attr {
	path := r.URL.Path
	if c.op != nil {
		for _, name := range c.op.hidden {
			if v := r.PathValue(name); v != "" {
				path = strings.ReplaceAll(path, v, "…")
			}
		}
	}
	who := ""
	var tenant string
	if c.principal != nil {
		who, tenant = c.principal.Key(), c.principal.TenantID().String()
	}
	return []slog.Attr{
		slog.String("request_id", c.id), slog.String("route", route), slog.String("path", path),
		slog.Int("status", c.status), slog.Int64("bytes", c.written), slog.Duration("took", took),
		slog.String("addr", c.addr.String()), slog.String("tenant", tenant), slog.String("caller", who),
	}
}

func (c *Call) route() string {
	if c.op == nil {
		return "other"
	}
	return c.op.route
}

// WriteHeader, Write and Unwrap make Call a response writer that counts, and
// that holds back the answer of a request with an idempotency key.
func (c *Call) WriteHeader(status int) {
	if c.idem != nil && c.idem.hold(status) {
		return
	}
	if c.status < 200 {
		c.status = status
	}
	if status == http.StatusNotModified {
		c.Header().Del("Content-Type")
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *Call) Write(b []byte) (int, error) {
	if c.idem != nil && c.idem.holding {
		return c.idem.buf.Write(b)
	}
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.written += int64(n)
	return n, err
}

// Flush sends what is written so far, for streams.
func (c *Call) Flush() {
	if c.idem == nil {
		http.NewResponseController(c.ResponseWriter).Flush()
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (c *Call) Unwrap() http.ResponseWriter { return c.ResponseWriter }

var (
	noStore = []string{"no-store"}
	hsts    = []string{"max-age=31536000"}
)

const csp = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

var securityHeaders = []struct {
	name  string
	value []string
}{
	{"Content-Security-Policy", []string{csp}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"geolocation=(), payment=(), usb=()"}},
}
