package phrase

import (
	"context"
	"net/http"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/web"
)

type (
	// Body is a phrase as it is written.
	Body struct {
		Scope    string `json:"scope" enum:"own,team,shared"`
		Team     id.ID  `json:"team_id,omitzero"`
		Name     string `json:"name" minLength:"1" maxLength:"100"`
		Shortcut string `json:"shortcut,omitempty" maxLength:"64" doc:"typed after / while writing"`
		ZH       string `json:"zh,omitempty" maxLength:"20000" doc:"placeholders in braces: {customer} {number} {subject} {agent} {team} {company} {date}"`
		EN       string `json:"en,omitempty" maxLength:"20000"`
	}
	// JSON is a phrase as it is administered.
	JSON struct {
		ID id.ID `json:"id"`
		Body
		Owner     ticket.Ref `json:"owner"`
		Uses      int64      `json:"uses" doc:"by the reader"`
		AllUses   int64      `json:"all_uses"`
		MayEdit   bool       `json:"may_edit"`
		UpdatedAt clock.Time `json:"updated_at"`
		Version   int64      `json:"version"`
	}
	// Filled is a quick reply as it is inserted: plain text.
	Filled struct {
		ID       id.ID  `json:"id"`
		Scope    string `json:"scope" enum:"own,team,shared"`
		Name     string `json:"name"`
		Shortcut string `json:"shortcut,omitempty"`
		Text     string `json:"text"`
		Uses     int64  `json:"uses"`
	}
	// Writing is what helps to write on a ticket.
	Writing struct {
		Items     []Filled `json:"items" doc:"those that the reader uses most first"`
		Signature string   `json:"signature" doc:"goes under mail; empty: none"`
	}
)

// Register adds the operations on quick replies and signatures.
func (m *Room) Register(api *web.API) {
	m.registerKind(api, QuickReply, "/quick-replies", "quick-reply", "quick reply", "quick replies")
	m.registerKind(api, Signature, "/signatures", "signature", "signature", "signatures")
	tags := []string{"Quick replies"}
	type path struct{ web.PathID }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/quick-replies/{id}/use", ID: "quick-reply-use", Summary: "Count that it was inserted",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *path) (*struct{}, error) {
			return nil, m.Use(ctx, staff.From(ctx), in.ID.ID)
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}/quick-replies", ID: "ticket-quick-replies", Summary: "Quick replies and signature, filled in for a ticket",
		Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *path) (*struct{ Body Writing }, error) {
			w, err := m.Writing(ctx, staff.From(ctx), in.ID.ID)
			return &struct{ Body Writing }{w}, err
		})
}

func (m *Room) registerKind(api *web.API, kind Kind, path, name, one, many string) {
	op := func(method, path, id, summary string) web.Op {
		return web.Op{Method: method, Path: path, ID: id, Summary: summary, Permission: string(staff.TicketRead), Tags: []string{"Quick replies"}}
	}
	type out struct {
		ETag string `header:"ETag"`
		Body JSON
	}
	type listOut struct{ Body web.List[JSON] }
	web.Register(api, op("GET", path, name+"-list", "List the "+many+" that the reader may use or change"), func(ctx context.Context, in *web.Page) (*listOut, error) {
		a := staff.From(ctx)
		var after id.ID
		if _, err := web.ParseCursor(in.Cursor, &after); err != nil {
			return nil, err
		}
		list, err := m.list(ctx, a, kind, after, in.Limit+1)
		if err != nil {
			return nil, err
		}
		rows := make([]JSON, len(list))
		for i, u := range list {
			if rows[i], err = m.json(ctx, a, u); err != nil {
				return nil, err
			}
		}
		return &listOut{web.Cut(rows, in.Limit, func(j JSON) id.ID { return j.ID })}, nil
	})
	save := func(ctx context.Context, phrase id.ID, b Body, version int64) (*out, error) {
		a := staff.From(ctx)
		p, err := m.Save(ctx, a, Phrase{ID: phrase, Kind: kind, Scope: b.Scope, Team: b.Team, Name: b.Name, Shortcut: b.Shortcut, ZH: b.ZH, EN: b.EN, Version: version})
		if err != nil {
			return nil, err
		}
		j, err := m.json(ctx, a, used{Phrase: p})
		return &out{web.ETag(p.Version), j}, err
	}
	create := op("POST", path, name+"-create", "Make a "+one)
	create.Status = http.StatusCreated
	web.Register(api, create, func(ctx context.Context, in *struct{ Body Body }) (*out, error) { return save(ctx, 0, in.Body, 0) })
	web.Register(api, op("PUT", path+"/{id}", name+"-update", "Change a "+one), func(ctx context.Context, in *struct {
		web.PathID
		web.IfMatch
		Body Body
	}) (*out, error) {
		return save(ctx, in.ID.ID, in.Body, in.IfMatch.Version())
	})
	web.Register(api, op("DELETE", path+"/{id}", name+"-delete", "Delete a "+one), func(ctx context.Context, in *struct{ web.PathID }) (*struct{}, error) {
		return nil, m.Delete(ctx, staff.From(ctx), kind, in.ID.ID)
	})
}

func (m *Room) json(ctx context.Context, a *staff.Actor, u used) (JSON, error) {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return JSON{}, err
	}
	owner, _ := dir.User(u.Owner)
	g, _ := dir.Team(u.Team)
	return JSON{ID: u.ID, Body: Body{u.Scope, u.Team, u.Name, u.Shortcut, u.ZH, u.EN}, Owner: ticket.Ref{ID: u.Owner, Name: owner.Name},
		Uses: u.Mine, AllUses: u.All, MayEdit: u.mayShape(a, g.Department), UpdatedAt: u.UpdatedAt, Version: u.Version}, nil
}

// shown is how many quick replies a writer can choose from: more than anybody
// remembers.
const shown = 1000

// Writing fills in what the actor can use on a ticket.
func (m *Room) Writing(ctx context.Context, a *staff.Actor, on id.ID) (Writing, error) {
	out := Writing{Items: []Filled{}}
	t, err := m.Desk.Get(ctx, a, on)
	if err != nil {
		return out, err
	}
	list, err := m.usable(ctx, m.DB, a, QuickReply, shown)
	if err != nil {
		return out, err
	}
	values, language, err := m.values(ctx, m.DB, a, t)
	if err != nil {
		return out, err
	}
	for _, u := range list {
		out.Items = append(out.Items, Filled{u.ID, u.Scope, u.Name, u.Shortcut, Fill(u.in(language), values), u.Mine})
	}
	if t.Channel == ticket.ChannelEmail {
		out.Signature, err = m.Signature(ctx, m.DB, a, t)
	}
	return out, err
}
