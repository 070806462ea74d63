// Package server puts the house together: it is the only package that imports
// everything. New opens what is stored and wires the rooms, Run serves until the
// context ends, Close gives everything back. passes.go and reactions.go are the
// two tables in which one sees what takes part in a write and what follows it.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"zhidan/internal/channel"
	"zhidan/internal/desk/calendar"
	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/notify"
	"zhidan/internal/desk/phrase"
	"zhidan/internal/desk/report"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/routing"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/desk/understand"
	"zhidan/internal/desk/viewing"
	"zhidan/internal/platform/blob"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/config"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/schema"
	"zhidan/internal/platform/secret"
	"zhidan/internal/platform/telemetry"
	"zhidan/internal/platform/web"
)

// Version is set by the build.
var Version = "dev"

// Options are what a test or a command may put in place of the real thing.
type Options struct {
	Config config.Config
	Clock  *clock.Clock
	Log    *slog.Logger
	Assets fs.FS
	// IDs replaces the leased node number: for seeding a store with a past.
	IDs *id.Source
	// ReadOnly opens a store that cannot be written: it takes no leases, runs
	// nothing behind requests, and answers every write as unavailable.
	ReadOnly bool
	// Beside says that a server may be running on the same store: a command
	// then takes no leases and runs no jobs.
	Beside bool
}

// Server is a wired house.
type Server struct {
	Config    config.Config
	DB        *db.DB
	Bus       *bus.Bus
	IDs       *id.Source
	Clock     *clock.Clock
	Log       *slog.Logger
	Jobs      *job.Queue
	Blobs     *blob.Store
	Vault     *secret.Vault
	Index     *fulltext.Index
	Forms     *form.Cache
	Staff     *staff.House
	Calendars *calendar.Cache
	Customers *customer.Book
	Roster    *roster.Room
	Desk      *ticket.Desk
	Mind      *understand.Mind
	SLA       *sla.Room
	Notify    *notify.Room
	Routing   *routing.Room
	Report    *report.Room
	Phrases   *phrase.Room
	Viewing   *viewing.Room
	Exchange  *exchange.Room
	Intake    *channel.Intake
	Hub       *live.Hub
	API       *web.API
	Metrics   *telemetry.Metrics

	readOnly bool
	tracing  *telemetry.Tracing
	node     *job.Node
	http     *http.Server
	ln       net.Listener
	closers  []func()
}

// DatabaseURL is where a configuration keeps its rows.
func DatabaseURL(c config.Config) string {
	if u := c.Database.Reveal(); u != "" {
		return u
	}
	return "sqlite:" + filepath.Join(c.Data, "zhidan.db")
}

// New opens the store, brings its schema up to date and wires the rooms. What
// it opened is closed again when it fails.
func New(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{Config: o.Config, Clock: o.Clock, Log: o.Log, readOnly: o.ReadOnly}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.Clock == nil {
		s.Clock = &clock.Clock{}
	}
	if s.Log == nil {
		if s.Log, err = telemetry.NewLog(os.Stderr, o.Config.Log.Level, o.Config.Log.Format); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(o.Config.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	url := DatabaseURL(o.Config)
	if s.DB, err = db.Open(ctx, db.Config{URL: url, MaxReaders: o.Config.DB.Readers, MaxConns: o.Config.DB.Conns, ReadOnly: o.ReadOnly, Log: s.Log}); err != nil {
		return nil, err
	}
	s.onClose(func() { s.DB.Close() })
	if err := s.schema(ctx); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if s.Bus = bus.Open(bus.Config{URL: url, Log: s.Log}); s.Bus != nil {
		s.onClose(s.Bus.Close)
	}
	host, _ := os.Hostname()
	if s.IDs = o.IDs; s.IDs == nil && s.readOnly {
		s.IDs = id.NewSource(0, s.Clock.Millis) // what it names is written nowhere
	} else if s.IDs == nil {
		if s.node, err = job.LeaseNode(ctx, s.DB, s.Log, host); err != nil {
			return nil, err
		}
		s.onClose(func() { s.node.Close() })
		s.IDs = id.NewSource(s.node.Number, s.Clock.Millis)
	}
	s.Jobs = job.New_(job.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Node: host, Bus: s.Bus,
		Exclusive: s.DB.Engine() == db.SQLite && !o.Beside})
	if err := s.rooms(ctx, o); err != nil {
		return nil, err
	}
	return s, s.door(ctx, o)
}

// schema brings the store up to date, or sees that it is.
func (s *Server) schema(ctx context.Context) error {
	if !s.readOnly {
		return schema.Up(ctx, s.DB)
	}
	n, err := schema.Pending(ctx, s.DB)
	if err == nil && n > 0 {
		err = fmt.Errorf("the store lacks %d of its migrations and cannot be written: make room on its disk and start again", n)
	}
	return err
}

func (s *Server) rooms(ctx context.Context, o Options) (err error) {
	c := s.Config
	if s.Blobs, err = blob.Open(filepath.Join(c.Data, "blobs")); err != nil {
		return err
	}
	keys := c.Keys.File
	if keys == "" {
		keys = filepath.Join(c.Data, "master.key")
	}
	if s.Vault, err = secret.Open(ctx, secret.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, MasterFile: keys}); err != nil {
		return err
	}
	s.Index = &fulltext.Index{}
	if !s.readOnly {
		if err := s.partitions(ctx); err != nil {
			return err
		}
	}
	s.Forms = form.NewCache(form.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Bus: s.Bus, Changed: s.configChanged,
		Record: func(ctx context.Context, tx *db.Tx, a *staff.Actor, act staff.Act) error {
			return s.Staff.Record(ctx, tx, a, act)
		}})
	s.Staff = staff.New(staff.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Absolute: c.Session.Absolute, Idle: c.Session.Idle,
		Demo: c.Demo, Seed: s.seedTenant})
	s.Calendars = calendar.NewCache(calendar.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Staff: s.Staff, Bus: s.Bus})
	s.Customers = customer.New(customer.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Vault: s.Vault})
	s.Hub = live.New(live.Config{Bus: s.Bus, Log: s.Log, Connected: func(tenant, user id.ID, screens int) { s.Roster.Connected(tenant, user, screens) }})
	s.onClose(s.Hub.Close)
	s.Roster = roster.New(roster.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Jobs: s.Jobs, Staff: s.Staff, Bus: s.Bus, Hub: s.Hub})
	s.Staff.Left = s.Roster.Left
	s.onClose(s.Roster.Close)
	s.Desk = ticket.NewDesk(ticket.Config{
		DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Jobs: s.Jobs, Vault: s.Vault, Forms: s.Forms,
		Customers: s.Customers, Staff: s.Staff, Index: s.Index, Blobs: s.Blobs, Hub: s.Hub,
	})
	s.Desk.OnErase(s.Roster.EraseTickets)
	allowed, err := c.OutboundAllowed()
	if err != nil {
		return err
	}
	s.Mind = understand.New(understand.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Jobs: s.Jobs, Bus: s.Bus, Hub: s.Hub, Vault: s.Vault,
		Blobs: s.Blobs, Forms: s.Forms, Customers: s.Customers, Staff: s.Staff, Desk: s.Desk, Proposed: s.tellIncident,
		// Longer and larger than any plan of a language model; who asks has limits of their own.
		HTTP: guard.NewDialer(guard.Policy{Allow: allowed}).Client(guard.Limits{Timeout: 3 * time.Minute, MaxBytes: 8 << 20, Redirects: -1})})
	s.onClose(s.Mind.Close)
	s.SLA = sla.New(sla.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Jobs: s.Jobs, Bus: s.Bus, Forms: s.Forms, Staff: s.Staff, Calendars: s.Calendars, Desk: s.Desk, Told: s.tellSLA})
	s.Calendars.Changed = s.SLA.CalendarsChanged
	outside := guard.NewDialer(guard.Policy{Allow: allowed})
	s.Notify = notify.New(notify.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Jobs: s.Jobs, Bus: s.Bus, Hub: s.Hub, Vault: s.Vault, Staff: s.Staff, Desk: s.Desk,
		HTTP: outside.Client(guard.Limits{Timeout: 30 * time.Second, MaxBytes: 1 << 20, Redirects: -1}), Dial: outside.DialContext, URL: c.PublicURL})
	s.Routing = routing.New(routing.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Jobs: s.Jobs, Bus: s.Bus, Hub: s.Hub, Forms: s.Forms,
		Staff: s.Staff, Roster: s.Roster, Desk: s.Desk, Tell: s.tellRouting, TellQueue: s.tellQueue})
	s.Report = report.New(report.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Jobs: s.Jobs, Hub: s.Hub, Customers: s.Customers,
		Staff: s.Staff, Roster: s.Roster, Desk: s.Desk, SLA: s.SLA})
	s.Staff.Moved = s.Routing.Moved
	s.Roster.HandedOver = s.handOver
	s.Roster.Changed, s.Roster.Ended = s.Routing.StateChanged, s.Routing.Gone
	s.Roster.Told = s.tellRoster
	s.Desk.Passes, s.Desk.Reactions = passes(s), reactions(s)
	s.Phrases = phrase.New(phrase.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Staff: s.Staff, Customers: s.Customers, Desk: s.Desk})
	s.Desk.Sign = s.Phrases.Signature
	s.Viewing = viewing.New(viewing.Config{Clock: s.Clock, IDs: s.IDs, Bus: s.Bus, Hub: s.Hub, Staff: s.Staff, Desk: s.Desk})
	s.Exchange = exchange.New(exchange.Config{DB: s.DB, IDs: s.IDs, Clock: s.Clock, Log: s.Log, Jobs: s.Jobs, Hub: s.Hub, Vault: s.Vault, Blobs: s.Blobs, Forms: s.Forms,
		Customers: s.Customers, Staff: s.Staff, Desk: s.Desk, Told: s.tellExchange})
	s.Intake = channel.New(s.Desk, kinds()...)
	return nil
}

// seedTenant gives a new tenant what it needs from the first day.
func (s *Server) seedTenant(ctx context.Context, tx *db.Tx, t staff.Tenant) error {
	if err := s.Forms.Seed(ctx, tx, t.ID); err != nil {
		return err
	}
	return s.Calendars.Seed(ctx, tx, t)
}

// partitions makes room in the full-text index for the weeks to come.
func (s *Server) partitions(ctx context.Context) error {
	now := s.Clock.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.Index.EnsurePartitions(ctx, tx, int64(now), int64(now.Add(90*24*time.Hour)))
	})
}

// door builds the API: every operation of every room.
func (s *Server) door(ctx context.Context, o Options) (err error) {
	c := s.Config
	s.Metrics = telemetry.NewMetrics(Version)
	if s.tracing, err = telemetry.NewTracing(ctx, telemetry.TraceConfig{Endpoint: c.Trace.Endpoint, Sample: c.Trace.Sample, Version: Version}); err != nil {
		return err
	}
	s.onClose(func() { _ = s.tracing.Close(context.Background()) })
	var proxies []netip.Prefix
	for _, p := range c.Proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return fmt.Errorf("config: trusted_proxies: %w", err)
		}
		proxies = append(proxies, prefix)
	}
	var origins []string
	if c.PublicURL != "" {
		origins = []string{c.PublicURL}
	}
	s.API = web.New(web.Config{
		Title: "Zhidan", Version: Version, Log: s.Log, Clock: s.Clock, DB: s.DB, Authenticate: s.Staff.Authenticate,
		TrustedProxies: proxies, Origins: origins, Timeout: c.HTTP.Timeout, MaxBody: c.HTTP.MaxBody,
		Limits:  web.Limits{Principal: rate(c.HTTP.Rate, 2), Anonymous: rate(c.HTTP.RateAnonymous, 4), Strict: rate(c.HTTP.RateSignIn, 60)},
		Audited: staff.Audited, Witness: s.Staff.Witness,
		Ready:   map[string]func(context.Context) error{"database": s.ready},
		Metrics: s.Metrics, Tracing: s.tracing, Assets: o.Assets, QuietAccess: !c.Log.Access,
	})
	s.Staff.Register(s.API)
	s.Forms.Register(s.API)
	s.Calendars.Register(s.API)
	s.Roster.Register(s.API)
	s.Customers.Register(s.API)
	s.Desk.Register(s.API)
	s.Mind.Register(s.API)
	s.SLA.Register(s.API)
	s.Notify.Register(s.API)
	s.Routing.Register(s.API)
	s.Report.Register(s.API)
	s.Phrases.Register(s.API)
	s.Viewing.Register(s.API)
	s.Exchange.Register(s.API)
	s.Intake.Register(s.API)
	s.registerOperations()
	s.registerSystem()
	s.watch()
	return nil
}

// rate allows bursts of so many seconds' worth; a negative one is no limit.
func rate(perSecond, burst float64) web.Rate {
	return web.Rate{PerSecond: perSecond, Burst: max(perSecond*burst, 1)}
}

func (s *Server) ready(ctx context.Context) error {
	var one int
	return s.DB.QueryRow(ctx, `select 1`).Scan(&one)
}

// watch adds the figures that an operator looks at.
func (s *Server) watch() {
	s.Metrics.Gauges("zhidan_jobs_waiting", "Jobs that wait, by kind.", "kind", func() map[string]float64 {
		out := map[string]float64{}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		stats, err := s.Jobs.Stats(ctx)
		if err != nil {
			return out
		}
		for _, k := range stats {
			out[k.Kind] = float64(k.Waiting + k.Later)
		}
		return out
	})
}

func (s *Server) onClose(f func()) { s.closers = append(s.closers, f) }

// Listen binds the address, so that whoever started the process knows that it
// can be reached before Run is called.
func (s *Server) Listen() (net.Addr, error) {
	ln, err := net.Listen("tcp", s.Config.Addr)
	if err != nil {
		return nil, err
	}
	s.ln = ln
	return ln.Addr(), nil
}

// Run works on jobs and serves until the context ends, then lets running
// requests and handlers finish within a bound.
func (s *Server) Run(ctx context.Context) error {
	if s.ln == nil {
		if _, err := s.Listen(); err != nil {
			return err
		}
	}
	if !s.readOnly {
		if err := s.Jobs.Start(ctx); err != nil {
			return err
		}
	}
	// Garbage is collected when the heap has doubled, which a small one does
	// many times a second under load. This counts as heap, but is never
	// touched and so takes no memory: a tenth of the CPU of a create.
	ballast := make([]byte, 48<<20)
	defer runtime.KeepAlive(ballast)
	s.http = &http.Server{Handler: s.API, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.ln) }()
	if !s.readOnly {
		go s.housekeeping(ctx)
		go s.Staff.Run(ctx)
	}
	var lost <-chan struct{}
	if s.node != nil {
		lost = s.node.Lost()
	}
	var err error
	select {
	case err = <-failed:
	case <-lost:
		err = errors.New("another process has taken this node's number; stopping before ids could meet")
	case <-ctx.Done():
	}
	s.Hub.Close() // streams would hold the shutdown up
	end, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if down := s.http.Shutdown(end); err == nil {
		err = down
	}
	s.Jobs.Stop()
	return err
}

// housekeeping does small things that no event asks for.
func (s *Server) housekeeping(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	extended := s.Clock.Now()
	defer tick.Stop()
	for {
		s.warm(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := web.PurgeIdempotency(ctx, tx, s.Clock.Now().Add(-s.Config.Idempotency.Keep), 1000)
			return err
		})
		if err == nil && s.Clock.Now() > extended.Add(24*time.Hour) {
			extended = s.Clock.Now()
			err = s.partitions(ctx)
		}
		if err == nil {
			err = s.watchQueues(ctx)
		}
		if err == nil {
			err = s.tidyIndex(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("housekeeping", "error", err)
		}
	}
}

// warm loads what the first ticket of a tenant would wait for, and orders what
// is to be made of older ones. On the very first start models are made from the
// shipped texts, which takes seconds.
func (s *Server) warm(ctx context.Context) {
	tenants, err := s.Staff.Tenants(ctx)
	if err != nil {
		return // the next minute tries again
	}
	for _, t := range tenants[:min(len(tenants), 16)] {
		s.Mind.Warm(ctx, t.ID)
		s.Routing.Warm(ctx, t.ID)
	}
	for _, t := range tenants {
		if err := s.Report.Warm(ctx, t.ID); err != nil && ctx.Err() == nil {
			s.Log.Warn("facts of older tickets", "tenant", t.ID, "error", err)
		}
		if err := s.SLA.Tidy(ctx, t.ID); err != nil && ctx.Err() == nil {
			s.Log.Warn("days to be packed for reports", "tenant", t.ID, "error", err)
		}
		if err := s.Customers.FillHeads(ctx, t.ID); err != nil && ctx.Err() == nil {
			s.Log.Warn("beginnings of older numbers", "tenant", t.ID, "error", err)
		}
	}
}

// watchQueues looks for queues that wait too long.
func (s *Server) watchQueues(ctx context.Context) error {
	tenants, err := s.Staff.Tenants(ctx)
	for _, t := range tenants {
		if err := s.Routing.WatchQueues(ctx, t.ID); err != nil {
			return err
		}
	}
	return err
}

// tidyIndex brings the full-text index into better order while nothing else
// waits, a little at a time.
func (s *Server) tidyIndex(ctx context.Context) error {
	for range 20 {
		stats, err := s.Jobs.Stats(ctx)
		if err != nil {
			return err
		}
		for _, k := range stats {
			if k.Waiting > 0 {
				return nil
			}
		}
		more := false
		err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			more, err = s.Index.Optimize(ctx, tx, 64)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// Close gives everything back, in the reverse order of opening.
func (s *Server) Close() {
	if s.Jobs != nil {
		s.Jobs.Stop()
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

// Address is how a browser reaches the server.
func Address(public string, addr net.Addr) string {
	if public != "" {
		return strings.TrimSuffix(public, "/")
	}
	return "http://" + addr.String()
}
