package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// RunOptions say what to measure, and how long.
type RunOptions struct {
	URL      string
	Token    string
	Clients  []int             // for each: create with so many at once
	Seconds  int               // of each round of creates
	Calm     time.Duration     // before each part, wait at most so long until the server is busy with nothing of its own
	Progress func(what string) // may be nil
}

// Bounds of a run.
const (
	MaxClients = 512
	MaxSeconds = 600
	rounds     = 40 // of each read
	perRead    = 4 * time.Second
	findWait   = 15 * time.Second
	drainWait  = 2 * time.Minute
	calmUse    = 0.06 // seconds of CPU in a second that a server without work may use
)

// Report is what was measured.
type Report struct {
	Creates []Creates `json:"creates"`
	Found   []Found   `json:"found"`
	Views   []Read    `json:"views"`
	Open    []Read    `json:"open"`
	Search  []Read    `json:"search"`
	// Memory of the server in MiB, before and after.
	MemoryBefore float64 `json:"memory_before_mib"`
	MemoryAfter  float64 `json:"memory_after_mib"`
}

// Creates is one round of opening tickets.
type Creates struct {
	Clients   int     `json:"clients"`
	PerSecond float64 `json:"per_second"`
	Times
	Errors    int     `json:"errors"`
	Error     string  `json:"error,omitempty"` // the first
	CPU       float64 `json:"server_cpu_us"`   // of each, with what follows until all reactions are done
	Behind    int     `json:"behind"`          // events that waited for their reactions at the end
	DrainedIn float64 `json:"drained_s"`       // until none did
}

// Found is how long it took from the answer to a create until a search found it.
type Found struct {
	While string `json:"while"`
	Times
	Missing int `json:"missing"`
}

// Read is a kind of request that reads.
type Read struct {
	Name string `json:"name"`
	Hits int    `json:"hits"`
	Times
	Partial int `json:"partial,omitempty"` // answers that ended at the time budget
}

type run struct {
	*client
	o       RunOptions
	report  Report
	prefix  string // of this run's keys and words
	counter atomic.Int64
}

// Run measures a server. It leaves the tickets that it opened.
func Run(ctx context.Context, o RunOptions) (Report, error) {
	most := 1
	for _, n := range o.Clients {
		if n < 1 || n > MaxClients {
			return Report{}, fmt.Errorf("clients: 1 to %d", MaxClients)
		}
		most = max(most, n)
	}
	if o.Seconds < 1 || o.Seconds > MaxSeconds || len(o.Clients) > 8 {
		return Report{}, fmt.Errorf("1 to %d seconds, and at most 8 numbers of clients", MaxSeconds)
	}
	c, err := newClient(o.URL, o.Token, most)
	if err != nil {
		return Report{}, err
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	r := &run{client: c, o: o, prefix: strings.ToLower(rand.Text()[:10])}
	if r.report.MemoryBefore, err = r.memory(ctx); err != nil {
		return r.report, err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"what the server does once a start", r.calm}, {"lists", r.views}, {"opening tickets", r.open}, {"search", r.search}, {"found by search", r.foundIdle}, {"creates", r.creates},
	} {
		o.Progress(step.what)
		if err := step.do(ctx); err != nil {
			return r.report, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	r.report.MemoryAfter, err = r.memory(ctx)
	return r.report, err
}

func (r *run) memory(ctx context.Context) (float64, error) {
	m, err := r.metrics(ctx)
	return m["process_resident_memory_bytes"] / (1 << 20), err
}

type listAnswer struct {
	Items []struct {
		ID string `json:"id"`
	} `json:"items"`
	Partial bool `json:"partial"`
}

// read repeats a request that lists, until it was made often or long enough.
// The first one is not counted.
func (r *run) read(ctx context.Context, name, path string) (Read, listAnswer, error) {
	out := Read{Name: name}
	var list []time.Duration
	var answer listAnswer
	for start, i := time.Now(), 0; i <= rounds && (i < 4 || time.Since(start) < perRead); i++ {
		answer = listAnswer{}
		took, err := r.call(ctx, "GET", path, nil, &answer, "")
		if err != nil {
			return out, answer, err
		}
		if i == 0 {
			continue
		}
		list = append(list, took)
		if answer.Partial {
			out.Partial++
		}
	}
	out.Times, out.Hits = summary(list), len(answer.Items)
	return out, answer, nil
}

// views reads the first page of every shipped view.
func (r *run) views(ctx context.Context) error {
	var views []struct {
		ID    string `json:"id"`
		Scope string `json:"scope"`
		Name  struct {
			EN string `json:"en"`
		} `json:"name"`
	}
	if _, err := r.call(ctx, "GET", "/views", nil, &views, ""); err != nil {
		return err
	}
	for _, v := range views {
		if v.Scope != "shipped" {
			continue
		}
		got, _, err := r.read(ctx, v.Name.EN, "/tickets?limit=50&view="+v.ID)
		if err != nil {
			return err
		}
		r.report.Views = append(r.report.Views, got)
	}
	return nil
}

// open reads single tickets as the workspace does when one is clicked: the
// ticket and its timeline.
func (r *run) open(ctx context.Context) error {
	var list listAnswer
	if _, err := r.call(ctx, "GET", "/tickets?limit=200", nil, &list, ""); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return errors.New("the server has no tickets; seed it first")
	}
	for _, x := range []struct{ name, path string }{{"ticket", ""}, {"timeline", "/timeline?limit=50"}} {
		var times []time.Duration
		for i, t := range list.Items {
			took, err := r.call(ctx, "GET", "/tickets/"+t.ID+x.path, nil, nil, "")
			if err != nil {
				return err
			}
			if i > 4 || len(list.Items) < 10 {
				times = append(times, took)
			}
		}
		r.report.Open = append(r.report.Open, Read{Name: x.name, Hits: 1, Times: summary(times)})
	}
	return nil
}

func (r *run) search(ctx context.Context) error {
	for _, q := range []string{RareZH, RareEN, MiddleZH, MiddleEN, CommonZH, CommonEN, CommonZH + " " + MiddleZH, CommonEN + " " + MiddleEN, "E5-0032", "BCD-520WK"} {
		got, _, err := r.read(ctx, q, "/tickets?limit=50&q="+url.QueryEscape(q))
		if err != nil {
			return err
		}
		r.report.Search = append(r.report.Search, got)
	}
	return nil
}

// newTicket is what a create sends: half of them from customers who have been
// here before.
func (r *run) newTicket(rng *mrand.Rand, n int64, word string) map[string]any {
	phone := fmt.Sprintf("139%08d", (time.Now().UnixMilli()+n)%100_000_000)
	if n%2 == 0 {
		phone = Phone(rng.IntN(1000))
	}
	return map[string]any{
		"subject":   "冰箱冷藏室不制冷，面板报警",
		"body":      "你好，家里的冰箱从昨天开始不制冷，面板一直显示 E4，断电重启也没有用，麻烦尽快安排师傅上门。订单号 YL" + fmt.Sprint(1e11+n) + " " + word,
		"requester": map[string]any{"name": "测量客户", "phone": phone},
		"type":      "repair", "channel": "web", "language": "zh-CN",
		"fields": map[string]any{"product_model": "BCD-520WK", "fault_code": "E4"},
	}
}

func (r *run) create(ctx context.Context, rng *mrand.Rand, word string) (id string, took time.Duration, err error) {
	n := r.counter.Add(1)
	var made struct {
		ID string `json:"id"`
	}
	took, err = r.call(ctx, "POST", "/tickets", r.newTicket(rng, n, word), &made, fmt.Sprintf("%s-%d", r.prefix, n))
	return made.ID, took, err
}

func (r *run) creates(ctx context.Context) error {
	for i, n := range r.o.Clients {
		r.o.Progress(fmt.Sprintf("creates with %d clients", n))
		if err := r.calm(ctx); err != nil {
			return err
		}
		before, err := r.metrics(ctx)
		if err != nil {
			return err
		}
		out := Creates{Clients: n}
		var mu sync.Mutex
		var times []time.Duration
		start := time.Now()
		end := start.Add(time.Duration(r.o.Seconds) * time.Second)
		var all sync.WaitGroup
		for k := range n {
			all.Go(func() {
				rng := mrand.New(mrand.NewPCG(uint64(k), uint64(i)))
				var mine []time.Duration
				for time.Now().Before(end) && ctx.Err() == nil {
					_, took, err := r.create(ctx, rng, "")
					if err != nil {
						mu.Lock()
						if out.Errors++; out.Error == "" {
							out.Error = err.Error()
						}
						stop := out.Errors > 100
						mu.Unlock()
						if stop {
							return
						}
						continue
					}
					mine = append(mine, took)
				}
				mu.Lock()
				times = append(times, mine...)
				mu.Unlock()
			})
		}
		var found Found
		all.Go(func() { found = r.found(ctx, fmt.Sprintf("%d clients create", n), end) })
		all.Wait()
		if err := ctx.Err(); err != nil {
			return err
		}
		elapsed := time.Since(start)
		if out.Behind, err = r.waiting(ctx); err != nil {
			return err
		}
		if out.DrainedIn, err = r.drain(ctx); err != nil {
			return err
		}
		after, err := r.metrics(ctx)
		if err != nil {
			return err
		}
		out.Times = summary(times)
		out.PerSecond = float64(len(times)) / elapsed.Seconds()
		if len(times) > 0 {
			out.CPU = (after[processCPU] - before[processCPU]) * 1e6 / float64(len(times))
		}
		r.report.Creates = append(r.report.Creates, out)
		r.report.Found = append(r.report.Found, found)
	}
	return nil
}

// processCPU is what the server's process has used, in seconds.
const processCPU = "process_cpu_seconds_total"

// calm waits until the server is busy with nothing of its own: after its first
// start it trains the shipped models, reads tickets back for likeness and makes
// the facts of what was seeded. Figures are of what it does for us.
func (r *run) calm(ctx context.Context) error {
	before, err := r.metrics(ctx)
	for start := time.Now(); err == nil && time.Since(start) < r.o.Calm; {
		if err = pause(ctx, time.Second); err != nil {
			return err
		}
		var now map[string]float64
		if now, err = r.metrics(ctx); err != nil {
			return err
		}
		if now[processCPU]-before[processCPU] < calmUse {
			return nil
		}
		before = now
	}
	return err
}

// drain waits until every event has been to all its reactions.
func (r *run) drain(ctx context.Context) (seconds float64, err error) {
	start := time.Now()
	for time.Since(start) < drainWait {
		n, err := r.waiting(ctx)
		if err != nil || n == 0 {
			return time.Since(start).Seconds(), err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds(), nil
}

func (r *run) foundIdle(ctx context.Context) error {
	f := r.found(ctx, "nothing else happens", time.Now().Add(30*time.Second))
	r.report.Found = append(r.report.Found, f)
	return ctx.Err()
}

// found opens tickets with a word that nobody else uses and searches for it
// until it is found.
func (r *run) found(ctx context.Context, while string, end time.Time) Found {
	out := Found{While: while}
	rng := mrand.New(mrand.NewPCG(1, 2))
	var times []time.Duration
	for i := 0; i < 20 && time.Now().Before(end) && ctx.Err() == nil; i++ {
		word := fmt.Sprintf("%sx%d", r.prefix, r.counter.Add(1))
		id, _, err := r.create(ctx, rng, word)
		if err != nil {
			out.Missing++
			continue
		}
		start := time.Now()
		for {
			var answer listAnswer
			_, err := r.call(ctx, "GET", "/tickets?limit=5&q="+word, nil, &answer, "")
			if err == nil && len(answer.Items) == 1 && answer.Items[0].ID == id {
				times = append(times, time.Since(start))
				break
			}
			if time.Since(start) > findWait || pause(ctx, 5*time.Millisecond) != nil {
				out.Missing++
				break
			}
		}
	}
	out.Times = summary(times)
	return out
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Markdown writes the report as tables.
func (p Report) Markdown(w io.Writer) {
	fmt.Fprintf(w, "| creates, clients | a second | p50 ms | p99 ms | max ms | server CPU µs each | events behind at the end | done after s | errors |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, c := range p.Creates {
		fmt.Fprintf(w, "| %d | %.0f | %.1f | %.1f | %.1f | %.0f | %d | %.1f | %d |\n", c.Clients, c.PerSecond, c.P50, c.P99, c.Max, c.CPU, c.Behind, c.DrainedIn, c.Errors)
	}
	fmt.Fprintf(w, "\n| found by search, while | p50 ms | p95 ms | max ms | not found |\n|---|--:|--:|--:|--:|\n")
	for _, f := range p.Found {
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.0f | %d |\n", f.While, f.P50, f.P95, f.Max, f.Missing)
	}
	for _, x := range []struct {
		head string
		list []Read
	}{{"first page of", p.Views}, {"open", p.Open}, {"search for", p.Search}} {
		fmt.Fprintf(w, "\n| %s | rows | p50 ms | p95 ms | p99 ms | cut at the budget |\n|---|--:|--:|--:|--:|--:|\n", x.head)
		for _, r := range x.list {
			fmt.Fprintf(w, "| %s | %d | %.1f | %.1f | %.1f | %d of %d |\n", r.Name, r.Hits, r.P50, r.P95, r.P99, r.Partial, r.Count)
		}
	}
	fmt.Fprintf(w, "\nMemory of the server: %.0f MiB before, %.0f MiB after.\n", p.MemoryBefore, p.MemoryAfter)
	for _, c := range p.Creates {
		if c.Error != "" {
			fmt.Fprintf(w, "\nFirst error with %d clients: %s\n", c.Clients, c.Error)
		}
	}
}
