package understand

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/retrieve"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// groups are the tickets that are compared with each other, by tenant. They
// live in memory and are filled from the store when they are first needed.
type groups struct {
	mu       sync.Mutex
	byTenant map[id.ID]*group
	uses     int64
	most     int // texts of all tenants together; tests set less
}

// group compares the tickets of one tenant. ready is closed when what was
// there before has been read; what comes meanwhile waits in pending.
type group struct {
	similar *retrieve.Similar
	ready   chan struct{}
	used    int64 // as groups counts uses

	mu      sync.Mutex
	burst   *retrieve.Burst
	pending []arrival
	newest  []arrival // while the store is small
	// What is to be written in a moment: proposals by matter, and tickets that
	// join an incident.
	due     map[id.ID]*retrieve.Proposal
	joining map[id.ID][]id.ID
	watched []watched
	writing sync.Mutex // held while what was due is written
}

type arrival struct {
	ticket, customer id.ID
	at               clock.Time
	text             string
	said             *retrieve.Said // of the text, when somebody has asked
}

// matter is the text made ready to be compared.
func (a *arrival) matter() *retrieve.Said {
	if a.said == nil {
		a.said = retrieve.NewSaid(a.text)
	}
	return a.said
}

// Bounds of what is compared.
const (
	compared  = 100_000             // newest tickets held for comparison, of a tenant: some 25 MB
	together  = 600_000             // of all tenants of a node
	maxGroups = 256                 // tenants
	usual     = 14 * 24 * time.Hour // how far back the past of bursts is read
	fillPage  = 500
	maxWaitsG = 2_000            // tickets that wait while the past is read
	late      = 30 * time.Minute // older ones are no part of what happens now
)

// group gives the tenant's, and begins to fill it when it is new.
func (m *Mind) group(tenant id.ID) *group {
	m.groups.mu.Lock()
	defer m.groups.mu.Unlock()
	g := m.groups.byTenant[tenant]
	if g == nil {
		g = &group{similar: retrieve.NewSimilar(compared), burst: retrieve.NewBurst(retrieve.BurstConfig{}), ready: make(chan struct{})}
		m.groups.byTenant[tenant] = g
		m.groups.evict(tenant)
		m.behind(func(ctx context.Context) { m.fill(ctx, tenant, g) })
	}
	m.groups.uses++
	g.used = m.groups.uses
	return g
}

// evict lets go of those that nobody has asked for the longest, until the
// others are within bounds. One that is at work stays. The mutex is held.
func (gs *groups) evict(keep id.ID) {
	for {
		all := 0
		var oldest id.ID
		for tenant, g := range gs.byTenant {
			all += g.similar.Len()
			if tenant != keep && g.idle() && (oldest == 0 || g.used < gs.byTenant[oldest].used) {
				oldest = tenant
			}
		}
		if oldest == 0 || all <= cmp.Or(gs.most, together) && len(gs.byTenant) <= maxGroups {
			return
		}
		delete(gs.byTenant, oldest)
	}
}

// idle tells whether nothing of a group is under way.
func (g *group) idle() bool {
	select {
	case <-g.ready:
	default:
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.writing.TryLock() {
		return false
	}
	g.writing.Unlock()
	return len(g.pending)+len(g.due)+len(g.joining) == 0
}

// fill reads the newest tickets, oldest first. Those that were born since it
// began are in pending as well; adding one twice does no harm.
func (m *Mind) fill(ctx context.Context, tenant id.ID, g *group) {
	filled := false
	defer func() {
		if !filled {
			close(g.ready)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	var from id.ID
	err := m.DB.QueryRow(ctx, fmt.Sprintf(`select id from ticket where tenant_id = $1 order by id desc limit 1 offset %d`, compared), tenant).Scan(&from)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		m.drop(tenant, g, err)
		return
	}
	var newest id.ID
	if err := m.DB.QueryRow(ctx, `select coalesce(max(id), 0) from ticket where tenant_id = $1`, tenant).Scan(&newest); err != nil {
		m.drop(tenant, g, err)
		return
	}
	since := m.Clock.Now().Add(-usual)
	seen := map[id.ID]bool{}
	var proposals []*retrieve.Proposal
	for from < newest {
		began := time.Now()
		page, err := m.Desk.Openings(ctx, tenant, from, newest, fillPage)
		if err != nil {
			m.drop(tenant, g, err)
			return
		}
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			from = o.Ticket
			text := text.Cap(o.Subject+"\n"+o.Text, maxCompared)
			g.similar.Add(o.Ticket, text, retrieve.Meta{Customer: o.Requester, At: o.At})
			if o.At >= since {
				g.mu.Lock()
				p := g.burst.Add(retrieve.Arrival{ID: o.Ticket, At: o.At, Customer: o.Requester, Text: text})
				if o.At >= m.Clock.Now().Add(-late) {
					if small := g.few(arrival{ticket: o.Ticket, customer: o.Requester, at: o.At, text: text}); p == nil {
						p = small
					}
				}
				g.mu.Unlock()
				if p != nil && o.At >= m.Clock.Now().Add(-late) { // it happens now
					proposals = append(proposals, p)
				}
				seen[o.Ticket] = true
			}
		}
		if len(page) == fillPage { // half of one core is left to those who work
			select {
			case <-time.After(time.Since(began)):
			case <-ctx.Done():
			}
		}
	}
	if err := m.watchAgain(ctx, tenant, g); err != nil {
		m.drop(tenant, g, err)
		return
	}
	g.mu.Lock()
	pending := g.pending
	g.pending = nil
	for _, a := range pending {
		if !seen[a.ticket] {
			if p := g.take(a); p != nil {
				proposals = append(proposals, p)
			}
		}
	}
	filled = true
	close(g.ready) // together with the draining: nothing waits that nobody takes
	g.mu.Unlock()
	m.bound(tenant)
	m.soon(tenant, proposals, g.joins(pending))
}

// watchAgain takes up the incidents that were going on before the start.
func (m *Mind) watchAgain(ctx context.Context, tenant id.ID, g *group) error {
	list, err := m.Incidents(ctx, tenant, "", 1<<62, maxWatched)
	if err != nil {
		return err
	}
	for _, i := range slices.Backward(list) {
		until := i.UpdatedAt.Add(incidentQuiet)
		if i.State == Dismissed || until < m.Clock.Now() || len(i.Tickets) == 0 {
			continue
		}
		texts, err := m.Desk.FirstWords(ctx, tenant, i.Tickets[:min(maxAnchors, len(i.Tickets))])
		if err != nil {
			return err
		}
		for _, w := range texts {
			g.watch(i.ID, w.Subject+"\n"+w.Text, until)
		}
	}
	return nil
}

func (m *Mind) drop(tenant id.ID, g *group, err error) {
	m.Log.Warn("understanding: the tickets to compare with could not be read", "tenant", tenant, "error", err)
	m.groups.mu.Lock()
	defer m.groups.mu.Unlock()
	if m.groups.byTenant[tenant] == g {
		delete(m.groups.byTenant, tenant) // the next ticket tries again
	}
}

// take adds a ticket; the group is locked.
func (g *group) take(a arrival) *retrieve.Proposal {
	g.similar.Add(a.ticket, a.text, retrieve.Meta{Customer: a.customer, At: a.at})
	p := g.burst.Add(retrieve.Arrival{ID: a.ticket, At: a.at, Customer: a.customer, Text: a.text})
	if small := g.few(a); p == nil {
		p = small
	}
	return p
}

// few watches a store that is still small. There the words of a wave are soon
// the commonest of all and tell the watch nothing; two texts side by side do.
func (g *group) few(a arrival) *retrieve.Proposal {
	if g.similar.Len() > fewTickets {
		g.newest = nil
		return nil
	}
	defer func() {
		if g.newest = append(g.newest, a); len(g.newest) > fewCompared {
			g.newest = g.newest[1:]
		}
	}()
	said := a.matter()
	p := &retrieve.Proposal{Since: a.at}
	who := map[id.ID]bool{a.customer: true}
	for _, o := range g.newest {
		if o.at < a.at.Add(-late) || o.ticket == a.ticket {
			continue
		}
		if said.Same(o.said) >= fewAlike {
			if p.Key == 0 {
				p.Key, p.Since = o.ticket, o.at
			}
			p.Members = append(p.Members, o.ticket)
			who[o.customer] = true
		}
	}
	if len(who) < fewCustomers {
		return nil
	}
	p.Members = append(p.Members, a.ticket)
	p.Customers, p.Title, p.Score = len(who), nlp.Title(nlp.Prepare(a.text)), .8
	return p
}

// Bounds of a small store, and what counts as a wave in it.
const (
	fewTickets   = 600
	fewCompared  = 100
	fewAlike     = .7
	fewCustomers = 5
)

// watched is an incident that is going on: who says the same as its anchors
// joins it. The watch for bursts is strict about who belongs together, so that
// it does not cry wolf; once it has cried, other words for the same count too.
type watched struct {
	incident id.ID
	anchors  []*retrieve.Said
	until    clock.Time
}

const (
	alongside  = .6 // how like an anchor a ticket must be to join
	maxAnchors = 4
	maxWatched = 20
)

func (w *watched) like(said *retrieve.Said) bool {
	return slices.ContainsFunc(w.anchors, func(a *retrieve.Said) bool { return said.Same(a) >= alongside })
}

// watch remembers an incident and a text that belongs to it.
func (g *group) watch(incident id.ID, text string, until clock.Time) {
	said := retrieve.NewSaid(text)
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.watched {
		if w := &g.watched[i]; w.incident == incident {
			w.until = until
			if len(w.anchors) < maxAnchors && !w.like(said) {
				w.anchors = append(w.anchors, said)
			}
			return
		}
	}
	g.watched = append(g.watched, watched{incident, []*retrieve.Said{said}, until})
	if len(g.watched) > maxWatched {
		g.watched = g.watched[1:]
	}
}

// joins are the incidents that new tickets belong to by their words.
func (g *group) joins(list []arrival) map[id.ID][]id.ID {
	g.mu.Lock()
	current := slices.Clone(g.watched)
	g.mu.Unlock()
	out := map[id.ID][]id.ID{}
	for i := range list {
		a := &list[i]
		for i := range current {
			if w := &current[i]; a.at < w.until && w.like(a.matter()) {
				out[w.incident] = append(out[w.incident], a.ticket)
			}
		}
	}
	return out
}

// gather adds new tickets to those that are compared and proposes an incident
// when many say the same. The node on which a ticket's events run proposes;
// the others only listen.
func (m *Mind) gather(ctx context.Context, born []*ticket.Ticket) error {
	byTenant := map[id.ID][]*ticket.Ticket{}
	for _, t := range born {
		byTenant[t.Tenant] = append(byTenant[t.Tenant], t)
	}
	for tenant, list := range byTenant {
		ids := make([]id.ID, len(list))
		for i, t := range list {
			ids[i] = t.ID
		}
		if m.Bus != nil {
			for i := 0; i < len(ids); i += 200 {
				raw, err := json.Marshal(heard{tenant, ids[i:min(i+200, len(ids))]})
				if err == nil {
					_ = m.Bus.Send(topicBorn, string(raw)) // a node that misses it compares with a few tickets less
				}
			}
		}
		proposals, arrived, err := m.compare(ctx, tenant, list)
		if err != nil {
			return err
		}
		m.soon(tenant, proposals, m.group(tenant).joins(arrived))
		m.bound(tenant)
	}
	return nil
}

// bound keeps what is compared within bounds after tickets of a tenant came.
func (m *Mind) bound(tenant id.ID) {
	m.groups.mu.Lock()
	defer m.groups.mu.Unlock()
	m.groups.evict(tenant)
}

// topicBorn tells the other nodes of tickets to compare with.
const topicBorn = "understand.born"

type heard struct {
	Tenant id.ID   `json:"t"`
	IDs    []id.ID `json:"i"`
}

// hear adds tickets of another node.
func (m *Mind) hear(ctx context.Context, text string) {
	var h heard
	if json.Unmarshal([]byte(text), &h) != nil {
		return
	}
	m.groups.mu.Lock()
	known := m.groups.byTenant[h.Tenant] != nil
	m.groups.mu.Unlock()
	if !known {
		return // nobody has asked here yet; the store will tell
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	list, err := m.Desk.Load(ctx, h.Tenant, h.IDs)
	if err == nil {
		_, _, err = m.compare(ctx, h.Tenant, list)
		m.bound(h.Tenant)
	}
	if err != nil {
		m.Log.Warn("understanding: tickets of another node could not be read", "error", err)
	}
}

// maxCompared is how much of a text is compared, in bytes.
const maxCompared = 8 << 10

func (m *Mind) compare(ctx context.Context, tenant id.ID, list []*ticket.Ticket) (out []*retrieve.Proposal, arrived []arrival, err error) {
	ids := make([]id.ID, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	words, err := m.Desk.FirstWords(ctx, tenant, ids)
	if err != nil {
		return nil, nil, err
	}
	g := m.group(tenant)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range list {
		a := arrival{ticket: t.ID, customer: t.Requester, at: t.CreatedAt, text: text.Cap(t.Subject+"\n"+words[t.ID].Text, maxCompared)}
		if a.at < m.Clock.Now().Add(-late) {
			// It waited somewhere, as after a long stand-still: what comes all
			// at once now did not happen all at once.
			g.similar.Add(a.ticket, a.text, retrieve.Meta{Customer: a.customer, At: a.at})
			continue
		}
		arrived = append(arrived, a)
		select {
		case <-g.ready:
			if p := g.take(a); p != nil {
				out = append(out, p)
			}
		default:
			if len(g.pending) < maxWaitsG {
				g.pending = append(g.pending, a)
			}
		}
	}
	return out, arrived, nil
}

// near are the tickets most like a text.
func (m *Mind) near(ctx context.Context, tenant id.ID, text string, o retrieve.Options) ([]retrieve.Hit, error) {
	g := m.group(tenant)
	select {
	case <-g.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(2 * time.Second): // still being read after a start: what is there will do
	}
	return g.similar.Near(text, o), nil
}

// soon proposes in a moment: while a wave comes in, each ticket of it makes a
// proposal that takes the place of the one before, and a transaction for each
// would hold up those who write.
func (m *Mind) soon(tenant id.ID, proposals []*retrieve.Proposal, joins map[id.ID][]id.ID) {
	if len(proposals)+len(joins) == 0 {
		return
	}
	g := m.group(tenant)
	g.mu.Lock()
	defer g.mu.Unlock()
	waits := len(g.due)+len(g.joining) > 0
	if g.due == nil {
		g.due, g.joining = map[id.ID]*retrieve.Proposal{}, map[id.ID][]id.ID{}
	}
	for _, p := range proposals {
		g.due[p.Key] = p
	}
	for incident, tickets := range joins {
		g.joining[incident] = append(g.joining[incident], tickets...)
	}
	if !waits {
		m.behind(func(ctx context.Context) {
			select {
			case <-time.After(moment):
			case <-ctx.Done(): // it is closing: now or never
			}
			m.proposeDue(tenant, g)
		})
	}
}

func (m *Mind) proposeDue(tenant id.ID, g *group) {
	g.writing.Lock()
	defer g.writing.Unlock()
	g.mu.Lock()
	due, joining := g.due, g.joining
	g.due, g.joining = nil, nil
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var errs error
	for _, p := range due {
		errs = errors.Join(errs, m.propose(ctx, tenant, p))
	}
	for incident, tickets := range joining {
		errs = errors.Join(errs, m.join(ctx, tenant, incident, tickets))
	}
	if errs != nil {
		m.Log.Warn("understanding: incidents could not be written", "tenant", tenant, "error", errs)
	}
}

// Flush proposes at once what waits for its moment.
func (m *Mind) Flush() {
	m.groups.mu.Lock()
	all := maps.Clone(m.groups.byTenant)
	m.groups.mu.Unlock()
	for tenant, g := range all {
		<-g.ready
		m.proposeDue(tenant, g)
	}
}

// moment is how long a proposal waits for the next one of its matter.
const moment = 300 * time.Millisecond
