package job

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhidan/internal/platform/bus"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// topic is the queue's on the bus. Its texts are "lease" (look at the leases)
// and lines of "<shard> <tenant> <kind>" (jobs were added there).
const topic = "job"

// Add writes jobs in the caller's transaction and wakes their owners when it
// has committed.
func (q *Queue) Add(ctx context.Context, tx *db.Tx, jobs ...New) error {
	var plain, timers []row
	var panes []paneName
	for _, n := range jobs {
		r, err := q.row(n)
		if err != nil {
			return err
		}
		if p := (paneName{r.shard, r.tenant, r.kind}); !slices.Contains(panes, p) {
			panes = append(panes, p)
		}
		if r.timer {
			timers = append(timers, r)
		} else {
			plain = append(plain, r)
		}
	}
	if len(timers) > 1 {
		// Always in the same order, so that two transactions that replace the
		// same timers do not lock each other out; of two with the same name
		// the last counts.
		slices.SortStableFunc(timers, func(a, b row) int {
			return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
		})
		kept := timers[:0]
		for i, r := range timers {
			if i+1 < len(timers) && r.name() == timers[i+1].name() {
				continue
			}
			kept = append(kept, r)
		}
		timers = kept
	}
	for chunk := range slices.Chunk(plain, mostRows(tx.Engine(), 100)) {
		if err := insert(ctx, tx, chunk, ""); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(timers, mostRows(tx.Engine(), 100)) {
		if err := insert(ctx, tx, chunk, replaceTimer); err != nil {
			return err
		}
	}
	if len(jobs) > 0 {
		tx.AfterCommit(func() {
			for _, t := range timers {
				q.replaced(t.name())
			}
			q.mark(panes...)
		})
	}
	return nil
}

const replaceTimer = ` on conflict (tenant_id, kind, key) where timer do update set
	due_at = excluded.due_at, pos = excluded.pos, id = excluded.id, payload = excluded.payload,
	attempt = 0, retry_at = 0, error = null`

func insert(ctx context.Context, tx *db.Tx, rows []row, conflict string) error {
	args := make([]any, 0, len(rows)*8)
	var b strings.Builder
	b.WriteString("insert into job (shard, due_at, pos, id, tenant_id, kind, key, timer, payload) values ")
	for i, r := range rows {
		n := i * 8
		pos := "$" + strconv.Itoa(n+3) // SQLite: ids are made one after another inside the one writer
		if tx.Engine() == db.Postgres {
			pos = "nextval('job_order')"
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "($%d,$%d,%s,$%d,$%d,$%d,$%d,$%d,$%d)", n+1, n+2, pos, n+3, n+4, n+5, n+6, n+7, n+8)
		args = append(args, r.shard, r.due, r.id, int64(r.tenant), r.kind, r.key, r.timer, string(r.payload))
	}
	b.WriteString(conflict)
	return tx.Queue(ctx, b.String(), args...)
}

// row checks a new job and computes its row.
func (q *Queue) row(n New) (row, error) {
	switch {
	case n.Tenant <= 0:
		return row{}, fault.Bad("tenant", "job.tenant", "a job belongs to a tenant")
	case n.Kind == "" || len(n.Kind) > MaxKind || !plainText(n.Kind):
		return row{}, fault.Bad("kind", "job.kind", "a kind has 1 to %d bytes of text", MaxKind)
	case len(n.Key) > MaxKey || !plainText(n.Key):
		return row{}, fault.Bad("key", "job.key", "a key has at most %d bytes of text", MaxKey)
	case n.DueAt < 0:
		return row{}, fault.Bad("due_at", "job.due", "a due time lies after 1970")
	}
	payload, err := json.Marshal(n.Payload)
	if err != nil {
		return row{}, fmt.Errorf("job %s: %w", n.Kind, err)
	}
	if len(payload) > MaxPayload {
		return row{}, fault.Bad("payload", "job.payload", "the payload of %s has %d bytes, at most %d are allowed", n.Kind, len(payload), MaxPayload)
	}
	return row{spot: spot{due: int64(n.DueAt), id: int64(q.cfg.IDs.Next())}, shard: shardOf(n.Tenant, n.Key),
		tenant: n.Tenant, kind: n.Kind, key: n.Key, timer: n.Replace, payload: payload}, nil
}

func plainText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func shardOf(tenant id.ID, key string) int {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(tenant >> (8 * i))
	}
	h.Write(b[:])
	h.Write([]byte(key))
	v := h.Sum64()
	// The low bits of FNV mix worst.
	return int((v ^ v>>32) % Shards)
}

// Cancel takes away the pending timer of a tenant, kind and key, also when it
// is parked. One that runs at this moment is not stopped, but its Done is
// refused.
func (q *Queue) Cancel(ctx context.Context, tx *db.Tx, tenant id.ID, kind, key string) error {
	name := lineName{tenant, kind, key}
	if err := tx.Queue(ctx, "delete from job where tenant_id = $1 and kind = $2 and key = $3 and timer",
		int64(tenant), kind, key); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "delete from job_parked where tenant_id = $1 and kind = $2 and key = $3 and timer",
		int64(tenant), kind, key)
	if err != nil {
		return err
	}
	if n > 0 {
		if err := q.unpark(ctx, tx, name); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { q.replaced(name) })
	return nil
}

// replaced forgets a timer that was read before it was replaced or cancelled.
func (q *Queue) replaced(name lineName) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.mem.lines[name]; l != nil {
		for _, it := range slices.Clone(l.rows) {
			if it.timer && !it.running {
				q.mem.forget(it)
			}
		}
	}
}

// mark says that jobs were added.
func (q *Queue) mark(panes ...paneName) {
	q.mu.Lock()
	var others strings.Builder
	mine := false
	for _, p := range panes {
		if q.mem.shards[p.shard].held == owned {
			q.mem.added(p)
			mine = true
		} else if q.cfg.Bus != nil && others.Len() < bus.MaxMessage-MaxKind-40 { // the rest is found by polling
			fmt.Fprintf(&others, "%d %d %s\n", p.shard, p.tenant, p.kind)
		}
	}
	up := q.state == started
	q.mu.Unlock()
	if up && mine {
		signal(q.wake)
	}
	if others.Len() > 0 {
		q.cfg.Bus.Send(topic, others.String())
	}
}

// heard is called with what another node sent.
func (q *Queue) heard(text string) {
	if text == "lease" {
		signal(q.kick)
		return
	}
	mine := false
	q.mu.Lock()
	for line := range strings.Lines(text) {
		var p paneName
		shard, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		tenant, kind, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(shard)
		if err != nil || n < 0 || n >= Shards || q.mem.shards[n].held != owned {
			continue
		}
		p.shard, p.kind = n, kind
		if p.tenant, err = id.Parse(tenant); err == nil {
			q.mem.added(p)
			mine = true
		}
	}
	q.mu.Unlock()
	if mine {
		signal(q.wake)
	}
}

func dueAt(r *row) clock.Time {
	if r.due != 0 {
		return clock.Time(r.due)
	}
	return clock.Time(id.ID(r.id).Millis())
}
