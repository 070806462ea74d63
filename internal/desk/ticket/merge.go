package ticket

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// MergeInput names the ticket that stays.
type MergeInput struct {
	Into id.ID `json:"into"`
}

type mergeUndo struct {
	Source, Target id.ID
	Before         *Ticket // the source as it was
	TargetStatus   Status
	Messages       []id.ID
	People         map[string][]id.ID // role → people that the target gained
}

// merge makes one of two tickets on one matter: the messages of this one move
// to the other, this one closes and points there. Its number lives on, and its
// requester still gets every answer (a reply goes to the requesters of all
// tickets merged into it).
func (d *Desk) merge(ctx context.Context, w *Write, c *Change, in MergeInput) (Outcome, error) {
	s := c.Ticket
	if in.Into == s.ID || in.Into == 0 {
		return Outcome{}, fault.Bad("into", "self", "a merge needs another ticket")
	}
	target, err := w.Ticket(ctx, in.Into, staff.TicketMerge)
	if err != nil {
		return Outcome{}, err
	}
	t := target.Ticket
	switch {
	case t.MergedInto != 0 || t.Status == Closed || t.Status == Cancelled:
		return Outcome{}, fault.Bad("into", "ended", "the ticket to merge into has ended")
	case s.ChildCount > 0 || s.Parent == t.ID || t.Parent == s.ID:
		return Outcome{}, fault.Bad("into", "family", "a parent ticket cannot be merged, nor a child with its parent")
	}
	undo := mergeUndo{Source: s.ID, Target: t.ID, Before: c.Before, TargetStatus: t.Status, People: map[string][]id.ID{}}
	if undo.Messages, err = messageIDs(ctx, w.Tx, s.Tenant, s.ID); err != nil {
		return Outcome{}, err
	}
	if err := moveMessages(ctx, w.Tx, s.Tenant, s.ID, t.ID, undo.Messages); err != nil {
		return Outcome{}, err
	}
	for _, role := range []string{"collaborator", "watcher"} {
		theirs, err := persons(ctx, w.Tx, s.Tenant, s.ID, role)
		if err != nil {
			return Outcome{}, err
		}
		ours, err := persons(ctx, w.Tx, s.Tenant, t.ID, role)
		if err != nil {
			return Outcome{}, err
		}
		for _, u := range theirs {
			if !slices.Contains(ours, u) {
				undo.People[role] = append(undo.People[role], u)
				if err := setPerson(ctx, w.Tx, s.Tenant, t.ID, u, role, c.At, true); err != nil {
					return Outcome{}, err
				}
			}
		}
	}
	s.MergedInto = t.ID
	s.MessageCount, s.LastMessage = 0, nil
	d.moveTo(c, Closed, nil)
	c.Append(EventMerged, EventData{Ref: t.ID})
	target.Append(EventMergeIn, EventData{Ref: s.ID})
	if t.Status == Pending && (undo.Before.Status == New || undo.Before.Status == Open) {
		d.moveTo(target, Open, nil)
	}
	if err := d.recount(ctx, w, target); err != nil {
		return Outcome{}, err
	}
	if err := d.afterMove(ctx, w, c); err != nil {
		return Outcome{}, err
	}
	return Outcome{Ticket: t.ID, Undo: &undoRecord{Data: undo}}, nil
}

func (d *Desk) undoMerge(ctx context.Context, w *Write, u mergeUndo) error {
	c, err := w.Ticket(ctx, u.Source, staff.TicketMerge)
	if err != nil {
		return err
	}
	target, err := w.Ticket(ctx, u.Target, staff.TicketMerge)
	if err != nil {
		return err
	}
	if c.Ticket.MergedInto != u.Target {
		return errUndoLate
	}
	if err := moveMessages(ctx, w.Tx, c.Ticket.Tenant, u.Target, u.Source, u.Messages); err != nil {
		return err
	}
	for role, users := range u.People {
		for _, user := range users {
			if err := setPerson(ctx, w.Tx, c.Ticket.Tenant, u.Target, user, role, c.At, false); err != nil {
				return err
			}
		}
	}
	changes := restore(c.Ticket, u.Before)
	c.Ticket.MergedInto = 0
	c.Append(EventUndo, EventData{Kind: EventMerged, Ref: u.Target, Changes: changes})
	target.Append(EventUndo, EventData{Kind: EventMergeIn, Ref: u.Source})
	if u.TargetStatus == Pending && target.Ticket.Status == Open {
		d.moveTo(target, Pending, nil)
	}
	if err := d.recount(ctx, w, c); err != nil {
		return err
	}
	if err := d.recount(ctx, w, target); err != nil {
		return err
	}
	return d.afterRestore(ctx, w, c)
}

// SplitInput takes messages out into a ticket of their own.
type SplitInput struct {
	Messages []id.ID `json:"message_ids" minItems:"1" maxItems:"200"`
	Subject  string  `json:"subject,omitempty" maxLength:"300"`
	Type     string  `json:"type,omitempty" maxLength:"64"`
}

type splitUndo struct {
	Source, Made id.ID
	Messages     []id.ID
}

// split makes several tickets of one: the chosen messages move to a new ticket
// of the same requester, linked to this one.
func (d *Desk) split(ctx context.Context, w *Write, c *Change, in SplitInput) (Outcome, error) {
	s := c.Ticket
	all, err := messageIDs(ctx, w.Tx, s.Tenant, s.ID)
	if err != nil {
		return Outcome{}, err
	}
	slices.Sort(in.Messages)
	in.Messages = slices.Compact(in.Messages)
	for _, m := range in.Messages {
		if !slices.Contains(all, m) {
			return Outcome{}, fault.Bad("message_ids", "unknown", "the ticket has no message %s", m)
		}
	}
	if len(in.Messages) == 0 || len(in.Messages) == len(all) {
		return Outcome{}, fault.Bad("message_ids", "range", "a split takes some of the messages and leaves some")
	}
	first, err := getMessage(ctx, w.Tx, s.Tenant, s.ID, in.Messages[0])
	if err != nil {
		return Outcome{}, err
	}
	catalog, err := d.Forms.Get(ctx, s.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	key := s.Type
	if in.Type != "" {
		key = in.Type
	}
	typ, ok := catalog.Type(key)
	if !ok || typ.Retired && in.Type != "" {
		return Outcome{}, fault.Bad("type", "unknown", "there is no ticket type %q", key)
	}
	number, err := d.numbers.nextIn(ctx, w.Tx, s.Tenant, d.Settings(ctx, s.Tenant), typ.Prefix, c.At)
	if err != nil {
		return Outcome{}, err
	}
	subject := oneLine(in.Subject)
	if subject == "" {
		subject = excerpt(first.Text, 80)
	}
	if subject == "" {
		subject = s.Subject
	}
	made := &Ticket{
		Tenant: s.Tenant, ID: d.IDs.Next(), Number: number, Subject: subject, Status: New, Priority: s.Priority, Type: key,
		Channel: s.Channel, Language: s.Language, Requester: s.Requester, Company: s.Company, CreatorKind: string(w.Actor.Kind),
		Creator: w.Actor.ID, Assignee: s.Assignee, Team: s.Team, Department: s.Department, CreatedAt: c.At, UpdatedAt: c.At,
	}
	if s.Assignee != 0 {
		made.Status = Open
	}
	n := &Change{Actor: w.Actor, At: c.At, Ticket: made}
	n.Append(EventCreated, EventData{Changes: born(made)})
	n.Append(EventSplitFrom, EventData{Ref: s.ID})
	c.Append(EventSplit, EventData{Ref: made.ID})
	if err := moveMessages(ctx, w.Tx, s.Tenant, s.ID, made.ID, in.Messages); err != nil {
		return Outcome{}, err
	}
	if err := relateIn(ctx, w.Tx, s.Tenant, made.ID, s.ID, c.At); err != nil {
		return Outcome{}, err
	}
	if err := d.recount(ctx, w, n); err != nil {
		return Outcome{}, err
	}
	if err := d.recount(ctx, w, c); err != nil {
		return Outcome{}, err
	}
	w.changes = append(w.changes, n)
	return Outcome{Ticket: made.ID, Undo: &undoRecord{Data: splitUndo{s.ID, made.ID, in.Messages}}}, nil
}

// undoSplit gives the messages back; the ticket that was made closes as merged
// into the first, because its number may already have been read aloud.
func (d *Desk) undoSplit(ctx context.Context, w *Write, u splitUndo) error {
	c, err := w.Ticket(ctx, u.Source, staff.TicketMerge)
	if err != nil {
		return err
	}
	made, err := w.Ticket(ctx, u.Made, staff.TicketMerge)
	if err != nil {
		return err
	}
	if made.Ticket.MergedInto != 0 || c.Ticket.MergedInto != 0 || made.Ticket.MessageCount != len(u.Messages) || made.Ticket.ChildCount > 0 {
		return errUndoLate
	}
	if err := moveMessages(ctx, w.Tx, c.Ticket.Tenant, u.Made, u.Source, u.Messages); err != nil {
		return err
	}
	made.Ticket.MergedInto = u.Source
	d.moveTo(made, Closed, nil)
	made.Append(EventUndo, EventData{Kind: EventSplitFrom, Ref: u.Source})
	c.Append(EventUndo, EventData{Kind: EventSplit, Ref: u.Made})
	if err := d.recount(ctx, w, made); err != nil {
		return err
	}
	if err := d.recount(ctx, w, c); err != nil {
		return err
	}
	return d.afterMove(ctx, w, made)
}

// recount brings the row's summary of the conversation up to date after
// messages have moved.
func (d *Desk) recount(ctx context.Context, w *Write, c *Change) error {
	err := w.Tx.QueryRow(ctx, `select count(*) from ticket_message where tenant_id = $1 and ticket_id = $2 and withdrawn_at is null`,
		c.Ticket.Tenant, c.Ticket.ID).Scan(&c.Ticket.MessageCount)
	if err != nil {
		return err
	}
	c.Ticket.LastMessage, err = lastMessage(ctx, w.Tx, c.Ticket.Tenant, c.Ticket.ID)
	return err
}

func messageIDs(ctx context.Context, r db.Reader, tenant, ticket id.ID) ([]id.ID, error) {
	rows, err := r.Query(ctx, `select id from ticket_message where tenant_id = $1 and ticket_id = $2 and withdrawn_at is null order by id`, tenant, ticket)
	return db.Each(rows, err, func(r rower) (id.ID, error) {
		var m id.ID
		return m, r.Scan(&m)
	})
}

func moveMessages(ctx context.Context, tx *db.Tx, tenant, from, to id.ID, messages []id.ID) error {
	for part := range slices.Chunk(messages, 200) {
		args := []any{tenant, from, to}
		marks := make([]string, len(part))
		for i, m := range part {
			args = append(args, m)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		in := strings.Join(marks, ", ")
		n, err := tx.Exec(ctx, `update ticket_message set ticket_id = $3 where tenant_id = $1 and ticket_id = $2 and id in (`+in+`)`, args...)
		if err != nil {
			return err
		}
		if n != int64(len(part)) {
			return errUndoLate
		}
		if _, err := tx.Exec(ctx, `update ticket_attachment set ticket_id = $3 where tenant_id = $1 and ticket_id = $2 and message_id in (`+in+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}
