package ticket

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// NewMessage is something to be said on a ticket.
type NewMessage struct {
	Kind        MessageKind
	Body        string
	HTML        string
	Channel     string
	Attachments []id.ID
	Files       []File
	Mentions    []id.ID
	ExternalID  string
	// Status, when set, is taken with the message: "send and solve".
	Status *StatusInput
	// At is when it was said, where that is in the past; zero: now.
	At clock.Time
	// IfVersion refuses the message when the ticket has moved on (zero: send anyway).
	IfVersion int64
}

// Say adds a reply, note or the customer's words to a ticket.
func (d *Desk) Say(ctx context.Context, a *staff.Actor, ticket id.ID, in NewMessage) (*Ticket, *Message, error) {
	if err := cleanBody(&in.Body, &in.HTML); err != nil {
		return nil, nil, err
	}
	if in.Body == "" && len(in.Attachments)+len(in.Files) == 0 {
		return nil, nil, fault.Bad("body", "required", "a message needs text or an attachment")
	}
	if in.Channel = oneLine(in.Channel); len(in.Channel) > maxWord {
		return nil, nil, fault.Bad("channel", "too_long", "a channel has at most %d bytes", maxWord)
	}
	if len(in.Attachments)+len(in.Files) > MaxFiles {
		return nil, nil, fault.Bad("attachment_ids", "too_many", "a message has at most %d attachments", MaxFiles)
	}
	var p staff.Permission
	switch in.Kind {
	case Reply:
		p = staff.TicketReply
	case Note:
		p = staff.TicketNote
	case FromCustomer:
		p = staff.TicketUpdate // typed in for the customer, from a call
	default:
		return nil, nil, fault.Bad("kind", "choice", "a message is a reply, a note or the customer's")
	}
	var t *Ticket
	var m *Message
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, err := w.Ticket(ctx, ticket, p)
		if err != nil {
			return err
		}
		if err := c.expect(in.IfVersion); err != nil {
			return err
		}
		if in.Kind != Note && (c.Ticket.Status == Closed || c.Ticket.MergedInto != 0) {
			return fault.New(fault.Conflict, "ticket.closed", "a closed ticket takes no more messages; notes are still possible")
		}
		if m, err = d.add(ctx, w, c, in); err != nil {
			return err
		}
		if in.Status != nil {
			if c, err = w.Ticket(ctx, ticket, in.Status.permission(c.Ticket.Status)); err != nil {
				return err
			}
			if err := d.setStatus(ctx, w, c, *in.Status); err != nil {
				return err
			}
		}
		t = c.Ticket
		return d.keepMessage(ctx, w.Tx, t, m)
	})
	return t, m, err
}

// ReplyInput answers the customer, and may move the ticket on: the way to say
// the same on many tickets.
type ReplyInput struct {
	Body   string       `json:"body,omitempty" maxLength:"500000"`
	HTML   string       `json:"html,omitempty" maxLength:"2000000"`
	Status *StatusInput `json:"status,omitempty"`
}

func (d *Desk) reply(ctx context.Context, w *Write, c *Change, in ReplyInput) (Outcome, error) {
	if err := cleanBody(&in.Body, &in.HTML); err != nil {
		return Outcome{}, err
	}
	if in.Body == "" {
		return Outcome{}, fault.Bad("body", "required", "a message needs text")
	}
	if _, err := d.add(ctx, w, c, NewMessage{Kind: Reply, Body: in.Body, HTML: in.HTML}); err != nil || in.Status == nil {
		return Outcome{}, err
	}
	if err := d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, in.Status.permission(c.Ticket.Status)); err != nil {
		return Outcome{}, err
	}
	return Outcome{}, d.setStatus(ctx, w, c, *in.Status)
}

// add appends a message and what follows from it: who has answered whom, and
// which status that means.
func (d *Desk) add(ctx context.Context, w *Write, c *Change, in NewMessage) (*Message, error) {
	t := c.Ticket
	said, key := c.At, d.IDs.Next()
	if in.At != 0 {
		said = min(in.At, said)
		key = d.IDs.Back(int64(said))
	}
	m := &Message{
		ID: key, Ticket: t.ID, Kind: in.Kind, AuthorKind: string(w.Actor.Kind), Author: w.Actor.ID,
		Channel: in.Channel, Text: in.Body, HTML: in.HTML, ExternalID: in.ExternalID, CreatedAt: said,
	}
	if m.Channel == "" {
		m.Channel = t.Channel
	}
	if in.Kind == FromCustomer {
		m.AuthorKind, m.Author = string(staff.KindCustomer), t.Requester
	}
	if in.Kind == Reply && w.Actor.Kind == staff.KindStaff {
		if s := d.Settings(ctx, t.Tenant); s.UndoSend > 0 {
			m.UndoUntil = c.At.Add(s.UndoSend)
		}
	}
	m.Seq = c.Append(EventMessage, EventData{Message: m.ID, Kind: string(m.Kind)})
	c.Events[len(c.Events)-1].At = said
	c.Messages = append(c.Messages, m)
	if err := d.attach(ctx, w, t, m, in); err != nil {
		return nil, err
	}
	t.MessageCount++
	previous := t.LastMessage
	if in.Kind != Note && (previous == nil || previous.At <= said) {
		t.LastMessage = &LastMessage{Kind: string(in.Kind), Excerpt: excerpt(in.Body, 120), At: said, FromCustomer: in.Kind == FromCustomer}
	}
	switch in.Kind {
	case Reply:
		if t.FirstReplied == 0 && w.Actor.Kind == staff.KindStaff {
			t.FirstReplied = c.At
		}
		if t.Status == New {
			d.moveTo(c, Open, nil)
		}
	case FromCustomer:
		if c.Born() {
			break
		}
		// The customer comes again while we owe an answer: that is a repeat
		// contact, unless it is only the next line of the same breath.
		if previous != nil && previous.FromCustomer && said.Sub(previous.At) >= repeatPause {
			t.RepeatCount++
			c.Append(EventRepeat, EventData{})
		}
		d.wake(c)
		if t.Status == Pending || t.Status == OnHold {
			d.moveTo(c, Open, nil)
		}
	}
	return m, d.mention(ctx, w, c, in.Mentions)
}

// repeatPause parts one contact of several messages from coming again.
const repeatPause = time.Hour

// mention tells colleagues that they are meant; they can see the ticket from then on.
func (d *Desk) mention(ctx context.Context, w *Write, c *Change, users []id.ID) error {
	if len(users) == 0 {
		return nil
	}
	if len(users) > MaxPeople {
		return fault.Bad("mentions", "too_many", "at most %d people can be mentioned", MaxPeople)
	}
	dir, err := d.Staff.Directory(ctx, c.Ticket.Tenant)
	if err != nil {
		return err
	}
	for _, u := range users {
		if p, ok := dir.User(u); !ok || !p.Active {
			return fault.Bad("mentions", "unknown", "there is no active person with the id %s", u)
		}
		if err := setPerson(ctx, w.Tx, c.Ticket.Tenant, c.Ticket.ID, u, "mention", c.At, true); err != nil {
			return err
		}
	}
	c.Append(EventPeople, EventData{Kind: "mention", Users: users})
	return nil
}

// attach ties files to the message: those the actor uploaded before, and those
// a channel has stored.
func (d *Desk) attach(ctx context.Context, w *Write, t *Ticket, m *Message, in NewMessage) error {
	if n := len(in.Attachments); n > 0 {
		args := []any{t.Tenant, t.ID, m.ID, string(w.Actor.Kind), null(w.Actor.ID)}
		marks := make([]string, n)
		for i, a := range in.Attachments {
			args = append(args, a)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		done, err := w.Tx.Exec(ctx, `update ticket_attachment set ticket_id = $2, message_id = $3
			where tenant_id = $1 and ticket_id is null and uploader_kind = $4 and uploader_id = $5 and id in (`+strings.Join(marks, ", ")+`)`, args...)
		if err != nil {
			return err
		}
		if done != int64(n) {
			return fault.Bad("attachment_ids", "unknown", "an attachment does not exist, is not yours, or is already used")
		}
	}
	for _, f := range in.Files {
		err := w.Tx.Queue(ctx, `insert into ticket_attachment (tenant_id, id, ticket_id, message_id, uploader_kind, uploader_id, name, type,
			size, sha256, content_id, inline, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			t.Tenant, d.IDs.Next(), t.ID, m.ID, string(w.Actor.Kind), null(w.Actor.ID), f.Name, f.Type, f.Size, f.SHA256, f.ContentID, f.Inline, m.CreatedAt)
		if err != nil {
			return err
		}
	}
	return nil
}

// Withdraw takes back one's own reply within its undo time. The words are
// gone from the conversation; that something was withdrawn stays on record.
func (d *Desk) Withdraw(ctx context.Context, a *staff.Actor, ticket, message id.ID) (*Ticket, error) {
	var t *Ticket
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, err := w.Ticket(ctx, ticket, staff.TicketReply)
		if err != nil {
			return err
		}
		m, err := getMessage(ctx, w.Tx, a.Tenant, ticket, message)
		if err != nil {
			return err
		}
		switch {
		case m.AuthorKind != string(a.Kind) || m.Author != a.ID:
			return fault.New(fault.Forbidden, "message.not_yours", "only the author can take a reply back")
		case m.WithdrawnAt != 0:
			t = c.Ticket
			return nil
		case m.UndoUntil == 0 || w.At > m.UndoUntil:
			return fault.New(fault.Conflict, "message.undo_over", "the time to take this reply back is over")
		}
		if err := w.Tx.Queue(ctx, `update ticket_message set withdrawn_at = $4, text = '', html = '' where tenant_id = $1 and ticket_id = $2 and id = $3`,
			a.Tenant, ticket, message, w.At); err != nil {
			return err
		}
		// Its files are the author's again, to be sent with the next reply.
		if err := w.Tx.Queue(ctx, `update ticket_attachment set ticket_id = null, message_id = null where tenant_id = $1 and ticket_id = $2 and message_id = $3`,
			a.Tenant, ticket, message); err != nil {
			return err
		}
		c.Append(EventWithdrawn, EventData{Message: message})
		c.Ticket.MessageCount--
		if c.Ticket.LastMessage, err = lastMessage(ctx, w.Tx, a.Tenant, ticket); err != nil {
			return err
		}
		if c.Ticket.FirstReplied == m.CreatedAt {
			c.Ticket.FirstReplied = 0
		}
		t = c.Ticket
		return nil
	})
	return t, err
}

func getMessage(ctx context.Context, r db.Reader, tenant, ticket, message id.ID) (*Message, error) {
	m, err := scanMessage(r.QueryRow(ctx, `select `+messageColumns+` from ticket_message m where m.tenant_id = $1 and m.ticket_id = $2 and m.id = $3`,
		tenant, ticket, message))
	if isNoRows(err) {
		return nil, fault.Missing("message")
	}
	return m, err
}

// lastMessage finds what a list row says after messages were moved or taken back.
func lastMessage(ctx context.Context, r db.Reader, tenant, ticket id.ID) (*LastMessage, error) {
	m, err := scanMessage(r.QueryRow(ctx, `select `+messageColumns+` from ticket_message m where m.tenant_id = $1 and m.ticket_id = $2
		and m.withdrawn_at is null and m.kind <> 'note' order by m.id desc limit 1`, tenant, ticket))
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &LastMessage{Kind: string(m.Kind), Excerpt: excerpt(m.Text, 120), At: m.CreatedAt, FromCustomer: m.Kind == FromCustomer}, nil
}

// expect refuses a write that was made for another version of the ticket.
func (c *Change) expect(version int64) error {
	if version != 0 && version != c.Before.Version {
		return fault.New(fault.Precondition, "ticket.changed", "the ticket has changed since version %d", version)
	}
	return nil
}
