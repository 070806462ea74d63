package ticket

import (
	"context"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// returnsToRule is how many returns of a ticket since the last ruling take it
// to those who dispatch: two places disagree, and a third must say.
const returnsToRule = 2

// KindRuling is the kind of EventTransfer by which a ruling gives a ticket to a
// place, and of the EventUndo that takes one back.
const KindRuling = "ruling"

// FieldRulingAsked is the change in an event by which a return asks for a ruling.
const FieldRulingAsked = "ruling_asked"

// Ruling is what a dispatcher has said of a ticket that went back and forth
// (裁定): whose it is. It binds them: they cannot return it, and it stays in the
// department until the ruling is lifted or changed, or the ticket is taken up
// again after it had ended.
type Ruling struct {
	Place
	By      id.ID      `json:"by"`
	At      clock.Time `json:"at"`
	Seq     int64      `json:"seq"`             // of its event, beside which the reason is kept
	Within  id.ID      `json:"within,omitzero"` // whose dispatchers ruled; zero: the tenant's
	Returns int        `json:"returns"`         // how often the ticket had been returned by then
	Over    bool       `json:"over,omitempty"`
}

// Bound says that a ruling holds.
func (t *Ticket) Bound() bool { return t.Ruling != nil && !t.Ruling.Over }

// endRuling lets the ticket go where people take it; what was ruled still says
// from where returns are counted.
func (t *Ticket) endRuling() {
	if t.Bound() {
		over := *t.Ruling // others may look at the old one
		over.Over = true
		t.Ruling = &over
	}
}

// disputed is how often the ticket was returned since the last ruling.
func (t *Ticket) disputed() int {
	if t.Ruling != nil {
		return t.ReturnCount - t.Ruling.Returns
	}
	return t.ReturnCount
}

// keeps says whether a place is within what was ruled: the department, or where
// there is none the team, or the person.
func (r *Ruling) keeps(dir *staff.Directory, p Place) bool {
	switch {
	case r.Department != 0:
		return slices.Contains(dir.Subtree(r.Department), p.Department)
	case r.Team != 0:
		return p.Team == r.Team
	}
	return p.Assignee == r.Assignee
}

func placeable(_ *staff.Actor, t *Ticket) bool { return t.Status.Active() && t.RulingAsked == 0 }

// rulable: those who dispatch for the whole of the department in which the
// ticket waits, and later those of where it was ruled, may say whose it is.
func rulable(a *staff.Actor, t *Ticket) bool {
	switch {
	case !t.Status.Active():
		return false
	case t.RulingAsked != 0:
		return a.In(staff.TicketAssign, 0, 0, t.Department)
	}
	return liftable(a, t)
}

func liftable(a *staff.Actor, t *Ticket) bool {
	return t.Status.Active() && t.Bound() && a.In(staff.TicketAssign, 0, 0, t.Ruling.Within)
}

// askRuling takes a ticket from where it is returned to nobody: those who
// dispatch for both places say whose it is.
func (d *Desk) askRuling(c *Change, dir *staff.Directory, to Place, at int) []FieldChange {
	t := c.Ticket
	from := t.place()
	unit := dir.Common(departmentOf(dir, from), departmentOf(dir, to))
	changes := t.goTo(Place{Department: unit})
	t.Handed = append(t.Handed[:at+1:at+1], from) // the two who disagree are the last two
	t.RulingAsked = c.At
	return append(changes, FieldChange{Field: FieldRulingAsked, To: true})
}

func departmentOf(dir *staff.Directory, p Place) id.ID {
	if p.Department == 0 {
		p = p.Whole(dir, Place{})
	}
	return p.Department
}

// RulingInput says whose a ticket is (裁定); a reason is owed.
type RulingInput struct {
	Place
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

// rulingUndo is how a ticket stood before a ruling.
type rulingUndo struct {
	Ticket      id.ID
	Version     int64
	Place       Place
	RulingAsked clock.Time
	Ruling      *Ruling
}

func (d *Desk) rule(ctx context.Context, w *Write, c *Change, in RulingInput) (Outcome, error) {
	if in.Reason = oneLine(in.Reason); in.Reason == "" {
		return Outcome{}, fault.Bad("reason", "required", "a ruling needs a reason")
	}
	if in.Assignee == 0 && in.Team == 0 {
		return Outcome{}, fault.Bad("team_id", "required", "a ruling names a team or a person")
	}
	t := c.Ticket
	undo := rulingUndo{Ticket: t.ID, Place: t.place(), RulingAsked: t.RulingAsked, Ruling: t.Ruling}
	within := t.Department
	if t.RulingAsked == 0 {
		within = t.Ruling.Within
	}
	t.endRuling()
	changes, err := d.place(ctx, c, in.Place)
	if err != nil {
		return Outcome{}, err
	}
	t.RulingAsked = 0
	t.Ruling = &Ruling{Place: t.place(), By: w.Actor.ID, At: c.At, Seq: t.Version + 1, Within: within, Returns: t.ReturnCount}
	c.Append(EventTransfer, EventData{Kind: KindRuling, Changes: changes, Reason: c.say("reason", in.Reason)})
	undo.Version = t.Version
	return Outcome{Undo: &undoRecord{undo}}, nil
}

func (d *Desk) undoRuling(ctx context.Context, w *Write, u rulingUndo) error {
	c, err := w.Ticket(ctx, u.Ticket, staff.TicketAssign)
	if err != nil {
		return err
	}
	t := c.Ticket
	if loud, err := changedSince(ctx, w.Tx, t, u.Version); err != nil {
		return err
	} else if loud {
		return errUndoLate
	}
	changes := t.goTo(u.Place)
	t.RulingAsked, t.Ruling = u.RulingAsked, u.Ruling
	c.Append(EventUndo, EventData{Kind: KindRuling, Changes: changes})
	return nil
}

// LiftInput ends a ruling; a reason is owed.
type LiftInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

func (d *Desk) lift(_ context.Context, _ *Write, c *Change, in LiftInput) (Outcome, error) {
	if in.Reason = oneLine(in.Reason); in.Reason == "" {
		return Outcome{}, fault.Bad("reason", "required", "to lift a ruling needs a reason")
	}
	c.Ticket.endRuling()
	c.Append(EventRuling, EventData{Kind: "lifted", Reason: c.say("reason", in.Reason)})
	return Outcome{}, nil
}

// refusal is why an action is not possible now.
func (d *Desk) refusal(ctx context.Context, a *Action, t *Ticket) error {
	switch {
	case !t.Status.Active():
	case t.RulingAsked != 0 && slices.Contains([]string{"assign", "claim", "transfer", "return"}, a.Name):
		return fault.New(fault.Conflict, "ticket.awaiting_ruling", "a dispatcher must say whose this ticket is").With("since", t.RulingAsked.String())
	case t.Bound() && a.Name == "return":
		return d.boundBy(ctx, t)
	}
	return fault.New(fault.Conflict, "ticket.not_now", "%s is not possible while the ticket is %s", a.Name, t.Status).
		With("action", a.Name).With("status", t.Status.String())
}

// boundBy names the ruling that stands in the way.
func (d *Desk) boundBy(ctx context.Context, t *Ticket) error {
	dir, err := d.Staff.Directory(ctx, t.Tenant)
	if err != nil {
		return err
	}
	by, _ := dir.User(t.Ruling.By)
	return fault.New(fault.Conflict, "ticket.ruled", "%s has ruled whose this ticket is", by.Name).With("by", by.Name).With("by_id", t.Ruling.By.String()).With("at", t.Ruling.At.String())
}

// RulingJSON is what was ruled of a ticket.
type RulingJSON struct {
	PlaceJSON
	By     Ref        `json:"by"`
	At     clock.Time `json:"at"`
	Reason string     `json:"reason,omitempty"`
	Over   bool       `json:"over,omitempty" doc:"it binds nobody any more"`
}

// showRuling fills in what the page of a ticket says of rulings.
func (d *Desk) showRuling(ctx context.Context, t *Ticket, j *JSON, n names) error {
	if t.RulingAsked != 0 {
		for _, p := range t.Handed[max(0, len(t.Handed)-2):] {
			j.Disputed = append(j.Disputed, *n.place(p))
		}
	}
	if t.Ruling == nil {
		return nil
	}
	j.Ruling = &RulingJSON{PlaceJSON: *n.place(t.Ruling.Place), By: *n.user(t.Ruling.By), At: t.Ruling.At, Over: t.Ruling.Over}
	err := d.DB.QueryRow(ctx, `select value from ticket_event_text where tenant_id = $1 and ticket_id = $2 and seq = $3 and name = 'reason'`,
		t.Tenant, t.ID, t.Ruling.Seq).Scan(&j.Ruling.Reason)
	if isNoRows(err) { // erased
		return nil
	}
	return err
}
