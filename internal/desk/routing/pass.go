package routing

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// moving are the events after which somebody carries more or less, or a
// ticket's place in a queue is another one.
var moving = []string{
	ticket.EventCreated, ticket.EventAssign, ticket.EventTransfer, ticket.EventStatus, ticket.EventSnooze, ticket.EventWake, ticket.EventMessage,
	ticket.EventMerged, ticket.EventMergeIn, ticket.EventUndo, ticket.EventChange,
}

// Pass gives new tickets to somebody, and keeps what people carry and the queue
// true to every change.
func (m *Room) Pass() ticket.Pass {
	return ticket.Pass{
		Name: "routing",
		Wants: func(c *ticket.Change) bool {
			return c.Born() && len(c.Events) == 0 || // being prepared
				slices.ContainsFunc(c.Events, func(e ticket.Event) bool { return slices.Contains(moving, e.Name) })
		},
		Prepare: m.prepare,
		Apply:   m.apply,
	}
}

// noted is the name under which the room's own hand is known in a Change.
const noted = "routing"

// choice is what was prepared for a ticket: who shall have it if there is room.
type choice struct {
	course   *Course
	decision Decision
	shadow   *Decision
	tier     string
	waiting  *waiting // its place in the queue, when it has one
	settled  bool     // what people carry has been moved already
	counted  id.ID    // whose load this node already counts it to, because it was chosen in a lot
}

func (m *Room) prepare(ctx context.Context, c *ticket.Change) error {
	t := c.Ticket
	k, err := m.fresh(ctx, t.Tenant) // so that the transaction finds it at hand
	if err != nil || !c.Born() || !t.Status.Active() {
		return err
	}
	var who *customer.Customer
	if c.Requester != nil {
		if who, err = c.Requester(ctx); err != nil {
			return err
		}
	}
	last, err := lastAgent(ctx, m.DB, who)
	if err != nil {
		return err
	}
	y, err := m.choose(ctx, k, matter(t, known{who, last}, c.At))
	if err != nil {
		return err
	}
	if c.Prepared == nil {
		c.Prepared = map[string]any{}
	}
	c.Prepared[noted] = y
	return nil
}

// choose decides for a ticket, without taking room.
func (m *Room) choose(ctx context.Context, k *resident, x *Matter) (*choice, error) {
	y := &choice{tier: x.Tier, course: k.active.Course(x)}
	if y.course == nil || x.Ticket.Assignee != 0 {
		return y, nil
	}
	x.Nearby = Nearby(k.catalog, x.Ticket.Category)
	pool, err := m.crewOf(ctx, x.Ticket.Tenant, k)
	if err != nil {
		return nil, err
	}
	y.decision = y.course.Decide(x, pool, rand.Float64)
	if k.shadow != nil {
		if other := k.shadow.Course(x); other != nil {
			d := other.Decide(x, pool, rand.Float64)
			d.Outcome, d.At = Queued, x.At
			if len(d.Order) > 0 {
				d.Outcome, d.Agent = Assigned, d.Order[0]
			}
			y.shadow = &d
		}
	}
	return y, nil
}

func (m *Room) apply(ctx context.Context, tx *db.Tx, c *ticket.Change) error {
	t := c.Ticket
	k, err := m.within(ctx, tx, t.Tenant)
	if err != nil {
		return err
	}
	y, _ := c.Prepared[noted].(*choice)
	var before ticket.Ticket
	if !c.Born() {
		before = *c.Before
	}
	if y == nil || !y.settled {
		if c.Born() && y != nil && y.course != nil && t.Status.Active() && t.Assignee == 0 {
			z := *y // a closure may run again: what was prepared stays as it is
			var l lot
			if err := m.settle(ctx, tx, k, c, &z, &l); err != nil {
				return err
			}
			if err := l.save(ctx, tx, t.Tenant); err != nil {
				return err
			}
			before.Assignee, before.Weight = t.Assignee, t.Weight // counted already
		}
		if c.Born() && y != nil && y.course != nil && t.Status.Active() {
			m.propose(c, k, y)
		}
		if !before.Status.Active() && before.Status != 0 && t.Status.Active() && t.Assignee != 0 && m.absent(k, t.Assignee) {
			m.take(c, t.Assignee) // it has come back, and who had it is not there
		}
		if err := m.keepCount(ctx, tx, k, c, before); err != nil {
			return err
		}
		if err := m.keepPlace(ctx, tx, k, c, before, y); err != nil {
			return err
		}
	}
	if err := m.keepResponse(ctx, tx, k, c, y); err != nil {
		return err
	}
	m.announce(tx, t.Tenant)
	return nil
}

// propose names the teams that shall answer for a part of a new ticket, as its
// rule says.
func (m *Room) propose(c *ticket.Change, k *resident, y *choice) {
	r, state := y.course.Rule, ticket.AssistProposed
	if r.AssistNow != nil && *r.AssistNow {
		state = ticket.AssistAsked
	}
	for _, team := range r.Assist {
		if x, ok := k.dir.Team(team); !ok || x.Retired || team == c.Ticket.Team || c.Ticket.Part(team) != nil {
			continue
		}
		c.SetAssist(team, state)
		e := &c.Events[len(c.Events)-1]
		e.ActorKind, e.Actor = string(staff.KindSystem), 0
		e.Cause = strings.Join([]string{"routing", strconv.FormatInt(k.active.Set.Version, 10), r.ID}, ":")
		c.Ticket.Part(team).By = 0
	}
}

// keepCount moves what people carry by what has become of the ticket.
func (m *Room) keepCount(ctx context.Context, tx *db.Tx, k *resident, c *ticket.Change, before ticket.Ticket) error {
	t := c.Ticket
	t.Weight = k.weigh(t)
	old, oldOpen := before.Weight, 0
	if before.Assignee != 0 && before.Weight > 0 {
		oldOpen = 1
	}
	now, nowOpen := t.Weight, 0
	if t.Weight > 0 {
		nowOpen = 1
	}
	if before.Assignee == t.Assignee {
		if now == old {
			return nil
		}
		if err := m.carry(ctx, tx, k, t.Tenant, t.Assignee, now-old, nowOpen-oldOpen); err != nil {
			return err
		}
		return m.freed(ctx, tx, k, t.Tenant, t.Assignee, now < old)
	}
	moves := []struct {
		user       id.ID
		load, open int
	}{{before.Assignee, -old, -oldOpen}, {t.Assignee, now, nowOpen}}
	if before.Assignee > t.Assignee { // always in one order, so that two transactions do not wait for each other
		slices.Reverse(moves)
	}
	for _, x := range moves {
		if x.user == 0 || x.load == 0 {
			continue
		}
		if err := m.carry(ctx, tx, k, t.Tenant, x.user, x.load, x.open); err != nil {
			return err
		}
	}
	return m.freed(ctx, tx, k, t.Tenant, before.Assignee, before.Assignee != 0 && old > 0)
}

func (m *Room) carry(ctx context.Context, tx *db.Tx, k *resident, tenant, user id.ID, load, open int) error {
	if err := carry(ctx, tx, tenant, user, load, open); err != nil {
		return err
	}
	tx.AfterCommit(func() { k.crew.note(user, load, open, 0) })
	return nil
}

// freed drains the queues of somebody who has room again.
func (m *Room) freed(ctx context.Context, tx *db.Tx, k *resident, tenant, user id.ID, is bool) error {
	if !is || user == 0 {
		return nil
	}
	var one int
	err := tx.QueryRow(ctx, `select 1 from routing_wait where tenant_id = $1 limit 1`, tenant).Scan(&one)
	if isNoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.orderDrain(ctx, tx, tenant)
}

// keepPlace gives a ticket that nobody has a place in the queue, keeps the place
// true to the ticket, and gives it up when somebody has it or nobody must act.
func (m *Room) keepPlace(ctx context.Context, tx *db.Tx, k *resident, c *ticket.Change, before ticket.Ticket, y *choice) error {
	t := c.Ticket
	open := func(x *ticket.Ticket) bool {
		return x.Status.Active() && x.Assignee == 0 && x.MergedInto == 0 && x.RulingAsked == 0
	}
	if c.Born() {
		return nil // settle has done it
	}
	switch was, is := open(&before), open(t); {
	case !was && !is:
		return nil
	case was && !is:
		return m.giveUpPlace(ctx, tx, k, c)
	case was && is && before.Team == t.Team && before.Department == t.Department && before.Priority == t.Priority && before.DueAt == t.DueAt &&
		before.Status == t.Status && before.SnoozedUntil == t.SnoozedUntil && before.Type == t.Type && before.Category == t.Category && before.Risk == t.Risk:
		return nil
	}
	who, err := requester(ctx, tx, t)
	if err != nil {
		return err
	}
	x := &Matter{Ticket: t, Confidence: 1, DueAt: t.DueAt, At: c.At}
	x.of(who)
	w, err := loadWaiting(ctx, tx, t.Tenant, t.ID)
	if err != nil {
		return err
	}
	course := k.active.Course(x)
	if course == nil {
		return m.giveUpPlace(ctx, tx, k, c)
	}
	fresh := w == nil
	if fresh {
		w = &waiting{Ticket: t.ID, Since: c.At, State: waitQueued}
		w.Former = before.Assignee
	}
	if w.State == waitOffered { // the offer stands; only its order may change
		w.Priority, w.DueAt = t.Priority, t.DueAt
		return w.save(ctx, tx, t.Tenant)
	}
	m.place(w, k, x, course)
	if err := w.save(ctx, tx, t.Tenant); err != nil {
		return err
	}
	return m.orderDrain(ctx, tx, t.Tenant)
}

// place puts a waiting ticket where its course wants it.
func (m *Room) place(w *waiting, k *resident, x *Matter, course *Course) {
	t := x.Ticket
	w.Team, w.Tier, w.Priority, w.DueAt = course.Team, k.tiers[x.Tier], t.Priority, t.DueAt
	w.Weight, w.Rule, w.Path, w.Mode, w.Needs = k.active.Weight(t.Channel), course.Rule.ID, course.Path, course.Mode, course.Rule.Needs
	w.State, w.Agent, w.Until, w.StepAt = waitQueued, 0, 0, 0
	if step, ok := course.NextStep(x.At.Sub(w.Since)); ok {
		w.StepAt = w.Since.Add(step)
	}
}

// giveUpPlace ends the waiting of a ticket, and the offer if one stands.
func (m *Room) giveUpPlace(ctx context.Context, tx *db.Tx, k *resident, c *ticket.Change) error {
	t := c.Ticket
	w, err := loadWaiting(ctx, tx, t.Tenant, t.ID)
	if err != nil || w == nil {
		return err
	}
	if w.State == waitOffered {
		if err := m.carry(ctx, tx, k, t.Tenant, w.Agent, -w.Weight, -1); err != nil {
			return err
		}
		if err := m.freed(ctx, tx, k, t.Tenant, w.Agent, w.Agent != t.Assignee); err != nil {
			return err
		}
	}
	if t.Assignee != 0 {
		if err := m.keepHand(ctx, tx, k, t, w, t.Assignee, c.Actor.ID, c.At); err != nil {
			return err
		}
	}
	return dropWaiting(ctx, tx, t.Tenant, t.ID)
}

// maxTries bounds how many full people are tried before a ticket is queued.
const maxTries = 20

// settle carries out a decision inside the transaction: the first of the order
// who has room gets the ticket, or the offer; else it waits. It counts what the
// person carries and appends what has happened to the ticket. What can be
// written for several tickets together it leaves to the lot.
func (m *Room) settle(ctx context.Context, tx *db.Tx, k *resident, c *ticket.Change, y *choice, l *lot) error {
	t, d := c.Ticket, &y.decision
	d.At = c.At
	weight := k.active.Weight(t.Channel)
	day := dayOf(c.At, k.zone)
	d.Outcome, d.Agent = Queued, 0
	// A ticket that goes on waiting as it was has not been decided anew.
	idle := y.waiting != nil && y.waiting.State == waitQueued && slices.Equal(y.waiting.Relaxed, d.Relaxed) && y.waiting.Rule == d.Rule
	full := map[id.ID]bool{}
	if d.Mode == Direct || d.Mode == Offer {
		for i, user := range d.Order {
			if i == maxTries {
				break
			}
			ok, err := l.taken[t.ID] == user, error(nil)
			if !ok {
				ok, err = m.room(ctx, tx, k, t, user, weight, c.At, day)
			}
			if err != nil {
				return err
			}
			if ok {
				d.Outcome, d.Agent = Assigned, user
				break
			}
			full[user] = true
		}
	}
	for i := range d.Candidates {
		if full[d.Candidates[i].Agent] {
			d.Candidates = slices.Clone(d.Candidates)
			d.Candidates[i].Taken = Full
		}
	}
	if d.Outcome == Assigned && d.Mode == Offer {
		d.Outcome = Offered
	}
	x := &Matter{Ticket: t, Tier: y.tier, At: c.At}
	switch d.Outcome {
	case Assigned:
		m.give(c, k, d)
		t.Weight = weight
		if y.waiting != nil {
			l.gone = append(l.gone, t.ID)
		}
	case Offered, Queued:
		if t.Team == 0 && d.Team != 0 { // it belongs to whose queue it is in
			m.move(c, k, d)
		}
		w := y.waiting
		if w == nil {
			w = &waiting{Ticket: t.ID, Since: c.At}
		}
		m.place(w, k, x, y.course)
		w.Relaxed = d.Relaxed
		if d.Outcome == Offered {
			w.State, w.Agent, w.Until, w.Weight = waitOffered, d.Agent, c.At.Add(y.course.OfferFor), weight
		}
		if err := w.save(ctx, tx, t.Tenant); err != nil {
			return err
		}
		if err := m.remind(ctx, tx, t.Tenant, w); err != nil {
			return err
		}
		if d.Outcome == Offered {
			m.event(c, EventOffer, ticket.EventData{Kind: "made", Changes: []ticket.FieldChange{{Field: "assignee", To: d.Agent}}}, d)
			if err := m.tellOffer(ctx, tx, t, d.Agent, w.Until); err != nil {
				return err
			}
		}
	}
	if agent := d.Agent; agent != 0 && agent != y.counted {
		tx.AfterCommit(func() { k.crew.note(agent, weight, 1, c.At) })
	}
	if y.shadow != nil {
		if err := l.why(m.IDs.Next(), t, y.shadow, true); err != nil {
			return err
		}
	}
	if d.Outcome == Queued && idle {
		return nil
	}
	return l.why(m.IDs.Next(), t, d, false)
}

// room takes room for a ticket at a person, if there is some.
func (m *Room) room(ctx context.Context, tx *db.Tx, k *resident, t *ticket.Ticket, user id.ID, weight int, now clock.Time, day int64) (bool, error) {
	p := k.profiles[user]
	if limit, ok := p.Limits[t.Channel]; ok {
		n, err := atHand(ctx, tx, t.Tenant, user, t.Channel)
		if err != nil || n >= limit {
			return false, err
		}
	}
	return takeRoom(ctx, tx, t.Tenant, user, weight, k.active.Capacity(p.Capacity), now, day)
}

// give makes a person the assignee, by the room's own hand.
func (m *Room) give(c *ticket.Change, k *resident, d *Decision) {
	t := c.Ticket
	p := ticket.Place{Assignee: d.Agent, Team: d.Team}
	if p.Team == 0 {
		p.Team = t.Team
	}
	m.put(c, p.Whole(k.dir, ticket.Place{Team: t.Team, Department: t.Department}), ticket.EventData{Kind: "routing"}, d)
}

// move makes a queue's team that of the ticket.
func (m *Room) move(c *ticket.Change, k *resident, d *Decision) {
	p := ticket.Place{Team: d.Team}
	m.put(c, p.Whole(k.dir, ticket.Place{}), ticket.EventData{Kind: "routing"}, d)
}

// take takes a ticket from who has it, so that it can be given to another.
func (m *Room) take(c *ticket.Change, user id.ID) {
	t := c.Ticket
	m.put(c, ticket.Place{Team: t.Team, Department: t.Department}, ticket.EventData{Kind: "absent"}, nil)
}

func (m *Room) put(c *ticket.Change, p ticket.Place, data ticket.EventData, d *Decision) {
	t := c.Ticket
	for _, x := range []struct {
		field string
		from  *id.ID
		to    id.ID
	}{{"assignee", &t.Assignee, p.Assignee}, {"team", &t.Team, p.Team}, {"department", &t.Department, p.Department}} {
		if *x.from != x.to {
			data.Changes = append(data.Changes, ticket.FieldChange{Field: x.field, From: *x.from, To: x.to})
			*x.from = x.to
		}
	}
	if len(data.Changes) > 0 {
		m.event(c, ticket.EventAssign, data, d)
	}
}

// event appends an act of the room: nobody's, with the rule as its cause.
func (m *Room) event(c *ticket.Change, name string, data ticket.EventData, d *Decision) {
	c.Append(name, data)
	e := &c.Events[len(c.Events)-1]
	e.ActorKind, e.Actor = string(staff.KindSystem), 0
	if d != nil {
		e.Cause = strings.Join([]string{"routing", strconv.FormatInt(d.Version, 10), d.Rule}, ":")
	}
}

// absent reports whether somebody cannot be expected to act, and another can:
// gone, or offline.
func (m *Room) absent(k *resident, user id.ID) bool {
	if p, ok := k.dir.User(user); !ok || !p.Active {
		return true
	}
	k.crew.mu.Lock()
	defer k.crew.mu.Unlock()
	if k.crew.pool == nil {
		return false
	}
	a := k.crew.pool.Agent(user)
	if a == nil || a.State != string(roster.Offline) {
		return false
	}
	for _, x := range k.crew.pool.Agents() {
		if x.Online {
			return true
		}
	}
	return false // nobody is here: it is as good with them as with anybody
}

// announce tells the screens that queues or loads have moved, at most twice a
// second and tenant.
func (m *Room) announce(tx *db.Tx, tenant id.ID) {
	if m.Hub == nil {
		return
	}
	tx.AfterCommit(func() { m.tellScreens(tenant) })
}

const tellEvery = 500 * time.Millisecond
