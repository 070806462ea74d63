package ticket

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Hit is what a result shows of where the words were found: escaped HTML with
// <mark> and nothing else.
type Hit struct {
	Subject string
	Excerpt string
}

const (
	searchHits  = 500    // the newest of which are ranked
	indexedText = 64_000 // bytes of a ticket that are searchable
	excerptLen  = 160    // runes
	// skew is how far clocks of other nodes may be before this one's for their
	// tickets to be found. (A search that knows where to begin needs not look.)
	skew = time.Hour
)

// search finds tickets by words, newest first within a time budget, ranks the
// newest hits, and lets the list go further back from there.
func (d *Desk) search(ctx context.Context, a *staff.Actor, q Query) (Page, error) {
	// Key: where the hits begin (an id, exclusive) and how many of them have
	// been shown.
	upper, shown := newest, int64(0)
	cur, err := readCursor(q.Cursor, "search", 2)
	if err != nil {
		return Page{}, err
	}
	if cur != nil {
		upper, shown = cur.Key[0], cur.Key[1]
	}
	words := text.ParseQuery(q.Text)
	found, further, err := d.found(ctx, a, words, q.Text, q.Filter, upper)
	if err != nil {
		return Page{}, err
	}
	rank(found, words, q.Text)
	p := Page{Hits: map[id.ID]Hit{}}
	if int(shown) < len(found) {
		p.Items = found[shown:min(len(found), int(shown)+q.Limit)]
	}
	switch {
	case int(shown)+q.Limit < len(found):
		p.Next = cursor{"search", []int64{upper, shown + int64(len(p.Items))}}.String()
	case further != 0:
		p.Next, p.Partial = cursor{"search", []int64{int64(further), 0}}.String(), true
	}
	return p, d.hits(ctx, a.Tenant, words, &p)
}

const newest = int64(1) << 62

// found are the newest hits below upper that the actor may read and that pass
// the filter, in no order; further, when not zero, is where older ones begin.
func (d *Desk) found(ctx context.Context, a *staff.Actor, words text.Query, typed, filter string, upper int64) ([]*Ticket, id.ID, error) {
	f, err := d.filter(ctx, a, filter)
	if err != nil {
		return nil, 0, err
	}
	var ids []id.ID
	var further id.ID
	if !words.Empty() {
		res, err := d.Index.Search(ctx, d.DB, a.Tenant, words, fulltext.Window{To: min(id.ID(upper), id.At(int64(d.Clock.Now().Add(skew))))}, searchHits)
		if err != nil {
			return nil, 0, err
		}
		ids, further = res.IDs, res.Further
	}
	direct, err := d.direct(ctx, a, typed)
	if err != nil {
		return nil, 0, err
	}
	if upper == newest { // they stand among the first hits, on all pages of them
		ids = append(ids, direct...)
	} else {
		ids = slices.DeleteFunc(ids, func(t id.ID) bool { return slices.Contains(direct, t) })
	}
	list, err := d.within(ctx, a, f, ids)
	if err != nil {
		return nil, 0, err
	}
	if words.Exact() { // the index knows the words of a phrase, not their order
		parts, err := d.parts(ctx, a.Tenant, list)
		if err != nil {
			return nil, 0, err
		}
		list = slices.DeleteFunc(list, func(t *Ticket) bool { return !words.Matches(parts[t.ID]...) && !slices.Contains(direct, t.ID) })
	}
	return list, further, nil
}

// direct finds what a person typed in full: a ticket number, or a customer's
// phone number or address, whose tickets then come first.
func (d *Desk) direct(ctx context.Context, a *staff.Actor, typed string) ([]id.ID, error) {
	typed = strings.TrimSpace(text.Clean(typed))
	if len(typed) < 3 || len(typed) > 100 {
		return nil, nil
	}
	rows, err := d.DB.Query(ctx, `select id from ticket where tenant_id = $1 and number in ($2, $3)`, a.Tenant, typed, strings.ToUpper(typed))
	scan := func(r rower) (id.ID, error) {
		var t id.ID
		return t, r.Scan(&t)
	}
	ids, err := db.Each(rows, err, scan)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	kind := "phone"
	if strings.Contains(typed, "@") {
		kind = "email"
	}
	who, err := d.Customers.Lookup(ctx, d.DB, a.Tenant, kind, typed)
	if err != nil || who == nil {
		return nil, notInput(err)
	}
	rows, err = d.DB.Query(ctx, `select id from ticket where tenant_id = $1 and requester_id = $2 order by id desc limit 100`, a.Tenant, who.ID)
	return db.Each(rows, err, scan)
}

// within loads the hits that the actor may read and that pass the filter.
func (d *Desk) within(ctx context.Context, a *staff.Actor, f *filter, ids []id.ID) ([]*Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := newWhere(a)
	w.sql.WriteString(" and t.id " + inIDs(d.DB, w.arg(idList(ids))))
	if err := f.add(w); err != nil {
		return nil, err
	}
	rows, err := d.DB.Query(ctx, `select `+columns+` from ticket t where `+w.sql.String(), w.args...)
	return db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
}

// rank puts exact numbers first, then words in the subject, active before
// ended, newest first.
func rank(list []*Ticket, words text.Query, typed string) {
	typed = strings.TrimSpace(typed)
	score := make(map[id.ID]int, len(list))
	for _, t := range list {
		s := 0
		if strings.EqualFold(t.Number, typed) {
			s += 8
		}
		if words.Matches(t.Subject) {
			s += 4
		}
		if t.Status.Active() {
			s++
		}
		score[t.ID] = s
	}
	sort.Slice(list, func(i, j int) bool {
		if a, b := score[list[i].ID], score[list[j].ID]; a != b {
			return a > b
		}
		return list[i].ID > list[j].ID
	})
}

// hits highlights a page: in the subject, and in the first message that holds
// the words.
func (d *Desk) hits(ctx context.Context, tenant id.ID, words text.Query, p *Page) error {
	if len(p.Items) == 0 {
		return nil
	}
	w := &where{args: []any{tenant}}
	ids := make([]id.ID, len(p.Items))
	for i, t := range p.Items {
		ids[i] = t.ID
	}
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`select m.ticket_id, m.text from ticket_message m where m.tenant_id = $1 and m.ticket_id %s
		and m.withdrawn_at is null order by m.ticket_id, m.id limit 2000`, inIDs(d.DB, w.arg(idList(ids)))), w.args...)
	_, err = db.Each(rows, err, func(r rower) (struct{}, error) {
		var t id.ID
		var body string
		if err := r.Scan(&t, &body); err != nil {
			return struct{}{}, err
		}
		if h, ok := p.Hits[t]; !ok || !strings.Contains(h.Excerpt, "<mark>") {
			h.Excerpt = text.Highlight(text.Cap(body, indexedText), words, excerptLen)
			p.Hits[t] = h
		}
		return struct{}{}, nil
	})
	for _, t := range p.Items {
		h := p.Hits[t.ID]
		h.Subject = text.Highlight(t.Subject, words, MaxSubject)
		p.Hits[t.ID] = h
	}
	return err
}

// IndexReaction keeps the full-text index: each ticket that had an event is
// indexed as it is now, many in one transaction.
func (d *Desk) IndexReaction() Reaction {
	return Reaction{Name: "search", React: func(ctx context.Context, batch []Occurrence) error {
		byTenant := map[id.ID][]*Ticket{}
		for _, o := range batch {
			if searchable(o.Events) {
				byTenant[o.Ticket.Tenant] = append(byTenant[o.Ticket.Tenant], o.Ticket)
			}
		}
		for tenant, tickets := range byTenant {
			docs, err := d.documents(ctx, tenant, tickets)
			if err != nil {
				return err
			}
			if err := d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return d.Index.Put(ctx, tx, tenant, docs)
			}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// searchable reports whether any of the events changes what can be found.
func searchable(events []Event) bool {
	for _, e := range events {
		switch e.Name {
		case EventCreated, EventMessage, EventWithdrawn, EventMerged, EventMergeIn, EventSplit, EventSplitFrom, EventUndo, EventChange:
			return true
		}
	}
	return false
}

func (d *Desk) documents(ctx context.Context, tenant id.ID, tickets []*Ticket) ([]fulltext.Doc, error) {
	parts, err := d.parts(ctx, tenant, tickets)
	if err != nil {
		return nil, err
	}
	docs := make([]fulltext.Doc, len(tickets))
	for i, t := range tickets {
		docs[i] = fulltext.Doc{ID: t.ID, Terms: text.Terms(parts[t.ID]...)}
	}
	return docs, nil
}

// parts are the texts by which each ticket is found.
func (d *Desk) parts(ctx context.Context, tenant id.ID, tickets []*Ticket) (map[id.ID][]string, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	w := &where{args: []any{tenant}}
	ids := make([]id.ID, len(tickets))
	var customers []id.ID
	for i, t := range tickets {
		ids[i] = t.ID
		if t.Requester != 0 {
			customers = append(customers, t.Requester)
		}
	}
	bodies := map[id.ID][]string{}
	size := map[id.ID]int{}
	rows, err := d.DB.Query(ctx, `select m.ticket_id, m.text from ticket_message m where m.tenant_id = $1 and m.ticket_id `+inIDs(d.DB, w.arg(idList(ids)))+`
		and m.withdrawn_at is null order by m.ticket_id, m.id desc`, w.args...)
	if _, err = db.Each(rows, err, func(r rower) (struct{}, error) {
		var t id.ID
		var body string
		err := r.Scan(&t, &body)
		if left := indexedText - size[t]; err == nil && left > 0 { // the newest words first
			body = text.Cap(body, left)
			size[t] += len(body)
			bodies[t] = append(bodies[t], body)
		}
		return struct{}{}, err
	}); err != nil {
		return nil, err
	}
	if d.MoreWords != nil { // they take what the messages leave
		more, err := d.MoreWords(ctx, tenant, ids)
		if err != nil {
			return nil, err
		}
		for t, texts := range more {
			for _, s := range texts {
				if left := indexedText - size[t]; left > 0 {
					s = text.Cap(s, left)
					size[t] += len(s)
					bodies[t] = append(bodies[t], s)
				}
			}
		}
	}
	names, err := d.Customers.Names(ctx, d.DB, tenant, customers)
	if err != nil {
		return nil, err
	}
	for _, t := range tickets {
		parts := append([]string{t.Subject, t.Number, names[t.Requester].Name}, t.Tags...)
		for _, v := range t.Fields {
			if s, ok := v.(string); ok {
				parts = append(parts, s)
			}
		}
		bodies[t.ID] = append(parts, bodies[t.ID]...)
	}
	return bodies, nil
}

// notInput drops the complaint that what was typed is no phone number: it was
// only worth a try.
func notInput(err error) error {
	if fault.KindOf(err) == fault.Invalid {
		return nil
	}
	return err
}
