package ticket

import (
	"context"
	"encoding/json"
	"fmt"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// An Action is one thing that can be done to a ticket. The API, bulk, and later
// macros, rules, flows and AI tools all go through this one registry, so that
// permission, input and undo are the same whatever asks.
type Action struct {
	Name       string
	Permission staff.Permission
	// Undoable actions leave a record by which they can be taken back.
	Undoable bool
	// Bulk actions make sense on many tickets at once.
	Bulk bool
	// Offer reports whether the ticket's state allows it; the actor's reach is
	// checked apart.
	Offer func(a *staff.Actor, t *Ticket) bool
	// NewInput makes an empty input to decode into.
	NewInput func() any

	run func(d *Desk, ctx context.Context, w *Write, c *Change, in any) (Outcome, error)
}

// Outcome is what an action leaves beside the changed ticket.
type Outcome struct {
	Ticket id.ID // the ticket to answer with when it is another one (split: the new one)
	Undo   *undoRecord
}

func define[In any](name string, p staff.Permission, offer func(*staff.Actor, *Ticket) bool,
	run func(d *Desk, ctx context.Context, w *Write, c *Change, in In) (Outcome, error)) *Action {
	return &Action{
		Name: name, Permission: p, Offer: offer,
		NewInput: func() any { return new(In) },
		run: func(d *Desk, ctx context.Context, w *Write, c *Change, in any) (Outcome, error) {
			v, ok := in.(*In)
			if !ok {
				return Outcome{}, fmt.Errorf("action %s takes %T, not %T", name, new(In), in)
			}
			return run(d, ctx, w, c, *v)
		},
	}
}

func (a *Action) bulk() *Action     { a.Bulk = true; return a }
func (a *Action) undoable() *Action { a.Undoable = true; return a }

func active(_ *staff.Actor, t *Ticket) bool    { return t.Status.Active() }
func notMerged(_ *staff.Actor, t *Ticket) bool { return t.MergedInto == 0 }

// Actions is the registry, in the order in which a palette shows them.
var Actions = []*Action{
	define("status", staff.TicketUpdate, notMerged, func(d *Desk, ctx context.Context, w *Write, c *Change, in StatusInput) (Outcome, error) {
		if err := d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, in.permission(c.Ticket.Status)); err != nil {
			return Outcome{}, err
		}
		return Outcome{}, d.setStatus(ctx, w, c, in)
	}).bulk(),
	define("assign", staff.TicketAssign, placeable, (*Desk).assign).bulk(),
	define("claim", staff.TicketClaim, func(a *staff.Actor, t *Ticket) bool {
		return placeable(a, t) && t.Assignee != a.ID && a.Kind == staff.KindStaff
	}, (*Desk).claim).bulk(),
	define("transfer", staff.TicketUpdate, placeable, (*Desk).transfer).bulk(),
	define("return", staff.TicketUpdate, returnable, (*Desk).giveBack),
	define("ruling", staff.TicketAssign, rulable, (*Desk).rule).undoable(),
	define("lift", staff.TicketAssign, liftable, (*Desk).lift),
	define("priority", staff.TicketUpdate, notMerged, (*Desk).setPriority).bulk(),
	define("type", staff.TicketUpdate, notMerged, (*Desk).setType).bulk(),
	define("category", staff.TicketUpdate, notMerged, (*Desk).setCategory).bulk(),
	define("reply", staff.TicketReply, func(_ *staff.Actor, t *Ticket) bool { return t.Status != Closed && t.MergedInto == 0 }, (*Desk).reply).bulk(),
	define("decide", staff.TicketUpdate, notMerged, (*Desk).decide),
	define("tags", staff.TicketUpdate, notMerged, (*Desk).editTags).bulk(),
	define("fields", staff.TicketUpdate, notMerged, (*Desk).editFields).bulk(),
	define("subject", staff.TicketUpdate, notMerged, (*Desk).setSubject),
	define("requester", staff.TicketUpdate, notMerged, (*Desk).setRequester),
	define("snooze", staff.TicketUpdate, active, (*Desk).snooze).bulk(),
	define("collaborator", staff.TicketUpdate, notMerged, (*Desk).collaborate).bulk(),
	define("assist", staff.TicketUpdate, active, (*Desk).assist),
	define("assisted", staff.TicketNote, asksMe, (*Desk).assisted),
	define("watch", staff.TicketRead, notMerged, (*Desk).watch).bulk(),
	define("merge", staff.TicketMerge, func(_ *staff.Actor, t *Ticket) bool { return t.MergedInto == 0 && t.Status != Closed }, (*Desk).merge).undoable(),
	define("split", staff.TicketMerge, func(_ *staff.Actor, t *Ticket) bool { return t.MergedInto == 0 && t.MessageCount > 1 }, (*Desk).split).undoable(),
	define("link", staff.TicketUpdate, notMerged, (*Desk).link),
	define("unlink", staff.TicketUpdate, notMerged, (*Desk).unlink),
	define("parent", staff.TicketUpdate, notMerged, (*Desk).setParent),
	define("reopen", staff.TicketSolve, func(_ *staff.Actor, t *Ticket) bool {
		return t.MergedInto == 0 && (t.Status == Solved || t.Status == Cancelled)
	}, (*Desk).reopen).bulk(),
}

// FindAction looks an action up by its name.
func FindAction(name string) (*Action, error) {
	for _, a := range Actions {
		if a.Name == name {
			return a, nil
		}
	}
	return nil, fault.Missing("action")
}

// Decode reads the action's input from JSON, refusing unknown members.
func (a *Action) Decode(raw []byte) (any, error) {
	in := a.NewInput()
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	if err := strictJSON(raw, in); err != nil {
		return nil, fault.Bad("input", "json", "%v", err)
	}
	return in, nil
}

// Done is the answer to an action.
type Done struct {
	Ticket *Ticket
	Undo   *Undo
}

// Do carries out an action on a ticket. ifVersion, when not zero, refuses it if
// the ticket has moved on since.
func (d *Desk) Do(ctx context.Context, actor *staff.Actor, ticket id.ID, name string, in any, ifVersion int64) (Done, error) {
	return d.carryOut(ctx, actor, ticket, name, in, ifVersion, false)
}

func (d *Desk) carryOut(ctx context.Context, actor *staff.Actor, ticket id.ID, name string, in any, ifVersion int64, back bool) (Done, error) {
	a, err := FindAction(name)
	if err != nil {
		return Done{}, err
	}
	var done Done
	err = d.Write(ctx, actor, func(ctx context.Context, w *Write) error {
		done = Done{}
		c, err := w.Ticket(ctx, ticket, a.Permission)
		if err != nil {
			return err
		}
		if err := c.expect(ifVersion); err != nil {
			return err
		}
		c.back = back
		out, err := d.act(ctx, w, c, a, in)
		if err != nil {
			return err
		}
		done.Ticket = c.Ticket
		for _, other := range w.changes {
			if out.Ticket != 0 && other.Ticket.ID == out.Ticket {
				done.Ticket = other.Ticket
			}
		}
		if out.Undo != nil {
			if done.Undo, err = d.saveUndo(ctx, w, a.Name, out.Undo); err != nil {
				return err
			}
		}
		return d.keepDone(ctx, w.Tx, done)
	})
	return done, err
}

func (d *Desk) act(ctx context.Context, w *Write, c *Change, a *Action, in any) (Outcome, error) {
	if a.Offer != nil && !a.Offer(w.Actor, c.Ticket) {
		return Outcome{}, d.refusal(ctx, a, c.Ticket)
	}
	return a.run(d, ctx, w, c, in)
}

// Offered names what the actor may do to the ticket now: the actions, and
// "note".
func (d *Desk) Offered(ctx context.Context, actor *staff.Actor, t *Ticket) ([]string, error) {
	names := []string{}
	verdict := map[staff.Permission]bool{}
	may := func(p staff.Permission) (bool, error) {
		ok, seen := verdict[p]
		if seen {
			return ok, nil
		}
		err := d.mayChange(ctx, d.DB, actor, t, p)
		if err != nil && fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.NotFound {
			return false, err
		}
		verdict[p] = err == nil
		return err == nil, nil
	}
	for _, a := range Actions {
		ok, err := may(a.Permission)
		if err != nil {
			return nil, err
		}
		if ok && a.Offer(actor, t) {
			names = append(names, a.Name)
		}
	}
	note, err := may(staff.TicketNote)
	if note {
		names = append(names, "note")
	}
	return names, err
}

func strictJSON(raw []byte, into any) error {
	dec := json.NewDecoder(newReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("more than one JSON value")
	}
	return nil
}
