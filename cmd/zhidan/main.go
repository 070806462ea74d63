// Command zhidan is the whole product in one binary: the server, its
// administration and its measurements. Every command prints JSON with --json,
// ends with 0 (ok), 1 (failed) or 2 (wrong usage), and never asks a question
// when standard input is not a terminal.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"

	"zhidan/internal/platform/config"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/telemetry"
	"zhidan/internal/server"
	"zhidan/web"
)

// store is where a command finds its data.
type store struct {
	Data     string `help:"Directory of everything that is stored." default:"./data" type:"path"`
	Database string `help:"URL of the store instead of the embedded one: postgres://…"`
	Config   string `help:"YAML file with settings." type:"existingfile" env:"ZHIDAN_CONFIG"`
}

func (s store) load(flags map[string]string) (config.Config, error) {
	if flags == nil {
		flags = map[string]string{}
	}
	flags["data"] = s.Data
	if s.Database != "" {
		flags["database"] = s.Database
	}
	return config.Load(config.Source{File: s.Config, Env: os.Environ(), Flags: flags})
}

// open wires the house for a command that may run beside a server.
func (s store) open(ctx context.Context) (*server.Server, error) { return s.house(ctx, true) }

// house opens the store; beside says that a server may be running on it.
func (s store) house(ctx context.Context, beside bool) (*server.Server, error) {
	c, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	log, err := telemetry.NewLog(os.Stderr, "warn", c.Log.Format)
	if err != nil {
		return nil, err
	}
	return server.New(ctx, server.Options{Config: c, Log: log, Beside: beside})
}

var cli struct {
	JSON bool `help:"Print JSON." short:"j"`

	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Migrate migrateCmd `cmd:"" help:"Bring the schema up to date and end."`
	Demo    demoCmd    `cmd:"" help:"Fill an empty store with a demo company."`
	User    struct {
		Create userCreateCmd `cmd:"" help:"Make a user; the password comes from standard input or is set later."`
	} `cmd:"" help:"People."`
	Token struct {
		Create tokenCreateCmd `cmd:"" help:"Make an API token and print it, alone on its line."`
	} `cmd:"" help:"API tokens."`
	Mail struct {
		Parse mailParseCmd `cmd:"" help:"Show what is found in mails, one JSON object each."`
	} `cmd:"" help:"Mail."`
	Import struct {
		Mail importMailCmd `cmd:"" help:"Take in a directory of mails, an mbox or standard input."`
		CSV  importCSVCmd  `cmd:"" name:"csv" help:"Take in tickets from a CSV file."`
	} `cmd:"" help:"Take in what was elsewhere."`
	Bench struct {
		Seed    benchSeedCmd    `cmd:"" help:"Fill a store with plausible tickets by a bulk way."`
		Routing benchRoutingCmd `cmd:"" help:"Measure how long it takes to decide who gets a ticket."`
		Queue   benchQueueCmd   `cmd:"" help:"Measure how fast a queue is given away, on an empty store."`
		Tables  benchTablesCmd  `cmd:"" help:"Measure exports and imports, on an empty store."`
		Run     benchRunCmd     `cmd:"" help:"Measure creates, lists, search and mail on a running server."`
	} `cmd:"" help:"Measure."`
	Eval    evalCmds   `cmd:"" help:"Measure the models on labelled data of one's own."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// usageError makes the exit code 2.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser := kong.Must(&cli, kong.Name("zhidan"), kong.Description("Zhidan (智单): customer-service tickets."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.Exit(func(code int) {
			if code != 0 {
				code = 2
			}
			os.Exit(code)
		}))
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "zhidan:", err)
		os.Exit(2)
	}
	if err := k.Run(); err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, "zhidan:", err)
		var u usageError
		if errors.As(err, &u) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// show prints a result: as JSON when asked, else in words.
func show(v any, words string) {
	if cli.JSON {
		_ = json.NewEncoder(os.Stdout).Encode(v)
		return
	}
	fmt.Println(words)
}

type versionCmd struct{}

func (versionCmd) Run() error {
	show(map[string]string{"version": server.Version}, server.Version)
	return nil
}

type migrateCmd struct{ store }

func (c migrateCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	show(map[string]any{"migrated": true}, "the schema is up to date")
	return nil
}

type serveCmd struct {
	store
	Addr string `help:"Host and port to listen on." default:"127.0.0.1:8480"`
	Demo bool   `help:"Fill an empty store with a demo company."`
}

func (c serveCmd) Run(ctx context.Context) error {
	cfg, err := c.load(map[string]string{"addr": c.Addr, "demo": strconv.FormatBool(c.Demo)})
	if err != nil {
		return usageError{err}
	}
	log, err := telemetry.NewLog(os.Stderr, cfg.Log.Level, cfg.Log.Format)
	if err != nil {
		return usageError{err}
	}
	slog.SetDefault(log)
	o := server.Options{Config: cfg, Log: log, Assets: web.Files()}
	for {
		err := serve(ctx, o)
		if !db.CannotWrite(err) {
			return err
		}
		// The disk is full: what can be read is served until there is room.
		fmt.Printf("\n  the store cannot be written, it is served for reading until there is room on its disk\n  (%v)\n\n", err)
		if err := server.ServeReading(ctx, o); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// serve opens the house and serves until the context ends.
func serve(ctx context.Context, o server.Options) error {
	s, err := server.New(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.Config.Demo {
		if err := fillDemo(ctx, s, os.Stdout); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	addr, err := s.Listen()
	if err != nil {
		return err
	}
	if err := welcome(ctx, s, server.Address(o.Config.PublicURL, addr), os.Stdout); err != nil {
		return err
	}
	return s.Run(ctx)
}

// welcome says how to get in.
func welcome(ctx context.Context, s *server.Server, url string, w io.Writer) error {
	fmt.Fprintf(w, "\n  Zhidan 智单  %s\n", url)
	needs, err := s.Staff.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if needs {
		token, err := s.Staff.SetupToken(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  set-up token (once): %s\n  open %s/setup?token=%s\n", token, url, token)
	} else if err := demoSignIns(ctx, s, w); err != nil {
		return err
	}
	fmt.Fprintf(w, "  API %s/docs\n\n", url)
	return nil
}
