package understand

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/mind/llm"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

// LanguageModels are what a tenant says of language models. Nobody is asked
// anything until it names providers, gives them tasks and switches them on.
type LanguageModels struct {
	On          bool                `json:"on"`
	Providers   []LLMProvider       `json:"providers,omitempty"`
	Tasks       map[string][]string `json:"tasks,omitempty"` // names of providers, in the order in which they are asked
	AllowAbroad bool                `json:"allow_abroad"`
	DailyBudget int64               `json:"daily_budget_micros"`
	DailyCalls  int64               `json:"daily_calls"`
	TaskBudgets map[string]int64    `json:"task_budgets,omitempty"`
	Version     int64               `json:"-"`
}

// LLMProvider is a model at an endpoint. Its key is sealed.
type LLMProvider struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	BaseURL     string `json:"base_url"`
	Key         []byte `json:"key,omitempty"`
	Model       string `json:"model"`
	Region      string `json:"region"`
	PriceIn     int64  `json:"price_in"`
	PriceOut    int64  `json:"price_out"`
	PriceMinute int64  `json:"price_minute"`
	Images      bool   `json:"images"`
	Audio       bool   `json:"audio"`
	Structured  string `json:"structured,omitempty"`
}

// Tasks that a language model may be given.
var llmTasks = []llm.Task{llm.TaskClassify, llm.TaskEntities, llm.TaskTitleSummary, llm.TaskTranslate, llm.TaskVision, llm.TaskTranscribe}

// taskTest is one greeting, sent by an administrator who sets a provider up.
const taskTest llm.Task = "test"

// plans are the limits of tasks. A translation is waited for by a person.
var plans = map[llm.Task]llm.Plan{
	llm.TaskClassify:     {MaxTokens: 500, Retries: 1},
	llm.TaskEntities:     {MaxTokens: 1500, Retries: 1},
	llm.TaskTitleSummary: {MaxTokens: 800, Retries: 1},
	llm.TaskTranslate:    {MaxTokens: 6000, Retries: 1, Attempt: 22 * time.Second, Total: 25 * time.Second, MaxWait: 3 * time.Second},
	llm.TaskVision:       {MaxTokens: 1500, Retries: 1},
	llm.TaskTranscribe:   {MaxTokens: 4000, Retries: 1, Attempt: 100 * time.Second},
	taskTest:             {MaxTokens: 20, Retries: -1, Attempt: 15 * time.Second, Total: 20 * time.Second},
}

// Bounds.
const (
	maxProviders = 20
	shippedCalls = 20_000 // a day, when the tenant names no number
	keptCalls    = 100_000
	keptCallDays = 30
	llmName      = "llm"
	// fresh is how old what this node believes of a tenant's settings may be
	// while models are in use. The bus tells sooner; this holds without it.
	llmFresh = 400 * time.Millisecond
)

// languageModels are the tenants' language models of this node.
type languageModels struct {
	mu       sync.Mutex
	byTenant map[id.ID]*tenantModels
	pruned   map[id.ID]clock.Time
	pause    func(ctx context.Context, d time.Duration) error // tests: instead of waiting
}

// tenantModels is a tenant's state; it is replaced, never changed, except read.
type tenantModels struct {
	settings *LanguageModels
	client   *llm.Client // nil when there is nothing to ask
	read     time.Time
	busy     bool // being read again
}

// using is the tenant's state, not older than llmFresh.
func (m *Mind) using(ctx context.Context, tenant id.ID) (*tenantModels, error) {
	m.models.mu.Lock()
	t := m.models.byTenant[tenant]
	ok := t != nil && time.Since(t.read) < llmFresh
	m.models.mu.Unlock()
	if ok {
		return t, nil
	}
	return m.readModels(ctx, tenant)
}

func (m *Mind) readModels(ctx context.Context, tenant id.ID) (*tenantModels, error) {
	began := time.Now()
	s := &LanguageModels{}
	version, err := readSetting(ctx, m.DB, tenant, llmName, s)
	if err != nil {
		return nil, err
	}
	s.Version = version
	m.models.mu.Lock()
	old := m.models.byTenant[tenant]
	m.models.mu.Unlock()
	next := &tenantModels{settings: s, read: began}
	if old != nil && old.settings.Version == version {
		next.client = old.client
	} else if len(s.Providers) > 0 && m.HTTP != nil {
		if next.client, err = m.client(ctx, tenant, s, nil); err != nil {
			m.Log.Warn("understanding: language models cannot be used", "tenant", tenant, "error", err)
		}
	}
	m.models.mu.Lock()
	defer m.models.mu.Unlock()
	if m.models.byTenant == nil || len(m.models.byTenant) >= 4096 {
		m.models.byTenant = map[id.ID]*tenantModels{}
	}
	// Of two that read at the same time the later version counts.
	if now := m.models.byTenant[tenant]; now != nil && now.settings.Version > version {
		return now, nil
	}
	m.models.byTenant[tenant] = next
	return next, nil
}

// lookAgain brings what this node believes up to date, when it believes
// anything: a setting was changed, here or on another node.
func (m *Mind) lookAgain(tenant id.ID) {
	m.models.mu.Lock()
	known := m.models.byTenant[tenant] != nil
	m.models.mu.Unlock()
	if !known {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := m.readModels(ctx, tenant); err != nil {
		m.Log.Warn("understanding: settings of language models could not be read", "tenant", tenant, "error", err)
	}
}

// off is the kill switch. It answers from memory, and has that looked after
// while it is asked.
func (m *Mind) off(_ context.Context, tenant id.ID, task llm.Task) bool {
	m.models.mu.Lock()
	t := m.models.byTenant[tenant]
	if t != nil && !t.busy && time.Since(t.read) >= llmFresh {
		t.busy = true
		go m.lookAgain(tenant)
	}
	m.models.mu.Unlock()
	return t == nil || !t.settings.On || len(t.settings.Tasks[string(task)]) == 0
}

func (m *Mind) policy(_ context.Context, tenant id.ID) llm.Policy {
	m.models.mu.Lock()
	defer m.models.mu.Unlock()
	t := m.models.byTenant[tenant]
	return llm.Policy{AllowAbroad: t != nil && t.settings.AllowAbroad}
}

// client makes the client of a tenant; with only, one that says hello to that
// provider and does nothing else.
func (m *Mind) client(ctx context.Context, tenant id.ID, s *LanguageModels, only *LLMProvider) (*llm.Client, error) {
	keys, err := m.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	c := llm.Config{HTTP: m.HTTP, Policy: m.policy, Budget: budget{m}, Off: m.off, Record: m.record, Clock: m.Clock, Sleep: m.models.pause, Tasks: map[llm.Task]llm.Plan{}}
	for _, p := range s.Providers {
		if only != nil && only.Name != p.Name {
			continue
		}
		key := ""
		if len(p.Key) > 0 {
			plain, err := keys.Open(keyPurpose(p), p.Key)
			if err != nil {
				return nil, fault.New(fault.Conflict, "llm.key", "the key of %s does not open; give it again", p.Name)
			}
			key = string(plain)
		}
		c.Providers = append(c.Providers, llm.Provider{Name: p.Name, Kind: llm.Kind(p.Kind), BaseURL: p.BaseURL, Key: secret.NewText(key), Model: p.Model, Region: llm.Region(p.Region),
			Prices: llm.Prices{In: p.PriceIn, Out: p.PriceOut, Minute: p.PriceMinute}, Images: p.Images, Audio: p.Audio, Structured: llm.Structured(p.Structured)})
	}
	if only != nil {
		plan := plans[taskTest]
		plan.Providers = []string{only.Name}
		c.Tasks[taskTest], c.Off = plan, nil
		return llm.New(c)
	}
	for task, providers := range s.Tasks {
		plan := plans[llm.Task(task)]
		plan.Providers = providers
		c.Tasks[llm.Task(task)] = plan
	}
	return llm.New(c)
}

// keyPurpose ties a sealed key to where it may be sent: a key that was copied
// to a provider at another address does not open.
func keyPurpose(p LLMProvider) string { return "understand.llm.key:" + origin(p.BaseURL) }

func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// can is the client when the tenant has given a task to somebody and models
// are on.
func (m *Mind) can(ctx context.Context, tenant id.ID, task llm.Task) *llm.Client {
	t, err := m.using(ctx, tenant)
	if err != nil {
		m.Log.Warn("understanding: settings of language models could not be read", "tenant", tenant, "error", err)
		return nil
	}
	if t.client == nil || !t.settings.On || len(t.settings.Tasks[string(task)]) == 0 {
		return nil
	}
	return t.client
}

func (m *Mind) canTranslate(ctx context.Context, tenant id.ID) bool {
	return m.can(ctx, tenant, llm.TaskTranslate) != nil
}

func (m *Mind) canMedia(ctx context.Context, tenant id.ID) bool {
	return m.can(ctx, tenant, llm.TaskVision) != nil || m.can(ctx, tenant, llm.TaskTranscribe) != nil
}

func (m *Mind) languageModel(ctx context.Context, tenant id.ID) (configured, on bool) {
	t, err := m.using(ctx, tenant)
	if err != nil {
		return false, false
	}
	return t.client != nil && len(t.settings.Tasks) > 0, t.settings.On
}

// LanguageModels reads the settings, the keys sealed.
func (m *Mind) LanguageModels(ctx context.Context, tenant id.ID) (*LanguageModels, error) {
	s := &LanguageModels{}
	version, err := readSetting(ctx, m.DB, tenant, llmName, s)
	s.Version = version
	return s, err
}

// SetLanguageModels replaces the settings. keys are new keys by the name of
// the provider; a provider without one keeps the key it had at this address.
func (m *Mind) SetLanguageModels(ctx context.Context, tenant id.ID, next LanguageModels, keys map[string]string) (*LanguageModels, error) {
	if err := next.check(); err != nil {
		return nil, err
	}
	vault, err := m.Vault.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		old := LanguageModels{}
		version, err := readSetting(ctx, tx, tenant, llmName, &old)
		if err != nil {
			return err
		}
		if version != next.Version {
			return fault.New(fault.Precondition, "version", "somebody else has changed this meanwhile; look again")
		}
		s := next
		s.Version, s.Providers = version+1, slices.Clone(next.Providers)
		for i := range s.Providers {
			p := &s.Providers[i]
			p.Key = nil
			if key, given := keys[p.Name]; given {
				if key != "" {
					if p.Key, err = vault.Seal(keyPurpose(*p), []byte(key)); err != nil {
						return err
					}
				}
				continue
			}
			k := slices.IndexFunc(old.Providers, func(o LLMProvider) bool { return o.Name == p.Name })
			if k < 0 || len(old.Providers[k].Key) == 0 {
				continue
			}
			if keyPurpose(old.Providers[k]) != keyPurpose(*p) {
				return fault.Bad("providers["+strconv.Itoa(i)+"].key", "required", "the address has changed: give the key again, so that it is not sent where nobody meant it to go")
			}
			p.Key = old.Providers[k].Key
		}
		if err := writeSetting(ctx, tx, tenant, llmName, s, s.Version); err != nil {
			return err
		}
		return m.recordSetting(ctx, tx, "language_models.updated", old.told(nil), s.told(keys))
	})
	if err != nil {
		return nil, err
	}
	m.changed(tenant)
	return m.LanguageModels(ctx, tenant)
}

// told is the settings for the trail: of an address the host, of keys only that
// a provider got a new one.
func (s LanguageModels) told(keys map[string]string) any {
	type provider struct {
		LLMProvider
		NewKey bool `json:"new_key,omitempty"`
	}
	list := make([]provider, len(s.Providers))
	for i, p := range s.Providers {
		p.Key, p.BaseURL = nil, staff.Host(p.BaseURL)
		list[i] = provider{p, keys[p.Name] != ""}
	}
	return struct {
		LanguageModels
		Providers []provider `json:"providers"`
	}{s, list}
}

var providerName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._-]{0,59}$`)

func (s *LanguageModels) check() error {
	if len(s.Providers) > maxProviders {
		return fault.Bad("providers", "too_many", "at most %d providers", maxProviders)
	}
	var faults fault.List
	names := map[string]bool{}
	c := llm.Config{Tasks: map[llm.Task]llm.Plan{}}
	for i, p := range s.Providers {
		if !providerName.MatchString(p.Name) || names[p.Name] {
			faults = append(faults, fault.Bad("providers["+strconv.Itoa(i)+"].name", "name", "a name of its own of letters, digits, blanks, dots and dashes, at most 60"))
		}
		names[p.Name] = true
		c.Providers = append(c.Providers, llm.Provider{Name: p.Name, Kind: llm.Kind(p.Kind), BaseURL: p.BaseURL, Model: p.Model, Region: llm.Region(p.Region),
			Prices: llm.Prices{In: p.PriceIn, Out: p.PriceOut, Minute: p.PriceMinute}, Structured: llm.Structured(p.Structured)})
	}
	for task, list := range s.Tasks {
		if !slices.Contains(llmTasks, llm.Task(task)) {
			faults = append(faults, fault.Bad("tasks", "choice", "%q is not one of %v", task, llmTasks))
		}
		for _, name := range list {
			if !names[name] {
				faults = append(faults, fault.Bad("tasks."+task, "unknown", "there is no provider %q", name))
			}
		}
	}
	for task, n := range s.TaskBudgets {
		if !slices.Contains(llmTasks, llm.Task(task)) || n < 0 {
			faults = append(faults, fault.Bad("task_budgets", "choice", "budgets are 0 or more, and for one of %v", llmTasks))
		}
	}
	if s.DailyBudget < 0 || s.DailyCalls < 0 {
		faults = append(faults, fault.Bad("daily_budget_micros", "range", "budgets are 0 or more"))
	}
	if err := faults.Err(); err != nil {
		return err
	}
	c.HTTP, c.Budget = &http.Client{}, llm.Unlimited() // only looked at: nothing is asked
	_, err := llm.New(c)
	return err
}

// budget is the hard stop in money and calls of a day, shared by all nodes: a
// conditional update lets of two reservations that do not both fit only one
// pass. Days are the tenant's own.
type budget struct{ m *Mind }

// Reserve implements llm.Budget.
func (b budget) Reserve(ctx context.Context, tenant id.ID, task llm.Task, micro int64) (llm.Reservation, error) {
	m := b.m
	t, err := m.using(ctx, tenant)
	if err != nil {
		return llm.Reservation{}, err
	}
	zone, err := time.LoadLocation(m.Desk.Settings(ctx, tenant).TimeZone)
	if err != nil {
		zone = time.UTC
	}
	r := llm.Reservation{Tenant: tenant, Task: task, Day: m.Clock.Now().Std().In(zone).Format(time.DateOnly), Micro: max(micro, 0)}
	day, s := dayNumber(r.Day), t.settings
	calls := s.DailyCalls
	if calls == 0 {
		calls = shippedCalls
	}
	of, limited := s.TaskBudgets[string(task)]
	return r, m.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		take := func(name string, micro, limit, calls int64) error {
			if _, err := tx.Exec(ctx, `insert into understand_budget (tenant_id, day, task, calls, cost_micro) values ($1, $2, $3, 0, 0) on conflict (tenant_id, day, task) do nothing`, tenant, day, name); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, `update understand_budget set calls = calls + 1, cost_micro = cost_micro + $4
				where tenant_id = $1 and day = $2 and task = $3 and cost_micro <= $5 and calls < $6`, tenant, day, name, micro, limit-micro, calls)
			if err == nil && n == 0 {
				err = llm.ErrBudget
			}
			return err
		}
		if err := take("", r.Micro, s.DailyBudget, calls); err != nil {
			return err
		}
		if !limited {
			of = s.DailyBudget
		}
		return take(string(task), r.Micro, of, calls)
	})
}

// Settle implements llm.Budget.
func (b budget) Settle(ctx context.Context, r llm.Reservation, micro int64) error {
	return b.m.DB.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
		for _, task := range []string{"", string(r.Task)} {
			if _, err := tx.Exec(ctx, `update understand_budget set cost_micro = cost_micro + $4 where tenant_id = $1 and day = $2 and task = $3`,
				r.Tenant, dayNumber(r.Day), task, micro-r.Micro); err != nil {
				return err
			}
		}
		return nil
	})
}

// dayNumber is a day as it is stored: 20261121.
func dayNumber(day string) int64 {
	n, _ := strconv.ParseInt(strings.ReplaceAll(day, "-", ""), 10, 64) // written by Reserve
	return n
}

// record keeps what a call was, and now and then drops those of long ago.
func (m *Mind) record(ctx context.Context, r llm.Record) {
	ctx, cancel := context.WithTimeout(db.WithoutTxHook(ctx), 5*time.Second)
	defer cancel()
	m.models.mu.Lock()
	if m.models.pruned == nil {
		m.models.pruned = map[id.ID]clock.Time{}
	}
	prune := m.models.pruned[r.Tenant].Add(time.Hour) <= r.At
	if prune {
		m.models.pruned[r.Tenant] = r.At
	}
	m.models.mu.Unlock()
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `insert into understand_call (tenant_id, id, task, provider, model, prompt_hash, tokens_in, tokens_out, cost_micro, latency_ms, outcome, at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, r.Tenant, m.IDs.Next(), string(r.Task), r.Provider, cut(r.Model, 200), r.PromptHash,
			r.TokensIn, r.TokensOut, r.CostMicro, r.Latency.Milliseconds(), r.Outcome, r.At); err != nil || !prune {
			return err
		}
		old := r.At.Add(-keptCallDays * 24 * time.Hour)
		if _, err := tx.Exec(ctx, `delete from understand_call where tenant_id = $1 and (id < $2 or id <= coalesce((select id from understand_call where tenant_id = $1 order by id desc limit 1 offset $3), 0))`,
			r.Tenant, id.At(int64(old)), keptCalls); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from understand_budget where tenant_id = $1 and day < $2`, r.Tenant, dayNumber(old.Std().Format(time.DateOnly)))
		return err
	})
	if err != nil {
		m.Log.LogAttrs(ctx, slog.LevelWarn, "understanding: a call of a language model could not be recorded", slog.Any("tenant", r.Tenant), slog.Any("error", err))
	}
}

// Call is what is kept of a call.
type Call struct {
	ID        id.ID      `json:"id"`
	At        clock.Time `json:"at"`
	Task      string     `json:"task"`
	Provider  string     `json:"provider"`
	Model     string     `json:"model"`
	Prompt    string     `json:"prompt_hash" doc:"SHA-256 of what was sent, personal values taken out"`
	TokensIn  int        `json:"tokens_in"`
	TokensOut int        `json:"tokens_out"`
	Cost      int64      `json:"cost_micros"`
	Latency   int64      `json:"latency_ms"`
	Outcome   string     `json:"outcome"`
}

// temporary tells failures after which asking again later may help.
func temporary(err error) bool {
	return errors.Is(err, llm.ErrLimited) || errors.Is(err, llm.ErrServer) || errors.Is(err, llm.ErrTimeout) || errors.Is(err, llm.ErrCut) || errors.Is(err, llm.ErrCancelled)
}
