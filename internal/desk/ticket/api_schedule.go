package ticket

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// ScheduledJSON is a reply that waits, on the wire.
type ScheduledJSON struct {
	ID          id.ID            `json:"id"`
	Author      Ref              `json:"author"`
	Text        string           `json:"text"`
	HTML        string           `json:"html,omitempty" doc:"sanitised"`
	Attachments []AttachmentJSON `json:"attachments"`
	Status      string           `json:"status,omitempty" doc:"taken with it"`
	DueAt       clock.Time       `json:"due_at"`
	Newer       bool             `json:"newer" doc:"somebody has written since it was ordered"`
	Error       string           `json:"error,omitempty" doc:"code of why it could not be sent"`
	CreatedAt   clock.Time       `json:"created_at"`
}

// ScheduledID is the id in the path, and that of its ticket.
type ScheduledID struct {
	TicketID
	Scheduled web.ID `path:"scheduled"`
}

func (d *Desk) registerScheduled(api *web.API) {
	const base = "/tickets/{id}/scheduled"
	type out struct{ Body ScheduledJSON }
	op := func(method, path, name, summary string, p staff.Permission) web.Op {
		return web.Op{Method: method, Path: base + path, ID: "scheduled-" + name, Summary: summary, Permission: string(p), Tags: tags}
	}
	show := func(ctx context.Context, s *Scheduled, err error) (*out, error) {
		if err != nil {
			return nil, err
		}
		list, err := d.scheduledJSON(ctx, actor(ctx), s.Ticket, []*Scheduled{s})
		if err != nil {
			return nil, err
		}
		return &out{list[0]}, nil
	}
	type listOut struct{ Body web.List[ScheduledJSON] }
	web.Register(api, op("GET", "", "list", "Replies that wait for their time, the next first", staff.TicketRead), func(ctx context.Context, in *TicketID) (*listOut, error) {
		a := actor(ctx)
		if _, err := d.Get(ctx, a, in.ID.ID); err != nil {
			return nil, err
		}
		list, err := scheduledAt(ctx, d.DB, a.Tenant, in.ID.ID)
		if err != nil {
			return nil, err
		}
		items, err := d.scheduledJSON(ctx, a, in.ID.ID, list)
		return &listOut{web.List[ScheduledJSON]{Items: items}}, err
	})
	create := op("POST", "", "create", "Reply at a later time", staff.TicketReply)
	create.Status, create.MaxBody = http.StatusCreated, 4<<20
	web.Register(api, create, func(ctx context.Context, in *struct {
		TicketID
		Body struct {
			MessageBody
			At clock.Time `json:"at" doc:"within a year"`
		}
	}) (*out, error) {
		s, err := d.Schedule(ctx, actor(ctx), in.ID.ID, in.Body.message(), in.Body.At)
		return show(ctx, s, err)
	})
	web.Register(api, op("PUT", "/{scheduled}", "move", "Give it another time", staff.TicketReply), func(ctx context.Context, in *struct {
		ScheduledID
		Body struct {
			At clock.Time `json:"at" doc:"within a year"`
		}
	}) (*out, error) {
		s, err := d.Reschedule(ctx, actor(ctx), in.ID.ID, in.Scheduled.ID, in.Body.At)
		return show(ctx, s, err)
	})
	web.Register(api, op("DELETE", "/{scheduled}", "cancel", "Take it back before it is sent", staff.TicketReply), func(ctx context.Context, in *ScheduledID) (*struct{}, error) {
		return nil, d.Unschedule(ctx, actor(ctx), in.ID.ID, in.Scheduled.ID)
	})
	web.Register(api, op("POST", "/{scheduled}/send", "send", "Send it now", staff.TicketReply), func(ctx context.Context, in *ScheduledID) (*struct{ Body *MessageJSON }, error) {
		t, m, err := d.SendScheduled(ctx, actor(ctx), in.ID.ID, in.Scheduled.ID)
		if err != nil {
			return nil, err
		}
		j, err := d.messageJSON(ctx, d.DB, t, m)
		return &struct{ Body *MessageJSON }{j}, err
	})
}

func (d *Desk) scheduledJSON(ctx context.Context, a *staff.Actor, ticket id.ID, list []*Scheduled) ([]ScheduledJSON, error) {
	n, err := d.names(ctx, d.DB, a.Tenant, nil)
	if err != nil {
		return nil, err
	}
	out := make([]ScheduledJSON, len(list))
	for i, s := range list {
		j := ScheduledJSON{ID: s.ID, Author: *n.user(s.Author), Text: s.Text, HTML: s.HTML, Attachments: []AttachmentJSON{}, DueAt: s.DueAt, Error: s.Error, CreatedAt: s.CreatedAt}
		if s.Status != nil {
			j.Status = s.Status.Status.String()
		}
		if j.Newer, err = newer(ctx, d.DB, &staff.Actor{Tenant: a.Tenant, ID: s.Author}, ticket, s.Seen); err != nil {
			return nil, err
		}
		files, err := d.filesOf(ctx, a.Tenant, s.Attachments)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			j.Attachments = append(j.Attachments, f.json())
		}
		out[i] = j
	}
	return out, nil
}
