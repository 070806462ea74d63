package notify

import (
	"context"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/live"
	"zhidan/internal/platform/web"
)

// countCap is where a count on the bell ends: "999+".
const countCap = 999

// NoticeJSON is one notification as its reader sees it. Of a ticket that is
// out of reach by now only the event is left.
type NoticeJSON struct {
	ID         id.ID             `json:"id"`
	Event      string            `json:"event"`
	Title      string            `json:"title"`
	Text       string            `json:"text,omitempty"`
	Ticket     id.ID             `json:"ticket_id,omitzero"`
	Number     string            `json:"number,omitempty"`
	Subject    string            `json:"subject,omitempty"`
	Status     ticket.Status     `json:"status,omitempty"`
	Priority   ticket.Priority   `json:"priority,omitempty"`
	Actor      *staff.Named      `json:"actor,omitempty"`
	Data       map[string]string `json:"data,omitempty"`
	At         clock.Time        `json:"at"`
	ReadAt     clock.Time        `json:"read_at,omitzero"`
	Urgent     bool              `json:"urgent,omitempty"`
	OutOfReach bool              `json:"out_of_reach,omitempty"`
}

// wire shows notifications in the reader's language and reach.
func (m *Room) wire(ctx context.Context, a *staff.Actor, rows []*notification) ([]NoticeJSON, error) {
	out := make([]NoticeJSON, 0, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	x, err := m.look(ctx, a.Tenant, rows)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, n := range rows {
		if n.Ticket != 0 {
			ids = append(ids, n.Ticket)
		}
	}
	list, err := m.Desk.Reachable(ctx, a, ids)
	if err != nil {
		return nil, err
	}
	x.tickets = map[id.ID]*ticket.Ticket{}
	for _, t := range list {
		x.tickets[t.ID] = t
	}
	named := func(u id.ID) *staff.Named {
		if p, ok := x.dir.User(u); ok {
			return &staff.Named{ID: p.ID, Name: p.Name}
		}
		return nil
	}
	for _, n := range rows {
		j := NoticeJSON{ID: n.ID, Event: n.Event, At: n.CreatedAt, ReadAt: n.ReadAt, Urgent: n.Urgent, OutOfReach: n.Ticket != 0 && x.tickets[n.Ticket] == nil}
		if t := x.tickets[n.Ticket]; t != nil {
			j.Ticket, j.Number, j.Subject, j.Status, j.Priority = t.ID, t.Number, t.Subject, t.Status, t.Priority
		}
		if !j.OutOfReach {
			j.Actor, j.Data = named(n.Actor), n.Data
			values := m.values(x, n, a.Locale)
			delete(values, "url") // the screen knows where it leads
			said := k.template(n.Event, a.Locale).fill(values)
			j.Title, j.Text = said.Title, said.Text
		}
		out = append(out, j)
	}
	return out, nil
}

// Register adds the operations.
func (m *Room) Register(api *web.API) {
	m.registerOwn(api)
	m.registerAdmin(api)
}

func op(method, path, name, summary, permission string) web.Op {
	return web.Op{Method: method, Path: path, ID: "notify-" + name, Summary: summary, Permission: permission, Tags: []string{"Notifications"}}
}

// PreferencesJSON is how a person wants to be told, with what is there to
// choose from.
type PreferencesJSON struct {
	Preferences
	Addresses  *Addresses        `json:"addresses,omitempty" doc:"absent keeps them"`
	Ways       []WayJSON         `json:"channels,omitempty" readOnly:"true"`
	WebPushKey string            `json:"web_push_key,omitempty" readOnly:"true" doc:"public key with which a browser subscribes; absent when web push is off"`
	Browsers   []SubscriptionOut `json:"browsers,omitempty" readOnly:"true"`
	Version    int64             `json:"version,omitempty" readOnly:"true"`
}

// WayJSON is a way to a person.
type WayJSON struct {
	Key   Means `json:"key"`
	On    bool  `json:"on" doc:"the company has a channel that carries it"`
	Ready bool  `json:"ready" doc:"and the person can be reached on it"`
}

type preferencesOut struct {
	ETag string `header:"ETag"`
	Body PreferencesJSON
}

func (m *Room) preferencesOf(ctx context.Context, a *staff.Actor) (*preferencesOut, error) {
	list, err := m.preferences(ctx, a.Tenant, []id.ID{a.ID})
	if err != nil {
		return nil, err
	}
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p := list[a.ID]
	user, _ := dir.User(a.ID)
	out := PreferencesJSON{Preferences: p.Preferences, Addresses: &p.Addresses, Version: p.Version}
	if out.Browsers, err = m.subscriptions(ctx, a); err != nil {
		return nil, err
	}
	for _, way := range AllMeans {
		c := k.by(way)
		ready := way == InApp || c != nil && p.Addresses.of(way, user.Email) != "" || c != nil && way == WebPush && len(out.Browsers) > 0
		out.Ways = append(out.Ways, WayJSON{way, way == InApp || c != nil, ready})
		if way == WebPush && c != nil {
			out.WebPushKey = c.field("public_key")
		}
	}
	return &preferencesOut{web.ETag(p.Version), out}, nil
}

func (m *Room) registerOwn(api *web.API) {
	web.Register(api, op("GET", "/notifications", "list", "What one was told, newest first", web.SignedIn),
		func(ctx context.Context, in *struct {
			web.Page
			Unread bool `query:"unread" doc:"only what was not read"`
		}) (*struct{ Body web.List[NoticeJSON] }, error) {
			before := id.ID(1<<63 - 1)
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			a := staff.From(ctx)
			rows, err := m.list(ctx, a, in.Unread, before, in.Limit+1)
			if err != nil {
				return nil, err
			}
			page := web.Cut(rows, in.Limit, func(n *notification) id.ID { return n.ID })
			items, err := m.wire(ctx, a, page.Items)
			return &struct{ Body web.List[NoticeJSON] }{web.List[NoticeJSON]{Items: items, NextCursor: page.NextCursor}}, err
		})
	type count struct {
		Count  int  `json:"count"`
		Urgent int  `json:"urgent" doc:"of them"`
		Capped bool `json:"capped,omitempty" doc:"there are more"`
	}
	web.Register(api, op("GET", "/notifications/count", "count", "How many one has not read", web.SignedIn),
		func(ctx context.Context, _ *struct{}) (*struct{ Body count }, error) {
			all, urgent, err := m.unread(ctx, staff.From(ctx), countCap+1)
			return &struct{ Body count }{count{min(all, countCap), min(urgent, countCap), all > countCap}}, err
		})
	type events struct {
		Events   []Event   `json:"events"`
		Channels []WayJSON `json:"channels"`
	}
	web.Register(api, op("GET", "/notifications/events", "events", "What one can be told, and on which ways", web.SignedIn),
		func(ctx context.Context, _ *struct{}) (*struct{ Body events }, error) {
			p, err := m.preferencesOf(ctx, staff.From(ctx))
			if err != nil {
				return nil, err
			}
			return &struct{ Body events }{events{Events, p.Body.Ways}}, nil
		})
	type read struct {
		Body struct {
			IDs []id.ID `json:"ids,omitempty" maxItems:"500"`
			All bool    `json:"all,omitempty"`
		}
	}
	type readOut struct {
		Body struct {
			Read int64 `json:"read" doc:"how many were not read before"`
		}
	}
	web.Register(api, op("POST", "/notifications/read", "read", "Mark as read", web.SignedIn),
		func(ctx context.Context, in *read) (*readOut, error) {
			a := staff.From(ctx)
			n, err := m.read(ctx, a, in.Body.IDs, in.Body.All)
			if err != nil {
				return nil, err
			}
			if n > 0 {
				m.refresh(ctx, a.Tenant, []id.ID{a.ID})
			}
			out := &readOut{}
			out.Body.Read = n
			return out, nil
		})
	web.Register(api, op("GET", "/me/notifications", "preferences", "How one wants to be told", web.SignedIn),
		func(ctx context.Context, _ *struct{}) (*preferencesOut, error) {
			return m.preferencesOf(ctx, staff.From(ctx))
		})
	web.Register(api, op("PUT", "/me/notifications", "prefer", "Say how one wants to be told", web.SignedIn),
		func(ctx context.Context, in *struct {
			web.IfMatch
			Body PreferencesJSON
		}) (*preferencesOut, error) {
			a := staff.From(ctx)
			if _, err := m.savePreference(ctx, a, in.Body.Preferences, in.Body.Addresses, in.IfMatch.Version()); err != nil {
				return nil, err
			}
			return m.preferencesOf(ctx, a)
		})
	m.registerSubscriptions(api)
}

// refresh makes the screens of some people read their bell again, without a
// sound.
func (m *Room) refresh(ctx context.Context, tenant id.ID, users []id.ID) {
	err := m.Hub.Publish(ctx, live.Event{ID: m.IDs.Next(), Tenant: tenant, Name: "notification", Data: map[string]bool{"quiet": true}, Audience: live.Audience{Users: users}})
	if err != nil {
		m.Log.WarnContext(ctx, "a screen was not told that its bell has changed", "error", err)
	}
}
