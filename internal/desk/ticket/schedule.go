package ticket

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// EventScheduled tells of a reply that waits for its time (定时发送). Its kind
// says what became of it: set, moved, cancelled, or failed when it could not be
// sent. One that was sent is a message whose cause is "scheduled".
const EventScheduled = "scheduled"

// Limits of what can wait.
const (
	MaxScheduled = 20 // replies of one ticket
	maxAhead     = 366 * 24 * time.Hour
)

const kindScheduled = "ticket.scheduled"

// Scheduled is a reply that waits for its time. It is sent with its author's
// rights as they are then; what the customer writes meanwhile does not stop it.
type Scheduled struct {
	ID, Ticket, Author id.ID
	Text, HTML         string
	Attachments        []id.ID
	Status             *StatusInput
	DueAt              clock.Time
	Seen               id.ID  // the newest message when it was ordered
	Error              string // why it could not be sent; empty while it waits
	CreatedAt          clock.Time
}

// Schedule orders a reply for later.
func (d *Desk) Schedule(ctx context.Context, a *staff.Actor, ticket id.ID, in NewMessage, at clock.Time) (*Scheduled, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.Kind != Reply || a.Kind != staff.KindStaff {
		return nil, fault.Bad("kind", "choice", "only replies can wait for their time")
	}
	var s *Scheduled
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, err := w.Ticket(ctx, ticket, staff.TicketReply)
		if err != nil {
			return err
		}
		if err := d.mayAdd(ctx, w, c, in); err != nil {
			return err
		}
		if err := ahead(w.At, at); err != nil {
			return err
		}
		var n int
		if err := w.Tx.QueryRow(ctx, `select count(*) from ticket_scheduled where tenant_id = $1 and ticket_id = $2`, a.Tenant, ticket).Scan(&n); err != nil {
			return err
		}
		if n >= MaxScheduled {
			return fault.Bad("at", "too_many", "at most %d replies can wait on a ticket", MaxScheduled)
		}
		s = &Scheduled{ID: d.IDs.Next(), Ticket: ticket, Author: a.ID, Text: in.Body, HTML: in.HTML, Attachments: in.Attachments, Status: in.Status, DueAt: at, CreatedAt: w.At}
		if err := w.Tx.QueryRow(ctx, `select max(id) from ticket_message where tenant_id = $1 and ticket_id = $2`, a.Tenant, ticket).Scan(zero(&s.Seen)); err != nil {
			return err
		}
		if _, err := w.Tx.Exec(ctx, `insert into ticket_scheduled (tenant_id, id, ticket_id, author_id, text, html, attachments, status, due_at, seen_id, error, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11)`, a.Tenant, s.ID, ticket, a.ID, s.Text, s.HTML, idList(s.Attachments), encode(s.Status), s.DueAt, s.Seen, w.At); err != nil {
			return err
		}
		c.Append(EventScheduled, EventData{Message: s.ID, Kind: "set"})
		return d.setTimer(ctx, w.Tx, a.Tenant, s)
	})
	return s, err
}

func ahead(now, at clock.Time) error {
	if at <= now || at > now.Add(maxAhead) {
		return fault.Bad("at", "range", "a moment to come, within a year")
	}
	return nil
}

func (d *Desk) setTimer(ctx context.Context, tx *db.Tx, tenant id.ID, s *Scheduled) error {
	return d.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindScheduled, Key: s.ID.String(), DueAt: s.DueAt, Replace: true, Payload: struct{}{}})
}

const scheduledColumns = `s.id, s.ticket_id, s.author_id, s.text, s.html, s.attachments, s.status, s.due_at, s.seen_id, s.error, s.created_at`

func scanScheduled(r scanner) (*Scheduled, error) {
	s := &Scheduled{}
	var files, status string
	if err := r.Scan(&s.ID, &s.Ticket, &s.Author, &s.Text, &s.HTML, &files, &status, &s.DueAt, &s.Seen, &s.Error, &s.CreatedAt); err != nil {
		return nil, err
	}
	return s, errors.Join(json.Unmarshal([]byte(files), &s.Attachments), json.Unmarshal([]byte(status), &s.Status))
}

// scheduledAt reads what waits on a ticket, the next first.
func scheduledAt(ctx context.Context, r db.Reader, tenant, ticket id.ID) ([]*Scheduled, error) {
	rows, err := r.Query(ctx, `select `+scheduledColumns+` from ticket_scheduled s where s.tenant_id = $1 and s.ticket_id = $2 order by s.due_at, s.id`, tenant, ticket)
	return db.Each(rows, err, func(r rower) (*Scheduled, error) { return scanScheduled(r) })
}

func findScheduled(ctx context.Context, tx *db.Tx, tenant, scheduled id.ID) (*Scheduled, error) {
	s, err := scanScheduled(tx.QueryRow(ctx, `select `+scheduledColumns+` from ticket_scheduled s where s.tenant_id = $1 and s.id = $2`+tx.Engine().ForUpdate(), tenant, scheduled))
	if isNoRows(err) {
		return nil, fault.Missing("scheduled")
	}
	return s, err
}

// own finds a waiting reply of the actor on a ticket within their reach.
func (d *Desk) own(ctx context.Context, w *Write, ticket, scheduled id.ID, by bool) (*Change, *Scheduled, error) {
	c, err := w.Ticket(ctx, ticket, staff.TicketReply)
	if err != nil {
		return nil, nil, err
	}
	s, err := findScheduled(ctx, w.Tx, w.Actor.Tenant, scheduled)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case s.Ticket != ticket:
		return nil, nil, fault.Missing("scheduled")
	case by && s.Author != w.Actor.ID:
		return nil, nil, fault.New(fault.Forbidden, "message.not_yours", "only the author can send or move a reply that waits")
	}
	return c, s, nil
}

// Reschedule gives a waiting reply another time. It may also be one that failed.
func (d *Desk) Reschedule(ctx context.Context, a *staff.Actor, ticket, scheduled id.ID, at clock.Time) (*Scheduled, error) {
	var s *Scheduled
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) (err error) {
		var c *Change
		if c, s, err = d.own(ctx, w, ticket, scheduled, true); err != nil {
			return err
		}
		if err := ahead(w.At, at); err != nil {
			return err
		}
		s.DueAt, s.Error = at, ""
		if _, err := w.Tx.Exec(ctx, `update ticket_scheduled set due_at = $3, error = '' where tenant_id = $1 and id = $2`, a.Tenant, s.ID, at); err != nil {
			return err
		}
		c.Append(EventScheduled, EventData{Message: s.ID, Kind: "moved"})
		return d.setTimer(ctx, w.Tx, a.Tenant, s)
	})
	return s, err
}

// Unschedule takes a waiting reply back. Whoever may reply on the ticket can:
// its author may be away.
func (d *Desk) Unschedule(ctx context.Context, a *staff.Actor, ticket, scheduled id.ID) error {
	return d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, s, err := d.own(ctx, w, ticket, scheduled, false)
		if err != nil {
			return err
		}
		c.Append(EventScheduled, EventData{Message: s.ID, Kind: "cancelled"})
		return d.forget(ctx, w.Tx, a.Tenant, s)
	})
}

// forget removes a waiting reply and its timer.
func (d *Desk) forget(ctx context.Context, tx *db.Tx, tenant id.ID, s *Scheduled) error {
	if _, err := tx.Exec(ctx, `delete from ticket_scheduled where tenant_id = $1 and id = $2`, tenant, s.ID); err != nil {
		return err
	}
	return d.Jobs.Cancel(ctx, tx, tenant, kindScheduled, s.ID.String())
}

// SendScheduled sends a waiting reply now.
func (d *Desk) SendScheduled(ctx context.Context, a *staff.Actor, ticket, scheduled id.ID) (*Ticket, *Message, error) {
	var t *Ticket
	var m *Message
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, s, err := d.own(ctx, w, ticket, scheduled, true)
		if err != nil {
			return err
		}
		if m, err = d.say(ctx, w, c, s.message()); err != nil {
			return err
		}
		t = c.Ticket
		return d.forget(ctx, w.Tx, a.Tenant, s)
	})
	return t, m, err
}

func (s *Scheduled) message() NewMessage {
	return NewMessage{Kind: Reply, Body: s.Text, HTML: s.HTML, Attachments: s.Attachments, Status: s.Status}
}

// sendDue sends a reply whose time has come, in the transaction that ends its
// timer. What cannot be sent any more (the ticket was closed, the author has no
// right to it now) stays where it was written, with the reason.
func (d *Desk) sendDue(ctx context.Context, j job.Job) error {
	scheduled, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	s, err := scanScheduled(d.DB.QueryRow(ctx, `select `+scheduledColumns+` from ticket_scheduled s where s.tenant_id = $1 and s.id = $2`, j.Tenant, scheduled))
	if isNoRows(err) {
		return nil // taken back at this very moment
	}
	if err != nil {
		return err
	}
	a, err := d.Staff.Actor(ctx, j.Tenant, s.Author)
	if err != nil {
		return err
	}
	dir, err := d.Staff.Directory(ctx, j.Tenant)
	if err != nil {
		return err
	}
	if p, ok := dir.User(s.Author); !ok || !p.Active {
		err = fault.New(fault.Forbidden, "author.left", "who wrote it does not work here any more")
	} else {
		err = d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			err := d.WriteIn(ctx, tx, a, func(ctx context.Context, w *Write) error {
				s, err := findScheduled(ctx, tx, j.Tenant, scheduled)
				if fault.KindOf(err) == fault.NotFound || err == nil && (s.DueAt > w.At || s.Error != "") {
					return nil
				}
				if err != nil {
					return err
				}
				c, err := w.Ticket(ctx, s.Ticket, staff.TicketReply)
				if err != nil {
					return err
				}
				before := len(c.Events)
				if _, err := d.say(ctx, w, c, s.message()); err != nil {
					return err
				}
				for i := range c.Events[before:] {
					c.Events[before+i].Cause = "scheduled"
				}
				_, err = tx.Exec(ctx, `delete from ticket_scheduled where tenant_id = $1 and id = $2`, j.Tenant, s.ID)
				return err
			})
			if err != nil {
				return err
			}
			return done(ctx, tx)
		})
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict:
		if err != nil {
			return d.failScheduled(ctx, j, s, codeOf(err), done)
		}
	}
	return err
}

// failScheduled keeps a reply that could not be sent, with the reason.
func (d *Desk) failScheduled(ctx context.Context, j job.Job, s *Scheduled, code string, done func(context.Context, *db.Tx) error) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `update ticket_scheduled set error = $3 where tenant_id = $1 and id = $2 and error = ''`, j.Tenant, s.ID, code)
		if err != nil {
			return err
		}
		if n > 0 {
			err = d.WriteIn(ctx, tx, staff.System(j.Tenant), func(ctx context.Context, w *Write) error {
				c, err := w.related(ctx, s.Ticket)
				if err == nil {
					c.AppendQuietly(EventScheduled, EventData{Message: s.ID, Kind: "failed", Users: []id.ID{s.Author}})
				}
				return err
			})
		}
		if err != nil {
			return err
		}
		return done(ctx, tx)
	})
}

func codeOf(err error) string {
	var f *fault.Error
	if l := faults(err); len(l) > 0 {
		f = l[0]
	}
	if f == nil || f.Code == "" {
		return "internal"
	}
	return f.Code
}
