package ticket

import (
	"context"
	"encoding/json"
	"fmt"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// LinkInput ties two tickets that stay apart.
type LinkInput struct {
	Ticket id.ID  `json:"ticket_id"`
	Kind   string `json:"kind" enum:"related,duplicate,caused_by"`
}

func (in LinkInput) check(self id.ID) error {
	switch in.Kind {
	case "related", "duplicate", "caused_by":
	default:
		return fault.Bad("kind", "choice", "a link is related, duplicate or caused_by")
	}
	if in.Ticket == self || in.Ticket == 0 {
		return fault.Bad("ticket_id", "self", "a link needs another ticket")
	}
	return nil
}

func (d *Desk) link(ctx context.Context, w *Write, c *Change, in LinkInput) (Outcome, error) {
	if err := in.check(c.Ticket.ID); err != nil {
		return Outcome{}, err
	}
	if _, err := w.Ticket(ctx, in.Ticket, staff.TicketRead); err != nil {
		return Outcome{}, err
	}
	var n int
	if err := w.Tx.QueryRow(ctx, `select count(*) from ticket_link where tenant_id = $1 and from_id = $2`, c.Ticket.Tenant, c.Ticket.ID).Scan(&n); err != nil {
		return Outcome{}, err
	}
	if n >= MaxLinks {
		return Outcome{}, fault.Bad("ticket_id", "too_many", "a ticket has at most %d links", MaxLinks)
	}
	if fresh, err := d.linkIn(ctx, w.Tx, c.Ticket.Tenant, c.Ticket.ID, in.Kind, in.Ticket, c.At); err != nil || !fresh {
		return Outcome{}, err
	}
	c.Append(EventLink, EventData{Kind: in.Kind, Ref: in.Ticket})
	return Outcome{}, nil
}

// LinkIn ties a ticket to another one in the caller's transaction.
func (d *Desk) LinkIn(ctx context.Context, tx *db.Tx, a *staff.Actor, from id.ID, in LinkInput) error {
	return d.WriteIn(ctx, tx, a, func(ctx context.Context, w *Write) error {
		c, err := w.Ticket(ctx, from, staff.TicketUpdate)
		if err == nil {
			_, err = d.link(ctx, w, c, in)
		}
		return err
	})
}

func (d *Desk) linkIn(ctx context.Context, tx *db.Tx, tenant, from id.ID, kind string, to id.ID, at clock.Time) (fresh bool, err error) {
	n, err := tx.Exec(ctx, insertLink, tenant, from, kind, to, at)
	return n > 0, err
}

// relateIn links tickets of which one is new.
func relateIn(ctx context.Context, tx *db.Tx, tenant, from, to id.ID, at clock.Time) error {
	return tx.Queue(ctx, insertLink, tenant, from, "related", to, at)
}

const insertLink = `insert into ticket_link (tenant_id, from_id, kind, to_id, at) values ($1, $2, $3, $4, $5) on conflict do nothing`

// unlink removes the link whichever of the two tickets made it.
func (d *Desk) unlink(ctx context.Context, w *Write, c *Change, in LinkInput) (Outcome, error) {
	if err := in.check(c.Ticket.ID); err != nil {
		return Outcome{}, err
	}
	n, err := w.Tx.Exec(ctx, `delete from ticket_link where tenant_id = $1 and kind = $2 and (from_id = $3 and to_id = $4 or from_id = $4 and to_id = $3)`,
		c.Ticket.Tenant, in.Kind, c.Ticket.ID, in.Ticket)
	if err == nil && n > 0 {
		c.Append(EventUnlink, EventData{Kind: in.Kind, Ref: in.Ticket})
	}
	return Outcome{}, err
}

// ParentInput makes the ticket a part of another one; empty makes it stand alone.
type ParentInput struct {
	Parent id.ID `json:"parent_id" nullable:"true"`
}

func (d *Desk) setParent(ctx context.Context, w *Write, c *Change, in ParentInput) (Outcome, error) {
	t := c.Ticket
	if in.Parent == t.Parent {
		return Outcome{}, nil
	}
	if in.Parent == t.ID {
		return Outcome{}, fault.Bad("parent_id", "self", "a ticket cannot be its own parent")
	}
	if in.Parent != 0 {
		p, err := w.Ticket(ctx, in.Parent, staff.TicketUpdate)
		if err != nil {
			return Outcome{}, err
		}
		switch {
		case p.Ticket.Parent != 0 || t.ChildCount > 0:
			return Outcome{}, fault.Bad("parent_id", "depth", "parts of a ticket have no parts of their own")
		case !p.Ticket.Status.Active() || p.Ticket.MergedInto != 0:
			return Outcome{}, fault.Bad("parent_id", "ended", "the parent ticket has ended")
		case p.Ticket.ChildCount >= MaxChildren:
			return Outcome{}, fault.Bad("parent_id", "too_many", "a ticket has at most %d children", MaxChildren)
		}
		d.count(p, t, +1)
	}
	if t.Parent != 0 {
		old, err := w.related(ctx, t.Parent)
		if err != nil {
			return Outcome{}, err
		}
		d.count(old, t, -1)
	}
	c.Append(EventParent, EventData{Changes: []FieldChange{{Field: "parent", From: t.Parent, To: in.Parent}}})
	t.Parent = in.Parent
	return Outcome{}, nil
}

func (d *Desk) count(parent *Change, child *Ticket, by int) {
	parent.Ticket.ChildCount += by
	if child.Status.Active() {
		parent.Ticket.OpenChildren += by
	}
	kind := "added"
	if by < 0 {
		kind = "removed"
	}
	parent.Append(EventChild, EventData{Kind: kind, Ref: child.ID})
}

// shownChildren is how many parts a ticket's page names.
const shownChildren = 500

func (d *Desk) childIDs(ctx context.Context, t *Ticket, limit int) ([]id.ID, error) {
	rows, err := d.DB.Query(ctx, `select id from ticket where tenant_id = $1 and parent_id = $2 order by id limit $3`, t.Tenant, t.ID, limit)
	return db.Each(rows, err, func(r rower) (id.ID, error) {
		var c id.ID
		return c, r.Scan(&c)
	})
}

// links lists the ties in both directions, oldest first.
func (d *Desk) links(ctx context.Context, t *Ticket) ([]Link, error) {
	rows, err := d.DB.Query(ctx, `select kind, 'out', to_id, at from ticket_link where tenant_id = $1 and from_id = $2
		union all select kind, 'in', from_id, at from ticket_link where tenant_id = $1 and to_id = $2 order by 4, 3 limit 400`, t.Tenant, t.ID)
	return db.Each(rows, err, func(r rower) (Link, error) {
		var l Link
		var at int64
		return l, r.Scan(&l.Kind, &l.Direction, &l.Ticket.ID, &at)
	})
}

// OpenOf lists the newest active tickets of a customer within the actor's
// reach.
func (d *Desk) OpenOf(ctx context.Context, a *staff.Actor, customer id.ID, limit int) ([]*Ticket, error) {
	w := newWhere(a)
	w.and("t.requester_id = %s and t.status <= 4 and t.merged_into is null", customer)
	rows, err := d.DB.Query(ctx, fmt.Sprintf(`select %s from ticket t where %s order by t.id desc limit %d`, columns, &w.sql, limit), w.args...)
	return db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
}

// Reachable reads those of the tickets that the actor may read.
func (d *Desk) Reachable(ctx context.Context, a *staff.Actor, ids []id.ID) ([]*Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := newWhere(a)
	w.sql.WriteString(" and t.id " + inIDs(d.DB, w.arg(idList(ids))))
	rows, err := d.DB.Query(ctx, `select `+columns+` from ticket t where `+w.sql.String(), w.args...)
	return db.Each(rows, err, func(r rower) (*Ticket, error) { return scanTicket(r) })
}

// ReplyToChildren says the same on every part of a ticket that has not ended.
func (d *Desk) ReplyToChildren(ctx context.Context, a *staff.Actor, parent id.ID, in ReplyInput) (*Bulk, error) {
	t, err := d.Get(ctx, a, parent)
	if err != nil {
		return nil, err
	}
	children, err := d.childIDs(ctx, t, MaxChildren)
	if err != nil {
		return nil, err
	}
	list, err := loadMany(ctx, d.DB, a.Tenant, children)
	if err != nil {
		return nil, err
	}
	var open []id.ID
	for _, c := range list {
		if c.Status != Closed && c.Status != Cancelled {
			open = append(open, c.ID)
		}
	}
	if len(open) == 0 {
		return nil, fault.New(fault.Conflict, "ticket.no_children", "the ticket has no parts that can be answered")
	}
	return d.StartBulk(ctx, a, "reply", json.RawMessage(encode(in)), open)
}
