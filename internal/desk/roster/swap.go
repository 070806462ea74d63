package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Swap is two people who exchange their shifts (换班): one gives the shifts of
// a day and takes those of the other's day.
type Swap struct {
	ID       id.ID      `json:"id"`
	User     id.ID      `json:"user_id"`
	Day      Day        `json:"day"`
	Gives    []Item     `json:"gives"`
	Other    id.ID      `json:"other_id"`
	OtherDay Day        `json:"other_day"`
	Takes    []Item     `json:"takes"`
	Reason   string     `json:"reason,omitempty"`
	State    Progress   `json:"state" enum:"requested,accepted,approved,refused,withdrawn"`
	AskedAt  clock.Time `json:"asked_at"`
	Judge    id.ID      `json:"judge_id,omitempty"`
	JudgeAt  clock.Time `json:"judged_at,omitempty"`
	Answer   string     `json:"answer,omitempty"`
	Version  int64      `json:"version"`
}

func (s *Swap) notice(event string, by *staff.Actor, to []id.ID) Notice {
	return Notice{Event: event, To: to, By: by.ID, Subject: s.ID, Matter: "swap", Asker: s.User, State: string(s.State)}
}

// NewSwap is a swap that somebody asks for.
type NewSwap struct {
	Day      Day    `json:"day" doc:"whose shifts I give"`
	Other    id.ID  `json:"other_id"`
	OtherDay Day    `json:"other_day" doc:"whose shifts I take"`
	Reason   string `json:"reason,omitempty" maxLength:"500"`
}

const swapColumns = `id, user_id, day, gives, other_id, other_day, takes, reason, state, asked_at, judge_id, judged_at, answer, version`

func scanSwap(r interface{ Scan(...any) error }) (s Swap, err error) {
	var gives, takes string
	var judge, at sql.NullInt64
	if err := r.Scan(&s.ID, &s.User, (*int64)(&s.Day), &gives, &s.Other, (*int64)(&s.OtherDay), &takes, &s.Reason, &s.State, &s.AskedAt, &judge, &at, &s.Answer, &s.Version); err != nil {
		return s, err
	}
	s.Judge, s.JudgeAt = id.ID(judge.Int64), clock.Time(at.Int64)
	if s.Gives, err = unpack(gives); err != nil {
		return s, err
	}
	s.Takes, err = unpack(takes)
	return s, err
}

func writeSwap(ctx context.Context, tx *db.Tx, tenant id.ID, s Swap) error {
	gives, err := pack(s.Gives)
	if err != nil {
		return err
	}
	takes, err := pack(s.Takes)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into roster_swap (tenant_id, id, user_id, day, gives, other_id, other_day, takes, reason, state, asked_at, judge_id, judged_at, answer, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		on conflict (tenant_id, id) do update set state = excluded.state, judge_id = excluded.judge_id, judged_at = excluded.judged_at, answer = excluded.answer, version = excluded.version`,
		tenant, s.ID, s.User, int64(s.Day), gives, s.Other, int64(s.OtherDay), takes, s.Reason, string(s.State), s.AskedAt, null(s.Judge), null(s.JudgeAt), s.Answer, s.Version)
	return err
}

// AskSwap asks another person for a swap of published shifts that lie ahead.
func (m *Room) AskSwap(ctx context.Context, a *staff.Actor, in NewSwap) (s Swap, err error) {
	if err := cleanText("reason", in.Reason, 500); err != nil {
		return s, err
	}
	if a.Kind != staff.KindStaff || a.ID == 0 {
		return s, fault.New(fault.Forbidden, "roster.no_agent", "only a person of the staff has shifts")
	}
	if in.Other == a.ID {
		return s, fault.Bad("other_id", "choice", "a swap needs another person")
	}
	if d := in.OtherDay - in.Day; d > maxDays || d < -maxDays {
		return s, fault.Bad("other_day", "range", "the days lie at most %d apart", maxDays)
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return s, err
	}
	if p, ok := dir.User(in.Other); !ok || !p.Active || !within(a, staff.RosterRead, &p) {
		return s, fault.Bad("other_id", "unknown", "there is no such person")
	}
	s = Swap{User: a.ID, Day: in.Day, Other: in.Other, OtherDay: in.OtherDay, Reason: in.Reason, State: Requested, Version: 1}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := m.planIn(ctx, tx, dir, unique([]id.ID{s.User, s.Other}), min(s.Day, s.OtherDay), max(s.Day, s.OtherDay))
		if err != nil {
			return err
		}
		s.Gives, s.Takes = p.cells[cellKey{s.User, s.Day}].Published, p.cells[cellKey{s.Other, s.OtherDay}].Published
		s.AskedAt = p.now
		if _, err := p.exchange(&s); err != nil {
			return err
		}
		s.ID = m.IDs.Next()
		if err := writeSwap(ctx, tx, a.Tenant, s); err != nil {
			return err
		}
		return m.notice(ctx, tx, a.Tenant, s.notice(ToldAsked, a, []id.ID{s.Other}))
	})
	return s, err
}

// exchange gives the cells as they are after a swap, or why it cannot be.
func (p *planner) exchange(s *Swap) ([]Cell, error) {
	mine, theirs := cellKey{s.User, s.Day}, cellKey{s.Other, s.OtherDay}
	for _, x := range []struct {
		field string
		key   cellKey
		items []Item
	}{{"day", mine, s.Gives}, {"other_day", theirs, s.Takes}} {
		now := p.cells[x.key].Published
		if !same(now, x.items) {
			return nil, fault.New(fault.Conflict, "roster.changed_since", "the plan of %s was changed since", x.key.day).With("day", x.key.day.String())
		}
		shifts := place(map[Day][]Item{x.key.day: now}, p.zone)
		if len(shifts) == 0 {
			return nil, fault.Bad(x.field, "roster.no_shift", "no shift is published on %s", x.key.day)
		}
		if shifts[0].from <= p.now {
			return nil, fault.New(fault.Conflict, "roster.too_late", "the shift of %s has begun", x.key.day).With("day", x.key.day.String())
		}
	}
	after := map[cellKey][]Item{}
	shifts := func(items []Item) []Item {
		return slices.DeleteFunc(slices.Clone(items), func(it Item) bool { return it.Kind != Shift })
	}
	for _, k := range []cellKey{mine, theirs, {s.User, s.OtherDay}, {s.Other, s.Day}} {
		after[k] = shifts(p.cells[k].Published)
	}
	after[mine], after[theirs] = nil, nil // given away
	for k, items := range map[cellKey][]Item{{s.User, s.OtherDay}: s.Takes, {s.Other, s.Day}: s.Gives} {
		after[k] = append(after[k], shifts(items)...)
		if len(after[k]) > maxItems {
			return nil, fault.New(fault.Conflict, "roster.overlap", "more than %d shifts on %s", maxItems, k.day)
		}
	}
	var out []Cell
	for k, items := range after {
		c, ok := p.cells[k]
		if !ok {
			c = Cell{User: k.user, Day: k.day}
		}
		if c.Drafted {
			return nil, fault.New(fault.Conflict, "roster.draft_open", "a new plan of %s waits to be published", k.day).With("day", k.day.String())
		}
		c.Published = items
		c.Version++
		p.cells[k] = c
		out = append(out, c)
	}
	found := p.conflicts(out, func(c Cell) []Item { return c.Published })
	return out, refuse(found, func(Conflict) int { return -1 })
}

// swapStep is what becomes of a swap, or why not. direct says that no lead is
// asked.
func swapStep(s Progress, to Progress, own, other, lead, direct bool) (Progress, error) {
	switch to {
	case Accepted:
		switch {
		case !other:
			return s, errNotYours
		case s != Requested:
			return s, badStep(s, to)
		case direct:
			return Approved, nil
		}
		return Accepted, nil
	case Approved:
		switch {
		case !lead:
			return s, errNotYours
		case s != Accepted:
			return s, badStep(s, to)
		}
		return Approved, nil
	case Refused:
		switch {
		case s == Requested && (other || lead), s == Accepted && lead:
			return Refused, nil
		case s == Requested || s == Accepted:
			return s, errNotYours
		}
		return s, badStep(s, to)
	case Withdrawn:
		switch {
		case !own:
			return s, errNotYours
		case s != Requested && s != Accepted:
			return s, badStep(s, to)
		}
		return Withdrawn, nil
	}
	return s, fault.Bad("state", "unknown", "accepted, approved, refused or withdrawn")
}

// JudgeSwap takes a swap a step further; the last one exchanges the shifts.
func (m *Room) JudgeSwap(ctx context.Context, a *staff.Actor, swap id.ID, to Progress, answer string) (s Swap, err error) {
	if err := cleanText("answer", answer, 500); err != nil {
		return s, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return s, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := raise(ctx, tx, a.Tenant); err != nil { // and with it the swap is locked
			return err
		}
		if s, err = scanSwap(tx.QueryRow(ctx, `select `+swapColumns+` from roster_swap where tenant_id = $1 and id = $2`, a.Tenant, swap)); err != nil {
			return missing(err, "swap")
		}
		p1, _ := dir.User(s.User)
		p2, _ := dir.User(s.Other)
		own, other := s.User == a.ID, s.Other == a.ID
		lead := within(a, staff.RosterManage, &p1) && within(a, staff.RosterManage, &p2)
		if !own && !other && !lead && !(within(a, staff.RosterRead, &p1) && within(a, staff.RosterRead, &p2)) {
			return fault.Missing("swap")
		}
		if to == Approved {
			if err := mayJudge(a, lead, own || other); err != nil {
				return err
			}
		}
		p, err := m.planIn(ctx, tx, dir, unique([]id.ID{s.User, s.Other}), min(s.Day, s.OtherDay), max(s.Day, s.OtherDay))
		if err != nil {
			return err
		}
		next, err := swapStep(s.State, to, own, other, lead, !p.set.SwapLead)
		if err != nil {
			return err
		}
		s.State, s.Judge, s.JudgeAt, s.Answer = next, a.ID, p.now, answer
		s.Version++
		if err := writeSwap(ctx, tx, a.Tenant, s); err != nil {
			return err
		}
		n := s.notice(ToldDecided, a, []id.ID{s.User, s.Other})
		if next == Accepted {
			n = s.notice(ToldAsked, a, leads(dir, s.User))
		}
		if err := m.notice(ctx, tx, a.Tenant, n); err != nil {
			return err
		}
		if next != Accepted && next != Approved {
			return nil
		}
		cells, err := p.exchange(&s)
		if err != nil || next == Accepted {
			return err
		}
		return p.publish(ctx, cells)
	})
	return s, err
}

// Handover is what somebody leaves to the next shift (交接班).
type Handover struct {
	ID      id.ID        `json:"id"`
	User    id.ID        `json:"user_id"`
	To      id.ID        `json:"to_id,omitempty" doc:"the successor; absent: the team"`
	Team    id.ID        `json:"team_id,omitempty"`
	Note    string       `json:"note,omitempty"`
	Tickets []HandedOver `json:"tickets"`
	State   Progress     `json:"state" enum:"open,taken,withdrawn"`
	At      clock.Time   `json:"at"`
	TakenBy id.ID        `json:"taken_by,omitempty"`
	TakenAt clock.Time   `json:"taken_at,omitempty"`
	Version int64        `json:"version"`
}

// HandedOver is one open matter of a hand-over.
type HandedOver struct {
	Ticket id.ID  `json:"ticket_id"`
	Note   string `json:"note,omitempty" maxLength:"500"`
}

// NewHandover is a hand-over as it is written.
type NewHandover struct {
	To      id.ID        `json:"to_id,omitempty"`
	Team    id.ID        `json:"team_id,omitempty"`
	Note    string       `json:"note,omitempty" maxLength:"4000"`
	Tickets []HandedOver `json:"tickets" maxItems:"500"`
}

const handoverColumns = `id, user_id, to_id, team_id, note, tickets, state, at, taken_by, taken_at, version`

func scanHandover(r interface{ Scan(...any) error }) (h Handover, err error) {
	var to, team, by, at sql.NullInt64
	var tickets string
	if err := r.Scan(&h.ID, &h.User, &to, &team, &h.Note, &tickets, &h.State, &h.At, &by, &at, &h.Version); err != nil {
		return h, err
	}
	h.To, h.Team, h.TakenBy, h.TakenAt = id.ID(to.Int64), id.ID(team.Int64), id.ID(by.Int64), clock.Time(at.Int64)
	return h, unmarshal(tickets, &h.Tickets)
}

// EraseTickets takes out what was noted in hand-overs of tickets whose customer
// is erased. (The core of tickets calls it; it lies above this room.)
func (m *Room) EraseTickets(ctx context.Context, tx *db.Tx, tenant id.ID, tickets []id.ID) error {
	rows, err := tx.Query(ctx, `select `+handoverColumns+` from roster_handover where tenant_id = $1 and tickets <> '[]' order by id`, tenant)
	list, err := db.Each(rows, err, func(r *sql.Rows) (Handover, error) { return scanHandover(r) })
	if err != nil {
		return err
	}
	gone := map[id.ID]bool{}
	for _, t := range tickets {
		gone[t] = true
	}
	for _, h := range list {
		hit := false
		for i := range h.Tickets {
			if t := &h.Tickets[i]; gone[t.Ticket] && t.Note != "" {
				t.Note, hit = "", true
			}
		}
		if !hit {
			continue
		}
		raw, err := json.Marshal(h.Tickets)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update roster_handover set tickets = $3 where tenant_id = $1 and id = $2`, tenant, h.ID, string(raw)); err != nil {
			return err
		}
	}
	return nil
}

// HandOver writes a hand-over. That the tickets are the giver's is seen to by
// Config.HandedOver when it is taken.
func (m *Room) HandOver(ctx context.Context, a *staff.Actor, in NewHandover) (h Handover, err error) {
	if a.Kind != staff.KindStaff || a.ID == 0 {
		return h, fault.New(fault.Forbidden, "roster.no_agent", "only a person of the staff hands over")
	}
	if err := cleanText("note", in.Note, 4000); err != nil {
		return h, err
	}
	if (in.To == 0) == (in.Team == 0) {
		return h, fault.Bad("to_id", "choice", "a successor or a team")
	}
	if len(in.Tickets) > 500 || len(in.Tickets) == 0 && in.Note == "" {
		return h, fault.Bad("tickets", "range", "a note, or up to 500 tickets")
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return h, err
	}
	if p, ok := dir.User(in.To); in.To != 0 && (!ok || !p.Active || in.To == a.ID || !within(a, staff.RosterRead, &p)) {
		return h, fault.Bad("to_id", "unknown", "there is no such person")
	}
	if t, ok := dir.Team(in.Team); in.Team != 0 && (!ok || t.Retired || !a.In(staff.RosterRead, 0, t.ID, t.Department)) {
		return h, fault.Bad("team_id", "unknown", "there is no such team")
	}
	seen := map[id.ID]bool{}
	for _, t := range in.Tickets {
		if err := cleanText("tickets.note", t.Note, 500); err != nil {
			return h, err
		}
		if t.Ticket <= 0 || seen[t.Ticket] {
			return h, fault.Bad("tickets", "unique", "every ticket once")
		}
		seen[t.Ticket] = true
	}
	h = Handover{ID: m.IDs.Next(), User: a.ID, To: in.To, Team: in.Team, Note: in.Note, Tickets: append([]HandedOver{}, in.Tickets...), State: Open, At: m.Clock.Now(), Version: 1}
	tickets, err := text(h.Tickets)
	if err != nil {
		return h, err
	}
	return h, m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `insert into roster_handover (tenant_id, id, user_id, to_id, team_id, note, tickets, state, at, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`,
			a.Tenant, h.ID, h.User, null(h.To), null(h.Team), h.Note, tickets, string(h.State), h.At)
		if err != nil {
			return err
		}
		to := []id.ID{h.To}
		t, _ := dir.Team(h.Team)
		for _, x := range t.Members {
			to = append(to, x.User)
		}
		return m.notice(ctx, tx, a.Tenant, Notice{Event: ToldHandedOver, To: to, By: a.ID, Subject: h.ID, Count: len(h.Tickets)})
	})
}

// TakeOver accepts a hand-over, or its giver withdraws it.
func (m *Room) TakeOver(ctx context.Context, a *staff.Actor, handover id.ID, to Progress) (h Handover, err error) {
	if to != Taken && to != Withdrawn {
		return h, fault.Bad("state", "unknown", "taken or withdrawn")
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return h, err
	}
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if h, err = scanHandover(tx.QueryRow(ctx, `select `+handoverColumns+` from roster_handover where tenant_id = $1 and id = $2`+tx.Engine().ForUpdate(), a.Tenant, handover)); err != nil {
			return missing(err, "handover")
		}
		mine := h.User == a.ID
		named := h.To == a.ID && a.ID != 0 || h.Team != 0 && a.InTeam(h.Team)
		if !mine && !named && !m.seesHandover(dir, a, h) {
			return fault.Missing("handover")
		}
		if to == Taken && (!named || mine) || to == Withdrawn && !mine {
			return errNotYours
		}
		if h.State != Open {
			return badStep(h.State, to)
		}
		h.State = to
		h.Version++
		if to == Taken {
			h.TakenBy, h.TakenAt = a.ID, m.Clock.Now()
		}
		if _, err := tx.Exec(ctx, `update roster_handover set state = $3, taken_by = $4, taken_at = $5, version = $6 where tenant_id = $1 and id = $2`,
			a.Tenant, h.ID, string(h.State), null(h.TakenBy), null(h.TakenAt), h.Version); err != nil {
			return err
		}
		if to == Taken && m.HandedOver != nil {
			return m.HandedOver(ctx, tx, a, h)
		}
		return nil
	})
	return h, err
}

// seesHandover says whether somebody who has no part in it may read it.
func (m *Room) seesHandover(dir *staff.Directory, a *staff.Actor, h Handover) bool {
	p, ok := dir.User(h.User)
	return ok && within(a, staff.RosterManage, &p)
}

// windowOf is the time of a day for people of all zones.
func windowOf(from, to Day) (clock.Time, clock.Time) {
	return (from - 1).at(0, time.UTC), (to + 2).at(0, time.UTC)
}
