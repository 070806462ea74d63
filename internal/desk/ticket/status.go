package ticket

import (
	"context"
	"slices"
	"strings"

	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/text"
)

// StatusInput asks for a status, with what that status demands.
type StatusInput struct {
	Status     Status         `json:"status" enum:"open,pending,on_hold,solved,closed,cancelled"`
	Substatus  id.ID          `json:"substatus_id,omitzero"`
	Reason     string         `json:"reason,omitempty" maxLength:"2000" doc:"key of a hold or cancel reason; free text on reopening"`
	Resolution *Resolution    `json:"resolution,omitempty" doc:"on solving"`
	Fields     map[string]any `json:"fields,omitempty" doc:"custom fields to set with it, such as those that solving asks for"`
}

// permission is what the move takes: to end a ticket and to take an ended one
// up again is one right, to move an active one another.
func (in StatusInput) permission(now Status) staff.Permission {
	if in.Status.Active() && now.Active() {
		return staff.TicketUpdate
	}
	return staff.TicketSolve
}

// setStatus moves a ticket by a person's will: it checks the transition and
// what the new status demands.
func (d *Desk) setStatus(ctx context.Context, w *Write, c *Change, in StatusInput) error {
	t := c.Ticket
	catalog, err := d.Forms.Get(ctx, t.Tenant)
	if err != nil {
		return err
	}
	if len(in.Fields) > 0 && (in.Status != Solved || t.Status == Solved) { // else they are checked with the form of solving
		if _, err := d.editFields(ctx, w, c, FieldsInput{in.Fields}); err != nil {
			return err
		}
	}
	if in.Substatus != 0 {
		if sub, ok := catalog.Substatus(in.Substatus); !ok || sub.Status != in.Status.String() {
			return fault.Bad("substatus_id", "unknown", "there is no such sub-status of %s", in.Status)
		}
	}
	if in.Status == t.Status {
		if in.Substatus != t.Substatus {
			c.Append(EventStatus, EventData{Changes: []FieldChange{{Field: "substatus", From: t.Substatus, To: in.Substatus}}})
			t.Substatus = in.Substatus
		}
		return nil
	}
	if !slices.Contains(transitions[t.Status], in.Status) {
		return fault.New(fault.Conflict, "ticket.transition", "a ticket that is %s cannot become %s", t.Status, in.Status).
			With("from", t.Status.String()).With("to", in.Status.String())
	}
	in.Reason = text.Clean(in.Reason)
	reason := ""
	switch in.Status {
	case OnHold:
		if !catalog.HasCode(form.HoldReasons, in.Reason) {
			return fault.Bad("reason", "required", "putting a ticket on hold needs a reason of the list")
		}
		t.HoldReason = in.Reason
	case Cancelled:
		if !catalog.HasCode(form.CancelReasons, in.Reason) {
			return fault.Bad("reason", "required", "cancelling a ticket needs a reason of the list")
		}
		t.CancelReason = in.Reason
	case Solved:
		if err := d.checkResolution(ctx, w, c, catalog, in); err != nil {
			return err
		}
		t.Resolution = in.Resolution
	case Open:
		reason = in.Reason // of reopening, in one's own words
	}
	if err := checkDemands(c, catalog, in); err != nil {
		return err
	}
	if len(reason) > maxReason {
		return fault.Bad("reason", "too_long", "the reason is longer than %d bytes", maxReason)
	}
	data := EventData{}
	if reason != "" {
		data.Reason = c.say("reason", reason)
	}
	d.moveTo(c, in.Status, &data)
	t.Substatus = in.Substatus
	return d.afterMove(ctx, w, c)
}

// checkDemands refuses a status while something that the tenant asks for before
// it is missing, and names all of it.
func checkDemands(c *Change, catalog *form.Catalog, in StatusInput) error {
	t := c.Ticket
	var bad fault.List
	for _, name := range catalog.Demands(in.Status.String()) {
		has := true
		switch name {
		case "category":
			has = t.Category != 0
		case "assignee":
			has = t.Assignee != 0
		case "team":
			has = t.Team != 0
		case "requester":
			has = t.Requester != 0
		case "substatus":
			has = in.Substatus != 0
		case "resolution.cause":
			has = t.Resolution != nil && t.Resolution.Cause != ""
		case "resolution.responsible":
			has = t.Resolution != nil && t.Resolution.Responsible != ""
		case "resolution.note":
			has = t.Resolution != nil && t.Resolution.Note != ""
		default:
			key, _ := strings.CutPrefix(name, "fields.")
			// A field that is retired, or that the form does not show, can be asked of nobody.
			if f, ok := catalog.Field(key); ok && !f.Retired && catalog.Shown(t.Type, key, t.Fields) {
				has = t.Fields[key] != nil
			}
		}
		if !has {
			bad = append(bad, fault.Bad(name, "required", "%s is asked for before a ticket becomes %s", name, in.Status))
		}
	}
	return bad.Err()
}

func (d *Desk) checkResolution(ctx context.Context, w *Write, c *Change, catalog *form.Catalog, in StatusInput) error {
	t := c.Ticket
	if t.OpenChildren > 0 {
		return fault.New(fault.Conflict, "ticket.children_open", "%d child tickets are still active", t.OpenChildren)
	}
	r := in.Resolution
	if r == nil || !catalog.HasCode(form.ResolutionCodes, r.Code) {
		return fault.Bad("resolution.code", "required", "solving needs a result code of the list")
	}
	var bad fault.List
	if r.Cause != "" && !catalog.HasCode(form.Causes, r.Cause) {
		bad = append(bad, fault.Bad("resolution.cause", "unknown", "there is no cause %q", r.Cause))
	}
	if r.Responsible != "" && !catalog.HasCode(form.Responsibilities, r.Responsible) {
		bad = append(bad, fault.Bad("resolution.responsible", "unknown", "there is no responsible party %q", r.Responsible))
	}
	if m := r.Compensation; m != nil && (m.AmountMinor < 0 || len(m.Currency) != 3) {
		bad = append(bad, fault.Bad("resolution.compensation", "invalid", "compensation is an amount in minor units with a currency"))
	}
	fields := cloneFields(t.Fields)
	for k, v := range in.Fields {
		if fields == nil {
			fields = map[string]any{}
		}
		fields[k] = v
	}
	normal, err := catalog.Validate(t.Type, form.StageSolve, t.Fields, fields)
	bad = append(bad, faults(err)...)
	if err := bad.Err(); err != nil {
		return err
	}
	if len(in.Fields) > 0 {
		d.replaceFields(c, catalog, normal)
	}
	return nil
}

// moveTo changes the status and the marks that belong to it. The caller has
// checked that the move is allowed.
func (d *Desk) moveTo(c *Change, to Status, data *EventData) {
	t := c.Ticket
	from := t.Status
	if from == to {
		return
	}
	if data == nil {
		data = &EventData{}
	}
	change := FieldChange{Field: "status", From: from, To: to}
	data.Changes = append(data.Changes, change)
	switch to {
	case OnHold:
		data.Changes = append(data.Changes, FieldChange{Field: "hold_reason", To: t.HoldReason})
	case Cancelled:
		data.Changes = append(data.Changes, FieldChange{Field: "cancel_reason", To: t.CancelReason})
	case Solved:
		t.SolvedAt = c.At
		if t.Resolution != nil {
			data.Changes = append(data.Changes, FieldChange{Field: "resolution", To: t.Resolution.Code})
		}
	case Closed:
		t.ClosedAt = c.At
	}
	if to != OnHold {
		t.HoldReason = ""
	}
	if to != Cancelled {
		t.CancelReason = ""
	}
	if to.Active() {
		if from == Solved {
			t.ReopenCount++
		}
		if !from.Active() {
			t.endRuling()
		}
		t.SolvedAt, t.ClosedAt = 0, 0
	} else {
		t.SnoozedUntil, t.RulingAsked = 0, 0
	}
	t.Status, t.Substatus = to, 0
	c.Append(EventStatus, *data)
}

// afterMove does what follows from a move in the same transaction: timers and
// the count of the parent. It compares with where the ticket stood before.
func (d *Desk) afterMove(ctx context.Context, w *Write, c *Change) error {
	t, was := c.Ticket, New
	if !c.Born() {
		was = c.Before.Status
	}
	if t.Status == Solved && was != Solved {
		if s := d.Settings(ctx, t.Tenant); s.AutoClose > 0 {
			if err := d.timer(ctx, w.Tx, t, kindAutoClose, t.SolvedAt.Add(s.AutoClose)); err != nil {
				return err
			}
		}
	} else if was == Solved && t.Status.Active() {
		if err := d.Jobs.Cancel(ctx, w.Tx, t.Tenant, kindAutoClose, t.ID.String()); err != nil {
			return err
		}
	}
	if t.Parent != 0 && was.Active() != t.Status.Active() {
		return d.rollUp(ctx, w, c)
	}
	return nil
}

// rollUp carries the end (or return) of a child to its parent.
func (d *Desk) rollUp(ctx context.Context, w *Write, c *Change) error {
	p, err := w.related(ctx, c.Ticket.Parent)
	if err != nil {
		return err
	}
	if c.Ticket.Status.Active() {
		p.Ticket.OpenChildren++
	} else {
		p.Ticket.OpenChildren--
	}
	p.Append(EventChild, EventData{Ref: c.Ticket.ID, Changes: []FieldChange{{Field: "child_status", To: c.Ticket.Status}}})
	if p.Ticket.OpenChildren == 0 && p.Ticket.ChildCount > 0 {
		p.Append(EventChildrenDone, EventData{})
	}
	return nil
}

func (d *Desk) timer(ctx context.Context, tx *db.Tx, t *Ticket, kind string, due clock.Time) error {
	return d.Jobs.Add(ctx, tx, job.New{Tenant: t.Tenant, Kind: kind, Key: t.ID.String(), DueAt: due, Replace: true, Payload: struct{}{}})
}

// ReopenInput says why a solved or cancelled ticket is taken up again.
type ReopenInput struct {
	Reason string `json:"reason,omitempty" maxLength:"2000"`
}

func (d *Desk) reopen(ctx context.Context, w *Write, c *Change, in ReopenInput) (Outcome, error) {
	return Outcome{}, d.setStatus(ctx, w, c, StatusInput{Status: Open, Reason: in.Reason})
}

// SnoozeInput puts a ticket out of sight until a moment; null brings it back.
type SnoozeInput struct {
	Until *clock.Time `json:"until"`
}

func (d *Desk) snooze(ctx context.Context, w *Write, c *Change, in SnoozeInput) (Outcome, error) {
	t := c.Ticket
	if in.Until == nil || *in.Until == 0 {
		d.wake(c)
		return Outcome{}, d.Jobs.Cancel(ctx, w.Tx, t.Tenant, kindWake, t.ID.String())
	}
	if *in.Until <= c.At || in.Until.Sub(c.At) > 366*24*clockHour {
		return Outcome{}, fault.Bad("until", "range", "a ticket can be snoozed until a moment within the next year")
	}
	c.Append(EventSnooze, EventData{Changes: []FieldChange{{Field: "snoozed_until", From: t.SnoozedUntil, To: *in.Until}}})
	t.SnoozedUntil = *in.Until
	return Outcome{}, d.timer(ctx, w.Tx, t, kindWake, *in.Until)
}

func (d *Desk) wake(c *Change) {
	if c.Ticket.SnoozedUntil != 0 {
		c.Ticket.SnoozedUntil = 0
		c.Append(EventWake, EventData{})
	}
}
