package sla

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// describe makes an operation of this room.
type describe func(method, path, name, summary, permission string) web.Op

type storyOut struct{ Body *Story }

// story answers with all of a ticket's promises, after a change too.
func (m *Room) story(ctx context.Context, a *staff.Actor, ticketID id.ID) (*storyOut, error) {
	if _, err := m.Desk.Get(ctx, a, ticketID); err != nil {
		return nil, err
	}
	s, err := m.Of(ctx, a.Tenant, ticketID)
	return &storyOut{s}, err
}

// registerTickets adds what is seen and done on one ticket.
func (m *Room) registerTickets(api *web.API, op describe) {
	web.Register(api, op("GET", "/tickets/{id}/sla", "clocks", "See a ticket's clocks and why they stand as they do", string(staff.TicketRead)),
		func(ctx context.Context, in *struct{ web.PathID }) (*storyOut, error) {
			return m.story(ctx, staff.From(ctx), in.ID.ID)
		})
	web.Register(api, op("POST", "/tickets/{id}/sla/acknowledge", "acknowledge", "Take a promise in danger in hand: the chain of escalation stops", string(staff.TicketUpdate)),
		func(ctx context.Context, in *struct {
			web.PathID
			Body AckInput
		}) (*storyOut, error) {
			a := staff.From(ctx)
			if err := m.Acknowledge(ctx, a, in.ID.ID, in.Body); err != nil {
				return nil, err
			}
			return m.story(ctx, a, in.ID.ID)
		})
	type extensionOut struct{ Body *Extension }
	extend := op("POST", "/tickets/{id}/sla/extension", "extend", "Ask for more time for an open promise", string(staff.TicketUpdate))
	extend.Status = http.StatusCreated
	web.Register(api, extend, func(ctx context.Context, in *struct {
		web.PathID
		Body ExtensionInput
	}) (*extensionOut, error) {
		x, err := m.Extend(ctx, staff.From(ctx), in.ID.ID, in.Body)
		return &extensionOut{x}, err
	})
	type supervisionOut struct{ Body *Supervision }
	supervise := op("POST", "/tickets/{id}/sla/supervise", "supervise", "Order something on a ticket, with a deadline for the reply", string(staff.SLASupervise))
	supervise.Status = http.StatusCreated
	web.Register(api, supervise, func(ctx context.Context, in *struct {
		web.PathID
		Body SuperviseInput
	}) (*supervisionOut, error) {
		x, err := m.Supervise(ctx, staff.From(ctx), in.ID.ID, in.Body)
		return &supervisionOut{x}, err
	})
	type countsOut struct{ Body Counts }
	for _, x := range []struct{ path, kind, summary string }{
		{"urge", ToldUrged, "Note that the customer asks for speed, and tell whoever has to act"},
		{"chase", ToldChased, "Ask whoever has to act for speed, as a colleague"},
	} {
		web.Register(api, op("POST", "/tickets/{id}/sla/"+x.path, x.path, x.summary, string(staff.TicketNote)),
			func(ctx context.Context, in *struct {
				web.PathID
				Body UrgeInput
			}) (*countsOut, error) {
				n, err := m.Hurry(ctx, staff.From(ctx), in.ID.ID, x.kind, in.Body)
				return &countsOut{n}, err
			})
	}
	web.Register(api, op("POST", "/tickets/{id}/sla/breach-reason", "breach-reason", "Say why a promise was broken", string(staff.TicketUpdate)),
		func(ctx context.Context, in *struct {
			web.PathID
			Body ReasonInput
		}) (*storyOut, error) {
			a := staff.From(ctx)
			if err := m.Explain(ctx, a, in.ID.ID, in.Body); err != nil {
				return nil, err
			}
			return m.story(ctx, a, in.ID.ID)
		})
}

// registerRequests adds what waits for an answer.
func (m *Room) registerRequests(api *web.API, op describe) {
	type extensionsOut struct{ Body web.List[*Extension] }
	web.Register(api, op("GET", "/sla/extensions", "extensions", "List requests for more time in one's reach, the newest first", string(staff.TicketRead)),
		func(ctx context.Context, in *struct {
			web.Page
			State string `query:"state" default:"requested" enum:"requested,approved,refused,lapsed"`
		}) (*extensionsOut, error) {
			var before id.ID
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			list, err := m.Extensions(ctx, staff.From(ctx), in.State, before, in.Limit+1)
			return &extensionsOut{web.Cut(list, in.Limit, func(x *Extension) id.ID { return x.ID })}, err
		})
	web.Register(api, op("POST", "/sla/extensions/{id}/decision", "extension-decide", "Approve or refuse a request for more time", string(staff.SLAApprove)),
		func(ctx context.Context, in *struct {
			web.PathID
			Body DecisionInput
		}) (*struct{ Body *Extension }, error) {
			x, err := m.Decide(ctx, staff.From(ctx), in.ID.ID, in.Body)
			return &struct{ Body *Extension }{x}, err
		})
	type supervisionsOut struct{ Body web.List[*Supervision] }
	web.Register(api, op("GET", "/sla/supervisions", "supervisions", "List orders in one's reach, the newest first", string(staff.TicketRead)),
		func(ctx context.Context, in *struct {
			web.Page
			State string `query:"state" default:"open" enum:"open,answered,ended"`
		}) (*supervisionsOut, error) {
			var before id.ID
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			list, err := m.Supervisions(ctx, staff.From(ctx), in.State, before, in.Limit+1)
			return &supervisionsOut{web.Cut(list, in.Limit, func(x *Supervision) id.ID { return x.ID })}, err
		})
	web.Register(api, op("POST", "/sla/supervisions/{id}/reply", "supervision-reply", "Reply to an order", string(staff.TicketNote)),
		func(ctx context.Context, in *struct {
			web.PathID
			Body AnswerInput
		}) (*struct{ Body *Supervision }, error) {
			x, err := m.Answer(ctx, staff.From(ctx), in.ID.ID, in.Body)
			return &struct{ Body *Supervision }{x}, err
		})
}
