package ticket

import (
	"context"
	"net/http"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// MessageBody is something to be said on a ticket.
type MessageBody struct {
	Kind        string         `json:"kind" enum:"reply,note,customer"`
	Body        string         `json:"body,omitempty" maxLength:"500000"`
	HTML        string         `json:"html,omitempty" maxLength:"2000000"`
	Channel     string         `json:"channel,omitempty" maxLength:"32"`
	Attachments []id.ID        `json:"attachment_ids,omitempty" maxItems:"50"`
	Mentions    []id.ID        `json:"mentions,omitempty" maxItems:"50"`
	MentionTeam []id.ID        `json:"mention_teams,omitempty" maxItems:"20" doc:"everybody of them"`
	Seen        id.ID          `json:"seen_message_id,omitzero" doc:"the newest message that the writer knew of: a reply is refused (message.newer) when somebody else has written since"`
	Again       bool           `json:"again,omitempty" doc:"with kind customer: they came once more on the matter, which counts as a repeat contact and takes a solved ticket up again"`
	Status      *Status        `json:"status,omitempty" enum:"open,pending,on_hold,solved"`
	Substatus   id.ID          `json:"substatus_id,omitzero"`
	Reason      string         `json:"reason,omitempty" maxLength:"2000"`
	Resolution  *Resolution    `json:"resolution,omitempty"`
	Fields      map[string]any `json:"fields,omitempty"`
}

func (b *MessageBody) message() NewMessage {
	n := NewMessage{Kind: MessageKind(b.Kind), Body: b.Body, HTML: b.HTML, Channel: b.Channel, Attachments: b.Attachments,
		Mentions: b.Mentions, MentionTeam: b.MentionTeam, Seen: b.Seen, Again: b.Again}
	if b.Status != nil {
		n.Status = &StatusInput{Status: *b.Status, Substatus: b.Substatus, Reason: b.Reason, Resolution: b.Resolution, Fields: b.Fields}
	}
	return n
}

func (d *Desk) registerMessages(api *web.API) {
	type sayIn struct {
		TicketID
		web.IfMatch
		Body MessageBody
	}
	type sayOut struct{ Body *MessageJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/messages", ID: "message-create", Summary: "Reply, or add a note",
		Permission: string(staff.TicketRead), Tags: tags, Status: http.StatusCreated, MaxBody: 4 << 20},
		func(ctx context.Context, in *sayIn) (*sayOut, error) {
			n := in.Body.message()
			n.IfVersion = in.IfMatch.Version()
			t, m, err := d.Say(ctx, actor(ctx), in.ID.ID, n)
			if err != nil {
				return nil, err
			}
			j, err := d.messageJSON(ctx, d.DB, t, m)
			return &sayOut{j}, err
		})

	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/messages/{message}/withdraw", ID: "message-withdraw",
		Summary: "Take back one's own reply within its undo time", Permission: string(staff.TicketReply), Tags: tags},
		func(ctx context.Context, in *struct {
			TicketID
			Message web.ID `path:"message"`
		}) (*struct{}, error) {
			_, err := d.Withdraw(ctx, actor(ctx), in.ID.ID, in.Message.ID)
			return nil, err
		})

	type timelineIn struct {
		TicketID
		web.Page
	}
	type timelineOut struct{ Body web.List[EntryJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}/timeline", ID: "ticket-timeline",
		Summary: "Messages and events, newest page first", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *timelineIn) (*timelineOut, error) {
			a := actor(ctx)
			entries, next, err := d.Timeline(ctx, a, in.ID.ID, in.Limit, in.Cursor)
			if err != nil {
				return nil, err
			}
			items, err := d.entriesJSON(ctx, a, in.ID.ID, entries)
			return &timelineOut{web.List[EntryJSON]{Items: items, NextCursor: next}}, err
		})

	type draftBody struct {
		Kind      string     `json:"kind" enum:"reply,note"`
		Text      string     `json:"text" maxLength:"500000"`
		HTML      string     `json:"html,omitempty" maxLength:"2000000"`
		UpdatedAt clock.Time `json:"updated_at,omitzero" readOnly:"true"`
	}
	type draftOut struct{ Body draftBody }
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/tickets/{id}/draft", ID: "draft-save", Summary: "Keep what one is writing",
		Permission: string(staff.TicketRead), Tags: tags, MaxBody: 4 << 20},
		func(ctx context.Context, in *struct {
			TicketID
			Body draftBody
		}) (*draftOut, error) {
			at, err := d.SaveDraft(ctx, actor(ctx), in.ID.ID, in.Body.Kind, in.Body.Text, in.Body.HTML)
			in.Body.UpdatedAt = at
			return &draftOut{in.Body}, err
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}/draft", ID: "draft-read", Summary: "Read one's own draft",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *TicketID) (*draftOut, error) {
			out := &draftOut{}
			err := d.DB.QueryRow(ctx, `select kind, text, html, updated_at from ticket_draft where tenant_id = $1 and user_id = $2 and ticket_id = $3`,
				actor(ctx).Tenant, actor(ctx).ID, in.ID.ID).Scan(&out.Body.Kind, &out.Body.Text, &out.Body.HTML, &out.Body.UpdatedAt)
			if isNoRows(err) { // nothing begun is no error: an empty one
				out.Body.Kind, err = "reply", nil
			}
			return out, err
		})
	web.Register(api, web.Op{Method: http.MethodDelete, Path: "/tickets/{id}/draft", ID: "draft-delete", Summary: "Throw one's own draft away",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *TicketID) (*struct{}, error) {
			return nil, d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `delete from ticket_draft where tenant_id = $1 and user_id = $2 and ticket_id = $3`, actor(ctx).Tenant, actor(ctx).ID, in.ID.ID)
				return err
			})
		})
}

// SaveDraft keeps what somebody is writing on a ticket that they can read.
func (d *Desk) SaveDraft(ctx context.Context, a *staff.Actor, ticket id.ID, kind, text, html string) (clock.Time, error) {
	if _, err := d.Get(ctx, a, ticket); err != nil {
		return 0, err
	}
	if err := cleanBody(&text, &html); err != nil {
		return 0, err
	}
	at := d.Clock.Now()
	return at, d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into ticket_draft (tenant_id, user_id, ticket_id, kind, text, html, updated_at) values ($1, $2, $3, $4, $5, $6, $7)
			on conflict (tenant_id, user_id, ticket_id) do update set kind = excluded.kind, text = excluded.text, html = excluded.html, updated_at = excluded.updated_at`,
			a.Tenant, a.ID, ticket, kind, text, html, at)
		return err
	})
}

// messageJSON is one message as its author hears of it.
func (d *Desk) messageJSON(ctx context.Context, r db.Reader, t *Ticket, m *Message) (*MessageJSON, error) {
	n, err := d.names(ctx, r, t.Tenant, customerOf(t))
	if err != nil {
		return nil, err
	}
	list, err := d.messagesJSON(ctx, r, t.Tenant, t.ID, []*Message{m}, n)
	return list[m.ID], err
}

func customerOf(t *Ticket) []id.ID {
	if t.Requester == 0 {
		return nil
	}
	return []id.ID{t.Requester}
}

func (d *Desk) entriesJSON(ctx context.Context, a *staff.Actor, ticket id.ID, entries []Entry) ([]EntryJSON, error) {
	var customers []id.ID
	var messages []*Message
	for _, e := range entries {
		if m := e.Message; m != nil {
			messages = append(messages, m)
			if m.AuthorKind == string(staff.KindCustomer) && m.Author != 0 {
				customers = append(customers, m.Author)
			}
		} else if e.Event.ActorKind == string(staff.KindCustomer) && e.Event.Actor != 0 {
			customers = append(customers, e.Event.Actor)
		}
	}
	n, err := d.names(ctx, d.DB, a.Tenant, customers)
	if err != nil {
		return nil, err
	}
	byID, err := d.messagesJSON(ctx, d.DB, a.Tenant, ticket, messages, n)
	if err != nil {
		return nil, err
	}
	out := make([]EntryJSON, len(entries))
	for i, e := range entries {
		j := EntryJSON{At: e.At}
		if m := e.Message; m != nil {
			j.Kind, j.Seq, j.Actor, j.Message = "message", m.Seq, n.actor(m.AuthorKind, m.Author), byID[m.ID]
			out[i] = j
			continue
		}
		j.Kind, j.Seq, j.Actor = "event", e.Event.Seq, n.actor(e.Event.ActorKind, e.Event.Actor)
		j.Event = &EventJSON{Name: e.Event.Name, Kind: e.Event.Data.Kind, Changes: e.Event.Data.Changes, Reason: e.Texts["reason"], Cause: e.Event.Cause}
		for k := range j.Event.Changes {
			c := &j.Event.Changes[k]
			if c.Commit != "" || c.From == nil && c.To == nil {
				if v, ok := e.Texts[c.Field+".from"]; ok {
					c.From = v
				}
				if v, ok := e.Texts[c.Field+".to"]; ok {
					c.To = v
				}
				c.Commit = ""
			}
		}
		for _, u := range e.Event.Data.Users {
			j.Event.Users = append(j.Event.Users, *n.user(u))
		}
		if ref := e.Event.Data.Ref; ref != 0 {
			t, err := load(ctx, d.DB, a.Tenant, ref)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return nil, err
			}
			if t != nil {
				b := &Brief{ID: t.ID, Number: t.Number, Status: t.Status}
				if ok, err := reach(ctx, d.DB, a, t, staff.TicketRead); err != nil {
					return nil, err
				} else if ok {
					b.Subject = t.Subject
				}
				j.Event.Ticket = b
			}
		}
		out[i] = j
	}
	return out, nil
}

func (d *Desk) messagesJSON(ctx context.Context, r db.Reader, tenant, ticket id.ID, messages []*Message, n names) (map[id.ID]*MessageJSON, error) {
	out := map[id.ID]*MessageJSON{}
	if len(messages) == 0 {
		return out, nil
	}
	for _, m := range messages {
		out[m.ID] = &MessageJSON{ID: m.ID, Kind: m.Kind, Author: n.actor(m.AuthorKind, m.Author), Channel: m.Channel, Text: m.Text,
			HTML: m.HTML, Signature: m.Signature, At: m.CreatedAt, UndoUntil: m.UndoUntil, Withdrawn: m.WithdrawnAt != 0, Attachments: []AttachmentJSON{}}
	}
	w := &where{args: []any{tenant, ticket}}
	ids := make([]id.ID, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	rows, err := r.Query(ctx, `select `+attachmentColumns+` from ticket_attachment a where a.tenant_id = $1 and a.ticket_id = $2
		and a.message_id `+inIDs(r, w.arg(idList(ids)))+` order by a.id`, w.args...)
	files, err := db.Each(rows, err, func(r rower) (*Attachment, error) { return scanAttachment(r) })
	for _, f := range files {
		if m := out[f.Message]; m != nil {
			m.Attachments = append(m.Attachments, f.json())
			if f.ContentID != "" && m.HTML != "" {
				m.HTML = strings.ReplaceAll(m.HTML, `"`+inlinePath(f.ContentID)+`"`, `"`+f.json().URL+`"`)
			}
		}
	}
	return out, err
}
