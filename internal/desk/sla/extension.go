package sla

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// Asked is a request for more time (延期) that waits for an answer.
type Asked struct {
	ID     id.ID  `json:"id"`
	Metric Metric `json:"metric"`
	Round  int    `json:"round"`
}

// States of a request.
const (
	Requested = "requested"
	Approved  = "approved"
	Refused   = "refused"
	Lapsed    = "lapsed" // the promise was broken, or the ticket ended, before an answer
)

// ExtensionInput asks for more time for an open promise: so many minutes of
// business time, or until a moment.
type ExtensionInput struct {
	Metric       Metric     `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team"`
	Unit         id.ID      `json:"unit_id,omitzero" doc:"of a department's or a team's clock"`
	Minutes      int        `json:"minutes,omitempty" minimum:"0" maximum:"525600" doc:"business time"`
	Until        clock.Time `json:"until,omitzero" doc:"instead of minutes: when it is to be due"`
	Reason       string     `json:"reason" minLength:"1" maxLength:"1000"`
	CustomerTold bool       `json:"customer_told,omitempty" doc:"the customer knows of it"`
}

// DecisionInput answers a request.
type DecisionInput struct {
	Approve bool   `json:"approve"`
	Note    string `json:"note,omitempty" maxLength:"1000"`
}

// Extension is a request for more time.
type Extension struct {
	ID           id.ID       `json:"id"`
	Ticket       id.ID       `json:"ticket_id"`
	Number       string      `json:"number,omitempty" doc:"of the ticket, in lists"`
	Subject      string      `json:"subject,omitempty" doc:"of the ticket, in lists"`
	Metric       Metric      `json:"metric" enum:"first_response,next_response,update,arrival,resolution,department,team"`
	Unit         id.ID       `json:"unit_id,omitzero"`
	Round        int         `json:"round"`
	State        string      `json:"state" enum:"requested,approved,refused,lapsed"`
	Extra        float64     `json:"extra_seconds" doc:"business time"`
	DueBefore    clock.Time  `json:"due_before,omitzero"`
	DueAfter     clock.Time  `json:"due_after,omitzero" doc:"when it is due with the extension, as things stood"`
	Reason       string      `json:"reason"`
	CustomerTold bool        `json:"customer_told"`
	RequestedBy  *ticket.Ref `json:"requested_by,omitempty"`
	RequestedAt  clock.Time  `json:"requested_at"`
	DecidedBy    *ticket.Ref `json:"decided_by,omitempty"`
	DecidedAt    clock.Time  `json:"decided_at,omitzero"`
	Note         string      `json:"note,omitempty"`

	metric         Metric
	extra          time.Duration
	asker, decider id.ID
}

const extensionColumns = `id, ticket_id, metric, round, state, extra, due_before, due_after, reason, customer_told, requested_by, requested_at,
	decided_by, decided_at, decision_note`

func scanExtension(r interface{ Scan(...any) error }) (*Extension, error) {
	x := &Extension{}
	var extra int64
	var told int
	var asker, decider, decided sql.NullInt64
	if err := r.Scan(&x.ID, &x.Ticket, &x.metric, &x.Round, &x.State, &extra, &x.DueBefore, &x.DueAfter, &x.Reason, &told, &asker, &x.RequestedAt,
		&decider, &decided, &x.Note); err != nil {
		return nil, err
	}
	x.Metric, x.Unit = x.metric.Unit()
	x.extra, x.CustomerTold = time.Duration(extra)*time.Millisecond, told > 0
	x.Extra, x.asker, x.decider, x.DecidedAt = x.extra.Seconds(), id.ID(asker.Int64), id.ID(decider.Int64), clock.Time(decided.Int64)
	return x, nil
}

func (x *Extension) name(dir *staff.Directory) {
	x.RequestedBy, x.DecidedBy = ref(dir, x.asker), ref(dir, x.decider)
}

func ref(dir *staff.Directory, user id.ID) *ticket.Ref {
	if user == 0 {
		return nil
	}
	p, _ := dir.User(user)
	return &ticket.Ref{ID: user, Name: p.Name}
}

func words(field, s string, required bool, most int) (string, error) {
	s = strings.TrimSpace(text.Clean(s))
	if s == "" && required {
		return "", fault.Bad(field, "required", "%s is needed", field)
	}
	if utf8.RuneCountInString(s) > most {
		return "", fault.Bad(field, "too_long", "%s has at most %d characters", field, most)
	}
	return s, nil
}

var (
	errNoPromise = fault.New(fault.Conflict, "sla.no_promise", "nothing is promised there that still runs")
	errTooLate   = fault.New(fault.Conflict, "sla.too_late", "the promise is broken already; only one that still holds can be extended")
)

// Extend asks for more time. It changes nothing until somebody approves.
func (m *Room) Extend(ctx context.Context, a *staff.Actor, ticketID id.ID, in ExtensionInput) (*Extension, error) {
	reason, err := words("reason", in.Reason, true, 1000)
	if err != nil {
		return nil, err
	}
	if (in.Minutes > 0) == (in.Until != 0) || in.Minutes < 0 || in.Minutes > maxMinutes {
		return nil, fault.Bad("minutes", "required", "either minutes or until is needed")
	}
	var out *Extension
	err = m.on(ctx, a, ticketID, staff.TicketUpdate, func(ctx context.Context, o *opened) error {
		c := o.open(of(in.Metric, in.Unit))
		if c == nil || c.Target == 0 {
			return errNoPromise
		}
		due := c.DueAt(o.r)
		if due != 0 && o.At > due {
			return errTooLate
		}
		if slices.ContainsFunc(o.Asked, func(x Asked) bool { return x.Metric == c.Metric }) {
			return fault.New(fault.Conflict, "sla.extension_open", "a request for this promise waits for an answer")
		}
		var n int
		if err := o.Tx.QueryRow(ctx, `select count(*) from sla_extension where tenant_id = $1 and ticket_id = $2 and metric = $3 and round = $4 and state = 'approved'`,
			a.Tenant, ticketID, string(c.Metric), int64(c.Round)).Scan(&n); err != nil {
			return err
		}
		if p := o.policy(o.r); p == nil || n >= p.Extensions {
			return fault.New(fault.Conflict, "sla.extension_limit", "this promise may not be extended again")
		}
		extra := time.Duration(in.Minutes) * time.Minute
		if in.Until != 0 {
			if due == 0 {
				return fault.Bad("until", "paused", "while the clock is paused only minutes can be asked for")
			}
			extra = o.r.calendar(c.Calendar).Between(due, in.Until)
		}
		if extra <= 0 || extra > maxMinutes*time.Minute {
			return fault.Bad("until", "range", "that would not be later in business time, or more than a year")
		}
		longer := *c
		longer.Extra += extra
		out = &Extension{ID: m.IDs.Next(), Ticket: ticketID, metric: c.Metric, Round: c.Round, State: Requested, extra: extra, Extra: extra.Seconds(),
			DueBefore: due, DueAfter: longer.DueAt(o.r), Reason: reason, CustomerTold: in.CustomerTold, asker: a.ID, RequestedAt: o.At}
		out.Metric, out.Unit = c.Metric.Unit()
		told := 0
		if in.CustomerTold {
			told = 1
		}
		if _, err := o.Tx.Exec(ctx, `insert into sla_extension (tenant_id, `+extensionColumns+`) values `+db.Values(1, 16), int64(a.Tenant), int64(out.ID), int64(ticketID),
			string(c.Metric), int64(c.Round), Requested, extra.Milliseconds(), int64(due), int64(out.DueAfter), reason, told, null(a.ID), int64(o.At), nil, nil, ""); err != nil {
			return err
		}
		o.Asked = append(o.Asked, Asked{out.ID, c.Metric, c.Round})
		o.c.Append(EventStep, ticket.EventData{Kind: ToldRequested, Reason: o.c.Say("reason", reason),
			Changes: []ticket.FieldChange{{Field: string(c.Metric), From: when(due), To: when(out.DueAfter)}}})
		return m.tellThem(ctx, o.Tx, o.c.Ticket, Told{By: a.ID, Kind: ToldRequested, Metric: c.Metric, Round: c.Round, DueAt: due, To: m.approvers(o.k.dir, o.c.Ticket, a.ID)})
	})
	if err != nil {
		return nil, err
	}
	return out, m.named(ctx, a.Tenant, out)
}

// approvers are those who lead where the ticket lies, without who asks.
func (m *Room) approvers(dir *staff.Directory, t *ticket.Ticket, asker id.ID) []id.ID {
	list := slices.DeleteFunc(dir.Leads(t.Team, t.Department), func(u id.ID) bool {
		p, _ := dir.User(u)
		return u == asker || p.Grants[staff.SLAApprove] == staff.ScopeNone
	})
	if len(list) > 0 {
		return list
	}
	return slices.DeleteFunc(dir.Leads(0, t.Department), func(u id.ID) bool { return u == asker })
}

func (m *Room) named(ctx context.Context, tenant id.ID, list ...*Extension) error {
	dir, err := m.Staff.Directory(ctx, tenant)
	for _, x := range list {
		if err == nil {
			x.name(dir)
		}
	}
	return err
}

// Decide approves or refuses a request, while the promise still holds. Nobody
// decides on their own request but who may approve everywhere.
func (m *Room) Decide(ctx context.Context, a *staff.Actor, request id.ID, in DecisionInput) (*Extension, error) {
	note, err := words("note", in.Note, false, 1000)
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context, r db.Reader) (*Extension, error) {
		x, err := scanExtension(r.QueryRow(ctx, `select `+extensionColumns+` from sla_extension where tenant_id = $1 and id = $2`, a.Tenant, request))
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.Missing("extension")
		}
		return x, err
	}
	first, err := read(ctx, m.DB)
	if err != nil {
		return nil, err
	}
	var out *Extension
	err = m.on(ctx, a, first.Ticket, staff.SLAApprove, func(ctx context.Context, o *opened) error {
		x, err := read(ctx, o.Tx)
		if err != nil {
			return err
		}
		if x.State != Requested {
			return fault.New(fault.Conflict, "sla.decided", "this request has been answered, or has lapsed")
		}
		if x.asker == a.ID && a.Scope(staff.SLAApprove) != staff.ScopeAll {
			return fault.New(fault.Forbidden, "sla.own_extension", "somebody else has to decide on your request")
		}
		c := o.open(x.metric)
		if c == nil || c.Round != x.Round {
			return errNoPromise
		}
		was := c.DueAt(o.r)
		if was != 0 && o.At > was {
			return errTooLate
		}
		x.State, x.decider, x.DecidedAt, x.Note = Refused, a.ID, o.At, note
		kind := ToldRefused
		if in.Approve {
			x.State, kind = Approved, ToldApproved
			if err := o.applyAll(ctx, o.Tx, o.r, []Fact{{At: o.At, Kind: Extended, Metric: x.metric, Extra: x.extra}}, o.c.Ticket); err != nil {
				return err
			}
			x.DueAfter = c.DueAt(o.r)
		}
		o.Asked = slices.DeleteFunc(o.Asked, func(y Asked) bool { return y.ID == request })
		if _, err := o.Tx.Exec(ctx, `update sla_extension set state = $3, decided_by = $4, decided_at = $5, decision_note = $6, due_after = $7 where tenant_id = $1 and id = $2`,
			a.Tenant, request, x.State, null(a.ID), o.At, note, x.DueAfter); err != nil {
			return err
		}
		change := ticket.FieldChange{Field: string(x.metric)}
		if in.Approve {
			change.From, change.To = when(was), when(x.DueAfter)
		}
		o.c.Append(EventStep, ticket.EventData{Kind: kind, Reason: o.c.Say("reason", note), Changes: []ticket.FieldChange{change}})
		out = x
		return m.tellThem(ctx, o.Tx, o.c.Ticket, Told{By: a.ID, Kind: kind, Metric: x.metric, Round: x.Round, DueAt: c.DueAt(o.r), To: o.k.dir.Active([]id.ID{x.asker})})
	})
	if err != nil {
		return nil, err
	}
	return out, m.named(ctx, a.Tenant, out)
}

// lapse ends the requests for promises that are broken or no longer open.
func (x *kept) lapse(ctx context.Context, tx *db.Tx, r *Rules, tenant id.ID, at clock.Time) error {
	for _, y := range slices.Clone(x.Asked) {
		c := x.open(y.Metric)
		if c != nil && c.Round == y.Round && c.State(r, at) != StateBreached {
			continue
		}
		x.Asked = slices.DeleteFunc(x.Asked, func(z Asked) bool { return z.ID == y.ID })
		if _, err := tx.Exec(ctx, `update sla_extension set state = 'lapsed', decided_at = $3 where tenant_id = $1 and id = $2 and state = 'requested'`, tenant, y.ID, at); err != nil {
			return err
		}
	}
	return nil
}

// Extensions lists requests in a state whose tickets are in the actor's reach,
// the newest first, before one (zero: from the first).
func (m *Room) Extensions(ctx context.Context, a *staff.Actor, state string, before id.ID, limit int) ([]*Extension, error) {
	return reachable(ctx, m, a, before, limit, func(before id.ID) ([]*Extension, error) {
		rows, err := m.DB.Query(ctx, `select `+extensionColumns+` from sla_extension where tenant_id = $1 and state = $2 and id < $3 order by id desc limit 200`, a.Tenant, state, before)
		return db.Each(rows, err, func(r *sql.Rows) (*Extension, error) { return scanExtension(r) })
	}, func(x *Extension) (id.ID, id.ID) { return x.ID, x.Ticket }, func(x *Extension, t *ticket.Ticket, dir *staff.Directory) {
		x.Number, x.Subject = t.Number, t.Subject
		x.name(dir)
	})
}

// reachable walks rows that belong to tickets, keeping those whose ticket the
// actor may read, until there are enough or 2,000 were looked at.
func reachable[T any](ctx context.Context, m *Room, a *staff.Actor, before id.ID, limit int, read func(before id.ID) ([]T, error),
	ids func(T) (row, ticket id.ID), dress func(T, *ticket.Ticket, *staff.Directory)) ([]T, error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	out := []T{}
	for range 10 {
		rows, err := read(before)
		if err != nil || len(rows) == 0 {
			return out, err
		}
		var tickets []id.ID
		for _, x := range rows {
			_, t := ids(x)
			tickets = append(tickets, t)
		}
		list, err := m.Desk.Reachable(ctx, a, tickets)
		if err != nil {
			return nil, err
		}
		for _, x := range rows {
			row, of := ids(x)
			before = row
			i := slices.IndexFunc(list, func(t *ticket.Ticket) bool { return t.ID == of })
			if i < 0 {
				continue
			}
			dress(x, list[i], dir)
			if out = append(out, x); len(out) == limit {
				return out, nil
			}
		}
	}
	return out, nil
}
