package report

import (
	"cmp"
	"context"
	"slices"

	"zhidan/internal/desk/roster"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
)

const breached = int(ticket.SLABreached)

// lines adds departments and people to a board, in the order in which people
// read names, and who is online.
func (m *Room) lines(ctx context.Context, c *count, b *Board) error {
	states, err := m.Roster.States(ctx, c.actor.Tenant)
	if err != nil {
		return err
	}
	b.Departments, b.Agents, b.Online = []BoardLine{}, []BoardLine{}, []BoardPerson{}
	known := map[id.ID]bool{}
	for _, d := range c.dir.Departments() {
		known[d.ID] = true
		if t := c.departments[d.ID]; t.any() {
			l := t.line(d.ID, d.Name)
			l.Recent = t.recent
			b.Departments = append(b.Departments, l)
		}
	}
	rest := newTally()
	for key, t := range c.departments { // of none, or of one that is gone
		if !known[key] {
			rest.join(t)
		}
	}
	if rest.any() {
		l := rest.line(0, "")
		l.Recent = rest.recent
		b.Departments = append(b.Departments, l)
	}
	for _, p := range c.people() {
		known[p.ID] = true
		s := states.Of(p.ID)
		if s.State != roster.Offline {
			b.Online = append(b.Online, BoardPerson{p.ID, p.Name, s.State, s.Since})
		}
		if t := c.agents[p.ID]; t.any() || s.State != roster.Offline && p.Active {
			if t == nil {
				t = newTally()
			}
			l := t.line(p.ID, p.Name)
			l.State = string(s.State)
			b.Agents = append(b.Agents, l)
		}
	}
	for key, t := range c.agents { // whom roster.read does not reach, or who has left
		if p, ok := c.dir.User(key); ok && !known[key] && t.any() {
			b.Agents = append(b.Agents, t.line(p.ID, p.Name))
		}
	}
	slices.SortStableFunc(b.Agents, func(x, y BoardLine) int {
		return cmp.Or(cmp.Compare(y.Solved, x.Solved), cmp.Compare(y.MessageOut, x.MessageOut), cmp.Compare(y.Backlog, x.Backlog), cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	b.Agents = b.Agents[:min(len(b.Agents), maxLines)]
	return nil
}

func (t *tally) any() bool {
	if t == nil {
		return false
	}
	for _, n := range t.acts {
		if n > 0 {
			return true
		}
	}
	return t.backlog > 0 || t.met+t.broken > 0
}

// join adds another tally up to this one.
func (t *tally) join(o *tally) {
	for k, n := range o.acts {
		t.acts[k] += n
	}
	for k, n := range o.tickets {
		t.tickets[k] += n
	}
	t.contacts += o.contacts
	t.took, t.counted = append(t.took, o.took...), append(t.counted, o.counted...)
	t.met, t.broken, t.originalMet = t.met+o.met, t.broken+o.broken, t.originalMet+o.originalMet
	t.backlog, t.overdue = t.backlog+o.backlog, t.overdue+o.overdue
	for i, n := range o.recent {
		if t.recent == nil {
			t.recent = make([]int64, recentHours)
		}
		t.recent[i] += n
	}
}

func (t *tally) line(key id.ID, name string) BoardLine {
	return BoardLine{ID: key, Name: name, Created: t.tickets[Created], Solved: t.tickets[Solved], Backlog: t.backlog, Overdue: t.overdue, Answered: t.tickets[FirstResponse],
		FirstResponse: t.value(KeyFirstResponse), SLA: t.value(KeySLA), Reopened: t.tickets[Reopened], Repeat: t.tickets[Repeat],
		ReopenRate: t.value(KeyReopened), RepeatRate: t.value(KeyRepeat), MessageOut: t.acts[MessageOut]}
}

func sortChannels(list []BoardChannel) {
	slices.SortFunc(list, func(a, b BoardChannel) int {
		return cmp.Or(cmp.Compare(b.Created, a.Created), cmp.Compare(a.Key, b.Key))
	})
}
