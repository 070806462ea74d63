package ticket

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// numbers hands out ticket numbers from blocks that this node has taken, so
// that creating a ticket updates no shared counter. A block that is lost with
// the process leaves a gap; a number is never given twice.
type numbers struct {
	db     *db.DB
	mu     sync.Mutex
	blocks map[series]*block
	zones  sync.Map // name → *time.Location
}

// series is what the numbers of a block have in common.
type series struct {
	tenant          id.ID
	pattern, prefix string
	day             int
}

type block struct {
	scope, before, after string
	width                int

	mu        sync.Mutex
	next, end int64
	size      int64
}

func newBlock(s series, day time.Time) *block {
	b := &block{size: firstBlock}
	b.scope = form.ExpandPattern(s.pattern, s.prefix, day, func(width int) string { b.width = width; return "#" })
	const mark = "\x00"
	b.before, b.after, _ = strings.Cut(form.ExpandPattern(s.pattern, s.prefix, day, func(int) string { return mark }), mark)
	return b
}

func (b *block) number(n int64) string {
	return fmt.Sprintf("%s%0*d%s", b.before, b.width, n, b.after)
}

func newNumbers(d *db.DB) *numbers { return &numbers{db: d, blocks: map[series]*block{}} }

// The first block is small, so that a quiet desk has small gaps; under load
// blocks double.
const firstBlock, lastBlock = 16, 2048

// next makes the number of a ticket of the type prefix born at the moment. It
// runs before the transaction of the ticket.
func (n *numbers) next(ctx context.Context, tenant id.ID, s Settings, prefix string, at clock.Time) (string, error) {
	day := n.day(s, at)
	key := series{tenant, s.NumberPattern, prefix, day.Year()*1000 + day.YearDay()}
	n.mu.Lock()
	b := n.blocks[key]
	if b == nil {
		if len(n.blocks) > 1000 { // yesterday's
			clear(n.blocks)
		}
		b = newBlock(key, day)
		n.blocks[key] = b
	}
	n.mu.Unlock()

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next >= b.end {
		size := b.size
		var end int64
		err := n.db.Tx(db.WithoutTxHook(ctx), func(ctx context.Context, tx *db.Tx) error {
			var err error
			end, err = takeNumbers(ctx, tx, tenant, b.scope, size)
			return err
		})
		if err != nil {
			return "", err
		}
		b.next, b.end, b.size = end-size, end, min(size*2, lastBlock)
	}
	b.next++
	return b.number(b.next), nil
}

// nextIn takes a single number inside the caller's transaction: for the rare
// ticket that is born of another one.
func (n *numbers) nextIn(ctx context.Context, tx *db.Tx, tenant id.ID, s Settings, prefix string, at clock.Time) (string, error) {
	day := n.day(s, at)
	seq, err := takeNumbers(ctx, tx, tenant, form.ExpandPattern(s.NumberPattern, prefix, day, func(int) string { return "#" }), 1)
	return form.ExpandPattern(s.NumberPattern, prefix, day, func(width int) string { return fmt.Sprintf("%0*d", width, seq) }), err
}

// takeNumbers moves the scope on by n and returns the last number taken.
func takeNumbers(ctx context.Context, tx *db.Tx, tenant id.ID, scope string, n int64) (end int64, err error) {
	err = tx.QueryRow(ctx, `insert into ticket_number_block (tenant_id, scope, next) values ($1, $2, $3)
		on conflict (tenant_id, scope) do update set next = ticket_number_block.next + excluded.next
		returning next`, tenant, scope, n).Scan(&end)
	return end, err
}

// day is the moment in the tenant's time zone. What was read of the system's
// zones is kept, of which there are a few hundred; one that is not known counts
// as UTC.
func (n *numbers) day(s Settings, at clock.Time) time.Time {
	z, known := n.zones.Load(s.TimeZone)
	if !known {
		zone, err := time.LoadLocation(s.TimeZone)
		if err != nil {
			return at.Std()
		}
		n.zones.Store(s.TimeZone, zone)
		z = zone
	}
	return at.Std().In(z.(*time.Location))
}
