package routing

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
)

// Kinds of job of the room.
const (
	kindDrain   = "routing.drain"   // somebody may have room: what waits is looked at
	kindStep    = "routing.step"    // timer: a waiting ticket gives up a demand, or an offer ends
	kindAbsent  = "routing.absent"  // somebody has gone: what they have not begun is given to others
	kindMove    = "routing.move"    // all tickets of a person, in one act
	kindRespond = "routing.respond" // timer: the next supervisor is told
	kindRecords = "routing.records" // how people have done so far is counted anew
)

func (m *Room) registerJobs() {
	m.Jobs.Handle(job.Kind{Name: kindDrain, Concurrency: 2, MaxAttempts: 100, Timeout: 10 * time.Minute, MaxBackoff: time.Minute}, each(m.drain))
	m.Jobs.Handle(job.Kind{Name: kindStep, Concurrency: 2, MaxAttempts: 100, Timeout: time.Minute, Batch: 64, MaxBackoff: time.Minute}, m.steps)
	m.Jobs.Handle(job.Kind{Name: kindAbsent, Concurrency: 2, MaxAttempts: 20, Timeout: 10 * time.Minute}, each(m.afterAbsence))
	m.Jobs.Handle(job.Kind{Name: kindMove, Concurrency: 2, MaxAttempts: 20, Timeout: 10 * time.Minute}, each(m.runMove))
	m.Jobs.Handle(job.Kind{Name: kindRespond, Concurrency: 4, MaxAttempts: 100, Timeout: time.Minute, MaxBackoff: time.Minute}, each(m.respond))
	m.Jobs.Handle(job.Kind{Name: kindAdopt, Concurrency: 1, MaxAttempts: 20, Timeout: 5 * time.Minute}, each(m.adopt))
	m.Jobs.Handle(job.Kind{Name: kindRecords, Concurrency: 1, MaxAttempts: 10, Timeout: 10 * time.Minute}, each(m.countRecords))
}

func each(fn func(ctx context.Context, j job.Job) error) func(ctx context.Context, jobs []job.Job) error {
	return func(ctx context.Context, jobs []job.Job) error {
		for _, j := range jobs {
			if err := fn(ctx, j); err != nil {
				return err
			}
		}
		return nil
	}
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// orderDrain has the queues of a tenant looked at. Orders that come while one
// waits become one.
func (m *Room) orderDrain(ctx context.Context, tx *db.Tx, tenant id.ID) error {
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindDrain, Key: drainAll, DueAt: m.Clock.Now(), Replace: true, Payload: struct{}{}})
}

// remind sets the timer of what a waiting ticket waits for next.
func (m *Room) remind(ctx context.Context, tx *db.Tx, tenant id.ID, w *waiting) error {
	at := w.StepAt
	if w.State == waitOffered {
		at = w.Until
	}
	if at == 0 {
		return nil
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindStep, Key: w.Ticket.String(), DueAt: at, Replace: true, Payload: struct{}{}})
}

// Bounds of a drain.
const (
	drainAll = "all" // the key of its job

	drainRead  = 256 // tickets looked at together
	drainWrite = 64  // given away in one transaction
	drainIdle  = 64  // tickets of one queue in a row for which there was nobody: the rest would fare no better
)

// drain gives waiting tickets away, queue by queue in order, until those in
// front find nobody.
func (m *Room) drain(ctx context.Context, j job.Job) error {
	if j.Key != drainAll { // a moment has passed; drains of a tenant do not run side by side
		return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return m.orderDrain(ctx, tx, j.Tenant) })
	}
	m.stale(j.Tenant)
	k, err := m.fresh(ctx, j.Tenant)
	if err != nil {
		return err
	}
	rows, err := m.DB.Query(ctx, `select distinct team_id from routing_wait where tenant_id = $1 and state = $2 limit 5000`, j.Tenant, waitQueued)
	teams, err := db.Each(rows, err, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
	if err != nil {
		return err
	}
	for _, team := range teams {
		if err := m.drainTeam(ctx, k, j.Tenant, team); err != nil {
			return err
		}
	}
	return nil
}

// after is a place in the order of a queue.
type after struct {
	priority, tier int
	due, since     clock.Time
	ticket         id.ID
}

func (m *Room) drainTeam(ctx context.Context, k *resident, tenant, team id.ID) error {
	idle := map[string]int{} // tickets in a row for which there was nobody, by rule
	// While one lot is written the next is decided: a decision is all computing.
	last := make(chan error, 1)
	last <- nil
	give := func(lot []*waiting) error {
		choices, err := m.chooseLot(ctx, k, tenant, lot, idle)
		if err != nil || len(choices) == 0 {
			return err
		}
		if err := <-last; err != nil {
			last <- nil
			return err
		}
		go func() {
			last <- m.carryOut(ctx, k, tenant, choices)
		}()
		return nil
	}
	var from *after
	for {
		list, err := m.waitingIn(ctx, tenant, team, waitQueued, from, drainRead)
		if err != nil || len(list) == 0 {
			return errors.Join(err, <-last)
		}
		end := list[len(list)-1]
		from = &after{int(end.Priority), end.Tier, end.due(), end.Since, end.Ticket}
		var take []*waiting
		tried := false
		for _, w := range list {
			if w.Mode != Direct && w.Mode != Offer || idle[w.Rule] >= drainIdle {
				continue
			}
			tried = true
			take = append(take, w)
			if len(take) == drainWrite {
				if err := give(take); err != nil {
					return errors.Join(err, <-last)
				}
				take = nil
			}
		}
		if err := give(take); err != nil {
			return errors.Join(err, <-last)
		}
		if !tried || len(list) < drainRead {
			return <-last
		}
	}
}

// waitingIn reads a queue in order.
func (m *Room) waitingIn(ctx context.Context, tenant, team id.ID, state string, from *after, limit int) ([]*waiting, error) {
	q := `select ` + waitColumns + ` from routing_wait w where tenant_id = $1 and state = $2 and team_id = $3`
	args := []any{tenant, state, team, limit}
	if from != nil {
		q += ` and (priority < $5 or priority = $5 and (tier < $6 or tier = $6 and (due_at, since, ticket_id) > ($7, $8, $9)))`
		args = append(args, from.priority, from.tier, from.due, from.since, from.ticket)
	}
	rows, err := m.DB.Query(ctx, q+` order by priority desc, tier desc, due_at, since, ticket_id limit $4`, args...)
	return db.Each(rows, err, func(r *sql.Rows) (*waiting, error) { return scanWaiting(r) })
}

// chooseLot decides for some waiting tickets. What somebody else does to one
// before it is carried out counts: it is loaded for change, and left alone when
// it waits no more.
func (m *Room) chooseLot(ctx context.Context, k *resident, tenant id.ID, list []*waiting, idle map[string]int) ([]*choice, error) {
	if len(list) == 0 {
		return nil, nil
	}
	now := m.Clock.Now()
	ids := make([]id.ID, len(list))
	for i, w := range list {
		ids[i] = w.Ticket
	}
	tickets, err := m.tickets(ctx, tenant, ids)
	if err != nil {
		return nil, err
	}
	about, err := knownOf(ctx, m.DB, tenant, ids)
	if err != nil {
		return nil, err
	}
	choices := make([]*choice, 0, len(list))
	for _, w := range list {
		t := tickets[w.Ticket]
		if t == nil {
			continue
		}
		y, err := m.chooseAgain(ctx, k, t, about[t.ID], w, now)
		if err != nil {
			return nil, err
		}
		if y == nil {
			continue
		}
		if len(y.decision.Order) == 0 && y.decision.Rule == w.Rule && y.decision.Team == w.Team {
			idle[w.Rule]++
			continue
		}
		if len(y.decision.Order) > 0 {
			idle[w.Rule] = 0
			// So that the next of this lot does not choose the same room.
			if a := y.decision.Order[0]; y.decision.Mode == Direct || y.decision.Mode == Offer {
				k.crew.note(a, k.active.Weight(t.Channel), 1, now)
				y.counted = a
			}
		}
		choices = append(choices, y)
	}
	return choices, nil
}

// tickets reads tickets by id, whoever may see them.
func (m *Room) tickets(ctx context.Context, tenant id.ID, ids []id.ID) (map[id.ID]*ticket.Ticket, error) {
	list, err := m.Desk.Load(ctx, tenant, ids)
	out := make(map[id.ID]*ticket.Ticket, len(list))
	for _, t := range list {
		out[t.ID] = t
	}
	return out, err
}

// chooseOne decides for one ticket that waits; nil: it is gone, or no rule wants
// it any more.
func (m *Room) chooseOne(ctx context.Context, k *resident, tenant id.ID, w *waiting, now clock.Time) (*choice, error) {
	tickets, err := m.tickets(ctx, tenant, []id.ID{w.Ticket})
	if err != nil || tickets[w.Ticket] == nil {
		return nil, err
	}
	about, err := knownOf(ctx, m.DB, tenant, []id.ID{w.Ticket})
	if err != nil {
		return nil, err
	}
	return m.chooseAgain(ctx, k, tickets[w.Ticket], about[w.Ticket], w, now)
}

// chooseAgain decides for a ticket that waits; nil: no rule wants it any more.
func (m *Room) chooseAgain(ctx context.Context, k *resident, t *ticket.Ticket, about known, w *waiting, now clock.Time) (*choice, error) {
	x := matter(t, about, now)
	x.Waited, x.Barred, x.Former, x.Only, x.Team = now.Sub(w.Since), append(x.Barred, w.Barred...), w.Former, w.To, w.ToTeam
	y, err := m.choose(ctx, k, x)
	if err != nil || y.course == nil {
		return nil, err
	}
	y.waiting = w
	return y, nil
}

// carryOut settles choices for waiting tickets.
func (m *Room) carryOut(ctx context.Context, k *resident, tenant id.ID, choices []*choice) error {
	ids := make([]id.ID, len(choices))
	for i, y := range choices {
		ids[i] = y.waiting.Ticket
	}
	return m.Desk.Write(ctx, staff.System(tenant), func(ctx context.Context, w *ticket.Write) error {
		if err := w.Take(ctx, ids); err != nil {
			return err
		}
		places, err := loadWaitings(ctx, w.Tx, tenant, ids)
		if err != nil {
			return err
		}
		var list []*turn
		for _, y := range choices {
			t, err := m.stillWaits(ctx, w, k, places[y.waiting.Ticket], y)
			if err != nil {
				return err
			}
			if t != nil {
				list = append(list, t)
			}
		}
		l := &lot{}
		if l.taken, err = m.takeRooms(ctx, w.Tx, k, tenant, list); err != nil {
			return err
		}
		got := map[id.ID]id.ID{} // who has a ticket or the offer now
		for _, t := range list {
			if err := m.settle(ctx, w.Tx, k, t.c, t.z, l); err != nil {
				return err
			}
			got[t.c.Ticket.ID] = t.z.decision.Agent
		}
		if err := l.save(ctx, w.Tx, tenant); err != nil {
			return err
		}
		missed := false
		for _, y := range choices {
			agent := got[y.waiting.Ticket]
			missed = missed || y.counted != 0 && agent != y.counted || agent == 0 && len(y.decision.Order) > 0 && y.decision.Mode == Direct
		}
		if !missed {
			return nil
		}
		// Others were quicker where there seemed to be room, or what was counted
		// to somebody went elsewhere: look again with fresh eyes, a moment later.
		w.Tx.AfterCommit(func() { m.stale(tenant) })
		return m.Jobs.Add(ctx, w.Tx, job.New{Tenant: tenant, Kind: kindDrain, Key: "again", DueAt: m.Clock.Now().Add(time.Second), Replace: true, Payload: struct{}{}})
	})
}

// turn is a ticket whose choice is carried out.
type turn struct {
	c *ticket.Change
	z *choice // of this run of the transaction
}

// stillWaits loads a ticket for which there is a choice; nil when it does not
// wait any more as it did.
func (m *Room) stillWaits(ctx context.Context, w *ticket.Write, k *resident, now *waiting, y *choice) (*turn, error) {
	tenant := w.Actor.Tenant
	c, err := w.Ticket(ctx, y.waiting.Ticket, staff.TicketRead)
	if fault.KindOf(err) == fault.NotFound {
		return nil, dropWaiting(ctx, w.Tx, tenant, y.waiting.Ticket)
	}
	if err != nil || now == nil || now.State != y.waiting.State || now.Agent != y.waiting.Agent || c.Ticket.Assignee != 0 || c.Ticket.RulingAsked != 0 || !c.Ticket.Status.Active() {
		return nil, err
	}
	z := *y
	place := *now
	place.Barred = y.waiting.Barred
	z.waiting = &place
	z.settled = true
	if c.Prepared == nil {
		c.Prepared = map[string]any{}
	}
	c.Prepared[noted] = &z
	if now.State == waitOffered { // the offer has ended without an answer
		if err := m.carry(ctx, w.Tx, k, tenant, now.Agent, -now.Weight, -1); err != nil {
			return nil, err
		}
	}
	return &turn{c, &z}, nil
}

// steps looks at tickets whose timer has come: a demand is given up, or an
// offer ends.
func (m *Room) steps(ctx context.Context, jobs []job.Job) error {
	for _, j := range jobs {
		ticketID, err := id.Parse(j.Key)
		if err != nil {
			return err
		}
		if err := m.step(ctx, j.Tenant, ticketID); err != nil {
			return err
		}
	}
	return nil
}

func (m *Room) step(ctx context.Context, tenant, ticketID id.ID) error {
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return err
	}
	w, err := loadWaiting(ctx, m.DB, tenant, ticketID)
	if err != nil || w == nil {
		return err
	}
	now := m.Clock.Now()
	if w.State == waitOffered {
		if w.Until > now {
			return nil // another offer, with a timer of its own
		}
		return m.pass(ctx, k, tenant, w, "expired")
	}
	y, err := m.chooseOne(ctx, k, tenant, w, now)
	if err != nil || y == nil {
		return err
	}
	return m.carryOut(ctx, k, tenant, []*choice{y})
}

// pass takes an offer back and gives the ticket to the next.
func (m *Room) pass(ctx context.Context, k *resident, tenant id.ID, w *waiting, why string) error {
	w.Barred = append(w.Barred, w.Agent)
	y, err := m.chooseOne(ctx, k, tenant, w, m.Clock.Now())
	if err != nil || y == nil {
		return err
	}
	return m.Desk.Write(ctx, staff.System(tenant), func(ctx context.Context, x *ticket.Write) error {
		c, err := x.Ticket(ctx, w.Ticket, staff.TicketRead)
		if err != nil {
			return err
		}
		now, err := loadWaiting(ctx, x.Tx, tenant, w.Ticket)
		if err != nil || now == nil || now.State != waitOffered || now.Agent != w.Agent || now.Until != w.Until {
			return err // answered meanwhile
		}
		m.event(c, EventOffer, ticket.EventData{Kind: why, Changes: []ticket.FieldChange{{Field: "assignee", From: w.Agent}}}, nil)
		t, err := m.stillWaits(ctx, x, k, now, y)
		if err != nil || t == nil {
			return err
		}
		l := &lot{}
		if err := m.settle(ctx, x.Tx, k, t.c, t.z, l); err != nil {
			return err
		}
		return l.save(ctx, x.Tx, tenant)
	})
}

// tellScreens tells the screens of a tenant that queues or loads have moved: at
// once when they have been still, else when the pause is over, so that the last
// word is always told.
func (m *Room) tellScreens(tenant id.ID) {
	m.mu.Lock()
	wait := tellEvery - time.Since(m.told[tenant])
	if wait > 0 && m.owed[tenant] {
		m.mu.Unlock()
		return
	}
	m.owed[tenant] = wait > 0
	if wait <= 0 {
		m.told[tenant] = time.Now()
	}
	m.mu.Unlock()
	if wait > 0 {
		time.AfterFunc(wait, func() {
			m.mu.Lock()
			m.owed[tenant], m.told[tenant] = false, time.Now()
			m.mu.Unlock()
			m.publish(tenant)
		})
		return
	}
	m.publish(tenant)
}

func (m *Room) publish(tenant id.ID) {
	_ = m.Hub.Publish(context.Background(), live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "routing", Data: struct{}{}, Audience: live.Audience{All: true}})
}

// position is a ticket's place in its queue, from 1.
func (m *Room) position(ctx context.Context, tenant id.ID, w *waiting) (n int, err error) {
	err = m.DB.QueryRow(ctx, `select count(*) from (select 1 from routing_wait where tenant_id = $1 and state = $2 and team_id = $3
		and (priority > $4 or priority = $4 and (tier > $5 or tier = $5 and (due_at, since, ticket_id) < ($6, $7, $8))) limit 999) x`,
		tenant, waitQueued, w.Team, int64(w.Priority), w.Tier, w.due(), w.Since, w.Ticket).Scan(&n)
	return n + 1, err
}
