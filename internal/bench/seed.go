// Package bench fills stores and measures servers. What it fills a store with
// is made up and says so; what it measures goes through the same doors that
// people and programs use, on this machine only.
package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/sla"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fulltext"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

const (
	seedOf = 8480
	years  = 2 * 365 * 24 * time.Hour // over which the tickets are spread
	// MaxTickets is how many one run seeds at most.
	MaxTickets = 20_000_000

	batchTickets   = fulltext.BulkDocs / 16
	batchCustomers = 1024
)

// ErrNotEmpty says that there are tickets already.
var ErrNotEmpty = errors.New("the store has tickets already; seeding takes an empty one (a run that was cut off is not continued: remove the data first)")

// SeedOptions say how much.
type SeedOptions struct {
	Tickets  int
	Progress func(stage string, done, of int) // may be nil
}

// Seeded is what a run made.
type Seeded struct {
	Tickets   int     `json:"tickets"`
	Customers int     `json:"customers"`
	Active    int     `json:"active"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
	Token     string  `json:"token"` // of the administrator
}

// seeding is a run.
type seeding struct {
	s         *server.Server
	total     int
	now       clock.Time
	tenant    id.ID
	places    []place
	kinds     []*kind
	customers []id.ID
	number    map[id.ID]int // of a customer in customers
	rare      int           // every so many tickets have the rare words
	words     *vocabulary
	loader    *ticket.Loader
	stand     func(t *ticket.Ticket, now clock.Time, past *sla.Past) error
	progress  func(stage string, done, of int)
}

// place is a team with those who work in it.
type place struct {
	team, department id.ID
	agents           []id.ID
}

// Seed fills the store. Customers come first, then tickets with their whole
// past, all in the order of time, in transactions of a thousand tickets,
// which are synced to disk together at the end.
func Seed(ctx context.Context, s *server.Server, o SeedOptions) (Seeded, error) {
	var out Seeded
	if o.Tickets < 1 || o.Tickets > MaxTickets {
		return out, fmt.Errorf("tickets: 1 to %d", MaxTickets)
	}
	var one int
	if err := s.DB.QueryRow(ctx, `select count(*) from (select 1 from ticket limit 1) t`).Scan(&one); err != nil {
		return out, err
	} else if one > 0 {
		return out, ErrNotEmpty
	}
	g := &seeding{s: s, total: o.Tickets, now: clock.From(time.Now()), words: newVocabulary(), number: map[id.ID]int{},
		rare: max(1, o.Tickets/rareTickets), progress: o.Progress}
	if g.progress == nil {
		g.progress = func(string, int, int) {}
	}
	if err := g.house(ctx); err != nil {
		return out, err
	}
	// Much is made and thrown away.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(800 << 20))
	start := time.Now()
	sync, err := s.DB.Unsynced(ctx)
	if err != nil {
		return out, err
	}
	if err := errors.Join(g.fill(ctx), sync()); err != nil {
		return out, err
	}
	if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(s.Routing.Adopt(ctx, tx, g.tenant), s.SLA.Renew(ctx, tx, g.tenant))
	}); err != nil {
		return out, err
	}
	out.Tickets, out.Customers, out.Seconds = o.Tickets, len(g.customers), time.Since(start).Seconds()
	out.PerSecond = float64(o.Tickets) / out.Seconds
	if err := s.DB.QueryRow(ctx, `select count(*) from ticket where tenant_id = $1 and status <= 4`, g.tenant).Scan(&out.Active); err != nil {
		return out, err
	}
	out.Token, err = token(ctx, s, g.tenant)
	return out, err
}

func (g *seeding) fill(ctx context.Context) error {
	if err := g.people(ctx, max(1, g.total/4)); err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	if err := g.tickets(ctx); err != nil {
		return fmt.Errorf("tickets: %w", err)
	}
	if err := g.s.DB.Tx(ctx, analyze); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}

// analyze lets the planner of PostgreSQL know how the tables are filled. SQLite
// goes by assumed statistics, as it does everywhere (adr/0005); sampled ones
// would be worse, since a sample says that few rows share a tenant.
func analyze(ctx context.Context, tx *db.Tx) error {
	if tx.Engine() == db.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `analyze`)
	return err
}

// house finds the tenant and its people, or makes them.
func (g *seeding) house(ctx context.Context) error {
	tenants, err := g.s.Staff.Tenants(ctx)
	if err != nil {
		return err
	}
	if len(tenants) == 0 {
		t, err := makeHouse(ctx, g.s)
		if err != nil {
			return err
		}
		tenants = []staff.Tenant{t}
	}
	g.tenant = tenants[0].ID
	if _, err := g.s.Vault.Tenant(ctx, g.tenant); err != nil {
		return err
	}
	dir, err := g.s.Staff.Directory(ctx, g.tenant)
	if err != nil {
		return err
	}
	for _, t := range dir.Teams() {
		p := place{team: t.ID, department: t.Department}
		for _, m := range t.Members {
			p.agents = append(p.agents, m.User)
		}
		if len(p.agents) > 0 {
			g.places = append(g.places, p)
		}
	}
	if len(g.places) == 0 {
		return errors.New("the company has no team with people in it; make one, or seed an empty store")
	}
	catalog, err := g.s.Forms.Get(ctx, g.tenant)
	if err != nil {
		return err
	}
	var categories []id.ID
	for _, c := range catalog.Categories() {
		if !c.Retired {
			categories = append(categories, c.ID)
		}
	}
	for _, k := range kinds(categories) {
		if _, ok := catalog.Type(k.typ); ok {
			for range k.share {
				g.kinds = append(g.kinds, k)
			}
		}
	}
	if len(g.kinds) == 0 || len(categories) == 0 {
		return errors.New("the company has none of the shipped ticket types or no categories")
	}
	if err := g.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return g.s.Index.EnsurePartitions(ctx, tx, int64(g.now.Add(-years)), int64(g.now))
	}); err != nil {
		return err
	}
	if g.stand, err = g.s.SLA.Standing(ctx, g.tenant); err != nil {
		return err
	}
	g.loader, err = g.s.Desk.Loader(ctx, g.tenant)
	return err
}

// makeHouse makes a company with an administrator and three teams of four. They
// have no passwords.
func makeHouse(ctx context.Context, s *server.Server) (staff.Tenant, error) {
	t, err := s.Staff.CreateTenant(ctx, staff.NewTenant{Name: "Bench 测量"})
	if err != nil {
		return t, err
	}
	system := staff.System(t.ID)
	dir, err := s.Staff.Directory(ctx, t.ID)
	if err != nil {
		return t, err
	}
	admin, _ := dir.RoleByKey(staff.Administrator)
	agent, _ := dir.RoleByKey(staff.Agent)
	for i, name := range []string{"一组", "二组", "三组"} {
		d, err := s.Staff.CreateDepartment(ctx, system, staff.DepartmentChange{Name: &name})
		if err != nil {
			return t, err
		}
		team, err := s.Staff.CreateTeam(ctx, system, staff.TeamChange{Name: &name, Department: &d.ID})
		if err != nil {
			return t, err
		}
		for j := range 4 {
			role := agent.ID
			if i == 0 && j == 0 {
				role = admin.ID
			}
			if _, err := s.Staff.CreateUser(ctx, system, staff.NewUser{Email: fmt.Sprintf("bench%d@bench.example", 4*i+j), Name: fmt.Sprintf("坐席 %d", 4*i+j),
				Department: d.ID, Teams: []id.ID{team.ID}, Roles: []id.ID{role}}); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// Token makes an API token for the first administrator of the only tenant; it
// is empty when there are no tickets to measure with.
func Token(ctx context.Context, s *server.Server) (string, error) {
	var tenant int64
	err := s.DB.QueryRow(ctx, `select tenant_id from ticket limit 1`).Scan(&tenant)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return token(ctx, s, id.ID(tenant))
}

func token(ctx context.Context, s *server.Server, tenant id.ID) (string, error) {
	dir, err := s.Staff.Directory(ctx, tenant)
	if err != nil {
		return "", err
	}
	admin, _ := dir.RoleByKey(staff.Administrator)
	for _, u := range dir.Users() {
		for _, r := range u.Roles {
			if r == admin.ID && u.Active {
				secret, _, err := s.Staff.CreateToken(ctx, staff.System(tenant), u.ID, staff.NewToken{Name: "bench"})
				return secret, err
			}
		}
	}
	return "", errors.New("the company has no administrator")
}

func customerName(i int) string {
	const family, given = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红梅"
	f, g := []rune(family), []rune(given)
	if i%10 < 7 {
		return string([]rune{f[i%len(f)], g[i/len(f)%len(g)], g[i/len(f)/len(g)%len(g)]})
	}
	a, b := syllables[i%len(syllables)], syllables[i/len(syllables)%len(syllables)]
	return string(a[0]-32) + a[1:] + b + " Example"
}

// Phone is the number of a seeded customer, plainly made up.
func Phone(i int) string { return fmt.Sprintf("138%08d", i%100_000_000) }

// people makes the customers.
func (g *seeding) people(ctx context.Context, n int) error {
	moving := clock.At(g.now.Add(-years - time.Hour))
	book := customer.New(customer.Config{DB: g.s.DB, IDs: id.NewSource(node, moving.Millis), Clock: moving, Vault: g.s.Vault})
	step := years / time.Duration(n)
	return pipe(ctx, (n+batchCustomers-1)/batchCustomers,
		func(i int) (int, error) { return i, nil },
		func(batch int) ([]customer.Prepared, error) {
			var out []customer.Prepared
			for i := batch * batchCustomers; i < min(n, (batch+1)*batchCustomers); i++ {
				moving.Set(g.now.Add(-years - time.Hour).Add(time.Duration(i) * step))
				p, err := book.Prepare(g.tenant, customer.Contact{Name: customerName(i), Phone: Phone(i)})
				if err != nil {
					return nil, err
				}
				out = append(out, p)
			}
			return out, nil
		},
		func(batch int, list []customer.Prepared) error {
			var made []id.ID
			err := g.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				made, err = book.InsertNew(ctx, tx, list)
				return err
			})
			for _, c := range made {
				g.number[c] = len(g.customers)
				g.customers = append(g.customers, c)
			}
			g.progress("customers", len(g.customers), n)
			return err
		})
}

// customerOf chooses for whom a ticket is: every fourth is somebody new.
func (g *seeding) customerOf(r *rand.Rand, index int) id.ID {
	newest := min(index/4, len(g.customers)-1)
	if index%4 == 0 {
		return g.customers[newest]
	}
	return g.customers[r.IntN(newest+1)]
}

func (g *seeding) indexOf(c id.ID) int { return g.number[c] }

// tickets makes all of them.
func (g *seeding) tickets(ctx context.Context) error {
	plan := rand.New(rand.NewPCG(seedOf, 1))
	step := float64(years.Milliseconds()-2000) / float64(g.total)
	// The store is written to beside everything else.
	type batch struct {
		*ticket.Load
		clocks *sla.Past
	}
	ready, written := make(chan batch, 1), make(chan error, 1)
	failed, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go func() {
		var err error
		for load := range ready {
			if err == nil {
				err = g.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					if err := g.loader.WriteIn(ctx, tx, load.Load); err != nil {
						return err
					}
					return load.clocks.WriteIn(ctx, tx)
				})
				if err != nil {
					fail(err)
				}
			}
		}
		written <- err
	}()
	err := pipe(ctx, (g.total+batchTickets-1)/batchTickets,
		func(batch int) ([]planned, error) { // in order: numbers count up with time
			var out []planned
			for i := batch * batchTickets; i < min(g.total, (batch+1)*batchTickets); i++ {
				at := g.now.Add(-years) + clock.Time(float64(i)*step)
				k := g.kinds[plan.IntN(len(g.kinds))]
				out = append(out, planned{i, at, k, g.loader.Number(k.typ, at)})
			}
			return out, nil
		},
		func(list []planned) (batch, error) {
			r := rand.New(rand.NewPCG(seedOf, uint64(list[0].index)+2))
			m := &maker{seeding: g, r: r, w: g.words.writer(r)}
			pasts, clocks := make([]ticket.Past, len(list)), &sla.Past{}
			for i, p := range list {
				pasts[i] = m.past(p)
				if err := g.stand(pasts[i].Ticket, g.now, clocks); err != nil {
					return batch{}, err
				}
			}
			return batch{g.loader.Prepare(list[0].index, pasts), clocks}, nil
		},
		func(n int, load batch) error {
			if err := g.loader.Gather(load.Load); err != nil {
				return err
			}
			select {
			case ready <- load:
				g.progress("tickets", min(g.total, (n+1)*batchTickets), g.total)
				return nil
			case <-failed.Done():
				return context.Cause(failed)
			}
		})
	close(ready)
	if err := errors.Join(err, <-written); err != nil {
		return err
	}
	return g.loader.Finish(ctx)
}

// pipe runs n batches through three stages: first one after another, second on
// all processors, third again one after another in the same order.
func pipe[A, B any](ctx context.Context, n int, first func(int) (A, error), second func(A) (B, error), third func(int, B) error) error {
	type result struct {
		b   B
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	line := make(chan chan result, runtime.GOMAXPROCS(0)+1)
	go func() {
		defer close(line)
		for i := range n {
			a, err := first(i)
			c := make(chan result, 1)
			select {
			case line <- c:
			case <-ctx.Done():
				return
			}
			if err != nil {
				c <- result{err: err}
				return
			}
			go func() {
				b, err := second(a)
				c <- result{b, err}
			}()
		}
	}()
	i := 0
	for c := range line {
		r := <-c
		if r.err == nil {
			r.err = third(i, r.b)
		}
		if r.err != nil {
			return r.err
		}
		i++
	}
	return ctx.Err()
}
