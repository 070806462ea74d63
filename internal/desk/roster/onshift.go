package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Shifts is who works when, around a moment, by what is published and without
// the leaves that are approved. It does not change.
type Shifts struct {
	from, to clock.Time // for which moments it can be asked
	people   map[id.ID]turns
}

type turns struct {
	work []stretch // in order, joined where they touch
	days []stretch // days that have a shift, and the shifts that run over them, leaves or not
}

// On says whether somebody is on shift at a moment, when that shift ends (with
// those that follow it without a gap), and whether the plan has a shift for
// them on that day at all.
func (s *Shifts) On(user id.ID, at clock.Time) (on bool, end clock.Time, planned bool) {
	t, ok := s.people[user]
	if !ok {
		return false, 0, false
	}
	for _, d := range t.days {
		planned = planned || d.from <= at && at < d.to
	}
	for _, w := range t.work {
		if w.from <= at && at < w.to {
			return true, w.to, planned
		}
	}
	return false, 0, planned
}

// OnShift is On of the present plan. It must not be called within a transaction.
func (m *Room) OnShift(ctx context.Context, tenant, user id.ID, at clock.Time) (on bool, end clock.Time, planned bool, err error) {
	s, err := m.Shifts(ctx, tenant, at)
	if err != nil {
		return false, 0, false, err
	}
	on, end, planned = s.On(user, at)
	return on, end, planned, nil
}

// Shifts is who works when around a moment; it reads the store only the first
// time, after a change of the plan and every few days. It must not be called
// within a transaction.
func (m *Room) Shifts(ctx context.Context, tenant id.ID, at clock.Time) (*Shifts, error) {
	m.mu.RLock()
	k, drops := m.shifts[tenant], m.plans
	m.mu.RUnlock()
	if k != nil && k.from <= at && at < k.to {
		return k, nil
	}
	zone, err := m.zone(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if k, err = loadShifts(ctx, m.DB, tenant, at, zone); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if drops == m.plans {
		m.shifts[tenant] = k
	}
	return k, nil
}

func loadShifts(ctx context.Context, d *db.DB, tenant id.ID, at clock.Time, zone *time.Location) (*Shifts, error) {
	today := dayOf(at, zone)
	k := &Shifts{from: (today - 1).at(0, zone), to: (today + 3).at(0, zone), people: map[id.ID]turns{}}
	return k, d.Snapshot(ctx, func(ctx context.Context, r db.Reader) error {
		cells, err := readCells(ctx, r, tenant, today-3, today+5, nil)
		if err != nil {
			return err
		}
		away, err := approved(ctx, r, tenant, int64((today-4).at(0, zone)), int64((today+7).at(0, zone)), nil)
		if err != nil {
			return err
		}
		days := map[id.ID]map[Day][]Item{}
		for _, c := range cells {
			if len(c.Published) > 0 {
				if days[c.User] == nil {
					days[c.User] = map[Day][]Item{}
				}
				days[c.User][c.Day] = c.Published
			}
		}
		for u, list := range days {
			shifts := place(list, zone)
			t := turns{work: without(joined(shifts), away[u])}
			for _, p := range shifts {
				t.days = append(t.days, stretch{min(p.from, p.day.at(0, zone)), max(p.to, (p.day+1).at(0, zone))})
			}
			k.people[u] = t
		}
		return nil
	})
}

// joined are shifts as stretches, joined where one follows the other at once.
func joined(list []placed) []stretch {
	var out []stretch
	for _, p := range list {
		if n := len(out); n > 0 && p.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, p.to)
			continue
		}
		out = append(out, p.stretch)
	}
	return out
}

// planChanged forgets what was known of a plan, here and on the other nodes.
func (m *Room) planChanged(tenant id.ID) {
	m.forgetPlan(tenant)
	m.tell(message{Tenant: tenant, Plan: true})
}

func (m *Room) forgetPlan(tenant id.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.shifts, tenant)
	m.plans++
}

// kindShift is the timer of the end of somebody's shift: one a person, set to
// the next end and from there to the one after it.
const kindShift = "roster.shift"

// schedule sets the timers of people whose published plan has changed.
func (m *Room) schedule(ctx context.Context, tx *db.Tx, tenant id.ID, users []id.ID, zone *time.Location, now clock.Time) error {
	if m.Ended == nil {
		return nil
	}
	for _, u := range users {
		end, err := nextEnd(ctx, tx, tenant, u, zone, now)
		if err != nil {
			return err
		}
		if end == 0 {
			err = m.Jobs.Cancel(ctx, tx, tenant, kindShift, u.String())
		} else {
			err = m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindShift, Key: u.String(), DueAt: end, Replace: true, Payload: struct{}{}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nextEnd is the first end of a shift after a moment after which no other
// follows at once; zero when there is none.
func nextEnd(ctx context.Context, r db.Reader, tenant, user id.ID, zone *time.Location, now clock.Time) (clock.Time, error) {
	const some = 62
	for from := dayOf(now, zone) - 2; ; {
		rows, err := r.Query(ctx, `select day, published from roster_cell where tenant_id = $1 and user_id = $2 and day >= $3 and published <> '' order by day limit $4`,
			tenant, user, int64(from), some)
		days := map[Day][]Item{}
		last := from
		_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
			var text string
			if err := r.Scan((*int64)(&last), &text); err != nil {
				return struct{}{}, err
			}
			items, err := unpack(text)
			days[last] = items
			return struct{}{}, err
		})
		if err != nil {
			return 0, err
		}
		for _, s := range joined(place(days, zone)) {
			if s.to > now {
				return s.to, nil
			}
		}
		if len(days) < some {
			return 0, nil
		}
		from = last
	}
}

// shiftEnded tells that somebody's shift is over, and sets the timer of the
// next end, in the transaction that ends this one.
func (m *Room) shiftEnded(ctx context.Context, j job.Job) error {
	user, err := id.Parse(j.Key)
	if err != nil {
		return job.Park(err)
	}
	zone, err := m.zone(ctx, j.Tenant)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		now := max(m.Clock.Now(), j.DueAt)
		if m.Ended != nil {
			// Who is on leave has been told of it when the leave began.
			away, err := approved(ctx, tx, j.Tenant, int64(j.DueAt)-1, int64(j.DueAt), []id.ID{user})
			if err != nil {
				return err
			}
			if len(away[user]) == 0 {
				if err := m.Ended(ctx, tx, j.Tenant, user, WhyShift); err != nil {
					return err
				}
			}
		}
		return m.schedule(ctx, tx, j.Tenant, []id.ID{user}, zone, now)
	})
}

func unpack(text string) (items []Item, err error) {
	if text == "" {
		return nil, nil
	}
	return items, json.Unmarshal([]byte(text), &items)
}

func unmarshal(text string, into any) error { return json.Unmarshal([]byte(text), into) }

func text(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// worked is the time of one list of stretches that lies in another; both are in
// order.
func worked(a, b []stretch) (d time.Duration) {
	for _, x := range a {
		i, _ := slices.BinarySearchFunc(b, x.from, func(s stretch, at clock.Time) int {
			if s.to <= at {
				return -1
			}
			return 1
		})
		for ; i < len(b) && b[i].from < x.to; i++ {
			d += min(x.to, b[i].to).Sub(max(x.from, b[i].from))
		}
	}
	return d
}
