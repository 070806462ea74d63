package ticket

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// A number pattern is text with {type} (the type's prefix), {yyyy}, {yy}, {mm},
// {dd}, {yymmdd}, {yyyymmdd} and exactly one {seq} or {seq:N} (at least N
// digits, counted anew whenever what stands before it changes).

// CheckPattern refuses a pattern that could not make unique numbers.
func CheckPattern(pattern string) error {
	if len(pattern) > 60 || strings.Count(pattern, "{seq") != 1 {
		return fault.Bad("number_pattern", "pattern", "a number pattern has exactly one {seq} and at most 60 characters")
	}
	if rest := expand(pattern, "", time.Unix(0, 0), func(int) string { return "" }); strings.ContainsAny(rest, "{}") {
		return fault.Bad("number_pattern", "pattern", "unknown part in number pattern: %s", rest)
	}
	return nil
}

func expand(pattern, prefix string, day time.Time, seq func(width int) string) string {
	s := strings.NewReplacer("{type}", prefix, "{yyyymmdd}", day.Format("20060102"), "{yymmdd}", day.Format("060102"),
		"{yyyy}", day.Format("2006"), "{yy}", day.Format("06"), "{mm}", day.Format("01"), "{dd}", day.Format("02")).Replace(pattern)
	i := strings.Index(s, "{seq")
	j := strings.IndexByte(s[max(i, 0):], '}')
	if i < 0 || j < 0 {
		return s
	}
	width := 1
	if part := s[i+4 : i+j]; part != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(part, ":"))
		if err != nil || n < 1 || n > 12 {
			return s
		}
		width = n
	}
	return s[:i] + seq(width) + s[i+j+1:]
}

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
	b.scope = expand(s.pattern, s.prefix, day, func(width int) string { b.width = width; return "#" })
	const mark = "\x00"
	b.before, b.after, _ = strings.Cut(expand(s.pattern, s.prefix, day, func(int) string { return mark }), mark)
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
	seq, err := takeNumbers(ctx, tx, tenant, expand(s.NumberPattern, prefix, day, func(int) string { return "#" }), 1)
	return expand(s.NumberPattern, prefix, day, func(width int) string { return fmt.Sprintf("%0*d", width, seq) }), err
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
