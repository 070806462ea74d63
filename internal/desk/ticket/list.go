package ticket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/expr"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Limits of lists.
const (
	DefaultPage = 50
	MaxPage     = 200
	CountCap    = 999
	listBudget  = 300 * time.Millisecond // for conditions that no index answers
	firstWindow = 2000                   // rows looked at before the clock is read
)

// Query asks for a page of tickets. Tenant and reach come from the actor and
// are part of every statement that it becomes.
type Query struct {
	Text   string // full-text search
	Filter string // CEL
	Sort   string // updated, created, priority, due; "-" for newest, most urgent or latest first
	Limit  int
	Cursor string
}

// Page is one page of a list.
type Page struct {
	Items []*Ticket
	Next  string // cursor of the next page; empty at the end
	// Partial says that the time budget ended before the page was full: Next
	// goes on from where the search stopped.
	Partial bool
	// Hits holds, for a text search, what to show of each item.
	Hits map[id.ID]Hit
}

// sorting is an order with its keyset: the columns that make it total.
type sorting struct {
	name string
	keys []string
	desc bool
	of   func(*Ticket) []int64
}

var sortings = map[string]sorting{
	"updated":  {keys: []string{"t.updated_at", "t.id"}, of: func(t *Ticket) []int64 { return []int64{int64(t.UpdatedAt), int64(t.ID)} }},
	"created":  {keys: []string{"t.id"}, of: func(t *Ticket) []int64 { return []int64{int64(t.ID)} }},
	"priority": {keys: []string{"t.priority", "t.updated_at", "t.id"}, of: func(t *Ticket) []int64 { return []int64{int64(t.Priority), int64(t.UpdatedAt), int64(t.ID)} }},
	"due":      {keys: []string{"t.due_at", "t.id"}, of: func(t *Ticket) []int64 { return []int64{t.dueKey(), int64(t.ID)} }},
}

func sortOf(name string) (sorting, error) {
	if name == "" {
		name = "-updated"
	}
	s, ok := sortings[strings.TrimPrefix(name, "-")]
	if !ok {
		return s, fault.Bad("sort", "choice", "sort is updated, created, priority or due, with - for descending")
	}
	s.name, s.desc = name, strings.HasPrefix(name, "-")
	return s, nil
}

func (s sorting) order() string {
	dir := " asc"
	if s.desc {
		dir = " desc"
	}
	return strings.Join(s.keys, dir+", ") + dir
}

// after is the condition "behind this key" in the sort's direction.
func (s sorting) after(w *where, key []int64) string { return s.compare(w, key, "<", ">") }

// compare sets the sort's columns against a key, with the operator for
// descending or for ascending order.
func (s sorting) compare(w *where, key []int64, desc, asc string) string {
	marks := make([]string, len(key))
	for i, k := range key {
		marks[i] = w.arg(k)
	}
	op := asc
	if s.desc {
		op = desc
	}
	return "(" + strings.Join(s.keys, ", ") + ") " + op + " (" + strings.Join(marks, ", ") + ")"
}

type cursor struct {
	Sort string  `json:"s"`
	Key  []int64 `json:"k"`
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(encode(c)))
}

func readCursor(text, sort string, keys int) (*cursor, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	c := &cursor{}
	if err == nil {
		err = json.Unmarshal(raw, c)
	}
	if err != nil || c.Sort != sort || len(c.Key) != keys {
		return nil, fault.Bad("cursor", "invalid", "this cursor does not belong to this list")
	}
	return c, nil
}

// List reads a page within the actor's reach. Pages go by key, so the
// thousandth costs what the first does.
func (d *Desk) List(ctx context.Context, a *staff.Actor, q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = DefaultPage
	}
	q.Limit = min(q.Limit, MaxPage)
	return d.list(ctx, a, q)
}

func (d *Desk) list(ctx context.Context, a *staff.Actor, q Query) (Page, error) {
	if strings.TrimSpace(q.Text) != "" {
		return d.search(ctx, a, q)
	}
	s, err := sortOf(q.Sort)
	if err != nil {
		return Page{}, err
	}
	cur, err := readCursor(q.Cursor, s.name, len(s.keys))
	if err != nil {
		return Page{}, err
	}
	f, err := d.filter(ctx, a, q.Filter)
	if err != nil {
		return Page{}, err
	}
	var key []int64
	if cur != nil {
		key = cur.Key
	}
	if f.indexed() && a.Scope(staff.TicketRead) == staff.ScopeAll {
		return d.page(ctx, a, f, s, key, nil, q.Limit)
	}
	return d.windows(ctx, a, f, s, key, q.Limit)
}

// filter is a checked condition ready to become SQL.
type filter struct {
	prog  *expr.Program
	binds expr.Binds
	db    *db.DB
}

func (d *Desk) filter(ctx context.Context, a *staff.Actor, text string) (*filter, error) {
	if strings.TrimSpace(text) == "" {
		return &filter{}, nil
	}
	schema, err := d.Schema(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p, err := schema.Check(text)
	return &filter{p, d.binds(a), d.DB}, err
}

// indexed reports whether an index leads straight to the rows, so that no
// budget is needed.
func (f *filter) indexed() bool { return f.prog == nil || len(f.prog.Indexed()) > 0 }

// active reports whether the condition admits none but active tickets.
func (f *filter) active() bool {
	return f.prog != nil && slices.ContainsFunc(f.prog.Indexed(), func(c expr.Constraint) bool { return c.Field == "active" && c.Op == "true" })
}

func (f *filter) add(w *where) error {
	if f.prog == nil {
		return nil
	}
	sql, args, err := f.prog.SQL(f.db.Engine(), len(w.args)+1, f.binds)
	if err != nil {
		return err
	}
	w.sql.WriteString(" and (" + sql + ")")
	for i, a := range args {
		if s, ok := a.(string); ok { // PostgreSQL takes no NUL and no broken UTF-8
			args[i] = text.Clean(s)
		}
	}
	w.args = append(w.args, args...)
	return nil
}

// page reads one page directly; until, when given, is the last key to look at.
func (d *Desk) page(ctx context.Context, a *staff.Actor, f *filter, s sorting, key, until []int64, limit int) (Page, error) {
	w := newWhere(a)
	if key != nil {
		w.sql.WriteString(" and " + s.after(w, key))
	}
	if until != nil {
		w.sql.WriteString(" and " + s.compare(w, until, ">=", "<="))
	}
	if err := f.add(w); err != nil {
		return Page{}, err
	}
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`select %s from ticket t where %s order by %s limit %d`, columns, &w.sql, s.order(), limit+1), w.args...)
	items, err := db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = cursor{s.name, s.of(items[limit-1])}.String()
	}
	return p, nil
}

// windows answers a condition that no index leads to: it walks the list in
// order, window by window, until the page is full or the budget is used up, and
// then says that there may be more further on.
func (d *Desk) windows(ctx context.Context, a *staff.Actor, f *filter, s sorting, key []int64, limit int) (Page, error) {
	start := time.Now()
	var out Page
	for size := firstWindow; ; size *= 2 {
		until, err := d.windowEnd(ctx, a.Tenant, f, s, key, size)
		if err != nil {
			return Page{}, err
		}
		p, err := d.page(ctx, a, f, s, key, until, limit-len(out.Items))
		if err != nil {
			return Page{}, err
		}
		out.Items = append(out.Items, p.Items...)
		switch {
		case p.Next != "":
			out.Next = p.Next
			return out, nil
		case until == nil:
			return out, nil
		case len(out.Items) == limit || time.Since(start) > listBudget:
			out.Next, out.Partial = cursor{s.name, until}.String(), len(out.Items) < limit
			return out, nil
		}
		key = until
	}
}

// windowEnd finds the key that is size rows on, or nil when the list ends before.
func (d *Desk) windowEnd(ctx context.Context, tenant id.ID, f *filter, s sorting, key []int64, size int) ([]int64, error) {
	w := &where{args: []any{tenant}}
	w.sql.WriteString("t.tenant_id = $1")
	if f.active() { // the indexes of what is in use hold it in every order
		w.sql.WriteString(" and t.status <= 4")
	}
	if key != nil {
		w.sql.WriteString(" and " + s.after(w, key))
	}
	end := make([]int64, len(s.keys))
	dest := make([]any, len(end))
	for i := range end {
		dest[i] = &end[i]
	}
	err := d.DB.QueryRow(ctx, fmt.Sprintf(`select %s from ticket t where %s order by %s limit 1 offset %d`,
		strings.Join(s.keys, ", "), &w.sql, s.order(), size-1), w.args...).Scan(dest...)
	if isNoRows(err) {
		return nil, nil
	}
	return end, err
}

// Count is how many tickets there are, up to CountCap.
type Count struct {
	Count  int  `json:"count"`
	Capped bool `json:"capped,omitempty" doc:"there are more"`
}

// Count counts within the actor's reach, to CountCap or to the end of the
// budget; past either it says that there are more.
func (d *Desk) Count(ctx context.Context, a *staff.Actor, text string) (Count, error) {
	f, err := d.filter(ctx, a, text)
	if err != nil {
		return Count{}, err
	}
	w := newWhere(a)
	if err := f.add(w); err != nil {
		return Count{}, err
	}
	within, cancel := context.WithTimeout(ctx, listBudget)
	defer cancel()
	var n int
	err = d.DB.QueryRow(within, fmt.Sprintf(`select count(*) from (select 1 from ticket t where %s limit %d) c`, &w.sql, CountCap+1), w.args...).Scan(&n)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return Count{Capped: true}, nil
	}
	return Count{Count: min(n, CountCap), Capped: n > CountCap}, err
}

// Number finds a ticket by the number people read aloud.
func (d *Desk) Number(ctx context.Context, a *staff.Actor, number string) (*Ticket, error) {
	t, err := scanTicket(d.DB.QueryRow(ctx, `select `+columns+` from ticket t where t.tenant_id = $1 and t.number = $2`, a.Tenant, text.Clean(number)))
	if isNoRows(err) {
		return nil, fault.Missing("ticket")
	}
	if err != nil {
		return nil, err
	}
	return t, d.mayChange(ctx, d.DB, a, t, staff.TicketRead)
}

// Entry is one line of a ticket's timeline: a message or an event.
type Entry struct {
	At      clock.Time
	Event   *Event
	Message *Message
	Texts   map[string]string // words that belong to the event: reason, subject.from …
}

// Timeline reads the newest entries, or those before the cursor, in ascending
// order. Messages and events are two tables; each has its own key in the cursor.
func (d *Desk) Timeline(ctx context.Context, a *staff.Actor, ticket id.ID, limit int, text string) ([]Entry, string, error) {
	if _, err := d.Get(ctx, a, ticket); err != nil {
		return nil, "", err
	}
	if limit <= 0 || limit > MaxPage {
		limit = DefaultPage
	}
	cur, err := readCursor(text, "timeline", 2)
	if err != nil {
		return nil, "", err
	}
	const end = int64(1)<<62 - 1
	beforeMessage, beforeSeq := end, end
	if cur != nil {
		beforeMessage, beforeSeq = cur.Key[0], cur.Key[1]
	}
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`select %s from ticket_message m where m.tenant_id = $1 and m.ticket_id = $2 and m.id < $3
		order by m.id desc limit %d`, messageColumns, limit+1), a.Tenant, ticket, beforeMessage)
	messages, err := db.Each(rows, err, func(r rower) (*Message, error) { return scanMessage(r) })
	if err != nil {
		return nil, "", err
	}
	rows, err = d.DB.Query(ctx, fmt.Sprintf(`select %s from ticket_event e where e.tenant_id = $1 and e.ticket_id = $2 and e.seq < $3
		and e.name <> 'message' order by e.seq desc limit %d`, eventColumns, limit+1), a.Tenant, ticket, beforeSeq)
	events, err := db.Each(rows, err, func(r rower) (Event, error) { return scanEvent(r) })
	if err != nil {
		return nil, "", err
	}
	var out []Entry
	m, e := 0, 0
	for len(out) < limit && (m < len(messages) || e < len(events)) {
		// Of the same moment the message stands above what it caused, except
		// that a ticket is created before it is spoken on.
		if e == len(events) || m < len(messages) && (messages[m].CreatedAt > events[e].At ||
			messages[m].CreatedAt == events[e].At && events[e].Name == EventCreated) {
			out = append(out, Entry{At: messages[m].CreatedAt, Message: messages[m]})
			beforeMessage = int64(messages[m].ID)
			m++
		} else {
			out = append(out, Entry{At: events[e].At, Event: &events[e]})
			beforeSeq = events[e].Seq
			e++
		}
	}
	next := ""
	if m < len(messages) || e < len(events) {
		next = cursor{"timeline", []int64{beforeMessage, beforeSeq}}.String()
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, next, d.addTexts(ctx, a.Tenant, ticket, out)
}

func (d *Desk) addTexts(ctx context.Context, tenant, ticket id.ID, entries []Entry) error {
	bySeq := map[int64]*Entry{}
	lo, hi := int64(1)<<62, int64(0)
	for i := range entries {
		if e := entries[i].Event; e != nil {
			bySeq[e.Seq] = &entries[i]
			lo, hi = min(lo, e.Seq), max(hi, e.Seq)
		}
	}
	if len(bySeq) == 0 {
		return nil
	}
	rows, err := d.DB.Query(ctx, `select seq, name, value from ticket_event_text where tenant_id = $1 and ticket_id = $2 and seq between $3 and $4`,
		tenant, ticket, lo, hi)
	_, err = db.Each(rows, err, func(r rower) (struct{}, error) {
		var seq int64
		var name, value string
		err := r.Scan(&seq, &name, &value)
		if e := bySeq[seq]; err == nil && e != nil {
			if e.Texts == nil {
				e.Texts = map[string]string{}
			}
			e.Texts[name] = value
		}
		return struct{}{}, err
	})
	return err
}
