package ticket

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/form"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/text"
)

// Past is a ticket with all that has happened to it: how it stands, and the
// messages and events that brought it there.
type Past struct {
	Ticket    *Ticket
	Requester string // name, which is searchable too
	Messages  []*Message
	Events    []Event
}

// Loader writes tickets together with their past, many in one transaction. It
// is the way of seeding, for a tenant that nobody works in: what it writes is
// what a desk would have written over the years, but no rule is checked and
// nobody is told. What still lies ahead of a ticket (the end of a snooze, the
// closing after solving) is put on the queue.
type Loader struct {
	desk     *Desk
	tenant   id.ID
	catalog  *form.Catalog
	settings Settings
	zone     *time.Location
	mu       sync.Mutex
	numbers  map[string]int64 // by scope
	series   map[series]*block
	given    map[string]int64 // of them, those that no Load holds yet
	words    *fulltext.Fill
}

// Loader begins to load a tenant's past.
func (d *Desk) Loader(ctx context.Context, tenant id.ID) (*Loader, error) {
	catalog, err := d.Forms.Get(ctx, tenant)
	if err != nil {
		return nil, err
	}
	words, err := fulltext.NewFill(ctx, d.DB, tenant)
	if err != nil {
		return nil, err
	}
	s := d.Settings(ctx, tenant)
	return &Loader{desk: d, words: words, tenant: tenant, catalog: catalog, settings: s, zone: d.numbers.day(s, 0).Location(),
		numbers: map[string]int64{}, given: map[string]int64{}, series: map[series]*block{}}, nil
}

// Number gives the next number of a type at a moment. What Prepare makes next
// keeps the rest of the desk from giving it again.
func (l *Loader) Number(typ string, at clock.Time) string {
	t, _ := l.catalog.Type(typ)
	day := at.Std().In(l.zone)
	key := series{l.tenant, l.settings.NumberPattern, t.Prefix, day.Year()*1000 + day.YearDay()}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.series[key]
	if b == nil {
		b = newBlock(key, day)
		l.series[key] = b
	}
	l.numbers[b.scope]++
	n := l.numbers[b.scope]
	l.given[b.scope] = n
	return b.number(n)
}

// Load is what Prepare made of some tickets.
type Load struct {
	tickets, messages, events, tags, fields rows
	numbers                                 rows
	words                                   *fulltext.Filled
	jobs                                    []job.New
}

// rows are values for one table.
type rows struct {
	width int
	args  []any
}

// Prepare does all that needs neither the store nor the order: Loads may be
// prepared at the same time. first is the place of the first ticket in the
// whole; a Load does not reach over a multiple of fulltext.BulkDocs.
func (l *Loader) Prepare(first int, pasts []Past) *Load {
	x := &Load{tickets: rows{width: columnCount}, messages: rows{width: 14}, events: rows{width: 10}, tags: rows{width: 3}, fields: rows{width: 4}, numbers: rows{width: 3}}
	l.mu.Lock()
	for _, scope := range slices.Sorted(maps.Keys(l.given)) {
		x.numbers.args = append(x.numbers.args, int64(l.tenant), scope, l.given[scope])
	}
	clear(l.given)
	l.mu.Unlock()
	x.tickets.args = make([]any, 0, len(pasts)*columnCount)
	var indexed []string
	for _, f := range l.catalog.Fields() {
		if f.Indexed {
			indexed = append(indexed, f.Key)
		}
	}
	var parts []string
	docs := make([]fulltext.Doc, 0, len(pasts))
	for _, p := range pasts {
		t := p.Ticket
		x.tickets.args = append(x.tickets.args, t.values()...)
		for _, m := range p.Messages {
			x.messages.args = append(x.messages.args, int64(t.Tenant), int64(m.Ticket), int64(m.ID), m.Seq, string(m.Kind), m.AuthorKind, null(m.Author), m.Channel,
				m.Text, m.HTML, m.ExternalID, int64(m.CreatedAt), null(m.UndoUntil), null(m.WithdrawnAt))
		}
		for _, e := range p.Events {
			x.events.args = append(x.events.args, e.values()...)
		}
		for _, tag := range t.Tags {
			x.tags.args = append(x.tags.args, int64(t.Tenant), tag, int64(t.ID))
		}
		for _, key := range indexed {
			if v := words(t.Fields[key]); v != "" {
				x.fields.args = append(x.fields.args, int64(t.Tenant), key, v, int64(t.ID))
			}
		}
		parts = append(parts[:0], t.Subject, t.Number, p.Requester)
		parts = append(parts, t.Tags...)
		for _, v := range t.Fields {
			if s, ok := v.(string); ok {
				parts = append(parts, s)
			}
		}
		left := indexedText
		for _, m := range slices.Backward(p.Messages) {
			body := text.Cap(m.Text, left)
			left -= len(body)
			parts = append(parts, body)
		}
		docs = append(docs, fulltext.Doc{ID: t.ID, Terms: text.Terms(parts...)})
		if t.Status == Solved && l.settings.AutoClose > 0 {
			x.jobs = append(x.jobs, job.New{Tenant: t.Tenant, Kind: kindAutoClose, Key: t.ID.String(), DueAt: t.SolvedAt.Add(l.settings.AutoClose), Replace: true, Payload: struct{}{}})
		}
		if t.SnoozedUntil != 0 {
			x.jobs = append(x.jobs, job.New{Tenant: t.Tenant, Kind: kindWake, Key: t.ID.String(), DueAt: t.SnoozedUntil, Replace: true, Payload: struct{}{}})
		}
	}
	x.words = l.words.Tagged(first, docs)
	return x
}

const (
	loadMessages = `insert into ticket_message (tenant_id, ticket_id, id, seq, kind, author_kind, author_id, channel, text, html, external_id, created_at, undo_until, withdrawn_at) values `
	loadEvents   = `insert into ticket_event (tenant_id, ticket_id, seq, at, actor_kind, actor_id, name, data, cause, depth) values `
	loadTags     = `insert into ticket_tag (tenant_id, tag, ticket_id) values `
	loadNumbers  = `insert into ticket_number_block (tenant_id, scope, next) values `
	keepHigher   = ` on conflict (tenant_id, scope) do update set next = excluded.next where excluded.next > ticket_number_block.next`
	loadFields   = `insert into ticket_field (tenant_id, field, value, ticket_id) values `
)

// Gather takes the words of a Load into the index that is built. Loads come in
// ascending order of ids. It touches no store.
func (l *Loader) Gather(x *Load) error { return l.words.Add(x.words) }

// WriteIn writes what was gathered in the caller's transaction.
func (l *Loader) WriteIn(ctx context.Context, tx *db.Tx, x *Load) error {
	for _, table := range []struct {
		insert string
		rows   rows
		then   string
	}{
		{strings.TrimSuffix(insertTicket, db.Values(1, columnCount)), x.tickets, ""},
		{loadMessages, x.messages, ""}, {loadEvents, x.events, ""}, {loadTags, x.tags, ""}, {loadFields, x.fields, ""},
		{loadNumbers, x.numbers, keepHigher},
	} {
		if err := table.rows.write(ctx, tx, table.insert, table.then); err != nil {
			return err
		}
	}
	if err := l.desk.Jobs.Add(ctx, tx, x.jobs...); err != nil {
		return err
	}
	return l.words.WriteIn(ctx, tx, x.words)
}

// Finish makes all that was written searchable.
func (l *Loader) Finish(ctx context.Context) error { return l.words.Finish(ctx, l.desk.DB) }

// loadChunk is how many values one statement takes: few enough for both
// engines, and a whole number of rows, so that texts repeat and stay prepared.
const loadChunk = 2000

func (r rows) write(ctx context.Context, tx *db.Tx, insert, then string) error {
	full := loadChunk / r.width
	statement := insert + db.Values(full, r.width) + then
	for part := range slices.Chunk(r.args, full*r.width) {
		q := statement
		if n := len(part) / r.width; n < full {
			q = insert + db.Values(n, r.width) + then
		}
		if _, err := tx.Exec(ctx, q, part...); err != nil {
			return err
		}
	}
	return nil
}
