package ticket

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// MaxBulk is how many tickets one bulk change may touch.
const MaxBulk = 5000

const maxBulkErrors = 100 // kept for the screen; the count goes on

// Bulk is one action on many tickets: it runs as a job, tells how far it is,
// can be cancelled, goes on after a crash without doing a ticket twice, and can
// be undone.
type Bulk struct {
	ID         id.ID
	Actor      id.ID
	Action     string
	State      string // running, done, cancelled
	Total      int
	Done       int
	Failed     int
	Errors     []BulkError
	Undo       id.ID
	CreatedAt  clock.Time
	FinishedAt clock.Time

	input json.RawMessage
	ids   []id.ID
}

// BulkError says why one ticket was left as it was.
type BulkError struct {
	Ticket  id.ID  `json:"ticket_id"`
	Number  string `json:"number"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

const undoAction, sayAction = "undo", "reply"

// StartBulk begins an action on the tickets and returns at once.
func (d *Desk) StartBulk(ctx context.Context, a *staff.Actor, action string, raw json.RawMessage, tickets []id.ID) (*Bulk, error) {
	if a.Scope(staff.TicketBulk) == staff.ScopeNone {
		return nil, fault.New(fault.Forbidden, "forbidden", "you may not change tickets in bulk").With("permission", string(staff.TicketBulk))
	}
	act, err := FindAction(action)
	if err != nil || !act.Bulk {
		return nil, fault.Bad("action", "unknown", "there is no bulk action %q", action)
	}
	if _, err := act.Decode(raw); err != nil {
		return nil, err
	}
	tickets = unique(tickets)
	if len(tickets) == 0 || len(tickets) > MaxBulk {
		return nil, fault.Bad("ids", "range", "a bulk change takes 1 to %d tickets", MaxBulk)
	}
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	b := &Bulk{ID: d.IDs.Next(), Actor: a.ID, Action: action, State: "running", Total: len(tickets), input: raw, ids: tickets}
	err = d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		if action != sayAction { // what was said to customers cannot be unsaid
			u, err := d.saveUndo(ctx, w, "bulk", &undoRecord{Data: struct{}{}})
			if err != nil {
				return err
			}
			b.Undo = u.ID
		}
		return d.insertBulk(ctx, w, b)
	})
	return b, err
}

func (d *Desk) startUndoBulk(ctx context.Context, w *Write, undo id.ID) (id.ID, error) {
	// A change that is still running stops here; what it did is taken back.
	if _, err := w.Tx.Exec(ctx, `update ticket_bulk set state = 'cancelled', finished_at = $3 where tenant_id = $1 and undo_id = $2 and state = 'running'`,
		w.Actor.Tenant, undo, w.At); err != nil {
		return 0, err
	}
	rows, err := w.Tx.Query(ctx, `select ticket_id from ticket_undo_item where tenant_id = $1 and undo_id = $2 order by ticket_id`, w.Actor.Tenant, undo)
	ids, err := db.Each(rows, err, func(r rower) (id.ID, error) {
		var t id.ID
		return t, r.Scan(&t)
	})
	if err != nil {
		return 0, err
	}
	b := &Bulk{ID: d.IDs.Next(), Actor: w.Actor.ID, Action: undoAction, State: "running", Total: len(ids), ids: ids,
		input: json.RawMessage(`"` + undo.String() + `"`)}
	return b.ID, d.insertBulk(ctx, w, b)
}

func (d *Desk) insertBulk(ctx context.Context, w *Write, b *Bulk) error {
	b.CreatedAt = w.At
	_, err := w.Tx.Exec(ctx, `insert into ticket_bulk (tenant_id, id, actor_id, action, input, ids, state, total, done, failed, errors, undo_id, created_at, finished_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '[]', $9, $10, null)`,
		w.Actor.Tenant, b.ID, null(b.Actor), b.Action, string(b.input), encode(b.ids), b.State, b.Total, null(b.Undo), b.CreatedAt)
	if err != nil {
		return err
	}
	return d.Jobs.Add(ctx, w.Tx, job.New{Tenant: w.Actor.Tenant, Kind: kindBulk, Key: b.ID.String(), Payload: bulkJob{Bulk: b.ID, Actor: w.Actor}})
}

// bulkJob carries the actor as it was when the change was ordered: the change
// does what that person could do then, and no more.
type bulkJob struct {
	Bulk  id.ID
	Actor *staff.Actor
}

// GetBulk reads a bulk change of the actor's own.
func (d *Desk) GetBulk(ctx context.Context, a *staff.Actor, bulk id.ID) (*Bulk, error) {
	b, err := readBulk(ctx, d.DB, a.Tenant, bulk)
	if err == nil && b.Actor != a.ID && a.Scope(staff.TicketBulk) != staff.ScopeAll {
		return nil, fault.Missing("bulk")
	}
	return b, err
}

func readBulk(ctx context.Context, r db.Reader, tenant, bulk id.ID) (*Bulk, error) {
	b := &Bulk{ID: bulk}
	var input, ids, errs string
	err := r.QueryRow(ctx, `select actor_id, action, input, ids, state, total, done, failed, errors, undo_id, created_at, finished_at
		from ticket_bulk where tenant_id = $1 and id = $2`, tenant, bulk).Scan(zero(&b.Actor), &b.Action, &input, &ids, &b.State,
		&b.Total, &b.Done, &b.Failed, &errs, zero(&b.Undo), &b.CreatedAt, zero(&b.FinishedAt))
	if isNoRows(err) {
		return nil, fault.Missing("bulk")
	}
	if err != nil {
		return nil, err
	}
	b.input = json.RawMessage(input)
	return b, errors.Join(json.Unmarshal([]byte(ids), &b.ids), json.Unmarshal([]byte(errs), &b.Errors))
}

// CancelBulk stops a bulk change; what it has done stays until it is undone.
func (d *Desk) CancelBulk(ctx context.Context, a *staff.Actor, bulk id.ID) (*Bulk, error) {
	if _, err := d.GetBulk(ctx, a, bulk); err != nil {
		return nil, err
	}
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `update ticket_bulk set state = 'cancelled', finished_at = $3 where tenant_id = $1 and id = $2 and state = 'running'`,
			a.Tenant, bulk, d.Clock.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.GetBulk(ctx, a, bulk)
}

// runBulk works through the tickets. Each one is changed in a transaction that
// also moves the mark of how far the run has come, so a crash repeats nothing.
func (d *Desk) runBulk(ctx context.Context, tenant id.ID, in bulkJob) error {
	for {
		b, err := readBulk(ctx, d.DB, tenant, in.Bulk)
		if err != nil || b.State != "running" {
			return err
		}
		if b.Done+b.Failed >= len(b.ids) {
			err := d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `update ticket_bulk set state = 'done', finished_at = $3 where tenant_id = $1 and id = $2 and state = 'running'`,
					tenant, b.ID, d.Clock.Now())
				return err
			})
			if err == nil {
				d.announceBulk(ctx, tenant, b.ID)
			}
			return err
		}
		for range min(len(b.ids)-b.Done-b.Failed, 50) {
			if err := ctx.Err(); err != nil {
				return err // goes on from here on another attempt
			}
			if err := d.bulkOne(ctx, in.Actor, b); errors.Is(err, errStopped) {
				break // read anew how far it is
			} else if err != nil {
				return err
			}
		}
		d.announceBulk(ctx, tenant, b.ID)
	}
}

// errStopped says that the run is no longer where we thought: somebody has
// cancelled it, or another node has taken it over.
var errStopped = errors.New("ticket: the bulk change has moved on or was stopped")

// step moves the mark of how far a run has come, inside the transaction of the
// change itself. It holds only while the run stands where b says.
func (b *Bulk) step(ctx context.Context, tx *db.Tx, tenant id.ID, failed int) error {
	n, err := tx.Exec(ctx, `update ticket_bulk set done = done + $4, failed = failed + $5, errors = $6
		where tenant_id = $1 and id = $2 and state = 'running' and done + failed = $3`,
		tenant, b.ID, b.Done+b.Failed, 1-failed, failed, encode(b.Errors))
	if err == nil && n == 0 {
		err = errStopped
	}
	return err
}

// bulkOne changes the next ticket of the run, or notes why it could not.
func (d *Desk) bulkOne(ctx context.Context, actor *staff.Actor, b *Bulk) error {
	ticket := b.ids[b.Done+b.Failed]
	number := ""
	err := d.Write(ctx, actor, func(ctx context.Context, w *Write) error {
		if err := b.step(ctx, w.Tx, actor.Tenant, 0); err != nil {
			return err
		}
		if b.Action == undoAction {
			return d.undoOne(ctx, w, b, ticket, &number)
		}
		act, err := FindAction(b.Action)
		if err != nil {
			return err
		}
		in, err := act.Decode(b.input)
		if err != nil {
			return err
		}
		c, err := w.Ticket(ctx, ticket, act.Permission)
		if err != nil {
			return err
		}
		number = c.Ticket.Number
		if err := d.mayChange(ctx, w.Tx, actor, c.Ticket, staff.TicketBulk); err != nil {
			return err
		}
		before := undoBefore{Ticket: c.Before, People: map[string][]id.ID{}}
		if role := roleOf[b.Action]; role != "" {
			if before.People[role], err = persons(ctx, w.Tx, actor.Tenant, ticket, role); err != nil {
				return err
			}
		}
		if _, err := d.act(ctx, w, c, act, in); err != nil {
			return err
		}
		if b.Undo == 0 {
			return nil
		}
		_, err = w.Tx.Exec(ctx, `insert into ticket_undo_item (tenant_id, undo_id, ticket_id, version, before) values ($1, $2, $3, $4, $5)`,
			actor.Tenant, b.Undo, ticket, c.Ticket.Version, encode(before))
		return err
	})
	if err == nil {
		b.Done++
		return nil
	}
	why := faults(err)[0]
	if why.Kind == fault.Unavailable || why.Kind == fault.Internal {
		return err
	}
	if len(b.Errors) < maxBulkErrors {
		b.Errors = append(b.Errors, BulkError{Ticket: ticket, Number: number, Code: why.Code, Message: why.Message})
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return b.step(ctx, tx, actor.Tenant, 1) })
	if err == nil {
		b.Failed++
	}
	return err
}

// undoBefore is how a ticket stood before a bulk change; its people only when
// the change was about them.
type undoBefore struct {
	*Ticket
	People map[string][]id.ID `json:",omitempty"`
}

// roleOf names the people that an action changes.
var roleOf = map[string]string{"collaborator": "collaborator", "watch": "watcher"}

func (d *Desk) undoOne(ctx context.Context, w *Write, b *Bulk, ticket id.ID, number *string) error {
	var undo id.ID
	if err := json.Unmarshal(b.input, &undo); err != nil {
		return err
	}
	var version int64
	var raw string
	if err := w.Tx.QueryRow(ctx, `select version, before from ticket_undo_item where tenant_id = $1 and undo_id = $2 and ticket_id = $3`,
		w.Actor.Tenant, undo, ticket).Scan(&version, &raw); err != nil {
		return err
	}
	before := undoBefore{Ticket: &Ticket{}}
	if err := json.Unmarshal([]byte(raw), &before); err != nil {
		return err
	}
	c, err := w.Ticket(ctx, ticket, staff.TicketRead)
	if err != nil {
		return err
	}
	*number = c.Ticket.Number
	if loud, err := changedSince(ctx, w.Tx, c.Ticket, version); err != nil {
		return err
	} else if loud {
		return errUndoLate
	}
	if changes := restore(c.Ticket, before.Ticket); len(changes) > 0 {
		c.Append(EventUndo, EventData{Kind: "bulk", Changes: changes})
	}
	for role, were := range before.People {
		now, err := persons(ctx, w.Tx, w.Actor.Tenant, ticket, role)
		if err != nil {
			return err
		}
		if err := d.people(ctx, w, c, role, were, slices.DeleteFunc(now, func(u id.ID) bool { return slices.Contains(were, u) })); err != nil {
			return err
		}
	}
	return d.afterRestore(ctx, w, c)
}

// unique keeps the first of each, in order.
func unique(ids []id.ID) []id.ID {
	seen := make(map[id.ID]bool, len(ids))
	var out []id.ID
	for _, v := range ids {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
