package llm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
)

// Client asks models. It is safe for concurrent use.
type Client struct {
	c         Config
	http      *http.Client
	providers map[string]*endpoint
	order     []string
	tasks     map[Task]Plan
}

type endpoint struct {
	Provider
	wire    wire
	breaker breaker
	slots   chan struct{}
}

// New checks a configuration; all faults are told at once, by field.
func New(c Config) (*Client, error) {
	var faults fault.List
	bad := func(field, format string, args ...any) {
		faults = append(faults, fault.Bad(field, "llm.config", format, args...))
	}
	if c.HTTP == nil || c.Budget == nil {
		return nil, errors.New("llm: HTTP and Budget are needed")
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	h := *c.HTTP
	// The words of customers go to the address that was configured and nowhere
	// else; and keys in headers do not follow a redirect.
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.Jar = nil
	cl := &Client{c: c, http: &h, providers: map[string]*endpoint{}, tasks: map[Task]Plan{}}
	for _, p := range c.Providers {
		at := "providers." + p.Name
		if p.Name == "" || len(p.Name) > 100 {
			bad("providers", "a provider needs a name of at most 100 characters")
			continue
		}
		if cl.providers[p.Name] != nil {
			bad(at, "the name is taken")
		}
		if p.Kind != OpenAI && p.Kind != Anthropic {
			bad(at+".kind", "must be openai or anthropic")
		}
		if p.Model == "" || len(p.Model) > 200 {
			bad(at+".model", "is needed, with at most 200 characters")
		}
		if u, err := guard.CheckURL(p.BaseURL); err != nil {
			bad(at+".base_url", "%s", errMessage(err))
		} else if u.RawQuery != "" || u.Fragment != "" {
			bad(at+".base_url", "must have no query")
		} else if u.Scheme != "https" && p.Region != Home {
			bad(at+".base_url", "must be https for a model abroad")
		}
		if strings.ContainsAny(p.Key.Reveal(), "\r\n\x00") {
			bad(at+".key", "must be one line")
		}
		if p.Prices.In < 0 || p.Prices.Out < 0 || p.Prices.Minute < 0 || p.Prices.Call < 0 ||
			max(p.Prices.In, p.Prices.Out, p.Prices.Minute, p.Prices.Call) > 1e10 {
			bad(at+".prices", "must be between 0 and 10,000 units of the currency")
		}
		switch p.Structured {
		case "", SchemaMode, JSONMode, PromptMode:
		case ToolMode:
			if p.Kind != Anthropic {
				bad(at+".structured", "tool is for anthropic only")
			}
		default:
			bad(at+".structured", "must be schema, json, tool or prompt")
		}
		if p.Region != Home {
			p.Region = Abroad
		}
		if p.Concurrent <= 0 {
			p.Concurrent = 8
		}
		if p.MaxBytes <= 0 {
			p.MaxBytes = 4 << 20
		}
		cl.providers[p.Name] = &endpoint{Provider: p, wire: wireOf(p.Kind), slots: make(chan struct{}, p.Concurrent)}
		cl.order = append(cl.order, p.Name)
	}
	for task, plan := range c.Tasks {
		at := "tasks." + string(task)
		for _, name := range plan.Providers {
			if cl.providers[name] == nil {
				bad(at+".providers", "there is no provider %q", name)
			}
		}
		if plan.MaxTokens > 200_000 || plan.MaxInput > 2_000_000 || plan.Retries > 10 {
			bad(at, "a limit is beyond reason")
		}
		cl.tasks[task] = plan.withDefaults()
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return cl, nil
}

func errMessage(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Message
	}
	return err.Error()
}

// Health tells how the providers fare, in the order of the configuration.
func (c *Client) Health() []Health {
	out := make([]Health, 0, len(c.order))
	for _, name := range c.order {
		out = append(out, c.providers[name].breaker.health(name))
	}
	return out
}

// Do asks and waits for the whole answer.
func (c *Client) Do(ctx context.Context, req Request) (Response, error) {
	return c.run(ctx, req, nil)
}

// Stream asks and hands the answer over as it comes; an error of fn ends it.
// After the first piece no other provider is asked: what was said stands. The
// Response holds the whole text. It takes no schema.
func (c *Client) Stream(ctx context.Context, req Request, fn func(delta string) error) (Response, error) {
	if req.Schema != nil {
		return Response{}, fault.Bad("schema", "llm.schema", "a structured answer does not stream")
	}
	return c.run(ctx, req, fn)
}

// call is one question on its way.
type call struct {
	c       *Client
	req     Request
	plan    Plan
	p       *prepared
	fn      func(string) error // nil: not streamed
	emitted bool               // a piece was handed over
	rec     Record
	started time.Time
}

func (c *Client) run(ctx context.Context, req Request, fn func(string) error) (resp Response, err error) {
	cl := &call{c: c, req: req, fn: fn, started: time.Now()}
	cl.rec = Record{At: c.c.Clock.Now(), Tenant: req.Tenant, Task: req.Task, Outcome: OutcomeInternal}
	if c.c.Record != nil {
		defer func() {
			cl.rec.Latency = time.Since(cl.started)
			c.c.Record(context.WithoutCancel(ctx), cl.rec)
		}()
	}
	plan, ok := c.tasks[req.Task]
	if !ok || len(plan.Providers) == 0 {
		cl.rec.Outcome = OutcomeIncapable
		return Response{}, ErrNoTask
	}
	cl.plan = plan
	if cl.p, err = prepare(req, plan); err != nil {
		cl.rec.Outcome = OutcomeInvalid
		return Response{}, err
	}
	if fn != nil && cl.p.audio != nil {
		cl.rec.Outcome = OutcomeInvalid
		return Response{}, fault.Bad("parts", "llm.parts", "a transcription does not stream")
	}
	cl.rec.PromptHash, cl.rec.Redacted = cl.p.hash, cl.p.redactor.Count()

	ctx, stop := context.WithTimeoutCause(ctx, plan.Total, timeoutCause(OutcomeTotal))
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.c.Off != nil {
		if c.c.Off(ctx, req.Tenant, req.Task) {
			cl.rec.Outcome = OutcomeOff
			return Response{}, ErrOff
		}
		done := make(chan struct{})
		defer func() { cancel(nil); <-done }()
		go cl.watch(ctx, cancel, done)
	}
	resp, f := cl.chain(ctx)
	if f != nil {
		cl.rec.Outcome = f.outcome
		return Response{}, f.error()
	}
	cl.rec.Outcome = OutcomeOK
	if resp.Repaired {
		cl.rec.Outcome = OutcomeRepaired
	}
	resp.TokensIn, resp.TokensOut, resp.CostMicro = cl.rec.TokensIn, cl.rec.TokensOut, cl.rec.CostMicro
	return resp, nil
}

// watch cuts the call when the models are switched off.
func (c *call) watch(ctx context.Context, cancel context.CancelCauseFunc, done chan struct{}) {
	defer close(done)
	t := time.NewTicker(250 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if c.c.c.Off(ctx, c.req.Tenant, c.req.Task) {
				cancel(errSwitchedOff)
				return
			}
		}
	}
}

// chain asks one provider after the other.
func (c *call) chain(ctx context.Context) (Response, *failure) {
	var last *failure
	abroad := 0
	pass := func(e *endpoint, outcome string) {
		c.rec.Tries = append(c.rec.Tries, Try{Provider: e.Name, Outcome: outcome})
	}
	for _, name := range c.plan.Providers {
		e := c.c.providers[name]
		if !e.can(c.p) {
			pass(e, OutcomeIncapable)
			continue
		}
		resp, f := c.provider(ctx, e)
		switch {
		case f == nil:
			return resp, nil
		case f.final || c.emitted:
			return Response{}, f
		case f.outcome == OutcomeAbroad:
			abroad++
			pass(e, f.outcome)
			if last != nil {
				continue
			}
		case f.outcome == OutcomeCircuit:
			pass(e, f.outcome)
			if last != nil && last.outcome != OutcomeAbroad {
				continue
			}
		}
		last = f
	}
	if last == nil {
		return Response{}, &failure{outcome: OutcomeIncapable, err: ErrNoTask}
	}
	return Response{}, last
}

func (e *endpoint) can(p *prepared) bool {
	if p.audio != nil {
		return e.Audio && e.Kind == OpenAI
	}
	return p.images == 0 || e.Images
}

// provider asks one provider until it answers or there is no hope.
func (c *call) provider(ctx context.Context, e *endpoint) (Response, *failure) {
	q := c.p.prompt
	repaired := false
	for retries := 0; ; {
		f := c.permit(ctx, e)
		if f != nil {
			return Response{}, f
		}
		rep, f := c.try(ctx, e, &q)
		if f == nil {
			if c.p.schema == nil {
				return Response{Text: rep.text, Provider: e.Name, Model: rep.model, Truncated: rep.finish == "length"}, nil
			}
			raw, faults := c.p.structured(rep.text)
			if faults == nil {
				return Response{JSON: raw, Provider: e.Name, Model: rep.model, Repaired: repaired}, nil
			}
			c.rec.Tries[len(c.rec.Tries)-1].Outcome = OutcomeInvalid
			if repaired {
				return Response{}, &failure{outcome: OutcomeInvalid, err: ErrInvalid, detail: strings.Join(faults, "; ")}
			}
			repaired = true
			q.turns = repairTurns(c.p.turns, rep.text, faults)
			continue
		}
		if f.final || c.emitted || !f.retry || retries >= c.plan.Retries {
			return Response{}, f
		}
		if f.after > c.plan.MaxWait {
			return Response{}, f
		}
		wait := backoff(retries)
		if f.after > 0 { // never sooner than asked, and not all at once
			wait = f.after + wait/4
		}
		retries++
		if err := c.c.c.Sleep(ctx, wait); err != nil {
			if f := ended(ctx); f != nil {
				return Response{}, f
			}
			return Response{}, &failure{outcome: OutcomeCancelled, err: ErrCancelled, final: true, cause: err}
		}
	}
}

// permit asks everything that can forbid an attempt, except the budget.
func (c *call) permit(ctx context.Context, e *endpoint) *failure {
	if f := ended(ctx); f != nil {
		return f
	}
	if off := c.c.c.Off; off != nil && off(ctx, c.req.Tenant, c.req.Task) {
		return &failure{outcome: OutcomeOff, err: ErrOff, final: true}
	}
	if e.Region != Home {
		if c.c.c.Policy == nil || !c.c.c.Policy(ctx, c.req.Tenant).AllowAbroad {
			return &failure{outcome: OutcomeAbroad, err: ErrAbroad}
		}
	}
	return nil
}

// try makes one attempt: circuit breaker, place, budget, exchange, settlement.
func (c *call) try(ctx context.Context, e *endpoint, q *prompt) (rep reply, f *failure) {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return reply{}, ended(ctx)
	}
	if !e.breaker.allow(c.c.c.Clock.Now()) {
		return reply{}, &failure{outcome: OutcomeCircuit, err: ErrServer, detail: "left alone after failures"}
	}
	reported := false
	defer func() {
		if !reported {
			e.breaker.giveBack()
		}
	}()
	bound := e.Prices.cost(q.bound())
	res, err := c.c.c.Budget.Reserve(ctx, c.req.Tenant, c.req.Task, bound)
	if err != nil {
		if errors.Is(err, ErrBudget) {
			c.rec.Tries = append(c.rec.Tries, Try{Provider: e.Name, Outcome: OutcomeBudget})
			return reply{}, &failure{outcome: OutcomeBudget, err: ErrBudget, final: true}
		}
		if f := ended(ctx); f != nil {
			return reply{}, f
		}
		return reply{}, &failure{outcome: OutcomeInternal, err: ErrServer, detail: "the budget cannot be read", final: true, cause: err}
	}
	c.rec.Provider, c.rec.Model, c.rec.Region = e.Name, e.Model, e.Region
	c.rec.Attempts++
	started := time.Now()
	rep, sent, f := c.exchange(ctx, e, q)
	rep.usage.clamp()
	cost := int64(0)
	switch {
	case rep.usage.known && (f == nil || f.outcome == OutcomeDeclined || rep.usage.out > 0):
		cost = e.Prices.cost(rep.usage)
	case sent: // it may have worked in vain, and will charge for it
		cost = bound
	}
	c.rec.TokensIn += rep.usage.in
	c.rec.TokensOut += rep.usage.out
	c.rec.CostMicro += cost
	t := Try{Provider: e.Name, Outcome: OutcomeOK, Latency: time.Since(started), CostMicro: cost}
	reported = true
	if f != nil {
		t.Outcome = f.outcome
		if f.sick {
			e.breaker.report(c.c.c.Clock.Now(), f.outcome, true, f.after)
		} else {
			e.breaker.giveBack()
		}
	} else {
		e.breaker.report(c.c.c.Clock.Now(), OutcomeOK, false, 0)
	}
	c.rec.Tries = append(c.rec.Tries, t)
	settle, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if err := c.c.c.Budget.Settle(settle, res, cost); err != nil && f == nil {
		// The reservation stands, which errs on the safe side; the answer is good.
		c.rec.Tries[len(c.rec.Tries)-1].CostMicro = bound
	}
	return rep, f
}

// repairTurns shows the model its answer and what is wrong with it.
func repairTurns(turns []turn, answer string, faults []string) []turn {
	out := append([]turn(nil), turns...)
	if a, _ := clip(clean(answer), 8000); strings.TrimSpace(a) != "" {
		out = append(out, turn{"assistant", []block{{text: strings.TrimSpace(a)}}})
	} else { // no empty turns, and no two of one role
		last := out[len(out)-1]
		last.blocks = append(append([]block(nil), last.blocks...), block{text: "Answer with the JSON."})
		out[len(out)-1] = last
		return out
	}
	text := "Your answer does not fit: " + strings.Join(faults, "; ") + ". Give the whole answer again as one JSON value that fits the schema, and nothing else."
	return append(out, turn{"user", []block{{text: text}}})
}

// backoff doubles from half a second, with jitter over its upper half.
func backoff(n int) time.Duration {
	d := min(500*time.Millisecond<<n, 16*time.Second)
	return d/2 + rand.N(d/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *endpoint) url(path string) string {
	return strings.TrimRight(e.BaseURL, "/") + path
}

// hostOf names an endpoint in messages.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}
