package ticket

import (
	"context"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// The shapes of the API. Names of people and teams come along, because a list
// without them cannot be shown; names of types and categories are in /config,
// which a client has already.

// Ref is an id with its name.
type Ref struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// RequesterRef is the customer for whom a ticket exists.
type RequesterRef struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Tier string `json:"tier"`
}

// ActorRef is who did something.
type ActorRef struct {
	Kind string `json:"kind" enum:"staff,customer,system,ai"`
	ID   id.ID  `json:"id,omitzero"`
	Name string `json:"name,omitempty"`
}

// Brief is another ticket as far as a link shows it.
type Brief struct {
	ID       id.ID  `json:"id"`
	Number   string `json:"number"`
	Subject  string `json:"subject"`
	Status   Status `json:"status" enum:"new,open,pending,on_hold,solved,closed,cancelled"`
	Assignee *Ref   `json:"assignee,omitempty"`
}

// Link is a tie to another ticket, seen from this one.
type Link struct {
	Kind      string `json:"kind"`
	Direction string `json:"direction" enum:"out,in"`
	Ticket    Brief  `json:"ticket"`
}

// JSON is a ticket on the wire.
type JSON struct {
	ID           id.ID          `json:"id"`
	Number       string         `json:"number"`
	Subject      string         `json:"subject"`
	Status       Status         `json:"status" enum:"new,open,pending,on_hold,solved,closed,cancelled"`
	Substatus    id.ID          `json:"substatus_id,omitzero"`
	Priority     Priority       `json:"priority" enum:"low,normal,high,urgent"`
	Type         string         `json:"type"`
	Category     id.ID          `json:"category_id,omitzero"`
	Channel      string         `json:"channel"`
	Language     string         `json:"language,omitempty"`
	Requester    *RequesterRef  `json:"requester,omitempty"`
	Company      *Ref           `json:"company,omitempty"`
	Creator      ActorRef       `json:"creator"`
	Assignee     *Ref           `json:"assignee,omitempty"`
	Team         *Ref           `json:"team,omitempty"`
	Department   *Ref           `json:"department,omitempty"`
	Tags         []string       `json:"tags"`
	Fields       map[string]any `json:"fields"`
	HoldReason   string         `json:"hold_reason,omitempty"`
	CancelReason string         `json:"cancel_reason,omitempty"`
	SnoozedUntil clock.Time     `json:"snoozed_until,omitzero"`
	Parent       *Brief         `json:"parent,omitempty"`
	MergedInto   *Brief         `json:"merged_into,omitempty"`
	Resolution   *Resolution    `json:"resolution,omitempty"`
	ReopenCount  int            `json:"reopen_count"`
	RepeatCount  int            `json:"repeat_count"`
	ReturnCount  int            `json:"return_count" doc:"how often it was given back to who had handed it on"`
	RulingAsked  clock.Time     `json:"ruling_asked_at,omitzero" doc:"since when it waits for a ruling"`
	MessageCount int            `json:"message_count"`
	ChildCount   int            `json:"child_count"`
	OpenChildren int            `json:"open_child_count"`
	LastMessage  *LastMessage   `json:"last_message,omitempty"`
	FirstReplied clock.Time     `json:"first_replied_at,omitzero"`
	SolvedAt     clock.Time     `json:"solved_at,omitzero"`
	ClosedAt     clock.Time     `json:"closed_at,omitzero"`
	CreatedAt    clock.Time     `json:"created_at"`
	UpdatedAt    clock.Time     `json:"updated_at"`
	Version      int64          `json:"version"`
	Sentiment    *int           `json:"sentiment,omitempty" minimum:"-2" maximum:"2"`
	Risk         int            `json:"risk" minimum:"0" maximum:"3"`
	Unsure       bool           `json:"to_classify" doc:"a suggested type or category waits for a person"`
	Decisions    []Decision     `json:"decisions" doc:"values that a model has set or suggests; in lists always empty"`
	DueAt        clock.Time     `json:"due_at,omitzero" doc:"when the next promise falls due; absent when none does"`
	SLA          SLA            `json:"sla" enum:"none,running,paused,breached,met" doc:"how the promises stand"`
	SLAMetric    string         `json:"sla_metric,omitempty" enum:"first_response,next_response,update,arrival,resolution" doc:"whose due date and standing these are"`
	SLAFrom      clock.Time     `json:"sla_from,omitzero" doc:"when the promise that due_at speaks of began"`
	WarnAt       clock.Time     `json:"warn_at,omitzero" doc:"when the first warning of that promise is or was due; absent when none is"`
	Unread       bool           `json:"unread" doc:"it concerns the reader and holds words of somebody else that they have not seen"`
	Mentioned    bool           `json:"mentioned" doc:"the reader is mentioned in what they have not seen"`
	Highlight    *HighlightJSON `json:"highlight,omitempty"`

	// Of a single ticket only.
	Collaborators []Ref        `json:"collaborators,omitempty"`
	Watchers      []Ref        `json:"watchers,omitempty"`
	Links         []Link       `json:"links,omitempty"`
	Children      []Brief      `json:"children,omitempty"`
	Assists       []AssistJSON `json:"assists,omitempty" doc:"teams that answer for a part"`
	ReturnsTo     *PlaceJSON   `json:"returns_to,omitempty" doc:"who handed it on, and gets it back when it is returned"`
	ReturnAsks    bool         `json:"return_asks_ruling,omitempty" doc:"to return it again asks for a ruling"`
	Disputed      []PlaceJSON  `json:"disputed,omitempty" doc:"while it waits for a ruling: who handed it on, and who returned it"`
	Ruling        *RulingJSON  `json:"ruling,omitempty" doc:"the last ruling on whose it is"`
	Actions       []string     `json:"actions,omitempty" doc:"what the reader may do to it now"`
}

// PlaceJSON is who is or was to act on a ticket.
type PlaceJSON struct {
	Assignee   *Ref `json:"assignee,omitempty"`
	Team       *Ref `json:"team,omitempty"`
	Department *Ref `json:"department,omitempty"`
}

// HighlightJSON shows where a search found its words: escaped HTML with <mark>.
type HighlightJSON struct {
	Subject string `json:"subject,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
}

// names answers who somebody is, for one page of tickets.
type names struct {
	dir       *staff.Directory
	customers map[id.ID]customer.Brief
}

func (d *Desk) names(ctx context.Context, r db.Reader, tenant id.ID, customers []id.ID) (names, error) {
	dir, err := d.Staff.Directory(ctx, tenant)
	if err != nil || len(customers) == 0 {
		return names{dir: dir}, err
	}
	who, err := d.Customers.Names(ctx, r, tenant, customers)
	return names{dir, who}, err
}

func (n names) user(u id.ID) *Ref {
	if u == 0 {
		return nil
	}
	p, _ := n.dir.User(u)
	return &Ref{u, p.Name}
}

func (n names) actor(kind string, who id.ID) ActorRef {
	a := ActorRef{Kind: kind, ID: who}
	switch kind {
	case string(staff.KindStaff):
		if r := n.user(who); r != nil {
			a.Name = r.Name
		}
	case string(staff.KindCustomer):
		a.Name = n.customers[who].Name
	}
	return a
}

func (n names) place(p Place) *PlaceJSON {
	out := &PlaceJSON{Assignee: n.user(p.Assignee)}
	if x, ok := n.dir.Team(p.Team); ok {
		out.Team = &Ref{p.Team, x.Name}
	}
	if x, ok := n.dir.Department(p.Department); ok {
		out.Department = &Ref{p.Department, x.Name}
	}
	return out
}

func (n names) ticket(t *Ticket) JSON {
	j := JSON{
		ID: t.ID, Number: t.Number, Subject: t.Subject, Status: t.Status, Substatus: t.Substatus, Priority: t.Priority,
		Type: t.Type, Category: t.Category, Channel: t.Channel, Language: t.Language, Creator: n.actor(t.CreatorKind, t.Creator),
		Assignee: n.user(t.Assignee), Tags: t.Tags, Fields: t.Fields, HoldReason: t.HoldReason, CancelReason: t.CancelReason,
		SnoozedUntil: t.SnoozedUntil, Resolution: t.Resolution, ReopenCount: t.ReopenCount, RepeatCount: t.RepeatCount, ReturnCount: t.ReturnCount, RulingAsked: t.RulingAsked,
		MessageCount: t.MessageCount, ChildCount: t.ChildCount, OpenChildren: t.OpenChildren, LastMessage: t.LastMessage,
		FirstReplied: t.FirstReplied, SolvedAt: t.SolvedAt, ClosedAt: t.ClosedAt, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
		Version: t.Version, Sentiment: t.Sentiment, Risk: t.Risk, Unsure: t.Unsure, Decisions: []Decision{},
		DueAt: t.DueAt, SLA: t.SLA, SLAMetric: t.SLAMetric, SLAFrom: t.SLAFrom, WarnAt: t.WarnAt,
	}
	if j.Tags == nil {
		j.Tags = []string{}
	}
	if j.Fields == nil {
		j.Fields = map[string]any{}
	}
	if t.Requester != 0 {
		c := n.customers[t.Requester]
		j.Requester = &RequesterRef{t.Requester, c.Name, c.Tier}
		if t.Company != 0 {
			j.Company = &Ref{t.Company, c.CompanyName}
		}
	}
	if x, ok := n.dir.Team(t.Team); ok {
		j.Team = &Ref{t.Team, x.Name}
	}
	if x, ok := n.dir.Department(t.Department); ok {
		j.Department = &Ref{t.Department, x.Name}
	}
	return j
}

// render makes the JSON of a page of tickets with one look-up of names.
func (d *Desk) render(ctx context.Context, r db.Reader, tenant id.ID, list []*Ticket) ([]JSON, error) {
	var customers []id.ID
	for _, t := range list {
		if t.Requester != 0 {
			customers = append(customers, t.Requester)
		}
		if t.CreatorKind == string(staff.KindCustomer) && t.Creator != t.Requester {
			customers = append(customers, t.Creator)
		}
	}
	n, err := d.names(ctx, r, tenant, customers)
	if err != nil {
		return nil, err
	}
	out := make([]JSON, len(list))
	for i, t := range list {
		out[i] = n.ticket(t)
	}
	return out, nil
}

// keep puts the answer to a create into its transaction, so that a retry after
// a crash gets the same answer.
func (d *Desk) keep(ctx context.Context, made Created) error {
	if !web.Keeps(ctx) {
		return nil
	}
	j, err := d.bornJSON(ctx, made)
	if err != nil {
		return err
	}
	return web.Keep(ctx, 201, j, "ETag", web.ETag(made.Ticket.Version))
}

// bornJSON is a new ticket as its creator hears of it. Everything that it names
// is at hand.
func (d *Desk) bornJSON(ctx context.Context, made Created) (*JSON, error) {
	dir, err := d.Staff.Directory(ctx, made.Ticket.Tenant)
	if err != nil {
		return nil, err
	}
	c := made.Requester
	brief := customer.Brief{ID: c.ID, Name: c.Name, Tier: c.Tier, Company: c.Company}
	if c.Company != 0 {
		companies, err := d.Customers.CompanyNames(ctx, d.DB, made.Ticket.Tenant, []id.ID{c.Company})
		if err != nil {
			return nil, err
		}
		brief.CompanyName = companies[c.Company]
	}
	j := names{dir, map[id.ID]customer.Brief{c.ID: brief}}.ticket(made.Ticket)
	if len(made.Decisions) > 0 {
		j.Decisions = made.Decisions
	}
	return &j, nil
}

// keepMessage does the same for a message.
func (d *Desk) keepMessage(ctx context.Context, tx *db.Tx, t *Ticket, m *Message) error {
	if !web.Keeps(ctx) {
		return nil
	}
	j, err := d.messageJSON(ctx, tx, t, m)
	if err != nil {
		return err
	}
	return web.Keep(ctx, 201, j)
}

// keepDone does the same for an action: a retry after a crash gets the ticket
// as a list shows it, and the right to undo.
func (d *Desk) keepDone(ctx context.Context, tx *db.Tx, done Done) error {
	if !web.Keeps(ctx) {
		return nil
	}
	list, err := d.render(ctx, tx, done.Ticket.Tenant, []*Ticket{done.Ticket})
	if err != nil {
		return err
	}
	return web.Keep(ctx, 200, doneJSON{&list[0], done.Undo}, "ETag", web.ETag(done.Ticket.Version))
}

// single is a ticket with all that only its own page shows.
func (d *Desk) single(ctx context.Context, a *staff.Actor, t *Ticket) (*JSON, error) {
	list, err := d.render(ctx, d.DB, a.Tenant, []*Ticket{t})
	if err != nil {
		return nil, err
	}
	if err := d.mark(ctx, a, list); err != nil {
		return nil, err
	}
	j := &list[0]
	dir, err := d.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	n := names{dir: dir}
	for _, x := range []struct {
		role string
		into *[]Ref
	}{{"collaborator", &j.Collaborators}, {"watcher", &j.Watchers}} {
		users, err := persons(ctx, d.DB, a.Tenant, t.ID, x.role)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			*x.into = append(*x.into, *n.user(u))
		}
	}
	j.Assists = n.assists(t.Assists)
	if returnable(a, t) {
		j.ReturnsTo, j.ReturnAsks = n.place(t.Origin()), t.disputed()+1 >= returnsToRule
	}
	if err := d.showRuling(ctx, t, j, n); err != nil {
		return nil, err
	}
	if err := d.relatives(ctx, a, t, j, n); err != nil {
		return nil, err
	}
	decisions, err := loadDecisions(ctx, d.DB, a.Tenant, t.ID)
	if err != nil {
		return nil, err
	}
	if len(decisions) > 0 {
		if err := d.quote(ctx, t, decisions); err != nil {
			return nil, err
		}
		j.Decisions = decisions
	}
	j.Actions, err = d.Offered(ctx, a, t)
	return j, err
}

// Briefs shows tickets as far as a link does, in the order of ids; of one that
// the reader may not read only the number. Those that are gone are left out.
func (d *Desk) Briefs(ctx context.Context, a *staff.Actor, ids []id.ID) ([]Brief, error) {
	list, err := loadMany(ctx, d.DB, a.Tenant, ids)
	if err != nil {
		return nil, err
	}
	n, err := d.names(ctx, d.DB, a.Tenant, nil)
	if err != nil {
		return nil, err
	}
	by := map[id.ID]Brief{}
	for _, t := range list {
		b := Brief{ID: t.ID, Number: t.Number, Status: t.Status}
		if ok, err := reach(ctx, d.DB, a, t, staff.TicketRead); err != nil {
			return nil, err
		} else if ok {
			b.Subject, b.Assignee = t.Subject, n.user(t.Assignee)
		}
		by[t.ID] = b
	}
	out := []Brief{}
	for _, t := range ids {
		if b, ok := by[t]; ok {
			out = append(out, b)
		}
	}
	return out, nil
}

// Wire is a ticket as its own page shows it.
func (d *Desk) Wire(ctx context.Context, a *staff.Actor, t *Ticket) (*JSON, error) {
	return d.single(ctx, a, t)
}

// relatives fills in linked, parent and child tickets. One that the reader may
// not read is shown by its number alone.
func (d *Desk) relatives(ctx context.Context, a *staff.Actor, t *Ticket, j *JSON, n names) error {
	brief := func(other id.ID) (*Brief, error) {
		x, err := load(ctx, d.DB, a.Tenant, other)
		if err != nil {
			return nil, err
		}
		b := &Brief{ID: x.ID, Number: x.Number, Status: x.Status}
		if ok, err := reach(ctx, d.DB, a, x, staff.TicketRead); err != nil {
			return nil, err
		} else if ok {
			b.Subject, b.Assignee = x.Subject, n.user(x.Assignee)
		}
		return b, nil
	}
	var err error
	if t.Parent != 0 {
		if j.Parent, err = brief(t.Parent); err != nil {
			return err
		}
	}
	if t.MergedInto != 0 {
		if j.MergedInto, err = brief(t.MergedInto); err != nil {
			return err
		}
	}
	if t.ChildCount > 0 {
		children, err := d.childIDs(ctx, t, shownChildren)
		if err != nil {
			return err
		}
		for _, c := range children {
			b, err := brief(c)
			if err != nil {
				return err
			}
			j.Children = append(j.Children, *b)
		}
	}
	links, err := d.links(ctx, t)
	if err != nil {
		return err
	}
	for _, l := range links {
		b, err := brief(l.Ticket.ID)
		if err != nil {
			return err
		}
		l.Ticket = *b
		j.Links = append(j.Links, l)
	}
	return nil
}
