package routing

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
	"zhidan/internal/platform/web"
)

const (
	mayRead   = string(staff.RoutingRead)
	mayManage = string(staff.RoutingManage)
)

var tags = []string{"Routing"}

// QueueJSON is the queue of a team at a glance.
type QueueJSON struct {
	Team     id.ID      `json:"team_id" doc:"0: the queue of those without a team"`
	Waiting  int        `json:"waiting" doc:"at most 10,000 are counted"`
	Offered  int        `json:"offered"`
	Oldest   clock.Time `json:"oldest_at,omitzero"`
	DueSoon  int        `json:"due_soon" doc:"within the hour"`
	Breached int        `json:"breached"`
	Online   int        `json:"online"`
	Free     int        `json:"free" doc:"online with room for one more"`
	Came     int        `json:"came" doc:"new tickets that came to assignment within flow_seconds"`
	Given    int        `json:"given" doc:"tickets that somebody got within flow_seconds"`
}

// WaitJSON is a ticket in a queue.
type WaitJSON struct {
	Ticket   id.ID           `json:"ticket_id"`
	Number   string          `json:"number"`
	Subject  string          `json:"subject"`
	Priority ticket.Priority `json:"priority"`
	Tier     int             `json:"tier_rank"`
	Channel  string          `json:"channel"`
	Language string          `json:"language,omitempty"`
	Team     id.ID           `json:"team_id"`
	Since    clock.Time      `json:"waiting_since"`
	DueAt    clock.Time      `json:"due_at,omitzero"`
	State    string          `json:"state" enum:"queued,offered"`
	Agent    id.ID           `json:"agent_id,omitzero" doc:"to whom it is offered"`
	Until    clock.Time      `json:"expires_at,omitzero"`
	StepAt   clock.Time      `json:"next_step_at,omitzero"`
	Mode     Mode            `json:"mode"`
	Rule     string          `json:"rule"`
	Path     []string        `json:"path"`
	Needs    []Need          `json:"needs"`
	Relaxed  []string        `json:"relaxed"`
}

func waitJSON(w *waiting, t *ticket.Ticket) WaitJSON {
	return WaitJSON{Ticket: w.Ticket, Number: t.Number, Subject: t.Subject, Priority: t.Priority, Tier: w.Tier, Channel: t.Channel, Language: t.Language,
		Team: w.Team, Since: w.Since, DueAt: w.DueAt, State: w.State, Agent: w.Agent, Until: w.Until, StepAt: w.StepAt, Mode: w.Mode, Rule: w.Rule,
		Path: orEmpty(w.Path), Needs: orEmpty(w.Needs), Relaxed: orEmpty(w.Relaxed)}
}

func orEmpty[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// AgentJSON is a person with what they carry.
type AgentJSON struct {
	ID        id.ID      `json:"id"`
	Name      string     `json:"name"`
	Teams     []id.ID    `json:"team_ids"`
	State     string     `json:"state"`
	Since     clock.Time `json:"since,omitzero"`
	Forced    bool       `json:"forced,omitempty"`
	Online    bool       `json:"takes_work"`
	Load      int        `json:"load" doc:"hundredths of a ticket of weight one"`
	Capacity  int        `json:"capacity"`
	Open      int        `json:"open"`
	Offered   int        `json:"offered"`
	Today     int        `json:"today"`
	DueSoon   int        `json:"due_soon"`
	ShiftEnd  clock.Time `json:"shift_end,omitzero"`
	LastGiven clock.Time `json:"last_given,omitzero"`
}

// DecisionJSON is a stored decision.
type DecisionJSON struct {
	Decision
	Shadow bool `json:"shadow,omitempty"`
}

// Register adds the room's operations.
func (m *Room) Register(api *web.API) {
	m.registerRules(api)
	m.registerQueue(api)
	m.registerTicket(api)
	m.registerPeople(api)
	m.registerPreview(api)
}

func actor(ctx context.Context) *staff.Actor { return staff.From(ctx) }

func (m *Room) registerQueue(api *web.API) {
	type queuesOut struct {
		Body struct {
			Items []QueueJSON `json:"items"`
			Total int         `json:"total"`
			Flow  int         `json:"flow_seconds" doc:"over how long came and given are counted: a quarter of an hour, or less where more is given than is counted"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/queues", ID: "routing-queues", Summary: "The queues at a glance", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, _ *struct{}) (*queuesOut, error) {
			items, over, err := m.queues(ctx, actor(ctx))
			out := &queuesOut{}
			out.Body.Items, out.Body.Flow = orEmpty(items), int(over.Seconds())
			for _, q := range items {
				out.Body.Total += q.Waiting
			}
			return out, err
		})
	type queueOut struct {
		Body struct {
			Items  []WaitJSON `json:"items"`
			Cursor string     `json:"next_cursor,omitempty"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/queue", ID: "routing-queue", Summary: "What waits in a queue, in its order", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *struct {
			Team   web.ID `query:"team_id"`
			State  string `query:"state" enum:"queued,offered" default:"queued"`
			Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
			Cursor string `query:"cursor" maxLength:"300"`
		}) (*queueOut, error) {
			a := actor(ctx)
			out := &queueOut{}
			out.Body.Items = []WaitJSON{}
			from, err := readCursor(in.Cursor)
			if err != nil || !m.seesQueue(ctx, a, in.Team.ID) {
				return out, err
			}
			list, err := m.waitingIn(ctx, a.Tenant, in.Team.ID, in.State, from, in.Limit+1)
			if err != nil {
				return nil, err
			}
			if len(list) > in.Limit {
				list = list[:in.Limit]
				out.Body.Cursor = cursorOf(list[in.Limit-1])
			}
			ids := make([]id.ID, len(list))
			for i, w := range list {
				ids[i] = w.Ticket
			}
			tickets, err := m.tickets(ctx, a.Tenant, ids)
			if err != nil {
				return nil, err
			}
			for _, w := range list {
				if t := tickets[w.Ticket]; t != nil && m.Desk.May(ctx, a, t, staff.TicketRead) == nil {
					out.Body.Items = append(out.Body.Items, waitJSON(w, t))
				}
			}
			return out, nil
		})
	type recentOut struct {
		Body struct {
			Items []GivenJSON `json:"items" doc:"newest first"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/recent", ID: "routing-recent", Summary: "What was given last, and to whom", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, in *struct {
			Team  string `query:"team_id" pattern:"^[0-9]{0,19}$" doc:"absent: of all queues; 0: of the one without a team"`
			Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20"`
		}) (*recentOut, error) {
			var team *id.ID
			if in.Team != "" {
				x, _ := id.Parse(in.Team) // what is no id is 0
				team = &x
			}
			items, err := m.given(ctx, actor(ctx), team, in.Limit)
			out := &recentOut{}
			out.Body.Items = items
			return out, err
		})
	type agentsOut struct {
		Body struct {
			Items []AgentJSON `json:"items"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/agents", ID: "routing-agents", Summary: "People with what they carry", Permission: string(staff.TicketAssign), Tags: tags},
		func(ctx context.Context, in *struct {
			Team web.ID `query:"team_id"`
		}) (*agentsOut, error) {
			items, err := m.agents(ctx, actor(ctx), in.Team.ID)
			out := &agentsOut{}
			out.Body.Items = orEmpty(items)
			return out, err
		})
	type alertsOut struct {
		Body struct {
			Items []AlertJSON `json:"items"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/alerts", ID: "routing-alerts", Summary: "Tickets that supervisors are told of", Permission: string(staff.TicketRead), Tags: tags},
		func(ctx context.Context, _ *struct{}) (*alertsOut, error) {
			a := actor(ctx)
			out := &alertsOut{}
			out.Body.Items = []AlertJSON{}
			list, err := m.Alerts(ctx, a.Tenant, 200)
			if err != nil {
				return nil, err
			}
			ids := make([]id.ID, len(list))
			for i, x := range list {
				ids[i] = x.Ticket
			}
			tickets, err := m.tickets(ctx, a.Tenant, ids)
			if err != nil {
				return nil, err
			}
			for _, x := range list {
				if t := tickets[x.Ticket]; t != nil && m.Desk.May(ctx, a, t, staff.TicketRead) == nil {
					out.Body.Items = append(out.Body.Items, AlertJSON{x.wire(), t.Number, t.Subject})
				}
			}
			return out, nil
		})
}

// AlertJSON is an alert with its ticket's title.
type AlertJSON struct {
	ResponseJSON
	Number  string `json:"number"`
	Subject string `json:"subject"`
}

// ResponseJSON is how a ticket is responded to.
type ResponseJSON struct {
	Ticket   id.ID      `json:"ticket_id"`
	Response Response   `json:"response" enum:"abnormal,serious"`
	Rule     string     `json:"rule"`
	Path     []string   `json:"path"`
	At       clock.Time `json:"at"`
	Next     clock.Time `json:"next_at,omitzero"`
	Told     []ToldOf   `json:"told"`
	By       id.ID      `json:"acknowledged_by,omitzero"`
	ByAt     clock.Time `json:"acknowledged_at,omitzero"`
	EndedAt  clock.Time `json:"ended_at,omitzero"`
}

func (a *Alert) wire() ResponseJSON {
	return ResponseJSON{a.Ticket, a.Response, a.Rule, orEmpty(a.Path), a.At, a.Next, orEmpty(a.Told), a.By, a.ByAt, a.EndedAt}
}

// seesQueue reports whether a queue lies in the actor's reach. Its tickets are
// checked one by one beside it.
func (m *Room) seesQueue(ctx context.Context, a *staff.Actor, team id.ID) bool {
	dir, err := m.Staff.Directory(ctx, a.Tenant)
	if err != nil {
		return false
	}
	t, _ := dir.Team(team)
	return a.In(staff.TicketRead, 0, team, t.Department)
}

func (m *Room) queues(ctx context.Context, a *staff.Actor) ([]QueueJSON, time.Duration, error) {
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return nil, 0, err
	}
	pool, err := m.crewOf(ctx, a.Tenant, k)
	if err != nil {
		return nil, 0, err
	}
	now := m.Clock.Now()
	moved, over, err := m.flows(ctx, a.Tenant, now)
	if err != nil {
		return nil, 0, err
	}
	rows, err := m.DB.Query(ctx, `select team_id, sum(case when state = 'queued' then 1 else 0 end), sum(case when state = 'offered' then 1 else 0 end), min(since),
		sum(case when due_at > $2 and due_at < $3 then 1 else 0 end), sum(case when due_at <= $2 then 1 else 0 end)
		from (select team_id, state, since, due_at from routing_wait where tenant_id = $1 limit 10000) x group by team_id`, a.Tenant, now, now.Add(hour))
	list, err := db.Each(rows, err, func(r *sql.Rows) (QueueJSON, error) {
		var q QueueJSON
		return q, r.Scan(&q.Team, &q.Waiting, &q.Offered, &q.Oldest, &q.DueSoon, &q.Breached)
	})
	if err != nil {
		return nil, 0, err
	}
	by := map[id.ID]*QueueJSON{}
	for i := range list {
		by[list[i].Team] = &list[i]
	}
	var out []QueueJSON
	for _, t := range append(slices.Clone(k.dir.Teams()), &staff.Team{}) {
		if t.Retired || !a.In(staff.TicketRead, 0, t.ID, t.Department) {
			continue
		}
		q := QueueJSON{Team: t.ID}
		if x := by[t.ID]; x != nil {
			q = *x
		}
		q.Came, q.Given = moved[t.ID].Came, moved[t.ID].Given
		count := func(g *Agent) {
			if g.Online {
				q.Online++
				if g.Load+k.active.Weight("") <= k.active.Capacity(g.Capacity) {
					q.Free++
				}
			}
		}
		if t.ID == 0 {
			for _, g := range pool.Agents() {
				count(g)
			}
		} else {
			for _, x := range t.Members {
				if g := pool.Agent(x.User); g != nil {
					count(g)
				}
			}
		}
		out = append(out, q)
	}
	return out, over, nil
}

func (m *Room) agents(ctx context.Context, a *staff.Actor, team id.ID) ([]AgentJSON, error) {
	k, err := m.fresh(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	pool, err := m.crewOf(ctx, a.Tenant, k)
	if err != nil {
		return nil, err
	}
	states, err := m.Roster.States(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	rows, err := m.DB.Query(ctx, `select agent_id, count(*) from routing_wait where tenant_id = $1 and agent_id is not null group by agent_id`, a.Tenant)
	offered := map[id.ID]int{}
	if _, err := db.Each(rows, err, func(r *sql.Rows) (struct{}, error) {
		var user id.ID
		var n int
		err := r.Scan(&user, &n)
		offered[user] = n
		return struct{}{}, err
	}); err != nil {
		return nil, err
	}
	var out []AgentJSON
	for _, p := range k.dir.Users() {
		g := pool.Agent(p.ID)
		if g == nil || team != 0 && !slices.Contains(p.Teams, team) {
			continue
		}
		if !mayAssign(a, p) {
			continue
		}
		s := states.Of(p.ID)
		out = append(out, AgentJSON{ID: p.ID, Name: p.Name, Teams: orEmpty(p.Teams), State: g.State, Since: s.Since, Forced: s.Forced, Online: g.Online,
			Load: g.Load, Capacity: k.active.Capacity(g.Capacity), Open: g.Open, Offered: offered[p.ID], Today: g.Today, DueSoon: g.DueSoon, ShiftEnd: g.ShiftEnd, LastGiven: g.LastGiven})
		if len(out) == 5000 {
			break
		}
	}
	return out, nil
}

func (m *Room) registerTicket(api *web.API) {
	read := string(staff.TicketRead)
	type why struct {
		Body struct {
			Items    []DecisionJSON `json:"items" doc:"newest first"`
			Queue    *WaitJSON      `json:"queue,omitempty"`
			Position int            `json:"position,omitempty" doc:"in the queue, from 1; at most 1,000 is counted"`
			Response *ResponseJSON  `json:"response,omitempty"`
		}
	}
	type one struct {
		web.PathID
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/tickets/{id}/routing", ID: "ticket-routing", Summary: "Why this agent, or what the ticket waits for", Permission: read, Tags: tags},
		func(ctx context.Context, in *one) (*why, error) {
			a := actor(ctx)
			t, err := m.Desk.Get(ctx, a, in.ID.ID)
			if err != nil {
				return nil, err
			}
			out := &why{}
			out.Body.Items = []DecisionJSON{}
			rows, err := m.DB.Query(ctx, `select body, shadow from routing_decision where tenant_id = $1 and ticket_id = $2 order by id desc limit 20`, a.Tenant, t.ID)
			list, err := db.Each(rows, err, func(r *sql.Rows) (DecisionJSON, error) {
				var d DecisionJSON
				var body string
				var shadow int
				if err := r.Scan(&body, &shadow); err != nil {
					return d, err
				}
				d.Shadow = shadow > 0
				return d, json.Unmarshal([]byte(body), &d.Decision)
			})
			if err != nil {
				return nil, err
			}
			out.Body.Items = orEmpty(list)
			w, err := loadWaiting(ctx, m.DB, a.Tenant, t.ID)
			if err != nil {
				return nil, err
			}
			if w != nil {
				q := waitJSON(w, t)
				out.Body.Queue = &q
				if w.State == waitQueued {
					if out.Body.Position, err = m.position(ctx, a.Tenant, w); err != nil {
						return nil, err
					}
				}
			}
			alert, err := loadAlert(ctx, m.DB, a.Tenant, t.ID)
			if err == nil && alert != nil {
				r := alert.wire()
				out.Body.Response = &r
			}
			return out, err
		})
	type recallIn struct {
		web.PathID
		Body struct {
			Reason string `json:"reason,omitempty" maxLength:"2000"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/route", ID: "ticket-route", Summary: "Give the ticket back to assignment", Permission: string(staff.TicketAssign), Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *recallIn) (*struct{}, error) {
			return nil, m.Recall(ctx, actor(ctx), in.ID.ID, text.Clean(in.Body.Reason))
		})
	type answerIn struct {
		web.PathID
		Body struct {
			Answer Answer `json:"answer" enum:"accept,decline"`
			Reason string `json:"reason,omitempty" maxLength:"2000"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/offer", ID: "ticket-offer", Summary: "Accept or decline an offer made to oneself", Permission: string(staff.TicketReply), Tags: tags, Status: http.StatusNoContent},
		func(ctx context.Context, in *answerIn) (*struct{}, error) {
			return nil, m.AnswerOffer(ctx, actor(ctx), in.ID.ID, in.Body.Answer, text.Clean(in.Body.Reason))
		})
	type offersOut struct {
		Body struct {
			Items []WaitJSON `json:"items"`
		}
	}
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/offers", ID: "routing-offers", Summary: "Offers that stand for oneself", Permission: string(staff.TicketReply), Tags: tags},
		func(ctx context.Context, _ *struct{}) (*offersOut, error) {
			a := actor(ctx)
			out := &offersOut{}
			out.Body.Items = []WaitJSON{}
			list, err := m.Offers(ctx, a.Tenant, a.ID)
			if err != nil {
				return nil, err
			}
			ids := make([]id.ID, len(list))
			for i, w := range list {
				ids[i] = w.Ticket
			}
			tickets, err := m.tickets(ctx, a.Tenant, ids)
			for _, w := range list {
				if t := tickets[w.Ticket]; t != nil {
					out.Body.Items = append(out.Body.Items, waitJSON(w, t))
				}
			}
			return out, err
		})
	type ackOut struct{ Body ResponseJSON }
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/tickets/{id}/response/acknowledge", ID: "ticket-response-acknowledge", Summary: "Take a serious ticket to heart: nobody else is told", Permission: read, Tags: tags},
		func(ctx context.Context, in *one) (*ackOut, error) {
			x, err := m.Acknowledge(ctx, actor(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			return &ackOut{x.wire()}, nil
		})
}

func (m *Room) registerPeople(api *web.API) {
	type one struct {
		web.PathID
	}
	type profileJSON struct {
		Profile
		Version int64 `json:"version" readOnly:"true"`
	}
	type profileOut struct{ Body profileJSON }
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/profiles/{id}", ID: "routing-profile", Summary: "What assignment knows of a person", Permission: mayRead, Tags: tags},
		func(ctx context.Context, in *one) (*profileOut, error) {
			p, version, err := m.profile(ctx, m.DB, actor(ctx).Tenant, in.ID.ID)
			return &profileOut{profileJSON{p, version}}, err
		})
	web.Register(api, web.Op{Method: http.MethodPut, Path: "/routing/profiles/{id}", ID: "routing-profile-save", Summary: "Say what assignment knows of a person", Permission: mayManage, Tags: tags},
		func(ctx context.Context, in *struct {
			web.PathID
			Body profileJSON
		}) (*profileOut, error) {
			version, err := m.saveProfile(ctx, actor(ctx), in.ID.ID, in.Body.Profile, in.Body.Version)
			return &profileOut{profileJSON{in.Body.Profile, version}}, err
		})
	type leaveIn struct {
		web.PathID
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"500"`
			Which  Which  `json:"which,omitempty" enum:"all,untouched" default:"all"`
			To     struct {
				Team   id.ID   `json:"team_id,omitzero"`
				Agents []id.ID `json:"agent_ids,omitempty" maxItems:"200"`
			} `json:"to,omitzero" doc:"empty: as the rules say"`
		}
	}
	type moveOut struct{ Body Move }
	assign := string(staff.TicketAssign)
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/agents/{id}/leave", ID: "routing-leave", Summary: "Give all tickets of a person to others", Permission: assign, Tags: tags, Status: http.StatusAccepted},
		func(ctx context.Context, in *leaveIn) (*moveOut, error) {
			x, err := m.StartMove(ctx, actor(ctx), Move{User: in.ID.ID, Which: in.Body.Which, Reason: text.Clean(in.Body.Reason), Team: in.Body.To.Team, Agents: in.Body.To.Agents})
			if err != nil {
				return nil, err
			}
			return &moveOut{*x}, nil
		})
	web.Register(api, web.Op{Method: http.MethodGet, Path: "/routing/moves/{id}", ID: "routing-move", Summary: "How far a move is", Permission: assign, Tags: tags},
		func(ctx context.Context, in *one) (*moveOut, error) {
			a := actor(ctx)
			x, err := loadMove(ctx, m.DB, a.Tenant, in.ID.ID)
			if err == nil && x.By != a.ID && a.Scope(staff.TicketAssign) != staff.ScopeAll {
				err = fault.Missing("move")
			}
			if err != nil {
				return nil, err
			}
			return &moveOut{x.Move}, nil
		})
	web.Register(api, web.Op{Method: http.MethodPost, Path: "/routing/moves/{id}/undo", ID: "routing-move-undo", Summary: "Take a move back", Permission: assign, Tags: tags, Status: http.StatusAccepted},
		func(ctx context.Context, in *one) (*moveOut, error) {
			x, err := m.UndoMove(ctx, actor(ctx), in.ID.ID)
			if err != nil {
				return nil, err
			}
			return &moveOut{*x}, nil
		})
}
