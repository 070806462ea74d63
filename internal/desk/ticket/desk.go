package ticket

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/blob"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/secret"
)

// Config is what the desk stands on.
type Config struct {
	DB        *db.DB
	IDs       *id.Source
	Clock     *clock.Clock
	Log       *slog.Logger
	Jobs      *job.Queue
	Vault     *secret.Vault
	Forms     *form.Cache
	Customers *customer.Book
	Staff     *staff.House
	Index     *fulltext.Index
	Blobs     *blob.Store
	Hub       *live.Hub
	// Settings are the tenant's own rules; nil: those of its set-up.
	Settings  func(ctx context.Context, tenant id.ID) Settings
	Passes    []Pass
	Reactions []Reaction
	// Sign is what goes under a reply of a member of the staff by mail; nil: nothing.
	Sign func(ctx context.Context, r db.Reader, a *staff.Actor, t *Ticket) (string, error)
	// MoreWords are further texts by which tickets are found, by ticket, such
	// as those of attachments; nil: none.
	MoreWords func(ctx context.Context, tenant id.ID, tickets []id.ID) (map[id.ID][]string, error)
}

// Settings are a tenant's rules for tickets.
type Settings struct {
	NumberPattern string        // see number.go
	TimeZone      string        // IANA name, for the date in numbers
	UndoSend      time.Duration // how long a reply can be taken back
	UndoChange    time.Duration // how long merge, split and bulk can be undone
	AutoClose     time.Duration // from solved to closed; zero: never
	ReopenWindow  time.Duration // a contact after solving reopens within it, else makes a linked ticket
	RepeatWindow  time.Duration // another ticket on the same matter within it is a repeat contact
}

// settings are the rules that the tenant has in its set-up, the shipped ones
// when that cannot be read.
func (d *Desk) settings(ctx context.Context, tenant id.ID) Settings {
	r := form.ShippedRules()
	if catalog, err := d.Forms.Get(ctx, tenant); err == nil {
		r = catalog.Rules()
	}
	const day = 24 * time.Hour
	return Settings{NumberPattern: r.NumberPattern, TimeZone: d.Staff.Zone(tenant),
		UndoSend: time.Duration(r.UndoSendSeconds) * time.Second, UndoChange: time.Duration(r.UndoHours) * time.Hour,
		AutoClose: time.Duration(r.AutoCloseHours) * time.Hour, ReopenWindow: time.Duration(r.ReopenDays) * day, RepeatWindow: time.Duration(r.RepeatDays) * day}
}

// Desk carries out the operations. It is safe for concurrent use.
type Desk struct {
	Config
	numbers    *numbers
	schemas    schemas
	eraseHooks []EraseHook
	namesFile  []func(ctx context.Context, hash string) (bool, error)
}

// NewDesk makes the desk and registers its jobs, so it comes before the
// queue's Start.
func NewDesk(c Config) *Desk {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	d := &Desk{Config: c, numbers: newNumbers(c.DB)}
	if d.Settings == nil {
		d.Settings = d.settings
	}
	d.registerJobs()
	d.joinCustomers()
	return d
}

// A Pass takes part in a write before it commits, so that a ticket is born
// classified, clocked and assigned. Passes run in the order of one visible
// table (server/passes.go).
type Pass struct {
	Name  string
	Wants func(*Change) bool
	// Prepare is CPU work before the transaction, bounded and without I/O but
	// for short reads. On a ticket that is being born it may fill in the fields
	// that were not Given; on a message of the customer it speaks by Decisions.
	Prepare func(ctx context.Context, c *Change) error
	// Gather, when there is one, reads what Apply needs of the tickets of a
	// write that changes several, all at once.
	Gather func(ctx context.Context, tx *db.Tx, list []*Change) error
	// Apply is short SQL inside the transaction; it may run more than once.
	Apply func(ctx context.Context, tx *db.Tx, c *Change) error
}

// Change is one ticket inside one write.
type Change struct {
	Actor    *staff.Actor
	At       clock.Time
	Before   *Ticket // nil for a ticket that is being born
	Ticket   *Ticket
	Messages []*Message // added by this write
	Events   []Event    // appended by this write
	Prepared map[string]any
	// Given are the decidable fields that the sender of a new ticket has set:
	// a Pass may add to them but not silently replace them.
	Given []string
	// Requester finds, before the transaction, who a new ticket is for; nil when
	// nobody knows them yet. It is nil itself on other changes.
	Requester func(context.Context) (*customer.Customer, error)
	// Decisions are what models say in this write.
	Decisions []Decision
	// Past says that the ticket comes from elsewhere, where it has ended: Passes
	// take no part in its birth.
	Past bool

	verdict map[string]string // what a person says of a decision, by field
	back    bool              // it takes back what the actor has just done
	keys    *secret.Tenant
	texts   []eventText
	err     error // of a commitment; save reports it
}

type eventText struct {
	seq         int64
	name, value string
}

// Born reports whether the ticket is being created.
func (c *Change) Born() bool { return c.Before == nil }

// Append records an act. It gives the event its number and returns it, so that
// free text can be filed beside it.
func (c *Change) Append(name string, data EventData) int64 {
	c.Ticket.UpdatedAt = c.At
	return c.AppendQuietly(name, data)
}

// AppendQuietly records what nobody did, such as that a promise is late: the
// ticket does not count as worked on and keeps its place in lists.
func (c *Change) AppendQuietly(name string, data EventData) int64 {
	c.Ticket.Version++
	c.Events = append(c.Events, Event{
		Tenant: c.Ticket.Tenant, Ticket: c.Ticket.ID, Seq: c.Ticket.Version, At: c.At,
		ActorKind: string(c.Actor.Kind), Actor: c.Actor.ID, Name: name, Data: data,
	})
	return c.Ticket.Version
}

// Say files words of a person beside the next event, where they can be erased.
// It returns the commitment that stands in the event.
func (c *Change) Say(name, words string) string { return c.say(name, words) }

// say files words beside the next event: a reason, or a value that may be
// personal. It returns the commitment that stands in the event.
func (c *Change) say(name, words string) string {
	if words == "" {
		return ""
	}
	c.texts = append(c.texts, eventText{c.Ticket.Version + 1, name, words})
	commitment, err := c.keys.Commitment(words)
	c.err = errors.Join(c.err, err)
	return commitment
}

// Write is one transaction on one or more tickets.
type Write struct {
	Tx    *db.Tx
	Actor *staff.Actor
	At    clock.Time

	desk    *Desk
	keys    *secret.Tenant
	changes []*Change
}

// Ticket loads a ticket for change, once per write, and checks that the actor
// may do p to it. A ticket out of reach does not exist for the actor; one that
// may be read but not changed is forbidden.
func (w *Write) Ticket(ctx context.Context, ticket id.ID, p staff.Permission) (*Change, error) {
	for _, c := range w.changes {
		if c.Ticket.ID == ticket {
			return c, w.desk.mayChange(ctx, w.Tx, w.Actor, c.Ticket, p)
		}
	}
	t, err := loadForUpdate(ctx, w.Tx, w.Actor.Tenant, ticket)
	if err != nil {
		return nil, err
	}
	if err := w.desk.mayChange(ctx, w.Tx, w.Actor, t, p); err != nil {
		return nil, err
	}
	return w.take(t), nil
}

// Take loads tickets for change all at once, for who goes on to change many of
// them: Ticket then finds them at hand.
func (w *Write) Take(ctx context.Context, tickets []id.ID) error {
	list, err := w.desk.LoadForUpdate(ctx, w.Tx, w.Actor.Tenant, tickets)
	for _, t := range list {
		if !slices.ContainsFunc(w.changes, func(c *Change) bool { return c.Ticket.ID == t.ID }) {
			w.take(t)
		}
	}
	return err
}

// related loads a ticket that changes because another one did (a parent whose
// child was solved): the actor's reach does not matter.
func (w *Write) related(ctx context.Context, ticket id.ID) (*Change, error) {
	for _, c := range w.changes {
		if c.Ticket.ID == ticket {
			return c, nil
		}
	}
	t, err := loadForUpdate(ctx, w.Tx, w.Actor.Tenant, ticket)
	if err != nil {
		return nil, err
	}
	return w.take(t), nil
}

func (w *Write) take(t *Ticket) *Change {
	before := *t
	before.Tags = slices.Clone(t.Tags)
	before.Fields = cloneFields(t.Fields)
	c := &Change{Actor: w.Actor, At: w.At, Before: &before, Ticket: t, keys: w.keys}
	w.changes = append(w.changes, c)
	return c
}

// Write runs fn and saves what it changed, all in one transaction: rows,
// events, and the job that dispatches them. fn may run more than once.
func (d *Desk) Write(ctx context.Context, actor *staff.Actor, fn func(ctx context.Context, w *Write) error) error {
	// The keys of a new tenant are made by a transaction of their own.
	if _, err := d.Vault.Tenant(ctx, actor.Tenant); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return d.WriteIn(ctx, tx, actor, fn)
	})
}

// WriteIn is Write inside a transaction that the caller owns: intake marks its
// raw message as done in the same commit.
func (d *Desk) WriteIn(ctx context.Context, tx *db.Tx, actor *staff.Actor, fn func(ctx context.Context, w *Write) error) error {
	keys, err := d.Vault.Tenant(ctx, actor.Tenant)
	if err != nil {
		return err
	}
	w := &Write{Tx: tx, Actor: actor, At: d.Clock.Now(), desk: d, keys: keys}
	if err := fn(ctx, w); err != nil {
		return err
	}
	return d.finish(ctx, w)
}

// finish saves what a write has changed.
func (d *Desk) finish(ctx context.Context, w *Write) error {
	if err := d.gather(ctx, w); err != nil {
		return err
	}
	for i := 0; i < len(w.changes); i++ { // a save may bring in related tickets
		if err := d.save(ctx, w, w.changes[i]); err != nil {
			return err
		}
	}
	return d.record(ctx, w)
}

// gather lets the Passes read for all tickets of the write together.
func (d *Desk) gather(ctx context.Context, w *Write) error {
	if len(w.changes) < 2 {
		return nil
	}
	for _, p := range d.Passes {
		if p.Gather == nil {
			continue
		}
		var list []*Change
		for _, c := range w.changes {
			if len(c.Events) > 0 && p.concerns(c) {
				list = append(list, c)
			}
		}
		if len(list) < 2 {
			continue
		}
		if err := p.Gather(ctx, w.Tx, list); err != nil {
			return err
		}
	}
	return nil
}

// concerns reports whether the Pass takes part in a change.
func (p *Pass) concerns(c *Change) bool { return !c.Past && (p.Wants == nil || p.Wants(c)) }

// record writes the events of all changes and orders their dispatch.
func (d *Desk) record(ctx context.Context, w *Write) error {
	var events []Event
	var jobs []job.New
	for _, c := range w.changes {
		if len(c.Events) == 0 {
			continue
		}
		events = append(events, c.Events...)
		t := c.Ticket
		jobs = append(jobs, job.New{Tenant: t.Tenant, Kind: kindDispatch, Key: t.ID.String(), Payload: dispatch{From: c.Events[0].Seq, To: t.Version}})
	}
	for chunk := range slices.Chunk(events, 64) {
		if err := insertEvents(ctx, w.Tx, chunk); err != nil {
			return err
		}
	}
	return d.Jobs.Add(ctx, w.Tx, jobs...)
}

func (d *Desk) save(ctx context.Context, w *Write, c *Change) error {
	if len(c.Events) == 0 || c.err != nil {
		return c.err
	}
	for _, p := range d.Passes {
		if p.Apply != nil && p.concerns(c) {
			if err := p.Apply(ctx, w.Tx, c); err != nil {
				return err
			}
		}
	}
	if err := d.keepDecisions(ctx, w.Tx, c); err != nil {
		return err
	}
	t := c.Ticket
	var oldTags []string
	var oldFields map[string]any
	var oldAssists []Assist
	if c.Born() {
		if err := w.Tx.Queue(ctx, insertTicket, t.values()...); err != nil {
			return err
		}
	} else {
		if err := w.Tx.Queue(ctx, updateTicket, t.values()...); err != nil {
			return err
		}
		oldTags, oldFields, oldAssists = c.Before.Tags, c.Before.Fields, c.Before.Assists
	}
	if err := setTags(ctx, w.Tx, t, oldTags); err != nil {
		return err
	}
	if err := d.setFields(ctx, w.Tx, t, oldFields); err != nil {
		return err
	}
	if err := setAssists(ctx, w.Tx, t, oldAssists); err != nil {
		return err
	}
	for _, m := range c.Messages {
		if err := insertMessage(ctx, w.Tx, t.Tenant, m); err != nil {
			return err
		}
	}
	for _, x := range c.texts {
		if err := w.Tx.Queue(ctx, `insert into ticket_event_text (tenant_id, ticket_id, seq, name, value) values ($1, $2, $3, $4, $5)`,
			t.Tenant, t.ID, x.seq, x.name, x.value); err != nil {
			return err
		}
	}
	return nil
}

// prepare runs the CPU-bound half of the Passes before the transaction.
func (d *Desk) prepare(ctx context.Context, c *Change) error {
	for _, p := range d.Passes {
		if p.Prepare != nil && (p.Wants == nil || p.Wants(c)) {
			if err := p.Prepare(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayChange checks p against the ticket: what the actor may not read does not
// exist for them.
func (d *Desk) mayChange(ctx context.Context, r db.Reader, a *staff.Actor, t *Ticket, p staff.Permission) error {
	ok, err := reach(ctx, r, a, t, p)
	if err != nil || ok {
		return err
	}
	if p != staff.TicketRead {
		if ok, err = reach(ctx, r, a, t, staff.TicketRead); err != nil {
			return err
		} else if ok {
			return fault.New(fault.Forbidden, "forbidden", "this ticket is outside what you may %s", p).With("permission", string(p))
		}
	}
	return fault.Missing("ticket")
}

// May checks a permission against a ticket: what the actor may not read does
// not exist for them.
func (d *Desk) May(ctx context.Context, a *staff.Actor, t *Ticket, p staff.Permission) error {
	return d.mayChange(ctx, d.DB, a, t, p)
}

// reach is the one rule of data scope for single tickets; where.scope is the
// same rule for lists, and a test holds them together. Who assists reads the
// ticket and writes notes, and reaches it for nothing else.
func reach(ctx context.Context, r db.Reader, a *staff.Actor, t *Ticket, p staff.Permission) (bool, error) {
	s := a.Scope(p)
	if t.Tenant != a.Tenant || s == staff.ScopeNone {
		return false, nil
	}
	if s == staff.ScopeAll ||
		s >= staff.ScopeDepartment && a.InDepartment(t.Department) ||
		s >= staff.ScopeTeam && a.InTeam(t.Team) ||
		t.Assignee == a.ID || t.CreatorKind == string(a.Kind) && t.Creator == a.ID ||
		(p == staff.TicketRead || p == staff.TicketNote) && t.assistedBy(a.Teams) {
		return true, nil
	}
	return isPerson(ctx, r, a.Tenant, t.ID, a.ID)
}

// Get reads one ticket within the actor's reach.
func (d *Desk) Get(ctx context.Context, a *staff.Actor, ticket id.ID) (*Ticket, error) {
	t, err := load(ctx, d.DB, a.Tenant, ticket)
	if err != nil {
		return nil, err
	}
	return t, d.mayChange(ctx, d.DB, a, t, staff.TicketRead)
}

// Survivor follows merges to the ticket that now stands for this one.
func (d *Desk) survivor(ctx context.Context, r db.Reader, tenant, ticket id.ID) (id.ID, error) {
	for range 20 {
		var into id.ID
		err := r.QueryRow(ctx, `select merged_into from ticket where tenant_id = $1 and id = $2`, tenant, ticket).Scan(zero(&into))
		if err != nil || into == 0 {
			return ticket, err
		}
		ticket = into
	}
	return 0, errors.New("ticket: merges form a circle")
}

func cloneFields(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	c := make(map[string]any, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
