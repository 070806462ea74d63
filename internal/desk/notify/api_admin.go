package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

// ChannelJSON is a channel on the wire. Its secrets go in and never come out.
type ChannelJSON struct {
	Key     string             `json:"key" readOnly:"true"`
	Kind    string             `json:"kind" minLength:"1" maxLength:"40"`
	Name    string             `json:"name" minLength:"1" maxLength:"100"`
	Active  bool               `json:"active"`
	Config  map[string]string  `json:"config,omitempty"`
	Secrets map[string]*string `json:"secrets,omitempty" writeOnly:"true" doc:"absent keeps one, empty takes it away"`
	Set     []string           `json:"secrets_set,omitempty" readOnly:"true" doc:"which secrets there are"`
	Events  []string           `json:"events,omitempty" maxItems:"100" doc:"group channels: what they hear"`
	Teams   []id.ID            `json:"team_ids,omitempty" maxItems:"100" doc:"group channels: of the tickets of these teams; empty: all"`
	Version int64              `json:"version,omitempty" readOnly:"true"`
}

func (c *Channel) wire() ChannelJSON {
	j := ChannelJSON{Key: c.Key, Kind: c.Kind, Name: c.Name, Active: c.Active, Config: map[string]string{}, Events: c.Events, Teams: c.Teams, Version: c.Version}
	for _, f := range c.kind().Fields {
		switch {
		case f.Type == "secret" && c.secret(f.Key) != "":
			j.Set = append(j.Set, f.Key)
		case f.Type != "secret":
			j.Config[f.Key] = c.field(f.Key)
		}
	}
	return j
}

type channelOut struct {
	ETag string `header:"ETag"`
	Body ChannelJSON
}

// ChannelsJSON is the list of channels with the table of what there could be.
type ChannelsJSON struct {
	Items []ChannelJSON `json:"items"`
	Kinds []*Kind       `json:"kinds"`
}

// TemplateJSON is what is said of an event in one language.
type TemplateJSON struct {
	Event   string    `json:"event" minLength:"1" maxLength:"64"`
	Locale  string    `json:"locale" enum:"zh-CN,en"`
	Title   string    `json:"title" maxLength:"200"`
	Text    string    `json:"text" maxLength:"2000"`
	Changed bool      `json:"changed,omitempty" readOnly:"true" doc:"the company's own words"`
	Holders []string  `json:"placeholders,omitempty" readOnly:"true"`
	Shipped *Template `json:"shipped,omitempty" readOnly:"true"`
	Version int64     `json:"version,omitempty" readOnly:"true"`
}

// DeliveryJSON is one message to the outside.
type DeliveryJSON struct {
	ID           id.ID        `json:"id"`
	Lead         id.ID        `json:"message_id" doc:"deliveries with the same one went out as one message"`
	User         *staff.Named `json:"user,omitempty"`
	Channel      string       `json:"channel"`
	Event        string       `json:"event"`
	Ticket       id.ID        `json:"ticket_id,omitzero"`
	Notification id.ID        `json:"notification_id"`
	State        string       `json:"state" enum:"waiting,held,sending,sent,failed,dropped"`
	Attempts     int          `json:"attempts"`
	DueAt        clock.Time   `json:"due_at"`
	CreatedAt    clock.Time   `json:"created_at"`
	EndedAt      clock.Time   `json:"ended_at,omitzero"`
	Receipt      string       `json:"receipt,omitempty" doc:"what the other side calls it"`
	Error        string       `json:"error,omitempty"`
}

func (m *Room) registerAdmin(api *web.API) {
	manage := string(staff.NotifyManage)
	web.Register(api, op("GET", "/notify/channels", "channels", "List the channels of notifications and what kinds there are", manage),
		func(ctx context.Context, _ *struct{}) (*struct{ Body ChannelsJSON }, error) {
			list, err := m.loadChannels(ctx, staff.From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			out := ChannelsJSON{Items: []ChannelJSON{}, Kinds: Kinds}
			for _, c := range list {
				if c.kind() != nil {
					out.Items = append(out.Items, c.wire())
				}
			}
			return &struct{ Body ChannelsJSON }{out}, nil
		})
	type pathKey struct {
		Key string `path:"key" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$"`
	}
	web.Register(api, op("GET", "/notify/channels/{key}", "channel", "Read a channel of notifications", manage),
		func(ctx context.Context, in *pathKey) (*channelOut, error) {
			c, err := m.channel(ctx, staff.From(ctx).Tenant, in.Key)
			if err != nil {
				return nil, err
			}
			return &channelOut{web.ETag(c.Version), c.wire()}, nil
		})
	put := op("PUT", "/notify/channels/{key}", "channel-set", "Make or change a channel of notifications", manage)
	put.SecretIn = true
	web.Register(api, put, func(ctx context.Context, in *struct {
		Key string `path:"key" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$"`
		web.IfMatch
		Body ChannelJSON
	}) (*channelOut, error) {
		b := in.Body
		next := &Channel{Key: in.Key, Kind: b.Kind, Active: b.Active, channelBody: channelBody{b.Name, map[string]string{}, b.Events, b.Teams}}
		for k, v := range b.Config {
			next.Config[k] = v
		}
		c, err := m.saveChannel(ctx, staff.From(ctx), next, b.Secrets, in.IfMatch.Version())
		if err != nil {
			return nil, err
		}
		return &channelOut{web.ETag(c.Version), c.wire()}, nil
	})
	type testIn struct {
		Key  string `path:"key" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$"`
		Body struct {
			To string `json:"to,omitempty" maxLength:"200" doc:"address; empty: one's own"`
		}
	}
	type testOut struct {
		Body struct {
			OK      bool   `json:"ok"`
			Receipt string `json:"receipt,omitempty"`
			Error   string `json:"error,omitempty"`
		}
	}
	web.Register(api, op("POST", "/notify/channels/{key}/test", "channel-test", "Send a test", manage),
		func(ctx context.Context, in *testIn) (*testOut, error) {
			receipt, err := m.test(ctx, staff.From(ctx), in.Key, in.Body.To)
			out := &testOut{}
			var f *refusal
			switch {
			case err == nil:
				out.Body.OK, out.Body.Receipt = true, receipt
			case errors.As(err, &f):
				out.Body.Error = f.Why
			default:
				return nil, err
			}
			return out, nil
		})
	m.registerTemplates(api, manage)
	m.registerDeliveries(api, manage)
}

func (m *Room) channel(ctx context.Context, tenant id.ID, key string) (*Channel, error) {
	list, err := m.loadChannels(ctx, tenant)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(c *Channel) bool { return c.Key == key && c.kind() != nil })
	if i < 0 {
		return nil, fault.Missing("channel")
	}
	return list[i], nil
}

// test sends a message that says that it is one, past the pipeline.
func (m *Room) test(ctx context.Context, a *staff.Actor, key, to string) (string, error) {
	c, err := m.channel(ctx, a.Tenant, key)
	if err != nil {
		return "", err
	}
	active := *c
	active.Active = true // what is missing is told before the other side does
	if err := active.check(); err != nil {
		return "", err
	}
	if way := c.kind().Means; way != "" && to == "" {
		p, err := m.preferences(ctx, a.Tenant, []id.ID{a.ID})
		if err != nil {
			return "", err
		}
		dir, err := m.Staff.Directory(ctx, a.Tenant)
		if err != nil {
			return "", err
		}
		user, _ := dir.User(a.ID)
		if to = p[a.ID].Addresses.of(way, user.Email); to == "" && way != WebPush {
			return "", fault.Bad("to", "required", "say where to: your preferences hold no address for this way")
		}
	}
	w := testWords.in(a.Locale)
	return c.kind().send(ctx, m, c, &Message{Tenant: a.Tenant, ID: m.IDs.Next(), User: a.ID, To: to, Event: eventTest, Locale: a.Locale, Title: w.Title, Text: w.Text,
		URL: m.link("", 0), Values: map[string]string{"number": "TEST-0001", "subject": w.Title, "url": m.link("", 0), "count": "1"}})
}

func (m *Room) registerTemplates(api *web.API, manage string) {
	type list struct {
		Items []TemplateJSON `json:"items"`
	}
	web.Register(api, op("GET", "/notify/templates", "templates", "What is said of every event, in both languages", manage),
		func(ctx context.Context, _ *struct{}) (*struct{ Body list }, error) {
			stored, err := loadTemplates(ctx, m.DB, staff.From(ctx).Tenant)
			if err != nil {
				return nil, err
			}
			out := list{Items: []TemplateJSON{}}
			for _, e := range Events {
				for _, locale := range staff.Locales {
					own := shipped[e.Key].in(locale)
					j := TemplateJSON{Event: e.Key, Locale: locale, Title: own.Title, Text: own.Text, Holders: e.Holders, Shipped: &own}
					for _, s := range stored {
						if s.Event == e.Key && s.Locale == locale {
							j.Title, j.Text, j.Version, j.Changed = s.Title, s.Text, s.Version, true
						}
					}
					out.Items = append(out.Items, j)
				}
			}
			return &struct{ Body list }{out}, nil
		})
	web.Register(api, op("PUT", "/notify/templates", "template-set", "Change what is said of an event in one language; an empty title brings the shipped words back", manage),
		func(ctx context.Context, in *struct{ Body TemplateJSON }) (*struct{ Body TemplateJSON }, error) {
			j := in.Body
			e, ok := eventOf(j.Event)
			if !ok {
				return nil, fault.Bad("event", "unknown", "there is no event %q", j.Event)
			}
			own := shipped[e.Key].in(j.Locale)
			t := Template{j.Title, j.Text}
			back := t.Title == "" && t.Text == ""
			if !back {
				if err := t.check("template", e); err != nil {
					return nil, err
				}
			}
			a := staff.From(ctx)
			tenant := a.Tenant
			out := TemplateJSON{Event: j.Event, Locale: j.Locale, Title: t.Title, Text: t.Text, Holders: e.Holders, Shipped: &own, Changed: !back}
			err := m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				was := own
				if err := tx.QueryRow(ctx, `select title, body from notify_template where tenant_id = $1 and event = $2 and locale = $3`, tenant, j.Event, j.Locale).Scan(&was.Title, &was.Text); err != nil && !errors.Is(err, sql.ErrNoRows) {
					return err
				}
				now := t
				if back {
					now = own
				}
				if err := m.Staff.Record(ctx, tx, a, staff.Act{Kind: "notify_template.updated", Name: j.Event + " · " + j.Locale, Changes: staff.Changes(was, now)}); err != nil {
					return err
				}
				if back {
					_, err := tx.Exec(ctx, `delete from notify_template where tenant_id = $1 and event = $2 and locale = $3`, tenant, j.Event, j.Locale)
					return err
				}
				return tx.QueryRow(ctx, `insert into notify_template (tenant_id, event, locale, title, body, version) values ($1, $2, $3, $4, $5, 1)
					on conflict (tenant_id, event, locale) do update set title = excluded.title, body = excluded.body, version = notify_template.version + 1 returning version`,
					tenant, j.Event, j.Locale, t.Title, t.Text).Scan(&out.Version)
			})
			if err != nil {
				return nil, err
			}
			if back {
				out.Title, out.Text = own.Title, own.Text
			}
			m.kept.Changed(tenant)
			return &struct{ Body TemplateJSON }{out}, nil
		})
}

func (m *Room) registerDeliveries(api *web.API, manage string) {
	web.Register(api, op("GET", "/notify/deliveries", "deliveries", "What went out and how, newest first", manage),
		func(ctx context.Context, in *struct {
			web.Page
			State   string `query:"state" enum:"waiting,held,sending,sent,failed,dropped"`
			Channel string `query:"channel" maxLength:"40"`
		}) (*struct{ Body web.List[DeliveryJSON] }, error) {
			before := id.ID(1<<63 - 1)
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			a := staff.From(ctx)
			q, args := `select `+deliveryColumns+` from notify_delivery d where d.tenant_id = $1 and d.id < $2`, []any{a.Tenant, before}
			if in.State != "" {
				args = append(args, slices.Index(deliveryStates, in.State))
				q += ` and d.state = $` + strconv.Itoa(len(args))
			}
			if in.Channel != "" {
				args = append(args, in.Channel)
				q += ` and d.channel = $` + strconv.Itoa(len(args))
			}
			rows, err := m.DB.Query(ctx, q+fmt.Sprintf(` order by d.id desc limit %d`, in.Limit+1), args...)
			found, err := db.Each(rows, err, scanDelivery)
			if err != nil {
				return nil, err
			}
			dir, err := m.Staff.Directory(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			page := web.Cut(found, in.Limit, func(d *delivery) id.ID { return d.ID })
			out := web.List[DeliveryJSON]{Items: []DeliveryJSON{}, NextCursor: page.NextCursor}
			for _, d := range page.Items {
				j := DeliveryJSON{ID: d.ID, Lead: d.Lead, Channel: d.Channel, Event: d.Event, Ticket: d.Ticket, Notification: d.Notification, State: deliveryStates[d.State],
					Attempts: d.Attempts, DueAt: d.DueAt, CreatedAt: d.CreatedAt, EndedAt: d.EndedAt, Receipt: d.Receipt, Error: d.Error}
				if p, ok := dir.User(d.User); ok {
					j.User = &staff.Named{ID: p.ID, Name: p.Name}
				}
				out.Items = append(out.Items, j)
			}
			return &struct{ Body web.List[DeliveryJSON] }{out}, nil
		})
	again := op("POST", "/notify/deliveries/{id}/retry", "delivery-retry", "Try a failed message again", manage)
	again.Status = 202
	web.Register(api, again, func(ctx context.Context, in *struct{ web.PathID }) (*struct{}, error) {
		return nil, m.retry(ctx, staff.From(ctx).Tenant, in.ID.ID)
	})
}

// retry sends a message again that was given up.
func (m *Room) retry(ctx context.Context, tenant, of id.ID) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var lead id.ID
		var state int
		err := tx.QueryRow(ctx, `select lead_id, state from notify_delivery where tenant_id = $1 and id = $2`+tx.Engine().ForUpdate(), tenant, of).Scan(&lead, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.Missing("delivery")
		}
		if err != nil {
			return err
		}
		if state != deliveryFailed {
			return fault.New(fault.Conflict, "delivery.state", "only what has failed is tried again")
		}
		if _, err := tx.Exec(ctx, `update notify_delivery set state = 0, attempts = 0, ended_at = null, due_at = $3 where tenant_id = $1 and lead_id = $2 and state = 4`, tenant, lead, m.Clock.Now()); err != nil {
			return err
		}
		return m.Jobs.Add(ctx, tx, sendJob(tenant, lead, 0))
	})
}
