package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// absence is the payload of an absence: why somebody has gone.
type absence struct {
	Why string `json:"why"` // offline, leave, shift, left, moved
}

// Gone gives what a person has not begun to others, when they are not expected
// back soon: at the end of a shift, on leave, or when the account is closed
// (then everything that is active).
func (m *Room) Gone(ctx context.Context, tx *db.Tx, tenant, user id.ID, why string) error {
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindAbsent, Key: user.String(), Payload: absence{Why: why}})
}

// afterAbsence gives the tickets of somebody who has gone to others: those that
// nobody has begun, and everything when the person has left for good.
func (m *Room) afterAbsence(ctx context.Context, j job.Job) error {
	user, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	var in absence
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return err
	}
	m.stale(j.Tenant)
	k, err := m.fresh(ctx, j.Tenant)
	if err != nil {
		return err
	}
	pool, err := m.crewOf(ctx, j.Tenant, k)
	if err != nil {
		return err
	}
	if a := pool.Agent(user); in.Why == "offline" && a != nil && a.Online {
		return nil // back again
	}
	offers, err := m.Offers(ctx, j.Tenant, user)
	if err != nil {
		return err
	}
	for _, w := range offers {
		if err := m.pass(ctx, k, j.Tenant, w, "expired"); err != nil {
			return err
		}
	}
	which := Untouched
	if in.Why == "left" || in.Why == "moved" {
		which = Everything
	}
	for from := id.ID(0); ; {
		list, err := m.ticketsOf(ctx, j.Tenant, user, which, from, moveChunk)
		if err != nil || len(list) == 0 {
			return err
		}
		from = list[len(list)-1]
		if in.Why == "moved" {
			if list, err = m.elsewhere(ctx, k, j.Tenant, user, list); err != nil {
				return err
			}
		}
		if _, err := m.moveSome(ctx, k, j.Tenant, user, list, nil, "absent", nil); err != nil {
			return err
		}
	}
}

// Moved gives the tickets of teams in which somebody no longer is to others.
func (m *Room) Moved(ctx context.Context, tx *db.Tx, tenant, user id.ID) error {
	return m.Gone(ctx, tx, tenant, user, "moved")
}

// elsewhere are those of some tickets that belong to a team or department in
// which a person is not.
func (m *Room) elsewhere(ctx context.Context, k *resident, tenant, user id.ID, list []id.ID) ([]id.ID, error) {
	p, _ := k.dir.User(user)
	tickets, err := m.tickets(ctx, tenant, list)
	return slices.DeleteFunc(list, func(x id.ID) bool {
		t := tickets[x]
		return t == nil || t.Team != 0 && slices.Contains(p.Teams, t.Team) || t.Team == 0 && (t.Department == 0 || t.Department == p.Department)
	}), err
}

// Which tickets of a person a move takes.
type Which string

// Choices.
const (
	Everything Which = "all"
	Untouched  Which = "untouched" // that nobody has answered or begun
)

// Move is the tickets of a person given to others in one act.
type Move struct {
	ID     id.ID      `json:"id"`
	User   id.ID      `json:"user_id"`
	Which  Which      `json:"which"`
	Reason string     `json:"reason"`
	Team   id.ID      `json:"team_id,omitzero"`
	Agents []id.ID    `json:"agent_ids,omitempty"`
	State  string     `json:"state" enum:"running,done,undoing,undone"`
	Total  int        `json:"total"`
	Done   int        `json:"done"`
	Queued int        `json:"queued" doc:"of these: nobody had room"`
	Failed int        `json:"failed"`
	By     id.ID      `json:"by"`
	At     clock.Time `json:"at"`
	EndsAt clock.Time `json:"undo_until" doc:"how long it can be taken back"`
}

// moveStored is a move with how far it has come.
type moveStored struct {
	Move
	Cursor id.ID `json:"cursor,omitzero"`
}

const moveChunk = 50

// StartMove begins a move, in the background.
func (m *Room) StartMove(ctx context.Context, a *staff.Actor, in Move) (*Move, error) {
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p, ok := k.dir.User(in.User)
	if !ok {
		return nil, fault.Missing("user")
	}
	if !mayAssign(a, &p) {
		return nil, fault.New(fault.Forbidden, "forbidden", "this person is outside of what you may assign").With("permission", string(staff.TicketAssign))
	}
	if in.Team != 0 {
		if _, ok := k.dir.Team(in.Team); !ok {
			return nil, fault.Bad("to.team_id", "unknown", "there is no such team")
		}
		t, _ := k.dir.Team(in.Team)
		for _, x := range t.Members {
			in.Agents = append(in.Agents, x.User)
		}
	}
	for _, u := range in.Agents {
		if v, ok := k.dir.User(u); !ok || !v.Active || u == in.User {
			return nil, fault.Bad("to.agent_ids", "unknown", "there is no other active person with the id %s", u)
		}
	}
	if in.Which == "" {
		in.Which = Everything
	}
	in.ID, in.State, in.By, in.At = m.IDs.Next(), "running", a.ID, m.Clock.Now()
	in.EndsAt = in.At.Add(m.Desk.Settings(ctx, a.Tenant).UndoChange)
	list, err := m.ticketsOf(ctx, a.Tenant, in.User, in.Which, 0, 100000)
	if err != nil {
		return nil, err
	}
	in.Total = len(list)
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := saveMove(ctx, tx, a.Tenant, &moveStored{Move: in}); err != nil {
			return err
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindMove, Key: in.ID.String(), Payload: struct{}{}})
	})
	return &in, err
}

// mayAssign reports whether a person lies within what somebody may assign.
func mayAssign(a *staff.Actor, p *staff.Person) bool {
	return a.In(staff.TicketAssign, p.ID, 0, p.Department) ||
		slices.ContainsFunc(p.Teams, func(t id.ID) bool { return a.In(staff.TicketAssign, 0, t, 0) })
}

func saveMove(ctx context.Context, tx *db.Tx, tenant id.ID, x *moveStored) error {
	body, err := json.Marshal(x)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into routing_move (tenant_id, id, body, state, at) values ($1, $2, $3, $4, $5)
		on conflict (tenant_id, id) do update set body = excluded.body, state = excluded.state`, tenant, x.ID, string(body), x.State, x.At)
	return err
}

func loadMove(ctx context.Context, r db.Reader, tenant, move id.ID) (*moveStored, error) {
	var body string
	err := r.QueryRow(ctx, `select body from routing_move where tenant_id = $1 and id = $2`, tenant, move).Scan(&body)
	if isNoRows(err) {
		return nil, fault.Missing("move")
	}
	if err != nil {
		return nil, err
	}
	x := &moveStored{}
	return x, json.Unmarshal([]byte(body), x)
}

// ticketsOf lists somebody's active tickets, oldest first.
func (m *Room) ticketsOf(ctx context.Context, tenant, user id.ID, which Which, from id.ID, limit int) ([]id.ID, error) {
	q := `select id from ticket where tenant_id = $1 and assignee_id = $2 and status <= $3 and id > $4`
	if which == Untouched {
		q += ` and status = 1 and first_replied_at is null`
	}
	rows, err := m.DB.Query(ctx, q+` order by id limit $5`, tenant, user, int(ticket.OnHold), from, limit)
	return db.Each(rows, err, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
}

// runMove gives the next tickets of a move away and orders itself again until
// none is left: a restart goes on where it was.
func (m *Room) runMove(ctx context.Context, j job.Job) error {
	move, err := id.Parse(j.Key)
	if err != nil {
		return err
	}
	x, err := loadMove(ctx, m.DB, j.Tenant, move)
	if err != nil || x.State != "running" && x.State != "undoing" {
		return err
	}
	m.stale(j.Tenant)
	k, err := m.fresh(ctx, j.Tenant)
	if err != nil {
		return err
	}
	if x.State == "undoing" {
		return m.undoSome(ctx, j, k, x)
	}
	list, err := m.ticketsOf(ctx, j.Tenant, x.User, x.Which, x.Cursor, moveChunk)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	finish := func(ctx context.Context, tx *db.Tx, moved map[id.ID]id.ID) error {
		y := *x
		for _, t := range list {
			to, ok := moved[t]
			y.Done++
			switch {
			case !ok:
				y.Failed++
			case to == 0:
				y.Queued++
			}
			if _, err := tx.Exec(ctx, `insert into routing_move_item (tenant_id, move_id, ticket_id, to_id, fault, undone) values ($1, $2, $3, $4, $5, 0)
				on conflict (tenant_id, move_id, ticket_id) do nothing`, j.Tenant, x.ID, t, orNull(to), map[bool]string{false: "changed"}[ok]); err != nil {
				return err
			}
			y.Cursor = t
		}
		if len(list) < moveChunk {
			y.State = "done"
		}
		if err := saveMove(ctx, tx, j.Tenant, &y); err != nil {
			return err
		}
		if err := done(ctx, tx); err != nil {
			return err
		}
		m.announce(tx, j.Tenant)
		if y.State == "done" {
			return nil
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: j.Tenant, Kind: kindMove, Key: j.Key, Payload: struct{}{}})
	}
	if len(list) == 0 {
		return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return finish(ctx, tx, nil) })
	}
	_, err = m.moveSome(ctx, k, j.Tenant, x.User, list, &x.Move, "move", finish)
	return err
}

// moveSome takes tickets from a person and gives them to others, or a place in
// the queue, in one transaction that ends with fn.
func (m *Room) moveSome(ctx context.Context, k *resident, tenant, user id.ID, list []id.ID, to *Move, why string,
	fn func(ctx context.Context, tx *db.Tx, moved map[id.ID]id.ID) error) (map[id.ID]id.ID, error) {
	now := m.Clock.Now()
	tickets, err := m.tickets(ctx, tenant, list)
	if err != nil {
		return nil, err
	}
	about, err := knownOf(ctx, m.DB, tenant, list)
	if err != nil {
		return nil, err
	}
	choices := map[id.ID]*choice{}
	for _, ticketID := range list {
		t := tickets[ticketID]
		if t == nil {
			continue
		}
		place := waitBody{Former: user, Barred: []id.ID{user}}
		if to != nil {
			place.To, place.ToTeam = to.Agents, to.Team
		}
		free := *t
		free.Assignee = 0
		y, err := m.chooseAgain(ctx, k, &free, about[t.ID], &waiting{Ticket: t.ID, Since: now, waitBody: place}, now)
		if err != nil {
			return nil, err
		}
		if y != nil {
			if len(y.decision.Order) > 0 {
				k.crew.note(y.decision.Order[0], k.active.Weight(t.Channel), 1, now)
			}
			choices[ticketID] = y
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	defer m.stale(tenant)
	var moved map[id.ID]id.ID
	err = m.Desk.Write(ctx, staff.System(tenant), func(ctx context.Context, w *ticket.Write) error {
		moved = map[id.ID]id.ID{}
		var l lot
		if err := w.Take(ctx, list); err != nil {
			return err
		}
		for _, ticketID := range list {
			y := choices[ticketID]
			if y == nil {
				continue
			}
			c, err := w.Ticket(ctx, ticketID, staff.TicketRead)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			t := c.Ticket
			if t.Assignee != user || !t.Status.Active() {
				continue
			}
			z := *y
			place := *y.waiting
			z.waiting = &place
			z.settled = true
			if c.Prepared == nil {
				c.Prepared = map[string]any{}
			}
			c.Prepared[noted] = &z
			if t.Weight > 0 {
				if err := m.carry(ctx, w.Tx, k, tenant, user, -t.Weight, -1); err != nil {
					return err
				}
			}
			t.Weight = 0
			m.put(c, ticket.Place{Team: t.Team, Department: t.Department}, ticket.EventData{Kind: why}, nil)
			if err := m.settle(ctx, w.Tx, k, c, &z, &l); err != nil {
				return err
			}
			moved[ticketID] = t.Assignee
		}
		if err := l.save(ctx, w.Tx, tenant); err != nil {
			return err
		}
		if fn != nil {
			return fn(ctx, w.Tx, moved)
		}
		return nil
	})
	return moved, err
}

// UndoMove gives the tickets of a move back, as far as they still are where it
// put them.
func (m *Room) UndoMove(ctx context.Context, a *staff.Actor, move id.ID) (*Move, error) {
	var out *moveStored
	err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := loadMove(ctx, tx, a.Tenant, move)
		if err != nil {
			return err
		}
		if x.By != a.ID && a.Scope(staff.TicketAssign) != staff.ScopeAll {
			return fault.Missing("move")
		}
		if x.State != "done" || x.EndsAt < m.Clock.Now() {
			return fault.New(fault.Conflict, "routing.undo", "this move cannot be taken back any more")
		}
		x.State, x.Cursor, x.Done = "undoing", 0, 0
		out = x
		if err := saveMove(ctx, tx, a.Tenant, x); err != nil {
			return err
		}
		return m.Jobs.Add(ctx, tx, job.New{Tenant: a.Tenant, Kind: kindMove, Key: move.String(), Payload: struct{}{}})
	})
	if err != nil {
		return nil, err
	}
	return &out.Move, nil
}

func (m *Room) undoSome(ctx context.Context, j job.Job, k *resident, x *moveStored) error {
	rows, err := m.DB.Query(ctx, `select ticket_id, to_id from routing_move_item where tenant_id = $1 and move_id = $2 and ticket_id > $3 and fault = '' order by ticket_id limit $4`,
		j.Tenant, x.ID, x.Cursor, moveChunk)
	type item struct{ ticket, to id.ID }
	list, err := db.Each(rows, err, func(r *sql.Rows) (item, error) {
		var v item
		var to sql.NullInt64
		err := r.Scan(&v.ticket, &to)
		v.to = id.ID(to.Int64)
		return v, err
	})
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	return m.Desk.Write(ctx, staff.System(j.Tenant), func(ctx context.Context, w *ticket.Write) error {
		y := *x
		for _, v := range list {
			y.Cursor = v.ticket
			y.Done++
			c, err := w.Ticket(ctx, v.ticket, staff.TicketRead)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if t := c.Ticket; t.Assignee == v.to && t.Status.Active() { // the Pass counts it
				m.put(c, ticket.Place{Assignee: x.User, Team: t.Team, Department: t.Department}, ticket.EventData{Kind: "undo"}, nil)
			}
		}
		if len(list) < moveChunk {
			y.State = "undone"
		}
		if err := saveMove(ctx, w.Tx, j.Tenant, &y); err != nil {
			return err
		}
		if err := done(ctx, w.Tx); err != nil {
			return err
		}
		if y.State == "undone" {
			return nil
		}
		return m.Jobs.Add(ctx, w.Tx, job.New{Tenant: j.Tenant, Kind: kindMove, Key: j.Key, Payload: struct{}{}})
	})
}

// Recall puts a ticket back to assignment: its assignee loses it, and it is
// given away anew.
func (m *Room) Recall(ctx context.Context, a *staff.Actor, ticketID id.ID, reason string) error {
	return m.Desk.Write(ctx, a, func(ctx context.Context, w *ticket.Write) error {
		c, err := w.Ticket(ctx, ticketID, staff.TicketAssign)
		if err != nil {
			return err
		}
		if !c.Ticket.Status.Active() {
			return fault.New(fault.Conflict, "ticket.ended", "the ticket has ended")
		}
		if c.Ticket.Assignee == 0 {
			return m.orderDrain(ctx, w.Tx, a.Tenant)
		}
		t := c.Ticket
		from := t.Assignee
		t.Assignee = 0
		c.Append(ticket.EventAssign, ticket.EventData{Kind: "recall", Changes: []ticket.FieldChange{{Field: "assignee", From: from, To: id.ID(0)}}})
		return nil // the Pass gives it a place and has the queue looked at
	})
}

// HandOver gives tickets of one person to another who takes them over (交接), in
// the transaction in which they do. What is not the giver's any more stays where
// it is.
func (m *Room) HandOver(ctx context.Context, tx *db.Tx, tenant, from, to id.ID, tickets []id.ID) error {
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	return m.Desk.WriteIn(ctx, tx, staff.System(tenant), func(ctx context.Context, w *ticket.Write) error {
		if err := w.Take(ctx, tickets); err != nil {
			return err
		}
		for _, x := range tickets {
			c, err := w.Ticket(ctx, x, staff.TicketRead)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if t := c.Ticket; t.Assignee == from && t.Status.Active() { // the Pass counts it
				p := ticket.Place{Assignee: to}
				m.put(c, p.Whole(dir, ticket.Place{Team: t.Team, Department: t.Department}), ticket.EventData{Kind: "handover"}, nil)
			}
		}
		return nil
	})
}
