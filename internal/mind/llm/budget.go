package llm

import (
	"context"
	"math"
	"sync"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
)

// Budget is a hard stop in money and calls by tenant, day and task. Reserve
// takes an amount and one call, or refuses with ErrBudget and takes nothing;
// Settle puts the true cost in place of the amount. Reserve must be atomic:
// two reservations that do not both fit must not both be granted.
type Budget interface {
	Reserve(ctx context.Context, tenant id.ID, task Task, micro int64) (Reservation, error)
	Settle(ctx context.Context, r Reservation, micro int64) error
}

// Reservation is what was taken. Day is the day whose budget it was.
type Reservation struct {
	Tenant id.ID
	Task   Task
	Day    string // 2006-01-02
	Micro  int64
}

// Limit of a day; zero allows nothing, negative everything.
type Limit struct {
	Micro int64
	Calls int64
}

// MemoryBudget is a Budget that a restart forgets: for tests and evaluation.
type MemoryBudget struct {
	clock  *clock.Clock
	total  Limit
	byTask map[Task]Limit

	mu    sync.Mutex
	spent map[budgetKey]Limit
}

type budgetKey struct {
	tenant id.ID
	day    string
	task   Task // empty: all tasks
}

// NewMemoryBudget limits each tenant's day as a whole, and tasks by themselves
// where byTask names them.
func NewMemoryBudget(c *clock.Clock, total Limit, byTask map[Task]Limit) *MemoryBudget {
	return &MemoryBudget{clock: c, total: total, byTask: byTask, spent: map[budgetKey]Limit{}}
}

// Unlimited is a Budget that refuses nothing.
func Unlimited() *MemoryBudget { return NewMemoryBudget(nil, Limit{-1, -1}, nil) }

// Reserve implements Budget.
func (b *MemoryBudget) Reserve(_ context.Context, tenant id.ID, task Task, micro int64) (Reservation, error) {
	r := Reservation{Tenant: tenant, Task: task, Day: b.clock.Now().Std().Format("2006-01-02"), Micro: max(micro, 0)}
	b.mu.Lock()
	defer b.mu.Unlock()
	all, own := budgetKey{tenant, r.Day, ""}, budgetKey{tenant, r.Day, task}
	if !fits(b.spent[all], b.total, r.Micro) {
		return r, ErrBudget
	}
	if l, ok := b.byTask[task]; ok && !fits(b.spent[own], l, r.Micro) {
		return r, ErrBudget
	}
	for _, k := range []budgetKey{all, own} {
		s := b.spent[k]
		b.spent[k] = Limit{s.Micro + r.Micro, s.Calls + 1}
	}
	return r, nil
}

func fits(spent, limit Limit, micro int64) bool {
	return (limit.Micro < 0 || spent.Micro <= limit.Micro-micro) && (limit.Calls < 0 || spent.Calls < limit.Calls)
}

// Settle implements Budget.
func (b *MemoryBudget) Settle(_ context.Context, r Reservation, micro int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range []budgetKey{{r.Tenant, r.Day, ""}, {r.Tenant, r.Day, r.Task}} {
		s := b.spent[k]
		b.spent[k] = Limit{s.Micro - r.Micro + micro, s.Calls}
	}
	return nil
}

// Spent is what a tenant used on a day; the empty task is all of them.
func (b *MemoryBudget) Spent(tenant id.ID, day string, task Task) Limit {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent[budgetKey{tenant, day, task}]
}

// usage is what an answer consumed.
type usage struct {
	in, out int
	seconds float64 // of audio
	known   bool
}

const maxTokens = 50_000_000 // what a provider may claim: above it is nonsense

func (u *usage) clamp() {
	u.in, u.out = min(max(u.in, 0), maxTokens), min(max(u.out, 0), maxTokens)
	if !(u.seconds >= 0 && u.seconds < 1e7) {
		u.seconds = 0
	}
}

func (p Prices) cost(u usage) int64 {
	perMille := func(n int, price int64) int64 { return (int64(n)*price + 999) / 1000 }
	return p.Call + perMille(u.in, p.In) + perMille(u.out, p.Out) + int64(math.Ceil(u.seconds/60*float64(p.Minute)))
}
