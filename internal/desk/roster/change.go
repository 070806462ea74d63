package roster

import (
	"context"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
	"zhidan/internal/platform/live"
)

// Kinds of job of the room.
const (
	kindGone  = "roster.gone"  // timer: the grace of somebody without a screen
	kindUntil = "roster.until" // timer: the end that was set with a state
)

func (m *Room) registerJobs() {
	each := func(kind string, fn func(ctx context.Context, j job.Job) error) {
		m.Jobs.Handle(job.Kind{Name: kind, Concurrency: 2, MaxAttempts: 20, Timeout: time.Minute}, func(ctx context.Context, jobs []job.Job) error {
			for _, j := range jobs {
				if err := fn(ctx, j); err != nil {
					return err
				}
			}
			return nil
		})
	}
	timer := func(kind string, fn func(s *Status, now clock.Time, present bool)) {
		each(kind, func(ctx context.Context, j job.Job) error { return m.onTimer(ctx, j, fn) })
	}
	each(kindShift, m.shiftEnded)
	each(kindLeave, m.leaveBegins)
	timer(kindGone, func(s *Status, now clock.Time, present bool) {
		switch {
		case s.gone == 0: // somebody was quicker
		case present:
			s.gone = 0
		default:
			s.lapse(now)
		}
	})
	timer(kindUntil, func(s *Status, now clock.Time, present bool) {
		if s.Until != 0 && s.Until <= now {
			s.end(now, present)
		}
	})
}

// onTimer changes a state in the transaction that ends its timer.
func (m *Room) onTimer(ctx context.Context, j job.Job, fn func(s *Status, now clock.Time, present bool)) error {
	user, err := id.Parse(j.Key)
	if err != nil {
		return job.Park(err)
	}
	dir, err := m.Staff.Directory(ctx, j.Tenant)
	if err != nil {
		return err
	}
	done := job.Done(ctx)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		_, err := m.change(ctx, tx, dir, user, func(s *Status, now clock.Time) error {
			present, err := connected(ctx, tx, j.Tenant, user, now.Add(-silence))
			fn(s, now, present)
			return err
		})
		return err
	})
}

// change is the only way in which a state changes: the status is locked, fn
// makes of it what it shall be, and everything that follows is written with it.
func (m *Room) change(ctx context.Context, tx *db.Tx, dir *staff.Directory, user id.ID, fn func(s *Status, now clock.Time) error) (Status, error) {
	tenant := dir.Tenant.ID
	now := m.Clock.Now()
	s, err := lockStatus(ctx, tx, tenant, user, now)
	if err != nil {
		return s, err
	}
	now = max(now, s.Since) // a clock that was set back makes no stretch of negative length
	was := s
	if err := fn(&s, now); err != nil || s == was {
		return s, err
	}
	s.Version++
	if s.State != was.State && was.Version > 0 {
		// A stretch of months is kept in parts, so that whoever asks for a
		// period need not look further back than one of them.
		for part := was; ; part.Since = part.Since.Add(maxSpan) {
			if err := writeSpan(ctx, tx, tenant, part, min(now, part.Since.Add(maxSpan))); err != nil {
				return s, err
			}
			if part.Since.Add(maxSpan) >= now {
				break
			}
		}
	}
	if err := writeStatus(ctx, tx, tenant, s); err != nil {
		return s, err
	}
	var due clock.Time
	if s.gone != 0 && s.gone != was.gone {
		set, _, err := readSettings(ctx, tx, tenant)
		if err != nil {
			return s, err
		}
		due = max(now, s.gone.Add(set.grace()))
	}
	if err := m.timer(ctx, tx, tenant, user, kindGone, was.gone, s.gone, due); err != nil {
		return s, err
	}
	if err := m.timer(ctx, tx, tenant, user, kindUntil, was.Until, s.Until, s.Until); err != nil {
		return s, err
	}
	// Before what Changed orders: work that is given out anew must find them as
	// they are now.
	tx.AfterCommit(func() { m.announce(dir, was, s) })
	if s.State != was.State && m.Changed != nil {
		if err := m.Changed(ctx, tx, tenant, user, was.State, s.State); err != nil {
			return s, err
		}
	}
	return s, nil
}

// timer sets, moves or takes away a timer of a person.
func (m *Room) timer(ctx context.Context, tx *db.Tx, tenant, user id.ID, kind string, was, is, due clock.Time) error {
	switch {
	case was == is:
		return nil
	case is == 0:
		return m.Jobs.Cancel(ctx, tx, tenant, kind, user.String())
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kind, Key: user.String(), DueAt: due, Replace: true, Payload: struct{}{}})
}

// announce tells of a change that has been committed.
func (m *Room) announce(dir *staff.Directory, was, s Status) {
	tenant := dir.Tenant.ID
	m.saw(tenant, s)
	m.tell(message{Tenant: tenant, Status: &s})
	if m.Hub != nil {
		p, _ := dir.User(s.User)
		to := live.Audience{Users: []id.ID{s.User}, Teams: p.Teams}
		if p.Department != 0 {
			to.Departments = []id.ID{p.Department}
		}
		err := m.Hub.Publish(context.Background(), live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "agent_state", Audience: to,
			Data: pushed{s.User, s.State, was.State, s.Since, s.Until, s.Forced}})
		if err != nil {
			m.Log.Warn("roster: screens were not told", "error", err)
		}
	}
	if s.State == was.State {
		return
	}
	m.mu.RLock()
	told := m.told
	m.mu.RUnlock()
	for _, fn := range told {
		fn(context.Background(), tenant, s.User, was.State, s.State)
	}
}

// pushed is a change as screens hear of it.
type pushed struct {
	User  id.ID      `json:"user_id"`
	State State      `json:"state"`
	From  State      `json:"from"`
	Since clock.Time `json:"since"`
	Until clock.Time `json:"until,omitempty"`
	Force bool       `json:"forced,omitempty"`
}

// NewState is a state that somebody sets.
type NewState struct {
	State  State      `json:"state" enum:"online,busy,break,meal,training,after_call,offline"`
	Until  clock.Time `json:"until,omitempty" doc:"when it ends by itself; who is there is online then"`
	Reason string     `json:"reason,omitempty" maxLength:"200"`
}

// SetOwn sets one's own state. What a program sets for somebody who has no
// screen holds until it is changed, until its end, or until a screen has opened
// and closed again.
func (m *Room) SetOwn(ctx context.Context, a *staff.Actor, in NewState) (Status, error) {
	if a.Kind != staff.KindStaff || a.ID == 0 {
		return Status{}, fault.New(fault.Forbidden, "roster.no_agent", "only a person of the staff has a state")
	}
	return m.set(ctx, a, a.ID, in, false)
}

// Force sets somebody else's state, and it is written down who did.
func (m *Room) Force(ctx context.Context, a *staff.Actor, user id.ID, in NewState) (Status, error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return Status{}, err
	}
	p, ok := dir.User(user)
	if !ok || !within(a, staff.RosterRead, &p) && !within(a, staff.RosterManage, &p) {
		return Status{}, fault.Missing("user")
	}
	if !within(a, staff.RosterManage, &p) {
		return Status{}, fault.New(fault.Forbidden, "auth.forbidden", "this person is not in your charge")
	}
	if !p.Active {
		return Status{}, fault.New(fault.Conflict, "user.inactive", "the account is closed")
	}
	return m.set(ctx, a, user, in, a.ID != user)
}

func (m *Room) set(ctx context.Context, a *staff.Actor, user id.ID, in NewState, forced bool) (out Status, err error) {
	now := m.Clock.Now()
	c := choice{in.State, in.Until, a.ID, forced, in.Reason, forced || !a.OnScreen()}
	if err := c.check(now); err != nil {
		return out, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	zone, err := m.zone(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = m.change(ctx, tx, dir, user, func(s *Status, now clock.Time) error {
			present, err := connected(ctx, tx, a.Tenant, user, now.Add(-silence))
			if err != nil {
				return err
			}
			if c.state == Break && s.State != Break && !forced {
				set, _, err := readSettings(ctx, tx, a.Tenant)
				if err != nil {
					return err
				}
				left, limited, err := m.breakLeft(ctx, tx, set, a.Tenant, user, zone, now)
				if err != nil {
					return err
				}
				if limited && left <= 0 {
					return fault.New(fault.Conflict, "roster.break_used", "the breaks of today are used up").With("minutes", (time.Duration(set.Break) * time.Minute).String())
				}
			}
			c := c
			c.held = c.held && !present
			s.choose(c, now, present)
			return nil
		})
		if err == nil && forced {
			if err = m.Staff.Record(ctx, tx, a, staff.Act{Kind: "agent_state.forced", Subject: user, Data: map[string]any{"state": in.State, "until": in.Until}}); err == nil {
				err = m.notice(ctx, tx, a.Tenant, Notice{Event: ToldForced, To: []id.ID{user}, By: a.ID, State: string(in.State)})
			}
		}
		return err
	})
	return out, err
}

// Left is what follows when somebody's account is closed: they are offline, and
// what they have goes to others. It is what staff.Config.Left asks for.
func (m *Room) Left(ctx context.Context, tx *db.Tx, dir *staff.Directory, user id.ID) error {
	if _, err := m.change(ctx, tx, dir, user, func(s *Status, now clock.Time) error {
		s.forget()
		s.to(Offline, now)
		s.Held, s.gone = false, 0
		return nil
	}); err != nil {
		return err
	}
	if err := m.Jobs.Cancel(ctx, tx, dir.Tenant.ID, kindShift, user.String()); err != nil || m.Ended == nil {
		return err
	}
	return m.Ended(ctx, tx, dir.Tenant.ID, user, WhyLeft)
}

// breakLeft is what is left of a person's breaks of the day; limited says that
// there is a quota at all. It is negative when somebody stays too long.
func (m *Room) breakLeft(ctx context.Context, r db.Reader, set Settings, tenant, user id.ID, zone *time.Location, now clock.Time) (left time.Duration, limited bool, err error) {
	if set.Break == 0 {
		return 0, false, nil
	}
	today := dayOf(now, zone).at(0, zone)
	spans, err := readSpans(ctx, r, tenant, user, today, now+1, now, maxSpans)
	return time.Duration(set.Break)*time.Minute - spent(spans, Break, today, now), true, err
}

// maxSpans is more stretches of a person than a day can sensibly have.
const maxSpans = 5000

// within says whether a permission reaches a person.
func within(a *staff.Actor, p staff.Permission, who *staff.Person) bool {
	if a.In(p, who.ID, 0, who.Department) {
		return true
	}
	for _, t := range who.Teams {
		if a.In(p, 0, t, 0) {
			return true
		}
	}
	return false
}
