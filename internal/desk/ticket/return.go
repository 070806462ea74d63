package ticket

import (
	"context"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
)

// maxHanded bounds how many hand-overs a ticket remembers.
const maxHanded = 20

// KindReturn is the kind of EventTransfer by which a ticket goes back to where
// it was handed on from. Its change of return_count says how often that was.
const KindReturn = "return"

// ReturnInput gives a ticket back (退回); a reason is owed.
type ReturnInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

func (t *Ticket) place() Place { return Place{t.Assignee, t.Team, t.Department} }

// Origin is the place from which the ticket was handed on to where it is, empty
// when it was not. Places in which it is again by other ways are passed over.
func (t *Ticket) Origin() Place {
	p, _ := t.origin()
	return p
}

func (t *Ticket) origin() (Place, int) {
	for i := len(t.Handed) - 1; i >= 0; i-- {
		p := t.Handed[i]
		if p.Team != t.Team || p.Department != t.Department || p.Assignee != t.Assignee && p.Assignee != 0 {
			return p, i
		}
	}
	return Place{}, -1
}

// hand remembers from where the ticket goes.
func (t *Ticket) hand(from Place) {
	if from == (Place{}) || from == t.place() {
		return
	}
	t.Handed = append(t.Handed[:len(t.Handed):len(t.Handed)], from)
	t.Handed = t.Handed[max(0, len(t.Handed)-maxHanded):]
}

func returnable(a *staff.Actor, t *Ticket) bool {
	return placeable(a, t) && !t.Bound() && t.Origin() != Place{}
}

// giveBack returns the ticket to the person who handed it on, or to their team
// when they have left. The second return since the last ruling does not go
// back again: it asks for one.
func (d *Desk) giveBack(ctx context.Context, _ *Write, c *Change, in ReturnInput) (Outcome, error) {
	if in.Reason = oneLine(in.Reason); in.Reason == "" {
		return Outcome{}, fault.Bad("reason", "required", "a return needs a reason")
	}
	t := c.Ticket
	dir, err := d.Staff.Directory(ctx, t.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	to, at := t.origin()
	var changes []FieldChange
	if t.disputed()+1 >= returnsToRule {
		changes = d.askRuling(c, dir, to, at)
	} else if changes, err = d.goBack(ctx, c, dir, to, at); err != nil {
		return Outcome{}, err
	}
	t.ReturnCount++
	changes = append(changes, FieldChange{Field: "return_count", From: t.ReturnCount - 1, To: t.ReturnCount})
	c.Append(EventTransfer, EventData{Kind: KindReturn, Changes: changes, Reason: c.say("reason", in.Reason)})
	return Outcome{}, nil
}

// goBack takes the ticket to a place of those that handed it on, as far as they
// are still there.
func (d *Desk) goBack(ctx context.Context, c *Change, dir *staff.Directory, to Place, at int) (changes []FieldChange, err error) {
	t := c.Ticket
	if u, _ := dir.User(to.Assignee); !u.Active {
		to.Assignee = 0
	}
	if _, ok := dir.Team(to.Team); !ok {
		to.Team = 0
	}
	if _, ok := dir.Department(to.Department); !ok {
		to.Department = 0
	}
	if to != (Place{}) {
		if changes, err = d.place(ctx, c, to); err != nil {
			return nil, err
		}
	}
	if len(changes) == 0 {
		return nil, fault.New(fault.Conflict, "ticket.no_origin", "those who handed this ticket on are no longer there")
	}
	t.Handed = t.Handed[:at:at]
	return changes, nil
}
