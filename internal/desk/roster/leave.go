package roster

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/job"
)

// Progress is how far a leave, a swap or a hand-over has come.
type Progress string

// The steps.
const (
	Requested Progress = "requested"
	Accepted  Progress = "accepted" // a swap: by the other person
	Approved  Progress = "approved"
	Refused   Progress = "refused"
	Withdrawn Progress = "withdrawn"
	Open      Progress = "open"  // a hand-over that nobody has taken
	Taken     Progress = "taken" // a hand-over
)

func (p Progress) String() string { return string(p) }

// Leave is time in which somebody is away (请假).
type Leave struct {
	ID      id.ID      `json:"id"`
	User    id.ID      `json:"user_id"`
	Kind    string     `json:"kind" enum:"annual,sick,personal,compensatory,other"`
	From    clock.Time `json:"from"`
	To      clock.Time `json:"to"`
	Reason  string     `json:"reason,omitempty"`
	State   Progress   `json:"state" enum:"requested,approved,refused,withdrawn"`
	AskedAt clock.Time `json:"asked_at"`
	Judge   id.ID      `json:"judge_id,omitempty"`
	JudgeAt clock.Time `json:"judged_at,omitempty"`
	Answer  string     `json:"answer,omitempty"`
	Version int64      `json:"version"`
}

func (l *Leave) notice(event string, by *staff.Actor, to []id.ID) Notice {
	return Notice{Event: event, To: to, By: by.ID, Subject: l.ID, Matter: "leave", Asker: l.User, State: string(l.State)}
}

// NewLeave is a leave that somebody asks for, or that a lead writes down.
type NewLeave struct {
	User   id.ID      `json:"user_id,omitempty" doc:"absent: myself; for somebody in one's charge it is approved at once"`
	Kind   string     `json:"kind" enum:"annual,sick,personal,compensatory,other"`
	From   clock.Time `json:"from"`
	To     clock.Time `json:"to"`
	Reason string     `json:"reason,omitempty" maxLength:"500"`
}

var leaveKinds = []string{"annual", "sick", "personal", "compensatory", "other"}

const maxLeave = 366 * 24 * time.Hour

func (n NewLeave) check(now clock.Time) error {
	switch {
	case !slices.Contains(leaveKinds, n.Kind):
		return fault.Bad("kind", "unknown", "there is no such kind of leave")
	case n.From == 0:
		return fault.Bad("from", "required", "a leave has a beginning")
	case n.To <= n.From:
		return fault.Bad("to", "before", "the leave ends before it begins")
	case n.To.Sub(n.From) > maxLeave:
		return fault.Bad("to", "too_long", "a leave has at most 366 days")
	case n.To <= now.Add(-31*24*time.Hour) || n.From > now.Add(2*maxLeave):
		return fault.Bad("from", "range", "from a month back to two years ahead")
	}
	return cleanText("reason", n.Reason, 500)
}

const leaveColumns = `id, user_id, kind, from_at, to_at, reason, state, asked_at, judge_id, judged_at, answer, version`

func scanLeave(r interface{ Scan(...any) error }) (l Leave, err error) {
	var judge, at sql.NullInt64
	err = r.Scan(&l.ID, &l.User, &l.Kind, &l.From, &l.To, &l.Reason, &l.State, &l.AskedAt, &judge, &at, &l.Answer, &l.Version)
	l.Judge, l.JudgeAt = id.ID(judge.Int64), clock.Time(at.Int64)
	return l, err
}

func writeLeave(ctx context.Context, tx *db.Tx, tenant id.ID, l Leave) error {
	_, err := tx.Exec(ctx, `insert into roster_leave (tenant_id, id, user_id, kind, from_at, to_at, reason, state, asked_at, judge_id, judged_at, answer, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (tenant_id, id) do update set state = excluded.state, judge_id = excluded.judge_id, judged_at = excluded.judged_at, answer = excluded.answer, version = excluded.version`,
		tenant, l.ID, l.User, l.Kind, l.From, l.To, l.Reason, string(l.State), l.AskedAt, null(l.Judge), null(l.JudgeAt), l.Answer, l.Version)
	return err
}

// AskLeave asks for a leave, or writes one down for somebody in one's charge.
func (m *Room) AskLeave(ctx context.Context, a *staff.Actor, in NewLeave) (l Leave, err error) {
	now := m.Clock.Now()
	if err := in.check(now); err != nil {
		return l, err
	}
	if a.Kind != staff.KindStaff || a.ID == 0 {
		return l, fault.New(fault.Forbidden, "roster.no_agent", "only a person of the staff has leave")
	}
	l = Leave{User: in.User, Kind: in.Kind, From: in.From, To: in.To, Reason: in.Reason, State: Requested, AskedAt: now, Version: 1}
	if l.User == 0 {
		l.User = a.ID
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return l, err
	}
	if l.User != a.ID {
		if err := inCharge(dir, a, "user_id", l.User); err != nil {
			return l, err
		}
		l.State, l.Judge, l.JudgeAt = Approved, a.ID, now
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := raise(ctx, tx, a.Tenant); err != nil {
			return err
		}
		var one int
		err := tx.QueryRow(ctx, `select 1 from roster_leave where tenant_id = $1 and user_id = $2 and from_at < $3 and to_at > $4 and state in ('requested', 'approved') limit 1`,
			a.Tenant, l.User, l.To, l.From).Scan(&one)
		if err == nil {
			return fault.New(fault.Conflict, "roster.leave_overlap", "there is a leave in this time already")
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		l.ID = m.IDs.Next()
		if err := writeLeave(ctx, tx, a.Tenant, l); err != nil {
			return err
		}
		if l.State != Approved {
			return m.notice(ctx, tx, a.Tenant, l.notice(ToldAsked, a, leads(dir, l.User)))
		}
		if err := m.notice(ctx, tx, a.Tenant, l.notice(ToldDecided, a, []id.ID{l.User})); err != nil {
			return err
		}
		return m.granted(ctx, tx, a.Tenant, l)
	})
	return l, err
}

// granted is what follows an approved leave: at its beginning what the person
// has at hand goes to others.
func (m *Room) granted(ctx context.Context, tx *db.Tx, tenant id.ID, l Leave) error {
	tx.AfterCommit(func() { m.planChanged(tenant) })
	now := m.Clock.Now()
	if m.Ended == nil || l.To <= now {
		return nil
	}
	if l.From <= now {
		return m.Ended(ctx, tx, tenant, l.User, WhyLeave)
	}
	return m.Jobs.Add(ctx, tx, job.New{Tenant: tenant, Kind: kindLeave, Key: l.ID.String(), DueAt: l.From, Replace: true, Payload: struct{}{}})
}

// kindLeave is the timer of the beginning of a leave.
const kindLeave = "roster.leave"

func (m *Room) leaveBegins(ctx context.Context, j job.Job) error {
	leave, err := id.Parse(j.Key)
	if err != nil {
		return job.Park(err)
	}
	done := job.Done(ctx)
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := done(ctx, tx); err != nil {
			return err
		}
		l, err := scanLeave(tx.QueryRow(ctx, `select `+leaveColumns+` from roster_leave where tenant_id = $1 and id = $2`, j.Tenant, leave))
		if errors.Is(err, sql.ErrNoRows) || err == nil && (l.State != Approved || m.Ended == nil) {
			return nil
		}
		if err != nil {
			return err
		}
		return m.Ended(ctx, tx, j.Tenant, l.User, WhyLeave)
	})
}

// JudgeLeave approves, refuses or withdraws a leave.
func (m *Room) JudgeLeave(ctx context.Context, a *staff.Actor, leave id.ID, to Progress, answer string) (l Leave, err error) {
	if err := cleanText("answer", answer, 500); err != nil {
		return l, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return l, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := raise(ctx, tx, a.Tenant); err != nil {
			return err
		}
		if l, err = scanLeave(tx.QueryRow(ctx, `select `+leaveColumns+` from roster_leave where tenant_id = $1 and id = $2`+tx.Engine().ForUpdate(), a.Tenant, leave)); err != nil {
			return missing(err, "leave")
		}
		now := m.Clock.Now()
		p, _ := dir.User(l.User)
		own, lead := l.User == a.ID, within(a, staff.RosterManage, &p)
		if !own && !lead && !within(a, staff.RosterRead, &p) {
			return fault.Missing("leave")
		}
		was := l.State
		switch to {
		case Approved, Refused:
			if err := mayJudge(a, lead, own); err != nil {
				return err
			}
			if was != Requested {
				return badStep(was, to)
			}
		case Withdrawn:
			switch {
			case !own && !lead:
				return errNotYours
			case was != Requested && was != Approved:
				return badStep(was, to)
			case was == Approved && !lead && l.From <= now:
				return fault.New(fault.Conflict, "roster.too_late", "the leave has begun; a lead can end it")
			}
		default:
			return fault.Bad("state", "unknown", "approved, refused or withdrawn")
		}
		l.State, l.Judge, l.JudgeAt, l.Answer = to, a.ID, now, answer
		l.Version++
		if err := writeLeave(ctx, tx, a.Tenant, l); err != nil {
			return err
		}
		if err := m.notice(ctx, tx, a.Tenant, l.notice(ToldDecided, a, []id.ID{l.User})); err != nil {
			return err
		}
		if to == Approved {
			return m.granted(ctx, tx, a.Tenant, l)
		}
		if was == Approved {
			tx.AfterCommit(func() { m.planChanged(a.Tenant) })
			return m.Jobs.Cancel(ctx, tx, a.Tenant, kindLeave, l.ID.String())
		}
		return nil
	})
	return l, err
}

var errNotYours error = fault.New(fault.Forbidden, "auth.forbidden", "this is not yours to decide")

// mayJudge says whether somebody decides on others' requests. On one's own only
// who answers for the whole company does.
func mayJudge(a *staff.Actor, lead, own bool) error {
	switch {
	case !lead:
		return errNotYours
	case own && a.Scope(staff.RosterManage) < staff.ScopeAll:
		return fault.New(fault.Forbidden, "roster.own_request", "nobody decides on their own request")
	}
	return nil
}

func badStep(from, to Progress) error {
	return fault.New(fault.Conflict, "roster.step", "what is %s cannot be %s", from, to).With("from", string(from)).With("to", string(to))
}
