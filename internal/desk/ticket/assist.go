package ticket

import (
	"context"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Assist is the part of a ticket that another team answers for (协办): the
// ticket's own team leads. Who is asked may read the ticket and write notes on
// it, nothing else.
type Assist struct {
	Team  id.ID       `json:"team_id"`
	State AssistState `json:"state"`
	By    id.ID       `json:"by,omitzero"` // who asked or answered; zero: a rule
	At    clock.Time  `json:"at"`
}

// AssistState is how far a part is.
type AssistState string

// States of a part.
const (
	AssistProposed AssistState = "proposed" // by a rule; somebody who has the ticket must say yes
	AssistAsked    AssistState = "asked"
	AssistDone     AssistState = "done" // with an answer
)

// FieldAssist is the change in an EventAssist that names the team; its kind is
// the state that the part came to, or KindAssistGone.
const (
	FieldAssist    = "assisting"
	KindAssistGone = "gone"
)

// MaxAssists bounds how many teams answer for parts of a ticket.
const MaxAssists = 10

// Part is the part of a team; nil: it has none.
func (t *Ticket) Part(team id.ID) *Assist {
	if i := slices.IndexFunc(t.Assists, func(x Assist) bool { return x.Team == team }); i >= 0 {
		return &t.Assists[i]
	}
	return nil
}

// assistedBy says whether one of the teams was asked for a part.
func (t *Ticket) assistedBy(teams []id.ID) bool {
	return slices.ContainsFunc(t.Assists, func(x Assist) bool { return x.State != AssistProposed && slices.Contains(teams, x.Team) })
}

// asksMe says whether a part is owed by a team of the actor.
func asksMe(a *staff.Actor, t *Ticket) bool {
	return t.MergedInto == 0 && slices.ContainsFunc(t.Assists, func(x Assist) bool { return x.State == AssistAsked && a.InTeam(x.Team) })
}

// SetAssist notes how far the part of a team is, and tells it.
func (c *Change) SetAssist(team id.ID, state AssistState) {
	t := c.Ticket
	part := Assist{Team: team, State: state, By: c.Actor.ID, At: c.At}
	list := slices.Clone(t.Assists) // others may look at the old one
	if i := slices.IndexFunc(list, func(x Assist) bool { return x.Team == team }); i >= 0 {
		list[i] = part
	} else {
		list = append(list, part)
	}
	t.Assists = list
	c.Append(EventAssist, EventData{Kind: string(state), Changes: []FieldChange{{Field: FieldAssist, To: team}}})
}

// dropAssist ends the part of a team, if it has one.
func (c *Change) dropAssist(team id.ID) {
	if t := c.Ticket; t.Part(team) != nil {
		t.Assists = slices.DeleteFunc(slices.Clone(t.Assists), func(x Assist) bool { return x.Team == team })
		c.Append(EventAssist, EventData{Kind: KindAssistGone, Changes: []FieldChange{{Field: FieldAssist, From: team}}})
	}
}

// AssistInput asks teams for a part of the ticket, or takes that back. To ask
// one that is proposed is to accept the proposal.
type AssistInput struct {
	Ask    []id.ID `json:"ask,omitempty" maxItems:"10"`
	Remove []id.ID `json:"remove,omitempty" maxItems:"10"`
}

func (d *Desk) assist(ctx context.Context, _ *Write, c *Change, in AssistInput) (Outcome, error) {
	dir, err := d.Staff.Directory(ctx, c.Ticket.Tenant)
	if err != nil {
		return Outcome{}, err
	}
	t := c.Ticket
	for _, team := range in.Remove {
		c.dropAssist(team)
	}
	for _, team := range in.Ask {
		if x, ok := dir.Team(team); !ok || x.Retired {
			return Outcome{}, fault.Bad("ask", "unknown", "there is no such team")
		}
		if team == t.Team {
			return Outcome{}, fault.Bad("ask", "lead", "this team leads on the ticket")
		}
		if part := t.Part(team); part == nil || part.State != AssistAsked {
			c.SetAssist(team, AssistAsked)
		}
	}
	if len(t.Assists) > MaxAssists {
		return Outcome{}, fault.Bad("ask", "too_many", "at most %d teams answer for parts of a ticket", MaxAssists)
	}
	return Outcome{}, nil
}

// AssistedInput answers for one's part (协办完成).
type AssistedInput struct {
	Body string `json:"body" minLength:"1" maxLength:"20000" doc:"the answer, kept as a note"`
}

func (d *Desk) assisted(ctx context.Context, w *Write, c *Change, in AssistedInput) (Outcome, error) {
	if _, err := d.say(ctx, w, c, NewMessage{Kind: Note, Body: in.Body}); err != nil {
		return Outcome{}, err
	}
	for _, x := range slices.Clone(c.Ticket.Assists) {
		if x.State == AssistAsked && w.Actor.InTeam(x.Team) {
			c.SetAssist(x.Team, AssistDone)
		}
	}
	return Outcome{}, nil
}

// setAssists keeps the rows by which lists find a ticket's teams that were asked.
func setAssists(ctx context.Context, tx *db.Tx, t *Ticket, old []Assist) error {
	asked := func(list []Assist) (teams []id.ID) {
		for _, x := range list {
			if x.State != AssistProposed {
				teams = append(teams, x.Team)
			}
		}
		return teams
	}
	was, is := asked(old), asked(t.Assists)
	for _, team := range was {
		if !slices.Contains(is, team) {
			if err := tx.Queue(ctx, `delete from ticket_assist where tenant_id = $1 and team_id = $2 and ticket_id = $3`, t.Tenant, team, t.ID); err != nil {
				return err
			}
		}
	}
	for _, team := range is {
		if !slices.Contains(was, team) {
			if err := tx.Queue(ctx, `insert into ticket_assist (tenant_id, team_id, ticket_id) values ($1, $2, $3) on conflict do nothing`, t.Tenant, team, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// AssistJSON is the part of a team as people see it.
type AssistJSON struct {
	Team  Ref         `json:"team"`
	State AssistState `json:"state" enum:"proposed,asked,done"`
	By    *Ref        `json:"by,omitempty" doc:"who asked or answered; absent: a rule"`
	At    clock.Time  `json:"at"`
}

func (n names) assists(list []Assist) (out []AssistJSON) {
	for _, x := range list {
		team, _ := n.dir.Team(x.Team)
		out = append(out, AssistJSON{Team: Ref{x.Team, team.Name}, State: x.State, By: n.user(x.By), At: x.At})
	}
	return out
}
