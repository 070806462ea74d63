package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
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

// planned takes new notifications through the pipeline up to sending.
func (m *Room) planned(ctx context.Context, jobs []job.Job) error {
	byTenant := map[id.ID][]planning{}
	for _, j := range jobs {
		var p planning
		if err := json.Unmarshal(j.Payload, &p); err != nil {
			return err
		}
		byTenant[j.Tenant] = append(byTenant[j.Tenant], p)
	}
	for tenant, list := range byTenant {
		if err := m.planTenant(ctx, tenant, list); err != nil {
			return err
		}
	}
	return nil
}

// reading is who may read what, and how people want to be told: what the
// pipeline looks up for some notifications.
type reading struct {
	zone    *time.Location
	dir     *staff.Directory
	actors  map[id.ID]*staff.Actor
	tickets map[id.ID]*ticket.Ticket
	prefs   map[id.ID]*preference
	pushed  map[id.ID]bool // who has a browser that takes pushes
}

// look reads what belongs to some notifications.
func (m *Room) look(ctx context.Context, tenant id.ID, rows []*notification) (*reading, error) {
	x := &reading{actors: map[id.ID]*staff.Actor{}, tickets: map[id.ID]*ticket.Ticket{}}
	var err error
	if x.dir, err = m.Staff.Directory(ctx, tenant); err != nil {
		return nil, err
	}
	if x.zone, err = time.LoadLocation(x.dir.Tenant.TimeZone); err != nil {
		x.zone = time.UTC
	}
	var users, tickets []id.ID
	for _, n := range rows {
		if _, seen := x.actors[n.User]; !seen {
			x.actors[n.User] = nil
			users = append(users, n.User)
			if p, ok := x.dir.User(n.User); ok && p.Active {
				if x.actors[n.User], err = m.Staff.Actor(ctx, tenant, n.User); err != nil && fault.KindOf(err) != fault.NotFound {
					return nil, err
				}
			}
		}
		if n.Ticket != 0 && !slices.Contains(tickets, n.Ticket) {
			tickets = append(tickets, n.Ticket)
		}
	}
	list, err := m.Desk.Load(ctx, tenant, tickets)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		x.tickets[t.ID] = t
	}
	if x.prefs, err = m.preferences(ctx, tenant, users); err != nil {
		return nil, err
	}
	x.pushed, err = subscribed(ctx, m.DB, tenant, users)
	return x, err
}

// may says whether the person of a notification may hear of it now.
func (m *Room) may(ctx context.Context, x *reading, n *notification) (bool, error) {
	a := x.actors[n.User]
	if a == nil || n.Ticket == 0 {
		return a != nil, nil
	}
	t := x.tickets[n.Ticket]
	if t == nil {
		return false, nil
	}
	err := m.Desk.May(ctx, a, t, staff.TicketRead)
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Forbidden:
		return false, nil
	}
	return err == nil, err
}

func (m *Room) planTenant(ctx context.Context, tenant id.ID, list []planning) error {
	var items []of
	telling := map[id.ID]string{} // that a notification came by
	for i, p := range list {
		items = append(items, p.Items...)
		for _, x := range p.Items {
			telling[x.ID] = fmt.Sprintf("%d %d", i, x.Group)
		}
	}
	rows, err := loadNotifications(ctx, m.DB, tenant, items)
	if err != nil || len(rows) == 0 {
		return err
	}
	k, err := m.fresh(ctx, tenant)
	if err != nil {
		return err
	}
	x, err := m.look(ctx, tenant, rows)
	if err != nil {
		return err
	}
	now := m.Clock.Now()
	last, err := recentSends(ctx, m.DB, tenant, items, now)
	if err != nil {
		return err
	}
	byRow := map[id.ID][]delivery{}
	var shown, hidden []*notification
	told := map[string]bool{} // group channels by telling
	for _, n := range rows {
		if n.State != stateNew {
			continue
		}
		ok, err := m.may(ctx, x, n)
		if err != nil {
			return err
		}
		event, known := eventOf(n.Event)
		p := x.prefs[n.User]
		if ok && known && p.shows(event, n.Urgent) {
			shown = append(shown, n)
		} else {
			hidden = append(hidden, n)
		}
		if !known {
			continue
		}
		if ok {
			byRow[n.ID] = m.personal(k, x, n, event, p, now, last)
		}
		for _, c := range k.channels {
			if name := c.Key + " " + telling[n.ID]; !told[name] && c.hears(n, x.tickets[n.Ticket]) {
				told[name] = true
				byRow[n.ID] = append(byRow[n.ID], m.deliveryOf(n, c.Key, now, now))
			}
		}
	}
	if err := m.keep(ctx, tenant, shown, hidden, byRow, now); err != nil {
		return err
	}
	for _, n := range rows { // those, too, that an earlier try has kept but not shown
		if n.State == stateShown {
			m.push(ctx, x, n, now)
		}
	}
	return nil
}

// personal is what goes to the person of a notification on the ways outside.
func (m *Room) personal(k *resident, x *reading, n *notification, event Event, p *preference, now clock.Time, last map[sendName]clock.Time) []delivery {
	var out []delivery
	user, _ := x.dir.User(n.User)
	for _, way := range AllMeans {
		c := k.by(way)
		if way == InApp || c == nil || way != WebPush && p.Addresses.of(way, user.Email) == "" || way == WebPush && !x.pushed[n.User] {
			continue
		}
		v := p.plan(event, n.Urgent, way, now, last[sendName{n.User, c.Key, n.Ticket}], x.zone)
		if !v.Send {
			continue
		}
		out = append(out, m.deliveryOf(n, c.Key, now, v.At))
		if n.Ticket != 0 && v.At <= now {
			last[sendName{n.User, c.Key, n.Ticket}] = now
		}
	}
	return out
}

func (m *Room) deliveryOf(n *notification, channel string, now, at clock.Time) delivery {
	d := delivery{ID: m.IDs.Next(), User: n.User, Notification: n.ID, Channel: channel, Event: n.Event, Ticket: n.Ticket, State: deliveryWaiting, DueAt: at, CreatedAt: now}
	d.Lead = d.ID
	if at > now {
		d.State = deliveryHeld
	}
	return d
}

// keep writes what was decided: for each notification once, whatever runs
// twice.
func (m *Room) keep(ctx context.Context, tenant id.ID, shown, hidden []*notification, byRow map[id.ID][]delivery, now clock.Time) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var list []delivery
		for _, part := range []struct {
			rows  []*notification
			state int
			read  any
		}{{shown, stateShown, nil}, {hidden, stateHidden, int64(now)}} {
			if len(part.rows) == 0 {
				continue
			}
			ids, users := make([]id.ID, len(part.rows)), make([]id.ID, len(part.rows))
			for i, n := range part.rows {
				ids[i], users[i] = n.ID, n.User
			}
			rows, err := tx.Query(ctx, `update notification set state = $4, read_at = $5 where tenant_id = $1 and `+tx.Engine().InPairs("user_id", "id", "$2", "$3")+`
				and state = 0 returning id`, tenant, idList(users), idList(ids), part.state, part.read)
			claimed, err := db.Each(rows, err, scanID)
			if err != nil {
				return err
			}
			for _, n := range claimed {
				list = append(list, byRow[n]...)
			}
		}
		for _, n := range shown {
			n.State = stateShown
		}
		if err := m.order(ctx, tx, tenant, list); err != nil {
			return err
		}
		return m.orderCleaning(ctx, tx, tenant, now)
	})
}

// order writes deliveries and the jobs that send them.
func (m *Room) order(ctx context.Context, tx *db.Tx, tenant id.ID, list []delivery) error {
	var jobs []job.New
	held := map[string]delivery{}
	for part := range slices.Chunk(list, 50) {
		args := make([]any, 0, len(part)*15)
		for _, d := range part {
			args = append(args, int64(tenant), int64(d.ID), int64(d.Lead), int64(d.User), int64(d.Notification), d.Channel, d.Event, null(d.Ticket),
				int64(d.State), int64(0), int64(d.DueAt), int64(d.CreatedAt), nil, "", "")
			if d.State == deliveryHeld {
				held[flushKey(d.User, d.Channel)] = d
			} else {
				jobs = append(jobs, sendJob(tenant, d.ID, 0))
			}
		}
		if err := tx.Queue(ctx, `insert into notify_delivery (tenant_id, id, lead_id, user_id, notification_id, channel, event, ticket_id,
			state, attempts, due_at, created_at, ended_at, receipt, error) values `+db.Values(len(part), 15), args...); err != nil {
			return err
		}
	}
	for key, d := range held {
		at, err := nextHeld(ctx, tx, tenant, d.User, d.Channel)
		if err != nil {
			return err
		}
		jobs = append(jobs, job.New{Tenant: tenant, Kind: kindFlush, Key: key, DueAt: at, Replace: true, Payload: flushing{d.User, d.Channel}})
	}
	return m.Jobs.Add(ctx, tx, jobs...)
}

// push shows a notification on the person's screens. Its id is that of the
// notification, so that showing it again after a crash shows it once.
func (m *Room) push(ctx context.Context, x *reading, n *notification, now clock.Time) {
	event, _ := eventOf(n.Event)
	p := x.prefs[n.User]
	err := m.Hub.Publish(ctx, live.Event{ID: n.ID, Tenant: n.Tenant, Name: "notification", Audience: live.Audience{Users: []id.ID{n.User}},
		Data: pushed{n.ID, n.Event, n.Ticket, n.Urgent, !p.loud(event, n.Urgent, now, x.zone)}})
	if err != nil {
		m.Log.WarnContext(ctx, "a notification could not be pushed", "error", err)
	}
}

// pushed is what a screen hears: it reads the rest with its reader's rights.
type pushed struct {
	ID     id.ID  `json:"id"`
	Event  string `json:"event"`
	Ticket id.ID  `json:"ticket_id,omitzero"`
	Urgent bool   `json:"urgent,omitempty"`
	Quiet  bool   `json:"quiet,omitempty"`
}

func scanID(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) }
