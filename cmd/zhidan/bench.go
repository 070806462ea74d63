package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"zhidan/internal/bench"
	"zhidan/internal/server"
)

type benchSeedCmd struct {
	store
	Tickets int `help:"How many tickets." default:"100000"`
}

func (c benchSeedCmd) Run(ctx context.Context) error {
	if c.Tickets < 1 || c.Tickets > bench.MaxTickets {
		return usageError{fmt.Errorf("--tickets: 1 to %d", bench.MaxTickets)}
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	last := time.Now()
	got, err := bench.Seed(ctx, s, bench.SeedOptions{Tickets: c.Tickets, Progress: func(stage string, done, of int) {
		if time.Since(last) > time.Second || done == of {
			last = time.Now()
			fmt.Fprintf(os.Stderr, "  %s: %d of %d\n", stage, done, of)
		}
	}})
	if err != nil {
		return err
	}
	show(got, fmt.Sprintf("%d tickets of %d customers in %.1f s, %.0f a second; %d are active\ntoken: %s",
		got.Tickets, got.Customers, got.Seconds, got.PerSecond, got.Active, got.Token))
	return nil
}

// passing opens the store that is named, or one in a directory that goes when
// the command leaves.
func (s store) passing(ctx context.Context) (house *server.Server, leave func(), err error) {
	gone := func() {}
	if s.Data == "" || s.Data == defaultData() {
		if s.Data, err = os.MkdirTemp("", "zhidan-bench-"); err != nil {
			return nil, nil, err
		}
		gone = func() { os.RemoveAll(s.Data) }
	}
	if house, err = s.house(ctx, false); err != nil {
		gone()
		return nil, nil, err
	}
	return house, func() { house.Close(); gone() }, nil
}

type benchQueueCmd struct {
	store
	Waiting int `help:"How many tickets wait." default:"50000"`
	Agents  int `help:"For how many people." default:"1000"`
}

func (c benchQueueCmd) Run(ctx context.Context) error {
	s, leave, err := c.passing(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.Jobs.Start(ctx); err != nil {
		return err
	}
	got, err := bench.Queue(ctx, s, bench.QueueOptions{Waiting: c.Waiting, Agents: c.Agents, Progress: func(what string) { fmt.Fprintln(os.Stderr, " ", what) }})
	if err != nil {
		return err
	}
	show(got, fmt.Sprintf("%d waiting tickets given to %d people in %.1f s: %.0f/s (opened at %.0f/s)", got.Waiting, got.Agents, got.Seconds, got.PerSecond, got.Opened))
	return nil
}

type benchTablesCmd struct {
	store
	Tickets int `help:"How many tickets are exported." default:"100000"`
	Rows    int `help:"How many customers, and how many tickets, are imported." default:"10000"`
}

func (c benchTablesCmd) Run(ctx context.Context) error {
	if c.Tickets < 1 || c.Tickets > bench.MaxTickets || c.Rows < 1 || c.Rows > 200_000 {
		return usageError{fmt.Errorf("--tickets: 1 to %d; --rows: 1 to 200000", bench.MaxTickets)}
	}
	s, leave, err := c.passing(ctx)
	if err != nil {
		return err
	}
	defer leave()
	got, err := bench.Tables(ctx, s, bench.TablesOptions{Tickets: c.Tickets, Rows: c.Rows, Progress: func(what string) { fmt.Fprintln(os.Stderr, " ", what) }})
	if err != nil {
		return err
	}
	words := ""
	for _, x := range got {
		words += fmt.Sprintf("%-18s %7d rows in %6.1f s, %6.0f a second; live memory at most %3.0f MB, %3.0f at the first tenth\n", x.Name, x.Rows, x.Seconds, x.PerSecond, x.PeakMB, x.EarlyMB)
	}
	show(got, strings.TrimSpace(words))
	return nil
}

type benchRoutingCmd struct {
	Agents    int `help:"How many people can have each ticket." default:"1000"`
	Decisions int `help:"How many tickets are decided." default:"5000"`
}

func (c benchRoutingCmd) Run() error {
	if c.Agents < 1 || c.Agents > 100_000 || c.Decisions < 10 || c.Decisions > 10_000_000 {
		return usageError{errors.New("--agents: 1 to 100000; --decisions: 10 to 10000000")}
	}
	got, err := bench.Routing(c.Agents, c.Decisions)
	if err != nil {
		return err
	}
	show(got, fmt.Sprintf("%d decisions over %d people (%.0f can have it), %d factors: p50 %.3f ms, p99 %.3f ms, most %.3f ms; of computing p50 %.3f ms, p99 %.3f ms; the pool is made in %.2f ms",
		got.Decisions, got.Agents, got.Eligible, got.Factors, got.P50, got.P99, got.Most, got.CPU50, got.CPU99, got.Pool))
	return nil
}

type benchRunCmd struct {
	store
	URL     string        `help:"Address of a server on this machine, such as http://127.0.0.1:8480."`
	Token   string        `help:"API token of an administrator." env:"ZHIDAN_TOKEN"`
	Self    bool          `help:"Start the server by oneself, on --data (default: a directory that is removed afterwards), seeded when it is empty."`
	Tickets int           `help:"With --self: how many tickets an empty store is seeded with." default:"20000"`
	Clients []int         `help:"Numbers of clients that create at once." default:"8,64"`
	Seconds int           `help:"Length of each round of creates." default:"10"`
	Calm    time.Duration `help:"Wait at most so long before each part until the server has done what it does once a start." default:"5m"`
	Agents  int           `help:"With --self and an empty store: so many people are there to be given the tickets." default:"0"`
}

func (c benchRunCmd) Run(ctx context.Context) error {
	if c.Self == (c.URL != "") {
		return usageError{errors.New("either --url with --token, or --self")}
	}
	if c.Self {
		stop, err := c.serve(ctx)
		if err != nil {
			return err
		}
		defer stop()
	}
	report, err := bench.Run(ctx, bench.RunOptions{URL: c.URL, Token: c.Token, Clients: c.Clients, Seconds: c.Seconds, Calm: c.Calm,
		Progress: func(what string) { fmt.Fprintln(os.Stderr, " ", what) }})
	if err != nil {
		return err
	}
	if cli.JSON {
		show(report, "")
		return nil
	}
	report.Markdown(os.Stdout)
	return nil
}

// serve starts this program as a server of its own and waits until it is ready.
func (c *benchRunCmd) serve(ctx context.Context) (stop func(), err error) {
	remove := func() {}
	if c.Data == "" || c.Data == defaultData() {
		if c.Data, err = os.MkdirTemp("", "zhidan-bench-"); err != nil {
			return nil, err
		}
		remove = func() { os.RemoveAll(c.Data) }
	}
	defer func() {
		if err != nil {
			remove()
		}
	}()
	if c.Token, err = c.prepare(ctx); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := ln.Addr().String()
	ln.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--addr", addr, "--data", c.Data}
	if c.Database != "" {
		args = append(args, "--database", c.Database)
	}
	if c.Config != "" {
		args = append(args, "--config", c.Config)
	}
	// Whoever stops reading what is printed (| head) must not leave the server behind.
	signal.Ignore(syscall.SIGPIPE)
	child := exec.Command(self, args...) // its output goes nowhere, but it is written
	if err := child.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	stop = func() {
		_ = child.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = child.Process.Kill()
			<-ended
		}
		remove()
	}
	c.URL = "http://" + addr
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get(c.URL + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return stop, nil
			}
		}
		select {
		case err := <-ended:
			remove()
			return nil, fmt.Errorf("the server ended: %v; try %s %s", err, self, strings.Join(args, " "))
		case <-ctx.Done():
			stop()
			return nil, ctx.Err()
		default:
		}
		if time.Since(start) > time.Minute {
			stop()
			return nil, errors.New("the server was not ready within a minute")
		}
	}
}

// prepare makes sure that there are tickets, and gives a token.
func (c *benchRunCmd) prepare(ctx context.Context) (string, error) {
	s, err := c.open(ctx)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if token, err := bench.Token(ctx, s); token != "" || err != nil {
		return token, err
	}
	fmt.Fprintf(os.Stderr, "  seeding %d tickets\n", c.Tickets)
	got, err := bench.Seed(ctx, s, bench.SeedOptions{Tickets: c.Tickets})
	if err != nil || c.Agents == 0 {
		return got.Token, err
	}
	tenants, err := s.Staff.Tenants(ctx)
	if err != nil {
		return "", err
	}
	_, err = bench.People(ctx, s, tenants[0].ID, c.Agents, c.Agents)
	return got.Token, err
}

// defaultData is what --data is when nobody gave it.
func defaultData() string {
	dir, err := os.Getwd()
	if err != nil {
		return "./data"
	}
	return dir + "/data"
}
