package understand

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/mind/nlp"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/mind/retrieve"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
	"zhidan/internal/platform/web"
)

func actor(ctx context.Context) *staff.Actor { return web.Caller(ctx).(*staff.Actor) }

var tags = []string{"Understanding"}

// TicketID is the id in the path.
type TicketID struct {
	ID web.ID `path:"id"`
}

// EntityJSON is a finding on the wire.
type EntityJSON struct {
	Type       string            `json:"type"`
	In         string            `json:"in" enum:"subject,body"`
	Start      int               `json:"start"`
	End        int               `json:"end"`
	Text       string            `json:"text" doc:"as written; masked when it is an address that the reader may not see in full"`
	Value      string            `json:"value" doc:"in normal form"`
	Parts      map[string]string `json:"parts,omitempty"`
	From       clock.Time        `json:"from,omitzero"`
	To         clock.Time        `json:"to,omitzero"`
	Confidence float64           `json:"confidence"`
	Why        string            `json:"why"`
}

// RiskJSON is a signal of risk on the wire.
type RiskJSON struct {
	Kind     string `json:"kind" enum:"anger,churn,legal,media,regulator,safety"`
	Severity int    `json:"severity" minimum:"1" maximum:"3"`
	In       string `json:"in" enum:"subject,body"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Text     string `json:"text"`
}

// MatterJSON is one of several matters of a message.
type MatterJSON struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	Why   string `json:"why"`
}

// LikeJSON is another ticket like this one.
type LikeJSON struct {
	Ticket     ticket.Brief `json:"ticket"`
	Score      float64      `json:"score"`
	Resolution string       `json:"resolution_code,omitempty"`
}

// LanguageJSON is a language and how sure that is.
type LanguageJSON struct {
	Tag        string  `json:"tag"`
	Confidence float64 `json:"confidence"`
}

// UrgencyJSON is how much hangs on it and how soon it is needed.
type UrgencyJSON struct {
	Impact  int `json:"impact" minimum:"0" maximum:"3"`
	Urgency int `json:"urgency" minimum:"0" maximum:"3"`
}

// ReadingJSON is everything that is seen in a text.
type ReadingJSON struct {
	Title    string       `json:"title"`
	Summary  []string     `json:"summary"`
	Language LanguageJSON `json:"language"`
	Entities []EntityJSON `json:"entities"`
	Matters  []MatterJSON `json:"matters" doc:"more than one when the message speaks of several things"`
	Risks    []RiskJSON   `json:"risks"`
	Urgency  UrgencyJSON  `json:"urgency"`
	Took     int64        `json:"took_micros"`
}

// OfTicketJSON is the reading of a ticket with what is around it.
type OfTicketJSON struct {
	ReadingJSON
	Message     id.ID         `json:"message_id,omitzero" doc:"the message that was read"`
	Similar     []LikeJSON    `json:"similar" doc:"tickets about the same, the solved ones first"`
	Duplicates  []LikeJSON    `json:"duplicates" doc:"open tickets of the same customer about the same"`
	Incident    *IncidentJSON `json:"incident,omitempty"`
	Extras      []ExtraJSON   `json:"extras" doc:"what attachments say and what a language model added"`
	ReadAt      clock.Time    `json:"read_at"`
	Translation bool          `json:"can_translate"`
}

// ExtraJSON is something that was added after the commit.
type ExtraJSON struct {
	Kind     string       `json:"kind" enum:"attachment,summary,entities,translation"`
	Ref      id.ID        `json:"ref,omitzero"`
	Type     string       `json:"type,omitempty" doc:"of an attachment: pdf, docx, xlsx, html, csv, markdown, text, mail, image, audio"`
	Code     string       `json:"code,omitempty" enum:"encrypted,too_large,too_long,broken,unsupported,missing" doc:"why an attachment has no text"`
	Entities []EntityJSON `json:"entities,omitempty"`
	Name     string       `json:"name,omitempty"`
	Text     string       `json:"text"`
	Cut      bool         `json:"truncated,omitempty"`
	From     string       `json:"model,omitempty"`
	To       string       `json:"to,omitempty" doc:"language of a translation"`
	At       clock.Time   `json:"at"`
}

// IncidentJSON is a major incident on the wire.
type IncidentJSON struct {
	ID        id.ID          `json:"id"`
	State     string         `json:"state" enum:"proposed,accepted,dismissed"`
	Title     string         `json:"title"`
	Words     []string       `json:"words"`
	Count     int            `json:"count"`
	Customers int            `json:"customers"`
	Expected  float64        `json:"expected" doc:"how many there would be by the past"`
	Score     float64        `json:"score"`
	Since     clock.Time     `json:"since"`
	CreatedAt clock.Time     `json:"created_at"`
	UpdatedAt clock.Time     `json:"updated_at"`
	Parent    *ticket.Brief  `json:"parent,omitempty"`
	Hung      int            `json:"hung" doc:"of the tickets of an accepted one, those that have come under the parent or were left as they were; count when all is done"`
	Reason    string         `json:"reason,omitempty" doc:"why it was dismissed"`
	Tickets   []ticket.Brief `json:"tickets" doc:"the first 20"`
}

// personal are types of which a reader without the right sees the end only.
var personal = map[entity.Type]bool{entity.Phone: true, entity.Email: true, entity.IDCard: true, entity.BankCard: true, entity.Address: true, entity.Plate: true}

func maskText(t entity.Type, s string) string {
	switch t {
	case entity.Phone:
		return text.MaskPhone(s)
	case entity.Email:
		return text.MaskMail(s)
	}
	r := []rune(s)
	keep := min(4, len(r)/3)
	for i := keep; i < len(r)-keep; i++ {
		r[i] = '*'
	}
	return string(r)
}

func (x *Reading) wire(full bool) ReadingJSON {
	j := ReadingJSON{Title: x.Title, Summary: x.Summary, Language: LanguageJSON{x.Language, round(x.Confidence)}, Entities: []EntityJSON{}, Matters: []MatterJSON{},
		Risks: []RiskJSON{}, Urgency: UrgencyJSON{x.Urgency.Impact, x.Urgency.Urgency}}
	if j.Summary == nil {
		j.Summary = []string{}
	}
	for _, e := range x.Entities {
		w := EntityJSON{string(e.Type), e.In, e.Start, e.End, e.Text, e.Value, e.Parts, e.From, e.To, round(e.Confidence), e.Why}
		if personal[e.Type] && !full {
			w.Text, w.Value, w.Parts = maskText(e.Type, w.Text), maskText(e.Type, w.Value), nil
		}
		j.Entities = append(j.Entities, w)
	}
	for _, s := range x.Risks {
		j.Risks = append(j.Risks, RiskJSON{string(s.Kind), s.Severity, s.In, s.Start, s.End, s.Text})
	}
	if len(x.Matters) > 1 {
		for _, m := range x.Matters {
			j.Matters = append(j.Matters, MatterJSON{m.Title, x.matterText(m), m.Why})
		}
	}
	for _, t := range x.Timings {
		j.Took += t.Micros
	}
	return j
}

func (x *Reading) matterText(m nlp.Matter) string {
	var b strings.Builder
	for i, s := range m.Spans {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimSpace(x.body.Text(s)))
	}
	return b.String()
}

// Register adds the operations of understanding to the API.
func (m *Mind) Register(api *web.API) {
	m.registerTicket(api)
	m.registerIncidents(api)
	m.registerSettings(api)
	m.registerModels(api)
	m.registerFigures(api)
	m.registerExtras(api)
}

// readTicket reads a ticket within the actor's reach.
func (m *Mind) readTicket(ctx context.Context, a *staff.Actor, of id.ID) (*ticket.Ticket, *Reading, ticket.FirstWords, error) {
	t, err := m.Desk.Get(ctx, a, of)
	if err != nil {
		return nil, nil, ticket.FirstWords{}, err
	}
	r, err := m.resident(ctx, a.Tenant)
	if err != nil {
		return nil, nil, ticket.FirstWords{}, err
	}
	words, err := m.Desk.FirstWords(ctx, a.Tenant, []id.ID{of})
	w := words[of]
	return t, r.read(Text{Subject: t.Subject, Body: w.Text, Now: t.CreatedAt}, true), w, err
}

func (m *Mind) registerTicket(api *web.API) {
	type readOut struct{ Body OfTicketJSON }
	read := func(ctx context.Context, in *TicketID) (*readOut, error) {
		a := actor(ctx)
		t, x, w, err := m.readTicket(ctx, a, in.ID.ID)
		if err != nil {
			return nil, err
		}
		j := OfTicketJSON{ReadingJSON: x.wire(a.Can(string(staff.CustomerReveal))), Message: w.Message, ReadAt: m.Clock.Now(), Similar: []LikeJSON{}}
		words := t.Subject + "\n" + w.Text
		hits, err := m.near(ctx, a.Tenant, words, retrieve.Options{K: retrieve.CloserDepth, Exclude: t.ID, Least: leastLike})
		if err != nil {
			return nil, err
		}
		if j.Similar, err = m.likes(ctx, a, words, hits); err != nil {
			return nil, err
		}
		if j.Duplicates, err = m.duplicates(ctx, a, t.Requester, t.ID, words); err != nil {
			return nil, err
		}
		i, err := m.incidentOfTicket(ctx, a.Tenant, t.ID)
		if err != nil {
			return nil, err
		}
		if i != nil {
			w, err := m.incidentWire(ctx, a, *i)
			if err != nil {
				return nil, err
			}
			j.Incident = &w
		}
		if j.Extras, err = m.extras(ctx, a.Tenant, t.ID, a.Can(string(staff.CustomerReveal))); err != nil {
			return nil, err
		}
		j.Translation = m.canTranslate(ctx, a.Tenant)
		return &readOut{j}, nil
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}/understanding", ID: "ticket-understanding", Summary: "What is seen in a ticket",
		Permission: string(staff.TicketRead), Tags: tags}, read)

	type checkIn struct {
		Body struct {
			Subject   string `json:"subject,omitempty" maxLength:"300"`
			Body      string `json:"body,omitempty" maxLength:"100000"`
			Requester struct {
				ID    id.ID  `json:"id,omitzero"`
				Email string `json:"email,omitempty" maxLength:"320"`
				Phone string `json:"phone,omitempty" maxLength:"40"`
			} `json:"requester,omitzero"`
		}
	}
	type checkOut struct {
		Body struct {
			Title      string            `json:"title"`
			Matters    int               `json:"matters"`
			Decisions  []ticket.Decision `json:"decisions"`
			Risks      []RiskJSON        `json:"risks"`
			Duplicates []LikeJSON        `json:"duplicates" doc:"open tickets of this customer about the same: join one of them instead"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/check", ID: "ticket-check", Summary: "What a ticket would be, before it is opened",
		Permission: string(staff.TicketCreate), Tags: tags},
		func(ctx context.Context, in *checkIn) (*checkOut, error) {
			a, b := actor(ctx), in.Body
			out := &checkOut{}
			r, err := m.resident(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			catalog, err := m.Forms.Get(ctx, a.Tenant)
			if err != nil {
				return nil, err
			}
			x := r.read(Text{Subject: b.Subject, Body: b.Body, Now: m.Clock.Now()}, true)
			w := x.wire(true)
			out.Body.Title, out.Body.Matters, out.Body.Risks = w.Title, max(1, len(w.Matters)), w.Risks
			out.Body.Decisions = r.decisions(x, &ticket.Ticket{Tenant: a.Tenant, Priority: ticket.Normal, Type: form.DefaultType}, nil, catalog, m.Clock.Now())
			who := b.Requester.ID
			for _, by := range []struct{ kind, value string }{{"phone", b.Requester.Phone}, {"email", b.Requester.Email}} {
				if who == 0 && by.value != "" {
					c, err := m.Customers.Lookup(ctx, m.DB, a.Tenant, by.kind, by.value)
					if k := fault.KindOf(err); err != nil && k != fault.NotFound && k != fault.Invalid {
						return nil, err
					}
					if c != nil {
						who = c.ID
					}
				}
			}
			out.Body.Duplicates, err = m.duplicates(ctx, a, who, 0, b.Subject+"\n"+b.Body)
			return out, err
		})

	type splitIn struct {
		ID   web.ID `path:"id"`
		Body struct {
			Matters []int `json:"matters" minItems:"1" maxItems:"8" doc:"which of the matters become tickets of their own, counted from 0"`
		}
	}
	type splitOut struct {
		Body struct {
			Tickets []*ticket.JSON `json:"tickets"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/split-matters", ID: "ticket-split-matters", Summary: "Make tickets of the matters of one message",
		Permission: string(staff.TicketMerge), Tags: tags},
		func(ctx context.Context, in *splitIn) (*splitOut, error) {
			a := actor(ctx)
			t, x, _, err := m.readTicket(ctx, a, in.ID.ID)
			if err != nil {
				return nil, err
			}
			if len(x.Matters) < 2 {
				return nil, fault.New(fault.Conflict, "matters.one", "this ticket speaks of one matter only")
			}
			if err := m.Desk.May(ctx, a, t, staff.TicketMerge); err != nil {
				return nil, err
			}
			out := &splitOut{}
			slices.Sort(in.Body.Matters)
			in.Body.Matters = slices.Compact(in.Body.Matters)
			for _, n := range in.Body.Matters {
				if n < 0 || n >= len(x.Matters) {
					return nil, fault.Bad("matters", "range", "there are %d matters", len(x.Matters))
				}
			}
			var drafts []*ticket.Draft
			for _, n := range in.Body.Matters {
				mt := x.Matters[n]
				d, err := m.Desk.Prepare(ctx, a, ticket.NewTicket{Subject: mt.Title, Body: x.matterText(mt), Channel: t.Channel, Language: t.Language,
					Requester: customer.Contact{ID: t.Requester}, Team: t.Team, Department: t.Department, Kind: ticket.FromCustomer, Cause: "matters of " + t.Number})
				if err != nil {
					return nil, err
				}
				drafts = append(drafts, d)
			}
			var made []id.ID
			err = m.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { // all or none
				made = nil
				for _, d := range drafts {
					x, err := m.Desk.CreateIn(ctx, tx, d)
					if err != nil {
						return err
					}
					if err := m.Desk.LinkIn(ctx, tx, a, x.Ticket.ID, ticket.LinkInput{Ticket: t.ID, Kind: "related"}); err != nil {
						return err
					}
					made = append(made, x.Ticket.ID)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			for _, of := range made {
				t, err := m.Desk.Get(ctx, a, of)
				if err != nil {
					return nil, err
				}
				j, err := m.Desk.Wire(ctx, a, t)
				if err != nil {
					return nil, err
				}
				out.Body.Tickets = append(out.Body.Tickets, j)
			}
			return out, nil
		})

	type childrenIn struct {
		ID   web.ID `path:"id"`
		Body ticket.ReplyInput
	}
	type bulkOut struct{ Body ticket.BulkJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/reply-children", ID: "ticket-reply-children", Summary: "Say the same on all parts of a ticket",
		Permission: string(staff.TicketBulk), Tags: tags, Status: http.StatusAccepted},
		func(ctx context.Context, in *childrenIn) (*bulkOut, error) {
			a := actor(ctx)
			b, err := m.Desk.ReplyToChildren(ctx, a, in.ID.ID, in.Body)
			if err != nil {
				return nil, err
			}
			return &bulkOut{b.Wire()}, nil
		})
}

func (m *Mind) incidentWire(ctx context.Context, a *staff.Actor, i Incident) (IncidentJSON, error) {
	j := IncidentJSON{ID: i.ID, State: i.State, Title: i.Title, Words: i.Words, Count: i.Count, Customers: i.Customers, Expected: round(i.Expected),
		Score: round(i.Score), Since: i.Since, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, Hung: i.Hung, Reason: i.Reason}
	var err error
	if j.Tickets, err = m.Desk.Briefs(ctx, a, i.Tickets); err != nil {
		return j, err
	}
	// Its words are those of the tickets: who may read none of them learns
	// only that there is one.
	if !slices.ContainsFunc(j.Tickets, func(b ticket.Brief) bool { return b.Subject != "" }) {
		j.Title, j.Words, j.Reason, j.Tickets = "", []string{}, "", []ticket.Brief{}
	}
	if i.Parent != 0 {
		p, err := m.Desk.Briefs(ctx, a, []id.ID{i.Parent})
		if err != nil {
			return j, err
		}
		if len(p) > 0 {
			j.Parent = &p[0]
		}
	}
	return j, nil
}

func (m *Mind) registerIncidents(api *web.API) {
	tags := []string{"Incidents"}
	type listIn struct {
		web.Page
		State string `query:"state" enum:"proposed,accepted,dismissed"`
	}
	type listOut struct{ Body web.List[IncidentJSON] }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/incidents", ID: "incident-list", Summary: "Major incidents", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			a := actor(ctx)
			before := id.ID(1 << 62)
			if _, err := web.ParseCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			list, err := m.Incidents(ctx, a.Tenant, in.State, before, in.Limit+1)
			if err != nil {
				return nil, err
			}
			rows := []IncidentJSON{}
			out := &listOut{}
			if len(list) > in.Limit {
				list = list[:in.Limit]
				out.Body.NextCursor = web.Cursor(list[in.Limit-1].ID)
			}
			for _, i := range list {
				w, err := m.incidentWire(ctx, a, i)
				if err != nil {
					return nil, err
				}
				if len(w.Tickets) == 0 {
					continue // all of it is out of the reader's reach, or on its way
				}
				rows = append(rows, w)
			}
			out.Body.Items = rows
			return out, nil
		})
	type oneOut struct{ Body IncidentJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/incidents/{id}", ID: "incident-read", Summary: "A major incident", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *TicketID) (*oneOut, error) {
			a := actor(ctx)
			i, err := m.Incident(ctx, a.Tenant, in.ID.ID)
			if err != nil {
				return nil, err
			}
			w, err := m.incidentWire(ctx, a, i)
			return &oneOut{w}, err
		})
	type acceptIn struct {
		ID   web.ID `path:"id"`
		Body struct {
			Subject string `json:"subject,omitempty" maxLength:"300"`
		}
	}
	type acceptOut struct {
		Body struct {
			Incident IncidentJSON `json:"incident"`
			Ticket   *ticket.JSON `json:"ticket"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/incidents/{id}/accept", ID: "incident-accept", Summary: "Put the tickets of an incident under one parent",
		Permission: string(staff.TicketMerge), Tags: tags},
		func(ctx context.Context, in *acceptIn) (*acceptOut, error) {
			a := actor(ctx)
			if err := m.mayJudge(ctx, a, in.ID.ID); err != nil {
				return nil, err
			}
			i, t, err := m.Accept(ctx, a, in.ID.ID, in.Body.Subject)
			if err != nil {
				return nil, err
			}
			out := &acceptOut{}
			if out.Body.Incident, err = m.incidentWire(ctx, a, i); err != nil {
				return nil, err
			}
			out.Body.Ticket, err = m.Desk.Wire(ctx, a, t)
			return out, err
		})
	type dismissIn struct {
		ID   web.ID `path:"id"`
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"500"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/incidents/{id}/dismiss", ID: "incident-dismiss", Summary: "Say that the tickets have nothing to do with each other",
		Permission: string(staff.TicketMerge), Tags: tags},
		func(ctx context.Context, in *dismissIn) (*oneOut, error) {
			a := actor(ctx)
			if err := m.mayJudge(ctx, a, in.ID.ID); err != nil {
				return nil, err
			}
			reason := ""
			if in.Body != nil {
				reason = in.Body.Reason
			}
			i, err := m.Dismiss(ctx, a, in.ID.ID, reason)
			if err != nil {
				return nil, err
			}
			w, err := m.incidentWire(ctx, a, i)
			return &oneOut{w}, err
		})
}
