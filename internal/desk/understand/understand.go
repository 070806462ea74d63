// Package understand reads every ticket the moment it is born: what it is, how
// urgent, in what mood and tongue, what risk it carries, whether it has come
// before, and whether many others say the same.
//
// It promises:
//   - It works with no language model and no network, in about a millisecond,
//     before the transaction of the ticket; a model that is configured joins
//     after the commit and never touches what a person has judged.
//   - Everything it says is a Decision with a calibrated confidence, the places
//     in the text that counted, and the version of what decided. Below the
//     field's threshold nothing is set; it is suggested.
//   - It may raise a priority by itself and never lowers one.
//   - Every correction is an example, learned within moments on every node; a
//     full training is promoted only when it is better on what was held out,
//     and every version can be compared and brought back.
//   - It keeps no copy of a customer's words: examples and evidence point into
//     the ticket, and what is shown beside it is read again from there.
package understand

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/platform/blob"
	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/secret"
)

// Config is what the understanding stands on.
type Config struct {
	DB        *db.DB
	IDs       *id.Source
	Clock     *clock.Clock
	Log       *slog.Logger
	Jobs      *job.Queue
	Bus       *bus.Bus
	Hub       *live.Hub
	Vault     *secret.Vault
	Blobs     *blob.Store
	Forms     *form.Cache
	Customers *customer.Book
	Staff     *staff.House
	Desk      *ticket.Desk
	HTTP      *http.Client // the guard's; nil: no language model can be reached
	// Proposed runs in the transaction that stores a new proposal of an
	// incident: to tell people. It may be nil, and may run more than once.
	Proposed func(ctx context.Context, tx *db.Tx, tenant, incident id.ID, tickets []id.ID) error
	// Wait is how long a new ticket waits for models that are being made, when
	// that is more than a moment: tests see at once what becomes of a ticket.
	Wait time.Duration
}

// Mind is the understanding of all tenants of this node. It is safe for
// concurrent use.
type Mind struct {
	Config
	mu      sync.RWMutex
	tenants map[id.ID]*resident
	loading map[id.ID]*loading
	groups  groups
	models  languageModels
	fresh   sync.Mutex // one refresh at a time
	base    context.Context
	stop    func()
	running sync.WaitGroup
}

// resident is what one tenant needs in memory. It is not changed once it is
// there; what was learned gives a new one.
type resident struct {
	tenant   id.ID
	settings *Settings
	risk     *nlp.RiskLists
	patterns []entity.Pattern
	catalog  int64 // version of the catalogue that the models speak of
	models   map[string]fieldModel
	zone     *time.Location
	used     atomic.Int64 // when it was last asked for
	stale    atomic.Bool  // a refresh is on its way
	more     bool         // there is still something to learn
}

// fieldModel is a model with what it has learned so far.
type fieldModel struct {
	*learn.Model
	version  id.ID // of the stored training; zero: the starter
	trained  id.ID // the last example that the training saw
	position id.ID // the last example that it has seen since
	// seen are the examples shortly before position; it is never changed.
	seen map[id.ID]bool
	// signature of the labels that it was made for.
	signature string
}

func (f fieldModel) name(field string) string {
	if f.version == 0 {
		return field + "/starter+" + strconv.Itoa(f.Corrections())
	}
	return field + "/" + f.version.String() + "+" + strconv.Itoa(f.Corrections())
}

// Learned are the fields that are learned from what people say; the others
// are read by rules and shipped models alone.
var Learned = []string{"type", "category", "priority", "sentiment"}

// modelled are all fields that have a model: kinds of risk have a shipped one.
var modelled = append(slices.Clone(Learned), "risk")

// maxResidents is how many tenants are kept in memory; the one that was used
// longest ago goes first.
const maxResidents = 64

// New makes the understanding and registers its jobs, so it comes before the
// queue's Start.
func New(c Config) *Mind {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	m := &Mind{Config: c, tenants: map[id.ID]*resident{}, loading: map[id.ID]*loading{}}
	m.base, m.stop = context.WithCancel(context.Background())
	m.groups.byTenant = map[id.ID]*group{}
	m.registerJobs()
	m.Bus.Subscribe(topic, func(text string) {
		if tenant, err := id.Parse(text); err == nil {
			m.behind(func(context.Context) { m.refresh(tenant) })
		}
	}, m.forgetAll)
	m.Bus.Subscribe(topicBorn, func(text string) { m.behind(func(ctx context.Context) { m.hear(ctx, text) }) }, nil)
	return m
}

// topic is how the nodes tell each other that a tenant has learned something.
const topic = "understand"

// changed tells every node, this one included, to look again.
func (m *Mind) changed(tenant id.ID) {
	m.refresh(tenant)
	if m.Bus != nil {
		_ = m.Bus.Send(topic, tenant.String()) // a node that misses it looks again with its next change
	}
}

func (m *Mind) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.tenants)
}

// refresh brings a tenant that is in memory up to date, now, so that the next
// ticket is read with what was just learned.
func (m *Mind) refresh(tenant id.ID) {
	m.lookAgain(tenant)
	m.fresh.Lock()
	defer m.fresh.Unlock()
	m.mu.RLock()
	old := m.tenants[tenant]
	m.mu.RUnlock()
	if old == nil {
		return
	}
	// Learning many corrections takes a while; what was learned by then is
	// used at once, and the rest follows.
	for m.base.Err() == nil {
		ctx, cancel := context.WithTimeout(m.base, 30*time.Second)
		next, err := m.load(ctx, tenant, old, patience)
		cancel()
		if err != nil {
			if m.base.Err() == nil {
				m.Log.Warn("understanding: a tenant could not be brought up to date", "tenant", tenant, "error", err)
			}
			old.stale.Store(false)
			return
		}
		m.put(next)
		if old = next; !next.more {
			return
		}
	}
}

// patience is how long corrections are learned before they are put to use.
const patience = 2 * time.Second

// behind does something that outlives the request, until Close.
func (m *Mind) behind(fn func(ctx context.Context)) {
	if m.base.Err() != nil {
		return
	}
	m.running.Add(1)
	go func() {
		defer m.running.Done()
		fn(m.base)
	}()
}

// Close ends what goes on behind the requests. It comes before the store's.
func (m *Mind) Close() {
	m.stop()
	m.running.Wait()
}

func (m *Mind) put(r *resident) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tenants) >= maxResidents && m.tenants[r.tenant] == nil {
		oldest := slices.MinFunc(slices.Collect(maps.Values(m.tenants)), func(a, b *resident) int { return int(a.used.Load() - b.used.Load()) })
		delete(m.tenants, oldest.tenant)
	}
	r.used.Store(int64(m.Clock.Now()))
	m.tenants[r.tenant] = r
}

// resident is the tenant's state, loaded on demand; whoever comes while it is
// being loaded waits for it.
func (m *Mind) resident(ctx context.Context, tenant id.ID) (*resident, error) {
	for {
		m.mu.RLock()
		r := m.tenants[tenant]
		m.mu.RUnlock()
		if r != nil {
			catalog, err := m.Forms.Get(ctx, tenant)
			if err != nil {
				return nil, err
			}
			r.used.Store(int64(m.Clock.Now()))
			if catalog.Version() != r.catalog && r.stale.CompareAndSwap(false, true) {
				// Types or categories have changed: the models follow in a
				// moment; until then what is no longer in use is passed over.
				m.behind(func(context.Context) { m.refresh(tenant) })
			}
			return r, nil
		}
		m.mu.Lock()
		wait, busy := m.loading[tenant]
		if !busy {
			wait = &loading{done: make(chan struct{})}
			m.loading[tenant] = wait
		}
		m.mu.Unlock()
		if busy {
			select {
			case <-wait.done:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		r, err := m.load(context.WithoutCancel(ctx), tenant, nil, 0)
		if err == nil {
			m.put(r)
			m.behind(func(context.Context) { m.refresh(tenant) }) // what was learned since the models were stored
		}
		m.mu.Lock()
		delete(m.loading, tenant)
		close(wait.done)
		m.mu.Unlock()
		return r, err
	}
}

// load reads what a tenant has told and learned. With old it only adds what is
// new. Corrections since the stored models are learned for as long as learn.
func (m *Mind) load(ctx context.Context, tenant id.ID, old *resident, learn time.Duration) (*resident, error) {
	r, catalog, err := m.rules(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for _, field := range modelled {
		var had fieldModel
		if old != nil {
			had = old.models[field]
		}
		f, err := m.loadModel(ctx, tenant, field, catalog, r.settings, had)
		if err != nil {
			return nil, err
		}
		if learn > 0 {
			more, err := m.catchUp(ctx, tenant, field, catalog, labels(field, catalog, r.settings), &f, time.Now().Add(learn))
			if err != nil {
				return nil, err
			}
			r.more = r.more || more
		}
		r.models[field] = f
	}
	return r, nil
}

// rules is what a tenant has told, without what was learned.
func (m *Mind) rules(ctx context.Context, tenant id.ID) (*resident, *form.Catalog, error) {
	catalog, err := m.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.Settings(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	r := &resident{tenant: tenant, settings: s, catalog: catalog.Version(), models: map[string]fieldModel{}}
	if r.zone, err = time.LoadLocation(m.Desk.Settings(ctx, tenant).TimeZone); err != nil {
		r.zone = time.UTC
	}
	if r.risk, err = nlp.CompileRisk(s.Risk); err != nil {
		m.Log.Warn("understanding: the lists of risk cannot be used", "tenant", tenant, "error", err)
		r.risk = nlp.ShippedRisk()
	}
	for _, p := range s.Patterns {
		if p.Off {
			continue
		}
		compiled, err := entity.Compile(p.Name, p.Type, p.Expr)
		if err != nil { // stored before patterns were checked
			m.Log.Warn("understanding: a pattern cannot be used", "tenant", tenant, "pattern", p.Name, "error", err)
			continue
		}
		r.patterns = append(r.patterns, compiled)
	}
	return r, catalog, nil
}

// Warm loads what the first ticket of a tenant would wait for.
func (m *Mind) Warm(ctx context.Context, tenant id.ID) {
	if _, err := m.resident(ctx, tenant); err != nil && ctx.Err() == nil {
		m.Log.Warn("understanding: a tenant could not be loaded", "tenant", tenant, "error", err)
	}
}
