package ticket

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/guard"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
	"zhidan/internal/platform/web"
)

// NewTicket is what is needed to open a ticket. Only a body or a subject and a
// requester are required.
type NewTicket struct {
	Subject     string
	Body        string
	HTML        string
	Requester   customer.Contact
	Type        string
	Priority    Priority
	Category    id.ID
	Tags        []string
	Fields      map[string]any
	Assignee    id.ID
	Team        id.ID
	Department  id.ID
	Channel     string
	Language    string
	Kind        MessageKind // whose words the body is; default the customer's
	Attachments []id.ID     // uploaded before by the same actor
	Files       []File      // stored by a channel or import
	ExternalID  string
	Depth       int16
	Cause       string
	Origin      *Origin // set for what has happened elsewhere
}

// Origin is what a ticket brings along from elsewhere: its own times, and how it
// stands. One that has ended elsewhere takes no part in what ours go through: it
// is promised nothing, given to nobody, and nobody is told. One that is still
// active is ours from now on, whenever it was made.
type Origin struct {
	CreatedAt clock.Time // zero: now
	Status    Status     // zero: new
	EndedAt   clock.Time // of one that is solved, closed or cancelled; zero: when it was made
	Code      string     // key of the result of a solved one, or of the reason of one that is on hold or cancelled; may be empty
}

// CauseImport is the cause of the events that a ticket brings along.
const CauseImport = "import"

// oldest is the earliest moment that a ticket can have been made.
const oldest = clock.Time(631152000000) // 1990-01-01

// Plausible says whether a ticket can have been made at a moment.
func Plausible(at, now clock.Time) bool { return at >= oldest && at <= now }

// check fills in what follows and refuses what cannot have been.
func (o *Origin) check(catalog *form.Catalog, now clock.Time) error {
	if o.CreatedAt == 0 {
		o.CreatedAt = now
	}
	if o.Status == 0 {
		o.Status = New
	}
	if o.EndedAt == 0 || o.Status.Active() {
		o.EndedAt = o.CreatedAt
	}
	var bad fault.List
	if !Plausible(o.CreatedAt, now) {
		bad = append(bad, fault.Bad("created_at", "range", "a ticket was made between 1990 and now"))
	}
	if len(bad) == 0 && (o.EndedAt < o.CreatedAt || o.EndedAt > now) {
		bad = append(bad, fault.Bad("ended_at", "range", "a ticket ends after it was made, and not in the future"))
	}
	list := map[Status]string{OnHold: form.HoldReasons, Cancelled: form.CancelReasons, Solved: form.ResolutionCodes, Closed: form.ResolutionCodes}[o.Status]
	if o.Code != "" && (list == "" || !catalog.HasCode(list, o.Code)) {
		bad = append(bad, fault.Bad("code", "unknown", "there is no such code for a ticket that is %s", o.Status))
	}
	return bad.Err()
}

// File is an attachment whose content is already in the blob store.
type File struct {
	Name, Type, SHA256, ContentID string
	Size                          int64
	Inline                        bool
}

// Draft is a checked and prepared ticket that only the transaction is missing
// from. It can be carried out more than once: each run starts from it afresh.
type Draft struct {
	actor    *staff.Actor
	in       NewTicket
	ticket   Ticket
	contact  customer.Prepared
	settings Settings
	prepared map[string]any
	decided  []Decision
	at       clock.Time // of the write; what the ticket brings along is older
}

// ended says that the ticket had ended before it came here.
func (draft *Draft) ended() bool { return draft.in.Origin != nil && !draft.in.Origin.Status.Active() }

// Create opens a ticket: it is there, numbered, searchable within a second and
// in every list when Create returns.
func (d *Desk) Create(ctx context.Context, a *staff.Actor, in NewTicket) (*Ticket, error) {
	made, err := d.create(ctx, a, in)
	return made.Ticket, err
}

func (d *Desk) create(ctx context.Context, a *staff.Actor, in NewTicket) (made Created, err error) {
	draft, err := d.Prepare(ctx, a, in)
	if err != nil {
		return made, err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made, err = d.CreateIn(ctx, tx, draft)
		if err != nil {
			return err
		}
		return d.keep(ctx, made)
	})
	return made, err
}

// Created is a ticket at its birth: with its first message (nil when it had no
// body) and the customer it exists for.
type Created struct {
	Ticket    *Ticket
	Message   *Message
	Requester *customer.Customer
	Decisions []Decision
}

// Prepare checks a new ticket and does all work that needs no transaction.
func (d *Desk) Prepare(ctx context.Context, a *staff.Actor, in NewTicket) (*Draft, error) {
	draft, err := d.Try(ctx, a, in)
	if err != nil {
		return nil, err
	}
	catalog, err := d.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	typ, _ := catalog.Type(draft.ticket.Type) // a Pass may know better than the default
	draft.ticket.Number, err = d.numbers.next(ctx, a.Tenant, draft.settings, typ.Prefix, draft.ticket.CreatedAt)
	return draft, err
}

// ID is which ticket the draft will become.
func (draft *Draft) ID() id.ID { return draft.ticket.ID }

// Ticket is what the draft will become, as far as that is known now.
func (draft *Draft) Ticket() Ticket { return draft.ticket }

// Prepared is what the Pass of a name has worked out for the draft, nil for
// nothing.
func (draft *Draft) Prepared(pass string) any { return draft.prepared[pass] }

// Try is Prepare without a number, and so costs nothing that could be missed: it
// says whether a ticket could be made.
func (d *Desk) Try(ctx context.Context, a *staff.Actor, in NewTicket) (*Draft, error) {
	if a.Scope(staff.TicketCreate) == staff.ScopeNone {
		return nil, fault.New(fault.Forbidden, "forbidden", "you may not create tickets").With("permission", string(staff.TicketCreate))
	}
	catalog, err := d.Forms.Get(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var bad fault.List
	check := func(err error) {
		if err != nil {
			bad = append(bad, faults(err)...)
		}
	}
	in.Subject = oneLine(in.Subject)
	check(cleanBody(&in.Body, &in.HTML))
	if in.Subject == "" {
		in.Subject = excerpt(in.Body, 80)
	}
	if in.Subject == "" {
		bad = append(bad, fault.Bad("body", "required", "a ticket needs a subject or a body"))
	}
	if utf8.RuneCountInString(in.Subject) > MaxSubject {
		bad = append(bad, fault.Bad("subject", "too_long", "the subject has more than %d characters", MaxSubject))
	}
	if in.Kind == "" {
		in.Kind = FromCustomer
	}
	given := in.given()
	if in.Type == "" {
		in.Type = form.DefaultType
	}
	typ, ok := catalog.Type(in.Type)
	if !ok || typ.Retired {
		bad = append(bad, fault.Bad("type", "unknown", "there is no ticket type %q", in.Type))
	}
	if in.Priority == 0 {
		in.Priority = Normal
	}
	if in.Channel == "" {
		in.Channel = "api"
	}
	in.Channel, in.Language = oneLine(in.Channel), oneLine(in.Language)
	if len(in.Channel) > maxWord {
		bad = append(bad, fault.Bad("channel", "too_long", "a channel has at most %d bytes", maxWord))
	}
	if len(in.Language) > maxWord {
		bad = append(bad, fault.Bad("language", "too_long", "a language has at most %d bytes", maxWord))
	}
	in.Tags, err = cleanTags(in.Tags)
	check(err)
	check(checkCategory(catalog, in.Category))
	check(d.checkPlace(ctx, a.Tenant, in.Assignee, in.Team, in.Department))
	dir, err := d.Staff.Directory(ctx, a.Tenant)
	check(err)
	fields, err := catalog.Validate(in.Type, form.StageCreate, nil, in.Fields)
	check(err)
	contact, err := d.Customers.Prepare(a.Tenant, in.Requester)
	check(err)
	if len(in.Attachments)+len(in.Files) > MaxFiles {
		bad = append(bad, fault.Bad("attachment_ids", "too_many", "a message has at most %d attachments", MaxFiles))
	}
	now := d.Clock.Now()
	made, ticketID := now, id.ID(0)
	if in.Origin != nil {
		check(in.Origin.check(catalog, now))
		made = in.Origin.CreatedAt
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if ticketID = d.IDs.Next(); made != now {
		ticketID = d.IDs.Back(int64(made))
	}

	place := Place{in.Assignee, in.Team, in.Department}.Whole(dir, Place{})
	s := d.Settings(ctx, a.Tenant)
	draft := &Draft{actor: a, in: in, contact: contact, settings: s, at: now, ticket: Ticket{
		Tenant: a.Tenant, ID: ticketID, Subject: in.Subject, Status: New, Priority: in.Priority,
		Type: in.Type, Category: in.Category, Channel: in.Channel, Language: in.Language, CreatorKind: string(a.Kind),
		Creator: a.ID, Assignee: place.Assignee, Team: place.Team, Department: place.Department, Tags: in.Tags, Fields: fields,
		CreatedAt: made, UpdatedAt: made,
	}}
	c := &Change{Actor: a, At: now, Ticket: &draft.ticket, Messages: []*Message{{Kind: in.Kind, Text: in.Body}}, Given: given,
		Requester: func(ctx context.Context) (*customer.Customer, error) { return d.Customers.Known(ctx, contact) }}
	if !draft.ended() {
		if err := d.prepare(ctx, c); err != nil {
			return nil, err
		}
	}
	draft.prepared, draft.decided = c.Prepared, c.Decisions
	return draft, nil
}

// CreateIn carries out a prepared ticket inside the caller's transaction.
func (d *Desk) CreateIn(ctx context.Context, tx *db.Tx, draft *Draft) (Created, error) {
	t := draft.ticket
	t.Fields = cloneFields(t.Fields)
	var first *Message
	keys, err := d.Vault.Tenant(ctx, t.Tenant)
	if err != nil {
		return Created{}, err
	}
	w := &Write{Tx: tx, Actor: draft.actor, At: t.CreatedAt, desk: d, keys: keys}
	who, known, err := d.Customers.ResolveIn(ctx, tx, draft.contact)
	if err != nil {
		return Created{}, err
	}
	t.Requester, t.Company = who.ID, who.Company
	c := &Change{Actor: draft.actor, At: t.CreatedAt, Ticket: &t, Prepared: draft.prepared, Decisions: cloneDecisions(draft.decided), keys: keys}
	w.changes = append(w.changes, c)

	c.Append(EventCreated, EventData{Changes: born(&t)})
	c.Events[0].Cause, c.Events[0].Depth = draft.in.Cause, draft.in.Depth
	c.Past = draft.ended()
	if draft.in.Body != "" || len(draft.in.Attachments)+len(draft.in.Files) > 0 {
		said := clock.Time(0)
		if draft.in.Origin != nil {
			said = t.CreatedAt
		}
		first, err = d.add(ctx, w, c, NewMessage{
			At: said, Kind: draft.in.Kind, Body: draft.in.Body, HTML: draft.in.HTML, Channel: t.Channel,
			Attachments: draft.in.Attachments, Files: draft.in.Files, ExternalID: draft.in.ExternalID,
		})
		if err != nil {
			return Created{}, err
		}
	}
	if draft.in.Origin != nil {
		if err := d.bringAlong(ctx, w, c, draft); err != nil {
			return Created{}, err
		}
	} else if known {
		if err := d.noteRepeat(ctx, w, c, draft.settings); err != nil {
			return Created{}, err
		}
	}
	if err := d.finish(ctx, w); err != nil {
		return Created{}, err
	}
	return Created{&t, first, who, c.Decisions}, nil
}

// bringAlong puts a ticket from elsewhere to where it stands, by events of the
// past; what is done to one that is active from here on is done now.
func (d *Desk) bringAlong(ctx context.Context, w *Write, c *Change, draft *Draft) error {
	o, t := draft.in.Origin, c.Ticket
	c.At = o.EndedAt
	switch o.Status {
	case OnHold:
		t.HoldReason = o.Code
	case Cancelled:
		t.CancelReason = o.Code
	case Solved, Closed:
		if o.Code != "" {
			t.Resolution = &Resolution{Code: o.Code}
		}
		t.SolvedAt = o.EndedAt
	}
	d.moveTo(c, o.Status, nil)
	for i := range c.Events {
		c.Events[i].Cause = CauseImport
	}
	c.At, w.At = draft.at, draft.at
	switch {
	case o.Status.Active():
		t.UpdatedAt = draft.at
	case o.Status == Solved:
		if draft.settings.AutoClose > 0 {
			return d.timer(ctx, w.Tx, t, kindAutoClose, draft.at.Add(draft.settings.AutoClose))
		}
	}
	return nil
}

// given names the decidable fields that the sender has set.
func (in *NewTicket) given() []string {
	var list []string
	for field, set := range map[string]bool{"type": in.Type != "", "category": in.Category != 0, "priority": in.Priority != 0, "language": in.Language != ""} {
		if set {
			list = append(list, field)
		}
	}
	return list
}

// born lists what a new ticket starts with, for its first event.
func born(t *Ticket) []FieldChange {
	changes := []FieldChange{
		{Field: "type", To: t.Type}, {Field: "priority", To: t.Priority}, {Field: "channel", To: t.Channel},
	}
	for _, x := range []struct {
		field string
		v     id.ID
	}{{"category", t.Category}, {"assignee", t.Assignee}, {"team", t.Team}, {"department", t.Department}} {
		if x.v != 0 {
			changes = append(changes, FieldChange{Field: x.field, To: x.v})
		}
	}
	return changes
}

// noteRepeat finds a recent ticket of the same customer on the same matter. The
// new ticket is linked to it and carries the count on.
func (d *Desk) noteRepeat(ctx context.Context, w *Write, c *Change, s Settings) error {
	t := c.Ticket
	// No bound on the id here: SQLite would take it for a reason to walk all
	// tickets since then instead of the customer's own (320 µs against 20).
	rows, err := w.Tx.Query(ctx, `select t.id, t.subject, t.type, t.category_id, t.repeat_count, t.status from ticket t
		where t.tenant_id = $1 and t.requester_id = $2 order by t.id desc limit 5`, t.Tenant, t.Requester)
	type recent struct {
		id       id.ID
		subject  string
		typ      string
		category id.ID
		repeats  int
		status   Status
	}
	list, err := db.Each(rows, err, func(r rower) (recent, error) {
		var x recent
		return x, r.Scan(&x.id, &x.subject, &x.typ, zero(&x.category), &x.repeats, &x.status)
	})
	if err != nil {
		return err
	}
	for _, x := range list {
		same := x.category != 0 && x.category == t.Category && x.typ == t.Type ||
			text.Normalize(x.subject) == text.Normalize(t.Subject)
		if !same || x.id == t.ID || x.status == Cancelled || x.id < id.At(int64(c.At.Add(-s.RepeatWindow))) {
			continue
		}
		t.RepeatCount = x.repeats + 1
		c.Append(EventRepeat, EventData{Ref: x.id})
		return relateIn(ctx, w.Tx, t.Tenant, t.ID, x.id, c.At)
	}
	return nil
}

func checkCategory(catalog *form.Catalog, category id.ID) error {
	if category == 0 {
		return nil
	}
	if cat, ok := catalog.Category(category); !ok || cat.Retired {
		return fault.Bad("category_id", "unknown", "there is no such category")
	}
	return nil
}

// checkPlace makes sure that whoever is to act exists and can.
func (d *Desk) checkPlace(ctx context.Context, tenant, assignee, team, department id.ID) error {
	if assignee == 0 && team == 0 && department == 0 {
		return nil
	}
	dir, err := d.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	var bad fault.List
	if assignee != 0 {
		if u, ok := dir.User(assignee); !ok || !u.Active {
			bad = append(bad, fault.Bad("assignee_id", "unknown", "there is no active person with this id"))
		}
	}
	if _, ok := dir.Team(team); team != 0 && !ok {
		bad = append(bad, fault.Bad("team_id", "unknown", "there is no such team"))
	}
	if _, ok := dir.Department(department); department != 0 && !ok {
		bad = append(bad, fault.Bad("department_id", "unknown", "there is no such department"))
	}
	return bad.Err()
}

func cleanBody(body, html *string) error {
	if len(*body) > MaxBody {
		return fault.Bad("body", "too_long", "the text is longer than %d bytes", MaxBody)
	}
	if len(*html) > MaxHTML {
		return fault.Bad("html", "too_long", "the HTML is longer than %d bytes", MaxHTML)
	}
	if *html != "" {
		*html = guard.HTMLWith(text.Clean(*html), inlinePath)
		if strings.TrimSpace(*body) == "" {
			*body = guard.Text(*html)
		}
	}
	*body = strings.TrimSpace(text.Clean(*body))
	return nil
}

// inlinePath stands for an image inside the message until it is shown: then the
// attachment with that content id is known.
func inlinePath(contentID string) string { return inlineBase + url.PathEscape(contentID) }

const inlineBase = web.Base + "/attachments/inline/"

func cleanTags(tags []string) ([]string, error) {
	var out []string
	for _, tag := range tags {
		tag = oneLine(tag)
		if tag == "" {
			continue
		}
		if utf8.RuneCountInString(tag) > MaxTag {
			return nil, fault.Bad("tags", "too_long", "a tag has at most %d characters", MaxTag)
		}
		if !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	if len(out) > MaxTags {
		return nil, fault.Bad("tags", "too_many", "a ticket has at most %d tags", MaxTags)
	}
	return out, nil
}

// oneLine folds white space, so that a subject or tag is one line.
func oneLine(s string) string { return strings.Join(strings.Fields(text.Clean(s)), " ") }

// excerpt is the beginning of a text on one line, in at most n runes.
func excerpt(s string, n int) string {
	if len(s) > 8*n { // no need to fold a whole novel
		s = text.Clean(s[:8*n])
	}
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}
