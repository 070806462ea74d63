package routing

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// crew is a tenant's people as the pool knows them, with how old that is.
type crew struct {
	mu      sync.Mutex
	loading sync.Mutex
	pool    *Pool
	dir     *staff.Directory
	at      time.Time // of the pool
	changes int       // counts what was noted: a pool that was read meanwhile is out of date at once
	slowAt  time.Time // of what is read more seldom
	slow    map[id.ID]slowly
}

// slowly is what is read of a person more seldom.
type slowly struct {
	dueSoon int
	records map[id.ID]Record
}

// How old the pool may be. What this node gives away it counts at once; this is
// for what other nodes do, and only makes choices better: room is taken by a
// condition in the store.
const (
	poolAge = 300 * time.Millisecond
	slowAge = 15 * time.Second
)

// crewOf is the pool as of now.
func (m *Room) crewOf(ctx context.Context, tenant id.ID, k *resident) (*Pool, error) {
	c := k.crew
	if p := c.fresh(k); p != nil {
		return p, nil
	}
	c.loading.Lock()
	defer c.loading.Unlock()
	if p := c.fresh(k); p != nil {
		return p, nil
	}
	if err := m.loadSlowly(ctx, tenant, c); err != nil {
		return nil, err
	}
	now := m.Clock.Now()
	started := time.Now()
	c.mu.Lock()
	changes := c.changes
	c.mu.Unlock()
	loads, err := readLoads(ctx, m.DB, tenant)
	if err != nil {
		return nil, err
	}
	presence, err := m.presence(ctx, tenant, now)
	if err != nil {
		return nil, err
	}
	channels, err := m.channelsOf(ctx, tenant, k)
	if err != nil {
		return nil, err
	}
	// Where work is done in teams, who belongs to none (an administrator, an
	// auditor) is not given any unless their profile says how much they carry.
	teams := slices.ContainsFunc(k.dir.Teams(), func(t *staff.Team) bool { return !t.Retired && len(t.Members) > 0 })
	agents := make([]*Agent, 0, len(k.dir.Users()))
	above := map[id.ID][]id.ID{}
	day := dayOf(now, k.zone)
	for _, p := range k.dir.Users() {
		if !p.Active || p.Grants[staff.TicketReply] == staff.ScopeNone {
			continue
		}
		profile := k.profiles[p.ID]
		a := &Agent{ID: p.ID, Teams: p.Teams, Department: p.Department, Skills: p.Skills, Profile: profile,
			May: len(p.Teams) > 0 || !teams || profile.Capacity > 0, Capacity: profile.Capacity}
		if _, ok := above[p.Department]; !ok {
			above[p.Department] = departments(k.dir, p.Department)
		}
		a.Above = above[p.Department]
		l, s := loads[p.ID], c.slow[p.ID]
		a.Load, a.Open, a.LastGiven = l.load, l.open, l.givenAt
		a.Today, a.Week = l.lately(day)
		a.DueSoon, a.Channels, a.Records = s.dueSoon, channels[p.ID], s.records
		presence(p.ID, a)
		agents = append(agents, a)
	}
	c.mu.Lock()
	was := c.pool
	c.mu.Unlock()
	pool := was.Renew(agents) // what records say is not worked out again
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool, c.dir, c.at = pool, k.dir, started
	if c.changes != changes {
		c.at = time.Time{}
	}
	return pool, nil
}

func (c *crew) fresh(k *resident) *Pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pool == nil || c.dir != k.dir || time.Since(c.at) > poolAge {
		return nil
	}
	return c.pool
}

// stale makes the next look read the people anew.
func (m *Room) stale(tenant id.ID) {
	if k, ok, _ := m.kept.Get(tenant); ok {
		k.crew.mu.Lock()
		k.crew.at = time.Time{}
		k.crew.changes++
		k.crew.mu.Unlock()
	}
}

// note counts at once what this node gives to somebody or takes from them.
func (c *crew) note(user id.ID, load, open int, given clock.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	if c.pool == nil {
		return
	}
	was := c.pool.Agent(user)
	if was == nil {
		return
	}
	a := *was
	a.Load += load
	a.Open += open
	if given != 0 {
		a.Today++
		a.Week++
		a.LastGiven = given
	}
	c.pool = c.pool.With(&a)
}

// departments are those from the root to a department.
func departments(dir *staff.Directory, of id.ID) (list []id.ID) {
	for of != 0 && len(list) < 20 {
		d, ok := dir.Department(of)
		if !ok {
			break
		}
		list = append(list, of)
		of = d.Parent
	}
	slices.Reverse(list)
	return list
}

func dayOf(at clock.Time, loc *time.Location) int64 {
	t := at.Std().In(loc)
	_, offset := t.Zone()
	return (t.Unix() + int64(offset)) / 86400
}

// carried is what somebody carries and was given, as the store has it.
type carried struct {
	load, open int
	givenAt    clock.Time
	day        int64
	today      int
	recent     float64
}

// lately is how many somebody was given on a day and, fading, in the week
// before it.
func (l carried) lately(day int64) (today, week int) {
	if l.day == day {
		today = l.today
	}
	return today, int(l.recent*max(0, 1-float64(day-l.day)/7) + 0.5)
}

func readLoads(ctx context.Context, r db.Reader, tenant id.ID) (map[id.ID]carried, error) {
	rows, err := r.Query(ctx, `select user_id, load, open, given_at, day, today, recent from routing_load where tenant_id = $1`, tenant)
	out := map[id.ID]carried{}
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var x carried
		err := r.Scan(&user, &x.load, &x.open, &x.givenAt, &x.day, &x.today, &x.recent)
		out[user] = x
		return struct{}{}, err
	})
	return out, err
}

// channelsOf counts the tickets at hand by channel, of those who have a limit.
func (m *Room) channelsOf(ctx context.Context, tenant id.ID, k *resident) (map[id.ID]map[string]int, error) {
	out := map[id.ID]map[string]int{}
	for user, p := range k.profiles {
		if len(p.Limits) > 0 {
			out[user] = map[string]int{}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	rows, err := m.DB.Query(ctx, `select assignee_id, channel, count(*) from ticket where tenant_id = $1 and assignee_id is not null and status <= 3 and weight > 0 group by assignee_id, channel`, tenant)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var channel string
		var n int
		err := r.Scan(&user, &channel, &n)
		if by := out[user]; by != nil {
			by[channel] = n
		}
		return struct{}{}, err
	})
	return out, err
}

// takeRoom counts a ticket to what somebody carries if there is room for it,
// and says whether there was. It is the only way in which assignment does so:
// two nodes at once cannot give more than fits.
func takeRoom(ctx context.Context, tx *db.Tx, tenant, user id.ID, weight, capacity int, now clock.Time, day int64) (bool, error) {
	if weight > capacity {
		return false, nil
	}
	// An update that finds no room locks nothing: an insert that turns into one
	// would keep the row of a full person locked, and two transactions that try
	// two full people the other way round would wait for each other.
	n, err := tx.Exec(ctx, `update routing_load set load = load + $3, open = open + 1, given_at = $4, day = $5,
		today = case when day = $5 then today + 1 else 1 end,
		recent = 1 + case when day > $5 - 7 then recent * (1 - ($5 - day) / 7.0) else 0 end
		where tenant_id = $1 and user_id = $2 and load + $3 <= $6`, int64(tenant), int64(user), weight, int64(now), day, capacity)
	if err != nil || n == 1 {
		return n == 1, err
	}
	n, err = tx.Exec(ctx, `insert into routing_load (tenant_id, user_id, load, open, given_at, day, today, recent) values ($1, $2, $3, 1, $4, $5, 1, 1)
		on conflict (tenant_id, user_id) do nothing`, int64(tenant), int64(user), weight, int64(now), day) // their first
	return n == 1, err
}

// takeRooms takes room for the first choices of a lot, at each person for all of
// their tickets at once, and says for which tickets; the others are for room to
// try one by one.
func (m *Room) takeRooms(ctx context.Context, tx *db.Tx, k *resident, tenant id.ID, list []*turn) (map[id.ID]id.ID, error) {
	type want struct{ weight, tickets, capacity int }
	wants := map[id.ID]*want{}
	first := func(t *turn) (id.ID, int) {
		d := &t.z.decision
		if len(d.Order) == 0 || d.Mode != Direct && d.Mode != Offer {
			return 0, 0
		}
		if _, limited := k.profiles[d.Order[0]].Limits[t.c.Ticket.Channel]; limited {
			return 0, 0
		}
		return d.Order[0], k.active.Weight(t.c.Ticket.Channel)
	}
	for _, t := range list {
		user, weight := first(t)
		if user == 0 {
			continue
		}
		w := wants[user]
		if w == nil {
			w = &want{capacity: k.active.Capacity(k.profiles[user].Capacity)}
			wants[user] = w
		}
		w.weight, w.tickets = w.weight+weight, w.tickets+1
	}
	if len(wants) < 2 {
		return nil, nil
	}
	now := list[0].c.At
	args := []any{int64(tenant), int64(now), dayOf(now, k.zone)}
	for _, user := range slices.Sorted(maps.Keys(wants)) { // always in one order, as far as the plan keeps it
		w := wants[user]
		args = append(args, int64(user), w.weight, w.tickets, w.capacity)
	}
	rows := 8 // few texts stay prepared: the rest are nobody's
	for rows < len(wants) {
		rows *= 2
	}
	for len(args) < 3+4*rows {
		args = append(args, int64(0), 0, 0, 0)
	}
	got, err := tx.Query(ctx, takeRoomsText(rows), args...)
	users, err := db.Each(got, err, func(r *sql.Rows) (v id.ID, err error) { return v, r.Scan(&v) })
	taken := map[id.ID]id.ID{}
	for _, t := range list {
		if user, _ := first(t); user != 0 && slices.Contains(users, user) {
			taken[t.c.Ticket.ID] = user
		}
	}
	return taken, err
}

// takeRoomsText is takeRoom for several people, each with so many tickets.
func takeRoomsText(rows int) string {
	var b strings.Builder
	b.WriteString(`update routing_load as l set load = l.load + v.column2, open = l.open + v.column3, given_at = $2, day = $3,
		today = case when l.day = $3 then l.today + v.column3 else v.column3 end,
		recent = v.column3 + case when l.day > $3 - 7 then l.recent * (1 - ($3 - l.day) / 7.0) else 0 end
		from (values (cast($4 as bigint), cast($5 as integer), cast($6 as integer), cast($7 as integer))`)
	for n := 8; n < 4+4*rows; n += 4 {
		fmt.Fprintf(&b, `,($%d,$%d,$%d,$%d)`, n, n+1, n+2, n+3)
	}
	b.WriteString(`) as v where l.tenant_id = $1 and l.user_id = v.column1 and l.load + v.column2 <= v.column4 returning user_id`)
	return b.String()
}

// carry counts what a person's own doing or a ticket's fate changes, room or
// not.
func carry(ctx context.Context, tx *db.Tx, tenant, user id.ID, weight, open int) error {
	return tx.Queue(ctx, `insert into routing_load as l (tenant_id, user_id, load, open, given_at, day, today, recent) values ($1, $2, $3, $4, 0, 0, 0, 0)
		on conflict (tenant_id, user_id) do update set load = l.load + excluded.load, open = l.open + excluded.open`,
		int64(tenant), int64(user), weight, open)
}

// loadSlowly reads what changes little, when it is old.
func (m *Room) loadSlowly(ctx context.Context, tenant id.ID, c *crew) error {
	if time.Since(c.slowAt) < slowAge {
		return nil
	}
	at := time.Now()
	slow := map[id.ID]slowly{}
	rows, err := m.DB.Query(ctx, `select user_id, category_id, solved, minutes, reopened from routing_record where tenant_id = $1`, tenant)
	if _, err := db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user, category id.ID
		var x Record
		err := r.Scan(&user, &category, &x.Solved, &x.Minutes, &x.Reopened)
		s := slow[user]
		if s.records == nil {
			s.records = map[id.ID]Record{}
		}
		s.records[category] = x
		slow[user] = s
		return struct{}{}, err
	}); err != nil {
		return err
	}
	now := m.Clock.Now()
	rows, err = m.DB.Query(ctx, `select x.assignee_id, count(*) from (select t.assignee_id from ticket t where t.tenant_id = $1 and t.due_at < $2 and t.due_at > $3
		and t.status <= 4 limit 20000) x where x.assignee_id is not null group by x.assignee_id`, tenant, now.Add(time.Hour), now.Add(-7*24*time.Hour))
	if _, err := db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var n int
		err := r.Scan(&user, &n)
		s := slow[user]
		s.dueSoon = n
		slow[user] = s
		return struct{}{}, err
	}); err != nil {
		return err
	}
	c.slow, c.slowAt = slow, at
	return nil
}

// atHand counts somebody's tickets of a channel, for those who have a limit.
func atHand(ctx context.Context, tx *db.Tx, tenant, user id.ID, channel string) (n int, err error) {
	err = tx.QueryRow(ctx, `select count(*) from ticket where tenant_id = $1 and assignee_id = $2 and status <= 3 and channel = $3 and weight > 0`,
		tenant, user, channel).Scan(&n)
	return n, err
}

// weigh is how much of its assignee's capacity a ticket takes: nothing when it
// waits for a third party or a date.
func (k *resident) weigh(t *ticket.Ticket) int {
	if t.Assignee == 0 || t.SnoozedUntil != 0 {
		return 0
	}
	switch t.Status {
	case ticket.New, ticket.Open, ticket.Pending:
		return k.active.Weight(t.Channel)
	}
	return 0
}
