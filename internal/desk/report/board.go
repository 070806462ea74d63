package report

import (
	"context"
	"database/sql"
	"time"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
)

// Board is a day at a glance.
type Board struct {
	Day      string         `json:"day"`
	Compare  string         `json:"compare" doc:"the day that figures are compared with"`
	Zone     string         `json:"zone" doc:"in whose days are counted"`
	From     clock.Time     `json:"from"`
	To       clock.Time     `json:"to"`
	At       clock.Time     `json:"at" doc:"when this was counted; the backlog is of this moment"`
	Until    clock.Time     `json:"until,omitzero" doc:"the day is read as of this moment: what happened later is not in its figures"`
	Live     bool           `json:"live" doc:"the day has not ended, and is read as of now"`
	Filling  *Filling       `json:"filling,omitempty" doc:"while figures of older tickets are still being made"`
	Figures  []BoardFigure  `json:"figures"`
	Channels []BoardChannel `json:"channels" doc:"by which tickets came, most first"`
	Hours    []BoardHour    `json:"hours"`
	Ages     []BoardAge     `json:"ages" doc:"of what waits now, by how long ago it came"`
	// Departments and Agents have a line for each where anything happened or waits.
	Departments []BoardLine   `json:"departments"`
	Agents      []BoardLine   `json:"agents"`
	Online      []BoardPerson `json:"online" doc:"who is not offline now, as far as roster.read reaches"`
}

// BoardChannel is how many tickets came by a channel.
type BoardChannel struct {
	Key     string `json:"key"`
	Created int64  `json:"created"`
}

// BoardHour is an hour of the day, from midnight: a day of a change of clocks has 23
// or 25.
type BoardHour struct {
	At       clock.Time       `json:"at"`
	Label    string           `json:"label" doc:"on the clock of the zone"`
	Created  int64            `json:"created"`
	Channels map[string]int64 `json:"channels"`
	Previous int64            `json:"previous" doc:"of the day that is compared with"`
}

// BoardAge is how many tickets wait that came within a time.
type BoardAge struct {
	Key   string     `json:"key" enum:"1h,4h,24h,3d,7d,older" doc:"younger than this, and not younger than the one before"`
	Since clock.Time `json:"since,omitzero" doc:"came at or after this"`
	Until clock.Time `json:"until,omitzero" doc:"came before this"`
	Count int64      `json:"count"`
}

// BoardLine is a department or a person.
type BoardLine struct {
	ID            id.ID    `json:"id,omitzero" doc:"absent of what is nobody's"`
	Name          string   `json:"name,omitempty"`
	State         string   `json:"state,omitempty" doc:"of a person: how they stand now"`
	Created       int64    `json:"created"`
	Solved        int64    `json:"solved"`
	Backlog       int64    `json:"backlog"`
	Overdue       int64    `json:"overdue"`
	Answered      int64    `json:"answered" doc:"first responses"`
	FirstResponse *float64 `json:"first_response_seconds,omitempty" doc:"median"`
	SLA           *float64 `json:"sla,omitempty"`
	Reopened      int64    `json:"reopened"`
	Repeat        int64    `json:"repeat"`
	ReopenRate    *float64 `json:"reopen_rate,omitempty"`
	RepeatRate    *float64 `json:"repeat_rate,omitempty"`
	MessageOut    int64    `json:"message_out"`
	Recent        []int64  `json:"recent,omitempty" doc:"of a department: tickets that came in each of the last seven hours"`
}

// BoardPerson is somebody who is there.
type BoardPerson struct {
	ID    id.ID        `json:"id"`
	Name  string       `json:"name"`
	State roster.State `json:"state"`
	Since clock.Time   `json:"since,omitzero"`
}

const (
	recentHours = 7
	maxLines    = 1000
	boardLimit  = 10 * time.Second
)

type ageBound struct {
	key   string
	until time.Duration // younger than this; 0: any
}

// ages are the bounds of the backlog's bars.
var ages = []ageBound{{"1h", time.Hour}, {"4h", 4 * time.Hour}, {"24h", 24 * time.Hour}, {"3d", 72 * time.Hour}, {"7d", 168 * time.Hour}, {"older", 0}}

// count is what the statements of a board gather.
type count struct {
	*asked
	total, before       *tally
	departments, agents map[id.ID]*tally
	hours               []BoardHour
	channels            map[string]int64
	ages                []BoardAge
}

func (c *count) of(m map[id.ID]*tally, key id.ID) *tally {
	if m[key] == nil {
		m[key] = newTally()
	}
	return m[key]
}

// Today counts a day within the reader's reach.
func (m *Room) Today(ctx context.Context, a *staff.Actor, q Question) (*Board, error) {
	x, err := m.ask(ctx, a, q)
	if err != nil {
		return nil, err
	}
	c := &count{asked: x, total: newTally(), before: newTally(), departments: map[id.ID]*tally{}, agents: map[id.ID]*tally{}, channels: map[string]int64{}}
	within, cancel := context.WithTimeout(ctx, boardLimit)
	defer cancel()
	if err := m.DB.Snapshot(within, func(ctx context.Context, r db.Reader) error {
		for _, part := range []func(context.Context, db.Reader, *count) error{m.countHours, m.countActs, m.countContacts, m.countAnswers, m.countBacklog, m.countClocks, m.countBefore} {
			if err := part(ctx, r, c); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	b := &Board{Day: x.day.date, Compare: x.than.date, Zone: x.zone.String(), From: x.day.from, To: x.day.to, At: x.now, Until: x.until, Live: x.now < x.day.to && x.until == 0,
		Hours: c.hours, Ages: c.ages, Figures: make([]BoardFigure, len(order)), Channels: []BoardChannel{}}
	for i, key := range order {
		b.Figures[i] = c.total.figure(key, c.before)
	}
	for key, n := range c.channels {
		b.Channels = append(b.Channels, BoardChannel{key, n})
	}
	sortChannels(b.Channels)
	if err := m.lines(ctx, c, b); err != nil {
		return nil, err
	}
	b.Filling, err = m.filling(ctx, a.Tenant)
	return b, err
}

// countHours counts what came, by hour, channel and department.
func (m *Room) countHours(ctx context.Context, r db.Reader, c *count) error {
	const query = `select (f.at - `
	type hour struct {
		n, created int64
		channel    string
		department id.ID
	}
	read := func(s span, to clock.Time) ([]hour, error) {
		w := c.facts(s.from, to, Created)
		return each(ctx, r, query+w.arg(int64(s.from))+`) / 3600000, f.channel, f.department_id, count(*) from report_fact f where `+w.sql.String()+` group by 1, 2, 3`, w.args,
			func(r *sql.Rows) (h hour, err error) { return h, r.Scan(&h.n, &h.channel, &h.department, &h.created) })
	}
	for i := range c.day.hours() {
		at := c.day.from + clock.Time(i)*3_600_000
		c.hours = append(c.hours, BoardHour{At: at, Label: at.Std().In(c.zone).Format("15:04"), Channels: map[string]int64{}})
	}
	list, err := read(c.day, c.day.until)
	if err != nil {
		return err
	}
	latest := int64(max(min(c.now, c.day.until-1)-c.day.from, 0)) / 3_600_000
	for _, h := range list {
		if h.n < int64(len(c.hours)) {
			c.hours[h.n].Created += h.created
			c.hours[h.n].Channels[h.channel] += h.created
		}
		c.channels[h.channel] += h.created
		t := c.of(c.departments, h.department)
		if t.recent == nil {
			t.recent = make([]int64, recentHours)
		}
		if i := recentHours - 1 - (latest - h.n); i >= 0 && i < recentHours {
			t.recent[i] += h.created
		}
	}
	if list, err = read(c.than, c.than.to); err != nil {
		return err
	}
	for _, h := range list {
		if h.n < int64(len(c.hours)) {
			c.hours[h.n].Previous += h.created
		}
	}
	return nil
}

var counted = []Kind{Created, FirstResponse, Solved, Reopened, Repeat, Transferred, MessageIn, MessageOut, Returned}

// countActs counts tickets and acts by kind: of all, of departments, of people.
func (m *Room) countActs(ctx context.Context, r db.Reader, c *count) error {
	for _, by := range []string{"", "f.department_id", "f.agent_id"} {
		w := c.facts(c.day.from, c.day.until, counted...)
		if err := c.acts(ctx, r, w, by, func(key id.ID) *tally { return c.by(by, key) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *count) by(column string, key id.ID) *tally {
	switch column {
	case "f.department_id":
		return c.of(c.departments, key)
	case "f.agent_id":
		return c.of(c.agents, key)
	}
	return c.total
}

// acts runs one count by a column; no column: of all together.
func (c *count) acts(ctx context.Context, r db.Reader, w *where, by string, of func(id.ID) *tally) error {
	column, group := "0", "f.kind"
	if by != "" {
		column, group = by, "f.kind, "+by
	}
	rows, err := r.Query(ctx, `select f.kind, `+column+`, count(*), count(distinct f.ticket_id) from report_fact f where `+w.sql.String()+` group by `+group, w.args...)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var k Kind
		var key id.ID
		var n, tickets int64
		err := r.Scan(&k, &key, &n, &tickets)
		t := of(key)
		t.acts[k], t.tickets[k] = n, tickets
		return struct{}{}, err
	})
	return err
}

// countContacts counts the tickets on which the customer was heard.
func (m *Room) countContacts(ctx context.Context, r db.Reader, c *count) error {
	for _, by := range []string{"", "f.department_id", "f.agent_id"} {
		w := c.facts(c.day.from, c.day.until, Created, MessageIn)
		if err := c.contacts(ctx, r, w, by, func(key id.ID) *tally { return c.by(by, key) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *count) contacts(ctx context.Context, r db.Reader, w *where, by string, of func(id.ID) *tally) error {
	column, group := "0", ""
	if by != "" {
		column, group = by, " group by "+by
	}
	rows, err := r.Query(ctx, `select `+column+`, count(distinct f.ticket_id) from report_fact f where `+w.sql.String()+group, w.args...)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var key id.ID
		var n int64
		err := r.Scan(&key, &n)
		of(key).contacts = n
		return struct{}{}, err
	})
	return err
}

// countAnswers reads how long first responses took.
func (m *Room) countAnswers(ctx context.Context, r db.Reader, c *count) error {
	return c.answers(ctx, r, c.facts(c.day.from, c.day.until, FirstResponse), func(department, agent id.ID) []*tally {
		return []*tally{c.total, c.of(c.departments, department), c.of(c.agents, agent)}
	})
}

func (c *count) answers(ctx context.Context, r db.Reader, w *where, of func(department, agent id.ID) []*tally) error {
	rows, err := r.Query(ctx, `select f.department_id, f.agent_id, f.took, f.counted from report_fact f where `+w.sql.String(), w.args...)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var department, agent id.ID
		var took int64
		var counted sql.NullInt64
		err := r.Scan(&department, &agent, &took, &counted)
		for _, t := range of(department, agent) {
			t.took = append(t.took, took)
			if counted.Valid {
				t.counted = append(t.counted, counted.Int64)
			}
		}
		return struct{}{}, err
	})
	return err
}

// countBacklog counts what waits now, by age and place. (A ticket's id tells
// when it was made.)
func (m *Room) countBacklog(ctx context.Context, r db.Reader, c *count) error {
	w := c.backlog()
	age := "case"
	until := clock.Time(0)
	for i, x := range ages {
		a := BoardAge{Key: x.key, Until: until}
		if x.until > 0 {
			a.Since = c.now.Add(-x.until)
			age += " when t.id >= " + w.arg(int64(id.At(int64(a.Since)))) + " then " + itoa(i)
		}
		c.ages = append(c.ages, a)
		until = a.Since
	}
	age += " else " + itoa(len(ages)-1) + " end"
	rows, err := r.Query(ctx, `select t.department_id, t.assignee_id, `+age+`, t.sla, count(*) from ticket t where `+w.sql.String()+` group by 1, 2, 3, 4`, w.args...)
	_, err = db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var department, agent sql.NullInt64
		var age, standing int
		var n int64
		err := r.Scan(&department, &agent, &age, &standing, &n)
		c.ages[age].Count += n
		for _, t := range []*tally{c.total, c.of(c.departments, id.ID(department.Int64)), c.of(c.agents, id.ID(agent.Int64))} {
			t.backlog += n
			if standing == breached {
				t.overdue += n
			}
		}
		return struct{}{}, err
	})
	return err
}

// countClocks reads how promises ended.
func (m *Room) countClocks(ctx context.Context, r db.Reader, c *count) (err error) {
	list, err := m.SLA.CountEnded(ctx, r, c.actor, c.ended(c.day.from, c.day.until, ""))
	if err != nil {
		return err
	}
	for _, x := range list {
		for _, t := range []*tally{c.total, c.of(c.departments, x.Department), c.of(c.agents, x.Agent)} {
			t.met, t.broken, t.originalMet = t.met+x.Met, t.broken+x.Breached, t.originalMet+x.OriginalMet
		}
	}
	c.total.brokenTickets, err = m.SLA.CountEndedTickets(ctx, r, c.actor, c.ended(c.day.from, c.day.until, "breached"))
	return err
}

// countBefore counts the day that is compared with, until the same time of day.
func (m *Room) countBefore(ctx context.Context, r db.Reader, c *count) error {
	from, to := c.than.from, c.than.until
	all := func(id.ID) *tally { return c.before }
	if err := c.acts(ctx, r, c.facts(from, to, counted...), "", all); err != nil {
		return err
	}
	if err := c.contacts(ctx, r, c.facts(from, to, Created, MessageIn), "", all); err != nil {
		return err
	}
	if err := c.answers(ctx, r, c.facts(from, to, FirstResponse), func(id.ID, id.ID) []*tally { return []*tally{c.before} }); err != nil {
		return err
	}
	list, err := m.SLA.CountEnded(ctx, r, c.actor, c.ended(from, to, ""))
	for _, x := range list {
		c.before.met, c.before.broken = c.before.met+x.Met, c.before.broken+x.Breached
	}
	return err
}
