package understand

import (
	"context"
	"io"
	"time"

	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/llm"
	"zhidan/internal/mind/retrieve"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/extract"
	"zhidan/internal/platform/id"
)

// NoPause lets retries of language models follow at once.
func (m *Mind) NoPause() {
	m.models.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
}

// Reserve asks the budget.
func (m *Mind) Reserve(ctx context.Context, tenant id.ID, task llm.Task, micro int64) (llm.Reservation, error) {
	return budget{m}.Reserve(ctx, tenant, task, micro)
}

// Settle tells the budget the true cost.
func (m *Mind) Settle(ctx context.Context, r llm.Reservation, micro int64) error {
	return budget{m}.Settle(ctx, r, micro)
}

// Record keeps a call.
func (m *Mind) Record(ctx context.Context, r llm.Record) { m.record(ctx, r) }

// MailText reads an attached mail.
func MailText(ctx context.Context, r io.ReaderAt, size int64) (extract.Result, error) {
	return mailText(ctx, r, size)
}

// Table reads a CSV or XLSX.
func Table(data []byte) ([][]string, error) { return table(data) }

// Restart forgets what is in memory, as a start of the program does.
func (m *Mind) Restart() {
	m.forgetAll()
	m.groups.mu.Lock()
	defer m.groups.mu.Unlock()
	clear(m.groups.byTenant)
}

// CompareAtMost bounds the texts of all tenants together.
func (m *Mind) CompareAtMost(n int) {
	m.groups.mu.Lock()
	defer m.groups.mu.Unlock()
	m.groups.most = n
}

// Compared is how many texts of which tenants are held.
func (m *Mind) Compared() map[id.ID]int {
	m.groups.mu.Lock()
	defer m.groups.mu.Unlock()
	out := map[id.ID]int{}
	for tenant, g := range m.groups.byTenant {
		<-g.ready
		out[tenant] = g.similar.Len()
	}
	return out
}

// HangLater orders that the tickets of an incident come under its parent.
func (m *Mind) HangLater(ctx context.Context, tx *db.Tx, tenant, incident id.ID) error {
	return m.hangLater(ctx, tx, tenant, incident)
}

// Starter makes or gives the shipped model of a signature.
func (m *Mind) Starter(ctx context.Context, signature string, make func(ctx context.Context) (*learn.Model, error)) (*learn.Model, error) {
	return m.starter(ctx, signature, make)
}

// Propose stores a proposal at once.
func (m *Mind) Propose(ctx context.Context, tenant id.ID, p *retrieve.Proposal) error {
	return m.propose(ctx, tenant, p)
}

// HoldBack forgets the models of a tenant and keeps them from being loaded
// until release, as while they are being made.
func (m *Mind) HoldBack(ctx context.Context, tenant id.ID) (release func(), err error) {
	r, _, err := m.rules(ctx, tenant)
	l := &loading{done: make(chan struct{})}
	l.rules.Store(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tenants, tenant)
	m.loading[tenant] = l
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.loading, tenant)
		close(l.done)
	}, err
}
