package ticket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Row is what one row of a table does to a ticket that is here: words,
// properties and where it then stands, all or none, each by its own Action.
type Row struct {
	Note  string
	Reply string
	Patch PatchBody
	Needs staff.Permission // that must reach the ticket beside what each act takes; empty: none
}

// Trace is what a row has left on a ticket, by which it is taken back: of each
// part that it changed how it was and how it became, and that something was
// said.
type Trace struct {
	Parts map[string]turn `json:",omitempty"`
	Reply id.ID           `json:",omitzero"`
	Note  bool            `json:",omitempty"`
}

// turn is a part of a ticket before and after.
type turn struct {
	From json.RawMessage `json:",omitempty"`
	To   json.RawMessage `json:",omitempty"`
}

// None says that the row has changed nothing.
func (t Trace) None() bool { return len(t.Parts) == 0 && t.Reply == 0 && !t.Note }

// parts of a ticket that are put back each as a whole. Custom fields are parts
// of their own, "fields." before their key.
var parts = map[string]func(t *Ticket) []any{
	"subject":  func(t *Ticket) []any { return []any{&t.Subject} },
	"priority": func(t *Ticket) []any { return []any{&t.Priority} },
	"type":     func(t *Ticket) []any { return []any{&t.Type} },
	"category": func(t *Ticket) []any { return []any{&t.Category} },
	"tags":     func(t *Ticket) []any { return []any{&t.Tags} },
	"assignee": func(t *Ticket) []any { return []any{&t.Assignee, &t.Team, &t.Department} },
	"status": func(t *Ticket) []any {
		return []any{&t.Status, &t.Substatus, &t.HoldReason, &t.CancelReason, &t.Resolution, &t.SolvedAt, &t.ClosedAt, &t.ReopenCount, &t.RulingAsked, &t.Ruling}
	},
}

const fieldPart = "fields."

// partsOf says how the ticket stands, part by part.
func partsOf(t *Ticket) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, at := range parts {
		out[name] = json.RawMessage(encode(at(t)))
	}
	if len(t.Tags) == 0 {
		out["tags"] = json.RawMessage("[[]]")
	}
	for key, v := range t.Fields {
		out[fieldPart+key] = json.RawMessage(encode(plain(v)))
	}
	return out
}

// setPart puts a part to what partsOf has said; nothing takes a field away.
func setPart(t *Ticket, name string, to json.RawMessage) error {
	if key, ok := strings.CutPrefix(name, fieldPart); ok {
		t.Fields = cloneFields(t.Fields)
		if to == nil {
			delete(t.Fields, key)
			return nil
		}
		if t.Fields == nil {
			t.Fields = map[string]any{}
		}
		var v any
		err := json.Unmarshal(to, &v)
		t.Fields[key] = v
		return err
	}
	at := parts[name]
	if at == nil {
		return nil // of a version that knew more
	}
	var list []json.RawMessage
	if err := json.Unmarshal(to, &list); err != nil {
		return err
	}
	for i, into := range at(t) {
		if i < len(list) {
			reflect.ValueOf(into).Elem().SetZero() // what it points to is not ours
			if err := json.Unmarshal(list[i], into); err != nil {
				return err
			}
		}
	}
	return nil
}

func traced(before, after *Ticket) map[string]turn {
	out := map[string]turn{}
	from, to := partsOf(before), partsOf(after)
	for name, v := range to {
		if !bytes.Equal(from[name], v) {
			out[name] = turn{from[name], v}
		}
	}
	for name, v := range from {
		if to[name] == nil {
			out[name] = turn{v, nil}
		}
	}
	return out
}

// errTried rolls a row back that was only tried.
var errTried = errors.New("ticket: only tried")

// TryRow says what a row would do, and changes nothing.
func (d *Desk) TryRow(ctx context.Context, a *staff.Actor, ticket id.ID, r Row) (Trace, error) {
	var out Trace
	err := d.Write(ctx, a, func(ctx context.Context, w *Write) (err error) {
		if out, err = d.row(ctx, w, ticket, r); err == nil {
			err = errTried
		}
		return err
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return out, err
}

// ApplyRow carries a row out. became hears what it leaves before the commit, so
// that a hook of the transaction can go by it; it may be called again.
func (d *Desk) ApplyRow(ctx context.Context, a *staff.Actor, ticket id.ID, r Row, became func(Trace)) error {
	return d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		t, err := d.row(ctx, w, ticket, r)
		if err == nil {
			became(t)
		}
		return err
	})
}

func (d *Desk) row(ctx context.Context, w *Write, ticket id.ID, r Row) (Trace, error) {
	out := Trace{}
	c, err := w.Ticket(ctx, ticket, staff.TicketRead)
	if err == nil && r.Needs != "" {
		err = d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, r.Needs)
	}
	if err != nil {
		return out, err
	}
	if r.Note != "" {
		in := NewMessage{Kind: Note, Body: r.Note}
		if err = d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, staff.TicketNote); err == nil {
			if err = in.check(); err == nil {
				_, err = d.say(ctx, w, c, in)
			}
		}
		if err != nil {
			return out, at("note", err)
		}
		out.Note = true
	}
	if r.Reply != "" {
		act, err := FindAction(sayAction)
		if err == nil {
			err = d.mayChange(ctx, w.Tx, w.Actor, c.Ticket, act.Permission)
		}
		if err == nil {
			_, err = d.act(ctx, w, c, act, &ReplyInput{Body: r.Reply})
		}
		if err != nil {
			return out, at("reply", err)
		}
		out.Reply = c.Messages[len(c.Messages)-1].ID
	}
	if err := d.patch(ctx, w, c, r.Patch); err != nil {
		return out, err
	}
	out.Parts = traced(c.Before, c.Ticket)
	return out, nil
}

// at says of which column a fault is.
func at(field string, err error) error {
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
		return err
	}
	var bad fault.List
	for _, f := range faults(err) {
		g := *f
		g.Field = field
		bad = append(bad, &g)
	}
	return bad.Err()
}

// PutBack takes back what a row left, part by part: a part that has changed
// since stays as it is now. A reply goes back within the time in which it can be
// taken back; other words stay. stays hears, before the commit, what is left as
// it is, in order; it may be called again.
func (d *Desk) PutBack(ctx context.Context, a *staff.Actor, ticket id.ID, was Trace, stays func([]string)) error {
	return d.Write(ctx, a, func(ctx context.Context, w *Write) error {
		var left []string
		c, err := w.Ticket(ctx, ticket, staff.TicketUpdate)
		if err != nil {
			return err
		}
		said := was.Reply != 0
		if said {
			m, err := getMessage(ctx, w.Tx, a.Tenant, ticket, was.Reply)
			if err != nil && fault.KindOf(err) != fault.NotFound { // split off since: it stays where it is
				return err
			}
			switch {
			case err != nil:
			case m.WithdrawnAt != 0:
				said = false
			case m.Author == a.ID && m.UndoUntil != 0 && w.At <= m.UndoUntil:
				if err := d.withdraw(ctx, w, c, m); err != nil {
					return err
				}
				said = false
			}
		}
		now := partsOf(c.Ticket)
		var changes []FieldChange
		for name, x := range was.Parts {
			if !bytes.Equal(now[name], x.To) {
				if !bytes.Equal(now[name], x.From) {
					left = append(left, name)
				}
				continue
			}
			then := *c.Ticket
			if err := setPart(&then, name, x.From); err != nil {
				return err
			}
			if name == "status" && said && then.Status == New {
				then.Status = Open // somebody has answered
			}
			changes = append(changes, c.changed(name, &then)...)
			*c.Ticket = then
		}
		if said {
			left = append(left, "reply")
		}
		if was.Note {
			left = append(left, "note")
		}
		slices.Sort(left)
		stays(left)
		if len(changes) == 0 {
			return nil
		}
		slices.SortFunc(changes, func(x, y FieldChange) int { return strings.Compare(x.Field, y.Field) })
		c.Append(EventUndo, EventData{Kind: CauseImport, Changes: changes})
		return d.afterRestore(ctx, w, c)
	})
}

// changed lists what putting a part back changes. Of values that may be
// personal it says only that they changed.
func (c *Change) changed(name string, then *Ticket) []FieldChange {
	now := c.Ticket
	var out []FieldChange
	add := func(field string, from, to any) {
		if encode(from) != encode(to) {
			out = append(out, FieldChange{Field: field, From: from, To: to})
		}
	}
	switch name {
	case "priority":
		add(name, now.Priority, then.Priority)
	case "type":
		add(name, now.Type, then.Type)
	case "category":
		add(name, now.Category, then.Category)
	case "tags":
		add(name, now.Tags, then.Tags)
	case "assignee":
		add("assignee", now.Assignee, then.Assignee)
		add("team", now.Team, then.Team)
		add("department", now.Department, then.Department)
	case "status":
		add("status", now.Status, then.Status)
		add("substatus", now.Substatus, then.Substatus)
	default:
		out = []FieldChange{{Field: name}}
	}
	return out
}
