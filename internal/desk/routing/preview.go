package routing

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// maxReasons is how many reasons a preview names, and how many others who are
// as good.
const maxReasons = 3

// PreviewJSON says who would have a ticket that is not opened yet. It is the
// Pass's own decision at this moment; when the ticket is opened it decides
// again, and somebody may have taken the room by then.
type PreviewJSON struct {
	Outcome Outcome  `json:"outcome" enum:"assigned,offered,queued,kept" doc:"kept: no rule concerns it, or somebody was named"`
	Agent   id.ID    `json:"agent_id,omitzero"`
	Or      []id.ID  `json:"or_ids" doc:"others who are as good: chance decides among them, at most 3"`
	Team    id.ID    `json:"team_id,omitzero" doc:"whose queue it is"`
	Path    []string `json:"path" doc:"the rule, with those above it"`
	Because []string `json:"because" doc:"factors that speak more for the one than for the others, the most telling first, at most 3"`

	Eligible int            `json:"eligible"`
	Excluded map[string]int `json:"excluded" doc:"people who cannot have it, by reason"`
	Decision *Decision      `json:"decision,omitempty" doc:"for who may assign all tickets or read the rules: all that went in"`
}

func (m *Room) registerPreview(api *web.API) {
	type previewOut struct{ Body PreviewJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/preview", ID: "routing-preview", Summary: "Who would have a ticket, before it is opened; nothing is changed",
		Permission: string(staff.TicketCreate), Tags: tags, MaxBody: 1 << 20},
		func(ctx context.Context, in *struct{ Body ticket.CreateBody }) (*previewOut, error) {
			a := actor(ctx)
			p, err := m.preview(ctx, a, in.Body.New(a))
			return &previewOut{p}, err
		})
}

func (m *Room) preview(ctx context.Context, a *staff.Actor, in ticket.NewTicket) (PreviewJSON, error) {
	draft, err := m.Desk.Try(ctx, a, in)
	if err != nil {
		return PreviewJSON{}, err
	}
	t := draft.Ticket()
	out := PreviewJSON{Outcome: Kept, Agent: t.Assignee, Or: []id.ID{}, Team: t.Team, Path: []string{}, Because: []string{}, Excluded: map[string]int{}}
	y, _ := draft.Prepared(noted).(*choice)
	if y == nil || y.course == nil || t.Assignee != 0 {
		return out, nil
	}
	d := &y.decision
	d.Outcome, d.At = Queued, m.Clock.Now()
	if len(d.Order) > 0 && (d.Mode == Direct || d.Mode == Offer) {
		d.Agent, d.Outcome = d.Order[0], Assigned
		if d.Mode == Offer {
			d.Outcome = Offered
		}
		out.Or, out.Because = d.equals(y.course.Plan.nearTie()), d.telling()
	}
	out.Outcome, out.Agent, out.Path, out.Eligible, out.Excluded = d.Outcome, d.Agent, orEmpty(d.Path), d.Eligible, d.Excluded
	if d.Team != 0 {
		out.Team = d.Team
	}
	if a.Scope(staff.TicketAssign) == staff.ScopeAll || a.Can(string(staff.RoutingRead)) {
		out.Decision = d
	}
	return out, nil
}

// equals are those whose score lies within the near tie of the first's.
func (d *Decision) equals(near float64) []id.ID {
	list := []id.ID{}
	for _, c := range d.Candidates[min(1, len(d.Candidates)):] {
		if d.Strategy != RoundRobin && len(list) < maxReasons && d.Candidates[0].Score-c.Score <= near && c.Score-d.Candidates[0].Score <= near {
			list = append(list, c.Agent)
		}
	}
	return list
}

// telling are the factors by which the first of the order is ahead of the other
// candidates, those that made most of the difference first.
func (d *Decision) telling() []string {
	type lead struct {
		factor string
		by     float64
	}
	var list []lead
	others := d.Candidates[min(1, len(d.Candidates)):]
	if len(others) == 0 {
		return []string{}
	}
	for f, v := range d.Candidates[0].Factors {
		w, weighed := d.Weights[f]
		if !weighed {
			w = 1 // people in turn: nothing else counts
		}
		mean := 0.0
		for _, c := range others {
			mean += c.Factors[f] / float64(len(others))
		}
		if by := w * (v - mean); by > 1e-4 {
			list = append(list, lead{f, by})
		}
	}
	slices.SortFunc(list, func(a, b lead) int { return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(a.factor, b.factor)) })
	out := []string{}
	for _, x := range list[:min(len(list), maxReasons)] {
		out = append(out, x.factor)
	}
	return out
}
