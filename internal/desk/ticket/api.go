package ticket

import (
	"context"
	"net/http"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

func actor(ctx context.Context) *staff.Actor { return web.Caller(ctx).(*staff.Actor) }

var tags = []string{"Tickets"}

// Register adds the operations on tickets to the API.
func (d *Desk) Register(api *web.API) {
	d.registerTickets(api)
	d.registerActions(api)
	d.registerMessages(api)
	d.registerViews(api)
	d.registerArrange(api)
	d.registerSearch(api)
	d.registerBulk(api)
	d.registerFiles(api)
	d.registerRead(api)
	d.registerScheduled(api)
	d.registerLive(api)
	d.registerConfig(api)
	d.registerCustomers(api)
	d.registerCategories(api)
	d.registerNewDraft(api)
}

// CreateBody is what a client sends to open a ticket.
type CreateBody struct {
	Subject   string `json:"subject,omitempty" maxLength:"300"`
	Body      string `json:"body,omitempty" maxLength:"500000" doc:"what was said, as plain text"`
	HTML      string `json:"html,omitempty" maxLength:"2000000"`
	Requester struct {
		ID    id.ID  `json:"id,omitzero"`
		Name  string `json:"name,omitempty" maxLength:"100"`
		Email string `json:"email,omitempty" maxLength:"320"`
		Phone string `json:"phone,omitempty" maxLength:"40"`
	} `json:"requester"`
	Type        string         `json:"type,omitempty" maxLength:"64"`
	Priority    *Priority      `json:"priority,omitempty" enum:"low,normal,high,urgent"`
	Category    id.ID          `json:"category_id,omitzero"`
	Tags        []string       `json:"tags,omitempty" maxItems:"50"`
	Fields      map[string]any `json:"fields,omitempty"`
	Assignee    id.ID          `json:"assignee_id,omitzero"`
	Team        id.ID          `json:"team_id,omitzero"`
	Department  id.ID          `json:"department_id,omitzero"`
	Channel     string         `json:"channel,omitempty" enum:"api,web,phone,email,chat,wechat,visit,import,app"`
	Language    string         `json:"language,omitempty" maxLength:"35"`
	Kind        string         `json:"kind,omitempty" enum:"customer,reply,note" doc:"whose words the body is; default the customer's"`
	Attachments []id.ID        `json:"attachment_ids,omitempty" maxItems:"50"`
}

// New is the ticket that somebody asks for.
func (b CreateBody) New(a *staff.Actor) NewTicket {
	n := NewTicket{
		Subject: b.Subject, Body: b.Body, HTML: b.HTML, Type: b.Type, Category: b.Category, Tags: b.Tags, Fields: b.Fields,
		Assignee: b.Assignee, Team: b.Team, Department: b.Department, Channel: b.Channel, Language: b.Language,
		Kind: MessageKind(b.Kind), Attachments: b.Attachments,
		Requester: customer.Contact{ID: b.Requester.ID, Name: b.Requester.Name, Email: b.Requester.Email, Phone: b.Requester.Phone, Language: b.Language, Attach: a.Kind == staff.KindStaff},
	}
	if b.Priority != nil {
		n.Priority = *b.Priority
	}
	return n
}

type ticketOut struct {
	ETag string `header:"ETag"`
	Body *JSON
}

func (d *Desk) out(ctx context.Context, a *staff.Actor, t *Ticket) (*ticketOut, error) {
	j, err := d.single(ctx, a, t)
	return &ticketOut{web.ETag(t.Version), j}, err
}

// TicketID is the id in the path. Exported, because parameters of embedded
// structs are only read from exported ones.
type TicketID struct {
	ID web.ID `path:"id"`
}

func (d *Desk) registerTickets(api *web.API) {
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets", ID: "ticket-create", Summary: "Open a ticket",
		Permission: string(staff.TicketCreate), Tags: tags, Status: http.StatusCreated, MaxBody: 4 << 20},
		func(ctx context.Context, in *struct{ Body CreateBody }) (*ticketOut, error) {
			a := actor(ctx)
			made, err := d.create(ctx, a, in.Body.New(a))
			if err != nil {
				return nil, err
			}
			j, err := d.bornJSON(ctx, made)
			return &ticketOut{web.ETag(made.Ticket.Version), j}, err
		})

	type listIn struct {
		web.Page
		Q      string `query:"q" maxLength:"500" doc:"words to search for"`
		Filter string `query:"filter" maxLength:"4096" doc:"a condition in CEL"`
		View   web.ID `query:"view"`
		Sort   string `query:"sort" enum:"updated,-updated,created,-created,priority,-priority,due,-due"`
	}
	type listOut struct{ Body web.List[JSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets", ID: "ticket-list", Summary: "List, filter and search tickets",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			a := actor(ctx)
			q := Query{Text: in.Q, Filter: in.Filter, Sort: in.Sort, Limit: in.Limit, Cursor: in.Cursor}
			if err := d.byView(ctx, a, in.View.ID, &q); err != nil {
				return nil, err
			}
			p, err := d.List(ctx, a, q)
			if err != nil {
				return nil, err
			}
			items, err := d.render(ctx, d.DB, a.Tenant, p.Items)
			if err != nil {
				return nil, err
			}
			if err := d.mark(ctx, a, items); err != nil {
				return nil, err
			}
			for i := range items {
				if h, ok := p.Hits[items[i].ID]; ok {
					items[i].Highlight = &HighlightJSON{h.Subject, h.Excerpt}
				}
			}
			return &listOut{web.List[JSON]{Items: items, NextCursor: p.Next, Partial: p.Partial}}, nil
		})

	type countIn struct {
		Filter string `query:"filter" maxLength:"4096"`
		View   web.ID `query:"view"`
	}
	type countOut struct{ Body Count }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/count", ID: "ticket-count", Summary: "Count tickets, up to a cap",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *countIn) (*countOut, error) {
			a := actor(ctx)
			q := Query{Filter: in.Filter}
			if err := d.byView(ctx, a, in.View.ID, &q); err != nil {
				return nil, err
			}
			n, err := d.Count(ctx, a, q.Filter)
			return &countOut{n}, err
		})

	type getIn struct {
		TicketID
		web.IfNoneMatch
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}", ID: "ticket-read", Summary: "Read a ticket",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *getIn) (*ticketOut, error) {
			a := actor(ctx)
			t, err := d.Get(ctx, a, in.ID.ID)
			if err != nil {
				return nil, err
			}
			if err := in.IfNoneMatch.Check(web.ETag(t.Version)); err != nil {
				return nil, err
			}
			return d.out(ctx, a, t)
		})

	web.Register(api, web.Op{Method: http.MethodGet, Path: "/ticket-numbers/{number}", ID: "ticket-by-number", Summary: "Read a ticket by its number",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *struct {
			Number string `path:"number" maxLength:"60"`
		}) (*ticketOut, error) {
			a := actor(ctx)
			t, err := d.Number(ctx, a, in.Number)
			if err != nil {
				return nil, err
			}
			return d.out(ctx, a, t)
		})

	type patchIn struct {
		TicketID
		web.IfMatch
		Body PatchBody
	}
	web.Register(api, web.Op{Method: http.MethodPatch, Path: "/tickets/{id}", ID: "ticket-update", Summary: "Change properties of a ticket",
		Permission: string(staff.TicketUpdate), Tags: tags},
		func(ctx context.Context, in *patchIn) (*ticketOut, error) {
			a := actor(ctx)
			t, err := d.Patch(ctx, a, in.ID.ID, in.Body, in.IfMatch.Version())
			if err != nil {
				return nil, err
			}
			return d.out(ctx, a, t)
		})
}

// byView fills a query from a saved view: its condition in addition to the
// caller's own, its order unless another is asked for.
func (d *Desk) byView(ctx context.Context, a *staff.Actor, view id.ID, q *Query) error {
	if view == 0 {
		return nil
	}
	v, err := d.View(ctx, a, view)
	if err != nil {
		return err
	}
	switch {
	case q.Filter == "":
		q.Filter = v.Filter
	case v.Filter != "":
		q.Filter = "(" + v.Filter + ") && (" + q.Filter + ")"
	}
	if q.Sort == "" {
		q.Sort = v.Sort
	}
	return nil
}

// PatchBody changes several properties in one write; what is absent stays.
type PatchBody struct {
	Subject    *string          `json:"subject,omitempty" minLength:"1" maxLength:"300"`
	Priority   *Priority        `json:"priority,omitempty" enum:"low,normal,high,urgent"`
	Type       *string          `json:"type,omitempty" minLength:"1" maxLength:"64"`
	Category   web.Maybe[id.ID] `json:"category_id,omitzero"`
	Tags       *[]string        `json:"tags,omitempty" maxItems:"50"`
	Fields     map[string]any   `json:"fields,omitempty"`
	Requester  *id.ID           `json:"requester_id,omitempty"`
	Assignee   web.Maybe[id.ID] `json:"assignee_id,omitzero"`
	Team       web.Maybe[id.ID] `json:"team_id,omitzero"`
	Department web.Maybe[id.ID] `json:"department_id,omitzero"`
	Status     *Status          `json:"status,omitempty" enum:"open,pending,on_hold,solved,closed,cancelled"`
	Substatus  web.Maybe[id.ID] `json:"substatus_id,omitzero"`
	Reason     string           `json:"reason,omitempty" maxLength:"2000"`
	Resolution *Resolution      `json:"resolution,omitempty"`
}

// Patch carries out the actions that the body stands for, all or none.
func (d *Desk) Patch(ctx context.Context, a *staff.Actor, ticket id.ID, b PatchBody, ifVersion int64) (*Ticket, error) {
	var t *Ticket
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, err := w.Ticket(ctx, ticket, staff.TicketUpdate)
		if err != nil {
			return err
		}
		if err := c.expect(ifVersion); err != nil {
			return err
		}
		t = c.Ticket
		return d.patch(ctx, w, c, b)
	})
	return t, err
}

func (d *Desk) patch(ctx context.Context, w *Write, c *Change, b PatchBody) (err error) {
	do := func(name string, in any) {
		if err != nil {
			return
		}
		var act *Action
		if act, err = FindAction(name); err == nil {
			if err = d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, act.Permission); err == nil {
				_, err = d.act(ctx, w, c, act, in)
			}
		}
	}
	if b.Subject != nil {
		do("subject", &SubjectInput{*b.Subject})
	}
	if b.Type != nil {
		do("type", &TypeInput{*b.Type})
	}
	if b.Priority != nil {
		do("priority", &PriorityInput{*b.Priority})
	}
	if b.Category.Set {
		do("category", &CategoryInput{b.Category.Value})
	}
	if b.Tags != nil {
		do("tags", &TagsInput{Add: *b.Tags, Remove: without(c.Ticket.Tags, *b.Tags)})
	}
	if b.Requester != nil {
		do("requester", &RequesterInput{*b.Requester})
	}
	if b.Assignee.Set || b.Team.Set || b.Department.Set {
		p := Place{c.Ticket.Assignee, c.Ticket.Team, c.Ticket.Department}
		if b.Assignee.Set {
			p.Assignee = b.Assignee.Value
			if !b.Team.Set { // let the new assignee's team follow
				p.Team, p.Department = 0, 0
			}
		}
		if b.Team.Set {
			p.Team = b.Team.Value
		}
		if b.Department.Set {
			p.Department = b.Department.Value
		}
		do("assign", &AssignInput{p})
	}
	if b.Status != nil {
		do("status", &StatusInput{Status: *b.Status, Substatus: b.Substatus.Value, Reason: b.Reason, Resolution: b.Resolution, Fields: b.Fields})
	} else {
		if b.Substatus.Set {
			do("status", &StatusInput{Status: c.Ticket.Status, Substatus: b.Substatus.Value})
		}
		if b.Fields != nil {
			do("fields", &FieldsInput{b.Fields})
		}
	}
	return err
}

func without(all, keep []string) []string {
	var out []string
	for _, s := range all {
		found := false
		for _, k := range keep {
			found = found || k == s
		}
		if !found {
			out = append(out, s)
		}
	}
	return out
}

// UndoJSON is the right to take something back.
type doneJSON struct {
	Ticket *JSON `json:"ticket"`
	Undo   *Undo `json:"undo,omitempty"`
}

type doneOut struct {
	ETag string `header:"ETag"`
	Body doneJSON
}

func (d *Desk) do(ctx context.Context, ticket id.ID, name string, in any, ifVersion int64, back bool) (*doneOut, error) {
	a := actor(ctx)
	done, err := d.carryOut(ctx, a, ticket, name, in, ifVersion, back)
	if err != nil {
		return nil, err
	}
	j, err := d.single(ctx, a, done.Ticket)
	if fault.KindOf(err) == fault.NotFound { // transferred out of one's own reach
		j, err = nil, nil
	}
	return &doneOut{web.ETag(done.Ticket.Version), doneJSON{j, done.Undo}}, err
}

type undoneJSON struct {
	Tickets []JSON `json:"tickets"`
	Bulk    id.ID  `json:"bulk_id,omitzero" doc:"the run that takes a bulk change back"`
}

func action[In any](api *web.API, d *Desk, name, summary string) {
	act, err := FindAction(name)
	if err != nil {
		panic(err)
	}
	type input struct {
		TicketID
		web.IfMatch
		Back bool `query:"back" doc:"it takes back what oneself has just done: what that has judged is open again"`
		Body In
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/" + name, ID: "ticket-" + name, Summary: summary,
		Permission: string(act.Permission), Tags: []string{"Actions"}},
		func(ctx context.Context, in *input) (*doneOut, error) {
			return d.do(ctx, in.ID.ID, name, &in.Body, in.IfMatch.Version(), in.Back)
		})
}

func (d *Desk) registerActions(api *web.API) {
	action[StatusInput](api, d, "status", "Move a ticket to another status")
	action[AssignInput](api, d, "assign", "Assign to a person, team or department")
	action[ClaimInput](api, d, "claim", "Claim a ticket from the pool")
	action[TransferInput](api, d, "transfer", "Hand a ticket on, with a reason")
	action[ReturnInput](api, d, "return", "Give a ticket back to who handed it on, with a reason")
	action[RulingInput](api, d, "ruling", "Rule whose a ticket is that was returned twice")
	action[LiftInput](api, d, "lift", "Lift the ruling on a ticket")
	action[PriorityInput](api, d, "priority", "Set the priority")
	action[TypeInput](api, d, "type", "Change the type")
	action[CategoryInput](api, d, "category", "Place it in the tree of categories")
	action[DecideInput](api, d, "decide", "Accept, take back or correct what a model decided")
	action[TagsInput](api, d, "tags", "Add and remove tags")
	action[FieldsInput](api, d, "fields", "Set custom fields")
	action[SubjectInput](api, d, "subject", "Rename the ticket")
	action[RequesterInput](api, d, "requester", "Say for whom the ticket exists")
	action[SnoozeInput](api, d, "snooze", "Put it out of sight until a moment")
	action[PeopleInput](api, d, "collaborator", "Add and remove collaborators")
	action[AssistInput](api, d, "assist", "Ask other teams for a part of a ticket, or take that back")
	action[AssistedInput](api, d, "assisted", "Answer for the part that one's team was asked for")
	action[WatchInput](api, d, "watch", "Follow or stop following")
	action[MergeInput](api, d, "merge", "Merge into another ticket")
	action[SplitInput](api, d, "split", "Take messages out into a new ticket")
	action[LinkInput](api, d, "link", "Tie to another ticket")
	action[LinkInput](api, d, "unlink", "Untie from another ticket")
	action[ParentInput](api, d, "parent", "Make it a part of another ticket")
	action[ReopenInput](api, d, "reopen", "Take a solved or cancelled ticket up again")

	type actionJSON struct {
		Name       string `json:"name"`
		Permission string `json:"permission"`
		Undoable   bool   `json:"undoable"`
		Bulk       bool   `json:"bulk"`
	}
	type actionsOut struct{ Body []actionJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/actions", ID: "action-list", Summary: "What can be done to tickets",
		Permission: string(staff.TicketRead), Tags: []string{"Actions"}},
		func(ctx context.Context, _ *struct{}) (*actionsOut, error) {
			a := actor(ctx)
			out := &actionsOut{Body: []actionJSON{}}
			for _, act := range Actions {
				if a.Can(string(act.Permission)) {
					out.Body = append(out.Body, actionJSON{act.Name, string(act.Permission), act.Undoable, act.Bulk})
				}
			}
			return out, nil
		})
	type undoneOut struct{ Body undoneJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/undo/{id}", ID: "undo", Summary: "Take back a merge, split, ruling or bulk change",
		Permission: string(staff.TicketRead), Tags: []string{"Actions"}},
		func(ctx context.Context, in *TicketID) (*undoneOut, error) {
			a := actor(ctx)
			u, err := d.TakeBack(ctx, a, in.ID.ID)
			if err != nil {
				return nil, err
			}
			list, err := d.render(ctx, d.DB, a.Tenant, u.Tickets)
			return &undoneOut{undoneJSON{list, u.Bulk}}, err
		})
}

// EntryJSON is one line of a timeline.
type EntryJSON struct {
	Seq     int64        `json:"seq"`
	At      clock.Time   `json:"at"`
	Actor   ActorRef     `json:"actor"`
	Kind    string       `json:"kind" enum:"message,event"`
	Message *MessageJSON `json:"message,omitempty"`
	Event   *EventJSON   `json:"event,omitempty"`
}

// EventJSON is an event as a reader may see it: with the words that belong to it.
type EventJSON struct {
	Name    string        `json:"name"`
	Kind    string        `json:"kind,omitempty"`
	Changes []FieldChange `json:"changes,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Ticket  *Brief        `json:"ticket,omitempty"`
	Users   []Ref         `json:"users,omitempty"`
	Cause   string        `json:"cause,omitempty"`
}

// MessageJSON is a message with its attachments.
type MessageJSON struct {
	ID          id.ID            `json:"id"`
	Kind        MessageKind      `json:"kind" enum:"customer,reply,note"`
	Author      ActorRef         `json:"author"`
	Channel     string           `json:"channel"`
	Text        string           `json:"text"`
	HTML        string           `json:"html,omitempty" doc:"sanitised"`
	Signature   string           `json:"signature,omitempty" doc:"what goes under it by mail, as plain text"`
	At          clock.Time       `json:"at"`
	UndoUntil   clock.Time       `json:"undo_until,omitzero"`
	Withdrawn   bool             `json:"withdrawn,omitempty"`
	Attachments []AttachmentJSON `json:"attachments"`
}
