package ticket

import (
	"context"
	"fmt"
	"slices"
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
	MentionTeam []id.ID // everybody of them who may see tickets
	// Seen is the newest message that the writer knew of: words of somebody else
	// to or from the customer after it refuse this one.
	Seen       id.ID
	ExternalID string
	// Status, when set, is taken with the message: "send and solve".
	Status *StatusInput
	// Again says that the customer came once more on the matter, by a call or in
	// person: it counts as a repeat contact however little time has passed, and
	// takes a solved ticket up again.
	Again bool
	// At is when it was said, where that is in the past; zero: now.
	At clock.Time
	// IfVersion refuses the message when the ticket has moved on (zero: send anyway).
	IfVersion int64
}

// check cleans what is to be said and refuses what never can be.
func (in *NewMessage) check() error {
	if err := cleanBody(&in.Body, &in.HTML); err != nil {
		return err
	}
	if in.Again && in.Kind != FromCustomer {
		return fault.Bad("again", "invalid", "only the customer's own words are a further contact")
	}
	if in.Body == "" && len(in.Attachments)+len(in.Files) == 0 {
		return fault.Bad("body", "required", "a message needs text or an attachment")
	}
	if in.Channel = oneLine(in.Channel); len(in.Channel) > maxWord {
		return fault.Bad("channel", "too_long", "a channel has at most %d bytes", maxWord)
	}
	if len(in.Attachments)+len(in.Files) > MaxFiles {
		return fault.Bad("attachment_ids", "too_many", "a message has at most %d attachments", MaxFiles)
	}
	return nil
}

// permission is what saying it takes.
func (in *NewMessage) permission() (staff.Permission, error) {
	switch in.Kind {
	case Reply:
		return staff.TicketReply, nil
	case Note:
		return staff.TicketNote, nil
	case FromCustomer:
		return staff.TicketUpdate, nil // typed in for the customer, from a call
	}
	return "", fault.Bad("kind", "choice", "a message is a reply, a note or the customer's")
}

// Say adds a reply, note or the customer's words to a ticket.
func (d *Desk) Say(ctx context.Context, a *staff.Actor, ticket id.ID, in NewMessage) (*Ticket, *Message, error) {
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	p, err := in.permission()
	if err != nil {
		return nil, nil, err
	}
	var t *Ticket
	var m *Message
	err = d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, err := w.Ticket(ctx, ticket, p)
		if err != nil {
			return err
		}
		if err := c.expect(in.IfVersion); err != nil {
			return err
		}
		if in.Seen != 0 && in.Kind == Reply {
			if late, err := newer(ctx, w.Tx, a, ticket, in.Seen); err != nil {
				return err
			} else if late {
				return fault.New(fault.Conflict, "message.newer", "there is a newer message than the one that was answered")
			}
		}
		if m, err = d.say(ctx, w, c, in); err != nil {
			return err
		}
		t = c.Ticket
		return d.keepMessage(ctx, w.Tx, t, m)
	})
	return t, m, err
}

// mayAdd refuses what the state of the ticket, or the actor's rights, do not let
// be said and done.
func (d *Desk) mayAdd(ctx context.Context, w *Write, c *Change, in NewMessage) error {
	if in.Kind != Note && (c.Ticket.Status == Closed || c.Ticket.MergedInto != 0) {
		return fault.New(fault.Conflict, "ticket.closed", "a closed ticket takes no more messages; notes are still possible")
	}
	if in.Status == nil {
		return nil
	}
	return d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, in.Status.permission(c.Ticket.Status))
}

// say adds a message, and takes the status that comes with it.
func (d *Desk) say(ctx context.Context, w *Write, c *Change, in NewMessage) (*Message, error) {
	if err := d.mayAdd(ctx, w, c, in); err != nil {
		return nil, err
	}
	solved := c.Ticket.Status == Solved
	m, err := d.add(ctx, w, c, in)
	if err != nil {
		return nil, err
	}
	if in.Again && solved {
		if !d.joins(ctx, c.Before) {
			return nil, fault.New(fault.Conflict, "ticket.reopen_over", "this ticket was solved too long ago to be taken up again; open a new one")
		}
		d.moveTo(c, Open, nil)
		if err := d.afterMove(ctx, w, c); err != nil {
			return nil, err
		}
	}
	if in.Status == nil {
		return m, nil
	}
	if err := d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, in.Status.permission(c.Ticket.Status)); err != nil {
		return nil, err
	}
	return m, d.setStatus(ctx, w, c, *in.Status)
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
	if in.Kind == Reply && m.Channel == ChannelEmail && w.Actor.Kind == staff.KindStaff && d.Sign != nil {
		var err error
		if m.Signature, err = d.Sign(ctx, w.Tx, w.Actor, t); err != nil {
			return nil, err
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
		if in.Again || previous != nil && previous.FromCustomer && said.Sub(previous.At) >= repeatPause {
			t.RepeatCount++
			c.Append(EventRepeat, EventData{})
		}
		d.wake(c)
		if t.Status == Pending || t.Status == OnHold {
			d.moveTo(c, Open, nil)
		}
	}
	return m, d.mention(ctx, w, c, in.Mentions, in.MentionTeam)
}

// repeatPause parts one contact of several messages from coming again.
const repeatPause = time.Hour

// mention tells colleagues that they are meant; they can see the ticket from
// then on, as far as they may see tickets at all. Of a team, those who may not
// are left out.
func (d *Desk) mention(ctx context.Context, w *Write, c *Change, users, teams []id.ID) error {
	if len(users)+len(teams) == 0 {
		return nil
	}
	dir, err := d.Staff.Directory(ctx, c.Ticket.Tenant)
	if err != nil {
		return err
	}
	users = slices.Clone(users)
	for _, u := range users {
		p, ok := dir.User(u)
		if !ok || !p.Active {
			return fault.Bad("mentions", "unknown", "there is no active person with the id %s", u)
		}
		if p.Grants[staff.TicketRead] == staff.ScopeNone {
			return fault.Bad("mentions", "may_not_read", "%s may not see tickets", p.Name)
		}
	}
	for _, g := range teams {
		team, ok := dir.Team(g)
		if !ok || team.Retired {
			return fault.Bad("mention_teams", "unknown", "there is no team with the id %s", g)
		}
		for _, m := range team.Members {
			if p, ok := dir.User(m.User); ok && p.Active && p.Grants[staff.TicketRead] > staff.ScopeNone && m.User != w.Actor.ID {
				users = append(users, m.User)
			}
		}
	}
	slices.Sort(users)
	if users = slices.Compact(users); len(users) > MaxMentions {
		return fault.Bad("mentions", "too_many", "at most %d people can be mentioned at once", MaxMentions)
	}
	if len(users) == 0 {
		return nil
	}
	for _, u := range users {
		if err := w.Tx.Queue(ctx, `insert into ticket_person (tenant_id, user_id, role, ticket_id, at) values ($1, $2, 'mention', $3, $4)
			on conflict (tenant_id, user_id, role, ticket_id) do update set at = excluded.at`, c.Ticket.Tenant, u, c.Ticket.ID, c.At); err != nil {
			return err
		}
	}
	c.Append(EventPeople, EventData{Kind: "mention", Users: users})
	return nil
}

// newer reports whether somebody else has spoken with the customer since the
// message that a writer last saw.
func newer(ctx context.Context, r db.Reader, a *staff.Actor, ticket, seen id.ID) (bool, error) {
	var n int
	err := r.QueryRow(ctx, `select count(*) from (select 1 from ticket_message where tenant_id = $1 and ticket_id = $2 and id > $3 and kind <> 'note'
		and withdrawn_at is null and (author_id is null or author_id <> $4) limit 1) m`, a.Tenant, ticket, seen, a.ID).Scan(&n)
	return n > 0, err
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
		t = c.Ticket
		return d.withdraw(ctx, w, c, m)
	})
	return t, err
}

func (d *Desk) withdraw(ctx context.Context, w *Write, c *Change, m *Message) (err error) {
	if err := w.Tx.Queue(ctx, `update ticket_message set withdrawn_at = $4, text = '', html = '', signature = '' where tenant_id = $1 and ticket_id = $2 and id = $3`,
		c.Ticket.Tenant, m.Ticket, m.ID, w.At); err != nil {
		return err
	}
	// Its files are the author's again, to be sent with the next reply.
	if err := w.Tx.Queue(ctx, `update ticket_attachment set ticket_id = null, message_id = null where tenant_id = $1 and ticket_id = $2 and message_id = $3`,
		c.Ticket.Tenant, m.Ticket, m.ID); err != nil {
		return err
	}
	c.Append(EventWithdrawn, EventData{Message: m.ID})
	c.Ticket.MessageCount--
	if c.Ticket.LastMessage, err = lastMessage(ctx, w.Tx, c.Ticket.Tenant, m.Ticket); err != nil {
		return err
	}
	if c.Ticket.FirstReplied == m.CreatedAt {
		c.Ticket.FirstReplied = 0
	}
	return nil
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
