package roster

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// What a node knows of open screens is in memory; the store learns of it when
// somebody's first one opens and when the last one has been gone for a moment.
// One row by tenant and node says every beat that the node is alive: what a
// node that is silent has written counts no more, and another node clears it
// away. A node that was only slow writes its rows again with its next beat.

const (
	beat    = 20 * time.Second
	silence = 60 * time.Second // after which a node counts as dead
	batch   = 32               // people in one transaction
)

type person struct{ tenant, user id.ID }

type presence struct {
	room *Room
	node id.ID // this process

	mu      sync.Mutex
	present map[person]bool   // has a screen on this node
	told    map[person]bool   // and the store knows
	dirty   map[person]notice // where the two differ, perhaps

	writing sync.Mutex // held by the one who writes
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

type notice struct {
	at    clock.Time // when it happened
	heard time.Time  // by the wall clock
}

func (p *presence) init(m *Room) {
	ctx, cancel := context.WithCancel(context.Background())
	p.room, p.node = m, m.IDs.Next()
	p.present, p.told, p.dirty = map[person]bool{}, map[person]bool{}, map[person]notice{}
	p.wake, p.cancel, p.done = make(chan struct{}, 1), cancel, make(chan struct{})
	go p.run(ctx)
}

func (p *presence) close() {
	p.cancel()
	<-p.done
}

// Connected is told how many screens somebody has on this node whenever that
// changes. It does not wait for anything.
func (m *Room) Connected(tenant, user id.ID, count int) {
	p := &m.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	who := person{tenant, user}
	if (count > 0) == p.present[who] {
		return
	}
	if count > 0 {
		p.present[who] = true
	} else {
		delete(p.present, who)
	}
	p.dirty[who] = notice{m.Clock.Now(), time.Now()}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *presence) run(ctx context.Context) {
	defer close(p.done)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	wait := time.NewTimer(time.Hour)
	defer wait.Stop()
	for n := 0; ; {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-wait.C:
		case <-tick.C:
			n++
			err = p.beat(ctx, n%3 == 1)
		}
		next, werr := p.write(ctx, p.room.Linger)
		wait.Reset(next)
		if err = cmp.Or(err, werr); err != nil && ctx.Err() == nil {
			p.room.Log.Warn("roster: presence", "error", err)
		}
	}
}

// Flush writes down at once who has come and gone.
func (m *Room) Flush(ctx context.Context) error {
	_, err := m.presence.write(ctx, 0)
	return err
}

// write brings the store up to date, but leaves who has been gone for less than
// linger. next is when to look again.
func (p *presence) write(ctx context.Context, linger time.Duration) (next time.Duration, err error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	next = time.Hour
	come, gone := map[id.ID][]id.ID{}, map[id.ID][]id.ID{}
	p.mu.Lock()
	taken := map[person]notice{}
	for who, n := range p.dirty {
		if p.present[who] == p.told[who] {
			delete(p.dirty, who)
			continue
		}
		if p.present[who] {
			come[who.tenant] = append(come[who.tenant], who.user)
		} else {
			if left := linger - time.Since(n.heard); left > 0 {
				next = min(next, left)
				continue
			}
			gone[who.tenant] = append(gone[who.tenant], who.user)
		}
		taken[who] = n
		delete(p.dirty, who)
	}
	p.mu.Unlock()

	each := func(people map[id.ID][]id.ID, is bool, do func(ctx context.Context, tenant id.ID, users []id.ID) error) {
		for tenant, users := range people {
			slices.Sort(users) // so that two nodes lock in one order
			for part := range slices.Chunk(users, batch) {
				e := do(ctx, tenant, part)
				if fault.KindOf(e) == fault.NotFound {
					e = nil // a tenant that is no more
				}
				err = cmp.Or(err, e)
				p.mu.Lock()
				for _, u := range part {
					who := person{tenant, u}
					if e == nil && is {
						p.told[who] = true
					} else if e == nil {
						delete(p.told, who)
					} else if _, newer := p.dirty[who]; !newer {
						p.dirty[who] = taken[who]
						next = min(next, time.Second)
					}
				}
				p.mu.Unlock()
			}
		}
	}
	each(come, true, p.arrived)
	each(gone, false, func(ctx context.Context, tenant id.ID, users []id.ID) error {
		return p.left(ctx, tenant, users, func(u id.ID) clock.Time { return taken[person{tenant, u}].at })
	})
	return next, err
}

// arrived writes that people have a screen on this node.
func (p *presence) arrived(ctx context.Context, tenant id.ID, users []id.ID) error {
	m := p.room
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	zone, err := m.zone(ctx, tenant)
	if err != nil {
		return err
	}
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		at := m.Clock.Now()
		if err := alive(ctx, tx, tenant, p.node, at); err != nil {
			return err
		}
		for _, u := range users {
			if _, err := tx.Exec(ctx, `insert into agent_connection (tenant_id, user_id, node, since) values ($1, $2, $3, $4)
				on conflict (tenant_id, user_id, node) do nothing`, tenant, u, p.node, at); err != nil {
				return err
			}
			if who, ok := dir.User(u); !ok || !who.Active {
				continue
			}
			if _, err := m.change(ctx, tx, dir, u, func(s *Status, now clock.Time) error {
				s.arrive(now, func(t clock.Time) bool { return dayOf(t, zone) == dayOf(now, zone) })
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// left writes that people have no screen on this node any more, since at.
func (p *presence) left(ctx context.Context, tenant id.ID, users []id.ID, at func(id.ID) clock.Time) error {
	dir, err := p.room.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	return p.room.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, u := range users {
			if err := p.room.gone(ctx, tx, dir, u, p.node, at(u)); err != nil {
				return err
			}
		}
		return nil
	})
}

// gone takes a node's screen of a person away; if it was the last one, the
// grace begins.
func (m *Room) gone(ctx context.Context, tx *db.Tx, dir *staff.Directory, user, node id.ID, at clock.Time) error {
	tenant := dir.Tenant.ID
	_, err := m.change(ctx, tx, dir, user, func(s *Status, now clock.Time) error {
		// With the status locked: of two nodes that do this at the same time
		// the second sees what the first has taken away.
		if _, err := tx.Exec(ctx, `delete from agent_connection where tenant_id = $1 and user_id = $2 and node = $3`, tenant, user, node); err != nil {
			return err
		}
		present, err := connected(ctx, tx, tenant, user, now.Add(-silence))
		if err == nil && !present {
			s.leave(min(at, now))
		}
		return err
	})
	return err
}

func alive(ctx context.Context, tx *db.Tx, tenant, node id.ID, at clock.Time) error {
	_, err := tx.Exec(ctx, `insert into agent_node (tenant_id, node, at) values ($1, $2, $3)
		on conflict (tenant_id, node) do update set at = excluded.at`, tenant, node, at)
	return err
}

// Beat says that this node is alive and clears away after nodes that are not:
// it runs by itself every 20 seconds.
func (m *Room) Beat(ctx context.Context) error {
	if err := m.presence.beat(ctx, true); err != nil {
		return err
	}
	return m.Flush(ctx)
}

func (p *presence) beat(ctx context.Context, everywhere bool) error {
	p.mu.Lock()
	mine := map[id.ID][]id.ID{}
	for who := range p.told {
		mine[who.tenant] = append(mine[who.tenant], who.user)
	}
	p.mu.Unlock()
	m := p.room
	tenants := map[id.ID]bool{}
	for t := range mine {
		tenants[t] = true
	}
	if everywhere {
		all, err := m.Staff.Tenants(ctx)
		if err != nil {
			return err
		}
		for _, t := range all {
			tenants[t.ID] = true
		}
	}
	var first error
	for t := range tenants {
		first = cmp.Or(first, p.beatOf(ctx, t, mine[t]))
	}
	return first
}

func (p *presence) beatOf(ctx context.Context, tenant id.ID, mine []id.ID) error {
	m := p.room
	now := m.Clock.Now()
	if len(mine) > 0 {
		if err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return alive(ctx, tx, tenant, p.node, now) }); err != nil {
			return err
		}
		rows, err := m.DB.Query(ctx, `select user_id from agent_connection where tenant_id = $1 and node = $2`, tenant, p.node)
		have, err := db.Each(rows, err, func(r *sql.Rows) (u id.ID, err error) { return u, r.Scan(&u) })
		if err != nil {
			return err
		}
		p.lost(tenant, mine, have)
	}
	rows, err := m.DB.Query(ctx, `select node, at from agent_node where tenant_id = $1 and at < $2 and node <> $3`, tenant, now.Add(-silence), p.node)
	dead, err := db.Each(rows, err, func(r *sql.Rows) (n notedNode, err error) { return n, r.Scan(&n.node, &n.at) })
	if err != nil || len(dead) == 0 {
		return err
	}
	dir, err := m.Staff.Directory(ctx, tenant)
	if err != nil {
		return err
	}
	for _, n := range dead {
		if err := m.bury(ctx, dir, n); err != nil {
			return err
		}
	}
	return nil
}

type notedNode struct {
	node id.ID
	at   clock.Time // of its last sign of life
}

// lost notes again who was taken for gone while this node was silent.
func (p *presence) lost(tenant id.ID, mine, have []id.ID) {
	known := make(map[id.ID]bool, len(have))
	for _, u := range have {
		known[u] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range mine {
		if who := (person{tenant, u}); !known[u] && p.told[who] {
			delete(p.told, who)
			p.dirty[who] = notice{p.room.Clock.Now(), time.Now()}
		}
	}
}

// bury takes away what a dead node has written. Everybody who had a screen only
// there has been gone since its last sign of life.
func (m *Room) bury(ctx context.Context, dir *staff.Directory, n notedNode) error {
	tenant := dir.Tenant.ID
	for {
		more := false
		err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			var at clock.Time
			err := tx.QueryRow(ctx, `select at from agent_node where tenant_id = $1 and node = $2`+tx.Engine().ForUpdate(), tenant, n.node).Scan(&at)
			if errors.Is(err, sql.ErrNoRows) || err == nil && at != n.at {
				more = false
				return nil // another was quicker, or it lives
			}
			if err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `select user_id from agent_connection where tenant_id = $1 and node = $2 order by user_id limit $3`, tenant, n.node, batch)
			users, err := db.Each(rows, err, func(r *sql.Rows) (u id.ID, err error) { return u, r.Scan(&u) })
			if err != nil {
				return err
			}
			for _, u := range users {
				if err := m.gone(ctx, tx, dir, u, n.node, n.at); err != nil {
					return err
				}
			}
			if more = len(users) == batch; more {
				return nil
			}
			_, err = tx.Exec(ctx, `delete from agent_node where tenant_id = $1 and node = $2`, tenant, n.node)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}
