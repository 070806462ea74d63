package notify

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/keep"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/secret"
)

// Config is what the room stands on. HTTP and Dial reach only what the
// operator allows (platform/guard).
type Config struct {
	DB    *db.DB
	IDs   *id.Source
	Clock *clock.Clock
	Log   *slog.Logger
	Jobs  *job.Queue
	Bus   *bus.Bus // nil: one node
	Hub   *live.Hub
	Vault *secret.Vault
	Staff *staff.House
	Desk  *ticket.Desk
	HTTP  *http.Client
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	URL   string // by which people reach the product; empty: messages hold no links
}

// Room tells. It is safe for concurrent use.
type Room struct {
	Config
	kept    *keep.Tenants[*resident]
	passes  passes
	mu      sync.Mutex
	cleaned map[id.ID]clock.Time // by tenant: up to when cleaning is ordered
	// roots are who may sign the certificates of mail servers; nil: the
	// system's. Tests put their own.
	roots *x509.CertPool
	// sent runs between sending and recording; tests make it fail.
	sent func(delivery id.ID) error
}

// resident is what is kept of a tenant. It does not change.
type resident struct {
	channels  []*Channel
	templates map[templateName]Template
}

type templateName struct{ event, locale string }

// New makes the room and registers its jobs, so it comes before the queue's
// Start.
func New(c Config) *Room {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	m := &Room{Config: c, kept: keep.New[*resident](c.Bus, "notify"), cleaned: map[id.ID]clock.Time{}}
	m.passes.init()
	m.registerJobs()
	m.Desk.OnErase(m.erase)
	return m
}

func (m *Room) registerJobs() {
	m.Jobs.Handle(job.Kind{Name: kindPlan, Concurrency: 4, Batch: 64, MaxAttempts: 20, Timeout: time.Minute}, m.planned)
	m.Jobs.Handle(job.Kind{Name: kindFlush, Concurrency: 2, MaxAttempts: 20, Timeout: time.Minute}, each(m.flush))
	m.Jobs.Handle(job.Kind{Name: kindSend, Concurrency: 8, MaxAttempts: 20, Timeout: 2 * time.Minute}, each(m.send))
	m.Jobs.Handle(job.Kind{Name: kindClean, Concurrency: 1, MaxAttempts: 20, Timeout: 5 * time.Minute}, each(m.clean))
}

func each(fn func(ctx context.Context, j job.Job) error) func(ctx context.Context, jobs []job.Job) error {
	return func(ctx context.Context, jobs []job.Job) error {
		for _, j := range jobs {
			if err := fn(ctx, j); err != nil {
				return err
			}
		}
		return nil
	}
}

// fresh is what holds for a tenant now. It may read the store and must not be
// called within a transaction.
func (m *Room) fresh(ctx context.Context, tenant id.ID) (*resident, error) {
	k, ok, mark := m.kept.Get(tenant)
	if ok {
		return k, nil
	}
	k = &resident{templates: map[templateName]Template{}}
	var err error
	if k.channels, err = m.loadChannels(ctx, tenant); err != nil {
		return nil, err
	}
	list, err := loadTemplates(ctx, m.DB, tenant)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		k.templates[templateName{t.Event, t.Locale}] = t.Template
	}
	m.kept.Put(tenant, k, mark)
	return k, nil
}

// template is what is said of an event: the tenant's words, else the shipped
// ones.
func (k *resident) template(event, locale string) Template {
	if t, ok := k.templates[templateName{event, locale}]; ok {
		return t
	}
	switch event {
	case eventDigest:
		return digestWords.in(locale)
	case eventTest:
		return testWords.in(locale)
	}
	return shipped[event].in(locale)
}

// Names of what has words and is no event that people choose.
const (
	eventDigest = "digest"
	eventTest   = "test"
)

func null[T ~int64](v T) any {
	if v == 0 {
		return nil
	}
	return int64(v)
}
