package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zhidan/internal/mind/llm"
	"zhidan/internal/mind/llm/llmtest"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

const tenant = id.ID(7)

var labelSchema = json.RawMessage(`{"type":"object","properties":{"label":{"type":"string","enum":["refund","repair"]},"phone":{"type":"string"}},"required":["label"],"additionalProperties":false}`)

// house is a client with peers and everything it recorded.
type house struct {
	*llm.Client
	mu      sync.Mutex
	records []llm.Record
	off     atomic.Bool
	abroad  atomic.Bool
	budget  *llm.MemoryBudget
}

func (h *house) last(t *testing.T) llm.Record {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.records) == 0 {
		t.Fatal("nothing was recorded")
	}
	return h.records[len(h.records)-1]
}

type option func(*llm.Config)

func withPlan(edit func(*llm.Plan)) option {
	return func(c *llm.Config) {
		p := c.Tasks["test"]
		edit(&p)
		c.Tasks["test"] = p
	}
}

func withProvider(name string, edit func(*llm.Provider)) option {
	return func(c *llm.Config) {
		for i := range c.Providers {
			if c.Providers[i].Name == name {
				edit(&c.Providers[i])
			}
		}
	}
}

// hosts sends each request to the peer whose host it names.
type hosts map[string]http.RoundTripper

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	t, ok := h[r.URL.Host]
	if !ok {
		return nil, errors.New("no such host")
	}
	return t.RoundTrip(r)
}

func build(t *testing.T, kinds []llm.Kind, peers []*llmtest.Peer, opts ...option) *house {
	t.Helper()
	h := &house{budget: llm.Unlimited()}
	route := hosts{}
	c := llm.Config{
		HTTP:   &http.Client{Transport: route},
		Tasks:  map[llm.Task]llm.Plan{"test": {Retries: -1, MaxTokens: 100}},
		Budget: h.budget,
		Off:    func(context.Context, id.ID, llm.Task) bool { return h.off.Load() },
		Policy: func(context.Context, id.ID) llm.Policy { return llm.Policy{AllowAbroad: h.abroad.Load()} },
		Record: func(_ context.Context, r llm.Record) {
			h.mu.Lock()
			h.records = append(h.records, r)
			h.mu.Unlock()
		},
	}
	plan := c.Tasks["test"]
	for i, p := range peers {
		host := fmt.Sprintf("p%d.test", i+1)
		route[host] = p.HTTP().Transport
		base := "http://" + host
		if kinds[i] == llm.OpenAI {
			base += "/v1"
		}
		name := fmt.Sprintf("p%d", i+1)
		c.Providers = append(c.Providers, llm.Provider{Name: name, Kind: kinds[i], BaseURL: base, Key: secret.NewText("sk-canary-123"),
			Model: "m", Region: llm.Home, Prices: llm.Prices{In: 1000, Out: 2000}, Images: true, Audio: true})
		plan.Providers = append(plan.Providers, name)
	}
	c.Tasks["test"] = plan
	for _, o := range opts {
		o(&c)
	}
	if b, ok := c.Budget.(*llm.MemoryBudget); ok {
		h.budget = b
	}
	cl, err := llm.New(c)
	if err != nil {
		t.Fatal(err)
	}
	h.Client = cl
	return h
}

// each runs a test against both formats in a bubble where time costs nothing.
func each(t *testing.T, fn func(t *testing.T, kind llm.Kind)) {
	for _, k := range []llm.Kind{llm.OpenAI, llm.Anthropic} {
		t.Run(string(k), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { fn(t, k) })
		})
	}
}

func ask(parts ...llm.Part) llm.Request {
	if len(parts) == 0 {
		parts = []llm.Part{llm.Untrusted("我要退款")}
	}
	return llm.Request{Tenant: tenant, Task: "test", System: "Classify.", Parts: parts}
}

func TestAnswerUsageAndRecord(t *testing.T) {
	each(t, func(t *testing.T, k llm.Kind) {
		p := llmtest.Pipe(t, llmtest.Script{Text: "fine", In: 40, Out: 5, Before: 2 * time.Second})
		h := build(t, []llm.Kind{k}, []*llmtest.Peer{p})
		r, err := h.Do(t.Context(), ask())
		if err != nil || r.Text != "fine" || r.TokensIn != 40 || r.TokensOut != 5 || r.CostMicro != 50 || r.Model != "scripted-model" {
			t.Fatalf("%+v %v", r, err)
		}
		rec := h.last(t)
		if rec.Outcome != llm.OutcomeOK || rec.Attempts != 1 || rec.CostMicro != 50 || rec.Latency != 2*time.Second || len(rec.PromptHash) != 64 || rec.Tenant != tenant {
			t.Errorf("%+v", rec)
		}
		if got := h.budget.Spent(tenant, time.Now().UTC().Format("2006-01-02"), "test"); got.Micro != 50 || got.Calls != 1 {
			t.Errorf("budget settled at %+v", got)
		}
		first := rec.PromptHash
		if _, err := h.Do(t.Context(), ask()); err != nil || h.last(t).PromptHash != first {
			t.Error("the same prompt has another hash")
		}
	})
}

func TestKeyGoesInItsHeaderAndNowhereElse(t *testing.T) {
	each(t, func(t *testing.T, k llm.Kind) {
		p := llmtest.Pipe(t, llmtest.Script{Status: 401, Error: "Incorrect API key sk-canary-123"})
		h := build(t, []llm.Kind{k}, []*llmtest.Peer{p})
		_, err := h.Do(t.Context(), ask())
		if !errors.Is(err, llm.ErrRejected) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v", err)
		}
		header := p.Last().Header
		if header.Get("Authorization") != "Bearer sk-canary-123" && header.Get("X-Api-Key") != "sk-canary-123" {
			t.Errorf("no key: %v", header)
		}
		if rec := fmt.Sprintf("%+v", h.last(t)); strings.Contains(rec, "canary") {
			t.Error(rec)
		}
		provider := llm.Provider{Name: "x", Key: secret.NewText("sk-canary-123")}
		b, _ := json.Marshal(provider)
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", provider)
		if all := fmt.Sprintf("%v %+v %#v %s %s", provider, provider, provider.Key, b, log.String()); strings.Contains(all, "canary") {
			t.Errorf("the key shows: %s", all)
		}
	})
}

func TestStructuredAnswers(t *testing.T) {
	good := `{"label":"refund"}`
	for name, c := range map[string]struct {
		script   []llmtest.Script
		want     string
		repaired bool
		err      error
	}{
		"plain":           {[]llmtest.Script{llmtest.Say(good)}, good, false, nil},
		"in prose":        {[]llmtest.Script{{Text: "Sure [1]! Here:\n```json\n" + good + "\n```\nAnything else?", PlainText: true}}, good, false, nil},
		"thinks first":    {[]llmtest.Script{{Text: "<think>{\"label\":\"repair\"}</think>\n" + good, PlainText: true}}, good, false, nil},
		"broken, then ok": {[]llmtest.Script{{Text: `{"label":"ref`}, llmtest.Say(good)}, good, true, nil},
		"wrong, then ok":  {[]llmtest.Script{llmtest.Say(`{"label":"banana"}`), llmtest.Say(good)}, good, true, nil},
		"empty, then ok":  {[]llmtest.Script{{Text: ""}, llmtest.Say(good)}, good, true, nil},
		"broken twice":    {[]llmtest.Script{{Text: `{"label":`}}, "", false, llm.ErrInvalid},
		"extra property":  {[]llmtest.Script{llmtest.Say(`{"label":"refund","run":"rm"}`)}, "", false, llm.ErrInvalid},
		"too deep":        {[]llmtest.Script{{Text: strings.Repeat("[", 200) + strings.Repeat("]", 200)}}, "", false, llm.ErrInvalid},
		"only prose":      {[]llmtest.Script{{Text: "I will not."}}, "", false, llm.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k llm.Kind) {
				p := llmtest.Pipe(t, c.script...)
				h := build(t, []llm.Kind{k}, []*llmtest.Peer{p})
				req := ask()
				req.Schema = labelSchema
				r, err := h.Do(t.Context(), req)
				if !errors.Is(err, c.err) || string(r.JSON) != c.want || r.Repaired != c.repaired {
					t.Fatalf("%s %v repaired %v", r.JSON, err, r.Repaired)
				}
				calls := len(p.Calls())
				if want := 1; c.repaired || c.err != nil {
					want = 2
					if calls != want {
						t.Errorf("%d calls, want %d", calls, want)
					}
					if c.script[0].Text != "" && !strings.Contains(p.Last().Prompt(), "does not fit") {
						t.Error("the model was not told what is wrong")
					}
				} else if calls != want {
					t.Errorf("%d calls, want %d", calls, want)
				}
				if c.repaired && h.last(t).Outcome != llm.OutcomeRepaired {
					t.Error(h.last(t).Outcome)
				}
			})
		})
	}
}

func TestStructuredModesOnTheWire(t *testing.T) {
	for mode, field := range map[llm.Structured]map[llm.Kind]string{
		"":             {llm.OpenAI: `"response_format":{"type":"json_object"}`, llm.Anthropic: `"tool_choice":{"name":"answer","type":"tool"}`},
		llm.SchemaMode: {llm.OpenAI: `"response_format":{"json_schema":{"name":"answer","schema":`, llm.Anthropic: `"output_config":{"format":{"schema":`},
	} {
		each(t, func(t *testing.T, k llm.Kind) {
			p := llmtest.Pipe(t, llmtest.Say(`{"label":"refund"}`))
			h := build(t, []llm.Kind{k}, []*llmtest.Peer{p}, withProvider("p1", func(p *llm.Provider) { p.Structured = mode }))
			req := ask()
			req.Schema = labelSchema
			if _, err := h.Do(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			if body := string(p.Last().Body); !strings.Contains(body, field[k]) {
				t.Errorf("mode %q: no %s in %s", mode, field[k], body)
			}
		})
	}
}

func TestRetriesAndFallback(t *testing.T) {
	for name, c := range map[string]struct {
		first    []llmtest.Script
		retries  int
		calls    int // at the first provider
		fallback bool
		waited   time.Duration // at least
	}{
		"500 then ok":            {[]llmtest.Script{llmtest.Fail(500), llmtest.Say("one")}, 2, 2, false, 250 * time.Millisecond},
		"429 heeds Retry-After":  {[]llmtest.Script{{Status: 429, RetryAfter: "7"}, llmtest.Say("one")}, 2, 2, false, 7 * time.Second},
		"529 then ok":            {[]llmtest.Script{llmtest.Fail(529), llmtest.Say("one")}, 2, 2, false, 0},
		"429 for too long":       {[]llmtest.Script{{Status: 429, RetryAfter: "3600"}}, 2, 1, true, 0},
		"500 for ever":           {[]llmtest.Script{llmtest.Fail(503)}, 2, 3, true, 0},
		"400 is not retried":     {[]llmtest.Script{llmtest.Fail(400)}, 2, 1, true, 0},
		"cut then ok":            {[]llmtest.Script{{Text: "one", Cut: 1}, llmtest.Say("one")}, 2, 2, false, 0},
		"redirect is not walked": {[]llmtest.Script{{Redirect: "http://p2.test/steal"}}, 2, 1, true, 0},
		"not the format":         {[]llmtest.Script{{Body: "<html>Bad gateway</html>"}}, 1, 2, true, 0},
		"too large":              {[]llmtest.Script{{Huge: 6 << 20}}, 2, 1, true, 0},
		"filtered":               {[]llmtest.Script{{Text: "no", Finish: "content_filter"}}, 2, 1, true, 0},
		"nothing at all":         {[]llmtest.Script{{Body: "\n\n"}}, 1, 2, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p1, p2 := llmtest.Pipe(t, c.first...), llmtest.Pipe(t, llmtest.Say("two"))
				h := build(t, []llm.Kind{llm.OpenAI, llm.Anthropic}, []*llmtest.Peer{p1, p2}, withPlan(func(p *llm.Plan) { p.Retries = c.retries }))
				start := time.Now()
				r, err := h.Do(t.Context(), ask())
				if err != nil {
					t.Fatal(err)
				}
				want := "one"
				if c.fallback {
					want = "two"
				}
				if r.Text != want || len(p1.Calls()) != c.calls {
					t.Errorf("%q after %d calls; tries %+v", r.Text, len(p1.Calls()), h.last(t).Tries)
				}
				if d := time.Since(start); d < c.waited || d > c.waited+15*time.Second {
					t.Errorf("waited %v", d)
				}
				for _, call := range p2.Calls() {
					if call.Path == "/steal" {
						t.Error("the words followed a redirect")
					}
				}
			})
		})
	}
}

func TestTimeouts(t *testing.T) {
	plan := func(p *llm.Plan) {
		p.Connect, p.FirstToken, p.Stall, p.Attempt, p.Total = 2*time.Second, 5*time.Second, 3*time.Second, 30*time.Second, 50*time.Second
	}
	many := make([]string, 100)
	for i := range many {
		many[i] = "x"
	}
	for name, c := range map[string]struct {
		script  llmtest.Script
		stream  bool
		outcome string
		after   time.Duration
	}{
		"hangs":                     {llmtest.Script{Hang: true}, false, llm.OutcomeAttempt, 30 * time.Second},
		"hangs, stream":             {llmtest.Script{Hang: true}, true, llm.OutcomeFirst, 5 * time.Second},
		"comments but no token":     {llmtest.Script{Text: "x", First: time.Minute}, true, llm.OutcomeFirst, 5 * time.Second},
		"stalls in a stream":        {llmtest.Script{Text: "abcdef", Stall: 2}, true, llm.OutcomeStall, 3 * time.Second},
		"stalls in an answer":       {llmtest.Script{Text: "abcdef", Stall: 1}, false, llm.OutcomeStall, 3 * time.Second},
		"slow loris":                {llmtest.Script{Text: strings.Repeat("abc", 50), Drip: time.Second}, false, llm.OutcomeAttempt, 30 * time.Second},
		"slow loris, stream":        {llmtest.Script{Text: "abc", Drip: 2 * time.Second}, true, llm.OutcomeFirst, 5 * time.Second},
		"talks for ever":            {llmtest.Script{Deltas: many, Every: time.Second}, true, llm.OutcomeAttempt, 30 * time.Second},
		"blank lines, then nothing": {llmtest.Script{Text: "x", Blanks: 1000}, false, llm.OutcomeAttempt, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k llm.Kind) {
				p := llmtest.Pipe(t, c.script)
				h := build(t, []llm.Kind{k}, []*llmtest.Peer{p}, withPlan(plan))
				start := time.Now()
				var err error
				if c.stream {
					_, err = h.Stream(t.Context(), ask(), func(string) error { return nil })
				} else {
					_, err = h.Do(t.Context(), ask())
				}
				if !errors.Is(err, llm.ErrTimeout) {
					t.Errorf("%v", err)
				}
				rec := h.last(t)
				if rec.Outcome != c.outcome {
					t.Errorf("outcome %s", rec.Outcome)
				}
				if d := time.Since(start); d < c.after || d > c.after+time.Second {
					t.Errorf("took %v", d)
				}
				if rec.CostMicro == 0 {
					t.Error("what the provider may have charged is not counted")
				}
				synctest.Wait()
				if p.Open() != 0 {
					t.Error("the connection was left open")
				}
			})
		})
	}
}

func TestTotalTimeEndsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := llmtest.Pipe(t, llmtest.Script{Hang: true})
		h := build(t, []llm.Kind{llm.OpenAI, llm.OpenAI}, []*llmtest.Peer{p, p}, withPlan(func(p *llm.Plan) {
			p.Attempt, p.Total, p.Retries = 8*time.Second, 10*time.Second, 5
		}))
		start := time.Now()
		if _, err := h.Do(t.Context(), ask()); !errors.Is(err, llm.ErrTimeout) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := build(t, []llm.Kind{llm.OpenAI}, []*llmtest.Peer{llmtest.Pipe(t)}, withProvider("p1", func(p *llm.Provider) { p.BaseURL = "http://nobody.test/v1" }))
		if _, err := h.Do(t.Context(), ask()); !errors.Is(err, llm.ErrServer) || fault.KindOf(err) != fault.Unavailable {
			t.Error(err)
		}
		if r := h.last(t); r.Outcome != llm.OutcomeNetwork || r.CostMicro != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestCircuitBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sick, well := llmtest.Pipe(t, llmtest.Fail(500)), llmtest.Pipe(t, llmtest.Say("two"))
		h := build(t, []llm.Kind{llm.OpenAI, llm.OpenAI}, []*llmtest.Peer{sick, well})
		for range 20 {
			if r, err := h.Do(t.Context(), ask()); err != nil || r.Text != "two" {
				t.Fatal(r, err)
			}
		}
		if n := len(sick.Calls()); n != 5 {
			t.Errorf("a sick provider was asked %d times", n)
		}
		if hs := h.Health(); hs[0].Until == 0 || hs[0].Last != llm.OutcomeServer || hs[1].Failures != 0 {
			t.Errorf("%+v", hs)
		}
		sick.Then(llmtest.Say("one"))
		time.Sleep(31 * time.Second)
		if r, _ := h.Do(t.Context(), ask()); r.Text != "one" {
			t.Errorf("not tried again: %q", r.Text)
		}
		if r, _ := h.Do(t.Context(), ask()); r.Text != "one" {
			t.Error("not well again")
		}
	})
}

func TestAbroadNeedsPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, near := llmtest.Pipe(t, llmtest.Say("far")), llmtest.Pipe(t, llmtest.Say("near"))
		abroad := func(p *llm.Provider) { p.Region, p.BaseURL = "", "https://p1.test/v1" } // not said where: abroad
		h := build(t, []llm.Kind{llm.OpenAI, llm.OpenAI}, []*llmtest.Peer{far, near}, withProvider("p1", abroad), func(c *llm.Config) {
			c.HTTP = &http.Client{Transport: plain{c.HTTP.Transport}}
		})
		if r, err := h.Do(t.Context(), ask()); err != nil || r.Text != "near" || len(far.Calls()) != 0 {
			t.Fatal(r, err, len(far.Calls()))
		}
		if rec := h.last(t); rec.Tries[0].Outcome != llm.OutcomeAbroad {
			t.Errorf("%+v", rec)
		}
		h.abroad.Store(true)
		if r, err := h.Do(t.Context(), ask()); err != nil || r.Text != "far" || h.last(t).Region != llm.Abroad {
			t.Fatal(r, err)
		}
		h.abroad.Store(false)
		alone := build(t, []llm.Kind{llm.OpenAI}, []*llmtest.Peer{far}, withProvider("p1", abroad))
		if _, err := alone.Do(t.Context(), ask()); !errors.Is(err, llm.ErrAbroad) || fault.KindOf(err) != fault.Forbidden {
			t.Error(err)
		}
	})
}

// plain carries https to the peer in memory, which has no certificate.
type plain struct{ next http.RoundTripper }

func (p plain) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return p.next.RoundTrip(r)
}

func TestSwitch(t *testing.T) {
	for name, s := range map[string]llmtest.Script{
		"while it streams": {Deltas: strings.Split(strings.Repeat("x ", 600), " "), Every: 100 * time.Millisecond},
		"while it hangs":   {Hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k llm.Kind) {
				p := llmtest.Pipe(t, s)
				h := build(t, []llm.Kind{k}, []*llmtest.Peer{p})
				start := time.Now()
				go func() {
					time.Sleep(2 * time.Second)
					h.off.Store(true)
				}()
				var after int
				_, err := h.Stream(t.Context(), ask(), func(string) error {
					if time.Since(start) > 3*time.Second {
						after++
					}
					return nil
				})
				if !errors.Is(err, llm.ErrOff) || after > 0 {
					t.Errorf("%v, %d pieces after a second", err, after)
				}
				if d := time.Since(start) - 2*time.Second; d > time.Second {
					t.Errorf("cut after %v", d)
				}
				n := len(p.Calls())
				if _, err := h.Do(t.Context(), ask()); !errors.Is(err, llm.ErrOff) || len(p.Calls()) != n {
					t.Error("asked though switched off")
				}
				if h.last(t).Outcome != llm.OutcomeOff {
					t.Error(h.last(t).Outcome)
				}
			})
		})
	}
}

func TestSwitchEndsTheWaitForARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := llmtest.Pipe(t, llmtest.Script{Status: 429, RetryAfter: "15"})
		h := build(t, []llm.Kind{llm.OpenAI}, []*llmtest.Peer{p}, withPlan(func(p *llm.Plan) { p.Retries = 3 }))
		go func() { time.Sleep(time.Second); h.off.Store(true) }()
		start := time.Now()
		if _, err := h.Do(t.Context(), ask()); !errors.Is(err, llm.ErrOff) || time.Since(start) > 2*time.Second || len(p.Calls()) != 1 {
			t.Errorf("%v after %v and %d calls", err, time.Since(start), len(p.Calls()))
		}
	})
}

func TestBudgetIsNeverPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 40_000
		var sent atomic.Int64
		p := llmtest.Pipe(t)
		p.Answer(func(llmtest.Call) llmtest.Script {
			n := sent.Add(1)
			return llmtest.Script{Text: "ok", In: 300, Out: 100, Before: time.Duration(n%7) * time.Second} // 500 each
		})
		b := llm.NewMemoryBudget(nil, llm.Limit{Micro: limit, Calls: 1000}, nil)
		h := build(t, []llm.Kind{llm.OpenAI}, []*llmtest.Peer{p}, func(c *llm.Config) { c.Budget = b },
			withProvider("p1", func(p *llm.Provider) { p.Concurrent = 64 }))
		day := time.Now().UTC().Format("2006-01-02")
		var wg sync.WaitGroup
		var refused atomic.Int64
		for range 300 {
			wg.Go(func() {
				if _, err := h.Do(t.Context(), ask()); errors.Is(err, llm.ErrBudget) {
					refused.Add(1)
				}
				if s := b.Spent(tenant, day, ""); s.Micro > limit {
					t.Errorf("reserved %d", s.Micro)
				}
			})
		}
		wg.Wait()
		s := b.Spent(tenant, day, "")
		if s.Micro != 500*sent.Load() || s.Micro > limit || refused.Load()+sent.Load() != 300 || refused.Load() == 0 {
			t.Errorf("spent %+v for %d calls, %d refused", s, sent.Load(), refused.Load())
		}
		if _, err := h.Do(t.Context(), llm.Request{Tenant: 8, Task: "test", Parts: []llm.Part{llm.Text("x")}}); err != nil {
			t.Error("another tenant pays for it", err)
		}
		time.Sleep(24 * time.Hour)
		if _, err := h.Do(t.Context(), ask()); err != nil {
			t.Error("a new day has no budget", err)
		}
	})
}

func TestBudgetByTaskAndCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := llmtest.Pipe(t, llmtest.Fail(500))
		b := llm.NewMemoryBudget(nil, llm.Limit{Micro: -1, Calls: -1}, map[llm.Task]llm.Limit{"test": {Micro: -1, Calls: 3}})
		h := build(t, []llm.Kind{llm.OpenAI}, []*llmtest.Peer{p}, func(c *llm.Config) { c.Budget = b }, withPlan(func(p *llm.Plan) { p.Retries = 10 }))
		if _, err := h.Do(t.Context(), ask()); !errors.Is(err, llm.ErrBudget) || len(p.Calls()) != 3 {
			t.Errorf("%v after %d attempts", err, len(p.Calls()))
		}
		if r := h.last(t); r.Outcome != llm.OutcomeBudget || r.Attempts != 3 || r.CostMicro != 0 {
			t.Errorf("%+v", r)
		}
	})
}
