// Package web is the one door for HTTP. It turns an operation (method, path,
// permission and a typed function) into a route, an entry of the OpenAPI
// document and a test of the rules that hold for all of them, and promises:
//
//   - denied by default: an operation that names no permission and is not
//     marked public makes the program stop at start-up;
//   - every error leaves as application/problem+json with a stable code; what
//     is not a fault.Error is logged in full and shown to nobody;
//   - a POST with an Idempotency-Key has its effect once: the key is committed
//     in the same transaction as the effect (idempotency.go);
//   - what comes in is bounded (body, time, rate) before an operation sees it;
//   - pages run under a strict content security policy, and a cookie alone is
//     never enough to write (pipeline.go shows the steps in their order).
//
// It knows nothing of tickets or staff: who is calling comes from a function
// in Config.
package web

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/telemetry"
)

// Base is where the operations live.
const Base = "/api/v1"

// SignedIn is the permission of operations that anybody who is signed in may
// use, because they concern only the caller.
const SignedIn = "signed-in"

// Principal is who is calling.
type Principal interface {
	TenantID() id.ID
	Can(permission string) bool
	// Key names the credential, for idempotency and rate limits.
	Key() string
}

// Config is what the door needs from the house.
type Config struct {
	Title   string
	Version string
	Log     *slog.Logger
	Clock   *clock.Clock
	// DB keeps the idempotency keys; without it the header is ignored.
	DB *db.DB
	// Authenticate finds the caller: nil, nil when the request has no
	// credential, a fault of kind Unauthenticated when it has a bad one.
	Authenticate func(r *http.Request) (Principal, error)
	// TrustedProxies may say by X-Forwarded-For and -Proto who is calling.
	TrustedProxies []netip.Prefix
	// Origins that may write with a cookie beside the host of the request
	// itself, such as "https://desk.example.com" behind a proxy that rewrites
	// the host.
	Origins []string
	Timeout time.Duration // of one request; 0 = 30 s
	MaxBody int64         // of one request; 0 = 1 MiB
	Limits  Limits
	// Audited says of which operations a trace must stay, and Witness leaves it,
	// in the first transaction of the request that changes something, unless the
	// operation has called Recorded there; both may be nil.
	Audited func(Op) bool
	Witness func(ctx context.Context, tx *db.Tx, seen Seen) error
	// Ready says whether the node can serve: name → check.
	Ready map[string]func(context.Context) error
	// Metrics and Tracing may be nil.
	Metrics *telemetry.Metrics
	Tracing *telemetry.Tracing
	// Assets is the built web app; nil serves no pages.
	Assets fs.FS
	// QuietAccess leaves out the log line of requests that went well.
	QuietAccess bool
}

// API is the door: an http.Handler to which operations are added before it
// serves.
type API struct {
	cfg     Config
	mux     *http.ServeMux
	huma    huma.API
	flights flights
	rates   rates
	origins map[string]bool
	static  *static
	spec    spec
}

// Op describes an operation.
type Op struct {
	Method  string
	Path    string // below Base, such as "/tickets/{id}"
	ID      string // operationId, such as "ticket-read"
	Summary string
	// Permission that the caller must hold at some scope, or SignedIn.
	Permission string
	// Public operations need no caller. They still know one who has signed in.
	Public bool
	// Looking operations change nothing but the session: whoever only looks may
	// use them all the same.
	Looking bool
	// Strict puts the operation under the rate limit of sign-in.
	Strict  bool
	Tags    []string
	MaxBody int64         // 0 = the default of Config
	Timeout time.Duration // 0 = the default of Config
	Status  int           // of success; 0 = 200, or 204 without a body
	// Stream answers for as long as the client listens: no timeout, and no
	// idempotency.
	Stream bool
	// SecretIn: the body holds a password or the like, of which no hash is kept
	// for idempotency. SecretOut: the answer holds a secret and is not kept; who
	// repeats the request is told that it had its effect.
	SecretIn, SecretOut bool
}

// operation is a registered Op with what the pipeline needs on each request.
type operation struct {
	Op
	huma    huma.Operation
	route   string // method and pattern, for log and metrics
	hidden  []string
	observe [6]telemetry.Observer // by status class
	hasBody bool
	audited bool
}

// New makes the door.
func New(c Config) *API {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Title == "" {
		c.Title = "Zhidan"
	}
	c.Limits = c.Limits.orDefault()
	a := &API{cfg: c, mux: http.NewServeMux(), origins: map[string]bool{}}
	for _, o := range c.Origins {
		a.origins[strings.TrimSuffix(strings.ToLower(o), "/")] = true
	}
	a.flights.init()
	a.rates.init(c.Limits, c.Clock)
	a.huma = huma.NewAPI(a.humaConfig(), adapter{a})
	a.mux.HandleFunc(Base+"/", a.noRoute)
	a.registerBuiltin()
	if c.Assets != nil {
		a.static = newStatic(c.Assets)
	}
	a.mux.HandleFunc("/", a.page)
	return a
}

// Register adds an operation. It panics on one that would be open by mistake
// or is described badly: such a program must not start.
func Register[I, O any](a *API, op Op, fn func(context.Context, *I) (*O, error)) {
	o := a.newOperation(op)
	huma.Register(a.huma, o.huma, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
	a.refine(o)
}

// Handle adds an operation that reads and writes HTTP itself: uploads,
// downloads, streams. An error that it returns before it has written anything
// becomes a problem answer.
func Handle(a *API, op Op, fn func(w http.ResponseWriter, r *http.Request) error) {
	o := a.newOperation(op)
	o.hasBody = op.Method == http.MethodPost || op.Method == http.MethodPut
	for _, name := range pathParams.FindAllStringSubmatch(o.huma.Path, -1) {
		o.huma.Parameters = append(o.huma.Parameters, &huma.Param{Name: strings.TrimSuffix(name[1], "..."), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	status := op.Status
	if status == 0 {
		status = http.StatusOK
	}
	o.huma.Responses[fmt.Sprint(status)] = &huma.Response{Description: http.StatusText(status)}
	o.huma.Responses["default"] = a.errorResponse()
	a.huma.OpenAPI().AddOperation(&o.huma)
	a.mux.HandleFunc(o.route, a.run(o, func(w http.ResponseWriter, r *http.Request) {
		if o.MaxBody > 0 && r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, o.MaxBody)
		}
		if err := fn(w, r); err != nil {
			a.writeProblem(w, r, a.problem(r.Context(), err))
		}
	}))
}

var pathParams = regexp.MustCompile(`\{([^}]+)\}`)

// newOperation checks the description and fills in defaults.
func (a *API) newOperation(op Op) *operation {
	switch {
	case op.Method == "" || !strings.HasPrefix(op.Path, "/") || op.ID == "" || op.Summary == "":
		panic(fmt.Sprintf("web: operation %s %s %q needs a method, a path, an id and a summary", op.Method, op.Path, op.ID))
	case op.Permission == "" && !op.Public:
		panic(fmt.Sprintf("web: operation %s names no permission and is not public", op.ID))
	case op.Permission != "" && op.Public:
		panic(fmt.Sprintf("web: operation %s is public and names a permission", op.ID))
	case !op.Public && a.cfg.Authenticate == nil:
		panic(fmt.Sprintf("web: operation %s needs a caller, and nothing authenticates", op.ID))
	}
	if op.MaxBody == 0 {
		op.MaxBody = a.cfg.MaxBody
	}
	if op.Timeout == 0 {
		op.Timeout = a.cfg.Timeout
	}
	path := Base + op.Path
	o := &operation{Op: op, route: op.Method + " " + path}
	o.audited = a.cfg.Audited != nil && a.cfg.Witness != nil && a.cfg.Audited(op)
	for _, m := range pathParams.FindAllStringSubmatch(path, -1) {
		if secretParams[m[1]] {
			o.hidden = append(o.hidden, m[1])
		}
	}
	if m := a.cfg.Metrics; m != nil {
		for class := range o.observe {
			o.observe[class] = m.Request(op.Method, path, class)
		}
	}
	ext := map[string]any{"x-permission": op.Permission}
	security := []map[string][]string{{"token": {}}, {"session": {}}}
	if op.Public {
		ext = map[string]any{"x-public": true}
		security = []map[string][]string{}
	}
	o.huma = huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: path, Summary: op.Summary, Tags: op.Tags,
		DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody + 1, BodyReadTimeout: 30 * time.Second,
		Security: security, Extensions: ext,
		Responses: map[string]*huma.Response{},
		Metadata:  map[string]any{metaKey: o},
	}
	if a.huma.OpenAPI().Paths[path] != nil && a.hasOperation(op.ID) {
		panic(fmt.Sprintf("web: operation id %s is taken", op.ID))
	}
	return o
}

func (a *API) hasOperation(opID string) bool {
	for _, p := range a.huma.OpenAPI().Paths {
		for _, o := range []*huma.Operation{p.Get, p.Put, p.Post, p.Patch, p.Delete} {
			if o != nil && o.OperationID == opID {
				return true
			}
		}
	}
	return false
}

// secretParams are names of path parameters whose value is a secret and stays
// out of the log.
var secretParams = map[string]bool{"token": true, "key": true, "secret": true, "signature": true, "code": true}

const metaKey = "zhidan"

// adapter lets huma register on the mux through the pipeline.
type adapter struct{ a *API }

func (ad adapter) Handle(op *huma.Operation, h func(huma.Context)) {
	o := op.Metadata[metaKey].(*operation)
	o.hasBody = op.RequestBody != nil
	ad.a.mux.HandleFunc(o.route, ad.a.run(o, func(w http.ResponseWriter, r *http.Request) {
		h(humago.NewContext(op, r, w))
	}))
}

func (ad adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { ad.a.ServeHTTP(w, r) }

// noRoute answers for everything under Base that no operation has.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); strings.HasPrefix(pattern, m+" ") {
			allow = append(allow, m)
		}
	}
	if len(allow) > 0 && !slices.Contains(allow, r.Method) {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		a.writeProblem(w, r, newProblem(http.StatusMethodNotAllowed, "route.method", "this path does not take "+r.Method))
		return
	}
	a.writeProblem(w, r, newProblem(http.StatusNotFound, "route.not_found", "there is no such path"))
}
