package ticket

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Undo is the right to take something back until a moment.
type Undo struct {
	ID        id.ID      `json:"id"`
	ExpiresAt clock.Time `json:"expires_at"`
}

// changedSince reports whether anybody has done anything to a ticket after a
// version. That time has passed over a promise is nobody's doing.
func changedSince(ctx context.Context, r db.Reader, t *Ticket, version int64) (bool, error) {
	if t.Version == version {
		return false, nil
	}
	var n int
	err := r.QueryRow(ctx, `select count(*) from (select 1 from ticket_event where tenant_id = $1 and ticket_id = $2 and seq > $3 and name <> $4 limit 1) e`,
		t.Tenant, t.ID, version, EventSLA).Scan(&n)
	return n > 0, err
}

type undoRecord struct{ Data any }

var errUndoLate = fault.New(fault.Conflict, "undo.changed", "this can no longer be undone: the tickets have changed since")

func (d *Desk) saveUndo(ctx context.Context, w *Write, kind string, u *undoRecord) (*Undo, error) {
	out := &Undo{ID: d.IDs.Next(), ExpiresAt: w.At.Add(d.Settings(ctx, w.Actor.Tenant).UndoChange)}
	_, err := w.Tx.Exec(ctx, `insert into ticket_undo (tenant_id, id, actor_id, kind, data, created_at, expires_at, done_at)
		values ($1, $2, $3, $4, $5, $6, $7, null)`,
		w.Actor.Tenant, out.ID, null(w.Actor.ID), kind, encode(u.Data), w.At, out.ExpiresAt)
	return out, err
}

// Undone is what taking back led to: the tickets as they are again, or the bulk
// run that brings them back.
type Undone struct {
	Tickets []*Ticket
	Bulk    id.ID
}

// TakeBack undoes a merge, split, ruling or bulk change. Only who did it (or someone who
// may merge everywhere) can, once, before it expires, and only as long as what
// it touched has not moved on.
func (d *Desk) TakeBack(ctx context.Context, a *staff.Actor, undo id.ID) (Undone, error) {
	var out Undone
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		out = Undone{}
		var actor, done int64
		var kind, data string
		var expires clock.Time
		err := w.Tx.QueryRow(ctx, `select coalesce(actor_id, 0), kind, data, expires_at, coalesce(done_at, 0) from ticket_undo where tenant_id = $1 and id = $2`,
			a.Tenant, undo).Scan(&actor, &kind, &data, &expires, &done)
		if isNoRows(err) {
			return fault.Missing("undo")
		}
		if err != nil {
			return err
		}
		switch {
		case id.ID(actor) != a.ID && a.Scope(staff.TicketMerge) != staff.ScopeAll:
			return fault.Missing("undo")
		case done != 0:
			return fault.New(fault.Conflict, "undo.done", "this has been undone already")
		case w.At > expires:
			return fault.New(fault.Conflict, "undo.over", "the time to undo this is over")
		}
		if _, err := w.Tx.Exec(ctx, `update ticket_undo set done_at = $3 where tenant_id = $1 and id = $2`, a.Tenant, undo, w.At); err != nil {
			return err
		}
		switch kind {
		case "merge":
			var u mergeUndo
			if err := json.Unmarshal([]byte(data), &u); err != nil {
				return err
			}
			err = d.undoMerge(ctx, w, u)
		case "split":
			var u splitUndo
			if err := json.Unmarshal([]byte(data), &u); err != nil {
				return err
			}
			err = d.undoSplit(ctx, w, u)
		case "ruling":
			var u rulingUndo
			if err := json.Unmarshal([]byte(data), &u); err != nil {
				return err
			}
			err = d.undoRuling(ctx, w, u)
		case "bulk":
			out.Bulk, err = d.startUndoBulk(ctx, w, undo)
		default:
			err = fmt.Errorf("ticket: unknown undo %q", kind)
		}
		for _, c := range w.changes {
			out.Tickets = append(out.Tickets, c.Ticket)
		}
		return err
	})
	return out, err
}

// restore puts the ticket's properties back to how they stood and lists what
// that changed. What was said meanwhile stays.
func restore(t, before *Ticket) []FieldChange {
	var changes []FieldChange
	back := func(field string, now, then any, set func()) {
		if !reflect.DeepEqual(plain(now), plain(then)) {
			changes = append(changes, FieldChange{Field: field, From: now, To: then})
			set()
		}
	}
	back("status", t.Status, before.Status, func() { t.Status = before.Status })
	back("substatus", t.Substatus, before.Substatus, func() { t.Substatus = before.Substatus })
	back("assignee", t.Assignee, before.Assignee, func() { t.Assignee = before.Assignee })
	back("team", t.Team, before.Team, func() { t.Team = before.Team })
	back("department", t.Department, before.Department, func() { t.Department = before.Department })
	back("priority", t.Priority, before.Priority, func() { t.Priority = before.Priority })
	back("type", t.Type, before.Type, func() { t.Type = before.Type })
	back("category", t.Category, before.Category, func() { t.Category = before.Category })
	back("tags", t.Tags, before.Tags, func() { t.Tags = before.Tags })
	if !reflect.DeepEqual(plain(t.Fields), plain(before.Fields)) { // values may be personal: only that they changed
		changes = append(changes, FieldChange{Field: "fields"})
		t.Fields = before.Fields
	}
	back("snoozed_until", t.SnoozedUntil, before.SnoozedUntil, func() { t.SnoozedUntil = before.SnoozedUntil })
	t.HoldReason, t.CancelReason = before.HoldReason, before.CancelReason
	t.Resolution = before.Resolution
	t.SolvedAt, t.ClosedAt, t.ReopenCount = before.SolvedAt, before.ClosedAt, before.ReopenCount
	t.Handed, t.ReturnCount = before.Handed, before.ReturnCount
	t.RulingAsked, t.Ruling, t.Assists = before.RulingAsked, before.Ruling, before.Assists
	return changes
}

// afterRestore is afterMove for a ticket that was put back: its snooze, too,
// ends when it was to end.
func (d *Desk) afterRestore(ctx context.Context, w *Write, c *Change) error {
	if t := c.Ticket; t.SnoozedUntil != 0 && t.SnoozedUntil != c.Before.SnoozedUntil {
		if err := d.timer(ctx, w.Tx, t, kindWake, t.SnoozedUntil); err != nil {
			return err
		}
	}
	return d.afterMove(ctx, w, c)
}
