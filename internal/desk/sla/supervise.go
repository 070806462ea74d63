package sla

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Order is a lead's order on a ticket (督办) that has no reply yet. It has a
// clock of its own, of the day: at its due date a yellow card is shown, later a
// red one.
type Order struct {
	ID   id.ID      `json:"id"`
	User id.ID      `json:"user"`
	By   id.ID      `json:"by,omitzero"`
	Due  clock.Time `json:"due"`
	Red  clock.Time `json:"red"`
	Card string     `json:"card,omitempty"`
}

// Cards.
const (
	Yellow = "yellow"
	Red    = "red"
)

// next is when the next card is shown; zero: none is left.
func (o *Order) next() clock.Time {
	switch o.Card {
	case "":
		return o.Due + 1
	case Yellow:
		return o.Red + 1
	}
	return 0
}

// Counts says how often speed was asked for: by the customer (催单), by a
// colleague (催办), by order of a lead (督办).
type Counts struct {
	Urge      int `json:"urge"`
	Chase     int `json:"chase"`
	Supervise int `json:"supervise"`
}

// maxOrders bounds the orders on a ticket that wait for a reply.
const maxOrders = 20

// SuperviseInput orders something on a ticket.
type SuperviseInput struct {
	Words    string     `json:"words" minLength:"1" maxLength:"2000"`
	Minutes  int        `json:"minutes,omitempty" minimum:"0" maximum:"525600" doc:"of the day, until a reply is due"`
	DueAt    clock.Time `json:"due_at,omitzero" doc:"instead of minutes"`
	RedAfter int        `json:"red_after_minutes,omitempty" minimum:"0" maximum:"525600" doc:"from the yellow card to the red one; default as long again as until the due date"`
	User     id.ID      `json:"user_id,omitzero" doc:"who has to reply; default the assignee"`
}

// AnswerInput is the reply to an order, or the words of an urge.
type AnswerInput struct {
	Words string `json:"words" minLength:"1" maxLength:"2000"`
}

// UrgeInput says what was said, if anything was.
type UrgeInput struct {
	Words string `json:"words,omitempty" maxLength:"2000"`
}

// Supervision is an order with what became of it.
type Supervision struct {
	ID         id.ID       `json:"id"`
	Ticket     id.ID       `json:"ticket_id"`
	Number     string      `json:"number,omitempty" doc:"of the ticket, in lists"`
	Subject    string      `json:"subject,omitempty" doc:"of the ticket, in lists"`
	State      string      `json:"state" enum:"open,answered,ended"`
	Card       string      `json:"card,omitempty" enum:"yellow,red"`
	Words      string      `json:"words"`
	By         *ticket.Ref `json:"by,omitempty"`
	User       *ticket.Ref `json:"user,omitempty" doc:"who has to reply"`
	At         clock.Time  `json:"at"`
	DueAt      clock.Time  `json:"due_at"`
	RedAt      clock.Time  `json:"red_at"`
	Answer     string      `json:"answer,omitempty"`
	AnsweredBy *ticket.Ref `json:"answered_by,omitempty"`
	AnsweredAt clock.Time  `json:"answered_at,omitzero"`

	by, user, answerer id.ID
}

const supervisionColumns = `id, ticket_id, state, card, words, ordered_by, user_id, at, due_at, red_at, answer, answered_by, answered_at`

func scanSupervision(r interface{ Scan(...any) error }) (*Supervision, error) {
	x := &Supervision{}
	var by, user, answerer, answered sql.NullInt64
	err := r.Scan(&x.ID, &x.Ticket, &x.State, &x.Card, &x.Words, &by, &user, &x.At, &x.DueAt, &x.RedAt, &x.Answer, &answerer, &answered)
	x.by, x.user, x.answerer, x.AnsweredAt = id.ID(by.Int64), id.ID(user.Int64), id.ID(answerer.Int64), clock.Time(answered.Int64)
	return x, err
}

func (x *Supervision) name(dir *staff.Directory) {
	x.By, x.User, x.AnsweredBy = ref(dir, x.by), ref(dir, x.user), ref(dir, x.answerer)
}

// Supervise gives an order.
func (m *Room) Supervise(ctx context.Context, a *staff.Actor, ticketID id.ID, in SuperviseInput) (*Supervision, error) {
	said, err := words("words", in.Words, true, 2000)
	if err != nil {
		return nil, err
	}
	if (in.Minutes > 0) == (in.DueAt != 0) || in.Minutes < 0 || in.Minutes > maxMinutes || in.RedAfter < 0 || in.RedAfter > maxMinutes {
		return nil, fault.Bad("minutes", "required", "either minutes or due_at is needed")
	}
	var out *Supervision
	err = m.on(ctx, a, ticketID, staff.SLASupervise, func(ctx context.Context, o *opened) error {
		if !o.c.Ticket.Status.Active() {
			return fault.New(fault.Conflict, "sla.ended", "the ticket has ended")
		}
		if len(o.Orders) >= maxOrders {
			return fault.New(fault.Conflict, "sla.too_many_orders", "%d orders on this ticket wait for a reply", maxOrders)
		}
		to := o.k.dir.Active([]id.ID{in.User})
		if in.User == 0 {
			to = responsible(o.k.dir, o.c.Ticket)
		}
		if len(to) == 0 {
			return fault.Bad("user_id", "unknown", "there is nobody who could reply")
		}
		due := in.DueAt
		if in.Minutes > 0 {
			due = o.At.Add(time.Duration(in.Minutes) * time.Minute)
		}
		if due <= o.At || due > o.At.Add(maxMinutes*time.Minute) {
			return fault.Bad("due_at", "range", "the reply is due later than now, and within a year")
		}
		red := due.Add(time.Duration(in.RedAfter) * time.Minute)
		if in.RedAfter == 0 {
			red = due.Add(due.Sub(o.At))
		}
		out = &Supervision{ID: m.IDs.Next(), Ticket: ticketID, State: "open", Words: said, by: a.ID, user: to[0], At: o.At, DueAt: due, RedAt: red}
		if _, err := o.Tx.Exec(ctx, `insert into sla_supervision (tenant_id, `+supervisionColumns+`) values `+db.Values(1, 14), int64(a.Tenant), int64(out.ID), int64(ticketID),
			out.State, "", said, null(a.ID), int64(to[0]), int64(o.At), int64(due), int64(red), "", nil, nil); err != nil {
			return err
		}
		o.Orders = append(o.Orders, Order{ID: out.ID, User: to[0], By: a.ID, Due: due, Red: red})
		o.Counts.Supervise++
		o.c.Append(EventStep, ticket.EventData{Kind: ToldSupervised, Users: to[:1], Reason: o.c.Say("reason", said),
			Changes: []ticket.FieldChange{{Field: string(supervision), To: due}}})
		return m.tellThem(ctx, o.Tx, o.c.Ticket, Told{By: a.ID, Kind: ToldSupervised, Metric: supervision, DueAt: due, To: to[:1]})
	})
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err == nil {
		out.name(dir)
	}
	return out, err
}

// Answer replies to an order. A card that has been shown stays.
func (m *Room) Answer(ctx context.Context, a *staff.Actor, order id.ID, in AnswerInput) (*Supervision, error) {
	said, err := words("words", in.Words, true, 2000)
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context, r db.Reader) (*Supervision, error) {
		x, err := scanSupervision(r.QueryRow(ctx, `select `+supervisionColumns+` from sla_supervision where tenant_id = $1 and id = $2`, a.Tenant, order))
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.Missing("supervision")
		}
		return x, err
	}
	first, err := read(ctx, m.DB)
	if err != nil {
		return nil, err
	}
	var out *Supervision
	err = m.on(ctx, a, first.Ticket, staff.TicketNote, func(ctx context.Context, o *opened) error {
		if out, err = read(ctx, o.Tx); err != nil {
			return err
		}
		if out.State != "open" {
			return fault.New(fault.Conflict, "sla.answered", "this order has its reply, or its ticket has ended")
		}
		out.State, out.Answer, out.answerer, out.AnsweredAt = "answered", said, a.ID, o.At
		if _, err := o.Tx.Exec(ctx, `update sla_supervision set state = 'answered', answer = $3, answered_by = $4, answered_at = $5 where tenant_id = $1 and id = $2`,
			a.Tenant, order, said, null(a.ID), o.At); err != nil {
			return err
		}
		o.Orders = slices.DeleteFunc(o.Orders, func(x Order) bool { return x.ID == order })
		o.c.Append(EventStep, ticket.EventData{Kind: ToldAnswered, Reason: o.c.Say("reason", said), Changes: []ticket.FieldChange{{Field: string(supervision)}}})
		return m.tellThem(ctx, o.Tx, o.c.Ticket, Told{By: a.ID, Kind: ToldAnswered, Metric: supervision, DueAt: out.DueAt, To: o.k.dir.Active([]id.ID{out.by})})
	})
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err == nil {
		out.name(dir)
	}
	return out, err
}

// Hurry counts that the customer (urge) or a colleague (chase) asks for speed,
// and tells whoever has to act.
func (m *Room) Hurry(ctx context.Context, a *staff.Actor, ticketID id.ID, kind string, in UrgeInput) (out Counts, err error) {
	said, err := words("words", in.Words, false, 2000)
	if err != nil {
		return out, err
	}
	return out, m.on(ctx, a, ticketID, staff.TicketNote, func(ctx context.Context, o *opened) error {
		if !o.c.Ticket.Status.Active() {
			return fault.New(fault.Conflict, "sla.ended", "the ticket has ended")
		}
		if kind == ToldUrged {
			o.Counts.Urge++
		} else {
			o.Counts.Chase++
		}
		out = o.Counts
		to := slices.DeleteFunc(responsible(o.k.dir, o.c.Ticket), func(u id.ID) bool { return u == a.ID })
		o.c.Append(EventStep, ticket.EventData{Kind: kind, Users: to, Reason: o.c.Say("reason", said)})
		return m.tellThem(ctx, o.Tx, o.c.Ticket, Told{By: a.ID, Kind: kind, To: to})
	})
}

// cards shows those that are due, and tells of them.
func (x *kept) cards(ctx context.Context, tx *db.Tx, dir *staff.Directory, t *ticket.Ticket, at clock.Time) (told []Told, err error) {
	for i := range x.Orders {
		o := &x.Orders[i]
		was := o.Card
		for next := o.next(); next != 0 && next <= at; next = o.next() {
			y := Told{Kind: ToldYellow, Metric: supervision, Step: Yellow + ":" + o.ID.String(), DueAt: o.Due, To: dir.Active([]id.ID{o.User})}
			if o.Card == "" {
				o.Card = Yellow
			} else {
				o.Card = Red
				y.Kind, y.Step, y.DueAt = ToldRed, Red+":"+o.ID.String(), o.Red
				y.To = dir.Active(append([]id.ID{o.User, o.By}, dir.Leads(0, t.Department)...))
			}
			told = append(told, y)
		}
		if o.Card != was {
			if _, err := tx.Exec(ctx, `update sla_supervision set card = $3 where tenant_id = $1 and id = $2`, t.Tenant, o.ID, o.Card); err != nil {
				return nil, err
			}
		}
	}
	return told, nil
}

// dismiss ends the orders on a ticket that has ended.
func (x *kept) dismiss(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	if x.Active || len(x.Orders) == 0 {
		return nil
	}
	for _, o := range x.Orders {
		if _, err := tx.Exec(ctx, `update sla_supervision set state = 'ended' where tenant_id = $1 and id = $2 and state = 'open'`, tenant, o.ID); err != nil {
			return err
		}
	}
	x.Orders = nil
	return nil
}

// Supervisions lists orders in a state whose tickets are in the actor's reach,
// the newest first.
func (m *Room) Supervisions(ctx context.Context, a *staff.Actor, state string, before id.ID, limit int) ([]*Supervision, error) {
	return reachable(ctx, m, a, before, limit, func(before id.ID) ([]*Supervision, error) {
		rows, err := m.DB.Query(ctx, `select `+supervisionColumns+` from sla_supervision where tenant_id = $1 and state = $2 and id < $3 order by id desc limit 200`, a.Tenant, state, before)
		return db.Each(rows, err, func(r *sql.Rows) (*Supervision, error) { return scanSupervision(r) })
	}, func(x *Supervision) (id.ID, id.ID) { return x.ID, x.Ticket }, func(x *Supervision, t *ticket.Ticket, dir *staff.Directory) {
		x.Number, x.Subject = t.Number, t.Subject
		x.name(dir)
	})
}
