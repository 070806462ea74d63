package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

// QueueOptions say how many tickets wait for how many people.
type QueueOptions struct {
	Waiting, Agents int
	Progress        func(what string) // may be nil
}

// Drained is how fast a queue was given away.
type Drained struct {
	Waiting   int     `json:"waiting"`
	Agents    int     `json:"agents"`
	Opened    float64 `json:"opened_per_second"` // in this process, into the queue
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
}

// Queue fills the queue of an empty store while nobody is there, lets everybody
// come and measures until nothing waits any more. The house is one of its own;
// its jobs must be running.
func Queue(ctx context.Context, s *server.Server, o QueueOptions) (Drained, error) {
	out := Drained{Waiting: o.Waiting, Agents: o.Agents}
	if o.Waiting < 1 || o.Waiting > 1_000_000 || o.Agents < 1 || o.Agents > 5000 {
		return out, errors.New("1 to 1,000,000 tickets and 1 to 5,000 agents")
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if tenants, err := s.Staff.Tenants(ctx); err != nil || len(tenants) > 0 {
		return out, errors.Join(err, ErrNotEmpty)
	}
	t, err := makeHouse(ctx, s)
	if err != nil {
		return out, err
	}
	o.Progress(fmt.Sprintf("%d agents", o.Agents))
	agents, err := People(ctx, s, t.ID, o.Agents, 0)
	if err != nil {
		return out, err
	}
	o.Progress(fmt.Sprintf("%d tickets into the queue", o.Waiting))
	started := time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex
	left := o.Waiting
	for range 32 {
		wg.Go(func() {
			for {
				mu.Lock()
				left--
				n := left
				mu.Unlock()
				if n < 0 || ctx.Err() != nil {
					return
				}
				_, e := s.Desk.Create(ctx, staff.System(t.ID), ticket.NewTicket{Subject: fmt.Sprintf("排队 %d", n), Body: "请问什么时候发货", Type: "enquiry",
					Requester: customer.Contact{Name: "排队客户"}})
				if e != nil {
					mu.Lock()
					err, left = e, 0
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if err != nil {
		return out, err
	}
	out.Opened = float64(o.Waiting) / time.Since(started).Seconds()
	if s.DB.Engine() == db.Postgres { // as a store has been that is older than a minute
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, "analyze"); return err }); err != nil {
			return out, err
		}
	}
	o.Progress("everybody comes")
	started = time.Now()
	for _, a := range agents {
		if _, err := s.Roster.SetOwn(ctx, a, roster.NewState{State: roster.Online}); err != nil {
			return out, err
		}
	}
	for {
		var n int
		if err := s.DB.QueryRow(ctx, `select count(*) from (select 1 from routing_wait where tenant_id = $1 limit 1000) x`, t.ID).Scan(&n); err != nil {
			return out, err
		}
		if n == 0 {
			break
		}
		if time.Since(started) > 20*time.Minute || ctx.Err() != nil {
			return out, errors.Join(fmt.Errorf("%d still wait", n), ctx.Err())
		}
		time.Sleep(100 * time.Millisecond) // polling the store: there is no event for "nothing left"
	}
	out.Seconds = time.Since(started).Seconds()
	out.PerSecond = float64(o.Waiting) / out.Seconds
	return out, nil
}

// People makes agents in the teams of a house, with room for much; the first so
// many are online.
func People(ctx context.Context, s *server.Server, tenant id.ID, agents, online int) ([]*staff.Actor, error) {
	dir, err := s.Staff.Directory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	role, _ := dir.RoleByKey(staff.Agent)
	var out []*staff.Actor
	for i := range agents {
		team := dir.Teams()[i%len(dir.Teams())]
		p, err := s.Staff.CreateUser(ctx, staff.System(tenant), staff.NewUser{Email: fmt.Sprintf("queue%d@bench.example", i), Name: fmt.Sprintf("坐席 %d", i),
			Department: team.Department, Teams: []id.ID{team.ID}, Roles: []id.ID{role.ID}})
		if err != nil {
			return nil, err
		}
		a, err := s.Staff.Actor(ctx, tenant, p.ID)
		if err != nil {
			return nil, err
		}
		if err := s.Routing.SetCapacity(ctx, tenant, a.ID, 1_000_000); err != nil {
			return nil, err
		}
		if i < online {
			if _, err := s.Roster.SetOwn(ctx, a, roster.NewState{State: roster.Online}); err != nil {
				return nil, err
			}
		}
		out = append(out, a)
	}
	return out, nil
}
