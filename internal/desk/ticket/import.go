package ticket

import (
	"context"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// What bringing tickets in needs of the core beside Prepare and CreateIn: which
// of a source's tickets are here already, and taking one out again.

// Brought finds the ticket that came of a source's own number for it; zero when
// none did.
func (d *Desk) Brought(ctx context.Context, r db.Reader, tenant id.ID, source, ref string) (id.ID, error) {
	var t id.ID
	err := r.QueryRow(ctx, `select ticket_id from ticket_import where tenant_id = $1 and source = $2 and ref = $3`, tenant, source, ref).Scan(&t)
	if isNoRows(err) {
		return 0, nil
	}
	return t, err
}

// errBrought says that another import has just brought the same.
var errBrought = fault.New(fault.Conflict, "import.known", "a ticket with this number was brought in meanwhile")

// Bring carries out a prepared ticket, and notes the source's own number for it
// (empty: it has none). anew lets a ticket stand for a number that another one
// stood for. version is that of the ticket at its birth, which a hook of the
// transaction knows as well.
func (d *Desk) Bring(ctx context.Context, draft *Draft, source, ref string, anew bool, version *int64) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if ref != "" {
			then := ` on conflict do nothing`
			if anew {
				then = ` on conflict (tenant_id, source, ref) do update set ticket_id = excluded.ticket_id`
			}
			n, err := tx.Exec(ctx, `insert into ticket_import (tenant_id, source, ref, ticket_id) values ($1, $2, $3, $4)`+then, draft.actor.Tenant, source, ref, draft.ticket.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				return errBrought
			}
		}
		made, err := d.CreateIn(ctx, tx, draft)
		if err == nil {
			*version = made.Ticket.Version
		}
		return err
	})
}

// TakeOut cancels a ticket that was brought in by mistake, when nobody has done
// anything to it since the version at which it came, and forgets where it came
// from, so that it can be brought in again.
func (d *Desk) TakeOut(ctx context.Context, a *staff.Actor, ticket id.ID, version int64) error {
	return d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		c, err := w.related(ctx, ticket)
		if err != nil {
			return err
		}
		n := 0
		if err := w.Tx.QueryRow(ctx, `select count(*) from (select 1 from ticket_event where tenant_id = $1 and ticket_id = $2 and seq > $3 and actor_kind in ($4, $5) limit 1) e`,
			a.Tenant, ticket, version, string(staff.KindStaff), string(staff.KindCustomer)).Scan(&n); err != nil {
			return err
		}
		if n > 0 || c.Ticket.MergedInto != 0 || c.Ticket.ChildCount > 0 {
			return fault.New(fault.Conflict, "touched", "somebody has worked on it since")
		}
		if _, err := w.Tx.Exec(ctx, `delete from ticket_import where tenant_id = $1 and ticket_id = $2`, a.Tenant, ticket); err != nil {
			return err
		}
		if c.Ticket.Status == Cancelled {
			return nil
		}
		d.moveTo(c, Cancelled, nil)
		for i := range c.Events {
			c.Events[i].Cause = CauseImport
		}
		return d.afterMove(ctx, w, c)
	})
}
